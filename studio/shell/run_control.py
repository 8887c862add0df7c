"""How is a workflow run from the window? Asking for inputs and trust, starting, stopping, and showing what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.kernel.errors import BuildError, StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.qt.theme import Theme
from studio.shell.dialogs import Choice, ask, shown

if TYPE_CHECKING:
    from studio.session import RunHandle, Session
    from studio.shell.tenant_control import TenantControl
    from studio.workflow.graph import Workflow

_TICK_MS: Final = 200
_STOP_TIMEOUT_S: Final = 5.0


class RunControl(QObject):
    """Runs workflows of one session, one at a time."""

    started = Signal(object)
    """A RunHandle."""
    finished = Signal(object)
    refused = Signal(object)
    """The StudioError for which a run did not start."""
    paused = Signal(object)
    """A RunHandle that waits before a node."""
    resumed = Signal(object)
    """One that waits no longer."""
    ticked = Signal(object)
    stopping = Signal(object)
    """The RunHandle, a few times a second while it goes on."""

    def __init__(self, theme: Theme, tenants: TenantControl, parent: QWidget) -> None:
        super().__init__(parent)
        self._tenants = tenants
        self._window = parent
        self._theme = theme
        self._session: Session | None = None
        self._handle: RunHandle | None = None
        self._is_running = False
        self._given: dict[WorkflowId, dict[str, Any]] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)

    @property
    def is_running(self) -> bool:
        """From the start of a run until the window has heard of its end."""
        return self._is_running

    @property
    def is_paused(self) -> bool:
        """Whether it waits before a node."""
        return self._is_running and self._handle is not None and self._handle.pause is not None

    @property
    def handle(self) -> RunHandle | None:
        """The latest run."""
        return self._handle

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme

    def set_session(self, session: Session | None) -> None:
        self._session = session
        self._handle = None
        self._is_running = False
        self._given = {}
        self._timer.stop()

    async def start(
        self,
        workflow_id: WorkflowId,
        *,
        mode: str = "auto",
        until: NodeId | None = None,
        start: NodeId | None = None,
        inputs: Mapping[str, Any] | None = None,
        step: bool = False,
    ) -> RunHandle | None:
        """Starts a run, after asking for what it needs unless `inputs` are given; None when a person thought better of it or it was refused.

        With `step` it waits before its first node.
        """
        session = self._session
        if session is None or self.is_running:
            return None
        workflow = session.project.workflow(workflow_id)
        if not await self._is_trusted(session, workflow):
            return None
        if not await self._tenants.is_known_for(session, session.models_by_tenant(workflow_id)):
            return None
        if inputs is None:
            inputs = await self._inputs(workflow)
        if inputs is None or session is not self._session or self.is_running:
            return None
        try:
            return session.start_run(
                workflow_id,
                inputs=inputs,
                mode=mode,
                until=until,
                start=start,
                record_changes=True,
                step=step,
            )
        except StudioError as error:
            self.refused.emit(error)
            return None

    def stop(self) -> None:
        """Asks the run to stop; `finished` tells when it has."""
        if self._handle is not None and not self._handle.is_finished:
            self._handle.cancel()
            self.stopping.emit(self._handle)

    async def may_leave(self) -> bool:
        """Asks about a run that is under way, then stops it; False when a person wants to keep it. One that ends meanwhile needs no answer."""
        handle = self._handle
        if handle is None or handle.is_finished:
            return True
        asking = asyncio.ensure_future(self._ask_to_stop(handle))
        ending = asyncio.ensure_future(handle.finished())
        try:
            await asyncio.wait((asking, ending), return_when=asyncio.FIRST_COMPLETED)
            if not ending.done():
                if not asking.result():
                    return False
                handle.cancel()
                # A driver that does not let go must not keep the window: whoever closes the session waits for the rest.
                await asyncio.wait((ending,), timeout=_STOP_TIMEOUT_S)
            return True
        finally:
            for task in (asking, ending):
                task.cancel()

    async def _ask_to_stop(self, handle: RunHandle) -> bool:
        session = self._session
        workflow = session.project.workflows.get(handle.workflow_id) if session is not None else None
        name = workflow.name if workflow is not None else ""
        told = (
            self.tr("The run of “{}” waits at a breakpoint.")
            if handle.pause is not None
            else self.tr("“{}” is still running.")
        )
        kept = (
            self.tr("Stopped now, it stops at the database as well. What its nodes have committed stays.")
            if handle.mode == "auto"
            else self.tr("Stopped now, everything it has changed is rolled back.")
        )
        answer = await ask(
            self._window,
            self.tr("Run under way"),
            told.format(name),
            [
                Choice("keep", self.tr("Keep running"), "reject"),
                Choice("stop", self.tr("Stop and close"), "danger"),
            ],
            detail=kept,
        )
        return answer == "stop"

    def go_on(self) -> None:
        """Lets the run that waits go on."""
        if self._handle is not None:
            self._handle.go_on()

    def step(self) -> None:
        """Lets the node start before which the run waits."""
        if self._handle is not None:
            self._handle.step()

    def run_started(self, handle: RunHandle) -> None:
        """The session has started a run, for whomever."""
        self._handle = handle
        self._is_running = True
        self._timer.start()
        self.started.emit(handle)

    def run_finished(self, handle: RunHandle) -> None:
        if handle is self._handle:
            self._is_running = False
            self._timer.stop()
        self.finished.emit(handle)

    def _tick(self) -> None:
        if self._handle is not None:
            self.ticked.emit(self._handle)

    async def _is_trusted(self, session: Session, workflow: Workflow) -> bool:
        if session.trusted or not needs_trust(session, workflow):
            return True
        answer = await ask(
            self._window,
            self.tr("Run Python code?"),
            self.tr("“{}” contains Python nodes.").format(workflow.name),
            [
                Choice("trust", self.tr("Trust this project and run"), "accept"),
                Choice("cancel", self.tr("Cancel"), "reject"),
            ],
            detail=self.tr(
                "Python code can read and change anything that you can. Run it only when you know where this project comes from."
            ),
        )
        if answer != "trust":
            return False
        session.trust()
        return True

    async def _inputs(self, workflow: Workflow) -> Mapping[str, Any] | None:
        """What the run is given; None when the dialog was cancelled. Asks only when a required input has no value."""
        known = self._given.get(workflow.id, {})
        missing = [
            given
            for given in workflow.inputs
            if given.required and given.default is None and given.name not in known
        ]
        if not missing:
            names = {given.name for given in workflow.inputs}
            return {name: value for name, value in known.items() if name in names}
        from studio.shell.inputs_dialog import InputsDialog

        dialog = InputsDialog(workflow.name, workflow.inputs, known, self._theme, self._window)
        if await shown(dialog) != QDialog.DialogCode.Accepted:
            return None
        self._given[workflow.id] = dialog.values
        return dialog.values


def needs_trust(session: Session, workflow: Workflow) -> bool:
    """Whether one of the workflow's nodes runs code of the project's own."""
    from studio.workflow.references import spec_for

    catalogue = session.catalogue
    return any(
        (spec := spec_for(node, catalogue)) is not None and spec.needs_trust
        for node in workflow.nodes.values()
        if not node.disabled
    )


def node_to_show(session: Session, handle: RunHandle) -> NodeId | None:
    """The node whose result is wanted first: one that failed, else an Output node, else the last one with rows."""
    workflow = session.project.workflows.get(handle.workflow_id)
    if workflow is None:
        return None
    _, views = handle.nodes_since(0)
    by_id = {view.node_id: view for view in views}
    order = [node_id for node_id in workflow.order() if node_id in by_id]
    failed = [node_id for node_id in order if by_id[node_id].state == "failed"]
    if failed:
        return failed[0]
    done = [node_id for node_id in order if by_id[node_id].state == "succeeded"]
    outputs = [node_id for node_id in done if workflow.nodes[node_id].type == "Output"]
    with_rows = [node_id for node_id in done if by_id[node_id].rows]
    ranked = outputs[-1:] or with_rows[-1:] or done[-1:]
    return ranked[0] if ranked else None


def summary(handle: RunHandle, *, is_stopping: bool = False) -> str:
    """A run in one sentence, for the status bar; `is_stopping`: it has just been asked to stop, and may have done so already."""
    seconds = handle.duration_ms / 1000
    took = f"{handle.duration_ms:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
    _, views = handle.nodes_since(0)
    done = sum(view.state == "succeeded" for view in views)
    if is_stopping or handle.is_stopping:
        return f"Stopping… {done} of {len(views)} nodes are done · {took}"
    if handle.state == "running":
        return f"Running… {done} of {len(views)} nodes · {took}"
    if handle.state == "succeeded":
        noun = "node" if done == 1 else "nodes"
        reused = sum(view.origin != "" for view in views)
        kept = f", {reused} not run again" if reused else ""
        changed = f" · {handle.changes.totals}" if handle.changes is not None and handle.changes.total else ""
        return f"Run succeeded: {done} {noun}{kept} in {took}{changed}"
    if handle.state == "cancelled":
        return f"Run stopped after {took}{_left(handle)}"
    reason = (
        handle.error.message if handle.error is not None and not isinstance(handle.error, BuildError) else ""
    )
    return f"Run failed after {took}" + (f": {reason}" if reason else "")


def _left(handle: RunHandle) -> str:
    """What a run that was stopped has left behind."""
    if handle.mode != "auto":
        return "; rolled back, nothing was saved"
    if handle.changes is not None and handle.changes.total:
        return f"; what its nodes had committed stays: {handle.changes.totals}"
    return ""
