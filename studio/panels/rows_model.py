"""How does a grid show a hundred thousand rows without having them? A table model that fetches pages when they come into sight."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from studio.panels.display import NUMBERS, cell_text, full_text, kind_of
from studio.panels.grid import LINK_ROLE
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError
    from studio.panels.links import Link
    from studio.qt.background import Job
    from studio.qt.theme import Theme
    from studio.session.row_sources import RowSource

PAGE_ROWS: Final = 200
_READ_ROWS: Final = 5_000
"""At once, where rows are wanted as a whole and not for being looked at."""
PAGES_KEPT: Final = 120
"""24,000 rows; older pages are fetched again when they come back into sight."""

Index = QModelIndex | QPersistentModelIndex


class PageLike(Protocol):
    """What a fetch gives: `rows` begin at `offset` of `total` (None: not counted)."""

    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def rows(self) -> list[dict[str, Any]]: ...
    @property
    def offset(self) -> int: ...
    @property
    def total(self) -> int | None: ...


class Fetch(Protocol):
    """Gives a page of a source's rows."""

    def __call__(self, source: RowSource, *, offset: int, limit: int) -> Awaitable[PageLike]: ...


class RowsModel(QAbstractTableModel):
    """Rows of one source. Invariant: at most one fetch is under way; the page last asked for is fetched next.

    While the total is unknown, rows appear as they are fetched (`canFetchMore`).
    """

    loaded = Signal()
    """A page has arrived."""
    failed = Signal(object)
    busyChanged = Signal(bool)

    def __init__(self, theme: Theme, fetch: Fetch, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._fetch = fetch
        self._source: RowSource | None = None
        self._filter: Mapping[str, Any] = {}
        self._columns: tuple[str, ...] = ()
        self._kinds: dict[str, str] = {}
        self._given_kinds: Mapping[str, str] = {}
        self.links: Mapping[str, Link] = {}
        """The columns that refer to other models' records."""
        self._pages: OrderedDict[int, list[dict[str, Any]]] = OrderedDict()
        self._wanted: list[int] = []
        self._job: Job | None = None
        self._job_page = -1
        self._order: tuple[str, ...] = ()
        self._rows = 0
        self._total: int | None = None
        self._is_complete = True
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._fetch_next)

    # ------------------------------------------------------------ what is shown

    def set_source(self, source: RowSource, *, kinds: Mapping[str, str] | None = None) -> None:
        """Shows another source from its beginning, in the order that is set; `kinds` are the columns' kinds where they are known."""
        self._stop()
        self.beginResetModel()
        self._source = source
        self._given_kinds = dict(kinds or {})
        self._kinds = dict(self._given_kinds)
        self._columns = ()
        self._pages.clear()
        self._rows = 0
        self._total = None
        self._is_complete = False
        self.endResetModel()
        self._want(0)

    def set_order(self, order: Sequence[str]) -> None:
        """Orders by columns (`-` first: descending); the rows are fetched again."""
        self._order = tuple(order)
        self.reload()

    def set_filter(self, filter: Mapping[str, Any]) -> None:
        """Shows only the rows that match this as well; an empty filter shows all of the source's."""
        self._filter = dict(filter)
        self.reload()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        if self._rows:
            self.dataChanged.emit(
                self.index(0, 0), self.index(self._rows - 1, max(0, len(self._columns) - 1)), []
            )

    def reload(self) -> None:
        """Fetches what is in sight anew; the number of rows stays until it is known to be another."""
        self._stop()
        self._pages.clear()
        if self._source is not None:
            self._want(0)

    def forget_view(self) -> None:
        """No order and no filter, from the next source on."""
        self._order, self._filter = (), {}

    @property
    def source(self) -> RowSource | None:
        """What was set, as it was set."""
        return self._source

    @property
    def filter(self) -> Mapping[str, Any]:
        """What was asked for with `set_filter`."""
        return self._filter

    @property
    def asked(self) -> RowSource | None:
        """The source as it is asked now: with the order and the filter that were set upon it."""
        source = self._source
        if source is None:
            return None
        both = [part for part in (source.filter, self._filter) if part]
        filter = {"$and": both} if len(both) > 1 else both[0] if both else None
        return replace(source, order_by=self._order, filter=filter)

    @property
    def columns(self) -> tuple[str, ...]:
        return self._columns

    @property
    def order(self) -> tuple[str, ...]:
        return self._order

    @property
    def total(self) -> int | None:
        """The number of rows there are; None while it is not known."""
        return self._rows if self._is_complete else self._total

    @property
    def is_busy(self) -> bool:
        return self._job is not None

    def kind(self, column: str) -> str:
        return self._kinds.get(column, "")

    def row(self, number: int) -> dict[str, Any] | None:
        """A row that has been fetched; None while it is on its way (it is asked for)."""
        page = self._pages.get(number // PAGE_ROWS)
        if page is None:
            self._want(number // PAGE_ROWS)
            return None
        offset = number % PAGE_ROWS
        return page[offset] if offset < len(page) else None

    async def rows_between(self, first: int, last: int) -> list[dict[str, Any]]:
        """Rows `first` to `last`, both included, fetched where they are missing and not kept."""
        found: list[dict[str, Any]] = []
        source = self.asked
        position = first
        while position <= last and source is not None:
            page = self._pages.get(position // PAGE_ROWS)
            wanted = last + 1 - position
            if page is None:
                limit = min(wanted, _READ_ROWS)
                part = list((await self._fetch(source, offset=position, limit=limit)).rows)
            else:
                begin = position % PAGE_ROWS
                part = page[begin : begin + wanted]
            if not part:
                break
            found += part
            position += len(part)
        return found

    # ------------------------------------------------------------ fetching

    def _want(self, page: int) -> None:
        if page == self._job_page:
            return
        if page in self._wanted:
            self._wanted.remove(page)
        self._wanted.append(page)
        # What was scrolled past long ago is no longer wanted.
        del self._wanted[:-4]
        if self._job is None and not self._timer.isActive():
            self._timer.start(0)

    def _fetch_next(self) -> None:
        source = self.asked
        if self._job is not None or not self._wanted or source is None:
            return
        page = self._wanted.pop()
        if page in self._pages:
            self._fetch_next()
            return
        self._job_page = page
        self._job = run_in_background(
            self,
            self._fetch(source, offset=page * PAGE_ROWS, limit=PAGE_ROWS),
            self._arrived,
            self._refused,
            stopped=self._given_up,
        )
        self.busyChanged.emit(True)

    def _stop(self) -> None:
        self._timer.stop()
        self._wanted.clear()
        if self._job is not None:
            self._job.cancel()
            self._job = None
            self._job_page = -1
            self.busyChanged.emit(False)

    def _arrived(self, page: PageLike) -> None:
        number, self._job_page, self._job = self._job_page, -1, None
        self._take_columns(page)
        self._pages[number] = list(page.rows)
        self._pages.move_to_end(number)
        while len(self._pages) > PAGES_KEPT:
            self._pages.popitem(last=False)
        self._take_count(number, page)
        first = number * PAGE_ROWS
        if page.rows and self._columns:
            last = min(first + len(page.rows), self._rows) - 1
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self._columns) - 1), [])
        self.busyChanged.emit(False)
        self.loaded.emit()
        self._fetch_next()

    def _take_columns(self, page: PageLike) -> None:
        columns = tuple(page.columns) or tuple(dict.fromkeys(name for row in page.rows for name in row))
        if columns and columns != self._columns:
            self.beginResetModel()
            self._columns = columns
            self.endResetModel()
        missing = [name for name in self._columns if not self._kinds.get(name)]
        for row in page.rows:
            if not missing:
                break
            for name in list(missing):
                if kind := kind_of(row.get(name)):
                    self._kinds[name] = kind
                    missing.remove(name)
        if self._columns:
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self._columns) - 1)

    def _take_count(self, number: int, page: PageLike) -> None:
        self._total = page.total
        if page.total is not None:
            rows, self._is_complete = page.total, True
        else:
            seen = number * PAGE_ROWS + len(page.rows)
            self._is_complete = len(page.rows) < PAGE_ROWS
            rows = seen if self._is_complete else max(self._rows, seen)
        if rows > self._rows:
            self.beginInsertRows(QModelIndex(), self._rows, rows - 1)
            self._rows = rows
            self.endInsertRows()
        elif rows < self._rows:
            self.beginRemoveRows(QModelIndex(), rows, self._rows - 1)
            self._rows = rows
            self.endRemoveRows()

    def _refused(self, error: StudioError) -> None:
        self._given_up()
        self.failed.emit(error)

    def _given_up(self) -> None:
        """What comes into sight from now on is asked for again."""
        self._job_page, self._job = -1, None
        self._wanted.clear()
        self.busyChanged.emit(False)

    # ------------------------------------------------------------ Qt's model

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else self._rows

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        return 0 if parent.isValid() else len(self._columns)

    def canFetchMore(self, parent: Index) -> bool:
        return not parent.isValid() and not self._is_complete and self._job is None

    def fetchMore(self, parent: Index) -> None:
        if not parent.isValid() and not self._is_complete:
            self._want(self._rows // PAGE_ROWS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or role not in _ROLES:
            return None
        name = self._columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if self.kind(name) in NUMBERS else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        row = self.row(index.row())
        if row is None:
            return "…" if role == Qt.ItemDataRole.DisplayRole else self._muted(role)
        value = row.get(name)
        if role == Qt.ItemDataRole.DisplayRole:
            return cell_text(value) if name in row else ""
        if role == Qt.ItemDataRole.UserRole:
            return value
        link = self.links.get(name) if value is not None else None
        if role == LINK_ROLE:
            return link
        if role == Qt.ItemDataRole.ToolTipRole:
            if link is not None:
                return self.tr("{model} {value}: Ctrl+click or F4 shows it").format(
                    model=link.model, value=cell_text(value)
                )
            return _tooltip(value)
        if value is None and name in row:
            if role == Qt.ItemDataRole.FontRole:
                font = self._theme.font()
                font.setItalic(True)
                return font
            return self._muted(role)
        return None

    def _muted(self, role: int) -> Any:
        return self._theme.color("text_muted") if role == Qt.ItemDataRole.ForegroundRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if orientation == Qt.Orientation.Vertical:
            return f"{section + 1:,}" if role == Qt.ItemDataRole.DisplayRole else None
        if section >= len(self._columns):
            return None
        name = self._columns[section]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return name
        if role == Qt.ItemDataRole.UserRole:
            return self.kind(name)
        if role == Qt.ItemDataRole.ToolTipRole:
            kind = self.kind(name)
            told = f"{name}: {kind}" if kind else name
            link = self.links.get(name)
            return f"{told} → {link.model}.{link.field}" if link is not None else told
        return None


_ROLES: Final = frozenset(
    {
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.UserRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.FontRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.TextAlignmentRole,
        LINK_ROLE,
    }
)


def _tooltip(value: Any) -> str | None:
    """The value itself where its cell cannot show all of it."""
    if value is None or isinstance(value, int | float | bool):
        return None
    text = full_text(value)
    if len(text) < 24 and "\n" not in text:
        return None
    return text if len(text) <= 1000 else text[:999] + "…"
