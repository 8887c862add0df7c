"""How is a figure measured and reported? Interleaved repeats, medians, ratios; what is measured stands in the other modules.

Machines are noisy, so the thing measured and its baseline take turns in one process, and only their ratio means anything.
"""

from __future__ import annotations

import gc
import itertools
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

REPEATS = 5

Call = Callable[[int], Awaitable[object]]
Work = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the report.

    `baseline` is the same unit measured for the raw way in the same run (None: the target is an absolute limit). `ratio` is value by
    baseline; `target` says in words what is wanted, `met` whether it was (None: no target, told for information).
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


def at_most(name: str, value: float, unit: str, limit: float, *, baseline: float | None = None) -> Figure:
    """A figure with an absolute limit in its own unit; the baseline, where there is one, is told for comparison."""
    return Figure(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        ratio=None if baseline is None else value / baseline,
        target=f"≤ {limit:g} {unit}",
        met=value <= limit,
    )


def ratio_at_most(name: str, value: float, baseline: float, unit: str, limit: float) -> Figure:
    """A time that may be at most `limit` times its baseline's."""
    ratio = value / baseline
    return Figure(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        ratio=ratio,
        target=f"≤ {limit:g}× raw",
        met=ratio <= limit,
    )


def ratio_at_least(name: str, value: float, baseline: float, unit: str, limit: float) -> Figure:
    """A rate that must be at least `limit` times its baseline's."""
    ratio = value / baseline
    return Figure(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        ratio=ratio,
        target=f"≥ {limit:g}× raw",
        met=ratio >= limit,
    )


def beyond_raw(name: str, value: float, baseline: float, unit: str, limit: float) -> Figure:
    """A time that may be at most `limit` more than its baseline's."""
    return Figure(
        name=name,
        value=value,
        unit=unit,
        baseline=baseline,
        ratio=value / baseline,
        target=f"≤ raw + {limit:g} {unit}",
        met=value <= baseline + limit,
    )


def told(name: str, value: float, unit: str) -> Figure:
    """A figure without a target."""
    return Figure(name=name, value=value, unit=unit)


def interleaved(*ways: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """The median time of each way in seconds; the ways take turns, once each before anything counts."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(repeats + 1):
        for taken, way in zip(times, ways, strict=True):
            gc.collect()
            started = time.perf_counter()
            way()
            elapsed = time.perf_counter() - started
            if turn:
                taken.append(elapsed)
    return [statistics.median(taken) for taken in times]


async def alternate(*ways: Call, calls: int, turns: int = 9) -> list[float]:
    """The seconds that one call of each way takes: the median of a turn, in the calmest turn of each.

    The ways are called by turns, `calls` times each in a turn, with a number that counts from 1; a turn before these does not count.
    """
    medians: list[list[float]] = [[] for _ in ways]
    numbers = itertools.count(1)
    for turn in range(turns + 1):
        times: list[list[float]] = [[] for _ in ways]
        gc.collect()
        for number in itertools.islice(numbers, calls):
            for taken, call in zip(times, ways, strict=True):
                started = time.perf_counter()
                await call(number)
                taken.append(time.perf_counter() - started)
        if turn:
            for median, taken in zip(medians, times, strict=True):
                median.append(statistics.median(taken))
    return [min(median) for median in medians]


async def quickest(
    *ways: Work, before: Callable[[], Awaitable[object]] | None = None, turns: int = REPEATS
) -> list[float]:
    """The seconds that each way takes when nothing disturbs it: the least of its turns, after one turn that does not count.

    `before` is done before each turn and takes no time: filling tables, say. Which way comes first changes from turn to turn.
    """
    times: list[list[float]] = [[] for _ in ways]
    order = list(zip(times, ways, strict=True))
    for turn in range(turns + 1):
        if before is not None:
            await before()
        for taken, way in order:
            gc.collect()
            started = time.perf_counter()
            await way()
            elapsed = time.perf_counter() - started
            if turn:
                taken.append(elapsed)
        order.reverse()
    return [min(taken) for taken in times]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` (0 to 1) of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def write_report(figures: Iterable[Figure], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        json.dumps([asdict(figure) for figure in figures], indent=2, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
