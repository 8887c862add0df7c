"""What is left of a run? Its state, what each node gave, how long it took, and what it changed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from studio.kernel.errors import StudioError
from studio.kernel.ids import RunId
from studio.runtime.changes import Changeset
from studio.runtime.state import NodeState, RunStatus


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """A finished run. `results` has an entry for each node that succeeded, `outputs` one for each Output node that did, by its name.

    `error` is what stopped the run; a failure that a node's `error` port took care of is in `nodes` only. `changes` is there when
    the run recorded them.
    """

    run_id: RunId
    state: RunStatus
    started_at: dt.datetime
    duration_ms: float
    results: Mapping[str, Any]
    nodes: Mapping[str, NodeOutcome]
    outputs: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    changes: Changeset | None = None
    error: StudioError | None = None

    def raise_for_state(self) -> None:
        """Raises what stopped the run, if anything did."""
        if self.error is not None:
            raise self.error
