"""How do the values of an intent reach a driver? Types for bound parameters whose stored form is not that of a column.

Columns bind their own values by their own types; these are for patterns, JSON paths and operands, and lists.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from studio.query.patterns import fold, postgres_regex

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect


class Bound(sa.types.TypeDecorator[Any]):
    """Binds by a plain function; None stays None. Nothing is read through these types."""

    impl: Any = sa.Text
    cache_ok = True

    def convert(self, value: Any) -> Any:
        raise NotImplementedError

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        convert = self.convert
        return lambda value: None if value is None else convert(value)


class JsonText(Bound):
    """Any JSON value as its text; None is JSON's null."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return dump(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return self.convert


class JsonItem(JsonText):
    """A JSON value as the text of a list of it alone."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return dump([value])


class JsonTexts(Bound):
    """Many JSON values, each as its text: for PostgreSQL's arrays."""

    impl = sa.ARRAY(sa.Text)
    cache_ok = True

    def convert(self, value: Any) -> list[str]:
        return [dump(item) for item in value]

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.ARRAY(sa.Text())


class PathParts(Bound):
    """A JSON path as an array of text: for PostgreSQL."""

    impl = sa.ARRAY(sa.Text)
    cache_ok = True

    def convert(self, value: Any) -> list[str]:
        return list(value)

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        return sa.ARRAY(sa.Text())


class SqlitePath(Bound):
    """A JSON path of simple names as SQLite's own functions write it: `$."profile"."theme"`."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return "$" + "".join(f'."{part}"' for part in value)


class Folded(Bound):
    """A pattern in small letters."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return fold(value)


class PostgresRegex(Bound):
    """A regular expression in PostgreSQL's spelling."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return postgres_regex(value)


class StoredDecimal(Bound):
    """A Decimal in plain notation: as SQLite keeps it in text."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return format(value if isinstance(value, Decimal) else Decimal(str(value)), "f")


class SqliteList(Bound):
    """A list as JSON for `json_each`; each item is bound as its column binds it. Bytes become hexadecimal, floats their repr."""

    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any] | None = None) -> None:
        super().__init__()
        self.item = item

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        item = self.item
        process = item.dialect_impl(dialect).bind_processor(dialect) if item is not None else None
        return lambda values: dump([_listed(process(value) if process else value) for value in values])


def _listed(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    return repr(value) if isinstance(value, float) else value


def dump(value: Any) -> str:
    """The text of a JSON value; numbers keep every digit."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
