"""What did one node deliver? Its rows, its record or value, its error, or why there is nothing; one output port at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QHBoxLayout,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.ids import NodeId
from studio.kernel.names import snake_case
from studio.panels.display import cell_text, duration_text
from studio.panels.rows_view import RowsView
from studio.panels.value_tree import ValueView
from studio.panels.widgets import (
    MENDS,
    ColumnScroll,
    EmptyState,
    ErrorCard,
    clear_layout,
    counted,
    muted_label,
)
from studio.qt.background import run_in_background
from studio.session.remedies import Remedy, remedies
from studio.session.row_sources import OutputRows
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.models.spec import ModelSpec
    from studio.qt.background import Job
    from studio.qt.theme import Theme
    from studio.session import NodeRunView, Output, RunHandle, Session
    from studio.workflow.graph import Node
    from studio.workflow.spec import NodeSpec

_MOST_PORTS: Final = 6
_POLL_MS: Final = 150


class OutputView(QWidget):
    """One node's outputs in one run. It follows the run while it goes on."""

    nodeActivated = Signal(str)
    runRequested = Signal()
    runToRequested = Signal(str)
    """Up to this node."""
    remedyChosen = Signal(str, str, object)
    """A workflow's id, a node's, and the Remedy."""
    sqlRequested = Signal(str)
    logRequested = Signal()
    message = Signal(str)
    failed = Signal(object)
    exportRequested = Signal(object)
    """An ExportWish."""
    linkFollowed = Signal(str, object)
    """A model's id, and the filter of its record that a value refers to."""
    refreshed = Signal()
    """How the node is doing is shown anew."""
    rowsShown = Signal()
    """Rows are shown now, or no longer."""

    def __init__(self, session: Session, theme: Theme, node_id: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.is_kept = False
        """Whether it stays as it is, whatever is run or shown next."""
        self.session = session
        self.theme = theme
        self.node_id = NodeId(node_id)
        self.port = ""
        self._handle: RunHandle | None = None
        self._shown: tuple[Any, ...] = ()
        self._has_waited = False
        self._job: Job | None = None
        self._remedies: tuple[Remedy, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = self._make_bar()
        """The node's output ports and its state; whoever shows the view says where it stands."""
        self._pages = QStackedWidget(self)
        self.empty = EmptyState(theme, self._pages)
        self.rows = RowsView(session, theme, self._pages)
        self.value = ValueView(theme, self._pages)
        self._card_page = ColumnScroll(self._pages)
        self.card = ErrorCard(theme, self._card_page)
        self._card_page.column.setContentsMargins(12, 12, 12, 12)
        self._card_page.column.addWidget(self.card)
        self._card_page.column.addStretch(1)
        for page in (self.empty, self.rows, self.value, self._card_page):
            self._pages.addWidget(page)
        column.addWidget(self._pages, 1)
        self._pages.currentChanged.connect(self._page_changed)
        self._poll = QTimer(self)
        self._poll.setInterval(_POLL_MS)
        self._poll.timeout.connect(self.refresh)
        self.empty.activated.connect(self._link_chosen)
        self.card.activated.connect(self._fix_chosen)
        self.rows.message.connect(self.message)
        self.rows.failed.connect(self._show_error)
        self.rows.emptied.connect(self._emptied)
        self.rows.exportRequested.connect(self.exportRequested)
        self.rows.linkFollowed.connect(self.linkFollowed)

    def _make_bar(self) -> QWidget:
        holder = QWidget(self)
        bar = QHBoxLayout(holder)
        bar.setContentsMargins(10, 2, 8, 2)
        bar.setSpacing(6)
        self._ports = QHBoxLayout()
        self._ports.setSpacing(2)
        bar.addLayout(self._ports)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._group.buttonClicked.connect(self._port_chosen)
        self._state = muted_label("", self)
        bar.addWidget(self._state)
        return holder

    # ------------------------------------------------------------ what is shown

    @property
    def handle(self) -> RunHandle | None:
        """The run that is shown."""
        return self._handle

    def set_run(self, handle: RunHandle | None) -> None:
        self._handle, self._has_waited = handle, False
        self._shown = ()
        self.refresh()

    def show_node(self, node_id: NodeId, port: str) -> None:
        """Shows another node's output, unless it is shown already; an empty name of a port: the node's natural value."""
        before, self.node_id = self.node_id, node_id
        if before != node_id or self.port != ("" if port == whole_port(self._spec()) else port):
            self.show_port(port)

    @property
    def state_text(self) -> str:
        """How the node did: `✓ 39 rows · 12 ms`; empty when it was not run."""
        return self._state.text()

    def show_port(self, port: str) -> None:
        """Shows another output; an empty name: the node's natural value."""
        self.port = "" if port == whole_port(self._spec()) else port
        self._shown = ()
        self.refresh()

    @property
    def shows_rows(self) -> bool:
        return self._pages.currentWidget() is self.rows

    def _page_changed(self, _page: int) -> None:
        self.rowsShown.emit()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        for part in (self.empty, self.rows, self.card):
            part.set_theme(theme)
        self.value.theme = theme
        self._shown = ()
        self.refresh()

    def refresh(self) -> None:
        """Shows how the node is doing now; does nothing when that is shown already."""
        self._poll_while_running()
        spec = self._spec()
        view = self._handle.node(self.node_id) if self._handle is not None else None
        self._has_waited = self._has_waited or (self._handle is not None and self._handle.pause is not None)
        can_load = self._can_load()
        # The node as well: what mends an error depends on what it is now.
        node = self._node() if view is not None and view.error is not None else None
        key = (spec, self.port, view, self._handle, can_load, self._is_waited_before(), node)
        if key == self._shown:
            return
        self._shown = key
        self._state.setText(self._state_text(view))
        self._show_ports(spec)
        self._show_view(view, can_load=can_load)
        self.refreshed.emit()

    def _can_load(self) -> bool:
        """What nodes have given can be had from the first pause on; without one, when the run is over."""
        return self._has_waited or (self._handle is not None and self._handle.is_finished)

    def _node(self) -> Node | None:
        for workflow in self.session.project.workflows.values():
            if (
                self._handle is None or workflow.id == self._handle.workflow_id
            ) and self.node_id in workflow.nodes:
                return workflow.nodes[self.node_id]
        return None

    def _spec(self) -> NodeSpec | None:
        node = self._node()
        return spec_for(node, self.session.catalogue) if node else None

    def _poll_while_running(self) -> None:
        running = self._handle is not None and self._handle.state == "running"
        if running and not self._poll.isActive():
            self._poll.start()
        elif not running:
            self._poll.stop()

    def _show_view(self, view: NodeRunView | None, *, can_load: bool) -> None:
        if self._job is not None:
            # What an earlier run gave must not come late over what is shown now.
            self._job.cancel()
            self._job = None
        if self._handle is None:
            self._show_never_run()
        elif view is None or (view.state == "pending" and self._handle.state != "running"):
            self._show_never_run(self.tr("This node was not part of the run."))
        elif view.error is not None:
            self._show_error(view.error)
        elif view.state == "succeeded" and can_load:
            self._load()
        else:
            self._show_state(view)

    def _show_never_run(self, text: str = "") -> None:
        self._show_empty(
            self.tr("Run to here (F7) to see rows"),
            text or self.tr("What this node delivers appears here."),
            picture="play-circle",
            links=(("run_to", self.tr("Run to here")), ("run", self.tr("Run the workflow"))),
        )

    def _show_state(self, view: NodeRunView) -> None:
        texts = {
            "pending": (
                self.tr("Waiting"),
                self.tr("The node runs when those before it have finished."),
                "clock",
            ),
            "running": (self.tr("Running…"), _progress_text(view), "spinner"),
            "succeeded": (
                self.tr("Done"),
                self.tr("What the node gave is shown when the run is over."),
                "check-circle",
            ),
            "skipped": (
                self.tr("Skipped"),
                self.tr("A node before it sent nothing this way (an If took its other port)."),
                "arrow-bend-down-right",
            ),
            "abandoned": (self.tr("Not run"), self._why_not_run(), "prohibit"),
            "cancelled": (
                self.tr("Stopped"),
                self.tr("The run was stopped before this node had finished."),
                "stop-circle",
            ),
        }
        if self._is_waited_before():
            texts["pending"] = (self.tr("Paused"), self.tr("The run waits before this node."), "pause")
        title, text, picture = texts.get(view.state, (view.state, "", ""))
        self._show_empty(title, text, picture=picture)

    def _is_waited_before(self) -> bool:
        pause = self._handle.pause if self._handle is not None else None
        return pause is not None and pause.path == self.node_id

    def _why_not_run(self) -> str:
        handle = self._handle
        _, views = handle.nodes_since(0) if handle is not None else (0, [])
        if any(view.state == "failed" for view in views) or handle is None or handle.error is None:
            return self.tr("A node before it failed. Mend that one and run again.")
        return self.tr("The run could not begin: {error}").format(error=handle.error.message)

    def _show_empty(self, title: str, text: str, *, picture: str, links: Any = ()) -> None:
        self.empty.show_state(title, text, picture=picture, links=links)
        self._pages.setCurrentWidget(self.empty)

    def _show_error(self, error: Any) -> None:
        workflow_id = self._handle.workflow_id if self._handle is not None else None
        self._remedies = remedies(self.session, workflow_id, error) if workflow_id is not None else ()
        fixes = [(f"{MENDS}{number}", remedy.text) for number, remedy in enumerate(self._remedies)]
        fixes += [
            ("node", self.tr("&Show node")),
            ("run", self.tr("&Run again")),
            ("log", self.tr("Show in &log")),
        ]
        self.card.show_error(error, fixes=fixes)
        self._pages.setCurrentWidget(self._card_page)

    def _load(self) -> None:
        handle, port = self._handle, self.port or None
        if handle is None:
            return
        # A value of very many rows takes a while to be looked through: not on this thread.
        self._job = run_in_background(
            self, asyncio.to_thread(_taken, handle, self.node_id, port), self._loaded, self._show_error
        )

    def _loaded(self, taken: tuple[Output | None, Any]) -> None:
        output, value = taken
        handle, port = self._handle, self.port or None
        if output is None or handle is None or output.kind == "none":
            text = self.tr("The node ran and gave nothing at this port.")
            self._show_empty(self.tr("Nothing here"), text, picture="circle-dashed")
        elif output.kind == "rows":
            model = self._model_name()
            source = OutputRows(handle=handle, node_id=self.node_id, port=port, model=model)
            note = ""
            if output.is_truncated:
                note = self.tr("the first of {count}").format(count=counted(output.row_count))
            self.rows.set_source(source, name=self._rows_name(), spec=self._model_spec(), note=note)
            self._pages.setCurrentWidget(self.rows)
        else:
            self.value.show_value(
                self.tr("Record") if output.kind == "record" else self.tr("Value"), value, kinds=self._kinds()
            )
            self._pages.setCurrentWidget(self.value)

    def _model_name(self) -> str | None:
        """The model of the records, where the port's type tells it."""
        spec = self._spec()
        if spec is None:
            return None
        primary = next((port for port in spec.outputs if port.primary), None)
        port = spec.output(self.port) if self.port else primary
        return port.type.model if port is not None else None

    def _rows_name(self) -> str:
        """What the rows are called where they go: after the node."""
        node, spec = self._node(), self._spec()
        title = (node.title if node else "") or (spec.title if spec else "") or self.node_id
        return snake_case(title) or "rows"

    def _model_spec(self) -> ModelSpec | None:
        """The model of the records, where it is one of the project's."""
        model = self._model_name()
        entries = self.session.project.models.values() if model is not None else ()
        return next((entry.spec for entry in entries if entry.name == model), None)

    def _kinds(self) -> dict[str, str]:
        """The kinds of the columns where the port's model tells them."""
        spec = self._model_spec()
        return {field.name: field.kind.value for field in spec.fields} if spec is not None else {}

    def _emptied(self, is_empty: bool) -> None:
        if not is_empty or self._pages.currentWidget() is not self.rows:
            return
        node = self._node()
        wanted = node.params.get("filter") if node else None
        text = self.tr("Filter: {filter}").format(filter=cell_text(wanted)) if wanted else ""
        links = []
        if wanted:
            links += [("clear", self.tr("Clear filter")), ("node", self.tr("Change the filter"))]
        spec = self._spec()
        if spec is not None and (spec.model is not None or spec.type == "SQL"):
            links.append(("sql", self.tr("Show SQL")))
        self._show_empty(self.tr("Query ran: 0 rows"), text, picture="rows", links=links)

    # ------------------------------------------------------------ ports

    def _show_ports(self, spec: NodeSpec | None) -> None:
        names = ["", *(listed_ports(spec) if spec else ())]
        shown = [button.property("port") for button in self._group.buttons()]
        if shown != names:
            for button in self._group.buttons():
                self._group.removeButton(button)
            clear_layout(self._ports)
            for name in names if len(names) > 1 else ():
                button = QToolButton(self)
                button.setText(name or whole_port(spec) or self.tr("result"))
                button.setToolTip(self._port_tip(spec, name))
                button.setCheckable(True)
                button.setProperty("port", name)
                self._group.addButton(button)
                self._ports.addWidget(button)
        for button in self._group.buttons():
            button.setChecked(button.property("port") == self.port)

    def _port_tip(self, spec: NodeSpec | None, name: str) -> str:
        if spec is None or not name:
            return spec.value if spec else ""
        port = spec.output(name)
        return port.description if port else name

    def _port_chosen(self, button: QAbstractButton) -> None:
        self.show_port(str(button.property("port")))

    def _state_text(self, view: NodeRunView | None) -> str:
        if view is None or (
            view.state == "pending" and self._handle is not None and self._handle.is_finished
        ):
            return ""
        mark = {"succeeded": "✓", "failed": "✕", "running": "…"}.get(view.state, view.state)
        facts = []
        if view.rows is not None and view.state == "succeeded":
            facts.append(
                self.tr("1 row") if view.rows == 1 else self.tr("{n} rows").format(n=counted(view.rows))
            )
        if view.duration_ms is not None:
            facts.append(duration_text(view.duration_ms))
        if view.origin:
            words = {"reused": self.tr("reused from an earlier run"), "pinned": self.tr("pinned, not run")}
            facts.append(words[view.origin])
        return f"{mark} {' · '.join(facts)}"

    def _link_chosen(self, name: str) -> None:
        if name == "clear":
            self._clear_filter()
        elif name == "sql":
            self.sqlRequested.emit(self.node_id)
        elif name == "run_to":
            self.runToRequested.emit(self.node_id)
        else:
            self._fix_chosen(name)

    def _fix_chosen(self, name: str) -> None:
        if name == "run":
            self.runRequested.emit()
        elif name == "node":
            self.nodeActivated.emit(self.node_id)
        elif name == "log":
            self.logRequested.emit()
        elif name.startswith(MENDS) and self._handle is not None:
            remedy = self._remedies[int(name.removeprefix(MENDS))]
            self.remedyChosen.emit(self._handle.workflow_id, self.node_id, remedy)

    def _clear_filter(self) -> None:
        """Takes the node's filter away, which is an edit; the run that is shown stays as it is."""
        if self._handle is not None and self._node() is not None:
            self.session.set_params(self._handle.workflow_id, self.node_id, {}, clear=["filter"])
            self.message.emit(self.tr("The filter is cleared: run again to see rows. Ctrl+Z brings it back."))


def listed_ports(spec: NodeSpec) -> list[str]:
    """The outputs worth a button: not those that merely repeat a record's fields."""
    has_record = any(port.name == "record" for port in spec.outputs)
    listed = [
        port.name for port in spec.outputs if not has_record or port.type.kind == "record" or port.primary
    ]
    return [name for name in listed if name != whole_port(spec)][:_MOST_PORTS]


def whole_port(spec: NodeSpec | None) -> str:
    """The output that is the node's whole natural value, if one is: it needs no button of its own."""
    first = next((port.name for port in spec.outputs if port.primary), "") if spec else ""
    return first if first in ("records", "record", "value") else ""


def _taken(handle: RunHandle, node_id: NodeId, port: str | None) -> tuple[Output | None, Any]:
    """The output's description and, when it is no list of rows, its value."""
    output = handle.output(node_id, port)
    if output is None or output.kind in ("rows", "none"):
        return output, None
    return output, handle.value(node_id, port)


def _progress_text(view: NodeRunView) -> str:
    if view.progress is None:
        return ""
    done, total = view.progress
    text = f"{counted(done)} / {counted(total)}" if total else counted(done)
    return text if view.rate is None else f"{text} · {view.rate:,.0f}/s"
