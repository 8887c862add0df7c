"""Does what is said of a field fit its type? An option that could have no effect, or that one of the databases has no room for, is refused.

Which options a whole model takes says `options`; which values a field takes, `values`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from studio.kernel.errors import ModelError, ValueRefused
from studio.kernel.names import with_article
from studio.models.spec import MISSING, MOST_DIMENSIONS, FieldSpec, Kind
from studio.models.values import make_checker

MOST_NAME: Final = 63
"""PostgreSQL: the bytes of a table's or a column's name; it cuts off the rest without a word."""
_MOST_DIGITS: Final = 65
"""MariaDB: the digits of a decimal."""
_MOST_PLACES: Final = 38
"""MariaDB: those of them after the point."""
_WITH_LENGTH: Final = frozenset({Kind.STR, Kind.TEXT, Kind.BYTES, Kind.LIST})
_WITH_BOUNDS: Final = frozenset(
    {
        *(Kind.INT, Kind.FLOAT, Kind.DECIMAL, Kind.STR, Kind.TEXT),
        *(Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.TIMEDELTA),
    }
)
_NEVER_KEYS: Final = frozenset({Kind.LIST, Kind.DICT, Kind.BYTES})


def check_fields(model: str, fields: Iterable[FieldSpec]) -> None:
    """Refuses fields that contradict themselves, that say what has no effect, or that not every database can keep.

    Raises ModelError that names the field and the remedy.
    """
    columns: dict[str, str] = {}
    for field in fields:
        check_name(model, field.column, f"the column of {field.name!r}", field=field.name)
        other = columns.setdefault(field.column.lower(), field.name)
        if other != field.name:
            raise ModelError(
                f"{model}: {other!r} and {field.name!r} differ in capital letters only, and to most databases they are one.",
                hint="Rename one of them.",
                field=field.name,
            )
        _check_dimensions(model, field)
        for fault, hint in _faults(field):
            raise ModelError(f"{model}: {field.name!r} {fault}.", hint=hint, field=field.name)


def check_name(model: str, name: str, words: str, *, field: str | None = None) -> None:
    """Refuses a name in the database that is longer than all of them keep; `words` say what is called so."""
    size = len(name.encode())
    if size > MOST_NAME:
        raise ModelError(
            f"{model}: the name of {words} has {size} bytes; it can have {MOST_NAME}.",
            hint="Shorten it.",
            field=field,
        )


def check_default(model: str, spec: FieldSpec) -> None:
    """Refuses a default that the field itself refuses: the first record would be refused otherwise, far from the mistake."""
    if spec.default is MISSING or spec.default is None:
        return
    try:
        make_checker(spec)(spec.default)
    except ValueRefused as error:
        raise ModelError(
            f"{model}: the default of {spec.name!r} does not fit: {error.message}",
            hint=error.hint,
            field=spec.name,
        ) from error


def _check_dimensions(model: str, field: FieldSpec) -> None:
    """Refuses a vector of no size, and what no database could do with a vector."""
    count = field.dimensions
    if field.kind is not Kind.VECTOR:
        if count is not None:
            raise ModelError(
                f"{model}: {field.name!r} is {with_article(field.kind.value)} field and has no dimensions.",
                hint="Declare it as list[float], or leave the dimensions out.",
                field=field.name,
            )
        return
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_DIMENSIONS:
        said = "no number of dimensions" if count is None else f"{count!r} dimensions"
        raise ModelError(
            f"{model}: the vector {field.name!r} has {said}; it can have 1 to {MOST_DIMENSIONS:,}.",
            hint="Give as many as the numbers of one vector, as in Vector(1536) or vector(1536).",
            field=field.name,
        )
    barred = {
        "the key": field.key,
        "unique": field.unique,
        "indexed": field.index,
        "a reference": bool(field.references),
        "bounded by min or max": field.minimum is not None or field.maximum is not None,
        "matched with a pattern": field.pattern is not None,
        "limited by max_length": field.max_length is not None,
    }
    reason = next((words for words, holds in barred.items() if holds), None)
    if reason is not None:
        raise ModelError(
            f"{model}: {field.name!r} is a vector and cannot be {reason}: vectors are only compared as a whole.",
            hint="Leave that out.",
            field=field.name,
        )


def _faults(field: FieldSpec) -> Iterator[tuple[str, str]]:
    """What is wrong, as the end of a sentence about the field, and what to do."""
    kind = f"{with_article(field.kind.value)} field"
    if field.key and field.kind in _NEVER_KEYS:
        yield f"is {kind} and cannot be the key", "Make the key an int, a str or a UUID."
    if field.max_length is not None:
        if field.kind not in _WITH_LENGTH:
            yield f"is {kind} and has no max_length", "Leave it out; min and max bound numbers and dates."
        if field.max_length < 1:
            yield f"has a max_length of {field.max_length}", "Give 1 or more."
    if field.on_delete != "no action" and not field.references:
        yield "has on_delete but references nothing", 'Say references="Model", or leave on_delete out.'
    if field.default is not MISSING and field.default is not None and field.default_factory is not None:
        yield "has a default and a default_factory", "Keep one of them."
    if field.pattern is not None:
        try:
            re.compile(field.pattern)
        except re.error as error:
            yield f"has a pattern that is no regular expression: {error}", "Mend the pattern."
    yield from _faults_of_digits(field, kind)
    yield from _faults_of_bounds(field, kind)


def _faults_of_digits(field: FieldSpec, kind: str) -> Iterator[tuple[str, str]]:
    digits, places = field.precision, field.scale
    if digits is None and places is None:
        return
    if field.kind is not Kind.DECIMAL:
        yield f"is {kind} and has no precision or scale", "Declare it as a Decimal, or leave them out."
    if digits is not None and not 1 <= digits <= _MOST_DIGITS:
        yield f"has a precision of {digits}; it can have 1 to {_MOST_DIGITS}", "MariaDB keeps no more."
    if places is not None and not 0 <= places <= min(_MOST_PLACES, digits or _MOST_PLACES):
        most = min(_MOST_PLACES, digits or _MOST_PLACES)
        yield (
            f"has a scale of {places}; it can have 0 to {most}",
            "The precision counts all digits, the scale those after the point.",
        )


def _faults_of_bounds(field: FieldSpec, kind: str) -> Iterator[tuple[str, str]]:
    given = {"min": field.minimum, "max": field.maximum}
    bounds = {name: bound for name, bound in given.items() if bound is not None}
    if not bounds:
        return
    if field.kind not in _WITH_BOUNDS:
        yield f"is {kind} and has no min or max", "Leave them out."
    check = make_checker(FieldSpec(name=field.name, kind=field.kind, naive=field.naive), constraints=False)
    for name, bound in bounds.items():
        try:
            bounds[name] = check(bound)
        except ValueRefused as error:
            yield f"has a {name} that does not fit: {error.message.removesuffix('.')}", error.hint
    if len(bounds) == 2 and bounds["min"] > bounds["max"]:
        yield f"has a min of {field.minimum}, which is more than its max, {field.maximum}", "Exchange them."
