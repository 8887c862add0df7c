"""How does everything look? The colours by name, the fonts and the style sheet of one look; widgets name a token, never a colour.

Which look is used is the shell's choice. Contrast (WCAG 2.1: 4.5 for text, 3 for marks) is held by `tests/unit/qt/test_theme.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette

from studio.kernel.names import did_you_mean

ThemeName = Literal["dark", "light", "high-contrast"]

COLOR_NAMES: Final = {
    "warning": "Amber", "read": "Blue", "create": "Green", "upsert": "Violet", "delete": "Red", "flow": "Grey",
}  # fmt: skip
"""The colours by name that a person may give to a note or a frame, as people call them."""

STAGE_TOKENS: Final = {"development": "ok", "staging": "warning", "production": "error"}
"""The colours that tell what a database is for; words stand beside them."""

_DARK: Final = {
    "window": "#16191d",
    "panel": "#1e2227",
    "canvas": "#14171b",
    "grid": "#1d2126",
    "grid_strong": "#262b32",
    "card": "#23282f",
    "card_header": "#2a3038",
    "text": "#e6e9ee",
    "text_muted": "#9ca6b3",
    "text_on_accent": "#ffffff",
    "danger": "#c62a2f",
    "text_on_danger": "#ffffff",
    "accent": "#2f6fe4",
    "accent_text": "#7db1ff",
    "border": "#353c46",
    "border_strong": "#4a535f",
    "selection": "#264270",
    "hover": "#2b323a",
    "input": "#15181c",
    "create": "#4cc38a",
    "read": "#6cb6ff",
    "list": "#6cb6ff",
    "update": "#f0b429",
    "delete": "#ff8080",
    "upsert": "#b18cff",
    "count": "#5fd4d6",
    "aggregate": "#f29ac0",
    "flow": "#a9b7c6",
    "code": "#c4d56e",
    "ok": "#4cc38a",
    "error": "#ff8080",
    "warning": "#f0b429",
    "running": "#6cb6ff",
    "skipped": "#9ca6b3",
    "edge": "#7f8b99",
    "edge_dim": "#39414b",
    "type_any": "#aab4c0",
    "type_int": "#5fd4d6",
    "type_float": "#59c2e8",
    "type_decimal": "#4cc3b0",
    "type_str": "#f0b429",
    "type_text": "#e0a458",
    "type_bool": "#ff8f8f",
    "type_datetime": "#b18cff",
    "type_date": "#a48ff0",
    "type_time": "#9a9cf2",
    "type_timedelta": "#8fa8ff",
    "type_bytes": "#a9927d",
    "type_dict": "#f29ac0",
    "type_list": "#e58ad8",
    "type_enum": "#d7b26a",
    "type_vector": "#b79cf0",
    "type_uuid": "#c9a0dc",
    "type_record": "#4cc38a",
    "type_signal": "#8a94a1",
    "type_error": "#ff6b6b",
}

_LIGHT: Final = {
    "window": "#eef0f3",
    "panel": "#f6f7f9",
    "canvas": "#f1f3f6",
    "grid": "#e5e8ec",
    "grid_strong": "#d6dbe1",
    "card": "#ffffff",
    "card_header": "#f6f7f9",
    "text": "#1b1f24",
    "text_muted": "#59626d",
    "text_on_accent": "#ffffff",
    "danger": "#c62a2f",
    "text_on_danger": "#ffffff",
    "accent": "#1a62d6",
    "accent_text": "#0b57c4",
    "border": "#d0d6dd",
    "border_strong": "#a9b2bd",
    "selection": "#cfe1fb",
    "hover": "#e6eaef",
    "input": "#ffffff",
    "create": "#18794e",
    "read": "#0b68cb",
    "list": "#0b68cb",
    "update": "#946800",
    "delete": "#c62a2f",
    "upsert": "#6e56cf",
    "count": "#0e7c86",
    "aggregate": "#a8326b",
    "flow": "#4b5b6c",
    "code": "#5a6a00",
    "ok": "#18794e",
    "error": "#c62a2f",
    "warning": "#946800",
    "running": "#0b68cb",
    "skipped": "#59626d",
    "edge": "#6d7885",
    "edge_dim": "#cdd3da",
    "type_any": "#66707c",
    "type_int": "#0e7c86",
    "type_float": "#0f73a8",
    "type_decimal": "#0d7a66",
    "type_str": "#946800",
    "type_text": "#9a5b13",
    "type_bool": "#c2414a",
    "type_datetime": "#6e56cf",
    "type_date": "#6450b8",
    "type_time": "#5457b4",
    "type_timedelta": "#3f5fc0",
    "type_bytes": "#75604c",
    "type_dict": "#a8326b",
    "type_list": "#9a35a0",
    "type_enum": "#7d6016",
    "type_vector": "#5f45b8",
    "type_uuid": "#84509c",
    "type_record": "#18794e",
    "type_signal": "#717c89",
    "type_error": "#d1242f",
}

_HIGH_CONTRAST: Final = {
    **_DARK,
    "window": "#000000",
    "panel": "#000000",
    "canvas": "#000000",
    "grid": "#1c1c1c",
    "grid_strong": "#303030",
    "card": "#0a0a0a",
    "card_header": "#161616",
    "text": "#ffffff",
    "text_muted": "#d6d6d6",
    "text_on_accent": "#000000",
    "accent": "#ffd60a",
    "accent_text": "#ffd60a",
    "border": "#8c8c8c",
    "border_strong": "#ffffff",
    "selection": "#003e80",
    "hover": "#262626",
    "input": "#000000",
    "create": "#5ff0a8",
    "read": "#8cc8ff",
    "list": "#8cc8ff",
    "update": "#ffd24d",
    "delete": "#ff9c9c",
    "upsert": "#cbb2ff",
    "count": "#7df3f5",
    "aggregate": "#ffb3d4",
    "flow": "#d5dee8",
    "code": "#e0f08a",
    "ok": "#5ff0a8",
    "error": "#ff9c9c",
    "warning": "#ffd24d",
    "running": "#8cc8ff",
    "skipped": "#d6d6d6",
    "edge": "#e0e0e0",
    "edge_dim": "#6e6e6e",
}

_UI_FONTS: Final = ("Inter", "Segoe UI Variable Text", "Segoe UI", "Cantarell", "Noto Sans", "DejaVu Sans")
_MONO_FONTS: Final = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Menlo", "Consolas", "Noto Sans Mono", "DejaVu Sans Mono")  # fmt: skip
_FONT_PX: Final = 13

OPERATION_TOKENS: Final = ("create", "read", "list", "update", "delete", "upsert", "count", "aggregate", "flow", "code")  # fmt: skip
STATE_TOKENS: Final = ("ok", "error", "warning", "running", "skipped")
TYPE_TOKENS: Final = tuple(token for token in _DARK if token.startswith("type_"))


@functools.cache
def _color(value: str) -> QColor:
    return QColor(value)


@dataclass(frozen=True, eq=False)
class Theme:
    """One look. Invariant: every look has the same tokens."""

    name: ThemeName
    tokens: Mapping[str, str]
    is_dark: bool

    @classmethod
    @functools.cache
    def dark(cls) -> Theme:
        return cls("dark", MappingProxyType(_DARK), is_dark=True)

    @classmethod
    @functools.cache
    def light(cls) -> Theme:
        return cls("light", MappingProxyType(_LIGHT), is_dark=False)

    @classmethod
    @functools.cache
    def high_contrast(cls) -> Theme:
        return cls("high-contrast", MappingProxyType(_HIGH_CONTRAST), is_dark=True)

    def color(self, token: str, *, alpha: float = 1.0) -> QColor:
        """The colour of a token, at `alpha` from 0 to 1; KeyError names the nearest tokens."""
        try:
            color = QColor(_color(self.tokens[token]))
        except KeyError:
            raise KeyError(f"No colour {token!r}. {did_you_mean(token, self.tokens)}") from None
        if alpha < 1.0:
            color.setAlphaF(alpha)
        return color

    def hex(self, token: str) -> str:
        """The colour of a token as `#rrggbb`, for rich text and style sheets."""
        return self.color(token).name()

    def operation_color(self, operation: str, category: str = "model") -> QColor:
        """The colour of a node's kind: its operation (`bulk_update` counts as `update`), else its category."""
        token = operation.removeprefix("bulk_")
        if token not in OPERATION_TOKENS:
            token = "code" if category == "code" else "flow"
        return self.color(token)

    def font(self, *, size_px: int = _FONT_PX, bold: bool = False) -> QFont:
        return _font(_UI_FONTS, size_px, bold=bold)

    def mono(self, *, size_px: int = _FONT_PX, bold: bool = False) -> QFont:
        return _font(_MONO_FONTS, size_px, bold=bold)

    def palette(self) -> QPalette:
        """Qt's own palette in these colours, for whatever the style sheet does not draw."""
        palette = QPalette()
        roles = QPalette.ColorRole
        for role, token in {
            roles.Window: "window",
            roles.WindowText: "text",
            roles.Base: "input",
            roles.AlternateBase: "panel",
            roles.ToolTipBase: "card",
            roles.ToolTipText: "text",
            roles.PlaceholderText: "text_muted",
            roles.Text: "text",
            roles.Button: "card",
            roles.ButtonText: "text",
            roles.BrightText: "error",
            roles.Light: "border_strong",
            roles.Midlight: "border",
            roles.Mid: "border",
            roles.Dark: "border",
            roles.Shadow: "window",
            roles.Highlight: "accent",
            roles.HighlightedText: "text_on_accent",
            roles.Link: "accent_text",
            roles.LinkVisited: "accent_text",
            roles.Accent: "accent",
        }.items():
            palette.setColor(role, self.color(token))
        for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.HighlightedText):
            palette.setColor(QPalette.ColorGroup.Disabled, role, self.color("text_muted", alpha=0.6))
        return palette

    def stylesheet(self) -> str:
        """The application's style sheet in these colours."""
        from studio.qt.stylesheet import stylesheet

        return stylesheet(self)


@functools.cache
def _available(families: tuple[str, ...]) -> tuple[str, ...]:
    """The families of a list that this machine has; all of the list when it has none, for Qt to choose by likeness."""
    known = set(QFontDatabase.families())
    return tuple(family for family in families if family in known) or families


@functools.lru_cache(maxsize=64)
def _made_font(families: tuple[str, ...], size_px: int, bold: bool) -> QFont:
    font = QFont()
    font.setFamilies(list(_available(families)))
    font.setPixelSize(size_px)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    if families is _MONO_FONTS:
        font.setStyleHint(QFont.StyleHint.Monospace)
    return font


def _font(families: tuple[str, ...], size_px: int, *, bold: bool) -> QFont:
    return QFont(_made_font(families, size_px, bold))


def system_theme() -> Theme:
    """The look that the desktop asks for; dark where it asks for nothing."""
    hints = QGuiApplication.styleHints()
    return Theme.light() if hints.colorScheme() == Qt.ColorScheme.Light else Theme.dark()


def contrast(one: str, other: str) -> float:
    """The contrast of two `#rrggbb` colours, from 1 to 21 (WCAG 2.1, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(value: str) -> float:
    color = _color(value)

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4

    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF()) + 0.0722 * linear(color.blueF())
