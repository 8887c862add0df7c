"""How do things come into a frame, or out of all of them, when nobody drags them there? They are laid where there is room, and the frame grows."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.canvas.cards import GRID
from studio.canvas.framing import PADDING, TITLE_HEIGHT, bounds, box_of
from studio.workflow.frames import around, content
from studio.workflow.graph import Frame, Place, Workflow

if TYPE_CHECKING:
    from studio.canvas.geometry import Geometry
    from studio.canvas.move_gesture import Held

Box = tuple[float, float, float, float]


def room_in(workflow: Workflow, geometry: Geometry, held: Held, frame_id: str) -> tuple[float, float]:
    """How far things are shifted to lie below what a frame holds already; with "", to the right of the frames they lie in."""
    left, top, _, _ = around_all(_boxes(geometry, held))
    frame = workflow.frames.get(frame_id)
    if frame is None:
        inner = frames_of(workflow, geometry, held)
        outer = {outer for key in inner for outer in around(workflow.frames, key)}
        rights = [box_of(workflow.frames[key])[2] for key in outer]
        return (_up(max(rights) + PADDING) - left if rights else 0.0), 0.0
    inside = content(workflow, [frame_id])
    moved_nodes = {geometry.ids[i] for i in held.nodes.tolist()}
    moved = {note.id for note in held.notes} | {other.id for other in held.frames}
    stays = geometry.boxes()[geometry.indices(key for key in inside.nodes if key not in moved_nodes)].tolist()
    stays += bounds(
        (workflow.frames[key] for key in inside.frames if key not in moved),
        (workflow.notes[key] for key in inside.notes if key not in moved),
    )
    lowest = max((box[3] for box in stays), default=frame.y + TITLE_HEIGHT)
    return _up(frame.x + PADDING) - left, _up(lowest + PADDING / 2) - top


def grown(workflow: Workflow, frame_id: str, box: Box) -> list[Frame]:
    """The frame, and those around it, as large as it takes to hold a box; those that hold it already are left out."""
    found = []
    for key in around(workflow.frames, frame_id):
        frame = workflow.frames[key]
        width = max(frame.width, _up(box[2] + PADDING - frame.x))
        height = max(frame.height, _up(box[3] + PADDING - frame.y))
        larger = replace(frame, width=width, height=height)
        if larger != frame:
            found.append(larger)
        box = (frame.x, frame.y, frame.x + width, frame.y + height)
    return found


def held_box(geometry: Geometry, held: Held, dx: float, dy: float) -> Box:
    """Around all that is held, once it is shifted."""
    left, top, right, bottom = around_all(_boxes(geometry, held))
    return left + dx, top + dy, right + dx, bottom + dy


def around_all(boxes: Iterable[Box]) -> Box:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _boxes(geometry: Geometry, held: Held) -> list[Box]:
    return [*geometry.boxes()[held.nodes].tolist(), *bounds(held.frames, held.notes)]


def frames_of(workflow: Workflow, geometry: Geometry, held: Held) -> set[str]:
    """The frames that things lie in, "" for none, but for those that are held themselves."""
    places = (workflow.places.get(geometry.ids[i], Place()) for i in held.nodes.tolist())
    named = {place.frame for place in places}
    named |= {note.frame for note in held.notes} | {frame.frame for frame in held.frames}
    return named - {frame.id for frame in held.frames}


def _up(value: float) -> float:
    return math.ceil(value / GRID) * GRID
