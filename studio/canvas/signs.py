"""How do nodes tell from further away how they are doing? By the signs that stand on cards near by, small and many in one call.

A sign is a shape before it is a colour. It stands where the card has it, and stays large enough to be told when the card is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPixmap

from studio.canvas.camera import MIDDLE, NEAR
from studio.canvas.card_painter import BADGE_X, ERROR, NO_PROBLEM, WARNING
from studio.canvas.cards import HEADER
from studio.canvas.primitives import Fragments, whole
from studio.canvas.states import CardState
from studio.canvas.style import Style, draw_badge, draw_state

if TYPE_CHECKING:
    from studio.canvas.camera import Camera
    from studio.canvas.curves import Floats
    from studio.canvas.geometry import Small

LARGEST_PX: Final = 11
"""Of a sign with the plate that sets it off from whatever it lies on, from MIDDLE on outwards;"""
SMALLEST_PX: Final = 8
"""at NEAR, where cards begin to show signs of their own."""
_SIGN: Final = 15.0
"""As wide as signs are drawn near by."""
_PROBLEMS: Final = len(CardState)
"""In the atlas problems follow the states: the row of a severity is this and the severity."""
_OTHERS: Final = (
    *(state.value for state in (CardState.QUEUED, CardState.OK, CardState.SKIPPED, CardState.CANCELLED, CardState.STALE)), _PROBLEMS + WARNING
)  # fmt: skip
"""What nobody looks for among thousands; from afar the card's own colour says it."""
FROM_AFAR: Final = (CardState.RUNNING, CardState.ERROR, CardState.PAUSED)
"""The states that a person looks for among thousands, the most urgent last, on top."""


class Signs:
    """Draws the signs of nodes. Keeps the atlas of one size, a row for each sign."""

    def __init__(self, style: Style) -> None:
        self._style = style
        self._fragments = Fragments()
        self._atlas: QPixmap | None = None
        self._key = (0, 1.0)

    def paint(
        self, painter: QPainter, camera: Camera, x: Floats, y: Floats, states: Small, severities: Small
    ) -> None:
        """The signs of cards whose corners are at (x, y), in pixels: the run's state, or else a problem."""
        zoom, ratio = camera.zoom, camera.device_ratio
        rows = np.where(states != CardState.IDLE, states, _PROBLEMS + severities).astype(np.int64)
        wanted = [*FROM_AFAR, _PROBLEMS + ERROR]
        if zoom >= MIDDLE:
            wanted += _OTHERS
        size = _size_px(zoom)
        atlas = self._painted(size, ratio)
        for row in sorted(wanted, key=lambda row: row in FROM_AFAR and FROM_AFAR.index(row)):
            hit = np.flatnonzero(rows == row)
            if len(hit):
                source = np.tile((0.0, row * size * ratio, size * ratio, size * ratio), (len(hit), 1))
                left = whole((x[hit] + BADGE_X * zoom - size / 2) * ratio) / ratio
                top = whole((y[hit] + HEADER / 2 * zoom - size / 2) * ratio) / ratio
                self._fragments.draw(painter, atlas, left, top, source / ratio if ratio != 1 else source)
        painter.setOpacity(1.0)

    def _painted(self, size: int, ratio: float) -> QPixmap:
        if self._atlas and self._key == (size, ratio):
            return self._atlas
        rows = _PROBLEMS + ERROR + 1
        atlas = QPixmap(round(size * ratio), round(rows * size * ratio))
        atlas.fill(Qt.GlobalColor.transparent)
        painter = QPainter(atlas)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.scale(ratio, ratio)
            for row in range(rows):
                if row not in (CardState.IDLE, _PROBLEMS + NO_PROBLEM):
                    painter.save()
                    painter.translate(0, row * size)
                    self._paint_sign(painter, row, size)
                    painter.restore()
        finally:
            painter.end()
        self._atlas, self._key = atlas, (size, ratio)
        return atlas

    def _paint_sign(self, painter: QPainter, row: int, size: int) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._style.card)
        painter.drawRoundedRect(QRectF(0, 0, size, size), 2.0, 2.0)
        painter.translate(size / 2, size / 2)
        painter.scale(size / _SIGN, size / _SIGN)
        if row < _PROBLEMS:
            draw_state(painter, self._style, CardState(row), QPointF(0, 0))
        else:
            draw_badge(painter, self._style, QPointF(0, 0), is_error=row == _PROBLEMS + ERROR)


def _size_px(zoom: float) -> int:
    """In whole pixels. The smaller cards are the larger signs are, down to MIDDLE."""
    share = min(max((NEAR - zoom) / (NEAR - MIDDLE), 0.0), 1.0)
    return round(SMALLEST_PX + (LARGEST_PX - SMALLEST_PX) * share)
