"""How do the cards keep up with a run? They are asked for once a frame, however many nodes change in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal

from studio.canvas.edge_data import EdgeData
from studio.canvas.states import IDLE, CardState, Footer, footer_of, stale

if TYPE_CHECKING:
    from studio.canvas.projector import Projector
    from studio.canvas.viewer import CanvasViewer
    from studio.kernel.ids import NodeId
    from studio.session import NodeRunView, RunHandle

FRAME_MS: Final = 16


class RunFollower(QObject):
    """Shows one run on the cards of a viewer. Invariant: the timer runs only while the run does."""

    changed = Signal()
    """Some cards show another state."""

    def __init__(self, projector: Projector, viewer: CanvasViewer, parent: QObject) -> None:
        super().__init__(parent)
        self._projector = projector
        self._viewer = viewer
        self.handle: RunHandle | None = None
        self._version = 0
        self._ticks = 0
        self._waiting: tuple[NodeId, Footer] | None = None
        self._stale: frozenset[NodeId] = frozenset()
        self._timer = QTimer(self)
        self._timer.setInterval(FRAME_MS)
        self._timer.timeout.connect(self.poll)

    @property
    def is_live(self) -> bool:
        """Whether more is to come."""
        return self._timer.isActive()

    def forget(self) -> None:
        """Follows nothing any more; what is shown stays."""
        self._timer.stop()
        self.handle = self._waiting = None
        self._viewer.is_live = False
        self._viewer.edge_data = EdgeData(None)

    def follow(self, handle: RunHandle | None) -> None:
        """Shows a run, live while it goes on; None clears what the last one left."""
        self._projector.clear_footers()
        self.handle, self._waiting, self._stale = handle, None, frozenset()
        self._viewer.edge_data = EdgeData(None)
        self._version = 0
        self._ticks = 0
        if handle is None:
            self._timer.stop()
        else:
            self._timer.start()
            self.poll()
        self._viewer.is_live = self.is_live
        self._viewer.redraw()

    def wait_at(self, node_id: NodeId | None, words: str = "") -> None:
        """Marks the node before which the run waits, or that runs what waits; None: it waits no longer. Rows so far can be looked at."""
        before = self._waiting
        self._waiting = (node_id, Footer(CardState.PAUSED, words)) if node_id is not None else None
        if self._waiting == before:
            return
        if before is not None:
            view = self.handle.node(before[0]) if self.handle is not None else None
            running = self.handle is not None and self.handle.state == "running"
            self._projector.set_footers(
                {before[0]: self._footer(view, running=running) if view is not None else IDLE}
            )
        self._mark_waiting()
        if node_id is not None:
            self._viewer.edge_data = EdgeData(self.handle)
        self.changed.emit()
        self._viewer.redraw()

    def show_stale(self, nodes: frozenset[NodeId]) -> None:
        """Marks the nodes whose results may be others by now; those that were marked before and are none of them are as the run left them."""
        handle, changed = self.handle, nodes ^ self._stale
        self._stale = nodes
        if handle is None or not changed:
            return
        views = [view for node_id in changed if (view := handle.node(node_id)) is not None]
        running = handle.state == "running"
        self._projector.set_footers({view.node_id: self._footer(view, running=running) for view in views})
        self._mark_waiting()
        self.changed.emit()
        self._viewer.redraw()

    def _footer(self, view: NodeRunView, *, running: bool) -> Footer:
        footer = footer_of(view, running=running)
        return stale(footer) if view.node_id in self._stale else footer

    def _mark_waiting(self) -> None:
        if self._waiting is not None:
            node_id, footer = self._waiting
            self._projector.set_footers({node_id: footer})

    def poll(self) -> None:
        """Takes what has changed since the last frame."""
        handle = self.handle
        if handle is None:
            self._timer.stop()
            return
        running = handle.state == "running"
        self._version, views = handle.nodes_since(self._version if running else 0)
        self._projector.set_footers({view.node_id: self._footer(view, running=running) for view in views})
        self._mark_waiting()
        if views:
            self.changed.emit()
        self._ticks += 1
        if views or (self._projector.running and self._ticks % 2 == 0):
            self._viewer.redraw()
        if not running:
            self._viewer.edge_data = EdgeData(handle)
            self._viewer.is_live = False
            self._timer.stop()
