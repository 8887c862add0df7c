"""What do all panels share? A theme, a session that may come and go, and one way to hear of its events."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from studio.kernel.errors import StudioError
from studio.panels.tab_order import order_as_laid_out
from studio.qt.background import is_alive

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.kernel.ids import WorkflowId
    from studio.kernel.problems import Problem
    from studio.qt.theme import Theme
    from studio.session import Session


class Panel(QWidget):
    """A widget that shows one side of a session.

    Subclasses override `session_changed` (another session, or none), `session_event` and `theme_changed`. All are called on the GUI
    thread, whatever thread an event came from.
    """

    message = Signal(str)
    """A sentence for the status line."""
    failed = Signal(object)
    """A StudioError that the panel has no place of its own for."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.session: Session | None = None
        self._ear = SessionEar(self)
        # AutoConnection: direct on the GUI thread, queued when an engine thread speaks.
        self._ear.heard.connect(self.session_event, Qt.ConnectionType.AutoConnection)

    def set_session(self, session: Session | None) -> None:
        """Shows another session, or the empty state when there is none."""
        if session is self.session:
            return
        self.session = session
        self._ear.listen_to(session)
        self.session_changed()

    def set_theme(self, theme: Theme) -> None:
        """Takes another look; the application's style sheet is the shell's business."""
        if theme is not self.theme:
            self.theme = theme
            self.theme_changed()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002 - Qt's name
        order_as_laid_out(self)
        return super().focusNextPrevChild(next)

    def session_changed(self) -> None:
        """Another session is shown now."""

    def session_event(self, event: Any) -> None:
        """Something happened in the session."""

    def theme_changed(self) -> None:
        """The look is another one now."""


def problems_of(session: Session, workflow_id: WorkflowId) -> tuple[Problem, ...]:
    """The findings in a workflow; when the check itself is refused, that is the finding."""
    try:
        return session.problems(workflow_id)
    except StudioError as error:
        return (error.to_problem(),)


class SessionEar(QObject):
    """Hears a session's events and hands them on, on the thread it lives on; it falls silent when its parent goes."""

    heard = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._line = _Line(self)
        # Not a slot of this object: it is gone before its parent says that it goes.
        parent.destroyed.connect(self._line.cut)

    def listen_to(self, session: Session | None) -> None:
        self._line.cut()
        if session is not None:
            self._line.stop = session.observe(self._line.hear)


class _Line:
    """Between a session, which may live on, and an ear, which goes with its widget."""

    def __init__(self, ear: SessionEar) -> None:
        self._ear = weakref.ref(ear)
        self.stop: Callable[[], None] | None = None

    def hear(self, event: Any) -> None:
        ear = self._ear()
        if ear is not None and is_alive(ear):
            ear.heard.emit(event)
        else:
            self.cut()

    def cut(self) -> None:
        stop, self.stop = self.stop, None
        if stop is not None:
            stop()
