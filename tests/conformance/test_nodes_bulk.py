"""What do the bulk nodes give and refuse?"""

from decimal import Decimal
from typing import Any

from studio.kernel.errors import DuplicateKey, ValueRefused
from tests.conformance.shop import EVERYTHING, Shop


def _customers(count: int) -> list[dict[str, Any]]:
    return [{"id": f"c{n:05}", "name": f"customer {n}"} for n in range(count)]


def test_bulk_create_stores_all_rows_and_counts_them(shop: Shop) -> None:
    assert shop.one("CustomerBulkCreateNode", {"data": _customers(2500), "batch_size": 400}) == {
        "created": 2500,
        "updated": 0,
        "skipped": 0,
        "ids": [],
    }
    assert shop.one("CustomerCountNode") == {"count": 2500}


def test_bulk_create_gives_the_ids_in_the_order_of_the_rows_when_wished(shop: Shop) -> None:
    shop.customers("ada")
    rows = [{"customer_id": "ada", "stock": n} for n in range(700)]
    ids = shop.one("OrderBulkCreateNode", {"data": rows, "return_ids": True})["ids"]
    stock = {order["id"]: order["stock"] for order in shop.one("OrderListNode", {"limit": None})}
    assert [stock[order] for order in ids] == list(range(700))


def test_bulk_create_keeps_every_kind_of_value(shop: Shop) -> None:
    rows = [EVERYTHING, {**EVERYTHING, "id": EVERYTHING["other"], "short": "'; --"}]
    assert shop.one("EverythingBulkCreateNode", {"data": rows})["created"] == 2
    for row in rows:
        read = shop.one("EverythingReadNode", {"id": row["id"]})
        assert {name: read[name] for name in row} == row


def test_rows_of_different_shape_get_their_defaults(shop: Shop) -> None:
    shop.customers("ada")
    rows = [{"customer_id": "ada", "stock": 3}, {"customer_id": "ada", "total": 5}, {"customer_id": "ada"}]
    shop.one("OrderBulkCreateNode", {"data": rows})
    found = shop.one("OrderListNode", {"order_by": ["id"]})
    assert [(order["stock"], order["total"]) for order in found] == [(3, 0), (0, 5), (0, 0)]


def test_a_connected_field_is_filled_into_the_rows_that_lack_it(shop: Shop) -> None:
    shop.customers("ada", "bob")
    rows = [{"stock": 1}, {"stock": 2, "customer_id": "bob"}]
    shop.results(
        {
            "read": ("CustomerReadNode", {"id": "ada"}),
            "add": ("OrderBulkCreateNode", {"data": rows, "note": "n"}),
        },
        [("read", "id", "add", "customer_id")],
    )
    found = shop.one("OrderListNode", {"order_by": ["stock"]})
    assert [(order["customer_id"], order["note"]) for order in found] == [("ada", "n"), ("bob", "n")]


def test_bulk_create_resolves_conflicts_as_it_is_told(shop: Shop) -> None:
    shop.customers("ada")
    rows = [{"id": "ada", "name": "Ada L."}, {"id": "bob", "name": "Bob"}]
    error = shop.refusal("CustomerBulkCreateNode", {"data": rows})
    assert isinstance(error, DuplicateKey)
    assert error.row == 1
    assert shop.one("CustomerCountNode") == {"count": 1}
    skipped = shop.one("CustomerBulkCreateNode", {"data": rows, "conflict_resolution": "skip"})
    assert (skipped["created"], skipped["skipped"]) == (1, 1)
    twins = [{"id": "eve", "name": "E", "email": email} for email in ("b@b.c", "e@b.c", "f@b.c")]
    taken = {"data": [{"id": "fay", "name": "F", "email": "b@b.c"}, *twins], "return_ids": True}
    told = shop.one("CustomerBulkCreateNode", {**taken, "conflict_resolution": "skip"})
    assert (told["created"], told["skipped"], told["ids"]) == (2, 2, ["fay", None, "eve", None])
    changed = shop.one("CustomerBulkCreateNode", {"data": rows, "conflict_resolution": "upsert"})
    assert (changed["created"], changed["updated"]) == (0, 2)
    assert shop.one("CustomerReadNode", {"id": "ada"})["name"] == "Ada L."


def test_a_unique_violation_in_row_731_of_1000_is_named_and_nothing_is_kept(shop: Shop) -> None:
    rows = _customers(1000)
    rows[730]["id"] = rows[12]["id"]
    error = shop.refusal("CustomerBulkCreateNode", {"data": rows})
    assert isinstance(error, DuplicateKey)
    assert error.row == 731
    assert shop.one("CustomerCountNode") == {"count": 0}


def test_a_wrong_value_in_a_row_is_named_before_the_run_and_in_it(shop: Shop) -> None:
    rows = _customers(5)
    rows[3]["name"] = 5
    early = shop.refusal("CustomerBulkCreateNode", {"data": rows})
    assert early.problems[0].row == 4  # type: ignore[attr-defined]
    nodes = {"rows": ("Constant", {"value": rows}), "add": ("CustomerBulkCreateNode", {})}
    late = shop.run(nodes, [("rows", "value", "add", "data")])
    assert isinstance(late.error, ValueRefused)
    assert (late.error.row, late.error.field, late.error.node) == (4, "name", "add")
    assert shop.one("CustomerCountNode") == {"count": 0}


def test_bulk_create_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({}, ("missing-param", "data")),
        ({"data": "rows"}, ("param-type", "data")),
        ({"data": [5]}, ("param-type", "data")),
        ({"data": [{"nmae": "x"}]}, ("unknown-field", "data")),
        ({"data": [{"name": "x", "created_at": "x"}]}, ("managed-field", "data")),
        ({"data": [{"name": "x"}, {"email": "a@b.c"}]}, ("value-refused", "data")),
        ({"data": {}}, ("value-refused", "data")),
        ({"data": [{"name": "a\0b"}]}, ("value-refused", "data")),
        ({"data": [], "batch_size": 0}, ("param-type", "batch_size")),
        ({"data": [], "conflict_resolution": "bogus"}, ("param-type", "conflict_resolution")),
        ({"data": [], "conflict_on": ["name"]}, ("node", "conflict_on")),
    ]
    for params, expected in cases:
        assert shop.problem("CustomerBulkCreateNode", params) == expected, params


def test_bulk_create_takes_whatever_holds_rows(shop: Shop) -> None:
    named = [{"name": name} for name in "abcd"]
    for data, created in (
        ([], 0),
        (iter(named), 4),
        ({"name": "e"}, 1),
        ((*named,), 4),
        ([{"id": None, "name": "f"}], 1),
    ):
        params = {"data": data, "batch_size": None, "conflict_resolution": None, "return_ids": True}
        told = shop.one("CustomerBulkCreateNode", params)
        assert (told["created"], len(set(told["ids"]))) == (created, created)
    late = shop.run(
        {"rows": ("Constant", {"value": [{"email": "a@b.c"}]}), "add": ("CustomerBulkCreateNode", {})},
        [("rows", "value", "add", "data")],
    )
    assert isinstance(late.error, ValueRefused)
    assert (late.error.row, late.error.field) == (1, "name")
    assert shop.one("CustomerCountNode") == {"count": 10}


def test_bulk_update_changes_all_that_match_alike(shop: Shop) -> None:
    shop.orders(*range(1, 1301))
    changed = shop.one(
        "OrderBulkUpdateNode",
        {
            "filter": {"total": {"$gt": 100}},
            "update": {"total": {"$multiply": Decimal("0.9")}, "stock": {"$inc": 1}},
        },
    )
    assert changed == {"matched": 1200, "updated": 1200}
    assert shop.one("OrderCountNode", {"filter": {"stock": 1}}) == {"count": 1200}
    assert shop.one("OrderListNode", {"order_by": "-total", "limit": 1})[0]["total"] == Decimal(1170)


def test_a_number_that_outgrows_its_field_is_a_bad_value_and_nothing_is_changed(shop: Shop) -> None:
    shop.orders(1, 2)
    shop.one("OrderBulkUpdateNode", {"filter": {}, "update": {"stock": 2**40}})
    error = shop.refusal("OrderBulkUpdateNode", {"filter": {}, "update": {"stock": {"$multiply": 2**40}}})
    assert error.code == "bad-value"
    assert error.hint
    assert [order["stock"] for order in shop.one("OrderListNode")] == [2**40] * 2


def test_bulk_update_heeds_its_limit_and_takes_conditions_with_data(shop: Shop) -> None:
    shop.orders(1, 2, 3)
    limited = {"filter": {"stock": 0}, "update": {"stock": 1}, "limit": 2}
    assert shop.one("OrderBulkUpdateNode", limited)["updated"] == 2
    assert shop.one("OrderBulkUpdateNode", {"conditions": {"stock": 1}, "data": {"stock": 7}})["updated"] == 2
    assert shop.one("OrderCountNode", {"filter": {"stock": 7}}) == {"count": 2}


def test_bulk_update_by_rows_changes_each_as_its_row_says(shop: Shop) -> None:
    ids = shop.orders(*range(1500))
    rows = [{"id": order, "stock": number, "note": f"n{number}"} for number, order in enumerate(ids)]
    assert shop.one("OrderBulkUpdateNode", {"data": rows}) == {"matched": 1500, "updated": 1500}
    found = shop.one("OrderListNode", {"order_by": ["id"], "limit": None})
    assert [(order["stock"], order["note"]) for order in found] == [(n, f"n{n}") for n in range(1500)]


def test_bulk_update_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({}, ("node", "update")),
        ({"update": {"stock": 1}}, ("node", "filter")),
        ({"filter": {}, "update": {"stcok": 1}}, ("unknown-field", "update")),
        ({"filter": {"stcok": 1}, "update": {"stock": 1}}, ("filter", "filter")),
        ({"filter": {}, "update": {"stock": 1}, "data": [{"id": 1}]}, ("node", "data")),
        ({"filter": {}, "update": {"stock": 1}, "limit": 0}, ("param-type", "limit")),
        ({"data": [{"stock": 1}]}, ("value-refused", "data")),
        ({"filter": {}, "update": {"stock": 1}, "limit": 2**62}, ("param-type", "limit")),
    ]
    for params, expected in cases:
        assert shop.problem("OrderBulkUpdateNode", params) == expected, params


def test_bulk_update_of_everything_is_said_by_an_empty_filter(shop: Shop) -> None:
    shop.orders(1, 2)
    assert shop.one("OrderBulkUpdateNode", {"filter": {}, "update": {"stock": 1}})["updated"] == 2


def test_bulk_delete_by_filter_by_ids_and_of_everything(shop: Shop) -> None:
    ids = shop.orders(*range(10))
    assert shop.one("OrderBulkDeleteNode", {"filter": {"total": {"$gte": 8}}}) == {"deleted": 2}
    assert shop.one("OrderBulkDeleteNode", {"ids": ids[:3]}) == {"deleted": 3}
    assert shop.one("OrderBulkDeleteNode", {"filter": {"stock": 0}, "limit": 1}) == {"deleted": 1}
    assert shop.one("OrderBulkDeleteNode", {"filter": {}, "all": True}) == {"deleted": 4}


def test_bulk_delete_refuses_before_the_run_and_deletes_nothing(shop: Shop) -> None:
    shop.orders(1, 2)
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({}, ("node", "filter")),
        ({"filter": {}}, ("node", "filter")),
        ({"all": False}, ("node", "filter")),
        ({"filter": {"stock": 1}, "ids": [1]}, ("node", "ids")),
        ({"ids": "abc"}, ("node", "ids")),
        ({"ids": [1, "abc"]}, ("value-refused", "ids")),
        ({"ids": [None]}, ("value-refused", "ids")),
        ({"filter": {"stcok": 1}}, ("filter", "filter")),
    ]
    for params, expected in cases:
        assert shop.problem("OrderBulkDeleteNode", params) == expected, params
    assert shop.one("OrderCountNode") == {"count": 2}


def test_bulk_upsert_changes_what_is_there_and_creates_the_rest(shop: Shop) -> None:
    shop.one("CustomerBulkCreateNode", {"data": _customers(600)})
    rows = [{**row, "name": "changed"} for row in _customers(1200)]
    result = shop.one("CustomerBulkUpsertNode", {"data": rows, "return_ids": True})
    assert (result["created"], result["updated"]) == (600, 600)
    assert result["ids"] == [row["id"] for row in rows]
    assert shop.one("CustomerCountNode", {"filter": {"name": "changed"}}) == {"count": 1200}


def test_bulk_upsert_by_a_unique_field_or_skipping(shop: Shop) -> None:
    shop.one("CustomerCreateNode", {"id": "ada", "name": "Ada", "email": "a@b.c"})
    rows = [{"name": "A", "email": "a@b.c"}, {"name": "B", "email": "b@b.c"}]
    skipped = shop.one(
        "CustomerBulkUpsertNode", {"data": rows, "conflict_on": ["email"], "conflict_resolution": "skip"}
    )
    assert (skipped["created"], skipped["skipped"]) == (1, 1)
    changed = shop.one("CustomerBulkUpsertNode", {"data": rows, "conflict_on": "email"})
    assert (changed["created"], changed["updated"]) == (0, 2)
    assert shop.one("CustomerReadNode", {"id": "ada"})["name"] == "A"


def test_bulk_upsert_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({}, ("missing-param", "data")),
        ({"data": [], "conflict_on": ["name"]}, ("node", "conflict_on")),
        ({"data": [], "conflict_resolution": "upsert"}, ("param-type", "conflict_resolution")),
        ({"data": [{"nmae": "x"}]}, ("unknown-field", "data")),
    ]
    for params, expected in cases:
        assert shop.problem("CustomerBulkUpsertNode", params) == expected, params


def test_the_counts_are_ports(shop: Shop) -> None:
    seen = shop.ports(
        "CustomerBulkCreateNode", {"data": _customers(3)}, "created", "updated", "skipped", "ids"
    )
    assert seen == {"created": 3, "updated": 0, "skipped": 0, "ids": []}
    changed = shop.ports(
        "CustomerBulkUpdateNode", {"filter": {}, "update": {"name": "x"}}, "matched", "updated"
    )
    assert changed == {"matched": 3, "updated": 3}
    assert shop.ports("CustomerBulkDeleteNode", {"filter": {"name": "x"}}, "deleted") == {"deleted": 3}
