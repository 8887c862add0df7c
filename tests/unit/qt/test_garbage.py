"""Garbage is looked for on the GUI thread and nowhere else."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtCore import QObject

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
