"""How are the figures of an aggregation edited? As rows of a name, a function and the field it is worked out from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtWidgets import QLineEdit, QWidget

from studio.models.spec import MISSING
from studio.panels.editors.base import CalmCombo, EditorContext, LeaveWatcher
from studio.panels.editors.structured import FieldCombo, RowsEditor, RowWidget

FUNCTIONS: Final[Mapping[str, str]] = {
    "$count": "count",
    "$sum": "sum",
    "$avg": "average",
    "$min": "least",
    "$max": "greatest",
    "$count_distinct": "count distinct",
    "$stddev": "standard deviation",
}


class FigureRow(RowWidget):
    """A name, a function, a field."""

    def __init__(self, name: str, function: str, field: str, context: EditorContext, parent: QWidget) -> None:
        super().__init__(context, parent)
        self.name = QLineEdit(name, self)
        self.name.setPlaceholderText(self.tr("name"))
        self.name.setAccessibleName(self.tr("Name"))
        self.function = CalmCombo(self)
        for key, label in FUNCTIONS.items():
            self.function.addItem(label, key)
        self.function.setCurrentIndex(self.function.findData(function))
        self.function.setAccessibleName(self.tr("Function"))
        self.field = FieldCombo(lambda: ("*", *context.field_names), field, self, tip=self.tr("Field"))
        self.add(self.name, 4)
        self.add(self.function, 4)
        self.add(self.field, 4)
        self.add_remove_button()
        self.fold(self.field)
        self.name.textEdited.connect(self._changed)
        self.function.activated.connect(self._changed)
        self.field.editTextChanged.connect(self._changed)
        self.field.left.connect(self.left)
        LeaveWatcher(self.name).left.connect(self.left)

    def _changed(self, _what: object) -> None:
        self.changed.emit()


class AggregateEditor(RowsEditor):
    """Figures: each a name and what it is worked out from."""

    def label_of_add(self) -> str:
        return self.tr("+ figure")

    def contents(self, value: Any) -> Sequence[Any] | None:
        if not isinstance(value, Mapping):
            return None
        rows = []
        for name, figure in value.items():
            if not isinstance(figure, Mapping) or len(figure) != 1:
                return None
            ((function, field),) = figure.items()
            if function not in FUNCTIONS or not isinstance(field, str):
                return None
            rows.append((str(name), function, field))
        return rows

    def make_row(self, content: Any) -> RowWidget:
        name, function, field = content or ("", "$count", "*")
        return FigureRow(name, function, field, self.context, self)

    def collect(self) -> Any:
        found = {
            row.name.text().strip(): {str(row.function.currentData()): row.field.currentText().strip()}
            for row in self.rows
            if isinstance(row, FigureRow) and row.name.text().strip() and row.field.currentText().strip()
        }
        return found or MISSING
