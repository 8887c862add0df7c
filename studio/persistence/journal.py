"""How does an edit survive the end of its process? It is written to the store's journal as soon as it is made, behind the window's back.

Edits are handed in on the session's thread and written on the engine's loop, in order and several at a time. What is in the journal when
a store is opened was never saved: it is offered as a `Recovery`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from studio.kernel.errors import StudioError
from studio.persistence.changes_codec import change_from_text, change_to_text
from studio.persistence.store import JournalEntry, ProjectStore
from studio.project.changes import Change

if TYPE_CHECKING:
    from studio.kernel.loop import EngineLoop

_TOLD: Final = 8
"""Edits of a recovery that a person is told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Unsaved edits that were found: where, of which project, how many, and when the last was made.

    `latest` says what the last few do, in their order.
    """

    location: str
    name: str
    edits: int
    last_edit_at: dt.datetime
    latest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pending:
    position: int
    change: Change
    label: str
    made_at: dt.datetime


class Journal:
    """Writes the edits of one session into its store.

    Invariants: positions grow by one with each edit; entries are written in that order; an edit that was handed in is written unless the
    process ends or the database refuses, and a refused batch is tried again with the next edit. `store` is asked for the store with each
    batch, on the engine's loop.
    """

    def __init__(
        self,
        store: Callable[[], Awaitable[ProjectStore]],
        loop: EngineLoop,
        *,
        clock: Callable[[], dt.datetime],
        failed: Callable[[StudioError], None],
        position: int = 0,
    ) -> None:
        self._store = store
        self._loop = loop
        self._clock = clock
        self._failed = failed
        self._lock = threading.Lock()
        self._pending: list[_Pending] = []
        self._writer: Future[None] | None = None
        self._position = position

    @property
    def position(self) -> int:
        """Of the last edit that was handed in."""
        return self._position

    def add(self, change: Change, label: str) -> None:
        """Hands an edit in, with what a person is told of it after a crash; returns at once."""
        with self._lock:
            self._position += 1
            self._pending.append(_Pending(self._position, change, label, self._clock()))
            if self._writer is None:
                self._writer = self._loop.submit(self._write())

    async def written(self) -> None:
        """Returns when everything handed in so far is in the store or was refused. On the engine's loop."""
        while (writer := self._writer) is not None:
            await asyncio.wait([asyncio.wrap_future(writer)])
            if writer is self._writer:
                return

    async def _write(self) -> None:
        while True:
            with self._lock:
                batch, self._pending = self._pending, []
                if not batch:
                    self._writer = None
                    return
            try:
                store = await self._store()
                await store.append_edits([_entry(item) for item in batch])
            except StudioError as error:
                with self._lock:
                    self._pending = [*batch, *self._pending]
                    self._writer = None
                self._failed(error)
                return


def _entry(item: _Pending) -> JournalEntry:
    return JournalEntry(
        position=item.position,
        label=item.label,
        change=change_to_text(item.change),
        made_at=item.made_at,
    )


def read_changes(entries: Sequence[JournalEntry]) -> tuple[list[Change], StudioError | None]:
    """The edits in their order, up to the first that cannot be read; the error says why that one cannot."""
    changes: list[Change] = []
    for entry in entries:
        try:
            changes.append(change_from_text(entry.change))
        except StudioError as error:
            return changes, error
    return changes, None


def recovery_of(location: str, name: str, entries: Sequence[JournalEntry]) -> Recovery | None:
    if not entries:
        return None
    return Recovery(
        location=location,
        name=name,
        edits=len(entries),
        last_edit_at=entries[-1].made_at,
        latest=tuple(entry.label for entry in entries[-_TOLD:]),
    )
