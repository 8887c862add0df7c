"""What has been edited, and how does one get back there? The steps that can be undone and redone, to jump to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QAbstractItemView, QListView, QMenu, QStackedWidget, QVBoxLayout, QWidget

from studio.panels.base import Panel
from studio.panels.models_tree import EXTRA, ExtraDelegate
from studio.panels.widgets import EmptyState, EnterFilter, add_action, item_icon
from studio.session.events import ProjectChanged, SavedStateChanged

if TYPE_CHECKING:
    from studio.project.history import History, Step
    from studio.qt.theme import Theme

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE: Final = QModelIndex()
_ROW_PX: Final = 24


class HistoryModel(QAbstractListModel):
    """Row 0 is the beginning; row n the state after n steps.

    Only the rows that differ are told of: a history of ten thousand steps costs what one of ten does.
    """

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._steps: tuple[Step, ...] = ()
        self._position = 0
        self._saved: int | None = None

    @property
    def position(self) -> int:
        return self._position

    def show(self, history: History | None) -> None:
        steps = history.steps if history is not None else ()
        same = _common(self._steps, steps)
        if len(self._steps) > same:
            self.beginRemoveRows(QModelIndex(), same + 1, len(self._steps))
            self._steps = self._steps[:same]
            self.endRemoveRows()
        if len(steps) > same:
            self.beginInsertRows(QModelIndex(), same + 1, len(steps))
            self._steps = steps
            self.endInsertRows()
        before, self._position = self._position, history.position if history is not None else 0
        saved, self._saved = self._saved, history.clean_position if history is not None else None
        rows = [row for row in (before, self._position, saved, self._saved) if row is not None]
        last = len(self._steps)
        self.dataChanged.emit(self.index(min(*rows, last)), self.index(min(max(rows), last)), [])

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._steps) + 1

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = index.row()
        if not index.isValid() or row > len(self._steps):
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.label(row)
        if role == EXTRA:
            return self.mark(row)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            undone = self.tr("undone") if row > self._position else ""
            return ", ".join(filter(None, (self.label(row), self.mark(row), undone)))
        if role == Qt.ItemDataRole.ForegroundRole and row > self._position:
            return QBrush(self.theme.color("text_muted"))
        if role == Qt.ItemDataRole.FontRole:
            return self.theme.font(bold=row == self._position)
        if role == Qt.ItemDataRole.DecorationRole:
            name = "caret-right" if row == self._position else "git-commit"
            return item_icon(name, self.theme, "accent_text" if row == self._position else "text_muted")
        if role == Qt.ItemDataRole.SizeHintRole:
            return QSize(0, _ROW_PX)
        return None

    def label(self, row: int) -> str:
        return self._steps[row - 1].text if row else self.tr("Beginning")

    def mark(self, row: int) -> str:
        marks = []
        if row == self._position:
            marks.append(self.tr("now"))
        if row == self._saved:
            marks.append(self.tr("saved"))
        return " · ".join(marks)


def _common(one: tuple[Step, ...], other: tuple[Step, ...]) -> int:
    """How many steps both begin with. Steps are only ever taken off the end or put there, so that the last one decides."""
    same = min(len(one), len(other))
    while same and one[same - 1] is not other[same - 1]:
        same -= 1
    return same


class HistoryPanel(Panel):
    """The steps of the session's history. A click, or Enter, goes to the state after a step."""

    jumped = Signal(int)
    """The position that was gone to."""
    compareRequested = Signal(int)
    """The state after so many steps is to be compared with the present."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages)
        self.model = HistoryModel(theme, self)
        self.list = QListView(self._pages)
        self.list.setAccessibleName(self.tr("History of edits"))
        self.list.setModel(self.model)
        self.list.setUniformItemSizes(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._delegate = ExtraDelegate(theme, self.list)
        self.list.setItemDelegate(self._delegate)
        self.list.clicked.connect(self._clicked)
        EnterFilter(self.list, self._go_to_current)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._show_menu)
        self._pages.addWidget(self.list)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        self.setFocusProxy(self.list)
        # The step of a group is recorded after its changes are told; and a jump tells of many changes.
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self.refresh)
        self.refresh()

    def refresh(self) -> None:
        """Shows the history as it is now, with the state that holds in sight."""
        history = self.session.history if self.session is not None else None
        self.model.show(history)
        if self.model.rowCount() > 1:
            self._pages.setCurrentWidget(self.list)
            index = self.model.index(self.model.position)
            self.list.setCurrentIndex(index)
            self.list.scrollTo(index)
        else:
            self.empty.show_state(
                self.tr("Nothing edited yet"),
                self.tr("Each edit becomes a step here; choose one to go back to it."),
                picture="clock-counter-clockwise",
            )
            self._pages.setCurrentWidget(self.empty)

    def go_to(self, position: int) -> None:
        """Undoes or redoes until `position` steps are done."""
        if self.session is not None and position != self.session.history.position:
            self.session.history.go_to(position)
            self.jumped.emit(position)

    def session_changed(self) -> None:
        self.refresh()

    def session_event(self, event: Any) -> None:
        if isinstance(event, ProjectChanged | SavedStateChanged) and self.isVisible():
            self._timer.start()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self.refresh()

    def theme_changed(self) -> None:
        self.model.theme = self.theme
        self._delegate.theme = self.theme
        self.empty.set_theme(self.theme)
        self.refresh()
        self.list.viewport().update()

    def _clicked(self, index: QModelIndex) -> None:
        self.go_to(index.row())

    def _show_menu(self, place: QPoint) -> None:
        index = self.list.indexAt(place)
        row = (index if index.isValid() else self.list.currentIndex()).row()
        self.menu(row).popup(self.list.viewport().mapToGlobal(place))

    def menu(self, row: int) -> QMenu:
        """What can be done with a state: go back to it, or look what has changed since."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        is_other = row != self.model.position
        add_action(menu, self.tr("&Go to it"), partial(self.go_to, row), enabled=is_other, key="Return")
        compare = partial(self.compareRequested.emit, row)
        add_action(menu, self.tr("&Compare with now…"), compare, enabled=is_other)
        return menu

    def _go_to_current(self) -> None:
        self.go_to(self.list.currentIndex().row())
