"""How are databases reached? The list of connections with a form, a test in the background, and Save as one undo step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.kernel.ids import short_id
from studio.panels.connection_form import ConnectionForm, blank_connection
from studio.panels.widgets import MENDS, BusyLine, ColumnScroll, ErrorCard, item_icon, set_role, tool_button
from studio.project.project_changes import SetConnections
from studio.qt.background import run_in_background
from studio.qt.icons import icon
from studio.session.secrets import KEPT

if TYPE_CHECKING:
    from studio.project.state import Connection
    from studio.qt.background import Job
    from studio.qt.theme import Theme
    from studio.session import Session

_CREATE: Final = f"{MENDS}create"
_ELSEWHERE: Final = f"{MENDS}secret_"
_ROLE: Final = Qt.ItemDataRole.UserRole


class ConnectionDialog(QDialog):
    """Connections of a project. Nothing is altered before Save; Cancel forgets everything that was typed."""

    connectionSaved = Signal(str)
    importRequested = Signal(str)
    """Models are to be imported from this connection, which has been saved."""

    def __init__(
        self,
        session: Session,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        connection_id: str | None = None,
        new: bool = False,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.theme = theme
        self._drafts: dict[str, Connection] = dict(session.project.connections)
        self._passwords: dict[str, str] = {}
        self._removed: set[str] = set()
        self._current = ""
        self._job: Job | None = None
        self._lent: tuple[QWidget, QWidget | None] | None = None
        """The button that lost the focus while it could not be pressed, and who got it meanwhile."""
        self._is_saving = False
        """Passwords are on their way to where they belong."""
        self._imports = ""
        """The connection to import models from once all is saved."""
        self.setWindowTitle(self.tr("Connections"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(780, min(680, self.screen().availableGeometry().height() - 60))
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 14, 14, 14)
        column.setSpacing(10)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addLayout(self._make_list())
        line = QFrame(self)
        line.setFrameShape(QFrame.Shape.VLine)
        row.addWidget(line)
        row.addWidget(self._make_body(), 1)
        column.addLayout(row, 1)
        column.addWidget(self._make_buttons())
        self._fill_list()
        if new or not self._drafts:
            self.add_connection()
        else:
            self._choose(connection_id or session.project.default_connection or next(iter(self._drafts)))

    def _make_list(self) -> QVBoxLayout:
        column = QVBoxLayout()
        self.list = QListWidget(self)
        self.list.setAccessibleName(self.tr("Connections"))
        self.list.setFixedWidth(190)
        self.list.setIconSize(QSize(16, 16))
        self.list.currentItemChanged.connect(self._chosen)
        column.addWidget(self.list, 1)
        buttons = QHBoxLayout()
        self.add_button = tool_button(
            "plus", self.theme, self, tip=self.tr("Add a connection"), text=self.tr("Add")
        )
        self.add_button.clicked.connect(self.add_connection)
        buttons.addWidget(self.add_button)
        self.remove_button = tool_button("trash", self.theme, self, tip=self.tr("Remove this connection"))
        self.remove_button.clicked.connect(self.remove_connection)
        buttons.addWidget(self.remove_button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        return column

    def _make_body(self) -> QWidget:
        # With an error below it the form is higher than many a screen, and Save must be in sight.
        self.body = ColumnScroll(self)
        column = self.body.column
        column.setContentsMargins(0, 0, 6, 0)
        column.setSpacing(8)
        self.form = ConnectionForm(self.theme, self)
        self.form.changed.connect(self._changed)
        column.addWidget(self.form)
        row = QHBoxLayout()
        self.test_button = QPushButton(icon("ph.lightning", self.theme), self.tr("Te&st"), self)
        self.test_button.setToolTip(self.tr("Try to reach the database"))
        # Enter means Save wherever the focus is.
        self.test_button.setAutoDefault(False)
        self.test_button.clicked.connect(self.test)
        row.addWidget(self.test_button)
        self.import_button = QPushButton(self.tr("Save and &import models…"), self)
        self.import_button.setToolTip(self.tr("Save, then choose tables that become models"))
        self.import_button.setAutoDefault(False)
        self.import_button.clicked.connect(self._import)
        row.addWidget(self.import_button)
        row.addStretch(1)
        column.addLayout(row)
        self.busy = BusyLine(self)
        column.addWidget(self.busy)
        self.verdict = QLabel(self)
        self.verdict.setWordWrap(True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.verdict.hide()
        column.addWidget(self.verdict)
        self.card = ErrorCard(self.theme, self)
        self.card.activated.connect(self._mend)
        self.card.hide()
        column.addWidget(self.card)
        column.addStretch(1)
        return self.body

    def _make_buttons(self) -> QDialogButtonBox:
        box = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel, self
        )
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        self.save_button = box.button(QDialogButtonBox.StandardButton.Save)
        self.save_button.setDefault(True)
        return box

    # ------------------------------------------------------------ the list

    def _fill_list(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        for connection in self._drafts.values():
            item = QListWidgetItem(
                item_icon("database", self.theme, "text_muted"), connection.name or self.tr("(no name)")
            )
            item.setData(_ROLE, connection.id)
            item.setToolTip(connection.url)
            self.list.addItem(item)
        self.list.blockSignals(False)

    def _choose(self, connection_id: str) -> None:
        for number in range(self.list.count()):
            if self.list.item(number).data(_ROLE) == connection_id:
                self.list.setCurrentRow(number)

    def _chosen(self, item: QListWidgetItem | None, _before: QListWidgetItem | None = None) -> None:
        self._keep()
        self._current = str(item.data(_ROLE)) if item is not None else ""
        connection = self._drafts.get(self._current)
        self.form.setEnabled(connection is not None)
        self._clear_result()
        if connection is not None:
            self.form.show_connection(connection, password=self._passwords.get(self._current, ""))
        self._enable()

    def _keep(self) -> None:
        """Keeps what stands in the form as the draft of the connection that was chosen."""
        if self._current not in self._drafts:
            return
        self._drafts[self._current] = self.form.connection()
        typed = self.form.typed_password()
        if typed:
            self._passwords[self._current] = typed

    def add_connection(self) -> None:
        self._keep()
        connection = blank_connection(short_id())
        self._drafts[connection.id] = connection
        self._fill_list()
        self._choose(connection.id)
        self.form.name.setFocus()

    def remove_connection(self) -> None:
        """Takes the chosen connection out of the list; one with models asks for another press."""
        used = sum(entry.connection == self._current for entry in self.session.project.models.values())
        if used and self._current not in self._removed:
            self._removed.add(self._current)
            text = self.tr(
                "{n} models belong to it and will stand without a database. Press again to remove it."
            )
            self._show_result(text.format(n=used), "warning")
            return
        self._drafts.pop(self._current, None)
        self._passwords.pop(self._current, None)
        self._current = ""
        self._fill_list()
        if self._drafts:
            self._choose(next(iter(self._drafts)))
        else:
            self.form.setEnabled(False)
        self._enable()

    # ------------------------------------------------------------ checking, testing, saving

    def _changed(self) -> None:
        self._clear_result()
        item = self.list.currentItem()
        if item is not None:
            item.setText(self.form.name.text().strip() or self.tr("(no name)"))
        self._enable()

    def _problem(self) -> str:
        if self._current not in self._drafts:
            return ""
        taken = {other.name for key, other in self._drafts.items() if key != self._current}
        self.form.name_after_place(taken)
        found = self.form.problem(taken)
        self.form.mark(found[0] if found else None)
        return found[1] if found else ""

    def _enable(self) -> None:
        has_one = self._current in self._drafts
        self.remove_button.setEnabled(has_one)
        for button in (self.test_button, self.import_button):
            button.setEnabled(has_one and self._job is None)

    def test(self) -> None:
        """Tries the connection as it stands, saved or not."""
        problem = self._problem()
        if problem:
            self._show_result(problem, "error")
            return
        self._begin(self.tr("Testing…"), self.session.test_connection(*self._as_typed()), self._tested)

    def create_database(self) -> None:
        """Makes the database that a test has missed, and tests again."""
        told = self.tr("Making the database…")
        self._begin(told, self.session.create_database(*self._as_typed()), self._created)

    def _as_typed(self) -> tuple[Connection, str | None]:
        """The connection as it stands, and its password if one was typed."""
        return self.form.connection(), self.form.typed_password() or self._passwords.get(
            self._current
        ) or None

    def _begin(self, told: str, awaitable: Awaitable[Any], done: Callable[[Any], object]) -> None:
        self._clear_result()
        self._show_result(told, "muted")
        self.busy.begin()
        self._job = run_in_background(self, awaitable, done, self._refused)
        asker: QWidget | None = self.focusWidget()
        self._enable()
        if asker is not None and not asker.isEnabled():
            self._lent = asker, self.focusWidget()

    def _created(self, _: object) -> None:
        self._end_test()
        self.test()

    def _mend(self, name: str) -> None:
        if name == _CREATE:
            self.create_database()
        elif name.startswith(_ELSEWHERE):
            self.form.choose_secret(name.removeprefix(_ELSEWHERE))

    def _tested(self, info: Any) -> None:
        self._end_test()
        self._show_result("✓ " + describe_server(info), "ok")

    def _refused(self, error: StudioError) -> None:
        self._end_test()
        fixes: list[tuple[str, str]] = []
        if error.context.get("can_be_made") and not self.form.read_only.isChecked():
            fixes = [(_CREATE, self.tr("&Create it"))]
        elif error.code == "no-keyring":
            # One of them has to be chosen: it is never written in the clear instead.
            fixes = [
                (f"{_ELSEWHERE}file", self.tr("&Encrypted file")),
                (f"{_ELSEWHERE}ask", self.tr("As&k for it")),
                (f"{_ELSEWHERE}environment", self.tr("En&vironment variable")),
            ]
        self._show_card(error, fixes=fixes)

    def _end_test(self) -> None:
        self._job = None
        self._is_saving = False
        self.busy.end()
        self._enable()
        lent, self._lent = self._lent, None
        if lent is not None and self.focusWidget() is lent[1]:
            lent[0].setFocus()

    def _import(self) -> None:
        self._imports = self._current
        self._save()

    def accept(self) -> None:
        self._imports = ""
        self._save()

    def reject(self) -> None:
        if self._job is not None:
            self._job.cancel()
        super().reject()

    def _save(self) -> None:
        """Saves every connection as one step, after the passwords are where they belong, and closes; shows what is wrong instead, if anything."""
        self._keep()
        if self._is_saving or not self._all_are_right():
            return
        if self._job is not None:
            self._job.cancel()
            self._end_test()
        secrets = [
            (self._drafts[key], password)
            for key, password in self._passwords.items()
            if key in self._drafts and self._drafts[key].secret in KEPT
        ]
        if secrets:
            self._is_saving = True
            self._begin(self.tr("Keeping the password…"), self.session.keep_secrets(secrets), self._finish)
        else:
            self._finish()

    def _finish(self, _: object = None) -> None:
        self._end_test()
        before = self.session.project.connections
        put = tuple(draft for key, draft in self._drafts.items() if before.get(key) != draft)
        gone = tuple(key for key in before if key not in self._drafts)
        default = self.session.project.default_connection
        if default not in self._drafts:
            default = next(iter(self._drafts), "")
        if put or gone or default != self.session.project.default_connection:
            self.session.edit(SetConnections(put=put, remove=gone, default=default))
        for connection in put:
            self.connectionSaved.emit(connection.id)
        super().accept()
        if self._imports:
            self.importRequested.emit(self._imports)

    def _all_are_right(self) -> bool:
        for key in list(self._drafts):
            if key != self._current and self._drafts[key] == self.session.project.connections.get(key):
                continue
            self._choose(key)
            problem = self._problem()
            if problem:
                self._show_result(problem, "error")
                return False
        return True

    def _show_result(self, text: str, role: str) -> None:
        self.card.hide()
        self.verdict.setText(text)
        set_role(self.verdict, "role", role)
        self.verdict.show()
        QTimer.singleShot(0, self._reveal_result)

    def _show_card(self, error: StudioError, *, fixes: Sequence[tuple[str, str]] = ()) -> None:
        self.verdict.hide()
        self.card.show_error(error, fixes=fixes)
        self.card.show()
        QTimer.singleShot(0, self._reveal_result)

    def _reveal_result(self) -> None:
        """Scrolls to what is said below the form, once it has its place."""
        self.body.ensureWidgetVisible(self.card if self.card.isVisible() else self.verdict, 0, 8)

    def _clear_result(self) -> None:
        self.verdict.hide()
        self.card.hide()
        self.form.mark(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.list.hasFocus():
            self.remove_connection()
        else:
            super().keyPressEvent(event)


def describe_server(info: Any) -> str:
    """`Connected to PostgreSQL 15.8 in 34 ms; 15 tables; can write: yes`."""
    tables = "1 table" if info.tables == 1 else f"{info.tables} tables"
    writes = "yes" if info.can_write else "no"
    took = f"{info.latency_ms:.0f}" if info.latency_ms >= 1 else "under 1"
    return f"Connected to {info.product} {info.version} in {took} ms; {tables}; can write: {writes}"
