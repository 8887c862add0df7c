"""How does a canvas keep up with its session? What happened to project, catalogue, findings and breakpoints is brought into the drawing.

Gestures go the other way, through `editing`; the runs are `run_follower`'s business.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.canvas import overlays
from studio.session.events import BreakpointsChanged, CatalogueChanged, ProblemsChanged, ProjectChanged
from studio.workflow.graph import Workflow

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView

PROBLEMS_AFTER_MS: Final = 120
"""So long after the last edit the problems are asked for."""


class Following(QObject):
    """Follows the session of one canvas, on the thread of the canvas, whatever thread an event came from."""

    _heard = Signal(object)

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.problems_timer = QTimer(self)
        """Runs from an edit until the problems are asked for."""
        self.problems_timer.setSingleShot(True)
        self.problems_timer.setInterval(PROBLEMS_AFTER_MS)
        self.problems_timer.timeout.connect(self.take_problems)
        # AutoConnection: direct on this thread, queued when an engine thread speaks.
        self._heard.connect(self._on_event)
        stop = view.session.observe(self._heard.emit)
        view.destroyed.connect(partial(_call, stop))

    def begin(self, workflow: Workflow | None) -> None:
        """Brings what the session knows of a workflow that is shown from now on."""
        self._take_breakpoints()
        self._offer_templates()
        if workflow is not None:
            self.problems_timer.start()

    def take_problems(self) -> None:
        """Asks for the findings in the workflow that is shown."""
        view = self._view
        if view.workflow_id is not None and view.workflow_id in view.session.project.workflows:
            view.projector.set_problems(view.session.problems(view.workflow_id))
            view.find_bar.refresh()
            view.viewer.redraw()

    def _on_event(self, event: Any) -> None:
        view = self._view
        if isinstance(event, ProjectChanged):
            self._follow(event.after.workflows.get(view.workflow_id) if view.workflow_id else None)
            if view.breadcrumb.trail:
                view.set_trail(view.breadcrumb.trail)
        elif isinstance(event, CatalogueChanged):
            view.viewer.cancel_gesture()
            view.projector.set_catalogue(view.session.catalogue)
            self._offer_templates()
            view.viewer.redraw()
        elif isinstance(event, ProblemsChanged) and event.workflow_id == view.workflow_id:
            self.problems_timer.start()
        elif isinstance(event, BreakpointsChanged) and event.workflow_id == view.workflow_id:
            self._take_breakpoints()
            view.viewer.redraw()

    def _follow(self, workflow: Workflow | None) -> None:
        view = self._view
        viewer, projector = view.viewer, view.projector
        if workflow is projector.workflow:
            return
        if workflow is None:
            view.show_workflow(None)
            return
        view.arrangement.glide.finish()
        before = view.selection()
        difference = projector.update(workflow)
        if difference.nodes_changed or difference.edges_changed:
            viewer.structure_changed()
        if difference.nodes_changed:
            self._take_breakpoints()
        viewer.selected_notes &= {note.id for note in projector.frames.notes}
        viewer.selected_frames &= {frame.id for frame in projector.frames.shown}
        view.minimap.content_changed()
        view.find_bar.refresh()
        if view.selection() != before:
            view.selectionChanged.emit()
        viewer.redraw()

    def _take_breakpoints(self) -> None:
        view = self._view
        view.projector.breakpoints = view.session.breakpoints.of(view.workflow_id) if view.workflow_id else {}

    def _offer_templates(self) -> None:
        """On an empty canvas: list and create of the first model, list of the second."""
        models: dict[str, dict[str, overlays.Template]] = {}
        for spec in self._view.session.catalogue.specs():
            if spec.model and spec.operation in ("list", "create"):
                models.setdefault(spec.model, {})[spec.operation] = overlays.Template.of(spec)
        chosen = [
            found[name] for found in list(models.values())[:2] for name in ("list", "create") if name in found
        ]
        self._view.viewer.templates = chosen[:3]


def _call(stop: object, *_: object) -> None:
    if callable(stop):
        stop()
