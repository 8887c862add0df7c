"""What did a run change? Its changes field by field, grouped, filtered and exported, and the decision about a run that is still open."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QPushButton,
    QStackedWidget,
    QTableView,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.panels.base import Panel
from studio.panels.changes_model import ChangeRow, ChangesModel, Grouping, change_rows
from studio.panels.widgets import (
    ElidedLabel,
    EmptyState,
    SearchField,
    add_action,
    copy_text,
    counted,
    repaint_icons,
    set_role,
    tool_button,
)
from studio.qt.background import run_in_background
from studio.session.events import RunFinished, TransactionChanged

if TYPE_CHECKING:
    from studio.qt.background import Job
    from studio.qt.theme import Theme
    from studio.session import RunHandle

_WAIT_MS: Final = 150
_WIDTHS: Final = (100, 120, 80, 120, 160, 160)


class ChangesPanel(Panel):
    """The changes of the run that is shown."""

    nodeActivated = Signal(str)
    commitRequested = Signal()
    rollBackRequested = Signal()
    runRequested = Signal()
    countChanged = Signal(str)
    """`+12 ~40 −3`, or an empty text."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._handle: RunHandle | None = None
        self._job: Job | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_bar())
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self.model = ChangesModel(theme, self)
        self.grid = self._make_grid()
        self._pages.addWidget(self.grid)
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self.runRequested)
        self._pages.addWidget(self.empty)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_WAIT_MS)
        self._timer.timeout.connect(self.refresh)
        self.setFocusProxy(self.grid)
        self.refresh()

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 6, 3)
        bar.setSpacing(6)
        self.summary = ElidedLabel("", self)
        set_role(self.summary, "role", "muted")
        bar.addWidget(self.summary, 3)
        self.search = SearchField(self.theme, self.tr("Filter changes"), self)
        self.search.setMinimumWidth(150)
        self.search.setMaximumWidth(220)
        self.search.textChanged.connect(self._filter_typed)
        self.search.left.connect(self._enter_grid)
        bar.addWidget(self.search, 1)
        self.grouping = QComboBox(self)
        self.grouping.setAccessibleName(self.tr("Group changes by"))
        self.grouping.setToolTip(self.tr("Group the changes by model or by node"))
        self.grouping.addItem(self.tr("By model"), "model")
        self.grouping.addItem(self.tr("By node"), "node")
        self.grouping.currentIndexChanged.connect(self.refresh)
        bar.addWidget(self.grouping)
        self.export_button = tool_button(
            "export", self.theme, self, tip=self.tr("Write the changes to a file"), text=self.tr("Export")
        )
        self.export_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.export_button)
        add_action(menu, self.tr("As &SQL…"), self.export_sql)
        add_action(menu, self.tr("As &JSON…"), self.export_json)
        self.export_button.setMenu(menu)
        bar.addWidget(self.export_button)
        self.commit_button = QPushButton(self.tr("Commit"), self)
        self.commit_button.setProperty("kind", "primary")
        self.commit_button.setToolTip(self.tr("Keep everything that the run changed"))
        self.commit_button.clicked.connect(self.commitRequested)
        self.roll_back_button = QPushButton(self.tr("Roll back"), self)
        self.roll_back_button.setProperty("kind", "danger")
        self.roll_back_button.setToolTip(self.tr("Undo everything that the run changed"))
        self.roll_back_button.clicked.connect(self.rollBackRequested)
        bar.addWidget(self.commit_button)
        bar.addWidget(self.roll_back_button)
        return bar

    def _make_grid(self) -> QTableView:
        grid = QTableView(self._pages)
        grid.setAccessibleName(self.tr("Changes"))
        grid.setModel(self.model)
        grid.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        grid.setWordWrap(False)
        grid.setShowGrid(False)
        grid.setTabKeyNavigation(False)
        grid.verticalHeader().hide()
        grid.verticalHeader().setDefaultSectionSize(24)
        header = grid.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        for number, width in enumerate(_WIDTHS):
            header.resizeSection(number, width)
        header.setMinimumSectionSize(60)
        for number in (4, 5):  # old and new share what is left
            header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
        grid.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        grid.customContextMenuRequested.connect(self._show_menu)
        grid.activated.connect(self._activate)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), grid)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)
        return grid

    # ------------------------------------------------------------ what is shown

    def set_run(self, handle: RunHandle | None) -> None:
        """Shows the changes of another run."""
        self._handle = handle
        self.refresh()

    def session_changed(self) -> None:
        self.set_run(None)

    def session_event(self, event: Any) -> None:
        if isinstance(event, RunFinished | TransactionChanged) and event.handle is self._handle:
            self.refresh()

    def theme_changed(self) -> None:
        self.model.theme = self.theme
        for part in (self.empty, self.search):
            part.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self.refresh()

    @property
    def by(self) -> Grouping:
        return "node" if self.grouping.currentData() == "node" else "model"

    def refresh(self) -> None:
        """Works the rows out anew, aside from the window's thread: there may be ten thousand records."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        handle, by = self._handle, self.by
        changes = handle.changes if handle is not None else None
        review = handle.review if handle is not None else None
        is_open = review is not None and review.state == "open"
        for button in (self.commit_button, self.roll_back_button):
            if button.hasFocus() and not is_open:
                heir = self.grid if self.grid.isVisible() else self.search
                heir.setFocus(Qt.FocusReason.OtherFocusReason)
            button.setVisible(is_open)
        has_any = changes is not None and changes.total > 0
        for part in (self.export_button, self.grouping, self.search):
            part.setEnabled(has_any)
        self.countChanged.emit(str(changes.totals) if has_any and changes is not None else "")
        if changes is None or not has_any:
            self.summary.set_text("")
            self._show_empty()
            return
        self.summary.set_text(self._told())
        self._job = run_in_background(
            self,
            asyncio.to_thread(change_rows, changes, self._titles(), by=by, wanted=self.search.text().strip()),
            self._worked_out,
            self.failed.emit,
        )

    def _worked_out(self, rows: list[ChangeRow]) -> None:
        self._job = None
        self.grid.clearSpans()
        self.model.show(rows, by=self.by)
        for number, row in enumerate(rows):
            if not row.operation:
                self.grid.setSpan(number, 0, 1, self.model.columnCount())
        if rows:
            self._pages.setCurrentWidget(self.grid)
        else:
            self.empty.show_state(
                self.tr("No change holds that text"), self.tr("Escape empties the filter."), picture="funnel"
            )
            self._pages.setCurrentWidget(self.empty)

    def _told(self) -> str:
        handle = self._handle
        if handle is None or handle.changes is None:
            return ""
        changes = handle.changes
        words = {
            "uncommitted": self.tr("not committed yet"),
            "rolled_back": self.tr("rolled back, nothing was saved"),
            "failed": self.tr("the run failed"),
            "cancelled": self.tr("the run was stopped"),
        }
        parts = [str(changes.totals)]
        if handle.mode == "dry":
            parts.append(self.tr("dry run: nothing was saved"))
        elif handle.outcome in words:
            parts.append(words[handle.outcome])
        if handle.mode == "atomic" and handle.state != "succeeded":
            parts.append(self.tr("nothing was saved"))
        if not changes.is_complete:
            parts.append(
                self.tr("the first {shown} of {all} are listed").format(
                    shown=counted(len(changes.entries)), all=counted(changes.total)
                )
            )
        return " · ".join(parts)

    def _show_empty(self) -> None:
        handle = self._handle
        self.model.show([], by=self.by)
        if handle is None:
            title, text = (
                self.tr("No changes yet"),
                self.tr("What a run creates, updates and deletes appears here."),
            )
        elif not handle.is_finished:
            title, text = self.tr("Running…"), self.tr("Changes are listed when the run is over.")
        elif handle.changes is None:
            title = self.tr("The changes of this run are not kept")
            text = self.tr("They last as long as the project is open. Run it again to see them.")
        else:
            title = self.tr("No record was changed")
            text = self.tr("Files that were written, and what SQL and code did, are not listed here.")
        links = (
            () if handle is not None and not handle.is_finished else (("run", self.tr("Run the workflow")),)
        )
        self.empty.show_state(title, text, picture="git-diff", links=links)
        self._pages.setCurrentWidget(self.empty)

    def _titles(self) -> dict[str, str]:
        handle = self._handle
        if handle is None or self.session is None:
            return {}
        workflow = self.session.project.workflows.get(handle.workflow_id)
        return {node.id: node.title or node.id for node in workflow.nodes.values()} if workflow else {}

    # ------------------------------------------------------------ doing

    def _filter_typed(self) -> None:
        self._timer.start()

    def _enter_grid(self) -> None:
        self.grid.setFocus(Qt.FocusReason.OtherFocusReason)
        if self.model.rowCount() > 1 and not self.grid.selectionModel().hasSelection():
            self.grid.selectRow(1)

    def _activate(self, index: QModelIndex) -> None:
        """Leads to the node that made the change."""
        node = self._node_of(self.model.rows[index.row()])
        if node:
            self.nodeActivated.emit(node)

    def _node_of(self, row: ChangeRow) -> str:
        title = row.where if self.by == "model" else row.group
        return next((node_id for node_id, known in self._titles().items() if known == title), "")

    def copy_rows(self) -> None:
        """Copies the selected rows as tab-separated text."""
        numbers = sorted({index.row() for index in self.grid.selectionModel().selectedRows()})
        columns = range(self.model.columnCount())
        lines = [
            "\t".join(str(self.model.index(number, column).data() or "") for column in columns)
            for number in numbers
        ]
        if lines:
            copy_text("\n".join(lines))
            self.message.emit(self.tr("Copied {n} rows.").format(n=len(lines)))

    def _show_menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        index = self.grid.indexAt(place)
        if index.isValid():
            add_action(menu, self.tr("Show &node"), partial(self._activate, index))
        add_action(menu, self.tr("&Copy"), self.copy_rows)
        menu.popup(self.grid.viewport().mapToGlobal(place))

    def export_sql(self) -> None:
        if self.session is not None and self._handle is not None:
            self._export("sql", self.session.changes_as_sql)

    def export_json(self) -> None:
        from studio.session.changes_text import changes_to_json

        def written(handle: RunHandle) -> str:
            assert handle.changes is not None
            return changes_to_json(handle.changes)

        self._export("json", written)

    def _export(self, suffix: str, written: Any) -> None:
        handle = self._handle
        if handle is None or handle.changes is None:
            return
        dialog = QFileDialog(self, self.tr("Export changes"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setNameFilters([f"{suffix.upper()} (*.{suffix})"])
        dialog.selectFile(f"changes.{suffix}")

        def chosen(path: str) -> None:
            def write() -> str:
                try:
                    Path(path).write_text(written(handle), encoding="utf-8")
                except OSError as error:
                    raise StudioError(
                        f"{path} cannot be written: {error.strerror}.", hint="Choose another place."
                    ) from error
                return path

            run_in_background(self, asyncio.to_thread(write), self._exported, self.failed.emit)

        dialog.fileSelected.connect(chosen)
        dialog.open()

    def _exported(self, path: str) -> None:
        self.message.emit(self.tr("Wrote {name}.").format(name=Path(path).name))
