"""The bytes that Studio's own COPY sends are those of the driver, for every type; what it cannot say is left to the driver."""

import asyncio
import datetime as dt
import io
import uuid
from decimal import Decimal

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.database.postgresql_copy import TYPES_SQL, CopyColumn, copied, encoding
from studio.kernel.errors import BadValue
from studio.models import FieldSpec, Kind, ModelSpec
from tests.support.servers import run_sql
from tests.unit.database.opening import run

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MOMENTS = st.datetimes()
DOCUMENTS = st.sampled_from(['{"a": [1, null]}', "[]", '"ü"', "[1.5, {}]"])

COLUMNS = {
    "big": ("bigint", Kind.INT, st.integers(-(2**63), 2**63 - 1)),
    "small": ("smallint", Kind.INT, st.integers(-(2**15), 2**15 - 1)),
    "ratio": ("double precision", Kind.FLOAT, st.floats(allow_nan=False)),
    "word": ("text", Kind.STR, TEXTS),
    "flag": ("boolean", Kind.BOOL, st.booleans()),
    "short": ("varchar(40)", Kind.STR, TEXTS),
    "middle": ("integer", Kind.INT, st.integers(-(2**31), 2**31 - 1)),
    "data": ("bytea", Kind.BYTES, st.binary(max_size=12)),
    "token": ("uuid", Kind.UUID, st.uuids()),
    "moment": ("timestamptz", Kind.DATETIME, MOMENTS.map(lambda moment: moment.replace(tzinfo=dt.UTC))),
    "naive": ("timestamp", Kind.DATETIME, MOMENTS),
    "day": ("date", Kind.DATE, st.dates()),
    "clock": ("time", Kind.TIME, st.times()),
    "span": (
        "interval",
        Kind.TIMEDELTA,
        st.timedeltas(dt.timedelta(days=-(10**6)), dt.timedelta(days=10**6)),
    ),
    "amount": ("numeric", Kind.DECIMAL, st.decimals(allow_nan=False, allow_infinity=False, places=None)),
    "document": ("jsonb", Kind.DICT, DOCUMENTS),
    "plain": ("json", Kind.LIST, DOCUMENTS),
}
NAMES = tuple(COLUMNS)
FIRST = dt.datetime.combine(dt.date.min, dt.time.min)
LAST = dt.datetime.combine(dt.date.max, dt.time.max)
EDGES = [
    (2**63 - 1, 1, 0.1, "a", True, "b", 1, b"", uuid.UUID(int=1), LAST.replace(tzinfo=dt.UTC), LAST, dt.date.max,
     dt.time.max, dt.timedelta(microseconds=-1), Decimal("10000.0001000"), "{}", "[]"),
    (0, 0, -0.0, "", False, "", 0, b"\0", uuid.UUID(int=0), FIRST.replace(tzinfo=dt.UTC), FIRST, dt.date.min,
     dt.time.min, dt.timedelta(0), Decimal("-0.00"), "{}", "[]"),
    tuple(None for _ in NAMES),
]  # fmt: skip


def columns_of(*, nullable):
    return [
        CopyColumn(name, kind, is_naive=name == "naive", nullable=nullable)
        for name, (_, kind, _) in COLUMNS.items()
    ]


async def _sent_by_both(url, rows, *, nullable):
    """What each table holds after COPY, in COPY's own form: written by the driver, and by Studio's encoder."""
    connection = await asyncpg.connect(url)
    try:
        types = ", ".join(f'"{name}" {kind}' for name, (kind, _, _) in COLUMNS.items())
        await connection.execute(f"CREATE TEMP TABLE theirs ({types}); CREATE TEMP TABLE ours ({types})")
        await connection.copy_records_to_table("theirs", records=rows, columns=NAMES)
        found = await connection.fetch(TYPES_SQL, "pg_temp.ours")
        encode = encoding(columns_of(nullable=nullable), dict(map(tuple, found)))
        assert encode is not None
        await connection.copy_to_table(
            "ours", source=copied(encode.tuples, iter(rows)), columns=encode.names, format="binary"
        )
        kept = []
        for table in ("theirs", "ours"):
            output = io.BytesIO()
            await connection.copy_from_table(table, output=output, format="binary")
            kept.append(output.getvalue())
        return kept
    finally:
        await connection.close()


ROWS = st.tuples(*(st.none() | values for _, _, values in COLUMNS.values()))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(ROWS, min_size=1, max_size=30))
def test_copy_writes_the_same_bytes_as_the_driver(postgres_module_url, rows):
    theirs, ours = asyncio.run(_sent_by_both(postgres_module_url, [*EDGES, *rows], nullable=True))
    assert ours == theirs


def test_columns_without_null_are_packed_together_to_the_same_bytes(postgres_module_url):
    rows = [row for row in EDGES if None not in row] * 200  # more than one chunk
    theirs, ours = asyncio.run(_sent_by_both(postgres_module_url, rows, nullable=False))
    assert ours == theirs
    assert len(ours) > 20_000


@pytest.mark.parametrize(
    ("column", "number"),
    [
        (CopyColumn("a", Kind.STR, is_naive=False, nullable=False), 2950),
        (CopyColumn("a", Kind.DATETIME, is_naive=True, nullable=False), 1184),
        (CopyColumn("a", Kind.INT, is_naive=False, nullable=False), 700),
        (CopyColumn("a", Kind.STR, is_naive=False, nullable=False), 0),
        (CopyColumn("a", Kind.STR, is_naive=False, nullable=False), 603),
    ],
    ids=["text in uuid", "naive in timestamptz", "int in real", "text in vector", "unknown"],
)
def test_another_kind_than_the_columns_own_is_left_to_the_driver(column, number):
    assert encoding([column], {"a": number}) is None


def test_a_number_beyond_a_narrow_column_names_its_row_and_leaves_nothing(postgres_url):
    counter = ModelSpec(
        name="Counter",
        table="counters",
        fields=(FieldSpec(name="id", kind=Kind.INT, key=True), FieldSpec(name="held", kind=Kind.INT)),
    )

    run_sql(postgres_url, "CREATE TABLE counters (id bigint PRIMARY KEY, held integer NOT NULL)")

    async def story(database):
        access = database.access()
        rows = [{"id": number, "held": 2**40 if number == 500 else number} for number in range(600)]
        with pytest.raises(BadValue) as refused:
            await access.bulk_create(counter, rows)
        assert (refused.value.row, refused.value.field) == (501, "held")
        assert "cannot hold 1099511627776" in refused.value.message
        assert await access.count(counter) == 0
        assert (await access.bulk_create(counter, rows[:500])).created == 500

    run(postgres_url, story, models=())
