"""Where does a person set breakpoints, and who remembers them? Kept with the window's settings, by the place of the project, never in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog

from studio.kernel.ids import NodeId, WorkflowId
from studio.qt.background import run_in_background
from studio.shell.deeds import WAITS_FOR_A_PERSON_MS
from studio.shell.dialogs import shown

if TYPE_CHECKING:
    from studio.session import Session
    from studio.shell.main_window import MainWindow


class BreakpointControl(QObject):
    """The breakpoints of the session that a window shows."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def take_up(self, session: Session | None) -> None:
        """Another session is shown: its breakpoints are those that were set in its project before."""
        if session is None or session.location is None or session.breakpoints.all():
            return
        known = self._window.settings.breakpoints.get(session.location, ())
        session.breakpoints.restore((WorkflowId(home), NodeId(node), text) for home, node, text in known)

    def keep(self) -> None:
        """Remembers the breakpoints for where the project lies now."""
        session, settings = self._window.session, self._window.settings
        if session is None or session.location is None:
            return
        before = settings.breakpoints
        here: list[tuple[str, str, str]] = list(session.breakpoints.all())
        places = {**before, session.location: here}
        kept = {place: entries for place, entries in places.items() if entries}
        if kept != before:
            settings.breakpoints = kept

    def change(self, node_ids: Any, with_condition: bool) -> None:
        """Sets the breakpoints of nodes (a list of ids) of the workflow that is shown, or removes them when all have one; or asks for their condition."""
        workflow_id = self._window.pages.tabs.workflow_id
        if self._window.session is None or workflow_id is None or not node_ids:
            return
        if with_condition:
            asking = self._ask(self._window.session, workflow_id, node_ids)
            run_in_background(self._window, asking, busy_after_ms=WAITS_FOR_A_PERSON_MS)
        else:
            self._toggle(self._window.session, workflow_id, node_ids)

    def clear(self) -> None:
        """Removes all of the project's."""
        session = self._window.session
        if session is None:
            return
        count = len(session.breakpoints.all())
        session.breakpoints.clear()
        self._window.tell(
            self.tr("1 breakpoint removed.")
            if count == 1
            else self.tr("{} breakpoints removed.").format(count)
        )

    def _toggle(self, session: Session, workflow_id: WorkflowId, node_ids: Sequence[NodeId]) -> None:
        book = session.breakpoints
        marked = book.of(workflow_id)
        # Of several nodes, those that lack one get it first.
        for node_id in [node_id for node_id in node_ids if node_id not in marked] or node_ids:
            book.toggle(workflow_id, node_id)

    async def _ask(self, session: Session, workflow_id: WorkflowId, node_ids: Sequence[NodeId]) -> None:
        from studio.shell.breakpoint_dialog import BreakpointDialog

        window = self._window
        dialog = BreakpointDialog(session, workflow_id, node_ids, window.theme, window)
        if await shown(dialog) != QDialog.DialogCode.Accepted or session is not window.session:
            return
        workflow = session.project.workflows.get(workflow_id)
        for node_id in node_ids:
            if workflow is not None and node_id in workflow.nodes:
                session.breakpoints.set(workflow_id, node_id, dialog.condition)
