"""How is a chart painted? Axes, marks, bars and lines in the theme's colours, into a widget or a picture; what it shows is in `chart_data`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from studio.panels.chart_scale import Tick, is_point, moment_text, moment_ticks, number_label, number_ticks

if TYPE_CHECKING:
    from studio.panels.chart_data import Chart
    from studio.qt.theme import Theme

_TOKENS: Final = ("type_int", "type_str", "type_datetime")
_PATTERNS: Final = (
    Qt.BrushStyle.SolidPattern,
    Qt.BrushStyle.BDiagPattern,
    Qt.BrushStyle.Dense5Pattern,
)
_DASHES: Final = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)
"""Never by colour alone."""
_FONT_PX: Final = 11
_GAP_PX: Final = 6.0
_MARK_PX: Final = 4.0
_NEAR_PX: Final = 24.0
_WIDEST_PX: Final = 90.0
"""Of a bar, where there are few."""
_DOTS_TO: Final = 80
"""With more points than these, a line has no dots."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A value as it is painted: where, and what it says."""

    area: QRectF
    text: str


class ChartPainter:
    """Lays a chart out for a size and paints it. Made anew for each chart and size; it keeps where every value came to stand."""

    def __init__(self, chart: Chart, theme: Theme, area: QRectF) -> None:
        self._chart = chart
        self._theme = theme
        self._font = theme.font(size_px=_FONT_PX)
        self._metrics = QFontMetricsF(self._font)
        self.spots: list[Spot] = []
        self._low, self._high = self._value_range()
        line = self._metrics.height()
        rows = max(2, int(area.height() / (2.2 * line)))
        are_whole = all(y.is_integer() for entry in chart.series for _, y in entry.points)
        self._y_ticks = number_ticks(self._low, self._high, min(8, rows), least_step=float(are_whole))
        widest = max((self._metrics.horizontalAdvance(tick.label) for tick in self._y_ticks), default=0.0)
        top = area.top() + _GAP_PX + line + _GAP_PX
        self._legend_at = QPointF(area.left() + widest + 3 * _GAP_PX, area.top() + _GAP_PX)
        bottom = area.bottom() - 2 * line - 2 * _GAP_PX
        left = area.left() + widest + 3 * _GAP_PX
        self._plot = QRectF(left, top, max(1.0, area.right() - 2 * _GAP_PX - left), max(1.0, bottom - top))
        self._x_low, self._x_high = self._place_range()

    # ------------------------------------------------------------ ranges

    def _value_range(self) -> tuple[float, float]:
        values = [y for entry in self._chart.series for _, y in entry.points]
        low, high = (min(values), max(values)) if values else (0.0, 1.0)
        if self._chart.kind != "line":
            low, high = min(low, 0.0), max(high, 0.0)
        if is_point(low, high):
            # One value: between nothing and itself.
            low, high = min(low, 0.0), max(high, 0.0) or 1.0
        margin = (high - low) * 0.04
        return (low - margin if low < 0 or self._chart.kind == "line" else low), high + margin

    def _place_range(self) -> tuple[float, float]:
        chart = self._chart
        if chart.kind == "histogram":
            return (chart.edges[0], chart.edges[-1]) if chart.edges else (0.0, 1.0)
        if chart.axis == "category":
            return -0.5, max(1, len(chart.labels)) - 0.5
        places = [x for entry in chart.series for x, _ in entry.points]
        low, high = (min(places), max(places)) if places else (0.0, 1.0)
        half = max(0.5, abs(low) * 1e-6)
        return (low - half, high + half) if is_point(low, high) else (low, high)

    def _x(self, place: float) -> float:
        share = (place - self._x_low) / (self._x_high - self._x_low)
        return self._plot.left() + share * self._plot.width()

    def _y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return self._plot.bottom() - share * self._plot.height()

    # ------------------------------------------------------------ painting

    def paint(self, painter: QPainter) -> None:
        painter.save()
        painter.setFont(self._font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.spots.clear()
        self._paint_values(painter)
        if self._chart.kind == "line":
            self._paint_lines(painter)
        else:
            self._paint_bars(painter)
        self._paint_places(painter)
        self._paint_legend(painter)
        painter.restore()

    def _paint_values(self, painter: QPainter) -> None:
        """The y axis: a line across for each mark, its label on the left."""
        plot, text = self._plot, self._theme.color("text_muted")
        for tick in self._y_ticks:
            y = self._y(tick.place)
            painter.setPen(QPen(self._theme.color("border"), 1))
            painter.drawLine(QLineF(plot.left(), y, plot.right(), y))
            painter.setPen(text)
            room = QRectF(0, y - self._metrics.height() / 2, plot.left() - _GAP_PX, self._metrics.height())
            painter.drawText(
                room, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), tick.label
            )

    def _paint_places(self, painter: QPainter) -> None:
        """The x axis: its line, as many labels as have room, and its name below."""
        plot, line = self._plot, self._metrics.height()
        painter.setPen(QPen(self._theme.color("text_muted"), 1))
        base = self._y(0.0) if self._low < 0 < self._high else plot.bottom()
        painter.drawLine(QLineF(plot.left(), base, plot.right(), base))
        end = plot.left() - 2 * _GAP_PX
        for tick in self._place_ticks():
            x, width = self._x(tick.place), self._metrics.horizontalAdvance(tick.label)
            left = min(max(x - width / 2, plot.left() - _GAP_PX), plot.right() + _GAP_PX - width)
            painter.drawLine(QLineF(x, plot.bottom(), x, plot.bottom() + _MARK_PX))
            if left < end + _GAP_PX:
                continue
            painter.drawText(QPointF(left, plot.bottom() + _MARK_PX + self._metrics.ascent() + 1), tick.label)
            end = left + width
        name = self._metrics.elidedText(self._chart.x_title, Qt.TextElideMode.ElideRight, plot.width())
        painter.setPen(self._theme.color("text"))
        room = QRectF(plot.left(), plot.bottom() + line + _GAP_PX, plot.width(), line)
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), name)

    def _place_ticks(self) -> list[Tick]:
        chart = self._chart
        if chart.axis == "category":
            room = max(24.0, self._plot.width() / max(1, len(chart.labels)) - _GAP_PX)
            room = max(room, min(90.0, self._plot.width() / 4))
            elided = (
                self._metrics.elidedText(label, Qt.TextElideMode.ElideRight, room) for label in chart.labels
            )
            return [Tick(float(place), label) for place, label in enumerate(elided)]
        ends = [number_label(place, 0) for place in (self._x_low, self._x_high)]
        shown = ["2025-01-31"] if chart.axis == "moment" else ends
        widest = max(self._metrics.horizontalAdvance(text) for text in shown)
        most = max(1, int(self._plot.width() / (widest + 3 * _GAP_PX)))
        ticks = moment_ticks if chart.axis == "moment" else number_ticks
        return ticks(self._x_low, self._x_high, most)

    def _paint_bars(self, painter: QPainter) -> None:
        chart, count = self._chart, max(1, len(self._chart.series))
        for number, entry in enumerate(chart.series):
            color = self._color(number)
            painter.setPen(QPen(color, 1))
            painter.setBrush(QBrush(color, _PATTERNS[number % len(_PATTERNS)]))
            for place, value in entry.points:
                left, right = self._bar_sides(int(place))
                gap = (
                    0.0 if chart.edges else max((right - left) * 0.1, (right - left - count * _WIDEST_PX) / 2)
                )
                width = (right - left - 2 * gap) / count
                x = left + gap + number * width
                y, base = self._y(value), self._y(0.0)
                bar = QRectF(x, min(y, base), max(1.0, width - 2), abs(base - y))
                if value:
                    painter.drawRect(bar)
                text = f"{self._bar_name(int(place))}\n{entry.name}: {number_label(value)}"
                self.spots.append(Spot(bar.adjusted(-1, -_MARK_PX, 1, _MARK_PX), text))
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def _bar_sides(self, place: int) -> tuple[float, float]:
        edges = self._chart.edges
        if edges:
            return self._x(edges[place]), self._x(edges[place + 1])
        return self._x(place - 0.5), self._x(place + 0.5)

    def _bar_name(self, place: int) -> str:
        edges = self._chart.edges
        if edges:
            return f"{number_label(edges[place])} … {number_label(edges[place + 1])}"
        return f"{self._chart.x_title}: {self._chart.labels[place]}"

    def _paint_lines(self, painter: QPainter) -> None:
        for number, entry in enumerate(self._chart.series):
            color = self._color(number)
            points = [QPointF(self._x(place), self._y(value)) for place, value in entry.points]
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color, 1.8, _DASHES[number % len(_DASHES)]))
            painter.drawPolyline(QPolygonF(points))
            if len(points) <= _DOTS_TO:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(color)
                for point in points:
                    painter.drawEllipse(point, 2.6, 2.6)
            for point, (place, value) in zip(points, entry.points, strict=True):
                text = (
                    f"{self._chart.x_title}: {self._place_text(place)}\n{entry.name}: {number_label(value)}"
                )
                around = QRectF(point.x() - _MARK_PX, point.y() - _MARK_PX, 2 * _MARK_PX, 2 * _MARK_PX)
                self.spots.append(Spot(around, text))

    def _place_text(self, place: float) -> str:
        if self._chart.axis == "moment":
            return moment_text(place)
        if self._chart.axis == "category":
            return self._chart.labels[int(place)]
        return number_label(place, 0 if place == int(place) else 2)

    def _paint_legend(self, painter: QPainter) -> None:
        place, line = self._legend_at, self._metrics.height()
        x = place.x()
        for number, entry in enumerate(self._chart.series):
            color = self._color(number)
            sample = QRectF(x, place.y() + line / 2 - 4, 16, 8)
            if self._chart.kind == "line":
                painter.setPen(QPen(color, 2, _DASHES[number % len(_DASHES)]))
                painter.drawLine(
                    QLineF(sample.left(), sample.center().y(), sample.right(), sample.center().y())
                )
            else:
                painter.setPen(QPen(color, 1))
                painter.setBrush(QBrush(color, _PATTERNS[number % len(_PATTERNS)]))
                painter.drawRect(sample)
            painter.setPen(self._theme.color("text"))
            painter.drawText(QPointF(x + 20, place.y() + self._metrics.ascent()), entry.name)
            x += 20 + self._metrics.horizontalAdvance(entry.name) + 3 * _GAP_PX

    def _color(self, number: int) -> QColor:
        return self._theme.color(_TOKENS[number % len(_TOKENS)])

    def spot_at(self, place: QPointF) -> Spot | None:
        """What was painted there, or nearest to it within reach."""
        inside = next((spot for spot in self.spots if spot.area.contains(place)), None)
        if inside is not None or self._chart.kind != "line":
            return inside
        nearest = min(
            self.spots,
            key=lambda spot: QLineF(spot.area.center(), place).length(),
            default=None,
        )
        if nearest is None or QLineF(nearest.area.center(), place).length() > _NEAR_PX:
            return None
        return nearest
