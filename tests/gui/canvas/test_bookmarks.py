"""Bookmarks: set with Ctrl+Alt and a digit, come back to with Alt and the digit; kept with the workflow, one step each."""

import pytest
from PySide6.QtCore import Qt

from studio.workflow.graph import Workflow
from tests.gui.canvas.support import node, press_key, session_of, shown_workflow

ALT, CTRL_ALT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def marked(open_canvas):
    view, mouse = open_canvas(session_of(node("a", "OrderListNode")))
    view.viewer.zoom_to(0.5)
    view.viewer.center_on(2000, 300)
    press_key(view.viewer, Qt.Key.Key_3, CTRL_ALT)
    view.viewer.zoom_to(1.5)
    view.viewer.center_on(0, 0)
    return view, mouse


def middle(view):
    camera = view.viewer.camera()
    x, y = camera.to_scene(camera.width / 2, camera.height / 2)
    return round(x), round(y), round(camera.zoom, 3)


def test_a_bookmark_is_kept_with_the_workflow_in_one_step_and_as_text(marked):
    view, _ = marked
    kept = shown_workflow(view).bookmarks["3"]
    assert (kept.x, kept.y, kept.zoom) == (pytest.approx(2000, abs=2), pytest.approx(300, abs=2), 0.5)
    assert view.session.history.undo_label == "Set bookmark 3"
    assert Workflow.from_yaml(shown_workflow(view).to_yaml()).bookmarks == {"3": kept}
    view.session.undo()
    assert not shown_workflow(view).bookmarks


def test_alt_and_the_digit_come_back_at_once_without_motion(marked):
    view, _ = marked
    view.set_reduced_motion(True)
    press_key(view.viewer, Qt.Key.Key_3, ALT)
    assert not view.bookmarks.is_moving
    assert middle(view) == (pytest.approx(2000, abs=2), pytest.approx(300, abs=2), 0.5)
    assert view.session.history.position == 1


def test_with_motion_the_view_glides_there(marked, qtbot):
    view, _ = marked
    view.set_reduced_motion(False)
    press_key(view.viewer, Qt.Key.Key_3, ALT)
    assert view.bookmarks.is_moving
    qtbot.waitUntil(lambda: not view.bookmarks.is_moving)
    assert middle(view) == (pytest.approx(2000, abs=2), pytest.approx(300, abs=2), 0.5)


def test_a_press_of_the_mouse_stops_the_view_where_it_is(marked):
    view, mouse = marked
    view.set_reduced_motion(False)
    press_key(view.viewer, Qt.Key.Key_3, ALT)
    mouse.click(0, 0)
    assert not view.bookmarks.is_moving


def test_a_digit_without_a_bookmark_says_how_to_set_it(marked, qtbot):
    view, _ = marked
    with qtbot.waitSignal(view.message) as told:
        press_key(view.viewer, Qt.Key.Key_4, ALT)
    assert "Ctrl+Alt+4" in told.args[0]


def test_setting_it_again_from_the_same_place_clears_it(marked):
    view, _ = marked
    view.set_reduced_motion(True)
    press_key(view.viewer, Qt.Key.Key_5, CTRL_ALT)
    press_key(view.viewer, Qt.Key.Key_5, CTRL_ALT)
    assert set(shown_workflow(view).bookmarks) == {"3"}
    assert view.session.history.undo_label == "Clear bookmark 5"
