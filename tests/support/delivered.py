"""A run that is over, and whose only node delivered a value; nothing was run for it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.session import RunHandle

NODE = NodeId("n")


def handle_of(value: Any, *, counted: int | None = None) -> RunHandle:
    """Its handle; `counted` rows were counted, where the value does not hold all of them."""
    handle = RunHandle(
        run_id=RunId("r"),
        workflow_id=WorkflowId("w"),
        nodes=[NODE],
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    handle.delivered(lambda node_id, port: value)
    handle.put(NODE, state="succeeded", rows=len(value) if counted is None else counted)
    handle.end("succeeded")
    return handle
