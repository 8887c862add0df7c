"""Qt's loop and asyncio's are one, end in order, and hear Ctrl+C. Each in a process of its own, as the program runs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap

from studio.qt.loop import Watchdog

PREFIX = """
import asyncio, sys
from PySide6.QtWidgets import QApplication
from studio.qt import loop
app = QApplication([])
"""


def start(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own text
        [sys.executable, "-W", "error", "-c", PREFIX + textwrap.dedent(body)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )


def test_the_exit_code_is_mains_and_left_tasks_are_cancelled():
    process = start(
        """
        ended = []
        async def lingering():
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")
        async def main():
            task = asyncio.create_task(lingering())
            main.task = task
            await asyncio.sleep(0.01)
            return 3
        code = loop.run(app, main, interrupted=lambda: None)
        print(code, ended)
        """
    )
    out, err = process.communicate(timeout=60)
    assert out.strip() == "3 ['cancelled']", err
    assert err == ""


def test_ctrl_c_asks_the_window_to_close():
    process = start(
        """
        async def main():
            main.done = asyncio.Event()
            print("ready", flush=True)
            await main.done.wait()
            return 0
        code = loop.run(app, main, interrupted=lambda: main.done.set())
        print("closed", code)
        """
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == "ready"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert out.strip() == "closed 0", err


def test_void_calls_into_qt_lose_no_reference_to_none():
    # PySide6 6.12 on Python 3.11 loses one each time, until the process dies.
    process = start(
        """
        from PySide6.QtWidgets import QWidget
        widget = QWidget()
        before = sys.getrefcount(None)
        for _ in range(20_000):
            widget.setEnabled(True)
            widget.update()
        print(abs(sys.getrefcount(None) - before) < 2_000 or before > 2**31)
        """
    )
    out, err = process.communicate(timeout=60)
    assert out.strip() == "True", err


def test_the_watchdog_knows_how_long_the_window_stood_still(qtbot, monkeypatch, caplog):
    now = [0.0]
    monkeypatch.setattr("studio.qt.loop.time.perf_counter", lambda: now[0])
    watchdog = Watchdog()
    for now[0] in (0.06, 0.36):
        watchdog._beat()
    assert round(watchdog.worst_ms) == 250
    assert "250 ms" in caplog.text
