"""What does a pressed mouse button do until it is let go? One object per gesture; none alters the workflow before it ends.

While a gesture goes on, only the picture changes (positions in the geometry, a wire, a rubber band). When it ends it tells the board what
a person wants; a gesture that is cancelled leaves everything as it was. So each is one undo step at most.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.canvas.between import edge_under
from studio.canvas.camera import Camera
from studio.canvas.cards import GRID, HEADER, WIDTH
from studio.canvas.geometry import Bools, Floats, Ints, snapped
from studio.canvas.hits import Hit
from studio.canvas.projector import Projector
from studio.canvas.snapping import NO_WIRES, REACH_PX, Guide, Snap, line_up
from studio.canvas.style import Style
from studio.kernel.ids import NodeId
from studio.workflow.graph import Edge, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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


class Board(Protocol):
    """What gestures need of the canvas, and whom they tell what a person wants."""

    projector: Projector
    snaps: bool

    def camera(self) -> Camera: ...
    def pan_by(self, dx_px: float, dy_px: float) -> None: ...
    def redraw(self) -> None: ...
    def hit(self, x: float, y: float) -> Hit: ...
    def set_selection(
        self, nodes: Bools, *, edges: Bools | None = None, notes: set[str] | None = None
    ) -> None: ...
    def why_not(self, edge: Edge) -> str | None: ...
    def set_dimmed(self, nodes: Bools | None) -> None: ...
    def wants_nodes_moved(self, places: Mapping[NodeId, tuple[float, float]]) -> None: ...
    def wants_edges_changed(self, disconnected: list[Edge], connected: list[Edge]) -> None: ...
    def wants_edges_cut(self, edges: list[Edge]) -> None: ...
    def wants_duplicates(self, nodes: list[NodeId], notes: list[str], dx: float, dy: float) -> None: ...
    def wants_between(self, edge: Edge, node: NodeId) -> None: ...
    def fits_between(self, type_name: str, edge: Edge) -> bool: ...
    def mark_edge(self, edge: Edge | None) -> None: ...
    def wants_palette(self, end: WireEnd, x: float, y: float) -> None: ...
    def wants_notes(self, notes: list[Note]) -> None: ...
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
        zoom = self.board.camera().zoom
        if not self.moved and max(abs(x - self.start[0]), abs(y - self.start[1])) * zoom < DRAG_PX:
            return
        self.moved = True
        self.update(modifiers)

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        """The mouse is elsewhere now."""

    def finish(self) -> None:
        """The button was let go after the mouse had moved."""

    def click(self) -> None:
        """The button was let go where it was pressed."""

    def cancel(self) -> None:
        """Everything as before."""

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


class MoveGesture(Gesture):
    """Selected nodes and notes follow the mouse.

    While snapping is on they line up with neighbours that are near, or else with the grid; Alt lifts that for the moment. A single node without edges, let go over an edge that it fits, comes between that edge's ends.

    `anchor` and `size` are the corner and the size of what is held: its sides are what lines up.
    """

    def __init__(
        self,
        board: Board,
        x: float,
        y: float,
        *,
        nodes: Ints,
        notes: list[Note],
        anchor: tuple[float, float],
        size: tuple[float, float] = (WIDTH, HEADER),
    ) -> None:
        super().__init__(board, x, y)
        geometry = board.projector.geometry
        self._all_ids = geometry.ids
        self._nodes = nodes
        self._ids = [geometry.ids[i] for i in nodes.tolist()]
        self._x, self._y = geometry.x[nodes].copy(), geometry.y[nodes].copy()
        self._notes = notes
        self._anchor, self._size = anchor, size
        self._others, self._wires = self._neighbours()
        self._guides: tuple[Guide, ...] = ()
        self._over: Edge | None = None
        self.shift = (0.0, 0.0)
        self.on_click: Callable[[], None] | None = None

    def _neighbours(self) -> tuple[Floats, Floats]:
        """What stays: its boxes, and the edges from it to what is moved, as `snapping.line_up` wants them."""
        geometry = self.board.projector.geometry
        stays = np.ones(len(geometry), np.bool_)
        stays[self._nodes] = False
        boxes = geometry.boxes()[stays]
        ends = geometry.ends
        from_moved, to_moved = ~stays[geometry.source], ~stays[geometry.target]
        down = np.where(from_moved, ends[:, 3] - ends[:, 1], ends[:, 1] - ends[:, 3])
        height = np.where(from_moved, ends[:, 3], ends[:, 1])
        return boxes, np.stack([down, height, ends[:, 0], ends[:, 2]], axis=1)[from_moved != to_moved]

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        dx, dy = self.at[0] - self.start[0], self.at[1] - self.start[1]
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        self._guides = ()
        if self.board.snaps and not modifiers & Qt.KeyboardModifier.AltModifier:
            dx, dy = self._snapped(dx, dy)
        self.shift = (dx, dy)
        self._place()
        self._look_for_edge()

    def _snapped(self, dx: float, dy: float) -> tuple[float, float]:
        (ax, ay), zoom = self._anchor, self.board.camera().zoom
        near = self._line_up(dx, dy, min(REACH_PX / zoom, GRID))
        if dx:
            dx = dx + near.dx if near.dx is not None else snapped(ax + dx, GRID) - ax
        if dy:
            dy = dy + near.dy if near.dy is not None else snapped(ay + dy, GRID) - ay
        self._guides = self._line_up(dx, dy, 0.01).guides
        return dx, dy

    def _line_up(self, dx: float, dy: float, within: float) -> Snap:
        (ax, ay), (width, height) = self._anchor, self._size
        wires = self._wires - np.array([dy, 0.0, 0.0, 0.0])
        return line_up(
            (ax + dx, ay + dy, ax + dx + width, ay + dy + height), self._others, within, wires=wires
        )

    def _look_for_edge(self) -> None:
        """Whether the one node that is moved would come between the ends of an edge."""
        geometry = self.board.projector.geometry
        over = None
        if len(self._nodes) == 1 and not self._notes and not len(geometry.edges_of(self._nodes)):
            i = int(self._nodes[0])
            found = edge_under(geometry, i)
            if found is not None and self.board.fits_between(
                geometry.cards[i].node.type, geometry.edges[found]
            ):
                over = geometry.edges[found]
        self._over = over
        self.board.mark_edge(over)

    def _place(self) -> None:
        geometry = self.board.projector.geometry
        if geometry.ids is not self._all_ids:
            # Nodes came or went meanwhile, by undo or from elsewhere.
            there = [row for row, node_id in enumerate(self._ids) if node_id in geometry.index]
            self._ids = [self._ids[row] for row in there]
            self._x, self._y = self._x[there], self._y[there]
            self._nodes, self._all_ids = geometry.indices(self._ids), geometry.ids
            self._others, self._wires = self._neighbours()
        geometry.place(self._nodes, self._x + self.shift[0], self._y + self.shift[1])
        self.board.redraw()

    @property
    def notes(self) -> dict[str, Note]:
        """The notes where they are being dragged."""
        dx, dy = self.shift
        return {note.id: replace(note, x=note.x + dx, y=note.y + dy) for note in self._notes}

    def finish(self) -> None:
        dx, dy = self.shift
        over = self._over
        self.board.mark_edge(None)
        if dx == dy == 0:
            self.cancel()
            return
        if over is not None and len(self._ids) == 1:
            self.board.wants_between(over, self._ids[0])
            return
        if self._ids:
            xs, ys = (self._x + dx).tolist(), (self._y + dy).tolist()
            self.board.wants_nodes_moved(dict(zip(self._ids, zip(xs, ys, strict=True), strict=True)))
        if self._notes:
            self.board.wants_notes(list(self.notes.values()))

    def click(self) -> None:
        if self.on_click is not None:
            self.on_click()

    def cancel(self) -> None:
        self.shift = (0.0, 0.0)
        self._guides = ()
        self.board.mark_edge(None)
        self._place()

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        """The lines that are shared with neighbours."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(style.accent_text, 1.0, Qt.PenStyle.DashLine))
        for guide in self._guides:
            start = (guide.at, guide.start) if guide.is_vertical else (guide.start, guide.at)
            end = (guide.at, guide.end) if guide.is_vertical else (guide.end, guide.at)
            painter.drawLine(QPointF(*camera.to_pixels(*start)), QPointF(*camera.to_pixels(*end)))


class DuplicateGesture(MoveGesture):
    """Copies of nodes and notes follow the mouse, drawn as outlines; the originals stay where they are."""

    def _neighbours(self) -> tuple[Floats, Floats]:
        return self.board.projector.geometry.boxes(), NO_WIRES

    def _place(self) -> None:
        self.board.redraw()

    def _look_for_edge(self) -> None:
        """Copies do not come between others."""

    @property
    def notes(self) -> dict[str, Note]:
        return {}

    def finish(self) -> None:
        dx, dy = self.shift
        if dx or dy:
            self.board.wants_duplicates(self._ids, [note.id for note in self._notes], dx, dy)
        self.board.redraw()

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        if not self.moved:
            return
        dx, dy = self.shift
        boxes = [
            (left, top, right, bottom)
            for left, top, right, bottom in self.board.projector.geometry.boxes()[self._nodes].tolist()
        ]
        boxes += [(note.x, note.y, note.x + note.width, note.y + note.height) for note in self._notes]
        pen = QPen(style.accent_text, 1.5)
        pen.setDashPattern([4, 3])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for left, top, right, bottom in boxes:
            painter.setPen(pen)
            painter.setBrush(style.theme.color("accent", alpha=0.12))
            corner = QPointF(*camera.to_pixels(left + dx, top + dy))
            painter.drawRoundedRect(
                QRectF(corner, QPointF(*camera.to_pixels(right + dx, bottom + dy))),
                8 * camera.zoom,
                8 * camera.zoom,
            )
        super().paint(painter, camera, style)


class ResizeNoteGesture(Gesture):
    """A note's lower right corner follows the mouse."""

    def __init__(self, board: Board, x: float, y: float, note: Note) -> None:
        super().__init__(board, x, y)
        self._note = note
        self._now = note

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        width = self._note.width + self.at[0] - self.start[0]
        height = self._note.height + self.at[1] - self.start[1]
        if self.board.snaps:
            width, height = snapped(width, GRID), snapped(height, GRID)
        self._now = replace(self._note, width=max(width, 80.0), height=max(height, 40.0))
        self.board.redraw()

    @property
    def notes(self) -> dict[str, Note]:
        return {self._note.id: self._now}

    def finish(self) -> None:
        if self._now != self._note:
            self.board.wants_notes([self._now])

    def cancel(self) -> None:
        self._now = self._note
        self.board.redraw()


class BandGesture(Gesture):
    """A rubber band: what it touches is selected, in place of the selection, added to it (Shift) or taken from it (Ctrl)."""

    def __init__(self, board: Board, x: float, y: float, modifiers: Qt.KeyboardModifier) -> None:
        super().__init__(board, x, y)
        self._before = board.projector.geometry.selected.copy()
        self._adds = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        self._takes = bool(modifiers & Qt.KeyboardModifier.ControlModifier)

    @property
    def box(self) -> tuple[float, float, float, float]:
        (x1, y1), (x2, y2) = self.start, self.at
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        geometry = self.board.projector.geometry
        touched = np.zeros(len(geometry), np.bool_)
        touched[geometry.nodes_in(*self.box)] = True
        if self._adds:
            touched |= self._before
        elif self._takes:
            touched = self._before & ~touched
        self.board.set_selection(touched)
        self.board.redraw()

    def finish(self) -> None:
        self.board.redraw()

    def click(self) -> None:
        if not (self._adds or self._takes):
            self.board.set_selection(np.zeros_like(self._before))

    def cancel(self) -> None:
        self.board.set_selection(self._before)

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        if not self.moved:
            return
        left, top, right, bottom = self.box
        x1, y1 = camera.to_pixels(left, top)
        x2, y2 = camera.to_pixels(right, bottom)
        fill = style.theme.color("accent", alpha=0.14)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(style.accent_text, 1.0))
        painter.setBrush(fill)
        painter.drawRect(QRectF(round(x1), round(y1), round(x2 - x1), round(y2 - y1)))
