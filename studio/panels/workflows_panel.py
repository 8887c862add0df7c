"""Which workflows does the project have?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.panels.base import Panel

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session


class WorkflowsPanel(Panel):
    workflowOpened = Signal(str)

    def new_workflow(self) -> None: ...
    def set_current(self, workflow_id: str | None) -> None: ...
