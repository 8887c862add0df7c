"""How does Studio reckon with decimals where the database has none? Exactly, and digit for digit as PostgreSQL's numeric does."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from typing import Any, Final

# More digits than any numeric has (131,072 before the point and 16,383 after it), so that sums and products are exact.
EXACT: Final = decimal.Context(
    prec=400_000, rounding=decimal.ROUND_HALF_UP, Emin=decimal.MIN_EMIN, Emax=decimal.MAX_EMAX
)
_SIGNIFICANT_DIGITS = 16
"""PostgreSQL: a quotient has at least 16 significant digits (NUMERIC_MIN_SIG_DIGITS)."""
_MOST_SCALE = 1000


def to_decimal(value: Any) -> Decimal:
    """A number as a driver gives it: text, int or float (by its shortest repr). Raises ValueError for anything else."""
    try:
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except (TypeError, decimal.InvalidOperation) as error:
        raise ValueError(f"{value!r} is no decimal number") from error


def to_text(value: Decimal) -> str:
    """Plain notation, with every digit and without a negative zero."""
    if not value and value.is_signed():
        value = value.copy_negate()
    return format(value, "f")


def scale(value: Decimal) -> int:
    """How many digits stand after the point."""
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def rounded(value: Decimal, places: int) -> Decimal:
    """Half away from zero."""
    return value.quantize(Decimal(1).scaleb(-places), context=EXACT)


def fit(value: Decimal, precision: int | None, places: int | None) -> Decimal:
    """The value as a column of that precision and scale keeps it; raises ValueError when it has too many digits before the point."""
    if places is None:
        return value
    kept = rounded(value, places)
    if precision is not None and kept and kept.adjusted() >= precision - places:
        raise ValueError(
            f"{to_text(value)} does not fit into {precision} digits with {places} after the point"
        )
    return kept


def average(total: Decimal, count: int) -> Decimal:
    """`total / count` with as many digits as PostgreSQL gives it.

    Source: PostgreSQL, `numeric.c`, select_div_scale: at least 16 significant digits, reckoned in digits of base 10,000, and never
    fewer than the dividend has after its point.
    """
    weight, first = _leading(total)
    divisor = Decimal(count)
    divisor_weight, divisor_first = _leading(divisor)
    quotient_weight = weight - divisor_weight - (1 if first <= divisor_first else 0)
    places = min(max(_SIGNIFICANT_DIGITS - quotient_weight * 4, scale(total), 0), _MOST_SCALE)
    shifted = total.scaleb(places, context=EXACT)
    # Neither abs() nor a minus sign: both would round to 28 digits.
    quotient, rest = divmod(int(shifted.copy_abs()), count)
    if rest * 2 >= count:
        quotient += 1
    result = Decimal(quotient).scaleb(-places, context=EXACT)
    return result.copy_negate() if total < 0 and result else result


def _leading(value: Decimal) -> tuple[int, int]:
    """The weight and the value of the first digit in base 10,000."""
    if not value:
        return 0, 0
    weight = math.floor(value.adjusted() / 4)
    return weight, int(value.copy_abs().scaleb(-4 * weight, context=EXACT))


class DecimalSum:
    """An exact sum, as an aggregate of SQLite; text in plain notation, null over nothing."""

    def __init__(self) -> None:
        self.total: Decimal | None = None

    def step(self, value: Any) -> None:
        if value is not None:
            number = to_decimal(value)
            self.total = number if self.total is None else EXACT.add(self.total, number)

    def finalize(self) -> str | None:
        return None if self.total is None else to_text(self.total)


class DecimalAverage(DecimalSum):
    """The mean as PostgreSQL's `avg(numeric)` gives it."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def step(self, value: Any) -> None:
        super().step(value)
        if value is not None:
            self.count += 1

    def finalize(self) -> str | None:
        return None if self.total is None else to_text(average(self.total, self.count))


class StandardDeviation:
    """The standard deviation of a sample, as a float; null over fewer than two values, infinite where the squares leave a float.

    Whole numbers and decimals are summed exactly, floats by Welford's method (B. P. Welford, Technometrics 4, 1962).
    """

    def __init__(self) -> None:
        self.count = 0
        self.total = Decimal(0)
        self.squares = Decimal(0)
        self.mean = 0.0
        self.spread = 0.0
        self.is_exact = True

    def step(self, value: Any) -> None:
        if value is None:
            return
        self.count += 1
        if isinstance(value, float):
            self.is_exact = False
        if self.is_exact:
            number = to_decimal(value)
            self.total = EXACT.add(self.total, number)
            self.squares = EXACT.add(self.squares, EXACT.multiply(number, number))
        number_f = float(value)
        delta = number_f - self.mean
        self.mean += delta / self.count
        self.spread += delta * (number_f - self.mean)

    def finalize(self) -> float | None:
        if self.count < 2:
            return None
        if not self.is_exact:
            return math.sqrt(self.spread / (self.count - 1)) if math.isfinite(self.spread) else math.inf
        spread = EXACT.subtract(
            EXACT.multiply(self.squares, Decimal(self.count)), EXACT.multiply(self.total, self.total)
        )
        with decimal.localcontext(decimal.Context(prec=40)):
            return float((spread / (self.count * (self.count - 1))).sqrt())


def collate_decimals(left: str, right: str) -> int:
    """The order of two decimals in plain notation, as a collation of SQLite. What is no number comes first, by its text."""
    if left == right:
        return 0
    first, second = _number(left), _number(right)
    if first is None or second is None:
        if first is None and second is None:
            return -1 if left < right else 1
        return -1 if first is None else 1
    return 0 if first == second else -1 if first < second else 1


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except decimal.InvalidOperation:
        return None
    return number if number.is_finite() else None
