"""Filters are read against a model: shapes without values, values in canonical form, mistakes named with a remedy."""

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest

from studio.kernel.errors import FilterError, StudioError, ValueRefused
from studio.query import Filter, matches, parse_filter
from tests.unit.query.generators import NOW, THING, Colour


def read(filter: Any) -> Filter:
    return parse_filter(THING, filter, now=NOW)


def refusal(filter: Any) -> StudioError:
    with pytest.raises(StudioError) as caught:
        read(filter)
    return caught.value


# ---------------------------------------------------------------- shapes and values


@pytest.mark.parametrize("empty", [None, {}])
def test_an_empty_filter_matches_everything(empty: Any) -> None:
    assert read(empty).is_empty
    assert matches(read(empty), {})


def test_filters_that_differ_only_in_values_have_one_shape() -> None:
    first = read({"$or": [{"number": {"$gt": 1}}, {"profile.theme": "dark"}], "name": {"$in": ["a", "b"]}})
    second = read({"$or": [{"number": {"$gt": 9}}, {"profile.size": "x"}], "name": {"$in": ["c", "d", "e"]}})
    assert first.shape == second.shape
    assert hash(first.shape) == hash(second.shape)
    assert first.values != second.values


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"number": 1}, {"number": None}),
        ({"number": {"$gt": 1}}, {"number": {"$gte": 1}}),
        ({"$and": [{"number": 1}]}, {"$nor": [{"number": 1}]}),
        ({"$and": [{"number": 1}, {"count": 2}]}, {"$or": [{"number": 1}, {"count": 2}]}),
        ({"profile.a": 1}, {"profile.a": "1"}),
        ({"profile.a": 1}, {"profile.a.0": 1}),
        ({"name": {"$in": ["a"]}}, {"name": {"$in": ["a", None]}}),
    ],
)
def test_filters_that_need_other_sql_have_other_shapes(first: Any, second: Any) -> None:
    assert read(first).shape != read(second).shape


@pytest.mark.parametrize(
    ("filter", "value"),
    [
        ({"amount": 3}, Decimal(3)),
        ({"amount": {"$gt": "1.50"}}, Decimal("1.50")),
        ({"seen": "2026-01-31T13:00:00+01:00"}, NOW),
        ({"seen": {"$lt": dt.datetime(2026, 1, 31, 12, 0)}}, NOW),  # noqa: DTZ001 - a naive one is meant
        ({"token": "00000000-0000-0000-0000-000000000001"}, uuid.UUID(int=1)),
        ({"colour": Colour.RED}, "red"),
        ({"ratio": 1}, 1.0),
    ],
)
def test_values_become_those_of_their_fields(filter: Any, value: Any) -> None:
    (found,) = read(filter).values
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("now", NOW),
        ("today", dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
        ("yesterday", dt.datetime(2026, 1, 30, tzinfo=dt.UTC)),
        ("-5m", dt.datetime(2026, 1, 31, 11, 55, tzinfo=dt.UTC)),
        ("-24h", dt.datetime(2026, 1, 30, 12, tzinfo=dt.UTC)),
        ("+2w", dt.datetime(2026, 2, 14, 12, tzinfo=dt.UTC)),
        ("2026-01-01", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
        ("2026-01-01T01:00:00+01:00", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)),
    ],
)
def test_a_date_is_reckoned_from_now(said: str, meant: dt.datetime) -> None:
    assert read({"seen": {"$gte": {"$date": said}}}).values == (meant,)
    assert read({"seen": {"$date": said}}).values == (meant,)
    assert read({"born": {"$gte": {"$date": said}}}).values == (meant.date(),)


def test_relative_dates_of_one_filter_share_one_present() -> None:
    low, high = parse_filter(THING, {"seen": {"$gte": {"$date": "now"}, "$lte": {"$date": "now"}}}).values
    assert low == high


def test_a_list_means_in_and_none_means_is_null() -> None:
    assert read({"number": [1, 2]}).shape == read({"number": {"$in": [3]}}).shape
    assert read({"number": None}).shape == read({"number": {"$null": True}}).shape
    assert matches(read({"number": [1, None]}), {"number": None})


def test_documents_are_compared_as_a_whole() -> None:
    assert matches(read({"profile": {"a": {"b": [1, 2.0]}}}), {"profile": {"a": {"b": [1.0, 2]}}})
    assert not matches(read({"profile": {"a": 1}}), {"profile": {"a": 1, "b": 2}})
    assert not matches(read({"profile": {"a": 1}}), {"profile": {"a": True}})
    assert matches(read({"tags": [1, 2]}), {"tags": [1, 2]})
    assert not matches(read({"tags": [1, 2]}), {"tags": [2, 1]})


def test_a_list_field_that_is_asked_for_one_value_is_asked_whether_it_holds_it() -> None:
    assert matches(read({"tags": "a"}), {"tags": ["b", "a"]})
    assert matches(read({"tags": {"$in": ["x", "a"]}}), {"tags": ["b", "a"]})
    assert not matches(read({"tags": {"$nin": ["x", "a"]}}), {"tags": ["b", "a"]})


def test_limits_of_a_field_do_not_limit_what_it_is_compared_with() -> None:
    assert read({"price": {"$gt": Decimal("1.23456")}}).values == (Decimal("1.23456"),)


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("filter", "field", "words"),
    [
        ({"nmae": "x"}, "nmae", ["no field 'nmae'", "'name'"]),
        ({"nmae.first": "x"}, "nmae", ["no field 'nmae'", "'name'"]),
        ({"number": {"$gtt": 1}}, "number", ["no operator $gtt", "$gt"]),
        ({"number": {"gt": 1}}, "number", ["whole number"]),
        ({"number": {"$gt": 1, "lt": 2}}, "number", ["mixes"]),
        ({"$xor": []}, None, ["no operator $xor", "$or"]),
        ({"$gt": 5}, None, ["where a field's name belongs"]),
        ({"number": {"$or": [1]}}, "number", ["no operator $or", "outside"]),
        ({"$or": {"a": 1}}, None, ["list of filters"]),
        ({"$or": [5]}, None, ["mapping"]),
        ({"$not": [5]}, None, ["mapping"]),
        ({"number": "12"}, "number", ["whole number", "without quotes"]),
        ({"number": {"$in": [1, "2"]}}, "number", ["whole number"]),
        ({"number": {"$in": 1}}, "number", ["wants a list"]),
        ({"number": {"$between": [1]}}, "number", ["two values"]),
        ({"number": {"$gt": None}}, "number", ["not None"]),
        ({"number": {"$like": "1%"}}, "number", ["does not suit", "text"]),
        ({"token": {"$startswith": "1"}}, "token", ["does not suit", "$eq"]),
        ({"name": {"$like": 5}}, "name", ["wants text"]),
        ({"name": {"$like": "a\\"}}, "name", ["lone backslash"]),
        ({"name": {"$regex": "("}}, "name", ["not closed"]),
        ({"name": {"$null": "yes"}}, "name", ["true or false"]),
        ({"name": {"$size": 1}}, "name", ["does not suit"]),
        ({"tags": {"$size": "3"}}, "tags", ["whole number"]),
        ({"tags": {"$size": {"$like": "3"}}}, "tags", ["cannot be compared"]),
        ({"tags": {"$gt": [1]}}, "tags", ["no order"]),
        ({"profile.a": {"$gt": [1]}}, "profile.a", ["no order"]),
        ({"profile..a": 1}, "profile..a", ["empty part"]),
        ({"name.first": 1}, "name.first", ["nothing can be looked up"]),
        ({"profile": "x"}, "profile", ["mapping"]),
        ({"profile": {"$contains": 5}}, "profile", ["pairs"]),
        ({"profile.a": float("nan")}, "profile.a", ["finite"]),
        ({"profile.a": {"$between": [1, "2"]}}, "profile.a", ["one kind"]),
        ({"seen": {"$date": "todya"}}, "seen", ["no moment", "today"]),
        ({"alarm": {"$date": "today"}}, "alarm", ["time"]),
        ({"name": {"$not": "x"}}, "name", ["wants operators"]),
        ({"number": 2**70}, "number", ["64 bits"]),
        (["number"], None, ["mapping"]),
        ({5: 1}, None, ["no field's name"]),
        ({"colour": "rde"}, "colour", ["'red'"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_remedy(
    filter: Any, field: str | None, words: list[str]
) -> None:
    error = refusal(filter)
    assert isinstance(error, FilterError | ValueRefused)
    assert error.field == field
    assert error.hint
    for word in words:
        assert word in str(error)


def test_a_filter_that_is_nested_too_deeply_is_refused() -> None:
    filter: dict[str, Any] = {"number": 1}
    for _ in range(200):
        filter = {"$not": filter}
    assert "nested too deeply" in str(refusal(filter))
    condition: dict[str, Any] = {"$gt": 1}
    for _ in range(200):
        condition = {"$not": condition}
    assert "nested too deeply" in str(refusal({"number": condition}))


def test_a_filter_with_too_many_comparisons_is_pointed_to_in() -> None:
    error = refusal({"$or": [{"number": number} for number in range(6000)]})
    assert "$in" in error.hint


# ---------------------------------------------------------------- records that no model describes


@pytest.mark.parametrize(
    ("filter", "record", "expected"),
    [
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 0.1}, {"a": Decimal("0.1")}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": {"$gt": 1}}, {"a": "x"}, False),
        ({"a": {"$gt": "b"}}, {"a": "c"}, True),
        ({"a": {"$ne": 1}}, {}, True),
        ({"a": {"$exists": False}}, {}, True),
        ({"a.b.0": "x"}, {"a": {"b": ["x"]}}, True),
        ({"a": {"$in": [1, "x"]}}, {"a": "x"}, True),
        ({"a": {"$between": [1, 3]}}, {"a": Decimal(2)}, True),
        ({"a": {"$like": "x%"}}, {"a": "xyz"}, True),
        ({"a": {"$like": "x%"}}, {"a": 5}, False),
        ({"a": {"$size": 2}}, {"a": [1, 2]}, True),
        ({"a": {"$contains": "b"}}, {"a": "abc"}, True),
        ({"a": {"$contains": 2}}, {"a": [1, 2]}, True),
        ({"a": {"$gt": {"$date": "2026-01-01"}}}, {"a": NOW}, True),
        ({"a": "red"}, {"a": Colour.RED}, True),
        ({"a": {"x": 1}}, {"a": {"x": 1}}, True),
    ],
)
def test_records_without_a_model_are_compared_by_what_they_hold(
    filter: Any, record: Any, expected: bool
) -> None:
    assert matches(parse_filter(None, filter, now=NOW), record) is expected


@pytest.mark.parametrize("number", [Decimal("sNaN"), Decimal("NaN"), Decimal("1E400"), float("inf")])
def test_what_is_no_finite_number_is_refused_wherever_it_stands(number: Decimal | float) -> None:
    for filter in (
        {"tags": {"id": [number]}},
        {"profile.size": {"$gt": number}},
        {"number": number},
    ):
        assert refusal(filter).field in (*THING.names, "profile.size"), filter
