"""Where does one begin?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from studio.qt.theme import Theme


class Recent(NamedTuple):
    """A project that was open before."""

    name: str
    location: str
    exists: bool = True


class WelcomePage(QWidget):
    sampleRequested = Signal()
    connectRequested = Signal()
    newRequested = Signal()
    openRequested = Signal()
    recentOpened = Signal(str)
    recentForgotten = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)

    def set_recent(self, recent: Sequence[Recent]) -> None: ...
