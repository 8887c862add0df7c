"""What went along an edge in the run that is shown? How many rows, and for a closer look the first of them with a profile."""

from __future__ import annotations

import html
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from studio.canvas.profile import SAMPLE, ColumnProfile, profile
from studio.canvas.summary import value_text

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId
    from studio.session import RunHandle
    from studio.workflow.graph import Edge

ROWS: Final = 5
COLUMNS: Final = 6


class EdgeData:
    """The values of one run, asked for once each. Reading them costs little: nothing is copied but the few rows that are shown."""

    def __init__(self, handle: RunHandle | None) -> None:
        self._handle = handle
        self._counts: dict[tuple[NodeId, str], str] = {}

    def label(self, edge: Edge) -> str:
        """How many rows went along an edge, shortly ("16", "2.0k"); empty when that is not known or it was no list."""
        key = (edge.source, edge.source_port)
        known = self._counts.get(key)
        if known is None:
            known = self._counts[key] = self._count(edge)
        return known

    def _count(self, edge: Edge) -> str:
        value = self._value(edge)
        return short_number(self._length(edge, value)) if isinstance(value, list | tuple) else ""

    def _length(self, edge: Edge, value: list[Any] | tuple[Any, ...]) -> int:
        if self._handle is not None and getattr(value, "has_more", False):
            # Rows that were handed on in batches are counted, and only their first are kept.
            view = self._handle.node(edge.source)
            if view is not None and view.rows is not None:
                return max(view.rows, len(value))
        return len(value)

    def _value(self, edge: Edge) -> Any:
        if self._handle is None or not (self._handle.is_finished or self._handle.pause is not None):
            return None
        try:
            return self._handle.value(edge.source, edge.source_port)
        except LookupError:
            return None

    def peek(self, edge: Edge) -> str:
        """The first rows that went along an edge and a profile of their columns, as rich text; empty when there is nothing to show."""
        value = self._value(edge)
        if isinstance(value, Mapping):
            fields = ((str(name), value_text(found)) for name, found in islice(value.items(), 12))
            return _table([("field", "value"), *fields])
        if not isinstance(value, list | tuple):
            return "" if value is None else html.escape(value_text(value))
        total = self._length(edge, value)
        if not total:
            return "<i>0 rows</i>"
        rows = [row if isinstance(row, Mapping) else {"value": row} for row in value[:SAMPLE]]
        columns = profile(rows)
        parts = [f"<b>{total:,} {'row' if total == 1 else 'rows'}</b>", _profile_table(columns[:COLUMNS])]
        if total > len(rows):
            parts.append(f"<i>profile of the first {len(rows):,}</i><br>")
        parts.append(
            f"<p style='margin: 6px 0 1px 0'><i>{'the rows' if total <= ROWS else 'the first rows'}</i></p>"
        )
        names = [column.name for column in columns[:COLUMNS]]
        parts.append(
            _table([tuple(names), *(tuple(_cell(row.get(name)) for name in names) for row in rows[:ROWS])])
        )
        if len(columns) > COLUMNS:
            parts.append(f"<i>and {len(columns) - COLUMNS} more columns</i>")
        return "".join(parts)


def short_number(number: int) -> str:
    """A count in at most five characters: 999, 2.0k, 15k, 1.2M."""
    for size, letter in ((1_000_000, "M"), (1_000, "k")):
        if number >= size:
            return f"{number / size:.1f}{letter}" if number < 10 * size else f"{number // size}{letter}"
    return str(number)


def _cell(value: Any) -> str:
    return "—" if value is None else value_text(value)


def _profile_table(columns: list[ColumnProfile]) -> str:
    rows: list[tuple[str, ...]] = [("column", "type", "null", "distinct", "least", "greatest")]
    for column in columns:
        ends = ["" if end is None else value_text(end) for end in (column.least, column.greatest)]
        rows.append((column.name, column.type, f"{column.nulls:.0%}", f"{column.distinct:,}", *ends))
    return _table(rows)


def _table(rows: list[tuple[str, ...]]) -> str:
    def cell(text: str, tag: str) -> str:
        shown = text if len(text) <= 24 else text[:23] + "…"
        return f'<{tag} align="left" style="padding: 1px 10px 1px 0; white-space: nowrap">{html.escape(shown)}</{tag}>'

    lines = [
        "<tr>" + "".join(cell(text, "th" if number == 0 else "td") for text in row) + "</tr>"
        for number, row in enumerate(rows)
    ]
    return f"<table>{''.join(lines)}</table>"
