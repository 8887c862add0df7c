"""Which pens, brushes, fonts and small marks does the canvas draw with? All of one theme, made once."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Final, get_args

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from studio.canvas.cards import OPERATIONS, CardPort
from studio.canvas.states import STATE_TOKENS, CardState
from studio.workflow.types import PortKind, PortType

if TYPE_CHECKING:
    from studio.qt.theme import Theme

KINDS: Final[tuple[str, ...]] = get_args(PortKind)
KIND_INDEX: Final = {kind: i for i, kind in enumerate(KINDS)}
RIM: Final = 1.5
"""Pixels of the ground around a breakpoint."""


class Style:
    """The canvas's share of a theme."""

    def __init__(self, theme: Theme) -> None:
        self.theme = theme
        color = theme.color
        self.canvas = color("canvas")
        self.grid = color("grid")
        self.grid_strong = color("grid_strong")
        self.card = color("card")
        self.header = color("card_header")
        self.text = color("text")
        self.muted = color("text_muted")
        self.accent = color("accent")
        self.accent_text = color("accent_text")
        self.border = color("border")
        self.border_strong = color("border_strong")
        self.edge = color("edge")
        self.edge_dim = color("edge_dim")
        is_high = theme.name == "high-contrast"
        self.edges_usual = 0.9 if is_high else 0.72
        """How strong edges are upon the canvas, from 0 to 1."""
        self.edges_behind = 0.65 if is_high else 0.3
        """Those that step back; in high contrast they keep the 3 : 1 of a mark."""
        self.error = color("error")
        self.warning = color("warning")
        self.tones = [
            color("border_strong") if name == "ghost" else theme.operation_color(name) for name in OPERATIONS
        ]
        self.tones[OPERATIONS.index("flow")] = color("flow")
        self.tones[OPERATIONS.index("code")] = color("code")
        self.states = [color(token) for token in STATE_TOKENS]
        self.kinds = [color(f"type_{kind}") for kind in KINDS]
        self.title_font = _smooth(theme.font(size_px=13, bold=True))
        self.label_font = _smooth(theme.font(size_px=12))
        self.note_font = _smooth(theme.font(size_px=15))
        self.small_font = _smooth(theme.font(size_px=11))
        self.code_font = _smooth(theme.font(size_px=10, bold=True))
        self.hint_font = _smooth(theme.font(size_px=16))
        self.title_metrics = QFontMetricsF(self.title_font)
        self.label_metrics = QFontMetricsF(self.label_font)
        self.small_metrics = QFontMetricsF(self.small_font)
        self.elided_title = _eliding(self.title_metrics)
        self.elided_label = _eliding(self.label_metrics)
        self.elided_small = _eliding(self.small_metrics)

    def port_color(self, port_type: PortType) -> QColor:
        return self.kinds[KIND_INDEX[port_type.kind]]


def _smooth(font: QFont) -> QFont:
    """Cards are drawn at any zoom: glyphs must not be fitted to whole pixels, or letters drift apart."""
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _eliding(metrics: QFontMetricsF):  # type: ignore[no-untyped-def]  # lru_cache's own type
    @lru_cache(maxsize=8192)
    def elided(text: str, width: float) -> str:
        return metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)

    return elided


def blend(under: QColor, over: QColor, share: float) -> QColor:
    """`over` laid on `under`, covering it by `share`."""
    rest = 1.0 - share
    return QColor(
        round(under.red() * rest + over.red() * share),
        round(under.green() * rest + over.green() * share),
        round(under.blue() * rest + over.blue() * share),
    )


def draw_port(painter: QPainter, style: Style, port: CardPort, center: QPointF, *, dim: bool = False) -> None:
    """A port's mark: shape = cardinality (● one, ▤ many, ▸ order only), colour = type, hollow = may be empty."""
    color = style.port_color(port.type)
    if dim:
        color = blend(style.card, color, 0.25)
    x, y = center.x(), center.y()
    painter.setPen(QPen(color, 1.6))
    painter.setBrush(style.card if port.type.nullable else color)
    if port.type.kind == "signal":
        painter.drawPolygon([QPointF(x - 4, y - 4.6), QPointF(x + 5, y), QPointF(x - 4, y + 4.6)])
        return
    if not port.type.many and port.type.kind != "list":
        painter.drawEllipse(center, 4.6, 4.6)
        return
    painter.drawRoundedRect(QRectF(x - 4.8, y - 4.8, 9.6, 9.6), 1.8, 1.8)
    painter.setPen(QPen(color if port.type.nullable else style.card, 1.3))
    painter.drawLine(QPointF(x - 2.9, y - 1.5), QPointF(x + 2.9, y - 1.5))
    painter.drawLine(QPointF(x - 2.9, y + 1.7), QPointF(x + 2.9, y + 1.7))


def draw_state(
    painter: QPainter, style: Style, state: CardState, center: QPointF, *, on: QColor | None = None
) -> None:
    """A state's sign, 14 units wide. `on` is what it is drawn upon."""
    color = style.states[state]
    x, y = center.x(), center.y()
    pen = QPen(color, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(pen)
    if state in (CardState.OK, CardState.STALE):
        painter.drawPolyline([QPointF(x - 4.5, y + 0.3), QPointF(x - 1.4, y + 3.6), QPointF(x + 5, y - 3.8)])
    elif state is CardState.ERROR:
        painter.drawLine(QPointF(x - 4, y - 4), QPointF(x + 4, y + 4))
        painter.drawLine(QPointF(x - 4, y + 4), QPointF(x + 4, y - 4))
    elif state is CardState.QUEUED:
        pen.setWidthF(1.4)
        painter.setPen(pen)
        painter.drawEllipse(center, 5.2, 5.2)
        painter.drawPolyline([QPointF(x, y - 2.8), QPointF(x, y), QPointF(x + 2.2, y + 1.4)])
    elif state is CardState.SKIPPED:
        path = QPainterPath(QPointF(x - 5.5, y + 2.5))
        path.quadTo(QPointF(x - 0.5, y - 6.5), QPointF(x + 4, y + 1.4))
        painter.drawPath(path)
        painter.drawPolyline([QPointF(x + 4.6, y - 3), QPointF(x + 4.2, y + 1.8), QPointF(x - 0.2, y + 1.6)])
    elif state is CardState.CANCELLED:
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(x - 3.5, y - 3.5, 7, 7), 1, 1)
    elif state is CardState.RUNNING:
        painter.drawEllipse(center, 4.6, 4.6)
    elif state is CardState.PAUSED:
        pen.setWidthF(3.0)
        painter.setPen(pen)
        for bar in (x - 3, x + 3):
            painter.drawLine(QPointF(bar, y - 4), QPointF(bar, y + 4))


def draw_spinner(painter: QPainter, style: Style, center: QPointF, phase: float) -> None:
    """The sign of a node that is running; `phase` counts turns."""
    box = QRectF(center.x() - 5, center.y() - 5, 10, 10)
    color = style.states[CardState.RUNNING]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(blend(style.card, color, 0.3), 1.9))
    painter.drawEllipse(box)
    painter.setPen(QPen(color, 1.9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawArc(box, round(-phase * 360 * 16), 100 * 16)


def draw_badge(painter: QPainter, style: Style, center: QPointF, *, is_error: bool) -> None:
    """The sign of a problem: a filled triangle (warning) or disc (error) with an exclamation mark."""
    color = style.error if is_error else style.warning
    x, y = center.x(), center.y()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    if is_error:
        painter.drawEllipse(center, 7, 7)
    else:
        path = QPainterPath()
        path.moveTo(x, y - 7)
        path.lineTo(x + 7.6, y + 6)
        path.lineTo(x - 7.6, y + 6)
        path.closeSubpath()
        painter.drawPath(path)
        y += 1.2
    mark = style.card
    painter.setPen(QPen(mark, 1.9, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawLine(QPointF(x, y - 3.2), QPointF(x, y + 0.6))
    painter.drawPoint(QPointF(x, y + 3.4))


def draw_breakpoint(
    painter: QPainter, style: Style, center: QPointF, radius: float, *, is_conditional: bool
) -> None:
    """The sign of a breakpoint: a filled disc, or with a condition a hollow diamond. The rim sets it off from whatever it lies on."""
    painter.setPen(QPen(style.canvas, 2 * RIM))
    painter.setBrush(style.error)
    if not is_conditional:
        painter.drawEllipse(center, radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(center, radius, radius)
        return
    x, y, reach = center.x(), center.y(), radius * 1.25
    diamond = [QPointF(x, y - reach), QPointF(x + reach, y), QPointF(x, y + reach), QPointF(x - reach, y)]
    painter.drawPolygon(diamond)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawPolygon(diamond)
    painter.setBrush(style.card)
    painter.drawPolygon([center + (corner - center) * 0.5 for corner in diamond])


def triangle(x: float, y: float, size: float, *, down: bool) -> QPainterPath:
    """A small triangle around (x, y) that points right, or down."""
    angle = math.pi / 2 if down else 0.0
    path = QPainterPath()
    corners = [
        (math.cos(angle + turn) * size, math.sin(angle + turn) * size) for turn in (0.0, 2.0944, 4.1888)
    ]
    path.moveTo(x + corners[0][0], y + corners[0][1])
    for dx, dy in corners[1:]:
        path.lineTo(x + dx, y + dy)
    path.closeSubpath()
    return path
