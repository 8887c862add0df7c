"""What is in a model's table? Its records page by page, filtered and ordered by the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from studio.models.spec import MISSING
from studio.panels.display import cell_text
from studio.panels.editors.base import EditorContext
from studio.panels.editors.filters import FilterEditor
from studio.panels.editors.structured import RawSwitch
from studio.panels.rows_view import RowsView
from studio.panels.widgets import ColumnScroll, EmptyState, ErrorCard, repaint_icons, tool_button
from studio.session.row_sources import ModelRows

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import Session


class BrowseView(QWidget):
    """The records of one model."""

    message = Signal(str)
    exportRequested = Signal(object)
    """An ExportWish."""
    linkFollowed = Signal(str, object)
    """A model's id, and the filter of its record that a value refers to."""
    rowsShown = Signal()
    """Rows are shown now, or no longer."""

    def __init__(self, session: Session, theme: Theme, model_id: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.is_kept = False
        """Whether it stays as it is, whatever is run or shown next."""
        self.session = session
        self.theme = theme
        self.model_id = model_id
        entry = session.project.models.get(model_id)
        self._spec = entry.spec if entry else None
        self._filter: Any = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.bar = self._make_bar()
        """What can be done with the records; whoever shows the view says where it stands."""
        column.addWidget(self._make_filter_pane())
        self._pages = QStackedWidget(self)
        self.rows = RowsView(session, theme, self._pages)
        self.empty = EmptyState(theme, self._pages)
        self._card_page = ColumnScroll(self._pages)
        self.card = ErrorCard(theme, self._card_page)
        self._card_page.column.setContentsMargins(12, 12, 12, 12)
        self._card_page.column.addWidget(self.card)
        self._card_page.column.addStretch(1)
        for page in (self.rows, self.empty, self._card_page):
            self._pages.addWidget(page)
        column.addWidget(self._pages, 1)
        self._pages.currentChanged.connect(self._page_changed)
        self.rows.message.connect(self.message)
        self.rows.failed.connect(self._show_error)
        self.rows.emptied.connect(self._emptied)
        self.rows.exportRequested.connect(self.exportRequested)
        self.rows.linkFollowed.connect(self.linkFollowed)
        self.empty.activated.connect(self._link_chosen)
        self.card.activated.connect(self._link_chosen)
        self.reload()

    def _make_bar(self) -> QWidget:
        holder = QWidget(self)
        bar = QHBoxLayout(holder)
        bar.setContentsMargins(10, 2, 8, 2)
        bar.setSpacing(4)
        self.filter_button = tool_button(
            "funnel",
            self.theme,
            self,
            tip=self.tr("Filter the records (in the database)"),
            text=self.tr("Filter"),
        )
        self.filter_button.setCheckable(True)
        self.filter_button.clicked.connect(self._toggle_filter)
        bar.addWidget(self.filter_button)
        refresh = tool_button(
            "arrow-clockwise", self.theme, self, tip=self.tr("Read the records again (Ctrl+R)")
        )
        refresh.setShortcut("Ctrl+R")
        refresh.clicked.connect(self.reload)
        bar.addWidget(refresh)
        return holder

    def _make_filter_pane(self) -> QWidget:
        self.filter_pane = QWidget(self)
        column = QVBoxLayout(self.filter_pane)
        column.setContentsMargins(10, 2, 10, 8)
        column.setSpacing(4)
        context = EditorContext(theme=self.theme, model=self._spec)
        inner = FilterEditor(context, self.filter_pane)
        self.filter_editor = RawSwitch(inner, "dict", context, self.filter_pane)
        column.addWidget(self.filter_editor)
        buttons = QHBoxLayout()
        self.apply_button = QPushButton(self.tr("&Apply"), self.filter_pane)
        self.apply_button.setProperty("kind", "primary")
        self.apply_button.clicked.connect(self.apply_filter)
        buttons.addWidget(self.apply_button)
        clear = QPushButton(self.tr("&Clear"), self.filter_pane)
        clear.clicked.connect(self.clear_filter)
        buttons.addWidget(clear)
        # Beside the others: rows of data are worth more than rows of buttons.
        self._add_condition = inner.add_button
        buttons.insertWidget(0, self._add_condition)
        self.filter_editor.switch.toggled.connect(self._add_condition.setHidden)
        self.filter_editor.switch.setParent(self.filter_pane)
        self.filter_editor.switch.show()
        buttons.addStretch(1)
        buttons.addWidget(self.filter_editor.switch)
        column.addLayout(buttons)
        self.filter_editor.finished.connect(self._finished_typing)
        self.filter_pane.hide()
        return self.filter_pane

    def reload(self) -> None:
        """Reads the records anew, with the filter that was applied last."""
        self._pages.setCurrentWidget(self.rows)
        spec = self._spec
        source = ModelRows(model_id=self.model_id, filter=self._filter)
        self.rows.set_source(source, name=spec.table if spec else "rows", spec=spec)

    def apply_filter(self) -> None:
        """Reads the records that the filter as it stands matches; a filter that cannot be read is not applied."""
        value = self.filter_editor.value()
        self.filter_editor.set_invalid(bool(self.filter_editor.problem))
        if self.filter_editor.problem:
            self.message.emit(self.filter_editor.problem)
            return
        self._filter = None if value is MISSING else value
        self.filter_button.setText(self.tr("Filter") if self._filter is None else self.tr("Filter on"))
        self.reload()

    def set_filter(self, filter: Mapping[str, Any]) -> None:
        """Shows the records that a filter matches, with the filter above them."""
        self.filter_editor.show_value(dict(filter))
        self.filter_button.setChecked(True)
        self.filter_pane.show()
        self.apply_filter()

    def clear_filter(self) -> None:
        self.filter_editor.show_value(MISSING)
        self.apply_filter()

    @property
    def shows_rows(self) -> bool:
        return self._pages.currentWidget() is self.rows

    def _page_changed(self, _page: int) -> None:
        self.rowsShown.emit()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.rows.set_theme(theme)
        self.empty.set_theme(theme)
        self.card.set_theme(theme)
        repaint_icons(self, theme)
        repaint_icons(self.bar, theme)

    def _toggle_filter(self) -> None:
        shown = self.filter_button.isChecked()
        self.filter_pane.setVisible(shown)
        inner = self.filter_editor.inner
        if shown and isinstance(inner, FilterEditor) and not inner.rows and not self.filter_editor.is_raw:
            inner.add_empty()

    def _finished_typing(self) -> None:
        wanted = self.filter_editor.value()
        if not self.filter_editor.problem and (None if wanted is MISSING else wanted) != self._filter:
            self.apply_filter()

    def _show_error(self, error: Any) -> None:
        self.card.show_error(error, fixes=(("reload", self.tr("&Try again")),))
        self._pages.setCurrentWidget(self._card_page)

    def _emptied(self, is_empty: bool) -> None:
        if not is_empty:
            self._pages.setCurrentWidget(self.rows)
            return
        if self._filter is None:
            self.empty.show_state(
                self.tr("No records"), self.tr("The table is there and empty."), picture="table", links=()
            )
        else:
            self.empty.show_state(
                self.tr("Query ran: 0 rows"),
                self.tr("Filter: {filter}").format(filter=cell_text(self._filter)),
                picture="funnel",
                links=(("clear", self.tr("Clear the filter")),),
            )
        self._pages.setCurrentWidget(self.empty)

    def _link_chosen(self, name: str) -> None:
        if name == "clear":
            self.clear_filter()
        elif name == "reload":
            self.reload()
