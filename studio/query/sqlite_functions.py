"""Which functions does SQLite lack that Studio's SQL calls? Data for whoever opens connections: register all of it on each one.

`FUNCTIONS` and `AGGREGATES` are for `create_function` and `create_aggregate`, `COLLATIONS` for `create_collation`. Null in, null out.
A function that raises makes the statement fail with "user-defined function raised exception".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from studio.query.decimals import (
    EXACT,
    DecimalAverage,
    DecimalSum,
    StandardDeviation,
    collate_decimals,
    fit,
    to_decimal,
    to_text,
)
from studio.query.document_changes import grown, pulled, pushed, set_at, unset_at
from studio.query.documents import ABSENT, contains, equal, value_at
from studio.query.patterns import fold, like_matcher, regex_matcher
from studio.query.sql_types import dump

# ------------------------------------------------------------------ text


def _ilike(pattern: str | None, text: Any) -> int | None:
    if pattern is None or text is None:
        return None
    return int(like_matcher(_folded(pattern))(fold(str(text))))


_folded = lru_cache(maxsize=256)(fold)


def _regex(pattern: str | None, text: Any) -> int | None:
    return None if pattern is None or text is None else int(regex_matcher(pattern)(str(text)))


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else bytes.fromhex(value)


def _float(value: str | None) -> float | None:
    return None if value is None else float(value)


# ------------------------------------------------------------------ JSON: reading

_operand: Callable[[str], Any] = lru_cache(maxsize=256)(json.loads)
"""Parsed once per value, not once per row; nobody changes what it gives."""


def _found(document: str | None, parts: str) -> Any:
    return ABSENT if document is None else value_at(json.loads(document), _operand(parts))


def _at(document: str | None, parts: str) -> str | None:
    value = _found(document, parts)
    return None if value is ABSENT else dump(value)


def _eq(document: str | None, parts: str, wanted: str) -> int | None:
    value = _found(document, parts)
    return None if value is ABSENT else int(equal(value, _operand(wanted)))


def _in(document: str | None, parts: str, wanted: str) -> int | None:
    value = _found(document, parts)
    return None if value is ABSENT else int(any(equal(value, one) for one in _operand(wanted)))


def _contains(document: str | None, parts: str, wanted: str) -> int | None:
    value = _found(document, parts)
    return None if value is ABSENT else int(contains(value, _operand(wanted)))


# ------------------------------------------------------------------ JSON: changing

_exact_loads = json.JSONDecoder(parse_float=Decimal).decode
"""Digits stay as they are written: a document is changed in one place only."""


def _changing(change: Callable[..., Any]) -> Callable[..., str | None]:
    def apply(document: str | None, *operands: str) -> str | None:
        read = None if document is None else _exact_loads(document)
        changed = change(read, *map(_exact_loads, operands))
        return None if changed is None else dump_exactly(changed)

    return apply


def dump_exactly(value: Any) -> str:
    """JSON text in which Decimals are numbers with all their digits."""
    if isinstance(value, Decimal):
        _, _, exponent = value.as_tuple()
        # A float from 1e16 on is written with an exponent: written out, it would be read as a whole number.
        is_short = isinstance(exponent, int) and exponent <= 0 and -40 < value.adjusted() < 40
        return to_text(value) if is_short else str(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{dump(str(key))}:{dump_exactly(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dump_exactly, value)) + "]"
    return dump(value)


# ------------------------------------------------------------------ decimals


def _add(left: Any, right: Any) -> str | None:
    if left is None or right is None:
        return None
    return to_text(EXACT.add(to_decimal(left), to_decimal(right)))


def _multiply(left: Any, right: Any) -> str | None:
    if left is None or right is None:
        return None
    return to_text(EXACT.multiply(to_decimal(left), to_decimal(right)))


def _fit(value: Any, precision: int | None, places: int | None) -> str | None:
    return None if value is None else to_text(fit(to_decimal(value), precision, places))


# ------------------------------------------------------------------ the lists

Function = Callable[..., Any]

FUNCTIONS: Final[Mapping[str, tuple[int, Function, bool]]] = {
    "studio_ilike": (2, _ilike, True),
    "studio_regex": (2, _regex, True),
    "studio_bytes": (1, _bytes, True),
    "studio_float": (1, _float, True),
    "studio_json_at": (2, _at, True),
    "studio_json_eq": (3, _eq, True),
    "studio_json_in": (3, _in, True),
    "studio_json_contains": (3, _contains, True),
    "studio_json_set": (3, _changing(set_at), True),
    "studio_json_unset": (2, _changing(unset_at), True),
    "studio_json_push": (3, _changing(pushed), True),
    "studio_json_pull": (3, _changing(pulled), True),
    "studio_json_grow": (4, _changing(grown), True),
    "dec_add": (2, _add, True),
    "dec_mul": (2, _multiply, True),
    "dec_fit": (3, _fit, True),
}
"""Name → how many arguments, what to call, whether equal arguments give equal results."""

AGGREGATES: Final[Mapping[str, tuple[int, type[Any]]]] = {
    "dec_sum": (1, DecimalSum),
    "dec_avg": (1, DecimalAverage),
    "studio_stddev": (1, StandardDeviation),
}
"""Name → how many arguments, a class with `step` and `finalize`."""

COLLATIONS: Final[Mapping[str, Callable[[str, str], int]]] = {"STUDIO_DECIMAL": collate_decimals}
