"""How is a workflow run?"""

from studio.runtime.changes import ChangeCounts, Changeset, RecordChange
from studio.runtime.debugging import Debugger, Pause
from studio.runtime.events import (
    Event,
    NodeAbandoned,
    NodeCancelled,
    NodeFailed,
    NodeGiven,
    NodeLogged,
    NodeProgressed,
    NodeRetried,
    NodeSkipped,
    NodeStarted,
    NodeSucceeded,
    OnEvent,
    RunFinished,
    RunStarted,
    TransactionChanged,
)
from studio.runtime.inputs import bind_inputs
from studio.runtime.outcomes import NodeOutcome
from studio.runtime.partial import Earlier, Origin, outdated
from studio.runtime.plan import Plan, compile_plan
from studio.runtime.result import RunResult
from studio.runtime.review import OpenTransaction, TransactionState
from studio.runtime.scheduler import Mode, run_workflow
from studio.runtime.state import NodeState, RunStatus

__all__ = [
    "ChangeCounts",
    "Changeset",
    "Debugger",
    "Earlier",
    "Event",
    "Mode",
    "NodeAbandoned",
    "NodeCancelled",
    "NodeFailed",
    "NodeGiven",
    "NodeLogged",
    "NodeOutcome",
    "NodeProgressed",
    "NodeRetried",
    "NodeSkipped",
    "NodeStarted",
    "NodeState",
    "NodeSucceeded",
    "OnEvent",
    "OpenTransaction",
    "Origin",
    "Pause",
    "Plan",
    "RecordChange",
    "RunFinished",
    "RunResult",
    "RunStarted",
    "RunStatus",
    "TransactionChanged",
    "TransactionState",
    "bind_inputs",
    "compile_plan",
    "outdated",
    "run_workflow",
]
