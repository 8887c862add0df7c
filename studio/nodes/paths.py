"""What does a dotted path out of a node lead to? `records.0.author.name`, walked through the model and the relations that the node includes.

Only what follows from models is judged: where a path leads into JSON, or where the relations come during the run, nobody can tell before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.relations import Family, Include
from studio.models.spec import Kind, ModelSpec
from studio.nodes.spec_parts import port_type, record_type
from studio.workflow.params import is_dynamic
from studio.workflow.types import PortType

_OPEN: Final = frozenset({Kind.DICT, Kind.LIST, Kind.VECTOR})
"""Kinds whose values have parts of their own, which no model describes."""
_WHOLE: Final[frozenset[str]] = frozenset()


def names_of(value: Any) -> tuple[str, ...]:
    """The names in a param that holds names; a single one may be written as it is."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def path_type(
    family: Family,
    model: ModelSpec,
    start: PortType,
    path: Sequence[str],
    params: Mapping[str, Any],
    *,
    can_include: bool = True,
) -> PortType | Problem | None:
    """The type of what a path leads to from a port that carries the model's records.

    A problem where it leads nowhere; None where that is not to be known. `params` are the node's, `include` and `fields` among them;
    `can_include` says whether it is a node that reads related records along.
    """
    include, fields = params.get("include") if can_include else None, params.get("fields")
    if is_dynamic(include) or is_dynamic(fields):
        return None
    try:
        tree = family.include(model, names_of(include))
    except ModelError:
        return None  # found by the node's own checks
    return _walk(family, model, start, list(path), tree if can_include else None, frozenset(names_of(fields)))


def _walk(
    family: Family,
    model: ModelSpec,
    start: PortType,
    path: list[str],
    tree: Sequence[Include] | None,
    fields: frozenset[str],
) -> PortType | Problem | None:
    """`tree` is what the node includes from here; None: it cannot include anything. `fields`: those read; empty: all."""
    if not path:
        return start
    head, *rest = path
    if start.many:
        if head.lstrip("-").isdigit():
            return _walk(family, model, replace(start, many=False), rest, tree, fields)
        return _nowhere(
            f"This is a list of {model.name}, which has no part {head!r}.", f'Say which one: "0.{head}".'
        )
    field = model.by_name.get(head)
    if field is not None:
        if fields and head not in fields:
            return _nowhere(f"{head!r} is not among the fields that are read.", "Add it to fields.")
        if not rest:
            return port_type(field, nullable=start.nullable)
        if field.kind in _OPEN:
            return None
        return _nowhere(
            f"{head!r} of {model.name} is one {port_type(field)} and has no part {rest[0]!r}.",
            _by_relation(family, model, head, rest) if tree is not None else _elsewhere(model),
        )
    included = next((entry for entry in tree or () if entry.relation.name == head), None)
    if included is not None:
        many = included.relation.many
        led = record_type(included.target, many=many, nullable=start.nullable or not many)
        return _walk(family, included.target, led, rest, included.children, _WHOLE)
    known = family.relations(model.name)
    if head in known:
        return _nowhere(
            f"The records of {known[head].model} that {head!r} leads to are not read.",
            f"Add {head!r} to include." if tree is not None else _elsewhere(model),
        )
    return _nowhere(f"{model.name} has no field {head!r}.", did_you_mean(head, [*model.names, *known]))


def _by_relation(family: Family, model: ModelSpec, field: str, rest: Sequence[str]) -> str:
    relation = family.relation_of(model, field)
    return f'Include {relation!r} and write "{".".join((relation, *rest))}".' if relation else ""


def _elsewhere(model: ModelSpec) -> str:
    return f"Read it with {model.name}ReadNode, which includes related records."


def _nowhere(message: str, hint: str) -> Problem:
    return Problem(code="unknown-part", message=message, hint=hint)
