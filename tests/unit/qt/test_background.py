"""Background work ends in exactly one of its callbacks, or in none when nobody is left to hear."""

from __future__ import annotations

import asyncio
import sys

from PySide6.QtWidgets import QWidget

from studio.kernel.errors import ConnectionFailed
from studio.qt.background import cancel_jobs, run_in_background


class Host(QWidget):
    """A window that notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.busy: list[str] = []
        self.errors: list[str] = []

    def busy_started(self, job) -> None:
        self.busy.append(f"+{job.text}")

    def busy_ended(self, job) -> None:
        self.busy.append(f"-{job.text}")

    def show_error(self, error) -> None:
        self.errors.append(error.message)


async def give(value):
    await asyncio.sleep(0)
    return value


async def refuse(error):
    await asyncio.sleep(0)
    raise error


def test_the_result_reaches_success(qtbot, loop):
    widget = QWidget()
    qtbot.addWidget(widget)
    results: list[int] = []
    run_in_background(widget, give(7), success=results.append)
    qtbot.waitUntil(lambda: results == [7])


def test_a_studio_error_reaches_failure(qtbot, loop):
    widget = QWidget()
    qtbot.addWidget(widget)
    errors: list[str] = []
    run_in_background(
        widget, refuse(ConnectionFailed("No server.")), failure=lambda error: errors.append(error.message)
    )
    qtbot.waitUntil(lambda: errors == ["No server."])


def test_without_failure_the_window_shows_the_error(qtbot, loop):
    host = Host()
    qtbot.addWidget(host)
    inner = QWidget(host)
    run_in_background(inner, refuse(ConnectionFailed("No server.")))
    qtbot.waitUntil(lambda: host.errors == ["No server."])


def test_any_other_exception_goes_to_the_crash_report(qtbot, loop, monkeypatch):
    caught: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: caught.append(error))
    host = Host()
    qtbot.addWidget(host)
    failures: list[object] = []
    run_in_background(host, refuse(ZeroDivisionError("our bug")), failure=failures.append)
    qtbot.waitUntil(lambda: len(caught) == 1)
    assert isinstance(caught[0], ZeroDivisionError)
    assert failures == []
    assert host.errors == []


def test_work_is_cancelled_when_its_owner_goes(qtbot, loop):
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("cancelled")

    widget = QWidget()
    results: list[object] = []
    job = run_in_background(widget, work(), success=results.append)
    qtbot.wait(1)
    widget.deleteLater()
    qtbot.waitUntil(lambda: ended == ["cancelled"] and not job.is_running)
    assert results == []


def test_long_work_shows_in_the_window_and_short_work_does_not(qtbot, loop):
    host = Host()
    qtbot.addWidget(host)
    gate = asyncio.Event()
    done: list[object] = []
    run_in_background(host, give(1), success=done.append, text="short", busy_after_ms=10_000)
    run_in_background(host, gate.wait(), success=done.append, text="long", busy_after_ms=1)
    qtbot.waitUntil(lambda: host.busy == ["+long"])
    gate.set()
    qtbot.waitUntil(lambda: host.busy == ["+long", "-long"])
    assert done == [1, True]


def test_cancelled_work_calls_nobody(qtbot, loop):
    host = Host()
    qtbot.addWidget(host)
    heard: list[object] = []
    started = run_in_background(host, asyncio.Event().wait(), success=heard.append, failure=heard.append)
    qtbot.wait(1)
    waiting = run_in_background(host, give(1), success=heard.append, failure=heard.append)
    cancel_jobs()
    qtbot.waitUntil(lambda: not started.is_running and not waiting.is_running)
    assert heard == []
    assert host.errors == []


def test_an_owner_hears_that_somebody_else_has_stopped_its_work_and_not_of_its_own_cancelling(qtbot, loop):
    widget = QWidget()
    qtbot.addWidget(widget)
    heard: list[object] = []

    async def ended_elsewhere() -> None:
        await asyncio.sleep(0)
        raise asyncio.CancelledError

    def begin(name, work):
        return run_in_background(
            widget, work, success=heard.append, failure=heard.append, stopped=lambda: heard.append(name)
        )

    begin("by the engine", ended_elsewhere())
    begin("by a person", asyncio.Event().wait()).stop()
    own = begin("by itself", asyncio.Event().wait())
    own.cancel()
    done = begin("too late", give("done"))
    qtbot.waitUntil(lambda: not own.is_running and not done.is_running and len(heard) == 3)
    done.stop()
    assert set(heard) == {"by the engine", "by a person", "done"}


def test_what_is_cancelled_is_not_heard_of_even_when_it_was_done_already(qtbot, loop):
    widget = QWidget()
    qtbot.addWidget(widget)
    heard: list[object] = []
    told: list[bool] = []

    async def story() -> None:
        job = run_in_background(widget, give(1), success=heard.append)
        failing = run_in_background(widget, refuse(ConnectionFailed("No server.")), failure=heard.append)
        while job.is_running or failing.is_running:  # noqa: ASYNC110 - the very turn in which they are done is wanted
            await asyncio.sleep(0)
        job.cancel()
        failing.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        told.append(True)

    run_in_background(widget, story())
    qtbot.waitUntil(lambda: bool(told))
    assert heard == []
