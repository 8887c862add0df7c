"""How does a node's card look up close? A blank, which cards of a kind share, and words; what moves is laid over it.

Blanks and cards are painted once into pixmaps and kept (`card_cache`). What moves are spinner, bar and selection.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPixmap

from studio.canvas.cards import FOOTER, HEADER, ROW, WIDTH, Card, CardPort
from studio.canvas.states import IDLE, CardState, Footer
from studio.canvas.style import Style, blend, draw_badge, draw_port, draw_state, triangle
from studio.qt.icons import glyph, icon_font

RADIUS: Final = 8.0
_PIN_PX: Final = 15
_HATCH_PX: Final = 9.0
MARGIN: Final = 12.0
"""Room around a card for its shadow and for ports that stick out."""
STRIPE: Final = 6.0
PAUSED_OUTLINE: Final = 3.0
"""Of the card before which a run waits."""
TITLE_X: Final = 56.0
FOLD_LABEL: Final = 84.0
"""What the words of the folding row take up beside an output's label."""
BADGE_X: Final = WIDTH - 18.0
_DISABLED: Final = 0.5
_TO_THE_LEFT: Final = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft

Severity = int
NO_PROBLEM: Final[Severity] = 0
WARNING: Final[Severity] = 1
ERROR: Final[Severity] = 2


@dataclass(frozen=True, slots=True)
class Look:
    """A card together with what it shows of a run and of its problems."""

    card: Card
    footer: Footer = IDLE
    severity: Severity = NO_PROBLEM

    @property
    def height(self) -> float:
        shape = self.card.shape
        with_footer = self.footer.state is not CardState.IDLE and not shape.collapsed
        return shape.height + (FOOTER if with_footer else 0.0)


def blank_picture(look: Look, style: Style, scale: float, device_ratio: float) -> QPixmap:
    """The card at a zoom without its words, with MARGIN around it; the same for all cards that `kind` does not tell apart."""
    pixels = scale * device_ratio
    width = round((WIDTH + 2 * MARGIN) * pixels) + 1
    height = round((look.height + 2 * MARGIN) * pixels) + 1
    pixmap = QPixmap(width, height)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    try:
        if _casts_shadow(look.card):
            painter.drawPixmap(0, 0, _shadow_picture(width, height, look.height, pixels, style.theme.is_dark))
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        painter.scale(pixels, pixels)
        painter.translate(MARGIN, MARGIN)
        _paint_blank(painter, look, style)
    finally:
        painter.end()
    pixmap.setDevicePixelRatio(device_ratio)
    return pixmap


def reduced(blank: QPixmap, share: float) -> QPixmap:
    """A blank as it would be at so much of its zoom."""
    pixmap = QPixmap(round((blank.width() - 1) * share) + 1, round((blank.height() - 1) * share) + 1)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    try:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        place = QRectF(0, 0, blank.width() * share, blank.height() * share)
        painter.drawPixmap(place, blank, QRectF(blank.rect()))
    finally:
        painter.end()
    pixmap.setDevicePixelRatio(blank.devicePixelRatio())
    return pixmap


def kind(look: Look) -> tuple[object, ...]:
    """What decides how a card looks apart from its words. The shape is meant as an object: cards of a kind share it."""
    card = look.card
    return (
        id(card.shape), card.tone, card.code, card.bulk, card.is_ghost, card.node.disabled, look.footer.state
    )  # fmt: skip


@lru_cache(maxsize=64)
def _shadow_picture(width: int, height: int, card_height: float, pixels: float, is_dark: bool) -> QPixmap:
    """The shadow of a card, which takes as long to paint as all the rest and is the same for many."""
    picture = QPixmap(width, height)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    try:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(pixels, pixels)
        painter.translate(MARGIN, MARGIN)
        _shadow(painter, QRectF(0, 0, WIDTH, card_height), is_dark=is_dark)
    finally:
        painter.end()
    return picture


def _casts_shadow(card: Card) -> bool:
    return not (card.node.disabled or card.is_ghost)


def paint(painter: QPainter, look: Look, style: Style) -> None:
    """The card with its upper left corner at the painter's origin."""
    if _casts_shadow(look.card):
        _shadow(painter, QRectF(0, 0, WIDTH, look.height), is_dark=style.theme.is_dark)
    _paint_blank(painter, look, style)
    paint_words(painter, look, style)


def _paint_blank(painter: QPainter, look: Look, style: Style) -> None:
    """All but the shadow and the words."""
    card, shape = look.card, look.card.shape
    box = QRectF(0, 0, WIDTH, look.height)
    if card.node.disabled:
        painter.setOpacity(_DISABLED)
    dashed = card.is_ghost or card.node.disabled
    outline = QPen(style.border_strong if dashed else style.border, 1.0)
    if dashed:
        outline.setStyle(Qt.PenStyle.DashLine)
        outline.setDashPattern([4, 3])
    if look.footer.state is CardState.ERROR:
        outline.setColor(blend(style.card, style.error, 0.75))
    elif look.footer.state is CardState.PAUSED:
        outline = QPen(style.states[CardState.PAUSED], PAUSED_OUTLINE)
    body = style.card if not card.is_ghost else blend(style.canvas, style.card, 0.6)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(body)
    painter.drawRoundedRect(box, RADIUS, RADIUS)
    _header(painter, look, style)
    if not shape.collapsed:
        _body(painter, look, style)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(outline)
    inset = outline.widthF() / 2
    painter.drawRoundedRect(box.adjusted(inset, inset, -inset, -inset), RADIUS - inset, RADIUS - inset)
    _ports(painter, card, style)


def paint_words(painter: QPainter, look: Look, style: Style) -> None:
    """Title, badge, summary and footer's text: what cards of a kind differ in."""
    card, shape, state = look.card, look.card.shape, look.footer.state
    if card.node.disabled:
        painter.setOpacity(_DISABLED)
    badge = _badge(look)
    painter.setFont(style.title_font)
    painter.setPen(style.muted if card.is_ghost else style.text)
    left = title_x(card)
    room = (BADGE_X - 12 if badge else WIDTH - 12) - left
    painter.drawText(QRectF(left, 0, room + 2, HEADER), _TO_THE_LEFT, style.elided_title(card.title, room))
    center = QPointF(BADGE_X, HEADER / 2)
    if badge == "problem":
        draw_badge(painter, style, center, is_error=look.severity == ERROR)
    elif badge == "state":
        draw_state(painter, style, state, center)
    elif badge == "pin":
        _pin(painter, style, center)
    if shape.collapsed:
        return
    painter.setFont(style.small_font)
    if shape.summary_y is not None:
        painter.setPen(style.warning if card.is_ghost else style.text)
        text = style.elided_small(card.summary, WIDTH - 28)
        painter.drawText(QRectF(14, shape.summary_y, WIDTH - 26, ROW), _TO_THE_LEFT, text)
    if state is not CardState.IDLE:
        painter.setPen(style.states[state] if state is not CardState.OK else style.text)
        text = style.elided_small(look.footer.text, WIDTH - 44)
        painter.drawText(QRectF(30, shape.height, WIDTH - 40, FOOTER), _TO_THE_LEFT, text)


def _shadow(painter: QPainter, box: QRectF, *, is_dark: bool) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    strength = 26 if is_dark else 10
    for grow in (7.0, 5.0, 3.0, 1.5):
        painter.setBrush(QColor(0, 0, 0, strength))
        painter.drawRoundedRect(box.adjusted(-grow, -grow + 3, grow, grow + 2), RADIUS + grow, RADIUS + grow)


def header_color(card: Card, style: Style) -> QColor:
    share = 0.07 if style.theme.is_dark else 0.0
    return blend(style.header, style.tones[card.tone], 0.0 if card.is_ghost else share)


def _header(painter: QPainter, look: Look, style: Style) -> None:
    card = look.card
    tone = style.tones[card.tone]
    band, stripe = _bands(is_whole=look.height <= HEADER)
    painter.fillPath(band, header_color(card, style))
    painter.fillPath(stripe, tone)
    if not card.shape.collapsed:
        painter.setPen(QPen(style.border, 1.0))
        painter.drawLine(QPointF(0, HEADER - 0.5), QPointF(WIDTH, HEADER - 0.5))
    _chip(painter, card, style)


def _pin(painter: QPainter, style: Style, center: QPointF) -> None:
    painter.setFont(icon_font(_PIN_PX))
    painter.setPen(style.text)
    box = QRectF(center.x() - _PIN_PX, center.y() - _PIN_PX, 2 * _PIN_PX, 2 * _PIN_PX)
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, glyph("push-pin-fill"))


def _badge(look: Look) -> str:
    """The one badge: the worst thing there is to say. A running node's spinner is painted over."""
    state = look.footer.state
    if state is CardState.RUNNING:
        return "spinner"
    if state is CardState.PAUSED:
        return "state"
    if look.severity == ERROR and state is not CardState.ERROR:
        return "problem"
    if look.card.node.pinned is not None and state in (CardState.IDLE, CardState.OK, CardState.STALE):
        return "pin"
    if state is not CardState.IDLE:
        return "state"
    return "problem" if look.severity else ""


@lru_cache(maxsize=2)
def _bands(*, is_whole: bool) -> tuple[QPainterPath, QPainterPath]:
    """The header and its stripe, without clipping, which SVG lacks; `is_whole`: there is nothing below, so all corners are round."""
    card = QPainterPath()
    card.addRoundedRect(QRectF(0, 0, WIDTH, HEADER if is_whole else 3 * HEADER), RADIUS, RADIUS)
    cut = []
    for width in (WIDTH, STRIPE):
        part = QPainterPath()
        part.addRect(QRectF(0, 0, width, HEADER))
        cut.append(card.intersected(part))
    return cut[0], cut[1]


def _chip(painter: QPainter, card: Card, style: Style) -> None:
    """The three letters of the operation in an outlined chip; bulk nodes have a second one behind it and `×N` after it."""
    tone = style.muted if card.is_ghost else style.tones[card.tone]
    chip = QRectF(13.5, 10.5, 34, 16)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setFont(style.code_font)
    if card.bulk:
        chip.translate(-0.5, 1.5)
        painter.setPen(QPen(blend(style.header, tone, 0.45), 1.0))
        painter.drawPolyline(
            [QPointF(16, 9.5), QPointF(16, 8.5), QPointF(49.5, 8.5), QPointF(49.5, 24.5), QPointF(47.5, 24.5)]
        )
        painter.setPen(tone)
        painter.drawText(QRectF(51, 10, 18, 17), Qt.AlignmentFlag.AlignCenter, "×N")
    painter.setPen(QPen(blend(style.header, tone, 0.6), 1.0))
    painter.drawRoundedRect(chip, 4, 4)
    painter.setPen(tone)
    painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, card.code)


def title_x(card: Card) -> float:
    """Where a card's title begins."""
    return TITLE_X + (18.0 if card.bulk else 0.0)


def _body(painter: QPainter, look: Look, style: Style) -> None:
    shape = look.card.shape
    left_labels = [_label(painter, style, port) for port in shape.inputs]
    if shape.fold_y is not None and len(shape.inputs) < len(shape.outputs):
        left_labels.append(FOLD_LABEL)
    for row, port in enumerate(shape.outputs):
        taken = left_labels[row] if row < len(left_labels) else 0.0
        _output_label(painter, style, port, WIDTH - 16 - taken - 26)
    if shape.fold_y is not None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.muted)
        painter.drawPath(triangle(17.5, shape.fold_y + ROW / 2, 3.6, down=shape.is_open))
        painter.setFont(style.small_font)
        painter.setPen(style.muted)
        text = "fewer ports" if shape.is_open else f"{shape.hidden} optional"
        painter.drawText(QRectF(26, shape.fold_y, WIDTH - 40, ROW), _TO_THE_LEFT, text)
    state = look.footer.state
    if state is not CardState.IDLE:
        painter.setPen(QPen(style.border, 1.0))
        painter.drawLine(QPointF(1, shape.height + 0.5), QPointF(WIDTH - 1, shape.height + 0.5))
        if state is CardState.STALE:
            _hatch(painter, style, shape.height)
        if state is not CardState.RUNNING:
            draw_state(painter, style, state, QPointF(17, shape.height + FOOTER / 2))


def _label(painter: QPainter, style: Style, port: CardPort) -> float:
    """Paints an input's label; returns the width it took."""
    painter.setFont(style.label_font)
    room = WIDTH - 100
    text = style.elided_label(port.label, room)
    width = style.label_metrics.horizontalAdvance(text)
    painter.setPen(style.text if port.wired or port.wanting else style.muted)
    painter.drawText(
        QRectF(14, port.y - ROW / 2, room, ROW),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        text,
    )
    if port.wanting:
        painter.setPen(style.error)
        painter.drawText(QPointF(14 + width + 3, port.y + style.label_metrics.ascent() / 2 - 1), "*")
        width += 10
    return width


def _output_label(painter: QPainter, style: Style, port: CardPort, room: float) -> None:
    painter.setFont(style.label_font)
    painter.setPen(style.text if port.wired else style.muted)
    painter.drawText(
        QRectF(WIDTH - 14 - room, port.y - ROW / 2, room, ROW),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
        style.elided_label(port.label, room),
    )


def _hatch(painter: QPainter, style: Style, top: float) -> None:
    """Slanting lines over the footer's strip, each whole within it: SVG knows no clipping."""
    painter.setPen(QPen(blend(style.card, style.border_strong, 0.45), 1.0))
    high, low = top + 2, top + FOOTER - 2
    for step in range(int((WIDTH - FOOTER) // _HATCH_PX) + 1):
        left = 3 + step * _HATCH_PX
        painter.drawLine(QPointF(left, low), QPointF(left + low - high, high))


def _ports(painter: QPainter, card: Card, style: Style) -> None:
    shape = card.shape
    if shape.collapsed:
        for ports, x in ((shape.inputs, 0.0), (shape.outputs, WIDTH)):
            if ports:
                draw_port(painter, style, ports[0], QPointF(x, HEADER / 2))
        return
    for port in shape.inputs:
        draw_port(painter, style, port, QPointF(0, port.y))
    for port in shape.outputs:
        draw_port(painter, style, port, QPointF(WIDTH, port.y))
