"""How is MariaDB talked to once a connection is open? Lanes, where each statement is by itself, and transactions.

Left out: connections themselves (`mysql_lane`), ending what was cancelled (`mysql`), bulk writes (`mysql_bulk`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from asyncmy.cursors import SSCursor

from studio.database import mysql_errors
from studio.database.bulk import BulkJob, BulkOutcome
from studio.database.dialect import Row, Session, Statement
from studio.database.errors import lost_in_a_write
from studio.database.mysql_lane import Lane, read_little, unread
from studio.database.mysql_text import written
from studio.database.raw import first_word
from studio.database.unbroken import Unbroken
from studio.database.worker import whatever_happens
from studio.kernel.errors import ConnectionLost, Deadlock, StatementRefused

if TYPE_CHECKING:
    from studio.database.mysql import MysqlEngine

_READS: Final = frozenset({"SELECT", "WITH", "VALUES", "TABLE"})
_COMMITTING: Final = frozenset(
    {
        "ALTER",
        "ANALYZE",
        "CREATE",
        "DROP",
        "GRANT",
        "LOCK",
        "OPTIMIZE",
        "RENAME",
        "REPAIR",
        "REVOKE",
        "TRUNCATE",
        "UNLOCK",
    }
)
"""Statements that would commit the transaction around them."""


class MysqlLanes:
    """Each statement by itself, on whichever lane is free."""

    in_transaction: Final = False
    streams_alone: Final = False
    can_go_on: Final = True

    def __init__(self, engine: MysqlEngine) -> None:
        self._engine = engine

    async def _result(self, sql: str, args: Sequence[Any]) -> Any:
        engine = self._engine
        lane = engine.pool.take() or await engine.pool.acquire(single=True)
        try:
            return await lane.execute(sql, args)
        except asyncio.CancelledError:
            await whatever_happens(engine.end_connection(lane))
            raise
        except mysql_errors.DRIVER_ERRORS as error:
            raise engine.translated(error) from error
        finally:
            engine.pool.release(lane, single=True)

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        try:
            return (await self._result(sql, args)).rows or ()
        except ConnectionLost:
            return (await self._result(sql, args)).rows or ()

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return (await self._written(sql, args)).rows or ()

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return int((await self._written(sql, args)).affected_rows)

    async def change_and_read(self, change: Statement, read: Statement) -> Sequence[Row]:
        engine = self._engine
        lane = engine.pool.take() or await engine.pool.acquire(single=True)
        try:
            return (await lane.execute(_committed(change[0], read[0]), (*change[1], *read[1]))).rows or ()
        except asyncio.CancelledError:
            await whatever_happens(engine.end_connection(lane))
            raise
        except mysql_errors.DRIVER_ERRORS as error:
            await whatever_happens(_roll_back(lane))
            raise lost_in_a_write(engine.translated(error)) from error
        finally:
            engine.pool.release(lane, single=True)

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        return _answer(await self._written(_bounded(sql, max_rows), args))

    async def _written(self, sql: str, args: Sequence[Any]) -> Any:
        try:
            return await self._result(sql, args)
        except ConnectionLost as error:
            lost_in_a_write(error)
            raise

    async def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        """As the server sends them; a stream that is not read to its end ends its connection."""
        engine = self._engine
        lane = await engine.pool.acquire(single=False)
        is_done = False
        try:
            cursor = lane.connection.cursor(SSCursor)
            read_little(lane.connection)
            await cursor.execute(written(sql, args))
            while batch := await cursor.fetchmany(batch_size):
                # The driver would go on reading, and hold all that the server sends while these rows are worked on.
                with unread(lane.connection):
                    yield batch
            await cursor.close()
            is_done = True
        except mysql_errors.DRIVER_ERRORS as error:
            is_done = not lane.connection._result  # noqa: SLF001 - a refused statement leaves nothing to be read
            raise engine.translated(error) from error
        finally:
            if not is_done:
                await whatever_happens(engine.end_connection(lane))
            engine.pool.release(lane, single=False)

    def atomic(self) -> contextlib.AbstractAsyncContextManager[Session]:
        return self._engine.transaction()

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        async with self.atomic() as session:
            return await session.bulk(job, batch)


class MysqlTransaction:
    """One connection from START TRANSACTION to its end."""

    in_transaction: Final = True
    streams_alone: Final = False

    def __init__(self, engine: MysqlEngine, lane: Lane) -> None:
        self.engine = engine
        self.lane = lane
        self.is_open = True
        self._is_undone = False
        self._is_interrupted = False
        self._depth = 0
        self._streams = 0

    @property
    def can_go_on(self) -> bool:
        return self.is_open and not (self._is_undone or self._is_interrupted or self.lane.is_closed)

    async def say(self, sql: str) -> None:
        """A statement that begins or ends something."""
        if self.lane.is_closed:
            raise ConnectionLost(
                f"The connection to {self.engine.where} is lost.",
                hint="Nothing of the transaction is kept. Check the server, then run it again.",
            )
        try:
            await self.lane.say(sql)
        except mysql_errors.DRIVER_ERRORS as error:
            failure = self.engine.translated(error)
            raise (lost_in_a_write(failure) if sql == "COMMIT" else failure) from error

    async def commit(self) -> None:
        self._check()
        await self.say("COMMIT")

    def _check(self) -> None:
        if self._is_undone or self._is_interrupted:
            # After a deadlock each further statement would commit by itself; after a cancelled one nobody knows what is done.
            raise StatementRefused(
                "The transaction has been rolled back by an earlier failure.", hint="Start the run again."
            )

    async def execute(self, sql: str, args: Sequence[Any] = (), *, keep: bool = True) -> Any:
        """The driver's result; see `Lane.execute`."""
        return await self.guarded(self.lane.execute(sql, args, keep=keep))

    async def guarded(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs the driver's part so that cancelling this ends the statement and not the connection."""
        if not self.is_open or self._is_undone or self._is_interrupted:
            coroutine.close()
            self._check()
            raise StatementRefused("The transaction is over.", hint="Start a new one.")
        try:
            return await Unbroken(coroutine, self._end)
        except mysql_errors.DRIVER_ERRORS as error:
            translated = self.engine.translated(error)
            self._is_undone = isinstance(translated, Deadlock)
            raise translated from error

    async def _end(self, over: asyncio.Future[None]) -> None:
        self._is_interrupted = True
        await self.engine.end_statement(self.lane, over)

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return (await self.guarded(self.lane.execute(sql, args))).rows or ()

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return (await self.guarded(self.lane.execute(sql, args))).rows or ()

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return int((await self.guarded(self.lane.execute(sql, args))).affected_rows)

    async def change_and_read(self, change: Statement, read: Statement) -> Sequence[Row]:
        return await self.write(_together(change[0], read[0]), (*change[1], *read[1]))

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        word = first_word(sql)
        if word in _COMMITTING:
            raise StatementRefused(
                f"{word} cannot be run within a transaction: MariaDB would commit what was done before it.",
                hint="Run it in the mode auto.",
            )
        return _answer(await self.execute(_bounded(sql, max_rows), args))

    async def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        """Out of a temporary table: the rows as they were at the beginning, and other statements between the batches."""
        self._streams += 1
        name = f"studio_stream_{self._streams}"
        await self.execute(
            f"CREATE TEMPORARY TABLE {name} (studio_row BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY) AS {sql}",
            args,
            keep=False,
        )
        try:
            last = 0
            while True:
                batch = await self.read(
                    f"SELECT * FROM {name} WHERE studio_row > ? ORDER BY studio_row LIMIT ?",
                    (last, batch_size),
                )
                if not batch:
                    return
                last = batch[-1][0]
                yield [row[1:] for row in batch]
        finally:
            if self.is_open and not self.lane.is_closed and not self._is_undone:
                await whatever_happens(self.say(f"DROP TEMPORARY TABLE IF EXISTS {name}"))

    @contextlib.asynccontextmanager
    async def atomic(self) -> AsyncIterator[Session]:
        self._depth += 1
        name = f"studio_{self._depth}"
        try:
            await self.guarded(self.lane.say(f"SAVEPOINT {name}"))
            try:
                yield self
            except BaseException:
                if not self._is_undone:
                    with contextlib.suppress(ConnectionLost):
                        await whatever_happens(self.say(f"ROLLBACK TO SAVEPOINT {name}"))
                        await whatever_happens(self.say(f"RELEASE SAVEPOINT {name}"))
                        self._is_interrupted = False
                raise
            await self.guarded(self.lane.say(f"RELEASE SAVEPOINT {name}"))
        finally:
            self._depth -= 1

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        from studio.database.mysql_bulk import write_batch

        return await write_batch(self, job, batch)


@lru_cache(maxsize=512)
def _together(change: str, read: str) -> str:
    """Both statements as one, which gives what is read, and no rows at all where there was nothing to change."""
    return f"BEGIN NOT ATOMIC {change}; IF ROW_COUNT() THEN {read}; END IF; END"


@lru_cache(maxsize=512)
def _committed(change: str, read: str) -> str:
    """The same in a transaction of its own. A failure leaves that open."""
    return f"BEGIN NOT ATOMIC START TRANSACTION; {change}; IF ROW_COUNT() THEN {read}; END IF; COMMIT; END"


async def _roll_back(lane: Lane) -> None:
    """Ends what a failure has left open, or the connection with it."""
    if not lane.is_closed:
        try:
            await lane.say("ROLLBACK")
        except mysql_errors.DRIVER_ERRORS:
            lane.connection.close()


def _bounded(sql: str, max_rows: int | None) -> str:
    """The statement, giving one row more than wanted at most; its own LIMIT, if it has one, holds instead."""
    if first_word(sql) not in _READS or max_rows is None:
        return sql
    return f"SET STATEMENT sql_select_limit={max_rows + 1:d} FOR {sql}"


def _answer(result: Any) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
    if result.description:
        return tuple(column[0] for column in result.description), result.rows or (), None
    return (), (), int(result.affected_rows)
