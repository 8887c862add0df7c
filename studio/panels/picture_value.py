"""Is a value a picture, and how does it look? Bytes, or text that holds them as a data URL; only as much is decoded as is shown."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImageReader, QPixmap, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

from studio.panels.widgets import muted_label

_LARGEST_BYTES: Final = 32_000_000
_LARGEST_PX: Final = 2_000
"""On each side; a larger picture is decoded smaller."""
_DATA_URL: Final = "data:image/"


def picture_bytes(value: Any) -> bytes | None:
    """The encoded picture that a value may be; None for what cannot be one."""
    if isinstance(value, str) and value.startswith(_DATA_URL):
        head, _, body = value.partition(",")
        if not head.endswith(";base64") or len(body) > _LARGEST_BYTES:
            return None
        try:
            return base64.b64decode(body, validate=True)
        except binascii.Error:
            return None
    if isinstance(value, bytes | bytearray | memoryview) and 8 <= len(value) <= _LARGEST_BYTES:
        return bytes(value)
    return None


def decoded(data: bytes) -> tuple[QPixmap, str] | None:
    """The picture and what it is (`PNG, 640 × 480`); None when the bytes are no picture that can be shown."""
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    if not reader.canRead():
        return None
    kind, size = bytes(reader.format().data()).decode().upper(), reader.size()
    if size.isValid() and max(size.width(), size.height()) > _LARGEST_PX:
        bound = QSize(_LARGEST_PX, _LARGEST_PX)
        reader.setScaledSize(size.scaled(bound, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    if image.isNull():
        return None
    size = size if size.isValid() else image.size()
    return QPixmap.fromImage(image), f"{kind}, {size.width()} × {size.height()}"


class PictureView(QWidget):
    """A picture as large as there is room, never larger than it is; below it what it is."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._pixmap = QPixmap()
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        self.label = QLabel(self)
        self.label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.label.setMinimumSize(40, 40)
        column.addWidget(self.label, 1)
        self.caption = muted_label("", self)
        column.addWidget(self.caption)

    def show_value(self, value: Any) -> bool:
        """Shows a value if it is a picture; False if it is none."""
        data = picture_bytes(value)
        found = decoded(data) if data is not None else None
        if found is None or data is None:
            self._pixmap = QPixmap()
            return False
        self._pixmap, told = found
        self.label.setAccessibleName(self.tr("Picture: {}").format(told))
        self.caption.setText(f"{told} · {self.locale().formattedDataSize(len(data))}")
        self._fit()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._pixmap.isNull():
            self.label.clear()
            return
        room = self.label.size() * self.devicePixelRatioF()
        shown = self._pixmap
        if shown.width() > room.width() or shown.height() > room.height():
            smooth = Qt.TransformationMode.SmoothTransformation
            shown = shown.scaled(room, Qt.AspectRatioMode.KeepAspectRatio, smooth)
            shown.setDevicePixelRatio(self.devicePixelRatioF())
        self.label.setPixmap(shown)
