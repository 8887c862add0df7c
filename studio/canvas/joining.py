"""Which edges join nodes that were chosen to be joined, without a mouse? From left to right, each with the next, by the ports that fit best."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from studio.canvas.curves import Ints
from studio.canvas.geometry import Geometry
from studio.kernel.ids import NodeId
from studio.session.editing import Joint, joining_port
from studio.workflow.graph import Edge, Workflow
from studio.workflow.references import spec_for
from studio.workflow.spec import AFTER, DONE, Catalogue


def in_reading_order(geometry: Geometry, chosen: Ints) -> list[NodeId]:
    """The chosen nodes from left to right, and from top to bottom where they stand in one column."""
    order = sorted(chosen.tolist(), key=lambda i: (float(geometry.x[i]), float(geometry.y[i])))
    return [geometry.ids[i] for i in order]


def next_edge(
    workflow: Workflow,
    catalogue: Catalogue,
    source: NodeId,
    target: NodeId,
    why_not: Callable[[Edge], str | None],
) -> tuple[Edge | None, str | None]:
    """The edge that joins two nodes best, or None and why it cannot be; (None, None) when they are joined already.

    Values before mere order, the ports that cards show before the others, free ports before ones that an edge ends at.
    """
    if any(edge.target == target for edge in workflow.outgoing.get(source, ())):
        return None, None
    taken = {edge.target_port for edge in workflow.incoming.get(target, ())}
    refusal = None
    candidates = sorted(
        _candidates(workflow, catalogue, source, target), key=lambda edge: edge.target_port in taken
    )
    # Sorting is stable: the best of the free ones is first, and order comes last of all.
    for edge in sorted(candidates, key=lambda edge: edge.target_port == AFTER):
        reason = why_not(edge)
        if reason is None:
            return edge, None
        refusal = refusal or reason
    return None, refusal or "These nodes have no ports that fit."


def _candidates(workflow: Workflow, catalogue: Catalogue, source: NodeId, target: NodeId) -> Iterator[Edge]:
    giving = spec_for(workflow.nodes[source], catalogue)
    taking = spec_for(workflow.nodes[target], catalogue)
    if giving is None or taking is None:
        return
    outputs = sorted(
        giving.all_outputs, key=lambda port: (port.type.kind in ("signal", "error"), not port.primary)
    )
    for port in outputs:
        entry = joining_port(taking, port.type, Joint(node=source, port=port.name, is_output=True))
        if entry is not None and (entry == AFTER) == (port.name == DONE):
            yield Edge(source=source, source_port=port.name, target=target, target_port=entry)


def edges_among(workflow: Workflow, chosen: Sequence[NodeId]) -> list[Edge]:
    """The edges between the chosen nodes; of a single one, all that begin or end there."""
    members = set(chosen)
    if len(members) == 1:
        return list(workflow.edges_of(next(iter(members))))
    return [edge for edge in workflow.edges if edge.source in members and edge.target in members]
