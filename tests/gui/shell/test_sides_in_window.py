"""The inspector's sides in the window: what they ask for happens on the canvas, what a run gave is seen in them."""

from studio.kernel.ids import NodeId, WorkflowId


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
