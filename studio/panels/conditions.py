"""How does a filter look as rows of a form? Filters that are one list of conditions, both ways; nested ones stay text.

What a filter means, and whether its fields exist, is `query`'s business.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from studio.panels.literals import LiteralRefused, format_literal, is_expression, parse_literal

Join = Literal["and", "or"]

LABELS: Final[Mapping[str, str]] = {
    "$eq": "=",
    "$ne": "≠",
    "$gt": ">",
    "$gte": "≥",
    "$lt": "<",
    "$lte": "≤",
    "$in": "is one of",
    "$nin": "is none of",
    "$between": "between",
    "$like": "like",
    "$ilike": "like (any case)",
    "$regex": "matches",
    "$startswith": "starts with",
    "$endswith": "ends with",
    "$contains": "contains",
    "$size": "has length",
    "$null": "is null",
    "$exists": "is not null",
}
"""What a form calls each operator. `$null` and `$exists` take no value here: false is written as the other one."""

VALUELESS: Final = frozenset({"$null", "$exists"})
LISTS: Final = frozenset({"$in", "$nin", "$between"})
_ANY: Final = ("$eq", "$ne", "$in", "$nin", "$null", "$exists")
_ORDERED: Final = ("$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$between", "$in", "$nin", "$null", "$exists")
_TEXTS: Final = (
    "$eq", "$ne", "$contains", "$startswith", "$endswith", "$like", "$ilike", "$regex", "$in", "$nin",
    "$gt", "$gte", "$lt", "$lte", "$between", "$null", "$exists",
)  # fmt: skip
_BY_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("int", "float", "decimal", "datetime", "date", "time", "timedelta"), _ORDERED),
    **dict.fromkeys(("str", "text"), _TEXTS),
    **dict.fromkeys(("bool", "bytes", "vector"), ("$eq", "$ne", "$null", "$exists")),
    "list": ("$contains", "$size", "$eq", "$null", "$exists"),
    "dict": ("$eq", "$null", "$exists"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One row: a field (or a JSON path), an operator, a value (None for those that take none)."""

    field: str
    operator: str = "$eq"
    value: Any = None


def operators_for(kind: str) -> tuple[str, ...]:
    """The operators that make sense for a field of a kind, the commonest first; all of them when the kind is not known."""
    return tuple(LABELS) if not kind else _BY_KIND.get(kind, _ANY)


def conditions_of(
    filter_: Any, kind_of: Callable[[str], str] = lambda _: ""
) -> tuple[Join, list[Condition]] | None:
    """The rows of a filter; None when it is nested deeper than rows can show, or is no mapping.

    `kind_of` gives a field's kind, empty where it is not known: a plain list is one value of a list or a vector, and several of any other.
    """
    if filter_ is None:
        return "and", []
    if not isinstance(filter_, Mapping):
        return None
    if set(filter_) == {"$or"}:
        return _joined("or", filter_["$or"], kind_of)
    if set(filter_) == {"$and"}:
        return _joined("and", filter_["$and"], kind_of)
    found: list[Condition] = []
    for field, wanted in filter_.items():
        rows = _of_field(field, wanted, kind_of)
        if rows is None:
            return None
        found += rows
    return "and", found


def _joined(join: Join, parts: Any, kind_of: Callable[[str], str]) -> tuple[Join, list[Condition]] | None:
    if not isinstance(parts, Sequence) or isinstance(parts, str):
        return None
    found: list[Condition] = []
    for part in parts:
        if not isinstance(part, Mapping) or len(part) != 1:
            return None
        ((field, wanted),) = part.items()
        rows = _of_field(field, wanted, kind_of)
        if rows is None or (join == "or" and len(rows) != 1):
            return None
        found += rows
    return join, found


def _of_field(field: Any, wanted: Any, kind_of: Callable[[str], str]) -> list[Condition] | None:
    if not isinstance(field, str) or field.startswith("$"):
        return None
    if wanted is None:
        return [Condition(field=field, operator="$null")]
    if isinstance(wanted, list | tuple):
        operator = "$eq" if kind_of(field) in ("list", "vector") else "$in"
        return [Condition(field=field, operator=operator, value=list(wanted))]
    if not isinstance(wanted, Mapping):
        return [Condition(field=field, operator="$eq", value=wanted)]
    if not wanted or not all(isinstance(name, str) and name.startswith("$") for name in wanted):
        return None
    found = []
    for operator, value in wanted.items():
        row = _of_operator(field, operator, value)
        if row is None:
            return None
        found.append(row)
    return found


def _of_operator(field: str, operator: str, value: Any) -> Condition | None:
    if operator in VALUELESS:
        if not isinstance(value, bool):
            return None
        opposite = {"$null": "$exists", "$exists": "$null"}
        return Condition(field=field, operator=operator if value else opposite[operator])
    if operator not in LABELS:
        return None
    if operator in LISTS and not (isinstance(value, list | tuple) or is_expression(value)):
        return None
    return Condition(field=field, operator=operator, value=list(value) if isinstance(value, tuple) else value)


def filter_of(join: Join, conditions: Sequence[Condition]) -> dict[str, Any]:
    """The filter of the rows, as flat as it can be; rows without a field are left out."""
    rows = [row for row in conditions if row.field]
    if join == "or" and len(rows) > 1:
        return {"$or": [{row.field: _wanted(row)} for row in rows]}
    flat: dict[str, Any] = {}
    for row in rows:
        wanted = _wanted(row)
        if row.field not in flat:
            flat[row.field] = wanted
            continue
        before = flat[row.field]
        mine = wanted if _is_operators(wanted) else {"$eq": wanted}
        others = before if _is_operators(before) else {"$eq": before}
        if set(mine) & set(others):
            return {"$and": [{each.field: _wanted(each)} for each in rows]}
        flat[row.field] = {**others, **mine}
    return flat


def _is_operators(wanted: Any) -> bool:
    return isinstance(wanted, Mapping) and bool(wanted) and all(str(name).startswith("$") for name in wanted)


def _wanted(row: Condition) -> Any:
    if row.operator in VALUELESS:
        return {row.operator: True}
    # A plain mapping or list would be read as something else than equality.
    if row.operator == "$eq" and not isinstance(row.value, Mapping | list | tuple) and row.value is not None:
        return row.value
    return {row.operator: row.value}


def parse_value(kind: str, operator: str, text: str) -> Any:
    """The value a row's text stands for: a list for the operators that take one. Raises LiteralRefused."""
    if is_expression(text):
        return text.strip()
    own = _value_kind(kind, operator)
    if operator not in LISTS:
        return parse_literal(own, text)
    if text.lstrip().startswith("["):
        return parse_literal("list", text)
    parts = [part.strip() for part in text.split(",")]
    values = [parse_literal(own, part) for part in parts if part]
    if operator == "$between" and len(values) != 2:
        raise LiteralRefused("Two values are wanted, such as 10, 20.")
    return values


def format_value(kind: str, operator: str, value: Any) -> str:
    """The text that `parse_value` reads back."""
    if value is None:
        return ""
    if is_expression(value):
        return str(value)
    own = _value_kind(kind, operator)
    if operator in LISTS and isinstance(value, list | tuple):
        texts = [format_literal(own, entry) for entry in value]
        plain = all(
            text and "," not in text and text == text.strip() and not text.startswith("[") for text in texts
        )
        if plain and _reads_back(kind, operator, ", ".join(texts), list(value)):
            return ", ".join(texts)
        return format_literal("list", list(value))
    return format_literal(own, value)


def _reads_back(kind: str, operator: str, text: str, value: Any) -> bool:
    try:
        return bool(parse_value(kind, operator, text) == value)
    except LiteralRefused:
        return False


def _value_kind(kind: str, operator: str) -> str:
    if operator == "$size":
        return "int"
    if operator in ("$like", "$ilike", "$regex", "$startswith", "$endswith"):
        return "str"
    if operator == "$contains":
        return "str" if kind in ("str", "text") else "any"
    if kind in ("enum", "uuid") or not kind:
        return "str" if kind else "any"
    return kind


def choice_values(choices: Sequence[Any]) -> list[Any]:
    """The values to choose from, enumeration members as what they store."""
    return [choice.value if isinstance(choice, enum.Enum) else choice for choice in choices]
