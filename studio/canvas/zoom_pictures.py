"""What is shown while a zoom goes on? Pictures of what was seen before, scaled; the frame is painted anew when the zoom rests.

The first picture is what was on the screen. Where a zoom leaves it, a wider one follows, which takes over what the one before shows; around
that it gets ground and edges at once, cards as they come into view. So no frame paints much more than it shows, none shows a card otherwise
than in full, and each is the copy of one picture. What makes pictures stale is the business of `frame_viewer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPixmap, QRegion

from studio.canvas.camera import NEAR, Camera
from studio.canvas.sheets import Sheets

LARGEST: Final = 1.4
"""A picture is enlarged so many times at most; then it is painted anew."""
WIDER: Final = 0.75
"""A wider picture shows what is seen at so much of the zoom of the one before; it is no smaller made than that, lest thin lines get lost."""
MOST: Final = 3
"""So many pictures are held at most; the narrowest goes first."""
_OVERLAP_PX: Final = 2
"""As far as what is painted around a picture reaches into it."""


class Drawing(Protocol):
    """Draws what pictures are made of."""

    def draw_all(self, painter: QPainter, camera: Camera) -> bool:
        """All that a camera sees; returns whether every card is as it is at rest."""

    def draw_under(self, painter: QPainter, camera: Camera, part: QRect) -> None:
        """What lies under cards, in a part of what a camera sees, to which the painter is clipped."""

    def draw_cards(self, painter: QPainter, camera: Camera, which: list[int]) -> None:
        """Some cards, in full."""

    def cards_in_sight(self, camera: Camera) -> list[int]: ...
    def cards_within(self, camera: Camera) -> list[int]:
        """Those that it sees whole."""

    def is_crowded(self, camera: Camera) -> bool:
        """Whether it sees more than can be drawn smoothly, each card by itself."""


@dataclass(slots=True)
class Picture:
    """What a camera saw; of the cards only those in `cards`, where that is not None. The missing ones are to be painted `around`."""

    camera: Camera
    pixmap: QPixmap
    sheets: Sheets
    cards: set[int] | None = None
    around: QRegion | None = None

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

    def __init__(self, drawing: Drawing, sheets: Sheets) -> None:
        self._drawing = drawing
        self._sheets = sheets
        self._large_sheets = Sheets()
        self._begun: Camera | None = None
        self._pictures: list[Picture] = []

    def keep(self, camera: Camera) -> QPixmap | None:
        """Paints what is seen at rest, to be shown as it is, and from which a zoom can begin.

        None: not every card could be painted in time, so that another frame will follow.
        """
        self.drop()
        return self._paint_all(camera)

    def begin(self, camera: Camera) -> None:
        """A zoom begins; `camera` sees what is on the screen. What was kept serves even if the view has been panned since."""
        kept = self._pictures[0].camera if self._begun is None and self._pictures else None
        if kept is None or (kept.zoom, *_size(kept)) != (camera.zoom, *_size(camera)):
            self.drop()
        self._begun = camera

    @property
    def are_shown(self) -> bool:
        """Whether a zoom has begun, and nothing has made its pictures stale."""
        return self._begun is not None and bool(self._pictures)

    def drop(self) -> None:
        """The pictures show what is not so any more; there are none until the next zoom begins."""
        self._begun = None
        self._clear()

    def _clear(self) -> None:
        for picture in self._pictures:
            self._give(picture)
        self._pictures = []

    def _give(self, picture: Picture) -> None:
        picture.sheets.give(picture.pixmap)

    def paint(self, painter: QPainter, camera: Camera) -> bool:
        """Paints what the camera sees. False, with nothing painted: the frame is to be painted directly."""
        begun = self._begun
        if begun is None or camera.zoom < NEAR or _size(camera) != _size(begun):
            return False
        if not self._is_enough(camera):
            if not self._drawing.is_crowded(camera):
                return False
            self._add(begun, camera)
        picture = next(picture for picture in self._pictures if picture.covers(camera))
        self._complete(picture, camera)
        # Without smoothing: that costs three times as much, and what moves hides it.
        painter.drawPixmap(picture.place(camera), picture.pixmap, QRectF(picture.pixmap.rect()))
        return True

    def _is_enough(self, camera: Camera) -> bool:
        pictures = self._pictures
        return (
            bool(pictures)
            and camera.zoom <= pictures[0].camera.zoom * LARGEST
            and pictures[-1].covers(camera)
        )

    def _add(self, begun: Camera, camera: Camera) -> None:
        """Makes the pictures enough: with one of what was on the screen, one of more than that, or else with a new beginning."""
        if not self._pictures and begun.zoom >= NEAR:
            self._paint_all(begun)
        if self._pictures and not self._pictures[-1].covers(camera):
            wider = _wider(begun, self._pictures[-1].camera, camera)
            if camera.zoom >= wider.zoom * WIDER:
                self._paint_under(wider, self._large_sheets)
        if not self._is_enough(camera):
            self._clear()
            self._paint_under(camera, self._sheets)

    def _paint_all(self, camera: Camera) -> QPixmap | None:
        pixmap = self._sheets.take(camera)
        painter = QPainter(pixmap)
        try:
            is_complete = self._drawing.draw_all(painter, camera)
        finally:
            painter.end()
        if not is_complete:
            self._sheets.give(pixmap)
            return None
        self._pictures.append(Picture(camera, pixmap, self._sheets))
        return pixmap

    def _paint_under(self, camera: Camera, sheets: Sheets) -> None:
        """Adds a picture that shows what the one before does, and around that what lies under cards."""
        around = QRegion(QRect(0, 0, round(camera.width), round(camera.height)))
        within = self._pictures[-1] if self._pictures else None
        cards: set[int] = set()
        pixmap = sheets.take(camera)
        if within is not None:
            self._complete(within, within.camera)
            cards.update(self._drawing.cards_within(within.camera))
            around -= within.place(camera).toRect().adjusted(*_inwards(_OVERLAP_PX))
        painter = QPainter(pixmap)
        try:
            if within is not None:
                # Once for all frames that follow, so smoothly.
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
                painter.drawPixmap(within.place(camera), within.pixmap, QRectF(within.pixmap.rect()))
            # Only a clip that is a rectangle lets pixels be copied quickly.
            for part in _rects(around):
                painter.setClipRect(part)
                self._drawing.draw_under(painter, camera, part)
        finally:
            painter.end()
        self._pictures.append(Picture(camera, pixmap, sheets, cards, around))
        if len(self._pictures) > MOST:
            self._give(self._pictures.pop(0))

    def _complete(self, picture: Picture, seen: Camera) -> None:
        """Paints the cards that come into view where they are missing."""
        if picture.cards is None or picture.around is None:
            return
        missing = [i for i in self._drawing.cards_in_sight(seen) if i not in picture.cards]
        if not missing:
            return
        painter = QPainter(picture.pixmap)
        try:
            # What lies across the border of the picture within is there in part, shadow and all.
            painter.setClipRegion(picture.around)
            self._drawing.draw_cards(painter, picture.camera, missing)
        finally:
            painter.end()
        picture.cards.update(missing)


def _wider(begun: Camera, widest: Camera, camera: Camera) -> Camera:
    """A camera that sees more than the widest picture shows and than `camera` sees, on the sides to which the zoom has gone."""
    # The zoom at which the widget itself would see so much. As fine as that, nothing that comes into view is enlarged.
    zoom = widest.zoom * camera.width / widest.width if widest.width > camera.width else widest.zoom
    width, height = (round(size / WIDER) + 2 for size in (camera.width, camera.height))
    pixels = zoom * camera.device_ratio
    left = round(_start(begun.left, begun.right, camera.left, camera.right, width / zoom) * pixels) / pixels
    top = round(_start(begun.top, begun.bottom, camera.top, camera.bottom, height / zoom) * pixels) / pixels
    return Camera(left, top, zoom, width, height, camera.device_ratio)


def _start(before_low: float, before_high: float, low: float, high: float, length: float) -> float:
    """Where something of that length starts that holds all from `low` to `high`, and of the rest on each side as much as has been added."""
    less, more = max(before_low - low, 0.0), max(high - before_high, 0.0)
    share = less / (less + more) if less + more else 0.5
    return low - (length - (high - low)) * share


def _size(camera: Camera) -> tuple[float, float, float]:
    return camera.width, camera.height, camera.device_ratio


def _inwards(by: int) -> tuple[int, int, int, int]:
    return by, by, -by, -by


def _rects(region: QRegion) -> list[QRect]:
    return list(region)  # type: ignore[call-overload,no-any-return]  # iterable, but not in the stubs
