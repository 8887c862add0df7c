"""Does a graph make sense? Everything that can be found wrong with a workflow without running it, all at once.

Only specs are needed; what a node type alone knows is asked of catalogues that can `check_params`. Raising is the caller's choice.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Protocol, runtime_checkable

from studio.kernel.errors import ExpressionError
from studio.kernel.ids import NodeId
from studio.kernel.names import did_you_mean, plural
from studio.kernel.problems import Problem, Severity
from studio.models.spec import MANAGED, MISSING
from studio.workflow.graph import Edge, Node, Workflow
from studio.workflow.params import (
    LATER,
    canonical,
    expressions_in,
    is_dynamic,
    is_literal,
    is_operator,
    placed,
    references,
    takes_filter,
    value_param,
)
from studio.workflow.spec import Catalogue, NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType, clash

__all__ = [
    "LATER",
    "ParamChecker",
    "check",
    "literal_problem",
    "order_edges",
    "title_of",
    "value_problem",
    "why_not",
]


@runtime_checkable
class ParamChecker(Protocol):
    """A catalogue that also knows what only a node type knows of its params, and which connection is meant where none is named."""

    default_connection: str | None

    def check_params(self, spec: NodeSpec, params: Mapping[str, Any]) -> Iterable[Problem]:
        """Findings about params under their own names; what is known only during a run is `LATER`."""
        ...


def check(workflow: Workflow, catalogue: Catalogue) -> list[Problem]:
    """All findings, errors first, in the order of the nodes; each names its node and, where it has one, the param as `field`.

    A disabled node is only looked at for its place in the graph.
    """
    return _Check(workflow, catalogue).run()


def title_of(node: Node, spec: NodeSpec | None) -> str:
    """What people call the node."""
    return node.title or (spec.title if spec else node.type)


def spec_for(node: Node, catalogue: Catalogue) -> NodeSpec | None:
    """The spec of the node's type on the connection that it names with `db_instance`, or the only one."""
    spec = catalogue.find(node.type)
    wanted = node.params.get("db_instance")
    if spec is None or spec.connection is None or not wanted or spec.connection == wanted:
        return spec
    others = (other for other in catalogue.specs() if other.type == node.type)
    return next((other for other in others if other.connection == wanted), None)


def order_edges(workflow: Workflow, catalogue: Catalogue) -> dict[NodeId, set[NodeId]]:
    """For each node whose expressions name other nodes: those nodes. They run first, as if an edge said so."""
    found: dict[NodeId, set[NodeId]] = {}
    for node_id, node in workflow.nodes.items():
        if _may_refer(node):
            named = references(node, catalogue.find(node.type))
            before = {NodeId(name) for name in named if name in workflow.nodes}
            if before:
                found[node_id] = before
    return found


def _may_refer(node: Node) -> bool:
    return any(isinstance(value, str | Mapping | list | tuple) for value in node.params.values())


def why_not(workflow: Workflow, catalogue: Catalogue, edge: Edge) -> str | None:
    """Why the edge cannot be added, as a whole sentence for people; None when it can.

    An edge that ends at the same port as another is allowed here: whoever adds it replaces the other.
    """
    source, target = workflow.nodes.get(edge.source), workflow.nodes.get(edge.target)
    if source is None or target is None:
        gone = edge.source if source is None else edge.target
        return f"There is no node {gone!r}. {did_you_mean(gone, workflow.nodes)}".strip()
    if edge in workflow.edges:
        return "These two ports are connected already."
    source_spec, target_spec = spec_for(source, catalogue), spec_for(target, catalogue)
    wrong = _edge_fault(edge, source, source_spec, target, target_spec)
    if wrong is not None:
        return f"{wrong.message} {wrong.hint}".strip()
    if edge.source == edge.target or _reaches(workflow, catalogue, edge.target, edge.source):
        names = f'"{title_of(source, source_spec)}" to "{title_of(target, target_spec)}"'
        if edge.source == edge.target:
            return f'Cannot connect "{title_of(source, source_spec)}" to itself: that would be a loop.'
        return (
            f"Cannot connect {names}: that would close a loop, since the second leads to the first already."
        )
    return None


def _reaches(workflow: Workflow, catalogue: Catalogue, start: NodeId, goal: NodeId) -> bool:
    """Whether `start` comes before `goal`, by edges or by expressions."""
    if goal in workflow.downstream(start):
        return True
    implied = order_edges(workflow, catalogue)
    if not implied:
        return False
    seen, stack = {goal}, [goal]
    while stack:
        node_id = stack.pop()
        before = {edge.source for edge in workflow.incoming.get(node_id, ())} | implied.get(node_id, set())
        if start in before:
            return True
        stack += before - seen
        seen |= before
    return False


# ------------------------------------------------------------------ one edge


def _edge_fault(
    edge: Edge, source: Node, source_spec: NodeSpec | None, target: Node, target_spec: NodeSpec | None
) -> Problem | None:
    """What is wrong with an edge between two nodes that exist; unknown kinds of node are given the benefit of the doubt."""
    source_port = source_spec.output(edge.source_port) if source_spec else None
    if source_spec is not None and source_port is None:
        names = [port.name for port in source_spec.all_outputs]
        return _fault(
            "unknown-port",
            edge.source,
            f'"{title_of(source, source_spec)}" has no output {edge.source_port!r}.',
            did_you_mean(edge.source_port.partition(".")[0], names),
        )
    if target_spec is None:
        return None
    filled = value_param(target_spec, edge, source_port)
    if filled is None:
        return None
    name, path = filled
    param = target_spec.params_by_name.get(name)
    if param is None:
        if target_spec.extra_params:
            return None
        names = [port.name for port in target_spec.inputs]
        return _fault(
            "unknown-port",
            edge.target,
            f'"{title_of(target, target_spec)}" has no input {name!r}.',
            did_you_mean(name, names),
            field=name,
        )
    if not param.connectable:
        return _fault(
            "not-connectable",
            edge.target,
            f'"{param.name}" of "{title_of(target, target_spec)}" takes no edge: it decides how the workflow is built.',
            "Write its value into the node.",
            field=name,
        )
    if path and param.type.kind not in ("any", "dict", "list", "record"):
        return _fault(
            "unknown-port",
            edge.target,
            f'"{param.name}" of "{title_of(target, target_spec)}" is one {param.type} and has no part {".".join(path)!r}.',
            "Connect to the param itself.",
            field=name,
        )
    if source_port is None or path or "." in edge.source_port:
        return None  # what a path leads to is known when it is walked
    return _type_fault(edge, source, source_spec, source_port, target, target_spec, param)


def _type_fault(
    edge: Edge,
    source: Node,
    source_spec: NodeSpec | None,
    source_port: PortSpec,
    target: Node,
    target_spec: NodeSpec,
    param: ParamSpec,
) -> Problem | None:
    if clash(source_port.type, param.type) is None:
        return None
    ends = (
        f'"{edge.source_port}" of "{title_of(source, source_spec)}" to '
        f'"{edge.target_port}" of "{title_of(target, target_spec)}"'
    )
    return _fault(
        "type-clash",
        edge.target,
        f"Cannot connect {ends}: {edge.source_port} {_is_a(source_port.type)}, {edge.target_port} {_is_a(param.type)}.",
        _remedy(source_port, param),
        field=param.name,
    )


def _is_a(port_type: PortType) -> str:
    if port_type.kind == "signal":
        return "carries order only, no value"
    shown = str(port_type)
    article = "an" if shown[0] in "aeiouAEIO" else "a"
    return f"is {shown}" if shown == "anything" else f"is {article} {shown}"


def _remedy(source: PortSpec, param: ParamSpec) -> str:
    if source.type.kind == "signal":
        return 'Connect a port with a value, or use the input "after" for order.'
    if source.type.many and not param.type.many:
        part = f'"{source.name}.0"' if param.type.kind == "record" else f'"{source.name}.0.<field>"'
        return f'Take a part of it ({part}), or put a "Map" node between them.'
    if source.type.kind == "record":
        return f'Take one of its fields ("{source.name}.<field>"), or put a "Map" node between them.'
    return 'Put a "Map" node between them.'


def _fault(code: str, node: str, message: str, hint: str = "", *, field: str | None = None) -> Problem:
    return Problem(code=code, message=message, hint=hint, node=node, field=field)


# ------------------------------------------------------------------ the whole graph


class _Check:
    """One pass over a workflow; everything that is looked up twice is kept."""

    def __init__(self, workflow: Workflow, catalogue: Catalogue) -> None:
        self.workflow = workflow
        self.catalogue = catalogue
        self.problems: list[Problem] = []
        self.checker = catalogue if isinstance(catalogue, ParamChecker) else None
        self.by_type: dict[str, list[NodeSpec]] | None = None
        self.specs: dict[str, NodeSpec | None] = {}
        self.inputs = {entry.name for entry in workflow.inputs} | {
            str(node.params.get("name", ""))
            for node in workflow.nodes.values()
            if node.type == "Input" and not node.disabled
        }
        self.implied: dict[NodeId, set[NodeId]] = {}

    def run(self) -> list[Problem]:
        for node_id, node in self.workflow.nodes.items():
            self.specs[node_id] = self._spec(node)
        for node_id, node in self.workflow.nodes.items():
            self._node(node, self.specs[node_id])
        self._names_twice()
        self._cycles()
        order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
        return sorted(self.problems, key=lambda problem: order[problem.severity])

    def _spec(self, node: Node) -> NodeSpec | None:
        spec = self.catalogue.find(node.type)
        if spec is None:
            self._unknown_type(node)
            return None
        if spec.model is None:
            return spec
        if self.by_type is None:
            self.by_type = {}
            for other in self.catalogue.specs():
                self.by_type.setdefault(other.type, []).append(other)
        candidates = self.by_type.get(node.type, [spec])
        wanted = node.params.get("db_instance")
        if wanted is not None:
            return self._on_connection(node, candidates, wanted)
        default = self.checker.default_connection if self.checker is not None else None
        if len(candidates) > 1 and spec.connection != default and not node.disabled:
            names = ", ".join(repr(other.connection) for other in candidates)
            self._add(
                "ambiguous-node",
                node,
                f"Several connections have {node.type!r}: {names}.",
                "Name one in the param db_instance.",
                field="db_instance",
            )
        return spec

    def _on_connection(self, node: Node, candidates: list[NodeSpec], wanted: Any) -> NodeSpec | None:
        found = next((other for other in candidates if other.connection == wanted), None)
        if found is None and not node.disabled:
            names = [str(other.connection) for other in candidates]
            self._add(
                "unknown-connection",
                node,
                f"No connection {wanted!r} has a node type {node.type!r}.",
                did_you_mean(str(wanted), names),
                field="db_instance",
            )
            return candidates[0]
        return found

    def _unknown_type(self, node: Node) -> None:
        if node.disabled:
            return
        names = [spec.type for spec in self.catalogue.specs()]
        self._add(
            "unknown-node", node, f"There is no node type {node.type!r}.", did_you_mean(node.type, names)
        )

    def _add(
        self, code: str, node: Node | None, message: str, hint: str = "", *, field: str | None = None
    ) -> None:
        self.problems.append(
            Problem(
                code=code,
                message=message,
                hint=hint,
                workflow=self.workflow.name or None,
                node=node.id if node else None,
                field=field,
            )
        )

    def _place(self, node: Node, problem: Problem) -> None:
        self.problems.append(
            Problem(
                code=problem.code,
                message=problem.message,
                severity=problem.severity,
                hint=problem.hint,
                workflow=self.workflow.name or None,
                node=problem.node or node.id,
                field=problem.field,
                row=problem.row,
            )
        )

    # -------------------------------------------------------------- a node

    def _node(self, node: Node, spec: NodeSpec | None) -> None:
        if node.disabled:
            return
        connected = self._edges(node, spec)
        self._expressions(node, spec)
        if spec is None:
            return
        given = canonical(spec, node.params)
        if len(given) != len(node.params):
            self._given_twice(node, spec)
        faulty = self._params(node, spec, given, connected)
        if self.checker is None or faulty:
            return
        for name, path in connected:
            given[name] = placed(given.get(name), path, LATER) if path else LATER
        for found in self.checker.check_params(spec, given):
            self._place(node, found)

    def _given_twice(self, node: Node, spec: NodeSpec) -> None:
        by_name = spec.params_by_name
        for name in node.params:
            param = by_name.get(name)
            if param is not None and param.name != name and param.name in node.params:
                self._add(
                    "given-twice",
                    node,
                    f"{name!r} and {param.name!r} are the same param, and both are given.",
                    f"Remove {name!r}.",
                    field=name,
                )

    def _edges(self, node: Node, spec: NodeSpec | None) -> list[tuple[str, tuple[str, ...]]]:
        """Checks the edges that end here; returns the params (and paths in them) that they fill."""
        filled: list[tuple[str, tuple[str, ...]]] = []
        seen: set[tuple[str, tuple[str, ...]]] = set()
        for edge in self.workflow.incoming.get(node.id, ()):
            source = self.workflow.nodes[edge.source]
            source_spec = self.specs[edge.source]
            fault = _edge_fault(edge, source, source_spec, node, spec)
            if fault is not None:
                self._place(node, fault)
                continue
            if spec is None:
                continue
            port = source_spec.output(edge.source_port) if source_spec else None
            target = value_param(spec, edge, port)
            if target is None:
                continue
            if target in seen:
                self._add(
                    "port-twice",
                    node,
                    f'Two edges end at "{edge.target_port}" of "{title_of(node, spec)}".',
                    "Remove one of them.",
                    field=target[0],
                )
            seen.add(target)
            filled.append(target)
        return filled

    def _params(
        self,
        node: Node,
        spec: NodeSpec,
        given: Mapping[str, Any],
        connected: Iterable[tuple[str, tuple[str, ...]]],
    ) -> bool:
        """Checks names, presence and types; returns whether a value was found that its type cannot take."""
        by_name = spec.params_by_name
        filled = {name for name, _ in connected}
        faulty = False
        for name, value in given.items():
            param = by_name.get(name)
            if param is None:
                if not spec.extra_params:
                    self._unknown_param(node, spec, name)
                continue
            refused = literal_problem(param, value)
            if refused is not None:
                faulty = True
                self._add(
                    "param-type", node, refused, "Correct it, or connect the param to a value.", field=name
                )
        for param in spec.params:
            if not param.required or param.name in filled:
                continue
            if given.get(param.name, MISSING) is MISSING:
                self._add(
                    "missing-param",
                    node,
                    f'"{title_of(node, spec)}" needs "{param.name}".',
                    "Give it a value, or connect it.",
                    field=param.name,
                )
        return faulty

    def _unknown_param(self, node: Node, spec: NodeSpec, name: str) -> None:
        if spec.category == "model" and name in MANAGED:
            self._add(
                "managed-field",
                node,
                f"{name!r} is kept by Studio and cannot be written.",
                "Remove it; it is set automatically.",
                field=name,
            )
            return
        self._add(
            "unknown-param",
            node,
            f'"{title_of(node, spec)}" has no param {name!r}.',
            did_you_mean(name, [param.name for param in spec.params]),
            field=name,
        )

    # -------------------------------------------------------------- names

    def _expressions(self, node: Node, spec: NodeSpec | None) -> None:
        if not _may_refer(node):
            return
        by_name: Mapping[str, ParamSpec] = spec.params_by_name if spec else MappingProxyType({})
        for name, value in node.params.items():
            param = by_name.get(name)
            if param is not None and not param.expressions:
                continue
            local = param.local_names if param else ()
            bare = bool(local) and param is not None and not takes_filter(param, value)
            try:
                for expression in expressions_in(value, bare=bare):
                    self._expression_names(node, name, expression.names, local)
            except ExpressionError as error:
                self._add("expression", node, error.message, error.hint, field=name)

    def _expression_names(self, node: Node, param: str, names: Iterable[str], local: tuple[str, ...]) -> None:
        for name in sorted(names):
            if name in local:
                continue
            if name in self.workflow.nodes:
                self.implied.setdefault(node.id, set()).add(NodeId(name))
            elif name not in self.inputs:
                known = [*local, *self.workflow.nodes, *self.inputs]
                self._add(
                    "unknown-name",
                    node,
                    f"The expression names {name!r}, which is neither a node nor an input.",
                    did_you_mean(name, known) or "Add an input of that name.",
                    field=param,
                )

    def _names_twice(self) -> None:
        for name in sorted(self.inputs & set(self.workflow.nodes)):
            node = self.workflow.nodes[NodeId(name)]
            if node.type == "Input" and node.params.get("name") == name:
                continue  # an Input node called like its input means the same value
            self._add(
                "ambiguous-name",
                node,
                f"{name!r} is both a node and an input; an expression could mean either.",
                "Rename the input.",
            )

    # -------------------------------------------------------------- order

    def _cycles(self) -> None:
        loop = self.workflow.cycle() if not self.implied else _cycle(self.workflow, self.implied)
        if not loop:
            return
        names = [title_of(self.workflow.nodes[node_id], self.specs[node_id]) for node_id in loop]
        path = " → ".join(f'"{name}"' for name in [*names, names[0]])
        self._add(
            "cycle",
            self.workflow.nodes[loop[0]],
            f"These nodes wait for each other: {path}.",
            "Remove one of the edges between them.",
        )


def _cycle(workflow: Workflow, implied: Mapping[NodeId, set[NodeId]]) -> list[NodeId]:
    """The nodes of one loop of edges and expressions in order, or an empty list."""
    before = {
        node_id: {edge.source for edge in workflow.incoming.get(node_id, ())} | implied.get(node_id, set())
        for node_id in workflow.nodes
    }
    after: dict[NodeId, list[NodeId]] = {}
    for node_id, sources in before.items():
        for source in sources:
            after.setdefault(source, []).append(node_id)
    remaining = {node_id: len(sources) for node_id, sources in before.items()}
    ready = [node_id for node_id, count in remaining.items() if not count]
    while ready:
        node_id = ready.pop()
        del remaining[node_id]
        for other in after.get(node_id, ()):
            remaining[other] -= 1
            if not remaining[other]:
                ready.append(other)
    if not remaining:
        return []
    path: list[NodeId] = []
    current = next(iter(remaining))
    while current not in path:
        path.append(current)
        current = next(source for source in sorted(before[current]) if source in remaining)
    return path[path.index(current) :][::-1]


# ------------------------------------------------------------------ one value


def literal_problem(param: ParamSpec, value: Any) -> str | None:
    """Why a value written into a node does not fit its param, as a whole sentence; None when it does.

    Expressions and what comes by an edge fit everywhere; a model's own rules (length, range, pattern) are the value checker's business
    and are only judged here where the param states them.
    """
    if value is LATER or (param.expressions and is_dynamic(value)):
        return None
    return value_problem(param, value["$literal"] if is_literal(value) else value)


def value_problem(param: ParamSpec, value: Any) -> str | None:
    """The same for a value that is there, in a run: a text in it that looks like an expression is data."""
    if value is None:
        if param.type.nullable or param.type.kind == "any" or not (param.required or param.field):
            return None
        return f'"{param.name}" must have a value.'
    if param.operators and is_operator(value):
        return None
    if param.choices and value not in param.choices and getattr(value, "value", value) not in param.choices:
        near = did_you_mean(str(value), [str(choice) for choice in param.choices])
        return f'"{param.name}" is {_describe(value)}. {near}'.strip()
    wanted = _TESTS.get(param.type.kind)
    if wanted is not None and not wanted[0](value) and not _fits_many(param, value):
        return f'"{param.name}" wants {wanted[1]}, not {_describe(value)}.{_hint(param, value)}'
    if param.minimum is not None or param.maximum is not None or param.max_length is not None:
        return _out_of_bounds(param, value)
    return None


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
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


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
        "record": (lambda value: isinstance(value, Mapping), "a record"),
        "uuid": (lambda value: isinstance(value, uuid.UUID | str), "a UUID"),
    }
)
