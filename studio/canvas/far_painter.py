"""How is a frame drawn from further away? Headers and states in between, coloured marks from afar; each kind in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QStaticText

from studio.canvas.camera import MIDDLE, NEAR, Camera
from studio.canvas.card_painter import ERROR, RADIUS, STRIPE, title_x
from studio.canvas.cards import HEADER, OPERATIONS, WIDTH
from studio.canvas.curves import Floats, Ints, straightened, trimmed
from studio.canvas.greeking import GONE, Greeking
from studio.canvas.primitives import Fragments, Lines, Rects, cubic_path, flattened, in_pixels, whole
from studio.canvas.signs import FROM_AFAR, Signs
from studio.canvas.states import CardState
from studio.canvas.style import Style, blend

if TYPE_CHECKING:
    from studio.canvas.projector import Projector

CAP: Final = 10.0
"""Height of a card's rounded foot in the atlas."""
_BATCHED_LINES: Final = 700
_FAR_PIECES: Final = 6
"""Of which a curve is made while it gets straight."""
_FAR_HEADER: Final = 0.75
"""The share of its tone in a header from afar."""
_FLAT: Final = 0.12
"""From this zoom on outwards a card has no outline, and edges are straight;"""
_FILLED: Final = 0.07
"""and from this one on a card has no header either: it is one mark in one colour."""


class FarPainter:
    """Draws what is too small for whole cards. `is_dimmed`: a wire is dragged, and all but what it can reach steps back."""

    def __init__(self, projector: Projector, style: Style) -> None:
        self.projector = projector
        self.style = style
        self.is_dimmed = False
        self._rects = Rects()
        self._lines = Lines()
        self._fragments = Fragments()
        self._atlas: QPixmap | None = None
        self._atlas_key: tuple[float, float] = (0.0, 0.0)
        self._titles: dict[tuple[str, float], QStaticText] = {}
        self._signs = Signs(style)
        self._greeking = Greeking(style)

    def set_style(self, style: Style) -> None:
        self.style = style
        self._signs = Signs(style)
        self._greeking = Greeking(style)
        self._atlas = None
        self._titles.clear()

    def paint_middle(self, painter: QPainter, camera: Camera, visible: Ints, edges: Ints) -> None:
        """Headers, bodies and states, and edges as one hair-line path."""
        self._middle_edges(painter, camera, edges)
        self._middle_cards(painter, camera, visible)

    def paint_far(self, painter: QPainter, camera: Camera, visible: Ints, edges: Ints) -> None:
        """Coloured marks and straight lines."""
        self._far_edges(painter, camera, edges)
        self._far_cards(painter, camera, visible)

    def _middle_edges(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        if not len(which):
            return
        style, geometry = self.style, self.projector.geometry
        curves, which = geometry.curves(which)
        curves, rows = trimmed(in_pixels(curves, camera), camera.width, camera.height)
        which = which[rows]
        # From the colours and the strength that they have near by to those from afar.
        away = _share(camera.zoom, NEAR, MIDDLE)
        strength = style.edges_usual - 0.27 * away
        if self.is_dimmed:
            strength = min(strength, style.edges_behind)
        is_fine = len(which) <= _BATCHED_LINES
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, is_fine)
        kinds = geometry.edge_kind[which]
        for kind in sorted(set(kinds.tolist())):
            color = blend(style.canvas, blend(style.kinds[kind], style.edge, away), strength)
            painter.setPen(QPen(color, 1.0 if is_fine else 0))
            if is_fine:
                painter.drawPath(cubic_path(curves[kinds == kind]))
            else:
                self._lines.draw(painter, flattened(curves[kinds == kind], 8))
        self._selected_lines(painter, which, curves)

    def _selected_lines(self, painter: QPainter, which: Ints, curves: Floats) -> None:
        geometry = self.projector.geometry
        lit = geometry.edge_selected[which]
        if not geometry.selected.all():
            lit = lit | geometry.selected[geometry.source[which]] | geometry.selected[geometry.target[which]]
        if not lit.any():
            return
        if lit.sum() <= _BATCHED_LINES:
            painter.setPen(QPen(self.style.accent_text, 1.0))
            painter.drawPath(cubic_path(curves[lit]))
        else:
            painter.setPen(QPen(self.style.accent_text, 0))
            self._lines.draw(painter, flattened(curves[lit], 8))

    def _middle_cards(self, painter: QPainter, camera: Camera, visible: Ints) -> None:
        """Header, body and state of each card; text only where it can be read."""
        geometry, style, zoom = self.projector.geometry, self.style, camera.zoom
        if not len(visible):
            return
        atlas = self._middle_atlas(zoom, camera.device_ratio)
        ratio = camera.device_ratio
        x = whole((geometry.x[visible] - camera.left) * zoom * ratio) / ratio
        y = whole((geometry.y[visible] - camera.top) * zoom * ratio) / ratio
        width, header, foot = _atlas_sizes(zoom)
        height = np.maximum(np.round(geometry.height[visible] * zoom), header + foot)
        collapsed = geometry.height[visible] <= HEADER
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        chosen = geometry.selected[visible]
        if chosen.any():
            painter.setBrush(style.accent_text)
            self._rects.draw(painter, x[chosen] - 2, y[chosen] - 2, width + 4, height[chosen] + 4)
        painter.setOpacity(0.5 if self.is_dimmed else 1.0)
        open_x, open_y, body = x[~collapsed], y[~collapsed] + header, height[~collapsed] - header - foot
        painter.setBrush(style.border)
        self._rects.draw(painter, open_x, open_y, width, body)
        painter.setBrush(style.card)
        self._rects.draw(painter, open_x + 1, open_y, width - 2, body)
        pixels = ratio
        rows = geometry.tone[visible].astype(np.float64)
        source = np.empty((len(visible), 4))
        source[:, 0], source[:, 2], source[:, 3] = 0, width * pixels, header * pixels
        source[:, 1] = rows * (header + foot) * pixels
        self._fragments.draw(painter, atlas, x, y, source / ratio if ratio != 1 else source)
        source[:, 1] += header * pixels
        source[:, 3] = foot * pixels
        self._fragments.draw(painter, atlas, x, y + height - foot, source / ratio if ratio != 1 else source)
        self._greeking.paint(painter, camera, self.projector, visible, x, y)
        painter.setOpacity(1.0)
        if zoom >= 0.28:
            self.paint_titles(painter, camera, visible, x, y)
        self._signs_of(painter, camera, visible, x, y)

    def _signs_of(self, painter: QPainter, camera: Camera, visible: Ints, x: Floats, y: Floats) -> None:
        projector = self.projector
        states, severities = projector.states()[visible], projector.severity_array()[visible]
        self._signs.paint(painter, camera, x, y, states, severities)

    def paint_titles(self, painter: QPainter, camera: Camera, visible: Ints, x: Floats, y: Floats) -> None:
        geometry, style, zoom = self.projector.geometry, self.style, camera.zoom
        color = QColor(style.text)
        color.setAlphaF(min((zoom - 0.26) / 0.08, 1.0))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
        painter.setPen(color)
        painter.setFont(style.title_font)
        painter.scale(zoom, zoom)
        top = (HEADER - style.title_metrics.height()) / 2
        for i, card_x, card_y in zip(visible.tolist(), (x / zoom).tolist(), (y / zoom).tolist(), strict=True):
            card = geometry.cards[i]
            left = title_x(card)
            painter.drawStaticText(QPointF(card_x + left, card_y + top), self._title(card.title, left))
        painter.restore()

    def _title(self, title: str, left: float) -> QStaticText:
        text = self._titles.get((title, left))
        if text is None:
            if len(self._titles) > 20_000:
                self._titles.clear()
            text = QStaticText(self.style.elided_title(title, WIDTH - left - 30))
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
            text.prepare(font=self.style.title_font)
            self._titles[title, left] = text
        return text

    def _middle_atlas(self, zoom: float, ratio: float) -> QPixmap:
        """A header and a foot in each tone, at this zoom."""
        if self._atlas is not None and self._atlas_key == (zoom, ratio):
            return self._atlas
        width, header, foot = _atlas_sizes(zoom)
        style = self.style
        atlas = QPixmap(round(width * ratio), round((header + foot) * len(OPERATIONS) * ratio))
        atlas.fill(Qt.GlobalColor.transparent)
        painter = QPainter(atlas)
        try:
            painter.scale(ratio, ratio)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            radius = RADIUS * zoom
            for row, tone in enumerate(style.tones):
                top = row * (header + foot)
                whole = QRectF(0.5, top + 0.5, width - 1, header + foot - 1)
                painter.setPen(Qt.PenStyle.NoPen)
                share = _header_share(zoom, is_dark=style.theme.is_dark)
                for color, part in (
                    (blend(style.header, tone, share), QRectF(0, top, width, header)),
                    (tone, QRectF(0, top, max(STRIPE * zoom, 2.0), header)),
                    (style.card, QRectF(0, top + header, width, foot)),
                ):
                    painter.setClipRect(part)
                    painter.setBrush(color)
                    painter.drawRoundedRect(whole, radius, radius)
                painter.setClipping(False)
                self._greek_chip(painter, zoom, top, blend(style.header, tone, share), tone)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(style.border, 1.0))
                painter.drawRoundedRect(whole, radius, radius)
        finally:
            painter.end()
        self._atlas, self._atlas_key = atlas, (zoom, ratio)
        return atlas

    def _greek_chip(self, painter: QPainter, zoom: float, top: float, under: QColor, tone: QColor) -> None:
        """Where the three letters of the operation were, until that has faded like all words."""
        strength = 1 - _share(zoom, NEAR, GONE)
        if strength <= 0:
            return
        chip = QRectF(13.5 * zoom, top + 10.5 * zoom, 34 * zoom, 16 * zoom)
        painter.setBrush(blend(under, tone, 0.25 * strength))
        painter.setPen(QPen(blend(under, tone, 0.6 * strength), 1.0))
        painter.drawRoundedRect(chip, 4 * zoom, 4 * zoom)

    def _far_edges(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        if not len(which):
            return
        geometry, style = self.projector.geometry, self.style
        straightness = _share(camera.zoom, MIDDLE, _FLAT)
        if straightness < 1:
            curves, which = geometry.curves(which)
            lines = flattened(straightened(in_pixels(curves, camera), straightness), _FAR_PIECES)
            which = np.repeat(which, _FAR_PIECES)
        elif len(geometry.dots):
            curves, which = geometry.curves(which)
            lines = in_pixels(curves[:, [0, 1, 6, 7]], camera)
        else:
            lines = in_pixels(geometry.ends[which][:, :4], camera)
        # Far away, edges would drown the nodes: they fade with the distance. Opaque, because blending costs double.
        share = 0.12 + 0.33 * min(max((camera.zoom - 0.03) / (MIDDLE - 0.03), 0.0), 1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(blend(style.canvas, style.edge, share), 0))
        self._lines.draw(painter, lines)
        lit = geometry.edge_selected[which]
        if lit.any():
            painter.setPen(QPen(style.accent_text, 0))
            self._lines.draw(painter, lines[lit])

    def _far_cards(self, painter: QPainter, camera: Camera, visible: Ints) -> None:
        """Each level of detail begins as the one nearer by ends: what it leaves out has faded by then."""
        geometry, style, zoom, ratio = self.projector.geometry, self.style, camera.zoom, camera.device_ratio
        if not len(visible):
            return
        x = whole((geometry.x[visible] - camera.left) * zoom * ratio) / ratio
        y = whole((geometry.y[visible] - camera.top) * zoom * ratio) / ratio
        width = float(max(round(WIDTH * zoom), 2))
        height = np.maximum(np.round(geometry.height[visible] * zoom), 2)
        head = np.minimum(max(round(HEADER * zoom), 2), height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        chosen = geometry.selected[visible]
        if chosen.any():
            painter.setBrush(style.accent_text)
            self._rects.draw(painter, x[chosen] - 2, y[chosen] - 2, width + 4, height[chosen] + 4)
        strength = 0.5 if self.is_dimmed else 1.0
        painter.setOpacity(strength)
        flatness, filling = _share(zoom, MIDDLE, _FLAT), _share(zoom, _FLAT, _FILLED)
        body = blend(style.card, style.border, 0.5 * flatness)
        outline = float(flatness < 1)
        if outline:
            painter.setBrush(blend(body, style.border, 1 - flatness))
            self._rects.draw(painter, x, y, width, height)
        tone = geometry.tone[visible]
        for row, color in enumerate(style.tones):
            hit = tone == row
            if not hit.any():
                continue
            header = blend(style.header, color, _FAR_HEADER)
            if filling < 1:
                painter.setBrush(blend(body, header, filling))
                self._rects.draw(
                    painter, x[hit] + outline, y[hit], width - 2 * outline, height[hit] - outline
                )
            painter.setBrush(header)
            self._rects.draw(painter, x[hit], y[hit], width, height[hit] if filling == 1 else head[hit])
        states, severities = self.projector.states()[visible], self.projector.severity_array()[visible]
        for hit, color in (
            ((severities == ERROR) & (states == CardState.IDLE), style.error),
            *((states == state, style.states[state]) for state in (CardState.OK, *FROM_AFAR)),
        ):
            if not hit.any():
                continue
            painter.setBrush(blend(body, color, _share(zoom, MIDDLE, _FILLED)))
            left, top, tall, cap = x[hit], y[hit], height[hit], head[hit]
            if filling < 1:
                self._rects.draw(
                    painter, left + outline, top + cap, width - 2 * outline, tall - cap - outline
                )
            if filling:
                painter.setOpacity(filling * strength)
                self._rects.draw(painter, left, top, width, tall)
                painter.setOpacity(strength)
        painter.setOpacity(1.0)
        self._signs_of(painter, camera, visible, x, y)


def _share(zoom: float, start: float, end: float) -> float:
    """How far a zoom is on the way out from `start` (0) to `end` (1)."""
    return min(max((start - zoom) / (start - end), 0.0), 1.0)


def _header_share(zoom: float, *, is_dark: bool) -> float:
    """How much of its tone a header has: near MIDDLE as much as from afar, near NEAR as little as close by."""
    near = 0.07 if is_dark else 0.0
    return near + (_FAR_HEADER - near) * _share(zoom, NEAR, MIDDLE) ** 2


def _atlas_sizes(zoom: float) -> tuple[float, float, float]:
    """Width, header's and foot's height of a card, in whole pixels."""
    return float(round(WIDTH * zoom)), float(max(round(HEADER * zoom), 3)), float(max(round(CAP * zoom), 2))
