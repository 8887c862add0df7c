"""How do mouse, wheel and paint events become gestures and frames? NodeGraphQt's viewer, drawn in batches, without graphics items.

From NodeGraphQt come the camera (`camera_viewer`), the signals that its graph listens to, the context menus. What gestures ask and tell, and
drops from elsewhere, stand in `board_viewer`. Replaced are painting
(`scene_painter`), hits (`hits`) and what a pressed button does (`presses`, `gestures`), because stock NodeGraphQt has one graphics item per
node, port and edge. The viewer alters nothing but the picture; what a person wants leaves it as a signal.
Longer than most files: Qt wants the handlers of the mouse and the keys in one class.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QContextMenuEvent,
    QCursor,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip, QWidget

from studio.canvas import hits, overlays, presses
from studio.canvas.frame_viewer import FrameViewer
from studio.canvas.gestures import Gesture, PanGesture
from studio.canvas.hits import Hit
from studio.canvas.move_gesture import MoveGesture
from studio.canvas.projector import Projector
from studio.canvas.resize_gesture import ResizeGesture
from studio.canvas.slice_gesture import SliceGesture
from studio.canvas.style import Style
from studio.canvas.tooltips import tooltip
from studio.workflow.graph import REFERRING

if TYPE_CHECKING:
    from collections.abc import Callable

BORDER_PX: Final = 28
BORDER_SPEED_PX: Final = 14
_CONTROL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_WHEEL_STEP = 2.0
"""Of a wheel's eighths of a degree go to one pixel: a notch moves the view by 60."""
_LEFT = Qt.MouseButton.LeftButton
_RIGHT = Qt.MouseButton.RightButton
_MIDDLE_BUTTON = Qt.MouseButton.MiddleButton


class CanvasViewer(FrameViewer):
    """The widget that shows a projector's content and takes the mouse.

    Invariant: it alters nothing; what a person wants leaves it as a signal.
    """

    def __init__(self, projector: Projector, style: Style, parent: QWidget | None = None) -> None:
        self.wheel_pans = False
        self.means_something: Callable[[QKeyEvent], bool] = _always
        """Whether a key press is a command of the canvas."""
        self.keeps_tab = True
        """Whether Tab is a command here; else it leads on to the next widget."""
        self._swallows_menu = False
        self._space = False
        super().__init__(projector, style, parent)
        # What NodeGraphQt puts into its scene (cursor text, live pipe, slicer) is drawn here by gestures.
        self._search_widget.setParent(self)
        self._search_widget.hide()
        self._ctx_menu_bar.clear()
        self._ctx_menu_bar.hide()
        for menu in self.context_menus().values():
            menu.setStyleSheet("")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setCacheMode(QGraphicsView.CacheModeFlag.CacheNone)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(QSize(120, 90))
        self._border_timer = QTimer(self)
        self._border_timer.setInterval(16)
        self._border_timer.timeout.connect(self._pan_at_border)
        self._is_ready = True
        self._show_from(0.0, 0.0, 1.0)

    # Mouse

    def cursor_scene(self) -> QPointF:
        """Where the mouse is, or was last."""
        return self.mapToScene(self._cursor)

    def cursor_pixel(self) -> QPointF:
        """In pixels of the canvas; null while the mouse is elsewhere."""
        return QPointF(self._cursor)

    @property
    def is_busy(self) -> bool:
        """Whether a gesture goes on."""
        return self._gesture is not None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        self._previous_pos = event.position().toPoint()
        if self._gesture is not None:
            return
        self._swallows_menu = False
        self.pressed.emit()
        point = self.mapToScene(event.position())
        pans = event.button() == _MIDDLE_BUTTON or (event.button() == _LEFT and self._space)
        if pans:
            self._gesture = PanGesture(self, point.x(), point.y(), pixel=event.position())
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == _RIGHT and event.modifiers() & _CONTROL:
            self._gesture = SliceGesture(self, point.x(), point.y())
        elif event.button() == _LEFT:
            self._gesture = self._begin(point, event.modifiers())
        self.redraw()

    def _begin(self, point: QPointF, modifiers: Qt.KeyboardModifier) -> Gesture | None:
        """What a press of the left button begins."""
        hit = self.hit(point.x(), point.y())
        workflow = self.projector.workflow
        if hit.kind == "empty" and workflow is not None and not workflow.nodes:
            template = overlays.template_at(self.templates, self._cursor)
            if template is not None:
                self.template_clicked.emit(template.type)
                return None
        return presses.begin(self, hit, point.x(), point.y(), modifiers)

    def select_only(self, i: int) -> None:
        nodes = np.zeros(len(self.projector.geometry), np.bool_)
        nodes[i] = True
        self.set_selection(nodes)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        self._previous_pos = event.position().toPoint()
        gesture = self._gesture
        if gesture is None:
            self._hover_at(self.mapToScene(event.position()))
            return
        if isinstance(gesture, PanGesture):
            gesture.drag(event.position())
            return
        point = self.mapToScene(event.position())
        # What is to be painted anew then, the gesture tells.
        gesture.move(point.x(), point.y(), event.modifiers())
        if gesture.moved and gesture.pans_at_border and self._border_shift() != (0.0, 0.0):
            if not self._border_timer.isActive():
                self._border_timer.start()
        else:
            self._border_timer.stop()

    def _hover_at(self, point: QPointF) -> None:
        hit = self.hit(point.x(), point.y())
        if hit != self._hover:
            edge_changed = (hit.edge, hit.kind) != (self._hover.edge, self._hover.kind)
            self._hover = hit
            if edge_changed:
                self.redraw()
            self.viewport().setCursor(self._cursor_shape(hit))
        workflow = self.projector.workflow
        if workflow is not None and not workflow.nodes:
            self.redraw()

    def _cursor_shape(self, hit: Hit) -> Qt.CursorShape:
        if self._space:
            return Qt.CursorShape.OpenHandCursor
        if hit.kind == "port":
            return Qt.CursorShape.CrossCursor
        if hit.kind in ("fold", "footer", "plus", "frame_fold"):
            return Qt.CursorShape.PointingHandCursor
        if hit.kind in ("dot", "frame"):
            return Qt.CursorShape.SizeAllCursor
        is_corner = hit.kind in ("note_corner", "frame_corner")
        return Qt.CursorShape.SizeFDiagCursor if is_corner else Qt.CursorShape.ArrowCursor

    def _border_shift(self) -> tuple[float, float]:
        size = self.viewport().size()

        def shift(at: float, length: float) -> float:
            if at < BORDER_PX:
                return float(BORDER_SPEED_PX)
            return -float(BORDER_SPEED_PX) if at > length - BORDER_PX else 0.0

        return shift(self._cursor.x(), size.width()), shift(self._cursor.y(), size.height())

    def _pan_at_border(self) -> None:
        gesture = self._gesture
        shift = self._border_shift()
        if gesture is None or shift == (0.0, 0.0):
            self._border_timer.stop()
            return
        self.pan_by(*shift)
        point = self.mapToScene(self._cursor)
        gesture.move(point.x(), point.y(), Qt.KeyboardModifier.NoModifier)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        gesture = self._gesture
        if gesture is None or event.button() not in (_LEFT, _MIDDLE_BUTTON, _RIGHT):
            return
        # Where the menu opens on release, it must not after a cut.
        self._swallows_menu = event.button() == _RIGHT and gesture.moved
        self._gesture = None
        self._border_timer.stop()
        if gesture.moved:
            gesture.finish()
        else:
            gesture.click()
        self._hover = hits.NOTHING
        self.viewport().setCursor(self._cursor_shape(self._hover))
        self.redraw()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._cursor = event.position()
        if event.button() != _LEFT:
            return
        point = self.mapToScene(event.position())
        hit = self.hit(point.x(), point.y())
        cards = self.projector.geometry.cards
        if hit.kind == "header" and hit.node is not None and cards[hit.node].node.type in REFERRING:
            self.entered.emit(self.projector.geometry.ids[hit.node])
        elif hit.kind in ("header", "body", "footer") and hit.node is not None:
            self.node_double_clicked.emit(self.projector.geometry.ids[hit.node])
        elif hit.note is not None:
            self.note_activated.emit(hit.note)
        elif hit.frame is not None and hit.kind == "frame":
            self.frame_activated.emit(hit.frame)
        elif hit.kind == "edge" and hit.edge is not None:
            self.dot_wanted.emit(self.projector.geometry.edges[hit.edge], point.x(), point.y())
        elif hit.kind == "empty":
            self.palette_wanted.emit(None, point)
        else:
            self.mousePressEvent(event)

    def cancel_gesture(self) -> bool:
        """Ends what the mouse is doing, everything as before; False when it was doing nothing."""
        gesture, self._gesture = self._gesture, None
        self._border_timer.stop()
        if gesture is None:
            return False
        gesture.cancel()
        self.redraw()
        return True

    def structure_changed(self) -> None:
        """Nodes or edges came or went: what the mouse was doing with their indices ends. A drag of nodes goes on."""
        self._hover = hits.NOTHING
        if not isinstance(self._gesture, MoveGesture | PanGesture | ResizeGesture):
            self.cancel_gesture()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A mouse wheel zooms at the cursor, or pans where a person prefers that; a touchpad's two fingers pan. With Ctrl all zoom."""
        pixels, delta = event.pixelDelta(), event.angleDelta()
        is_touchpad = not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        has_control = bool(event.modifiers() & _CONTROL)
        if is_touchpad and not has_control:
            self.pan_by(pixels.x(), pixels.y())
        elif self.wheel_pans and not has_control:
            across, down = delta.x() / _WHEEL_STEP, delta.y() / _WHEEL_STEP
            if event.modifiers() & _SHIFT and not across:
                across, down = down, 0.0
            self.pan_by(across, down)
        else:
            self._set_viewer_zoom(
                (delta.y() or delta.x()) * (1.2 if not is_touchpad else 1.0), pos=event.position()
            )
        self._cursor = event.position()
        event.accept()

    def event(self, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.scale(1.0 + event.value(), 1.0, self.mapToScene(event.position()))
            return True
        if kind == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # Plain keys that mean something here are the canvas's while it has the focus, whatever the window binds them to.
            if not event.modifiers() & ~_SHIFT:
                event.setAccepted(event.key() == Qt.Key.Key_Space or self.means_something(event))
            return True
        answer: bool = super().event(event)
        return answer

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            point = self.mapToScene(QPointF(event.pos()))
            text = tooltip(self.projector, self.hit(point.x(), point.y()), self.edge_data)
            if text:
                QToolTip.showText(event.globalPos(), text, self.viewport())
            else:
                QToolTip.hideText()
            return True
        if event.type() == QEvent.Type.Leave:
            self._mouse_left()
        answer: bool = super().viewportEvent(event)
        return answer

    def _mouse_left(self) -> None:
        """A menu that opens under the mouse takes it away as well, though it stays where it is."""
        viewport = self.viewport()
        if not viewport.rect().contains(viewport.mapFromGlobal(QCursor.pos())):
            self._cursor = QPointF()

    # Keys and focus

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        """Tab may be a command here; Shift+Tab and F6 always leave the canvas."""
        return False if next and self.keeps_tab else bool(QGraphicsView.focusNextPrevChild(self, next))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.cancel_gesture():
            return
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = True
            self.viewport().setCursor(Qt.CursorShape.OpenHandCursor)
            return
        event.ignore()
        if self._gesture is None:
            self.key_pressed.emit(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._space = False
            self.viewport().setCursor(self._cursor_shape(self._hover))
            return
        event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        QGraphicsView.focusInEvent(self, event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._space = False
        QGraphicsView.focusOutEvent(self, event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self._swallows_menu:
            self._swallows_menu = False
        elif self._gesture is None:
            point = self.mapToScene(QPointF(event.pos()))
            self._cursor = QPointF(event.pos())
            self.menu_wanted.emit(self.hit(point.x(), point.y()), event.globalPos())
        event.accept()


def _always(_event: QKeyEvent) -> bool:
    return True
