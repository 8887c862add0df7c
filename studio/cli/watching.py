"""How does a run look in a terminal while it goes on? A line for each node that has ended and, where somebody sees them, bars of those that run."""

from __future__ import annotations

import asyncio
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn

from studio.cli import showing
from studio.kernel.ids import NodeId
from studio.session import NodeRunView, RunHandle
from studio.workflow.graph import Workflow

_POLL_S: Final = 0.05


async def watch(console: Console, handle: RunHandle, workflow: Workflow) -> None:
    """Returns when the run is over. The bars are for eyes: elsewhere (a file, a pipe) only the lines are written."""
    bars = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[rows]}"),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    with bars:
        await _follow(bars, handle, workflow)


async def _follow(bars: Progress, handle: RunHandle, workflow: Workflow) -> None:
    seen = 0
    told: set[NodeId] = set()
    running: dict[NodeId, TaskID] = {}
    finished = asyncio.ensure_future(handle.finished())
    while True:
        done, _ = await asyncio.wait([finished], timeout=_POLL_S)
        seen, views = handle.nodes_since(seen)
        for view in views:
            node = workflow.nodes.get(view.node_id)  # None: of a workflow that a node runs
            title = (node.title if node is not None else "") or view.node_id
            if view.state == "running":
                _show(bars, running, view, title)
            elif view.state != "pending" and view.node_id not in told:
                told.add(view.node_id)
                if (task := running.pop(view.node_id, None)) is not None:
                    bars.remove_task(task)
                bars.console.print(showing.node_line(view, title), highlight=False, soft_wrap=True)
        if done:
            return


def _show(bars: Progress, running: dict[NodeId, TaskID], view: NodeRunView, title: str) -> None:
    task = running.get(view.node_id)
    if task is None:
        task = running[view.node_id] = bars.add_task(escape(title), total=None, rows="")
    done, total = view.progress or (0, None)
    bars.update(task, completed=done, total=total, rows=showing.progress_text(view))
