"""How fast is SQLite through Studio beside the `sqlite3` module?

Studio makes brief calls in place and sends the others to a thread and back; the module always blocks.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.engine.sales import COLUMN_LIST, COLUMNS, LISTED, SALE, WITH_ID, changed, numbered, ready, row
from benchmarks.engine.ways import CALLS, bulk, listing, node_figures, questions, single_rows
from benchmarks.measure import Call, Figure, alternate, at_most, ratio_at_most
from studio.database import Access, Database

ROWS: Final = 100_000
STAMP: Final = "2026-01-01 00:00:00.000000"
INSERT: Final = f"INSERT INTO sales ({COLUMN_LIST}) VALUES (?,?,?,?,?,?,?,?)"
INSERT_WITH_ID: Final = f"INSERT INTO sales (id, {COLUMN_LIST}) VALUES (?,?,?,?,?,?,?,?,?)"


async def figures(folder: Path) -> list[Figure]:
    """One record, a list, many rows, and nodes; on a file of our own and one for the module, both made by Studio."""
    for name in ("ours", "raw"):
        database = Database(f"sqlite:///{folder / name}.sqlite")
        await database.ensure([SALE])
        await database.close()
    database = Database(f"sqlite:///{folder / 'ours.sqlite'}")
    access = database.access()
    with _raw(folder / "raw.sqlite") as raw:
        found = await _singles(access, raw)
        found += await node_figures("sqlite", database, _statements(raw))
        found.append(await _list(access, raw))
        found += await _bulk(access, raw)
    await database.close()
    return found


@contextlib.contextmanager
def _raw(path: Path) -> Iterator[sqlite3.Connection]:
    """Set up as Studio sets up its own."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        yield connection
    finally:
        connection.close()


def _statements(raw: sqlite3.Connection) -> dict[str, Call]:
    async def create(number: int) -> object:
        return raw.execute(f"{INSERT} RETURNING *", ready(number, STAMP)).fetchall()

    async def read(number: int) -> object:
        return raw.execute("SELECT * FROM sales WHERE id = ?", (number,)).fetchall()

    async def update(number: int) -> object:
        sql = "UPDATE sales SET quantity = ?, updated_at = ? WHERE id = ? RETURNING *"
        return raw.execute(sql, (number, STAMP, number)).fetchall()

    async def delete(number: int) -> object:
        return raw.execute("DELETE FROM sales WHERE id = ? RETURNING *", (number,)).fetchall()

    return {"create": create, "read": read, "update": update, "delete": delete}


async def _singles(access: Access, raw: sqlite3.Connection) -> list[Figure]:
    statements = _statements(raw)
    found = []
    for operation, ours in single_rows(access).items():
        value, baseline = await alternate(ours, statements[operation], calls=CALLS)
        name = f"engine.sqlite {operation}, one record"
        found.append(at_most(name, value * 1e6, "µs", 100, baseline=baseline * 1e6))
    return found


async def _list(access: Access, raw: sqlite3.Connection) -> Figure:
    await access.bulk_create(SALE, [row(number) for number in range(LISTED + 1)])
    raw.executemany(INSERT, [ready(number, STAMP) for number in range(LISTED + 1)])

    async def plain(_number: int) -> object:
        found = raw.execute("SELECT * FROM sales ORDER BY id LIMIT ?", (LISTED,)).fetchall()
        return [dict(zip(WITH_ID, values, strict=True)) for values in found]

    value, baseline = await alternate(listing(access), plain, calls=CALLS)
    name = f"engine.sqlite list of {LISTED:,} records"
    return ratio_at_most(name, value * 1e6, baseline * 1e6, "µs", 1.3)


async def _bulk(access: Access, raw: sqlite3.Connection) -> list[Figure]:
    rows = [row(number) for number in range(ROWS)]
    tuples = [ready(number, STAMP) for number in range(ROWS)]

    async def create() -> object:
        return await access.bulk_create(SALE, rows)

    async def raw_create() -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(INSERT, tuples)
        raw.execute("COMMIT")

    async def emptied() -> None:
        await access.execute("DELETE FROM sales")
        raw.execute("DELETE FROM sales")

    found = [await bulk("sqlite BulkCreate", ROWS, create, raw_create, 0.35, before=emptied)]
    await emptied()
    numbers = range(1, ROWS + 1)
    await access.bulk_create(SALE, numbered(numbers))
    raw.executemany(INSERT_WITH_ID, [(number, *ready(number, STAMP)) for number in numbers])
    changes = [changed(number) for number in numbers]
    changed_tuples = [(entry["customer"], entry["quantity"], STAMP, entry["id"]) for entry in changes]

    async def update() -> object:
        return await access.bulk_update_rows(SALE, changes)

    async def raw_update() -> None:
        raw.execute("BEGIN IMMEDIATE")
        sql = "UPDATE sales SET customer = ?, quantity = ?, updated_at = ? WHERE id = ?"
        raw.executemany(sql, changed_tuples)
        raw.execute("COMMIT")

    found += await questions("sqlite", access, ROWS)
    found.append(await bulk("sqlite BulkUpdate", ROWS, update, raw_update, 0.35))
    found.append(await _upsert(access, raw))
    found.append(await _delete(access, raw))
    return found


async def _upsert(access: Access, raw: sqlite3.Connection) -> Figure:
    """As many rows as there are, every second of them new."""
    rows = numbered(range(ROWS // 2 + 1, ROWS + ROWS // 2 + 1))
    tuples = [(entry["id"], *ready(entry["id"], STAMP)) for entry in rows]
    places = ", ".join("?" * len(WITH_ID))
    sets = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "created_at")
    sql = f"INSERT INTO sales ({', '.join(WITH_ID)}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {sets}"

    async def halved() -> None:
        await access.execute("DELETE FROM sales WHERE id > :last", {"last": ROWS})
        raw.execute("DELETE FROM sales WHERE id > ?", (ROWS,))

    async def ours() -> object:
        return await access.bulk_upsert(SALE, rows)

    async def plain() -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(sql, tuples)
        raw.execute("COMMIT")

    return await bulk("sqlite BulkUpsert", ROWS, ours, plain, 0.35, before=halved)


async def _delete(access: Access, raw: sqlite3.Connection) -> Figure:
    ids = list(range(1, ROWS + 1))
    tuples = [(number, *ready(number, STAMP)) for number in ids]

    async def filled() -> None:
        await access.execute("DELETE FROM sales")
        raw.execute("DELETE FROM sales")
        await access.bulk_create(SALE, numbered(ids))
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany(INSERT_WITH_ID, tuples)
        raw.execute("COMMIT")

    async def ours() -> object:
        return await access.bulk_delete(SALE, ids=ids)

    async def plain() -> None:
        raw.execute("BEGIN IMMEDIATE")
        raw.executemany("DELETE FROM sales WHERE id = ?", [(number,) for number in ids])
        raw.execute("COMMIT")

    return await bulk("sqlite BulkDelete", ROWS, ours, plain, 0.35, before=filled)
