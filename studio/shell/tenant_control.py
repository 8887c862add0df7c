"""Whose records are meant? Models may keep theirs by tenant; here a person says for which one the window works, and sees it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QInputDialog, QLineEdit

from studio.shell.dialogs import shown

if TYPE_CHECKING:
    from studio.session import Session
    from studio.shell.main_window import MainWindow


class TenantControl(QObject):
    """The tenant of the session that a window shows. It is kept with the window's settings, by the place of the project, never in it."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def take_up(self, session: Session | None) -> None:
        """Another session is shown: its tenant is the one that was named for its project before."""
        if session is not None and session.tenant is None and session.location is not None:
            session.tenant = self._window.settings.tenants.get(session.location)

    def keep(self) -> None:
        """Remembers the tenant for where the project lies now."""
        session = self._window.session
        if session is None or session.location is None:
            return
        tenants = {**self._window.settings.tenants, session.location: session.tenant or ""}
        self._window.settings.tenants = {place: tenant for place, tenant in tenants.items() if tenant}

    async def choose(self) -> None:
        """Asks for the tenant; an empty answer means none."""
        session = self._window.session
        if session is None:
            return
        models = session.tenanted_models
        text = (
            self.tr("Whose records are meant in {models}? Leave it empty for none.").format(
                models=", ".join(models)
            )
            if models
            else self.tr(
                "Whose records are meant, in models that keep them by tenant? None of this project does yet."
            )
        )
        answer = await self._ask(text, session.tenant or "")
        if answer is not None and session is self._window.session:
            self._set(session, answer)

    async def is_known_for(self, session: Session, models: Sequence[str]) -> bool:
        """Whether the tenant is known for a run that asks these models; when it is not, it is asked for first."""
        if session.tenant is not None or not models:
            return True
        names = ", ".join(models)
        text = (
            self.tr("{models} keeps its records by tenant. Whose records are meant?")
            if len(models) == 1
            else self.tr("{models} keep their records by tenant. Whose records are meant?")
        ).format(models=names)
        answer = await self._ask(text, "")
        if answer is None or session is not self._window.session:
            return False
        if not answer:
            told = self.tr("The run was not started: no tenant was named. Data ▸ Tenant… names one.")
            self._window.tell(told)
            return False
        self._set(session, answer)
        return True

    def _set(self, session: Session, tenant: str) -> None:
        session.tenant = tenant or None
        self.keep()
        self.changed.emit()

    async def _ask(self, text: str, known: str) -> str | None:
        from studio.models.options import MOST_TENANT

        dialog = QInputDialog(self._window)
        dialog.setObjectName("tenantDialog")
        dialog.setWindowTitle(self.tr("Tenant"))
        dialog.setLabelText(text)
        dialog.setTextValue(known)
        line = dialog.findChild(QLineEdit)
        if line is not None:
            line.setMaxLength(MOST_TENANT)
            line.setPlaceholderText(self.tr("the tenant's id, such as acme"))
            line.setAccessibleName(self.tr("Tenant"))
        accepted = await shown(dialog) == QDialog.DialogCode.Accepted
        return dialog.textValue().strip() if accepted else None
