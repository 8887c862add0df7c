"""Where does an open project live, and how is it saved and recovered? In its home; what is kept there and how is `home`'s business."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

from studio.kernel.errors import StoreError, StudioError
from studio.kernel.problems import Problem
from studio.project.changes import Change
from studio.project.state import Project
from studio.session.editor import Editor
from studio.session.environment import Environment
from studio.session.home import Home
from studio.session.own_loop import OwnLoop

if TYPE_CHECKING:
    from studio.persistence import Recovery


class KeptProject(Editor):
    """An open project with a place of its own, or in memory only.

    Invariant: unless it lives in memory only, each edit is written to a journal in order, so that it survives the end of the process.
    """

    def __init__(self, project: Project, *, env: Environment | None = None, home: Home | None = None) -> None:
        super().__init__(project, env=env)
        self._home = home
        self._own_loop = OwnLoop()
        self._is_saving = False
        self.base_folder: Path | None = None
        """Where relative paths begin in a session without a place of its own; None: where the process was started."""
        self.saved_at: dt.datetime | None = None
        """When it was saved last by this session."""
        if home is not None:
            home.failed = self._journal_failed

    # ------------------------------------------------------------ state

    @property
    def location(self) -> str | None:
        """The path, or the URL without its password, where the project is kept; None while it was never saved under a name."""
        return self._home.location if self._home else None

    @property
    def title(self) -> str:
        """The file's name without its ending, else the project's name."""
        location = self.location
        if location is not None and "://" not in location:
            return Path(location).stem
        return self.project.name

    @property
    def is_modified(self) -> bool:
        return self._is_saving or super().is_modified

    @property
    def is_read_only(self) -> bool:
        """Whether `save` is refused (a newer format, a file that cannot be written); `save_as` is not."""
        return bool(self._home and self._home.is_read_only)

    @property
    def opening_problems(self) -> tuple[Problem, ...]:
        """What of the project could not be read, and why it can only be read, if so: warnings for whoever opened it."""
        return self._home.problems if self._home else ()

    # ------------------------------------------------------------ saving and recovery

    @property
    def pending_recovery(self) -> Recovery | None:
        """Unsaved edits of an earlier session that nobody has decided about yet."""
        return self._home.pending if self._home else None

    async def restore(self) -> int:
        """Makes the unsaved edits again, each a step that can be undone; returns how many. The project is then modified.

        An edit that cannot be read or made any more ends it: the log says which, and those behind it are given up.
        """
        home = self._home
        if home is None or home.pending is None:
            return 0
        done = 0
        changes, problem = home.recovered_changes()
        with home.replaying():
            for change in changes:
                try:
                    self.history.apply(change)
                except StudioError as error:
                    problem = error
                    break
                done += 1
        await home.recovered(done)
        if problem is not None:
            self.log(f"Only {done} unsaved edits could be restored: {problem}", level="warning")
        self._tell_saved_state()
        return done

    @property
    def saved(self) -> Project | None:
        """The project as it was saved last, or as it began; None when that is neither in the history nor in a store."""
        position = self.history.clean_position
        if position is not None:
            return self.history.at(position)
        home = self._home
        return home.saved if home is not None and home.has_store and home.location is not None else None

    def recovered(self) -> Project | None:
        """The project as the unsaved edits would make it; nothing is decided by asking. None when there are none."""
        home = self._home
        if home is None or home.pending is None:
            return None
        project = self.project
        for change in home.recovered_changes()[0]:
            try:
                project = change.apply(project)
            except StudioError:
                break
        return project

    async def discard_recovered(self) -> None:
        """Forgets the unsaved edits of the earlier session."""
        if self._home is not None:
            await self._home.discard_recovered()

    async def save(self) -> None:
        """Writes the project to its place, all or nothing.

        Raises:
            StoreError: It has no place yet, or is read-only: use `save_as`.
            DatabaseError: It could not be written; the project stays modified.
        """
        await self._save(None)

    async def save_as(self, location: str) -> None:
        """Writes the project to another place, which it then lives in; a file that is there is replaced. Raises as `save` does."""
        await self._save(location)

    async def _save(self, location: str | None) -> None:
        self._own_loop.remember()
        if self._home is None:
            raise StoreError("This project lives in memory only and cannot be saved.")
        self.history.mark_clean()
        self._is_saving = True
        try:
            await self._home.save(self.project, location)
            self.saved_at = self.env.clock()
        except BaseException:
            self.history.mark_dirty()
            raise
        finally:
            self._is_saving = False
            self._tell_saved_state()

    # ------------------------------------------------------------ inside

    def _folder(self) -> Path | None:
        return (self._home.folder if self._home else None) or self.base_folder

    def _on_change(self, before: Project, after: Project, change: Change) -> None:
        if self._home is not None:
            self._home.add_edit(before, change, after)
        super()._on_change(before, after, change)

    def _journal_failed(self, error: StudioError) -> None:
        text = f"The last edits could not be kept for recovery: {error}"
        self._own_loop.later(lambda: self.log(text, level="error"))
