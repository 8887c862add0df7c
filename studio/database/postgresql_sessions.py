"""How is PostgreSQL talked to once it is open? Lanes, where each statement commits by itself, and transactions on one connection.

Left out: the connections themselves (`postgresql`), bulk writes (`postgresql_bulk`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from studio.database import postgresql_errors
from studio.database.bulk import BulkJob, BulkOutcome
from studio.database.dialect import Row, Session
from studio.database.errors import lost_in_a_write
from studio.database.postgresql_bulk import write_batch
from studio.database.postgresql_vectors import teach
from studio.database.raw import first_word
from studio.database.worker import whatever_happens
from studio.kernel.errors import ConnectionLost, StatementRefused

if TYPE_CHECKING:
    from studio.database.postgresql import PostgresqlEngine

SETTLE_S: Final = 5.0
"""So long a server may take to give up a cancelled statement."""
_COUNTED = ("INSERT", "UPDATE", "DELETE", "MERGE", "COPY")


class PostgresqlLanes:
    """Each statement by itself, on whichever lane is free."""

    in_transaction: Final = False
    streams_alone: Final = False
    can_go_on: Final = True

    def __init__(self, engine: PostgresqlEngine) -> None:
        self._engine = engine

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        engine = self._engine
        lane = engine.pool.take() or await engine.pool.acquire(single=True)
        try:
            rows: Sequence[Row] = await lane.connection.fetch(sql, *args)
            return rows
        except asyncio.CancelledError:
            await whatever_happens(_settle(lane.connection))
            raise
        except postgresql_errors.DRIVER_ERRORS as error:
            failure = engine.translated(error)
            if not isinstance(failure, ConnectionLost):
                raise failure from error
        finally:
            engine.pool.release(lane, single=True)
        return await self._fetched(sql, args)

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        try:
            return await self._fetched(sql, args)
        except ConnectionLost as error:
            lost_in_a_write(error)
            raise

    async def _fetched(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        engine = self._engine
        lane = engine.pool.take() or await engine.pool.acquire(single=True)
        try:
            rows: Sequence[Row] = await lane.connection.fetch(sql, *args)
            return rows
        except asyncio.CancelledError:
            await whatever_happens(_settle(lane.connection))
            raise
        except postgresql_errors.DRIVER_ERRORS as error:
            raise engine.translated(error) from error
        finally:
            engine.pool.release(lane, single=True)

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        engine = self._engine
        lane = engine.pool.take() or await engine.pool.acquire(single=True)
        try:
            return _count(await lane.connection.execute(sql, *args))
        except asyncio.CancelledError:
            await whatever_happens(_settle(lane.connection))
            raise
        except postgresql_errors.DRIVER_ERRORS as error:
            raise lost_in_a_write(engine.translated(error)) from error
        finally:
            engine.pool.release(lane, single=True)

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        first_word(sql)
        engine = self._engine
        lane = engine.pool.take() or await engine.pool.acquire(single=True)
        try:
            return await _run(lane.connection, sql, args, max_rows, within=False)
        except asyncio.CancelledError:
            await whatever_happens(_settle(lane.connection))
            raise
        except postgresql_errors.DRIVER_ERRORS as error:
            raise lost_in_a_write(engine.translated(error)) from error
        finally:
            engine.pool.release(lane, single=True)

    async def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        async with self._engine.transaction() as session:
            async for batch in session.stream(sql, args, batch_size):
                yield batch

    @contextlib.asynccontextmanager
    async def atomic(self) -> AsyncIterator[Session]:
        async with self._engine.transaction() as session:
            yield session

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        async with self.atomic() as session:
            return await session.bulk(job, batch)


class PostgresqlTransaction:
    """One connection from BEGIN to its end."""

    in_transaction: Final = True
    streams_alone: Final = False

    def __init__(self, engine: PostgresqlEngine, connection: asyncpg.Connection[Any]) -> None:
        self.engine = engine
        self.connection = connection
        self.is_open = True
        self._is_outrun = False
        """Whether others have changed what this transaction sees as it was: from then on each write would be refused."""
        self._depth = 0
        self._vectors = engine.vectors
        """What the connection knows of vectors; models that need them may come while it is open."""

    @property
    def can_go_on(self) -> bool:
        return self.is_open and not self._is_outrun and not self.connection.is_closed()

    async def begin(self, sql: str) -> None:
        try:
            await self.connection.execute(sql)
        except postgresql_errors.DRIVER_ERRORS as error:
            raise self.engine.translated(error) from error

    async def end(self, sql: str) -> None:
        if self.connection.is_closed():
            raise ConnectionLost(
                f"The connection to {self.engine.where} is lost.",
                hint="Nothing of the transaction is kept. Check the server, then run it again.",
            )
        try:
            status = await self.connection.execute(sql)
        except postgresql_errors.DRIVER_ERRORS as error:
            failure = self.engine.translated(error)
            raise (lost_in_a_write(failure) if sql == "COMMIT" else failure) from error
        if sql == "COMMIT" and status == "ROLLBACK":
            raise StatementRefused(
                "The transaction has been rolled back by an earlier failure.", hint="Start the run again."
            )

    async def _guarded(self, awaitable: Any) -> Any:
        if not self.is_open:
            awaitable.close()
            raise StatementRefused("The transaction is over.", hint="Start a new one.")
        if self._vectors != self.engine.vectors:
            await self._learn(awaitable)
        try:
            return await awaitable
        except asyncio.CancelledError:
            await whatever_happens(_settle(self.connection))
            raise
        except postgresql_errors.DRIVER_ERRORS as error:
            self._is_outrun = self._is_outrun or isinstance(error, asyncpg.SerializationError)
            raise self.engine.translated(error) from error

    async def _learn(self, awaitable: Any) -> None:
        """Teaches the connection about vectors before it goes on with what is awaited."""
        home = self._vectors = self.engine.vectors
        assert home is not None
        try:
            await teach(self.connection, home)
        except BaseException as error:
            awaitable.close()
            if isinstance(error, postgresql_errors.DRIVER_ERRORS):
                raise self.engine.translated(error) from error
            raise

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        rows: Sequence[Row] = await self._guarded(self.connection.fetch(sql, *args))
        return rows

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        rows: Sequence[Row] = await self._guarded(self.connection.fetch(sql, *args))
        return rows

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return _count(await self._guarded(self.connection.execute(sql, *args)))

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        first_word(sql)
        result: tuple[tuple[str, ...], Sequence[Row], int | None] = await self._guarded(
            _run(self.connection, sql, args, max_rows, within=True)
        )
        return result

    async def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        """Through a cursor: it reads the state at its beginning, whatever the transaction writes meanwhile."""
        cursor = await self._guarded(_cursor(self.connection, sql, args))
        while batch := await self._guarded(cursor.fetch(batch_size)):
            yield batch

    @contextlib.asynccontextmanager
    async def atomic(self) -> AsyncIterator[Session]:
        self._depth += 1
        name = f"studio_{self._depth}"
        try:
            await self._guarded(self.connection.execute(f"SAVEPOINT {name}"))
            try:
                yield self
            except BaseException:
                with contextlib.suppress(ConnectionLost):
                    await whatever_happens(self.end(f"ROLLBACK TO {name}; RELEASE {name}"))
                raise
            await self._guarded(self.connection.execute(f"RELEASE {name}"))
        finally:
            self._depth -= 1

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        try:
            return await write_batch(self, job, batch)
        except asyncio.CancelledError:
            await whatever_happens(_settle(self.connection))
            raise


async def _settle(connection: asyncpg.Connection[Any]) -> None:
    """Waits until a cancelled statement has ended at the server, so that its cancellation cannot hit the next one.

    Where the server does not answer any more the connection is given up: nobody who stops a run waits for a network.
    """
    with contextlib.suppress(*postgresql_errors.DRIVER_ERRORS):
        if connection.is_closed():
            return
        try:
            async with asyncio.timeout(SETTLE_S):
                await connection.execute("SELECT 1")
        except TimeoutError:
            connection.terminate()


async def _cursor(connection: asyncpg.Connection[Any], sql: str, args: Sequence[Any]) -> Any:
    return await connection.cursor(sql, *args)


async def _run(
    connection: asyncpg.Connection[Any], sql: str, args: Sequence[Any], max_rows: int | None, *, within: bool
) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
    statement = await connection.prepare(sql)
    columns = tuple(attribute.name for attribute in statement.get_attributes())
    if max_rows is None or not columns:
        rows: Sequence[Row] = await statement.fetch(*args)
        return columns, rows, _changed(statement.get_statusmsg(), columns)
    if within:
        rows = await (await statement.cursor(*args)).fetch(max_rows + 1)
    else:
        async with connection.transaction():
            rows = await (await statement.cursor(*args)).fetch(max_rows + 1)
    return columns, rows, None


def _count(status: str) -> int:
    """`UPDATE 3` → 3, `INSERT 0 3` → 3"""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


def _changed(status: str | None, columns: Sequence[str]) -> int | None:
    if status and status.partition(" ")[0] in _COUNTED:
        return _count(status)
    return None if columns else 0
