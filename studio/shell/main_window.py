"""How is the window put together? Its parts, the one session they show, and what closing it takes.

What commands do stands in `deeds`, how parts lead to one another in `navigation`, projects and files in `project_files`, running in
`run_control`, where panels stand in `docks`, who follows which event in `following`, what title and status bar say in `standing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QVBoxLayout, QWidget

from studio.kernel.errors import ConnectionFailed, ConnectionLost, StudioError
from studio.qt.background import Job, run_in_background
from studio.qt.commands import CommandSet
from studio.qt.theme import Theme, system_theme
from studio.shell.breakpoint_control import BreakpointControl
from studio.shell.command_list import COMMANDS, LACKING
from studio.shell.comparing import Comparing
from studio.shell.connection_watch import ConnectionWatch
from studio.shell.deeds import LEFT, deeds
from studio.shell.docks import BOTTOM, Docks
from studio.shell.layouts import Layouts
from studio.shell.look import apply_theme, theme_of
from studio.shell.menus import fill_menu_bar
from studio.shell.message_bar import MessageBar, Toast
from studio.shell.navigation import Navigation
from studio.shell.opening_notice import tell_opening
from studio.shell.pages import Pages
from studio.shell.pause_control import PauseControl
from studio.shell.project_files import PROJECT_SUFFIX, TEXT_SUFFIXES, ProjectFiles
from studio.shell.recent_menu import RecentMenu
from studio.shell.review_control import ReviewControl
from studio.shell.run_control import RunControl
from studio.shell.settings import LAYOUT_VERSION, Settings
from studio.shell.standing import Standing
from studio.shell.stars import Stars
from studio.shell.status import StatusBar
from studio.shell.tenant_control import TenantControl
from studio.shell.toolbar import ToolBar

if TYPE_CHECKING:
    from studio.project.state import Project
    from studio.session import Environment, Session
    from studio.shell.following import Following
    from studio.shell.furniture import Panels
    from studio.shell.goals import Finder
    from studio.shell.mending import Mending
    from studio.shell.preferences import Preferences
    from studio.shell.tour import Tour

_TITLE_BAR_PX: Final = 36
"""As high as desktops draw it at most; nobody knows before the window is shown."""


class MainWindow(QMainWindow):
    """The window. Invariant: canvas, panels and commands always show `session`, or the empty state when it is None.

    It is made in two steps, so that it can be seen before all that it needs is imported: the frame, which paints at once, and
    `furnish`, which makes canvas and panels and without which nothing else works.
    """

    sessionChanged = Signal()
    """Another session is shown, or none."""

    following: Following
    panels: Panels
    navigation: Navigation
    finder: Finder
    mending: Mending
    preferences: Preferences
    tour: Tour

    def __init__(self, env: Environment, settings: Settings) -> None:
        super().__init__()
        self.env = env
        env.retention = settings.retention
        self.settings = settings
        self.theme = theme_of(settings.theme)
        self.closed = asyncio.Event()
        self._session: Session | None = None
        self._is_closing = False
        self.setObjectName("mainWindow")
        self.setAcceptDrops(True)
        self.setMinimumSize(860, 560)

        theme = self.theme
        self.commands = CommandSet(COMMANDS, theme, self, lacking=LACKING)
        self.pages = Pages()
        self.message_bar = MessageBar(theme)
        self.toolbar = ToolBar(self.commands, theme)
        self.status = StatusBar(theme)
        self.docks = Docks(self, theme)
        self.layouts = Layouts(self)
        self._toast = Toast(self.pages)
        self._recent_menu = RecentMenu(self)
        self.files = ProjectFiles(env, settings, self, self)
        self.tenants = TenantControl(self)
        self.runs = RunControl(theme, self.tenants, self)
        self.reviews = ReviewControl(self)
        self.breakpoints = BreakpointControl(self)
        self.stars = Stars(self)
        self.comparing = Comparing(self)
        self.pauses = PauseControl(self)
        self.standing = Standing(self)
        self.connection_watch = ConnectionWatch(self)
        self._put_together()
        fill_menu_bar(self.menuBar(), self.commands, self._recent_menu, opening=self.standing.before_choosing)
        self._restore_window()

    def furnish(self) -> None:
        """Makes canvas and panels and brings everything to life."""
        from studio.shell.following import Following
        from studio.shell.furniture import make_panels
        from studio.shell.goals import Finder
        from studio.shell.mending import Mending
        from studio.shell.placing import Placing
        from studio.shell.preferences import Preferences
        from studio.shell.tour import Tour

        self.following = Following(self)
        self.pages.furnish(self.theme)
        self.preferences = Preferences(self)
        self.panels = make_panels(self.theme, self.docks)
        self.navigation = Navigation(self)
        self.placing = Placing(self)
        self.finder = Finder(self)
        self.mending = Mending(self)
        self.tour = Tour(self)
        self.commands.connect_to(deeds(self))
        self._connect_parts()
        self.recent_changed()
        self.standing.show_settings()
        self.refresh()

    # ------------------------------------------------------------ building

    def _put_together(self) -> None:
        middle = QWidget()
        # Else no more than the page with the most on it leaves is given to the docks.
        middle.setMinimumSize(320, 160)
        column = QVBoxLayout(middle)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.message_bar)
        column.addWidget(self.pages, 1)
        self.setCentralWidget(middle)
        self.addToolBar(self.toolbar)
        self.setStatusBar(self.status)
        self.docks.arrange()

    def _connect_parts(self) -> None:
        self.pages.tabs.newRequested.connect(self.new_workflow)
        self.pages.newRequested.connect(self.new_workflow)
        welcome = self.pages.welcome
        welcome.sampleRequested.connect(self.commands.action("open_sample").trigger)
        welcome.newRequested.connect(self.commands.action("new").trigger)
        welcome.openRequested.connect(self.commands.action("open").trigger)
        welcome.connectRequested.connect(self._connect_own_database)
        welcome.recentOpened.connect(self.open)
        welcome.recentForgotten.connect(self._forget_one)
        welcome.recentPinned.connect(self._pin)
        self._recent_menu.opened.connect(self.open)
        self._recent_menu.forgotten.connect(self._forget)
        self.toolbar.connectionClicked.connect(self.commands.action("connections").trigger)
        self.status.connectionClicked.connect(self.commands.action("connections").trigger)
        self.status.savedClicked.connect(self.commands.action("save").trigger)
        self.panels.models.connectionsClosed.connect(self.connection_watch.check)
        self.connection_watch.changed.connect(self.status.show_connection)
        self.status.problemsClicked.connect(self._show_problems)
        self.status.zoomClicked.connect(self.commands.action("zoom_100").trigger)
        self.status.tenantClicked.connect(self.commands.action("tenant").trigger)
        self.tenants.changed.connect(self.refresh)
        self.tenants.changed.connect(self.panels.models.refresh_counts)
        for part in (self.status.transaction, self.panels.changes):
            part.commitRequested.connect(self.reviews.commit)
            part.rollBackRequested.connect(self.reviews.roll_back)
        self.reviews.changed.connect(self.refresh)
        self.panels.models.sampleRequested.connect(self.commands.action("open_sample").trigger)
        for panel in self.panels.all:
            panel.message.connect(self.tell)
            panel.failed.connect(self.show_error)
        for name in (*LEFT, "inspector", *BOTTOM):
            self.docks[name].visibilityChanged.connect(self.standing.show_dock_marks)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_theme)

    # ------------------------------------------------------------ the session

    @property
    def session(self) -> Session | None:
        return self._session

    def set_session(self, session: Session | None) -> None:
        """Shows another session; closing the one before is the caller's business."""
        self.following.listen_to(session)
        self._session = session
        self.message_bar.hide()
        self.navigation.forget_run()
        self.connection_watch.set_session(session)
        self.tenants.take_up(session)
        self.breakpoints.take_up(session)
        self.runs.set_session(session)
        for panel in self.panels.all:
            panel.set_session(session)
        self.pages.tabs.set_session(session)
        self.pages.show_for(has_project=session is not None)
        self.toolbar.show_project(session.project if session is not None else None)
        self.toolbar.show_running(running=False)
        self.toolbar.show_paused(paused=False)
        self.refresh()
        if session is not None:
            tell_opening(session, self.message_bar)
        if (canvas := self.pages.tabs.canvas) is not None:
            canvas.setFocus(Qt.FocusReason.OtherFocusReason)
        self.sessionChanged.emit()

    def refresh(self) -> None:
        """Brings title, commands and status bar in line with the session."""
        self.standing.refresh()

    def new_workflow(self) -> None:
        if self._session is not None:
            canvas = self.navigation.show_workflow(self._session.add_workflow())
            if canvas is not None:
                canvas.setFocus(Qt.FocusReason.OtherFocusReason)

    # ------------------------------------------------------------ telling

    def tell(self, text: str) -> None:
        """A passing sentence, at the bottom of the canvas and in the status bar."""
        if text:
            self.status.tell(text)
            self._toast.tell(text)

    def show_error(self, error: Any) -> None:
        """A StudioError that no part has a place of its own for."""
        is_unreached = isinstance(error, ConnectionFailed | ConnectionLost)
        connections = (self.tr("Connections…"), self.panels.models.open_connections)
        self.message_bar.tell_error(error, [connections] if is_unreached else [])

    def busy_started(self, job: Job) -> None:
        self.status.busy.add(job)

    def busy_ended(self, job: Job) -> None:
        self.status.busy.remove(job)

    def show_dialog(self, dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _show_problems(self) -> None:
        self.docks.reveal("problems")

    # ------------------------------------------------------------ projects

    def start(self, awaitable: Awaitable[object], text: str) -> None:
        """Shows `text` in the middle while the first project is being opened."""
        self.pages.show_opening(text)
        run_in_background(
            self,
            awaitable,
            success=self._on_started,
            failure=self._on_start_failed,
            stopped=self._on_started,
            text=text,
        )

    def _on_started(self, _: object = None) -> None:
        self.pages.show_for(has_project=self._session is not None)

    def _on_start_failed(self, error: StudioError) -> None:
        self.pages.show_for(has_project=self._session is not None)
        self.show_error(error)

    def open(self, location: str) -> None:
        run_in_background(self, self.files.open(location), text=self.tr("Opening…"))

    async def ask_recovered(self, saved: Project, recovered: Project) -> str:
        return await self.comparing.ask_recovered(saved, recovered)

    async def may_end_run(self) -> bool:
        return await self.runs.may_leave() and await self.reviews.may_leave()

    def recent_changed(self) -> None:
        recent = self.settings.recent()
        self._recent_menu.show_entries(recent)
        self.pages.welcome.set_recent(recent)
        # It may have been saved somewhere else.
        self.tenants.keep()
        self.breakpoints.keep()
        self.stars.keep()

    def _pin(self, location: str, is_pinned: bool) -> None:
        self.settings.pin(location, is_pinned)
        self.recent_changed()

    def _forget_one(self, location: str) -> None:
        self._forget([location])

    def _forget(self, locations: list[str]) -> None:
        for location in locations:
            self.settings.forget(location)
        self.recent_changed()

    def _connect_own_database(self) -> None:
        run_in_background(self, self.new_and_connect(), text=self.tr("Making a project…"))

    async def new_and_connect(self) -> None:
        """Begins an empty project with the dialog for its first connection."""
        await self.files.new()
        if self._session is not None:
            self.panels.models.open_connections(new=True)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_files(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = _dropped_files(event)
        if files:
            event.acceptProposedAction()
            self.open(files[0])

    # ------------------------------------------------------------ look and layout

    def _on_system_theme(self, *_: object) -> None:
        if self.settings.theme == "system":
            self.set_theme(system_theme())

    def set_theme(self, theme: Theme) -> None:
        """Takes another look, at once and everywhere."""
        if theme is self.theme:
            return
        self.theme = theme
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply_theme(app, theme)
        for part in (
            self.commands,
            self.toolbar,
            self.pages,
            self.docks,
            self.message_bar,
            self.status,
            self.runs,
            self.finder,
            self.mending,
        ):
            part.set_theme(theme)
        for panel in self.panels.all:
            panel.set_theme(theme)

    def fit_screen(self) -> None:
        """Fills a screen that has no room for the usual size and a title bar, before anybody has chosen another one."""
        room = self.screen().availableGeometry().size()
        needed = self.size() + QSize(0, _TITLE_BAR_PX)
        if self.settings.geometry.isEmpty() and (
            needed.width() > room.width() or needed.height() > room.height()
        ):
            self.setWindowState(self.windowState() | Qt.WindowState.WindowMaximized)

    def _restore_window(self) -> None:
        self.resize(1440, 900)
        if not self.settings.geometry.isEmpty():
            self.restoreGeometry(self.settings.geometry)
        if not self.settings.state.isEmpty():
            self.restoreState(self.settings.state, LAYOUT_VERSION)

    # ------------------------------------------------------------ closing

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing takes time (a question, a run to stop, a store to close): the event is refused, the window goes when all is done."""
        if self.closed.is_set():
            event.accept()
            return
        event.ignore()
        run_in_background(self, self.leave(), text=self.tr("Closing…"))

    async def leave(self) -> bool:
        """Closes the window; False when a person wants to stay, or it is being closed already."""
        if self._is_closing:
            return False
        self._is_closing = True
        try:
            if not await self.files.may_leave():
                return False
            self.settings.keep_window(self.saveGeometry(), self.saveState(LAYOUT_VERSION))
            self.settings.sync()
            await self.files.leave()
            self.closed.set()
            self.close()
        finally:
            self._is_closing = False
        return True


def _dropped_files(event: QDropEvent) -> list[str]:
    paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
    return [path for path in paths if Path(path).suffix.lower() in (PROJECT_SUFFIX, *TEXT_SUFFIXES)]
