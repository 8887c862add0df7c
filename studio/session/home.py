"""Where does a session's project live? In a store under its own name, or under the data folder while it has none; and what survives a crash.

Methods are called on the session's thread; what they await runs on the engine's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from studio import __version__
from studio.kernel.errors import DatabaseError, StoreError, StudioError
from studio.kernel.ids import RunId, WorkflowId, short_id
from studio.kernel.problems import Problem, Severity
from studio.persistence.journal import Journal, Recovery, read_changes, recovery_of
from studio.persistence.locations import SUFFIX, locate
from studio.persistence.locks import is_held
from studio.persistence.store import JournalEntry, ProjectStore
from studio.project.changes import Change
from studio.project.state import Project
from studio.project.step_text import step_text
from studio.session.environment import Environment

if TYPE_CHECKING:
    from studio.persistence.runs import NodeRunRecord, RunRecord


class Home:
    """The place of one session's project.

    Invariants: the store, once there is one, holds `saved`, and its journal the edits that lead from there to the project as it is; a store
    without a name of its own (under the data folder) is made with the first edit or run and removed on `close`.
    """

    def __init__(self, env: Environment, store: ProjectStore | None, *, location: str | None) -> None:
        self._env = env
        self._store = store
        self._location = location
        self._base: Project | None = store.project if store else None
        self._entries: list[JournalEntry] = []
        self._aside: tuple[Project, list[JournalEntry]] | None = None
        self._is_replaying = False
        self._saving: list[tuple[Change, str]] | None = None
        """The edits made while the project changes its place, each with its label."""
        self._turn: asyncio.Lock | None = None
        self._path = env.untitled_dir / f"{short_id()}{SUFFIX}"
        self.pending: Recovery | None = None
        self.failed: Callable[[StudioError], None] = lambda error: None
        self._journal = self._new_journal(0)

    @classmethod
    def untitled(cls, env: Environment) -> Self:
        return cls(env, None, location=None)

    @classmethod
    async def open(cls, env: Environment, text: str, *, read_only: bool = False) -> Self:
        """Raises what `ProjectStore.open` raises."""
        return await env.loop.call(cls._open(env, text, read_only=read_only))

    @classmethod
    async def _open(cls, env: Environment, text: str, *, read_only: bool) -> Self:
        store = await ProjectStore.open(text, clock=env.clock, engine=env.loop, read_only=read_only)
        try:
            entries = [] if store.is_newer else await store.edits()
        except BaseException:
            await store.close()
            raise
        path = store.location.path
        is_untitled = path is not None and path.parent == env.untitled_dir.absolute()
        home = cls(env, store, location=None if is_untitled else store.location.shown)
        if path is not None and is_untitled:
            home._path = path
        home._entries = entries
        home.pending = recovery_of(store.location.shown, store.project.name, entries)
        home._journal = home._new_journal(entries[-1].position if entries else 0)
        if not store.is_read_only:
            home._note_open()
        return home

    @classmethod
    async def recoverable(cls, env: Environment) -> list[Recovery]:
        """Left with unsaved edits by a process that has ended; of the rest, what is of no use is cleared away."""
        return await env.loop.call(cls._recoverable(env))

    @classmethod
    async def _recoverable(cls, env: Environment) -> list[Recovery]:
        found: list[Recovery] = []
        for path in sorted(env.untitled_dir.glob(f"*{SUFFIX}")):
            recovery, is_useless = await _look(env, path)
            if recovery is not None:
                found.append(recovery)
            elif is_useless:
                _remove_store(path)
        for note in sorted(_notes(env).glob("*.json")):
            with contextlib.suppress(OSError, ValueError, KeyError):
                path = Path(json.loads(note.read_text(encoding="utf-8"))["location"])
                recovery, is_useless = await _look(env, path)
                if recovery is not None:
                    found.append(recovery)
                elif is_useless or not path.exists():
                    note.unlink(missing_ok=True)
        return sorted(found, key=lambda recovery: recovery.last_edit_at, reverse=True)

    # ------------------------------------------------------------ state

    @property
    def saved(self) -> Project:
        """The project as the store holds it."""
        assert self._store is not None, "an untitled project is made in memory"
        return self._store.project

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be read, and why the project can only be read, if so."""
        if self._store is None:
            return ()
        reason = self._store.read_only_because
        notice = Problem(
            code="read-only",
            severity=Severity.WARNING,
            message=f"The project can only be read: {reason}.",
            hint="Save it under another name.",
        )
        return (*self._store.problems, *((notice,) if reason else ()))

    @property
    def location(self) -> str | None:
        return self._location

    @property
    def folder(self) -> Path | None:
        """Where relative paths of the project begin; None: where the process was started."""
        if self._location is None or self._store is None or self._store.location.path is None:
            return None
        return self._store.location.path.parent

    @property
    def has_store(self) -> bool:
        return self._store is not None

    @property
    def is_read_only(self) -> bool:
        return self._store is not None and self._store.is_read_only

    # ------------------------------------------------------------ edits

    def add_edit(self, before: Project, change: Change, after: Project) -> None:
        """Hands an edit to the journal; it led from `before` to `after`."""
        if self._is_replaying or self.is_read_only:
            return
        if self._base is None:
            self._base = before
        if self.pending is not None and self._store is not None:
            # Nobody has decided about the edits of an earlier session: they are kept as a project of their own.
            self._aside = (self._store.project, self._entries)
            self.pending, self._entries = None, []
        label = step_text(change, before, after)
        if self._saving is not None:
            self._saving.append((change, label))
        else:
            self._journal.add(change, label)

    @contextlib.contextmanager
    def replaying(self) -> Iterator[None]:
        """What is edited inside comes from the journal and is in it already."""
        self._is_replaying = True
        try:
            yield
        finally:
            self._is_replaying = False

    def recovered_changes(self) -> tuple[list[Change], StudioError | None]:
        """The edits of the earlier session, up to the first that cannot be read, and why not."""
        return read_changes(self._entries)

    async def recovered(self, done: int) -> None:
        """Says that the first `done` of them have been made again; the others are given up."""
        entries, self._entries, self.pending = self._entries, [], None
        if done < len(entries) and self._store is not None:
            last = entries[done - 1].position if done else 0
            await self._env.loop.call(self._store.forget_edits(after=last))

    async def discard_recovered(self) -> None:
        self._entries, self.pending = [], None
        if self._store is not None and not self.is_read_only:
            await self._env.loop.call(self._store.forget_edits())

    # ------------------------------------------------------------ saving

    async def save(self, project: Project, text: str | None) -> None:
        """Writes the project to its place, or to another one; raises what `ProjectStore.save` and `create` raise."""
        if text is None and self._location is None:
            raise StoreError("The project has no place yet.", hint="Choose one with Save As.")
        upto = self._journal.position
        if (
            text is None
            or text == self._location
            or (self._location and locate(text).shown == self._location)
        ):
            await self._env.loop.call(self._save_here(project, upto))
            return
        self._saving = []
        try:
            await self._env.loop.call(self._save_there(project, text))
            self._journal = self._new_journal(0)
        finally:
            made, self._saving = self._saving, None
            for change, label in made:
                self._journal.add(change, label)

    async def _save_here(self, project: Project, upto: int) -> None:
        await self._journal.written()
        store = await self._ready()
        await store.save(project, studio_version=__version__, upto=upto)

    async def _save_there(self, project: Project, text: str) -> None:
        await self._journal.written()
        # A run that ends meanwhile finds the new place, and makes none of its own.
        async with self._taking_turns():
            old = self._store
            if old is None:
                new = await ProjectStore.create(
                    text, project, clock=self._env.clock, studio_version=__version__, engine=self._env.loop
                )
            else:
                new = await old.copy_to(text, project, studio_version=__version__)
            self._store = new
            if old is not None:
                await self._leave(old, keep_edits=False)
            self._location = new.location.shown
            self._note_open()

    # ------------------------------------------------------------ runs

    async def add_run(self, project: Project, run: RunRecord, nodes: Sequence[NodeRunRecord]) -> None:
        """On the engine's loop."""
        if self._base is None:
            self._base = project
        store = await self._ready()
        keep = self._env.retention
        await store.run_history.add(run, nodes, project_id=store.project.id, keep=keep)

    async def runs(self, workflow_id: WorkflowId | None) -> list[RunRecord]:
        assert self._store is not None
        return await self._env.loop.call(self._store.run_history.recent(workflow_id))

    async def run_nodes(self, run_id: RunId) -> list[NodeRunRecord]:
        assert self._store is not None
        return await self._env.loop.call(self._store.run_history.nodes(run_id))

    async def forget_runs(self, run_ids: Sequence[RunId]) -> None:
        assert self._store is not None
        await self._env.loop.call(self._store.run_history.forget(run_ids))

    async def trim_runs(self) -> None:
        """Forgets the runs beyond what is to be kept."""
        if self._store is not None and not self._store.is_read_only:
            await self._env.loop.call(self._store.run_history.trim(self._env.retention))

    async def note_run(self, run_id: RunId, text: str) -> None:
        assert self._store is not None
        project_id = self._store.project.id
        await self._env.loop.call(self._store.run_history.note(run_id, text, project_id=project_id))

    # ------------------------------------------------------------ the end

    async def close(self, *, keep_edits: bool) -> None:
        """Unsaved edits are given up unless `keep_edits`, or unless nobody has decided about those of an earlier session."""
        await self._env.loop.call(self._close(keep_edits=keep_edits))

    async def _close(self, *, keep_edits: bool) -> None:
        await self._journal.written()
        store, self._store = self._store, None
        if store is not None:
            await self._leave(store, keep_edits=keep_edits or self.pending is not None)

    async def _leave(self, store: ProjectStore, *, keep_edits: bool) -> None:
        path = store.location.path
        is_untitled = self._location is None
        if not keep_edits and not is_untitled and not store.is_read_only:
            with contextlib.suppress(
                DatabaseError, StoreError
            ):  # then they are offered again, which harms nobody
                await store.forget_edits()
        await store.close()
        if path is None or keep_edits:
            return
        if is_untitled:
            _remove_store(path)
        else:
            _note(self._env, path).unlink(missing_ok=True)

    # ------------------------------------------------------------ inside

    def _new_journal(self, position: int) -> Journal:
        return Journal(
            self._ready,
            self._env.loop,
            clock=self._env.clock,
            failed=self._tell_failed,
            position=position,
        )

    def _tell_failed(self, error: StudioError) -> None:
        self.failed(error)

    def _taking_turns(self) -> asyncio.Lock:
        """What is held while the store is made or changes its place; of the engine's loop."""
        if self._turn is None:
            self._turn = asyncio.Lock()
        return self._turn

    async def _ready(self) -> ProjectStore:
        """The store, made when there is none yet; on the engine's loop."""
        async with self._taking_turns():
            if self._store is None:
                assert self._base is not None, "nothing is kept before the first edit or run"
                self._store = await ProjectStore.create(
                    str(self._path), self._base, clock=self._env.clock, studio_version=__version__, engine=self._env.loop
                )  # fmt: skip
            if self._aside is not None:
                await self._set_aside(*self._aside)
                self._aside = None
            return self._store

    async def _set_aside(self, project: Project, entries: list[JournalEntry]) -> None:
        path = self._env.untitled_dir / f"{short_id()}{SUFFIX}"
        named = replace(project, name=f"{project.name} (recovered)")
        other = await ProjectStore.create(
            str(path), named, clock=self._env.clock, studio_version=__version__, engine=self._env.loop
        )
        try:
            await other.append_edits(entries)
        finally:
            await other.close()
        assert self._store is not None
        await self._store.forget_edits()

    def _note_open(self) -> None:
        """Leaves a note that this file is open, so that the next start looks whether it was left with unsaved edits."""
        path = self._store.location.path if self._store else None
        if path is None or self._location is None:
            return
        with contextlib.suppress(
            OSError
        ):  # a folder that cannot be written costs the offer at the next start, no more
            note = _note(self._env, path)
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(json.dumps({"location": str(path)}), encoding="utf-8")


def _notes(env: Environment) -> Path:
    return env.data_dir / "open"


def _note(env: Environment, path: Path) -> Path:
    return _notes(env) / f"{hashlib.sha256(str(path).encode()).hexdigest()[:16]}.json"


def _is_waiting(path: Path) -> bool:
    return path.exists() and not is_held(path)


async def _look(env: Environment, path: Path) -> tuple[Recovery | None, bool]:
    """The unsaved edits of a store that nobody has open, and whether the store is readable and has none."""
    if not _is_waiting(path):
        return None, False
    try:
        store = await ProjectStore.open(str(path), clock=env.clock, engine=env.loop)
    except StudioError:
        return None, False
    try:
        entries = await store.edits()
        return recovery_of(str(path), store.project.name, entries), not entries
    except StudioError:
        return None, False
    finally:
        await store.close()


def _remove_store(path: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(OSError):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
