"""Where would something that is dragged line up with its neighbours? Numbers in, a shift and the guides to show out; no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from studio.canvas.curves import Floats

Box = tuple[float, float, float, float]
NO_WIRES: Final = np.empty((0, 4))
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


def line_up(box: Box, others: Floats, within: float, *, wires: Floats = NO_WIRES) -> Snap:
    """Where `box` (left, top, right, bottom) lines up with `others`, rows of the same four, when closer than `within`.

    Left, middle and right are compared with each other, top with top and bottom with bottom; of several lines the nearest counts.
    `wires` are edges that would be straight at some height: rows of the shift down that they need, their height then, and where they
    begin and end across.
    """
    near = others[
        (others[:, 0] < box[2] + FAR) & (others[:, 2] > box[0] - FAR) & (others[:, 1] < box[3] + FAR) & (others[:, 3] > box[1] - FAR)
    ]  # fmt: skip
    left, top, right, bottom = near.T
    dx, across = _nearest([left - box[0], right - box[2], (left + right - box[0] - box[2]) / 2], within)
    dy, along = _nearest([top - box[1], bottom - box[3]], within)
    straight, wire = _nearest([wires[:, 0]], within)
    moved = (box[0] + (dx or 0.0), box[1] + (dy or 0.0), box[2] + (dx or 0.0), box[3] + (dy or 0.0))
    guides = []
    if dx is not None:
        other = near[across % len(near)]
        at = (other[0], other[2], (other[0] + other[2]) / 2)[across // len(near)]
        guides.append(Guide(True, float(at), min(moved[1], float(other[1])), max(moved[3], float(other[3]))))
    if straight is not None and (dy is None or abs(straight) <= abs(dy)):
        dy = straight
        _, at, start, end = wires[wire].tolist()
        guides.append(Guide(False, at, min(start, end), max(start, end)))
    elif dy is not None:
        other = near[along % len(near)]
        at = (other[1], other[3])[along // len(near)]
        guides.append(Guide(False, float(at), min(moved[0], float(other[0])), max(moved[2], float(other[2]))))
    return Snap(dx, dy, tuple(guides))


def _nearest(shifts: list[Floats], within: float) -> tuple[float | None, int]:
    """The smallest of some shifts, and its place among all of them; None when it is not near enough."""
    every = np.concatenate(shifts)
    if not len(every):
        return None, -1
    place = int(np.abs(every).argmin())
    shift = float(every[place])
    return (shift, place) if abs(shift) <= within else (None, -1)
