"""Every value comes back equal, from every way of writing, on every database."""

import datetime as dt
import enum
import itertools
import struct
import uuid
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.database import ListQuery
from studio.kernel.errors import ValueRefused
from studio.models import FieldSpec, Kind, Text, Vector, build_model, model_from_class
from tests.unit.database.opening import run


class Level(enum.Enum):
    LOW = "low"
    HIGH = "high; DROP TABLE"


class Everything:
    number: int | None
    ratio: float | None
    amount: Decimal | None
    word: str | None
    text: Text | None
    flag: bool | None
    moment: dt.datetime | None
    day: dt.date | None
    clock: dt.time | None
    span: dt.timedelta | None
    data: bytes | None
    document: dict[str, Any] | None
    items: list[Any] | None
    level: Level | None
    token: uuid.UUID | None
    place: Annotated[list[float], Vector(3)] | None


EVERYTHING = model_from_class(Everything)
ROUNDED = [struct.unpack("f", struct.pack("f", number))[0] for number in (0.1, -1e-20, 123456.789)]
NASTY = '\'; DROP TABLE users; -- SELECT * /* x */ exec(x) OR 1=1 ${a} {{ b }} %s ? $1 :a \\ "q"'

VALUES: dict[str, list[Any]] = {
    "number": [0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1],
    "ratio": [0.0, 0.1, 123456789.12345, -1e-308, 1.7976931348623157e308, 5e-324, 1e22],
    "amount": [
        Decimal("0.1"),
        Decimal("-123456789012345678901234567890.000000000000000000001"),
        Decimal("1E+30"),
        Decimal("1.500"),
        Decimal(0),
    ],
    "word": [
        "",
        " ",
        "NULL",
        NASTY,
        "ünïcödé 😀 \U0010ffff",
        "a\nb\r\n\tc\x01",
        "0012",
        "2026-01-01",
        "null",
        "1e5",
    ],
    "text": ["x" * 100_000, NASTY],
    "flag": [True, False],
    "moment": [
        dt.datetime(2026, 1, 31, 13, 45, 59, 123456, tzinfo=dt.UTC),
        dt.datetime(2026, 1, 31, 13, 45, tzinfo=dt.UTC),
        dt.datetime(1, 1, 1, tzinfo=dt.UTC),
        dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC),
    ],
    "day": [dt.date(1, 1, 1), dt.date(2024, 2, 29), dt.date(9999, 12, 31)],
    "clock": [dt.time(0), dt.time(23, 59, 59, 999999)],
    "span": [dt.timedelta(0), dt.timedelta(days=-400, hours=5, microseconds=1), dt.timedelta(days=90_000)],
    "data": [b"", b"\x00\xff\x00", bytes(range(256))],
    "document": [
        {},
        {"a": [1, 2.5, None, True, {"ü": "😀"}], "big": 2**62, "tiny": 1e-10},
        {"": " "},
        {'e+16\\"': 1e16, "b": "\\"},
    ],
    "items": [
        [],
        [None, True, 1, 1.5, "x", [{}]],
        ["; --"],
        [3.963979712539487e16, -1.7976931348623157e308, 10**16, "1e+16"],
    ],
    "level": [Level.LOW, Level.HIGH],
    "token": [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)],
    # The smallest and the largest numbers of 32 bits, and one that needs rounding to them.
    "place": [[0.0, 1.0, -2.5], [2.0**-149, 2.0**-126, (2 - 2.0**-23) * 2.0**127], ROUNDED],
}
CASES = [(field, value) for field, values in VALUES.items() for value in values]


def same(left: Any, right: Any) -> bool:
    return left == right and (type(left) is type(right) or isinstance(left, type(right)))


def test_every_value_comes_back_equal_from_create_update_and_all_bulk_writes(database_url):
    async def story(database):
        access = database.access()
        created = [await access.create(EVERYTHING, {field: value}) for field, value in CASES]
        copied = await access.bulk_create(
            EVERYTHING, [{field: value} for field, value in CASES], return_ids=True
        )
        blank = await access.bulk_create(EVERYTHING, [{"number": None} for _ in CASES], return_ids=True)
        for (field, value), key in zip(CASES, blank.ids, strict=True):
            await access.bulk_update_rows(EVERYTHING, [{"id": key, field: value}])
        updated_ids = [(await access.create(EVERYTHING, {"number": None}))["id"] for _ in CASES]
        updated = [
            await access.update(EVERYTHING, {"id": key}, {field: value})
            for (field, value), key in zip(CASES, updated_ids, strict=True)
        ]
        upserted = [
            (await access.upsert(EVERYTHING, {"id": 100_000 + place, field: value}))[0]
            for place, (field, value) in enumerate(CASES)
        ]
        read = {record["id"]: record for record in await access.list(EVERYTHING, ListQuery(limit=None))}
        for place, (field, value) in enumerate(CASES):
            ways = {
                "create": created[place],
                "create, read back": read[created[place]["id"]],
                "bulk create": read[copied.ids[place]],
                "bulk update": read[blank.ids[place]],
                "update": updated[place],
                "upsert": upserted[place],
            }
            for way, record in ways.items():
                assert same(record[field], value), (way, field, value, record[field])
                others = set(VALUES) - {field}
                assert all(record[name] is None for name in others), (way, field)

    run(database_url, story, models=[EVERYTHING])


def test_a_whole_number_stays_one_behind_a_floating_one(database_url):
    """SQLite 3.40 gives all columns of a RETURNING the type of the first."""
    share = build_model(
        "Share",
        [
            FieldSpec(name="ratio", kind=Kind.FLOAT),
            FieldSpec(name="id", kind=Kind.INT, key=True, generated=True),
            FieldSpec(name="number", kind=Kind.INT, default=2**53 + 1),
        ],
    )

    async def story(database):
        access = database.access()
        made = [
            await access.create(share, {"ratio": 0.5}),
            (await access.upsert(share, {"id": 1, "ratio": 2}))[0],
        ]
        made += [
            await access.update(share, {"ratio": 2.0}, {"ratio": 3.0}),
            await access.delete(share, {"id": 1}),
        ]
        assert [(type(row["id"]), row["number"]) for row in made] == [(int, 2**53 + 1)] * 4
        assert [row["ratio"] for row in made] == [0.5, 2.0, 3.0, 3.0]
        rows = [{"id": 5, "ratio": 1.0}]
        await access.bulk_create(share, rows)
        again = await access.bulk_upsert(share, rows, return_ids=True)
        assert [type(key) for key in again.ids] == [int]

    run(database_url, story, models=[share])


def test_every_value_can_be_found_again_by_itself(database_url):
    async def story(database):
        access = database.access()
        await access.bulk_create(EVERYTHING, [{field: value} for field, value in CASES])
        for field, value in CASES:
            if EVERYTHING[field].kind in (Kind.DICT, Kind.LIST):
                continue
            expected = sum(1 for name, other in CASES if name == field and other == value)
            assert await access.count(EVERYTHING, {field: value}) == expected, (field, value)

    run(database_url, story, models=[EVERYTHING])


def test_an_upsert_stores_a_mapping_that_looks_like_an_operator_as_it_is(database_url):
    async def story(database):
        access = database.access()
        for document in ({"$inc": 5}, {"$set": {"a": 1}}, {"$price": 3, "plain": True}):
            for is_new in (True, False):
                record, created = await access.upsert(EVERYTHING, {"id": 7, "document": document})
                assert (record["document"], created) == (document, is_new)
            await access.delete(EVERYTHING, {"id": 7})

    run(database_url, story, models=[EVERYTHING])


def test_an_empty_text_is_not_null(database_url):
    async def story(database):
        access = database.access()
        await access.create(EVERYTHING, {"word": ""})
        assert await access.count(EVERYTHING, {"word": None}) == 0
        assert await access.count(EVERYTHING, {"word": ""}) == 1

    run(database_url, story, models=[EVERYTHING])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", 2**63),
        ("number", "12"),
        ("number", True),
        ("ratio", float("nan")),
        ("ratio", float("inf")),
        ("amount", Decimal("NaN")),
        ("word", "a\0b"),
        ("word", "\ud83d"),
        ("document", {"a": "\0"}),
        ("document", {"a": float("inf")}),
        ("moment", "tomorrow"),
        ("level", "middle"),
        ("place", [1.0, 2.0]),
        ("place", [1.0, float("nan"), 2.0]),
    ],
)
def test_what_one_database_could_not_keep_is_refused_by_all(database_url, field, value):
    async def story(database):
        access = database.access()
        for write in (
            lambda: access.create(EVERYTHING, {field: value}),
            lambda: access.bulk_create(EVERYTHING, [{field: None}, {field: value}, {field: None}]),
        ):
            with pytest.raises(ValueRefused) as caught:
                await write()
            assert caught.value.field == field
        assert caught.value.row == 2
        assert await access.count(EVERYTHING) == 0

    run(database_url, story, models=[EVERYTHING])


TEXTS = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=40)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "number": st.none() | st.integers(-(2**63), 2**63 - 1),
            "ratio": st.none() | st.floats(allow_nan=False, allow_infinity=False),
            "amount": st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=6),
            "word": st.none() | TEXTS,
            "flag": st.none() | st.booleans(),
            "moment": st.none() | st.datetimes(timezones=st.just(dt.UTC)),
            "day": st.none() | st.dates(),
            "clock": st.none() | st.times(),
            "span": st.none() | st.timedeltas(dt.timedelta(days=-90_000), dt.timedelta(days=90_000)),
            "data": st.none() | st.binary(max_size=40),
            "items": st.none() | st.lists(JSON, max_size=3),
            "document": st.none() | st.dictionaries(TEXTS, st.none() | st.booleans() | TEXTS, max_size=3),
            "level": st.none() | st.sampled_from(Level),
            "token": st.none() | st.uuids(),
            "place": st.none()
            | st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=3, max_size=3),
        }
    ),
    min_size=1,
    max_size=3,
)


# Far enough from one another that no key which a database makes after one of them is the next.
KEYS = itertools.count(10_000_000, 1_000)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_any_row_comes_back_equal_from_every_way_of_writing(database_url, rows):
    async def story(database):
        access = database.access()
        blank = [{"number": None} for _ in rows]
        created = [(await access.create(EVERYTHING, row))["id"] for row in rows]
        copied = (await access.bulk_create(EVERYTHING, rows, return_ids=True)).ids
        own = [next(KEYS) for _ in rows]
        for key, row in zip(own, rows, strict=True):
            await access.upsert(EVERYTHING, {"id": key, **row})
        merged = [next(KEYS) for _ in rows]
        await access.bulk_upsert(EVERYTHING, [{"id": key} for key in merged[:1]])
        await access.bulk_upsert(
            EVERYTHING, [{"id": key, **row} for key, row in zip(merged, rows, strict=True)]
        )
        changed = (await access.bulk_create(EVERYTHING, blank, return_ids=True)).ids
        for key, row in zip(changed, rows, strict=True):
            await access.update(EVERYTHING, {"id": key}, {"$set": row})
        joined = (await access.bulk_create(EVERYTHING, blank, return_ids=True)).ids
        await access.bulk_update_rows(
            EVERYTHING, [{"id": key, **row} for key, row in zip(joined, rows, strict=True)]
        )
        together = (await access.bulk_create(EVERYTHING, blank[:1], return_ids=True)).ids
        await access.bulk_update(EVERYTHING, {"id": together[0]}, {"$set": rows[0]})
        ways = {
            "create": created, "bulk create": copied, "upsert": own, "bulk upsert": merged, "update": changed, "bulk update by rows": joined,
            "bulk update": together,
        }  # fmt: skip
        for way, keys in ways.items():
            for key, row in zip(keys, rows, strict=False):
                record = await access.read(EVERYTHING, {"id": key})
                assert all(same(record[name], value) for name, value in row.items()), (way, record, row)

    run(database_url, story, models=[EVERYTHING])


def test_a_long_text_is_refused_before_it_reaches_the_database(database_url):
    spec = build_model("Short", [FieldSpec(name="word", kind=Kind.STR, max_length=3)])

    async def story(database):
        access = database.access()
        assert (await access.create(spec, {"word": "äöü"}))["word"] == "äöü"
        with pytest.raises(ValueRefused, match="at most 3 characters"):
            await access.create(spec, {"word": "abcd"})

    run(database_url, story, models=[spec])
