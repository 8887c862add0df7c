"""How are the nodes of a workflow driven? Starts those that may run, side by side, follows what becomes of them, and stops them.

A node that gives its value at once is run in place, and so is one beside which nothing else goes on; the others get one task each, at
most `max_concurrency` at a time. Everything here happens on the engine's loop. How one node is tried stands in `attempts`, what a whole run
is beside its nodes in `scheduler`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.behalf import enter_node, leave_node
from studio.kernel.errors import RunError, StudioError
from studio.kernel.ids import RunId
from studio.nodes.base import NOT_NOW
from studio.nodes.model_node import ModelNode
from studio.runtime.attempts import attempt, with_retries
from studio.runtime.changes import Changeset
from studio.runtime.connections import Connections
from studio.runtime.context import Context
from studio.runtime.debugging import Debugger
from studio.runtime.holdings import Holdings
from studio.runtime.inner import Runs
from studio.runtime.inputs import bind_inputs
from studio.runtime.ledger import Ledger
from studio.runtime.outcomes import Clock, Outcomes
from studio.runtime.partial import Given
from studio.runtime.plan import Plan
from studio.runtime.state import RunState, RunStatus
from studio.runtime.step import Step
from studio.runtime.streams import RecordStream
from studio.runtime.telling import Teller

if TYPE_CHECKING:
    from pathlib import Path

SLICE_S: Final = 0.004
"""After so much work without a pause the loop is given to others: another run, a cancellation."""
STOP_TIMEOUT_S: Final = 10.0
"""So long a stopped node may take to let go of its database."""
_NOTHING: Final[Mapping[int, Any]] = MappingProxyType({})
_log = logging.getLogger(__name__)


class Driver:
    """The nodes of one run, or of a workflow within it: the state machine, the ledger, and the tasks that are under way."""

    __slots__ = (
        "_begun",
        "_one_ended",
        "_ready",
        "_started",
        "_tasks",
        "_waiting",
        "clock",
        "connections",
        "debugger",
        "error",
        "folder",
        "holdings",
        "id",
        "inner",
        "inputs",
        "is_atomic",
        "ledger",
        "max_concurrency",
        "path",
        "plan",
        "recorder",
        "root_name",
        "state",
        "tell",
        "trusted",
        "unsettled",
    )

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
        self.unsettled: list[tuple[Callable[[], None], Callable[[], None]]] = []
        """What nodes have made outside of the databases, to be kept or dropped as the transaction ends; see `NodeContext.settle`."""
        self.holdings = Holdings()
        self.debugger: Debugger | None = None
        self.inputs: dict[str, Any] = {}
        self.clock = Clock()
        self.error: StudioError | None = None
        self.tell: Teller | None = None
        self.path = ""
        """What stands before the ids of its nodes, when it is a run within a run."""
        self.root_name = plan.workflow.name or None
        self.inner: dict[int, Runs] = {}
        self._tasks: dict[asyncio.Task[None], int] = {}
        self._one_ended: asyncio.Future[None] | None = None
        """Set by the first of the tasks that ends, while the run waits for one."""
        # Each step is put into these once, so nothing is ever taken out; how far they are worked off say the numbers.
        self._ready: list[int] = []
        self._waiting: list[int] = []
        self._begun = self._started = 0
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

    def inner_runs(self, step: Step, connections: Connections, *, many: bool) -> Runs:
        """What a node is given that runs another workflow."""
        runs = self.inner[step.index] = Runs(self, step, f"{self.path}{step.id}/", connections, many=many)
        return runs

    def child(self, plan: Plan, path: str, connections: Connections, tell: Teller | None) -> Driver:
        """A run of another workflow as a part of this one."""
        child = Driver(
            plan,
            connections,
            run_id=self.id,
            recorder=self.recorder,
            max_concurrency=self.max_concurrency,
        )
        child.path, child.root_name, child.clock = path, self.root_name, self.clock
        child.folder, child.holdings, child.debugger = self.folder, self.holdings, self.debugger
        child.trusted, child.is_atomic, child.unsettled = self.trusted, self.is_atomic, self.unsettled
        child.tell = tell.of(child.ledger) if tell is not None else None
        return child

    async def drive(self, inputs: Mapping[str, Any]) -> None:
        """Runs it within the run around it; `error` is then what stopped it."""
        try:
            self.inputs = bind_inputs(self.plan.workflow, inputs, declared=self.plan.inputs)
        except StudioError as error:
            error.workflow, error.node = self.root_name, self.path.removesuffix("/")
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
        inner = {index: runs.outcomes for index, runs in self.inner.items()} if self.inner else _NOTHING
        return Outcomes(self.ledger, self.state.states, self.clock, inner)

    # -------------------------------------------------------------- driving

    async def _drive(self) -> RunStatus:
        """Starts everything that may run; while all of it waits, waits for the first to end."""
        self._find_first()
        ready, waiting, steps = self._ready, self._waiting, self.plan.steps
        pause_at = time.perf_counter() + SLICE_S
        try:
            while self.error is None:
                has_ready, many = self._begun < len(ready), len(waiting) - self._started
                if many == 1 and not has_ready and not self._tasks:
                    self._started += 1
                    await self._run_alone(steps[waiting[-1]])
                elif many and len(self._tasks) < self.max_concurrency:
                    self._started += 1
                    self._spawn(steps[waiting[self._started - 1]])
                elif has_ready:
                    step = steps[ready[self._begun]]
                    self._begun += 1
                    if self.debugger is None or await self._is_let_go(step):
                        self._start(step)
                elif self._tasks:
                    self._one_ended = asyncio.get_running_loop().create_future()
                    await self._one_ended
                else:
                    return "succeeded"
                if time.perf_counter() > pause_at:
                    await asyncio.sleep(0)
                    pause_at = time.perf_counter() + SLICE_S
            await self._stop()
        except asyncio.CancelledError:
            await self._stop()  # before any transaction is rolled back under a running statement
            raise
        return "failed"

    def _find_first(self) -> None:
        """What waits for nothing is ready; what is disabled is skipped."""
        state = self.state
        self._ready += self.plan.first
        for index in self.plan.disabled:
            if state.states[index] == "pending":
                self._ready.extend(state.skip(index))
        if self.tell is not None:
            self.tell.dropped(state)

    def _start(self, step: Step) -> None:
        """Takes what is given, has what need not wait done, and lets the rest queue up."""
        if self.plan.given and step.id in self.plan.given:
            self._give(step, self.plan.given[step.id])
        elif step.is_immediate:
            self._run_at_once(step)
        else:
            self._waiting.append(step.index)

    async def _is_let_go(self, step: Step) -> bool:
        """Waits while a person wants it; whether the run still goes on afterwards. What eats a stream is asked for with what gives it."""
        assert self.debugger is not None
        if step.id in self.plan.given:
            return True
        steps = [step]
        if self._streams(step):
            assert step.stream_to is not None
            steps.append(self.plan.steps[step.stream_to])
        for each in steps:
            await self.debugger.before(
                self, self.plan.workflow.id, each.id, self.path + each.id, self.ledger.names
            )
            if self.error is not None:
                return False
        return True

    def _run_at_once(self, step: Step) -> None:
        self._begin(step)
        try:
            params = step.params if step.is_ready else self.ledger.params(step)
            node_type = step.type
            assert node_type is not None
            self._remember(step, params)
            value = node_type.run_now(Context(self, step), params)
            if value is NOT_NOW:
                self._spawn_begun(step)
                return
            closed = node_type.closed(value)
        except StudioError as error:
            self._failed(step, error)
            return
        except Exception as error:  # noqa: BLE001 - the boundary around nodes; it is logged and told
            self._failed(step, self._internal(step, error))
            return
        self._succeeded(step, value, closed)

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
        self._ready.extend(self.state.succeed(index, closed))
        if self.tell is not None:
            self.tell.given(step, given.origin)
            self.tell.dropped(self.state)

    def _begin(self, step: Step) -> None:
        self.state.start(step.index)
        self.ledger.started[step.index] = time.perf_counter()
        if self.tell is not None:
            self.tell.started(step)

    def _work(self, step: Step) -> Coroutine[Any, Any, None]:
        if step.stream_to is not None and self._streams(step):
            return self._run_stream(step, self.plan.steps[step.stream_to])
        return self._run_step(step)

    def _streams(self, step: Step) -> bool:
        """Whether its rows are handed on as they come. In one transaction, a connection cannot read on while it writes."""
        return step.stream_to is not None and not (self.is_atomic and isinstance(step.type, ModelNode))

    async def _run_alone(self, step: Step) -> None:
        """Runs a node beside which nothing else can go on, without a task of its own: whoever stops the run stops the node."""
        task = asyncio.current_task()
        stops = task.cancelling() if task is not None else 0
        self._begin(step)
        try:
            await self._work(step)
        except asyncio.CancelledError:
            self._ended(step.index, None)
            raise
        except Exception as fault:  # noqa: BLE001 - only what telling of a node's end can raise; it is logged and told
            self._ended(step.index, fault)
        if task is not None and task.cancelling() > stops:
            raise asyncio.CancelledError  # the node has swallowed it

    def _spawn(self, step: Step) -> None:
        self._begin(step)
        self._spawn_begun(step)

    def _spawn_begun(self, step: Step) -> None:
        task = asyncio.get_running_loop().create_task(self._work(step), name=f"node {step.id}")
        self._tasks[task] = step.index
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        index = self._tasks.pop(task)
        if self._one_ended is not None and not self._one_ended.done():
            self._one_ended.set_result(None)
        self._ended(index, None if task.cancelled() else task.exception())

    def _ended(self, index: int, fault: BaseException | None) -> None:
        """A node's work is over: it was stopped, or telling of its end has failed; the rest is caught within."""
        if fault is not None:
            self.error = self.error or self._internal(self.plan.steps[index], fault)
        if self.state.states[index] == "running":
            self._cancelled(index)

    async def _run_step(self, step: Step) -> None:
        try:
            params = step.params if step.is_ready else self.ledger.params(step)
            self._remember(step, params)
            node_type = step.type
            assert node_type is not None
            # Whoever writes is named in the audit trail.
            token = enter_node(self.id, self.path + step.id) if node_type.spec.writes else None
            try:
                value = await (with_retries if step.retries else attempt)(self, step, params)
            finally:
                if token is not None:
                    leave_node(token)
            closed = node_type.closed(value)
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
            stream = RecordStream(kind.stream(Context(self, lister), asked, batch_size=size))
            self.ledger.values[lister.index] = stream
            params = self.ledger.params(eater)
            token = enter_node(self.id, self.path + eater.id)
            try:
                value = await attempt(self, eater, params)
            finally:
                leave_node(token)
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
        index, ledger = step.index, self.ledger
        ledger.ended[index] = time.perf_counter()
        ledger.values[index] = ledger.names[step.id] = value
        ready = self.state.succeed(index, closed)
        if ready:
            self._ready.extend(ready if starts is None else [each for each in ready if each != starts])
        if self.tell is not None:
            self.tell.succeeded(step)
            if self.state.dropped:
                self.tell.dropped(self.state)

    def _failed(self, step: Step, error: StudioError) -> None:
        index = step.index
        self.ledger.ended[index] = time.perf_counter()
        error.at(workflow=self.root_name, node=self.path + step.id)
        self.ledger.errors[index] = error
        self._ready.extend(self.state.fail(index))
        if not self.state.takes_errors(index) and self.error is None:
            self.error = error
            if self.debugger is not None:
                self.debugger.failed(self)
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
        for task in self._tasks:
            task.cancel()
        while self._tasks and time.perf_counter() < deadline:
            with contextlib.suppress(asyncio.CancelledError):  # stopping is under way already
                await asyncio.wait(list(self._tasks), timeout=STOP_TIMEOUT_S)
        for index in list(self._tasks.values()):
            if self.state.states[index] == "running":
                self._cancelled(index)
        self.state.cancel_pending()
        if self.tell is not None:
            self.tell.dropped(self.state)


def _unfit(step: Step, error: Exception) -> RunError:
    return RunError(
        f'The value that is pinned to "{step.title}" is none that it could have given.',
        hint="Unpin it, run the node, and pin what it gives.",
        node=step.id,
        detail=f"{type(error).__name__}: {error}",
    )
