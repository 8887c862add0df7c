"""What lies under a point of the canvas? Ports first, then cards, edges, notes and frames, topmost first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from studio.canvas.camera import MIDDLE, NEAR
from studio.canvas.cards import PORT_REACH, ROW, WIDTH, CardPort
from studio.canvas.framing import TITLE_HEIGHT, box_of
from studio.canvas.projector import Projector
from studio.workflow.graph import Note

Kind = Literal[
    "empty", "port", "header", "body", "fold", "footer", "edge", "plus", "dot", "note", "note_corner",
    "frame", "frame_corner", "frame_fold",
]  # fmt: skip
PLUS_PX: Final = 8.0
"""Half the width, in pixels, of the sign on an edge that puts a node there."""
CORNER: Final = 16.0
"""Size of the corner by which a note or a frame is resized."""
DOT_PX: Final = 8.0
"""How far from a point that an edge passes a press still means it."""
FOLD_WIDTH: Final = 26.0
"""Of the triangle at the left of a frame's title."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`node`, `edge` and `dot` are indices of the geometry, `note` and `frame` are ids; what does not apply is None."""

    kind: Kind = "empty"
    node: int | None = None
    port: CardPort | None = None
    edge: int | None = None
    dot: int | None = None
    note: str | None = None
    frame: str | None = None


NOTHING = Hit()


def find(projector: Projector, x: float, y: float, zoom: float) -> Hit:
    """What a press at the scene point (x, y) would mean at a zoom."""
    geometry = projector.geometry
    reach = max(PORT_REACH, 7.0 / zoom) if zoom >= MIDDLE else 0.0
    near = geometry.nodes_in(x - reach, y - reach, x + reach, y + reach)
    # As painted: selected cards lie over the others.
    order = near[np.argsort(geometry.selected[near], kind="stable")][::-1]
    for i in order.tolist():
        dx, dy = x - float(geometry.x[i]), y - float(geometry.y[i])
        port = _port(projector, i, dx, dy, reach)
        if port is not None:
            return Hit("port", node=i, port=port)
        if 0 <= dx <= WIDTH and 0 <= dy <= geometry.height[i]:
            return Hit(geometry.cards[i].zone(dx, dy), node=i)
    dot = geometry.dot_at(x, y, DOT_PX / zoom) if zoom >= MIDDLE else None
    if dot is not None:
        return Hit("dot", edge=int(geometry.dot_edge[dot]), dot=dot)
    edge = geometry.edge_at(x, y, 7.0 / zoom)
    if edge is not None:
        on_plus = (
            has_plus(projector, edge, zoom) and _distance(plus_at(projector, edge), x, y) <= PLUS_PX / zoom
        )
        return Hit("plus" if on_plus else "edge", edge=edge)
    return _note(projector, x, y, zoom)


def has_plus(projector: Projector, edge: int, zoom: float) -> bool:
    """Whether there is room on an edge for the sign that puts a node there."""
    return zoom >= NEAR and projector.geometry.span(edge) * zoom >= 4 * PLUS_PX


def plus_at(projector: Projector, edge: int) -> tuple[float, float]:
    """The middle of an edge, in scene units."""
    return projector.geometry.middle(edge)


def _distance(point: tuple[float, float], x: float, y: float) -> float:
    return math.hypot(point[0] - x, point[1] - y)


def _port(projector: Projector, i: int, dx: float, dy: float, reach: float) -> CardPort | None:
    if reach <= 0 or (reach < dx < WIDTH - reach):
        return None
    shape = projector.geometry.cards[i].shape
    ports = shape.inputs if dx <= reach else shape.outputs
    close = [port for port in ports if abs(port.y - dy) <= max(ROW / 2, reach)]
    return min(close, key=lambda port: abs(port.y - dy), default=None)


def _note(projector: Projector, x: float, y: float, zoom: float) -> Hit:
    for note in reversed(projector.frames.notes):
        if covers(note, x, y):
            corner = CORNER / min(zoom, 1.0)
            in_corner = x > note.x + note.width - corner and y > note.y + note.height - corner
            return Hit("note_corner" if in_corner else "note", note=note.id)
    return _frame(projector, x, y, zoom)


def _frame(projector: Projector, x: float, y: float, zoom: float) -> Hit:
    """An open frame is met at its title and its corner, what lies between belongs to its content; a collapsed one everywhere."""
    for frame in reversed(projector.frames.shown):
        left, top, right, bottom = box_of(frame)
        if not (left <= x <= right and top <= y <= bottom):
            continue
        strip, corner = max(TITLE_HEIGHT, 12 / zoom), CORNER / min(zoom, 1.0)
        if x < left + FOLD_WIDTH and y < top + strip:
            return Hit("frame_fold", frame=frame.id)
        if frame.collapsed or y < top + strip:
            return Hit("frame", frame=frame.id)
        if x > right - corner and y > bottom - corner:
            return Hit("frame_corner", frame=frame.id)
    return NOTHING


def covers(note: Note, x: float, y: float) -> bool:
    return note.x <= x <= note.x + note.width and note.y <= y <= note.y + note.height
