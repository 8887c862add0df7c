"""How is a mapping edited? As rows of a name and a value, which is edited by the field's kind or as an expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtWidgets import QLineEdit, QWidget

from studio.models.spec import MISSING
from studio.panels.editors.base import CalmCombo, EditorContext, LeaveWatcher, ValueEditor
from studio.panels.editors.expressions import ExpressionEditor
from studio.panels.editors.simple import ChoiceEditor, LineEditor
from studio.panels.editors.structured import FieldCombo, RowsEditor, RowWidget
from studio.panels.literals import is_expression

NUMBERS: Final = ("int", "float", "decimal")


class PairRow(RowWidget):
    """A name and a value, which is edited by the field's kind or as an expression."""

    def __init__(
        self, name: str, value: Any, context: EditorContext, parent: QWidget, *, local_names: Sequence[str]
    ) -> None:
        super().__init__(context, parent)
        self._local_names = tuple(local_names)
        self._touched = False
        self._held = value
        self.name: QWidget
        if context.model and not local_names:
            settable = [field.name for field in context.model.settable]
            combo = FieldCombo(lambda: settable, name, self, tip=self.tr("Field"))
            combo.editTextChanged.connect(self._name_changed)
            combo.left.connect(self.left)
            self.name = combo
        else:
            line = QLineEdit(name, self)
            line.setPlaceholderText(self.tr("name"))
            line.setAccessibleName(self.tr("Name"))
            line.textEdited.connect(self._name_changed)
            LeaveWatcher(line).left.connect(self.left)
            self.name = line
        self.add(self.name, 4)
        self.value = self._make_value(value)
        self.add(self.value, 6)
        self.add_remove_button()

    def key(self) -> str:
        text = self.name.currentText() if isinstance(self.name, CalmCombo) else self.name.property("text")
        return str(text).strip()

    def current(self) -> Any:
        """The value as it stands; untouched it is the very value that was shown."""
        return self.value.value() if self._touched else self._held

    def _make_value(self, value: Any) -> ValueEditor:
        editor = self._new_value(value)
        editor.show_value(value)
        editor.setAccessibleName(self.tr("Value"))
        editor.edited.connect(self._value_changed)
        editor.finished.connect(self.left)
        return editor

    def _new_value(self, value: Any) -> ValueEditor:
        if self._local_names:
            return ExpressionEditor(self.context, self, bare=True, names=self._local_names)
        field = self.context.field(self.key())
        kind = field.kind.value if field else "any"
        if is_expression(value):
            return LineEditor(kind, self.context, self)
        if isinstance(value, Mapping | list) and kind not in ("dict", "list", "vector"):
            return LineEditor("any", self.context, self)
        if kind == "bool":
            return ChoiceEditor([True, False], self, nullable=bool(field and field.nullable))
        if field is not None and field.choices:
            return ChoiceEditor(field.choices, self, nullable=field.nullable)
        editor = LineEditor(kind, self.context, self)
        editor.set_ghost(kind if field else "")
        return editor

    def _name_changed(self, _text: str) -> None:
        value = self.current()
        old = self.value
        self.value = self._make_value(value)
        self.exchange(old, self.value)
        old.hide()
        old.deleteLater()
        self.value.show()
        self.changed.emit()

    def _value_changed(self) -> None:
        self._touched = True
        self.changed.emit()


class MappingEditor(RowsEditor):
    """Names with values: a model's fields with typed values, or new names with expressions (`local_names`)."""

    def __init__(
        self,
        context: EditorContext,
        parent: QWidget,
        *,
        local_names: Sequence[str] = (),
        changes: bool = False,
    ) -> None:
        """`changes`: the values may also say how they follow from the old ones."""
        self._local_names = tuple(local_names)
        self._changes = changes
        super().__init__(context, parent)

    def label_of_add(self) -> str:
        return self.tr("+ field")

    def contents(self, value: Any) -> Sequence[Any] | None:
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            return None
        # Update operators over several fields ({$set: {…}}) have no rows.
        return None if any(name.startswith("$") for name in value) else list(value.items())

    def make_row(self, content: Any) -> RowWidget:
        name, value = content or ("", MISSING)
        return PairRow(name, value, self.context, self, local_names=self._local_names)

    def _told(self, row: PairRow) -> str:
        """What is wrong with a row's value, and for a change of a number how it is worked out from the old one."""
        problem = row.value.problem
        if problem and self._changes and self.context.kind_of(row.key()) in NUMBERS:
            return f"{problem} " + self.tr('From the old value: {"$multiply": 1.1} or {"$inc": 1}.')
        return problem

    def collect(self) -> Any:
        found: dict[str, Any] = {}
        for row in self.rows:
            if not isinstance(row, PairRow) or not row.key():
                continue
            value = row.current()
            self.problem = self.problem or self._told(row)
            row.value.set_invalid(bool(row.value.problem))
            if value is not MISSING:
                found[row.key()] = value
        return found or MISSING
