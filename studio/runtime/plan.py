"""How is a workflow made ready to run? Checked as a whole, put in order, every param and edge resolved to what the scheduler needs.

A plan holds nothing of a run: one plan may run many times, also at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from studio.kernel.errors import BuildError
from studio.kernel.ids import NodeId
from studio.kernel.problems import Problem, Severity
from studio.models.spec import ModelSpec
from studio.nodes.base import COMMON, Join, NodeType
from studio.nodes.catalogue import NodeCatalogue
from studio.nodes.code import SqlType
from studio.nodes.model_node import ModelNode
from studio.nodes.subworkflows import ReferringType
from studio.runtime.partial import Earlier, Given, Part, part_of
from studio.runtime.state import Link, joining, waiting
from studio.workflow.bypass import bypassed
from studio.workflow.checks import check, order_edges, spec_for, title_of
from studio.workflow.graph import Edge, Node, Workflow, WorkflowInput
from studio.workflow.params import (
    LATER,
    LITERAL,
    Path,
    canonical,
    expression_of,
    has_expression,
    is_literal,
    takes_filter,
    value_param,
)
from studio.workflow.references import declared_inputs
from studio.workflow.spec import ERROR_PORT, NodeSpec, PortSpec

Filler: TypeAlias = Callable[[Mapping[str, Any]], Any]
_NOT_FOR_NODES: Final = frozenset({*(param.name for param in COMMON), "db_instance", "model_name"})


@dataclass(frozen=True, slots=True)
class Feed:
    """Where a param's value comes from: the step `source`, its port, a path within that, and the place within the param."""

    source: int
    port: str
    rest: Path
    param: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Step:
    """A node made ready. `params` are those that stand in the node; `templates` are params with expressions in them.

    `type` is None for a disabled node. `stream_to` is the step that eats this one's rows while they come.
    """

    index: int
    id: NodeId
    title: str
    node_type: str
    type: NodeType | None
    params: Mapping[str, Any]
    templates: tuple[tuple[str, Any], ...]
    fillers: tuple[tuple[str, Filler], ...]
    """What makes each of the templates out of what has a name."""
    feeds: tuple[Feed, ...]
    is_ready: bool
    """Whether `params` is all there is, so that nothing has to be filled in."""
    is_immediate: bool
    """Whether the type can give its value without awaiting."""
    connection: str | None
    timeout_s: float | None
    retries: int
    output_name: str | None
    join: Join = ""
    stream_to: int | None = None
    inner: Plan | None = None
    """What a node runs that refers to another workflow."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """A workflow in the order in which it can run. `links[i]` lead on from step i."""

    workflow: Workflow
    catalogue: NodeCatalogue
    steps: tuple[Step, ...]
    links: tuple[tuple[Link, ...], ...]
    waits: tuple[int, ...]
    orders: tuple[int, ...]
    joins: Mapping[int, int]
    takes_errors: tuple[bool, ...]
    models: Mapping[str, tuple[ModelSpec, ...]]
    """For each connection the models whose tables must be there: those used and those they refer to."""
    needs_trust: tuple[NodeId, ...] = field(default=())
    warnings: tuple[Problem, ...] = field(default=())
    """What the checks found that does not keep it from being run."""
    given: Mapping[NodeId, Given] = field(default_factory=lambda: MappingProxyType({}))
    """The values of nodes that are not run."""
    whole: Workflow | None = None
    """The workflow that this is a part of; None: `workflow` is all of it."""

    @cached_property
    def inputs(self) -> tuple[WorkflowInput, ...]:
        """What a run may be given: what the whole workflow declares."""
        return declared_inputs(self.whole or self.workflow)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The numbers of the steps by their nodes' ids."""
        return {step.id: step.index for step in self.steps}

    @property
    def connections(self) -> tuple[str | None, ...]:
        """The connections that the nodes use, None standing for the only one."""
        used: dict[str | None, None] = {}
        for step in self.steps:
            if step.id in self.given:
                continue
            if step.inner is not None:
                used.update(dict.fromkeys(step.inner.connections))
            elif isinstance(step.type, ModelNode | SqlType):
                used[step.connection] = None
        return tuple(used)

    def step(self, path: str) -> Step:
        """The step of a node, or of one in a workflow that a node runs (`outer/inner`); raises KeyError when there is none."""
        for step in self.steps:
            if step.id == path:
                return step
        for step in self.steps:
            if step.inner is not None and path.startswith(f"{step.id}/"):
                return step.inner.step(path.removeprefix(f"{step.id}/"))
        raise KeyError(path)

    def paths(self) -> Iterator[tuple[str, Step]]:
        """All steps, each followed by those of the workflow that it runs, with their paths."""
        for step in self.steps:
            yield step.id, step
            if step.inner is not None and step.id not in self.given:
                yield from ((f"{step.id}/{path}", inner) for path, inner in step.inner.paths())

    def part(
        self,
        *,
        until: str | None = None,
        start: str | None = None,
        earlier: Earlier | None = None,
        inputs: Mapping[str, Any] | None = None,
    ) -> Plan:
        """The part of the plan that leads to a node and begins at one; see `partial.part_of`."""
        if until is None and start is None:
            return self
        whole = self.whole or self.workflow
        part = part_of(whole, self.catalogue, until=until, start=start, earlier=earlier, inputs=inputs)
        return _assemble(part, self.catalogue, whole)


def compile_plan(
    workflow: Workflow,
    catalogue: NodeCatalogue,
    *,
    until: str | None = None,
    start: str | None = None,
    earlier: Earlier | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> Plan:
    """The plan of a workflow, or of a part of it; see `partial.part_of` for which.

    Raises:
        BuildError: with all problems that are errors, of the nodes that would run.
        WorkflowError: there is no node `until` or `start`.
    """
    part = part_of(workflow, catalogue, until=until, start=start, earlier=earlier, inputs=inputs)
    found = [problem for problem in check(part.workflow, catalogue) if problem.node not in part.given]
    problems = [problem for problem in found if problem.severity is Severity.ERROR]
    if problems:
        raise BuildError(problems, workflow=workflow.name or None)
    warnings = tuple(problem for problem in found if problem.severity is Severity.WARNING)
    return _assemble(part, catalogue, workflow, warnings)


def _assemble(
    part: Part, catalogue: NodeCatalogue, whole: Workflow, warnings: tuple[Problem, ...] = ()
) -> Plan:
    workflow, given = bypassed(part.workflow, catalogue), part.given
    specs = {node_id: spec_for(node, catalogue) for node_id, node in workflow.nodes.items()}
    types = {
        node_id: None if node.disabled else catalogue.type_of(node)
        for node_id, node in workflow.nodes.items()
    }
    named = order_edges(workflow, catalogue)
    implied = {node_id: sources for node_id, sources in named.items() if node_id not in given}
    streams = _streams(workflow, specs, types, implied, given)
    before = _dependencies(workflow, implied)
    for source, target in streams.items():
        before[source] |= before[target] - {source}
    order = _sorted(workflow, before)
    index = {node_id: number for number, node_id in enumerate(order)}
    joins = {node_id: _join(workflow.nodes[node_id], kind) for node_id, kind in types.items()}
    links = _links(workflow, specs, implied, index, streams, joins)
    waits, orders = waiting(links)
    steps = tuple(
        _step(
            workflow,
            workflow.nodes[node_id],
            types[node_id],
            specs,
            index,
            streams,
            joins[node_id],
            _inner(types[node_id], catalogue),
        )
        for node_id in order
    )
    return Plan(
        workflow=workflow,
        catalogue=catalogue,
        steps=steps,
        links=tuple(tuple(outgoing) for outgoing in links),
        waits=tuple(waits),
        orders=tuple(orders),
        joins=MappingProxyType(joining(links)),
        takes_errors=tuple(any(link.port == ERROR_PORT for link in outgoing) for outgoing in links),
        models=MappingProxyType(_models((step for step in steps if step.id not in given), catalogue)),
        needs_trust=tuple(
            step.id
            for step in steps
            if step.type is not None and step.type.spec.needs_trust and step.id not in given
        ),
        warnings=warnings,
        given=given,
        whole=whole,
    )


def _inner(node_type: NodeType | None, catalogue: NodeCatalogue) -> Plan | None:
    """What a node runs that refers to another workflow; the checks have seen to it that this comes to an end."""
    if isinstance(node_type, ReferringType) and node_type.workflow is not None:
        return _assemble(part_of(node_type.workflow, catalogue), catalogue, node_type.workflow)
    return None


def _dependencies(workflow: Workflow, implied: Mapping[NodeId, set[NodeId]]) -> dict[NodeId, set[NodeId]]:
    return {
        node_id: {edge.source for edge in workflow.incoming.get(node_id, ())} | implied.get(node_id, set())
        for node_id in workflow.nodes
    }


def _sorted(workflow: Workflow, before: Mapping[NodeId, set[NodeId]]) -> list[NodeId]:
    """The nodes so that each comes after those it needs, otherwise as they were added."""
    remaining = {node_id: len(sources) for node_id, sources in before.items()}
    after: dict[NodeId, list[NodeId]] = {node_id: [] for node_id in workflow.nodes}
    for node_id, sources in before.items():
        for source in sources:
            after[source].append(node_id)
    ready = [node_id for node_id, count in remaining.items() if not count]
    done: list[NodeId] = []
    for node_id in ready:
        done.append(node_id)
        for other in after[node_id]:
            remaining[other] -= 1
            if not remaining[other]:
                ready.append(other)
    return done


def _links(
    workflow: Workflow,
    specs: Mapping[NodeId, NodeSpec | None],
    implied: Mapping[NodeId, set[NodeId]],
    index: Mapping[NodeId, int],
    streams: Mapping[NodeId, NodeId],
    joins: Mapping[NodeId, Join],
) -> list[list[Link]]:
    links: list[list[Link]] = [[] for _ in index]
    streamed_by = {target: source for source, target in streams.items()}

    def lead(source: NodeId, target: NodeId, port: str, *, is_order: bool, join: Join = "") -> None:
        links[index[source]].append(Link(index[target], port, is_order, join))
        lister = streamed_by.get(target)
        if lister is not None and lister != source:
            # The reader of a stream starts only when its eater may, and shares its fate.
            links[index[source]].append(Link(index[lister], port, is_order))

    for edge in workflow.edges:
        spec = specs[edge.target]
        port = _output(specs[edge.source], edge)
        is_order = spec is not None and value_param(spec, edge, port) is None
        head = edge.source_port.partition(".")[0]
        lead(edge.source, edge.target, head, is_order=is_order, join="" if is_order else joins[edge.target])
    for target, sources in implied.items():
        for source in sources:
            lead(source, target, "", is_order=False)
    return links


def _join(node: Node, node_type: NodeType | None) -> Join:
    return "" if node_type is None else node_type.join(canonical(node_type.spec, node.params))


def _output(spec: NodeSpec | None, edge: Edge) -> PortSpec | None:
    return spec.output(edge.source_port) if spec else None


def _step(
    workflow: Workflow,
    node: Node,
    node_type: NodeType | None,
    specs: Mapping[NodeId, NodeSpec | None],
    index: Mapping[NodeId, int],
    streams: Mapping[NodeId, NodeId],
    join: Join,
    inner: Plan | None,
) -> Step:
    spec = specs[node.id]
    given = canonical(spec, node.params) if spec else {}
    params: dict[str, Any] = {}
    templates: list[tuple[str, Any]] = []
    for name, value in given.items():
        if name in _NOT_FOR_NODES and not (spec and _is_field(spec, name)):
            continue
        if spec is not None and _is_template(spec, name, value):
            templates.append((name, value))
        else:
            params[name] = value
    feeds = _feeds(workflow, node, spec, specs, index) if node_type is not None else ()
    target = streams.get(node.id)
    output_name = (given.get("name") or node.id) if node.type == "Output" else None
    return Step(
        index=index[node.id],
        id=node.id,
        title=title_of(node, spec),
        node_type=node.type,
        type=node_type,
        params=params,
        templates=tuple(templates),
        fillers=tuple((name, filler(value)) for name, value in templates),
        feeds=feeds,
        is_ready=not templates and not feeds,
        is_immediate=node_type is not None and type(node_type).run_now is not NodeType.run_now,
        connection=_connection(node_type, given),
        timeout_s=None if given.get("timeout_s") is None else float(given["timeout_s"]),
        retries=given.get("retries") or 0,
        output_name=output_name,
        join=join,
        stream_to=index[target] if target is not None else None,
        inner=inner,
    )


def _is_field(spec: NodeSpec, name: str) -> bool:
    param = spec.params_by_name.get(name)
    return param is not None and param.field is not None


def _is_template(spec: NodeSpec, name: str, value: Any) -> bool:
    param = spec.params_by_name.get(name)
    if param is not None and (
        not param.expressions or (param.local_names and not takes_filter(param, value))
    ):
        return False
    return has_expression(value)


def _connection(node_type: NodeType | None, params: Mapping[str, Any]) -> str | None:
    if isinstance(node_type, SqlType):
        wanted = params.get("connection")
        return str(wanted) if wanted else None
    return node_type.spec.connection if node_type is not None else None


def _feeds(
    workflow: Workflow,
    node: Node,
    spec: NodeSpec | None,
    specs: Mapping[NodeId, NodeSpec | None],
    index: Mapping[NodeId, int],
) -> tuple[Feed, ...]:
    feeds = []
    for edge in workflow.incoming.get(node.id, ()):
        target = value_param(spec, edge, _output(specs[edge.source], edge)) if spec else None
        if target is None:
            continue
        port, *rest = edge.source_port.split(".")
        feeds.append(Feed(index[edge.source], port, tuple(rest), target[0], target[1]))
    # A whole param before parts of it, so that the parts are put into it.
    return tuple(sorted(feeds, key=lambda feed: len(feed.path)))


def _streams(
    workflow: Workflow,
    specs: Mapping[NodeId, NodeSpec | None],
    types: Mapping[NodeId, NodeType | None],
    implied: Mapping[NodeId, set[NodeId]],
    given: Collection[NodeId],
) -> dict[NodeId, NodeId]:
    """Nodes that can stream whose rows only one node wants, which takes them as they come: from each to its eater."""
    named = {source for sources in implied.values() for source in sources}
    found: dict[NodeId, NodeId] = {}
    for node_id, node_type in types.items():
        if node_type is None or node_id in named or node_id in given:
            continue
        params = canonical(node_type.spec, workflow.nodes[node_id].params)
        if not node_type.can_stream(params) or _is_fed(workflow, node_id, node_type.spec, "limit"):
            continue
        eater = _only_eater(workflow, node_id, types)
        if eater is None or eater in found.values() or eater in given:
            continue
        others = _dependencies(workflow, implied)[eater] - {node_id}
        if not any(other == node_id or node_id in _ancestors(workflow, implied, other) for other in others):
            found[node_id] = eater
    return found


def _is_fed(workflow: Workflow, node_id: NodeId, spec: NodeSpec, param: str) -> bool:
    targets = (value_param(spec, edge, None) for edge in workflow.incoming.get(node_id, ()))
    return any(target is not None and target[0] == param for target in targets)


def _only_eater(
    workflow: Workflow, node_id: NodeId, types: Mapping[NodeId, NodeType | None]
) -> NodeId | None:
    values = [
        edge for edge in workflow.outgoing.get(node_id, ()) if edge.source_port not in ("done", "error")
    ]
    if len(values) != 1 or values[0].source_port != "records":
        return None
    eater = types[values[0].target]
    eats = eater is not None and eater.eats and values[0].target_port == eater.eats
    return values[0].target if eats else None


def _ancestors(workflow: Workflow, implied: Mapping[NodeId, set[NodeId]], node_id: NodeId) -> set[NodeId]:
    seen: set[NodeId] = set()
    stack = [node_id]
    while stack:
        current = stack.pop()
        before = {edge.source for edge in workflow.incoming.get(current, ())} | implied.get(current, set())
        stack += before - seen
        seen |= before
    return seen


def _models(steps: Iterable[Step], catalogue: NodeCatalogue) -> dict[str, tuple[ModelSpec, ...]]:
    known = catalogue.models()
    used: dict[str, dict[str, ModelSpec]] = {}
    for step in steps:
        if isinstance(step.type, ModelNode):
            connection = step.connection or ""
            given = {**step.params, **dict(step.templates), **{feed.param: LATER for feed in step.feeds}}
            for model in step.type.models(given):
                _add_with_references(model, known[connection], used.setdefault(connection, {}))
        elif step.inner is not None:
            for name, models in step.inner.models.items():
                used.setdefault(name, {}).update({model.name: model for model in models})
    return {connection: tuple(models.values()) for connection, models in used.items()}


def _add_with_references(
    model: ModelSpec, known: Mapping[str, ModelSpec], used: dict[str, ModelSpec]
) -> None:
    stack = [model]
    while stack:
        current = stack.pop()
        if current.name in used:
            continue
        used[current.name] = current
        names = [field.references.partition(".")[0] for field in current.fields if field.references]
        stack += [known[name] for name in names if name in known]


def filler(value: Any) -> Filler:
    """What makes the value with every expression in it evaluated and every `$literal` unwrapped; it may raise ExpressionError."""
    whole = expression_of(value)
    return partial(_fill, value) if whole is None else whole.evaluate


def _fill(value: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        expression = expression_of(value)
        return value if expression is None else expression.evaluate(names)
    if isinstance(value, Mapping):
        if is_literal(value):
            return value[LITERAL]
        return {key: _fill(part, names) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(part, names) for part in value]
    return value
