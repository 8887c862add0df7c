"""How is generated text (SQL, Python) shown? Read only, coloured, with a button to copy it, worked out while the page is in sight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QStackedWidget, QVBoxLayout, QWidget

from studio.panels.editors.highlight import Highlighter
from studio.panels.widgets import ColumnScroll, ErrorCard, copy_text, muted_label, repaint_icons, tool_button
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.qt.background import Job
    from studio.qt.theme import Theme

_WAIT_MS = 150


class CodePage(QWidget):
    """A text that is made by `make`, on another thread, when the page is shown or told to refresh."""

    def __init__(self, language: str, theme: Theme, parent: QWidget, *, note: str, name: str) -> None:
        super().__init__(parent)
        self._make: Callable[[], str] | None = None
        self._is_stale = True
        self._job: Job | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 12)
        column.setSpacing(6)
        bar = QHBoxLayout()
        bar.addWidget(muted_label(note, self, wrap=True), 1)
        copy = tool_button("copy", theme, self, tip=self.tr("Copy"), text=self.tr("Copy"))
        copy.clicked.connect(self.copy)
        bar.addWidget(copy)
        column.addLayout(bar)
        self._pages = QStackedWidget(self)
        self.text = QPlainTextEdit(self._pages)
        self.text.setReadOnly(True)
        self.text.setFont(theme.mono(size_px=12))
        self.text.setAccessibleName(name)
        self._highlighter = Highlighter(self.text.document(), language, theme)
        self._pages.addWidget(self.text)
        self._card_page = ColumnScroll(self._pages)
        self.card = ErrorCard(theme, self._card_page)
        self._card_page.column.addWidget(self.card)
        self._card_page.column.addStretch(1)
        self._pages.addWidget(self._card_page)
        column.addWidget(self._pages, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._start)

    def set_maker(self, make: Callable[[], str] | None) -> None:
        """`make` gives the text, or raises StudioError that says why there is none; it may be called on another thread."""
        self._make = make
        self.refresh()

    def refresh(self) -> None:
        """The text may be another one now."""
        self._is_stale = True
        if self.isVisible():
            self._timer.start()

    def copy(self) -> None:
        copy_text(self.text.toPlainText())

    def set_theme(self, theme: Theme) -> None:
        self._highlighter.set_theme(theme)
        self.card.set_theme(theme)
        repaint_icons(self, theme)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._timer.start(0)

    def _start(self) -> None:
        self._is_stale = False
        if self._job is not None:
            self._job.cancel()
        if self._make is None:
            self._show_text("")
            return
        self._job = run_in_background(self, asyncio.to_thread(self._make), self._show_text, self._show_error)

    def _show_text(self, text: str) -> None:
        if self.text.toPlainText() != text:
            self.text.setPlainText(text)
        self._pages.setCurrentWidget(self.text)

    def _show_error(self, error: Any) -> None:
        self.card.show_error(error)
        self._pages.setCurrentWidget(self._card_page)
