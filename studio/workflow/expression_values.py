"""What do the operators and functions of expressions do? Arithmetic, comparisons and look-ups on plain values, with limits.

Every function here takes values that may come from anybody, and raises `Refused` for what has no meaning or no bounds. Reading the
text of an expression is `expressions`' business.
"""

from __future__ import annotations

import ast
import datetime as dt
import decimal
import enum
import math
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

from studio.kernel.names import did_you_mean

MOST_TEXT: Final = 100_000
MOST_ITEMS: Final = 1_000_000
_MOST_BITS = 4_096
_MOST_EXPONENT = 1_000
EXACT = decimal.Context(
    prec=400,
    Emax=999,
    Emin=-999,
    rounding=decimal.ROUND_HALF_UP,
    traps=[decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero],
)
_DIVISION = decimal.Context(
    prec=28, Emax=999, Emin=-999, traps=[decimal.Overflow, decimal.InvalidOperation, decimal.DivisionByZero]
)


class Refused(Exception):
    """Why a value cannot be had, as the end of a sentence; becomes an ExpressionError that names the expression."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


# ------------------------------------------------------------------ values


_NUMBERS = (int, float, Decimal)
_QUICK = frozenset({int, float})


def plain(value: Any) -> Any:
    return value.value if isinstance(value, enum.Enum) else value


def kind_of(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, bool):
        return "true or false"
    words: tuple[tuple[Any, str], ...] = (
        ((int, float, Decimal), "a number"),
        (str, "text"),
        ((list, tuple), "a list"),
        (Mapping, "a record"),
        (dt.datetime, "a datetime"),
        (dt.date, "a date"),
    )
    return next((word for types, word in words if isinstance(value, types)), f"a {type(value).__name__}")


def is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def _paired(left: Any, right: Any) -> tuple[Any, Any]:
    """A float beside a Decimal is read by its digits."""
    if isinstance(left, Decimal) and isinstance(right, float):
        return left, Decimal(repr(right))
    if isinstance(right, Decimal) and isinstance(left, float):
        return Decimal(repr(left)), right
    return left, right


def bounded(value: Any) -> Any:
    """The number itself; refuses one that has no bounds."""
    if type(value) is float and math.isfinite(value):
        return value
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        raise Refused(f"the number has more than {_MOST_BITS:,} bits")
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("the number is too large")
    if isinstance(value, complex):
        raise Refused("the result is no real number")
    return value


def field_of(value: Any, name: str) -> Any:
    """`value.name`: a field of a record, never an attribute of an object."""
    if type(value) is dict or isinstance(value, Mapping):
        try:
            return plain(value[name])
        except KeyError:
            raise Refused(f"there is no field {name!r}", did_you_mean(name, map(str, value))) from None
    if value is None:
        raise Refused(f"{name!r} is looked up in None", "Guard it: x.field if x else …, or coalesce(…)")
    hint = f"Take one of its records first: [0].{name}" if isinstance(value, list | tuple) else ""
    raise Refused(f"{kind_of(value)} has no field {name!r}", hint)


def item_of(value: Any, key: Any) -> Any:
    if isinstance(value, Mapping):
        return field_of(value, key) if isinstance(key, str) else _refuse_key(key)
    if isinstance(value, list | tuple | str):
        if isinstance(key, slice):
            return value[key]
        if isinstance(key, bool) or not isinstance(key, int):
            raise Refused(f"{kind_of(key)} is no place in {kind_of(value)}", "Use whole numbers, from 0.")
        if not -len(value) <= key < len(value):
            raise Refused(f"there is no item {key} among {len(value)}", "Guard it: x[0] if x else …")
        return plain(value[key])
    raise Refused(f"{kind_of(value)} has no items")


def _refuse_key(key: Any) -> NoReturn:
    raise Refused(f"{kind_of(key)} is no field's name", 'Write x["name"].')


# ------------------------------------------------------------------ operators


def _do_not_go(left: Any, sign: str, right: Any) -> Refused:
    hint = "Use coalesce(x, 0) where there may be no value." if left is None or right is None else ""
    if isinstance(left, str) != isinstance(right, str) and sign == "+":
        hint = "Use str(x) to join text with other values."
    return Refused(f"{kind_of(left)} {sign} {kind_of(right)} has no meaning", hint)


def add(left: Any, right: Any) -> Any:
    if type(left) in _QUICK and type(right) in _QUICK:
        return bounded(left + right)
    if is_number(left) and is_number(right):
        left, right = _paired(left, right)
        return EXACT.add(left, right)
    if isinstance(left, str) and isinstance(right, str):
        if len(left) + len(right) > MOST_TEXT:
            raise Refused(f"the text is longer than {MOST_TEXT:,} characters")
        return left + right
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) + len(right) > MOST_ITEMS:
            raise Refused(f"the list is longer than {MOST_ITEMS:,} items")
        return [*left, *right]
    if isinstance(left, dt.date) and isinstance(right, dt.timedelta):
        return left + right
    if isinstance(left, dt.timedelta) and isinstance(right, dt.date | dt.timedelta):
        return left + right
    raise _do_not_go(left, "+", right)


def _subtract(left: Any, right: Any) -> Any:
    if type(left) in _QUICK and type(right) in _QUICK:
        return bounded(left - right)
    if is_number(left) and is_number(right):
        left, right = _paired(left, right)
        return EXACT.subtract(left, right)
    if isinstance(left, dt.date) and isinstance(right, dt.timedelta):
        return left - right
    for kind in (dt.timedelta, dt.datetime):
        if isinstance(left, kind) and isinstance(right, kind):
            return left - right  # type: ignore[operator] # two of a kind
    if type(left) is dt.date and type(right) is dt.date:
        return left - right
    raise _do_not_go(left, "-", right)


def _multiply(left: Any, right: Any) -> Any:
    if type(left) in _QUICK and type(right) in _QUICK:
        return bounded(left * right)
    if is_number(left) and is_number(right):
        left, right = _paired(left, right)
        return EXACT.multiply(left, right)
    if isinstance(right, str | dt.timedelta):
        left, right = right, left
    if isinstance(left, str) and isinstance(right, int) and not isinstance(right, bool):
        if len(left) * right > MOST_TEXT:
            raise Refused(f"the text is longer than {MOST_TEXT:,} characters")
        return left * right
    if isinstance(left, dt.timedelta) and isinstance(right, int | float) and not isinstance(right, bool):
        return left * right
    raise _do_not_go(left, "*", right)


def _divide(left: Any, right: Any) -> Any:
    if is_number(left) and is_number(right):
        left, right = _paired(left, right)
        if not right:
            raise ZeroDivisionError
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            return _DIVISION.divide(left, right)
        return bounded(left / right)
    if isinstance(left, dt.timedelta) and isinstance(right, dt.timedelta):
        return left / right
    if isinstance(left, dt.timedelta) and isinstance(right, int | float) and not isinstance(right, bool):
        return left / right
    raise _do_not_go(left, "/", right)


def _rounding_division(sign: str, plain: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """`//` and `%`. Of text, `%` would format it: that has no bounds and is not there."""

    def divide(left: Any, right: Any) -> Any:
        if not (is_number(left) and is_number(right)):
            raise _do_not_go(left, sign, right)
        left, right = _paired(left, right)
        if not right:
            raise ZeroDivisionError
        if not (isinstance(left, Decimal) or isinstance(right, Decimal)):
            return bounded(plain(left, right))
        # As for ints and floats: downwards, and the rest has the divisor's sign.
        left, right = Decimal(left), Decimal(right)
        whole = EXACT.divide_int(left, right)
        rest = EXACT.subtract(left, EXACT.multiply(whole, right))
        if rest and (rest < 0) != (right < 0):
            whole, rest = EXACT.subtract(whole, Decimal(1)), EXACT.add(rest, right)
        return whole if sign == "//" else rest

    return divide


def _power(left: Any, right: Any) -> Any:
    if not (is_number(left) and is_number(right)):
        raise _do_not_go(left, "**", right)
    left, right = _paired(left, right)
    if abs(right) > _MOST_EXPONENT:
        raise Refused(f"the exponent is beyond {_MOST_EXPONENT:,}")
    if (
        isinstance(left, int)
        and isinstance(right, int)
        and right > 0
        and left.bit_length() * right > _MOST_BITS
    ):
        raise Refused(f"the number has more than {_MOST_BITS:,} bits")
    if isinstance(left, Decimal) or isinstance(right, Decimal):
        return _DIVISION.power(left, right)
    return bounded(left**right)


def _negate(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value.copy_negate() if value else value  # the operator itself would round to 28 digits
    if is_number(value) or isinstance(value, dt.timedelta):
        return -value
    raise Refused(f"-{kind_of(value)} has no meaning")


def _positive(value: Any) -> Any:
    if is_number(value) or isinstance(value, dt.timedelta):
        return value
    raise Refused(f"+{kind_of(value)} has no meaning")


def equal(left: Any, right: Any) -> bool:
    if is_number(left) and is_number(right):
        left, right = _paired(left, right)
    elif isinstance(left, bool) is not isinstance(right, bool):
        return False
    return bool(left == right)


def compared(sign: str, compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def check(left: Any, right: Any) -> bool:
        if is_number(left) and is_number(right):
            left, right = _paired(left, right)
        elif not (
            (isinstance(left, str) and isinstance(right, str))
            or (isinstance(left, dt.date) and isinstance(right, dt.date))
            or (isinstance(left, dt.time | dt.timedelta) and type(left) is type(right))
        ):
            raise _do_not_go(left, sign, right)
        return bool(compare(left, right))

    return check


def contains(whole: Any, part: Any) -> bool:
    """Whether a text holds a text, a list an item, or a record a field of that name."""
    if isinstance(whole, str):
        if not isinstance(part, str):
            raise Refused(f"{kind_of(part)} cannot be looked for in text", "Use str(x).")
        return part in whole
    if isinstance(whole, Mapping):
        return isinstance(part, str) and part in whole
    if isinstance(whole, list | tuple):
        return any(equal(plain(item), part) for item in whole)
    raise Refused(f"nothing can be looked for in {kind_of(whole)}")


BINARY: Final[Mapping[type[ast.operator], Callable[[Any, Any], Any]]] = {
    ast.Add: add,
    ast.Sub: _subtract,
    ast.Mult: _multiply,
    ast.Div: _divide,
    ast.FloorDiv: _rounding_division("//", operator.floordiv),
    ast.Mod: _rounding_division("%", operator.mod),
    ast.Pow: _power,
}
UNARY: Final[Mapping[type[ast.unaryop], Callable[[Any], Any]]] = {
    ast.USub: _negate,
    ast.UAdd: _positive,
    ast.Not: operator.not_,
}
COMPARISONS: Final[Mapping[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Eq: equal,
    ast.NotEq: lambda left, right: not equal(left, right),
    ast.Lt: compared("<", operator.lt),
    ast.LtE: compared("<=", operator.le),
    ast.Gt: compared(">", operator.gt),
    ast.GtE: compared(">=", operator.ge),
    ast.In: lambda left, right: contains(right, left),
    ast.NotIn: lambda left, right: not contains(right, left),
    ast.Is: equal,
    ast.IsNot: lambda left, right: not equal(left, right),
}
