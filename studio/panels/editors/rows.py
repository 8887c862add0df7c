"""How are filters, orders, mappings, figures and lists of fields edited? As rows, each kind with rows of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtWidgets import QLabel, QLineEdit, QWidget

from studio.models.spec import MISSING, FieldSpec
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
from studio.panels.editors.base import (
    CalmCombo,
    EditorContext,
    LeaveWatcher,
    ValueEditor,
    mark_invalid,
    put_line,
)
from studio.panels.editors.simple import ChoiceEditor, ExpressionEditor, LineEditor
from studio.panels.editors.structured import RowsEditor, RowWidget, field_combo
from studio.panels.literals import LiteralRefused, is_expression

FUNCTIONS: Final[Mapping[str, str]] = {
    "$count": "count",
    "$sum": "sum",
    "$avg": "average",
    "$min": "least",
    "$max": "greatest",
    "$count_distinct": "count distinct",
    "$stddev": "standard deviation",
}


def _field_names(context: EditorContext) -> list[str]:
    return list(context.model.names) if context.model else []


def _field(context: EditorContext, name: str) -> FieldSpec | None:
    return context.model.by_name.get(name) if context.model else None


def _kind(context: EditorContext, name: str) -> str:
    field = _field(context, name)
    return field.kind.value if field else ""


# ---------------------------------------------------------------- filter


class ConditionRow(RowWidget):
    """Field, operator, value."""

    def __init__(self, condition: Condition, context: EditorContext, parent: QWidget) -> None:
        super().__init__(context, parent)
        self.problem = ""
        self.field = field_combo(_field_names(context), condition.field, self, tip=self.tr("Field"))
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
            value = parse_value(_kind(self.context, name), operator, text)
        except LiteralRefused as refusal:
            self.problem = str(refusal) if text else ""
            value = text
        mark_invalid(self.value_line(), bool(self.problem))
        return Condition(field=name, operator=operator, value=value)

    def value_line(self) -> QLineEdit:
        assert isinstance(self._value, QLineEdit)
        return self._value

    def _fill_operators(self, chosen: str) -> None:
        known = operators_for(_kind(self.context, self.field.currentText().strip()))
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
        field = _field(self.context, name)
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
        known = operators_for(_kind(self.context, condition.field))
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
        return _kind(self.context, name)

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
        names = _field_names(self.context)
        condition = content or Condition(field="" if not names else names[0], operator="$eq")
        row = ConditionRow(condition, self.context, self)
        row.changed.connect(self._show_join)
        row.removed.connect(self._show_join)
        return row

    def add_empty(self) -> None:
        super().add_empty()
        self._show_join()

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


# ---------------------------------------------------------------- order


class OrderRow(RowWidget):
    """A field and the direction."""

    def __init__(self, term: str, context: EditorContext, parent: QWidget) -> None:
        super().__init__(context, parent)
        names = _field_names(context)
        self.field = field_combo(names, term.removeprefix("-"), self, tip=self.tr("Field"))
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
        offered = _field_names(context) if names is None else names
        self.field = field_combo(offered, name, self, tip=tip or self.tr("Field"))
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


# ---------------------------------------------------------------- mappings


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
            combo = field_combo(settable, name, self, tip=self.tr("Field"))
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
        field = _field(self.context, self.key())
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

    def __init__(self, context: EditorContext, parent: QWidget, *, local_names: Sequence[str] = ()) -> None:
        self._local_names = tuple(local_names)
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

    def collect(self) -> Any:
        found: dict[str, Any] = {}
        for row in self.rows:
            if not isinstance(row, PairRow) or not row.key():
                continue
            value = row.current()
            self.problem = self.problem or row.value.problem
            row.value.set_invalid(bool(row.value.problem))
            if value is not MISSING:
                found[row.key()] = value
        return found or MISSING


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
        self.field = field_combo(["*", *_field_names(context)], field, self, tip=self.tr("Field"))
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
