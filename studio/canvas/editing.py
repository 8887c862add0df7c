"""Which use case of the session does a gesture or command of the canvas become? One undo step each; refusals become a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

from studio.canvas.between import bridges, halves, ports_between, room
from studio.canvas.gestures import WireEnd
from studio.canvas.joining import edges_among, next_edge
from studio.canvas.layout_editing import removed_with
from studio.canvas.overlays import drop_corner
from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.project.changes import Change, Group
from studio.project.graph_changes import EditNode, MoveNodes
from studio.project.layout_changes import SetFrames, SetNotes, SetRoutes
from studio.session.editing import removal
from studio.workflow.graph import Edge, Frame, Place, Workflow, frozen

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView
    from studio.session.wiring import Converter

_NOWHERE = Place()


class CanvasEditing:
    """The canvas's edits, made through its view's session. Each is ignored while no workflow is shown."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def _target(self) -> tuple[WorkflowId, Workflow] | None:
        workflow_id, workflow = self._view.workflow_id, self._view.workflow
        return (workflow_id, workflow) if workflow_id is not None and workflow is not None else None

    def _refuse(self, error: StudioError) -> None:
        self._view.message.emit(" ".join(part for part in (error.message, error.hint) if part))

    # Nodes

    def add_node(
        self, type_name: str, x: float, y: float, params: Mapping[str, Any], end: WireEnd | None = None
    ) -> NodeId | None:
        """Adds a node with its upper left corner at (x, y), joined to a wire's end when there is one."""
        target = self._target()
        if target is None:
            return None
        try:
            return self._view.session.add_node(
                target[0],
                type_name,
                x=x,
                y=y,
                params=params or None,
                connect=(end.node, end.port) if end else None,
                is_output=end.is_output if end else None,
            )
        except StudioError as error:
            self._refuse(error)
            return None

    def drop_node(self, type_name: str, x: float, y: float, params: Mapping[str, Any]) -> None:
        """Adds a node that was dropped at (x, y), held in the middle of its header."""
        from PySide6.QtCore import QPointF

        over = self._view.viewer.drop_edge(type_name, x, y)
        if over is not None:
            added = self.add_between(over, type_name, params)
            if added is not None:
                self._view.select([added])
                self._view.viewer.setFocus()
            return
        corner = drop_corner(QPointF(x, y), snaps=self._view.snaps())
        added = self.add_node(type_name, *corner, params)
        if added is not None:
            self._view.select([added])
            self._view.uncover(added)
            self._view.viewer.setFocus()

    # Between others

    def _ports_between(self, type_name: str, edge: Edge) -> tuple[str, str] | None:
        workflow = self._view.workflow
        catalogue = self._view.session.catalogue
        spec = catalogue.find(type_name)
        if workflow is None or spec is None:
            return None
        return ports_between(workflow, catalogue, edge, spec)

    def fits_between(self, type_name: str, edge: Edge) -> bool:
        """Whether a node of that kind could come between the ends of an edge."""
        return self._ports_between(type_name, edge) is not None

    def add_between(self, edge: Edge, type_name: str, params: Mapping[str, Any]) -> NodeId | None:
        """Adds a node between the ends of an edge; what follows makes room for it. One step."""
        target, ports = self._target(), self._ports_between(type_name, edge)
        if target is None or ports is None:
            return None
        workflow_id, workflow = target
        session = self._view.session
        (x, y), moved = room(self._view.projector.geometry, workflow, edge)
        with session.group("Insert node"):
            added = session.add_node(workflow_id, type_name, x=x, y=y, params=params or None)
            self._come_between(workflow_id, edge, added, ports, moved)
        return added

    def add_converter(self, edge: Edge, converter: Converter, picked: Edge | None = None) -> None:
        """Puts a node between two ports that do not fit without it; `picked` is the edge whose end was taken for that. One step."""
        target = self._target()
        if target is None:
            return
        workflow_id, workflow = target
        session = self._view.session
        (x, y), moved = room(self._view.projector.geometry, workflow, edge)
        with session.group("Add node"):
            if picked is not None:
                session.disconnect(workflow_id, [picked])
            params = converter.params
            added = session.add_node(
                workflow_id, converter.type, x=x, y=y, params=params, title=converter.title
            )
            self._come_between(workflow_id, edge, added, (converter.entry, converter.leaving), moved)
        self._view.select([added])

    def put_between(self, edge: Any, node_id: str) -> None:
        """Moves a node of the workflow between the ends of an edge; what follows makes room for it. One step."""
        target = self._target()
        node = target[1].nodes.get(NodeId(node_id)) if target else None
        ports = self._ports_between(node.type, edge) if node else None
        if target is None or node is None or ports is None:
            return
        workflow_id, workflow = target
        corner, moved = room(self._view.projector.geometry, workflow, edge, node.id)
        with self._view.session.group("Insert node"):
            self._come_between(workflow_id, edge, node.id, ports, {**moved, node.id: corner})

    def _come_between(
        self,
        workflow_id: WorkflowId,
        edge: Edge,
        node_id: NodeId,
        ports: tuple[str, str],
        moved: Mapping[NodeId, tuple[float, float]],
    ) -> None:
        session = self._view.session
        if moved:
            self.move_nodes(moved)
        session.disconnect(workflow_id, [edge])
        try:
            for half in halves(edge, node_id, ports):
                session.connect(workflow_id, half)
        except StudioError as error:
            self._refuse(error)

    def remove_and_reconnect(self, node_ids: list[NodeId]) -> None:
        """Deletes nodes and joins what led to them with what followed, where that is possible. One step."""
        target = self._target()
        if target is None or not node_ids:
            return
        workflow_id, workflow = target
        session = self._view.session
        with session.group("Delete and reconnect"):
            session.remove(workflow_id, node_ids)
            for candidates in bridges(workflow, node_ids):
                fitting = (edge for edge in candidates if session.why_not(workflow_id, edge) is None)
                bridge = next(fitting, None)
                if bridge is not None:
                    session.connect(workflow_id, bridge)

    def move_nodes(self, places: Mapping[NodeId, tuple[float, float]]) -> None:
        target = self._target()
        if target is not None:
            workflow_id, workflow = target
            moved = {
                node_id: replace(workflow.places.get(node_id, _NOWHERE), x=x, y=y)
                for node_id, (x, y) in places.items()
                if node_id in workflow.nodes
            }
            self._view.session.move(workflow_id, moved)

    def arrange(
        self,
        places: Mapping[NodeId, tuple[float, float]],
        title: str,
        notes: Mapping[str, tuple[float, float]] = frozen(),
        frames: Iterable[Frame] = (),
        straight: Iterable[Edge] = (),
    ) -> bool:
        """Puts nodes, notes and frames somewhere else as one step of that title; False when all are there already.

        `straight` are edges that pass no points afterwards.
        """
        target = self._target()
        if target is None:
            return False
        workflow_id, workflow = target
        moved = {
            node_id: replace(workflow.places.get(node_id, _NOWHERE), x=x, y=y)
            for node_id, (x, y) in places.items()
            if (workflow.places.get(node_id, _NOWHERE).x, workflow.places.get(node_id, _NOWHERE).y) != (x, y)
        }
        texts = {
            key: replace(workflow.notes[key], x=x, y=y)
            for key, (x, y) in notes.items()
            if (workflow.notes[key].x, workflow.notes[key].y) != (x, y)
        }
        regions = {frame.id: frame for frame in frames if workflow.frames.get(frame.id) != frame}
        routes = {edge.id: () for edge in straight if edge.id in workflow.routes}
        changes: tuple[Change, ...] = (
            *([MoveNodes(workflow=workflow_id, places=frozen(moved), title=title)] if moved else []),
            *([SetNotes(workflow=workflow_id, put=frozen(texts))] if texts else []),
            *([SetFrames(workflow=workflow_id, put=frozen(regions))] if regions else []),
            *([SetRoutes(workflow=workflow_id, routes=frozen(routes))] if routes else []),
        )
        if changes:
            self._view.session.edit(Group(changes=changes, title=title))
        return bool(changes)

    def toggle_place(
        self, node_ids: Iterable[NodeId], name: Literal["collapsed", "all_ports"], on: str, off: str
    ) -> None:
        """Folds nodes, or unfolds them when all are folded; `on` and `off` name the step in the Edit menu."""
        target = self._target()
        chosen = list(node_ids)
        if target is None or not chosen:
            return
        workflow_id, workflow = target
        places = {node_id: workflow.places.get(node_id, _NOWHERE) for node_id in chosen}
        value = not all(getattr(place, name) for place in places.values())
        values: dict[str, Any] = {name: value}
        altered = {node_id: replace(place, **values) for node_id, place in places.items()}
        self._view.session.edit(
            MoveNodes(workflow=workflow_id, places=frozen(altered), title=on if value else off)
        )

    def toggle_disabled(self, node_ids: Iterable[NodeId]) -> None:
        """Disables nodes, or enables them when all are disabled."""
        target = self._target()
        chosen = list(node_ids)
        if target is None or not chosen:
            return
        workflow_id, workflow = target
        disabled = not all(workflow.nodes[node_id].disabled for node_id in chosen)
        session = self._view.session
        with session.group("Disable" if disabled else "Enable"):
            for node_id in chosen:
                if workflow.nodes[node_id].disabled != disabled:
                    session.edit(
                        EditNode(workflow=workflow_id, node=node_id, values=frozen({"disabled": disabled}))
                    )

    def toggle_pin(self, node_ids: Iterable[NodeId]) -> None:
        """Pins what nodes gave in the last run, or unpins them when all are pinned; what cannot be pinned is told."""
        target = self._target()
        chosen = list(node_ids)
        if target is None or not chosen:
            return
        workflow_id, workflow = target
        pins = not all(workflow.nodes[node_id].pinned is not None for node_id in chosen)
        session = self._view.session
        with session.group("Pin value" if pins else "Unpin"):
            for node_id in chosen:
                try:
                    if not pins:
                        session.unpin(workflow_id, node_id)
                    elif workflow.nodes[node_id].pinned is None:
                        session.pin(workflow_id, node_id)
                except StudioError as error:
                    self._refuse(error)

    def set_title(self, node_id: NodeId, title: str) -> None:
        """Renames a node; an empty title gives it back the one of its kind."""
        target = self._target()
        if target is not None and node_id in target[1].nodes:
            change = EditNode(workflow=target[0], node=node_id, values=frozen({"title": title.strip()}))
            self._view.session.edit(change)

    def remove(
        self,
        node_ids: Iterable[NodeId],
        edges: Iterable[Edge],
        notes: Iterable[str] = (),
        frames: Iterable[str] = (),
    ) -> None:
        """Deletes nodes, edges, notes, frames and the selected points of edges as one step."""
        target = self._target()
        if target is None:
            return
        workflow_id, workflow = target
        inner_nodes, inner_notes, gone = removed_with(workflow, frames)
        nodes, texts = {*node_ids, *inner_nodes}, tuple(dict.fromkeys((*notes, *inner_notes)))
        title, changes = removal(workflow, nodes, edges)
        layout = self._view.layout_editing
        dots = layout.without_dots(workflow)
        beside = [
            *([dots] if dots is not None else []),
            *([SetNotes(workflow=workflow_id, remove=texts)] if texts else []),
            *(change for change in layout.without_frames(workflow, gone, nodes, texts) if change is not None),
        ]
        if not changes and len(beside) == 1:
            title = beside[0].label
        elif beside:
            title = "Delete frame" if gone and not changes else "Delete"
        # The rest first: what goes with a node needs no other place before.
        every = (*beside, *changes)
        if every:
            self._view.session.edit(every[0] if len(every) == 1 else Group(changes=every, title=title))

    # Edges

    def change_edges(self, disconnected: list[Edge], connected: list[Edge]) -> None:
        """Takes edges away and adds others, as one step; a refusal leaves everything as it was."""
        target = self._target()
        if target is None or not (disconnected or connected):
            return
        workflow_id, _ = target
        session = self._view.session
        try:
            if not disconnected and len(connected) == 1:
                session.connect(workflow_id, connected[0])
            elif not connected:
                session.disconnect(workflow_id, disconnected)
            else:
                with session.group("Reconnect"):
                    session.disconnect(workflow_id, disconnected)
                    for edge in connected:
                        session.connect(workflow_id, edge)
        except StudioError as error:
            self._refuse(error)

    def connect_in_order(self, ordered: list[NodeId]) -> None:
        """Joins each node with the next where that is possible. One step; what cannot be is told."""
        target = self._target()
        if target is None:
            return
        workflow_id, _ = target
        session = self._view.session
        refusals, made = [], 0
        with session.group("Connect"):
            for source, following in pairwise(ordered):
                workflow = session.project.workflow(workflow_id)
                edge, refusal = next_edge(
                    workflow, session.catalogue, source, following, partial(session.why_not, workflow_id)
                )
                if edge is not None:
                    session.connect(workflow_id, edge)
                    made += 1
                elif refusal:
                    refusals.append(refusal)
        if refusals:
            self._view.message.emit(refusals[0])
        elif not made:
            self._view.message.emit("These nodes are connected already.")

    def disconnect_among(self, node_ids: list[NodeId]) -> None:
        """Takes away the edges between nodes; of a single node, all of its edges. One step."""
        target = self._target()
        edges = edges_among(target[1], node_ids) if target and node_ids else []
        if edges:
            self.change_edges(edges, [])

    # For NodeGraphQt's own callers

    def activate(self, node_id: NodeId) -> None:
        self._view.nodeActivated.emit(node_id)

    def select_all(self) -> None:
        self._view.select_all()

    def fit_selection(self) -> None:
        self._view.fit_selection()
