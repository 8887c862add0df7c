"""Which row of a batch does PostgreSQL refuse?

COPY says the line; else the value that the server names is looked for among the rows; else the shortest beginning of the batch that fails
is found by halving, within savepoints.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from studio.database import postgresql_errors
from studio.database.bulk import Converted
from studio.database.errors import OF_A_ROW, too_wide
from studio.database.postgresql_copy import narrow_bits
from studio.kernel.errors import BadValue, DatabaseError

if TYPE_CHECKING:
    from studio.database.postgresql_bulk import Batch


async def find_fault(
    batch: Batch,
    error: DatabaseError,
    cause: BaseException,
    counted: Converted,
    ids: Sequence[Any] | None,
) -> int | None:
    """The place of the row that the server refused, or None when no row is to blame."""
    line = postgresql_errors.copy_line(cause)
    if line is not None and batch.job.mode == "insert" and 1 <= line <= len(batch.rows):
        return line - 1
    if (
        isinstance(error, BadValue)
        and counted.place < len(batch.rows) - 1
        and not isinstance(cause, asyncpg.PostgresError)
    ):
        return counted.place
    if not isinstance(error, (*OF_A_ROW, BadValue)):
        return None
    named = _by_value(batch, error)
    return await _by_halving(batch, ids) if named is None else named


def _by_value(batch: Batch, error: DatabaseError) -> int | None:
    """The only row with the values that the server names; with several, who is to blame is not clear."""
    columns: Sequence[str] = error.context.get("columns", ())
    values: Sequence[str] = error.context.get("values", ())
    by_column = {field.column: field.name for field in batch.spec.fields}
    names = [by_column.get(column, "") for column in columns]
    if not names or len(values) != len(names) or not all(names):
        return None
    places = [
        place
        for place, row in enumerate(batch.rows)
        if isinstance(row, Mapping)
        and all(name in row and str(row[name]) == value for name, value in zip(names, values, strict=True))
    ]
    return places[0] if len(places) == 1 else None


async def _by_halving(batch: Batch, ids: Sequence[Any] | None) -> int | None:
    """The last row of the shortest beginning of the batch that is refused."""
    low, high = 0, len(batch.rows)
    while high - low > 1:
        middle = (low + high) // 2
        part = batch.part(middle)
        some = None if ids is None else ids[:middle]
        if await part.is_refused(some):
            high = middle
        else:
            low = middle
    return high - 1 if high else None


def name_too_wide(batch: Batch, error: DatabaseError, place: int) -> None:
    """Says which field of the row its column is too narrow for."""
    values = batch.job.pipeline(batch.rows[place], batch.job.now)
    for name, value in zip(batch.job.columns, values, strict=True):
        bits = narrow_bits(batch.stage.types.get(batch.spec.by_name[name].column, 0))
        if bits and isinstance(value, int) and value.bit_length() >= bits:
            too_wide(error, batch.spec, name, value, bits)
            return
