"""Can nodes be connected and parted by keys alone? From left to right, by the ports that fit."""

import pytest
from PySide6.QtCore import Qt

from tests.gui.canvas.support import edge, node, press_key, session_of, shown_workflow

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def loose(open_canvas):
    session = session_of(
        node("last", "OrderBulkCreateNode"),
        node("first", "OrderListNode"),
        node("middle", "Filter"),
        node("read", "OrderReadNode"),
        places={"last": (800, 0), "first": (0, 0), "middle": (400, 0), "read": (1200, 0)},
    )
    return open_canvas(session)


def test_ctrl_l_connects_the_selection_from_left_to_right_as_one_step(loose):
    view, _ = loose
    view.select(["last", "first", "middle"])
    press_key(view.viewer, Qt.Key.Key_L, CTRL)
    workflow = shown_workflow(view)
    assert len(workflow.edges) == 2
    assert edge("first", "records", "middle", "records") in workflow.edges
    (second,) = workflow.incoming["last"]
    assert (second.source, second.target_port) == ("middle", "data")
    assert (view.session.history.position, view.session.history.undo_label) == (1, "Connect")


def test_what_is_connected_already_stays_as_it_is(loose):
    view, _ = loose
    heard: list[str] = []
    view.message.connect(heard.append)
    view.select(["first", "middle"])
    view.connect_selected()
    before = shown_workflow(view)
    view.connect_selected()
    assert shown_workflow(view) is before
    assert heard == ["These nodes are connected already."]


def test_ctrl_shift_l_parts_the_selection_or_frees_a_single_node(loose):
    view, _ = loose
    view.select(["last", "first", "middle"])
    view.connect_selected()
    view.select(["first", "middle"])
    press_key(view.viewer, Qt.Key.Key_L, CTRL | SHIFT)
    assert [e.target for e in shown_workflow(view).edges] == ["last"]
    view.session.undo()
    view.select(["middle"])
    press_key(view.viewer, Qt.Key.Key_L, CTRL | SHIFT)
    assert shown_workflow(view).edges == ()


def test_one_node_alone_cannot_be_connected_and_that_is_told(loose):
    view, _ = loose
    heard: list[str] = []
    view.message.connect(heard.append)
    view.select(["first"])
    press_key(view.viewer, Qt.Key.Key_L, CTRL)
    assert heard == ["Select two nodes or more to connect them."]
    assert view.session.history.position == 0


def test_nodes_that_have_no_value_to_hand_on_are_put_in_order(loose):
    view, _ = loose
    view.select(["last", "read"])
    view.connect_selected()
    (made,) = shown_workflow(view).edges
    assert (made.source, made.target) == ("last", "read")
