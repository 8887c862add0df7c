"""How is a run of long ago looked at as one of now? A handle made from what the store has kept of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId
from studio.persistence.runs import SAMPLE_ROWS, SAMPLE_TEXT
from studio.session import RunHandle

if TYPE_CHECKING:
    from studio.persistence.runs import NodeRunRecord, RunRecord


class PastRun(RunHandle):
    """A run that is over; of its rows only the samples are there."""

    def __init__(self, record: RunRecord, nodes: Sequence[NodeRunRecord]) -> None:
        super().__init__(
            run_id=record.id,
            workflow_id=record.workflow_id,
            nodes=[node.node_id for node in nodes],
            started_at=record.started_at,
            mode=record.mode,
            inputs=record.inputs,
        )
        self._lasted_ms = record.duration_ms
        self._samples = {node.node_id: [dict(row) for row in node.sample] for node in nodes}
        for node in nodes:
            origin = node.state if node.state in ("reused", "pinned") else ""
            self.put(
                node.node_id,
                state="succeeded" if origin else node.state,
                origin=origin,
                rows=node.rows,
                duration_ms=node.duration_ms,
                error=error_from(node.error),
            )
        self.delivered(self._take_sample)
        self._outcome = record.state
        known = {"rolled_back": "succeeded"}
        state: Any = known.get(record.state, record.state)
        state = state if state in ("succeeded", "failed", "cancelled") else "failed"
        self.end(state, error=error_from(record.error))

    @property
    def outcome(self) -> str:
        return self._outcome

    @property
    def duration_ms(self) -> float:
        return self._lasted_ms

    def _take_sample(self, node_id: NodeId, port: str | None) -> Any:
        """The sample as the node's natural value; other ports were not kept."""
        sample = self._samples.get(node_id)
        if not sample or port not in (None, "records", "record"):
            raise KeyError(node_id)
        return sample[0] if port == "record" else sample


def is_whole(inputs: Any) -> bool:
    """Whether the history has kept a run's inputs as they were: it cuts what is long."""
    if isinstance(inputs, str | bytes):
        return len(inputs) < SAMPLE_TEXT
    if isinstance(inputs, Mapping):
        return all(is_whole(value) for value in inputs.values())
    if isinstance(inputs, list | tuple):
        return len(inputs) < SAMPLE_ROWS and all(is_whole(value) for value in inputs)
    return True


def error_from(data: Mapping[str, Any] | None) -> StudioError | None:
    """The error that `StudioError.to_data` wrote down, as far as it is needed for showing."""
    if not data:
        return None
    error = StudioError(
        str(data.get("message", "")),
        hint=str(data.get("hint") or ""),
        node=data.get("node"),
        field=data.get("field"),
        row=data.get("row"),
        detail=str(data.get("detail") or ""),
    )
    if data.get("code"):
        error.code = str(data["code"])  # type: ignore[misc]  # this one error keeps the code it was written with
    return error
