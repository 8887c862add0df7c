"""Where should nodes lie so that a graph reads from left to right? A layered layout; numbers in, numbers out, no Qt.

After Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981): layers along the longest path;
in each layer an order with few crossings, found by sweeping over medians; then heights that keep edges straight, each layer by the pool
adjacent violators algorithm. Deterministic, and stable: what is equal keeps the order it was given in.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

COLUMN_GAP: Final = 80.0
ROW_GAP: Final = 40.0
PART_GAP: Final = 80.0
"""Between parts of the graph that have nothing to do with one another."""
_WIRE: Final = 14.0
"""Height kept free where a long edge passes a layer."""
_SWEEPS: Final = 6
_STRAIGHTENINGS: Final = 4


@dataclass(frozen=True, slots=True)
class Box:
    """A node to be placed; `key` orders nodes that are otherwise equal (their present height)."""

    width: float
    height: float
    key: float = 0.0


@dataclass(frozen=True, slots=True)
class Link:
    """An edge between boxes given by index, with the heights of its ends below their boxes' tops."""

    source: int
    target: int
    source_y: float = 0.0
    target_y: float = 0.0


def layered(boxes: Sequence[Box], links: Iterable[Link]) -> list[tuple[float, float]]:
    """The upper left corner of each box; the leftmost and topmost begin at 0. Links that close a loop are ignored."""
    forward = _without_loops(len(boxes), links)
    found: list[tuple[float, float]] = [(0.0, 0.0)] * len(boxes)
    parts = _parts(len(boxes), forward)
    parts.sort(key=lambda part: min(boxes[i].key for i in part))
    alone = [part[0] for part in parts if len(part) == 1]
    number_of = {i: number for number, part in enumerate(parts) for i in part}
    links_of: list[list[Link]] = [[] for _ in parts]
    for link in forward:
        links_of[number_of[link.source]].append(link)
    top = 0.0
    for part, within in zip(parts, links_of, strict=True):
        if len(part) > 1:
            places = _Layers(boxes, part, within).place()
            highest = min(y for _, y in places.values())
            for i, (x, y) in places.items():
                found[i] = (x, y - highest + top)
            top = max(found[i][1] + boxes[i].height for i in part) + PART_GAP
    _tile(boxes, alone, top, found)
    return found


def _tile(boxes: Sequence[Box], alone: list[int], top: float, found: list[tuple[float, float]]) -> None:
    """Nodes without any edge go in rows at the foot."""
    in_row = max(4, round(len(alone) ** 0.5 * 0.8))
    for start in range(0, len(alone), in_row):
        row, x = alone[start : start + in_row], 0.0
        for i in row:
            found[i] = (x, top)
            x += boxes[i].width + COLUMN_GAP
        top += max(boxes[i].height for i in row) + ROW_GAP


def _without_loops(count: int, links: Iterable[Link]) -> list[Link]:
    """The links but those that lead back, in a search from the first node on."""
    following: dict[int, list[Link]] = defaultdict(list)
    every = [link for link in links if link.source != link.target]
    for link in every:
        following[link.source].append(link)
    state = bytearray(count)
    back: set[int] = set()
    for root in range(count):
        if state[root]:
            continue
        state[root] = 1
        stack = [(root, iter(following[root]))]
        while stack:
            node, rest = stack[-1]
            found = next(rest, None)
            if found is None:
                state[node] = 2
                stack.pop()
            elif state[found.target] == 0:
                state[found.target] = 1
                stack.append((found.target, iter(following[found.target])))
            elif state[found.target] == 1:
                back.add(id(found))
    return [link for link in every if id(link) not in back]


def _parts(count: int, links: list[Link]) -> list[list[int]]:
    """The nodes of each connected part."""
    beside: dict[int, list[int]] = defaultdict(list)
    for link in links:
        beside[link.source].append(link.target)
        beside[link.target].append(link.source)
    seen = bytearray(count)
    found = []
    for root in range(count):
        if seen[root]:
            continue
        seen[root] = 1
        part, queue = [], deque([root])
        while queue:
            node = queue.popleft()
            part.append(node)
            for other in beside[node]:
                if not seen[other]:
                    seen[other] = 1
                    queue.append(other)
        found.append(part)
    return found


class _Layers:
    """One connected part. Its boxes are numbered as given, what long edges pass through gets numbers above them.

    Invariant: each joint leads from one layer to the next.
    """

    def __init__(self, boxes: Sequence[Box], members: list[int], links: list[Link]) -> None:
        self.boxes = boxes
        self.members = sorted(members, key=lambda i: (boxes[i].key, i))
        self.layer = self._layer(links)
        self.heights = {i: boxes[i].height for i in self.members}
        self.before: dict[int, list[tuple[int, float]]] = defaultdict(list)
        """Of each node: its neighbours in the layer before, with how much lower than their top its own would be straight."""
        self.after: dict[int, list[tuple[int, float]]] = defaultdict(list)
        self._join(links)
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer.values()) + 1)]
        for i, layer in self.layer.items():
            self.rows[layer].append(i)

    def _layer(self, links: list[Link]) -> dict[int, int]:
        """The length of the longest path to each node; nodes that nothing leads to stand right before what they lead to."""
        into: dict[int, int] = dict.fromkeys(self.members, 0)
        following: dict[int, list[int]] = defaultdict(list)
        for link in links:
            into[link.target] += 1
            following[link.source].append(link.target)
        layer = dict.fromkeys(self.members, 0)
        queue = deque(i for i in self.members if not into[i])
        roots = list(queue)
        while queue:
            i = queue.popleft()
            for other in following[i]:
                layer[other] = max(layer[other], layer[i] + 1)
                into[other] -= 1
                if not into[other]:
                    queue.append(other)
        for i in roots:
            layer[i] = min((layer[other] - 1 for other in following[i]), default=0)
        return layer

    def _join(self, links: list[Link]) -> None:
        number = len(self.boxes)
        for link in links:
            last, offset = link.source, link.source_y
            for layer in range(self.layer[link.source] + 1, self.layer[link.target]):
                self.layer[number] = layer
                self.heights[number] = _WIRE
                self._pair(last, number, offset - _WIRE / 2)
                last, offset, number = number, _WIRE / 2, number + 1
            self._pair(last, link.target, offset - link.target_y)

    def _pair(self, source: int, target: int, lower: float) -> None:
        self.before[target].append((source, lower))
        self.after[source].append((target, -lower))

    def place(self) -> dict[int, tuple[float, float]]:
        """The corner of each box of the part."""
        self._order()
        heights = self._straighten()
        widths = [
            max((self.boxes[i].width for i in row if i < len(self.boxes)), default=0.0) for row in self.rows
        ]
        left, lefts = 0.0, []
        for width in widths:
            lefts.append(left)
            left += width + COLUMN_GAP
        return {i: (lefts[self.layer[i]], heights[i]) for i in self.members}

    # Order

    def _order(self) -> None:
        """Sweeps to and fro; the order with the fewest crossings is kept."""
        best, fewest = [list(row) for row in self.rows], self._crossings()
        for sweep in range(_SWEEPS):
            if not fewest:
                break
            rightwards = sweep % 2 == 0
            beside = self.before if rightwards else self.after
            layers = range(1, len(self.rows)) if rightwards else range(len(self.rows) - 2, -1, -1)
            for layer in layers:
                self._sort(layer, beside, layer - 1 if rightwards else layer + 1)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best

    def _sort(self, layer: int, beside: dict[int, list[tuple[int, float]]], other: int) -> None:
        rank = {i: place for place, i in enumerate(self.rows[other])}
        wanted: dict[int, float] = {}
        for place, i in enumerate(self.rows[layer]):
            ranks = sorted(rank[neighbour] for neighbour, _ in beside[i])
            middle = len(ranks) // 2
            if not ranks:
                wanted[i] = float(place)
            elif len(ranks) % 2:
                wanted[i] = float(ranks[middle])
            else:
                wanted[i] = (ranks[middle - 1] + ranks[middle]) / 2
        self.rows[layer].sort(key=lambda i: wanted[i])

    def _crossings(self) -> int:
        total = 0
        for upper, lower in pairwise(self.rows):
            rank = {i: place for place, i in enumerate(lower)}
            ends = [place for i in upper for place in sorted(rank[j] for j, _ in self.after[i])]
            total += _inversions(ends, len(lower))
        return total

    # Heights

    def _straighten(self) -> dict[int, float]:
        """The top of everything: first as packed, then drawn towards what makes the edges straight, to and fro."""
        y: dict[int, float] = {}
        for row in self.rows:
            top = 0.0
            for i in row:
                y[i] = top
                top += self.heights[i] + self._gap(i)
        for turn in range(_STRAIGHTENINGS * 2):
            rightwards = turn % 2 == 0
            beside = self.before if rightwards else self.after
            for row in self.rows if rightwards else reversed(self.rows):
                wanted, weights = [], []
                for i in row:
                    tops = [y[j] + lower for j, lower in beside[i]]
                    wanted.append(sum(tops) / len(tops) if tops else y[i])
                    # What passes through must be straight first of all; what has no neighbour there gives way.
                    weights.append((8.0 if i >= len(self.boxes) else 1.0) * (len(tops) or 0.05))
                steps = [self.heights[i] + self._gap(i) for i in row]
                y.update(zip(row, _spread(wanted, weights, steps), strict=True))
        return y

    def _gap(self, i: int) -> float:
        return ROW_GAP if i < len(self.boxes) else _WIRE / 2


def _inversions(ends: list[int], size: int) -> int:
    """How many pairs stand in the wrong order, with a Fenwick tree."""
    tree = [0] * (size + 1)
    total = 0
    for seen, place in enumerate(ends):
        smaller, k = 0, place + 1
        while k:
            smaller += tree[k]
            k &= k - 1
        total += seen - smaller
        k = place + 1
        while k <= size:
            tree[k] += 1
            k += k & -k
    return total


def _spread(wanted: list[float], weights: list[float], steps: list[float]) -> list[float]:
    """The heights nearest to those wanted (least squares) at which each is at least a step below the one before."""
    offsets, total = [], 0.0
    for step in steps:
        offsets.append(total)
        total += step
    # Pools of neighbours that push each other: [weighted sum, weight, how many].
    pools: list[list[float]] = []
    for value, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append([(value - offset) * weight, weight, 1.0])
        while len(pools) > 1 and pools[-2][0] / pools[-2][1] > pools[-1][0] / pools[-1][1]:
            last = pools.pop()
            for k in range(3):
                pools[-1][k] += last[k]
    levels = [pool[0] / pool[1] for pool in pools for _ in range(int(pool[2]))]
    return [level + offset for level, offset in zip(levels, offsets, strict=True)]
