"""How do Qt's event loop and asyncio become one? Set up, interrupted and closed in the right order; what runs on it is others' business.

The engine has its own thread and loop (`kernel.loop`); this one belongs to the GUI thread and only awaits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from PySide6.QtCore import QObject, QSocketNotifier, Qt, QTimer
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from studio.qt.background import cancel_jobs

_LOG: Final = logging.getLogger(__name__)


def run(
    app: QApplication,
    main: Callable[[], Coroutine[Any, Any, int]],
    *,
    interrupted: Callable[[], object],
    on_exception: Callable[[asyncio.AbstractEventLoop, dict[str, Any]], object] | None = None,
) -> int:
    """Runs `main` on Qt's event loop until it returns its exit code.

    Ctrl+C calls `interrupted` once (it should ask the window to close); a second one ends the process as usual. Tasks that are
    still there at the end are cancelled and awaited before the loop is closed, and the loop is closed before `app` goes.
    """
    app.setQuitOnLastWindowClosed(False)
    loop: asyncio.AbstractEventLoop = QEventLoop(app)
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(on_exception)
    try:
        with _interrupts(interrupted):
            return loop.run_until_complete(main())
    finally:
        _close(loop)


@contextlib.contextmanager
def attached(app: QApplication) -> Iterator[asyncio.AbstractEventLoop]:
    """While inside, asyncio runs on the Qt event loop that somebody else spins (a test, a notebook)."""
    loop: asyncio.AbstractEventLoop = QEventLoop(app, already_running=True)
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        cancel_jobs()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        deadline = time.monotonic() + 5
        while asyncio.all_tasks(loop) and time.monotonic() < deadline:
            app.processEvents()
        # qasync leaves all this to its user. Its stop() would also tell Qt to quit, after which no event loop of Qt runs any more.
        asyncio.events._set_running_loop(None)  # noqa: SLF001
        loop._after_run_forever()  # type: ignore[attr-defined]  # noqa: SLF001
        loop._QEventLoop__is_running = False  # type: ignore[attr-defined]  # noqa: SLF001
        loop.close()
        asyncio.set_event_loop(None)


def _close(loop: asyncio.AbstractEventLoop) -> None:
    cancel_jobs()
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(_settle(tasks))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
    asyncio.set_event_loop(None)


async def _settle(tasks: set[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def _interrupts(interrupted: Callable[[], object]) -> Iterator[None]:
    """Ctrl+C reaches Python while Qt waits in C++: the signal writes to a socket that Qt watches."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: _drain(reader))
    usual = signal.getsignal(signal.SIGINT)

    def handle(*_: object) -> None:
        signal.signal(signal.SIGINT, usual)
        interrupted()

    signal.signal(signal.SIGINT, handle)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        signal.signal(signal.SIGINT, usual)
        notifier.setEnabled(False)
        reader.close()
        writer.close()


def _drain(reader: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        reader.recv(4096)


class Watchdog(QObject):
    """Notices when the GUI thread was busy for longer than it may be, and says so in the log.

    It only measures: a timer that should fire every `BEAT_MS` tells by how much it was late.
    """

    BEAT_MS: Final = 50
    LIMIT_MS: Final = 100

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.worst_ms = 0.0
        """The longest block since `reset`."""
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def start(self) -> None:
        self.reset()
        self._timer.start(self.BEAT_MS)

    def stop(self) -> None:
        self._timer.stop()

    def reset(self) -> None:
        self.worst_ms = 0.0
        self._last = time.perf_counter()

    def _beat(self) -> None:
        now = time.perf_counter()
        blocked_ms = (now - self._last) * 1000 - self.BEAT_MS
        self._last = now
        self.worst_ms = max(self.worst_ms, blocked_ms)
        if blocked_ms > self.LIMIT_MS:
            _LOG.warning("The window stood still for %.0f ms.", blocked_ms)
