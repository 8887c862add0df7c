"""Does a graph make sense? Everything that can be found wrong with a workflow without running it, all at once.

Only specs are needed; what a node type alone knows is asked of catalogues that can `check_params`. Raising is the caller's choice.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from studio.kernel.ids import NodeId
from studio.kernel.names import did_you_mean, nearest
from studio.kernel.problems import Problem, Severity
from studio.workflow.edge_checks import PathTyper, edge_fault, title_of
from studio.workflow.foreign_types import meant_by, way_without
from studio.workflow.graph import REFERRING, Edge, Node, Workflow
from studio.workflow.node_checks import Connected, Named, NodeChecks, ParamChecker
from studio.workflow.outside_checks import outside_problems
from studio.workflow.params import LATER, Path, value_param
from studio.workflow.references import REFERENCE, Referring, reference_problem, spec_for
from studio.workflow.spec import Catalogue, NodeSpec
from studio.workflow.value_checks import literal_problem, value_problem

__all__ = [
    "LATER",
    "ParamChecker",
    "check",
    "literal_problem",
    "order_edges",
    "spec_for",
    "title_of",
    "value_problem",
    "why_not",
]


_GENERATED: Final = re.compile(
    r"(\w+?)(?:(?:Bulk)?(?:Create|Update|Delete|Upsert)|Read|List|Count|Aggregate)Node"
)
"""The name of a model's node type, and in it the model's."""
_NODE_KEYS: Final = ("id", "type", "title", "comment", "disabled", "params", "pinned")
_WORKFLOW_KEYS: Final = ("id", "name", "description", "inputs", "nodes", "edges", "layout")


def check(workflow: Workflow, catalogue: Catalogue) -> list[Problem]:
    """All findings, errors first, in the order of the nodes; each names its node and, where it has one, the param as `field`.

    A disabled node is only looked at for its place in the graph.
    """
    return _Check(workflow, catalogue, _Within()).run()


def order_edges(workflow: Workflow, catalogue: Catalogue) -> dict[NodeId, set[NodeId]]:
    """For each node whose expressions name other nodes: those nodes. They run first, as if an edge said so."""
    checks = NodeChecks.on(catalogue)
    found: dict[NodeId, set[NodeId]] = {}
    for node_id, node in workflow.nodes.items():
        spec = spec_for(node, catalogue) if node.type in REFERRING else catalogue.find(node.type)
        named = checks.named(node, spec)
        if named:
            before = {NodeId(name) for part in named for name in part.names if name in workflow.nodes}
            if before:
                found[node_id] = before
    return found


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
    wrong = edge_fault(
        edge, source, source_spec, target, target_spec,
        paths=_paths(catalogue), later=functools.partial(_filled, workflow, edge.source, source_spec),
    )  # fmt: skip
    if wrong is not None:
        return f"{wrong.message} {wrong.hint}".strip()
    if edge.source == edge.target or _reaches(workflow, catalogue, edge.target, edge.source):
        names = f'"{title_of(source, source_spec)}" to "{title_of(target, target_spec)}"'
        if edge.source == edge.target:
            return f'Cannot connect "{title_of(source, source_spec)}" to itself: that would be a loop.'
        return (
            f"Cannot connect {names}: that would close a loop, since the second leads to the first already. "
            "To repeat steps, run a workflow of them with a ForEach."
        )
    return None


def _paths(catalogue: Catalogue) -> PathTyper | None:
    return catalogue if isinstance(catalogue, PathTyper) else None


def _filled(workflow: Workflow, node_id: NodeId, spec: NodeSpec | None) -> list[str]:
    """The params of a node that edges fill, as a whole or in part."""
    if spec is None:
        return []
    targets = (value_param(spec, edge, None) for edge in workflow.incoming.get(node_id, ()))
    return [target[0] for target in targets if target is not None]


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


# ------------------------------------------------------------------ the whole graph


@dataclass(frozen=True, slots=True)
class _Within:
    """The workflows on the way to the one that is looked at, and what was found in those that are run by others."""

    path: tuple[Workflow, ...] = ()
    found: dict[str, tuple[Problem, ...]] = field(default_factory=dict)


class _Check:
    """One pass over a workflow; everything that is looked up twice is kept."""

    def __init__(self, workflow: Workflow, catalogue: Catalogue, within: _Within) -> None:
        self.workflow = workflow
        self.catalogue = catalogue
        self.within = within
        self.problems: list[Problem] = []
        self.checks = NodeChecks.on(catalogue)
        self.paths = _paths(catalogue)
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
        if not self.within.path:
            for found in outside_problems(self.workflow, self.specs, self.catalogue):
                self._place(self.workflow.nodes[NodeId(found.node or "")], found)
        self._names_twice()
        self._cycles()
        left = (key for key in self.workflow.extra if key not in _WORKFLOW_KEYS)
        self._unknown_keys(None, left, "the workflow", _WORKFLOW_KEYS)
        order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
        return sorted(self.problems, key=lambda problem: order[problem.severity])

    def _spec(self, node: Node) -> NodeSpec | None:
        spec = self.catalogue.find(node.type)
        if spec is None:
            self._unknown_type(node)
            return None
        if spec.model is None:
            return spec_for(node, self.catalogue) if node.type in REFERRING else spec
        if self.by_type is None:
            self.by_type = {}
            for other in self.catalogue.specs():
                self.by_type.setdefault(other.type, []).append(other)
        candidates = self.by_type.get(node.type, [spec])
        wanted = node.params.get("db_instance")
        if wanted is not None:
            return self._on_connection(node, candidates, wanted)
        default = self.checks.default_connection
        if len(candidates) > 1 and spec.connection != default and not node.disabled:
            names = ", ".join(repr(other.connection) for other in candidates)
            self._add(
                "ambiguous-node",
                node,
                f"Several connections have {node.type!r}: {names}.",
                "Name one in the param db_instance.",
                field="db_instance",
            )
            return _common(candidates)
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
            return _common(candidates)
        return found

    def _unknown_type(self, node: Node) -> None:
        if node.disabled:
            return
        specs = list(self.catalogue.specs())
        message = f"There is no node type {node.type!r}."
        types = [spec.type for spec in specs]
        hint = way_without(node.type) or meant_by(node.type, types)
        generated = _GENERATED.fullmatch(node.type)
        models = {spec.model for spec in specs if spec.model is not None}
        if generated is not None and not nearest(generated[1], models) and not way_without(node.type):
            message = f"There is no node type {node.type!r}, since there is no model {generated[1]!r}."
            hint = f"Import the model {generated[1]!r} from its database, or declare it."
        self._add("unknown-node", node, message, hint)

    def _unknown_keys(self, node: Node | None, keys: Iterable[str], owner: str, known: Iterable[str]) -> None:
        """What a text says that means nothing here: kept for whoever wrote it, and worth a word, since it may be misspelt."""
        for key in keys:
            self.problems.append(
                Problem(
                    code="unknown-key",
                    severity=Severity.WARNING,
                    message=f"The key {key!r} of {owner} is not known: it is kept, and does nothing.",
                    hint=did_you_mean(key, known),
                    workflow=self.workflow.name or None,
                    node=node.id if node else None,
                )
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
        for named in self.checks.named(node, spec):
            self._names(node, named)
        if spec is not None:
            for found in self.checks.judged(node, spec, connected):
                self._place(node, found)
            self._unknown_keys(node, node.extra, "the node", _NODE_KEYS)
            if node.type in REFERRING and isinstance(self.catalogue, Referring):
                self._reference(node, self.catalogue)

    def _reference(self, node: Node, catalogue: Referring) -> None:
        """Looks at the workflow that a node runs: whether it is there, does not run this one, and has no problems of its own."""
        path = (*self.within.path, self.workflow)
        wrong = reference_problem(node, catalogue.library, path)
        if wrong is not None:
            self._place(node, wrong)
            return
        inner = catalogue.library.get(node.params.get(REFERENCE))
        if inner is None:
            return
        found = self.within.found.get(inner.id)
        if found is None:
            nested = _Check(inner, self.catalogue, _Within(path, self.within.found))
            found = tuple(problem for problem in nested.run() if problem.severity is Severity.ERROR)
            self.within.found[inner.id] = found
        for problem in found:
            place = f', node "{problem.node}"' if problem.node else ""
            message = f'In the workflow "{inner.name}"{place}: {problem.message}'
            self._add("inner-problem", node, message, problem.hint, field=REFERENCE)

    def _edges(self, node: Node, spec: NodeSpec | None) -> Connected:
        """Checks the edges that end here; returns the params (and paths in them) that they fill."""
        edges = self.workflow.incoming.get(node.id)
        if not edges:
            return ()
        filled: dict[tuple[str, Path], None] = {}
        for edge in edges:
            source = self.workflow.nodes[edge.source]
            source_spec = self.specs[edge.source]
            fault = edge_fault(
                edge, source, source_spec, node, spec,
                paths=self.paths, later=functools.partial(_filled, self.workflow, edge.source, source_spec),
            )  # fmt: skip
            if fault is not None:
                self._place(node, fault)
            if spec is None:
                continue
            port = source_spec.output(edge.source_port) if source_spec else None
            target = value_param(spec, edge, port)
            if target is None:
                continue
            if fault is not None:
                if target[0] in spec.params_by_name:
                    filled[target] = None  # that it is not given is not worth saying twice
                continue
            if target in filled:
                self._add(
                    "port-twice",
                    node,
                    f'Two edges end at "{edge.target_port}" of "{title_of(node, spec)}".',
                    "Remove one of them.",
                    field=target[0],
                )
            filled[target] = None
        return tuple(filled)

    # -------------------------------------------------------------- names

    def _names(self, node: Node, named: Named) -> None:
        if named.error is not None:
            self._add("expression", node, named.error.message, named.error.hint, field=named.param)
        for name in named.names:
            if name in self.workflow.nodes:
                self.implied.setdefault(node.id, set()).add(NodeId(name))
            elif name not in self.inputs:
                others = (other for other in self.workflow.nodes if other != node.id)
                near = did_you_mean(name, [*named.local, *others, *self.inputs])
                self._add(
                    "unknown-name",
                    node,
                    f"The expression names {name!r}, which is neither a node nor an input.",
                    f"{near} If whoever runs the workflow is to give it, add an input {name!r}.".lstrip(),
                    field=named.param,
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
        if len(set(names)) < len(names):
            names = list(loop)  # titles that several have tell nobody which they are
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


def _common(candidates: list[NodeSpec]) -> NodeSpec | None:
    """One of the kinds of node to judge by, where it is not known which is meant; None when they differ in what they take."""
    differ = any(other.params_by_name.keys() != candidates[0].params_by_name.keys() for other in candidates)
    return None if differ else candidates[0]
