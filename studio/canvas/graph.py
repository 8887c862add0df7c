"""How does NodeGraphQt's graph speak to the session? Its gesture slots become use cases; nothing is kept here.

The graph owns no nodes: `NodeTable` makes a light object for one when NodeGraphQt (a menu, a signal) asks for it. Its undo stack and its
session files are not used; the project's history is the only one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

from PySide6.QtCore import QMimeData, QObject, QPoint

from studio.canvas.projector import Projector
from studio.canvas.qt_shim import BaseNode, NodeFactory, NodeGraph
from studio.canvas.viewer import CanvasViewer
from studio.kernel.ids import NodeId
from studio.qt.mime import read_node_type
from studio.workflow.graph import Edge
from studio.workflow.spec import Catalogue


class Editing(Protocol):
    """What the graph's gestures are turned into."""

    def add_node(self, type_name: str, x: float, y: float, params: Mapping[str, Any]) -> NodeId | None: ...
    def drop_node(self, type_name: str, x: float, y: float, params: Mapping[str, Any]) -> None: ...
    def move_nodes(self, places: Mapping[NodeId, tuple[float, float]]) -> None: ...
    def change_edges(self, disconnected: list[Edge], connected: list[Edge]) -> None: ...
    def set_title(self, node_id: NodeId, title: str) -> None: ...
    def remove(self, node_ids: list[NodeId], edges: list[Edge]) -> None: ...
    def activate(self, node_id: NodeId) -> None: ...
    def select_all(self) -> None: ...
    def fit_selection(self) -> None: ...


class NodeHandle:
    """Stands where NodeGraphQt expects a node's graphics item; there is none."""

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.type_ = ""
        self.layout_direction = 0
        self.selected = False
        self.widgets: dict[str, Any] = {}
        self.inputs: list[Any] = []
        self.outputs: list[Any] = []

    @property
    def properties(self) -> dict[str, Any]:
        return {"name": self.name, "selected": self.selected}

    def isSelected(self) -> bool:
        return self.selected

    def from_dict(self, settings: Mapping[str, Any]) -> None:
        self.name = settings.get("name", self.name)

    def draw_node(self) -> None:
        """Drawing is the scene painter's business."""


class CanvasNode(BaseNode):
    """A node as NodeGraphQt hands it to menus and signals: its own id, its title, where it lies. Altering it alters nothing."""

    __identifier__ = "studio"
    NODE_NAME = "Node"

    def __init__(self) -> None:
        super().__init__(NodeHandle)


class NodeTable(Mapping[NodeId, CanvasNode]):
    """The nodes that are shown, made one at a time when they are asked for."""

    def __init__(self, projector: Projector) -> None:
        self._projector = projector

    def __len__(self) -> int:
        return len(self._projector.geometry)

    def __iter__(self) -> Iterator[NodeId]:
        return iter(self._projector.geometry.ids)

    def __getitem__(self, node_id: NodeId) -> CanvasNode:
        geometry = self._projector.geometry
        i = geometry.index[node_id]
        node = CanvasNode()
        node.model.id = node.view.id = node_id
        node.model.name = node.view.name = geometry.cards[i].title
        node.model.pos = [float(geometry.x[i]), float(geometry.y[i])]
        node.model.selected = node.view.selected = bool(geometry.selected[i])
        node.model.disabled = geometry.cards[i].node.disabled
        return node


class CatalogueFactory(NodeFactory):
    """NodeGraphQt's factory, filled from the project's catalogue."""

    def __init__(self, catalogue: Callable[[], Catalogue]) -> None:
        super().__init__()
        self._catalogue = catalogue

    @property
    def nodes(self) -> dict[str, type[CanvasNode]]:
        return {spec.type: CanvasNode for spec in self._catalogue().specs()}

    @property
    def names(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for spec in self._catalogue().specs():
            found.setdefault(spec.title, []).append(spec.type)
        return found

    def create_node_instance(self, node_type: str | None = None) -> CanvasNode | None:
        return CanvasNode() if node_type and self._catalogue().find(node_type) else None


class CanvasGraph(NodeGraph):
    """NodeGraphQt's controller over a projection."""

    def __init__(
        self,
        viewer: CanvasViewer,
        projector: Projector,
        editing: Editing,
        catalogue: Callable[[], Catalogue],
        parent: QObject,
    ) -> None:
        self._projector = projector
        self._editing = editing
        super().__init__(parent, viewer=viewer, node_factory=CatalogueFactory(catalogue))
        self._model.nodes = NodeTable(projector)

    def _register_builtin_nodes(self) -> None:
        """None: kinds of node come from the catalogue."""

    # Gestures, told by the viewer

    def _on_nodes_moved(self, node_data: Mapping[NodeId, tuple[float, float]]) -> None:
        self._editing.move_nodes(node_data)

    def _on_connection_changed(self, disconnected: list[Edge], connected: list[Edge]) -> None:
        self._editing.change_edges(disconnected, connected)

    def _on_connection_sliced(self, ports: list[Edge]) -> None:
        self._editing.change_edges(ports, [])

    def _on_search_triggered(self, node_type: str, pos: tuple[float, float]) -> None:
        self._editing.add_node(node_type, pos[0], pos[1], {})

    def _on_node_data_dropped(self, mimedata: QMimeData, pos: QPoint) -> None:
        found = read_node_type(mimedata)
        if found is not None:
            self._editing.drop_node(found[0], pos.x(), pos.y(), found[1])

    def _on_node_name_changed(self, node_id: str, name: str) -> None:
        self._editing.set_title(NodeId(node_id), name)

    def _on_node_double_clicked(self, node_id: str) -> None:
        self._editing.activate(NodeId(node_id))
        super()._on_node_double_clicked(node_id)

    def _on_node_selection_changed(self, sel_ids: list[str], desel_ids: list[str]) -> None:
        """Selections are told by the viewer's own signal: one object per node would be too many."""

    # What NodeGraphQt's own callers may ask for

    def create_node(
        self,
        node_type: str,
        name: str | None = None,
        selected: bool = True,
        color: Any = None,
        text_color: Any = None,
        pos: tuple[float, float] | None = None,
        push_undo: bool = True,
    ) -> CanvasNode | None:
        x, y = pos or self.cursor_pos()
        node_id = self._editing.add_node(node_type, x, y, {})
        return self.get_node_by_id(node_id) if node_id else None

    def delete_nodes(self, nodes: list[CanvasNode], push_undo: bool = True) -> None:
        self._editing.remove([NodeId(node.id) for node in nodes], [])

    def delete_node(self, node: CanvasNode, push_undo: bool = True) -> None:
        self.delete_nodes([node])

    def selected_nodes(self) -> list[CanvasNode]:
        geometry = self._projector.geometry
        return [self._model.nodes[geometry.ids[i]] for i in geometry.selected.nonzero()[0].tolist()]

    def select_all(self) -> None:
        self._editing.select_all()

    def fit_to_selection(self) -> None:
        self._editing.fit_selection()
