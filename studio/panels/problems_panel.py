"""What is wrong, and where? The findings of the open project's checks and the failures of its last runs, each leading to its place."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QStackedWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.problems import Problem, Severity
from studio.panels.base import Panel, problems_of
from studio.panels.item_rows import make_list
from studio.panels.widgets import (
    EmptyState,
    EnterFilter,
    add_action,
    add_key,
    copy_text,
    item_icon,
    muted_label,
    tool_button,
)
from studio.qt.messages import message_of
from studio.session.events import CatalogueChanged, ProblemsChanged, ProjectChanged, RunFinished, RunStarted
from studio.session.remedies import Remedy, remedies

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError
    from studio.qt.theme import Theme

_WAIT_MS: Final = 120
_GLYPHS: Final = {
    Severity.ERROR: ("x-circle", "error"),
    Severity.WARNING: ("warning", "warning"),
    Severity.INFO: ("info", "running"),
}
_FIX: Final = 4
_NAMED_FIXES: Final = 100
"""Rows that say what mends them."""
_NAMED_AT_ONCE: Final = 6
"""Finding out may take a millisecond for each, and the window must not wait."""
_ROLE: Final = Qt.ItemDataRole.UserRole


class ProblemsPanel(Panel):
    """Findings of the workflow that is shown, or of all of them; failures of its last run come first."""

    problemActivated = Signal(str, str, str)
    """The workflow's id, the node's id, the field; empty where not known."""
    remedyChosen = Signal(str, str, object)
    """A workflow's id, a node's, and the Remedy."""
    countChanged = Signal(int, int)
    """Errors, warnings."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._workflow_id: WorkflowId | None = None
        self._failures: dict[WorkflowId, list[Problem]] = {}
        self._errors: dict[Problem, StudioError] = {}
        """What of the failures only the error itself knows, such as the record that is in the way."""
        self._count = (0, 0)
        self._named = 0
        self._name_timer = QTimer(self)
        self._name_timer.setSingleShot(True)
        self._name_timer.setInterval(0)
        self._name_timer.timeout.connect(self._name_fixes)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 6, 3)
        self.summary = muted_label("", self)
        bar.addWidget(self.summary)
        bar.addStretch(1)
        self.all_button = tool_button(
            "files",
            theme,
            self,
            tip=self.tr("Show the problems of all workflows"),
            text=self.tr("All workflows"),
        )
        self.all_button.setCheckable(True)
        self.all_button.clicked.connect(self.refresh)
        bar.addWidget(self.all_button)
        column.addLayout(bar)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.list = make_list(
            self._pages,
            self.tr("Problems"),
            (
                (self.tr("Node"), 130),
                (self.tr("Field"), 90),
                (self.tr("Message"), 300),
                (self.tr("What to do"), 180),
                (self.tr("Fix"), 160),
            ),
            stretch=2,
        )
        self.list.headerItem().setToolTip(
            _FIX, self.tr("A click mends it, or leads to where you do; Ctrl+. shows all that can be done")
        )
        add_key(self.list, "Ctrl+.", self.offer_fixes)
        add_key(self.list, "Ctrl+C", self._copy_current)
        self.list.itemClicked.connect(self._activate)
        self.list.customContextMenuRequested.connect(self._show_menu)
        EnterFilter(self.list, self._activate_current)
        self._pages.addWidget(self.list)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.refresh)
        self.refresh()

    # ------------------------------------------------------------ what is shown

    def set_workflow(self, workflow_id: str | None) -> None:
        """Shows the problems of this workflow; None: of all."""
        self._workflow_id = WorkflowId(workflow_id) if workflow_id else None
        self.refresh()

    @property
    def problems(self) -> list[tuple[WorkflowId, Problem]]:
        """What is shown, in order."""
        found = []
        for number in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(number)
            if item is not None:
                found.append(item.data(0, _ROLE))
        return found

    def refresh(self) -> None:
        chosen = (
            self.list.indexOfTopLevelItem(self.list.selectedItems()[0]) if self.list.selectedItems() else -1
        )
        self.list.clear()
        errors = warnings = 0
        self._named = 0
        for workflow_id, problem in self._found():
            self.list.addTopLevelItem(self._item(workflow_id, problem))
            errors += problem.severity is Severity.ERROR
            warnings += problem.severity is Severity.WARNING
        if chosen >= 0 and self.list.topLevelItemCount():
            item = self.list.topLevelItem(min(chosen, self.list.topLevelItemCount() - 1))
            if item is not None:
                self.list.setCurrentItem(item)
        self._name_fixes()
        self._show_summary(errors, warnings)
        if (errors, warnings) != self._count:
            self._count = (errors, warnings)
            self.countChanged.emit(errors, warnings)

    def _found(self) -> list[tuple[WorkflowId, Problem]]:
        session = self.session
        if session is None:
            return []
        every = self.all_button.isChecked() or self._workflow_id not in session.project.workflows
        chosen = list(session.project.workflows) if every else [self._workflow_id]
        found = []
        for workflow_id in chosen:
            if workflow_id is not None:
                found += [(workflow_id, problem) for problem in self._failures.get(workflow_id, ())]
                found += [(workflow_id, problem) for problem in problems_of(session, workflow_id)]
        order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
        return sorted(found, key=lambda pair: order.index(pair[1].severity))

    def _item(self, workflow_id: WorkflowId, problem: Problem) -> QTreeWidgetItem:
        where = self._title(workflow_id, problem.node) if problem.node else self._workflow_name(workflow_id)
        item = QTreeWidgetItem([where, problem.field or "", problem.message.splitlines()[0], problem.hint])
        glyph, token = _GLYPHS[problem.severity]
        item.setIcon(0, item_icon(glyph, self.theme, token))
        item.setData(0, _ROLE, (workflow_id, problem))
        item.setText(_FIX, self.tr("Fix…"))
        item.setForeground(_FIX, self.theme.color("accent_text"))
        for column in range(_FIX):
            item.setToolTip(column, message_of(problem).text)
        item.setData(0, Qt.ItemDataRole.AccessibleTextRole, f"{problem.severity}: {where}")
        return item

    def _name_fixes(self) -> None:
        """Writes into the next few rows what mends each best, and goes on with those below when there is time for it.

        Far down, where nobody looks, it is found out when it is asked for.
        """
        for _ in range(_NAMED_AT_ONCE):
            item = self.list.topLevelItem(self._named) if self._named < _NAMED_FIXES else None
            if item is None:
                return
            self._named += 1
            found = self._fixes(item)
            item.setText(_FIX, found[0].text if found else "")
            item.setToolTip(_FIX, "\n".join(remedy.text for remedy in found))
        self._name_timer.start()

    def _fixes(self, item: QTreeWidgetItem) -> tuple[Remedy, ...]:
        workflow_id, problem = item.data(0, _ROLE)
        if self.session is None:
            return ()
        return remedies(self.session, workflow_id, self._errors.get(problem, problem))

    def _title(self, workflow_id: WorkflowId, node_id: str) -> str:
        if self.session is None:
            return node_id
        workflow = self.session.project.workflows.get(workflow_id)
        node = workflow.nodes.get(NodeId(node_id)) if workflow else None
        return (node.title or node_id) if node else node_id

    def _workflow_name(self, workflow_id: WorkflowId) -> str:
        workflow = self.session.project.workflows.get(workflow_id) if self.session else None
        return workflow.name if workflow else ""

    def _show_summary(self, errors: int, warnings: int) -> None:
        count = self.list.topLevelItemCount()
        parts = []
        if errors:
            parts.append(self.tr("1 error") if errors == 1 else self.tr("{n} errors").format(n=errors))
        if warnings:
            parts.append(
                self.tr("1 warning") if warnings == 1 else self.tr("{n} warnings").format(n=warnings)
            )
        self.summary.setText(" · ".join(parts))
        if count:
            self._pages.setCurrentWidget(self.list)
            return
        if self.session is None:
            self.empty.show_state(self.tr("No project"), picture="check-circle")
        else:
            self.empty.show_state(
                self.tr("No problems ✓"),
                self.tr("Workflows are checked as you edit them."),
                picture="check-circle",
            )
        self._pages.setCurrentWidget(self.empty)

    # ------------------------------------------------------------ going through them

    def next_problem(self) -> None:
        """Goes to the problem after the current one, from the last to the first."""
        self._step(1)

    def previous_problem(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        count = self.list.topLevelItemCount()
        if not count:
            self.message.emit(self.tr("No problems ✓"))
            return
        chosen = self.list.selectedItems()
        number = self.list.indexOfTopLevelItem(chosen[0]) + by if chosen else (0 if by > 0 else count - 1)
        item = self.list.topLevelItem(number % count)
        if item is not None:
            self.list.setCurrentItem(item)
            self._activate(item)

    def _activate_current(self) -> None:
        for item in self.list.selectedItems():
            self._activate(item)

    def _activate(self, item: QTreeWidgetItem, column: int = 0) -> None:
        workflow_id, problem = item.data(0, _ROLE)
        found = self._fixes(item) if column == _FIX else ()
        if found:
            self._mend(workflow_id, problem, found[0])
        else:
            self.problemActivated.emit(workflow_id, problem.node or "", problem.field or "")

    def _mend(self, workflow_id: WorkflowId, problem: Problem, remedy: Remedy) -> None:
        self.remedyChosen.emit(workflow_id, problem.node or "", remedy)

    def offer_fixes(self) -> None:
        """Opens the menu of the chosen row, with all that mends it."""
        for item in self.list.selectedItems():
            self._show_menu(self.list.visualItemRect(item).center())

    def _show_menu(self, place: QPoint) -> None:
        item = self.list.itemAt(place)
        if item is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        workflow_id, problem = item.data(0, _ROLE)
        for remedy in self._fixes(item):
            text = remedy.text.replace("&", "&&")
            add_action(menu, text, partial(self._mend, workflow_id, problem, remedy))
        if menu.actions():
            menu.addSeparator()
        add_action(menu, self.tr("&Show"), self._activate_current, key="Return")
        add_action(menu, self.tr("&Copy"), self._copy_current, key="Ctrl+C")
        menu.popup(self.list.viewport().mapToGlobal(place))

    def _copy_current(self) -> None:
        texts = [message_of(item.data(0, _ROLE)[1]).text for item in self.list.selectedItems()]
        copy_text("\n\n".join(texts))

    # ------------------------------------------------------------ following the session

    def session_changed(self) -> None:
        self._failures.clear()
        self._errors.clear()
        self._workflow_id = None
        self.refresh()

    def session_event(self, event: Any) -> None:
        if isinstance(event, RunStarted):
            for problem in self._failures.pop(event.handle.workflow_id, ()):
                self._errors.pop(problem, None)
            self._timer.start()
        elif isinstance(event, RunFinished):
            self._take_failures(event.handle)
        elif isinstance(event, ProjectChanged):
            self._forget_mended(event)
            self._timer.start()
        elif isinstance(event, ProblemsChanged | CatalogueChanged):
            self._timer.start()

    def _take_failures(self, handle: Any) -> None:
        """Keeps what a run's nodes failed with until the next run, or until the node is edited."""
        _, views = handle.nodes_since(0)
        failed = (view for view in views if view.error is not None and view.state == "failed")
        # A failure within a node is that of the node as well.
        errors = {view.error.to_problem(): view.error for view in failed if view.error is not None}
        self._errors = {**self._errors, **errors}
        failures = list(errors)
        if not failures and handle.state == "failed" and handle.error is not None:
            failures = list(getattr(handle.error, "problems", ())) or [handle.error.to_problem()]
        known = set(problems_of(self.session, handle.workflow_id)) if self.session else set()
        self._failures[handle.workflow_id] = [problem for problem in failures if problem not in known]
        self._timer.start()

    def _forget_mended(self, event: ProjectChanged) -> None:
        for workflow_id, failures in self._failures.items():
            before = event.before.workflows.get(workflow_id)
            after = event.after.workflows.get(workflow_id)
            if before is None or after is None or before is after:
                continue
            kept = []
            for problem in failures:
                node = before.node_around(problem.node or "") or NodeId("")
                if before.nodes.get(node) is after.nodes.get(node) and before.incoming.get(
                    node
                ) == after.incoming.get(node):
                    kept.append(problem)
            self._failures[workflow_id] = kept

    def theme_changed(self) -> None:
        self.empty.set_theme(self.theme)
        self.refresh()
