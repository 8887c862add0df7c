"""Running from the window: rows in the grid, errors where they belong, Stop, and nothing that freezes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QMessageBox, QPushButton

from studio.canvas.edge_data import EdgeData
from studio.canvas.hits import NOTHING
from studio.canvas.states import CardState
from studio.canvas.tooltips import tooltip
from studio.kernel.ids import NodeId, WorkflowId
from studio.project.graph_changes import EditNode
from studio.project.project_changes import PutWorkflow, SetConnections
from studio.session import RunHandle, Session
from studio.shell.inputs_dialog import InputsDialog
from studio.shell.message_bar import Toast
from studio.workflow.graph import Edge, Node, Place, Workflow, WorkflowInput, frozen

FOREVER = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000000) SELECT count(*) AS n FROM n"


def make_node(node_id: str, type_name: str, title: str, params: dict[str, Any] | None = None) -> Node:
    return Node(id=NodeId(node_id), type=type_name, title=title, params=frozen(params or {}))


def put(session: Session, *nodes: Node, inputs: tuple[WorkflowInput, ...] = ()) -> WorkflowId:
    """Adds a workflow of unconnected nodes."""
    workflow_id = session.add_workflow("Test")
    workflow = replace(
        session.project.workflow(workflow_id),
        inputs=inputs,
        nodes=frozen({node.id: node for node in nodes}),
        places=frozen({node.id: Place(x=300.0 * number) for number, node in enumerate(nodes)}),
    )
    session.edit(PutWorkflow(workflow=workflow))
    return workflow_id


def running(window, drive):
    """Waits until the endless node runs."""
    drive.until(lambda: window.runs.is_running and window.runs.handle.node("endless").state == "running")
    return window.runs.handle


def test_the_sample_runs_and_its_rows_are_in_the_grid(window, drive):
    drive.activate()
    drive.finish(window.files.open_sample())
    assert window.windowTitle().endswith(f"[*] — {window.session.title}")
    handle = drive.run()
    assert handle.state == "succeeded"
    header, *rows = drive.grid()
    assert "spent" in header
    assert len(rows) == handle.output("report").row_count
    assert set(drive.canvas.projector.footers) == set(
        window.session.project.workflows[drive.canvas.workflow_id].nodes
    )
    again = drive.run()
    assert again is not handle
    assert again.state == "succeeded"


def test_the_window_lives_on_while_a_statement_runs_without_end(window, session, drive):
    drive.activate()
    put(session, make_node("endless", "SQL", "Endless", params={"sql": FOREVER}))
    window.navigation.run()
    running(window, drive)
    beats: list[bool] = []
    timer = QTimer(window)
    timer.timeout.connect(lambda: beats.append(window.runs.is_running))
    timer.start(10)
    drive.until(lambda: len(beats) >= 20)
    timer.stop()
    assert all(beats)
    drive.key(Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    assert drive.run_ended().state == "cancelled"


def test_stop_ends_a_statement_at_the_driver_and_a_new_run_may_start_at_once(
    window, session, drive, monkeypatch
):
    drive.activate()
    put(session, make_node("endless", "SQL", "Endless", params={"sql": FOREVER}))
    window.navigation.run()
    running(window, drive)
    assert window.commands.action("stop").isEnabled()
    assert window.toolbar.stop_button.property("running") is True
    assert not window.commands.action("run").isEnabled()
    said = []
    window.statusBar().messageChanged.connect(
        lambda text: said.append((window.toolbar.stop_button.text().strip(), text))
    )
    drive.key(Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    handle = drive.run_ended()
    button, text = said[0]
    assert button == "Stopping…"
    assert text.startswith("Stopping… 0 of 1 nodes are done")
    assert window.toolbar.stop_button.text().strip() == "Stop"
    assert handle.state == "cancelled"
    assert handle.node("endless").state == "cancelled"
    assert "stopped" in window.statusBar().currentMessage()
    assert window.toolbar.stop_button.property("running") is False
    session.set_params("w1", "list_orders", {"limit": 1})
    put(session, make_node("one", "SQL", "One", params={"sql": "SELECT 1 AS n"}))
    assert drive.run().state == "succeeded"
    assert drive.grid() == [["n"], ["1"]]
    # In one transaction nothing of it is left.
    window.preferences.set_mode("atomic")
    put(session, make_node("endless", "SQL", "Endless", params={"sql": FOREVER}))
    window.navigation.run()
    running(window, drive)
    # Even one that has ended before the window says so is first said to be stopping.
    cancel = RunHandle.cancel

    def at_once(handle):
        cancel(handle)
        while not handle.is_finished:
            pass

    monkeypatch.setattr(RunHandle, "cancel", at_once)
    said.clear()
    drive.key(Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)
    drive.run_ended()
    assert said[0][0] == "Stopping…"
    assert said[0][1].startswith("Stopping… 0 of 1 nodes are done")
    assert window.statusBar().currentMessage().endswith("; rolled back, nothing was saved")


def test_leaving_asks_about_a_run_under_way_and_one_that_ends_meanwhile_needs_no_answer(
    window, session, drive
):
    drive.activate()
    endless = make_node("endless", "SQL", "Endless", params={"sql": FOREVER})
    put(session, endless)
    window.navigation.run()
    handle = running(window, drive)
    # The edits are asked about first; keeping the run is what Enter and Esc mean.
    leaving = drive.begin(window.files.close())
    assert "Save the changes" in drive.answer("discard")
    question = drive.dialog(QMessageBox)
    assert question.defaultButton().objectName() == "keep"
    assert "have committed stays" in question.informativeText()
    drive.bot.keyClick(question, Qt.Key.Key_Escape)
    drive.until(leaving.done)
    assert leaving.result() is False
    assert (handle.state, window.session) == ("running", session)
    # It ends by itself: the question goes, and what was asked for goes on.
    leaving = drive.begin(window.files.new())
    drive.answer("discard")
    assert "“Test” is still running" in drive.dialog(QMessageBox).text()
    handle.cancel()
    drive.until(leaving.done)
    assert not drive.is_asking(QMessageBox)
    assert window.session is not session
    # One that waits at a breakpoint is asked about too, and staying for the edits leaves it alone.
    connection = session.project.connections["c"]
    window.session.edit(SetConnections(put=(connection,), default="c"))
    workflow_id = put(window.session, endless)
    window.preferences.set_mode("atomic")
    window.session.breakpoints.set(workflow_id, NodeId("endless"), "")
    window.navigation.run()
    drive.until(lambda: window.runs.is_paused)
    window.close()
    drive.answer("cancel")
    drive.until(lambda: not window._is_closing)
    assert window.runs.is_paused
    window.close()
    drive.answer("discard")
    assert "waits at a breakpoint" in drive.answer("stop")
    drive.until(window.closed.is_set)
    assert not window.isVisible()


def test_a_run_that_may_be_rolled_back_says_what_no_rollback_takes_back(window, session, drive):
    drive.activate()
    put(
        session,
        make_node("post", "HTTPRequest", "Tell", {"url": "http://127.0.0.1:9", "method": "POST"}),
        make_node("order", "OrderCreateNode", "Keep", {"total": 1}),
    )
    assert drive.run().mode == "auto"
    assert window.message_bar.message is None
    window.preferences.set_mode("atomic")
    assert drive.run().mode == "atomic"
    assert 'What "Tell" changes elsewhere stays' in drive.window.message_bar.message.what
    show = next(
        button for button in window.message_bar.findChildren(QPushButton) if button.text() == "Show it"
    )
    drive.click(show)
    assert drive.canvas.selection() == ["post"]


def test_what_an_edit_makes_stale_is_hatched_until_it_is_undone_or_run_again(window, session, drive):
    drive.activate()
    workflow_id = put(
        session,
        make_node("rows", "SQL", "Rows", {"sql": "SELECT 1 AS n"}),
        make_node("few", "Limit", "Few", {"limit": 1}),
        make_node("other", "SQL", "Other", {"sql": "SELECT 2 AS n"}),
    )
    session.connect(
        workflow_id,
        Edge(source=NodeId("rows"), source_port="records", target=NodeId("few"), target_port="records"),
    )
    assert drive.run().state == "succeeded"

    def states():
        shown = drive.canvas.projector.footers
        return {name: shown[name].state for name in ("rows", "few", "other")}

    fresh = dict.fromkeys(("rows", "few", "other"), CardState.OK)
    drive.until(lambda: states() == fresh)
    session.edit(EditNode(workflow=workflow_id, node=NodeId("rows"), values=frozen({"title": "Renamed"})))
    session.set_params(workflow_id, "rows", {"sql": "SELECT 3 AS n"})
    old = {**fresh, "rows": CardState.STALE, "few": CardState.STALE}
    drive.until(lambda: states() == old)
    assert drive.canvas.projector.footers["few"].text.startswith("stale · 1 row")
    outline = window.panels.outline
    window.docks.reveal("outline")
    drive.until(lambda: outline.model.state_text(NodeId("few")).startswith("✓ stale"))
    assert outline.model.state_text(NodeId("other")).startswith("✓ succeeded")
    geometry = drive.canvas.projector.geometry
    hit = replace(NOTHING, node=geometry.index["few"])
    assert "Edited since it ran" in tooltip(drive.canvas.projector, hit, EdgeData(None))
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    drive.until(lambda: states() == fresh)
    drive.key(Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    drive.until(lambda: states() == old)
    assert drive.run().state == "succeeded"
    drive.until(lambda: states() == fresh)
    # What is pinned gives what it gave, whatever is done before it.
    session.pin(workflow_id, "few")
    session.set_params(workflow_id, "rows", {"sql": "SELECT 4 AS n"})
    drive.until(lambda: states() == {**fresh, "rows": CardState.STALE})
    session.unpin(workflow_id, "few")
    session.disconnect(workflow_id, session.project.workflow(workflow_id).edges)
    drive.until(lambda: states() == old)


def test_a_failed_node_is_told_in_the_results_and_the_next_run_is_clean(window, session, drive):
    drive.activate()
    workflow_id = put(session, make_node("bad", "SQL", "Bad", params={"sql": "SELECT * FROM nowhere"}))
    handle = drive.run()
    assert handle.state == "failed"
    assert "nowhere" in str(handle.node("bad").error)
    assert window.panels.results.current.node_id == "bad"
    assert window.panels.results.current.card.isVisible()
    assert "failed" in window.statusBar().currentMessage()
    # Where the canvas shows something else, a toast tells it as well.
    toast = window.findChild(Toast)
    assert not toast.isVisible()
    drive.canvas.viewer.center_on(9000, 9000)
    assert drive.run().state == "failed"
    assert "nowhere" in toast.text()
    assert toast.isVisible()
    session.set_params(workflow_id, "bad", {"sql": "SELECT 2 AS n"})
    assert drive.run().state == "succeeded"
    assert drive.grid() == [["n"], ["2"]]


def test_a_workflow_with_problems_is_not_run_and_the_problems_are_shown(window, session, drive):
    drive.activate()
    put(session, make_node("ghost", "NoSuchNode", "Ghost"))
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_F5)
    drive.until(lambda: window.message_bar.message is not None)
    assert "NoSuchNode" in window.message_bar.message.text
    assert not window.runs.is_running
    assert not window.docks["problems"].visibleRegion().isEmpty()
    drive.until(lambda: window.docks["problems"].windowTitle() == "Problems 1")
    window.commands.action("undo").trigger()
    drive.until(lambda: window.message_bar.message is None)


def test_what_a_run_needs_is_asked_for_once(window, session, drive, qtbot):
    drive.activate()
    put(
        session,
        make_node(
            "echo",
            "SQL",
            "Echo",
            params={"sql": "SELECT :n AS n", "params": {"n": "{{ number }}"}},
        ),
        inputs=(WorkflowInput(name="number", kind="int"),),
    )
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_F5)
    dialog = drive.dialog(InputsDialog)
    qtbot.keyClicks(dialog._edits["number"], "42")
    qtbot.keyClick(dialog._edits["number"], Qt.Key.Key_Return)
    drive.until(lambda: window.runs.handle is not None)
    assert drive.run_ended().state == "succeeded"
    assert drive.grid() == [["n"], ["42"]]
    assert drive.run().state == "succeeded"


def test_python_runs_only_after_a_person_has_trusted_the_project(window, session, drive):
    drive.activate()
    put(session, make_node("code", "Python", "Code", params={"code": "result = 6 * 7"}))
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_F5)
    assert "Python" in drive.answer("cancel")
    assert window.runs.handle is None
    assert not session.trusted
    drive.activate()
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_F5)
    drive.answer("trust")
    drive.until(lambda: window.runs.handle is not None)
    handle = drive.run_ended()
    assert handle.state == "succeeded", handle.error
    assert session.trusted


def test_a_dry_run_says_that_nothing_was_saved(window, session, drive):
    drive.activate()
    put(session, make_node("make", "CustomerCreateNode", "Make", params={"name": "Ada"}))
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    drive.until(lambda: window.runs.handle is not None)
    assert drive.run_ended().state == "succeeded"
    assert "nothing was saved" in window.message_bar.message.what
    assert drive.finish(session.row_count("Customer")) == 0
    assert drive.run().state == "succeeded"
    assert drive.finish(session.row_count("Customer")) == 1


def test_run_to_here_runs_a_node_and_what_leads_to_it(window, session, drive):
    drive.activate()
    put(
        session,
        make_node("one", "SQL", "One", params={"sql": "SELECT 1 AS n"}),
        make_node("two", "SQL", "Two", params={"sql": "SELECT 2 AS n"}),
    )
    drive.canvas.select(["two"])
    drive.until(lambda: window.commands.action("run_to_here").isEnabled())
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_F7)
    drive.until(lambda: window.runs.handle is not None)
    handle = drive.run_ended()
    assert handle.node("one") is None
    assert handle.node("two").state == "succeeded"
    assert isinstance(session.project.workflow(handle.workflow_id), Workflow)
