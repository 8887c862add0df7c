"""Does every key and every movement of the mouse do what the table of keys promises? One walk over one window, row by row.

Each row of the table is a function here; it gets a workflow as it was at first, with nothing selected and the focus on the canvas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from studio.kernel.ids import NodeId, WorkflowId
from studio.qt.mime import node_type_mime
from studio.session import Session
from studio.shell.breakpoint_dialog import BreakpointDialog
from studio.shell.help_dialogs import ShortcutsDialog
from studio.shell.settings_dialog import SettingsDialog
from studio.workflow.graph import Edge, Node, Place, Workflow, frozen
from tests.gui.canvas.support import header, type_text
from tests.gui.shell.conftest import make_project

NONE = Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
KEY = Qt.Key
MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
SHOWN = WorkflowId("w1")
EDGE = Edge(source=NodeId("a"), source_port="records", target=NodeId("b"), target_port="records")


def node(node_id, type_name, title, **params):
    return Node(id=NodeId(node_id), type=type_name, title=title, params=frozen(params))


def project(url):
    """a → b, loose nodes c and m, and a workflow beside it that m may run."""
    made = make_project(url)
    inner = Workflow(
        id=WorkflowId("w3"), name="Inner", nodes=frozen({"o": node("o", "OrderCountNode", "Count")})
    )
    writes = Workflow(
        id=WorkflowId("w2"),
        name="Writes",
        nodes=frozen({"n": node("n", "OrderCreateNode", "New order", total="1.5")}),
        places=frozen({"n": Place()}),
    )
    nodes = (
        node("a", "OrderListNode", "First"),
        node("b", "Limit", "Second", limit=5),
        node("c", "CustomerCountNode", "Third"),
        node("m", "Subworkflow", "Inner", workflow="Inner"),
    )
    places = {"a": (0, 0), "b": (480, 0), "c": (480, 260), "m": (0, 260)}
    shown = Workflow(
        id=SHOWN,
        name="Keys",
        nodes=frozen({entry.id: entry for entry in nodes}),
        edges=(EDGE,),
        places=frozen({key: Place(x=x, y=y) for key, (x, y) in places.items()}),
    )
    return replace(made, workflows=frozen({SHOWN: shown, writes.id: writes, inner.id: inner}))


class Walk:
    """A person at one window, who begins each row afresh."""

    def __init__(self, drive, window):
        self.drive, self.window = drive, window

    @property
    def canvas(self):
        return self.drive.canvas

    @property
    def workflow(self):
        return self.window.session.project.workflow(SHOWN)

    @property
    def mouse(self):
        return self.drive.mouse

    @property
    def places(self):
        return {key: (place.x, place.y) for key, place in self.workflow.places.items()}

    def begin(self):
        self.window.session.history.go_to(0)
        self.window.navigation.show_workflow(SHOWN)
        self.drive.activate()
        self.canvas.viewer.zoom_to(1.0)
        self.canvas.viewer.center_on(420, 240)
        self.canvas.clear_selection()
        self.focus()

    def focus(self):
        self.canvas.setFocus()
        self.drive.until(self.canvas.viewer.hasFocus)

    def key(self, key, modifiers=NONE):
        self.drive.key(key, modifiers)

    def select(self, *names):
        for number, name in enumerate(names):
            self.mouse.click(*header(self.canvas, name), modifiers=SHIFT if number else NONE)
        assert set(self.canvas.selection()) == set(names)
        # What can be done with a selection is worked out once the mouse has come to rest.
        QApplication.processEvents()

    def until(self, condition):
        self.drive.until(condition)

    def write(self, text):
        """Into whatever has the focus."""
        focus = QApplication.focusWidget()
        assert focus is not None
        type_text(focus, text)

    def write_over(self, text):
        """Into the line that gets the focus, in place of what stands there."""
        self.until(lambda: isinstance(QApplication.focusWidget(), QLineEdit))
        self.key(KEY.Key_A, CONTROL)
        self.write(text)


def add_a_node(walk):
    for way in (
        lambda: walk.key(KEY.Key_N),
        lambda: walk.key(KEY.Key_Tab),
        lambda: walk.mouse.double_click(300, 520),
    ):
        walk.begin()
        way()
        walk.until(walk.canvas.palette_popup.isVisible)
        walk.write("order count")
        walk.key(KEY.Key_Return)
        walk.until(lambda: len(walk.workflow.nodes) == 5)


def add_on_a_wire(walk):
    mouse = walk.mouse
    x, y = walk.canvas.projector.geometry.middle(0)
    mouse.move(x, y)
    mouse.click(x, y)
    walk.until(walk.canvas.palette_popup.isVisible)
    walk.write("sort")
    walk.key(KEY.Key_Return)
    walk.until(lambda: len(walk.workflow.edges) == 2)
    walk.begin()
    mouse.drop(node_type_mime("Sort"), *walk.canvas.projector.geometry.middle(0))
    assert len(walk.workflow.edges) == 2
    assert EDGE not in walk.workflow.edges


def pan(walk):
    def corner():
        camera = walk.canvas.viewer.camera()
        return camera.left, camera.top

    before = corner()
    mouse = walk.mouse
    mouse.press(300, 520, MIDDLE)
    mouse.move(360, 560)
    mouse.release(300, 520, MIDDLE)
    assert corner() == pytest.approx((before[0] - 60, before[1] - 40), abs=1)
    viewer = walk.canvas.viewer
    walk.drive.bot.keyPress(viewer, KEY.Key_Space)
    before = corner()
    mouse.press(300, 520)
    mouse.move(330, 520)
    mouse.release(300, 520)
    walk.drive.bot.keyRelease(viewer, KEY.Key_Space)
    assert corner()[0] == pytest.approx(before[0] - 30, abs=1)
    before = corner()
    walk.mouse.swipe(-20, 10)
    assert corner() == pytest.approx((before[0] + 20, before[1] - 10), abs=1)


def zoom(walk):
    canvas, viewer = walk.canvas, walk.canvas.viewer
    walk.mouse.wheel(300, 300, 1)
    assert canvas.zoom() > 1.0
    walk.begin()
    at = QPointF(400, 300)
    pinch = QNativeGestureEvent(
        Qt.NativeGestureType.ZoomNativeGesture,
        QPointingDevice.primaryPointingDevice(),
        2,
        at,
        at,
        at,
        0.2,
        QPointF(),
    )
    QApplication.sendEvent(viewer, pinch)
    assert canvas.zoom() > 1.0
    walk.begin()
    walk.window.preferences.set_wheel_pans(True)
    walk.mouse.wheel(300, 300, 1)
    assert canvas.zoom() == 1.0
    wheel = QWheelEvent(
        at,
        at,
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        CONTROL,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewer.viewport(), wheel)
    assert canvas.zoom() > 1.0
    walk.window.preferences.set_wheel_pans(False)


def fit(walk):
    canvas = walk.canvas
    canvas.viewer.center_on(9000, 9000)
    walk.key(KEY.Key_1, CONTROL)
    camera = canvas.viewer.camera()
    assert camera.left < 0
    assert camera.right > 720
    walk.select("c")
    walk.key(KEY.Key_F)
    camera = canvas.viewer.camera()
    assert (camera.left + camera.right) / 2 == pytest.approx(480 + 120, abs=2)
    canvas.viewer.zoom_to(0.5)
    walk.key(KEY.Key_0, CONTROL)
    assert canvas.zoom() == pytest.approx(1.0)


def select(walk):
    mouse, canvas = walk.mouse, walk.canvas
    mouse.click(*header(canvas, "a"))
    mouse.click(*header(canvas, "b"), modifiers=SHIFT)
    mouse.click(*header(canvas, "c"), modifiers=CONTROL)
    assert set(canvas.selection()) == {"a", "b", "c"}
    mouse.click(*header(canvas, "b"), modifiers=CONTROL)
    assert set(canvas.selection()) == {"a", "c"}
    mouse.drag((-40, -40), (780, 150))
    assert set(canvas.selection()) == {"a", "b"}
    walk.key(KEY.Key_A, CONTROL)
    assert len(canvas.selection()) == 4
    walk.key(KEY.Key_Escape)
    assert not canvas.has_selection


def select_upstream_and_downstream(walk):
    walk.select("b")
    walk.key(KEY.Key_Left, SHIFT)
    assert set(walk.canvas.selection()) == {"a", "b"}
    walk.select("a")
    walk.key(KEY.Key_Right, SHIFT)
    assert set(walk.canvas.selection()) == {"a", "b"}


def walk_and_nudge(walk):
    walk.select("a")
    for key, expected in ((KEY.Key_Right, "b"), (KEY.Key_Down, "c"), (KEY.Key_Left, "m"), (KEY.Key_Up, "a")):
        walk.key(key)
        assert walk.canvas.selection() == [expected]
    for key in (KEY.Key_Right, KEY.Key_Down, KEY.Key_Left):
        walk.key(key, CONTROL | SHIFT)
    x, y = walk.places["a"]
    assert (x, y > 0) == (0, True)


def connect_by_keyboard(walk):
    walk.select("b", "c")
    walk.key(KEY.Key_L, CONTROL)
    assert {(edge.source, edge.target) for edge in walk.workflow.edges} >= {("a", "b")}
    assert len(walk.workflow.edges) == 2
    walk.key(KEY.Key_L, CONTROL | SHIFT)
    assert walk.workflow.edges == (EDGE,)


def copy_cut_paste(walk):
    walk.select("b")
    walk.key(KEY.Key_C, CONTROL)
    walk.key(KEY.Key_V, CONTROL)
    assert (len(walk.workflow.nodes), len(walk.workflow.edges)) == (5, 1)
    walk.key(KEY.Key_V, CONTROL | SHIFT)
    assert (len(walk.workflow.nodes), len(walk.workflow.edges)) == (6, 2)
    walk.begin()
    walk.select("b")
    walk.key(KEY.Key_X, CONTROL)
    assert (len(walk.workflow.nodes), walk.workflow.edges) == (3, ())


def duplicate(walk):
    walk.select("c")
    walk.key(KEY.Key_D, CONTROL)
    assert len(walk.workflow.nodes) == 5
    walk.begin()
    x, y = header(walk.canvas, "c")
    walk.mouse.drag((x, y), (x + 40, y + 200), modifiers=CONTROL)
    assert len(walk.workflow.nodes) == 5
    assert walk.places["c"] == (480, 260)


def delete_and_reconnect(walk):
    for key in (KEY.Key_Delete, KEY.Key_Backspace):
        walk.begin()
        walk.select("b")
        walk.key(key)
        assert (len(walk.workflow.nodes), walk.workflow.edges) == (3, ())
    walk.begin()
    walk.mouse.drop(node_type_mime("Sort"), *walk.canvas.projector.geometry.middle(0))
    walk.focus()
    walk.key(KEY.Key_Delete, CONTROL)
    assert walk.workflow.edges == (EDGE,)


def cut_wires(walk):
    x, _ = walk.canvas.projector.geometry.middle(0)
    walk.mouse.drag((x, -80), (x, 200), modifiers=ALT | SHIFT)
    assert walk.workflow.edges == ()
    walk.begin()
    walk.mouse.drag((x, -80), (x, 200), RIGHT, CONTROL)
    assert walk.workflow.edges == ()


def undo_and_redo(walk):
    walk.select("c")
    walk.key(KEY.Key_Delete)
    for key, modifiers in ((KEY.Key_Z, CONTROL | SHIFT), (KEY.Key_Y, CONTROL)):
        walk.key(KEY.Key_Z, CONTROL)
        assert "c" in walk.workflow.nodes
        walk.key(key, modifiers)
        assert "c" not in walk.workflow.nodes


def rename(walk):
    walk.select("c")
    walk.key(KEY.Key_F2)
    # Single letters are text while one writes.
    walk.write_over("dnq")
    walk.key(KEY.Key_Return)
    assert walk.workflow.nodes["c"].title == "dnq"
    assert not walk.workflow.nodes["c"].disabled


def disable(walk):
    walk.select("c")
    walk.key(KEY.Key_D)
    assert walk.workflow.nodes["c"].disabled
    walk.key(KEY.Key_D)
    assert not walk.workflow.nodes["c"].disabled


def run_and_dry_run(walk):
    for key, modifiers, mode in (
        (KEY.Key_Return, CONTROL, "auto"),
        (KEY.Key_F5, NONE, "auto"),
        (KEY.Key_Return, CONTROL | SHIFT, "dry"),
    ):
        walk.focus()
        before = walk.window.runs.handle
        walk.key(key, modifiers)
        walk.until(lambda before=before: walk.window.runs.handle is not before)
        handle = walk.drive.run_ended()
        assert (handle.state, handle.mode) == ("succeeded", mode), handle.error


def run_to_and_from_here(walk):
    walk.select("a")
    before = walk.window.runs.handle
    walk.key(KEY.Key_F7)
    walk.until(lambda: walk.window.runs.handle is not before)
    assert [view.node_id for view in walk.drive.run_ended().nodes_since(0)[1]] == ["a"]
    walk.focus()
    walk.select("b")
    before = walk.window.runs.handle
    walk.key(KEY.Key_F7, SHIFT)
    walk.until(lambda: walk.window.runs.handle is not before)
    _, views = walk.drive.run_ended().nodes_since(0)
    assert {view.node_id for view in views if view.origin == ""} == {"b"}


def stop(walk):
    """What a long run makes of it is `test_running`'s business; here the key stops whatever goes on."""
    before = walk.window.runs.handle
    walk.key(KEY.Key_F5)
    walk.until(lambda: walk.window.runs.handle is not before)
    asked = walk.window.runs.handle
    if walk.window.runs.is_running:
        walk.key(KEY.Key_F5, SHIFT)
    walk.drive.run_ended()
    assert asked.is_finished
    assert not walk.window.commands.action("stop").isEnabled()


def breakpoint_step_continue(walk):
    window, book = walk.window, walk.window.session.breakpoints
    walk.select("b")
    walk.key(KEY.Key_F9)
    assert book.all() == ((SHOWN, "b", ""),)
    walk.key(KEY.Key_F9, SHIFT)
    dialog = walk.drive.dialog(BreakpointDialog)
    walk.drive.bot.keyClicks(dialog.editor.line, "1 > 0")
    walk.drive.bot.keyClick(dialog.editor.line, KEY.Key_Return)
    walk.until(lambda: book.all() == ((SHOWN, "b", "1 > 0"),))
    walk.drive.activate()
    walk.focus()
    walk.key(KEY.Key_F9, CONTROL | SHIFT)
    assert book.all() == ()
    step = window.toolbar.step_button
    before = window.runs.handle
    walk.key(KEY.Key_F10)
    walk.until(lambda: window.runs.handle is not before and step.isVisible())
    handle, first = window.runs.handle, window.runs.handle.pause
    assert first.reason == "step"
    walk.key(KEY.Key_F10)
    walk.until(lambda: handle.pause not in (None, first) and step.isVisible())
    walk.key(KEY.Key_F5)
    assert walk.drive.run_ended() is handle
    assert handle.state == "succeeded"
    walk.until(lambda: not step.isVisible())


def pin(walk):
    walk.select("a")
    walk.key(KEY.Key_P)
    assert walk.workflow.nodes["a"].pinned is not None
    walk.key(KEY.Key_P)
    assert walk.workflow.nodes["a"].pinned is None


def collapse_and_hide_unused_ports(walk):
    walk.select("a")
    walk.key(KEY.Key_H)
    assert walk.workflow.places["a"].collapsed
    walk.key(KEY.Key_H, CONTROL)
    assert walk.workflow.places["a"].all_ports


def frame_ungroup_subworkflow(walk):
    walk.select("a", "b")
    walk.key(KEY.Key_G, CONTROL)
    assert len(walk.workflow.frames) == 1
    walk.key(KEY.Key_Escape)
    walk.focus()
    walk.key(KEY.Key_G, CONTROL | SHIFT)
    assert not walk.workflow.frames
    walk.select("a", "b")
    walk.key(KEY.Key_X, ALT)
    assert len(walk.window.session.project.workflows) == 4
    assert {entry.type for entry in walk.workflow.nodes.values()} >= {"Subworkflow"}


def enter_and_leave_subworkflow(walk):
    tabs = walk.window.pages.tabs
    walk.select("m")
    walk.key(KEY.Key_Return, ALT)
    walk.until(lambda: tabs.workflow_id == "w3")
    assert walk.canvas.breadcrumb.isVisible()
    walk.focus()
    walk.key(KEY.Key_Return, ALT | SHIFT)
    walk.until(lambda: tabs.workflow_id == SHOWN)


def note(walk):
    walk.key(KEY.Key_C)
    walk.until(lambda: walk.canvas.editor.is_open)
    walk.write("hello")
    walk.focus()
    assert [entry.text for entry in walk.workflow.notes.values()] == ["hello"]


def tidy_straighten_align_distribute(walk):
    walk.canvas.editing.move_nodes({NodeId("b"): (400, 120)})
    walk.select("a", "b")
    walk.key(KEY.Key_Q)
    ends = walk.canvas.projector.geometry.ends
    walk.until(lambda: not walk.canvas.arrangement.glide.is_moving)
    ends = walk.canvas.projector.geometry.ends
    assert ends[0, 1] == pytest.approx(ends[0, 3])
    for key, same in (
        (KEY.Key_W, lambda a, b: a[1] == b[1]),
        (KEY.Key_A, lambda a, b: a[0] == b[0]),
        (KEY.Key_D, lambda a, b: a[0] == b[0]),
    ):
        walk.begin()
        walk.canvas.editing.move_nodes({NodeId("b"): (300, 120)})
        walk.select("a", "b")
        walk.key(key, SHIFT)
        assert same(walk.places["a"], walk.places["b"])
    walk.begin()
    walk.canvas.editing.move_nodes({NodeId("b"): (300, 125)})
    walk.select("a", "b")
    walk.key(KEY.Key_S, SHIFT)
    boxes = walk.canvas.projector.geometry.boxes()
    walk.until(lambda: not walk.canvas.arrangement.glide.is_moving)
    boxes = walk.canvas.projector.geometry.boxes()
    assert boxes[0, 3] == pytest.approx(boxes[1, 3])
    for key, modifiers in ((KEY.Key_L, NONE), (KEY.Key_T, SHIFT | ALT)):
        walk.begin()
        walk.canvas.editing.move_nodes({NodeId("b"): (-400, 120)})
        walk.key(key, modifiers)
        assert walk.places["a"][0] < walk.places["b"][0]
    walk.begin()
    walk.canvas.editing.move_nodes({NodeId("m"): (0, 100)})
    walk.select("a", "m", "c")
    walk.drive.menu("Graph", "Distribute down")
    assert walk.places["m"][1] != 100


def snap_to_neighbours(walk):
    x, y = header(walk.canvas, "c")
    walk.mouse.hold((x, y), (x - 473, y + 140))
    assert walk.canvas.viewer._gesture._guides
    walk.mouse.release(x - 473, y + 140)
    assert walk.places["c"][0] == 0


def find(walk):
    fails = walk.window.session.add_node(
        SHOWN, "Fail", x=960, y=260, title="Always fails", params={"message": "no"}
    )
    assert walk.drive.run().state == "failed"
    walk.window.session.set_params(SHOWN, NodeId("b"), {"limit": "many"})
    for text, expected in (
        ("is:invalid", "b"),
        ("model:Customer", "c"),
        ("thi", "c"),
        ("state:failed", fails),
    ):
        walk.focus()
        walk.key(KEY.Key_F, CONTROL)
        walk.until(walk.canvas.find_bar.isVisible)
        walk.write_over(text)
        walk.until(
            lambda expected=expected: (
                expected in walk.canvas.viewer._found and "a" not in walk.canvas.viewer._found
            )
        )
        walk.key(KEY.Key_Escape)
    walk.focus()
    walk.key(KEY.Key_K, CONTROL)
    walk.until(walk.window.finder.popup.isVisible)
    walk.write("third")
    walk.key(KEY.Key_Return)
    walk.until(lambda: walk.canvas.selection() == ["c"])
    walk.key(KEY.Key_P, CONTROL | SHIFT)
    walk.until(walk.window.finder.popup.isVisible)
    walk.write(">add note")
    walk.key(KEY.Key_Return)
    walk.until(lambda: len(walk.workflow.notes) == 1)


def edit_params_and_open_results(walk):
    walk.select("b")
    walk.key(KEY.Key_Return)
    inspector = walk.window.panels.inspector
    walk.until(lambda: inspector.isAncestorOf(QApplication.focusWidget()))
    walk.focus()
    walk.key(KEY.Key_O)
    walk.until(lambda: getattr(walk.window.panels.results.current, "node_id", None) == "b")


def commit_and_roll_back(walk):
    window = walk.window
    window.preferences.set_mode("review")
    for key, outcome in ((KEY.Key_C, "succeeded"), (KEY.Key_R, "rolled_back")):
        window.navigation.show_workflow("w2")
        handle = walk.drive.run()
        walk.until(window.commands.action("commit").isEnabled)
        walk.canvas.setFocus()
        walk.key(key, CONTROL | SHIFT)
        walk.until(lambda handle=handle, outcome=outcome: handle.outcome == outcome)
        walk.until(lambda: not window.commands.action("commit").isEnabled())
    window.preferences.set_mode("auto")


def bookmarks(walk):
    walk.key(KEY.Key_3, CONTROL | ALT)
    kept = walk.canvas.viewer.camera()
    walk.canvas.viewer.center_on(9000, 9000)
    walk.key(KEY.Key_3, ALT)
    walk.until(lambda: walk.canvas.viewer.camera().left == pytest.approx(kept.left, abs=1))


def panels(walk):
    window = walk.window
    for key, name in ((KEY.Key_B, "models"), (KEY.Key_I, "inspector"), (KEY.Key_J, "results")):
        shown = not window.docks[name].isHidden()
        walk.key(key, CONTROL)
        assert window.docks[name].isHidden() == shown
        walk.key(key, CONTROL)
        assert window.docks[name].isHidden() != shown
    walk.key(KEY.Key_QuoteLeft, CONTROL)
    walk.until(window.panels.log.isVisible)
    walk.focus()
    walk.key(KEY.Key_M, CONTROL)
    assert walk.canvas.minimap.isVisible()
    walk.key(KEY.Key_M, CONTROL)
    walk.key(KEY.Key_F6)
    assert not walk.canvas.viewer.hasFocus()
    walk.key(KEY.Key_F6, SHIFT)
    assert walk.canvas.viewer.hasFocus()
    walk.key(KEY.Key_F11)
    assert window.isFullScreen()
    walk.key(KEY.Key_F11)
    assert not window.isFullScreen()


def tabs_settings_help(walk):
    window, tabs = walk.window, walk.window.pages.tabs
    window.navigation.show_workflow("w2")
    walk.focus()
    walk.key(KEY.Key_Tab, CONTROL)
    assert tabs.workflow_id != "w2"
    window.navigation.show_workflow("w2")
    walk.focus()
    count = tabs.count()
    walk.key(KEY.Key_W, CONTROL)
    assert tabs.count() == count - 1
    for key, modifiers, kind in (
        (KEY.Key_Comma, CONTROL, SettingsDialog),
        (KEY.Key_F1, NONE, ShortcutsDialog),
        (KEY.Key_Question, SHIFT, ShortcutsDialog),
    ):
        walk.begin()
        walk.key(key, modifiers)
        dialog = walk.drive.dialog(kind)
        dialog.close()
        walk.until(lambda kind=kind: not walk.drive.is_asking(kind))


def history(walk):
    walk.select("c")
    walk.key(KEY.Key_Delete)
    walk.select("b")
    walk.key(KEY.Key_Delete)
    walk.key(KEY.Key_H, CONTROL | SHIFT)
    walk.until(walk.window.panels.history.list.hasFocus)
    walk.key(KEY.Key_Home)
    walk.key(KEY.Key_Return)
    walk.until(lambda: len(walk.workflow.nodes) == 4)


def lineage(walk):
    """From a param to who touches its field, and from there to the node."""
    walk.key(KEY.Key_I, CONTROL | SHIFT)
    panel = walk.window.panels.lineage
    walk.until(panel.field.hasFocus)
    walk.window.panels.inspector.usageRequested.emit("Order.total")
    assert panel.field.text() == "Order.total"
    walk.key(KEY.Key_Return)
    walk.key(KEY.Key_Return)
    assert [str(node) for node in walk.canvas.selection()] == [panel.uses[0][1].node]


def single_letters_act_on_the_canvas_only(walk):
    walk.select("c")
    walk.key(KEY.Key_F6)
    assert not walk.canvas.viewer.hasFocus()
    for key in (KEY.Key_D, KEY.Key_H, KEY.Key_Delete):
        walk.drive.bot.keyClick(walk.window.panels.log, key)
    assert not walk.workflow.nodes["c"].disabled
    assert not walk.workflow.places["c"].collapsed


ROWS: tuple[Callable[[Walk], None], ...] = (
    add_a_node,
    add_on_a_wire,
    pan,
    zoom,
    fit,
    select,
    select_upstream_and_downstream,
    walk_and_nudge,
    connect_by_keyboard,
    copy_cut_paste,
    duplicate,
    delete_and_reconnect,
    cut_wires,
    undo_and_redo,
    rename,
    disable,
    run_and_dry_run,
    run_to_and_from_here,
    stop,
    breakpoint_step_continue,
    pin,
    collapse_and_hide_unused_ports,
    frame_ungroup_subworkflow,
    enter_and_leave_subworkflow,
    note,
    tidy_straighten_align_distribute,
    snap_to_neighbours,
    find,
    edit_params_and_open_results,
    commit_and_roll_back,
    bookmarks,
    panels,
    tabs_settings_help,
    history,
    lineage,
    single_letters_act_on_the_canvas_only,
)


def test_every_row_of_the_table_of_keys_does_what_it_says(window, drive, env, tmp_path):
    window.set_session(Session.in_memory(project(f"sqlite:///{tmp_path / 'shop.db'}"), env=env))
    window.preferences.set_motion("reduced")
    walk = Walk(drive, window)
    failures = []
    for row in ROWS:
        walk.begin()
        try:
            row(walk)
        except Exception as error:  # noqa: BLE001 - the other rows are still to be walked
            failures.append(f"{row.__name__}: {type(error).__name__}: {error}")
    assert not failures, "\n".join(failures)
