"""What of a delivered value is shown, and in which order? Rows, a record or a plain value, kept, filtered and sorted in memory."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, overload

MAX_ROWS_KEPT: Final = 100_000
"""Of each output port; more are counted, not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """What a port delivered. `row_count` is exact; `kept` of the rows can be paged, fewer when there were very many."""

    kind: Literal["rows", "record", "value", "none"]
    columns: tuple[str, ...] = ()
    row_count: int = 0
    kept: int = 0

    @property
    def is_truncated(self) -> bool:
        return self.kept < self.row_count


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A slice of rows: `rows` begin at `offset` of `total`. `total` is None when it was not counted."""

    columns: tuple[str, ...]
    rows: list[dict[str, Any]]
    offset: int
    total: int | None


class KeptOutput:
    """What is kept of a value that was delivered. It may be asked from any thread."""

    def __init__(
        self, output: Output, rows: list[dict[str, Any]] | None = None, *, value: Any = None
    ) -> None:
        """`value` is the list of which `rows` are the first, if it is one."""
        self.output = output
        self.rows = rows or []
        self._value = value
        self._lock = threading.Lock()
        self._asked: tuple[tuple[str, ...], Mapping[str, Any] | None] = ((), None)
        self._found: list[dict[str, Any]] = self.rows
        """Those of `rows` that the filter matches, in the order: what was asked for last."""

    @property
    def missing(self) -> int:
        """How many rows were counted, and are there no more."""
        there = len(self._value) if self.output.is_truncated else len(self.rows)
        return self.output.row_count - there

    def counted(self, row_count: int) -> None:
        """Says how many rows there were, where they were handed on in batches and only the first are kept."""
        self.output = replace(self.output, row_count=row_count)

    def found(self, order_by: tuple[str, ...], filter: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """The kept rows that a filter matches, in an order; looked for once, however many pages are read. Raises FilterError."""
        asked = order_by, filter or None
        with self._lock:
            if self._asked == asked:
                return self._found
        found = _sorted(_matching(self.rows, filter), order_by)
        with self._lock:
            self._asked, self._found = asked, found
        return found

    def all_rows(
        self, order_by: Sequence[str], filter: Mapping[str, Any] | None
    ) -> Sequence[Mapping[str, Any]]:
        """Every row that there still is, not only the kept ones, that a filter matches, in an order. Raises FilterError."""
        rows: Sequence[Mapping[str, Any]] = _AsRows(self._value) if self.output.is_truncated else self.rows
        return _sorted(_matching(rows, filter), order_by) if order_by or filter else rows


def keep(value: Any) -> KeptOutput:
    """What of a value is shown, and how: rows of a list of mappings, a record, a plain value, or nothing."""
    if value is None:
        return KeptOutput(Output(kind="none"))
    if isinstance(value, Mapping):
        record = {str(name): entry for name, entry in value.items()}
        return KeptOutput(Output(kind="record", columns=tuple(record), row_count=1, kept=1), [record])
    if isinstance(value, list | tuple):
        shown = value[:MAX_ROWS_KEPT]
        rows = [_row(entry) for entry in shown]
        columns = tuple(dict.fromkeys(name for row in rows for name in row))
        return KeptOutput(
            Output(kind="rows", columns=columns, row_count=len(value), kept=len(rows)), rows, value=value
        )
    return KeptOutput(Output(kind="value", columns=("value",), row_count=1, kept=1), [{"value": value}])


class _AsRows(Sequence[Mapping[str, Any]]):
    """A list of anything, seen as rows; they are made when they are looked at."""

    def __init__(self, entries: Sequence[Any]) -> None:
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        if isinstance(index, slice):
            return [_row(entry) for entry in self._entries[index]]
        return _row(self._entries[index])


def _row(entry: Any) -> dict[str, Any]:
    if isinstance(entry, dict):
        return entry
    if isinstance(entry, Mapping):
        return dict(entry)
    return {"value": entry}


def _matching(
    rows: Sequence[Mapping[str, Any]], filter: Mapping[str, Any] | None
) -> Sequence[Mapping[str, Any]]:
    """The rows that a filter matches, which means here what it means in a database."""
    if not filter:
        return rows
    from studio.query.filters import parse_filter
    from studio.query.matching import matcher

    matches = matcher(parse_filter(None, _zoned(filter, rows)))
    return [row for row in rows if matches(row)]


def _zoned(filter: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The filter with its naive moments in UTC, as a database takes them, where those of the rows have a zone."""
    found: dict[str, Any] = {}
    for name, wanted in filter.items():
        if name in ("$and", "$or"):
            found[name] = [_zoned(part, rows) for part in wanted]
            continue
        value = next((row[name] for row in rows if row.get(name) is not None), None)
        has_zone = isinstance(value, dt.datetime) and value.tzinfo is not None
        found[name] = _in_utc(wanted) if has_zone else wanted
    return found


def _in_utc(wanted: Any) -> Any:
    if isinstance(wanted, Mapping):
        return {name: _in_utc(part) for name, part in wanted.items()}
    if isinstance(wanted, list | tuple):
        return [_in_utc(part) for part in wanted]
    is_naive = isinstance(wanted, dt.datetime) and wanted.tzinfo is None
    return wanted.replace(tzinfo=dt.UTC) if is_naive else wanted


def _sorted(rows: Iterable[Mapping[str, Any]], order_by: Sequence[str]) -> list[dict[str, Any]]:
    """Stable; None comes last ascending and first descending; values of different types are ordered by type."""
    ordered = [_row(row) for row in rows]
    for term in reversed(order_by):
        name = term.removeprefix("-")
        ordered.sort(key=lambda row, name=name: _rank(row.get(name)), reverse=term.startswith("-"))  # type: ignore[misc]  # the name is bound by default
    return ordered


def _rank(value: Any) -> tuple[int, str, Any]:
    if value is None:
        return (1, "", 0)
    if isinstance(value, bool | int | float) or type(value).__name__ == "Decimal":
        return (0, "", value)
    if isinstance(value, dict | list):
        return (0, type(value).__name__, repr(value))
    if isinstance(value, dt.datetime):
        return (0, "datetime", value.timestamp())
    return (0, type(value).__name__, value)
