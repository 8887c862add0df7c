"""What has changed since? The open project beside how it was saved or at a step of its history, and recovered edits beside what was saved."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject

from studio.kernel.ids import WorkflowId
from studio.qt.background import run_in_background
from studio.shell.deeds import WAITS_FOR_A_PERSON_MS
from studio.shell.dialogs import shown

if TYPE_CHECKING:
    from studio.panels.compare_dialog import CompareDialog
    from studio.project.comparison import Difference
    from studio.project.state import Project
    from studio.session import Session
    from studio.shell.main_window import MainWindow

_CLOSE: Final = "close"


class Comparing(QObject):
    """Opens comparisons over one window, and does what is decided there."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    # ------------------------------------------------------------ what a person asks for

    def with_saved(self, workflow_id: str = "") -> None:
        """The project, or one workflow, beside how it was saved."""
        session = self._window.session
        saved = session.saved if session is not None else None
        if session is None or saved is None:
            self._window.tell(self.tr("How it was saved is not known any more."))
        elif workflow_id and workflow_id not in saved.workflows:
            self._window.tell(self.tr("This workflow has never been saved."))
        else:
            self._start(self._with_saved(session, saved, WorkflowId(workflow_id)))

    def with_step(self, position: int) -> None:
        """The project after so many steps of its history, beside the present."""
        session = self._window.session
        if session is not None:
            self._start(self._with_step(session, position))

    def _start(self, asking: Coroutine[Any, Any, None]) -> None:
        run_in_background(self._window, asking, busy_after_ms=WAITS_FOR_A_PERSON_MS)

    # ------------------------------------------------------------ asking

    async def _with_saved(self, session: Session, saved: Project, workflow_id: WorkflowId) -> None:
        from studio.project.comparison import compare_projects, compare_workflows
        from studio.project.project_changes import PutWorkflow

        now = session.project
        if workflow_id:
            before, after = saved.workflows[workflow_id], now.workflow(workflow_id)
            found, title = compare_workflows(before, after), after.name
        else:
            found, title = compare_projects(saved, now), now.name
        dialog = self._dialog(
            self.tr("{name}: since it was saved").format(name=title),
            self.tr("Saved"),
            self.tr("Now"),
            found,
            [("restore", self.tr("Restore what was saved"), "danger")] if workflow_id and found else [],
            workflow=workflow_id,
        )
        await shown(dialog)
        if dialog.answer == "restore" and session is self._window.session:
            with session.group("Restore workflow"):
                session.edit(PutWorkflow(workflow=saved.workflows[workflow_id]))
            self._window.tell(
                self.tr("“{name}” is as it was saved. Undo takes that back.").format(name=title)
            )

    async def _with_step(self, session: Session, position: int) -> None:
        from studio.project.comparison import compare_projects

        history = session.history
        steps = history.steps
        name = steps[position - 1].text if position else self.tr("Beginning")
        found = compare_projects(history.at(position), session.project)
        dialog = self._dialog(
            self.tr("The project since “{step}”").format(step=name),
            self.tr("After “{step}”").format(step=name),
            self.tr("Now"),
            found,
            [("restore", self.tr("Go back to it"), "accept")] if found else [],
        )
        await shown(dialog)
        if dialog.answer == "restore" and session is self._window.session and history.steps == steps:
            history.go_to(position)

    async def ask_recovered(self, saved: Project, recovered: Project) -> str:
        """Shows what unsaved edits would change; gives `restore`, `discard` or `back`."""
        from studio.project.comparison import compare_projects

        dialog = self._dialog(
            self.tr("{name}: recovered changes").format(name=saved.name),
            self.tr("Saved"),
            self.tr("Recovered"),
            compare_projects(saved, recovered),
            [("restore", self.tr("Restore"), "accept"), ("discard", self.tr("Discard"), "danger")],
            back=self.tr("Back"),
            can_show=False,
        )
        await shown(dialog)
        return "back" if dialog.answer == _CLOSE else dialog.answer

    def _dialog(
        self,
        title: str,
        before: str,
        after: str,
        differences: tuple[Difference, ...],
        answers: list[tuple[str, str, str]],
        *,
        back: str = "",
        workflow: str = "",
        can_show: bool = True,
    ) -> CompareDialog:
        from studio.panels.compare_dialog import CompareDialog

        window = self._window
        dialog = CompareDialog(
            window.theme,
            window,
            title=title,
            before=before,
            after=after,
            differences=differences,
            answers=[*answers, (_CLOSE, back or self.tr("Close"), "reject")],
            workflow=workflow,
            can_show=can_show,
        )
        dialog.placeRequested.connect(self._show_place)
        return dialog

    def _show_place(self, workflow_id: str, node_id: str) -> None:
        self._window.navigation.show_problem(workflow_id, node_id, "")
