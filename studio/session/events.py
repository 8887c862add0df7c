"""What has happened to an open project? Frozen facts that a window listens to; what it then does is its own business."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from studio.kernel.ids import NodeId, WorkflowId
from studio.project.changes import Change
from studio.project.state import Project

if TYPE_CHECKING:
    from studio.runtime import Pause
    from studio.session.runs import RunHandle

LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of the log. `message` never holds a secret."""

    at: dt.datetime
    level: LogLevel
    message: str
    workflow: WorkflowId | None = None
    node: NodeId | None = None


@dataclass(frozen=True, slots=True)
class ProjectChanged:
    """An edit, an undo or a redo: `change` led from `before` to `after`."""

    before: Project
    after: Project
    change: Change


@dataclass(frozen=True, slots=True)
class SavedStateChanged:
    is_modified: bool


@dataclass(frozen=True, slots=True)
class CatalogueChanged:
    """The kinds of node are others now: models or connections were altered."""


@dataclass(frozen=True, slots=True)
class ProblemsChanged:
    """`Session.problems(workflow_id)` may answer differently now."""

    workflow_id: WorkflowId


@dataclass(frozen=True, slots=True)
class RunStarted:
    handle: RunHandle


@dataclass(frozen=True, slots=True)
class RunFinished:
    handle: RunHandle


@dataclass(frozen=True, slots=True)
class RunPaused:
    """The run waits before a node: see `handle.pause`, which may have moved on already."""

    handle: RunHandle
    pause: Pause


@dataclass(frozen=True, slots=True)
class RunResumed:
    """The run waits no longer: it goes on, or is over."""

    handle: RunHandle


@dataclass(frozen=True, slots=True)
class BreakpointsChanged:
    """`Session.breakpoints.of(workflow_id)` answers differently now."""

    workflow_id: WorkflowId


@dataclass(frozen=True, slots=True)
class TransactionChanged:
    """The transaction of a run in review is about to be rolled back, has got more time, or is over: see `handle.review`."""

    handle: RunHandle


@dataclass(frozen=True, slots=True)
class LogAdded:
    entry: LogEntry


SessionEvent = (
    ProjectChanged
    | SavedStateChanged
    | CatalogueChanged
    | ProblemsChanged
    | RunStarted
    | RunFinished
    | RunPaused
    | RunResumed
    | BreakpointsChanged
    | TransactionChanged
    | LogAdded
)
