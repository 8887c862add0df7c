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

from studio.canvas.camera import NEAR, Camera
from studio.canvas.cards import GRID, HEADER, WIDTH, Card, CardPort
from studio.canvas.geometry import Bools, Floats, Ints, controls, reach, snapped
from studio.canvas.hits import Hit
from studio.canvas.primitives import cubic_path
from studio.canvas.projector import Projector
from studio.canvas.style import Style, draw_port
from studio.kernel.ids import NodeId
from studio.workflow.graph import Edge, Note
from studio.workflow.spec import NodeSpec, PortSpec
from studio.workflow.types import PortType, clash

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
    """Selected nodes and notes follow the mouse, on the grid when snapping is on; Alt lifts that for the moment."""

    def __init__(
        self, board: Board, x: float, y: float, *, nodes: Ints, notes: list[Note], anchor: tuple[float, float]
    ) -> None:
        super().__init__(board, x, y)
        geometry = board.projector.geometry
        self._all_ids = geometry.ids
        self._nodes = nodes
        self._ids = [geometry.ids[i] for i in nodes.tolist()]
        self._x, self._y = geometry.x[nodes].copy(), geometry.y[nodes].copy()
        self._notes = notes
        self._anchor = anchor
        self.shift = (0.0, 0.0)
        self.on_click: Callable[[], None] | None = None

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        dx, dy = self.at[0] - self.start[0], self.at[1] - self.start[1]
        if modifiers & Qt.KeyboardModifier.ShiftModifier:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        if self.board.snaps and not modifiers & Qt.KeyboardModifier.AltModifier:
            ax, ay = self._anchor
            dx = snapped(ax + dx, GRID) - ax if dx else 0.0
            dy = snapped(ay + dy, GRID) - ay if dy else 0.0
        self.shift = (dx, dy)
        self._place()

    def _place(self) -> None:
        geometry = self.board.projector.geometry
        if geometry.ids is not self._all_ids:
            # Nodes came or went meanwhile, by undo or from elsewhere.
            there = [row for row, node_id in enumerate(self._ids) if node_id in geometry.index]
            self._ids = [self._ids[row] for row in there]
            self._x, self._y = self._x[there], self._y[there]
            self._nodes, self._all_ids = geometry.indices(self._ids), geometry.ids
        geometry.place(self._nodes, self._x + self.shift[0], self._y + self.shift[1])
        self.board.redraw()

    @property
    def notes(self) -> dict[str, Note]:
        """The notes where they are being dragged."""
        dx, dy = self.shift
        return {note.id: replace(note, x=note.x + dx, y=note.y + dy) for note in self._notes}

    def finish(self) -> None:
        dx, dy = self.shift
        if dx == dy == 0:
            self.cancel()
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
        self._place()


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


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a wire would land: a port of a node, or the reason why not."""

    node: int
    port: CardPort | None
    edge: Edge | None
    refusal: str | None


class WireGesture(Gesture):
    """A wire from a port to the mouse. Ports that fit are lit, all else is dimmed; a refusal is shown with its reason.

    `picked` is an edge whose end was picked up; it stays in the workflow until the wire is dropped somewhere else.
    """

    def __init__(
        self, board: Board, x: float, y: float, *, end: WireEnd, port_type: PortType, picked: Edge | None
    ) -> None:
        super().__init__(board, x, y)
        self.end = end
        self.picked = picked
        self._type = port_type
        self._fits: dict[str, bool] = {}
        self._reachable: Bools | None = None
        self.landing: Landing | None = None
        self._asked: dict[tuple[int, str], Landing] = {}

    def update(self, modifiers: Qt.KeyboardModifier) -> None:
        if self._reachable is None:
            self._reachable = self._reach()
            self.board.set_dimmed(~self._reachable)
        hit = self.board.hit(*self.at)
        self._peek(hit)
        self.landing = None if hit.node is None else self._land(hit.node, hit.port)
        self.board.redraw()

    def _peek(self, hit: Hit) -> None:
        """Held over the row that folds ports, the card opens for as long as the wire stays over it."""
        projector = self.board.projector
        peeked = projector.geometry.index.get(projector.peeked) if projector.peeked else None
        if hit.kind == "fold" and hit.node is not None:
            projector.peek(projector.geometry.ids[hit.node])
            self._asked.clear()
        elif peeked is not None and hit.node != peeked:
            projector.peek(None)
            self._asked.clear()

    def _reach(self) -> Bools:
        """The nodes with a port that fits, which an edge would not close a loop to."""
        geometry = self.board.projector.geometry
        own = geometry.index[self.end.node]
        # Loops: where the wire comes from an output, the nodes that lead to it are closed, else those that follow it.
        ahead, behind = geometry.source, geometry.target
        if self.end.is_output:
            ahead, behind = behind, ahead
        closed = np.zeros(len(geometry), np.bool_)
        closed[own] = True
        frontier = closed.copy()
        while frontier.any():
            found = np.zeros_like(closed)
            found[behind[frontier[ahead]]] = True
            frontier = found & ~closed
            closed |= frontier
        fits = np.fromiter((self._node_fits(card) for card in geometry.cards), np.bool_, len(geometry))
        return fits & ~closed

    def _node_fits(self, card: Card) -> bool:
        if card.spec is None:
            return False
        known = self._fits.get(card.spec.type)
        if known is None:
            known = any(self.fits(port.type) for port in _ports(card.spec, is_output=not self.end.is_output))
            self._fits[card.spec.type] = known
        return known

    def fits(self, other: PortType) -> bool:
        """Whether a port of that type could be the wire's other end."""
        return (clash(self._type, other) if self.end.is_output else clash(other, self._type)) is None

    def _land(self, node: int, port: CardPort | None) -> Landing:
        geometry = self.board.projector.geometry
        if port is not None and port.is_output == self.end.is_output:
            port = None
        key = (node, port.name if port else "")
        known = self._asked.get(key)
        if known is not None:
            return known
        card = geometry.cards[node]
        wanted = port or self._best_port(card)
        if wanted is None:
            landing = Landing(node, None, None, self._no_port(card))
        else:
            edge = self.end.edge_to(geometry.ids[node], wanted.name)
            refusal = None if edge == self.picked else self.board.why_not(edge)
            drawn = port or card.shape.by_name.get((not self.end.is_output, wanted.name))
            landing = Landing(node, drawn, edge, refusal)
        self._asked[key] = landing
        return landing

    def _best_port(self, card: Card) -> PortSpec | CardPort | None:
        """The port that is meant by dropping on a card: one that fits, drawn and free before hidden or taken.

        Order alone (`after`, `done`) is meant only by a wire that carries order; without a fitting port, the first one, for its reason.
        """
        if card.spec is None:
            return None
        every = _ports(card.spec, is_output=not self.end.is_output)
        order_only = self._type.kind == "signal"
        fitting = [
            port for port in every if self.fits(port.type) and (port.type.kind == "signal") == order_only
        ]
        drawn = card.shape.by_name

        def rank(port: PortSpec) -> tuple[bool, bool, bool]:
            shown = drawn.get((not self.end.is_output, port.name))
            same = port.type.kind == self._type.kind and port.type.many == self._type.many
            taken = self.end.is_output and shown is not None and shown.wired
            return (shown is None, taken, not same)

        if fitting:
            return min(fitting, key=rank)
        return every[0] if every else None

    def _no_port(self, card: Card) -> str:
        if card.spec is None:
            return f'"{card.title}" is of a type that is not known here; it cannot be connected.'
        return f'"{card.title}" has no port for that.'

    def finish(self) -> None:
        self._end()
        landing = self.landing
        if landing is None:
            if self.picked is not None:
                self.board.wants_edges_changed([self.picked], [])
            else:
                self.board.wants_palette(self.end, *self.at)
        elif landing.refusal is not None or landing.edge is None:
            self.board.refused(landing.refusal or "")
        elif landing.edge != self.picked:
            self.board.wants_edges_changed([self.picked] if self.picked else [], [landing.edge])

    def cancel(self) -> None:
        self._end()

    def _end(self) -> None:
        self.board.set_dimmed(None)
        self.board.projector.peek(None)
        self.board.redraw()

    # Looks

    def paint(self, painter: QPainter, camera: Camera, style: Style) -> None:
        if not self.moved:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        if camera.zoom >= NEAR:
            self._paint_ports(painter, camera, style)
        landing = self.landing
        refused = landing is not None and landing.refusal is not None
        color = style.error if refused else style.port_color(self._type)
        width = min(max(2.4 * camera.zoom, 1.8), 4.0)
        pen = QPen(color, width, Qt.PenStyle.DashLine if refused else Qt.PenStyle.SolidLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        row = self._row()
        pixels = row * camera.zoom
        pixels[0:4:2] -= camera.left * camera.zoom
        pixels[1:4:2] -= camera.top * camera.zoom
        painter.drawPath(cubic_path(controls(pixels[None, :])))
        tip = QPointF(pixels[2], pixels[3]) if self.end.is_output else QPointF(pixels[0], pixels[1])
        painter.setBrush(color)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(tip, 4, 4)
        if landing is not None and landing.refusal is None and landing.port is not None:
            self._halo(painter, camera, style, landing.node, landing.port, strong=True)

    def _row(self) -> Floats:
        """The wire as a row of `Geometry.ends`."""
        geometry = self.board.projector.geometry
        i = geometry.index[self.end.node]
        x = float(geometry.x[i]) + (WIDTH if self.end.is_output else 0.0)
        y = float(geometry.y[i]) + geometry.cards[i].port_y(self.end.port, is_output=self.end.is_output)
        tx, ty = self.at
        landing = self.landing
        if landing is not None and landing.refusal is None:
            tx = float(geometry.x[landing.node]) + (0.0 if self.end.is_output else WIDTH)
            ty = float(geometry.y[landing.node]) + (landing.port.y if landing.port else HEADER / 2)
        x1, y1, x2, y2 = (x, y, tx, ty) if self.end.is_output else (tx, ty, x, y)
        out = float(reach(np.array(x2 - x1), np.array(y2 - y1)))
        return np.array([x1, y1, x2, y2, out])

    def _paint_ports(self, painter: QPainter, camera: Camera, style: Style) -> None:
        """Lights the ports that fit on the cards in view, and dims the others."""
        geometry = self.board.projector.geometry
        reachable = self._reachable
        if reachable is None or len(reachable) != len(geometry):
            return
        visible = geometry.nodes_in(camera.left, camera.top, camera.right, camera.bottom)
        for i in visible[reachable[visible]].tolist():
            shape = geometry.cards[i].shape
            facing = shape.outputs if not self.end.is_output else shape.inputs
            for port in facing:
                if self.fits(port.type):
                    self._halo(painter, camera, style, i, port, strong=False)
                else:
                    self._mark(painter, camera, style, i, port, dim=True)
            for port in shape.inputs if not self.end.is_output else shape.outputs:
                self._mark(painter, camera, style, i, port, dim=True)

    def _mark(
        self, painter: QPainter, camera: Camera, style: Style, i: int, port: CardPort, *, dim: bool
    ) -> None:
        geometry = self.board.projector.geometry
        x = float(geometry.x[i]) + (WIDTH if port.is_output else 0.0)
        painter.save()
        painter.translate(*camera.to_pixels(x, float(geometry.y[i]) + port.y))
        painter.scale(camera.zoom, camera.zoom)
        draw_port(painter, style, port, QPointF(0, 0), dim=dim)
        painter.restore()

    def _halo(
        self, painter: QPainter, camera: Camera, style: Style, i: int, port: CardPort, *, strong: bool
    ) -> None:
        geometry = self.board.projector.geometry
        x = float(geometry.x[i]) + (WIDTH if port.is_output else 0.0)
        center = QPointF(*camera.to_pixels(x, float(geometry.y[i]) + port.y))
        color = style.port_color(port.type)
        glow = style.theme.color(f"type_{port.type.kind}", alpha=0.5 if strong else 0.28)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        size = (13.0 if strong else 10.0) * camera.zoom
        painter.drawEllipse(center, size, size)
        painter.setPen(QPen(color, 1.6))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawEllipse(center, size - 1, size - 1)
        self._mark(painter, camera, style, i, port, dim=False)

    @property
    def refusal(self) -> str | None:
        """The sentence to show at the cursor."""
        return self.landing.refusal if self.landing and self.moved else None


def _ports(spec: NodeSpec, *, is_output: bool) -> tuple[PortSpec, ...]:
    return spec.all_outputs if is_output else spec.inputs
