"""Do the canvas's keys and menus do what they say, each as one step?"""

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QCursor, QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from studio.canvas.cards import GRID
from studio.canvas.commands import COMMANDS
from studio.workflow.graph import Note
from tests.gui.canvas.support import (
    edge,
    header,
    node,
    port,
    press_key,
    session_of,
    shown_workflow,
    type_text,
)

CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def chain(open_canvas):
    session = session_of(
        node("a", "OrderListNode", "First", limit=5),
        node("b", "OrderBulkCreateNode", "Second"),
        node("c", "OrderCountNode", "Third"),
        edges=(edge("a", "records", "b", "data"), edge("b", "done", "c", "after")),
    )
    return open_canvas(session)


def steps(view):
    return view.session.history.position


@pytest.mark.parametrize("key", [Qt.Key.Key_Delete, Qt.Key.Key_Backspace])
def test_delete_removes_the_selected_nodes_with_their_edges_and_undo_restores_them(chain, key):
    view, _ = chain
    before = shown_workflow(view)
    view.select(["b"])
    press_key(view.viewer, key)
    assert list(shown_workflow(view).nodes) == ["a", "c"]
    assert shown_workflow(view).edges == ()
    assert view.selection() == []
    assert steps(view) == 1
    view.session.undo()
    assert shown_workflow(view) == before


def test_delete_without_a_selection_does_nothing(chain):
    view, _ = chain
    press_key(view.viewer, Qt.Key.Key_Delete)
    assert steps(view) == 0


def test_copy_and_paste_carry_nodes_and_the_edges_between_them_as_text(chain):
    view, mouse = chain
    view.select(["a", "b"])
    press_key(view.viewer, Qt.Key.Key_C, CTRL)
    text = QGuiApplication.clipboard().text()
    assert "OrderListNode" in text
    assert steps(view) == 0
    mouse.move(203, 404)
    press_key(view.viewer, Qt.Key.Key_V, CTRL)
    workflow = shown_workflow(view)
    new = view.selection()
    assert len(new) == 2
    assert len(workflow.nodes) == 5
    assert [workflow.places[new[0]].x, workflow.places[new[0]].y] == [200.0, 400.0]
    assert edge(new[0], "records", new[1], "data") in workflow.edges
    assert steps(view) == 1
    press_key(view.viewer, Qt.Key.Key_V, CTRL)
    again = shown_workflow(view).places[view.selection()[0]]
    assert (again.x, again.y) == (240.0, 440.0), "not over the first copy, where nobody would see it"


def test_copy_paste_and_duplicate_take_the_selected_notes_along(open_canvas):
    session = session_of(
        node("a", "OrderListNode"), notes=(Note(id="n", text="why", x=0, y=-200, color="read"),)
    )
    view, mouse = open_canvas(session)
    view.select_all()
    press_key(view.viewer, Qt.Key.Key_C, CTRL)
    mouse.move(400, 100)
    press_key(view.viewer, Qt.Key.Key_V, CTRL)
    notes = shown_workflow(view).notes
    (pasted,) = view.viewer.selected_notes
    assert (notes[pasted].text, notes[pasted].color, notes[pasted].x, notes[pasted].y) == (
        "why",
        "read",
        400,
        100,
    )
    (copy,) = view.selection()
    assert (shown_workflow(view).places[copy].x, shown_workflow(view).places[copy].y) == (400.0, 300.0)
    assert steps(view) == 1
    press_key(view.viewer, Qt.Key.Key_D, CTRL)
    assert (len(shown_workflow(view).notes), len(shown_workflow(view).nodes), steps(view)) == (3, 3, 2)


def test_a_note_alone_can_be_cut_and_pasted(open_canvas):
    view, mouse = open_canvas(session_of(notes=(Note(id="n", text="alone", x=0, y=0),)))
    mouse.click(50, 50)
    press_key(view.viewer, Qt.Key.Key_X, CTRL)
    assert not shown_workflow(view).notes
    mouse.move(200, 200)
    press_key(view.viewer, Qt.Key.Key_V, CTRL)
    assert [note.text for note in shown_workflow(view).notes.values()] == ["alone"]


def test_paste_into_another_project(chain, open_canvas):
    view, _ = chain
    view.select(["a"])
    view.copy()
    other, _ = open_canvas(session_of())
    other.paste()
    assert [entry.title for entry in shown_workflow(other).nodes.values()] == ["First"]


def test_what_is_pasted_from_a_menu_lies_around_the_middle_of_what_is_seen(chain, open_canvas):
    view, _ = chain
    view.select_all()
    view.copy()
    other, mouse = open_canvas(session_of())
    mouse.move(20, 20)
    other.move(100, 100)
    QCursor.setPos(10, 10)
    QApplication.sendEvent(other.viewer.viewport(), QEvent(QEvent.Type.Leave))
    other.paste()
    left, top, right, bottom = other.projector.geometry.bounds()
    middle = other.viewer.mapToScene(QPointF(other.viewer.viewport().rect().center()))
    assert abs((left + right) / 2 - middle.x()) <= GRID
    assert abs((top + bottom) / 2 - middle.y()) <= GRID


@pytest.mark.parametrize("text", ["", "just words", "a: [unclosed"])
def test_pasting_something_else_says_so_and_changes_nothing(chain, qtbot, text):
    view, _ = chain
    QGuiApplication.clipboard().setText(text)
    with qtbot.waitSignal(view.message) as told:
        press_key(view.viewer, Qt.Key.Key_V, CTRL)
    assert told.args[0].startswith("The clipboard holds no nodes")
    assert steps(view) == 0


def test_cut_copies_and_deletes_in_one_step(chain):
    view, _ = chain
    view.select(["c"])
    press_key(view.viewer, Qt.Key.Key_X, CTRL)
    assert "OrderCountNode" in QGuiApplication.clipboard().text()
    assert list(shown_workflow(view).nodes) == ["a", "b"]
    assert steps(view) == 1


def test_duplicate_selects_the_copies(chain):
    view, _ = chain
    view.select(["a", "b"])
    press_key(view.viewer, Qt.Key.Key_D, CTRL)
    workflow = shown_workflow(view)
    new = view.selection()
    assert len(new) == 2
    assert not {"a", "b"} & set(new)
    assert edge(new[0], "records", new[1], "data") in workflow.edges
    assert steps(view) == 1


def test_f2_renames_in_place(chain):
    view, _ = chain
    view.select(["a"])
    press_key(view.viewer, Qt.Key.Key_F2)
    line = view.editor.widget
    assert isinstance(line, QLineEdit)
    assert line.text() == "First"
    line.clear()
    type_text(line, "Open orders")
    press_key(line, Qt.Key.Key_Return)
    workflow = shown_workflow(view)
    assert workflow.nodes["a"].title == "Open orders"
    assert list(workflow.nodes) == ["a", "b", "c"]
    assert view.projector.geometry.cards[0].title == "Open orders"
    assert steps(view) == 1
    assert view.viewer.hasFocus()


def test_the_editor_stays_with_what_it_edits_and_is_brought_into_view(chain):
    view, mouse = chain
    geometry = view.projector.geometry

    def is_in_place():
        camera, box = view.viewer.camera(), view.editor.widget.geometry()
        left, top = camera.to_pixels(float(geometry.x[0]), float(geometry.y[0]))
        return (
            left < box.center().x() < left + 240 * camera.zoom
            and top < box.center().y() < top + 40 * camera.zoom
        )

    view.select(["a"])
    view.rename()
    assert is_in_place()
    mouse.swipe(-30, 40)
    assert is_in_place()
    mouse.wheel(500, 300, -1)
    assert is_in_place()
    view.editor.close(keep=False)
    view.viewer.zoom_to(1.0)
    view.viewer.center_on(geometry.x[0] + view.viewer.width() / 2 + 60, 300)
    view.add_frame()
    assert view.viewer.viewport().rect().contains(view.editor.widget.geometry())
    view.editor.close(keep=False)


@pytest.mark.parametrize("name", ["rename", "duplicate", "toggle_pin", "select_upstream"])
def test_a_command_about_the_selection_says_when_there_is_none(chain, qtbot, name):
    view, _ = chain
    with qtbot.waitSignal(view.message) as told:
        view.do(name)
    assert "nothing is selected" in told.args[0]
    assert steps(view) == 0


def test_escape_leaves_the_name_as_it_was(chain):
    view, _ = chain
    view.select(["a"])
    press_key(view.viewer, Qt.Key.Key_F2)
    line = view.editor.widget
    type_text(line, "Nonsense")
    press_key(line, Qt.Key.Key_Escape)
    assert not view.editor.is_open
    assert shown_workflow(view).nodes["a"].title == "First"
    assert steps(view) == 0


def test_a_click_elsewhere_keeps_the_new_name(chain):
    view, _ = chain
    view.select(["a"])
    view.rename()
    view.editor.widget.setText("Kept")
    view.viewer.setFocus()
    assert shown_workflow(view).nodes["a"].title == "Kept"


def test_letters_in_the_name_editor_are_text(chain):
    view, _ = chain
    view.select(["a"])
    press_key(view.viewer, Qt.Key.Key_F2)
    type_text(view.editor.widget, "dh")
    press_key(view.editor.widget, Qt.Key.Key_Return)
    node_ = shown_workflow(view).nodes["a"]
    assert node_.title == "dh"
    assert not node_.disabled


def test_d_disables_and_enables_the_selection_in_one_step(chain):
    view, _ = chain
    view.select(["a", "b"])
    press_key(view.viewer, Qt.Key.Key_D)
    nodes = shown_workflow(view).nodes
    assert [nodes[key].disabled for key in "abc"] == [True, True, False]
    assert steps(view) == 1
    assert view.session.history.undo_label == "Disable"
    press_key(view.viewer, Qt.Key.Key_D)
    assert not any(entry.disabled for entry in shown_workflow(view).nodes.values())
    view.session.undo()
    view.session.undo()
    assert steps(view) == 0


def test_h_collapses_to_the_header_and_edges_follow(chain):
    view, _ = chain
    geometry = view.projector.geometry
    tall = float(geometry.height[1])
    view.select(["b"])
    press_key(view.viewer, Qt.Key.Key_H)
    assert shown_workflow(view).places["b"].collapsed
    assert float(geometry.height[1]) < tall
    assert geometry.ends[0][3] == 18.0
    press_key(view.viewer, Qt.Key.Key_H)
    assert float(geometry.height[1]) == tall
    assert steps(view) == 2


def test_a_click_on_the_fold_row_shows_the_optional_ports(chain):
    view, mouse = chain
    geometry = view.projector.geometry
    shape = geometry.cards[0].shape
    assert shape.hidden > 0
    mouse.click(60, shape.fold_y + 8)
    assert shown_workflow(view).places["a"].all_ports
    assert geometry.cards[0].shape.is_open
    assert steps(view) == 1
    mouse.click(60, geometry.cards[0].shape.fold_y + 8)
    assert not shown_workflow(view).places["a"].all_ports


def test_ctrl_h_folds_and_unfolds(chain):
    view, _ = chain
    view.select(["a"])
    press_key(view.viewer, Qt.Key.Key_H, CTRL)
    assert shown_workflow(view).places["a"].all_ports


def test_enter_and_double_click_ask_for_the_inspector(chain, qtbot):
    view, mouse = chain
    view.select(["b"])
    with qtbot.waitSignal(view.nodeActivated) as told:
        press_key(view.viewer, Qt.Key.Key_Return)
    assert told.args == ["b"]
    with qtbot.waitSignal(view.nodeActivated) as told:
        mouse.double_click(*header(view, "c"))
    assert told.args == ["c"]
    assert steps(view) == 0


def test_o_asks_for_the_results(chain, qtbot):
    view, _ = chain
    view.select(["a"])
    with qtbot.waitSignal(view.resultsRequested) as told:
        press_key(view.viewer, Qt.Key.Key_O)
    assert told.args == ["a", ""]


def test_shift_arrows_select_what_leads_here_and_what_follows(chain):
    view, _ = chain
    view.select(["b"])
    press_key(view.viewer, Qt.Key.Key_Left, SHIFT)
    assert view.selection() == ["a", "b"]
    view.select(["b"])
    press_key(view.viewer, Qt.Key.Key_Right, SHIFT)
    assert view.selection() == ["b", "c"]
    assert steps(view) == 0


def test_single_letters_are_the_canvas_s_while_it_has_the_focus(chain):
    view, _ = chain
    event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_D, Qt.KeyboardModifier.NoModifier, "d")
    event.ignore()
    QApplication.sendEvent(view.viewer, event)
    assert event.isAccepted()
    for key, modifiers in ((Qt.Key.Key_S, CTRL), (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier), (Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier)):  # fmt: skip
        event = QKeyEvent(QEvent.Type.ShortcutOverride, key, modifiers)
        event.ignore()
        QApplication.sendEvent(view.viewer, event)
        assert not event.isAccepted()


def test_a_key_that_means_nothing_is_left_to_the_window(chain):
    view, _ = chain
    event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_F12, Qt.KeyboardModifier.NoModifier)
    event.accept()
    QApplication.sendEvent(view.viewer, event)
    assert not event.isAccepted()


def test_every_command_names_a_method_and_no_key_is_given_twice(chain):
    view, _ = chain
    assert all(callable(view.deed(command.name)) for command in COMMANDS)
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))


def open_menu(view, mouse, x, y):
    at = mouse.pixel(x, y).toPoint()
    viewport = view.viewer.viewport()
    QApplication.sendEvent(
        viewport, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, viewport.mapToGlobal(at))
    )
    menu = QApplication.activePopupWidget()
    assert menu is not None
    return menu


def trigger(menu, title):
    next(action for action in menu.actions() if action.text() == title).trigger()
    menu.close()


def test_the_menu_of_a_node_selects_it_and_offers_the_commands_of_the_keys(chain):
    view, mouse = chain
    menu = open_menu(view, mouse, *header(view, "b"))
    assert view.selection() == ["b"]
    shown = {action.text(): action.shortcut().toString() for action in menu.actions() if action.text()}
    assert shown["Rename"] == "F2"
    assert shown["Delete"] == "Del"
    trigger(menu, "Disable or enable")
    assert shown_workflow(view).nodes["b"].disabled


def test_the_menu_of_the_canvas_adds_and_pastes(chain):
    view, mouse = chain
    menu = open_menu(view, mouse, -100, 500)
    assert {"Add node…", "Add note", "Paste", "Fit all"} <= {action.text() for action in menu.actions()}
    trigger(menu, "Select all")
    assert len(view.selection()) == 3


def test_the_menus_offer_only_what_can_be_done(chain):
    view, mouse = chain
    menu = open_menu(view, mouse, *header(view, "b"))
    able = {action.text(): action.isEnabled() for action in menu.actions()}
    assert not able["Enter subworkflow"]
    assert not able["Ungroup"]
    assert not able["Connect in order"]
    assert able["Disconnect"]
    menu.close()
    QGuiApplication.clipboard().clear()
    menu = open_menu(view, mouse, -100, 500)
    shown = {action.text(): action for action in menu.actions()}
    assert not shown["Paste"].isEnabled()
    assert not shown["Leave subworkflow"].isEnabled()
    assert shown["Snap to grid"].isChecked()
    trigger(menu, "Snap to grid")
    assert not view.snaps()


def test_the_menu_of_a_port_parts_it_from_its_edges(chain):
    view, mouse = chain
    menu = open_menu(view, mouse, *port(view, "a", "records", is_output=True))
    trigger(menu, 'Disconnect "records"')
    assert [found.target for found in shown_workflow(view).edges] == ["c"]
    menu = open_menu(view, mouse, *port(view, "a", "records", is_output=True))
    trigger(menu, "Add node…")
    assert view.palette_popup.current().port
    view.palette_popup.dismiss()


def test_the_menu_of_an_edge_deletes_it(chain):
    view, mouse = chain
    x, y = view.projector.geometry.curve(0)[10]
    menu = open_menu(view, mouse, x, y)
    keys = {action.text(): action.shortcut().toString() for action in menu.actions()}
    assert keys == {"Insert node…": "", "Add point": "", "Delete edge": "Del"}
    trigger(menu, "Delete edge")
    assert len(shown_workflow(view).edges) == 1


def test_the_shortcuts_shown_in_menus_do_not_act_by_themselves(chain):
    """They would act twice, or while an editor is open: keys go through the canvas alone."""
    view, _ = chain
    view.select(["a"])
    view.rename()
    press_key(view.editor.widget, Qt.Key.Key_Backspace)
    assert len(shown_workflow(view).nodes) == 3
    view.editor.close(keep=False)


def test_the_keyboard_cannot_disturb_a_gesture(chain):
    view, mouse = chain
    mouse.hold(port(view, "a", "records", is_output=True), (200, 400))
    press_key(view.viewer, Qt.Key.Key_Delete)
    press_key(view.viewer, Qt.Key.Key_N)
    assert not view.palette_popup.isVisible()
    assert len(shown_workflow(view).nodes) == 3
    press_key(view.viewer, Qt.Key.Key_Escape)
    mouse.release(200, 400)


def test_menus_open_without_waiting(chain):
    view, mouse = chain
    menu = open_menu(view, mouse, *header(view, "a"))
    menu.close()
    assert QApplication.activePopupWidget() is None
    assert view.viewer.mapFromScene(QPoint(0, 0)) is not None
