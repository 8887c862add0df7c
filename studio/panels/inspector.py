"""What is the selected node, and what can be set on it? Its name, whether it runs, its params, their mapping, rows, SQL, code and notes.

Longer than most files: head and sides of the node are put together here, each side elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.ids import NodeId, WorkflowId
from studio.panels.base import Panel
from studio.panels.code_page import CodePage
from studio.panels.data_page import DataPage
from studio.panels.editors.base import LeaveWatcher, put_line
from studio.panels.form import ParamForm
from studio.panels.map_page import MapPage
from studio.panels.node_text import code_of, sql_of
from studio.panels.widgets import ColumnScroll, ElidedLabel, EmptyState, repaint_icons, set_role, tool_button
from studio.project.graph_changes import EditNode
from studio.qt.icons import icon
from studio.session.events import (
    BreakpointsChanged,
    CatalogueChanged,
    ProblemsChanged,
    ProjectChanged,
    RunFinished,
)
from studio.workflow.graph import frozen
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle
    from studio.workflow.graph import Node

_PROBLEMS_MS = 120
_NARROW_PX = 320
"""Below this width the tabs stand closer together, so that all of them are seen."""


class InspectorPanel(Panel):
    """The chosen nodes of one workflow."""

    nodeSelected = Signal(str)
    """Another node is to be selected on the canvas."""
    usageRequested = Signal(str)
    """A model's field, as `User.email`: who touches it?"""
    runToRequested = Signal(str)
    """The workflow is to be run up to this node."""
    betweenRequested = Signal(object, object)
    """An Edge and a Converter: that node is to come between its ends."""
    breakpointRequested = Signal(object, bool)
    """The breakpoints of these nodes (ids) are to be set or removed; true: with a condition that is to be asked for."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._workflow_id: WorkflowId | None = None
        self._node_ids: tuple[NodeId, ...] = ()
        self._runs: dict[WorkflowId, RunHandle] = {}
        """The run of each workflow that was shown last."""
        self._given_way: QWidget | None = None
        """The side that was in front until a node was shown that lacks it."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        self._body = QWidget(self._pages)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self._make_head())
        body.addWidget(self._make_tabs(), 1)
        self._pages.addWidget(self._body)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._problems_timer = QTimer(self)
        self._problems_timer.setSingleShot(True)
        self._problems_timer.setInterval(_PROBLEMS_MS)
        self._problems_timer.timeout.connect(self.form.show_problems)
        self._show_nothing()

    def _make_head(self) -> QWidget:
        head = QWidget(self._body)
        column = QVBoxLayout(head)
        column.setContentsMargins(12, 10, 12, 6)
        column.setSpacing(4)
        first = QHBoxLayout()
        first.setSpacing(6)
        self.code = QLabel(head)
        self.code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        first.addWidget(self.code)
        self.title = QLineEdit(head)
        self.title.setAccessibleName(self.tr("Title"))
        self.title.setToolTip(self.tr("The node's title (F2)"))
        self.title.textEdited.connect(self._title_edited)
        self.title.returnPressed.connect(self._seal)
        LeaveWatcher(self.title).left.connect(self._seal)
        first.addWidget(self.title, 1)
        self.enabled = QCheckBox(self.tr("&On"), head)
        self.enabled.setToolTip(self.tr("Whether the node runs (D)"))
        self.enabled.setAccessibleName(self.tr("Node runs"))
        self.enabled.clicked.connect(self._enabled_clicked)
        first.addWidget(self.enabled)
        self.breakpoint_button = tool_button("record", self.theme, head, tip="")
        self.breakpoint_button.setCheckable(True)
        self.breakpoint_button.clicked.connect(self._breakpoint_clicked)
        first.addWidget(self.breakpoint_button)
        self.run_button = tool_button("play", self.theme, head, tip=self.tr("Run to here (F7)"), tint="ok")
        self.run_button.clicked.connect(self._run_clicked)
        first.addWidget(self.run_button)
        column.addLayout(first)
        self.subtitle = ElidedLabel("", head)
        self.subtitle.setProperty("role", "muted")
        column.addWidget(self.subtitle)
        return head

    def _make_tabs(self) -> QTabWidget:
        self.tabs = QTabWidget(self._body)
        self.tabs.setObjectName("nodeSides")
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Sides of the node"))
        self.tabs.currentChanged.connect(self._side_chosen)
        self._scroll = ColumnScroll(self.tabs)
        self.form = ParamForm(self.theme, self._scroll)
        self.form.sourceActivated.connect(self.nodeSelected)
        self.form.usageRequested.connect(self.usageRequested)
        self.form.message.connect(self.message)
        self._scroll.column.addWidget(self.form)
        self.tabs.addTab(self._scroll, self.tr("Params"))
        self.map = MapPage(self.theme, self.tabs)
        self.map.betweenRequested.connect(self.betweenRequested)
        self.map.paramRequested.connect(self.focus_field)
        self.tabs.addTab(self.map, self.tr("Map"))
        self.data = DataPage(self.theme, self.tabs)
        self.data.nodeActivated.connect(self.nodeSelected)
        self.data.runToRequested.connect(self.runToRequested)
        self.data.message.connect(self.message)
        self.data.failed.connect(self.failed)
        self.tabs.addTab(self.data, self.tr("Data"))
        self.sql = CodePage(
            "sql",
            self.theme,
            self.tabs,
            note=self.tr("What the node would execute now. Values travel apart, as parameters."),
            name=self.tr("SQL of the node"),
        )
        self.tabs.addTab(self.sql, self.tr("SQL"))
        self.python = CodePage(
            "python",
            self.theme,
            self.tabs,
            note=self.tr("The same node in Python."),
            name=self.tr("Python of the node"),
        )
        self.tabs.addTab(self.python, self.tr("Code"))
        self._notes_page = QWidget(self.tabs)
        column = QVBoxLayout(self._notes_page)
        column.setContentsMargins(12, 10, 12, 12)
        self.notes = QPlainTextEdit(self._notes_page)
        self.notes.setPlaceholderText(self.tr("What others should know about this node."))
        self.notes.setAccessibleName(self.tr("Notes"))
        self.notes.setTabChangesFocus(True)
        self.notes.textChanged.connect(self._notes_edited)
        LeaveWatcher(self.notes).left.connect(self._seal)
        column.addWidget(self.notes)
        self.tabs.addTab(self._notes_page, self.tr("Notes"))
        return self.tabs

    # ------------------------------------------------------------ what is shown

    def show_nodes(self, workflow_id: str | None, node_ids: Sequence[str]) -> None:
        """Shows the chosen nodes of a workflow; none: the empty state."""
        chosen = tuple(NodeId(node_id) for node_id in node_ids)
        self._workflow_id = WorkflowId(workflow_id) if workflow_id else None
        self._seal()
        self._node_ids = chosen
        self._refresh()

    def set_run(self, handle: RunHandle) -> None:
        """Takes samples of its workflow's values from this run from now on."""
        self._runs[handle.workflow_id] = handle
        if handle.workflow_id == self._workflow_id:
            self._show_run_sides(self.nodes)

    def show_map(self) -> None:
        """Brings the node's mapping to the front."""
        self.tabs.setCurrentWidget(self.map)

    def show_data(self) -> None:
        """Brings what the node got and gave to the front."""
        self.tabs.setCurrentWidget(self.data)

    def show_sql(self) -> None:
        """Brings the node's statements to the front."""
        self.tabs.setCurrentWidget(self.sql)

    def focus_field(self, name: str) -> None:
        """Brings a param's editor into sight, with the caret in it."""
        self.tabs.setCurrentIndex(0)
        if self.form.focus_field(name):
            row = self.form.rows.get(name.partition(".")[0])
            if row is not None:
                self._scroll.ensureWidgetVisible(row)

    def begin_condition(self, name: str, field: str) -> None:
        """Begins a condition on a field in a param that is a filter, with the caret where its value goes."""
        self.focus_field(name)
        row = self.form.rows.get(name)
        if row is not None:
            row.begin_condition(field)
            self._scroll.ensureWidgetVisible(row)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The panel itself has nothing to type into: the first param has. A click beside the editors leaves the side that is shown."""
        super().focusInEvent(event)
        if self.form.rows and event.reason() != Qt.FocusReason.MouseFocusReason:
            self.tabs.setCurrentIndex(0)
            next(iter(self.form.rows.values())).focus_editor()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < _NARROW_PX
        if self.tabs.property("narrow") is not is_narrow:
            set_role(self.tabs, "narrow", is_narrow)
            set_role(self.tabs.tabBar(), "narrow", is_narrow)

    def session_changed(self) -> None:
        self._workflow_id, self._node_ids = None, ()
        self._runs.clear()
        self.form.clear()
        self.map.clear()
        self.data.clear()
        self._refresh()

    def session_event(self, event: Any) -> None:
        if isinstance(event, ProjectChanged):
            before = event.before.workflows.get(self._workflow_id) if self._workflow_id else None
            after = event.after.workflows.get(self._workflow_id) if self._workflow_id else None
            if before is not after or event.before.models is not event.after.models:
                self._refresh()
        elif isinstance(event, CatalogueChanged):
            self._refresh()
        elif isinstance(event, RunFinished) and event.handle is self._run:
            self.map.refresh()
            self.data.refresh()
        elif isinstance(event, BreakpointsChanged) and event.workflow_id == self._workflow_id:
            self._show_breakpoint(self.nodes)
        elif isinstance(event, ProblemsChanged) and event.workflow_id == self._workflow_id:
            self._problems_timer.start()

    def theme_changed(self) -> None:
        self.empty.set_theme(self.theme)
        self.sql.set_theme(self.theme)
        self.python.set_theme(self.theme)
        self.map.set_theme(self.theme)
        self.data.set_theme(self.theme)
        self.form.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self._refresh()

    # ------------------------------------------------------------ inside

    @property
    def _run(self) -> RunHandle | None:
        return self._runs.get(self._workflow_id) if self._workflow_id is not None else None

    @property
    def nodes(self) -> list[Node]:
        """The chosen nodes that are still there."""
        if self.session is None or self._workflow_id is None:
            return []
        workflow = self.session.project.workflows.get(self._workflow_id)
        if workflow is None:
            return []
        return [workflow.nodes[node_id] for node_id in self._node_ids if node_id in workflow.nodes]

    def _refresh(self) -> None:
        nodes = self.nodes
        if not nodes or self.session is None or self._workflow_id is None:
            self._show_nothing()
            return
        self._pages.setCurrentWidget(self._body)
        single = nodes[0] if len(nodes) == 1 else None
        self._show_head(nodes, single)
        for page in (self.sql, self.python, self._notes_page):
            self._show_tab(page, single is not None)
        self.form.show_nodes(self.session, self._workflow_id, [node.id for node in nodes])
        self._show_run_sides(nodes)
        if single is not None:
            self.sql.set_maker(partial(sql_of, self.session, self._workflow_id, single.id))
            self.python.set_maker(partial(code_of, self.session, self._workflow_id, single.id))
            if self.notes.toPlainText() != single.comment:
                self.notes.blockSignals(True)
                self.notes.setPlainText(single.comment)
                self.notes.blockSignals(False)
            mark = " •" if single.comment else ""
            self.tabs.setTabText(self.tabs.indexOf(self._notes_page), self.tr("Notes") + mark)

    def _show_run_sides(self, nodes: Sequence[Node]) -> None:
        """The sides that show values of a run; only of a single node."""
        session, workflow_id = self.session, self._workflow_id
        if session is None or workflow_id is None or len(nodes) != 1:
            self._show_tab(self.map, False)
            self._show_tab(self.data, False)
            return
        place = (session, workflow_id, nodes[0].id, self._run)
        self._show_tab(self.map, self.map.show_node(*place))
        self._show_tab(self.data, True)
        self.data.show_node(*place)

    def _show_tab(self, page: QWidget, is_shown: bool) -> None:
        """Shows a side or not; one that had to give way comes back to the front with the next node that has it."""
        gives_way = self.tabs.currentWidget() is page and not is_shown
        comes_back = self._given_way is page and is_shown
        if not (gives_way or comes_back):
            self.tabs.setTabVisible(self.tabs.indexOf(page), is_shown)
            return
        self.tabs.blockSignals(True)  # another side that a person chooses is told, and counts
        self.tabs.setTabVisible(self.tabs.indexOf(page), is_shown)
        if comes_back:
            self.tabs.setCurrentWidget(page)
        self.tabs.blockSignals(False)
        self._given_way = page if gives_way else None

    def _side_chosen(self, _index: int) -> None:
        self._given_way = None

    def _show_head(self, nodes: Sequence[Node], single: Node | None) -> None:
        if self.session is None:
            return
        spec = spec_for(nodes[0], self.session.catalogue)
        self.title.setReadOnly(single is None)
        self.run_button.setVisible(single is not None)
        self.code.setVisible(single is not None)
        disabled = {node.disabled for node in nodes}
        self.enabled.setTristate(len(disabled) > 1)
        self.enabled.setCheckState(
            Qt.CheckState.PartiallyChecked
            if len(disabled) > 1
            else Qt.CheckState.Unchecked
            if disabled == {True}
            else Qt.CheckState.Checked
        )
        self._show_breakpoint(nodes)
        if single is None:
            put_line(self.title, self.tr("{count} nodes selected").format(count=len(nodes)))
            kinds = sorted({node.type for node in nodes})
            self.subtitle.set_text(", ".join(kinds))
            return
        put_line(self.title, single.title)
        self.title.setPlaceholderText(spec.title if spec else single.id)
        where = f" · {spec.connection}" if spec and spec.connection else ""
        self.subtitle.set_text(f"{single.type}{where} · {single.id}")
        self.subtitle.setToolTip(spec.description if spec else "")
        self._show_code(
            spec.code if spec else "???", spec.operation if spec else "", spec.category if spec else "flow"
        )

    def _show_breakpoint(self, nodes: Sequence[Node]) -> None:
        """Pressed when all of the nodes have a breakpoint; in words, its condition too."""
        if self.session is None or self._workflow_id is None:
            return
        conditions = self.session.breakpoints.of(self._workflow_id)
        found = {conditions[node.id] for node in nodes if node.id in conditions}
        is_set = bool(nodes) and all(node.id in conditions for node in nodes)
        condition = next(iter(found)) if is_set and len(found) == 1 else ""
        if condition:
            tip = self.tr("Breakpoint when {} (F9 removes it, Shift+F9 edits it)").format(condition)
        elif is_set:
            tip = self.tr("Breakpoint: runs wait before this node (F9 removes it)")
        else:
            tip = self.tr("Let runs wait before this node (F9); when something is true (Shift+F9)")
        button = self.breakpoint_button
        button.setChecked(is_set)
        button.setToolTip(tip)
        button.setAccessibleName(self.tr("Breakpoint"))
        button.setAccessibleDescription(tip)
        glyph = "diamond-fill" if condition else "record-fill" if is_set else "record"
        button.setProperty("glyph", glyph)
        button.setProperty("tint", "error" if is_set else "text")
        button.setIcon(icon(f"ph.{glyph}", self.theme, "error" if is_set else "text"))

    def _show_code(self, code: str, operation: str, category: str) -> None:
        color = self.theme.operation_color(operation, category).name()
        font = self.theme.font(size_px=11, bold=True)
        self.code.setFont(font)
        self.code.setText(f'<span style="color:{color}">{code}</span>')
        self.code.setMinimumWidth(QFontMetrics(font).horizontalAdvance("MMM") + 4)

    def _show_nothing(self) -> None:
        self.form.clear()
        self.empty.show_state(
            self.tr("Nothing selected"),
            self.tr("Choose a node on the canvas to set its params."),
            picture="sliders-horizontal",
        )
        self._pages.setCurrentWidget(self.empty)

    def _seal(self) -> None:
        if self.session is not None:
            self.session.history.seal()

    def _edit(self, node: Node, values: dict[str, Any], *, merge: bool = False) -> None:
        if self.session is not None and self._workflow_id is not None:
            change = EditNode(workflow=self._workflow_id, node=node.id, values=frozen(values))
            self.session.edit(change, merge=merge)

    def _title_edited(self, text: str) -> None:
        nodes = self.nodes
        if len(nodes) == 1:
            self._edit(nodes[0], {"title": text}, merge=True)

    def _notes_edited(self) -> None:
        nodes = self.nodes
        if len(nodes) == 1:
            self._edit(nodes[0], {"comment": self.notes.toPlainText()}, merge=True)

    def _enabled_clicked(self) -> None:
        if self.session is None:
            return
        disabled = self.enabled.checkState() == Qt.CheckState.Unchecked
        with self.session.group(self.tr("Disable") if disabled else self.tr("Enable")):
            for node in self.nodes:
                if node.disabled != disabled:
                    self._edit(node, {"disabled": disabled})

    def _breakpoint_clicked(self) -> None:
        self.breakpointRequested.emit([node.id for node in self.nodes], False)

    def _run_clicked(self) -> None:
        nodes = self.nodes
        if len(nodes) == 1:
            self.runToRequested.emit(nodes[0].id)
