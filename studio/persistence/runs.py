"""What is kept of a run that is over? Facts for the history: states, times, counts, errors and a few rows of each node."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from studio.kernel.errors import TextError
from studio.kernel.ids import NodeId, RunId, WorkflowId, new_id
from studio.workflow.graph import frozen
from studio.workflow.yaml_reading import read_yaml
from studio.workflow.yaml_writing import write_yaml

SAMPLE_ROWS: Final = 50
SAMPLE_TEXT: Final = 2_000
"""Of a text or bytes in a sample, so many characters are kept."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One run. `rows` counts what its nodes gave or changed; `error` is `StudioError.to_data()`."""

    id: RunId
    workflow_id: WorkflowId
    workflow_name: str
    state: str
    mode: str
    started_at: dt.datetime
    duration_ms: float
    rows: int = 0
    changes: str = ""
    """What it changed in short: `+12 ~40 −3`."""
    inputs: Mapping[str, Any] = field(default_factory=frozen)
    error: Mapping[str, Any] | None = None
    size: int = field(default=0, compare=False)
    """Bytes that are kept of it and its nodes; 0 where that is not known."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRunRecord:
    """One node of a run. `sample` holds at most `SAMPLE_ROWS` rows; `columns` and `rows` describe the whole."""

    node_id: NodeId
    title: str
    type: str
    state: str
    duration_ms: float | None = None
    rows: int | None = None
    error: Mapping[str, Any] | None = None
    columns: tuple[str, ...] = ()
    sample: tuple[Mapping[str, Any], ...] = ()


def run_to_row(run: RunRecord, project_id: str) -> Row:
    return {
        "id": run.id,
        "project_id": project_id,
        "workflow_id": run.workflow_id,
        "workflow_name": run.workflow_name,
        "state": run.state,
        "mode": run.mode,
        "started_at": run.started_at,
        "duration_ms": run.duration_ms,
        "rows": run.rows,
        "changes": run.changes,
        "inputs": write_yaml(shortened(run.inputs)),
        "error": write_yaml(shortened(run.error)) if run.error is not None else None,
    }


def size_of(rows: Iterable[Row]) -> int:
    """How many bytes the texts of some rows take."""
    return sum(
        len(value.encode("utf-8", "replace"))
        for row in rows
        for value in row.values()
        if isinstance(value, str)
    )


def run_from_row(row: Row, facts: Row | None = None) -> RunRecord:
    return RunRecord(
        id=RunId(row["id"]),
        workflow_id=WorkflowId(row["workflow_id"]),
        workflow_name=row["workflow_name"],
        state=row["state"],
        mode=row["mode"],
        started_at=row["started_at"],
        duration_ms=row["duration_ms"],
        rows=row["rows"],
        changes=row["changes"],
        inputs=frozen(_plain(row["inputs"]) or {}),
        error=_plain(row["error"]),
        size=facts["size"] if facts is not None else 0,
        note=facts["note"] if facts is not None else "",
    )


def nodes_to_rows(run_id: RunId, nodes: Sequence[NodeRunRecord]) -> list[Row]:
    return [
        {
            "id": new_id(),
            "run_id": run_id,
            "position": position,
            "node_id": node.node_id,
            "title": node.title,
            "type": node.type,
            "state": node.state,
            "duration_ms": node.duration_ms,
            "rows": node.rows,
            "error": write_yaml(shortened(node.error)) if node.error is not None else None,
            "columns": list(node.columns),
            "sample": write_yaml({"rows": [shortened(row) for row in node.sample[:SAMPLE_ROWS]]}),
        }
        for position, node in enumerate(nodes)
    ]


def node_from_row(row: Row) -> NodeRunRecord:
    sample = _plain(row["sample"]) or {}
    return NodeRunRecord(
        node_id=NodeId(row["node_id"]),
        title=row["title"],
        type=row["type"],
        state=row["state"],
        duration_ms=row["duration_ms"],
        rows=row["rows"],
        error=_plain(row["error"]),
        columns=tuple(row["columns"]),
        sample=tuple(sample.get("rows", ())),
    )


def shortened(value: Any) -> Any:
    """The value as plain data that a history can afford: long texts cut, what is no plain data as its text."""
    if isinstance(value, str):
        clean = value.encode("utf-8", "replace").decode()
        return clean if len(clean) <= SAMPLE_TEXT else clean[:SAMPLE_TEXT] + "…"
    if isinstance(value, bytes):
        return value[:SAMPLE_TEXT]
    if isinstance(value, Mapping):
        return {str(key): shortened(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(entry) for entry in value[:SAMPLE_ROWS]]
    try:
        write_yaml({"value": value})
    except TextError:
        return shortened(str(getattr(value, "value", value)))
    return value


def _plain(text: str | None) -> Any:
    return read_yaml(text).plain() if text else None
