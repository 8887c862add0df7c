"""Which use case of the session does a gesture or command of the canvas become? One undo step each; refusals become a message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from studio.canvas.gestures import WireEnd
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

        corner = drop_corner(QPointF(x, y), snaps=self._view.snaps())
        added = self.add_node(type_name, *corner, params)
        if added is not None:
            self._view.select([added])
            self._view.viewer.setFocus()

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
