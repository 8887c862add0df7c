"""Which rows did a node get, and which did it give? A side of the inspector on the run that is shown; Results shows them at length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.panels.editors.base import CalmCombo
from studio.panels.node_side import NodeSide
from studio.panels.output_view import OutputView, listed_ports, whole_port
from studio.panels.widgets import EmptyState, muted_label, repaint_icons, tool_button
from studio.workflow.references import spec_for
from studio.workflow.spec import AFTER, DONE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from studio.kernel.ids import NodeId, WorkflowId
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session
    from studio.workflow.graph import Workflow

_GOT: Final = "got"
_GAVE: Final = "gave"


class DataPage(NodeSide):
    """What went into one node and what came out of it.

    What it shows is another node's output, or the node's own; it keeps no values.
    """

    outputRequested = Signal(str, str)
    """A node's output (a port, "" for its natural value) is to be shown in Results."""
    nodeActivated = Signal(str)
    runRequested = Signal()
    runToRequested = Signal(str)
    """Up to this node."""
    remedyChosen = Signal(str, str, object)
    """A workflow's id, a node's, and the Remedy of its error."""
    sqlRequested = Signal(str)
    logRequested = Signal()
    exportRequested = Signal(object)
    """An ExportWish."""
    linkFollowed = Signal(str, object)
    """A model's id, and the filter of its record that a value refers to."""
    message = Signal(str)
    failed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent)
        self.view: OutputView | None = None
        """Made when the page is first looked at; another session gets another one."""
        self._chosen: dict[str, Any] = {}
        """The edge or port that was looked at last, by side."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 0)
        column.setSpacing(4)
        column.addLayout(self._make_bar())
        self.choice = CalmCombo(self)
        self.choice.setAccessibleName(self.tr("Which of them"))
        self.choice.setMinimumContentsLength(8)
        self.choice.setSizeAdjustPolicy(CalmCombo.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.choice.activated.connect(self._choose)
        row = QHBoxLayout()
        row.setContentsMargins(12, 0, 12, 0)
        row.addWidget(self.choice, 1)
        column.addLayout(row)
        self.state = muted_label("", self, wrap=True)
        self.state.setContentsMargins(12, 0, 12, 0)
        self.state.setAccessibleName(self.tr("Run"))
        column.addWidget(self.state)
        self.stale = QLabel(self)
        self.stale.setProperty("role", "warning")
        self.stale.setWordWrap(True)
        self.stale.setContentsMargins(12, 0, 12, 0)
        self.stale.hide()
        column.addWidget(self.stale)
        self._pages = QStackedWidget(self)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        column.addWidget(self._pages, 1)

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(12, 0, 8, 0)
        bar.setSpacing(4)
        self._sides = QButtonGroup(self)
        texts = (
            (_GOT, self.tr("&Got"), self.tr("What came into the node by its edges")),
            (_GAVE, self.tr("Ga&ve"), self.tr("What the node delivered")),
        )
        for side, text, tip in texts:
            button = QToolButton(self)
            button.setText(text)
            button.setToolTip(tip)
            button.setCheckable(True)
            button.setChecked(side == _GAVE)
            button.setProperty("side", side)
            self._sides.addButton(button)
            bar.addWidget(button)
        self._sides.buttonClicked.connect(self._side_chosen)
        bar.addStretch(1)
        self.results_button = tool_button(
            "table", self.theme, self, tip=self.tr("Open in Results"), text=self.tr("Results")
        )
        self.results_button.clicked.connect(self._open)
        bar.addWidget(self.results_button)
        return bar

    # ------------------------------------------------------------ what is shown

    @property
    def side(self) -> str:
        """`got` or `gave`."""
        button = self._sides.checkedButton()
        return str(button.property("side")) if button is not None else _GAVE

    def show_side(self, side: str) -> None:
        """Shows what came in (`got`) or what went out (`gave`)."""
        for button in self._sides.buttons():
            button.setChecked(button.property("side") == side)
        self.refresh()

    def show_node(
        self, session: Session, workflow_id: WorkflowId, node_id: NodeId, run: RunHandle | None
    ) -> None:
        """Shows a node in a run of its workflow; without one, how to get one."""
        place = (session, workflow_id, node_id)
        if place != self.place:
            self._chosen.clear()
        if self.view is not None and self.view.session is not session:
            self._forget_view()
        self.put(place, run)

    def clear(self) -> None:
        self.put(None, None)
        self._forget_view()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.empty.set_theme(theme)
        if self.view is not None:
            self.view.set_theme(theme)
        repaint_icons(self, theme)

    def _forget_view(self) -> None:
        if self.view is not None:
            self._pages.removeWidget(self.view)
            self.view.hide()
            self.view.deleteLater()
            self.view = None

    def fill(self) -> None:
        workflow = self._workflow()
        if workflow is None or self.place is None:
            return
        entries = self._edges(workflow) if self.side == _GOT else self._ports(workflow)
        self._fill_choice(entries)
        self.results_button.setEnabled(bool(entries))
        if not entries:
            self.state.hide()
            self.stale.hide()
            self.empty.show_state(
                self.tr("Nothing comes in by an edge"),
                self.tr(
                    "What is written into the node's params, or read by its expressions, stands under Params."
                ),
                picture="arrow-bend-down-right",
            )
            self._pages.setCurrentWidget(self.empty)
            return
        node_id, port = self.choice.currentData()
        view = self._shown_view()
        view.show_node(node_id, port)
        if view.handle is not self.run:
            view.set_run(self.run)
        view.refresh()
        self._pages.setCurrentWidget(view)
        self._show_state(node_id)

    def _workflow(self) -> Workflow | None:
        if self.place is None:
            return None
        session, workflow_id, node_id = self.place
        workflow = session.project.workflows.get(workflow_id)
        return workflow if workflow is not None and node_id in workflow.nodes else None

    def _edges(self, workflow: Workflow) -> list[tuple[str, tuple[NodeId, str]]]:
        """The edges that bring values, each with the output that it comes from."""
        if self.place is None:
            return []
        return [
            (
                f"{workflow.nodes[edge.source].title or edge.source} › {edge.source_port} → {edge.target_port}",
                (edge.source, edge.source_port),
            )
            for edge in workflow.incoming.get(self.place[2], ())
            if edge.target_port != AFTER and edge.source_port != DONE
        ]

    def _ports(self, workflow: Workflow) -> list[tuple[str, tuple[NodeId, str]]]:
        """The node's outputs that are worth a look, its natural value first."""
        if self.place is None:
            return []
        session, _, node_id = self.place
        spec = spec_for(workflow.nodes[node_id], session.catalogue)
        others = listed_ports(spec) if spec is not None else []
        return [(name or whole_port(spec) or self.tr("result"), (node_id, name)) for name in ("", *others)]

    def _fill_choice(self, entries: Sequence[tuple[str, tuple[NodeId, str]]]) -> None:
        wanted = self._chosen.get(self.side)
        self.choice.clear()
        for text, data in entries:
            self.choice.addItem(text, data)
        found = [place for place, (_, data) in enumerate(entries) if data == wanted]
        if entries:
            self.choice.setCurrentIndex(found[0] if found else 0)
        self.choice.setToolTip(self.choice.currentText())
        self.choice.setVisible(len(entries) > 1 or (self.side == _GOT and bool(entries)))

    def _shown_view(self) -> OutputView:
        if self.view is None:
            assert self.place is not None
            session, _, node_id = self.place
            view = self.view = OutputView(session, self.theme, node_id, self._pages)
            view.bar.hide()
            view.rows.make_compact()
            view.refreshed.connect(self._refreshed)
            self._connect(view)
            self._pages.addWidget(view)
        return self.view

    def _connect(self, view: OutputView) -> None:
        view.nodeActivated.connect(self.nodeActivated)
        view.runRequested.connect(self.runRequested)
        view.runToRequested.connect(self.runToRequested)
        view.remedyChosen.connect(self.remedyChosen)
        view.sqlRequested.connect(self.sqlRequested)
        view.logRequested.connect(self.logRequested)
        view.exportRequested.connect(self.exportRequested)
        view.linkFollowed.connect(self.linkFollowed)
        view.message.connect(self.message)
        view.failed.connect(self.failed)

    def _refreshed(self) -> None:
        if self.view is not None and self._pages.currentWidget() is self.view:
            self._show_state(self.view.node_id)

    def _show_state(self, node_id: NodeId) -> None:
        """How the node whose output is shown did, in which run, and whether that still holds."""
        run, view = self.run, self.view
        facts = [view.state_text] if view is not None and view.state_text else []
        if run is not None:
            facts.append(self.tr("run of {time}").format(time=f"{run.started_at.astimezone():%H:%M:%S}"))
        self.state.setText(" · ".join(facts))
        self.state.setVisible(bool(facts))
        is_outdated = (
            run is not None and self.place is not None and node_id in self.place[0].outdated_nodes(run)
        )
        self.stale.setText(self.tr("Edited since that run: run to here (F7) to see what holds now."))
        self.stale.setVisible(is_outdated)

    # ------------------------------------------------------------ doing

    def _side_chosen(self, _button: QAbstractButton) -> None:
        self.refresh()

    def _choose(self, _index: int) -> None:
        self._chosen[self.side] = self.choice.currentData()
        self.refresh()

    def _open(self) -> None:
        data = self.choice.currentData()
        if data is not None:
            self.outputRequested.emit(*data)
