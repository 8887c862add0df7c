"""How does a statement with its values become what MariaDB takes? Lists grow their placeholders; literals where nothing can be bound.

A list of values is one argument in a compiled statement (`IN (?)`), because its length is not part of the statement's shape. `spread`
gives it as many placeholders as it has values, rounded up to a power of two by repeating the last one, so that few statements are prepared.
`written` writes values into the text, for the two cases in which the driver binds none: rows that are not to be held at once, and
more values than a statement has placeholders. Text and bytes are written as hexadecimal digits, so that nothing in them can end a literal.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from studio.query.sql_types import Several

MOST_PLACEHOLDERS: Final = 60_000
"""The protocol counts them in 16 bits."""
_PIECE = re.compile(
    r"""('(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|\#[^\n]*|/\*.*?\*/)|(\?)""", re.DOTALL
)


def spread(sql: str, args: Sequence[Any]) -> tuple[str, tuple[Any, ...]] | None:
    """The statement with a placeholder for each value of its lists; None when it would have too many."""
    if Several not in map(type, args):
        return sql, tuple(args)
    pieces = _pieces(sql)
    written = [pieces[0]]
    flat: list[Any] = []
    for arg, piece in zip(args, pieces[1:], strict=True):
        if type(arg) is Several:
            values = arg or [None]
            size = 1 << (len(values) - 1).bit_length()
            flat += [*values, *values[-1:] * (size - len(values))]
            written.append(", ".join("?" * size))
        else:
            flat.append(arg)
            written.append("?")
        written.append(piece)
    return ("".join(written), tuple(flat)) if len(flat) <= MOST_PLACEHOLDERS else None


def written(sql: str, args: Sequence[Any]) -> str:
    """The statement with its values in it."""
    if not args:
        return sql
    pieces = _pieces(sql)
    parts = [pieces[0]]
    for arg, piece in zip(args, pieces[1:], strict=True):
        parts += [", ".join(map(literal, arg or [None])) if type(arg) is Several else literal(arg), piece]
    return "".join(parts)


@lru_cache(maxsize=512)
def _pieces(sql: str) -> tuple[str, ...]:
    """The text between the placeholders; a question mark in quotes or a comment is none."""
    pieces, start = [], 0
    for found in _PIECE.finditer(sql):
        if found[2]:
            pieces.append(sql[start : found.start()])
            start = found.end()
    return (*pieces, sql[start:])


def literal(value: Any) -> str:
    """A value of the driver's types as MariaDB writes it."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value) if "e" in repr(value) else f"{value!r}e0"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, str):
        return f"_utf8mb4 X'{value.encode().hex()}'"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"X'{bytes(value).hex()}'"
    if isinstance(value, dt.datetime):
        return f"TIMESTAMP'{value.isoformat(' ')}'"
    if isinstance(value, dt.date):
        return f"DATE'{value.isoformat()}'"
    if isinstance(value, dt.time):
        return f"'{value.isoformat()}'"
    raise TypeError(f"MariaDB has no literal for a {type(value).__name__}")
