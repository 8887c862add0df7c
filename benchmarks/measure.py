"""How is a figure measured and reported? Interleaved repeats, medians, ratios; what is measured stands in the other modules.

Machines are noisy, so the thing measured and its baseline take turns in one process, and only their ratio means anything.
"""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

REPEATS = 5


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


def at_most(name: str, value: float, unit: str, limit: float) -> Figure:
    """A figure with an absolute limit in its own unit."""
    return Figure(name=name, value=value, unit=unit, target=f"≤ {limit:g} {unit}", met=value <= limit)


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


async def interleaved_async(*ways: Callable[[], Awaitable[object]], repeats: int = REPEATS) -> list[float]:
    """Like `interleaved`, for coroutines on the running loop."""
    times: list[list[float]] = [[] for _ in ways]
    for turn in range(repeats + 1):
        for taken, way in zip(times, ways, strict=True):
            gc.collect()
            started = time.perf_counter()
            await way()
            elapsed = time.perf_counter() - started
            if turn:
                taken.append(elapsed)
    return [statistics.median(taken) for taken in times]


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
