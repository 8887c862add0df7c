"""Problems, lineage, log and runs: what they list, where their rows lead."""

import asyncio
import datetime as dt
import logging
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QInputDialog, QLabel

from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.panels import LineagePanel, LogPanel, ProblemsPanel, RunsPanel
from studio.panels.past_runs import PastRun
from studio.panels.run_rows import RUN
from studio.panels.runs_compare import RunsCompareDialog
from studio.persistence.runs import NodeRunRecord, RunRecord
from studio.session.events import RunFinished, RunStarted
from tests.gui.panels.support import duplicate_error, make_handle


def column(view, number=0):
    return [view.topLevelItem(row).text(number) for row in range(view.topLevelItemCount())]


# ---------------------------------------------------------------- problems


@pytest.fixture
def problems(theme, session, show):
    panel = ProblemsPanel(theme)
    panel.set_session(session)
    panel.set_workflow("w1")
    return show(panel, 900, 260)


def test_findings_are_listed_while_one_edits_and_counted(problems, session, qtbot):
    assert column(problems.list, 1) == ["params"]
    with qtbot.waitSignal(problems.countChanged) as counted:
        session.set_params("w1", "create_order", {"customer_id": "seven"})
    assert counted.args == [2, 0]
    assert "customer_id" in column(problems.list, 1)
    with qtbot.waitSignal(problems.countChanged) as counted:
        session.undo()
    assert counted.args == [1, 0]


def test_each_row_says_what_mends_it_best_without_keeping_the_window(problems, session, qtbot):
    with qtbot.waitSignal(problems.countChanged):
        for _ in range(20):
            session.add_node("w1", "OrderCreateNode", x=0, y=0)
    assert "Fix…" in column(problems.list, 4), "those below follow when there is time"
    qtbot.waitUntil(lambda: "Fix…" not in column(problems.list, 4))
    assert column(problems.list, 4).count("Go to “customer_id”") >= 20


def test_a_click_and_enter_lead_to_the_node_and_field(problems, qtbot):
    place = problems.list.visualItemRect(problems.list.topLevelItem(0)).center()
    with qtbot.waitSignal(problems.problemActivated) as asked:
        qtbot.mouseClick(problems.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked.args == ["w1", "sql", "params"]
    with qtbot.waitSignal(problems.problemActivated) as asked:
        qtbot.keyClick(problems.list, Qt.Key.Key_Return)
    assert asked.args == ["w1", "sql", "params"]


def test_next_and_previous_go_round(problems, session, qtbot):
    with qtbot.waitSignal(problems.countChanged):
        session.set_params("w1", "create_order", {"customer_id": "seven"})
    seen = []
    problems.problemActivated.connect(lambda workflow, node, field: seen.append(node))
    for _ in range(3):
        problems.next_problem()
    problems.previous_problem()
    assert seen[0] == seen[2] != seen[1] == seen[3]


def test_what_a_run_failed_with_is_listed_until_its_node_is_edited(problems, session, qtbot):
    handle = make_handle({}, failed={"create_order": duplicate_error()})
    with qtbot.waitSignal(problems.countChanged) as counted:
        session.tell(RunFinished(handle))
    assert counted.args == [2, 0]
    assert "email 'ada@example.org' already exists." in column(problems.list, 2)
    with qtbot.waitSignal(problems.countChanged) as counted:
        session.set_params("w1", "create_order", {"customer_id": 8})
    assert counted.args == [1, 0]


def test_a_failure_within_a_node_is_listed_once_and_goes_when_the_node_is_edited(problems, session, qtbot):
    error = duplicate_error()
    error.node = "create_order/inside"
    handle = make_handle({}, failed={"create_order": error, "create_order/inside": error})
    with qtbot.waitSignal(problems.countChanged) as counted:
        session.tell(RunFinished(handle))
    assert counted.args == [2, 0]
    with qtbot.waitSignal(problems.countChanged) as counted:
        session.set_params("w1", "create_order", {"customer_id": 8})
    assert counted.args == [1, 0]


def test_a_problem_is_copied_whole_by_its_key(problems, qtbot):
    problems.list.setCurrentItem(problems.list.topLevelItem(0))
    problems.list.setFocus()
    qtbot.keyClick(problems.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "What to do:" in QApplication.clipboard().text()


def test_no_problems_say_so(theme, session, show):
    panel = ProblemsPanel(theme)
    panel.set_session(session)
    panel.set_workflow("w2")
    show(panel, 600, 200)
    assert "No problems" in panel.empty._title.text()
    panel.all_button.click()
    assert panel.problems


# ---------------------------------------------------------------- lineage


@pytest.fixture
def lineage(theme, session, show):
    panel = LineagePanel(theme)
    panel.set_session(session)
    return show(panel, 900, 260)


def below(panel, number):
    """The cells of the first workflow's rows in a column."""
    top = panel.list.topLevelItem(0)
    return [top.child(row).text(number) for row in range(top.childCount())]


def test_the_uses_of_a_field_are_listed_by_workflow_and_lead_to_their_params(lineage, qtbot):
    assert lineage.list.topLevelItemCount() == 0
    qtbot.keyClicks(lineage.field, "Order.total")
    assert "Order.total" in lineage.field.completer().completionModel().index(0, 0).data()
    lineage.field.completer().popup().hide()
    qtbot.keyClick(lineage.field, Qt.Key.Key_Return)
    assert column(lineage.list) == ["Nightly sync"]
    assert ("List orders", "filters by", "filter.total") in list(
        zip(*(below(lineage, n) for n in (0, 2, 3)), strict=True)
    )
    assert lineage.list.isColumnHidden(1)
    assert "1 node of SQL" in lineage.unread.text()
    assert (
        lineage.list.currentItem()
        .data(0, Qt.ItemDataRole.AccessibleTextRole)
        .startswith("List orders, filters by Order.total")
    )
    with qtbot.waitSignal(lineage.useActivated) as asked:
        qtbot.keyClick(lineage.list, Qt.Key.Key_Return)
    assert asked.args == ["w1", "list_orders", "filter.total"]
    passed = lineage.list.topLevelItem(0).child(below(lineage, 2).index("passes on"))
    with qtbot.waitSignal(lineage.useActivated) as asked:
        qtbot.mouseClick(
            lineage.list.viewport(),
            Qt.MouseButton.LeftButton,
            pos=lineage.list.visualItemRect(passed).center(),
        )
    assert asked.args == ["w1", "list_orders", ""]
    lineage.copy_all()
    assert "Nightly sync\tAdd tax\ttotal\tcomputes with\tfields.gross" in QApplication.clipboard().text()


def test_uses_follow_edits_while_they_are_seen_and_what_is_chosen_stays(lineage, session, qtbot):
    lineage.show_field("Order.status")
    top = lineage.list.topLevelItem(0)
    writes = top.child(below(lineage, 2).index("writes"))
    lineage.list.setCurrentItem(writes)
    session.set_params("w1", "list_orders", {"filter": {"total": 1}})
    qtbot.waitUntil(lambda: "filters by" not in below(lineage, 2))
    assert lineage.list.currentItem().text(2) == "writes"
    assert top.indexOfChild(writes) >= 0, "what the edit does not concern is not made anew"
    lineage.hide()
    session.undo()
    lineage.show()
    assert "filters by" in below(lineage, 2)


def test_a_model_stands_for_its_fields_and_a_near_miss_is_offered(lineage, session):
    lineage.show_field("Order")
    assert not lineage.list.isColumnHidden(1)
    assert {"status", "total"} <= set(below(lineage, 1))
    lineage.show_field("Order.totl")
    lineage.empty.link("Order.total").click()
    assert lineage.uses
    lineage.show_field("Customer.email")
    assert not lineage.uses
    assert "Nothing touches Customer.email" in lineage.empty.findChildren(QLabel)[1].text()


# ---------------------------------------------------------------- log


@pytest.fixture
def log(theme, session, show):
    panel = LogPanel(theme)
    panel.set_session(session)
    return show(panel, 900, 240)


def test_lines_are_added_filtered_copied_and_cleared(log, session, qtbot):
    session.log("Run started")
    session.log("email exists", level="error", node="create_order")
    session.log("SELECT 1", level="debug")
    qtbot.waitUntil(lambda: column(log.list, 3) == ["Run started", "email exists"])
    log.level.setCurrentIndex(0)
    log.level.activated.emit(0)
    assert column(log.list, 1) == ["info", "error", "debug"]
    qtbot.keyClicks(log.search, "create_order")
    assert column(log.list, 3) == ["email exists"]
    qtbot.mouseClick(log.copy_button, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text().endswith("error\tcreate_order\temail exists")
    qtbot.keyClicks(log.search, "zzz")
    qtbot.mouseClick(log.empty.link("clear"), Qt.MouseButton.LeftButton)
    assert len(column(log.list)) == 3
    qtbot.mouseClick(log.clear_button, Qt.MouseButton.LeftButton)
    assert column(log.list) == []


def test_secrets_are_masked_and_the_lines_are_written_to_the_log_file(log, session, qtbot, caplog):
    session.log("Lost postgresql://me:s3cret@host/shop, token=abc", level="warning", node="sql")
    qtbot.waitUntil(lambda: len(column(log.list)) == 1)
    assert column(log.list, 3) == ["Lost postgresql://me:***@host/shop, token=***"]
    assert caplog.record_tuples == [
        ("studio.session", logging.WARNING, "sql: Lost postgresql://me:***@host/shop, token=***")
    ]
    with qtbot.waitSignal(log.fileRequested):
        qtbot.mouseClick(log.file_button, Qt.MouseButton.LeftButton)


def test_a_line_leads_to_its_node(log, session, qtbot):
    session.log("email exists", level="error", node="create_order")
    qtbot.waitUntil(lambda: len(column(log.list)) == 1)
    with qtbot.waitSignal(log.nodeActivated) as asked:
        log.list.itemDoubleClicked.emit(log.list.topLevelItem(0), 0)
    assert asked.args == ["create_order"]


def test_following_keeps_the_newest_line_in_sight(log, session, qtbot):
    for number in range(200):
        session.log(f"line {number}")
    bar = log.list.verticalScrollBar()
    qtbot.waitUntil(lambda: len(column(log.list)) == 200 and bar.value() == bar.maximum() > 0)
    log.follow.click()
    bar.setValue(0)
    session.log("one more")
    qtbot.waitUntil(lambda: len(column(log.list)) == 201)
    assert bar.value() == 0


def test_a_run_leaves_its_beginning_its_failures_and_its_end(log, session, qtbot):
    handle = make_handle({"list_orders": []}, failed={"create_order": duplicate_error()})
    session.tell(RunStarted(handle))
    session.tell(RunFinished(handle))
    qtbot.waitUntil(lambda: log.list.topLevelItemCount() == 3)
    first, second, third = column(log.list, 3)
    assert first == "The run of “Nightly sync” begins."
    assert "email 'ada@example.org' already exists" in second
    assert third.startswith("The run of “Nightly sync” failed. (")
    assert column(log.list, 1) == ["info", "error", "error"]
    assert column(log.list, 2)[1] == "create_order"


# ---------------------------------------------------------------- runs


def record(number, state="succeeded", **values):
    return RunRecord(
        id=RunId(f"r{number}"),
        workflow_id=WorkflowId("w1"),
        workflow_name="Nightly sync",
        state=state,
        mode="auto",
        started_at=dt.datetime(2026, 3, 1, 8, number, tzinfo=dt.UTC),
        duration_ms=1234.0,
        rows=1998,
        **values,
    )


NODES = [
    NodeRunRecord(
        node_id=NodeId("list_orders"),
        title="List orders",
        type="OrderListNode",
        state="succeeded",
        duration_ms=12.0,
        rows=1998,
        columns=("id",),
        sample=({"id": 1}, {"id": 2}),
    ),
    NodeRunRecord(
        node_id=NodeId("create_order"),
        title="Create order",
        type="OrderCreateNode",
        state="failed",
        error=duplicate_error().to_data(),
    ),
]


@pytest.fixture
def runs(theme, session, show, qtbot):
    session.answers.runs = [record(2, "failed", error={"message": "email exists"}), record(1)]
    session.answers.nodes = NODES
    panel = RunsPanel(theme)
    panel.set_session(session)
    show(panel, 900, 260)
    qtbot.waitUntil(lambda: panel.list.topLevelItemCount() == 2)
    return panel


def test_runs_are_listed_with_what_became_of_them(runs):
    item = runs.list.topLevelItem(0)
    assert [item.text(number) for number in (0, 1, 3, 4, 7)] == [
        "failed",
        "Nightly sync",
        "1.2 s",
        "1,998",
        "email exists",
    ]


def test_a_run_unfolds_into_its_nodes(runs, qtbot):
    item = runs.list.topLevelItem(0)
    item.setExpanded(True)
    qtbot.waitUntil(lambda: item.childCount() == 2)
    assert [item.child(number).text(1) for number in range(2)] == ["List orders", "Create order"]
    assert "already exists" in item.child(1).text(7)


def test_an_old_run_is_opened_with_its_samples_and_errors(runs, qtbot):
    with qtbot.waitSignal(runs.runOpened) as opened:
        runs.open_run("r2")
    handle: Any = opened.args[0]
    assert isinstance(handle, PastRun)
    seen: Any = handle
    assert handle.state == "failed"
    assert handle.duration_ms == 1234.0
    assert seen.output("list_orders").row_count == 2
    assert seen.node("create_order").error.row == 731
    assert seen.output("list_orders", "first") is None


def test_a_run_that_goes_on_is_listed_at_once_and_opened_as_itself(runs, session, qtbot):
    handle = make_handle({}, running=("list_orders",))
    handle.run_id = RunId("now")
    session.tell(RunStarted(handle))
    assert column(runs.list)[0] == "running"
    with qtbot.waitSignal(runs.runOpened) as opened:
        runs.open_run("now")
    assert opened.args == [handle]
    handle.end("cancelled")
    session.tell(RunFinished(handle))
    qtbot.waitUntil(lambda: column(runs.list)[0] == "cancelled")


def test_runs_that_begin_stand_above_the_others_and_leave_those_as_they_are(runs, session):
    chosen = runs.list.topLevelItem(1)
    runs.list.setCurrentItem(chosen)
    for number in range(25):
        handle = make_handle({}, running=("list_orders",))
        handle.run_id = RunId(f"now{number}")
        session.tell(RunStarted(handle))
    # No more than twenty are kept in mind before the history has them.
    shown = [runs.list.topLevelItem(row).data(0, RUN) for row in range(runs.list.topLevelItemCount())]
    assert shown == [*(f"now{number}" for number in range(24, 4, -1)), "r2", "r1"]
    assert runs.list.selectedItems() == [chosen]
    assert runs.summary.text().startswith("22 runs")


def test_two_runs_are_compared_and_one_with_the_run_before_it(runs, session, qtbot):
    def dialog():
        return next(
            (widget for widget in runs.window().findChildren(RunsCompareDialog) if widget.isVisible()), None
        )

    assert not runs.compare_button.isEnabled()
    runs.list.setCurrentItem(runs.list.topLevelItem(1))
    assert not runs.compare_button.isEnabled(), "nothing was before it"
    runs.list.setCurrentItem(runs.list.topLevelItem(0))
    qtbot.mouseClick(runs.compare_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog() is not None)
    rows = [dialog().list.topLevelItem(number) for number in range(3)]
    assert [row.text(1) for row in rows] == ["succeeded → failed", "succeeded", "failed"]
    assert [row.text(4) for row in rows] == ["", "the same in the rows kept", "the same"]
    dialog().copy()
    assert "List orders\tsucceeded\t1,998" in QApplication.clipboard().text()
    dialog().close()
    runs.list.selectAll()
    assert runs.compare_button.isEnabled()
    menu = runs.deeds.menu_for(runs.list.topLevelItem(0))
    assert [action.isEnabled() for action in menu.actions() if "mpare" in action.text()] == [True]
    menu.deleteLater()


def test_a_run_gets_a_note_and_is_asked_to_be_deleted(runs, session, qtbot):
    assert runs.retention.text() == "keeping 200 runs / 250 MB"
    runs.list.setCurrentItem(runs.list.topLevelItem(1))
    runs.list.setFocus()
    qtbot.keyClick(runs.list, Qt.Key.Key_F2)
    asking = runs.findChild(QInputDialog)
    asking.setTextValue("before the holidays")
    asking.accept()
    qtbot.waitUntil(lambda: column(runs.list, 8) == ["", "before the holidays"])
    assert [item.text(8) for item in runs.list.selectedItems()] == ["before the holidays"], "still chosen"
    runs.activateWindow()
    runs.list.setFocus()
    qtbot.waitUntil(runs.list.hasFocus)
    with qtbot.waitSignal(runs.deleteRequested) as asked:
        qtbot.keyClick(runs.list, Qt.Key.Key_Delete)
    assert asked.args == [["r1"]]
    with qtbot.waitSignal(runs.retentionRequested):
        runs.retention.click()


def test_chosen_runs_are_copied_line_by_line_and_only_one_gets_a_note(runs, qtbot):
    def keys():
        menu = runs.deeds.menu_for(runs.list.topLevelItem(0))
        return {
            action.text().strip("&"): action.shortcut().toString()
            for action in menu.actions()
            if action.isEnabled()
        }

    runs.list.setCurrentItem(runs.list.topLevelItem(0))
    assert keys().items() >= {"Open": "Return", "Note…": "F2", "Delete…": "Del", "Copy": "Ctrl+C"}.items()
    runs.list.selectAll()
    assert "Note…" not in keys()
    runs.list.setFocus()
    qtbot.keyClick(runs.list, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == column(runs.list)


def test_a_run_that_the_history_has_no_more_is_not_listed(runs, session, qtbot):
    handle = make_handle({})
    handle.run_id = RunId("r3")
    session.tell(RunStarted(handle))
    assert len(column(runs.list)) == 3
    session.answers.runs = [record(3), *session.answers.runs]
    runs.refresh()
    qtbot.waitUntil(lambda: len(runs.records) == 3)
    session.answers.runs = session.answers.runs[1:]
    runs.refresh()
    qtbot.waitUntil(lambda: len(column(runs.list)) == 2)


def test_only_the_latest_look_at_the_history_counts(runs, session, qtbot):
    late = session.answers.gate = asyncio.Event()
    runs.refresh()
    qtbot.waitUntil(lambda: bool(late._waiters))
    session.answers.gate = None
    session.answers.runs = [record(3), *session.answers.runs]
    runs.refresh()
    qtbot.waitUntil(lambda: len(column(runs.list)) == 3)
    late.set()
    qtbot.waitUntil(lambda: runs.busy._jobs == 0)
    assert len(column(runs.list)) == 3


def test_no_runs_say_how_to_make_one(theme, session, show):
    panel = RunsPanel(theme)
    panel.set_session(session)
    show(panel, 600, 200)
    assert "No runs yet" in panel.empty._title.text()
