"""How is a frame drawn? Cost follows what is visible: three levels of detail over the geometry's arrays.

Zoom ≥ 0.4: a kept pixmap per card and a path per edge. Zoom 0.2–0.4: header and state from a small atlas, bodies as batched
rectangles, edges as one hair-line path. Below: coloured marks and straight lines, each kind in one call. There is no object per node.
"""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap, QStaticText

from studio.canvas.camera import MIDDLE, NEAR, Camera
from studio.canvas.card_cache import CardCache
from studio.canvas.card_painter import ERROR, MARGIN, NO_PROBLEM, RADIUS, STRIPE, WARNING, Look, title_x
from studio.canvas.cards import FOOTER, GRID, HEADER, OPERATIONS, WIDTH
from studio.canvas.geometry import Bools, Floats, Ints, controls, trimmed
from studio.canvas.primitives import Fragments, Lines, Rects, SmoothLines, cubic_path
from studio.canvas.projector import Projector
from studio.canvas.states import IDLE, CardState
from studio.canvas.style import Style, blend, draw_port, draw_spinner

RENDER_BUDGET_S: Final = 0.004
"""What a frame may spend on cards that are not painted yet; the rest is drawn simply and follows in the next frames."""
SMOOTH_CARDS: Final = 16
"""With more cards than this in view a zoom does without smoothing until it rests: that costs three times as much."""
CROWD: Final = 160
"""More visible edges than this are drawn with fewer pieces."""
CAP: Final = 10.0
"""Height of a card's rounded foot in the atlas."""
_BATCHED_LINES: Final = 700


class ScenePainter:
    """Draws a projector's content. Keeps what can be kept between frames: card pixmaps, the atlas, batches of memory."""

    def __init__(self, projector: Projector, style: Style) -> None:
        self.projector = projector
        self.style = style
        self.cache = CardCache(style)
        self.hovered_edge: int | None = None
        self.dimmed: Bools | None = None
        """While a wire is dragged: the nodes that it cannot reach."""
        self._rects = Rects()
        self._lines = Lines()
        self._smooth_lines = SmoothLines()
        self._fragments = Fragments()
        self._atlas: QPixmap | None = None
        self._atlas_key: tuple[float, float] = (0.0, 0.0)
        self._titles: dict[tuple[str, float], QStaticText] = {}
        self._ground: QPixmap | None = None
        self._ground_key: tuple[float, ...] = ()
        self._hurry = False
        self._seen = QRectF()
        self.is_complete = True
        """Whether the last frame shows every card in full; otherwise another frame should follow."""

    def set_style(self, style: Style) -> None:
        self.style = style
        self.cache = CardCache(style)
        self._atlas = None
        self._ground_key = ()
        self._titles.clear()

    def paint(
        self,
        painter: QPainter,
        camera: Camera,
        *,
        part: QRectF | None = None,
        is_zooming: bool = False,
        in_full: bool = False,
        phase: float = 0.0,
    ) -> None:
        """Draws edges and cards, of a part of the widget only when one is given (to which the painter must be clipped).

        `is_zooming` prefers speed over sharpness, `in_full` completeness over speed.
        """
        geometry = self.projector.geometry
        self.is_complete = True
        seen = self._seen = part or QRectF(0, 0, camera.width, camera.height)
        left, top = camera.to_scene(seen.left(), seen.top())
        right, bottom = camera.to_scene(seen.right(), seen.bottom())
        margin = 16 / camera.zoom if camera.zoom < 1 else 16.0
        visible = geometry.nodes_in(left - margin, top - margin, right + margin, bottom + margin)
        thick = 5 / camera.zoom
        self._hurry = is_zooming and len(visible) > SMOOTH_CARDS
        edges = geometry.edges_in(left - thick, top - thick, right + thick, bottom + thick)
        if camera.zoom >= NEAR:
            self._near_edges(painter, camera, edges, phase)
            self._near_cards(painter, camera, visible, is_zooming=is_zooming, in_full=in_full)
            self._moving_parts(painter, camera, visible, phase)
        elif camera.zoom >= MIDDLE:
            self._middle_edges(painter, camera, edges)
            self._middle_cards(painter, camera, visible)
        else:
            self._far_edges(painter, camera, edges)
            self._far_cards(painter, camera, visible)

    # Grid

    def paint_grid(self, painter: QPainter, camera: Camera) -> None:
        """The ground: dots on the grid; every fifth is stronger, and the fine ones go as they crowd.

        Kept as a pixmap one period larger than the widget while the zoom stays, so that panning only shifts it.
        """
        period = GRID * 5
        while period * camera.zoom < 28:
            period *= 2
        key = (camera.zoom, camera.width, camera.height, camera.device_ratio)
        if key != self._ground_key:
            # The first frame at a zoom is drawn directly: while zooming, each frame is the first of its kind.
            self._ground_key, self._ground = key, None
            painter.fillRect(QRectF(0, 0, camera.width, camera.height), self.style.canvas)
            self._draw_ground(painter, camera, period)
            return
        if self._ground is None:
            self._ground = self._make_ground(camera, period)
        x = round(camera.left * camera.zoom % (period * camera.zoom))
        y = round(camera.top * camera.zoom % (period * camera.zoom))
        painter.drawPixmap(QPointF(-x, -y), self._ground)

    def _make_ground(self, camera: Camera, period: float) -> QPixmap:
        extra = period * camera.zoom + 2
        width, height, ratio = camera.width + extra, camera.height + extra, camera.device_ratio
        ground = QPixmap(round(width * ratio), round(height * ratio))
        ground.setDevicePixelRatio(ratio)
        ground.fill(self.style.canvas)
        painter = QPainter(ground)
        try:
            self._draw_ground(painter, Camera(0.0, 0.0, camera.zoom, width, height, ratio), period)
        finally:
            painter.end()
        return ground

    def _draw_ground(self, painter: QPainter, camera: Camera, period: float) -> None:
        style = self.style
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        if camera.zoom >= 0.65:
            share = min(max((camera.zoom - 0.65) / 0.3, 0.0), 1.0) * 0.6
            painter.setBrush(blend(style.canvas, blend(style.grid_strong, style.border, share), 0.4 + share))
            self._dots(painter, camera, GRID, 1.0)
        painter.setBrush(blend(style.grid_strong, style.border_strong, 0.6))
        self._dots(painter, camera, period, 2.0 if camera.zoom >= 0.6 else 1.0)

    def _dots(self, painter: QPainter, camera: Camera, step: float, size: float) -> None:
        xs = (
            np.arange(np.ceil(camera.left / step), camera.right / step + 1) * step - camera.left
        ) * camera.zoom
        ys = (
            np.arange(np.ceil(camera.top / step), camera.bottom / step + 1) * step - camera.top
        ) * camera.zoom
        x, y = np.meshgrid(np.round(xs), np.round(ys))
        self._rects.draw(painter, x.ravel() - size // 2, y.ravel() - size // 2, size, size)

    # Near

    def _near_edges(self, painter: QPainter, camera: Camera, which: Ints, phase: float) -> None:
        if not len(which):
            return
        geometry = self.projector.geometry
        curves, rows = trimmed(
            controls(_in_pixels(geometry.ends[which], camera)), camera.width, camera.height
        )
        which = which[rows]
        kinds = geometry.edge_kind[which]
        selected = geometry.edge_selected[which]
        lit = selected | geometry.selected[geometry.source[which]] | geometry.selected[geometry.target[which]]
        if self.hovered_edge is not None:
            lit |= which == self.hovered_edge
        width = min(max(2.0 * camera.zoom, 1.3), 3.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not self._hurry)
        # Opaque colours only: a translucent line costs thirty times as much.
        strength = 0.3 if self.dimmed is not None else 0.72
        for kind in np.unique(kinds).tolist():
            of_kind = kinds == kind
            color = self.style.kinds[kind]
            self._strokes(painter, curves[of_kind & ~lit], blend(self.style.canvas, color, strength), width)
        if selected.any():
            halo = blend(self.style.canvas, self.style.accent, 0.6)
            self._strokes(painter, curves[selected], halo, width + 5)
        for kind in np.unique(kinds[lit]).tolist():
            self._strokes(painter, curves[lit & (kinds == kind)], self.style.kinds[kind], width + 0.8)
        self._running_edges(painter, camera, which, curves, phase)

    def _strokes(self, painter: QPainter, curves: Floats, color: QColor, width: float) -> None:
        """Draws curves as short straight pieces, fewer where fewer are enough."""
        if not len(curves):
            return
        pen = QPen(color, width)
        pen.setCapStyle(Qt.PenCapStyle.SquareCap)
        painter.setPen(pen)
        rise = np.abs(curves[:, 7] - curves[:, 1])
        run = curves[:, 6] - curves[:, 0]
        length = rise + np.abs(run)
        straight = (rise < 1.5) & (run > 0)
        short = ~straight & (length < 90)
        middling = ~(straight | short) & (length < 260)
        many = len(curves) > CROWD or self._hurry
        for rows, pieces in (
            (straight, 1),
            (short, 5),
            (middling, 9),
            (~(straight | short | middling), 10 if many else 16),
        ):
            if rows.any():
                self._smooth_lines.draw(painter, self._in_sight(_flattened(curves[rows], pieces), width))

    def _in_sight(self, lines: Floats, width: float) -> Floats:
        """The pieces that touch what is being painted; in a narrow strip they are few."""
        seen = self._seen
        x1, y1, x2, y2 = lines.T
        kept = (
            (np.maximum(x1, x2) > seen.left() - width)
            & (np.minimum(x1, x2) < seen.right() + width)
            & (np.maximum(y1, y2) > seen.top() - width)
            & (np.minimum(y1, y2) < seen.bottom() + width)
        )
        return lines if kept.all() else lines[kept]

    def _running_edges(
        self, painter: QPainter, camera: Camera, which: Ints, curves: Floats, phase: float
    ) -> None:
        """Dashes that travel towards nodes that are running."""
        running = [
            node_id for node_id, footer in self.projector.footers.items() if footer.state is CardState.RUNNING
        ]
        if not running:
            return
        geometry = self.projector.geometry
        into = np.isin(geometry.target[which], geometry.indices(running))
        if not into.any():
            return
        pieces = 36
        lines = _flattened(curves[into], pieces)
        order = (np.arange(len(lines)) % pieces - int(phase * 12)) % 4 < 2
        pen = QPen(self.style.states[CardState.RUNNING], min(max(2.6 * camera.zoom, 1.8), 3.6))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        self._smooth_lines.draw(painter, lines[order])

    def _near_cards(
        self, painter: QPainter, camera: Camera, visible: Ints, *, is_zooming: bool, in_full: bool
    ) -> None:
        geometry, projector, cache = self.projector.geometry, self.projector, self.cache
        ids, cards, footers, severities = (
            geometry.ids,
            geometry.cards,
            projector.footers,
            projector.severities,
        )
        # Selected cards lie on top, so that what is dragged is never under something else.
        order = visible[np.argsort(geometry.selected[visible], kind="stable")]
        zoom, ratio = camera.zoom, camera.device_ratio
        budget_s = 0.0 if self._hurry else RENDER_BUDGET_S
        until = time.perf_counter() + (budget_s if len(cache) else RENDER_BUDGET_S * 10)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self._hurry)
        simple: list[int] = []
        xs = _whole((geometry.x[order] - camera.left) * (zoom * ratio)) / ratio
        ys = _whole((geometry.y[order] - camera.top) * (zoom * ratio)) / ratio
        for i, x, y in zip(order.tolist(), xs.tolist(), ys.tolist(), strict=True):
            node_id = ids[i]
            footer, severity = footers.get(node_id, IDLE), severities.get(node_id, NO_PROBLEM)
            painted = cache.get(node_id, cards[i], footer, severity)
            if painted is None or (painted.scale != zoom and not is_zooming):
                if in_full or time.perf_counter() < until:
                    painted = cache.render(node_id, Look(cards[i], footer, severity), zoom, ratio)
                else:
                    self.is_complete = False
            elif painted.scale != zoom:
                self.is_complete = False
            if painted is None:
                simple.append(i)
                continue
            corner = QPointF(x - MARGIN * zoom, y - MARGIN * zoom)
            dim = self.dimmed is not None and self.dimmed[i]
            if dim:
                painter.setOpacity(0.35)
            if painted.scale == zoom:
                painter.drawPixmap(corner, painted.pixmap)
            else:
                size = painted.pixmap.deviceIndependentSize() * (zoom / painted.scale)
                painter.drawPixmap(QRectF(corner, size), painted.pixmap, QRectF(painted.pixmap.rect()))
            if dim:
                painter.setOpacity(1.0)
        if simple:
            self._plain_cards(painter, camera, np.array(simple, np.int64))

    def _plain_cards(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        """Cards for the frame or two until they are painted: body, header, stripe, title."""
        geometry, style, zoom = self.projector.geometry, self.style, camera.zoom
        x = _whole((geometry.x[which] - camera.left) * zoom)
        y = _whole((geometry.y[which] - camera.top) * zoom)
        width, header = float(round(WIDTH * zoom)), float(round(HEADER * zoom))
        height = np.round(geometry.height[which] * zoom)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.border)
        self._rects.draw(painter, x, y, width, height)
        painter.setBrush(style.card)
        self._rects.draw(painter, x + 1, y + 1, width - 2, height - 2)
        painter.setBrush(style.header)
        self._rects.draw(painter, x + 1, y + 1, width - 2, header - 1)
        tone = geometry.tone[which]
        for row in np.unique(tone).tolist():
            painter.setBrush(style.tones[row])
            self._rects.draw(painter, x[tone == row], y[tone == row], max(STRIPE * zoom, 2.0), header)
        self._middle_titles(painter, camera, which, x, y)

    def _moving_parts(self, painter: QPainter, camera: Camera, visible: Ints, phase: float) -> None:
        """Selection, spinners and bars, laid over the kept pixmaps."""
        geometry, style = self.projector.geometry, self.style
        painter.save()
        painter.scale(camera.zoom, camera.zoom)
        painter.translate(-camera.left, -camera.top)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        outline = QPen(style.accent_text, 2.0 / min(camera.zoom, 1.0))
        glow = QPen(_with_alpha(style.accent, 0.35), 6.0)
        for i in visible[geometry.selected[visible]].tolist():
            box = QRectF(geometry.x[i], geometry.y[i], WIDTH, geometry.height[i])
            painter.setPen(glow)
            painter.drawRoundedRect(box.adjusted(-2, -2, 2, 2), RADIUS + 2, RADIUS + 2)
            painter.setPen(outline)
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), RADIUS + 1, RADIUS + 1)
            self._ports_again(painter, i)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.projector.footers:
            for i in visible.tolist():
                footer = self.projector.footers.get(geometry.ids[i])
                if footer is not None and footer.state is CardState.RUNNING:
                    self._running_card(painter, i, footer.progress, phase)
        painter.restore()

    def _ports_again(self, painter: QPainter, i: int) -> None:
        """The ports of a selected card, which its outline has crossed."""
        geometry = self.projector.geometry
        x, y, shape = float(geometry.x[i]), float(geometry.y[i]), geometry.cards[i].shape
        count = 1 if shape.collapsed else None
        for port in (*shape.inputs[:count], *shape.outputs[:count]):
            at = QPointF(x + (WIDTH if port.is_output else 0.0), y + port.y)
            draw_port(painter, self.style, port, at)

    def _running_card(self, painter: QPainter, i: int, progress: float | None, phase: float) -> None:
        geometry, style = self.projector.geometry, self.style
        x, y, height = float(geometry.x[i]), float(geometry.y[i]), float(geometry.height[i])
        draw_spinner(painter, style, QPointF(x + WIDTH - 18, y + HEADER / 2), phase)
        if geometry.cards[i].shape.collapsed:
            return
        draw_spinner(painter, style, QPointF(x + 17, y + height - FOOTER / 2), phase)
        track = QRectF(x + 1, y + height - FOOTER - 1.5, WIDTH - 2, 3)
        color = style.states[CardState.RUNNING]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(style.card, color, 0.25))
        painter.drawRect(track)
        painter.setBrush(color)
        if progress is not None:
            painter.drawRect(QRectF(track.left(), track.top(), track.width() * progress, 3))
            return
        # An indeterminate bar: a piece that runs from left to right.
        piece = track.width() * 0.28
        start = track.left() + (phase * 0.6 % 1.0) * (track.width() + piece) - piece
        painter.drawRect(QRectF(start, track.top(), piece, 3).intersected(track))

    # In between

    def _middle_edges(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        if not len(which):
            return
        style = self.style
        curves, rows = trimmed(
            controls(_in_pixels(self.projector.geometry.ends[which], camera)), camera.width, camera.height
        )
        which = which[rows]
        share = 0.45 + 0.25 * (camera.zoom - MIDDLE) / (NEAR - MIDDLE)
        color = blend(style.canvas, style.edge, share if self.dimmed is None else share / 2)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if len(which) <= _BATCHED_LINES:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(color, 1.0))
            painter.drawPath(cubic_path(curves))
        else:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            painter.setPen(QPen(color, 0))
            self._lines.draw(painter, _flattened(curves, 8))
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
            self._lines.draw(painter, _flattened(curves[lit], 8))

    def _middle_cards(self, painter: QPainter, camera: Camera, visible: Ints) -> None:
        """Header, body and state of each card; text only where it can be read."""
        geometry, style, zoom = self.projector.geometry, self.style, camera.zoom
        if not len(visible):
            return
        atlas = self._middle_atlas(zoom, camera.device_ratio)
        ratio = camera.device_ratio
        x = _whole((geometry.x[visible] - camera.left) * zoom * ratio) / ratio
        y = _whole((geometry.y[visible] - camera.top) * zoom * ratio) / ratio
        width, header, foot = _atlas_sizes(zoom)
        height = np.maximum(np.round(geometry.height[visible] * zoom), header + foot)
        collapsed = geometry.height[visible] <= HEADER
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        chosen = geometry.selected[visible]
        if chosen.any():
            painter.setBrush(style.accent_text)
            self._rects.draw(painter, x[chosen] - 2, y[chosen] - 2, width + 4, height[chosen] + 4)
        painter.setOpacity(0.5 if self.dimmed is not None else 1.0)
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
        painter.setOpacity(1.0)
        self._middle_states(painter, camera, visible, x, y)
        if zoom >= 0.28:
            self._middle_titles(painter, camera, visible, x, y)

    def _middle_states(self, painter: QPainter, camera: Camera, visible: Ints, x: Floats, y: Floats) -> None:
        """A dot at the right of the header: the run's state, or else a problem."""
        projector, style, zoom = self.projector, self.style, camera.zoom
        states, severities = projector.states()[visible], projector.severity_array()[visible]
        size = max(round(12 * zoom), 3)
        at_x = x + round((WIDTH - 18) * zoom) - size / 2
        at_y = y + round(HEADER / 2 * zoom) - size / 2
        painter.setPen(Qt.PenStyle.NoPen)
        for state in CardState:
            if state is not CardState.IDLE and (hit := states == state).any():
                painter.setBrush(style.states[state])
                self._rects.draw(painter, at_x[hit], at_y[hit], float(size), float(size))
        for severity, color in ((WARNING, style.warning), (ERROR, style.error)):
            hit = (severities == severity) & (states == CardState.IDLE)
            if hit.any():
                painter.setBrush(color)
                self._rects.draw(painter, at_x[hit], at_y[hit], float(size), float(size))

    def _middle_titles(self, painter: QPainter, camera: Camera, visible: Ints, x: Floats, y: Floats) -> None:
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
                share = 0.14 if style.theme.is_dark else 0.06
                for color, part in (
                    (blend(style.header, tone, share), QRectF(0, top, width, header)),
                    (tone, QRectF(0, top, max(STRIPE * zoom, 2.0), header)),
                    (style.card, QRectF(0, top + header, width, foot)),
                ):
                    painter.setClipRect(part)
                    painter.setBrush(color)
                    painter.drawRoundedRect(whole, radius, radius)
                painter.setClipping(False)
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(style.border, 1.0))
                painter.drawRoundedRect(whole, radius, radius)
        finally:
            painter.end()
        self._atlas, self._atlas_key = atlas, (zoom, ratio)
        return atlas

    # Far

    def _far_edges(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        if not len(which):
            return
        geometry, style = self.projector.geometry, self.style
        ends = _in_pixels(geometry.ends[which], camera)
        # Far away, edges would drown the nodes: they fade with the distance. Opaque, because blending costs double.
        share = 0.12 + 0.33 * min(max((camera.zoom - 0.03) / (MIDDLE - 0.03), 0.0), 1.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(blend(style.canvas, style.edge, share), 0))
        self._lines.draw(painter, ends[:, :4])
        self._selected_lines_far(painter, which, ends)

    def _selected_lines_far(self, painter: QPainter, which: Ints, ends: Floats) -> None:
        geometry = self.projector.geometry
        lit = geometry.edge_selected[which]
        if lit.any():
            painter.setPen(QPen(self.style.accent_text, 0))
            self._lines.draw(painter, ends[lit, :4])

    def _far_cards(self, painter: QPainter, camera: Camera, visible: Ints) -> None:
        geometry, style, zoom = self.projector.geometry, self.style, camera.zoom
        if not len(visible):
            return
        x = _whole((geometry.x[visible] - camera.left) * zoom)
        y = _whole((geometry.y[visible] - camera.top) * zoom)
        width = max(round(WIDTH * zoom), 2)
        height = np.maximum(np.round(geometry.height[visible] * zoom), 2)
        tone = geometry.tone[visible]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        chosen = geometry.selected[visible]
        with_body = zoom >= 0.07
        head = np.maximum(np.round(HEADER * zoom), 2) if with_body else height
        painter.setOpacity(0.5 if self.dimmed is not None else 1.0)
        if with_body:
            painter.setBrush(blend(style.card, style.border, 0.5))
            self._rects.draw(painter, x, y, float(width), height)
        for row, color in enumerate(style.tones):
            hit = tone == row
            if hit.any():
                painter.setBrush(blend(style.card, color, 0.75))
                part = head if with_body else head[hit]
                self._rects.draw(painter, x[hit], y[hit], float(width), part)
        painter.setOpacity(1.0)
        states, severities = self.projector.states()[visible], self.projector.severity_array()[visible]
        for hit, color in (
            ((severities == ERROR) & (states == CardState.IDLE), style.error),
            (states == CardState.OK, style.states[CardState.OK]),
            (states == CardState.RUNNING, style.states[CardState.RUNNING]),
            (states == CardState.ERROR, style.error),
            (chosen, style.accent_text),
        ):
            if hit.any():
                painter.setBrush(color)
                self._rects.draw(painter, x[hit], y[hit], float(width), height[hit])


def _atlas_sizes(zoom: float) -> tuple[float, float, float]:
    """Width, header's and foot's height of a card, in whole pixels."""
    return float(round(WIDTH * zoom)), float(max(round(HEADER * zoom), 3)), float(max(round(CAP * zoom), 2))


def _whole(pixels: Floats) -> Floats:
    """Whole pixels: always the same way, so that shifting by whole pixels shifts the picture and changes nothing else."""
    found: Floats = np.floor(pixels + 0.500001)
    return found


def _in_pixels(ends: Floats, camera: Camera) -> Floats:
    """Rows of `Geometry.ends` in pixels of the widget."""
    pixels = ends * camera.zoom
    pixels[:, 0:4:2] -= camera.left * camera.zoom
    pixels[:, 1:4:2] -= camera.top * camera.zoom
    return pixels


def _flattened(curves: Floats, pieces: int) -> Floats:
    """Straight pieces along curves, as rows of x1, y1, x2, y2."""
    basis = _basis(pieces)
    xs, ys = curves[:, 0::2] @ basis, curves[:, 1::2] @ basis
    lines = np.empty((len(curves), pieces, 4))
    lines[:, :, 0], lines[:, :, 1] = xs[:, :-1], ys[:, :-1]
    lines[:, :, 2], lines[:, :, 3] = xs[:, 1:], ys[:, 1:]
    return lines.reshape(-1, 4)


@lru_cache(maxsize=64)
def _basis(pieces: int) -> Floats:
    """What the four control points weigh at each end of `pieces` equal pieces."""
    t = np.linspace(0.0, 1.0, pieces + 1)
    weights: Floats = np.stack([(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3])
    return weights


def _with_alpha(color: QColor, alpha: float) -> QColor:
    faded = QColor(color)
    faded.setAlphaF(alpha)
    return faded
