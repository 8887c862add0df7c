"""Which key does what in the outline, and what stands in its menu? Data over `outline_deeds`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QMenu

from studio.panels.widgets import add_action

if TYPE_CHECKING:
    from studio.panels.outline_panel import OutlinePanel

_CONTROL: Final = Qt.KeyboardModifier.ControlModifier
_SHIFT: Final = Qt.KeyboardModifier.ShiftModifier


def deed_of(event: QKeyEvent, panel: OutlinePanel) -> Callable[[], object] | None:
    """What a key press means while the tree has the focus."""
    key, deeds = Qt.Key(event.key()), panel.deeds
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if modifiers == _CONTROL:
        return {Qt.Key.Key_L: deeds.connect_current, Qt.Key.Key_G: deeds.add_frame}.get(key)
    if modifiers == _SHIFT and key == Qt.Key.Key_F9:
        return deeds.edit_breakpoint
    if modifiers:
        return None
    plain: dict[Qt.Key, Callable[[], object]] = {
        Qt.Key.Key_N: deeds.add_node,
        Qt.Key.Key_Insert: deeds.add_node,
        Qt.Key.Key_F2: deeds.rename_current,
        Qt.Key.Key_Delete: deeds.delete_current,
        Qt.Key.Key_Backspace: deeds.delete_current,
        Qt.Key.Key_Return: deeds.edit_current,
        Qt.Key.Key_Enter: deeds.edit_current,
        Qt.Key.Key_D: deeds.toggle_current,
        Qt.Key.Key_O: panel.request_output,
        Qt.Key.Key_F9: deeds.toggle_breakpoint,
        Qt.Key.Key_C: deeds.add_note,
        Qt.Key.Key_B: deeds.add_bookmark,
        Qt.Key.Key_H: deeds.fold_current,
        Qt.Key.Key_K: deeds.color_current,
        Qt.Key.Key_M: deeds.move_current,
    }
    return plain.get(key)


def fill_menu(menu: QMenu, panel: OutlinePanel) -> None:
    """What can be done with the current row, and what always can."""
    deeds, entry = panel.deeds, panel.model.entry_at(panel.tree.currentIndex())
    kind = entry.kind if entry is not None and entry.kind != "member" else "node" if panel.current else ""
    add_action(menu, panel.tr("&Add a node…"), deeds.add_node, key="N")
    add_action(menu, panel.tr("Add a no&te…"), deeds.add_note, key="C")
    for kinds, text, deed, key in (
        ("node", panel.tr("&Connect…"), deeds.connect_current, "Ctrl+L"),
        ("node", panel.tr("&Edit params"), deeds.edit_current, "Return"),
        ("note", panel.tr("&Edit text…"), deeds.edit_current, "Return"),
        ("bookmark", panel.tr("&Go there"), deeds.edit_current, "Return"),
        ("node frame bookmark", panel.tr("&Rename"), deeds.rename_current, "F2"),
        ("node", panel.tr("Switch &off or on"), deeds.toggle_current, "D"),
        ("node", panel.tr("Set or remove brea&kpoint"), deeds.toggle_breakpoint, "F9"),
        ("node", panel.tr("Breakpoint &with condition…"), deeds.edit_breakpoint, "Shift+F9"),
        ("frame", panel.tr("Co&llapse or open"), deeds.fold_current, "H"),
        ("frame note", panel.tr("&Colour…"), deeds.color_current, "K"),
        ("node frame note", panel.tr("&Frame"), deeds.add_frame, "Ctrl+G"),
        ("node frame note", panel.tr("&Put into a frame…"), deeds.move_current, "M"),
        ("node frame note", panel.tr("&Bookmark"), deeds.add_bookmark, "B"),
        ("node frame note bookmark", panel.tr("&Delete"), deeds.delete_current, "Del"),
    ):
        if kind in kinds.split():
            add_action(menu, text, deed, key=key)
