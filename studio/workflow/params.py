"""How are a node's params read? Aliases, `{{ }}` expressions, `$literal` and dotted paths; whether they make sense is `checks`' business."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from studio.workflow.graph import Edge
from studio.workflow.spec import AFTER, NodeSpec, ParamSpec, PortSpec

if TYPE_CHECKING:
    from studio.workflow.expressions import Expression

LITERAL: Final = "$literal"


class Later:
    """The type of `LATER`."""

    def __repr__(self) -> str:
        return "LATER"


LATER: Final = Later()
"""Stands in params, while they are checked, for what is known only during a run: an edge's value, an expression's."""

Path = tuple[str, ...]
_SCALARS: Final = frozenset({int, float, bool, type(None), Decimal})
"""What holds nothing, and is asked about most."""
_SIMPLE: Final = _SCALARS | {str, list}


def is_literal(value: Any) -> bool:
    """Whether it is `{"$literal": x}`, which stands for x exactly as written."""
    if type(value) is not dict and (type(value) in _SIMPLE or not isinstance(value, Mapping)):
        return False
    return len(value) == 1 and LITERAL in value


def unwrap(value: Any) -> Any:
    """What a `{"$literal": x}` stands for; other values as they are."""
    return value[LITERAL] if is_literal(value) else value


def is_operator(value: Any) -> bool:
    """Whether it is an update operator, `{"$inc": 1}`, and not a value."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(str(key).startswith("$") for key in value)
        and LITERAL not in value
    )


def expression_of(value: Any) -> Expression | None:
    """The expression that a text is as a whole, or None; raises ExpressionError for one that cannot be read."""
    if not (isinstance(value, str) and "{{" in value):
        return None
    from studio.workflow.expressions import parse_expression  # only where there is an expression

    return parse_expression(value)


def bare_expression(text: str) -> Expression:
    """The expression that a text is, with or without `{{ }}` around it; raises ExpressionError."""
    from studio.kernel.errors import ExpressionError
    from studio.workflow.expressions import parse_expression

    found = parse_expression(text) or parse_expression("{{" + text + "}}")
    if found is None:
        raise ExpressionError(f"{text!r} is no expression.", hint="Write it like: value.total > 100")
    return found


def expressions_in(value: Any, *, bare: bool = False) -> Iterator[Expression]:
    """All expressions within a value, at any depth; with `bare`, every text is one. Raises ExpressionError."""
    if isinstance(value, str):
        if bare:
            yield bare_expression(value)
        elif "{{" in value:
            found = expression_of(value)
            if found is not None:
                yield found
    elif isinstance(value, Mapping):
        if not is_literal(value):
            for part in value.values():
                yield from expressions_in(part, bare=bare)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from expressions_in(part, bare=bare)


def _is_expression(text: str) -> bool:
    """Whether the text means to be an expression as a whole, also one that cannot be read."""
    from studio.kernel.errors import ExpressionError

    try:
        return expression_of(text) is not None
    except ExpressionError:
        return True


def has_expression(value: Any) -> bool:
    """Whether the generic evaluation has anything to do in the value: an expression or a `$literal`."""
    if isinstance(value, str):
        return "{{" in value and _is_expression(value)
    if isinstance(value, Mapping):
        return is_literal(value) or any(has_expression(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(has_expression(part) for part in value)
    return False


def is_dynamic(value: Any) -> bool:
    """Whether any part of the value is known only during a run."""
    if value is LATER:
        return True
    if isinstance(value, str):
        return "{{" in value and _is_expression(value)
    if type(value) in _SCALARS:
        return False
    if isinstance(value, Mapping):
        return not is_literal(value) and any(is_dynamic(part) for part in value.values())
    if isinstance(value, list | tuple):
        return any(is_dynamic(part) for part in value)
    return False


def takes_filter(param: ParamSpec, value: Any) -> bool:
    """Whether a condition is given as a filter mapping (If), whose texts are values and not expressions."""
    return param.editor == "expression" and isinstance(value, Mapping)


def value_param(spec: NodeSpec, edge: Edge, source: PortSpec | None) -> tuple[str, Path] | None:
    """The param that an edge fills and the path within it; None for an edge that carries order only.

    `after` is the order port, except where a param has that alias and the source port is called `cursor` (List's pages).
    """
    head, *rest = edge.target_port.split(".")
    if head == AFTER:
        param = spec.params_by_name.get(AFTER)
        if param is None or source is None or source.name != "cursor":
            return None
        return param.name, ()
    param = spec.params_by_name.get(head)
    return (param.name if param else head), tuple(rest)


def canonical(spec: NodeSpec, params: Mapping[str, Any]) -> dict[str, Any]:
    """The params under their own names; where an alias and the name itself are given, the name wins (`checks` reports it)."""
    by_name = spec.params_by_name
    found: dict[str, Any] = {}
    for name, value in params.items():
        param = by_name.get(name)
        own = param.name if param else name
        if own == name or own not in params:
            found[own] = value
    return found


def placed(base: Any, path: Path, value: Any) -> Any:
    """A copy of `base` with `value` at the path; mappings are made on the way, lists are indexed."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(base, list | tuple):
        copied = list(base)
        index = int(head)
        if index == len(copied):
            copied.append(None)
        copied[index] = placed(copied[index], rest, value)
        return copied
    mapping = dict(base) if isinstance(base, Mapping) else {}
    mapping[head] = placed(mapping.get(head), rest, value)
    return mapping
