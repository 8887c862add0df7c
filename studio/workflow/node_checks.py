"""Is a node right in itself? Its params against its spec, and the names its expressions use; how it is joined is only given.

Nodes are frozen, so what was found out about one holds as long as it and its spec are the same objects: it is kept per catalogue, and
checking a large workflow after an edit costs little more than checking the node that was edited.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, runtime_checkable

from studio.kernel.errors import ExpressionError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.spec import MANAGED, MISSING, OPTION_FIELDS
from studio.workflow.edge_checks import title_of
from studio.workflow.graph import Node
from studio.workflow.params import LATER, Path, canonical, expressions_in, placed, takes_filter
from studio.workflow.spec import Catalogue, NodeSpec
from studio.workflow.value_checks import literal_problem

Connected = tuple[tuple[str, Path], ...]
"""The params that edges fill, each with the path within it."""
MOST_KEPT: Final = 50_000


@runtime_checkable
class ParamChecker(Protocol):
    """A catalogue that also knows what only a node type knows of its params, and which connection is meant where none is named."""

    default_connection: str | None

    def check_params(self, spec: NodeSpec, params: Mapping[str, Any]) -> Iterable[Problem]:
        """Findings about params under their own names; what is known only during a run is `LATER`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The names that the expressions of one param use beside its own local ones; or why they cannot be read."""

    param: str
    names: tuple[str, ...] = ()
    local: tuple[str, ...] = ()
    error: ExpressionError | None = None


class NodeChecks:
    """What is found out about nodes on one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._checker = catalogue if isinstance(catalogue, ParamChecker) else None
        self._named: dict[int, tuple[Node, NodeSpec | None, tuple[Named, ...]]] = {}
        self._judged: dict[int, tuple[Node, NodeSpec, Connected, tuple[Problem, ...]]] = {}

    @staticmethod
    def on(catalogue: Catalogue) -> NodeChecks:
        """Those of the catalogue, kept as long as it lives."""
        known = _kept.get(catalogue)
        if known is None:
            known = _kept[catalogue] = NodeChecks(catalogue)
        return known

    @property
    def default_connection(self) -> str | None:
        return self._checker.default_connection if self._checker is not None else None

    def named(self, node: Node, spec: NodeSpec | None) -> tuple[Named, ...]:
        """The names that the node's expressions use, param by param; empty for a node without expressions."""
        known = self._named.get(id(node))
        if known is not None and known[0] is node and known[1] is spec:
            return known[2]
        if len(self._named) > MOST_KEPT:
            self._named.clear()
        found = tuple(_names(node, spec))
        self._named[id(node)] = (node, spec, found)  # the node itself is kept, so its id is not used again
        return found

    def judged(self, node: Node, spec: NodeSpec, connected: Connected) -> tuple[Problem, ...]:
        """What is wrong with the node's params."""
        known = self._judged.get(id(node))
        if known is not None and known[0] is node and known[1] is spec and known[2] == connected:
            return known[3]
        if len(self._judged) > MOST_KEPT:
            self._judged.clear()
        found = tuple(self._judge(node, spec, connected))
        self._judged[id(node)] = (node, spec, connected, found)
        return found

    def _judge(self, node: Node, spec: NodeSpec, connected: Connected) -> Iterable[Problem]:
        given = canonical(spec, node.params)
        faults = [*_given_twice(node, spec, given), *_param_faults(node, spec, given, connected)]
        yield from faults
        if self._checker is None:
            return
        for fault in faults:
            head = (fault.field or "").partition(".")[0]
            if fault.code == "param-type" and head in given:
                given[head] = (
                    LATER  # a type's own checks may trust the types of values; the rest is still looked at
                )
        for name, path in connected:
            given[name] = placed(given.get(name), path, LATER) if path else LATER
        yield from self._checker.check_params(spec, given)


_kept: weakref.WeakKeyDictionary[Catalogue, NodeChecks] = weakref.WeakKeyDictionary()


def _names(node: Node, spec: NodeSpec | None) -> Iterable[Named]:
    for name, value in node.params.items():
        if not isinstance(value, str | dict | list | tuple | Mapping):
            continue
        param = spec.params_by_name.get(name) if spec is not None else None
        if param is not None and not param.expressions:
            continue
        local = param.local_names if param is not None else ()
        bare = bool(local) and param is not None and not takes_filter(param, value)
        names: dict[str, None] = {}
        try:
            for expression in expressions_in(value, bare=bare):
                names.update(dict.fromkeys(root for root in expression.names if root not in local))
        except ExpressionError as error:
            yield Named(param=name, error=error)
        if names:
            yield Named(param=name, names=tuple(names), local=local)


def _given_twice(node: Node, spec: NodeSpec, given: Mapping[str, Any]) -> Iterable[Problem]:
    if len(given) == len(node.params):
        return
    for name in node.params:
        param = spec.params_by_name.get(name)
        if param is not None and param.name != name and param.name in node.params:
            yield Problem(
                code="given-twice",
                message=f"{name!r} and {param.name!r} are the same param, and both are given.",
                hint=f"Remove {name!r}.",
                field=name,
            )


def _param_faults(
    node: Node, spec: NodeSpec, given: Mapping[str, Any], connected: Connected
) -> Iterable[Problem]:
    """Names, types and presence."""
    by_name = spec.params_by_name
    for name, value in given.items():
        param = by_name.get(name)
        if param is None:
            if not spec.extra_params:
                yield _unknown_param(node, spec, name)
            continue
        refused = literal_problem(param, value)
        if refused is not None:
            hint = "Correct it, or connect the param to a value."
            yield Problem(code="param-type", message=refused, hint=hint, field=name)
    filled = {name for name, _ in connected}
    for param in spec.params:
        if param.required and param.name not in filled and given.get(param.name, MISSING) is MISSING:
            yield Problem(
                code="missing-param",
                message=f'"{title_of(node, spec)}" needs "{param.name}".',
                hint="Give it a value, or connect it.",
                field=param.name,
            )


def _unknown_param(node: Node, spec: NodeSpec, name: str) -> Problem:
    is_kept = name in MANAGED or (name in OPTION_FIELDS and any(port.name == name for port in spec.outputs))
    if spec.category == "model" and is_kept:
        return Problem(
            code="managed-field",
            message=f"{name!r} is kept by Studio and cannot be written.",
            hint="Remove it; it is set automatically.",
            field=name,
        )
    return Problem(
        code="unknown-param",
        message=f'"{title_of(node, spec)}" has no param {name!r}.',
        hint=did_you_mean(name, [param.name for param in spec.params]) or "Remove it.",
        field=name,
    )
