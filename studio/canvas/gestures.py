"""What does a pressed mouse button do until it is let go? One object per gesture; none alters the workflow before it ends.

While a gesture goes on, only the picture changes (positions in the geometry, a wire, a rubber band). When it ends it tells the board what
a person wants; a gesture that is cancelled leaves everything as it was. So each is one undo step at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from studio.canvas.camera import Camera
from studio.canvas.curves import Ints
from studio.canvas.geometry import Bools
from studio.canvas.hits import Hit
from studio.canvas.projector import Projector
from studio.canvas.style import Style
from studio.kernel.ids import EdgeId, NodeId
from studio.workflow.graph import Edge, Frame, Note, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from studio.session.wiring import Converter, Match
    from studio.workflow.spec import NodeSpec

DRAG_PX = 4.0
"""A press that moves less is a click."""


@dataclass(frozen=True, slots=True)
class WireEnd:
    """The end of a wire that stays where it is."""

    node: NodeId
    port: str
    is_output: bool

    def edge_to(self, node: NodeId, port: str) -> Edge:
        if self.is_output:
            return Edge(source=self.node, source_port=self.port, target=node, target_port=port)
        return Edge(source=node, source_port=port, target=self.node, target_port=self.port)


@dataclass(frozen=True, slots=True)
class Shift:
    """Things that were dragged, and how far. Of a frame, all that lies in it is named too."""

    nodes: tuple[NodeId, ...] = ()
    notes: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()
    dx: float = 0.0
    dy: float = 0.0
    dots: tuple[tuple[EdgeId, int], ...] = ()
    """Points that edges pass: the edge, and which of its points. Those of edges between `nodes` go along unnamed."""


class Board(Protocol):
    """What gestures need of the canvas, and whom they tell what a person wants."""

    projector: Projector
    snaps: bool
    selected_notes: set[str]
    selected_frames: set[str]

    def camera(self) -> Camera: ...
    def pan_by(self, dx_px: float, dy_px: float) -> None: ...
    def redraw(self) -> None: ...
    def nodes_held(self, nodes: Ints) -> None:
        """They may be moved from now on, told by this very array."""

    def nodes_moved(self, nodes: Ints) -> None: ...
    def hit(self, x: float, y: float) -> Hit: ...
    def set_selection(
        self,
        nodes: Bools,
        *,
        edges: Bools | None = None,
        notes: set[str] | None = None,
        frames: set[str] | None = None,
        dots: Bools | None = None,
    ) -> None: ...
    def why_not(self, edge: Edge) -> str | None: ...
    def match(
        self, source: NodeSpec, source_port: str | None, target: NodeSpec, target_port: str | None
    ) -> Match | None: ...
    def converter(self, edge: Edge) -> Converter | None: ...
    def offers_converter(self, edge: Edge, converter: Converter, picked: Edge | None) -> None: ...
    def set_dimmed(self, nodes: Bools | None) -> None: ...
    def wants_moved(self, shift: Shift) -> None: ...
    def wants_routes(self, routes: Mapping[EdgeId, Route]) -> None: ...
    def wants_edges_changed(self, disconnected: list[Edge], connected: list[Edge]) -> None: ...
    def wants_edges_cut(self, edges: list[Edge]) -> None: ...
    def wants_duplicates(self, shift: Shift) -> None: ...
    def wants_between(self, edge: Edge, node: NodeId) -> None: ...
    def fits_between(self, type_name: str, edge: Edge) -> bool: ...
    def mark_edge(self, edge: Edge | None) -> None: ...
    def mark_frame(self, frame: str | None) -> None: ...
    def wants_palette(self, end: WireEnd, x: float, y: float) -> None: ...
    def wants_notes(self, notes: list[Note]) -> None: ...
    def wants_frame_resized(self, frame: Frame) -> None: ...
    def refused(self, reason: str) -> None: ...


class Gesture:
    """Base. Points are scene coordinates; `moved` is true once the mouse has gone further than a click."""

    pans_at_border = True

    def __init__(self, board: Board, x: float, y: float) -> None:
        self.board = board
        self.start = (x, y)
        self.at = (x, y)
        self.moved = False

    def move(self, x: float, y: float, modifiers: Qt.KeyboardModifier) -> None:
        self.at = (x, y)
        if not self.moved:
            zoom = self.board.camera().zoom
            self.moved = max(abs(x - self.start[0]), abs(y - self.start[1])) * zoom >= DRAG_PX
            if not self.moved:
                return
        self.update(modifiers)

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse is elsewhere now; the board is told what looks different by that."""

    def finish(self) -> None:
        """The button was let go after the mouse had moved."""

    def click(self) -> None:
        """The button was let go where it was pressed."""

    def cancel(self) -> None:
        """Everything as before."""

    def extent(self, camera: Camera) -> QRectF | None:
        """The part of the widget, in pixels, within which `paint` paints; None: anywhere."""
        return None

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        """Lays over the frame what the gesture shows; the painter is in pixels of the widget."""


class PanGesture(Gesture):
    """The scene follows the mouse."""

    pans_at_border = False

    def __init__(self, board: Board, x: float, y: float, *, pixel: QPointF) -> None:
        super().__init__(board, x, y)
        self._pixel = pixel

    def drag(self, pixel: QPointF) -> None:
        """Panning is told in pixels, because the scene moves under the mouse."""
        self.board.pan_by(pixel.x() - self._pixel.x(), pixel.y() - self._pixel.y())
        self._pixel = pixel
        self.moved = True
