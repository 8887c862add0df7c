"""How do things stand in the window? What its title, its commands and its status bar say of the session, and which settings are ticked."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QCoreApplication, QDate, QLocale, QObject, QTimer

from studio.shell.deeds import LEFT
from studio.shell.docks import BOTTOM

if TYPE_CHECKING:
    from studio.session import Session
    from studio.shell.main_window import MainWindow

_MINUTE_MS: Final = 60_000
_DOCK_MARKS: Final = {"toggle_left": LEFT, "toggle_inspector": ("inspector",), "toggle_bottom": BOTTOM}


class Standing(QObject):
    """Shows it for one window. It decides nothing: whatever is asked here is known to the session, a part or the settings."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._minute = QTimer(self)
        self._minute.setInterval(_MINUTE_MS)
        self._minute.timeout.connect(self._show_saved)

    def refresh(self) -> None:
        """Brings title, undo's names and what is enabled in line with the session."""
        window, session = self._window, self._window.session
        self._name_undo(session)
        self._enable_commands(session)
        canvas = window.pages.tabs.canvas
        window.setWindowTitle(self._title(session))
        window.setWindowModified(session is not None and session.is_modified)
        status = window.status
        status.transaction.show_run(window.reviews.handle)
        self._show_saved()
        status.set_tenant(
            session.tenant if session is not None else None,
            is_wanted=session is not None and bool(session.tenanted_models),
        )
        status.set_zoom(canvas.zoom() if canvas is not None else None)

    def _title(self, session: Session | None) -> str:
        """The workflow that is shown and its project; `[*]` is where Qt marks what is not saved."""
        if session is None:
            return "Studio"
        project = _unmarked(session.title)
        workflow_id = self._window.pages.tabs.workflow_id
        workflow = session.project.workflows.get(workflow_id) if workflow_id is not None else None
        return (
            f"{_unmarked(workflow.name)}[*] — {project}" if workflow is not None else f"{project}[*] — Studio"
        )

    def _name_undo(self, session: Session | None) -> None:
        commands = self._window.commands
        undo = session.history.undo_text if session is not None else None
        redo = session.history.redo_text if session is not None else None
        commands.action("undo").setText(
            self.tr("&Undo {}").format(_within(undo)) if undo else self.tr("&Undo")
        )
        commands.action("redo").setText(
            self.tr("&Redo {}").format(_within(redo)) if redo else self.tr("&Redo")
        )

    def _enable_commands(self, session: Session | None) -> None:
        window = self._window
        canvas, runs = window.pages.tabs.canvas, window.runs
        window.commands.set_conditions(
            project=session is not None,
            workflow=canvas is not None,
            selection=canvas is not None and canvas.has_selection,
            one_selected=canvas is not None and len(canvas.selection()) == 1,
            undo=session is not None and session.history.undo_text is not None,
            redo=session is not None and session.history.redo_text is not None,
            running=runs.is_running,
            idle=not runs.is_running,
            free=not runs.is_running or runs.is_paused,
            breakpoints=session is not None and bool(session.breakpoints.all()),
            open_transaction=window.reviews.handle is not None,
        )
        if canvas is not None:
            window.commands.action("snap").setChecked(canvas.snaps())
        has_minimap = canvas is not None and not canvas.minimap.isHidden()
        window.commands.action("toggle_minimap").setChecked(has_minimap)

    def before_choosing(self) -> None:
        """A menu or the list of commands opens: what needs a closer look (the clipboard, say) is enabled by how it is now."""
        canvas = self._window.pages.tabs.canvas
        if canvas is not None:
            can = {f"can_{name}": holds for name, holds in canvas.possible().items()}
            self._window.commands.set_conditions(**can)

    def _show_saved(self) -> None:
        """Also once a minute, for the minutes since."""
        session = self._window.session
        self._window.status.set_saved(self._saved_text(session))
        if session is None or session.saved_at is None or session.is_modified:
            self._minute.stop()
        elif not self._minute.isActive():
            self._minute.start()

    def _saved_text(self, session: Session | None) -> str:
        if session is None:
            return ""
        if session.is_modified:
            return self.tr("Unsaved changes")
        if session.location is None:
            return self.tr("Not saved to a file")
        if session.saved_at is None:
            return self.tr("Saved")
        return since(session.saved_at, session.env.clock())

    def show_settings(self) -> None:
        """Ticks in the menus what the settings say."""
        action, settings = self._window.commands.action, self._window.settings
        action("reopen_last").setChecked(settings.reopens_last)
        action("snap").setChecked(settings.snaps)
        action(f"mode_{settings.mode}").setChecked(True)
        self._window.toolbar.show_mode(settings.mode)
        action(f"layout_{settings.layout}").setChecked(True)
        action(f"theme_{settings.theme.replace('-', '_')}").setChecked(True)
        self.show_dock_marks()

    def show_dock_marks(self, *_: object) -> None:
        """Ticks the docks that are shown."""
        window = self._window
        for command_id, names in _DOCK_MARKS.items():
            window.commands.action(command_id).setChecked(window.docks.are_shown(names))


def _within(text: str) -> str:
    """The text of a step behind "Undo" in a menu, where an ampersand marks a key."""
    return f"{text[:1].lower()}{text[1:]}".replace("&", "&&")


def _unmarked(name: str) -> str:
    return name.replace("[*]", "[*][*]")


def since(saved_at: dt.datetime, now: dt.datetime) -> str:
    """`Saved 2 min ago`; what is older than an hour by its time, than a day by its date."""
    minutes = int((now - saved_at).total_seconds() // 60)
    at = saved_at.astimezone()
    if minutes < 1:
        text = QCoreApplication.translate("Standing", "Saved just now")
    elif minutes < 60:
        text = QCoreApplication.translate("Standing", "Saved {} min ago").format(minutes)
    elif at.date() == now.astimezone().date():
        text = QCoreApplication.translate("Standing", "Saved {}").format(at.strftime("%H:%M"))
    else:
        text = QCoreApplication.translate("Standing", "Saved {}").format(
            QLocale().toString(QDate(at.date()), QLocale.FormatType.ShortFormat)
        )
    return text
