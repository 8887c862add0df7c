"""Which keys does each command have? The usual ones, or a person's; how they are edited and kept is the shell's business."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from PySide6.QtGui import QKeySequence

from studio.qt.commands import Command

MOST_KEYS: Final = 2
"""So many alternatives a command may have; the two Enter keys of a keyboard count as one."""

_ENTER: Final = re.compile(r"\bEnter$")


def canonical(keys: str) -> str:
    """A shortcut as Qt writes it, the keypad's Enter as the other one; an empty string for text that is no shortcut."""
    return _ENTER.sub("Return", QKeySequence(keys).toString(QKeySequence.SequenceFormat.PortableText))


def shown(keys: str) -> str:
    """A shortcut as this platform writes it for people."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText).replace("Return", "Enter")


def is_typed_text(keys: str) -> bool:
    """Whether pressing it would type a character or move in a text: such a key can only act where no text is written."""
    plain = canonical(keys).removeprefix("Shift+")
    return "+" not in plain.removesuffix("+") and not re.fullmatch(r"F\d+|", plain)


class Keymap:
    """The keys of all commands. Unchanging: a change gives another keymap.

    `changed` are a person's own keys by command id, an empty list for none; ids that no command has are kept, for they may be those of
    another version. `fixed` are keys that no command may take, with what they do.
    """

    def __init__(
        self,
        commands: Iterable[Command],
        changed: Mapping[str, Sequence[str]] | None = None,
        fixed: Mapping[str, str] | None = None,
    ) -> None:
        self._commands = {command.id: command for command in commands}
        self._usual = {command.id: _distinct(command.shortcuts) for command in self._commands.values()}
        self.changed: Mapping[str, tuple[str, ...]] = MappingProxyType(
            {
                command_id: keys
                for command_id, given in (changed or {}).items()
                if (keys := _distinct(given)) != self._usual.get(command_id)
            }
        )
        self._fixed = {canonical(keys): title for keys, title in (fixed or {}).items()}

    def keys(self, command_id: str) -> tuple[str, ...]:
        """The shortcuts that a command has now, in Qt's own spelling."""
        return self.changed.get(command_id, self._usual[command_id])

    def is_changed(self, command_id: str) -> bool:
        return command_id in self.changed

    def with_keys(self, command_id: str, keys: Sequence[str]) -> Keymap:
        """The same with other keys for one command; its usual ones make it unchanged again."""
        return self._with({**self.changed, command_id: tuple(keys)})

    def usual(self, command_id: str) -> Keymap:
        """The same with a command's usual keys. Whoever has taken one of them in the meantime loses it."""
        return self.taking(command_id, self._usual[command_id])

    def all_usual(self) -> Keymap:
        """The same with nothing changed."""
        return self._with({})

    def taking(self, command_id: str, keys: Sequence[str]) -> Keymap:
        """The same with these keys for a command, taken away from all others."""
        wanted = set(_distinct(keys))
        changed = {**self.changed, command_id: tuple(keys)}
        for other in self._commands:
            if other != command_id and wanted & set(self.keys(other)):
                changed[other] = tuple(key for key in self.keys(other) if key not in wanted)
        return self._with(changed)

    def holders(self, keys: str, *, but: str) -> list[Command]:
        """The other commands that have a shortcut already."""
        wanted = canonical(keys)
        return [
            command
            for command in self._commands.values()
            if command.id != but and wanted in self.keys(command.id)
        ]

    def refusal(self, command_id: str, keys: str) -> str | None:
        """Why a command cannot have a shortcut at all; None when it can."""
        wanted = canonical(keys)
        if wanted in self._fixed:
            return f"{shown(wanted)} is always “{self._fixed[wanted]}” on the canvas."
        if self._commands[command_id].scope == "window" and is_typed_text(wanted):
            return f"{shown(wanted)} alone is for writing. Add Ctrl or Alt, or take a function key."
        return None

    def conflicts(self) -> dict[str, list[str]]:
        """Shortcuts that several commands have, with the commands' ids."""
        by_key: dict[str, list[str]] = {}
        for command_id in self._commands:
            for key in self.keys(command_id):
                by_key.setdefault(key, []).append(command_id)
        return {key: ids for key, ids in by_key.items() if len(ids) > 1}

    def _with(self, changed: Mapping[str, Sequence[str]]) -> Keymap:
        return Keymap(self._commands.values(), changed, self._fixed)


def both_enters(keys: Iterable[str]) -> tuple[str, ...]:
    """The shortcuts as they are to be listened for: where there is one Enter key there is the other."""
    found: list[str] = []
    for key in keys:
        found.append(key)
        if key.endswith("Return"):
            found.append(f"{key.removesuffix('Return')}Enter")
    return tuple(found)


def _distinct(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for key in keys if (name := canonical(key))))
