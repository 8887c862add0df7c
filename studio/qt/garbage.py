"""When does Python look for garbage in the windowed program? On the GUI thread, between two events, and never anywhere else.

Left to itself, Python looks for unreachable cycles on whichever thread happens to allocate: often the engine's. A widget that is part of such
a cycle would be destroyed there, while the GUI thread may be handing it an event, and the process dies inside Qt.
"""

from __future__ import annotations

import gc
from typing import Final

from PySide6.QtCore import QObject, QTimer

_BUSY_MS: Final = 25
_IDLE_MS: Final = 250


class GarbageCollector(QObject):
    """Looks for garbage by the usual thresholds, but on this object's thread. While started, Python's own way is off."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self)
        self._timer.setInterval(_IDLE_MS)
        self._timer.timeout.connect(self.look)
        self._was_enabled = False

    def start(self) -> None:
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer.start()

    def stop(self) -> None:
        self._timer.stop()
        if self._was_enabled:
            gc.enable()

    def look(self) -> None:
        """Collects the oldest generation that is due; looks again sooner while there is much to do."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [number for number in range(3) if thresholds[number] and counts[number] > thresholds[number]]
        self._timer.setInterval(_BUSY_MS if 0 in due else _IDLE_MS)
        if 0 in due:
            gc.collect(max(due))
