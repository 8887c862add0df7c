"""Every filter means the same in SQLite, PostgreSQL, MariaDB and Python: thousands of random ones over rows full of corners.

The rows hold nulls, text of many scripts, numbers at their limits, and JSON of mixed kinds; the filters nest every operator. There is one
truth, and three witnesses. What MongoDB understands as well is asked of it too, and much oftener: `test_filters_mongodb.py`.
"""

import random
from collections.abc import Iterator
from typing import Any, Final

import pytest
import sqlalchemy as sa

from studio.models import IndexSpec, ModelSpec
from studio.query import matcher, parse_filter
from studio.query.sql_filters import filter_clause
from tests.unit.query.generators import NOW, THING, random_filter, random_rows
from tests.unit.query.support import Bench

ROWS: Final = random_rows(60)
COUNT: Final = 400
SEED: Final = 20260131


@pytest.fixture(scope="module")
def benches(postgres_module_url: str, mysql_module_url: str) -> Iterator[list[Bench]]:
    made = [Bench(url, THING) for url in ("sqlite:///:memory:", postgres_module_url, mysql_module_url)]
    for bench in made:
        bench.create([{**row, "created_at": NOW, "updated_at": NOW} for row in ROWS])
    yield made
    for bench in made:
        bench.close()


def found(bench: Bench, filter: Any, spec: ModelSpec = THING) -> list[int]:
    """The ids that a filter finds, in order."""
    parsed = parse_filter(spec, filter, now=NOW)
    statement = sa.select(bench.table.c.id).order_by(bench.table.c.id)
    clause = filter_clause(parsed, bench.table, bench.name)
    if clause is not None:
        statement = statement.where(clause)
    rows = bench.execute(statement, {f"p{slot}": value for slot, value in enumerate(parsed.values)})
    return [row[0] for row in rows]


def matching(filter: Any) -> list[int]:
    match = matcher(parse_filter(THING, filter, now=NOW))
    return [row["id"] for row in ROWS if match(row)]


def test_random_filters_find_the_same_records_everywhere(benches: list[Bench]) -> None:
    draw = random.Random(SEED)  # noqa: S311 - not for secrets
    selective = 0
    for number in range(COUNT):
        filter = random_filter(draw)
        expected = matching(filter)
        selective += 0 < len(expected) < len(ROWS)
        for bench in benches:
            assert found(bench, filter) == expected, f"{bench.name}, filter {number}: {filter!r}"
    # Or else the generator would prove little.
    assert selective > COUNT / 3


@pytest.mark.parametrize(
    "filter",
    [
        {"number": {"$ne": 1}}, {"number": {"$nin": [1, 2]}}, {"$nor": [{"number": 1}]}, {"$not": {"number": {"$gt": 1}}},
        {"number": {"$not": {"$lte": 1}}}, {"profile.x": {"$ne": 1}}, {"tags": {"$ne": "a"}}, {"name": {"$not": {"$like": "a%"}}},
    ],
)  # fmt: skip
def test_what_is_null_does_not_hold_so_its_negation_does(benches: list[Bench], filter: Any) -> None:
    (name,) = {name for name in ("number", "profile", "tags", "name") if f"'{name}" in repr(filter)}
    empty = {row["id"] for row in ROWS if row[name] is None}
    assert empty
    for bench in benches:
        assert empty <= set(found(bench, filter))


@pytest.mark.parametrize("number", [1e20, 0.1, 2.5, -5])
def test_a_number_in_a_document_is_found_however_it_is_written(benches: list[Bench], number: float) -> None:
    filters: list[dict[str, Any]] = [
        {"tags": {"$contains": number}}, {"tags.0": number}, {"profile.x": {"$in": [number, "no"]}}, {"profile": {"$contains": {"x": number}}},
    ]  # fmt: skip
    assert any(matching(filter) for filter in filters)
    for filter in filters:
        for bench in benches:
            assert found(bench, filter) == matching(filter), (bench.name, filter)


@pytest.mark.parametrize("values", [[], list(range(3)), list(range(70_000)), [None], [1, None]])
def test_a_list_may_be_of_any_length(benches: list[Bench], values: list[Any]) -> None:
    for bench in benches:
        assert found(bench, {"number": {"$in": values}}) == matching({"number": {"$in": values}})
        assert found(bench, {"number": {"$nin": values}}) == matching({"number": {"$nin": values}})


@pytest.mark.parametrize("operator", ["$and", "$or"])
def test_many_conditions_stand_side_by_side(benches: list[Bench], operator: str) -> None:
    filter = {
        operator: [{"number": {"$ne" if operator == "$and" else "$eq": number}} for number in range(4000)]
    }
    for bench in benches:
        assert found(bench, filter) == matching(filter)


@pytest.mark.parametrize(
    "text",
    [
        "'; drop table things; --",
        '"',
        "\\",
        "%",
        "$1",
        ":p0",
        "?",
        "{}",
        "{{ id }}",
        "🙂",
        "\ue000\U0010ffff",
    ],
)
def test_text_that_looks_like_sql_is_only_text(benches: list[Bench], text: str) -> None:
    filters: list[dict[str, Any]] = [
        {"name": text}, {"name": [text]}, {"name": {"$gt": text}}, {"name": {"$startswith": text}}, {"name": {"$endswith": text}},
        {"name": {"$contains": text}}, {f"profile.{text}": text}, {"profile": {"$contains": text}}, {"profile": {"$eq": {text: text}}}, {"tags": text},
    ]  # fmt: skip
    for filter in filters:
        for bench in benches:
            assert found(bench, filter) == matching(filter), filter


def test_a_negated_filter_finds_exactly_the_others(benches: list[Bench]) -> None:
    draw = random.Random(SEED + 1)  # noqa: S311 - not for secrets
    everything = {row["id"] for row in ROWS}
    for _ in range(150):
        filter = random_filter(draw)
        for bench in benches:
            assert set(found(bench, {"$not": filter})) == everything - set(found(bench, filter)), filter


# ---------------------------------------------------------------- indexes


@pytest.mark.parametrize(
    "filter",
    [
        {"name": "a"}, {"name": {"$in": ["a", "b"]}}, {"name": {"$startswith": "stra"}}, {"name": {"$gte": "a", "$lt": "b"}},
        {"amount": 1}, {"amount": {"$between": [1, 2]}}, {"seen": {"$gte": NOW}}, {"token": {"$in": ["00000000-0000-0000-0000-000000000001"]}},
        {"name": None},
    ],
)  # fmt: skip
def test_an_index_answers_comparisons(benches: list[Bench], filter: Any) -> None:
    (name,) = filter
    index = IndexSpec(name=f"ix_{name}", fields=(name,))
    parsed = parse_filter(THING, filter)
    values = {f"p{slot}": value for slot, value in enumerate(parsed.values)}
    for bench in benches:
        bench.script(f"CREATE INDEX IF NOT EXISTS {index.name} ON things ({name})")
        clause = filter_clause(parsed, bench.table, bench.name)
        assert clause is not None
        if bench.name == "postgresql":
            bench.script("SET enable_seqscan = off")
        plan = bench.plan(sa.select(bench.table.c.id).where(clause), values)
        assert index.name in plan
        assert "Filter:" not in plan


# ---------------------------------------------------------------- tables that Studio did not make


def test_reflected_tables_compare_by_code_points_whatever_their_collation(benches: list[Bench]) -> None:
    from dataclasses import replace

    from studio.models import FieldSpec, Kind

    fields = (
        FieldSpec(name="id", kind=Kind.INT, key=True, column="WordId"),
        FieldSpec(name="Word", kind=Kind.STR, nullable=True),
        FieldSpec(name="Price", kind=Kind.DECIMAL, nullable=True, precision=10, scale=2),
        FieldSpec(name="At", kind=Kind.DATETIME, nullable=True, naive=True),
    )
    spec = ModelSpec(name="Word", table="Words", fields=fields, reflected=True)
    ddl = {
        "sqlite": 'CREATE TABLE "Words" ("WordId" INTEGER PRIMARY KEY, "Word" NVARCHAR(160) COLLATE NOCASE, "Price" NUMERIC(10,2), "At" DATETIME)',
        "postgresql": 'CREATE TABLE "Words" ("WordId" int PRIMARY KEY, "Word" varchar(160), "Price" numeric(10,2), "At" timestamp)',
        "mysql": 'CREATE TABLE "Words" ("WordId" int PRIMARY KEY, "Word" varchar(160) COLLATE latin1_swedish_ci, "Price" numeric(10,2), "At" datetime)',
    }
    rows = "(1, 'abc', 0.99, '2009-01-01 00:00:00'), (2, 'ABC', 1.99, '2009-01-02 10:30:00'), (3, NULL, NULL, NULL), (4, 'b', 10, '2010-01-01 00:00:00')"
    cases: list[tuple[dict[str, Any], list[int]]] = [
        ({"Word": "abc"}, [1]), ({"Word": ["ABC", None]}, [2, 3]), ({"Word": {"$ne": "abc"}}, [2, 3, 4]), ({"Word": {"$gt": "ABC"}}, [1, 4]),
        ({"Word": {"$startswith": "a"}}, [1]), ({"Word": {"$ilike": "a%"}}, [1, 2]), ({"Word": {"$like": "a%"}}, [1]),
        ({"Price": "0.99"}, [1]), ({"Price": {"$gt": "0.99"}}, [2, 4]), ({"Price": ["1.99", "10"]}, [2, 4]), ({"Price": {"$ne": "1.990"}}, [1, 3, 4]),
        ({"At": "2009-01-01"}, [1]), ({"At": {"$gt": "2009-01-01T00:00:00"}}, [2, 4]), ({"At": ["2009-01-02T10:30:00"]}, [2]), ({"id": 4}, [4]),
        ({"At": {"$between": ["2009-01-01", "2009-12-31"]}}, [1, 2]),
    ]  # fmt: skip
    for bench in benches:
        own = bench.over(replace(spec))
        own.script(ddl[bench.name])
        own.script(f'INSERT INTO "Words" VALUES {rows}')
        for filter, expected in cases:
            parsed = parse_filter(spec, filter)
            clause = filter_clause(parsed, own.table, own.name)
            assert clause is not None
            statement = sa.select(own.table.c.WordId).where(clause).order_by(own.table.c.WordId)
            result = own.execute(statement, {f"p{slot}": value for slot, value in enumerate(parsed.values)})
            assert [row[0] for row in result] == expected, f"{bench.name}: {filter}"
