"""What must a test of the window not leave behind? Widgets, threads and timers.

Each of them would go on living in the tests that follow, and fail one that has nothing to do with it.
"""

import contextlib
import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThread, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget

# How long a thread that has been told to stop may take to do so.
GRACE_S: Final = 30.0

# Widgets Qt makes for itself and keeps for the next time.
QT_KEEPS: Final = {"QTipLabel", "QComboBoxPrivateContainer", "QRubberBand", "QShapedPixmapWindow"}


@pytest.fixture(autouse=True)
def nothing_waits_for_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that opens a dialog or a menu in a loop of its own, which nobody would ever end.

    A test that means to replaces `exec` itself.
    """

    def refuse(self: QObject, *_: object, **__: object) -> None:
        pytest.fail(f"{type(self).__name__}.exec() would wait for a person for ever: use open() or popup().")

    monkeypatch.setattr(QDialog, "exec", refuse)
    monkeypatch.setattr(QMenu, "exec", refuse)


@pytest.fixture(autouse=True)
def nothing_is_left_behind(qapp: QApplication) -> Iterator[None]:
    """Fail a test that leaves a top-level widget, a running thread or an active timer."""
    with watch_for_leaks() as found:
        yield
    if found:
        pytest.fail("This test leaves behind: " + "; ".join(found) + ".", pytrace=False)


@pytest.fixture
def menus(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[QMenu]]:
    """The menus that were opened, none of them shown; each is thrown away at the end."""
    opened: list[QMenu] = []
    monkeypatch.setattr(QMenu, "popup", lambda menu, at: opened.append(menu))
    yield opened
    for menu in opened:
        menu.deleteLater()


@contextlib.contextmanager
def watch_for_leaks() -> Iterator[list[str]]:
    """Yield a list that tells, once the block has ended, what of it is still there."""
    found: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        timers = _remember_starts(QTimer, patch)
        qt_threads = _remember_starts(QThread, patch)
        widgets_before = set(_top_level_widgets())
        threads_before = set(threading.enumerate())
        yield found
    found.extend(f"widget {name}" for name in _widgets_left(widgets_before))
    found.extend(f"thread {name}" for name in _threads_left(threads_before, qt_threads))
    found.extend(f"timer {name}" for name in _timers_left(timers))


def _remember_starts(kind: type[Any], monkeypatch: pytest.MonkeyPatch) -> list[weakref.ref[Any]]:
    """Return a list that will hold every object of a class whose `start` is called."""
    started: list[weakref.ref[Any]] = []
    original: Callable[..., Any] = kind.start

    def start(self: Any, *args: Any, **kwargs: Any) -> Any:
        started.append(weakref.ref(self))
        return original(self, *args, **kwargs)

    monkeypatch.setattr(kind, "start", start)
    return started


def _living(started: list[weakref.ref[Any]]) -> list[Any]:
    objects = {id(found): found for found in (reference() for reference in started) if found is not None}
    return [found for found in objects.values() if shiboken6.isValid(found)]


def _name(thing: QObject) -> str:
    return f"{type(thing).__name__} {thing.objectName()!r}" if thing.objectName() else type(thing).__name__


# ---------------------------------------------------------------- widgets


def _top_level_widgets() -> dict[int, QWidget]:
    """Return the widgets nobody owns, by the address of Qt's own object: a Python wrapper may come and go."""
    return {
        shiboken6.getCppPointer(widget)[0]: widget
        for widget in QApplication.topLevelWidgets()
        if widget.parent() is None and widget.metaObject().className() not in QT_KEEPS
    }


def _widgets_left(before: set[int]) -> list[str]:
    def left() -> list[str]:
        return [_name(widget) for pointer, widget in _top_level_widgets().items() if pointer not in before]

    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    if left():
        # Only then, because it takes long: a widget in a cycle of references is no leak.
        gc.collect()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    return left()


# ---------------------------------------------------------------- threads


def _threads_left(before: set[threading.Thread], qt_threads: list[weakref.ref[Any]]) -> list[str]:
    deadline = time.monotonic() + GRACE_S
    QThreadPool.globalInstance().waitForDone(int(GRACE_S * 1000))
    left = []
    for thread in set(threading.enumerate()) - before:
        # One that Python did not start cannot be waited for; it is known here because it once called Python.
        if not isinstance(thread, threading._DummyThread):
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                left.append(thread.name)
    left.extend(
        _name(qt_thread)
        for qt_thread in _living(qt_threads)
        if not QThread.wait(qt_thread, int(max(0.0, deadline - time.monotonic()) * 1000))
    )
    if QThreadPool.globalInstance().activeThreadCount():
        left.append("of Qt's global pool")
    return left


# ---------------------------------------------------------------- timers


def _timers_left(timers: list[weakref.ref[Any]]) -> list[str]:
    found = []
    for timer in _living(timers):
        if timer.isActive():
            owner = timer.parent()
            found.append(_name(timer) + (f" of {_name(owner)}" if owner is not None else ""))
            # Not to be blamed on the next test as well.
            timer.stop()
    return found
