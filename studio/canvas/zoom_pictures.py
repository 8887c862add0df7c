"""What is shown while a zoom goes on? Pictures of what was seen before, scaled; the frame is painted anew when the zoom rests.

The first picture is what was on the screen. Where a zoom leaves it, a wider one follows, which takes over what the one before shows; around
that it gets ground and edges, then cards as they come into view. While a zoom leads outwards the next one is painted ahead, piece by piece
between frames (`work_ahead`), so that no frame has to wait for a whole one. None shows a card otherwise than in full, and each is the copy of
one picture. What makes pictures stale is the business of `frame_viewer`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Protocol

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap, QRegion

from studio.canvas.camera import NEAR, Camera
from studio.canvas.sheets import Sheets

LARGEST: Final = 1.4
"""A picture is enlarged so many times at most; then it is painted anew."""
WIDER: Final = 0.75
"""A wider picture shows what is seen at so much of the zoom of the one before; it is no smaller made than that, lest thin lines get lost."""
FIRST: Final = 0.82
"""So much of it at the first step of a zoom, before anything could be painted ahead."""
MOST: Final = 3
"""So many pictures are held at most; the narrowest goes first."""
_AT_ONCE: Final = 2
"""So many cards are painted in one piece of work."""
_SMOOTH_STRIPS: Final = 4
"""In so many parts a picture is scaled smoothly, each a piece of work of its own."""
_AHEAD_S: Final = 0.001
"""No piece of work is begun so long after the first one of a turn."""
_LONG_PX: Final = 1_100
"""What lies under cards is painted in parts no longer than this."""
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
    """What a camera saw. Of the cards it has those that are `held`; the missing ones are to be painted `around`, None: it has all."""

    camera: Camera
    pixmap: QPixmap
    sheets: Sheets
    held: set[int] = field(default_factory=set)
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
        self._first_sheets = Sheets()
        self._large_sheets = Sheets()
        self._has_room_for: tuple[float, float, float] | None = None
        """The size of the widget for which there are sheets."""
        self._begun: Camera | None = None
        self._pictures: list[Picture] = []
        self._coming: Picture | None = None
        """A wider one that is being painted,"""
        self._work: Iterator[None] | None = None
        """and what is left to do ahead, in pieces."""
        self._leads_inwards = False
        """The zoom has turned: what is to be done ahead waits until it leads outwards again."""
        self._last_zoom = 0.0
        self._waits = False
        """The frame before has painted so much itself that what is to be done ahead waits for a turn."""

    def keep(self, camera: Camera) -> QPixmap | None:
        """Paints what is seen at rest, to be shown as it is, and from which a zoom can begin.

        None: not every card could be painted in time, so that another frame will follow.
        """
        self.drop()
        if self._has_room_for != _size(camera):
            self._has_room_for = _size(camera)
            self._leads_inwards = False
            self._work = self._make_room(camera)
        return self._paint_all(camera)

    def _make_room(self, camera: Camera) -> Iterator[None]:
        """Memory that is written to for the first time takes as long as all else in a zoom's first frame."""
        for share, sheets in ((FIRST, self._first_sheets), (WIDER, self._large_sheets)):
            sheet = sheets.take(_wider(camera, camera, camera, share))
            sheet.fill(Qt.GlobalColor.black)
            sheets.give(sheet)
            yield

    def begin(self, camera: Camera) -> None:
        """A zoom begins; `camera` sees what is on the screen. What was kept serves even if the view has been panned since."""
        kept = self._pictures[0].camera if self._begun is None and self._pictures else None
        if kept is None or (kept.zoom, *_size(kept)) != (camera.zoom, *_size(camera)):
            self.drop()
        self._begun, self._last_zoom = camera, camera.zoom
        self._leads_inwards = False

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
        self._forget_coming()

    def _forget_coming(self) -> None:
        if self._coming is not None:
            self._give(self._coming)
        self._coming = self._work = None

    def _give(self, picture: Picture) -> None:
        picture.sheets.give(picture.pixmap)

    def paint(self, painter: QPainter, camera: Camera) -> bool:
        """Paints what the camera sees. False, with nothing painted: the frame is to be painted directly."""
        begun = self._begun
        if begun is None or camera.zoom < NEAR or _size(camera) != _size(begun):
            return False
        until = time.perf_counter() + _AHEAD_S
        if not self._is_enough(camera):
            if not self._drawing.is_crowded(camera):
                return False
            self._add(begun, camera)
        picture = next(picture for picture in self._pictures if picture.covers(camera))
        self._complete(picture, camera)
        self._waits = time.perf_counter() > until
        # Without smoothing: that costs three times as much, and what moves hides it.
        painter.drawPixmap(picture.place(camera), picture.pixmap, QRectF(picture.pixmap.rect()))
        if camera.zoom < self._last_zoom and picture is self._pictures[-1] and self._coming is None:
            self._foresee(begun, camera)
        if camera.zoom != self._last_zoom:
            self._leads_inwards = camera.zoom > self._last_zoom
        self._last_zoom = camera.zoom
        return True

    @property
    def has_work(self) -> bool:
        """Whether there is something to paint ahead now."""
        return self._work is not None and not self._leads_inwards

    def work_ahead(self) -> None:
        """Paints a part of what a zoom that goes on outwards will show, in two milliseconds or so."""
        if self._waits:
            self._waits = False
            return
        until = time.perf_counter() + _AHEAD_S
        self._do_piece()
        while self._work is not None and time.perf_counter() < until:
            self._do_piece()

    def _do_piece(self) -> None:
        if self._work is not None and next(self._work, self) is self:
            self._work = None

    def _foresee(self, begun: Camera, camera: Camera) -> None:
        widest = self._pictures[-1].camera
        if widest.zoom * camera.width / widest.width > NEAR:
            self._coming = self._begin_picture(_wider(begun, widest, camera, WIDER), self._large_sheets)
            self._work = self._pieces(self._coming)

    def _pieces(self, coming: Picture) -> Iterator[None]:
        """Paints a picture, adds it, then paints the cards that it still lacks."""
        yield from self._paint_under(coming)
        self._append(coming)
        missing = [i for i in self._drawing.cards_in_sight(coming.camera) if i not in coming.held]
        for start in range(0, len(missing), _AT_ONCE):
            yield
            self._paint_cards(coming, missing[start : start + _AT_ONCE])

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
        while self._coming is not None:
            self._do_piece()
        if self._pictures and not self._pictures[-1].covers(camera):
            widest = self._pictures[-1].camera
            is_first_step = widest.width == camera.width and camera.zoom >= widest.zoom * FIRST
            share, sheets = (FIRST, self._first_sheets) if is_first_step else (WIDER, self._large_sheets)
            wider = _wider(begun, widest, camera, share)
            if camera.zoom >= wider.zoom * share:
                self._paint_at_once(wider, sheets)
        if not self._is_enough(camera):
            self._clear()
            self._paint_at_once(camera, self._sheets)

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

    def _paint_at_once(self, camera: Camera, sheets: Sheets) -> None:
        self._forget_coming()
        picture = self._begin_picture(camera, sheets)
        for _ in self._paint_under(picture):
            pass
        self._append(picture)

    def _begin_picture(self, camera: Camera, sheets: Sheets) -> Picture:
        """One on which nothing is painted yet. It will show what the one before does, and around that what lies under cards."""
        around = QRegion(QRect(0, 0, round(camera.width), round(camera.height)))
        if self._pictures:
            around -= self._pictures[-1].place(camera).toRect().adjusted(*_inwards(_OVERLAP_PX))
        return Picture(camera, sheets.take(camera), sheets, set(), around)

    def _append(self, picture: Picture) -> None:
        self._pictures.append(picture)
        self._coming = None
        if len(self._pictures) > MOST:
            self._give(self._pictures.pop(0))

    def _paint_under(self, picture: Picture) -> Iterator[None]:
        """Paints all but the cards that the picture before lacks as well: in pieces, after each of which others may go on."""
        camera = picture.camera
        if self._pictures:
            within = self._pictures[-1]
            missing = self._missing(within, within.camera)
            for start in range(0, len(missing), _AT_ONCE):
                self._paint_cards(within, missing[start : start + _AT_ONCE])
                yield
            picture.held.update(self._drawing.cards_within(within.camera))
            # Once for all frames that follow, so smoothly; but that would cost time where nothing is scaled.
            is_scaled = within.camera.zoom != camera.zoom
            for strip in _strips(within.place(camera).toAlignedRect(), _SMOOTH_STRIPS if is_scaled else 1):
                painter = QPainter(picture.pixmap)
                try:
                    painter.setClipRect(strip)
                    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, is_scaled)
                    painter.drawPixmap(within.place(camera), within.pixmap, QRectF(within.pixmap.rect()))
                finally:
                    painter.end()
                yield
        # Only a clip that is a rectangle lets pixels be copied quickly.
        for part in (half for rect in _rects(picture.around or QRegion()) for half in _parts(rect)):
            painter = QPainter(picture.pixmap)
            try:
                painter.setClipRect(part)
                self._drawing.draw_under(painter, camera, part)
            finally:
                painter.end()
            yield

    def _complete(self, picture: Picture, seen: Camera) -> None:
        """Paints the cards that come into view where they are missing."""
        missing = self._missing(picture, seen)
        if missing:
            self._paint_cards(picture, missing)

    def _missing(self, picture: Picture, seen: Camera) -> list[int]:
        """The cards in view that the picture lacks."""
        if picture.around is None:
            return []
        return [i for i in self._drawing.cards_in_sight(seen) if i not in picture.held]

    def _paint_cards(self, picture: Picture, which: list[int]) -> None:
        """Those that it has got meanwhile, as they came into view, are not painted twice: their shadows would be darker."""
        which = [i for i in which if i not in picture.held]
        if not which:
            return
        painter = QPainter(picture.pixmap)
        try:
            # What lies across the border of the picture within is there in part, shadow and all.
            painter.setClipRegion(picture.around or QRegion())
            self._drawing.draw_cards(painter, picture.camera, which)
        finally:
            painter.end()
        picture.held.update(which)


def _wider(begun: Camera, widest: Camera, camera: Camera, share: float) -> Camera:
    """A camera that sees what is seen at that share of the widest picture's zoom, on the sides to which the zoom has gone."""
    # The zoom at which the widget itself would see so much. As fine as that, nothing that comes into view is enlarged.
    zoom = widest.zoom * camera.width / widest.width if widest.width > camera.width else widest.zoom
    width, height = (round(size / share) + 2 for size in (camera.width, camera.height))
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


def _strips(area: QRect, count: int) -> list[QRect]:
    """The area in so many strips, one below the other."""
    edges = [area.top() + area.height() * number // count for number in range(count + 1)]
    return [QRect(area.left(), top, area.width(), bottom - top) for top, bottom in pairwise(edges)]


def _parts(area: QRect) -> list[QRect]:
    """The area in parts side by side, none of them long."""
    count = -(-area.width() // _LONG_PX)
    edges = [area.left() + area.width() * number // count for number in range(count + 1)]
    return [QRect(left, area.top(), right - left, area.height()) for left, right in pairwise(edges)]


def _rects(region: QRegion) -> list[QRect]:
    return list(region)  # type: ignore[call-overload,no-any-return]  # iterable, but not in the stubs
