"""What may travel on an edge, and what fits where? Port types and their compatibility; node kinds are `spec`'s business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

PortKind = Literal[
    "any", "int", "float", "decimal", "str", "text", "bool", "datetime", "date", "time", "timedelta", "bytes",
    "dict", "list", "vector", "enum", "uuid", "record", "signal", "error",
]  # fmt: skip

_LISTS: Final = frozenset({"list", "vector"})
"""Kinds of one value that has several others in it."""
_NUMBERS: Final = frozenset({"int", "float", "decimal"})
_WIDENS: Final = {
    "int": frozenset({"int", "float", "decimal"}),
    "float": frozenset({"float", "decimal"}),
    "decimal": frozenset({"decimal", "float"}),
    "str": frozenset({"str", "text", "uuid", "enum", "datetime", "date", "time", "decimal"}),
    "text": frozenset({"str", "text"}),
    "enum": frozenset({"enum", "str", "text"}),
    "uuid": frozenset({"uuid", "str", "text"}),
    "date": frozenset({"date", "datetime"}),
    "datetime": frozenset({"datetime"}),
    "dict": frozenset({"dict", "record"}),
    "record": frozenset({"record", "dict"}),
    "error": frozenset({"error", "record", "dict"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PortType:
    """The type of a port: what kind of value, one or `many`, of which model when records travel, whether None may come."""

    kind: PortKind
    many: bool = False
    model: str | None = None
    nullable: bool = False

    def __str__(self) -> str:
        one = self.model or {"str": "text", "int": "whole number", "any": "anything", "dict": "mapping"}.get(
            self.kind, self.kind
        )
        if self.kind == "signal":
            return "order only"
        return f"list of {one}" if self.many else one


ANY: Final = PortType(kind="any", nullable=True)
SIGNAL: Final = PortType(kind="signal")
ERROR: Final = PortType(kind="error")


def clash(source: PortType, target: PortType) -> str | None:
    """Why a value of type `source` cannot go where `target` is wanted, as the end of a sentence; None when it can."""
    if target.kind == "signal":
        return None
    if source.kind == "signal":
        return f"the source carries order only, no value, but the target wants a {target}"
    if "any" in (source.kind, target.kind):
        if target.kind != "any" and source.many and not target.many and target.kind not in _LISTS:
            return f"the source is a {source} and the target is one {target}"
        return None
    if source.many and not target.many and target.kind not in _LISTS:
        return f"the source is a {source} and the target is one {target}"
    if target.many and not source.many and source.kind not in ("list", "vector", "record", "dict"):
        return f"the source is one {source} and the target is a {target}"
    if target.kind == "vector" and source.many and source.kind not in _NUMBERS:
        return f"the source is a {source} and the target is a list of numbers"
    if source.kind in _LISTS or (target.kind in _LISTS and source.many):
        return (
            None
            if target.many or target.kind in ("list", "vector", "dict")
            else f"the source is a {source.kind} and the target is one {target}"
        )
    if source.kind == target.kind or target.kind in _WIDENS.get(source.kind, frozenset()):
        return None
    return f"the source is a {source} and the target is a {target}"
