"""The record shop has the shape of Chinook, the same rows each time, and sums that add up."""

import contextlib
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

from tests.support import chinook
from tests.support.servers import run_sql


def _open(url: str) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(urlsplit(url).path.removeprefix("/")))


def test_every_reference_arrives(chinook_sqlite_url) -> None:
    with _open(chinook_sqlite_url) as shop:
        assert shop.execute("PRAGMA foreign_key_check").fetchall() == []
        assert {name for (name,) in shop.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")} >= {
            table.name for table in chinook.TABLES
        }


def test_the_total_of_an_invoice_is_the_sum_of_its_lines(chinook_sqlite_url) -> None:
    with _open(chinook_sqlite_url) as shop:
        wrong = shop.execute(
            """
            SELECT i.InvoiceId FROM Invoice i JOIN InvoiceLine l USING (InvoiceId)
            GROUP BY i.InvoiceId HAVING abs(i.Total - sum(l.UnitPrice * l.Quantity)) > 0.001
            """
        ).fetchall()
    assert wrong == []


def test_the_rows_are_the_same_each_time(tmp_path: Path) -> None:
    assert chinook.made_up_rows() == chinook.made_up_rows()
    chinook.write_sqlite(tmp_path / "one.sqlite")
    with contextlib.closing(sqlite3.connect(tmp_path / "one.sqlite")) as shop:
        counts = {
            table.name: shop.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]
            for table in chinook.TABLES
        }
    assert counts["Track"] == chinook.ROWS_OF_TRACKS
    assert all(count >= 4 for count in counts.values()), counts


def test_both_databases_hold_the_same_rows(chinook_sqlite_url, chinook_postgres_url) -> None:
    with _open(chinook_sqlite_url) as shop:
        for table in chinook.TABLES:
            expected = shop.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()[0]
            assert run_sql(
                chinook_postgres_url, f"SELECT count(*) FROM {chinook.snake_case(table.name)}"
            ) == (f"{expected}\n")
        total = shop.execute("SELECT printf('%.2f', sum(Total)) FROM Invoice").fetchone()[0]
    assert run_sql(chinook_postgres_url, "SELECT sum(total) FROM invoice") == f"{total}\n"
