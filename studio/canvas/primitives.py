"""How are thousands of rectangles or lines drawn in one call? Numpy arrays handed to Qt as the memory they are."""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import shiboken6
from PySide6.QtCore import QByteArray, QDataStream, QLine, QLineF, QRectF
from PySide6.QtGui import QPainter, QPainterPath

from studio.canvas.camera import Camera
from studio.canvas.curves import bent

_T = TypeVar("_T")
Floats = npt.NDArray[np.float64]


class Batch(Generic[_T]):
    """Memory that Qt reads as an array of `_T`.

    It only grows, and lives as long as the object, because Qt is given its address. `rows(n)` is the numpy view to fill; `pointer` is what a
    drawing call takes along with n.
    """

    def __init__(self, kind: type[_T], columns: int, dtype: npt.DTypeLike) -> None:
        self._kind = kind
        self._columns = columns
        self._dtype = dtype
        self._memory: npt.NDArray[Any] = np.zeros((0, columns), dtype)
        self._pointer: _T | None = None

    def rows(self, count: int) -> npt.NDArray[Any]:
        if count > len(self._memory):
            # The old wrapper goes before the memory it points to.
            self._pointer = None
            self._memory = np.zeros((max(256, 1 << (count - 1).bit_length()), self._columns), self._dtype)
        return self._memory[:count]

    @property
    def pointer(self) -> Any:
        if self._pointer is None:
            if not len(self._memory):
                self.rows(1)
            wrap: Any = shiboken6.wrapInstance
            self._pointer = wrap(self._memory.ctypes.data, self._kind)
        return self._pointer


class Rects:
    """Filled rectangles, many at a time, with the painter's brush."""

    def __init__(self) -> None:
        self._batch = Batch(QRectF, 4, np.float64)

    def draw(
        self,
        painter: QPainter,
        x: npt.NDArray[np.float64],
        y: npt.NDArray[np.float64],
        width: npt.NDArray[np.float64] | float,
        height: npt.NDArray[np.float64] | float,
    ) -> None:
        count = len(x)
        if count:
            rows = self._batch.rows(count)
            rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3] = x, y, width, height
            painter.drawRects(self._batch.pointer, count)


class Lines:
    """Straight lines between whole pixels, many at a time, with the painter's pen: the fastest there is."""

    def __init__(self) -> None:
        self._batch = Batch(QLine, 4, np.int32)

    def draw(self, painter: QPainter, ends: npt.NDArray[np.float64]) -> None:
        """`ends` has the columns x1, y1, x2, y2, in pixels."""
        count = len(ends)
        if count:
            # Far beyond any screen, but within what the rasteriser's fixed point numbers can hold.
            self._batch.rows(count)[:] = np.floor(np.clip(ends, -16000, 16000))
            painter.drawLines(self._batch.pointer, count)


class SmoothLines:
    """Straight lines of any width, many at a time, with the painter's pen.

    With an opaque colour and flat or square caps this is many times faster than stroking paths (1.2 µs a line; a stroked path as wide as
    the window takes 0.2–2 ms).
    """

    def __init__(self) -> None:
        self._batch = Batch(QLineF, 4, np.float64)

    def draw(self, painter: QPainter, ends: npt.NDArray[np.float64]) -> None:
        """`ends` has the columns x1, y1, x2, y2, in pixels."""
        count = len(ends)
        if count:
            self._batch.rows(count)[:] = ends
            painter.drawLines(self._batch.pointer, count)


class Fragments:
    """Copies of parts of one pixmap, many at a time."""

    def __init__(self) -> None:
        self._batch = Batch(QPainter.PixmapFragment, 10, np.float64)

    def draw(
        self,
        painter: QPainter,
        pixmap: Any,
        x: npt.NDArray[np.float64],
        y: npt.NDArray[np.float64],
        source: npt.NDArray[np.float64],
    ) -> None:
        """Draws the rectangles `source` (columns x, y, width, height) of `pixmap` with their upper left corners at (x, y)."""
        count = len(x)
        if count:
            rows = self._batch.rows(count)
            # A fragment is placed by its middle.
            rows[:, 0] = x + source[:, 2] / 2
            rows[:, 1] = y + source[:, 3] / 2
            rows[:, 2:6] = source
            rows[:, 6:9] = (1.0, 1.0, 0.0)
            rows[:, 9] = 1.0
            painter.drawPixmapFragments(self._batch.pointer, count, pixmap)


_ELEMENT = np.dtype([("type", ">i4"), ("x", ">f8"), ("y", ">f8")])


def cubic_path(controls: npt.NDArray[np.float64]) -> QPainterPath:
    """One path of all curves given as rows of their four control points, x and y in turn.

    Built through the stream format of QPainterPath (a count, then type, x and y of each element, then the start of the last subpath
    and the fill rule), because calls per element cost more than drawing them.
    """
    path = QPainterPath()
    count = len(controls)
    if not count:
        return path
    elements = np.empty((count, 4), _ELEMENT)
    elements["type"] = (0, 2, 3, 3)
    elements["x"] = controls[:, 0::2]
    elements["y"] = controls[:, 1::2]
    data = struct.pack(">i", count * 4) + elements.tobytes() + struct.pack(">ii", (count - 1) * 4, 0)
    stream = QDataStream(QByteArray(data))
    stream >> path  # the operator reads into `path`
    return path


def whole(pixels: Floats) -> Floats:
    """Whole pixels: always the same way, so that shifting by whole pixels shifts the picture and changes nothing else."""
    found: Floats = np.floor(pixels + 0.500001)
    return found


def in_pixels(points: Floats, camera: Camera) -> Floats:
    """Rows of scene points, x and y in turn, in pixels of the widget."""
    pixels = points * camera.zoom
    pixels[:, 0::2] -= camera.left * camera.zoom
    pixels[:, 1::2] -= camera.top * camera.zoom
    return pixels


def flattened(curves: Floats, pieces: int, *, evenly: bool = True) -> Floats:
    """Straight pieces along curves, as rows of x1, y1, x2, y2.

    Not evenly: shorter ones where a curve bends that is the same seen from either end, as from port to port. A fifth fewer are then as
    close to it.
    """
    basis = _basis(pieces, evenly)
    xs, ys = curves[:, 0::2] @ basis, curves[:, 1::2] @ basis
    lines = np.empty((len(curves), pieces, 4))
    lines[:, :, 0], lines[:, :, 1] = xs[:, :-1], ys[:, :-1]
    lines[:, :, 2], lines[:, :, 3] = xs[:, 1:], ys[:, 1:]
    return lines.reshape(-1, 4)


@lru_cache(maxsize=64)
def _basis(pieces: int, evenly: bool) -> Floats:
    """What the four control points weigh at each end of `pieces` pieces."""
    t = np.linspace(0.0, 1.0, pieces + 1) if evenly else bent(np.arange(pieces + 1), pieces)
    weights: Floats = np.stack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
    return weights
