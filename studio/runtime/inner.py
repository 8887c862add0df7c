"""How does a run go on within a run? What a node that runs another workflow is given, and what is known afterwards of the nodes in it.

The nodes of the inner workflow are known by their path, `outer/inner`. They share the run's transaction, changes, trust and end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from studio.runtime.connections import Connections
from studio.runtime.outcomes import NodeOutcome, Outcomes
from studio.runtime.plan import Plan
from studio.runtime.state import NodeState
from studio.runtime.step import Step
from studio.runtime.telling import Teller

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError

_ANY_NUMBER: Final = 1_000
_WEIGHT: Final[Mapping[NodeState, int]] = {
    "pending": 0,
    "skipped": 1,
    "succeeded": 2,
    "cancelled": 3,
    "abandoned": 4,
    "failed": 5,
    "running": 6,
}
"""Of the states that a node had in many runs, the heaviest is told."""


class Child(Protocol):
    """A run within a run, as the scheduler makes it."""

    @property
    def error(self) -> StudioError | None: ...

    async def drive(self, inputs: Mapping[str, Any]) -> None:
        """Runs it to its end; `error` is then what stopped it."""
        ...

    def outcomes(self) -> Outcomes: ...


class Parent(Protocol):
    """The run around it."""

    is_atomic: bool
    tell: Teller | None

    def apart(self, plan: Plan, connections: Connections) -> AbstractAsyncContextManager[Connections]:
        """Within it, what the plan does is undone alone when the block raises."""
        ...

    def child(self, plan: Plan, path: str, connections: Connections, tell: Teller | None) -> Child: ...


class Runs:
    """The runs of one node; see `nodes.base.InnerRuns`. Afterwards `outcomes` holds what became of the nodes in them."""

    def __init__(
        self, parent: Parent, step: Step, path: str, connections: Connections, *, many: bool
    ) -> None:
        self._parent = parent
        self._connections = connections
        self._step = step
        self._path = path
        self._sums = Sums() if many else None
        self._last: Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sums is not None and self._parent.tell is not None:
            self._parent.tell.summed(f"{self._step.id}/", self._sums)

    @property
    def most_at_once(self) -> int:
        return 1 if self._parent.is_atomic else _ANY_NUMBER

    @property
    def outcomes(self) -> Mapping[str, NodeOutcome]:
        if self._sums is not None:
            return self._sums
        return self._last.outcomes() if self._last is not None else {}

    async def run(self, inputs: Mapping[str, Any], *, apart: bool = False) -> dict[str, Any]:
        """Runs the workflow once; raises what stopped it."""
        plan = self._step.inner
        assert plan is not None
        if not (apart and self._parent.is_atomic):
            return await self._run(plan, self._connections, inputs)
        async with self._parent.apart(plan, self._connections) as connections:
            return await self._run(plan, connections, inputs)

    async def _run(self, plan: Plan, connections: Connections, inputs: Mapping[str, Any]) -> dict[str, Any]:
        child = self._parent.child(plan, self._path, connections, self._teller())
        if self._sums is None:
            self._last = child
        try:
            await child.drive(inputs)
        finally:
            if self._sums is not None:
                self._sums.add(child.outcomes())
        if child.error is not None:
            raise child.error
        return dict(child.outcomes().outputs)

    def _teller(self) -> Teller | None:
        tell = self._parent.tell
        if tell is None:
            return None
        return tell.within(f"{self._step.id}/", is_quiet=self._sums is not None)


class Sums(Mapping[str, NodeOutcome]):
    """What became of each node in many runs, as one outcome: rows and times added up, the heaviest state, the last error, no values."""

    def __init__(self) -> None:
        self._sums: dict[str, NodeOutcome] = {}

    def add(self, outcomes: Mapping[str, NodeOutcome]) -> None:
        for node_id, outcome in outcomes.items():
            known = self._sums.get(node_id)
            if known is None:
                self._sums[node_id] = replace(outcome, value=None)
                continue
            self._sums[node_id] = NodeOutcome(
                state=max(known.state, outcome.state, key=_WEIGHT.__getitem__),
                started_at=known.started_at or outcome.started_at,
                duration_ms=_sum(known.duration_ms, outcome.duration_ms),
                rows=_sum(known.rows, outcome.rows),
                error=outcome.error or known.error,
                attempts=max(known.attempts, outcome.attempts),
            )

    def __len__(self) -> int:
        return len(self._sums)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sums)

    def __getitem__(self, node_id: str) -> NodeOutcome:
        return self._sums[node_id]


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one if other is None else other
    return one + other
