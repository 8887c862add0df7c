"""The inspector's tab Map: values from before a node beside its fields, mapped by mouse, by keys and by themselves."""

import datetime as dt

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QToolTip

from studio.kernel.ids import NodeId, WorkflowId
from studio.panels import InspectorPanel
from studio.panels.map_trees import BELOW
from studio.project.graph_changes import AddNodes
from studio.qt.mime import field_mime
from studio.workflow.graph import Edge, Node, frozen
from tests.gui.panels.support import make_handle, order_row

CUSTOMER = {"id": 3, "email": "ada@example.org", "name": "Ada", "vip": True, "born": dt.date(1815, 12, 10)}


def node(node_id, kind, **params):
    return Node(id=NodeId(node_id), type=kind, title=node_id, params=frozen(params))


def edge(source, source_port, target, target_port):
    return Edge(
        source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
    )


@pytest.fixture
def run():
    """A run in which the orders were listed and a customer was read."""
    handle = make_handle({"list_orders": [order_row(number) for number in range(1, 4)]})
    listed = make_handle({"list_orders": [order_row(number) for number in range(1, 4)]}).value

    def take(node_id, port):
        if node_id == "read":
            return CUSTOMER if port in (None, "record") else CUSTOMER[port]
        return listed(node_id, port)

    handle.delivered(take)
    handle.put(NodeId("read"), state="succeeded", rows=1)
    return handle


@pytest.fixture
def panel(theme, session, show, run):
    session.edit(
        AddNodes(
            workflow=WorkflowId("w1"),
            nodes=(
                node("read", "CustomerReadNode", id=3),
                node("order", "OrderCreateNode"),
                node("bulk", "OrderBulkCreateNode"),
                node("log", "Log"),
            ),
            edges=(edge("read", "done", "order", "after"),),
        )
    )
    panel = InspectorPanel(theme)
    panel.set_session(session)
    panel.set_run(run)
    return show(panel, 380, 760)


def open_map(panel, node_id):
    panel.show_nodes("w1", [node_id])
    panel.show_map()
    QApplication.processEvents()
    return panel.map


def edges(session):
    return set(session.project.workflows["w1"].edges)


def held(page, name):
    """What is said of a field below its name."""
    (row,) = [row for row, target in enumerate(page.fields.targets) if target.name == name]
    return page.fields.fields.item(row).data(BELOW)


def drag(page, mime, name):
    """Drags over a field and lets go where that is allowed; whether it was."""
    tree = page.fields
    assert tree.select(name)
    at = tree.visualRect(tree.currentIndex()).center()
    button, none, copy = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.DropAction.CopyAction
    QApplication.sendEvent(tree.viewport(), QDragEnterEvent(at, copy, mime, button, none))
    moved = QDragMoveEvent(at, copy, mime, button, none)
    QApplication.sendEvent(tree.viewport(), moved)
    if moved.isAccepted():
        dropped = QDropEvent(QPointF(at), copy, mime, button, none, QEvent.Type.Drop)
        QApplication.sendEvent(tree.viewport(), dropped)
    return moved.isAccepted()


def carried(page, node_id, port):
    assert page.sources.select(node_id, port)
    return page.sources.sources.mimeData([page.sources.currentIndex()])


def test_a_value_is_dragged_to_a_field_and_shown_with_its_sample_there(panel, session):
    page = open_map(panel, "order")
    (email,) = [index for index in page.sources.indexes() if index.data() == "email"]
    assert "ada@example.org" in email.data(BELOW)
    assert "ada@example.org" in email.data(Qt.ItemDataRole.AccessibleTextRole)
    assert held(page, "total") == "must be given"
    assert held(page, "status") == "default: pending"
    before, position = edges(session), session.history.position
    assert drag(page, carried(page, "read", "email"), "note")
    assert edges(session) - before == {edge("read", "email", "order", "note")}
    assert held(page, "note") == "← read › email"
    session.undo()
    assert (edges(session), session.history.position) == (before, position)
    assert held(page, "note") == "not set"


def test_what_does_not_fit_is_refused_in_the_words_of_a_wire_and_a_converter_is_offered(
    panel, session, menus, qtbot
):
    page = open_map(panel, "order")
    before = edges(session)
    assert not drag(page, carried(page, "read", "vip"), "created_at")
    assert QToolTip.text() == '"created_at" of Order is set automatically; it cannot be given.'
    QToolTip.hideText()
    assert drag(page, carried(page, "read", "born"), "note")
    assert [action.text() for action in menus[0].actions()] == ['date → text: add "To text"']
    assert "Cannot connect" in page.note.text()
    with qtbot.waitSignal(panel.betweenRequested) as asked:
        menus[0].actions()[0].trigger()
    assert asked.args[0] == edge("read", "born", "order", "note")
    assert (asked.args[1].type, dict(asked.args[1].params)) == ("Map", {"fields": {"value": "str(record)"}})
    assert edges(session) == before


def test_by_keys_a_value_is_chosen_mapped_and_unmapped_again(panel, session, qtbot, menus):
    page = open_map(panel, "order")
    before = edges(session)
    assert page.sources.select("read", "id")
    page.sources.setFocus()
    qtbot.keyClick(page.sources, Qt.Key.Key_Return)
    assert page.fields.hasFocus()
    page.fields.select("customer_id")
    qtbot.keyClick(page.fields, Qt.Key.Key_Return)
    assert edges(session) - before == {edge("read", "id", "order", "customer_id")}
    qtbot.keyClick(page.fields, Qt.Key.Key_Delete)
    assert edges(session) == before
    page.sources.clearSelection()
    qtbot.keyClick(page.fields, Qt.Key.Key_Return)
    texts = [action.text() for action in menus[0].actions()]
    assert "read › id" in texts
    assert "read › email" not in texts
    next(action for action in menus[0].actions() if action.text() == "read › id").trigger()
    assert edges(session) - before == {edge("read", "id", "order", "customer_id")}


def test_auto_map_pairs_names_and_foreign_keys_as_one_step_and_never_over_what_is_set(panel, session):
    session.connect("w1", edge("list_orders", "first.total", "order", "total"))
    session.set_params("w1", "order", {"status": "paid"})
    page = open_map(panel, "order")
    before, position = edges(session), session.history.position
    page.auto_button.click()
    added = edges(session) - before
    assert added == {
        edge("list_orders", "records.0.customer_id", "order", "customer_id"),
        edge("list_orders", "records.0.note", "order", "note"),
        edge("list_orders", "records.0.paid_at", "order", "paid_at"),
    }
    assert session.history.position == position + 1
    assert "Mapped customer_id ← List orders › customer_id" in page.note.text()
    assert "Set before and kept: total, status." in page.note.text()
    assert "called" not in page.note.text()
    session.undo()
    assert edges(session) == before
    session.disconnect("w1", [edge("list_orders", "first.total", "order", "total")])
    page.auto_button.click()
    assert edge("read", "id", "order", "customer_id") in edges(session)


def test_what_an_update_is_given_within_fields_is_shown_and_mapped_and_cleared_there(panel, session, qtbot):
    page = open_map(panel, "update_order")
    assert held(page, "status") == "= shipped"
    assert page.fields.select("status")
    page.fields.setFocus()
    qtbot.keyClick(page.fields, Qt.Key.Key_Delete)
    assert "fields" not in session.project.workflows["w1"].nodes["update_order"].params
    session.undo()
    assert drag(page, carried(page, "list_orders", "records.0.status"), "status")
    assert edge("list_orders", "records.0.status", "update_order", "fields.status") in edges(session)
    assert drag(page, carried(page, "list_orders", "records.0.note"), "note")
    assert edge("list_orders", "records.0.note", "update_order", "note") in edges(session)
    assert not [p for p in session.problems("w1") if p.node == "update_order"]


def test_fields_of_rows_reach_a_bulk_node_through_a_map_that_is_filled_further(panel, session, qtbot):
    page = open_map(panel, "bulk")
    with qtbot.waitSignal(panel.betweenRequested) as asked:
        drag(page, carried(page, "list_orders", "records.0.total"), "total")
    assert asked.args[0] == edge("list_orders", "records", "bulk", "data")
    assert asked.args[1].params["fields"] == {"total": "record.total"}
    session.connect("w1", edge("map", "records", "bulk", "data"))
    assert held(page, "Rows") == "← Add tax › records"
    assert drag(page, carried(page, "list_orders", "records.0.customer_id"), "customer_id")
    made = session.project.workflows["w1"].nodes["map"].params["fields"]
    assert made == {"gross": "record.total * 1.2", "customer_id": "record.customer_id"}
    assert held(page, "customer_id") == "rows › record.customer_id"
    qtbot.keyClick(page.fields, Qt.Key.Key_Delete)
    assert set(session.project.workflows["w1"].nodes["map"].params["fields"]) == {"gross"}
    assert drag(page, carried(page, "read", "email"), "note")
    assert edge("read", "email", "bulk", "note") in edges(session)
    assert not drag(page, carried(page, "read", "id"), "id")


def test_a_field_of_the_panel_models_lands_on_a_field_from_the_node_that_gives_it(panel, session):
    page = open_map(panel, "order")
    assert drag(page, field_mime("Customer", "id"), "customer_id")
    assert edge("read", "id", "order", "customer_id") in edges(session)
    assert drag(page, field_mime("OrderItem", "quantity"), "total")
    assert "No node here gives a OrderItem" in page.note.text()


def test_the_tab_comes_and_goes_with_the_fields_of_a_node_and_says_what_to_do_when_nothing_is_before(
    panel, session
):
    open_map(panel, "order")
    panel.show_nodes("w1", ["log"])
    assert not panel.tabs.isTabVisible(panel.tabs.indexOf(panel.map))
    panel.show_nodes("w1", ["bulk"])
    assert panel.tabs.currentWidget() is panel.map
    session.remove("w1", [key for key in session.project.workflows["w1"].nodes if key != "order"])
    page = open_map(panel, "order")
    assert page.empty.isVisible()


def test_it_stands_in_one_column_where_the_inspector_is_narrow(panel):
    page = open_map(panel, "order")
    assert page.splitter.orientation() == Qt.Orientation.Horizontal
    panel.resize(260, 760)
    QApplication.processEvents()
    assert page.splitter.orientation() == Qt.Orientation.Vertical
    assert page.auto_button.geometry().right() < page.width()
    assert page.fields.mapTo(panel, QPoint(0, 0)).y() > page.sources.mapTo(panel, QPoint(0, 0)).y()
