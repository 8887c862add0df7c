"""Which part of the window follows which event of the session?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer

from studio.panels.base import SessionEar
from studio.session import (
    BreakpointsChanged,
    ProjectChanged,
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    SavedStateChanged,
    TransactionChanged,
)

if TYPE_CHECKING:
    from studio.session import Session
    from studio.shell.main_window import MainWindow


class Following(QObject):
    """Hands each event of the window's session to the parts that it concerns; the panels listen by themselves."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._ear = SessionEar(self)
        self._ear.heard.connect(self._on_event, Qt.ConnectionType.AutoConnection)
        self._refresh_timer = QTimer(self)
        self._refresh_timer.setSingleShot(True)
        self._refresh_timer.setInterval(0)
        self._refresh_timer.timeout.connect(window.refresh)

    def listen_to(self, session: Session | None) -> None:
        """Follows another session, or none."""
        self._ear.listen_to(session)

    def _on_event(self, event: object) -> None:
        window = self._window
        match event:
            case ProjectChanged():
                self._project_changed(event)
            case SavedStateChanged():
                if not event.is_modified:
                    window.pages.tabs.mark_saved()
                window.refresh()
            case RunStarted():
                window.runs.run_started(event.handle)
            case RunFinished():
                window.runs.run_finished(event.handle)
                window.connection_watch.after_run()
            case RunPaused():
                window.runs.paused.emit(event.handle)
            case RunResumed():
                window.runs.resumed.emit(event.handle)
            case BreakpointsChanged():
                window.breakpoints.keep()
                window.refresh()
            case TransactionChanged():
                window.reviews.transaction_changed(event.handle)

    def _project_changed(self, event: ProjectChanged) -> None:
        window = self._window
        window.pages.tabs.follow(event.before, event.after)
        window.pages.show_for(has_project=True)
        if event.before.connections is not event.after.connections:
            window.toolbar.show_project(event.after)
            window.connection_watch.follow(event.after)
        window.navigation.edited()
        window.refresh()
        # Inside a group of edits the history names the step only when the group has ended.
        self._refresh_timer.start()
