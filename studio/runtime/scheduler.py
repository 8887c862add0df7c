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
from collections.abc import Collection, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from studio.kernel.errors import (
    BuildError,
    ConnectionLost,
    Deadlock,
    LockTimeout,
    NodeError,
    RunCancelled,
    RunError,
    RunTimeout,
    StudioError,
)
from studio.kernel.ids import NodeId, RunId, new_id
from studio.nodes.base import NOT_NOW, NodeType
from studio.nodes.bulk import BulkNode
from studio.nodes.code import SqlType, trust_problem
from studio.nodes.records import ListType, ModelNode
from studio.runtime import events
from studio.runtime.changes import Changeset
from studio.runtime.inputs import bind_inputs
from studio.runtime.outcomes import Clock, Outcomes
from studio.runtime.plan import Feed, Plan, Step, fill
from studio.runtime.result import RunResult
from studio.runtime.state import RunState, RunStatus
from studio.runtime.streams import RecordStream
from studio.workflow.checks import literal_problem
from studio.workflow.params import placed
from studio.workflow.spec import ERROR_PORT

if TYPE_CHECKING:
    from studio.database import Access, Database

Mode = Literal["auto", "atomic", "dry"]

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
    on_event: events.OnEvent | None = None,
    max_concurrency: int = DEFAULT_CONCURRENCY,
    trusted: bool = False,
    run_id: str | None = None,
    keep_schema: Collection[str] = (),
    record_changes: bool = False,
) -> RunResult:
    """Runs a plan once; never raises for what goes wrong in it, the result's state and error tell.

    Cancelling the awaiting task cancels the statements in flight at the driver, rolls back what was not committed, and gives a result with
    the state `cancelled`.

    Args:
        plan: what to run.
        databases: by the names of their connections; a node without a connection uses the only one.
        inputs: values for the workflow's inputs.
        mode: `auto` (each node commits by itself), `atomic` (one transaction per database, any failure rolls all back; one node
            at a time), `dry` (atomic, always rolled back, changes recorded).
        until: run only this node and what leads to it.
        on_event: told each fact of the run in order, on this loop; must be quick.
        max_concurrency: how many nodes may wait for their databases or processes at once.
        trusted: whether nodes with code of a person's own may run.
        run_id: the run's id; a new one when omitted.
        keep_schema: connections where missing tables must not be created; on the others they are.
        record_changes: whether before and after images are kept (always in a dry run).
    """
    run = _Run(plan, databases, on_event, run_id or new_id(), max_concurrency)
    run.recorder = Changeset() if record_changes or mode == "dry" else None
    run.keep_schema = frozenset(keep_schema)
    return await run.whole(inputs, mode=mode, until=until, trusted=trusted)


class _RolledBack(Exception):
    """Leaves the transactions so that they roll back."""


class _Context:
    """What a node may reach; see `nodes.base.NodeContext`."""

    __slots__ = ("_access", "_run", "node_id")

    def __init__(self, run: _Run, node_id: str, access: Access | None = None) -> None:
        self._run = run
        self.node_id = node_id
        self._access = access

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self._run.inputs

    @property
    def names(self) -> Mapping[str, Any]:
        return self._run.names

    @property
    def trusted(self) -> bool:
        return self._run.trusted

    def access(self, connection: str | None) -> Access:
        return self._access or self._run.access(connection)

    def progress(self, done: int, total: int | None) -> None:
        if self._run.emit is not None:
            self._run.emit(
                events.NodeProgressed(
                    run_id=self._run.id, node_id=NodeId(self.node_id), done=done, total=total
                )
            )

    def log(self, text: str) -> None:
        if self._run.emit is not None:
            self._run.emit(events.NodeLogged(run_id=self._run.id, node_id=NodeId(self.node_id), text=text))


class _Run:
    """One run. The lists are indexed by the steps' numbers; `names` is what expressions see: inputs, then results by node id."""

    def __init__(
        self,
        plan: Plan,
        databases: Mapping[str, Database],
        emit: events.OnEvent | None,
        run_id: str,
        max_concurrency: int,
    ) -> None:
        self.databases = databases
        self.emit = emit
        self.id = RunId(run_id)
        self.max_concurrency = max(1, max_concurrency)
        self.recorder: Changeset | None = None
        self.keep_schema: frozenset[str] = frozenset()
        self.trusted = False
        self.is_atomic = False
        self.inputs: dict[str, Any] = {}
        self.clock = Clock()
        self.accesses: dict[str, Access] = {}
        self.error: StudioError | None = None
        self._begin(plan)

    def _begin(self, plan: Plan) -> None:
        count = len(plan.steps)
        self.plan = plan
        self.state = RunState(
            plan.links, takes_errors=plan.takes_errors, waits=plan.waits, orders=plan.orders
        )
        self.values: list[Any] = [None] * count
        self.errors: list[StudioError | None] = [None] * count
        self.started: list[float] = [0.0] * count
        self.ended: list[float] = [0.0] * count
        self.attempts: dict[int, int] = {}
        self.streamed: dict[int, int] = {}
        self.given: dict[int, Mapping[str, Any]] = {}
        self.names: dict[str, Any] = {}
        self.tasks: dict[asyncio.Task[None], int] = {}
        self.ready: collections.deque[int] = collections.deque()
        self.waiting: collections.deque[int] = collections.deque()

    # -------------------------------------------------------------- the whole

    async def whole(
        self, inputs: Mapping[str, Any] | None, *, mode: Mode, until: str | None, trusted: bool
    ) -> RunResult:
        self.trusted = trusted
        try:
            if until is not None:
                self._begin(self.plan.until(until))
            self._refuse_untrusted()
            self.inputs = bind_inputs(self.plan.workflow, inputs)
            self.names.update(self.inputs)
        except StudioError as error:
            self.error = error.at(workflow=self.plan.workflow.name or None)
            self._announce()
            return self._finish("failed")
        self._announce()
        try:
            status = await self._in_mode(mode)
        except asyncio.CancelledError:
            await self._stop()
            self.error = RunCancelled(
                "The run was stopped.",
                hint="What was not committed is rolled back.",
                workflow=self.plan.workflow.name or None,
            )
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()  # it has been answered: with a result that says cancelled
            return self._finish("cancelled")
        return self._finish(status)

    def _refuse_untrusted(self) -> None:
        if self.plan.needs_trust and not self.trusted:
            by_id = {step.id: step for step in self.plan.steps}
            steps = [by_id[node_id] for node_id in self.plan.needs_trust]
            raise BuildError(
                [trust_problem(step.type.spec, step.id) for step in steps if step.type is not None],
                workflow=self.plan.workflow.name or None,
            )

    def _announce(self) -> None:
        if self.emit is not None:
            self.emit(
                events.RunStarted(
                    run_id=self.id,
                    workflow=self.plan.workflow.name,
                    nodes=tuple(step.id for step in self.plan.steps),
                    at=self.clock.started_at,
                )
            )

    async def _in_mode(self, mode: Mode) -> RunStatus:
        try:
            await self._ensure_tables()
            if mode == "auto":
                return await self._drive()
            self.is_atomic = True
            self.max_concurrency = 1
            with contextlib.suppress(_RolledBack):
                async with AsyncExitStack() as stack:
                    await self._open_transactions(stack)
                    status = await self._drive()
                    if status != "succeeded" or mode == "dry":
                        raise _RolledBack
            return "failed" if self.error is not None else "succeeded"
        except StudioError as error:  # a connection that cannot be had, a commit that was refused
            self.error = self.error or error.at(workflow=self.plan.workflow.name or None)
            await self._stop()
            return "failed"

    async def _ensure_tables(self) -> None:
        for connection, models in self.plan.models.items():
            await self._database(connection).ensure(models, create=connection not in self.keep_schema)

    async def _open_transactions(self, stack: AsyncExitStack) -> None:
        for connection in self.plan.connections:
            database = self._database(connection)
            if database.name not in self.accesses:
                self.accesses[database.name] = await stack.enter_async_context(
                    database.transaction(self.recorder)
                )

    def _database(self, connection: str | None) -> Database:
        if connection is None:
            if len(self.databases) == 1:
                return next(iter(self.databases.values()))
            names = ", ".join(map(repr, self.databases)) or "none"
            raise RunError(
                "It is not said on which connection this runs.",
                hint=f"Name one in the param connection; there are: {names}.",
            )
        try:
            return self.databases[connection]
        except KeyError:
            names = ", ".join(map(repr, self.databases)) or "none"
            raise RunError(
                f"There is no connection {connection!r} here.", hint=f"There are: {names}."
            ) from None

    def access(self, connection: str | None) -> Access:
        database = self._database(connection)
        found = self.accesses.get(database.name)
        if found is None:
            found = self.accesses[database.name] = database.access(self.recorder)
        return found

    # -------------------------------------------------------------- driving

    async def _drive(self) -> RunStatus:
        state, steps = self.state, self.plan.steps
        for step in steps:
            if step.type is None and state.states[step.index] == "pending":
                self.ready.extend(state.skip(step.index))
        self.ready.extend(state.begin())
        self._tell_dropped()
        try:
            while True:
                await self._work_off()
                if self.error is not None:
                    await self._stop()
                    return "failed"
                if not self.tasks:
                    return "succeeded"
                await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            await self._stop()  # before any transaction is rolled back under a running statement
            raise

    async def _work_off(self) -> None:
        """Starts everything that may run, until all of it waits for something."""
        pause_at = time.perf_counter() + SLICE_S
        ready, waiting = self.ready, self.waiting
        steps = self.plan.steps
        while (ready or waiting) and self.error is None:
            if waiting and len(self.tasks) < self.max_concurrency:
                self._spawn(steps[waiting.popleft()])
            elif not ready:
                return
            else:
                step = steps[ready.popleft()]
                if step.is_immediate:
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
        self.started[index] = now()
        if self.emit is not None:
            self._tell_started(step)
        try:
            params = step.params if step.is_ready else self._params(step)
            node_type = step.type
            assert node_type is not None
            self._remember(step, params)
            value = node_type.run_now(_Context(self, step.id), params)
            if value is NOT_NOW:
                self._spawn_started(step)
                return
            closed = node_type.closed(value)
        except StudioError as error:
            self._failed(step, error)
            return
        except Exception as error:  # noqa: BLE001 - the boundary around nodes; it is logged and told
            self._failed(step, _internal(step, error))
            return
        self.ended[index] = now()
        self.values[index] = value
        self.names[step.id] = value
        ready = self.state.succeed(index, closed)
        if ready:
            self.ready.extend(ready)
        if self.emit is not None:
            self._tell_succeeded(step)

    def _spawn(self, step: Step) -> None:
        index = step.index
        self.state.start(index)
        self.started[index] = time.perf_counter()
        if self.emit is not None:
            self._tell_started(step)
        self._spawn_started(step)

    def _spawn_started(self, step: Step) -> None:
        if step.stream_to is not None and not self.is_atomic:
            work = self._run_stream(step, self.plan.steps[step.stream_to])
        else:
            work = self._run_step(step)
        task = asyncio.get_running_loop().create_task(work, name=f"node {step.id}")
        self.tasks[task] = step.index
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        index = self.tasks.pop(task)
        if task.cancelled():
            if self.state.states[index] == "running":
                self._cancelled(index)
            return
        fault = task.exception()  # only what telling of a node's end can raise: the rest is caught within
        if fault is not None:
            self.error = self.error or _internal(self.plan.steps[index], fault)
            if self.state.states[index] == "running":
                self._cancelled(index)

    # -------------------------------------------------------------- one node

    async def _run_step(self, step: Step) -> None:
        try:
            params = step.params if step.is_ready else self._params(step)
            self._remember(step, params)
            value = await self._with_retries(step, params)
            assert step.type is not None
            closed = step.type.closed(value)
        except StudioError as error:
            self._failed(step, error)
        except Exception as error:  # noqa: BLE001 - the boundary around nodes; it is logged and told
            self._failed(step, _internal(step, error))
        else:
            self._succeeded(step, value, closed)

    def _remember(self, step: Step, params: Mapping[str, Any]) -> None:
        """Keeps what a node was given, for the `error` port to carry."""
        if self.state.takes_errors(step.index):
            self.given[step.index] = params

    async def _with_retries(self, step: Step, params: Mapping[str, Any]) -> Any:
        attempt = 1
        while True:
            try:
                return await self._attempt(step, params)
            except StudioError as error:
                if self.is_atomic or attempt > step.retries or not _is_worth_retrying(step, error):
                    raise
                self.attempts[step.index] = attempt + 1
                if self.emit is not None:
                    self.emit(
                        events.NodeRetried(run_id=self.id, node_id=step.id, attempt=attempt, error=error)
                    )
            pause_s = _BACKOFF_S * 2 ** min(attempt - 1, 6) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers
            await asyncio.sleep(pause_s)
            attempt += 1

    async def _attempt(self, step: Step, params: Mapping[str, Any]) -> Any:
        node_type = step.type
        assert node_type is not None
        async with AsyncExitStack() as stack:
            access = await self._savepoint(step, stack)
            context = _Context(self, step.id, access)
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
        """Inside one transaction a failure that an `error` port takes must leave the transaction usable."""
        uses_database = isinstance(step.type, ModelNode | SqlType)
        if not (self.is_atomic and uses_database and self.state.takes_errors(step.index)):
            return None
        inner = await stack.enter_async_context(self.access(step.connection).savepoint())
        return cast("Access", inner)

    async def _run_stream(self, lister: Step, eater: Step) -> None:
        """Runs a List and the bulk node that eats its rows as one: batches go from the one to the other as they come."""
        eater_index = eater.index
        self.started[eater_index] = time.perf_counter()
        if self.emit is not None:
            self._tell_started(eater)
        stream: RecordStream | None = None
        failure: StudioError | None = None
        value: Any = None
        try:
            kind, consumer = lister.type, eater.type
            assert isinstance(kind, ListType)
            assert isinstance(consumer, BulkNode)
            asked = lister.params if lister.is_ready else self._params(lister)
            size = eater.params.get("batch_size") or 1000
            stream = RecordStream(
                self.access(lister.connection).stream(kind.model, kind.query(asked), batch_size=size)
            )
            self.values[lister.index] = stream
            params = self._params(eater)
            value = await self._attempt(eater, params)
        except StudioError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - the boundary around nodes; it is logged and told
            failure = _internal(eater, error)
        finally:
            if stream is not None:
                await stream.aclose()
        if failure is not None and (stream is None or stream.error is not None):
            self._failed(lister, (stream.error if stream else None) or failure)
            return
        assert stream is not None
        self.streamed[lister.index] = stream.count
        self._succeeded(lister, stream.sample(), frozenset(), starts=eater_index)
        self.state.start(eater_index)
        if failure is not None:
            self._failed(eater, failure)
        else:
            self._succeeded(eater, value, frozenset())

    def _params(self, step: Step) -> dict[str, Any]:
        params = dict(step.params)
        node_type = step.type
        by_name = node_type.spec.params_by_name if node_type is not None else {}
        for name, template in step.templates:
            params[name] = fill(template, self.names)
            _check_value(by_name.get(name), params[name])
        for feed in step.feeds:
            value = self._fed(feed)
            if not feed.path:
                params[feed.param] = value
                _check_value(by_name.get(feed.param), value)
                continue
            try:
                params[feed.param] = placed(params.get(feed.param), feed.path, value)
            except (IndexError, ValueError) as error:
                raise NodeError(
                    f'"{feed.param}" has no place {".".join(feed.path)!r}.',
                    hint="A list is indexed by whole numbers, and grows only at its end.",
                    field=feed.param,
                ) from error
        return params

    def _fed(self, feed: Feed) -> Any:
        source = self.plan.steps[feed.source]
        if feed.port == ERROR_PORT:
            error = self.errors[feed.source]
            value: Any = {
                **(error.to_data() if error else {}),
                "node": source.id,
                "record": dict(self.given.get(feed.source, {})),
            }
        else:
            node_type = source.type
            assert isinstance(node_type, NodeType)
            value = node_type.output(self.values[feed.source], feed.port)
        if feed.rest:
            value = _walk(value, feed, source)
        return value

    # -------------------------------------------------------------- what became of it

    def _succeeded(
        self, step: Step, value: Any, closed: frozenset[str], *, starts: int | None = None
    ) -> None:
        """`starts` is a step that its caller starts by itself."""
        index = step.index
        self.ended[index] = time.perf_counter()
        self.values[index] = value
        self.names[step.id] = value
        self.ready.extend(ready for ready in self.state.succeed(index, closed) if ready != starts)
        if self.emit is not None:
            self._tell_succeeded(step)

    def _failed(self, step: Step, error: StudioError) -> None:
        index = step.index
        self.ended[index] = time.perf_counter()
        error.at(workflow=self.plan.workflow.name or None, node=step.id)
        self.errors[index] = error
        self.ready.extend(self.state.fail(index))
        if not self.state.takes_errors(index) and self.error is None:
            self.error = error
        if self.emit is not None:
            self.emit(
                events.NodeFailed(
                    run_id=self.id,
                    node_id=step.id,
                    error=error,
                    duration_ms=(self.ended[index] - self.started[index]) * 1000,
                )
            )
            self._tell_dropped()

    def _cancelled(self, index: int) -> None:
        self.ended[index] = time.perf_counter()
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
        if self.emit is not None:
            self._tell_dropped()

    def _finish(self, status: RunStatus) -> RunResult:
        if self.state.undecided:
            self.state.cancel_pending()
            if self.emit is not None:
                self._tell_dropped()
        duration_ms = self.clock.elapsed_ms()
        if self.emit is not None:
            self.emit(
                events.RunFinished(run_id=self.id, state=status, duration_ms=duration_ms, error=self.error)
            )
        states = self.state.states
        done = [step for step in self.plan.steps if states[step.index] == "succeeded"]
        return RunResult(
            run_id=self.id,
            state=status,
            started_at=self.clock.started_at,
            duration_ms=duration_ms,
            results={step.id: self.values[step.index] for step in done},
            nodes=Outcomes(
                self.plan,
                states,
                self.values,
                self.errors,
                self.started,
                self.ended,
                self.clock,
                self.attempts,
                self.streamed,
            ),
            outputs={step.output_name: self.values[step.index] for step in done if step.output_name},
            changes=self.recorder,
            error=self.error,
        )

    # -------------------------------------------------------------- telling

    def _tell_started(self, step: Step) -> None:
        assert self.emit is not None
        self.emit(
            events.NodeStarted(run_id=self.id, node_id=step.id, at=self.clock.at(self.started[step.index]))
        )

    def _tell_succeeded(self, step: Step) -> None:
        assert self.emit is not None
        index = step.index
        rows = self.streamed.get(index)
        if rows is None and step.type is not None:
            rows = step.type.rows(self.values[index])
        self.emit(
            events.NodeSucceeded(
                run_id=self.id,
                node_id=step.id,
                rows=rows,
                duration_ms=(self.ended[index] - self.started[index]) * 1000,
            )
        )
        if self.state.dropped:
            self._tell_dropped()

    def _tell_dropped(self) -> None:
        """Tells of the nodes that were skipped, abandoned or cancelled since."""
        dropped, self.state.dropped = self.state.dropped, []
        if self.emit is None:
            return
        for index in dropped:
            kind = _DROPPED[self.state.states[index]]
            self.emit(kind(run_id=self.id, node_id=self.plan.steps[index].id))


_DROPPED: Final[Mapping[str, type[events.NodeSkipped | events.NodeAbandoned | events.NodeCancelled]]] = {
    "skipped": events.NodeSkipped,
    "abandoned": events.NodeAbandoned,
    "cancelled": events.NodeCancelled,
}


def _is_worth_retrying(step: Step, error: StudioError) -> bool:
    if isinstance(error, Deadlock | LockTimeout):
        return True
    reads = step.type is not None and not step.type.spec.writes
    return isinstance(error, ConnectionLost) and reads


def _internal(step: Step, error: BaseException) -> RunError:
    """A fault of ours inside a node: told like any failure, and logged with its traceback for the crash report."""
    _log.error("node %s (%s) failed by a fault of the program", step.id, step.title, exc_info=error)
    wrapped = RunError(
        f'"{step.title}" failed by a fault of the program: {type(error).__name__}: {error}',
        hint="This should not happen; the log has the details.",
        node=step.id,
        detail="".join(traceback.format_exception(error)),
    )
    wrapped.__cause__ = error
    return wrapped


def _check_value(param: Any, value: Any) -> None:
    """Refuses a value that came by an edge or an expression and does not fit its param; fields are the write path's to judge."""
    if param is None or param.field is not None:
        return
    refused = literal_problem(param, value)
    if refused is not None:
        raise NodeError(refused, hint="Check where the value comes from.", field=param.name)


def _walk(value: Any, feed: Feed, source: Step) -> Any:
    """The part of a value that a dotted path leads to; raises NodeError that names the step of the path that fails."""
    for number, part in enumerate(feed.rest):
        where = ".".join((feed.port, *feed.rest[:number]))
        try:
            if isinstance(value, Mapping):
                value = value[part]
            elif isinstance(value, list | tuple):
                value = value[int(part)]
            else:
                noun = "nothing (None)" if value is None else f"one {type(value).__name__}"
                raise NodeError(
                    f'"{where}" of "{source.title}" is {noun} and has no part {part!r}.',
                    hint="Check the path of the edge, or put an If before this node.",
                    field=feed.param,
                )
        except (KeyError, IndexError, ValueError) as error:
            size = f" (there are {len(value)})" if isinstance(value, list | tuple) else ""
            raise NodeError(
                f'"{where}" of "{source.title}" has no part {part!r}{size}.',
                hint="Check the path of the edge.",
                field=feed.param,
            ) from error
    return value
