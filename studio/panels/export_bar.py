"""How far is an export? A line with its progress, its speed and a button that stops it; where the rows come from is the session's business."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QLocale, QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QPushButton, QWidget

from studio.panels.widgets import ElidedLabel, counted
from studio.qt.background import run_in_background
from studio.session.exporting import Progress, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from studio.session import Session
    from studio.session.exporting import Exported, Format
    from studio.session.row_sources import RowSource

_SHOWN_AFTER_MS: Final = 500
_LOOK_MS: Final = 100
_NEVER_MS: Final = 2**31 - 1
"""Milliseconds: the bar itself says what is going on, not the window."""
FORMATS: Final[dict[Format, str]] = {
    "csv": "CSV (*.csv)",
    "json": "JSON (*.json)",
    "jsonl": "JSON Lines (*.jsonl)",
    "sql": "SQL (*.sql)",
}
"""What a file dialog calls each format; the files are named as the formats are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportWish:
    """Rows that somebody wants in a file. `name`: what they are called; `format`: None leaves it to the file's name."""

    source: RowSource
    columns: tuple[str, ...]
    name: str
    format: Format | None = None


def ask_target(parent: QWidget, wish: ExportWish, chosen: Callable[[Target], object]) -> QFileDialog:
    """Opens a dialog that asks for the file, and calls back with it; a file that is there is asked about."""
    dialog = QFileDialog(parent, parent.tr("Export rows"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setFileMode(QFileDialog.FileMode.AnyFile)
    offered: list[Format] = [wish.format] if wish.format else list(FORMATS)
    by_filter = {FORMATS[name]: name for name in offered}
    dialog.setNameFilters(list(by_filter))

    def follow_filter(text: str) -> None:
        """A name that ends as another format's gets the ending of the one that was chosen."""
        dialog.setDefaultSuffix(by_filter[text])
        for path in map(Path, dialog.selectedFiles()):
            if path.suffix.removeprefix(".") in FORMATS:
                dialog.selectFile(path.with_suffix(f".{by_filter[text]}").name)

    def accept(path: str) -> None:
        ending = Path(path).suffix.removeprefix(".").lower()
        typed = next((name for name in FORMATS if name == ending), None)
        format = wish.format or typed or by_filter[dialog.selectedNameFilter()]
        chosen(Target(path=Path(path), format=format, columns=wish.columns, table=wish.name))

    dialog.filterSelected.connect(follow_filter)
    dialog.fileSelected.connect(accept)
    dialog.finished.connect(dialog.deleteLater)
    dialog.selectFile(f"{wish.name}.{offered[0]}")
    follow_filter(FORMATS[offered[0]])
    dialog.open()
    return dialog


class ExportBar(QWidget):
    """One export, from its start to its end; it is seen only when it takes half a second."""

    message = Signal(str)
    failed = Signal(object)
    """A StudioError."""
    ended = Signal()
    """It is over, whatever became of it: the bar is of no more use."""

    def __init__(self, session: Session, source: RowSource, target: Target, parent: QWidget) -> None:
        super().__init__(parent)
        self._target = target
        self._progress = Progress()
        self._began = time.monotonic()
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 3, 8, 3)
        row.setSpacing(8)
        self.label = ElidedLabel("", self)
        self.label.setAccessibleName(self.tr("Progress of the export"))
        row.addWidget(self.label, 1)
        self.bar = QProgressBar(self)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(160, 8)
        self.bar.setRange(0, 0)
        row.addWidget(self.bar)
        self.cancel_button = QPushButton(self.tr("Cancel"), self)
        self.cancel_button.setToolTip(self.tr("Stop the export; the file stays as it was"))
        self.cancel_button.clicked.connect(self.cancel)
        row.addWidget(self.cancel_button)
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self.hide()
        self._job = run_in_background(
            self,
            session.export_rows(source, target, self._progress),
            self._exported,
            self._refused,
            text=self.tr("Exporting rows…"),
            busy_after_ms=_NEVER_MS,
        )

    def cancel(self) -> None:
        """Stops the export; nothing is left of what was written. Does nothing when it has just been done."""
        if not self._progress.stop():
            return
        self._job.cancel()
        self.message.emit(self.tr("The export was stopped; {name} is as it was.").format(name=self._name))
        self._end()

    @property
    def _name(self) -> str:
        return self._target.path.name

    def _look(self) -> None:
        lasted_s = time.monotonic() - self._began
        if lasted_s * 1000 >= _SHOWN_AFTER_MS:
            self.show()
        rows, total = self._progress.rows, self._progress.total
        if total:
            # In thousandths: a progress bar counts no further than an int of C.
            self.bar.setRange(0, 1000)
            self.bar.setValue(min(1000, rows * 1000 // total))
        of = self.tr("{rows} of {total} rows") if total is not None else self.tr("{rows} rows")
        told = of.format(rows=counted(rows), total=counted(total or 0))
        speed = self.tr("{n}/s").format(n=counted(round(rows / lasted_s))) if rows and lasted_s else ""
        self.label.set_text(
            " · ".join(part for part in (self.tr("Writing {}").format(self._name), told, speed) if part)
        )

    def _exported(self, wrote: Exported) -> None:
        rows = self.tr("1 row") if wrote.rows == 1 else self.tr("{n} rows").format(n=counted(wrote.rows))
        size = self.locale().formattedDataSize(wrote.size_bytes, 1, QLocale.DataSizeFormat.DataSizeSIFormat)
        text = self.tr("Wrote {rows} to {path} ({size}).").format(rows=rows, path=wrote.path, size=size)
        if wrote.missing:
            missing = self.tr("{n} more were counted by the run and not kept.")
            text = f"{text} {missing.format(n=counted(wrote.missing))}"
        self.message.emit(text)
        self._end()

    def _refused(self, error: object) -> None:
        self.failed.emit(error)
        self._end()

    def _end(self) -> None:
        self._timer.stop()
        self.hide()
        self.ended.emit()
