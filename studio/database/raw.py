"""How is a person's own SQL run? `:name` parameters become the driver's, values its types, rows become records.

Left out: whether the statement is any good; the database says that.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from studio.database.dialect import Row
from studio.database.results import Rows
from studio.kernel.errors import StatementRefused, ValueRefused
from studio.kernel.names import did_you_mean

_CONTROLS = frozenset(
    {
        "ABORT",
        "ATTACH",
        "BEGIN",
        "COMMIT",
        "DETACH",
        "END",
        "PREPARE",
        "RELEASE",
        "ROLLBACK",
        "SAVEPOINT",
        "START",
    }
)
_READING = frozenset({"SELECT", "VALUES", "TABLE", "SHOW"})
_COMMENT = re.compile(r"\s*(--[^\n]*(\n|$)|/\*.*?\*/)", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)"""
    r"""|(?P<cast>::)|:(?P<name>[A-Za-z_]\w*)""",
    re.DOTALL,
)


def prepare(sql: str, params: Mapping[str, Any], dialect: str) -> tuple[str, list[Any]]:
    """The text with positional parameters, and their values in the driver's types.

    Text in quotes, comments and `::casts` are left alone. Raises ValueRefused when a parameter has no value or a value no parameter.
    """
    if not sql.strip():
        raise ValueRefused("There is no SQL to run.", hint="Write a statement.", field="sql")
    order: list[str] = []
    arguments: list[Any] = []

    def place(found: re.Match[str]) -> str:
        name = found["name"]
        if name is None:
            return found[0]
        if name not in params:
            raise ValueRefused(
                f"The SQL uses :{name}, which has no value.",
                hint=did_you_mean(name, params) or f"Give the parameter {name!r} a value.",
                field="params",
            )
        if dialect in ("sqlite", "mysql"):
            order.append(name)
            arguments.append(stored_value(params[name]) if dialect == "sqlite" else mysql_value(params[name]))
            return "?"
        if name not in order:
            order.append(name)
            arguments.append(native_value(params[name]))
        return f"${order.index(name) + 1}"

    text = _TOKEN.sub(place, sql.strip().rstrip(";"))
    unused = [name for name in params if name not in order]
    if unused:
        raise ValueRefused(
            f"The SQL does not use the parameter {unused[0]!r}.",
            hint=f"Write :{unused[0]} where its value belongs, or remove it.",
            field="params",
        )
    return text, arguments


def first_word(sql: str) -> str:
    """The statement's first word in capitals; one that would begin or end a transaction is refused."""
    text = sql
    while found := _COMMENT.match(text):
        text = text[found.end() :]
    word = re.match(r"\s*\(*\s*(\w*)", text)
    first = word[1].upper() if word else ""
    if first in _CONTROLS:
        raise StatementRefused(
            f"{first} cannot be run here: transactions and files belong to the run.",
            hint="Run the workflow in the mode atomic instead.",
        )
    return first


def only_reads(sql: str) -> bool:
    """Whether a statement changes nothing, as far as its first word tells: a function that it calls may all the same."""
    return first_word(sql) in _READING


def rows_from(
    columns: Sequence[str], rows: Sequence[Row], affected: int | None, sql: str, max_rows: int | None
) -> Rows:
    """Records of a statement's rows; columns of the same name get a number."""
    names: list[str] = []
    for column in columns:
        name, number = column, 2
        while name in names:
            name, number = f"{column}_{number}", number + 1
        names.append(name)
    has_more = max_rows is not None and len(rows) > max_rows
    shown = rows[:max_rows] if has_more else rows
    return Rows(
        [dict(zip(names, row, strict=True)) for row in shown],
        has_more=has_more,
        sql=sql,
        affected=affected,
        columns=tuple(names),
    )


def stored_value(value: Any) -> Any:
    """As SQLite keeps it in Studio's own tables."""
    if isinstance(value, enum.Enum):
        value = value.value
    if isinstance(value, dt.datetime):
        if value.tzinfo is not None:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        return value.isoformat(" ", "microseconds")
    if isinstance(value, dt.time):
        return value.isoformat("microseconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, dict | list | tuple):
        return _json(value)
    return value


def _json(value: Any) -> str:
    """A list or mapping as JSON text; raises ValueRefused for what JSON cannot say."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError as error:
        raise ValueRefused(
            f"A list or mapping among the values of the SQL cannot be said in JSON: {error}.",
            hint="Give text, numbers, true, false, null, lists and mappings with names of text.",
        ) from None


def mysql_value(value: Any) -> Any:
    """As MariaDB keeps it in Studio's own tables: moments in UTC without a zone, the rest as in SQLite."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo is not None else value
    return value if isinstance(value, dt.date | Decimal) else stored_value(value)


def native_value(value: Any) -> Any:
    """As asyncpg takes it: it knows all our types but enumerations and mappings."""
    if isinstance(value, enum.Enum):
        return value.value
    return _json(value) if isinstance(value, dict) else value
