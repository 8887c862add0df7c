"""How does a part of a workflow become a workflow of its own? What crosses its border becomes inputs and Output nodes; one node stands for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import EdgeId, NodeId, WorkflowId, short_id
from studio.kernel.names import snake_case, unique_name
from studio.nodes.base import COMMON
from studio.project.changes import Change
from studio.project.graph_changes import AddNodes, RemoveNodes
from studio.project.layout_changes import SetFrames, SetNotes
from studio.project.project_changes import PutWorkflow
from studio.session.editing import new_node
from studio.workflow.edge_checks import title_of
from studio.workflow.frames import content
from studio.workflow.graph import Edge, Frame, Node, Note, Place, Route, Workflow, WorkflowInput, frozen
from studio.workflow.node_checks import NodeChecks
from studio.workflow.references import REFERENCE, declared_inputs, spec_for
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, Catalogue
from studio.workflow.types import PortKind

SUBWORKFLOW: Final = "Subworkflow"
_BORDER: Final = ("Input", "Output")
"""These say what the whole workflow takes and gives: they stay in it."""
_RESERVED: Final = frozenset(
    {AFTER, DONE, ERROR_PORT, REFERENCE, "db_instance", "model_name", *(param.name for param in COMMON)}
)
_COLUMN: Final = 340.0
_ROW: Final = 120.0
_KINDS: Final[frozenset[PortKind]] = frozenset(
    {"int", "float", "decimal", "str", "text", "bool", "datetime", "date", "time", "timedelta", "uuid"}
)


@dataclass(frozen=True, slots=True)
class Extraction:
    """The new workflow, the node that stands for it, and the changes that put both in place of the part."""

    inner: Workflow
    node: NodeId
    changes: tuple[Change, ...]


def extracted(
    workflow: Workflow,
    catalogue: Catalogue,
    node_ids: Iterable[NodeId],
    *,
    name: str,
    notes: Iterable[str] = (),
    frames: Iterable[str] = (),
) -> Extraction:
    """Makes a workflow of the chosen nodes, and of the chosen notes and frames with what lies in them.

    Raises:
        WorkflowError: nothing that can be taken is chosen, a node between two chosen ones is not, or an expression reaches across.
    """
    inside = content(workflow, tuple(frames))
    wanted = {*node_ids, *inside.nodes}
    chosen = [key for key, node in workflow.nodes.items() if key in wanted and node.type not in _BORDER]
    if not chosen:
        raise WorkflowError(
            "Nothing is selected that could become a subworkflow.",
            hint="Select nodes; Input and Output nodes stay where they are.",
        )
    _refuse_gaps(workflow, catalogue, set(chosen))
    part = _Part(workflow, catalogue, chosen)
    texts = {*notes, *inside.notes}
    regions = {*frames, *inside.frames}
    return part.extract(
        name,
        [note for key, note in workflow.notes.items() if key in texts],
        [frame for key, frame in workflow.frames.items() if key in regions],
    )


def _refuse_gaps(workflow: Workflow, catalogue: Catalogue, chosen: set[NodeId]) -> None:
    """One node may stand for the part only if no way leads out of it and back in, and no expression reaches across its border."""
    after = set().union(*(workflow.downstream(node_id) for node_id in chosen)) - chosen
    before = set().union(*(workflow.upstream(node_id) for node_id in chosen)) - chosen
    between = next((node_id for node_id in workflow.nodes if node_id in after and node_id in before), None)
    if between is not None:
        title = _title(workflow, catalogue, between)
        raise WorkflowError(
            f'"{title}" lies between the selected nodes: the subworkflow would wait for itself.',
            hint="Select that node as well.",
            node=between,
        )
    for node_id, names in _names(workflow, catalogue).items():
        for other in names & set(workflow.nodes):
            if (node_id in chosen) != (other in chosen):
                raise WorkflowError(
                    f'An expression of "{_title(workflow, catalogue, node_id)}" names "{other}", and only one of them is selected.',
                    hint="Select both, or bring the value there by an edge.",
                    node=node_id,
                )


def _names(workflow: Workflow, catalogue: Catalogue) -> dict[NodeId, set[str]]:
    """The names that the expressions of each node use."""
    checks = NodeChecks.on(catalogue)
    return {
        node_id: {name for named in checks.named(node, spec_for(node, catalogue)) for name in named.names}
        for node_id, node in workflow.nodes.items()
    }


def _title(workflow: Workflow, catalogue: Catalogue, node_id: NodeId) -> str:
    node = workflow.nodes[node_id]
    return title_of(node, spec_for(node, catalogue))


class _Part:
    """The chosen nodes of one workflow, on their way out of it."""

    def __init__(self, workflow: Workflow, catalogue: Catalogue, chosen: list[NodeId]) -> None:
        self._workflow, self._catalogue, self._chosen = workflow, catalogue, chosen
        places = [workflow.places.get(node_id, Place()) for node_id in chosen]
        self._left, self._top = min(place.x for place in places), min(place.y for place in places)
        self._right = max(place.x for place in places)
        self._nodes = {node_id: workflow.nodes[node_id] for node_id in chosen}
        self._places: dict[NodeId, Place] = {}
        self._edges: list[Edge] = []
        self._inputs: dict[str, WorkflowInput] = {}
        self._params: dict[str, Any] = {}
        self._outer: list[Edge] = []
        self._output_names: set[str] = set()

    def extract(self, name: str, notes: list[Note], frames: list[Frame]) -> Extraction:
        workflow, chosen = self._workflow, set(self._chosen)
        inner_id = WorkflowId(short_id())
        node = new_node(workflow, SUBWORKFLOW, self._catalogue.find(SUBWORKFLOW), title=name)
        self._move_in()
        self._take_expressions()
        self._take_entries(node.id)
        self._take_exits(node.id)
        node = replace(node, params=frozen({REFERENCE: inner_id, **self._params}))
        routes = {edge.id: route for edge in self._edges if (route := self._route(edge))}
        gone = {frame.id for frame in frames}
        inner = Workflow(
            id=inner_id,
            name=name,
            inputs=tuple(self._inputs.values()),
            nodes=frozen(self._nodes),
            edges=tuple(self._edges),
            places=frozen({key: self._framed(place, gone) for key, place in self._places.items()}),
            notes=frozen({note.id: self._framed(self._moved(note), gone) for note in notes}),
            frames=frozen({frame.id: self._framed(self._moved(frame), gone) for frame in frames}),
            routes=frozen(routes),
        )
        parents = {workflow.places.get(key, Place()).frame for key in self._chosen}
        parent = parents.pop() if len(parents) == 1 else ""
        place = Place(x=(self._left + self._right) / 2, y=self._top, frame="" if parent in gone else parent)
        changes: list[Change] = [
            PutWorkflow(workflow=inner),
            RemoveNodes(workflow=workflow.id, nodes=tuple(key for key in workflow.nodes if key in chosen)),
            AddNodes(
                workflow=workflow.id, nodes=(node,), places=frozen({node.id: place}), edges=tuple(self._outer)
            ),
        ]
        if notes:
            changes.append(SetNotes(workflow=workflow.id, remove=tuple(note.id for note in notes)))
        if frames:
            changes.append(SetFrames(workflow=workflow.id, remove=tuple(frame.id for frame in frames)))
        return Extraction(inner, node.id, tuple(changes))

    def _moved(self, entry: Any) -> Any:
        return replace(entry, x=entry.x - self._left + _COLUMN, y=entry.y - self._top)

    @staticmethod
    def _framed(entry: Any, frames: set[str]) -> Any:
        return entry if entry.frame in frames else replace(entry, frame="")

    def _route(self, edge: Edge) -> Route:
        points = self._workflow.routes.get(EdgeId(edge.id), ())
        return tuple((x - self._left + _COLUMN, y - self._top) for x, y in points)

    def _move_in(self) -> None:
        """The nodes with their places and the edges between them."""
        for node_id in self._chosen:
            self._places[node_id] = self._moved(self._workflow.places.get(node_id, Place()))
        self._edges += [
            edge for edge in self._workflow.edges if edge.source in self._nodes and edge.target in self._nodes
        ]

    def _take_expressions(self) -> None:
        """What expressions use of the workflow's own inputs is handed on under the same name."""
        declared = {entry.name: entry for entry in declared_inputs(self._workflow)}
        used = _names(self._workflow, self._catalogue)
        for node_id in self._chosen:
            for name in sorted(used[node_id] & set(declared)):
                self._inputs[name] = declared[name]
                self._params[name] = f"{{{{ {name} }}}}"

    def _take_entries(self, node_id: NodeId) -> None:
        """For each value that comes in, an input with an Input node, however many edges it feeds; what only orders waits outside."""
        known: dict[tuple[NodeId, str], NodeId] = {}
        for edge in self._workflow.edges:
            if edge.target not in self._chosen or edge.source in self._chosen:
                continue
            if edge.target_port == AFTER:
                self._outer.append(replace(edge, target=node_id))
                continue
            key = (edge.source, edge.source_port)
            entry = known.get(key)
            if entry is None:
                wanted = snake_case(edge.target_port.rpartition(".")[2]) or "value"
                name = unique_name(wanted, {*self._inputs, *_RESERVED, *self._nodes})
                self._inputs[name] = WorkflowInput(name=name, kind=self._kind(edge))
                entry = self._border("Input", name, 0.0, len(known))
                known[key] = entry
                self._outer.append(replace(edge, target=node_id, target_port=name))
            self._edges.append(replace(edge, source=entry, source_port="value"))

    def _take_exits(self, node_id: NodeId) -> None:
        """For each output that is used outside, an Output node; order and failure are those of the node that stands for the part."""
        known: dict[tuple[NodeId, str], str] = {}
        for edge in self._workflow.edges:
            if edge.source not in self._chosen or edge.target in self._chosen:
                continue
            port, dot, rest = edge.source_port.partition(".")
            if port in (DONE, ERROR_PORT):
                self._outer.append(replace(edge, source=node_id))
                continue
            name = known.get((edge.source, port))
            if name is None:
                name = unique_name(snake_case(port) or "value", {*self._output_names, *_RESERVED})
                known[edge.source, port] = name
                self._output_names.add(name)
                end = self._border("Output", name, self._right - self._left + 2 * _COLUMN, len(known) - 1)
                self._edges.append(
                    Edge(source=edge.source, source_port=port, target=end, target_port="value")
                )
            self._outer.append(replace(edge, source=node_id, source_port=f"{name}{dot}{rest}"))

    def _border(self, kind: str, name: str, x: float, row: int) -> NodeId:
        """An Input or Output node called `name`."""
        node_id = NodeId(unique_name(name if kind == "Input" else f"{name}_out", self._nodes))
        title = name.replace("_", " ").capitalize()
        self._nodes[node_id] = Node(id=node_id, type=kind, title=title, params=frozen({"name": name}))
        self._places[node_id] = Place(x=x, y=row * _ROW)
        return node_id

    def _kind(self, edge: Edge) -> str:
        """The kind of the input that an edge becomes, by the port where it ends."""
        spec = spec_for(self._workflow.nodes[edge.target], self._catalogue)
        port = spec.input(edge.target_port) if spec is not None else None
        known: Mapping[str, Any] = spec.params_by_name if spec is not None else {}
        if port is None or edge.target_port not in known or port.type.many or port.type.nullable:
            return "any"
        return port.type.kind if port.type.kind in _KINDS else "any"
