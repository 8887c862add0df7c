"""What do Create and Read give and refuse?"""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from studio.kernel.errors import DuplicateKey, ForeignKeyViolated, ManyRecordsMatched, RecordNotFound
from tests.conformance.shop import EVERYTHING, Shop, Status


def test_create_gives_the_stored_record_with_defaults_and_timestamps(shop: Shop) -> None:
    before = dt.datetime.now(dt.UTC)
    record = shop.one("CustomerCreateNode", {"id": "ada", "name": "Ada"})
    assert list(record) == ["id", "name", "email", "tags", "profile", "created_at", "updated_at"]
    assert (record["id"], record["name"], record["email"]) == ("ada", "Ada", None)
    assert before - dt.timedelta(seconds=1) <= record["created_at"] == record["updated_at"]
    assert record["created_at"].tzinfo is dt.UTC
    assert shop.one("CustomerReadNode", {"id": "ada"}) == record


def test_an_omitted_text_id_is_a_uuid_and_an_omitted_whole_id_counts_up(shop: Shop) -> None:
    customer = shop.one("CustomerCreateNode", {"name": "Ada"})
    assert uuid.UUID(customer["id"]).version == 4
    ids = [shop.one("OrderCreateNode", {"customer_id": customer["id"]})["id"] for _ in range(3)]
    assert ids == [ids[0], ids[0] + 1, ids[0] + 2]


def test_a_text_id_is_kept_letter_for_letter(shop: Shop) -> None:
    for key in ("007", "a b'c", "ÄÖ", " x ", "{{", "$eq"):
        assert shop.one("CustomerCreateNode", {"id": key, "name": "x"})["id"] == key
        assert shop.one("CustomerReadNode", {"id": key})["id"] == key


def test_every_kind_of_value_comes_back_equal_and_of_the_same_type(shop: Shop) -> None:
    created = shop.one("EverythingCreateNode", EVERYTHING)
    read = shop.one("EverythingReadNode", {"id": EVERYTHING["id"]})
    for record in (created, read):
        for name, value in EVERYTHING.items():
            assert record[name] == value, name
            assert type(record[name]) is type(value), name


def test_text_that_looks_like_sql_is_stored_unchanged(shop: Shop) -> None:
    texts = [
        "SELECT * FROM users",
        "'; drop table orders; --",
        "/* x */",
        "exec(x)",
        "OR 1=1",
        "${a.b}",
        "{{",
    ]
    for text in texts:
        created = shop.one("CustomerCreateNode", {"name": text})
        assert created["name"] == text
        assert shop.one("CustomerListNode", {"filter": {"name": text}}) == [created]


def test_a_text_that_is_an_expression_is_stored_with_literal(shop: Shop) -> None:
    assert shop.one("CustomerCreateNode", {"name": {"$literal": "{{ x }}"}})["name"] == "{{ x }}"


def test_create_has_a_port_for_each_field_and_for_the_record(shop: Shop) -> None:
    seen = shop.ports("CustomerCreateNode", {"id": "ada", "name": "Ada"}, "id", "name", "email", "record")
    assert (seen["id"], seen["name"], seen["email"]) == ("ada", "Ada", None)
    assert seen["record"]["name"] == "Ada"


def test_fields_called_like_parts_of_a_node_have_an_underscore_there(shop: Shop) -> None:
    shop.one("SensorCreateNode", {"id": "s", "filter": "f", "error": "e", "record": "r", "data": 4})
    seen = shop.ports("SensorReadNode", {"id": "s"}, "filter", "error_", "record_", "data", "record")
    assert (seen["filter"], seen["error_"], seen["record_"], seen["data"]) == ("f", "e", "r", 4)
    assert seen["record"]["record"] == "r"
    updated = shop.one("SensorUpdateNode", {"id": "s", "filter_": "g", "data": 5})
    assert (updated["filter"], updated["data"]) == ("g", 5)
    rows = [{"id": "t", "data": 1}]
    assert shop.one("SensorBulkCreateNode", {"data": rows, "filter": "h"})["created"] == 1
    assert shop.one("SensorReadNode", {"id": "t"})["filter"] == "h"


def test_create_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({"name": "x", "emial": "y"}, ("unknown-param", "emial")),
        ({}, ("missing-param", "name")),
        ({"name": "x", "created_at": "now"}, ("managed-field", "created_at")),
        ({"name": 5}, ("param-type", "name")),
        ({"name": None}, ("param-type", "name")),
        ({"name": "x", "tags": [1]}, ("value-refused", "tags")),
        ({"name": "x", "profile": [1]}, ("param-type", "profile")),
        ({"name": "x", "model_name": "Order"}, ("wrong-model", "model_name")),
        ({"name": "x", "db_instance": "other"}, ("unknown-connection", "db_instance")),
        ({"name": "x", "timeout_s": -1}, ("param-type", "timeout_s")),
        ({"name": "x", "retries": "many"}, ("param-type", "retries")),
    ]
    for params, expected in cases:
        assert shop.problem("CustomerCreateNode", params) == expected, params
    assert shop.one("CustomerCountNode") == {"count": 0}


def test_a_near_miss_is_named(shop: Shop) -> None:
    assert "'email'" in str(shop.refusal("CustomerCreateNode", {"name": "x", "emial": "y"}))
    assert "'CustomerCreateNode'" in str(shop.refusal("CustomrCreateNode", {"name": "x"}))


def test_instance_and_model_may_be_named_on_every_node(shop: Shop) -> None:
    named = {"db_instance": "shop", "model_name": "Customer"}
    assert shop.one("CustomerCreateNode", {**named, "id": "a", "name": "x"})["id"] == "a"
    assert shop.one("CustomerListNode", named)[0]["id"] == "a"
    assert shop.one("CustomerBulkDeleteNode", {**named, "ids": ["a"]}) == {"deleted": 1}


def test_a_second_record_with_a_unique_value_names_field_and_value(shop: Shop) -> None:
    shop.one("CustomerCreateNode", {"name": "Ada", "email": "a@b.c"})
    error = shop.refusal("CustomerCreateNode", {"name": "Eve", "email": "a@b.c"})
    assert isinstance(error, DuplicateKey)
    assert error.field == "email"
    assert "a@b.c" in error.message
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_a_reference_that_leads_nowhere_is_refused(shop: Shop) -> None:
    error = shop.refusal("OrderCreateNode", {"customer_id": "nobody"})
    assert isinstance(error, ForeignKeyViolated)
    assert shop.one("OrderCountNode") == {"count": 0}


def test_read_finds_by_id_by_filter_and_by_conditions(shop: Shop) -> None:
    shop.customers("ada", "bob")
    for params in ({"id": "bob"}, {"filter": {"name": "bob"}}, {"conditions": {"name": {"$regex": "^b"}}}):
        assert shop.one("CustomerReadNode", params)["id"] == "bob"


def test_read_of_nothing_fails_or_gives_none_as_wished(shop: Shop) -> None:
    error = shop.refusal("CustomerReadNode", {"id": "u-9"})
    assert isinstance(error, RecordNotFound)
    assert "'u-9'" in error.message
    assert shop.one("CustomerReadNode", {"id": "u-9", "if_missing": "null"}) is None
    seen = shop.ports("CustomerReadNode", {"id": "u-9", "if_missing": "null"}, "found", "record", "name")
    assert seen == {"found": False, "record": None, "name": None}


def test_read_refuses_a_filter_that_several_match(shop: Shop) -> None:
    shop.customers("ada", "bob")
    error = shop.refusal("CustomerReadNode", {"filter": {"name": {"$ne": "x"}}})
    assert isinstance(error, ManyRecordsMatched)


def test_read_refuses_before_the_run(shop: Shop) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, str]]] = [
        ({}, ("missing-param", "id")),
        ({"id": "a", "filter": {"name": "a"}}, ("two-selections", "id")),
        ({"filter": {"nmae": "a"}}, ("filter", "filter")),
        ({"filter": {"name": {"$qe": "a"}}}, ("filter", "filter")),
        ({"filter": "name"}, ("param-type", "filter")),
        ({"id": 5}, ("param-type", "id")),
        ({"id": "a", "if_missing": "ignore"}, ("param-type", "if_missing")),
    ]
    for params, expected in cases:
        assert shop.problem("CustomerReadNode", params) == expected, params


def test_a_generated_value_may_be_given_and_an_enum_by_its_text(shop: Shop) -> None:
    shop.customers("ada")
    order = shop.one("OrderCreateNode", {"id": 70, "customer_id": "ada", "total": "12.50", "status": "paid"})
    assert (order["id"], order["total"], order["status"]) == (70, Decimal("12.50"), Status.PAID)
    assert shop.one("OrderCreateNode", {"customer_id": "ada"})["id"] == 71
