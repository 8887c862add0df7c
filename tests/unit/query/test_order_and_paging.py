"""An order is read in many spellings; a cursor comes back as the values it was made of, for the same order only."""

import datetime as dt
from typing import Any

import pytest

from studio.kernel.errors import FilterError, StudioError
from studio.query import OrderTerm, decode_cursor, encode_cursor, parse_order
from tests.unit.query.generators import POOLS, THING, random_rows

DOWN_UP = (OrderTerm("seen", descending=True), OrderTerm("name"))


@pytest.mark.parametrize(
    "order_by",
    [
        ["-seen", "name"], "-seen,name", "-seen, +name", ("-seen", "name"), {"seen": -1, "name": 1}, {"seen": "desc", "name": "asc"},
        [{"seen": -1}, "name"], [("seen", "DESC"), ("name", "ASC")], "seen DESC, name", [OrderTerm("seen", descending=True), "name"],
    ],
)  # fmt: skip
def test_every_spelling_is_the_same_order(order_by: Any) -> None:
    assert parse_order(THING, order_by).terms == DOWN_UP


@pytest.mark.parametrize("empty", [None, (), "", [], {}])
def test_no_order_has_no_terms(empty: Any) -> None:
    assert parse_order(THING, empty).terms == ()


@pytest.mark.parametrize(
    ("order_by", "field", "word"),
    [
        ("-sene", "sene", "'seen'"), (["name", "-name"], "name", "twice"), ({"name": 2}, "name", "no direction"), ([5], None, "no order"),
        ("profile", "profile", "no order"), ("name sideways", "name", "no direction"), (5, None, "no order"), ({"name": True}, "name", "no direction"),
    ],
)  # fmt: skip
def test_a_mistake_in_an_order_is_named(order_by: Any, field: str | None, word: str) -> None:
    with pytest.raises(StudioError) as caught:
        parse_order(THING, order_by)
    assert word in str(caught.value)
    assert caught.value.field == field


def test_the_key_makes_an_order_total_and_goes_the_way_of_the_last_term() -> None:
    assert parse_order(THING, "-name").with_key(THING).terms[-1] == OrderTerm("id", descending=True)
    assert parse_order(THING, "name").with_key(THING).terms[-1] == OrderTerm("id")
    assert parse_order(THING, "id").with_key(THING).terms == (OrderTerm("id"),)
    assert parse_order(THING, "-id").reversed().terms == (OrderTerm("id"),)


@pytest.mark.parametrize("name", sorted(POOLS))
def test_a_cursor_holds_values_of_every_kind_exactly(name: str) -> None:
    order = parse_order(THING, name).with_key(THING)
    for row in random_rows(30):
        cursor = decode_cursor(order, encode_cursor(order, row))
        wanted = row[name].value if name == "colour" and row[name] else row[name]
        assert cursor.values == (wanted, row["id"])
        assert type(cursor.values[0]) is type(wanted)


def test_cursors_with_nulls_elsewhere_have_other_shapes() -> None:
    order = parse_order(THING, "name").with_key(THING)
    one, other = ({"name": name, "id": 1} for name in ("a", None))
    assert (
        decode_cursor(order, encode_cursor(order, one)).shape
        != decode_cursor(order, encode_cursor(order, other)).shape
    )


@pytest.mark.parametrize("text", ["", "x", "!!!", "W10", "bnVsbA", "W1sibmFtZSJdLFsxXV0", 5, None])
def test_what_is_no_cursor_is_refused(text: Any) -> None:
    with pytest.raises(FilterError) as caught:
        decode_cursor(parse_order(THING, "name").with_key(THING), text)
    assert caught.value.field == "after"


def test_a_cursor_of_another_order_is_refused() -> None:
    by_name = parse_order(THING, "name").with_key(THING)
    cursor = encode_cursor(by_name, {"name": "a", "id": 1})
    with pytest.raises(FilterError, match="another order"):
        decode_cursor(parse_order(THING, "-name").with_key(THING), cursor)


def test_a_forged_value_in_a_cursor_is_refused() -> None:
    order = parse_order(THING, "number").with_key(THING)
    forged = encode_cursor(order, {"number": "1; drop table things", "id": dt.date(2026, 1, 1)})
    with pytest.raises(FilterError, match="cannot have"):
        decode_cursor(order, forged)
