"""How does a field say no to a value? The sentences that name the kind it wants and show what it was given, and their remedies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.errors import ValueRefused
from studio.models.spec import FieldSpec, Kind, ModelSpec

_MOST_SHOWN: Final = 40
WANTED: Final[Mapping[Kind, str]] = {
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
"""What a field of the kind wants, within a sentence."""

_EXAMPLES: Final[Mapping[Kind, str]] = {
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


def refusal(spec: FieldSpec, value: Any, hint: str = "") -> ValueRefused:
    """The error for a value of another kind; without a hint it shows an example of the kind wanted."""
    return ValueRefused(
        f'"{spec.name}" wants {WANTED[spec.kind]}, not {described(value)}.',
        hint=hint or _EXAMPLES.get(spec.kind, ""),
        field=spec.name,
    )


def described(value: Any) -> str:
    """A value with its type, for a message."""
    shown_types: dict[type, str] = {str: "the text", bytes: "the bytes"}
    return f"{shown_types.get(type(value), f'the {type(value).__name__}')} {shorten(value)}"


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


def need_one_key(spec: ModelSpec) -> None:
    """Refuses ids where no single field is the key: its parts stand in the rows, for no database makes them."""
    if len(spec.key) == 1:
        return
    parts = f"a key of several fields ({', '.join(spec.key)})" if spec.key else "no key"
    raise ValueRefused(
        f"{spec.name} has {parts}, so there are no ids to give.",
        hint="Leave return_ids out: the rows themselves say which records they are."
        if spec.key
        else "Leave return_ids out.",
        field="return_ids",
    )
