"""No control is dead: every command does something, stands in a menu, and has keys of its own."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu

from studio.qt.icons import glyph
from studio.shell.command_list import COMMANDS, MENUS, RECENT, flat


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
