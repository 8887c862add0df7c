"""When does Python look for garbage in the windowed program? On the GUI thread, between two events, and never anywhere else.

Left to itself, Python looks for unreachable cycles on whichever thread happens to allocate: often the engine's. A widget that is part of such
a cycle would be destroyed there, while the GUI thread may be handing it an event, and the process dies inside Qt.

A look at everything takes 100 ms with a workflow of ten thousand nodes, which are hardly ever garbage. So what has outlived such a look is put
aside, as a project is that has just been opened, and the next one looks only at what has been made since. What was put aside is looked at as
well when the person has turned to another program, or when it has become twice as much.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication

_BUSY_MS: Final = 25
_IDLE_MS: Final = 250
_OLDEST: Final = 2
_WORTH_IT: Final = 10_000
"""So many objects more than after the last look at everything make another one worth its while when nobody waits;"""
_TOO_MANY: Final = 200_000
"""and so many at least, when they are as many as there were, even while somebody works."""


class GarbageCollector(QObject):
    """Looks for garbage by the usual thresholds, but on this object's thread. While started, Python's own way is off."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(_IDLE_MS)
        self._timer.timeout.connect(self.look)
        self._was_enabled = False
        self._known = 0
        """How many objects were put aside after the last look at everything,"""
        self._expected = 0
        """and how many then, or when a project was opened last."""

    def start(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()
        self.put_aside()
        self._known = self._expected
        self._timer.start()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.connect(self._turned)

    def stop(self) -> None:
        self._timer.stop()
        app = QGuiApplication.instance()
        if isinstance(app, QGuiApplication):
            app.applicationStateChanged.disconnect(self._turned)
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    def look(self) -> None:
        """Collects the oldest generation that is due; looks again sooner while there is much to do."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [number for number in range(3) if thresholds[number] and counts[number] > thresholds[number]]
        self._timer.setInterval(_BUSY_MS if 0 in due else _IDLE_MS)
        if 0 not in due:
            return
        if max(due) < _OLDEST:
            gc.collect(max(due))
        elif gc.get_freeze_count() > self._expected + max(self._expected, _TOO_MANY):
            self.look_at_everything()
        else:
            gc.collect()
            gc.freeze()

    def put_aside(self) -> None:
        """All that there is will be there for long: a project has been opened. Costs nothing."""
        gc.freeze()
        self._expected = gc.get_freeze_count()

    def look_at_everything(self) -> None:
        """Also collects what had been put aside and has become garbage since. Takes 100 ms for every 250,000 objects."""
        gc.unfreeze()
        gc.collect()
        self.put_aside()
        self._known = self._expected

    def _turned(self, state: Qt.ApplicationState) -> None:
        is_away = state is not Qt.ApplicationState.ApplicationActive
        if is_away and gc.get_freeze_count() > self._known + _WORTH_IT:
            self.look_at_everything()
