"""How fast is PostgreSQL through Studio beside asyncpg? Each bulk write stands beside the quickest way that the driver has for it."""

from __future__ import annotations

from typing import Any, Final

import asyncpg

from benchmarks.engine.sales import (
    CHANGED,
    COLUMN_LIST,
    COLUMNS,
    LISTED,
    NOW,
    SALE,
    WITH_ID,
    changed,
    numbered,
    ready,
    row,
)
from benchmarks.engine.ways import CALLS, TURNS, bulk, listing, node_figures, questions, single_rows
from benchmarks.measure import Call, Figure, Work, alternate, ratio_at_most
from studio.database import Access, Database

ROWS: Final = 100_000
MANY: Final = 1_000_000


async def figures(url: str) -> list[Figure]:
    """One record, a list, many rows, and nodes; on a table of our own and a copy of it for the driver."""
    database = Database(url)
    await database.ensure([SALE])
    access = database.access()
    raw = await asyncpg.connect(url)
    # What one connection has filled its process finds more quickly: neither side fills the tables for both.
    filler = await asyncpg.connect(url)
    try:
        await raw.execute("CREATE TABLE raw_sales (LIKE sales INCLUDING ALL)")
        await _wait_for_disk(raw, wait=False)
        found = await _singles(access, raw)
        found += await node_figures("postgresql", database, _statements(raw))
        await _wait_for_disk(raw, wait=True)
        found.append(await _list(access, raw))
        found += await _creates(access, raw, filler)
        found += await _changes(access, raw, filler)
    finally:
        await filler.close()
        await raw.close()
        await database.close()
    return found


async def _wait_for_disk(raw: Any, *, wait: bool) -> None:
    """Whether a commit, of any session, waits until it is on the disk."""
    await raw.execute(f"ALTER SYSTEM SET synchronous_commit = {'on' if wait else 'off'}")
    await raw.execute("SELECT pg_reload_conf()")


def _statements(raw: Any) -> dict[str, Call]:
    insert = f"INSERT INTO raw_sales ({COLUMN_LIST}) VALUES ($1,$2,$3,$4,$5,$6,$7,$8) RETURNING *"
    update_sql = "UPDATE raw_sales SET quantity = $1, updated_at = $2 WHERE id = $3 RETURNING *"

    async def create(number: int) -> object:
        return dict(await raw.fetchrow(insert, *ready(number, NOW)))

    async def read(number: int) -> object:
        return dict(await raw.fetchrow("SELECT * FROM raw_sales WHERE id = $1", number))

    async def update(number: int) -> object:
        return dict(await raw.fetchrow(update_sql, number, NOW, number))

    async def delete(number: int) -> object:
        return dict(await raw.fetchrow("DELETE FROM raw_sales WHERE id = $1 RETURNING *", number))

    return {"create": create, "read": read, "update": update, "delete": delete}


async def _singles(access: Access, raw: Any) -> list[Figure]:
    statements = _statements(raw)
    found = []
    for operation, ours in single_rows(access).items():
        value, baseline = await alternate(ours, statements[operation], calls=CALLS)
        name = f"engine.postgresql {operation}, one record"
        found.append(ratio_at_most(name, value * 1e6, baseline * 1e6, "µs", 1.25))
    return found


async def _list(access: Access, raw: Any) -> Figure:
    await access.bulk_create(SALE, [row(number) for number in range(LISTED + 1)])
    await raw.execute("INSERT INTO raw_sales SELECT * FROM sales")
    await raw.execute("ANALYZE sales, raw_sales")

    async def plain(_number: int) -> object:
        return list(map(dict, await raw.fetch("SELECT * FROM raw_sales ORDER BY id LIMIT $1", LISTED)))

    value, baseline = await alternate(listing(access), plain, calls=CALLS)
    name = f"engine.postgresql list of {LISTED:,} records"
    return ratio_at_most(name, value * 1e6, baseline * 1e6, "µs", 1.3)


async def _creates(access: Access, raw: Any, filler: Any) -> list[Figure]:
    async def emptied() -> None:
        await filler.execute("TRUNCATE sales, raw_sales")
        await filler.execute("CHECKPOINT")

    found = []
    for count, limit, turns in ((ROWS, 0.65, TURNS), (MANY, 0.85, 3)):
        rows = [row(number) for number in range(count)]
        tuples = [ready(number, NOW) for number in range(count)]

        async def create(rows: list[dict[str, Any]] = rows) -> object:
            return await access.bulk_create(SALE, rows)

        async def raw_create(tuples: list[tuple[Any, ...]] = tuples) -> object:
            return await raw.copy_records_to_table("raw_sales", records=tuples, columns=COLUMNS)

        found.append(
            await bulk("postgresql BulkCreate", count, create, raw_create, limit, before=emptied, turns=turns)
        )
    return found


async def _changes(access: Access, raw: Any, filler: Any) -> list[Figure]:
    """What exists is changed: each time on fresh tables with all rows, because PostgreSQL leaves the old ones behind."""
    numbers = range(1, ROWS + 1)
    full = [(number, *ready(number, NOW)) for number in numbers]

    await filler.execute("TRUNCATE sales")
    await filler.copy_records_to_table("sales", records=full, columns=WITH_ID)
    await filler.execute("CREATE UNLOGGED TABLE full_sales AS TABLE sales")

    tables = ["sales", "raw_sales"]

    async def refilled() -> None:
        await filler.execute("TRUNCATE sales, raw_sales")
        # What is filled last lies in the processor's caches: each of them by turns.
        tables.reverse()
        for table in tables:
            await filler.execute(f"INSERT INTO {table} SELECT * FROM full_sales")
            await filler.execute(f"VACUUM ANALYZE {table}")
        await filler.execute("CHECKPOINT")

    await refilled()
    found = await questions("postgresql", access, ROWS)
    ways = {
        "BulkUpdate": _update(access, raw),
        "BulkUpsert (half are new)": _upsert(access, raw),
        "BulkDelete": _delete(access, raw),
    }
    for name, (ours, plain) in ways.items():
        found.append(await bulk(f"postgresql {name}", ROWS, ours, plain, 0.85, before=refilled))
    return found


def _update(access: Access, raw: Any) -> tuple[Work, Work]:
    changes = [changed(number) for number in range(1, ROWS + 1)]
    tuples = [tuple(entry[name] for name in CHANGED) for entry in changes]

    async def ours() -> object:
        return await access.bulk_update_rows(SALE, changes)

    async def plain() -> None:
        async with raw.transaction():
            await raw.execute(
                "CREATE TEMP TABLE stage (id bigint, customer text, quantity bigint) ON COMMIT DROP"
            )
            await raw.copy_records_to_table("stage", records=tuples, columns=CHANGED)
            await raw.execute(
                "UPDATE raw_sales AS t SET customer = s.customer, quantity = s.quantity, updated_at = $1"
                " FROM stage AS s WHERE t.id = s.id",
                NOW,
            )

    return ours, plain


def _upsert(access: Access, raw: Any) -> tuple[Work, Work]:
    numbers = range(ROWS // 2 + 1, ROWS // 2 + ROWS + 1)
    rows = numbered(numbers)
    tuples = [(number, *ready(number, NOW)) for number in numbers]
    overwritten = [name for name in COLUMNS if name not in ("note", "created_at")]

    async def ours() -> object:
        return await access.bulk_upsert(SALE, rows)

    async def plain() -> None:
        async with raw.transaction():
            await raw.execute("CREATE TEMP TABLE stage (LIKE raw_sales) ON COMMIT DROP")
            await raw.copy_records_to_table("stage", records=tuples, columns=WITH_ID)
            sets = ", ".join(f"{name} = excluded.{name}" for name in overwritten)
            await raw.execute(
                f"INSERT INTO raw_sales SELECT * FROM stage ON CONFLICT (id) DO UPDATE SET {sets}"
            )

    return ours, plain


def _delete(access: Access, raw: Any) -> tuple[Work, Work]:
    ids = list(range(1, ROWS + 1))

    async def ours() -> object:
        return await access.bulk_delete(SALE, ids=ids)

    async def plain() -> object:
        return await raw.execute("DELETE FROM raw_sales WHERE id = ANY($1::bigint[])", ids)

    return ours, plain
