"""How are rows looked through, ordered and inspected? The grid with its status line and its record pane.

Where the rows come from is the source's business: a run's output or a model's table. What is done with them is in `row_deeds`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSplitter, QToolButton, QVBoxLayout, QWidget

from studio.panels.chart_view import ChartView
from studio.panels.filter_row import FilterRow
from studio.panels.grid import LINK_ROLE, Grid, next_order
from studio.panels.links import links_of
from studio.panels.look_control import LookControl
from studio.panels.narrow import ShortWords
from studio.panels.row_deeds import RowDeeds
from studio.panels.rows_model import RowsModel
from studio.panels.selection_figures import SelectionFigures
from studio.panels.value_tree import ValueView
from studio.panels.widgets import BusyLine, add_action, counted, muted_label, repaint_icons, tool_button
from studio.session.row_sources import ModelRows

if TYPE_CHECKING:
    from studio.models.spec import ModelSpec
    from studio.qt.theme import Theme
    from studio.session import Session
    from studio.session.row_sources import RowSource


class RowsView(QWidget):
    """Rows of one source."""

    failed = Signal(object)
    message = Signal(str)
    emptied = Signal(bool)
    """Whether the source turned out to have no rows."""
    exportRequested = Signal(object)
    """An ExportWish."""
    linkFollowed = Signal(str, object)
    """A model's id, and the filter of the record in it that a value refers to."""

    def __init__(self, session: Session, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._session = session
        self._fitted = False
        self._note = ""
        self._is_compact = False
        self.model = RowsModel(theme, session.rows, self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.busy = BusyLine(self)
        column.addWidget(self.busy)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, self)
        self.splitter.setChildrenCollapsible(False)
        self.grid = Grid(theme, self.splitter)
        self.grid.setModel(self.model)
        self.chart = ChartView(session.rows, theme, self.splitter)
        self.chart.setMinimumWidth(260)
        self.chart.hide()
        self.chart.message.connect(self.message)
        self.chart.failed.connect(self.failed)
        self.record = ValueView(theme, self.splitter)
        self.record.setMinimumWidth(220)
        self.record.hide()
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 3)
        self.splitter.setStretchFactor(2, 1)
        column.addWidget(self.splitter, 1)
        self.filters = FilterRow(self.grid, self.model)
        self.filters.changed.connect(self._filter_asked)
        self.filters.left.connect(self._enter_grid)
        self.looks = LookControl(self.grid, self.model, self.filters)
        self.looks.message.connect(self.message)
        self.deeds = RowDeeds(session, self.model, self.grid)
        self.deeds.message.connect(self.message)
        self.deeds.failed.connect(self.failed)
        self.deeds.exportRequested.connect(self.exportRequested)
        self._record_action = QAction(self.tr("Show &record"), self)
        self._record_action.triggered.connect(self.toggle_record)
        self._record_action.setShortcut(QKeySequence(Qt.Key.Key_Space))
        self._record_action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        column.addLayout(self._make_status())
        self._in_sight = QTimer(self)
        self._in_sight.setSingleShot(True)
        self._in_sight.setInterval(60)
        self._in_sight.timeout.connect(self._show_status)
        self.model.loaded.connect(self._loaded)
        self.model.failed.connect(self.failed)
        self.model.busyChanged.connect(self._busy_changed)
        self.grid.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.grid.orderRequested.connect(self._order_by)
        self.grid.recordRequested.connect(self.toggle_record)
        self.grid.linkRequested.connect(self._follow)
        self.grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.customContextMenuRequested.connect(self._show_menu)
        self.grid.kind_header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.grid.kind_header.customContextMenuRequested.connect(self._show_header_menu)
        selection = self.grid.selectionModel()
        selection.currentChanged.connect(self._current_changed)
        SelectionFigures(self.grid, self.model).told.connect(self.figures.setText)

    def _make_status(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 4, 3)
        bar.setSpacing(4)
        self.status = QLabel(self)
        self.status.setAccessibleName(self.tr("Rows in sight"))
        bar.addWidget(self.status)
        bar.addSpacing(12)
        self.figures = muted_label("", self)
        self.figures.setAccessibleName(self.tr("Figures of the selection"))
        bar.addWidget(self.figures)
        bar.addStretch(1)
        self.filter_button = tool_button(
            "funnel-simple",
            self.theme,
            self,
            tip=self.tr("Filter by column, below the header (Ctrl+Shift+F)"),
        )
        self.filter_button.setCheckable(True)
        self.filter_button.clicked.connect(self._filter_clicked)
        self.filters.shown.connect(self.filter_button.setChecked)
        bar.addWidget(self.filter_button)
        self.columns_button = tool_button(
            "columns", self.theme, self, tip=self.tr("Choose columns, and keep views (Ctrl+Shift+A)")
        )
        self.columns_button.clicked.connect(self.open_columns)
        bar.addWidget(self.columns_button)
        self.record_button = tool_button(
            "article",
            self.theme,
            self,
            tip=self.tr("Show one record whole (Space)"),
            text=self.tr("Record"),
        )
        self.record_button.setCheckable(True)
        self.record_button.clicked.connect(self._record_clicked)
        bar.addWidget(self.record_button)
        self.chart_button = tool_button(
            "chart-bar",
            self.theme,
            self,
            tip=self.tr("Show the rows as a chart (Ctrl+Shift+D)"),
            text=self.tr("Chart"),
        )
        self.chart_button.setCheckable(True)
        self.chart_button.clicked.connect(self._chart_clicked)
        bar.addWidget(self.chart_button)
        self.copy_button = self._menu_button(
            "copy",
            self.tr("Copy as"),
            self.tr("Copy the selected rows, or all of them"),
            self.deeds.fill_copy_menu,
        )
        bar.addWidget(self.copy_button)
        self.export_button = self._menu_button(
            "export",
            self.tr("Export"),
            self.tr("Write all rows into a file"),
            self.deeds.fill_export_menu,
        )
        bar.addWidget(self.export_button)
        ShortWords(self, bar, (self.record_button, self.chart_button, self.copy_button, self.export_button))
        return bar

    def _menu_button(self, glyph: str, text: str, tip: str, fill: Callable[[QMenu], None]) -> QToolButton:
        button = tool_button(glyph, self.theme, self, tip=tip, text=text)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        fill(menu)
        button.setMenu(menu)
        return button

    def make_compact(self) -> None:
        """Leaves out what needs width: the buttons below the rows, whose deeds are in the menu of the rows too. A record stands below them."""
        self._is_compact = True
        buttons = (self.filter_button, self.columns_button, self.record_button, self.chart_button)
        for part in (*buttons, self.copy_button, self.export_button, self.figures):
            part.hide()
        self.splitter.setOrientation(Qt.Orientation.Vertical)

    # ------------------------------------------------------------ what is shown

    def set_source(
        self, source: RowSource, *, name: str, spec: ModelSpec | None = None, note: str = ""
    ) -> None:
        """Shows rows from their beginning.

        `name` is what they are called, `spec` the model that they are records of, `note` stands at the end of the status line.
        """
        self.deeds.name = name
        kinds = {field.name: field.kind.value for field in spec.fields} if spec is not None else {}
        self.model.links = links_of(self._session.project, spec)
        self._note = note
        self._fitted = False
        if _place_of(source) != _place_of(self.model.source):
            # The same rows of another run keep their order and their filters; others begin afresh.
            self.grid.kind_header.order = ()
            self.model.forget_view()
            self.looks.forget()
            self.filters.show_texts({})
            self.looks.place = "/".join((self._session.project.id, *map(str, _place_of(source))))
        self.model.set_source(source, kinds=kinds)
        self.record.show_value("", {})
        self.chart.forget()
        self._show_status()

    def reload(self) -> None:
        self.model.reload()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.grid.set_theme(theme)
        self.model.set_theme(theme)
        self.chart.set_theme(theme)
        self.record.theme = theme
        self.record.tree.theme = theme
        repaint_icons(self, theme)

    def toggle_record(self) -> None:
        """Opens or closes the pane with the current record."""
        self._show_record(not self.record.isVisibleTo(self))

    def _record_clicked(self) -> None:
        self._show_record(self.record_button.isChecked())

    def _show_record(self, shown: bool) -> None:
        first_time = shown and not self.record.isVisibleTo(self)
        self.record.setVisible(shown)
        self.record_button.setChecked(shown)
        if first_time:
            self._share_out()
        if shown and not self.grid.currentIndex().isValid() and self.model.rowCount():
            self.grid.setCurrentIndex(self.model.index(0, 0))
        self._fill_record()

    def _share_out(self) -> None:
        """Gives the panes beside the grid their room; where it is low, more of it in width."""
        if self._is_compact:
            self.splitter.setSizes([self.height() // 2] * self.splitter.count())
            return
        width = max(self.splitter.width(), 640)
        parts = 3 if self.splitter.height() > width // 3 else 2
        record = width // parts if self.record.isVisibleTo(self) else 0
        chart = (width - record) // 2 if self.chart.isVisibleTo(self) else 0
        self.splitter.setSizes([width - record - chart, chart, record])

    def toggle_filters(self) -> None:
        """Opens or closes the row of filters below the header."""
        self.filter_button.setChecked(not self.filter_button.isChecked())
        self._filter_clicked()

    def open_columns(self) -> None:
        """Offers the columns, and the views that are kept."""
        self.looks.open_popup(self.columns_button)

    def _filter_clicked(self) -> None:
        shown = self.filter_button.isChecked()
        self.filters.set_shown(shown)
        self.filters.enter() if shown else self._enter_grid()

    def _filter_asked(self, filter: Any) -> None:
        self.model.set_filter(filter)

    def _enter_grid(self) -> None:
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)

    def toggle_chart(self) -> None:
        """Opens or closes the pane with the chart."""
        self.chart_button.setChecked(not self.chart.isVisibleTo(self))
        self._chart_clicked()

    def _chart_clicked(self) -> None:
        shown = self.chart_button.isChecked()
        self.chart.setVisible(shown)
        if shown:
            self._share_out()
            self._draw_chart()

    def _draw_chart(self) -> None:
        if self.chart.isVisibleTo(self):
            kinds = {name: self.model.kind(name) for name in self.model.columns}
            self.chart.show_rows(self.model.asked, self.model.columns, kinds)

    def _fill_record(self) -> None:
        index = self.grid.currentIndex()
        if not self.record.isVisibleTo(self) or not index.isValid():
            return
        row = self.model.row(index.row())
        if row is not None:
            title = self.tr("Record {number}").format(number=counted(index.row() + 1))
            kinds = {name: self.model.kind(name) for name in self.model.columns}
            self.record.show_value(title, row, kinds=kinds)
            self.record.show_field(self.model.columns[index.column()])

    # ------------------------------------------------------------ following the model and the selection

    def _loaded(self) -> None:
        if not self._fitted and self.model.rowCount():
            self._fitted = True
            self.grid.fit_columns()
        self._show_status()
        self._fill_record()
        self._draw_chart()
        self.emptied.emit(self.model.total == 0 and not self.model.filter)

    def _busy_changed(self, busy: bool) -> None:
        if busy:
            self.busy.begin()
        else:
            self.busy.end()

    def _scrolled(self, _value: int) -> None:
        self._in_sight.start()

    def _show_status(self) -> None:
        first, last = self.grid.rows_in_sight()
        total = self.model.total
        if last < first:
            none = (
                self.tr("0 rows match the filters of the columns") if self.model.filter else self.tr("0 rows")
            )
            text = none if total == 0 else self.tr("Reading…") if self.model.is_busy else ""
        else:
            of = counted(total) if total is not None else self.tr("more")
            text = self.tr("{first}–{last} of {total}").format(
                first=counted(first + 1), last=counted(last + 1), total=of
            )
        self.status.setText(f"{text} · {self._note}" if self._note and text else text)

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self._in_sight.start()

    def _order_by(self, name: str, add: bool) -> None:
        self._set_order(next_order(self.model.order, name, add=add))

    def _set_order(self, order: tuple[str, ...]) -> None:
        self.grid.kind_header.order = order
        self.grid.kind_header.viewport().update()
        self.model.set_order(order)

    def _current_changed(self, _now: QModelIndex, _before: QModelIndex) -> None:
        self._fill_record()

    def _follow(self, index: QModelIndex) -> None:
        link = index.data(LINK_ROLE)
        self.linkFollowed.emit(link.model_id, {link.field: index.data(Qt.ItemDataRole.UserRole)})

    def _show_header_menu(self, place: QPoint) -> None:
        header = self.grid.kind_header
        section = header.logicalIndexAt(place)
        if section >= 0:
            menu = QMenu(self.grid)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.fill_column_menu(menu, self.model.columns[section])
            menu.popup(header.viewport().mapToGlobal(place))

    def fill_column_menu(self, menu: QMenu, column: str) -> None:
        """What can be done with a column: its order, and whether it is seen."""
        order = self.model.order
        for text, term in ((self.tr("Sort &ascending"), column), (self.tr("Sort &descending"), f"-{column}")):
            action = add_action(menu, text, partial(self._set_order, (term,)))
            action.setCheckable(True)
            action.setChecked(term in order)
        add_action(menu, self.tr("&Not sorted"), partial(self._set_order, ())).setEnabled(bool(order))
        menu.addSeparator()
        hide = add_action(menu, self.tr("&Hide column"), partial(self.looks.hide_column, column))
        hide.setEnabled(len(self.grid.shown_columns()) > 1)
        add_action(menu, self.tr("&Columns…"), self.open_columns)
        menu.addAction(self.deeds.actions["fit"])
        menu.addSeparator()
        add_action(menu, self.tr("Fi&lter by column"), self.toggle_filters)

    def _show_menu(self, place: QPoint) -> None:
        menu = self.deeds.menu_at(place, self._record_action)
        index = self.grid.indexAt(place)
        if index.isValid():
            column = self.model.columns[index.column()]
            named = self.tr("Col&umn {}").format(column.replace("&", "&&"))
            self.fill_column_menu(menu.addMenu(named), column)
        link = index.data(LINK_ROLE) if index.isValid() else None
        if link is not None:
            text = self.tr("&Go to {model} {value}").format(model=link.model, value=index.data())
            add_action(menu, text, partial(self._follow, index)).setShortcut("F4")
        menu.popup(self.grid.viewport().mapToGlobal(place))


def _place_of(source: RowSource | None) -> tuple[object, ...]:
    """What stays the same from run to run."""
    if isinstance(source, ModelRows):
        return (source.model_id,)
    return (source.handle.workflow_id, source.node_id, source.port or "") if source is not None else ()
