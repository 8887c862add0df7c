"""Which runs were there?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.panels.base import Panel

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session


class RunsPanel(Panel):
    runOpened = Signal(object)

    def set_workflow(self, workflow_id: str | None) -> None: ...
    def refresh(self) -> None: ...
