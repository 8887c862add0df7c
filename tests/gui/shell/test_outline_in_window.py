"""Frames, notes and bookmarks in the outline: shown, made, named, coloured, folded and deleted by keys alone, and as a screen reader is told."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QDialogButtonBox, QInputDialog, QPlainTextEdit

from studio.panels.outline_model import KIND, STATE, TITLE
from tests.gui.shell.test_keyboard_alone import name_in_place, typist, workflow

__all__ = ["typist"]

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
KEY = Qt.Key


@pytest.fixture
def outline(typist, window):
    window.pages.tabs.canvas.set_reduced_motion(True)
    outline = typist.outline()
    typist.press(KEY.Key_Home)
    return outline


def go_to(outline, kind, key):
    index = outline.model.index_of_thing(kind, key)
    assert index.isValid()
    outline.tree.setCurrentIndex(index)


def make_frame(typist, window, outline):
    typist.press(KEY.Key_Home)
    typist.press(KEY.Key_Down, modifiers=SHIFT)
    typist.press(KEY.Key_G, modifiers=CONTROL)
    name_in_place(typist, "Shop")
    typist.driver.until(lambda: [frame.title for frame in workflow(window).frames.values()] == ["Shop"])
    return next(iter(workflow(window).frames))


def test_the_selected_rows_are_framed_and_the_frame_shows_them_folds_and_takes_a_colour(
    typist, drive, window, outline
):
    frame_id = make_frame(typist, window, outline)
    assert {place.frame for place in workflow(window).places.values()} == {frame_id}
    index = outline.model.index_of_thing("frame", frame_id)
    drive.until(lambda: outline.tree.currentIndex() == index and outline.tree.hasFocus())
    assert (index.data(), index.siblingAtColumn(KIND).data()) == ("Shop", "Frame · 2 nodes")
    typist.press(KEY.Key_Right, KEY.Key_Down)
    assert outline.current == "list_orders"
    drive.until(lambda: window.pages.tabs.canvas.selection() == ["list_orders"])
    typist.press(KEY.Key_D)
    assert workflow(window).nodes["list_orders"].disabled
    go_to(outline, "frame", frame_id)
    assert window.pages.tabs.canvas.viewer.selected_frames == {frame_id}
    typist.press(KEY.Key_H)
    assert workflow(window).frames[frame_id].collapsed
    typist.press(KEY.Key_K)
    typist.choose("green")
    drive.until(lambda: workflow(window).frames[frame_id].color == "create")
    drive.until(lambda: outline.tree.currentIndex().siblingAtColumn(STATE).data() == "collapsed · Green")
    window.session.undo()
    window.session.undo()
    assert (workflow(window).frames[frame_id].collapsed, workflow(window).frames[frame_id].color) == (
        False,
        "",
    )
    drive.until(outline.tree.hasFocus)
    typist.press(KEY.Key_Delete)
    assert not workflow(window).frames
    assert len(workflow(window).nodes) == 2
    window.session.undo()
    assert workflow(window).frames[frame_id].title == "Shop"


def test_rows_are_put_into_a_frame_that_grows_and_out_of_all_frames_again(typist, drive, window, outline):
    typist.press(KEY.Key_G, modifiers=CONTROL)
    name_in_place(typist, "Shop")
    drive.until(outline.tree.hasFocus)
    frame_id = next(iter(workflow(window).frames))
    before = workflow(window)
    outline.set_current(outline.model.index_of("count_customers"))
    typist.press(KEY.Key_M)
    typist.choose("shop")
    drive.until(lambda: workflow(window).places["count_customers"].frame == frame_id)
    frame, place = workflow(window).frames[frame_id], workflow(window).places["count_customers"]
    listed = workflow(window).places["list_orders"]
    assert frame.x < place.x < place.x + 240 < frame.x + frame.width
    assert listed.y + 60 < place.y < frame.y + frame.height - 60
    assert frame.height > before.frames[frame_id].height
    drive.until(outline.tree.hasFocus)
    # A frame is not offered itself, nor what lies in it.
    go_to(outline, "frame", frame_id)
    typist.press(KEY.Key_M)
    drive.until(typist.popup_is_open)
    assert [goal.title for goal in outline.deeds.asker.popup.shown] == ["Out of all frames"]
    typist.press(KEY.Key_Escape)
    drive.until(outline.tree.hasFocus)
    outline.set_current(outline.model.index_of("count_customers"))
    typist.press(KEY.Key_M)
    typist.choose("out of all")
    drive.until(lambda: workflow(window).places["count_customers"].frame == "")
    assert workflow(window).places["count_customers"].x > frame.x + frame.width
    window.session.undo()
    window.session.undo()
    assert workflow(window) == before


def test_a_bookmark_keeps_a_row_s_place_is_named_gone_to_and_deleted(typist, drive, window, outline):
    canvas = window.pages.tabs.canvas
    typist.press(KEY.Key_B)
    name_in_place(typist, "Orders")
    drive.until(lambda: workflow(window).bookmarks and workflow(window).bookmarks["1"].title == "Orders")
    kept = workflow(window).bookmarks["1"]
    drive.until(outline.tree.hasFocus)
    index = outline.tree.currentIndex()
    assert [index.siblingAtColumn(column).data() for column in (TITLE, KIND)] == [
        "Orders",
        "Bookmark · Alt+1",
    ]
    canvas.viewer.center_on(5000, 5000)
    typist.press(KEY.Key_Return)
    camera = canvas.viewer.camera()
    assert camera.to_scene(camera.width / 2, camera.height / 2) == pytest.approx((kept.x, kept.y), abs=1.0)
    # Setting it anew on the canvas keeps its name.
    canvas.viewer.center_on(900, 40)
    canvas.do("set_bookmark_1")
    assert (workflow(window).bookmarks["1"].title, workflow(window).bookmarks["1"] == kept) == (
        "Orders",
        False,
    )
    typist.press(KEY.Key_Delete)
    assert not workflow(window).bookmarks
    drive.until(lambda: outline.tree.currentIndex().isValid())


def test_a_note_is_added_written_and_deleted(typist, drive, window, outline):
    typist.press(KEY.Key_C)
    dialog = drive.dialog(QInputDialog)
    edit = dialog.findChild(QPlainTextEdit)
    drive.until(edit.hasFocus)
    typist.type("# Plan")
    typist.press(KEY.Key_Return)
    typist.type("more")
    buttons = dialog.findChild(QDialogButtonBox)
    drive.bot.keyClick(buttons.button(QDialogButtonBox.StandardButton.Ok), KEY.Key_Space)
    drive.until(lambda: [note.text for note in workflow(window).notes.values()] == ["# Plan\nmore"])
    note_id = next(iter(workflow(window).notes))
    drive.until(lambda: outline.model.index_of_thing("note", note_id).data() == "Plan")
    go_to(outline, "note", note_id)
    assert window.pages.tabs.canvas.viewer.selected_notes == {note_id}
    drive.activate()
    outline.tree.setFocus()
    drive.until(outline.tree.hasFocus)
    typist.press(KEY.Key_Delete)
    assert not workflow(window).notes
    # A frame, a note and a node that are selected together go as one step.
    window.session.undo()
    frame_id = make_frame(typist, window, outline)
    before, position = workflow(window), window.session.history.position
    drive.until(outline.tree.hasFocus)
    selection = outline.tree.selectionModel()
    for index in (outline.model.index_of("list_orders"), outline.model.index_of_thing("note", note_id)):
        selection.select(index, selection.SelectionFlag.Select | selection.SelectionFlag.Rows)
    typist.press(KEY.Key_Delete)
    now = workflow(window)
    assert (list(now.nodes), dict(now.notes), dict(now.frames)) == (["count_customers"], {}, {})
    assert window.session.history.position == position + 1
    window.session.undo()
    assert workflow(window) == before
    assert frame_id in workflow(window).frames


def test_a_screen_reader_is_told_of_frames_members_notes_and_bookmarks(typist, drive, window, outline):
    frame_id = make_frame(typist, window, outline)
    drive.until(outline.tree.hasFocus)
    typist.press(KEY.Key_B)
    name_in_place(typist, "Here")
    drive.until(lambda: "1" in workflow(window).bookmarks and outline.tree.hasFocus())
    outline.refresh()
    outline.tree.expand(outline.model.index_of_thing("frame", frame_id))
    tree = QAccessible.queryAccessibleInterface(outline.tree)
    cells = [tree.child(number) for number in range(tree.childCount())]
    names = [cell.text(QAccessible.Text.Name) for cell in cells]
    for expected in ("Frames, 1", "Shop, Frame · 2 nodes", "Bookmarks, 1", "Here, Bookmark · Alt+1, 100%"):
        assert expected in names
        assert cells[names.index(expected)].role() == QAccessible.Role.TreeItem
    frame = names.index("Shop, Frame · 2 nodes")
    # A row has four cells.
    assert [names[frame + 4], names[frame + 8]] == ["List orders", "Count customers"]
    assert cells[frame].state().expanded
    description = cells[frame].text(QAccessible.Text.Description)
    assert "F2 renames" in description
    assert "leaves what lies in it" in description
