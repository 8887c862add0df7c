"""Which moment does `{"$date": …}` mean? Words, distances from now and ISO text, as the kind of value that a field wants."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.errors import FilterError
from studio.kernel.names import did_you_mean, with_article
from studio.models.spec import FieldSpec, Kind

_UNITS: Final[Mapping[str, str]] = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DISTANCE = re.compile(r"([+-])\s*(\d{1,9})\s*([smhdw])")
_DAYS: Final[Mapping[str, int]] = {"yesterday": -1, "today": 0, "tomorrow": 1}
_HINT = 'Write "today", "now", a distance such as "-5m" or "-24h" (s, m, h, d, w), or ISO text such as "2026-01-31".'


def is_moment(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and "$date" in value


def read_moment(value: Mapping[str, Any], now: dt.datetime, *, field: str) -> dt.datetime:
    """The moment, aware and in UTC; days begin at midnight UTC. A naive datetime or text is read as UTC."""
    given = value["$date"]
    moment: dt.datetime | None = None
    if isinstance(given, dt.datetime):
        moment = given
    elif isinstance(given, dt.date):
        moment = dt.datetime.combine(given, dt.time())
    elif isinstance(given, str):
        moment = _from_text(given.strip(), now, field)
    if moment is None:
        raise FilterError(f"{given!r} is no moment.", hint=_HINT, field=field)
    return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)


def _from_text(text: str, now: dt.datetime, field: str) -> dt.datetime | None:
    word = text.lower()
    if word == "now":
        return now
    if word in _DAYS:
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return today + dt.timedelta(days=_DAYS[word])
    distance = _DISTANCE.fullmatch(word)
    try:
        if distance:
            sign, count, unit = distance.groups()
            return now + (1 if sign == "+" else -1) * dt.timedelta(**{_UNITS[unit]: int(count)})
        return dt.datetime.fromisoformat(text)
    except OverflowError:
        raise FilterError(f"{text!r} lies outside the years 1 to 9999.", hint=_HINT, field=field) from None
    except ValueError:
        near = did_you_mean(word, ["now", *_DAYS]) if word.isalpha() else ""
        raise FilterError(f"{text!r} is no moment.", hint=near or _HINT, field=field) from None


def moment_for(field: FieldSpec, moment: dt.datetime) -> Any:
    """The moment as the kind of value that the field holds."""
    if field.kind is Kind.DATETIME:
        return moment.replace(tzinfo=None) if field.naive else moment
    if field.kind is Kind.DATE:
        return moment.date()
    if field.kind in (Kind.DICT, Kind.LIST):
        return moment.isoformat()
    raise FilterError(
        f"{field.name!r} is {with_article(str(field.kind))}, so it cannot be compared with a moment.",
        hint="Use $date with datetime and date fields.",
        field=field.name,
    )
