"""Which nodes touch a field? The way of every field through a workflow and those that it runs, found before any run.

Everything follows from models, typed ports, params and expressions. What the text of raw SQL names is told as a guess; what Python, files and
servers do is not known, and what comes from them could be anything: a node that writes such records may write any field.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.names import did_you_mean
from studio.models.spec import ModelSpec
from studio.nodes.catalogue import NodeCatalogue
from studio.nodes.model_node import ModelNode
from studio.nodes.subworkflows import ForEachType, ReferringType, SubworkflowType
from studio.nodes.traced_kinds import TRACERS, trace_unknown
from studio.nodes.traced_models import trace_model
from studio.nodes.tracing import Station, Trace
from studio.workflow.bypass import bypassed
from studio.workflow.edge_checks import title_of
from studio.workflow.graph import Edge, Node, Workflow, frozen
from studio.workflow.lineage import NOTHING, UNKNOWN, FieldRef, How, Shape, Use, either
from studio.workflow.node_checks import NodeChecks
from studio.workflow.params import canonical, value_param
from studio.workflow.references import spec_for
from studio.workflow.spec import AFTER, DONE, NodeSpec

OFF_NOTE: Final = "switched off"
SQL_GUESS: Final = "its text names table and column; raw SQL is not understood"
_WORD: Final = re.compile(r"[A-Za-z_]\w*|\*")
_Found = dict[FieldRef, dict[tuple[WorkflowId, Use], None]]


class WorkflowUses(NamedTuple):
    """What one workflow does with a field, in the order in which its nodes run."""

    workflow: Workflow
    uses: tuple[Use, ...]


class NamesAt(NamedTuple):
    """The names of what records at a node are made of, as far as they are known before any run."""

    coming: tuple[str, ...] = ()
    going: tuple[str, ...] = ()


class Lineage:
    """Answers for one catalogue. A workflow is walked through once, as long as neither it nor one that it runs is edited."""

    def __init__(self, catalogue: NodeCatalogue) -> None:
        self._catalogue = catalogue
        self._kept: dict[WorkflowId, tuple[tuple[Workflow, ...], _Found]] = {}
        self._asked: tuple[Workflow, NodeId, NamesAt] | None = None

    @staticmethod
    def on(catalogue: NodeCatalogue) -> Lineage:
        """That of the catalogue, kept as long as it lives."""
        known = _kept.get(catalogue)
        if known is None:
            known = _kept[catalogue] = Lineage(catalogue)
        return known

    def of(self, fields: Iterable[FieldRef], workflows: Iterable[Workflow]) -> list[WorkflowUses]:
        """What the workflows, and those that they run, do with some fields; those that touch none of them are left out."""
        known = {workflow.id: workflow for workflow in workflows}
        wanted = tuple(fields)
        self._kept = {key: kept for key, kept in self._kept.items() if key in known}
        found: dict[tuple[WorkflowId, Use], None] = {}
        for workflow in known.values():
            walked = self._walked(workflow)
            for field in wanted:
                found.update(walked.get(field, {}))
        by_workflow: dict[WorkflowId, list[Use]] = {}
        for key, use in found:
            by_workflow.setdefault(key, []).append(use)
        return [
            WorkflowUses(workflow, _in_order(workflow, by_workflow[key]))
            for key, workflow in known.items()
            if key in by_workflow
        ]

    def names_at(self, workflow: Workflow, node_id: NodeId) -> NamesAt:
        """The names of what comes to a node over edges, and of what it gives; the last answer is kept."""
        asked = self._asked
        if asked is None or asked[0] is not workflow or asked[1] != node_id:
            names = _Way(_Walk(self._catalogue), workflow, {}).names_at(node_id)
            asked = self._asked = workflow, node_id, names
        return asked[2]

    def _walked(self, workflow: Workflow) -> _Found:
        closure = self._catalogue.library.closure(workflow)
        kept = self._kept.get(workflow.id)
        if kept is None or not _is_alike(kept[0], closure):
            walk = _Walk(self._catalogue)
            walk.through(workflow, {})
            kept = self._kept[workflow.id] = closure, walk.found
        return kept[1]


_kept: weakref.WeakKeyDictionary[NodeCatalogue, Lineage] = weakref.WeakKeyDictionary()


def _is_alike(some: Sequence[Workflow], others: Sequence[Workflow]) -> bool:
    """Whether the workflows are the same but for their layout, their names and words."""
    return len(some) == len(others) and all(
        one.id == other.id
        and one.nodes is other.nodes
        and one.edges is other.edges
        and one.inputs is other.inputs
        for one, other in zip(some, others, strict=True)
    )


def _in_order(workflow: Workflow, uses: Sequence[Use]) -> tuple[Use, ...]:
    places = {node_id: number for number, node_id in enumerate(workflow.order())}
    hows = list(How)
    return tuple(sorted(uses, key=lambda use: (places.get(use.node, 0), hows.index(use.how), use.place)))


class _Walk:
    """One walk through a workflow and those that it runs, whose inputs are what their callers give."""

    def __init__(self, catalogue: NodeCatalogue) -> None:
        self.catalogue = catalogue
        self.checks = NodeChecks.on(catalogue)
        self.found: _Found = {}
        self.columns = list(_columns(catalogue))
        self._within: list[WorkflowId] = []
        self._known: dict[WorkflowId, list[tuple[Mapping[str, Shape], dict[str, Shape]]]] = {}

    def through(self, workflow: Workflow, inputs: Mapping[str, Shape]) -> dict[str, Shape]:
        """What the Output nodes give, by name; inputs that are not given could be anything."""
        if workflow.id in self._within:
            return {}  # it would run itself without end; the checks refuse it
        for known, outputs in self._known.get(workflow.id, ()):
            if known == inputs:
                return outputs
        self._within.append(workflow.id)
        try:
            outputs = _Way(self, workflow, inputs).outputs()
        finally:
            self._within.pop()
        self._known.setdefault(workflow.id, []).append((inputs, outputs))
        return outputs

    def tell(self, workflow: Workflow, uses: Iterable[Use]) -> None:
        for use in uses:
            self.found.setdefault(use.field, {})[workflow.id, use] = None


def _columns(catalogue: NodeCatalogue) -> Iterator[tuple[str, str, FieldRef]]:
    """The tables and columns in small letters, each with the field that it is."""
    for connection, models in catalogue.models().items():
        for model in models.values():
            for spec in model.fields:
                ref = FieldRef(connection, model.name, spec.name)
                yield model.table.lower(), spec.column.lower(), ref


class _Way:
    """The way through one workflow with what its inputs are."""

    def __init__(self, walk: _Walk, workflow: Workflow, inputs: Mapping[str, Shape]) -> None:
        self._walk = walk
        self._catalogue = walk.catalogue
        self._workflow = bypassed(workflow, walk.catalogue)
        self._inputs = inputs
        self._specs = {node.id: spec_for(node, walk.catalogue) for node in workflow.nodes.values()}
        self._traces: dict[NodeId, Trace] = {}

    def outputs(self) -> dict[str, Shape]:
        found: dict[str, Shape] = {}
        for node_id in self._order():
            node = self._workflow.nodes[node_id]
            self._traces[node_id] = self._trace(node)
            if node.type == "Output" and not node.disabled:
                found[str(node.params.get("name") or node.id)] = self._traces[node_id].natural
        return found

    def names_at(self, target: NodeId) -> NamesAt:
        """The names of what comes to a node over edges, and of what it gives; goes no further than to it."""
        for node_id in self._order():
            node = self._workflow.nodes[node_id]
            self._traces[node_id] = trace = self._trace(node)
            if node_id == target:
                arriving = [shape for _, _, shape in self._arriving(node, self._specs[node_id])]
                given = trace.ports.get("records", trace.natural)
                return NamesAt(tuple(either(arriving).parts), tuple(given.parts))
        return NamesAt()

    def _order(self) -> list[NodeId]:
        """The order in which the nodes run: a node that an expression names runs before the one that names it."""
        workflow = self._workflow
        named = [
            Edge(source=NodeId(name), source_port=DONE, target=node.id, target_port=AFTER)
            for node in workflow.nodes.values()
            for entry in self._walk.checks.named(node, self._specs[node.id])
            for name in entry.names
            if name in workflow.nodes and name != node.id
        ]
        return workflow.with_edges(named).order() if named else workflow.order()

    def _root(self, name: str) -> Shape:
        """What a name in an expression stands for: a node that ran before, or an input."""
        if name in self._workflow.nodes:
            trace = self._traces.get(NodeId(name))
            return trace.natural if trace is not None else NOTHING
        return self._inputs.get(name, UNKNOWN)

    def _trace(self, node: Node) -> Trace:
        spec = self._specs[node.id]
        kind = self._catalogue.type_of(node) if spec is not None else None
        params = canonical(spec, node.params) if spec is not None else dict(node.params)
        station = Station(
            node,
            spec,
            params=params,
            edges=list(self._arriving(node, spec)),
            root=self._root,
            model=kind.model if isinstance(kind, ModelNode) else None,
            family=kind.family if isinstance(kind, ModelNode) else None,
            inputs=self._inputs,
        )
        if isinstance(kind, ModelNode):
            trace = trace_model(station)
        elif isinstance(kind, ReferringType) and kind.workflow is not None:
            trace = self._inner(station, kind, kind.workflow)
        else:
            trace = TRACERS.get(node.type, trace_unknown)(station)
            for param in station.given:
                station.shape(param)  # what the kind itself did not look at may still compute with something
        if node.type == "SQL":
            _guess(station, self._walk.columns)
        if node.disabled:
            self._walk.tell(
                self._workflow, [replace(use, note=OFF_NOTE, is_sure=False) for use in station.uses]
            )
            return Trace()
        self._walk.tell(self._workflow, (*station.uses, *self._passed_on(node, trace)))
        return trace

    def _arriving(self, node: Node, spec: NodeSpec | None) -> Iterator[tuple[str, tuple[str, ...], Shape]]:
        for edge in self._workflow.incoming.get(node.id, ()):
            source_spec = self._specs[edge.source]
            port = source_spec.output(edge.source_port) if source_spec is not None else None
            if spec is None:
                name, *rest = edge.target_port.split(".")
                filled: tuple[str, tuple[str, ...]] | None = None if name == AFTER else (name, tuple(rest))
            else:
                filled = value_param(spec, edge, port)
            if filled is not None and edge.source_port != DONE:
                yield *filled, self._carried(edge)

    def _carried(self, edge: Edge) -> Shape:
        trace = self._traces.get(edge.source)
        if trace is None:
            return NOTHING  # a loop; the checks tell
        head, *path = edge.source_port.split(".")
        known = trace.ports.get(head)
        if known is None:
            known = UNKNOWN if trace.natural.is_open and not trace.ports else NOTHING
        return known.at(path)

    def _passed_on(self, node: Node, trace: Trace) -> Iterator[Use]:
        for edge in self._workflow.outgoing.get(node.id, ()):
            if edge.target_port == AFTER or edge.source_port == DONE:
                continue
            head, *path = edge.source_port.split(".")
            target = self._workflow.nodes[edge.target]
            place = f"{edge.source_port} → {title_of(target, self._specs[edge.target])}.{edge.target_port}"
            for way, origin in trace.ports.get(head, NOTHING).at(path).leaves():
                note = "" if not way or way == (origin.field,) else f"as {'.'.join(way)}"
                yield Use(node=node.id, how=How.PASSES, place=place, field=origin, note=note)

    def _inner(self, station: Station, kind: ReferringType, workflow: Workflow) -> Trace:
        interface = kind.interface
        assert interface is not None
        inputs = {
            entry.name: station.shape(name)
            for name, entry in interface.inputs.items()
            if station.is_given(name)
        }
        if isinstance(kind, ForEachType) and kind.given is not None:
            inputs[kind.given] = station.shape("records")
        gives = self._walk.through(workflow, inputs)
        if isinstance(kind, SubworkflowType):
            ports = {name: gives.get(port.name, NOTHING) for name, port in interface.outputs.items()}
            return Trace(natural=Shape(parts=frozen(gives)), ports=ports)
        records = either(gives.values()) if len(gives) == 1 else Shape(parts=frozen(gives))
        failed = Shape(parts=frozen({"record": station.shape("records")}))
        return Trace(natural=records, ports={"records": records, "failed": failed})


def _guess(station: Station, columns: Iterable[tuple[str, str, FieldRef]]) -> None:
    """The fields whose table and column the text of a statement has among its words."""
    words = {word.lower() for word in _WORD.findall(str(station.params.get("sql") or ""))}
    wanted = station.params.get("connection")
    for table, column, ref in columns:
        if table in words and (column in words or "*" in words) and wanted in (None, "", ref.connection):
            station.use(How.NAMES, "sql", (ref,), SQL_GUESS, is_sure=False)


def find_fields(
    models: Mapping[str, Mapping[str, ModelSpec]], text: str, default: str | None = None
) -> tuple[FieldRef, ...]:
    """The field that a text such as `User.email` names, or all of the model `User`; `shop:User` says on which connection.

    `models` are those of each connection, `default` is the connection that is meant where several have the model. Raises WorkflowError
    with near misses.
    """
    connection, colon, rest = text.strip().rpartition(":")
    name, dot, field = rest.partition(".")
    holders = {
        key: own[name] for key, own in models.items() if name in own and (not colon or key == connection)
    }
    if not holders:
        known = [each for own in models.values() for each in own]
        raise WorkflowError(
            f"There is no model {name!r}." if name else "No field is named.",
            hint=did_you_mean(name, known) if known else "Add a model first.",
        )
    chosen = default if default in holders else next(iter(holders))
    model = holders[chosen]
    if dot and field not in model:
        raise WorkflowError(f"{name} has no field {field!r}.", hint=did_you_mean(field, model.names))
    return tuple(FieldRef(chosen, name, each) for each in ([field] if dot else model.names))


__all__ = ["Lineage", "WorkflowUses", "find_fields"]
