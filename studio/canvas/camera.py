"""Which part of the scene is seen, and how large? Plain arithmetic between scene units and pixels of the widget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ZOOM_MIN: Final = 0.02
ZOOM_MAX: Final = 3.0
NEAR: Final = 0.4
"""From this zoom on cards are drawn in full."""
MIDDLE: Final = 0.2
"""From this zoom on cards are drawn as header and state; below it as coloured marks."""


@dataclass(frozen=True, slots=True)
class Camera:
    """The scene point at the widget's upper left corner, the zoom (pixels per unit), the widget's size in pixels."""

    left: float
    top: float
    zoom: float
    width: float
    height: float
    device_ratio: float = 1.0

    @property
    def right(self) -> float:
        return self.left + self.width / self.zoom

    @property
    def bottom(self) -> float:
        return self.top + self.height / self.zoom

    def to_pixels(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.left) * self.zoom, (y - self.top) * self.zoom

    def to_scene(self, x: float, y: float) -> tuple[float, float]:
        return x / self.zoom + self.left, y / self.zoom + self.top


def fitting(
    bounds: tuple[float, float, float, float], width: float, height: float, *, margin: float = 28.0
) -> tuple[float, float, float]:
    """The zoom (at most 1) and the left and top at which `bounds` fill a widget, with a margin in pixels."""
    left, top, right, bottom = bounds
    room_x, room_y = max(width - 2 * margin, 40.0), max(height - 2 * margin, 40.0)
    zoom = min(room_x / max(right - left, 1.0), room_y / max(bottom - top, 1.0), 1.0)
    zoom = min(max(zoom, ZOOM_MIN), ZOOM_MAX)
    return zoom, (left + right - width / zoom) / 2, (top + bottom - height / zoom) / 2
