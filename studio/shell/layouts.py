"""Which panels stand where for what a person does now? Three layouts by name, each remembered as it was left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from studio.shell.settings import LAYOUT_VERSION

if TYPE_CHECKING:
    from studio.shell.main_window import MainWindow
    from studio.shell.settings import LayoutChoice


class Layouts(QObject):
    """The layouts of one window. Invariant: the window shows the one that the settings name."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def choose(self, name: LayoutChoice) -> None:
        """Keeps the layout that is shown, and shows another as it was left."""
        window, settings = self._window, self._window.settings
        if name != settings.layout:
            settings.keep_layout(window.saveState(LAYOUT_VERSION))
            settings.layout = name
            kept = settings.layout_state
            if kept.isEmpty() or not window.restoreState(kept, LAYOUT_VERSION):
                window.docks.arrange(name)
        window.standing.show_settings()

    def reset(self) -> None:
        """Puts the panels of the layout that is shown to where they stand at first."""
        self._window.docks.arrange(self._window.settings.layout)
        self._window.standing.show_settings()
