"""Do tidy, align, distribute and straighten put nodes where they say, as one step each, by key and by menu?"""

import itertools

import numpy as np
import pytest
from PySide6.QtCore import Qt

from studio.canvas.cards import FOOTER, WIDTH
from studio.canvas.graph import CanvasNode
from studio.workflow.graph import Note
from tests.gui.canvas.support import edge, header, node, port, press_key, session_of, shown_workflow

SHIFT, ALT = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.AltModifier


@pytest.fixture
def scattered(open_canvas):
    session = session_of(
        node("c", "OrderCountNode", "Third"),
        node("a", "OrderListNode", "First"),
        node("b", "OrderBulkCreateNode", "Second"),
        node("d", "OrderListNode", "Beside"),
        edges=(edge("a", "records", "b", "data"), edge("b", "done", "c", "after")),
        places={"c": (0, 0), "a": (610, 130), "b": (305, 475), "d": (35, 250)},
        notes=(Note(id="n", text="under everything", x=310, y=10, width=200, height=100),),
    )
    view, mouse = open_canvas(session)
    view.arrangement.glide.reduces_motion = True
    return view, mouse


def place(view, node_id):
    found = shown_workflow(view).places[node_id]
    return found.x, found.y


def steps(view):
    return view.session.history.position


def overlaps(view):
    geometry = view.projector.geometry
    boxes = list(zip(geometry.x, geometry.y, geometry.height + FOOTER, strict=True))
    return [
        (i, j)
        for i, (ax, ay, ah) in enumerate(boxes)
        for j, (bx, by, bh) in enumerate(boxes[:i])
        if abs(ax - bx) < WIDTH and ay < by + bh and by < ay + ah
    ]


@pytest.mark.parametrize(
    ("key", "modifiers"), [(Qt.Key.Key_L, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_T, SHIFT | ALT)]
)
def test_l_tidies_all_nodes_from_left_to_right_as_one_step(scattered, key, modifiers):
    view, _ = scattered
    before = shown_workflow(view)
    press_key(view.viewer, key, modifiers)
    assert place(view, "a")[0] < place(view, "b")[0] < place(view, "c")[0]
    assert not overlaps(view)
    ys = [port(view, "a", "records", is_output=True)[1], port(view, "b", "data", is_output=False)[1]]
    assert abs(ys[0] - ys[1]) <= 10
    assert min(place(view, key)[0] for key in "abcd") == 0
    assert all(value % 20 == 0 for key in "abcd" for value in place(view, key))
    assert (steps(view), view.session.history.undo_label) == (1, "Tidy")
    view.session.undo()
    assert shown_workflow(view) == before


def test_a_note_that_would_come_to_lie_under_cards_makes_way(scattered):
    view, _ = scattered
    view.tidy()
    note = shown_workflow(view).notes["n"]
    assert note.y + note.height <= min(place(view, key)[1] for key in "abcd")
    assert steps(view) == 1


def test_with_a_selection_only_that_is_tidied(scattered):
    view, _ = scattered
    view.select(["a", "b"])
    press_key(view.viewer, Qt.Key.Key_L)
    assert place(view, "c") == (0, 0)
    assert place(view, "d") == (35, 250)
    assert min(place(view, "a"), place(view, "b")) == place(view, "a") == (300, 120)
    assert view.selection() == ["a", "b"]
    again = shown_workflow(view)
    press_key(view.viewer, Qt.Key.Key_L)
    assert shown_workflow(view) is again


def test_nodes_glide_to_their_places_and_are_where_the_workflow_has_them_in_the_end(scattered, qtbot):
    view, mouse = scattered
    view.arrangement.glide.reduces_motion = False
    view.tidy()
    geometry = view.projector.geometry
    wanted = np.array([place(view, node_id) for node_id in geometry.ids])
    assert view.arrangement.glide.is_moving
    assert not np.array_equal(np.stack([geometry.x, geometry.y], 1), wanted)
    qtbot.waitUntil(lambda: not view.arrangement.glide.is_moving)
    assert np.array_equal(np.stack([geometry.x, geometry.y], 1), wanted)
    view.session.undo()
    view.tidy()
    assert view.arrangement.glide.is_moving
    # A press ends it, so that what is pressed is what is seen.
    mouse.click(*header(view, "d"))
    assert not view.arrangement.glide.is_moving
    assert np.array_equal(np.stack([geometry.x, geometry.y], 1), wanted)
    view.session.undo()
    view.tidy()
    view.session.undo()
    assert place(view, "a") == (610, 130)
    assert float(geometry.x[geometry.index["a"]]) == 610


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (Qt.Key.Key_A, {"a": (305, 130), "b": (305, 475)}),
        (Qt.Key.Key_D, {"a": (610, 130), "b": (610, 475)}),
        (Qt.Key.Key_W, {"a": (610, 130), "b": (305, 130)}),
    ],
)
def test_shift_and_w_a_d_align(scattered, key, expected):
    view, _ = scattered
    view.select(["a", "b"])
    press_key(view.viewer, key, SHIFT)
    assert {node_id: place(view, node_id) for node_id in expected} == expected
    assert (steps(view), view.session.history.undo_label) == (1, "Align")


def test_shift_s_aligns_the_feet(scattered):
    view, _ = scattered
    view.select(["a", "b", "c"])
    press_key(view.viewer, Qt.Key.Key_S, SHIFT)
    geometry = view.projector.geometry
    feet = {float(geometry.y[i] + geometry.height[i]) for i in geometry.indices(["a", "b", "c"]).tolist()}
    assert len(feet) == 1


def test_centres_and_middles_align(scattered):
    view, _ = scattered
    view.select(["a", "b"])
    view.align_center()
    assert place(view, "a")[0] == place(view, "b")[0] == 457.5
    view.align_middle()
    geometry = view.projector.geometry
    middles = {float(geometry.y[i] + geometry.height[i] / 2) for i in geometry.indices(["a", "b"]).tolist()}
    assert len(middles) == 1


def test_distribute_makes_gaps_equal_and_leaves_the_outermost(scattered):
    view, _ = scattered
    view.select(["a", "b", "c"])
    view.distribute_across()
    assert [place(view, key)[0] for key in "cba"] == [0, 305, 610]
    assert steps(view) == 0
    view.distribute_down()
    geometry = view.projector.geometry
    boxes = sorted(
        (float(geometry.y[i]), float(geometry.height[i])) for i in geometry.indices("abc").tolist()
    )
    gaps = [low - (high + height) for (high, height), (low, _) in itertools.pairwise(boxes)]
    assert gaps[0] == pytest.approx(gaps[1])
    assert (boxes[0][0], boxes[-1][0]) == (0, 475)


def test_q_straightens_the_edges_of_the_selection(scattered):
    view, _ = scattered
    view.select(["a", "b", "c"])
    press_key(view.viewer, Qt.Key.Key_Q)
    assert place(view, "a") == (610, 130)
    ends = view.projector.geometry.ends
    assert np.allclose(ends[:, 1], ends[:, 3])
    assert [place(view, key)[0] for key in "abc"] == [610, 305, 0]
    assert (steps(view), view.session.history.undo_label) == (1, "Straighten")


def test_too_small_a_selection_is_told_and_changes_nothing(scattered):
    view, _ = scattered
    heard: list[str] = []
    view.message.connect(heard.append)
    view.select(["a"])
    view.align_left()
    view.distribute_down()
    view.straighten()
    assert [text.split(" ")[1] for text in heard] == ["two", "three", "two"]
    assert steps(view) == 0


def test_the_menu_of_nodes_has_tidy_and_an_align_submenu(scattered):
    view, _ = scattered
    menu = view.viewer.context_menus()["nodes"].get_menu(CanvasNode.__name__)
    assert "Tidy" in [action.text() for action in menu.actions()]
    (align,) = [action.menu() for action in menu.actions() if action.text() == "Align"]
    assert "Align left" in [action.text() for action in align.actions()]
    view.select(["a", "b"])
    next(action for action in align.actions() if action.text() == "Align left").trigger()
    assert place(view, "a") == (305, 130)
