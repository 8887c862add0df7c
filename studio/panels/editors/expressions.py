"""How is an expression edited? On one line that completes the names which it may use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QWidget

from studio.models.spec import MISSING
from studio.panels.editors.base import EditorContext, LeaveWatcher, ValueEditor, mark_invalid, put_line, same
from studio.panels.literals import LiteralRefused, format_literal, is_expression, parse_literal
from studio.qt.icons import icon


class ExpressionEditor(ValueEditor):
    """An expression. `bare`: the node evaluates the text itself, so that it stands without `{{ }}`."""

    def __init__(
        self, context: EditorContext, parent: QWidget, *, bare: bool = False, names: Sequence[str] = ()
    ) -> None:
        super().__init__(parent)
        self._bare = bare
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.line = ExpressionLine([*names, *context.names], self)
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
        if self.line.text().strip() and same(self.value(), value):
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
        self._completer.setModel(QStringListModel(list(dict.fromkeys(names)), self._completer))
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
