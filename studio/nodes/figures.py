"""What is the sum, the mean, the least of values in hand? The functions of Aggregate in memory, with the same names and meaning.

Nulls count for nothing. Sums are exact: a float is read by its digits. What the groups are is GroupBy's business.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol

from studio.kernel.errors import NodeError
from studio.kernel.names import did_you_mean
from studio.nodes.many import identity, rank


class Figure(NamedTuple):
    """One figure of a group. `field` None: records are counted, each `factor` times."""

    name: str
    function: str
    field: str | None
    factor: int = 1


class Tally(Protocol):
    """Takes the values of one group, one after the other; nulls are kept from it."""

    def take(self, value: Any) -> None: ...

    def result(self) -> Any: ...


def figures_of(aggregate: Mapping[str, Any]) -> list[Figure]:
    """The figures that `{"total": {"$sum": "amount"}}` asks for; raises NodeError for what cannot be read."""
    return [_figure(str(name), asked) for name, asked in aggregate.items()]


def _figure(name: str, asked: Any) -> Figure:
    if not isinstance(asked, Mapping) or len(asked) != 1:
        raise NodeError(
            f"{name!r} wants one function.",
            hint=f'Write {{"{name}": {{"$sum": "field"}}}}.',
            field="aggregate",
        )
    ((function, field),) = asked.items()
    if function not in TALLIES:
        raise NodeError(
            f"There is no function {function}, which {name!r} uses.",
            hint=did_you_mean(str(function), TALLIES),
            field="aggregate",
        )
    if function in ("$sum", "$count") and isinstance(field, int) and not isinstance(field, bool):
        return Figure(name, "$count", None, field if function == "$sum" else 1)
    if function == "$count" and (field in ("*", None, True) or field == {}):
        return Figure(name, function, None)
    if not isinstance(field, str) or not field.removeprefix("$"):
        raise NodeError(
            f"{function} of {name!r} wants a field's name.",
            hint=f'Write {{"{function}": "field"}}.',
            field="aggregate",
        )
    return Figure(name, str(function), field.removeprefix("$"))


class _Sum:
    def __init__(self) -> None:
        self.count = 0
        self._total: Any = 0
        self._kind: type = int

    def take(self, value: Any) -> None:
        from studio.query.decimals import EXACT, to_decimal

        self.count += 1
        if isinstance(value, dt.timedelta):
            self._total = value + (self._total or dt.timedelta(0))
            return
        _check_number(value)
        if isinstance(value, Decimal):
            self._kind = Decimal
        elif isinstance(value, float) and self._kind is int:
            self._kind = float
        if isinstance(value, int) and isinstance(self._total, int):
            self._total += value
        else:
            self._total = EXACT.add(to_decimal(self._total), to_decimal(value))

    def result(self) -> Any:
        return self._total if isinstance(self._total, dt.timedelta) else _finite(self._kind(self._total))


class _Average(_Sum):
    def take(self, value: Any) -> None:
        _check_number(value)
        super().take(value)

    def result(self) -> Any:
        from studio.query.decimals import average, to_decimal

        if not self.count:
            return None
        mean = average(to_decimal(self._total), self.count) if self._kind is Decimal else None
        return float(self._total / self.count) if mean is None else mean


class _Least:
    """The value that stands first, or last."""

    sign = 1

    def __init__(self) -> None:
        self._best: Any = None
        self._rank: Any = None

    def take(self, value: Any) -> None:
        place = rank(value)
        if self._rank is None or (place < self._rank if self.sign > 0 else place > self._rank):
            self._best, self._rank = value, place

    def result(self) -> Any:
        return self._best


class _Greatest(_Least):
    sign = -1


class _Count:
    def __init__(self) -> None:
        self._count = 0

    def take(self, value: Any) -> None:
        self._count += 1

    def result(self) -> Any:
        return self._count


class _CountDistinct:
    def __init__(self) -> None:
        self._seen: set[Any] = set()

    def take(self, value: Any) -> None:
        self._seen.add(identity(value))

    def result(self) -> Any:
        return len(self._seen)


class _Deviation:
    def __init__(self) -> None:
        from studio.query.decimals import StandardDeviation

        self._spread = StandardDeviation()

    def take(self, value: Any) -> None:
        _check_number(value)
        self._spread.step(value)

    def result(self) -> Any:
        return _finite(self._spread.finalize())


def _finite(figure: Any) -> Any:
    """Refuses a float that is none: what the databases refuse as well."""
    if isinstance(figure, float) and not math.isfinite(figure):
        raise OverflowError("the result leaves what a float can hold")
    return figure


def _check_number(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(f"it is of type {type(value).__name__}, and no number")
    if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
        raise TypeError("it is not finite")


TALLIES: Final[Mapping[str, Callable[[], Tally]]] = MappingProxyType(
    {
        "$sum": _Sum,
        "$avg": _Average,
        "$min": _Least,
        "$max": _Greatest,
        "$count": _Count,
        "$count_distinct": _CountDistinct,
        "$stddev": _Deviation,
    }
)
