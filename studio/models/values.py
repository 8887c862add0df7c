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
from typing import Any, Final, NoReturn

import orjson

from studio.kernel.errors import ValueRefused
from studio.kernel.names import did_you_mean
from studio.models.spec import MOST_DIMENSIONS, FieldSpec, Kind

Checker = Callable[[Any], Any]
"""Takes any value, gives the canonical one, or raises ValueRefused that names the field."""

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
_MOST_SHOWN = 40
_DECIMAL_TEXT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NUMERIC_DIGITS = 131072
"""PostgreSQL: a numeric has at most 131,072 digits before the point."""
_NUMERIC_SCALE = 16383
"""PostgreSQL: and at most 16,383 after it."""
_JSON_FLAGS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_MICROSECOND = dt.timedelta(microseconds=1)
_WANTED: Mapping[Kind, str] = {
    Kind.INT: "a whole number",
    Kind.FLOAT: "a number",
    Kind.DECIMAL: "a decimal number",
    Kind.STR: "text",
    Kind.TEXT: "text",
    Kind.BOOL: "true or false",
    Kind.DATETIME: "a date and time",
    Kind.DATE: "a date",
    Kind.TIME: "a time of day",
    Kind.TIMEDELTA: "a duration",
    Kind.BYTES: "bytes",
    Kind.DICT: "a mapping",
    Kind.LIST: "a list",
    Kind.VECTOR: "a list of numbers",
    Kind.ENUM: "one of its choices",
    Kind.UUID: "a UUID",
}
_EXAMPLES: Mapping[Kind, str] = {
    Kind.INT: "Give a number such as 12.",
    Kind.FLOAT: "Give a number such as 12.5.",
    Kind.DECIMAL: "Give a number such as 12.50.",
    Kind.STR: "Give text.",
    Kind.TEXT: "Give text.",
    Kind.BOOL: "Give true or false.",
    Kind.BYTES: "Give bytes.",
    Kind.DICT: 'Give a mapping such as {"key": "value"}.',
    Kind.LIST: "Give a list such as [1, 2].",
    Kind.VECTOR: "Give a list such as [0.5, -1.25], with a number for each dimension.",
}


def make_checker(spec: FieldSpec, *, constraints: bool = True) -> Checker:
    """The checker of one field, compiled once.

    With `constraints=False` only the kind of value is checked, not `max_length`, `min`, `max`, `pattern`, the scale or nullability: so
    a filter may compare with values that the field itself would refuse.
    """
    convert = _CONVERTERS[spec.kind]
    rules = _rules(spec) if constraints else ()

    def check(value: Any) -> Any:
        if value is None:
            if spec.nullable or not constraints:
                return None
            raise ValueRefused(
                f'"{spec.name}" must have a value, not None.',
                hint=f"Give {_WANTED[spec.kind]}, or leave the field out."
                if spec.has_default
                else f"Give {_WANTED[spec.kind]}.",
                field=spec.name,
            )
        canonical = convert(spec, value)
        for rule in rules:
            rule(canonical)
        return canonical

    return check


def shorten(value: Any) -> str:
    """A value for a message: its repr, cut after 40 characters."""
    shown = (
        f"{value[:_MOST_SHOWN]!r}…" if isinstance(value, str) and len(value) > _MOST_SHOWN else repr(value)
    )
    return shown if len(shown) <= _MOST_SHOWN + 4 else f"{shown[:_MOST_SHOWN]}…"


def text_fault(text: str) -> str | None:
    """Why a text cannot be stored everywhere, as the end of a sentence, or None."""
    if "\0" in text:
        return "holds a NUL character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "holds half of a surrogate pair"
    return None


# ------------------------------------------------------------------ one converter per kind


def _refuse(spec: FieldSpec, value: Any, hint: str = "") -> NoReturn:
    raise ValueRefused(
        f'"{spec.name}" wants {_WANTED[spec.kind]}, not {_described(value)}.',
        hint=hint or _EXAMPLES.get(spec.kind, ""),
        field=spec.name,
    )


def _described(value: Any) -> str:
    shown_types: dict[type, str] = {str: "the text", bytes: "the bytes"}
    return f"{shown_types.get(type(value), f'the {type(value).__name__}')} {shorten(value)}"


def _int(spec: FieldSpec, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d+\s*", value):
            _refuse(spec, value, f"Write {value.strip()} without quotes.")
        if isinstance(value, float | Decimal):
            _refuse(spec, value, "Round it first, or make the field a float or a Decimal.")
        _refuse(spec, value)
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
            _refuse(spec, value, f"Write {value.strip()} without quotes.")
        _refuse(spec, value)
    try:
        number = float(value)
    except (OverflowError, ValueError):
        number = math.inf
    if not math.isfinite(number):
        _refuse_unbounded(spec, value)
    if isinstance(value, int) and int(number) != value:
        raise ValueRefused(
            f'"{spec.name}" cannot hold {shorten(value)} exactly: it is a floating-point number.',
            hint="Make the field an int or a Decimal.",
            field=spec.name,
        )
    return number


def _refuse_unbounded(spec: FieldSpec, value: Any) -> NoReturn:
    raise ValueRefused(
        f'"{spec.name}" cannot hold {shorten(value)}: only finite numbers can be stored.',
        hint="Leave the field empty where there is no number." if spec.nullable else "Give a finite number.",
        field=spec.name,
    )


def _decimal(spec: FieldSpec, value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        _refuse(spec, value)
    if isinstance(value, float):
        number = Decimal(repr(value))
    elif isinstance(value, str):
        if not _DECIMAL_TEXT.fullmatch(value.strip()):
            _refuse(spec, value, "Write a number such as 12.50.")
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            _refuse(spec, value)
    else:
        number = Decimal(value)
    if not number.is_finite():
        _refuse_unbounded(spec, value)
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
            _refuse(spec, value, hint)
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
    _refuse(spec, value, f"Write {meant} without quotes." if meant else "")


def _datetime(spec: FieldSpec, value: Any) -> dt.datetime:
    if isinstance(value, str):
        try:
            moment = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            _refuse(spec, value, "Write it as 2026-01-31T13:45:00Z.")
    elif isinstance(value, dt.datetime):
        moment = value
    elif isinstance(value, dt.date):
        moment = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - made aware below
    else:
        _refuse(spec, value, "Give a datetime, or text such as 2026-01-31T13:45:00Z.")
    try:
        if moment.tzinfo is not None:
            moment = moment.astimezone(dt.UTC)
    except OverflowError:
        _refuse(spec, value, "It lies outside the years 1 to 9999 in UTC.")
    if spec.naive:
        return moment.replace(tzinfo=None, fold=0)
    return moment.replace(tzinfo=dt.UTC, fold=0)


def _date(spec: FieldSpec, value: Any) -> dt.date:
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value.strip())
        except ValueError:
            _refuse(spec, value, "Write it as 2026-01-31.")
    if isinstance(value, dt.datetime):
        _refuse(spec, value, "Take its date, or make the field a datetime.")
    if not isinstance(value, dt.date):
        _refuse(spec, value, "Give a date, or text such as 2026-01-31.")
    return value


def _time(spec: FieldSpec, value: Any) -> dt.time:
    if isinstance(value, str):
        try:
            value = dt.time.fromisoformat(value.strip())
        except ValueError:
            _refuse(spec, value, "Write it as 13:45:00.")
    if not isinstance(value, dt.time):
        _refuse(spec, value, "Give a time, or text such as 13:45:00.")
    if value.tzinfo is not None:
        _refuse(spec, value, "A time of day has no time zone: leave it out, or make the field a datetime.")
    return value.replace(fold=0)


def _timedelta(spec: FieldSpec, value: Any) -> dt.timedelta:
    if not isinstance(value, dt.timedelta):
        _refuse(spec, value, "Give a timedelta.")
    if not INT_MIN <= value // _MICROSECOND <= INT_MAX:
        _refuse(spec, value, "At most 292,271 years can be stored.")
    return value


def _bytes(spec: FieldSpec, value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    _refuse(spec, value, "Encode text first, for example as UTF-8." if isinstance(value, str) else "")


def _dict(spec: FieldSpec, value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        _refuse(spec, value)
    copied: dict[str, Any] = _json(spec, dict(value))
    return copied


def _list(spec: FieldSpec, value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        _refuse(spec, value)
    copied: list[Any] = _json(spec, list(value))
    allowed = _ITEM_TYPES.get(spec.item_kind) if spec.item_kind else None
    if allowed is not None:
        for place, item in enumerate(copied):
            if type(item) not in allowed:
                raise ValueRefused(
                    f'"{spec.name}" wants a list of {spec.item_kind}, but item {place + 1} is {shorten(item)}.',
                    hint="Mend the item, or declare the field as a plain list.",
                    field=spec.name,
                )
        if spec.item_kind is Kind.FLOAT:
            copied = [float(item) for item in copied]
    return copied


def _vector(spec: FieldSpec, value: Any) -> list[float]:
    """The numbers as 32 bits hold them: what PostgreSQL keeps, and so what every database gives back."""
    if not isinstance(value, list | tuple):
        # What makes vectors gives arrays: NumPy's, Python's own.
        listed = getattr(value, "tolist", None)
        value = listed() if listed is not None and not isinstance(value, memoryview) else value
        if not isinstance(value, list | tuple):
            _refuse(spec, value)
    if not set(map(type, value)) <= _PLAIN_NUMBERS:
        for place, item in enumerate(value):
            if isinstance(item, bool) or not isinstance(item, Real | Decimal):
                _refuse_number(spec, place, f"{_described(item)}, no number", "Give numbers only.")
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
        _refuse_number(
            spec, place, f"{shorten(value[place])}, no finite number of 32 bits", "Give finite numbers only."
        )
    return [number + 0.0 for number in rounded]  # -0.0 would be another text for an equal number


_PLAIN_NUMBERS: Final = frozenset({float, int})


def _bounded(number: Any) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _dimensions(spec: FieldSpec) -> str:
    if spec.dimensions is None:
        return f"1 to {MOST_DIMENSIONS:,} dimensions"
    return f"{spec.dimensions:,} dimension{'' if spec.dimensions == 1 else 's'}"


def _refuse_number(spec: FieldSpec, place: int, fault: str, hint: str) -> NoReturn:
    raise ValueRefused(
        f'"{spec.name}" wants a list of numbers, but number {place + 1} is {fault}.',
        hint=hint,
        field=spec.name,
    )


_ITEM_TYPES: Mapping[Kind, frozenset[type]] = {
    Kind.STR: frozenset({str}),
    Kind.INT: frozenset({int}),
    Kind.FLOAT: frozenset({float, int}),
    Kind.BOOL: frozenset({bool}),
    Kind.DICT: frozenset({dict}),
    Kind.LIST: frozenset({list}),
}


def _json(spec: FieldSpec, value: Any) -> Any:
    """A deep copy of what JSON can say; anything it would change on the way is refused by its path."""
    try:
        text = orjson.dumps(value, option=_JSON_FLAGS)
        copied = orjson.loads(text)
        if copied == value and b"\\u0000" not in text and _is_plain(copied, value):
            return copied
    except (orjson.JSONEncodeError, orjson.JSONDecodeError, RecursionError):
        pass
    return _json_slowly(spec, value, spec.name)


def _is_plain(copied: Any, value: Any) -> bool:
    """Equal is not enough: `True == 1` and `2.0 == 2` in Python."""
    if type(copied) is not type(value):
        return False
    if type(value) is dict:
        return all(_is_plain(copied[key], item) for key, item in value.items())
    if type(value) is list:
        return all(map(_is_plain, copied, value))
    return type(value) is not int or INT_MIN <= value <= INT_MAX


def _json_slowly(spec: FieldSpec, value: Any, path: str, depth: int = 0) -> Any:
    if depth > 200:
        _refuse_json(spec, path, "is nested too deeply", "Keep it within 200 levels.")
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        text = str.__str__(value)
        fault = text_fault(text)
        if fault:
            _refuse_json(spec, path, fault, "Remove it.")
        return text
    if isinstance(value, int):
        if not INT_MIN <= value <= INT_MAX:
            _refuse_json(spec, path, "is a whole number of more than 64 bits", "Write it as text.")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            _refuse_json(spec, path, f"is {value}", "JSON has only finite numbers; use None.")
        return float(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                _refuse_json(spec, f"{path}[{shorten(key)}]", "has a key that is not text", "Use text keys.")
            if text_fault(key):
                _refuse_json(
                    spec, f"{path}[{shorten(key)}]", f"has a key that {text_fault(key)}", "Remove it."
                )
        return {
            str.__str__(key): _json_slowly(spec, item, f"{path}.{key}", depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_json_slowly(spec, item, f"{path}[{place}]", depth + 1) for place, item in enumerate(value)]
    return _refuse_json(
        spec,
        path,
        f"is a {type(value).__name__}, which JSON cannot say",
        "Use text, numbers, true, false, None, lists and mappings.",
    )


def _refuse_json(spec: FieldSpec, path: str, fault: str, hint: str) -> NoReturn:
    raise ValueRefused(f'"{path}" {fault}.', hint=hint, field=spec.name)


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
    _refuse(spec, value, hint or f"Known: {', '.join(choices[:12])}.")


def _uuid(spec: FieldSpec, value: Any) -> uuid.UUID:
    if isinstance(value, uuid.UUID):
        return value
    if isinstance(value, str):
        try:
            return uuid.UUID(value.strip())
        except ValueError:
            pass
    _refuse(spec, value, "A UUID looks like 123e4567-e89b-42d3-a456-426614174000.")


_CONVERTERS: Mapping[Kind, Callable[[FieldSpec, Any], Any]] = {
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
    Kind.DICT: _dict,
    Kind.LIST: _list,
    Kind.VECTOR: _vector,
    Kind.ENUM: _enum,
    Kind.UUID: _uuid,
}


# ------------------------------------------------------------------ constraints


def _rules(spec: FieldSpec) -> tuple[Callable[[Any], None], ...]:
    rules: list[Callable[[Any], None]] = []
    if spec.max_length is not None and spec.kind in (Kind.STR, Kind.TEXT, Kind.BYTES, Kind.LIST):
        rules.append(_length_rule(spec, spec.max_length))
    if spec.kind is Kind.DECIMAL and (spec.scale is not None or spec.precision is not None):
        rules.append(_scale_rule(spec))
    if spec.minimum is not None or spec.maximum is not None:
        rules.append(_range_rule(spec))
    if spec.pattern is not None:
        rules.append(_pattern_rule(spec, re.compile(spec.pattern)))
    return tuple(rules)


def _length_rule(spec: FieldSpec, most: int) -> Callable[[Any], None]:
    unit = {Kind.BYTES: "bytes", Kind.LIST: "items"}.get(spec.kind, "characters")

    def rule(value: Any) -> None:
        if len(value) > most:
            raise ValueRefused(
                f'"{spec.name}" takes at most {most} {unit}; {shorten(value)} has {len(value)}.',
                hint="Shorten it.",
                field=spec.name,
            )

    return rule


def _scale_rule(spec: FieldSpec) -> Callable[[Any], None]:
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


def _range_rule(spec: FieldSpec) -> Callable[[Any], None]:
    bounds = make_checker(
        FieldSpec(
            name=spec.name, kind=spec.kind, naive=spec.naive, choices=spec.choices, enum_type=spec.enum_type
        ),
        constraints=False,
    )
    least = bounds(spec.minimum) if spec.minimum is not None else None
    most = bounds(spec.maximum) if spec.maximum is not None else None

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


def _pattern_rule(spec: FieldSpec, pattern: re.Pattern[str]) -> Callable[[Any], None]:
    def rule(value: Any) -> None:
        if pattern.fullmatch(str(value)) is None:
            raise ValueRefused(
                f'"{spec.name}" must match {pattern.pattern} as a whole; {shorten(value)} does not.',
                hint="Check the text.",
                field=spec.name,
            )

    return rule
