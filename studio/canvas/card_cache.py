"""Which cards are painted already? Pixmaps by node, within a bound of memory; painting them is `card_painter`'s business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPixmap

from studio.canvas.camera import Camera
from studio.canvas.card_painter import MARGIN, Look, Severity, blank_picture, kind, paint_words, reduced
from studio.canvas.cards import Card, Shape
from studio.canvas.states import Footer
from studio.canvas.style import Style
from studio.kernel.ids import NodeId

LIMIT_BYTES: Final = 96 * 1024 * 1024
BLANKS_BYTES: Final = 24 * 1024 * 1024
_LEAST_SHARE: Final = 0.5
"""Smaller than this a picture is not made: lines would get lost;"""
_LARGEST_SHARE: Final = 1.05
"""nor larger than this: it would look soft."""
_AS_GOOD_AS_EQUAL: Final = 0.002
"""Whoever zooms out and in again comes back to almost the same zoom. A pixel of five hundred is seen by nobody."""


@dataclass(slots=True)
class Painted:
    """A card's pixmap, and what it shows at which zoom."""

    look: Look
    scale: float
    pixmap: QPixmap
    size: int


@dataclass(frozen=True, slots=True)
class _Blank:
    """With the card's shape, whose identity is a part of its key, and must not become another's."""

    shape: Shape
    scale: float
    pixmap: QPixmap

    def bytes(self) -> int:
        return _bytes(self.pixmap)


class Blanks:
    """Cards without words, one of each kind and zoom: most cards of a workflow differ in their words alone."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._painted: LRUCache[tuple[object, ...], _Blank] = LRUCache(BLANKS_BYTES, getsizeof=_Blank.bytes)
        self._reduced: LRUCache[tuple[object, ...], _Blank] = LRUCache(BLANKS_BYTES, getsizeof=_Blank.bytes)
        self._last: LRUCache[tuple[object, ...], _Blank] = LRUCache(BLANKS_BYTES, getsizeof=_Blank.bytes)
        """Of each kind the one that was painted last."""

    def of(self, look: Look, scale: float, device_ratio: float) -> QPixmap:
        """The blank of a card at a zoom."""
        own = kind(look)
        key = (scale, device_ratio, *own)
        found = self._painted.get(key)
        if found is None:
            pixmap = blank_picture(look, self._style, scale, device_ratio)
            found = _Blank(look.card.shape, scale, pixmap)
            if found.bytes() <= BLANKS_BYTES:
                self._painted[key] = self._last[device_ratio, *own] = found
        return found.pixmap

    def in_passing(self, look: Look, scale: float, device_ratio: float) -> QPixmap:
        """The blank as it is good enough while a zoom goes on: one of another zoom, made smaller, in a quarter of the time."""
        own = kind(look)
        key = (round(scale, 3), device_ratio, *own)
        found = self._painted.get((scale, device_ratio, *own)) or self._reduced.get(key)
        if found is None:
            last = self._last.get((device_ratio, *own))
            if last is None or not _LEAST_SHARE <= scale / last.scale <= _LARGEST_SHARE:
                return self.of(look, scale, device_ratio)
            if abs(scale / last.scale - 1) < _AS_GOOD_AS_EQUAL:
                return last.pixmap
            found = _Blank(look.card.shape, scale, reduced(last.pixmap, scale / last.scale))
            if found.bytes() <= BLANKS_BYTES:
                self._reduced[key] = found
        return found.pixmap


class CardCache:
    """Keeps the cards used last; the longest unused go first."""

    def __init__(self, style: Style, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._style = style
        self._limit = limit_bytes
        self._size = 0
        self._painted: dict[NodeId, Painted] = {}
        self.blanks = Blanks(style)

    def __len__(self) -> int:
        return len(self._painted)

    @property
    def size_bytes(self) -> int:
        return self._size

    def get(self, node_id: NodeId, card: Card, footer: Footer, severity: Severity) -> Painted | None:
        """The node's pixmap when it still shows this, whatever its zoom. Progress does not count: it is painted over."""
        found = self._painted.get(node_id)
        if found is None:
            return None
        look = found.look
        if (
            look.card is card
            and look.severity == severity
            and (
                look.footer is footer
                or (look.footer.state == footer.state and look.footer.text == footer.text)
            )
        ):
            # Used last, dropped last.
            del self._painted[node_id]
            self._painted[node_id] = found
            return found
        return None

    def last(self, node_id: NodeId) -> Painted | None:
        """The node's pixmap even if it shows something else by now: better for a frame than a card without words."""
        return self._painted.get(node_id)

    def render(self, node_id: NodeId, look: Look, scale: float, device_ratio: float) -> Painted:
        """Paints a card anew and keeps it."""
        old = self._painted.pop(node_id, None)
        if old is not None:
            self._size -= old.size
        pixmap = self._with_words(look, self.blanks.of(look, scale, device_ratio), scale)
        made = Painted(look, scale, pixmap, _bytes(pixmap))
        self._painted[node_id] = made
        self._size += made.size
        while self._size > self._limit and len(self._painted) > 1:
            first = next(iter(self._painted))
            self._size -= self._painted.pop(first).size
        return made

    def draw(
        self, painter: QPainter, node_id: NodeId, look: Look, corner: tuple[float, float], camera: Camera
    ) -> None:
        """Draws a card with its corner at a place in pixels, for a zoom that goes on: from its pixmap where there is one; makes none."""
        scale, ratio = camera.zoom, camera.device_ratio
        inset = round(MARGIN * scale * ratio) / ratio
        x, y = corner
        at = QPointF(x - inset, y - inset)
        painted = self.get(node_id, look.card, look.footer, look.severity)
        if painted is not None and painted.scale == scale:
            painter.drawPixmap(at, painted.pixmap)
            return
        painter.drawPixmap(at, self.blanks.in_passing(look, scale, ratio))
        painter.save()
        painter.translate(x, y)
        painter.scale(scale, scale)
        paint_words(painter, look, self._style)
        painter.restore()

    def _with_words(self, look: Look, blank: QPixmap, scale: float) -> QPixmap:
        pixmap = blank.copy()
        painter = QPainter(pixmap)
        try:
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
            painter.scale(scale, scale)
            painter.translate(MARGIN, MARGIN)
            paint_words(painter, look, self._style)
        finally:
            painter.end()
        return pixmap

    def clear(self) -> None:
        self._painted.clear()
        self._size = 0


def _bytes(pixmap: QPixmap) -> int:
    return pixmap.width() * pixmap.height() * 4
