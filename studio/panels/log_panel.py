"""What has happened?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from studio.panels.base import Panel

if TYPE_CHECKING:
    pass


class LogPanel(Panel):
    nodeActivated = Signal(str)
