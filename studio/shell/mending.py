"""What happens when a person presses a button that mends a finding? An edit is made as one step, or the window leads to where it is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtGui import QGuiApplication

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.panels.outline_choices import kinds_to_add, sources_for
from studio.panels.quick_open import Asker, QuickOpen
from studio.panels.quick_search import Goal
from studio.project.graph_changes import EditNode
from studio.qt.background import run_in_background
from studio.workflow.graph import frozen
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.session import Page, Session
    from studio.session.remedies import Remedy
    from studio.shell.main_window import MainWindow

_RECORDS = 200
"""Records that one can pick from; of more, the Models panel browses all."""
_SHOWN_VALUES = 3


class Mending(QObject):
    """Does the remedies of one window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._asker = Asker(window.panels.problems)
        for panel in (window.panels.problems, window.panels.results, window.panels.inspector.data):
            panel.remedyChosen.connect(self.do)

    @property
    def popup(self) -> QuickOpen | None:
        """Where a person chooses; None before there was anything to choose."""
        return self._asker.popup

    def set_theme(self, _theme: object) -> None:
        self._asker.set_theme(self._window.theme)

    def do(self, workflow_id: str, node_id: str, remedy: Any) -> None:
        """Makes a Remedy's edit, which undo takes back, and shows the node; or goes where it leads."""
        window, session = self._window, self._window.session
        if session is None or workflow_id not in session.project.workflows:
            return
        if remedy.changes:
            try:
                with session.group(remedy.text):
                    for change in remedy.changes:
                        session.edit(change)
            except StudioError as error:
                window.show_error(error)
                return
            window.navigation.show_workflow(workflow_id)
            window.navigation.show_node(node_id)
            window.tell(self.tr("Done: {}. Ctrl+Z takes it back.").format(remedy.text))
            return
        lead = self._leads(session, WorkflowId(workflow_id), NodeId(node_id), remedy).get(remedy.lead or "")
        if lead is not None:
            lead()

    def _leads(
        self, session: Session, workflow_id: WorkflowId, node_id: NodeId, remedy: Remedy
    ) -> Mapping[str, Callable[[], object]]:
        window = self._window
        models, navigation = window.panels.models, window.navigation
        place = (session, workflow_id, node_id)
        return {
            "field": partial(navigation.show_problem, workflow_id, node_id, remedy.at),
            "source": partial(self._choose_source, *place, remedy.at),
            "record": partial(self._choose_record, *place, remedy.at),
            "records": partial(navigation.browse, remedy.at, remedy.filter),
            "type": partial(self._choose_type, *place),
            "run": navigation.run,
            "connection": partial(models.open_connections, remedy.at or None),
            "import": partial(models.open_import, remedy.at or None),
            "trust": session.trust,
            "tenant": window.commands.action("tenant").trigger,
            "copy": partial(self._copy, remedy.at),
            "workflow": partial(navigation.show_workflow, remedy.at),
        }

    def _copy(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        self._window.tell(self.tr("Copied: {}").format(text))

    # ------------------------------------------------------------ choices

    def _choose_source(self, session: Session, workflow_id: WorkflowId, node_id: NodeId, port: str) -> None:
        found = sources_for(session, workflow_id, node_id, port)
        edges = {goal.id: edge for goal, edge in found}
        if not edges:
            self._window.tell(self.tr("No node gives something that fits “{}”. Add one first.").format(port))
            return

        def connect(goal: Goal) -> None:
            session.connect(workflow_id, edges[goal.id])

        self._asker.ask(self.tr("Map “{}” from").format(port), [goal for goal, _ in found], connect)

    def _choose_type(self, session: Session, workflow_id: WorkflowId, node_id: NodeId) -> None:
        kinds = {goal.id: type_name for goal, type_name, _ in kinds_to_add(session)}
        goals = [goal for goal, _, _ in kinds_to_add(session)]

        def replace_type(goal: Goal) -> None:
            values = frozen({"type": kinds[goal.id]})
            session.edit(EditNode(workflow=workflow_id, node=node_id, values=values))

        self._asker.ask(self.tr("Replace with"), goals, replace_type)

    def _choose_record(self, session: Session, workflow_id: WorkflowId, node_id: NodeId, field: str) -> None:
        """Offers the records that a field refers to; the key of the one that is chosen becomes the param."""
        node = session.project.workflow(workflow_id).nodes[node_id]
        spec = spec_for(node, session.catalogue)
        entries = session.project.models.values()
        own = next((entry for entry in entries if spec is not None and entry.name == spec.model), None)
        known = own.spec.by_name.get(field) if own is not None and own.spec is not None else None
        owner, _, key = (known.references or "").partition(".") if known is not None else ("", "", "")
        model = next((entry for entry in entries if entry.name == owner), None)
        if model is None:
            return

        def choose(page: Page) -> None:
            if session is not self._window.session:
                return
            by_id = {str(row[key or "id"]): row[key or "id"] for row in page.rows}

            def take(goal: Goal) -> None:
                session.set_params(workflow_id, node_id, {field: by_id[goal.id]})

            goals = [_record_goal(row, key or "id") for row in page.rows]
            self._asker.ask(self.tr("Pick {}").format(owner), goals, take)

        asked = session.browse(model.id, limit=_RECORDS)
        run_in_background(self._window, asked, choose, text=self.tr("Reading {}…").format(owner))


def _record_goal(row: Mapping[str, Any], key: str) -> Goal:
    """A record by its key and its first other values."""
    others = [str(value) for name, value in row.items() if name != key and value is not None]
    goal = Goal(kind="choice", id=str(row[key]), title=str(row[key]), icon="table")
    return replace(goal, title=" · ".join((goal.id, *others[:_SHOWN_VALUES])))
