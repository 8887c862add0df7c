"""Where in the whole graph is one looking? A small map of all nodes in a corner; a click or a drag on it goes there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from studio.canvas.cards import WIDTH
from studio.canvas.frame_painter import USUAL
from studio.canvas.framing import bounds
from studio.canvas.note_painter import token_color
from studio.canvas.primitives import Rects
from studio.canvas.states import CardState
from studio.canvas.style import blend

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView

SIZE: Final = QSize(200, 140)
MARGIN_PX: Final = 12
_INSET: Final = 8.0
_REST_MS: Final = 120
_LEFT: Final = Qt.MouseButton.LeftButton


class Minimap(QWidget):
    """All nodes of one canvas as marks, and the part that is seen as a frame.

    The marks are kept as a pixmap that is drawn anew when the workflow has rested for a moment; the frame follows at once.
    """

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._rects = Rects()
        self._marks: QPixmap | None = None
        self._bounds = (0.0, 0.0, 1.0, 1.0)
        self._grab: QPointF | None = None
        self.setAccessibleName("Minimap")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.resize(SIZE)
        self._stale = QTimer(self)
        self._stale.setSingleShot(True)
        self._stale.setInterval(_REST_MS)
        self._stale.timeout.connect(self._forget_marks)
        view.viewer.zoom_changed.connect(self._moved)
        view.viewer.panned.connect(self._moved)
        self.hide()

    def place(self) -> None:
        """At the lower right of the canvas."""
        self.move(
            self._view.width() - self.width() - MARGIN_PX, self._view.height() - self.height() - MARGIN_PX
        )

    def set_shown(self, shown: bool) -> None:
        self.place()
        self._forget_marks()
        self.setVisible(shown)
        self.raise_()

    def content_changed(self) -> None:
        """Nodes have come, gone, moved or changed their state: the marks follow soon."""
        if self.isVisible() and not self._stale.isActive():
            self._stale.start()

    def _forget_marks(self) -> None:
        self._marks = None
        self.update()

    def _moved(self, *_: object) -> None:
        if self.isVisible():
            self.update()

    # Between scene and map

    def _scale(self) -> float:
        left, top, right, bottom = self._bounds
        room_x, room_y = self.width() - 2 * _INSET, self.height() - 2 * _INSET
        return min(room_x / max(right - left, 1.0), room_y / max(bottom - top, 1.0), 0.25)

    def _origin(self) -> tuple[float, float]:
        left, top, right, bottom = self._bounds
        scale = self._scale()
        return (self.width() - (left + right) * scale) / 2, (self.height() - (top + bottom) * scale) / 2

    def to_map(self, x: float, y: float) -> QPointF:
        scale, (ox, oy) = self._scale(), self._origin()
        return QPointF(x * scale + ox, y * scale + oy)

    def to_scene(self, point: QPointF) -> tuple[float, float]:
        scale, (ox, oy) = self._scale(), self._origin()
        return (point.x() - ox) / scale, (point.y() - oy) / scale

    # Looks

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._marks is None:
            self._marks = self._draw_marks()
        camera, style = self._view.viewer.camera(), self._view.viewer.style_
        painter = QPainter(self)
        try:
            painter.drawPixmap(0, 0, self._marks)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            frame = QRectF(
                self.to_map(camera.left, camera.top), self.to_map(camera.right, camera.bottom)
            ).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
            painter.setPen(QPen(style.accent_text, 1.5))
            painter.setBrush(style.theme.color("accent", alpha=0.14))
            painter.drawRoundedRect(frame, 2, 2)
        finally:
            painter.end()

    def _draw_marks(self) -> QPixmap:
        view = self._view
        geometry, style = view.projector.geometry, view.viewer.style_
        frames = view.projector.frames.shown
        boxes = bounds(frames, ())
        nodes = geometry.bounds()
        lefts, tops, rights, bottoms = zip(
            *(boxes + ([nodes] if nodes else [])) or [(0.0, 0.0, 1.0, 1.0)], strict=True
        )
        self._bounds = min(lefts), min(tops), max(rights), max(bottoms)
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(style.border_strong, 1.0))
            painter.setBrush(blend(style.canvas, style.card, 0.8))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(Qt.PenStyle.NoPen)
            scale, (ox, oy) = self._scale(), self._origin()
            for frame, (left, top, right, bottom) in zip(frames, boxes, strict=True):
                painter.setBrush(blend(style.canvas, token_color(style, frame.color, USUAL), 0.3))
                painter.drawRect(QRectF(self.to_map(left, top), self.to_map(right, bottom)))
            x, y = np.floor(geometry.x * scale + ox), np.floor(geometry.y * scale + oy)
            width = max(round(WIDTH * scale), 2)
            height = np.maximum(np.round(geometry.height * scale), 2.0)
            states = view.projector.states()
            for row, color in enumerate(style.tones):
                hit = (geometry.tone == row) & ~geometry.hidden
                painter.setBrush(blend(style.card, color, 0.7))
                self._rects.draw(painter, x[hit], y[hit], float(width), height[hit])
            for state in (CardState.ERROR, CardState.RUNNING):
                hit = (states == state) & ~geometry.hidden
                painter.setBrush(style.states[state])
                self._rects.draw(painter, x[hit], y[hit], float(width), height[hit])
        finally:
            painter.end()
        return pixmap

    # Mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == _LEFT:
            camera = self._view.viewer.camera()
            x, y = self.to_scene(event.position())
            inside = camera.left <= x <= camera.right and camera.top <= y <= camera.bottom
            # Held within the frame, the frame is dragged; elsewhere it comes to the mouse first.
            middle = QPointF((camera.left + camera.right) / 2, (camera.top + camera.bottom) / 2)
            self._grab = middle - QPointF(x, y) if inside else QPointF(0, 0)
            self._go(event.position())
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grab is not None:
            self._go(event.position())
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grab = None
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel over the map is the canvas's."""
        viewport = self._view.viewer.viewport()
        center = QPointF(viewport.rect().center())
        passed = QWheelEvent(
            center, event.globalPosition(), event.pixelDelta(), event.angleDelta(), event.buttons(), event.modifiers(), event.phase(), event.inverted()
        )  # fmt: skip
        QApplication.sendEvent(viewport, passed)
        event.accept()

    def _go(self, point: QPointF) -> None:
        if self._grab is not None:
            x, y = self.to_scene(point)
            self._view.viewer.center_on(x + self._grab.x(), y + self._grab.y())
