"""How does MariaDB reckon figures? In the types and with the digits that the other databases give."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from studio.models.spec import Kind
from studio.query.mysql_grammar import phrase
from studio.query.sql_filters import Place
from studio.query.stages import Figure

Value = sa.ColumnElement[Any]
_LARGEST = "1.7976931348623157e308"
_WEIGHTS = range(1, 9)
"""Powers of 10,000 that a DECIMAL reaches above 1; below it reaches eight as well."""


def figure(figure: Figure, place: Place, ordered: Value) -> Value:
    """One figure over a column, but counts."""
    column, kind = place.column, place.term.kind
    if figure.function in ("min", "max"):
        return sa.type_coerce(getattr(sa.func, figure.function)(ordered), column.type)
    if figure.function == "stddev":
        spread = "CAST(STDDEV_SAMP(<0>) AS DOUBLE)"
        return phrase(_finite(spread) if kind is Kind.FLOAT else spread, column, type_=sa.Double())
    if figure.function == "avg":
        if kind is Kind.INT:
            return phrase("CAST(SUM(<0>) AS DOUBLE) / NULLIF(COUNT(<0>), 0)", column, type_=sa.Double())
        if kind is Kind.DECIMAL:
            return phrase(_AVERAGE, column, type_=column.type)
        return phrase(_finite("SUM(<0>) / NULLIF(COUNT(<0>), 0)"), column, type_=sa.Double())
    if kind is Kind.FLOAT:
        return phrase(f"COALESCE({_finite('SUM(<0>)')}, 0e0)", column, type_=column.type)
    if kind is Kind.DECIMAL:
        return phrase("COALESCE(SUM(<0>), 0)", column, type_=column.type)
    # A sum of whole numbers is reckoned without bounds; what leaves 64 bits makes the statement fail.
    return phrase(
        "CASE WHEN COALESCE(SUM(<0>), 0) BETWEEN -9223372036854775808 AND 9223372036854775807"
        " THEN CAST(COALESCE(SUM(<0>), 0) AS SIGNED) ELSE 9223372036854775807 + ABS(SIGN(SUM(<0>))) END",
        column,
        type_=column.type,
    )


def _finite(figure: str) -> str:
    """The figure of floats, refused unless it and their sum are finite: MariaDB would give infinity, the greatest float or null."""
    return (
        f"CASE WHEN COUNT(<0>) < 2 OR ABS(SUM(<0>)) < {_LARGEST} AND ABS({figure}) < {_LARGEST}"
        f" THEN {figure} ELSE EXP(710 * COUNT(<0>)) END"
    )


def _weight(number: str) -> str:
    """The place of the first digit in base 10,000, as `decimals.average` has it."""
    above = " + ".join(f"({number} >= 1{'0' * 4 * power})" for power in _WEIGHTS)
    below = " - ".join(f"({number} < 0.{'0' * (4 * power - 1)}1)" for power in range(1, 8))
    return f"({above} - ({number} < 1) - {below})"


def _first(number: str, weight: str) -> str:
    """The value of that first digit."""
    cases = " ".join(
        f"WHEN {power} THEN {number} {'/' if power > 0 else '*'} 1{'0' * 4 * abs(power)}"
        for power in range(-8, 9)
        if power
    )
    return f"FLOOR(CASE {weight} {cases} ELSE {number} END)"


def _average() -> str:
    """`decimals.average` in SQL: as many digits after the point as PostgreSQL gives a quotient."""
    total, count = "ABS(SUM(<0>))", "COUNT(<0>)"
    weights = f"{_weight(total)} - ({count} >= 10000) - ({count} >= 100000000)"
    by = f"CASE WHEN {count} >= 100000000 THEN {count} DIV 100000000 WHEN {count} >= 10000 THEN {count} DIV 10000 ELSE {count} END"
    quotient = f"({weights} - ({_first(total, _weight(total))} <= {by}))"
    # Of the values: their sum may be whole where they are not.
    digits = "TRIM(TRAILING '0' FROM CAST(CAST(<0> AS DECIMAL(65,30)) AS CHAR))"
    scale = f"MAX(LENGTH(SUBSTRING_INDEX({digits}, '.', -1)))"
    places = f"LEAST(GREATEST(16 - 4 * {quotient}, {scale}, 0), 38)"
    return f"CASE WHEN SUM(<0>) = 0 THEN 0 ELSE ROUND(CAST(SUM(<0>) AS DECIMAL(65,30)) / NULLIF(COUNT(<0>), 0), {places}) END"


_AVERAGE = _average()
