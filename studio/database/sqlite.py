"""How is SQLite reached? One writer thread that owns the writing connection, some reader threads, all behind the lanes' interface.

The file is in WAL mode: readers see the last committed state and never wait for the writer. A transaction (BEGIN IMMEDIATE) has the
writer to itself; single writes wait for it in turn. `:memory:` has one connection, which reads too. What is over in microseconds is run
without the threads where nothing can make it wait.

Left out: when that is (`sqlite_in_place`), bulk writes (`sqlite_bulk`), reflection (`sqlite_reflection`), what the codes of errors mean (`sqlite_errors`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sqlite3
import time
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from studio.database import sqlite_errors
from studio.database.dialect import Catalogue, Row, Session
from studio.database.options import DatabaseOptions
from studio.database.results import PoolInfo, ServerInfo
from studio.database.sqlite_in_place import InPlace
from studio.database.sqlite_sessions import (
    JOURNAL_PAGES,
    SqliteLanes,
    SqliteTransaction,
    close_connection,
    still_open,
    tend_the_journal,
)
from studio.database.worker import Worker, whatever_happens
from studio.kernel.errors import LockTimeout, UnknownDatabase
from studio.models.spec import ModelSpec
from studio.query.sqlite_functions import AGGREGATES, COLLATIONS, FUNCTIONS

_log = logging.getLogger(__name__)

T = TypeVar("T")
_Worker = Worker[sqlite3.Connection]

_NO_ROOM_BESIDE: Final = (sqlite_errors.READONLY, 14)
"""What SQLite says, for a file or for what it keeps beside it: attempt to write, unable to open."""
_BUSY_STEP_S: Final = 0.002
"""Between two looks whether a lock has gone. SQLite itself does not wait: that could not be interrupted, and what runs in place may not wait."""


class SqliteEngine:
    """The connections to one SQLite file, or to one database in memory."""

    def __init__(self, url: str, options: DatabaseOptions) -> None:
        self.options = options
        self.path = _path(url)
        self.in_memory = self.path is None
        self.where = "The database in memory" if self.path is None else str(self.path)
        self.gate = asyncio.Lock()
        self.writer: _Worker = Worker("sqlite-writer", sqlite3.Connection.interrupt)
        self.readers: list[_Worker] = []
        self._held: _Worker | None = None
        """The writer of the transaction that is under way."""
        self._reads = InPlace()
        # The first of two may move the journal into the file, the second begins it anew: both wait for the disk.
        self._writes = InPlace(by_turns=2)
        self._lanes = SqliteLanes(self)
        self._connecting: asyncio.Lock = asyncio.Lock()
        self._stop_threads = weakref.finalize(self, _stop_all, self.writer, self.readers)
        self._stop_threads.atexit = False

    # -------------------------------------------------------------- opening and closing

    async def connect(self) -> None:
        if self.writer.resource is not None:
            return
        async with self._connecting:
            while (writer := self.writer).resource is None:  # another one when it was closed meanwhile
                await self.call(writer, self._open, writer, "writer")

    async def close(self) -> None:
        """Closes what is free; a transaction that is under way keeps its connection until it is over. Whoever comes later opens anew."""
        workers = [*self.readers, self.writer]
        self.readers.clear()
        self.writer = Worker("sqlite-writer", sqlite3.Connection.interrupt)
        self._stop_threads.detach()
        self._stop_threads = weakref.finalize(self, _stop_all, self.writer, self.readers)
        self._stop_threads.atexit = False
        for worker in workers:
            if worker is not self._held:
                await _end(worker)

    def _open(self, worker: _Worker, role: str) -> None:
        """Opens the worker's connection; runs on its thread."""
        options = self.options
        connection = self._connect(role)
        try:
            if role == "writer" and self.path is not None and not options.read_only:
                has_journal = _prepare_writing(connection, options.synchronous)
                self._writes.is_allowed = has_journal and options.synchronous != "FULL"
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA case_sensitive_like=ON")
            connection.execute("PRAGMA busy_timeout=0")
            if role != "writer":
                connection.execute("PRAGMA query_only=ON")
            _install(connection)
        except BaseException:
            connection.close()
            raise
        worker.resource = connection

    def _connect(self, role: str) -> sqlite3.Connection:
        """A connection that has read the file's header: a foreign or damaged file is known now, not at the first query."""
        options = self.options
        if self.path is None:
            return _connection(":memory:", options)
        self._check_place(self.path)
        mode = "ro" if options.read_only else "rw" if options.must_exist or role != "writer" else "rwc"
        target = f"{self.path.absolute().as_uri()}?mode={mode}"
        try:
            return _connection(target, options)
        except sqlite3.OperationalError as error:
            if sqlite_errors.primary_code(error) not in _NO_ROOM_BESIDE or not _is_at_rest(self.path):
                raise
            # A file in WAL mode wants helpers beside it even to be read. Nobody can make them in this folder, so it lies still.
            return _connection(f"{target}&immutable=1", options)

    def _check_place(self, path: Path) -> None:
        if path.is_dir():
            raise UnknownDatabase(f"{path} is a folder, not a database.", hint="Choose an SQLite file.")
        if not path.exists() and (self.options.must_exist or self.options.read_only):
            raise UnknownDatabase(
                f"There is no database {path}.",
                hint="Check the path, or create the database first.",
                can_be_made=path.parent.is_dir(),
            )
        if not path.parent.exists():
            raise UnknownDatabase(
                f"The folder {path.parent} of the database {path.name} does not exist.",
                hint="Create the folder, or check the path.",
            )

    async def test(self) -> ServerInfo:
        if self.path is not None and not self.path.exists():
            raise UnknownDatabase(
                f"There is no database {self.path}.",
                hint="Check the path; a new file is made when it is first used.",
                can_be_made=self.path.parent.is_dir(),
            )
        await self.connect()
        started = time.perf_counter()
        rows = await self._lanes.read(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        latency_ms = (time.perf_counter() - started) * 1000
        return ServerInfo(
            product="SQLite",
            version=sqlite3.sqlite_version,
            database=":memory:" if self.path is None else str(self.path),
            tables=rows[0][0],
            can_write=self._can_write(),
            latency_ms=latency_ms,
        )

    def pool_info(self) -> PoolInfo:
        workers = [worker for worker in (self.writer, *self.readers) if worker.resource is not None]
        busy = [worker.waiting for worker in workers if worker.waiting]
        return PoolInfo(
            open=len(workers),
            in_use=len(busy),
            waiting=sum(busy) - len(busy),
            most=1 if self.in_memory else 1 + self.options.pool_size,
        )

    def _can_write(self) -> bool:
        if self.options.read_only:
            return False
        return self.path is None or (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK))

    # -------------------------------------------------------------- sessions

    @property
    def lanes(self) -> Session:
        return self._lanes

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        await self.connect()
        async with self.alone(), self._holding() as writer:
            connection = self._connection(writer)
            session = SqliteTransaction(self, writer)
            self._writes.leave()
            await self.call(writer, _begin, connection)
            try:
                yield session
            except BaseException:
                session.is_open = False
                await whatever_happens(self.call(writer, _roll_back, connection))
                raise
            session.is_open = False
            await whatever_happens(self.call(writer, _commit, connection))

    @contextlib.asynccontextmanager
    async def _holding(self) -> AsyncIterator[_Worker]:
        """The writer, connected, which nobody closes meanwhile."""
        await self.connect()  # while one waited for it to be free it may have been closed
        self._held = writer = self.writer
        try:
            yield writer
        finally:
            self._held = None
            if writer is not self.writer:
                await whatever_happens(_end(writer))

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Keeps other tasks from the writer. Raises LockTimeout when one does not let go of it, as another process would not."""
        if self.gate.locked():
            try:
                async with asyncio.timeout(self.options.lock_timeout_s):
                    await self.gate.acquire()
            except TimeoutError:
                raise LockTimeout(
                    f"{self.where} is locked by a transaction of another run.",
                    hint="Wait for it to end, then try again.",
                ) from None
        else:
            await self.gate.acquire()
        try:
            yield
        finally:
            self.gate.release()

    def schema_lock(self) -> contextlib.AbstractAsyncContextManager[Session]:
        """BEGIN IMMEDIATE keeps every other writer of the file out, in this process and in others."""
        return self.transaction()

    @property
    def catalogue(self) -> Catalogue:
        from studio.database import sqlite_reflection

        return sqlite_reflection

    async def prepare(self, specs: Sequence[ModelSpec]) -> None:
        """Connections take every kind of value as they are."""

    async def reflect(self, schema: str | None) -> list[ModelSpec]:
        from studio.database.sqlite_reflection import reflect

        await self.connect()
        return await reflect(self._lanes)

    # -------------------------------------------------------------- calls

    def read_in_place(self, sql: str, args: Sequence[Any]) -> Sequence[Row] | None:
        """What a brief or short read gives when it can be done here and now; None: it is for a reader's thread."""
        if self.in_memory:
            return self.write_in_place(sql, args)
        for worker in self.readers:
            if not worker.waiting and worker.resource is not None:
                return self._reads.rows(worker.resource, sql, args)
        return None

    def write_in_place(self, sql: str, args: Sequence[Any]) -> Sequence[Row] | None:
        """The same of a brief write, which commits by itself."""
        writer = self.writer
        if writer.waiting or writer.resource is None or self.gate.locked():
            return None
        return self._writes.rows(writer.resource, sql, args)

    async def call(self, worker: _Worker, function: Callable[..., T], *args: Any) -> T:
        """`function(*args)` on the worker's thread, driver errors translated, waiting out locks of other programs."""
        deadline = time.monotonic() + self.options.lock_timeout_s
        while True:
            try:
                return await worker.run(function, *args)
            except (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeEncodeError) as error:
                busy = sqlite_errors.primary_code(error) == sqlite_errors.BUSY
                connection = worker.resource
                settled = connection is None or not connection.in_transaction
                if busy and settled and time.monotonic() < deadline:
                    await asyncio.sleep(_BUSY_STEP_S)
                    continue
                translated = sqlite_errors.translate(error, where=self.where)
                if translated is None:
                    raise
                raise translated from error

    async def reader(self) -> _Worker:
        """The reader with least to do; the writer where there is only one connection."""
        await self.connect()
        if self.in_memory:
            return self.writer
        idle = self._idlest()
        if idle is None:
            # One at a time, so that those who ask together do not each get one of their own.
            async with self._connecting:
                idle = self._idlest()
                if idle is None:
                    idle = await self.new_reader()
                    self.readers.append(idle)
        return idle

    def _idlest(self) -> _Worker | None:
        """The reader with least to do; None where another one should be made."""
        idle = min(self.readers, key=_waiting, default=None)
        may_grow = len(self.readers) < self.options.pool_size
        return None if idle is None or (idle.waiting and may_grow) else idle

    async def new_reader(self) -> _Worker:
        worker: _Worker = Worker("sqlite-reader", sqlite3.Connection.interrupt)
        try:
            await self.call(worker, self._open, worker, "reader")
        except BaseException:
            worker.stop()
            raise
        return worker

    def _connection(self, worker: _Worker) -> sqlite3.Connection:
        assert worker.resource is not None
        return worker.resource


async def _end(worker: _Worker) -> None:
    """Closes its connection after what it has to do, and lets its thread go."""
    if worker.resource is not None or worker.waiting:
        await worker.run(close_connection, worker)
    worker.stop()


def _waiting(worker: _Worker) -> int:
    return worker.waiting


def _stop_all(writer: _Worker, readers: list[_Worker]) -> None:
    for worker in (*readers, writer):
        worker.stop()


def _connection(target: str, options: DatabaseOptions) -> sqlite3.Connection:
    connection = sqlite3.connect(
        target,
        uri=target.startswith("file:"),
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
        timeout=options.connect_timeout_s,
        factory=_Loud if options.echo else sqlite3.Connection,
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare_writing(connection: sqlite3.Connection, synchronous: str) -> bool:
    """Sets the journal that lets others read meanwhile, and says whether it is there.

    A file that may only be read stays as it is, and each write says so.
    """
    mode = ""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode=WAL").fetchone()
    except sqlite3.OperationalError as error:
        if sqlite_errors.primary_code(error) != sqlite_errors.READONLY:
            raise
    connection.execute(f"PRAGMA synchronous={'FULL' if synchronous == 'FULL' else 'NORMAL'}")
    connection.execute("PRAGMA wal_autocheckpoint=0").fetchone()
    return str(mode).lower() == "wal"


def _is_at_rest(path: Path) -> bool:
    """Whether nobody has the file open for writing, nor can: its folder takes no new files, and nothing waits in a journal."""
    if os.access(path.parent, os.W_OK):
        return False
    return not any(path.with_name(f"{path.name}{suffix}").exists() for suffix in ("-wal", "-journal"))


def _path(url: str) -> Path | None:
    """The file that an URL names: `sqlite:///shop.db` is relative, `sqlite:////srv/shop.db` absolute; None for memory."""
    rest = url.partition("://")[2] if "://" in url else url
    rest = rest.partition("?")[0].removeprefix("/")
    return None if rest in ("", ":memory:") else Path(rest)


# ------------------------------------------------------------------ what runs on the threads


class _Loud(sqlite3.Connection):
    """Logs what it is asked. SQLite's own way of tracing puts the values into the statements."""

    def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
        _log.info("%s", sql)
        return super().execute(sql, *args)

    def executemany(self, sql: str, *args: Any) -> sqlite3.Cursor:
        _log.info("%s", sql)
        return super().executemany(sql, *args)


def _install(connection: sqlite3.Connection) -> None:
    for name, (arity, function, deterministic) in FUNCTIONS.items():
        connection.create_function(name, arity, function, deterministic=deterministic)
    for name, (arity, aggregate) in AGGREGATES.items():
        connection.create_aggregate(name, arity, aggregate)
    for name, collation in COLLATIONS.items():
        connection.create_collation(name, collation)


def _begin(connection: sqlite3.Connection) -> None:
    tend_the_journal(connection, pages=JOURNAL_PAGES)
    try:
        connection.execute("BEGIN IMMEDIATE")
    except BaseException:
        tend_the_journal(connection, pages=0)
        raise


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")
    tend_the_journal(connection, pages=0)


def _commit(connection: sqlite3.Connection) -> None:
    try:
        still_open(connection)
        connection.execute("COMMIT")
    finally:
        _roll_back(connection)  # what is left of it, if anything
