"""What did the work take? Times and failures by model and operation, and of pieces of a program that it wants measured itself.

Kept for the newest thousand calls of each name; counts, means and failures for all of them.
"""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_NEWEST: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Of one operation or benchmark; `p95_ms` and `max_ms` are of the newest thousand calls."""

    count: int
    errors: int
    mean_ms: float
    p95_ms: float
    max_ms: float


class _Series:
    __slots__ = ("count", "errors", "newest", "total_ms")

    def __init__(self) -> None:
        self.count = 0
        self.errors = 0
        self.total_ms = 0.0
        self.newest: deque[float] = deque(maxlen=_NEWEST)

    def figures(self) -> Figures:
        ordered = sorted(self.newest)
        return Figures(
            count=self.count,
            errors=self.errors,
            mean_ms=self.total_ms / self.count,
            p95_ms=ordered[math.ceil(0.95 * len(ordered)) - 1],
            max_ms=ordered[-1],
        )


class Metrics:
    """The figures of one DataFlow; may be used from any thread.

    Operations are called `User.create`, SQL of a person's own `SQL.execute`; benchmarks have the names they were given.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._series: dict[str, _Series] = {}

    def measured(self, model: str, operation: str, duration_ms: float, *, failed: bool) -> None:
        """Takes in one call; what a database's meter is told."""
        self._add(f"{model}.{operation}", duration_ms, failed=failed)

    @contextlib.contextmanager
    def benchmark(self, name: str) -> Iterator[None]:
        """Measures the block, failed or not."""
        began, failed = self._clock(), True
        try:
            yield
            failed = False
        finally:
            self._add(name, (self._clock() - began) * 1000, failed=failed)

    def _add(self, name: str, duration_ms: float, *, failed: bool) -> None:
        with self._lock:
            series = self._series.get(name)
            if series is None:
                series = self._series[name] = _Series()
            series.count += 1
            series.errors += failed
            series.total_ms += duration_ms
            series.newest.append(duration_ms)

    def data(self) -> Mapping[str, Figures]:
        """The figures by name, in the order of the names."""
        with self._lock:
            return {name: self._series[name].figures() for name in sorted(self._series)}

    def summary(self) -> str:
        """The figures in words, a line for each name; an empty text when nothing was measured."""
        lines = []
        for name, figures in self.data().items():
            line = f"Query: {name} - Avg: {_ms(figures.mean_ms)}, P95: {_ms(figures.p95_ms)}, Count: {figures.count:,}"
            lines.append(f"{line}, Errors: {figures.errors:,}" if figures.errors else line)
        return "\n".join(lines)

    def reset(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._series.clear()


def _ms(duration: float) -> str:
    """`45ms`, `1.23s`, and tenths below ten milliseconds."""
    if duration >= 1000:
        return f"{duration / 1000:,.2f}s"
    return f"{duration:.0f}ms" if duration >= 10 else f"{duration:.1f}ms"
