"""How do the values of an intent reach a driver? Types for bound parameters whose stored form is not that of a column.

Columns bind their own values by their own types; these are for patterns, JSON paths and operands, and lists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from studio.kernel.errors import FilterError
from studio.query.documents import is_place
from studio.query.patterns import fold, pcre_regex, postgres_regex

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

SQLITE_OVERFLOW: Final[sa.ColumnElement[Any]] = sa.literal_column("abs(-9223372036854775808)")
"""SQLite makes a float of a whole number that is too large, infinity of a float; this one it refuses with "integer overflow"."""
LARGEST_FLOAT: Final[sa.ColumnElement[Any]] = sa.literal_column("1.7976931348623157e308")


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


class JsonbText(JsonText):
    """The same for a jsonb that is to be stored."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return jsonb_text(dump(value))


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


class IntegerTexts(Bound):
    """Many integers as the text of one of PostgreSQL's arrays: written and read several times faster than one number after another."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return f"{{{repr(list(value))[1:-1]}}}"


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


_STRING_OR_EXPONENT: Final = re.compile(r'"(?:[^"\\]|\\.)*"|([0-9.]+e\+[0-9]+)')


def jsonb_text(text: str) -> str:
    """JSON text for PostgreSQL, whose jsonb turns 1e+16 into the whole number 10000000000000000, but keeps the point of one that has it."""
    return _STRING_OR_EXPONENT.sub(_with_point, text)


def _with_point(found: re.Match[str]) -> str:
    return found[0] if found[1] is None else f"{float(found[1]):.1f}"


# ------------------------------------------------------------------ MariaDB


class Several(list[Any]):
    """The values of a list that is one parameter of a statement; whoever runs it gives each value a placeholder of its own."""


class MysqlList(Bound):
    """A list of values, each bound as its column binds it."""

    cache_ok = True

    def __init__(self, item: sa.types.TypeEngine[Any] | None = None) -> None:
        super().__init__()
        self.item = item

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        item = self.item
        process: Callable[[Any], Any] | None = None
        if isinstance(item, sa.types.TypeDecorator):
            process = item.bind_processor(dialect)
        elif item is not None:
            process = item.dialect_impl(dialect).bind_processor(dialect)
        return lambda values: Several(process(value) if process else value for value in values)


class MysqlRegex(Bound):
    """A regular expression as PCRE spells it."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return pcre_regex(value)


class MysqlPath(Bound):
    """A JSON path of simple names: `$."profile"."theme"`."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return "$" + "".join(f'."{part}"' for part in value)


_MOST_NUMBERS = 4


class MysqlPaths(Bound):
    """A JSON path of any names as all that it can mean: a number is a place in a list or a name in a mapping.

    A list of `{"p": path, "g": [paths of what must be lists]}`; MariaDB takes a single value for a list of one, hence the latter. Names are
    written as `veiled` documents have them.
    """

    cache_ok = True

    def convert(self, value: Any) -> str:
        if sum(map(is_place, value)) > _MOST_NUMBERS:
            raise FilterError(
                f"The path {'.'.join(value)!r} has more than {_MOST_NUMBERS} numbers, which MariaDB cannot look up.",
                hint="Keep the data less deep, or use a field of its own.",
            )
        meanings: list[tuple[str, list[str]]] = [("$", [])]
        for part in value:
            names = [(f"{path}.{veil(dump(part))}", lists) for path, lists in meanings]
            if is_place(part):
                names += [(f"{path}[{int(part)}]", [*lists, path]) for path, lists in meanings]
            meanings = names
        return dump([{"p": path, "g": lists} for path, lists in meanings])


class MysqlSteps(Bound):
    """A JSON path that is to be changed, part by part: as a name (`k`, null where MariaDB cannot write it) and as a place (`i`, or null)."""

    cache_ok = True

    def convert(self, value: Any) -> str:
        return dump(
            [
                {
                    "k": None if part.startswith("-") else f".{dump(part)}",
                    "i": f"[{int(part)}]" if is_place(part) else None,
                }
                for part in value
            ]
        )


class MysqlParts(Bound):
    """What a document has to hold, as a flat list of demands `{"p": path, "k": kind, "v": value, "s": demands on an item}`.

    Kinds: `e` equals the value, `o` is a mapping, `a` is a list, `i` is a list with an item that meets the demands.
    """

    cache_ok = True
    most_depth = 3

    def convert(self, value: Any) -> str:
        return f"[{','.join(self._demands(value, '$', self.most_depth))}]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any]:
        return self.convert

    def _demands(self, value: Any, path: str, depth: int) -> list[str]:
        """Each as JSON text. A path is veiled once, and so is a value."""
        at = f'{{"p":{dump(path)},"k":'
        if isinstance(value, dict):
            if not value:
                return [f'{at}"o"}}']
            return [
                demand
                for name, item in value.items()
                for demand in self._demands(item, f"{path}.{veil(dump(name))}", depth)
            ]
        if isinstance(value, list):
            if value and not depth:
                raise FilterError(
                    f"$contains looks for lists within lists more than {self.most_depth} deep, which MariaDB cannot do.",
                    hint="Ask for less deep parts.",
                )
            items = [f'{at}"i","s":[{",".join(self._demands(item, "$", depth - 1))}]}}' for item in value]
            return [f'{at}"a"}}', *items]
        return [f'{at}"e","v":{veil(dump(value))}}}']


def veil(text: str) -> str:
    """JSON text in which no name begins with a hyphen, for MariaDB's paths cannot name one; equal before means equal after."""
    return text.replace('"_', '"__').replace('"-', '"_-')


VEILED = """REPLACE(REPLACE({0}, '"_', '"__'), '"-', '"_-')"""
UNVEILED = """REPLACE(REPLACE({0}, '"_-', '"-'), '"__', '"_')"""
"""The same in SQL, and back."""
