"""How is one plain value edited? Lines for numbers, texts and dates, choices, truth values, long texts, JSON, bytes, expressions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QDate, QPoint, QStringListModel, Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QCalendarWidget,
    QCompleter,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QVBoxLayout,
    QWidget,
    QWidgetAction,
)

from studio.models.spec import MISSING
from studio.panels.conditions import choice_values
from studio.panels.editors.base import (
    CalmCombo,
    EditorContext,
    GrowingText,
    LeaveWatcher,
    ValueEditor,
    mark_invalid,
    put_line,
)
from studio.panels.editors.highlight import Highlighter
from studio.panels.literals import LiteralRefused, format_literal, is_expression, parse_hex, parse_literal
from studio.panels.widgets import tool_button
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
_LONGEST_FILE: Final = 1_000_000


class LineEditor(ValueEditor):
    """One line, read by its kind. Empty: not set; null and the empty text are kept until something is typed."""

    def __init__(self, kind: str, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self.kind = kind
        self._empty: Any = MISSING
        self._ghost = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = QLineEdit(self)
        self.setFocusProxy(self.line)
        row.addWidget(self.line)
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
        if not (_same(known, value) and self.line.text()):
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
            if _same(known, value):
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


class TextEditor(ValueEditor):
    """Several lines of text; with a language they are code."""

    def __init__(self, context: EditorContext, parent: QWidget, *, language: str = "") -> None:
        super().__init__(parent)
        self._empty: Any = MISSING
        self._ghost = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.text = GrowingText(self, least=4 if language else 2, most=24 if language else 10)
        self.setFocusProxy(self.text)
        column.addWidget(self.text)
        self._highlighter: Highlighter | None = None
        if language:
            self.text.setFont(context.theme.mono(size_px=12))
            self.text.setTabChangesFocus(False)
            self.text.setTabStopDistance(4 * self.text.fontMetrics().horizontalAdvance(" "))
            self._highlighter = Highlighter(self.text.document(), language, context.theme)
        self.text.textChanged.connect(self._typed)
        self.text.left.connect(self.finished)
        self._is_showing = False

    def value(self) -> Any:
        return self.text.toPlainText() or self._empty

    def show_value(self, value: Any) -> None:
        self._empty = value if value is None or value == "" else MISSING
        self._is_showing = True
        try:
            shown = "" if value is MISSING or value is None else format_literal("text", value)
            self.text.put_text(shown)
        finally:
            self._is_showing = False
        ghosts = {None: self.tr("null"), "": self.tr("empty text")}
        self.text.setPlaceholderText(self._ghost if self._empty is MISSING else ghosts[self._empty])

    def set_ghost(self, text: str) -> None:
        self._ghost = text
        self.text.setPlaceholderText(text)

    def set_invalid(self, invalid: bool) -> None:
        mark_invalid(self.text, invalid)

    def set_theme(self, theme: Theme) -> None:
        if self._highlighter is not None:
            self._highlighter.set_theme(theme)

    def _typed(self) -> None:
        if not self._is_showing:
            self._empty = MISSING
            self.edited.emit()


class JsonEditor(TextEditor):
    """A mapping, a list or any value as JSON, with the place of a fault."""

    def __init__(self, kind: str, context: EditorContext, parent: QWidget) -> None:
        super().__init__(context, parent, language="json")
        self.kind = kind if kind in ("dict", "list", "vector", "record") else "any"
        self.text.set_lines(2, 16)

    def value(self) -> Any:
        self.problem = ""
        text = self.text.toPlainText()
        if not text.strip():
            return self._empty
        if is_expression(text):
            return text.strip()
        try:
            return parse_literal(self.kind, text)
        except LiteralRefused as refusal:
            self.problem = str(refusal)
            return text

    def show_value(self, value: Any) -> None:
        if self.text.toPlainText().strip() and _same(self.value(), value):
            return
        self._empty = value if value is None else MISSING
        self._is_showing = True
        try:
            if value is MISSING or value is None:
                text = ""
            elif isinstance(value, str) and self.kind != "any":
                text = value
            else:
                text = format_literal("any", value)
            self.text.put_text(text)
        finally:
            self._is_showing = False
        self.text.setPlaceholderText(self.tr("null") if self._empty is None else self._ghost)


class BytesEditor(ValueEditor):
    """Bytes as base64 or hexadecimal digits, or from a file."""

    def __init__(self, context: EditorContext, parent: QWidget) -> None:
        super().__init__(parent)
        self._empty: Any = MISSING
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.line = QLineEdit(self)
        self.line.setFont(context.theme.mono(size_px=12))
        self.setFocusProxy(self.line)
        row.addWidget(self.line, 1)
        self.form = CalmCombo(self)
        self.form.addItems(["base64", "hex"])
        self.form.setToolTip(self.tr("How the bytes are written"))
        self.form.setAccessibleName(self.tr("How the bytes are written"))
        row.addWidget(self.form)
        load = tool_button("folder-open", context.theme, self, tip=self.tr("Take the bytes of a file"))
        load.clicked.connect(self._choose_file)
        row.addWidget(load)
        self.line.textEdited.connect(self._typed)
        self.form.activated.connect(self._form_changed)
        LeaveWatcher(self.line).left.connect(self.finished)
        self._known: Any = MISSING

    def value(self) -> Any:
        text = self.line.text()
        self.problem = ""
        if not text:
            return self._empty
        try:
            return parse_hex(text) if self.form.currentText() == "hex" else parse_literal("bytes", text)
        except LiteralRefused as refusal:
            self.problem = str(refusal)
            return text

    def show_value(self, value: Any) -> None:
        self._known = value
        self._empty = value if value is None or value == b"" else MISSING
        if self.line.text() and _same(self.value(), value):
            return
        put_line(self.line, self._text(value))
        self.line.setPlaceholderText(self.tr("null") if self._empty is None else "")

    def set_invalid(self, invalid: bool) -> None:
        mark_invalid(self.line, invalid)

    def _text(self, value: Any) -> str:
        if value is MISSING or value is None:
            return ""
        if isinstance(value, str):
            return value
        return bytes(value).hex(" ") if self.form.currentText() == "hex" else format_literal("bytes", value)

    def _typed(self, _text: str) -> None:
        self._empty = MISSING
        self._known = self.value()
        self.edited.emit()

    def _form_changed(self, _index: int) -> None:
        put_line(self.line, self._text(self._known))

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Take the bytes of a file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    def take_file(self, name: str) -> None:
        """Takes the bytes of a file of up to 1 MB."""
        file = Path(name)
        if file.stat().st_size > _LONGEST_FILE:
            self.line.setToolTip(self.tr("Files over 1 MB do not belong in a workflow."))
            self.set_invalid(True)
            return
        self.show_value(file.read_bytes())
        self.edited.emit()
        self.finished.emit()


class ExpressionEditor(ValueEditor):
    """An expression. `bare`: the node evaluates the text itself, so that it stands without `{{ }}`."""

    def __init__(
        self, context: EditorContext, parent: QWidget, *, bare: bool = False, names: Sequence[str] = ()
    ) -> None:
        super().__init__(parent)
        self._bare = bare
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = ExpressionLine(unique_names([*names, *context.names]), self)
        self.line.setFont(context.theme.mono(size_px=12))
        self.line.addAction(
            icon("ph.math-operations", context.theme, "accent_text"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.setFocusProxy(self.line)
        row.addWidget(self.line)
        self.line.textEdited.connect(self._typed)
        self.line.returnPressed.connect(self.finished)
        LeaveWatcher(self.line).left.connect(self.finished)

    def value(self) -> Any:
        text = self.line.text().strip()
        self.problem = ""
        if not text:
            return MISSING
        if self._bare:
            if text.startswith("{") and not text.startswith("{{"):
                return self._mapping(text)
            return text
        return text if is_expression(text) else f"{{{{ {text} }}}}"

    def show_value(self, value: Any) -> None:
        if self.line.text().strip() and _same(self.value(), value):
            return
        put_line(self.line, self._text(value))

    def set_ghost(self, text: str) -> None:
        self.line.setPlaceholderText(text)

    def set_invalid(self, invalid: bool) -> None:
        mark_invalid(self.line, invalid)

    def _mapping(self, text: str) -> Any:
        try:
            return parse_literal("dict", text)
        except LiteralRefused as refusal:
            self.problem = str(refusal)
            return text

    def _text(self, value: Any) -> str:
        if value is MISSING or value is None:
            return ""
        if is_expression(value) and not self._bare:
            return str(value).strip()[2:-2].strip()
        return value if isinstance(value, str) else format_literal("any", value).replace("\n", " ")

    def _typed(self, _text: str) -> None:
        self.edited.emit()


class ExpressionLine(QLineEdit):
    """A line that completes the name under the caret."""

    def __init__(self, names: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setPlaceholderText(self.tr("an expression"))
        self._completer = QCompleter(self)
        self._completer.setModel(QStringListModel(list(names), self._completer))
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._completer.setWidget(self)
        self._completer.activated.connect(self._complete)
        self.textEdited.connect(self._offer)

    def word(self) -> str:
        """The name that ends at the caret, dots included."""
        before = self.text()[: self.cursorPosition()]
        start = len(before)
        while start and (before[start - 1].isalnum() or before[start - 1] in "_."):
            start -= 1
        return before[start:]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        popup = self._completer.popup()
        if (
            popup is not None
            and popup.isVisible()
            and event.key()
            in (
                Qt.Key.Key_Return,
                Qt.Key.Key_Enter,
                Qt.Key.Key_Tab,
                Qt.Key.Key_Escape,
            )
        ):
            event.ignore()
            return
        super().keyPressEvent(event)

    def _offer(self, _text: str) -> None:
        word = self.word()
        if len(word) < 2:
            self._hide_offers()
            return
        self._completer.setCompletionPrefix(word)
        if self._completer.completionCount() and self._completer.currentCompletion() != word:
            self._completer.complete()
        else:
            self._hide_offers()

    def _hide_offers(self) -> None:
        popup = self._completer.popup()
        if popup is not None:
            popup.hide()

    def _complete(self, name: str) -> None:
        word = self.word()
        place = self.cursorPosition()
        text = self.text()
        self.setText(text[: place - len(word)] + name + text[place:])
        self.setCursorPosition(place - len(word) + len(name))
        self.textEdited.emit(self.text())


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _choice_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def _same(one: Any, other: Any) -> bool:
    """Equal and of one type: 1 is not True, and an int is not the Decimal of the same size."""
    return type(one) is type(other) and bool(one == other)
