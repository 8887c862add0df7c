"""What do the inspector's sides of one node share? A node in a workflow and a run of it, read again when it changes and is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.qt.theme import Theme
    from studio.session import RunHandle, Session


class NodeSide(QWidget):
    """A side of one node. Subclasses override `fill`, which is called in sight only."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self.place: tuple[Session, WorkflowId, NodeId] | None = None
        self.run: RunHandle | None = None
        self._is_stale = True

    def put(self, place: tuple[Session, WorkflowId, NodeId] | None, run: RunHandle | None) -> None:
        """Shows a node, with the values of a run of its workflow; None: nothing any more."""
        self.place, self.run = place, run
        self.refresh()

    def refresh(self) -> None:
        """Reads project and run again, at once or when it comes into sight."""
        self._is_stale = True
        if self.isVisible():
            self._read()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._is_stale:
            self._read()

    def _read(self) -> None:
        self._is_stale = False
        if self.place is not None:
            self.fill()

    def fill(self) -> None:
        """Shows what holds now."""
        raise NotImplementedError
