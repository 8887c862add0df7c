"""What do JSON values mean to a filter? Paths into documents, equality, order and containment, the same on every database.

A path is the tuple of its parts. A part that is a whole number is a place in a list (from the end when negative) or a name in a mapping.
Numbers are equal by value (1 is 1.0), true is not 1, lists by their items in order, mappings by their pairs in any order.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
import re
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from studio.kernel.errors import FilterError
from studio.query.conditions import Form

Path = tuple[str, ...]

_SIMPLE_PART = re.compile(r"[A-Za-z_][A-Za-z0-9_ \-]*")
_INDEX = re.compile(r"\s*[+-]?[0-9]{1,9}", re.ASCII)


class Absent(enum.Enum):
    """The type of `ABSENT`: the path leads nowhere, which is not the same as null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def is_plain(path: Path) -> bool:
    """Whether each part is a simple name, which every database looks up alike."""
    return all(_SIMPLE_PART.fullmatch(part) for part in path)


def is_place(part: str) -> bool:
    """Whether the part can be a place in a list."""
    return _INDEX.fullmatch(part) is not None


def value_at(document: Any, path: Sequence[str]) -> Any:
    """What stands at the path, or ABSENT."""
    for part in path:
        if isinstance(document, Mapping):
            if part not in document:
                return ABSENT
            document = document[part]
        elif isinstance(document, list | tuple):
            if not _INDEX.fullmatch(part):
                return ABSENT
            place = int(part)
            if not -len(document) <= place < len(document):
                return ABSENT
            document = document[place]
        else:
            return ABSENT
    return document


def operand(value: Any, *, field: str) -> tuple[Form, Any]:
    """A value as JSON says it, and what it can be compared with. Raises FilterError for what JSON cannot say."""
    if isinstance(value, enum.Enum):
        value = value.value
    if value is True or value is False:
        return "bool", value
    if isinstance(value, str):
        return "text", str.__str__(value)
    if isinstance(value, int | float | Decimal):
        return "number", _number(value, field)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return "text", value.isoformat()
    if isinstance(value, uuid.UUID):
        return "text", str(value)
    return "json", plain(value, field=field)


def is_finite(value: float | Decimal) -> bool:
    """Whether it is a number within a float's range. A signalling NaN does not become a float: it is asked by itself first."""
    if isinstance(value, Decimal) and not value.is_finite():
        return False
    return math.isfinite(value)


def _number(value: float | Decimal, field: str) -> int | float:
    if not isinstance(value, int) and not is_finite(value):
        raise FilterError(f"{value} is no number that JSON knows.", hint="Give a finite number.", field=field)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def plain(value: Any, *, field: str) -> Any:
    """A deep copy made of what JSON can say."""
    if value is None:
        return None
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise FilterError(
                    f"The key {key!r} is not text.", hint="JSON has only text keys.", field=field
                )
        return {str(key): plain(item, field=field) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, field=field) for item in value]
    if isinstance(value, str | bool | int | float | Decimal | enum.Enum | dt.date | dt.time | uuid.UUID):
        return operand(value, field=field)[1]
    raise FilterError(
        f"A {type(value).__name__} cannot be compared with JSON.",
        hint="Give text, numbers, true, false, null, lists and mappings.",
        field=field,
    )


def equal(left: Any, right: Any) -> bool:
    """Whether two JSON values are the same. ABSENT equals nothing."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping):
        return (
            isinstance(right, Mapping)
            and len(left) == len(right)
            and all(key in right and equal(item, right[key]) for key, item in left.items())
        )
    if isinstance(left, list | tuple):
        return isinstance(right, list | tuple) and len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, str) or isinstance(right, str):
        return isinstance(left, str) and isinstance(right, str) and left == right
    return bool(left == right)


def form_of(value: Any) -> Form:
    """What a JSON value can be compared with; empty for null and ABSENT."""
    if value is True or value is False:
        return "bool"
    if isinstance(value, str):
        return "text"
    if isinstance(value, int | float):
        return "number"
    return "json" if isinstance(value, Mapping | list | tuple) else ""


def holds(value: Any, wanted: Any) -> bool:
    """Whether `wanted` is a part of `value`: a mapping needs only the pairs asked for, a list only the items, to any depth."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(
            key in value and holds(value[key], item) for key, item in wanted.items()
        )
    if isinstance(wanted, list | tuple):
        return isinstance(value, list | tuple) and all(
            any(holds(item, one) for item in value) for one in wanted
        )
    return equal(value, wanted)


def contains(value: Any, wanted: Any) -> bool:
    """A list has an item that holds `wanted`; a text has a text in it; a mapping has a name, or holds a mapping."""
    if isinstance(value, list | tuple):
        return any(holds(item, wanted) for item in value)
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    if isinstance(value, Mapping):
        return (
            wanted in value
            if isinstance(wanted, str)
            else isinstance(wanted, Mapping) and holds(value, wanted)
        )
    return False
