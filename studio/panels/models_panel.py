"""Which connections, models and operations are there?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from studio.panels.base import Panel

if TYPE_CHECKING:
    pass


class ModelsPanel(Panel):
    """Tree of connections, models, fields and operations. Opens its own dialogs."""

    nodeRequested = Signal(str)
    browseRequested = Signal(str)
    sampleRequested = Signal()

    def open_connections(self, connection_id: str | None = None, *, new: bool = False) -> None: ...
    def open_import(self, connection_id: str | None = None) -> None: ...
    def open_new_model(self, connection_id: str | None = None) -> None: ...
    def focus_search(self) -> None: ...
