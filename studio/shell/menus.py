"""Which menus does the window have? Made once from the lists of commands; what excludes one another is marked as a group."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QMenuBar

from studio.qt.commands import CommandSet
from studio.shell.command_list import MENUS, MODES, RECENT, SUBMENUS


def fill_menu_bar(
    bar: QMenuBar, commands: CommandSet, recent: QMenu, *, opening: Callable[[], object]
) -> None:
    """Appends all menus; `recent` is put in where the list says so. `opening` is called before one of them is shown."""
    for title, ids in MENUS:
        menu = _menu(bar, title)
        menu.aboutToShow.connect(opening)
        for command_id in ids:
            if command_id == RECENT:
                menu.addMenu(recent)
            elif command_id is not None and command_id in SUBMENUS:
                _fill_submenu(menu, commands, command_id)
            else:
                commands.fill(menu, [command_id])
    modes = QActionGroup(bar)
    for command_id in MODES:
        modes.addAction(commands.action(command_id))


def _fill_submenu(parent: QMenu, commands: CommandSet, name: str) -> None:
    title, ids = SUBMENUS[name]
    menu = _menu(parent, title)
    group = QActionGroup(menu)
    for command_id in ids:
        action = commands.action(command_id)
        if action.isCheckable():
            group.addAction(action)
        menu.addAction(action)


def _menu(parent: QMenuBar | QMenu, title: str) -> QMenu:
    menu = parent.addMenu(parent.tr(title))
    menu.setToolTipsVisible(True)
    return menu
