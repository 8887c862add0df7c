"""How does a node come between the two ends of an edge, or out from between its neighbours? Which ports, which edges, how much room; no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from studio.canvas.cards import GRID, HEADER, WIDTH
from studio.canvas.geometry import Geometry, snapped
from studio.kernel.ids import NodeId
from studio.session.editing import Joint, joining_port, port_type
from studio.workflow.graph import Edge, Workflow
from studio.workflow.references import spec_for
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, Catalogue, NodeSpec

GAP: Final = 60.0
"""Room left free on either side of a node that was put between two others."""


def ports_between(
    workflow: Workflow, catalogue: Catalogue, edge: Edge, spec: NodeSpec
) -> tuple[str, str] | None:
    """The input and the output by which a node of kind `spec` would come between the ends of an edge; None when it does not fit."""
    before = Joint(node=edge.source, port=edge.source_port, is_output=True)
    behind = Joint(node=edge.target, port=edge.target_port, is_output=False)
    given = port_type(spec_for(workflow.nodes[edge.source], catalogue), before)
    wanted = port_type(spec_for(workflow.nodes[edge.target], catalogue), behind)
    if given is None or wanted is None:
        return None
    entry, leaving = joining_port(spec, given, before), joining_port(spec, wanted, behind)
    if entry is None or leaving is None:
        return None
    # Order alone is no way for a value.
    only_order = (entry == AFTER and edge.source_port != DONE) or (
        leaving in (DONE, ERROR_PORT) and edge.target_port != AFTER
    )
    return None if only_order else (entry, leaving)


def halves(edge: Edge, node_id: NodeId, ports: tuple[str, str]) -> tuple[Edge, Edge]:
    """The two edges that take an edge's place when a node comes between its ends."""
    return (
        Edge(source=edge.source, source_port=edge.source_port, target=node_id, target_port=ports[0]),
        Edge(source=node_id, source_port=ports[1], target=edge.target, target_port=edge.target_port),
    )


def room(
    geometry: Geometry, workflow: Workflow, edge: Edge, node_id: NodeId | None = None
) -> tuple[tuple[float, float], dict[NodeId, tuple[float, float]]]:
    """Where a node comes to lie between the ends of an edge, and where those that follow go to make room for it.

    `node_id` is the node itself when it is in the workflow already; it is not moved out of its own way.
    """
    source, target = geometry.index[edge.source], geometry.index[edge.target]
    x1, x2 = float(geometry.x[source]) + WIDTH, float(geometry.x[target])
    y1 = float(geometry.y[source]) + geometry.cards[source].port_y(edge.source_port, is_output=True)
    y2 = float(geometry.y[target]) + geometry.cards[target].port_y(edge.target_port, is_output=False)
    y = snapped((y1 + y2) / 2 - HEADER - GRID, GRID)
    gap = x2 - x1
    if gap < 0 or geometry.x[target] <= geometry.x[source]:
        return (snapped((x1 + x2 - WIDTH) / 2, GRID), y), {}
    shift = max(math.ceil((WIDTH + 2 * GAP - gap) / GRID) * GRID, 0.0)
    x = snapped(x1 + (gap + shift - WIDTH) / 2, GRID)
    if not shift:
        return (x, y), {}
    following = (workflow.downstream(edge.target) | {edge.target}) - {node_id}
    indices = geometry.indices(sorted(following))
    indices = indices[geometry.x[indices] >= x2 - 1.0]
    moved = {geometry.ids[i]: (float(geometry.x[i]) + shift, float(geometry.y[i])) for i in indices.tolist()}
    return (x, y), moved


def edge_under(geometry: Geometry, i: int) -> int | None:
    """The edge that passes through a card, nearest to its middle; none of its own."""
    x, y, height = float(geometry.x[i]), float(geometry.y[i]), float(geometry.height[i])
    best, nearest = None, math.inf
    for edge in geometry.edges_in(x, y, x + WIDTH, y + height).tolist():
        if i in (int(geometry.source[edge]), int(geometry.target[edge])):
            continue
        points = geometry.curve(edge)
        inside = (
            (points[:, 0] > x) & (points[:, 0] < x + WIDTH) & (points[:, 1] > y) & (points[:, 1] < y + height)
        )
        # An edge between close neighbours is shorter than the card is wide: both ends may lie inside.
        if not inside.any():
            continue
        gap = float(np.hypot(points[:, 0] - x - WIDTH / 2, points[:, 1] - y - height / 2).min())
        if gap < nearest:
            best, nearest = edge, gap
    return best


def bridges(workflow: Workflow, gone: Iterable[NodeId]) -> Iterator[list[Edge]]:
    """For each edge that leaves the nodes that go: the edges that could lead to its target instead, the nearest first."""
    members = set(gone)
    for edge in workflow.edges:
        if edge.source in members and edge.target not in members:
            yield list(_sources(workflow, members, edge))


def _sources(workflow: Workflow, gone: set[NodeId], edge: Edge) -> Iterator[Edge]:
    queue, seen = [edge.source], {edge.source}
    only_order = edge.target_port == AFTER
    while queue:
        for incoming in workflow.incoming.get(queue.pop(0), ()):
            if incoming.source in gone:
                if incoming.source not in seen:
                    seen.add(incoming.source)
                    queue.append(incoming.source)
            elif only_order or incoming.target_port != AFTER:
                yield Edge(
                    source=incoming.source,
                    source_port=DONE if only_order else incoming.source_port,
                    target=edge.target,
                    target_port=edge.target_port,
                )
