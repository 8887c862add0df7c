"""How does a program run a workflow? `LocalRuntime` waits for it, `AsyncLocalRuntime` is awaited; both run the same coroutine on the engine.

Either works with or without a running event loop, and under any of them. What a run in review gives stands in `reviews`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args, overload

from studio.dataflow.builder import BuiltWorkflow, WorkflowBuilder, built
from studio.dataflow.reviews import AsyncOpenRun, OpenRun
from studio.kernel.behalf import on_behalf_of
from studio.kernel.errors import RunError, WorkflowError
from studio.kernel.loop import EngineLoop, default_loop
from studio.kernel.names import did_you_mean
from studio.runtime.review import IDLE_S
from studio.runtime.scheduler import DEFAULT_CONCURRENCY, Mode, run_workflow
from studio.workflow.graph import Workflow

if TYPE_CHECKING:
    from studio.dataflow.dataflow import DataFlow
    from studio.runtime.events import OnEvent
    from studio.runtime.result import RunResult

_MODES: Final = get_args(Mode)


@dataclass(frozen=True, slots=True)
class _How:
    """Which part of a workflow is run, and how."""

    mode: Mode | None
    until: str | None
    start: str | None
    earlier: RunResult | None


class _Runtime:
    """What the two runtimes share: how they run.

    Args:
        db: the DataFlow that workflows belong to, unless they say otherwise.
        mode: `auto`: each node commits by itself. `atomic`: all or nothing. `review`: as atomic, then left open until `commit()` or
            `roll_back()`. `dry`: as atomic, then rolled back.
        max_concurrency: how many nodes may wait for their databases at once.
        trusted: whether Python nodes may run.
        on_event: told each fact of a run, on the engine's thread.
        workflows: those that Subworkflow and ForEach nodes may run, for workflows that were not built with them.
        idle_s: after so many seconds without a decision a run in review is rolled back.
        tenant: whose records are meant; without one it is as `TenantContext` says where a run is begun.
        actor: who acts, for the audit trail; without one it is as `ActorContext` says.
        record_changes: whether a run in the mode `auto` tells what it wrote, too; each write then reads the records before and after it.
    """

    def __init__(  # noqa: PLR0913 - options given by name
        self,
        db: DataFlow | None = None,
        *,
        mode: Mode = "auto",
        max_concurrency: int = DEFAULT_CONCURRENCY,
        trusted: bool = False,
        on_event: OnEvent | None = None,
        workflows: Iterable[Workflow | WorkflowBuilder] = (),
        idle_s: float = IDLE_S,
        tenant: str | None = None,
        actor: str | None = None,
        record_changes: bool = False,
    ) -> None:
        self._db = db
        self._record_changes = record_changes
        self._mode = _known_mode(mode)
        self._max_concurrency = max_concurrency
        self._trusted = trusted
        self._on_event = on_event
        self._workflows = tuple(workflows)
        self._idle_s = idle_s
        self._tenant = tenant
        self._actor = actor

    def _ready(
        self, workflow: Workflow | WorkflowBuilder, db: DataFlow | None
    ) -> tuple[BuiltWorkflow, EngineLoop]:
        ready = built(workflow, db or self._db, self._workflows)
        engines = list({id(home.engine): home.engine for home in ready.homes.values()}.values())
        if len(engines) > 1:
            raise WorkflowError(
                "The workflow's databases live on different engine loops.", hint="Give them the same engine."
            )
        return ready, engines[0] if engines else default_loop()

    async def _execute(self, ready: BuiltWorkflow, inputs: Mapping[str, Any] | None, how: _How) -> RunResult:
        if ready.plan is None:
            raise RunError("The workflow was not built.", hint="Run what build() returned.")
        with on_behalf_of(tenant=self._tenant, actor=self._actor):
            return await run_workflow(
                ready.plan,
                databases={name: home.database for name, home in ready.homes.items()},
                inputs=inputs,
                mode=_known_mode(how.mode or self._mode),
                until=how.until,
                start=how.start,
                earlier=how.earlier.earlier() if how.earlier is not None else None,
                idle_s=self._idle_s,
                on_event=self._on_event,
                max_concurrency=self._max_concurrency,
                trusted=self._trusted,
                record_changes=self._record_changes,
                keep_schema={name for name, home in ready.homes.items() if not home.config.creates_tables},
            )


class LocalRuntime(_Runtime):
    """Runs workflows and waits for them, whether or not the caller's thread has a running event loop."""

    @overload
    def execute(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Literal["review"],
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> OpenRun: ...

    @overload
    def execute(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Mode | None = None,
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> tuple[dict[str, Any], str]: ...

    def execute(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Mode | None = None,
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> tuple[dict[str, Any], str]:
        """Runs a workflow; returns what each node gave, by node id, and the run's id.

        Nodes that were skipped have no entry. In the mode `review` this is an `OpenRun`, which has to be committed.

        Args:
            workflow: what `build` gave, or a builder.
            inputs: the workflow's inputs.
            db: where its nodes belong.
            mode: instead of the runtime's.
            until: run only this node and what leads to it.
            start: run only this node and what follows; what leads to it gives what it gave in `earlier`, or is run again.
            earlier: what `run` gave for this workflow before.

        Raises:
            BuildError: the workflow has problems; it was not begun.
            StudioError: what stopped the run, with the names of workflow and node.
        """
        result = self.run(workflow, inputs, db=db, mode=mode, until=until, start=start, earlier=earlier)
        result.raise_for_state()
        if result.transaction is not None:
            return OpenRun(result, *self._ready(workflow, db))
        return dict(result.results), result.run_id

    def run(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Mode | None = None,
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> RunResult:
        """The same with the whole story: each node's state, times, rows and errors, the changes. A failure is in it, not raised."""
        ready, engine = self._ready(workflow, db)
        return engine.run(self._execute(ready, inputs, _How(mode, until, start, earlier)))

    def __enter__(self) -> Self:
        """A runtime holds nothing; `with` is allowed because it is customary."""
        return self

    def __exit__(self, *exc: object) -> None:
        return None


class AsyncLocalRuntime(_Runtime):
    """Runs workflows and is awaited, under any event loop. Cancelling the awaiting task stops the run at the database."""

    @overload
    async def execute_workflow_async(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Literal["review"],
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> AsyncOpenRun: ...

    @overload
    async def execute_workflow_async(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Mode | None = None,
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> tuple[dict[str, Any], str]: ...

    async def execute_workflow_async(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Mode | None = None,
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> tuple[dict[str, Any], str]:
        """Like `LocalRuntime.execute`."""
        result = await self.run(workflow, inputs, db=db, mode=mode, until=until, start=start, earlier=earlier)
        result.raise_for_state()
        if result.transaction is not None:
            return AsyncOpenRun(result, *self._ready(workflow, db))
        return dict(result.results), result.run_id

    async def run(
        self,
        workflow: Workflow | WorkflowBuilder,
        inputs: Mapping[str, Any] | None = None,
        *,
        db: DataFlow | None = None,
        mode: Mode | None = None,
        until: str | None = None,
        start: str | None = None,
        earlier: RunResult | None = None,
    ) -> RunResult:
        """Like `LocalRuntime.run`."""
        ready, engine = self._ready(workflow, db)
        return await engine.call(self._execute(ready, inputs, _How(mode, until, start, earlier)))

    async def __aenter__(self) -> Self:
        """A runtime holds nothing; `async with` is allowed because it is customary."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        return None


def _known_mode(mode: Mode) -> Mode:
    if mode in _MODES:
        return mode
    raise WorkflowError(f"There is no mode {mode!r}.", hint=did_you_mean(mode, _MODES))
