"""What does a card say about its params in one line? Plain text; where it is cut off is the painter's business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from studio.workflow.graph import REFERRING, Node

LONGEST = 160
"""No card has room for more characters."""

_SIGNS = {
    "$eq": "=", "$ne": "≠", "$gt": ">", "$gte": "≥", "$lt": "<", "$lte": "≤", "$in": "in", "$nin": "not in", "$like": "like",
    "$ilike": "like", "$regex": "matches", "$startswith": "starts with", "$endswith": "ends with", "$contains": "contains",
    "$between": "between", "$size": "size",
}  # fmt: skip
_FILTERS = ("filter", "conditions", "where", "having")
_FIELDS = ("fields", "data", "update", "set", "create")
_QUIET = frozenset({"db_instance", "model_name", "if_missing", "batch_size", "cache_key", "cache_ttl"})


_TITLE = frozenset({"workflow"})
"""Of a node that runs another workflow: its title says it."""


def _quiet(node: Node) -> frozenset[str]:
    return _QUIET | _TITLE if node.type in REFERRING else _QUIET


def has_summary(node: Node) -> bool:
    """Whether the card has a line of params at all."""
    quiet = _quiet(node)
    return any(
        name not in quiet and value not in (None, "", {}, []) for name, value in _plain(node.params).items()
    )


def summary(node: Node) -> str:
    """The params in one line, the telling ones first: `status = active · by -created_at · at most 20`."""
    parts: list[str] = []
    params, quiet = _plain(node.params), _quiet(node)
    for name, value in params.items():
        if name in quiet or value in (None, "", {}, []):
            continue
        if name in _FILTERS and isinstance(value, Mapping):
            parts.insert(0, filter_text(value))
        elif name in _FIELDS and isinstance(value, Mapping):
            parts.append(_assignments(value))
        elif name == "order_by":
            parts.append(
                "by " + (", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value))
            )
        elif name == "limit":
            parts.append(f"at most {value}")
        elif name in ("sql", "code", "expression", "condition"):
            parts.insert(0, " ".join(str(value).split()))
        else:
            parts.append(f"{name} = {value_text(value)}")
        if sum(map(len, parts)) > LONGEST:
            break
    return " · ".join(parts)[:LONGEST]


def filter_text(conditions: Mapping[str, Any]) -> str:
    """A filter in words: `status = active, total > 10`."""
    parts: list[str] = []
    for name, value in conditions.items():
        if name in ("$and", "$or", "$nor") and isinstance(value, list | tuple):
            joint = " or " if name == "$or" else ", "
            inner = joint.join(filter_text(part) for part in value if isinstance(part, Mapping))
            parts.append(f"not ({inner})" if name == "$nor" else inner)
        elif name == "$not" and isinstance(value, Mapping):
            parts.append(f"not ({filter_text(value)})")
        elif isinstance(value, Mapping) and value and all(str(key).startswith("$") for key in value):
            parts.extend(_comparison(name, sign, wanted) for sign, wanted in value.items())
        elif value is None:
            parts.append(f"{name} is empty")
        elif isinstance(value, list | tuple):
            parts.append(f"{name} in {value_text(value)}")
        else:
            parts.append(f"{name} = {value_text(value)}")
    return ", ".join(parts)


def _comparison(name: str, sign: str, wanted: Any) -> str:
    if sign in ("$exists", "$null"):
        is_empty = bool(wanted) == (sign == "$null")
        return f"{name} is {'empty' if is_empty else 'set'}"
    return f"{name} {_SIGNS.get(sign, sign.lstrip('$'))} {value_text(wanted)}"


def _assignments(values: Mapping[str, Any]) -> str:
    """The fields and what becomes of them; an operator may stand around several fields or within one."""
    parts: list[str] = []
    for name, value in values.items():
        if name.startswith("$") and isinstance(value, Mapping):
            parts.extend(f"{key} = {_changed(name, inner)}" for key, inner in value.items())
        elif isinstance(value, Mapping) and len(value) == 1 and next(iter(value)).startswith("$"):
            ((operator, inner),) = value.items()
            parts.append(f"{name} = {_changed(operator, inner)}")
        else:
            parts.append(f"{name} = {value_text(value)}")
    return ", ".join(parts)


def _changed(operator: str, value: Any) -> str:
    word = {"$set": "", "$inc": "+", "$multiply": "×"}.get(operator, operator.lstrip("$") + " ")
    return f"{word}{value_text(value)}"


def value_text(value: Any) -> str:
    """A value as a person would write it, at most 48 characters."""
    if isinstance(value, str):
        text = " ".join(value.split())
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, Mapping):
        text = "{" + ", ".join(f"{key}: {value_text(inner)}" for key, inner in list(value.items())[:4]) + "}"
    elif isinstance(value, list | tuple):
        shown = ", ".join(value_text(inner) for inner in list(value)[:4])
        text = f"{shown}, … ({len(value)})" if len(value) > 4 else shown
    elif isinstance(value, bytes):
        text = f"{len(value)} bytes"
    elif isinstance(value, dt.datetime):
        text = value.isoformat(" ", "seconds")
    elif isinstance(value, int | float | Decimal | dt.date | dt.time | dt.timedelta):
        text = str(value)
    else:
        text = str(value)
    return text if len(text) <= 48 else text[:47] + "…"


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params with `{"$literal": x}` taken for x."""
    return {
        name: value["$literal"] if isinstance(value, Mapping) and set(value) == {"$literal"} else value
        for name, value in params.items()
    }
