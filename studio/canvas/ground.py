"""What lies under everything? The ground with the dots of the grid."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from studio.canvas.camera import Camera
from studio.canvas.cards import GRID
from studio.canvas.primitives import Rects
from studio.canvas.style import Style, blend


class Ground:
    """Draws the ground. Keeps it as a pixmap while the zoom stays."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self._rects = Rects()
        self._ground: QPixmap | None = None
        self._ground_key: tuple[float, ...] = ()

    def set_style(self, style: Style) -> None:
        self.style = style
        self._ground_key = ()

    def paint(self, painter: QPainter, camera: Camera) -> None:
        """The ground: dots on the grid; every fifth is stronger, and the fine ones go as they crowd.

        Kept as a pixmap one period larger than the widget while the zoom stays, so that panning only shifts it.
        """
        period = GRID * 5
        while period * camera.zoom < 28:
            period *= 2
        key = (camera.zoom, camera.width, camera.height, camera.device_ratio)
        if key != self._ground_key:
            # The first frame at a zoom is drawn directly: while zooming, each frame is the first of its kind.
            self._ground_key, self._ground = key, None
            painter.fillRect(QRectF(0, 0, camera.width, camera.height), self.style.canvas)
            self._draw_ground(painter, camera, period)
            return
        if self._ground is None:
            self._ground = self._make_ground(camera, period)
        x = round(camera.left * camera.zoom % (period * camera.zoom))
        y = round(camera.top * camera.zoom % (period * camera.zoom))
        painter.drawPixmap(QPointF(-x, -y), self._ground)

    def _make_ground(self, camera: Camera, period: float) -> QPixmap:
        extra = period * camera.zoom + 2
        width, height, ratio = camera.width + extra, camera.height + extra, camera.device_ratio
        ground = QPixmap(round(width * ratio), round(height * ratio))
        ground.setDevicePixelRatio(ratio)
        ground.fill(self.style.canvas)
        painter = QPainter(ground)
        try:
            self._draw_ground(painter, Camera(0.0, 0.0, camera.zoom, width, height, ratio), period)
        finally:
            painter.end()
        return ground

    def _draw_ground(self, painter: QPainter, camera: Camera, period: float) -> None:
        style = self.style
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        if camera.zoom >= 0.65:
            share = min(max((camera.zoom - 0.65) / 0.3, 0.0), 1.0) * 0.6
            painter.setBrush(blend(style.canvas, blend(style.grid_strong, style.border, share), 0.4 + share))
            self._dots(painter, camera, GRID, 1.0)
        painter.setBrush(blend(style.grid_strong, style.border_strong, 0.6))
        self._dots(painter, camera, period, 2.0 if camera.zoom >= 0.6 else 1.0)

    def _dots(self, painter: QPainter, camera: Camera, step: float, size: float) -> None:
        xs = (
            np.arange(np.ceil(camera.left / step), camera.right / step + 1) * step - camera.left
        ) * camera.zoom
        ys = (
            np.arange(np.ceil(camera.top / step), camera.bottom / step + 1) * step - camera.top
        ) * camera.zoom
        x, y = np.meshgrid(np.round(xs), np.round(ys))
        self._rects.draw(painter, x.ravel() - size // 2, y.ravel() - size // 2, size, size)
