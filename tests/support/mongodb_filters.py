"""How would MongoDB be asked what a filter of Studio's asks, and how would it keep the record?

Operators that both have are handed over by their names, so that the two meanings meet; what only Studio has is said in MongoDB's other
words. Where the two differ by design (`docs/decisions/filters-mean-the-same-everywhere.md`), `Differs` is raised: that list is here, and
it is all that a comparison leaves out.
"""

import datetime as dt
import enum
import operator
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from bson import Binary, Decimal128

Question = dict[str, Any]

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NATIVE: Final = frozenset({"$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$exists"})
_ORDER: Final = frozenset({"$gt", "$gte", "$lt", "$lte", "$between"})
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "$eq": operator.eq, "$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le,
    "$in": lambda count, wanted: count in wanted,
}  # fmt: skip
_LONGEST: Final = 8
"""No list of a compared record has as many items."""


class Differs(Exception):
    """MongoDB means something else by it, or has no words for it."""


def stored(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as a document. A field that is null is left out: a column cannot be missing, so `$exists` asks whether it is null."""
    return {name: kept(value) for name, value in record.items() if value is not None}


def kept(value: Any) -> Any:
    """A value in a form that MongoDB holds without loss, ordered as the value is."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Mapping):
        # To MongoDB {"a": 1, "b": 2} is not {"b": 2, "a": 1}.
        return {name: kept(value[name]) for name in sorted(value)}
    if isinstance(value, list | tuple):
        return [kept(item) for item in value]
    if isinstance(value, Decimal):
        return Decimal128(value)
    if isinstance(value, dt.datetime):
        # Its own moments are of milliseconds.
        return (value - _EPOCH) // dt.timedelta(microseconds=1)
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    if isinstance(value, bytes):
        return Binary(value)
    if isinstance(value, uuid.UUID):
        return Binary.from_uuid(value)
    return value


def asked(filter: Mapping[str, Any], lists: frozenset[str]) -> Question:
    """A filter as MongoDB reads it. `lists` are the fields that hold lists; raises Differs."""
    parts = [_term(name, value, lists) for name, value in filter.items()]
    return parts[0] if len(parts) == 1 else {"$and": parts} if parts else {}


def _term(name: str, value: Any, lists: frozenset[str]) -> Question:
    if name == "$not":
        return {"$nor": [asked(value, lists)]}
    if name in ("$and", "$or", "$nor"):
        if not value:
            raise Differs("An empty list of filters is refused.")
        return {name: [asked(part, lists) for part in value]}
    head, _, path = name.partition(".")
    if head in lists and re.search(r"(^|\.)-\d", path):
        raise Differs("Places are not counted from the end.")
    if isinstance(value, Mapping) and value and all(key.startswith("$") for key in value):
        if set(value) == {"$date"}:
            raise Differs("There are no relative dates.")
        parts = [_operator(name, key, operand, lists) for key, operand in value.items()]
        if all(list(part) == [name] and isinstance(part[name], Mapping) for part in parts):
            # Side by side on one field, as people write them.
            return {name: {key: operand for part in parts for key, operand in part[name].items()}}
        return {"$and": parts}
    if isinstance(value, list | tuple) and name not in lists:
        return _operator(name, "$in", value, lists)
    return _operator(name, "$eq", value, lists)


def _operator(name: str, key: str, operand: Any, lists: frozenset[str]) -> Question:
    if key == "$not":
        parts = [_operator(name, inner, value, lists) for inner, value in operand.items()]
        if len(parts) == 1 and list(parts[0]) == [name]:
            return {name: {"$not": parts[0][name]}}
        return {"$nor": [{"$and": parts}]}
    _refuse_what_differs(name, key, operand, lists)
    if key in _NATIVE:
        return {name: {key: kept(operand)}}
    if key == "$size":
        return _size(name, operand)
    if key == "$contains" and name in lists:
        return {name: {"$elemMatch": {"$eq": kept(operand)}}}
    return {name: _SAID_OTHERWISE[key](operand)}


def _refuse_what_differs(name: str, key: str, operand: Any, lists: frozenset[str]) -> None:
    """Raises Differs."""
    several = operand if key in ("$in", "$nin") else [operand]
    asks_for_null = key == "$null" or None in several
    head, dot, _ = name.partition(".")
    if dot and head in lists and asks_for_null:
        raise Differs("A place that a list lacks is no null, and items are asked for a name like the place.")
    if name in lists and key != "$size" and any(isinstance(one, Mapping) for one in several):
        raise Differs("A mapping in a list is found only as a whole.")
    if name in lists and key != "$contains" and asks_for_null:
        raise Differs("A list that holds null is found like none at all.")
    if isinstance(operand, Mapping) and "$date" in operand:
        raise Differs("There are no relative dates.")
    if key in _ORDER and _is_binary(operand):
        raise Differs("Bytes are ordered by their number first.")
    if key == "$ilike" or (key == "$regex" and "(?i)" in operand):
        raise Differs("Letters fold by tables of its own.")
    if (
        key == "$contains"
        and name not in lists
        and (dot or not isinstance(operand, str) or name == "profile")
    ):
        raise Differs("Nothing looks into text, lists and mappings alike.")


def _is_binary(operand: Any) -> bool:
    return any(isinstance(one, bytes) for one in (operand if isinstance(operand, list) else [operand]))


def _like(pattern: str) -> str:
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    return "".join({"%": ".*", "_": "."}.get(part, re.escape(part[-1])) for part in parts)


def _size(name: str, operand: Any) -> Question:
    """MongoDB compares the number of items with one number only; several are asked for one by one."""
    if not isinstance(operand, Mapping):
        return {name: {"$size": operand}}
    parts = []
    for name_of_test, wanted in operand.items():
        key = str(name_of_test)
        positive = {"$ne": "$eq", "$nin": "$in"}.get(key, key)
        counts = [count for count in range(_LONGEST) if _COMPARE[positive](count, wanted)]
        found = {"$or": [{name: {"$size": count}} for count in counts or [_LONGEST]]}
        parts.append(found if positive == key else {"$nor": [found]})
    return {"$and": parts}


_SAID_OTHERWISE: Final[Mapping[str, Callable[[Any], Question]]] = {
    "$regex": lambda source: {"$regex": re.sub(r"\\u([0-9a-f]{4})", r"\\x{\1}", source)},
    "$null": lambda wanted: {"$eq" if wanted else "$ne": None},
    "$between": lambda bounds: {"$gte": kept(bounds[0]), "$lte": kept(bounds[1])},
    "$like": lambda pattern: {"$regex": r"\A" + _like(pattern) + r"\z", "$options": "s"},
    "$startswith": lambda text: {"$regex": r"\A" + re.escape(text)},
    "$endswith": lambda text: {"$regex": re.escape(text) + r"\z"},
    "$contains": lambda text: {"$regex": re.escape(text)},
}
