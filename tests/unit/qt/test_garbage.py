"""Garbage is looked for on the GUI thread and nowhere else."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject, Qt

from studio.qt.garbage import GarbageCollector


class Ring(QObject):
    """An object that only a collection can find."""

    def __init__(self) -> None:
        super().__init__()
        self.ring = self


def litter() -> list[list[int]]:
    """Allocates well beyond the threshold of the youngest generation."""
    return [[] for _ in range(5 * gc.get_threshold()[0])]


def test_a_cycle_with_a_widget_dies_on_the_gui_thread_though_another_thread_allocates(qapp, qtbot):
    collector = GarbageCollector(qapp)
    collector.start()
    died_on: list[threading.Thread] = []
    try:
        found = weakref.finalize(Ring(), lambda: died_on.append(threading.current_thread()))
        thread = threading.Thread(target=litter)
        thread.start()
        thread.join()
        assert died_on == []
        kept = litter()
        qtbot.waitUntil(lambda: bool(died_on))
        assert kept
        assert died_on == [threading.main_thread()]
        assert not found.alive
    finally:
        collector.stop()
        collector.deleteLater()


def test_what_outlives_a_look_is_put_aside_until_the_person_turns_away(qapp):
    ring = Ring()
    more: list[list[int]] = [[] for _ in range(20_000)]
    died: list[bool] = []
    finalizer = weakref.finalize(ring, lambda: died.append(True))
    collector = GarbageCollector(qapp)
    collector.start()
    try:
        more += [[] for _ in range(20_000)]
        collector.put_aside()
        del ring
        gc.collect()
        assert not died, "as long as somebody works, it is not looked at"
        qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationActive)
        assert not died
        qapp.applicationStateChanged.emit(Qt.ApplicationState.ApplicationInactive)
        assert died
        assert more
        assert not finalizer.alive
    finally:
        collector.stop()
        collector.deleteLater()
    assert gc.get_freeze_count() == 0


def test_stopping_gives_pythons_own_way_back(qapp):
    was = gc.isenabled()
    gc.enable()
    try:
        collector = GarbageCollector(qapp)
        collector.start()
        assert not gc.isenabled()
        collector.stop()
        assert gc.isenabled()
        collector.deleteLater()
    finally:
        if not was:
            gc.disable()
