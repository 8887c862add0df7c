"""What happens when ten thousand runs begin at once and share twenty connections? None may be lost, none may starve.

Each run reads one record; beside them, ten thousand tasks do the same with a connection out of asyncpg's own pool. A run has starved when half of
the crowd has begun after it and ended before it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import asyncpg

from benchmarks.engine.sales import NOW, SALE, WITH_ID, ready
from benchmarks.measure import Figure, at_most, quickest, ratio_at_least, ratio_at_most
from studio.database import Database, DatabaseOptions
from studio.dataflow import DataFlow, WorkflowBuilder
from studio.runtime import Plan, run_workflow

CROWD: Final = 10_000
CONNECTIONS: Final = 20
TURNS: Final = 7


class _Crowd:
    """Tasks that begin together. Of the last crowd, `right` gave what they should, `starved` were left standing; the last one ended after `longest_s`."""

    def __init__(self, one: Callable[[int], Awaitable[object]]) -> None:
        self._one = one
        self.right = 0
        self.longest_s = 0.0
        self.starved = 0

    async def __call__(self) -> None:
        self.right, self.longest_s, self.starved = 0, 0.0, 0
        ended = 0

        async def member(number: int) -> None:
            nonlocal ended
            found = await self._one(number)
            self.right += found == number
            self.starved += ended - number > CROWD // 2
            ended += 1
            self.longest_s = time.perf_counter() - began

        began = time.perf_counter()
        await asyncio.gather(*(member(number) for number in range(CROWD)))


async def figures(url: str) -> list[Figure]:
    """Runs a second, those that were lost, the longest wait, and how unfair it was."""
    options = DatabaseOptions(pool_size=CONNECTIONS, max_overflow=0)
    database = Database(url, options=options)
    pool = await asyncpg.create_pool(url, min_size=CONNECTIONS, max_size=CONNECTIONS)
    try:
        await database.ensure([SALE])
        await pool.execute("TRUNCATE sales")
        rows = [(number, *ready(number, NOW)) for number in range(CROWD)]
        await pool.copy_records_to_table("sales", records=rows, columns=WITH_ID)
        await pool.execute("VACUUM ANALYZE sales")
        plan = _plan(url)
        databases = {"bench": database}

        async def run(number: int) -> object:
            result = await run_workflow(plan, databases=databases, inputs={"number": number})
            return result.results["read"]["id"] if result.state == "succeeded" else result.error

        async def plain(number: int) -> object:
            async with pool.acquire() as connection:
                record = await connection.fetchrow("SELECT * FROM sales WHERE id = $1", number)
            assert record is not None
            return dict(record)["id"]

        ours, raw = _Crowd(run), _Crowd(plain)
        value, baseline = await quickest(ours, raw, turns=TURNS)
        used = await pool.fetchval("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'studio'")
    finally:
        await pool.close()
        await database.close()
    name = f"engine.{CROWD:,} runs at once"
    return [
        ratio_at_least(
            f"{name} on {CONNECTIONS} connections", CROWD / value, CROWD / baseline, "runs/s", 1.0
        ),
        at_most(f"{name}: lost", CROWD - ours.right, "runs", 0),
        at_most(f"{name}: starved", ours.starved, "runs", 0),
        at_most(f"{name}: connections", used, "connections", CONNECTIONS),
        ratio_at_most(f"{name}: longest wait", ours.longest_s * 1e3, raw.longest_s * 1e3, "ms", 1.25),
    ]


def _plan(url: str) -> Plan:
    builder = WorkflowBuilder(db=DataFlow(url, name="bench", models=[SALE]))
    builder.add_node("SaleReadNode", "read", {"id": "{{ number }}"})
    builder.add_input("number", "any")
    plan = builder.build().plan
    assert plan is not None
    return plan
