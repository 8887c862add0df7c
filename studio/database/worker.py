"""How does blocking work reach a thread and come back, in microseconds? One thread, one queue, one wake-up for many results.

A worker owns one resource (a connection) and runs jobs on it one after another. Awaiting `run` may be cancelled: the resource is then
interrupted until the job has really ended, so that nothing of it goes on behind the caller's back.

Left out: what the jobs do. The thread is a daemon and never keeps the interpreter from exiting.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

R = TypeVar("R")
T = TypeVar("T")

_INTERRUPT_AGAIN_S = 0.02
"""An interrupt between two statements is lost, so it is repeated until the job has ended."""


class Job:
    """One call waiting for, or on, the thread. `cancelled` may be looked at by long calls."""

    __slots__ = ("args", "call", "cancelled", "error", "future", "result")

    def __init__(self, call: Callable[..., Any], args: tuple[Any, ...], future: asyncio.Future[Any]) -> None:
        self.call = call
        self.args = args
        self.future: asyncio.Future[Any] | None = future
        self.cancelled = False
        self.result: Any = None
        self.error: BaseException | None = None


class Cancelled(Exception):
    """The job was cancelled before or while it ran."""


class Worker(Generic[R]):
    """A thread with a resource. `run` may be called on one event loop only."""

    def __init__(self, name: str, interrupt: Callable[[R], None]) -> None:
        self.name = name
        self.resource: R | None = None
        self._interrupt = interrupt
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._finished: deque[Job] = deque()
        self._waking = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._current: Job | None = None
        self.waiting = 0

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """`call(*args)` on the thread. Cancelling interrupts the call and waits for its end."""
        loop = asyncio.get_running_loop()
        if self._thread is None or loop is not self._loop:
            self._start(loop)
        future = loop.create_future()
        job = Job(call, args, future)
        self.waiting += 1
        self._queue.put(job)
        try:
            done: T = await future
            return done
        except asyncio.CancelledError:
            await self._stop_job(job, loop)
            raise

    def stop(self) -> None:
        """Lets the thread end after the jobs that are queued."""
        self._queue.put(None)
        self._thread = None

    @property
    def current(self) -> Job | None:
        return self._current

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name=self.name, daemon=True)
            self._thread.start()

    async def _stop_job(self, job: Job, loop: asyncio.AbstractEventLoop) -> None:
        if job.future is None:
            return
        job.cancelled = True
        job.future = ended = loop.create_future()
        while not ended.done():
            with self._guard:
                if self._current is job and self.resource is not None:
                    self._interrupt(self.resource)
            # Cancelling once more changes nothing: the job is being stopped already.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([ended], timeout=_INTERRUPT_AGAIN_S)

    def _serve(self) -> None:
        while True:
            job = self._queue.get()
            if job is None:
                return
            if job.cancelled:
                job.error = Cancelled()
            else:
                self._current = job
                try:
                    job.result = job.call(*job.args)
                except BaseException as error:  # noqa: BLE001 - handed to the task that awaits it
                    job.error = error
                with self._guard:
                    self._current = None
            self._finished.append(job)
            job = None  # a thread that waits must not keep the last result alive
            if not self._waking:
                self._waking = True
                # A closed loop wants no results any more.
                with contextlib.suppress(RuntimeError):
                    assert self._loop is not None
                    self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._waking = False
        while True:
            try:
                job = self._finished.popleft()
            except IndexError:
                return
            self.waiting -= 1
            future, job.future = job.future, None
            if future is None or future.done():
                continue
            if job.cancelled:
                future.set_result(None)
            elif job.error is not None:
                future.set_exception(job.error)
            else:
                future.set_result(job.result)


async def whatever_happens(coroutine: Coroutine[Any, Any, T]) -> T:
    """Awaits to the end even when cancelled meanwhile; the cancellation comes through afterwards. For rolling back and committing."""
    task = asyncio.ensure_future(coroutine)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            if task.cancelled():
                raise
            cancelled = error
        except BaseException:
            if cancelled is None:
                raise
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()
