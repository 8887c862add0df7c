"""What is shown while a few nodes are moved? Two pictures of all that stays, and what is moved between and over them.

The lower one holds the ground, frames, notes and the edges that stay, the upper one the cards that stay: edges that are moved pass under
cards, as they do at rest. What makes the pictures stale is the business of `frame_viewer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from PySide6.QtCore import QPointF, QRect
from PySide6.QtGui import QPainter, QPixmap, QRegion

from studio.canvas.cards import WIDTH
from studio.canvas.primitives import in_pixels

if TYPE_CHECKING:
    from studio.canvas.camera import Camera
    from studio.canvas.curves import Floats, Ints
    from studio.canvas.geometry import Geometry
    from studio.canvas.sheets import Sheets

FEW: Final = 24
"""With more nodes than this in motion frames are painted whole: then little stays."""
MARGIN_PX: Final = 16.0
"""As far as a card's shadow, glow and ports reach beyond it at 100 %."""
EDGE_PX: Final = 6.0
"""More than half of the widest pen that draws an edge."""


@dataclass(frozen=True, slots=True)
class Lifted:
    """Nodes that are being moved and the edges that go with them, by index."""

    nodes: Ints
    edges: Ints


class Painting(Protocol):
    """Draws what layers are made of."""

    def paint_under(self, painter: QPainter, camera: Camera, lifted: Lifted) -> None: ...
    def paint_over(self, painter: QPainter, camera: Camera, lifted: Lifted) -> bool: ...
    def lift_edges(self, camera: Camera, lifted: Lifted) -> Floats:
        """Works out where they run now; returns rows of left, top, right and bottom in pixels, within which they do."""

    def paint_lifted_edges(self, painter: QPainter) -> None: ...
    def paint_lifted_cards(self, painter: QPainter, camera: Camera, lifted: Lifted) -> None: ...


class DragLayers:
    """The two pictures for one set of nodes, seen by one camera. `lifted` is None while there are none."""

    def __init__(self, painting: Painting, sheets: Sheets) -> None:
        self._painting = painting
        self._sheets = sheets
        self.lifted: Lifted | None = None
        self._camera: Camera | None = None
        self._steps = 0
        self._pictures: tuple[QPixmap, QPixmap] | None = None
        self._cards = QRect()
        self._covered = QRegion()
        """Where the cards that are moved, and all that is moved, was painted last, in pixels of the widget."""

    def drop(self) -> None:
        """What stays looks different."""
        if self._pictures is not None:
            self._sheets.give(*self._pictures)
        self.lifted = self._camera = self._pictures = None

    def lift(self, geometry: Geometry, nodes: Ints, camera: Camera) -> QRegion | None:
        """These nodes are somewhere else. Returns the part of the widget to paint anew; None: all of it.

        `lifted` stays None where layers do not pay, or could not show the frame as it is.
        """
        lifted = self.lifted
        if lifted is None or lifted.nodes is not nodes or self._camera != camera:
            self.drop()
            edges = geometry.edges_of(nodes)
            passes_points = len(geometry.dots) and bool(np.isin(geometry.dot_edge, edges).any())
            if not 0 < len(nodes) <= FEW or passes_points or geometry.hidden[nodes].any():
                return None
            lifted = self.lifted = Lifted(nodes, edges)
            self._camera, self._steps = camera, 0
        self._steps += 1
        cards = _region(_boxes(geometry, nodes, camera), MARGIN_PX * max(camera.zoom, 1.0), camera)
        self._cards = cards.boundingRect()
        before = self._covered
        self._covered = cards | _region(self._painting.lift_edges(camera, lifted), EDGE_PX, camera)
        return before | self._covered if self._pictures is not None else None

    def make_ahead(self, geometry: Geometry, nodes: Ints, camera: Camera) -> None:
        """These nodes may be moved next: makes the pictures, unless they do not pay."""
        self.lift(geometry, nodes, camera)
        if self.lifted is not None and self._pictures is None:
            self._pictures = self._painted(camera, self.lifted)

    def are_for(self, nodes: Ints, camera: Camera) -> bool:
        """Whether there are pictures of all but these nodes."""
        is_same = self.lifted is not None and self.lifted.nodes is nodes and self._camera == camera
        return is_same and self._pictures is not None

    def paint(self, painter: QPainter, camera: Camera, parts: list[QRect]) -> bool:
        """Paints these parts of the content, to which the painter is clipped.

        False, with nothing painted: there are no layers, nor would they pay or show all cards sharply yet.
        """
        lifted, painting = self.lifted, self._painting
        if lifted is None or camera != self._camera:
            return False
        # A camera that follows the mouse at the border is another one at each step.
        if self._pictures is None and self._steps > 1:
            self._pictures = self._painted(camera, lifted)
        if self._pictures is None:
            return False
        under, over = self._pictures
        _copy(painter, under, parts)
        painting.paint_lifted_edges(painter)
        _copy(painter, over, parts)
        painter.setClipRect(self._cards)
        painting.paint_lifted_cards(painter, camera, lifted)
        painter.setClipping(False)
        return True

    def _painted(self, camera: Camera, lifted: Lifted) -> tuple[QPixmap, QPixmap] | None:
        over = self._sheets.take(camera, clear=True)
        painter = QPainter(over)
        try:
            complete = self._painting.paint_over(painter, camera, lifted)
        finally:
            painter.end()
        if not complete:
            self._sheets.give(over)
            return None
        under = self._sheets.take(camera)
        painter = QPainter(under)
        try:
            self._painting.paint_under(painter, camera, lifted)
        finally:
            painter.end()
        return under, over


def _copy(painter: QPainter, picture: QPixmap, parts: list[QRect]) -> None:
    """Part by part, because only a clip that is a rectangle lets pixels be copied as they are."""
    for part in parts:
        painter.setClipRect(part)
        painter.drawPixmap(QPointF(0, 0), picture)
    painter.setClipping(False)


def _boxes(geometry: Geometry, nodes: Ints, camera: Camera) -> Floats:
    """Rows of left, top, right and bottom in pixels."""
    boxes = np.empty((len(nodes), 4))
    boxes[:, 0], boxes[:, 1] = geometry.x[nodes], geometry.y[nodes]
    boxes[:, 2], boxes[:, 3] = boxes[:, 0] + WIDTH, boxes[:, 1] + geometry.height[nodes]
    return in_pixels(boxes, camera)


def _region(boxes: Floats, margin: float, camera: Camera) -> QRegion:
    """The part of the widget, in pixels, that boxes take up with a margin around each."""
    # Within the window first: what Qt counts in is small.
    low = np.maximum(np.floor(boxes[:, :2] - margin), 0.0)
    high = np.minimum(np.ceil(boxes[:, 2:] + margin), (camera.width, camera.height))
    region = QRegion()
    for (left, top), (right, bottom) in zip(low.tolist(), high.tolist(), strict=True):
        if left < right and top < bottom:
            region |= QRect(int(left), int(top), int(right - left), int(bottom - top))
    return region
