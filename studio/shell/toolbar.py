"""What stands at the top of the window? Run and Stop, undo, the zoom, and which database the project works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QToolBar, QToolButton, QWidget

from studio.panels.widgets import set_role
from studio.qt.commands import CommandSet
from studio.qt.icons import icon
from studio.qt.theme import Theme
from studio.shell.command_list import MODES

if TYPE_CHECKING:
    from studio.project.state import Project
    from studio.shell.settings import ModeChoice

_WIDE_PX: Final = 1140
_WHERE_WIDE: Final = ("zoom_out", "zoom_in", "go_to")
_DIALECTS = {
    "sqlite": "SQLite",
    "postgresql": "PostgreSQL",
    "postgres": "PostgreSQL",
    "mysql": "MariaDB",
    "mariadb": "MariaDB",
}


class ToolBar(QToolBar):
    """The window's only toolbar."""

    connectionClicked = Signal()

    def __init__(self, commands: CommandSet, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("toolbar")
        self.setWindowTitle(self.tr("Toolbar"))
        self.setMovable(False)
        self.setFloatable(False)
        self.setIconSize(QSize(18, 18))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self._theme = theme
        self._commands = commands

        self.run_button = self._button("run", "runButton", text=True)
        self.run_button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
        runs = QMenu(self.run_button)
        runs.setToolTipsVisible(True)
        commands.fill(runs, ("run", "run_to_here", "run_from_here", "dry_run", None, "step"))
        self.run_button.setMenu(runs)
        self.dry_button = self._button("dry_run", "dryRunButton", text=True)
        self.step_button = QToolButton()
        self._step_action = self._put(self.step_button, "step", "stepButton", text=True)
        self.stop_button = self._button("stop", "stopButton", text=True)
        self.mode_button = QToolButton()
        self.mode_button.setObjectName("modeButton")
        self.mode_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.mode_button.setToolTip(
            self.tr("How runs commit: each node by itself, all or nothing, or after a review")
        )
        menu = QMenu(self.mode_button)
        menu.setToolTipsVisible(True)
        menu.addActions([commands.action(command_id) for command_id in MODES])
        self.mode_button.setMenu(menu)
        self.addWidget(self.mode_button)
        self.addSeparator()
        for command_id in ("save", "undo", "redo"):
            self.addAction(commands.action(command_id))
        self.addSeparator()
        self._where_wide: list[QAction] = []
        """What only stands there while there is room; it is in the menus as well."""
        for command_id in ("add_node", "tidy", "zoom_out", "zoom_in", "fit", "snap", "go_to"):
            if command_id in _WHERE_WIDE:
                self._where_wide.append(self._put(QToolButton(), command_id, f"{command_id}Button"))
            else:
                self.addAction(commands.action(command_id))
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(space)
        self.pill = QToolButton()
        self.pill.setObjectName("connectionPill")
        self.pill.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.pill.setIcon(icon("ph.database", theme, "text_muted"))
        self.pill.setToolTip(self.tr("The database this project works on; click for its connections"))
        self.pill.clicked.connect(self.connectionClicked)
        # A widget in a toolbar is hidden by its action.
        self._pill_action = self.addWidget(self.pill)
        self.show_project(None)
        self.show_running(running=False)
        self.show_paused(paused=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, the database still stands at the end: words and what is in the menus give way."""
        super().resizeEvent(event)
        is_wide = self.width() >= _WIDE_PX
        for action in self._where_wide:
            action.setVisible(is_wide)
        style = Qt.ToolButtonStyle
        for button in (self.dry_button, self.stop_button):
            button.setToolButtonStyle(style.ToolButtonTextBesideIcon if is_wide else style.ToolButtonIconOnly)

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.pill.setIcon(icon("ph.database", theme, "text_muted"))
        self.show_running(running=bool(self.stop_button.property("running")))

    def show_running(self, *, running: bool, stopping: bool = False) -> None:
        """Stop is red while a run goes on, and says when it has been asked to stop."""
        self.stop_button.setProperty("running", running)
        self._commands.action("stop").setIconText(
            " " + (self.tr("Stopping…") if stopping else self.tr("Stop"))
        )
        self._commands.action("stop").setIcon(
            icon("ph.stop-fill", self._theme, "text_on_danger" if running else "text")
        )
        self.stop_button.style().unpolish(self.stop_button)
        self.stop_button.style().polish(self.stop_button)

    def show_paused(self, *, paused: bool) -> None:
        """Run lets the run go on, with Step beside it, while one waits."""
        self._step_action.setVisible(paused)
        if paused:
            self._commands.tell_otherwise(
                "run",
                text=self.tr("Contin&ue"),
                icon="ph.play-fill",
                tip=self.tr("Let the run go on, up to the next breakpoint"),
            )
        else:
            self._commands.tell_otherwise("run")

    def show_mode(self, mode: ModeChoice) -> None:
        """Says how runs commit."""
        words = {
            "auto": self.tr("txn: each node"),
            "atomic": self.tr("txn: all or nothing"),
            "review": self.tr("txn: review"),
        }
        self.mode_button.setText(f"{words[mode]} ▾")

    def show_project(self, project: Project | None) -> None:
        """Names the connection that the project works on."""
        self._pill_action.setVisible(project is not None)
        if project is None:
            return
        chosen = project.usual_connection
        set_role(self.pill, "stage", chosen.stage if chosen is not None else "")
        if chosen is None:
            self.pill.setText(self.tr("No database yet"))
            return
        scheme = chosen.url.partition(":")[0].partition("+")[0]
        more = len(project.connections) - 1
        self.pill.setText(
            f"{chosen.name} · {_DIALECTS.get(scheme, scheme)}"
            + (f" · {chosen.stage}" if chosen.stage else "")
            + (f"  +{more}" if more > 0 else "")
        )

    def _button(self, command_id: str, name: str, *, text: bool) -> QToolButton:
        button = QToolButton()
        self._put(button, command_id, name, text=text)
        return button

    def _put(self, button: QToolButton, command_id: str, name: str, *, text: bool = False) -> QAction:
        """The action by which a widget in a toolbar is shown or hidden."""
        button.setObjectName(name)
        button.setDefaultAction(self._commands.action(command_id))
        if text:
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        return self.addWidget(button)
