"""Does the project's database answer? It is asked when the project opens, after each run, and every few seconds; what is said is what it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from PySide6.QtCore import QObject, QTimer, Signal

from studio.kernel.errors import ConnectionFailed, ConnectionLost, LockTimeout, TlsFailed, UnknownDatabase
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.database import ServerInfo
    from studio.kernel.errors import StudioError
    from studio.project import Connection, Project
    from studio.qt.background import Job
    from studio.session import Session

PERIOD_MS: Final = 5000
State = Literal["none", "connecting", "connected", "lost", "refused", "not-made"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """What is known of the connection: `info` of the last answer, `error` of the last failure."""

    state: State
    connection: Connection | None = None
    info: ServerInfo | None = None
    error: StudioError | None = None


class ConnectionWatch(QObject):
    """Watches the default connection of the session's project.

    Invariant: "connected" and "lost" are what the database did at most `PERIOD_MS` and one answer ago. Where only a person can help (a wrong
    password, a missing driver), it is not asked again before that person has done something.
    """

    changed = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.standpoint = Standpoint(state="none")
        self._session: Session | None = None
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PERIOD_MS)
        self._timer.timeout.connect(self.check)

    def set_session(self, session: Session | None) -> None:
        self._forget()
        self._session = session
        self._say(Standpoint(state="none"))
        if session is not None:
            self.follow(session.project)

    def follow(self, project: Project) -> None:
        """Turns to the project's default connection as it is now; one that has not changed is left as it is."""
        connection = project.usual_connection
        if connection == self.standpoint.connection:
            return
        self._forget()
        if connection is None:
            self._say(Standpoint(state="none"))
        else:
            self._say(Standpoint(state="connecting", connection=connection))
            self.check()

    def check(self) -> None:
        """Asks now, unless an answer is on its way."""
        connection, session = self.standpoint.connection, self._session
        if connection is None or session is None or (self._job and self._job.is_running):
            return
        self._timer.stop()
        self._job = run_in_background(
            self, session.probe(connection), self._answered, self._failed, busy_after_ms=60_000
        )

    def after_run(self) -> None:
        """Asks after a run, which may have met a database that has gone; not where a person has to help first."""
        if self.standpoint.state != "refused":
            self.check()

    def _forget(self) -> None:
        self._timer.stop()
        if self._job is not None:
            self._job.cancel()
            self._job = None

    def _answered(self, info: ServerInfo | None) -> None:
        self._job = None
        state: State = "connected" if info is not None else "not-made"
        self._say(Standpoint(state=state, connection=self.standpoint.connection, info=info))
        self._timer.start()

    def _failed(self, error: StudioError) -> None:
        self._job = None
        before = self.standpoint
        if isinstance(error, LockTimeout):
            self._timer.start()  # so busy that it had no time to answer: it is there
            return
        may_come_back = isinstance(error, ConnectionFailed | ConnectionLost | UnknownDatabase)
        may_come_back = may_come_back and not isinstance(error, TlsFailed)
        state: State = "lost" if may_come_back else "refused"
        self._say(Standpoint(state=state, connection=before.connection, info=before.info, error=error))
        if may_come_back:
            self._timer.start()

    def _say(self, standpoint: Standpoint) -> None:
        before, self.standpoint = self.standpoint, standpoint
        if (before.state, before.connection, before.error) != (
            standpoint.state,
            standpoint.connection,
            standpoint.error,
        ):
            self.changed.emit(standpoint)
