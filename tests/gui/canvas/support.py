"""What canvas tests need: a small project, a canvas over it, and real mouse and key events."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import numpy as np
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QWidget

from studio.canvas import CanvasView
from studio.canvas.cards import WIDTH
from studio.kernel.ids import EdgeId, NodeId, WorkflowId
from studio.models.declare import Field, model_from_class
from studio.project import Connection, ModelEntry, Project
from studio.session import Session
from studio.workflow.frames import stand_in
from studio.workflow.graph import Edge, Frame, Node, Note, Place, Route, Workflow, frozen

LEFT = Qt.MouseButton.LeftButton
NO_MODIFIER = Qt.KeyboardModifier.NoModifier
WORKFLOW = WorkflowId("w1")


class Customer:
    """Somebody who buys."""

    id: str
    name: str
    email: str
    city: str | None = None


class Order:
    """What a customer ordered."""

    id: str
    customer_id: Annotated[str, Field(references="Customer.id")]
    total: Decimal
    status: str = "pending"


def node(node_id: str, type_name: str, title: str = "", **params: Any) -> Node:
    return Node(id=NodeId(node_id), type=type_name, title=title, params=frozen(params))


def edge(source: str, source_port: str, target: str, target_port: str) -> Edge:
    return Edge(
        source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
    )


def workflow(
    *nodes: Node,
    edges: tuple[Edge, ...] = (),
    places: Mapping[str, tuple[float, float]] | None = None,
    notes: tuple[Note, ...] = (),
    frames: tuple[Frame, ...] = (),
    framed: Mapping[str, str] | None = None,
    routes: Mapping[EdgeId, Route] | None = None,
) -> Workflow:
    """A workflow whose nodes lie side by side unless `places` says otherwise; `framed` names the frames that nodes lie in."""
    given = places or {}
    laid = {
        entry.id: Place(x=x, y=y, frame=(framed or {}).get(entry.id, ""))
        for number, entry in enumerate(nodes)
        for x, y in [given.get(entry.id, (number * 340.0, 0.0))]
    }
    return Workflow(
        id=WORKFLOW,
        name="Test",
        nodes=frozen({entry.id: entry for entry in nodes}),
        edges=edges,
        places=frozen(laid),
        notes=frozen({note.id: note for note in notes}),
        frames=frozen({frame.id: frame for frame in frames}),
        routes=frozen(routes or {}),
    )


def project(shown: Workflow) -> Project:
    connection = Connection(id="c1", name="shop", url="sqlite:///:memory:")
    models = [
        ModelEntry(id=f"m{number}", name=spec.name, connection="c1", spec=spec)
        for number, spec in enumerate(map(model_from_class, (Customer, Order)))
    ]
    return Project(
        id="p1",
        name="Shop",
        connections=frozen({"c1": connection}),
        models=frozen({entry.id: entry for entry in models}),
        workflows=frozen({shown.id: shown}),
        default_connection="c1",
    )


def session_of(*nodes: Node, **rest: Any) -> Session:
    return Session.in_memory(project(workflow(*nodes, **rest)))


def shown_workflow(view: CanvasView) -> Any:
    """The session's workflow; asserts that the picture shows that very one."""
    current = view.session.project.workflow(WORKFLOW)
    assert view.workflow is current
    assert view.projector.geometry.ids == list(current.nodes)
    geometry = view.projector.geometry
    assert geometry.edges == list(current.edges)
    routes = {edge.id: geometry.route(i) for i, edge in enumerate(current.edges)}
    assert {key: route for key, route in routes.items() if route} == dict(current.routes)
    for i, node_id in enumerate(geometry.ids):
        place = current.places.get(node_id, Place())
        # While it glides, a node is still on its way to where it lies.
        assert view.arrangement.glide.is_moving or (geometry.x[i], geometry.y[i]) == (place.x, place.y)
        assert geometry.hidden[i] == (stand_in(current.frames, place.frame) is not None)
    return current


class Mouse:
    """A person's mouse over a canvas. Points are scene coordinates unless they are QPoints."""

    def __init__(self, view: CanvasView) -> None:
        self.view = view
        self._held = Qt.MouseButton.NoButton

    @property
    def _viewport(self) -> QWidget:
        viewport: QWidget = self.view.viewer.viewport()
        return viewport

    def pixel(self, x: float, y: float) -> QPointF:
        return QPointF(*self.view.viewer.camera().to_pixels(x, y))

    def _send(
        self, kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier
    ) -> None:
        at = self.pixel(x, y)
        event = QMouseEvent(
            kind, at, QPointF(self._viewport.mapToGlobal(at.toPoint())), button, self._held, modifiers
        )
        QApplication.sendEvent(self._viewport, event)

    def press(
        self, x: float, y: float, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NO_MODIFIER
    ) -> None:
        self._held |= button
        self._send(QEvent.Type.MouseButtonPress, x, y, button, modifiers)

    def move(self, x: float, y: float, modifiers: Qt.KeyboardModifier = NO_MODIFIER) -> None:
        self._send(QEvent.Type.MouseMove, x, y, Qt.MouseButton.NoButton, modifiers)

    def release(
        self, x: float, y: float, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NO_MODIFIER
    ) -> None:
        self._held &= ~button
        self._send(QEvent.Type.MouseButtonRelease, x, y, button, modifiers)

    def click(
        self, x: float, y: float, button: Qt.MouseButton = LEFT, modifiers: Qt.KeyboardModifier = NO_MODIFIER
    ) -> None:
        self.press(x, y, button, modifiers)
        self.release(x, y, button, modifiers)

    def double_click(self, x: float, y: float) -> None:
        self.click(x, y)
        self._held |= LEFT
        self._send(QEvent.Type.MouseButtonDblClick, x, y, LEFT, NO_MODIFIER)
        self.release(x, y)

    def drag(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        button: Qt.MouseButton = LEFT,
        modifiers: Qt.KeyboardModifier = NO_MODIFIER,
    ) -> None:
        """Presses, moves in steps, lets go."""
        self.hold(start, end, button, modifiers)
        self.release(*end, button, modifiers)

    def hold(
        self,
        start: tuple[float, float],
        end: tuple[float, float],
        button: Qt.MouseButton = LEFT,
        modifiers: Qt.KeyboardModifier = NO_MODIFIER,
    ) -> None:
        """Presses and moves in steps, and does not let go."""
        self.press(*start, button, modifiers)
        for step in range(1, 6):
            x = start[0] + (end[0] - start[0]) * step / 5
            y = start[1] + (end[1] - start[1]) * step / 5
            self.move(x, y, modifiers)

    def wheel(self, x: float, y: float, notches: float) -> None:
        at = self.pixel(x, y)
        event = QWheelEvent(
            at,
            QPointF(self._viewport.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, round(notches * 120)),
            self._held,
            NO_MODIFIER,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self._viewport, event)

    def swipe(self, dx: int, dy: int) -> None:
        """Two fingers on a touchpad."""
        at = QPointF(self._viewport.rect().center())
        event = QWheelEvent(
            at,
            QPointF(self._viewport.mapToGlobal(at.toPoint())),
            QPoint(dx, dy),
            QPoint(dx * 2, dy * 2),
            self._held,
            NO_MODIFIER,
            Qt.ScrollPhase.ScrollUpdate,
            False,
        )
        QApplication.sendEvent(self._viewport, event)

    def drop(self, mime: QMimeData, x: float, y: float) -> None:
        """Drags something in from elsewhere and lets it go at a point."""
        pixel = self.pixel(x, y)
        copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
        for event in (
            QDragEnterEvent(pixel.toPoint(), copy, mime, LEFT, none),
            QDragMoveEvent(pixel.toPoint(), copy, mime, LEFT, none),
            QDropEvent(pixel, copy, mime, LEFT, none),
        ):
            QApplication.sendEvent(self._viewport, event)


def port(view: CanvasView, node_id: str, name: str, *, is_output: bool) -> tuple[float, float]:
    """The middle of a port, in scene coordinates; the port must be drawn."""
    geometry = view.projector.geometry
    i = geometry.index[NodeId(node_id)]
    drawn = geometry.cards[i].shape.by_name[is_output, name]
    return float(geometry.x[i]) + (WIDTH if is_output else 0.0), float(geometry.y[i]) + drawn.y


def header(view: CanvasView, node_id: str) -> tuple[float, float]:
    """A point in a node's header."""
    geometry = view.projector.geometry
    i = geometry.index[NodeId(node_id)]
    return float(geometry.x[i]) + 120.0, float(geometry.y[i]) + 18.0


def press_key(
    widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier = NO_MODIFIER, text: str = ""
) -> None:
    """A key press and release that go the way real ones go (through `event`, Tab included)."""
    for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
        QApplication.sendEvent(widget, QKeyEvent(kind, key, modifiers, text))


def type_text(widget: QWidget, text: str) -> None:
    for letter in text:
        press_key(widget, Qt.Key.Key_unknown, text=letter)


def settle(view: CanvasView) -> None:
    """Draws until every card is sharp."""
    view.viewer.paint_in_full()
    QApplication.processEvents()


def on_screen(view: CanvasView) -> np.ndarray:
    """What the window shows, not what it would paint anew."""
    QApplication.processEvents()
    viewport = view.viewer.viewport()
    corner = viewport.mapTo(view, viewport.rect().topLeft())
    pixmap = view.screen().grabWindow(
        view.winId(), corner.x(), corner.y(), viewport.width(), viewport.height()
    )
    image = pixmap.toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return flat[:, :, :3].copy()
