"""How does MariaDB spell things? Column types, and how canonical values reach the driver and come back.

    int BIGINT · float DOUBLE · Decimal DECIMAL (65 digits, 30 after the point, unless the field says) · str, Text LONGTEXT (VARCHAR(255)
    where it is a key or indexed, VARCHAR(n) with max_length) · Enum VARCHAR(255) · bool TINYINT(1) · datetime DATETIME(6) in UTC ·
    date DATE · time TIME(6) · timedelta BIGINT, microseconds · bytes LONGBLOB · dict, list, Vector JSON (checked text) · UUID CHAR(36)

Text is utf8mb4 under `utf8mb4_nopad_bin`: compared by code points, and a space at its end counts. The driver's placeholders are `?`:
statements are prepared at the server and values travel apart from them, in binary form.
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
from sqlalchemy.dialects import mysql

from studio.database.dialect import Converter, Engine, Inline, Rarely
from studio.database.options import DatabaseOptions
from studio.database.sqlite_dialect import enum_reader
from studio.kernel.errors import ValueRefused
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.query.decimals import EXACT

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect as SADialect

TEXT_COLLATION: Final = "utf8mb4_nopad_bin"
DIGITS: Final = 65
"""What a DECIMAL holds in all."""
PLACES: Final = 30
"""Digits after the point of a DECIMAL whose field does not say how many."""
INDEXED_LENGTH: Final = 255
"""Characters of a text that is a key or indexed: InnoDB's entries hold 3,072 bytes, three such texts."""
_LONGEST_VARCHAR: Final = 1000
_EPOCH: Final = dt.datetime(2000, 1, 1)  # noqa: DTZ001 - as the driver gives them
_EPOCH_UTC: Final = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""A moment changes its zone by its distance to these in a tenth of the time that `replace` takes."""
_ONE: Final = Decimal(1)
_MICROSECOND = dt.timedelta(microseconds=1)


class MysqlDialect:
    """MariaDB's spelling; see `dialect.Dialect`."""

    name: Final = "mysql"
    update_returns: Final = False
    undoes_batches: Final = False
    most_keys: Final = 20_000
    """They are written into the statement, which has a greatest length."""
    needed_first: Final[Mapping[Kind, str]] = MappingProxyType({})
    also_keeps: Final[Mapping[Kind, frozenset[Kind]]] = MappingProxyType(
        {
            Kind.STR: frozenset({Kind.TEXT}),
            Kind.TEXT: frozenset({Kind.STR}),
            Kind.BOOL: frozenset({Kind.INT}),
            Kind.TIMEDELTA: frozenset({Kind.INT}),
            **dict.fromkeys((Kind.ENUM, Kind.UUID), frozenset({Kind.STR, Kind.TEXT})),
            # A JSON column is text with a check.
            **dict.fromkeys((Kind.DICT, Kind.LIST, Kind.VECTOR), frozenset({Kind.DICT, Kind.STR, Kind.TEXT})),
        }
    )

    def __init__(self) -> None:
        self.sqlalchemy: SADialect = mysql.dialect(paramstyle="qmark", is_mariadb=True)
        # What the driver would find out when it connects, and what our sessions say.
        self.sqlalchemy.server_version_info = (10, 11)
        self.sqlalchemy._backslash_escapes = False  # noqa: SLF001 - there is no other way
        self.sqlalchemy.insert_returning = True
        # Or else a condition is compared with 1, which no index can answer.
        self.sqlalchemy.supports_native_boolean = True
        self.sqlalchemy.delete_returning = True

    def open(self, url: str, options: DatabaseOptions) -> Engine:
        from studio.database.mysql import MysqlEngine

        return MysqlEngine(url, options)

    def column_type(self, field: FieldSpec, *, reflected: bool) -> sa.types.TypeEngine[Any]:
        if field.kind is Kind.INT:
            return mysql.BIGINT()
        return _Stored(field, reflected=reflected)

    def binder(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        if field.kind is Kind.DATETIME and field.naive:
            return None
        if field.kind is Kind.DECIMAL:
            return _decimal_binder(field)
        return _BINDERS.get(field.kind)

    def reader(self, field: FieldSpec, *, reflected: bool) -> Converter | None:
        if field.kind is Kind.ENUM:
            return enum_reader(field)
        if field.kind is Kind.DATETIME and field.naive:
            return None
        if field.kind is Kind.DECIMAL:
            # Without a scale of its own a number comes back with all thirty places.
            return _plain_decimal if field.scale is None else None
        if field.kind in (Kind.STR, Kind.TEXT) and not reflected:
            return None
        return _READERS.get(field.kind)

    def insert(self, table: sa.Table) -> Any:
        return mysql.insert(table)

    def returned(self, table: sa.Table, fields: Sequence[FieldSpec]) -> Sequence[sa.ColumnElement[Any]]:
        return tuple(table.c)

    def created_flag(self) -> sa.ColumnElement[bool] | None:
        return None

    def update_columns(self, key: tuple[str, ...], changed: tuple[str, ...], stamp: str) -> tuple[str, ...]:
        """As a row of the staging table has them; the timestamp is the same for all rows."""
        return (*key, *changed)

    def advance(self, spec: ModelSpec, field: str) -> str | None:
        """The counter of a table goes on by itself after a key that was given."""
        return None


# ------------------------------------------------------------------ binding


def _decimal_binder(field: FieldSpec) -> Converter:
    """Refuses what the column would round in silence."""
    places = PLACES if field.scale is None else field.scale
    digits = DIGITS if field.precision is None else field.precision
    before = digits - places

    def bind(value: Any) -> Any:
        if not isinstance(value, Decimal):
            return value
        _, shown, exponent = value.as_tuple()
        if isinstance(exponent, int) and (
            (-exponent > places and any(shown[len(shown) + exponent + places :]))
            or (value and value.adjusted() >= before)
        ):
            if field.scale is not None:
                return value  # the database rounds to the scale that the field asks for, or refuses
            raise ValueRefused(
                f'"{field.name}" is {value}: MariaDB keeps {before} digits before the point and {places} after it.',
                hint="Round it, or declare the field with a precision and a scale.",
                field=field.name,
            )
        return value

    return bind


def _bind_decimal(value: Any) -> Any:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _bind_datetime(value: Any) -> Any:
    if not isinstance(value, dt.datetime):
        return value
    return _EPOCH + (value - _EPOCH_UTC) if value.tzinfo is dt.UTC else value.replace(tzinfo=None)


def _bind_time(value: Any) -> Any:
    return value.isoformat("microseconds") if isinstance(value, dt.time) else value


def _bind_timedelta(value: Any) -> Any:
    return value // _MICROSECOND if isinstance(value, dt.timedelta) else value


def _bind_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _bind_enum(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def _bind_bool(value: Any) -> Any:
    return int(value)


def _bind_uuid(value: Any) -> str:
    return str(value)


_BINDERS: Mapping[Kind, Converter] = {
    Kind.DATETIME: _bind_datetime,
    Kind.TIME: _bind_time,
    Kind.TIMEDELTA: _bind_timedelta,
    Kind.DICT: _bind_json,
    Kind.LIST: _bind_json,
    Kind.VECTOR: _bind_json,
    Kind.UUID: _bind_uuid,
}
"""Single values and rows. Enumerations come out of the checkers as text already."""
_IN_EXPRESSIONS: Mapping[Kind, Converter] = {
    **_BINDERS,
    Kind.DECIMAL: _bind_decimal,
    Kind.ENUM: _bind_enum,
    Kind.BOOL: _bind_bool,
}


# ------------------------------------------------------------------ reading


def _plain_decimal(value: Any) -> Decimal:
    number = (value if isinstance(value, Decimal) else Decimal(str(value))).normalize(EXACT)
    exponent = number.as_tuple().exponent
    return number.quantize(_ONE, context=EXACT) if isinstance(exponent, int) and exponent > 0 else number


def _read_time(value: Any) -> Any:
    """The driver gives TIME as a distance, for it may be longer than a day or negative; such a one stays what it is."""
    if not isinstance(value, dt.timedelta) or value.days:
        return value
    return (_EPOCH + value).time()


def _read_timedelta(value: int) -> dt.timedelta:
    return dt.timedelta(microseconds=value)


def _read_float(value: Any) -> float:
    return float(value)


def _read_bytes(value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


_READERS: Mapping[Kind, Converter] = {
    Kind.FLOAT: Rarely("{v}.__class__ is float", _read_float),
    Kind.BOOL: Inline("{v} == 1"),
    Kind.DATETIME: Inline("epoch_utc + ({v} - epoch)", {"epoch": _EPOCH, "epoch_utc": _EPOCH_UTC}),
    Kind.TIME: _read_time,
    Kind.TIMEDELTA: _read_timedelta,
    Kind.BYTES: Rarely("{v}.__class__ is bytes", _read_bytes),
    Kind.DICT: orjson.loads,
    Kind.LIST: orjson.loads,
    Kind.VECTOR: orjson.loads,
    Kind.UUID: uuid.UUID,
}


# ------------------------------------------------------------------ types


class _Stored(sa.types.TypeDecorator[Any]):
    """A field's column: in an expression its values are bound as they are stored."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, field: FieldSpec, *, reflected: bool = False) -> None:
        super().__init__()
        self.kind = field.kind
        self.naive = field.naive
        self.reflected = reflected
        self.precision = field.precision
        self.scale = field.scale
        self.max_length = field.max_length
        self.is_indexed = bool(field.key or field.unique or field.index or field.references)
        is_native = field.naive and field.kind is Kind.DATETIME
        self._binder = None if is_native else _IN_EXPRESSIONS.get(field.kind)

    def load_dialect_impl(self, dialect: SADialect) -> sa.types.TypeEngine[Any]:
        return stored_type(
            self.kind,
            max_length=self.max_length,
            is_indexed=self.is_indexed,
            precision=self.precision,
            scale=self.scale,
        )

    def bind_processor(self, dialect: SADialect) -> Converter | None:
        binder = self._binder
        if binder is None:
            return None
        return lambda value: None if value is None else binder(value)

    def result_processor(self, dialect: SADialect, coltype: object) -> None:
        """Rows are read by the model's own record makers, not by SQLAlchemy."""
        return


def stored_type(
    kind: Kind,
    *,
    max_length: int | None = None,
    is_indexed: bool = False,
    precision: int | None = None,
    scale: int | None = None,
) -> sa.types.TypeEngine[Any]:
    """The column's type as DDL says it."""
    if kind in (Kind.STR, Kind.TEXT, Kind.ENUM):
        length = INDEXED_LENGTH if is_indexed or kind is Kind.ENUM else _LONGEST_VARCHAR
        if is_indexed or kind is Kind.ENUM or (max_length is not None and max_length <= length):
            wanted = length if max_length is None else min(max_length, 768)
            return mysql.VARCHAR(wanted, charset="utf8mb4", collation=TEXT_COLLATION)
        return mysql.LONGTEXT(charset="utf8mb4", collation=TEXT_COLLATION)
    if kind is Kind.DECIMAL:
        if precision is None and scale is None:
            return mysql.DECIMAL(DIGITS, PLACES)
        return mysql.DECIMAL(precision or DIGITS, scale or 0)
    if kind is Kind.UUID:
        return mysql.CHAR(36, charset="utf8mb4", collation=TEXT_COLLATION)
    made: sa.types.TypeEngine[Any] = _TYPES[kind]()
    return made


_TYPES: Mapping[Kind, Any] = {
    Kind.INT: mysql.BIGINT,
    Kind.FLOAT: mysql.DOUBLE,
    Kind.BOOL: lambda: mysql.TINYINT(1),
    Kind.DATETIME: lambda: mysql.DATETIME(fsp=6),
    Kind.DATE: mysql.DATE,
    Kind.TIME: lambda: mysql.TIME(fsp=6),
    Kind.TIMEDELTA: mysql.BIGINT,
    Kind.BYTES: mysql.LONGBLOB,
    Kind.DICT: mysql.JSON,
    Kind.LIST: mysql.JSON,
    Kind.VECTOR: mysql.JSON,
}
