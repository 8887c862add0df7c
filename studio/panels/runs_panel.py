"""Which runs were there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from studio.panels.base import Panel

if TYPE_CHECKING:
    pass


class RunsPanel(Panel):
    runOpened = Signal(object)

    def set_workflow(self, workflow_id: str | None) -> None: ...
    def refresh(self) -> None: ...
