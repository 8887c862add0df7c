"""Does an exported picture show the whole workflow, and is no file left half-written?"""

import asyncio
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from studio.canvas import picture
from studio.canvas.cards import OPERATIONS
from studio.kernel.errors import StudioError
from studio.workflow.graph import Note
from tests.gui.canvas.support import edge, node, session_of, shown_workflow


@pytest.fixture
def pair(open_canvas):
    session = session_of(
        node("a", "OrderListNode", "Open orders"),
        node("b", "OrderBulkCreateNode", "Copy"),
        edges=(edge("a", "records", "b", "data"),),
        places={"a": (100, 100), "b": (4000, 900)},
        notes=(Note(id="n", text="hello there", x=100, y=400),),
    )
    view, _ = open_canvas(session)
    view.select_all()
    return view


def color_at(image, scale, x, y):
    """The colour of a scene point in a picture whose margin is taken into account."""
    return image.pixelColor(
        round((x - 100 + picture.MARGIN) * scale), round((y - 100 + picture.MARGIN) * scale)
    )


def assert_shows_everything(view, image, scale):
    style = view._style
    stripe, bulk = style.tones[OPERATIONS.index("list")], style.tones[OPERATIONS.index("create")]
    assert color_at(image, scale, 103, 118).name() == stripe.name()
    assert color_at(image, scale, 4003, 918).name() == bulk.name()
    assert color_at(image, scale, 2000, 110).name() == style.canvas.name()
    # Beside the header lies the body, not the header's colour.
    assert color_at(image, scale, 110, 160).name() == style.card.name()


def test_png_shows_all_nodes_without_the_selection(pair, tmp_path):
    target = tmp_path / "shop.png"
    before = shown_workflow(pair)
    asyncio.run(pair.export_picture(target))
    image = QImage(str(target))
    scale = image.width() / (4000 + 240 - 100 + 2 * picture.MARGIN)
    assert scale == pytest.approx(picture.SHARPNESS, abs=0.01)
    assert_shows_everything(pair, image, scale)
    assert set(pair.selection()) == {"a", "b"}
    assert shown_workflow(pair) is before
    assert list(tmp_path.iterdir()) == [target]


def test_svg_is_drawn_with_words_and_shows_the_same(pair, tmp_path):
    target = tmp_path / "shop.svg"
    target.write_text("old")
    asyncio.run(pair.export_picture(target))
    words = "".join(ET.parse(target).getroot().itertext())  # noqa: S314 - made by ourselves a line above
    for text in ("Open orders", "Copy", "records", "hello there"):
        assert text in words
    renderer = QSvgRenderer(str(target))
    image = QImage(renderer.defaultSize(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    renderer.render(painter, QRectF(image.rect()))
    painter.end()
    assert_shows_everything(pair, image, image.width() / (4140 + 2 * picture.MARGIN))


def test_a_graph_too_large_for_full_sharpness_becomes_a_smaller_picture(pair, tmp_path):
    pair.editing.move_nodes({"b": (90_000, 60_000)})
    target = tmp_path / "large.png"
    asyncio.run(pair.export_picture(target))
    image = QImage(str(target))
    assert 0 < image.width() * image.height() <= picture.LARGEST_PIXELS * 1.01


@pytest.mark.parametrize("name", ["shop.gif", "shop", "no/such/folder/shop.png"])
def test_what_cannot_be_written_is_told(pair, tmp_path, name):
    with pytest.raises(StudioError):
        asyncio.run(pair.export_picture(tmp_path / name))
    assert list(tmp_path.iterdir()) == []


def test_an_empty_canvas_is_no_picture(open_canvas, tmp_path):
    view, _ = open_canvas(session_of())
    with pytest.raises(StudioError, match="empty"):
        asyncio.run(view.export_picture(tmp_path / "empty.png"))
