"""How are the rows that a node delivered read page by page?"""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from studio.session import RunHandle, outputs
from tests.support.delivered import NODE, handle_of

ROWS: list[dict[str, Any]] = [
    {"id": number, "total": None if number % 5 == 0 else Decimal(number * 37 % 100)} for number in range(50)
]


def page(handle: RunHandle, offset: int, order_by: tuple[str, ...]) -> list[int]:
    found = asyncio.run(handle.page(NODE, None, offset, 10, order_by))
    assert found.total == len(ROWS)
    return [row["id"] for row in found.rows]


def test_rows_are_sorted_once_for_all_pages_of_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_: list[tuple[str, ...]] = []
    original = outputs._sorted

    def counted(rows: Any, order_by: Any) -> Any:
        sorted_.append(tuple(order_by))
        return original(rows, order_by)

    monkeypatch.setattr(outputs, "_sorted", counted)
    handle = handle_of(ROWS)
    pages = [number for offset in range(0, 50, 10) for number in page(handle, offset, ("-total", "id"))]
    assert sorted(pages) == list(range(50))
    assert sorted_ == [("-total", "id")]
    assert page(handle, 0, ("id",)) == list(range(10))
    assert page(handle, 0, ()) == list(range(10))
    assert page(handle, 0, ("-total", "id")) == pages[:10]
    assert len(sorted_) == 3
