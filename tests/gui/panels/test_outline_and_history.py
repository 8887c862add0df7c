"""The outline and the history: the workflow and its edits as lists, by real keys, and as a screen reader is told of them."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QLineEdit

from studio.kernel.ids import NodeId, WorkflowId
from studio.panels import HistoryPanel, OutlinePanel
from studio.panels.outline_model import KIND, ROWS, STATE, TITLE
from studio.project.graph_changes import AddNodes
from studio.workflow.graph import Edge, Node, Place, frozen
from tests.gui.panels.support import make_handle, order_row

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def outline(theme, session, show, qtbot):
    panel = OutlinePanel(theme)
    panel.set_session(session)
    panel.set_workflow("w1")
    show(panel, 820, 560)
    panel.setFocus()
    qtbot.waitUntil(panel.tree.hasFocus)
    return panel


def texts(panel, column=TITLE):
    model = panel.model
    return [model.index(row, column).data() for row in range(model.rowCount())]


def below(panel, node_id, column=TITLE):
    model, parent = panel.model, panel.model.index_of(node_id)
    return [model.index(row, column, parent).data() for row in range(model.rowCount(parent))]


def choose(panel, qtbot, *words):
    """Types what is looked for, and Enter; once for each question that is asked."""
    for word in words:
        popup = panel.deeds.asker.popup
        assert popup is not None
        qtbot.waitUntil(popup.line.hasFocus)
        qtbot.keyClicks(popup.line, word)
        qtbot.keyClick(popup.line, Qt.Key.Key_Return)


def graph(session):
    return session.project.workflow("w1")


# ---------------------------------------------------------------- what it shows


def test_nodes_stand_in_the_order_they_run_in_whatever_order_they_were_made_in(outline, session, qtbot):
    assert texts(outline) == ["List orders", "Mark shipped", "Report", "Add tax", "Create order"]
    edge = Edge(source=NodeId("sql"), source_port="done", target=NodeId("list_orders"), target_port="after")
    session.connect("w1", edge)
    qtbot.waitUntil(lambda: texts(outline)[:2] == ["Mark shipped", "Report"])
    session.undo()
    qtbot.waitUntil(lambda: texts(outline)[0] == "List orders")


def test_a_node_unfolds_to_its_params_with_their_values_and_the_edges_that_end_at_it(outline, qtbot):
    outline.tree.setCurrentIndex(outline.model.index_of("create_order"))
    qtbot.keyClick(outline.tree, Qt.Key.Key_Right)
    assert outline.tree.isExpanded(outline.model.index_of("create_order"))
    rows = dict(zip(below(outline, "create_order"), below(outline, "create_order", KIND), strict=True))
    assert rows["Customer id"] == "7"
    assert rows["total"] == "List orders › first.total"
    assert "Retries" not in rows


def test_an_edit_elsewhere_alters_its_rows_and_leaves_the_rest_unfolded_and_current(outline, session, qtbot):
    index = outline.model.index_of("create_order")
    outline.tree.expand(index)
    outline.tree.setCurrentIndex(outline.model.index(0, TITLE, index))
    session.set_params("w1", "create_order", {"customer_id": 8})
    qtbot.waitUntil(lambda: "8" in below(outline, "create_order", KIND))
    session.add_node("w1", "If", x=0, y=0)
    qtbot.waitUntil(lambda: len(texts(outline)) == 6)
    assert outline.tree.isExpanded(outline.model.index_of("create_order"))
    assert outline.current == "create_order"
    assert outline.model.part_at(outline.tree.currentIndex()) is not None


def test_states_and_rows_follow_the_run_that_is_shown(outline, session, qtbot):
    outline.set_run(make_handle({"list_orders": [order_row(1), order_row(2)]}))
    index = outline.model.index_of("list_orders")
    assert index.siblingAtColumn(STATE).data().startswith("✓ succeeded")
    assert index.siblingAtColumn(ROWS).data() == "2"
    outline.set_workflow("w2")
    outline.set_workflow("w1")
    qtbot.waitUntil(lambda: outline.model.index_of("list_orders").siblingAtColumn(ROWS).data() == "2")
    outline.set_run(None)
    assert index.siblingAtColumn(ROWS).data() == ""


def test_what_is_wrong_with_a_node_stands_in_its_row(outline, session, qtbot):
    session.set_params("w1", "list_orders", {"limit": "ten"})
    qtbot.waitUntil(lambda: "1 error" in outline.model.index_of("list_orders").siblingAtColumn(STATE).data())


def test_a_screen_reader_is_told_names_values_and_states(outline):
    outline.set_run(make_handle({"list_orders": [order_row(1)]}))
    outline.tree.expand(outline.model.index_of("create_order"))
    tree = QAccessible.queryAccessibleInterface(outline.tree)
    assert tree.text(QAccessible.Text.Name) == "Outline of the workflow"
    assert tree.role() == QAccessible.Role.Tree
    cells = [tree.child(number) for number in range(tree.childCount())]
    names = [cell.text(QAccessible.Text.Name) for cell in cells]
    assert any(name.startswith("List orders, ") and name.endswith("1 rows") for name in names)
    assert "Customer id: 7" in names
    assert "total from List orders › first.total" in names
    assert all(button.accessibleName() for button in outline.buttons.values())


# ---------------------------------------------------------------- editing by keys


def test_n_asks_for_a_kind_and_adds_it_beside_the_current_node(outline, session, qtbot):
    outline.tree.setCurrentIndex(outline.model.index_of("sql"))
    qtbot.keyClick(outline.tree, Qt.Key.Key_N)
    choose(outline, qtbot, "order count")
    added = next(node for node in graph(session).nodes.values() if node.type == "OrderCountNode")
    assert outline.current == added.id
    assert graph(session).places[added.id].x > graph(session).places[NodeId("sql")].x
    assert outline.tree.hasFocus()
    session.undo()
    assert added.id not in graph(session).nodes


def test_ctrl_l_asks_for_an_input_and_then_for_an_output_that_fits(outline, session, qtbot):
    outline.tree.setCurrentIndex(outline.model.index_of("update_order"))
    qtbot.keyClick(outline.tree, Qt.Key.Key_L, CONTROL)
    choose(outline, qtbot, "after")
    popup = outline.deeds.asker.popup
    qtbot.waitUntil(popup.line.hasFocus)
    assert {goal.title for goal in popup.shown} == {
        f"{name} › done" for name in ("List orders", "Add tax", "Create order", "Report")
    }
    choose(outline, qtbot, "report")
    edge = Edge(source=NodeId("sql"), source_port="done", target=NodeId("update_order"), target_port="after")
    assert edge in graph(session).edges
    assert outline.tree.isExpanded(outline.model.index_of("update_order"))


def test_a_param_that_is_current_is_the_input_to_connect_and_a_loop_is_not_offered(outline, session, qtbot):
    index = outline.model.index_of("list_orders")
    outline.tree.expand(index)
    row = below(outline, "list_orders").index("Limit")
    outline.tree.setCurrentIndex(outline.model.index(row, TITLE, index))
    qtbot.keyClick(outline.tree, Qt.Key.Key_L, CONTROL)
    popup = outline.deeds.asker.popup
    qtbot.waitUntil(popup.line.hasFocus)
    offered = {goal.title.partition(" › ")[0] for goal in popup.shown}
    assert offered
    # Both come after it already.
    assert not offered & {"Add tax", "Create order", "List orders"}
    qtbot.keyClick(popup.line, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    assert outline.tree.hasFocus()


def test_f2_renames_in_place_and_escape_leaves_the_name(outline, session, qtbot):
    outline.tree.setCurrentIndex(outline.model.index_of("map"))
    for typed, key, expected in (("Gross", Qt.Key.Key_Return, "Gross"), ("Net", Qt.Key.Key_Escape, "Gross")):
        qtbot.keyClick(outline.tree, Qt.Key.Key_F2)
        editor = outline.tree.findChild(QLineEdit)
        assert editor is not None
        editor.selectAll()
        qtbot.keyClicks(editor, typed)
        qtbot.keyClick(editor, key)
        qtbot.waitUntil(lambda: outline.tree.findChild(QLineEdit) is None)
        assert graph(session).nodes[NodeId("map")].title == expected


def test_del_takes_what_is_current_a_value_an_edge_or_a_node(outline, session, qtbot):
    index = outline.model.index_of("create_order")
    outline.tree.expand(index)
    outline.tree.setCurrentIndex(
        outline.model.index(below(outline, "create_order").index("Customer id"), TITLE, index)
    )
    qtbot.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert "customer_id" not in graph(session).nodes[NodeId("create_order")].params
    qtbot.waitUntil(lambda: "required, not set" in below(outline, "create_order", KIND))
    outline.tree.setCurrentIndex(
        outline.model.index(below(outline, "create_order").index("total"), TITLE, index)
    )
    qtbot.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert len(graph(session).edges) == 1
    qtbot.waitUntil(lambda: "total" not in below(outline, "create_order"))
    outline.tree.setCurrentIndex(outline.model.index_of("create_order"))
    qtbot.keyClick(outline.tree, Qt.Key.Key_Delete)
    assert "create_order" not in graph(session).nodes
    assert outline.current is not None
    for _ in range(3):
        session.undo()
    assert "create_order" in graph(session).nodes


def test_enter_leads_to_the_editor_and_from_an_edge_to_where_it_comes_from(outline, qtbot):
    asked: list[tuple[str, str]] = []
    outline.fieldRequested.connect(lambda *what: asked.append(what))
    index = outline.model.index_of("create_order")
    outline.tree.expand(index)
    outline.tree.setCurrentIndex(index)
    qtbot.keyClick(outline.tree, Qt.Key.Key_Return)
    outline.tree.setCurrentIndex(outline.model.index(0, TITLE, index))
    qtbot.keyClick(outline.tree, Qt.Key.Key_Return)
    assert asked == [("create_order", ""), ("create_order", "customer_id")]
    row = below(outline, "create_order").index("total")
    outline.tree.setCurrentIndex(outline.model.index(row, TITLE, index))
    qtbot.keyClick(outline.tree, Qt.Key.Key_Return)
    assert outline.current == "list_orders"


def test_d_switches_a_node_off_and_o_asks_for_its_rows(outline, session, qtbot):
    outline.tree.setCurrentIndex(outline.model.index_of("map"))
    qtbot.keyClick(outline.tree, Qt.Key.Key_D)
    assert graph(session).nodes[NodeId("map")].disabled
    with qtbot.waitSignal(outline.outputRequested) as asked:
        qtbot.keyClick(outline.tree, Qt.Key.Key_O)
    assert asked.args == ["map"]


def test_the_selection_goes_both_ways_and_never_round(outline, qtbot):
    told: list[str] = []
    outline.nodeSelected.connect(told.append)
    outline.show_selection(["sql"])
    assert outline.current == "sql"
    assert told == []
    qtbot.keyClick(outline.tree, Qt.Key.Key_Down)
    assert told == [outline.current]


def test_an_empty_workflow_says_how_to_begin_and_hears_the_key(outline, session, qtbot):
    outline.set_workflow("w2")
    qtbot.waitUntil(outline.empty.isVisible)
    outline.setFocus()
    qtbot.waitUntil(outline.hasFocus)
    qtbot.keyClick(outline, Qt.Key.Key_N)
    choose(outline, qtbot, "order list")
    assert [node.type for node in session.project.workflow("w2").nodes.values()] == ["OrderListNode"]


def test_a_hidden_outline_does_no_work_until_it_is_looked_at(theme, session, show, qtbot):
    panel = OutlinePanel(theme)
    panel.set_session(session)
    panel.set_workflow("w1")
    session.add_node("w1", "If", x=0, y=0)
    QApplication.processEvents()
    assert panel.model.rowCount() == 0
    show(panel)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 6)


def test_ten_thousand_nodes_make_rows_only_below_those_that_are_unfolded(theme, session, show, qtbot):
    nodes = [Node(id=NodeId(f"n{number}"), type="If", title=f"Node {number}") for number in range(10_000)]
    places = frozen({node.id: Place() for node in nodes})
    session.edit(AddNodes(workflow=WorkflowId("w2"), nodes=tuple(nodes), places=places))
    panel = OutlinePanel(theme)
    panel.set_session(session)
    panel.set_workflow("w2")
    show(panel)
    qtbot.waitUntil(lambda: panel.model.rowCount() == 10_000)
    panel.tree.expand(panel.model.index_of("n5"))
    qtbot.waitUntil(lambda: list(panel.model._parts) == ["n5"])


# ---------------------------------------------------------------- history


@pytest.fixture
def history(theme, session, show):
    panel = HistoryPanel(theme)
    panel.set_session(session)
    return show(panel, 300, 400)


def steps(panel):
    model = panel.model
    return [(model.label(row), model.mark(row)) for row in range(model.rowCount())]


def test_every_step_is_listed_with_what_is_now_and_what_is_saved(history, session, qtbot):
    assert history.empty.isVisible()
    session.add_workflow("Third")
    session.history.mark_clean()
    session.set_params("w1", "list_orders", {"limit": 5})
    with session.group("Two at once"):
        session.set_params("w1", "list_orders", {"limit": 6})
        session.set_params("w1", "list_orders", {"offset": 1})
    qtbot.waitUntil(lambda: len(steps(history)) == 4)
    marks = [mark for _, mark in steps(history)]
    assert marks == ["", "saved", "", "now"]
    assert [label for label, _ in steps(history)[1:]] == [
        "Add workflow Third",
        "Set limit of List orders",
        "Two at once in List orders",
    ]
    session.undo()
    qtbot.waitUntil(lambda: [mark for _, mark in steps(history)] == ["", "saved", "now", ""])


def test_a_click_and_enter_go_back_and_forth_and_a_new_edit_ends_what_was_undone(history, session, qtbot):
    for limit in (1, 2, 3):
        session.history.seal()
        session.set_params("w1", "list_orders", {"limit": limit})
    qtbot.waitUntil(lambda: history.model.rowCount() == 4)

    def limit_now():
        return graph(session).nodes[NodeId("list_orders")].params.get("limit")

    def click(row):
        place = history.list.visualRect(history.model.index(row)).center()
        qtbot.mouseClick(history.list.viewport(), Qt.MouseButton.LeftButton, pos=place)

    click(1)
    assert limit_now() == 1
    click(0)
    assert limit_now() is None
    history.list.setFocus()
    qtbot.keyClick(history.list, Qt.Key.Key_End)
    qtbot.keyClick(history.list, Qt.Key.Key_Return)
    assert limit_now() == 3
    click(1)
    session.set_params("w1", "list_orders", {"limit": 9})
    qtbot.waitUntil(lambda: history.model.rowCount() == 3)
    assert limit_now() == 9


def test_a_state_can_be_compared_with_the_present(history, session, qtbot):
    session.add_workflow("Third")
    qtbot.waitUntil(lambda: history.model.rowCount() == 2)
    menu = history.menu(0)
    with qtbot.waitSignal(history.compareRequested) as asked:
        menu.actions()[1].trigger()
    assert asked.args == [0]
    assert not history.menu(1).actions()[1].isEnabled()
    menu.deleteLater()


def test_undone_steps_are_called_so(history, session, qtbot):
    session.add_workflow("Third")
    session.undo()
    qtbot.waitUntil(lambda: history.model.rowCount() == 2)
    spoken = history.model.index(1).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken.endswith("undone")
    assert history.list.accessibleName() == "History of edits"
