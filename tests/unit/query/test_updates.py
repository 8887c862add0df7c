"""Updates are read against a model: two spellings, operators that suit their fields, mistakes named with a remedy."""

from decimal import Decimal
from typing import Any

import pytest

from studio.database.plans import ModelPlans, dialect_named
from studio.database.statements import parse_changes
from studio.kernel.errors import FilterError, StudioError
from studio.query import Update, parse_update
from studio.query.document_changes import grown, pulled, pushed, set_at, unset_at
from studio.query.updates import Step
from tests.unit.query.generators import NOW, THING


def read(doc: Any) -> Update:
    return parse_update(THING, doc, now=NOW)


def test_both_spellings_of_an_operator_are_one_update() -> None:
    assert read({"number": {"$inc": 2}, "name": "x"}) == read({"$inc": {"number": 2}, "$set": {"name": "x"}})
    assert read({"seen": {"$now": True}}) == read({"$now": ["seen"]})
    assert read({"name": {"$unset": True}}) == read({"$unset": {"name": ""}})


def test_an_update_tells_its_fields_and_keeps_values_apart() -> None:
    update = read({"profile.theme": "dark", "number": {"$inc": 1}, "profile.size": 3})
    assert update.fields == ("profile", "number")
    assert update.values == ("dark", ("theme",), 1, 3, ("size",))
    assert update.shape == read({"profile.a": 1, "number": {"$inc": 9}, "profile.b": 2}).shape
    assert hash(update.shape) == hash(update.steps)


def test_now_is_written_as_the_kind_of_its_field() -> None:
    assert read({"seen": {"$now": True}}).values == (NOW,)
    assert read({"born": {"$now": True}}).values == (NOW.date(),)
    assert read({"profile.at": {"$now": True}}).values[0] == NOW.isoformat()


def test_operands_become_those_of_their_fields() -> None:
    assert read({"price": {"$multiply": 0.9}}).values == (Decimal("0.9"),)
    assert read({"number": {"$inc": 2.0}}).values == (2,)
    assert read({"tags": {"$push": {"$each": [1, 2]}}}).values == ([1, 2],)
    assert read({"profile": {"$set": {"a": 1}}}).steps == (Step("profile", "set", 0),)


@pytest.mark.parametrize(
    ("doc", "field", "words"),
    [
        ({"nmae": 1}, "nmae", ["no field 'nmae'", "'name'"]),
        ({"number": {"$incr": 1}}, "number", ["no update operator $incr", "$inc"]),
        ({"$incr": {"number": 1}}, None, ["no update operator $incr", "$inc"]),
        ({"created_at": NOW}, "created_at", ["kept by Studio"]),
        ({"$now": ["updated_at"]}, "updated_at", ["kept by Studio"]),
        ({"number": 1, "$inc": {"number": 1}}, "number", ["changed twice"]),
        ({"profile": {}, "profile.a": 1}, "profile.a", ["changed twice"]),
        ({"profile.a": 1, "profile.a.b": 1}, "profile.a.b", ["changed twice"]),
        ({"number": {"$inc": 1, "$max": 2}}, "number", ["at once"]),
        ({"number": {"$inc": 1, "x": 2}}, "number", ["mixes"]),
        ({"name": {"$inc": 1}}, "name", ["does not suit", "numbers"]),
        ({"number": {"$inc": 0.5}}, "number", ["whole number"]),
        ({"number": {"$inc": float("nan")}}, "number", ["whole number"]),
        ({"number": {"$inc": "1"}}, "number", ["whole number"]),
        ({"number": {"$inc": None}}, "number", ["not None"]),
        ({"lasted": {"$multiply": 2}}, "lasted", ["does not suit"]),
        ({"name": {"$push": 1}}, "name", ["does not suit", "lists"]),
        ({"active": {"$max": True}}, "active", ["does not suit"]),
        ({"name": {"$now": True}}, "name", ["does not suit"]),
        ({"count": {"$unset": True}}, "count", ["must have a value"]),
        ({"count": None}, "count", ["must have a value"]),
        ({"number": "x"}, "number", ["whole number"]),
        ({"price": Decimal(99999999999)}, "price", []),
        ({"number.x": 1}, "number.x", ["leads nowhere"]),
        ({"profile..x": 1}, "profile..x", ["empty part"]),
        ({"profile.x": {"$inc": "1"}}, "profile.x", ["wants a number"]),
        ({"profile.x": {"$max": 1}}, "profile.x", ["does not suit"]),
        ({"name": {"$unset": False}}, "name", ["wants true"]),
        ({"tags": {"$push": {"$each": 5}}}, "tags", ["wants a list"]),
        (["number"], None, ["mapping"]),
        ({"$inc": 5}, None, ["mapping of fields"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_remedy(
    doc: Any, field: str | None, words: list[str]
) -> None:
    with pytest.raises(StudioError) as caught:
        read(doc)
    assert caught.value.field == field
    assert caught.value.hint
    for word in words:
        assert word in str(caught.value)


# ---------------------------------------------------------------- one place of a document


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (set_at({"a": 1}, ["b", "c"], 2), {"a": 1, "b": {"c": 2}}),
        (set_at(None, ["a"], 1), {"a": 1}),
        (set_at({"a": None}, ["a", "b"], 1), {"a": {"b": 1}}),
        (set_at({"a": [1, 2]}, ["a", "-1"], 9), {"a": [1, 9]}),
        (set_at({"a": [1]}, ["a", "7"], 9), {"a": [1, 9]}),
        (set_at({"a": [1]}, ["a", "-7"], 9), {"a": [9, 1]}),
        (unset_at({"a": {"b": 1, "c": 2}}, ["a", "b"]), {"a": {"c": 2}}),
        (unset_at({"a": [1, 2, 3]}, ["a", "1"]), {"a": [1, 3]}),
        (unset_at({"a": 1}, ["x", "y"]), {"a": 1}),
        (unset_at(None, ["x"]), None),
        (pushed([1], [], [2, 3]), [1, 2, 3]),
        (pushed(None, [], [2]), [2]),
        (pushed({}, ["a"], [2]), {"a": [2]}),
        (pulled([1, 2, 1.0, True], [], [1]), [2, True]),
        (pulled({"a": 5}, ["a"], [5]), {"a": 5}),
        (grown({"a": 2}, ["a"], 3, "add"), {"a": 5}),
        (grown({"a": Decimal("0.1")}, ["a"], Decimal("0.2"), "add"), {"a": Decimal("0.3")}),
        (grown({}, ["a"], 3, "add"), {"a": 3}),
        (grown({}, ["a"], 3, "multiply"), {}),
    ],
)
def test_a_document_is_changed_in_one_place(result: Any, expected: Any) -> None:
    assert result == expected


def test_a_way_through_a_text_is_refused() -> None:
    with pytest.raises(TypeError, match="no place"):
        set_at({"a": "x"}, ["a", "b"], 1)
    with pytest.raises(TypeError, match="no list"):
        pushed({"a": "x"}, ["a"], [1])
    with pytest.raises(TypeError, match="no number"):
        grown({"a": "1"}, ["a"], 1, "add")


@pytest.mark.parametrize("number", [Decimal("sNaN"), Decimal("Infinity"), Decimal("1E999999"), float("nan")])
@pytest.mark.parametrize("change", ["$inc", "$multiply", "$set", "$min", "$push"])
def test_what_is_no_finite_number_changes_nothing(change: str, number: Decimal | float) -> None:
    for field in ("count", "ratio", "price", "profile.size", "tags"):
        with pytest.raises(StudioError):
            parse_update(THING, {field: {change: number}})


HYPHENS = [
    {"profile.-a": 1},
    {"profile.x.-a.y": {"$inc": 1}},
    {"$set": {"profile.-a": 1}},
    {"$unset": ["profile.-a"]},
    {"tags.0.-": {"$pull": 1}},
    {"$multiply": {"profile.-1x": 2}},
]


@pytest.mark.parametrize("doc", HYPHENS, ids=str)
def test_what_mariadb_cannot_name_is_refused_for_it_alone(doc: dict[str, Any]) -> None:
    plans = {name: ModelPlans(THING, dialect_named(name)) for name in ("sqlite", "postgresql", "mysql")}
    assert parse_changes(plans["sqlite"], doc) == parse_changes(plans["postgresql"], doc) == read(doc)
    with pytest.raises(FilterError, match=r"cannot be changed on MariaDB.*begins with a hyphen.*as a whole"):
        parse_changes(plans["mysql"], doc)


def test_a_place_counted_from_the_end_is_no_such_name() -> None:
    doc = {"tags.-1": 7, "profile": {"-a": {"-b": 1}}}
    assert parse_changes(ModelPlans(THING, dialect_named("mysql")), doc) == read(doc)
