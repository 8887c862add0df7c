"""How is MariaDB reached? Lanes: asyncmy connections out of SQLAlchemy's pool, kept open, that run statements prepared at the server.

Each statement on the lanes commits by itself; a transaction has a connection to itself. Values are sent apart from the statements. A dead
connection is dropped, and a read that met one is tried once more; a write is not, because nobody can tell whether it was done.

A cancelled statement is ended at the server by a second connection: on a lane together with its connection, in a transaction alone
(KILL QUERY), so that the transaction can go on or be rolled back.

Left out: bulk writes (`mysql_bulk`), reflection (`mysql_reflection`), what the numbers of errors mean (`mysql_errors`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import math
import re
import socket
import time
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from typing import Any, Final

import asyncmy
import sqlalchemy as sa
from asyncmy.cursors import SSCursor
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from studio.database import mysql_errors
from studio.database.bulk import BulkJob, BulkOutcome
from studio.database.dialect import Catalogue, Row, Session
from studio.database.errors import lost_in_a_transaction, lost_in_a_write
from studio.database.lane_pool import LanePool
from studio.database.mysql_dialect import TEXT_COLLATION
from studio.database.mysql_text import spread, written
from studio.database.options import DatabaseOptions
from studio.database.raw import first_word
from studio.database.results import PoolInfo, ServerInfo
from studio.database.worker import whatever_happens
from studio.kernel.errors import ConnectionFailed, ConnectionLost, Deadlock, LockTimeout, StatementRefused
from studio.models.spec import ModelSpec

_log = logging.getLogger(__name__)

OLDEST: Final = (10, 11)
"""Of MariaDB: INSERT … RETURNING, JSON_EQUALS, JSON_TABLE and places from the end of a JSON list."""
_MODES: Final = (
    *("STRICT_ALL_TABLES", "NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ERROR_FOR_DIVISION_BY_ZERO"),
    "NO_ENGINE_SUBSTITUTION",
    # As the standard says it: quotes, backslashes, ||, and assignments that all see the row as it was.
    *(
        "ANSI_QUOTES",
        "NO_BACKSLASH_ESCAPES",
        "PIPES_AS_CONCAT",
        "SIMULTANEOUS_ASSIGNMENT",
        "ONLY_FULL_GROUP_BY",
    ),
    # A key of 0 is a key of 0.
    "NO_AUTO_VALUE_ON_ZERO",
)
_STATEMENTS_KEPT: Final = 200
_KILL_AGAIN_S: Final = 0.02
_STREAM_BUFFER: Final = 1 << 18
"""Bytes; the system takes twice as much."""
_ENDS_WITHIN_S: Final = 10.0
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
_MARIADB_VERSION = re.compile(r"(?:5\.5\.5-)?(\d+)\.(\d+)(?:\.(\d+))?-mariadb", re.IGNORECASE)


def session_settings(options: DatabaseOptions) -> str:
    """The statement that every connection begins with."""
    seconds = max(1, math.ceil(options.lock_timeout_s))
    settings = [
        f"sql_mode='{','.join(_MODES)}'",
        "time_zone='+00:00'",
        f"innodb_lock_wait_timeout={seconds}",
        f"lock_wait_timeout={seconds}",
        "tx_isolation='READ-COMMITTED'",
        # Digits after the point of a quotient, in addition to the dividend's.
        "div_precision_increment=8",
        "group_concat_max_len=1073741824",
    ]
    if options.read_only:
        settings.append("tx_read_only=1")
    return f"SET NAMES utf8mb4 COLLATE {TEXT_COLLATION}, {', '.join(settings)}"


class Lane:
    """One connection: SQLAlchemy's, and the driver's underneath with its prepared statements."""

    __slots__ = ("_prepared", "connection", "echo", "largest", "opened_at", "pooled", "used_at")

    def __init__(self, pooled: AsyncConnection, connection: Any, *, echo: bool = False) -> None:
        self.pooled = pooled
        self.connection = connection
        self.echo = echo
        self.largest = 1 << 24
        """What the server takes in one packet, in bytes."""
        self._prepared: dict[str, Any] = {}
        self.opened_at = self.used_at = time.monotonic()

    async def answers(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self.say("DO 0")
        except (*mysql_errors.DRIVER_ERRORS, TimeoutError):
            return False
        return not self.is_closed

    @property
    def is_closed(self) -> bool:
        return not self.connection.connected or self.connection._stream_broken  # noqa: SLF001 - asyncmy says it nowhere else

    async def close(self) -> None:
        self._prepared.clear()
        # Whatever goes wrong while a connection is thrown away concerns nobody any more.
        with contextlib.suppress(sa.exc.SQLAlchemyError, *mysql_errors.DRIVER_ERRORS):
            if self.is_closed:
                await self.pooled.invalidate()
            await self.pooled.close()

    async def execute(self, sql: str, args: Sequence[Any] = (), *, keep: bool = True) -> Any:
        """The driver's result: `rows` (None without), `affected_rows`, `description`, `insert_id`.

        Without `keep` the statement is prepared for this once.
        """
        if self.echo:
            _log.info("%s", sql)
        ready = spread(sql, args)
        if ready is None:
            return await self.say(written(sql, args))
        text, values = ready
        statement = self._prepared.get(text)
        if statement is None:
            try:
                statement = await self.connection.prepare(text)
            except mysql_errors.DRIVER_ERRORS as error:
                if mysql_errors.number_of(error) == 1295 and not values:
                    return await self.say(text)
                raise
            if statement.parameter_count != len(values):
                count = statement.parameter_count
                await statement.close()
                raise StatementRefused(
                    f"The statement takes {count} values, but {len(values)} are given.",
                    hint="Check the parameters.",
                )
            if not keep:
                try:
                    return await statement.execute(values)
                finally:
                    if not self.is_closed:
                        await statement.close()
            if len(self._prepared) >= _STATEMENTS_KEPT:
                oldest = next(iter(self._prepared))
                await self._prepared.pop(oldest).close()
            self._prepared[text] = statement
        return await statement.execute(values)

    async def say(self, sql: str) -> Any:
        """Runs text as it is."""
        await self.connection.query(sql)
        return self.connection._result  # noqa: SLF001 - a cursor would only hand it on


class MysqlEngine:
    """The connections to one database of a MariaDB server."""

    def __init__(self, url: str, options: DatabaseOptions) -> None:
        self.options = options
        self._url, self._arguments = _driver_url(url, options)
        self.where = _where(self._url)
        self._engine: AsyncEngine | None = None
        self.pool: LanePool[Lane] = LanePool(self._new_lane, options, self.where)
        self._lanes = _Lanes(self)

    # -------------------------------------------------------------- opening and closing

    async def connect(self) -> None:
        if self._engine is None:
            lane = await self.pool.acquire(single=True)
            self.pool.release(lane, single=True)

    async def close(self) -> None:
        await self.pool.close()
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def test(self) -> ServerInfo:
        await self.connect()
        started = time.perf_counter()
        ((version, database, writable),) = await self._lanes.read(
            "SELECT VERSION(), DATABASE(), @@read_only = 0 AND @@tx_read_only = 0"
        )
        latency_ms = (time.perf_counter() - started) * 1000
        ((tables,),) = await self._lanes.read(
            "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        )
        return ServerInfo(
            product="MariaDB",
            version=str(version).partition("-")[0],
            database=str(database or ""),
            tables=tables,
            can_write=bool(writable),
            latency_ms=latency_ms,
        )

    def pool_info(self) -> PoolInfo:
        return self.pool.info()

    async def _new_lane(self) -> Lane:
        if self._engine is None:
            options = self.options
            self._engine = create_async_engine(
                self._url,
                pool_size=options.pool_size + options.max_overflow,
                max_overflow=0,
                pool_recycle=options.pool_recycle or -1,
                pool_reset_on_return=None,
                isolation_level="AUTOCOMMIT",
                connect_args=self._arguments,
            )
        try:
            async with asyncio.timeout(self.options.connect_timeout_s):
                # The driver's own limit ends with the TCP connection; a server may still say nothing.
                pooled = await self._engine.connect()
            connection = (await pooled.get_raw_connection()).driver_connection
            assert connection is not None
            self._check(connection.server_version)
            lane = Lane(pooled, connection, echo=self.options.echo)
            lane.largest = int((await lane.say("SELECT @@max_allowed_packet")).rows[0][0])
            return lane
        except (*mysql_errors.DRIVER_ERRORS, sa.exc.SQLAlchemyError) as error:
            raise self._translated(error) from error

    def _check(self, version: str) -> None:
        found = _MARIADB_VERSION.match(version)
        if found is None:
            raise ConnectionFailed(
                f"{self.where} is MySQL {version}. Studio speaks to MariaDB {OLDEST[0]}.{OLDEST[1]} or newer: MySQL cannot give"
                " back the rows that it writes, and reads JSON in other ways.",
                hint="Use a MariaDB server, PostgreSQL or SQLite.",
            )
        if (int(found[1]), int(found[2])) < OLDEST:
            raise ConnectionFailed(
                f"{self.where} is MariaDB {found[1]}.{found[2]}, but Studio needs {OLDEST[0]}.{OLDEST[1]} or newer.",
                hint="Upgrade the server.",
            )

    def _translated(self, error: BaseException) -> BaseException:
        original = error
        while isinstance(original, sa.exc.SQLAlchemyError):
            below = getattr(original, "orig", None) or original.__cause__
            if below is None:
                break
            original = below
        translated = mysql_errors.translate(original, where=self.where)
        if translated is not None:
            return translated
        if isinstance(original, sa.exc.SQLAlchemyError):
            return ConnectionFailed(
                f"{self.where} cannot be used.", hint="Check the connection.", detail=type(original).__name__
            )
        return error

    def translated(self, error: BaseException) -> BaseException:
        """The typed error of a driver's one; any other comes back as it is."""
        return mysql_errors.translate(error, where=self.where) or error

    # -------------------------------------------------------------- ending statements

    async def end_connection(self, lane: Lane) -> None:
        """Ends a connection whose statement was cancelled, and waits until the server is done with it."""
        number = lane.connection.thread_id()
        lane.connection.close()
        with contextlib.suppress(*mysql_errors.DRIVER_ERRORS):
            async with self._other() as other:
                deadline = time.monotonic() + _ENDS_WITHIN_S
                await _kill(other, "CONNECTION", number)
                while time.monotonic() < deadline:
                    await other.query(f"SELECT 1 FROM information_schema.processlist WHERE id = {number:d}")
                    if not other._result.rows:  # noqa: SLF001 - a cursor would only hand it on
                        return
                    await asyncio.sleep(_KILL_AGAIN_S)

    async def end_statement(self, lane: Lane, task: asyncio.Future[Any]) -> None:
        """Ends the statement that runs on a connection, and leaves the connection in order."""
        number = lane.connection.thread_id()
        try:
            async with self._other() as other:
                while not task.done():
                    await _kill(other, "QUERY", number)
                    await asyncio.wait([task], timeout=_KILL_AGAIN_S)
        except mysql_errors.DRIVER_ERRORS:
            lane.connection.close()
        with contextlib.suppress(Exception):
            await task
        # An interruption that came too late for its statement hits this one.
        with contextlib.suppress(*mysql_errors.DRIVER_ERRORS):
            if not lane.is_closed:
                await lane.say("DO 0")

    @contextlib.asynccontextmanager
    async def _other(self) -> AsyncIterator[Any]:
        url = self._url
        connection = await asyncmy.connect(
            host=url.host or "localhost", port=url.port or 3306, user=url.username, **self._arguments
        )
        try:
            yield connection
        finally:
            await connection.ensure_closed()

    # -------------------------------------------------------------- sessions

    @property
    def lanes(self) -> Session:
        return self._lanes

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        lane = await self.pool.acquire(single=False)
        try:
            session = _Transaction(self, lane)
            try:
                await session.say("START TRANSACTION")
            except ConnectionLost:
                # A connection that died while it was idle: nothing has been sent on it.
                self.pool.release(lane, single=False)
                lane = await self.pool.acquire(single=False)
                session = _Transaction(self, lane)
                await session.say("START TRANSACTION")
            try:
                yield session
            except BaseException as error:
                session.is_open = False
                lost_in_a_transaction(error)
                with contextlib.suppress(ConnectionLost):
                    await whatever_happens(session.say("ROLLBACK"))
                raise
            session.is_open = False
            await whatever_happens(session.commit())
        finally:
            self.pool.release(lane, single=False)

    @contextlib.asynccontextmanager
    async def schema_lock(self) -> AsyncIterator[Session]:
        """A named lock: changes of the schema commit by themselves here, so a transaction would protect nothing."""
        name = f"studio_{hashlib.sha256((self._url.database or '').encode()).hexdigest()[:40]}"
        lane = await self.pool.acquire(single=False)
        try:
            session = _Transaction(self, lane)
            ((got,),) = await session.read("SELECT GET_LOCK(?, ?)", (name, self.options.lock_timeout_s))
            if got != 1:
                raise LockTimeout(
                    f"{self.where}: somebody else is changing the schema.", hint="Try again in a moment."
                )
            try:
                yield session
            finally:
                if not lane.is_closed:
                    await whatever_happens(session.say(f"DO RELEASE_LOCK('{name}')"))
        finally:
            self.pool.release(lane, single=False)

    @property
    def catalogue(self) -> Catalogue:
        from studio.database import mysql_reflection

        return mysql_reflection

    async def reflect(self, schema: str | None) -> list[ModelSpec]:
        from studio.database.mysql_reflection import reflect

        return await reflect(self._lanes, schema)


async def _kill(connection: Any, what: str, number: int) -> None:
    try:
        await connection.query(f"KILL {what} {number:d}")
    except mysql_errors.DRIVER_ERRORS as error:
        if mysql_errors.number_of(error) != 1094:  # there is no such connection any more
            raise


def _driver_url(url: str, options: DatabaseOptions) -> tuple[sa.URL, dict[str, Any]]:
    """SQLAlchemy's URL, and the driver's arguments."""
    parsed = sa.make_url(url).set(drivername="mysql+asyncmy")
    query = {name: str(value) for name, value in parsed.query.items()}
    arguments: dict[str, Any] = {
        # SQLAlchemy would give it as text, which the driver only takes in Latin-1.
        "password": str(parsed.password or "").encode(),
        "connect_timeout": max(1, math.ceil(float(query.pop("connect_timeout", options.connect_timeout_s)))),
        "init_command": session_settings(options),
        "charset": "utf8mb4",
    }
    if parsed.database:
        arguments["database"] = parsed.database
    query.pop("charset", None)
    if "unix_socket" in query:
        arguments["unix_socket"] = query.pop("unix_socket")
    mode = query.pop("ssl", query.pop("ssl_mode", query.pop("ssl-mode", ""))).lower()
    if mode in ("true", "1", "require", "required", "verify_ca", "verify_identity"):
        arguments["ssl"] = True
    if query:
        raise ConnectionFailed(
            f"The URL says {next(iter(query))!r}, which Studio does not know for MariaDB.",
            hint="Known: connect_timeout, ssl, unix_socket.",
        )
    return parsed.set(query={}), arguments


def _where(url: sa.URL) -> str:
    """The database as people know it; never user or password."""
    return f"MariaDB {url.host or 'localhost'}:{url.port or 3306}/{url.database or ''}".rstrip("/")


# ------------------------------------------------------------------ sessions


class _Lanes:
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
            _read_little(lane.connection)
            await cursor.execute(written(sql, args))
            while batch := await cursor.fetchmany(batch_size):
                # The driver would go on reading, and hold all that the server sends while these rows are worked on.
                with _unread(lane.connection):
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

    @contextlib.asynccontextmanager
    async def atomic(self) -> AsyncIterator[Session]:
        async with self._engine.transaction() as session:
            yield session

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        async with self.atomic() as session:
            return await session.bulk(job, batch)


class _Transaction:
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
        """Runs the driver's part aside, so that cancelling this ends the statement and not the connection."""
        if not self.is_open:
            coroutine.close()
            raise StatementRefused("The transaction is over.", hint="Start a new one.")
        if self._is_undone or self._is_interrupted:
            coroutine.close()
            self._check()
        task = asyncio.ensure_future(coroutine)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            self._is_interrupted = True
            await whatever_happens(self.engine.end_statement(self.lane, task))
            raise
        except mysql_errors.DRIVER_ERRORS as error:
            translated = self.engine.translated(error)
            self._is_undone = isinstance(translated, Deadlock)
            raise translated from error

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return (await self.execute(sql, args)).rows or ()

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        return (await self.execute(sql, args)).rows or ()

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        return int((await self.execute(sql, args)).affected_rows)

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


def _read_little(connection: Any) -> None:
    """Lets the system keep no more for a connection than the driver may turn into rows at once: all that has come."""
    raw = connection._transport.get_extra_info("socket")  # noqa: SLF001 - the driver has no word for it
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _STREAM_BUFFER)


@contextlib.contextmanager
def _unread(connection: Any) -> Iterator[None]:
    """Leaves what comes from the server where it is: with the system, which tells the server to wait when it has enough."""
    transport = connection._transport  # noqa: SLF001 - the driver has no word for it
    transport.pause_reading()
    try:
        yield
    finally:
        if not transport.is_closing():
            transport.resume_reading()


def _bounded(sql: str, max_rows: int | None) -> str:
    """The statement, giving one row more than wanted at most; its own LIMIT, if it has one, holds instead."""
    if first_word(sql) not in _READS or max_rows is None:
        return sql
    return f"SET STATEMENT sql_select_limit={max_rows + 1:d} FOR {sql}"


def _answer(result: Any) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
    if result.description:
        return tuple(column[0] for column in result.description), result.rows or (), None
    return (), (), int(result.affected_rows)
