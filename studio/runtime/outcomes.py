"""What became of each node? Made only for the nodes that are asked for: a run of thousands should not pay for what nobody reads."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId
from studio.runtime.ledger import Ledger
from studio.runtime.partial import Origin
from studio.runtime.state import NodeState
from studio.runtime.streams import SHOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOutcome:
    """What became of one node. `value` is its natural value when it succeeded, `error` why it failed."""

    state: NodeState
    started_at: dt.datetime | None = None
    duration_ms: float | None = None
    rows: int | None = None
    value: Any = None
    error: StudioError | None = None
    attempts: int = 1
    origin: Origin = ""
    """`reused` or `pinned`: the node was not run, its value was there already."""
    is_sample: bool = False
    """Whether `value` is only the first of the rows, the others having gone by."""


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


class Outcomes(Mapping[str, NodeOutcome]):
    """The outcome of each node of a finished run, by its id, in the order of the plan; behind a node those of the workflow that it ran.

    `inner` holds these, by the number of the node's step.
    """

    __slots__ = ("_clock", "_index", "_inner", "_ledger", "_outputs", "_results", "_states")

    def __init__(
        self,
        ledger: Ledger,
        states: Sequence[NodeState],
        clock: Clock,
        inner: Mapping[int, Mapping[str, NodeOutcome]],
    ) -> None:
        self._ledger = ledger
        self._states = states
        self._clock = clock
        self._inner = inner
        self._index: Mapping[str, int] = ledger.plan.places
        self._results: dict[str, Any] | None = None
        self._outputs: dict[str, Any] | None = None

    @property
    def started_at(self) -> dt.datetime:
        """When the run began."""
        return self._clock.started_at

    @property
    def results(self) -> Mapping[str, Any]:
        """What each node gave that succeeded."""
        if self._results is None:
            values, states, steps = self._ledger.values, self._states, self._ledger.plan.steps
            self._results = {
                step.id: values[step.index] for step in steps if states[step.index] == "succeeded"
            }
        return self._results

    @property
    def outputs(self) -> Mapping[str, Any]:
        """What its Output nodes gave, by their names; without those that did not run."""
        if self._outputs is None:
            values, states, steps = self._ledger.values, self._states, self._ledger.plan.steps
            self._outputs = {
                step.output_name: values[step.index]
                for step in steps
                if step.output_name and states[step.index] == "succeeded"
            }
        return self._outputs

    def __len__(self) -> int:
        return len(self._index) + sum(map(len, self._inner.values()))

    def __iter__(self) -> Iterator[str]:
        for node_id, index in self._index.items():
            yield node_id
            for path in self._inner.get(index, ()):
                yield f"{node_id}/{path}"

    def __getitem__(self, node_id: str) -> NodeOutcome:
        index = self._index.get(node_id)
        if index is None:
            return self._within(node_id)
        ledger, state = self._ledger, self._states[index]
        if not ledger.started[index]:
            return NodeOutcome(state=state)
        has_value = state == "succeeded"
        given = ledger.plan.given.get(NodeId(node_id))
        return NodeOutcome(
            state=state,
            started_at=self._clock.at(ledger.started[index]),
            duration_ms=ledger.duration_ms(index),
            rows=ledger.rows(ledger.plan.steps[index]) if has_value else None,
            value=ledger.values[index] if has_value else None,
            error=ledger.errors.get(index),
            attempts=ledger.attempts.get(index, 1),
            origin=given.origin if given is not None else "",
            is_sample=has_value and ledger.streamed.get(index, 0) > SHOWN,
        )

    def _within(self, path: str) -> NodeOutcome:
        for index, outcomes in self._inner.items():
            head = f"{self._ledger.plan.steps[index].id}/"
            if path.startswith(head):
                return outcomes[path.removeprefix(head)]
        raise KeyError(path)
