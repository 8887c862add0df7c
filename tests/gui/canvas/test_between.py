"""Does a node come between two others, and out again, in every way there is? Drop, drag, the + on an edge, delete and reconnect."""

import pytest
from PySide6.QtCore import Qt

from studio.canvas.cards import WIDTH
from studio.qt.mime import node_type_mime
from tests.gui.canvas.support import (
    WORKFLOW,
    edge,
    header,
    node,
    port,
    press_key,
    session_of,
    shown_workflow,
    type_text,
)

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def pair(open_canvas):
    session = session_of(
        node("a", "OrderListNode", "First"),
        node("b", "OrderBulkCreateNode", "Second"),
        node("c", "OrderCountNode", "Third"),
        node("m", "Map", "Loose"),
        edges=(edge("a", "records", "b", "data"), edge("b", "done", "c", "after")),
        places={"a": (0, 0), "b": (360, 0), "c": (720, 0), "m": (200, 300)},
    )
    view, mouse = open_canvas(session)
    view.arrangement.glide.reduces_motion = True
    return view, mouse


def steps(view):
    return view.session.history.position


def middle(view, number=0):
    return tuple(view.projector.geometry.curve(number)[10])


def between(view, added):
    workflow = shown_workflow(view)
    ends = {(e.source, e.source_port, e.target, e.target_port) for e in workflow.edges}
    assert ("a", "records", added, "records") in ends
    assert (added, "records", "b", "data") in ends
    assert ("a", "records", "b", "data") not in ends
    a, new, b = (workflow.places[key] for key in ("a", added, "b"))
    assert a.x + WIDTH <= new.x - 40
    assert new.x + WIDTH <= b.x - 40


def test_a_kind_of_node_dropped_on_an_edge_comes_between_its_ends_and_what_follows_makes_room(pair):
    view, mouse = pair
    x, y = middle(view)
    mouse.drop(node_type_mime("Map"), x, y + 12)
    (added,) = view.selection()
    between(view, added)
    assert shown_workflow(view).places["c"].x > 720
    assert (steps(view), view.session.history.undo_label) == (1, "Insert node")


def test_what_does_not_fit_is_dropped_beside_the_edge(pair):
    view, mouse = pair
    mouse.drop(node_type_mime("OrderCountNode"), *middle(view))
    assert edge("a", "records", "b", "data") in shown_workflow(view).edges
    assert len(shown_workflow(view).edges) == 2
    assert len(shown_workflow(view).nodes) == 5


def test_the_edge_is_lit_while_something_that_fits_is_held_over_it(pair):
    view, mouse = pair
    mouse.hold(header(view, "m"), (middle(view)[0], middle(view)[1]))
    assert view.viewer._marked_edge == edge("a", "records", "b", "data")
    mouse.move(300, 500)
    assert view.viewer._marked_edge is None
    mouse.release(300, 500)
    assert len(shown_workflow(view).edges) == 2


def test_a_loose_node_dragged_onto_an_edge_comes_between_its_ends_as_one_step(pair):
    view, mouse = pair
    before = shown_workflow(view)
    mouse.drag(header(view, "m"), middle(view))
    between(view, "m")
    assert (steps(view), view.session.history.undo_label) == (1, "Insert node")
    view.session.undo()
    assert shown_workflow(view) == before


def test_a_node_dragged_onto_an_edge_is_drawn_where_it_lies_also_when_that_is_where_it_was(pair):
    view, mouse = pair
    mouse.drag(header(view, "m"), middle(view))
    lies = shown_workflow(view).places["m"]
    view.session.undo()
    view.session.move(WORKFLOW, {"m": lies})
    x, y = header(view, "m")
    mouse.drag((x, y), (x + 20, y))
    assert view.session.history.undo_label == "Insert node"
    assert shown_workflow(view).places["m"] == lies


def test_a_node_with_edges_of_its_own_is_only_moved(pair):
    view, mouse = pair
    x, y = header(view, "c")
    mouse.drag((x, y), middle(view))
    assert edge("a", "records", "b", "data") in shown_workflow(view).edges
    assert view.session.history.undo_label == "Move"


def test_the_plus_on_an_edge_offers_what_fits_and_puts_it_there(pair):
    view, mouse = pair
    mouse.move(*middle(view))
    assert view.viewer._hover.kind == "plus"
    mouse.click(*middle(view))
    palette = view.palette_popup
    assert palette.isVisible()
    offered = {entry.spec.type for entry in palette._entries}
    assert "Map" in offered
    assert "OrderCountNode" not in offered
    type_text(palette.line, "map")
    press_key(palette.line, Qt.Key.Key_Return)
    (added,) = view.selection()
    between(view, added)
    assert steps(view) == 1


def test_esc_leaves_the_edge_as_it_was(pair):
    view, mouse = pair
    mouse.click(*middle(view))
    press_key(view.palette_popup.line, Qt.Key.Key_Escape)
    assert steps(view) == 0
    assert not view.palette_popup.isVisible()


def test_ctrl_delete_joins_what_led_to_a_node_with_what_followed(open_canvas):
    session = session_of(
        node("a", "OrderListNode"),
        node("m", "Map"),
        node("f", "Filter"),
        node("b", "OrderBulkCreateNode"),
        node("c", "OrderCountNode"),
        edges=(
            edge("a", "records", "m", "records"),
            edge("m", "records", "f", "records"),
            edge("f", "matched", "b", "data"),
            edge("f", "done", "c", "after"),
        ),
    )
    view, _ = open_canvas(session)
    before = shown_workflow(view)
    view.select(["m", "f"])
    press_key(view.viewer, Qt.Key.Key_Delete, CTRL)
    workflow = shown_workflow(view)
    assert list(workflow.nodes) == ["a", "b", "c"]
    assert set(workflow.edges) == {edge("a", "records", "b", "data"), edge("a", "done", "c", "after")}
    assert (steps(view), view.session.history.undo_label) == (1, "Delete and reconnect")
    view.session.undo()
    assert shown_workflow(view) == before


def test_ctrl_delete_leaves_out_what_would_not_fit(pair):
    view, _ = pair
    view.select(["a"])
    press_key(view.viewer, Qt.Key.Key_Delete, CTRL)
    assert set(shown_workflow(view).edges) == {edge("b", "done", "c", "after")}


@pytest.mark.parametrize(
    ("button", "modifiers"),
    [(Qt.MouseButton.LeftButton, ALT | SHIFT), (Qt.MouseButton.RightButton, CTRL)],
)
def test_a_line_drawn_across_edges_cuts_them_as_one_step(pair, button, modifiers):
    view, mouse = pair
    (x1, y1), (x2, _) = middle(view), middle(view, 1)
    mouse.hold((x1, y1 - 60), (x1, y1 + 40), button, modifiers)
    assert len(shown_workflow(view).edges) == 2
    mouse.move(x2, 200, modifiers)
    mouse.move(x2, -60, modifiers)
    mouse.release(x2, -60, button, modifiers)
    assert shown_workflow(view).edges == ()
    assert steps(view) == 1
    assert view.selection() == []


def test_esc_puts_the_knife_away(pair):
    view, mouse = pair
    x, y = middle(view)
    mouse.hold((x, y - 60), (x, y + 60), modifiers=ALT | SHIFT)
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(x, y + 60, modifiers=ALT | SHIFT)
    assert len(shown_workflow(view).edges) == 2


def test_ctrl_drag_copies_what_is_held_and_leaves_the_original(pair):
    view, mouse = pair
    x, y = header(view, "m")
    mouse.drag((x, y), (x + 100, y + 200), modifiers=CTRL)
    workflow = shown_workflow(view)
    (copy,) = view.selection()
    assert copy != "m"
    assert (workflow.places["m"].x, workflow.places["m"].y) == (200, 300)
    assert (workflow.places[copy].x, workflow.places[copy].y) == (300, 500)
    assert (steps(view), view.session.history.undo_label) == (1, "Duplicate")


def test_ctrl_drag_of_a_selection_copies_it_with_its_edges_and_notes_alone_too(pair):
    view, mouse = pair
    view.select(["a", "b"])
    x, y = header(view, "a")
    mouse.drag((x, y), (x, y + 600), modifiers=CTRL)
    first, second = view.selection()
    assert edge(first, "records", second, "data") in shown_workflow(view).edges
    view.add_note()
    view.editor.close(keep=True)
    (note_id,) = shown_workflow(view).notes
    note = shown_workflow(view).notes[note_id]
    view.clear_selection()
    mouse.drag((note.x + 30, note.y + 30), (note.x + 30, note.y + 330), modifiers=CTRL)
    assert len(shown_workflow(view).notes) == 2


def test_ctrl_click_still_adds_to_the_selection_and_takes_from_it(pair):
    view, mouse = pair
    view.select(["a"])
    mouse.click(*header(view, "b"), modifiers=CTRL)
    assert view.selection() == ["a", "b"]
    mouse.click(*header(view, "a"), modifiers=CTRL)
    assert view.selection() == ["b"]
    assert steps(view) == 0


def test_ctrl_shift_v_keeps_the_incoming_links(pair):
    view, mouse = pair
    view.select(["b", "c"])
    press_key(view.viewer, Qt.Key.Key_C, CTRL)
    mouse.move(300, 500)
    press_key(view.viewer, Qt.Key.Key_V, CTRL | SHIFT)
    first, second = view.selection()
    edges = shown_workflow(view).edges
    assert edge("a", "records", first, "data") in edges
    assert edge(first, "done", second, "after") in edges
    assert (len(edges), steps(view)) == (4, 1)
    press_key(view.viewer, Qt.Key.Key_V, CTRL)
    assert len(shown_workflow(view).edges) == 5


def test_links_to_nodes_that_are_not_there_are_left_out(pair, open_canvas):
    view, _ = pair
    view.select(["b"])
    view.copy()
    other, _ = open_canvas(session_of(node("x", "OrderListNode")))
    other.paste_with_links()
    assert shown_workflow(other).edges == ()
    assert len(shown_workflow(other).nodes) == 2


def test_while_dragging_a_card_lines_up_with_a_neighbour_and_shows_the_line(pair):
    view, mouse = pair
    view.session.move("w1", {"c": shown_workflow(view).places["c"].__class__(x=733, y=307)})
    x, y = header(view, "m")
    # Five units off the neighbour's top, which lies off the grid.
    mouse.hold((x, y), (x + 43, y + 12))
    gesture = view.viewer._gesture
    assert any(not guide.is_vertical and guide.at == 307 for guide in gesture._guides)
    mouse.release(x + 43, y + 12)
    place = shown_workflow(view).places["m"]
    assert (place.x, place.y) == (240, 307)


def test_a_wire_that_would_be_straight_draws_its_node(open_canvas):
    session = session_of(
        node("a", "OrderListNode"),
        node("b", "OrderBulkCreateNode"),
        edges=(edge("a", "records", "b", "data"),),
        places={"a": (0, 3), "b": (500, 200)},
    )
    view, mouse = open_canvas(session)
    x, y = header(view, "b")
    mouse.drag((x, y), (x, y - 193))
    assert port(view, "a", "records", is_output=True)[1] == port(view, "b", "data", is_output=False)[1]
