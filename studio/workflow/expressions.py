"""What is the value of `{{ read.spend + cost }}`? A small language over the results of nodes, bounded in work and memory.

An expression is parsed by Python's own parser and compiled to plain functions, once per text. Only what is written here exists: numbers, text,
lists and mappings, arithmetic, comparisons, `and or not`, `a if b else c`, `x.field`, `x[index]`, and the functions of `FUNCTIONS`. A dot looks up
a field of a mapping; no attribute of a Python object is ever read, so there is no way from a value to the interpreter. There are no loops and no
variables, so work is bounded by the text (at most 2,000 characters) and by the data that it names; results that could grow without bound
(powers, products, repeated text) have limits.

Decimals stay exact: a float beside a Decimal is read by its digits, so `total * 0.9` of a Decimal total is a Decimal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

from studio.kernel.errors import ExpressionError
from studio.kernel.names import did_you_mean
from studio.workflow.expression_functions import FUNCTIONS
from studio.workflow.expression_values import (
    BINARY,
    COMPARISONS,
    UNARY,
    Refused,
    bounded,
    field_of,
    item_of,
    plain,
)

Names: TypeAlias = Mapping[str, Any]
Run: TypeAlias = Callable[[Names], Any]

MOST_CHARACTERS: Final = 2_000
_MOST_DEPTH = 100
_MEND = "Change the expression, or what it is given."
_WHOLE = re.compile(r"\s*\{\{(.*)\}\}\s*", re.DOTALL)


class Expression:
    """An expression that was read. Immutable; may be evaluated from any thread, any number of times.

    Attributes:
        text: what stands between the braces.
        names: the root names that it uses, in order of their first use: node ids and inputs.
    """

    __slots__ = ("_run", "names", "text")

    def __init__(self, text: str, names: tuple[str, ...], run: Run) -> None:
        self.text = text
        self.names = names
        self._run = run

    def evaluate(self, names: Names) -> Any:
        """The value, with `names` giving the results of nodes and the inputs.

        Raises ExpressionError when a name or field is missing, when values do not go together, or when the result would be too large.
        """
        try:
            value = self._run(names)
        except Refused as refusal:
            raise _error(self.text, refusal.reason, refusal.hint or _MEND) from None
        except ZeroDivisionError:
            raise _error(self.text, "it divides by zero", "Guard it: a / b if b else 0") from None
        except (ArithmeticError, TypeError, ValueError, LookupError, RecursionError) as error:
            raise _error(self.text, str(error) or type(error).__name__, _MEND) from error
        if isinstance(value, tuple):
            return list(value)
        return value

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def parse_expression(text: str) -> Expression | None:
    """The expression that a text is as a whole, or None for a text that is plain data, even if it holds braces somewhere.

    Raises ExpressionError for a text in braces that is no expression.
    """
    if "{{" not in text:
        return None
    found = _WHOLE.fullmatch(text)
    return None if found is None else _parsed(found.group(1).strip())


def parse_condition(text: str) -> Expression:
    """The expression that a condition is, written with braces or without. Raises ExpressionError when it is none."""
    found = parse_expression(text if "{{" in text else f"{{{{ {text} }}}}")
    if found is None:
        raise ExpressionError(
            f"{text!r} is no condition.", hint="Write one expression, such as orders.count > 3."
        )
    return found


@lru_cache(maxsize=2048)
def _parsed(inner: str) -> Expression | None:
    if len(inner) > MOST_CHARACTERS:
        raise _error(
            inner,
            f"it is longer than {MOST_CHARACTERS:,} characters",
            "Make it shorter, or use a Python node.",
        )
    try:
        tree = ast.parse(inner.replace("\n", " "), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if "}}" in inner or "{{" in inner:
            return None  # text with several pairs of braces
        reason = f"it cannot be read ({error.msg})" if isinstance(error, SyntaxError) else "it cannot be read"
        raise _error(inner, reason, 'Mend it, or write {"$literal": "…"} for plain text in braces.') from None
    compiler = _Compiler()
    try:
        run = compiler.compile(tree.body, 0)
    except Refused as refusal:
        raise _error(inner, refusal.reason, refusal.hint) from None
    return Expression(inner, tuple(compiler.names), run)


def _error(text: str, reason: str, hint: str = "") -> ExpressionError:
    shown = text if len(text) <= 80 else f"{text[:80]}…"
    return ExpressionError(f"The expression {{{{ {shown} }}}} has no value: {reason}.", hint=hint)


_CONSTANTS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None, "none": None}


# ------------------------------------------------------------------ the compiler


class _Compiler:
    """Turns the parser's tree into nested functions of the names; whatever it does not know is refused."""

    def __init__(self) -> None:
        self.names: dict[str, None] = {}

    def compile(self, node: ast.expr, depth: int) -> Run:
        if depth > _MOST_DEPTH:
            raise Refused("it is nested too deeply", "Split it over several nodes.")
        compile_node = _NODES.get(type(node))
        if compile_node is None:
            word = re.sub(
                r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__.replace("Comp", "Comprehension")
            ).lower()
            raise Refused(
                f"a {word} is not part of the language",
                "Use a Python node for more than a little arithmetic.",
            )
        return compile_node(self, node, depth + 1)

    def constant(self, node: ast.Constant, depth: int) -> Run:
        value = node.value
        if value is not None and not isinstance(value, bool | int | float | str):
            raise Refused(f"{type(value).__name__} values are not part of the language")
        bounded(value)
        return lambda names: value

    def name(self, node: ast.Name, depth: int) -> Run:
        name = node.id
        if name.lower() in _CONSTANTS and name not in ("None", "True", "False"):
            constant = _CONSTANTS[name.lower()]
            return lambda names: constant
        if name.startswith("__"):
            raise Refused(f"{name!r} is no name of a node or an input")
        self.names[name] = None

        def look(names: Names) -> Any:
            try:
                return plain(names[name])
            except KeyError:
                hint = f"Call it: {name}(…)" if name in FUNCTIONS else did_you_mean(name, map(str, names))
                raise Refused(f"there is no value named {name!r}", hint) from None

        return look

    def attribute(self, node: ast.Attribute, depth: int) -> Run:
        whole, name = self.compile(node.value, depth), node.attr
        if name.startswith("__"):
            raise Refused(
                f"{name!r} is no field", "Give a field's name: those with two underscores are Python's."
            )
        return lambda names: field_of(whole(names), name)

    def subscript(self, node: ast.Subscript, depth: int) -> Run:
        whole = self.compile(node.value, depth)
        if isinstance(node.slice, ast.Slice):
            return self._slice(whole, node.slice, depth)
        key = self.compile(node.slice, depth)
        return lambda names: item_of(whole(names), key(names))

    def _slice(self, whole: Run, bounds: ast.Slice, depth: int) -> Run:
        if bounds.step is not None:
            raise Refused("a slice with a step is not part of the language")
        low = self.compile(bounds.lower, depth) if bounds.lower else None
        high = self.compile(bounds.upper, depth) if bounds.upper else None

        def cut(names: Names) -> Any:
            ends = [bound(names) if bound else None for bound in (low, high)]
            if any(end is not None and (isinstance(end, bool) or not isinstance(end, int)) for end in ends):
                raise Refused("a slice wants whole numbers")
            return item_of(whole(names), slice(*ends))

        return cut

    def unary(self, node: ast.UnaryOp, depth: int) -> Run:
        apply = UNARY.get(type(node.op))
        if apply is None:
            raise Refused("~ is not part of the language")
        operand = self.compile(node.operand, depth)
        return lambda names: apply(operand(names))

    def binary(self, node: ast.BinOp, depth: int) -> Run:
        apply = BINARY.get(type(node.op))
        if apply is None:
            raise Refused("bits, shifts and matrices are not part of the language", "Known: + - * / // % **")
        left, right = self.compile(node.left, depth), self.compile(node.right, depth)
        return lambda names: apply(left(names), right(names))

    def logic(self, node: ast.BoolOp, depth: int) -> Run:
        parts = [self.compile(part, depth) for part in node.values]
        until = isinstance(node.op, ast.Or)

        def decide(names: Names) -> Any:
            value: Any = None
            for part in parts:
                value = part(names)
                if bool(value) is until:
                    break
            return value

        return decide

    def comparison(self, node: ast.Compare, depth: int) -> Run:
        first = self.compile(node.left, depth)
        rest = [
            (COMPARISONS[type(sign)], self.compile(other, depth))
            for sign, other in zip(node.ops, node.comparators, strict=True)
        ]

        def decide(names: Names) -> bool:
            left = first(names)
            for compare, other in rest:
                right = other(names)
                if not compare(left, right):
                    return False
                left = right
            return True

        return decide

    def choice(self, node: ast.IfExp, depth: int) -> Run:
        test, then, otherwise = (self.compile(part, depth) for part in (node.test, node.body, node.orelse))
        return lambda names: then(names) if test(names) else otherwise(names)

    def call(self, node: ast.Call, depth: int) -> Run:
        if not isinstance(node.func, ast.Name):
            raise Refused("only functions can be called, no methods", f"Known: {', '.join(FUNCTIONS)}.")
        name = node.func.id
        if name not in FUNCTIONS:
            raise Refused(
                f"there is no function {name!r}",
                did_you_mean(name, FUNCTIONS) or f"Known: {', '.join(FUNCTIONS)}.",
            )
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise Refused(f"{name} takes its arguments by their place only")
        function, fewest, most = FUNCTIONS[name]
        if not fewest <= len(node.args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} to {most}"
            raise Refused(f"{name} takes {wanted} arguments, not {len(node.args)}")
        arguments = [self.compile(argument, depth) for argument in node.args]
        return lambda names: function(*[argument(names) for argument in arguments])

    def sequence(self, node: ast.List | ast.Tuple, depth: int) -> Run:
        items = [self.compile(item, depth) for item in node.elts]
        return lambda names: [item(names) for item in items]

    def mapping(self, node: ast.Dict, depth: int) -> Run:
        pairs: list[tuple[str, Run]] = []
        for key, value in zip(node.keys, node.values, strict=True):
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str)):
                raise Refused("the names of a mapping are texts in quotes", 'Write {"name": value}.')
            pairs.append((key.value, self.compile(value, depth)))
        return lambda names: {key: value(names) for key, value in pairs}


_NODES: Final[Mapping[type[ast.AST], Callable[[_Compiler, Any, int], Run]]] = {
    ast.Constant: _Compiler.constant,
    ast.Name: _Compiler.name,
    ast.Attribute: _Compiler.attribute,
    ast.Subscript: _Compiler.subscript,
    ast.UnaryOp: _Compiler.unary,
    ast.BinOp: _Compiler.binary,
    ast.BoolOp: _Compiler.logic,
    ast.Compare: _Compiler.comparison,
    ast.IfExp: _Compiler.choice,
    ast.Call: _Compiler.call,
    ast.List: _Compiler.sequence,
    ast.Tuple: _Compiler.sequence,
    ast.Dict: _Compiler.mapping,
}
