"""What does a chart show of rows, and where do the marks of its axes stand?"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.panels.chart_data import MOST_BARS, ChartWish, first_wish, make_chart
from studio.panels.chart_scale import edges_between, moment_at, moment_ticks, number_label, number_ticks

DAY = dt.datetime(2024, 1, 31, tzinfo=dt.UTC)
ROWS: list[dict[str, Any]] = [
    {"city": "Oslo", "total": Decimal("2.5"), "n": 1, "at": DAY, "day": DAY.date()},
    {"city": "Rome", "total": None, "n": 5, "at": DAY + dt.timedelta(hours=1), "day": DAY.date()},
    {"city": "Oslo", "total": Decimal("0.5"), "n": 3, "at": None, "day": dt.date(2024, 3, 1)},
    {"city": None, "total": float("nan"), "n": True, "at": DAY, "day": None},
]


def points(**wish: Any) -> list[tuple[tuple[float, float], ...]]:
    return [entry.points for entry in make_chart(ROWS, ChartWish(**wish)).series]


def test_bars_merge_the_values_of_a_category_in_the_order_it_came() -> None:
    chart = make_chart(ROWS, ChartWish(kind="bar", x="city", values=("total", "n"), merge="sum"))
    assert chart.labels == ("Oslo", "Rome", "NULL")
    assert [entry.points for entry in chart.series] == [((0, 3.0),), ((0, 4.0), (1, 5.0), (2, 1.0))]
    assert points(kind="bar", x="city", values=("n",), merge="mean") == [((0, 2.0), (1, 5.0), (2, 1.0))]
    # Without values the rows are counted; without a column each row is a bar.
    assert points(kind="bar", x="city") == [((0, 2.0), (1, 1.0), (2, 1.0))]
    assert points(kind="bar", values=("n",)) == [((0, 1.0), (1, 5.0), (2, 3.0), (3, 1.0))]
    many = make_chart([{"n": number} for number in range(100)], ChartWish(kind="bar", values=("n",)))
    assert (len(many.labels), many.left_out) == (MOST_BARS, 100 - MOST_BARS)


def test_a_line_goes_along_moments_and_says_which_rows_have_no_place() -> None:
    chart = make_chart(ROWS, ChartWish(kind="line", x="at", values=("n",), merge="max"))
    assert (chart.axis, chart.lacking) == ("moment", 1)
    assert chart.series[0].points == ((DAY.timestamp(), 1.0), (DAY.timestamp() + 3600, 5.0))
    days = make_chart(ROWS, ChartWish(kind="line", x="day"))
    assert days.series[0].points == ((DAY.timestamp(), 2.0), (DAY.timestamp() + 30 * 86400, 1.0))
    assert make_chart(ROWS, ChartWish(kind="line", x="city", values=("n",))).axis == "category"


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
def test_every_value_of_a_histogram_lies_in_one_bin_between_its_edges(values: list[float]) -> None:
    chart = make_chart([{"v": value} for value in values], ChartWish(kind="histogram", values=("v",)))
    assert sum(count for _, count in chart.series[0].points) == len(values)
    slack = (max(values) - min(values)) * 1e-6
    assert chart.edges[0] <= min(values) + slack
    assert chart.edges[-1] >= max(values) - slack
    assert len(chart.edges) <= 34


def test_what_holds_no_numbers_is_an_empty_chart() -> None:
    assert make_chart(ROWS, ChartWish(kind="histogram", values=("city",))).is_empty
    assert make_chart([], ChartWish(kind="line", x="at", values=("n",))).is_empty
    assert not make_chart(ROWS, ChartWish(kind="histogram", values=("n", "total"))).is_empty


def test_the_first_chart_is_numbers_over_time_else_by_category_else_their_spread() -> None:
    kinds = {"id": "int", "city": "str", "total": "decimal", "at": "datetime", "created_at": "datetime"}
    assert first_wish(list(kinds), kinds, ROWS) == ChartWish(kind="line", x="at", values=("total",))
    del kinds["at"]
    assert first_wish(list(kinds), kinds, ROWS) == ChartWish(kind="bar", x="city", values=("total",))
    names = [{"city": str(number)} for number in range(50)]
    assert first_wish(list(kinds), kinds, names) == ChartWish(kind="histogram", values=("total",))


@pytest.mark.parametrize(
    ("length_s", "labels"),
    [
        (40, ["00:00:00", "00:00:15", "00:00:30"]),
        (5 * 3600, ["2024-01-31", "01:00", "02:00", "03:00", "04:00", "05:00"]),
        (40 * 86400, ["2024-02-05", "2024-02-12", "2024-02-19", "2024-02-26", "2024-03-04", "2024-03-11"]),
        (400 * 86400, ["2024-04", "2024-07", "2024-10", "2025-01"]),
        (9 * 365 * 86400, ["2026", "2028", "2030", "2032"]),
    ],
)
def test_moments_are_marked_where_people_count_from(length_s: int, labels: list[str]) -> None:
    begin = DAY.timestamp()
    ticks = moment_ticks(begin, begin + length_s, 6)
    assert [tick.label for tick in ticks] == labels
    assert all(begin <= tick.place <= begin + length_s for tick in ticks)
    assert moment_at(begin) == DAY


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e12), st.integers(1, 12))
def test_marks_are_round_few_and_within_the_axis(spans: float, span: float, most: int) -> None:
    low = spans * span
    high = low + span
    ticks = number_ticks(low, high, most)
    assert len(ticks) <= most + 1
    assert all(low - span * 1e-6 <= tick.place <= high + span * 1e-6 for tick in ticks)
    edges = edges_between(low, high, most)
    assert edges[0] <= low + span * 1e-6
    assert edges[-1] >= high - span * 1e-6


def test_where_nothing_can_be_told_apart_there_is_one_mark_and_one_bin() -> None:
    low = 180143985095.0
    assert len(number_ticks(low, low + 1e-5, 7)) == len(number_ticks(0.0, 0.0, 7)) == 1
    assert [edge - low for edge in edges_between(low, low + 1e-5, 7)] == pytest.approx([-low / 20, low / 20])


def test_numbers_on_an_axis_are_short() -> None:
    assert [number_label(value) for value in (0.05, 1200, 3.4e6, 2e15, 0)] == [
        "0.05", "1,200.00", "3.4M", "2e+15", "0.00",
    ]  # fmt: skip
