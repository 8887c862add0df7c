"""How long does the window say that a workflow with errors was not run? Until they are mended or undone, or something else is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.kernel.errors import BuildError
from studio.kernel.problems import Severity

if TYPE_CHECKING:
    from studio.kernel.ids import WorkflowId
    from studio.qt.messages import Message
    from studio.shell.main_window import MainWindow


class Refusal:
    """What one window has told of the run that was refused last."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._workflow_id: WorkflowId | None = None
        self._message: Message | None = None

    def told(self, error: Any) -> None:
        """The StudioError for which a run did not start stands in the message bar. What edits do not mend stays there."""
        from studio.panels.base import problems_of

        window = self._window
        session, workflow_id = window.session, window.pages.tabs.workflow_id
        self._message = None
        if not isinstance(error, BuildError) or session is None or workflow_id is None:
            return
        if any(problem.severity is Severity.ERROR for problem in problems_of(session, workflow_id)):
            self._workflow_id, self._message = workflow_id, window.message_bar.message

    def take_back(self, errors: int) -> None:
        """The workflow that is shown has so many errors now."""
        message, bar = self._message, self._window.message_bar
        if errors or message is None or self._workflow_id != self._window.pages.tabs.workflow_id:
            return
        self._message = None
        if bar.message is message:
            bar.hide()
