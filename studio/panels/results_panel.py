"""Which values did a run give?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from studio.panels.base import Panel

if TYPE_CHECKING:
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session


class ResultsPanel(Panel):
    nodeActivated = Signal(str)
    runRequested = Signal()

    def set_run(self, handle: RunHandle | None) -> None: ...
    def show_output(self, node_id: str, port: str = "") -> None: ...
    def show_model(self, model_id: str) -> None: ...
    def clear(self) -> None: ...
