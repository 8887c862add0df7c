"""What is shown while a zoom goes on? Pictures painted when it began, scaled; the frame is painted anew when the zoom rests.

The first picture is what was on the screen. Where a zoom leaves it, a picture of the wider surroundings follows, at half its zoom; each is
painted once. What makes them stale is the business of `frame_viewer`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPixmap, QRegion

from studio.canvas.camera import NEAR, Camera
from studio.canvas.sheets import Sheets

LARGEST: Final = 1.6
"""A picture is enlarged so many times at most; then it is painted anew."""
WIDER: Final = 0.5
"""The zoom of a wider picture, beside that of the one before."""

Draw = Callable[[QPainter, Camera, bool], None]
"""Draws the content as a camera sees it; True: rather soon than sharply."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a camera saw."""

    camera: Camera
    pixmap: QPixmap

    def place(self, camera: Camera) -> QRectF:
        """Where it lies in what another camera sees, in pixels of the widget."""
        scale = camera.zoom / self.camera.zoom
        x, y = camera.to_pixels(self.camera.left, self.camera.top)
        return QRectF(x, y, self.camera.width * scale, self.camera.height * scale)

    def covers(self, camera: Camera) -> bool:
        return (
            self.place(camera)
            .adjusted(-0.5, -0.5, 0.5, 0.5)
            .contains(QRectF(0, 0, camera.width, camera.height))
        )


class ZoomPictures:
    """The pictures of one zoom, the narrowest and sharpest first."""

    def __init__(self, sheets: Sheets) -> None:
        self._sheets = sheets
        self._begun: Camera | None = None
        self._pictures: list[Picture] = []

    def begin(self, camera: Camera) -> None:
        """A zoom begins; `camera` sees what is on the screen."""
        self.drop()
        self._begun = camera

    def drop(self) -> None:
        """The pictures show what is not so any more; there are none until the next zoom begins."""
        self._begun = None
        self._clear()

    def _clear(self) -> None:
        self._sheets.give(*(picture.pixmap for picture in self._pictures))
        self._pictures = []

    def paint(self, painter: QPainter, camera: Camera, draw: Draw, pays: Callable[[Camera], bool]) -> bool:
        """Paints what the camera sees; where that needs a picture that is not there yet, `draw` makes it if that `pays`.

        False, with nothing painted: the frame is to be painted directly.
        """
        begun = self._begun
        if begun is None or min(camera.zoom, begun.zoom) < NEAR or _size(camera) != _size(begun):
            return False
        if not self._is_enough(camera):
            if not pays(camera):
                return False
            self._add(begun, camera, draw)
        covering = next(k for k, picture in enumerate(self._pictures) if picture.covers(camera))
        left = QRegion(QRect(0, 0, round(camera.width), round(camera.height)))
        for picture in self._pictures[: covering + 1]:
            place = picture.place(camera)
            is_last = picture is self._pictures[covering]
            inside = left if is_last else left & place.toRect().adjusted(1, 1, -1, -1)
            for part in _rects(inside):
                # Only what no sharper picture shows; and only a clip that is a rectangle lets pixels be copied quickly.
                painter.setClipRect(part)
                painter.drawPixmap(place, picture.pixmap, QRectF(picture.pixmap.rect()))
            left -= inside
        painter.setClipping(False)
        return True

    def _is_enough(self, camera: Camera) -> bool:
        pictures = self._pictures
        return (
            bool(pictures)
            and camera.zoom <= pictures[0].camera.zoom * LARGEST
            and pictures[-1].covers(camera)
        )

    def _add(self, begun: Camera, camera: Camera, draw: Draw) -> None:
        """Makes the pictures enough: with one of what was on the screen, one of more than that, or else with a new beginning."""
        if not self._pictures:
            self._paint_one(begun, draw, in_hurry=False)
        if not self._pictures[-1].covers(camera):
            wider = self._wider(camera)
            if wider is not None:
                self._paint_one(wider, draw, in_hurry=True)
        if not self._is_enough(camera):
            self._clear()
            self._paint_one(camera, draw, in_hurry=True)

    def _paint_one(self, camera: Camera, draw: Draw, *, in_hurry: bool) -> None:
        pixmap = self._sheets.take(camera)
        painter = QPainter(pixmap)
        try:
            draw(painter, camera, in_hurry)
        finally:
            painter.end()
        self._pictures.append(Picture(camera, pixmap))

    def _wider(self, camera: Camera) -> Camera | None:
        """A camera that will see what comes into view if the zoom goes on the way it went from the widest picture to here."""
        widest = self._pictures[-1].camera
        zoom = max(min(widest.zoom * WIDER, camera.zoom), NEAR)
        if camera.zoom >= widest.zoom * 0.999 or zoom >= widest.zoom * 0.999:
            return None

        def start(old: float, new: float, length: float) -> float:
            # The scene point that stays where it is in the window, and where that is in pixels.
            still = (old * widest.zoom - new * camera.zoom) / (widest.zoom - camera.zoom)
            pixel = (still - old) * widest.zoom
            pixels = zoom * camera.device_ratio
            return round((still - pixel / zoom) * pixels) / pixels

        left = start(widest.left, camera.left, camera.width)
        top = start(widest.top, camera.top, camera.height)
        return Camera(left, top, zoom, camera.width, camera.height, camera.device_ratio)


def _size(camera: Camera) -> tuple[float, float, float]:
    return camera.width, camera.height, camera.device_ratio


def _rects(region: QRegion) -> list[QRect]:
    return list(region)  # type: ignore[call-overload,no-any-return]  # iterable, but not in the stubs
