"""How is a filter edited? As rows of field, comparison and value, all or any of which must hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from studio.models.spec import MISSING
from studio.panels.conditions import (
    LABELS,
    LISTS,
    VALUELESS,
    Condition,
    Join,
    choice_values,
    conditions_of,
    filter_of,
    format_value,
    operators_for,
    parse_value,
)
from studio.panels.editors.base import CalmCombo, EditorContext, LeaveWatcher, mark_invalid, put_line
from studio.panels.editors.simple import ChoiceEditor
from studio.panels.editors.structured import FieldCombo, RowsEditor, RowWidget
from studio.panels.literals import LiteralRefused, is_expression


class ConditionRow(RowWidget):
    """Field, operator, value."""

    def __init__(self, condition: Condition, context: EditorContext, parent: QWidget) -> None:
        super().__init__(context, parent)
        self.problem = ""
        self.field = FieldCombo(lambda: context.field_names, condition.field, self, tip=self.tr("Field"))
        self.operator = CalmCombo(self)
        self.operator.setToolTip(self.tr("Comparison"))
        self.operator.setAccessibleName(self.tr("Comparison"))
        self.add(self.field, 5)
        self.add(self.operator, 4)
        self._value: QWidget = QWidget(self)
        self.add(self._value, 6)
        self.add_remove_button()
        self.fold(self._value)
        self._fill_operators(condition.operator)
        self._make_value(condition.value)
        self.field.editTextChanged.connect(self._field_changed)
        self.operator.activated.connect(self._operator_changed)
        self.field.left.connect(self.left)

    def condition(self) -> Condition:
        """The row as it stands; sets `problem`."""
        self.problem = ""
        name, operator = self.field.currentText().strip(), str(self.operator.currentData())
        if operator in VALUELESS:
            return Condition(field=name, operator=operator)
        if isinstance(self._value, ChoiceEditor):
            value = self._value.value()
            return Condition(field=name, operator=operator, value=None if value is MISSING else value)
        text = self.value_line().text()
        try:
            value = parse_value(self.context.kind_of(name), operator, text)
        except LiteralRefused as refusal:
            self.problem = str(refusal) if text else ""
            value = text
        mark_invalid(self.value_line(), bool(self.problem))
        return Condition(field=name, operator=operator, value=value)

    def focus_value(self) -> None:
        self._value.setFocus(Qt.FocusReason.OtherFocusReason)

    def value_line(self) -> QLineEdit:
        assert isinstance(self._value, QLineEdit)
        return self._value

    def _fill_operators(self, chosen: str) -> None:
        known = operators_for(self.context.kind_of(self.field.currentText().strip()))
        self.operator.clear()
        for name in dict.fromkeys((*known, chosen)):
            self.operator.addItem(LABELS[name], name)
        self.operator.setCurrentIndex(self.operator.findData(chosen))

    def _make_value(self, value: Any) -> None:
        name, operator = self.field.currentText().strip(), str(self.operator.currentData())
        old, self._value = self._value, self._value_widget(name, operator, value)
        self._value.setToolTip(self.tr("Value"))
        self._value.setAccessibleName(self.tr("Value"))
        self.exchange(old, self._value)
        old.hide()
        old.deleteLater()
        self._value.setVisible(operator not in VALUELESS)

    def _value_widget(self, name: str, operator: str, value: Any) -> QWidget:
        field = self.context.field(name)
        kind = field.kind.value if field else ""
        choices = choice_values(field.choices) if field else []
        if kind == "bool":
            choices = [True, False]
        if choices and operator not in LISTS and not is_expression(value):
            editor = ChoiceEditor(choices, self)
            editor.show_value(MISSING if value is None else value)
            editor.edited.connect(self.changed)
            editor.finished.connect(self.left)
            return editor
        line = QLineEdit(self)
        put_line(line, format_value(kind, operator, value))
        line.setPlaceholderText(self.tr("value, value") if operator in LISTS else kind or self.tr("value"))
        line.textEdited.connect(self._typed)
        LeaveWatcher(line).left.connect(self.left)
        return line

    def _typed(self, _text: str) -> None:
        self.changed.emit()

    def _field_changed(self, _text: str) -> None:
        condition = self.condition()
        known = operators_for(self.context.kind_of(condition.field))
        self._fill_operators(condition.operator if condition.operator in known else known[0])
        self._make_value(condition.value)
        self.changed.emit()

    def _operator_changed(self, _index: int) -> None:
        value = self.condition().value
        if isinstance(value, list) and str(self.operator.currentData()) not in LISTS:
            value = value[0] if value else None
        self._make_value(value)
        self.changed.emit()


class FilterEditor(RowsEditor):
    """Conditions, all or any of which must hold."""

    def __init__(self, context: EditorContext, parent: QWidget) -> None:
        super().__init__(context, parent)
        self._match_label = QLabel(self.tr("Match"), self)
        self._match_label.setProperty("role", "muted")
        self.join = CalmCombo(self)
        self.join.addItem(self.tr("all of these"), "and")
        self.join.addItem(self.tr("any of these"), "or")
        self.join.setMinimumContentsLength(13)
        self.join.setAccessibleName(self.tr("How conditions are joined"))
        self.join.activated.connect(self._join_changed)
        self._head.addWidget(self._match_label)
        self._head.addWidget(self.join)
        self._head.addStretch(1)
        self._show_join()

    def label_of_add(self) -> str:
        return self.tr("+ condition")

    def _kind_of(self, name: str) -> str:
        return self.context.kind_of(name)

    def contents(self, value: Any) -> Sequence[Any] | None:
        parts = conditions_of(value, self._kind_of)
        return parts[1] if parts else None

    def show_value(self, value: Any) -> None:
        parts = conditions_of(None if value is MISSING else value, self._kind_of)
        if parts and len(parts[1]) > 1:
            self.join.setCurrentIndex(self.join.findData(parts[0]))
        super().show_value(value)
        self._show_join()

    def make_row(self, content: Any) -> RowWidget:
        names = self.context.field_names
        condition = content or Condition(field="" if not names else names[0], operator="$eq")
        row = ConditionRow(condition, self.context, self)
        row.changed.connect(self._show_join)
        row.removed.connect(self._show_join)
        return row

    def add_empty(self) -> None:
        super().add_empty()
        self._show_join()

    def begin_condition(self, field: str) -> None:
        """A row for a condition on that field, with the caret where its value goes; none is written before there is one."""
        known = operators_for(self._kind_of(field))
        row = self._append(Condition(field=field, operator=known[0]))
        self._show_join()
        if isinstance(row, ConditionRow):
            row.focus_value()

    def collect(self) -> Any:
        conditions = []
        for row in self.rows:
            if isinstance(row, ConditionRow):
                conditions.append(row.condition())
                self.problem = self.problem or row.problem
        join: Join = "or" if self.join.currentData() == "or" else "and"
        # A row that has just been added has no value yet: it is no condition before something is typed.
        given = [row for row in conditions if row.operator in VALUELESS or row.value not in (None, "")]
        return filter_of(join, given) if given else MISSING

    def _show_join(self) -> None:
        several = len(self.rows) > 1
        self._match_label.setVisible(several)
        self.join.setVisible(several)

    def _join_changed(self, _index: int) -> None:
        self.edited.emit()
        self.finished.emit()
