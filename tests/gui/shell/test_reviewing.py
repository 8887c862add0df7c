"""Modes in the window: the chooser, a run that waits for a decision, its changes, parts of a workflow, pinned values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from studio.kernel.ids import NodeId
from studio.project.project_changes import SetConnections
from studio.shell.settings import Settings

CONTROL_SHIFT = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def sample(window, drive) -> Any:
    drive.activate()
    drive.finish(window.files.open_sample())
    return window.session


def test_a_run_in_review_shows_its_changes_and_is_committed_by_keys(window, drive, sample):
    window.commands.action("mode_review").trigger()
    assert window.toolbar.mode_button.text().startswith("txn: review")
    assert Settings(window.env.data_dir).mode == "review"
    assert not window.commands.action("commit").isEnabled()
    handle = drive.run()
    counts = str(handle.changes.totals)
    drive.until(window.status.transaction.isVisible)
    assert f"UNCOMMITTED  {counts}" in window.status.transaction.text.text()
    panel = window.panels.changes
    drive.until(lambda: panel.grid.isVisible() and panel.model.rowCount() > 0)
    assert window.docks["changes"].windowTitle() == f"Changes {counts}"
    cells = {
        panel.model.index(row, column).data() for row in range(panel.model.rowCount()) for column in range(6)
    }
    assert {"~ updated", "tier", "gold"} <= cells
    everything = panel.model.rowCount()
    panel.search.setText("tier")
    drive.until(lambda: panel.model.rowCount() < everything)
    assert {(row.field, row.new) for row in panel.model.rows if row.operation} == {("tier", "gold")}
    panel.search.setText("no such thing")
    drive.until(panel.empty.isVisible)
    panel.commit_button.setFocus()
    drive.key(Qt.Key.Key_C, CONTROL_SHIFT)
    drive.until(lambda: handle.outcome == "succeeded" and not window.status.transaction.isVisible())
    drive.until(lambda: not panel.commit_button.isVisible())
    assert panel.isAncestorOf(QApplication.focusWidget()), "the focus stays here"
    assert not window.commands.action("roll_back").isEnabled()


def test_another_run_is_refused_with_both_ways_out_and_leaving_asks(window, drive, sample):
    window.preferences.set_mode("review")
    handle = drive.run()
    drive.key(Qt.Key.Key_F5)
    drive.until(lambda: window.message_bar.message is not None)
    assert "not committed yet" in window.message_bar.message.what
    leaving = drive.begin(window.files.close())
    assert "not committed yet" in drive.answer("cancel")
    drive.until(leaving.done)
    assert window.session is sample
    leaving = drive.begin(window.files.close())
    drive.answer("roll_back")
    drive.until(leaving.done)
    assert handle.outcome == "rolled_back"
    assert window.session is None


def test_a_run_from_a_node_reuses_what_came_before_and_a_pinned_node_is_not_run(window, drive, sample):
    drive.run()
    workflow = sample.project.workflow(drive.canvas.workflow_id)
    last = workflow.order()[-1]
    before = workflow.incoming[last][0].source
    drive.canvas.select([last])
    drive.canvas.setFocus()
    drive.until(window.commands.action("run_from_here").isEnabled)
    first = window.runs.handle
    drive.key(Qt.Key.Key_F7, Qt.KeyboardModifier.ShiftModifier)
    drive.until(lambda: window.runs.handle is not first)
    handle = drive.run_ended()
    assert (handle.node(before).origin, handle.node(last).origin) == ("reused", "")
    assert drive.canvas.projector.footers[before].text.startswith("reused")
    drive.canvas.select([before])
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_P)
    drive.until(lambda: sample.project.workflow(workflow.id).nodes[before].pinned is not None)
    assert drive.run().node(before).origin == "pinned"
    panel = window.panels.runs
    drive.until(lambda: panel.list.topLevelItemCount() == 3)
    panel.run_again(handle.run_id)
    drive.until(lambda: window.runs.handle.start == last and window.runs.handle is not handle)
    drive.run_ended()
    sample.undo()
    assert sample.project.workflow(workflow.id).nodes[before].pinned is None


def test_what_cannot_be_pinned_is_told(window, drive, sample):
    drive.canvas.select([NodeId(sample.project.workflow(drive.canvas.workflow_id).order()[0])])
    drive.canvas.setFocus()
    drive.key(Qt.Key.Key_P)
    drive.until(lambda: "has not run yet" in window.statusBar().currentMessage())
    assert sample.history.undo_label is None


def test_a_dry_run_says_what_it_would_have_changed_and_exports_it(window, drive, sample, tmp_path):
    window.commands.action("dry_run").trigger()
    drive.until(lambda: window.message_bar.message is not None)
    assert "nothing was saved. It would have changed +0 ~" in window.message_bar.message.what
    panel = window.panels.changes
    window.docks.reveal("changes")
    panel.export_sql()
    drive.choose_file(tmp_path / "changes.sql")
    drive.until((tmp_path / "changes.sql").exists)
    panel.export_json()
    drive.choose_file(tmp_path / "changes.json")
    drive.until((tmp_path / "changes.json").exists)
    drive.until(lambda: (tmp_path / "changes.json").read_text().endswith("}"))
    assert (tmp_path / "changes.sql").read_text().startswith("UPDATE ")
    assert '"before"' in (tmp_path / "changes.json").read_text()


def test_a_run_that_cannot_begin_shows_its_nodes_as_not_run(window, session, drive):
    connections = session.project.connections
    gone = [replace(entry, url="sqlite:////nowhere/at/all.db") for entry in connections.values()]
    session.edit(SetConnections(put=tuple(gone)))
    handle = drive.run()
    assert handle.state == "failed"
    _, views = handle.nodes_since(0)
    assert {view.state for view in views} <= {"pending", "abandoned"}
