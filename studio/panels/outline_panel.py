"""How is a workflow read and edited without a picture? The canvas' equal as a tree: everything by keys, everything with a name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QItemSelectionModel, QModelIndex, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.problems import Severity
from studio.panels.base import Panel, problems_of
from studio.panels.outline_deeds import Board, OutlineDeeds
from studio.panels.outline_keys import deed_of, fill_menu
from studio.panels.outline_layout import SECTIONS
from studio.panels.outline_model import KIND, ROWS, STATE, TITLE, OutlineModel
from studio.panels.widgets import EmptyState, muted_label, repaint_icons, tool_button
from studio.session.events import (
    BreakpointsChanged,
    CatalogueChanged,
    ProblemsChanged,
    ProjectChanged,
    RunFinished,
    RunPaused,
    RunResumed,
)

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle
    from studio.workflow.graph import Workflow

_POLL_MS: Final = 150
_ALONE: Final = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows


class OutlinePanel(Panel):
    """The nodes of one workflow in run order, then its frames, notes and bookmarks.

    Keys, while the tree has the focus: N adds, Ctrl+L connects, F2 renames, Del deletes (a node, an edge, a param's value), Enter edits
    params, D switches a node on or off, O shows what it delivered; Ctrl+G frames the selected rows, M puts them into a frame, C adds a note,
    B a bookmark, H collapses a frame, K colours it, F9 sets a breakpoint. Shift and the arrows select several rows. `outline_keys` has them all.
    """

    nodeSelected = Signal(str)
    """The node is to be the selected one everywhere."""
    fieldRequested = Signal(str, str)
    """The params of a node are to be edited; a param's name, or an empty string for the first."""
    outputRequested = Signal(str)
    breakpointRequested = Signal(object, bool)
    """The breakpoints of these nodes (ids) are to be set or removed; true: with a condition that is to be asked for."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._workflow_id: WorkflowId | None = None
        self._selected: tuple[str, ...] = ()
        self._has_followed = True
        """Whether the tree has gone to what was selected elsewhere; once it has, it may go on from there."""
        self._handle: RunHandle | None = None
        self._seen = 0
        self._is_stale = True
        self._is_following = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.model = OutlineModel(theme, self)
        self.deeds = OutlineDeeds(self)
        self.model.renamed.connect(self.deeds.renamed)
        column.addLayout(self._make_bar())
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self._make_tree()
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self._link_chosen)
        self._pages.addWidget(self.empty)
        self._refresh_timer = self._timer(0, self.refresh, once=True)
        self._poll = self._timer(_POLL_MS, self._show_run)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._enable()

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(10, 3, 6, 3)
        bar.setSpacing(2)
        self.count = muted_label("", self)
        bar.addWidget(self.count, 1)
        self.buttons = {}
        deeds = self.deeds
        for key, name, tip, slot in (
            ("add", "plus", self.tr("Add a node (N)"), deeds.add_node),
            ("connect", "link-simple", self.tr("Connect an input (Ctrl+L)"), deeds.connect_current),
            (
                "edit",
                "sliders-horizontal",
                self.tr("Edit params or text, go to a bookmark (Enter)"),
                deeds.edit_current,
            ),
            ("rename", "pencil-simple", self.tr("Rename (F2)"), deeds.rename_current),
            ("frame", "selection", self.tr("Frame the selected rows (Ctrl+G)"), deeds.add_frame),
            ("bookmark", "bookmark-simple", self.tr("Bookmark this place (B)"), deeds.add_bookmark),
            ("delete", "trash", self.tr("Delete (Del)"), deeds.delete_current),
        ):
            button = tool_button(name, self.theme, self, tip=tip)
            button.clicked.connect(slot)
            bar.addWidget(button)
            self.buttons[key] = button
        return bar

    def _make_tree(self) -> None:
        tree = self.tree = QTreeView(self._pages)
        tree.setModel(self.model)
        tree.setAccessibleName(self.tr("Outline of the workflow"))
        tree.setAccessibleDescription(
            self.tr("Nodes in run order, then frames, notes and bookmarks; right arrow shows what lies below")
        )
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setExpandsOnDoubleClick(False)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setIndentation(18)
        header = tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(TITLE, QHeaderView.ResizeMode.Interactive)
        header.setSectionResizeMode(KIND, QHeaderView.ResizeMode.Stretch)
        for section, width in ((TITLE, 260), (STATE, 190), (ROWS, 70)):
            header.resizeSection(section, width)
        tree.selectionModel().currentChanged.connect(self._current_changed)
        tree.customContextMenuRequested.connect(self._show_menu)
        tree.doubleClicked.connect(self.deeds.edit_current)
        tree.installEventFilter(self)
        self._pages.addWidget(tree)

    def _timer(self, interval_ms: int, slot: Callable[[], object], *, once: bool = False) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(interval_ms)
        timer.setSingleShot(once)
        timer.timeout.connect(slot)
        return timer

    # ------------------------------------------------------------ what is shown

    def set_workflow(self, workflow_id: str | None) -> None:
        self._workflow_id = WorkflowId(workflow_id) if workflow_id else None
        self._selected = ()
        self._want_refresh()

    def set_run(self, handle: RunHandle | None) -> None:
        """Shows the states of this run on the nodes, when it is one of the workflow that is shown."""
        self._handle, self._seen = handle, 0
        self._show_run()

    def show_stale(self, nodes: frozenset[NodeId]) -> None:
        """Marks the nodes of the run that is shown which may give something else by now."""
        self.model.show_stale(nodes)

    def show_selection(self, node_ids: Sequence[str]) -> None:
        """Follows what is selected elsewhere; nothing is sent back."""
        if tuple(node_ids) == self._selected:
            return
        self._selected, self._has_followed = tuple(node_ids), False
        if not self._is_stale:
            self._follow_selection()

    def refresh(self) -> None:
        """Brings the tree in line with the project; rows that stay keep their place, unfolded or not."""
        self._refresh_timer.stop()
        if not self.isVisible():
            self._is_stale = True
            return
        self._is_stale = False
        workflow = self.workflow
        self.model.show(workflow, self.session.catalogue if self.session else None, keep=self._keep)
        self._show_faults()
        self._show_breakpoints()
        self._show_run()
        count = len(workflow.nodes) if workflow is not None else 0
        self.count.setText(
            self.tr("1 node") if count == 1 else self.tr("{n} nodes").format(n=count) if count else ""
        )
        if self.model.rowCount():
            self._pages.setCurrentWidget(self.tree)
        else:
            self._show_empty(workflow)
        self._follow_selection()
        self._enable()

    @property
    def workflow(self) -> Workflow | None:
        if self.session is None or self._workflow_id is None:
            return None
        return self.session.project.workflows.get(self._workflow_id)

    @property
    def current(self) -> NodeId | None:
        """The node of the current row, also when that is one of its params or edges."""
        return self.model.node_at(self.tree.currentIndex())

    def session_changed(self) -> None:
        self._workflow_id, self._handle, self._selected = None, None, ()
        self._seen = 0
        self.model.show_run({}, anew=True)
        self._want_refresh()

    def session_event(self, event: Any) -> None:
        if isinstance(event, ProjectChanged):
            key = self._workflow_id
            if key and event.before.workflows.get(key) is not event.after.workflows.get(key):
                self._want_refresh()
        elif isinstance(event, RunPaused | RunResumed | RunFinished):
            self._show_waiting()
        elif isinstance(event, CatalogueChanged) or (
            isinstance(event, ProblemsChanged | BreakpointsChanged) and event.workflow_id == self._workflow_id
        ):
            self._want_refresh()

    def theme_changed(self) -> None:
        self.model.set_theme(self.theme)
        self.empty.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self.deeds.asker.set_theme(self.theme)
        self.tree.viewport().update()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()

    # ------------------------------------------------------------ finding one's way

    def go_to(self, node_id: str) -> None:
        """Makes a node the current one, here and everywhere."""
        self.refresh()
        index = self.model.index_of(node_id)
        if index.isValid():
            self.set_current(index)
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_current(self, index: QModelIndex) -> None:
        """Makes a row the current one and the only one that is selected, whatever keys are held."""
        self.tree.selectionModel().setCurrentIndex(index, _ALONE)

    def go_to_thing(self, kind: str, key: str) -> None:
        """Makes the row of a frame, note or bookmark the current one."""
        self.refresh()
        index = self.model.index_of_thing(kind, key)
        if index.isValid():
            self.set_current(index)
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def set_board(self, board: Board | None) -> None:
        """Takes the canvas that shows the same workflow; without one, frames and notes cannot be made."""
        self.deeds.board = board

    # ------------------------------------------------------------ inside

    def _want_refresh(self) -> None:
        # Once for all the changes of a gesture, and not at all while nobody looks.
        self._is_stale = True
        if self.isVisible():
            self._refresh_timer.start()

    def _keep(self) -> Callable[[], None]:
        """Remembers what is unfolded and current, for rows that are made anew. Sections that are new are unfolded."""
        tree, model = self.tree, self.model
        known = {model.address(index): tree.isExpanded(index) for index in model.branches}
        current = model.address(tree.currentIndex())

        def restore() -> None:
            self._is_following = True
            try:
                for index in model.branches:
                    address = model.address(index)
                    is_section = address is not None and address[0] in SECTIONS
                    if known.get(address, is_section):
                        tree.expand(index)
                if current is not None:
                    self.set_current(model.index_at(current))
            finally:
                self._is_following = False

        return restore

    def _follow_selection(self) -> None:
        wanted = self._selected[0] if len(self._selected) == 1 else ""
        if self._has_followed or not wanted or wanted == self.current:
            self._has_followed = True
            return
        index = self.model.index_of(wanted)
        if index.isValid():
            self._is_following = self._has_followed = True
            try:
                self.set_current(index)
                self.tree.scrollTo(index)
            finally:
                self._is_following = False
            self._enable()

    def _current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        # Qt makes a row current without choosing it when the tree gets the focus.
        if not self.tree.selectionModel().isSelected(current):
            self.tree.selectionModel().select(current, _ALONE)
        self._enable()
        node_id, entry, board = self.current, self.model.entry_at(current), self.deeds.board
        if self._is_following:
            return
        if node_id is not None and (node_id,) != self._selected:
            self._selected = (node_id,)
            self.nodeSelected.emit(node_id)
        elif entry is not None and board is not None and entry.kind in ("frame", "note"):
            self._selected = ()
            board.show(
                frame=entry.key if entry.kind == "frame" else "",
                note=entry.key if entry.kind == "note" else "",
            )

    def _enable(self) -> None:
        entry, has_node = self.model.entry_at(self.tree.currentIndex()), self.current is not None
        is_thing = has_node or (entry is not None and entry.parent is not None)
        is_laid = is_thing and (entry is None or entry.kind != "bookmark")
        self.buttons["add"].setEnabled(self.workflow is not None)
        self.buttons["connect"].setEnabled(has_node)
        for key in ("edit", "rename", "delete"):
            self.buttons[key].setEnabled(is_thing)
        for key in ("frame", "bookmark"):
            self.buttons[key].setEnabled(is_laid)

    def _show_faults(self) -> None:
        if self.session is None or self._workflow_id is None or self.workflow is None:
            return
        errors: Counter[NodeId] = Counter()
        warnings: Counter[NodeId] = Counter()
        for problem in problems_of(self.session, self._workflow_id):
            if problem.node:
                (errors if problem.severity is Severity.ERROR else warnings)[NodeId(problem.node)] += 1
        self.model.show_faults({key: (errors[key], warnings[key]) for key in {*errors, *warnings}})

    def _show_breakpoints(self) -> None:
        if self.session is not None and self._workflow_id is not None:
            self.model.show_breakpoints(self.session.breakpoints.of(self._workflow_id))

    def _show_waiting(self) -> None:
        """Tells the node before which the run waits; of a run around this workflow too, that of this workflow's nodes."""
        handle, workflow = self._handle, self.workflow
        pause = handle.pause if handle is not None else None
        if handle is None or workflow is None or pause is None:
            self.model.show_waiting(None)
        elif handle.workflow_id == workflow.id:
            self.model.show_waiting(workflow.node_around(pause.path))
        else:
            self.model.show_waiting(pause.node_id if pause.workflow_id == workflow.id else None)

    def _show_run(self) -> None:
        handle = self._handle
        if handle is None or handle.workflow_id != self._workflow_id:
            self._poll.stop()
            self._seen = 0
            self.model.show_run({}, anew=True)
            self._show_waiting()
            return
        if self._is_stale:
            return
        self._show_waiting()
        anew = self._seen == 0
        self._seen, views = handle.nodes_since(self._seen)
        if views or anew:
            self.model.show_run({view.node_id: view for view in views}, anew=anew)
        if handle.is_finished:
            self._poll.stop()
        elif not self._poll.isActive():
            self._poll.start()

    def _show_empty(self, workflow: Workflow | None) -> None:
        if workflow is None:
            self.empty.show_state(
                self.tr("No workflow is open"), self.tr("Its nodes appear here."), picture="list-bullets"
            )
        else:
            self.empty.show_state(
                self.tr("No nodes yet"),
                self.tr("Press N to add the first."),
                picture="list-bullets",
                links=(("add", self.tr("Add a node")),),
            )
        self._pages.setCurrentWidget(self.empty)

    def _link_chosen(self, _name: str) -> None:
        self.deeds.add_node()

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        fill_menu(menu, self)
        menu.popup(self.tree.viewport().mapToGlobal(place))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.tree and isinstance(event, QKeyEvent):
            deed = self._deed_of(event)
            if deed is not None:
                if event.type() == QEvent.Type.ShortcutOverride:
                    event.accept()
                    return True
                if event.type() == QEvent.Type.KeyPress:
                    deed()
                    return True
        return super().eventFilter(watched, event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Keys are for the tree; in the empty state there is none, and the panel hears N itself."""
        super().focusInEvent(event)
        if self._is_stale:
            self.refresh()
        if self._pages.currentWidget() is self.tree:
            if not self.tree.currentIndex().isValid():
                self.set_current(self.model.index(0, TITLE))
            self.tree.setFocus(event.reason())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """In the empty state, where there is no tree to press keys in."""
        if event.key() in (Qt.Key.Key_N, Qt.Key.Key_Insert) and not event.modifiers():
            self.deeds.add_node()
        else:
            super().keyPressEvent(event)

    def _deed_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        is_writing = self.tree.state() == QAbstractItemView.State.EditingState
        return None if is_writing else deed_of(event, self)

    def request_output(self) -> None:
        """Asks for what the current node delivered."""
        if self.current is not None:
            self.outputRequested.emit(self.current)
