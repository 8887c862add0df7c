"""How is the windowed program put together? The one place where the application, its environment, its look and its window are made."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import subprocess
import sys
from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from studio import __version__
from studio.kernel.errors import StudioError
from studio.qt import loop
from studio.qt.background import run_in_background
from studio.qt.crash import CrashDialog, CrashReporter
from studio.qt.garbage import GarbageCollector
from studio.qt.icons import app_icon
from studio.session.environment import Environment
from studio.shell.asking import WindowAsker
from studio.shell.look import apply_theme, theme_of
from studio.shell.main_window import MainWindow
from studio.shell.settings import Settings
from studio.shell.single_instance import SingleInstance, address_of, hand_over

__all__ = ["run_window"]


class StudioApplication(QApplication):
    """Hears the desktop ask for a file to be opened (macOS)."""

    fileRequested = Signal(str)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.fileRequested.emit(event.file())
            return True
        return super().event(event)


class _PaintWatch(QObject):
    """Notices the first paint of a widget."""

    def __init__(self, widget: QWidget, done: asyncio.Future[None]) -> None:
        super().__init__(widget)
        self._done = done
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._tell)
        return False

    def _tell(self) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def painted(widget: QWidget, *, timeout_s: float = 1.0) -> None:
    """Returns when a widget has been painted for the first time, or after the timeout: one that is minimised never is."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    watch = _PaintWatch(widget, done)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(done, timeout_s)
    watch.deleteLater()


class Program(QObject):
    """The window and what watches over it, for as long as the program runs."""

    def __init__(self, app: StudioApplication, env: Environment, asker: WindowAsker) -> None:
        super().__init__(app)
        self._app = app
        self._env = env
        self._asker = asker
        self.reporter = CrashReporter(env.data_dir / "logs", self)
        self.reporter.crashed.connect(self._show_crash)
        self.instance: SingleInstance | None = None
        self._started_early: list[str] = []
        """What other starts wanted before the window could do it."""
        self._is_ready = False
        self.begin_again_with: str | None = None
        """What is to be opened when the program has ended and is started anew, empty for nothing; None: it is not."""
        self.window: MainWindow | None = None
        self.watchdog = loop.Watchdog(self)
        self.garbage = GarbageCollector(self)

    async def main(self, location: str | None) -> int:
        """Shows the window, opens what it begins with, and returns when it is closed."""
        settings = Settings(self._env.data_dir)
        apply_theme(self._app, theme_of(settings.theme))
        window = self.window = MainWindow(self._env, settings)
        self._app.fileRequested.connect(window.open)
        window.sessionChanged.connect(self.garbage.put_aside)
        text = self.tr("Opening {}…").format(location) if location else self.tr("Opening…")
        window.pages.show_opening(text)
        window.fit_screen()
        window.show()
        # The first paint comes before anything that takes long to import.
        await painted(window)
        window.furnish()
        window.start(window.files.start(location), text)
        self._is_ready = True
        for wanted in self._started_early:
            self._started_again(wanted)
        self.watchdog.start()
        self.garbage.start()
        try:
            await window.closed.wait()
        finally:
            self.garbage.stop()
            self.watchdog.stop()
            self._asker.stop()
            if self.instance is not None:
                self.instance.stop()
            self.window = None
            window.deleteLater()
        return 0

    def listen(self) -> None:
        """From now on a second start comes to this window, until it is closed."""
        self.instance = SingleInstance(self._env.data_dir, self)
        self.instance.requested.connect(self._started_again)
        self.instance.listen()

    def _started_again(self, location: str) -> None:
        """Somebody has started Studio a second time: this window comes to the front, and opens what that one was to open."""
        window = self.window
        if window is None or not self._is_ready:
            self._started_early.append(location)
            return
        if window.isMinimized():
            window.showNormal()
        window.raise_()
        window.activateWindow()
        if location:
            window.open(location)

    def interrupt(self) -> None:
        """Ctrl+C in the terminal: as if the window were closed."""
        if self.window is not None:
            self.window.close()

    def _show_crash(self, report: str) -> None:
        dialog = CrashDialog(report, self.reporter.folder, self.window, can_restart=self.window is not None)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.restartRequested.connect(self.restart)
        dialog.show()

    def restart(self) -> None:
        """Closes the window as a person does, who may still want to stay, and has the program started anew with the same project."""
        window = self.window
        if window is not None:
            session = window.session
            self.begin_again_with = (session.location if session is not None else None) or ""
            text = self.tr("Closing…")
            run_in_background(self, window.leave(), self._left, stopped=self._left, text=text)

    def _left(self, has_left: bool = False) -> None:
        if not has_left:
            self.begin_again_with = None


def run_window(
    *, location: str | None = None, arguments: Sequence[str] | None = None, new_window: bool = False
) -> int:
    """Runs Studio's window until it is closed, or hands over to the one that runs already; its exit code.

    `location` is a project's path or URL, or a workflow's YAML file. `new_window` wants a window in any case. Raises StudioError when
    Studio's folder cannot be written.
    """
    app = make_application(arguments)
    asker = WindowAsker(app)
    env = Environment.default(asker)
    if not new_window and hand_over(address_of(env.data_dir), location):
        return 0
    program = Program(app, env, asker)
    try:
        program.reporter.install()
    except OSError as error:
        raise StudioError(
            f"Studio cannot write to its folder {env.data_dir}: {error.strerror}.",
            hint="Make it writable, or name another one in the environment variable STUDIO_HOME.",
        ) from error
    if not new_window:
        program.listen()
    try:
        code = loop.run(
            app,
            lambda: program.main(location),
            interrupted=program.interrupt,
            on_exception=program.reporter.catch_in_loop,
        )
    finally:
        program.reporter.uninstall()
    if program.begin_again_with is not None:
        begin_again(program.begin_again_with, new_window=new_window)
    return code


def begin_again(location: str, *, new_window: bool) -> None:
    """Starts the program that is about to end once more."""
    program = [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, "-m", "studio"]
    flags = ["--new-window"] if new_window else []
    subprocess.Popen([*program, *flags, *filter(None, [location])], start_new_session=True)  # noqa: S603 - this program


def make_application(arguments: Sequence[str] | None = None) -> StudioApplication:
    """The application with its identity, as the desktop knows it."""
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    QCoreApplication.setOrganizationName("Studio")
    QCoreApplication.setOrganizationDomain("studio.local")
    QCoreApplication.setApplicationName("Studio")
    QCoreApplication.setApplicationVersion(__version__)
    QGuiApplication.setApplicationDisplayName("")
    QGuiApplication.setDesktopFileName("studio")
    if sys.platform == "win32":
        # Else the taskbar takes the window for Python's.
        ctypes.windll.shell32.SetCurrentProcessExplicitAppUserModelID("Studio.Studio")
    app = StudioApplication(list(arguments) if arguments is not None else sys.argv[:1])
    app.setWindowIcon(app_icon())
    return app
