"""A program: one stream of rows, from a CSV file or a database into another database, which tells as JSON how it went.

    python -m benchmarks.engine.stream_run SOURCE TARGET ROWS [--stop]

With `--stop` the run is cancelled when half of the rows have gone through.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any, Final

import psutil  # type: ignore[import-untyped]  # comes with the test servers; its stubs do not

from benchmarks.engine.sales import SALE, row
from studio.database import Database
from studio.dataflow import DataFlow, WorkflowBuilder
from studio.kernel.loop import default_loop
from studio.runtime import Event, NodeProgressed, Plan, run_workflow

FIELDS: Final = list(row(0))


class Watch:
    """Follows a run by its events: how far it is, and how much memory the process has."""

    def __init__(self, rows: int) -> None:
        self._process = psutil.Process()
        self._warm_at = rows // 10
        self.warm_mb = 0.0
        self.most_mb = 0.0
        self._half_at = rows // 2
        self.at_half: Callable[[], object] | None = None

    def __call__(self, event: Event) -> None:
        if not isinstance(event, NodeProgressed) or event.node_id != "write":
            return
        if self.at_half is not None and event.done >= self._half_at:
            self.at_half()
            self.at_half = None
        if event.done >= self._warm_at:
            now_mb = self._process.memory_info().rss / 1e6
            self.warm_mb = self.warm_mb or now_mb
            self.most_mb = max(self.most_mb, now_mb)


def plan_of(source: str, target: str) -> Plan:
    """From a file's rows, or all records of a database, into another database."""
    homes = {"target": DataFlow(target, name="target", models=[SALE])}
    if "://" in source:
        homes["source"] = DataFlow(source, name="source", models=[SALE])
    builder = WorkflowBuilder(db=homes["target"])
    if "source" in homes:
        builder.add_node("SaleListNode", "read", {"limit": None, "fields": FIELDS, "db_instance": "source"})
    else:
        builder.add_node("ReadCSV", "read", {"path": source, "model": "Sale"})
    builder.add_node("SaleBulkCreateNode", "write", {"db_instance": "target"})
    builder.add_connection("read", "records", "write", "data")
    plan = builder.build().plan
    assert plan is not None
    return plan


async def streamed(source: str, target: str, rows: int, *, stop: bool) -> dict[str, Any]:
    """Runs it once into an empty table; `seconds` are those of the run, or those that it took to stop it."""
    databases = {"target": Database(target)}
    if "://" in source:
        databases["source"] = Database(source)
    try:
        access = databases["target"].access()
        await databases["target"].ensure([SALE])
        await access.bulk_delete(SALE, {})
        watch = Watch(rows)
        run = asyncio.create_task(run_workflow(plan_of(source, target), databases=databases, on_event=watch))
        started = time.perf_counter()

        def cancel() -> None:
            nonlocal started
            started = time.perf_counter()
            run.cancel()

        if stop:
            watch.at_half = cancel
        result = await run
        seconds = time.perf_counter() - started
        if not stop:
            result.raise_for_state()
        assert result.state == ("cancelled" if stop else "succeeded")
        there = await access.count(SALE)
    finally:
        for database in databases.values():
            await database.close()
    return {
        "seconds": seconds,
        "rows": there,
        "grown_mb": watch.most_mb - watch.warm_mb,
        "most_mb": watch.most_mb,
    }


def main(arguments: list[str]) -> None:
    source, target, rows = arguments[:3]
    story = streamed(source, target, int(rows), stop="--stop" in arguments)
    print(json.dumps(default_loop().run(story)))


if __name__ == "__main__":
    main(sys.argv[1:])
