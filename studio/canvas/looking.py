"""What is selected and what is seen? The commands of a canvas that alter neither workflow nor layout; `CanvasView` has them from here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from studio.canvas.camera import NEAR
from studio.canvas.framing import bounds
from studio.canvas.geometry import Bools
from studio.canvas.presses import chosen
from studio.canvas.walking import neighbour, reached
from studio.kernel.ids import NodeId

if TYPE_CHECKING:
    from studio.canvas.curves import Ints
    from studio.canvas.projector import Projector
    from studio.canvas.viewer import CanvasViewer

ZOOM_STEP: Final = 1.25
_ROOM_PX: Final = 16
"""What is uncovered keeps as far from the edge of the window."""


class Looking:
    """A part of `CanvasView`, which sets what is declared here."""

    _projector: Projector
    _viewer: CanvasViewer

    # Selection

    def selection(self) -> list[NodeId]:
        """The selected nodes, in the workflow's order."""
        geometry = self._projector.geometry
        return [geometry.ids[i] for i in np.flatnonzero(geometry.selected).tolist()]

    def select(self, node_ids: Iterable[NodeId]) -> None:
        """Selects these nodes and nothing else."""
        nodes = self._nothing()
        nodes[self._projector.geometry.indices(node_ids)] = True
        self._viewer.set_selection(nodes)

    def _nothing(self) -> Bools:
        return np.zeros(len(self._projector.geometry), np.bool_)

    @property
    def has_selection(self) -> bool:
        """Whether anything is selected: nodes, edges, points of edges, notes or frames."""
        geometry, viewer = self._projector.geometry, self._viewer
        arrays = (geometry.selected, geometry.edge_selected, geometry.dot_selected)
        return any(bool(array.any()) for array in arrays) or bool(
            viewer.selected_notes or viewer.selected_frames
        )

    def select_all(self) -> None:
        seen, geometry = self._projector.frames, self._projector.geometry
        self._viewer.set_selection(
            ~geometry.hidden,
            dots=~geometry.edge_hidden[geometry.dot_edge],
            notes={note.id for note in seen.notes},
            frames={frame.id for frame in seen.shown},
        )

    def clear_selection(self) -> None:
        self._viewer.set_selection(self._nothing())

    def select_upstream(self) -> None:
        """Adds all that leads to the selected nodes."""
        self._viewer.set_selection(reached(self._projector.geometry, upstream=True))

    def select_downstream(self) -> None:
        self._viewer.set_selection(reached(self._projector.geometry, upstream=False))

    def _walk(self, dx: int, dy: int) -> None:
        """Selects the nearest node in a direction."""
        geometry = self._projector.geometry
        picked, seen = np.flatnonzero(geometry.selected), np.flatnonzero(~geometry.hidden)
        if not len(picked):
            if len(seen):
                first = self._first_of(seen)
                self.select([geometry.ids[first]])
                self.reveal(geometry.ids[first])
            return
        best = neighbour(geometry, int(picked[-1]), dx, dy)
        if best is not None:
            self._viewer.select_only(best)
            self._reveal(best)

    def _first_of(self, nodes: Ints) -> int:
        """Where a walk begins: the uppermost of the leftmost nodes in view, of all when none is."""
        geometry = self._projector.geometry
        boxes = geometry.boxes()
        every: list[int] = nodes.tolist()
        in_view = [i for i in every if self._sees(tuple(boxes[i].tolist()))]
        return min(in_view or every, key=lambda i: (float(geometry.x[i]), float(geometry.y[i])))

    def center_on(self, node_id: NodeId) -> None:
        """Brings a node to the middle; zooms in when it could not be read."""
        i = self._projector.geometry.index.get(node_id)
        if i is None:
            return
        if self._viewer.camera().zoom < 0.6:
            self._viewer.zoom_to(1.0)
        left, top, right, bottom = self._projector.geometry.boxes()[i].tolist()
        self._viewer.center_on((left + right) / 2, (top + bottom) / 2)

    def reveal(self, node_id: NodeId) -> None:
        """Brings a node into view when it is not, large enough to be read."""
        i = self._projector.geometry.index.get(node_id)
        if i is not None:
            if self._viewer.camera().zoom < NEAR:
                self.center_on(node_id)
            self._reveal(i)

    def uncover(self, node_id: NodeId) -> None:
        """Shifts the view no further than needed for a node to be seen whole."""
        i = self._projector.geometry.index.get(node_id)
        if i is None:
            return
        left, top, right, bottom = self._projector.geometry.boxes()[i].tolist()
        camera = self._viewer.camera()
        first, last = QPointF(*camera.to_pixels(left, top)), QPointF(*camera.to_pixels(right, bottom))
        self._viewer.pan_into_view(QRectF(first, last).adjusted(-_ROOM_PX, -_ROOM_PX, _ROOM_PX, _ROOM_PX))

    def _reveal(self, i: int) -> None:
        """Brings a node into view when it is not."""
        geometry = self._projector.geometry
        left, top, right, bottom = geometry.boxes()[i].tolist()
        if not self._sees((left, top, right, bottom)):
            self.center_on(geometry.ids[i])

    def reveal_box(self, box: tuple[float, float, float, float]) -> None:
        """Brings a part of the scene into view when it is not, whole if it can be."""
        if not self._sees(box):
            self._viewer.fit(box)

    def _sees(self, box: tuple[float, float, float, float]) -> bool:
        camera, (left, top, right, bottom) = self._viewer.camera(), box
        across = camera.left <= left and right <= camera.right
        return across and camera.top <= top and bottom <= camera.bottom

    # Zoom

    def zoom(self) -> float:
        """Pixels per scene unit; 1.0 is 100 %."""
        return self._viewer.camera().zoom

    def fit(self) -> None:
        """Shows all nodes, notes and frames."""
        nodes = self._projector.geometry.bounds()
        known = bounds(self._projector.frames.shown, self._projector.frames.notes)
        known += [nodes] if nodes is not None else []
        if known:
            lefts, tops, rights, bottoms = zip(*known, strict=True)
            self._viewer.fit((min(lefts), min(tops), max(rights), max(bottoms)))

    def fit_selection(self) -> None:
        """Shows what is selected; everything when nothing is."""
        held, geometry = chosen(self._viewer), self._projector.geometry
        boxes = geometry.boxes()[held.nodes].tolist() + bounds(held.frames, held.notes)
        boxes += [[x, y, x, y] for x, y in geometry.dots[held.dots].tolist()]
        if boxes:
            lefts, tops, rights, bottoms = zip(*boxes, strict=True)
            self._viewer.fit((min(lefts), min(tops), max(rights), max(bottoms)))
        else:
            self.fit()

    def zoom_100(self) -> None:
        self._viewer.zoom_to(1.0)

    def zoom_in(self) -> None:
        self._viewer.zoom_to(self.zoom() * ZOOM_STEP)

    def zoom_out(self) -> None:
        self._viewer.zoom_to(self.zoom() / ZOOM_STEP)

    def set_snap(self, on: bool) -> None:
        """Whether what is moved keeps to the grid."""
        self._viewer.snaps = on

    def snaps(self) -> bool:
        return self._viewer.snaps

    def toggle_snap(self) -> None:
        self.set_snap(not self.snaps())
        self._viewer.refused("Snap to grid is on." if self.snaps() else "Snap to grid is off.")
