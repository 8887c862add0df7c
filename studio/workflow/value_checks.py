"""Does one value fit its param? What is written into a node, and what reaches it during a run; models' own rules are judged elsewhere."""

from __future__ import annotations

import datetime as dt
import enum
import math
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from studio.kernel.errors import ExpressionError
from studio.kernel.names import did_you_mean, plural
from studio.workflow.params import LATER, LITERAL, expression_of, is_dynamic, is_literal, is_operator
from studio.workflow.spec import ParamSpec


def literal_problem(param: ParamSpec, value: Any) -> str | None:
    """Why a value written into a node does not fit its param, as a whole sentence; None when it does.

    What comes by an edge fits everywhere, and so do expressions unless it is evident that they cannot; a model's own rules (length, range, pattern) are the value checker's business
    and are only judged here where the param states them.
    """
    if param.expressions and param.field and isinstance(value, str) and is_dynamic(value):
        return evident_problem(param.name, param.type.kind, value)
    if value is LATER or (param.expressions and is_dynamic(value)):
        return None
    return value_problem(param, value[LITERAL] if is_literal(value) else value)


def evident_problem(name: str, kind: str, text: str) -> str | None:
    """Why the value of an expression cannot fit a field of that kind, whatever its names stand for; None where it may."""
    from studio.workflow.expression_types import evident_kinds  # only where there is an expression

    try:
        expression = expression_of(text)
    except ExpressionError:
        return None  # that it cannot be read is told with the names that it uses
    wanted = _TESTS.get(kind)
    if expression is None or wanted is None:
        return None
    kinds = evident_kinds(expression.text)
    if not kinds or "mapping" in kinds:  # a mapping may be an update operator
        return None
    if any(wanted[0](_SAMPLES[given][0]) for given in kinds):
        return None
    said = " or ".join(sorted(_SAMPLES[given][1] for given in kinds))
    shown = expression.text if len(expression.text) <= 60 else f"{expression.text[:60]}…"
    can_be_made = kind in _MADE_BY and kinds & (_SAID if _MADE_BY[kind] == "str" else _READ)
    hint = f" Use {_MADE_BY[kind]}(…)." if can_be_made else ""
    return f'"{name}" wants {wanted[1]}, but {{{{ {shown} }}}} is {said}.{hint}'


def value_problem(param: ParamSpec, value: Any) -> str | None:
    """The same for a value that is there, in a run: a text in it that looks like an expression is data."""
    if value is None:
        if param.type.nullable or param.type.kind == "any" or not (param.required or param.field):
            return None
        return f'"{param.name}" must have a value.'
    if param.operators and is_operator(value):
        return None
    if param.choices and value not in (*param.choices, *param.synonyms) and not _is_member(param, value):
        near = did_you_mean(str(value), [str(choice) for choice in param.choices])
        return f'"{param.name}" is {_describe(value)}. {near}'.strip()
    wanted = _TESTS.get(param.type.kind)
    if wanted is not None and not wanted[0](value) and not _fits_many(param, value):
        noun = "records" if param.type.many and param.type.kind == "record" else wanted[1]
        return f'"{param.name}" wants {noun}, not {_describe(value)}.{_hint(param, value)}'
    if param.minimum is not None or param.maximum is not None or param.max_length is not None:
        return _out_of_bounds(param, value)
    return None


def _is_member(param: ParamSpec, value: Any) -> bool:
    """Whether it is a member of an enumeration whose value or name is one of the choices."""
    return isinstance(value, enum.Enum) and (value.value in param.choices or value.name in param.choices)


def _fits_many(param: ParamSpec, value: Any) -> bool:
    return param.type.many and not isinstance(value, str | bytes | int | float)


def _out_of_bounds(param: ParamSpec, value: Any) -> str | None:
    try:
        if param.minimum is not None and value < param.minimum:
            return f'"{param.name}" is {value}, but must be at least {param.minimum}.'
        if param.maximum is not None and value > param.maximum:
            return f'"{param.name}" is {value}, but must be at most {param.maximum}.'
    except TypeError:
        return None  # text that stands for a number or date; its own checker compares it
    if param.max_length is not None and isinstance(value, str) and len(value) > param.max_length:
        return f'"{param.name}" has {len(value)} characters, but may have at most {param.max_length}.'
    return None


def _describe(value: Any) -> str:
    if isinstance(value, dict | list):  # its text might be endless
        noun = "entry" if isinstance(value, dict) else "item"
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"a {kind} of {len(value)} {noun if len(value) == 1 else plural(noun)}"
    shown = repr(value)
    shown = shown if len(shown) <= 40 else f"{shown[:40]}…"
    nouns = {str: "the text", bool: "the truth value", bytes: "the bytes"}
    return f"{nouns.get(type(value), f'the {type(value).__name__}')} {shown}"


def _hint(param: ParamSpec, value: Any) -> str:
    if isinstance(value, str) and param.type.kind in ("int", "float"):
        try:
            float(value)
        except ValueError:
            return ""
        return f" Write {value} without quotes."
    return ""


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value.is_finite() if isinstance(value, Decimal) else _is_int(value)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (
        not isinstance(value, str | bytes | Mapping) and hasattr(value, "__iter__")
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str) or isinstance(getattr(value, "value", None), str)


_TESTS: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = MappingProxyType(
    {
        "int": (_is_int, "a whole number"),
        "float": (_is_number, "a number"),
        "decimal": (lambda value: _is_number(value) or isinstance(value, str), "a decimal number"),
        "str": (_is_text, "text"),
        "text": (_is_text, "text"),
        "bool": (lambda value: isinstance(value, bool), "true or false"),
        "datetime": (lambda value: isinstance(value, dt.date | str), "a date and time"),
        "date": (lambda value: isinstance(value, dt.date | str), "a date"),
        "time": (lambda value: isinstance(value, dt.time | str), "a time of day"),
        "timedelta": (lambda value: isinstance(value, dt.timedelta), "a duration"),
        "bytes": (lambda value: isinstance(value, bytes | bytearray | memoryview), "bytes"),
        "dict": (lambda value: isinstance(value, Mapping), "a mapping"),
        "list": (lambda value: _is_list(value) or isinstance(value, str), "a list"),
        "vector": (_is_list, "a list of numbers"),
        "record": (lambda value: isinstance(value, Mapping), "a record"),
        "uuid": (lambda value: isinstance(value, uuid.UUID | str), "a UUID"),
    }
)
_SAMPLES: Final[Mapping[str, tuple[Any, str]]] = MappingProxyType(
    {
        "bool": (True, "true or false"),
        "int": (1, "a whole number"),
        "float": (0.5, "a floating-point number"),
        "decimal": (Decimal("0.5"), "a decimal number"),
        "text": ("x", "text"),
        "list": ([], "a list"),
        "datetime": (dt.datetime(2000, 1, 1, tzinfo=dt.UTC), "a date and time"),
        "date": (dt.date(2000, 1, 1), "a date"),
        "duration": (dt.timedelta(1), "a duration"),
    }
)
"""A value of each kind that an expression can be of, and what it is called."""
_MADE_BY: Final = MappingProxyType(
    {"int": "int", "float": "float", "decimal": "decimal", "str": "str", "text": "str"}
)
"""The functions of expressions that make a value of a kind."""
_READ: Final = frozenset({"bool", "int", "float", "decimal", "text"})
"""The kinds of which they make a number; of more than these they make text."""
_SAID: Final = _READ | {"datetime", "date", "duration"}
