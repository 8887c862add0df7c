"""What are the params of the selected node?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from studio.panels.base import Panel

if TYPE_CHECKING:
    pass


class InspectorPanel(Panel):
    nodeSelected = Signal(str)
    runToRequested = Signal(str)

    def show_nodes(self, workflow_id: str | None, node_ids: Sequence[str]) -> None: ...
    def focus_field(self, name: str) -> None: ...
    def focus_title(self) -> None: ...
