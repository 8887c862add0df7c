"""How do notes look? Plain painted regions under the cards, their Markdown laid out once and kept; editing their text is `editors`' business."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import (
    QAbstractTextDocumentLayout,
    QColor,
    QFontMetricsF,
    QPainter,
    QPalette,
    QPen,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)

from studio.canvas.camera import Camera
from studio.canvas.style import Style, blend
from studio.qt.theme import COLOR_NAMES
from studio.workflow.graph import Note

PADDING: Final = 12.0
TOKENS: Final = tuple(COLOR_NAMES)
"""The theme's colours that a note or a frame may have; a note without one has the first."""
HINT: Final = "Double-click to write"
_INDENT: Final = 18.0
"""Of lists and of what is quoted; Qt's own would take up half of a note."""
_SPACE: Final = 5.0
"""Between paragraphs, and half as much as before a heading."""
_HEADINGS: Final = {1: 2, 2: 1}
"""How many of HTML's steps of size the headings of each level are larger than the text."""
_KEPT: Final = 200
"""Notes whose text stays laid out."""
_FEATURES: Final = QTextDocument.MarkdownFeature(
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub.value
    | QTextDocument.MarkdownFeature.MarkdownNoHTML.value
)


def token_color(style: Style, token: str, usual: str = TOKENS[0]) -> QColor:
    """The theme's colour of that name; `usual` when it is none that notes and frames may have."""
    return style.theme.color(token if token in TOKENS else usual)


def text_box(box: QRectF) -> QRectF:
    return box.adjusted(PADDING + 4, PADDING - 2, -PADDING, -PADDING)


class _Document(QTextDocument):
    """A text that loads nothing: a picture named in a note is not fetched from anywhere."""

    def loadResource(self, kind: int, name: object) -> object:
        return None


class NotePainter:
    """Draws notes in one style. Links in them are drawn as such and lead nowhere.

    With `whole_lines`, lines that do not fit into a note are left out, for where nothing can be clipped.
    """

    def __init__(self, style: Style, *, whole_lines: bool = False) -> None:
        self._style = style
        self._whole_lines = whole_lines
        self._documents: OrderedDict[tuple[str, float], QTextDocument] = OrderedDict()

    def paint(self, painter: QPainter, camera: Camera, note: Note, *, selected: bool, editing: bool) -> None:
        """The note, with the painter in pixels of the widget."""
        zoom, style = camera.zoom, self._style
        x, y = camera.to_pixels(note.x, note.y)
        box = QRectF(x, y, note.width * zoom, note.height * zoom)
        color = token_color(style, note.color)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        outline = QPen(style.accent_text, 2.0) if selected else QPen(blend(style.canvas, color, 0.4), 1.0)
        painter.setPen(outline)
        painter.setBrush(blend(style.canvas, color, 0.13))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 6 * zoom, 6 * zoom)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(blend(style.canvas, color, 0.75))
        painter.drawRoundedRect(
            QRectF(box.left(), box.top(), max(4 * zoom, 2), box.height()), 2 * zoom, 2 * zoom
        )
        if zoom < 0.28:
            return
        if not editing:
            painter.save()
            painter.setClipRect(box, Qt.ClipOperation.IntersectClip)
            painter.translate(box.topLeft())
            painter.scale(zoom, zoom)
            self._text(painter, note)
            painter.restore()
        painter.setPen(QPen(blend(style.canvas, color, 0.6), 1.2))
        corner = box.bottomRight() - QPointF(4, 4)
        for step in (4.0, 8.0):
            painter.drawLine(corner - QPointF(step, 0), corner - QPointF(0, step))

    def _text(self, painter: QPainter, note: Note) -> None:
        inside = text_box(QRectF(0, 0, note.width, note.height))
        text = note.text.strip()
        if not text:
            painter.setFont(self._style.note_font)
            painter.setPen(self._style.muted)
            painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), HINT)
            return
        painter.translate(inside.topLeft())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        context = QAbstractTextDocumentLayout.PaintContext()
        context.palette.setColor(QPalette.ColorRole.Text, self._style.text)
        if self._whole_lines:
            # A line is drawn when its top lies inside.
            last = inside.height() - QFontMetricsF(self._style.note_font).height()
            context.clip = QRectF(0.0, 0.0, inside.width(), max(last, 1.0))
        self.document(text, inside.width()).documentLayout().draw(painter, context)

    def document(self, text: str, width: float) -> QTextDocument:
        """The Markdown laid out to a width; kept for the next frame."""
        known = self._documents.get((text, width))
        if known is None:
            known = self._lay_out(text, width)
            self._documents[text, width] = known
            if len(self._documents) > _KEPT:
                self._documents.popitem(last=False)
        self._documents.move_to_end((text, width))
        return known

    def _lay_out(self, text: str, width: float) -> QTextDocument:
        style = self._style
        document = _Document()
        document.setUndoRedoEnabled(False)
        document.setDocumentMargin(0)
        document.setDefaultFont(style.note_font)
        document.setIndentWidth(_INDENT)
        document.setMarkdown(text, _FEATURES)
        _dress(document, style)
        document.setPageSize(QSizeF(max(width, 1.0), -1))
        return document


def _dress(document: QTextDocument, style: Style) -> None:
    """Gives what Markdown has made room to breathe, and links and code the looks of the theme, not of the application."""
    found: list[tuple[int, int, QTextCharFormat]] = []
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        is_heading = block.blockFormat().headingLevel() > 0
        spacing = QTextBlockFormat()
        if block.textList() is None and block != document.begin():
            spacing.setTopMargin(_SPACE * (2 if is_heading else 1))
        if block.blockFormat().leftMargin() > _INDENT:
            spacing.setLeftMargin(_INDENT)
        cursor.setPosition(block.position())
        if cursor.currentTable() is None:
            cursor.mergeBlockFormat(spacing)
        iterator = block.begin()
        while not iterator.atEnd():
            fragment = iterator.fragment()
            known, look = fragment.charFormat(), QTextCharFormat()
            if known.isAnchor():
                look.setForeground(style.accent_text)
            elif known.fontFixedPitch():
                look.setFontFamilies(style.theme.mono().families())
                look.setBackground(blend(style.canvas, style.muted, 0.18))
            if is_heading:
                look.setProperty(
                    QTextFormat.Property.FontSizeAdjustment,
                    _HEADINGS.get(block.blockFormat().headingLevel(), 0),
                )
            if look.propertyCount():
                found.append((fragment.position(), fragment.length(), look))
            iterator += 1
        block = block.next()
    for position, length, look in found:
        cursor.setPosition(position)
        cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(look)
