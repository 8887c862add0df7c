"""Where do nodes go when they are tidied, aligned, spread or straightened? From a geometry to new corners; applying them is `editing`'s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import numpy as np

from studio.canvas.cards import FOOTER, GRID, WIDTH
from studio.canvas.geometry import Geometry, Ints, snapped
from studio.canvas.layering import Box, Link, layered
from studio.kernel.ids import NodeId
from studio.workflow.graph import Note

Places = dict[NodeId, tuple[float, float]]
Side = Literal["left", "right", "top", "bottom", "center", "middle"]
NOTE_GAP: Final = 40.0


def tidied(geometry: Geometry, chosen: Ints) -> Places:
    """A layered layout of the chosen nodes; its upper left corner is where theirs is now. Room is kept for the footers of a run."""
    if not len(chosen):
        return {}
    rank = {i: place for place, i in enumerate(chosen.tolist())}
    boxes = [
        Box(WIDTH, geometry.cards[i].shape.height + (0.0 if geometry.cards[i].shape.collapsed else FOOTER), float(geometry.y[i]))
        for i in rank
    ]  # fmt: skip
    links = [
        Link(rank[source], rank[target], source_y, target_y)
        for source, target, source_y, target_y in zip(
            geometry.source.tolist(),
            geometry.target.tolist(),
            geometry.source_y.tolist(),
            geometry.target_y.tolist(),
            strict=True,
        )
        if source in rank and target in rank
    ]
    corners = layered(boxes, links)
    left, top = snapped(float(geometry.x[chosen].min()), GRID), snapped(float(geometry.y[chosen].min()), GRID)
    return {
        geometry.ids[i]: (left + snapped(x, GRID), top + snapped(y, GRID))
        for i, (x, y) in zip(rank, corners, strict=True)
    }


def uncovered(
    notes: Mapping[str, Note], places: Places, heights: Mapping[NodeId, float]
) -> dict[str, tuple[float, float]]:
    """Where notes go that would come to lie under cards: above them all, side by side."""
    if not places:
        return {}
    left = min(x for x, _ in places.values())
    top = min(y for _, y in places.values())
    moved: dict[str, tuple[float, float]] = {}
    for note in notes.values():
        covered = any(
            x < note.x + note.width and x + WIDTH > note.x and y < note.y + note.height and y + heights[node_id] > note.y
            for node_id, (x, y) in places.items()
        )  # fmt: skip
        if covered:
            moved[note.id] = (left, snapped(top - NOTE_GAP - note.height, GRID))
            left += note.width + NOTE_GAP
    return moved


def aligned(geometry: Geometry, chosen: Ints, side: Side) -> Places:
    """The chosen nodes with a side, or their middles, on one line: that of the outermost, or of their common box."""
    x, y, height = geometry.x[chosen].copy(), geometry.y[chosen].copy(), geometry.height[chosen]
    if side == "left":
        x[:] = x.min()
    elif side == "right":
        x[:] = x.max()
    elif side == "center":
        x[:] = (x.min() + x.max()) / 2
    elif side == "top":
        y[:] = y.min()
    elif side == "bottom":
        y = (y + height).max() - height
    else:
        y = (y.min() + (y + height).max() - height) / 2
    return _places(geometry, chosen, x, y)


def distributed(geometry: Geometry, chosen: Ints, *, across: bool) -> Places:
    """The chosen nodes with equal gaps between the outermost two, which stay; `across`: from left to right."""
    if len(chosen) < 3:
        return {}
    starts = (geometry.x if across else geometry.y)[chosen]
    sizes = np.full(len(chosen), WIDTH) if across else geometry.height[chosen]
    order = np.argsort(starts, kind="stable")
    room = starts[order[-1]] - starts[order[0]] - sizes[order[:-1]].sum()
    gap = room / (len(chosen) - 1)
    placed = starts.copy()
    placed[order] = starts[order[0]] + np.concatenate([[0.0], np.cumsum(sizes[order[:-1]] + gap)])
    x, y = (placed, geometry.y[chosen]) if across else (geometry.x[chosen], placed)
    return _places(geometry, chosen, x, y)


def straightened(geometry: Geometry, chosen: Ints) -> Places:
    """The chosen nodes at heights at which the edges between them are straight, each after the one that leads to it.

    A node that several lead to follows the first of its edges; one that nothing chosen leads to stays.
    """
    members = set(chosen.tolist())
    y = {i: float(geometry.y[i]) for i in members}
    leading: dict[int, int] = {}
    for edge, (source, target) in enumerate(
        zip(geometry.source.tolist(), geometry.target.tolist(), strict=True)
    ):
        if source in members and target in members and source != target:
            leading.setdefault(target, edge)
    done: set[int] = set()
    for start in members:
        path = []
        i = start
        while i not in done and i in leading and i not in path:
            path.append(i)
            i = int(geometry.source[leading[i]])
        for i in reversed(path):
            edge = leading[i]
            source = int(geometry.source[edge])
            y[i] = y[source] + float(geometry.source_y[edge]) - float(geometry.target_y[edge])
            done.add(i)
    ys = np.array([y[i] for i in chosen.tolist()])
    return _places(geometry, chosen, geometry.x[chosen], ys)


def _places(geometry: Geometry, chosen: Ints, x: np.ndarray, y: np.ndarray) -> Places:
    """The new corners of those nodes that really move."""
    moved = (np.abs(geometry.x[chosen] - x) > 1e-6) | (np.abs(geometry.y[chosen] - y) > 1e-6)
    rows = np.flatnonzero(moved)
    return {
        geometry.ids[i]: (float(x[row]), float(y[row]))
        for row, i in zip(rows.tolist(), chosen[rows].tolist(), strict=True)
    }
