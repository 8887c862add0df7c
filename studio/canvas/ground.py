"""What lies under everything? The ground with the dots of the grid."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from studio.canvas.camera import Camera
from studio.canvas.cards import GRID
from studio.canvas.primitives import Rects, whole
from studio.canvas.style import Style, blend


class Ground:
    """Draws the ground."""

    def __init__(self, style: Style) -> None:
        self._rects = Rects()
        self.set_style(style)

    def set_style(self, style: Style) -> None:
        self.style = style

    def paint(self, painter: QPainter, camera: Camera, seen: QRectF) -> None:
        """A part of the ground, given in pixels: dots on the grid; every fifth is stronger, and the fine ones go as they crowd.

        Each dot lies on a whole pixel, the same one whichever part is painted and however the camera has come here.
        """
        style = self.style
        painter.fillRect(seen, style.canvas)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        if camera.zoom >= 0.65:
            share = min(max((camera.zoom - 0.65) / 0.3, 0.0), 1.0) * 0.6
            painter.setBrush(blend(style.canvas, blend(style.grid_strong, style.border, share), 0.4 + share))
            self._dots(painter, camera, seen, GRID, 1.0)
        period = GRID * 5
        while period * camera.zoom < 28:
            period *= 2
        painter.setBrush(blend(style.grid_strong, style.border_strong, 0.6))
        self._dots(painter, camera, seen, period, 2.0 if camera.zoom >= 0.6 else 1.0)

    def _dots(self, painter: QPainter, camera: Camera, seen: QRectF, step: float, size: float) -> None:
        left, top = camera.to_scene(seen.left() - size, seen.top() - size)
        right, bottom = camera.to_scene(seen.right() + size, seen.bottom() + size)
        xs = whole((np.arange(np.ceil(left / step), right / step) * step - camera.left) * camera.zoom)
        ys = whole((np.arange(np.ceil(top / step), bottom / step) * step - camera.top) * camera.zoom)
        x, y = np.repeat(xs, len(ys)), np.tile(ys, len(xs))
        self._rects.draw(painter, x - size // 2, y - size // 2, size, size)
