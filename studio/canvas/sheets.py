"""What are pictures of the widget's size painted on? Pixmaps that are used again: fresh memory of that size costs more than painting on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap

if TYPE_CHECKING:
    from studio.canvas.camera import Camera

LIMIT_BYTES: Final = 48 * 1024 * 1024


class Sheets:
    """Those that nobody uses at the moment, all of one size: that of the camera that asked last."""

    def __init__(self) -> None:
        self._spare: list[QPixmap] = []

    def take(self, camera: Camera, *, clear: bool = False) -> QPixmap:
        """A sheet of the widget's size: transparent, or opaque with anything on it."""
        ratio = camera.device_ratio
        size = QSize(round(camera.width * ratio), round(camera.height * ratio))
        self._spare = [
            sheet for sheet in self._spare if sheet.size() == size and sheet.devicePixelRatio() == ratio
        ]
        for number, sheet in enumerate(self._spare):
            if sheet.hasAlphaChannel() == clear:
                found = self._spare.pop(number)
                break
        else:
            found = QPixmap(size)
            found.setDevicePixelRatio(ratio)
        if clear:
            found.fill(Qt.GlobalColor.transparent)
        return found

    def give(self, *sheets: QPixmap) -> None:
        """Nobody else may use them any more. Kept are as many as the bound of memory allows."""
        for sheet in sheets:
            size = sheet.width() * sheet.height() * 4
            if size * (len(self._spare) + 1) <= LIMIT_BYTES:
                self._spare.append(sheet)
