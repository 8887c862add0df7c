"""How does a program draw a workflow? `WorkflowBuilder` collects nodes, edges and inputs; `build` checks all of it at once.

What it builds is the same graph that the window edits, bound to the databases its nodes belong to.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.dataflow.resolution import resolve
from studio.kernel.errors import BuildError, WorkflowError
from studio.kernel.ids import EdgeId, NodeId, WorkflowId, short_id
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem, Severity
from studio.models.declare import Text
from studio.models.spec import MISSING, Kind
from studio.runtime.plan import Plan, compile_plan
from studio.workflow.checks import check
from studio.workflow.graph import (
    Bookmark,
    Edge,
    Frame,
    Node,
    Note,
    Pin,
    Place,
    Route,
    Workflow,
    WorkflowInput,
    frozen,
)
from studio.workflow.pins import pin_of

if TYPE_CHECKING:
    from studio.dataflow.dataflow import DataFlow

_KINDS: Final[Mapping[Any, str]] = MappingProxyType(
    {
        bool: "bool",
        int: "int",
        float: "float",
        Decimal: "decimal",
        str: "str",
        Text: "text",
        dt.datetime: "datetime",
        dt.date: "date",
        dt.time: "time",
        dt.timedelta: "timedelta",
        bytes: "bytes",
        dict: "dict",
        list: "list",
        uuid.UUID: "uuid",
        Any: "any",
    }
)
_KIND_NAMES: Final = ("any", *(kind.value for kind in Kind if kind is not Kind.ENUM))


class BuiltWorkflow(Workflow):
    """A workflow that was checked and knows its databases: what `build` gives and a runtime takes. Equal to the bare workflow."""

    @classmethod
    def of(
        cls,
        workflow: Workflow,
        plan: Plan,
        homes: Mapping[str, DataFlow],
        workflows: Mapping[str, Workflow],
    ) -> BuiltWorkflow:
        built = cls(**_parts(workflow))
        # Not fields: a copy with other nodes must not keep the plan of these.
        object.__setattr__(built, "_plan", plan)
        object.__setattr__(built, "_homes", MappingProxyType(dict(homes)))
        object.__setattr__(built, "_workflows", MappingProxyType(dict(workflows)))
        return built

    @property
    def plan(self) -> Plan | None:
        """What runs; None for an altered copy, which has to be built anew."""
        return self.__dict__.get("_plan")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What the checks found that does not keep it from being run."""
        return self.plan.warnings if self.plan is not None else ()

    @property
    def homes(self) -> Mapping[str, DataFlow]:
        """The databases by the names that its nodes know them by."""
        return self.__dict__.get("_homes") or {}

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """The workflows that its nodes may run, by their ids."""
        return self.__dict__.get("_workflows") or {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Workflow) and _parts(self) == _parts(other)

    __hash__ = None  # type: ignore[assignment]  # like every dataclass that compares by mappings


def _parts(workflow: Workflow) -> dict[str, Any]:
    names = (
        "id",
        "name",
        "description",
        "inputs",
        "nodes",
        "edges",
        "places",
        "notes",
        "frames",
        "routes",
        "bookmarks",
        "extra",
    )
    return {name: getattr(workflow, name) for name in names}


class WorkflowBuilder:
    """Collects a workflow's parts. Nothing is judged before `build`, which finds everything that is wrong at once.

    Args:
        db: where nodes without a `db_instance` belong; without one, the only open DataFlow that has the model.
        name: the workflow's name, as errors and stores say it.
        id: its id; a new one when omitted.
        description: what it is for.
    """

    def __init__(
        self,
        db: DataFlow | None = None,
        *,
        name: str = "workflow",
        id: str | None = None,
        description: str = "",
    ) -> None:
        self._db = db
        self._name = name
        self._id = WorkflowId(short_id() if id is None else id)
        self._description = description
        self._inputs: dict[str, WorkflowInput] = {}
        self._nodes: dict[NodeId, Node] = {}
        self._edges: list[Edge] = []
        self._places: dict[NodeId, Place] = {}
        self._pins: dict[NodeId, Pin] = {}
        self._notes: dict[str, Note] = {}
        self._frames: dict[str, Frame] = {}
        self._routes: dict[EdgeId, Route] = {}
        self._bookmarks: dict[str, Bookmark] = {}
        self._problems: list[Problem] = []
        self._others: list[Workflow | WorkflowBuilder] = []

    @property
    def id(self) -> str:
        """The workflow's id, by which a Subworkflow names it."""
        return self._id

    @property
    def db(self) -> DataFlow | None:
        return self._db

    def add_node(
        self,
        type: str,
        id: str,
        params: Mapping[str, Any] | None = None,
        *,
        title: str = "",
        comment: str = "",
        disabled: bool = False,
    ) -> str:
        """Adds a node and returns its id, which names it in edges, expressions and results."""
        if not _is_id(id):
            self._fault("node-id", None, f"{id!r} is no id for a node.", "Give a text that is not empty.")
            return str(id)
        kind: object = type
        if not isinstance(kind, str):
            self._fault("unknown-node", id, f"{kind!r} is no name of a node type.", 'Write "Constant".')
            return id
        given: object = params
        if given is not None and not isinstance(given, Mapping):
            self._fault("param-type", id, f"Params are a mapping, not {given!r}.", 'Write {"name": "Ada"}.')
            params = None
        names: list[object] = list(params or ())
        unnamed = [name for name in names if not isinstance(name, str)]
        if unnamed:
            self._fault("param-type", id, f"{unnamed[0]!r} is no name of a param.", 'Write {"name": "Ada"}.')
            params = None
        if id in self._nodes:
            self._fault("node-twice", id, f"There are two nodes {id!r}.", "Give one of them another id.")
            return id
        self._nodes[NodeId(id)] = Node(
            id=NodeId(id),
            type=type,
            params=frozen(params or {}),
            title=title,
            comment=comment,
            disabled=disabled,
        )
        return id

    def add_connection(self, source: str, port: str, target: str, param: str) -> None:
        """Lets a value travel from an output port to an input; both may be dotted paths (`records.0.id`, `fields.total`)."""
        given: tuple[object, ...] = (source, port, target, param)
        if not all(isinstance(part, str) for part in given):
            self._fault(
                "param-type", None, f"The edge {given!r} is not made of four texts.", "Name nodes and ports."
            )
            return
        self._edges.append(
            Edge(source=NodeId(source), source_port=port, target=NodeId(target), target_port=param)
        )

    def add_input(
        self,
        name: str,
        kind: Any = "any",
        default: Any = MISSING,
        *,
        required: bool | None = None,
        description: str = "",
    ) -> None:
        """Declares a value that a run is given; without a default it is required. `kind` is a type (`int`) or its name."""
        found = kind if isinstance(kind, str) else _KINDS.get(kind)
        if found not in _KIND_NAMES:
            self._fault(
                "input-kind",
                None,
                f"The input {name!r} has the unknown type {kind!r}.",
                did_you_mean(str(kind), _KIND_NAMES) or f"Known: {', '.join(_KIND_NAMES)}.",
            )
            found = "any"
        if name in self._inputs:
            self._fault("input-twice", None, f"There are two inputs {name!r}.", "Remove one of them.")
            return
        self._inputs[name] = WorkflowInput(
            name=name,
            kind=str(found),
            default=None if default is MISSING else default,
            required=default is MISSING if required is None else required,
            description=description,
        )

    def add_workflow(self, workflow: Workflow | WorkflowBuilder) -> str:
        """Makes another workflow known, so that Subworkflow and ForEach nodes can run it; returns its id, which names it there.

        What a builder holds is taken when this one is built, and the workflows that it knows are known here as well.
        """
        self._others.append(workflow)
        return workflow.id

    def workflows(self) -> dict[str, Workflow]:
        """The workflows that its nodes may run, by their ids; when two have the same, the one added last."""
        found: dict[str, Workflow] = {}
        for other in self._others:
            if isinstance(other, WorkflowBuilder):
                found |= other.workflows()
                found[other.id] = other.workflow()
            else:
                found |= other.workflows if isinstance(other, BuiltWorkflow) else {}
                found[other.id] = other
        return found

    def pin(self, node: str, value: Any) -> None:
        """Gives a node its value, so that it is not run; raises WorkflowError for a value that cannot be kept."""
        self._pins[NodeId(node)] = pin_of(value, title=node)

    def place(
        self,
        node: str,
        x: float,
        y: float,
        *,
        collapsed: bool = False,
        all_ports: bool = False,
        frame: str = "",
    ) -> None:
        """Says where a node lies on the canvas, and in which frame."""
        self._places[NodeId(node)] = Place(x=x, y=y, collapsed=collapsed, all_ports=all_ports, frame=frame)

    def add_note(
        self,
        text: str,
        x: float = 0.0,
        y: float = 0.0,
        *,
        width: float = 240.0,
        height: float = 120.0,
        color: str = "",
        frame: str = "",
        id: str | None = None,
    ) -> str:
        """Puts a text, in Markdown, on the canvas and returns its id."""
        box = {"x": x, "y": y, "width": width, "height": height}
        note = Note(id=id or short_id(), text=text, color=color, frame=frame, **box)
        self._notes[note.id] = note
        return note.id

    def add_frame(
        self,
        title: str,
        x: float = 0.0,
        y: float = 0.0,
        *,
        width: float = 400.0,
        height: float = 240.0,
        color: str = "",
        collapsed: bool = False,
        frame: str = "",
        id: str | None = None,
    ) -> str:
        """Puts a titled region on the canvas and returns its id, which names it in `place`, `add_note` and `add_frame`."""
        box = {"x": x, "y": y, "width": width, "height": height}
        entry = Frame(id=id or short_id(), title=title, color=color, collapsed=collapsed, frame=frame, **box)
        self._frames[entry.id] = entry
        return entry.id

    def route(
        self, source: str, source_port: str, target: str, target_port: str, *points: tuple[float, float]
    ) -> None:
        """Lets an edge pass points on its way over the canvas."""
        edge = Edge(
            source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
        )
        self._routes[edge.id] = tuple((float(x), float(y)) for x, y in points)

    def bookmark(self, key: str, x: float, y: float, *, zoom: float = 1.0, title: str = "") -> None:
        """Keeps a view of the canvas, with (x, y) in its middle, under a digit."""
        self._bookmarks[key] = Bookmark(x=x, y=y, zoom=zoom, title=title)

    def workflow(self) -> Workflow:
        """What has been collected so far, unchecked; edges to nodes that are not there are left out."""
        known = self._nodes
        collected = Workflow(
            id=self._id,
            name=self._name,
            description=self._description,
            inputs=tuple(self._inputs.values()),
            nodes=frozen(
                {
                    node_id: replace(node, pinned=self._pins[node_id]) if node_id in self._pins else node
                    for node_id, node in known.items()
                }
            ),
            edges=tuple(
                dict.fromkeys(edge for edge in self._edges if edge.source in known and edge.target in known)
            ),
            places=frozen((node, place) for node, place in self._places.items() if node in known),
            notes=frozen(self._notes),
            frames=frozen(self._frames),
            bookmarks=frozen(self._bookmarks),
        )
        return collected.with_routes(self._routes)

    def build(self, db: DataFlow | None = None) -> BuiltWorkflow:
        """The workflow, checked, frozen and bound to its databases; `db` stands in for the builder's own.

        Raises:
            BuildError: with all problems that were found.
            ModelError: the models themselves do not fit together.
        """
        workflow, workflows = self.workflow(), self.workflows()
        resolution = resolve(workflow, db or self._db, workflows)
        own = self.faults()
        if own:
            found = [p for p in check(workflow, resolution.catalogue) if p.severity is Severity.ERROR]
            raise BuildError([*own, *found], workflow=self._name)
        plan = compile_plan(workflow, resolution.catalogue)
        return BuiltWorkflow.of(workflow, plan, resolution.homes, workflows)

    def faults(self) -> list[Problem]:
        """What went wrong in building it and in building those that it may run, which no check of the graph can see."""
        others = [other for other in self._others if isinstance(other, WorkflowBuilder) and other is not self]
        return [
            *self._problems,
            *self._stray_edges(),
            *self._stray_places(),
            *self._stray_pins(),
            *(problem for other in others for problem in other.faults()),
        ]

    def _stray_edges(self) -> list[Problem]:
        ends = dict.fromkeys(end for edge in self._edges for end in (edge.source, edge.target))
        return [
            self._problem(
                "unknown-node-id",
                end,
                f"An edge joins the node {end!r}, which does not exist.",
                did_you_mean(end, self._nodes),
            )
            for end in ends
            if end not in self._nodes
        ]

    def _stray_places(self) -> list[Problem]:
        return [
            self._problem(
                "unknown-node-id",
                node,
                f"The node {node!r}, which does not exist, has a place.",
                did_you_mean(node, self._nodes),
            )
            for node in self._places
            if node not in self._nodes
        ]

    def _stray_pins(self) -> list[Problem]:
        return [
            self._problem(
                "unknown-node-id",
                node,
                f"The node {node!r}, which does not exist, has a pinned value.",
                did_you_mean(node, self._nodes),
            )
            for node in self._pins
            if node not in self._nodes
        ]

    def _problem(self, code: str, node: str | None, message: str, hint: str = "") -> Problem:
        return Problem(code=code, message=message, hint=hint, workflow=self._name, node=node)

    def _fault(self, code: str, node: str | None, message: str, hint: str) -> None:
        self._problems.append(self._problem(code, node, message, hint))


def built(
    workflow: object, db: DataFlow | None, workflows: Iterable[Workflow | WorkflowBuilder] = ()
) -> BuiltWorkflow:
    """What a runtime was given, ready to run: built already, or still to be built; `db` wins over the builder's own.

    A workflow that is no builder's may run those in `workflows`.

    Raises:
        WorkflowError: it was given something else; BuildError: it has problems.
    """
    if isinstance(workflow, WorkflowBuilder):
        return workflow.build(db)
    if isinstance(workflow, BuiltWorkflow) and workflow.plan and (db is None or _is_home(workflow, db)):
        return workflow
    if not isinstance(workflow, Workflow):
        raise WorkflowError(
            f"A runtime runs workflows, not {type(workflow).__name__}.",
            hint="Give it a WorkflowBuilder, or what its build() returned.",
        )
    known = WorkflowBuilder()
    for other in workflows:
        known.add_workflow(other)
    others = {**known.workflows(), **(workflow.workflows if isinstance(workflow, BuiltWorkflow) else {})}
    resolution = resolve(workflow, db, others)
    plan = compile_plan(workflow, resolution.catalogue)
    return BuiltWorkflow.of(workflow, plan, resolution.homes, others)


def _is_home(workflow: BuiltWorkflow, db: DataFlow) -> bool:
    return list(workflow.homes.values()) == [db]


def _is_id(value: object) -> bool:
    return isinstance(value, str) and value != ""
