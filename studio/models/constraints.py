"""Does a value keep to what its field asks beyond its kind? `max_length`, precision and scale, `min`, `max`, `pattern`, compiled once per field."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from studio.kernel.errors import ValueRefused
from studio.models.refusals import shorten
from studio.models.spec import FieldSpec, Kind

Rule = Callable[[Any], None]
"""Looks at a canonical value; raises ValueRefused where it goes beyond what the field allows."""
Canonical = Callable[[FieldSpec, Any], Any]
"""Makes the canonical value of what a field is given, or raises ValueRefused."""


def constraint_rules(spec: FieldSpec, canonical: Canonical) -> tuple[Rule, ...]:
    """One rule for each constraint, in the order in which they are looked at; `canonical` makes the bounds comparable."""
    rules: list[Rule] = []
    if spec.max_length is not None and spec.kind in (Kind.STR, Kind.TEXT, Kind.BYTES, Kind.LIST):
        rules.append(_length_rule(spec, spec.max_length))
    if spec.kind is Kind.DECIMAL and (spec.scale is not None or spec.precision is not None):
        rules.append(_scale_rule(spec))
    if spec.minimum is not None or spec.maximum is not None:
        rules.append(_range_rule(spec, canonical))
    if spec.pattern is not None:
        rules.append(_pattern_rule(spec, re.compile(spec.pattern)))
    return tuple(rules)


def _length_rule(spec: FieldSpec, most: int) -> Rule:
    unit = {Kind.BYTES: "bytes", Kind.LIST: "items"}.get(spec.kind, "characters")

    def rule(value: Any) -> None:
        if len(value) > most:
            raise ValueRefused(
                f'"{spec.name}" takes at most {most} {unit}; {shorten(value)} has {len(value)}.',
                hint="Shorten it.",
                field=spec.name,
            )

    return rule


def _scale_rule(spec: FieldSpec) -> Rule:
    scale = spec.scale if spec.scale is not None else 0
    whole = spec.precision - scale if spec.precision is not None else None

    def rule(value: Decimal) -> None:
        _, digits, exponent = value.as_tuple()
        if isinstance(exponent, int) and -exponent > scale and any(digits[exponent + scale :]):
            raise ValueRefused(
                f'"{spec.name}" keeps {scale} decimal places; {shorten(value)} has more.',
                hint=f"Round it to {scale} places first.",
                field=spec.name,
            )
        if whole is not None and value and value.adjusted() + 1 > whole:
            raise ValueRefused(
                f'"{spec.name}" takes at most {whole} digits before the point; {shorten(value)} has more.',
                hint="Check the number, or widen the field.",
                field=spec.name,
            )

    return rule


def _range_rule(spec: FieldSpec, canonical: Canonical) -> Rule:
    least = canonical(spec, spec.minimum) if spec.minimum is not None else None
    most = canonical(spec, spec.maximum) if spec.maximum is not None else None

    def rule(value: Any) -> None:
        if least is not None and value < least:
            raise ValueRefused(
                f'"{spec.name}" is at least {least}; {shorten(value)} is less.',
                hint=f"Give {least} or more.",
                field=spec.name,
            )
        if most is not None and value > most:
            raise ValueRefused(
                f'"{spec.name}" is at most {most}; {shorten(value)} is more.',
                hint=f"Give {most} or less.",
                field=spec.name,
            )

    return rule


def _pattern_rule(spec: FieldSpec, pattern: re.Pattern[str]) -> Rule:
    def rule(value: Any) -> None:
        if pattern.fullmatch(str(value)) is None:
            raise ValueRefused(
                f'"{spec.name}" must match {pattern.pattern} as a whole; {shorten(value)} does not.',
                hint="Check the text.",
                field=spec.name,
            )

    return rule
