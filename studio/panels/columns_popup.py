"""Which columns are seen, and in which order? A list to tick and to drag, and the looks that were kept under a name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.panels.widgets import add_key, clear_layout, muted_label, tool_button

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from studio.qt.theme import Theme

_WIDTH_PX: Final = 260


class ColumnsPopup(QFrame):
    """Opens at a button. It shows what it is told, and tells what somebody wants."""

    chosen = Signal(list, list)
    """The columns that are to be shown, from left to right, and those that are not."""
    lookChosen = Signal(str)
    lookKept = Signal(str)
    """What is seen now is to be kept under this name."""
    lookRemoved = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.theme = theme
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setFixedWidth(_WIDTH_PX)
        self.setAccessibleName(self.tr("Columns and views"))
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 10)
        column.setSpacing(6)
        head = QHBoxLayout()
        title = QLabel(self.tr("Columns"), self)
        title.setProperty("role", "heading")
        head.addWidget(title, 1)
        self.all_button = QPushButton(self.tr("&All"), self)
        self.all_button.setProperty("kind", "link")
        self.all_button.setToolTip(self.tr("Show every column, in the order that they come"))
        self.all_button.clicked.connect(self._show_all)
        head.addWidget(self.all_button)
        column.addLayout(head)
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Columns: tick those to be shown, drag them into order"))
        self.list.setToolTip(self.tr("Tick what is to be shown, drag it into order (Alt+Up, Alt+Down)"))
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setMinimumHeight(150)
        add_key(self.list, "Alt+Up", partial(self.move_current, -1))
        add_key(self.list, "Alt+Down", partial(self.move_current, 1))
        self.list.itemChanged.connect(self._tell)
        self.list.model().rowsMoved.connect(self._tell)
        column.addWidget(self.list)
        views = QLabel(self.tr("Kept views"), self)
        views.setProperty("role", "heading")
        column.addWidget(views)
        self._looks = QVBoxLayout()
        self._looks.setSpacing(0)
        column.addLayout(self._looks)
        row = QHBoxLayout()
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("Name of this view"))
        self.name.setAccessibleName(self.tr("Name under which columns, order and filters are kept"))
        self.name.returnPressed.connect(self._keep)
        self.name.textChanged.connect(self._name_typed)
        row.addWidget(self.name, 1)
        self.keep_button = QPushButton(self.tr("&Keep"), self)
        self.keep_button.setToolTip(self.tr("Keep columns, order and filters under this name"))
        self.keep_button.setEnabled(False)
        self.keep_button.clicked.connect(self._keep)
        row.addWidget(self.keep_button)
        column.addLayout(row)

    # ------------------------------------------------------------ what is shown

    def show_columns(self, names: Sequence[str], hidden: Iterable[str]) -> None:
        """Shows the columns in their order, ticked unless they are hidden."""
        self.list.blockSignals(True)
        self.list.clear()
        for name in names:
            item = QListWidgetItem(name, self.list)
            item.setFlags((item.flags() | Qt.ItemFlag.ItemIsUserCheckable) & ~Qt.ItemFlag.ItemIsDropEnabled)
            item.setCheckState(Qt.CheckState.Unchecked if name in hidden else Qt.CheckState.Checked)
        self.list.blockSignals(False)

    def show_looks(self, names: Sequence[str]) -> None:
        clear_layout(self._looks)
        for name in names:
            holder = QWidget(self)
            row = QHBoxLayout(holder)
            row.setContentsMargins(0, 0, 0, 0)
            button = QPushButton(name, holder)
            button.setProperty("kind", "link")
            button.setProperty("look", name)
            button.setToolTip(self.tr("Show the rows so"))
            button.clicked.connect(partial(self.lookChosen.emit, name))
            row.addWidget(button)
            row.addStretch(1)
            remove = tool_button("x", self.theme, holder, tip=self.tr("Forget the view {}").format(name))
            remove.clicked.connect(partial(self.lookRemoved.emit, name))
            row.addWidget(remove)
            self._looks.addWidget(holder)
        if not names:
            self._looks.addWidget(muted_label(self.tr("None yet."), self))
        self.adjustSize()

    def open_at(self, button: QWidget) -> None:
        """Above its button, which stands at the bottom."""
        self.adjustSize()
        corner = button.mapToGlobal(button.rect().topRight())
        screen = button.screen().availableGeometry()
        left = max(screen.left(), min(corner.x() - self.width(), screen.right() - self.width()))
        self.move(left, max(screen.top(), corner.y() - self.height() - 4))
        self.show()
        self.list.setFocus(Qt.FocusReason.PopupFocusReason)
        if self.list.count() and self.list.currentRow() < 0:
            self.list.setCurrentRow(0)

    # ------------------------------------------------------------ what is wanted

    def move_current(self, step: int) -> None:
        """Moves the current column one place up (-1) or down (1)."""
        place = self.list.currentRow()
        if 0 <= place + step < self.list.count():
            item = self.list.takeItem(place)
            self.list.insertItem(place + step, item)
            self.list.setCurrentRow(place + step)
            self._tell()

    def _items(self) -> list[QListWidgetItem]:
        return [self.list.item(place) for place in range(self.list.count())]

    def _tell(self, *_: object) -> None:
        items = self._items()
        shown = [item.text() for item in items if item.checkState() == Qt.CheckState.Checked]
        hidden = [item.text() for item in items if item.checkState() != Qt.CheckState.Checked]
        if shown:
            self.chosen.emit(shown, hidden)
        elif items:
            # A grid without columns shows nothing, not even how to get them back.
            items[0].setCheckState(Qt.CheckState.Checked)

    def _show_all(self) -> None:
        self.chosen.emit([], [])

    def _name_typed(self, text: str) -> None:
        self.keep_button.setEnabled(bool(text.strip()))

    def _keep(self) -> None:
        name = self.name.text().strip()
        if name:
            self.name.clear()
            self.lookKept.emit(name)
