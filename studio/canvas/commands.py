"""Which key does what on the canvas, and what stands in its menus? Commands as data: each names a method of `CanvasView`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtCore import QKeyCombination, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QMenu

from studio.canvas.graph import CanvasGraph, CanvasNode


@dataclass(frozen=True, slots=True)
class CanvasCommand:
    """`keys` are alternatives, the first is the one that menus show; `nodes` says that it is about selected nodes."""

    name: str
    title: str
    keys: tuple[str, ...] = ()
    in_canvas_menu: bool = False
    in_node_menu: bool = False
    separator: bool = False
    """A line stands before it in a menu."""
    submenu: str = ""
    """In the menu of nodes: the submenu that it stands in."""


COMMANDS: Final = (
    CanvasCommand("open_palette", "Add node…", ("N", "Tab"), in_canvas_menu=True),
    CanvasCommand("add_note", "Add note", ("C",), in_canvas_menu=True),
    CanvasCommand("activate", "Edit params", ("Return", "Enter"), in_node_menu=True),
    CanvasCommand("show_results", "Show results", ("O",), in_node_menu=True),
    CanvasCommand("rename", "Rename", ("F2",), in_node_menu=True),
    CanvasCommand("toggle_disabled", "Disable or enable", ("D",), in_node_menu=True, separator=True),
    CanvasCommand("toggle_pin", "Pin or unpin value", ("P",), in_node_menu=True),
    CanvasCommand("toggle_breakpoint", "Set or remove breakpoint", ("F9",), in_node_menu=True),
    CanvasCommand("edit_breakpoint", "Breakpoint with condition…", ("Shift+F9",), in_node_menu=True),
    CanvasCommand("toggle_collapsed", "Collapse or expand", ("H",), in_node_menu=True),
    CanvasCommand("toggle_ports", "Show or fold optional ports", ("Ctrl+H",), in_node_menu=True),
    CanvasCommand("add_frame", "Frame", ("Ctrl+G",), in_node_menu=True, separator=True),
    CanvasCommand("dissolve_frames", "Ungroup", ("Ctrl+Shift+G",), in_node_menu=True),
    CanvasCommand("make_subworkflow", "Make subworkflow", ("Alt+X",), in_node_menu=True),
    CanvasCommand("enter_subworkflow", "Enter subworkflow", ("Alt+Return", "Alt+Enter"), in_node_menu=True),
    CanvasCommand(
        "leave_subworkflow", "Leave subworkflow", ("Alt+Shift+Return", "Alt+Shift+Enter"), in_canvas_menu=True
    ),
    CanvasCommand("connect_selected", "Connect in order", ("Ctrl+L",), in_node_menu=True, separator=True),
    CanvasCommand("disconnect_selected", "Disconnect", ("Ctrl+Shift+L",), in_node_menu=True),
    CanvasCommand(
        "tidy", "Tidy", ("L", "Shift+Alt+T"), in_canvas_menu=True, in_node_menu=True, separator=True
    ),
    CanvasCommand("straighten", "Straighten", ("Q",), in_node_menu=True, submenu="Align"),
    CanvasCommand(
        "align_left", "Align left", ("Shift+A",), in_node_menu=True, separator=True, submenu="Align"
    ),
    CanvasCommand("align_center", "Align centres", (), in_node_menu=True, submenu="Align"),
    CanvasCommand("align_right", "Align right", ("Shift+D",), in_node_menu=True, submenu="Align"),
    CanvasCommand("align_top", "Align top", ("Shift+W",), in_node_menu=True, separator=True, submenu="Align"),
    CanvasCommand("align_middle", "Align middles", (), in_node_menu=True, submenu="Align"),
    CanvasCommand("align_bottom", "Align bottom", ("Shift+S",), in_node_menu=True, submenu="Align"),
    CanvasCommand(
        "distribute_across", "Distribute across", (), in_node_menu=True, separator=True, submenu="Align"
    ),
    CanvasCommand("distribute_down", "Distribute down", (), in_node_menu=True, submenu="Align"),
    CanvasCommand("cut", "Cut", ("Ctrl+X",), in_node_menu=True, separator=True),
    CanvasCommand("copy", "Copy", ("Ctrl+C",), in_node_menu=True),
    CanvasCommand("paste", "Paste", ("Ctrl+V",), in_canvas_menu=True, separator=True),
    CanvasCommand("paste_with_links", "Paste with incoming links", ("Ctrl+Shift+V",), in_canvas_menu=True),
    CanvasCommand("duplicate", "Duplicate", ("Ctrl+D",), in_node_menu=True),
    CanvasCommand("select_all", "Select all", ("Ctrl+A",), in_canvas_menu=True),
    CanvasCommand(
        "select_upstream", "Select what leads here", ("Shift+Left",), in_node_menu=True, submenu="Select"
    ),
    CanvasCommand(
        "select_downstream", "Select what follows", ("Shift+Right",), in_node_menu=True, submenu="Select"
    ),
    CanvasCommand("find_nodes", "Find…", ("Ctrl+F",), in_canvas_menu=True),
    CanvasCommand("fit", "Fit all", ("Ctrl+1",), in_canvas_menu=True, separator=True),
    CanvasCommand("fit_selection", "Fit selection", ("F",), in_node_menu=True, submenu="Select"),
    CanvasCommand("zoom_100", "Zoom to 100 %", ("Ctrl+0",), in_canvas_menu=True),
    CanvasCommand("zoom_in", "Zoom in", ("Ctrl++", "Ctrl+=")),
    CanvasCommand("zoom_out", "Zoom out", ("Ctrl+-",)),
    CanvasCommand("delete", "Delete", ("Del", "Backspace"), in_node_menu=True, separator=True),
    CanvasCommand("delete_and_reconnect", "Delete and reconnect", ("Ctrl+Del",), in_node_menu=True),
    CanvasCommand("toggle_minimap", "Minimap", ("Ctrl+M",), in_canvas_menu=True),
    CanvasCommand("toggle_snap", "Snap to grid", (), in_canvas_menu=True, separator=True),
    CanvasCommand("clear_selection", "Select nothing", ("Esc",)),
    CanvasCommand("nudge_left", "Nudge left", ("Ctrl+Shift+Left",)),
    CanvasCommand("nudge_right", "Nudge right", ("Ctrl+Shift+Right",)),
    CanvasCommand("nudge_up", "Nudge up", ("Ctrl+Shift+Up",)),
    CanvasCommand("nudge_down", "Nudge down", ("Ctrl+Shift+Down",)),
    CanvasCommand("walk_left", "Go to the node on the left", ("Left",)),
    CanvasCommand("walk_right", "Go to the node on the right", ("Right",)),
    CanvasCommand("walk_up", "Go to the node above", ("Up",)),
    CanvasCommand("walk_down", "Go to the node below", ("Down",)),
    *(
        CanvasCommand(f"set_bookmark_{key}", f"Set bookmark {key}", (f"Ctrl+Alt+{key}",))
        for key in "123456789"
    ),
    *(
        CanvasCommand(f"go_to_bookmark_{key}", f"Go to bookmark {key}", (f"Alt+{key}",))
        for key in "123456789"
    ),
)

TITLES: Final = {command.name: command.title for command in COMMANDS}
ABOUT_SELECTION: Final = frozenset(
    {"activate", "show_results", "rename", "toggle_disabled", "toggle_pin", "toggle_collapsed", "toggle_ports", "dissolve_frames",
     "disconnect_selected", "cut", "copy", "duplicate", "select_upstream", "select_downstream"}
)  # fmt: skip
"""What has nothing to do, and says so, while nothing is selected. Other commands say more, or do something then."""

FIXED: Final = {
    key: command.title
    for command in COMMANDS
    if command.name.startswith(("walk_", "nudge_")) or command.name == "clear_selection"
    for key in command.keys
}
"""Keys that no other command may take, with what they do."""


class KeyTable:
    """Which command a key press means. `changed` are a person's own keys by command name."""

    def __init__(self, changed: Mapping[str, Sequence[str]] | None = None) -> None:
        self._keys = {command.name: command.keys for command in COMMANDS}
        self._keys |= {name: tuple(keys) for name, keys in (changed or {}).items() if name in self._keys}
        self._by_key = {
            QKeySequence(key).toString(): name for name, keys in self._keys.items() for key in keys
        }

    def first(self, name: str) -> str:
        """The key that menus show for a command; an empty string when it has none."""
        return next(iter(self._keys[name]), "")

    def has(self, key: str) -> bool:
        """Whether a key, as Qt writes it, means anything."""
        return key in self._by_key

    def command_for(self, event: QKeyEvent) -> str | None:
        """The name of the command that a key press means."""
        modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        combination = QKeyCombination(modifiers, Qt.Key(event.key()))
        return self._by_key.get(QKeySequence(combination).toString())


def fill_menus(graph: CanvasGraph, invoke: Callable[[str], None]) -> list[tuple[str, QAction]]:
    """Puts the commands into NodeGraphQt's menus of the canvas and of nodes; gives the actions with their commands' names."""
    made: list[tuple[str, QAction]] = []

    def run(name: str, *_: object) -> None:
        invoke(name)

    canvas_menu, node_menu = graph.get_context_menu("graph"), graph.get_context_menu("nodes")
    for command in COMMANDS:
        shortcut = command.keys[0] if command.keys else None
        if command.in_canvas_menu:
            if command.separator:
                canvas_menu.add_separator()
            added = canvas_menu.add_command(command.title, partial(run, command.name), shortcut)
            made.append((command.name, added.qaction))
        if command.in_node_menu:
            own = node_menu.qmenu.get_menu(CanvasNode.__name__)
            if command.separator and own is not None and not command.submenu:
                own.addSeparator()
            added = node_menu.add_command(
                command.title, partial(run, command.name), node_class=CanvasNode, shortcut=shortcut
            )
            made.append((command.name, added.qaction))
            own = node_menu.qmenu.get_menu(CanvasNode.__name__)
            if command.submenu:
                _put_into_submenu(own, command)
    node_menu.qmenu.get_menu(CanvasNode.__name__).setStyleSheet("")
    return made


def _put_into_submenu(menu: QMenu, command: CanvasCommand) -> None:
    """The last action of a menu goes into the submenu of that name, which is made when it is not there."""
    action = menu.actions()[-1]
    menu.removeAction(action)
    known = (entry.menu() for entry in menu.actions() if entry.text() == command.submenu)
    submenu = next((found for found in known if isinstance(found, QMenu)), None) or menu.addMenu(
        command.submenu
    )
    if command.separator:
        submenu.addSeparator()
    submenu.addAction(action)
