"""No control is dead: every command does something, stands in a menu, and has keys of its own."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from studio.qt.icons import glyph
from studio.shell.command_list import COMMANDS, LACKING, MENUS, RECENT, flat


def test_every_command_has_a_deed(window):
    assert window.commands.unconnected == []


def test_every_command_stands_in_a_menu():
    listed = [entry for _, ids in MENUS for entry in flat(ids) if entry not in (None, RECENT)]
    assert Counter(listed) == Counter(command.id for command in COMMANDS)


def test_no_keys_mean_two_things():
    keys = Counter(
        QKeySequence(text).toString() for command in COMMANDS for text in dict.fromkeys(command.shortcuts)
    )
    assert [shortcut for shortcut, count in keys.items() if count > 1] == []
    assert all(not QKeySequence(text).isEmpty() for command in COMMANDS for text in command.shortcuts)


def test_every_icon_exists(qapp):
    assert all(glyph(command.icon) for command in COMMANDS if command.icon)


def test_every_entry_of_the_menu_bar_does_something(window):
    def leaves(menu: QMenu) -> list[QAction]:
        found = []
        for action in menu.actions():
            if action.isSeparator():
                continue
            inner = action.menu()
            found += leaves(inner) if isinstance(inner, QMenu) else [action]
        return found

    known = {window.commands.action(command.id) for command in COMMANDS}
    menus = [action.menu() for action in window.menuBar().actions()]
    entries = [entry for menu in menus if isinstance(menu, QMenu) for entry in leaves(menu)]
    assert set(entries) == known


def test_without_a_project_only_what_makes_sense_is_enabled(window):
    enabled = {command.id for command in COMMANDS if window.commands.action(command.id).isEnabled()}
    assert {"new", "open", "open_sample", "quit", "about"} <= enabled
    assert not enabled & {"save", "run", "stop", "undo", "delete", "connections", "export_yaml"}


def test_what_cannot_be_done_says_why(window, session):
    canvas, action = window.pages.tabs.canvas, window.commands.action
    assert action("delete").toolTip() == "Delete  (Del)\nNothing is selected on the canvas"
    canvas.select(list(session.project.workflow(canvas.workflow_id).nodes)[:1])
    window.refresh()
    window.standing.before_choosing()
    assert action("delete").toolTip() == "Delete  (Del)"
    for command_id in ("enter_subworkflow", "leave_subworkflow", "dissolve_frames", "connect_selected"):
        assert not action(command_id).isEnabled()
        assert LACKING[f"can_{command_id}"] in action(command_id).toolTip()
    canvas.select_all()
    window.standing.before_choosing()
    assert action("connect_selected").isEnabled()


def test_every_condition_says_why_it_does_not_hold():
    assert {name for command in COMMANDS for name in command.when} == set(LACKING)


def test_the_minimap_is_ticked_while_it_is_shown(window, session, drive):
    tick = window.commands.action("toggle_minimap")
    drive.menu("View", "Minimap")
    assert drive.canvas.minimap.isVisible()
    assert tick.isChecked()
    drive.canvas.toggle_minimap()
    assert not tick.isChecked(), "by its key, or the menu of the canvas"
    drive.canvas.toggle_minimap()
    window.commands.action("next_tab").trigger()
    assert not tick.isChecked(), "it is shown in the other tab only"
