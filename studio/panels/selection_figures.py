"""What do the selected cells come to? How many they are, the sum and the mean of the numbers among them; many are added up aside."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QItemSelectionRange, QObject, Qt, QTimer, Signal

from studio.panels.display import NUMBERS, cell_text
from studio.panels.widgets import counted
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.panels.grid import Grid
    from studio.panels.rows_model import RowsModel
    from studio.qt.background import Job

_AT_ONCE: Final = 5_000
"""Cells; more are read and added up in the background."""
_MOST_ROWS: Final = 50_000
_WAIT_MS: Final = 200
_CENT: Final = Decimal("0.01")


class SelectionFigures(QObject):
    """Follows the selection of a grid. Invariant: what it tells last is of the selection as it is."""

    told = Signal(str)

    def __init__(self, grid: Grid, model: RowsModel) -> None:
        super().__init__(grid)
        self._grid = grid
        self._model = model
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self._read)
        grid.selectionModel().selectionChanged.connect(self._changed)

    def _parts(self) -> list[QItemSelectionRange]:
        selection = self._grid.selectionModel().selection()
        return [selection.at(number) for number in range(selection.size())]

    def _changed(self, *_: object) -> None:
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None
        parts = self._parts()
        cells = self._count(parts)
        if cells < 2:
            self.told.emit("")
        elif cells <= _AT_ONCE:
            indexes = self._grid.selectionModel().selectedIndexes()
            values = (
                index.data(Qt.ItemDataRole.UserRole) for index in indexes if self._is_number(index.column())
            )
            self.told.emit(self._text(cells, figures(values)))
        else:
            self.told.emit(self._text(cells, None))
            if sum(part.height() for part in parts) <= _MOST_ROWS:
                self._timer.start()

    def _shown(self, part: QItemSelectionRange) -> list[int]:
        """The columns of a part that can be seen."""
        numbers = range(part.left(), part.right() + 1)
        return [number for number in numbers if not self._grid.isColumnHidden(number)]

    def _count(self, parts: Sequence[QItemSelectionRange]) -> int:
        return sum(part.height() * len(self._shown(part)) for part in parts)

    def _is_number(self, column: int) -> bool:
        is_hidden = self._grid.isColumnHidden(column)
        return not is_hidden and self._model.kind(self._model.columns[column]) in NUMBERS

    def _read(self) -> None:
        parts, columns = self._parts(), self._model.columns
        cells = self._count(parts)
        wanted = [
            (part.top(), part.bottom(), [columns[n] for n in self._shown(part) if self._is_number(n)])
            for part in parts
        ]

        def show(found: tuple[Decimal, int]) -> None:
            self._job = None
            self.told.emit(self._text(cells, found))

        # What cannot be read is told where the rows are read; without it the figures are left out.
        self._job = run_in_background(self, _added_up(self._model, wanted), show, self._refused)

    def _refused(self, _error: object) -> None:
        self._job = None

    def _text(self, cells: int, found: tuple[Decimal, int] | None) -> str:
        text = self.tr("{count} cells").format(count=counted(cells))
        if found is None or found[1] < 2:
            return text
        total, count = found
        return self.tr("{text} · sum {total} · mean {mean}").format(
            text=text, total=cell_text(total), mean=cell_text((total / count).quantize(_CENT))
        )


def figures(values: Iterable[Any]) -> tuple[Decimal, int]:
    """The sum of the numbers among values, exactly, and how many they are."""
    total, count = Decimal(0), 0
    for value in values:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            number = Decimal(str(value))
            if number.is_finite():
                total += number
                count += 1
    return total, count


async def _added_up(
    model: RowsModel, wanted: Sequence[tuple[int, int, Sequence[str]]]
) -> tuple[Decimal, int]:
    total, count = Decimal(0), 0
    for first, last, names in wanted:
        if names:
            rows = await model.rows_between(first, last)
            part = await asyncio.to_thread(figures, _values(rows, names))
            total, count = total + part[0], count + part[1]
    return total, count


def _values(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Iterable[Any]:
    return (row.get(name) for row in rows for name in names)
