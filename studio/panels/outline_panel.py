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
from studio.panels.outline_choices import kinds_to_add, ports_to_fill, sources_for
from studio.panels.outline_model import KIND, ROWS, STATE, TITLE, EdgePart, OutlineModel, ParamPart
from studio.panels.quick_open import Asker
from studio.panels.widgets import EmptyState, add_action, muted_label, repaint_icons, tool_button
from studio.project.changes import EditNode
from studio.session.events import CatalogueChanged, ProblemsChanged, ProjectChanged
from studio.workflow.graph import frozen

if TYPE_CHECKING:
    from studio.panels.quick_search import Goal
    from studio.qt.theme import Theme
    from studio.session import RunHandle
    from studio.workflow.graph import Workflow

_POLL_MS: Final = 150
_GAP_PX: Final = 300.0
_CONTROL: Final = Qt.KeyboardModifier.ControlModifier


class OutlinePanel(Panel):
    """The nodes of one workflow in run order.

    Keys, while the tree has the focus: N adds, Ctrl+L connects, F2 renames, Del deletes (a node, an edge, a param's value), Enter edits
    params, D switches a node on or off, O shows what it delivered.
    """

    nodeSelected = Signal(str)
    """The node is to be the selected one everywhere."""
    fieldRequested = Signal(str, str)
    """The params of a node are to be edited; a param's name, or an empty string for the first."""
    outputRequested = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._workflow_id: WorkflowId | None = None
        self._selected: tuple[str, ...] = ()
        self._handle: RunHandle | None = None
        self._seen = 0
        self._is_stale = True
        self._is_following = False
        self._asker = Asker(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_bar())
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.model = OutlineModel(theme, self)
        self.model.renamed.connect(self._renamed)
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
        for key, name, tip, slot in (
            ("add", "plus", self.tr("Add a node (N)"), self.add_node),
            ("connect", "link-simple", self.tr("Connect an input (Ctrl+L)"), self.connect_current),
            ("edit", "sliders-horizontal", self.tr("Edit params (Enter)"), self.edit_current),
            ("rename", "pencil-simple", self.tr("Rename (F2)"), self.rename_current),
            ("delete", "trash", self.tr("Delete (Del)"), self.delete_current),
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
        tree.setAccessibleDescription(self.tr("Nodes in run order; right arrow shows params and edges"))
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setExpandsOnDoubleClick(False)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
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
        tree.doubleClicked.connect(self.edit_current)
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

    def show_selection(self, node_ids: Sequence[str]) -> None:
        """Follows what is selected elsewhere; nothing is sent back."""
        self._selected = tuple(node_ids)
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
        self._show_run()
        count = len(workflow.nodes) if workflow is not None else 0
        self.count.setText(
            self.tr("1 node") if count == 1 else self.tr("{n} nodes").format(n=count) if count else ""
        )
        if count:
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
        elif isinstance(event, CatalogueChanged) or (
            isinstance(event, ProblemsChanged) and event.workflow_id == self._workflow_id
        ):
            self._want_refresh()

    def theme_changed(self) -> None:
        self.model.theme = self.theme
        self.empty.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self._asker.set_theme(self.theme)
        self.tree.viewport().update()

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        if self._is_stale:
            self.refresh()

    # ------------------------------------------------------------ what can be done

    def add_node(self) -> None:
        """Asks which kind, and adds it to the right of the current node."""
        session, workflow_id = self.session, self._workflow_id
        if session is None or workflow_id is None:
            return
        kinds = {goal.id: (goal, type_name, params) for goal, type_name, params in kinds_to_add(session)}

        def add(goal: Goal) -> None:
            _, type_name, params = kinds[goal.id]
            workflow = session.project.workflow(workflow_id)
            beside = self.current
            place = workflow.places.get(beside) if beside is not None else None
            last = place or max(workflow.places.values(), key=lambda each: each.x, default=None)
            x, y = (last.x + _GAP_PX, last.y) if last is not None else (0.0, 0.0)
            node_id = session.add_node(workflow_id, type_name, x=x, y=y, params=params or None)
            self.go_to(node_id)

        self._asker.ask(self.tr("Add a node"), [entry[0] for entry in kinds.values()], add)

    def connect_current(self) -> None:
        """Asks which input of the current node (a param's row says so itself), then which output is to feed it."""
        session, workflow_id, node_id = self.session, self._workflow_id, self.current
        if session is None or workflow_id is None or node_id is None:
            return
        part = self.model.part_at(self.tree.currentIndex())
        if isinstance(part, ParamPart) and part.param.connectable:
            self._ask_for_source(node_id, part.param.name)
        elif isinstance(part, EdgePart):
            self._ask_for_source(node_id, part.edge.target_port)
        else:
            goals = ports_to_fill(session, workflow_id, node_id)
            title = self.tr("Connect which input of {node}?").format(node=self._title(node_id))
            self._asker.ask(title, goals, lambda goal: self._ask_for_source(node_id, goal.id))

    def _ask_for_source(self, node_id: NodeId, port: str) -> None:
        session, workflow_id = self.session, self._workflow_id
        if session is None or workflow_id is None:
            return
        found = sources_for(session, workflow_id, node_id, port)
        if not found:
            text = self.tr("No other node delivers what {port} of {node} takes.")
            self.message.emit(text.format(port=port, node=self._title(node_id)))
            return
        edges = {goal.id: edge for goal, edge in found}
        title = self.tr("Feed {port} of {node} from").format(port=port, node=self._title(node_id))

        def connect(goal: Goal) -> None:
            session.connect(workflow_id, edges[goal.id])
            self.refresh()
            self.tree.expand(self.model.index_of(node_id))

        self._asker.ask(title, [goal for goal, _ in found], connect)

    def edit_current(self, *_: object) -> None:
        """Leads to the editor of the current param, or of the node's first; of an edge, to the node it comes from."""
        node_id, part = self.current, self.model.part_at(self.tree.currentIndex())
        if node_id is None:
            return
        if isinstance(part, EdgePart):
            self.go_to(part.edge.source)
            return
        self.nodeSelected.emit(node_id)
        self.fieldRequested.emit(node_id, part.param.name if isinstance(part, ParamPart) else "")

    def rename_current(self) -> None:
        index = self.model.index_of(self.current or "")
        if index.isValid():
            self.tree.setCurrentIndex(index)
            self.tree.edit(index)

    def delete_current(self) -> None:
        """Deletes the current node or edge, or clears the current param."""
        session, workflow_id, node_id = self.session, self._workflow_id, self.current
        if session is None or workflow_id is None or node_id is None:
            return
        part = self.model.part_at(self.tree.currentIndex())
        if isinstance(part, EdgePart):
            session.disconnect(workflow_id, [part.edge])
        elif isinstance(part, ParamPart):
            node = session.project.workflow(workflow_id).nodes[node_id]
            names = tuple(name for name in (part.param.name, *part.param.aliases) if name in node.params)
            if names:
                session.set_params(workflow_id, node_id, {}, clear=names)
        else:
            row = self.model.order.index(node_id)
            near = self.model.order[row + 1 : row + 2] or self.model.order[max(row - 1, 0) : row]
            session.remove(workflow_id, [node_id])
            if near:
                self.go_to(near[0])

    def toggle_current(self) -> None:
        """Switches the current node off, or on again."""
        node_id = self.current
        if node_id is not None and (workflow := self.workflow) is not None:
            self._edit(node_id, {"disabled": not workflow.nodes[node_id].disabled})

    def go_to(self, node_id: str) -> None:
        """Makes a node the current one, here and everywhere."""
        self.refresh()
        index = self.model.index_of(node_id)
        if index.isValid():
            self.tree.setCurrentIndex(index)
            self.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    # ------------------------------------------------------------ inside

    def _title(self, node_id: NodeId) -> str:
        return str(self.model.index_of(node_id).data() or node_id)

    def _edit(self, node_id: NodeId, values: dict[str, Any]) -> None:
        if self.session is not None and self._workflow_id is not None:
            self.session.edit(EditNode(workflow=self._workflow_id, node=node_id, values=frozen(values)))

    def _renamed(self, node_id: str, title: str) -> None:
        workflow = self.workflow
        if workflow is not None and workflow.nodes[NodeId(node_id)].title != title:
            self._edit(NodeId(node_id), {"title": title})

    def _want_refresh(self) -> None:
        # Once for all the changes of a gesture, and not at all while nobody looks.
        self._is_stale = True
        if self.isVisible():
            self._refresh_timer.start()

    def _keep(self) -> Callable[[], None]:
        """Remembers what is unfolded and current, for rows that are made anew."""
        tree, model = self.tree, self.model
        unfolded = [key for key in model.order if tree.isExpanded(model.index_of(key))]
        current, row = self.current, tree.currentIndex().row()
        is_part = model.part_at(tree.currentIndex()) is not None

        def restore() -> None:
            self._is_following = True
            try:
                for key in unfolded:
                    tree.expand(model.index_of(key))
                index = model.index_of(current or "")
                if index.isValid():
                    inner = model.index(row, TITLE, index) if is_part else index
                    tree.setCurrentIndex(inner if inner.isValid() else index)
            finally:
                self._is_following = False

        return restore

    def _follow_selection(self) -> None:
        wanted = self._selected[0] if len(self._selected) == 1 else ""
        if not wanted or wanted == self.current:
            return
        index = self.model.index_of(wanted)
        if index.isValid():
            self._is_following = True
            try:
                self.tree.setCurrentIndex(index)
                self.tree.scrollTo(index)
            finally:
                self._is_following = False
            self._enable()

    def _current_changed(self, current: QModelIndex, _before: QModelIndex) -> None:
        # Qt makes a row current without choosing it when the tree gets the focus.
        chosen = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        self.tree.selectionModel().select(current, chosen)
        self._enable()
        node_id = self.current
        if node_id is not None and not self._is_following and (node_id,) != self._selected:
            self._selected = (node_id,)
            self.nodeSelected.emit(node_id)

    def _enable(self) -> None:
        has_current = self.current is not None
        self.buttons["add"].setEnabled(self.workflow is not None)
        for key in ("connect", "edit", "rename", "delete"):
            self.buttons[key].setEnabled(has_current)

    def _show_faults(self) -> None:
        if self.session is None or self._workflow_id is None or self.workflow is None:
            return
        errors: Counter[NodeId] = Counter()
        warnings: Counter[NodeId] = Counter()
        for problem in problems_of(self.session, self._workflow_id):
            if problem.node:
                (errors if problem.severity is Severity.ERROR else warnings)[NodeId(problem.node)] += 1
        self.model.show_faults({key: (errors[key], warnings[key]) for key in {*errors, *warnings}})

    def _show_run(self) -> None:
        handle = self._handle
        if handle is None or handle.workflow_id != self._workflow_id:
            self._poll.stop()
            self._seen = 0
            self.model.show_run({}, anew=True)
            return
        if self._is_stale:
            return
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
        self.add_node()

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        add_action(menu, self.tr("&Add a node…"), self.add_node)
        if self.current is not None:
            add_action(menu, self.tr("&Connect…"), self.connect_current)
            add_action(menu, self.tr("&Edit params"), self.edit_current)
            add_action(menu, self.tr("&Rename"), self.rename_current)
            add_action(menu, self.tr("Switch &off or on"), self.toggle_current)
            menu.addSeparator()
            add_action(menu, self.tr("&Delete"), self.delete_current)
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
                self.tree.setCurrentIndex(self.model.index(0, TITLE))
            self.tree.setFocus(event.reason())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """In the empty state, where there is no tree to press keys in."""
        if event.key() in (Qt.Key.Key_N, Qt.Key.Key_Insert) and not event.modifiers():
            self.add_node()
        else:
            super().keyPressEvent(event)

    def _deed_of(self, event: QKeyEvent) -> Callable[[], object] | None:
        if self.tree.state() == QAbstractItemView.State.EditingState:
            return None
        key = Qt.Key(event.key())
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == _CONTROL:
            return self.connect_current if key == Qt.Key.Key_L else None
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            return None
        plain: dict[Qt.Key, Callable[[], object]] = {
            Qt.Key.Key_N: self.add_node,
            Qt.Key.Key_Insert: self.add_node,
            Qt.Key.Key_F2: self.rename_current,
            Qt.Key.Key_Delete: self.delete_current,
            Qt.Key.Key_Backspace: self.delete_current,
            Qt.Key.Key_Return: self.edit_current,
            Qt.Key.Key_Enter: self.edit_current,
            Qt.Key.Key_D: self.toggle_current,
            Qt.Key.Key_O: self._request_output,
        }
        return plain.get(key)

    def _request_output(self) -> None:
        if self.current is not None:
            self.outputRequested.emit(self.current)
