"""How are rows looked at as a chart? Its kind, its columns, the chart itself with what each value says, and the chart as a picture."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QHelpEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QToolButton,
    QToolTip,
    QVBoxLayout,
    QWidget,
)

from studio.kernel.errors import StudioError
from studio.panels.chart_data import (
    MOST_VALUES,
    Chart,
    ChartWish,
    can_be_value,
    first_wish,
    make_chart,
)
from studio.panels.chart_paint import ChartPainter
from studio.panels.widgets import EmptyState, add_action, counted, muted_label, repaint_icons, tool_button
from studio.qt.background import run_in_background

if TYPE_CHECKING:
    from studio.panels.rows_model import Fetch, PageLike
    from studio.qt.background import Job
    from studio.qt.theme import Theme
    from studio.session.row_sources import RowSource

MOST_CHARTED: Final = 5_000
"""Rows; the first ones, in the order that is shown."""
_PICTURE_SCALE: Final = 2.0


class ChartCanvas(QWidget):
    """The painted chart; a tooltip says what lies under the pointer."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._chart: Chart | None = None
        self._painter: ChartPainter | None = None
        self.setMinimumSize(160, 110)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(self.tr("Chart"))

    @property
    def chart(self) -> Chart | None:
        return self._chart

    def show_chart(self, chart: Chart) -> None:
        self._chart, self._painter = chart, None
        told = [f"{entry.name}: {len(entry.points)}" for entry in chart.series]
        self.setAccessibleDescription(self.tr("Values by {x}. ").format(x=chart.x_title) + ", ".join(told))
        self.update()

    def set_theme(self, theme: Theme) -> None:
        self.theme, self._painter = theme, None
        self.update()

    def picture(self) -> QPixmap:
        """The chart as it is seen, twice as fine."""
        pixmap = QPixmap(self.size() * _PICTURE_SCALE)
        pixmap.setDevicePixelRatio(_PICTURE_SCALE)
        pixmap.fill(self.theme.color("panel"))
        painter = QPainter(pixmap)
        try:
            if self._chart is not None:
                ChartPainter(self._chart, self.theme, QRectF(self.rect())).paint(painter)
        finally:
            painter.end()
        return pixmap

    def text_at(self, place: QPointF) -> str:
        """What the value there says; an empty text where there is none."""
        spot = self._painter.spot_at(place) if self._painter is not None else None
        return spot.text if spot is not None else ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._painter = None

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        try:
            painter.fillRect(self.rect(), self.theme.color("panel"))
            if self._chart is not None:
                if self._painter is None:
                    self._painter = ChartPainter(self._chart, self.theme, QRectF(self.rect()))
                self._painter.paint(painter)
        finally:
            painter.end()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self.text_at(QPointF(event.pos()))
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


class ChartView(QWidget):
    """The first rows of a source as a chart. It asks for them itself, when it is shown."""

    message = Signal(str)
    failed = Signal(object)

    def __init__(self, fetch: Fetch, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme
        self._fetch = fetch
        self._source: RowSource | None = None
        self._kinds: Mapping[str, str] = {}
        self._columns: tuple[str, ...] = ()
        self._rows: Sequence[Mapping[str, Any]] = ()
        self._total: int | None = None
        self._wish = ChartWish()
        self._is_new = True
        """Whether nobody has said yet what of these columns is to be drawn."""
        self._reading: Job | None = None
        self._drawing: Job | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._make_bar())
        self._pages = QStackedWidget(self)
        self.canvas = ChartCanvas(theme, self._pages)
        self.empty = EmptyState(theme, self._pages)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.canvas)
        column.addWidget(self._pages, 1)
        self.status = muted_label("", self)
        self.status.setContentsMargins(8, 2, 8, 2)
        self.status.setAccessibleName(self.tr("What the chart shows"))
        column.addWidget(self.status)

    def _make_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setContentsMargins(8, 3, 4, 3)
        bar.setSpacing(4)
        self.kind = self._combo(
            self.tr("Kind of chart"),
            ((self.tr("Bars"), "bar"), (self.tr("Line"), "line"), (self.tr("Histogram"), "histogram")),
        )
        bar.addWidget(self.kind)
        self.along = self._combo(self.tr("Column along the axis"), ())
        bar.addWidget(self.along)
        self.values = tool_button(
            "columns",
            self.theme,
            self,
            tip=self.tr("Columns whose values are drawn, at most {n}").format(n=MOST_VALUES),
            text=self.tr("Values"),
        )
        self.values.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._values_menu = QMenu(self.values)
        self._values_menu.setToolTipsVisible(True)
        self.values.setMenu(self._values_menu)
        bar.addWidget(self.values)
        self.merge = self._combo(
            self.tr("What becomes of several values at one place"),
            (
                (self.tr("Sum"), "sum"),
                (self.tr("Mean"), "mean"),
                (self.tr("Least"), "min"),
                (self.tr("Greatest"), "max"),
                (self.tr("Count"), "count"),
            ),
        )
        bar.addWidget(self.merge)
        bar.addStretch(1)
        self.picture_button = tool_button(
            "image", self.theme, self, tip=self.tr("Copy the chart as a picture, or save it")
        )
        self.picture_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.picture_button)
        add_action(menu, self.tr("&Copy picture"), self.copy_picture)
        add_action(menu, self.tr("&Save picture…"), self.save_picture)
        self.picture_button.setMenu(menu)
        bar.addWidget(self.picture_button)
        return bar

    def _combo(self, tip: str, entries: Sequence[tuple[str, str]]) -> QComboBox:
        combo = QComboBox(self)
        combo.setToolTip(tip)
        combo.setAccessibleName(tip)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        for text, data in entries:
            combo.addItem(text, data)
        combo.activated.connect(self._chosen)
        return combo

    # ------------------------------------------------------------ what is shown

    def forget(self) -> None:
        """What is shown is no longer what there is."""
        self._source = None

    def show_rows(self, source: RowSource | None, columns: tuple[str, ...], kinds: Mapping[str, str]) -> None:
        """Draws the first rows of a source, unless that is what is drawn already."""
        if source is None or not columns or source == self._source:
            return
        if self._reading is not None:
            self._reading.cancel()
        self._source, self._kinds = source, kinds
        self._is_new, self._columns = self._is_new or columns != self._columns, columns
        self._reading = run_in_background(
            self,
            self._fetch(source, offset=0, limit=MOST_CHARTED),
            self._arrived,
            self._refused,
            stopped=self._given_up,
            text=self.tr("Reading rows for the chart…"),
        )

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.canvas.set_theme(theme)
        self.empty.set_theme(theme)
        repaint_icons(self, theme)

    @property
    def wish(self) -> ChartWish:
        return self._wish

    def set_wish(self, wish: ChartWish) -> None:
        """Draws something else of the same rows."""
        self._show_wish(wish)
        self._draw()

    def _show_wish(self, wish: ChartWish) -> None:
        self._wish = wish
        self.kind.setCurrentIndex(self.kind.findData(wish.kind))
        self.along.clear()
        self.along.addItem(self.tr("Row number"), "")
        for name in self._columns:
            self.along.addItem(name, name)
        self.along.setCurrentIndex(max(0, self.along.findData(wish.x)))
        self.along.setVisible(wish.kind != "histogram")
        self.merge.setCurrentIndex(self.merge.findData(wish.merge))
        self.merge.setVisible(wish.kind != "histogram" and bool(wish.values))
        self._values_menu.clear()
        for name in self._columns:
            if not can_be_value(self._kinds.get(name, "")):
                continue
            action = QAction(name, self._values_menu)
            action.setCheckable(True)
            action.setChecked(name in wish.values)
            action.setEnabled(name in wish.values or len(wish.values) < MOST_VALUES)
            action.setToolTip(self.tr("{name}: {kind}").format(name=name, kind=self._kinds.get(name, "")))
            # Queued: the menu is filled anew then, and this action goes.
            action.toggled.connect(self._value_toggled, Qt.ConnectionType.QueuedConnection)
            self._values_menu.addAction(action)
        self.values.setEnabled(bool(self._values_menu.actions()))
        self.values.setText(", ".join(wish.values) if wish.values else self.tr("Number of rows"))

    def _chosen(self) -> None:
        self.set_wish(
            replace(
                self._wish,
                kind=self.kind.currentData(),
                x=str(self.along.currentData()),
                merge=self.merge.currentData(),
            )
        )

    def _value_toggled(self) -> None:
        chosen = [action.text() for action in self._values_menu.actions() if action.isChecked()]
        self.set_wish(replace(self._wish, values=tuple(chosen[:MOST_VALUES])))

    def _arrived(self, page: PageLike) -> None:
        self._reading = None
        self._rows, self._total = page.rows, page.total
        if self._is_new:
            self._is_new = False
            self._show_wish(first_wish(self._columns, self._kinds, self._rows))
        self._draw()

    def _refused(self, error: StudioError) -> None:
        self._given_up()
        self.failed.emit(error)

    def _given_up(self) -> None:
        self._reading = None
        self.forget()

    def _draw(self) -> None:
        if self._drawing is not None:
            self._drawing.cancel()
        if self._reading is not None:
            return  # the rows come, and are drawn then
        self._drawing = run_in_background(
            self, asyncio.to_thread(make_chart, self._rows, self._wish), self._drawn, self.failed.emit
        )

    def _drawn(self, chart: Chart) -> None:
        self._drawing = None
        self.canvas.show_chart(chart)
        if not self._rows:
            self._show_empty(self.tr("No rows to draw"), "")
        elif chart.is_empty:
            self._show_empty(
                self.tr("Nothing to draw"),
                self.tr("Choose columns that hold numbers under Values.")
                if not self._wish.values
                else self.tr("These columns hold no numbers in the rows that are shown."),
            )
        else:
            self._pages.setCurrentWidget(self.canvas)
        self.status.setText(self._told(chart))

    def _show_empty(self, title: str, text: str) -> None:
        self.empty.show_state(title, text, picture="chart-bar")
        self._pages.setCurrentWidget(self.empty)

    def _told(self, chart: Chart) -> str:
        shown, total = len(self._rows), self._total
        if total is None or shown < total:
            of = counted(total) if total is not None else self.tr("more")
            parts = [self.tr("The first {n} of {total} rows").format(n=counted(shown), total=of)]
        else:
            parts = [self.tr("All {n} rows").format(n=counted(shown))]
        if chart.left_out:
            parts.append(
                self.tr("the first {n} of {total} bars").format(
                    n=counted(len(chart.labels)), total=counted(len(chart.labels) + chart.left_out)
                )
            )
        if chart.lacking and not chart.is_empty:
            parts.append(self.tr("{n} rows have no value here").format(n=counted(chart.lacking)))
        return " · ".join(parts)

    # ------------------------------------------------------------ as a picture

    def copy_picture(self) -> None:
        QGuiApplication.clipboard().setPixmap(self.canvas.picture())
        self.message.emit(self.tr("Copied the chart as a picture."))

    def save_picture(self) -> None:
        dialog = QFileDialog(self, self.tr("Save chart"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.setNameFilters(["PNG (*.png)"])
        dialog.selectFile("chart.png")
        dialog.fileSelected.connect(self._save)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _save(self, path: str) -> None:
        if self.canvas.picture().save(path, "PNG"):
            self.message.emit(self.tr("Wrote {name}.").format(name=Path(path).name))
        else:
            self.failed.emit(StudioError(f"{path} cannot be written.", hint="Choose another place."))
