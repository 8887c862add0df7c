"""How are several lines of text edited? Plain, as code of a language, or as JSON, with the place of a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.models.spec import MISSING
from studio.panels.editors.base import EditorContext, GrowingText, ValueEditor, mark_invalid, same
from studio.panels.editors.highlight import Highlighter
from studio.panels.literals import LiteralRefused, format_literal, is_expression, parse_literal

if TYPE_CHECKING:
    from studio.qt.theme import Theme


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
            # JSON is short and made by hand seldom: there Tab goes on, as in the rest of a form.
            self.text.setTabChangesFocus(language == "json")
            if language != "json":
                self.text.setToolTip(self.tr("Tab indents, Esc goes on to the next field, Shift+Tab back"))
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
        if self.text.toPlainText().strip() and same(self.value(), value):
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
