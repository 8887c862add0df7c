"""What can a person invoke? Commands as data, and the actions made from them for menus, toolbars and keys.

A command says what it is called and when it makes sense; what it does is connected by the window, and `unconnected` tells what is not.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from studio.kernel.names import did_you_mean
from studio.qt.icons import icon
from studio.qt.theme import Theme

Scope = Literal["window", "shown"]
"""Where a shortcut acts: in the whole window, or not at all: it is only shown, and the widget that has the focus acts on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One thing a person can do. `when` names conditions that must all hold for it to be enabled.

    `shortcuts` are portable texts ("Ctrl+Enter"), the first is the one shown. `tip` says what happens beyond the text.
    """

    id: str
    text: str
    shortcuts: tuple[str, ...] = ()
    icon: str = ""
    tint: str = "text"
    tip: str = ""
    when: tuple[str, ...] = ()
    scope: Scope = "window"
    checkable: bool = False
    role: QAction.MenuRole = QAction.MenuRole.NoRole

    @property
    def plain_text(self) -> str:
        """Without the mark of the mnemonic and the ellipsis."""
        return self.text.replace("&", "").removesuffix("…")

    def shortcut_text(self) -> str:
        """The first shortcut as this platform writes it."""
        if not self.shortcuts:
            return ""
        return QKeySequence(self.shortcuts[0]).toString(QKeySequence.SequenceFormat.NativeText)


class CommandSet(QObject):
    """The commands of one window and their actions. Invariant: one action a command, made once."""

    def __init__(
        self,
        commands: Iterable[Command],
        theme: Theme,
        parent: QWidget,
        *,
        lacking: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`lacking` says for conditions why a command is disabled while they do not hold."""
        super().__init__(parent)
        self._lacking = lacking
        self._window = parent
        self._commands = {command.id: command for command in commands}
        self._actions: dict[str, QAction] = {}
        self._connected: set[str] = set()
        self._conditions: dict[str, bool] = {}
        self._told: dict[str, str] = {}
        """For each command the condition for which it is disabled, as it was told last."""
        self._other_words: dict[str, dict[str, str]] = {}
        self._theme = theme
        for command in self._commands.values():
            self._actions[command.id] = self._make(command)
            self._show_words(command)
        self.set_theme(theme)
        self._update(set(itertools.chain.from_iterable(command.when for command in self._commands.values())))

    @property
    def commands(self) -> tuple[Command, ...]:
        return tuple(self._commands.values())

    @property
    def unconnected(self) -> list[str]:
        """The ids of the commands that nothing has been connected to."""
        return [key for key in self._commands if key not in self._connected]

    def action(self, command_id: str) -> QAction:
        """The action of a command; KeyError names the nearest ids."""
        try:
            return self._actions[command_id]
        except KeyError:
            raise KeyError(f"No command {command_id!r}. {did_you_mean(command_id, self._actions)}") from None

    def connect_to(self, deeds: Mapping[str, Callable[[], object]]) -> None:
        """Says what commands do, by id. A checkable command's deed asks its action whether it is checked."""
        for command_id, deed in deeds.items():
            self.action(command_id).triggered.connect(_without_arguments(deed))
            self._connected.add(command_id)

    def set_conditions(self, **conditions: bool) -> None:
        """Tells what holds now; commands are enabled accordingly. What was never told does not hold."""
        changed = {name for name, holds in conditions.items() if holds != self._conditions.get(name, False)}
        if changed:
            self._conditions.update(conditions)
            self._update(changed)

    def tell_otherwise(self, command_id: str, *, text: str = "", icon: str = "", tip: str = "") -> None:
        """What a command is called for the time being, where its deed means another thing now; without a text, its own name again."""
        words = {"text": text, "icon": icon, "tip": tip} if text else {}
        if words != self._other_words.get(command_id, {}):
            self._other_words[command_id] = words
            called = self._called(self._commands[command_id])
            self._show_words(called)
            self._show_icon(called)

    def _called(self, command: Command) -> Command:
        """The command as it is called now."""
        return replace(command, **self._other_words.get(command.id, {}))  # type: ignore[arg-type]  # they are texts

    def set_keys(self, keys: Callable[[str], Sequence[str]]) -> None:
        """Gives every command the shortcuts that `keys` says for its id."""
        for command in tuple(self._commands.values()):
            wanted = tuple(keys(command.id))
            if wanted != command.shortcuts:
                self._commands[command.id] = changed = replace(command, shortcuts=wanted)
                self._actions[command.id].setShortcuts([QKeySequence(text) for text in wanted])
                self._show_tip(self._called(changed))

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        for command in self._commands.values():
            self._show_icon(self._called(command))

    def fill(self, menu: QMenu, ids: Sequence[str | None]) -> None:
        """Appends the commands' actions to a menu; None is a separator."""
        for command_id in ids:
            if command_id is None:
                menu.addSeparator()
            else:
                menu.addAction(self.action(command_id))

    def _make(self, command: Command) -> QAction:
        action = QAction(self)
        action.setObjectName(command.id)
        action.setMenuRole(command.role)
        action.setCheckable(command.checkable)
        # In a menu an icon would stand where the tick does.
        action.setIconVisibleInMenu(not command.checkable)
        action.setShortcuts([QKeySequence(text) for text in command.shortcuts])
        if command.scope == "window":
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            self._window.addAction(action)
        else:
            # In a menu of the window it would act in the whole window; the menu bar itself never has the focus.
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        return action

    def _show_icon(self, command: Command) -> None:
        if command.icon:
            self._actions[command.id].setIcon(icon(command.icon, self._theme, command.tint))

    def _show_words(self, command: Command) -> None:
        action = self._actions[command.id]
        action.setText(_tr(command.text))
        # What a button shows beside its icon; the space keeps the two apart.
        action.setIconText(f" {_tr(command.plain_text)}")
        action.setStatusTip(_tr(command.tip) if command.tip else "")
        self._show_tip(command)

    def _show_tip(self, command: Command) -> None:
        """What it does, its key, and why it cannot be done now."""
        shown = command.shortcut_text()
        tip = _tr(command.tip) if command.tip else _tr(command.plain_text)
        told = f"{tip}  ({shown})" if shown else tip
        lacking = self._lacking.get(self._lacks(command), "")
        self._actions[command.id].setToolTip(f"{told}\n{_tr(lacking)}" if lacking else told)

    def _lacks(self, command: Command) -> str:
        """The first condition that does not hold; "" when all do."""
        return next((name for name in command.when if not self._conditions.get(name, False)), "")

    def _update(self, changed: AbstractSet[str]) -> None:
        """Enables or disables the commands that these conditions concern."""
        for command in self._commands.values():
            if changed.isdisjoint(command.when):
                continue
            lacks = self._lacks(command)
            if lacks != self._told.get(command.id):
                self._told[command.id] = lacks
                self._actions[command.id].setEnabled(not lacks)
                self._show_tip(self._called(command))


def _without_arguments(deed: Callable[[], object]) -> Callable[..., None]:
    def call(*_: object) -> None:
        deed()

    return call


def _tr(text: str) -> str:
    return QCoreApplication.translate("Command", text)
