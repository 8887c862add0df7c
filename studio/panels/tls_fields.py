"""How is a connection's encryption filled in? The mode, and the file of whoever may sign for the server where it is asked who that is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QWidget

from studio.database.tls import Tls, default_mode
from studio.panels.editors.base import CalmCombo
from studio.panels.widgets import tool_button

if TYPE_CHECKING:
    from studio.qt.theme import Theme

_MODES: Final = (
    ("off", "off: nothing is encrypted"),
    ("prefer", "prefer: encrypted where the server offers it"),
    ("require", "require: encrypted, whoever answers"),
    ("verify-ca", "verify CA: the certificate is checked"),
    ("verify-host", "verify host: the certificate and its host are checked"),
)


class TlsFields(QObject):
    """Two rows of a connection's form. What they do not show of a URL's words (a client's certificate) stays as it is."""

    edited = Signal()

    def __init__(self, rows: QFormLayout, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._rows = rows
        self._parent = parent
        self._shown = Tls(mode="off", is_said=False)
        self.mode = CalmCombo(parent)
        for key, text in _MODES:
            self.mode.addItem(self.tr(text), key)
        self.mode.setMinimumContentsLength(44)
        self.mode.setToolTip(self.tr("Whether what goes to the server and back is encrypted (TLS)"))
        rows.addRow(self.tr("&TLS"), self.mode)
        self._holder = QWidget(parent)
        row = QHBoxLayout(self._holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.ca = QLineEdit(self._holder)
        self.ca.setPlaceholderText(self.tr("empty: whom this computer trusts"))
        self.ca.setAccessibleName(self.tr("CA file"))
        self.ca.setToolTip(self.tr("The certificates (PEM) of the authorities that may sign for the server"))
        row.addWidget(self.ca, 1)
        browse = tool_button("folder-open", theme, self._holder, tip=self.tr("Choose the CA file"))
        browse.clicked.connect(self._choose)
        row.addWidget(browse)
        label = QLabel(self.tr("C&A file"), parent)
        label.setBuddy(self.ca)
        rows.addRow(label, self._holder)
        self.mode.activated.connect(self._chosen)
        self.ca.textEdited.connect(self._edited)

    def show_tls(self, tls: Tls) -> None:
        self._shown = tls
        self.mode.setCurrentIndex(self.mode.findData(tls.mode))
        self.ca.setText(tls.ca)

    def show_rows(self, dialect: str) -> None:
        """Only those of a kind of database that a server gives."""
        is_server = dialect != "sqlite"
        self._rows.setRowVisible(self.mode, is_server)
        self._rows.setRowVisible(self._holder, is_server and self.tls().verifies)

    def begin(self, dialect: str) -> None:
        """Shows what is usual for a kind of database that was just chosen."""
        self.show_tls(Tls(mode=default_mode(dialect), is_said=False))

    def tls(self) -> Tls:
        mode = self.mode.currentData()
        chosen = replace(self._shown, mode=mode, is_said=self._shown.is_said and mode == self._shown.mode)
        return replace(chosen, ca=self.ca.text().strip() if chosen.verifies else "")

    def problem(self) -> str:
        """What is wrong with the file, if anything."""
        tls = self.tls()
        if tls.verifies and tls.ca and not Path(tls.ca).expanduser().is_file():
            return self.tr("There is no such CA file.")
        return ""

    def _chosen(self, _index: int) -> None:
        self.edited.emit()

    def _edited(self, _text: str) -> None:
        self.edited.emit()

    def _choose(self) -> None:
        dialog = QFileDialog(self._parent, self.tr("Choose the CA file"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Certificates (*.pem *.crt *.cer)"), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self.ca.text():
            dialog.setDirectory(str(Path(self.ca.text()).parent))
        dialog.fileSelected.connect(self.take_file)
        dialog.open()

    def take_file(self, name: str) -> None:
        self.ca.setText(name)
        self.edited.emit()
