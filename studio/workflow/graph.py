"""What is a graph? Frozen nodes, edges and layout, and the questions one can ask of them; whether it makes sense is `checks`' business."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final, Self

from studio.kernel.ids import EdgeId, NodeId, WorkflowId

REFERRING: Final = frozenset({"Subworkflow", "ForEach"})
"""The kinds of node that run another workflow, which their param `workflow` names; its ports are theirs."""


def frozen(mapping: Mapping[Any, Any] | Iterable[tuple[Any, Any]] = ()) -> Mapping[Any, Any]:
    """A read-only copy that keeps the order."""
    return MappingProxyType(dict(mapping))


@dataclass(frozen=True, slots=True)
class Pin:
    """A value that a person has pinned to a node: plain data, at most `pins.MOST_CHARACTERS` of text."""

    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node. `params` holds plain data (what YAML can hold, plus dates, Decimals, UUIDs and bytes).

    With a `pinned` value the node is not run: it gives that.

    `extra` keeps, untouched, what a newer Studio wrote and this one does not know.
    """

    id: NodeId
    type: str
    params: Mapping[str, Any] = field(default_factory=frozen)
    title: str = ""
    comment: str = ""
    disabled: bool = False
    pinned: Pin | None = None
    extra: Mapping[str, Any] = field(default_factory=frozen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A value's way from an output port to an input port; both may be dotted paths (`records.0.id`, `fields.total`)."""

    source: NodeId
    source_port: str
    target: NodeId
    target_port: str

    @property
    def id(self) -> EdgeId:
        """Derived, so that the same edge has the same id wherever it is met."""
        return EdgeId(f"{self.source}\x1f{self.source_port}\x1f{self.target}\x1f{self.target_port}")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowInput:
    """A value that a run is given. `kind` is a field kind's name or `any`; without a default it is required."""

    name: str
    kind: str = "any"
    default: Any = None
    required: bool = True
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a node lies on the canvas (its top left corner, in scene units of one pixel at 100 %) and how it is folded."""

    x: float = 0.0
    y: float = 0.0
    collapsed: bool = False
    all_ports: bool = False
    frame: str = ""
    """The frame that the node lies in; one that is not there counts as none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text on the canvas, in Markdown. `frame` as in `Place`."""

    id: str
    text: str
    x: float = 0.0
    y: float = 0.0
    width: float = 240.0
    height: float = 120.0
    color: str = ""
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A titled region of the canvas. What lies in it names it; so nothing lies in two. `frame` is the frame around it, as in `Place`."""

    id: str
    title: str = ""
    x: float = 0.0
    y: float = 0.0
    width: float = 400.0
    height: float = 240.0
    color: str = ""
    collapsed: bool = False
    frame: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A view of the canvas to come back to: what lies in its middle, and how near; with a name of its own, or without."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    title: str = ""


Point = tuple[float, float]
Route = tuple[Point, ...]
"""The points that an edge passes on its way, in order."""


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A graph with its inputs and its layout.

    Invariants, kept by the methods here: each edge joins nodes that exist; an edge stands once; `places` has no node and `routes` no
    edge that the graph lacks. Nodes and edges keep their order of insertion.
    """

    id: WorkflowId
    name: str
    description: str = ""
    inputs: tuple[WorkflowInput, ...] = ()
    nodes: Mapping[NodeId, Node] = field(default_factory=frozen)
    edges: tuple[Edge, ...] = ()
    places: Mapping[NodeId, Place] = field(default_factory=frozen)
    notes: Mapping[str, Note] = field(default_factory=frozen)
    frames: Mapping[str, Frame] = field(default_factory=frozen)
    routes: Mapping[EdgeId, Route] = field(default_factory=frozen)
    bookmarks: Mapping[str, Bookmark] = field(default_factory=frozen)
    """By the digit of their key, "1" to "9"."""
    extra: Mapping[str, Any] = field(default_factory=frozen)

    @cached_property
    def incoming(self) -> Mapping[NodeId, tuple[Edge, ...]]:
        """The edges that end at each node; nodes without any are absent."""
        return self._edges_by("target")

    @cached_property
    def outgoing(self) -> Mapping[NodeId, tuple[Edge, ...]]:
        return self._edges_by("source")

    def _edges_by(self, end: str) -> Mapping[NodeId, tuple[Edge, ...]]:
        found: dict[NodeId, list[Edge]] = {}
        for edge in self.edges:
            found.setdefault(getattr(edge, end), []).append(edge)
        return {node_id: tuple(edges) for node_id, edges in found.items()}

    def edges_of(self, node_id: NodeId) -> tuple[Edge, ...]:
        ins = self.incoming.get(node_id, ())
        outs = self.outgoing.get(node_id, ())
        return (*ins, *(edge for edge in outs if edge not in ins))

    @cached_property
    def references(self) -> tuple[str, ...]:
        """The other workflows that its nodes run, as they are named there, each once."""
        named = (
            node.params.get("workflow")
            for node in self.nodes.values()
            if node.type in REFERRING and not node.disabled
        )
        return tuple(dict.fromkeys(name for name in named if isinstance(name, str) and name))

    def node_around(self, path: str) -> NodeId | None:
        """The node that a path in a run leads to; of a node within a workflow that a node runs (`outer/inner`), that node."""
        while path and path not in self.nodes:
            path = path.rpartition("/")[0]
        return NodeId(path) if path else None

    def upstream(self, node_id: NodeId) -> set[NodeId]:
        """All ancestors, without the node itself."""
        return self._reach(node_id, self.incoming, "source")

    def downstream(self, node_id: NodeId) -> set[NodeId]:
        return self._reach(node_id, self.outgoing, "target")

    def _reach(self, start: NodeId, edges_by: Mapping[NodeId, tuple[Edge, ...]], end: str) -> set[NodeId]:
        seen: set[NodeId] = set()
        stack = [start]
        while stack:
            for edge in edges_by.get(stack.pop(), ()):
                other: NodeId = getattr(edge, end)
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return seen

    def cycle(self) -> list[NodeId]:
        """The nodes of one loop in order, or an empty list."""
        remaining = {node_id: len(self.incoming.get(node_id, ())) for node_id in self.nodes}
        ready = [node_id for node_id, count in remaining.items() if not count]
        while ready:
            node_id = ready.pop()
            del remaining[node_id]
            for edge in self.outgoing.get(node_id, ()):
                remaining[edge.target] -= 1
                if not remaining[edge.target]:
                    ready.append(edge.target)
        if not remaining:
            return []
        path: list[NodeId] = []
        current = next(iter(remaining))
        while current not in path:
            path.append(current)
            current = next(edge.source for edge in self.incoming[current] if edge.source in remaining)
        return path[path.index(current) :][::-1]

    def order(self) -> list[NodeId]:
        """The nodes in an order in which they can run, stable by insertion; nodes on a loop come last."""
        remaining = {node_id: len(self.incoming.get(node_id, ())) for node_id in self.nodes}
        ready = [node_id for node_id, count in remaining.items() if not count]
        done: list[NodeId] = []
        while ready:
            following: list[NodeId] = []
            for node_id in ready:
                done.append(node_id)
                for edge in self.outgoing.get(node_id, ()):
                    remaining[edge.target] -= 1
                    if not remaining[edge.target]:
                        following.append(edge.target)
            ready = following
        placed = set(done)
        return done + [node_id for node_id in self.nodes if node_id not in placed]

    def with_nodes(self, nodes: Iterable[Node], places: Mapping[NodeId, Place] | None = None) -> Self:
        """Adds nodes, or replaces those with the same id; places are added to the ones there are."""
        return replace(
            self,
            nodes=frozen({**self.nodes, **{node.id: node for node in nodes}}),
            places=frozen({**self.places, **(places or {})}),
        )

    def without_nodes(self, node_ids: Iterable[NodeId]) -> Self:
        """Removes nodes together with their edges and places."""
        gone = set(node_ids)
        edges = tuple(edge for edge in self.edges if edge.source not in gone and edge.target not in gone)
        return replace(
            self,
            nodes=frozen({node_id: node for node_id, node in self.nodes.items() if node_id not in gone}),
            edges=edges,
            routes=self._routes_of(edges),
            places=frozen({node_id: place for node_id, place in self.places.items() if node_id not in gone}),
        )

    def with_edges(self, edges: Iterable[Edge]) -> Self:
        """Adds edges that are not there yet; edges to unknown nodes are left out."""
        present = set(self.edges)
        added = []
        for edge in edges:
            if edge not in present and edge.source in self.nodes and edge.target in self.nodes:
                present.add(edge)
                added.append(edge)
        return replace(self, edges=(*self.edges, *added)) if added else self

    def without_edges(self, edges: Iterable[Edge]) -> Self:
        gone = set(edges)
        kept = tuple(edge for edge in self.edges if edge not in gone)
        return replace(self, edges=kept, routes=self._routes_of(kept))

    def with_routes(self, routes: Mapping[EdgeId, Route]) -> Self:
        """Lets edges pass other points; without any, an edge goes straight to its end. Edges that are not there are left out."""
        if not routes:
            return self
        known = {edge.id for edge in self.edges}
        merged = {**self.routes, **{key: route for key, route in routes.items() if key in known}}
        return replace(self, routes=frozen((key, route) for key, route in merged.items() if route))

    def _routes_of(self, edges: Iterable[Edge]) -> Mapping[EdgeId, Route]:
        if not self.routes:
            return self.routes
        known = {edge.id for edge in edges}
        if all(key in known for key in self.routes):
            return self.routes
        return frozen((key, route) for key, route in self.routes.items() if key in known)

    def with_places(self, places: Mapping[NodeId, Place]) -> Self:
        known = {node_id: place for node_id, place in places.items() if node_id in self.nodes}
        return replace(self, places=frozen({**self.places, **known}))

    @classmethod
    def from_yaml(cls, text: str) -> Workflow:
        """The workflow that a text describes; raises TextError with line and column."""
        from studio.workflow.text import workflow_from_yaml  # PyYAML: only where there is text

        return workflow_from_yaml(text)

    def to_yaml(self) -> str:
        """The workflow as text that `from_yaml` reads back equal; the layout stands apart, at the end."""
        from studio.workflow.text import workflow_to_yaml

        return workflow_to_yaml(self)

    def to_python(self, *, workflows: Iterable[Workflow] = ()) -> str:
        """The workflow as a Python program that builds it anew, the layout included, and runs it; with the `workflows` that its nodes run."""
        from studio.workflow.python_text import workflow_to_python

        return workflow_to_python(self, workflows=workflows)
