"""How is a table of rows drawn? A table view whose header shows each column's kind and order; what the rows are is the model's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QGuiApplication,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPolygon,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

if TYPE_CHECKING:
    from studio.qt.theme import Theme

LINK_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 1
"""The Link of a cell that refers to a record; None for any other."""
_ROW_PX: Final = 26
_HEADER_PX: Final = 40
_BELOW_PX: Final = 30
_PAD_PX: Final = 8
_WIDEST_PX: Final = 360


class KindHeader(QHeaderView):
    """Two lines a column: its name, and its kind in the kind's colour; an arrow where the rows are ordered by it."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.theme = theme
        self.order: tuple[str, ...] = ()
        self._has_room_below = False
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setDefaultSectionSize(130)
        self.setMinimumSectionSize(48)
        # A column is as wide as the rows in sight want it: Qt would ask a thousand, most of which are not there.
        self.setResizeContentsPrecision(0)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _HEADER_PX + (_BELOW_PX if self._has_room_below else 0))

    def set_room_below(self, has_room: bool) -> None:
        """Leaves room for a row of other widgets below the names, or no longer."""
        if has_room != self._has_room_below:
            self._has_room_below = has_room
            self.updateGeometry()
            self.geometriesChanged.emit()

    def room_below(self) -> QRect:
        return QRect(0, _HEADER_PX, self.viewport().width(), _BELOW_PX)

    def direction(self, name: str) -> str:
        """`up`, `down`, or an empty string when the rows are not ordered by that column."""
        if name in self.order:
            return "up"
        return "down" if f"-{name}" in self.order else ""

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        model = self.model()
        if not rect.isValid():
            return
        name = str(model.headerData(section, self.orientation()) or "")
        kind = str(model.headerData(section, self.orientation(), Qt.ItemDataRole.UserRole) or "")
        theme = self.theme
        painter.save()
        try:
            painter.fillRect(rect, theme.color("window"))
            painter.setPen(theme.color("border"))
            painter.drawLine(rect.topRight(), rect.bottomRight())
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
            rect = QRect(rect.left(), rect.top(), rect.width(), min(rect.height(), _HEADER_PX))
            direction = self.direction(name)
            inner = rect.adjusted(_PAD_PX, 4, -_PAD_PX - (12 if direction else 0), -4)
            self._draw_names(painter, inner, name, kind)
            if direction:
                self._draw_arrow(painter, rect, up=direction == "up")
        finally:
            painter.restore()

    def _draw_names(self, painter: QPainter, rect: QRect, name: str, kind: str) -> None:
        theme = self.theme
        top = QRect(rect.left(), rect.top(), rect.width(), rect.height() // 2 + 1)
        painter.setFont(theme.font(bold=True))
        painter.setPen(theme.color("text"))
        shown = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, rect.width())
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(top if kind else rect, int(left), shown)
        if kind:
            bottom = QRect(rect.left(), top.bottom(), rect.width(), rect.bottom() - top.bottom())
            painter.setFont(theme.font(size_px=11))
            token = f"type_{kind}"
            painter.setPen(theme.color(token if token in theme.tokens else "text_muted"))
            painter.drawText(bottom, int(left), kind)

    def _draw_arrow(self, painter: QPainter, rect: QRect, *, up: bool) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self.theme.color("accent_text"))
        x, y = rect.right() - _PAD_PX - 4, rect.top() + 14
        tip, base = (y - 3, y + 2) if up else (y + 3, y - 2)
        painter.drawPolygon(QPolygon([QPoint(x - 4, base), QPoint(x + 4, base), QPoint(x, tip)]))


class Grid(QTableView):
    """The table of a RowsModel."""

    recordRequested = Signal()
    """Space or a double click: the record is to be seen whole."""
    copyRequested = Signal()
    orderRequested = Signal(str, bool)
    """A header was clicked: the column, and whether it is added to the order (with Shift)."""
    linkRequested = Signal(QModelIndex)
    """Ctrl and a click, or F4: what the cell refers to is to be seen."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.kind_header = KindHeader(theme, self)
        self.setHorizontalHeader(self.kind_header)
        self.setAccessibleName(self.tr("Rows"))
        self.setFont(theme.font())
        self.setWordWrap(False)
        self.setAlternatingRowColors(True)
        self.setShowGrid(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(True)
        rows = self.verticalHeader()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(_ROW_PX)
        rows.setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        rows.setHighlightSections(False)
        self.setMouseTracking(True)
        self.kind_header.sectionClicked.connect(self._header_clicked)
        self.doubleClicked.connect(self.recordRequested)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.kind_header.theme = theme
        self.viewport().update()
        self.kind_header.viewport().update()

    def shown_columns(self) -> list[str]:
        """The names of the columns that are not hidden, from left to right."""
        header, model = self.kind_header, self.model()
        sections = [header.logicalIndex(place) for place in range(header.count())]
        return [
            str(model.headerData(section, Qt.Orientation.Horizontal))
            for section in sections
            if not header.isSectionHidden(section)
        ]

    def rows_in_sight(self) -> tuple[int, int]:
        """The first and the last row that are visible, from 0; (0, -1) when there is none."""
        rows = self.model().rowCount()
        if not rows:
            return 0, -1
        first = self.rowAt(0)
        last = self.rowAt(self.viewport().height() - 1)
        return max(first, 0), rows - 1 if last < 0 else last

    def fit_columns(self) -> None:
        """Gives each column the width of its name and of the rows in sight, within reason."""
        model, metrics = self.model(), QFontMetrics(self.theme.font(bold=True))
        for section in range(self.kind_header.count()):
            name = str(model.headerData(section, Qt.Orientation.Horizontal) or "")
            wanted = metrics.horizontalAdvance(name) + 2 * _PAD_PX + 16
            wanted = max(wanted, min(self.sizeHintForColumn(section) + 12, _WIDEST_PX), 64)
            self.kind_header.resizeSection(section, wanted)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copyRequested.emit()
        elif event.key() == Qt.Key.Key_Space and not event.modifiers():
            self.recordRequested.emit()
        elif event.key() == Qt.Key.Key_F4 and not event.modifiers() and self._leads(self.currentIndex()):
            self.linkRequested.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _leads(self, index: QModelIndex) -> bool:
        return index.isValid() and bool(index.data(LINK_ROLE))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        has_control = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        if has_control and event.button() == Qt.MouseButton.LeftButton and self._leads(index):
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.linkRequested.emit(index)
            return
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        has_control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        leads = has_control and self._leads(self.indexAt(event.position().toPoint()))
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if leads else Qt.CursorShape.ArrowCursor)
        super().mouseMoveEvent(event)

    def viewportEvent(self, event: QEvent) -> bool:
        # A tooltip only where the cell does not show the whole value, or leads somewhere.
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            index = self.indexAt(event.pos())
            text = str(index.data() or "")
            if not self._leads(index) and (
                self.fontMetrics().horizontalAdvance(text) < self.columnWidth(index.column()) - 2 * _PAD_PX
                and "↵" not in text
            ):
                event.ignore()
                return True
        return super().viewportEvent(event)

    def _header_clicked(self, section: int) -> None:
        name = self.model().headerData(section, Qt.Orientation.Horizontal)
        add = bool(QGuiApplication.keyboardModifiers() & Qt.KeyboardModifier.ShiftModifier)
        if name:
            self.orderRequested.emit(str(name), add)


def next_order(order: tuple[str, ...], name: str, *, add: bool) -> tuple[str, ...]:
    """The order after a click on a column: ascending, descending, none; with `add` the other columns stay."""
    others = tuple(term for term in order if term.removeprefix("-") != name) if add else ()
    if name in order:
        return (*others, f"-{name}")
    if f"-{name}" in order:
        return others
    return (*others, name)
