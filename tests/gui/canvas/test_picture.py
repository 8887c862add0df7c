"""Is what should be seen really painted? Pixels and looks at each level of detail; and NodeGraphQt beneath it all."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QHelpEvent, QImage
from PySide6.QtWidgets import QApplication, QGraphicsView, QToolTip

from studio.canvas.camera import MIDDLE, NEAR
from studio.canvas.card_cache import CardCache
from studio.canvas.card_painter import BADGE_X, Look
from studio.canvas.cards import HEADER, OPERATIONS, CardMaker, Wires
from studio.canvas.graph import CanvasNode
from studio.canvas.qt_shim import BaseNode, NodeGraph, NodeViewer
from studio.canvas.states import IDLE, CardState, Footer
from studio.canvas.style import Style
from studio.kernel.ids import NodeId
from studio.models.declare import model_from_class
from studio.nodes.catalogue import NodeCatalogue
from studio.project.project_changes import SetModels
from studio.qt.theme import Theme, contrast
from studio.workflow.graph import Note, Place
from tests.gui.canvas.support import (
    Order,
    edge,
    header,
    node,
    on_screen,
    port,
    session_of,
    settle,
    shown_workflow,
)

THEMES = [Theme.dark(), Theme.light(), Theme.high_contrast()]


def picture(view) -> np.ndarray:
    settle(view)
    image = view.viewer.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return flat[:, :, 2::-1].copy()


def has_color(pixels: np.ndarray, color, tolerance: int = 12) -> bool:
    wanted = np.array([color.red(), color.green(), color.blue()])
    return bool((np.abs(pixels.astype(int) - wanted).max(axis=2) <= tolerance).any())


def around(view, pixels, x, y, size=14):
    px, py = (round(part) for part in view.viewer.camera().to_pixels(x, y))
    return pixels[max(py - size, 0) : py + size, max(px - size, 0) : px + size]


@pytest.fixture
def pair(open_canvas):
    session = session_of(
        node("a", "OrderListNode", "Open orders"),
        node("b", "OrderBulkCreateNode", "Copy"),
        edges=(edge("a", "records", "b", "data"),),
        places={"a": (0, 0), "b": (500, 0)},
        notes=(Note(id="n", text="hello", x=0, y=300),),
    )
    return open_canvas(session)


def test_near_a_card_has_its_stripe_ports_and_edge_in_colour(pair):
    view, _ = pair
    pixels, style = picture(view), view._style
    assert has_color(around(view, pixels, 3, 18, 4), style.tones[OPERATIONS.index("list")])
    record = style.theme.color("type_record")
    assert has_color(around(view, pixels, *port(view, "a", "records", is_output=True)), record)
    x, y = view.projector.geometry.curve(0)[10]
    assert not np.array_equal(
        around(view, pixels, x, y, 3), np.full_like(around(view, pixels, x, y, 3), pixels[-5, -5])
    )


@pytest.mark.parametrize(("zoom", "is_full"), [(0.41, True), (0.4, True), (0.38, False)])
def test_from_forty_percent_on_cards_show_all_they_have(pair, zoom, is_full):
    view, _ = pair
    view.viewer.zoom_to(zoom)
    view.viewer.center_on(370, 60)
    pixels = picture(view)
    at = around(view, pixels, *port(view, "a", "records", is_output=True), 3)
    assert has_color(at, view._style.theme.color("type_record")) == is_full


def test_words_and_ports_fade_where_cards_are_no_longer_drawn_in_full(pair):
    view, _ = pair
    view.projector.set_footers({"a": Footer(CardState.OK, "5 rows · 3 ms")})
    x, y = port(view, "a", "records", is_output=True)
    inked = {}
    for zoom in (0.39, 0.36, 0.33, 0.29):
        view.viewer.zoom_to(zoom)
        view.viewer.center_on(370, 60)
        pixels = picture(view).astype(int)
        card = view._style.card
        places = ((x - 30, y, 4), (x - 2, y, 1), (60, view.projector.geometry.height[0] - 13, 3))
        parts = [around(view, pixels, *place) for place in places]
        plain = (card.red(), card.green(), card.blue())
        inked[zoom] = [int(np.abs(part - plain).max()) for part in parts]
    assert min(inked[0.39]) > 20
    for nearer, further in itertools.pairwise(inked.values()):
        assert all(there > here for there, here in zip(nearer, further, strict=True))


@pytest.mark.parametrize("zoom", [1.0, 0.6, 0.35, 0.22, 0.12, 0.05])
def test_at_every_zoom_nodes_are_seen_and_a_selected_one_stands_out(pair, zoom):
    view, _ = pair
    view.viewer.zoom_to(zoom)
    view.viewer.center_on(370, 60)
    plain = picture(view)
    ground = view._style.canvas
    at = around(view, plain, 120, 20, max(round(20 * zoom), 2))
    assert not np.all(np.abs(at.astype(int) - [ground.red(), ground.green(), ground.blue()]) < 4)
    view.select(["a"])
    assert has_color(picture(view), view._style.accent_text, 24)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_far_away_states_and_problems_are_told_by_their_shape(pair, theme):
    """A fault, a pause and what is running must be found among thousands, also by those who see no colours."""
    view, _ = pair
    view.set_theme(theme)
    view.following.problems_timer.stop()
    looks = {
        "problem": (CardState.IDLE, 2),
        **{
            state.name: (state, 0)
            for state in (CardState.OK, CardState.RUNNING, CardState.ERROR, CardState.PAUSED)
        },
    }
    for zoom in (0.25, 0.15, 0.03):
        view.viewer.zoom_to(zoom)
        view.viewer.center_on(370, 60)
        shapes = {}
        for name, (state, severity) in looks.items():
            view.projector.set_footers({"a": Footer(state, "words")})
            view.projector.severities = {"a": severity}
            view.viewer.redraw()
            part = around(view, picture(view), BADGE_X, HEADER / 2, 5).astype(int)
            color = theme.color("card")
            plate = np.abs(part - (color.red(), color.green(), color.blue())).max(axis=2) < 40
            shapes[name] = plate
        for one, other in itertools.combinations(shapes, 2):
            assert (shapes[one] != shapes[other]).sum() >= 10, (zoom, one, other)


def test_on_the_way_out_no_level_of_detail_begins_with_a_jump(open_canvas):
    """As many nodes as fill the canvas, some of them with states: a hair's breadth of zoom alters it by a hair's breadth."""
    ids = [f"n{i}" for i in range(400)]
    places = {key: ((i % 20) * 320.0, (i // 20) * 220.0) for i, key in enumerate(ids)}
    joins = tuple(edge(a, "records", b, "after") for a, b in zip(ids, ids[23:], strict=False))
    kinds = ("OrderListNode", "OrderBulkCreateNode", "OrderUpdateNode")
    session = session_of(*(node(key, kinds[i % 3]) for i, key in enumerate(ids)), edges=joins, places=places)
    view, _ = open_canvas(session)
    states = (CardState.OK, CardState.OK, CardState.ERROR, CardState.IDLE)
    view.projector.set_footers({key: Footer(states[i % 4], "words") for i, key in enumerate(ids)})
    view.select(["n209"])

    def seen(zoom):
        view.viewer.zoom_to(zoom)
        view.viewer.center_on(3200, 2200)
        pixels = picture(view).astype(float)[:880, :1480]
        return pixels.reshape(44, 20, 74, 20, 3).mean(axis=(1, 3))

    def step(zoom):
        return np.abs(seen(zoom * 1.004) - seen(zoom * 0.996))

    for zoom in (NEAR, MIDDLE, 0.17, 0.12, 0.11, 0.07):
        assert step(zoom).mean() < 2 * step(zoom * 1.1).mean() + 1.5, zoom


@pytest.mark.parametrize("state", [state for state in CardState if state is not CardState.IDLE])
def test_every_state_has_a_look_of_its_own(pair, state):
    view, _ = pair
    before = picture(view)
    view.projector.set_footers({"a": Footer(state, "words", 0.5)})
    view.viewer.redraw()
    after = picture(view)
    assert not np.array_equal(before, after)


def test_every_theme_paints(pair):
    view, _ = pair
    seen = []
    for theme in THEMES:
        view.set_theme(theme)
        pixels = picture(view)
        assert has_color(pixels, theme.color("canvas"), 2)
        seen.append(pixels.mean())
    assert len(set(seen)) == 3


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_text_on_cards_can_be_read(theme):
    """WCAG AA, on the very colours that cards are painted with."""
    from studio.canvas.card_painter import header_color

    style = Style(theme)
    plain = CardMaker(NodeCatalogue.of([("shop", model_from_class(Order))])).make(
        node("a", "OrderListNode"), Place(), Wires({}, {})
    )
    for number, color in enumerate(style.tones):
        if OPERATIONS[number] == "ghost":
            continue
        band = header_color(replace(plain, tone=number), style).name()
        assert contrast(color.name(), band) >= 4.5, OPERATIONS[number]
        assert contrast(style.text.name(), band) >= 4.5
    for text in (style.text, style.muted, style.error, style.warning, *style.states):
        assert contrast(text.name(), style.card.name()) >= 4.5


def test_a_disabled_card_is_faded(pair):
    view, _ = pair
    before = around(view, picture(view), 3, 18, 3)
    view.select(["a"])
    view.toggle_disabled()
    view.clear_selection()
    after = around(view, picture(view), 3, 18, 3)
    assert not np.array_equal(before, after)


def test_titles_that_are_too_long_are_cut_within_the_card(open_canvas):
    view, _ = open_canvas(session_of(node("a", "OrderListNode", "W" * 200)))
    pixels = picture(view)
    outside = around(view, pixels, 268, 10, 4)
    assert np.abs(outside.astype(int) - outside[0, 0]).max() < 30


def test_painting_never_leaves_cards_unpainted(open_canvas, qtbot):
    """A frame's budget may run out; the frames that follow finish the work by themselves."""
    ids = [f"n{i}" for i in range(120)]
    places = {key: ((i % 12) * 244.0, (i // 12) * 130.0) for i, key in enumerate(ids)}
    view, _ = open_canvas(session_of(*(node(key, "OrderListNode") for key in ids), places=places))
    view.viewer.zoom_to(0.5)
    view.viewer.center_on(12 * 122, 10 * 65)
    qtbot.waitUntil(lambda: view.viewer.painter_.is_complete and len(view.viewer.painter_.cache) == 120)


def test_the_cache_of_cards_keeps_within_its_bound(pair):
    view, _ = pair
    style = view._style
    cache = CardCache(style, limit_bytes=600_000)
    card = view.projector.geometry.cards[0]
    for number in range(12):
        cache.render(NodeId(f"n{number}"), Look(card), 1.0, 1.0)
    assert cache.size_bytes <= 600_000
    assert cache.get(NodeId("n11"), card, IDLE, 0) is not None
    assert cache.get(NodeId("n0"), card, IDLE, 0) is None
    assert cache.get(NodeId("n11"), card, Footer(CardState.OK, ""), 0) is None


def test_at_twice_the_pixels_cards_are_twice_as_fine(pair):
    view, _ = pair
    cache = CardCache(view._style)
    card = view.projector.geometry.cards[0]
    one = cache.render(NodeId("a"), Look(card), 1.0, 1.0).pixmap
    two = cache.render(NodeId("a"), Look(card), 1.0, 2.0).pixmap
    assert two.width() >= 2 * one.width() - 2
    assert two.deviceIndependentSize().width() == pytest.approx(one.width(), abs=1)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_a_blank_card_that_is_made_smaller_for_a_zoom_looks_like_a_painted_one(pair, theme, ratio):
    view, _ = pair
    blanks = CardCache(Style(theme)).blanks
    look = Look(view.projector.geometry.cards[0], Footer(CardState.OK, "3 rows"))

    def pixels(pixmap):
        image = pixmap.toImage().convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
        return rows.astype(int)

    sharp = blanks.of(look, 1.0, ratio)
    for zoom in (0.9, 0.75, 0.52):
        painted = pixels(CardCache(Style(theme)).blanks.of(look, zoom, ratio))
        reduced = pixels(blanks.in_passing(look, zoom, ratio))
        assert reduced.shape == painted.shape
        assert np.abs(reduced - painted).mean() < 6
        assert abs(reduced.mean() - painted.mean()) < 3
    # Almost the same zoom is the same picture; far from it, one is painted.
    assert blanks.in_passing(look, 0.9995, ratio).cacheKey() == sharp.cacheKey()
    assert np.array_equal(pixels(blanks.in_passing(look, 1.3, ratio)), pixels(blanks.of(look, 1.3, ratio)))


@pytest.mark.parametrize("zoom", [1.0, 0.73, 0.47, 0.33, 0.21, 0.11, 0.04])
def test_panning_shifts_the_last_frame_and_leaves_no_seams(open_canvas, qtbot, zoom):
    ids = [f"n{i}" for i in range(90)]
    places = {key: ((i % 15) * 313.0, (i // 15) * 207.0) for i, key in enumerate(ids)}
    joins = tuple(edge(a, "records", b, "after") for a, b in zip(ids, ids[7:], strict=False))
    session = session_of(
        *(node(key, "OrderListNode") for key in ids),
        edges=joins,
        places=places,
        notes=(Note(id="n", text="A note to see", x=-300, y=-100),),
    )
    view, _ = open_canvas(session)
    view.select(ids[20:24])
    view.viewer.zoom_to(zoom)
    view.viewer.center_on(2000.3, 600.7)
    qtbot.waitUntil(lambda: not view.viewer._rest.isActive())
    settle(view)
    settle(view)
    assert view.viewer.can_scroll()
    for dx, dy in ((13, 0), (0, -9), (-40.4, 25.3), (7.7, 7.7), (3, -60), (300, 200)):
        view.viewer.pan_by(dx, dy)
        QApplication.processEvents()
        # Cards that come into view may need a second frame.
        qtbot.waitUntil(view.viewer.can_scroll)
    view.viewer.pan_by(-11, 6)
    QApplication.processEvents()
    qtbot.waitUntil(view.viewer.can_scroll)
    shifted = on_screen(view)
    settle(view)
    whole = on_screen(view)
    differing = np.abs(shifted.astype(int) - whole.astype(int)).max(axis=2) > 24
    assert differing.mean() < 0.002


# Tool tips


def tip(view, mouse, x, y):
    at = mouse.pixel(x, y).toPoint()
    QToolTip.hideText()
    QApplication.sendEvent(
        view.viewer.viewport(),
        QHelpEvent(QHelpEvent.Type.ToolTip, at, view.viewer.viewport().mapToGlobal(at)),
    )
    text = QToolTip.text()
    QToolTip.hideText()
    return text


def test_tool_tips_say_what_the_card_cuts_short(pair):
    view, mouse = pair
    view.following.take_problems()
    assert "list of Order" in tip(view, mouse, *port(view, "a", "records", is_output=True))
    assert "Open orders" in tip(view, mouse, *header(view, "a"))
    x, y = view.projector.geometry.curve(0)[10]
    assert "→" in tip(view, mouse, x, y)


def test_tool_tips_show_text_not_markup(open_canvas):
    view, mouse = open_canvas(session_of(node("a", "OrderListNode", "<b>bold</b>")))
    assert "&lt;b&gt;" in tip(view, mouse, *header(view, "a"))


def test_problems_mark_their_node_and_stand_in_its_tool_tip(open_canvas, qtbot):
    view, mouse = open_canvas(session_of(node("a", "OrderCreateNode"), node("g", "GoneNode")))
    qtbot.waitUntil(lambda: bool(view.projector.severities))
    assert view.projector.severities == {"a": 2, "g": 2}
    assert "customer_id" in tip(view, mouse, *header(view, "a"))
    view.session.set_params(view.workflow_id, "a", {"customer_id": "c", "total": 1})
    qtbot.waitUntil(lambda: "a" not in view.projector.severities)


# What lies beneath


def test_importing_a_model_makes_its_ghosts_nodes(pair):
    view, _ = pair
    project = view.session.project
    order = next(entry for entry in project.models.values() if entry.name == "Order")
    view.session.edit(SetModels(remove=(order.id,)))
    assert all(card.is_ghost for card in view.projector.geometry.cards)
    assert len(shown_workflow(view).edges) == 1
    view.session.undo()
    assert not any(card.is_ghost for card in view.projector.geometry.cards)


def test_a_workflow_that_is_deleted_disappears(pair):
    view, _ = pair
    view.session.remove_workflow(view.workflow_id)
    assert view.workflow_id is None
    assert view.selection() == []
    picture(view)


def test_nodegraphqt_is_the_graph_the_viewer_and_the_factory(pair):
    view, _ = pair
    graph = view.graph
    assert isinstance(graph, NodeGraph)
    assert isinstance(graph.viewer(), NodeViewer)
    assert graph.viewer() is view.viewer
    found = graph.get_node_by_id("a")
    assert isinstance(found, BaseNode)
    assert (found.id, found.name()) == ("a", "Open orders")
    assert [entry.id for entry in graph.all_nodes()] == ["a", "b"]
    assert {"OrderListNode", "If"} <= set(graph.registered_nodes())
    assert graph.undo_stack().count() == 0


def test_nodegraphqt_s_own_calls_become_edits_of_the_session(pair):
    view, _ = pair
    made = view.graph.create_node("OrderCountNode", pos=(100, 300))
    assert isinstance(made, CanvasNode)
    assert shown_workflow(view).nodes[made.id].type == "OrderCountNode"
    view.graph.delete_nodes([made])
    assert made.id not in shown_workflow(view).nodes
    view.graph.select_all()
    assert [entry.id for entry in view.graph.selected_nodes()] == ["a", "b"]
    view.viewer.search_triggered.emit("OrderReadNode", (0.0, 500.0))
    assert len(shown_workflow(view).nodes) == 3
    view.graph._on_connection_sliced(list(shown_workflow(view).edges))
    assert shown_workflow(view).edges == ()
    assert view.graph.undo_stack().count() == 0


def test_there_is_no_graphics_item_for_nodes_ports_and_edges(open_canvas):
    few, _ = open_canvas(session_of(node("a", "OrderListNode")))
    many, _ = open_canvas(session_of(*(node(f"n{i}", "OrderListNode") for i in range(40))))
    assert isinstance(many.viewer, QGraphicsView)
    assert len(many.viewer.scene().items()) == len(few.viewer.scene().items())


def test_the_camera_maps_both_ways(pair):
    view, _ = pair
    view.viewer.zoom_to(0.37)
    for point in (QPointF(0, 0), QPointF(321.5, -77.25)):
        pixel = view.viewer.camera().to_pixels(point.x(), point.y())
        back = view.viewer.mapToScene(QPointF(*pixel))
        assert (back.x(), back.y()) == pytest.approx((point.x(), point.y()))
    assert view.viewer.get_zoom() == pytest.approx(-0.63)
    exact = QPointF(*view.viewer.camera().to_pixels(0, 0))
    assert (QPointF(view.viewer.mapFromScene(QPointF(0, 0))) - exact).manhattanLength() <= 1


def test_a_canvas_that_is_gone_hears_no_more_of_its_session(open_canvas):
    session = session_of(node("a", "OrderListNode"))
    view, _ = open_canvas(session)
    listeners = len(session._listeners) if hasattr(session, "_listeners") else None
    view.close()
    view.deleteLater()
    QApplication.sendPostedEvents(None, 52)
    QApplication.processEvents()
    session.add_workflow("Another")
    if listeners is not None:
        assert len(session._listeners) == listeners - 1


def test_the_selection_survives_edits_and_forgets_what_is_gone(pair):
    view, _ = pair
    view.select(["a", "b"])
    view.session.set_params(view.workflow_id, "a", {"limit": 3})
    assert view.selection() == ["a", "b"]
    view.session.remove(view.workflow_id, ["b"])
    assert view.selection() == ["a"]
    view.session.undo()
    assert view.selection() == ["a"]
    assert replace(view.workflow.nodes["a"]) == view.workflow.nodes["a"]
    assert view.viewer.cursor().shape() is not Qt.CursorShape.BlankCursor
