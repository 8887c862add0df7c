"""Where do the marks of an axis stand, and what do they say? Round numbers, and moments at the beginnings of hours, days, months, years."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

Axis = Literal["number", "moment", "category"]

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_STEPS_S: Final = (
    1, 5, 15, 30, _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR,
    _DAY, 2 * _DAY, 7 * _DAY,
)  # fmt: skip
_STEPS_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)
_MONTH_S: Final = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark at a place of an axis."""

    place: float
    label: str


def is_point(low: float, high: float) -> bool:
    """Whether there is nothing to be told apart between two numbers: their digits are used up before."""
    return high - low <= max(abs(low), abs(high)) * 1e-9


def round_step(span: float, most: int) -> float:
    """The least of 1, 2, 5, 10, 20, 50 … of which at most `most` fit into a span."""
    if span <= 0:
        return 1.0
    rough = span / max(1, most)
    size = 10.0 ** math.floor(math.log10(rough))
    return next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough * (1 - 1e-9))


def edges_between(low: float, high: float, most: int) -> list[float]:
    """Round borders of at most about `most` equal bins that hold everything from `low` to `high`."""
    if is_point(low, high):
        half = max(abs(low) * 0.05, 0.5)
        return [low - half, low + half]
    step = round_step(high - low, most)
    first = math.floor(low / step + 1e-9)
    last = math.ceil(high / step - 1e-9)
    return [number * step for number in range(first, last + 1)]


def number_ticks(low: float, high: float, most: int, *, least_step: float = 0.0) -> list[Tick]:
    """Marks at round numbers from `low` to `high`; `least_step` is 1 where only whole numbers make sense."""
    if is_point(low, high):
        return [Tick(low, number_label(low))]
    step = max(least_step, round_step(high - low, most))
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [Tick(number * step, number_label(number * step, digits)) for number in range(first, last + 1)]


def number_label(value: float, digits: int = 2) -> str:
    """`0.05`, `1,200`, `3.4M`, `2e+15`: short enough for an axis."""
    size = abs(value)
    if size >= 1e15 or (0 < size < 1e-4):
        return f"{value:g}"
    for least, letter in ((1e9, "G"), (1e6, "M")):
        if size >= least:
            return f"{value / least:.3f}".rstrip("0").rstrip(".") + letter
    return f"{value:,.{digits}f}"


def moment_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Marks between two moments (seconds since 1970, UTC) at beginnings that people count by."""
    rough = (high - low) / max(1, most)
    step = next((known for known in _STEPS_S if known >= rough), None)
    if step is not None:
        offset = 4 * _DAY if step == 7 * _DAY else 0  # 1970 began on a Thursday, weeks begin on Monday
        first = math.ceil((low - offset) / step)
        places = [number * step + offset for number in range(first, math.floor((high - offset) / step) + 1)]
        return [Tick(place, _moment_label(place, step)) for place in places]
    months = next((known for known in _STEPS_MONTHS if known * _MONTH_S >= rough), _STEPS_MONTHS[-1])
    form = "%Y" if months >= 12 else "%Y-%m"
    return [Tick(moment.timestamp(), moment.strftime(form)) for moment in _months(low, high, months)]


def _months(low: float, high: float, months: int) -> Iterator[dt.datetime]:
    """The beginnings of every so many months between two moments."""
    begin = moment_at(low)
    number = (begin.year * 12 + begin.month - 1) // months * months
    while number // 12 <= dt.MAXYEAR:
        if number >= 12:
            moment = dt.datetime(number // 12, number % 12 + 1, 1, tzinfo=dt.UTC)
            if moment.timestamp() > high:
                return
            if moment.timestamp() >= low:
                yield moment
        number += months


def _moment_label(place: float, step_s: int) -> str:
    moment = moment_at(place)
    if step_s >= _DAY:
        return moment.strftime("%Y-%m-%d")
    if step_s < _MINUTE:
        return moment.strftime("%H:%M:%S")
    return moment.strftime("%Y-%m-%d" if not moment.hour and not moment.minute else "%H:%M")


def moment_at(place: float) -> dt.datetime:
    """The moment at a place of an axis, in UTC."""
    return dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=place)


def moment_text(place: float) -> str:
    """A moment whole; without its time at midnight."""
    moment = moment_at(place)
    return moment.strftime("%Y-%m-%d" if place % _DAY == 0 else "%Y-%m-%d %H:%M:%S")
