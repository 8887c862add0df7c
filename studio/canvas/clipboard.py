"""How do nodes and notes get from one place to another? Copied, pasted, duplicated, or kept as a template, each as one step."""

from __future__ import annotations

from collections.abc import Sized
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QGuiApplication

from studio.canvas.cards import GRID, WIDTH, Wires
from studio.canvas.geometry import snapped
from studio.canvas.gestures import Shift
from studio.canvas.presses import chosen
from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.workflow.graph import Place

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView
    from studio.workflow.graph import Workflow


class Clipboard:
    """Copies and pastes for one canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def _chosen(self) -> tuple[list[NodeId], list[str], list[str]]:
        """The selected nodes, notes and frames, and all that lies in those frames."""
        held, ids = chosen(self._view.viewer), self._view.projector.geometry.ids
        notes, frames = [note.id for note in held.notes], [frame.id for frame in held.frames]
        return [ids[i] for i in held.nodes.tolist()], notes, frames

    def copy(self) -> bool:
        """Puts what is selected on the clipboard; False when nothing is."""
        view = self._view
        nodes, notes, frames = self._chosen()
        if view.workflow_id is None or not (nodes or notes or frames):
            return False
        QGuiApplication.clipboard().setText(view.session.copy(view.workflow_id, nodes, notes, frames))
        view.message.emit(f"Copied {_counts(nodes, notes, frames)}.")
        return True

    def paste(self, at: QPointF, *, is_middle: bool = False, keep_links: bool = False) -> None:
        """Adds what is on the clipboard with its upper left corner, or its middle, near a scene point.

        With `keep_links` the edges that led to it lead to the copies too.
        """
        view = self._view
        text = QGuiApplication.clipboard().text()
        if view.workflow_id is None or not text.strip():
            view.message.emit("The clipboard holds no nodes.")
            return
        before = self._beside()
        try:
            part = view.session.copied(text)
            x, y = self._corner(part, at, is_middle=is_middle)
            added = view.session.paste(view.workflow_id, part, x=x, y=y, keep_links=keep_links)
        except StudioError as error:
            view.message.emit(f"The clipboard holds no nodes: {error.message}")
            return
        self._select(added, before)
        notes, frames = (now - then for now, then in zip(self._beside(), before, strict=True))
        view.message.emit(f"Pasted {_counts(added, notes, frames)}.")

    def insert_template(self, template_id: WorkflowId, at: QPointF, *, is_middle: bool = False) -> None:
        """Adds what a template holds with its upper left corner, or its middle, near a scene point, and selects it."""
        view = self._view
        if view.workflow_id is None:
            return
        before = self._beside()
        try:
            part = view.session.project.template(template_id)
            x, y = self._corner(part, at, is_middle=is_middle)
            added = view.session.templates.insert(view.workflow_id, template_id, x=x, y=y)
        except StudioError as error:
            view.message.emit(f"{error.message} {error.hint}".strip())
            return
        self._select(added, before)
        notes, frames = (now - then for now, then in zip(self._beside(), before, strict=True))
        view.message.emit(f"Inserted {_counts(added, notes, frames)}.")

    def keep_template(self) -> WorkflowId | None:
        """Keeps what is selected as a template, or the whole workflow when nothing is."""
        view = self._view
        if view.workflow_id is None:
            return None
        nodes, notes, frames = self._chosen()
        try:
            return view.session.templates.keep(view.workflow_id, nodes=nodes, notes=notes, frames=frames)
        except StudioError as error:
            view.message.emit(f"{error.message} {error.hint}".strip())
            return None

    def _corner(self, part: Workflow, at: QPointF, *, is_middle: bool) -> tuple[float, float]:
        """Where the upper left corner of a part comes to lie, on the grid and beside what is there."""
        if is_middle and (box := self._box(part)) is not None:
            at = at - QPointF(box.width() / 2, box.height() / 2)
        return self._free(snapped(at.x(), GRID), snapped(at.y(), GRID))

    def _box(self, part: Workflow) -> QRectF | None:
        """The room that a part takes; None when it is empty."""
        maker, wires = self._view.projector.maker, Wires.of(part)
        boxes = [QRectF(note.x, note.y, note.width, note.height) for note in part.notes.values()]
        boxes += [QRectF(frame.x, frame.y, frame.width, frame.height) for frame in part.frames.values()]
        for node_id, node in part.nodes.items():
            place = part.places.get(node_id, Place())
            boxes.append(QRectF(place.x, place.y, WIDTH, maker.make(node, place, wires).shape.height))
        return reduce(QRectF.united, boxes) if boxes else None

    def _free(self, x: float, y: float) -> tuple[float, float]:
        """That point, or the next to the lower right at which no node has its corner: who pastes twice wants to see two."""
        workflow = self._view.workflow
        taken = {(place.x, place.y) for place in workflow.places.values()} if workflow is not None else set()
        while (x, y) in taken:
            x, y = x + 2 * GRID, y + 2 * GRID
        return x, y

    def duplicate(self) -> None:
        """Copies what is selected a little to the lower right."""
        nodes, notes, frames = self._chosen()
        self.duplicate_to(Shift(tuple(nodes), tuple(notes), tuple(frames), 2 * GRID, 2 * GRID))

    def duplicate_to(self, shift: Any) -> None:
        """Copies nodes, notes and frames to where they are shifted (a Shift), and selects the copies."""
        view = self._view
        if view.workflow_id is not None and (shift.nodes or shift.notes or shift.frames):
            before = self._beside()
            added = view.session.duplicate(
                view.workflow_id, shift.nodes, shift.notes, shift.frames, dx=shift.dx, dy=shift.dy
            )
            self._select(added, before)

    def _beside(self) -> tuple[set[str], set[str]]:
        """The notes and the frames that there are."""
        workflow = self._view.workflow
        return (set(workflow.notes), set(workflow.frames)) if workflow is not None else (set(), set())

    def _select(self, node_ids: list[NodeId], before: tuple[set[str], set[str]]) -> None:
        """Selects what was added; of a frame, itself alone."""
        geometry, workflow = self._view.projector.geometry, self._view.workflow
        if workflow is None:
            return
        notes, frames = (now - then for now, then in zip(self._beside(), before, strict=True))
        places = workflow.places
        free = [node_id for node_id in node_ids if places[node_id].frame not in frames]
        nodes = np.zeros(len(geometry), np.bool_)
        nodes[geometry.indices(free)] = True
        self._view.viewer.set_selection(
            nodes,
            notes={key for key in notes if workflow.notes[key].frame not in frames},
            frames={key for key in frames if workflow.frames[key].frame not in frames},
        )


def _counts(nodes: Sized, notes: Sized, frames: Sized) -> str:
    named = ((nodes, "node"), (notes, "note"), (frames, "frame"))
    parts = [_count(len(found), noun) for found, noun in named if len(found)]
    return ", ".join(parts[:-1]) + (" and " if len(parts) > 1 else "") + parts[-1] if parts else "nothing"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
