"""What do tidy, align, distribute and straighten do? One step of the history each, and the nodes glide to their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from studio.canvas import arranging
from studio.canvas.cards import FOOTER
from studio.canvas.glide import Glide

if TYPE_CHECKING:
    from studio.canvas.arranging import Places, Side
    from studio.canvas.geometry import Ints
    from studio.canvas.view import CanvasView


class Arrangement(QObject):
    """Arranges the nodes of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.glide = Glide(view.viewer.redraw, self)

    def _chosen(self) -> Ints:
        return np.flatnonzero(self._view.projector.geometry.selected)

    def tidy(self) -> None:
        """Lays the selected nodes out in layers, or all when fewer than two are selected; notes make way."""
        view = self._view
        geometry, workflow = view.projector.geometry, view.workflow
        if workflow is None or not len(geometry):
            return
        self.glide.finish()
        chosen = self._chosen()
        if len(chosen) < 2:
            chosen = np.arange(len(geometry))
        places = arranging.tidied(geometry, chosen)
        heights = {node_id: float(geometry.height[geometry.index[node_id]]) + FOOTER for node_id in places}
        notes = arranging.uncovered(workflow.notes, places, heights)
        self._move(places, "Tidy", notes)

    def align(self, side: Side) -> None:
        chosen = self._chosen()
        if len(chosen) < 2:
            self._view.message.emit("Select two nodes or more to align them.")
            return
        self.glide.finish()
        self._move(arranging.aligned(self._view.projector.geometry, chosen, side), "Align")

    def distribute(self, *, across: bool) -> None:
        chosen = self._chosen()
        if len(chosen) < 3:
            self._view.message.emit("Select three nodes or more to distribute them.")
            return
        self.glide.finish()
        self._move(arranging.distributed(self._view.projector.geometry, chosen, across=across), "Distribute")

    def straighten(self) -> None:
        """Makes the edges between the selected nodes straight."""
        chosen = self._chosen()
        if len(chosen) < 2:
            self._view.message.emit("Select two connected nodes or more to straighten their edges.")
            return
        self.glide.finish()
        self._move(arranging.straightened(self._view.projector.geometry, chosen), "Straighten")

    def _move(self, places: Places, title: str, notes: dict[str, tuple[float, float]] | None = None) -> None:
        geometry = self._view.projector.geometry
        xs, ys = geometry.x.copy(), geometry.y.copy()
        if self._view.editing.arrange(places, title, notes or {}):
            self.glide.begin(self._view.projector.geometry, xs, ys)
