"""Where does one begin? Four cards: the sample, one's own database, an empty project, what was open before."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from studio.panels.widgets import EnterFilter, add_action, item_icon, muted_label
from studio.qt.icons import icon

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_ROLE: Final = Qt.ItemDataRole.UserRole
_CARD_PX: Final = 300


class Recent(NamedTuple):
    """A project that was open before."""

    name: str
    location: str
    exists: bool = True
    is_pinned: bool = False


def pinned_first(entries: Sequence[Recent]) -> list[Recent]:
    """The order in which they are shown: what is pinned, then the rest, each the latest first."""
    return sorted(entries, key=lambda entry: not entry.is_pinned)


class WelcomePage(QWidget):
    """What is shown while no project is open."""

    sampleRequested = Signal()
    connectRequested = Signal()
    newRequested = Signal()
    openRequested = Signal()
    recentOpened = Signal(str)
    recentForgotten = Signal(str)
    recentPinned = Signal(str, bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        outer = QVBoxLayout(self)
        outer.setContentsMargins(32, 32, 32, 32)
        outer.addStretch(2)
        self._title = QLabel(self.tr("Studio"), self)
        self._title.setFont(theme.font(size_px=28, bold=True))
        self._title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        outer.addWidget(self._title)
        subtitle = muted_label(self.tr("Draw a workflow, run it on your database, see the rows."), self)
        subtitle.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        outer.addWidget(subtitle)
        outer.addSpacing(24)
        grid = QGridLayout()
        grid.setSpacing(14)
        self.sample = WelcomeCard(
            theme,
            "storefront",
            self.tr("&Open sample shop"),
            self.tr("Models, a few hundred rows and a workflow to run. Nothing to set up."),
            self,
        )
        self.connect_card = WelcomeCard(
            theme,
            "database",
            self.tr("&Connect my database"),
            self.tr("SQLite, PostgreSQL or MariaDB; its tables become models."),
            self,
        )
        self.new = WelcomeCard(
            theme, "file-plus", self.tr("&New empty project"), self.tr("Begin with a blank canvas."), self
        )
        self.sample.chosen.connect(self.sampleRequested)
        self.connect_card.chosen.connect(self.connectRequested)
        self.new.chosen.connect(self.newRequested)
        self.recent = RecentCard(theme, self)
        self.recent.opened.connect(self.recentOpened)
        self.recent.forgotten.connect(self.recentForgotten)
        self.recent.pinned.connect(self.recentPinned)
        self.recent.openRequested.connect(self.openRequested)
        grid.addWidget(self.sample, 0, 0)
        grid.addWidget(self.connect_card, 1, 0)
        grid.addWidget(self.new, 2, 0)
        grid.addWidget(self.recent, 0, 1, 3, 1)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addLayout(grid)
        middle.addStretch(1)
        outer.addLayout(middle)
        outer.addStretch(3)
        self.sample.set_primary(theme)
        self.setFocusProxy(self.sample)

    def set_recent(self, recent: Sequence[Recent]) -> None:
        """Shows what was open before, the latest first; what is gone is grey and can only be forgotten."""
        self.recent.show_entries(recent)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._title.setFont(theme.font(size_px=28, bold=True))
        for card in (self.sample, self.connect_card, self.new):
            card.set_theme(theme)
        self.recent.set_theme(theme)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.sampleRequested.emit()
        else:
            super().keyPressEvent(event)


class WelcomeCard(QPushButton):
    """A large button with an icon, a title and a line of explanation."""

    chosen = Signal()

    def __init__(self, theme: Theme, glyph: str, title: str, text: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._glyph = glyph
        self._is_primary = False
        self.setObjectName("welcomeCard")
        self.setAutoDefault(False)
        self.setFixedWidth(_CARD_PX + 40)
        self.setMinimumHeight(86)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        plain = title.replace("&", "")
        self.setAccessibleName(plain)
        self.setAccessibleDescription(text)
        letter = title[title.index("&") + 1] if "&" in title else ""
        if letter:
            self.setShortcut(f"Alt+{letter.upper()}")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 16, 12)
        row.setSpacing(14)
        self._picture = QLabel(self)
        row.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignVCenter)
        self._plain, self._said = plain, text
        column = QVBoxLayout()
        column.setSpacing(3)
        column.addStretch(1)
        self._title = QLabel(plain, self)
        self._title.setFont(theme.font(size_px=15, bold=True))
        column.addWidget(self._title)
        self._text = muted_label(text, self, wrap=True)
        column.addWidget(self._text)
        column.addStretch(1)
        row.addLayout(column, 1)
        for label in (self._picture, self._title, self._text):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.clicked.connect(self.chosen)
        self.set_theme(theme)

    def set_primary(self, theme: Theme) -> None:
        """Makes this card the one that Enter chooses."""
        self._is_primary = True
        self.setProperty("kind", "primary")
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        tint = "text_on_accent" if self._is_primary else "accent_text"
        self._picture.setPixmap(icon(f"ph.{self._glyph}", theme, tint).pixmap(32, 32))
        self._title.setFont(theme.font(size_px=15, bold=True))
        if self._is_primary:
            # The style sheet's colours of labels are made for panels, not for the accent.
            color = theme.hex("text_on_accent")
            self._title.setText(f'<span style="color:{color}">{self._plain}</span>')
            self._text.setText(f'<span style="color:{color}">{self._said}</span>')

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.chosen.emit()
        else:
            super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        layout = self.layout()
        height = layout.totalHeightForWidth(_CARD_PX + 40) if layout is not None else 86
        return QSize(_CARD_PX + 40, max(86, height))


class RecentCard(QFrame):
    """The projects that were open before."""

    opened = Signal(str)
    forgotten = Signal(str)
    pinned = Signal(str, bool)
    openRequested = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._entries: list[Recent] = []
        self.setProperty("kind", "card")
        self.setMinimumWidth(_CARD_PX + 80)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 14, 10)
        column.setSpacing(6)
        head = QLabel(self.tr("Recent"), self)
        head.setFont(theme.font(size_px=15, bold=True))
        column.addWidget(head)
        self._pages = QStackedWidget(self)
        self.list = QListWidget(self._pages)
        self.list.setAccessibleName(self.tr("Recent projects"))
        self.list.setIconSize(QSize(18, 18))
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.itemClicked.connect(self._open)
        self.list.customContextMenuRequested.connect(self._show_menu)
        EnterFilter(self.list, self._open_current)
        self.pin_action = QAction(self.tr("&Pin or unpin"), self.list)
        self.pin_action.setShortcut("P")
        self.pin_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        self.pin_action.triggered.connect(self._pin_current)
        self.list.addAction(self.pin_action)
        self._pages.addWidget(self.list)
        self._none = muted_label(self.tr("Projects that you open appear here."), self._pages, wrap=True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._pages.addWidget(self._none)
        column.addWidget(self._pages, 1)
        self.open_button = QPushButton(self.tr("Open a &project…"), self)
        self.open_button.clicked.connect(self.openRequested)
        column.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.show_entries([])

    def show_entries(self, entries: Sequence[Recent]) -> None:
        self._entries = pinned_first(entries)
        self.list.clear()
        for entry in self._entries:
            picture = "push-pin" if entry.is_pinned else "clock-counter-clockwise"
            item = QListWidgetItem(item_icon(picture, self.theme, "text_muted"), "")
            gone = "" if entry.exists else self.tr(" (missing)")
            item.setText(f"{entry.name}{gone}\n{entry.location}")
            item.setToolTip(self.tr("{}\nP pins it to the top, or unpins it").format(entry.location))
            item.setData(_ROLE, entry)
            if not entry.exists:
                item.setForeground(self.theme.color("text_muted"))
            self.list.addItem(item)
        self._pages.setCurrentWidget(self.list if self._entries else self._none)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.show_entries(self._entries)

    def _open(self, item: QListWidgetItem) -> None:
        entry = item.data(_ROLE)
        if entry.exists:
            self.opened.emit(entry.location)

    def _emit_opened(self, location: str) -> None:
        self.opened.emit(location)

    def _emit_forgotten(self, location: str) -> None:
        self.forgotten.emit(location)

    def _emit_pinned(self, entry: Recent) -> None:
        self.pinned.emit(entry.location, not entry.is_pinned)

    def _pin_current(self) -> None:
        for item in self.list.selectedItems():
            self._emit_pinned(item.data(_ROLE))

    def _open_current(self) -> None:
        for item in self.list.selectedItems():
            self._open(item)

    def _show_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None:
            return
        entry = item.data(_ROLE)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_action(menu, self.tr("&Open"), partial(self._emit_opened, entry.location), enabled=entry.exists)
        pin = self.tr("Un&pin  (P)") if entry.is_pinned else self.tr("&Pin to the top  (P)")
        add_action(menu, pin, partial(self._emit_pinned, entry))
        add_action(menu, self.tr("&Remove from this list"), partial(self._emit_forgotten, entry.location))
        menu.popup(self.list.viewport().mapToGlobal(place))
