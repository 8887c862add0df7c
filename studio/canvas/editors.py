"""How is text on the canvas edited? One floating editor at a time, over a card's title or a note."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from studio.canvas.style import Style


class FloatingEditor(QObject):
    """Edits one text where it stands. Enter (in a note Ctrl+Enter) or a click elsewhere keeps it, Esc does not."""

    edited = Signal(str, str)
    """(what was edited, its new text): only when the text has changed."""
    closed = Signal(str, bool)
    """(what was edited, whether its text was to be kept)."""

    def __init__(self, surface: QWidget) -> None:
        super().__init__(surface)
        self._surface = surface
        self._widget: QLineEdit | QPlainTextEdit | None = None
        self._subject = ""
        self._before = ""

    @property
    def widget(self) -> QLineEdit | QPlainTextEdit | None:
        """The editor that is open, for tests and for those who place it."""
        return self._widget

    @property
    def is_open(self) -> bool:
        return self._widget is not None

    def open_line(self, subject: str, text: str, box: QRectF, style: Style, zoom: float) -> None:
        """Edits one line within `box` (pixels of the surface)."""
        self.close(keep=True)
        line = QLineEdit(text, self._surface)
        line.setAccessibleName("Title")
        line.selectAll()
        self._show(line, subject, text, box, style, zoom)

    def open_text(self, subject: str, text: str, box: QRectF, style: Style, zoom: float) -> None:
        """Edits several lines within `box` (pixels of the surface)."""
        self.close(keep=True)
        area = QPlainTextEdit(text, self._surface)
        area.setAccessibleName("Note")
        area.selectAll()
        self._show(area, subject, text, box, style, zoom)

    def _show(
        self,
        widget: QLineEdit | QPlainTextEdit,
        subject: str,
        text: str,
        box: QRectF,
        style: Style,
        zoom: float,
    ) -> None:
        self._widget, self._subject, self._before = widget, subject, text
        self.place(box, style, zoom)
        widget.installEventFilter(self)
        widget.show()
        widget.setFocus(Qt.FocusReason.PopupFocusReason)

    def place(self, box: QRectF, style: Style, zoom: float) -> None:
        """Puts the editor elsewhere: what it edits is seen there now, and as large."""
        widget = self._widget
        if widget is None:
            return
        theme = style.theme
        size = max(round(13 * zoom), 11)
        widget.setStyleSheet(
            f"background: {theme.hex('input')}; color: {theme.hex('text')}; border: 1px solid {theme.hex('accent')};"
            f" border-radius: 4px; padding: 0 4px; font-size: {size}px;"
        )
        shown = box.toAlignedRect()
        shown.setWidth(max(shown.width(), 120))
        shown.setHeight(max(shown.height(), 24))
        widget.setGeometry(shown)

    def text(self) -> str:
        widget = self._widget
        if isinstance(widget, QPlainTextEdit):
            return widget.toPlainText()
        return widget.text() if widget is not None else ""

    def close(self, *, keep: bool) -> None:
        """Ends the editing; with `keep` the text is handed on."""
        widget = self._widget
        if widget is None:
            return
        text = self.text()
        subject, before = self._subject, self._before
        self._widget = None
        widget.removeEventFilter(self)
        widget.hide()
        widget.deleteLater()
        if keep and text != before:
            self.edited.emit(subject, text)
        self.closed.emit(subject, keep)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is not self._widget:
            return False
        if event.type() == QEvent.Type.FocusOut:
            self.close(keep=True)
        elif event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            # Else Ctrl+Enter would run the workflow, and Esc be whatever the window has for it.
            if self._ends(event):
                event.accept()
                return True
        elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._ends(event):
            self.close(keep=event.key() != Qt.Key.Key_Escape)
            return True
        return False

    def _ends(self, event: QKeyEvent) -> bool:
        """Whether a key ends the editing."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            in_line = isinstance(self._widget, QLineEdit)
            return in_line or bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        return event.key() == Qt.Key.Key_Escape
