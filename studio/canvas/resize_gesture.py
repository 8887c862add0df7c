"""How does a note or a frame get another size, and a point of an edge another place? Its corner, or the point itself, follows the mouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt

from studio.canvas.cards import GRID
from studio.canvas.curves import Ints
from studio.canvas.framing import SMALLEST
from studio.canvas.geometry import snapped
from studio.canvas.gestures import Board, Gesture
from studio.workflow.graph import Frame, Note


class ResizeGesture(Gesture):
    """The lower right corner of a note or of an open frame follows the mouse."""

    def __init__(self, board: Board, x: float, y: float, box: Note | Frame) -> None:
        super().__init__(board, x, y)
        self._box = box
        self._now = box
        self._least = SMALLEST if isinstance(box, Frame) else (80.0, 40.0)

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        width = self._box.width + self.at[0] - self.start[0]
        height = self._box.height + self.at[1] - self.start[1]
        if self.board.snaps and not modifiers & Qt.KeyboardModifier.AltModifier:
            width, height = snapped(width, GRID), snapped(height, GRID)
        least_width, least_height = self._least
        self._now = replace(self._box, width=max(width, least_width), height=max(height, least_height))
        self.board.redraw()

    @property
    def notes(self) -> Mapping[str, Note]:
        """The note as it is being dragged."""
        return {self._now.id: self._now} if isinstance(self._now, Note) else {}

    @property
    def frames(self) -> Mapping[str, Frame]:
        return {self._now.id: self._now} if isinstance(self._now, Frame) else {}

    def finish(self) -> None:
        if self._now == self._box:
            return
        if isinstance(self._now, Frame):
            self.board.wants_frame_resized(self._now)
        else:
            self.board.wants_notes([self._now])

    def cancel(self) -> None:
        self._now = self._box
        self.board.redraw()


class DotGesture(Gesture):
    """Points that edges pass follow the mouse."""

    def __init__(self, board: Board, x: float, y: float, dots: Ints, held: int) -> None:
        super().__init__(board, x, y)
        geometry = board.projector.geometry
        self._dots = dots
        self._edges = geometry.dot_edge
        self._before = geometry.dots[dots].copy()
        self._anchor = geometry.dots[held].copy()
        self.shift = (0.0, 0.0)

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        dx, dy = self.at[0] - self.start[0], self.at[1] - self.start[1]
        if self.board.snaps and not modifiers & Qt.KeyboardModifier.AltModifier:
            ax, ay = self._anchor.tolist()
            dx, dy = snapped(ax + dx, GRID / 2) - ax, snapped(ay + dy, GRID / 2) - ay
        self.shift = (dx, dy)
        self._place()

    def _place(self) -> None:
        geometry = self.board.projector.geometry
        # Points that came or went meanwhile, by undo or from elsewhere, are others now.
        if geometry.dot_edge is self._edges:
            geometry.dots[self._dots] = self._before + self.shift
            geometry.touch()
        self.board.redraw()

    def finish(self) -> None:
        geometry = self.board.projector.geometry
        if any(self.shift) and geometry.dot_edge is self._edges:
            touched = sorted(set(self._edges[self._dots].tolist()))
            self.board.wants_routes({geometry.edges[i].id: geometry.route(i) for i in touched})

    def cancel(self) -> None:
        self.shift = (0.0, 0.0)
        self._place()
