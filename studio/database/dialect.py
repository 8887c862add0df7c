"""What must a database's dialect say? The protocols that each dialect's modules fulfil; nothing here knows one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from studio.database.options import DatabaseOptions
from studio.database.results import PoolInfo, ServerInfo
from studio.models.spec import FieldSpec, Kind, ModelSpec

if TYPE_CHECKING:
    import sqlalchemy as sa

    from studio.database.bulk import BulkJob, BulkOutcome

Converter = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Rarely:
    """A converter for values that mostly need none.

    `usual` is a Python expression over `{v}` that is true where the value is canonical already; it is written into the record maker.
    """

    usual: str
    convert: Converter

    def __call__(self, value: Any) -> Any:
        return self.convert(value)


@dataclass(frozen=True, slots=True)
class Inline:
    """A converter that is an expression over `{v}`, written into the record maker: a call costs more than most conversions.

    `names` are what the expression uses.
    """

    expression: str
    names: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, value: Any) -> Any:
        return eval(self.expression.format(v="v"), {**self.names, "v": value})  # noqa: S307 - a dialect's own expression


class Brief(str):
    """The text of a statement about one record, found by a unique field, or a new one: over in microseconds, as a rule.

    Plans mark those of SQLite, where it matters on which thread they run.
    """

    __slots__ = ()


class Short(Brief):
    """The text of a statement that gives a limited number of records: over in a millisecond or two, as a rule."""

    __slots__ = ()


Row = Sequence[Any]
"""One row as the driver gives it."""

Place = tuple[str | None, str]
"""Where a table is: its schema (None: where the connection looks first) and its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundColumn:
    """A column that a table has, as far as a model has to get on with it."""

    declared: str
    """Its type in the database's own words."""
    kind: Kind | None
    """What Studio takes such a column for; None where it knows no such type."""
    naive: bool = False
    """A timestamp without a zone, where the database has those with one as well."""
    needed: bool = False
    """Every new row must give it a value."""
    dimensions: int | None = None
    """How many numbers a vector has there; None: any number, or it is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundIndex:
    """An index that a table has; `columns` is empty where it is over expressions or parts of columns."""

    name: str
    columns: tuple[str, ...]
    unique: bool


class Session(Protocol):
    """One conversation with the driver: either lanes, where each statement commits, or one transaction.

    Every method raises a typed DatabaseError instead of the driver's, and on cancellation interrupts the statement, waits until
    the driver is in order again, and lets the cancellation through.
    """

    @property
    def in_transaction(self) -> bool: ...

    @property
    def streams_alone(self) -> bool:
        """Whether nothing else can be read while a stream is open, but by a transaction that both belong to."""
        ...

    @property
    def can_go_on(self) -> bool:
        """Whether more can be asked. A transaction that the database has given up as a whole cannot; lanes always can."""
        ...

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """The rows of a statement that changes nothing; on lanes it is tried once more when the connection was lost."""
        ...

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        """The rows that a changing statement returns."""
        ...

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        """How many rows a changing statement changed."""
        ...

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        """A person's own statement: its columns, at most `max_rows` + 1 rows, how many rows it changed (None: it is a query)."""
        ...

    def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        """The rows in batches, without holding more than one."""
        ...

    def atomic(self) -> AbstractAsyncContextManager[Session]:
        """A transaction, or a savepoint within the one that is open; rolled back when the block raises."""
        ...

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        """Writes one batch of a bulk job; the session must be a transaction."""
        ...


Statement = tuple[str, Sequence[Any]]
"""Its text and its values."""


class RereadingSession(Session, Protocol):
    """A conversation with a database whose UPDATE gives nothing back (`Dialect.update_returns`)."""

    async def change_and_read(self, change: Statement, read: Statement) -> Sequence[Row]:
        """Changes one record and reads it again, with nobody else's change in between; nothing where none was there to change."""
        ...


class Catalogue(Protocol):
    """A dialect's module for reading what a database says of its tables."""

    async def columns(
        self, session: Session, tables: Sequence[Place]
    ) -> Mapping[Place, Mapping[str, FoundColumn]]:
        """The columns, by name, of those of the tables that exist."""
        ...

    async def indexes(
        self, session: Session, tables: Sequence[Place]
    ) -> Mapping[Place, Sequence[FoundIndex]]:
        """The indexes of the tables, those of their keys included; a table without any may be missing."""
        ...


class Engine(Protocol):
    """One database's connections. Made without I/O."""

    @property
    def where(self) -> str:
        """The database as people know it; never user or password."""
        ...

    async def connect(self) -> None: ...

    async def close(self) -> None: ...

    async def test(self) -> ServerInfo: ...

    def pool_info(self) -> PoolInfo: ...

    @property
    def lanes(self) -> Session: ...

    def transaction(self) -> AbstractAsyncContextManager[Session]: ...

    def schema_lock(self) -> AbstractAsyncContextManager[Session]:
        """A transaction in which nobody else, in any process, changes the schema through Studio."""
        ...

    @property
    def catalogue(self) -> Catalogue:
        """What looks tables up in the database's own books."""
        ...

    async def reflect(self, schema: str | None) -> list[ModelSpec]: ...

    async def prepare(self, specs: Sequence[ModelSpec]) -> None:
        """Makes the connections, those that are open as well, ready for the values of models whose tables are there."""
        ...


class Dialect(Protocol):
    """How one kind of database spells things. Pure: no I/O, no state."""

    sqlalchemy: sa.Dialect

    @property
    def name(self) -> str: ...

    @property
    def most_keys(self) -> int:
        """How many keys a single statement finds its records by."""
        ...

    @property
    def also_keeps(self) -> Mapping[Kind, frozenset[Kind]]:
        """Beside a column of its own kind, what columns keep a field's values whole: {kind of field: kinds of column}."""
        ...

    @property
    def needed_first(self) -> Mapping[Kind, str]:
        """What a database must be told before it can have a column of a kind, where it must be told anything."""
        ...

    def open(self, url: str, options: DatabaseOptions) -> Engine: ...

    def column_type(self, field: FieldSpec, *, reflected: bool) -> sa.types.TypeEngine[Any]:
        """The SQLAlchemy type: in expressions it turns canonical values into the driver's."""
        ...

    def binder(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        """Canonical value (never None) → what the driver takes; None when they are the same."""
        ...

    def reader(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        """What the driver gives (never None) → canonical value; None when they are the same."""
        ...

    def insert(self, table: sa.Table) -> Any:
        """An INSERT that knows ON CONFLICT."""
        ...

    def created_flag(self) -> sa.ColumnElement[bool] | None:
        """An expression that tells, in an upsert's RETURNING, whether the row is new; None where there is none."""
        ...

    def returned(self, table: sa.Table, fields: Sequence[FieldSpec]) -> Sequence[sa.ColumnElement[Any]]:
        """The columns, those of the fields in their order, as a RETURNING must name them to give their values as they are."""
        ...

    @property
    def update_returns(self) -> bool:
        """Whether an UPDATE gives back what it changed. Where it does not, the record is locked, changed and read again."""
        ...

    @property
    def undoes_batches(self) -> bool:
        """Whether a batch whose conversion raises anything leaves nothing behind, while its transaction goes on."""
        ...

    def update_columns(self, key: tuple[str, ...], changed: tuple[str, ...], stamp: str) -> tuple[str, ...]:
        """In which order an update by key takes a row's fields; `stamp` (empty: none) is the managed timestamp."""
        ...

    def advance(self, spec: ModelSpec, field: str) -> str | None:
        """The statement that lets a generated key go on after a given value (its one argument); None where that goes by itself."""
        ...
