"""Which runs does a store remember? The newest, so many and so much as is wanted, each with its nodes; what is kept of one stands in `runs`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from studio.kernel.errors import NoSuchTable
from studio.kernel.ids import RunId, WorkflowId
from studio.persistence.gateway import Step
from studio.persistence.retention import Retention
from studio.persistence.runs import (
    NodeRunRecord,
    RunRecord,
    node_from_row,
    nodes_to_rows,
    run_from_row,
    run_to_row,
    size_of,
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

    async def add(
        self,
        run: RunRecord,
        nodes: Sequence[NodeRunRecord],
        *,
        project_id: str,
        keep: Retention | None = None,
    ) -> None:
        """Remembers a run, and forgets the oldest beyond what is to be kept."""
        rows, row = nodes_to_rows(run.id, nodes), run_to_row(run, project_id)
        facts = {"id": run.id, "project_id": project_id, "size": size_of((row, *rows)), "note": run.note}
        steps = [
            Step(type="WorkflowRunCreateNode", params=row),
            Step(type="RunFactCreateNode", params=facts),
        ]
        if rows:
            steps.append(Step(type="NodeRunBulkCreateNode", params={"data": rows}))
        await self._write(steps, atomic=True)
        await self.trim(keep or Retention())

    async def trim(self, keep: Retention) -> None:
        """Forgets the oldest runs beyond what is to be kept."""
        params = {"order_by": ["-started_at"], "limit": None, "fields": ["id"]}
        known = (await self._run([Step(type="WorkflowRunListNode", params=params)]))[0]
        facts = await self._facts()
        left = keep.megabytes * 1_000_000
        old: list[RunId] = []
        for number, row in enumerate(known):
            left -= facts[row["id"]]["size"] if row["id"] in facts else 0
            if number and (number >= keep.runs or left < 0):
                old.append(row["id"])
        await self.forget(old)

    async def forget(self, run_ids: Sequence[RunId]) -> None:
        """Removes runs with their nodes."""
        if run_ids:
            ids = list(run_ids)
            await self._write(
                [
                    Step(type="NodeRunBulkDeleteNode", params={"filter": {"run_id": {"$in": ids}}}),
                    Step(type="RunFactBulkDeleteNode", params={"ids": ids}),
                    Step(type="WorkflowRunBulkDeleteNode", params={"ids": ids}),
                ],
                atomic=True,
            )

    async def note(self, run_id: RunId, text: str, *, project_id: str) -> None:
        """Keeps what a person says of a run; an empty text takes it away."""
        size = (await self._facts()).get(run_id, {}).get("size", 0)
        row = {"id": run_id, "project_id": project_id, "size": size, "note": text}
        params = {"data": [row], "conflict_on": ["id"], "conflict_resolution": "update"}
        await self._write([Step(type="RunFactBulkUpsertNode", params=params)])

    async def recent(self, workflow_id: WorkflowId | None = None) -> list[RunRecord]:
        """Newest first."""
        params: dict[str, Any] = {"order_by": ["-started_at"], "limit": None}
        if workflow_id is not None:
            params["filter"] = {"workflow_id": workflow_id}
        rows = (await self._run([Step(type="WorkflowRunListNode", params=params)]))[0]
        facts = await self._facts() if rows else {}
        return [run_from_row(row, facts.get(row["id"])) for row in rows]

    async def _facts(self) -> dict[str, dict[str, Any]]:
        """By the runs' ids; those of before there were any have none."""
        try:
            rows = (await self._run([Step(type="RunFactListNode", params={"limit": None})]))[0]
        except NoSuchTable:  # an older store that can only be read
            return {}
        return {row["id"]: row for row in rows}

    async def nodes(self, run_id: RunId) -> list[NodeRunRecord]:
        """In the order in which they stood in the run."""
        params = {"filter": {"run_id": run_id}, "order_by": ["position"], "limit": None}
        rows = (await self._run([Step(type="NodeRunListNode", params=params)]))[0]
        return [node_from_row(row) for row in rows]
