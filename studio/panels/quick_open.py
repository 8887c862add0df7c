"""How does a person get anywhere with the keyboard alone? A line to type in over the window, and what it finds below.

What there is to find is handed in; what becomes of the goal that is chosen is the caller's business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.panels.quick_search import Goal, found_goals
from studio.panels.widgets import item_icon

if TYPE_CHECKING:
    from studio.panels.base import Panel
    from studio.qt.theme import Theme

SIZE: Final = QSize(600, 420)
_TOP_PX: Final = 84
_GOAL: Final = Qt.ItemDataRole.UserRole
_PAGE: Final = 10
_ICONS: Final = {
    "command": "terminal-window",
    "node": "cube",
    "workflow": "flow-arrow",
    "model": "table",
    "run": "play-circle",
    "choice": "arrow-right",
}


class QuickOpen(QFrame):
    """Lies over its parent. Closes by Esc, by choosing, and when the focus goes elsewhere; the focus then returns to where it was."""

    chosen = Signal(object)
    """The Goal. Sent when the popup has closed and the focus is back."""
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("quickOpen")
        self.setProperty("kind", "card")
        self._goals: list[Goal] = []
        self._recent: Sequence[str] = ()
        self._before: QWidget | None = None
        self.line = QLineEdit(self)
        self.line.textChanged.connect(self._search)
        self.line.installEventFilter(self)
        self.list = QTreeWidget(self)
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setIndentation(0)
        self.list.setAllColumnsShowFocus(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setAccessibleName(self.tr("What was found"))
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemClicked.connect(self._clicked)
        self.hint = QLabel(self)
        self.hint.setProperty("role", "muted")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 10, 10, 8)
        column.setSpacing(6)
        column.addWidget(self.line)
        column.addWidget(self.list, 1)
        column.addWidget(self.hint)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.setStyleSheet(
            f"#quickOpen {{ background: {theme.hex('panel')}; border: 1px solid {theme.hex('border_strong')};"
            f" border-radius: 8px; }} #quickOpen:hover {{ border-color: {theme.hex('border_strong')}; }}"
        )
        if self.isVisible():
            self._search()

    # ------------------------------------------------------------ what is offered

    def open(
        self,
        goals: Iterable[Goal],
        *,
        title: str,
        text: str = "",
        recent: Sequence[str] = (),
        hint: str = "",
        placeholder: str = "",
    ) -> None:
        """Shows `goals`; `text` stands in the line already (a prefix), `title` is what a screen reader calls it."""
        window = self.parentWidget()
        assert window is not None, "it lies over its window"
        if not self.isVisible():
            self._before = window.focusWidget()
        self._goals, self._recent = list(goals), recent
        self.setAccessibleName(title)
        self.line.setAccessibleName(title)
        self.line.setPlaceholderText(placeholder or title)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        size = SIZE.boundedTo(window.size() - QSize(40, 40)).expandedTo(QSize(240, 160))
        self.setGeometry(
            (window.width() - size.width()) // 2,
            min(_TOP_PX, max(window.height() - size.height() - 8, 0)),
            size.width(),
            size.height(),
        )
        self.line.setText(text)
        # Shown first: until then the list does not know how high its rows are to be.
        self.show()
        self.raise_()
        self._search()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.deselect()
        self.line.end(False)

    def add(self, goals: Iterable[Goal]) -> None:
        """Offers more, such as what had to be read first; what is chosen stays chosen."""
        current = self.current()
        self._goals.extend(goals)
        if self.isVisible():
            self._search()
            self._select(current)

    def current(self) -> Goal | None:
        goal = self.list.currentIndex().siblingAtColumn(0).data(_GOAL)
        return goal if isinstance(goal, Goal) else None

    @property
    def shown(self) -> list[Goal]:
        """What is listed now, in order."""
        items = (self.list.topLevelItem(row) for row in range(self.list.topLevelItemCount()))
        goals = [item.data(0, _GOAL) for item in items if item is not None]
        return [goal for goal in goals if isinstance(goal, Goal)]

    def dismiss(self) -> None:
        """Closes it and gives the focus back."""
        if not self.isVisible():
            return
        had_focus = self.line.hasFocus()
        before, self._before = self._before, None
        self.hide()
        if had_focus and before is not None and before.isVisible():
            before.setFocus(Qt.FocusReason.PopupFocusReason)
        self.closed.emit()

    # ------------------------------------------------------------ inside

    def _search(self, _text: str = "") -> None:
        found = found_goals(self._goals, self.line.text(), self._recent)
        self.list.clear()
        self.list.addTopLevelItems([self._item(goal) for goal in found])
        if found:
            self._select(found[0])
        else:
            nothing = QTreeWidgetItem([self.tr("Nothing is called that."), ""])
            nothing.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addTopLevelItem(nothing)

    def _item(self, goal: Goal) -> QTreeWidgetItem:
        item = QTreeWidgetItem([goal.title, goal.detail])
        item.setData(0, _GOAL, goal)
        item.setIcon(0, item_icon(goal.icon or _ICONS[goal.kind], self.theme, "text_muted"))
        muted = QBrush(self.theme.color("text_muted"))
        item.setForeground(1, muted)
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setData(
            0, Qt.ItemDataRole.AccessibleTextRole, ", ".join(filter(None, (goal.title, goal.detail)))
        )
        if not goal.is_enabled:
            item.setForeground(0, muted)
            item.setToolTip(0, self.tr("Not possible now"))
        return item

    def _select(self, goal: Goal | None) -> None:
        for row in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(row)
            if item is not None and item.data(0, _GOAL) == goal:
                self.list.setCurrentItem(item)
                return

    def _step(self, by: int) -> None:
        count = len(self.shown)
        if count:
            row = self.list.currentIndex().row()
            index = self.list.model().index(max(0, min(row + by, count - 1)), 0)
            self.list.setCurrentIndex(index)

    def _choose(self) -> None:
        goal = self.current()
        if goal is not None and goal.is_enabled:
            self.dismiss()
            self.chosen.emit(goal)

    def _clicked(self, item: QTreeWidgetItem, _column: int) -> None:
        self.list.setCurrentItem(item)
        self._choose()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.line:
            if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
                # Keys that move in the list or close it belong to no shortcut of the window.
                if event.key() in _OWN_KEYS:
                    event.accept()
                    return True
            elif event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
                return self._key(event)
            elif isinstance(event, QFocusEvent) and event.lostFocus() and event.reason() not in _PASSING:
                self.dismiss()
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        if key in _STEPS:
            self._step(_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        elif key == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            return False
        return True


_STEPS: Final = {
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageDown: _PAGE,
    Qt.Key.Key_PageUp: -_PAGE,
    Qt.Key.Key_Tab: 1,
    Qt.Key.Key_Backtab: -1,
}
_PASSING: Final = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
"""The line's own menu is open, or another program is looked at for a moment."""
_OWN_KEYS: Final = frozenset({*_STEPS, Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape})


class Asker(QObject):
    """Asks a person to choose by name, on behalf of a panel, in a QuickOpen over the panel's window."""

    def __init__(self, panel: Panel) -> None:
        super().__init__(panel)
        self._panel = panel
        self._answer: Callable[[Goal], None] | None = None
        self.popup: QuickOpen | None = None

    def ask(self, title: str, goals: Sequence[Goal], answer: Callable[[Goal], None]) -> None:
        """Calls `answer` with what is chosen, if anything is; what it refuses is told by the panel."""
        if not goals:
            self._panel.message.emit(self.tr("There is nothing to choose from."))
            return
        if self.popup is None or self.popup.parentWidget() is not self._panel.window():
            self.popup = QuickOpen(self._panel.theme, self._panel.window())
            self.popup.chosen.connect(self._chosen)
        self._answer = answer
        self.popup.open(goals, title=title, hint=self.tr("Enter chooses · Esc leaves everything as it is"))

    def set_theme(self, theme: Theme) -> None:
        if self.popup is not None:
            self.popup.set_theme(theme)

    def _chosen(self, goal: object) -> None:
        answer, self._answer = self._answer, None
        if answer is None or not isinstance(goal, Goal):
            return
        try:
            answer(goal)
        except StudioError as error:
            self._panel.failed.emit(error)
