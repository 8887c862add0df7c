"""What does a chart show of rows? Numbers by category, along a line or by how often they occur; how that is painted is `chart_paint`'s business."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal

from studio.panels.chart_scale import Axis, edges_between
from studio.panels.display import NUMBERS, cell_text

Kind = Literal["bar", "line", "histogram"]
Merge = Literal["sum", "mean", "min", "max", "count"]

MOST_VALUES: Final = 3
"""So many columns have their values in one chart."""
MOST_BARS: Final = 60
_MOST_BINS: Final = 30
_MOST_CATEGORIES: Final = 24
"""A column of more different texts is taken for names, not for categories."""
_MOMENTS: Final = frozenset({"datetime", "date"})

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartWish:
    """What is wanted. `x`: the column along the axis (empty: the number of the row); `values`: at most `MOST_VALUES` columns.

    `merge` says what becomes of several values at one place of the axis. Without values the rows are counted.
    """

    kind: Kind = "bar"
    x: str = ""
    values: tuple[str, ...] = ()
    merge: Merge = "sum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """The values of one column: points along the axis, in its order; for bars and bins `x` is the place of each from 0."""

    name: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is painted. `labels` are the places of an axis of categories; `edges` the borders of bins.

    `left_out`: places for which there was no room; `lacking`: rows that had nothing to show.
    """

    kind: Kind
    axis: Axis
    series: tuple[Series, ...]
    x_title: str
    labels: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()
    left_out: int = 0
    lacking: int = 0

    @property
    def is_empty(self) -> bool:
        return not any(entry.points for entry in self.series)


def first_wish(columns: Sequence[str], kinds: Mapping[str, str], rows: Sequence[Row]) -> ChartWish:
    """What is likely to be wanted: numbers over time, else by category, else how they are spread."""
    numbers = [name for name in columns if kinds.get(name) in NUMBERS and not _is_reference(name)]
    managed = ("created_at", "updated_at")
    moments = [name for name in columns if kinds.get(name) in _MOMENTS and name not in managed]
    if numbers and moments:
        return ChartWish(kind="line", x=moments[0], values=tuple(numbers[:1]))
    words = (name for name in columns if kinds.get(name) in ("enum", "str", "text", "bool"))
    category = next((name for name in words if 2 <= _variety(rows, name) <= _MOST_CATEGORIES), None)
    if category is not None:
        return ChartWish(kind="bar", x=category, values=tuple(numbers[:1]))
    return ChartWish(kind="histogram" if numbers else "bar", values=tuple(numbers[:1]))


def _variety(rows: Sequence[Row], name: str) -> int:
    return len({cell_text(row.get(name)) for row in rows})


def _is_reference(name: str) -> bool:
    return name == "id" or name.endswith("_id")


def can_be_value(kind: str) -> bool:
    """Whether a column of a kind has values that can be drawn; one whose kind is not known may have."""
    return kind in NUMBERS or kind in ("bool", "timedelta", "")


def make_chart(rows: Sequence[Row], wish: ChartWish) -> Chart:
    """The chart of these rows, all of them."""
    if wish.kind == "histogram":
        return _histogram(rows, wish)
    if wish.kind == "line":
        return _line(rows, wish)
    return _bars(rows, wish)


def number_of(value: Any) -> float | None:
    """A value as a number of the y axis; None for what is none."""
    if isinstance(value, bool | int | float | Decimal):
        try:
            number = float(value)
        except OverflowError:
            return None
        return number if math.isfinite(number) else None
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return None


def _place_of(value: Any) -> tuple[Axis, float] | None:
    """Where a value stands along an axis, and what kind of axis that is; None for what has no place on a line."""
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
        return "moment", moment.timestamp()
    if isinstance(value, dt.date):
        return "moment", dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC).timestamp()
    number = None if isinstance(value, bool) else number_of(value)
    return None if number is None else ("number", number)


_MERGES: Final[Mapping[Merge, Callable[[Sequence[float]], float]]] = {
    "sum": math.fsum,
    "mean": lambda values: math.fsum(values) / len(values),
    "min": min,
    "max": max,
    "count": lambda values: float(len(values)),
}


class _Gathered:
    """The values of each place of an axis, series by series."""

    def __init__(self, wish: ChartWish) -> None:
        self._wish = wish
        self._by_series: list[dict[Any, list[float]]] = [{} for _ in wish.values or ("",)]
        self.lacking = 0

    def add(self, place: Any, row: Row) -> None:
        found = False
        for name, by_place in zip(self._wish.values or ("",), self._by_series, strict=True):
            number = number_of(row.get(name)) if name else 1.0
            if number is not None:
                by_place.setdefault(place, []).append(number)
                found = True
        self.lacking += not found

    def series(self, places: Mapping[Any, float], row_count: str) -> tuple[Series, ...]:
        """The merged values at those places, in the order of the axis."""
        merge = _MERGES[self._wish.merge if self._wish.values else "count"]
        return tuple(
            Series(
                name=name or row_count,
                points=tuple(
                    sorted(
                        (places[place], merge(values))
                        for place, values in by_place.items()
                        if place in places
                    )
                ),
            )
            for name, by_place in zip(self._wish.values or ("",), self._by_series, strict=True)
        )


def _bars(rows: Sequence[Row], wish: ChartWish) -> Chart:
    gathered = _Gathered(wish)
    order: dict[str, None] = {}
    for number, row in enumerate(rows, start=1):
        place = cell_text(row.get(wish.x)) if wish.x else str(number)
        order.setdefault(place)
        gathered.add(place, row)
    shown = tuple(order)[:MOST_BARS]
    places = {place: float(number) for number, place in enumerate(shown)}
    return Chart(
        kind="bar",
        axis="category",
        series=gathered.series(places, "rows"),
        x_title=wish.x or "row",
        labels=shown,
        left_out=len(order) - len(shown),
        lacking=gathered.lacking,
    )


def _line(rows: Sequence[Row], wish: ChartWish) -> Chart:
    """Along numbers or moments where the column has them; otherwise from row to row, by category."""
    placed = [_place_of(row.get(wish.x)) if wish.x else ("number", float(n)) for n, row in enumerate(rows, 1)]
    axes = {place[0] for place in placed if place is not None}
    if len(axes) != 1:
        bars = _bars(rows, wish)
        return Chart(
            kind="line",
            axis="category",
            series=bars.series,
            x_title=bars.x_title,
            labels=bars.labels,
            left_out=bars.left_out,
            lacking=bars.lacking,
        )
    gathered = _Gathered(wish)
    for place, row in zip(placed, rows, strict=True):
        if place is None:
            gathered.lacking += 1
        else:
            gathered.add(place[1], row)
    places = {place[1]: place[1] for place in placed if place is not None}
    axis: Axis = "moment" if "moment" in axes else "number"
    return Chart(
        kind="line",
        axis=axis,
        series=gathered.series(places, "rows"),
        x_title=wish.x or "row",
        lacking=gathered.lacking,
    )


def _histogram(rows: Sequence[Row], wish: ChartWish) -> Chart:
    """How many values lie in each of the same bins, for every column."""
    columns = {name: [number_of(row.get(name)) for row in rows] for name in wish.values}
    found = {name: [value for value in values if value is not None] for name, values in columns.items()}
    every = [value for values in found.values() for value in values]
    title = ", ".join(wish.values)
    if not every:
        empty = tuple(Series(name=name, points=()) for name in wish.values)
        return Chart(kind="histogram", axis="number", series=empty, x_title=title, lacking=len(rows))
    # Sturges' rule: as many bins as the number of values has binary digits, within reason.
    wanted = min(_MOST_BINS, max(5, math.ceil(math.log2(len(every))) + 1))
    edges = edges_between(min(every), max(every), wanted)
    width = edges[1] - edges[0]
    series = []
    for name, values in found.items():
        counts = [0] * (len(edges) - 1)
        for value in values:
            counts[min(int((value - edges[0]) / width), len(counts) - 1)] += 1
        series.append(
            Series(name=name, points=tuple((float(place), float(n)) for place, n in enumerate(counts)))
        )
    lacking = sum(all(columns[name][number] is None for name in columns) for number in range(len(rows)))
    return Chart(
        kind="histogram",
        axis="number",
        series=tuple(series),
        x_title=title,
        edges=tuple(edges),
        lacking=lacking,
    )
