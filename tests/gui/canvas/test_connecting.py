"""Do wires connect, refuse with the reason, move, and fall off?"""

import pytest
from PySide6.QtCore import Qt

from tests.gui.canvas.support import (
    edge,
    header,
    node,
    port,
    press_key,
    session_of,
    shown_workflow,
    type_text,
)


@pytest.fixture
def shop(open_canvas):
    session = session_of(
        node("list_orders", "OrderListNode", "List orders"),
        node("create_many", "OrderBulkCreateNode", "Copy orders"),
        node("delete", "OrderDeleteNode", "Delete order"),
        node("create", "OrderCreateNode", "Create order", customer_id="c", total=1),
        places={"list_orders": (0, 0), "create_many": (400, 0), "delete": (400, 260), "create": (0, 260)},
    )
    return open_canvas(session)


RECORDS = edge("list_orders", "records", "create_many", "data")


def free_port(view, node_id, name):
    """Where an input is, with the ports of its card unfolded."""
    view.select([node_id])
    if not view.workflow.places[node_id].all_ports:
        view.toggle_ports()
    return port(view, node_id, name, is_output=False)


def test_dragging_from_port_to_port_connects_in_one_step(shop):
    view, mouse = shop
    mouse.drag(
        port(view, "list_orders", "records", is_output=True),
        port(view, "create_many", "data", is_output=False),
    )
    assert shown_workflow(view).edges == (RECORDS,)
    assert view.session.history.position == 1
    view.session.undo()
    assert shown_workflow(view).edges == ()


def test_dragging_from_an_input_backwards_connects_as_well(shop):
    view, mouse = shop
    mouse.drag(
        port(view, "create_many", "data", is_output=False),
        port(view, "list_orders", "records", is_output=True),
    )
    assert shown_workflow(view).edges == (RECORDS,)


def test_while_dragging_what_fits_is_lit_and_the_rest_is_dimmed(shop):
    view, mouse = shop
    mouse.hold(port(view, "list_orders", "records", is_output=True), (300, 150))
    dimmed = dict(zip(view.projector.geometry.ids, view.viewer.painter_.dimmed, strict=True))
    assert not dimmed["list_orders"], "where the wire comes from"
    assert not dimmed["create_many"]
    mouse.release(*port(view, "create_many", "data", is_output=False))
    assert view.viewer.painter_.dimmed is None


def test_nodes_that_would_close_a_loop_are_dimmed(open_canvas):
    session = session_of(
        node("first", "OrderBulkUpdateNode"),
        node("second", "OrderBulkUpdateNode"),
        node("third", "OrderBulkUpdateNode"),
        edges=(edge("first", "done", "second", "after"),),
    )
    view, mouse = open_canvas(session)
    mouse.hold(port(view, "second", "matched", is_output=True), (500, 400))
    dimmed = dict(zip(view.projector.geometry.ids, view.viewer.painter_.dimmed, strict=True))
    assert dimmed == {"first": True, "second": False, "third": False}, "the wire's own node is looked at, too"
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(500, 400)


def test_a_wrong_port_refuses_with_the_reason_at_the_cursor_and_in_the_status_line(shop, qtbot):
    view, mouse = shop
    target = free_port(view, "delete", "id")
    steps = view.session.history.position
    mouse.hold(port(view, "list_orders", "records", is_output=True), target)
    shown = view.viewer._gesture.refusal
    assert shown is not None
    assert '"records" of "List orders"' in shown
    assert '"Delete order"' in shown
    with qtbot.waitSignal(view.message) as told:
        mouse.release(*target)
    assert told.args == [shown]
    assert shown_workflow(view).edges == ()
    assert view.session.history.position == steps


def test_dropping_on_an_occupied_input_replaces_its_edge(open_canvas):
    session = session_of(
        node("one", "OrderListNode"),
        node("two", "OrderListNode"),
        node("copy", "OrderBulkCreateNode"),
        edges=(edge("one", "records", "copy", "data"),),
        places={"one": (0, 0), "two": (0, 260), "copy": (500, 0)},
    )
    view, mouse = open_canvas(session)
    mouse.drag(port(view, "two", "records", is_output=True), port(view, "copy", "data", is_output=False))
    assert shown_workflow(view).edges == (edge("two", "records", "copy", "data"),)
    assert view.session.history.position == 1


def test_dropping_on_a_card_joins_the_port_that_fits(shop):
    view, mouse = shop
    mouse.drag(port(view, "list_orders", "records", is_output=True), header(view, "create_many"))
    assert shown_workflow(view).edges == (RECORDS,)


def test_dropping_a_value_on_a_card_never_means_order_alone(shop, qtbot):
    view, mouse = shop
    with qtbot.waitSignal(view.message):
        mouse.drag(port(view, "list_orders", "records", is_output=True), header(view, "delete"))
    assert shown_workflow(view).edges == ()


def test_holding_a_wire_over_the_folded_ports_unfolds_them_for_the_moment(shop):
    view, mouse = shop
    geometry = view.projector.geometry
    i = geometry.index["delete"]
    fold = geometry.cards[i].shape.fold_y
    assert (False, "after") not in geometry.cards[i].shape.by_name
    mouse.hold(port(view, "create", "record", is_output=True), (500, 260 + fold + 8))
    assert (False, "after") in geometry.cards[i].shape.by_name
    target = port(view, "delete", "id", is_output=False)
    mouse.move(*target)
    mouse.move(-200, -200)
    assert (False, "after") not in geometry.cards[i].shape.by_name
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(-200, -200)
    assert view.session.history.position == 0


def test_picking_up_an_edge_at_its_input_moves_it(open_canvas):
    session = session_of(
        node("list_orders", "OrderListNode"),
        node("one", "OrderBulkCreateNode"),
        node("two", "OrderBulkCreateNode"),
        edges=(edge("list_orders", "records", "one", "data"),),
        places={"list_orders": (0, 0), "one": (500, 0), "two": (500, 300)},
    )
    view, mouse = open_canvas(session)
    mouse.drag(port(view, "one", "data", is_output=False), port(view, "two", "data", is_output=False))
    assert shown_workflow(view).edges == (edge("list_orders", "records", "two", "data"),)
    assert view.session.history.position == 1
    view.session.undo()
    assert shown_workflow(view).edges == (edge("list_orders", "records", "one", "data"),)


@pytest.fixture
def joined(open_canvas):
    session = session_of(
        node("list_orders", "OrderListNode"),
        node("copy", "OrderBulkCreateNode"),
        node("delete", "OrderDeleteNode"),
        edges=(edge("list_orders", "records", "copy", "data"),),
        places={"list_orders": (0, 0), "copy": (500, 0), "delete": (500, 300)},
    )
    return open_canvas(session)


def test_an_edge_that_is_picked_up_and_dropped_on_nothing_is_gone(joined):
    view, mouse = joined
    mouse.drag(port(view, "copy", "data", is_output=False), (350, 500))
    assert shown_workflow(view).edges == ()
    assert not view.palette_popup.isVisible()
    assert view.session.history.position == 1


def test_an_edge_that_is_picked_up_and_put_back_makes_no_step(joined):
    view, mouse = joined
    at = port(view, "copy", "data", is_output=False)
    mouse.hold(at, (400, 200))
    mouse.move(*at)
    mouse.release(*at)
    assert len(shown_workflow(view).edges) == 1
    assert view.session.history.position == 0


def test_an_edge_dropped_where_it_does_not_fit_stays(joined, qtbot):
    view, mouse = joined
    target = free_port(view, "delete", "id")
    steps = view.session.history.position
    with qtbot.waitSignal(view.message):
        mouse.drag(port(view, "copy", "data", is_output=False), target)
    assert len(shown_workflow(view).edges) == 1
    assert view.session.history.position == steps


def test_a_click_on_an_edge_selects_it_and_delete_removes_it(joined):
    view, mouse = joined
    # Beside its middle, where the sign for a new node is.
    mouse.click(*view.projector.geometry.curve(0)[5])
    assert list(view.projector.geometry.edge_selected) == [True]
    assert view.selection() == []
    press_key(view.viewer, Qt.Key.Key_Delete)
    assert shown_workflow(view).edges == ()
    assert view.session.history.undo_label == "Disconnect"


def test_dragging_into_the_void_offers_what_fits_and_joins_the_choice_in_one_step(shop):
    view, mouse = shop
    mouse.drag(port(view, "list_orders", "records", is_output=True), (300, 480))
    palette = view.palette_popup
    assert palette.isVisible()
    offered = {palette.model.index(row).data() for row in palette.model.entry_rows()}
    assert "Order · Bulk create" in offered
    assert "Order · Delete" not in {entry.title for entry in palette._entries if entry.port != "after"}
    type_text(palette.line, "order bulk create")
    press_key(palette.line, Qt.Key.Key_Return)
    workflow = shown_workflow(view)
    (new,) = view.selection()
    assert workflow.nodes[new].type == "OrderBulkCreateNode"
    assert workflow.edges == (edge("list_orders", "records", new, "data"),)
    assert view.session.history.position == 1
    view.session.undo()
    assert new not in shown_workflow(view).nodes


def test_dragging_an_input_into_the_void_joins_the_other_way(shop):
    view, mouse = shop
    mouse.drag(port(view, "create_many", "data", is_output=False), (300, 480))
    type_text(view.palette_popup.line, "customer list")
    press_key(view.palette_popup.line, Qt.Key.Key_Return)
    workflow = shown_workflow(view)
    (new,) = view.selection()
    assert [(e.source, e.target, e.target_port) for e in workflow.edges] == [(new, "create_many", "data")]


def test_escape_in_the_palette_leaves_no_node_and_no_edge(shop):
    view, mouse = shop
    mouse.drag(port(view, "list_orders", "records", is_output=True), (300, 480))
    press_key(view.palette_popup.line, Qt.Key.Key_Escape)
    assert not view.palette_popup.isVisible()
    workflow = shown_workflow(view)
    assert len(workflow.nodes) == 4
    assert workflow.edges == ()
    assert view.session.history.position == 0


def test_escape_drops_a_wire(shop):
    view, mouse = shop
    mouse.hold(port(view, "list_orders", "records", is_output=True), (300, 480))
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(300, 480)
    assert not view.palette_popup.isVisible()
    assert view.viewer.painter_.dimmed is None


def test_a_node_of_an_unknown_type_refuses_wires_and_is_kept_untouched(open_canvas, qtbot):
    session = session_of(
        node("list_orders", "OrderListNode"),
        node("old", "InvoiceMagicNode", "Old thing", secret=7),
        edges=(edge("old", "out", "list_orders", "after"),),
        places={"list_orders": (500, 0), "old": (0, 0)},
    )
    view, mouse = open_canvas(session)
    card = view.projector.geometry.cards[1]
    assert card.is_ghost
    assert "InvoiceMagicNode" in card.summary
    assert (True, "out") in card.shape.by_name
    with qtbot.waitSignal(view.message):
        mouse.drag(port(view, "list_orders", "records", is_output=True), header(view, "old"))
    x, y = header(view, "old")
    mouse.drag((x, y), (x, y + 200))
    kept = shown_workflow(view).nodes["old"]
    assert dict(kept.params) == {"secret": 7}
    assert kept.type == "InvoiceMagicNode"
