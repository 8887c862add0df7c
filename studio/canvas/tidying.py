"""Where do things go when they are tidied? Nodes in layers, frame by frame: each frame is laid out within, then stands as one box among the others."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from studio.canvas.cards import FOLDED_HEIGHT, FOOTER, GRID, WIDTH
from studio.canvas.curves import Ints
from studio.canvas.framing import PADDING, TITLE_HEIGHT
from studio.canvas.geometry import Geometry, snapped
from studio.canvas.layering import Box, Link, layered
from studio.kernel.ids import NodeId
from studio.workflow.frames import around, content
from studio.workflow.graph import Frame, Note, Workflow

NOTE_GAP: Final = 40.0
Point = tuple[float, float]


@dataclass(slots=True)
class Laid:
    """Where nodes (by index) and notes lie and which boxes frames have; `width` and `height` are those of all of it."""

    nodes: dict[int, Point] = field(default_factory=dict)
    notes: dict[str, Point] = field(default_factory=dict)
    frames: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    width: float = 0.0
    height: float = 0.0

    def take(self, other: Laid, dx: float, dy: float) -> None:
        """Takes in what was laid out elsewhere, shifted."""
        self.nodes |= {i: (x + dx, y + dy) for i, (x, y) in other.nodes.items()}
        self.notes |= {key: (x + dx, y + dy) for key, (x, y) in other.notes.items()}
        self.frames |= {key: (x + dx, y + dy, w, h) for key, (x, y, w, h) in other.frames.items()}


@dataclass(frozen=True, slots=True)
class Tidied:
    """The new corners of nodes and notes, and the frames as they are afterwards."""

    nodes: dict[NodeId, Point]
    notes: dict[str, Point]
    frames: list[Frame]


def tidied(geometry: Geometry, workflow: Workflow, chosen: Ints, whole: Collection[str] = ()) -> Tidied:
    """A layered layout of the chosen nodes; its upper left corner is where theirs is now. Room is kept for the footers of a run.

    Frames with chosen nodes in them move as a whole and take the size that their content needs. The frame that all chosen nodes lie in
    stays and grows at most, unless it is named in `whole`.
    """
    if not len(chosen):
        return Tidied({}, {}, [])
    tidy = _Tidy(geometry, workflow, chosen.tolist(), whole)
    laid, (left, top) = tidy.scope(tidy.root), tidy.corner()
    nodes = {geometry.ids[i]: (left + x, top + y) for i, (x, y) in laid.nodes.items()}
    boxes = {key: (left + x, top + y, w, h) for key, (x, y, w, h) in laid.frames.items()}
    frames = [
        replace(workflow.frames[key], x=x, y=y)
        if workflow.frames[key].collapsed
        else replace(workflow.frames[key], x=x, y=y, width=w, height=h)
        for key, (x, y, w, h) in boxes.items()
    ]
    notes = {key: (left + x, top + y) for key, (x, y) in laid.notes.items()}
    covering = [(x, y, WIDTH, tidy.height(geometry.index[key])) for key, (x, y) in nodes.items()]
    free = {key: note for key, note in workflow.notes.items() if tidy.frame_of(note.frame) == tidy.root}
    notes |= uncovered(free, [*covering, *boxes.values()])
    right, bottom = left + laid.width, top + laid.height
    for key in around(workflow.frames, tidy.root):
        frame = workflow.frames[key]
        right, bottom = right + PADDING, bottom + PADDING
        width, height = max(frame.width, right - frame.x), max(frame.height, bottom - frame.y)
        frames.append(replace(frame, width=width, height=height))
        right, bottom = frame.x + width, frame.y + height
    return Tidied(nodes, notes, frames)


class _Tidy:
    """The layout of some nodes, frame within frame."""

    def __init__(
        self, geometry: Geometry, workflow: Workflow, chosen: list[int], whole: Collection[str]
    ) -> None:
        self._geometry, self._workflow = geometry, workflow
        ways = {i: self._way(geometry.ids[i]) for i in chosen}
        shared = set.intersection(*(set(way) for way in ways.values())) - set(whole)
        self.root = next((key for key in next(iter(ways.values())) if key in shared), "")
        self._nodes: dict[str, list[int]] = {}
        self._frames: dict[str, dict[str, Frame]] = {}
        for i, way in ways.items():
            inner = way[: way.index(self.root)] if self.root else way
            self._nodes.setdefault(inner[0] if inner else self.root, []).append(i)
            for row, key in enumerate(inner):
                outer = inner[row + 1] if row + 1 < len(inner) else self.root
                self._frames.setdefault(outer, {})[key] = workflow.frames[key]

    def _way(self, node_id: NodeId) -> list[str]:
        place = self._workflow.places.get(node_id)
        return around(self._workflow.frames, place.frame) if place is not None else []

    def frame_of(self, frame: str) -> str:
        return frame if frame in self._workflow.frames else ""

    def height(self, i: int) -> float:
        """Of a card with its footer."""
        shape = self._geometry.cards[i].shape
        return shape.height + (0.0 if shape.collapsed else FOOTER)

    def corner(self) -> Point:
        """The upper left corner of what is laid out, as it lies now."""
        geometry, frames = self._geometry, self._frames.get(self.root, {}).values()
        corners = [(float(geometry.x[i]), float(geometry.y[i])) for i in self._nodes.get(self.root, [])]
        corners += [(frame.x, frame.y) for frame in frames]
        xs, ys = zip(*corners, strict=True)
        return snapped(min(xs), GRID), snapped(min(ys), GRID)

    def scope(self, parent: str) -> Laid:
        """What lies in a frame, or in none, laid out from (0, 0)."""
        geometry = self._geometry
        inner = [(frame, self._frame(frame)) for frame in self._frames.get(parent, {}).values()]
        nodes = self._nodes.get(parent, [])
        boxes = [Box(WIDTH, self.height(i), float(geometry.y[i])) for i in nodes]
        boxes += [Box(laid.width, laid.height, frame.y) for frame, laid in inner]
        owners = {i: (row, 0.0) for row, i in enumerate(nodes)}
        for row, (_, laid) in enumerate(inner, start=len(nodes)):
            owners |= {i: (row, y) for i, (_, y) in laid.nodes.items()}
        corners = [(snapped(x, GRID), snapped(y, GRID)) for x, y in layered(boxes, self._links(owners))]
        found = Laid(nodes=dict(zip(nodes, corners, strict=False)))
        for (frame, laid), (x, y) in zip(inner, corners[len(nodes) :], strict=True):
            found.take(laid, x, y)
            found.frames[frame.id] = (x, y, laid.width, laid.height)
        found.width = max(x + box.width for box, (x, _) in zip(boxes, corners, strict=True))
        found.height = max(y + box.height for box, (_, y) in zip(boxes, corners, strict=True))
        return found

    def _links(self, owners: Mapping[int, tuple[int, float]]) -> list[Link]:
        geometry, links = self._geometry, []
        columns = (geometry.source, geometry.target, geometry.source_y, geometry.target_y)
        for source, target, source_y, target_y in zip(*(column.tolist() for column in columns), strict=True):
            if source in owners and target in owners:
                (a, a_y), (b, b_y) = owners[source], owners[target]
                if a != b:
                    links.append(Link(a, b, a_y + source_y, b_y + target_y))
        return links

    def _frame(self, frame: Frame) -> Laid:
        """A frame with what lies in it, from its corner; its notes stand in a row under its nodes."""
        if frame.collapsed:
            return self._folded(frame)
        inside, found = self.scope(frame.id), Laid()
        found.take(inside, PADDING, TITLE_HEIGHT + PADDING / 2)
        right, bottom = inside.width, inside.height
        x = 0.0
        below = [note for note in self._workflow.notes.values() if note.frame == frame.id]
        for note in below:
            found.notes[note.id] = (
                PADDING + x,
                snapped(TITLE_HEIGHT + PADDING / 2 + inside.height + NOTE_GAP, GRID),
            )
            right, bottom = max(right, x + note.width), max(bottom, inside.height + NOTE_GAP + note.height)
            x = snapped(x + note.width + NOTE_GAP, GRID)
        found.width = math.ceil((right + 2 * PADDING) / GRID) * GRID
        found.height = math.ceil((bottom + TITLE_HEIGHT + 1.5 * PADDING) / GRID) * GRID
        return found

    def _folded(self, frame: Frame) -> Laid:
        """A collapsed frame; what lies in it keeps its distance from the frame's corner."""
        geometry, workflow = self._geometry, self._workflow
        inside = content(workflow, [frame.id])
        rows = [geometry.index[key] for key in inside.nodes]
        return Laid(
            nodes={i: (float(geometry.x[i]) - frame.x, float(geometry.y[i]) - frame.y) for i in rows},
            notes={
                key: (workflow.notes[key].x - frame.x, workflow.notes[key].y - frame.y)
                for key in inside.notes
            },
            frames={
                key: (inner.x - frame.x, inner.y - frame.y, inner.width, inner.height)
                for key in inside.frames
                for inner in [workflow.frames[key]]
            },
            width=WIDTH,
            height=FOLDED_HEIGHT,
        )


def uncovered(
    notes: Mapping[str, Note], boxes: Collection[tuple[float, float, float, float]]
) -> dict[str, Point]:
    """Where notes go that would come to lie under boxes (x, y, width, height): above them all, side by side."""
    if not boxes:
        return {}
    left, top = min(x for x, *_ in boxes), min(y for _, y, *_ in boxes)
    moved: dict[str, Point] = {}
    for note in notes.values():
        covered = any(
            x < note.x + note.width
            and x + width > note.x
            and y < note.y + note.height
            and y + height > note.y
            for x, y, width, height in boxes
        )
        if covered:
            moved[note.id] = (left, snapped(top - NOTE_GAP - note.height, GRID))
            left += note.width + NOTE_GAP
    return moved
