"""What stands at the bottom of the window? A passing sentence, what goes on, the database, when it was saved, the problems and the zoom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QEvent, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QStatusBar,
    QStyle,
    QStyleOption,
    QToolButton,
    QToolTip,
    QWidget,
)

from studio.panels.widgets import set_role
from studio.qt.background import Job
from studio.qt.icons import icon
from studio.qt.theme import Theme
from studio.shell.connection_watch import Standpoint
from studio.shell.transaction_bar import TransactionBar

if TYPE_CHECKING:
    from studio.project import Connection

CANCEL_AFTER_MS: Final = 1500
"""After the bar has shown, which is half a second after the work began: two seconds in all."""
_SENTENCE_MS: Final = 8000
_INSET_PX: Final = 6


class BusyBar(QWidget):
    """Shows the latest of the jobs that take long; what takes longer still can be cancelled."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs: list[Job] = []
        self._text = QLabel()
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setFixedSize(110, 8)
        bar.setTextVisible(False)
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.setProperty("kind", "flat")
        self.set_theme(theme)
        self.cancel_button.clicked.connect(self._cancel)
        self.cancel_button.hide()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.cancel_button.show)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self._text, bar, self.cancel_button):
            layout.addWidget(widget)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.cancel_button.setIcon(icon("ph.x", theme, "text_muted"))

    def add(self, job: Job) -> None:
        self._jobs.append(job)
        self._show()

    def remove(self, job: Job) -> None:
        if job in self._jobs:
            self._jobs.remove(job)
        self._show()

    def _show(self) -> None:
        self.cancel_button.hide()
        self.setVisible(bool(self._jobs))
        if self._jobs:
            self._text.setText(self._jobs[-1].text or self.tr("Working…"))
            self._timer.start(CANCEL_AFTER_MS)
        else:
            self._timer.stop()

    def _cancel(self) -> None:
        if self._jobs:
            self._jobs[-1].stop()


class StatusBar(QStatusBar):
    """The window's status bar. A sentence that has no room ends with an ellipsis; the pointer upon it shows the whole."""

    connectionClicked = Signal()
    savedClicked = Signal()
    problemsClicked = Signal()
    tenantClicked = Signal()
    zoomClicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: tuple[int, int] | None = None
        self.setSizeGripEnabled(False)
        self.busy = BusyBar(theme)
        self.connection = QToolButton()
        self.connection.setObjectName("connectionState")
        self.connection.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.connection.setIconSize(QSize(11, 11))
        self.connection.clicked.connect(self.connectionClicked)
        self._standpoint = Standpoint(state="none")
        self.saved = QToolButton()
        self.saved.setObjectName("savedState")
        self.saved.setToolTip(self.tr("Save the project  (Ctrl+S)"))
        self.saved.clicked.connect(self.savedClicked)
        self.problems = QToolButton()
        self.problems.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.problems.setIconSize(QSize(15, 15))
        self.problems.setToolTip(self.tr("Show the problems of this workflow"))
        self.problems.clicked.connect(self.problemsClicked)
        self.tenant = QToolButton()
        self.tenant.setToolTip(self.tr("Whose records are meant, in models that keep them by tenant"))
        self.tenant.clicked.connect(self.tenantClicked)
        self.zoom = QToolButton()
        self.zoom.setToolTip(self.tr("Zoom; a click shows the actual size  (Ctrl+0)"))
        self.zoom.clicked.connect(self.zoomClicked)
        self.transaction = TransactionBar()
        self._parts = (
            self.busy,
            self.connection,
            self.transaction,
            self.saved,
            self.tenant,
            self.problems,
            self.zoom,
        )
        for widget in self._parts:
            self.addPermanentWidget(widget)
        self.show_connection(self._standpoint)
        self.set_tenant(None, is_wanted=False)
        self.set_problems(None)
        self.set_zoom(None)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.busy.set_theme(theme)
        self.set_problems(self._counts)
        self.show_connection(self._standpoint)

    def tell(self, text: str) -> None:
        self.showMessage(text, _SENTENCE_MS)

    @property
    def shown_sentence(self) -> str:
        """As much of the sentence as there is room for."""
        room = self._room_of_sentence()
        return self.fontMetrics().elidedText(self.currentMessage(), Qt.TextElideMode.ElideRight, room.width())

    def _room_of_sentence(self) -> QRect:
        """Before the first of the parts that stand at the end."""
        room = self.rect().adjusted(_INSET_PX, 0, -_INSET_PX, 0)
        shown = [part for part in self._parts if part.isVisible()]
        if not shown:
            return room
        if self.layoutDirection() == Qt.LayoutDirection.RightToLeft:
            room.setLeft(max(part.geometry().right() for part in shown) + _INSET_PX)
        else:
            room.setRight(min(part.x() for part in shown) - _INSET_PX)
        return room

    def paintEvent(self, event: QPaintEvent) -> None:
        """Qt's own would cut the sentence off."""
        painter = QPainter(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelStatusBar, _option_of(self), painter, self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        start = QStyle.visualAlignment(self.layoutDirection(), Qt.AlignmentFlag.AlignLeft)
        place = start | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        painter.drawText(self._room_of_sentence(), place, self.shown_sentence)
        painter.end()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self._room_of_sentence().contains(event.pos()):
            whole = self.currentMessage()
            QToolTip.showText(event.globalPos(), whole if self.shown_sentence != whole else "", self)
            return True
        return super().event(event)

    def set_problems(self, counts: tuple[int, int] | None) -> None:
        """Errors and warnings of the workflow that is shown; None: no workflow."""
        self._counts = counts
        self.problems.setVisible(counts is not None)
        if counts is None:
            return
        errors, warnings = counts
        if errors or warnings:
            parts = []
            if errors:
                parts.append(self.tr("1 error") if errors == 1 else self.tr("{} errors").format(errors))
            if warnings:
                parts.append(
                    self.tr("1 warning") if warnings == 1 else self.tr("{} warnings").format(warnings)
                )
            self.problems.setText(" " + ", ".join(parts))
            token = "error" if errors else "warning"
            self.problems.setIcon(icon("ph.warning-circle", self._theme, token))
        else:
            self.problems.setText(" " + self.tr("No problems"))
            self.problems.setIcon(icon("ph.check-circle", self._theme, "ok"))

    def set_tenant(self, tenant: str | None, *, is_wanted: bool) -> None:
        """Whose records are meant; shown when a tenant is named, or must be for some model."""
        self.tenant.setVisible(is_wanted or tenant is not None)
        self.tenant.setText(
            self.tr("Tenant {}").format(tenant) if tenant is not None else self.tr("No tenant")
        )

    def set_zoom(self, zoom: float | None) -> None:
        self.zoom.setVisible(zoom is not None)
        self.zoom.setText("" if zoom is None else f"{zoom * 100:.0f} %")

    def set_saved(self, text: str) -> None:
        self.saved.setText(text)
        self.saved.setVisible(bool(text))

    def show_connection(self, standpoint: Any) -> None:
        """Says whether the project's database answers; nothing for a project without one."""
        self._standpoint = standpoint
        connection = standpoint.connection
        self.connection.setVisible(connection is not None)
        if connection is None:
            return
        text, token = self._words(standpoint, connection)
        set_role(self.connection, "stage", connection.stage)
        if connection.stage:
            text = f"{text} · {connection.stage}"
        if connection.read_only:
            text = self.tr("{} · read only").format(text)
        self.connection.setText(f" {text}")
        self.connection.setIcon(
            icon("ph.circle" if token == "text_muted" else "ph.circle-fill", self._theme, token)
        )
        self.connection.setToolTip(self._details(standpoint, connection))
        self.connection.setAccessibleName(text)

    def _words(self, standpoint: Standpoint, connection: Connection) -> tuple[str, str]:
        """What is said, and the colour of its mark."""
        name, info = connection.name, standpoint.info
        match standpoint.state:
            case "connected" if info is not None:
                version = info.version.partition(".")[0] if info.product == "PostgreSQL" else info.version
                return self.tr("Connected {} ({} {})").format(name, info.product, version), "ok"
            case "lost":
                words = self.tr("Lost {}") if info is not None else self.tr("Not connected to {}")
                return words.format(name), "error"
            case "refused":
                return self.tr("Not connected to {}").format(name), "error"
            case "not-made":
                return self.tr("{}: no file yet").format(name), "text_muted"
            case _:
                return self.tr("Connecting to {}…").format(name), "running"

    def _details(self, standpoint: Standpoint, connection: Connection) -> str:
        info, error = standpoint.info, standpoint.error
        lines = [connection.url]
        if error is not None:
            lines += [error.message, error.hint]
            lines.append(
                self.tr("It is tried again every few seconds.") if standpoint.state == "lost" else ""
            )
        elif info is not None:
            lines.append(f"{info.product} {info.version}")
        elif standpoint.state == "not-made":
            lines.append(self.tr("The file is made by the first run that writes."))
        lines.append(self.tr("A click shows the connections."))
        return "\n".join(filter(None, lines))


def _option_of(widget: QWidget) -> QStyleOption:
    option = QStyleOption()
    option.initFrom(widget)
    return option
