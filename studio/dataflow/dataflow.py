"""What does a program hold to use Studio? A `DataFlow`: one database, the models kept in it, and the nodes they get.

Which models it keeps is `kept_models`' business, how workflows are built and run on it `builder`'s and `runtimes`'.
"""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

from studio.dataflow import instances
from studio.dataflow.audit import AuditTrailManager
from studio.dataflow.classes import refuse_instances
from studio.dataflow.config import DataFlowConfig, find_url, make_config, name_from
from studio.dataflow.health import Health, check_health
from studio.dataflow.kept_models import KeptModels
from studio.dataflow.metrics import Metrics
from studio.dataflow.schema_log import SchemaLog
from studio.dataflow.settings import log_as
from studio.dataflow.testing import TestRecord, create_for_test, refuse_outside_tests
from studio.kernel.errors import ModelError, StudioError, WorkflowError
from studio.kernel.loop import Close, EngineLoop, default_loop
from studio.kernel.names import did_you_mean
from studio.models.declare import model_from_class
from studio.models.relations import Family
from studio.models.spec import HookEvent, ModelSpec
from studio.nodes.catalogue import NodeCatalogue

if TYPE_CHECKING:
    from studio.database import Access, Database, DatabaseOptions
    from studio.database.list_cache import ListCache
    from studio.dataflow.queries import Query
    from studio.nodes.base import NodeType

T = TypeVar("T")
C = TypeVar("C", bound=type)
F = TypeVar("F", bound=Callable[..., Any])


class DataFlow:
    """One database, the models kept in it, and the nodes they get.

    Made without any I/O; tables are created when a workflow first uses them. It may be used from any thread and under any event loop, for
    the database is reached on the engine's own. A program need not close it in order to end; one that nobody holds any more is closed by itself, and
    a forked process opens connections of its own.

    Args:
        url: `sqlite:///shop.db`, `postgresql://user:password@host/shop`, `:memory:`; without one the environment's DATABASE_URL, then
            DATAFLOW_DATABASE_URL, then `sqlite:///studio.db`. A mapping is a config.
        name: what nodes call it in `db_instance`; the database's name when omitted.
        models: classes (annotated ones, or SQLAlchemy's) and specs to take in at once.
        config: options as an object or a mapping; those given by name win.
        options: the database room's own options, for those who know them.
        engine: the loop to work on; the process's own when omitted.
        environment: what to read variables from instead of the process's environment; `{}`: from nowhere.
        **settings: the options of `DataFlowConfig`, and `pool_max_overflow` for `max_overflow`; docs/configuration.md has them all.

    Raises:
        WorkflowError: an option that does not exist, or a value or variable that does not fit.
    """

    def __init__(
        self,
        url: str | Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        models: Iterable[type | ModelSpec] = (),
        config: DataFlowConfig | Mapping[str, Any] | None = None,
        options: DatabaseOptions | None = None,
        engine: EngineLoop | None = None,
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        from studio.database import Database

        if isinstance(url, Mapping) and config is None:
            config, url = url, None
        if url is not None and not isinstance(url, str):
            raise WorkflowError(
                f"DataFlow wants a URL, not {type(url).__name__}.",
                hint='Write DataFlow("sqlite:///shop.db"); options are given by name.',
            )
        if url is not None:
            settings = {**settings, "url": url}
        if name is not None:
            settings = {**settings, "name": name}
        self._config = make_config(config, settings, environment)
        log_as(self._config.log_level, echo=bool(self._config.echo))
        self._url = find_url(self._config.database_url)
        self._name = self._config.name or name_from(self._url)
        self._engine = engine or default_loop()
        self._metrics = Metrics()
        self._schema_log = SchemaLog.of(self._config.migration_config)
        self._database = Database(
            self._url,
            name=self._name,
            options=self._config.database_options(options),
            keys=self._config.encryption_keys,
            meter=self._metrics if self._config.monitoring else None,
            on_schema=self._schema_log.tell if self._schema_log is not None else None,
        )
        self._models = KeptModels(
            self._name, dialect=self._database.dialect, multi_tenant=bool(self._config.multi_tenant)
        )
        self._is_open = True
        self._let_go = _closer(self._database)
        self._engine.hold(self._let_go)
        # Or else the garbage collector would destroy connections wherever it happens to run, which drivers do not survive.
        self._gone = weakref.finalize(self, self._engine.let_go, self._let_go, now=True)
        self._gone.atexit = False
        instances.remember(self)
        for model in models:
            if isinstance(model, ModelSpec):
                self.add_model(model)
            elif hasattr(model, "__mapper__") or hasattr(model, "registry"):
                self.register(model)
            else:
                self.model(model)

    # -------------------------------------------------------------- models

    def model(self, cls: C) -> C:
        """Takes in an annotated class as a model; a decorator. The class describes records and is never instantiated itself.

        Raises:
            ModelError: the class declares no model, or another one of that name is here already.
        """
        spec = self.add_model(model_from_class(cls))
        refuse_instances(cls, spec, self)
        return cls

    def register(self, cls: C, *others: type) -> C:
        """Takes in SQLAlchemy 2 classes as models, with the tables that link them; a base stands for all classes below it.

        A decorator, too. The classes stay what they are, so the program may go on using them with sessions of its own.

        Raises:
            ModelError: something in a class has no counterpart in a model; names the class, the column and the remedy.
        """
        self._models.add_mapped((cls, *others))
        return cls

    def add_model(self, spec: ModelSpec, *, replace: bool = False) -> ModelSpec:
        """Takes in a model. The same one may come again with more fields and indexes, which its table gets at its next use.

        Raises:
            ModelError: there is one of that name that this is no addition to, and it is not to be replaced.
        """
        return self._models.add(spec, replace=replace)

    def on(self, event: HookEvent, model: str | type) -> Callable[[F], F]:
        """Calls the decorated function with each record of a model that is written; see `Hook`.

        `@db.on("before_insert", "Order")`, before the workflows are built. Several functions of one event are called in the order of
        their declaration, on the engine's loop; one may be a coroutine function. Writing many records of a model with hooks is slower:
        each goes by itself, all in one transaction.

        Raises:
            ModelError: an unknown event or model.
        """
        return self._models.listener(event, model if isinstance(model, str) else model.__name__)

    @property
    def models(self) -> Mapping[str, ModelSpec]:
        return dict(self._models.by_name)

    def list_models(self) -> list[str]:
        """The models' names in the order of their declaration."""
        return list(self._models.by_name)

    def get_model_info(self, name: str) -> dict[str, Any]:
        """A model as plain data: name, table, doc, key, fields (by name), indexes, relations; raises ModelError when there is none."""
        return self._models.info(name)

    def get_relationships(self, name: str) -> dict[str, dict[str, Any]]:
        """A model's relations as plain data, by name: the model they lead to, whether to many, the fields that are joined.

        Raises ModelError when there is no such model.
        """
        return self._models.relations_info(name)

    @property
    def family(self) -> Family:
        """The models with the relations among them."""
        return self._models.family

    def get_generated_nodes(self, name: str) -> list[str]:
        """The names of a model's node types; raises ModelError when there is no such model."""
        return self._models.generated_nodes(name)

    # -------------------------------------------------------------- looks

    @property
    def name(self) -> str:
        return self._name

    @property
    def config(self) -> DataFlowConfig:
        return self._config

    @property
    def engine(self) -> EngineLoop:
        """The loop on which the database is used."""
        return self._engine

    @property
    def database(self) -> Database:
        """The database below; to be used on `engine` only. Raises WorkflowError after `close`."""
        if not self._is_open:
            raise WorkflowError(f"The DataFlow {self._name!r} is closed.", hint="Make a new one.")
        return self._database

    @property
    def metrics(self) -> Metrics:
        """What the work took: of every operation when made with `monitoring=True`, and of what `benchmark` measured."""
        return self._metrics

    def benchmark(self, name: str) -> AbstractContextManager[None]:
        """`with db.benchmark("complex_query"):` measures the block; `metrics.summary()` tells."""
        return self._metrics.benchmark(name)

    @property
    def schema_log(self) -> SchemaLog | None:
        """What was done to the schema, as far as `migration_config` asks for it; None without one."""
        return self._schema_log

    @property
    def cache(self) -> ListCache:
        """The lists that nodes with `cache_key` or `cache_ttl` keep: `forget("active_users")`, `info()`."""
        return self.database.lists

    @cached_property
    def audit(self) -> AuditTrailManager:
        """What was done to the records of models with `audit_log`, and by whom."""
        return AuditTrailManager(self)

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def catalogue(self) -> NodeCatalogue:
        """All kinds of node a workflow on this database can use; raises ModelError for a reference that leads nowhere."""
        return self._models.catalogue

    def node_types(self, connection: str | None = None) -> list[NodeType]:
        """The node types of the models; `connection` is what nodes call this instance, its own name as a rule."""
        return self._models.node_types(connection)

    def query(self, name: str) -> Query:
        """A query of a model's records, by the model's name or its table's: a builder of filters that can be asked as well."""
        return self._query_builder(self._models.spec_or_table(name))

    def query_builder(self, model: str | type) -> Query:
        """The same for a model's name or its class."""
        return self._query_builder(self._models.spec(model if isinstance(model, str) else model.__name__))

    def _query_builder(self, spec: ModelSpec) -> Query:
        from studio.dataflow.queries import Query

        def ask(read: Callable[[Access], Awaitable[T]]) -> T:
            async def asked() -> T:
                await self._prepare()
                return await read(self.database.access())

            return self._wait(asked())

        return Query(spec, self._database.compile, ask)

    # -------------------------------------------------------------- the database

    async def initialize(self) -> bool:
        """Connects, and creates the tables of all models (or checks them, in existing schema mode); True when all is well."""
        self._models.check_references()
        await self._engine.call(self._prepare())
        return True

    async def _prepare(self) -> None:
        await self.database.connect()
        await self._database.ensure(tuple(self._models.by_name.values()), create=self._config.creates_tables)

    def health_check(self) -> Health:
        """Whether the database answers, how fast, and how busy its connections are; never raises for what is wrong with it."""
        return self._wait(check_health(self.database))

    async def ahealth_check(self) -> Health:
        """The same, to be awaited."""
        return await self._engine.call(check_health(self.database))

    def test_create(self, model: str | type, /, **values: Any) -> TestRecord:
        """Stores a record and gives a view of it with attributes; only where `testing=True`.

        Raises:
            WorkflowError: this is no DataFlow for tests. ModelError: there is no such model. What the write path raises.
        """
        return self._wait(self._test_create(model, values))

    async def atest_create(self, model: str | type, /, **values: Any) -> TestRecord:
        """The same, to be awaited."""
        return await self._engine.call(self._test_create(model, values))

    async def _test_create(self, model: str | type, values: Mapping[str, Any]) -> TestRecord:
        if not self._config.testing:
            refuse_outside_tests(self._name)
        name = model if isinstance(model, str) else model.__name__
        self._models.spec(name)
        return await create_for_test(self.database, self._models.by_name, name, values)

    def discover_schema(self, schema: str | None = None) -> dict[str, ModelSpec]:
        """The tables that the database has, each with the model that describes it."""
        return {spec.table: spec for spec in self._wait(self._reflect(schema))}

    async def adiscover_schema(self, schema: str | None = None) -> dict[str, ModelSpec]:
        """The same, to be awaited."""
        return {spec.table: spec for spec in await self._engine.call(self._reflect(schema))}

    async def _reflect(self, schema: str | None) -> list[ModelSpec]:
        return await self.database.reflect(schema)

    def register_schema_as_models(self, tables: Iterable[str] | None = None) -> list[str]:
        """Takes in the database's tables (or those named) as models, except for those a model declares already; returns their names.

        Raises:
            ModelError: a named table does not exist.
        """
        return self._register(self.discover_schema(), tables)

    async def aregister_schema_as_models(self, tables: Iterable[str] | None = None) -> list[str]:
        """The same, to be awaited."""
        return self._register(await self.adiscover_schema(), tables)

    def _register(self, found: Mapping[str, ModelSpec], tables: Iterable[str] | None) -> list[str]:
        wanted = list(found) if tables is None else list(tables)
        for table in wanted:
            if table not in found:
                raise ModelError(
                    f"The database of {self._name!r} has no table {table!r}.", hint=did_you_mean(table, found)
                )
        declared = {spec.table for spec in self._models.by_name.values()}
        fresh = [found[table] for table in wanted if table not in declared]
        return [self.add_model(spec).name for spec in fresh]

    def close(self) -> None:
        """Lets go of the database and is forgotten; closing twice does nothing."""
        if self._is_open:
            self._forget()
            self._wait(self._database.close())

    async def aclose(self) -> None:
        """The same, to be awaited."""
        if self._is_open:
            self._forget()
            await self._engine.call(self._database.close())

    def _forget(self) -> None:
        self._is_open = False
        self._gone.detach()
        self._engine.let_go(self._let_go)
        instances.forget(self)

    def _wait(self, coro: Coroutine[Any, Any, T]) -> T:
        return self._engine.run(coro)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        """Without the URL: it may hold a password."""
        count = len(self._models.by_name)
        return f"<DataFlow {self._name!r}, {count} {'model' if count == 1 else 'models'}>"


def _closer(database: Database) -> Close:
    """What closes the database when nobody is there any more to be told what goes wrong."""

    async def close() -> None:
        with contextlib.suppress(StudioError):
            await database.close()

    return close
