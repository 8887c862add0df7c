"""Which tables become models? Those that a database has, as a list to choose from; the import is one undo step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStackedWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.ids import short_id
from studio.panels.editors.base import CalmCombo
from studio.panels.fuzzy import score
from studio.panels.item_rows import make_list
from studio.panels.urls import UrlParts, url_of
from studio.panels.widgets import BusyLine, EmptyState, ErrorCard, SearchField, item_icon, muted_label
from studio.project.project_changes import SetConnections
from studio.project.state import Connection
from studio.qt.background import run_in_background
from studio.qt.icons import icon

if TYPE_CHECKING:
    from studio.models.spec import ModelSpec
    from studio.qt.background import Job
    from studio.qt.theme import Theme
    from studio.session import Session

_ROLE: Final = Qt.ItemDataRole.UserRole


class ImportModelsDialog(QDialog):
    """Tables of one connection. Those whose model the project has already are not chosen at first."""

    modelsImported = Signal(int)

    def __init__(
        self,
        session: Session,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        connection_id: str | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.theme = theme
        self._specs: list[ModelSpec] = []
        self._job: Job | None = None
        self.setWindowTitle(self.tr("Import models from a database"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 560)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 14)
        column.setSpacing(8)
        column.addLayout(self._make_source())
        self.busy = BusyLine(self)
        column.addWidget(self.busy)
        column.addLayout(self._make_search())
        self._pages = QStackedWidget(self)
        self.list = make_list(
            self._pages,
            self.tr("Tables"),
            (
                (self.tr("Table"), 210),
                (self.tr("Model"), 180),
                (self.tr("Fields"), 70),
                (self.tr("Key"), 140),
            ),
            stretch=3,
        )
        self.list.itemChanged.connect(self._count_chosen)
        self._pages.addWidget(self.list)
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self._link_chosen)
        self._pages.addWidget(self.empty)
        page = QWidget(self._pages)
        card_column = QVBoxLayout(page)
        card_column.setContentsMargins(0, 0, 0, 0)
        self.card = ErrorCard(theme, page)
        self.card.activated.connect(self._fix_chosen)
        card_column.addWidget(self.card)
        card_column.addStretch(1)
        self._card_page = page
        self._pages.addWidget(page)
        column.addWidget(self._pages, 1)
        column.addWidget(self._make_buttons())
        self._fill_sources(connection_id or session.project.default_connection)

    def _make_source(self) -> QHBoxLayout:
        row = QHBoxLayout()
        label = QLabel(self.tr("&From"), self)
        row.addWidget(label)
        self.source = CalmCombo(self)
        self.source.setAccessibleName(self.tr("Connection"))
        self.source.setMinimumContentsLength(30)
        self.source.activated.connect(self.read_tables)
        label.setBuddy(self.source)
        row.addWidget(self.source, 1)
        self.file_button = QPushButton(icon("ph.folder-open", self.theme), self.tr("SQLite &file…"), self)
        self.file_button.setToolTip(self.tr("Make a connection to an SQLite file and import from it"))
        self.file_button.clicked.connect(self._choose_file)
        row.addWidget(self.file_button)
        return row

    def _make_search(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.search = SearchField(self.theme, self.tr("Search tables"), self)
        self.search.textChanged.connect(self._filter)
        self.search.left.connect(self._leave_search)
        row.addWidget(self.search, 1)
        self.all_button = QPushButton(self.tr("Select &all"), self)
        self.all_button.clicked.connect(self.select_all)
        row.addWidget(self.all_button)
        self.none_button = QPushButton(self.tr("Select &none"), self)
        self.none_button.clicked.connect(self.select_none)
        row.addWidget(self.none_button)
        return row

    def _make_buttons(self) -> QWidget:
        row = QWidget(self)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        self.count = muted_label("", row)
        line.addWidget(self.count, 1)
        box = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, row)
        self.import_button = box.addButton(self.tr("&Import"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.import_button.setDefault(True)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        line.addWidget(box)
        return row

    # ------------------------------------------------------------ the source

    def _fill_sources(self, chosen: str | None) -> None:
        self.source.clear()
        for connection in self.session.project.connections.values():
            self.source.addItem(icon("ph.database", self.theme, "text_muted"), connection.name, connection.id)
        self.source.setEnabled(self.source.count() > 0)
        index = self.source.findData(chosen)
        if index >= 0:
            self.source.setCurrentIndex(index)
        if self.source.count():
            self.read_tables()
        else:
            self._show_tables([])

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose an SQLite database"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(
            [self.tr("SQLite databases (*.db *.sqlite *.sqlite3)"), self.tr("All files (*)")]
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    def take_file(self, name: str) -> None:
        """Uses the connection to this SQLite file, which is added to the project when there is none."""
        url = url_of(UrlParts(dialect="sqlite", path=str(Path(name).resolve())))
        project = self.session.project
        known = next(
            (connection for connection in project.connections.values() if connection.url == url), None
        )
        if known is None:
            taken = [connection.name for connection in project.connections.values()]
            known = Connection(id=short_id(), name=_free_title(Path(name).stem, set(taken)), url=url)
            default = project.default_connection or known.id
            self.session.edit(SetConnections(put=(known,), default=default))
        self._fill_sources(known.id)

    def read_tables(self, _index: int = 0) -> None:
        """Reads which tables there are, in the background."""
        connection_id = self.source.currentData()
        if connection_id is None:
            return
        if self._job is not None:
            self._job.cancel()
            self.busy.end()
        self._specs = []
        self.list.clear()
        self._count_chosen()
        self.empty.show_state(self.tr("Reading tables…"), picture="table")
        self._pages.setCurrentWidget(self.empty)
        self.busy.begin()
        self._job = run_in_background(self, self.session.reflect(connection_id), self._read, self._not_read)

    def _read(self, specs: Any) -> None:
        self._job = None
        self.busy.end()
        self._show_tables(list(specs))

    def _not_read(self, error: Any) -> None:
        self._job = None
        self.busy.end()
        self.card.show_error(error, fixes=(("again", self.tr("&Try again")),))
        self._pages.setCurrentWidget(self._card_page)

    # ------------------------------------------------------------ the tables

    def _show_tables(self, specs: list[ModelSpec]) -> None:
        self._specs = specs
        entries = [
            entry
            for entry in self.session.project.models.values()
            if entry.connection == self.source.currentData()
        ]
        known = {entry.name for entry in entries}
        owners = {entry.spec.table: entry.name for entry in entries if entry.spec is not None}
        self.list.blockSignals(True)
        self.list.clear()
        for number, spec in enumerate(specs):
            is_known = spec.name in known
            owner = owners.get(spec.table, "") if not is_known else ""
            item = QTreeWidgetItem([spec.table, spec.name, str(len(spec.fields)), ", ".join(spec.key) or "–"])
            item.setIcon(0, item_icon("table", self.theme, "text_muted"))
            item.setData(0, _ROLE, number)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(0, Qt.CheckState.Unchecked if is_known or owner else Qt.CheckState.Checked)
            item.setTextAlignment(2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            if is_known:
                item.setText(1, self.tr("{name} (again)").format(name=spec.name))
                item.setToolTip(1, self.tr("The project has this model; importing it again replaces it."))
            elif owner:
                item.setText(1, self.tr("{name} (is {owner} already)").format(name=spec.name, owner=owner))
                tip = self.tr(
                    "The project's model {owner} is of this table; importing it gives a second one."
                )
                item.setToolTip(1, tip.format(owner=owner))
            item.setToolTip(0, ", ".join(spec.names))
            self.list.addTopLevelItem(item)
        self.list.blockSignals(False)
        if specs:
            self._pages.setCurrentWidget(self.list)
        elif self.source.count():
            self.empty.show_state(
                self.tr("Connected, no tables"), self.tr("This database has no tables yet."), picture="table"
            )
            self._pages.setCurrentWidget(self.empty)
        else:
            self.empty.show_state(
                self.tr("No connection yet"),
                self.tr("Choose an SQLite file, or add a connection first."),
                picture="database",
                links=(("file", self.tr("Choose an SQLite file…")),),
            )
            self._pages.setCurrentWidget(self.empty)
        self._count_chosen()

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.list.topLevelItem(number) for number in range(self.list.topLevelItemCount()))
        return [item for item in found if item is not None]

    def chosen(self) -> list[ModelSpec]:
        """The models that would be imported."""
        return [
            self._specs[item.data(0, _ROLE)]
            for item in self._items()
            if item.checkState(0) is Qt.CheckState.Checked
        ]

    def select_all(self) -> None:
        """Chooses every table that the search shows."""
        self._check(Qt.CheckState.Checked)

    def select_none(self) -> None:
        self._check(Qt.CheckState.Unchecked)

    def _check(self, state: Qt.CheckState) -> None:
        self.list.blockSignals(True)
        for item in self._items():
            if not item.isHidden():
                item.setCheckState(0, state)
        self.list.blockSignals(False)
        self._count_chosen()

    def _filter(self, text: str) -> None:
        for item in self._items():
            spec = self._specs[item.data(0, _ROLE)]
            item.setHidden(not score(text, f"{spec.table} {spec.name}"))
        self._count_chosen()

    def _leave_search(self) -> None:
        self.list.setFocus()

    def _count_chosen(self, _item: object = None, _column: int = 0) -> None:
        count = len(self.chosen())
        total = len(self._specs)
        self.count.setText(
            self.tr("{count} of {total} tables chosen").format(count=count, total=total) if total else ""
        )
        self.import_button.setEnabled(count > 0)
        self.import_button.setText(self.tr("&Import {n}").format(n=count) if count else self.tr("&Import"))
        for widget in (self.search, self.all_button, self.none_button):
            widget.setEnabled(total > 0)

    def _link_chosen(self, name: str) -> None:
        if name == "file":
            self._choose_file()

    def _fix_chosen(self, name: str) -> None:
        if name == "again":
            self.read_tables()

    def accept(self) -> None:
        chosen = self.chosen()
        if not chosen:
            return
        self.session.import_models(str(self.source.currentData()), chosen)
        self.modelsImported.emit(len(chosen))
        super().accept()

    def reject(self) -> None:
        if self._job is not None:
            self._job.cancel()
        super().reject()


def _free_title(wanted: str, taken: set[str]) -> str:
    """`wanted`, or `wanted 2`, `wanted 3`, … when it is taken."""
    title, number = wanted, 2
    while title in taken:
        title, number = f"{wanted} {number}", number + 1
    return title
