"""Which runs has a session begun? Those under way, the one that waits for a decision, the last of each workflow, and those that are over.

How a run is made and driven stands in `running`, how it looks from outside in `runs`.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.kernel.behalf import on_behalf_of
from studio.kernel.errors import RunError, StudioError
from studio.kernel.ids import RunId, WorkflowId
from studio.session.events import (
    RunFinished,
    RunPaused,
    RunResumed,
    RunStarted,
    SessionEvent,
    TransactionChanged,
)

if TYPE_CHECKING:
    from studio.persistence import NodeRunRecord, RunRecord
    from studio.project.state import Connection, Project
    from studio.runtime import Pause
    from studio.session.databases import Databases
    from studio.session.home import Home
    from studio.session.own_loop import OwnLoop
    from studio.session.running import Run
    from studio.session.runs import RunHandle


class RunBook:
    """The runs of one session.

    Used on the session's thread, where its events are told too. Invariant: no two open runs use the same database while one of them waits for
    a person.
    """

    def __init__(
        self,
        project: Callable[[], Project],
        databases: Databases,
        home: Home | None,
        own_loop: OwnLoop,
        *,
        tell: Callable[[SessionEvent], object],
        warn: Callable[[str], object],
    ) -> None:
        """`home` keeps what is over, None: this book alone does; `warn` says what could not be kept."""
        self._project = project
        self._databases = databases
        self._home = home
        self._own_loop = own_loop
        self._tell = tell
        self._warn = warn
        self._under_way: dict[RunId, RunHandle] = {}
        self._last: dict[WorkflowId, Run] = {}
        self._driven: dict[RunId, tuple[Run, concurrent.futures.Future[None]]] = {}
        """Runs that are not over, a transaction in review included."""
        self._past: list[tuple[RunRecord, list[NodeRunRecord]]] = []

    def last(self, workflow_id: WorkflowId) -> Run | None:
        """The run of a workflow that was begun last."""
        return self._last.get(workflow_id)

    @property
    def open_run(self) -> RunHandle | None:
        """The run in review that waits to be committed or rolled back."""
        return next((run.handle for run in self._open_runs()), None)

    def _open_runs(self) -> list[Run]:
        runs = [run for run, _ in list(self._driven.values())]
        return [run for run in runs if run.handle.review is not None and run.handle.review.state == "open"]

    # ------------------------------------------------------------ begin and end

    def begin(self, run: Run, *, tenant: str | None) -> RunHandle:
        """Starts a run that was made, for a tenant's records; raises RunError when an open one uses the same database."""
        connections = {connection.name: connection for connection in self._project().connections.values()}
        self._refuse_while_open(run.names(connections), connections)
        handle, later = run.handle, self._own_loop.later
        self._under_way[handle.run_id] = handle
        self._last[handle.workflow_id] = run
        handle.when_finished(lambda: later(lambda: self._finished(handle)))
        # First: told while the engine works, whoever listens would wait for the interpreter at every step.
        self._tell(RunStarted(handle))
        with on_behalf_of(tenant=tenant):
            driven = run.start(
                self._databases,
                connections,
                self._keep,
                lambda: later(lambda: self._tell(TransactionChanged(handle))),
                lambda pause: later(lambda: self._tell_pause(handle, pause)),
            )
        self._driven[handle.run_id] = run, driven
        driven.add_done_callback(lambda _: self._driven.pop(handle.run_id, None))
        return handle

    def _refuse_while_open(self, wanted: Sequence[str], connections: Mapping[str, Connection]) -> None:
        """A run must not wait for a transaction that waits for a person."""
        for run in self._open_runs():
            if shared := set(wanted) & set(run.names(connections)):
                changes = run.handle.changes
                counts = f" ({changes.totals})" if changes is not None else ""
                raise RunError(
                    f"The last run is not committed yet{counts}, and uses {', '.join(sorted(shared))} as well.",
                    hint="Commit it or roll it back first.",
                )

    def _tell_pause(self, handle: RunHandle, pause: Pause | None) -> None:
        self._tell(RunResumed(handle) if pause is None else RunPaused(handle, pause))

    def _finished(self, handle: RunHandle) -> None:
        self._under_way.pop(handle.run_id, None)
        self._tell(RunFinished(handle))

    async def close(self) -> None:
        """Stops what runs, rolls back what is open, and returns when all of it is over."""
        for handle in list(self._under_way.values()):
            handle.cancel()
            await handle.finished()
        if (run := self.open_run) is not None and run.review is not None:
            with contextlib.suppress(StudioError):  # somebody was quicker
                await run.review.roll_back()
        for _, driven in list(self._driven.values()):
            await asyncio.wrap_future(driven)

    # ------------------------------------------------------------ what is over

    async def _keep(self, run: RunRecord, nodes: list[NodeRunRecord]) -> None:
        """On the engine's loop. A history that cannot be written is no reason for a run to fail."""
        self._past.insert(0, (run, nodes))
        if self._home is not None and not self._home.is_read_only:
            try:
                await self._home.add_run(self._project(), run, nodes)
            except StudioError as error:
                text = f"The run could not be kept in the history: {error}"
                self._own_loop.later(lambda: self._warn(text))

    async def past(self, workflow_id: WorkflowId | None) -> list[RunRecord]:
        """Runs that are over, newest first, of one workflow or of all."""
        if self._home is not None and self._home.has_store:
            return await self._home.runs(workflow_id)
        return [run for run, _ in self._past if workflow_id in (None, run.workflow_id)]

    async def forget(self, run_ids: Sequence[RunId]) -> None:
        """Removes runs that are over from the history."""
        self._past = [(run, nodes) for run, nodes in self._past if run.id not in run_ids]
        if self._home is not None and self._home.has_store:
            await self._home.forget_runs(run_ids)

    async def note(self, run_id: RunId, text: str) -> None:
        """Keeps what a person says of a run that is over."""
        self._past = [
            (replace(run, note=text) if run.id == run_id else run, nodes) for run, nodes in self._past
        ]
        if self._home is not None and self._home.has_store:
            await self._home.note_run(run_id, text)

    async def trim(self) -> None:
        if self._home is not None:
            await self._home.trim_runs()

    async def nodes(self, run_id: RunId) -> list[NodeRunRecord]:
        """The nodes of a run that is over, with the first rows of each."""
        for run, nodes in self._past:
            if run.id == run_id:
                return nodes
        return await self._home.run_nodes(run_id) if self._home is not None and self._home.has_store else []
