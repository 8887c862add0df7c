"""How are the rows that a node delivered read page by page?"""

import asyncio
import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.session import RunHandle, runs

ROWS: list[dict[str, Any]] = [
    {"id": number, "total": None if number % 5 == 0 else Decimal(number * 37 % 100)} for number in range(50)
]


def handle_of(rows: list[dict[str, Any]]) -> RunHandle:
    handle = RunHandle(
        run_id=RunId("r"),
        workflow_id=WorkflowId("w"),
        nodes=[NodeId("n")],
        started_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    )
    handle.delivered(lambda node_id, port: rows)
    handle.put(NodeId("n"), state="succeeded", rows=len(rows))
    handle.end("succeeded")
    return handle


def page(handle: RunHandle, offset: int, order_by: tuple[str, ...]) -> list[int]:
    found = asyncio.run(handle.page(NodeId("n"), None, offset, 10, order_by))
    assert found.total == len(ROWS)
    return [row["id"] for row in found.rows]


def test_rows_are_sorted_once_for_all_pages_of_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_: list[tuple[str, ...]] = []
    original = runs._sorted

    def counted(rows: Any, order_by: Any) -> Any:
        sorted_.append(tuple(order_by))
        return original(rows, order_by)

    monkeypatch.setattr(runs, "_sorted", counted)
    handle = handle_of(ROWS)
    pages = [number for offset in range(0, 50, 10) for number in page(handle, offset, ("-total", "id"))]
    assert sorted(pages) == list(range(50))
    assert sorted_ == [("-total", "id")]
    assert page(handle, 0, ("id",)) == list(range(10))
    assert page(handle, 0, ()) == list(range(10))
    assert page(handle, 0, ("-total", "id")) == pages[:10]
    assert len(sorted_) == 3
