"""Which connections, models and operations are there? A tree to drag from, a search, and what can be done with each entry."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from studio.panels.base import Panel
from studio.panels.models_tree import ID, KIND, OFFERED, TYPE, ExtraDelegate, ModelsTree
from studio.panels.row_counts import RowCounts
from studio.panels.widgets import (
    BusyLine,
    EmptyState,
    EnterFilter,
    SearchField,
    add_action,
    copy_text,
    repaint_icons,
    tool_button,
)
from studio.project.project_changes import SetConnections, SetModels
from studio.qt.background import run_in_background
from studio.session.events import CatalogueChanged, ProjectChanged, RunFinished
from studio.session.model_copies import copy_for

if TYPE_CHECKING:
    from studio.panels.connection_dialog import ConnectionDialog
    from studio.panels.import_dialog import ImportModelsDialog
    from studio.panels.model_dialog import ModelDialog
    from studio.qt.theme import Theme

_SEARCH_MS: Final = 60


class ModelsPanel(Panel):
    """Tree of connections, models, fields and operations. It opens its own dialogs."""

    nodeRequested = Signal(str)
    """A node of this type is wanted on the canvas."""
    operationsRequested = Signal(str, object)
    """A model, and the node types that are to be offered for it on the canvas."""
    fieldRequested = Signal(str, str)
    """A model and its field, to be brought to the node that is selected on the canvas."""
    connectionsClosed = Signal()
    """The dialog of connections has been closed: a password may be another one."""
    browseRequested = Signal(str)
    """The records of this model are to be shown."""
    usageRequested = Signal(str)
    """A field, as `User.email`, or a model: who touches it?"""
    sampleRequested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._open_ids: set[str] = set()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_bar())
        self.busy = BusyLine(self)
        column.addWidget(self.busy)
        self._counts = RowCounts(self._models_in_sight, self.busy, self)
        self._pages = QStackedWidget(self)
        column.addWidget(self._pages, 1)
        self._body = QWidget(self._pages)
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        self.tree_model = ModelsTree(theme, self)
        self.tree = QTreeView(self._body)
        self._set_up_tree()
        body.addWidget(self.tree, 1)
        self.hint = EmptyState(theme, self._body)
        self.hint.activated.connect(self._link_chosen)
        body.addWidget(self.hint, 2)
        self._pages.addWidget(self._body)
        self.empty = EmptyState(theme, self._pages)
        self.empty.activated.connect(self._link_chosen)
        self._pages.addWidget(self.empty)
        self._search_timer = QTimer(self)
        self._search_timer.setSingleShot(True)
        self._search_timer.setInterval(_SEARCH_MS)
        self._search_timer.timeout.connect(self._fill)
        self.search.textChanged.connect(self._search_changed)
        self.search.left.connect(self._leave_search)
        self._counts.counted.connect(self.tree_model.set_count)
        self.session_changed()

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 6, 6, 6)
        bar.setSpacing(2)
        self.search = SearchField(self.theme, self.tr("Search models"), self)
        self.search.setToolTip(self.tr("Beginnings are enough: “ord cr” finds Order ▸ Create"))
        bar.addWidget(self.search, 1)
        self.connection_button = tool_button("database", self.theme, self, tip=self.tr("Connections…"))
        self.connection_button.clicked.connect(self._connections_clicked)
        bar.addWidget(self.connection_button)
        self.import_button = tool_button(
            "download-simple", self.theme, self, tip=self.tr("Import models from a database…")
        )
        self.import_button.clicked.connect(self._import_clicked)
        bar.addWidget(self.import_button)
        self.model_button = tool_button("plus", self.theme, self, tip=self.tr("New model…"))
        self.model_button.clicked.connect(self._model_clicked)
        bar.addWidget(self.model_button)
        return bar

    def _set_up_tree(self) -> None:
        tree = self.tree
        tree.setModel(self.tree_model)
        tree.setHeaderHidden(True)
        tree.setAccessibleName(self.tr("Models"))
        tree.setUniformRowHeights(True)
        tree.setIndentation(14)
        tree.setDragEnabled(True)
        tree.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        tree.setExpandsOnDoubleClick(False)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._delegate = ExtraDelegate(self.theme, tree)
        tree.setItemDelegate(self._delegate)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._show_menu)
        tree.doubleClicked.connect(self._activate)
        tree.expanded.connect(self._expanded)
        tree.collapsed.connect(self._collapsed)
        tree.verticalScrollBar().valueChanged.connect(self._want_counts)
        EnterFilter(tree, self._activate_current)

    # ------------------------------------------------------------ what the shell may ask for

    def open_connections(
        self, connection_id: str | None = None, *, new: bool = False
    ) -> ConnectionDialog | None:
        """Opens the dialog of connections at one of them, or at a new one."""
        if self.session is None:
            return None
        from studio.panels.connection_dialog import ConnectionDialog

        dialog = ConnectionDialog(
            self.session, self.theme, self.window(), connection_id=connection_id, new=new
        )
        dialog.importRequested.connect(self.open_import)
        dialog.finished.connect(self._connections_closed)
        dialog.open()
        return dialog

    def _connections_closed(self, _result: int) -> None:
        self.connectionsClosed.emit()

    def open_import(self, connection_id: str | None = None) -> ImportModelsDialog | None:
        """Opens the dialog that turns tables into models."""
        if self.session is None:
            return None
        from studio.panels.import_dialog import ImportModelsDialog

        dialog = ImportModelsDialog(
            self.session, self.theme, self.window(), connection_id=connection_id or None
        )
        dialog.modelsImported.connect(self._imported)
        dialog.open()
        return dialog

    def open_new_model(self, connection_id: str | None = None) -> ModelDialog | None:
        if self.session is None:
            return None
        if not self.session.project.connections:
            self.message.emit(self.tr("A model needs a connection first."))
            self.open_connections(new=True)
            return None
        from studio.panels.model_dialog import ModelDialog

        dialog = ModelDialog(self.session, self.theme, self.window(), connection_id=connection_id)
        dialog.open()
        return dialog

    def refresh_counts(self) -> None:
        """Counts the rows of the models in sight anew."""
        self._counts.forget()
        for model_id in self.tree_model.model_items:
            self.tree_model.set_count(model_id, "")
        self._want_counts()

    # ------------------------------------------------------------ following the session

    def session_changed(self) -> None:
        self._counts.set_session(self.session)
        self._open_ids.clear()
        if self.session is not None:
            self._open_ids.update(self.session.project.connections)
        for button in (self.connection_button, self.import_button, self.model_button, self.search):
            button.setEnabled(self.session is not None)
        self._fill()

    def session_event(self, event: Any) -> None:
        if isinstance(event, CatalogueChanged):
            self._fill()
        elif isinstance(event, ProjectChanged):
            added = set(event.after.connections) - set(event.before.connections)
            self._open_ids.update(added)
            if event.before.default_connection != event.after.default_connection:
                self._fill()
            self._counts.forget_changed(event.before, event.after)
        elif isinstance(event, RunFinished):
            self.refresh_counts()

    def theme_changed(self) -> None:
        self.tree_model.theme = self.theme
        self._delegate.theme = self.theme
        self.search.set_theme(self.theme)
        self.hint.set_theme(self.theme)
        self.empty.set_theme(self.theme)
        repaint_icons(self, self.theme)
        self._fill()

    # ------------------------------------------------------------ filling

    def _fill(self) -> None:
        if self.session is None:
            self.empty.show_state(
                self.tr("No project"), self.tr("Open one, or begin with the sample."), picture="database"
            )
            self._pages.setCurrentWidget(self.empty)
            return
        self._pages.setCurrentWidget(self._body)
        current = _row(self.tree.currentIndex())
        query = self.search.text().strip()
        if query:
            self.tree_model.fill_matches(self.session, query, self._counts.known)
            if self.tree_model.rowCount():
                self.tree.setCurrentIndex(self.tree_model.index(0, 0))
        else:
            self.tree_model.fill(self.session, self._counts.known)
            self._restore(current)
        self._show_hint(query)
        self._want_counts()

    def _show_hint(self, query: str) -> None:
        project = self.session.project if self.session is not None else None
        if project is None:
            return
        if query:
            self.hint.setVisible(not self.tree_model.rowCount())
            text = self.tr("Nothing is called like “{query}”.").format(query=query)
            self.hint.show_state(
                text, picture="magnifying-glass", links=(("clear", self.tr("Clear the search")),)
            )
        elif not project.connections:
            self.hint.show()
            self.hint.show_state(
                self.tr("No database yet"),
                picture="database",
                links=(
                    ("sample", self.tr("Open the sample shop")),
                    ("connect", self.tr("Connect a database…")),
                ),
            )
        elif not project.models:
            self.hint.show()
            self.hint.show_state(
                self.tr("Connected, no models"),
                picture="table",
                links=(
                    ("import", self.tr("Import models from the database…")),
                    ("model", self.tr("Define a model…")),
                    ("sample", self.tr("Open the sample shop")),
                ),
            )
        else:
            self.hint.hide()

    def _restore(self, current: tuple[Any, ...]) -> None:
        """Unfolds what was unfolded, and comes back to the row that was current."""
        stack = [self.tree_model.index(row, 0) for row in range(self.tree_model.rowCount())]
        while stack:
            index = stack.pop()
            key = _key(index)
            if key in self._open_ids:
                self.tree.setExpanded(index, True)
            if _row(index) == current:
                self.tree.selectionModel().setCurrentIndex(
                    index, QItemSelectionModel.SelectionFlag.ClearAndSelect
                )
            stack += [self.tree_model.index(row, 0, index) for row in range(self.tree_model.rowCount(index))]

    # ------------------------------------------------------------ what is in sight

    def _want_counts(self, _value: int = 0) -> None:
        self._counts.want()

    def _models_in_sight(self) -> list[str]:
        if not self.isVisible():
            return []
        found = []
        index = self.tree.indexAt(QPoint(2, 2))
        bottom = self.tree.viewport().height()
        while index.isValid() and self.tree.visualRect(index).top() < bottom:
            if index.data(KIND) == "model":
                found.append(str(index.data(ID)))
            index = self.tree.indexBelow(index)
        return found

    def showEvent(self, event: Any) -> None:
        super().showEvent(event)
        self._want_counts()

    # ------------------------------------------------------------ doing

    def _search_changed(self, _text: str) -> None:
        self._search_timer.start()

    def _leave_search(self) -> None:
        """Enter or Down: to the first match."""
        if self._search_timer.isActive():
            self._search_timer.stop()
            self._fill()
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.tree.currentIndex().isValid() and self.tree_model.rowCount():
            self.tree.setCurrentIndex(self.tree_model.index(0, 0))

    def _activate_current(self) -> None:
        self._activate(self.tree.currentIndex())

    def _activate(self, index: QModelIndex) -> None:
        kind = index.data(KIND)
        if kind == "operation":
            self.nodeRequested.emit(str(index.data(TYPE)))
        elif kind == "model":
            self.browseRequested.emit(str(index.data(ID)))
        elif kind is not None:
            self.tree.setExpanded(index, not self.tree.isExpanded(index))

    def _expanded(self, index: QModelIndex) -> None:
        self._open_ids.add(_key(index))
        self._want_counts()

    def _collapsed(self, index: QModelIndex) -> None:
        self._open_ids.discard(_key(index))

    def _connections_clicked(self) -> None:
        self.open_connections()

    def _import_clicked(self) -> None:
        self.open_import()

    def _model_clicked(self) -> None:
        self.open_new_model()

    def _imported(self, count: int) -> None:
        self.message.emit(
            self.tr("Imported 1 model.") if count == 1 else self.tr("Imported {n} models.").format(n=count)
        )

    def _link_chosen(self, name: str) -> None:
        if name == "sample":
            self.sampleRequested.emit()
        elif name == "connect":
            self.open_connections(new=True)
        elif name == "import":
            self.open_import()
        elif name == "model":
            self.open_new_model()
        elif name == "clear":
            self.search.clear()

    # ------------------------------------------------------------ menus

    def _show_menu(self, place: QPoint) -> None:
        index = self.tree.indexAt(place)
        menu = self.menu_for(index)
        if menu is not None:
            menu.popup(self.tree.viewport().mapToGlobal(place))

    def menu_for(self, index: QModelIndex) -> QMenu | None:
        """The menu of a row; None when nothing can be done with it."""
        kind, key = index.data(KIND), str(index.data(ID) or "")
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if kind == "connection":
            self._fill_connection_menu(menu, key)
        elif kind == "model":
            add_action(menu, self.tr("&Browse data"), partial(self.browseRequested.emit, key))
            if index.data(TYPE):
                menu.addAction(
                    self.tr("&Add List node"), partial(self.nodeRequested.emit, str(index.data(TYPE)))
                )
                add_action(
                    menu, self.tr("Add &node…"), partial(self.operationsRequested.emit, *index.data(OFFERED))
                )
            menu.addSeparator()
            add_action(menu, self.tr("Show &usage"), partial(self._show_usage, index))
            add_action(menu, self.tr("&Copy name"), partial(copy_text, index.data()))
            add_action(menu, self.tr("Refresh c&ounts"), self.refresh_counts)
            self._offer_copies(menu, key)
            menu.addSeparator()
            add_action(menu, self.tr("&Remove model"), partial(self.remove_model, key))
        elif kind == "operation":
            menu.addAction(
                self.tr("&Add to the workflow"), partial(self.nodeRequested.emit, str(index.data(TYPE)))
            )
            add_action(menu, self.tr("&Copy name"), partial(copy_text, index.data(TYPE)))
        elif kind in ("field", "relation"):
            if kind == "field":
                model, _, field = key.partition(".")
                text = self.tr("Bring to the selected &node")
                add_action(menu, text, partial(self.fieldRequested.emit, model, field))
                add_action(menu, self.tr("Show &usage"), partial(self._show_usage, index))
            add_action(menu, self.tr("&Copy name"), partial(copy_text, key.partition(".")[2]))
        else:
            menu.deleteLater()
            return None
        return menu

    def _show_usage(self, index: QModelIndex) -> None:
        """Asks which nodes touch a field, or any field of a model."""
        from studio.session.lineage import field_text

        session = self.session
        if session is None:
            return
        if index.data(KIND) == "model":
            entry = session.project.models[index.data(ID)]
            connection = session.project.connections.get(entry.connection)
            name, field = entry.name, ""
        else:
            name, _, field = str(index.data(ID)).partition(".")
            while index.isValid() and index.data(KIND) != "connection":
                index = index.parent()
            connection = session.project.connections.get(str(index.data(ID)))
        named = connection.name if connection is not None else ""
        self.usageRequested.emit(field_text(session, name, field, named))

    def _fill_connection_menu(self, menu: QMenu, key: str) -> None:
        add_action(menu, self.tr("&Test"), partial(self.test_connection, key))
        add_action(menu, self.tr("&Edit…"), partial(self.open_connections, key))
        add_action(menu, self.tr("&Import models…"), partial(self.open_import, key))
        add_action(menu, self.tr("&New model…"), partial(self.open_new_model, key))
        menu.addSeparator()
        project = self.session.project if self.session is not None else None
        is_other = project is not None and project.default_connection != key
        add_action(menu, self.tr("Set as &default"), partial(self.set_default, key), enabled=is_other)
        add_action(menu, self.tr("Refresh c&ounts"), self.refresh_counts)

    def test_connection(self, connection_id: str) -> None:
        """Tries a connection and says how it went."""
        session = self.session
        connection = session.project.connections.get(connection_id) if session is not None else None
        if session is None or connection is None:
            return
        run_in_background(
            self,
            session.test_connection(connection),
            self._tested,
            self.failed.emit,
            text=self.tr("Testing {name}…").format(name=connection.name),
        )

    def _tested(self, info: Any) -> None:
        from studio.panels.connection_dialog import describe_server

        self.message.emit(describe_server(info))

    def set_default(self, connection_id: str) -> None:
        if self.session is not None:
            self.session.edit(SetConnections(default=connection_id))

    def _offer_copies(self, menu: QMenu, model_id: str) -> None:
        """The connections that the model can be had on as well."""
        entry = self.session.project.models.get(model_id) if self.session is not None else None
        if self.session is None or entry is None or entry.spec is None:
            return
        project = self.session.project
        taken = {known.connection for known in project.models.values() if known.name == entry.name}
        others = [known for known in project.connections.values() if known.id not in taken]
        if others:
            inner = menu.addMenu(self.tr("Copy &to connection"))
            for other in others:
                text = other.name.replace("&", "&&")
                add_action(inner, text, partial(self.copy_model, model_id, other.id))

    def copy_model(self, model_id: str, connection_id: str) -> None:
        """Has the same model on another connection as well: rows can then be carried from one database into the other."""
        if self.session is None:
            return
        copied = copy_for(self.session.project, model_id, connection_id)
        if copied is None:
            return
        self.session.edit(SetModels(put=(copied.entry,)))
        other = self.session.project.connections[connection_id].name
        text = self.tr("{name} is on {other} as well.")
        if copied.missed:
            text = self.tr("{name} is on {other} as well, without its references to {missed}.")
        self.message.emit(text.format(name=copied.entry.name, other=other, missed=", ".join(copied.missed)))

    def remove_model(self, model_id: str) -> None:
        """Takes a model out of the project; its table stays, and one undo brings it back."""
        if self.session is None or model_id not in self.session.project.models:
            return
        name = self.session.project.models[model_id].name
        self.session.edit(SetModels(remove=(model_id,)))
        self.message.emit(self.tr("Removed {name} from the project; its table stays.").format(name=name))


def _row(index: QModelIndex) -> tuple[Any, ...]:
    """What says again which row was current: those within a model have its id as well."""
    return index.data(KIND), index.data(ID), index.data(TYPE)


def _key(index: QModelIndex) -> str:
    """What says again which row is unfolded after the tree was made anew."""
    key = str(index.data(ID))
    kind = index.data(KIND)
    return f"{kind}:{key}" if kind in ("fields", "relations") else key
