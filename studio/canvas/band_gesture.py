"""How are many things selected at once? A rubber band takes the nodes, notes, frames and points of edges that it meets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.canvas.camera import Camera
from studio.canvas.framing import box_of
from studio.canvas.geometry import Bools
from studio.canvas.gestures import Board, Gesture
from studio.canvas.style import Style

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is selected, or what a band meets. Edges are never met, but stay selected when a band adds or takes."""

    nodes: Bools
    edges: Bools
    dots: Bools
    notes: frozenset[str]
    frames: frozenset[str]


class BandGesture(Gesture):
    """A rubber band: what it meets is selected, in place of the selection, added to it (Shift) or taken from it (Ctrl).

    It meets what it touches; an open frame, in which one draws bands to choose what lies there, only when the band is all around it.
    """

    def __init__(self, board: Board, x: float, y: float, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(board, x, y)
        geometry = board.projector.geometry
        self._before = _Chosen(
            geometry.selected.copy(),
            geometry.edge_selected.copy(),
            geometry.dot_selected.copy(),
            frozenset(board.selected_notes),
            frozenset(board.selected_frames),
        )
        self._adds = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        self._takes = bool(modifiers & Qt.KeyboardModifier.ControlModifier) and not self._adds

    @property
    def box(self) -> Box:
        (x1, y1), (x2, y2) = self.start, self.at
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        met, before = self._met(), self._before
        if self._adds:
            met = _Chosen(
                met.nodes | before.nodes,
                before.edges,
                met.dots | before.dots,
                met.notes | before.notes,
                met.frames | before.frames,
            )
        elif self._takes:
            met = _Chosen(
                before.nodes & ~met.nodes,
                before.edges,
                before.dots & ~met.dots,
                before.notes - met.notes,
                before.frames - met.frames,
            )
        self._select(met)
        self.board.redraw()

    def _met(self) -> _Chosen:
        projector, box = self.board.projector, self.box
        geometry, seen = projector.geometry, projector.frames
        left, top, right, bottom = box
        nodes = np.zeros(len(geometry), np.bool_)
        nodes[geometry.nodes_in(*box)] = True
        x, y = geometry.dots[:, 0], geometry.dots[:, 1]
        dots = (
            (x >= left) & (x <= right) & (y >= top) & (y <= bottom) & ~geometry.edge_hidden[geometry.dot_edge]
        )
        notes = {
            note.id
            for note in seen.notes
            if _touch(box, (note.x, note.y, note.x + note.width, note.y + note.height))
        }
        frames = {
            frame.id for frame in seen.shown if (_touch if frame.collapsed else _encloses)(box, box_of(frame))
        }
        return _Chosen(
            nodes, np.zeros(len(geometry.edges), np.bool_), dots, frozenset(notes), frozenset(frames)
        )

    def _select(self, chosen: _Chosen) -> None:
        self.board.set_selection(
            chosen.nodes,
            edges=chosen.edges,
            notes=set(chosen.notes),
            frames=set(chosen.frames),
            dots=chosen.dots,
        )

    def finish(self) -> None:
        self.board.redraw()

    def click(self) -> None:
        if not (self._adds or self._takes):
            self.board.set_selection(np.zeros_like(self._before.nodes))

    def cancel(self) -> None:
        self._select(self._before)

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        if not self.moved:
            return
        left, top, right, bottom = self.box
        x1, y1 = camera.to_pixels(left, top)
        x2, y2 = camera.to_pixels(right, bottom)
        fill = style.theme.color("accent", alpha=0.14)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(style.accent_text, 1.0))
        painter.setBrush(fill)
        painter.drawRect(QRectF(round(x1), round(y1), round(x2 - x1), round(y2 - y1)))


def _touch(band: Box, box: Box) -> bool:
    return band[0] < box[2] and band[2] > box[0] and band[1] < box[3] and band[3] > box[1]


def _encloses(band: Box, box: Box) -> bool:
    return band[0] <= box[0] and band[1] <= box[1] and band[2] >= box[2] and band[3] >= box[3]
