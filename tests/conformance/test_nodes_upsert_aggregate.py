"""What do Upsert and Aggregate give and refuse?"""

from decimal import Decimal
from typing import Any

from studio.kernel.errors import NodeError
from tests.conformance.shop import Shop


def test_upsert_creates_then_changes_by_id(shop: Shop) -> None:
    first = shop.ports("CustomerUpsertNode", {"id": "ada", "name": "Ada"}, "created", "record", "name")
    assert (first["created"], first["name"]) == (True, "Ada")
    second = shop.ports("CustomerUpsertNode", {"id": "ada", "name": "Ada L."}, "created", "record")
    assert second["created"] is False
    assert second["record"]["name"] == "Ada L."
    assert second["record"]["created_at"] == first["record"]["created_at"]
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_upsert_knows_a_record_by_the_unique_field_that_is_given(shop: Shop) -> None:
    made = shop.one("CustomerUpsertNode", {"name": "Ada", "email": "a@b.c"})
    again = shop.one("CustomerUpsertNode", {"name": "Ada L.", "email": "a@b.c"})
    assert (again["id"], again["name"]) == (made["id"], "Ada L.")
    named = shop.one("CustomerUpsertNode", {"name": "A", "email": "a@b.c", "conflict_on": ["email"]})
    assert (named["id"], named["name"]) == (made["id"], "A")


def test_upsert_with_where_create_and_update(shop: Shop) -> None:
    params = {"where": {"email": "a@b.c"}, "create": {"name": "New"}, "update": {"name": "Old"}}
    assert shop.one("CustomerUpsertNode", params)["name"] == "New"
    assert shop.one("CustomerUpsertNode", params)["name"] == "Old"
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_upsert_updates_by_operators(shop: Shop) -> None:
    (order,) = shop.orders(5)
    params = {
        "where": {"id": order},
        "create": {"customer_id": "ada"},
        "update": {"stock": {"$inc": 2}},
    }
    assert shop.one("OrderUpsertNode", params)["stock"] == 2
    assert shop.one("OrderUpsertNode", params)["stock"] == 4


def test_upsert_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"name": "x"}, ("node", "conflict_on")),
        ({"id": "a", "name": "x", "conflict_on": ["name"]}, ("node", "conflict_on")),
        ({"id": "a", "where": {"id": "a"}, "create": {"name": "x"}}, ("node", "id")),
        ({"id": "a", "nmae": "x"}, ("unknown-param", "nmae")),
        ({"where": {"id": "a"}, "create": {"nmae": "x"}}, ("unknown-field", "create")),
        (
            {"where": {"id": "a"}, "create": {"name": "x"}, "update": {"updated_at": 1}},
            ("managed-field", "update"),
        ),
        ({"id": "a", "name": 4}, ("param-type", "name")),
    ]
    for params, expected in cases:
        assert shop.problem("CustomerUpsertNode", params) == expected, params


def test_upsert_without_anything_that_says_which_record_names_what_would(shop: Shop) -> None:
    error = shop.refusal("CustomerUpsertNode", {"name": "x"})
    assert "id or email" in str(error)


def test_aggregate_groups_and_reckons_in_the_database(shop: Shop) -> None:
    shop.orders(10, 20, 30)
    shop.orders(1.5, customer="bob")
    rows = shop.one(
        "OrderAggregateNode",
        {
            "group_by": ["customer_id"],
            "aggregate": {
                "sum": {"$sum": "total"},
                "mean": {"$avg": "total"},
                "least": {"$min": "total"},
                "most": {"$max": "total"},
                "number": {"$count": "*"},
                "states": {"$count_distinct": "status"},
            },
            "order_by": ["-sum"],
        },
    )
    assert [row["customer_id"] for row in rows] == ["ada", "bob"]
    assert rows[0] == {
        "customer_id": "ada",
        "sum": Decimal(60),
        "mean": Decimal(20),
        "least": Decimal(10),
        "most": Decimal(30),
        "number": 3,
        "states": 1,
    }
    assert rows[1]["sum"] == Decimal("1.5")


def test_aggregate_filters_before_and_after_grouping(shop: Shop) -> None:
    shop.orders(10, 20, 30)
    shop.orders(1, customer="bob")
    params = {
        "filter": {"total": {"$lt": 30}},
        "group_by": "customer_id",
        "aggregate": {"sum": {"$sum": "total"}},
        "having": {"sum": {"$gt": 5}},
        "limit": 3,
    }
    seen = shop.ports("OrderAggregateNode", params, "records", "count", "first")
    assert seen["records"] == [{"customer_id": "ada", "sum": Decimal(30)}]
    assert (seen["count"], seen["first"]) == (1, {"customer_id": "ada", "sum": Decimal(30)})


def test_a_pipeline_says_the_same(shop: Shop) -> None:
    shop.orders(10, 20, 30)
    shop.orders(1, customer="bob")
    pipeline = [
        {"$match": {"total": {"$lt": 30}}},
        {"$group": {"_id": "$customer_id", "sum": {"$sum": "$total"}, "n": {"$sum": 1}}},
        {"$sort": {"sum": -1}},
        {"$limit": 1},
    ]
    (row,) = shop.one("OrderAggregateNode", {"pipeline": pipeline})
    assert (row["sum"], row["n"]) == (Decimal(30), 2)


def test_aggregate_over_nothing_gives_one_row_without_groups(shop: Shop) -> None:
    (row,) = shop.one("OrderAggregateNode", {"aggregate": {"n": {"$count": "*"}, "top": {"$max": "total"}}})
    assert row == {"n": 0, "top": None}


def test_aggregate_refuses_before_the_run_and_names_the_param(shop: Shop) -> None:
    total = {"aggregate": {"total": {"$sum": "total"}}}
    cases: list[tuple[dict[str, object], str]] = [
        ({"aggregate": {"x": {"$sum": "totl"}}}, "aggregate"),
        ({"aggregate": {"x": {"$summ": "total"}}}, "aggregate"),
        ({"aggregate": {"x": {"$sum": "note"}}}, "aggregate"),
        ({"pipeline": [], "group_by": ["status"]}, "pipeline"),
        ({"pipeline": [{"$lookup": {}}]}, "pipeline"),
        ({"pipeline": [{"$group": {"_id": "$statu", "n": {"$sum": 1}}}]}, "pipeline"),
        ({"aggregate": "total"}, "aggregate"),
        ({**total, "filter": {"statu": "paid"}}, "filter"),
        ({**total, "group_by": ["statu"]}, "group_by"),
        ({**total, "having": {"totl": {"$gt": 1}}}, "having"),
        ({**total, "order_by": ["-totl"]}, "order_by"),
    ]
    for params, field in cases:
        code, place = shop.problem("OrderAggregateNode", params)
        assert code in ("filter", "param-type", "two-selections"), params
        assert place == field, params


def test_nothing_is_left_of_a_refused_upsert(shop: Shop) -> None:
    shop.customers("ada")
    error = shop.refusal("OrderUpsertNode", {"id": 4, "customer_id": "nobody"})
    assert error.node == "node"
    assert not isinstance(error, NodeError)
    assert shop.one("OrderCountNode") == {"count": 0}
