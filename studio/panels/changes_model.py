"""What did a run change, field by field? The rows of the grid of changes, in groups, and the Qt model that shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QFont

from studio.panels.display import cell_text, full_text
from studio.qt.theme import Theme

if TYPE_CHECKING:
    from studio.runtime import Changeset, RecordChange

Grouping = Literal["model", "node"]
Index = QModelIndex | QPersistentModelIndex

SIGNS: Final[Mapping[str, tuple[str, str]]] = {
    "create": ("+ created", "ok"),
    "update": ("~ updated", "warning"),
    "delete": ("− deleted", "error"),
}
"""Of each operation what is written, and the theme's colour: never the colour alone."""


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A field of a changed record, or the head of a group: then only `group` is filled, and `operation` is empty."""

    group: str
    operation: str = ""
    where: str = ""
    key: str = ""
    field: str = ""
    old: Any = None
    new: Any = None


def change_rows(
    changes: Changeset, titles: Mapping[str, str], *, by: Grouping = "model", wanted: str = ""
) -> list[ChangeRow]:
    """The rows in the order of the changes, group by group, each group with its counts at its head.

    `titles` are those of the nodes; `wanted` is a text that a row must hold in one of its cells.
    """
    groups: dict[str, list[ChangeRow]] = {}
    for entry in changes.entries:
        node = titles.get(entry.node or "", entry.node or "")
        group, where = (entry.model, node) if by == "model" else (node, entry.model)
        rows = [row for row in _fields(entry, group, where) if _holds(row, wanted.casefold())]
        if rows:
            groups.setdefault(group, []).extend(rows)
    counts = _counts(changes, titles, by)
    found: list[ChangeRow] = []
    for group, rows in groups.items():
        found += [ChangeRow(f"{group}   {counts.get(group, '')}".rstrip()), *rows]
    return found


def _counts(changes: Changeset, titles: Mapping[str, str], by: Grouping) -> dict[str, str]:
    from studio.runtime import ChangeCounts

    sums: dict[str, list[tuple[str, int]]] = {}
    for (node, model, operation), number in changes.by_node.items():
        group = model if by == "model" else titles.get(node, node)
        sums.setdefault(group, []).append((operation, number))
    return {group: str(ChangeCounts.of(pairs)) for group, pairs in sums.items()}


def _fields(entry: RecordChange, group: str, where: str) -> Iterator[ChangeRow]:
    before, after = entry.before or {}, entry.after or {}
    names: Iterable[str] = dict.fromkeys([*before, *after])
    key = full_text(entry.key)
    for name in names:
        old, new = before.get(name), after.get(name)
        if old != new:
            yield ChangeRow(group, entry.operation, where, key, name, old, new)


def _holds(row: ChangeRow, wanted: str) -> bool:
    if not wanted:
        return True
    cells = (SIGNS[row.operation][0], row.where, row.key, row.field, full_text(row.old), full_text(row.new))
    return any(wanted in cell.casefold() for cell in cells)


class ChangesModel(QAbstractTableModel):
    """Shows rows that were worked out elsewhere; asked cell by cell, so that ten thousand records cost nothing."""

    def __init__(self, theme: Theme, parent: Any = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.rows: list[ChangeRow] = []
        self._where = ""

    def show(self, rows: list[ChangeRow], *, by: Grouping) -> None:
        self.beginResetModel()
        self.rows = rows
        self._where = self.tr("Node") if by == "model" else self.tr("Model")
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else 6

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole or orientation != Qt.Orientation.Horizontal:
            return None
        names = (
            self.tr("Change"), self._where, self.tr("Key"), self.tr("Field"), self.tr("Old"), self.tr("New"),
        )  # fmt: skip
        return names[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if not row.operation:
            return self._head(row, index.column(), role)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(row, index.column())
        if role == Qt.ItemDataRole.ToolTipRole and index.column() in (4, 5):
            return full_text(row.old if index.column() == 4 else row.new)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(row, index.column())
        return None

    def _head(self, row: ChangeRow, column: int, role: int) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and column == 0:
            return row.group
        if role == Qt.ItemDataRole.FontRole:
            font = QFont()
            font.setBold(True)
            return font
        if role == Qt.ItemDataRole.BackgroundRole:
            return QBrush(self.theme.color("hover"))
        return None

    @staticmethod
    def _text(row: ChangeRow, column: int) -> str:
        texts = (SIGNS[row.operation][0], row.where, row.key, row.field)
        if column < len(texts):
            return texts[column]
        is_old = column == len(texts)
        if (is_old and row.operation == "create") or (not is_old and row.operation == "delete"):
            return ""
        return cell_text(row.old if is_old else row.new)

    def _colour(self, row: ChangeRow, column: int) -> QBrush | None:
        sign = SIGNS[row.operation][1]
        tokens = {0: sign, 4: "error" if row.operation != "create" else None, 5: "ok"}
        token = tokens.get(column)
        return QBrush(self.theme.color(token)) if token else None
