"""How is a workflow run?"""

from studio.runtime.changes import Changeset, RecordChange
from studio.runtime.events import (
    Event,
    NodeAbandoned,
    NodeCancelled,
    NodeFailed,
    NodeLogged,
    NodeProgressed,
    NodeRetried,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
    OnEvent,
    RunFinished,
    RunStarted,
)
from studio.runtime.inputs import bind_inputs
from studio.runtime.plan import Plan, compile_plan
from studio.runtime.result import NodeOutcome, RunResult
from studio.runtime.scheduler import Mode, run_workflow
from studio.runtime.state import NodeState, RunStatus

__all__ = [
    "Changeset",
    "Event",
    "Mode",
    "NodeAbandoned",
    "NodeCancelled",
    "NodeFailed",
    "NodeLogged",
    "NodeOutcome",
    "NodeProgressed",
    "NodeRetried",
    "NodeSkipped",
    "NodeStarted",
    "NodeState",
    "NodeSucceeded",
    "OnEvent",
    "Plan",
    "RecordChange",
    "RunFinished",
    "RunResult",
    "RunStarted",
    "RunStatus",
    "bind_inputs",
    "compile_plan",
    "run_workflow",
]
