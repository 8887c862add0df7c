"""How do projects come into the window and leave it? New, open, save, recover, import, export and the question before anything is lost.

Every method is a coroutine that a command starts in the background; what is asked is asked by dialogs that are awaited. A StudioError
leaves the project as it was and is shown by whoever awaits.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol
from urllib.parse import urlsplit

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QDialog, QWidget

from studio.kernel.errors import StudioError, TextError, UnknownDatabase
from studio.kernel.ids import WorkflowId
from studio.kernel.names import snake_case
from studio.kernel.whole_files import cannot_write, write_whole
from studio.shell.dialogs import Choice, ServerDialog, ask, ask_open_file, ask_save_file, shown
from studio.shell.settings import Settings

if TYPE_CHECKING:
    from studio.canvas import CanvasView
    from studio.persistence import Recovery
    from studio.project.state import Project
    from studio.session import Environment, Session

PROJECT_SUFFIX: Final = ".studio"
TEXT_SUFFIXES: Final = (".yaml", ".yml")
_PROJECTS: Final = "Studio projects (*.studio)"
_TEXTS: Final = "Workflows (*.yaml *.yml)"
_ANYTHING: Final = "All files (*)"


class Stage(Protocol):
    """What shows the open project: the main window."""

    @property
    def session(self) -> Session | None: ...

    def set_session(self, session: Session | None) -> None: ...

    def tell(self, text: str) -> None: ...

    def show_error(self, error: StudioError) -> None: ...

    def recent_changed(self) -> None: ...

    async def ask_recovered(self, saved: Project, recovered: Project) -> str:
        """Shows what unsaved edits would change; gives `restore`, `discard` or `back`."""
        ...

    async def may_end_run(self) -> bool:
        """Asks about a run that is under way or not committed yet; False when a person wants to stay."""
        ...


class ProjectFiles(QObject):
    """Opens and closes the projects of one window. Invariant: one of its operations at a time."""

    def __init__(self, env: Environment, settings: Settings, stage: Stage, parent: QWidget) -> None:
        super().__init__(parent)
        self._env = env
        self._settings = settings
        self._stage = stage
        self._window = parent
        self._turn = asyncio.Lock()

    # ------------------------------------------------------------ opening

    async def start(self, location: str | None) -> None:
        """What Studio begins with: the project named on the command line, else the last one if wanted, else the sample."""
        wanted = location
        if wanted is None and self._settings.reopens_last:
            last = next((entry for entry in self._settings.recent() if entry.exists), None)
            wanted = last.location if last else None
        error: StudioError | None = None
        async with self._turn:
            try:
                if wanted is not None:
                    await self._open_at_start(wanted)
            except StudioError as refused:
                error = refused
            if self._stage.session is None:
                await self._take(await self._sample())
        if error is not None:
            self._stage.show_error(error)
        await self.offer_recoveries()

    async def new(self) -> None:
        from studio.session import Session

        async with self._turn:
            if await self._may_leave():
                await self._take(await Session.new(self._env))

    async def open_sample(self) -> None:
        async with self._turn:
            if await self._may_leave():
                await self._take(await self._sample())

    async def choose_and_open(self) -> None:
        path = await ask_open_file(
            self._window,
            self.tr("Open"),
            self._folder(),
            ["Studio projects and workflows (*.studio *.yaml *.yml)", _PROJECTS, _TEXTS, _ANYTHING],
        )
        if path is not None:
            self._settings.last_folder = str(Path(path).parent)
            await self.open(path)

    async def choose_server_and_open(self) -> None:
        dialog = ServerDialog(self._window)
        if await shown(dialog) == QDialog.DialogCode.Accepted:
            await self.open(dialog.url)

    async def open(self, location: str) -> None:
        """Opens a project's path or URL; a YAML file is imported into the project that is open."""
        if location.lower().endswith(TEXT_SUFFIXES) and "://" not in location:
            await self.import_file(location)
            return
        async with self._turn:
            current = self._stage.session
            if (
                current is not None
                and current.location is not None
                and same_location(current.location, location)
            ):
                self._stage.tell(self.tr("This project is open already."))
                return
            if await self._may_leave():
                await self._open(location)

    async def offer_recoveries(self) -> None:
        """Asks about each project that was left with unsaved edits by a crash."""
        from studio.session import Session

        for recovery in await Session.recoverable(self._env):
            current = self._stage.session
            if current is not None and current.location == recovery.location:
                continue
            answer = await self._decide_recovery(recovery)
            if answer == "later":
                continue
            async with self._turn:
                if answer == "discard":
                    session = await Session.open(self._env, recovery.location)
                    await session.discard_recovered()
                    await session.close()
                elif await self._may_leave():
                    session = await Session.open(self._env, recovery.location)
                    await session.restore()
                    await self._take(session)

    # ------------------------------------------------------------ saving

    async def save(self) -> bool:
        """False when a person cancelled choosing a place."""
        async with self._turn:
            return await self._save()

    async def save_as(self) -> bool:
        async with self._turn:
            return await self._save_as()

    async def choose_server_and_save(self) -> None:
        dialog = ServerDialog(self._window, saves=True)
        if await shown(dialog) == QDialog.DialogCode.Accepted and self._stage.session is not None:
            async with self._turn:
                await self._stage.session.save_as(dialog.url)
                self._remember()
                self._stage.tell(self.tr("Saved to the server."))

    async def close(self) -> bool:
        """Closes the project after asking about unsaved changes; False when a person wants to stay."""
        async with self._turn:
            if not await self._may_leave():
                return False
            await self._take(None)
            return True

    async def may_leave(self) -> bool:
        """Asks about unsaved changes; False when a person wants to stay."""
        async with self._turn:
            return await self._may_leave()

    async def leave(self) -> None:
        """Closes the project without asking."""
        async with self._turn:
            await self._take(None)

    # ------------------------------------------------------------ text

    async def choose_and_import(self) -> None:
        path = await ask_open_file(
            self._window, self.tr("Import workflow"), self._folder(), [_TEXTS, _ANYTHING]
        )
        if path is not None:
            self._settings.last_folder = str(Path(path).parent)
            await self.import_file(path)

    async def import_file(self, path: str) -> WorkflowId | None:
        """Adds the workflow of a YAML file to the open project, or to a new one."""
        from studio.session import Session

        text = await asyncio.to_thread(_read, Path(path))
        if self._stage.session is None:
            async with self._turn:
                await self._take(await Session.new(self._env))
        session = self._stage.session
        assert session is not None
        workflow_id = session.import_yaml(text)
        self._stage.tell(self.tr("Imported {}.").format(Path(path).name))
        return workflow_id

    async def export(self, workflow_id: WorkflowId) -> None:
        session = self._stage.session
        if session is None:
            return
        name = snake_case(session.project.workflow(workflow_id).name) or "workflow"
        path = await ask_save_file(
            self._window,
            self.tr("Export workflow"),
            self._folder(),
            f"{name}.yaml",
            [_TEXTS, _ANYTHING],
            "yaml",
        )
        if path is None:
            return
        self._settings.last_folder = str(Path(path).parent)
        await asyncio.to_thread(_write, Path(path), session.export_yaml(workflow_id))
        self._stage.tell(self.tr("Exported to {}.").format(path))

    async def export_canvas(self, canvas: CanvasView) -> None:
        """Asks for a file and writes the whole workflow of a canvas there as a picture."""
        workflow = canvas.workflow
        if workflow is None:
            return
        name = snake_case(workflow.name) or "workflow"
        path = await ask_save_file(
            self._window,
            self.tr("Export canvas"),
            self._folder(),
            f"{name}.png",
            ["PNG (*.png)", "SVG (*.svg)"],
            "png",
        )
        if path is None:
            return
        self._settings.last_folder = str(Path(path).parent)
        await canvas.export_picture(Path(path))
        self._stage.tell(self.tr("Exported to {}.").format(path))

    # ------------------------------------------------------------ parts

    async def _open_at_start(self, location: str) -> None:
        if location.lower().endswith(TEXT_SUFFIXES) and "://" not in location:
            await self._open_text(location)
        else:
            await self._open(location)

    async def _open_text(self, location: str) -> None:
        """A new project made of a workflow's text."""
        from studio.session import Session

        text = await asyncio.to_thread(_read, Path(location))
        session = await Session.new(self._env, name=Path(location).stem)
        try:
            session.import_yaml(text)
        except StudioError:
            await session.close()
            raise
        await self._take(session)

    async def _open(self, location: str) -> None:
        from studio.session import Session

        session = await Session.open(self._env, location)
        recovery = session.pending_recovery
        if recovery is not None:
            answer = await self._decide_recovery(recovery, session)
            if answer == "restore":
                await session.restore()
            elif answer == "discard":
                await session.discard_recovered()
        await self._take(session)
        self._remember()

    async def _sample(self) -> Session:
        from studio.session import Session

        return await Session.sample(self._env)

    async def _take(self, session: Session | None) -> None:
        """Shows a session instead of the one before, which is closed."""
        before = self._stage.session
        self._stage.set_session(session)
        if before is not None:
            await before.close()

    async def _save(self) -> bool:
        session = self._stage.session
        if session is None:
            return True
        if session.location is None or session.is_read_only:
            return await self._save_as()
        await session.save()
        self._stage.tell(self.tr("Saved."))
        return True

    async def _save_as(self) -> bool:
        session = self._stage.session
        if session is None:
            return True
        name = session.title.replace("/", "-") + PROJECT_SUFFIX
        path = await ask_save_file(
            self._window,
            self.tr("Save project as"),
            self._folder(),
            name,
            [_PROJECTS],
            PROJECT_SUFFIX.removeprefix("."),
        )
        if path is None:
            return False
        self._settings.last_folder = str(Path(path).parent)
        await session.save_as(path)
        self._remember()
        self._stage.tell(self.tr("Saved to {}.").format(path))
        return True

    async def _may_leave(self) -> bool:
        """Asks about unsaved changes, then about a run; False when a person wants to stay, who then has lost nothing of either."""
        return await self._may_leave_edits() and await self._stage.may_end_run()

    async def _may_leave_edits(self) -> bool:
        session = self._stage.session
        if session is None or not session.is_modified:
            return True
        answer = await ask(
            self._window,
            self.tr("Unsaved changes"),
            self.tr("Save the changes to “{}”?").format(session.title),
            [
                Choice("save", self.tr("Save"), "accept"),
                Choice("discard", self.tr("Don't save"), "danger"),
                Choice("cancel", self.tr("Cancel"), "reject"),
            ],
            detail=self.tr("What is not saved is lost."),
        )
        if answer == "save":
            return await self._save()
        return answer == "discard"

    async def _decide_recovery(self, recovery: Recovery, session: Session | None = None) -> str:
        """`restore`, `discard` or `later`; what is compared on the way decides nothing. `session` has the project open, if one has."""
        while (answer := await self._ask_recovery(recovery)) == "compare":
            answer = await self._compare(recovery, session)
            if answer != "back":
                break
        return answer

    async def _compare(self, recovery: Recovery, session: Session | None) -> str:
        from studio.session import Session

        opened = session or await Session.open(self._env, recovery.location, read_only=True)
        try:
            recovered = opened.recovered()
            if recovered is None:  # decided elsewhere meanwhile
                return "later"
            return await self._stage.ask_recovered(opened.project, recovered)
        finally:
            if opened is not session:
                await opened.close(keep_edits=True)

    async def _ask_recovery(self, recovery: Recovery) -> str:
        edits = recovery.edits
        count = self.tr("1 unsaved change") if edits == 1 else self.tr("{} unsaved changes").format(edits)
        when = recovery.last_edit_at.astimezone().strftime("%Y-%m-%d %H:%M")
        told = [
            self.tr("Studio ended before they were saved. The last one was made at {}.").format(when),
            self.tr("The last were: {}.").format(", ".join(recovery.latest)) if recovery.latest else "",
        ]
        return await ask(
            self._window,
            self.tr("Recover unsaved changes"),
            self.tr("“{0}” has {1}.").format(recovery.name, count),
            [
                Choice("restore", self.tr("Restore"), "accept"),
                Choice("compare", self.tr("Compare…")),
                Choice("discard", self.tr("Discard"), "danger"),
                Choice("later", self.tr("Later"), "reject"),
            ],
            detail="\n".join(part for part in told if part),
        )

    def _remember(self) -> None:
        session = self._stage.session
        if session is not None and session.location is not None:
            self._settings.remember(session.title, session.location)
            self._stage.recent_changed()

    def _folder(self) -> str:
        return self._settings.last_folder or str(Path.home())


def same_location(one: str, other: str) -> bool:
    """Whether two locations are the same file or the same database."""
    if "://" in one or "://" in other:
        try:
            first, second = urlsplit(one), urlsplit(other)
            return (first.hostname, first.port, first.path) == (second.hostname, second.port, second.path)
        except ValueError:  # a URL that makes no sense: whoever opens it says so
            return one == other
    return Path(one).absolute() == Path(other).absolute()


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except FileNotFoundError as error:
        raise UnknownDatabase(f"There is no file {path}.", hint="Check its name and folder.") from error
    except UnicodeDecodeError as error:
        raise TextError(
            f"{path.name} is not a text file in UTF-8.", hint="Choose a workflow that Studio exported."
        ) from error
    except OSError as error:
        raise StudioError(
            f"{path} cannot be read: {error.strerror}.", hint="Choose a file that you may read."
        ) from error


def _write(path: Path, text: str) -> None:
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise cannot_write(path, error) from error
