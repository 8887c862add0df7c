"""Where do the rows of a batch wait within PostgreSQL, and how do they get there?

In `unnest` of one array per column below 500 rows, in a temporary table filled by COPY above. Rows go to a COPY by one function that checks
and writes them; tuples are made only where the order of the rows matters, or where the driver has to write them.

Left out: what is done with them from there (`postgresql_bulk`), and what the bytes of a COPY are (`postgresql_copy`).
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

import asyncpg
import sqlalchemy as sa

from studio.database.bulk import BulkJob, Converted
from studio.database.postgresql_copy import TYPES_SQL, CopyColumn, Encoding, copied, encoding
from studio.models.spec import FieldSpec, Kind

_UNNEST_BELOW: Final = 500
_TABLE: Final = "studio_stage"
ORDER: Final = "studio_row"
"""The column that holds the place of each row, where the order is wanted."""
_MEMORY: Final = (
    "SELECT set_config('work_mem', '64MB', true)"
    " WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')"
)
"""Until the transaction ends: what joins and counts a staged batch does not go to the disk for it."""


class Stage:
    """The staging place of one batch. Invariant: `source` is a FROM item named `s` with what was put last, `arguments` are its arguments."""

    def __init__(self, connection: asyncpg.Connection[Any], job: BulkJob) -> None:
        self.connection = connection
        self.job = job
        self.plans = job.plans
        self.spec = job.plans.spec.stored
        self._quote = job.plans.dialect.sqlalchemy.identifier_preparer.quote
        self._is_staged = False
        self.source = ""
        self.arguments: list[Any] = []
        self.types: Mapping[str, int] = {}
        """The types of the columns that were copied into last."""

    async def put(self, rows: Sequence[tuple[Any, ...]], names: tuple[str, ...], *, is_ordered: bool) -> None:
        """Puts tuples into a staging place, when wanted with their order."""
        if len(rows) < _UNNEST_BELOW:
            self._put_in_arrays(rows, names)
            return
        columns = await self._create(names, is_ordered=is_ordered)
        counted = ((*row, place) for place, row in enumerate(rows)) if is_ordered else rows
        await self._copy(_TABLE, columns, counted, "pg_temp")

    async def put_apart(self, rows: Converted, names: tuple[str, ...], find: tuple[int, ...]) -> bool:
        """Puts the rows into a staging place, without their order, when each of them means another record; says whether that is so."""
        found: set[Any] = set()
        keyed = Keyed(find, found.add)
        if len(rows.rows) < _UNNEST_BELOW:
            self._put_in_arrays(list(noted(rows, keyed)), names)
        else:
            columns = await self._create(names, is_ordered=False)
            await self.copy_given(_TABLE, columns, rows, "pg_temp", keyed, None)
        if len(found) == len(rows.rows):
            return True
        await self.drop()
        return False

    def _put_in_arrays(self, rows: Sequence[tuple[Any, ...]], names: tuple[str, ...]) -> None:
        """The staging place of few rows: arrays, which the statement itself brings along."""
        columns = ", ".join(self.column(name) for name in names)
        types = [self.type_of(self.spec.by_name[name]) for name in names]
        arrays = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))
        self.source = f"unnest({arrays}) WITH ORDINALITY AS s({columns}, {ORDER})"
        self.arguments = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]

    async def _create(self, names: tuple[str, ...], *, is_ordered: bool) -> list[CopyColumn]:
        """The staging place of many rows: a table of its own, until the transaction ends; its columns."""
        fields = [self.spec.by_name[name] for name in names]
        types = [f"{self.column(field.name)} {self.type_of(field)}" for field in fields]
        columns = [CopyColumn.of(field) for field in fields]
        if is_ordered:
            types.append(f"{ORDER} bigint")
            columns.append(CopyColumn(ORDER, Kind.INT, is_naive=False, nullable=False))
        await self.connection.execute(
            f"{_MEMORY}; CREATE TEMP TABLE {_TABLE} ({', '.join(types)}) ON COMMIT DROP"
        )
        self._is_staged = True
        self.source, self.arguments = f"pg_temp.{_TABLE} AS s", []
        return columns

    async def drop(self) -> None:
        if self._is_staged:
            self._is_staged = False
            await self.connection.execute(f"DROP TABLE pg_temp.{_TABLE}")

    async def copy_given(
        self,
        table: str,
        columns: Sequence[CopyColumn],
        rows: Converted,
        schema: str | None,
        keyed: Keyed | None,
        told: Callable[[int], None] | None,
    ) -> None:
        """COPY of the rows as they were given: checked and written by one function where there is one."""
        job = self.job
        encode = await self._encoding(table, columns, schema) if rows.ids is None else None
        ended = None if encode is None else job.ended(encode.ending(keyed.places if keyed else ()))
        if encode is None or ended is None:
            await self._copy(table, columns, noted(rows.tuples(told), keyed), schema)
            return
        made = functools.partial(ended, now=job.now, tenant=job.tenant, note=keyed.note if keyed else None)
        try:
            await self._send(table, encode, copied(made, rows.given(told)), schema)
        except OverflowError:
            job.pipeline(rows.rows[rows.place], job.now)  # says why, where not only the column is too narrow
            raise

    async def _copy(
        self,
        table: str,
        columns: Sequence[CopyColumn],
        rows: Iterable[tuple[Any, ...]],
        schema: str | None,
    ) -> None:
        encode = await self._encoding(table, columns, schema)
        if encode is None:
            names = [column.name for column in columns]
            await self.connection.copy_records_to_table(
                table, schema_name=schema, columns=names, records=rows
            )
        else:
            await self._send(table, encode, copied(encode.tuples, rows), schema)

    async def _send(
        self, table: str, encode: Encoding, source: AsyncIterator[bytes], schema: str | None
    ) -> None:
        await self.connection.copy_to_table(
            table, schema_name=schema, columns=encode.names, source=source, format="binary"
        )

    async def _encoding(
        self, table: str, columns: Sequence[CopyColumn], schema: str | None
    ) -> Encoding | None:
        known = self._quote(table) if schema is None else f"{self._quote(schema)}.{self._quote(table)}"
        self.types = dict(await self.connection.fetch(TYPES_SQL, known))
        return encoding(columns, self.types)

    def column(self, name: str) -> str:
        return str(self._quote(self.spec.by_name[name].column))

    def type_of(self, field: FieldSpec) -> str:
        """The column's type without its collation; text takes any length, the table itself checks it."""
        if field.kind in ("str", "text", "enum"):
            return "text"
        if field.kind == "decimal":
            return "numeric"
        dialect: sa.Dialect = self.plans.dialect.sqlalchemy
        return str(self.plans.column(field.name).type.compile(dialect))


class Keyed(NamedTuple):
    """What is noted of each row on its way: the values in some places, one by itself, several as a tuple."""

    places: tuple[int, ...]
    note: Callable[[Any], object]


def noted(rows: Iterable[tuple[Any, ...]], keyed: Keyed | None) -> Iterable[tuple[Any, ...]]:
    return rows if keyed is None else _noting(rows, itemgetter(*keyed.places), keyed.note)


def _noting(
    rows: Iterable[tuple[Any, ...]], key: Callable[[Any], Any], note: Callable[[Any], object]
) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        note(key(row))
        yield row
