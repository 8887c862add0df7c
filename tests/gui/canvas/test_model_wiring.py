"""Wires know the models: a record lands on the field that refers to it, what does not fit is offered a node that converts."""

import pytest
from PySide6.QtCore import Qt

from studio.qt.mime import field_mime
from tests.gui.canvas.support import edge, header, node, port, press_key, session_of, shown_workflow


@pytest.fixture
def shop(open_canvas):
    return open_canvas(
        session_of(
            node("read", "CustomerReadNode"),
            node("list", "CustomerListNode"),
            node("create", "OrderCreateNode"),
            node("stored", "OrderCreateNode"),
            places={"read": (0, 0), "list": (0, 300), "create": (600, 0), "stored": (0, 600)},
        )
    )


def only_edge(view):
    (found,) = shown_workflow(view).edges
    return found


def test_a_record_dropped_on_a_card_lands_on_the_field_that_refers_to_it(shop):
    view, mouse = shop
    mouse.hold(port(view, "read", "record", is_output=True), header(view, "create"))
    assert view.viewer._gesture.refusal is None
    assert view.viewer._gesture.offer is None
    mouse.release(*header(view, "create"))
    assert only_edge(view) == edge("read", "record.id", "create", "customer_id")
    assert view.session.history.position == 1
    assert not [p for p in view.session.problems("w1") if (p.node, p.field) == ("create", "customer_id")]


def test_of_a_list_the_first_record_s_key_lands_there(shop):
    view, mouse = shop
    mouse.drag(
        port(view, "list", "records", is_output=True), port(view, "create", "customer_id", is_output=False)
    )
    assert only_edge(view) == edge("list", "records.0.id", "create", "customer_id")


def test_a_wire_drawn_backwards_from_the_field_finds_the_key(shop):
    view, mouse = shop
    mouse.drag(port(view, "create", "customer_id", is_output=False), header(view, "read"))
    assert only_edge(view) == edge("read", "id", "create", "customer_id") or only_edge(view) == edge(
        "read", "record.id", "create", "customer_id"
    )


def test_what_the_database_sets_itself_is_refused_with_the_reason(shop, qtbot):
    view, mouse = shop
    view.editing.toggle_place(["stored"], "all_ports", "Show ports", "Fold ports")
    start = port(view, "stored", "created_at", is_output=True)
    with qtbot.waitSignal(view.message) as told:
        mouse.drag(start, header(view, "create"))
    assert "created_at" in told.args[0]
    assert "automatically" in told.args[0]
    assert not shown_workflow(view).edges


def test_a_field_lands_on_the_one_that_is_called_the_same(shop):
    view, mouse = shop
    view.editing.toggle_place(["stored"], "all_ports", "Show ports", "Fold ports")
    mouse.drag(port(view, "stored", "total", is_output=True), header(view, "create"))
    assert only_edge(view) == edge("stored", "total", "create", "total")


def test_a_list_on_one_record_is_offered_first_and_put_between_as_one_step(open_canvas, menus):
    view, mouse = open_canvas(
        session_of(
            node("list", "OrderListNode"),
            node("log", "OrderUpdateNode"),
            places={"list": (0, 0), "log": (300, 0)},
        )
    )
    view.editing.toggle_place(["log"], "all_ports", "Show ports", "Fold ports")
    end = port(view, "log", "fields", is_output=False)
    mouse.hold(port(view, "list", "records", is_output=True), end)
    assert view.viewer._gesture.offer == 'list → one: add "First"?'
    view.viewer.grab()
    mouse.release(*end)
    assert [entry.text() for entry in menus[0].actions()] == ['list → one: add "First"']
    assert not shown_workflow(view).edges
    position = view.session.history.position
    menus[0].actions()[0].trigger()
    workflow = shown_workflow(view)
    (added,) = set(workflow.nodes) - {"list", "log"}
    assert set(workflow.edges) == {
        edge("list", "records", added, "records"),
        edge(added, "first", "log", "fields"),
    }
    assert (workflow.nodes[added].type, workflow.nodes[added].title) == ("Limit", "First")
    assert workflow.places["log"].x >= workflow.places[added].x + 240
    assert view.session.history.position == position + 1
    view.session.undo()
    assert set(shown_workflow(view).nodes) == {"list", "log"}


def test_a_text_on_a_number_is_offered_a_map(open_canvas, menus):
    view, mouse = open_canvas(
        session_of(
            node("create", "CustomerCreateNode"),
            node("limit", "Limit"),
            places={"create": (0, 0), "limit": (600, 0)},
        )
    )
    for node_id in ("create", "limit"):
        view.editing.toggle_place([node_id], "all_ports", "Show ports", "Fold ports")
    mouse.drag(port(view, "create", "name", is_output=True), port(view, "limit", "limit", is_output=False))
    menus[0].actions()[0].trigger()
    workflow = shown_workflow(view)
    (added,) = set(workflow.nodes) - {"create", "limit"}
    assert workflow.nodes[added].params["fields"] == {"value": "int(record)"}
    assert edge(added, "record.value", "limit", "limit") in workflow.edges


def test_what_no_node_makes_fit_is_refused_as_before(open_canvas, menus, qtbot):
    view, mouse = open_canvas(
        session_of(node("count", "OrderCountNode"), node("many", "OrderBulkCreateNode"))
    )
    with qtbot.waitSignal(view.message):
        mouse.drag(port(view, "count", "count", is_output=True), port(view, "many", "data", is_output=False))
    assert menus == []


def test_a_field_of_the_models_panel_dropped_on_a_port_is_brought_from_the_nearest_node(shop):
    view, mouse = shop
    mouse.drop(field_mime("Customer", "name"), *port(view, "create", "customer_id", is_output=False))
    assert only_edge(view).target_port == "customer_id"
    assert only_edge(view).source_port.endswith("name")
    view.session.undo()
    mouse.drop(field_mime("Customer", "id"), *header(view, "create"))
    assert only_edge(view).target_port == "customer_id"
    assert view.session.history.position == 1


def test_a_key_dropped_on_a_list_becomes_the_condition_on_the_field_that_refers_to_it(open_canvas):
    view, mouse = open_canvas(
        session_of(node("read", "CustomerReadNode", id="1"), node("list", "OrderListNode"))
    )
    view.editing.toggle_place(["list"], "all_ports", "Show ports", "Fold ports")
    for place in (header(view, "list"), port(view, "list", "filter", is_output=False)):
        mouse.drop(field_mime("Customer", "id"), *place)
        assert only_edge(view) == edge("read", "id", "list", "filter.customer_id")
        assert not view.session.problems("w1")
        view.session.undo()


def test_a_field_that_no_node_gives_or_takes_says_what_to_do(open_canvas, qtbot):
    view, mouse = open_canvas(session_of(node("create", "OrderCreateNode")))
    for field, words in (("id", "No node here gives a Customer"), ("city", "has no field for Customer.city")):
        with qtbot.waitSignal(view.message) as told:
            mouse.drop(field_mime("Customer", field), *header(view, "create"))
        assert words in told.args[0]
    with qtbot.waitSignal(view.message) as told:
        mouse.drop(field_mime("Order", "created_at"), *header(view, "create"))
    assert "automatically" in told.args[0]
    assert not shown_workflow(view).edges


def test_escape_while_it_is_offered_leaves_everything_as_it_was(shop, menus):
    view, mouse = shop
    mouse.hold(port(view, "list", "records", is_output=True), header(view, "create"))
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(*header(view, "create"))
    assert not shown_workflow(view).edges
    assert menus == []
