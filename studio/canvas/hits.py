"""What lies under a point of the canvas? Ports first, then cards, edges and notes, topmost first."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from studio.canvas.camera import MIDDLE, NEAR
from studio.canvas.cards import PORT_REACH, ROW, WIDTH, CardPort
from studio.canvas.projector import Projector
from studio.workflow.graph import Note

Kind = Literal["empty", "port", "header", "body", "fold", "footer", "edge", "plus", "note", "note_corner"]
PLUS_PX = 8.0
"""Half the width, in pixels, of the sign on an edge that puts a node there."""
CORNER = 16.0
"""Size of the corner by which a note is resized."""


@dataclass(frozen=True, slots=True)
class Hit:
    """`node` and `edge` are indices of the geometry, `note` is an id; what does not apply is None."""

    kind: Kind = "empty"
    node: int | None = None
    port: CardPort | None = None
    edge: int | None = None
    note: str | None = None


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
    edge = geometry.edge_at(x, y, 7.0 / zoom)
    if edge is not None:
        on_plus = (
            has_plus(projector, edge, zoom) and _distance(plus_at(projector, edge), x, y) <= PLUS_PX / zoom
        )
        return Hit("plus" if on_plus else "edge", edge=edge)
    return _note(projector, x, y, zoom)


def has_plus(projector: Projector, edge: int, zoom: float) -> bool:
    """Whether there is room on an edge for the sign that puts a node there."""
    x1, y1, x2, y2, _ = projector.geometry.ends[edge].tolist()
    return zoom >= NEAR and math.hypot(x2 - x1, y2 - y1) * zoom >= 4 * PLUS_PX


def plus_at(projector: Projector, edge: int) -> tuple[float, float]:
    """The middle of an edge, in scene units."""
    points = projector.geometry.curve(edge)
    x, y = points[len(points) // 2].tolist()
    return x, y


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
    notes = projector.workflow.notes if projector.workflow else {}
    for note in reversed(list(notes.values())):
        if covers(note, x, y):
            corner = CORNER / min(zoom, 1.0)
            in_corner = x > note.x + note.width - corner and y > note.y + note.height - corner
            return Hit("note_corner" if in_corner else "note", note=note.id)
    return NOTHING


def covers(note: Note, x: float, y: float) -> bool:
    return note.x <= x <= note.x + note.width and note.y <= y <= note.y + note.height
