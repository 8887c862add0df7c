"""What does a word above a column ask for? `> 5`, `~ kettle`, `null`, `in a, b`: texts become conditions of a filter, without any widget."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from studio.panels.conditions import parse_value
from studio.panels.literals import LiteralRefused

_SIGNS: Final[Mapping[str, str]] = {
    ">=": "$gte", "≥": "$gte", "<=": "$lte", "≤": "$lte", "!=": "$ne", "<>": "$ne", "≠": "$ne",
    "==": "$eq", "=": "$eq", ">": "$gt", "<": "$lt",
}  # fmt: skip
"""The longer ones first."""
_WORDS: Final = re.compile(r"(not\s+in|in)\s+(.*)", re.IGNORECASE | re.DOTALL)
_NULL: Final = re.compile(r"(?:=|==|is)?\s*null", re.IGNORECASE)
_NOT_NULL: Final = re.compile(r"(?:≠|!=|<>|is\s+not|not)\s*null", re.IGNORECASE)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_TEXTS: Final = ("str", "text")
_ORDERED: Final = ("int", "float", "decimal", "date", "datetime", "time", "timedelta")


def parse_cell_filter(kind: str, text: str) -> Any:
    """What a filter wants of a column of a kind ("" where it is not known); None for an empty text.

    Without a sign a text is looked for within the values, in any case; anything else is compared.

    Raises:
        LiteralRefused: It cannot be read, with an example of what can.
    """
    text = text.strip()
    if not text or text in _SIGNS or text == "~":
        return None
    if _NULL.fullmatch(text):
        return {"$null": True}
    if _NOT_NULL.fullmatch(text):
        return {"$null": False}
    if found := _WORDS.fullmatch(text):
        operator = "$nin" if found[1].lower().startswith("not") else "$in"
        return {operator: parse_value(kind, operator, found[2])}
    if text.startswith("~"):
        return _part(kind, text[1:].strip())
    for sign, operator in _SIGNS.items():
        if text.startswith(sign):
            return _compared(kind, operator, text[len(sign) :].strip())
    if kind in _ORDERED and ".." in text:
        low, high = (parse_value(kind, "$gte", part.strip()) for part in text.split("..", 1))
        return {"$between": [low, high]}
    if kind in _TEXTS:
        return _part(kind, text)
    return _compared(kind, "$eq", text) if kind else _guessed(text)


def _part(kind: str, text: str) -> Any:
    if kind and kind not in _TEXTS:
        raise LiteralRefused("~ looks for a part of a text. Here = ≠ < > in null can be asked.")
    escaped = re.sub(r"([\\%_])", r"\\\1", text)
    return {"$ilike": f"%{escaped}%"}


def _compared(kind: str, operator: str, text: str) -> Any:
    value = parse_value(kind, operator, text)
    if kind == "datetime" and operator in ("$eq", "$lte", "$gt") and _DAY.fullmatch(text):
        # A day means the whole of it.
        after = value + dt.timedelta(days=1)
        return {"$eq": {"$gte": value, "$lt": after}, "$lte": {"$lt": after}, "$gt": {"$gte": after}}[
            operator
        ]
    return {operator: value}


def _guessed(text: str) -> Any:
    """Of a column whose kind is not known: a number is compared, anything else looked for."""
    try:
        value = parse_value("", "$eq", text)
    except LiteralRefused:
        value = text
    return _part("", text) if isinstance(value, str) else {"$eq": value}
