"""Notes, panning and zooming, and a run shown live."""

import datetime as dt

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QPlainTextEdit

from studio.canvas.camera import ZOOM_MAX, ZOOM_MIN
from studio.canvas.states import CardState
from studio.kernel.errors import DuplicateKey
from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.session import RunHandle
from studio.workflow.graph import Note
from tests.gui.canvas.support import (
    WORKFLOW,
    header,
    node,
    press_key,
    session_of,
    shown_workflow,
    type_text,
)

CTRL = Qt.KeyboardModifier.ControlModifier
NOTE = Note(id="n1", text="Runs at two", x=0, y=200, width=240, height=100)


@pytest.fixture
def noted(open_canvas):
    return open_canvas(session_of(node("a", "OrderListNode"), notes=(NOTE,)))


def note(view):
    return shown_workflow(view).notes["n1"]


def test_c_adds_a_note_at_the_cursor_and_opens_its_editor(noted):
    view, mouse = noted
    mouse.move(401, 399)
    press_key(view.viewer, Qt.Key.Key_C)
    area = view.editor.widget
    assert isinstance(area, QPlainTextEdit)
    type_text(area, "Look here")
    asked = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Return, CTRL)
    asked.ignore()
    QApplication.sendEvent(area, asked)
    assert asked.isAccepted(), "the window's Ctrl+Enter must not run the workflow instead"
    press_key(area, Qt.Key.Key_Return, CTRL)
    (new,) = [entry for key, entry in shown_workflow(view).notes.items() if key != "n1"]
    assert (new.text, new.x, new.y) == ("Look here", 400.0, 400.0)


def test_escape_takes_back_a_note_that_was_just_added(noted):
    view, _ = noted
    press_key(view.viewer, Qt.Key.Key_C)
    type_text(view.editor.widget, "No")
    press_key(view.editor.widget, Qt.Key.Key_Escape)
    assert list(shown_workflow(view).notes) == ["n1"]
    assert view.session.history.position == 0


def test_a_double_click_edits_a_note_and_a_click_elsewhere_keeps_the_text(noted):
    view, mouse = noted
    mouse.double_click(100, 240)
    area = view.editor.widget
    area.setPlainText("Runs at three\nand again at four")
    view.viewer.setFocus()
    assert note(view).text == "Runs at three\nand again at four"
    assert view.session.history.position == 1


def test_escape_leaves_a_note_as_it_was(noted):
    view, mouse = noted
    mouse.double_click(100, 240)
    type_text(view.editor.widget, "Nonsense")
    press_key(view.editor.widget, Qt.Key.Key_Escape)
    assert note(view).text == "Runs at two"
    assert view.session.history.position == 0


def test_a_note_is_dragged_on_the_grid_in_one_step(noted):
    view, mouse = noted
    mouse.drag((100, 240), (147, 301))
    assert (note(view).x, note(view).y) == (40.0, 260.0)
    assert view.session.history.position == 1
    view.session.undo()
    assert (note(view).x, note(view).y) == (0.0, 200.0)


def test_a_note_s_corner_resizes_it(noted):
    view, mouse = noted
    mouse.drag((236, 296), (316, 356))
    assert (note(view).width, note(view).height) == (320.0, 160.0)
    mouse.drag((316, 356), (-500, -500))
    assert (note(view).width, note(view).height) == (80.0, 40.0)


def test_notes_are_deleted_together_with_nodes_in_one_step(noted):
    view, _ = noted
    view.select_all()
    press_key(view.viewer, Qt.Key.Key_Delete)
    workflow = shown_workflow(view)
    assert not workflow.nodes
    assert not workflow.notes
    assert view.session.history.position == 1
    view.session.undo()
    assert note(view) == NOTE


def test_nodes_lie_over_notes(noted):
    view, mouse = noted
    x, y = header(view, "a")
    mouse.drag((x, y), (x, y + 220))
    mouse.click(x, y + 220)
    assert view.selection() == ["a"]


def test_selected_nodes_and_notes_move_together(noted):
    view, mouse = noted
    view.select_all()
    x, y = header(view, "a")
    mouse.drag((x, y), (x + 100, y))
    assert note(view).x == 100.0
    assert shown_workflow(view).places["a"].x == 100.0


# Camera


def test_the_wheel_zooms_at_the_cursor(noted):
    view, mouse = noted
    before = mouse.pixel(120, 30)
    mouse.wheel(120, 30, 2)
    assert view.zoom() > 1.2
    after = mouse.pixel(120, 30)
    assert abs(after.x() - before.x()) < 0.5
    assert abs(after.y() - before.y()) < 0.5
    assert view.session.history.position == 0


def test_zoom_has_bounds(noted):
    view, mouse = noted
    for _ in range(80):
        mouse.wheel(0, 0, 3)
    assert view.zoom() == pytest.approx(ZOOM_MAX)
    for _ in range(80):
        mouse.wheel(0, 0, -3)
    assert view.zoom() == pytest.approx(ZOOM_MIN)


def test_two_fingers_pan(noted):
    view, mouse = noted
    before = mouse.pixel(0, 0)
    mouse.swipe(30, -20)
    after = mouse.pixel(0, 0)
    assert (after.x() - before.x(), after.y() - before.y()) == pytest.approx((30, -20))
    assert view.zoom() == pytest.approx(1.0)


def test_the_middle_button_pans(noted):
    view, _ = noted
    check_pan(noted, Qt.MouseButton.MiddleButton)
    assert view.selection() == []


def check_pan(opened, button):
    view, mouse = opened
    camera = view.viewer.camera()
    start = mouse.pixel(0, 0)
    mouse.press(500, 500, button)
    # The scene moves under the mouse: the same pixel is another point after each move.
    mouse.move(560, 470)
    mouse.release(560, 470, button)
    moved = mouse.pixel(0, 0)
    assert (moved.x() - start.x(), moved.y() - start.y()) == pytest.approx((60, -30))
    assert view.viewer.camera().zoom == camera.zoom
    assert view.session.history.position == 0


def test_space_and_drag_pan(noted):
    from PySide6.QtCore import QEvent
    from PySide6.QtGui import QKeyEvent
    from PySide6.QtWidgets import QApplication

    view, _ = noted
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(view.viewer, QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, none, " "))
    check_pan(noted, Qt.MouseButton.LeftButton)
    QApplication.sendEvent(view.viewer, QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_Space, none, " "))


def test_fit_shows_everything_and_100_percent_is_100_percent(open_canvas):
    session = session_of(
        node("a", "OrderListNode"), node("b", "OrderListNode"), places={"a": (0, 0), "b": (6000, 4000)}
    )
    view, _ = open_canvas(session)
    press_key(view.viewer, Qt.Key.Key_1, CTRL)
    camera = view.viewer.camera()
    assert camera.left < 0
    assert camera.top < 0
    assert camera.right > 6240
    assert camera.bottom > 4100
    assert view.zoom() < 1
    press_key(view.viewer, Qt.Key.Key_0, CTRL)
    assert view.zoom() == pytest.approx(1.0)
    view.select(["b"])
    press_key(view.viewer, Qt.Key.Key_F)
    assert view.zoom() == pytest.approx(1.0)
    assert view.viewer.camera().left > 5000


def test_zooming_tells_its_zoom(noted, qtbot):
    view, mouse = noted
    with qtbot.waitSignal(view.zoomChanged) as told:
        mouse.wheel(0, 0, 1)
    assert told.args[0] == pytest.approx(view.zoom())


def test_resizing_keeps_zoom_and_corner(noted):
    view, mouse = noted
    mouse.wheel(0, 0, -2)
    before = view.viewer.camera()
    view.resize(1000, 700)
    after = view.viewer.camera()
    assert after.zoom == pytest.approx(before.zoom)
    assert (after.left, after.top) == pytest.approx((before.left, before.top))


def test_centering_on_a_node_makes_it_readable(open_canvas):
    session = session_of(node("a", "OrderListNode"), node("b", "OrderListNode"), places={"b": (9000, 0)})
    view, _ = open_canvas(session)
    view.fit()
    view.center_on("b")
    camera = view.viewer.camera()
    assert camera.zoom >= 0.6
    assert camera.left < 9000 < camera.right


def test_a_workflow_is_found_again_where_it_was_left(noted):
    view, mouse = noted
    mouse.wheel(0, 0, -2)
    view.viewer.pan_by(123, 45)
    before = view.viewer.camera()
    view.show_workflow(None)
    view.show_workflow(WORKFLOW)
    after = view.viewer.camera()
    assert (after.left, after.top, after.zoom) == pytest.approx((before.left, before.top, before.zoom))


# Runs


def run_of(*node_ids):
    return RunHandle(
        run_id=RunId("r1"), workflow_id=WORKFLOW, nodes=node_ids, started_at=dt.datetime.now(dt.UTC)
    )


def state(view, node_id):
    footer = view.projector.footers.get(node_id)
    return footer.state if footer else CardState.IDLE


def test_a_run_is_shown_live_and_its_end_stays(open_canvas, qtbot):
    view, _ = open_canvas(session_of(node("a", "OrderListNode"), node("b", "OrderCountNode")))
    handle = run_of("a", "b")
    view.set_run(handle)
    assert state(view, "a") is CardState.QUEUED
    handle.put("a", state="running", progress=(10, 40))
    qtbot.waitUntil(lambda: state(view, "a") is CardState.RUNNING)
    assert view.projector.footers["a"].progress == 0.25
    handle.put("a", state="succeeded", rows=1998, duration_ms=12.0, progress=None)
    handle.put("b", state="failed", error=DuplicateKey("email a@b.c already exists"))
    handle.end("failed")
    qtbot.waitUntil(lambda: state(view, "b") is CardState.ERROR)
    assert view.projector.footers["a"].text == "1,998 rows · 12 ms"
    assert view.projector.footers["b"].text == "email a@b.c already exists"
    qtbot.waitUntil(lambda: not view.runs.is_live)
    assert view.session.history.position == 0
    view.set_run(None)
    assert state(view, "a") is CardState.IDLE


def test_nodes_that_never_ran_show_nothing_after_the_run(open_canvas, qtbot):
    view, _ = open_canvas(session_of(node("a", "OrderListNode"), node("b", "OrderCountNode")))
    handle = run_of("a", "b")
    view.set_run(handle)
    handle.end("cancelled")
    qtbot.waitUntil(lambda: not view.runs.is_live)
    assert state(view, "b") is CardState.IDLE


def test_the_run_of_another_workflow_is_not_shown(open_canvas):
    view, _ = open_canvas(session_of(node("a", "OrderListNode")))
    other = RunHandle(
        run_id=RunId("r2"),
        workflow_id=WorkflowId("other"),
        nodes=[NodeId("a")],
        started_at=dt.datetime.now(dt.UTC),
    )
    view.set_run(other)
    assert state(view, "a") is CardState.IDLE
    assert not view.runs.is_live


def test_a_click_on_the_footer_asks_for_the_results(open_canvas, qtbot):
    view, mouse = open_canvas(session_of(node("a", "OrderListNode")))
    handle = run_of("a")
    handle.put("a", state="succeeded", rows=3, duration_ms=1.0)
    handle.end("succeeded")
    view.set_run(handle)
    height = float(view.projector.geometry.height[0])
    with qtbot.waitSignal(view.resultsRequested) as told:
        mouse.click(100, height - 8)
    assert told.args == ["a", ""]


def test_many_changes_of_a_run_are_one_repaint(open_canvas, qtbot):
    ids = [f"n{i}" for i in range(50)]
    view, _ = open_canvas(session_of(*(node(key, "OrderListNode") for key in ids)))
    handle = run_of(*ids)
    view.set_run(handle)
    redraws = []
    view.viewer.redraw = lambda: redraws.append(1)
    for key in ids:
        handle.put(key, state="running")
    view.runs.poll()
    assert len(redraws) == 1
    handle.end("cancelled")
    view.runs.poll()
