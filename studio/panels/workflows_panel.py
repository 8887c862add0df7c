"""Which workflows does the project have?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from studio.panels.base import Panel

if TYPE_CHECKING:
    pass


class WorkflowsPanel(Panel):
    workflowOpened = Signal(str)

    def new_workflow(self) -> None: ...
    def set_current(self, workflow_id: str | None) -> None: ...
