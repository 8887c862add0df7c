"""What became of each node? Made only for the nodes that are asked for: a run of thousands should not pay for what nobody reads."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId
from studio.runtime.plan import Plan
from studio.runtime.result import NodeOutcome
from studio.runtime.state import NodeState


class Clock:
    """Ties the quick clock that durations are taken with to the time of day at which the run began (aware, UTC)."""

    __slots__ = ("_zero", "started_at")

    def __init__(self) -> None:
        self._zero = time.perf_counter()
        self.started_at = dt.datetime.now(dt.UTC)

    def at(self, moment: float) -> dt.datetime:
        """The time of day of a `time.perf_counter` reading."""
        return self.started_at + dt.timedelta(seconds=moment - self._zero)

    def elapsed_ms(self) -> float:
        return (time.perf_counter() - self._zero) * 1000


class Outcomes(Mapping[NodeId, NodeOutcome]):
    """The outcome of each node of a finished run, by its id, in the order of the plan."""

    def __init__(
        self,
        plan: Plan,
        states: Sequence[NodeState],
        values: Sequence[Any],
        errors: Sequence[StudioError | None],
        started: Sequence[float],
        ended: Sequence[float],
        clock: Clock,
        attempts: Mapping[int, int],
        streamed: Mapping[int, int],
    ) -> None:
        self._plan = plan
        self._index = {step.id: step.index for step in plan.steps}
        self._states = states
        self._values = values
        self._errors = errors
        self._started = started
        self._ended = ended
        self._clock = clock
        self._attempts = attempts
        self._streamed = streamed

    def __len__(self) -> int:
        return len(self._index)

    def __iter__(self) -> Iterator[NodeId]:
        return iter(self._index)

    def __getitem__(self, node_id: NodeId) -> NodeOutcome:
        index = self._index[node_id]
        state = self._states[index]
        if not self._started[index]:
            return NodeOutcome(state=state)
        value = self._values[index] if state == "succeeded" else None
        node_type = self._plan.steps[index].type
        rows = self._streamed.get(index)
        if rows is None and state == "succeeded" and node_type is not None:
            rows = node_type.rows(value)
        return NodeOutcome(
            state=state,
            started_at=self._clock.at(self._started[index]),
            duration_ms=(self._ended[index] - self._started[index]) * 1000 if self._ended[index] else None,
            rows=rows,
            value=value,
            error=self._errors[index],
            attempts=self._attempts.get(index, 1),
        )
