"""The points that edges pass: set by a double click, dragged, deleted; kept while the edge is moved, cut, or filled with a node."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu

from studio.workflow.graph import Frame
from tests.gui.canvas.support import edge, header, node, press_key, session_of, shown_workflow

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
EDGE = edge("a", "records", "b", "data")


def opened(open_canvas, *, route=(), **rest):
    routes = {EDGE.id: route} if route else {}
    session = session_of(
        node("a", "OrderListNode"),
        node("b", "OrderBulkCreateNode"),
        edges=(EDGE,),
        places={"a": (0, 0), "b": (800, 0)},
        routes=routes,
        **rest,
    )
    return open_canvas(session, width=1800)


@pytest.fixture
def routed(open_canvas):
    return opened(open_canvas, route=((400.0, 300.0), (600.0, 300.0)))


def on_the_way(view):
    """A point of the edge halfway between the two that it passes."""
    x, y = view.projector.geometry.curve(0)[31].tolist()
    return x, y


def route(view):
    return shown_workflow(view).routes.get(EDGE.id, ())


def test_a_double_click_on_an_edge_sets_a_point_that_a_drag_moves(open_canvas):
    view, mouse = opened(open_canvas)
    x, y = view.projector.geometry.curve(0)[6].tolist()
    mouse.double_click(x, y)
    ((px, py),) = route(view)
    assert (abs(px - x) <= 5, abs(py - y) <= 5) == (True, True)
    assert view.session.history.position == 1
    mouse.drag((px, py), (px + 100, py + 250))
    assert route(view) == ((px + 100, py + 250),)
    assert view.session.history.position == 2
    view.session.undo()
    view.session.undo()
    assert route(view) == ()


def test_a_second_point_comes_between_those_it_lies_between(routed):
    view, mouse = routed
    mouse.double_click(*on_the_way(view))
    first, (x, y), last = route(view)
    assert (first, last) == ((400.0, 300.0), (600.0, 300.0))
    assert 400 < x < 600
    assert y == 300


def test_the_edge_is_met_where_it_passes_and_no_longer_where_it_would_go_straight(routed):
    view, mouse = routed
    geometry = view.projector.geometry
    x, y = on_the_way(view)
    assert geometry.edge_at(x, y, 4.0) == 0
    assert geometry.edge_at(500, float(geometry.ends[0][1]), 4.0) is None
    assert geometry.edges_in(x - 5, y - 5, x + 5, y + 5).tolist() == [0]
    mouse.click(x, y)
    assert geometry.edge_selected.tolist() == [True]


def test_del_removes_the_selected_point_only(routed):
    view, mouse = routed
    mouse.click(400, 300)
    assert view.projector.geometry.dot_selected.tolist() == [True, False]
    press_key(view.viewer, Qt.Key.Key_Delete)
    assert route(view) == ((600.0, 300.0),)
    assert list(shown_workflow(view).edges) == [EDGE]
    assert view.session.history.position == 1
    view.session.undo()
    assert route(view) == ((400.0, 300.0), (600.0, 300.0))


def test_points_chosen_with_shift_move_together_and_escape_takes_it_back(routed):
    view, mouse = routed
    mouse.click(400, 300)
    mouse.click(600, 300, modifiers=SHIFT)
    mouse.hold((600, 300), (600, 400))
    assert view.projector.geometry.route(0) == ((400.0, 400.0), (600.0, 400.0))
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(600, 400)
    assert route(view) == ((400.0, 300.0), (600.0, 300.0))
    mouse.drag((600, 300), (600, 400))
    assert route(view) == ((400.0, 400.0), (600.0, 400.0))


def test_points_move_along_when_both_ends_are_moved_and_stay_when_one_is(routed):
    view, mouse = routed
    view.select_all()
    x, y = header(view, "a")
    mouse.drag((x, y), (x + 100, y + 40))
    assert route(view) == ((500.0, 340.0), (700.0, 340.0))
    view.clear_selection()
    x, y = header(view, "a")
    mouse.drag((x, y), (x, y + 100))
    assert route(view) == ((500.0, 340.0), (700.0, 340.0))


def test_cutting_across_a_routed_edge_removes_it_and_undo_brings_its_points_back(routed):
    view, mouse = routed
    mouse.drag((500, 200), (500, 400), modifiers=ALT | SHIFT)
    assert not shown_workflow(view).edges
    assert not shown_workflow(view).routes
    view.session.undo()
    assert route(view) == ((400.0, 300.0), (600.0, 300.0))


def test_a_node_dropped_on_a_routed_edge_comes_between_its_ends(open_canvas):
    session = session_of(
        node("a", "OrderListNode"),
        node("b", "OrderBulkCreateNode"),
        node("m", "Map"),
        edges=(EDGE,),
        places={"a": (0, 0), "b": (1000, 0), "m": (400, 600)},
        routes={EDGE.id: ((500.0, 300.0), (700.0, 300.0))},
    )
    view, mouse = open_canvas(session, width=1800)
    x, y = header(view, "m")
    mouse.drag((x, y), (x + 80, y - 320))
    ends = {(entry.source, entry.target) for entry in shown_workflow(view).edges}
    assert ends == {("a", "m"), ("m", "b")}
    assert not shown_workflow(view).routes
    view.session.undo()
    assert route(view) == ((500.0, 300.0), (700.0, 300.0))


@pytest.mark.parametrize("key", [Qt.Key.Key_L, Qt.Key.Key_Q])
def test_tidying_and_straightening_let_edges_go_straight_again(routed, key):
    view, _ = routed
    view.arrangement.glide.reduces_motion = True
    view.select_all()
    press_key(view.viewer, key)
    assert route(view) == ()
    assert view.session.history.position == 1
    view.session.undo()
    assert route(view) == ((400.0, 300.0), (600.0, 300.0))


def test_deleting_a_node_and_undoing_brings_the_points_of_its_edges_back(routed):
    view, mouse = routed
    mouse.click(*header(view, "b"))
    press_key(view.viewer, Qt.Key.Key_Delete)
    assert not shown_workflow(view).routes
    view.session.undo()
    assert route(view) == ((400.0, 300.0), (600.0, 300.0))


def test_copies_pass_points_of_their_own(routed):
    view, _ = routed
    view.select_all()
    press_key(view.viewer, Qt.Key.Key_D, CTRL)
    workflow = shown_workflow(view)
    assert len(workflow.routes) == 2
    copied = next(route for key, route in workflow.routes.items() if key != EDGE.id)
    assert copied == ((440.0, 340.0), (640.0, 340.0))


def test_the_menu_of_an_edge_adds_a_point_and_removes_all(routed, monkeypatch):
    view, mouse = routed
    menus = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: menus.append(menu))
    mouse.move(*on_the_way(view))
    view.viewer.menu_wanted.emit(view.viewer.hit(*on_the_way(view)), QPoint(0, 0))
    by_name = {entry.text(): entry for entry in menus[0].actions()}
    assert list(by_name) == ["Insert node…", "Add point", "Remove its points", "Delete edge"]
    by_name["Add point"].trigger()
    assert len(route(view)) == 3
    by_name["Remove its points"].trigger()
    assert route(view) == ()
    menus[0].deleteLater()


def test_edges_that_are_hidden_with_a_frame_show_no_points(open_canvas):
    frame = Frame(id="f", x=-40, y=-80, width=1200, height=500, collapsed=True)
    view, _ = opened(open_canvas, route=((400.0, 300.0),), frames=(frame,), framed={"a": "f", "b": "f"})
    geometry = view.projector.geometry
    assert geometry.edges_in(-5000, -5000, 5000, 5000).tolist() == []
    assert geometry.dot_at(400, 300, 10) is None
    assert view.viewer.hit(400, 300).kind == "empty"
