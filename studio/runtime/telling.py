"""Who is told what happens in a run? Turns the facts into events, for whoever wants them; nobody listening costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, RunId
from studio.runtime import events
from studio.runtime.ledger import Ledger
from studio.runtime.outcomes import Clock
from studio.runtime.plan import Step
from studio.runtime.state import RunState, RunStatus

_DROPPED: Final[Mapping[str, type[events.NodeSkipped | events.NodeAbandoned | events.NodeCancelled]]] = {
    "skipped": events.NodeSkipped,
    "abandoned": events.NodeAbandoned,
    "cancelled": events.NodeCancelled,
}


class Teller:
    """Tells the facts of one run in their order."""

    __slots__ = ("_clock", "_emit", "_ledger", "_run_id")

    def __init__(self, emit: events.OnEvent, run_id: RunId, ledger: Ledger, clock: Clock) -> None:
        self._emit = emit
        self._run_id = run_id
        self._ledger = ledger
        self._clock = clock

    def run_started(self) -> None:
        plan = self._ledger.plan
        nodes = tuple(step.id for step in plan.steps)
        self._emit(
            events.RunStarted(
                run_id=self._run_id, workflow=plan.workflow.name, nodes=nodes, at=self._clock.started_at
            )
        )

    def started(self, step: Step) -> None:
        at = self._clock.at(self._ledger.started[step.index])
        self._emit(events.NodeStarted(run_id=self._run_id, node_id=step.id, at=at))

    def progressed(self, node_id: str, done: int, total: int | None) -> None:
        self._emit(
            events.NodeProgressed(run_id=self._run_id, node_id=NodeId(node_id), done=done, total=total)
        )

    def logged(self, node_id: str, text: str) -> None:
        self._emit(events.NodeLogged(run_id=self._run_id, node_id=NodeId(node_id), text=text))

    def retried(self, step: Step, attempt: int, error: StudioError) -> None:
        self._emit(events.NodeRetried(run_id=self._run_id, node_id=step.id, attempt=attempt, error=error))

    def succeeded(self, step: Step) -> None:
        self._emit(
            events.NodeSucceeded(
                run_id=self._run_id,
                node_id=step.id,
                rows=self._ledger.rows(step),
                duration_ms=self._ledger.duration_ms(step.index) or 0.0,
            )
        )

    def failed(self, step: Step, error: StudioError) -> None:
        self._emit(
            events.NodeFailed(
                run_id=self._run_id,
                node_id=step.id,
                error=error,
                duration_ms=self._ledger.duration_ms(step.index) or 0.0,
            )
        )

    def dropped(self, state: RunState) -> None:
        """Tells of the nodes that were skipped, abandoned or cancelled since it was last asked."""
        dropped, state.dropped = state.dropped, []
        for index in dropped:
            kind = _DROPPED[state.states[index]]
            self._emit(kind(run_id=self._run_id, node_id=self._ledger.plan.steps[index].id))

    def run_finished(self, status: RunStatus, error: StudioError | None) -> None:
        duration_ms = self._clock.elapsed_ms()
        self._emit(
            events.RunFinished(run_id=self._run_id, state=status, duration_ms=duration_ms, error=error)
        )
