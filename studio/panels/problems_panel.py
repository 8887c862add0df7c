"""What is wrong, and where?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from studio.panels.base import Panel

if TYPE_CHECKING:
    pass


class ProblemsPanel(Panel):
    problemActivated = Signal(str, str, str)
    countChanged = Signal(int, int)

    def set_workflow(self, workflow_id: str | None) -> None: ...
    def next_problem(self) -> None: ...
    def previous_problem(self) -> None: ...
