"""The inspector's sides in the window: what they ask for happens on the canvas, what a run gave is seen in them."""

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from studio.kernel.ids import NodeId, WorkflowId
from studio.panels.models_tree import KIND
from studio.qt.mime import field_mime
from tests.gui.canvas.support import edge, header


def shown(window, node_id):
    """The inspector on a node of the canvas."""
    window.navigation.show_node(node_id)
    window.navigation.follow_selection()
    return window.panels.inspector


def test_rows_that_need_a_map_get_one_on_the_canvas_and_the_mapping_goes_on(window, session, drive):
    bulk = session.add_node(WorkflowId("w1"), "OrderBulkCreateNode", x=640, y=0)
    inspector = shown(window, bulk)
    inspector.show_map()
    position = session.history.position
    drive.click(inspector.map.auto_button)
    workflow = session.project.workflow(WorkflowId("w1"))
    (made,) = [node for node in workflow.nodes.values() if node.type == "Map"]
    assert made.params["fields"] == {"total": "record.total"}
    assert {(edge.source, edge.target) for edge in workflow.edges} == {
        ("list_orders", made.id),
        (made.id, bulk),
    }
    assert session.history.position == position + 1
    assert inspector.nodes[0].id == bulk
    assert "total ← List orders › total" in inspector.map.note.text()
    assert not [found for found in session.problems(WorkflowId("w1")) if found.node in (bulk, made.id)]
    session.undo()
    assert NodeId(made.id) not in session.project.workflow(WorkflowId("w1")).nodes


def test_what_a_node_got_and_gave_is_seen_beside_it_and_told_when_it_holds_no_more(window, session, drive):
    created = session.add_node(WorkflowId("w1"), "OrderCreateNode", x=0, y=200, params={"total": "7.50"})
    limit = session.add_node(WorkflowId("w1"), "Limit", x=320, y=200, connect=(created, "record"))
    inspector = shown(window, created)
    inspector.show_data()
    data = inspector.data
    drive.until(lambda: data.view is not None and data.view.empty.isVisible())
    drive.click(data.view.empty.link("run_to"))
    drive.until(data.view.value.isVisible)
    assert data.view.value.tree.topLevelItem(1).text(1) == "7.50"
    assert "run of" in data.state.text()
    assert not data.stale.isVisible()
    drive.click(next(button for button in data._sides.buttons() if button.property("side") == "got"))
    assert data.empty.isVisible()
    session.set_params(WorkflowId("w1"), created, {"total": "8.00"})
    data.show_side("gave")
    drive.until(data.stale.isVisible)
    inspector = shown(window, limit)
    data.show_side("got")
    drive.until(data.view.value.isVisible)
    assert (
        data.choice.currentText()
        == f"{session.project.workflow('w1').nodes[created].title} › record → records"
    )
    assert data.stale.isVisible()
    data.show_side("gave")
    drive.until(data.view.empty.isVisible)
    drive.click(data.results_button)
    assert window.panels.results.current.node_id == limit


def test_a_field_without_a_value_begins_a_condition_or_leads_to_its_editor(window, session, drive):
    customer = session.add_node(WorkflowId("w1"), "CustomerCreateNode", x=0, y=300)
    order = session.add_node(WorkflowId("w1"), "OrderCreateNode", x=640, y=300)
    inspector, canvas = window.panels.inspector, drive.canvas
    drive.activate()
    canvas.fit()
    drive.mouse.drop(field_mime("Order", "total"), *header(canvas, "list_orders"))
    form = inspector.form.rows["filter"].editor.inner
    assert [row.field.currentText() for row in form.rows] == ["total"]
    drive.until(form.rows[0].value_line().hasFocus)
    assert "filter" not in session.project.workflow(WorkflowId("w1")).nodes["list_orders"].params
    drive.bot.keyClicks(form.rows[0].value_line(), "12.5")
    assert session.project.workflow(WorkflowId("w1")).nodes["list_orders"].params["filter"] == {
        "total": Decimal("12.5")
    }
    canvas.select([customer])
    window.panels.models.fieldRequested.emit("Customer", "name")
    assert inspector.nodes[0].id == customer
    drive.until(lambda: inspector.form.rows["name"].isAncestorOf(QApplication.focusWidget()))
    # Where another node gives it, it comes by an edge.
    canvas.select([order])
    window.panels.models.fieldRequested.emit("Order", "total")
    workflow = session.project.workflow(WorkflowId("w1"))
    assert workflow.edges == (edge("list_orders", "records.0.total", order, "total"),)


def test_a_model_is_offered_in_the_middle_of_the_canvas_by_its_menu(window, session, drive):
    panel = window.panels.models
    drive.activate()
    index = next(
        index
        for index in panel.tree_model.match(
            panel.tree_model.index(0, 0), KIND, "model", -1, Qt.MatchFlag.MatchRecursive
        )
        if index.data() == "Order"
    )
    menu = panel.menu_for(index)
    next(action for action in menu.actions() if action.text() == "Add &node…").trigger()
    menu.deleteLater()
    radial = drive.canvas.adding.radial
    drive.until(radial.isVisible)
    before = set(session.project.workflow(WorkflowId("w1")).nodes)
    drive.bot.keyClick(radial.petals[0], Qt.Key.Key_2)
    (added,) = set(session.project.workflow(WorkflowId("w1")).nodes) - before
    assert session.project.workflow(WorkflowId("w1")).nodes[added].type == "OrderCreateNode"
    assert drive.canvas.selection() == [added]
