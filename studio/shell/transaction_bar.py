"""How does the window show that a run is not committed yet? Its counts, the time that is left, and the two buttons, in the status bar."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

if TYPE_CHECKING:
    from studio.session import RunHandle

_TICK_MS: Final = 1000


class TransactionBar(QFrame):
    """Visible while the transaction of a run is open."""

    commitRequested = Signal()
    rollBackRequested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("transactionBar")
        self._handle: RunHandle | None = None
        self.text = QLabel()
        self.text.setObjectName("transactionText")
        self.commit_button = QPushButton(self.tr("Commit"))
        self.commit_button.setProperty("kind", "primary")
        self.commit_button.setToolTip(self.tr("Keep everything that the run changed (Ctrl+Shift+C)"))
        self.commit_button.clicked.connect(self.commitRequested)
        self.roll_back_button = QPushButton(self.tr("Roll back"))
        self.roll_back_button.setProperty("kind", "danger")
        self.roll_back_button.setToolTip(self.tr("Undo everything that the run changed (Ctrl+Shift+R)"))
        self.roll_back_button.clicked.connect(self.rollBackRequested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 1, 4, 1)
        layout.setSpacing(8)
        for widget in (self.text, self.commit_button, self.roll_back_button):
            layout.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self.refresh)
        self.hide()

    def show_run(self, handle: RunHandle | None) -> None:
        """Shows the transaction of a run, or none."""
        self._handle = handle
        self.refresh()

    def refresh(self) -> None:
        review = self._handle.review if self._handle is not None else None
        is_open = review is not None and review.state == "open"
        self.setVisible(is_open)
        if not is_open or review is None or self._handle is None:
            self._timer.stop()
            return
        self._timer.start()
        counts = str(self._handle.changes.totals) if self._handle.changes is not None else ""
        left_s = max((review.expires_at - dt.datetime.now(dt.UTC)).total_seconds(), 0.0)
        minutes, seconds = divmod(round(left_s), 60)
        self.text.setText(
            self.tr("UNCOMMITTED  {counts}  ·  rolled back in {minutes}:{seconds:02d}").format(
                counts=counts, minutes=minutes, seconds=seconds
            )
        )
