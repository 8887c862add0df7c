"""What lies under a point of the canvas? Ports first, then cards, edges and notes, topmost first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from studio.canvas.camera import MIDDLE
from studio.canvas.cards import PORT_REACH, ROW, WIDTH, CardPort
from studio.canvas.projector import Projector
from studio.workflow.graph import Note

Kind = Literal["empty", "port", "header", "body", "fold", "footer", "edge", "note", "note_corner"]
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
        return Hit("edge", edge=edge)
    return _note(projector, x, y, zoom)


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
