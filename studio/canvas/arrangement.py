"""What do tidy, align, distribute and straighten do? One step of the history each, and the nodes glide to their places."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject

from studio.canvas import arranging
from studio.canvas.glide import Glide
from studio.canvas.presses import chosen
from studio.canvas.tidying import tidied

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studio.canvas.arranging import Places, Side
    from studio.canvas.curves import Ints
    from studio.canvas.view import CanvasView
    from studio.workflow.graph import Edge


class Arrangement(QObject):
    """Arranges the nodes of one canvas."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self.glide = Glide(view.viewer.redraw, self)

    def _chosen(self) -> Ints:
        return np.flatnonzero(self._view.projector.geometry.selected)

    def tidy(self) -> None:
        """Lays the selected nodes out in layers, or all when fewer than two are selected; notes make way, edges go straight again."""
        view = self._view
        geometry, workflow = view.projector.geometry, view.workflow
        if workflow is None or not len(geometry):
            return
        self.glide.finish()
        held, whole = chosen(view.viewer).nodes, view.viewer.selected_frames
        if len(held) < 2:
            held = np.arange(len(geometry))
        found = tidied(geometry, workflow, held, whole)
        with self._gliding():
            view.editing.arrange(found.nodes, "Tidy", found.notes, found.frames, self._edges_among(held))

    def _edges_among(self, nodes: Ints) -> list[Edge]:
        geometry = self._view.projector.geometry
        rows = np.unique(geometry.dot_edge[geometry.routes_among(nodes)])
        return [geometry.edges[i] for i in rows.tolist()]

    def align(self, side: Side) -> None:
        picked = self._chosen()
        if len(picked) < 2:
            self._view.message.emit("Select two nodes or more to align them.")
            return
        self.glide.finish()
        self._move(arranging.aligned(self._view.projector.geometry, picked, side), "Align")

    def distribute(self, *, across: bool) -> None:
        picked = self._chosen()
        if len(picked) < 3:
            self._view.message.emit("Select three nodes or more to distribute them.")
            return
        self.glide.finish()
        self._move(arranging.distributed(self._view.projector.geometry, picked, across=across), "Distribute")

    def straighten(self) -> None:
        """Makes the edges between the selected nodes straight."""
        picked = self._chosen()
        if len(picked) < 2:
            self._view.message.emit("Select two connected nodes or more to straighten their edges.")
            return
        self.glide.finish()
        places = arranging.straightened(self._view.projector.geometry, picked)
        with self._gliding():
            self._view.editing.arrange(places, "Straighten", straight=self._edges_among(picked))

    def _move(self, places: Places, title: str) -> None:
        with self._gliding():
            self._view.editing.arrange(places, title)

    @contextlib.contextmanager
    def _gliding(self) -> Iterator[None]:
        """Nodes that are put elsewhere meanwhile glide there."""
        geometry = self._view.projector.geometry
        xs, ys = geometry.x.copy(), geometry.y.copy()
        yield
        self.glide.begin(self._view.projector.geometry, xs, ys)
