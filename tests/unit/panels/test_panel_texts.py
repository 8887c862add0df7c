"""Values as text, and back: what forms parse, grids show, the clipboard takes, and searches find."""

import datetime as dt
import json
import uuid
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studio.panels.copying import to_json, to_markdown, to_tsv
from studio.panels.display import cell_text, duration_text, full_text, kind_of, short_count
from studio.panels.fuzzy import best_matches, score, words_of
from studio.panels.literals import (
    LiteralRefused,
    format_json,
    format_literal,
    is_expression,
    parse_json,
    parse_literal,
)
from studio.panels.urls import UrlParts, UrlRefused, parts_of, problem_of, url_of

VALUES = {
    "int": st.integers(),
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False),
    "str": st.text(),
    "bool": st.booleans(),
    "datetime": st.datetimes(timezones=st.none() | st.just(dt.UTC)).map(lambda value: value.replace(fold=0)),
    "date": st.dates(),
    "time": st.times().map(lambda value: value.replace(fold=0)),
    "timedelta": st.timedeltas(),
    "bytes": st.binary(),
    "uuid": st.uuids(),
}
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.one_of(*VALUES.values()),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(min_size=1).filter(lambda key: key[0] != "$"), inner, max_size=4)
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_of_any_kind_survives_being_shown_and_typed_again(kind):
    @given(VALUES[kind])
    def check(value):
        assert parse_literal(kind, format_literal(kind, value)) == value

    check()


@given(PLAIN)
def test_nested_values_survive_the_json_editor(value):
    again = parse_json(format_json(value))
    assert again == value
    assert repr(again) == repr(value)


@given(st.one_of(st.text(), st.integers(), st.booleans(), st.lists(st.text())))
def test_values_of_no_declared_kind_survive_the_form(value):
    assert parse_literal("any", format_literal("any", value)) == value


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("int", "12.5", "whole number"),
        ("float", "nan", "finite"),
        ("decimal", "1,5", "19.90"),
        ("decimal", "Infinity", "finite"),
        ("bool", "maybe", "true or false"),
        ("datetime", "yesterday", "2026-01-31 14:30"),
        ("date", "31.01.2026", "2026-01-31"),
        ("time", "25:00", "14:30"),
        ("timedelta", "soon", "90 s"),
        ("bytes", "%%", "base64"),
        ("uuid", "12", "UUID"),
        ("dict", "[1]", "JSON object"),
        ("list", '{"a": 1}', "JSON list"),
        ("dict", '{"a": }', "line 1, column 7"),
        ("any", '{"a"', "line 1"),
        ("dict", '{"a": NaN}', "NaN"),
        ("dict", '{"a": {"$decimal": "x"}}', "tagged value"),
    ],
)
def test_a_text_that_is_no_such_value_is_refused_with_what_is_wanted(kind, text, wanted):
    with pytest.raises(LiteralRefused, match=wanted.replace(".", r"\.")):
        parse_literal(kind, text)


def test_durations_may_be_written_short():
    assert parse_literal("timedelta", "90 s") == dt.timedelta(seconds=90)
    assert parse_literal("timedelta", "5 min") == dt.timedelta(minutes=5)
    assert parse_literal("timedelta", "1 d 02:30:00") == dt.timedelta(days=1, hours=2, minutes=30)


def test_only_a_text_that_is_wholly_an_expression_is_one():
    assert is_expression(" {{ read.id }} ")
    assert not is_expression("costs {{ 1 }}")
    assert not is_expression(3)


def test_cells_are_one_line_and_null_is_named():
    assert cell_text(None) == "NULL"
    assert cell_text("a\nb\tc") == "a↵b c"
    assert len(cell_text("x" * 1000)) == 240
    assert cell_text(dt.datetime(2026, 1, 31, 14, 30, tzinfo=dt.UTC)) == "2026-01-31 14:30:00Z"
    assert cell_text(b"\x00\xff") == "2 B  00 ff"
    assert cell_text({"a": [1, 2]}) == '{"a": [1, 2]}'
    assert cell_text(Decimal("1.50")) == "1.50"
    assert full_text("a\nb") == "a\nb"


def test_kinds_are_told_apart():
    values = [
        True,
        1,
        1.0,
        Decimal(1),
        "x",
        dt.datetime.now(dt.UTC),
        dt.date(2026, 1, 31),
        uuid.uuid4(),
        b"",
        {},
        [],
        None,
    ]
    kinds = [
        "bool",
        "int",
        "float",
        "decimal",
        "str",
        "datetime",
        "date",
        "uuid",
        "bytes",
        "dict",
        "list",
        "",
    ]
    assert [kind_of(value) for value in values] == kinds


def test_durations_and_counts_read_well():
    assert [duration_text(ms) for ms in (None, 0.42, 2.42, 12.3, 3400, 125_000)] == [
        "",
        "<1 ms",
        "2.4 ms",
        "12 ms",
        "3.4 s",
        "2 min 05 s",
    ]
    assert [short_count(n) for n in (0, 950, 1000, 12_345, 3_400_000)] == ["0", "950", "1k", "12k", "3.4M"]


ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "A|b\nc", "total": Decimal("1.50")},
    {"id": 2, "name": None, "total": Decimal(2)},
]


def test_rows_are_copied_as_tsv_that_a_spreadsheet_reads():
    assert to_tsv(["id", "name"], ROWS) == 'id\tname\n1\t"A|b\nc"\n2\t'


def test_rows_are_copied_as_json_objects_in_column_order():
    text = to_json(["name", "id", "total"], ROWS)
    assert json.loads(text) == [
        {"name": "A|b\nc", "id": 1, "total": "1.50"},
        {"name": None, "id": 2, "total": "2"},
    ]
    assert list(json.loads(text)[0]) == ["name", "id", "total"]


def test_rows_are_copied_as_a_markdown_table():
    assert to_markdown(["id", "name"], ROWS).splitlines() == [
        "| id  | name      |",
        "| --- | --------- |",
        "| 1   | A\\|b<br>c |",
        "| 2   |           |",
    ]


def test_two_beginnings_find_the_operation_of_a_model():
    entries = ["Order Create", "Order List", "Customer Create", "Record Credit", "Product Count"]
    assert best_matches("ord cr", [(entry, entry) for entry in entries])[0] == "Order Create"
    assert score("ord cr", "Customer Create") == 0


def test_words_are_split_at_case_and_underscores():
    assert words_of("BulkCreate") == words_of("bulk_create") == ("bulk", "create")
    assert words_of("APIProviderConfig") == ("api", "provider", "config")


def test_a_typing_slip_still_finds_the_model():
    assert score("costumer", "Customer") > 0
    assert score("zzzz", "Customer") == 0


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///shop.db",
        "sqlite:////var/data/shop.db",
        "sqlite:////tmp/with%23hash.db",
        "postgresql://ada@db.example/shop",
        "postgresql://ada@db.example:6543/shop?sslmode=require",
        "postgresql://localhost/shop",
        "postgresql://a%40b@[::1]/my%20shop",
        "postgresql://h/shop?sslmode=verify-full&sslrootcert=/etc/ca+1.pem&sslcert=me.crt&application_name=x",
        "mysql://ada@h/shop?ssl-mode=VERIFY_IDENTITY&ssl-ca=/etc/ca.pem",
        "mysql://ada@h/shop?ssl-mode=PREFERRED&unix_socket=/run/my.sock",
    ],
)
def test_a_url_becomes_a_form_and_the_same_url_again(url):
    assert url_of(parts_of(url)) == url


def test_a_password_is_taken_out_of_the_url():
    parts = parts_of("postgresql+asyncpg://ada:s%3Acret@h/shop")
    assert parts.password == "s:cret"
    assert url_of(parts) == "postgresql://ada@h/shop"
    assert parts_of(url_of(parts, with_password=True)) == parts


@pytest.mark.parametrize(
    "url",
    [
        "shop.db",
        "sqlite://shop.db",
        "oracle://h/d",
        "postgresql://h:port/d",
        "postgresql://[::1/d",
        "mysql://h/d?ssl-mode=maybe",
    ],
)
def test_a_text_that_is_no_usable_url_is_refused(url):
    with pytest.raises(UrlRefused):
        parts_of(url)


def test_an_incomplete_form_says_what_is_missing():
    assert problem_of(UrlParts(dialect="postgresql", host="h")) == "Give the name of the database."
    assert (
        problem_of(UrlParts(dialect="postgresql", database="d", port=70000))
        == "A port lies between 1 and 65535."
    )
    assert problem_of(UrlParts(dialect="sqlite", path="x.db")) is None
