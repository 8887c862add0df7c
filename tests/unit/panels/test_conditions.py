"""Filters as rows of a form, and back."""

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.panels.conditions import (
    Condition,
    conditions_of,
    filter_of,
    format_value,
    operators_for,
    parse_value,
)
from studio.panels.literals import LiteralRefused

FIELD = st.sampled_from(["status", "total", "name", "profile.theme"])
PLAIN = st.one_of(st.text(), st.integers(), st.booleans(), st.decimals(allow_nan=False, allow_infinity=False))
ROW = st.one_of(
    st.builds(
        Condition, field=FIELD, operator=st.sampled_from(["$eq", "$ne", "$gt", "$lte", "$like"]), value=PLAIN
    ),
    st.builds(Condition, field=FIELD, operator=st.sampled_from(["$null", "$exists"])),
    st.builds(Condition, field=FIELD, operator=st.sampled_from(["$in", "$nin"]), value=st.lists(PLAIN)),
)


def as_set(rows):
    return sorted(repr(row) for row in rows)


@given(st.sampled_from(["and", "or"]), st.lists(ROW, max_size=5))
def test_rows_survive_being_made_a_filter(join, rows):
    filter_ = filter_of(join, rows)
    again = conditions_of(filter_)
    assert again is not None
    assert as_set(again[1]) == as_set(rows)
    if len(rows) > 1:
        assert again[0] == join


@pytest.mark.parametrize(
    ("filter_", "join", "rows"),
    [
        ({}, "and", []),
        (None, "and", []),
        ({"status": "open"}, "and", [Condition(field="status", value="open")]),
        ({"status": None}, "and", [Condition(field="status", operator="$null")]),
        ({"status": ["a", "b"]}, "and", [Condition(field="status", operator="$in", value=["a", "b"])]),
        (
            {"total": {"$gte": 1, "$lt": 9}},
            "and",
            [
                Condition(field="total", operator="$gte", value=1),
                Condition(field="total", operator="$lt", value=9),
            ],
        ),
        (
            {"$or": [{"a": 1}, {"b": {"$null": False}}]},
            "or",
            [Condition(field="a", value=1), Condition(field="b", operator="$exists")],
        ),
    ],
)
def test_a_flat_filter_is_shown_as_rows(filter_, join, rows):
    assert conditions_of(filter_) == (join, rows)


@pytest.mark.parametrize(
    "filter_",
    [
        {"$or": [{"a": 1, "b": 2}]},
        {"$not": {"a": 1}},
        {"a": {"theme": "dark"}},
        {"a": {"$not": {"$gt": 1}}},
        {"$and": [{"$or": [{"a": 1}]}]},
        {"a": {"$in": 3}},
        {"a": {"$null": "yes"}},
        [],
        "{{ x }}",
    ],
)
def test_a_filter_that_rows_cannot_show_is_left_to_the_text(filter_):
    assert conditions_of(filter_) is None


@pytest.mark.parametrize(
    ("kind", "operator"), [("vector", "$eq"), ("list", "$eq"), ("int", "$in"), ("", "$in")]
)
def test_a_plain_list_is_one_value_of_a_field_that_holds_lists(kind, operator):
    assert conditions_of({"x": [1, 2]}, {"x": kind}.__getitem__) == (
        "and",
        [Condition(field="x", operator=operator, value=[1, 2])],
    )


def test_two_conditions_of_one_operator_on_one_field_are_kept_apart():
    rows = [Condition(field="a", operator="$ne", value=1), Condition(field="a", operator="$ne", value=2)]
    assert filter_of("and", rows) == {"$and": [{"a": {"$ne": 1}}, {"a": {"$ne": 2}}]}


def test_values_are_typed_by_the_fields_kind():
    assert parse_value("decimal", "$gt", "1.50") == Decimal("1.50")
    assert parse_value("date", "$between", "2026-01-01, 2026-01-31") == [
        dt.date(2026, 1, 1),
        dt.date(2026, 1, 31),
    ]
    assert parse_value("str", "$in", "a, b") == ["a", "b"]
    assert parse_value("int", "$in", "{{ read.ids }}") == "{{ read.ids }}"
    assert parse_value("list", "$size", "2") == 2
    with pytest.raises(LiteralRefused, match="whole number"):
        parse_value("int", "$eq", "many")
    with pytest.raises(LiteralRefused, match="Two values"):
        parse_value("int", "$between", "1")


@given(st.lists(st.text()))
def test_lists_of_texts_survive_the_row(values):
    assert parse_value("str", "$in", format_value("str", "$in", values)) == values


def test_operators_follow_the_kind():
    assert "$like" in operators_for("str")
    assert "$like" not in operators_for("int")
    assert operators_for("bool") == ("$eq", "$ne", "$null", "$exists")
