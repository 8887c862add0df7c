"""How is SQLite talked to once it is open? Lanes, where each statement is by itself, and transactions; and what they run on the threads.

Left out: connections and threads themselves (`sqlite`), bulk writes (`sqlite_bulk`).
"""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

from studio.database.bulk import BulkJob, BulkOutcome
from studio.database.dialect import Brief, Row, Session
from studio.database.raw import first_word
from studio.database.sqlite_bulk import ROWS_PER_CALL, write_batch
from studio.database.worker import Worker, whatever_happens
from studio.kernel.errors import ReadOnlyDatabase, StatementRefused

if TYPE_CHECKING:
    from studio.database.sqlite import SqliteEngine

T = TypeVar("T")
JOURNAL_PAGES: Final = 1000
"""What SQLite does by itself: some 4 MB."""
_READS = ("SELECT", "WITH", "VALUES", "EXPLAIN", "PRAGMA")


class SqliteLanes:
    """Each statement by itself: reads on the readers, writes on the writer; brief and short ones in place, where that is possible."""

    in_transaction: Final = False
    can_go_on: Final = True

    def __init__(self, engine: SqliteEngine) -> None:
        self._engine = engine
        self.streams_alone: Final = engine.in_memory

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        engine = self._engine
        if isinstance(sql, Brief):
            at_once = engine.read_in_place(sql, args)
            if at_once is not None:
                return at_once
        worker = await engine.reader()
        if worker is engine.writer and engine.gate.locked():
            async with engine.alone():
                worker = await engine.reader()
                rows: list[Row] = await engine.call(worker, _fetch, worker.resource, sql, args)
                return rows
        found: Sequence[Row] = await engine.call(worker, _fetch, worker.resource, sql, args)
        return found

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        if sql.__class__ is Brief:
            at_once = self._engine.write_in_place(sql, args)
            if at_once is not None:
                return at_once
        rows: Sequence[Row] = await self._on_writer(_fetch, sql, args)
        return rows

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        changed: int = await self._on_writer(_change, sql, args)
        return changed

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        engine = self._engine
        worker = await engine.reader()
        result: tuple[tuple[str, ...], Sequence[Row], int | None]
        if first_word(sql) in _READS and worker is not engine.writer:
            try:
                result = await engine.call(worker, _run, worker.resource, sql, args, max_rows, False)
                return result
            except ReadOnlyDatabase:
                if engine.options.read_only:
                    raise
        result = await self._on_writer(_run, sql, args, max_rows, False)
        return result

    async def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        engine = self._engine
        await engine.connect()
        if engine.in_memory:
            async with engine.transaction() as session:
                async for batch in session.stream(sql, args, batch_size):
                    yield batch
            return
        # A reader of its own: an open cursor would keep other reads on an old state of the file.
        worker = await engine.new_reader()
        try:
            assert worker.resource is not None
            cursor = await engine.call(worker, worker.resource.execute, sql, args)
            while batch := await engine.call(worker, cursor.fetchmany, batch_size):
                yield batch
        finally:
            await whatever_happens(worker.run(close_connection, worker))
            worker.stop()

    @contextlib.asynccontextmanager
    async def atomic(self) -> AsyncIterator[Session]:
        async with self._engine.transaction() as session:
            yield session

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        async with self.atomic() as session:
            return await session.bulk(job, batch)

    async def _on_writer(self, function: Callable[..., T], *args: Any) -> T:
        if self._engine.gate.locked():
            async with self._engine.alone():
                return await self._now(function, *args)
        return await self._now(function, *args)

    async def _now(self, function: Callable[..., T], *args: Any) -> T:
        engine = self._engine
        if engine.writer.resource is None:
            await engine.connect()
        writer = engine.writer
        done: T = await engine.call(writer, tending_the_journal, writer.resource, function, *args)
        return done


class SqliteTransaction:
    """Everything on the writer, which belongs to this transaction until it ends."""

    in_transaction: Final = True
    streams_alone: Final = False

    def __init__(self, engine: SqliteEngine, writer: Worker[sqlite3.Connection]) -> None:
        self._engine = engine
        self._writer = writer
        self._numbers = itertools.count(1)
        self.is_open = True

    @property
    def can_go_on(self) -> bool:
        connection = self._writer.resource
        return self.is_open and connection is not None and connection.in_transaction

    async def _call(self, function: Callable[..., T], *args: Any) -> T:
        if not self.is_open:
            raise StatementRefused("The transaction is over.", hint="Start a new one.")
        return await self._engine.call(self._writer, function, self._writer.resource, *args)

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return await self._call(_fetch_within, sql, args)

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return await self._call(_fetch_within, sql, args)

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return await self._call(_change_within, sql, args)

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        first_word(sql)
        return await self._call(_run, sql, args, max_rows, True)

    async def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        """Through a temporary table: later statements of the transaction may change what an open cursor would read."""
        table = f"studio_stream_{next(self._numbers)}"
        await self._call(_change_within, f"CREATE TEMP TABLE {table} AS {sql}", args)
        try:
            last = 0
            while True:
                rows = await self._call(
                    _fetch_within,
                    f"SELECT rowid, * FROM temp.{table} WHERE rowid > ? ORDER BY rowid LIMIT ?",
                    (last, batch_size),
                )
                if not rows:
                    return
                last = rows[-1][0]
                yield [row[1:] for row in rows]
        finally:
            if self.is_open:
                with contextlib.suppress(StatementRefused):
                    await whatever_happens(self._call(_drop, table))

    @contextlib.asynccontextmanager
    async def atomic(self) -> AsyncIterator[Session]:
        name = f"studio_{next(self._numbers)}"
        await self._call(_change_within, f"SAVEPOINT {name}", ())
        try:
            yield self
        except BaseException:
            await whatever_happens(self._call(_roll_back_to, name))
            raise
        await self._call(_change_within, f"RELEASE {name}", ())

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        total = BulkOutcome()
        for start in range(0, len(batch), ROWS_PER_CALL):
            rows = batch[start : start + ROWS_PER_CALL]
            done = await self._call(write_batch, job, rows, start, self._engine.where)
            total.created += done.created
            total.updated += done.updated
            total.skipped += done.skipped
            total.ids += done.ids
            if job.done is not None:
                job.done(len(rows))
        return total


def _drop(connection: sqlite3.Connection, table: str) -> None:
    if connection.in_transaction:
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


def _roll_back_to(connection: sqlite3.Connection, name: str) -> None:
    if connection.in_transaction:
        connection.execute(f"ROLLBACK TO {name}")
        connection.execute(f"RELEASE {name}")


# ------------------------------------------------------------------ what runs on the threads


def close_connection(worker: Worker[sqlite3.Connection]) -> None:
    if worker.resource is not None:
        worker.resource.close()
        worker.resource = None


def tending_the_journal(connection: sqlite3.Connection, function: Callable[..., T], *args: Any) -> T:
    """A write after which the journal is moved into the file when it has grown enough, which waits for the disk: never done in place."""
    tend_the_journal(connection, pages=JOURNAL_PAGES)
    try:
        return function(connection, *args)
    finally:
        tend_the_journal(connection, pages=0)


def tend_the_journal(connection: sqlite3.Connection, *, pages: int) -> None:
    """From so many pages on a commit moves the journal into the file; 0: never.

    SQLite heeds it while it reads the statement, so it must not come out of the module's cache of statements.
    """
    if not connection.in_transaction:
        connection.executescript(f"PRAGMA wal_autocheckpoint={pages:d}")


def still_open(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        raise StatementRefused(
            "The transaction has been rolled back by an earlier failure.", hint="Start the run again."
        )


def _fetch(connection: sqlite3.Connection, sql: str, args: Sequence[Any]) -> list[Any]:
    return connection.execute(sql, args).fetchall()


def _fetch_within(connection: sqlite3.Connection, sql: str, args: Sequence[Any]) -> list[Any]:
    still_open(connection)
    return connection.execute(sql, args).fetchall()


def _change(connection: sqlite3.Connection, sql: str, args: Sequence[Any]) -> int:
    return connection.execute(sql, args).rowcount


def _change_within(connection: sqlite3.Connection, sql: str, args: Sequence[Any]) -> int:
    still_open(connection)
    return connection.execute(sql, args).rowcount


def _run(
    connection: sqlite3.Connection, sql: str, args: Sequence[Any], max_rows: int | None, within: bool
) -> tuple[tuple[str, ...], list[Any], int | None]:
    if within:
        still_open(connection)
    cursor = connection.execute(sql, args)
    try:
        columns = tuple(column[0] for column in cursor.description or ())
        rows = cursor.fetchall() if max_rows is None else cursor.fetchmany(max_rows + 1)
        if columns and max_rows is not None and cursor.rowcount >= 0:
            cursor.fetchall()  # a changing statement has to come to its end
        return columns, rows, cursor.rowcount if cursor.rowcount >= 0 else None
    finally:
        cursor.close()
