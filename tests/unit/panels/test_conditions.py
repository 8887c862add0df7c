"""Filters as rows of a form, and back."""

import datetime as dt
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.panels.cell_filters import parse_cell_filter
from studio.panels.conditions import (
    Condition,
    conditions_of,
    filter_of,
    format_value,
    operators_for,
    parse_value,
)
from studio.panels.literals import LiteralRefused
from studio.panels.row_look import RowLook

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


DAY = dt.datetime(2024, 1, 31)  # noqa: DTZ001 - what is typed names no zone


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("int", "", None),
        ("int", ">=", None),
        ("int", "5", {"$eq": 5}),
        ("int", "≠ 5", {"$ne": 5}),
        ("int", "<>5", {"$ne": 5}),
        ("decimal", ">= 2.50", {"$gte": Decimal("2.50")}),
        ("int", "1..10", {"$between": [1, 10]}),
        ("int", "in 1, 2", {"$in": [1, 2]}),
        ("enum", "not in paid, open", {"$nin": ["paid", "open"]}),
        ("enum", "paid", {"$eq": "paid"}),
        ("str", "50 %", {"$ilike": "%50 \\%%"}),
        ("str", "~a_b", {"$ilike": "%a\\_b%"}),
        ("str", "= null", {"$null": True}),
        ("text", "NOT NULL", {"$null": False}),
        ("str", "=inn", {"$eq": "inn"}),
        ("datetime", "2024-01-31", {"$gte": DAY, "$lt": DAY + dt.timedelta(days=1)}),
        ("datetime", "> 2024-01-31", {"$gte": DAY + dt.timedelta(days=1)}),
        ("datetime", "< 2024-01-31", {"$lt": DAY}),
        ("date", "<= 2024-01-31", {"$lte": DAY.date()}),
        ("", "12", {"$eq": 12}),
        ("", "twelve", {"$ilike": "%twelve%"}),
    ],
)
def test_what_is_typed_above_a_column_is_a_condition(kind, text, wanted):
    assert parse_cell_filter(kind, text) == wanted


@pytest.mark.parametrize(
    ("kind", "text"), [("int", "many"), ("date", "~2024"), ("int", "in a, b"), ("date", "> soon")]
)
def test_what_cannot_be_read_above_a_column_is_refused_with_what_can(kind, text):
    with pytest.raises(LiteralRefused, match=r".{12}"):
        parse_cell_filter(kind, text)


def test_a_kept_look_comes_back_and_what_is_damaged_of_it_is_left_out():
    look = RowLook(columns=("b", "a"), hidden=("c",), order_by=("-a",), filters=(("a", "> 1"),))
    assert RowLook.of_data(json.loads(json.dumps(look.to_data()))) == look
    assert look.arranged(["a", "b", "c", "new"]) == ["b", "a", "c", "new"]
    assert RowLook.of_data({"columns": ["a", 1], "filters": [], "order_by": "a"}) == RowLook(columns=("a",))
    assert RowLook.of_data(None) == RowLook()
