"""How is a gesture on a canvas timed, beside the same gesture on another one?

Both make the whole gesture, one after the other, five times in the same process: in a gesture a canvas' frames follow its own, and what the
processor has at hand is its own. A turn's figure is the 95th percentile of its frames, the first ones included; the median of the turns counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final

from benchmarks.measure import REPEATS, Figure, percentile

FRAMES: Final = 60
STOCK_FRAMES: Final = 12
"""The other canvas takes a third of a second for each of some gestures' frames."""
NEAR_MS: Final = 8.0
FAR_MS: Final = 16.0
FASTER: Final = 15.0

Gesture = Callable[[], list[float]]
"""Makes a gesture once; returns how long each frame took, in milliseconds."""


def by_turns(ours: Gesture, stock: Gesture | None = None) -> tuple[float, float | None]:
    """What 95 of 100 frames keep to, in milliseconds: ours, and those of the other canvas."""
    mine, theirs = [], []
    for _ in range(REPEATS):
        mine.append(percentile(ours(), 0.95))
        if stock is not None:
            theirs.append(percentile(stock(), 0.95))
    return statistics.median(mine), statistics.median(theirs) if theirs else None


def frames(step: Callable[[int], object], *, stock: bool = False) -> list[float]:
    return [timed_ms(lambda: step(turn)) for turn in range(STOCK_FRAMES if stock else FRAMES)]  # noqa: B023 - called at once


def timed_ms(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return (time.perf_counter() - started) * 1000


def frame_figure(
    name: str, value: float, baseline: float | None, *, far: bool, must_be_faster: bool
) -> Figure:
    """A frame's time; where it must be so, also many times faster than the other canvas."""
    return beside(name, value, baseline, limit_ms=FAR_MS if far else NEAR_MS, must_be_faster=must_be_faster)


def beside(
    name: str,
    value_ms: float,
    baseline_ms: float | None,
    *,
    limit_ms: float | None = None,
    must_be_faster: bool = False,
) -> Figure:
    ratio = value_ms / baseline_ms if baseline_ms else None
    wanted: list[str] = []
    met = True
    if limit_ms is not None:
        wanted.append(f"≤ {limit_ms:g} ms")
        met = value_ms <= limit_ms
    if must_be_faster and ratio is not None:
        wanted.append(f"≥ {FASTER:g}× faster")
        met = met and ratio <= 1 / FASTER
    return Figure(
        name=name,
        value=value_ms,
        unit="ms",
        baseline=baseline_ms,
        ratio=ratio,
        target=" and ".join(wanted),
        met=met if wanted else None,
    )
