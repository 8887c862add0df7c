"""How does the window tell something without getting in the way? A bar for errors and offers, a toast for a passing sentence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.kernel.problems import Severity
from studio.qt.icons import icon
from studio.qt.messages import Message, message_of
from studio.qt.theme import Theme

Offer = tuple[str, Callable[[], object]]
"""A button's text and what it does; the bar closes when it is pressed."""

_TOAST_MS: Final = 4500
_READ_MS: Final = 900
"""So long it stays whatever one does."""
_ENDS: Final = (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress)
_WHY_HEIGHT: Final = 140


class MessageBar(QFrame):
    """Tells one thing at a time, above the canvas: what, what to do, and on demand why. The latest replaces the one before."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self._theme = theme
        self._message: Message | None = None
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setObjectName("messageText")
        self._text.setWordWrap(True)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._why = QLabel()
        self._why.setWordWrap(True)
        self._why.setProperty("role", "muted")
        self._why.setFont(theme.mono(size_px=12))
        self._why.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._why.setMaximumHeight(_WHY_HEIGHT)
        self._why.hide()
        self._details = self._flat(self.tr("Details"))
        self._details.setCheckable(True)
        self._details.toggled.connect(self._why.setVisible)
        self._copy = self._flat(self.tr("Copy"))
        self._copy.clicked.connect(self._copy_message)
        self._close = QToolButton()
        self._close.setIcon(icon("ph.x", theme, "text_muted"))
        self._close.setToolTip(self.tr("Close this message"))
        self._close.clicked.connect(self.hide)
        self._offers: list[QPushButton] = []

        self._row = QHBoxLayout()
        self._row.setSpacing(8)
        self._row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        self._row.addWidget(self._text, 1)
        for button in (self._details, self._copy, self._close):
            self._row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 7, 8, 7)
        layout.setSpacing(4)
        layout.addLayout(self._row)
        layout.addWidget(self._why)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._close.setIcon(icon("ph.x", theme, "text_muted"))
        if self._message is not None:
            self._show_severity(self._message.severity)

    @property
    def message(self) -> Message | None:
        """What is told now; None while nothing is."""
        return self._message if self.isVisible() else None

    def tell_error(self, error: StudioError, offers: Sequence[Offer] = ()) -> None:
        self.tell(message_of(error), offers)

    def tell(self, message: Message, offers: Sequence[Offer] = ()) -> None:
        self._message = message
        self._show_severity(message.severity)
        where = f"({message.where})" if message.where else ""
        self._text.setText(" ".join(part for part in (message.what, message.fix, where) if part))
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._why.setText(message.why)
        self._details.setChecked(False)
        self._details.setVisible(bool(message.why))
        self._copy.setVisible(message.severity is not Severity.INFO)
        self._set_offers(offers)
        self.show()

    def _show_severity(self, severity: Severity) -> None:
        token = {Severity.ERROR: "error", Severity.WARNING: "warning"}.get(severity, "running")
        name = "ph.info" if severity is Severity.INFO else "ph.warning-circle"
        self._icon.setPixmap(icon(name, self._theme, token).pixmap(18, 18))
        self.setProperty("severity", severity.value)
        self.style().polish(self)

    def _set_offers(self, offers: Sequence[Offer]) -> None:
        for button in self._offers:
            self._row.removeWidget(button)
            button.deleteLater()
        self._offers = []
        for text, deed in offers:
            button = QPushButton(text)
            button.clicked.connect(self.hide)
            button.clicked.connect(_without_arguments(deed))
            self._row.insertWidget(2 + len(self._offers), button, 0, Qt.AlignmentFlag.AlignTop)
            self._offers.append(button)

    def _flat(self, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("kind", "flat")
        return button

    def _copy_message(self) -> None:
        if self._message is not None:
            QGuiApplication.clipboard().setText(self._message.text)


class Toast(QLabel):
    """A sentence that floats over the bottom of a widget; it goes away by itself, or with the first key or click once it could be read."""

    def __init__(self, over: QWidget) -> None:
        super().__init__(over)
        self._over = over
        self.setObjectName("toast")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self._unread = QTimer(self)
        self._unread.setSingleShot(True)
        over.installEventFilter(self)
        self.hide()

    def tell(self, text: str) -> None:
        self.setText(text)
        self._place()
        self.show()
        self.raise_()
        self._timer.start(_TOAST_MS)
        self._unread.start(_READ_MS)
        if (handle := self.window().windowHandle()) is not None:
            handle.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        elif event.type() in _ENDS and self.isVisible() and not self._unread.isActive():
            # Who goes on has seen it, and it must not lie over what comes next.
            self._timer.stop()
            self.hide()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        over = self._over
        width = min(620, max(over.width() - 48, 120), self.fontMetrics().horizontalAdvance(self.text()) + 44)
        height = self.heightForWidth(width)
        self.setGeometry((over.width() - width) // 2, over.height() - height - 22, width, height)


def _without_arguments(deed: Callable[[], object]) -> Callable[..., None]:
    def call(*_: object) -> None:
        deed()

    return call
