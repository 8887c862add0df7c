"""How do a card's words and ports look when they are too small to be read? As bars and dots in their places, which fade on the way outwards.

So nothing vanishes at the zoom at which cards are no longer drawn in full. All of a colour are drawn in one call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from studio.canvas.camera import NEAR
from studio.canvas.card_painter import FOLD_LABEL
from studio.canvas.cards import FOOTER, HEADER, ROW, WIDTH, Card, CardPort, Shape
from studio.canvas.primitives import Rects, whole
from studio.canvas.states import IDLE, CardState
from studio.canvas.style import KIND_INDEX, Style, blend

if TYPE_CHECKING:
    from PySide6.QtGui import QColor, QPainter

    from studio.canvas.camera import Camera
    from studio.canvas.curves import Floats, Ints
    from studio.canvas.projector import Projector

GONE: Final = 0.3
"""At this zoom the last of it has faded."""
_INK: Final = 0.3
"""The share of its box that a word fills with ink."""
_BAR: Final = 5.0
_DOT: Final = 9.0
_MOST_KEPT: Final = 20_000
_TEXT, _MUTED, _LINE, _FIRST_KIND = range(4)
_Row = tuple[float, float, float, float, float]
"""Left, middle, width and height in units of the card, and the ink."""


class Greeking:
    """Draws what stands on cards in place of words. Keeps the rows of each shape, and the widths of summaries."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._rects = Rects()
        self._shapes: dict[int, tuple[Shape, Floats]] = {}
        self._summaries: dict[int, tuple[Card, float]] = {}

    def paint(
        self, painter: QPainter, camera: Camera, projector: Projector, visible: Ints, x: Floats, y: Floats
    ) -> None:
        """For cards whose corners are at (x, y), in pixels; the painter fills without a pen."""
        strength = (camera.zoom - GONE) / (NEAR - GONE)
        if strength <= 0 or not len(visible):
            return
        rows, owners = self._rows(projector, visible)
        zoom, ratio = camera.zoom, camera.device_ratio
        pixel = 1 / ratio
        width = np.maximum(whole(rows[:, 2] * zoom * ratio) / ratio, pixel)
        height = np.maximum(whole(rows[:, 3] * zoom * ratio) / ratio, pixel)
        left = x[owners] + whole(rows[:, 0] * zoom * ratio) / ratio
        top = y[owners] + whole((rows[:, 1] * zoom - height / 2) * ratio) / ratio
        inks = rows[:, 4]
        for ink in sorted(set(inks.tolist())):
            hit = inks == ink
            painter.setBrush(self._color(int(ink), strength))
            self._rects.draw(painter, left[hit], top[hit], width[hit], height[hit])

    def _color(self, ink: int, strength: float) -> QColor:
        style = self._style
        if ink >= _FIRST_KIND:
            return blend(style.card, style.kinds[ink - _FIRST_KIND], strength)
        inks = {_TEXT: (style.text, _INK), _MUTED: (style.muted, _INK), _LINE: (style.border, 1.0)}
        color, share = inks[ink]
        return blend(style.card, color, share * strength)

    def _rows(self, projector: Projector, visible: Ints) -> tuple[Floats, Ints]:
        """All rows of these cards, and for each which of the cards it is on."""
        geometry, footers = projector.geometry, projector.footers
        parts, more, on = [], [], []
        for number, i in enumerate(visible.tolist()):
            card = geometry.cards[i]
            shape = card.shape
            parts.append(self._of_shape(shape))
            if shape.collapsed:
                continue
            if shape.summary_y is not None:
                more.append((14.0, shape.summary_y + ROW / 2, self._summary_width(card), _BAR, _TEXT))
                on.append(number)
            footer = footers.get(geometry.ids[i], IDLE) if footers else IDLE
            if footer.state is not CardState.IDLE:
                shown = min(self._style.small_metrics.horizontalAdvance(footer.text), WIDTH - 44)
                more += [
                    (1.0, shape.height + 0.5, WIDTH - 2, 1.0, _LINE),
                    (30.0, shape.height + FOOTER / 2, shown, _BAR, _TEXT),
                ]
                on += [number, number]
        owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        if more:
            parts.append(np.array(more))
            owners = np.concatenate([owners, np.array(on, np.int64)])
        return np.concatenate(parts), owners

    def _of_shape(self, shape: Shape) -> Floats:
        kept = self._shapes.get(id(shape))
        if kept is None:
            if len(self._shapes) >= _MOST_KEPT:
                self._shapes.clear()
            # With the shape, lest its id becomes another's.
            kept = self._shapes[id(shape)] = shape, np.array(self._words(shape)).reshape(-1, 5)
        return kept[1]

    def _words(self, shape: Shape) -> list[_Row]:
        """Labels and ports: what all cards of a shape share."""
        if shape.collapsed:
            ends = ((shape.inputs, 0.0), (shape.outputs, WIDTH))
            return [_dot(ports[0], x, HEADER / 2) for ports, x in ends if ports]
        rows: list[_Row] = []
        for port in (*shape.inputs, *shape.outputs):
            rows.append(_dot(port, WIDTH if port.is_output else 0.0, port.y))
            width = min(self._style.label_metrics.horizontalAdvance(port.label), WIDTH / 2)
            left = WIDTH - 14 - width if port.is_output else 14.0
            rows.append((left, port.y, width, _BAR, _TEXT if port.wired else _MUTED))
        if shape.fold_y is not None:
            rows.append((15.0, shape.fold_y + ROW / 2, FOLD_LABEL - 20, _BAR, _MUTED))
        return rows

    def _summary_width(self, card: Card) -> float:
        kept = self._summaries.get(id(card))
        if kept is None:
            if len(self._summaries) >= _MOST_KEPT:
                self._summaries.clear()
            width = min(self._style.small_metrics.horizontalAdvance(card.summary), WIDTH - 28)
            kept = self._summaries[id(card)] = card, width
        return kept[1]


def _dot(port: CardPort, x: float, y: float) -> _Row:
    return x - _DOT / 2, y, _DOT, _DOT, _FIRST_KIND + KIND_INDEX[port.type.kind]
