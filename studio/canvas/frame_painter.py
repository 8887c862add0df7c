"""How do frames look? Tinted regions with a title under the cards; collapsed, a small card that stands for all that lies in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from studio.canvas.camera import MIDDLE, Camera
from studio.canvas.card_painter import ERROR, NO_PROBLEM
from studio.canvas.framing import TITLE_HEIGHT, box_of
from studio.canvas.hits import FOLD_WIDTH
from studio.canvas.note_painter import token_color
from studio.canvas.signs import FROM_AFAR
from studio.canvas.states import CardState
from studio.canvas.style import Style, blend, draw_badge, draw_state, triangle
from studio.workflow.graph import Frame

if TYPE_CHECKING:
    from studio.canvas.framing import Inside

USUAL: Final = "flow"
"""The colour of a frame that has none."""
UNTITLED: Final = "Frame"
_RADIUS: Final = 8.0
_READABLE_PX: Final = 9.0
_SIGN: Final = 15.0
_LEAST_SIGN: Final = 0.6
"""Of its size near by, so that it can be told from afar."""


def title_box(frame: Frame) -> QRectF:
    """Where the title stands, in scene units."""
    left, top, right, _ = box_of(frame)
    return QRectF(left + FOLD_WIDTH, top + 4, right - left - FOLD_WIDTH - 8, TITLE_HEIGHT - 8)


def paint_frame(
    painter: QPainter,
    camera: Camera,
    frame: Frame,
    style: Style,
    *,
    selected: bool,
    is_target: bool,
    inside: Inside | None,
) -> None:
    """The frame, with the painter in pixels of the widget. `inside` is what a collapsed one stands for."""
    zoom = camera.zoom
    left, top, right, bottom = box_of(frame)
    box = QRectF(QPointF(*camera.to_pixels(left, top)), QPointF(*camera.to_pixels(right, bottom)))
    color = token_color(style, frame.color, USUAL)
    radius = _RADIUS * zoom
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    strip = QRectF(box.left(), box.top(), box.width(), TITLE_HEIGHT * zoom)
    outline = QPen(blend(style.canvas, color, 0.55), 1.0)
    if selected or is_target or (inside is not None and inside.selected):
        outline = QPen(style.accent_text, 2.0)
        if is_target:
            outline.setDashPattern([4, 3])
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(blend(style.card if frame.collapsed else style.canvas, color, 0.08))
    painter.drawRoundedRect(box, radius, radius)
    painter.setBrush(blend(style.canvas, color, 0.24))
    painter.drawRoundedRect(strip, radius, radius)
    painter.setPen(outline)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    if frame.collapsed:
        painter.setPen(QPen(style.card, 1.5))
        painter.setBrush(style.edge)
        for x in (box.left(), box.right()):
            painter.drawEllipse(QPointF(x, box.center().y()), 4.5 * zoom, 4.5 * zoom)
    sign = _SIGN * max(zoom, _LEAST_SIGN) if inside is not None and _has_sign(inside, zoom) else 0.0
    _words(painter, frame, style, box, zoom, "" if inside is None else inside.words, sign)
    if inside is not None and sign:
        center = QPointF(box.right() - max(18 * zoom, sign / 2), box.top() + TITLE_HEIGHT / 2 * zoom)
        _paint_sign(painter, style, inside, center, sign / _SIGN)
    if not frame.collapsed and zoom >= 0.28:
        painter.setPen(QPen(outline.color(), 1.2))
        corner = box.bottomRight() - QPointF(4, 4)
        for step in (4.0, 8.0):
            painter.drawLine(corner - QPointF(step, 0), corner - QPointF(0, step))


def _has_sign(inside: Inside, zoom: float) -> bool:
    """Whether there is something to tell: from afar only what is looked for among thousands."""
    is_urgent = inside.state in FROM_AFAR or inside.severity == ERROR
    return is_urgent or (
        zoom >= MIDDLE and (inside.state is not CardState.IDLE or inside.severity > NO_PROBLEM)
    )


def _paint_sign(painter: QPainter, style: Style, inside: Inside, center: QPointF, scale: float) -> None:
    """What is worst among the nodes that are not seen, as it would stand on their cards."""
    painter.save()
    painter.translate(center)
    painter.scale(scale, scale)
    is_state_worse = inside.state in FROM_AFAR or (
        inside.state is not CardState.IDLE and inside.severity != ERROR
    )
    if is_state_worse:
        draw_state(painter, style, inside.state, QPointF(0, 0))
    else:
        draw_badge(painter, style, QPointF(0, 0), is_error=inside.severity == ERROR)
    painter.restore()


def _words(
    painter: QPainter, frame: Frame, style: Style, box: QRectF, zoom: float, held: str, sign: float
) -> None:
    """The title, which far away is written as large as can be read where the frame has the room; and what the frame stands for."""
    size = max(13.0 * zoom, _READABLE_PX)
    font = QFont(style.title_font)
    font.setPixelSize(round(size))
    metrics = QFontMetricsF(font)
    strip = max(TITLE_HEIGHT * zoom, metrics.height() + 2)
    if strip > box.height() or box.width() < 40:
        return
    with_triangle = zoom >= 0.28
    left = box.left() + (FOLD_WIDTH * zoom if with_triangle else 6)
    room = box.right() - left - 6 - (sign + 6 if sign else 0)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.text)
    if with_triangle:
        at = QPointF(box.left() + 14 * zoom, box.top() + TITLE_HEIGHT / 2 * zoom)
        painter.drawPath(triangle(at.x(), at.y(), 4.5 * zoom, down=not frame.collapsed))
    painter.setFont(font)
    painter.setPen(style.text)
    painter.drawText(
        QRectF(left, box.top(), room, strip),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        metrics.elidedText(frame.title.strip() or UNTITLED, Qt.TextElideMode.ElideRight, room),
    )
    if frame.collapsed and with_triangle:
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(style.muted)
        below = QRectF(left, box.top() + strip, box.right() - left - 6, box.height() - strip)
        shown = QFontMetricsF(font).elidedText(held, Qt.TextElideMode.ElideRight, below.width())
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
