"""How is one short value edited? A line for numbers, texts, dates and durations, a choice among several values."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QDate, QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QCalendarWidget,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QWidget,
    QWidgetAction,
)

from studio.models.spec import MISSING
from studio.panels.conditions import choice_values
from studio.panels.editors.base import (
    CalmCombo,
    EditorContext,
    LeaveWatcher,
    ValueEditor,
    mark_invalid,
    put_line,
    same,
)
from studio.panels.literals import LiteralRefused, format_literal, is_expression, parse_literal
from studio.qt.icons import icon

if TYPE_CHECKING:
    from studio.qt.theme import Theme

EXAMPLES: Final = {
    "datetime": "2026-01-31 14:30",
    "date": "2026-01-31",
    "time": "14:30",
    "timedelta": "1 d 02:30:00",
    "uuid": "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
}


class LineEditor(ValueEditor):
    """One line, read by its kind. Empty: not set; null and the empty text are kept until something is typed."""

    def __init__(self, kind: str, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind = kind
        self._empty: Any = MISSING
        self._ghost = ""
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)
        self.line = QLineEdit(self)
        self.setFocusProxy(self.line)
        self.row.addWidget(self.line, 1)
        self.line.textEdited.connect(self._typed)
        self.line.returnPressed.connect(self.finished)
        LeaveWatcher(self.line).left.connect(self.finished)
        if kind in ("datetime", "date"):
            self._add_calendar(context.theme)
        self._show_ghost()

    def value(self) -> Any:
        text = self.line.text()
        self.problem = ""
        if not text:
            return self._empty
        if is_expression(text):
            return text.strip()
        if (
            self.kind not in ("str", "text", "dict", "list", "vector", "any")
            and text.lstrip().startswith("{")
            and not text.lstrip().startswith("{{")
        ):
            return self._parsed("dict", text)
        return self._parsed(self.kind, text)

    def show_value(self, value: Any) -> None:
        self._empty = value if value is None or value == "" else MISSING
        known = self.value() if self.line.text() else self._empty
        if not (same(known, value) and self.line.text()):
            put_line(self.line, "" if value is MISSING or value is None else self._text(value))
        self._show_ghost()

    def set_ghost(self, text: str) -> None:
        self._ghost = text
        self._show_ghost()

    def set_invalid(self, invalid: bool) -> None:
        mark_invalid(self.line, invalid)

    def _parsed(self, kind: str, text: str) -> Any:
        try:
            return parse_literal(kind, text)
        except LiteralRefused as refusal:
            self.problem = str(refusal)
            return text

    def _text(self, value: Any) -> str:
        if isinstance(value, str):
            return format_literal("any" if self.kind == "any" else "str", value)
        return format_literal(self.kind, value)

    def _show_ghost(self) -> None:
        special = {None: self.tr("null"), "": self.tr("empty text")}
        if self._empty is MISSING:
            self.line.setPlaceholderText(self._ghost or EXAMPLES.get(self.kind, ""))
        else:
            self.line.setPlaceholderText(special[self._empty])

    def _typed(self, _text: str) -> None:
        self._empty = MISSING
        self._show_ghost()
        self.edited.emit()

    def _add_calendar(self, theme: Theme) -> None:
        action = QAction(icon("ph.calendar-blank", theme, "text_muted"), self.tr("Choose a day"), self)
        action.setToolTip(self.tr("Choose a day"))
        action.triggered.connect(self._open_calendar)
        self.line.addAction(action, QLineEdit.ActionPosition.TrailingPosition)

    def _open_calendar(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        holder = QWidgetAction(menu)
        calendar = QCalendarWidget(menu)
        known = self.value()
        if isinstance(known, dt.date):
            calendar.setSelectedDate(QDate(known.year, known.month, known.day))
        holder.setDefaultWidget(calendar)
        menu.addAction(holder)
        calendar.clicked.connect(self._day_chosen)
        calendar.clicked.connect(menu.close)
        menu.popup(self.mapToGlobal(QPoint(0, self.height())))

    def _day_chosen(self, day: QDate) -> None:
        chosen = dt.date(day.year(), day.month(), day.day())
        known = self.value()
        if self.kind == "date":
            text = chosen.isoformat()
        else:
            time = known.timetz() if isinstance(known, dt.datetime) else dt.time(0, 0)
            text = dt.datetime.combine(chosen, time).isoformat(sep=" ", timespec="minutes")
        self.line.setText(text)
        self._typed(text)
        self.finished.emit()


class ChoiceEditor(ValueEditor):
    """One of several values, or not set."""

    def __init__(
        self, choices: Sequence[Any], parent: QWidget, *, labels: Sequence[str] = (), nullable: bool = False
    ) -> None:
        super().__init__(parent)
        self._values: list[Any] = [MISSING, *([None] if nullable else []), *choice_values(choices)]
        self._ghost = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.combo = CalmCombo(self)
        self.setFocusProxy(self.combo)
        row.addWidget(self.combo)
        texts = list(labels) or [_choice_text(value) for value in choice_values(choices)]
        for text in ["", *(["null"] if nullable else []), *texts]:
            self.combo.addItem(text)
        self.combo.activated.connect(self._chosen)
        self.combo.left.connect(self.finished)

    def value(self) -> Any:
        index = self.combo.currentIndex()
        return self._values[index] if 0 <= index < len(self._values) else MISSING

    def show_value(self, value: Any) -> None:
        for index, known in enumerate(self._values):
            if same(known, value):
                self.combo.setCurrentIndex(index)
                return
        self._values.append(value)
        self.combo.addItem(_choice_text(value))
        self.combo.setCurrentIndex(len(self._values) - 1)

    def set_ghost(self, text: str) -> None:
        self.combo.setItemText(0, f"({text})" if text else "")
        self.combo.setPlaceholderText(text)

    def set_invalid(self, invalid: bool) -> None:
        mark_invalid(self.combo, invalid)

    def _chosen(self, _index: int) -> None:
        self.edited.emit()
        self.finished.emit()


def _choice_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
