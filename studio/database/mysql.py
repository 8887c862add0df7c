"""How is MariaDB reached? Lanes: asyncmy connections out of SQLAlchemy's pool, kept open, that run statements prepared at the server.

Each statement on the lanes commits by itself; a transaction has a connection to itself. Values are sent apart from the statements. A dead
connection is dropped, and a read that met one is tried once more; a write is not, because nobody can tell whether it was done.

A cancelled statement is ended at the server by a second connection: on a lane together with its connection, in a transaction alone
(KILL QUERY), so that the transaction can go on or be rolled back.

Left out: addresses and settings (`mysql_connecting`), one connection (`mysql_lane`), lanes and transactions (`mysql_sessions`), bulk
writes (`mysql_bulk`), reflection (`mysql_reflection`), what the numbers of errors mean (`mysql_errors`).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, Final

import asyncmy
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from studio.database import mysql_errors
from studio.database.dialect import Catalogue, Session
from studio.database.errors import lost_in_a_transaction
from studio.database.lane_pool import LanePool
from studio.database.mysql_connecting import check_version, driver_url, where_is
from studio.database.mysql_lane import Lane
from studio.database.mysql_sessions import MysqlLanes, MysqlTransaction
from studio.database.options import DatabaseOptions
from studio.database.results import PoolInfo, ServerInfo
from studio.database.tls import TlsNotOffered, context_of
from studio.database.unbroken import Unbroken
from studio.database.worker import whatever_happens
from studio.kernel.errors import AuthenticationFailed, ConnectionFailed, ConnectionLost, LockTimeout
from studio.models.spec import ModelSpec

_KILL_AGAIN_S: Final = 0.02
SETTLE_S: Final = 5.0
"""So long a server may take to give up a cancelled statement, or a connection."""


class MysqlEngine:
    """The connections to one database of a MariaDB server."""

    def __init__(self, url: str, options: DatabaseOptions) -> None:
        self.options = options
        self._url, self._arguments, self._tls = driver_url(url, options)
        self.where = where_is(self._url)
        self._engine: AsyncEngine | None = None
        self.pool: LanePool[Lane] = LanePool(self._new_lane, options, self.where)
        self._lanes = MysqlLanes(self)

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

    def _sqlalchemy_engine(self) -> AsyncEngine:
        if self._engine is None:
            context = context_of(self._tls)
            if context is not None:
                self._arguments["ssl"] = context
            self._engine = create_async_engine(
                self._url,
                poolclass=sa.NullPool,  # lanes are pooled by ourselves: one that is closed is closed
                pool_reset_on_return=None,
                isolation_level="AUTOCOMMIT",
                connect_args=self._arguments,
            )
        return self._engine

    async def _new_lane(self) -> Lane:
        tls = self._tls
        try:
            return await self._open_lane()
        except TlsNotOffered:
            if tls.mode != "prefer":
                raise
        if self._tls is tls:
            self._tls = replace(tls, mode="off")
            self._arguments.pop("ssl", None)
            engine, self._engine = self._sqlalchemy_engine(), None
            await engine.dispose()
        return await self._open_lane()

    async def _open_lane(self) -> Lane:
        try:
            async with asyncio.timeout(self.options.connect_timeout_s):
                # The driver's own limit ends with the TCP connection; a server may still say nothing.
                pooled = await self._sqlalchemy_engine().connect()
            connection = (await pooled.get_raw_connection()).driver_connection
            assert connection is not None
            check_version(connection.server_version, self.where)
            lane = Lane(pooled, connection, echo=self.options.echo)
            lane.largest = int((await lane.say("SELECT @@max_allowed_packet")).rows[0][0])
            return lane
        except (*mysql_errors.DRIVER_ERRORS, sa.exc.SQLAlchemyError) as error:
            failure = self._translated(error)
            if isinstance(failure, AuthenticationFailed) and self._tls.mode == "off":
                failure.hint = (
                    "Check both in the connection. A user who may only come encrypted is refused in the same words:"
                    " TLS is off here."
                )
            raise failure from error

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
        """Ends a connection whose statement was cancelled, and waits until the server is done with it, if it answers at all."""
        number = lane.connection.thread_id()
        lane.connection.close()
        with contextlib.suppress(*mysql_errors.DRIVER_ERRORS, TimeoutError):
            async with asyncio.timeout(SETTLE_S), self._other() as other:
                await _kill(other, "CONNECTION", number)
                while True:
                    await other.query(f"SELECT 1 FROM information_schema.processlist WHERE id = {number:d}")
                    if not other._result.rows:  # noqa: SLF001 - a cursor would only hand it on
                        return
                    await asyncio.sleep(_KILL_AGAIN_S)

    async def end_statement(self, lane: Lane, over: asyncio.Future[None]) -> None:
        """Ends the statement that runs on a connection, and leaves the connection in order, or closed where the server does not answer.

        `over` is done when the statement is.
        """
        number = lane.connection.thread_id()
        try:
            async with asyncio.timeout(SETTLE_S):
                async with self._other() as other:
                    while not over.done():
                        await _kill(other, "QUERY", number)
                        await asyncio.wait([over], timeout=_KILL_AGAIN_S)
                # An interruption that came too late for its statement hits this one.
                if not lane.is_closed:
                    await lane.say("DO 0")
        except (*mysql_errors.DRIVER_ERRORS, TimeoutError):
            lane.connection.close()

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
            session = MysqlTransaction(self, lane)
            try:
                await session.say("START TRANSACTION")
            except ConnectionLost:
                # A connection that died while it was idle: nothing has been sent on it.
                self.pool.release(lane, single=False)
                lane = await self.pool.acquire(single=False)
                session = MysqlTransaction(self, lane)
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
            await Unbroken(session.commit())
        finally:
            self.pool.release(lane, single=False)

    @contextlib.asynccontextmanager
    async def schema_lock(self) -> AsyncIterator[Session]:
        """A named lock: changes of the schema commit by themselves here, so a transaction would protect nothing."""
        name = f"studio_{hashlib.sha256((self._url.database or '').encode()).hexdigest()[:40]}"
        lane = await self.pool.acquire(single=False)
        try:
            session = MysqlTransaction(self, lane)
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

    async def prepare(self, specs: Sequence[ModelSpec]) -> None:
        """Connections take every kind of value as they are."""

    async def reflect(self, schema: str | None) -> list[ModelSpec]:
        from studio.database.mysql_reflection import reflect

        return await reflect(self._lanes, schema)


async def _kill(connection: Any, what: str, number: int) -> None:
    try:
        await connection.query(f"KILL {what} {number:d}")
    except mysql_errors.DRIVER_ERRORS as error:
        if mysql_errors.number_of(error) != 1094:  # there is no such connection any more
            raise
