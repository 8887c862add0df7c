"""Frames: put around what is selected, dragged by their title with what lies in them, folded, named, taken away; one step each."""

import itertools

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QMenu

from studio.canvas.card_painter import ERROR
from studio.canvas.cards import FOLDED_HEIGHT, WIDTH
from studio.canvas.states import CardState, Footer
from studio.kernel.ids import NodeId
from studio.workflow.graph import Frame, Note
from tests.gui.canvas.support import (
    edge,
    header,
    node,
    press_key,
    session_of,
    shown_workflow,
    type_text,
)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NODES = (node("a", "OrderListNode"), node("b", "OrderCountNode"), node("c", "OrderDeleteNode"))
EDGES = (edge("a", "records", "c", "after"),)
FRAME = Frame(id="f", title="Orders", x=-40, y=-80, width=660, height=320)


@pytest.fixture
def three(open_canvas):
    return open_canvas(session_of(*NODES))


@pytest.fixture
def framed(open_canvas):
    """Two nodes and a note in a frame, a third node far to its right."""
    note = Note(id="n", text="In here", x=0, y=160, width=120, height=40, frame="f")
    return open_canvas(
        session_of(
            *NODES,
            edges=(edge("a", "records", "c", "id"),),
            places={"a": (0, 0), "b": (340, 0), "c": (800, 0)},
            notes=(note,),
            frames=(FRAME,),
            framed={"a": "f", "b": "f"},
        ),
        width=1800,
    )


def frame(view, frame_id="f"):
    return shown_workflow(view).frames[frame_id]


def frames_of(view):
    return {key: place.frame for key, place in shown_workflow(view).places.items()}


def test_ctrl_g_puts_a_frame_around_the_selection_in_one_step_and_opens_its_title(three):
    view, _ = three
    view.select(["a", "b"])
    press_key(view.viewer, Qt.Key.Key_G, CTRL)
    (new,) = shown_workflow(view).frames.values()
    assert (new.x, new.x + new.width) == (-40.0, 340.0 + WIDTH + 40.0)
    assert new.y < 0
    assert frames_of(view) == {"a": new.id, "b": new.id, "c": ""}
    assert view.session.history.position == 1
    line = view.editor.widget
    assert isinstance(line, QLineEdit)
    type_text(line, "Orders")
    press_key(line, Qt.Key.Key_Return)
    assert frame(view, new.id).title == "Orders"
    view.session.undo()
    view.session.undo()
    assert not shown_workflow(view).frames
    assert set(frames_of(view).values()) == {""}


def test_of_a_title_that_is_wider_than_the_window_the_beginning_is_seen(three):
    view, _ = three
    view.viewer.zoom_to(2.5)
    view.viewer.center_on(600, 100)
    view.select(["a", "b", "c"])
    press_key(view.viewer, Qt.Key.Key_G, CTRL)
    assert view.editor.widget.width() > view.viewer.viewport().width()
    assert 0 <= view.editor.widget.x() < 60


def test_ctrl_g_without_a_selection_says_what_to_do(three, qtbot):
    view, _ = three
    with qtbot.waitSignal(view.message) as told:
        press_key(view.viewer, Qt.Key.Key_G, CTRL)
    assert "Select" in told.args[0]
    assert view.session.history.position == 0


def test_ctrl_shift_g_takes_the_frame_away_and_leaves_what_lies_in_it(framed):
    view, mouse = framed
    mouse.click(100, -64)
    assert view.viewer.selected_frames == {"f"}
    press_key(view.viewer, Qt.Key.Key_G, CTRL | SHIFT)
    assert not shown_workflow(view).frames
    assert frames_of(view) == {"a": "", "b": "", "c": ""}
    assert shown_workflow(view).notes["n"].frame == ""
    view.session.undo()
    assert frame(view) == FRAME
    assert frames_of(view)["a"] == "f"


def test_a_frame_dragged_by_its_title_takes_along_what_lies_in_it(framed):
    view, mouse = framed
    mouse.drag((100, -64), (100, 136), modifiers=Qt.KeyboardModifier.NoModifier)
    workflow = shown_workflow(view)
    assert frame(view).y == 120.0
    assert (workflow.places["a"].y, workflow.places["b"].y, workflow.places["c"].y) == (200.0, 200.0, 0.0)
    assert workflow.notes["n"].y == 360.0
    assert view.session.history.position == 1
    view.session.undo()
    assert frame(view) == FRAME


def test_inside_a_frame_a_drag_selects_with_a_rubber_band(framed):
    view, mouse = framed
    mouse.drag((300, 200), (60, 20))
    assert view.selection() == ["a"]
    assert view.session.history.position == 0


def test_a_node_dropped_into_a_frame_lies_in_it_and_dragged_out_no_longer(framed):
    view, mouse = framed
    x, y = header(view, "c")
    mouse.hold((x, y), (300, 150))
    view.viewer.grab()
    mouse.release(300, 150)
    assert frames_of(view)["c"] == "f"
    assert view.session.history.position == 1
    x, y = header(view, "a")
    mouse.drag((x, y), (x, y + 500))
    assert frames_of(view)["a"] == ""


def test_a_new_node_comes_to_lie_in_the_frame_that_it_is_added_in(framed):
    view, _ = framed
    added = view.editing.add_node("OrderReadNode", 200.0, 100.0, {})
    assert frames_of(view)[added] == "f"


def test_a_frame_dropped_into_another_is_moved_by_it(framed):
    view, mouse = framed
    view.select(["c"])
    press_key(view.viewer, Qt.Key.Key_G, CTRL)
    press_key(view.editor.widget, Qt.Key.Key_Escape)
    inner = next(key for key in shown_workflow(view).frames if key != "f")
    box = frame(view, inner)
    mouse.drag((box.x + 60, box.y + 14), (box.x + 60 - 560, box.y + 14 + 60))
    assert frame(view, inner).frame == "f"
    before = shown_workflow(view).places["c"]
    mouse.drag((-6, -64), (94, -64))
    assert shown_workflow(view).places["c"].x == before.x + 100


def test_a_frame_s_corner_resizes_it_and_what_it_no_longer_covers_lies_outside(framed):
    view, mouse = framed
    mouse.drag((614, 234), (334, 234))
    assert (frame(view).width, frame(view).height) == (380.0, 320.0)
    assert frames_of(view) == {"a": "f", "b": "", "c": ""}
    mouse.drag((334, 234), (-500, -500))
    assert (frame(view).width, frame(view).height) == (160.0, 80.0)


def test_a_collapsed_frame_hides_what_lies_in_it_and_edges_end_at_it(framed):
    view, mouse = framed
    mouse.click(-26, -64)
    assert frame(view).collapsed
    geometry = view.projector.geometry
    x1, y1 = geometry.ends[0][:2].tolist()
    assert (x1, y1) == (-40.0 + WIDTH, -80.0 + FOLDED_HEIGHT / 2)
    assert geometry.nodes_in(-1000, -1000, 3000, 3000).tolist() == [2]
    mouse.click(*header(view, "b"))
    assert view.selection() == []
    view.select_all()
    assert view.selection() == ["c"]
    mouse.click(100, -64)
    press_key(view.viewer, Qt.Key.Key_H)
    assert not frame(view).collapsed
    assert view.session.history.position == 2


def test_a_collapsed_frame_is_dragged_and_unfolds_where_it_was_put(framed):
    view, mouse = framed
    mouse.click(-26, -64)
    mouse.hold((100, -40), (100, 160))
    assert view.projector.geometry.ends[0][1] == -80 + FOLDED_HEIGHT / 2 + 200
    mouse.release(100, 160)
    mouse.click(-26, 136)
    assert shown_workflow(view).places["a"].y == 200.0


def test_a_node_in_a_collapsed_frame_is_shown_by_its_frame(framed):
    view, mouse = framed
    mouse.click(-26, -64)
    view.viewer.center_on(5000, 5000)
    view.reveal("a")
    camera = view.viewer.camera()
    assert camera.left < -40 < camera.right
    assert camera.top < -50 < camera.bottom


def test_a_collapsed_frame_tells_the_worst_of_what_lies_in_it(framed):
    view, _ = framed
    view.following.problems_timer.stop()
    projector, viewer = view.projector, view.viewer
    view.layout_editing.toggle_frames(["f"])
    viewer.zoom_to(1.0)
    plain = sign_of(view)
    looks = []
    for footers, severities, words in (
        ({"a": CardState.OK, "b": CardState.OK}, {}, "2 nodes"),
        ({"a": CardState.OK, "b": CardState.RUNNING}, {}, "2 nodes · 1 running"),
        ({"a": CardState.ERROR, "b": CardState.RUNNING}, {}, "2 nodes · 1 failed · 1 running"),
        ({"a": CardState.IDLE, "b": CardState.IDLE}, {NodeId("a"): ERROR}, "2 nodes"),
    ):
        projector.set_footers({NodeId(key): Footer(state, "words") for key, state in footers.items()})
        projector.severities = severities
        viewer.redraw()
        assert projector.held_by("f").words == words
        looks.append(sign_of(view))
    assert all(one != other for one, other in itertools.pairwise([plain, *looks]))
    assert plain not in looks
    view.select(["b"])
    assert projector.held_by("f").words == "2 nodes · 1 selected"


def sign_of(view):
    """What is painted where a frame's sign stands."""
    x, y = (round(value) for value in view.viewer.camera().to_pixels(FRAME.x + WIDTH - 18, FRAME.y + 16))
    return view.viewer.grab().toImage().copy(x - 8, y - 8, 16, 16)


def test_f2_and_a_double_click_rename_a_frame(framed):
    view, mouse = framed
    mouse.double_click(100, -64)
    type_text(view.editor.widget, "Returns")
    press_key(view.editor.widget, Qt.Key.Key_Return)
    assert frame(view).title == "Returns"
    press_key(view.viewer, Qt.Key.Key_F2)
    type_text(view.editor.widget, "Nonsense")
    press_key(view.editor.widget, Qt.Key.Key_Escape)
    assert frame(view).title == "Returns"


def test_deleting_an_open_frame_leaves_its_content_and_a_collapsed_one_takes_it_along(framed):
    view, mouse = framed
    mouse.click(100, -64)
    press_key(view.viewer, Qt.Key.Key_Delete)
    assert not shown_workflow(view).frames
    assert list(shown_workflow(view).nodes) == ["a", "b", "c"]
    view.session.undo()
    mouse.click(-26, -64)
    mouse.click(100, -64)
    press_key(view.viewer, Qt.Key.Key_Delete)
    workflow = shown_workflow(view)
    assert (list(workflow.nodes), len(workflow.notes), len(workflow.frames)) == (["c"], 0, 0)
    view.session.undo()
    assert list(shown_workflow(view).nodes) == ["a", "b", "c"]
    assert frames_of(view)["a"] == "f"


def test_a_copied_frame_brings_its_content_and_leaves_the_original_alone(framed):
    view, mouse = framed
    mouse.click(100, -64)
    press_key(view.viewer, Qt.Key.Key_C, CTRL)
    assert "frames:" in QGuiApplication.clipboard().text()
    mouse.move(0, 400)
    press_key(view.viewer, Qt.Key.Key_V, CTRL)
    workflow = shown_workflow(view)
    (copied,) = set(workflow.frames) - {"f"}
    assert view.viewer.selected_frames == {copied}
    assert sorted(key for key, place in workflow.places.items() if place.frame == copied) == ["a_2", "b_2"]
    assert [note.frame for note in workflow.notes.values()] == ["f", copied]
    press_key(view.viewer, Qt.Key.Key_D, CTRL)
    assert len(shown_workflow(view).frames) == 3
    assert len(shown_workflow(view).nodes) == 7


def test_ctrl_drag_copies_a_frame_with_its_content(framed):
    view, mouse = framed
    mouse.drag((100, -64), (100, 336), modifiers=CTRL)
    workflow = shown_workflow(view)
    assert (len(workflow.frames), len(workflow.nodes), len(workflow.notes)) == (2, 5, 2)
    assert view.session.history.position == 1


def test_nudging_a_frame_moves_all_of_it_and_steps_that_follow_are_one(framed):
    view, mouse = framed
    mouse.click(100, -64)
    for _ in range(3):
        press_key(view.viewer, Qt.Key.Key_Down, CTRL | SHIFT)
    assert (frame(view).y, shown_workflow(view).places["b"].y) == (-20.0, 60.0)
    assert view.session.history.position == 1


def test_the_menu_of_a_frame_colours_it(framed, monkeypatch):
    view, _ = framed
    opened = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: opened.append(menu))
    view.viewer.menu_wanted.emit(view.viewer.hit(100, -64), QPoint(0, 0))
    (menu,) = opened
    assert [entry.text() for entry in menu.actions()] == [
        "Rename",
        "Collapse",
        "Ungroup",
        "Delete frame",
        "Colour",
    ]
    next(entry for entry in menu.actions()[-1].menu().actions() if entry.text() == "Green").trigger()
    assert frame(view).color == "create"
    menu.close()
    menu.deleteLater()


def test_tidying_lays_a_frame_out_within_and_then_as_a_whole(framed):
    view, _ = framed
    view.arrangement.glide.reduces_motion = True
    press_key(view.viewer, Qt.Key.Key_L)
    workflow = shown_workflow(view)
    box = workflow.frames["f"]
    for node_id in ("a", "b"):
        place = workflow.places[node_id]
        assert box.x < place.x < box.x + box.width - WIDTH
        assert box.y < place.y < box.y + box.height
    note = workflow.notes["n"]
    assert box.y < note.y < note.y + note.height < box.y + box.height
    assert workflow.places["c"].x >= box.x + box.width
    assert view.session.history.undo_label == "Tidy"
    view.session.undo()
    assert frame(view) == FRAME
