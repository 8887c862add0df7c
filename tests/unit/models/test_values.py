"""What a field takes, and how it says no."""

import array
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from studio.kernel.errors import ValueRefused
from studio.models import FieldSpec, Kind
from studio.models.refusals import shorten
from studio.models.values import make_checker


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def checked(kind: Kind, value: Any, **options: Any) -> Any:
    return make_checker(FieldSpec(name="it", kind=kind, **options))(value)


def refusal(kind: Kind, value: Any, **options: Any) -> ValueRefused:
    with pytest.raises(ValueRefused) as caught:
        checked(kind, value, **options)
    assert caught.value.field == "it"
    assert '"it' in caught.value.message
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INT, 0),
        (Kind.INT, 2**63 - 1),
        (Kind.INT, -(2**63)),
        (Kind.FLOAT, 0.1),
        (Kind.FLOAT, -0.0),
        (Kind.DECIMAL, Decimal("1.20")),
        (Kind.DECIMAL, Decimal("12345678901234567890.123456789012345678901234567890")),
        (Kind.STR, "'; DROP TABLE users; -- /* x */ ${a} {{b}}"),
        (Kind.STR, ""),
        (Kind.TEXT, "😀 ñ \r\n\t\x01"),
        (Kind.BOOL, True),
        (Kind.DATETIME, dt.datetime(2026, 1, 31, 13, 45, 0, 123456, tzinfo=dt.UTC)),
        (Kind.DATE, dt.date(1, 1, 1)),
        (Kind.TIME, dt.time(23, 59, 59, 999999)),
        (Kind.TIMEDELTA, dt.timedelta(days=-3, microseconds=7)),
        (Kind.BYTES, b"\x00\xff"),
        (Kind.DICT, {"a": [1, 2.5, None, True, {"b": "c"}]}),
        (Kind.LIST, [1, "two", [3.0]]),
        (Kind.UUID, uuid.UUID(int=7)),
    ],
)
def test_a_value_of_the_fields_own_type_stays_as_it_is(kind, value):
    assert checked(kind, value) == value
    assert type(checked(kind, value)) is type(value)


@pytest.mark.parametrize(
    ("kind", "value", "canonical"),
    [
        (Kind.FLOAT, 3, 3.0),
        (Kind.FLOAT, Decimal("0.5"), 0.5),
        (Kind.DECIMAL, 3, Decimal(3)),
        (Kind.DECIMAL, 0.1, Decimal("0.1")),
        (Kind.DECIMAL, " 1.50 ", Decimal("1.50")),
        (Kind.DECIMAL, Decimal("-0.00"), Decimal(0)),
        (Kind.STR, uuid.UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (Kind.STR, Colour.RED, "red"),
        (Kind.DATETIME, "2026-01-31T13:45:00Z", dt.datetime(2026, 1, 31, 13, 45, tzinfo=dt.UTC)),
        (Kind.DATETIME, "2026-01-31 13:45:00+02:00", dt.datetime(2026, 1, 31, 11, 45, tzinfo=dt.UTC)),
        (Kind.DATETIME, dt.datetime(2026, 1, 31), dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),  # noqa: DTZ001 - naive on purpose
        (Kind.DATETIME, dt.date(2026, 1, 31), dt.datetime(2026, 1, 31, tzinfo=dt.UTC)),
        (Kind.DATE, "2026-01-31", dt.date(2026, 1, 31)),
        (Kind.TIME, "13:45", dt.time(13, 45)),
        (Kind.BYTES, bytearray(b"ab"), b"ab"),
        (Kind.LIST, (1, 2), [1, 2]),
        (
            Kind.UUID,
            "123E4567-E89B-42D3-A456-426614174000",
            uuid.UUID("123e4567-e89b-42d3-a456-426614174000"),
        ),
    ],
)
def test_a_value_that_loses_nothing_becomes_the_canonical_one(kind, value, canonical):
    assert checked(kind, value) == canonical
    assert type(checked(kind, value)) is type(canonical)


def test_a_datetime_of_another_zone_comes_out_in_utc():
    zone = dt.timezone(dt.timedelta(hours=-5))
    moment = checked(Kind.DATETIME, dt.datetime(2026, 1, 1, 20, 0, 0, 5, tzinfo=zone))
    assert moment.tzinfo is dt.UTC
    assert moment == dt.datetime(2026, 1, 2, 1, 0, 0, 5, tzinfo=dt.UTC)


def test_a_naive_field_keeps_naive_values_and_takes_aware_ones_as_utc():
    assert checked(Kind.DATETIME, dt.datetime(2026, 1, 1), naive=True) == dt.datetime(2026, 1, 1)  # noqa: DTZ001 - naive on purpose
    zone = dt.timezone(dt.timedelta(hours=2))
    assert checked(Kind.DATETIME, dt.datetime(2026, 1, 1, 2, tzinfo=zone), naive=True) == dt.datetime(  # noqa: DTZ001 - naive on purpose
        2026, 1, 1
    )


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.INT, True),
        (Kind.INT, "12"),
        (Kind.INT, 12.0),
        (Kind.INT, 2**63),
        (Kind.INT, -(2**63) - 1),
        (Kind.FLOAT, "1.5"),
        (Kind.FLOAT, True),
        (Kind.FLOAT, float("nan")),
        (Kind.FLOAT, float("inf")),
        (Kind.FLOAT, 2**53 + 1),
        (Kind.FLOAT, 10**400),
        (Kind.DECIMAL, "twelve"),
        (Kind.DECIMAL, "0x10"),
        (Kind.DECIMAL, "NaN"),
        (Kind.DECIMAL, Decimal("Infinity")),
        (Kind.DECIMAL, Decimal("1E+200000")),
        (Kind.DECIMAL, True),
        (Kind.STR, 12),
        (Kind.STR, b"bytes"),
        (Kind.STR, "a\0b"),
        (Kind.STR, "\ud800"),
        (Kind.BOOL, 1),
        (Kind.BOOL, "true"),
        (Kind.DATETIME, "yesterday"),
        (Kind.DATETIME, 1700000000),
        (Kind.DATETIME, dt.datetime(1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5)))),
        (Kind.DATE, dt.datetime(2026, 1, 1)),  # noqa: DTZ001 - naive on purpose
        (Kind.DATE, "2026-02-30"),
        (Kind.TIME, dt.time(1, tzinfo=dt.UTC)),
        (Kind.TIMEDELTA, 5),
        (Kind.TIMEDELTA, dt.timedelta.max),
        (Kind.BYTES, "text"),
        (Kind.DICT, [1]),
        (Kind.DICT, {1: "number as a key"}),
        (Kind.DICT, {"a": float("nan")}),
        (Kind.DICT, {"a": {1, 2}}),
        (Kind.DICT, {"a": dt.date(2026, 1, 1)}),
        (Kind.DICT, {"a": 2**63}),
        (Kind.DICT, {"a": "\0"}),
        (Kind.LIST, "abc"),
        (Kind.LIST, {"a": 1}),
        (Kind.UUID, "123"),
    ],
)  # fmt: skip
def test_what_would_change_or_cannot_be_stored_is_refused_with_a_remedy(kind, value):
    assert refusal(kind, value).code == "value-refused"


def test_a_number_in_quotes_is_refused_with_the_number_in_the_hint():
    assert refusal(Kind.INT, " 12 ").hint == "Write 12 without quotes."
    assert refusal(Kind.STR, 12).hint == "Write 12 in quotes."


def test_a_fault_inside_a_document_is_named_by_its_path():
    error = refusal(Kind.DICT, {"lines": [{"at": 1}, {"at": {"x": float("inf")}}]})
    assert '"it.lines[1].at.x"' in error.message


def test_a_document_is_copied_so_that_the_callers_own_stays_apart():
    given = {"a": [1]}
    kept = checked(Kind.DICT, given)
    given["a"].append(2)
    assert kept == {"a": [1]}


def test_true_and_one_are_not_confused_inside_documents():
    kept = checked(Kind.LIST, [True, 1, 1.0])
    assert [type(item) for item in kept] == [bool, int, float]


def test_a_typed_list_refuses_items_of_another_type_and_names_their_place():
    assert checked(Kind.LIST, ["a", "b"], item_kind=Kind.STR) == ["a", "b"]
    assert checked(Kind.LIST, [1, 2.5], item_kind=Kind.FLOAT) == [1.0, 2.5]
    assert "item 2" in refusal(Kind.LIST, ["a", 5], item_kind=Kind.STR).message


@pytest.mark.parametrize(
    "given", [[0.5, -2, Decimal("0.1")], (0.5, -2, 0.1), np.array([0.5, -2, 0.1]), np.array([0.5, -2, 0.1], np.float32), [np.float32(0.5), -2, np.float32(0.1)],
              array.array("d", [0.5, -2, 0.1])],
)  # fmt: skip
def test_a_vector_is_kept_to_32_bits_whatever_sequence_of_numbers_gives_it(given):
    kept = checked(Kind.VECTOR, given, dimensions=3)
    assert kept == [0.5, -2.0, 0.10000000149011612]
    assert [type(number) for number in kept] == [float] * 3
    assert checked(Kind.VECTOR, kept, dimensions=3) == kept
    assert str(checked(Kind.VECTOR, [-0.0], dimensions=1)) == "[0.0]"
    assert len(checked(Kind.VECTOR, [1] * 16_000)) == 16_000


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([1.0, 2.0], "has 3 dimensions, but the vector given has 2"),
        ([], "has 3 dimensions, but the vector given has 0"),
        ([1.0, True, 3.0], "number 2 is the bool True, no number"),
        ([1.0, 2.0, "3"], "number 3 is the text '3', no number"),
        ([1.0, None, 3.0], "number 2 is the NoneType None, no number"),
        ([1.0, 2.0, float("nan")], "number 3 is nan, no finite number"),
        ([float("-inf"), 2.0, 3.0], "number 1 is -inf, no finite number"),
        ([1.0, 1e39, 3.0], "number 2 is 1e+39, no finite number of 32 bits"),
        ([1.0, 2.0, 10**400], "number 3 is 1000"),
        ([[1.0], [2.0], [3.0]], "number 1 is the list [1.0], no number"),
        ("[1, 2, 3]", "wants a list of numbers, not the text"),
        (b"123", "wants a list of numbers, not the bytes"),
        (memoryview(b"123"), "wants a list of numbers"),
        (1.0, "wants a list of numbers, not the float 1.0"),
        ({1.0, 2.0, 3.0}, "wants a list of numbers, not the set"),
    ],
)
def test_what_is_no_vector_is_refused_with_the_place_and_the_remedy(given, words):
    assert words in refusal(Kind.VECTOR, given, dimensions=3).message


def test_an_enumeration_takes_members_and_their_text_and_suggests_the_nearest_choice():
    options = {"choices": ("red", "blue"), "enum_type": Colour}
    assert checked(Kind.ENUM, Colour.RED, **options) == "red"
    assert checked(Kind.ENUM, "blue", **options) == "blue"
    assert "'red'" in refusal(Kind.ENUM, "rad", **options).hint


def test_none_needs_a_nullable_field():
    assert checked(Kind.INT, None, nullable=True) is None
    assert "must have a value" in refusal(Kind.INT, None).message


def test_constraints_are_checked_and_said():
    assert checked(Kind.STR, "abc", max_length=3) == "abc"
    assert "at most 3 characters" in refusal(Kind.STR, "abcd", max_length=3).message
    assert "at least 1" in refusal(Kind.INT, 0, minimum=1).message
    assert "at most 9" in refusal(Kind.DECIMAL, "9.5", maximum=9).message
    assert checked(Kind.STR, "AB-12", pattern=r"[A-Z]{2}-\d+") == "AB-12"
    assert "must match" in refusal(Kind.STR, "AB-12x", pattern=r"[A-Z]{2}-\d+").message


def test_a_decimal_keeps_to_its_places_and_never_rounds_silently():
    options = {"precision": 10, "scale": 2}
    assert checked(Kind.DECIMAL, "1.5", **options) == Decimal("1.5")
    assert checked(Kind.DECIMAL, Decimal("1.5000"), **options) == Decimal("1.5")
    assert "2 decimal places" in refusal(Kind.DECIMAL, "1.005", **options).message
    assert "8 digits" in refusal(Kind.DECIMAL, "123456789", **options).message


def test_a_filter_may_compare_with_what_the_field_itself_would_refuse():
    check = make_checker(FieldSpec(name="it", kind=Kind.INT, maximum=5), constraints=False)
    assert check(100) == 100
    assert check(None) is None
    with pytest.raises(ValueRefused):
        check("100")


def test_long_values_are_shortened_in_messages():
    assert len(shorten("x" * 500)) < 60
    assert shorten("short") == "'short'"
