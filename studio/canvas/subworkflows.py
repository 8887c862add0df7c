"""How does one go into workflows within this one, out of them again, and make one of what is selected? Showing them is the window's business."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from studio.canvas.breadcrumb import Crumb
from studio.canvas.presses import chosen
from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId
from studio.workflow.graph import REFERRING
from studio.workflow.references import REFERENCE

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView


class Subworkflows(QObject):
    """The ways from one canvas to others."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        view.breadcrumb.chosen.connect(self._go_back)

    def make(self) -> None:
        """Makes a workflow of what is selected; a node stands for it, selected afterwards. One step."""
        view = self._view
        workflow, workflow_id = view.workflow, view.workflow_id
        if workflow is None or workflow_id is None:
            return
        held, ids = chosen(view.viewer), view.projector.geometry.ids
        frames = [frame.id for frame in held.frames]
        try:
            node_id = view.session.make_subworkflow(
                workflow_id,
                [ids[i] for i in held.nodes.tolist()],
                notes=[note.id for note in held.notes],
                frames=frames,
            )
        except StudioError as error:
            view.message.emit(f"{error.message} {error.hint}".strip())
            return
        # The window opens workflows that are new; the person is still at work here.
        view.workflowRequested.emit(workflow_id, view.breadcrumb.trail, "")
        view.select([node_id])
        view.setFocus()

    def enter(self, node_id: Any = None) -> None:
        """Shows the workflow that a node runs: the given one, or the selected one."""
        view = self._view
        picked = [node_id] if node_id else view.selection()
        node = view.workflow.nodes.get(NodeId(picked[-1])) if view.workflow is not None and picked else None
        if node is None or node.type not in REFERRING or view.workflow_id is None:
            view.message.emit("Select a node that runs another workflow, such as Subworkflow or ForEach.")
            return
        found = view.session.catalogue.library.get(node.params.get(REFERENCE))
        if found is None:
            view.message.emit(
                f'"{node.title or node.type}" names no workflow of this project. Choose one in the inspector.'
            )
            return
        trail = (*view.breadcrumb.trail, Crumb(view.workflow_id, node.id))
        view.workflowRequested.emit(found.id, trail, "")

    def leave(self) -> None:
        """Goes back to the workflow that led here, with the node selected that one went in by."""
        trail = self._view.breadcrumb.trail
        if not trail:
            self._view.message.emit("No other workflow led here.")
            return
        self._go_back(len(trail) - 1)

    def _go_back(self, number: int) -> None:
        trail = self._view.breadcrumb.trail
        crumb = trail[number]
        self._view.workflowRequested.emit(crumb.workflow, trail[:number], crumb.node)
