"""What is left of a run? Its state, what each node gave, how long it took, and what it changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from studio.kernel.errors import StudioError
from studio.kernel.ids import RunId
from studio.runtime.changes import Changeset
from studio.runtime.outcomes import Outcomes
from studio.runtime.partial import Earlier
from studio.runtime.review import OpenTransaction
from studio.runtime.state import RunStatus

if TYPE_CHECKING:
    import datetime as dt

    from studio.runtime.plan import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A finished run. `results` has an entry for each node that succeeded, `outputs` one for each Output node that did, by its name.

    `error` is what stopped the run; a failure that a node's `error` port took care of is in `nodes` only. `changes` is there when
    the run recorded them. `transaction` is there in the mode `review` and has to be decided about; it is None when the run failed.
    """

    run_id: RunId
    state: RunStatus
    duration_ms: float
    nodes: Outcomes
    changes: Changeset | None = None
    error: StudioError | None = None
    transaction: OpenTransaction | None = None
    plan: Plan | None = None
    """What was run."""
    inputs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What it was given, defaults filled in."""
    is_kept: bool = True
    """Whether what was written stayed when the run ended: not in a dry run, nor when a transaction failed. `transaction` tells its own."""

    @property
    def started_at(self) -> dt.datetime:
        """When it began: aware, in UTC."""
        return self.nodes.started_at

    @property
    def results(self) -> Mapping[str, Any]:
        return self.nodes.results

    @property
    def outputs(self) -> Mapping[str, Any]:
        return self.nodes.outputs

    def earlier(self) -> Earlier | None:
        """This run for another one to take values from, see `partial`; None when nothing was run."""
        if self.plan is None:
            return None
        kept = self.is_kept if self.transaction is None else self.transaction.state == "committed"
        has_written = any(
            step.type is not None and step.type.spec.writes and step.id in self.results
            for step in self.plan.steps
        )
        return Earlier(
            workflow=self.plan.whole or self.plan.workflow,
            catalogue=self.plan.catalogue,
            inputs=self.inputs,
            nodes=self.nodes,
            inner={
                path: step.inner.whole
                for path, step in self.plan.paths()
                if step.inner is not None and step.inner.whole is not None
            },
            is_undone=has_written and not kept,
        )

    def raise_for_state(self) -> None:
        """Raises what stopped the run, if anything did."""
        if self.error is not None:
            raise self.error
