"""Which Python values may a field hold? Turns a value into the field's canonical form, or refuses it with a remedy.

What comes out is the same on every database: exact types, aware datetimes in UTC, no value that only one of them could keep. How a
canonical value is stored is the database's business.

    int        a whole number of at most 64 bits (a bool is none, neither is text)
    float      a finite number; a whole number only if nothing is lost
    Decimal    a finite number that fits precision and scale; ints, and text that is a decimal number, are taken
    str, Text  text without NUL and without unpaired surrogates
    datetime   aware, UTC; a naive one is read as UTC, ISO text is taken; `FieldSpec.naive` fields keep naive values
    dict, list what JSON can say without loss, copied
    Vector     finite numbers, as many as the field has dimensions, rounded to 32 bits
    Enum       the stored text of a member
    UUID       a UUID; its text form is taken

Mappings and lists are `documents`' business, what a field asks beyond its kind is `constraints`'.
"""

from __future__ import annotations

import array
import datetime as dt
import enum
import math
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from numbers import Real
from typing import Any, Final

from studio.kernel.errors import ValueRefused
from studio.kernel.names import did_you_mean
from studio.models.constraints import Canonical, constraint_rules
from studio.models.documents import dict_of, list_of
from studio.models.refusals import WANTED, described, refusal, shorten, text_fault
from studio.models.spec import INT_MAX, INT_MIN, MOST_DIMENSIONS, FieldSpec, Kind

Checker = Callable[[Any], Any]
"""Takes any value, gives the canonical one, or raises ValueRefused that names the field."""

_DECIMAL_TEXT: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NUMERIC_DIGITS: Final = 131072
"""PostgreSQL: a numeric has at most 131,072 digits before the point."""
_NUMERIC_SCALE: Final = 16383
"""PostgreSQL: and at most 16,383 after it."""
_MICROSECOND: Final = dt.timedelta(microseconds=1)
_PLAIN_NUMBERS: Final = frozenset({float, int})


def make_checker(spec: FieldSpec, *, constraints: bool = True) -> Checker:
    """The checker of one field, compiled once.

    With `constraints=False` only the kind of value is checked, not `max_length`, `min`, `max`, `pattern`, the scale or nullability: so
    a filter may compare with values that the field itself would refuse.
    """
    convert = _CONVERTERS[spec.kind]
    rules = constraint_rules(spec, convert) if constraints else ()

    def check(value: Any) -> Any:
        if value is None:
            if spec.nullable or not constraints:
                return None
            raise ValueRefused(
                f'"{spec.name}" must have a value, not None.',
                hint=f"Give {WANTED[spec.kind]}, or leave the field out."
                if spec.has_default
                else f"Give {WANTED[spec.kind]}.",
                field=spec.name,
            )
        canonical = convert(spec, value)
        for rule in rules:
            rule(canonical)
        return canonical

    return check


def _int(spec: FieldSpec, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value):
            raise refusal(spec, value, f"Write {value.strip()} without quotes.")
        if isinstance(value, float | Decimal):
            raise refusal(spec, value, "Round it first, or make the field a float or a Decimal.")
        raise refusal(spec, value)
    if not INT_MIN <= value <= INT_MAX:
        raise ValueRefused(
            f'"{spec.name}" cannot hold {shorten(value)}: whole numbers have at most 64 bits.',
            hint="Make the field a Decimal.",
            field=spec.name,
        )
    return int(value)


def _float(spec: FieldSpec, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        if isinstance(value, str) and _DECIMAL_TEXT.fullmatch(value.strip()):
            raise refusal(spec, value, f"Write {value.strip()} without quotes.")
        raise refusal(spec, value)
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.inf
    if not math.isfinite(number):
        raise _unbounded(spec, value)
    if isinstance(value, int) and int(number) != value:
        raise ValueRefused(
            f'"{spec.name}" cannot hold {shorten(value)} exactly: it is a floating-point number.',
            hint="Make the field an int or a Decimal.",
            field=spec.name,
        )
    return number


def _unbounded(spec: FieldSpec, value: Any) -> ValueRefused:
    return ValueRefused(
        f'"{spec.name}" cannot hold {shorten(value)}: only finite numbers can be stored.',
        hint="Leave the field empty where there is no number." if spec.nullable else "Give a finite number.",
        field=spec.name,
    )


def _decimal(spec: FieldSpec, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise refusal(spec, value)
    if isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, str):
        if not _DECIMAL_TEXT.fullmatch(value.strip()):
            raise refusal(spec, value, "Write a number such as 12.50.")
        try:
            number = Decimal(value.strip())
        except InvalidOperation as error:
            raise refusal(spec, value) from error
    else:
        number = Decimal(value)
    if not number.is_finite():
        raise _unbounded(spec, value)
    _, digits, exponent = number.as_tuple()
    if isinstance(exponent, int) and (len(digits) + exponent > _NUMERIC_DIGITS or -exponent > _NUMERIC_SCALE):
        raise ValueRefused(
            f'"{spec.name}" cannot hold {shorten(value)}: it has too many digits.',
            hint=f"At most {_NUMERIC_DIGITS:,} before the point and {_NUMERIC_SCALE:,} after it.",
            field=spec.name,
        )
    return number if number or not number.is_signed() else -number


def _str(spec: FieldSpec, value: Any) -> str:
    if not isinstance(value, str):
        if isinstance(value, uuid.UUID):
            return str(value)
        if isinstance(value, enum.Enum) and isinstance(value.value, str):
            value = value.value
        else:
            hint = f"Write {value!r} in quotes." if isinstance(value, int | float | Decimal) else ""
            raise refusal(spec, value, hint)
    text = str.__str__(value)
    fault = text_fault(text)
    if fault:
        raise ValueRefused(
            f'"{spec.name}" cannot hold {shorten(text)}: it {fault}.',
            hint="Remove it, or make the field bytes.",
            field=spec.name,
        )
    return text


def _bool(spec: FieldSpec, value: Any) -> bool:
    if value is True or value is False:
        return value
    hints = {"true": "true", "false": "false", "1": "true", "0": "false", "yes": "true", "no": "false"}
    meant = hints.get(str(value).strip().lower())
    quotes = " without quotes" if isinstance(value, str) else ""
    raise refusal(spec, value, f"Write {meant}{quotes}." if meant else "")


def _datetime(spec: FieldSpec, value: Any) -> dt.datetime:
    if isinstance(value, str):
        try:
            moment = dt.datetime.fromisoformat(value.strip())
        except ValueError as error:
            raise refusal(spec, value, "Write it as 2026-01-31T13:45:00Z.") from error
    elif isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - made aware below
    else:
        raise refusal(spec, value, "Give a datetime, or text such as 2026-01-31T13:45:00Z.")
    try:
        if moment.tzinfo is not None:
            moment = moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise refusal(spec, value, "It lies outside the years 1 to 9999 in UTC.") from error
    if spec.naive:
        return moment.replace(tzinfo=None, fold=0)
    return moment.replace(tzinfo=dt.UTC, fold=0)


def _date(spec: FieldSpec, value: Any) -> dt.date:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError as error:
            raise refusal(spec, value, "Write it as 2026-01-31.") from error
    if isinstance(value, dt.datetime):
        raise refusal(spec, value, "Take its date, or make the field a datetime.")
    if not isinstance(value, dt.date):
        raise refusal(spec, value, "Give a date, or text such as 2026-01-31.")
    return value


def _time(spec: FieldSpec, value: Any) -> dt.time:
    if isinstance(value, str):
        try:
            value = dt.time.fromisoformat(value.strip())
        except ValueError as error:
            raise refusal(spec, value, "Write it as 13:45:00.") from error
    if not isinstance(value, dt.time):
        raise refusal(spec, value, "Give a time, or text such as 13:45:00.")
    if value.tzinfo is not None:
        raise refusal(
            spec, value, "A time of day has no time zone: leave it out, or make the field a datetime."
        )
    return value.replace(fold=0)


def _timedelta(spec: FieldSpec, value: Any) -> dt.timedelta:
    if not isinstance(value, dt.timedelta):
        raise refusal(spec, value, "Give a timedelta.")
    if not INT_MIN <= value // _MICROSECOND <= INT_MAX:
        raise refusal(spec, value, "At most 292,271 years can be stored.")
    return value


def _bytes(spec: FieldSpec, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    raise refusal(spec, value, "Encode text first, for example as UTF-8." if isinstance(value, str) else "")


def _vector(spec: FieldSpec, value: Any) -> list[float]:
    """The numbers as 32 bits hold them: what PostgreSQL keeps, and so what every database gives back."""
    if not isinstance(value, list | tuple):
        # What makes vectors gives arrays: NumPy's, Python's own.
        listed = getattr(value, "tolist", None)
        value = listed() if listed is not None and not isinstance(value, memoryview) else value
        if not isinstance(value, list | tuple):
            raise refusal(spec, value)
    if not set(map(type, value)) <= _PLAIN_NUMBERS:
        for place, item in enumerate(value):
            if isinstance(item, bool) or not isinstance(item, Real | Decimal):
                raise _number_refusal(spec, place, f"{described(item)}, no number", "Give numbers only.")
    wanted = spec.dimensions
    if len(value) != wanted and (wanted is not None or not 0 < len(value) <= MOST_DIMENSIONS):
        raise ValueRefused(
            f'"{spec.name}" has {_dimensions(spec)}, but the vector given has {len(value):,}.',
            hint="Give a number for each dimension, made by the model that the others were made by.",
            field=spec.name,
        )
    try:
        rounded = array.array("f", value)
    except OverflowError:
        rounded = array.array("f", map(_bounded, value))
    if not all(map(math.isfinite, rounded)):
        place = next(at for at, number in enumerate(rounded) if not math.isfinite(number))
        raise _number_refusal(
            spec, place, f"{shorten(value[place])}, no finite number of 32 bits", "Give finite numbers only."
        )
    return [number + 0.0 for number in rounded]  # -0.0 would be another text for an equal number


def _bounded(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _dimensions(spec: FieldSpec) -> str:
    if spec.dimensions is None:
        return f"1 to {MOST_DIMENSIONS:,} dimensions"
    return f"{spec.dimensions:,} dimension{'' if spec.dimensions == 1 else 's'}"


def _number_refusal(spec: FieldSpec, place: int, fault: str, hint: str) -> ValueRefused:
    return ValueRefused(
        f'"{spec.name}" wants a list of numbers, but number {place + 1} is {fault}.',
        hint=hint,
        field=spec.name,
    )


def _enum(spec: FieldSpec, value: Any) -> str:
    if spec.enum_type is not None and isinstance(value, spec.enum_type):
        return str.__str__(spec.stored(value))
    if isinstance(value, enum.Enum):
        value = spec.stored(value)
    if isinstance(value, str) and value in spec.choices:
        return str.__str__(value)
    if spec.enum_type is not None and isinstance(value, str):
        # Where names are kept, a member's value means it as well: files and expressions hold values.
        member = next((member for member in spec.enum_type if member.value == value), None)
        if member is not None:
            return str.__str__(member.name)
    choices = [str(choice) for choice in spec.choices]
    hint = did_you_mean(value, choices) if isinstance(value, str) else ""
    raise refusal(spec, value, hint or f"Known: {', '.join(choices[:12])}.")


def _uuid(spec: FieldSpec, value: Any) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    if isinstance(value, str):
        try:
            return uuid.UUID(value.strip())
        except ValueError:
            pass
    raise refusal(spec, value, "A UUID looks like 123e4567-e89b-42d3-a456-426614174000.")


_CONVERTERS: Final[Mapping[Kind, Canonical]] = {
    Kind.INT: _int,
    Kind.FLOAT: _float,
    Kind.DECIMAL: _decimal,
    Kind.STR: _str,
    Kind.TEXT: _str,
    Kind.BOOL: _bool,
    Kind.DATETIME: _datetime,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.TIMEDELTA: _timedelta,
    Kind.BYTES: _bytes,
    Kind.DICT: dict_of,
    Kind.LIST: list_of,
    Kind.VECTOR: _vector,
    Kind.ENUM: _enum,
    Kind.UUID: _uuid,
}
