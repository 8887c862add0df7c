"""What does the viewer know of the selection, whom does it tell what a person wants, and what may be dropped on it from elsewhere?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QWidget

from studio.canvas import hits
from studio.canvas.camera_viewer import CameraViewer
from studio.canvas.geometry import Bools
from studio.canvas.gestures import Shift, WireEnd
from studio.canvas.hits import Hit
from studio.canvas.projector import Projector
from studio.canvas.scene_painter import ScenePainter
from studio.canvas.style import Style
from studio.kernel.ids import EdgeId, NodeId
from studio.qt.mime import NODE_TYPE_MIME, read_field, read_model, read_node_type
from studio.workflow.graph import Edge, Frame, Note, Route

if TYPE_CHECKING:
    from studio.session.wiring import Converter, Match
    from studio.workflow.spec import NodeSpec

DROP_REACH_PX: Final = 24.0
"""So near an edge, in pixels, something that is dropped comes between the edge's ends."""


class BoardViewer(CameraViewer):
    """The board that gestures play on (`gestures.Board`): the selection, and signals for what a person wants.

    The `…_asked` are whom it asks what the workflow allows.
    """

    selection_changed = Signal()
    palette_wanted = Signal(object, QPointF)
    """(WireEnd, Edge or None, scene point): nodes are to be offered there."""
    pressed = Signal()
    """A button goes down, before anything is made of it."""
    moved = Signal(object)
    """A Shift: things were dragged."""
    duplicates_wanted = Signal(object)
    """A Shift: copies were dragged."""
    routes_wanted = Signal(dict)
    """The points that edges are to pass, by the ids of the edges."""
    dot_wanted = Signal(object, float, float)
    """(Edge, scene point): the edge is to pass there."""
    between_wanted = Signal(object, str)
    """(Edge, node id): the node is to come between the edge's ends."""
    converter_offered = Signal(object, object, object)
    """(Edge, Converter, Edge or None): a refused edge would fit with that node between its ends; the third was picked up for it."""
    field_dropped = Signal(str, str, object)
    """(model, field, Hit): a field was dropped from elsewhere."""
    model_dropped = Signal(str, object, QPointF)
    """(model, node types, scene point): a model was dropped from elsewhere."""
    notes_edited = Signal(list)
    note_activated = Signal(str)
    frame_resized = Signal(object)
    frame_activated = Signal(str)
    frame_fold_clicked = Signal(str)
    entered = Signal(str)
    """A double click on the header of a node that runs another workflow."""
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
        self.selected_frames: set[str] = set()
        self.why_not_asked: Any = None
        self.between_asked: Any = None
        self.match_asked: Any = None
        self.converter_asked: Any = None
        self._marked_edge: Edge | None = None
        self._marked_frame: str | None = None
        self._cursor = QPointF(0, 0)
        self._drop_at: QPointF | None = None
        super().__init__(parent)

    # What gestures need (gestures.Board)

    def hit(self, x: float, y: float) -> Hit:
        return hits.find(self.projector, x, y, self.camera().zoom)

    def set_selection(
        self,
        nodes: Bools,
        *,
        edges: Bools | None = None,
        notes: set[str] | None = None,
        frames: set[str] | None = None,
        dots: Bools | None = None,
    ) -> None:
        """Makes these the selection; what is not given is not selected."""
        geometry = self.projector.geometry
        wanted_edges = np.zeros(len(geometry.edges), np.bool_) if edges is None else edges
        wanted_dots = np.zeros(len(geometry.dots), np.bool_) if dots is None else dots
        wanted_notes, wanted_frames = notes or set(), frames or set()
        same = (
            np.array_equal(geometry.selected, nodes)
            and np.array_equal(geometry.edge_selected, wanted_edges)
            and np.array_equal(geometry.dot_selected, wanted_dots)
            and (self.selected_notes, self.selected_frames) == (wanted_notes, wanted_frames)
        )
        if same:
            return
        geometry.selected = nodes.copy()
        geometry.edge_selected = wanted_edges.copy()
        geometry.dot_selected = wanted_dots.copy()
        self.selected_notes, self.selected_frames = set(wanted_notes), set(wanted_frames)
        self.selection_changed.emit()
        self.redraw()

    def why_not(self, edge: Edge) -> str | None:
        answer: str | None = self.why_not_asked(edge) if self.why_not_asked else None
        return answer

    def match(
        self, source: NodeSpec, source_port: str | None, target: NodeSpec, target_port: str | None
    ) -> Match | None:
        found: Match | None = (
            self.match_asked(source, source_port, target, target_port) if self.match_asked else None
        )
        return found

    def converter(self, edge: Edge) -> Converter | None:
        found: Converter | None = self.converter_asked(edge) if self.converter_asked else None
        return found

    def offers_converter(self, edge: Edge, converter: Converter, picked: Edge | None) -> None:
        self.converter_offered.emit(edge, converter, picked)

    def set_dimmed(self, nodes: Bools | None) -> None:
        self.painter_.dimmed = nodes

    def wants_moved(self, shift: Shift) -> None:
        self.moved.emit(shift)

    def wants_routes(self, routes: Mapping[EdgeId, Route]) -> None:
        self.routes_wanted.emit(dict(routes))

    def wants_frame_resized(self, frame: Frame) -> None:
        self.frame_resized.emit(frame)

    def wants_edges_changed(self, disconnected: list[Edge], connected: list[Edge]) -> None:
        self.connection_changed.emit(disconnected, connected)

    def wants_edges_cut(self, edges: list[Edge]) -> None:
        self.connection_sliced.emit(list(edges))

    def wants_duplicates(self, shift: Shift) -> None:
        self.duplicates_wanted.emit(shift)

    def wants_between(self, edge: Edge, node: NodeId) -> None:
        self.between_wanted.emit(edge, node)

    def fits_between(self, type_name: str, edge: Edge) -> bool:
        return bool(self.between_asked and self.between_asked(type_name, edge))

    def mark_edge(self, edge: Edge | None) -> None:
        """Lights the edge between whose ends something would come."""
        if edge != self._marked_edge:
            self._marked_edge = edge
            self.redraw()

    def mark_frame(self, frame: str | None) -> None:
        """Lights the frame in which something would come to lie."""
        if frame != self._marked_frame:
            self._marked_frame = frame
            self.redraw()

    def wants_palette(self, end: WireEnd | Edge, x: float, y: float) -> None:
        self.palette_wanted.emit(end, QPointF(x, y))

    def wants_notes(self, notes: list[Note]) -> None:
        self.notes_edited.emit(notes)

    def refused(self, reason: str) -> None:
        self.refusal_told.emit(reason)

    # Drops

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._drag_over(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drag_over(event)

    def _drag_over(self, event: QDragMoveEvent) -> None:
        field = read_field(event.mimeData()) if self.projector.workflow is not None else None
        if field is not None:
            # A field is let go over a card or one of its ports.
            self._cursor = event.position()
            point = self.mapToScene(event.position())
            event.setDropAction(Qt.DropAction.CopyAction)
            event.setAccepted(self.hit(point.x(), point.y()).node is not None)
        elif self.projector.workflow is not None and event.mimeData().hasFormat(NODE_TYPE_MIME):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._cursor = event.position()
            self._drop_at = self.mapToScene(event.position())
            found = read_node_type(event.mimeData())
            under = self.drop_edge(found[0], self._drop_at.x(), self._drop_at.y()) if found else None
            self.mark_edge(under)
        else:
            event.ignore()
        self.redraw()

    def drop_edge(self, type_name: str, x: float, y: float) -> Edge | None:
        """The edge between whose ends a node of that kind would come when dropped at a scene point."""
        geometry = self.projector.geometry
        i = geometry.edge_at(x, y, DROP_REACH_PX / self.camera().zoom)
        return (
            geometry.edges[i] if i is not None and self.fits_between(type_name, geometry.edges[i]) else None
        )

    def dragLeaveEvent(self, event: QEvent) -> None:
        self.mark_edge(None)
        self._drop_at = None
        self.redraw()

    def dropEvent(self, event: QDropEvent) -> None:
        self.mark_edge(None)
        self._drop_at = None
        self._cursor = event.position()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        point = self.mapToScene(event.position())
        field = read_field(event.mimeData())
        model = read_model(event.mimeData())
        if field is not None:
            self.field_dropped.emit(*field, self.hit(point.x(), point.y()))
        elif model is not None:
            self.model_dropped.emit(*model, point)
        else:
            self.data_dropped.emit(event.mimeData(), point.toPoint())
        self.redraw()
