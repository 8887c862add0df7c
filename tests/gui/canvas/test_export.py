"""Does an exported picture show the whole workflow, and is no file left half-written?"""

import asyncio
import datetime as dt
from xml.etree import ElementTree as ET

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from studio.canvas import CanvasView, picture
from studio.canvas.cards import OPERATIONS
from studio.canvas.states import CardState
from studio.canvas.style import blend
from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, RunId
from studio.project.layout_changes import SetBookmarks
from studio.qt.theme import Theme
from studio.session import RunHandle
from studio.workflow.graph import Bookmark, Frame, Note, frozen
from tests.gui.canvas.support import WORKFLOW, edge, node, session_of, shown_workflow


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
    image = drawn(target)
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


@pytest.fixture
def exported(qapp, tmp_path, request):
    """A workflow with all there is on a canvas, in a run that goes on, and its picture in a look: (view, PNG, SVG drawn at its size, its words)."""
    view = everything(getattr(Theme, request.param)())
    for ending in ("png", "svg"):
        asyncio.run(view.export_picture(tmp_path / f"all.{ending}"))
    words = "".join(ET.parse(tmp_path / "all.svg").getroot().itertext())  # noqa: S314 - made by ourselves
    yield view, QImage(str(tmp_path / "all.png")), drawn(tmp_path / "all.svg"), words
    view.close()
    view.deleteLater()
    QApplication.processEvents()


def drawn(path):
    """What an SVG shows, at one pixel for each of its units."""
    renderer = QSvgRenderer(str(path))
    image = QImage(renderer.viewBox().size(), QImage.Format.Format_RGB32)
    painter = QPainter(image)
    renderer.render(painter, QRectF(image.rect()))
    painter.end()
    return image


LONG = "and a long tail of words that does not fit into it, whatever one does with it, and is cut off below"
ROUTED = edge("a", "records", "b", "data")
TOP_POINT = (330.0, -160.0)


def everything(theme):
    """Everything is selected, too: that is no part of a picture."""
    session = session_of(
        node("a", "OrderListNode", "Open orders"),
        node("b", "OrderBulkCreateNode", "Copy"),
        node("inner", "OrderCountNode", "Count"),
        node("hidden", "Log", "Hidden"),
        edges=(ROUTED,),
        places={"a": (0, 0), "b": (460, 0), "inner": (40, 340), "hidden": (520, 380)},
        notes=(
            Note(
                id="n",
                text=f"# Plan\n\n**bold** [link](http://x)\n\n{LONG}",
                x=820,
                y=300,
                width=200,
                height=120,
                color="create",
            ),
        ),
        frames=(
            Frame(id="open", title="Import", x=0, y=280, width=340, height=260, color="read"),
            Frame(id="shut", title="Folded", x=480, y=340, collapsed=True),
        ),
        framed={"inner": "open", "hidden": "shut"},
        routes={ROUTED.id: (TOP_POINT, (380.0, 160.0))},
    )
    session.edit(SetBookmarks(workflow=WORKFLOW, put=frozen({"1": Bookmark(title="Start")})))
    view = CanvasView(session, theme)
    view.show_workflow(WORKFLOW)
    handle = RunHandle(
        run_id=RunId("r"),
        workflow_id=WORKFLOW,
        nodes=[NodeId(key) for key in ("a", "b", "inner")],
        started_at=dt.datetime.now(dt.UTC),
    )
    handle.put(NodeId("a"), state="succeeded", rows=16, duration_ms=1.0)
    handle.put(NodeId("b"), state="running")
    handle.put(NodeId("inner"), state="failed", duration_ms=2.0)
    view.set_run(handle)
    view.runs.forget()
    view.select_all()
    return view


def near(image, at, scale, color, reach=3):
    """Whether a colour, nearly, is seen within a few units of a scene point."""
    x, y = ((value - least + picture.MARGIN) * scale for value, least in zip(at, (0, top_of()), strict=True))
    steps = [offset * scale / 2 for offset in range(-2 * reach, 2 * reach + 1)]
    pixels = [image.pixelColor(round(x + dx), round(y + dy)) for dx in steps for dy in steps]
    return any(
        max(
            abs(pixel.red() - color.red()),
            abs(pixel.green() - color.green()),
            abs(pixel.blue() - color.blue()),
        )
        <= 24
        for pixel in pixels
    )


def top_of():
    """The topmost of what is drawn: the point of the edge, at which it turns."""
    return TOP_POINT[1]


@pytest.mark.parametrize("exported", ["dark", "light"], indirect=True)
def test_a_picture_has_frames_points_notes_and_the_states_of_a_run(exported):
    view, png, svg, words = exported
    style = view._style
    for image, scale in ((png, picture.SHARPNESS), (svg, 1.0)):
        assert (image.width(), image.height()) == pytest.approx(
            ((1020 + 2 * picture.MARGIN) * scale, (540 - top_of() + 2 * picture.MARGIN) * scale), abs=2
        )

        def has(x, y, color, image=image, scale=scale, reach=3):
            return near(image, (x, y), scale, color, reach)

        wire = style.kinds[int(view.projector.geometry.edge_kind[0])]
        assert has(*TOP_POINT, wire)
        assert not has(*TOP_POINT, style.accent_text, reach=2)
        assert has(3, 18, style.tones[OPERATIONS.index("list")])
        assert has(460 + 240 / 2, 0, style.canvas, reach=12)
        # The sign of the node that runs, the bar below it, and the cross of the one that failed.
        running, failed = style.states[CardState.RUNNING], style.states[CardState.ERROR]
        assert has(460 + 222, 18, running, reach=7)
        assert has(40 + 222, 340 + 18, failed, reach=7)
        assert has(480 + 14, 340 + 14, style.text, reach=6)
        assert has(821, 360, blend(style.canvas, style.theme.color("create"), 0.75))
        # Below the note nothing of its text hangs out.
        below = [(x, 424) for x in range(830, 1010, 6)]
        assert not any(has(x, y, style.text, reach=1) for x, y in below)
    for text in (
        "Open orders",
        "Import",
        "Folded",
        "1 node",
        "Plan",
        "bold",
        "link",
        "running",
        "failed",
        "16 rows",
    ):
        assert text in words, text
    assert "Hidden" not in words
    assert "Start" not in words


def test_the_rows_that_went_along_stand_on_the_edges_of_a_picture(pair, tmp_path):
    handle = RunHandle(
        run_id=RunId("r"),
        workflow_id=WORKFLOW,
        nodes=[NodeId("a"), NodeId("b")],
        started_at=dt.datetime.now(dt.UTC),
    )
    for key in ("a", "b"):
        handle.put(NodeId(key), state="succeeded", rows=1234, duration_ms=1.0)
    handle.delivered(lambda _node, _port: [{"id": number} for number in range(1234)])
    handle.end("succeeded")
    pair.set_run(handle)
    target = tmp_path / "ran.svg"
    asyncio.run(pair.export_picture(target))
    assert "1.2k" in "".join(ET.parse(target).getroot().itertext())  # noqa: S314 - made by ourselves
