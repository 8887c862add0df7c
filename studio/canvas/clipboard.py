"""How do nodes and notes get from one place to another? Copied, pasted and duplicated as readable text, each as one step."""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QGuiApplication

from studio.canvas.cards import GRID
from studio.canvas.geometry import snapped
from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView


class Clipboard:
    """Copies and pastes for one canvas."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def _chosen(self) -> tuple[list[NodeId], list[str]]:
        return self._view.selection(), sorted(self._view.viewer.selected_notes)

    def copy(self) -> bool:
        """Puts what is selected on the clipboard; False when nothing is."""
        view = self._view
        nodes, notes = self._chosen()
        if view.workflow_id is None or not (nodes or notes):
            return False
        QGuiApplication.clipboard().setText(view.session.copy(view.workflow_id, nodes, notes))
        view.message.emit(f"Copied {_counts(nodes, notes)}.")
        return True

    def paste(self, at: QPointF, *, keep_links: bool = False) -> None:
        """Adds what is on the clipboard with its upper left corner near a scene point; with the edges that led to it if asked."""
        view = self._view
        text = QGuiApplication.clipboard().text()
        if view.workflow_id is None or not text.strip():
            view.message.emit("The clipboard holds no nodes.")
            return
        before = self._note_ids()
        try:
            added = view.session.paste(
                view.workflow_id,
                text,
                x=snapped(at.x(), GRID),
                y=snapped(at.y(), GRID),
                keep_links=keep_links,
            )
        except StudioError as error:
            view.message.emit(f"The clipboard holds no nodes: {error.message}")
            return
        self._select(added, before)
        view.message.emit(f"Pasted {_counts(added, view.viewer.selected_notes)}.")

    def duplicate(self) -> None:
        """Copies what is selected a little to the lower right."""
        self.duplicate_to(*self._chosen(), 2 * GRID, 2 * GRID)

    def duplicate_to(self, nodes: list[NodeId], notes: list[str], dx: float, dy: float) -> None:
        """Copies nodes and notes to where they are shifted by (dx, dy), and selects the copies."""
        view = self._view
        if view.workflow_id is not None and (nodes or notes):
            before = self._note_ids()
            self._select(view.session.duplicate(view.workflow_id, nodes, notes, dx=dx, dy=dy), before)

    def _note_ids(self) -> set[str]:
        return set(self._view.workflow.notes) if self._view.workflow else set()

    def _select(self, node_ids: list[NodeId], notes_before: set[str]) -> None:
        geometry = self._view.projector.geometry
        nodes = np.zeros(len(geometry), np.bool_)
        nodes[geometry.indices(node_ids)] = True
        self._view.viewer.set_selection(nodes, notes=self._note_ids() - notes_before)


def _counts(nodes: Sized, notes: Sized) -> str:
    parts = [_count(len(found), noun) for found, noun in ((nodes, "node"), (notes, "note")) if len(found)]
    return " and ".join(parts) or "nothing"


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
