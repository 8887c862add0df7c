"""How is PostgreSQL reached? Lanes: asyncpg connections out of SQLAlchemy's pool, kept open, that run compiled text directly.

Each statement on the lanes commits by itself; a transaction has a connection to itself. asyncpg keeps prepared statements per
connection, so a statement is parsed and planned once per lane. A dead connection is dropped, and a read that met one is tried once
more; a write is not, because nobody can tell whether it was done.

Left out: bulk writes (`postgresql_bulk`), reflection (`postgresql_reflection`), what the codes of errors mean (`postgresql_errors`).
"""

from __future__ import annotations

import contextlib
import logging
import time
import weakref
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import asyncpg
import orjson
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from studio.database import postgresql_errors
from studio.database.dialect import Catalogue, Session
from studio.database.errors import lost_in_a_transaction
from studio.database.lane_pool import LanePool
from studio.database.options import DatabaseOptions
from studio.database.postgresql_dialect import dump_json
from studio.database.postgresql_sessions import PostgresqlLanes, PostgresqlTransaction
from studio.database.postgresql_vectors import HOME, teach
from studio.database.results import PoolInfo, ServerInfo
from studio.database.tls import Tls, context_of, files_as_dsn, take_tls
from studio.database.worker import whatever_happens
from studio.kernel.errors import ConnectionFailed, ConnectionLost
from studio.models.spec import Kind, ModelSpec

_log = logging.getLogger(__name__)

_SCHEMA_LOCK: Final = 0x57D10
"""The advisory lock under which Studio changes a schema."""
_STATEMENTS_KEPT: Final = 500


class Lane:
    """One connection: SQLAlchemy's, and the driver's underneath."""

    __slots__ = ("__weakref__", "connection", "is_outdated", "opened_at", "pooled", "used_at")

    def __init__(self, pooled: AsyncConnection, connection: asyncpg.Connection[Any]) -> None:
        self.pooled = pooled
        self.connection = connection
        self.opened_at = self.used_at = time.monotonic()
        self.is_outdated = False
        """Connections have to know more by now than this one was taught: it ends with what it is doing."""

    async def answers(self, timeout_s: float) -> bool:
        try:
            await self.connection.execute("SELECT 1", timeout=timeout_s)
        except (*postgresql_errors.DRIVER_ERRORS, TimeoutError):
            return False
        return True

    @property
    def is_closed(self) -> bool:
        return self.is_outdated or self.connection.is_closed()

    async def close(self) -> None:
        # Whatever goes wrong while a connection is thrown away concerns nobody any more.
        with contextlib.suppress(sa.exc.SQLAlchemyError, *postgresql_errors.DRIVER_ERRORS):
            if self.connection.is_closed():
                await self.pooled.invalidate()
            await self.pooled.close()


class PostgresqlEngine:
    """The connections to one database of a PostgreSQL server."""

    def __init__(self, url: str, options: DatabaseOptions) -> None:
        self.options = options
        self._url, self._arguments, self._tls = _driver_url(url, options)
        self.where = _where(self._url)
        self._engine: AsyncEngine | None = None
        self.pool: LanePool[Lane] = LanePool(self._new_lane, options, self.where)
        self._lanes = PostgresqlLanes(self)
        self.under_row_security: dict[str, bool] = {}
        self.vectors: str | None = None
        """The schema of pgvector's type, where the database has it: connections are taught about it."""
        self._looked_for_vectors = False
        self._opened: weakref.WeakSet[Lane] = weakref.WeakSet()

    # -------------------------------------------------------------- opening and closing

    async def connect(self) -> None:
        if self._engine is None:
            lane = await self.pool.acquire(single=True)
            self.pool.release(lane, single=True)

    async def close(self) -> None:
        await self.pool.close()
        engine, self._engine = self._engine, None
        self.under_row_security.clear()
        self.vectors, self._looked_for_vectors = None, False
        if engine is not None:
            await engine.dispose()

    async def test(self) -> ServerInfo:
        await self.connect()
        started = time.perf_counter()
        ((version, database, writable),) = await self._lanes.read(
            "SELECT current_setting('server_version'), current_database(),"
            " NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'"
        )
        latency_ms = (time.perf_counter() - started) * 1000
        ((tables,),) = await self._lanes.read(
            "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
        )
        return ServerInfo(
            product="PostgreSQL",
            version=str(version).split(" ", 1)[0],
            database=database,
            tables=tables,
            can_write=writable,
            latency_ms=latency_ms,
        )

    def pool_info(self) -> PoolInfo:
        return self.pool.info()

    def _sqlalchemy_engine(self) -> AsyncEngine:
        if self._engine is None:
            tls, arguments = self._tls, self._arguments
            if tls.mode != "prefer":
                arguments["ssl"] = context_of(tls) or False
            elif tls.is_said:
                # The driver's word for what only the server decides: it takes an object as "encrypted or not at all".
                arguments["ssl"] = "prefer"
            if tls.mode == "prefer" and tls.has_files:
                # With a word the driver takes files from a DSN only; reading them here says which of them is unreadable.
                context_of(tls)
                arguments["dsn"] = files_as_dsn(tls)
            self._engine = create_async_engine(
                self._url,
                poolclass=sa.NullPool,  # lanes are pooled by ourselves: one that is closed is closed
                pool_reset_on_return=None,
                json_serializer=dump_json,
                json_deserializer=orjson.loads,
                connect_args=self._arguments,
            )
        return self._engine

    # -------------------------------------------------------------- lanes

    async def _new_lane(self) -> Lane:
        try:
            pooled = await self._sqlalchemy_engine().connect()
            raw = await pooled.get_raw_connection()
        except (*postgresql_errors.DRIVER_ERRORS, sa.exc.SQLAlchemyError) as error:
            raise self._translated(error) from error
        connection = raw.driver_connection
        assert connection is not None
        lane = Lane(pooled, connection)
        try:
            await self._teach(connection)
        except BaseException as error:
            await whatever_happens(lane.close())
            raise self._translated(error) from error
        if self.options.echo:
            connection.add_query_logger(_echo)
        self._opened.add(lane)
        return lane

    async def _teach(self, connection: asyncpg.Connection[Any]) -> None:
        if not self._looked_for_vectors:
            self.vectors = await connection.fetchval(HOME)
            self._looked_for_vectors = True
        if self.vectors is not None:
            try:
                await teach(connection, self.vectors)
            except ValueError:
                self.vectors = None  # somebody has dropped the extension

    def _translated(self, error: BaseException) -> BaseException:
        original = error
        while isinstance(original, sa.exc.SQLAlchemyError):
            below = getattr(original, "orig", None) or original.__cause__
            if below is None:
                break
            original = below.__cause__ or below
        translated = postgresql_errors.translate(original, where=self.where)
        if translated is not None:
            return translated
        if isinstance(original, sa.exc.SQLAlchemyError):
            return ConnectionFailed(
                f"{self.where} cannot be used.", hint="Check the connection.", detail=type(original).__name__
            )
        return error

    def translated(self, error: BaseException) -> BaseException:
        """The typed error of a driver's one; any other comes back as it is."""
        return postgresql_errors.translate(error, where=self.where) or error

    # -------------------------------------------------------------- sessions

    @property
    def lanes(self) -> Session:
        return self._lanes

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        lane = await self.pool.acquire(single=False)
        try:
            session = PostgresqlTransaction(self, lane.connection)
            try:
                await session.begin("BEGIN")
            except ConnectionLost:
                # A connection that died while it was idle: nothing has been sent on it.
                self.pool.release(lane, single=False)
                lane = await self.pool.acquire(single=False)
                session = PostgresqlTransaction(self, lane.connection)
                await session.begin("BEGIN")
            try:
                yield session
            except BaseException as error:
                session.is_open = False
                lost_in_a_transaction(error)
                with contextlib.suppress(ConnectionLost):
                    await whatever_happens(session.end("ROLLBACK"))
                raise
            session.is_open = False
            await whatever_happens(session.end("COMMIT"))
        finally:
            self.pool.release(lane, single=False)

    @contextlib.asynccontextmanager
    async def schema_lock(self) -> AsyncIterator[Session]:
        async with self.transaction() as session:
            await session.read("SELECT pg_advisory_xact_lock($1)", (_SCHEMA_LOCK,))
            yield session

    @property
    def catalogue(self) -> Catalogue:
        from studio.database import postgresql_reflection

        return postgresql_reflection

    async def reflect(self, schema: str | None) -> list[ModelSpec]:
        from studio.database.postgresql_reflection import reflect

        return await reflect(self._lanes, schema)

    async def prepare(self, specs: Sequence[ModelSpec]) -> None:
        has_vectors = any(field.kind is Kind.VECTOR for spec in specs for field in spec.fields)
        if not has_vectors or self.vectors is not None:
            return
        found = await self._lanes.read(HOME)
        if found:
            self.vectors = found[0][0]
            for lane in self._opened:
                lane.is_outdated = True


def _echo(record: Any) -> None:
    _log.info("%s", record.query)


def _driver_url(url: str, options: DatabaseOptions) -> tuple[sa.URL, dict[str, Any], Tls]:
    """SQLAlchemy's URL, asyncpg's arguments that a URL says in libpq's words, and how it is encrypted."""
    try:
        parsed = sa.make_url(url).set(drivername="postgresql+asyncpg")
    except (sa.exc.ArgumentError, ValueError) as error:
        # What they say repeats the URL, and with it perhaps a password.
        raise ConnectionFailed(
            "The connection's URL cannot be read: its host and port make no sense.",
            hint="Write postgresql://user@host:5432/database.",
        ) from error
    query: dict[str, Any] = dict(parsed.query)
    tls = take_tls("postgresql", query)
    settings = {
        "application_name": str(query.pop("application_name", "studio")),
        "timezone": "UTC",
        "lock_timeout": f"{int(options.lock_timeout_s * 1000)}ms",
    }
    if options.read_only:
        settings["default_transaction_read_only"] = "on"
    arguments: dict[str, Any] = {
        "timeout": options.connect_timeout_s,
        "statement_cache_size": _STATEMENTS_KEPT,
        "server_settings": settings,
    }
    if "connect_timeout" in query:
        arguments["timeout"] = float(str(query.pop("connect_timeout")))
    return parsed.set(query=query), arguments, tls


def _where(url: sa.URL) -> str:
    """The database as people know it; never user or password."""
    host = url.host or str(url.query.get("host", "localhost"))
    return f"PostgreSQL {host}:{url.port or 5432}/{url.database or ''}".rstrip("/")
