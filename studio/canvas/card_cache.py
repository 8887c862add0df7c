"""Which cards are painted already? Pixmaps by node, within a bound of memory; painting them is `card_painter`'s business."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QPixmap

from studio.canvas.card_painter import Look, Severity, render
from studio.canvas.cards import Card
from studio.canvas.states import Footer
from studio.canvas.style import Style
from studio.kernel.ids import NodeId

LIMIT_BYTES: Final = 96 * 1024 * 1024


@dataclass(slots=True)
class Painted:
    """A card's pixmap, and what it shows at which zoom."""

    look: Look
    scale: float
    pixmap: QPixmap
    size: int


class CardCache:
    """Keeps the cards used last; the longest unused go first."""

    def __init__(self, style: Style, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self._style = style
        self._limit = limit_bytes
        self._size = 0
        self._painted: dict[NodeId, Painted] = {}

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
        pixmap = render(look, self._style, scale, device_ratio)
        made = Painted(look, scale, pixmap, pixmap.width() * pixmap.height() * 4)
        self._painted[node_id] = made
        self._size += made.size
        while self._size > self._limit and len(self._painted) > 1:
            first = next(iter(self._painted))
            self._size -= self._painted.pop(first).size
        return made

    def clear(self) -> None:
        self._painted.clear()
        self._size = 0
