"""What does a field meet on its way through a workflow? A walk from node to node, in the order in which they run.

Nodes are frozen, so what was found out about one holds as long as the same comes to it: a walk after an edit goes through the nodes that
the edit concerns. Who asks, and for which fields, is `lineage`'s business; what the kinds of node do with a field stands in the tracers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from studio.kernel.ids import NodeId, WorkflowId
from studio.nodes.model_node import ModelNode
from studio.nodes.subworkflows import ForEachType, ReferringType, SubworkflowType
from studio.nodes.traced_kinds import TRACERS, trace_unknown
from studio.nodes.traced_models import trace_model
from studio.nodes.tracing import Station, Trace
from studio.workflow.bypass import bypassed
from studio.workflow.edge_checks import title_of
from studio.workflow.graph import REFERRING, Edge, Node, Workflow, frozen
from studio.workflow.lineage import NOTHING, UNKNOWN, FieldRef, How, Shape, Use, either
from studio.workflow.node_checks import NodeChecks
from studio.workflow.params import canonical, value_param
from studio.workflow.references import spec_for
from studio.workflow.spec import AFTER, DONE, NodeSpec

if TYPE_CHECKING:
    from studio.nodes.base import NodeType
    from studio.nodes.catalogue import NodeCatalogue

OFF_NOTE: Final = "switched off"
SQL_GUESS: Final = "its text names table and column; raw SQL is not understood"
MOST_KEPT: Final = 20_000
_WORD: Final = re.compile(r"[A-Za-z_]\w*|\*")

ByField = Mapping[FieldRef, tuple[Use, ...]]
Found = dict[FieldRef, list[tuple[WorkflowId, tuple[Use, ...]]]]
Arriving = list[tuple[str, tuple[str, ...], Shape]]
"""What edges bring to a node: the param, the way into it, the value."""
Links = list[tuple[Edge, str]]
"""The edges that values leave by, each with the title of the node it leads to."""


class NamesAt(NamedTuple):
    """The names of what records at a node are made of, as far as they are known before any run."""

    coming: tuple[str, ...] = ()
    going: tuple[str, ...] = ()


class TracedNode:
    """What was found out about a node, and what that rests upon."""

    __slots__ = ("_arriving", "_inputs", "_links", "_node", "_passes", "_roots", "_spec", "trace", "uses")

    def __init__(
        self,
        node: Node,
        spec: NodeSpec | None,
        arriving: Arriving,
        inputs: Mapping[str, Shape],
        roots: Mapping[str, Shape],
        trace: Trace,
        uses: ByField,
    ) -> None:
        """`roots` are the names that its expressions asked for, each with what it stood for."""
        self._node = node  # kept, so that its id is not used again
        self._spec = spec
        self._arriving = arriving
        self._inputs = inputs
        self._roots = roots
        self.trace = trace
        self.uses = uses
        self._links: Links | None = None
        self._passes: ByField = {}

    def holds(
        self,
        node: Node,
        spec: NodeSpec | None,
        arriving: Arriving,
        inputs: Mapping[str, Shape],
        root: Callable[[str], Shape],
    ) -> bool:
        """Whether all that it rests upon is as it was."""
        return (
            self._node is node
            and self._spec is spec
            and self._arriving == arriving
            and self._inputs == inputs
            and all(root(name) == shape for name, shape in self._roots.items())
        )

    def passes(self, links: Links) -> ByField:
        """The fields that leave over the edges."""
        if self._links != links:
            self._links, self._passes = links, by_field(self._passed_on(links))
        return self._passes

    def _passed_on(self, links: Links) -> Iterator[Use]:
        for edge, title in links:
            head, *path = edge.source_port.split(".")
            place = f"{edge.source_port} → {title}.{edge.target_port}"
            for way, origin in self.trace.ports.get(head, NOTHING).at(path).leaves():
                note = "" if not way or way == (origin.field,) else f"as {'.'.join(way)}"
                yield Use(node=self._node.id, how=How.PASSES, place=place, field=origin, note=note)


Traced = dict[int, TracedNode]
"""By the identity of the node."""


def by_field(uses: Iterable[Use]) -> ByField:
    found: dict[FieldRef, list[Use]] = {}
    for use in uses:
        found.setdefault(use.field, []).append(use)
    return {field: tuple(told) for field, told in found.items()}


class Walk:
    """One walk through a workflow and those that it runs, whose inputs are what their callers give."""

    def __init__(self, catalogue: NodeCatalogue, traced: Traced) -> None:
        self.catalogue = catalogue
        self.traced = traced
        self.checks = NodeChecks.on(catalogue)
        self.found: Found = {}
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
            outputs = Way(self, workflow, inputs).outputs()
        finally:
            self._within.pop()
        self._known.setdefault(workflow.id, []).append((inputs, outputs))
        return outputs

    def tell(self, workflow: Workflow, uses: ByField) -> None:
        for field, told in uses.items():
            self.found.setdefault(field, []).append((workflow.id, told))


def _columns(catalogue: NodeCatalogue) -> Iterator[tuple[str, str, FieldRef]]:
    """The tables and columns in small letters, each with the field that it is."""
    for connection, models in catalogue.models().items():
        for model in models.values():
            for spec in model.fields:
                ref = FieldRef(connection, model.name, spec.name)
                yield model.table.lower(), spec.column.lower(), ref


class Way:
    """The way through one workflow with what its inputs are."""

    def __init__(self, walk: Walk, workflow: Workflow, inputs: Mapping[str, Shape]) -> None:
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
        """What a node gives; its uses are told. What comes to the node as before is not gone through again."""
        spec, kept = self._specs[node.id], self._walk.traced
        arriving = list(self._arriving(node, spec))
        known = kept.get(id(node))
        if known is None or not known.holds(node, spec, arriving, self._inputs, self._root):
            known = self._traced(node, spec, arriving)
            if node.type not in REFERRING:  # else what it runs may have changed, and tells of itself
                if len(kept) > MOST_KEPT:
                    kept.clear()
                kept[id(node)] = known
        self._walk.tell(self._workflow, known.uses)
        if not node.disabled:
            self._walk.tell(self._workflow, known.passes(self._links(node)))
        return known.trace

    def _traced(self, node: Node, spec: NodeSpec | None, arriving: Arriving) -> TracedNode:
        roots: dict[str, Shape] = {}

        def root(name: str) -> Shape:
            roots[name] = shape = self._root(name)
            return shape

        kind = self._catalogue.type_of(node) if spec is not None else None
        station = Station(
            node,
            spec,
            params=canonical(spec, node.params) if spec is not None else dict(node.params),
            edges=arriving,
            root=root,
            model=kind.model if isinstance(kind, ModelNode) else None,
            family=kind.family if isinstance(kind, ModelNode) else None,
            inputs=self._inputs,
        )
        trace = self._gone_through(station, kind)
        if node.type == "SQL":
            _guess(station, self._walk.columns)
        uses: Iterable[Use] = station.uses
        if node.disabled:
            trace, uses = Trace(), [replace(use, note=OFF_NOTE, is_sure=False) for use in station.uses]
        return TracedNode(node, spec, arriving, self._inputs, roots, trace, by_field(uses))

    def _gone_through(self, station: Station, kind: NodeType | None) -> Trace:
        if isinstance(kind, ModelNode):
            return trace_model(station)
        if isinstance(kind, ReferringType) and kind.workflow is not None:
            return self._inner(station, kind, kind.workflow)
        trace = TRACERS.get(station.node.type, trace_unknown)(station)
        for param in station.given:
            station.shape(param)  # what the kind itself did not look at may still compute with something
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

    def _links(self, node: Node) -> Links:
        """The edges over which values leave a node, each with where it leads."""
        nodes, specs = self._workflow.nodes, self._specs
        return [
            (edge, title_of(nodes[edge.target], specs[edge.target]))
            for edge in self._workflow.outgoing.get(node.id, ())
            if edge.target_port != AFTER and edge.source_port != DONE
        ]

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
