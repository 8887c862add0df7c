"""What do Select, Sort, Limit and Distinct make of records?"""

import datetime as dt
import enum
import random
from decimal import Decimal

import pytest

from tests.unit.nodes.one_node import failure, ports, problem, value

ORDERS = [
    {"id": 1, "total": 30, "customer": {"name": "bob"}, "note": None},
    {"id": 2, "total": 10, "customer": {"name": "ada"}, "note": "x"},
    {"id": 3, "total": 30, "customer": {"name": "ada"}, "note": "a"},
]


class Status(enum.Enum):
    OPEN = "open"


# ---------------------------------------------------------------- Select


def test_select_keeps_fields_in_the_order_named_and_takes_values_out_of_documents() -> None:
    assert value("Select", records=ORDERS, fields=["customer.name", "id"])[0] == {
        "customer.name": "bob",
        "id": 1,
    }
    assert list(value("Select", records=ORDERS, fields=["total", "id"])[0]) == ["total", "id"]


def test_select_renames_and_drops() -> None:
    assert value("Select", records=ORDERS[:1], drop=["note", "customer"], rename={"total": "amount"}) == [
        {"id": 1, "amount": 30}
    ]
    assert value("Select", records=ORDERS[:1], fields=["id"], rename={"customer.name": "name"}) == [
        {"id": 1, "name": "bob"}
    ]
    renamed = value("Select", records=ORDERS[:1], rename={"customer.name": "name"})
    assert renamed == [{**ORDERS[0], "name": "bob"}]


def test_select_makes_one_record_of_one_and_null_of_what_a_record_lacks() -> None:
    assert value("Select", records={"id": 1, "x": 2}, fields=["id"]) == {"id": 1}
    assert value("Select", records=[{"id": 1}, {"id": 2, "x": 3}], fields=["x"]) == [{"x": None}, {"x": 3}]
    assert ports("Select", {"records": ORDERS, "fields": ["id"]}, "record", "count") == {
        "record": {"id": 1},
        "count": 3,
    }


def test_select_of_many_records_is_the_same_as_of_few() -> None:
    many = [{"id": number, "x": 0} for number in range(5000)]
    assert value("Select", records=many, fields=["id"]) == [{"id": number} for number in range(5000)]


def test_select_refuses_a_field_that_no_record_has_and_what_is_no_record() -> None:
    error = failure("Select", records=ORDERS, fields=["totl"])
    assert "No record has a field 'totl'" in error.message
    assert "total" in error.hint
    error = failure("Select", records=[{"id": 1}, 5], fields=["id"])
    assert (error.field, error.row) == ("records", 2)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ("missing-param", "fields")),
        ({"fields": ["id"], "drop": ["total"]}, ("two-selections", "drop")),
        ({"fields": ["id", "id"]}, ("field-twice", "fields")),
        ({"rename": {"a": "x", "b": "x"}}, ("field-twice", "rename")),
        ({"fields": ["id", "total"], "rename": {"total": "id"}}, ("field-twice", "rename")),
    ],
    ids=str,
)
def test_select_refuses_before_the_run(params: dict[str, object], expected: tuple[str, str]) -> None:
    assert problem("Select", records=ORDERS, **params) == expected


# ---------------------------------------------------------------- Sort


def test_sort_orders_by_several_fields_and_keeps_equals_as_they_were() -> None:
    assert [order["id"] for order in value("Sort", records=ORDERS, order_by=["-total"])] == [1, 3, 2]
    by_name = value("Sort", records=ORDERS, order_by=["customer.name", "-id"])
    assert [order["id"] for order in by_name] == [3, 2, 1]
    assert ports("Sort", {"records": ORDERS, "order_by": "total"}, "first", "count") == {
        "first": ORDERS[1],
        "count": 3,
    }


def test_what_is_empty_comes_last_and_first_when_descending() -> None:
    assert [order["id"] for order in value("Sort", records=ORDERS, order_by=["note"])] == [3, 2, 1]
    assert [order["id"] for order in value("Sort", records=ORDERS, order_by=["-note"])] == [1, 2, 3]


def test_values_of_every_kind_have_a_place() -> None:
    values = [
        True, 1, Decimal("1.5"), 2.5, float("nan"), "a", Status.OPEN, dt.date(2025, 1, 1),
        dt.datetime(2025, 1, 1, 1, tzinfo=dt.UTC), dt.datetime(2025, 1, 1, 2), dt.time(1), dt.timedelta(1), b"x", [1], None,  # noqa: DTZ001 - naive ones exist
    ]  # fmt: skip
    shuffled = list(values)
    random.Random(7).shuffle(shuffled)  # noqa: S311 - any order will do
    ordered = value("Sort", records=[{"v": one} for one in shuffled], order_by=["v"])
    assert [record["v"] for record in ordered][:4] == values[:4]
    assert [repr(record["v"]) for record in ordered] == [repr(one) for one in values]


def test_many_records_are_sorted_as_few_are() -> None:
    numbers = list(range(12_000))
    random.Random(3).shuffle(numbers)  # noqa: S311 - any order will do
    records = [{"n": number // 3, "at": place} for place, number in enumerate(numbers)]
    for order_by, descends in ((["n"], False), (["-n"], True)):
        expected = sorted(records, key=lambda record: record["n"], reverse=descends)
        assert value("Sort", records=records, order_by=order_by) == expected


def test_sort_refuses_a_direction_that_is_none_and_an_unknown_field() -> None:
    assert problem("Sort", records=ORDERS, order_by=["total downwards"]) == ("filter", "order_by")
    assert problem("Sort", records=ORDERS) == ("missing-param", "order_by")
    assert failure("Sort", records=ORDERS, order_by=["-totl"]).field == "order_by"


# ---------------------------------------------------------------- Limit


@pytest.mark.parametrize(
    ("params", "taken", "has_more"),
    [
        ({"limit": 2}, [0, 1], True),
        ({"limit": 2, "offset": 4}, [4], False),
        ({"offset": 3}, [3, 4], False),
        ({"limit": 5}, [0, 1, 2, 3, 4], False),
        ({"limit": 0}, [], True),
        ({"offset": 9}, [], False),
    ],
    ids=str,
)
def test_limit_takes_a_part_and_says_whether_more_follow(
    params: dict[str, int], taken: list[int], has_more: bool
) -> None:
    records = [{"n": number} for number in range(5)]
    seen = ports("Limit", {"records": records, **params}, "records", "count", "first", "has_more")
    assert [record["n"] for record in seen["records"]] == taken
    assert (seen["count"], seen["has_more"]) == (len(taken), has_more)
    assert seen["first"] == (records[taken[0]] if taken else None)


def test_limit_refuses_what_is_less_than_nothing() -> None:
    assert problem("Limit", records=[], limit=-1) == ("param-type", "limit")


# ---------------------------------------------------------------- Distinct


def test_distinct_keeps_the_first_or_the_last_of_those_that_are_the_same() -> None:
    for keep, ids, others in (("first", [1, 2], [3]), ("last", [2, 3], [1])):
        params = {"records": ORDERS, "fields": ["total"], "keep": keep}
        seen = ports("Distinct", params, "records", "duplicates", "count")
        assert [order["id"] for order in seen["records"]] == ids
        assert [order["id"] for order in seen["duplicates"]] == others
        assert seen["count"] == 2


def test_values_are_the_same_by_what_they_mean() -> None:
    same = [{"v": 1}, {"v": 1.0}, {"v": Decimal("1.00")}]
    assert value("Distinct", records=same) == same[:1]
    assert value("Distinct", records=[{"v": 0.1}, {"v": Decimal("0.1")}]) == [{"v": 0.1}]
    assert len(value("Distinct", records=[{"v": 1}, {"v": True}, {"v": "1"}, {"v": None}, {}])) == 5
    assert value("Distinct", records=[{"v": Status.OPEN}, {"v": "open"}]) == [{"v": Status.OPEN}]
    assert len(value("Distinct", records=[{"v": [1, {"a": 2}]}, {"v": (1, {"a": 2.0})}])) == 1
    assert value("Distinct", records=["a", "b", "a"]) == ["a", "b"]


def test_distinct_by_a_place_in_a_document() -> None:
    kept = value("Distinct", records=ORDERS, fields=["customer.name"])
    assert [order["id"] for order in kept] == [1, 2]
    assert failure("Distinct", records=ORDERS, fields=["custmer.name"]).field == "fields"
