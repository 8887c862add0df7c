"""Do exported rows come back as they were? A model's records and a run's output, in each format, on a real database of each kind."""

import asyncio
import datetime as dt
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from studio.kernel.errors import NodeError
from studio.nodes.file_formats import CsvWriter
from studio.panels.cell_filters import parse_cell_filter
from studio.project import Connection, ModelEntry, Project
from studio.session import Environment, Session, outputs
from studio.session.exporting import BATCH_ROWS, Progress, Target
from studio.session.row_sources import ModelRows, OutputRows
from studio.session.secrets import SystemSecrets
from studio.workflow.graph import frozen
from tests.conformance.shop import EVERYTHING, Shop
from tests.support.delivered import NODE, handle_of


def session_of(shop: Shop, url: str, folder: Path) -> Session:
    """A project with the shop's models, on its database."""
    models = {
        name: ModelEntry(id=name, name=name, connection="c", spec=spec)
        for name, spec in shop.db.models.items()
    }
    project = Project(
        id="p",
        name="Shop",
        connections=frozen({"c": Connection(id="c", name="shop", url=url)}),
        models=frozen(models),
        default_connection="c",
    )
    return Session.in_memory(project, env=Environment(data_dir=folder / "home", secrets=SystemSecrets({})))


def test_a_models_records_come_back_from_csv_json_and_sql(
    shop: Shop, database_url: str, tmp_path: Path
) -> None:
    shop.one("EverythingCreateNode", dict(EVERYTHING))
    count = BATCH_ROWS + 2
    shop.customers(*(f"c{number:04}" for number in range(count)))
    before = {name: shop.one(f"{name}ListNode", {"limit": None}) for name in ("Everything", "Customer")}

    def target(name: str, format: Any, columns: tuple[str, ...] | None = None) -> Target:
        known = shop.db.models[name].names
        return Target(path=tmp_path / f"{name}.{format}", format=format, columns=columns or known)

    async def export() -> None:
        session = session_of(shop, database_url, tmp_path)
        progress = Progress()
        for format in ("csv", "json", "sql"):
            for name in before:
                source = ModelRows(model_id=name)
                wrote = await session.export_rows(source, target(name, format), progress)
                assert wrote.size_bytes == wrote.path.stat().st_size
        assert (progress.rows, progress.total) == (count, count)
        narrow = ModelRows(model_id="Customer", filter={"id": {"$lte": "c0002"}}, order_by=("-id",))
        await session.export_rows(narrow, target("Customer", "jsonl", ("name", "id")))
        await session.close()

    asyncio.run(export())
    for name, records in before.items():
        for format in ("csv", "json"):
            back = {"path": str(tmp_path / f"{name}.{format}"), "model": name}
            assert shop.one(f"Read{format.upper()}", back) == [
                {field: getattr(value, "value", value) for field, value in record.items()}
                for record in records
            ]
    assert (tmp_path / "Customer.jsonl").read_text().splitlines() == [
        f'{{"name": "c{number:04}", "id": "c{number:04}"}}' for number in (2, 1, 0)
    ]
    # Run as a whole, as a person would with the database's own program, it makes the same records.
    for name in before:
        shop.one(f"{name}BulkDeleteNode", {"filter": {"id": {"$exists": True}}})
    statements = (tmp_path / "Everything.sql").read_text().removesuffix(";\n")
    shop.one("SQL", {"sql": statements})
    assert shop.one("EverythingListNode") == before["Everything"]
    lines = (tmp_path / "Customer.sql").read_text().splitlines()
    assert len(lines) == count
    shop.one("SQL", {"sql": lines[-1]})
    assert shop.one("CustomerListNode") == before["Customer"][-1:]


def test_an_output_is_written_whole_in_its_order_even_what_the_grid_does_not_keep(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outputs, "MAX_ROWS_KEPT", 3)
    rows = [{"n": number, "word": f"it's {number}", "day": dt.date(2024, 1, 1)} for number in range(5)]

    async def export() -> None:
        session = Session.in_memory(
            Project(id="p", name="P"), env=Environment(data_dir=tmp_path, secrets=SystemSecrets({}))
        )

        async def write(order_by: tuple[str, ...], format: Any, value: Any = rows) -> str:
            path = tmp_path / f"out.{format}"
            source = OutputRows(handle=handle_of(value), node_id=NODE, order_by=order_by)
            columns = ("word", "n", "day")
            target = Target(path=path, format=format, columns=columns, table="my rows")
            wrote = await session.export_rows(source, target)
            assert (wrote.rows, wrote.missing) == (len(value), 0)
            return path.read_text()

        lines = (await write(("-n",), "csv")).splitlines()
        assert lines[:2] == ["word,n,day", "it's 4,4,2024-01-01"]
        assert (await write((), "csv")).splitlines() == [lines[0], *reversed(lines[1:])]
        with closing(sqlite3.connect(":memory:")) as raw:
            raw.execute('CREATE TABLE "my rows" (word, n, day)')
            raw.executescript(await write((), "sql"))
            assert raw.execute('SELECT n, word FROM "my rows"').fetchall()[4] == (4, "it's 4")
        # What cannot be said leaves the file as it was, and nothing beside it.
        kept = (tmp_path / "out.json").write_text("kept")
        with pytest.raises(NodeError, match="Row 2 cannot be written: nan is no number"):
            await write((), "json", [{"n": 1.0}, {"n": float("nan")}])
        assert (tmp_path / "out.json").stat().st_size == kept
        await session.close()

    asyncio.run(export())
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".json", ".sql"]


def test_what_is_typed_above_a_column_means_the_same_in_the_database_and_of_a_run(
    shop: Shop, database_url: str, tmp_path: Path
) -> None:
    shop.orders(1, 2.5, 2.5, 40)
    ids = [record["id"] for record in shop.one("OrderListNode", {"limit": None})]
    for order_id, note in zip(ids, ("50 % off", None, "Ring_twice", "50 x off"), strict=True):
        shop.one("OrderUpdateNode", {"id": order_id, "fields": {"note": note}})
    shop.one("OrderUpdateNode", {"id": ids[0], "fields": {"status": "paid"}})
    typed = {
        ("total", "> 2"): [1, 2, 3], ("total", "2.5"): [1, 2], ("total", "1..3"): [0, 1, 2], ("note", "null"): [1],
        ("note", "not null"): [0, 2, 3], ("note", "50 %"): [0], ("note", "~ring_"): [2], ("note", "= 50 x off"): [3],
        ("status", "paid"): [0], ("status", "≠ paid"): [1, 2, 3], ("status", "in paid, pending"): [0, 1, 2, 3],
        ("created_at", "> 2999-01-01"): [], ("created_at", ">= 2020-01-01"): [0, 1, 2, 3],
    }  # fmt: skip
    kinds = {field.name: field.kind.value for field in shop.db.models["Order"].fields}

    async def ask() -> None:
        session = session_of(shop, database_url, tmp_path)
        handle = handle_of(list((await session.browse("Order")).rows))
        for (name, text), places in typed.items():
            wanted = {name: parse_cell_filter(kinds[name], text)}
            output = OutputRows(handle=handle, node_id=NODE, filter=wanted)
            for source in (ModelRows(model_id="Order", filter=wanted), output):
                page = await session.rows(source)
                assert [row["id"] for row in page.rows] == [ids[place] for place in places], (source, text)
                assert page.total == len(places)
        await session.close()

    asyncio.run(ask())


def test_an_export_that_is_stopped_leaves_nothing_behind(
    shop: Shop, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.customers(*(f"c{number:04}" for number in range(3 * BATCH_ROWS)))
    path = tmp_path / "customers.csv"
    path.write_text("kept")
    begun, stopped, write = threading.Event(), threading.Event(), CsvWriter.write

    def held_up(self: CsvWriter, records: Any) -> None:
        write(self, records)
        begun.set()
        stopped.wait(60)

    monkeypatch.setattr(CsvWriter, "write", held_up)

    async def export() -> None:
        session = session_of(shop, database_url, tmp_path)
        progress = Progress()
        target = Target(path=path, format="csv", columns=("id",))
        writing = asyncio.ensure_future(session.export_rows(ModelRows(model_id="Customer"), target, progress))
        assert await asyncio.to_thread(begun.wait, 60)
        assert progress.stop()
        writing.cancel()
        stopped.set()
        with pytest.raises(asyncio.CancelledError):
            await writing
        # The database is in order, and can be asked at once.
        assert await session.row_count("Customer") == 3 * BATCH_ROWS
        await session.close()

    asyncio.run(export())
    assert path.read_text() == "kept"
    assert [found.name for found in tmp_path.iterdir() if found.suffix == ".tmp"] == []
