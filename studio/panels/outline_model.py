"""How does a workflow look as a tree? Its nodes in run order; below each its params with their values and the edges that end at it.

The rows of a node are made when they are asked for: a graph of ten thousand nodes costs a list of ten thousand names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QBrush

from studio.models.spec import MISSING
from studio.panels.display import cell_text, duration_text
from studio.panels.widgets import counted, item_icon
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from studio.kernel.ids import NodeId
    from studio.qt.theme import Theme
    from studio.session import NodeRunView
    from studio.workflow.graph import Edge, Node, Workflow
    from studio.workflow.spec import Catalogue, NodeSpec, ParamSpec

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()
TITLE, KIND, STATE, ROWS = range(4)
_NODES: Final = 0
"""The internal id of a row that is a node; of one below it, the node's serial."""
_FLAGS: Final = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_EDITABLE: Final = _FLAGS | Qt.ItemFlag.ItemIsEditable
_MANY: Final = 50
"""Rows that are told of one by one; more are told of all at once, and the view paints what is in sight."""
_MARKS: Final = {"succeeded": "✓", "failed": "✕", "running": "…"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamPart:
    """A row for a param. `text` is its value as it is shown."""

    param: ParamSpec
    text: str
    is_set: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgePart:
    """A row for an edge that ends at the node."""

    edge: Edge
    text: str


Part = ParamPart | EdgePart


class OutlineModel(QAbstractItemModel):
    """One workflow. A node's title can be edited in place: `renamed` says what was typed."""

    renamed = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._catalogue: Catalogue | None = None
        self._workflow: Workflow | None = None
        self._order: list[NodeId] = []
        self._rows: dict[NodeId, int] = {}
        self._serials: dict[NodeId, int] = {}
        self._by_serial: dict[int, NodeId] = {}
        self._parts: dict[NodeId, list[Part]] = {}
        self._views: dict[NodeId, NodeRunView] = {}
        self._faults: Mapping[NodeId, tuple[int, int]] = {}

    # ------------------------------------------------------------ what is shown

    def show(
        self,
        workflow: Workflow | None,
        catalogue: Catalogue | None,
        *,
        keep: Callable[[], Callable[[], None]],
    ) -> None:
        """Shows a workflow as it is now. `keep` is called before rows are made anew; what it gives is called afterwards."""
        before, self._workflow = self._workflow, workflow
        same_kinds, self._catalogue = catalogue is self._catalogue, catalogue
        if before is workflow and same_kinds:
            return
        if before is None or workflow is None or not self._is_ordered(before, workflow):
            restore = keep()
            self.beginResetModel()
            self._take(workflow.order() if workflow is not None else [])
            self.endResetModel()
            restore()
            return
        changed = {key for key in self._order if before.nodes[key] is not workflow.nodes[key]}
        for node_id in self._order:
            edges = workflow.incoming.get(node_id, ())
            if (
                not same_kinds
                or node_id in changed
                or before.incoming.get(node_id, ()) != edges
                or (changed and any(edge.source in changed for edge in edges))
            ):
                self._remake(node_id)

    def show_run(self, views: Mapping[NodeId, NodeRunView], *, anew: bool) -> None:
        """Takes the states of a run's nodes; with `anew`, those of another run than before."""
        if anew and self._views:
            self._views = {}
            self._tell_all()
        self._views.update(views)
        self._tell_of([key for key in views if key in self._rows])

    def show_faults(self, faults: Mapping[NodeId, tuple[int, int]]) -> None:
        """Takes how many errors and warnings each node has."""
        before, self._faults = self._faults, faults
        self._tell_of(
            [key for key in {**faults, **before} if faults.get(key) != before.get(key) and key in self._rows]
        )

    # ------------------------------------------------------------ finding one's way

    @property
    def order(self) -> list[NodeId]:
        return self._order

    def index_of(self, node_id: str) -> QModelIndex:
        row = self._rows.get(node_id)  # type: ignore[call-overload]  # a NodeId is a str
        return QModelIndex() if row is None else self.index(row, TITLE)

    def node_at(self, index: _Index) -> NodeId | None:
        """The node that a row is, or belongs to."""
        if not index.isValid():
            return None
        if index.internalId() == _NODES:
            return self._order[index.row()] if index.row() < len(self._order) else None
        return self._by_serial.get(index.internalId())

    def part_at(self, index: _Index) -> Part | None:
        """The param or edge of a row; None for a node."""
        if not index.isValid() or index.internalId() == _NODES:
            return None
        parts = self._parts_of(self._by_serial[index.internalId()])
        return parts[index.row()] if index.row() < len(parts) else None

    # ------------------------------------------------------------ the model

    def index(self, row: int, column: int, parent: _Index = _NOWHERE) -> QModelIndex:
        if not parent.isValid():
            inside = 0 <= row < len(self._order) and 0 <= column <= ROWS
            return self.createIndex(row, column, _NODES) if inside else QModelIndex()
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, self._serials[self._order[parent.row()]])

    def parent(self, index: Any = None) -> Any:
        if index is None:
            return super().parent()
        if not index.isValid() or index.internalId() == _NODES:
            return QModelIndex()
        return self.createIndex(self._rows[self._by_serial[index.internalId()]], 0, _NODES)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        if not parent.isValid():
            return len(self._order)
        if parent.internalId() != _NODES or parent.column() != 0:
            return 0
        return len(self._parts_of(self._order[parent.row()]))

    def hasChildren(self, parent: _Index = _NOWHERE) -> bool:
        # Not by counting: that would make the rows of every node.
        return (not parent.isValid() and bool(self._order)) or (
            parent.isValid() and parent.internalId() == _NODES and parent.column() == 0
        )

    def columnCount(self, _parent: _Index = _NOWHERE) -> int:
        return 4

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return (self.tr("Node"), self.tr("Kind or value"), self.tr("State"), self.tr("Rows"))[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(section)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        is_title = index.column() == TITLE and index.isValid() and index.internalId() == _NODES
        return _EDITABLE if is_title else _FLAGS

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        node_id = self.node_at(index)
        if role != Qt.ItemDataRole.EditRole or node_id is None or index.internalId() != _NODES:
            return False
        self.renamed.emit(node_id, str(value).strip())
        return True

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node_id = self.node_at(index)
        if node_id is None or self._workflow is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        part = self.part_at(index)
        if part is not None:
            return self._part_data(node_id, part, column, role)
        return self._node_data(node_id, column, role)

    # ------------------------------------------------------------ inside

    def _take(self, order: list[NodeId]) -> None:
        self._order = order
        self._rows = {node_id: row for row, node_id in enumerate(order)}
        self._serials = {node_id: row + 1 for row, node_id in enumerate(order)}
        self._by_serial = {serial: node_id for node_id, serial in self._serials.items()}
        self._parts = {}

    def _remake(self, node_id: NodeId) -> None:
        """Makes the rows below a node anew, if they have been made."""
        before = self._parts.get(node_id)
        if before is not None:
            parts = self._made_parts(node_id)
            parent = self.index_of(node_id)
            if len(parts) < len(before):
                self.beginRemoveRows(parent, len(parts), len(before) - 1)
                self._parts[node_id] = parts
                self.endRemoveRows()
            elif len(parts) > len(before):
                self.beginInsertRows(parent, len(before), len(parts) - 1)
                self._parts[node_id] = parts
                self.endInsertRows()
            else:
                self._parts[node_id] = parts
            if parts:
                self.dataChanged.emit(self.index(0, 0, parent), self.index(len(parts) - 1, ROWS, parent), [])
        self._tell(node_id)

    def _is_ordered(self, before: Workflow, workflow: Workflow) -> bool:
        """Whether the rows stand as they must. Edges and nodes that are the same ones need no working out."""
        if before.edges is workflow.edges and list(before.nodes) == list(workflow.nodes):
            return bool(self._order) or not workflow.nodes
        return workflow.order() == self._order

    def _tell_of(self, node_ids: Sequence[NodeId]) -> None:
        if len(node_ids) > _MANY:
            self._tell_all()
            return
        for node_id in node_ids:
            self._tell(node_id)

    def _tell_all(self) -> None:
        if self._order:
            self.dataChanged.emit(self.index(0, TITLE), self.index(len(self._order) - 1, ROWS), [])

    def _tell(self, node_id: NodeId) -> None:
        row = self._rows[node_id]
        self.dataChanged.emit(self.index(row, TITLE), self.index(row, ROWS), [])

    def _spec(self, node: Node) -> NodeSpec | None:
        return spec_for(node, self._catalogue) if self._catalogue is not None else None

    def _parts_of(self, node_id: NodeId) -> list[Part]:
        if node_id not in self._parts:
            self._parts[node_id] = self._made_parts(node_id)
        return self._parts[node_id]

    def _made_parts(self, node_id: NodeId) -> list[Part]:
        """The params that matter (set, required, or not advanced), then those the kind does not know, then the edges."""
        workflow = self._workflow
        if workflow is None:
            return []
        node = workflow.nodes[node_id]
        spec = self._spec(node)
        edges = workflow.incoming.get(node_id, ())
        fed = {edge.target_port.partition(".")[0] for edge in edges}
        parts: list[Part] = []
        for param in spec.params if spec else ():
            names = (param.name, *param.aliases)
            value = next((node.params[name] for name in names if name in node.params), MISSING)
            if value is MISSING and (param.advanced or fed & set(names)):
                continue
            parts.append(
                ParamPart(param=param, text=self._value_text(param, value), is_set=value is not MISSING)
            )
        for edge in edges:
            source = workflow.nodes[edge.source]
            spec_ = self._spec(source)
            title = source.title or (spec_.title if spec_ else source.id)
            parts.append(EdgePart(edge=edge, text=f"{title} › {edge.source_port}"))
        return parts

    def _value_text(self, param: ParamSpec, value: Any) -> str:
        if value is not MISSING:
            return cell_text(value)
        if param.required:
            return self.tr("required, not set")
        if param.default is MISSING or param.default is None:
            return self.tr("not set")
        return self.tr("{value} (default)").format(value=cell_text(param.default))

    def _part_data(self, node_id: NodeId, part: Part, column: int, role: int) -> Any:
        name = part.param.label or part.param.name if isinstance(part, ParamPart) else part.edge.target_port
        if role == Qt.ItemDataRole.DisplayRole:
            return {TITLE: name, KIND: part.text}.get(column, "")
        if role == Qt.ItemDataRole.AccessibleTextRole:
            if column == TITLE:
                text = (
                    self.tr("{name}: {value}")
                    if isinstance(part, ParamPart)
                    else self.tr("{name} from {value}")
                )
                return text.format(name=name, value=part.text)
            return {KIND: part.text}.get(column, "")
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(part, ParamPart):
            return part.param.description
        if role == Qt.ItemDataRole.DecorationRole and column == TITLE and isinstance(part, EdgePart):
            return item_icon("arrow-left", self.theme, "accent_text")
        if role == Qt.ItemDataRole.ForegroundRole and isinstance(part, ParamPart) and not part.is_set:
            return QBrush(self.theme.color("error" if part.param.required else "text_muted"))
        return None

    def _node_data(self, node_id: NodeId, column: int, role: int) -> Any:
        assert self._workflow is not None
        node = self._workflow.nodes[node_id]
        spec = self._spec(node)
        title = node.title or (spec.title if spec else node.id)
        if role == Qt.ItemDataRole.DisplayRole:
            kind = spec.title if spec else node.type
            return (title, kind, self.state_text(node_id), self._rows_text(node_id))[column]
        if role == Qt.ItemDataRole.EditRole and column == TITLE:
            return title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            texts = (
                title,
                spec.title if spec else node.type,
                self.state_text(node_id),
                self._rows_text(node_id),
            )
            if column != TITLE:
                return texts[column]
            rows = self.tr("{n} rows").format(n=texts[ROWS]) if texts[ROWS] else ""
            return ", ".join(dict.fromkeys(filter(None, (*texts[:ROWS], rows))))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self.tr("Enter edits the params, F2 renames, Ctrl+L connects, Del deletes")
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{node.type} · {node.id}" + (f"\n{node.comment}" if node.comment else "")
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._node_brush(node, spec, column)
        return None

    def _node_brush(self, node: Node, spec: NodeSpec | None, column: int) -> QBrush | None:
        if node.disabled:
            return QBrush(self.theme.color("text_muted"))
        if column == KIND:
            operation, category = (spec.operation, spec.category) if spec else ("", "flow")
            return QBrush(self.theme.operation_color(operation, category))
        if column == STATE:
            view = self._views.get(node.id)
            state = view.state if view is not None else ""
            if state == "failed" or self._faults.get(node.id, (0, 0))[0]:
                return QBrush(self.theme.color("error"))
            return QBrush(self.theme.color("ok" if state == "succeeded" else "text_muted"))
        return None

    def state_text(self, node_id: NodeId) -> str:
        """How a node is: off, what is wrong with it, and how it did in the run that is shown."""
        assert self._workflow is not None
        node = self._workflow.nodes[node_id]
        facts = [self.tr("off")] if node.disabled else []
        errors, warnings = self._faults.get(node_id, (0, 0))
        if errors:
            facts.append(self.tr("1 error") if errors == 1 else self.tr("{n} errors").format(n=errors))
        elif warnings:
            facts.append(
                self.tr("1 warning") if warnings == 1 else self.tr("{n} warnings").format(n=warnings)
            )
        view = self._views.get(node_id)
        if view is not None:
            mark = _MARKS.get(view.state, "")
            facts.append(f"{mark} {view.state}".strip())
            if view.duration_ms is not None:
                facts.append(duration_text(view.duration_ms))
        return " · ".join(facts)

    def _rows_text(self, node_id: NodeId) -> str:
        view = self._views.get(node_id)
        return counted(view.rows) if view is not None and view.rows is not None else ""


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == ROWS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
