"""What does a disabled node let through? Its edges are led around it where what comes in is what would have gone out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from studio.kernel.ids import EdgeId
from studio.workflow.checks import why_not
from studio.workflow.graph import Edge, Node, Workflow
from studio.workflow.references import spec_for
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, Catalogue, PortSpec
from studio.workflow.types import PortType, clash


def bypassed(workflow: Workflow, catalogue: Catalogue) -> Workflow:
    """The workflow with edges led around its disabled nodes, which stay, and give nothing any more that could be led around them.

    A value passes from the input of the same name as the output, or else from the only connected one that carries the same kind of
    records; only where it fits what wants it. Order passes always. What follows otherwise is skipped, as after any node that does not run.
    """
    passed = routes_around(workflow, catalogue)
    if not passed:
        return workflow
    edges: dict[Edge, None] = {}
    for edge in workflow.edges:
        edges.update(dict.fromkeys(passed.get(edge.id, (edge,))))
    return replace(workflow.without_edges(workflow.edges), edges=tuple(edges))


def routes_around(workflow: Workflow, catalogue: Catalogue) -> Mapping[EdgeId, tuple[Edge, ...]]:
    """For each edge out of a disabled node that is led around it: the edges that take its place, none where order alone is given up."""
    disabled = [node_id for node_id in workflow.order() if workflow.nodes[node_id].disabled]
    found: dict[EdgeId, tuple[Edge, ...]] = {}
    for node_id in disabled:
        incoming = [
            passed for edge in workflow.incoming.get(node_id, ()) for passed in found.get(edge.id, (edge,))
        ]
        for edge in workflow.outgoing.get(node_id, ()):
            around = _around(workflow, catalogue, workflow.nodes[node_id], edge, incoming)
            if around is not None:
                found[edge.id] = around
    return found


def _around(
    workflow: Workflow, catalogue: Catalogue, node: Node, edge: Edge, incoming: list[Edge]
) -> tuple[Edge, ...] | None:
    """What takes the place of an edge out of a disabled node; None when nothing passes."""
    if edge.source_port == DONE:
        sources = dict.fromkeys(known.source for known in incoming)
        return tuple(replace(edge, source=source) for source in sources)
    if edge.source_port.partition(".")[0] == ERROR_PORT:
        return None
    spec = spec_for(node, catalogue)
    port = spec.output(edge.source_port) if spec is not None else None
    if port is None:
        return None
    entry = _entry(workflow, catalogue, port, [known for known in incoming if known.target_port != AFTER])
    if entry is None:
        return None
    rest = edge.source_port.removeprefix(port.name)
    around = replace(edge, source=entry.source, source_port=f"{entry.source_port}{rest}")
    others = workflow.without_edges([edge, around])
    return (around,) if why_not(others, catalogue, around) is None else None


def _entry(workflow: Workflow, catalogue: Catalogue, port: PortSpec, incoming: Iterable[Edge]) -> Edge | None:
    """The edge whose value stands in for what an output would have given."""
    fitting = [
        edge
        for edge in incoming
        if (given := _type_of(workflow, catalogue, edge)) is not None and clash(given, port.type) is None
    ]
    named = [edge for edge in fitting if edge.target_port == port.name]
    if named:
        return named[0]
    if port.type.kind not in ("record", "dict"):
        return None
    alike = [
        edge
        for edge in fitting
        if (given := _type_of(workflow, catalogue, edge)) is not None
        and given.many == port.type.many
        and given.kind in ("record", "dict")
        and port.type.model in (None, given.model)
    ]
    return alike[0] if len(alike) == 1 else None


def _type_of(workflow: Workflow, catalogue: Catalogue, edge: Edge) -> PortType | None:
    """What an edge carries; None when it is a part of something, of which only the run can tell."""
    spec = spec_for(workflow.nodes[edge.source], catalogue)
    port = spec.output(edge.source_port) if spec is not None else None
    return port.type if port is not None and port.name == edge.source_port else None
