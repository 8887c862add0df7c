"""Does the mouse select and move nodes, each edit one step and no selection a step?"""

import pytest
from PySide6.QtCore import Qt

from tests.gui.canvas.support import header, node, press_key, session_of, shown_workflow

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def three(open_canvas):
    session = session_of(
        node("a", "OrderListNode"), node("b", "OrderCountNode"), node("c", "OrderDeleteNode")
    )
    return open_canvas(session)


def place(view, node_id):
    spot = shown_workflow(view).places[node_id]
    return spot.x, spot.y


def test_a_click_selects_a_node_and_makes_no_step(three, qtbot):
    view, mouse = three
    with qtbot.waitSignal(view.selectionChanged):
        mouse.click(*header(view, "b"))
    assert view.selection() == ["b"]
    assert view.session.history.position == 0


def test_shift_click_adds_and_ctrl_click_takes_away(three):
    view, mouse = three
    mouse.click(*header(view, "a"))
    mouse.click(*header(view, "c"), modifiers=SHIFT)
    assert view.selection() == ["a", "c"]
    mouse.click(*header(view, "a"), modifiers=CTRL)
    assert view.selection() == ["c"]


def test_a_click_on_one_of_several_selected_nodes_leaves_only_that_one(three):
    view, mouse = three
    view.select(["a", "b"])
    mouse.click(*header(view, "a"))
    assert view.selection() == ["a"]


def test_a_click_on_empty_canvas_selects_nothing(three):
    view, mouse = three
    view.select(["a", "b"])
    mouse.click(-200, 400)
    assert view.selection() == []


def test_a_rubber_band_selects_what_it_touches(three):
    view, mouse = three
    mouse.drag((-60, -60), (400, 60))
    assert view.selection() == ["a", "b"]
    assert view.session.history.position == 0


def test_a_rubber_band_with_shift_adds_and_with_ctrl_takes_away(three):
    view, mouse = three
    view.select(["c"])
    mouse.drag((-60, -60), (100, 60), modifiers=SHIFT)
    assert view.selection() == ["a", "c"]
    mouse.drag((1000, 400), (700, -60), modifiers=CTRL)
    assert view.selection() == ["a"]


def test_escape_takes_a_rubber_band_back(three):
    view, mouse = three
    view.select(["c"])
    mouse.hold((-60, -60), (400, 60))
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(400, 60)
    assert view.selection() == ["c"]


def test_dragging_a_node_moves_it_on_the_grid_in_one_step(three):
    view, mouse = three
    x, y = header(view, "b")
    mouse.drag((x, y), (x + 47, y + 111))
    assert place(view, "b") == (380.0, 120.0)
    assert view.session.history.position == 1
    assert view.session.history.undo_label == "Move"
    view.session.undo()
    assert place(view, "b") == (340.0, 0.0)
    assert float(view.projector.geometry.x[1]) == 340.0


def test_dragging_without_the_grid_moves_freely(three):
    view, mouse = three
    view.set_snap(False)
    x, y = header(view, "a")
    mouse.drag((x, y), (x + 33, y + 7))
    assert place(view, "a") == (33.0, 7.0)


def test_alt_lifts_the_grid_for_one_drag(three):
    view, mouse = three
    x, y = header(view, "a")
    mouse.drag((x, y), (x + 33, y + 7), modifiers=ALT)
    assert place(view, "a") == (33.0, 7.0)


def test_dragging_one_of_several_moves_them_all_in_one_step(three):
    view, mouse = three
    view.select(["a", "c"])
    x, y = header(view, "c")
    mouse.drag((x, y), (x, y + 80))
    assert place(view, "a") == (0.0, 80.0)
    assert place(view, "b") == (340.0, 0.0)
    assert place(view, "c") == (680.0, 80.0)
    assert view.session.history.position == 1


def test_a_press_that_hardly_moves_is_a_click(three):
    view, mouse = three
    x, y = header(view, "a")
    mouse.drag((x, y), (x + 2, y + 1))
    assert view.session.history.position == 0
    assert view.selection() == ["a"]


def test_escape_takes_a_drag_back(three):
    view, mouse = three
    x, y = header(view, "a")
    mouse.hold((x, y), (x + 200, y + 100))
    assert float(view.projector.geometry.x[0]) == 200.0
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(x + 200, y + 100)
    assert place(view, "a") == (0.0, 0.0)
    assert float(view.projector.geometry.x[0]) == 0.0
    assert view.session.history.position == 0


def test_an_undo_during_a_drag_leaves_the_picture_as_the_workflow_is(three):
    view, mouse = three
    view.session.move(view.workflow_id, {"b": view.workflow.places["c"]})
    x, y = header(view, "a")
    mouse.hold((x, y), (x + 100, y))
    view.session.undo()
    mouse.release(x + 100, y)
    assert place(view, "a") == (100.0, 0.0)
    assert place(view, "b") == (340.0, 0.0)


def test_ctrl_shift_arrows_nudge_by_one_grid_cell_and_a_burst_is_one_step(three):
    view, _ = three
    view.select(["a", "b"])
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Left):
        press_key(view.viewer, key, CTRL | SHIFT)
    assert place(view, "a") == (20.0, 20.0)
    assert place(view, "b") == (360.0, 20.0)
    assert view.session.history.position == 1


def test_arrows_walk_from_node_to_node(three):
    view, _ = three
    before = view.viewer.camera()
    press_key(view.viewer, Qt.Key.Key_Right)
    assert view.selection() == ["a"]
    assert view.viewer.camera() == before, "what is in view already is not brought into view"
    press_key(view.viewer, Qt.Key.Key_Right)
    press_key(view.viewer, Qt.Key.Key_Right)
    assert view.selection() == ["c"]
    press_key(view.viewer, Qt.Key.Key_Left)
    assert view.selection() == ["b"]


def test_select_all_and_escape(three):
    view, _ = three
    press_key(view.viewer, Qt.Key.Key_A, CTRL)
    assert view.selection() == ["a", "b", "c"]
    press_key(view.viewer, Qt.Key.Key_Escape)
    assert view.selection() == []
    assert view.session.history.position == 0


def test_the_selected_card_is_hit_before_one_that_lies_over_it(open_canvas):
    session = session_of(
        node("under", "OrderListNode"),
        node("over", "OrderCountNode"),
        places={"under": (0, 0), "over": (60, 20)},
    )
    view, mouse = open_canvas(session)
    mouse.click(120, 30)
    assert view.selection() == ["over"]
    view.select(["under"])
    mouse.click(120, 30)
    assert view.selection() == ["under"]


def test_dragging_to_the_border_moves_the_scene(three, qtbot):
    view, mouse = three
    x, y = header(view, "a")
    before = view.viewer.camera().left
    right = view.viewer.camera().right
    mouse.hold((x, y), (right - 5, y))
    qtbot.waitUntil(lambda: view.viewer.camera().left > before + 30)
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(x, y)
