"""What do the nodes that reshape lists make of records as the databases give them?"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.shop import EVERYTHING, Shop


def test_rows_are_put_in_order_cut_and_narrowed_on_their_way(shop: Shop) -> None:
    shop.orders(10, 30, 20, 30)
    results = shop.results(
        {
            "list": ("OrderListNode", {}),
            "once": ("Distinct", {"fields": ["total"]}),
            "sort": ("Sort", {"order_by": ["-total"]}),
            "two": ("Limit", {"limit": 2}),
            "narrow": ("Select", {"fields": ["customer_id", "total"], "rename": {"total": "stock"}}),
            "whole": ("Map", {"fields": {"stock": "int(record.stock)"}, "keep": True}),
            "add": ("OrderBulkCreateNode", {}),
        },
        chain(("list", "records"), "once", "sort", "two", "narrow", "whole", ("add", "data")),
    )
    assert [record["total"] for record in results["sort"]] == [Decimal(30), Decimal(20), Decimal(10)]
    assert results["narrow"] == [
        {"customer_id": "ada", "stock": Decimal(30)},
        {"customer_id": "ada", "stock": Decimal(20)},
    ]
    assert results["add"]["created"] == 2


def test_sort_orders_as_the_database_does(shop: Shop) -> None:
    shop.customers("b", "a", "Z", "ä", "zz", "_")
    for name in ("b", "zz"):
        shop.one("CustomerUpdateNode", {"id": name, "email": f"{name}@example.org"})
    for order_by in (["name"], ["-name"], ["email", "-name"], ["-email", "name"]):
        results = shop.results(
            {
                "asked": ("CustomerListNode", {"order_by": order_by}),
                "list": ("CustomerListNode", {"order_by": ["id"]}),
                "sort": ("Sort", {"order_by": order_by}),
            },
            chain(("list", "records"), "sort"),
        )
        assert results["sort"] == results["asked"], order_by


def chain(first: tuple[str, str], *rest: str | tuple[str, str]) -> list[tuple[str, str, str, str]]:
    """Edges that carry records from node to node; a pair names the port that is not called `records`."""
    edges: list[tuple[Any, ...]] = []
    source, port = first
    for step in rest:
        target, param = step if isinstance(step, tuple) else (step, "records")
        edges.append((source, port, target, param))
        source, port = target, "records"
    return edges


def test_groups_in_memory_are_those_of_the_database(shop: Shop) -> None:
    shop.orders(10, 20.5, 30, customer="ada")
    shop.orders(7, customer="bob")
    asked: dict[str, Any] = {
        "group_by": ["customer_id", "status"],
        "aggregate": {
            "n": {"$count": "*"},
            "notes": {"$count": "note"},
            "sum": {"$sum": "total"},
            "mean": {"$avg": "total"},
            "least": {"$min": "total"},
            "most": {"$max": "total"},
            "kinds": {"$count_distinct": "total"},
            "spread": {"$stddev": "total"},
        },
        "having": {"sum": {"$gt": 1}},
        "order_by": ["-customer_id"],
    }
    results = shop.results(
        {"there": ("OrderAggregateNode", asked), "list": ("OrderListNode", {}), "here": ("GroupBy", asked)},
        chain(("list", "records"), "here"),
    )
    assert results["here"] == results["there"]


def test_records_of_two_models_are_joined_by_their_reference(shop: Shop) -> None:
    shop.orders(10, 20, customer="ada")
    shop.customers("cleo")
    results = shop.results(
        {
            "orders": ("OrderListNode", {"order_by": ["total"]}),
            "customers": ("CustomerListNode", {"fields": ["id", "name"]}),
            "join": ("Join", {"on": {"customer_id": "id"}, "how": "full", "prefix": "customer_"}),
        },
        [("orders", "records", "join", "left"), ("customers", "records", "join", "right")],
    )
    assert [(row["total"], row["name"]) for row in results["join"]] == [
        (Decimal(10), "ada"),
        (Decimal(20), "ada"),
        (None, "cleo"),
    ]
    assert results["join"][2]["customer_customer_id"] == "cleo"


def test_ways_part_and_meet_again_around_writes(shop: Shop) -> None:
    ids = shop.orders(5, 500)
    for order, note in zip(ids, ("small", "big"), strict=True):
        results = shop.results(
            {
                "read": ("OrderReadNode", {"id": order}),
                "switch": ("Switch", {"conditions": ["value.total > 100", "value.total > 1"]}),
                "big": ("OrderUpdateNode", {"fields": {"note": "big"}}),
                "small": ("OrderUpdateNode", {"fields": {"note": "small"}}),
                "merge": ("Merge", {}),
                "end": ("Output", {}),
            },
            [
                ("read", "record", "switch", "value"),
                ("switch", "case_1.id", "big", "id"),
                ("switch", "case_2.id", "small", "id"),
                ("big", "record", "merge", "value"),
                ("small", "record", "merge", "value_2"),
                ("merge", "value.note", "end", "value"),
            ],
        )
        assert results["end"] == note


def test_a_fail_in_one_transaction_takes_back_what_was_written(shop: Shop) -> None:
    result = shop.run(
        {
            "create": ("CustomerCreateNode", {"id": "ada", "name": "Ada"}),
            "fail": ("Fail", {"message": "not today"}),
        },
        [("create", "done", "fail", "after")],
        mode="atomic",
    )
    assert result.state == "failed"
    assert str(result.error).endswith("not today")
    assert shop.one("CustomerCountNode") == {"count": 0}


@pytest.mark.parametrize("kind", ["CSV", "JSON"])
@pytest.mark.parametrize("mode", ["auto", "atomic"])
def test_a_table_goes_into_a_file_and_comes_back_equal(
    shop: Shop, tmp_path: Path, kind: str, mode: str
) -> None:
    path = str(tmp_path / "everything")
    stored = shop.one("EverythingCreateNode", EVERYTHING)
    wrote = shop.results(
        {"list": ("EverythingListNode", {"limit": None}), "write": (f"Write{kind}", {"path": path})},
        [("list", "records", "write", "records")],
        mode=mode,
    )["write"]
    assert wrote["rows"] == 1
    shop.one("EverythingDeleteNode", {"id": stored["id"]})
    fields = [name for name in stored if name not in ("created_at", "updated_at")]
    results = shop.results(
        {
            "read": (f"Read{kind}", {"path": path, "model": "Everything", "limit": 10}),
            "narrow": ("Select", {"fields": fields}),
            "add": ("EverythingBulkCreateNode", {}),
        },
        [("read", "records", "narrow", "records"), ("narrow", "records", "add", "data")],
        mode=mode,
    )
    assert results["add"]["created"] == 1
    back = shop.one("EverythingReadNode", {"id": stored["id"]})
    assert {name: back[name] for name in fields} == {name: stored[name] for name in fields}


@pytest.mark.parametrize("mode", ["auto", "atomic"])
def test_a_file_is_streamed_into_a_table_and_a_fault_in_it_leaves_nothing(
    shop: Shop, tmp_path: Path, mode: str
) -> None:
    shop.customers("ada")
    path = tmp_path / "orders.csv"
    lines = [f"ada,{number}.25" for number in range(5000)]
    path.write_text("customer_id,total\n" + "\n".join(lines))
    nodes = {
        "read": ("ReadCSV", {"path": str(path), "model": "Order"}),
        "add": ("OrderBulkCreateNode", {"batch_size": 500}),
    }
    edges = [("read", "records", "add", "data")]
    result = shop.run(nodes, edges, mode=mode)
    result.raise_for_state()
    assert result.results["add"]["created"] == 5000
    assert (result.nodes["read"].rows, len(result.results["read"])) == (5000, 100)
    lines[4000] = "ada,much"
    path.write_text("customer_id,total\n" + "\n".join(lines))
    result = shop.run(nodes, edges, mode=mode)
    assert result.state == "failed"
    assert result.error is not None
    assert (result.error.node, result.error.row) == ("read", 4001)
    assert shop.one("OrderCountNode") == {"count": 5000}
