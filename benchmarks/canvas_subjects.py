"""What is measured on the canvas? A generated graph, shown by Studio's canvas and by NodeGraphQt as it comes."""

from __future__ import annotations

import gc
import os
import random
import time
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from studio.kernel.ids import WorkflowId

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

WIDTH: Final = 1600
HEIGHT: Final = 1000
_TYPES: Final = (
    "OrderListNode", "OrderBulkCreateNode", "OrderCreateNode", "OrderReadNode", "OrderUpdateNode", "OrderCountNode", "If", "Map",
)  # fmt: skip
_EMPTY: Final = WorkflowId("empty")


class Order:
    """What the benchmark's nodes are about."""

    id: str
    customer_id: str
    total: Decimal
    status: str = "pending"


def random_graph(count: int, *, seed: int = 1) -> Any:
    """A workflow of `count` nodes in rows, each joined to one or two of those just before it: some 1.3 edges a node."""
    from studio.kernel.ids import NodeId
    from studio.workflow.graph import Edge, Node, Place, Workflow, frozen

    chance = random.Random(seed)
    columns = max(int((count * 1.5) ** 0.5), 1)
    nodes, places, edges = {}, {}, []
    for number in range(count):
        node_id = NodeId(f"node_{number}")
        kind = chance.choice(_TYPES)
        params: dict[str, Any] = {"filter": {"status": "pending"}} if kind == "OrderListNode" else {}
        nodes[node_id] = Node(id=node_id, type=kind, title=f"{kind} {number}", params=frozen(params))
        places[node_id] = Place(x=(number % columns) * 320.0, y=(number // columns) * 220.0)
        inputs = [name for name in _INPUTS[kind] if number]
        chance.shuffle(inputs)
        for name in inputs[: 1 if chance.random() < 0.62 else 2]:
            back = chance.choice((1, 1, 1, 2, columns, columns + 1))
            if number - back >= 0:
                source = NodeId(f"node_{number - back}")
                port = _OUTPUTS[nodes[source].type]
                edges.append(Edge(source=source, source_port=port, target=node_id, target_port=name))
    return Workflow(
        id=WorkflowId("bench"), name="Bench", nodes=frozen(nodes), edges=tuple(edges), places=frozen(places)
    )


_INPUTS: Final = {
    "OrderListNode": ("filter", "after"),
    "OrderBulkCreateNode": ("data", "after"),
    "OrderCreateNode": ("customer_id", "after"),
    "OrderReadNode": ("id", "after"),
    "OrderUpdateNode": ("fields", "after"),
    "OrderCountNode": ("filter", "after"),
    "If": ("value", "after"),
    "Map": ("records", "after"),
}
_OUTPUTS: Final = {
    "OrderListNode": "records",
    "OrderBulkCreateNode": "created",
    "OrderCreateNode": "record",
    "OrderReadNode": "record",
    "OrderUpdateNode": "record",
    "OrderCountNode": "count",
    "If": "true",
    "Map": "records",
}


# Ours


class OurCanvas:
    """Studio's canvas over a session in memory."""

    def __init__(self, graph: Any) -> None:
        from studio.canvas.view import CanvasView
        from studio.models.declare import model_from_class
        from studio.project import Connection, ModelEntry, Project
        from studio.qt.theme import Theme
        from studio.session import Session
        from studio.workflow.graph import Workflow, frozen

        self.graph = graph
        empty = Workflow(id=graph.id, name="Bench")
        project = Project(
            id="p",
            name="Bench",
            connections=frozen({"c": Connection(id="c", name="main", url="sqlite:///:memory:")}),
            models=frozen(
                {"m": ModelEntry(id="m", name="Order", connection="c", spec=model_from_class(Order))}
            ),
            workflows=frozen({graph.id: graph, _EMPTY: replace(empty, id=_EMPTY)}),
            default_connection="c",
        )
        self.session = Session.in_memory(project)
        self.view = CanvasView(self.session, Theme.dark())
        # Problems are worked out after opening; that is the engine's figure, not a frame's.
        self.view.following.problems_timer.timeout.disconnect()
        self.view.resize(WIDTH, HEIGHT)
        self.view.show_workflow(_EMPTY)
        self.view.show()
        settle()
        gc.collect()
        started = time.perf_counter()
        self.view.show_workflow(graph.id)
        self.view.viewer.viewport().repaint()
        self.opened_s = time.perf_counter() - started
        settle()

    def look(self, *, far: bool) -> None:
        viewer = self.view.viewer
        self.view.fit()
        left, top, right, bottom = self.view.projector.geometry.bounds() or (0, 0, 0, 0)
        if not far:
            viewer.zoom_to(1.0)
            viewer.center_on((left + right) / 2, (top + bottom) / 2)
        self.rest()

    def rest(self) -> None:
        """As after a pause: everything that is in view is painted."""
        viewer = self.view.viewer
        deadline = time.perf_counter() + 3
        time.sleep(0.16)
        frame()
        viewer.viewport().repaint()
        while not viewer.painter_.is_complete and time.perf_counter() < deadline:
            viewer.viewport().repaint()

    def pan(self, turn: int) -> None:
        self.view.viewer.pan_by(-12 if turn % 20 < 10 else 12, -5 if turn % 2 else 5)
        frame()

    def zoom(self, turn: int) -> None:
        from PySide6.QtCore import QPointF

        viewer = self.view.viewer
        viewer._set_viewer_zoom(-60 if turn % 20 < 10 else 60, pos=QPointF(WIDTH / 2, HEIGHT / 2))
        frame()

    def close(self) -> None:
        self.view.close()
        self.view.deleteLater()
        settle()


# Stock NodeGraphQt


class StockCanvas:
    """The same graph in NodeGraphQt as it comes."""

    def __init__(self, graph: Any) -> None:
        from studio.canvas.qt_shim import BaseNode, NodeGraph

        stock_node = type("StockNode", (BaseNode,), {"__identifier__": "bench", "NODE_NAME": "node"})
        gc.collect()
        started = time.perf_counter()
        self.graph = NodeGraph()
        self.graph.register_node(stock_node)
        made = {}
        for number, (node_id, node) in enumerate(graph.nodes.items()):
            place = graph.places[node_id]
            item = self.graph.create_node(
                "bench.StockNode", name=node.title, pos=(place.x, place.y), selected=False, push_undo=False
            )
            for name in (*_INPUTS[node.type], "more", "still more")[: 2 + number % 3]:
                item.add_input(name)
            for name in (_OUTPUTS[node.type], "done", "error")[: 2 + number % 2]:
                item.add_output(name)
            made[node_id] = item
        for edge in graph.edges:
            source = made[edge.source].outputs()[edge.source_port]
            target = made[edge.target].inputs()[edge.target_port]
            source.connect_to(target, push_undo=False, emit_signal=False)
        self._items = list(made.values())
        self.viewer = self.graph.viewer()
        self.viewer.resize(WIDTH, HEIGHT)
        self.viewer.show()
        self.viewer.viewport().repaint()
        self.opened_s = time.perf_counter() - started
        self._bounds = self._all()
        settle()

    def _all(self) -> Any:
        return self.viewer.scene().itemsBoundingRect()

    def look(self, *, far: bool) -> None:
        from PySide6.QtCore import QRectF

        if far:
            self.viewer._scene_range = QRectF(self._bounds)
        else:
            self.viewer._scene_range = QRectF(0, 0, WIDTH, HEIGHT)
            self.viewer._scene_range.moveCenter(self._bounds.center())
        self.viewer._update_scene()
        self.viewer.viewport().repaint()

    def pan(self, turn: int) -> None:
        scale = self.viewer.transform().m11()
        self.viewer._set_viewer_pan((12 if turn % 20 < 10 else -12) / scale, (5 if turn % 2 else -5) / scale)
        frame()

    def zoom(self, turn: int) -> None:
        from PySide6.QtCore import QPoint

        self.viewer._set_viewer_zoom(-60 if turn % 20 < 10 else 60, pos=QPoint(WIDTH // 2, HEIGHT // 2))
        frame()

    def center_on(self, number: int) -> None:
        from PySide6.QtCore import QRectF

        self.viewer._scene_range = QRectF(0, 0, WIDTH, HEIGHT)
        self.viewer._scene_range.moveCenter(self._items[number].view.sceneBoundingRect().center())
        self.viewer._update_scene()
        self.viewer.viewport().repaint()

    def drag(self, number: int, dx: float, dy: float) -> None:
        """What a mouse move does to a node that is dragged."""
        item = self._items[number].view
        item.setPos(item.x() + dx, item.y() + dy)
        frame()

    def select_all(self) -> None:
        self.graph.select_all()
        self.viewer.viewport().repaint()

    def delete_all(self) -> None:
        self.graph.delete_nodes(self.graph.selected_nodes())
        self.viewer.viewport().repaint()

    def undo(self) -> None:
        self.graph.undo_stack().undo()
        self.viewer.viewport().repaint()

    def close(self) -> None:
        self.viewer.close()
        self.viewer.deleteLater()
        self.graph.deleteLater()
        settle()


def frame() -> None:
    """Lets the window paint what it has asked to paint."""
    from PySide6.QtWidgets import QApplication

    QApplication.processEvents()


def settle() -> None:
    from PySide6.QtWidgets import QApplication

    for _ in range(3):
        QApplication.processEvents()
