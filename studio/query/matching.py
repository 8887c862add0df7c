"""Does a record in hand match? The same meaning as in SQL, in plain Python: for the Filter node, for tests, for what never reached a database."""

from __future__ import annotations

import datetime as dt
import enum
import operator
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeAlias, assert_never

from studio.query.conditions import NO_SLOT, All, Comparison, Condition, Not, Some
from studio.query.documents import ABSENT, contains, equal, form_of, value_at
from studio.query.filters import Filter
from studio.query.patterns import fold, like_matcher, regex_matcher

Record: TypeAlias = Mapping[str, Any]
Matcher: TypeAlias = Callable[[Record], bool]
_Look: TypeAlias = Callable[[Record], Any]
_ValueTest: TypeAlias = Callable[[Any], bool]

_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
_FAMILIES: Final = (str, bytes, dt.datetime, dt.date, dt.time, dt.timedelta, uuid.UUID)


def matches(f: Filter, record: Record) -> bool:
    """Whether the record matches. For many records, make a `matcher` once."""
    return matcher(f)(record)


def matcher(f: Filter) -> Matcher:
    """A function that tells which records match; a field that a record lacks is null."""
    return _made(f.condition, f)


def _made(condition: Condition, f: Filter) -> Matcher:
    if isinstance(condition, Comparison):
        return _comparison(condition, f)
    if isinstance(condition, Not):
        inner = _made(condition.part, f)
        return lambda record: not inner(record)
    if isinstance(condition, All):
        parts = [_made(part, f) for part in condition.parts]
        return lambda record: all(part(record) for part in parts)
    if isinstance(condition, Some):
        parts = [_made(part, f) for part in condition.parts]
        return lambda record: any(part(record) for part in parts)
    assert_never(condition)


def _comparison(test: Comparison, f: Filter) -> Matcher:
    term = f.vocabulary.get(test.field)
    look = _look(test, f)
    if test.operator == "null":
        return lambda record: look(record) is None or look(record) is ABSENT
    if test.operator == "exists":
        return lambda record: look(record) is not ABSENT
    if term is None:
        decide = _loose(test, f)
    elif test.path != NO_SLOT or term.is_document:
        decide = _document(test, f)
    else:
        decide = _typed(test, f)

    def match(record: Record) -> bool:
        value = look(record)
        if value is None or value is ABSENT:
            return False
        try:
            return bool(decide(value))
        except TypeError:
            return False

    return match


def _look(test: Comparison, f: Filter) -> _Look:
    name = test.field
    if test.path == NO_SLOT:
        return lambda record: record.get(name, ABSENT)
    path = f.values[test.path]
    return lambda record: value_at(record.get(name), path)


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


# ------------------------------------------------------------------ fields of a known kind


def _typed(test: Comparison, f: Filter) -> _ValueTest:
    if test.operator in _TEXT:
        return _text(test, f)
    wanted = f.values[test.slot]
    if test.operator == "in":
        several = [_plain(one) for one in wanted]
        return lambda value: _plain(value) in several
    wanted = _plain(wanted)
    if test.operator == "between":
        high = _plain(f.values[test.slot + 1])
        return lambda value: wanted <= _plain(value) <= high
    compare = _COMPARE[test.operator]
    return lambda value: compare(_plain(value), wanted)


_TEXT: Final = frozenset({"like", "ilike", "regex", "startswith", "endswith", "contains"})


def _text(test: Comparison, f: Filter) -> _ValueTest:
    wanted = f.values[test.slot]
    decide: Callable[[str], bool]
    if test.operator == "like":
        decide = like_matcher(wanted)
    elif test.operator == "ilike":
        fits = like_matcher(fold(wanted))

        def decide(text: str) -> bool:
            return fits(fold(text))
    elif test.operator == "regex":
        decide = regex_matcher(wanted)
    elif test.operator == "startswith":

        def decide(text: str) -> bool:
            return text.startswith(wanted)
    elif test.operator == "endswith":

        def decide(text: str) -> bool:
            return text.endswith(wanted)
    else:

        def decide(text: str) -> bool:
            return wanted in text

    def match(value: Any) -> bool:
        text = _plain(value)
        return isinstance(text, str) and decide(text)

    return match


# ------------------------------------------------------------------ JSON


def _document(test: Comparison, f: Filter) -> _ValueTest:
    wanted = f.values[test.slot]
    if test.operator == "in":
        return lambda value: any(equal(value, one) for one in wanted)
    if test.operator == "contains":
        return lambda value: contains(value, wanted)
    if test.operator == "size":
        compare_size = _COMPARE[test.compare]
        return lambda value: isinstance(value, list | tuple) and bool(compare_size(len(value), wanted))
    if test.operator in _TEXT:
        return _text(test, f)
    form = test.form
    if test.operator == "eq":
        return lambda value: equal(value, wanted)
    if test.operator == "between":
        high = f.values[test.slot + 1]
        return lambda value: form_of(value) == form and wanted <= value <= high
    compare = _COMPARE[test.operator]
    return lambda value: form_of(value) == form and bool(compare(value, wanted))


# ------------------------------------------------------------------ records that no model describes


def _loose(test: Comparison, f: Filter) -> _ValueTest:
    wanted = f.values[test.slot]
    if test.operator in ("contains", "size"):
        return _document(test, f)
    if test.operator in _TEXT:
        return _text(test, f)
    if test.operator == "in":
        return lambda value: any(_compared(value, one, operator.eq) for one in wanted)
    if test.operator == "between":
        high = f.values[test.slot + 1]
        return lambda value: _compared(value, wanted, operator.ge) and _compared(value, high, operator.le)
    compare = _COMPARE[test.operator]
    return lambda value: _compared(value, wanted, compare)


def _compared(left: Any, right: Any, compare: Callable[[Any, Any], Any]) -> bool:
    """Compares values of one family: numbers with numbers, text with text, …; of two families nothing holds."""
    left, right = _plain(left), _plain(right)
    if isinstance(left, bool) or isinstance(right, bool):
        return isinstance(left, bool) and isinstance(right, bool) and bool(compare(left, right))
    if isinstance(left, int | float | Decimal) and isinstance(right, int | float | Decimal):
        try:
            return bool(compare(_number(left, right), _number(right, left)))
        except InvalidOperation:
            return False  # a Decimal that is no number
    if isinstance(left, Mapping | list | tuple):
        return compare is operator.eq and equal(left, right)
    if type(left) is dt.date and isinstance(right, dt.datetime):
        return False
    return any(isinstance(left, one) and isinstance(right, one) for one in _FAMILIES) and bool(
        compare(left, right)
    )


def _number(value: Any, other: Any) -> Any:
    """A float beside a Decimal is read by its digits: 0.1 is Decimal("0.1")."""
    return Decimal(repr(value)) if isinstance(value, float) and isinstance(other, Decimal) else value
