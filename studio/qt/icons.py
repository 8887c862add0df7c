"""Which picture stands for what? Glyphs of the Phosphor font that QtAwesome brings, in a theme's colours, drawn when first painted.

QtAwesome itself is not imported: doing so loads every font it has (190 ms measured, against 6 for the one font that is used here).
Names are QtAwesome's: `ph.play`, `ph.database-fill`.
"""

from __future__ import annotations

import functools
import importlib.util
import json
from pathlib import Path
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from studio.kernel.names import did_you_mean
from studio.qt.assets import asset
from studio.qt.theme import Theme

_PREFIX: Final = "ph."


@functools.cache
def _fonts_folder() -> Path:
    found = importlib.util.find_spec("qtawesome")
    if found is None or not found.submodule_search_locations:
        raise FileNotFoundError("The package qtawesome, which brings the icons' font, is not installed.")
    return Path(found.submodule_search_locations[0]) / "fonts"


@functools.cache
def _family() -> str:
    """Loads the icons' font into the application; its family."""
    file = next(path for path in sorted(_fonts_folder().glob("phosphor-*.ttf")))
    families = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(file)))
    if not families:
        raise FileNotFoundError(f"The icons' font {file} cannot be read.")
    return families[0]


@functools.cache
def _charmap() -> dict[str, str]:
    """The code of each icon's character: far more than are ever shown."""
    file = next(path for path in sorted(_fonts_folder().glob("phosphor-charmap-*.json")))
    codes: dict[str, str] = json.loads(file.read_text("utf-8"))
    return codes


def glyph(name: str) -> str:
    """The character of an icon in `icon_font()`; KeyError names the nearest icons."""
    codes = _charmap()
    try:
        return chr(int(codes[name.removeprefix(_PREFIX)], 16))
    except KeyError:
        raise KeyError(f"No icon {name!r}. {did_you_mean(name.removeprefix(_PREFIX), codes)}") from None


def icon_font(size_px: int) -> QFont:
    """The font of the icons, for those who paint them as text."""
    font = QFont(_family())
    font.setPixelSize(size_px)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


class _GlyphEngine(QIconEngine):
    """Draws one character in one colour per mode."""

    def __init__(self, character: str, colors: tuple[QColor, QColor]) -> None:
        super().__init__()
        self._character = character
        self._colors = colors
        """Normal, disabled."""

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        normal, disabled = self._colors
        color = disabled if mode == QIcon.Mode.Disabled else normal
        painter.save()
        painter.setPen(color)
        painter.setFont(icon_font(max(rect.height(), 1)))
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._character)
        painter.restore()

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        try:
            self.paint(painter, QRect(QPoint(0, 0), size), mode, state)
        finally:
            painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        return _GlyphEngine(self._character, self._colors)


@functools.lru_cache(maxsize=512)
def icon(name: str, theme: Theme, tint: str = "text") -> QIcon:
    """The icon `name` in the colour of the token `tint`; paler where what it stands for is disabled."""
    colors = (theme.color(tint), theme.color("text_muted", alpha=0.55))
    return QIcon(_GlyphEngine(glyph(name), colors))


def app_icon() -> QIcon:
    return QIcon(asset("studio.svg"))
