"""What lies over a frame for a moment? The refusal at the cursor, the place of a drop, the hint on an empty canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from studio.canvas.camera import Camera
from studio.canvas.card_painter import RADIUS
from studio.canvas.cards import GRID, HEADER, WIDTH, tone
from studio.canvas.curves import Floats
from studio.canvas.geometry import snapped
from studio.canvas.hits import PLUS_PX
from studio.canvas.primitives import Rects, in_pixels, whole
from studio.canvas.style import Style, blend
from studio.workflow.spec import NodeSpec

EMPTY_HINT: Final = "Press N or drag a model here"
_TEMPLATE_GAP: Final = 20.0
_RING_GAP: Final = 4.0
RING_PX: Final = 7.0
"""As far as a ring reaches beyond its node."""
_WORDS: Final = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)


@dataclass
class Template:
    """A ghost of a node on the empty canvas; a click adds the node. `box` is where it was painted last, in pixels."""

    type: str
    title: str
    code: str
    tone: int
    box: QRectF

    @classmethod
    def of(cls, spec: NodeSpec) -> Template:
        return cls(spec.type, spec.title, spec.code, tone(spec), QRectF())


def template_at(templates: list[Template], pixel: QPointF) -> Template | None:
    return next((template for template in templates if template.box.contains(pixel)), None)


def paint_empty(
    painter: QPainter, camera: Camera, style: Style, templates: list[Template], cursor: QPointF
) -> None:
    """The hint, and under it up to three ghosts side by side, or one under the other where the canvas is narrow."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    middle = camera.height * 0.42
    painter.setFont(style.hint_font)
    painter.setPen(style.muted)
    painter.drawText(QRectF(0, middle - 60, camera.width, 40), Qt.AlignmentFlag.AlignCenter, EMPTY_HINT)
    row_width = len(templates) * (WIDTH + _TEMPLATE_GAP) - _TEMPLATE_GAP
    in_row = row_width <= camera.width - 40
    for number, template in enumerate(templates):
        if in_row:
            x = (camera.width - row_width) / 2 + number * (WIDTH + _TEMPLATE_GAP)
            y = middle
        else:
            x, y = (camera.width - WIDTH) / 2, middle + number * (HEADER + 12)
        template.box = QRectF(round(x), round(y), WIDTH, HEADER + 4)
        _paint_template(painter, style, template, lit=template.box.contains(cursor))


def _paint_template(painter: QPainter, style: Style, template: Template, *, lit: bool) -> None:
    tone_color = style.tones[template.tone]
    pen = QPen(tone_color if lit else style.border_strong, 1.2)
    pen.setDashPattern([4, 3])
    painter.setPen(pen)
    painter.setBrush(blend(style.canvas, style.card, 0.9 if lit else 0.45))
    painter.drawRoundedRect(template.box.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
    painter.setFont(style.code_font)
    painter.setPen(tone_color)
    box = template.box
    painter.drawText(
        QRectF(box.left() + 12, box.top(), 36, box.height()), Qt.AlignmentFlag.AlignCenter, template.code
    )
    painter.setFont(style.title_font)
    painter.setPen(style.text if lit else style.muted)
    painter.drawText(
        QRectF(box.left() + 56, box.top(), WIDTH - 64, box.height()),
        Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
        style.elided_title(template.title, WIDTH - 70),
    )


def paint_drop(painter: QPainter, camera: Camera, style: Style, at: QPointF, *, snaps: bool) -> None:
    """Where the card that is being dragged in would come to lie."""
    x, y = drop_corner(at, snaps=snaps)
    left, top = camera.to_pixels(x, y)
    box = QRectF(left, top, WIDTH * camera.zoom, (HEADER + 44) * camera.zoom)
    pen = QPen(style.accent_text, 1.5)
    pen.setDashPattern([4, 3])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(pen)
    painter.setBrush(style.theme.color("accent", alpha=0.12))
    painter.drawRoundedRect(box, RADIUS * camera.zoom, RADIUS * camera.zoom)


def paint_rings(painter: QPainter, camera: Camera, style: Style, boxes: Floats, *, is_strong: bool) -> None:
    """Rings around nodes given as rows of left, top, right and bottom, in scene units."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setPen(QPen(style.warning, 3.0 if is_strong else 1.0))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    left, top, right, bottom = whole(in_pixels(boxes, camera)).T
    gap = _RING_GAP
    Rects().draw(painter, left - gap, top - gap, right - left + 2 * gap, bottom - top + 2 * gap)


def paint_plus(
    painter: QPainter, camera: Camera, style: Style, at: tuple[float, float], *, lit: bool
) -> None:
    """The sign on an edge that puts a node there."""
    center = QPointF(*camera.to_pixels(*at))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(style.accent_text if lit else style.border_strong, 1.4))
    painter.setBrush(style.accent if lit else style.card)
    painter.drawEllipse(center, PLUS_PX, PLUS_PX)
    painter.setPen(QPen(style.theme.color("text_on_accent") if lit else style.text, 1.6))
    painter.drawLine(center - QPointF(3.5, 0), center + QPointF(3.5, 0))
    painter.drawLine(center - QPointF(0, 3.5), center + QPointF(0, 3.5))


def drop_corner(at: QPointF, *, snaps: bool) -> tuple[float, float]:
    """The upper left corner of a card dropped at a scene point: the mouse holds it in the middle of its header."""
    x, y = at.x() - WIDTH / 2, at.y() - HEADER / 2
    return (snapped(x, GRID), snapped(y, GRID)) if snaps else (x, y)


def paint_hint(
    painter: QPainter, camera: Camera, style: Style, cursor: QPointF, text: str, *, is_refusal: bool
) -> None:
    """The reason why a wire may not land here, or what would make it fit; beside the cursor and within the widget."""
    painter.setFont(style.label_font)
    room = min(380.0, max(camera.width - 40, 120.0))
    words = style.label_metrics.boundingRect(QRectF(0, 0, room - 40, 1000), _WORDS, text)
    box = QRectF(0, 0, words.width() + 42, words.height() + 18)
    x = min(cursor.x() + 18, camera.width - box.width() - 8)
    y = cursor.y() + 20
    if y + box.height() > camera.height - 8:
        y = cursor.y() - box.height() - 14
    box.moveTo(round(max(x, 8)), round(max(y, 8)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    color = style.error if is_refusal else style.accent_text
    painter.setPen(QPen(color, 1.0))
    painter.setBrush(style.card)
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    sign = QPointF(box.left() + 17, box.top() + 9 + style.label_metrics.height() / 2)
    painter.setPen(QPen(color, 1.8, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.drawEllipse(sign, 6.5, 6.5)
    if is_refusal:
        painter.drawLine(sign + QPointF(-4.4, 4.4), sign + QPointF(4.4, -4.4))
    else:
        painter.drawLine(sign + QPointF(-3.2, 0), sign + QPointF(3.2, 0))
        painter.drawLine(sign + QPointF(0, -3.2), sign + QPointF(0, 3.2))
    painter.setPen(style.text)
    painter.drawText(
        QRectF(box.left() + 32, box.top() + 9, words.width() + 4, words.height() + 4), _WORDS, text
    )
