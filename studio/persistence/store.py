"""How is a project kept in a database? Opened, saved as a whole or not at all, its edits journaled, its runs remembered.

A store belongs to one session at a time (`locks`, `server_lock`). What its rows mean stands in `codec`, which of them a save writes in
`saving`, the nodes that write them in `gateway`, and what is kept of runs in `run_history`.
Everything here runs on the engine's loop.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from studio.kernel.errors import DatabaseError, NewerFormat, StoreError
from studio.kernel.ids import new_id
from studio.kernel.problems import Problem
from studio.persistence import locks
from studio.persistence.codec import PATTERN, ProjectRows, ReadProject, project_from_rows, project_to_rows
from studio.persistence.gateway import Step, StoreGateway
from studio.persistence.locations import Location, check_file, foreign, locate
from studio.persistence.project_models import FORMAT_VERSION, STORE_MODELS
from studio.persistence.run_history import RunHistory
from studio.persistence.saving import steps_between
from studio.persistence.server_lock import ServerLock
from studio.project.state import Project

if TYPE_CHECKING:
    from studio.kernel.loop import EngineLoop

_OWN_TABLES: Final = frozenset({"projects", "orchestrations", "edit_journals", "model_definitions"})
Clock = Callable[[], dt.datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """One edit that has not been saved; `change` is its text."""

    position: int
    label: str
    change: str
    made_at: dt.datetime


class ProjectStore:
    """An open store.

    Invariant: `project` is what the database holds, as of the last `save`; a read-only store is never written, not even its lock.
    """

    def __init__(
        self, location: Location, gateway: StoreGateway, *, clock: Clock, lock: locks.FileLock | None = None
    ) -> None:
        self.location = location
        self.project = Project(id="", name="")
        self.problems: tuple[Problem, ...] = ()
        self.read_only_because = ""
        self._gateway = gateway
        self._clock = clock
        self._lock = lock
        self._token = new_id()
        self._rows = ProjectRows(project={})
        self._unread: tuple[str, ...] = ()
        self._server_lock: ServerLock | None = None
        self._writing = asyncio.Lock()
        self.run_history = RunHistory(gateway.run, self._write)
        """The runs that are over."""

    # ------------------------------------------------------------ opening and closing

    @classmethod
    async def open(
        cls, text: str, *, clock: Clock, engine: EngineLoop | None = None, read_only: bool = False
    ) -> Self:
        """The store at a path or URL.

        Raises:
            StoreError: And its kinds: a folder, a foreign database, open elsewhere, a newer format that cannot even be read.
            DatabaseError: No such file or database, damaged, unreachable, wrong password.
        """
        location = locate(text)
        lock = None
        if location.path is not None:
            check_file(location.path)
            if not read_only:
                lock, read_only = _lock_file(location.path)
        gateway = StoreGateway(location.url, engine=engine, read_only=read_only, must_exist=True)
        store = cls(location, gateway, clock=clock, lock=lock)
        if read_only:
            store.read_only_because = "the project was opened for reading only"
        try:
            await _check_tables(location, engine)
            await store._read()
            if location.path is None and not store.is_read_only:
                await store._take_server_lock()
        except BaseException:
            await store.close()
            raise
        return store

    @classmethod
    async def create(
        cls,
        text: str,
        project: Project,
        *,
        clock: Clock,
        studio_version: str,
        engine: EngineLoop | None = None,
    ) -> Self:
        """A new store that holds `project`; a file that is there is replaced at the very end, and only then.

        Raises:
            StoreBusy: The file is open elsewhere.
            StoreError: The database on the server holds a project already; the folder cannot be written.
        """
        return await cls._make(text, project, None, clock=clock, studio_version=studio_version, engine=engine)

    async def copy_to(self, text: str, project: Project, *, studio_version: str) -> ProjectStore:
        """A new store at another place with everything of this one, and `project` instead of this one's."""
        return await self._make(
            text, project, self, clock=self._clock, studio_version=studio_version, engine=self._gateway.engine
        )

    @classmethod
    async def _make(
        cls,
        text: str,
        project: Project,
        source: ProjectStore | None,
        *,
        clock: Clock,
        studio_version: str,
        engine: EngineLoop | None,
    ) -> Self:
        location = locate(text)
        if location.path is None:
            store = cls(location, StoreGateway(location.url, engine=engine), clock=clock)
            try:
                await store._fill(project, source, studio_version)
                await store._take_server_lock()
            except BaseException:
                await store.close()
                raise
            return store
        path = location.path
        if path.is_dir():
            raise StoreError(f"{path} is a folder.", hint="Name a file in it.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock = locks.FileLock(path)
            lock.acquire()
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written: {error.strerror}.", hint="Choose another folder."
            ) from error
        draft = path.with_name(f".{path.name}.{new_id()}.new")
        try:
            made = cls(locate(str(draft)), StoreGateway(locate(str(draft)).url, engine=engine), clock=clock)
            try:
                await made._fill(project, source, studio_version)
            finally:
                await made.close()
            _put_in_place(draft, path)
            store = cls(
                location, StoreGateway(location.url, engine=engine, must_exist=True), clock=clock, lock=lock
            )
            await store._read()
        except BaseException:
            lock.release()
            _remove(draft)
            raise
        return store

    async def close(self) -> None:
        """Lets the database and the lock go; the store is of no use afterwards."""
        if self._server_lock is not None:
            await self._server_lock.release()
            self._server_lock = None
        await self._gateway.close()
        if self._lock is not None:
            self._lock.release()

    @property
    def is_read_only(self) -> bool:
        return bool(self.read_only_because)

    @property
    def is_newer(self) -> bool:
        """Whether a newer Studio wrote it in a format of its own."""
        return _major(self._rows.project.get("format_version", "")) > _major(FORMAT_VERSION)

    # ------------------------------------------------------------ the project

    async def save(self, project: Project, *, studio_version: str, upto: int) -> None:
        """Writes what differs from the last save and forgets the journal up to position `upto`, all or nothing.

        Raises:
            StoreError: The store is read-only.
            DatabaseError: Nothing was written.
            TextError, ModelError: Something in the project cannot be kept; nothing was written.
        """
        if self.is_read_only:
            raise StoreError(
                f"{self.location.shown} cannot be saved: {self.read_only_because}.",
                hint="Save it under another name.",
            )
        async with self._writing:
            rows = await asyncio.to_thread(
                project_to_rows, project, studio_version=studio_version, known=(self.project, self._rows), unread=self._unread
            )  # fmt: skip
            steps = steps_between(self._rows, rows, keep=self._unread)
            steps.append(
                Step(type="EditJournalBulkDeleteNode", params={"filter": {"position": {"$lte": upto}}})
            )
            await self._write(steps, atomic=True)
            for kept, known in (
                (rows.workflows, self._rows.workflows),
                (rows.templates, self._rows.templates),
            ):
                kept.update((key, row) for key, row in known.items() if key in self._unread)
            self.project, self._rows = project, rows

    async def _read(self) -> None:
        head = (
            await self._gateway.run(
                [
                    Step(
                        type="ProjectListNode",
                        params={
                            "fields": ["id", "name", "format_version"],
                            "order_by": ["created_at"],
                            "limit": 1,
                        },
                    )
                ]
            )
        )[0]
        if not head:
            raise StoreError(
                f"{self.location.shown} holds no project.", hint="It was never saved completely."
            )
        version = str(head[0]["format_version"])
        if _major(version) > _major(FORMAT_VERSION):
            self.read_only_because = f"it was written by a newer Studio (format {version})"
        try:
            read = await self._read_rows(head[0]["id"])
        except DatabaseError as error:
            if self.read_only_because:
                raise NewerFormat(
                    f"{self.location.shown} was written by a newer Studio (format {version}).",
                    hint="Open it with that version.",
                    detail=str(error),
                ) from error
            raise
        self.project, self.problems, self._unread = read.project, read.problems, read.unread

    async def _read_rows(self, project_id: str) -> ReadProject:
        mine = {"filter": {"project_id": project_id}, "limit": None}
        drawn = {"filter": {"pattern": PATTERN}, "limit": None}
        project, connections, models, workflows, templates = await self._gateway.run(
            [
                Step(type="ProjectReadNode", params={"id": project_id}),
                Step(type="ConnectionListNode", params=mine),
                Step(type="ModelDefinitionListNode", params=mine),
                Step(type="OrchestrationListNode", params=drawn),
                Step(type="OrchestrationTemplateListNode", params=drawn),
            ]
        )
        rows = ProjectRows(
            project=project,
            connections={row["id"]: row for row in connections},
            models={row["id"]: row for row in models},
            workflows={row["id"]: row for row in workflows},
            templates={row["id"]: row for row in templates},
        )
        read = await asyncio.to_thread(project_from_rows, rows)
        self._rows = rows
        return read

    async def _fill(self, project: Project, source: ProjectStore | None, studio_version: str) -> None:
        if self.location.path is None and await self._gateway.tables() >= _OWN_TABLES:
            there = (await self._gateway.run([Step(type="ProjectListNode", params={"limit": 1})]))[0]
            if there:
                raise StoreError(
                    f"{self.location.shown} holds the project {there[0]['name']!r} already.",
                    hint="Open it, or name an empty database.",
                )
        rows = await asyncio.to_thread(
            project_to_rows, project, studio_version=studio_version, unread=source._unread if source else ()  # noqa: SLF001 - a store copies a store
        )  # fmt: skip
        steps: list[Step] = []
        if source is not None:
            own = {*rows.connections, *rows.models, *rows.workflows, *rows.templates}
            steps += await source._all_rows(own)  # noqa: SLF001 - a store copies a store
        steps += steps_between(ProjectRows(project={}), rows)
        await self._gateway.prepare()
        await self._write(steps, atomic=True)

    async def _all_rows(self, but: set[str]) -> list[Step]:
        """Steps that write everything this store holds beside its project and the rows whose ids are in `but`."""
        gone = {
            row_id
            for rows in (
                self._rows.connections,
                self._rows.models,
                self._rows.workflows,
                self._rows.templates,
            )
            for row_id in rows
            if row_id not in self._unread
        }
        names = [model.__name__ for model in STORE_MODELS if model.__name__ not in ("Project", "EditJournal")]
        found = await self._gateway.run(
            [Step(type=f"{name}ListNode", params={"limit": None}) for name in names]
        )
        steps = []
        for name, records in zip(names, found, strict=True):
            kept = [
                {field: value for field, value in record.items() if field not in ("created_at", "updated_at")}
                for record in records
                if record["id"] not in but and record["id"] not in gone
            ]
            if kept:
                steps.append(Step(type=f"{name}BulkCreateNode", params={"data": kept}))
        return steps

    # ------------------------------------------------------------ the journal

    async def append_edits(self, entries: Sequence[JournalEntry]) -> None:
        """Writes edits down in their order; on a file they are safe when this returns."""
        project_id = self.project.id
        data = [
            {
                "id": f"{self._token[:8]}-{entry.position}",
                "project_id": project_id,
                "position": entry.position,
                "label": entry.label,
                "change": entry.change,
                "made_at": entry.made_at,
            }
            for entry in entries
        ]
        await self._write([Step(type="EditJournalBulkCreateNode", params={"data": data})])

    async def edits(self) -> list[JournalEntry]:
        """The edits that were never saved, in their order."""
        rows = (
            await self._gateway.run(
                [Step(type="EditJournalListNode", params={"order_by": ["position"], "limit": None})]
            )
        )[0]
        return [
            JournalEntry(
                position=row["position"], label=row["label"], change=row["change"], made_at=row["made_at"]
            )
            for row in rows
        ]

    async def forget_edits(self, *, after: int = 0) -> None:
        """Removes the journal's entries behind position `after`."""
        await self._write(
            [Step(type="EditJournalBulkDeleteNode", params={"filter": {"position": {"$gt": after}}})]
        )

    # ------------------------------------------------------------ inside

    async def _write(self, steps: Sequence[Step], *, atomic: bool = False) -> None:
        if self.is_read_only:
            raise StoreError(f"{self.location.shown} cannot be written: {self.read_only_because}.")
        if steps:
            await self._gateway.run(steps, atomic=atomic)

    async def _take_server_lock(self) -> None:
        if not self.project.id:
            await self._read()
        self._server_lock = ServerLock(self._gateway, self.project.id, self._token, self._clock)
        await self._server_lock.take(self.location.shown)


async def _check_tables(location: Location, engine: EngineLoop | None) -> None:
    """Raises ForeignFile or StoreError unless there is a project; looks without altering a byte of what may be somebody else's."""
    probe = StoreGateway(location.url, engine=engine, read_only=True, must_exist=True)
    try:
        tables = await probe.tables()
    finally:
        await probe.close()
    if tables >= _OWN_TABLES:
        return
    if not tables and location.path is None:
        raise StoreError(f"{location.shown} holds no project yet.", hint="Save a project there first.")
    raise foreign(location.shown)


def _major(version: str) -> int:
    head = version.partition(".")[0]
    return int(head) if head.isdigit() else 0


def _lock_file(path: Path) -> tuple[locks.FileLock | None, bool]:
    """The file's lock, and whether the file can only be read."""
    if not os.access(path, os.W_OK):
        return None, True
    lock = locks.FileLock(path)
    try:
        lock.acquire()
    except OSError:
        return None, True
    return lock, False


def _put_in_place(draft: Path, path: Path) -> None:
    """Replaces a file by another in one step, together with what SQLite keeps beside it."""
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    draft.replace(path)


def _remove(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)
