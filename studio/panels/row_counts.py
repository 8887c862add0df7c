"""How many rows have the models that are in sight? Counted one at a time in the background, and anew when rows may have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from studio.panels.widgets import BusyLine
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError
    from studio.project.state import Project
    from studio.session import Session

_COUNT_MS: Final = 150
UNKNOWN: Final = "?"


class RowCounts(QObject):
    """The row counts of a session's models, as far as they are known; a model that cannot be counted has `UNKNOWN`.

    Invariant: at most one count is under way, and one that began before its rows changed is thrown away.
    """

    counted = Signal(str, object, str)
    """A model's id, its count, and what is wrong where it is `UNKNOWN`."""

    def __init__(self, in_sight: Callable[[], Iterable[str]], busy: BusyLine, parent: QWidget) -> None:
        super().__init__(parent)
        self.known: dict[str, int | str] = {}
        self._in_sight = in_sight
        self._busy = busy
        self._session: Session | None = None
        self._counting: str | None = None
        self._is_stale = False
        """The count under way began before the rows changed."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_COUNT_MS)
        self._timer.timeout.connect(self._count_next)

    def set_session(self, session: Session | None) -> None:
        self._session = session
        self.forget()

    def want(self) -> None:
        """Counts soon what is in sight and not counted yet."""
        if self._session is not None:
            self._timer.start()

    def forget(self) -> None:
        self.known.clear()
        self._is_stale = self._counting is not None

    def forget_changed(self, before: Project, after: Project) -> None:
        """Forgets the counts of models that are others now."""

        def is_changed(model_id: str) -> bool:
            return before.models.get(model_id) is not after.models.get(model_id)

        for model_id in [known for known in self.known if is_changed(known)]:
            del self.known[model_id]
        if self._counting is not None and is_changed(self._counting):
            self._is_stale = True

    def _count_next(self) -> None:
        if self._session is None or self._counting is not None:
            return
        model_id = next((wanted for wanted in self._in_sight() if wanted not in self.known), None)
        if model_id is not None:
            self._counting = model_id
            self._busy.begin()
            counting = self._session.row_count(model_id)
            run_in_background(self, counting, self._succeeded, self._failed, stopped=self._stopped)

    def _succeeded(self, count: int) -> None:
        self._end(count)

    def _failed(self, error: StudioError) -> None:
        self._end(UNKNOWN, str(error))

    def _stopped(self) -> None:
        """By a person, or because its project has been closed: then the next one's rows wait to be counted."""
        self._end(UNKNOWN, self.tr("The count was stopped."))

    def _end(self, count: int | str, fault: str = "") -> None:
        self._busy.end()
        model_id, self._counting = self._counting, None
        is_stale, self._is_stale = self._is_stale, False
        if model_id is not None and not is_stale:
            self.known[model_id] = count
            self.counted.emit(model_id, count, fault)
        self._count_next()
