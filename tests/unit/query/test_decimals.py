"""Decimals are reckoned exactly, and averaged with as many digits as PostgreSQL gives."""

import statistics
from decimal import Decimal
from typing import Any

import pytest

from studio.query.decimals import (
    DecimalAverage,
    DecimalSum,
    StandardDeviation,
    average,
    collate_decimals,
    fit,
    to_text,
)


@pytest.mark.parametrize(
    ("total", "count", "expected"),
    [
        # As `SELECT avg(x)` of PostgreSQL 18 gives them.
        ("1", 3, "0.33333333333333333333"), ("2", 3, "0.66666666666666666667"), ("0", 5, "0.00000000000000000000"),
        ("14.39", 6, "2.3983333333333333"), ("2469176.76", 10, "246917.676000000000"), ("0.004", 4, "0.00100000000000000000"),
        ("111111110111111111014.5", 9, "12345678901234567890.5"), ("-6.60", 3, "-2.2000000000000000"),
        # More digits than Python's own context has.
        ("-999999999999999999999999999999999998.5", 3, "-333333333333333333333333333333333332.8"), ("999999999999999999999999999999999999", 1, "999999999999999999999999999999999999"),
    ],
)  # fmt: skip
def test_an_average_has_the_digits_that_postgresql_gives(total: str, count: int, expected: str) -> None:
    assert to_text(average(Decimal(total), count)) == expected


def test_a_sum_is_exact_however_many_digits_it_needs() -> None:
    total = DecimalSum()
    for value in (
        "12345678901234567890123456789012345678901234567890.5",
        "0.0000000000000000000001",
        None,
        "-0.5",
    ):
        total.step(value)
    assert total.finalize() == "12345678901234567890123456789012345678901234567890.0000000000000000000001"


def test_floats_are_summed_by_their_digits() -> None:
    total = DecimalSum()
    for value in (0.1, 0.2, 5):
        total.step(value)
    assert total.finalize() == "5.3"


def test_nothing_has_no_figure() -> None:
    assert DecimalSum().finalize() is None
    assert DecimalAverage().finalize() is None
    assert StandardDeviation().finalize() is None


def test_the_standard_deviation_is_that_of_a_sample() -> None:
    samples: list[list[Any]] = [[1, 2, 3, 4], ["0.1", "0.2", "0.4"], [1.5, 2.5, -7.25, 1e6]]
    for values in samples:
        figure = StandardDeviation()
        for value in values:
            figure.step(value)
        assert figure.finalize() == pytest.approx(statistics.stdev(map(float, values)), rel=1e-12)


def test_large_numbers_that_lie_close_together_keep_their_deviation() -> None:
    figure = StandardDeviation()
    for value in (10**17 + 1, 10**17 + 2, 10**17 + 3):
        figure.step(value)
    assert figure.finalize() == 1.0


@pytest.mark.parametrize(
    ("value", "precision", "scale", "expected"),
    [
        ("1.005", 10, 2, "1.01"),
        ("-1.005", 10, 2, "-1.01"),
        ("1", 10, 2, "1.00"),
        ("1.5", None, 0, "2"),
        ("1.123", None, None, "1.123"),
    ],
)
def test_a_value_is_kept_as_its_column_would(
    value: str, precision: int | None, scale: int | None, expected: str
) -> None:
    assert to_text(fit(Decimal(value), precision, scale)) == expected


def test_a_value_with_too_many_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        fit(Decimal("99999999.995"), 10, 2)


def test_the_collation_orders_by_value() -> None:
    ordered = ["abc", "-10", "-9.5", "0", "0.001", "1", "9", "10", "12345678901234567890.5"]
    for place, left in enumerate(ordered):
        for right in ordered[place + 1 :]:
            assert collate_decimals(left, right) == -1
            assert collate_decimals(right, left) == 1
    assert collate_decimals("1.0", "1.00") == 0
    assert collate_decimals("-0", "0") == 0
