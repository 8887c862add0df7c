"""Which workflows and templates has a person starred? Kept with the window's settings, by the place of the project, never in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

if TYPE_CHECKING:
    from studio.shell.main_window import MainWindow


class Stars(QObject):
    """The stars of the project that a window shows."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._ids: frozenset[str] = frozenset()
        window.sessionChanged.connect(self._take_up)

    def _take_up(self) -> None:
        """Another session is shown: its stars are those that were given in its project before."""
        session = self._window.session
        location = session.location if session is not None else None
        self._ids = frozenset(self._window.settings.stars.get(location, ()) if location is not None else ())
        self._window.panels.workflows.set_stars(self._ids)

    def change(self, ids: Any) -> None:
        self._ids = frozenset(ids)
        self.keep()

    def keep(self) -> None:
        """Remembers them for where the project lies now; what is not in it any more is forgotten."""
        session, settings = self._window.session, self._window.settings
        if session is None or session.location is None:
            return
        project = session.project
        here = sorted(self._ids & {*project.workflows, *project.templates})
        before = settings.stars
        kept = {place: ids for place, ids in {**before, session.location: here}.items() if ids}
        if kept != before:
            settings.stars = kept
