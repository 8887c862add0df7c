"""What may an expression call? A short list of functions over plain values, each within bounds."""

from __future__ import annotations

import datetime as dt
import decimal
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from studio.workflow.expression_values import (
    EXACT,
    Refused,
    add,
    bounded,
    compared,
    contains,
    field_of,
    is_number,
    kind_of,
    plain,
)


def _values_of(name: str, arguments: tuple[Any, ...]) -> list[Any]:
    """The values that `min`, `max` and `sum` look at: several, a list, or one field of a list of records."""
    first = arguments[0]
    if isinstance(first, list | tuple):
        if len(arguments) == 2 and isinstance(arguments[1], str):
            return [field_of(record, arguments[1]) for record in first]
        if len(arguments) == 1:
            return [plain(item) for item in first]
    elif len(arguments) > 1:
        return list(arguments)
    raise Refused(f"{name} wants a list, a list of records and a field's name, or several values")


def _extreme(name: str, is_better: Callable[[Any, Any], bool]) -> Callable[..., Any]:
    def find(*arguments: Any) -> Any:
        values = _values_of(name, arguments)
        if not values:
            raise Refused(f"{name} of nothing is nothing", f"Guard it: {name}(x) if x else …")
        best = values[0]
        for value in values[1:]:
            if is_better(value, best):
                best = value
        return best

    return find


def _sum(*arguments: Any) -> Any:
    total: Any = 0
    for value in _values_of("sum", arguments):
        total = add(total, value)
    return total


def _length(value: Any) -> int:
    if isinstance(value, str | list | tuple | Mapping):
        return len(value)
    raise Refused(f"{kind_of(value)} has no length")


def _round(value: Any, places: Any = 0) -> Any:
    """Half away from zero for decimals; floats as Python rounds them. Without places, to a whole number."""
    if not is_number(value) or isinstance(places, bool) or not isinstance(places, int) or abs(places) > 100:
        raise Refused("round wants a number and how many places to keep", "Write round(x, 2).")
    if isinstance(value, Decimal):
        rounded = value.quantize(Decimal(1).scaleb(-places), context=EXACT)
        return rounded if places > 0 else Decimal(int(rounded))
    return round(value, places) if places else round(value)


def _absolute(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value.copy_abs()  # abs() would round to 28 digits
    if is_number(value) or isinstance(value, dt.timedelta):
        return abs(value)
    raise Refused(f"{kind_of(value)} has no absolute value")


def _short(value: Decimal) -> Decimal:
    """The number itself, unless writing it out takes more digits than any that is reckoned here."""
    if value.is_finite() and abs(value.adjusted()) > EXACT.Emax:
        raise Refused(f"the number has more than {EXACT.Emax:,} digits")
    return value


def _to_int(value: Any) -> int:
    if isinstance(value, Decimal):
        return int(_short(value))
    if isinstance(value, bool) or is_number(value):
        return int(value)
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,100}\s*", value, re.ASCII):
        return int(value)
    raise Refused(f"{kind_of(value)} cannot be read as a whole number")


def _to_float(value: Any) -> float:
    if is_number(value) or isinstance(value, bool) or (isinstance(value, str) and len(value) <= 100):
        return float(bounded(float(value)))
    raise Refused(f"{kind_of(value)} cannot be read as a number")


def _to_decimal(value: Any) -> Decimal:
    if isinstance(value, float):
        value = repr(value)
    if is_number(value) or (isinstance(value, str) and len(value) <= 100):
        try:
            number = EXACT.create_decimal(value.strip() if isinstance(value, str) else value)
        except decimal.DecimalException:
            raise Refused(f"{value!r} is no decimal number") from None
        if number.is_finite():
            return number
    raise Refused(f"{kind_of(value)} cannot be read as a decimal number")


def _to_text(value: Any) -> str:
    """Numbers in plain notation, dates as ISO text, None as an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(_short(value), "f")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, list | tuple | Mapping):
        raise Refused(f"{kind_of(value)} is more than a text can say", "Take one of its values.")
    return str(value)


def _cased(name: str, change: Callable[[str], str]) -> Callable[[Any], str]:
    def apply(value: Any) -> str:
        if not isinstance(value, str):
            raise Refused(f"{name} wants text, not {kind_of(value)}", "Use str(x).")
        return change(value)

    return apply


def _coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _today() -> dt.date:
    return _now().date()


FUNCTIONS: Final[Mapping[str, tuple[Callable[..., Any], int, int]]] = {
    "len": (_length, 1, 1),
    "min": (_extreme("min", compared("<", operator.lt)), 1, 50),
    "max": (_extreme("max", compared(">", operator.gt)), 1, 50),
    "sum": (_sum, 1, 2),
    "round": (_round, 1, 2),
    "abs": (_absolute, 1, 1),
    "int": (_to_int, 1, 1),
    "float": (_to_float, 1, 1),
    "str": (_to_text, 1, 1),
    "decimal": (_to_decimal, 1, 1),
    "lower": (_cased("lower", str.lower), 1, 1),
    "upper": (_cased("upper", str.upper), 1, 1),
    "now": (_now, 0, 0),
    "today": (_today, 0, 0),
    "coalesce": (_coalesce, 1, 50),
    "contains": (contains, 2, 2),
}
"""What an expression may call: the function, and how many arguments it takes at least and at most."""
