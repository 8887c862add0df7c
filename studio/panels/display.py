"""How is a value shown in a cell, and what kind is it? Short texts for people; exact texts are `literals`' business."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from studio.panels.literals import format_duration, format_json

CELL_CHARACTERS: Final = 240
NUMBERS: Final = frozenset({"int", "float", "decimal"})


def kind_of(value: Any) -> str:
    """The name of a value's kind as fields name it; an empty string for None."""
    if value is None:
        return ""
    for types, name in _KINDS:
        if isinstance(value, types):
            return name
    return "any"


_KINDS: Final[Sequence[tuple[Any, str]]] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (Decimal, "decimal"),
    (Enum, "enum"),
    (str, "str"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
    (dt.time, "time"),
    (dt.timedelta, "timedelta"),
    (uuid.UUID, "uuid"),
    ((bytes, bytearray, memoryview), "bytes"),
    (Mapping, "dict"),
    ((list, tuple, set, frozenset), "list"),
)


def cell_text(value: Any) -> str:
    """One line, at most `CELL_CHARACTERS` long; NULL for None."""
    if isinstance(value, str):
        text = value
    elif value is None:
        return "NULL"
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, int | float | Decimal):
        return str(value)
    else:
        text = _long_text(value)
    if len(text) > CELL_CHARACTERS:
        text = text[: CELL_CHARACTERS - 1] + "…"
    return text.replace("\r\n", "↵").replace("\n", "↵").replace("\t", " ")


def _long_text(value: Any) -> str:
    if isinstance(value, Enum):
        return cell_text(value.value)
    if isinstance(value, dt.datetime):
        text = value.isoformat(sep=" ")
        return text.removesuffix("+00:00") + ("Z" if text.endswith("+00:00") else "")
    if isinstance(value, dt.timedelta):
        return format_duration(value)
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value[:24])
        return f"{len(value):,} B  {data.hex(' ')}" + ("…" if len(value) > 24 else "")
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return format_json(value, indent=None)
    return str(value)


def full_text(value: Any) -> str:
    """The whole value as text, over several lines where it has them; what "Copy cell" copies."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Enum):
        return full_text(value.value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex(" ")
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        return format_json(value)
    return cell_text(value)


def duration_text(duration_ms: float | None) -> str:
    """`<1 ms`, `2.4 ms`, `12 ms`, `3.4 s`, `2 min 05 s`; an empty string when unknown."""
    if duration_ms is None:
        return ""
    if duration_ms < 1:
        return "<1 ms"
    if duration_ms < 10:
        return f"{duration_ms:.1f} ms"
    if duration_ms < 1000:
        return f"{duration_ms:.0f} ms"
    seconds = duration_ms / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02d} s"


def short_count(count: int) -> str:
    """`950`, `12k`, `3.4M`: a row count that fits beside a name."""
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if count >= size:
            scaled = count / size
            return f"{scaled:.1f}{letter}" if scaled < 10 and count % size else f"{scaled:.0f}{letter}"
    return str(count)
