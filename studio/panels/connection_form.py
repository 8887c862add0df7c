"""How is one connection filled in? Type, fields and URL in step with one another, and where the password is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.names import unique_name
from studio.panels.editors.base import CalmCombo, mark_invalid
from studio.panels.tls_fields import TlsFields
from studio.panels.urls import DEFAULT_PORT, DEFAULT_PORTS, UrlParts, UrlRefused, parts_of, problem_of, url_of
from studio.panels.widgets import muted_label, number_box, tool_button
from studio.project.state import Connection
from studio.qt.icons import icon
from studio.qt.theme import STAGE_TOKENS
from studio.session.secrets import KEPT

if TYPE_CHECKING:
    from studio.project.state import SecretKind
    from studio.qt.theme import Theme

_STAGES: Final = (
    ("", "not said"),
    ("development", "Development"),
    ("staging", "Staging"),
    ("production", "Production"),
)
DIALECTS: Final = (("sqlite", "SQLite"), ("postgresql", "PostgreSQL"), ("mysql", "MariaDB / MySQL"))


class ConnectionForm(QWidget):
    """The fields of a connection.

    Invariant: fields and URL say the same, except while what is typed into the URL is no URL.
    """

    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._shown: Connection | None = None
        self._is_showing = False
        self._options = ""
        self.url_problem = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self.rows = QFormLayout()
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.rows.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.rows.setHorizontalSpacing(12)
        self.rows.setVerticalSpacing(8)
        column.addLayout(self.rows)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("shop"))
        self.rows.addRow(self.tr("&Name"), self.name)
        self.dialect = CalmCombo(self)
        for key, label in DIALECTS:
            self.dialect.addItem(label, key)
        self.dialect.setMinimumContentsLength(14)
        self.rows.addRow(self.tr("Database t&ype"), self.dialect)
        self._sqlite_rows = self._add_sqlite_rows()
        self._postgresql_rows = self._add_postgresql_rows()
        self.url = QLineEdit(self)
        self.url.setFont(theme.mono(size_px=12))
        self.url.setAccessibleName("URL")
        self.rows.addRow(self.tr("&URL"), self.url)
        self.stage = CalmCombo(self)
        for stage, label in _STAGES:
            self.stage.addItem(label, stage)
            if stage:
                picture = icon("ph.circle-fill", self.theme, STAGE_TOKENS[stage])
                self.stage.setItemIcon(self.stage.count() - 1, picture)
        self.stage.setMinimumContentsLength(14)
        self.stage.setIconSize(QSize(11, 11))
        self.stage.setToolTip(
            self.tr("What the database is for: its colour and its word stand wherever it is named")
        )
        self.rows.addRow(self.tr("Environ&ment"), self.stage)
        self.read_only = QCheckBox(self.tr("&Read only: nodes that write are refused"), self)
        self.rows.addRow("", self.read_only)
        for number in range(self.rows.rowCount()):
            item = self.rows.itemAt(number, QFormLayout.ItemRole.LabelRole)
            title = item.widget() if item is not None else None
            if title is not None:
                title.setContentsMargins(3, 0, 3, 0)
        self._listen()

    def _add_sqlite_rows(self) -> list[QWidget]:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.path = QLineEdit(holder)
        self.path.setPlaceholderText(self.tr("a file; empty: in memory"))
        self.path.setAccessibleName(self.tr("Database file"))
        row.addWidget(self.path, 1)
        browse = tool_button("folder-open", self.theme, holder, tip=self.tr("Choose the database file"))
        browse.clicked.connect(self._choose_file)
        row.addWidget(browse)
        self.rows.addRow(self._buddy(self.tr("&File"), self.path), holder)
        note = muted_label(
            self.tr("A file that does not exist is made when it is first written."), self, wrap=True
        )
        note.setSizePolicy(QSizePolicy.Policy.Expanding, note.sizePolicy().verticalPolicy())
        self.rows.addRow("", note)
        return [holder, note]

    def _add_postgresql_rows(self) -> list[QWidget]:
        holder = QWidget(self)
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.host = QLineEdit(holder)
        self.host.setPlaceholderText("localhost")
        self.host.setAccessibleName(self.tr("Host"))
        row.addWidget(self.host, 1)
        row.addWidget(QLabel(self.tr("Port"), holder))
        self.port = number_box(holder)
        self.port.setRange(1, 65535)
        self.port.setValue(DEFAULT_PORT)
        self.port.setGroupSeparatorShown(False)
        self.port.setAccessibleName(self.tr("Port"))
        row.addWidget(self.port)
        self.rows.addRow(self._buddy(self.tr("&Host"), self.host), holder)
        self.database = QLineEdit(self)
        self.rows.addRow(self.tr("&Database"), self.database)
        self.user = QLineEdit(self)
        self.rows.addRow(self.tr("Us&er"), self.user)
        self.secret = CalmCombo(self)
        for key, label in (
            ("keyring", self.tr("kept in this computer's keyring")),
            ("file", self.tr("kept in Studio's encrypted file")),
            ("ask", self.tr("asked for, once each time Studio runs")),
            ("environment", self.tr("read from an environment variable")),
            ("none", self.tr("none is needed")),
        ):
            self.secret.addItem(label, key)
        self.secret.setMinimumContentsLength(28)
        self.rows.addRow(self.tr("Pass&word is"), self.secret)
        self.password = QLineEdit(self)
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.rows.addRow(self._buddy(self.tr("&Password"), self.password), self.password)
        self.variable = QLineEdit(self)
        self.rows.addRow(self._buddy(self.tr("&Variable"), self.variable), self.variable)
        self.tls = TlsFields(self.rows, self.theme, self)
        return [holder, self.database, self.user, self.secret]

    def _buddy(self, text: str, widget: QWidget) -> QLabel:
        label = QLabel(text, self)
        label.setBuddy(widget)
        return label

    def _listen(self) -> None:
        for line in (self.path, self.host, self.database, self.user):
            line.textEdited.connect(self._field_edited)
        self.port.valueChanged.connect(self._field_edited)
        self.dialect.activated.connect(self._dialect_chosen)
        self.url.textEdited.connect(self._url_edited)
        self.url.editingFinished.connect(self._url_finished)
        self.secret.activated.connect(self._secret_chosen)
        for line in (self.name, self.password, self.variable):
            line.textEdited.connect(self._other_edited)
        self.read_only.clicked.connect(self._other_edited)
        self.stage.activated.connect(self._other_edited)
        self.tls.edited.connect(self._tls_edited)

    # ------------------------------------------------------------ in and out

    def show_connection(self, connection: Connection, *, password: str = "") -> None:
        """Shows a connection; the password is only ever what was just typed, never what is kept."""
        self._shown = connection
        self._is_showing = True
        try:
            self.name.setText(connection.name)
            self.read_only.setChecked(connection.read_only)
            self.stage.setCurrentIndex(self.stage.findData(connection.stage))
            self.secret.setCurrentIndex(max(0, self.secret.findData(connection.secret)))
            self.variable.setText(connection.secret_name if connection.secret == "environment" else "")
            self.password.setText(password)
            try:
                self._show_parts(parts_of(connection.url))
                self.url_problem = ""
            except UrlRefused as refusal:
                self.url_problem = str(refusal)
            self.url.setText(connection.url)
        finally:
            self._is_showing = False
        self._show_rows()

    def connection(self) -> Connection:
        """The connection as it stands. Its URL never holds the password."""
        parts = self.parts()
        shown = self._shown or Connection(id="", name="", url="")
        url = url_of(parts) if not self.url_problem else shown.url
        secret: SecretKind = "none"
        secret_name = ""
        if parts.dialect != "sqlite":
            chosen = self.secret.currentData()
            secret = chosen
            if secret == "environment":
                secret_name = self.variable.text().strip()
            elif secret in KEPT:
                secret_name = shown.id
        return replace(
            shown,
            name=self.name.text().strip(),
            url=url,
            secret=secret,
            secret_name=secret_name,
            read_only=self.read_only.isChecked(),
            stage=self.stage.currentData(),
        )

    def typed_password(self) -> str:
        """What was typed as a password; empty when nothing was."""
        return self.password.text() if self.secret.currentData() in KEPT else ""

    def parts(self) -> UrlParts:
        if self.dialect.currentData() == "sqlite":
            return UrlParts(dialect="sqlite", path=self.path.text().strip(), options=self._options)
        return UrlParts(
            dialect="mysql" if self.dialect.currentData() == "mysql" else "postgresql",
            host=self.host.text().strip(),
            port=self.port.value(),
            database=self.database.text().strip(),
            user=self.user.text().strip(),
            tls=self.tls.tls(),
            options=self._options,
        )

    def problem(self, taken: set[str]) -> tuple[QWidget, str] | None:
        """What is wrong and where; `taken` are the other connections' names."""
        name = self.name.text().strip()
        if not name:
            return self.name, self.tr("Give the connection a name.")
        if name in taken:
            return self.name, self.tr("There is a connection of this name already.")
        if self.url_problem:
            return self.url, self.url_problem
        found = problem_of(self.parts())
        if found:
            return (self.path if self.dialect.currentData() == "sqlite" else self.database), found
        if self.dialect.currentData() != "sqlite" and (unreadable := self.tls.problem()):
            return self.tls.ca, unreadable
        is_variable = self.dialect.currentData() != "sqlite" and self.secret.currentData() == "environment"
        if is_variable and not self.variable.text().strip():
            return self.variable, self.tr("Name the environment variable that holds the password.")
        return None

    def name_after_place(self, taken: set[str]) -> None:
        """Calls a connection without a name like its database or file."""
        parts = self.parts()
        place = parts.database if parts.dialect != "sqlite" else "" if parts.is_memory else parts.path
        if place and not self.name.text().strip():
            self.name.setText(unique_name(Path(place).stem, taken))
            self._other_edited()

    def mark(self, widget: QWidget | None) -> None:
        """Draws one field as wrong, the others as right."""
        for field in (self.name, self.url, self.path, self.database, self.tls.ca, self.variable):
            mark_invalid(field, field is widget)

    # ------------------------------------------------------------ inside

    def _show_parts(self, parts: UrlParts) -> None:
        self._options = parts.options
        self.dialect.setCurrentIndex(self.dialect.findData(parts.dialect))
        self.tls.show_tls(parts.tls)
        self._show_rows()
        if parts.dialect == "sqlite":
            self.path.setText("" if parts.is_memory else parts.path)
        else:
            self.host.setText(parts.host)
            self.port.setValue(parts.port or DEFAULT_PORTS[parts.dialect])
            self.database.setText(parts.database)
            self.user.setText(parts.user)

    def _field_edited(self, _what: object = None) -> None:
        if self._is_showing:
            return
        self.url_problem = ""
        self.url.setText(url_of(self.parts()))
        self.changed.emit()

    def _tls_edited(self) -> None:
        self._show_rows()
        self._field_edited()

    def _dialect_chosen(self, _index: int) -> None:
        self._options = ""
        if self.dialect.currentData() != "sqlite":
            self.tls.begin(self.dialect.currentData())
            if self.secret.currentData() == "none" and self._shown and self._shown.url.startswith("sqlite"):
                self.secret.setCurrentIndex(self.secret.findData("keyring"))
        self._show_rows()
        if self.port.value() in DEFAULT_PORTS.values():
            self.port.setValue(DEFAULT_PORTS.get(self.dialect.currentData(), DEFAULT_PORT))
        self._field_edited()

    def _url_edited(self, text: str) -> None:
        try:
            parts = parts_of(text)
        except UrlRefused as refusal:
            self.url_problem = str(refusal)
        else:
            self.url_problem = ""
            self._is_showing = True
            self._show_parts(parts)
            self._is_showing = False
            if parts.password:
                # It is moved to where passwords belong; out of the URL only when that is no longer being typed.
                if self.secret.currentData() not in KEPT:
                    self.secret.setCurrentIndex(self.secret.findData("keyring"))
                self.password.setText(parts.password)
                self._show_rows()
        self.changed.emit()

    def _url_finished(self) -> None:
        """Takes a password out of the URL; it stands in its own field already."""
        try:
            parts = parts_of(self.url.text())
        except UrlRefused:
            return
        if parts.password:
            self.url.setText(url_of(parts))

    def _secret_chosen(self, _index: int) -> None:
        if self.secret.currentData() == "environment" and not self.variable.text():
            stem = (
                "".join(letter if letter.isalnum() else "_" for letter in self.name.text().upper())
                or "STUDIO"
            )
            self.variable.setText(f"{stem}_PASSWORD")
        self._show_rows()
        self.changed.emit()

    def choose_secret(self, kind: str) -> None:
        """Chooses another place for the password."""
        self.secret.setCurrentIndex(self.secret.findData(kind))
        self._secret_chosen(self.secret.currentIndex())

    def _show_rows(self) -> None:
        """Only the rows of the type that is chosen, and of the password's place."""
        is_file = self.dialect.currentData() == "sqlite"
        for widget in self._sqlite_rows:
            self.rows.setRowVisible(widget, is_file)
        for widget in self._postgresql_rows:
            self.rows.setRowVisible(widget, not is_file)
        self.tls.show_rows(self.dialect.currentData())
        kind = self.secret.currentData()
        is_kept = self._shown is not None and kind == self._shown.secret and bool(self._shown.secret_name)
        self.password.setPlaceholderText(self.tr("unchanged") if is_kept else "")
        self.rows.setRowVisible(self.password, not is_file and kind in KEPT)
        self.rows.setRowVisible(self.variable, not is_file and kind == "environment")

    def _other_edited(self, _what: object = None) -> None:
        self.changed.emit()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self, self.tr("Choose the database file"))
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setNameFilters(
            [self.tr("SQLite databases (*.db *.sqlite *.sqlite3)"), self.tr("All files (*)")]
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.path.text():
            dialog.setDirectory(str(Path(self.path.text()).parent))
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    def take_file(self, name: str) -> None:
        """Takes a chosen file as SQLite's; a connection without a name is called after it."""
        self.path.setText(name)
        if not self.name.text().strip():
            self.name.setText(Path(name).stem)
        self._field_edited()


def blank_connection(connection_id: str, name: str = "", **values: Any) -> Connection:
    """A connection as a new one begins: SQLite, nothing filled in."""
    return Connection(id=connection_id, name=name, url="sqlite:///:memory:", **values)
