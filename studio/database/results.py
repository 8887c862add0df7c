"""What goes into the database room and what comes out? Queries, rows, counts and statements as plain data, without any driver."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from studio.models.relations import Include
from studio.models.spec import ModelSpec

Record = dict[str, Any]
"""One row: field names in the model's order, canonical values."""

Change = str
"""What a write did, as a `Recorder` is told: "create", "update" or "delete"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which records, in which order, and which slice of them.

    `order_by` takes field names, `-name` for descending. `limit` None means all. `after` is the `cursor` of an earlier page of the
    same query. `fields` None means all fields. `include` are the related records wanted within the records.
    """

    filter: Mapping[str, Any] | None = None
    order_by: Sequence[str] | str = ()
    limit: int | None = 100
    offset: int = 0
    after: str | None = None
    fields: Sequence[str] | None = None
    include: Sequence[Include] = ()
    include_deleted: bool = False
    """For a model that marks its records as deleted: those as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateQuery:
    """Groups and figures: either `group_by` and `aggregate` (with `having`), or a whole `pipeline`."""

    filter: Mapping[str, Any] | None = None
    group_by: Sequence[str] | str = ()
    aggregate: Mapping[str, Any] | None = None
    having: Mapping[str, Any] | None = None
    order_by: Sequence[str] | str = ()
    limit: int | None = None
    pipeline: Sequence[Mapping[str, Any]] | None = None
    include_deleted: bool = False

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> AggregateQuery:
        """What an Aggregate node with these params asks for."""
        return cls(
            filter=params.get("filter"),
            group_by=params.get("group_by") or (),
            aggregate=params.get("aggregate"),
            having=params.get("having"),
            order_by=params.get("order_by") or (),
            limit=params.get("limit"),
            pipeline=params.get("pipeline"),
            include_deleted=bool(params.get("include_deleted")),
        )


Written = Literal["create", "update", "delete"]
Watched = tuple[str, Written]
"""A table, in whichever schema, and what is done to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheWish:
    """How one list is to be kept. `name` is its owner's, for `forget`; `ttl_s` None: five minutes.

    `ended_by` are the writes that end it; None: every write to the tables it was read from, and every deletion, for one may take records of
    other tables along. SQL of a person's own ends every entry.
    """

    name: str = ""
    ttl_s: float | None = None
    ended_by: frozenset[Watched] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheInfo:
    """How the cache has served so far."""

    hits: int
    misses: int
    lists: int
    rows: int


class Rows(list[Record]):
    """A list of records that also knows where it was cut.

    `has_more` says that records follow; `cursor` is then what `ListQuery.after` takes (None when the order cannot be continued).
    `sql` is the statement that was run; `affected` counts what a raw statement changed (None: it returned rows, or nobody knows).
    """

    __slots__ = ("affected", "columns", "cursor", "has_more", "sql")

    def __init__(
        self,
        records: Sequence[Record] = (),
        *,
        has_more: bool = False,
        cursor: str | None = None,
        sql: str = "",
        affected: int | None = None,
        columns: tuple[str, ...] = (),
    ) -> None:
        super().__init__(records)
        self.has_more = has_more
        self.cursor = cursor
        self.sql = sql
        self.affected = affected
        self.columns = columns


@dataclass(slots=True, kw_only=True)
class BulkResult:
    """What a bulk write did. `ids` are in the order of the rows given; None for a row that was skipped."""

    created: int = 0
    updated: int = 0
    skipped: int = 0
    matched: int = 0
    ids: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One SQL statement with its bound values by name, as the SQL tab shows it."""

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerInfo:
    """What answered when a connection was tested. `tables` counts tables that can be seen; `database` is a name or a path."""

    product: str
    version: str
    database: str
    tables: int
    can_write: bool
    latency_ms: float


@runtime_checkable
class Recorder(Protocol):
    """Is told each record that a write changed; images are given as records, None where there is none.

    `beyond` counts changes that were made but not told, because there were too many.
    """

    def record(
        self,
        operation: Change,
        spec: ModelSpec,
        key: Any,
        before: Record | None,
        after: Record | None,
    ) -> None: ...

    def beyond(self, operation: Change, spec: ModelSpec, count: int) -> None: ...


class Meter(Protocol):
    """Is told what each operation on a model took. `failed` ones count as well."""

    def measured(self, model: str, operation: str, duration_ms: float, *, failed: bool) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolInfo:
    """The connections of one database: how many are open and in use now, and how many may be. `waiting` are those who want one."""

    open: int
    in_use: int
    waiting: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """A change of the schema that Studio made by itself, or tried to: `statements` are those that were done. `error` None: it succeeded."""

    database: str
    models: tuple[str, ...]
    statements: tuple[str, ...]
    started_at: dt.datetime
    duration_ms: float
    error: str | None = None


OnSchema = Callable[[SchemaChange], object]
"""Told on the engine's loop; must be quick and never raise."""
