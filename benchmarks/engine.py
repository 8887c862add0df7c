"""How much does Studio cost beside the raw driver? Single rows, lists and bulk on SQLite and PostgreSQL, and the runtime itself.

"Raw" is sqlite3 or asyncpg doing the same work in the same process in turns: the same statements on a connection of its own, with rows
that are ready tuples already. PostgreSQL runs with fsync on. Single rows are the median of many calls, our call and the raw one
alternating; everything else is the median of five turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import itertools
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import asyncpg

from benchmarks.measure import Figure, at_most, interleaved_async, ratio_at_least, ratio_at_most
from studio.database import Access, Database, ListQuery
from studio.models import Field, model_from_class
from tests.support.servers import postgres_server

ROWS = 100_000
LISTED = 1000
CALLS = 1000
TURNS = 5
NODES = 1000
NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
STAMP = "2026-01-01 00:00:00.000000"
COLUMNS = ("customer", "email", "total", "quantity", "paid", "note", "created_at", "updated_at")
COLUMN_LIST = ", ".join(COLUMNS)
Call = Callable[[int], Awaitable[object]]


class Sale:
    """A row of usual width."""

    customer: str
    email: Annotated[str, Field(max_length=80)]
    total: float
    quantity: int
    paid: bool = False
    note: str | None = None


SALE = model_from_class(Sale)


def measure() -> list[Figure]:
    """All figures of the engine."""
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        figures = _run(_sqlite(path))
        with postgres_server(path / "postgresql", fsync=True) as url:
            figures += _run(_postgresql(url))
    return figures + _run(_runtime())


def _run(story: Any) -> list[Figure]:
    """On the kind of loop that the engine has."""
    if sys.platform == "win32":
        figures: list[Figure] = asyncio.run(story)
    else:
        import uvloop

        figures = list(uvloop.run(story))
    return figures


def _row(number: int) -> dict[str, Any]:
    return {
        "customer": f"customer {number}",
        "email": f"person{number}@example.org",
        "total": number * 0.25,
        "quantity": number % 100,
        "paid": number % 2 == 0,
    }


def _ready(number: int, moment: Any) -> tuple[Any, ...]:
    row = _row(number)
    return (*row.values(), None, moment, moment)


# ------------------------------------------------------------------ what is measured on each database


async def _alternating(ours: Call, raw: Call) -> tuple[float, float]:
    """The medians of one call each in microseconds, of all turns."""
    times: tuple[list[float], list[float]] = ([], [])
    numbers = itertools.count(1)
    for turn in range(TURNS + 1):
        for _ in range(CALLS // TURNS):
            number = next(numbers)
            for taken, call in zip(times, (ours, raw), strict=True):
                started = time.perf_counter()
                await call(number)
                elapsed = time.perf_counter() - started
                if turn:
                    taken.append(elapsed * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


def _singles(access: Access) -> dict[str, Call]:
    return {
        "create": lambda number: access.create(SALE, _row(number)),
        "read": lambda number: access.read(SALE, {"id": number}),
        "update": lambda number: access.update(SALE, {"id": number}, {"quantity": number}),
        "delete": lambda number: access.delete(SALE, {"id": number}),
    }


async def _bulk_rate(
    ours: Callable[[], Awaitable[object]], raw: Callable[[], Awaitable[object]]
) -> tuple[float, float]:
    """Rows a second, of us and of the raw way."""
    our_time, raw_time = await interleaved_async(ours, raw, repeats=TURNS)
    return ROWS / our_time, ROWS / raw_time


def _changed_rows() -> list[dict[str, Any]]:
    return [
        {"id": number, "quantity": number % 7, "customer": f"new {number}"} for number in range(1, ROWS + 1)
    ]


# ------------------------------------------------------------------ SQLite

_SQLITE_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON")


@contextlib.contextmanager
def _raw_sqlite(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in _SQLITE_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.row_factory = None
        yield connection
    finally:
        connection.close()


async def _sqlite(folder: Path) -> list[Figure]:
    figures: list[Figure] = []
    for name in ("ours", "raw"):
        database = Database(f"sqlite:///{folder / name}.sqlite")
        await database.ensure([SALE])
        await database.close()
    database = Database(f"sqlite:///{folder / 'ours.sqlite'}")
    access = database.access()
    with _raw_sqlite(folder / "raw.sqlite") as raw:
        figures += await _sqlite_singles(access, raw)
        figures.append(await _sqlite_list(access, raw))
        figures += await _sqlite_bulk(access, raw)
    await database.close()
    return figures


async def _sqlite_singles(access: Access, raw: sqlite3.Connection) -> list[Figure]:
    insert = f"INSERT INTO sales ({COLUMN_LIST}) VALUES (?,?,?,?,?,?,?,?) RETURNING *"
    statements: dict[str, tuple[str, Callable[[int], tuple[Any, ...]]]] = {
        "create": (insert, lambda number: _ready(number, STAMP)),
        "read": ("SELECT * FROM sales WHERE id = ?", lambda number: (number,)),
        "update": (
            "UPDATE sales SET quantity = ?, updated_at = ? WHERE id = ? RETURNING *",
            lambda number: (number, STAMP, number),
        ),
        "delete": ("DELETE FROM sales WHERE id = ? RETURNING *", lambda number: (number,)),
    }
    figures = []
    for name, ours in _singles(access).items():
        sql, arguments = statements[name]

        async def call(number: int, sql: str = sql, arguments: Any = arguments) -> object:
            return raw.execute(sql, arguments(number)).fetchall()

        value, baseline = await _alternating(ours, call)
        figure = at_most(f"engine.sqlite {name}, one record", value, "µs", 100)
        figures.append(_beside(figure, baseline))
    return figures


def _beside(figure: Figure, baseline: float) -> Figure:
    """The same figure, what the raw way took told as well."""
    return Figure(
        name=figure.name,
        value=figure.value,
        unit=figure.unit,
        baseline=baseline,
        ratio=figure.value / baseline,
        target=figure.target,
        met=figure.met,
    )


async def _sqlite_list(access: Access, raw: sqlite3.Connection) -> Figure:
    await _emptied(access)
    raw.execute("DELETE FROM sales")
    await access.bulk_create(SALE, [_row(number) for number in range(LISTED + 1)])
    sql = f"INSERT INTO sales ({COLUMN_LIST}) VALUES (?,?,?,?,?,?,?,?)"
    raw.executemany(sql, [_ready(number, STAMP) for number in range(LISTED + 1)])
    names = ("id", *COLUMNS)

    async def ours(_number: int) -> object:
        return await access.list(SALE, ListQuery(limit=LISTED))

    async def plain(_number: int) -> object:
        found = raw.execute("SELECT * FROM sales ORDER BY id LIMIT ?", (LISTED,)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in found]

    value, baseline = await _alternating(ours, plain)
    return ratio_at_most(f"engine.sqlite list of {LISTED:,} records", value, baseline, "µs", 1.3)


async def _emptied(access: Access) -> None:
    await access.bulk_delete(SALE, {})


async def _sqlite_bulk(access: Access, raw: sqlite3.Connection) -> list[Figure]:
    rows = [_row(number) for number in range(ROWS)]
    tuples = [_ready(number, STAMP) for number in range(ROWS)]
    insert = f"INSERT INTO sales ({COLUMN_LIST}) VALUES (?,?,?,?,?,?,?,?)"

    async def create() -> object:
        return await access.bulk_create(SALE, rows)

    async def raw_create() -> object:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(insert, tuples)
        return raw.execute("COMMIT")

    async def cleared(way: Callable[[], Awaitable[object]]) -> float:
        await access.execute("DELETE FROM sales")
        raw.execute("DELETE FROM sales")
        started = time.perf_counter()
        await way()
        return time.perf_counter() - started

    value, baseline = await _in_turns(cleared, create, raw_create)
    figures = [ratio_at_least(f"engine.sqlite BulkCreate, {ROWS:,} rows", value, baseline, "rows/s", 0.35)]
    await access.execute("DELETE FROM sales")
    raw.execute("DELETE FROM sales")
    await access.bulk_create(SALE, [{"id": number, **_row(number)} for number in range(1, ROWS + 1)])
    with_id = f"INSERT INTO sales (id, {COLUMN_LIST}) VALUES (?,?,?,?,?,?,?,?,?)"
    raw.executemany(with_id, [(number, *_ready(number, STAMP)) for number in range(1, ROWS + 1)])
    changed = _changed_rows()
    changed_tuples = [(row["customer"], row["quantity"], STAMP, row["id"]) for row in changed]

    async def update() -> object:
        return await access.bulk_update_rows(SALE, changed)

    async def raw_update() -> object:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(
            "UPDATE sales SET customer = ?, quantity = ?, updated_at = ? WHERE id = ?", changed_tuples
        )
        return raw.execute("COMMIT")

    value, baseline = await _bulk_rate(update, raw_update)
    figures.append(
        ratio_at_least(f"engine.sqlite BulkUpdate, {ROWS:,} rows", value, baseline, "rows/s", 0.35)
    )
    return figures


async def _in_turns(
    timed: Callable[[Callable[[], Awaitable[object]]], Awaitable[float]],
    ours: Callable[[], Awaitable[object]],
    raw: Callable[[], Awaitable[object]],
) -> tuple[float, float]:
    """Rows a second of both ways, what is not to be measured (emptying the table) left out by `timed`."""
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(TURNS + 1):
        for taken, way in zip(times, (ours, raw), strict=True):
            elapsed = await timed(way)
            if turn:
                taken.append(elapsed)
    return ROWS / statistics.median(times[0]), ROWS / statistics.median(times[1])


# ------------------------------------------------------------------ PostgreSQL


async def _postgresql(url: str) -> list[Figure]:
    database = Database(url)
    await database.ensure([SALE])
    access = database.access()
    raw = await asyncpg.connect(url)
    try:
        await raw.execute("CREATE TABLE raw_sales (LIKE sales INCLUDING ALL)")
        figures = await _postgresql_singles(access, raw)
        figures.append(await _postgresql_list(access, raw))
        figures += await _postgresql_bulk(access, raw)
    finally:
        await raw.close()
        await database.close()
    return figures


async def _postgresql_singles(access: Access, raw: Any) -> list[Figure]:
    insert = f"INSERT INTO raw_sales ({COLUMN_LIST}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) RETURNING *"
    statements: dict[str, tuple[str, Callable[[int], tuple[Any, ...]]]] = {
        "create": (insert, lambda number: _ready(number, NOW)),
        "read": ("SELECT * FROM raw_sales WHERE id = $1", lambda number: (number,)),
        "update": (
            "UPDATE raw_sales SET quantity = $1, updated_at = $2 WHERE id = $3 RETURNING *",
            lambda number: (number, NOW, number),
        ),
        "delete": ("DELETE FROM raw_sales WHERE id = $1 RETURNING *", lambda number: (number,)),
    }
    figures = []
    for name, ours in _singles(access).items():
        sql, arguments = statements[name]

        async def call(number: int, sql: str = sql, arguments: Any = arguments) -> object:
            return dict(await raw.fetchrow(sql, *arguments(number)))

        value, baseline = await _alternating(ours, call)
        figures.append(ratio_at_most(f"engine.postgresql {name}, one record", value, baseline, "µs", 1.25))
    return figures


async def _postgresql_list(access: Access, raw: Any) -> Figure:
    await access.execute("TRUNCATE sales, raw_sales")
    await access.bulk_create(SALE, [_row(number) for number in range(LISTED + 1)])
    await raw.execute("INSERT INTO raw_sales SELECT * FROM sales")
    await raw.execute("ANALYZE sales, raw_sales")

    async def ours(_number: int) -> object:
        return await access.list(SALE, ListQuery(limit=LISTED))

    async def plain(_number: int) -> object:
        return list(map(dict, await raw.fetch("SELECT * FROM raw_sales ORDER BY id LIMIT $1", LISTED)))

    value, baseline = await _alternating(ours, plain)
    return ratio_at_most(f"engine.postgresql list of {LISTED:,} records", value, baseline, "µs", 1.3)


async def _postgresql_bulk(access: Access, raw: Any) -> list[Figure]:
    rows = [_row(number) for number in range(ROWS)]
    tuples = [_ready(number, NOW) for number in range(ROWS)]

    async def create() -> object:
        return await access.bulk_create(SALE, rows)

    async def raw_create() -> object:
        return await raw.copy_records_to_table("raw_sales", records=tuples, columns=COLUMNS)

    async def cleared(way: Callable[[], Awaitable[object]]) -> float:
        await raw.execute("TRUNCATE sales, raw_sales")
        await raw.execute("CHECKPOINT")
        started = time.perf_counter()
        await way()
        return time.perf_counter() - started

    value, baseline = await _in_turns(cleared, create, raw_create)
    figures = [
        ratio_at_least(f"engine.postgresql BulkCreate, {ROWS:,} rows", value, baseline, "rows/s", 0.65)
    ]
    changed = _changed_rows()
    changed_tuples = [(row["id"], row["customer"], row["quantity"]) for row in changed]

    async def update() -> object:
        return await access.bulk_update_rows(SALE, changed)

    async def raw_update() -> None:
        async with raw.transaction():
            await raw.execute(
                "CREATE TEMP TABLE stage (id bigint, customer text, quantity bigint) ON COMMIT DROP"
            )
            await raw.copy_records_to_table(
                "stage", records=changed_tuples, columns=("id", "customer", "quantity")
            )
            await raw.execute(
                "UPDATE raw_sales AS t SET customer = s.customer, quantity = s.quantity, updated_at = $1"
                " FROM stage AS s WHERE t.id = s.id",
                NOW,
            )

    async def refilled(way: Callable[[], Awaitable[object]]) -> float:
        await raw.execute("TRUNCATE sales, raw_sales")
        with_ids = [(number, *_ready(number, NOW)) for number in range(1, ROWS + 1)]
        for table in ("sales", "raw_sales"):
            await raw.copy_records_to_table(table, records=with_ids, columns=("id", *COLUMNS))
            await raw.execute(f"ANALYZE {table}")
        await raw.execute("CHECKPOINT")
        started = time.perf_counter()
        await way()
        return time.perf_counter() - started

    value, baseline = await _in_turns(refilled, update, raw_update)
    figures.append(
        ratio_at_least(f"engine.postgresql BulkUpdate, {ROWS:,} rows", value, baseline, "rows/s", 0.85)
    )
    return figures


# ------------------------------------------------------------------ the runtime


async def _runtime() -> list[Figure]:
    """What a node costs when it does nothing: a graph of constants in rows of ten, each after the one above it."""
    from studio.dataflow import WorkflowBuilder
    from studio.runtime import run_workflow

    builder = WorkflowBuilder()
    for number in range(NODES):
        builder.add_node("Constant", f"n{number}", {"value": number})
        if number >= 10:
            builder.add_connection(f"n{number - 10}", "done", f"n{number}", "after")
    plan = builder.build().plan
    assert plan is not None

    async def once() -> None:
        result = await run_workflow(plan, databases={})
        assert result.state == "succeeded"

    (taken,) = await interleaved_async(once)
    return [at_most(f"engine.runtime per node, {NODES:,} trivial nodes", taken / NODES * 1e6, "µs", 25)]
