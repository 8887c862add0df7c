"""How is a workflow run? As a whole: its inputs, its mode with the transactions around it, the decision in review, and the result.

How its nodes are driven stands in `driving`. Everything here happens on the engine's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Literal

from studio.kernel.errors import BuildError, RunCancelled, StudioError
from studio.kernel.ids import new_id
from studio.kernel.problems import Problem
from studio.nodes.code import trust_problem
from studio.runtime.changes import Changeset
from studio.runtime.connections import Connections
from studio.runtime.debugging import Debugger
from studio.runtime.driving import Driver
from studio.runtime.events import OnEvent
from studio.runtime.inputs import bind_inputs
from studio.runtime.partial import Earlier
from studio.runtime.plan import Plan
from studio.runtime.result import RunResult
from studio.runtime.review import IDLE_S, WARN_S, OpenTransaction
from studio.runtime.state import RunStatus
from studio.runtime.telling import Teller

if TYPE_CHECKING:
    from pathlib import Path

    from studio.database import Database

Mode = Literal["auto", "atomic", "review", "dry"]

DEFAULT_CONCURRENCY: Final = 16


def run_workflow(  # noqa: PLR0913 - a run has that many sides, each with a default
    plan: Plan,
    *,
    databases: Mapping[str, Database],
    inputs: Mapping[str, Any] | None = None,
    mode: Mode = "auto",
    until: str | None = None,
    start: str | None = None,
    earlier: Earlier | None = None,
    on_event: OnEvent | None = None,
    max_concurrency: int = DEFAULT_CONCURRENCY,
    trusted: bool = False,
    run_id: str | None = None,
    keep_schema: Collection[str] = (),
    record_changes: bool = False,
    idle_s: float = IDLE_S,
    warn_s: float = WARN_S,
    folder: Path | None = None,
    debugger: Debugger | None = None,
) -> Coroutine[Any, Any, RunResult]:
    """Runs a plan once, when it is awaited; never raises for what goes wrong in it, the result's state and error tell.

    Cancelling the awaiting task cancels the statements in flight at the driver, rolls back what was not committed, and gives a result with
    the state `cancelled`.

    Args:
        plan: what to run.
        databases: by the names of their connections; a node without a connection uses the only one.
        inputs: values for the workflow's inputs.
        mode: `auto` (each node commits by itself), `atomic` (one transaction per database, any failure rolls all back; one node
            at a time), `review` (atomic, left open: the result's `transaction` is to be committed or rolled back), `dry` (atomic, always
            rolled back). All but `auto` record changes.
        until: run only this node and what leads to it.
        start: run only this node and what follows from it; what leads to it gives what it gave in `earlier`, see `partial`.
        earlier: the run whose values may be used again.
        on_event: told each fact of the run in order, on this loop; must be quick.
        max_concurrency: how many nodes may wait for their databases or processes at once.
        trusted: whether nodes with code of a person's own may run.
        run_id: the run's id; a new one when omitted.
        keep_schema: connections where missing tables must not be created; on the others they are.
        record_changes: whether before and after images are kept in the mode `auto`.
        idle_s: after so long without a decision a run in review is rolled back.
        warn_s: so long before that it is told.
        folder: where the relative paths of files begin; None: in the process's own folder.
        debugger: asked before each node, which waits where a person wants it.
    """
    recorder = Changeset() if record_changes or mode != "auto" else None
    run = _Run(
        plan,
        Connections(databases),
        run_id=run_id or new_id(),
        recorder=recorder,
        max_concurrency=max_concurrency if mode == "auto" else 1,
    )
    run.folder, run.debugger = folder, debugger
    if debugger is not None:
        debugger.outcomes = run.outcomes
    # What is awaited is the run's own coroutine: thousands of runs may wait at once, each of them with all its frames.
    work = run.whole(
        inputs,
        mode=mode,
        until=until,
        start=start,
        earlier=earlier,
        trusted=trusted,
        keep_schema=keep_schema,
        on_event=on_event,
    )
    return _reviewed(run, work, idle_s=idle_s, warn_s=warn_s) if mode == "review" else work


async def _reviewed(
    run: _Run, work: Coroutine[Any, Any, RunResult], *, idle_s: float, warn_s: float
) -> RunResult:
    """The run in a task of its own, which holds the transaction open when this one has given the result."""
    run.review = OpenTransaction(idle_s=idle_s, warn_s=warn_s, on_change=run.transaction_changed)
    return await run.review.hold(asyncio.create_task(work, name=f"review {run.id}"))


class _RolledBack(Exception):
    """Leaves the transactions so that they roll back."""


class _Run(Driver):
    """A whole run."""

    __slots__ = ("is_kept", "result", "review")

    def __init__(
        self,
        plan: Plan,
        connections: Connections,
        *,
        run_id: str,
        recorder: Changeset | None,
        max_concurrency: int,
    ) -> None:
        super().__init__(plan, connections, run_id=run_id, recorder=recorder, max_concurrency=max_concurrency)
        self.is_kept = True
        self.result: RunResult | None = None
        self.review: OpenTransaction | None = None

    async def whole(
        self,
        inputs: Mapping[str, Any] | None,
        *,
        mode: Mode,
        until: str | None,
        start: str | None,
        earlier: Earlier | None,
        trusted: bool,
        keep_schema: Collection[str],
        on_event: OnEvent | None,
    ) -> RunResult:
        self.trusted = trusted
        refusal: StudioError | None = None
        try:
            if until is not None or start is not None:
                self._take(self.plan.part(until=until, start=start, earlier=earlier, inputs=inputs))
            plan = self.plan
            self.inputs = bind_inputs(
                plan.whole or plan.workflow, inputs, part=plan.workflow, declared=plan.inputs
            )
            self._refuse_untrusted()
            if mode == "dry":
                self._refuse_outside()
            self.ledger.names.update(self.inputs)
        except StudioError as error:
            refusal = error
        if on_event is not None:
            self.tell = Teller(on_event, self.id, self.ledger, self.clock)
            self.tell.run_started()
        if refusal is not None:
            self.error = refusal.at(workflow=self.root_name)
            return self._finish("failed")
        try:
            if not self.connections.has_tables(self.plan, keep_schema):
                await self.connections.ensure_tables(self.plan, keep_schema)
            status = await (self._drive() if mode == "auto" else self._in_one_transaction(mode))
            return self._finish(status)
        except StudioError as error:  # a connection that cannot be had, a commit that was refused
            self.error = self.error or error.at(workflow=self.root_name)
            await self._stop()
            return self._finish("failed")
        except asyncio.CancelledError:
            await self._stop()
            self.error = RunCancelled(
                "The run was stopped.", hint="What was not committed is rolled back.", workflow=self.root_name
            )
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()  # it has been answered: with a result that says cancelled
            return self._finish("cancelled")
        finally:
            if self.review is not None:
                self.review.end("rolled_back", self.error)
            if self.holdings:
                await self.holdings.aclose()

    def transaction_changed(self, transaction: OpenTransaction) -> None:
        if self.tell is not None:
            self.tell.transaction_changed(transaction)

    def _refuse_untrusted(self) -> None:
        if self.plan.needs_trust and not self.trusted:
            steps = [step for step in self.plan.steps if step.id in self.plan.needs_trust]
            raise BuildError(
                [trust_problem(step.type.spec, step.id) for step in steps if step.type is not None],
                workflow=self.root_name,
            )

    def _refuse_outside(self) -> None:
        """In a dry run nothing may be changed that no rollback takes back."""
        found = [
            Problem(
                code="not-in-dry-run",
                message=f'"{step.title}" would change something elsewhere, and a dry run changes nothing.',
                hint="Run it in another mode, or disable the node.",
                workflow=self.root_name,
                node=path,
            )
            for path, step in self.plan.paths()
            if step.type is not None and path not in self.plan.given and step.type.outside(step.params)
        ]
        if found:
            raise BuildError(found, workflow=self.root_name)

    async def _in_one_transaction(self, mode: Mode) -> RunStatus:
        self.is_atomic, self.is_kept = True, False
        try:
            with contextlib.suppress(_RolledBack):
                async with AsyncExitStack() as stack:
                    await self.connections.open_transactions(self.plan, stack)
                    if await self._drive() != "succeeded" or mode == "dry":
                        raise _RolledBack
                    if self.review is not None and not await self._is_approved(self.review):
                        raise _RolledBack
                self._settle()
                self.is_kept = True
                if self.review is not None:
                    self.review.end("committed", None)
        finally:
            for _, drop in self.unsettled:
                drop()
        return "failed" if self.error is not None else "succeeded"

    async def _is_approved(self, review: OpenTransaction) -> bool:
        """Gives the result out and waits for the decision."""
        if self.holdings:
            await self.holdings.aclose()  # a person may take long, and no node needs them any more
        take_back = self.connections.before_close(self.plan, review.roll_back)
        try:
            return await review.decided(self._finish("succeeded"))
        finally:
            take_back()

    def _settle(self) -> None:
        """The databases have committed: puts in place what nodes have made beside them."""
        while self.unsettled:
            keep, _ = self.unsettled.pop(0)
            keep()

    def _finish(self, status: RunStatus) -> RunResult:
        """The result; in review it was given out before the end, and stays."""
        if self.result is not None:
            return self.result
        self.state.cancel_pending()
        if self.tell is not None:
            self.tell.dropped(self.state)
            self.tell.run_finished(status, self.error)
        self.result = RunResult(
            run_id=self.id,
            state=status,
            duration_ms=self.clock.elapsed_ms(),
            nodes=self.outcomes(),
            changes=self.recorder,
            error=self.error,
            transaction=self.review if status == "succeeded" else None,
            plan=self.plan,
            inputs=self.inputs,
            is_kept=self.is_kept,
        )
        return self.result
