"""How is each column filtered where it stands? A row of fields below the header; what their texts mean is in `cell_filters`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from studio.panels.cell_filters import parse_cell_filter
from studio.panels.editors.base import mark_invalid
from studio.panels.literals import LiteralRefused

if TYPE_CHECKING:
    from studio.panels.grid import Grid
    from studio.panels.rows_model import RowsModel

_WAIT_MS: Final = 350
"""After the last key; Enter asks at once."""


class FilterRow(QWidget):
    """Fields for the columns of a grid, each as wide as its column. Hidden at first.

    Texts belong to columns by name: they stay when the same columns are shown again, and go with a column that goes.
    """

    changed = Signal(object)
    """The filter, a mapping; empty when nothing is asked."""
    shown = Signal(bool)
    """The row is to be seen now, or no longer."""
    left = Signal()
    """Down or Enter: the rows take over."""

    def __init__(self, grid: Grid, model: RowsModel) -> None:
        super().__init__(grid.kind_header)
        self._grid = grid
        self._model = model
        self._fields: dict[str, QLineEdit] = {}
        self._texts: dict[str, str] = {}
        self._asked: dict[str, Any] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.apply)
        self.setAccessibleName(self.tr("Filter by column"))
        self.hide()
        header = grid.kind_header
        header.sectionResized.connect(self._place)
        header.sectionMoved.connect(self._place)
        grid.horizontalScrollBar().valueChanged.connect(self._place)
        header.installEventFilter(self)
        model.modelReset.connect(self._columns_changed)

    @property
    def texts(self) -> dict[str, str]:
        """What is typed, by column; empty fields are left out."""
        return {name: text for name, text in self._texts.items() if text.strip()}

    def show_texts(self, texts: dict[str, str]) -> None:
        """Shows these, and asks for them at once."""
        self._texts = dict(texts)
        for name, field in self._fields.items():
            field.setText(texts.get(name, ""))
        self.set_shown(self.isVisibleTo(self._grid) or bool(texts))
        self.apply()

    def set_shown(self, shown: bool) -> None:
        """Shows or hides the row; hidden, it asks for nothing."""
        self.setVisible(shown)
        self.shown.emit(shown)
        self._grid.kind_header.set_room_below(shown)
        self._columns_changed()
        self.apply()

    def enter(self) -> None:
        """Puts the focus into the field of the current column, or the first."""
        current = self._grid.currentIndex()
        columns = self._model.columns
        name = columns[current.column()] if current.isValid() else next(iter(columns), "")
        if name in self._fields:
            self._fields[name].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def field(self, name: str) -> QLineEdit:
        return self._fields[name]

    def apply(self) -> None:
        """Asks for what is typed now, unless that is asked for already; what cannot be read is marked and left out."""
        self._timer.stop()
        asked: dict[str, Any] = {}
        for name, field in self._fields.items() if self.isVisibleTo(self._grid) else ():
            problem = ""
            try:
                wanted = parse_cell_filter(self._model.kind(name), field.text())
            except LiteralRefused as refusal:
                wanted, problem = None, str(refusal)
            if wanted is not None:
                asked[name] = wanted
            mark_invalid(field, bool(problem))
            field.setToolTip(problem or self._tip(name))
        if asked != self._asked:
            self._asked = asked
            self.changed.emit(asked)

    def _tip(self, name: str) -> str:
        return self.tr("{name}: = ≠ < > ≤ ≥, in a, b, null, not null, ~ part of a text").format(name=name)

    def _columns_changed(self) -> None:
        """Has a field for each column, and none for what is no column."""
        columns = self._model.columns
        if not columns:
            return  # they are on their way
        for name in [name for name in self._fields if name not in columns]:
            self._fields.pop(name).deleteLater()
        self._texts = {name: text for name, text in self._texts.items() if name in columns}
        for name in columns:
            if name not in self._fields:
                field = QLineEdit(self._texts.get(name, ""), self)
                field.setProperty("column", name)
                field.setAccessibleName(self.tr("Filter {}").format(name))
                field.setPlaceholderText("…")
                field.setToolTip(self._tip(name))
                field.textChanged.connect(self._typed)
                field.editingFinished.connect(self._begin_in_sight)
                field.installEventFilter(self)
                field.show()
                self._fields[name] = field
        self._place()
        self._timer.start(0)

    def _typed(self, text: str) -> None:
        self._texts[str(self.sender().property("column"))] = text
        self._timer.start(_WAIT_MS)

    def _begin_in_sight(self) -> None:
        """Of a text that is longer than its column, the sign is what must be seen."""
        field = self.sender()
        if isinstance(field, QLineEdit):
            field.home(False)

    def _place(self, *_: object) -> None:
        header = self._grid.kind_header
        self.setGeometry(header.room_below())
        for number, name in enumerate(self._model.columns):
            field = self._fields.get(name)
            if field is not None and number < header.count():
                field.setVisible(not header.isSectionHidden(number))
                left, width = header.sectionViewportPosition(number), header.sectionSize(number)
                field.setGeometry(left + 2, 1, max(0, width - 4), self.height() - 3)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._grid.kind_header:
            if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
                self._place()
        elif isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Down):
                self.apply()
                self.left.emit()
                return True
            if event.key() == Qt.Key.Key_Escape and isinstance(watched, QLineEdit):
                if watched.text():
                    watched.clear()
                    self.apply()
                else:
                    self.left.emit()
                return True
        return super().eventFilter(watched, event)
