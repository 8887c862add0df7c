"""How does a workflow look as a tree? Its nodes in run order, with params and edges below; then frames, notes and bookmarks.

The rows of a node are made when they are asked for: a graph of ten thousand nodes costs a list of ten thousand names. What is written in
rows is `outline_rows`' business, what stands beside the nodes `outline_layout`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from studio.panels.outline_layout import Entry, LayoutTree
from studio.panels.outline_rows import KIND, ROWS, STATE, TITLE, EdgePart, OutlineRows, ParamPart, Part

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from studio.kernel.ids import NodeId
    from studio.qt.theme import Theme
    from studio.session import NodeRunView
    from studio.workflow.graph import Workflow
    from studio.workflow.spec import Catalogue

__all__ = ["KIND", "ROWS", "STATE", "TITLE", "Address", "EdgePart", "OutlineModel", "ParamPart"]

Address = tuple[str, str, int]
"""What a row is, for as long as that is there: "node", "part" or an entry's kind; its id or key; of a part, its row."""

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()
_TOP: Final = 0
"""The internal id of a row that is a node or a section. Of one below a node it is the node's serial,"""
_BELOW: Final = 1 << 40
"""and of one below an entry of the layout, this and the entry's number."""
_FLAGS: Final = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_EDITABLE: Final = _FLAGS | Qt.ItemFlag.ItemIsEditable
_MANY: Final = 50
"""Rows that are told of one by one; more are told of all at once, and the view paints what is in sight."""


class OutlineModel(QAbstractItemModel):
    """One workflow. Titles of nodes, frames and bookmarks can be edited in place: `renamed` says what was typed."""

    renamed = Signal(str, str, str)
    """("node", "frame" or "bookmark"; its id or key; the title)."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows = OutlineRows(theme, self)
        self._order: list[NodeId] = []
        self._rows: dict[NodeId, int] = {}
        self._serials: dict[NodeId, int] = {}
        self._by_serial: dict[int, NodeId] = {}
        self._parts: dict[NodeId, list[Part]] = {}
        self._layout = LayoutTree()

    def set_theme(self, theme: Theme) -> None:
        self.rows.theme = theme

    # ------------------------------------------------------------ what is shown

    def show(
        self,
        workflow: Workflow | None,
        catalogue: Catalogue | None,
        *,
        keep: Callable[[], Callable[[], None]],
    ) -> None:
        """Shows a workflow as it is now. `keep` is called before rows are made anew; what it gives is called afterwards."""
        before, self.rows.workflow = self.rows.workflow, workflow
        same_kinds, self.rows.catalogue = catalogue is self.rows.catalogue, catalogue
        if before is workflow and same_kinds:
            return
        if before is None or workflow is None or not self._is_ordered(before, workflow):
            self._reset(workflow, workflow.order() if workflow is not None else [], keep)
            return
        if not _is_laid_out_alike(before, workflow):
            layout = LayoutTree.of(workflow, self._order)
            if layout.shape != self._layout.shape:
                self._reset(workflow, self._order, keep)
                return
            self._tell_layout()
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
        if anew:
            if views or self.rows.views:
                self.rows.views = dict(views)
                self._tell_all()
            return
        self.rows.views.update(views)
        self._tell_of([key for key in views if key in self._rows])

    def show_faults(self, faults: Mapping[NodeId, tuple[int, int]]) -> None:
        """Takes how many errors and warnings each node has."""
        before, self.rows.faults = self.rows.faults, faults
        self._tell_of(
            [key for key in {**faults, **before} if faults.get(key) != before.get(key) and key in self._rows]
        )

    def show_breakpoints(self, conditions: Mapping[NodeId, str]) -> None:
        """Takes the conditions of the breakpoints before nodes; empty: always."""
        before, self.rows.breakpoints = self.rows.breakpoints, conditions
        self._tell_of(
            [
                key
                for key in {**conditions, **before}
                if conditions.get(key) != before.get(key) and key in self._rows
            ]
        )

    def show_stale(self, nodes: frozenset[NodeId]) -> None:
        """Which nodes were edited since they ran, or follow one that was."""
        changed, self.rows.stale = nodes ^ self.rows.stale, nodes
        self._tell_of([node_id for node_id in self._order if node_id in changed])

    def show_waiting(self, node_id: NodeId | None) -> None:
        """Takes the node before which, or within which, the run waits."""
        before, self.rows.waiting = self.rows.waiting, node_id
        if before != node_id:
            self._tell_of([key for key in (before, node_id) if key is not None and key in self._rows])

    # ------------------------------------------------------------ finding one's way

    @property
    def order(self) -> list[NodeId]:
        return self._order

    def index_of(self, node_id: str) -> QModelIndex:
        row = self._rows.get(node_id)  # type: ignore[call-overload]  # a NodeId is a str
        return QModelIndex() if row is None else self.index(row, TITLE)

    def entry_at(self, index: _Index) -> Entry | None:
        """The section, frame, note, bookmark or node in a frame that a row is; None for a node, its params and edges."""
        if not index.isValid():
            return None
        if index.internalId() == _TOP:
            row = index.row() - len(self._order)
            return self._layout.sections[row] if 0 <= row < len(self._layout.sections) else None
        if index.internalId() < _BELOW:
            return None
        parent = self._layout.entries[index.internalId() - _BELOW]
        return parent.children[index.row()] if index.row() < len(parent.children) else None

    def index_of_entry(self, entry: Entry, column: int = TITLE) -> QModelIndex:
        if entry.parent is None:
            return self.createIndex(len(self._order) + entry.row, column, _TOP)
        return self.createIndex(entry.row, column, _BELOW + entry.parent.number)

    def index_of_thing(self, kind: str, key: str) -> QModelIndex:
        """The first row of a frame, note, bookmark or section; an invalid index when there is none."""
        entry = self._layout.find(kind, key)
        return self.index_of_entry(entry) if entry is not None else QModelIndex()

    def address(self, index: _Index) -> Address | None:
        """What a row is, in words that outlive its index."""
        entry, node_id = self.entry_at(index), self.node_at(index)
        if entry is not None:
            return entry.kind, entry.key, 0
        if node_id is None:
            return None
        return ("node", node_id, 0) if index.internalId() == _TOP else ("part", node_id, index.row())

    def index_at(self, address: Address) -> QModelIndex:
        """The row of that address; the node's own when it has fewer rows below it now."""
        kind, key, row = address
        if kind not in ("node", "part"):
            return self.index_of_thing(kind, key)
        node = self.index_of(key)
        inner = self.index(row, TITLE, node) if kind == "part" else QModelIndex()
        return inner if inner.isValid() else node

    @property
    def branches(self) -> list[QModelIndex]:
        """The rows that may be unfolded."""
        nodes = [self.index(row, TITLE) for row in range(len(self._order))]
        return nodes + [self.index_of_entry(entry) for entry in self._layout.entries if entry.children]

    def node_at(self, index: _Index) -> NodeId | None:
        """The node that a row is, or belongs to."""
        if not index.isValid():
            return None
        entry = self.entry_at(index)
        if entry is not None:
            return entry.key if entry.kind == "member" else None  # type: ignore[return-value]  # its node's id
        if index.internalId() == _TOP:
            return self._order[index.row()] if index.row() < len(self._order) else None
        return self._by_serial.get(index.internalId())

    def part_at(self, index: _Index) -> Part | None:
        """The param or edge of a row; None for anything else."""
        if not index.isValid() or index.internalId() == _TOP or index.internalId() >= _BELOW:
            return None
        parts = self._parts_of(self._by_serial[index.internalId()])
        return parts[index.row()] if index.row() < len(parts) else None

    # ------------------------------------------------------------ the model

    def index(self, row: int, column: int, parent: _Index = _NOWHERE) -> QModelIndex:
        if not (0 <= row < self.rowCount(parent) and 0 <= column <= ROWS):
            return QModelIndex()
        if not parent.isValid():
            return self.createIndex(row, column, _TOP)
        entry = self.entry_at(parent)
        if entry is not None:
            return self.createIndex(row, column, _BELOW + entry.number)
        return self.createIndex(row, column, self._serials[self._order[parent.row()]])

    def parent(self, index: Any = None) -> Any:
        if index is None:
            return super().parent()
        if not index.isValid() or index.internalId() == _TOP:
            return QModelIndex()
        if index.internalId() >= _BELOW:
            return self.index_of_entry(self._layout.entries[index.internalId() - _BELOW])
        return self.createIndex(self._rows[self._by_serial[index.internalId()]], 0, _TOP)

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        if not parent.isValid():
            return len(self._order) + len(self._layout.sections)
        if parent.column() != TITLE:
            return 0
        entry = self.entry_at(parent)
        if entry is not None:
            return len(entry.children)
        return len(self._parts_of(self._order[parent.row()])) if parent.internalId() == _TOP else 0

    def hasChildren(self, parent: _Index = _NOWHERE) -> bool:
        if not parent.isValid():
            return bool(self._order or self._layout.sections)
        entry = self.entry_at(parent)
        if entry is not None:
            return bool(entry.children) and parent.column() == TITLE
        # Not by counting: that would make the rows of every node.
        return parent.internalId() == _TOP and parent.column() == TITLE

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
        return _EDITABLE if index.column() == TITLE and self._titled(index) is not None else _FLAGS

    def _titled(self, index: _Index) -> tuple[str, str] | None:
        """What a row's title is the title of, and may be edited; None when it is nobody's."""
        entry, node_id = self.entry_at(index), self.node_at(index)
        if entry is not None and entry.kind in ("frame", "bookmark"):
            return entry.kind, entry.key
        return ("node", node_id) if node_id is not None and self.part_at(index) is None else None

    def setData(self, index: _Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        titled = self._titled(index)
        if role != Qt.ItemDataRole.EditRole or titled is None:
            return False
        self.renamed.emit(*titled, str(value).strip())
        return True

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self.rows.workflow is None:
            return None
        column = index.column()
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _alignment(column)
        entry = self.entry_at(index)
        if entry is not None:
            return self.rows.entry_data(entry, column, role)
        node_id = self.node_at(index)
        if node_id is None:
            return None
        part = self.part_at(index)
        if part is not None:
            return self.rows.part_data(part, column, role)
        return self.rows.node_data(node_id, column, role)

    def state_text(self, node_id: NodeId) -> str:
        """How a node is: off, what is wrong with it, and how it did in the run that is shown."""
        return self.rows.state_text(node_id)

    # ------------------------------------------------------------ inside

    def _reset(
        self, workflow: Workflow | None, order: list[NodeId], keep: Callable[[], Callable[[], None]]
    ) -> None:
        restore = keep()
        self.beginResetModel()
        self._take(order)
        self._layout = LayoutTree.of(workflow, order) if workflow is not None else LayoutTree()
        self.endResetModel()
        restore()

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
            parts = self.rows.parts_of(node_id)
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
        self._tell_layout()

    def _tell_layout(self) -> None:
        for entry in self._layout.entries:
            self._tell_entry(entry)

    def _tell_entry(self, entry: Entry) -> None:
        self.dataChanged.emit(self.index_of_entry(entry), self.index_of_entry(entry, ROWS), [])

    def _tell(self, node_id: NodeId) -> None:
        row = self._rows[node_id]
        self.dataChanged.emit(self.index(row, TITLE), self.index(row, ROWS), [])
        for entry in self._layout.members(node_id):
            self._tell_entry(entry)

    def _parts_of(self, node_id: NodeId) -> list[Part]:
        if node_id not in self._parts:
            self._parts[node_id] = self.rows.parts_of(node_id)
        return self._parts[node_id]


def _is_laid_out_alike(before: Workflow, workflow: Workflow) -> bool:
    """Whether what stands beside the nodes is the same for certain. Where nodes lie matters only while there are frames."""
    parts = ("frames", "notes", "bookmarks", *(("places", "nodes") if workflow.frames else ()))
    return all(getattr(before, part) is getattr(workflow, part) for part in parts)


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column == ROWS else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter
