"""How are many records worked through in memory? Without holding up others, and with one meaning of a field, an order and sameness.

In memory as in a database: a field that a record lacks is null, nulls come last in ascending order and first in descending order, numbers
are the same by value, and true is not 1. What is done with the records is the business of the nodes.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
import heapq
import math
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, TypeVar

from studio.kernel.errors import NodeError
from studio.kernel.names import did_you_mean
from studio.nodes.base import NodeContext

AT_ONCE: Final = 64
"""Up to so many rows are worked on without giving way to others."""
_SLICE_S: Final = 0.004
_REST_S: Final = 0.0003
"""Working 4 ms and resting 0.3 ms keeps a window at 60 frames a second beside it."""
_SORTED_AT_ONCE: Final = 5_000
_LOOKED_AT: Final = 1_000
"""So many records are asked for a field before it is said that none has it."""

Item = TypeVar("Item")
Look = Callable[[Mapping[str, Any]], Any]


def as_many(value: Any) -> tuple[list[Any], bool]:
    """The values, and whether there was only one (a record or a plain value, not a list)."""
    if isinstance(value, list | tuple):
        return list(value), False
    if value is None:
        return [], False
    if isinstance(value, Mapping | str | bytes) or not isinstance(value, Iterable):
        return [value], True
    return list(value), False


def records_of(value: Any, param: str) -> tuple[list[Mapping[str, Any]], bool]:
    """The same for records only; raises NodeError with the row of what is none."""
    values, single = as_many(value)
    for row, record in enumerate(values, start=1):
        if not isinstance(record, Mapping):
            raise NodeError(
                f"Row {row} of {param} is no record, but of type {type(record).__name__}.",
                hint="Give records: mappings of fields.",
                field=param,
                row=row,
            )
    return values, single


async def each(ctx: NodeContext, values: Sequence[Item], work: Callable[[Item], object]) -> None:
    """Does the work for each value, giving way every few milliseconds and saying how far it is."""
    started = time.perf_counter()
    for number, value in enumerate(values, start=1):
        work(value)
        if time.perf_counter() - started > _SLICE_S:
            ctx.progress(number, len(values))
            await asyncio.sleep(_REST_S)
            started = time.perf_counter()


def field_of(name: str) -> Look:
    """What gives a record's field of that name, or the place in a document that a dotted path leads to; null when there is none."""
    if "." not in name:
        return lambda record: record.get(name)
    from studio.query.documents import ABSENT, value_at

    path = name.split(".")

    def look(record: Mapping[str, Any]) -> Any:
        if name in record:
            return record[name]
        found = value_at(record, path)
        return None if found is ABSENT else found

    return look


def refuse_unknown(records: Sequence[Mapping[str, Any]], names: Iterable[str], param: str) -> None:
    """Raises NodeError for a field that none of the records has, as far as they are looked at: it is misspelt."""
    looked_at = records[:_LOOKED_AT]
    if not looked_at:
        return
    for name in names:
        head = name.partition(".")[0]
        if not any(name in record or head in record for record in looked_at):
            raise NodeError(
                f"No record has a field {head!r}.",
                hint=did_you_mean(head, [str(known) for known in looked_at[0]]),
                field=param,
            )


def identity(value: Any) -> Any:
    """What two values share when they are the same, as something that can be a key of a dict: 1 and 1.0, an enumeration and its text."""
    kind = type(value)
    if kind is str or kind is int or value is None:
        return value
    if kind is bool:
        return (bool, value)
    if kind is float and math.isfinite(value) and not value.is_integer():
        return Decimal(repr(value))  # beside a Decimal, a float is read by its digits
    if isinstance(value, enum.Enum):
        return identity(value.value)
    if isinstance(value, Mapping):
        return (dict, frozenset((key, identity(part)) for key, part in value.items()))
    if isinstance(value, list | tuple):
        return (list, tuple(identity(part) for part in value))
    try:
        hash(value)
    except TypeError:  # a signalling NaN among them
        return (kind, repr(value))
    return value


def identities(looks: Sequence[Look]) -> Look:
    """What gives the identity of several fields of a record together."""
    if len(looks) == 1:
        (look,) = looks
        return lambda record: identity(look(record))
    return lambda record: tuple([identity(look(record)) for look in looks])


def rank(value: Any) -> tuple[int, Any]:
    """Where a value stands in ascending order: nulls last, kinds that cannot be compared one after the other, text by code points."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, bool):
        return (0, value)
    if isinstance(value, int | float | Decimal):
        if value != value or (isinstance(value, Decimal) and value.is_nan()):  # noqa: PLR0124 - only NaN is not itself
            return (2, 0)
        return (1, value)
    if isinstance(value, str):
        return (3, value)
    if isinstance(value, dt.datetime):
        return (4, value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value)
    if isinstance(value, dt.date):
        return (4, dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC))
    if isinstance(value, dt.time):
        return (5, (value.hour, value.minute, value.second, value.microsecond))
    if isinstance(value, dt.timedelta):
        return (6, value)
    if isinstance(value, uuid.UUID):
        return (7, value)
    if isinstance(value, bytes):
        return (8, value)
    return (10, 0) if value is None else (9, str(type(value)))


async def in_order(
    ctx: NodeContext, records: Sequence[Mapping[str, Any]], terms: Iterable[tuple[str, bool]]
) -> list[Any]:
    """The records by some fields, each with whether it descends; those that are equal stay as they were."""
    ordered = list(records)
    for name, descending in reversed(list(terms)):
        ranked: list[tuple[tuple[int, Any], Any]] = []
        look = field_of(name)
        await each(ctx, ordered, lambda record: ranked.append((rank(look(record)), record)))  # noqa: B023 - used at once
        pieces = [ranked[start : start + _SORTED_AT_ONCE] for start in range(0, len(ranked), _SORTED_AT_ONCE)]
        await each(ctx, pieces, lambda piece: piece.sort(key=_first, reverse=descending))  # noqa: B023 - used at once
        if len(pieces) < 2:
            ordered = [record for piece in pieces for _, record in piece]
            continue
        ordered = []
        started = time.perf_counter()
        for _, record in heapq.merge(*pieces, key=_first, reverse=descending):
            ordered.append(record)
            if time.perf_counter() - started > _SLICE_S:
                await asyncio.sleep(_REST_S)
                started = time.perf_counter()
    return ordered


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


def many_output(value: Any, port: str) -> Any:
    """What the ports `records`, `first`, `record` and `count` show of a list of records, or of the one there is."""
    if isinstance(value, list):
        if port == "count":
            return len(value)
        return value if port == "records" else (value[0] if value else None)
    return [value] if port == "records" else 1 if port == "count" else value
