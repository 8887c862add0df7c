"""Which projects were open before? A menu of them, the pinned ones first; the ones that have gone are grey and can be removed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

if TYPE_CHECKING:
    from studio.panels import Recent


class RecentMenu(QMenu):
    """File ▸ Open recent."""

    opened = Signal(str)
    forgotten = Signal(list)
    """The locations of the projects that have gone."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTitle(self.tr("Open &recent"))

    def show_entries(self, entries: Sequence[Recent]) -> None:
        from studio.panels.welcome import pinned_first

        self.clear()
        was_pinned = False
        for entry in pinned_first(entries):
            if was_pinned and not entry.is_pinned:
                self.addSeparator()
            was_pinned = entry.is_pinned
            action = self.addAction(f"{entry.name} — {entry.location}".replace("&", "&&"))
            action.setEnabled(entry.exists)
            action.triggered.connect(partial(self._open, entry.location))
        missing = [entry.location for entry in entries if not entry.exists]
        if missing:
            self.addSeparator()
            self.addAction(self.tr("Remove missing projects")).triggered.connect(
                partial(self._forget, missing)
            )
        self.setEnabled(bool(entries))

    def _open(self, location: str, *_: object) -> None:
        self.opened.emit(location)

    def _forget(self, locations: list[str], *_: object) -> None:
        self.forgotten.emit(locations)
