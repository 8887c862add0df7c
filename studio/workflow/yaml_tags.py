"""How do values that YAML has no word for stand in a text? The tags that the writer and the reader share: `!decimal "1.20"`, `!date "2026-01-31"`."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

STANDARD: Final = "tag:yaml.org,2002:"
_DURATION: Final = re.compile(r"P(-?\d+)DT(\d+)(?:\.(\d{6}))?S")


def _write_duration(value: dt.timedelta) -> str:
    micros = f".{value.microseconds:06d}" if value.microseconds else ""
    return f"P{value.days}DT{value.seconds}{micros}S"


def _read_duration(text: str) -> dt.timedelta:
    found = _DURATION.fullmatch(text)
    if not found:
        raise ValueError("write it as P1DT3600S, days and seconds")
    days, seconds, micros = found.groups()
    return dt.timedelta(days=int(days), seconds=int(seconds), microseconds=int(micros or 0))


def _read_bytes(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("it is no Base64") from error


def _read_decimal(text: str) -> decimal.Decimal:
    try:
        return decimal.Decimal(text)
    except decimal.InvalidOperation as error:
        raise ValueError("it is no number") from error


TAGGED: Final[tuple[tuple[str, type, Callable[[Any], str], Callable[[str], Any]], ...]] = (
    ("decimal", decimal.Decimal, str, _read_decimal),
    ("datetime", dt.datetime, dt.datetime.isoformat, dt.datetime.fromisoformat),
    ("date", dt.date, dt.date.isoformat, dt.date.fromisoformat),
    ("time", dt.time, dt.time.isoformat, dt.time.fromisoformat),
    ("timedelta", dt.timedelta, _write_duration, _read_duration),
    ("uuid", uuid.UUID, str, uuid.UUID),
    ("bytes", bytes, lambda value: base64.b64encode(value).decode(), _read_bytes),
)
"""Tag, type, writer and reader. Order matters: a datetime is a date as well."""

READERS: Final[Mapping[str, Callable[[str], Any]]] = {f"!{tag}": read for tag, _, _, read in TAGGED} | {
    f"{STANDARD}binary": _read_bytes,
    f"{STANDARD}str": str,
    f"{STANDARD}timestamp": dt.datetime.fromisoformat,
}
