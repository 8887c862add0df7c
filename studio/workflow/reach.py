"""Which values does an expression reach, and which of them is it itself? `first(a).b if c.d else e.f` reads c.d, and may be e.f.

Said from the text alone, for questions such as "who reads this field?". What an expression is worth stands in `expressions`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

_PICKS: Final = frozenset({"sum", "min", "max"})
"""Functions whose second argument may name a field of the records in the first."""
_GIVES: Final = frozenset({"min", "max", "coalesce", "sum"})
"""Functions whose value is one of their arguments, or is made of nothing else."""


class Reach(NamedTuple):
    """A way into the values of an expression: a root name, then names of fields; places in lists are left out.

    `is_value`: the expression may be that value itself. Otherwise it is looked at, or something is reckoned from it.
    """

    path: tuple[str, ...]
    is_value: bool


@lru_cache(maxsize=4096)
def reaches(text: str) -> tuple[Reach, ...]:
    """What the text of an expression, without its braces, reaches, each way once; nothing for a text that cannot be read."""
    try:
        tree = ast.parse(text.replace("\n", " ").strip(), mode="eval")
        found = dict.fromkeys(_of(tree.body, is_value=True))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return tuple(found)


def _of(node: ast.expr, *, is_value: bool) -> Iterator[Reach]:
    match node:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            path = _path(node)
            if path is not None:
                yield Reach(path, is_value)
            for part in _beside(node, is_whole=path is None):
                yield from _of(part, is_value=False)
        case ast.IfExp():
            yield from _of(node.test, is_value=False)
            yield from _of(node.body, is_value=is_value)
            yield from _of(node.orelse, is_value=is_value)
        case ast.BoolOp():
            for part in node.values:
                yield from _of(part, is_value=is_value)
        case ast.Call(func=ast.Name(id=name)):
            yield from _call(name, node.args, is_value=is_value)
        case _:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    yield from _of(child, is_value=False)


def _call(name: str, arguments: list[ast.expr], *, is_value: bool) -> Iterator[Reach]:
    match arguments:
        case [records, ast.Constant(value=str(field))] if name in _PICKS:
            for reach in _of(records, is_value=is_value):
                yield Reach((*reach.path, field), reach.is_value)
        case _:
            for argument in arguments:
                yield from _of(argument, is_value=is_value and name in _GIVES)


def _path(node: ast.expr) -> tuple[str, ...] | None:
    """The way that a chain of dots and brackets is; None when it does not begin with a name."""
    match node:
        case ast.Name(id=name):
            return None if name.lower() in ("true", "false", "null", "none") else (name,)
        case ast.Attribute(value=whole, attr=name):
            before = _path(whole)
            return None if before is None else (*before, name)
        case ast.Subscript(value=whole, slice=ast.Constant(value=str(name))):
            before = _path(whole)
            return None if before is None else (*before, name)
        case ast.Subscript(value=whole):
            return _path(whole)  # a place in a list
    return None


def _beside(node: ast.expr, *, is_whole: bool) -> Iterator[ast.expr]:
    """What else stands in a chain: its indexes, and what it begins with when that is no name."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            bounds = (
                [node.slice.lower, node.slice.upper] if isinstance(node.slice, ast.Slice) else [node.slice]
            )
            yield from (bound for bound in bounds if bound is not None)
        node = node.value
    if is_whole and not isinstance(node, ast.Name):
        yield node
