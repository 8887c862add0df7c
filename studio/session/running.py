"""How is a workflow of a session run? Checked here, run on the engine's loop, watched through a `RunHandle`, remembered when it is over."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, cast, get_args

from studio.kernel.errors import BuildError, RunError, StudioError, WorkflowError
from studio.kernel.ids import NodeId, RunId, WorkflowId, new_id
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.persistence.runs import SAMPLE_ROWS, NodeRunRecord, RunRecord
from studio.project.state import Connection
from studio.session.databases import Databases
from studio.session.environment import Environment
from studio.session.outputs import keep
from studio.session.review import Review
from studio.session.runs import RunHandle
from studio.workflow.graph import Workflow, frozen
from studio.workflow.spec import ERROR_PORT

if TYPE_CHECKING:
    from pathlib import Path

    from studio.database import Database
    from studio.nodes.catalogue import NodeCatalogue
    from studio.runtime import Debugger, Earlier, Event, Mode, NodeOutcome, Pause, Plan, RunResult

_log = logging.getLogger(__name__)

Remember = Callable[[RunRecord, list[NodeRunRecord]], Awaitable[None]]
Log = Callable[[str, NodeId | None], None]


def plan_of(
    workflow: Workflow,
    catalogue: NodeCatalogue,
    *,
    inputs: Mapping[str, Any] | None,
    until: NodeId | None,
    start: NodeId | None,
    last: RunResult | None,
) -> Plan:
    """What is to be run: the whole workflow, or the part of it that begins and ends at a node.

    Raises:
        BuildError: With all problems of the nodes that would run, or with the reasons why it cannot begin there.
        WorkflowError: There is no such node, or nothing to run; an input is missing, unknown or of the wrong type.
    """
    from studio.runtime import bind_inputs, compile_plan

    if not workflow.nodes:
        problem = Problem(
            code="empty",
            message="There is nothing to run: the workflow has no nodes.",
            hint="Add a node first.",
            workflow=workflow.name or None,
        )
        raise BuildError([problem], workflow=workflow.name)
    earlier = last.earlier() if last is not None else None
    plan = compile_plan(workflow, catalogue, until=until, start=start, earlier=earlier, inputs=inputs)
    bind_inputs(workflow, inputs, part=plan.workflow)
    return plan


def known_mode(mode: str) -> Mode:
    """Raises WorkflowError when there is no such mode."""
    from studio.runtime import Mode

    if mode not in get_args(Mode):
        raise WorkflowError(f"There is no mode {mode!r}.", hint=did_you_mean(mode, get_args(Mode)))
    return cast("Mode", mode)


class Run:
    """One run on its way. Made on the session's thread; `drive` does the work on the engine's loop."""

    def __init__(  # noqa: PLR0913 - a run has that many sides
        self,
        plan: Plan,
        *,
        env: Environment,
        inputs: Mapping[str, Any],
        mode: Mode,
        trusted: bool,
        log: Log,
        until: NodeId | None = None,
        start: NodeId | None = None,
        record_changes: bool = False,
        folder: Path | None = None,
        breakpoint_at: Callable[[WorkflowId, NodeId], str | None] = lambda _workflow, _node: None,
        step: bool = False,
    ) -> None:
        """`breakpoint_at` gives the condition of a node's breakpoint (see `BreakpointBook`); with `step` it waits before its first node."""
        self._plan = plan
        self._env = env
        self._inputs = inputs
        self._mode = mode
        self._trusted = trusted
        self._log = log
        self._record_changes = record_changes
        self.result: RunResult | None = None
        """What the run has left, once it has done its work."""
        self._earlier: Earlier | None = None
        self._judged: tuple[object, ...] = ()
        self._outdated: frozenset[NodeId] = frozenset()
        self._folder = folder
        self._breakpoint_at = breakpoint_at
        self._step = step
        self._debugger: Debugger | None = None
        self._task: asyncio.Task[RunResult] | None = None
        self._is_cancelled = False
        self.handle = RunHandle(
            run_id=RunId(new_id()),
            workflow_id=plan.workflow.id,
            nodes=[NodeId(path) for path, _ in plan.paths()],
            started_at=env.clock(),
            mode=mode,
            inputs=inputs,
            until=until,
            start=start,
        )
        self.handle.began(self._cancel, self._go)

    def start(
        self,
        databases: Databases,
        connections: Mapping[str, Connection],
        remember: Remember,
        transaction_changed: Callable[[], object],
        pause_changed: Callable[[Pause | None], object],
    ) -> concurrent.futures.Future[None]:
        """Begins to run and returns at once; the future ends when all of it is over, a transaction in review included.

        `connections` are the project's, by name. `transaction_changed` and `pause_changed` are called on the engine's loop.
        """
        self._transaction_changed = transaction_changed
        self._pause_changed = pause_changed
        return self._env.loop.submit(self._drive(databases, connections, remember))

    def outdated(self, workflow: Workflow, catalogue: NodeCatalogue) -> frozenset[NodeId]:
        """The nodes that have changed since, or that such a node leads to; none while the run has left no result."""
        from studio.runtime import outdated

        if self._earlier is None and self.result is not None:
            self._earlier = self.result.earlier()
        if self._earlier is None:
            return frozenset()
        # Whoever only moves nodes changes none of these.
        inner = catalogue.library.closure(workflow)[1:]
        judged = (workflow.nodes, workflow.edges, catalogue, *inner)
        known = self._judged
        if len(known) != len(judged) or any(a is not b for a, b in zip(known, judged, strict=True)):
            self._judged = judged
            self._outdated = frozenset(outdated(workflow, catalogue, self._earlier))
        return self._outdated

    def _cancel(self) -> None:
        async def stop() -> None:
            self._is_cancelled = True
            if self._task is not None:
                self._task.cancel()

        self._env.loop.submit(stop())

    def _go(self, is_step: bool) -> None:
        async def go() -> None:
            if self._debugger is not None:
                (self._debugger.step if is_step else self._debugger.go_on)()

        self._env.loop.submit(go())

    def _paused(self, pause: Pause | None) -> None:
        debugger = self._debugger
        assert debugger is not None
        self.handle.paused(pause, lambda node_id, port: self._take(debugger.outcomes(), node_id, port))
        self._pause_changed(pause)

    async def _drive(
        self, databases: Databases, connections: Mapping[str, Connection], remember: Remember
    ) -> None:
        from studio.runtime import Debugger, run_workflow

        handle = self.handle
        self._debugger = Debugger(self._breakpoint_at, self._paused, step=self._step)
        try:
            opened: dict[str, Database] = {}
            for name in self.names(connections):
                opened[name] = await databases.get(connections[name])
            self._task = asyncio.create_task(
                run_workflow(
                    self._plan,
                    databases=opened,
                    inputs=self._inputs,
                    mode=self._mode,
                    on_event=self._on_event,
                    trusted=self._trusted,
                    run_id=handle.run_id,
                    record_changes=self._record_changes,
                    folder=self._folder,
                    debugger=self._debugger,
                ),
                name=f"run {handle.run_id}",
            )
            if self._is_cancelled:
                self._task.cancel()
            self.result = result = await self._task
            handle.delivered(lambda node_id, port: self._take(result.nodes, node_id, port))
            handle.changes = result.changes
            state = "failed" if result.state == "running" else result.state
            if result.transaction is None:
                await remember(*self._record(result))
                handle.end(state, error=result.error, duration_ms=result.duration_ms)
                return
            handle.review = Review(result.transaction, self._env.loop)
            handle.end(state, duration_ms=result.duration_ms)
            await result.transaction.over()
            await remember(*self._record(result))
            self._transaction_changed()
        except StudioError as error:
            handle.end("failed", error=error.at(workflow=self._plan.workflow.name or None))
        except asyncio.CancelledError:
            handle.end("cancelled")
        except Exception as fault:
            _log.exception("run %s failed by a fault of the program", handle.run_id)
            told = f"Studio itself failed in this run: {type(fault).__name__}."
            handle.end(
                "failed", error=RunError(told, hint="Please report it: the log says where it happened.")
            )
            raise

    def names(self, connections: Mapping[str, Connection]) -> list[str]:
        """The connections that the plan uses; where a node means "the only one", all that there are."""
        used = self._plan.connections
        wanted = (
            list(connections)
            if None in used and (len(connections) == 1 or not any(used))
            else [name for name in used if name]
        )
        return [name for name in wanted if name in connections]

    def _take(self, outcomes: Mapping[str, NodeOutcome], node_id: NodeId, port: str | None) -> Any:
        outcome = outcomes[node_id]
        if port == ERROR_PORT and outcome.error is not None:
            return outcome.error.to_data()
        if outcome.state != "succeeded":
            raise KeyError(node_id)
        if port is None:
            return outcome.value
        step = self._plan.step(node_id)
        if step.type is None or step.type.spec.output(port) is None:
            raise KeyError(port)
        head, _, rest = port.partition(".")
        value = step.type.output(outcome.value, head)
        for part in rest.split(".") if rest else ():
            value = value[int(part)] if isinstance(value, list) else value[part]
        return value

    def _record(self, result: RunResult) -> tuple[RunRecord, list[NodeRunRecord]]:
        workflow = self._plan.workflow
        nodes = []
        titles: dict[str, str] = {}
        for path, step in self._plan.paths():
            around = titles.get(path.removesuffix(f"/{step.id}"), "")
            titles[path] = f"{around} / {step.title}" if around else step.title
            if path not in result.nodes:
                continue  # the node around it did not run
            outcome = result.nodes[path]
            kept = keep(outcome.value) if outcome.state == "succeeded" else None
            nodes.append(
                NodeRunRecord(
                    node_id=NodeId(path),
                    title=titles[path],
                    type=step.node_type,
                    state=outcome.origin or outcome.state,
                    duration_ms=outcome.duration_ms,
                    rows=outcome.rows,
                    error=outcome.error.to_data() if outcome.error else None,
                    columns=kept.output.columns if kept else (),
                    sample=tuple(kept.rows[:SAMPLE_ROWS]) if kept else (),
                )
            )
        run = RunRecord(
            id=self.handle.run_id,
            workflow_id=workflow.id,
            workflow_name=workflow.name,
            state=result.state if self.handle.outcome != "rolled_back" else "rolled_back",
            mode=self._mode,
            started_at=self.handle.started_at,
            duration_ms=result.duration_ms,
            rows=sum(
                node.rows or 0 for node in nodes if "/" not in node.node_id or node.node_id in workflow.nodes
            ),
            changes=str(result.changes.totals) if result.changes is not None and result.changes.total else "",
            inputs=frozen(self._inputs),
            error=result.error.to_data() if result.error else None,
        )
        return run, nodes

    def _on_event(self, event: Event) -> None:
        from studio.runtime import events

        handle = self.handle
        match event:
            case events.NodeStarted():
                handle.put(event.node_id, state="running")
            case events.NodeProgressed():
                handle.put(event.node_id, progress=(event.done, event.total))
            case events.NodeSucceeded():
                handle.put(event.node_id, state="succeeded", rows=event.rows, duration_ms=event.duration_ms)
            case events.NodeFailed():
                handle.put(event.node_id, state="failed", error=event.error, duration_ms=event.duration_ms)
            case events.NodeSkipped():
                handle.put(event.node_id, state="skipped")
            case events.NodeAbandoned():
                handle.put(event.node_id, state="abandoned")
            case events.NodeCancelled():
                handle.put(event.node_id, state="cancelled")
            case events.NodeGiven():
                handle.put(event.node_id, state="succeeded", rows=event.rows, origin=event.origin)
            case events.TransactionChanged():
                if event.state == "open" and handle.review is not None:
                    self._transaction_changed()
            case events.NodeLogged():
                self._log(event.text, event.node_id)
            case events.NodeRetried():
                self._log(f"Attempt {event.attempt} failed and is repeated: {event.error}", event.node_id)
            case _:
                pass
