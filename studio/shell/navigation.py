"""How does one part of the window lead to another? A problem to its node, a node to its params or its rows, a run to its canvas."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QPointF, Qt, QTimer

from studio.kernel.errors import BuildError, RunError, StudioError
from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.kernel.problems import Severity
from studio.qt.background import run_in_background
from studio.qt.messages import Message, message_of
from studio.qt.turns import Turns
from studio.shell.deeds import WAITS_FOR_A_PERSON_MS
from studio.shell.refusal import Refusal
from studio.shell.run_control import node_to_show, summary

if TYPE_CHECKING:
    from studio.canvas import CanvasView
    from studio.panels.data_page import DataPage
    from studio.session import RunHandle
    from studio.shell.main_window import MainWindow

_NEW_NODE_GAP: Final = 300.0
_ROLLED_BACK: Final = ("atomic", "review")
_STALE_MS: Final = 120
"""After an edit; several in a row are judged together."""


class Navigation(QObject):
    """Carries requests between canvas, panels and runs of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._shown_run: RunHandle | None = None
        self._turns = Turns(self)
        """The panels that have not heard yet of the run that is shown."""
        self._problems = (0, 0)
        self._refusal = Refusal(window)
        self._selection_timer = QTimer(self)
        self._selection_timer.setSingleShot(True)
        self._selection_timer.setInterval(0)
        self._selection_timer.timeout.connect(self.follow_selection)
        self._stale_timer = QTimer(self)
        self._stale_timer.setSingleShot(True)
        self._stale_timer.setInterval(_STALE_MS)
        self._stale_timer.timeout.connect(self._mark_stale)
        self._connect()

    def _connect(self) -> None:
        window, panels, tabs = self._window, self._window.panels, self._window.pages.tabs
        tabs.canvasMade.connect(self._on_canvas_made)
        tabs.currentWorkflowChanged.connect(self._on_workflow_shown)
        panels.models.nodeRequested.connect(self.add_node)
        panels.models.browseRequested.connect(self.browse)
        panels.outline.nodeSelected.connect(self.show_node)
        panels.outline.fieldRequested.connect(self.edit_field)
        panels.outline.outputRequested.connect(self.show_output)
        panels.outline.breakpointRequested.connect(window.breakpoints.change)
        panels.inspector.breakpointRequested.connect(window.breakpoints.change)
        panels.workflows.workflowOpened.connect(self.show_workflow)
        panels.workflows.templateInserted.connect(self.insert_template)
        panels.workflows.runsRequested.connect(self.show_runs)
        panels.workflows.starsChanged.connect(window.stars.change)
        panels.workflows.compareRequested.connect(window.comparing.with_saved)
        panels.history.compareRequested.connect(window.comparing.with_step)
        panels.inspector.nodeSelected.connect(self.show_node)
        panels.inspector.runToRequested.connect(self._run_to)
        self._connect_data(panels.inspector.data)
        panels.results.nodeActivated.connect(self.show_node)
        panels.results.runRequested.connect(self.run)
        panels.results.runToRequested.connect(self._run_to)
        panels.results.sqlRequested.connect(self._show_sql)
        panels.results.logRequested.connect(self._show_log)
        panels.results.book = window.settings
        panels.results.shown.connect(self._on_result_shown)
        panels.runs.runOpened.connect(self.show_run)
        panels.runs.againRequested.connect(self.run_again)
        panels.runs.deleteRequested.connect(self.delete_runs)
        panels.runs.retentionRequested.connect(window.commands.action("settings").trigger)
        panels.changes.nodeActivated.connect(self.show_node)
        panels.changes.runRequested.connect(self.run)
        panels.changes.countChanged.connect(self._on_change_count)
        panels.problems.problemActivated.connect(self.show_problem)
        panels.problems.countChanged.connect(self._on_problem_count)
        panels.log.nodeActivated.connect(self.show_node)
        panels.log.fileRequested.connect(window.commands.action("open_log").trigger)
        panels.lineage.useActivated.connect(self.show_problem)
        panels.models.usageRequested.connect(self.show_usage)
        panels.inspector.usageRequested.connect(self.show_usage)
        window.runs.started.connect(self._on_run_started)
        window.runs.finished.connect(self._on_run_finished)
        window.runs.refused.connect(self._on_run_refused)
        window.runs.ticked.connect(self._on_run_tick)
        window.runs.stopping.connect(self._on_run_stopping)

    def _connect_data(self, data: DataPage) -> None:
        """What is asked for where a node's rows are looked at in the inspector."""
        data.outputRequested.connect(self.show_output)
        data.runRequested.connect(self.run)
        data.sqlRequested.connect(self._show_sql)
        data.logRequested.connect(self._show_log)
        data.exportRequested.connect(self._window.panels.results.export_rows)
        data.linkFollowed.connect(self.browse)

    def forget_run(self) -> None:
        """Another project is shown: no run is."""
        self._turns.forget()
        self._shown_run = None

    # ------------------------------------------------------------ workflows and nodes

    def show_workflow(self, workflow_id: str) -> CanvasView | None:
        canvas = self._window.pages.tabs.open(WorkflowId(workflow_id))
        self._window.pages.show_for(has_project=self._window.session is not None)
        return canvas

    def show_node(self, node_id: str) -> None:
        """Selects a node of the workflow that is shown and brings it into view; for one within it, the node that runs it."""
        canvas = self._window.pages.tabs.canvas
        if canvas is not None:
            known = canvas.workflow.node_around(node_id) if canvas.workflow is not None else None
            canvas.select([known or NodeId(node_id)])
            canvas.reveal(known or NodeId(node_id))

    def add_node(self, type_name: str) -> None:
        """Adds a node beside the selection, or to the right of the others."""
        window = self._window
        canvas = window.pages.tabs.canvas
        if window.session is None or canvas is None or canvas.workflow_id is None:
            window.tell(self.tr("Open a workflow first, or begin a new one with Ctrl+T."))
            return
        workflow = window.session.project.workflow(canvas.workflow_id)
        beside = [workflow.places[key] for key in canvas.selection() if key in workflow.places]
        last = max(beside or workflow.places.values(), key=lambda place: place.x, default=None)
        x, y = (last.x + _NEW_NODE_GAP, last.y) if last is not None else (0.0, 0.0)
        try:
            node_id = window.session.add_node(canvas.workflow_id, type_name, x=x, y=y)
        except StudioError as error:
            window.show_error(error)
            return
        self.show_node(node_id)

    def insert_template(self, template_id: str) -> None:
        """Adds what a template holds in the middle of the canvas, selected."""
        canvas = self._window.pages.tabs.canvas
        if canvas is None:
            self._window.tell(self.tr("Open a workflow first, or begin one from the template."))
            return
        viewport = canvas.viewer.viewport()
        middle = canvas.viewer.mapToScene(QPointF(viewport.rect().center()))
        canvas.clipboard.insert_template(WorkflowId(template_id), middle, is_middle=True)
        canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def save_template(self) -> None:
        """Keeps what is selected, or the whole workflow, as a template; its name can be typed at once."""
        canvas, panels = self._window.pages.tabs.canvas, self._window.panels
        kept = canvas.clipboard.keep_template() if canvas is not None else None
        if kept is not None:
            self._window.docks.reveal("workflows")
            panels.workflows.edit_name(kept)

    def show_runs(self, workflow_id: str) -> None:
        """Shows the runs of one workflow."""
        self.show_workflow(workflow_id)
        self._window.panels.runs.show_only(workflow_id)
        self._window.docks.enter("runs")

    def follow_selection(self) -> None:
        """Brings the inspector in line with what is selected on the canvas."""
        canvas = self._window.pages.tabs.canvas
        if canvas is None:
            self._window.panels.inspector.show_nodes(None, [])
        else:
            self._window.panels.inspector.show_nodes(canvas.workflow_id, canvas.selection())
            self._window.panels.outline.show_selection(canvas.selection())
        self._window.refresh()

    @property
    def shown_run(self) -> RunHandle | None:
        """The run that canvas and panels show."""
        return self._shown_run

    def follow_trail(self, workflow_id: str, trail: Any, node_id: str) -> None:
        """Shows a workflow with the way that led to it, and selects the node that one came back by."""
        canvas = self.show_workflow(workflow_id)
        if canvas is None:
            return
        canvas.set_trail(trail)
        if node_id:
            canvas.select([NodeId(node_id)])
            canvas.reveal(NodeId(node_id))
        canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_canvas_made(self, canvas: Any) -> None:
        window = self._window
        window.preferences.apply_to(canvas)
        canvas.selectionChanged.connect(self._selection_timer.start)
        canvas.nodeActivated.connect(self._edit_node)
        canvas.resultsRequested.connect(self.show_output)
        canvas.message.connect(window.tell)
        canvas.breakpointRequested.connect(window.breakpoints.change)
        canvas.workflowRequested.connect(self.follow_trail)
        canvas.zoomChanged.connect(self._on_zoomed)
        canvas.minimapToggled.connect(window.refresh)
        canvas.palette_popup.elsewhere.connect(window.finder.open_with)
        canvas.offer_for_nodes([window.commands.action(name) for name in ("run_to_here", "run_from_here")])
        if self._shown_run is not None and self._shown_run.workflow_id == canvas.workflow_id:
            canvas.set_run(self._shown_run)
        window.pauses.mark()

    def _on_zoomed(self, _zoom: float) -> None:
        """Only the zoom of the canvas in front is told; others fit themselves behind it."""
        canvas = self._window.pages.tabs.canvas
        self._window.status.set_zoom(canvas.zoom() if canvas is not None else None)

    def _on_workflow_shown(self, workflow_id: Any) -> None:
        window = self._window
        window.panels.workflows.set_current(workflow_id)
        window.panels.problems.set_workflow(workflow_id)
        window.panels.runs.set_workflow(workflow_id)
        window.panels.outline.set_workflow(workflow_id)
        canvas = window.pages.tabs.canvas
        window.panels.outline.set_board(canvas.by_name if canvas is not None else None)
        window.pages.show_for(has_project=window.session is not None)
        window.status.set_problems(self._problems if workflow_id is not None else None)
        self.follow_selection()

    def _edit_node(self, node_id: str) -> None:
        window = self._window
        window.docks.reveal("inspector")
        canvas = window.pages.tabs.canvas
        if canvas is not None:
            window.panels.inspector.show_nodes(canvas.workflow_id, [NodeId(node_id)])
        window.panels.inspector.setFocus(Qt.FocusReason.OtherFocusReason)

    def edit_field(self, node_id: str, field: str) -> None:
        """Leads to the editor of a param, or of the node's first."""
        self._edit_node(node_id)
        if field:
            self._window.panels.inspector.focus_field(field)

    def show_problem(self, workflow_id: str, node_id: str, field: str) -> None:
        """Leads to a node and the editor of one of its params."""
        window = self._window
        canvas = self.show_workflow(workflow_id) if workflow_id else window.pages.tabs.canvas
        if canvas is None or not node_id:
            return
        self.show_node(node_id)
        window.docks.reveal("inspector")
        window.panels.inspector.show_nodes(canvas.workflow_id, [NodeId(node_id)])
        if field:
            window.panels.inspector.focus_field(field)

    def show_usage(self, field: str) -> None:
        """Shows which nodes touch a field, named as `User.email`."""
        self._window.panels.lineage.show_field(field)
        self._window.docks.enter("lineage")

    def _on_problem_count(self, errors: int, warnings: int) -> None:
        window = self._window
        self._problems = (errors, warnings)
        count = errors + warnings
        title = self.tr("Problems {}").format(count) if count else self.tr("Problems")
        window.docks.set_title("problems", title)
        window.status.set_problems(self._problems if window.pages.tabs.canvas is not None else None)
        self._refusal.take_back(errors)

    # ------------------------------------------------------------ results and runs

    def show_output(self, node_id: str, port: str = "") -> None:
        self.finish_showing()
        self._window.panels.results.show_output(node_id, port)
        self._window.docks.reveal("results")

    def browse(self, model_id: str, filter: Mapping[str, Any] | None = None) -> None:
        """Shows the records of a model, or those that a filter matches."""
        self._window.panels.results.show_model(model_id, filter)
        self._window.docks.reveal("results")

    def _show_sql(self, node_id: str) -> None:
        self._edit_node(node_id)
        self._window.panels.inspector.show_sql()

    def _on_result_shown(self, result: bool, rows: bool) -> None:
        self._window.commands.set_conditions(result=result, rows=rows)

    def _show_log(self) -> None:
        self._window.docks.enter("log")

    def run(
        self,
        *,
        mode: str | None = None,
        until: NodeId | None = None,
        start: NodeId | None = None,
        step: bool = False,
    ) -> None:
        """Runs the workflow that is shown; without a mode as the settings say. With `step` it waits before the first node."""
        workflow_id = self._window.pages.tabs.workflow_id
        if workflow_id is not None:
            chosen = mode or self._window.settings.mode
            started = self._window.runs.start(workflow_id, mode=chosen, until=until, start=start, step=step)
            run_in_background(self._window, started, busy_after_ms=WAITS_FOR_A_PERSON_MS)

    def delete_runs(self, run_ids: Any) -> None:
        """Asks, and then removes runs from the history."""
        run_in_background(self._window, self._delete_runs(list(run_ids)), busy_after_ms=WAITS_FOR_A_PERSON_MS)

    async def _delete_runs(self, run_ids: list[RunId]) -> None:
        from studio.shell.dialogs import Choice, ask

        window, session, count = self._window, self._window.session, len(run_ids)
        if session is None:
            return
        asked = self.tr("Delete this run?") if count == 1 else self.tr("Delete {n} runs?").format(n=count)
        choices = [
            Choice("cancel", self.tr("Cancel"), "reject"),
            Choice("delete", self.tr("Delete"), "danger"),
        ]
        detail = self.tr("Its rows and errors go from the history for good. What it changed stays.")
        if await ask(window, self.tr("Delete runs"), asked, choices, detail=detail) == "delete":
            await session.forget_runs(run_ids)
            window.panels.runs.refresh()

    def run_again(self, earlier: Any) -> None:
        """Runs a workflow as it was run before: with the same inputs, in the same mode, to and from the same nodes."""
        window = self._window
        if window.session is None or earlier.workflow_id not in window.session.project.workflows:
            window.tell(self.tr("The workflow of this run is not in the project any more."))
            return
        self.show_workflow(earlier.workflow_id)
        started = window.runs.start(
            earlier.workflow_id,
            mode=earlier.mode,
            until=earlier.until,
            start=earlier.start,
            inputs=earlier.inputs,
        )
        run_in_background(window, started, busy_after_ms=WAITS_FOR_A_PERSON_MS)

    def _run_to(self, node_id: str) -> None:
        self.run(until=NodeId(node_id))

    def show_run(self, handle: Any) -> None:
        """Shows a run, one that goes on or an old one, on its canvas and in Results."""
        self._begin_to_show(handle)
        self.finish_showing()

    def finish_showing(self) -> None:
        """Every panel has heard of the run that is shown when this returns: one of them is to be asked about it."""
        self._turns.finish()

    def _begin_to_show(self, handle: RunHandle) -> None:
        """Shows it on its canvas, and then in one panel after the other."""
        self.finish_showing()
        self._shown_run = handle
        panels = self._window.panels
        # A run that begins is told to all of them: each in a turn of its own, else the window would stand still.
        self._turns.do(
            partial(self._show_on_canvas, handle),
            partial(panels.results.set_run, handle),
            partial(panels.inspector.set_run, handle),
            partial(panels.changes.set_run, handle),
            partial(panels.outline.set_run, handle),
            self._mark_run,
        )

    def _show_on_canvas(self, handle: RunHandle) -> None:
        for canvas in self._window.pages.tabs.canvases:
            if canvas.workflow_id == handle.workflow_id:
                canvas.set_run(handle)

    def _mark_run(self) -> None:
        self._window.pauses.mark()
        self._mark_stale()
        self._window.docks.reveal("results")

    def edited(self) -> None:
        """The project has changed: results may not hold any more."""
        self._stale_timer.start()

    def _mark_stale(self) -> None:
        window, session = self._window, self._window.session
        if session is None:
            return
        for canvas in window.pages.tabs.canvases:
            if (handle := canvas.runs.handle) is not None:
                canvas.runs.show_stale(session.outdated_nodes(handle))
        if (shown := self._shown_run) is not None:
            window.panels.outline.show_stale(session.outdated_nodes(shown))

    def _on_run_started(self, handle: Any) -> None:
        self._window.message_bar.hide()
        self._window.toolbar.show_running(running=True)
        self._window.refresh()
        self._begin_to_show(handle)
        self._turns.do(partial(self._tell_lasting, handle))

    def _tell_lasting(self, handle: RunHandle) -> None:
        """Says of a run that may be rolled back what no rollback takes back."""
        from studio.panels.base import problems_of
        from studio.workflow.outside_checks import NOT_ROLLED_BACK

        window = self._window
        if window.session is None or handle.mode not in _ROLLED_BACK:
            return
        found = [
            problem
            for problem in problems_of(window.session, handle.workflow_id)
            if problem.code == NOT_ROLLED_BACK and problem.node is not None
        ]
        if found:
            show = partial(self.show_problem, handle.workflow_id, str(found[0].node), "")
            window.message_bar.tell(message_of(found[0]), [(self.tr("Show it"), show)])

    def _on_change_count(self, counts: str) -> None:
        title = self.tr("Changes {}").format(counts) if counts else self.tr("Changes")
        self._window.docks.set_title("changes", title)

    def _on_run_tick(self, handle: Any) -> None:
        self._window.status.tell(self._window.pauses.text(handle) or summary(handle))

    def _on_run_stopping(self, handle: Any) -> None:
        self._window.toolbar.show_running(running=True, stopping=True)
        self._window.status.tell(summary(handle, is_stopping=True))

    def _on_run_finished(self, handle: Any) -> None:
        window = self._window
        self.finish_showing()
        window.toolbar.show_running(running=window.runs.is_running)
        window.refresh()
        self._mark_stale()
        window.status.tell(summary(handle))
        if window.session is None or self._shown_run is None or handle is not self._shown_run:
            return
        run = self._shown_run
        node_id = node_to_show(window.session, run)
        if node_id is not None:
            window.panels.results.show_output(node_id, "")
            if run.state == "failed" and not self._can_see(run.workflow_id, node_id):
                window.tell(summary(run))
        elif run.state == "failed" and run.error is not None:
            window.show_error(run.error)
        if run.mode == "dry" and run.state == "succeeded":
            self._tell_dry_run(run)
        if run.review is not None:
            window.docks.reveal("changes")

    def _can_see(self, workflow_id: WorkflowId, node_id: NodeId) -> bool:
        """Whether some of a node's card is on the canvas in front."""
        canvas = self._window.pages.tabs.canvas
        if canvas is None or canvas.workflow_id != workflow_id or canvas.workflow is None:
            return False
        known = canvas.workflow.node_around(node_id)
        camera, geometry = canvas.viewer.camera(), canvas.projector.geometry
        if known is None or known not in geometry.index:
            return False
        seen = geometry.nodes_in(camera.left, camera.top, camera.right, camera.bottom)
        return geometry.index[known] in seen

    def _tell_dry_run(self, run: RunHandle) -> None:
        window = self._window
        told = self.tr("Dry run: everything was rolled back, nothing was saved.")
        if run.changes is None or not run.changes.total:
            window.message_bar.tell(Message(what=told, severity=Severity.INFO))
            return
        what = self.tr("{told} It would have changed {counts}.").format(told=told, counts=run.changes.totals)
        window.message_bar.tell(
            Message(what=what, severity=Severity.INFO), [(self.tr("Show changes"), self._show_changes)]
        )

    def _show_changes(self) -> None:
        self._window.docks.reveal("changes")

    def _on_run_refused(self, error: Any) -> None:
        if isinstance(error, BuildError):
            self._window.docks.reveal("problems")
        if isinstance(error, RunError) and self._window.reviews.handle is not None:
            offers = [
                (self.tr("Commit"), self._window.reviews.commit),
                (self.tr("Roll back"), self._window.reviews.roll_back),
            ]
            self._window.message_bar.tell(message_of(error), offers)
            return
        self._window.show_error(error)
        self._refusal.told(error)
