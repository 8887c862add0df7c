"""How is work divided that would hold the window up if it were done at once? Into pieces, one in each turn of the event loop."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer


class Turns(QObject):
    """Does pieces of work in their order; what a person does, and painting, come between them."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._pieces: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._take_turn)

    def do(self, *pieces: Callable[[], object]) -> None:
        """Does these after those that wait already."""
        self._pieces.extend(pieces)
        self._timer.start()

    def finish(self) -> None:
        """Does what waits now: somebody needs it done."""
        while self._pieces:
            self._take_turn()

    def forget(self) -> None:
        """What waits is not done any more."""
        self._pieces.clear()
        self._timer.stop()

    def _take_turn(self) -> None:
        piece = self._pieces.popleft() if self._pieces else None
        if not self._pieces:
            self._timer.stop()
        if piece is not None:
            piece()
