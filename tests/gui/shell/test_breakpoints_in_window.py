"""Breakpoints as a person meets them: set by key, button and menu, with a condition, waited at, looked around from, gone on from, remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication

from studio.canvas.edge_data import EdgeData
from studio.canvas.hits import NOTHING
from studio.canvas.states import CardState
from studio.canvas.tooltips import tooltip
from studio.kernel.ids import NodeId, WorkflowId
from studio.panels.outline_model import STATE
from studio.project.project_changes import PutWorkflow
from studio.session import Session
from studio.shell.breakpoint_dialog import BreakpointDialog
from studio.shell.settings import Settings
from studio.workflow.graph import Edge, Node, Place, Workflow, frozen
from tests.gui.canvas.support import header
from tests.gui.shell.conftest import make_project

KEY = Qt.Key
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
OUTER, INNER = WorkflowId("w1"), WorkflowId("w2")
EDGE = Edge(source=NodeId("a"), source_port="records", target=NodeId("b"), target_port="records")


def node(key, kind, title, **params):
    return Node(id=NodeId(key), type=kind, title=title, params=frozen(params))


def shop(url):
    """Two numbers, the first of them, and a part that is a workflow of one node; the three run one after the other."""
    nodes = (
        node("a", "SQL", "Numbers", sql="SELECT 1 AS n UNION ALL SELECT 2"),
        node("b", "Limit", "First", limit=1),
        node("m", "Subworkflow", "Part", workflow="Inner"),
    )
    outer = Workflow(
        id=OUTER,
        name="Outer",
        nodes=frozen({entry.id: entry for entry in nodes}),
        edges=(
            EDGE,
            Edge(source=NodeId("b"), source_port="done", target=NodeId("m"), target_port="after"),
        ),
        places=frozen({entry.id: Place(x=300.0 * number) for number, entry in enumerate(nodes)}),
    )
    inside = node("o", "Constant", "Inside", value=1)
    inner = Workflow(
        id=INNER, name="Inner", nodes=frozen({inside.id: inside}), places=frozen({inside.id: Place()})
    )
    return replace(make_project(url), workflows=frozen({OUTER: outer, INNER: inner}))


@pytest.fixture
def session(window, drive, env, tmp_path):
    session = Session.in_memory(shop(f"sqlite:///{tmp_path / 'shop.db'}"), env=env)
    window.set_session(session)
    window.preferences.set_motion("reduced")
    drive.activate()
    drive.canvas.viewer.zoom_to(1.0)
    drive.canvas.viewer.center_on(420, 60)
    drive.canvas.setFocus()
    return session


def marks(session, workflow_id=OUTER):
    return dict(session.breakpoints.of(workflow_id))


def footer(drive, node_id):
    found = drive.canvas.projector.footers.get(NodeId(node_id))
    return None if found is None else (found.state, found.text)


def corner_color(drive, node_id):
    """What is painted on the corner of a card, in the frame that is shown now."""
    canvas = drive.canvas
    i = canvas.projector.geometry.index[NodeId(node_id)]
    x, y = canvas.viewer.camera().to_pixels(
        float(canvas.projector.geometry.x[i]), float(canvas.projector.geometry.y[i])
    )
    return canvas.viewer.viewport().grab().toImage().pixelColor(QPoint(round(x), round(y)))


def ask_for_condition(drive, *texts):
    """Types one text after the other into the dialog; returns what was said against all but the last."""
    dialog, said = drive.dialog(BreakpointDialog), []
    for text in texts:
        line = dialog.editor.line
        line.selectAll()
        drive.bot.keyClick(line, KEY.Key_Delete)
        drive.bot.keyClicks(line, text)
        line._hide_offers()
        drive.bot.keyClick(line, KEY.Key_Return)
        if dialog.refusal.isVisible():
            said.append(dialog.refusal.text())
    drive.until(lambda: not drive.is_asking(BreakpointDialog))
    drive.activate()
    return said


def paused(drive, path):
    """Waits until the window shows that the run waits there."""
    runs, step = drive.window.runs, drive.window.toolbar.step_button
    drive.until(lambda: runs.is_paused and runs.handle.pause.path == path and step.isVisible())
    return runs.handle


def test_f9_sets_and_removes_it_and_card_inspector_outline_and_tooltip_say_so(
    window, drive, session, tmp_path
):
    inspector, outline = window.panels.inspector, window.panels.outline
    drive.mouse.click(*header(drive.canvas, "b"))
    drive.until(inspector.breakpoint_button.isVisible)
    before = corner_color(drive, "b")
    drive.key(KEY.Key_F9)
    assert marks(session) == {"b": ""}
    pictures = [tmp_path / name for name in ("with.png", "without.png")]
    drive.finish(drive.canvas.export_picture(pictures[0]))
    red = window.theme.color("error")
    assert corner_color(drive, "b") == red != before
    at = drive.canvas.projector.geometry.index[NodeId("b")]
    assert "Breakpoint" in tooltip(drive.canvas.projector, replace(NOTHING, node=at), EdgeData(None))
    drive.canvas.viewer.zoom_to(0.3)
    assert corner_color(drive, "b") == red
    drive.canvas.viewer.zoom_to(1.0)
    button = inspector.breakpoint_button
    assert button.isChecked()
    assert button.accessibleName() == "Breakpoint"
    assert "runs wait before this node" in button.toolTip()
    # It is no edit: neither undo nor an unsaved change comes of it.
    assert not session.is_modified
    assert session.history.undo_label is None
    drive.click(button)
    assert (marks(session), button.isChecked()) == ({}, False)
    drive.finish(drive.canvas.export_picture(pictures[1]))
    assert pictures[0].read_bytes() == pictures[1].read_bytes(), "pictures for others are without it"
    # With a condition, which must be one.
    drive.key(KEY.Key_F9, SHIFT)
    (refusal,) = ask_for_condition(drive, "a.count >", "a.count > 1")
    assert refusal
    assert marks(session) == {"b": "a.count > 1"}
    assert "when a.count > 1" in button.toolTip()
    assert corner_color(drive, "b") == window.theme.color("card")
    # In the outline, for several rows at once.
    drive.key(KEY.Key_O, CONTROL | SHIFT)
    drive.until(outline.tree.hasFocus)
    index = outline.model.index_of("b")
    assert index.siblingAtColumn(STATE).data() == "breakpoint when a.count > 1"
    assert "breakpoint when" in index.data(Qt.ItemDataRole.AccessibleTextRole)
    drive.key(KEY.Key_Home)
    drive.key(KEY.Key_Down, SHIFT)
    drive.key(KEY.Key_F9)
    assert marks(session) == {"a": "", "b": "a.count > 1"}
    said = Qt.ItemDataRole.AccessibleTextRole
    drive.until(lambda: outline.model.index_of("a").data(said) == "Numbers, SQL, breakpoint")
    # A node that goes takes its own along; undo brings both back.
    session.remove(OUTER, [NodeId("a")])
    assert set(drive.canvas.projector.breakpoints) == {"b"}
    session.undo()
    assert set(drive.canvas.projector.breakpoints) == {"a", "b"}
    drive.key(KEY.Key_F9, CONTROL | SHIFT)
    assert marks(session) == {}
    assert window.statusBar().currentMessage() == "2 breakpoints removed."
    assert not window.commands.action("clear_breakpoints").isEnabled()


def test_a_run_waits_is_looked_at_stepped_on_and_goes_on(window, drive, session):
    run, step = window.toolbar.run_button, window.toolbar.step_button
    session.breakpoints.set(OUTER, NodeId("b"), "a.count > 1")
    drive.canvas.viewer.center_on(9000, 9000)
    window.preferences.set_mode("atomic")
    drive.key(KEY.Key_F5)
    handle = paused(drive, "b")
    assert footer(drive, "b") == (CardState.PAUSED, "paused here")
    camera = drive.canvas.viewer.camera()
    assert camera.left < 300 < camera.right
    said = window.statusBar().currentMessage()
    assert said.startswith("Paused before “First” — F5 continue · F10 step · Shift+F5 stop")
    assert "the transaction stays open" in said
    assert (run.text().strip(), step.isVisible()) == ("Continue", True)
    assert "go on" in run.toolTip()
    runs = window.panels.runs.list
    drive.until(lambda: runs.topLevelItem(0).text(0) == "paused")
    # What there is so far can be looked at.
    assert drive.canvas.viewer.edge_data.label(EDGE) == "2"
    drive.mouse.click(*header(drive.canvas, "a"))
    drive.key(KEY.Key_O)
    assert drive.grid() == [["n"], ["1"], ["2"]]
    drive.mouse.click(*header(drive.canvas, "b"))
    drive.key(KEY.Key_O)
    drive.until(lambda: "waits before this node" in window.panels.results.current.empty._text.text())
    drive.canvas.setFocus()
    drive.key(KEY.Key_F10)
    assert paused(drive, "m") is handle
    drive.until(lambda: footer(drive, "m") == (CardState.PAUSED, "paused here"))
    drive.until(lambda: footer(drive, "b")[0] is CardState.OK)
    drive.key(KEY.Key_F5)
    assert drive.run_ended() is handle
    assert handle.state == "succeeded"
    drive.until(lambda: footer(drive, "m")[0] is CardState.OK)
    drive.until(lambda: (run.text().strip(), step.isVisible()) == ("Run", False))
    window.preferences.set_mode("auto")
    # F10 begins a run that waits before its first node; there it can be stopped.
    drive.canvas.setFocus()
    drive.key(KEY.Key_F10)
    drive.until(lambda: window.runs.handle is not handle)
    paused(drive, "a")
    drive.key(KEY.Key_F5, SHIFT)
    assert drive.run_ended().state == "cancelled"
    drive.until(lambda: (footer(drive, "a") or (None,))[0] is not CardState.PAUSED)
    drive.until(lambda: not step.isVisible())
    drive.until(lambda: runs.topLevelItem(0).text(0) == "cancelled")


def test_inside_a_subworkflow_the_node_around_is_marked_and_a_button_leads_in(window, drive, session):
    session.breakpoints.set(INNER, NodeId("o"), "nowhere > 1")
    drive.key(KEY.Key_F5)
    paused(drive, "m/o")
    drive.until(lambda: footer(drive, "m") == (CardState.PAUSED, "paused inside"))
    assert window.statusBar().currentMessage().startswith("Paused before “Inside” in “Part” — F5 continue")
    told = window.message_bar.message.what
    assert "could not be told" in told
    assert "nowhere" in told
    outline = window.panels.outline
    drive.key(KEY.Key_O, CONTROL | SHIFT)
    drive.until(lambda: outline.model.index_of("m").siblingAtColumn(STATE).data().startswith("paused"))
    (offer,) = window.message_bar._offers
    drive.click(offer)
    drive.until(lambda: window.pages.tabs.workflow_id == INNER)
    assert drive.canvas.breadcrumb.isVisible()
    assert drive.canvas.selection() == ["o"]
    assert footer(drive, "o") == (CardState.PAUSED, "paused here")
    # Closing the window ends the run, as it does with one that goes on, when a person says so.
    handle = window.runs.handle
    window.close()
    drive.answer("stop")
    drive.until(window.closed.is_set)
    assert handle.state == "cancelled"


def test_the_window_remembers_them_for_where_the_project_lies(window, drive, env, tmp_path):
    drive.activate()
    drive.finish(window.files.new())
    session = window.session
    for workflow in shop("sqlite://").workflows.values():
        session.edit(PutWorkflow(workflow=workflow))
    session.breakpoints.set(OUTER, NodeId("b"))
    session.breakpoints.set(INNER, NodeId("o"), "1 > 0")
    assert window.settings.breakpoints == {}, "this project lies nowhere yet"
    for name in ("one", "two"):
        saving = drive.begin(window.files.save_as())
        drive.choose_file(tmp_path / f"{name}.studio")
        drive.until(saving.done)
    session.breakpoints.remove(OUTER, NodeId("b"))
    first, second = (str(tmp_path / f"{name}.studio") for name in ("one", "two"))
    kept = {first: [("w1", "b", ""), ("w2", "o", "1 > 0")], second: [("w2", "o", "1 > 0")]}
    assert window.settings.breakpoints == kept
    window.settings.sync()
    assert Settings(env.data_dir).breakpoints == kept
    drive.finish(window.files.open(first))
    assert window.session is not session
    assert window.session.breakpoints.all() == ((OUTER, "b", ""), (INNER, "o", "1 > 0"))
    window.navigation.show_workflow(OUTER)
    assert drive.canvas.projector.breakpoints == {"b": ""}
    # What another version, or another hand, has written there is passed over.
    window.settings.breakpoints = {first: [("w1", "gone", ""), ("w1", "b", "1 >"), ("w1", "a", "")]}
    window.settings._store.setValue(
        "run/breakpoints", window.settings._store.value("run/breakpoints").replace('"gone", ""', "7")
    )
    drive.finish(window.files.open(second))
    drive.finish(window.files.open(first))
    assert window.session.breakpoints.all() == ((OUTER, "a", ""),)
    for text in ("[1]", "not JSON"):
        window.settings._store.setValue("run/breakpoints", text)
        assert window.settings.breakpoints == {}
    assert QApplication.activeModalWidget() is None
