"""What do Update and Delete give and refuse?"""

from decimal import Decimal
from typing import Any

import pytest

from studio.kernel.errors import (
    BadValue,
    DuplicateKey,
    ForeignKeyViolated,
    ManyRecordsMatched,
    RecordNotFound,
)
from tests.conformance.shop import Shop, Status


@pytest.mark.parametrize(
    "params",
    [
        {"filter": {"id": "ada"}, "fields": {"name": "Ada L."}},
        {"conditions": {"id": "ada"}, "data": {"name": "Ada L."}},
        {"conditions": {"name": "ada"}, "update": {"name": "Ada L."}},
        {"id": "ada", "fields": {"name": "Ada L."}},
        {"id": "ada", "name": "Ada L."},
        {"filter": {"id": "ada"}, "name": "Ada L."},
        {"id": "ada", "fields": {"$set": {"name": "Ada L."}}},
    ],
    ids=str,
)
def test_update_takes_each_of_its_forms_and_gives_the_record_after(
    shop: Shop, params: dict[str, object]
) -> None:
    shop.customers("ada", "bob")
    before = shop.one("CustomerReadNode", {"id": "ada"})
    after = shop.one("CustomerUpdateNode", params)
    assert after == {**before, "name": "Ada L.", "updated_at": after["updated_at"]}
    assert after["updated_at"] >= before["updated_at"]
    assert shop.one("CustomerReadNode", {"id": "ada"}) == after
    assert shop.one("CustomerReadNode", {"id": "bob"})["name"] == "bob"


def test_update_operators_run_in_the_database(shop: Shop) -> None:
    (order,) = shop.orders(10)
    changed = shop.one(
        "OrderUpdateNode",
        {"id": order, "fields": {"stock": {"$inc": 5}, "total": {"$multiply": Decimal("0.9")}, "note": "x"}},
    )
    assert (changed["stock"], changed["total"], changed["note"]) == (5, Decimal(9), "x")
    assert shop.one("OrderUpdateNode", {"id": order, "stock": {"$max": 9}})["stock"] == 9
    assert shop.one("OrderUpdateNode", {"id": order, "fields": {"note": {"$unset": True}}})["note"] is None


def test_reckoning_that_a_field_cannot_hold_is_refused_by_its_name_and_changes_nothing(shop: Shop) -> None:
    (order,) = shop.orders(10)
    shop.one("OrderUpdateNode", {"id": order, "stock": 2**62})
    before = shop.one("OrderReadNode", {"id": order})
    for type_name, way in (("OrderUpdateNode", "fields"), ("OrderBulkUpdateNode", "update")):
        error = shop.refusal(type_name, {"filter": {"id": order}, way: {"stock": {"$multiply": 2}}})
        assert isinstance(error, BadValue)
        assert error.field == "stock"
    (other,) = shop.orders(1)
    shop.one("OrderUpdateNode", {"id": other, "stock": 2**62})
    error = shop.refusal(
        "OrderAggregateNode", {"aggregate": {"all": {"$sum": "stock"}, "n": {"$count": "*"}}}
    )
    assert (error.code, error.field) == ("bad-value", "stock")
    for type_name, way in (("OrderUpdateNode", "fields"), ("OrderBulkUpdateNode", "update")):
        if shop.db.database.dialect == "mysql":
            # What its column would make 0 of, or round, is refused as in a row.
            for change in ("$set", "$inc", "$multiply", "$max"):
                tiny = {"total": {change: Decimal("1e-40")}}
                error = shop.refusal(type_name, {"filter": {"id": order}, way: tiny})
                assert (error.code, error.field) == ("value-refused", "total")
    assert shop.one("OrderReadNode", {"id": order}) == before


def test_a_path_changes_one_place_of_a_document(shop: Shop) -> None:
    shop.one(
        "CustomerCreateNode", {"id": "ada", "name": "Ada", "profile": {"look": {"theme": "light"}, "n": 1}}
    )
    fields = {
        "profile.look.theme": "dark",
        "profile.seen": "{{ 1 + 1 }}",
        "profile.n": {"$inc": 1},
        "profile.text": {"$literal": "{{ x }}"},
    }
    changed = shop.one("CustomerUpdateNode", {"id": "ada", "fields": fields})
    assert changed["profile"] == {"look": {"theme": "dark"}, "n": 2, "seen": 2, "text": "{{ x }}"}


def test_text_in_braces_is_found_and_stored_when_it_is_meant_literally(shop: Shop) -> None:
    shop.one("CustomerCreateNode", {"id": "ada", "name": {"$literal": "{{ x }}"}})
    found = shop.one("CustomerListNode", {"filter": {"name": {"$literal": "{{ x }}"}}})
    assert [record["name"] for record in found] == ["{{ x }}"]


def test_list_operators_change_a_list_in_place(shop: Shop) -> None:
    shop.one("CustomerCreateNode", {"id": "ada", "name": "Ada", "tags": ["a"]})
    assert shop.one("CustomerUpdateNode", {"id": "ada", "tags": {"$push": "b"}})["tags"] == ["a", "b"]
    assert shop.one("CustomerUpdateNode", {"id": "ada", "tags": {"$pull": "a"}})["tags"] == ["b"]


def test_a_null_can_be_written(shop: Shop) -> None:
    shop.one("CustomerCreateNode", {"id": "ada", "name": "Ada", "email": "a@b.c"})
    assert shop.one("CustomerUpdateNode", {"id": "ada", "email": None})["email"] is None


def test_update_of_nothing_fails_or_gives_none_as_wished(shop: Shop) -> None:
    error = shop.refusal("CustomerUpdateNode", {"id": "u-9", "name": "x"})
    assert isinstance(error, RecordNotFound)
    quiet = {"id": "u-9", "name": "x", "if_missing": "null"}
    assert shop.one("CustomerUpdateNode", quiet) is None
    assert shop.ports("CustomerUpdateNode", quiet, "found", "name") == {"found": False, "name": None}


@pytest.mark.parametrize(
    ("type_name", "rest", "instead"),
    [("OrderUpdateNode", {"fields": {"stock": 1}}, "BulkUpdate"), ("OrderDeleteNode", {}, "BulkDelete")],
)
def test_several_matches_are_refused_with_their_number(
    shop: Shop, type_name: str, rest: dict[str, object], instead: str
) -> None:
    shop.orders(1, 2, 3)
    before = shop.one("OrderListNode")
    error = shop.refusal(type_name, {"filter": {"stock": 0}, **rest})
    assert isinstance(error, ManyRecordsMatched)
    assert "3" in error.message
    assert instead in error.hint
    assert shop.one("OrderListNode") == before


def test_update_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"fields": {"name": "x"}}, ("missing-param", "id")),
        ({"id": "a"}, ("missing-param", "fields")),
        ({"id": "a", "fields": {}}, ("missing-param", "fields")),
        ({"id": "a", "fields": {"nmae": "x"}}, ("unknown-field", "fields")),
        ({"id": "a", "fields": {"updated_at": "x"}}, ("managed-field", "fields")),
        ({"id": "a", "updated_at": "x"}, ("managed-field", "updated_at")),
        ({"id": "a", "fields": {"name": 5}}, ("value-refused", "fields")),
        ({"id": "a", "name": {"$inc": 5}}, ("filter", "fields")),
        ({"id": "a", "fields": {"name": {"$icn": 5}}}, ("filter", "fields")),
        ({"id": "a", "fields": {"prfile.theme": "dark"}}, ("unknown-field", "fields")),
        ({"id": "a", "fields": {"prfile.theme": "{{ 1 + 1 }}"}}, ("unknown-field", "fields")),
        ({"id": "a", "fields": {"name.first": "Ada"}}, ("filter", "fields")),
        ({"id": "a", "fields": {"profile.": "dark"}}, ("filter", "fields")),
        ({"id": "a", "fields": {"profile.a": 1, "profile": {}}}, ("filter", "fields")),
        ({"id": "a", "fields": {"name": "x"}, "data": {"name": "y"}}, ("given-twice", "data")),
    ]
    for params, expected in cases:
        assert shop.problem("CustomerUpdateNode", params) == expected, params


def test_update_to_a_taken_unique_value_changes_nothing(shop: Shop) -> None:
    shop.one("CustomerCreateNode", {"id": "ada", "name": "Ada", "email": "a@b.c"})
    bob = shop.one("CustomerCreateNode", {"id": "bob", "name": "Bob", "email": "b@b.c"})
    error = shop.refusal("CustomerUpdateNode", {"id": "bob", "email": "a@b.c"})
    assert isinstance(error, DuplicateKey)
    assert error.field == "email"
    assert shop.one("CustomerReadNode", {"id": "bob"}) == bob


def test_delete_says_what_went_and_shows_the_record(shop: Shop) -> None:
    shop.customers("ada", "bob")
    assert shop.one("CustomerDeleteNode", {"id": "ada"}) == {"deleted": 1, "id": "ada"}
    seen = shop.ports("CustomerDeleteNode", {"filter": {"name": "bob"}}, "deleted", "record")
    assert seen["deleted"] == 1
    assert seen["record"]["name"] == "bob"
    assert shop.one("CustomerCountNode") == {"count": 0}


def test_delete_of_nothing_fails_or_says_so_as_wished(shop: Shop) -> None:
    assert isinstance(shop.refusal("CustomerDeleteNode", {"id": "u-9"}), RecordNotFound)
    assert shop.one("CustomerDeleteNode", {"id": "u-9", "if_missing": "null"}) == {"deleted": 0, "id": "u-9"}


def test_a_record_that_others_refer_to_is_not_deleted(shop: Shop) -> None:
    shop.orders(1)
    assert isinstance(shop.refusal("CustomerDeleteNode", {"id": "ada"}), ForeignKeyViolated)
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_an_enum_is_updated_by_member_and_by_text(shop: Shop) -> None:
    (order,) = shop.orders(1)
    assert shop.one("OrderUpdateNode", {"id": order, "status": Status.PAID})["status"] is Status.PAID
    assert shop.one("OrderUpdateNode", {"id": order, "status": "pending"})["status"] is Status.PENDING
