"""The tree of models: what it shows, how it is searched, what leaves it."""

import asyncio
import json
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit

from studio.panels import InspectorPanel, ModelsPanel, ResultsPanel, WorkflowsPanel
from studio.panels.models_tree import EXTRA, ID, KIND
from studio.panels.project_tree import CHANGED
from studio.project import Connection, Project
from studio.project.project_changes import SetConnections, SetModels
from studio.qt.mime import FIELD_MIME, NODE_TYPE_MIME, read_model
from studio.session.events import RunFinished
from studio.workflow.graph import frozen
from tests.gui.panels.support import SERVER, PanelSession, make_handle


def texts(model, parent=None):
    rows = range(model.rowCount() if parent is None else model.rowCount(parent))
    return [
        str((model.index(row, 0) if parent is None else model.index(row, 0, parent)).data()) for row in rows
    ]


def find(model, kind, key):
    """The index of a row by what it stands for."""
    stack = [model.index(row, 0) for row in range(model.rowCount())]
    while stack:
        index = stack.pop()
        if index.data(KIND) == kind and index.data(ID) == key:
            return index
        stack += [model.index(row, 0, index) for row in range(model.rowCount(index))]
    raise LookupError(key)


@pytest.fixture
def panel(theme, session, show):
    panel = ModelsPanel(theme)
    panel.set_session(session)
    return show(panel, 300, 600)


def test_the_tree_shows_connections_models_fields_operations_and_flow_nodes(panel):
    model = panel.tree_model
    assert texts(model) == ["shop", "Flow", "Data"]
    shop = model.index(0, 0)
    assert texts(model, shop) == ["Customer", "Order", "OrderItem"]
    order = model.index(1, 0, shop)
    inside = texts(model, order)
    assert inside[0] == "Fields"
    assert {"Create", "Read", "Update", "Delete", "List", "Count", "Bulk create"} <= set(inside)
    facts = {
        str(index.data()): index.data(EXTRA)
        for index in (model.index(row, 0, model.index(0, 0, order)) for row in range(8))
    }
    assert facts["id"] == "int · pk"
    assert facts["customer_id"] == "int · → Customer"
    assert facts["note"] == "text · null"
    assert inside[1] == "Relations"
    relations = model.index(1, 0, order)
    assert [(str(index.data()), index.data(EXTRA)) for index in (model.index(row, 0, relations) for row in range(2))] == [
        ("customer", "→ Customer"), ("order_items", "→ list of OrderItem"),
    ]  # fmt: skip
    assert "If" in texts(model, model.index(1, 0))


def test_row_counts_come_in_the_background_for_models_in_sight(panel, qtbot):
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "Order").data(EXTRA) == "12k")
    assert find(panel.tree_model, "model", "Customer").data(EXTRA) == "90"


def test_a_model_that_cannot_be_counted_says_so_and_the_others_are_counted(theme, show, qtbot):
    from studio.kernel.errors import NoSuchTable

    session = PanelSession.of(counts={"Customer": NoSuchTable("There is no table customers."), "Order": 3})
    panel = ModelsPanel(theme)
    panel.set_session(session)
    show(panel, 300, 600)
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "Order").data(EXTRA) == "3")
    customer = find(panel.tree_model, "model", "Customer")
    assert customer.data(EXTRA) == "?"
    assert "no table customers" in customer.data(Qt.ItemDataRole.ToolTipRole)


def test_counts_are_taken_anew_after_a_run(panel, session, qtbot):
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "Order").data(EXTRA) == "12k")
    session.answers.counts["Order"] = 12_999
    session.answers.counts["OrderItem"] = 5
    session.tell(RunFinished(make_handle({})))
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "OrderItem").data(EXTRA) == "5")


def test_a_count_that_began_before_a_run_ended_is_not_shown_after_it(panel, session, qtbot):
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "OrderItem").data(EXTRA) == "0")
    session.answers.asked.clear()
    session.answers.gate = asyncio.Event()
    session.answers.counts["Customer"] = 1
    panel.refresh_counts()
    qtbot.waitUntil(lambda: ("row_count", "Customer") in session.answers.asked)
    session.answers.counts["Customer"] = 2
    session.tell(RunFinished(make_handle({})))
    session.answers.gate.set()
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "Customer").data(EXTRA) == "2")


def test_a_count_that_ends_with_its_project_or_by_a_person_keeps_no_other_from_being_taken(
    panel, session, qtbot, monkeypatch
):
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "OrderItem").data(EXTRA) == "0")
    begun, closed = [], asyncio.Event()

    async def cut_short(model_id):
        begun.append(model_id)
        await closed.wait()
        raise asyncio.CancelledError

    monkeypatch.setattr(session, "row_count", cut_short)
    panel.refresh_counts()
    qtbot.waitUntil(lambda: bool(begun))
    panel.set_session(
        PanelSession.of(counts={"Customer": 4, "Order": asyncio.CancelledError(), "OrderItem": 6})
    )
    closed.set()
    qtbot.waitUntil(lambda: find(panel.tree_model, "model", "OrderItem").data(EXTRA) == "6")
    assert find(panel.tree_model, "model", "Customer").data(EXTRA) == "4"
    assert find(panel.tree_model, "model", "Order").data(EXTRA) == "?"
    assert panel.busy._jobs == 0


def test_two_beginnings_find_an_operation_and_enter_asks_for_its_node(panel, qtbot):
    qtbot.keyClicks(panel.search, "ord cr")
    qtbot.waitUntil(
        lambda: panel.tree_model.rowCount() > 0 and "▸" in str(panel.tree_model.index(0, 0).data())
    )
    assert panel.tree_model.index(0, 0).data() == "Order ▸ Create"
    qtbot.keyClick(panel.search, Qt.Key.Key_Down)
    with qtbot.waitSignal(panel.nodeRequested) as asked:
        qtbot.keyClick(panel.tree, Qt.Key.Key_Return)
    assert asked.args == ["OrderCreateNode"]


def test_a_search_without_an_answer_can_be_cleared(panel, qtbot):
    qtbot.keyClicks(panel.search, "qqqq")
    qtbot.waitUntil(panel.hint.isVisible)
    qtbot.mouseClick(panel.hint.link("clear"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: texts(panel.tree_model) == ["shop", "Flow", "Data"])


def test_a_double_click_on_an_operation_asks_for_its_node_and_on_a_model_for_its_data(panel, qtbot):
    tree = panel.tree
    order = find(panel.tree_model, "model", "Order")
    tree.expand(order)
    operation = find(panel.tree_model, "operation", "OrderListNode")
    tree.scrollTo(operation)
    for index, signal, wanted in (
        (operation, panel.nodeRequested, "OrderListNode"),
        (order, panel.browseRequested, "Order"),
    ):
        tree.scrollTo(index)
        place = tree.visualRect(index).center()
        with qtbot.waitSignal(signal) as asked:
            qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
            qtbot.mouseDClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        assert asked.args == [wanted]


def test_operations_models_and_fields_carry_what_they_are_when_dragged(panel):
    model = panel.tree_model

    def mime(kind, key):
        return model.mimeData([find(model, kind, key)])

    node = mime("operation", "OrderCreateNode")
    assert json.loads(bytes(node.data(NODE_TYPE_MIME).data())) == {"type": "OrderCreateNode"}
    assert json.loads(bytes(mime("model", "Order").data(NODE_TYPE_MIME).data())) == {"type": "OrderListNode"}
    offered = tuple(f"Order{name}Node" for name in ("List", "Create", "Update", "Read"))
    assert read_model(mime("model", "Order")) == ("Order", offered)
    field = mime("field", "Order.total")
    assert json.loads(bytes(field.data(FIELD_MIME).data())) == {"model": "Order", "field": "total"}
    assert not find(model, "connection", "c").flags() & Qt.ItemFlag.ItemIsDragEnabled


def test_the_mouse_starts_a_drag_with_the_operation(panel, qtbot, monkeypatch):
    started = []
    monkeypatch.setattr(
        type(panel.tree),
        "startDrag",
        lambda self, actions: started.append(panel.tree_model.mimeData(self.selectedIndexes()).text()),
    )
    tree = panel.tree
    tree.expand(find(panel.tree_model, "model", "Order"))
    index = find(panel.tree_model, "operation", "OrderCreateNode")
    tree.scrollTo(index)
    begin = tree.visualRect(index).center()
    qtbot.mousePress(tree.viewport(), Qt.MouseButton.LeftButton, pos=begin)
    for step in (8, 30, 60):
        place = QPointF(begin + QPoint(step, step // 4))
        event = QMouseEvent(
            QEvent.Type.MouseMove,
            place,
            tree.viewport().mapToGlobal(place),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(tree.viewport(), event)
    qtbot.mouseRelease(tree.viewport(), Qt.MouseButton.LeftButton, pos=begin)
    assert started == ["OrderCreateNode"]


def test_a_models_menu_browses_copies_and_removes(panel, session, qtbot):
    menu = panel.menu_for(find(panel.tree_model, "model", "OrderItem"))
    actions = {action.text().replace("&", ""): action for action in menu.actions() if action.text()}
    with qtbot.waitSignal(panel.browseRequested) as asked:
        actions["Browse data"].trigger()
    assert asked.args == ["OrderItem"]
    with qtbot.waitSignal(panel.usageRequested) as asked:
        actions["Show usage"].trigger()
    assert asked.args == ["OrderItem"]
    actions["Copy name"].trigger()
    assert QApplication.clipboard().text() == "OrderItem"
    actions["Remove model"].trigger()
    assert "OrderItem" not in session.project.models
    session.undo()
    assert "OrderItem" in session.project.models
    qtbot.waitUntil(lambda: "OrderItem" in texts(panel.tree_model, panel.tree_model.index(0, 0)))
    menu.close()
    menu.deleteLater()


def test_a_model_is_copied_to_another_connection_and_its_nodes_choose_between_them(
    panel, session, theme, show, qtbot
):
    other = Connection(id="o", name="archive", url="sqlite:///archive.db")
    session.edit(SetConnections(put=(other,)))
    owned = session.project.models["OrderItem"]
    session.edit(SetModels(put=(replace(owned, spec=replace(owned.spec, reflected=True)),)))
    panel.tree.setCurrentIndex(find(panel.tree_model, "model", "OrderItem"))
    menu = panel.menu_for(find(panel.tree_model, "model", "OrderItem"))
    copies = next(action.menu() for action in menu.actions() if "Copy to" in action.text().replace("&", ""))
    (action,) = copies.actions()
    assert action.text() == "archive"
    action.trigger()
    owners = [entry.connection for entry in session.project.models.values() if entry.name == "OrderItem"]
    assert owners == ["c", "o"]
    assert [
        entry.spec.reflected for entry in session.project.models.values() if entry.name == "OrderItem"
    ] == [True, False], "its table is made there"
    copied = next(entry.spec for entry in session.project.models.values() if entry.connection == "o")
    assert not any(field.references for field in copied.fields), "there is no Order"
    QApplication.processEvents()
    assert panel.tree.currentIndex().data(KIND) == "model"
    assert not panel.tree.isExpanded(panel.tree.currentIndex())
    again = panel.menu_for(find(panel.tree_model, "model", "OrderItem"))
    assert not any("Copy to" in action.text().replace("&", "") for action in again.actions())
    results = show(ResultsPanel(theme), 600, 300)
    results.set_session(session)
    results.show_model("OrderItem")
    assert results.tabs.tabText(0) == f"OrderItem · {session.project.connections['c'].name}"
    form = show(InspectorPanel(theme), 380, 700)
    form.set_session(session)
    node = session.add_node("w1", "OrderItemListNode", x=0, y=900)
    form.show_nodes("w1", [node])
    form.activateWindow()
    qtbot.waitUntil(form.isActiveWindow)
    form.form.focus_field("db_instance")
    qtbot.waitUntil(lambda: form.form.rows["db_instance"].isAncestorOf(QApplication.focusWidget()))
    combo = form.form.rows["db_instance"].editor.combo
    assert [combo.itemText(index) for index in range(1, combo.count())] == [
        session.project.connections["c"].name,
        "archive",
    ]
    combo.setCurrentIndex(2)
    combo.activated.emit(2)
    assert session.project.workflows["w1"].nodes[node].params["db_instance"] == "archive"
    assert form.form.rows["db_instance"].editor.combo.currentText() == "archive"
    for shown in (menu, again):
        shown.deleteLater()


def test_a_connections_menu_tests_it_in_the_background(panel, session, qtbot):
    session.answers.server = SERVER
    menu = panel.menu_for(find(panel.tree_model, "connection", "c"))
    with qtbot.waitSignal(panel.message) as told:
        next(action for action in menu.actions() if "Test" in action.text()).trigger()
    assert told.args == ["Connected to PostgreSQL 15.8 in 34 ms; 15 tables; can write: yes"]
    menu.deleteLater()


def test_without_a_connection_the_way_to_one_is_offered(theme, show, qtbot):
    panel = ModelsPanel(theme)
    panel.set_session(PanelSession.of(Project(id="p", name="Empty")))
    show(panel, 300, 600)
    with qtbot.waitSignal(panel.sampleRequested):
        qtbot.mouseClick(panel.hint.link("sample"), Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.hint.link("connect"), Qt.MouseButton.LeftButton)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, QDialog)
    assert dialog.windowTitle() == "Connections"
    dialog.reject()


def test_what_was_unfolded_stays_so_when_the_models_change(panel, session, qtbot):
    panel.tree.expand(find(panel.tree_model, "model", "Order"))
    session.import_models("c", [session.project.models["Customer"].spec])
    assert panel.tree.isExpanded(find(panel.tree_model, "model", "Order"))


def test_without_a_session_nothing_can_be_pressed(theme, show):
    panel = ModelsPanel(theme)
    show(panel, 300, 300)
    assert not panel.import_button.isEnabled()
    assert panel.empty.isVisible()


# ---------------------------------------------------------------- workflows


@pytest.fixture
def workflows(theme, session, show):
    panel = WorkflowsPanel(theme)
    panel.set_session(session)
    return show(panel, 300, 240)


def names(panel):
    return [item.text(0) for item in panel.tree.entries()]


def dots(panel):
    return [CHANGED in str(item.data(0, EXTRA)) for item in panel.tree.entries()]


def test_workflows_are_listed_and_opened_by_a_double_click(workflows, qtbot):
    assert names(workflows) == ["Nightly sync", "Import users"]
    place = workflows.tree.visualItemRect(workflows.tree.entries()[1]).center()
    with qtbot.waitSignal(workflows.workflowOpened) as opened:
        qtbot.mouseClick(workflows.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(workflows.tree.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened.args == ["w2"]


def test_f2_renames_a_workflow_as_one_step(workflows, session, qtbot):
    workflows.tree.choose("w1")
    workflows.tree.setFocus()
    qtbot.keyClick(workflows.tree, Qt.Key.Key_F2)
    editor = workflows.tree.findChild(QLineEdit)
    editor.selectAll()
    qtbot.keyClicks(editor, "Hourly sync")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: session.project.workflows["w1"].name == "Hourly sync")
    assert names(workflows)[0] == "Hourly sync"
    session.undo()
    assert names(workflows)[0] == "Nightly sync"


def test_a_name_that_is_taken_is_refused_and_the_old_one_stays(workflows, session, qtbot):
    with qtbot.waitSignal(workflows.message) as told:
        workflows.tree.entries()[0].setText(0, "Import users")
    assert "Import users" in told.args[0]
    assert session.project.workflows["w1"].name == "Nightly sync"
    assert names(workflows) == ["Nightly sync", "Import users"]


def test_new_duplicate_and_delete_are_edits_that_can_be_undone(workflows, session, qtbot):
    with qtbot.waitSignal(workflows.workflowOpened):
        qtbot.mouseClick(workflows.buttons[0], Qt.MouseButton.LeftButton)
    assert len(session.project.workflows) == 3
    workflows.tree.choose("w1")
    workflows.tree.setFocus()
    with qtbot.waitSignal(workflows.workflowOpened):
        qtbot.keyClick(workflows.tree, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert "Nightly sync 2" in names(workflows)
    workflows.tree.choose("w1")
    qtbot.keyClick(workflows.tree, Qt.Key.Key_Delete)
    assert "w1" not in session.project.workflows
    session.undo()
    assert names(workflows)[0] == "Nightly sync"


def test_a_dot_marks_what_has_changed_since_the_project_was_saved(workflows, session):
    assert dots(workflows) == [False, False]
    session.set_params("w1", "map", {"keep": True})
    assert dots(workflows) == [True, False]
    session.undo()
    assert dots(workflows) == [False, False]


def test_starred_workflows_come_first_and_those_that_others_run_stand_apart(workflows, session, qtbot):
    workflows.tree.choose("w2")
    with qtbot.waitSignal(workflows.starsChanged) as changed:
        qtbot.mouseClick(workflows.buttons[1], Qt.MouseButton.LeftButton)
    assert changed.args == [frozenset({"w2"})]
    assert names(workflows) == ["Import users", "Nightly sync"]
    assert "starred" in workflows.tree.entries()[0].data(0, Qt.ItemDataRole.AccessibleTextRole)
    session.add_node("w1", "Subworkflow", x=0, y=0, params={"workflow": "w2"})
    groups = [
        workflows.tree.topLevelItem(number).text(0) for number in range(workflows.tree.topLevelItemCount())
    ]
    assert groups == ["Workflows", "Subworkflows"]
    with qtbot.waitSignal(workflows.starsChanged) as changed:
        workflows.toggle_star()
    assert changed.args == [frozenset()]


def test_a_template_is_kept_named_inserted_begun_with_and_deleted(workflows, session, qtbot):
    def way(text):
        menu = workflows.menu()
        actions = {action.text().replace("&", ""): action for action in menu.actions() if action.text()}
        actions[text].trigger()
        menu.close()
        menu.deleteLater()

    inserted: list[str] = []
    workflows.templateInserted.connect(inserted.append)
    workflows.tree.choose("w1")
    way("Save as template")
    qtbot.keyClicks(workflows.tree.findChild(QLineEdit), "To begin with")
    qtbot.keyClick(workflows.tree.findChild(QLineEdit), Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: names(workflows) == ["Nightly sync", "Import users", "To begin with"])
    assert not inserted
    (key,) = session.project.templates
    assert workflows.tree.chosen() == ("template", key)
    with qtbot.waitSignal(workflows.templateInserted) as wanted:
        qtbot.keyClick(workflows.tree, Qt.Key.Key_Return)
    assert wanted.args == [key]
    with qtbot.waitSignal(workflows.workflowOpened) as opened:
        way("New workflow from it")
    assert session.project.workflows[opened.args[0]].name == "To begin with"
    workflows.tree.choose(key)
    qtbot.keyClick(workflows.tree, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert names(workflows)[-1] == "To begin with 2"
    workflows.tree.choose(key)
    qtbot.keyClick(workflows.tree, Qt.Key.Key_Delete)
    assert key not in session.project.templates


def test_an_empty_project_offers_a_first_workflow(theme, show, qtbot):
    session = PanelSession.of(Project(id="p", name="Empty", workflows=frozen({})))
    panel = WorkflowsPanel(theme)
    panel.set_session(session)
    show(panel, 300, 240)
    qtbot.mouseClick(panel.empty.link("new"), Qt.MouseButton.LeftButton)
    assert len(session.project.workflows) == 1
