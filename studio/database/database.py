"""How is one database opened, asked and closed? The room's front door: everything else is reached through it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from studio.database.options import DatabaseOptions
from studio.database.results import Meter, OnSchema, PoolInfo, Recorder, ServerInfo, Statement
from studio.kernel import forks
from studio.kernel.errors import ConnectionFailed, ConnectionLost, MissingDriver
from studio.kernel.names import did_you_mean
from studio.models.spec import ModelSpec

if TYPE_CHECKING:
    from studio.database.access import Access
    from studio.database.dialect import Dialect, Engine, Session
    from studio.database.encryption import KeyRing
    from studio.database.list_cache import ListCache
    from studio.database.plans import PlanBook

_DIALECTS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql",
    "postgres": "postgresql",
    "mysql": "mysql",
    "mariadb": "mysql",
}
_INSTEAD = {
    "mongodb": "Studio works on SQL databases: documents go into fields of the types dict and list, which filters and updates reach into."
}
_EXTRAS = {"mysql": "mysql"}
"""Drivers that come with an extra of the package; those of the others come with the package itself."""


class Database:
    """One database. Made without I/O; used on one event loop only, save for `compile`, which any thread may call.

    It connects at the first use. After `close` it may be used again and then connects anew.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "",
        options: DatabaseOptions | None = None,
        meter: Meter | None = None,
        on_schema: OnSchema | None = None,
        keys: Sequence[str] = (),
    ) -> None:
        """`meter` is told of each operation, `on_schema` of each change of the schema.

        `keys` are those of encrypted fields, the newest first; without, the environment's are taken when there are such fields.

        Raises ConnectionFailed when the URL names no known kind of database, EncryptionFailed for what is no key.
        """
        self._ring = _ring(keys)
        self.url = url
        self.name = name
        self.options = options or DatabaseOptions()
        self.dialect = dialect_of(url)
        """`sqlite`, `postgresql` or `mysql` (MariaDB)."""
        self._meter = meter
        self._on_schema = on_schema
        self._ensured: dict[int, ModelSpec] = {}
        self._narrowed: set[int] = set()
        self._before_close: dict[object, Callable[[], Awaitable[object]]] = {}
        self._ensuring = asyncio.Lock()
        self._is_parents = False

    def __repr__(self) -> str:
        return f"<Database {self.name or self.dialect}>"

    @cached_property
    def _dialect(self) -> Dialect:
        from studio.database.plans import dialect_named

        return dialect_named(self.dialect)

    @cached_property
    def _engine(self) -> Engine:
        if self._is_parents:
            raise ConnectionLost(
                "The database in memory has stayed in the process that this one was forked from.",
                hint="Make another DataFlow here, or keep the data in a file or on a server.",
            )
        forks.watch(self)
        try:
            return self._dialect.open(self.url, self.options)
        except ModuleNotFoundError as error:
            raise MissingDriver(
                f"The driver {error.name} for {self.dialect} is not installed.",
                hint=f"pip install 'dataflow-studio[{_EXTRAS[self.dialect]}]'"
                if self.dialect in _EXTRAS
                else f"pip install {error.name}",
            ) from error

    @cached_property
    def _book(self) -> PlanBook:
        from studio.database.plans import PlanBook

        book = PlanBook(self._dialect, self._ring)
        book.meter = self._meter
        return book

    @cached_property
    def _make_access(self) -> type[Access]:
        # SQLAlchemy comes with it: a window that has not asked a database yet does without.
        if self._meter is not None:
            from studio.database.measuring import MeasuredAccess

            return MeasuredAccess
        from studio.database.access import Access

        return Access

    def _watched(self, session: Session) -> Session:
        """The session, its slow statements logged where that is wanted."""
        slow_ms = self.options.slow_statement_ms
        if slow_ms is None:
            return session
        from studio.database.measuring import WatchedSession

        return WatchedSession(session, slow_ms)

    async def connect(self) -> None:
        """Opens the first connection, so that what is wrong is known now. Raises the errors of opening."""
        await self._engine.connect()

    async def close(self) -> None:
        """Closes all connections. Nothing may be running, save what `before_close` ends."""
        for end in list(self._before_close.values()):
            await end()
        self._ensured.clear()
        self._narrowed.clear()
        if "_book" in self.__dict__:
            self._book.lists.forget()  # what is opened next may be another database in memory
        if "_engine" in self.__dict__:
            await self._engine.close()

    def after_fork(self) -> None:
        """The connections are the parent's: the child opens its own with its first use."""
        held = self.__dict__
        engine = held.pop("_engine", None)
        if engine is None:
            return
        forks.leave(engine, held.pop("_book", None), held.pop("_plain", None), dict(self._before_close))
        if self.dialect == "sqlite":
            from studio.database.sqlite import SqliteEngine

            self._is_parents = isinstance(engine, SqliteEngine) and engine.in_memory
        self._ensured.clear()
        self._narrowed.clear()
        self._before_close.clear()
        self._ensuring = asyncio.Lock()

    def before_close(self, callback: Callable[[], Awaitable[object]]) -> Callable[[], None]:
        """Has the callback awaited when the database is about to be closed; what is returned takes that back."""
        key = object()
        self._before_close[key] = callback

        def take_back() -> None:
            self._before_close.pop(key, None)

        return take_back

    async def test(self) -> ServerInfo:
        """What answers, and how fast. Never creates a file. Raises the errors of opening."""
        return await self._engine.test()

    async def create(self) -> None:
        """Makes the database that the URL names: on its server, or as an empty SQLite file.

        Raises the errors of opening, and StatementRefused where the user may make none.
        """
        from studio.database.creating import create

        await create(self.url, self._dialect, self.options)

    def pool(self) -> PoolInfo:
        """The connections as they are now; asks nobody."""
        return self._engine.pool_info()

    async def ensure(self, specs: Iterable[ModelSpec], *, create: bool = True) -> None:
        """Sees to it that the models have their tables; costs a look-up per model once that is known.

        Args:
            specs: the models, together with those that they reference.
            create: whether missing tables, columns and indexes may be made; without, they are reported. A table without the managed
                timestamps is used without them then.

        Raises:
            NoSuchTable: a table or column is missing and may not or cannot be made.
            SchemaDiffers: a column has another type than its field, or the records that are there forbid to add one.
            ModelError: a reference leads nowhere.
        """
        wanted = list(specs)
        create = create and not self.options.read_only
        if self.has_ensured(wanted, create=create):
            return
        from studio.database.schema import ensure

        if any(spec.audit_log for spec in wanted):
            from studio.database.audit import AUDIT_MODEL

            wanted.append(AUDIT_MODEL)
        stored = [spec.stored for spec in wanted]
        # Of many runs that begin together the first looks, and the others wait for what it finds.
        async with self._ensuring:
            if self.has_ensured(wanted, create=create):
                return
            done = await ensure(self._engine, self._dialect, stored, create=create, told=self._on_schema)
            await self._engine.prepare(stored)
            without = {id(spec): done.without.get(id(spec.stored), frozenset()) for spec in wanted}
            for spec in wanted:
                self._book.narrow(spec, without[id(spec)])
            self._ensured.update((id(spec), spec) for spec in wanted)
            self._narrowed -= {id(spec) for spec in wanted}
            self._narrowed |= {key for key, names in without.items() if names}

    def has_ensured(self, specs: Iterable[ModelSpec], *, create: bool) -> bool:
        """Whether `ensure` would have nothing to do."""
        ensured, narrowed = self._ensured, self._narrowed if create and not self.options.read_only else ()
        for spec in specs:  # noqa: SIM110 - before every run, where a generator takes as long as all of this
            if id(spec) not in ensured or id(spec) in narrowed:
                return False
        return True

    async def has_table(self, spec: ModelSpec) -> bool:
        """Whether the model's table is there, whatever its columns."""
        return bool(await self._engine.catalogue.columns(self._engine.lanes, [(spec.schema, spec.table)]))

    async def reflect(self, schema: str | None = None) -> list[ModelSpec]:
        """The models of the tables that are there, in the order of their names."""
        return await self._engine.reflect(schema)

    def access(self, recorder: Recorder | None = None) -> Access:
        """Reads and writes that commit one by one."""
        return self._plain if recorder is None else self._plain.telling(recorder)

    @cached_property
    def _plain(self) -> Access:
        return self._make_access(self._watched(self._engine.lanes), self._book)

    @property
    def lists(self) -> ListCache:
        """The lists that are kept."""
        return self._book.lists

    def transaction(self, recorder: Recorder | None = None) -> AbstractAsyncContextManager[Access]:
        """Reads and writes that are all kept, or all undone when the block raises or is cancelled."""
        return self._transaction(recorder)

    @contextlib.asynccontextmanager
    async def _transaction(self, recorder: Recorder | None) -> AsyncIterator[Access]:
        before = self._book.lists.state()
        try:
            async with self._engine.transaction() as session:
                yield self._make_access(self._watched(session), self._book, recorder)
        finally:
            self._book.lists.wrote_since(before)

    def compile(self, operation: str, spec: ModelSpec, params: Mapping[str, Any]) -> list[Statement]:
        """The statements that a node with these params would run, without running them.

        Args:
            operation: `create`, `read`, `update`, `delete`, `list`, `count`, `upsert`, `aggregate`, `bulk_create`, `bulk_update`,
                `bulk_delete` or `bulk_upsert`.
            spec: the model.
            params: the node's params, as the node's spec names them; `include` as `Family.include` gives it.

        Raises:
            StudioError: the params do not fit, as they would not when run.
        """
        from studio.database.included import shown
        from studio.database.preview import preview

        own = preview(self._book.of(spec), operation, params)
        deleted = bool(params.get("include_deleted"))
        return own + shown(self._book, spec, params.get("include") or (), include_deleted=deleted)


def dialect_of(url: str) -> str:
    """The kind of database that a URL leads to; raises ConnectionFailed where Studio knows none."""
    if url == ":memory:":
        return "sqlite"
    scheme = url.partition(":")[0].partition("+")[0].lower() if ":" in url else ""
    known = _DIALECTS.get(scheme)
    if known is None:
        raise ConnectionFailed(
            f"{scheme or 'An empty scheme'!r} is no kind of database that Studio knows."
            if scheme
            else "The connection has no kind of database.",
            hint=_INSTEAD.get(scheme) or did_you_mean(scheme, _DIALECTS)
            if scheme
            else f"Write sqlite:///{url or 'path'}, postgresql://user@host/database or mysql://user@host/database.",
        )
    return known


def _ring(keys: Sequence[str]) -> KeyRing | None:
    if not keys:
        return None
    from studio.database.encryption import KeyRing

    return KeyRing(keys)
