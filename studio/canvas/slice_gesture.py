"""How are edges cut? A line drawn across them; those that it crosses are shown, and go when the button is let go."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.canvas.camera import Camera
from studio.canvas.curves import Floats
from studio.canvas.geometry import Geometry
from studio.canvas.gestures import Board, Gesture
from studio.canvas.primitives import cubic_path, in_pixels
from studio.canvas.style import Style
from studio.workflow.graph import Edge


class SliceGesture(Gesture):
    """A line from where the button was pressed, bent as the mouse went. Edges are remembered by what they are, not by index."""

    def __init__(self, board: Board, x: float, y: float) -> None:
        super().__init__(board, x, y)
        self._path = [(x, y)]
        self.cut: list[Edge] = []

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        last, now = self._path[-1], self.at
        if last == now:
            return
        self._path.append(now)
        geometry = self.board.projector.geometry
        for i in crossed(geometry, last, now):
            edge = geometry.edges[i]
            if edge not in self.cut:
                self.cut.append(edge)
        self.board.redraw()

    def finish(self) -> None:
        if self.cut:
            self.board.wants_edges_cut(self.cut)
        self.board.redraw()

    def cancel(self) -> None:
        self.cut = []
        self.board.redraw()

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        if not self.moved:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        geometry = self.board.projector.geometry
        rows = [i for i, edge in enumerate(geometry.edges) if edge in self.cut] if self.cut else []
        if rows:
            painter.setPen(QPen(style.error, min(max(2.8 * camera.zoom, 1.6), 3.6), Qt.PenStyle.DashLine))
            curves, _ = geometry.curves(np.array(rows))
            painter.drawPath(cubic_path(in_pixels(curves, camera)))
        painter.setPen(QPen(style.error, 1.6))
        painter.drawPolyline([QPointF(*camera.to_pixels(x, y)) for x, y in self._path])


def crossed(geometry: Geometry, start: tuple[float, float], end: tuple[float, float]) -> list[int]:
    """The edges that a straight line crosses."""
    (x1, y1), (x2, y2) = start, end
    near = geometry.edges_in(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)).tolist()
    return [i for i in near if _crosses(geometry.curve(i), np.array(start), np.array(end))]


def _crosses(points: Floats, p: Floats, q: Floats) -> bool:
    """Whether the segment from p to q crosses the line through `points`: each lies on both sides of the other."""
    a, b = points[:-1], points[1:]

    def side(u: Floats, v: Floats, w: Floats) -> Floats:
        first, second = v - u, w - u
        found: Floats = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
        return found

    apart = side(p, q, a) * side(p, q, b) <= 0
    across = side(a, b, np.broadcast_to(p, a.shape)) * side(a, b, np.broadcast_to(q, a.shape)) <= 0
    return bool((apart & across).any())
