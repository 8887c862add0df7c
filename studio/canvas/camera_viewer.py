"""Which part of the scene does the viewer show? The camera over NodeGraphQt's scene range: panned, scaled, fitted."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRectF, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGraphicsView, QWidget

from studio.canvas.camera import ZOOM_MAX, ZOOM_MIN, Camera, fitting
from studio.canvas.qt_shim import NodeViewer

REST_MS: Final = 140
"""So long after the last step of a zoom the cards are painted sharp again."""


class CameraViewer(NodeViewer):
    """NodeGraphQt's viewer with a camera that is exact.

    Invariant: `_scene_range` is the part of the scene that the viewport shows, exactly.
    """

    zoom_changed = Signal(float)
    """The camera is another one; with the zoom."""
    panned = Signal()
    """The camera was shifted by whole pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._is_ready = False
        self._is_scrolling = False
        self._is_whole = False
        self._pan_rest = QPointF(0, 0)
        super().__init__(parent)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._rested)

    def camera(self) -> Camera:
        """What is seen; its corner lies on a whole pixel, so that a frame shifted by pixels is the next frame."""
        size = self.viewport().size()
        scene = self._scene_range
        zoom = size.width() / scene.width() if scene.width() > 0 else 1.0
        ratio = self.devicePixelRatioF()
        pixels = zoom * ratio
        left, top = round(scene.left() * pixels) / pixels, round(scene.top() * pixels) / pixels
        return Camera(left, top, zoom, size.width(), size.height(), ratio)

    def _show_from(self, left: float, top: float, zoom: float) -> None:
        size = self.viewport().size()
        self._scene_range = QRectF(left, top, max(size.width(), 1) / zoom, max(size.height(), 1) / zoom)
        self._update_scene()

    def _update_scene(self) -> None:
        """The scene range is another one. (NodeGraphQt would scale the view to it here, two pixels off.)"""
        if self._is_ready and not self._is_scrolling:
            self.zoom_changed.emit(self.camera().zoom)
            self.reframe()

    def scale(self, sx: float, sy: float, pos: QPointF | None = None) -> None:
        """Zooms by a factor, the scene point `pos` staying where it is; within the bounds of zoom."""
        zoom = self.camera().zoom
        factor = min(max(zoom * sx, ZOOM_MIN), ZOOM_MAX) / zoom
        if abs(factor - 1.0) < 1e-9:
            return
        self._rest.start()
        super().scale(factor, factor, pos)

    def _rested(self) -> None:
        """The last step of a zoom is a while ago."""
        self.redraw()

    def mapToScene(self, point: QPoint | QPointF) -> QPointF:
        return QPointF(*self.camera().to_scene(point.x(), point.y()))

    def mapFromScene(self, point: QPoint | QPointF) -> QPoint:
        return QPointF(*self.camera().to_pixels(point.x(), point.y())).toPoint()

    def get_zoom(self) -> float:
        """As NodeGraphQt counts: 0 is 100 %."""
        return self.camera().zoom - 1.0

    def set_zoom(self, value: float = 0.0) -> None:
        self.zoom_to(value + 1.0)

    def reset_zoom(self, cent: QPointF | None = None) -> None:
        self.zoom_to(1.0)
        if cent is not None:
            self.center_on(cent.x(), cent.y())

    def zoom_to(self, zoom: float) -> None:
        """Zooms around the middle of the widget."""
        self.scale(zoom / self.camera().zoom, 1.0, self._scene_range.center())

    def fit(self, bounds: tuple[float, float, float, float] | None) -> None:
        """Shows a part of the scene whole, at 100 % at most."""
        if bounds is not None:
            size = self.viewport().size()
            zoom, left, top = fitting(bounds, size.width(), size.height())
            self._show_from(left, top, zoom)

    def center_on(self, x: float, y: float) -> None:
        camera = self.camera()
        self._show_from(x - camera.width / camera.zoom / 2, y - camera.height / camera.zoom / 2, camera.zoom)

    def pan_into_view(self, box: QRectF) -> None:
        """Shifts the view no further than needed for a box (in pixels of the viewport) to be seen; of one that is larger, its beginning."""
        size = self.viewport().size()
        dx, dy = (
            max(-low, min(length - high, 0.0))
            for low, high, length in (
                (box.left(), box.right(), size.width()),
                (box.top(), box.bottom(), size.height()),
            )
        )
        if dx or dy:
            self.pan_by(dx, dy)

    def pan_by(self, dx_px: float, dy_px: float) -> None:
        """Shifts the scene by whole pixels; what is left over comes with the next step.

        The frame before is shifted as it is, and only what comes into view is painted.
        """
        wanted = self._pan_rest + QPointF(dx_px, dy_px)
        dx, dy = round(wanted.x()), round(wanted.y())
        self._pan_rest = wanted - QPointF(dx, dy)
        if not dx and not dy:
            return
        zoom = self.camera().zoom
        self._is_scrolling = self.can_scroll()
        try:
            self._set_viewer_pan(-dx / zoom, -dy / zoom)
            if self._is_scrolling:
                self.viewport().scroll(dx, dy, self.viewport().rect())
        finally:
            self._is_scrolling = False
        self.panned.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The zoom and the upper left corner stay as they are."""
        scene, old = self._scene_range, event.oldSize()
        zoom = old.width() / scene.width() if old.width() > 0 and scene.width() > 0 else 1.0
        QGraphicsView.resizeEvent(self, event)
        self._last_size = self.size()
        if self._is_ready:
            self._show_from(scene.left(), scene.top(), zoom)

    def redraw(self) -> None:
        """Something is to look different: asks for a whole frame."""
        self.reframe()

    def reframe(self) -> None:
        """Asks for a whole frame of what is as it was, seen as the camera sees it now."""
        self._is_whole = False
        self.viewport().update()

    def can_scroll(self) -> bool:
        """Whether the last frame, shifted, is a part of the next one."""
        return self._is_whole
