"""A whole workflow without a mouse: built, connected, configured, run and exported through the outline and by name."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

from studio.panels import QuickOpen
from studio.panels.outline_model import KIND, TITLE
from studio.session import Session
from studio.workflow.text import workflow_from_yaml
from tests.gui.shell.conftest import make_project

CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key


class Typist:
    """A person with a keyboard and nothing else: every key goes to whoever has the focus."""

    def __init__(self, drive, window):
        self.driver = drive
        self.window = window

    def press(self, *keys, modifiers=Qt.KeyboardModifier.NoModifier):
        for key in keys:
            self.driver.key(key, modifiers)

    def type(self, text):
        self.driver.bot.keyClicks(QApplication.focusWidget(), text)

    def popup_is_open(self):
        focus = QApplication.focusWidget()
        return isinstance(focus, QLineEdit) and isinstance(focus.parentWidget(), QuickOpen)

    def choose(self, text):
        self.driver.until(self.popup_is_open)
        self.type(text)
        self.press(KEY.Key_Return)

    def command(self, text):
        self.press(KEY.Key_P, modifiers=CONTROL | SHIFT)
        self.choose(text)

    def outline(self):
        self.press(KEY.Key_O, modifiers=CONTROL | SHIFT)
        outline = self.window.panels.outline
        self.driver.until(lambda: outline.tree.hasFocus() or outline.hasFocus())
        return outline


@pytest.fixture
def typist(drive, window, env, tmp_path):
    window.set_session(Session.in_memory(make_project(f"sqlite:///{tmp_path / 'shop.db'}"), env=env))
    drive.activate()
    return Typist(drive, window)


def workflow(window):
    return window.session.project.workflow(window.pages.tabs.workflow_id)


def name_in_place(typist, text):
    """Types over the title whose editor is open."""
    typist.driver.until(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    typist.press(KEY.Key_A, modifiers=CONTROL)
    typist.type(text)
    typist.press(KEY.Key_Return)


def frame_both_and_keep_the_place(typist, window):
    """Puts a frame around the first two nodes of the outline, and a bookmark on the frame."""
    outline = typist.outline()
    typist.press(KEY.Key_Home)
    typist.press(KEY.Key_Down, modifiers=SHIFT)
    typist.press(KEY.Key_G, modifiers=CONTROL)
    name_in_place(typist, "Orders")
    typist.driver.until(outline.tree.hasFocus)
    typist.press(KEY.Key_B)
    name_in_place(typist, "Start here")
    typist.driver.until(lambda: bool(workflow(window).bookmarks))
    assert [frame.title for frame in workflow(window).frames.values()] == ["Orders"]
    assert len({place.frame for place in workflow(window).places.values()} - {""}) == 1


def export_as(typist, target):
    typist.command(">export")
    dialog = typist.driver.dialog(QFileDialog)
    name = dialog.findChild(QLineEdit, "fileNameEdit")
    typist.driver.until(name.hasFocus)
    name.selectAll()
    typist.type(str(target))
    typist.press(KEY.Key_Return)
    typist.driver.until(target.exists)


def test_a_workflow_is_built_connected_configured_run_and_exported_by_keys_alone(
    typist, drive, window, tmp_path
):
    typist.press(KEY.Key_T, modifiers=CONTROL)
    drive.until(lambda: not workflow(window).nodes)
    outline = typist.outline()

    # Two nodes.
    typist.press(KEY.Key_N)
    typist.choose("order create")
    drive.until(lambda: outline.current is not None and outline.tree.hasFocus())
    creates = outline.current
    typist.press(KEY.Key_N)
    typist.choose("output")
    drive.until(lambda: len(workflow(window).nodes) == 2 and outline.tree.hasFocus())
    gives = outline.current
    drive.until(lambda: window.pages.tabs.canvas.selection() == [gives])

    # A name of one's own.
    typist.press(KEY.Key_F2)
    drive.until(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
    typist.press(KEY.Key_A, modifiers=CONTROL)
    typist.type("The order")
    typist.press(KEY.Key_Return)
    drive.until(lambda: workflow(window).nodes[gives].title == "The order" and outline.tree.hasFocus())

    # The order goes to the output.
    typist.press(KEY.Key_L, modifiers=CONTROL)
    typist.choose("value")
    typist.choose("create record")
    drive.until(lambda: len(workflow(window).edges) == 1)
    edge = workflow(window).edges[0]
    assert (edge.source, edge.source_port, edge.target, edge.target_port) == (
        creates,
        "record",
        gives,
        "value",
    )

    # Its total.
    drive.until(outline.tree.hasFocus)
    typist.press(KEY.Key_Home, KEY.Key_Right, KEY.Key_Down)
    index = outline.tree.currentIndex()
    assert (outline.current, index.data()) == (creates, "Total")
    typist.press(KEY.Key_Return)
    inspector = window.panels.inspector
    drive.until(lambda: inspector.isAncestorOf(QApplication.focusWidget()))
    typist.type("12.50")
    typist.press(KEY.Key_Return)
    drive.until(lambda: workflow(window).nodes[creates].params.get("total") == Decimal("12.50"))
    typist.outline()
    parent = outline.model.index_of(creates)
    drive.until(lambda: outline.model.index(0, KIND, parent).data() == "12.50")

    # It runs, and the outline says so.
    before = window.runs.handle
    typist.command(">run workflow")
    drive.until(lambda: window.runs.handle is not before)
    handle = drive.run_ended()
    assert handle.state == "succeeded", handle.error
    typist.outline()
    drive.until(lambda: outline.model.state_text(gives).startswith("✓"))
    typist.press(KEY.Key_End, KEY.Key_O)
    drive.until(lambda: window.panels.results.current is not None)
    assert window.panels.results.current.node_id == gives

    frame_both_and_keep_the_place(typist, window)

    # And leaves as a file.
    export_as(typist, tmp_path / "mine.yaml")
    written = workflow_from_yaml((tmp_path / "mine.yaml").read_text(encoding="utf-8"))
    assert written.nodes == workflow(window).nodes
    assert written.edges == workflow(window).edges
    assert written.frames == workflow(window).frames
    assert [(key, entry.title) for key, entry in written.bookmarks.items()] == [("1", "Start here")]


def test_ctrl_k_goes_to_a_node_another_workflow_a_model_and_a_run(typist, drive, window):
    typist.press(KEY.Key_K, modifiers=CONTROL)
    typist.choose("count cust")
    drive.until(lambda: window.pages.tabs.canvas.selection() == ["count_customers"])
    assert drive.run().state == "succeeded"
    first = window.pages.tabs.workflow_id
    other = next(key for key in window.session.project.workflows if key != first)
    typist.press(KEY.Key_K, modifiers=CONTROL)
    typist.choose(window.session.project.workflows[other].name)
    drive.until(lambda: window.pages.tabs.workflow_id == other)
    typist.press(KEY.Key_K, modifiers=CONTROL)
    typist.choose("#customer")
    drive.until(lambda: getattr(window.panels.results.current, "model_id", "") == "Customer")
    # The palette of nodes hands over what begins with a prefix, and the letters that follow.
    window.pages.tabs.canvas.setFocus()
    typist.press(KEY.Key_N)
    drive.until(window.pages.tabs.canvas.palette_popup.isVisible)
    typist.type("#")
    typist.choose("order")
    drive.until(lambda: getattr(window.panels.results.current, "model_id", "") == "Order")
    assert not window.pages.tabs.canvas.palette_popup.isVisible()
    window.panels.results.set_run(None)
    typist.press(KEY.Key_K, modifiers=CONTROL)
    typist.choose(":succeeded")
    drive.until(lambda: window.panels.results._handle is window.runs.handle)


def test_the_palette_has_every_command_with_its_keys_and_those_used_lately_first(typist, drive, window):
    shown = {goal.id: goal for goal in window.finder.goals() if goal.kind == "command"}
    wanted = {command.id for command in window.commands.commands} - {"go_to", "command_palette"}
    assert {key.removeprefix(">") for key in shown} == wanted
    assert shown[">save"].detail == window.commands.action("save").shortcut().toString()
    assert not shown[">stop"].is_enabled
    typist.command(">history")
    drive.until(window.panels.history.isVisible)
    typist.press(KEY.Key_P, modifiers=CONTROL | SHIFT)
    drive.until(typist.popup_is_open)
    assert window.finder.popup.shown[0].id == ">show_history"
    typist.press(KEY.Key_Escape)


def test_the_outline_and_the_canvas_choose_the_same_node(typist, drive, window):
    outline = typist.outline()
    canvas = window.pages.tabs.canvas
    typist.press(KEY.Key_Home)
    drive.until(lambda: canvas.selection() == [outline.current])
    typist.press(KEY.Key_Down)
    drive.until(lambda: canvas.selection() == [outline.current])
    canvas.select(["list_orders"])
    drive.until(lambda: outline.current == "list_orders")
    assert outline.tree.currentIndex().column() == TITLE


def test_the_history_goes_back_and_the_canvas_follows(typist, drive, window):
    typist.outline()
    typist.press(KEY.Key_N)
    typist.choose("order list")
    drive.until(lambda: len(workflow(window).nodes) == 3)
    typist.press(KEY.Key_H, modifiers=CONTROL | SHIFT)
    drive.until(window.panels.history.list.hasFocus)
    typist.press(KEY.Key_Home, KEY.Key_Return)
    drive.until(lambda: len(workflow(window).nodes) == 2)
    typist.press(KEY.Key_End, KEY.Key_Return)
    drive.until(lambda: len(workflow(window).nodes) == 3)
