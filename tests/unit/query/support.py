"""The smallest way from an SQLAlchemy statement to a driver and back, so that tests of meaning need no engine."""

import asyncio
import copy
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncmy
import asyncpg
import sqlalchemy as sa

from studio.database.dialect import Dialect
from studio.database.mysql_connecting import session_settings
from studio.database.mysql_dialect import MysqlDialect
from studio.database.mysql_lane import Lane
from studio.database.options import DatabaseOptions
from studio.database.postgresql_dialect import PostgresqlDialect
from studio.database.sqlite_dialect import SqliteDialect
from studio.database.tables import statement_table
from studio.models import ModelSpec
from studio.models.values import make_checker
from studio.query.sqlite_functions import AGGREGATES, COLLATIONS, FUNCTIONS

MAKERS: dict[str, Callable[[], Dialect]] = {
    "sqlite": SqliteDialect,
    "postgresql": PostgresqlDialect,
    "mysql": MysqlDialect,
}


@lru_cache
def dialect_named(name: str) -> Dialect:
    return MAKERS[name]()


class Bench:
    """One table of one model in one database, and the raw driver."""

    def __init__(self, url: str, spec: ModelSpec) -> None:
        self.name = url.partition(":")[0]
        self.spec = spec
        self.dialect = dialect_named(self.name)
        self.table = statement_table(spec, self.dialect)
        self.url = url
        if self.name == "sqlite":
            self.sqlite = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            self.sqlite.execute("PRAGMA case_sensitive_like=ON")
            for name, (count, function, deterministic) in FUNCTIONS.items():
                self.sqlite.create_function(name, count, function, deterministic=deterministic)
            for name, (count, aggregate) in AGGREGATES.items():
                self.sqlite.create_aggregate(name, count, aggregate)
            for name, compare in COLLATIONS.items():
                self.sqlite.create_collation(name, compare)
        elif self.name == "mysql":
            self.loop = asyncio.new_event_loop()
            self.lane = self.loop.run_until_complete(self._mysql_lane(url))
        else:
            self.loop = asyncio.new_event_loop()
            self.postgres = self.loop.run_until_complete(asyncpg.connect(url))
            self.loop.run_until_complete(self._codecs())

    async def _mysql_lane(self, url: str) -> Lane:
        parts = urlsplit(url)
        connection = await asyncmy.connect(
            host=parts.hostname, port=parts.port, user=parts.username, password=unquote(parts.password or ""),
            database=parts.path.removeprefix("/"), autocommit=True, charset="utf8mb4",
            init_command=session_settings(DatabaseOptions()),
        )  # fmt: skip
        return Lane(None, connection)  # type: ignore[arg-type] # nothing here is pooled

    async def _codecs(self) -> None:
        import orjson

        await self.postgres.set_type_codec(
            "jsonb", encoder=lambda text: text, decoder=orjson.loads, schema="pg_catalog"
        )

    def over(self, spec: ModelSpec) -> "Bench":
        """The same database for another model."""
        other = copy.copy(self)
        other.spec = spec
        other.table = statement_table(spec, self.dialect)
        return other

    def script(self, text: str) -> None:
        if self.name == "sqlite":
            self.sqlite.execute(text)
        elif self.name == "mysql":
            self.loop.run_until_complete(self.lane.say(text))
        else:
            self.loop.run_until_complete(self.postgres.execute(text))

    def close(self) -> None:
        if self.name == "sqlite":
            self.sqlite.close()
        elif self.name == "mysql":
            self.loop.run_until_complete(self.lane.connection.ensure_closed())
            self.loop.close()
        else:
            self.loop.run_until_complete(self.postgres.close())
            self.loop.close()

    def create(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """The table with its rows; managed fields are left out."""
        self.execute(sa.schema.CreateTable(self.table))
        if rows:
            names = [name for name in self.spec.names if name in rows[0]]
            columns = {
                self.spec[name].column: sa.bindparam(name, type_=self.table.c[self.spec[name].column].type)
                for name in names
            }
            checks = {name: make_checker(self.spec[name]) for name in names}
            statement = self.table.insert().values(columns)
            for row in rows:
                self.execute(statement, {name: checks[name](row[name]) for name in names})

    def compile(self, statement: Any, values: Mapping[str, Any]) -> tuple[str, list[Any]]:
        compiled = statement.compile(dialect=self.dialect.sqlalchemy)
        if isinstance(statement, sa.schema.ExecutableDDLElement):
            return str(compiled), []
        processors = compiled._bind_processors
        params = {**compiled.params, **values}
        names = compiled.positiontup or ()
        return str(compiled), [
            processors[name](params[name]) if name in processors else params[name] for name in names
        ]

    def execute(self, statement: Any, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        text, args = self.compile(statement, values or {})
        if self.name == "sqlite":
            return self.sqlite.execute(text, args).fetchall()
        if self.name == "mysql":
            result = self.loop.run_until_complete(self.lane.execute(text, args))
            return list(result.rows or ())
        rows = self.loop.run_until_complete(self.postgres.fetch(text, *args))
        return [tuple(row) for row in rows]

    def plan(self, statement: Any, values: Mapping[str, Any] | None = None) -> str:
        text, args = self.compile(statement, values or {})
        if self.name == "sqlite":
            return "\n".join(str(row[-1]) for row in self.sqlite.execute(f"EXPLAIN QUERY PLAN {text}", args))
        if self.name == "mysql":
            result = self.loop.run_until_complete(self.lane.execute(f"EXPLAIN {text}", args))
            return "\n".join(str(row) for row in result.rows)
        rows = self.loop.run_until_complete(self.postgres.fetch(f"EXPLAIN {text}", *args))
        return "\n".join(row[0] for row in rows)
