"""Which runs were there? The history of the project's runs, newest first, each with its nodes, and what can be opened of it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QItemSelectionModel, QLocale, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.ids import RunId, WorkflowId
from studio.panels.base import Panel
from studio.panels.display import duration_text
from studio.panels.item_rows import make_list
from studio.panels.narrow import ShortWords
from studio.panels.past_runs import PastRun, is_whole
from studio.panels.run_deeds import RunDeeds
from studio.panels.run_rows import (
    ERROR,
    RUN,
    changes_text,
    handle_item,
    node_item,
    paint_state,
    record_item,
    run_of,
    state_of,
    view_item,
)
from studio.panels.widgets import (
    BusyLine,
    EmptyState,
    EnterFilter,
    add_key,
    counted,
    muted_label,
    repaint_icons,
    tool_button,
)
from studio.qt.background import run_in_background
from studio.session.events import RunFinished, RunPaused, RunResumed, RunStarted, TransactionChanged

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError
    from studio.qt.theme import Theme
    from studio.session import RunHandle

_HANDLES_KEPT: Final = 20
_SIZES: Final = QLocale.DataSizeFormat.DataSizeSIFormat
_ALSO: Final = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
_WAIT_MS: Final = 150
_TICK_MS: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRun:
    """A run as it is called and found again."""

    run_id: RunId
    workflow_name: str
    state: str
    started_at: dt.datetime


class RunsPanel(Panel):
    """Runs of the workflow that is shown, or of the whole project."""

    runOpened = Signal(object)
    """A run's handle: canvas and results are to show it."""
    againRequested = Signal(object)
    """A run's handle: the same is to be run again, with the same inputs."""

    deleteRequested = Signal(object)
    """The ids of runs that are to go from the history."""
    retentionRequested = Signal()
    """How much of the runs is kept is to be set."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._workflow_id: WorkflowId | None = None
        self._handles: dict[str, RunHandle] = {}
        self._written: set[str] = set()
        """The runs that the history has been seen to have."""
        self.records: list[Any] = []
        """The runs of the history that are listed, newest first."""
        self._asked = 0
        """How often the history was looked at: only the latest look counts."""
        self.deeds = RunDeeds(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_bar())
        self.busy = BusyLine(self)
        column.addWidget(self.busy)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.list = make_list(
            self._pages,
            self.tr("Runs"),
            (
                (self.tr("State"), 120),
                (self.tr("Workflow"), 150),
                (self.tr("Started"), 165),
                (self.tr("Duration"), 80),
                (self.tr("Rows"), 60),
                (self.tr("Changes"), 105),
                (self.tr("Mode"), 95),
                (self.tr("Error"), 200),
                (self.tr("Note"), 120),
            ),
            stretch=ERROR,
            tree=True,
        )
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.list.itemSelectionChanged.connect(self._enable)
        self.list.itemDoubleClicked.connect(self.activate)
        self.list.itemExpanded.connect(self._fill_nodes)
        self.list.customContextMenuRequested.connect(self.deeds.show_menu)
        add_key(self.list, "Del", self.deeds.delete_chosen)
        add_key(self.list, "F2", self.deeds.note_current)
        add_key(self.list, "Ctrl+C", self.deeds.copy_chosen)
        EnterFilter(self.list, self._activate_current)
        self._pages.addWidget(self.list)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.refresh)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._show_running)
        self._show()

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 6, 3)
        self.summary = muted_label("", self)
        bar.addWidget(self.summary)
        self.retention = QToolButton(self)
        self.retention.setToolTip(self.tr("Older runs are forgotten. A click sets how much is kept"))
        self.retention.clicked.connect(self.retentionRequested)
        bar.addWidget(self.retention)
        bar.addStretch(1)
        self.compare_button = tool_button(
            "git-diff",
            self.theme,
            self,
            tip=self.tr("Compare the two chosen runs; of one, with the run of its workflow before it"),
            text=self.tr("Compare"),
        )
        self.compare_button.clicked.connect(self.deeds.compare)
        bar.addWidget(self.compare_button)
        self.all_button = tool_button(
            "files",
            self.theme,
            self,
            tip=self.tr("Show the runs of all workflows"),
            text=self.tr("All workflows"),
        )
        self.all_button.setCheckable(True)
        self.all_button.setChecked(True)
        self.all_button.clicked.connect(self.refresh)
        bar.addWidget(self.all_button)
        refresh = tool_button("arrow-clockwise", self.theme, self, tip=self.tr("Read the runs again"))
        refresh.clicked.connect(self.refresh)
        bar.addWidget(refresh)
        ShortWords(self, bar, (self.compare_button, self.all_button))
        return bar

    # ------------------------------------------------------------ what is shown

    def set_workflow(self, workflow_id: str | None) -> None:
        self._workflow_id = WorkflowId(workflow_id) if workflow_id else None
        if not self.all_button.isChecked():
            self.refresh()

    def show_only(self, workflow_id: str) -> None:
        """Shows the runs of this workflow alone."""
        self._workflow_id = WorkflowId(workflow_id)
        self.all_button.setChecked(False)
        self.refresh()

    def refresh(self) -> None:
        """Reads the runs that the project's store has kept."""
        if self.session is None:
            self.records = []
            self._show()
            return
        wanted = None if self.all_button.isChecked() else self._workflow_id
        self._asked += 1
        self.busy.begin()
        run_in_background(
            self,
            self.session.history_runs(wanted),
            partial(self._read, self._asked),
            self.not_read,
            stopped=self.busy.end,
        )

    def session_changed(self) -> None:
        self._handles.clear()
        self._written.clear()
        self.records = []
        self._asked += 1
        self._tick.stop()
        self._show()
        if self.session is not None:
            self._timer.start()

    def session_event(self, event: Any) -> None:
        if isinstance(event, RunStarted):
            self._take_up(event.handle)
        elif isinstance(event, RunFinished | TransactionChanged):
            self._timer.start()
            self._show_running()
        elif isinstance(event, RunPaused | RunResumed):
            self._show_running()

    def theme_changed(self) -> None:
        self.empty.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self._show()

    # ------------------------------------------------------------ inside

    def _take_up(self, handle: RunHandle) -> None:
        """A run that begins stands above all others; their rows stay as they are."""
        self._handles[handle.run_id] = handle
        while len(self._handles) > _HANDLES_KEPT:
            self._give_up(next(iter(self._handles)))
        if self._is_wanted(handle.workflow_id):
            self.list.insertTopLevelItem(0, handle_item(handle, self._name(handle), self.theme))
        self._show_page()
        self._tick.start()

    def _give_up(self, run_id: str) -> None:
        del self._handles[run_id]
        if all(record.id != run_id for record in self.records):
            for number in range(self.list.topLevelItemCount()):
                item = self.list.topLevelItem(number)
                if item is not None and item.data(0, RUN) == run_id:
                    self.list.takeTopLevelItem(number)
                    break

    def _read(self, asked: int, records: Any) -> None:
        self.busy.end()
        if asked != self._asked:
            return  # somebody has looked anew since, or at another project
        self.records = list(records)
        kept = {record.id for record in self.records}
        for run_id in self._written - kept:
            handle = self._handles.get(run_id)
            if handle is not None and self._is_wanted(handle.workflow_id):
                del self._handles[run_id]  # it has been deleted, or was beyond what is kept
        self._written |= kept
        self._show()

    def not_read(self, error: StudioError) -> None:
        self.busy.end()
        self.failed.emit(error)

    def _show(self) -> None:
        """Runs that are going on or not written down yet, then those of the store; what was unfolded and chosen stays so."""
        chosen = {run_of(item).data(0, RUN) for item in self.list.selectedItems()}
        unfolded = {
            item.data(0, RUN)
            for number in range(self.list.topLevelItemCount())
            if (item := self.list.topLevelItem(number)) is not None and item.isExpanded()
        }
        self.list.clear()
        kept = {record.id for record in self.records}
        for handle in reversed(self._handles.values()):
            if handle.run_id not in kept and self._is_wanted(handle.workflow_id):
                self.list.addTopLevelItem(handle_item(handle, self._name(handle), self.theme))
        for record in self.records:
            self.list.addTopLevelItem(record_item(record, self.theme))
        for number in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(number)
            if item is None:
                continue
            if item.data(0, RUN) in unfolded:
                item.setExpanded(True)
            if item.data(0, RUN) in chosen:
                self.list.setCurrentItem(item, 0, _ALSO)
        self._show_page()

    def _show_page(self) -> None:
        count = self.list.topLevelItemCount()
        parts = [self.tr("1 run") if count == 1 else self.tr("{n} runs").format(n=counted(count))]
        if size := sum(record.size for record in self.records):
            parts.append(QLocale().formattedDataSize(size, 1, _SIZES))
        self.summary.setText(" · ".join(parts) if count else "")
        self._show_retention()
        if count:
            self._pages.setCurrentWidget(self.list)
        else:
            self.empty.show_state(
                self.tr("No runs yet"),
                self.tr("Ctrl+Enter runs the workflow."),
                picture="clock-counter-clockwise",
            )
            self._pages.setCurrentWidget(self.empty)
        self._enable()

    def _show_retention(self) -> None:
        self.retention.setVisible(self.session is not None)
        if self.session is not None:
            keep = self.session.env.retention
            text = self.tr("keeping {runs} runs / {size} MB")
            self.retention.setText(text.format(runs=counted(keep.runs), size=counted(keep.megabytes)))

    def _is_wanted(self, workflow_id: WorkflowId) -> bool:
        return self.all_button.isChecked() or self._workflow_id is None or workflow_id == self._workflow_id

    def _name(self, handle: RunHandle) -> str:
        workflow = self.session.project.workflows.get(handle.workflow_id) if self.session else None
        return workflow.name if workflow else ""

    def _show_running(self) -> None:
        """Keeps durations and states of running runs in step."""
        running = False
        for number in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(number)
            handle = self._handles.get(item.data(0, RUN)) if item is not None else None
            if item is None or handle is None:
                continue
            running = running or handle.state == "running"
            item.setText(0, state_of(handle).replace("_", " "))
            item.setText(3, duration_text(handle.duration_ms))
            item.setText(5, changes_text(handle))
            paint_state(item, state_of(handle), self.theme)
        if not running:
            self._tick.stop()

    # ------------------------------------------------------------ the nodes of a run

    def _fill_nodes(self, item: QTreeWidgetItem) -> None:
        run_id = str(item.data(0, RUN))
        if item.childCount() or item.parent() is not None or self.session is None:
            return
        handle = self._handles.get(run_id)
        if handle is not None:
            _, views = handle.nodes_since(0)
            item.addChildren([view_item(view, self.theme) for view in views])
            return
        self.busy.begin()
        run_in_background(
            self,
            self.session.run_nodes(RunId(run_id)),
            partial(self._nodes_read, run_id),
            self.not_read,
            stopped=self.busy.end,
        )

    def _nodes_read(self, run_id: str, nodes: Any) -> None:
        self.busy.end()
        for number in range(self.list.topLevelItemCount()):
            item = self.list.topLevelItem(number)
            if item is not None and item.data(0, RUN) == run_id and not item.childCount():
                item.addChildren([node_item(node, self.theme) for node in nodes])

    # ------------------------------------------------------------ doing

    def _activate_current(self) -> None:
        item = self.list.currentItem()
        if item is not None:
            self.activate(item)

    def _enable(self) -> None:
        self.compare_button.setEnabled(self.deeds.to_compare() is not None)

    def activate(self, item: QTreeWidgetItem, _column: int = 0) -> None:
        top = run_of(item)
        self.open_run(str(top.data(0, RUN)))

    def known_runs(self) -> list[KnownRun]:
        """The runs of all workflows that have been heard or read of, newest first."""
        names = self.session.project.workflows if self.session is not None else {}
        found = {
            handle.run_id: KnownRun(
                run_id=handle.run_id,
                workflow_name=names[handle.workflow_id].name if handle.workflow_id in names else "",
                state=handle.state,
                started_at=handle.started_at,
            )
            for handle in self._handles.values()
        }
        for record in self.records:
            known = KnownRun(
                run_id=record.id,
                workflow_name=record.workflow_name,
                state=record.state,
                started_at=record.started_at,
            )
            found.setdefault(record.id, known)
        return sorted(found.values(), key=lambda run: run.started_at, reverse=True)

    def open_run(self, run_id: str) -> None:
        """Shows a run on the canvas and in the results; one of the store with the samples that were kept."""
        handle = self._handles.get(run_id)
        if handle is not None:
            self.runOpened.emit(handle)
            return
        record = next((record for record in self.records if record.id == run_id), None)
        if record is not None and self.session is not None:
            self.busy.begin()
            run_in_background(
                self,
                self.session.run_nodes(record.id),
                partial(self._open_past, record),
                self.not_read,
                stopped=self.busy.end,
            )

    def run_again(self, run_id: str) -> None:
        """Asks for the same run again."""
        handle = self.again(run_id)
        if handle is not None:
            self.againRequested.emit(handle)

    def again(self, run_id: str) -> RunHandle | None:
        """The run with the inputs that it was given; None when they were too large to be kept whole."""
        handle = self._handles.get(run_id)
        if handle is not None:
            return handle if handle.is_finished else None
        record = next((record for record in self.records if record.id == run_id), None)
        return PastRun(record, []) if record is not None and is_whole(record.inputs) else None

    def _open_past(self, record: Any, nodes: Any) -> None:
        self.busy.end()
        self.runOpened.emit(PastRun(record, list(nodes)))
