"""How do the points look that edges pass? Small discs in the colour of the edge, where they can be taken hold of."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPen

from studio.canvas.camera import Camera
from studio.canvas.geometry import Geometry
from studio.canvas.primitives import in_pixels
from studio.canvas.style import Style

RADIUS: Final = 4.5


def paint_dots(painter: QPainter, camera: Camera, geometry: Geometry, style: Style) -> None:
    """Those in view, with the painter in pixels of the widget."""
    dots = geometry.dots
    if not len(dots):
        return
    seen = (dots[:, 0] > camera.left - RADIUS) & (dots[:, 0] < camera.right + RADIUS)
    seen &= (dots[:, 1] > camera.top - RADIUS) & (dots[:, 1] < camera.bottom + RADIUS)
    rows = np.flatnonzero(seen & ~geometry.edge_hidden[geometry.dot_edge])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    radius = max(RADIUS * min(camera.zoom, 1.2), 2.5)
    for row, (x, y) in zip(rows.tolist(), in_pixels(dots[rows], camera).tolist(), strict=True):
        edge = int(geometry.dot_edge[row])
        color = style.kinds[int(geometry.edge_kind[edge])]
        chosen = bool(geometry.dot_selected[row])
        painter.setPen(QPen(style.accent_text if chosen else style.canvas, 2.0 if chosen else 1.2))
        painter.setBrush(color)
        painter.drawEllipse(QPointF(x, y), radius + chosen, radius + chosen)
