"""Which cards are painted already? Pixmaps by node, within a bound of memory; painting them is `card_painter`'s business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cachetools import LRUCache
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPixmap

from studio.canvas.camera import Camera
from studio.canvas.card_painter import MARGIN, Look, Severity, blank_picture, kind, paint_words
from studio.canvas.cards import Card, Shape
from studio.canvas.states import Footer
from studio.canvas.style import Style
from studio.kernel.ids import NodeId

LIMIT_BYTES: Final = 96 * 1024 * 1024
BLANKS_BYTES: Final = 24 * 1024 * 1024


@dataclass(slots=True)
class Painted:
    """A card's pixmap, and what it shows at which zoom."""

    look: Look
    scale: float
    pixmap: QPixmap
    size: int


class Blanks:
    """Cards without words, one of each kind and zoom: most cards of a workflow differ in their words alone."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._painted: LRUCache[tuple[object, ...], tuple[Shape, QPixmap]] = LRUCache(
            BLANKS_BYTES, getsizeof=lambda entry: _bytes(entry[1])
        )

    def of(self, look: Look, scale: float, device_ratio: float) -> QPixmap:
        """The blank of a card at a zoom."""
        key = (scale, device_ratio, *kind(look))
        found = self._painted.get(key)
        if found is None:
            # With the shape, whose identity is a part of the key, and must not become another's.
            found = look.card.shape, blank_picture(look, self._style, scale, device_ratio)
            if _bytes(found[1]) <= BLANKS_BYTES:
                self._painted[key] = found
        return found[1]


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
        """Draws a card with its corner at a place in pixels, from its pixmap where there is one; makes none."""
        scale, ratio = camera.zoom, camera.device_ratio
        inset = round(MARGIN * scale * ratio) / ratio
        x, y = corner
        at = QPointF(x - inset, y - inset)
        painted = self.get(node_id, look.card, look.footer, look.severity)
        if painted is not None and painted.scale == scale:
            painter.drawPixmap(at, painted.pixmap)
            return
        painter.drawPixmap(at, self.blanks.of(look, scale, ratio))
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
