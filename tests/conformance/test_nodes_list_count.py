"""What do List and Count give and refuse?"""

from decimal import Decimal
from typing import Any

import pytest

from studio.kernel.errors import BuildError
from tests.conformance.shop import Shop

FILTERS: list[tuple[dict[str, Any], set[int]]] = [
    ({}, {1, 2, 3, 4, 5}),
    ({"stock": 2}, {2}),
    ({"stock": {"$eq": 2}}, {2}),
    ({"stock": {"$ne": 2}}, {1, 3, 4, 5}),
    ({"stock": {"$gt": 1, "$lt": 4}}, {2, 3}),
    ({"stock": {"$gte": 2, "$lte": 4}}, {2, 3, 4}),
    ({"stock": [1, 5]}, {1, 5}),
    ({"stock": {"$in": []}}, set()),
    ({"stock": {"$nin": [1, 2]}}, {3, 4, 5}),
    ({"stock": {"$between": [2, 3]}}, {2, 3}),
    ({"note": None}, {4, 5}),
    ({"note": {"$exists": True}}, {1, 2, 3}),
    ({"note": {"$null": True}}, {4, 5}),
    ({"note": {"$ne": "two"}}, {1, 3, 4, 5}),
    ({"note": {"$like": "t%"}}, {2, 3}),
    ({"note": {"$ilike": "T%"}}, {2, 3}),
    ({"note": {"$regex": "^(one|two)$"}}, {1, 2}),
    ({"note": {"$startswith": "th"}}, {3}),
    ({"note": {"$endswith": "e"}}, {1, 3}),
    ({"note": {"$contains": "w"}}, {2}),
    ({"$or": [{"stock": 1}, {"note": "two"}]}, {1, 2}),
    ({"$and": [{"stock": {"$gt": 1}}, {"stock": {"$lt": 3}}]}, {2}),
    ({"$nor": [{"stock": 1}, {"note": "two"}]}, {3, 4, 5}),
    ({"$not": {"note": {"$like": "t%"}}}, {1, 4, 5}),
    ({"stock": {"$not": {"$gt": 2}}}, {1, 2}),
    ({"status": "paid"}, {5}),
    ({"total": {"$gt": Decimal("2.5")}, "customer_id": "ada"}, {3, 4, 5}),
]


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """Five orders with the stock 1 to 5; the last is paid, the last two have no note."""
    shop.customers("ada")
    notes = ["one", "two", "three", None, None]
    rows = [
        {
            "customer_id": "ada",
            "stock": n,
            "total": n,
            "note": notes[n - 1],
            "status": "paid" if n == 5 else "pending",
        }
        for n in range(1, 6)
    ]
    shop.one("OrderBulkCreateNode", {"data": rows})
    return shop


def test_every_operator_finds_and_counts_the_same_records(stocked: Shop) -> None:
    for filter, expected in FILTERS:
        found = stocked.one("OrderListNode", {"filter": filter})
        assert {order["stock"] for order in found} == expected, filter
        assert stocked.one("OrderCountNode", {"filter": filter}) == {"count": len(expected)}, filter


def test_json_paths_lists_and_sizes_are_looked_into(shop: Shop) -> None:
    rows = [
        {"id": "a", "name": "a", "tags": ["x", "y"], "profile": {"theme": {"kind": "dark"}, "age": 3}},
        {"id": "b", "name": "b", "tags": ["x"], "profile": {"theme": {"kind": "light"}}},
        {"id": "c", "name": "c"},
    ]
    shop.one("CustomerBulkCreateNode", {"data": rows})
    for filter, expected in (
        ({"profile.theme.kind": "dark"}, ["a"]),
        ({"profile.age": {"$gte": 3}}, ["a"]),
        ({"tags": {"$contains": "y"}}, ["a"]),
        ({"tags": {"$size": 1}}, ["b"]),
        ({"tags": {"$size": {"$gte": 1}}}, ["a", "b"]),
    ):
        found = shop.one("CustomerListNode", {"filter": filter, "order_by": "id"})
        assert [customer["id"] for customer in found] == expected, filter


def test_dates_may_be_given_relative_to_now(shop: Shop) -> None:
    shop.customers("ada")
    assert shop.one("CustomerCountNode", {"filter": {"created_at": {"$gte": {"$date": "-5m"}}}})["count"] == 1
    assert shop.one("CustomerCountNode", {"filter": {"created_at": {"$lt": {"$date": "-5m"}}}})["count"] == 0


def test_list_gives_rows_in_order_page_by_page(stocked: Shop) -> None:
    page = stocked.one("OrderListNode", {"order_by": ["-stock"], "limit": 2})
    assert [order["stock"] for order in page] == [5, 4]
    assert page.has_more is True
    following = stocked.one("OrderListNode", {"order_by": ["-stock"], "limit": 2, "after": page.cursor})
    assert [order["stock"] for order in following] == [3, 2]
    last = stocked.one("OrderListNode", {"order_by": ["-stock"], "limit": 2, "offset": 4})
    assert ([order["stock"] for order in last], last.has_more) == ([1], False)
    assert "orders" in last.sql


def test_the_cursor_of_a_page_travels_to_the_next_list(stocked: Shop) -> None:
    page = {"order_by": ["stock"], "limit": 2}
    for target in ("after", "after_cursor"):
        results = stocked.results(
            {"one": ("OrderListNode", page), "two": ("OrderListNode", page)},
            [("one", "cursor", "two", target)],
        )
        assert [order["stock"] for order in results["two"]] == [3, 4]


def test_list_without_a_limit_gives_100_and_with_none_all(shop: Shop) -> None:
    shop.one("CustomerBulkCreateNode", {"data": [{"id": f"c{n:03}", "name": "x"} for n in range(130)]})
    assert len(shop.one("CustomerListNode")) == 100
    assert len(shop.one("CustomerListNode", {"limit": None})) == 130
    assert len(shop.one("CustomerListNode", {"limit": 0})) == 0


def test_list_gives_only_the_fields_wanted(stocked: Shop) -> None:
    rows = stocked.one("OrderListNode", {"fields": ["stock", "note"], "order_by": "stock", "limit": 1})
    assert rows == [{"stock": 1, "note": "one"}]


def test_nulls_come_last_and_first_when_turned_round(stocked: Shop) -> None:
    ascending = stocked.one("OrderListNode", {"order_by": ["note", "stock"]})
    descending = stocked.one("OrderListNode", {"order_by": ["-note", "stock"]})
    assert [order["stock"] for order in ascending] == [1, 3, 2, 4, 5]
    assert [order["stock"] for order in descending] == [4, 5, 2, 3, 1]


def test_the_ports_of_list_and_count_are_views_on_the_rows(stocked: Shop) -> None:
    seen = stocked.ports(
        "OrderListNode",
        {"limit": 2, "order_by": ["stock"]},
        "records", "count", "first", "has_more", "cursor",
    )  # fmt: skip
    assert len(seen["records"]) == seen["count"] == 2
    assert seen["first"]["stock"] == 1
    assert seen["has_more"] is True
    assert isinstance(seen["cursor"], str)
    assert stocked.ports("OrderCountNode", {}, "count") == {"count": 5}
    nothing = stocked.ports("OrderListNode", {"filter": {"stock": 99}}, "first", "count", "has_more")
    assert nothing == {"first": None, "count": 0, "has_more": False}


def test_list_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"filter": {"stcok": 1}}, ("filter", "filter")),
        ({"filter": {"stock": {"$gtt": 1}}}, ("filter", "filter")),
        ({"filter": {"stock": "1"}}, ("value-refused", "filter")),
        ({"filter": {"status": "lost"}}, ("value-refused", "filter")),
        ({"filter": {"note": {"$regex": "("}}}, ("filter", "filter")),
        ({"filter": {"$or": {"stock": 1}}}, ("filter", "filter")),
        ({"filter": ["stock"]}, ("param-type", "filter")),
        ({"order_by": ["-stcok"]}, ("filter", "order_by")),
        ({"order_by": 5}, ("param-type", "order_by")),
        ({"limit": "3"}, ("param-type", "limit")),
        ({"limit": -1}, ("param-type", "limit")),
        ({"limit": True}, ("param-type", "limit")),
        ({"offset": -1}, ("param-type", "offset")),
        ({"fields": ["stcok"]}, ("unknown-field", "fields")),
        ({"include": ["custome"]}, ("unknown-relation", "include")),
    ]
    for params, expected in cases:
        assert shop.problem("OrderListNode", params) == expected, params
    error = shop.refusal("OrderListNode", {"filter": {"stcok": "{{ x }}"}})
    assert isinstance(error, BuildError)
    assert {problem.code for problem in error.problems} == {"filter", "unknown-name"}


def test_count_refuses_an_unknown_field(shop: Shop) -> None:
    assert shop.problem("OrderCountNode", {"filter": {"stcok": 1}}) == ("filter", "filter")


def test_a_limit_that_comes_by_an_edge_is_checked_when_it_comes(stocked: Shop) -> None:
    nodes = {"c": ("Constant", {"value": "three"}), "list": ("OrderListNode", {})}
    result = stocked.run(nodes, [("c", "value", "list", "limit")])
    assert result.state == "failed"
    assert result.error is not None
    assert (result.error.node, result.error.field) == ("list", "limit")
