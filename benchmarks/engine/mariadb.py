"""How fast is MariaDB through Studio beside asyncmy? With the driver's prepared statements, its quickest way, where they are possible.

An UPDATE gives nothing back here, so Studio and the driver alike change the record and read it again within a transaction, all in one
compound statement, which is the quickest way there is. Many rows are written by the driver as statements of many VALUES (`executemany`).
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote, urlsplit

import asyncmy

from benchmarks.engine.sales import (
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
from benchmarks.engine.ways import CALLS, bulk, listing, node_figures, questions, single_rows
from benchmarks.measure import Call, Figure, alternate, ratio_at_most
from studio.database import Access, Database, DatabaseOptions
from studio.database.mysql_connecting import session_settings

ROWS: Final = 50_000
MOMENT: Final = NOW.replace(tzinfo=None)


async def figures(url: str) -> list[Figure]:
    """One record, a list, many rows, and nodes; on a table of our own and a copy of it for the driver."""
    raw = await _connected(url)
    await _said(raw, "CREATE DATABASE bench")
    await _said(raw, "USE bench")
    database = Database(database_url(url))
    try:
        await database.ensure([SALE])
        access = database.access()
        await _said(raw, "CREATE TABLE raw_sales LIKE sales")
        statements = await _statements(raw)
        await _said(raw, "SET GLOBAL innodb_flush_log_at_trx_commit = 0")
        found = await _singles(access, statements)
        found += await node_figures("mariadb", database, statements)
        await _said(raw, "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        found.append(await _list(access, raw))
        found += await _bulk(access, raw)
    finally:
        await raw.ensure_closed()
        await database.close()
    return found


def database_url(url: str) -> str:
    """The database that `figures` makes on the server."""
    return url.rpartition("/")[0] + "/bench"


async def _connected(url: str) -> Any:
    parts = urlsplit(url)
    return await asyncmy.connect(
        host=parts.hostname,
        port=parts.port,
        user=parts.username,
        password=unquote(parts.password or ""),
        autocommit=True,
        charset="utf8mb4",
        init_command=session_settings(DatabaseOptions()),
    )


async def _said(raw: Any, sql: str) -> None:
    await raw.query(sql)


async def _statements(raw: Any) -> dict[str, Call]:
    insert = await raw.prepare(
        f"INSERT INTO raw_sales ({COLUMN_LIST}) VALUES (?,?,?,?,?,?,?,?) RETURNING {', '.join(WITH_ID)}"
    )
    select = await raw.prepare("SELECT * FROM raw_sales WHERE id = ?")
    change = await raw.prepare(
        "BEGIN NOT ATOMIC START TRANSACTION; UPDATE raw_sales SET quantity = ?, updated_at = ? WHERE id = ?;"
        " SELECT * FROM raw_sales WHERE id = ?; COMMIT; END"
    )
    remove = await raw.prepare(f"DELETE FROM raw_sales WHERE id = ? RETURNING {', '.join(WITH_ID)}")

    def record(result: Any) -> dict[str, Any]:
        return dict(zip(WITH_ID, result.rows[0], strict=True))

    async def create(number: int) -> object:
        return record(await insert.execute(ready(number, MOMENT)))

    async def read(number: int) -> object:
        return record(await select.execute((number,)))

    async def update(number: int) -> object:
        return record(await change.execute((number, MOMENT, number, number)))

    async def delete(number: int) -> object:
        return record(await remove.execute((number,)))

    return {"create": create, "read": read, "update": update, "delete": delete}


async def _singles(access: Access, statements: dict[str, Call]) -> list[Figure]:
    found = []
    for operation, ours in single_rows(access).items():
        value, baseline = await alternate(ours, statements[operation], calls=CALLS)
        name = f"engine.mariadb {operation}, one record"
        found.append(ratio_at_most(name, value * 1e6, baseline * 1e6, "µs", 1.25))
    return found


async def _list(access: Access, raw: Any) -> Figure:
    await access.bulk_create(SALE, [row(number) for number in range(LISTED + 1)])
    await _said(raw, "INSERT INTO raw_sales SELECT * FROM sales")
    select = await raw.prepare("SELECT * FROM raw_sales ORDER BY id LIMIT ?")

    async def plain(_number: int) -> object:
        found = await select.execute((LISTED,))
        return [dict(zip(WITH_ID, values, strict=True)) for values in found.rows]

    value, baseline = await alternate(listing(access), plain, calls=CALLS)
    name = f"engine.mariadb list of {LISTED:,} records"
    return ratio_at_most(name, value * 1e6, baseline * 1e6, "µs", 1.3)


async def _bulk(access: Access, raw: Any) -> list[Figure]:
    rows = [row(number) for number in range(ROWS)]
    tuples = [ready(number, MOMENT) for number in range(ROWS)]
    places = ", ".join(["%s"] * len(COLUMNS))

    async def create() -> object:
        return await access.bulk_create(SALE, rows)

    async def raw_create() -> None:
        await _said(raw, "START TRANSACTION")
        async with raw.cursor() as cursor:
            await cursor.executemany(f"INSERT INTO raw_sales ({COLUMN_LIST}) VALUES ({places})", tuples)
        await _said(raw, "COMMIT")

    async def emptied() -> None:
        for table in ("sales", "raw_sales"):
            await _said(raw, f"TRUNCATE {table}")

    found = [await bulk("mariadb BulkCreate", ROWS, create, raw_create, 0.85, before=emptied)]
    await emptied()
    numbers = range(1, ROWS + 1)
    await access.bulk_create(SALE, numbered(numbers))
    await _said(raw, "INSERT INTO raw_sales SELECT * FROM sales")
    changes = [changed(number) for number in numbers]
    changed_tuples = [(entry["id"], entry["customer"], entry["quantity"]) for entry in changes]

    async def update() -> object:
        return await access.bulk_update_rows(SALE, changes)

    async def raw_update() -> None:
        await _said(raw, "START TRANSACTION")
        await _said(
            raw,
            "CREATE TEMPORARY TABLE stage (id BIGINT PRIMARY KEY, customer LONGTEXT, quantity BIGINT)"
            " COLLATE utf8mb4_nopad_bin",
        )
        async with raw.cursor() as cursor:
            await cursor.executemany("INSERT INTO stage VALUES (%s, %s, %s)", changed_tuples)
            await cursor.execute(
                "UPDATE stage AS s JOIN raw_sales AS t ON t.id = s.id"
                " SET t.customer = s.customer, t.quantity = s.quantity, t.updated_at = %s",
                (MOMENT,),
            )
        await _said(raw, "DROP TEMPORARY TABLE stage")
        await _said(raw, "COMMIT")

    found += await questions("mariadb", access, ROWS)
    found.append(await bulk("mariadb BulkUpdate", ROWS, update, raw_update, 0.85))
    found.append(await _upsert(access, raw))
    found.append(await _delete(access, raw))
    return found


async def _upsert(access: Access, raw: Any) -> Figure:
    """As many rows as there are, every second of them new. The driver does not tell new ones from old, and takes any unique key for the one meant."""
    rows = numbered(range(ROWS // 2 + 1, ROWS + ROWS // 2 + 1))
    tuples = [(entry["id"], *ready(entry["id"], MOMENT)) for entry in rows]
    places = ", ".join(["%s"] * len(WITH_ID))
    sets = ", ".join(f"{name} = VALUES({name})" for name in COLUMNS if name not in ("note", "created_at"))

    async def halved() -> None:
        for table in ("sales", "raw_sales"):
            await _said(raw, f"DELETE FROM {table} WHERE id > {ROWS}")

    async def ours() -> object:
        return await access.bulk_upsert(SALE, rows)

    async def plain() -> None:
        await _said(raw, "START TRANSACTION")
        async with raw.cursor() as cursor:
            await cursor.executemany(
                f"INSERT INTO raw_sales ({', '.join(WITH_ID)}) VALUES ({places}) ON DUPLICATE KEY UPDATE {sets}",
                tuples,
            )
        await _said(raw, "COMMIT")

    return await bulk("mariadb BulkUpsert (half are new)", ROWS, ours, plain, None, before=halved, turns=5)


async def _delete(access: Access, raw: Any) -> Figure:
    ids = list(range(1, ROWS + 1))
    await _said(raw, "TRUNCATE raw_sales")
    await access.execute("TRUNCATE sales")
    await access.bulk_create(SALE, numbered(ids))
    await _said(raw, "CREATE TABLE full_sales AS SELECT * FROM sales")

    async def filled() -> None:
        for table in ("sales", "raw_sales"):
            await _said(raw, f"TRUNCATE {table}")
            await _said(raw, f"INSERT INTO {table} SELECT * FROM full_sales")

    async def ours() -> object:
        return await access.bulk_delete(SALE, ids=ids)

    async def plain() -> object:
        return await raw.query(f"DELETE FROM raw_sales WHERE id IN ({', '.join(map(str, ids))})")

    return await bulk("mariadb BulkDelete", ROWS, ours, plain, None, before=filled, turns=5)
