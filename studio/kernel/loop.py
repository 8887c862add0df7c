"""Where does the engine run? On an asyncio loop of its own, in a daemon thread, so that neither a window nor a caller's loop waits for it.

Database connections belong to one loop; `default_loop` therefore gives everyone in the process the same one.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import gc
import os
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeAlias, TypeVar

from studio.kernel import forks

T = TypeVar("T")

Close: TypeAlias = Callable[[], Coroutine[Any, Any, object]]

STOP_TIMEOUT_S: Final = 5.0
_CLOSING_TIMEOUT_S: Final = 2.0
"""A program that ends waits no longer for a server that has gone."""
_COLLECT_EVERY: Final = 10_000
"""So many new containers before Python looks for cycles among them."""


class EngineLoop:
    """A daemon thread with an asyncio loop (uvloop's where there is one). Its methods may be called from any thread.

    Starting is idempotent and happens by itself with the first coroutine. The thread never keeps the interpreter from exiting; what is
    still running then is cancelled, and what is held is closed.
    """

    def __init__(self, name: str = "studio-engine") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._held: list[Close] = []
        self._closing: set[asyncio.Task[object]] = set()

    def start(self) -> None:
        """Starts the thread and returns when its loop runs; does nothing when it does already."""
        with self._lock:
            if self._loop is not None:
                return
            _collect_rarely()
            forks.watch(self)
            loop = _new_loop()
            ready = threading.Event()
            loop.call_soon(ready.set)
            self._thread = threading.Thread(target=self._serve, args=(loop,), name=self._name, daemon=True)
            self._thread.start()
            ready.wait()
            self._loop = loop
            atexit.register(self.stop)

    @staticmethod
    def _serve(loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.close()

    def after_fork(self) -> None:
        """The thread has stayed with the parent: the child's starts with its first coroutine."""
        forks.leave(self._loop, self._thread)
        atexit.unregister(self.stop)
        self._lock, self._loop, self._thread = threading.Lock(), None, None
        forks.leave(*self._closing)
        self._closing = set()

    def is_current(self) -> bool:
        """Whether the caller is on this loop's thread."""
        return self._thread is threading.current_thread()

    def submit(self, coro: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Starts a coroutine here and returns at once; cancelling the future cancels the coroutine."""
        self.start()
        loop = self._loop
        if loop is None:
            coro.close()
            raise RuntimeError("The engine is being stopped.")
        return asyncio.run_coroutine_threadsafe(coro, loop)

    def hold(self, close: Close) -> None:
        """Has something closed here before the loop ends, unless it is let go before."""
        self._held.append(close)

    def let_go(self, close: Close, *, now: bool = False) -> None:
        """Takes that back; `now` starts the closing, where the loop runs. The garbage collector may call it, at any time and on any thread."""
        with contextlib.suppress(ValueError):
            self._held.remove(close)
        loop = self._loop  # no lock: whoever holds it may be the one who is interrupted
        if now and loop is not None:
            with contextlib.suppress(RuntimeError):  # it has just been closed
                loop.call_soon_threadsafe(self._begin, close)

    def _begin(self, close: Close) -> None:
        task = asyncio.get_running_loop().create_task(close(), name="let go")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _end(self) -> None:
        """Ends what is running, then closes what is held: servers are told good-bye, and SQLite leaves no log beside its file."""
        own = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not own and task not in self._closing]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for close in self._held:
            self._begin(close)
        if self._closing:
            await asyncio.wait(self._closing, timeout=_CLOSING_TIMEOUT_S)
        await asyncio.get_running_loop().shutdown_asyncgens()

    def run(self, coro: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine here and waits for its result, whether or not the caller's thread has a loop of its own.

        Raises:
            RuntimeError: called from the engine's own thread, which would wait for itself for ever.
        """
        if self.is_current():
            coro.close()
            raise RuntimeError("The engine cannot wait for itself. Await the coroutine instead.")
        future = self.submit(coro)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # KeyboardInterrupt while waiting: the work ends as well
            raise

    async def call(self, coro: Coroutine[Any, Any, T]) -> T:
        """Awaits a coroutine that runs here, from any other loop.

        When the awaiting task is cancelled, the coroutine is cancelled here, and only when it has ended is the cancellation passed on. A
        second cancellation does not wait.
        """
        if self.is_current():
            return await coro
        job = _Job(coro)
        waiting = asyncio.wrap_future(self.submit(job.run()))
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if not waiting.done():
                loop = self._loop
                if loop is not None:
                    loop.call_soon_threadsafe(job.cancel)
                with contextlib.suppress(
                    Exception
                ):  # the caller is told of its own cancellation, not of what it led to
                    await waiting
            raise

    def stop(self) -> None:
        """Cancels what is running here, closes what is held, waits for both (at most 5 s), and ends the thread; it may be started again."""
        with self._lock:
            loop, thread, self._loop = self._loop, self._thread, None
        if loop is None or thread is None:
            return
        atexit.unregister(self.stop)
        if self.is_current():
            loop.call_soon(loop.stop)
            return
        with contextlib.suppress(TimeoutError, concurrent.futures.CancelledError):
            asyncio.run_coroutine_threadsafe(self._end(), loop).result(STOP_TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP_TIMEOUT_S)


class _Job:
    """A coroutine that can be cancelled before it has begun; used on the engine's thread only."""

    def __init__(self, coro: Coroutine[Any, Any, Any]) -> None:
        self._coro = coro
        self._task: asyncio.Task[Any] | None = None
        self._is_cancelled = False

    async def run(self) -> Any:
        if self._is_cancelled:
            self._coro.close()
            raise asyncio.CancelledError
        self._task = asyncio.current_task()
        return await self._coro

    def cancel(self) -> None:
        self._is_cancelled = True
        if self._task is not None:
            self._task.cancel()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


def _collect_rarely() -> None:
    """Lets the collector of cycles begin later than after 700 containers, its default; one that begins later still, or never, stays so.

    A run is about a hundred containers that live until it ends. With thousands of runs at once the default looks through all of them again
    and again, which takes more time than the runs do.
    """
    first, *others = gc.get_threshold()
    if 0 < first < _COLLECT_EVERY:
        gc.set_threshold(_COLLECT_EVERY, *others)


_default: tuple[int, EngineLoop] | None = None
_default_lock = threading.Lock()


def default_loop() -> EngineLoop:
    """The loop that everything in this process shares; it starts with its first use. A forked child gets its own."""
    global _default  # noqa: PLW0603 - the one deliberate shared object: connections belong to one loop
    with _default_lock:
        if _default is None or _default[0] != os.getpid():
            _default = (os.getpid(), EngineLoop())
        return _default[1]
