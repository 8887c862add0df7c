"""How does a widget do something slow? It hands over an awaitable and says what to do with its result or its error.

    run_in_background(self, session.reflect(connection_id), success=self._show, failure=self._refuse, text="Reading tables…")

What takes longer than half a second shows in the window, which can cancel it; nothing here blocks. What runs in the engine is the
awaitable's own business.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

import shiboken6
from PySide6.QtCore import QObject, QTimer

from studio.kernel.errors import StudioError

_T = TypeVar("_T")

_jobs: set[Job] = set()
"""Keeps running jobs alive: an event loop holds its tasks weakly."""


@runtime_checkable
class BusyHost(Protocol):
    """A window that shows what is going on."""

    def busy_started(self, job: Job) -> None: ...

    def busy_ended(self, job: Job) -> None: ...

    def show_error(self, error: StudioError) -> None: ...


class Job:
    """One piece of background work. One of its callbacks is called at most, once, on the GUI thread, and never after its owner's end."""

    def __init__(
        self,
        owner: QObject,
        awaitable: Awaitable[Any],
        success: Callable[[Any], object] | None,
        failure: Callable[[StudioError], object] | None,
        stopped: Callable[[], object] | None,
        text: str,
    ) -> None:
        self.text = text
        self._owner = owner
        self._success = success
        self._failure = failure
        self._stopped = stopped
        self._host: BusyHost | None = None
        self._awaitable = awaitable
        # A coroutine is run as it is: one inside another would never be awaited when cancelled before its first step.
        self._task = asyncio.ensure_future(
            awaitable if inspect.iscoroutine(awaitable) else _as_coroutine(awaitable)
        )
        self._task.set_name(text or "background work")
        self._timer: QTimer | None = None
        self._is_cancelled = False
        _jobs.add(self)
        owner.destroyed.connect(self.cancel)
        self._task.add_done_callback(self._finished)

    @property
    def is_running(self) -> bool:
        return not self._task.done()

    def cancel(self) -> None:
        """Stops the work; no callback is called, not even where the work is done and only its callback has not come yet."""
        self._is_cancelled = True
        self._task.cancel()

    def stop(self) -> None:
        """Stops the work for a person, which its owner hears of by `stopped`."""
        self._task.cancel()

    def show_after(self, delay_ms: int) -> None:
        self._timer = QTimer(self._owner)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._show)
        self._timer.start(delay_ms)

    def _show(self) -> None:
        host = find_host(self._owner)
        if self.is_running and host is not None:
            self._host = host
            host.busy_started(self)

    def _finished(self, task: asyncio.Task[Any]) -> None:
        _jobs.discard(self)
        if self._host is not None and is_alive(self._host):
            self._host.busy_ended(self)
        self._end_timer()
        if task.cancelled():
            if inspect.iscoroutine(self._awaitable):
                # Cancelled before it began, it would be reported as never awaited; otherwise this does nothing.
                self._awaitable.close()
            if self._stopped is not None and not self._is_cancelled and is_alive(self._owner):
                self._stopped()
            return
        error = task.exception()
        if error is not None and not isinstance(error, StudioError):
            _crash(error)
        elif self._is_cancelled or not is_alive(self._owner):
            return
        elif error is None:
            if self._success is not None:
                self._success(task.result())
        elif self._failure is not None:
            self._failure(error)
        elif (host := find_host(self._owner)) is not None:
            host.show_error(error)
        else:
            _crash(error)

    def _end_timer(self) -> None:
        if self._timer is not None and is_alive(self._timer):
            self._timer.stop()
            self._timer.deleteLater()
            self._timer = None


def run_in_background(
    owner: QObject,
    awaitable: Awaitable[_T],
    success: Callable[[_T], object] | None = None,
    failure: Callable[[StudioError], object] | None = None,
    *,
    stopped: Callable[[], object] | None = None,
    text: str = "",
    busy_after_ms: int = 500,
) -> Job:
    """Starts `awaitable` on the GUI thread's running event loop and returns at once.

    `success` gets its result, `failure` a StudioError; without `failure` the window shows the error. Any other exception is
    our bug and goes to the crash report. When `owner` is destroyed the work is cancelled. `stopped` is called when somebody else ends
    it: a person in the window, or the project's end. After `busy_after_ms` the window says `text`.
    """
    job = Job(owner, awaitable, success, failure, stopped, text)
    job.show_after(busy_after_ms)
    return job


async def wait_for_jobs() -> None:
    """Returns when everything that was running in the background has ended (for closing down, and for tests)."""
    while running := [job._task for job in _jobs if job.is_running]:  # noqa: SLF001 - own class
        await asyncio.wait(running)


def cancel_jobs() -> None:
    for job in list(_jobs):
        job.cancel()


def find_host(owner: QObject | None) -> BusyHost | None:
    """The nearest of the owner and its parents that shows what is going on."""
    while owner is not None and is_alive(owner):
        if isinstance(owner, BusyHost):
            return owner
        owner = owner.parent()
    return None


async def _as_coroutine(awaitable: Awaitable[_T]) -> _T:
    return await awaitable


def is_alive(thing: object) -> bool:
    """Whether the C++ half of a Qt object still exists; True for anything that is no Qt object."""
    return not isinstance(thing, QObject) or bool(shiboken6.isValid(thing))  # type: ignore[no-untyped-call]  # untyped


def _crash(error: BaseException) -> None:
    sys.excepthook(type(error), error, error.__traceback__)
