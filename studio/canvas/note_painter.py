"""How do notes look? Plain painted regions under the cards; editing their text is `editors`' business."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.canvas.camera import Camera
from studio.canvas.style import Style, blend
from studio.workflow.graph import Note

PADDING: Final = 12.0
TOKENS: Final = ("warning", "read", "create", "upsert", "delete", "flow")
"""The theme's colours that a note may have; a note without one has the first."""
COLOR_NAMES: Final = {
    "warning": "Amber", "read": "Blue", "create": "Green", "upsert": "Violet", "delete": "Red", "flow": "Grey",
}  # fmt: skip


def note_color(note: Note, style: Style) -> QColor:
    return style.theme.color(note.color if note.color in TOKENS else TOKENS[0])


def text_box(box: QRectF) -> QRectF:
    return box.adjusted(PADDING + 4, PADDING - 2, -PADDING, -PADDING)


def paint_note(
    painter: QPainter, camera: Camera, note: Note, style: Style, *, selected: bool, editing: bool
) -> None:
    """The note, with the painter in pixels of the widget."""
    zoom = camera.zoom
    x, y = camera.to_pixels(note.x, note.y)
    box = QRectF(x, y, note.width * zoom, note.height * zoom)
    color = note_color(note, style)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(style.accent_text, 2.0) if selected else QPen(blend(style.canvas, color, 0.4), 1.0))
    painter.setBrush(blend(style.canvas, color, 0.13))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6 * zoom, 6 * zoom)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(blend(style.canvas, color, 0.75))
    painter.drawRoundedRect(QRectF(box.left(), box.top(), max(4 * zoom, 2), box.height()), 2 * zoom, 2 * zoom)
    if zoom < 0.28:
        return
    if not editing:
        painter.save()
        painter.setClipRect(box)
        painter.translate(box.topLeft())
        painter.scale(zoom, zoom)
        painter.setFont(style.note_font)
        painter.setPen(style.text if note.text.strip() else style.muted)
        painter.drawText(
            text_box(QRectF(0, 0, note.width, note.height)),
            int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap),
            note.text.strip() or "Double-click to write",
        )
        painter.restore()
    painter.setPen(QPen(blend(style.canvas, color, 0.6), 1.2))
    corner = box.bottomRight() - QPointF(4, 4)
    for step in (4.0, 8.0):
        painter.drawLine(corner - QPointF(step, 0), corner - QPointF(0, step))
