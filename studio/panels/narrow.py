"""How does a line of buttons stand where it has little room? Without their words, which their tooltips say; with them where there is room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QLayout, QToolButton, QWidget


class ShortWords(QObject):
    """Watches the width of a panel for a line of buttons in it."""

    def __init__(self, panel: QWidget, line: QLayout, buttons: Sequence[QToolButton]) -> None:
        """`buttons` are those of the line that can do without their words: they have an icon and a tooltip."""
        super().__init__(panel)
        self._panel = panel
        self._line = line
        self._buttons = tuple(buttons)
        self._words_px = 0
        """What the words take, as long as they are not shown."""
        panel.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and watched is self._panel:
            self._fit()
        return False

    def _fit(self) -> None:
        needed_px = self._line.minimumSize().width() + self._words_px
        if (needed_px > self._panel.width()) == bool(self._words_px):
            return
        is_short = not self._words_px
        with_words = self._hinted()
        style = Qt.ToolButtonStyle
        for button in self._buttons:
            button.setToolButtonStyle(
                style.ToolButtonIconOnly if is_short else style.ToolButtonTextBesideIcon
            )
        self._words_px = with_words - self._hinted() if is_short else 0

    def _hinted(self) -> int:
        return sum(button.sizeHint().width() for button in self._buttons)
