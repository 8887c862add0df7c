"""Where do nodes go when they are aligned, spread or straightened? (Tidying is `tidying`'s.) From a geometry to new corners; applying them is `editing`'s."""

from __future__ import annotations

from typing import Literal

import numpy as np

from studio.canvas.cards import WIDTH
from studio.canvas.curves import Ints
from studio.canvas.geometry import Geometry
from studio.kernel.ids import NodeId

Places = dict[NodeId, tuple[float, float]]
Side = Literal["left", "right", "top", "bottom", "center", "middle"]


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
