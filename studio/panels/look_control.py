"""What do the rows of one grid look like now, and how do they get another look? Columns, order and filters, together and by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from studio.panels.columns_popup import ColumnsPopup
from studio.panels.row_look import LookBook, LooksInMemory, RowLook

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from studio.panels.filter_row import FilterRow
    from studio.panels.grid import Grid
    from studio.panels.rows_model import RowsModel


class LookControl(QObject):
    """Keeps the columns of a grid as somebody wants them, whatever rows come, and opens the popup that says how."""

    message = Signal(str)

    def __init__(self, grid: Grid, model: RowsModel, filters: FilterRow) -> None:
        super().__init__(grid)
        self._grid = grid
        self._model = model
        self._filters = filters
        self._columns: tuple[str, ...] = ()
        self._hidden: tuple[str, ...] = ()
        self.book: LookBook = LooksInMemory()
        self.place = ""
        """Of which rows looks are kept."""
        self.popup: ColumnsPopup | None = None
        self._is_arranging = False
        model.modelReset.connect(self._arrange)
        grid.kind_header.sectionMoved.connect(self._moved)

    @property
    def look(self) -> RowLook:
        """What is seen now."""
        return RowLook(
            columns=tuple(self._grid.shown_columns()),
            hidden=self._hidden,
            order_by=self._model.order,
            filters=tuple(self._filters.texts.items()),
        )

    def show_look(self, look: RowLook) -> None:
        """Shows the rows so; columns that are gone are passed over."""
        self._columns, self._hidden = look.columns, look.hidden
        self._arrange()
        known = self._model.columns or [term.removeprefix("-") for term in look.order_by]
        order = tuple(term for term in look.order_by if term.removeprefix("-") in known)
        self._grid.kind_header.order = order
        self._model.set_order(order)
        self._filters.show_texts(dict(look.filters))

    def forget(self) -> None:
        """Other rows come: all their columns are shown, as they come."""
        self._columns, self._hidden = (), ()

    def set_columns(self, shown: Sequence[str], hidden: Sequence[str]) -> None:
        """Shows these columns, from left to right; none: all."""
        self._columns, self._hidden = tuple(shown), tuple(hidden)
        self._arrange()

    def hide_column(self, column: str) -> None:
        """Takes a column out of sight; the popup of columns brings it back."""
        self.set_columns(
            [name for name in self._grid.shown_columns() if name != column], (*self._hidden, column)
        )

    def _arrange(self) -> None:
        header, names = self._grid.kind_header, self._model.columns
        self._is_arranging = True
        for place, name in enumerate(RowLook(columns=self._columns).arranged(names)):
            number = names.index(name)
            header.moveSection(header.visualIndex(number), place)
            header.setSectionHidden(number, name in self._hidden)
        self._is_arranging = False

    def _moved(self) -> None:
        """Somebody has dragged a column in the header."""
        if not self._is_arranging:
            self._columns = tuple(self._grid.shown_columns())

    # ------------------------------------------------------------ the popup

    def open_popup(self, button: QWidget) -> None:
        """Offers the columns and the looks that are kept."""
        if self.popup is None:
            self.popup = ColumnsPopup(self._grid.theme, self._grid)
            self.popup.chosen.connect(self._chosen)
            self.popup.lookChosen.connect(self._look_chosen)
            self.popup.lookKept.connect(self._keep)
            self.popup.lookRemoved.connect(self._remove)
        self.popup.theme = self._grid.theme
        self._show()
        self.popup.open_at(button)

    def _show(self) -> None:
        if self.popup is not None:
            header, names = self._grid.kind_header, self._model.columns
            order = sorted(names, key=lambda name: header.visualIndex(names.index(name)))
            self.popup.show_columns(order, self._hidden)
            self.popup.show_looks(sorted(self.book.looks(self.place)))

    def _chosen(self, shown: list[str], hidden: list[str]) -> None:
        self.set_columns(shown, hidden)
        if not shown and self.popup is not None:
            self._show()

    def _look_chosen(self, name: str) -> None:
        self.show_look(RowLook.of_data(self.book.looks(self.place).get(name)))
        if self.popup is not None:
            self.popup.close()

    def _keep(self, name: str) -> None:
        self.book.keep_looks(self.place, {**self.book.looks(self.place), name: self.look.to_data()})
        self.message.emit(self.tr("Kept the view {}.").format(name))
        self._show()

    def _remove(self, name: str) -> None:
        looks = self.book.looks(self.place)
        looks.pop(name, None)
        self.book.keep_looks(self.place, looks)
        self._show()
