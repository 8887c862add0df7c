"""What follows from a person's settings? One place that keeps a choice and brings the window in line with it at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from studio.qt.background import run_in_background
from studio.qt.keymap import MOST_KEYS, Keymap, both_enters
from studio.shell.command_list import COMMANDS
from studio.shell.look import theme_of

if TYPE_CHECKING:
    from studio.canvas import CanvasView
    from studio.persistence.retention import Retention
    from studio.shell.main_window import MainWindow
    from studio.shell.settings import ModeChoice, MotionChoice, ThemeChoice

_CANVAS_NAMES: Final = {"add_node": "open_palette"}
"""Commands that the canvas calls otherwise."""
_TAB: Final = "Tab"


class Preferences(QObject):
    """A window's settings as they act. Invariant: what is kept is what the window does."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        from studio.canvas.commands import FIXED

        super().__init__(window)
        self._window = window
        self.settings = window.settings
        self.keymap = Keymap(COMMANDS, self.settings.own_keys, FIXED)
        self._show_keys()

    def apply_to(self, canvas: CanvasView) -> None:
        """Brings a canvas in line."""
        canvas.set_snap(self.settings.snaps)
        canvas.set_wheel_pans(self.settings.wheel_pans)
        canvas.set_reduced_motion(self.settings.reduces_motion)
        canvas.set_keys(
            {
                _CANVAS_NAMES.get(command_id, command_id): both_enters(keys)
                for command_id, keys in self.keymap.changed.items()
            }
        )

    def set_theme(self, choice: ThemeChoice) -> None:
        self.settings.theme = choice
        self._window.set_theme(theme_of(choice))
        self._apply()

    def set_mode(self, choice: ModeChoice) -> None:
        self.settings.mode = choice
        self._apply()

    def set_snaps(self, snaps: bool) -> None:
        self.settings.snaps = snaps
        self._apply()

    def set_wheel_pans(self, pans: bool) -> None:
        self.settings.wheel_pans = pans
        self._apply()

    def set_motion(self, choice: MotionChoice) -> None:
        self.settings.motion = choice
        self._apply()

    def set_reopens_last(self, reopens: bool) -> None:
        self.settings.reopens_last = reopens
        self._apply()

    def set_retention(self, retention: Retention) -> None:
        """Keeps so much of the runs from now on; what is beyond it in the open project is forgotten."""
        self.settings.retention = self._window.env.retention = retention
        session = self._window.session
        if session is not None:
            run_in_background(self._window, session.trim_runs(), self._trimmed, self._window.show_error)
        self._apply()

    def _trimmed(self, _: object) -> None:
        self._window.panels.runs.refresh()

    def set_keys(self, keymap: Keymap) -> None:
        """Takes other keys for all commands."""
        self.keymap = keymap
        self.settings.own_keys = dict(keymap.changed)
        self._show_keys()
        self._apply()

    @property
    def tab_adds(self) -> bool:
        """Whether Tab adds a node while the canvas has the focus; else it goes on to the next part of the window, as everywhere."""
        return _TAB in self.keymap.keys("add_node")

    def set_tab_adds(self, adds: bool) -> None:
        """Gives Tab to adding nodes, or takes it away; it is one of that command's keys and nothing else."""
        others = [key for key in self.keymap.keys("add_node") if key != _TAB]
        self.set_keys(self.keymap.taking("add_node", [*others[: MOST_KEYS - 1], _TAB] if adds else others))

    def keys(self, command_id: str) -> Sequence[str]:
        return self.keymap.keys(command_id)

    def _show_keys(self) -> None:
        self._window.commands.set_keys(self._listened_for)

    def _listened_for(self, command_id: str) -> Sequence[str]:
        return both_enters(self.keymap.keys(command_id))

    def _apply(self) -> None:
        for canvas in self._window.pages.tabs.canvases:
            self.apply_to(canvas)
        self._window.standing.show_settings()
        self.changed.emit()
