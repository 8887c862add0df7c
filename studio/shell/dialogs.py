"""How does the window ask? Questions, file dialogs and small forms that are awaited; none of them runs an event loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from studio.qt.background import is_alive

ROLES = QMessageBox.ButtonRole


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that a question offers. `role` decides the button's place; "danger" also its colour."""

    key: str
    text: str
    role: Literal["accept", "reject", "danger", "other"] = "other"


_ROLES = {
    "accept": ROLES.AcceptRole,
    "reject": ROLES.RejectRole,
    "danger": ROLES.DestructiveRole,
    "other": ROLES.ActionRole,
}


async def shown(dialog: QDialog) -> int:
    """Opens a dialog over its window and returns its result when it is closed; the dialog is then deleted."""
    done: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def finish(result: int) -> None:
        if not done.done():
            done.set_result(result)

    dialog.finished.connect(finish)
    dialog.open()
    try:
        return await done
    finally:
        if is_alive(dialog):
            dialog.close()
            dialog.deleteLater()


async def ask(parent: QWidget, title: str, text: str, choices: Sequence[Choice], *, detail: str = "") -> str:
    """The key of the answer that was chosen. The first choice is the default (Enter), the one of role "reject" is Esc.

    A choice of role "danger" is never the default.
    """
    box = QMessageBox(parent)
    box.setObjectName("question")
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setInformativeText(detail)
    by_button: dict[object, str] = {}
    refusal = next((choice.key for choice in choices if choice.role == "reject"), choices[-1].key)
    for number, choice in enumerate(choices):
        button = box.addButton(choice.text, _ROLES[choice.role])
        button.setObjectName(choice.key)
        by_button[button] = choice.key
        if choice.role == "danger":
            button.setProperty("kind", "danger")
        elif number == 0:
            box.setDefaultButton(button)
        if choice.role == "reject":
            box.setEscapeButton(button)
    chosen: list[str] = []
    box.buttonClicked.connect(lambda button: chosen.append(by_button.get(button, refusal)))
    await shown(box)
    return chosen[0] if chosen else refusal


async def ask_open_file(parent: QWidget, title: str, folder: str, filters: Sequence[str]) -> str | None:
    """The path of an existing file, or None."""
    dialog = QFileDialog(parent, title, folder)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.setNameFilters(list(filters))
    return await _chosen_file(dialog)


async def ask_save_file(
    parent: QWidget, title: str, folder: str, name: str, filters: Sequence[str], suffix: str
) -> str | None:
    """The path to write to, with `suffix` added where none was typed, or None. The dialog asks before replacing a file."""
    dialog = QFileDialog(parent, title, folder)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    dialog.setNameFilters(list(filters))
    dialog.setDefaultSuffix(suffix)
    dialog.selectFile(name)
    return await _chosen_file(dialog)


async def _chosen_file(dialog: QFileDialog) -> str | None:
    accepted: list[str] = []
    dialog.filesSelected.connect(accepted.extend)
    result = await shown(dialog)
    return accepted[0] if result == QDialog.DialogCode.Accepted and accepted else None


class ServerDialog(QDialog):
    """Asks for the PostgreSQL URL of a project that is to be opened, or saved there."""

    def __init__(self, parent: QWidget, *, saves: bool = False) -> None:
        super().__init__(parent)
        self.setObjectName("serverDialog")
        self.setWindowTitle(self.tr("Save to server") if saves else self.tr("Open from server"))
        self.setMinimumWidth(520)
        told = QLabel(
            self.tr("The URL of the PostgreSQL database that the project will be kept in.")
            if saves
            else self.tr("The URL of the PostgreSQL database that keeps the project.")
        )
        told.setWordWrap(True)
        self.edit = QLineEdit()
        self.edit.setPlaceholderText("postgresql://user:password@host:5432/database")
        self.edit.setAccessibleName(self.tr("URL"))
        self.edit.textChanged.connect(self._check)
        note = QLabel(self.tr("The password is used for this connection only and is never kept."))
        note.setProperty("role", "muted")
        note.setWordWrap(True)
        chosen = QDialogButtonBox.StandardButton.Save if saves else QDialogButtonBox.StandardButton.Open
        buttons = QDialogButtonBox(chosen | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self.open_button: QPushButton = buttons.button(chosen)
        self.open_button.setEnabled(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        for widget in (told, self.edit, note, buttons):
            layout.addWidget(widget)

    @property
    def url(self) -> str:
        return self.edit.text().strip()

    def _check(self) -> None:
        scheme, mark, rest = self.url.partition("://")
        self.open_button.setEnabled(scheme in ("postgresql", "postgres") and bool(mark and rest))
