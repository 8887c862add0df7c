"""How are edges drawn near by? As short straight pieces that are worked out once and kept while only the camera shifts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from studio.canvas.camera import NEAR
from studio.canvas.curves import Cuts, Floats, Ints, trimmed
from studio.canvas.primitives import SmoothLines, flattened, in_pixels
from studio.canvas.states import CardState
from studio.canvas.style import Style, blend

if TYPE_CHECKING:
    from studio.canvas.camera import Camera
    from studio.canvas.projector import Projector
    from studio.workflow.graph import Edge

MARGIN_PX: Final = 16.0
"""More than half of the widest pen."""
SURROUNDINGS: Final = 0.5
"""So much of the window's size around it is worked out with it: a pan stays within for a while."""
LABEL_REACH_PX: Final = 9.0
"""As far as the label on an edge reaches to its sides."""
_LABELS_WHOLE: Final = 0.48
"""From this zoom on labels are as strong as all else."""
_FINE_FROM: Final = 0.6
"""From this zoom on long curves get more pieces."""
_FAR_OFF_PX: Final = 3_000.0
"""Where an edge leads so far out of the window, its pieces out there are left out."""
_TIERS: Final = np.array([90.0, 260.0, 1_600.0, 4_500.0, 10_000.0])
"""Lengths in pixels from which on a curve is cut into more pieces; before the first come lines that are straight."""
_BACK: Final = 5.0
"""What a pixel back counts of one ahead: where a curve turns, its pieces lie half a pixel from it or so at most."""
_FEW: Final = 400
"""Up to so many edges each of them is cut twice as finely: the angle between two pieces can be seen where their distance from the curve cannot."""
_LIFTED_TIER: Final = 3
"""What is moved is cut as finely as this at least: then its cuts stay the same for a while."""


def _pieces_by_tier(zoom: float, *, evenly: bool = False) -> tuple[int, ...]:
    if evenly:
        return 1, 5, 9, 16 if zoom >= _FINE_FROM else 10, 36, 56, 120
    return 1, 5, 8, 13 if zoom >= _FINE_FROM else 9, 29, 45, 96


def _sideways(curves: Floats) -> Floats:
    """How far curves go from left to right, and back: what leads back counts more, since it turns twice within that."""
    steps = curves[:, 2::2] - curves[:, :-2:2]
    there: Floats = np.maximum(steps, 0.0).sum(axis=1)
    back: Floats = np.maximum(-steps, 0.0).sum(axis=1)
    return there + _BACK * back


@dataclass(frozen=True, slots=True)
class Strokes:
    """Straight pieces in pixels, in runs of one pen each, in the order of painting.

    `lines` has the columns x1, y1, x2, y2, `boxes` left, top, right and bottom with the pen's width; run k begins at `starts[k]`.
    """

    lines: Floats
    boxes: Floats
    starts: Ints
    pens: tuple[QPen, ...]

    @classmethod
    def of(cls, runs: list[tuple[QPen, Floats]]) -> Strokes:
        lines = np.concatenate([run for _, run in runs]) if runs else np.empty((0, 4))
        counts = [len(run) for _, run in runs]
        reach = np.repeat([pen.widthF() for pen, _ in runs], counts)
        boxes = np.stack(
            [
                np.minimum(lines[:, 0], lines[:, 2]) - reach,
                np.minimum(lines[:, 1], lines[:, 3]) - reach,
                np.maximum(lines[:, 0], lines[:, 2]) + reach,
                np.maximum(lines[:, 1], lines[:, 3]) + reach,
            ]
        )
        return cls(lines, boxes, np.cumsum([0, *counts]), tuple(pen for pen, _ in runs))

    def draw(self, painter: QPainter, batch: SmoothLines, seen: QRectF, dx: float, dy: float) -> None:
        """Those that touch `seen` when they are shifted by (dx, dy); in a narrow strip they are few."""
        left, top, right, bottom = self.boxes
        kept = np.flatnonzero(
            (right > seen.left() - dx)
            & (left < seen.right() - dx)
            & (bottom > seen.top() - dy)
            & (top < seen.bottom() - dy)
        )
        if not len(kept):
            return
        lines = self.lines[kept] + (dx, dy, dx, dy)
        bounds = np.searchsorted(kept, self.starts).tolist()
        for pen, start, stop in zip(self.pens, bounds[:-1], bounds[1:], strict=True):
            if stop > start:
                painter.setPen(pen)
                batch.draw(painter, lines[start:stop])


@dataclass(frozen=True, slots=True)
class _Kept:
    """Strokes of all edges in a window and as far around it as `reach` says (in window sizes), and what they depend on."""

    objects: tuple[object, ...]
    values: tuple[object, ...]
    camera: Camera
    reach: float
    strokes: Strokes

    def serves(self, objects: tuple[object, ...], values: tuple[object, ...], camera: Camera) -> bool:
        mine = self.camera
        more_x, more_y = mine.width * self.reach / mine.zoom, mine.height * self.reach / mine.zoom
        return (
            self.values == values
            and all(a is b for a, b in zip(self.objects, objects, strict=True))
            and mine.left - more_x <= camera.left
            and mine.top - more_y <= camera.top
            and camera.right <= mine.right + more_x
            and camera.bottom <= mine.bottom + more_y
        )


@dataclass(frozen=True, slots=True)
class _Strands:
    """The edges that are lifted, in the order of painting, and what that depends on: `rows` of them, run k from `starts[k]` on with its pen.

    `pieces` says into how many an edge of each tier is cut.
    """

    objects: tuple[object, ...]
    values: tuple[object, ...]
    pens: tuple[QPen, ...]
    rows: Ints
    starts: Ints
    pieces: Ints

    @classmethod
    def of(
        cls,
        objects: tuple[object, ...],
        values: tuple[object, ...],
        runs: list[tuple[QPen, Ints]],
        pieces: Ints,
    ) -> _Strands:
        rows = np.concatenate([rows for _, rows in runs])
        starts = np.cumsum([0, *(len(rows) for _, rows in runs)])
        return cls(objects, values, tuple(pen for pen, _ in runs), rows, starts, pieces)

    def serve(self, objects: tuple[object, ...], values: tuple[object, ...]) -> bool:
        return self.values == values and all(a is b for a, b in zip(self.objects, objects, strict=True))


class EdgePainter:
    """Draws a projector's edges at zooms from NEAR on."""

    def __init__(self, projector: Projector, style: Style) -> None:
        self.projector = projector
        self.style = style
        self.hovered: int | None = None
        self.is_dimmed = False
        """While a wire is dragged, all edges step back."""
        self.fineness = 1
        """How many times the usual number of straight pieces a curve is made of: more for a picture that people look at closely."""
        self._lines = SmoothLines()
        self._kept: _Kept | None = None
        self._lifted: list[tuple[QPen, Floats]] = []
        """In the order of painting, what each pen draws."""
        self._strands: _Strands | None = None
        self._cuts: Cuts | None = None

    def _refined(self, pieces: int) -> int:
        few = len(self.projector.geometry.edges) <= _FEW
        return pieces * max(self.fineness, 2 if few else 1)

    def set_style(self, style: Style) -> None:
        self.style = style
        self._kept = self._strands = None

    def paint(
        self,
        painter: QPainter,
        camera: Camera,
        seen: QRectF,
        phase: float,
        *,
        in_hurry: bool = False,
    ) -> None:
        """All edges that touch the part `seen` of the widget. `in_hurry`: rather soon than smooth."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, not in_hurry)
        kept = self._surroundings(camera)
        # Cameras lie on whole pixels: a shift leaves the picture of each piece as it was.
        dx = (kept.camera.left - camera.left) * camera.zoom
        dy = (kept.camera.top - camera.top) * camera.zoom
        kept.strokes.draw(painter, self._lines, seen, dx, dy)
        self._running(painter, camera, seen, phase)

    def paint_but(self, painter: QPainter, camera: Camera, others: Ints) -> None:
        """All edges in the window except some."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        window = QRectF(0, 0, camera.width, camera.height)
        which = np.setdiff1d(self.in_sight(camera, window), others, assume_unique=True)
        self._strokes(camera, which).draw(painter, self._lines, window, 0.0, 0.0)

    def lift(self, camera: Camera, which: Ints) -> Floats:
        """Works out where some edges without points run now, for `paint_lifted`.

        Returns rows of left, top, right and bottom in pixels, within which they are drawn.
        """
        if not len(which):
            self._lifted = []
            return np.empty((0, 4))
        geometry = self.projector.geometry
        objects = (which, geometry.selected, geometry.edge_selected)
        values = (camera.zoom, self.hovered, self.is_dimmed)
        strands = self._strands
        if strands is None or not strands.serve(objects, values):
            runs = self._runs(which, camera.zoom)
            pieces = [self._refined(count) for count in _pieces_by_tier(camera.zoom)]
            strands = self._strands = _Strands.of(objects, values, runs, np.array(pieces))
        curves = in_pixels(geometry.curves(which[strands.rows])[0], camera)
        lengths = np.abs(curves[:, 7] - curves[:, 1]) + _sideways(curves)
        tiers = np.maximum(1 + _TIERS.searchsorted(lengths), _LIFTED_TIER)
        counts = strands.pieces[tiers]
        cuts = self._cuts
        if cuts is None or not np.array_equal(cuts.pieces, counts):
            cuts = self._cuts = Cuts.of(counts)
        points = cuts.points(curves)
        boxes = cuts.boxes(points)
        lines, starts = cuts.lines(points), cuts.starts[strands.starts]
        if boxes.min() < -_FAR_OFF_PX or boxes.max() > max(camera.width, camera.height) + _FAR_OFF_PX:
            first, last = lines[:, :2], lines[:, 2:]
            window = np.array([camera.width, camera.height])
            near = (np.maximum(first, last) > -MARGIN_PX) & (np.minimum(first, last) < window + MARGIN_PX)
            kept_rows = np.flatnonzero(near.all(axis=1))
            lines, starts = lines[kept_rows], np.searchsorted(kept_rows, starts)
        bounds = starts.tolist()
        self._lifted = [
            (pen, lines[start:stop])
            for pen, start, stop in zip(strands.pens, bounds[:-1], bounds[1:], strict=True)
        ]
        return boxes

    def paint_lifted(self, painter: QPainter) -> None:
        """The edges that were lifted last, where they ran then."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for pen, lines in self._lifted:
            painter.setPen(pen)
            self._lines.draw(painter, lines)

    def in_sight(self, camera: Camera, seen: QRectF) -> Ints:
        """The edges whose surroundings touch a part of the widget."""
        left, top = camera.to_scene(seen.left() - LABEL_REACH_PX, seen.top() - LABEL_REACH_PX)
        right, bottom = camera.to_scene(seen.right() + LABEL_REACH_PX, seen.bottom() + LABEL_REACH_PX)
        return self.projector.geometry.edges_in(left, top, right, bottom)

    def _surroundings(self, camera: Camera) -> _Kept:
        """The strokes of all edges in the window, worked out anew when anything they depend on is another."""
        geometry, kept = self.projector.geometry, self._kept
        objects = (geometry, geometry.selected, geometry.edge_selected)
        values = (geometry.revision, camera.zoom, self.hovered, self.is_dimmed)
        if kept is None or not kept.serves(objects, values, camera):
            # With a margin once the zoom stays; while zooming, each frame is the first of its kind.
            reach = SURROUNDINGS if kept is not None and kept.camera.zoom == camera.zoom else 0.0
            more_x, more_y = camera.width * reach, camera.height * reach
            around = QRectF(0, 0, camera.width, camera.height).adjusted(-more_x, -more_y, more_x, more_y)
            strokes = self._strokes(camera, self.in_sight(camera, around))
            kept = self._kept = _Kept(objects, values, camera, reach, strokes)
        return kept

    def _strokes(self, camera: Camera, which: Ints) -> Strokes:
        if not len(which):
            return Strokes.of([])
        curves, which = self.projector.geometry.curves(which)
        curves = in_pixels(curves, camera)
        runs = self._runs(which, camera.zoom)
        return Strokes.of([(pen, self._pieces(curves[rows], camera.zoom)) for pen, rows in runs])

    def _runs(self, which: Ints, zoom: float) -> list[tuple[QPen, Ints]]:
        """In the order of painting: a pen, and the rows of the edges `which` that it draws."""
        geometry, style = self.projector.geometry, self.style
        kinds = geometry.edge_kind[which]
        selected = geometry.edge_selected[which]
        lit = selected | geometry.selected[geometry.source[which]] | geometry.selected[geometry.target[which]]
        if self.hovered is not None:
            lit |= which == self.hovered
        width = min(max(2.0 * zoom, 1.3), 3.0)
        # Opaque colours only: a translucent line costs thirty times as much. What has nothing to do with the selection steps back.
        steps_back = self.is_dimmed or geometry.selected.any() or geometry.edge_selected.any()
        strength = style.edges_behind if steps_back else style.edges_usual
        runs: list[tuple[QPen, Ints]] = []

        def add(rows: np.ndarray, color: QColor, pen_width: float) -> None:
            if rows.any():
                pen = QPen(color, pen_width)
                pen.setCapStyle(Qt.PenCapStyle.SquareCap)
                runs.append((pen, np.flatnonzero(rows)))

        for kind in sorted(set(kinds[~lit].tolist())):
            add((kinds == kind) & ~lit, blend(style.canvas, style.kinds[kind], strength), width)
        add(selected, blend(style.canvas, style.accent, 0.6), width + 5)
        for kind in sorted(set(kinds[lit].tolist())):
            add((kinds == kind) & lit, style.kinds[kind], width + 0.8)
        return runs

    def _pieces(self, curves: Floats, zoom: float) -> Floats:
        """Curves as short straight pieces, fewer where fewer are enough; how many does not depend on what else is seen."""
        rise = np.abs(curves[:, 7] - curves[:, 1])
        # Out of ports edges run level, and bend there most; past points they need not.
        evenly = bool(len(self.projector.geometry.dots))
        if evenly:
            rise = np.ptp(curves[:, 1::2], axis=1)
        length = rise + _sideways(curves)
        straight = (rise < 1.5) & (curves[:, 6] > curves[:, 0])
        tier = np.where(straight, 0, 1 + _TIERS.searchsorted(length))
        pieces = _pieces_by_tier(zoom, evenly=evenly)
        return np.concatenate(
            [
                flattened(curves[tier == k], self._refined(pieces[k]), evenly=evenly)
                for k in set(tier.tolist())
            ]
        )

    def _running(self, painter: QPainter, camera: Camera, seen: QRectF, phase: float) -> None:
        """Dashes that travel towards nodes that are running."""
        running = self.projector.running
        if not running:
            return
        geometry = self.projector.geometry
        curves, which = geometry.curves(self.in_sight(camera, seen))
        into = np.isin(geometry.target[which], geometry.indices(running))
        curves, _ = trimmed(in_pixels(curves[into], camera), camera.width, camera.height)
        if not len(curves):
            return
        pieces = 36
        lines = flattened(curves, pieces)
        order = (np.arange(len(lines)) % pieces - int(phase * 12)) % 4 < 2
        pen = QPen(self.style.states[CardState.RUNNING], min(max(2.6 * camera.zoom, 1.8), 3.6))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        painter.setPen(pen)
        self._lines.draw(painter, lines[order])

    def paint_labels(
        self, painter: QPainter, camera: Camera, which: Ints, label: Callable[[Edge], str]
    ) -> None:
        """What stands on the edges after a run, in the middle of each that is long enough for it."""
        geometry, style = self.projector.geometry, self.style
        metrics, height = style.small_metrics, 15.0
        if camera.zoom >= NEAR:
            # From further away the window shows none: they fade on the way there.
            painter.setOpacity(min((camera.zoom - NEAR) / (_LABELS_WHOLE - NEAR), 1.0))
        painter.setFont(style.small_font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        for i in which.tolist():
            if i == self.hovered:
                continue
            if not (text := label(geometry.edges[i])):
                continue
            room = geometry.span(i) * camera.zoom - 14
            if room < height:
                continue
            width = max(metrics.horizontalAdvance(text) + 9, height)
            if width > room:
                continue
            center = QPointF(*camera.to_pixels(*geometry.middle(i)))
            box = QRectF(center.x() - width / 2, center.y() - height / 2, width, height)
            painter.setPen(QPen(style.kinds[int(geometry.edge_kind[i])], 1.0))
            painter.setBrush(style.canvas)
            painter.drawRoundedRect(box, height / 2, height / 2)
            painter.setPen(style.text)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
        painter.setOpacity(1.0)
