"""How quickly does the window appear, does it stay responsive while a workflow runs, and how long does a person wait for what it does?

All is measured as a person meets it: a fresh `python -m studio` process, and the whole window on the sample project (`acts`).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

from benchmarks.measure import Figure, at_most, told

STARTS = 7
RUNS = 20

# Runs in the measured process: the first paint of the main window ends the measurement and the program.
_WATCHED_START = """
import os, runpy, sys, time
from PySide6.QtCore import QEvent, QObject
from studio.shell import app as shell

class Watch(QObject):
    painting = False

    def eventFilter(self, watched, event):
        is_paint = event.type() == QEvent.Type.Paint
        if is_paint and watched.objectName() == "mainWindow":
            self.painting = True
        elif self.painting and not is_paint:
            # The window and all its children have been painted.
            print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)
            os._exit(0)
        return False

make = shell.make_application

def watched(*arguments):
    application = make(*arguments)
    application.watch = Watch()
    application.installEventFilter(application.watch)
    return application

shell.make_application = watched
sys.argv = ["studio"]
runpy.run_module("studio", run_name="__main__", alter_sys=True)
"""

# The same amount of work for the machine without Studio: Python starts, imports Qt and paints an empty window.
_BARE_START = """
import os, time
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow

class Watch(QObject):
    painting = False

    def eventFilter(self, watched, event):
        is_paint = event.type() == QEvent.Type.Paint
        if is_paint and watched.objectName() == "mainWindow":
            self.painting = True
        elif self.painting and not is_paint:
            # The window and all its children have been painted.
            print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)
            os._exit(0)
        return False

app = QApplication([])
watch = Watch()
app.installEventFilter(watch)
window = QMainWindow()
window.setObjectName("mainWindow")
window.resize(1440, 900)
window.show()
app.exec()
"""

# Tells how late a timer of 5 ms was at worst, idle and while the sample's workflow runs again and again.
_WATCHED_RUNS = """
import asyncio, sys, time
from PySide6.QtCore import Qt, QTimer
from studio.qt import loop
from studio.session import Environment, Session
from studio.shell.app import make_application
from studio.shell.look import apply_theme, theme_of
from studio.shell.main_window import MainWindow
from studio.shell.settings import Settings

BEAT_MS = 5
runs = int(sys.argv[1])
app = make_application(["studio"])

class Pulse:
    def __init__(self):
        self.last = time.perf_counter()
        self.worst = 0.0
        self.timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self.beat)
        self.timer.start(BEAT_MS)

    def beat(self):
        now = time.perf_counter()
        self.worst = max(self.worst, (now - self.last) * 1000 - BEAT_MS)
        self.last = now

    def take(self):
        worst, self.worst = self.worst, 0.0
        return worst

async def main():
    env = Environment.default()
    settings = Settings(env.data_dir)
    apply_theme(app, theme_of(settings.theme))
    window = MainWindow(env, settings)
    window.furnish()
    window.show()
    session = await Session.sample(env)
    window.set_session(session)
    workflow_id = next(iter(session.project.workflows))
    first = await window.runs.start(workflow_id)
    await first.finished()
    await asyncio.sleep(0.5)
    pulse = Pulse()
    await asyncio.sleep(1.0)
    idle = pulse.take()
    for _ in range(runs):
        handle = await window.runs.start(workflow_id)
        await handle.finished()
        await asyncio.sleep(0.05)
    busy = pulse.take()
    pulse.timer.stop()
    print(idle, busy, flush=True)
    window.set_session(None)
    await session.close()
    window.closed.set()
    window.close()
    return 0

loop.run(app, main, interrupted=lambda: None)
"""


def measure() -> list[Figure]:
    """Cold start (median of several, disk warm) beside an empty Qt window, and the longest the GUI thread stood still."""
    with tempfile.TemporaryDirectory() as home:
        environ = {**os.environ, "STUDIO_HOME": home}
        environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        starts: tuple[list[float], list[float]] = ([], [])
        for turn in range(STARTS + 1):
            for taken, program in zip(starts, (_WATCHED_START, _BARE_START), strict=True):
                elapsed = _time_to_paint(program, environ)
                if turn:
                    taken.append(elapsed)
        studio, bare = (statistics.median(taken) for taken in starts)
        idle, busy = _longest_blocks(environ)
        waits = _waits(environ)
    return [
        at_most("app.cold start to a painted window", studio, "s", 0.5),
        told("app.an empty Qt window, for comparison", bare, "s"),
        at_most(f"app.GUI thread blocked at worst during {RUNS} runs", busy, "ms", 50),
        told("app.GUI thread blocked at worst when idle", idle, "ms"),
        at_most("app.a key in the palette", waits["key"], "ms", 30),
        at_most("app.1,000 nodes brought into view", waits["fit"], "ms", 50),
        at_most("app.first page of a model's rows", waits["page"], "ms", 200),
        at_most("app.until Stop is acknowledged", waits["said"], "ms", 250),
        at_most("app.until an endless statement has stopped", waits["ended"], "ms", 2_000),
    ]


def _waits(environ: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.acts"],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _time_to_paint(program: str, environ: dict[str, str]) -> float:
    began = time.clock_gettime(time.CLOCK_MONOTONIC)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
    )
    return float(done.stdout.split()[-1]) - began


def _longest_blocks(environ: dict[str, str]) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED_RUNS, str(RUNS)],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    )
    idle, busy = done.stdout.split()[-2:]
    return float(idle), float(busy)
