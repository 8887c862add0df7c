"""How does PostgreSQL spell things? Column types, and the little that asyncpg does not already give and take as canonical values.

int bigint · float double precision · Decimal numeric · str, Text, Enum text COLLATE "C" (varchar(n) with max_length) · bool
boolean · datetime timestamptz · date, time, interval · bytes bytea · dict, list jsonb · UUID uuid · Vector pgvector's vector(n)
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import asyncpg

from studio.database.dialect import Converter, Engine, Rarely
from studio.database.options import DatabaseOptions
from studio.database.postgresql_vectors import EXTENSION, VectorType, packed
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.query.sql_types import jsonb_text

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect as SADialect


def dump_json(value: Any) -> str:
    """SQLAlchemy's asyncpg connections take JSON as text and give it parsed."""
    text = orjson.dumps(value).decode()
    # One character is found ten times as fast as two.
    return jsonb_text(text) if "+" in text and "e+" in text else text


def _read_uuid(value: Any) -> uuid.UUID:
    """asyncpg gives its own subclass; canonical values have exact types."""
    return uuid.UUID(int=value.int)


def _read_infinity(value: dt.datetime) -> dt.datetime:
    """Asyncpg writes the first and the last moment there is as PostgreSQL's infinities, and gives those without a zone."""
    return value.replace(tzinfo=dt.UTC)


_AWARE = Rarely("{v}.tzinfo is not None", _read_infinity)


def _read_enum(field: FieldSpec) -> Converter | None:
    if field.enum_type is None:
        return None
    members: dict[Any, Any] = {field.stored(member): member for member in field.enum_type}
    return lambda value: members.get(value, value)


class PostgresqlDialect:
    """PostgreSQL's spelling; see `dialect.Dialect`."""

    name: Final = "postgresql"
    update_returns: Final = True
    undoes_batches: Final = True
    most_keys: Final = 500_000
    needed_first: Final[Mapping[Kind, str]] = MappingProxyType({Kind.VECTOR: EXTENSION})
    also_keeps: Final[Mapping[Kind, frozenset[Kind]]] = MappingProxyType(
        {
            Kind.STR: frozenset({Kind.TEXT}),
            Kind.TEXT: frozenset({Kind.STR}),
            Kind.ENUM: frozenset({Kind.STR, Kind.TEXT}),
            Kind.LIST: frozenset({Kind.DICT}),
        }
    )

    def __init__(self) -> None:
        self.sqlalchemy: SADialect = asyncpg.dialect(json_serializer=dump_json)  # type: ignore[no-untyped-call] # untyped

    def open(self, url: str, options: DatabaseOptions) -> Engine:
        from studio.database.postgresql import PostgresqlEngine

        return PostgresqlEngine(url, options)

    def column_type(self, field: FieldSpec, *, reflected: bool) -> sa.types.TypeEngine[Any]:
        if field.kind in (Kind.STR, Kind.TEXT, Kind.ENUM):
            # A reflected column keeps its own collation: naming another one here would defeat its indexes.
            collation = None if reflected else "C"
            length = field.max_length if field.kind is Kind.STR and not reflected else None
            return sa.String(length, collation=collation) if length else sa.Text(collation=collation)
        if field.kind is Kind.DATETIME:
            return postgresql.TIMESTAMP(timezone=not field.naive)
        if field.kind is Kind.DECIMAL:
            return sa.Numeric(field.precision, field.scale, asdecimal=True)
        if field.kind is Kind.VECTOR:
            return VectorType(field.dimensions)
        made: sa.types.TypeEngine[Any] = _TYPES[field.kind]()
        return made

    def binder(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        if field.kind is Kind.VECTOR:
            return packed
        return dump_json if field.kind in (Kind.DICT, Kind.LIST) else None

    def reader(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        if field.kind is Kind.UUID:
            return _read_uuid
        if field.kind is Kind.ENUM:
            return _read_enum(field)
        if field.kind is Kind.DATETIME and not field.naive:
            return _AWARE
        return None

    def insert(self, table: sa.Table) -> Any:
        return postgresql.insert(table)

    def returned(self, table: sa.Table, fields: Sequence[FieldSpec]) -> Sequence[sa.ColumnElement[Any]]:
        return tuple(table.c)

    def created_flag(self) -> sa.ColumnElement[bool] | None:
        # A row version that no transaction has locked or replaced yet is a new one.
        return sa.literal_column("xmax", sa.Integer) == sa.literal_column("0")

    def update_columns(self, key: tuple[str, ...], changed: tuple[str, ...], stamp: str) -> tuple[str, ...]:
        """The timestamp is the same for all rows, so it does not travel with each of them."""
        return (*key, *changed)

    def advance(self, spec: ModelSpec, field: str) -> str | None:
        """Only forwards: a sequence that is further already stays. A column without a sequence has none to move."""
        quote = self.sqlalchemy.identifier_preparer
        table = quote.quote(spec.table)
        if spec.schema:
            table = f"{quote.quote(spec.schema)}.{table}"
        name = f"pg_get_serial_sequence({_literal(table)}, {_literal(spec.by_name[field].column)})"
        return (
            f"SELECT setval(s.name, $1) FROM (SELECT {name} AS name) AS s "
            f"WHERE s.name IS NOT NULL AND $1 > coalesce(pg_sequence_last_value(s.name::regclass), 0)"
        )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _jsonb() -> sa.types.TypeEngine[Any]:
    return postgresql.JSONB(none_as_null=True)


_TYPES: Mapping[Kind, Any] = {
    Kind.INT: sa.BigInteger,
    Kind.FLOAT: sa.Double,
    Kind.BOOL: sa.Boolean,
    Kind.DATE: sa.Date,
    Kind.TIME: sa.Time,
    Kind.TIMEDELTA: postgresql.INTERVAL,
    Kind.BYTES: postgresql.BYTEA,
    Kind.DICT: _jsonb,
    Kind.LIST: _jsonb,
    Kind.UUID: sa.Uuid,
}
