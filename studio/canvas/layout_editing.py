"""Which edits does a gesture mean upon what is not the graph itself: places, frames, notes, the points of edges? One undo step each."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from studio.canvas.cards import GRID, HEADER, WIDTH
from studio.canvas.framing import PADDING, TITLE_HEIGHT, bounds, box_of, size
from studio.canvas.geometry import snapped
from studio.canvas.membership import frames_of, grown, held_box, room_in
from studio.kernel.ids import EdgeId, NodeId, short_id
from studio.project.changes import Change, Group
from studio.project.graph_changes import MoveNodes
from studio.project.layout_changes import SetFrames, SetNotes, SetRoutes
from studio.workflow.frames import around, content, frame_at
from studio.workflow.graph import Edge, Frame, Note, Place, Route, Workflow, frozen

if TYPE_CHECKING:
    from studio.canvas.move_gesture import Held
    from studio.canvas.view import CanvasView

_NOWHERE = Place()
_Box = TypeVar("_Box", Note, Frame)
_Laid = TypeVar("_Laid", Note, Frame, Place)


class LayoutEditing:
    """The canvas's edits of its layout, made through its view's session. Each is ignored while no workflow is shown."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def _workflow(self) -> Workflow | None:
        return self._view.workflow if self._view.workflow_id is not None else None

    def _do(self, changes: Iterable[Change | None], title: str, *, merge: bool = False) -> None:
        found = tuple(change for change in changes if change is not None)
        if found:
            self._view.session.edit(Group(changes=found, title=title), merge=merge)

    # Moving

    def shift(self, shift: Any, *, title: str = "Move", merge: bool = False) -> None:
        """Moves things (a Shift); with them go the points of edges between moved nodes. What comes to lie over a frame lies in it from then on.

        With `merge`, steps that follow soon are one with it.
        """
        workflow = self._workflow()
        if workflow is None:
            return
        dx, dy, carried, frames_before = shift.dx, shift.dy, set(shift.frames), workflow.frames

        def moved(box: _Box) -> _Box:
            drawn: Note | Frame = box
            width, height = size(drawn) if isinstance(drawn, Frame) else (drawn.width, drawn.height)
            middle = (box.x + width / 2 + dx, box.y + height / 2 + dy)
            frame = _landing(frames_before, box.frame, middle, carried)
            return replace(box, x=box.x + dx, y=box.y + dy, frame=frame)

        places = {}
        for node_id in shift.nodes:
            if node_id in workflow.nodes:
                place = workflow.places.get(node_id, _NOWHERE)
                x, y = place.x + dx, place.y + dy
                middle = (x + WIDTH / 2, y + HEADER / 2)
                frame = _landing(frames_before, place.frame, middle, carried)
                places[node_id] = replace(place, x=x, y=y, frame=frame)
        notes = [moved(workflow.notes[key]) for key in shift.notes if key in workflow.notes]
        frames = [moved(workflow.frames[key]) for key in shift.frames if key in workflow.frames]
        changes = [
            self._places(workflow, places),
            self._notes(workflow, notes),
            self._frames(workflow, frames),
        ]
        routes = {
            **routes_shifted(workflow, shift.dots, dx, dy),
            **routes_between(workflow, set(places), dx, dy),
        }
        changes.append(self._routes(workflow, routes))
        self._do(changes, title, merge=merge)

    # Frames

    def add_frame(self, held: Held) -> str | None:
        """Puts a frame around nodes, notes and frames, within the frame that they all lie in; gives its id."""
        workflow = self._workflow()
        geometry = self._view.projector.geometry
        if workflow is None or not (len(held.nodes) or held.notes or held.frames):
            return None
        boxes = geometry.boxes()[held.nodes].tolist() + bounds(held.frames, held.notes)
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        left = math.floor((min(lefts) - PADDING) / GRID) * GRID
        top = math.floor((min(tops) - PADDING - TITLE_HEIGHT) / GRID) * GRID
        width = math.ceil((max(rights) + PADDING - left) / GRID) * GRID
        height = math.ceil((max(bottoms) + PADDING - top) / GRID) * GRID
        inner = {frame.id for frame in held.frames}
        nodes = {geometry.ids[i]: workflow.places.get(geometry.ids[i], _NOWHERE) for i in held.nodes.tolist()}
        # What lies in a frame that is taken in stays there.
        places = {key: place for key, place in nodes.items() if place.frame not in inner}
        notes = [note for note in held.notes if note.frame not in inner]
        frames = [frame for frame in held.frames if frame.frame not in inner]
        parents = {place.frame for place in places.values()}
        parents |= {note.frame for note in notes} | {frame.frame for frame in frames}
        parent = parents.pop() if len(parents) == 1 else ""
        new = Frame(id=short_id(), x=left, y=top, width=width, height=height, frame=parent)
        self._do(
            (
                self._frames(workflow, [new, *(replace(frame, frame=new.id) for frame in frames)]),
                self._places(workflow, {key: replace(place, frame=new.id) for key, place in places.items()}),
                self._notes(workflow, [replace(note, frame=new.id) for note in notes]),
            ),
            "Frame",
        )
        return new.id

    def put_into(self, held: Held, frame_id: str) -> None:
        """Lays things into a frame, below what lies there already, and lets it grow; with "", out of all frames. What lies there all is left."""
        workflow, geometry = self._workflow(), self._view.projector.geometry
        if workflow is None or not (len(held.nodes) or held.notes or held.frames):
            return
        if frames_of(workflow, geometry, held) == {frame_id}:
            return
        dx, dy = room_in(workflow, geometry, held, frame_id)
        inner = {frame.id for frame in held.frames}

        def laid(box: _Laid) -> _Laid:
            frame = box.frame if box.frame in inner else frame_id
            return replace(box, x=box.x + dx, y=box.y + dy, frame=frame)

        ids = [geometry.ids[i] for i in held.nodes.tolist()]
        moved = [laid(frame) for frame in held.frames]
        larger = grown(workflow, frame_id, held_box(geometry, held, dx, dy)) if frame_id else []
        self._do(
            (
                self._places(workflow, {key: laid(workflow.places.get(key, _NOWHERE)) for key in ids}),
                self._notes(workflow, [laid(note) for note in held.notes]),
                self._frames(workflow, [*moved, *larger]),
                self._routes(workflow, routes_between(workflow, set(ids), dx, dy)),
            ),
            "Put into frame" if frame_id else "Take out of frame",
        )

    def dissolve(self, frame_ids: Iterable[str], title: str = "Ungroup") -> None:
        """Takes frames away; what lies in them lies in the frames around them from then on."""
        workflow = self._workflow()
        if workflow is not None:
            self._do(self.without_frames(workflow, frame_ids), title)

    def without_frames(
        self,
        workflow: Workflow,
        frame_ids: Iterable[str],
        nodes: Collection[NodeId] = (),
        texts: Collection[str] = (),
    ) -> list[Change | None]:
        """The changes that take frames away and leave what lies in them, but for the nodes and notes that are named."""
        gone = [key for key in frame_ids if key in workflow.frames]
        if not gone:
            return []

        def outer(frame: str) -> str:
            left = [key for key in around(workflow.frames, frame) if key not in gone]
            return left[0] if left else ""

        places = {
            key: replace(place, frame=outer(place.frame))
            for key, place in workflow.places.items()
            if place.frame in gone and key not in nodes
        }
        notes = [
            replace(note, frame=outer(note.frame))
            for note in workflow.notes.values()
            if note.frame in gone and note.id not in texts
        ]
        frames = [
            replace(frame, frame=outer(frame.frame))
            for frame in workflow.frames.values()
            if frame.frame in gone and frame.id not in gone
        ]
        put = frozen({frame.id: frame for frame in frames})
        return [
            self._places(workflow, places),
            self._notes(workflow, notes),
            SetFrames(workflow=workflow.id, put=put, remove=tuple(gone)),
        ]

    def resize_frame(self, frame: Any) -> None:
        """Gives a frame another size (a Frame): what it covers lies in it from then on, what it no longer covers in the one around it."""
        workflow = self._workflow()
        before = workflow.frames.get(frame.id) if workflow is not None else None
        if workflow is None or before is None:
            return
        frames = {**workflow.frames, frame.id: frame}
        near = (before.id, before.frame)

        def landing(middle: tuple[float, float], without: Collection[str] = ()) -> str:
            return frame_at(frames, *middle, without=without)

        places = {
            key: replace(place, frame=landing((place.x + WIDTH / 2, place.y + HEADER / 2)))
            for key, place in workflow.places.items()
            if place.frame in near
        }
        notes = [
            replace(note, frame=landing((note.x + note.width / 2, note.y + note.height / 2)))
            for note in workflow.notes.values()
            if note.frame in near
        ]
        inner = [
            replace(other, frame=landing(((left + right) / 2, (top + bottom) / 2), (other.id,)))
            for other in workflow.frames.values()
            for left, top, right, bottom in [box_of(other)]
            if other.id != frame.id and other.frame in near
        ]
        self._do(
            (
                self._frames(workflow, [frame, *inner]),
                self._places(workflow, places),
                self._notes(workflow, notes),
            ),
            "Resize frame",
        )

    def alter_frames(self, frame_ids: Iterable[str], label: str, **values: Any) -> None:
        """Gives frames another title or colour, or folds them."""
        workflow = self._workflow()
        if workflow is not None:
            altered = [replace(workflow.frames[key], **values) for key in frame_ids if key in workflow.frames]
            self._do([self._frames(workflow, altered)], label)

    def toggle_frames(self, frame_ids: Iterable[str]) -> None:
        """Collapses frames, or opens them when all are collapsed."""
        workflow = self._workflow()
        chosen = [key for key in frame_ids if workflow is not None and key in workflow.frames]
        if workflow is not None and chosen:
            collapsed = not all(workflow.frames[key].collapsed for key in chosen)
            self.alter_frames(chosen, "Collapse" if collapsed else "Expand", collapsed=collapsed)

    # Notes

    def put_notes(self, notes: list[Note]) -> None:
        """Alters notes, or adds them."""
        workflow = self._workflow()
        change = self._notes(workflow, notes) if workflow is not None else None
        if change is not None:
            self._view.session.edit(change)

    def add_note(self, x: float, y: float) -> str | None:
        workflow = self._workflow()
        if workflow is None:
            return None
        note = Note(id=short_id(), text="", x=x, y=y, frame=frame_at(workflow.frames, x, y))
        self.put_notes([note])
        return note.id

    def alter_note(self, note_id: str, **values: Any) -> None:
        """Gives a note another text or colour."""
        workflow = self._workflow()
        note = workflow.notes.get(note_id) if workflow is not None else None
        if note is not None:
            self.put_notes([replace(note, **values)])

    # The points of edges

    def add_dot(self, edge: Any, x: float, y: float) -> None:
        """Lets an edge pass a point, between those it passes already, where it is nearest."""
        workflow = self._workflow()
        geometry = self._view.projector.geometry
        if workflow is None or edge not in geometry.edges:
            return
        point = (snapped(x, GRID / 2), snapped(y, GRID / 2)) if self._view.snaps() else (x, y)
        i = geometry.edges.index(edge)
        place = geometry.leg_at(i, x, y)
        route = workflow.routes.get(edge.id, ())
        self.set_routes({edge.id: (*route[:place], point, *route[place:])})
        rows = np.flatnonzero(geometry.dot_edge == i)
        dots = np.zeros(len(geometry.dots), np.bool_)
        dots[rows[place]] = True
        self._view.viewer.set_selection(np.zeros(len(geometry), np.bool_), dots=dots)

    def set_routes(self, routes: Mapping[EdgeId, Route]) -> None:
        workflow = self._workflow()
        if workflow is not None and routes:
            self._view.session.edit(SetRoutes(workflow=workflow.id, routes=frozen(routes)))

    def without_dots(self, workflow: Workflow) -> Change | None:
        """The change that takes the selected points away."""
        geometry = self._view.projector.geometry
        chosen = geometry.dot_selected
        touched = [geometry.edges[i] for i in sorted(set(geometry.dot_edge[chosen].tolist()))]
        routes = {}
        for edge in touched:
            rows = np.flatnonzero(geometry.dot_edge == geometry.edges.index(edge)).tolist()
            points = zip(rows, workflow.routes.get(edge.id, ()), strict=True)
            routes[edge.id] = tuple(point for row, point in points if not chosen[row])
        return self._routes(workflow, routes)

    def straighten_routes(self, edges: Iterable[Edge]) -> None:
        """Lets edges go straight to their ends."""
        workflow = self._workflow()
        if workflow is not None:
            routed = {edge.id: () for edge in edges if edge.id in workflow.routes}
            self.set_routes(routed)

    # Inside

    @staticmethod
    def _places(workflow: Workflow, places: Mapping[NodeId, Place]) -> Change | None:
        return MoveNodes(workflow=workflow.id, places=frozen(places)) if places else None

    @staticmethod
    def _notes(workflow: Workflow, notes: Iterable[Note]) -> Change | None:
        put = {note.id: note for note in notes}
        return SetNotes(workflow=workflow.id, put=frozen(put)) if put else None

    @staticmethod
    def _frames(workflow: Workflow, frames: Iterable[Frame]) -> Change | None:
        put = {frame.id: frame for frame in frames}
        return SetFrames(workflow=workflow.id, put=frozen(put)) if put else None

    @staticmethod
    def _routes(workflow: Workflow, routes: Mapping[EdgeId, Route]) -> Change | None:
        return SetRoutes(workflow=workflow.id, routes=frozen(routes)) if routes else None


def _landing(
    frames: Mapping[str, Frame], frame: str, middle: tuple[float, float], carried: Collection[str]
) -> str:
    """The frame in which something lies after it was moved: its own when that moves along, else the one that its middle is over."""
    if any(found in carried for found in around(frames, frame)):
        return frame
    return frame_at(frames, *middle, without=carried)


def routes_between(
    workflow: Workflow, nodes: Collection[NodeId], dx: float, dy: float
) -> dict[EdgeId, Route]:
    """The routes of edges between some nodes, shifted."""
    if not workflow.routes:
        return {}
    return {
        edge.id: tuple((x + dx, y + dy) for x, y in workflow.routes[edge.id])
        for edge in workflow.edges
        if edge.id in workflow.routes and edge.source in nodes and edge.target in nodes
    }


def routes_shifted(
    workflow: Workflow, dots: Iterable[tuple[EdgeId, int]], dx: float, dy: float
) -> dict[EdgeId, Route]:
    """The routes of edges of which some points are shifted, each named by its edge and which one it is."""
    moved = set(dots)
    return {
        key: tuple(
            (x + dx, y + dy) if (key, place) in moved else (x, y)
            for place, (x, y) in enumerate(workflow.routes[key])
        )
        for key in {edge_id for edge_id, _ in moved}
        if key in workflow.routes
    }


def removed_with(workflow: Workflow, frame_ids: Iterable[str]) -> tuple[set[NodeId], set[str], set[str]]:
    """What goes when frames are deleted: of a collapsed one all that lies in it, for that is what is seen; of an open one itself alone."""
    chosen = [key for key in frame_ids if key in workflow.frames]
    inside = content(workflow, [key for key in chosen if workflow.frames[key].collapsed])
    return set(inside.nodes), set(inside.notes), {*chosen, *inside.frames}
