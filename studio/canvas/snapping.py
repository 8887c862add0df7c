"""Where would something that is dragged line up with its neighbours? Numbers in, a shift and the guides to show out; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.canvas.geometry import Floats

REACH_PX: Final = 7.0
"""A line this near, in pixels, draws what is dragged onto it."""
FAR: Final = 1600.0
"""Neighbours further away than this, in scene units, draw nothing."""


@dataclass(frozen=True, slots=True)
class Guide:
    """A line that is shared: vertical at `at` when `is_vertical`, from `start` to `end` along it."""

    is_vertical: bool
    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Snap:
    """How far to shift along each axis to line up (None: nothing is near), and the guides that say with what."""

    dx: float | None
    dy: float | None
    guides: tuple[Guide, ...]


def line_up(box: tuple[float, float, float, float], others: Floats, within: float) -> Snap:
    """Where `box` (left, top, right, bottom) lines up with `others`, rows of the same four, when closer than `within`.

    Left, middle and right are compared with each other, and top, middle and bottom; of several lines the nearest counts.
    """
    near = others[
        (others[:, 0] < box[2] + FAR) & (others[:, 2] > box[0] - FAR) & (others[:, 1] < box[3] + FAR) & (others[:, 3] > box[1] - FAR)
    ]  # fmt: skip
    dx, across = _nearest(box[0], box[2], near[:, 0], near[:, 2], within)
    dy, along = _nearest(box[1], box[3], near[:, 1], near[:, 3], within)
    moved = (box[0] + (dx or 0.0), box[1] + (dy or 0.0), box[2] + (dx or 0.0), box[3] + (dy or 0.0))
    guides = []
    if dx is not None:
        rows = near[across]
        guides.append(_guide(moved, rows, is_vertical=True))
    if dy is not None:
        rows = near[along]
        guides.append(_guide(moved, rows, is_vertical=False))
    return Snap(dx, dy, tuple(guides))


def _nearest(low: float, high: float, lows: Floats, highs: Floats, within: float) -> tuple[float | None, int]:
    """The smallest shift that lays an edge or the middle of one span onto that of another, and the other's row."""
    if not len(lows):
        return None, -1
    shifts = np.stack([lows - low, highs - high, (lows + highs - low - high) / 2])
    flat = int(np.abs(shifts).argmin())
    shift = float(shifts.flat[flat])
    return (shift, flat % len(lows)) if abs(shift) <= within else (None, -1)


def _guide(box: tuple[float, float, float, float], other: Floats, *, is_vertical: bool) -> Guide:
    a, b = (0, 2) if is_vertical else (1, 3)
    along_a, along_b = (1, 3) if is_vertical else (0, 2)
    pairs = (
        (box[a], other[a]),
        (box[b], other[b]),
        ((box[a] + box[b]) / 2, (other[a] + other[b]) / 2),
    )
    at = min(pairs, key=lambda pair: abs(pair[0] - pair[1]))[1]
    start, end = min(box[along_a], other[along_a]), max(box[along_b], other[along_b])
    return Guide(is_vertical, float(at), float(start), float(end))
