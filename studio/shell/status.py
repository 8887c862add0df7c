"""What stands at the bottom of the window? A passing sentence, what is going on in the background, the problems and the zoom."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QStatusBar, QToolButton, QWidget

from studio.qt.background import Job
from studio.qt.icons import icon
from studio.qt.theme import Theme
from studio.shell.transaction_bar import TransactionBar

CANCEL_AFTER_MS: Final = 1500
"""After the bar has shown, which is half a second after the work began: two seconds in all."""
_SENTENCE_MS: Final = 8000


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
            self._jobs[-1].cancel()


class StatusBar(QStatusBar):
    """The window's status bar."""

    problemsClicked = Signal()
    tenantClicked = Signal()
    zoomClicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._counts: tuple[int, int] | None = None
        self.setSizeGripEnabled(False)
        self.busy = BusyBar(theme)
        self.saved = QLabel()
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
        for widget in (self.busy, self.transaction, self.saved, self.tenant, self.problems, self.zoom):
            self.addPermanentWidget(widget)
        self.set_tenant(None, is_wanted=False)
        self.set_problems(None)
        self.set_zoom(None)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.busy.set_theme(theme)
        self.set_problems(self._counts)

    def tell(self, text: str) -> None:
        self.showMessage(text, _SENTENCE_MS)

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
