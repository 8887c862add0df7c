"""How is a workflow run? Drives the state machine: fills in params, runs nodes side by side, follows failures, stops when told to.

Nodes that give their value at once are run in place, without a task of their own; the others get one task each, at most
`max_concurrency` at a time. Everything here happens on the engine's loop.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import logging
import random
import time
import traceback
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from studio.kernel.behalf import enter_node
from studio.kernel.errors import (
    BuildError,
    ConnectionLost,
    Deadlock,
    LockTimeout,
    RequestFailed,
    RunCancelled,
    RunError,
    RunTimeout,
    StudioError,
)
from studio.kernel.ids import NodeId, RunId, new_id
from studio.kernel.problems import Problem
from studio.nodes.base import NOT_NOW
from studio.nodes.code import SqlType, trust_problem
from studio.nodes.records import ModelNode
from studio.runtime.changes import Changeset, NodeRecorder
from studio.runtime.connections import Connections
from studio.runtime.events import OnEvent
from studio.runtime.inner import Runs
from studio.runtime.inputs import bind_inputs
from studio.runtime.ledger import Ledger
from studio.runtime.outcomes import Clock, Outcomes
from studio.runtime.partial import Earlier, Given
from studio.runtime.plan import Plan, Step
from studio.runtime.result import RunResult
from studio.runtime.review import IDLE_S, WARN_S, OpenTransaction
from studio.runtime.state import RunState, RunStatus
from studio.runtime.streams import RecordStream
from studio.runtime.telling import Teller

if TYPE_CHECKING:
    from pathlib import Path

    from studio.database import Access, Database
    from studio.models.spec import ModelSpec

Mode = Literal["auto", "atomic", "review", "dry"]

DEFAULT_CONCURRENCY: Final = 16
SLICE_S: Final = 0.004
"""After so much work without a pause the loop is given to others: another run, a cancellation."""
STOP_TIMEOUT_S: Final = 10.0
"""So long a stopped node may take to let go of its database."""
_BACKOFF_S: Final = 0.05
_log = logging.getLogger(__name__)


async def run_workflow(  # noqa: PLR0913 - a run has that many sides, each with a default
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
) -> RunResult:
    """Runs a plan once; never raises for what goes wrong in it, the result's state and error tell.

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
    """
    recorder = Changeset() if record_changes or mode != "auto" else None
    run = _Run(
        plan,
        Connections(databases),
        run_id=run_id or new_id(),
        recorder=recorder,
        max_concurrency=max_concurrency if mode == "auto" else 1,
    )
    run.folder = folder
    if mode == "review":
        run.review = OpenTransaction(idle_s=idle_s, warn_s=warn_s, on_change=run.transaction_changed)
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
    if run.review is None:
        return await work
    # A task of its own, which holds the transaction open when this one has given the result.
    return await run.review.hold(asyncio.create_task(work, name=f"review {run.id}"))


class _RolledBack(Exception):
    """Leaves the transactions so that they roll back."""


class _Context:
    """What a node may reach; see `nodes.base.NodeContext`."""

    __slots__ = ("_access", "_connections", "_recorder", "_run", "_step", "node_id")

    def __init__(
        self,
        run: _Run,
        step: Step,
        access: Access | None = None,
        connections: Connections | None = None,
        recorder: NodeRecorder | None = None,
    ) -> None:
        self._run = run
        self._connections = connections
        self._step = step
        self.node_id = step.id
        self._access = access
        self._recorder = recorder

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self._run.inputs

    @property
    def names(self) -> Mapping[str, Any]:
        return self._run.ledger.names

    @property
    def folder(self) -> Path | None:
        return self._run.folder

    @property
    def trusted(self) -> bool:
        return self._run.trusted

    def access(self, connection: str | None) -> Access:
        access = self._access or self._run.connections.access(connection)
        return access if self._recorder is None else access.telling(self._recorder)

    def progress(self, done: int, total: int | None) -> None:
        if self._run.tell is not None:
            self._run.tell.progressed(self.node_id, done, total)

    def log(self, text: str) -> None:
        if self._run.tell is not None:
            self._run.tell.logged(self.node_id, text)

    def model(self, name: str) -> ModelSpec:
        return self._run.plan.catalogue.model(name)

    def inner_runs(self, *, many: bool = False) -> Runs:
        return self._run.inner_runs(self._step, self._connections or self._run.connections, many=many)

    def settle(self, keep: Callable[[], None], drop: Callable[[], None]) -> None:
        if self._run.is_atomic:
            self._run.unsettled.append((keep, drop))
        else:
            keep()


class _Run:
    """One run: the state machine, the ledger, and the tasks that are under way."""

    def __init__(
        self,
        plan: Plan,
        connections: Connections,
        *,
        run_id: str,
        recorder: Changeset | None,
        max_concurrency: int,
    ) -> None:
        self.id = RunId(run_id)
        self.connections = connections
        self.recorder = recorder
        self.max_concurrency = max(1, max_concurrency)
        self.trusted = False
        self.folder: Path | None = None
        self.is_atomic = False
        self.is_kept = True
        self.unsettled: list[tuple[Callable[[], None], Callable[[], None]]] = []
        """What nodes have made outside of the databases, to be kept or dropped as the transaction ends; see `NodeContext.settle`."""
        self.inputs: dict[str, Any] = {}
        self.clock = Clock()
        self.error: StudioError | None = None
        self.result: RunResult | None = None
        self.review: OpenTransaction | None = None
        self.tell: Teller | None = None
        self.path = ""
        """What stands before the ids of its nodes, when it is a run within a run."""
        self.root_name = plan.workflow.name or None
        self.inner: dict[int, Runs] = {}
        self.tasks: dict[asyncio.Task[None], int] = {}
        self.one_ended: asyncio.Future[None] | None = None
        """Set by the first of the tasks that ends, while the run waits for one."""
        self.ready: collections.deque[int] = collections.deque()
        self.waiting: collections.deque[int] = collections.deque()
        self._take(plan)

    def _take(self, plan: Plan) -> None:
        self.plan = plan
        self.ledger = Ledger(plan)
        self.state = RunState(
            plan.links,
            takes_errors=plan.takes_errors,
            waits=plan.waits,
            orders=plan.orders,
            joins=plan.joins,
        )

    # -------------------------------------------------------------- the whole

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
            self.error = refusal.at(workflow=self._name)
            return self._finish("failed")
        try:
            return self._finish(await self._in_mode(mode, keep_schema))
        except asyncio.CancelledError:
            await self._stop()
            self.error = RunCancelled(
                "The run was stopped.", hint="What was not committed is rolled back.", workflow=self._name
            )
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()  # it has been answered: with a result that says cancelled
            return self._finish("cancelled")
        finally:
            if self.review is not None:
                self.review.end("rolled_back", self.error)

    def transaction_changed(self, transaction: OpenTransaction) -> None:
        if self.tell is not None:
            self.tell.transaction_changed(transaction)

    @property
    def _name(self) -> str | None:
        return self.root_name

    # -------------------------------------------------------------- a run within the run

    def inner_runs(self, step: Step, connections: Connections, *, many: bool) -> Runs:
        """What a node is given that runs another workflow."""
        runs = self.inner[step.index] = Runs(self, step, f"{self.path}{step.id}/", connections, many=many)
        return runs

    def child(self, plan: Plan, path: str, connections: Connections, tell: Teller | None) -> _Run:
        """A run of another workflow as a part of this one."""
        child = _Run(
            plan,
            connections,
            run_id=self.id,
            recorder=self.recorder,
            max_concurrency=self.max_concurrency,
        )
        child.path, child.root_name, child.clock = path, self.root_name, self.clock
        child.folder = self.folder
        child.trusted, child.is_atomic, child.unsettled = self.trusted, self.is_atomic, self.unsettled
        child.tell = tell.of(child.ledger) if tell is not None else None
        return child

    async def drive(self, inputs: Mapping[str, Any]) -> None:
        """Runs it within the run around it; `error` is then what stopped it."""
        try:
            self.inputs = bind_inputs(self.plan.workflow, inputs, declared=self.plan.inputs)
        except StudioError as error:
            error.workflow, error.node = self._name, self.path.removesuffix("/")
            raise
        self.ledger.names.update(self.inputs)
        await self._drive()

    @contextlib.asynccontextmanager
    async def apart(self, plan: Plan, connections: Connections) -> AsyncIterator[Connections]:
        """Within it, what the plan does in this transaction is undone alone when the block raises."""
        mark = self.recorder.mark() if self.recorder is not None else None
        made = len(self.unsettled)
        try:
            async with connections.apart(plan) as inner:
                yield inner
        except BaseException:
            if self.recorder is not None and mark is not None:
                self.recorder.back_to(mark)
            dropped = self.unsettled[made:]
            del self.unsettled[made:]
            for _, drop in dropped:
                drop()
            raise

    def outcomes(self) -> Outcomes:
        inner = {index: runs.outcomes for index, runs in self.inner.items()}
        return Outcomes(self.ledger, self.state.states, self.clock, inner)

    def outputs(self) -> dict[str, Any]:
        """What its Output nodes gave, by their names; without those that did not run."""
        values, states = self.ledger.values, self.state.states
        return {
            step.output_name: values[step.index]
            for step in self.plan.steps
            if step.output_name and states[step.index] == "succeeded"
        }

    def _refuse_untrusted(self) -> None:
        if self.plan.needs_trust and not self.trusted:
            steps = [step for step in self.plan.steps if step.id in self.plan.needs_trust]
            raise BuildError(
                [trust_problem(step.type.spec, step.id) for step in steps if step.type is not None],
                workflow=self._name,
            )

    def _refuse_outside(self) -> None:
        """In a dry run nothing may be changed that no rollback takes back."""
        found = [
            Problem(
                code="not-in-dry-run",
                message=f'"{step.title}" would change something elsewhere, and a dry run changes nothing.',
                hint="Run it in another mode, or disable the node.",
                workflow=self._name,
                node=path,
            )
            for path, step in self.plan.paths()
            if step.type is not None and path not in self.plan.given and step.type.outside(step.params)
        ]
        if found:
            raise BuildError(found, workflow=self._name)

    async def _in_mode(self, mode: Mode, keep_schema: Collection[str]) -> RunStatus:
        try:
            await self.connections.ensure_tables(self.plan, keep_schema)
            if mode == "auto":
                return await self._drive()
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
        except StudioError as error:  # a connection that cannot be had, a commit that was refused
            self.error = self.error or error.at(workflow=self._name)
            await self._stop()
            return "failed"

    async def _is_approved(self, review: OpenTransaction) -> bool:
        """Gives the result out and waits for the decision."""
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

    # -------------------------------------------------------------- driving

    async def _drive(self) -> RunStatus:
        state, steps = self.state, self.plan.steps
        self.ready.extend(index for index in state.begin() if steps[index].type is not None)
        for step in steps:
            if step.type is None and state.states[step.index] == "pending":
                self.ready.extend(state.skip(step.index))
        if self.tell is not None:
            self.tell.dropped(state)
        try:
            while True:
                await self._work_off()
                if self.error is not None:
                    await self._stop()
                    return "failed"
                if not self.tasks:
                    return "succeeded"
                self.one_ended = asyncio.get_running_loop().create_future()
                await self.one_ended
        except asyncio.CancelledError:
            await self._stop()  # before any transaction is rolled back under a running statement
            raise

    async def _work_off(self) -> None:
        """Starts everything that may run, until all of it waits for something."""
        pause_at = time.perf_counter() + SLICE_S
        ready, waiting = self.ready, self.waiting
        steps, given = self.plan.steps, self.plan.given
        while (ready or waiting) and self.error is None:
            if waiting and len(self.tasks) < self.max_concurrency:
                self._spawn(steps[waiting.popleft()])
            elif not ready:
                return
            else:
                step = steps[ready.popleft()]
                if given and step.id in given:
                    self._give(step, given[step.id])
                elif step.is_immediate:
                    self._run_at_once(step)
                else:
                    waiting.append(step.index)
            if time.perf_counter() > pause_at:
                await asyncio.sleep(0)
                pause_at = time.perf_counter() + SLICE_S

    def _run_at_once(self, step: Step) -> None:
        index = step.index
        self.state.start(index)
        now = time.perf_counter
        self.ledger.started[index] = now()
        if self.tell is not None:
            self.tell.started(step)
        try:
            params = step.params if step.is_ready else self.ledger.params(step)
            node_type = step.type
            assert node_type is not None
            self._remember(step, params)
            value = node_type.run_now(_Context(self, step), params)
            if value is NOT_NOW:
                self._spawn_started(step)
                return
            closed = node_type.closed(value)
        except StudioError as error:
            self._failed(step, error)
            return
        except Exception as error:  # noqa: BLE001 - the boundary around nodes; it is logged and told
            self._failed(step, self._internal(step, error))
            return
        self.ledger.ended[index] = now()
        self.ledger.values[index] = value
        self.ledger.names[step.id] = value
        ready = self.state.succeed(index, closed)
        if ready:
            self.ready.extend(ready)
        if self.tell is not None:
            self.tell.succeeded(step)
            if self.state.dropped:
                self.tell.dropped(self.state)

    def _give(self, step: Step, given: Given) -> None:
        """Takes a value that is there already instead of running the node."""
        index, ledger = step.index, self.ledger
        self.state.start(index)
        ledger.started[index] = ledger.ended[index] = time.perf_counter()
        ledger.values[index] = ledger.names[step.id] = given.value
        assert step.type is not None
        try:
            closed = step.type.closed(given.value)
        except Exception as error:  # noqa: BLE001 - a person may have pinned anything
            self._failed(step, _unfit(step, error))
            return
        self.ready.extend(self.state.succeed(index, closed))
        if self.tell is not None:
            self.tell.given(step, given.origin)
            self.tell.dropped(self.state)

    def _spawn(self, step: Step) -> None:
        index = step.index
        self.state.start(index)
        self.ledger.started[index] = time.perf_counter()
        if self.tell is not None:
            self.tell.started(step)
        self._spawn_started(step)

    def _spawn_started(self, step: Step) -> None:
        # In one transaction, a connection cannot read on while it writes.
        if step.stream_to is not None and not (self.is_atomic and isinstance(step.type, ModelNode)):
            work = self._run_stream(step, self.plan.steps[step.stream_to])
        else:
            work = self._run_step(step)
        task = asyncio.get_running_loop().create_task(work, name=f"node {step.id}")
        self.tasks[task] = step.index
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        index = self.tasks.pop(task)
        if self.one_ended is not None and not self.one_ended.done():
            self.one_ended.set_result(None)
        if task.cancelled():
            if self.state.states[index] == "running":
                self._cancelled(index)
            return
        fault = task.exception()  # only what telling of a node's end can raise: the rest is caught within
        if fault is not None:
            self.error = self.error or self._internal(self.plan.steps[index], fault)
            if self.state.states[index] == "running":
                self._cancelled(index)

    # -------------------------------------------------------------- one node

    async def _run_step(self, step: Step) -> None:
        try:
            params = step.params if step.is_ready else self.ledger.params(step)
            self._remember(step, params)
            value = await (self._with_retries if step.retries else self._attempt)(step, params)
            assert step.type is not None
            closed = step.type.closed(value)
        except StudioError as error:
            self._failed(step, error)
        except Exception as error:  # noqa: BLE001 - the boundary around nodes; it is logged and told
            self._failed(step, self._internal(step, error))
        else:
            self._succeeded(step, value, closed)

    def _remember(self, step: Step, params: Mapping[str, Any]) -> None:
        """Keeps what a node was given, for the `error` port to carry."""
        if self.state.takes_errors(step.index):
            self.ledger.given[step.index] = params

    async def _with_retries(self, step: Step, params: Mapping[str, Any]) -> Any:
        attempt = 1
        while True:
            try:
                return await self._attempt(step, params)
            except StudioError as error:
                if attempt > step.retries or not self._is_worth_retrying(step, error):
                    raise
                asked_s = error.pause_s if isinstance(error, RequestFailed) else None
                self.ledger.attempts[step.index] = attempt + 1
                if self.tell is not None:
                    self.tell.retried(step, attempt, error)
            pause_s = _BACKOFF_S * 2 ** min(attempt - 1, 6) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers
            await asyncio.sleep(max(pause_s, asked_s or 0.0))
            attempt += 1

    def _is_worth_retrying(self, step: Step, error: StudioError) -> bool:
        """Whether the same may go well the next time, and may be tried: within a transaction, that it is still there.

        PostgreSQL goes on from the savepoint after a deadlock, where MariaDB has undone all of the transaction.
        """
        if isinstance(error, RequestFailed):
            return error.is_worth_retrying and step.inner is None
        if self.is_atomic:
            going_on = _uses_database(step) and self.connections.access(step.connection).can_go_on
            return going_on and isinstance(error, Deadlock | LockTimeout)
        reads = step.type is not None and not step.type.spec.writes
        if step.inner is not None and not reads:
            return False  # some of its nodes may have committed
        if isinstance(error, Deadlock | LockTimeout):
            return True
        return isinstance(error, ConnectionLost) and reads

    async def _attempt(self, step: Step, params: Mapping[str, Any]) -> Any:
        if step.type is not None and step.type.spec.writes:
            enter_node(self.id, self.path + step.id)  # for the audit trail
        if step.timeout_s is None and self.recorder is None and not self.is_atomic:
            assert step.type is not None
            return await step.type.run(_Context(self, step), params)
        recorder = self.recorder.of_node(NodeId(self.path + step.id)) if self.recorder is not None else None
        async with AsyncExitStack() as stack:
            access = await self._savepoint(step, stack)
            connections: Connections | None = None
            if self.is_atomic and step.inner is not None and self.state.takes_errors(step.index):
                connections = await stack.enter_async_context(self.apart(step.inner, self.connections))
            value = await self._in_time(step, params, _Context(self, step, access, connections, recorder))
        if recorder is not None:
            recorder.keep()
        return value

    async def _in_time(self, step: Step, params: Mapping[str, Any], context: _Context) -> Any:
        node_type = step.type
        assert node_type is not None
        if step.timeout_s is None:
            return await node_type.run(context, params)
        deadline = asyncio.timeout(step.timeout_s)
        try:
            async with deadline:
                return await node_type.run(context, params)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise RunTimeout(
                f'"{step.title}" was stopped after {step.timeout_s:g} s.',
                hint="Raise timeout_s, or make it do less.",
            ) from error

    async def _savepoint(self, step: Step, stack: AsyncExitStack) -> Access | None:
        """Inside one transaction a failure after which the run goes on leaves nothing behind, and the transaction usable.

        Any other failure rolls all of it back, so that a savepoint would only cost two statements.
        """
        goes_on = self.state.takes_errors(step.index) or step.retries > 0
        if not (self.is_atomic and goes_on and _uses_database(step)):
            return None
        inner = await stack.enter_async_context(self.connections.access(step.connection).savepoint())
        return cast("Access", inner)

    async def _run_stream(self, lister: Step, eater: Step) -> None:
        """Runs a node that streams and the one that eats its rows as one: batches go from the one to the other as they come."""
        eater_index = eater.index
        self.ledger.started[eater_index] = time.perf_counter()
        if self.tell is not None:
            self.tell.started(eater)
        stream: RecordStream | None = None
        failure: StudioError | None = None
        value: Any = None
        try:
            kind = lister.type
            assert kind is not None
            asked = lister.params if lister.is_ready else self.ledger.params(lister)
            size = eater.params.get("batch_size") or 1000
            stream = RecordStream(kind.stream(_Context(self, lister), asked, batch_size=size))
            self.ledger.values[lister.index] = stream
            params = self.ledger.params(eater)
            value = await self._attempt(eater, params)
        except StudioError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - the boundary around nodes; it is logged and told
            failure = self._internal(eater, error)
        finally:
            if stream is not None:
                await stream.aclose()
        if failure is not None and (stream is None or stream.error is not None):
            self._failed(lister, (stream.error if stream else None) or failure)
            return
        assert stream is not None
        self.ledger.streamed[lister.index] = stream.count
        self._succeeded(lister, stream.sample(), frozenset(), starts=eater_index)
        self.state.start(eater_index)
        if failure is not None:
            self._failed(eater, failure)
        else:
            self._succeeded(eater, value, frozenset())

    # -------------------------------------------------------------- what became of it

    def _succeeded(
        self, step: Step, value: Any, closed: frozenset[str], *, starts: int | None = None
    ) -> None:
        """`starts` is a step that its caller starts by itself."""
        index = step.index
        self.ledger.ended[index] = time.perf_counter()
        self.ledger.values[index] = value
        self.ledger.names[step.id] = value
        self.ready.extend(ready for ready in self.state.succeed(index, closed) if ready != starts)
        if self.tell is not None:
            self.tell.succeeded(step)
            if self.state.dropped:
                self.tell.dropped(self.state)

    def _failed(self, step: Step, error: StudioError) -> None:
        index = step.index
        self.ledger.ended[index] = time.perf_counter()
        error.at(workflow=self._name, node=self.path + step.id)
        self.ledger.errors[index] = error
        self.ready.extend(self.state.fail(index))
        if not self.state.takes_errors(index) and self.error is None:
            self.error = error
        if self.tell is not None:
            self.tell.failed(step, error)
            self.tell.dropped(self.state)

    def _internal(self, step: Step, error: BaseException) -> RunError:
        """A fault of ours inside a node: told like any failure, and logged with its traceback for the crash report."""
        _log.error("node %s (%s) failed by a fault of the program", step.id, step.title, exc_info=error)
        wrapped = RunError(
            f'"{step.title}" failed by a fault of the program: {type(error).__name__}: {error}',
            hint="This should not happen; the log has the details.",
            node=self.path + step.id,
            detail="".join(traceback.format_exception(error)),
        )
        wrapped.__cause__ = error
        return wrapped

    def _cancelled(self, index: int) -> None:
        self.ledger.ended[index] = time.perf_counter()
        self.state.cancel(index)

    async def _stop(self) -> None:
        """Cancels what is running, waits until it has let go, and gives up what has not begun."""
        deadline = time.perf_counter() + STOP_TIMEOUT_S
        for task in self.tasks:
            task.cancel()
        while self.tasks and time.perf_counter() < deadline:
            with contextlib.suppress(asyncio.CancelledError):  # stopping is under way already
                await asyncio.wait(list(self.tasks), timeout=STOP_TIMEOUT_S)
        for index in list(self.tasks.values()):
            if self.state.states[index] == "running":
                self._cancelled(index)
        self.state.cancel_pending()
        if self.tell is not None:
            self.tell.dropped(self.state)

    def _finish(self, status: RunStatus) -> RunResult:
        """The result; in review it was given out before the end, and stays."""
        if self.result is not None:
            return self.result
        self.state.cancel_pending()
        if self.tell is not None:
            self.tell.dropped(self.state)
            self.tell.run_finished(status, self.error)
        values, states = self.ledger.values, self.state.states
        done = [step for step in self.plan.steps if states[step.index] == "succeeded"]
        self.result = RunResult(
            run_id=self.id,
            state=status,
            started_at=self.clock.started_at,
            duration_ms=self.clock.elapsed_ms(),
            results={step.id: values[step.index] for step in done},
            nodes=self.outcomes(),
            outputs=self.outputs(),
            changes=self.recorder,
            error=self.error,
            transaction=self.review if status == "succeeded" else None,
            plan=self.plan,
            inputs=self.inputs,
            is_kept=self.is_kept,
        )
        return self.result


def _uses_database(step: Step) -> bool:
    return isinstance(step.type, ModelNode | SqlType)


def _unfit(step: Step, error: Exception) -> RunError:
    return RunError(
        f'The value that is pinned to "{step.title}" is none that it could have given.',
        hint="Unpin it, run the node, and pin what it gives.",
        node=step.id,
        detail=f"{type(error).__name__}: {error}",
    )
