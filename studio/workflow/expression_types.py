"""Of what kinds can the value of an expression be? What its text alone says, without a single value: `len(x)` is a whole number, if anything.

Only what is certain is said; where a name could bring anything, nothing is. An expression that has no value at all is not told here.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias

Given = Literal["bool", "int", "float", "decimal", "text", "list", "mapping", "datetime", "date", "duration"]
Kinds: TypeAlias = frozenset[Given]

_NUMBERS: Final[Kinds] = frozenset({"int", "float", "decimal"})
_REAL: Final[Kinds] = frozenset({"int", "float"})
_MOMENTS: Final[Kinds] = frozenset({"datetime", "date"})
_ALL: Final[Kinds] = _NUMBERS | _MOMENTS | {"bool", "text", "list", "mapping", "duration"}
_NOTHING: Final[Kinds] = frozenset()


@lru_cache(maxsize=2048)
def evident_kinds(text: str) -> Kinds:
    """The kinds that the value of an expression, without its braces, can only be of; empty where that is not evident."""
    try:
        tree = ast.parse(text.replace("\n", " "), mode="eval")
        found = _of(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _NOTHING
    return found or _NOTHING


def _of(node: ast.expr) -> Kinds | None:
    """None: it could be anything."""
    look = _NODES.get(type(node))
    return None if look is None else look(node)


def _one(kind: Given) -> Callable[[Any], Kinds]:
    kinds: Kinds = frozenset({kind})
    return lambda node: kinds


def _constant(node: ast.Constant) -> Kinds | None:
    kind = _OF_TYPES.get(type(node.value))
    return None if kind is None else frozenset({kind})


def _name(node: ast.Name) -> Kinds | None:
    return frozenset({"bool"}) if node.id.lower() in ("true", "false") else None


def _together(*nodes: ast.expr) -> Kinds | None:
    found: Kinds = _NOTHING
    for node in nodes:
        kinds = _of(node)
        if kinds is None:
            return None
        found |= kinds
    return found


def _unary(node: ast.UnaryOp) -> Kinds | None:
    if isinstance(node.op, ast.Not):
        return frozenset({"bool"})
    return _known(node.operand) & (_NUMBERS | {"duration"})


def _binary(node: ast.BinOp) -> Kinds:
    pairs = itertools.product(_known(node.left), _known(node.right))
    return _NOTHING.union(*(_reckoned(type(node.op), left, right) for left, right in pairs))


def _known(node: ast.expr) -> Kinds:
    kinds = _of(node)
    return _ALL if kinds is None else kinds


def _reckoned(sign: type[ast.operator], left: Given, right: Given) -> Kinds:
    """What `left sign right` can be; empty where that has no meaning. See `expression_values`."""
    pair = {left, right}
    if pair <= _NUMBERS:
        if "decimal" in pair:
            return frozenset({"decimal"})
        if "float" in pair or sign is ast.Div:
            return frozenset({"float"})
        return _REAL if sign is ast.Pow else frozenset({"int"})
    if sign is ast.Add and left == right and left in ("text", "list"):
        return frozenset({left})
    if sign is ast.Mult and pair == {"text", "int"}:
        return frozenset({"text"})
    return _with_time(sign, left, right)


def _with_time(sign: type[ast.operator], left: Given, right: Given) -> Kinds:
    if right == "duration" and sign in (ast.Add, ast.Sub) and left in _MOMENTS | {"duration"}:
        return frozenset({left})
    if left == "duration" and sign is ast.Add and right in _MOMENTS:
        return frozenset({right})
    if sign is ast.Sub and left == right and left in _MOMENTS:
        return frozenset({"duration"})
    if sign is ast.Div and left == right == "duration":
        return frozenset({"float"})
    if left == "duration" and right in _REAL and sign in (ast.Mult, ast.Div):
        return frozenset({"duration"})
    if right == "duration" and left in _REAL and sign is ast.Mult:
        return frozenset({"duration"})
    return _NOTHING


def _call(node: ast.Call) -> Kinds | None:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name == "abs" and len(node.args) == 1:
        return _known(node.args[0]) & (_NUMBERS | {"duration"})
    return _OF_FUNCTIONS.get(name)


_OF_TYPES: Final[Mapping[type, Given]] = {bool: "bool", int: "int", float: "float", str: "text"}
_OF_FUNCTIONS: Final[Mapping[str, Kinds]] = {
    "len": frozenset({"int"}),
    "int": frozenset({"int"}),
    "float": frozenset({"float"}),
    "decimal": frozenset({"decimal"}),
    "round": _NUMBERS,
    "str": frozenset({"text"}),
    "lower": frozenset({"text"}),
    "upper": frozenset({"text"}),
    "now": frozenset({"datetime"}),
    "today": frozenset({"date"}),
    "contains": frozenset({"bool"}),
}
"""Functions whose value is of one kind whatever they are given; `min`, `max`, `sum` and `coalesce` give what they find."""
_NODES: Final[Mapping[type[ast.expr], Callable[[Any], Kinds | None]]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.BoolOp: lambda node: _together(*node.values),
    ast.Compare: _one("bool"),
    ast.IfExp: lambda node: _together(node.body, node.orelse),
    ast.Call: _call,
    ast.List: _one("list"),
    ast.Tuple: _one("list"),
    ast.Dict: _one("mapping"),
}
