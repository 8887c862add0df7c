"""Which values did a run give, and what is in a table? A tab for each node or model that was visited, with its rows, value or error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from studio.kernel.ids import NodeId
from studio.panels.base import Panel
from studio.panels.browse_view import BrowseView
from studio.panels.export_bar import ExportBar, ExportWish, ask_target
from studio.panels.output_view import OutputView
from studio.panels.row_look import LookBook, LooksInMemory
from studio.panels.widgets import EmptyState, item_icon, tool_button
from studio.qt.icons import icon
from studio.session.events import CatalogueChanged, ProjectChanged, RunFinished
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.panels.rows_view import RowsView
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session
    from studio.session.exporting import Target

_MOST_TABS: Final = 12


class ResultsPanel(Panel):
    """Outputs of the run that was set, and models that are browsed.

    Invariant: the tab bar and the stack hold the same views in the same order; the stack's page 0 is the empty state.
    """

    nodeActivated = Signal(str)
    """The node is to be shown on the canvas."""
    runRequested = Signal()
    runToRequested = Signal(str)
    """Up to this node."""
    remedyChosen = Signal(str, str, object)
    """A workflow's id, a node's, and the Remedy of its error."""
    sqlRequested = Signal(str)
    """A node's statements are to be shown."""
    logRequested = Signal()
    shown = Signal(bool, bool)
    """Whether there is a tab in front, and whether it shows rows."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._handle: RunHandle | None = None
        self.book: LookBook = LooksInMemory()
        """Where the views of rows are kept."""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.tabs = QTabBar(self)
        self.tabs.setTabsClosable(True)
        self.tabs.setMovable(False)
        self.tabs.setExpanding(False)
        self.tabs.setDocumentMode(True)
        self.tabs.setAccessibleName(self.tr("Outputs that were visited"))
        self._top = QHBoxLayout()
        self._top.setSpacing(0)
        # The tabs give way: the bar of the view that is shown stands beside them, whole.
        self.tabs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._top.addWidget(self.tabs, 1)
        self.keep_button = tool_button(
            "push-pin",
            theme,
            self,
            tip=self.tr("Keep this tab as it is: what is run or shown next gets another one"),
        )
        self.keep_button.setCheckable(True)
        self.keep_button.clicked.connect(self.toggle_kept)
        self._top.addWidget(self.keep_button)
        column.addLayout(self._top)
        self._pages = QStackedWidget(self)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        column.addWidget(self._pages, 1)
        self._exports = QVBoxLayout()
        """The exports that are under way, each with its bar."""
        column.addLayout(self._exports)
        self.tabs.currentChanged.connect(self._tab_chosen)
        self.tabs.tabCloseRequested.connect(self.close_tab)
        self.empty.activated.connect(self._link_chosen)
        self._show_empty()

    # ------------------------------------------------------------ what is shown

    @property
    def views(self) -> list[OutputView | BrowseView]:
        found = [self._pages.widget(index) for index in range(1, self._pages.count())]
        return [view for view in found if isinstance(view, OutputView | BrowseView)]

    @property
    def current(self) -> OutputView | BrowseView | None:
        view = self._pages.currentWidget()
        return view if isinstance(view, OutputView | BrowseView) else None

    @property
    def rows(self) -> RowsView | None:
        """The rows of the tab in front; None where it shows something else."""
        view = self.current
        return view.rows if view is not None and view.shows_rows else None

    def set_run(self, handle: RunHandle | None) -> None:
        """Every output tab shows this run from now on, except for those that are kept."""
        self._handle = handle
        for view in self.views:
            if isinstance(view, OutputView) and not view.is_kept:
                view.set_run(handle)
        self._show_empty()

    def show_output(self, node_id: str, port: str = "") -> None:
        """Opens a node's output in the run that was set, or comes back to its tab."""
        if self.session is None:
            return
        for view in self.views:
            if isinstance(view, OutputView) and view.node_id == node_id and view.handle is self._handle:
                if port:
                    view.show_port(port)
                self._go_to(view)
                return
        view = OutputView(self.session, self.theme, node_id, self._pages)
        view.nodeActivated.connect(self.nodeActivated)
        view.runRequested.connect(self.runRequested)
        view.runToRequested.connect(self.runToRequested)
        view.remedyChosen.connect(self.remedyChosen)
        view.sqlRequested.connect(self.sqlRequested)
        view.logRequested.connect(self.logRequested)
        view.set_run(self._handle)
        if port:
            view.show_port(port)
        self._add(view, self._title_of(node_id, self._handle))

    def show_model(self, model_id: str, filter: Mapping[str, Any] | None = None) -> None:
        """Opens the records of a model, or comes back to their tab; with a filter only those that it matches."""
        if self.session is None or model_id not in self.session.project.models:
            return
        for view in self.views:
            if isinstance(view, BrowseView) and view.model_id == model_id and not view.is_kept:
                self._go_to(view)
                view.set_filter(filter) if filter else view.reload()
                return
        view = BrowseView(self.session, self.theme, model_id, self._pages)
        self._add(view, self._name_of(model_id))
        if filter:
            view.set_filter(filter)

    def clear(self) -> None:
        """Closes every tab."""
        while self.tabs.count():
            self.close_tab(0)

    def close_tab(self, index: int) -> None:
        view = self._pages.widget(index + 1)
        if view is None or index < 0:
            return
        self._pages.removeWidget(view)
        if isinstance(view, OutputView | BrowseView):
            view.bar.hide()
            view.bar.deleteLater()
        view.hide()
        view.deleteLater()
        self.tabs.removeTab(index)
        if not self.tabs.count():
            self._pages.setCurrentWidget(self.empty)
        self._tell_rows()

    def toggle_kept(self) -> None:
        """Keeps the tab in front as it is, or lets it follow the runs again."""
        view = self.current
        if view is None:
            return
        view.is_kept = not view.is_kept
        if isinstance(view, OutputView) and not view.is_kept:
            view.set_run(self._handle)
        self._name_tab(self.tabs.currentIndex())
        self._tell_rows()

    def _name_tab(self, index: int) -> None:
        """A tab that is kept has a pin, and says which run it shows."""
        view = self._pages.widget(index + 1)
        if not isinstance(view, OutputView | BrowseView) or self.session is None:
            return
        if isinstance(view, OutputView):
            title = self._title_of(view.node_id, view.handle)
            if view.is_kept and view.handle is not None:
                title = f"{title} · {view.handle.started_at.astimezone():%H:%M:%S}"
        else:
            title = self._name_of(view.model_id)
        self.tabs.setTabText(index, title)
        self.tabs.setTabIcon(index, item_icon("push-pin", self.theme) if view.is_kept else QIcon())

    # ------------------------------------------------------------ exporting

    def export(self) -> None:
        """Asks where all rows of the tab in front shall be written to, and in which format."""
        if self.rows is not None:
            self.rows.deeds.export()

    def choose_columns(self) -> None:
        """Offers the columns of the tab in front, and the views that are kept of it."""
        if self.rows is not None:
            self.rows.open_columns()

    def toggle_filters(self) -> None:
        """Shows a row of filters above the rows of the tab in front, or no longer."""
        if self.rows is not None:
            self.rows.toggle_filters()

    def toggle_chart(self) -> None:
        """Shows the rows of the tab in front as a chart, or no longer."""
        if self.rows is not None:
            self.rows.toggle_chart()

    def export_rows(self, wish: Any) -> None:
        """Asks where rows (an ExportWish) shall be written to, and writes them; the bar of it stands below the tabs."""

        def chosen(target: Target) -> None:
            if self.session is not None:
                self._export(self.session, wish, target)

        ask_target(self, wish, chosen)

    def _export(self, session: Session, wish: ExportWish, target: Target) -> None:
        bar = ExportBar(session, wish.source, target, self)
        bar.message.connect(self.message)
        bar.failed.connect(self.failed)
        bar.ended.connect(self._export_ended)
        self._exports.addWidget(bar)

    def _export_ended(self) -> None:
        bar = self.sender()
        if isinstance(bar, ExportBar):
            self._exports.removeWidget(bar)
            bar.deleteLater()

    @property
    def exports(self) -> list[ExportBar]:
        """Those that are under way."""
        found = [self._exports.itemAt(place) for place in range(self._exports.count())]
        bars = [item.widget() for item in found if item is not None]
        return [bar for bar in bars if isinstance(bar, ExportBar)]

    def session_changed(self) -> None:
        for bar in self.exports:
            bar.cancel()
        self.clear()
        self._handle = None
        self._show_empty()

    def session_event(self, event: Any) -> None:
        if isinstance(event, RunFinished):
            if event.handle is self._handle:
                self._show_empty()
                for view in self.views:
                    if isinstance(view, OutputView):
                        view.refresh()
        elif isinstance(event, ProjectChanged | CatalogueChanged):
            self._follow_names()

    def theme_changed(self) -> None:
        self.empty.set_theme(self.theme)
        self.keep_button.setIcon(icon("ph.push-pin", self.theme))
        for place, view in enumerate(self.views):
            view.set_theme(self.theme)
            self._name_tab(place)

    # ------------------------------------------------------------ inside

    def _show_empty(self) -> None:
        if self._handle is not None and not self._handle.is_finished:
            self.empty.show_state(
                self.tr("The workflow is running"),
                self.tr("Its rows appear here when it is done. Shift+F5 stops it."),
                picture="table",
            )
            return
        links = (("run", self.tr("Run the workflow")),) if self.session is not None else ()
        self.empty.show_state(
            self.tr("Run (Ctrl+Enter) to see rows"),
            self.tr("Or select a node and run to here (F7). A model's data can be browsed at any time."),
            picture="table",
            links=links,
        )

    def _add(self, view: OutputView | BrowseView, title: str) -> None:
        if self.tabs.count() >= _MOST_TABS:
            loose = next((place for place, known in enumerate(self.views) if not known.is_kept), None)
            if loose is not None:
                self.close_tab(loose)
        view.rows.looks.book = self.book
        view.message.connect(self.message)
        view.exportRequested.connect(self.export_rows)
        view.rowsShown.connect(self._tell_rows)
        view.linkFollowed.connect(self.show_model)
        self._pages.addWidget(view)
        self._top.insertWidget(self._top.count() - 1, view.bar)
        self.tabs.addTab(title)
        self._go_to(view)

    def _go_to(self, view: QWidget) -> None:
        index = self._pages.indexOf(view)
        self._pages.setCurrentIndex(index)
        self.tabs.setCurrentIndex(index - 1)
        self._tab_chosen(index - 1)

    def _tab_chosen(self, index: int) -> None:
        if 0 <= index < self._pages.count() - 1:
            self._pages.setCurrentIndex(index + 1)
        for view in self.views:
            view.bar.setVisible(view is self.current)
        self._tell_rows()

    def _tell_rows(self) -> None:
        view = self.current
        self.keep_button.setVisible(view is not None)
        self.keep_button.setChecked(view is not None and view.is_kept)
        self.shown.emit(view is not None, self.rows is not None)

    def _name_of(self, model_id: str) -> str:
        """The name of a model; with its connection where another one has a model of that name as well."""
        assert self.session is not None
        project = self.session.project
        entry = project.models[model_id]
        connection = project.connections.get(entry.connection)
        is_one_of_several = sum(known.name == entry.name for known in project.models.values()) > 1
        return (
            f"{entry.name} · {connection.name}"
            if connection is not None and is_one_of_several
            else entry.name
        )

    def _title_of(self, node_id: str, handle: RunHandle | None) -> str:
        """The name of a node of the workflow that a run belongs to."""
        if self.session is None:
            return node_id
        for workflow in self.session.project.workflows.values():
            node = workflow.nodes.get(NodeId(node_id))
            if node is not None and (handle is None or workflow.id == handle.workflow_id):
                spec = spec_for(node, self.session.catalogue)
                return node.title or (spec.title if spec else node_id)
        return node_id

    def _follow_names(self) -> None:
        """Renames tabs as their nodes are renamed; closes those of models that are gone."""
        if self.session is None:
            return
        for index in reversed(range(self.tabs.count())):
            view = self._pages.widget(index + 1)
            if isinstance(view, OutputView):
                self._name_tab(index)
                view.refresh()
            elif isinstance(view, BrowseView) and view.model_id not in self.session.project.models:
                self.close_tab(index)

    def _link_chosen(self, name: str) -> None:
        if name == "run":
            self.runRequested.emit()
