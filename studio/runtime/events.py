"""What can happen in a run? Facts in the past tense, frozen, told in order on the engine's loop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, RunId
from studio.runtime.partial import Origin
from studio.runtime.review import TransactionState
from studio.runtime.state import RunStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """`nodes` are those that the run is about, in an order in which they may come."""

    run_id: RunId
    workflow: str
    nodes: tuple[NodeId, ...]
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted:
    run_id: RunId
    node_id: NodeId
    at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeProgressed:
    """`done` rows of `total`; None: nobody knows how many there will be."""

    run_id: RunId
    node_id: NodeId
    done: int
    total: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLogged:
    """What a node printed."""

    run_id: RunId
    node_id: NodeId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRetried:
    """An attempt failed with an error worth another one; `attempt` counts from 1."""

    run_id: RunId
    node_id: NodeId
    attempt: int
    error: StudioError


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSucceeded:
    """`rows` given or changed; None when rows are not what the node deals in."""

    run_id: RunId
    node_id: NodeId
    rows: int | None
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed:
    run_id: RunId
    node_id: NodeId
    error: StudioError
    duration_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSkipped:
    """The way to it was not taken, or it is disabled."""

    run_id: RunId
    node_id: NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeAbandoned:
    """Something that it needs has failed."""

    run_id: RunId
    node_id: NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCancelled:
    run_id: RunId
    node_id: NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGiven:
    """A node was not run: its value is there already, from an earlier run or pinned by a person."""

    run_id: RunId
    node_id: NodeId
    origin: Origin
    rows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionChanged:
    """The transaction of a run in the mode `review` was opened, is about to be rolled back for want of a decision, or is over."""

    run_id: RunId
    state: TransactionState
    expires_at: dt.datetime
    is_expiring: bool
    error: StudioError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    run_id: RunId
    state: RunStatus
    duration_ms: float
    error: StudioError | None


Event: TypeAlias = (
    RunStarted
    | NodeStarted
    | NodeProgressed
    | NodeLogged
    | NodeRetried
    | NodeSucceeded
    | NodeFailed
    | NodeSkipped
    | NodeAbandoned
    | NodeCancelled
    | NodeGiven
    | RunFinished
    | TransactionChanged
)
OnEvent: TypeAlias = Callable[[Event], object]
