"""How does a person decide in the window about a run that is still open? Commit, roll back, more time, and the question before leaving."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QApplication, QWidget

from studio.kernel.errors import StudioError
from studio.kernel.problems import Severity
from studio.qt.background import is_alive, run_in_background
from studio.qt.messages import Message, message_of
from studio.shell.dialogs import Choice, ask

if TYPE_CHECKING:
    from studio.session import RunHandle
    from studio.shell.main_window import MainWindow


class ReviewControl(QObject):
    """Ends the open transaction of the window's session, and tells how it stands."""

    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    @property
    def handle(self) -> RunHandle | None:
        """The run that is not committed yet."""
        session = self._window.session
        return session.open_run if session is not None else None

    def commit(self) -> None:
        run_in_background(self, self._end(keep=True), text=self.tr("Committing…"))

    def roll_back(self) -> None:
        run_in_background(self, self._end(keep=False), text=self.tr("Rolling back…"))

    def keep_open(self) -> None:
        """Gives the person more time."""
        if (handle := self.handle) is not None and handle.review is not None:
            run_in_background(self, handle.review.keep_open())

    async def may_leave(self) -> bool:
        """Asks about what is not committed; False when a person wants to stay."""
        handle = self.handle
        if handle is None:
            return True
        counts = handle.changes.totals if handle.changes is not None else ""
        answer = await ask(
            self._window,
            self.tr("Uncommitted run"),
            self.tr("The last run is not committed yet: {}").format(counts),
            [
                Choice("commit", self.tr("Commit"), "accept"),
                Choice("roll_back", self.tr("Roll back"), "danger"),
                Choice("cancel", self.tr("Cancel"), "reject"),
            ],
            detail=self.tr("What is not committed is rolled back when the project is closed."),
        )
        if answer == "cancel":
            return False
        return await self._end(keep=answer == "commit")

    async def _end(self, *, keep: bool) -> bool:
        """Whether it ended as was asked."""
        handle = self.handle
        if handle is None or handle.review is None:
            return True
        pressed = QApplication.focusWidget()
        try:
            await (handle.review.commit() if keep else handle.review.roll_back())
        except StudioError as error:
            self._window.show_error(error)
            return False
        finally:
            self.changed.emit()
            self._give_back_focus(pressed)
        counts = handle.changes.totals if handle.changes is not None else ""
        self._window.tell(
            self.tr("Committed: {}").format(counts) if keep else self.tr("Rolled back, nothing was saved.")
        )
        return True

    def _give_back_focus(self, pressed: QWidget | None) -> None:
        """The canvas has it, and not whatever comes after a button that is gone by now."""
        canvas = self._window.pages.tabs.canvas
        is_gone = pressed is not None and is_alive(pressed) and not pressed.isVisible()
        if is_gone and canvas is not None:
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    def transaction_changed(self, handle: RunHandle) -> None:
        """The session says so: time runs out, has been given, or is over."""
        self.changed.emit()
        review, bar = handle.review, self._window.message_bar
        if review is None:
            return
        if review.state == "open" and review.is_expiring:
            left = self.tr("The last run is rolled back in a minute unless you commit it.")
            bar.tell(
                Message(what=left, severity=Severity.WARNING),
                [
                    (self.tr("Commit"), self.commit),
                    (self.tr("Roll back"), self.roll_back),
                    (self.tr("Keep open"), self.keep_open),
                ],
            )
        elif review.state == "rolled_back" and review.error is not None:
            told = message_of(review.error)
            what = self.tr("The run was rolled back, nothing was saved. {}").format(told.what)
            bar.tell(Message(what=what, fix=told.fix, severity=Severity.WARNING))
