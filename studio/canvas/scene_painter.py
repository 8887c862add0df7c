"""How is a frame drawn? Cost follows what is visible: three levels of detail over the geometry's arrays.

Zoom ≥ 0.4: a kept pixmap per card, edges in straight pieces. Zoom 0.2–0.4: header and state from a small atlas, bodies and what stood on
them as batched rectangles, edges as hair-lines. Below: coloured marks and straight lines, each kind in one call. What a level leaves out has faded where it
begins. There is no object per node.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.canvas.camera import MIDDLE, NEAR, Camera
from studio.canvas.card_cache import CardCache
from studio.canvas.card_painter import MARGIN, NO_PROBLEM, RADIUS, STRIPE, Look
from studio.canvas.cards import FOOTER, HEADER, WIDTH
from studio.canvas.curves import Floats, Ints
from studio.canvas.dot_painter import paint_dots
from studio.canvas.edge_painter import EdgePainter
from studio.canvas.far_painter import FarPainter
from studio.canvas.geometry import Bools
from studio.canvas.ground import Ground
from studio.canvas.primitives import Rects, whole
from studio.canvas.projector import Projector
from studio.canvas.states import IDLE, CardState
from studio.canvas.style import Style, blend, draw_breakpoint, draw_port, draw_spinner
from studio.workflow.graph import Edge

RENDER_BUDGET_S: Final = 0.0025
"""What a frame may spend on cards that are not painted yet; the rest is drawn simply and follows in the next frames."""
BREAKPOINT: Final = 6.5
"""The radius of a breakpoint at 100 %,"""
LEAST_BREAKPOINT_PX: Final = 3.5
"""and the smallest, so that its shape can still be told."""
PREPARE_S: Final = 0.004
"""What a frame that shows pictures of a zoom may spend on cards that are to be painted where it came to rest."""
NEW_AT_ONCE: Final = 30
"""So many cards a frame of a zoom paints in passing, a tenth of a millisecond each; others are simplified until it rests."""
SMOOTH_CARDS: Final = 16
"""With more cards than this in view, or as large a part of it filled by larger ones, a zoom does without smoothing until it rests."""


class ScenePainter:
    """Draws a projector's content. Keeps what can be kept between frames: card pixmaps, edges, the atlas, batches of memory."""

    def __init__(self, projector: Projector, style: Style) -> None:
        self.projector = projector
        self.style = style
        self.cache = CardCache(style)
        self.hovered_edge: int | None = None
        self.dimmed: Bools | None = None
        """While a wire is dragged: the nodes that it cannot reach."""
        self.shows_breakpoints = True
        """They are a person's marks on the screen, no part of a picture for others."""
        self._ground = Ground(style)
        self.edges = EdgePainter(projector, style)
        self._far = FarPainter(projector, style)
        self._rects = Rects()
        self._hurry = False
        self.is_complete = True
        """Whether the last frame shows every card in full; otherwise another frame should follow."""

    def set_style(self, style: Style) -> None:
        self.style = style
        self.cache = CardCache(style)
        self._ground.set_style(style)
        self.edges.set_style(style)
        self._far.set_style(style)

    def paint_ground(self, painter: QPainter, camera: Camera, part: QRectF | None = None) -> None:
        """What lies under notes, edges and cards, in all of the widget or a part of it."""
        self._ground.paint(painter, camera, part or _window(camera))

    def paint(
        self,
        painter: QPainter,
        camera: Camera,
        *,
        part: QRectF | None = None,
        is_zooming: bool = False,
        in_full: bool = False,
        phase: float = 0.0,
        label: Callable[[Edge], str] | None = None,
    ) -> None:
        """Draws edges and cards, of a part of the widget only when one is given (to which the painter must be clipped).

        `is_zooming` prefers speed over sharpness, `in_full` completeness over speed. `label` gives the words to stand on an edge.
        """
        self.is_complete = True
        seen = part or _window(camera)
        visible = self.nodes_in_sight(camera, seen)
        self._hurry = is_zooming and _is_crowded(visible, camera)
        if camera.zoom >= NEAR:
            self._near_edges(painter, camera, seen, phase)
            self._near_cards(painter, camera, visible, is_zooming=is_zooming, in_full=in_full)
            self._moving_parts(painter, camera, visible, phase)
            self._breakpoints(painter, camera, visible)
            if label is not None and self.projector.footers and not self._hurry:
                self.edges.paint_labels(painter, camera, self.edges.in_sight(camera, seen), label)
            return
        edges = self.edges.in_sight(camera, seen)
        self._far.is_dimmed = self.dimmed is not None
        if camera.zoom >= MIDDLE:
            self._far.paint_middle(painter, camera, visible, edges)
            paint_dots(painter, camera, self.projector.geometry, self.style)
            self._breakpoints(painter, camera, visible)
        else:
            self._far.paint_far(painter, camera, visible, edges)

    def paint_over(
        self, painter: QPainter, camera: Camera, *, phase: float, label: Callable[[Edge], str] | None
    ) -> None:
        """What lies over all cards and is no part of them: spinners, bars, the words on edges. For cards that were drawn elsewhere."""
        geometry = self.projector.geometry
        self._moving_parts(painter, camera, np.flatnonzero(~geometry.hidden), phase)
        if label is not None and self.projector.footers:
            self.edges.paint_labels(painter, camera, np.flatnonzero(~geometry.edge_hidden), label)

    def is_crowded(self, camera: Camera) -> bool:
        """Whether more cards are in view than a zoom can draw smoothly."""
        return _is_crowded(self.nodes_in_sight(camera), camera)

    def nodes_in_sight(self, camera: Camera, seen: QRectF | None = None, *, wholly: bool = False) -> Ints:
        """The nodes that touch a part of the widget, or all of it, with their shadows; or those that lie in it with them."""
        seen = seen or _window(camera)
        left, top = camera.to_scene(seen.left(), seen.top())
        right, bottom = camera.to_scene(seen.right(), seen.bottom())
        margin = 16 / camera.zoom if camera.zoom < 1 else 16.0
        geometry = self.projector.geometry
        found = geometry.nodes_in(left - margin, top - margin, right + margin, bottom + margin)
        if wholly:
            x, y, height = geometry.x[found], geometry.y[found], geometry.height[found]
            inside = (x - margin > left) & (x + WIDTH + margin < right)
            return found[inside & (y - margin > top) & (y + height + margin < bottom)]
        return found

    def prepare(self, camera: Camera) -> bool:
        """Paints cards that are in view for a while, to be kept; returns whether all of them are ready for this camera."""
        until, is_late = time.perf_counter() + PREPARE_S, False
        for i in self.nodes_in_sight(camera).tolist():
            look, node_id = self.projector.look(i), self.projector.geometry.ids[i]
            painted = self.cache.get(node_id, look.card, look.footer, look.severity)
            if painted is None or painted.scale != camera.zoom:
                if is_late:
                    return False
                self.cache.render(node_id, look, camera.zoom, camera.device_ratio)
                is_late = time.perf_counter() > until
        return True

    def paint_edges(self, painter: QPainter, camera: Camera, part: QRectF) -> None:
        """Near by, what lies between ground and cards, in a part of the widget."""
        self._hurry = False
        self._near_edges(painter, camera, part, 0.0)

    def paint_cards_at_once(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        """Near by, some cards in full; no picture is kept of those of which there is none."""
        order, xs, ys = self._corners(camera, which)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        for i, x, y in zip(order.tolist(), xs.tolist(), ys.tolist(), strict=True):
            dim = self.dimmed is not None and self.dimmed[i]
            painter.setOpacity(0.35 if dim else 1.0)
            look = self.projector.look(i)
            self.cache.draw(painter, self.projector.geometry.ids[i], look, (x, y), camera)
        painter.setOpacity(1.0)
        self._moving_parts(painter, camera, which, 0.0)
        self._breakpoints(painter, camera, which)

    def _corners(self, camera: Camera, which: Ints) -> tuple[Ints, Floats, Floats]:
        """Nodes in the order of painting, and where their corners are, in pixels."""
        geometry, ratio = self.projector.geometry, camera.device_ratio
        # Selected cards lie on top, so that what is dragged is never under something else.
        order = which[np.argsort(geometry.selected[which], kind="stable")]
        pixels = camera.zoom * ratio
        xs = whole((geometry.x[order] - camera.left) * pixels) / ratio
        ys = whole((geometry.y[order] - camera.top) * pixels) / ratio
        return order, xs, ys

    # Near, in parts: all but what is being moved, or that alone

    def paint_edges_but(self, painter: QPainter, camera: Camera, others: Ints) -> None:
        self._tell_edges()
        self.edges.paint_but(painter, camera, others)
        paint_dots(painter, camera, self.projector.geometry, self.style)

    def lift_edges(self, camera: Camera, which: Ints) -> Floats:
        """`EdgePainter.lift`."""
        self._tell_edges()
        return self.edges.lift(camera, which)

    def paint_cards_but(self, painter: QPainter, camera: Camera, others: Ints) -> None:
        visible = self.nodes_in_sight(camera)
        self.paint_cards_only(painter, camera, np.setdiff1d(visible, others, assume_unique=True))

    def paint_cards_only(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        self.is_complete, self._hurry = True, False
        self._near_cards(painter, camera, which, is_zooming=False, in_full=False)
        self._moving_parts(painter, camera, which, 0.0)
        self._breakpoints(painter, camera, which)

    # Near

    def _tell_edges(self) -> None:
        self.edges.hovered = self.hovered_edge
        self.edges.is_dimmed = self.dimmed is not None

    def _near_edges(self, painter: QPainter, camera: Camera, seen: QRectF, phase: float) -> None:
        """Edges, and the points that they pass."""
        self._tell_edges()
        self.edges.paint(painter, camera, seen, phase, in_hurry=self._hurry)
        paint_dots(painter, camera, self.projector.geometry, self.style)

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
        order, xs, ys = self._corners(camera, visible)
        zoom, ratio = camera.zoom, camera.device_ratio
        until = time.perf_counter() + RENDER_BUDGET_S * (1 if len(cache) else 16)
        simple: list[int] = []
        new = 0
        smooth = QPainter.RenderHint.SmoothPixmapTransform
        inset = round(MARGIN * zoom * ratio) / ratio
        for i, x, y in zip(order.tolist(), xs.tolist(), ys.tolist(), strict=True):
            node_id = ids[i]
            footer, severity = footers.get(node_id, IDLE), severities.get(node_id, NO_PROBLEM)
            painted = cache.get(node_id, cards[i], footer, severity)
            if painted is None or (painted.scale != zoom and not is_zooming):
                if in_full or time.perf_counter() < until:
                    painted = cache.render(node_id, Look(cards[i], footer, severity), zoom, ratio)
                else:
                    self.is_complete = False
                    painted = painted or cache.last(node_id)
            elif painted.scale != zoom:
                self.is_complete = False
            if painted is None and is_zooming and new < NEW_AT_ONCE:
                # Comes into view while a run changes what is seen, so that there is no picture of the zoom.
                new += 1
                painter.setOpacity(0.35 if self.dimmed is not None and self.dimmed[i] else 1.0)
                cache.draw(painter, node_id, Look(cards[i], footer, severity), (x, y), camera)
                painter.setOpacity(1.0)
                continue
            if painted is None:
                simple.append(i)
                continue
            corner = QPointF(x - inset, y - inset)
            dim = self.dimmed is not None and self.dimmed[i]
            if dim:
                painter.setOpacity(0.35)
            if painted.scale == zoom:
                painter.drawPixmap(corner, painted.pixmap)
            else:
                size = painted.pixmap.deviceIndependentSize() * (zoom / painted.scale)
                # Only where it is needed: with it, even a copy without scaling costs twenty times as much.
                painter.setRenderHint(smooth, not self._hurry)
                painter.drawPixmap(QRectF(corner, size), painted.pixmap, QRectF(painted.pixmap.rect()))
                painter.setRenderHint(smooth, False)
            if dim:
                painter.setOpacity(1.0)
        if simple:
            self._plain_cards(painter, camera, np.array(simple, np.int64))

    def _plain_cards(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        """Cards for the frame or two until they are painted: body, header, stripe, title."""
        geometry, style, zoom = self.projector.geometry, self.style, camera.zoom
        x = whole((geometry.x[which] - camera.left) * zoom)
        y = whole((geometry.y[which] - camera.top) * zoom)
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
        for row in sorted(set(tone.tolist())):  # `np.unique` loads a part of NumPy that takes 30 ms
            painter.setBrush(style.tones[row])
            self._rects.draw(painter, x[tone == row], y[tone == row], max(STRIPE * zoom, 2.0), header)
        self._far.paint_titles(painter, camera, which, x, y)

    def _moving_parts(self, painter: QPainter, camera: Camera, visible: Ints, phase: float) -> None:
        """Selection, spinners and bars, laid over the kept pixmaps."""
        geometry, style = self.projector.geometry, self.style
        chosen = visible[geometry.selected[visible]]
        if not (len(chosen) or self.projector.footers):
            return
        painter.save()
        painter.scale(camera.zoom, camera.zoom)
        painter.translate(-camera.left, -camera.top)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        outline = QPen(style.accent_text, 2.0 / min(camera.zoom, 1.0))
        glow = QPen(_with_alpha(style.accent, 0.35), 6.0)
        for i in chosen.tolist():
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

    def _breakpoints(self, painter: QPainter, camera: Camera, which: Ints) -> None:
        """The breakpoints of these cards, on their upper left corners: few, so that they are no part of what is kept of a card."""
        conditions, geometry = self.projector.breakpoints, self.projector.geometry
        if not conditions or not self.shows_breakpoints:
            return
        marked = [i for i in geometry.indices(conditions).tolist() if (which == i).any()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        radius = max(BREAKPOINT * camera.zoom, LEAST_BREAKPOINT_PX)
        for i in marked:
            at = QPointF(*camera.to_pixels(float(geometry.x[i]), float(geometry.y[i])))
            is_conditional = conditions[geometry.ids[i]] != ""
            draw_breakpoint(painter, self.style, at, radius, is_conditional=is_conditional)
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


def _window(camera: Camera) -> QRectF:
    """All of the widget, in its pixels."""
    return QRectF(0, 0, camera.width, camera.height)


def _is_crowded(visible: Ints, camera: Camera) -> bool:
    return len(visible) * max(camera.zoom, 1.0) ** 2 > SMOOTH_CARDS


def _with_alpha(color: QColor, alpha: float) -> QColor:
    faded = QColor(color)
    faded.setAlphaF(alpha)
    return faded
