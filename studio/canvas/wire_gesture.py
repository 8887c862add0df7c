"""How is a wire drawn from a port to the mouse, and where may it land? Ports that fit are lit, all else is dimmed, a refusal says why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.canvas.camera import NEAR, Camera
from studio.canvas.cards import HEADER, WIDTH, Card, CardPort
from studio.canvas.curves import Floats, controls, reach
from studio.canvas.geometry import Bools
from studio.canvas.gestures import Board, Gesture, WireEnd
from studio.canvas.hits import Hit
from studio.canvas.primitives import cubic_path
from studio.canvas.style import Style, draw_port
from studio.workflow.graph import Edge
from studio.workflow.spec import NodeSpec, PortSpec
from studio.workflow.types import PortType, clash

if TYPE_CHECKING:
    from studio.session.wiring import Converter, Match


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a wire would land: a port of a node, or the reason why not; and the node that would make it fit all the same."""

    node: int
    port: CardPort | None
    edge: Edge | None
    refusal: str | None
    converter: Converter | None = None


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
            dimmed = ~self._reachable
            # Where it comes from is looked at as much as where it could go.
            dimmed[self.board.projector.geometry.index[self.end.node]] = False
            self.board.set_dimmed(dimmed)
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
            known = known or bool((match := self._match(card.spec, None)) and not match.refusal)
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
        landing = self._meant(node, card, None) if port is None else None
        if landing is None:
            wanted = port or self._best_port(card)
            if wanted is None:
                landing = Landing(node, None, None, self._no_port(card))
            else:
                edge = self.end.edge_to(geometry.ids[node], wanted.name)
                refusal = None if edge == self.picked else self.board.why_not(edge)
                drawn = port or card.shape.by_name.get((not self.end.is_output, wanted.name))
                landing = Landing(node, drawn, edge, refusal)
                if refusal is not None:
                    meant = self._meant(node, card, port) if port is not None else None
                    landing = meant or replace(landing, converter=self.board.converter(edge))
        self._asked[key] = landing
        return landing

    def _match(self, spec: NodeSpec | None, port: str | None) -> Match | None:
        """What the models say of a wire to a node of a kind, or to a port of it."""
        geometry = self.board.projector.geometry
        own = geometry.cards[geometry.index[self.end.node]].spec
        if own is None or spec is None:
            return None
        if self.end.is_output:
            return self.board.match(own, self.end.port, spec, port)
        return self.board.match(spec, port, own, self.end.port)

    def _meant(self, node: int, card: Card, port: CardPort | None) -> Landing | None:
        """The field that the wire means, by the models; None when they say nothing, or when that cannot be."""
        match = self._match(card.spec, port.name if port else None)
        if match is None or self._type.kind == "signal":
            return None
        if match.refusal:
            return Landing(node, None, None, match.refusal)
        ids = self.board.projector.geometry.ids
        source, target = (self.end.node, ids[node]) if self.end.is_output else (ids[node], self.end.node)
        edge = Edge(
            source=source, source_port=match.source_port, target=target, target_port=match.target_port
        )
        if edge != self.picked and self.board.why_not(edge) is not None:
            return None
        name = match.target_port if self.end.is_output else match.source_port.partition(".")[0]
        return Landing(node, card.shape.by_name.get((not self.end.is_output, name)), edge, None)

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
        elif landing.converter is not None and landing.edge is not None:
            self.board.offers_converter(landing.edge, landing.converter, self.picked)
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
        refused = landing is not None and landing.refusal is not None and landing.converter is None
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
    def offer(self) -> str | None:
        """The sentence that offers a node to be put between, to show at the cursor."""
        converter = self.landing.converter if self.landing and self.moved else None
        return f'{converter.reason}: add "{converter.title}"?' if converter is not None else None

    @property
    def refusal(self) -> str | None:
        """The sentence to show at the cursor."""
        return self.landing.refusal if self.landing and self.moved else None


def _ports(spec: NodeSpec, *, is_output: bool) -> tuple[PortSpec, ...]:
    return spec.all_outputs if is_output else spec.inputs
