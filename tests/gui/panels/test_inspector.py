"""The inspector: a node's params as a form, written through the session and following it."""

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QMenu, QPushButton, QWidget

from studio.kernel.ids import NodeId, WorkflowId
from studio.models.spec import MISSING
from studio.panels import InspectorPanel
from studio.panels.editors.base import EditorContext
from studio.panels.editors.binary import BytesEditor
from studio.panels.editors.factory import make_editor
from studio.panels.editors.figures import AggregateEditor
from studio.panels.editors.mappings import MappingEditor
from studio.panels.editors.names import FieldNamesEditor, OrderEditor
from studio.panels.editors.simple import LineEditor
from studio.panels.editors.table import TableEditor
from studio.panels.editors.texts import JsonEditor
from studio.panels.sql_layout import laid_out
from studio.project.project_changes import PutWorkflow
from studio.workflow.graph import Edge, Workflow, WorkflowInput
from studio.workflow.spec import ParamSpec
from studio.workflow.types import PortType
from tests.gui.panels.support import shop_models


@pytest.fixture
def panel(theme, session, show):
    panel = InspectorPanel(theme)
    panel.set_session(session)
    return show(panel, 380, 700)


def params(session, node="create_order"):
    return dict(session.project.workflows["w1"].nodes[node].params)


def choose(panel, workflow_id, node_ids):
    """Shows the nodes and lets the form take its place."""
    panel.show_nodes(workflow_id, node_ids)
    QApplication.processEvents()


def row(panel, name):
    return panel.form.rows[name]


def menu_action(row, text):
    menu = QMenu()
    row.fill_menu(menu)
    next(action for action in menu.actions() if text in action.text()).trigger()
    menu.deleteLater()


def test_a_param_that_stands_for_a_field_leads_to_its_usage(panel, qtbot):
    choose(panel, "w1", ["create_order"])
    with qtbot.waitSignal(panel.usageRequested) as asked:
        menu_action(row(panel, "total"), "usage")
    assert asked.args == ["Order.total"]


def test_required_params_come_first_and_managed_fields_are_not_there(panel, qtbot):
    choose(panel, "w1", ["create_order"])
    assert list(panel.form.rows)[:2] == ["customer_id", "total"]
    assert not {"created_at", "updated_at"} & set(panel.form.rows)
    assert "timeout_s" not in panel.form.rows
    qtbot.mouseClick(panel.form.advanced_button, Qt.MouseButton.LeftButton)
    assert row(panel, "timeout_s").param.advanced
    assert row(panel, "timeout_s").isVisible()
    qtbot.mouseClick(panel.form.advanced_button, Qt.MouseButton.LeftButton)
    assert not row(panel, "timeout_s").isVisible()


def test_params_that_are_folded_away_are_counted_and_shown_with_their_values(panel, session, qtbot):
    session.set_params("w1", "create_order", {"timeout_s": 2.5})
    choose(panel, "w1", ["create_order"])
    assert panel.form.advanced_button.text() == "Advanced · 1 set"
    qtbot.mouseClick(panel.form.advanced_button, Qt.MouseButton.LeftButton)
    assert row(panel, "timeout_s").editor.line.text() == "2.5"


def test_conditions_under_one_another_line_up_whatever_their_texts(panel):
    choose(panel, "w1", ["list_orders"])
    first, second = row(panel, "filter").editor.inner.rows
    assert first.field.currentText() != second.field.currentText()
    assert first.operator.x() == second.operator.x()
    assert first.operator.width() == second.operator.width()


def test_tab_goes_through_a_form_as_it_is_laid_out_whenever_its_parts_were_made(panel, session, qtbot):
    choose(panel, "w1", ["list_orders"])
    qtbot.mouseClick(panel.form.advanced_button, Qt.MouseButton.LeftButton)
    conditions = row(panel, "filter").editor.inner
    qtbot.mouseClick(conditions.add_button, Qt.MouseButton.LeftButton)
    last = conditions.rows[-1]
    last.operator.setCurrentIndex(last.operator.findData("$gt"))
    last.operator.activated.emit(last.operator.currentIndex())
    last.field.setFocus()
    walked = []
    for _ in range(4):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        walked.append(QApplication.focusWidget())
    assert walked[:2] == [last.operator, last.value_line()], "the value was made anew"
    assert walked[3] is conditions.add_button
    for widget in reversed((last.field, *walked[:3])):
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
        assert QApplication.focusWidget() is widget
    code = row(panel, "include").editor
    code.switch.click()
    for leave in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
        code.raw.text.setFocus()
        qtbot.keyClick(code.raw.text, leave)
        assert not code.raw.text.hasFocus()


def test_statements_are_laid_out_a_clause_a_line_and_texts_in_quotes_stay():
    laid = laid_out(
        "SELECT a, (SELECT 1 FROM b WHERE c) FROM t WHERE a BETWEEN ? AND ? AND d = 'x FROM y'\n LIMIT ? OFFSET ?"
    )
    assert laid.splitlines() == [
        "SELECT a, (SELECT 1 FROM b WHERE c)",
        "FROM t",
        "WHERE a BETWEEN ? AND ?",
        "  AND d = 'x FROM y'",
        "LIMIT ? OFFSET ?",
    ]


def test_typing_writes_typed_values_and_merges_into_one_undo_step(panel, session, qtbot):
    choose(panel, "w1", ["create_order"])
    before = session.history.position
    line = row(panel, "customer_id").editor.line
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "4711")
    assert params(session)["customer_id"] == 4711
    assert session.history.position == before + 1
    session.undo()
    assert params(session)["customer_id"] == 7
    assert line.text() == "7"


def test_leaving_a_field_ends_the_step(panel, session, qtbot):
    choose(panel, "w1", ["create_order"])
    before = session.history.position
    line = row(panel, "customer_id").editor.line
    line.setFocus()
    qtbot.keyClicks(line, "1")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.keyClicks(line, "2")
    assert session.history.position == before + 2


def test_a_text_where_a_number_belongs_is_refused_under_the_field_and_kept_in_sight(panel, session, qtbot):
    choose(panel, "w1", ["create_order"])
    shown = row(panel, "customer_id")
    shown.editor.line.selectAll()
    qtbot.keyClicks(shown.editor.line, "abc")
    assert shown.error.isVisible()
    assert "whole number" in shown.error.text()
    assert shown.editor.line.property("invalid") == "true"
    assert params(session)["customer_id"] == "abc"
    assert any(problem.field == "customer_id" for problem in session.problems("w1"))
    shown.editor.line.selectAll()
    qtbot.keyClicks(shown.editor.line, "8")
    qtbot.waitUntil(lambda: not shown.error.isVisible())


def test_an_edit_elsewhere_refreshes_the_form_without_moving_the_caret(panel, session, qtbot):
    choose(panel, "w1", ["create_order"])
    note = row(panel, "note").editor.text
    note.setFocus()
    qtbot.keyClicks(note, "leave it")
    cursor = note.textCursor()
    cursor.setPosition(3)
    note.setTextCursor(cursor)
    session.history.seal()
    session.set_params("w1", "create_order", {"customer_id": 99})
    assert row(panel, "customer_id").editor.line.text() == "99"
    assert note.textCursor().position() == 3
    qtbot.keyClicks(note, "X")
    assert params(session)["note"] == "leaXve it"


def test_an_emptied_field_is_unset_and_its_default_shows_faintly(panel, session, qtbot):
    choose(panel, "w1", ["list_orders"])
    line = row(panel, "limit").editor.line
    assert line.placeholderText() == "100"
    qtbot.keyClicks(line, "5")
    assert params(session, "list_orders")["limit"] == 5
    qtbot.keyClick(line, Qt.Key.Key_Backspace)
    assert "limit" not in params(session, "list_orders")


def test_null_and_the_empty_text_can_be_set_and_cleared(panel, session):
    choose(panel, "w1", ["create_order"])
    note = row(panel, "note")
    menu_action(note, "null")
    assert params(session)["note"] is None
    assert note.editor.text.placeholderText() == "null"
    menu_action(note, "empty text")
    assert params(session)["note"] == ""
    menu_action(note, "Clear")
    assert "note" not in params(session)


def test_a_choice_is_picked_and_taken_back(panel, session, qtbot):
    choose(panel, "w1", ["create_order"])
    combo = row(panel, "status").editor.combo
    assert combo.itemText(0) == "(pending)"
    combo.setFocus()
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert params(session)["status"] == "paid"
    qtbot.keyClick(combo, Qt.Key.Key_Home)
    assert "status" not in params(session)


def test_any_param_can_hold_an_expression(panel, session, qtbot):
    choose(panel, "w1", ["create_order"])
    shown = row(panel, "paid_at")
    qtbot.mouseClick(shown.function_button, Qt.MouseButton.LeftButton)
    line = shown._expression.line
    assert line.hasFocus()
    qtbot.keyClicks(line, "now()")
    assert params(session)["paid_at"] == "{{ now() }}"
    choose(panel, "w1", ["list_orders"])
    choose(panel, "w1", ["create_order"])
    again = row(panel, "paid_at")
    assert again.is_expression
    assert again._expression.line.text() == "now()"
    qtbot.mouseClick(again.function_button, Qt.MouseButton.LeftButton)
    assert "paid_at" not in params(session)


def test_names_of_nodes_upstream_are_completed(panel, qtbot):
    choose(panel, "w1", ["create_order"])
    shown = row(panel, "paid_at")
    shown.function_button.click()
    line = shown._expression.line
    qtbot.keyClicks(line, "list_orders.co")
    completer = line._completer
    assert completer.popup().isVisible()
    assert completer.currentCompletion() == "list_orders.count"
    completer.activated.emit("list_orders.count")
    assert line.text() == "list_orders.count"
    completer.popup().hide()


def test_a_param_fed_by_an_edge_says_so_and_can_be_disconnected(panel, session, qtbot):
    choose(panel, "w1", ["create_order"])
    shown = row(panel, "total")
    assert not shown.editor.isVisible()
    feed = shown._feeds.itemAt(0).widget()
    assert feed.source.accessibleName() == "← list_orders.first.total"
    with qtbot.waitSignal(panel.nodeSelected) as asked:
        qtbot.mouseClick(feed.source, Qt.MouseButton.LeftButton)
    assert asked.args == ["list_orders"]
    qtbot.mouseClick(feed.disconnect_button, Qt.MouseButton.LeftButton)
    assert len(session.project.workflows["w1"].edges) == 1
    assert shown.editor.isVisible()
    session.undo()
    assert not shown.editor.isVisible()


def test_an_edge_to_a_part_of_a_param_leaves_the_rest_editable(panel, session):
    session.connect(
        "w1",
        Edge(
            source=NodeId("list_orders"),
            source_port="first.status",
            target=NodeId("update_order"),
            target_port="fields.status",
        ),
    )
    choose(panel, "w1", ["update_order"])
    shown = row(panel, "fields")
    assert shown.editor.isVisible()
    assert shown._feeds.itemAt(0).widget().source.accessibleName() == "status ← list_orders.first.status"


def test_a_filter_is_edited_as_rows(panel, session, qtbot):
    choose(panel, "w1", ["list_orders"])
    editor = row(panel, "filter").editor.inner
    assert [entry.field.currentText() for entry in editor.rows] == ["status", "total"]
    line = editor.rows[1].value_line()
    line.selectAll()
    qtbot.keyClicks(line, "250.5")
    assert params(session, "list_orders")["filter"] == {"status": "paid", "total": {"$gte": Decimal("250.5")}}
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    editor.rows[2].field.setCurrentText("note")
    editor.rows[2].operator.setCurrentIndex(editor.rows[2].operator.findData("$null"))
    editor.rows[2].operator.activated.emit(0)
    assert params(session, "list_orders")["filter"]["note"] == {"$null": True}
    editor.join.setCurrentIndex(1)
    editor.join.activated.emit(1)
    assert set(params(session, "list_orders")["filter"]) == {"$or"}


def test_a_filter_can_be_written_as_json_with_the_place_of_a_fault(panel, session, qtbot):
    choose(panel, "w1", ["list_orders"])
    shown = row(panel, "filter")
    qtbot.mouseClick(shown.editor.switch, Qt.MouseButton.LeftButton)
    text = shown.editor.raw.text
    text.select_all_text()
    qtbot.keyClicks(text, '{"total": }')
    assert "line 1, column 11" in shown.error.text()
    text.select_all_text()
    qtbot.keyClicks(text, '{"$not": {"total": 5}}')
    assert params(session, "list_orders")["filter"] == {"$not": {"total": 5}}
    qtbot.mouseClick(shown.editor.switch, Qt.MouseButton.LeftButton)
    assert shown.editor.is_raw, "a nested filter has no rows"


def test_a_node_whose_filter_is_nested_shows_it_as_json(panel, session):
    session.set_params("w1", "list_orders", {"filter": {"$nor": [{"total": 1}]}})
    choose(panel, "w1", ["list_orders"])
    shown = row(panel, "filter").editor
    assert shown.is_raw
    assert not shown.switch.isEnabled()


def test_the_fields_of_an_update_are_typed_by_the_model(panel, session, qtbot):
    choose(panel, "w1", ["update_order"])
    editor = row(panel, "fields").editor.inner
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    editor.rows[1].name.setCurrentText("total")
    qtbot.keyClicks(editor.rows[1].value.line, "9.90")
    assert params(session, "update_order")["fields"] == {"status": "shipped", "total": Decimal("9.90")}
    line = editor.rows[1].value.line
    line.selectAll()
    qtbot.keyClicks(line, '{"$inc": 1}')
    assert params(session, "update_order")["fields"]["total"] == {"$inc": 1}
    line.selectAll()
    qtbot.keyClicks(line, "total * 1.1")
    assert '{"$multiply": 1.1}' in row(panel, "fields").error.text()


def test_a_file_is_chosen_and_an_edge_with_a_long_name_leaves_room_to_disconnect(panel, session, qtbot):
    write = session.add_node("w1", "WriteCSV", x=0, y=900)
    choose(panel, "w1", [write])
    editor = row(panel, "path").editor
    qtbot.mouseClick(editor.button, Qt.MouseButton.LeftButton)
    dialog = editor.findChild(QFileDialog)
    assert dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
    dialog.close()
    editor.take_file("orders.csv")
    assert params(session, write)["path"] == "orders.csv"
    source = session.add_node("w1", "OrderListNode", x=0, y=1200, title="A list of the orders " * 3)
    session.connect("w1", Edge(source=source, source_port="records", target=write, target_port="records"))
    feed = row(panel, "records")._feeds.itemAt(0).widget()
    qtbot.waitUntil(lambda: "…" in feed.source.text())
    assert feed.disconnect_button.geometry().right() < feed.width() <= panel.width()


def test_expressions_over_records_stand_without_braces(panel, session, qtbot):
    choose(panel, "w1", ["map"])
    editor = row(panel, "fields").editor.inner
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(editor.rows[1].name, "half")
    qtbot.keyClicks(editor.rows[1].value.line, "record.total / 2")
    assert params(session, "map")["fields"] == {"gross": "record.total * 1.2", "half": "record.total / 2"}


def test_relations_to_read_along_are_offered_completed_and_judged(panel, session, qtbot):
    choose(panel, "w1", ["list_orders"])
    panel.form.advanced_button.click()
    editor = row(panel, "include").editor.inner
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    combo = editor.rows[0].field
    assert [combo.itemText(index) for index in range(combo.count())] == ["customer", "order_items"]
    assert combo.toolTip() == "Relation"
    assert combo.lineEdit().hasFocus()
    qtbot.keyClicks(combo.lineEdit(), "custo")
    assert combo.lineEdit().text() == "customer", "the rest is completed"
    qtbot.keyClick(combo, Qt.Key.Key_Down)
    assert combo.lineEdit().text() == "order_items", "the arrows go on from there"
    qtbot.keyClick(combo, Qt.Key.Key_Up)
    qtbot.keyClick(combo.lineEdit(), Qt.Key.Key_End)
    assert params(session, "list_orders")["include"] == ["customer"]
    QApplication.processEvents()
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    editor.rows[1].field.setCurrentText("order_item")
    assert "Did you mean 'order_items'?" in row(panel, "include").error.text()
    session.undo()
    session.undo()
    assert "include" not in params(session, "list_orders")


def test_fields_that_are_not_the_models_are_offered_as_the_records_have_them(panel, session, qtbot):
    figures = {"group_by": ["status"], "aggregate": {"n": {"$count": "*"}}}
    node = session.add_node("w1", "OrderAggregateNode", x=0, y=900, params=figures)
    sort = session.add_node("w1", "Sort", x=400, y=900)
    session.connect("w1", Edge(source=node, source_port="records", target=sort, target_port="records"))
    choose(panel, "w1", [node])
    panel.form.advanced_button.click()
    conditions = row(panel, "having").editor.inner
    qtbot.mouseClick(conditions.add_button, Qt.MouseButton.LeftButton)
    field = conditions.rows[0].field
    assert [field.itemText(index) for index in range(field.count())] == ["status", "n"]
    session.set_params("w1", node, {"aggregate": {"count": {"$count": "*"}}})
    row(panel, "limit").editor.line.setFocus()
    field.setFocus()
    assert [field.itemText(index) for index in range(field.count())] == ["status", "count"]
    assert field.currentText() == "status"
    choose(panel, "w1", [sort])
    order = row(panel, "order_by").editor.inner
    qtbot.mouseClick(order.add_button, Qt.MouseButton.LeftButton)
    qtbot.keyClicks(order.rows[0].field.lineEdit(), "cou")
    assert params(session, sort)["order_by"] == ["count"]
    choose(panel, "w1", [session.add_node("w1", "Join", x=800, y=900)])
    assert '"customer_id": "id"' in row(panel, "on").editor.text.placeholderText(), "how it is written"


def test_writes_that_end_a_kept_list_are_offered_and_judged(panel, session, qtbot):
    choose(panel, "w1", ["list_orders"])
    panel.form.advanced_button.click()
    editor = row(panel, "cache_invalidation").editor.inner
    qtbot.mouseClick(editor.add_button, Qt.MouseButton.LeftButton)
    combo = editor.rows[0].field
    offered = [combo.itemText(index) for index in range(combo.count())]
    assert offered[:3] == ["order_create", "order_update", "order_delete"]
    assert "customer_delete" in offered
    assert (editor.add_button.text(), combo.toolTip()) == ("+ write", "Write")
    combo.setCurrentText("order_delete")
    assert params(session, "list_orders")["cache_invalidation"] == ["order_delete"]
    assert "nothing is kept" in row(panel, "cache_invalidation").error.text()


def test_title_switch_and_notes_are_edits_of_the_node(panel, session, qtbot):
    choose(panel, "w1", ["map"])
    panel.title.selectAll()
    qtbot.keyClicks(panel.title, "Gross")
    assert session.project.workflows["w1"].nodes["map"].title == "Gross"
    qtbot.mouseClick(
        panel.enabled,
        Qt.MouseButton.LeftButton,
        pos=panel.enabled.rect().center() - panel.enabled.rect().center() / 2,
    )
    assert session.project.workflows["w1"].nodes["map"].disabled
    panel.tabs.setCurrentIndex(panel.tabs.count() - 1)
    qtbot.keyClicks(panel.notes, "by law")
    assert session.project.workflows["w1"].nodes["map"].comment == "by law"
    steps = session.history.position
    session.undo()
    assert panel.notes.toPlainText() == ""
    assert session.history.position == steps - 1


def test_sql_and_code_are_shown_and_copied(panel, qtbot):
    choose(panel, "w1", ["list_orders"])
    panel.show_sql()
    qtbot.waitUntil(lambda: "FROM orders" in panel.sql.text.toPlainText())
    assert '-- p0 = "paid"' in panel.sql.text.toPlainText()
    panel.sql.copy()
    assert QApplication.clipboard().text() == panel.sql.text.toPlainText()
    panel.tabs.setCurrentWidget(panel.python)
    qtbot.waitUntil(lambda: "add_node" in panel.python.text.toPlainText())


def test_several_nodes_share_their_simple_params_in_one_step(panel, session, qtbot):
    choose(panel, "w1", ["list_orders", "map", "sql"])
    assert panel.title.text() == "3 nodes selected"
    assert set(panel.form.rows) == {"timeout_s", "retries"}
    line = row(panel, "retries").editor.line
    before = session.history.position
    line.setFocus()
    qtbot.keyClicks(line, "3")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert [params(session, node)["retries"] for node in ("list_orders", "map", "sql")] == [3, 3, 3]
    assert session.history.position == before + 1
    session.undo()
    assert "retries" not in params(session, "map")


def test_a_field_can_be_asked_for_even_if_it_is_folded_away(panel, qtbot):
    choose(panel, "w1", ["list_orders"])
    panel.focus_field("offset")
    qtbot.waitUntil(row(panel, "offset").editor.line.hasFocus)
    assert panel.form.advanced_button.isChecked()


def test_the_node_that_is_removed_leaves_the_empty_state_and_undo_brings_it_back(panel, session):
    choose(panel, "w1", ["map"])
    session.remove("w1", ["map"])
    assert panel.empty.isVisible()
    session.undo()
    assert not panel.empty.isVisible()
    assert panel.title.text() == "Add tax"


def test_a_node_of_an_unknown_type_is_shown_untouched(panel, session):
    from studio.project.graph_changes import EditNode
    from studio.workflow.graph import frozen

    session.edit(
        EditNode(workflow=WorkflowId("w1"), node=NodeId("map"), values=frozen({"type": "InvoiceListNode"}))
    )
    choose(panel, "w1", ["map"])
    assert panel.code.text().count("???") == 1
    assert panel.form.findChild(JsonEditor).text.isReadOnly()
    assert params(session, "map") == {"fields": {"gross": "record.total * 1.2"}}


def test_a_node_of_a_connection_without_its_model_says_so_and_takes_the_usual_one(panel, session, qtbot):
    session.set_params("w1", "list_orders", {"db_instance": "archive"})
    choose(panel, "w1", ["list_orders"])
    (usual,) = panel.form.findChildren(QPushButton)
    assert "“archive” has no model “Order”" in panel.form.findChild(QLabel).text()
    qtbot.mouseClick(usual, Qt.MouseButton.LeftButton)
    assert "db_instance" not in params(session, "list_orders")
    assert "filter" in panel.form.rows


def test_run_to_here_asks_for_the_node(panel, qtbot):
    choose(panel, "w1", ["map"])
    with qtbot.waitSignal(panel.runToRequested) as asked:
        qtbot.mouseClick(panel.run_button, Qt.MouseButton.LeftButton)
    assert asked.args == ["map"]


def test_every_kind_of_node_has_a_form_that_keeps_its_example(panel, session, theme, show):
    for spec in session.catalogue.specs():
        node_id = session.add_node("w2", spec.type, x=0, y=0, params=dict(spec.example))
        before = dict(session.project.workflows["w2"].nodes[node_id].params)
        choose(panel, "w2", [node_id])
        for name, shown in panel.form.rows.items():
            if name in before:
                shown._shown_editor().value()
                assert not shown._shown_editor().problem, (spec.type, name)
        assert dict(session.project.workflows["w2"].nodes[node_id].params) == before


# ---------------------------------------------------------------- editors by themselves


@pytest.fixture
def parent(show):
    return show(QWidget())


KINDS = {
    "int": -5,
    "float": 2.5,
    "decimal": Decimal("1.20"),
    "str": "a text",
    "text": "two\nlines",
    "bool": False,
    "datetime": dt.datetime(2026, 1, 31, 14, 30, tzinfo=dt.UTC),
    "date": dt.date(2026, 1, 31),
    "time": dt.time(14, 30, 15),
    "timedelta": dt.timedelta(days=1, minutes=5),
    "bytes": b"\x00\xff",
    "uuid": uuid.UUID(int=7),
    "dict": {"a": [1, {"b": Decimal("2.50")}]},
    "list": [1, "2", None],
    "any": {"deep": [True]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_editor_gives_back_the_value_it_shows(kind, theme, qtbot, parent):
    param = ParamSpec(name="p", type=PortType(kind=kind, nullable=True))
    editor = make_editor(param, EditorContext(theme=theme), parent)
    for value in (KINDS[kind], None, MISSING):
        editor.show_value(value)
        assert editor.value() == value
        assert type(editor.value()) is type(value)


def test_a_day_is_chosen_from_the_calendar(theme, parent, qtbot):
    from PySide6.QtCore import QDate
    from PySide6.QtWidgets import QCalendarWidget

    editor = LineEditor("datetime", EditorContext(theme=theme), parent)
    editor.show_value(dt.datetime(2026, 1, 31, 14, 30, tzinfo=dt.UTC))
    editor._open_calendar()
    calendar = editor.findChild(QCalendarWidget)
    assert calendar.selectedDate() == QDate(2026, 1, 31)
    with qtbot.waitSignal(editor.edited):
        calendar.clicked.emit(QDate(2026, 2, 3))
    assert editor.value() == dt.datetime(2026, 2, 3, 14, 30, tzinfo=dt.UTC)


def test_bytes_are_written_in_hex_or_taken_from_a_file(theme, parent, qtbot, tmp_path):
    editor = BytesEditor(EditorContext(theme=theme), parent)
    editor.show_value(b"\x0a\xff")
    editor.form.setCurrentIndex(1)
    editor.form.activated.emit(1)
    assert editor.line.text() == "0a ff"
    assert editor.value() == b"\x0a\xff"
    file = tmp_path / "blob"
    file.write_bytes(b"abc")
    editor.take_file(str(file))
    assert editor.value() == b"abc"


def test_orders_figures_and_names_of_fields_are_rows(theme, parent):
    context = EditorContext(theme=theme, model=shop_models()[1])
    for editor, value in (
        (OrderEditor(context, parent), ["-total", "id"]),
        (FieldNamesEditor(context, parent), ["status", "total"]),
        (AggregateEditor(context, parent), {"n": {"$count": "*"}, "sum": {"$sum": "total"}}),
        (MappingEditor(context, parent), {"status": "paid", "note": None, "total": Decimal(1)}),
    ):
        assert editor.can_show(value)
        editor.show_value(value)
        assert editor.value() == value
        editor.rows[0]._remove()
        assert len(editor.value()) == len(value) - 1


def test_rows_are_typed_pasted_and_removed_in_a_table(theme, parent, qtbot):
    editor = TableEditor(EditorContext(theme=theme, model=shop_models()[1]), parent)
    rows = [{"customer_id": 1, "total": Decimal("2.00"), "note": None}]
    assert editor.can_show(rows)
    editor.show_value(rows)
    assert editor.value() == rows
    QApplication.clipboard().setText("total\tcustomer_id\n9.90\t3\n1.10\t4")
    with qtbot.waitSignal(editor.edited):
        editor.paste()
    assert editor.value()[1:] == [
        {"customer_id": 3, "total": Decimal("9.90")},
        {"customer_id": 4, "total": Decimal("1.10")},
    ]
    cell = editor.table.item(1, 1)
    assert cell is not None
    cell.setText("many")
    assert editor.value()[1]["customer_id"] == "many"
    assert "Row 2, customer_id" in editor.problem
    editor.table.selectRow(1)
    editor.remove_rows()
    assert len(editor.value()) == 2


@pytest.fixture
def calling(session):
    """A node that runs a workflow, in the project's first one."""
    inner = Workflow(
        id=WorkflowId("gross"),
        name="Gross price",
        inputs=(WorkflowInput(name="net", kind="decimal", description="Before tax."),),
    )
    session.edit(PutWorkflow(workflow=inner))
    return session.add_node("w1", "Subworkflow", x=0, y=900)


def test_a_workflow_is_chosen_by_its_name_and_its_inputs_become_params(panel, session, calling, qtbot):
    choose(panel, "w1", [calling])
    combo = row(panel, "workflow").editor.combo
    assert [combo.itemText(index) for index in range(combo.count())][1:] == ["Import users", "Gross price"]
    assert 'needs "workflow"' in row(panel, "workflow").error.text()
    combo.setFocus()
    qtbot.keyClicks(combo, "Gross")
    qtbot.keyClick(combo, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert params(session, calling) == {"workflow": "gross"}
    assert list(panel.form.rows)[:2] == ["workflow", "net"]
    assert row(panel, "workflow").editor.combo.hasFocus()
    assert not row(panel, "workflow").error.isVisible()
    assert "net" in row(panel, "net").error.text()
    session.undo()
    QApplication.processEvents()
    assert "net" not in panel.form.rows


def test_renaming_the_workflow_shows_its_new_name_and_keeps_the_reference(panel, session, calling):
    session.set_params("w1", calling, {"workflow": "Gross price", "net": 5})
    choose(panel, "w1", [calling])
    assert row(panel, "workflow").editor.combo.currentText() == "Gross price"
    session.set_params("w1", calling, {"workflow": "gross", "net": 5})
    session.rename_workflow("gross", "What is paid")
    QApplication.processEvents()
    assert row(panel, "workflow").editor.combo.currentText() == "What is paid"
    assert list(panel.form.rows)[:2] == ["workflow", "net"]
    assert [problem for problem in session.problems("w1") if problem.node == calling] == []


def test_a_workflow_that_would_run_itself_is_not_offered(panel, session, calling):
    session.set_params("w1", calling, {"workflow": "gross", "net": 5})
    inside = session.add_node("gross", "ForEach", x=0, y=0)
    choose(panel, "gross", [inside])
    combo = row(panel, "workflow").editor.combo
    assert [combo.itemText(index) for index in range(1, combo.count())] == ["Import users"]
