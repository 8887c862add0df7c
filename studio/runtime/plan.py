"""How is a workflow made ready to run? Checked as a whole, put in order, every param and edge resolved to what the scheduler needs.

A plan holds nothing of a run: one plan may run many times, also at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from studio.kernel.errors import BuildError
from studio.kernel.ids import NodeId
from studio.kernel.problems import Problem, Severity
from studio.models.spec import ModelSpec
from studio.nodes.base import Join, NodeType
from studio.nodes.catalogue import NodeCatalogue
from studio.nodes.code import SqlType
from studio.nodes.model_node import ModelNode
from studio.nodes.subworkflows import ReferringType
from studio.runtime.eaters import eaters
from studio.runtime.partial import Earlier, Given, Part, part_of
from studio.runtime.sources import Sources, in_order
from studio.runtime.state import Link, RunState, joining, waiting
from studio.runtime.step import Step, make_step, port_of
from studio.workflow.bypass import bypassed
from studio.workflow.checks import check, order_edges, spec_for
from studio.workflow.graph import Node, Workflow, WorkflowInput
from studio.workflow.params import LATER, canonical, value_param
from studio.workflow.references import declared_inputs
from studio.workflow.spec import ERROR_PORT, NodeSpec


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

    @cached_property
    def disabled(self) -> tuple[int, ...]:
        """The steps of disabled nodes."""
        return tuple(step.index for step in self.steps if step.type is None)

    @cached_property
    def first(self) -> tuple[int, ...]:
        """The steps that wait for nothing, in order."""
        state = RunState(self.links, waits=self.waits, orders=self.orders, joins=self.joins)
        return tuple(index for index in state.begin() if self.steps[index].type is not None)

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
    implied = {node_id: before for node_id, before in named.items() if node_id not in given}
    sources = Sources(workflow, implied)
    streams = eaters(sources, types, given)
    before = sources.each()
    for source, target in streams.items():
        before[source] |= before[target] - {source}
    order = in_order(before)
    index = {node_id: number for number, node_id in enumerate(order)}
    joins = {node_id: _join(workflow.nodes[node_id], kind) for node_id, kind in types.items()}
    links = _links(workflow, specs, implied, index, streams, joins)
    waits, orders = waiting(links)
    steps = tuple(
        make_step(
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
        port = port_of(specs[edge.source], edge)
        is_order = spec is not None and value_param(spec, edge, port) is None
        head = edge.source_port.partition(".")[0]
        lead(edge.source, edge.target, head, is_order=is_order, join="" if is_order else joins[edge.target])
    for target, sources in implied.items():
        for source in sources:
            lead(source, target, "", is_order=False)
    return links


def _join(node: Node, node_type: NodeType | None) -> Join:
    return "" if node_type is None else node_type.join(canonical(node_type.spec, node.params))


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
