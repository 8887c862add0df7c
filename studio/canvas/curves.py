"""How does an edge run? Curves as rows of numbers: how they bend, which points they pass, what of them can be seen. No Qt, no nodes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BEZIER_STEPS: Final = 20
_T = np.linspace(0.0, 1.0, BEZIER_STEPS + 1)
_BEZIER = np.stack([(1 - _T) ** 3, 3 * (1 - _T) ** 2 * _T, 3 * (1 - _T) * _T**2, _T**3])


def reach(dx: Floats, dy: Floats) -> Floats:
    """How far an edge runs straight out of its ports before it bends, for the given differences of its ends."""
    # Not `clip`: of few numbers, as of the edges of a node that is dragged, it takes longer than all the rest.
    across = np.abs(dx)
    forward = np.minimum(np.maximum(across * 0.5, 24.0), 160.0)
    backward = np.minimum(np.maximum(60.0 + across * 0.35 + np.abs(dy) * 0.12, 80.0), 320.0)
    short = np.minimum(forward, np.hypot(dx, dy) * 0.75 + 8.0)
    return np.where(dx < 20.0, backward, short)


def points_along(curves: Floats) -> Floats:
    """Points along curves that follow one another, as rows of x and y: BEZIER_STEPS + 1 for each."""
    xs, ys = curves[:, 0::2] @ _BEZIER, curves[:, 1::2] @ _BEZIER
    return np.stack([xs.ravel(), ys.ravel()], axis=1)


def bent(places: Ints, pieces: Ints | int) -> Floats:
    """Where a curve from port to port is cut, from 0 to 1: at the given ones of the 0 to `pieces` ends of its pieces.

    It bends most where it begins and ends, and in the middle not at all: there the pieces are longer.
    """
    from_middle = 2.0 * places / pieces - 1.0
    found: Floats = (1.0 + np.sign(from_middle) * np.abs(from_middle) ** (2 / 3)) / 2.0
    return found


@dataclass(frozen=True, slots=True)
class Cuts:
    """How some curves from port to port are cut into straight pieces, each into as many as it needs: in one calculation, for the few that move with a node.

    `pieces` says how many by curve; `starts` are the first piece of each, and the number of all.
    """

    pieces: Ints
    starts: Ints
    _owner: Ints
    """Of each point its curve,"""
    _weights: Floats
    """and what its four control points weigh there."""
    _first: Ints
    """Of each piece the point where it begins,"""
    _curve: Ints
    """and of each curve."""

    @classmethod
    def of(cls, pieces: Ints) -> Cuts:
        count = len(pieces)
        starts = np.concatenate([[0], np.cumsum(pieces)])
        # A curve has a point more than pieces.
        curve = starts[:-1] + np.arange(count)
        owner = np.repeat(np.arange(count), pieces + 1)
        t = bent(np.arange(len(owner)) - curve[owner], pieces[owner])
        weights = np.stack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3], axis=1)
        first = np.arange(int(starts[-1])) + np.repeat(np.arange(count), pieces)
        return cls(pieces, starts, owner, weights, first, curve)

    def points(self, curves: Floats) -> Floats:
        """Where the pieces of these curves, given by their control points, begin and end: rows of x and y, for `lines` and `boxes`."""
        found: Floats = np.einsum("nk,nkd->nd", self._weights, curves.reshape(-1, 4, 2)[self._owner])
        return found

    def lines(self, points: Floats) -> Floats:
        """The pieces as rows of x1, y1, x2, y2."""
        found = np.empty((len(self._first), 4))
        found[:, :2], found[:, 2:] = points[self._first], points[self._first + 1]
        return found

    def boxes(self, points: Floats) -> Floats:
        """Left, top, right and bottom of each curve."""
        low, high = np.minimum.reduceat(points, self._curve), np.maximum.reduceat(points, self._curve)
        return np.concatenate([low, high], axis=1)


def controls(ends: Floats) -> Floats:
    """The control points of the given rows of `Geometry.ends`: x and y of each of the four in turn."""
    points = np.empty((len(ends), 8))
    points[:, 0] = ends[:, 0]
    points[:, 2] = ends[:, 0] + ends[:, 4]
    points[:, 4] = ends[:, 2] - ends[:, 4]
    points[:, 6] = ends[:, 2]
    points[:, 1] = points[:, 3] = ends[:, 1]
    points[:, 5] = points[:, 7] = ends[:, 3]
    return points


def legs_through(ends: Floats, dots: Floats, dot_edge: Ints) -> tuple[Floats, Ints]:
    """The curves of edges that pass points: their control points, and the edge of each, edge by edge and in the order of the way.

    Args:
        ends: rows of `Geometry.ends`.
        dots: the points, edge by edge.
        dot_edge: the edge of each, rising.
    """
    edges, first = np.unique(dot_edge, return_index=True)
    counts = np.diff(np.append(first, len(dot_edge)))
    # Each way is its source, its points, its target.
    starts = first + 2 * np.arange(len(edges))
    stops = starts + counts + 1
    points = np.empty((len(dots) + 2 * len(edges), 2))
    inner = np.ones(len(points), np.bool_)
    inner[starts] = inner[stops] = False
    points[starts], points[stops], points[inner] = ends[edges, 0:2], ends[edges, 2:4], dots
    towards = np.empty_like(points)
    before, after = points[1:-1] - points[:-2], points[2:] - points[1:-1]
    # No further up, down or aside than the points themselves: what lies in a row is passed in a straight line.
    onwards = np.where(before * after > 0, before + after, 0.0)
    turns = ~onwards.any(axis=1)
    onwards[turns] = (before + after)[turns]
    towards[1:-1] = onwards
    towards /= np.maximum(np.hypot(towards[:, 0], towards[:, 1]), 1e-9)[:, None]
    # Out of a port and into one an edge runs level.
    towards[~inner] = 1.0, 0.0
    begins = np.ones(len(points), np.bool_)
    begins[stops] = False
    a = np.flatnonzero(begins)
    b = a + 1
    chord = np.hypot(*(points[b] - points[a]).T)[:, None]
    bend = np.minimum(chord * 0.36, 140.0)
    legs = np.concatenate(
        [points[a], points[a] + towards[a] * bend, points[b] - towards[b] * bend, points[b]], axis=1
    )
    return legs, np.repeat(edges, counts + 1)


_FINE = np.linspace(0.0, 1.0, 49)
_FINE_BASIS = np.stack([(1 - _FINE) ** 3, 3 * (1 - _FINE) ** 2 * _FINE, 3 * (1 - _FINE) * _FINE**2, _FINE**3])


def trimmed(points: Floats, width: float, height: float, *, margin: float = 40.0) -> tuple[Floats, Ints]:
    """The parts of curves that can be seen in a window from (0, 0) to (width, height), and the rows that have any.

    A curve that reaches far out costs as much to draw as all of its length; so curves that leave the window are cut to the stretch between
    their first and last visible piece.
    """
    xs, ys = points[:, 0::2], points[:, 1::2]
    outside = (
        (xs.min(axis=1) < -width) | (xs.max(axis=1) > 2 * width)
        | (ys.min(axis=1) < -height) | (ys.max(axis=1) > 2 * height)
    )  # fmt: skip
    long = np.flatnonzero(outside)
    if not len(long):
        return points, np.arange(len(points))
    px, py = xs[long] @ _FINE_BASIS, ys[long] @ _FINE_BASIS
    seen = (
        (np.minimum(px[:, :-1], px[:, 1:]) < width + margin) & (np.maximum(px[:, :-1], px[:, 1:]) > -margin)
        & (np.minimum(py[:, :-1], py[:, 1:]) < height + margin) & (np.maximum(py[:, :-1], py[:, 1:]) > -margin)
    )  # fmt: skip
    any_seen = seen.any(axis=1)
    start = _FINE[seen.argmax(axis=1)]
    stop = _FINE[seen.shape[1] - seen[:, ::-1].argmax(axis=1)]
    cut = points.copy()
    for column, axis in ((0, xs), (1, ys)):
        p = axis[long]
        # The blossom of a cubic gives the control points of any stretch of it.
        for k, (u, v, w) in enumerate(
            ((start, start, start), (start, start, stop), (start, stop, stop), (stop, stop, stop))
        ):
            cut[long, column + 2 * k] = _blossom(p, u, v, w)
    kept = np.ones(len(points), np.bool_)
    kept[long[~any_seen]] = False
    rows = np.flatnonzero(kept)
    return cut[rows], rows


def _blossom(p: Floats, u: Floats, v: Floats, w: Floats) -> Floats:
    a0, a1, a2 = (p[:, k] * (1 - u) + p[:, k + 1] * u for k in range(3))
    b0, b1 = a0 * (1 - v) + a1 * v, a1 * (1 - v) + a2 * v
    blend: Floats = b0 * (1 - w) + b1 * w
    return blend


def straightened(points: Floats, share: float) -> Floats:
    """Curves that run nearer to the straight lines between their ends: all the way with a share of 1."""
    found = points.copy()
    for column in range(2):
        start, end = points[:, column], points[:, column + 6]
        for number in (1, 2):
            there = start + (end - start) * (number / 3)
            found[:, column + 2 * number] += (there - points[:, column + 2 * number]) * share
    return found


def polyline_distance(points: Floats, x: float, y: float) -> float:
    """The distance of a point from a line through `points`."""
    start, along = points[:-1], np.diff(points, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-9)
    offset = np.array([x, y]) - start
    t = np.clip((offset * along).sum(axis=1) / length, 0.0, 1.0)
    gap = offset - along * t[:, None]
    return float(np.sqrt((gap**2).sum(axis=1).min()))
