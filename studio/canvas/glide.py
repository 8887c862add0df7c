"""How do nodes get to where they have been put? They glide there in a fifth of a second; the workflow has them there already."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QStyle

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.canvas.curves import Floats, Ints
    from studio.canvas.geometry import Geometry

DURATION_S: Final = 0.22
_FRAME_MS: Final = 16


def desktop_reduces_motion() -> bool:
    """Whether the desktop asks for no animations."""
    return not QApplication.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration)


class Glide(QObject):
    """One movement at a time. Invariant: when it has ended or was ended, everything is exactly where the workflow has it."""

    def __init__(self, redraw: Callable[[], None], parent: QObject) -> None:
        super().__init__(parent)
        self.reduces_motion = desktop_reduces_motion()
        self._redraw = redraw
        self._geometry: Geometry | None = None
        self._indices: Ints = np.empty(0, np.int64)
        self._from: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
        self._to: tuple[Floats, Floats] = (np.empty(0), np.empty(0))
        self._began = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._step)

    def set_reduced_motion(self, reduced: bool | None) -> None:
        """Whether to go without movement; None asks the desktop."""
        self.reduces_motion = desktop_reduces_motion() if reduced is None else reduced

    @property
    def is_moving(self) -> bool:
        return self._timer.isActive()

    def begin(self, geometry: Geometry, xs: Floats, ys: Floats) -> None:
        """Lets all nodes come to where they are now from where they were: (xs, ys), in the geometry's order."""
        self.finish()
        moved = np.flatnonzero((geometry.x != xs) | (geometry.y != ys))
        if self.reduces_motion or not len(moved):
            return
        self._geometry, self._indices = geometry, moved
        self._from = (xs[moved].copy(), ys[moved].copy())
        self._to = (geometry.x[moved].copy(), geometry.y[moved].copy())
        self._began = time.perf_counter()
        geometry.place(moved, *self._from)
        self._timer.start()

    def finish(self) -> None:
        """Puts everything where it belongs at once; before anything else alters or uses the geometry."""
        if self._geometry is not None:
            self._geometry.place(self._indices, *self._to)
            self._geometry = None
            self._redraw()
        self._timer.stop()

    def _step(self) -> None:
        geometry = self._geometry
        share = (time.perf_counter() - self._began) / DURATION_S
        if geometry is None or share >= 1.0:
            self.finish()
            return
        eased = 1.0 - (1.0 - share) ** 3
        (from_x, from_y), (to_x, to_y) = self._from, self._to
        geometry.place(self._indices, from_x + (to_x - from_x) * eased, from_y + (to_y - from_y) * eased)
        self._redraw()
