"""How is the graph of a workflow edited? Nodes, edges, params and the workflow's own facts, each change with its inverse.

What lies on the canvas beside nodes and edges is altered in `layout_changes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import EdgeId, NodeId
from studio.project.changes import Change, WorkflowChange
from studio.project.state import Project
from studio.workflow.graph import Edge, Node, Place, Route, Workflow, frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class AddNodes(WorkflowChange):
    """Adds nodes with their places and edges; the edges may also join them to nodes already there.

    `position` keeps where edges and nodes stood, so that undoing a removal restores the very same order.
    """

    nodes: tuple[Node, ...]
    places: Mapping[NodeId, Place] = field(default_factory=frozen)
    edges: tuple[Edge, ...] = ()
    routes: Mapping[EdgeId, Route] = field(default_factory=frozen)
    node_order: tuple[NodeId, ...] = ()
    edge_order: tuple[Edge, ...] = ()

    @property
    def label(self) -> str:
        return "Add node" if len(self.nodes) == 1 else f"Add {len(self.nodes)} nodes"

    def edit(self, workflow: Workflow) -> Workflow:
        taken = [node.id for node in self.nodes if node.id in workflow.nodes]
        if taken:
            raise WorkflowError(
                f"The workflow already has a node {taken[0]!r}.", node=taken[0], workflow=workflow.name
            )
        edited = workflow.with_nodes(self.nodes, self.places).with_edges(self.edges)
        if self.node_order:
            edited = replace(
                edited, nodes=frozen((node_id, edited.nodes[node_id]) for node_id in self.node_order)
            )
        if self.edge_order:
            edited = replace(edited, edges=self.edge_order)
        return edited.with_routes(self.routes)

    def inverse(self, project: Project) -> Change:
        return RemoveNodes(workflow=self.workflow, nodes=tuple(node.id for node in self.nodes))


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveNodes(WorkflowChange):
    """Removes nodes together with their edges."""

    nodes: tuple[NodeId, ...]

    @property
    def label(self) -> str:
        return "Delete node" if len(self.nodes) == 1 else f"Delete {len(self.nodes)} nodes"

    def edit(self, workflow: Workflow) -> Workflow:
        return workflow.without_nodes(self.nodes)

    def inverse(self, project: Project) -> Change:
        before = project.workflow(self.workflow)
        gone = {node_id for node_id in self.nodes if node_id in before.nodes}
        edges = tuple(edge for edge in before.edges if edge.source in gone or edge.target in gone)
        return AddNodes(
            workflow=self.workflow,
            nodes=tuple(node for node_id, node in before.nodes.items() if node_id in gone),
            places=frozen({node_id: place for node_id, place in before.places.items() if node_id in gone}),
            edges=edges,
            routes=_routes(before, edges),
            node_order=tuple(before.nodes),
            edge_order=before.edges,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEdges(WorkflowChange):
    """Removes some edges and adds others, in one step: connect, disconnect, move an end."""

    add: tuple[Edge, ...] = ()
    remove: tuple[Edge, ...] = ()
    routes: Mapping[EdgeId, Route] = field(default_factory=frozen)
    """The points that added edges pass."""
    order: tuple[Edge, ...] = ()
    """The whole order of edges afterwards; given by an inverse only."""

    @property
    def label(self) -> str:
        if self.add and self.remove:
            return "Reconnect"
        return "Connect" if self.add else "Disconnect"

    def edit(self, workflow: Workflow) -> Workflow:
        edited = (
            workflow.without_edges(self.remove).with_edges(self.add)
            if self.remove
            else workflow.with_edges(self.add)
        )
        ordered = replace(edited, edges=self.order) if self.order else edited
        return ordered.with_routes(self.routes)

    def inverse(self, project: Project) -> Change:
        before = project.workflow(self.workflow)
        present = set(before.edges)
        again = tuple(edge for edge in self.remove if edge in present)
        kept = {edge.id: before.routes.get(edge.id, ()) for edge in before.edges if edge.id in self.routes}
        return SetEdges(
            workflow=self.workflow,
            add=again,
            remove=tuple(edge for edge in self.add if edge not in present),
            routes=frozen({**kept, **_routes(before, again)}),
            order=before.edges,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveNodes(WorkflowChange):
    """Puts nodes in new places (position, folding)."""

    places: Mapping[NodeId, Place]
    title: str = "Move"
    unplaced: tuple[NodeId, ...] = ()
    """Nodes that had no place before; given by an inverse only."""

    @property
    def label(self) -> str:
        return self.title

    def edit(self, workflow: Workflow) -> Workflow:
        moved = workflow.with_places(self.places)
        if not self.unplaced:
            return moved
        kept = {node_id: place for node_id, place in moved.places.items() if node_id not in self.unplaced}
        return replace(moved, places=frozen(kept))

    def inverse(self, project: Project) -> Change:
        before = project.workflow(self.workflow)
        touched = [node_id for node_id in (*self.places, *self.unplaced) if node_id in before.nodes]
        return MoveNodes(
            workflow=self.workflow,
            places=frozen(
                {node_id: before.places[node_id] for node_id in touched if node_id in before.places}
            ),
            title=self.title,
            unplaced=tuple(node_id for node_id in touched if node_id not in before.places),
        )

    def merge(self, later: Change) -> Change | None:
        """Consecutive moves of the same nodes become one."""
        if (
            isinstance(later, MoveNodes)
            and later.workflow == self.workflow
            and set(later.places) == set(self.places)
            and not (self.unplaced or later.unplaced)
        ):
            return replace(self, places=later.places)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetParams(WorkflowChange):
    """Sets params of one node (`values`) and clears others (`clear`)."""

    node: NodeId
    values: Mapping[str, Any] = field(default_factory=frozen)
    clear: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    """The whole order of params afterwards; given by an inverse only."""

    @property
    def label(self) -> str:
        names = [*self.values, *self.clear]
        return f"Set {names[0]}" if len(names) == 1 else "Set params"

    def edit(self, workflow: Workflow) -> Workflow:
        node = _node(workflow, self.node)
        params = {name: value for name, value in node.params.items() if name not in self.clear} | dict(
            self.values
        )
        if self.order:
            params = {name: params[name] for name in self.order}
        return workflow.with_nodes([replace(node, params=frozen(params))])

    def inverse(self, project: Project) -> Change:
        before = _node(project.workflow(self.workflow), self.node).params
        return SetParams(
            workflow=self.workflow,
            node=self.node,
            values=frozen({name: before[name] for name in (*self.values, *self.clear) if name in before}),
            clear=tuple(name for name in self.values if name not in before),
            order=tuple(before),
        )

    def merge(self, later: Change) -> Change | None:
        """Typing in one editor becomes one step."""
        same = isinstance(later, SetParams) and later.workflow == self.workflow and later.node == self.node
        if (
            same
            and isinstance(later, SetParams)
            and not self.clear
            and not later.clear
            and set(later.values) == set(self.values)
        ):
            return replace(self, values=later.values, order=later.order)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditNode(WorkflowChange):
    """Changes what a node is besides its params: title, comment, whether it is disabled, its type, its pinned value."""

    node: NodeId
    values: Mapping[str, Any]

    @property
    def label(self) -> str:
        names = {"title": "Rename", "comment": "Comment", "type": "Replace node"}
        if "disabled" in self.values:
            return "Disable" if self.values["disabled"] else "Enable"
        if "pinned" in self.values:
            return "Unpin" if self.values["pinned"] is None else "Pin value"
        return names.get(next(iter(self.values), ""), "Edit node")

    def edit(self, workflow: Workflow) -> Workflow:
        return workflow.with_nodes([replace(_node(workflow, self.node), **self.values)])

    def inverse(self, project: Project) -> Change:
        before = _node(project.workflow(self.workflow), self.node)
        return EditNode(
            workflow=self.workflow,
            node=self.node,
            values=frozen({name: getattr(before, name) for name in self.values}),
        )

    def merge(self, later: Change) -> Change | None:
        same = isinstance(later, EditNode) and later.workflow == self.workflow and later.node == self.node
        if (
            same
            and isinstance(later, EditNode)
            and set(later.values) == set(self.values) <= {"title", "comment"}
        ):
            return replace(self, values=later.values)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditWorkflow(WorkflowChange):
    """Changes what a workflow is besides its graph: name, description, inputs."""

    values: Mapping[str, Any]

    @property
    def label(self) -> str:
        return "Rename workflow" if "name" in self.values else "Edit workflow"

    def edit(self, workflow: Workflow) -> Workflow:
        return replace(workflow, **self.values)

    def inverse(self, project: Project) -> Change:
        before = project.workflow(self.workflow)
        return EditWorkflow(
            workflow=self.workflow, values=frozen({name: getattr(before, name) for name in self.values})
        )


def _routes(workflow: Workflow, edges: Iterable[Edge]) -> Mapping[EdgeId, Route]:
    """The routes of some edges."""
    if not workflow.routes:
        return frozen()
    return frozen((edge.id, workflow.routes[edge.id]) for edge in edges if edge.id in workflow.routes)


def _node(workflow: Workflow, node_id: NodeId) -> Node:
    try:
        return workflow.nodes[node_id]
    except KeyError:
        raise WorkflowError(
            f"The workflow has no node {node_id!r}.", workflow=workflow.name, node=node_id
        ) from None
