"""How does a frame get onto the screen, and what of the frames before it can be used again?

| what happens | the next frame |
|---|---|
| a pan | the last one shifted, and the strips that come into view |
| a zoom near by, until all is sharp where it rests | pictures from its beginning, scaled (`zoom_pictures`) |
| a few nodes are moved near by | what stays, as two pictures, and what is moved (`drag_layers`) |
| anything else | painted anew |

One rule says what makes pictures stale: `redraw` means that something is to look different, and drops them all. A camera that shifts or
zooms asks for a frame without it (`reframe`), and so does a gesture that tells which nodes it has moved (`nodes_moved`). At rest every
frame is painted anew.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QTimer
from PySide6.QtGui import QPainter, QPaintEvent

from studio.canvas import hits, overlays
from studio.canvas.board_viewer import BoardViewer
from studio.canvas.camera import NEAR
from studio.canvas.drag_layers import DragLayers, Lifted
from studio.canvas.edge_data import EdgeData
from studio.canvas.gestures import PanGesture
from studio.canvas.layout_painter import LayoutPainter, Marks
from studio.canvas.sheets import Sheets
from studio.canvas.wire_gesture import WireGesture
from studio.canvas.zoom_pictures import ZoomPictures

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from studio.canvas.camera import Camera
    from studio.canvas.curves import Floats, Ints
    from studio.canvas.gestures import Gesture
    from studio.canvas.projector import Projector
    from studio.canvas.style import Style
    from studio.kernel.ids import NodeId

QUIET_S: Final = 0.025
"""So long nothing but nodes has moved before pictures are made of what stays: while a run goes on, cards change all the time."""


class FrameViewer(BoardViewer):
    """The board as it is seen, with what gestures lay over it."""

    def __init__(self, projector: Projector, style: Style, parent: QWidget | None = None) -> None:
        self.edited_note: str | None = None
        self.layout_painter = LayoutPainter(style)
        self.edge_data = EdgeData(None)
        """What went along the edges in the run that is shown."""
        self.templates: list[overlays.Template] = []
        self._found: list[NodeId] = []
        self._found_at: Ints = np.empty(0, np.int64)
        self._found_among: list[NodeId] | None = None
        """The nodes among which those found have the indices `_found_at`."""
        self._found_now: NodeId | None = None
        self._gesture: Gesture | None = None
        self._hover = hits.NOTHING
        self._in_full = False
        self.is_live = False
        """A run goes on: what is painted changes all the time."""
        sheets = Sheets()
        self._pictures = ZoomPictures(self, sheets)
        self._ahead = QTimer()
        """Between two frames."""
        self._layers = DragLayers(self, sheets)
        self._held: tuple[list[NodeId], Ints] | None = None
        self._laid_over = QRectF()
        """Where the gesture painted when nodes were moved last."""
        self._changed_at = 0.0
        super().__init__(projector, style, parent)
        self._ahead.setParent(self)
        self._ahead.setSingleShot(True)
        self._ahead.setInterval(0)
        self._ahead.timeout.connect(self._work_ahead)

    # What is to be painted

    def redraw(self) -> None:
        """Something is to look different: asks for a whole frame, for which no picture serves any more."""
        self._pictures.drop()
        self._layers.drop()
        self._changed_at = time.perf_counter()
        self.reframe()

    def nodes_held(self, nodes: Ints) -> None:
        """These nodes may be moved next: what stays is painted before the mouse goes on."""
        self._held = self.projector.geometry.ids, nodes
        self._ahead.start()

    def nodes_moved(self, nodes: Ints) -> None:
        """Of all that is seen only these nodes are somewhere else, and their edges with them."""
        self._pictures.drop()
        camera = self.camera()
        is_quiet = self._layers.are_for(nodes, camera) or time.perf_counter() - self._changed_at > QUIET_S
        if not is_quiet or camera.zoom < NEAR or self._rest.isActive():
            self._layers.drop()
            self.reframe()
            return
        part = self._layers.lift(self.projector.geometry, nodes, camera)
        laid_over = QRectF() if self._gesture is None else self._gesture.extent(camera)
        if part is None or laid_over is None or self.projector.footers:
            self.reframe()
        else:
            self._is_whole = False
            self.viewport().update(part | self._laid_over.toAlignedRect() | laid_over.toAlignedRect())
        self._laid_over = laid_over or QRectF()

    def _rested(self) -> None:
        """The pictures of the zoom stay until all that is in view has been painted sharply."""
        self.reframe()

    def scale(self, sx: float, sy: float, pos: QPointF | None = None) -> None:
        if not self._rest.isActive():
            self._pictures.begin(self.camera())
        super().scale(sx, sy, pos)

    def can_scroll(self) -> bool:
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

    def set_style(self, style: Style) -> None:
        self.style_ = style
        self.painter_.set_style(style)
        self.layout_painter = LayoutPainter(style)
        self.redraw()

    def paint_in_full(self) -> None:
        """The next frame takes the time to paint every card sharply (for a picture of the canvas)."""
        self._in_full = True
        self.redraw()

    def set_found(self, node_ids: list[NodeId], current: NodeId | None) -> None:
        """Rings these nodes, one of them more strongly."""
        self._found, self._found_now = node_ids, current
        self._found_among = None
        self.redraw()

    # Frames

    def paintEvent(self, event: QPaintEvent) -> None:
        whole = self.viewport().rect()
        parts: list[QRect] = list(event.region())  # type: ignore[call-overload]  # iterable, but not in the stubs
        camera = self.camera()
        painter = QPainter(self.viewport())
        try:
            if self._paint_from_pictures(painter, camera, parts):
                pass
            elif len(parts) > 4 or any(part == whole for part in parts):
                self._paint_whole(painter, camera, whole)
                self._is_whole = True
            else:
                complete = True
                for part in parts:
                    painter.setClipRect(part)
                    self._paint(painter, camera, part)
                    complete = complete and self.painter_.is_complete
                self.painter_.is_complete = complete
        finally:
            painter.end()
        self._in_full = False
        if self._pictures.has_work:
            self._ahead.start()
        if not self.painter_.is_complete and not self._rest.isActive():
            self.reframe()

    def _paint_whole(self, painter: QPainter, camera: Camera, whole: QRect) -> None:
        """Paints the frame anew; near by and at rest so that a zoom can begin with it."""
        is_moving = self._rest.isActive() or self._gesture is not None or self.is_live
        picture = None
        if camera.zoom >= NEAR and not is_moving and not self._in_full:
            picture = self._pictures.keep(camera)
        if picture is None:
            self._paint(painter, camera, whole)
        else:
            painter.drawPixmap(0, 0, picture)
            self._paint_overlays(painter, camera, QRectF(whole))

    def _paint(self, painter: QPainter, camera: Camera, part: QRect) -> None:
        """Paints a part of the frame anew."""
        self._paint_content(
            painter, camera, QRectF(part), is_zooming=self._rest.isActive(), in_full=self._in_full
        )
        self._paint_overlays(painter, camera, QRectF(part))

    def _paint_from_pictures(self, painter: QPainter, camera: Camera, parts: list[QRect]) -> bool:
        """Paints the frame from what is kept; False, with nothing painted, where that does not serve."""
        is_zooming = self._rest.isActive()
        if self._in_full:
            return False
        if is_zooming or self._pictures.are_shown:
            if not is_zooming and self.painter_.prepare(camera):
                self._pictures.drop()
                return False
            if not self._pictures.paint(painter, camera):
                return False
            self.painter_.is_complete = is_zooming
        elif not self._layers.paint(painter, camera, parts):
            return False
        elif self.projector.footers:
            seen = QRectF(0, 0, camera.width, camera.height)
            edges = self.painter_.edges
            edges.paint_labels(painter, camera, edges.in_sight(camera, seen), self.edge_data.label)
        self._paint_overlays(painter, camera, QRectF(self.viewport().rect()))
        return True

    def _work_ahead(self) -> None:
        """One piece, and the next when the events that have come meanwhile are through."""
        held, self._held = self._held, None
        camera = self.camera()
        if held is not None and camera.zoom >= NEAR and not (self._rest.isActive() or self.is_live):
            (ids, nodes), geometry = held, self.projector.geometry
            if ids is geometry.ids:  # otherwise nodes have come or gone, and others stand in these places
                self._layers.make_ahead(geometry, nodes, camera)
        self._pictures.work_ahead()
        if self._pictures.has_work:
            self._ahead.start()

    # What pictures of a zoom are made of (zoom_pictures.Drawing)

    def draw_all(self, painter: QPainter, camera: Camera) -> bool:
        self._paint_content(painter, camera, QRectF(0, 0, camera.width, camera.height), is_zooming=False)
        return self.painter_.is_complete

    def draw_under(self, painter: QPainter, camera: Camera, part: QRect) -> None:
        self.painter_.paint_ground(painter, camera, QRectF(part))
        self._paint_layout(painter, camera)
        self.painter_.hovered_edge = self._lit_edge()
        self.painter_.paint_edges(painter, camera, QRectF(part))

    def draw_cards(self, painter: QPainter, camera: Camera, which: list[int]) -> None:
        self.painter_.paint_cards_at_once(painter, camera, np.array(which, np.int64))

    def cards_in_sight(self, camera: Camera) -> list[int]:
        found: list[int] = self.painter_.nodes_in_sight(camera).tolist()
        return found

    def cards_within(self, camera: Camera) -> list[int]:
        found: list[int] = self.painter_.nodes_in_sight(camera, wholly=True).tolist()
        return found

    def is_crowded(self, camera: Camera) -> bool:
        return self.painter_.is_crowded(camera)

    def _paint_content(
        self, painter: QPainter, camera: Camera, part: QRectF, *, is_zooming: bool, in_full: bool = False
    ) -> None:
        """What lies in the scene."""
        self.painter_.paint_ground(painter, camera, part)
        self._paint_layout(painter, camera)
        self.painter_.hovered_edge = self._lit_edge()
        self.painter_.paint(
            painter,
            camera,
            part=part,
            is_zooming=is_zooming,
            in_full=in_full,
            phase=time.perf_counter() % 3600,
            label=self.edge_data.label,
        )

    # What layers are made of (drag_layers.Painting)

    def paint_under(self, painter: QPainter, camera: Camera, lifted: Lifted) -> None:
        self.painter_.paint_ground(painter, camera)
        self._paint_layout(painter, camera)
        self.painter_.hovered_edge = self._lit_edge()
        self.painter_.paint_edges_but(painter, camera, lifted.edges)

    def paint_over(self, painter: QPainter, camera: Camera, lifted: Lifted) -> bool:
        self.painter_.paint_cards_but(painter, camera, lifted.nodes)
        return self.painter_.is_complete

    def lift_edges(self, camera: Camera, lifted: Lifted) -> Floats:
        return self.painter_.lift_edges(camera, lifted.edges)

    def paint_lifted_edges(self, painter: QPainter) -> None:
        self.painter_.edges.paint_lifted(painter)

    def paint_lifted_cards(self, painter: QPainter, camera: Camera, lifted: Lifted) -> None:
        self.painter_.paint_cards_only(painter, camera, lifted.nodes)

    # What is laid over it

    def _paint_overlays(self, painter: QPainter, camera: Camera, part: QRectF) -> None:
        style = self.style_
        if self._found:
            self._paint_found(painter, camera, part)
        if self._gesture is not None:
            self._gesture.paint(painter, camera, style)
        hovered = self._hover.edge if self._gesture is None and self._drop_at is None else None
        if hovered is not None and hits.has_plus(self.projector, hovered, camera.zoom):
            at = hits.plus_at(self.projector, hovered)
            overlays.paint_plus(painter, camera, style, at, lit=self._hover.kind == "plus")
        if self._drop_at is not None:
            overlays.paint_drop(painter, camera, style, self._drop_at, snaps=self.snaps)
        workflow = self.projector.workflow
        if workflow is not None and not (workflow.nodes or workflow.notes or workflow.frames):
            overlays.paint_empty(painter, camera, style, self.templates, self._cursor)
        if isinstance(self._gesture, WireGesture):
            offer, refusal = self._gesture.offer, self._gesture.refusal
            if offer or refusal:
                overlays.paint_hint(
                    painter, camera, style, self._cursor, offer or refusal or "", is_refusal=not offer
                )

    def _paint_found(self, painter: QPainter, camera: Camera, part: QRectF) -> None:
        geometry = self.projector.geometry
        if self._found_among is not geometry.ids:
            self._found_at, self._found_among = geometry.indices(self._found), geometry.ids
        boxes = geometry.boxes()[self._found_at]
        left, top = camera.to_scene(part.left() - overlays.RING_PX, part.top() - overlays.RING_PX)
        right, bottom = camera.to_scene(part.right() + overlays.RING_PX, part.bottom() + overlays.RING_PX)
        seen = (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
        overlays.paint_rings(painter, camera, self.style_, boxes[seen], is_strong=False)
        current = geometry.index.get(self._found_now) if self._found_now is not None else None
        if current is not None:
            overlays.paint_rings(painter, camera, self.style_, geometry.boxes()[[current]], is_strong=True)

    def _lit_edge(self) -> int | None:
        if self._marked_edge is not None:
            edges = self.projector.geometry.edges
            return edges.index(self._marked_edge) if self._marked_edge in edges else None
        return self._hover.edge if self._gesture is None else None

    def _paint_layout(self, painter: QPainter, camera: Camera) -> None:
        """Frames and notes, where they are being dragged while they are."""
        gesture = self._gesture if self._gesture is not None and self._gesture.moved else None
        self.layout_painter.paint(
            painter,
            camera,
            self.projector,
            Marks(
                notes=self.selected_notes,
                frames=self.selected_frames,
                edited=self.edited_note,
                target=self._marked_frame,
                dragged={**getattr(gesture, "frames", {}), **getattr(gesture, "notes", {})},
            ),
        )
