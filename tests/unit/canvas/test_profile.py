"""Does a profile say what a column holds, and a count read shortly?"""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from studio.canvas.edge_data import short_number
from studio.canvas.profile import ColumnProfile, profile


def test_type_nulls_distinct_and_ends_of_each_column():
    rows: list[dict[str, Any]] = [
        {"id": 1, "total": Decimal("9.50"), "city": "Cork", "tags": ["a"]},
        {"id": 2, "total": None, "city": "Aarhus", "tags": ["a"]},
        {"id": 3, "total": Decimal("2.25"), "city": "Cork"},
        {"id": 4, "total": None, "city": "Ghent", "tags": None},
    ]
    assert profile(rows) == [
        ColumnProfile("id", "int", 0.0, 4, 1, 4),
        ColumnProfile("total", "decimal", 0.5, 2, Decimal("2.25"), Decimal("9.50")),
        ColumnProfile("city", "text", 0.0, 3, "Aarhus", "Ghent"),
        ColumnProfile("tags", "json", 0.5, 1),
    ]


def test_mixed_empty_and_unordered_columns_have_no_ends():
    aware, naive = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 2)  # noqa: DTZ001 - naive on purpose
    rows: list[dict[str, Any]] = [
        {"a": 1, "b": None, "c": aware, "d": True},
        {"a": "x", "b": None, "c": naive, "d": False},
    ]
    assert [(column.type, column.least) for column in profile(rows)] == [
        ("mixed", None),
        ("null", None),
        ("datetime", None),
        ("bool", None),
    ]
    assert profile([]) == []


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1.0k"),
        (1998, "2.0k"),
        (15_499, "15k"),
        (1_234_567, "1.2M"),
        (98_000_000, "98M"),
    ],
)
def test_counts_read_shortly(number, text):
    assert short_number(number) == text
