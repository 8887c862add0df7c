"""Which small parts do several panels use? Empty states, error cards, search fields, busy lines, buttons; no business of their own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QLocale, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QGuiApplication,
    QIcon,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.panels.wrapping import WrapLayout
from studio.qt.icons import icon
from studio.qt.messages import Message, message_of

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError
    from studio.kernel.problems import Problem
    from studio.qt.theme import Theme

BUSY_AFTER_MS = 500
MENDS = "mend"
"""So begin the names of an error card's buttons that mend what it tells."""
ICON_PX = 16


def tool_button(
    name: str, theme: Theme, parent: QWidget, *, tip: str, text: str = "", tint: str = "text"
) -> QToolButton:
    """A flat button with an icon; its tooltip is its accessible name as well."""
    button = QToolButton(parent)
    button.setIcon(icon(f"ph.{name}", theme, tint))
    button.setIconSize(QSize(ICON_PX, ICON_PX))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    button.setProperty("glyph", name)
    button.setProperty("tint", tint)
    if text:
        # The space keeps the two apart.
        button.setText(f" {text}")
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    return button


@functools.lru_cache(maxsize=256)
@functools.lru_cache(maxsize=256)
def item_icon(name: str, theme: Theme, tint: str = "text_muted") -> QIcon:
    """The icon of a row in a list; it keeps its colour when the row is selected."""
    pixmap = icon(f"ph.{name}", theme, tint).pixmap(2 * ICON_PX, 2 * ICON_PX)
    made = QIcon()
    for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected, QIcon.Mode.Active):
        made.addPixmap(pixmap, mode)
    return made


def repaint_icons(root: QWidget, theme: Theme) -> None:
    """Gives every `tool_button` below `root` the theme's colours."""
    for button in root.findChildren(QToolButton):
        name = button.property("glyph")
        if name:
            button.setIcon(icon(f"ph.{name}", theme, button.property("tint") or "text"))


def muted_label(text: str, parent: QWidget, *, wrap: bool = False) -> QLabel:
    label = QLabel(text, parent)
    label.setProperty("role", "muted")
    label.setWordWrap(wrap)
    return label


def set_role(widget: QWidget, name: str, value: object) -> None:
    """Sets a property that the style sheet looks at, and has the widget drawn anew."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def copy_text(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def clear_layout(layout: QLayout) -> None:
    """Takes every item out of a layout and deletes the widgets."""
    while (item := layout.takeAt(0)) is not None:
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def counted(number: int) -> str:
    """A number as people of this locale write it, thousands set apart: `1,998`."""
    locale = QLocale()
    locale.setNumberOptions(locale.numberOptions() & ~QLocale.NumberOption.OmitGroupSeparator)
    return locale.toString(number)


def number_box(parent: QWidget | None = None) -> QSpinBox:
    """A field for a whole number, whose text stands as far from its border as in other fields: no style sheet reaches that."""
    box = QSpinBox(parent)
    box.lineEdit().setTextMargins(6, 0, 0, 0)
    return box


class ElidedLabel(QLabel):
    """A label of one line that ends in … where there is no room; the tooltip has the whole text."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)

    def set_text(self, text: str) -> None:
        self.setText(text)
        self.setToolTip(text)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.setPen(self.palette().color(self.foregroundRole()))
            shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
            painter.drawText(self.rect(), int(self.alignment()), shown)
        finally:
            painter.end()


class SearchField(QLineEdit):
    """A line to search in. Down leaves it for what is searched, Escape empties it."""

    left = Signal()
    """Down or Enter: the results take over."""

    def __init__(self, theme: Theme, placeholder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setPlaceholderText(placeholder)
        self.setAccessibleName(placeholder)
        self.setClearButtonEnabled(True)
        self._lens = self.addAction(
            icon("ph.magnifying-glass", theme, "text_muted"), QLineEdit.ActionPosition.LeadingPosition
        )

    def set_theme(self, theme: Theme) -> None:
        self._lens.setIcon(icon("ph.magnifying-glass", theme, "text_muted"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        else:
            super().keyPressEvent(event)


class BusyLine(QWidget):
    """A thin moving line that appears once something has taken half a second."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedHeight(2)
        self.setAccessibleName(self.tr("Working"))
        self._jobs = 0
        self._phase = 0.0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BUSY_AFTER_MS)
        self._timer.timeout.connect(self._appear)
        self._ticks = QTimer(self)
        self._ticks.setInterval(40)
        self._ticks.timeout.connect(self._tick)

    @property
    def is_moving(self) -> bool:
        return self._ticks.isActive()

    def begin(self) -> None:
        self._jobs += 1
        if self._jobs == 1:
            self._timer.start()

    def end(self) -> None:
        self._jobs = max(0, self._jobs - 1)
        if not self._jobs:
            self._timer.stop()
            self._ticks.stop()
            self.update()

    def _appear(self) -> None:
        self._ticks.start()

    def _tick(self) -> None:
        self._phase = (self._phase + 0.02) % 1.0
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._ticks.isActive():
            return
        painter = QPainter(self)
        try:
            width = max(self.width() // 4, 24)
            left = int(self._phase * (self.width() + width)) - width
            painter.fillRect(
                left, 0, width, self.height(), self.palette().color(QPalette.ColorRole.Highlight)
            )
        finally:
            painter.end()


class EmptyState(QWidget):
    """Says why there is nothing to see, and offers what to do about it."""

    activated = Signal(str)
    """The name of the link that was chosen."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._icon_name = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(2)
        self._picture = QLabel(self)
        self._picture.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._picture)
        self._title = QLabel(self)
        self._title.setProperty("role", "heading")
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._title.setWordWrap(True)
        column.addWidget(self._title)
        self._text = muted_label("", self, wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._text)
        self._links = QVBoxLayout()
        self._links.setSpacing(2)
        column.addLayout(self._links)
        column.addStretch(3)

    def show_state(
        self, title: str, text: str = "", *, picture: str = "", links: Sequence[tuple[str, str]] = ()
    ) -> None:
        """`links` are (name, text); `picture` is an icon's name without its prefix."""
        self._icon_name = picture
        self._draw_picture()
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._text.setText(text)
        self._text.setVisible(bool(text))
        clear_layout(self._links)
        for name, label in links:
            button = QPushButton(label, self)
            button.setProperty("kind", "link")
            button.setProperty("link", name)
            button.setCursor(Qt.CursorShape.PointingHandCursor)
            button.clicked.connect(self._clicked)
            self._links.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._draw_picture()

    def link(self, name: str) -> QPushButton:
        """The button of a link; raises KeyError."""
        for number in range(self._links.count()):
            item = self._links.itemAt(number)
            button = item.widget() if item is not None else None
            if isinstance(button, QPushButton) and button.property("link") == name:
                return button
        raise KeyError(name)

    def _draw_picture(self) -> None:
        self._picture.setVisible(bool(self._icon_name))
        if self._icon_name:
            self._picture.setPixmap(icon(f"ph.{self._icon_name}", self.theme, "text_muted").pixmap(36, 36))

    def _clicked(self) -> None:
        self.activated.emit(str(self.sender().property("link")))


class ErrorCard(QFrame):
    """One error or problem: what, where, what to do, why; with Copy, and buttons that mend it."""

    activated = Signal(str)
    """The name of the button that was chosen; `copy` is done here."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._message: Message | None = None
        self.setProperty("kind", "card")
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 12, 14, 12)
        row.setSpacing(12)
        self._picture = QLabel(self)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        row.addLayout(column, 1)
        self._label = QLabel(self)
        self._label.setWordWrap(True)
        self._label.setTextFormat(Qt.TextFormat.RichText)
        self._label.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
        column.addWidget(self._label)
        self._buttons = WrapLayout()
        column.addLayout(self._buttons)

    @property
    def text(self) -> str:
        return self._message.text if self._message else ""

    def show_error(self, error: StudioError | Problem, *, fixes: Sequence[tuple[str, str]] = ()) -> None:
        """`fixes` are (name, text) of buttons; the first stands out when its name begins with `MENDS`."""
        self._message = message_of(error)
        self.setAccessibleName(self._message.what)
        self._draw()
        clear_layout(self._buttons)
        for number, (name, label) in enumerate((*fixes, ("copy", self.tr("&Copy")))):
            button = QPushButton(label, self)
            button.setProperty("fix", name)
            if number == 0 and name.startswith(MENDS):
                button.setProperty("kind", "primary")
            button.clicked.connect(self._clicked)
            self._buttons.addWidget(button)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._draw()

    def _draw(self) -> None:
        if self._message is None:
            return
        token = "error" if self._message.severity == "error" else "warning"
        self._picture.setPixmap(icon("ph.warning-circle", self.theme, token).pixmap(22, 22))
        self._label.setText(self._message.rich_text(self.theme))

    def _clicked(self) -> None:
        name = str(self.sender().property("fix"))
        if name == "copy":
            copy_text(self.text)
        self.activated.emit(name)


class ColumnScroll(QScrollArea):
    """A scroll area for one column of widgets, as wide as the area, never scrolled sideways."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._body = QWidget(self)
        self.column = QVBoxLayout(self._body)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.setWidget(self._body)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # A word-wrapped label's least width would otherwise make the column wider than the panel.
        self._body.setMaximumWidth(self.viewport().width())


def add_action(
    menu: QMenu, text: str, slot: Callable[..., object], *, enabled: bool = True, key: str = ""
) -> QAction:
    """Adds an entry to a menu. `key` is shown beside it; whoever opens the menu hears that key."""

    def trigger() -> None:
        # Without the signal's own argument, which Qt would hand to a slot that takes any.
        slot()

    action = QAction(text, menu)
    action.setEnabled(enabled)
    action.triggered.connect(trigger)
    if key:
        action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        action.setShortcut(QKeySequence(key))
        action.setShortcutVisibleInContextMenu(True)
    menu.addAction(action)
    return action


def add_key(widget: QWidget, keys: str, slot: Callable[[], None]) -> None:
    """A key of a widget's own, which counts while the widget has the focus."""
    shortcut = QShortcut(QKeySequence(keys), widget)
    shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
    shortcut.activated.connect(slot)


class EnterFilter(QObject):
    """Calls back when Enter is pressed in a view: the activated signal is left to double clicks alone on some platforms."""

    def __init__(self, view: QWidget, callback: Callable[[], None]) -> None:
        super().__init__(view)
        self._callback = callback
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        ):
            self._callback()
            return True
        return False
