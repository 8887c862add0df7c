"""What can JSON say without loss? The canonical form of mappings and lists: deep copies, and a refusal by its path of what JSON would change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import orjson

from studio.kernel.errors import ValueRefused
from studio.models.refusals import refusal, shorten, text_fault
from studio.models.spec import INT_MAX, INT_MIN, FieldSpec, Kind

_JSON_FLAGS: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_ITEM_TYPES: Final[Mapping[Kind, frozenset[type]]] = {
    Kind.STR: frozenset({str}),
    Kind.INT: frozenset({int}),
    Kind.FLOAT: frozenset({float, int}),
    Kind.BOOL: frozenset({bool}),
    Kind.DICT: frozenset({dict}),
    Kind.LIST: frozenset({list}),
}


def dict_of(spec: FieldSpec, value: Any) -> dict[str, Any]:
    """A deep copy; keys are text."""
    if not isinstance(value, Mapping):
        raise refusal(spec, value)
    copied: dict[str, Any] = _json(spec, dict(value))
    return copied


def list_of(spec: FieldSpec, value: Any) -> list[Any]:
    """A deep copy of a list or tuple, its items of the kind that the field names, if it names one."""
    if not isinstance(value, list | tuple):
        raise refusal(spec, value)
    copied: list[Any] = _json(spec, list(value))
    allowed = _ITEM_TYPES.get(spec.item_kind) if spec.item_kind else None
    if allowed is not None:
        for place, item in enumerate(copied):
            if type(item) not in allowed:
                raise ValueRefused(
                    f'"{spec.name}" wants a list of {spec.item_kind}, but item {place + 1} is {shorten(item)}.',
                    hint="Mend the item, or declare the field as a plain list.",
                    field=spec.name,
                )
        if spec.item_kind is Kind.FLOAT:
            copied = [float(item) for item in copied]
    return copied


def _json(spec: FieldSpec, value: Any) -> Any:
    """A deep copy of what JSON can say; anything it would change on the way is refused by its path."""
    try:
        text = orjson.dumps(value, option=_JSON_FLAGS)
        copied = orjson.loads(text)
        if copied == value and b"\\u0000" not in text and _is_plain(copied, value):
            return copied
    except (orjson.JSONEncodeError, orjson.JSONDecodeError, RecursionError):
        pass
    return _json_slowly(spec, value, spec.name)


def _is_plain(copied: Any, value: Any) -> bool:
    """Equal is not enough: `True == 1` and `2.0 == 2` in Python."""
    if type(copied) is not type(value):
        return False
    if type(value) is dict:
        return all(_is_plain(copied[key], item) for key, item in value.items())
    if type(value) is list:
        return all(map(_is_plain, copied, value))
    return type(value) is not int or INT_MIN <= value <= INT_MAX


def _json_slowly(spec: FieldSpec, value: Any, path: str, depth: int = 0) -> Any:
    if depth > 200:
        raise _json_refusal(spec, path, "is nested too deeply", "Keep it within 200 levels.")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        fault = text_fault(text)
        if fault:
            raise _json_refusal(spec, path, fault, "Remove it.")
        return text
    if isinstance(value, int):
        if not INT_MIN <= value <= INT_MAX:
            raise _json_refusal(spec, path, "is a whole number of more than 64 bits", "Write it as text.")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _json_refusal(spec, path, f"is {value}", "JSON has only finite numbers; use None.")
        return float(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise _json_refusal(
                    spec, f"{path}[{shorten(key)}]", "has a key that is not text", "Use text keys."
                )
            if text_fault(key):
                raise _json_refusal(
                    spec, f"{path}[{shorten(key)}]", f"has a key that {text_fault(key)}", "Remove it."
                )
        return {
            str.__str__(key): _json_slowly(spec, item, f"{path}.{key}", depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_json_slowly(spec, item, f"{path}[{place}]", depth + 1) for place, item in enumerate(value)]
    raise _json_refusal(
        spec,
        path,
        f"is a {type(value).__name__}, which JSON cannot say",
        "Use text, numbers, true, false, None, lists and mappings.",
    )


def _json_refusal(spec: FieldSpec, path: str, fault: str, hint: str) -> ValueRefused:
    return ValueRefused(f'"{path}" {fault}.', hint=hint, field=spec.name)
