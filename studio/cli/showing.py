"""How do runs, problems and node types look in a terminal? Tables for people, one JSON document for programs."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
import math
import uuid
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from studio.kernel.errors import BuildError, StudioError, TextError
from studio.kernel.problems import Problem, Severity
from studio.session import NodeRunView, RunHandle
from studio.session.lineage import FieldUses
from studio.session.outputs import keep
from studio.workflow.graph import Workflow
from studio.workflow.spec import NodeSpec

ROWS_SHOWN: Final = 50
_CELL: Final = 60
_STATES: Final = {
    "succeeded": ("✓", "green"),
    "failed": ("✕", "red"),
    "skipped": ("⤼", "dim"),
    "abandoned": ("–", "yellow"),
    "cancelled": ("■", "yellow"),
    "running": ("…", "cyan"),
    "pending": ("·", "dim"),
}


def show_error(console: Console, error: StudioError) -> None:
    """What went wrong, where, and what to do."""
    if isinstance(error, BuildError):
        show_problems(console, error.problems)
        return
    place = f"{error.place}: " if error.place else ""
    console.print(
        f"[bold red]Error[/] {escape(place)}{escape(error.message)}", highlight=False, soft_wrap=True
    )
    if error.hint:
        console.print(f"  {escape(error.hint)}", style="cyan", highlight=False, soft_wrap=True)
    if error.detail and not isinstance(error, TextError):
        console.print(f"  {escape(error.detail)}", style="dim", highlight=False, soft_wrap=True)


def show_problems(console: Console, problems: Iterable[Problem]) -> None:
    colors = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
    for problem in problems:
        place = f"{problem.place}: " if problem.place else ""
        console.print(
            f"[bold {colors[problem.severity]}]{problem.severity.value}[/] {escape(place)}{escape(problem.message)}"
            f" [dim]({problem.code})[/]",
            highlight=False,
            soft_wrap=True,
        )
        if problem.hint:
            console.print(f"  {escape(problem.hint)}", style="cyan", highlight=False, soft_wrap=True)


def node_line(view: NodeRunView, title: str) -> str:
    """One node of a run, as markup: its state, title, rows and time."""
    sign, color = _STATES[view.state]
    rows = f"{view.rows:,} rows" if view.rows is not None else ""
    lasted = f"{view.duration_ms:,.1f} ms" if view.duration_ms is not None else view.origin
    return f"[{color}]{sign} {view.state:<10}[/] {escape(title):<32} {rows:>12} {lasted:>12}"


def progress_text(view: NodeRunView) -> str:
    """`12,000 / 50,000 rows · 48,000 rows/s`, as far as it is known."""
    if view.progress is None:
        return ""
    done, total = view.progress
    counted = f"{done:,} / {total:,} rows" if total else f"{done:,} rows"
    return counted if view.rate is None else f"{counted} · {view.rate:,.0f} rows/s"


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def run_line(handle: RunHandle, workflow: Workflow) -> str:
    sign, color = _STATES[handle.state]
    line = f"[bold {color}]{sign} {escape(workflow.name)} {handle.state}[/] in {handle.duration_ms:,.1f} ms"
    if handle.mode != "dry" or handle.state != "succeeded":
        return line
    counts = f" It would have changed {handle.changes.totals}." if handle.changes is not None else ""
    return f"{line}. Dry run: everything was rolled back, nothing was kept.{counts}"


def outputs_of(handle: RunHandle, workflow: Workflow) -> dict[str, Any]:
    """What the workflow's Output nodes gave, by name; of a run to a node, or without any Output, what the last nodes gave, by id."""
    named = {
        str(node.params.get("name") or node_id): node_id
        for node_id, node in workflow.nodes.items()
        if node.type == "Output"
    }
    if handle.until is not None and handle.until not in named.values():
        named = {handle.until: handle.until}
    if not named:
        named = {node_id: node_id for node_id in workflow.nodes if not workflow.outgoing.get(node_id)}
    values: dict[str, Any] = {}
    for name, node_id in named.items():
        view = handle.node(node_id)
        if view is not None and view.state == "succeeded":
            values[name] = handle.value(node_id)
    return values


def show_outputs(console: Console, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        kept = keep(value)
        if kept.output.kind == "value":
            console.print(
                f"[bold]{escape(name)}[/]: {escape(cell(value, width=2_000))}",
                highlight=False,
                soft_wrap=True,
            )
            continue
        total = kept.output.row_count
        title = f"{name} ({total:,} {'row' if total == 1 else 'rows'})"
        if not kept.output.columns:
            console.print(f"[bold]{escape(title)}[/]", highlight=False)
            continue
        table = Table(title=escape(title), title_justify="left", title_style="bold")
        for column in kept.output.columns:
            table.add_column(escape(column), overflow="fold")
        for row in kept.rows[:ROWS_SHOWN]:
            table.add_row(*(escape(cell(row.get(column))) for column in kept.output.columns))
        console.print(table)
        if total > ROWS_SHOWN:
            console.print(f"  … and {total - ROWS_SHOWN:,} more; --format json gives all.", style="dim")


def cell(value: Any, *, width: int = _CELL) -> str:
    """A value as one short line."""
    if value is None:
        return "∅"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        text = value.isoformat(sep=" ", timespec="seconds")
    elif isinstance(value, enum.Enum):
        text = str(value.value)
    elif isinstance(value, dict | list | tuple):
        text = json.dumps(plain(value), ensure_ascii=False)
    elif isinstance(value, bytes):
        text = f"{len(value)} bytes"
    else:
        text = str(value)
    text = " ".join(text.split())
    return text if len(text) <= width else text[: width - 1] + "…"


def run_document(handle: RunHandle, workflow: Workflow) -> dict[str, Any]:
    """A run as data; its shape is stable. Decimals, dates and ids are text, bytes Base64."""
    nodes = []
    for node_id, node in workflow.nodes.items():
        view = handle.node(node_id)
        if view is None:
            continue
        nodes.append(
            {
                "id": node_id,
                "title": node.title or node_id,
                "type": node.type,
                "state": view.state,
                "rows": view.rows,
                "duration_ms": _rounded(view.duration_ms),
                "error": plain(view.error.to_data()) if view.error else None,
                "origin": view.origin or "run",
            }
        )
    error = handle.error
    return {
        "run_id": handle.run_id,
        "workflow": {"id": workflow.id, "name": workflow.name},
        "state": handle.state,
        "started_at": handle.started_at.isoformat(),
        "duration_ms": _rounded(handle.duration_ms),
        "inputs": plain(handle.inputs),
        "nodes": nodes,
        "outputs": plain(outputs_of(handle, workflow)),
        "error": plain(error.to_data()) if error else None,
        "mode": handle.mode,
        "transaction": handle.review.state if handle.review is not None else None,
        "changes": changes_data(handle),
    }


def changes_data(handle: RunHandle) -> list[dict[str, Any]] | None:
    """How many records of each model a run has changed; None when that was not recorded."""
    if handle.changes is None:
        return None
    return [
        {"model": model, "operation": operation, "count": count}
        for (model, operation), count in handle.changes.counts.items()
    ]


def error_document(error: StudioError) -> dict[str, Any]:
    problems = error.problems if isinstance(error, BuildError) else (error.to_problem(),)
    return {"state": "refused", "problems": [problem_data(problem) for problem in problems]}


def problem_data(problem: Problem) -> dict[str, Any]:
    return {
        "severity": problem.severity.value,
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "workflow": problem.workflow,
        "node": problem.node,
        "field": problem.field,
        "row": problem.row,
        "line": problem.line,
        "column": problem.column,
    }


def spec_data(spec: NodeSpec) -> dict[str, Any]:
    return {
        "type": spec.type,
        "title": spec.title,
        "category": spec.category,
        "model": spec.model,
        "connection": spec.connection,
        "description": spec.description,
        "params": [
            {
                "name": param.name,
                "type": str(param.type),
                "required": param.required,
                "description": param.description,
            }
            for param in spec.params
        ],
        "outputs": [{"name": port.name, "type": str(port.type)} for port in spec.outputs],
    }


def plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, enum.Enum)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry) for entry in value]
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, decimal.Decimal | uuid.UUID | dt.timedelta):
        return str(value)
    return repr(value)


def print_json(document: Any) -> None:
    """One document on stdout."""
    print(json.dumps(document, indent=2, ensure_ascii=False))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def show_lineage(console: Console, asked: str, found: FieldUses) -> None:
    """What the workflows do with a field, node by node; what is uncertain has a question mark, with the reason behind it."""
    if not found.count:
        console.print(f"Nothing touches {escape(asked)}.")
    several = len(found.fields) > 1
    for entry in found.workflows:
        table = Table(title=escape(entry.workflow.name), title_justify="left")
        for column in ("node", *(("field",) if several else ()), "how", "param or port", "remark"):
            table.add_column(column, overflow="fold")
        for use in entry.uses:
            node = entry.workflow.nodes[use.node]
            cells = [node.title or node.id, *((use.field.field,) if several else ())]
            cells += [use.how.value if use.is_sure else f"{use.how.value}?", use.place, use.note]
            table.add_row(*map(escape, cells))
        console.print(table)
    if found.unread:
        noun = "node holds" if found.unread == 1 else "nodes hold"
        console.print(f"[dim]{found.unread} {noun} raw SQL or Python, which is not looked into.[/]")


def lineage_data(found: FieldUses) -> dict[str, Any]:
    return {
        "fields": [str(field) for field in found.fields],
        "uses": [
            {
                "workflow": entry.workflow.name,
                "node": use.node,
                "field": str(use.field),
                "how": use.how.value,
                "place": use.place,
                "note": use.note,
                "is_sure": use.is_sure,
            }
            for entry in found.workflows
            for use in entry.uses
        ],
        "unread_nodes": found.unread,
    }
