"""How is a list of names edited? As rows: fields with a direction for an order, or fields, relations and writes by their names alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from studio.models.spec import MISSING
from studio.panels.editors.base import CalmCombo, EditorContext
from studio.panels.editors.structured import FieldCombo, RowsEditor, RowWidget
from studio.panels.literals import is_expression


class OrderRow(RowWidget):
    """A field and the direction."""

    def __init__(self, term: str, context: EditorContext, parent: QWidget) -> None:
        super().__init__(context, parent)
        name = term.removeprefix("-")
        self.field = FieldCombo(lambda: context.field_names, name, self, tip=self.tr("Field"))
        self.direction = CalmCombo(self)
        self.direction.addItem(self.tr("↑ asc"), "")
        self.direction.addItem(self.tr("↓ desc"), "-")
        self.direction.setToolTip(self.tr("Ascending: the least first; descending: the greatest first"))
        self.direction.setCurrentIndex(1 if term.startswith("-") else 0)
        self.direction.setAccessibleName(self.tr("Direction"))
        self.add(self.field, 3)
        self.add(self.direction, 2)
        self.add_remove_button()
        self.field.editTextChanged.connect(self._changed)
        self.direction.activated.connect(self._changed)
        self.field.left.connect(self.left)

    def term(self) -> str:
        name = self.field.currentText().strip()
        return f"{self.direction.currentData()}{name}" if name else ""

    def _changed(self, _what: object) -> None:
        self.changed.emit()


class OrderEditor(RowsEditor):
    """Fields with directions, the first weighing most."""

    def label_of_add(self) -> str:
        return self.tr("+ field")

    def contents(self, value: Any) -> Sequence[Any] | None:
        if isinstance(value, str) and not is_expression(value):
            return [value]
        if isinstance(value, list | tuple) and all(isinstance(term, str) for term in value):
            return list(value)
        return None

    def make_row(self, content: Any) -> RowWidget:
        return OrderRow(content or "", self.context, self)

    def collect(self) -> Any:
        terms = [row.term() for row in self.rows if isinstance(row, OrderRow)]
        found = [term for term in terms if term]
        return found or MISSING


class FieldRow(RowWidget):
    """One name, of a field unless `names` offers others."""

    def __init__(
        self,
        name: str,
        context: EditorContext,
        parent: QWidget,
        *,
        names: Sequence[str] | None = None,
        tip: str = "",
    ) -> None:
        super().__init__(context, parent)
        self.field = FieldCombo(
            lambda: context.field_names if names is None else names, name, self, tip=tip or self.tr("Field")
        )
        self.add(self.field, 1)
        self.add_remove_button()
        self.field.editTextChanged.connect(self._changed)
        self.field.left.connect(self.left)

    def _changed(self, _text: str) -> None:
        self.changed.emit()


class FieldNamesEditor(OrderEditor):
    """A list of fields."""

    def make_row(self, content: Any) -> RowWidget:
        return FieldRow(content or "", self.context, self)

    def collect(self) -> Any:
        names = [row.field.currentText().strip() for row in self.rows if isinstance(row, FieldRow)]
        found = [name for name in names if name]
        return found or MISSING


class RelationNamesEditor(FieldNamesEditor):
    """A list of relations, dotted where they lead on; the near ones are offered, others may be typed."""

    def __init__(self, names: Sequence[str], context: EditorContext, parent: QWidget) -> None:
        self._names = tuple(names)
        super().__init__(context, parent)

    def label_of_add(self) -> str:
        return self.tr("+ relation")

    def make_row(self, content: Any) -> RowWidget:
        return FieldRow(content or "", self.context, self, names=self._names, tip=self.tip_of_row())

    def tip_of_row(self) -> str:
        return self.tr("Relation")


class WriteNamesEditor(RelationNamesEditor):
    """A list of writes (`order_create`); the usual ones are offered."""

    def label_of_add(self) -> str:
        return self.tr("+ write")

    def tip_of_row(self) -> str:
        return self.tr("Write")
