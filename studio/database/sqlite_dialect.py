"""How does SQLite spell things? Column types, and how canonical values are stored: formats that sort and compare as the values do.

    int INTEGER · float REAL · Decimal TEXT COLLATE STUDIO_DECIMAL, plain notation · str, Text, Enum TEXT · bool INTEGER 0/1 ·
    datetime TEXT "YYYY-MM-DD HH:MM:SS.ffffff" in UTC · date TEXT ISO · time TEXT "HH:MM:SS.ffffff" · timedelta INTEGER, microseconds ·
    bytes BLOB · dict, list, Vector TEXT, JSON · UUID TEXT, 36 characters

A reflected table keeps its own affinities; its readers take whatever SQLite's loose typing left in a column.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.expression import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from studio.database.dialect import Converter, Engine, Inline, Rarely
from studio.database.options import DatabaseOptions
from studio.models.spec import FieldSpec, Kind, ModelSpec

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect as SADialect

DECIMAL_COLLATION: Final = "STUDIO_DECIMAL"
_VALUE_OF: Final[custom_op[Any]] = custom_op("+")
_MICROSECOND = dt.timedelta(microseconds=1)


class SqliteDialect:
    """SQLite's spelling; see `dialect.Dialect`."""

    name: Final = "sqlite"
    update_returns: Final = True
    undoes_batches: Final = False
    most_keys: Final = 100_000
    needed_first: Final[Mapping[Kind, str]] = MappingProxyType({})
    also_keeps: Final[Mapping[Kind, frozenset[Kind]]] = MappingProxyType(
        {
            # NUMERIC and BOOLEAN columns keep whole and floating numbers as they are; a decimal would become one of those.
            Kind.INT: frozenset({Kind.BOOL, Kind.DECIMAL}),
            Kind.FLOAT: frozenset({Kind.INT, Kind.DECIMAL}),
            Kind.BOOL: frozenset({Kind.INT, Kind.DECIMAL}),
            Kind.TIMEDELTA: frozenset({Kind.INT}),
            Kind.STR: frozenset({Kind.TEXT}),
            Kind.TEXT: frozenset({Kind.STR}),
            **dict.fromkeys(
                (
                    *(Kind.ENUM, Kind.UUID, Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.DICT, Kind.LIST),
                    *(Kind.DECIMAL, Kind.VECTOR),
                ),
                frozenset({Kind.STR, Kind.TEXT}),
            ),
        }
    )

    def __init__(self) -> None:
        self.sqlalchemy: SADialect = sqlite.dialect(paramstyle="qmark")

    def open(self, url: str, options: DatabaseOptions) -> Engine:
        from studio.database.sqlite import SqliteEngine

        return SqliteEngine(url, options)

    def column_type(self, field: FieldSpec, *, reflected: bool) -> sa.types.TypeEngine[Any]:
        plain = _PLAIN.get(field.kind)
        return _Stored(field, reflected=reflected) if plain is None else plain()

    def binder(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        if field.kind is Kind.DATETIME and field.naive:
            return _bind_naive
        return _BINDERS.get(field.kind)

    def reader(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        if field.kind is Kind.ENUM:
            return enum_reader(field)
        if not reflected:
            if field.kind is Kind.DATETIME and field.naive:
                return _read_naive
            return _READERS.get(field.kind)
        if field.kind is Kind.DECIMAL:
            return _loose_decimal(field.scale)
        strict = _read_naive if field.kind is Kind.DATETIME and field.naive else _READERS.get(field.kind)
        if field.kind in (
            Kind.DATETIME,
            Kind.DATE,
            Kind.TIME,
            Kind.UUID,
            Kind.DICT,
            Kind.LIST,
            Kind.VECTOR,
            Kind.BOOL,
        ):
            return _loose(strict)
        return _LOOSE_READERS.get(field.kind)

    def insert(self, table: sa.Table) -> Any:
        return sqlite.insert(table)

    def returned(self, table: sa.Table, fields: Sequence[FieldSpec]) -> Sequence[sa.ColumnElement[Any]]:
        """SQLite 3.40 takes every column of a RETURNING for one of the first column's type, and makes floats of whole numbers after a REAL.

        A plus in front of a column stands for its value alone.
        """
        if fields[0].kind is not Kind.FLOAT:
            return tuple(table.c)
        return tuple(
            column if field.kind is Kind.FLOAT else UnaryExpression(column, operator=_VALUE_OF)
            for column, field in zip(table.c, fields, strict=True)
        )

    def created_flag(self) -> sa.ColumnElement[bool] | None:
        return None

    def update_columns(self, key: tuple[str, ...], changed: tuple[str, ...], stamp: str) -> tuple[str, ...]:
        """As the statement has them: what is set, then what finds the record."""
        return (*changed, *((stamp,) if stamp else ()), *key)

    def advance(self, spec: ModelSpec, field: str) -> str | None:
        return None


# ------------------------------------------------------------------ binding


def _bind_decimal(value: Any) -> str:
    return format(value if isinstance(value, Decimal) else Decimal(str(value)), "f")


def _bind_datetime(value: Any) -> Any:
    return value.isoformat(" ", "microseconds")[:26] if isinstance(value, dt.datetime) else value


def _bind_naive(value: Any) -> Any:
    """As most programs write it: a fraction only where there is one, so that it compares with rows already there."""
    return value.isoformat(" ")[:26] if isinstance(value, dt.datetime) else value


def _bind_date(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value


def _bind_time(value: Any) -> Any:
    return value.isoformat("microseconds") if isinstance(value, dt.time) else value


def _bind_timedelta(value: Any) -> Any:
    return value // _MICROSECOND if isinstance(value, dt.timedelta) else value


def _bind_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _bind_enum(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


_BINDERS: Mapping[Kind, Converter] = {
    Kind.DECIMAL: _bind_decimal,
    Kind.DATETIME: _bind_datetime,
    Kind.DATE: _bind_date,
    Kind.TIME: _bind_time,
    Kind.TIMEDELTA: _bind_timedelta,
    Kind.DICT: _bind_json,
    Kind.LIST: _bind_json,
    Kind.VECTOR: _bind_json,
    Kind.UUID: str,
}


# ------------------------------------------------------------------ reading


def enum_reader(field: FieldSpec) -> Converter | None:
    """Stored text → member where the class is known; text that is no member's stays text."""
    if field.enum_type is None:
        return None
    members: dict[Any, Any] = {field.stored(member): member for member in field.enum_type}
    return lambda value: members.get(value, value)


def _read_naive(value: str) -> dt.datetime:
    return dt.datetime.fromisoformat(value).replace(tzinfo=None)


def _read_timedelta(value: int) -> dt.timedelta:
    return dt.timedelta(microseconds=value)


def _loose_decimal(scale: int | None) -> Converter:
    """NUMERIC columns hold INTEGER or REAL: 0.99 held as REAL is Decimal("0.99") at the column's scale."""

    def read(value: Any) -> Any:
        if isinstance(value, bytes):
            return value
        try:
            number = Decimal(repr(value) if isinstance(value, float) else value)
        except (ArithmeticError, ValueError, TypeError):
            return value
        if scale is None or not number.is_finite():
            return number
        exponent = number.as_tuple().exponent
        if isinstance(exponent, int) and -exponent <= scale:
            return Decimal(f"{number:.{scale}f}")
        return number

    return read


def _loose(strict: Converter | None) -> Converter:
    def read(value: Any) -> Any:
        if strict is None:
            return value
        try:
            return strict(value)
        except (ValueError, TypeError, AttributeError):
            return value

    return read


def _loose_float(value: Any) -> Any:
    return float(value) if isinstance(value, int) else value


_READERS: Mapping[Kind, Converter] = {
    # RETURNING gives 2 where 2.0 is stored: SQLite keeps whole floats as integers and forgets to turn them back there.
    Kind.FLOAT: Rarely("{v}.__class__ is float", float),
    Kind.BOOL: Inline("{v} == 1"),
    Kind.DECIMAL: Decimal,
    # Nine times as fast as parsing first and replacing the zone then.
    Kind.DATETIME: Inline("moment({v} + '+00:00')", {"moment": dt.datetime.fromisoformat}),
    Kind.DATE: dt.date.fromisoformat,
    Kind.TIME: dt.time.fromisoformat,
    Kind.TIMEDELTA: _read_timedelta,
    Kind.DICT: orjson.loads,
    Kind.LIST: orjson.loads,
    Kind.VECTOR: orjson.loads,
    Kind.UUID: uuid.UUID,
}
_LOOSE_READERS: Mapping[Kind, Converter] = {Kind.FLOAT: _loose_float, Kind.TIMEDELTA: _loose(_read_timedelta)}


# ------------------------------------------------------------------ types

_PLAIN: Mapping[Kind, Any] = {
    Kind.INT: sa.Integer,
    Kind.FLOAT: sa.REAL,
    Kind.STR: sa.Text,
    Kind.TEXT: sa.Text,
    Kind.BYTES: sa.BLOB,
}
"""Kinds whose values are stored as they are."""


class _Stored(sa.types.TypeDecorator[Any]):
    """A field's column: in an expression its values are bound as they are stored."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, field: FieldSpec, *, reflected: bool = False) -> None:
        super().__init__()
        self.kind = field.kind
        self.naive = field.naive
        self.reflected = reflected
        self._binder = (
            _bind_naive if field.naive and field.kind is Kind.DATETIME else _BINDERS.get(field.kind)
        )
        if field.kind is Kind.ENUM:
            self._binder = _bind_enum

    def load_dialect_impl(self, dialect: SADialect) -> sa.types.TypeEngine[Any]:
        if self.kind is Kind.DECIMAL and not self.reflected:
            return sa.Text(collation=DECIMAL_COLLATION)
        return sa.Integer() if self.kind in (Kind.BOOL, Kind.TIMEDELTA) else sa.Text()

    def bind_processor(self, dialect: SADialect) -> Converter | None:
        binder = self._binder
        if binder is None:
            return None
        return lambda value: None if value is None else binder(value)

    def result_processor(self, dialect: SADialect, coltype: object) -> None:
        """Rows are read by the model's own record makers, not by SQLAlchemy."""
        return
