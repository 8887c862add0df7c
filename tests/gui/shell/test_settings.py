"""Settings act at once, are remembered, and a key never comes to mean two things unawares."""

from __future__ import annotations

import pytest
import shiboken6
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeySequence, QWheelEvent
from PySide6.QtWidgets import QApplication

from studio.persistence.retention import Retention
from studio.shell.settings import Settings
from studio.shell.settings_dialog import SettingsDialog


@pytest.fixture
def dialog(window, session, drive):
    drive.activate()
    window.commands.action("settings").trigger()
    dialog = drive.dialog(SettingsDialog)
    yield dialog
    if shiboken6.isValid(dialog):
        dialog.close()


def choose(dialog, command_id):
    page = dialog.shortcuts
    dialog.tabs.setCurrentWidget(page)
    item = next(item for item in page._items() if item.data(0, Qt.ItemDataRole.UserRole) == command_id)
    page.list.setCurrentItem(item)
    return item


def press(dialog, drive, qtbot, number, key, modifiers=Qt.KeyboardModifier.NoModifier):
    edit = dialog.shortcuts.edits[number]
    drive.click(edit)
    qtbot.keyClick(QApplication.focusWidget(), key, modifiers)


def test_another_key_acts_in_the_window_and_is_remembered(window, dialog, drive, qtbot, env):
    item = choose(dialog, "save")
    press(dialog, drive, qtbot, 1, Qt.Key.Key_F12)
    drive.until(lambda: window.preferences.keys("save") == ("Ctrl+S", "F12"))
    assert item.text(1) == "Ctrl+S  or  F12"
    assert QKeySequence("F12") in window.commands.action("save").shortcuts()
    window.settings.sync()
    assert Settings(env.data_dir).own_keys == {"save": ["Ctrl+S", "F12"]}
    drive.click(dialog.shortcuts.reset)
    assert window.preferences.keys("save") == ("Ctrl+S",)
    assert window.settings.own_keys == {}


def test_a_key_of_the_canvas_is_changed_on_the_canvas_as_well(window, dialog, drive, qtbot):
    choose(dialog, "add_note")
    press(dialog, drive, qtbot, 0, Qt.Key.Key_J)
    drive.until(lambda: window.preferences.keys("add_note") == ("J",))
    dialog.close()
    drive.activate()
    canvas = window.pages.tabs.canvas
    canvas.setFocus()
    before = len(canvas.workflow.notes)
    drive.key(Qt.Key.Key_C)
    assert len(canvas.workflow.notes) == before
    drive.key(Qt.Key.Key_J)
    assert len(canvas.workflow.notes) == before + 1


def test_a_key_that_is_taken_says_by_whom_and_is_taken_only_on_demand(window, dialog, drive, qtbot):
    page = dialog.shortcuts
    choose(dialog, "add_note")
    press(dialog, drive, qtbot, 0, Qt.Key.Key_D)
    drive.until(lambda: "D is “Disable or enable” already" in page.note.text())
    assert window.preferences.keys("add_note") == ("C",)
    drive.click(page.take)
    assert window.preferences.keys("add_note") == ("D",)
    assert window.preferences.keys("toggle_disabled") == ()
    drive.click(page.reset_all)
    assert dict(window.preferences.keymap.changed) == {}


def test_a_letter_alone_is_refused_for_a_command_of_the_whole_window(window, dialog, drive, qtbot):
    choose(dialog, "save")
    press(dialog, drive, qtbot, 0, Qt.Key.Key_J)
    drive.until(lambda: "Add Ctrl or Alt" in dialog.shortcuts.note.text())
    assert window.preferences.keys("save") == ("Ctrl+S",)


def test_commands_are_found_by_words_and_by_keys(dialog, qtbot):
    page = dialog.shortcuts
    dialog.tabs.setCurrentWidget(page)
    qtbot.keyClicks(page.search, "ctrl+shift+l")
    assert [item.text(0) for item in page._items() if not item.isHidden()] == ["Disconnect"]


def test_the_mouse_wheel_moves_the_view_where_a_person_wants_that(window, dialog):
    canvas = window.pages.tabs.canvas
    viewer = canvas._viewer
    dialog.wheel.setCurrentIndex(1)
    dialog.wheel.activated.emit(1)
    assert window.settings.wheel_pans
    zoom, top = canvas.zoom(), viewer.mapToScene(QPointF(0, 0)).y()

    def turn(modifiers):
        at = QPointF(viewer.viewport().rect().center())
        QApplication.sendEvent(
            viewer.viewport(),
            QWheelEvent(
                at, viewer.viewport().mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
                modifiers, Qt.ScrollPhase.NoScrollPhase, False,
            ),
        )  # fmt: skip

    turn(Qt.KeyboardModifier.NoModifier)
    assert canvas.zoom() == zoom
    assert viewer.mapToScene(QPointF(0, 0)).y() > top
    turn(Qt.KeyboardModifier.ControlModifier)
    assert canvas.zoom() < zoom


def test_a_look_that_is_chosen_in_the_menu_shows_in_the_settings(window, dialog):
    window.commands.action("theme_light").trigger()
    assert dialog.theme.currentText() == "Light"
    dialog.theme.setCurrentIndex(dialog.theme.findData("dark"))
    dialog.theme.activated.emit(2)
    assert window.theme.name == window.settings.theme == "dark"


def test_reduced_motion_reaches_every_canvas(window, dialog):
    dialog.motion.setCurrentIndex(dialog.motion.findData("reduced"))
    dialog.motion.activated.emit(1)
    assert all(canvas.arrangement.glide.reduces_motion for canvas in window.pages.tabs.canvases)
    window.new_workflow()
    assert window.pages.tabs.canvas.arrangement.glide.reduces_motion
    assert window.settings.motion == "reduced"


def test_tab_adds_a_node_on_the_canvas_unless_it_is_switched_off(window, dialog, drive, qtbot, env):
    canvas = window.pages.tabs.canvas

    def tab():
        drive.activate()
        canvas.setFocus()
        qtbot.keyClick(canvas.viewer, Qt.Key.Key_Tab)

    tab()
    drive.until(canvas.palette_popup.isVisible)
    canvas.palette_popup.dismiss()
    qtbot.mouseClick(
        dialog.tab_adds, Qt.MouseButton.LeftButton, pos=QPoint(10, dialog.tab_adds.height() // 2)
    )
    assert not dialog.tab_adds.isChecked()
    tab()
    assert not canvas.palette_popup.isVisible()
    assert not canvas.viewer.hasFocus()
    qtbot.keyClick(canvas.viewer, Qt.Key.Key_N)
    drive.until(canvas.palette_popup.isVisible)
    canvas.palette_popup.dismiss()
    window.settings.sync()
    assert Settings(env.data_dir).own_keys == {"add_node": ["N"]}
    # It is one of the command's keys: giving it there ticks the box as well.
    qtbot.mouseClick(
        dialog.tab_adds, Qt.MouseButton.LeftButton, pos=QPoint(10, dialog.tab_adds.height() // 2)
    )
    assert window.preferences.keys("add_node") == ("N", "Tab")
    assert window.settings.own_keys == {}


def test_how_many_runs_are_kept_is_set_and_the_others_are_forgotten(window, dialog, drive, env, monkeypatch):
    trimmed = []

    async def trim(self):
        trimmed.append(self.env.retention)

    monkeypatch.setattr(type(window.session), "trim_runs", trim)
    assert env.retention == Retention()
    dialog.runs_kept.setValue(20)
    dialog.runs_kept.editingFinished.emit()
    dialog.megabytes_kept.setValue(5)
    dialog.megabytes_kept.editingFinished.emit()
    drive.until(lambda: trimmed[1:] == [Retention(runs=20, megabytes=5)])
    drive.until(lambda: window.panels.runs.retention.text() == "keeping 20 runs / 5 MB")
    window.settings.sync()
    assert Settings(env.data_dir).retention == Retention(runs=20, megabytes=5)
