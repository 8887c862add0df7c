"""What is in the middle of the window? A tab for each open workflow, each with a canvas of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QTabBar, QTabWidget, QToolButton, QWidget

from studio.canvas import CanvasView
from studio.kernel.ids import WorkflowId
from studio.project.state import Project
from studio.qt.icons import icon
from studio.qt.theme import Theme
from studio.workflow.graph import Workflow

if TYPE_CHECKING:
    from studio.session import Session


class WorkflowTabs(QTabWidget):
    """The open workflows of a session. Invariant: one tab a workflow, and none for a workflow that the project lacks."""

    currentWorkflowChanged = Signal(object)
    """The id of the workflow that is shown now, or None."""
    newRequested = Signal()
    canvasMade = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("workflowTabs")
        self.setDocumentMode(True)
        self.setMovable(True)
        self.setTabsClosable(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self._theme = theme
        self._session: Session | None = None
        self._saved: Mapping[WorkflowId, Workflow] = {}
        self._is_filling = False
        new = self._new_button = QToolButton()
        new.setObjectName("newWorkflowButton")
        new.setIcon(icon("ph.plus", theme, "text_muted"))
        new.setToolTip(self.tr("New workflow  (Ctrl+T)"))
        new.setAutoRaise(True)
        new.clicked.connect(self.newRequested)
        self.setCornerWidget(new, Qt.Corner.TopRightCorner)
        self.tabCloseRequested.connect(self.close_at)
        self.currentChanged.connect(self._tell_current)
        # Queued: the tab that was clicked is shown after it says so.
        self.tabBarClicked.connect(self._enter_canvas, Qt.ConnectionType.QueuedConnection)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self._new_button.setIcon(icon("ph.plus", theme, "text_muted"))
        for canvas in self.canvases:
            canvas.set_theme(theme)

    # ------------------------------------------------------------ the session

    def set_session(self, session: Session | None) -> None:
        """Closes all tabs and opens one for each workflow of the session."""
        self._is_filling = True
        while self.count():
            self.close_at(0)
        self._session = session
        if session is not None:
            self._saved = dict(session.project.workflows)
            for workflow_id in session.project.workflows:
                self._add(workflow_id)
        self.setCurrentIndex(0)
        self._is_filling = False
        self._tell_current()

    def follow(self, before: Project, after: Project) -> None:
        """Brings the tabs in line with an edit: new workflows open, removed ones close, names and marks follow."""
        if before.workflows is after.workflows:
            return
        for workflow_id in before.workflows:
            if workflow_id not in after.workflows and (index := self.index_of(workflow_id)) is not None:
                self.close_at(index)
        for workflow_id in after.workflows:
            if workflow_id not in before.workflows:
                self.open(workflow_id)
        self._retitle(after)

    def mark_saved(self) -> None:
        """What is in the project now is what is saved."""
        if self._session is not None:
            self._saved = dict(self._session.project.workflows)
            self._retitle(self._session.project)

    # ------------------------------------------------------------ tabs

    @property
    def canvas(self) -> CanvasView | None:
        """The canvas that is shown."""
        current = self.currentWidget()
        return current if isinstance(current, CanvasView) else None

    @property
    def canvases(self) -> list[CanvasView]:
        found: list[Any] = [self.widget(index) for index in range(self.count())]
        return [canvas for canvas in found if isinstance(canvas, CanvasView)]

    @property
    def workflow_id(self) -> WorkflowId | None:
        canvas = self.canvas
        return canvas.workflow_id if canvas is not None else None

    def index_of(self, workflow_id: WorkflowId) -> int | None:
        for index, canvas in enumerate(self.canvases):
            if canvas.workflow_id == workflow_id:
                return index
        return None

    def open(self, workflow_id: WorkflowId) -> CanvasView | None:
        """Shows a workflow, in its tab or a new one; None when the project has no such workflow."""
        if self._session is None or workflow_id not in self._session.project.workflows:
            return None
        index = self.index_of(workflow_id)
        if index is None:
            index = self._add(workflow_id)
        self.setCurrentIndex(index)
        return self.canvas

    def close_at(self, index: int) -> None:
        """Closes a tab; the workflow stays in the project."""
        canvas = self.widget(index)
        self.removeTab(index)
        if canvas is not None:
            canvas.deleteLater()

    def step(self, step: int) -> None:
        if self.count():
            self.setCurrentIndex((self.currentIndex() + step) % self.count())

    def _add(self, workflow_id: WorkflowId) -> int:
        assert self._session is not None
        canvas = CanvasView(self._session, self._theme, self)
        workflow = self._session.project.workflow(workflow_id)
        index = self.addTab(canvas, workflow.name)
        canvas.show_workflow(workflow_id)
        self._style_close_button(index)
        self.canvasMade.emit(canvas)
        self._retitle(self._session.project)
        return index

    def _style_close_button(self, index: int) -> None:
        button = self.tabBar().tabButton(index, QTabBar.ButtonPosition.RightSide)
        if button is not None:
            button.setToolTip(self.tr("Close tab  (Ctrl+W)"))

    def _retitle(self, project: Project) -> None:
        for index, canvas in enumerate(self.canvases):
            workflow = project.workflows.get(canvas.workflow_id) if canvas.workflow_id else None
            if workflow is None:
                continue
            mark = "" if self._saved.get(workflow.id) == workflow else " •"
            text = workflow.name.replace("&", "&&") + mark
            if self.tabText(index) != text:
                self.setTabText(index, text)
                self.setTabToolTip(index, workflow.description or workflow.name)

    def _enter_canvas(self, _index: int) -> None:
        if self.canvas is not None:
            self.canvas.setFocus(Qt.FocusReason.MouseFocusReason)

    def _tell_current(self, *_: object) -> None:
        if self._is_filling:
            return
        self.currentWorkflowChanged.emit(self.workflow_id)
