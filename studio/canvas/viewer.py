"""How do mouse, wheel and paint events become gestures and frames? NodeGraphQt's viewer, drawn in batches, without graphics items.

From NodeGraphQt come the camera (`_scene_range`, panned and scaled by its methods), the signals that its graph listens to, the context
menus. Replaced are painting (`scene_painter`), hits (`hits`) and what a pressed button does (`gestures`), because stock NodeGraphQt has one
graphics item per node, port and edge. The viewer alters nothing but the picture; what a person wants leaves it as a signal.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QGraphicsView, QToolTip, QWidget

from studio.canvas import hits, overlays
from studio.canvas.camera import ZOOM_MAX, ZOOM_MIN, Camera, fitting
from studio.canvas.geometry import Bools
from studio.canvas.gestures import (
    BandGesture,
    Gesture,
    MoveGesture,
    PanGesture,
    ResizeNoteGesture,
    WireEnd,
    WireGesture,
)
from studio.canvas.hits import Hit
from studio.canvas.note_painter import paint_note
from studio.canvas.projector import Projector
from studio.canvas.qt_shim import NodeViewer
from studio.canvas.scene_painter import ScenePainter
from studio.canvas.style import Style
from studio.canvas.tooltips import tooltip
from studio.kernel.ids import NodeId
from studio.qt.mime import NODE_TYPE_MIME
from studio.workflow.graph import Edge, Note

REST_MS: Final = 140
"""So long after the last step of a zoom the cards are painted sharp again."""
BORDER_PX: Final = 28
BORDER_SPEED_PX: Final = 14
_CONTROL = Qt.KeyboardModifier.ControlModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_LEFT = Qt.MouseButton.LeftButton
_MIDDLE_BUTTON = Qt.MouseButton.MiddleButton


class CanvasViewer(NodeViewer):
    """The widget that shows a projector's content and takes the mouse.

    Invariant: `_scene_range` is the part of the scene that the viewport shows, exactly.
    """

    selection_changed = Signal()
    zoom_changed = Signal(float)
    palette_wanted = Signal(object, QPointF)
    """(WireEnd or None, scene point): nodes are to be offered there."""
    notes_edited = Signal(list)
    note_activated = Signal(str)
    results_wanted = Signal(str)
    fold_clicked = Signal(str)
    template_clicked = Signal(str)
    refusal_told = Signal(str)
    key_pressed = Signal(object)
    """A QKeyEvent that no gesture wanted; whoever uses it accepts it."""
    menu_wanted = Signal(object, QPoint)
    """(Hit, global point)."""

    def __init__(self, projector: Projector, style: Style, parent: QWidget | None = None) -> None:
        self.projector = projector
        self.style_ = style
        self.painter_ = ScenePainter(projector, style)
        self.snaps = True
        self.selected_notes: set[str] = set()
        self.edited_note: str | None = None
        self.templates: list[overlays.Template] = []
        self.why_not_asked: Any = None
        self._gesture: Gesture | None = None
        self._hover = hits.NOTHING
        self._space = False
        self._zoomed_at = 0.0
        self._in_full = False
        self._cursor = QPointF(0, 0)
        self._drop_at: QPointF | None = None
        self._is_ready = False
        self._is_scrolling = False
        self._is_whole = False
        self._pan_rest = QPointF(0, 0)
        super().__init__(parent)
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
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.redraw)
        self._border_timer = QTimer(self)
        self._border_timer.setInterval(16)
        self._border_timer.timeout.connect(self._pan_at_border)
        self._is_ready = True
        self._show_from(0.0, 0.0, 1.0)

    # Camera, over NodeGraphQt's scene range

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
            self.redraw()

    def scale(self, sx: float, sy: float, pos: QPointF | None = None) -> None:
        """Zooms by a factor, the scene point `pos` staying where it is; within the bounds of zoom."""
        zoom = self.camera().zoom
        factor = min(max(zoom * sx, ZOOM_MIN), ZOOM_MAX) / zoom
        if abs(factor - 1.0) < 1e-9:
            return
        self._zoomed_at = time.perf_counter()
        self._rest.start()
        super().scale(factor, factor, pos)

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
        self._is_scrolling = self._can_scroll()
        try:
            self._set_viewer_pan(-dx / zoom, -dy / zoom)
            if self._is_scrolling:
                self.viewport().scroll(dx, dy, self.viewport().rect())
        finally:
            self._is_scrolling = False

    def _can_scroll(self) -> bool:
        """Whether the last frame, shifted, is a part of the next one."""
        gesture = self._gesture
        workflow = self.projector.workflow
        return (
            self._is_whole
            and self.painter_.is_complete
            and not self._rest.isActive()
            and (gesture is None or isinstance(gesture, PanGesture))
            and self._drop_at is None
            and workflow is not None
            and bool(workflow.nodes)
            and self.devicePixelRatioF().is_integer()
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The zoom and the upper left corner stay as they are."""
        scene, old = self._scene_range, event.oldSize()
        zoom = old.width() / scene.width() if old.width() > 0 and scene.width() > 0 else 1.0
        QGraphicsView.resizeEvent(self, event)
        self._last_size = self.size()
        if self._is_ready:
            self._show_from(scene.left(), scene.top(), zoom)

    # Frames

    def redraw(self) -> None:
        """Asks for a whole frame."""
        self._is_whole = False
        self.viewport().update()

    def set_style(self, style: Style) -> None:
        self.style_ = style
        self.painter_.set_style(style)
        self.redraw()

    def paint_in_full(self) -> None:
        """The next frame takes the time to paint every card sharply (for a picture of the canvas)."""
        self._in_full = True
        self.redraw()

    def paintEvent(self, event: QPaintEvent) -> None:
        whole = self.viewport().rect()
        parts: list[QRect] = list(event.region())  # type: ignore[call-overload]  # iterable, but not in the stubs
        painter = QPainter(self.viewport())
        try:
            if len(parts) > 4 or any(part == whole for part in parts):
                self._paint(painter, whole)
                self._is_whole = True
            else:
                complete = True
                for part in parts:
                    painter.setClipRect(part)
                    self._paint(painter, part)
                    complete = complete and self.painter_.is_complete
                self.painter_.is_complete = complete
        finally:
            painter.end()
        if not self.painter_.is_complete and not self._rest.isActive():
            self.redraw()

    def _paint(self, painter: QPainter, part: QRect) -> None:
        """Paints a part of the frame."""
        camera, style = self.camera(), self.style_
        self.painter_.paint_grid(painter, camera)
        self._paint_notes(painter, camera)
        self.painter_.hovered_edge = self._hover.edge if self._gesture is None else None
        is_zooming = time.perf_counter() - self._zoomed_at < REST_MS / 1000
        self.painter_.paint(
            painter,
            camera,
            part=QRectF(part),
            is_zooming=is_zooming,
            in_full=self._in_full,
            phase=time.perf_counter() % 3600,
        )
        self._in_full = False
        if self._gesture is not None:
            self._gesture.paint(painter, camera, style)
        if self._drop_at is not None:
            overlays.paint_drop(painter, camera, style, self._drop_at, snaps=self.snaps)
        workflow = self.projector.workflow
        if workflow is not None and not workflow.nodes and not workflow.notes:
            overlays.paint_empty(painter, camera, style, self.templates, self._cursor)
        refusal = self._gesture.refusal if isinstance(self._gesture, WireGesture) else None
        if refusal:
            overlays.paint_refusal(painter, camera, style, self._cursor, refusal)

    def _paint_notes(self, painter: QPainter, camera: Camera) -> None:
        workflow = self.projector.workflow
        if workflow is None:
            return
        dragged = getattr(self._gesture, "notes", {}) if self._gesture and self._gesture.moved else {}
        for note in workflow.notes.values():
            shown = dragged.get(note.id, note)
            in_x = shown.x < camera.right and shown.x + shown.width > camera.left
            in_y = shown.y < camera.bottom and shown.y + shown.height > camera.top
            if in_x and in_y:
                paint_note(
                    painter,
                    camera,
                    shown,
                    self.style_,
                    selected=note.id in self.selected_notes,
                    editing=note.id == self.edited_note,
                )

    # What gestures need (gestures.Board)

    def hit(self, x: float, y: float) -> Hit:
        return hits.find(self.projector, x, y, self.camera().zoom)

    def set_selection(
        self, nodes: Bools, *, edges: Bools | None = None, notes: set[str] | None = None
    ) -> None:
        """Makes these the selection; edges and notes that are not given are not selected."""
        geometry = self.projector.geometry
        wanted_edges = np.zeros(len(geometry.edges), np.bool_) if edges is None else edges
        wanted_notes = notes or set()
        same = (
            np.array_equal(geometry.selected, nodes)
            and np.array_equal(geometry.edge_selected, wanted_edges)
            and self.selected_notes == wanted_notes
        )
        if same:
            return
        geometry.selected = nodes.copy()
        geometry.edge_selected = wanted_edges.copy()
        self.selected_notes = set(wanted_notes)
        self.selection_changed.emit()
        self.redraw()

    def why_not(self, edge: Edge) -> str | None:
        answer: str | None = self.why_not_asked(edge) if self.why_not_asked else None
        return answer

    def set_dimmed(self, nodes: Bools | None) -> None:
        self.painter_.dimmed = nodes

    def wants_nodes_moved(self, places: Mapping[NodeId, tuple[float, float]]) -> None:
        self.moved_nodes.emit(dict(places))

    def wants_edges_changed(self, disconnected: list[Edge], connected: list[Edge]) -> None:
        self.connection_changed.emit(disconnected, connected)

    def wants_palette(self, end: WireEnd, x: float, y: float) -> None:
        self.palette_wanted.emit(end, QPointF(x, y))

    def wants_notes(self, notes: list[Note]) -> None:
        self.notes_edited.emit(notes)

    def refused(self, reason: str) -> None:
        self.refusal_told.emit(reason)

    # Mouse

    def cursor_scene(self) -> QPointF:
        """Where the mouse is, or was last."""
        return self.mapToScene(self._cursor)

    def cursor_pixel(self) -> QPointF:
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
        point = self.mapToScene(event.position())
        pans = event.button() == _MIDDLE_BUTTON or (event.button() == _LEFT and self._space)
        if pans:
            self._gesture = PanGesture(self, point.x(), point.y(), pixel=event.position())
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        elif event.button() == _LEFT:
            self._press(self.hit(point.x(), point.y()), point, event.modifiers())
        self.redraw()

    def _press(self, hit: Hit, point: QPointF, modifiers: Qt.KeyboardModifier) -> None:
        geometry = self.projector.geometry
        x, y = point.x(), point.y()
        extends = bool(modifiers & (_SHIFT | _CONTROL))
        if hit.kind == "port":
            self._gesture = self._wire(hit, x, y)
        elif hit.node is not None:
            self._gesture = self._press_node(hit, x, y, extends=extends)
        elif hit.edge is not None:
            edges = geometry.edge_selected.copy() if extends else np.zeros(len(geometry.edges), np.bool_)
            edges[hit.edge] = not (extends and edges[hit.edge])
            nodes = geometry.selected if extends else np.zeros(len(geometry), np.bool_)
            self.set_selection(nodes, edges=edges)
        elif hit.note is not None:
            self._gesture = self._press_note(hit, x, y, extends=extends)
        else:
            template = overlays.template_at(self.templates, self._cursor)
            if template is not None and self.projector.workflow and not self.projector.workflow.nodes:
                self.template_clicked.emit(template.type)
                return
            self._gesture = BandGesture(self, x, y, modifiers)

    def _wire(self, hit: Hit, x: float, y: float) -> WireGesture:
        """A press on a port: an output begins a wire; a connected input gives up its wire's end; a free one begins a wire backwards."""
        geometry = self.projector.geometry
        assert hit.node is not None
        assert hit.port is not None
        node_id, port = geometry.ids[hit.node], hit.port
        picked = None
        if not port.is_output and port.wired:
            card = geometry.cards[hit.node]
            ending = [
                edge
                for edge in self.projector.incoming(node_id)
                if card.shape.collapsed or card.port_y(edge.target_port, is_output=False) == port.y
            ]
            picked = ending[-1] if ending else None
        if picked is None:
            end = WireEnd(node_id, port.name, port.is_output)
            return WireGesture(self, x, y, end=end, port_type=port.type, picked=None)
        source = geometry.cards[geometry.index[picked.source]]
        return WireGesture(
            self,
            x,
            y,
            end=WireEnd(picked.source, picked.source_port, is_output=True),
            port_type=source.port_type(picked.source_port, is_output=True),
            picked=picked,
        )

    def _press_node(self, hit: Hit, x: float, y: float, *, extends: bool) -> MoveGesture | None:
        geometry = self.projector.geometry
        assert hit.node is not None
        i = hit.node
        was_selected = bool(geometry.selected[i])
        if extends:
            nodes = geometry.selected.copy()
            nodes[i] = not was_selected
            self.set_selection(nodes, edges=geometry.edge_selected, notes=self.selected_notes)
            if was_selected:
                return None
        elif not was_selected:
            self.select_only(i)
        if not extends:
            self.node_selected.emit(geometry.ids[i])
        gesture = MoveGesture(
            self,
            x,
            y,
            nodes=np.flatnonzero(geometry.selected),
            notes=self._chosen_notes(),
            anchor=(float(geometry.x[i]), float(geometry.y[i])),
        )
        if not extends:
            node_id, kind = geometry.ids[i], hit.kind

            def clicked() -> None:
                self._clicked_node(node_id, kind, was_selected=was_selected)

            gesture.on_click = clicked
        return gesture

    def _clicked_node(self, node_id: NodeId, kind: str, *, was_selected: bool) -> None:
        i = self.projector.geometry.index.get(node_id)
        if i is None:
            return
        if was_selected:
            self.select_only(i)
        if kind == "fold":
            self.fold_clicked.emit(node_id)
        elif kind == "footer":
            self.results_wanted.emit(node_id)

    def _press_note(self, hit: Hit, x: float, y: float, *, extends: bool) -> Gesture | None:
        workflow = self.projector.workflow
        assert hit.note is not None
        assert workflow is not None
        note = workflow.notes[hit.note]
        geometry = self.projector.geometry
        chosen = set(self.selected_notes)
        if extends:
            chosen ^= {note.id}
            self.set_selection(geometry.selected, edges=geometry.edge_selected, notes=chosen)
            return None
        if note.id not in chosen:
            self.set_selection(np.zeros(len(geometry), np.bool_), notes={note.id})
        if hit.kind == "note_corner":
            return ResizeNoteGesture(self, x, y, note)
        nodes = np.flatnonzero(geometry.selected)
        return MoveGesture(self, x, y, nodes=nodes, notes=self._chosen_notes(), anchor=(note.x, note.y))

    def _chosen_notes(self) -> list[Note]:
        notes = self.projector.workflow.notes if self.projector.workflow else {}
        return [note for note_id, note in notes.items() if note_id in self.selected_notes]

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
        gesture.move(point.x(), point.y(), event.modifiers())
        if gesture.moved and gesture.pans_at_border and self._border_shift() != (0.0, 0.0):
            if not self._border_timer.isActive():
                self._border_timer.start()
        else:
            self._border_timer.stop()
        self.redraw()

    def _hover_at(self, point: QPointF) -> None:
        hit = self.hit(point.x(), point.y())
        if hit != self._hover:
            edge_changed = hit.edge != self._hover.edge
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
        if hit.kind in ("fold", "footer"):
            return Qt.CursorShape.PointingHandCursor
        return Qt.CursorShape.SizeFDiagCursor if hit.kind == "note_corner" else Qt.CursorShape.ArrowCursor

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
        if gesture is None or event.button() not in (_LEFT, _MIDDLE_BUTTON):
            return
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
        if hit.kind in ("header", "body", "footer") and hit.node is not None:
            self.node_double_clicked.emit(self.projector.geometry.ids[hit.node])
        elif hit.note is not None:
            self.note_activated.emit(hit.note)
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
        if not isinstance(self._gesture, MoveGesture | PanGesture | ResizeNoteGesture):
            self.cancel_gesture()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A mouse wheel zooms at the cursor; a touchpad's two fingers pan, and zoom with Ctrl."""
        pixels = event.pixelDelta()
        is_touchpad = not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase
        if is_touchpad and not event.modifiers() & _CONTROL:
            self.pan_by(pixels.x(), pixels.y())
        else:
            delta = event.angleDelta()
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
            # Plain keys are the canvas's while it has the focus, whatever the window binds them to.
            if not event.modifiers() & ~_SHIFT and event.key() != Qt.Key.Key_F6:
                event.setAccepted(event.key() < Qt.Key.Key_F1 or event.key() == Qt.Key.Key_F2)
            return True
        answer: bool = super().event(event)
        return answer

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            point = self.mapToScene(QPointF(event.pos()))
            text = tooltip(self.projector, self.hit(point.x(), point.y()))
            if text:
                QToolTip.showText(event.globalPos(), text, self.viewport())
            else:
                QToolTip.hideText()
            return True
        answer: bool = super().viewportEvent(event)
        return answer

    # Keys and focus

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        """Tab is a command here; Shift+Tab and F6 leave the canvas."""
        return False if next else bool(QGraphicsView.focusNextPrevChild(self, next))

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
        if self._gesture is None:
            point = self.mapToScene(QPointF(event.pos()))
            self._cursor = QPointF(event.pos())
            self.menu_wanted.emit(self.hit(point.x(), point.y()), event.globalPos())
        event.accept()

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._drag_over(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drag_over(event)

    def _drag_over(self, event: QDragMoveEvent) -> None:
        if self.projector.workflow is not None and event.mimeData().hasFormat(NODE_TYPE_MIME):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._cursor = event.position()
            self._drop_at = self.mapToScene(event.position())
        else:
            event.ignore()
        self.redraw()

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._drop_at = None
        self.redraw()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_at = None
        self._cursor = event.position()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        point = self.mapToScene(event.position())
        self.data_dropped.emit(event.mimeData(), point.toPoint())
        self.redraw()
