"""What can be done with rows that are shown? Copied as text and written into a file: the actions, the menus, and what they take."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QItemSelectionModel, QItemSelectionRange, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from studio.panels.copying import to_json, to_markdown, to_tsv
from studio.panels.display import full_text
from studio.panels.export_bar import FORMATS, ExportWish
from studio.panels.widgets import copy_text, counted
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError
    from studio.panels.grid import Grid
    from studio.panels.rows_model import RowsModel
    from studio.session import Session
    from studio.session.exporting import Format

MOST_COPIED: Final = 50_000

Copier = Callable[[Sequence[str], Sequence[Mapping[str, Any]]], str]

COPIES: Final = ("copy_tsv", "copy_json", "copy_markdown", "copy_insert")


class RowDeeds(QObject):
    """The actions upon the rows of one grid. What is copied is what is selected; what is exported is everything that the grid would show."""

    message = Signal(str)
    failed = Signal(object)
    exportRequested = Signal(object)
    """An ExportWish."""

    def __init__(self, session: Session, model: RowsModel, grid: Grid) -> None:
        super().__init__(grid)
        self._session = session
        self._model = model
        self._grid = grid
        self.name = "rows"
        """What the rows are called, in files and in SQL."""
        self.actions: dict[str, QAction] = {}
        for name, text, slot in (
            ("copy_cell", self.tr("Copy &cell"), self.copy_cell),
            ("copy_tsv", self.tr("Copy as &TSV"), self.copy_tsv),
            ("copy_json", self.tr("Copy as &JSON"), self.copy_json),
            ("copy_markdown", self.tr("Copy as &Markdown"), self.copy_markdown),
            ("copy_insert", self.tr("Copy as &INSERT"), self.copy_insert),
            ("export_csv", self.tr("As &CSV…"), self.export_csv),
            ("export_json", self.tr("As &JSON…"), self.export_json),
            ("export_jsonl", self.tr("As JSON &Lines…"), self.export_jsonl),
            ("export_sql", self.tr("As &SQL…"), self.export_sql),
            ("fit", self.tr("&Fit columns"), grid.fit_columns),
        ):
            action = QAction(text, self)
            action.triggered.connect(slot)
            self.actions[name] = action
        cell = self.actions["copy_cell"]
        cell.setShortcut(QKeySequence("Ctrl+Alt+C"))
        cell.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        grid.addAction(cell)
        # Told in menus alone: the grid itself hears the key.
        tsv = self.actions["copy_tsv"]
        tsv.setShortcut(QKeySequence(QKeySequence.StandardKey.Copy))
        tsv.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        grid.copyRequested.connect(self.copy_tsv)

    def fill_copy_menu(self, menu: QMenu) -> None:
        menu.addActions([self.actions[name] for name in COPIES])
        menu.addSeparator()
        menu.addAction(self.actions["copy_cell"])

    def fill_export_menu(self, menu: QMenu) -> None:
        menu.addActions([self.actions[f"export_{format}"] for format in FORMATS])

    def menu_at(self, place: QPoint, *others: QAction) -> QMenu:
        """The menu for a place of the grid; what lies there is selected first, unless it is already."""
        index = self._grid.indexAt(place)
        selection = self._grid.selectionModel()
        if index.isValid() and not selection.isSelected(index):
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        menu = QMenu(self._grid)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.actions["copy_cell"])
        menu.addActions([self.actions[name] for name in COPIES])
        menu.addSeparator()
        self.fill_export_menu(menu.addMenu(self.tr("&Export rows")))
        menu.addSeparator()
        menu.addActions([*others, self.actions["fit"]])
        return menu

    # ------------------------------------------------------------ copying

    def copy_cell(self) -> None:
        index = self._grid.currentIndex()
        if index.isValid():
            copy_text(full_text(index.data(Qt.ItemDataRole.UserRole)))
            self.message.emit(self.tr("Copied the cell."))

    def copy_tsv(self) -> None:
        cells = self.selected_parts()
        if len(cells) == 1 and cells[0].width() == cells[0].height() == 1:
            self.copy_cell()
        else:
            self._copy(to_tsv)

    def copy_json(self) -> None:
        self._copy(to_json)

    def copy_markdown(self) -> None:
        self._copy(to_markdown)

    def copy_insert(self) -> None:
        """As SQL of the database that the rows' model lives in."""
        session, source, name = self._session, self._model.asked, self.name

        def to_insert(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
            return "\n".join(session.insert_lines(source, rows, columns, name)) if source else ""

        self._copy(to_insert)

    def selected_parts(self) -> list[QItemSelectionRange]:
        selection = self._grid.selectionModel().selection()
        return [selection.at(number) for number in range(selection.size())]

    def _copy(self, copier: Copier) -> None:
        """Copies the rows and columns that the selection touches; all that are shown when at most one cell is selected."""
        selection = self.selected_parts()
        cells = sum(part.width() * part.height() for part in selection)
        columns = self._grid.shown_columns()
        if cells > 1:
            first = min(part.top() for part in selection)
            last = max(part.bottom() for part in selection)
            numbers = {number for part in selection for number in range(part.left(), part.right() + 1)}
            touched = {self._model.columns[number] for number in numbers}
            columns = [name for name in columns if name in touched]
        else:
            first, last = 0, self._model.rowCount() - 1
        if last - first + 1 > MOST_COPIED:
            last = first + MOST_COPIED - 1
            self.message.emit(
                self.tr("Only the first {count} rows are copied. Export them all to a file.").format(
                    count=counted(MOST_COPIED)
                )
            )
        run_in_background(
            self,
            _copied(self._model, copier, columns, first, last),
            self._copied,
            self._copy_refused,
            text=self.tr("Copying rows…"),
        )

    def _copied(self, result: tuple[str, int]) -> None:
        text, count = result
        copy_text(text)
        self.message.emit(self.tr("Copied {count} rows.").format(count=counted(count)))

    def _copy_refused(self, error: StudioError) -> None:
        self.failed.emit(error)

    # ------------------------------------------------------------ exporting

    def export(self, format: Format | None = None) -> None:
        """Asks for all rows, in the order and with the columns that are shown; None: the file's name will say in which format."""
        source, columns = self._model.asked, tuple(self._grid.shown_columns())
        if source is None or not columns:
            self.message.emit(self.tr("There are no rows to export yet."))
        else:
            self.exportRequested.emit(
                ExportWish(source=source, columns=columns, name=self.name, format=format)
            )

    def export_csv(self) -> None:
        self.export("csv")

    def export_json(self) -> None:
        self.export("json")

    def export_jsonl(self) -> None:
        self.export("jsonl")

    def export_sql(self) -> None:
        self.export("sql")


async def _copied(
    model: RowsModel, copier: Copier, columns: Sequence[str], first: int, last: int
) -> tuple[str, int]:
    rows = await model.rows_between(first, last)
    return copier(columns, rows), len(rows)
