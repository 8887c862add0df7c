"""What is wrong, and where?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.panels.base import Panel

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session


class ProblemsPanel(Panel):
    problemActivated = Signal(str, str, str)
    countChanged = Signal(int, int)

    def set_workflow(self, workflow_id: str | None) -> None: ...
    def next_problem(self) -> None: ...
    def previous_problem(self) -> None: ...
