"""How are rows of records typed in by hand? As a small table; many rows or nested ones stay JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.models.spec import MISSING
from studio.panels.editors.base import EditorContext, ValueEditor
from studio.panels.editors.structured import same
from studio.panels.literals import LiteralRefused, format_literal, is_expression, parse_literal

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_MOST_ROWS: Final = 200
_SHOWN_ROWS: Final = 8
_ROW_PX: Final = 26


class TableEditor(ValueEditor):
    """Records as rows, a column per field. An empty cell is a field that is not given.

    Cells that are not touched keep their very values, null and the empty text included.
    """

    def __init__(self, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self._columns: list[str] = []
        self._is_showing = False
        self._held: Any = MISSING
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.table = PasteTable(self)
        self.table.setAccessibleName(self.tr("Rows"))
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        self.table.horizontalHeader().setDefaultSectionSize(96)
        self.table.verticalHeader().setDefaultSectionSize(_ROW_PX)
        self.table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setFocusProxy(self.table)
        column.addWidget(self.table)
        bar = QHBoxLayout()
        for text, tip, slot in (
            (self.tr("+ row"), self.tr("Add a row at the end"), self.add_row),
            (self.tr("− row"), self.tr("Remove the selected rows"), self.remove_rows),
            (self.tr("Paste"), self.tr("Add rows from the clipboard, tab-separated or CSV"), self.paste),
        ):
            button = QPushButton(text, self)
            button.setProperty("kind", "link")
            button.setToolTip(tip)
            button.clicked.connect(slot)
            bar.addWidget(button)
        bar.addStretch(1)
        column.addLayout(bar)
        self.table.itemChanged.connect(self._cell_changed)
        self.table.pasted.connect(self.paste)

    def can_show(self, value: Any) -> bool:
        if value is MISSING:
            return True
        if not isinstance(value, list | tuple) or len(value) > _MOST_ROWS:
            return False
        flat = all(
            isinstance(row, Mapping) and all(not isinstance(cell, Mapping | list) for cell in row.values())
            for row in value
        )
        return flat and bool(self._columns_for(value))

    def value(self) -> Any:
        self.problem = ""
        rows = []
        for number in range(self.table.rowCount()):
            row = {}
            for position, name in enumerate(self._columns):
                cell = self._cell(number, position)
                if cell is not MISSING:
                    row[name] = cell
            if row:
                rows.append(row)
        return rows or MISSING

    def show_value(self, value: Any) -> None:
        if self.table.rowCount() and same(self.value(), value):
            return
        rows: Sequence[Mapping[str, Any]] = () if value is MISSING else value
        self._is_showing = True
        try:
            self._columns = self._columns_for(rows)
            self.table.setColumnCount(len(self._columns))
            self.table.setHorizontalHeaderLabels(self._columns)
            self.table.setRowCount(len(rows))
            for number, row in enumerate(rows):
                for position, name in enumerate(self._columns):
                    self._put(number, position, row.get(name, MISSING))
        finally:
            self._is_showing = False
        self._grow()

    def set_theme(self, theme: Theme) -> None:
        self.table.viewport().update()

    def add_row(self) -> None:
        self.table.insertRow(self.table.rowCount())
        self._grow()
        self.table.setCurrentCell(self.table.rowCount() - 1, 0)
        self.table.setFocus()

    def remove_rows(self) -> None:
        numbers = sorted({index.row() for index in self.table.selectedIndexes()}, reverse=True)
        for number in numbers:
            self.table.removeRow(number)
        self._grow()
        if numbers:
            self.edited.emit()
            self.finished.emit()

    def paste(self) -> None:
        """Adds the clipboard's rows; a first line that names fields says which columns they are."""
        lines = _read_lines(QGuiApplication.clipboard().text())
        if not lines:
            return
        names = self._columns
        if all(cell in self._columns for cell in lines[0]):
            names, lines = lines[0], lines[1:]
        self._is_showing = True
        try:
            for line in lines[: _MOST_ROWS - self.table.rowCount()]:
                number = self.table.rowCount()
                self.table.insertRow(number)
                for name, text in zip(names, line, strict=False):
                    if text:
                        self.table.setItem(number, self._columns.index(name), QTableWidgetItem(text))
        finally:
            self._is_showing = False
        self._grow()
        self.edited.emit()
        self.finished.emit()

    def _columns_for(self, rows: Sequence[Any]) -> list[str]:
        model = self.context.model
        names = [field.name for field in model.settable] if model else []
        given = [str(name) for row in rows if isinstance(row, Mapping) for name in row]
        return list(dict.fromkeys([*names, *given]))

    def _kind(self, name: str) -> str:
        field = self.context.field(name)
        return field.kind.value if field else "any"

    def _put(self, number: int, position: int, value: Any) -> None:
        text = "" if value is MISSING else format_literal(self._kind(self._columns[position]), value)
        item = QTableWidgetItem(text)
        item.setData(Qt.ItemDataRole.UserRole, (text, value))
        if value is None:
            item.setToolTip(self.tr("null"))
        self.table.setItem(number, position, item)

    def _cell(self, number: int, position: int) -> Any:
        item = self.table.item(number, position)
        if item is None:
            return MISSING
        held = item.data(Qt.ItemDataRole.UserRole)
        if held is not None and held[0] == item.text():
            return held[1]
        text = item.text()
        if not text:
            return MISSING
        if is_expression(text):
            return text.strip()
        name = self._columns[position]
        try:
            return parse_literal(self._kind(name), text)
        except LiteralRefused as refusal:
            self.problem = self.problem or self.tr("Row {row}, {field}: {problem}").format(
                row=number + 1, field=name, problem=refusal
            )
            return text

    def _cell_changed(self, _item: QTableWidgetItem) -> None:
        if not self._is_showing:
            self.edited.emit()
            self.finished.emit()

    def _grow(self) -> None:
        rows = max(2, min(_SHOWN_ROWS, self.table.rowCount()))
        header = self.table.horizontalHeader().sizeHint().height()
        self.table.setFixedHeight(rows * _ROW_PX + header + 16)


class PasteTable(QTableWidget):
    """A table that takes rows from the clipboard."""

    pasted = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.pasted.emit()
        else:
            super().keyPressEvent(event)


def _read_lines(text: str) -> list[list[str]]:
    if not text.strip():
        return []
    mark = "\t" if "\t" in text.splitlines()[0] else ","
    return [line for line in csv.reader(io.StringIO(text), delimiter=mark) if line]
