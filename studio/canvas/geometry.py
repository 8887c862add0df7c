"""Where is everything on the canvas? Positions and sizes once, in numpy arrays that are the index for painting and for hits alike.

Nothing here knows Qt or looks: coordinates are scene units (one pixel at 100 %). The arrays follow the workflow's order, which is also
the order of painting: later nodes lie on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from studio.canvas.cards import FOLDED_HEIGHT, FOOTER, WIDTH, Card
from studio.canvas.curves import Floats, Ints, controls, legs_through, points_along, polyline_distance, reach
from studio.kernel.ids import EdgeId, NodeId
from studio.workflow.graph import Edge, Route

Bools = npt.NDArray[np.bool_]
Small = npt.NDArray[np.uint8]


class Geometry:
    """The arrays of one workflow's nodes and edges.

    Invariants: all node arrays have the length of `ids`, all edge arrays that of `edges`; `source` and `target` are indices of nodes;
    `index[ids[i]] == i`; `dot_edge` rises.
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
        self.hidden: Bools = np.empty(0, np.bool_)
        """Nodes that lie in a collapsed frame; their edges end where the frame is, `stand` says how far from the node."""
        self.has_hidden = False
        self.stand: Floats = np.empty((0, 3))
        """Of hidden nodes, measured from the node's corner: where edges come in, where they go out (x), and at which height."""
        self.edge_hidden: Bools = np.empty(0, np.bool_)
        self.dots: Floats = np.empty((0, 2))
        """The points that edges pass, edge by edge and in the order of the way."""
        self.dot_edge: Ints = np.empty(0, np.int64)
        self.dot_selected: Bools = np.empty(0, np.bool_)
        self.revision = 0
        """Counts what happened to where edges run: the same number, the same curves."""
        self._ends: Floats | None = None
        self._legs: tuple[Floats, Ints] | None = None

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
        for name in ("x", "y", "height", "tone", "footer", "selected", "hidden", "stand"):
            array = getattr(self, name)
            new = np.zeros((len(ids), *array.shape[1:]), array.dtype)
            new[~fresh] = array[taken[~fresh]]
            setattr(self, name, new)
        self.ids = list(ids)
        self.index = {node_id: i for i, node_id in enumerate(self.ids)}
        self.touch()
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
        self.touch()

    def place(self, indices: Ints, xs: Floats, ys: Floats) -> None:
        """Puts many nodes somewhere else."""
        self.x[indices] = xs
        self.y[indices] = ys
        self.touch()

    def touch(self) -> None:
        """Something that edges end at, or pass, has moved."""
        self._ends = self._legs = None
        self.revision += 1

    def stand_ins(self, stands: Mapping[int, tuple[str, float, float, float]]) -> None:
        """Hides nodes: for each its frame's id, and where edges come in and go out and at which height, in scene units."""
        if not stands and not self.has_hidden:
            return
        hidden, stand = np.zeros_like(self.hidden), np.zeros_like(self.stand)
        keys: dict[str, int] = {}
        groups = np.full(len(self), -1, np.int64)
        for i, (frame, left, right, height) in stands.items():
            hidden[i] = True
            stand[i] = left - self.x[i], right - self.x[i], height - self.y[i]
            groups[i] = keys.setdefault(frame, len(keys))
        self.hidden, self.stand, self.has_hidden = hidden, stand, bool(stands)
        self.selected &= ~hidden
        source, target = groups[self.source], groups[self.target]
        self.edge_hidden = (source == target) & (source >= 0)
        self.edge_selected &= ~self.edge_hidden
        self.touch()

    def indices(self, node_ids: Iterable[NodeId]) -> Ints:
        """The indices of those nodes that there are."""
        found = [self.index[node_id] for node_id in node_ids if node_id in self.index]
        return np.array(found, np.int64)

    def boxes(self) -> Floats:
        """Left, top, right and bottom of every node as rows, of a hidden one those of what stands for it."""
        boxes = np.stack([self.x, self.y, self.x + WIDTH, self.y + self.height], axis=1)
        if self.has_hidden:
            corners = np.stack([self.x, self.y], axis=1)[self.hidden]
            into, out, middle = self.stand[self.hidden].T
            half = FOLDED_HEIGHT / 2
            boxes[self.hidden] = np.stack([into, middle - half, out, middle + half], axis=1) + np.tile(
                corners, 2
            )
        return boxes

    def nodes_in(self, left: float, top: float, right: float, bottom: float) -> Ints:
        """The indices of the nodes that touch a rectangle, bottommost first."""
        hit = (self.x < right) & (self.x + WIDTH > left) & (self.y < bottom) & (self.y + self.height > top)
        return np.flatnonzero(hit & ~self.hidden if self.has_hidden else hit)

    def node_at(self, x: float, y: float) -> int | None:
        """The topmost node under a point."""
        hits = self.nodes_in(x, y, x, y)
        return int(hits[-1]) if len(hits) else None

    def bounds(self, indices: Ints | None = None) -> tuple[float, float, float, float] | None:
        """The left, top, right and bottom of the given nodes, or of all that are seen; None without nodes."""
        pick = np.flatnonzero(~self.hidden) if indices is None else indices
        x, y, height = self.x[pick], self.y[pick], self.height[pick]
        if not len(x):
            return None
        return float(x.min()), float(y.min()), float(x.max() + WIDTH), float((y + height).max())

    # Edges

    def set_edges(
        self, edges: Sequence[Edge], kinds: Mapping[str, int], routes: Mapping[EdgeId, Route] | None = None
    ) -> None:
        """Makes `edges` the edges, in that order; which are selected is kept. `kinds` numbers the kinds of value for `edge_kind`."""
        chosen = {id(self.edges[i]) for i in np.flatnonzero(self.edge_selected).tolist()}
        index = self.index
        count = len(edges)
        self.edges = list(edges)
        self.source = np.fromiter((index[edge.source] for edge in edges), np.int64, count)
        self.target = np.fromiter((index[edge.target] for edge in edges), np.int64, count)
        self.edge_selected = np.fromiter((id(edge) in chosen for edge in edges), np.bool_, count)
        self.edge_hidden = np.zeros(count, np.bool_)
        self.source_y = np.empty(count)
        self.target_y = np.empty(count)
        self.edge_kind = np.empty(count, np.uint8)
        self.set_routes(routes or {})
        self.anchor_edges(range(count), kinds)

    def set_routes(self, routes: Mapping[EdgeId, Route]) -> None:
        """The points that edges pass."""
        passed = [(i, routes.get(edge.id, ())) for i, edge in enumerate(self.edges)] if routes else []
        self.dots = np.array([point for _, route in passed for point in route]).reshape(-1, 2)
        self.dot_edge = np.array([i for i, route in passed for _ in route], np.int64)
        if len(self.dots) != len(self.dot_selected):
            self.dot_selected = np.zeros(len(self.dots), np.bool_)
        self.touch()

    def anchor_edges(self, which: Iterable[int], kinds: Mapping[str, int]) -> None:
        """Works out anew at which height of their cards the given edges end, after those cards have changed."""
        cards, edges = self.cards, self.edges
        sources, targets = self.source.tolist(), self.target.tolist()
        for i in which:
            edge, source = edges[i], cards[sources[i]]
            self.source_y[i] = source.port_y(edge.source_port, is_output=True)
            self.target_y[i] = cards[targets[i]].port_y(edge.target_port, is_output=False)
            self.edge_kind[i] = kinds.get(source.port_type(edge.source_port, is_output=True).kind, 0)
        self.touch()

    def edges_of(self, indices: Ints) -> Ints:
        """The indices of the edges that begin or end at the given nodes."""
        touched = np.zeros(len(self.ids), np.bool_)
        touched[indices] = True
        return np.flatnonzero(touched[self.source] | touched[self.target])

    @property
    def ends(self) -> Floats:
        """Where each edge begins and ends and how far it runs straight: columns x1, y1, x2, y2, reach."""
        if self._ends is None:
            self._ends = self._ends_of(slice(None))
        return self._ends

    def _ends_of(self, which: Ints | slice) -> Floats:
        source, target = self.source[which], self.target[which]
        ends = np.empty((len(source), 5))
        ends[:, 0] = self.x[source] + WIDTH
        ends[:, 1] = self.y[source] + self.source_y[which]
        ends[:, 2] = self.x[target]
        ends[:, 3] = self.y[target] + self.target_y[which]
        if self.has_hidden:
            out, into = self.hidden[source], self.hidden[target]
            sources, targets = source[out], target[into]
            ends[out, 0] = self.x[sources] + self.stand[sources, 1]
            ends[out, 1] = self.y[sources] + self.stand[sources, 2]
            ends[into, 2] = self.x[targets] + self.stand[targets, 0]
            ends[into, 3] = self.y[targets] + self.stand[targets, 2]
        ends[:, 4] = reach(ends[:, 2] - ends[:, 0], ends[:, 3] - ends[:, 1])
        return ends

    @property
    def legs(self) -> tuple[Floats, Ints]:
        """The curves of the edges that pass points, from point to point: their control points, and the edge of each."""
        if self._legs is None:
            self._legs = legs_through(self.ends, self.dots, self.dot_edge)
        return self._legs

    def curves(self, which: Ints) -> tuple[Floats, Ints]:
        """The curves of the given edges as control points, x and y in turn, and for each the edge that it is a part of."""
        if not len(self.dots):
            # While nodes are dragged, only few edges are asked for at a time.
            return controls(self._ends_of(which) if self._ends is None else self._ends[which]), which
        wanted = np.zeros(len(self.edges), np.bool_)
        wanted[which] = True
        curves, edges = self.legs
        kept = wanted[edges]
        wanted[self.dot_edge] = False
        straight = np.flatnonzero(wanted)
        return (
            np.concatenate([controls(self.ends[straight]), curves[kept]]),
            np.concatenate([straight, edges[kept]]),
        )

    def edges_in(self, left: float, top: float, right: float, bottom: float) -> Ints:
        """The indices of the edges whose surroundings touch a rectangle."""
        e = self.ends
        x_low = np.minimum(e[:, 0], e[:, 2] - e[:, 4])
        x_high = np.maximum(e[:, 0] + e[:, 4], e[:, 2])
        y_low = np.minimum(e[:, 1], e[:, 3])
        y_high = np.maximum(e[:, 1], e[:, 3])
        hit = (x_low <= right) & (x_high >= left) & (y_low <= bottom) & (y_high >= top)
        if len(self.dots):
            curves, edges = self.legs
            xs, ys = curves[:, 0::2], curves[:, 1::2]
            touches = (xs.min(axis=1) <= right) & (xs.max(axis=1) >= left)
            touches &= (ys.min(axis=1) <= bottom) & (ys.max(axis=1) >= top)
            hit[self.dot_edge] = False
            hit[edges[touches]] = True
        return np.flatnonzero(hit & ~self.edge_hidden if self.has_hidden else hit)

    def curve(self, i: int) -> Floats:
        """Points along an edge, as rows of x and y."""
        return points_along(self.curves(np.array([i]))[0])

    def middle(self, i: int) -> tuple[float, float]:
        """The middle of an edge, or of its longest part where it passes points."""
        curves, _ = self.curves(np.array([i]))
        spans = np.hypot(curves[:, 6] - curves[:, 0], curves[:, 7] - curves[:, 1])
        points = points_along(curves[[int(spans.argmax())]])
        x, y = points[len(points) // 2].tolist()
        return x, y

    def span(self, i: int) -> float:
        """How far it is, in a straight line, along the longest part of an edge."""
        curves, _ = self.curves(np.array([i]))
        return float(np.hypot(curves[:, 6] - curves[:, 0], curves[:, 7] - curves[:, 1]).max())

    def edge_at(self, x: float, y: float, within: float) -> int | None:
        """The edge that passes closest to a point, when closer than `within`."""
        best, nearest = None, within
        for i in self.edges_in(x - within, y - within, x + within, y + within).tolist():
            distance = polyline_distance(self.curve(i), x, y)
            if distance < nearest:
                best, nearest = i, distance
        return best

    def leg_at(self, i: int, x: float, y: float) -> int:
        """Between which of the points that an edge passes a point lies: 0 is before the first."""
        curves, _ = self.curves(np.array([i]))
        gaps = [polyline_distance(points_along(curves[[row]]), x, y) for row in range(len(curves))]
        return int(np.argmin(gaps))

    def dot_at(self, x: float, y: float, within: float) -> int | None:
        """The row of the point nearest to (x, y) that an edge passes, when nearer than `within`."""
        if not len(self.dots):
            return None
        gaps = np.hypot(self.dots[:, 0] - x, self.dots[:, 1] - y)
        gaps[self.edge_hidden[self.dot_edge]] = np.inf
        best = int(gaps.argmin())
        return best if gaps[best] < within else None

    def routes_among(self, nodes: Ints) -> Ints:
        """The rows of the points passed by edges that begin and end at the given nodes."""
        if not len(self.dots):
            return np.empty(0, np.int64)
        members = np.zeros(len(self), np.bool_)
        members[nodes] = True
        return np.flatnonzero((members[self.source] & members[self.target])[self.dot_edge])

    def named_dots(self, dots: Ints) -> tuple[tuple[EdgeId, int], ...]:
        """Points that edges pass, each as its edge and which of that edge's points it is."""
        first = np.searchsorted(self.dot_edge, self.dot_edge[dots])
        owners = [self.edges[i].id for i in self.dot_edge[dots].tolist()]
        return tuple(zip(owners, (dots - first).tolist(), strict=True))

    def route(self, edge: int) -> Route:
        """The points that an edge passes."""
        return tuple((x, y) for x, y in self.dots[self.dot_edge == edge].tolist())


def snapped(value: float, grid: float) -> float:
    """The multiple of `grid` nearest to `value`."""
    return round(value / grid) * grid
