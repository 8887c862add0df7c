"""What do Join and GroupBy make of lists of records?"""

import datetime as dt
from decimal import Decimal

import pytest

from studio.nodes import combining
from tests.unit.nodes.one_node import failure, ports, problem, value

PEOPLE = [{"id": 1, "name": "Ada"}, {"id": 2, "name": "Bob"}, {"id": None, "name": "Nobody"}]
ORDERS = [
    {"id": 10, "person": 1, "total": Decimal("2.50")},
    {"id": 11, "person": 1.0, "total": Decimal("3.50")},
    {"id": 12, "person": 9, "total": None},
    {"id": 13, "person": None, "total": Decimal(1)},
]
ON = {"person": "id"}


def joined(how: str) -> list[tuple[object, object]]:
    records = value("Join", left=ORDERS, right=PEOPLE, on=ON, how=how)
    return [(record["id"], record["name"]) for record in records]


# ---------------------------------------------------------------- Join


def test_each_kind_of_join_keeps_what_it_says() -> None:
    both: list[tuple[object, object]] = [(10, "Ada"), (11, "Ada")]
    assert joined("inner") == both
    assert joined("left") == [*both, (12, None), (13, None)]
    assert joined("right") == [*both, (None, "Bob"), (None, "Nobody")]
    assert joined("full") == [*both, (12, None), (13, None), (None, "Bob"), (None, "Nobody")]


def test_fields_that_both_have_are_told_apart() -> None:
    first = value("Join", left=ORDERS, right=PEOPLE, on=ON)[0]
    assert first == {"id": 10, "person": 1, "total": Decimal("2.50"), "right_id": 1, "name": "Ada"}
    first = value("Join", left=ORDERS, right=PEOPLE, on=ON, prefix="person_")[0]
    assert first["person_id"] == 1
    taken = [{"k": 1, "v": "a", "right_v": "b"}]
    assert value("Join", left=taken, right=[{"k": 1, "v": "c"}], on=["k"]) == [
        {"k": 1, "v": "a", "right_v": "b", "right_right_v": "c"}
    ]


def test_a_field_of_the_same_name_stands_once_also_where_only_the_right_has_it() -> None:
    left, right = [{"k": 1, "a": "x"}], [{"k": 1, "b": "y"}, {"k": 2, "b": "z"}]
    assert value("Join", left=left, right=right, on="k", how="full") == [
        {"k": 1, "a": "x", "b": "y"},
        {"k": 2, "a": None, "b": "z"},
    ]


def test_a_join_by_several_fields_and_by_places_in_documents() -> None:
    left = [{"a": 1, "doc": {"b": 2}}, {"a": 1, "doc": {"b": 3}}]
    right = [{"a": 1, "b": 3, "c": "yes"}]
    assert value("Join", left=left, right=right, on={"a": "a", "doc.b": "b"}) == [
        {"a": 1, "doc": {"b": 3}, "b": 3, "c": "yes"}
    ]


def test_every_pair_of_equals_is_joined_and_empty_lists_are_no_fault() -> None:
    left = [{"k": 1, "n": number} for number in range(3)]
    right = [{"k": 1, "m": number} for number in range(4)]
    assert len(value("Join", left=left, right=right, on=["k"])) == 12
    assert value("Join", left=[], right=right, on=["k"]) == []
    assert value("Join", left=left, right=[], on=["k"], how="left") == left
    assert ports("Join", {"left": left, "right": right, "on": "k"}, "first", "count") == {
        "first": {"k": 1, "n": 0, "m": 0},
        "count": 12,
    }


def test_a_join_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combining, "MOST_JOINED", 50)
    many = [{"k": 1} for _ in range(10)]
    assert "more than 50 records" in failure("Join", left=many, right=many, on=["k"]).message


def test_join_refuses_fields_that_no_record_has_and_nothing_to_join_by() -> None:
    assert failure("Join", left=ORDERS, right=PEOPLE, on={"prson": "id"}).field == "on"
    assert failure("Join", left=ORDERS, right=PEOPLE, on={"person": "idd"}).hint
    assert problem("Join", left=[], right=[], on=[]) == ("node", "on")
    assert problem("Join", left=[], right=[], on=5) == ("param-type", "on")
    assert problem("Join", left=[], right=[], on="k", how="outer") == ("param-type", "how")


# ---------------------------------------------------------------- GroupBy

SALES = [
    {"who": "ada", "n": 1, "price": Decimal("0.10"), "ratio": 0.1, "on": dt.date(2025, 1, 1), "took": dt.timedelta(1)},
    {"who": "bob", "n": 2, "price": Decimal("0.20"), "ratio": 0.2, "on": dt.date(2025, 1, 2), "took": None},
    {"who": "ada", "n": 5, "price": None, "ratio": 0.3, "on": None, "took": dt.timedelta(2)},
]  # fmt: skip


def figure(function: str, field: str, **params: object) -> object:
    (group,) = value("GroupBy", records=SALES, aggregate={"it": {function: field}}, **params)
    return group["it"]


@pytest.mark.parametrize(
    ("function", "field", "expected"),
    [
        ("$sum", "n", 8),
        ("$sum", "price", Decimal("0.30")),
        ("$sum", "ratio", 0.6),
        ("$sum", "took", dt.timedelta(3)),
        ("$avg", "n", 8 / 3),
        ("$avg", "price", Decimal("0.15")),
        ("$min", "on", dt.date(2025, 1, 1)),
        ("$max", "who", "bob"),
        ("$max", "price", Decimal("0.20")),
        ("$count", "*", 3),
        ("$count", "price", 2),
        ("$count_distinct", "who", 2),
        ("$sum", "$n", 8),
    ],
)
def test_figures_leave_nulls_out_and_are_exact(function: str, field: str, expected: object) -> None:
    result = figure(function, field)
    assert (type(result), result) == (type(expected), pytest.approx(expected) if field == "n" else expected)


def test_the_spread_is_that_of_a_sample() -> None:
    assert figure("$stddev", "n") == pytest.approx(2.0816659994661326)
    assert value("GroupBy", records=SALES[:1], aggregate={"it": {"$stddev": "n"}}) == [{"it": None}]


def test_groups_come_in_the_order_of_their_first_record_or_as_asked() -> None:
    params = {"records": SALES, "group_by": ["who"], "aggregate": {"n": {"$sum": "n"}, "twice": {"$sum": 2}}}
    ada, bob = {"who": "ada", "n": 6, "twice": 4}, {"who": "bob", "n": 2, "twice": 2}
    assert value("GroupBy", **params) == [ada, bob]
    assert value("GroupBy", **params, order_by=["n"]) == [bob, ada]
    assert value("GroupBy", **params, having={"n": {"$gt": 2}}) == [ada]
    assert ports("GroupBy", params, "first", "count") == {"first": ada, "count": 2}


def test_nothing_is_one_group_unless_it_is_parted() -> None:
    aggregate = {"n": {"$count": "*"}, "sum": {"$sum": "x"}, "avg": {"$avg": "x"}, "max": {"$max": "x"}}
    assert value("GroupBy", records=[], aggregate=aggregate) == [{"n": 0, "sum": 0, "avg": None, "max": None}]
    assert value("GroupBy", records=[], aggregate=aggregate, group_by=["y"]) == []
    assert value("GroupBy", records=SALES, group_by="who") == [{"who": "ada"}, {"who": "bob"}]


def test_groupby_refuses_values_that_do_not_add_up_with_their_row() -> None:
    error = failure("GroupBy", records=[{"x": 1}, {"x": "1"}], aggregate={"s": {"$sum": "x"}})
    assert (error.field, error.row) == ("aggregate", 2)
    assert failure("GroupBy", records=SALES, group_by=["whom"]).field == "group_by"
    assert failure("GroupBy", records=SALES, aggregate={"s": {"$sum": "totl"}}).field == "aggregate"
    assert failure("GroupBy", records=[{"x": float("inf")}], aggregate={"s": {"$sum": "x"}}).row == 1
    far: list[dict[str, object]] = [
        {"x": 1.7e308, "t": dt.timedelta.max},
        {"x": 1.6e308, "t": dt.timedelta.max},
    ]
    assert "what a float can hold" in failure("GroupBy", records=far, aggregate={"s": {"$sum": "x"}}).message
    assert failure("GroupBy", records=far, aggregate={"s": {"$sum": "t"}}).row == 2
    # The mean of what is added up to the last digit is there.
    assert value("GroupBy", records=far, aggregate={"s": {"$avg": "x"}}) == [{"s": 1.65e308}]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ("missing-param", "group_by")),
        ({"aggregate": {"s": {"$smu": "n"}}}, ("node", "aggregate")),
        ({"aggregate": {"s": "n"}}, ("node", "aggregate")),
        ({"aggregate": {"s": {"$avg": 1}}}, ("node", "aggregate")),
        ({"group_by": ["who"], "order_by": ["-n"]}, ("unknown-field", "order_by")),
        ({"group_by": ["who"], "aggregate": {"who": {"$count": "*"}}}, ("field-twice", "aggregate")),
    ],
    ids=str,
)
def test_groupby_refuses_before_the_run(params: dict[str, object], expected: tuple[str, str]) -> None:
    assert problem("GroupBy", records=SALES, **params) == expected
