"""What does a node cost that does nothing, and what does the first look at a large graph cost?"""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from benchmarks.measure import REPEATS, Figure, at_most, quickest, told
from studio.dataflow import WorkflowBuilder
from studio.runtime import run_workflow

NODES: Final = 1000

_FIRST_CHECK: Final = """
import sys, time
from studio.dataflow import WorkflowBuilder

builder = WorkflowBuilder()
for number in range(int(sys.argv[1])):
    builder.add_node("Constant", f"n{number}", {"value": number})
    if number >= 10:
        builder.add_connection(f"n{number - 10}", "done", f"n{number}", "after")
started = time.perf_counter()
builder.build()
print(time.perf_counter() - started)
"""


async def figures() -> list[Figure]:
    """A graph of constants in rows of ten, each after the one above it: what its run and its first check take."""
    plan = _graph().build().plan
    assert plan is not None

    async def once() -> None:
        result = await run_workflow(plan, databases={})
        assert result.state == "succeeded"

    (taken,) = await quickest(once)
    checks = []
    for _ in range(REPEATS):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", _FIRST_CHECK, str(NODES)), stdout=asyncio.subprocess.PIPE
        )
        checks.append(float((await process.communicate())[0]))
    return [
        at_most(f"engine.runtime per node, {NODES:,} trivial nodes", taken / NODES * 1e6, "µs", 25),
        told(f"engine.first check of {NODES:,} nodes in a new process", min(checks) * 1e3, "ms"),
    ]


def _graph() -> WorkflowBuilder:
    builder = WorkflowBuilder()
    for number in range(NODES):
        builder.add_node("Constant", f"n{number}", {"value": number})
        if number >= 10:
            builder.add_connection(f"n{number - 10}", "done", f"n{number}", "after")
    return builder
