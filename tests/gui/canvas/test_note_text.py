"""Notes are written as Markdown and drawn as what it means; the editor shows the text itself."""

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter, QTextFormat

from studio.canvas.camera import Camera
from studio.canvas.note_painter import NotePainter
from studio.canvas.style import Style
from studio.qt.theme import Theme
from studio.workflow.graph import Note
from tests.gui.canvas.support import node, session_of

TEXT = (
    "# Load\nruns **after** two, see [there](https://example.org) ![x](file:///etc/hostname)\n\n- one\n- two"
)


@pytest.fixture
def painter(qapp):
    return NotePainter(Style(Theme.dark()))


def test_markdown_is_laid_out_to_the_width_of_the_note(painter):
    document = painter.document(TEXT, 200.0)
    assert "**" not in document.toPlainText()
    assert document.toPlainText().startswith("Load\nruns after two, see there")
    assert document.size().width() <= 201
    assert document.size().height() > painter.document(TEXT, 400.0).size().height()


def test_lists_quotes_and_headings_keep_to_the_measure_of_a_note_and_code_is_set_apart(painter):
    document = painter.document("# Load\ntext with `code`\n\n> said\n\n## Then\n- one", 200.0)
    blocks, block = {}, document.begin()
    while block.isValid():
        blocks[block.text()] = block
        block = block.next()
    heads = [blocks[name].begin().fragment().charFormat() for name in ("Load", "Then")]
    steps = [look.intProperty(QTextFormat.Property.FontSizeAdjustment) for look in heads]
    assert steps == [2, 1]
    assert 0 < blocks["said"].blockFormat().leftMargin() < 30
    assert blocks["Then"].blockFormat().topMargin() > blocks["said"].blockFormat().topMargin() > 0
    pieces, iterator = {}, blocks["text with code"].begin()
    while not iterator.atEnd():
        pieces[iterator.fragment().text()] = iterator.fragment().charFormat()
        iterator += 1
    assert pieces["code"].background().style() != pieces["text with "].background().style()


def test_a_text_is_laid_out_once(painter):
    assert painter.document(TEXT, 200.0) is painter.document(TEXT, 200.0)


def test_html_is_text_and_pictures_are_not_fetched(painter):
    document = painter.document("<b>bold</b> ![x](file:///etc/hostname)", 200.0)
    assert "<b>" in document.toPlainText()
    assert document.resource(2, "file:///etc/hostname") is None


def test_links_have_the_colour_of_the_theme(painter):
    document = painter.document(TEXT, 200.0)
    block = document.begin().next()
    iterator, colors = block.begin(), set()
    while not iterator.atEnd():
        look = iterator.fragment().charFormat()
        if look.isAnchor():
            colors.add(look.foreground().color().name())
        iterator += 1
    assert colors == {Style(Theme.dark()).accent_text.name()}


def test_a_note_draws_nothing_outside_its_box(painter):
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(0)
    drawing = QPainter(image)
    note = Note(id="n", text="word " * 400, x=50, y=50, width=100, height=60)
    painter.paint(drawing, Camera(0, 0, 1.0, 400, 300), note, selected=False, editing=False)
    drawing.end()
    box = QRectF(49, 49, 102, 62)
    inked = [(x, y) for x in range(0, 400, 3) for y in range(0, 300, 3) if image.pixel(x, y) & 0xFFFFFF]
    assert inked
    assert all(box.contains(x, y) for x, y in inked)


def test_the_editor_shows_the_markdown_itself(open_canvas):
    note = Note(id="n", text=TEXT, x=0, y=200, width=240, height=160)
    view, mouse = open_canvas(session_of(node("a", "OrderListNode"), notes=(note,)))
    mouse.double_click(100, 240)
    assert view.editor.widget.toPlainText() == TEXT
