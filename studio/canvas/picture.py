"""How does the canvas become a file that others can look at? The whole workflow as PNG (as on the screen) or SVG (drawn anew, sharp at any size)."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPicture
from PySide6.QtSvg import QSvgGenerator

from studio.canvas import card_painter
from studio.canvas.camera import Camera
from studio.canvas.curves import points_along
from studio.canvas.dot_painter import paint_dots
from studio.canvas.framing import bounds
from studio.canvas.layout_painter import LayoutPainter
from studio.canvas.primitives import cubic_path, in_pixels
from studio.canvas.scene_painter import ScenePainter
from studio.canvas.states import CardState
from studio.kernel.errors import StudioError
from studio.kernel.whole_files import cannot_write, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from studio.canvas.geometry import Geometry
    from studio.canvas.projector import Projector
    from studio.canvas.style import Style
    from studio.workflow.graph import Edge

_Box = tuple[float, float, float, float]

MARGIN: Final = 40.0
SHARPNESS: Final = 2.0
"""Pixels per scene unit of a PNG, where it may be so large."""
LARGEST_PIXELS: Final = 40_000_000
LONGEST_PIXELS: Final = 16_000
PHASE: Final = 0.75
"""At which moment spinners and bars are caught, in turns."""
_SVG_DPI: Final = 96
"""As the web counts: one scene unit is one pixel at 100 %."""
_AT_ONCE: Final = 40
"""Cards drawn into an SVG before the window may breathe."""


async def write_picture(
    projector: Projector, style: Style, path: Path, *, label: Callable[[Edge], str] | None = None
) -> None:
    """Writes the whole workflow to a `.png` or `.svg` file; nothing is left half-written. `label` gives the words to stand on an edge.

    Raises StudioError when the name ends otherwise, there is nothing to draw, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise StudioError(
            f"A picture cannot be written as {suffix or 'a file without an ending'}.",
            hint="Name it .png or .svg.",
        )
    bounds = _bounds(projector)
    if bounds is None:
        raise StudioError("The canvas is empty: there is nothing to export.", hint="Add a node first.")
    if suffix == ".png":
        data = _png(projector, style, bounds, label)
    else:
        data = await _svg(projector, style, bounds, label)
    await asyncio.to_thread(_write, path, data)


def _bounds(projector: Projector) -> _Box | None:
    """All nodes, notes, frames and edges, wherever these pass, with a margin."""
    geometry = projector.geometry
    nodes = geometry.bounds()
    boxes = [nodes] if nodes is not None else []
    boxes += bounds(projector.frames.shown, projector.frames.notes)
    seen = np.flatnonzero(~geometry.edge_hidden)
    if len(seen):
        points = points_along(geometry.curves(seen)[0])
        boxes.append((*points.min(axis=0).tolist(), *points.max(axis=0).tolist()))
    if not boxes:
        return None
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts) - MARGIN, min(tops) - MARGIN, max(rights) + MARGIN, max(bottoms) + MARGIN


@contextlib.contextmanager
def _nothing_selected(geometry: Geometry) -> Iterator[None]:
    """What is selected on the screen is no part of a picture. Not to be held over an await: the screen is painted meanwhile."""
    kept = geometry.selected, geometry.edge_selected, geometry.dot_selected
    geometry.selected, geometry.edge_selected, geometry.dot_selected = (chosen & False for chosen in kept)
    try:
        yield
    finally:
        geometry.selected, geometry.edge_selected, geometry.dot_selected = kept


def _png(projector: Projector, style: Style, bounds: _Box, label: Callable[[Edge], str] | None) -> bytes:
    left, top, right, bottom = bounds
    width, height = right - left, bottom - top
    zoom = min(SHARPNESS, math.sqrt(LARGEST_PIXELS / (width * height)), LONGEST_PIXELS / max(width, height))
    size = QSize(max(round(width * zoom), 1), max(round(height * zoom), 1))
    image = QImage(size, QImage.Format.Format_RGB32)
    # Sharper as on a screen with smaller pixels: lines and words on edges grow along. A smaller picture is one seen from farther away.
    ratio = max(zoom, 1.0)
    image.setDevicePixelRatio(ratio)
    camera = Camera(
        left, top, zoom / ratio, math.ceil(size.width() / ratio), math.ceil(size.height() / ratio), ratio
    )
    # A painter of its own: what is hovered on the screen is no part of the picture either.
    painting = ScenePainter(projector, style)
    painting.edges.fineness = 4
    painting.shows_breakpoints = False
    painter = QPainter(image)
    try:
        with _nothing_selected(projector.geometry):
            painting.paint_ground(painter, camera)
            LayoutPainter(style).paint(painter, camera, projector)
            painting.paint(painter, camera, in_full=True, phase=PHASE, label=label)
    finally:
        painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "PNG"):  # type: ignore[call-overload]  # the stubs know bytes only
        raise StudioError("The picture could not be made.", hint="Export a smaller workflow, or as SVG.")
    return bytes(buffer.data().data())


async def _svg(
    projector: Projector, style: Style, bounds: _Box, label: Callable[[Edge], str] | None
) -> bytes:
    left, top, right, bottom = bounds
    size = QSize(math.ceil(right - left), math.ceil(bottom - top))
    camera = Camera(left, top, 1.0, size.width(), size.height())
    geometry = projector.geometry
    # What is drawn is the workflow as it is now, whatever is edited meanwhile.
    seen = np.flatnonzero(~geometry.hidden)
    looks = [projector.look(i) for i in seen.tolist()]
    places = list(zip(geometry.x[seen].tolist(), geometry.y[seen].tolist(), strict=True))
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    generator = QSvgGenerator()
    generator.setOutputDevice(buffer)
    generator.setResolution(_SVG_DPI)
    generator.setSize(size)
    generator.setViewBox(QRect(0, 0, size.width(), size.height()))
    generator.setTitle(projector.workflow.name if projector.workflow else "")
    painter = QPainter(generator)
    try:
        painter.fillRect(QRect(0, 0, size.width(), size.height()), style.canvas)
        # An SVG is made by Qt without clipping.
        LayoutPainter(style, whole_lines=True).paint(painter, camera, projector)
        with _nothing_selected(geometry):
            _edges(painter, projector, style, camera)
            paint_dots(painter, camera, geometry, style)
            over = _recorded_over(projector, style, camera, label)
        for number, (look, (x, y)) in enumerate(zip(looks, places, strict=True)):
            painter.save()
            painter.translate(x - left, y - top)
            card_painter.paint(painter, look, style)
            painter.restore()
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
        # It was recorded by a painter that had neither brush nor pen yet.
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(Qt.GlobalColor.black)
        painter.drawPicture(0, 0, over)
    finally:
        painter.end()
    return bytes(data.data())


def _edges(painter: QPainter, projector: Projector, style: Style, camera: Camera) -> None:
    geometry = projector.geometry
    if not geometry.edges:
        return
    curves, edges = geometry.curves(np.flatnonzero(~geometry.edge_hidden))
    curves, kinds = in_pixels(curves, camera), geometry.edge_kind[edges]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for kind in sorted(set(kinds.tolist())):
        painter.setPen(QPen(style.kinds[kind], 2.0))
        painter.drawPath(cubic_path(curves[kinds == kind]))
    running = [key for key, footer in projector.footers.items() if footer.state is CardState.RUNNING]
    into = np.isin(geometry.target[edges], geometry.indices(running))
    if into.any():
        pen = QPen(style.states[CardState.RUNNING], 2.6)
        pen.setDashPattern([4, 4])
        painter.setPen(pen)
        painter.drawPath(cubic_path(curves[into]))


def _recorded_over(
    projector: Projector, style: Style, camera: Camera, label: Callable[[Edge], str] | None
) -> QPicture:
    """What is laid over the cards, of this moment: by the time that it is drawn, the workflow may be another."""
    over = QPicture()
    painter = QPainter(over)
    ScenePainter(projector, style).paint_over(painter, camera, phase=PHASE, label=label)
    painter.end()
    return over


def _write(path: Path, data: bytes) -> None:
    try:
        write_whole(path, data)
    except OSError as error:
        raise cannot_write(path, error) from error
