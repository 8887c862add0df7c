"""Are many values canonical already? One look at all of them, where a checker would be called for each.

A canonical value is what a checker makes of a value (see `values`); of most kinds it is told by its class and, for some, its range.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from array import array
from collections.abc import Collection, Mapping
from typing import Any, Final

from studio.models.spec import Kind

_CLASSES: Final[Mapping[Kind, type]] = {
    Kind.INT: int,
    Kind.FLOAT: float,
    Kind.STR: str,
    Kind.TEXT: str,
    Kind.BOOL: bool,
    Kind.BYTES: bytes,
    Kind.DATE: dt.date,
    Kind.UUID: uuid.UUID,
}


def are_canonical(kind: Kind, values: Collection[Any]) -> bool:
    """Whether all values are canonical, constraints aside. False also means that it cannot be told at a glance."""
    wanted = _CLASSES.get(kind)
    if wanted is None or set(map(type, values)) != {wanted}:
        return False
    if wanted is int:
        return _fit(values)
    if wanted is float:
        return math.isfinite(sum(values))
    if wanted is str:
        text = "".join(values)
        return text.isascii() and "\0" not in text
    return True


def _fit(numbers: Collection[int]) -> bool:
    """Whether each has at most 64 bits."""
    try:
        array("q", numbers)
    except OverflowError:
        return False
    return True
