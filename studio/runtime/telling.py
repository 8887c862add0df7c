"""Who is told what happens in a run? Turns the facts into events, for whoever wants them; nobody listening costs nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, RunId
from studio.runtime import events
from studio.runtime.ledger import Ledger
from studio.runtime.outcomes import Clock, NodeOutcome
from studio.runtime.partial import Origin
from studio.runtime.review import OpenTransaction
from studio.runtime.state import RunState, RunStatus
from studio.runtime.step import Step

_DROPPED: Final[Mapping[str, type[events.NodeSkipped | events.NodeAbandoned | events.NodeCancelled]]] = {
    "skipped": events.NodeSkipped,
    "abandoned": events.NodeAbandoned,
    "cancelled": events.NodeCancelled,
}


class Teller:
    """Tells the facts of one run in their order; of one within it (`within`) with the path of its nodes before their ids.

    One that is quiet tells only what nobody could add up: what is logged, and what is tried again.
    """

    __slots__ = ("_clock", "_emit", "_is_quiet", "_ledger", "_path", "_run_id")

    def __init__(
        self,
        emit: events.OnEvent,
        run_id: RunId,
        ledger: Ledger,
        clock: Clock,
        *,
        path: str = "",
        is_quiet: bool = False,
    ) -> None:
        self._emit = emit
        self._run_id = run_id
        self._ledger = ledger
        self._clock = clock
        self._path = path
        self._is_quiet = is_quiet

    def within(self, path: str, *, is_quiet: bool) -> Teller:
        """For a run within this one; `of` gives it the books that it tells from."""
        return Teller(
            self._emit,
            self._run_id,
            self._ledger,
            self._clock,
            path=self._path + path,
            is_quiet=self._is_quiet or is_quiet,
        )

    def of(self, ledger: Ledger) -> Teller:
        """The same, telling from other books."""
        self._ledger = ledger
        return self

    def summed(self, path: str, outcomes: Mapping[str, NodeOutcome]) -> None:
        """Tells what became of the nodes in many runs as if it had been one."""
        if self._is_quiet:
            return
        for node_id, outcome in outcomes.items():
            known = NodeId(f"{self._path}{path}{node_id}")
            if outcome.started_at is not None:
                self._emit(events.NodeStarted(run_id=self._run_id, node_id=known, at=outcome.started_at))
            lasted_ms = outcome.duration_ms or 0.0
            if outcome.state == "succeeded":
                self._emit(
                    events.NodeSucceeded(
                        run_id=self._run_id, node_id=known, rows=outcome.rows, duration_ms=lasted_ms
                    )
                )
            elif outcome.state == "failed" and outcome.error is not None:
                self._emit(
                    events.NodeFailed(
                        run_id=self._run_id, node_id=known, error=outcome.error, duration_ms=lasted_ms
                    )
                )
            elif outcome.state in _DROPPED:
                self._emit(_DROPPED[outcome.state](run_id=self._run_id, node_id=known))

    def _id(self, node_id: str) -> NodeId:
        return NodeId(self._path + node_id) if self._path else NodeId(node_id)

    def run_started(self) -> None:
        plan = self._ledger.plan
        nodes = tuple(NodeId(path) for path, _ in plan.paths())
        self._emit(
            events.RunStarted(
                run_id=self._run_id, workflow=plan.workflow.name, nodes=nodes, at=self._clock.started_at
            )
        )

    def started(self, step: Step) -> None:
        if self._is_quiet:
            return
        at = self._clock.at(self._ledger.started[step.index])
        self._emit(events.NodeStarted(run_id=self._run_id, node_id=self._id(step.id), at=at))

    def progressed(self, node_id: str, done: int, total: int | None) -> None:
        if self._is_quiet:
            return
        self._emit(
            events.NodeProgressed(run_id=self._run_id, node_id=self._id(node_id), done=done, total=total)
        )

    def logged(self, node_id: str, text: str) -> None:
        self._emit(events.NodeLogged(run_id=self._run_id, node_id=self._id(node_id), text=text))

    def retried(self, step: Step, attempt: int, error: StudioError) -> None:
        self._emit(
            events.NodeRetried(run_id=self._run_id, node_id=self._id(step.id), attempt=attempt, error=error)
        )

    def succeeded(self, step: Step) -> None:
        if self._is_quiet:
            return
        self._emit(
            events.NodeSucceeded(
                run_id=self._run_id,
                node_id=self._id(step.id),
                rows=self._ledger.rows(step),
                duration_ms=self._ledger.duration_ms(step.index) or 0.0,
            )
        )

    def given(self, step: Step, origin: Origin) -> None:
        self._emit(
            events.NodeGiven(
                run_id=self._run_id, node_id=step.id, origin=origin, rows=self._ledger.rows(step)
            )
        )

    def transaction_changed(self, transaction: OpenTransaction) -> None:
        self._emit(
            events.TransactionChanged(
                run_id=self._run_id,
                state=transaction.state,
                expires_at=transaction.expires_at,
                is_expiring=transaction.is_expiring,
                error=transaction.error,
            )
        )

    def failed(self, step: Step, error: StudioError) -> None:
        if self._is_quiet:
            return
        self._emit(
            events.NodeFailed(
                run_id=self._run_id,
                node_id=self._id(step.id),
                error=error,
                duration_ms=self._ledger.duration_ms(step.index) or 0.0,
            )
        )

    def dropped(self, state: RunState) -> None:
        """Tells of the nodes that were skipped, abandoned or cancelled since it was last asked."""
        dropped, state.dropped = state.dropped, []
        if self._is_quiet:
            return
        for index in dropped:
            kind = _DROPPED[state.states[index]]
            self._emit(kind(run_id=self._run_id, node_id=self._id(self._ledger.plan.steps[index].id)))

    def run_finished(self, status: RunStatus, error: StudioError | None) -> None:
        duration_ms = self._clock.elapsed_ms()
        self._emit(
            events.RunFinished(run_id=self._run_id, state=status, duration_ms=duration_ms, error=error)
        )
