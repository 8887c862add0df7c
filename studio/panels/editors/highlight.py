"""How is code coloured? By pygments' lexers, imported when the first code is shown, in the theme's colours."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtGui import QSyntaxHighlighter, QTextCharFormat, QTextDocument

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_TOKENS: Final = (
    ("Comment", "text_muted", True),
    ("Literal.String", "create", False),
    ("Literal.Number", "count", False),
    ("Keyword", "upsert", False),
    ("Name.Builtin", "read", False),
    ("Name.Function", "read", False),
    ("Name.Tag", "read", False),
    ("Name.Decorator", "update", False),
    ("Operator.Word", "upsert", False),
    ("Name.Placeholder", "update", False),
    ("Name.Variable", "update", False),
)


class Highlighter(QSyntaxHighlighter):
    """Colours a document of a language that pygments knows (`sql`, `python`, `json`, `yaml`).

    The text is lexed as a whole, for strings may span lines; a document is at most some hundred lines here.
    """

    def __init__(self, document: QTextDocument, language: str, theme: Theme) -> None:
        super().__init__(document)
        self.language = language
        self._theme = theme
        self._lex: Callable[[str], Iterable[tuple[int, Any, str]]] | None = None
        self._formats: dict[str, QTextCharFormat] = {}
        self._text = ""
        self._spans: list[tuple[int, int, QTextCharFormat]] = []
        self._make_formats()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._make_formats()
        self._text = "\0"
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        if not text:
            return
        whole = self.document().toPlainText()
        if whole != self._text:
            self._text = whole
            self._spans = list(self._lexed(whole))
        start = self.currentBlock().position()
        end = start + len(text)
        for begin, length, style in self._spans:
            if begin < end and begin + length > start:
                first = max(begin, start)
                self.setFormat(first - start, min(begin + length, end) - first, style)

    def _make_formats(self) -> None:
        self._formats.clear()
        for name, token, italic in _TOKENS:
            style = QTextCharFormat()
            style.setForeground(self._theme.color(token))
            style.setFontItalic(italic)
            self._formats[name] = style

    def _lexed(self, text: str) -> Iterable[tuple[int, int, QTextCharFormat]]:
        if self._lex is None:
            from pygments.lexers import get_lexer_by_name

            lexer = get_lexer_by_name(self.language, stripnl=False, ensurenl=False)
            self._lex = lexer.get_tokens_unprocessed
        for position, token, value in self._lex(text):
            style = self._style(str(token).removeprefix("Token."))
            if style is not None:
                yield position, len(value), style

    def _style(self, name: str) -> QTextCharFormat | None:
        for known, style in self._formats.items():
            if name.startswith(known):
                return style
        return None
