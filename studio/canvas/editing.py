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
from studio.canvas.overlays import drop_corner
from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, WorkflowId, short_id
from studio.project.changes import EditNode, MoveNodes, SetNotes
from studio.workflow.graph import Edge, Note, Place, Workflow, frozen

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView

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
        notes: Mapping[str, tuple[float, float]],
    ) -> bool:
        """Puts nodes and notes somewhere else as one step of that title; False when all are there already."""
        target = self._target()
        if target is None:
            return False
        workflow_id, workflow = target
        moved = {
            node_id: replace(workflow.places.get(node_id, _NOWHERE), x=x, y=y)
            for node_id, (x, y) in places.items()
            if (workflow.places.get(node_id, _NOWHERE).x, workflow.places.get(node_id, _NOWHERE).y) != (x, y)
        }
        changed = {key: replace(workflow.notes[key], x=x, y=y) for key, (x, y) in notes.items()}
        if not moved and not changed:
            return False
        session = self._view.session
        with session.group(title):
            if moved:
                session.edit(MoveNodes(workflow=workflow_id, places=frozen(moved), title=title))
            if changed:
                session.edit(SetNotes(workflow=workflow_id, put=frozen(changed)))
        return True

    def nudge(self, node_ids: Iterable[NodeId], dx: float, dy: float) -> None:
        """Moves nodes a step; steps that follow soon are one with it."""
        target = self._target()
        chosen = list(node_ids)
        if target is None or not chosen:
            return
        workflow_id, workflow = target
        places = {}
        for node_id in chosen:
            place = workflow.places.get(node_id, _NOWHERE)
            places[node_id] = replace(place, x=place.x + dx, y=place.y + dy)
        self._view.session.edit(MoveNodes(workflow=workflow_id, places=frozen(places)), merge=True)

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
        altered = {node_id: replace(place, **{name: value}) for node_id, place in places.items()}
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

    def set_title(self, node_id: NodeId, title: str) -> None:
        """Renames a node; an empty title gives it back the one of its kind."""
        target = self._target()
        if target is not None and node_id in target[1].nodes:
            change = EditNode(workflow=target[0], node=node_id, values=frozen({"title": title.strip()}))
            self._view.session.edit(change)

    def remove(self, node_ids: list[NodeId], edges: list[Edge], notes: Iterable[str] = ()) -> None:
        """Deletes nodes, edges and notes as one step."""
        target = self._target()
        gone = tuple(notes)
        if target is None or not (node_ids or edges or gone):
            return
        workflow_id, _ = target
        session = self._view.session
        if not gone:
            session.remove(workflow_id, node_ids, edges)
            return
        with session.group("Delete"):
            session.remove(workflow_id, node_ids, edges)
            session.edit(SetNotes(workflow=workflow_id, remove=gone))

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

    # Notes

    def put_notes(self, notes: list[Note]) -> None:
        """Alters notes, or adds them."""
        target = self._target()
        if target is not None and notes:
            change = SetNotes(workflow=target[0], put=frozen({note.id: note for note in notes}))
            self._view.session.edit(change)

    def add_note(self, x: float, y: float) -> str | None:
        if self._target() is None:
            return None
        note = Note(id=short_id(), text="", x=x, y=y)
        self.put_notes([note])
        return note.id

    def set_note_text(self, note_id: str, text: str) -> None:
        self._alter_note(note_id, text=text)

    def set_note_color(self, note_id: str, color: str, _checked: object = None) -> None:
        self._alter_note(note_id, color=color)

    def _alter_note(self, note_id: str, **values: str) -> None:
        target = self._target()
        note = target[1].notes.get(note_id) if target else None
        if note is not None:
            self.put_notes([replace(note, **values)])  # type: ignore[arg-type]  # text and color are text

    # For NodeGraphQt's own callers

    def activate(self, node_id: NodeId) -> None:
        self._view.nodeActivated.emit(node_id)

    def select_all(self) -> None:
        self._view.select_all()

    def fit_selection(self) -> None:
        self._view.fit_selection()
