"""Where is everything on the canvas? Positions and sizes once, in numpy arrays that are the index for painting and for hits alike.

Nothing here knows Qt or looks: coordinates are scene units (one pixel at 100 %). The arrays follow the workflow's order, which is also
the order of painting: later nodes lie on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from studio.canvas.cards import FOOTER, WIDTH, Card
from studio.kernel.ids import NodeId
from studio.workflow.graph import Edge

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Small = npt.NDArray[np.uint8]

BEZIER_STEPS: Final = 20
_T = np.linspace(0.0, 1.0, BEZIER_STEPS + 1)
_BEZIER = np.stack([(1 - _T) ** 3, 3 * (1 - _T) ** 2 * _T, 3 * (1 - _T) * _T**2, _T**3])


def reach(dx: Floats, dy: Floats) -> Floats:
    """How far an edge runs straight out of its ports before it bends, for the given differences of its ends."""
    forward = np.clip(np.abs(dx) * 0.5, 24.0, 160.0)
    backward = np.clip(60.0 + np.abs(dx) * 0.35 + np.abs(dy) * 0.12, 80.0, 320.0)
    short = np.minimum(forward, np.hypot(dx, dy) * 0.75 + 8.0)
    return np.where(dx < 20.0, backward, short)


class Geometry:
    """The arrays of one workflow's nodes and edges.

    Invariants: all node arrays have the length of `ids`, all edge arrays that of `edges`; `source` and `target` are indices of nodes;
    `index[ids[i]] == i`.
    """

    def __init__(self) -> None:
        self.ids: list[NodeId] = []
        self.index: dict[NodeId, int] = {}
        self.cards: list[Card] = []
        self.x: Floats = np.empty(0)
        self.y: Floats = np.empty(0)
        self.height: Floats = np.empty(0)
        self.tone: Small = np.empty(0, np.uint8)
        self.footer: Bools = np.empty(0, np.bool_)
        self.selected: Bools = np.empty(0, np.bool_)
        self.edges: list[Edge] = []
        self.source: Ints = np.empty(0, np.int64)
        self.target: Ints = np.empty(0, np.int64)
        self.source_y: Floats = np.empty(0)
        self.target_y: Floats = np.empty(0)
        self.edge_kind: Small = np.empty(0, np.uint8)
        self.edge_selected: Bools = np.empty(0, np.bool_)
        self._ends: Floats | None = None

    def __len__(self) -> int:
        return len(self.ids)

    # Nodes

    def set_nodes(self, ids: Sequence[NodeId]) -> list[int]:
        """Makes `ids` the nodes, in that order, keeping what is known of those that stay.

        Returns the indices of the new ones, whose card and position the caller must set. Edges must be set anew afterwards when
        nodes went, came between others, or changed their order.
        """
        old = self.index
        taken = np.fromiter((old.get(node_id, -1) for node_id in ids), np.int64, len(ids))
        fresh = taken < 0
        cards = self.cards
        blank = cards[0] if cards else None
        self.cards = [cards[i] if i >= 0 else blank for i in taken.tolist()]  # type: ignore[misc]  # set by the caller
        for name in ("x", "y", "height", "tone", "footer", "selected"):
            array = getattr(self, name)
            new = np.zeros(len(ids), array.dtype)
            new[~fresh] = array[taken[~fresh]]
            setattr(self, name, new)
        self.ids = list(ids)
        self.index = {node_id: i for i, node_id in enumerate(self.ids)}
        self._ends = None
        found: list[int] = np.flatnonzero(fresh).tolist()
        return found

    def set_card(self, i: int, card: Card) -> None:
        self.cards[i] = card
        self.tone[i] = card.tone
        self.height[i] = card.shape.height + (FOOTER if self.footer[i] and not card.shape.collapsed else 0.0)

    def set_footer(self, i: int, shown: bool) -> None:
        if self.footer[i] != shown:
            self.footer[i] = shown
            self.set_card(i, self.cards[i])

    def set_position(self, i: int, x: float, y: float) -> None:
        self.x[i] = x
        self.y[i] = y
        self._ends = None

    def place(self, indices: Ints, xs: Floats, ys: Floats) -> None:
        """Puts many nodes somewhere else."""
        self.x[indices] = xs
        self.y[indices] = ys
        self._ends = None

    def indices(self, node_ids: Iterable[NodeId]) -> Ints:
        """The indices of those nodes that there are."""
        found = [self.index[node_id] for node_id in node_ids if node_id in self.index]
        return np.array(found, np.int64)

    def boxes(self) -> Floats:
        """Left, top, right and bottom of every node, as rows."""
        return np.stack([self.x, self.y, self.x + WIDTH, self.y + self.height], axis=1)

    def nodes_in(self, left: float, top: float, right: float, bottom: float) -> Ints:
        """The indices of the nodes that touch a rectangle, bottommost first."""
        hit = (self.x < right) & (self.x + WIDTH > left) & (self.y < bottom) & (self.y + self.height > top)
        return np.flatnonzero(hit)

    def node_at(self, x: float, y: float) -> int | None:
        """The topmost node under a point."""
        hits = self.nodes_in(x, y, x, y)
        return int(hits[-1]) if len(hits) else None

    def bounds(self, indices: Ints | None = None) -> tuple[float, float, float, float] | None:
        """The left, top, right and bottom of the given nodes, or of all; None without nodes."""
        pick: Ints | slice = slice(None) if indices is None else indices
        x, y, height = self.x[pick], self.y[pick], self.height[pick]
        if not len(x):
            return None
        return float(x.min()), float(y.min()), float(x.max() + WIDTH), float((y + height).max())

    # Edges

    def set_edges(self, edges: Sequence[Edge], kinds: dict[str, int]) -> None:
        """Makes `edges` the edges, in that order; which are selected is kept. `kinds` numbers the kinds of value for `edge_kind`."""
        chosen = {id(self.edges[i]) for i in np.flatnonzero(self.edge_selected).tolist()}
        index = self.index
        count = len(edges)
        self.edges = list(edges)
        self.source = np.fromiter((index[edge.source] for edge in edges), np.int64, count)
        self.target = np.fromiter((index[edge.target] for edge in edges), np.int64, count)
        self.edge_selected = np.fromiter((id(edge) in chosen for edge in edges), np.bool_, count)
        self.source_y = np.empty(count)
        self.target_y = np.empty(count)
        self.edge_kind = np.empty(count, np.uint8)
        self.anchor_edges(range(count), kinds)

    def anchor_edges(self, which: Iterable[int], kinds: dict[str, int]) -> None:
        """Works out anew at which height of their cards the given edges end, after those cards have changed."""
        cards, edges = self.cards, self.edges
        sources, targets = self.source.tolist(), self.target.tolist()
        for i in which:
            edge, source = edges[i], cards[sources[i]]
            self.source_y[i] = source.port_y(edge.source_port, is_output=True)
            self.target_y[i] = cards[targets[i]].port_y(edge.target_port, is_output=False)
            self.edge_kind[i] = kinds.get(source.port_type(edge.source_port, is_output=True).kind, 0)
        self._ends = None

    def edges_of(self, indices: Ints) -> Ints:
        """The indices of the edges that begin or end at the given nodes."""
        touched = np.zeros(len(self.ids), np.bool_)
        touched[indices] = True
        return np.flatnonzero(touched[self.source] | touched[self.target])

    @property
    def ends(self) -> Floats:
        """Where each edge begins and ends and how far it runs straight: columns x1, y1, x2, y2, reach."""
        if self._ends is None:
            ends = np.empty((len(self.edges), 5))
            ends[:, 0] = self.x[self.source] + WIDTH
            ends[:, 1] = self.y[self.source] + self.source_y
            ends[:, 2] = self.x[self.target]
            ends[:, 3] = self.y[self.target] + self.target_y
            ends[:, 4] = reach(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
            self._ends = ends
        return self._ends

    def edges_in(self, left: float, top: float, right: float, bottom: float) -> Ints:
        """The indices of the edges whose surroundings touch a rectangle."""
        e = self.ends
        x_low = np.minimum(e[:, 0], e[:, 2] - e[:, 4])
        x_high = np.maximum(e[:, 0] + e[:, 4], e[:, 2])
        y_low = np.minimum(e[:, 1], e[:, 3])
        y_high = np.maximum(e[:, 1], e[:, 3])
        return np.flatnonzero((x_low <= right) & (x_high >= left) & (y_low <= bottom) & (y_high >= top))

    def curve(self, i: int) -> Floats:
        """Points along an edge, an array of BEZIER_STEPS + 1 rows of x and y."""
        return curve(self.ends[i])

    def edge_at(self, x: float, y: float, within: float) -> int | None:
        """The edge that passes closest to a point, when closer than `within`."""
        best, nearest = None, within
        for i in self.edges_in(x - within, y - within, x + within, y + within).tolist():
            distance = polyline_distance(self.curve(i), x, y)
            if distance < nearest:
                best, nearest = i, distance
        return best


def curve(ends: Floats) -> Floats:
    """Points along the edge with the given row of `Geometry.ends`."""
    x1, y1, x2, y2, out = ends
    xs = np.array([x1, x1 + out, x2 - out, x2])
    ys = np.array([y1, y1, y2, y2])
    return np.stack([xs @ _BEZIER, ys @ _BEZIER], axis=1)


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


def polyline_distance(points: Floats, x: float, y: float) -> float:
    """The distance of a point from a line through `points`."""
    start, along = points[:-1], np.diff(points, axis=0)
    length = np.maximum((along**2).sum(axis=1), 1e-9)
    offset = np.array([x, y]) - start
    t = np.clip((offset * along).sum(axis=1) / length, 0.0, 1.0)
    gap = offset - along * t[:, None]
    return float(np.sqrt((gap**2).sum(axis=1).min()))


def snapped(value: float, grid: float) -> float:
    """The multiple of `grid` nearest to `value`."""
    return round(value / grid) * grid
