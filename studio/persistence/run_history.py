"""Which runs does a store remember? The newest `RUNS_KEPT`, each with its nodes; what is kept of one stands in `runs`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from studio.kernel.ids import RunId, WorkflowId
from studio.persistence.gateway import Step
from studio.persistence.runs import (
    RUNS_KEPT,
    NodeRunRecord,
    RunRecord,
    node_from_row,
    nodes_to_rows,
    run_from_row,
    run_to_row,
)


class Write(Protocol):
    """Runs steps that write; with `atomic` all of them happen or none."""

    def __call__(self, steps: Sequence[Step], *, atomic: bool = False) -> Awaitable[None]: ...


class RunHistory:
    """The runs of a store's workflows that are over.

    `run` gives the natural values of steps that read; `write` refuses where the store is not to be written.
    """

    def __init__(self, run: Callable[[Sequence[Step]], Awaitable[list[Any]]], write: Write) -> None:
        self._run = run
        self._write = write

    async def add(self, run: RunRecord, nodes: Sequence[NodeRunRecord], *, project_id: str) -> None:
        """Remembers a run, and forgets the oldest beyond `RUNS_KEPT`."""
        steps = [Step(type="WorkflowRunCreateNode", params=run_to_row(run, project_id))]
        rows = nodes_to_rows(run.id, nodes)
        if rows:
            steps.append(Step(type="NodeRunBulkCreateNode", params={"data": rows}))
        await self._write(steps, atomic=True)
        old = (
            await self._run(
                [
                    Step(
                        type="WorkflowRunListNode",
                        params={
                            "order_by": ["-started_at"],
                            "offset": RUNS_KEPT,
                            "limit": None,
                            "fields": ["id"],
                        },
                    )
                ]
            )
        )[0]
        if old:
            ids = [row["id"] for row in old]
            await self._write(
                [
                    Step(type="NodeRunBulkDeleteNode", params={"filter": {"run_id": {"$in": ids}}}),
                    Step(type="WorkflowRunBulkDeleteNode", params={"ids": ids}),
                ],
                atomic=True,
            )

    async def recent(self, workflow_id: WorkflowId | None = None) -> list[RunRecord]:
        """Newest first."""
        params: dict[str, Any] = {"order_by": ["-started_at"], "limit": RUNS_KEPT}
        if workflow_id is not None:
            params["filter"] = {"workflow_id": workflow_id}
        rows = (await self._run([Step(type="WorkflowRunListNode", params=params)]))[0]
        return [run_from_row(row) for row in rows]

    async def nodes(self, run_id: RunId) -> list[NodeRunRecord]:
        """In the order in which they stood in the run."""
        params = {"filter": {"run_id": run_id}, "order_by": ["position"], "limit": None}
        rows = (await self._run([Step(type="NodeRunListNode", params=params)]))[0]
        return [node_from_row(row) for row in rows]
