"""How does the window ask for a password? Whoever needs one waits on a thread of its own; the question stands over the window meanwhile."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from studio.qt.background import is_alive

if TYPE_CHECKING:
    from studio.project.state import Connection

    _Answer = concurrent.futures.Future[str | None]

SHORTEST: Final = 8
"""Letters of a new passphrase: what guards all passwords is not guessed in an afternoon."""


class SecretDialog(QDialog):
    """Asks for one secret; a new one is typed twice."""

    def __init__(
        self, title: str, told: str, parent: QWidget | None = None, *, is_new: bool = False, problem: str = ""
    ) -> None:
        super().__init__(parent)
        self.setObjectName("secretDialog")
        self.setWindowTitle(title)
        self.setMinimumWidth(460)
        self._is_new = is_new
        text = QLabel(told)
        text.setWordWrap(True)
        self.problem = QLabel(problem)
        self.problem.setProperty("role", "error")
        self.problem.setWordWrap(True)
        self.problem.setVisible(bool(problem))
        self.secret = self._line(title)
        self.again = self._line(self.tr("The same once more"))
        form = QFormLayout()
        form.addRow(self.tr("&Passphrase") if is_new else f"&{title}", self.secret)
        form.addRow(self.tr("Once &more"), self.again)
        form.setRowVisible(self.again, is_new)
        self.shows = QCheckBox(self.tr("S&how what is typed"))
        self.shows.toggled.connect(self._show_typed)
        form.addRow("", self.shows)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.ok_button = buttons.button(QDialogButtonBox.StandardButton.Ok)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(text)
        layout.addWidget(self.problem)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self._check()

    def _line(self, name: str) -> QLineEdit:
        line = QLineEdit()
        line.setEchoMode(QLineEdit.EchoMode.Password)
        line.setAccessibleName(name)
        line.textChanged.connect(self._check)
        return line

    def _show_typed(self, shows: bool) -> None:
        for line in (self.secret, self.again):
            line.setEchoMode(QLineEdit.EchoMode.Normal if shows else QLineEdit.EchoMode.Password)

    def _check(self) -> None:
        text = self.secret.text()
        problem = ""
        if self._is_new and text and len(text) < SHORTEST:
            problem = self.tr("Take {} letters or more: a few words are easy to keep in mind.").format(
                SHORTEST
            )
        elif self._is_new and self.again.text() and text != self.again.text():
            problem = self.tr("The two are not the same.")
        if self._is_new:
            self.problem.setText(problem)
            self.problem.setVisible(bool(problem))
        is_complete = bool(text) and not problem and (not self._is_new or text == self.again.text())
        self.ok_button.setEnabled(is_complete)


class WindowAsker(QObject):
    """Asks at the window, one question at a time. Its questions may come from any thread but the window's, which would wait for itself."""

    _wanted = Signal(object, object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._waiting: dict[_Answer, SecretDialog | None] = {}
        self._is_over = False
        self._wanted.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def password(self, connection: Connection) -> str | None:
        told = self.tr("The password of the connection {}:\n{}").format(connection.name, connection.url)
        return self._answer(lambda parent: SecretDialog(self.tr("Password"), told, parent))

    def passphrase(self, file: Path, *, is_new: bool, attempt: int) -> str | None:
        if is_new:
            told = self.tr(
                "Choose a passphrase for Studio's file of passwords. It is asked for once each time Studio runs and is kept nowhere:"
                " without it, what the file holds is lost."
            )
            return self._answer(
                lambda parent: SecretDialog(self.tr("New passphrase"), told, parent, is_new=True)
            )
        told = self.tr("The passphrase of Studio's file of passwords:\n{}").format(file)
        problem = self.tr("That is not its passphrase.") if attempt > 1 else ""
        return self._answer(lambda parent: SecretDialog(self.tr("Passphrase"), told, parent, problem=problem))

    def stop(self) -> None:
        """Answers what is still asked with nothing: nobody may wait for a window that has gone."""
        self._is_over = True
        for answer, dialog in list(self._waiting.items()):
            _give_up(answer)
            if dialog is not None and is_alive(dialog):
                dialog.close()

    def _answer(self, make: Callable[[QWidget | None], SecretDialog]) -> str | None:
        if self._is_over:
            return None
        answer: _Answer = concurrent.futures.Future()
        self._waiting[answer] = None
        self._wanted.emit(make, answer)
        try:
            return answer.result()
        finally:
            del self._waiting[answer]

    def _show(self, make: Any, answer: Any) -> None:
        if answer.done():
            return
        dialog = self._waiting[answer] = make(QApplication.activeWindow())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.finished.connect(partial(_take, dialog, answer))
        dialog.destroyed.connect(partial(_give_up, answer))
        dialog.open()


def _take(dialog: SecretDialog, answer: _Answer, result: int) -> None:
    if not answer.done():
        answer.set_result(dialog.secret.text() if result == QDialog.DialogCode.Accepted else None)


def _give_up(answer: _Answer, *_: object) -> None:
    if not answer.done():
        answer.set_result(None)
