"""What happens when Studio itself is at fault? The log files, the hooks that catch every stray exception, and the report a person can copy.

Nothing is sent anywhere. A StudioError is never a crash: whoever gets one shows it.
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, QUrl, Signal, qInstallMessageHandler
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

_LOG: Final = logging.getLogger("studio")
_QT_LOG: Final = logging.getLogger("studio.qt.messages")
_URL_PASSWORD: Final = re.compile(
    r"(?P<head>[a-z][a-z0-9+.-]*://[^\s:/@]*:)(?P<secret>[^\s@]+)(?=@)", re.IGNORECASE
)
_NAMED_SECRET: Final = re.compile(
    r"(?P<head>(?:password|passwd|pwd|secret|token|api[_-]?key)[\"']?\s*[:=]\s*[\"']?)(?P<secret>[^\s\"',;&)}]+)",
    re.IGNORECASE,
)
LOG_FILE: Final = "studio.log"
"""In the folder of logs: what has happened, the newest last; older parts stand beside it with a number."""
_QT_NOISE: Final = ("This plugin does not support propagateSizeHints", "QFont::setPixelSize")
_LEVELS: Final = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def masked(text: str) -> str:
    """The text with passwords in URLs and values named like secrets replaced by asterisks."""
    text = _URL_PASSWORD.sub(lambda found: found["head"] + "***", text)
    return _NAMED_SECRET.sub(lambda found: found["head"] + "***", text)


class _MaskingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class CrashReporter(QObject):
    """Catches what nobody caught, writes it to the log file and asks for a report to be shown.

    `crashed` is emitted on the GUI thread with the report's text, at most once for the same place in the code.
    """

    crashed = Signal(str)
    _caught = Signal(str)

    def __init__(self, folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.folder = folder
        self._known: set[str] = set()
        self._handler: logging.Handler | None = None
        self._faults: IO[str] | None = None
        self._undo: list[Callable[[], object]] = []
        self._caught.connect(self.crashed, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Takes the hooks of Python and Qt, and begins to write `studio.log` (five files of 2 MB at most)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(
            self.folder / LOG_FILE, maxBytes=2_000_000, backupCount=4, encoding="utf-8", delay=True
        )
        handler.setFormatter(_MaskingFormatter("%(asctime)s %(levelname)-7s %(name)s  %(message)s"))
        _LOG.addHandler(handler)
        if _LOG.getEffectiveLevel() > logging.INFO or _LOG.level == logging.NOTSET:
            _LOG.setLevel(logging.INFO)
        self._handler = handler
        self._faults = (self.folder / "faults.log").open("a", encoding="utf-8")
        was_enabled = faulthandler.is_enabled()
        faulthandler.enable(self._faults)

        hooks = (sys.excepthook, threading.excepthook, sys.unraisablehook)
        sys.excepthook = self.catch
        threading.excepthook = self._catch_in_thread
        sys.unraisablehook = self._catch_unraisable
        qInstallMessageHandler(_write_qt_message)

        def give_back() -> None:
            sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
            qInstallMessageHandler(None)
            faulthandler.disable()
            if was_enabled and sys.__stderr__ is not None:
                faulthandler.enable(sys.__stderr__)

        self._undo.append(give_back)

    def uninstall(self) -> None:
        """Gives the hooks back and closes the files."""
        for undo in self._undo:
            undo()
        self._undo.clear()
        if self._handler is not None:
            _LOG.removeHandler(self._handler)
            self._handler.close()
            self._handler = None
        if self._faults is not None:
            self._faults.close()
            self._faults = None

    def catch(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """For `sys.excepthook`: logs, and reports unless the very same place was reported before."""
        if issubclass(kind, KeyboardInterrupt | SystemExit):
            sys.__excepthook__(kind, error, trace)
            return
        lines = "".join(traceback.format_exception(kind, error, trace))
        _LOG.critical("Nobody caught this:\n%s", lines)
        print(masked(lines), file=sys.stderr)  # noqa: T201 - whoever started Studio in a terminal wants to see it
        place = _place(kind, trace)
        if place not in self._known:
            self._known.add(place)
            self._caught.emit(report(masked(lines)))

    def catch_in_loop(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """For `loop.set_exception_handler`."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.catch(type(error), error, error.__traceback__)
        else:
            _LOG.error("asyncio: %s", context.get("message"))

    def _catch_in_thread(self, found: threading.ExceptHookArgs) -> None:
        if found.exc_value is not None:
            self.catch(found.exc_type, found.exc_value, found.exc_traceback)

    def _catch_unraisable(self, found: sys.UnraisableHookArgs) -> None:
        if found.exc_value is not None:
            _LOG.error("In %r: %s", found.object, found.err_msg, exc_info=found.exc_value)


def _place(kind: type[BaseException], trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace)
    return f"{kind.__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else kind.__name__


def _write_qt_message(kind: QtMsgType, _context: QMessageLogContext, text: str | None) -> None:
    if text and not text.startswith(_QT_NOISE):
        _QT_LOG.log(_LEVELS.get(kind, logging.WARNING), "%s", text)


def report(trace: str) -> str:
    """A report for the clipboard: the versions, then the trace."""
    from studio.qt.versions import versions  # reads what is installed, which no start has to wait for

    lines = [f"{name}: {version}" for name, version in versions()]
    return "\n".join(lines) + "\n\n" + trace


class CrashDialog(QDialog):
    """Says that something went wrong in Studio itself, and gives the report to copy. The window stays usable."""

    restartRequested = Signal()

    def __init__(
        self, text: str, folder: Path, parent: QWidget | None = None, *, can_restart: bool = False
    ) -> None:
        super().__init__(parent)
        self.setObjectName("crashDialog")
        self.setWindowTitle(self.tr("Something went wrong in Studio"))
        self.setModal(False)
        self.resize(720, 440)
        self._text = text
        self._folder = folder

        title = QLabel(self.tr("Something went wrong in Studio"))
        title.setProperty("role", "title")
        told = QLabel(
            self.tr(
                "This is Studio's fault, not yours. Your project is as it was, and its edits are journaled. "
                "Nothing has been sent anywhere: you may copy the report and pass it on."
            )
        )
        told.setWordWrap(True)
        details = QPlainTextEdit(text)
        details.setReadOnly(True)
        details.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        details.setAccessibleName(self.tr("Report"))

        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        self.copy_button = QPushButton(self.tr("Copy report"))
        self.copy_button.setAutoDefault(False)
        self.copy_button.clicked.connect(self._copy)
        folder_button = QPushButton(self.tr("Open log folder"))
        folder_button.setAutoDefault(False)
        folder_button.clicked.connect(self._open_folder)
        buttons.addButton(self.copy_button, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(folder_button, QDialogButtonBox.ButtonRole.ActionRole)
        self.restart_button = QPushButton(self.tr("Restart Studio"))
        self.restart_button.setAutoDefault(False)
        self.restart_button.setToolTip(
            self.tr("Close the window, as by hand, and start anew with the same project")
        )
        self.restart_button.clicked.connect(self._restart)
        self.restart_button.setVisible(can_restart)
        buttons.addButton(self.restart_button, QDialogButtonBox.ButtonRole.ActionRole)

        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(10)
        layout.addWidget(title)
        layout.addWidget(told)
        layout.addWidget(details, 1)
        layout.addWidget(buttons)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text)
        self.copy_button.setText(self.tr("Copied"))

    def _restart(self) -> None:
        self.close()
        self.restartRequested.emit()

    def _open_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder)))
