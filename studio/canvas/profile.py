"""What kind of values does a column hold? Type, share of nulls, how many different ones, least and greatest; no Qt."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Final

SAMPLE: Final = 2_000
"""A profile is made of this many rows at most: it is asked for while the mouse rests."""
_NAMES: Final[tuple[tuple[type, str], ...]] = (
    (bool, "bool"), (int, "int"), (float, "float"), (Decimal, "decimal"), (Enum, "enum"), (str, "text"), (dt.datetime, "datetime"),
    (dt.date, "date"), (dt.time, "time"), (dt.timedelta, "interval"), (uuid.UUID, "uuid"), (bytes, "bytes"), (Mapping, "json"), (list, "json"),
    (tuple, "json"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """`least` and `greatest` are None where values have no order, or where there are none."""

    name: str
    type: str
    nulls: float
    """Share from 0 to 1."""
    distinct: int
    least: Any = None
    greatest: Any = None


def profile(rows: Sequence[Mapping[str, Any]]) -> list[ColumnProfile]:
    """A profile of each column, in the order in which they first appear; a missing value counts as null."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [_column(str(name), [row.get(name) for row in rows]) for name in names]


def _column(name: str, values: list[Any]) -> ColumnProfile:
    there = [value for value in values if value is not None]
    kinds = {type_name(value) for value in there}
    least = greatest = None
    if len(kinds) == 1 and kinds.isdisjoint({"json", "enum", "bytes", "bool", "value"}):
        try:
            least, greatest = min(there), max(there)
        except TypeError:
            # Naive and aware datetimes have no order among each other.
            least = greatest = None
    return ColumnProfile(
        name=name,
        type=kinds.pop() if len(kinds) == 1 else ("mixed" if kinds else "null"),
        nulls=1.0 - len(there) / len(values) if values else 0.0,
        distinct=_distinct(there),
        least=least,
        greatest=greatest,
    )


def _distinct(values: list[Any]) -> int:
    try:
        return len(set(values))
    except TypeError:
        return len({repr(value) for value in values})


def type_name(value: Any) -> str:
    return next((name for kind, name in _NAMES if isinstance(value, kind)), "value")
