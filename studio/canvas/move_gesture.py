"""How are things moved? They follow the mouse, line up with what is near, and say over what they are; copies do so too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.canvas.between import edge_under
from studio.canvas.camera import Camera
from studio.canvas.cards import GRID, HEADER, WIDTH
from studio.canvas.curves import Floats, Ints
from studio.canvas.framing import bounds
from studio.canvas.geometry import snapped
from studio.canvas.gestures import Board, Gesture, Shift
from studio.canvas.snapping import NO_WIRES, REACH_PX, Guide, Snap, line_up
from studio.canvas.style import Style
from studio.workflow.frames import frame_at
from studio.workflow.graph import Edge, Frame, Note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Held:
    """What is moved: indices of nodes, notes and frames, and rows of points of edges; of a frame, all that lies in it is named too."""

    nodes: Ints
    notes: list[Note] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    dots: Ints = field(default_factory=lambda: np.empty(0, np.int64))


class MoveGesture(Gesture):
    """Selected nodes and notes follow the mouse, and frames with what lies in them; so do the points of edges that are selected or lie between moved nodes.

    While snapping is on they line up with neighbours that are near, or else with the grid; Alt lifts that for the moment. A single node without edges, let go over an edge that it fits, comes between that edge's ends.

    Let go over a frame, what was moved lies in it from then on.

    `anchor` and `size` are the corner and the size of what is held: its sides are what lines up.
    """

    def __init__(
        self,
        board: Board,
        x: float,
        y: float,
        *,
        held: Held,
        anchor: tuple[float, float],
        size: tuple[float, float] = (WIDTH, HEADER),
    ) -> None:
        super().__init__(board, x, y)
        geometry = board.projector.geometry
        nodes = held.nodes
        self._all_ids = geometry.ids
        self._nodes = nodes
        self._ids = [geometry.ids[i] for i in nodes.tolist()]
        self._x, self._y = geometry.x[nodes].copy(), geometry.y[nodes].copy()
        self._notes, self._frames = held.notes, held.frames
        self._picked_dots = held.dots
        self._routes = np.union1d(geometry.routes_among(nodes), held.dots).astype(np.int64)
        self._dots, self._dot_edge = geometry.dots[self._routes].copy(), geometry.dot_edge
        self._anchor, self._size = anchor, size
        self._others, self._wires = self._neighbours()
        if not (self._notes or self._frames or len(self._routes)):
            board.nodes_held(nodes)
        self._guides: tuple[Guide, ...] = ()
        self._over: Edge | None = None
        self._is_joined = False
        self._joined_by: Ints | None = None
        """The edges' sources when that was found out: with other edges it may be otherwise."""
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
        self._look_for_frame()

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
        if self._is_alone():
            i = int(self._nodes[0])
            found = edge_under(geometry, i)
            if found is not None and self.board.fits_between(
                geometry.cards[i].node.type, geometry.edges[found]
            ):
                over = geometry.edges[found]
        self._over = over
        self.board.mark_edge(over)

    def _is_alone(self) -> bool:
        """Whether one node without edges is moved, and nothing else."""
        if len(self._nodes) != 1 or self._notes or self._frames or len(self._picked_dots):
            return False
        geometry = self.board.projector.geometry
        if self._joined_by is not geometry.source:
            self._joined_by, self._is_joined = geometry.source, bool(len(geometry.edges_of(self._nodes)))
        return not self._is_joined

    def _look_for_frame(self) -> None:
        """Lights the frame into which what is held would come."""
        workflow = self.board.projector.workflow
        (ax, ay), (width, height), (dx, dy) = self._anchor, self._size, self.shift
        moved = {frame.id for frame in self._frames}
        found = ""
        if workflow is not None and self._over is None:
            found = frame_at(
                workflow.frames, ax + dx + width / 2, ay + dy + min(height, HEADER) / 2, without=moved
            )
        self.board.mark_frame(found or None)

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
        if geometry.dot_edge is self._dot_edge:
            geometry.dots[self._routes] = self._dots + self.shift
            geometry.touch()
        if self._notes or self._frames or len(self._routes):
            self.board.redraw()
        else:
            self.board.nodes_moved(self._nodes)

    @property
    def notes(self) -> dict[str, Note]:
        """The notes where they are being dragged."""
        dx, dy = self.shift
        return {note.id: replace(note, x=note.x + dx, y=note.y + dy) for note in self._notes}

    @property
    def frames(self) -> dict[str, Frame]:
        """The frames where they are being dragged."""
        dx, dy = self.shift
        return {frame.id: replace(frame, x=frame.x + dx, y=frame.y + dy) for frame in self._frames}

    def _shift(self) -> Shift:
        notes, frames = (tuple(entry.id for entry in found) for found in (self._notes, self._frames))
        geometry = self.board.projector.geometry
        is_same = geometry.dot_edge is self._dot_edge
        dots = geometry.named_dots(self._picked_dots) if is_same else ()
        return Shift(tuple(self._ids), notes, frames, *self.shift, dots=dots)

    def finish(self) -> None:
        dx, dy = self.shift
        over = self._over
        self._unmark()
        if dx == dy == 0:
            self.cancel()
            return
        if over is not None and len(self._ids) == 1:
            # It may come to lie just where it was, or be refused there: then nothing else would draw it there again.
            self.shift = (0.0, 0.0)
            self._place()
            self.board.wants_between(over, self._ids[0])
            return
        self.board.wants_moved(self._shift())

    def _unmark(self) -> None:
        self.board.mark_edge(None)
        self.board.mark_frame(None)

    def click(self) -> None:
        if self.on_click is not None:
            self.on_click()

    def cancel(self) -> None:
        self.shift = (0.0, 0.0)
        self._guides = ()
        self._unmark()
        self._place()

    def extent(self, camera: Camera) -> QRectF:
        box = QRectF()
        for start, end in self._guide_ends(camera):
            box |= QRectF(start, end).normalized().adjusted(-2, -2, 2, 2)
        return box

    def _guide_ends(self, camera: Camera) -> Iterator[tuple[QPointF, QPointF]]:
        for guide in self._guides:
            start = (guide.at, guide.start) if guide.is_vertical else (guide.start, guide.at)
            end = (guide.at, guide.end) if guide.is_vertical else (guide.end, guide.at)
            yield QPointF(*camera.to_pixels(*start)), QPointF(*camera.to_pixels(*end))

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        """The lines that are shared with neighbours."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(style.accent_text, 1.0, Qt.PenStyle.DashLine))
        for start, end in self._guide_ends(camera):
            painter.drawLine(start, end)


class DuplicateGesture(MoveGesture):
    """Copies of nodes and notes follow the mouse, drawn as outlines; the originals stay where they are."""

    def _neighbours(self) -> tuple[Floats, Floats]:
        return self.board.projector.geometry.boxes(), NO_WIRES

    def _place(self) -> None:
        self.board.redraw()

    def _look_for_edge(self) -> None:
        """Copies do not come between others."""

    def _look_for_frame(self) -> None:
        """Nor is it told where they come to lie."""

    @property
    def notes(self) -> dict[str, Note]:
        return {}

    @property
    def frames(self) -> dict[str, Frame]:
        return {}

    def finish(self) -> None:
        if any(self.shift):
            self.board.wants_duplicates(self._shift())
        self.board.redraw()

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        if not self.moved:
            return
        dx, dy = self.shift
        geometry = self.board.projector.geometry
        boxes = geometry.boxes()[self._nodes[~geometry.hidden[self._nodes]]].tolist()
        boxes += bounds(self._frames, self._notes)
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
