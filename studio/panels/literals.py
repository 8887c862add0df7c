"""How is a value typed and shown as text in a form? Parsing and formatting by kind, without any widget.

What a field allows beyond its kind (length, limits, choices) is `workflow.checks`' business.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import json
import math
import re
import uuid
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import Enum
from typing import Any

_DURATION = re.compile(
    r"^(?P<sign>-)?(?:(?P<days>\d+)\s*d(?:ays?)?,?\s*)?(?:(?P<hours>\d+):(?P<minutes>\d{2})(?::(?P<seconds>\d{2}(?:\.\d+)?))?)?$"
)
_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


class LiteralRefused(ValueError):
    """The text is no value of that kind; the message says what is wanted, with an example."""


def is_expression(value: Any) -> bool:
    """Whether a param holds an expression: a text that is wholly `{{ … }}`."""
    return isinstance(value, str) and value.strip().startswith("{{") and value.strip().endswith("}}")


def parse_literal(kind: str, text: str) -> Any:
    """The value that `text` writes down; raises LiteralRefused. An empty text is the empty string for `str` and `text`."""
    parser = _PARSERS.get(kind, _parse_any)
    return parser(text)


def format_literal(kind: str, value: Any) -> str:
    """The text that `parse_literal` reads back as `value`."""
    if value is None:
        return ""
    if kind in ("str", "text", "enum") and isinstance(value, str):
        return value
    if isinstance(value, Enum):
        return str(value.value)
    if kind in ("dict", "list", "vector", "record") or isinstance(value, Mapping | list | tuple):
        return format_json(value)
    if kind == "any":
        return _format_any(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        return format_duration(value)
    if isinstance(value, Decimal):
        return format(value, "f") if abs(value.adjusted()) < 30 else str(value)
    return str(value)


def format_duration(value: dt.timedelta) -> str:
    """`1 d 02:03:04.5`; negative durations begin with a minus."""
    sign = "-" if value < dt.timedelta(0) else ""
    value = abs(value)
    hours, rest = divmod(value.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    fraction = f".{value.microseconds:06d}".rstrip("0") if value.microseconds else ""
    days = f"{value.days} d " if value.days else ""
    return f"{sign}{days}{hours:02d}:{minutes:02d}:{seconds:02d}{fraction}"


def parse_json(text: str) -> Any:
    """JSON, in which `{"$decimal": "1.20"}` and its kin stand for values that JSON lacks. Raises LiteralRefused with line and column."""
    try:
        return json.loads(text, object_hook=_untag, parse_constant=_refuse_constant)
    except json.JSONDecodeError as fault:
        raise LiteralRefused(f"{fault.msg} (line {fault.lineno}, column {fault.colno})") from fault
    except (InvalidOperation, binascii.Error, TypeError) as fault:
        raise LiteralRefused(f"A tagged value cannot be read: {fault}") from fault


def format_json(value: Any, *, indent: int | None = 2) -> str:
    """JSON that `parse_json` reads back exactly; short values stay on one line."""
    flat = json.dumps(value, default=_tag, ensure_ascii=False)
    if indent is None or len(flat) <= 60:
        return flat
    return json.dumps(value, default=_tag, ensure_ascii=False, indent=indent)


def parse_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.replace(":", " ").removeprefix("0x"))
    except ValueError as fault:
        raise LiteralRefused("Not hexadecimal: two digits for each byte, such as 0a ff.") from fault


def _parse_int(text: str) -> int:
    cleaned = text.strip().replace("_", "").replace(" ", "")
    try:
        return int(cleaned)
    except ValueError as fault:
        raise LiteralRefused("Not a whole number, such as 42.") from fault


def _parse_float(text: str) -> float:
    try:
        value = float(text.strip().replace("_", ""))
    except ValueError as fault:
        raise LiteralRefused("Not a number, such as 3.14.") from fault
    if not math.isfinite(value):
        raise LiteralRefused("Not a finite number.")
    return value


def _parse_decimal(text: str) -> Decimal:
    try:
        value = Decimal(text.strip().replace("_", ""))
    except InvalidOperation as fault:
        raise LiteralRefused("Not a decimal number, such as 19.90.") from fault
    if not value.is_finite():
        raise LiteralRefused("Not a finite number.")
    return value


def _parse_bool(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in ("true", "yes", "on", "1"):
        return True
    if lowered in ("false", "no", "off", "0"):
        return False
    raise LiteralRefused("Write true or false.")


def _parse_datetime(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text.strip())
    except ValueError as fault:
        raise LiteralRefused("Not a date and time, such as 2026-01-31 14:30.") from fault


def _parse_date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as fault:
        raise LiteralRefused("Not a date, such as 2026-01-31.") from fault


def _parse_time(text: str) -> dt.time:
    try:
        return dt.time.fromisoformat(text.strip())
    except ValueError as fault:
        raise LiteralRefused("Not a time of day, such as 14:30.") from fault


def _parse_timedelta(text: str) -> dt.timedelta:
    stripped = text.strip()
    short = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(s|min|m|h|d)", stripped)
    if short:
        return dt.timedelta(seconds=float(short[1]) * _UNITS[short[2]])
    found = _DURATION.fullmatch(stripped)
    if not stripped or not found or not any(found[part] for part in ("days", "hours")):
        raise LiteralRefused("Not a duration, such as 1 d 02:30:00, 90 s or 5 min.")
    value = dt.timedelta(
        days=int(found["days"] or 0),
        hours=int(found["hours"] or 0),
        minutes=int(found["minutes"] or 0),
        seconds=float(found["seconds"] or 0),
    )
    return -value if found["sign"] else value


def _parse_bytes(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as fault:
        raise LiteralRefused("Not base64.") from fault


def _parse_uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text.strip())
    except ValueError as fault:
        raise LiteralRefused("Not a UUID: 32 hexadecimal digits in five groups.") from fault


def _parse_mapping(text: str) -> dict[str, Any]:
    value = parse_json(text)
    if not isinstance(value, dict):
        raise LiteralRefused('A JSON object is wanted, such as {"name": "value"}.')
    return value


def _parse_list(text: str) -> list[Any]:
    value = parse_json(text)
    if not isinstance(value, list):
        raise LiteralRefused("A JSON list is wanted, such as [1, 2].")
    return value


def _parse_any(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return parse_json(text)
    except LiteralRefused:
        if text.lstrip()[:1] in ("{", "[", '"'):
            raise
        return text


def _format_any(value: Any) -> str:
    if isinstance(value, str):
        try:
            parse_json(value)
        except LiteralRefused:
            if value.lstrip()[:1] not in ("{", "[", '"'):
                return value
        return json.dumps(value, ensure_ascii=False)
    return format_json(value)


def _refuse_constant(name: str) -> Any:
    raise LiteralRefused(f"{name} is not a JSON number.")


def _tag(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, dt.datetime):
        return {"$datetime": value.isoformat()}
    if isinstance(value, dt.date):
        return {"$day": value.isoformat()}
    if isinstance(value, dt.time):
        return {"$time": value.isoformat()}
    if isinstance(value, dt.timedelta):
        return {"$duration": format_duration(value)}
    if isinstance(value, uuid.UUID):
        return {"$uuid": str(value)}
    if isinstance(value, bytes | bytearray):
        return {"$bytes": base64.b64encode(bytes(value)).decode("ascii")}
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


_TAGS: Mapping[str, Any] = {
    "$decimal": Decimal,
    "$datetime": dt.datetime.fromisoformat,
    "$day": dt.date.fromisoformat,
    "$time": dt.time.fromisoformat,
    "$duration": _parse_timedelta,
    "$uuid": uuid.UUID,
    "$bytes": _parse_bytes,
}


def _untag(mapping: dict[str, Any]) -> Any:
    if len(mapping) == 1:
        ((name, inner),) = mapping.items()
        if name in _TAGS and isinstance(inner, str):
            try:
                return _TAGS[name](inner)
            except LiteralRefused:
                raise
            except ValueError as fault:
                raise LiteralRefused(f"{name}: {fault}") from fault
    return mapping


_PARSERS: Mapping[str, Any] = {
    "int": _parse_int,
    "float": _parse_float,
    "decimal": _parse_decimal,
    "str": str,
    "text": str,
    "enum": str,
    "bool": _parse_bool,
    "datetime": _parse_datetime,
    "date": _parse_date,
    "time": _parse_time,
    "timedelta": _parse_timedelta,
    "bytes": _parse_bytes,
    "uuid": _parse_uuid,
    "dict": _parse_mapping,
    "record": _parse_mapping,
    "list": _parse_list,
    "vector": _parse_list,
    "any": _parse_any,
}
