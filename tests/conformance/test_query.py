"""Updates, figures, orders and pages come out the same in SQLite, PostgreSQL and MariaDB."""

import json
import math
import random
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

import asyncmy.errors
import asyncpg
import pytest
import sqlalchemy as sa

from studio.models import ModelSpec
from studio.query import (
    OrderTerm,
    Update,
    aggregate_select,
    cursor_clause,
    decode_cursor,
    encode_cursor,
    order_clauses,
    parse_aggregate,
    parse_order,
    parse_update,
)
from studio.query.decimals import EXACT
from tests.unit.query.generators import NOW, POOLS, THING, random_rows, random_update
from tests.unit.query.support import Bench

SMALL: Final = [
    {**row, "number": None if row["number"] is None else row["number"] % 1000} for row in random_rows(60)
]
REFUSALS: Final = (sqlite3.Error, asyncpg.PostgresError, asyncmy.errors.MySQLError)
UPDATES: Final = 300
SEED: Final = 7
FIGURES: Final[dict[str, Any]] = {
    "n": {"$count": "*"}, "names": {"$count": "name"}, "amounts": {"$count_distinct": "amount"}, "number_sum": {"$sum": "number"},
    "number_avg": {"$avg": "number"}, "number_dev": {"$stddev": "number"}, "amount_sum": {"$sum": "amount"}, "amount_avg": {"$avg": "amount"},
    "amount_dev": {"$stddev": "amount"}, "price_sum": {"$sum": "price"}, "price_avg": {"$avg": "price"}, "ratio_sum": {"$sum": "ratio"},
    "ratio_avg": {"$avg": "ratio"}, "least": {"$min": "amount"}, "most": {"$max": "amount"}, "first_name": {"$min": "name"},
    "last_name": {"$max": "name"}, "first_token": {"$min": "token"}, "last_seen": {"$max": "seen"}, "lasted_sum": {"$sum": "lasted"},
    "shortest": {"$min": "lasted"}, "last_colour": {"$max": "colour"}, "twice": {"$sum": 2},
}  # fmt: skip


@pytest.fixture(scope="module")
def benches(postgres_module_url: str, mysql_module_url: str) -> Iterator[list[Bench]]:
    made = [Bench(url, THING) for url in ("sqlite:///:memory:", postgres_module_url, mysql_module_url)]
    for bench in made:
        bench.create([{**row, "created_at": NOW, "updated_at": NOW} for row in SMALL])
    yield made
    for bench in made:
        bench.close()


def records(
    bench: Bench, statement: Any, values: dict[str, Any], spec: ModelSpec, names: list[str]
) -> list[dict[str, Any]]:
    readers = [bench.dialect.reader(spec[name], reflected=False) for name in names]
    return [
        {
            name: read(value) if read and value is not None else value
            for name, read, value in zip(names, readers, row, strict=True)
        }
        for row in bench.execute(statement, values)
    ]


# ---------------------------------------------------------------- updates


def changed(bench: Bench, update: Update, number: int) -> list[Any] | str:
    """The changed fields of one record after the update, or "refused"; nothing is left behind."""
    bench.script("BEGIN")
    own = bench.table.c.id == sa.literal_column(str(number))
    try:
        statement = bench.table.update().values(update.assignments(bench.table, bench.name)).where(own)
        bench.execute(statement, {f"u{slot}": value for slot, value in enumerate(update.values)})
        columns = [bench.table.c[name] for name in update.fields]
        (record,) = records(bench, sa.select(*columns).where(own), {}, bench.spec, list(update.fields))
        return list(record.values())
    except REFUSALS:
        return "refused"
    finally:
        bench.script("ROLLBACK")


def comparable(values: Any) -> str:
    """As text that tells types apart; jsonb does not keep the order of names, nor MariaDB zeros at a decimal's end."""
    return json.dumps(
        values, sort_keys=True, default=lambda value: repr(value.normalize(EXACT)) if isinstance(value, Decimal) else repr(value)
    )  # fmt: skip


def test_random_updates_leave_the_same_records_everywhere(benches: list[Bench]) -> None:
    draw = random.Random(SEED)  # noqa: S311 - not for secrets
    refused = 0
    for count in range(UPDATES):
        doc, number = random_update(draw), draw.randrange(1, len(SMALL) + 1)
        update = parse_update(THING, doc, now=NOW)
        first, *others = (changed(bench, update, number) for bench in benches)
        refused += first == "refused"
        for bench, other in zip(benches[1:], others, strict=True):
            assert comparable(first) == comparable(other), (
                f"{bench.name}, update {count} of record {number}: {doc!r}"
            )
    assert refused < UPDATES / 10


@pytest.mark.parametrize(
    ("before", "doc", "after"),
    [
        ({"number": 5}, {"number": {"$inc": -2}}, 3),
        ({"number": None}, {"number": {"$inc": 2}}, 2),
        ({"number": None}, {"number": {"$multiply": 2}}, None),
        ({"price": Decimal("9.99")}, {"price": {"$multiply": 0.9}}, Decimal("8.99")),
        ({"price": Decimal("-1.01")}, {"price": {"$multiply": Decimal("0.5")}}, Decimal("-0.51")),
        ({"amount": Decimal("0.1")}, {"amount": {"$inc": Decimal("0.2")}}, Decimal("0.3")),
        ({"amount": Decimal(10)}, {"amount": {"$max": Decimal(9)}}, Decimal(10)),
        ({"amount": None}, {"amount": {"$max": Decimal(9)}}, Decimal(9)),
        ({"name": "b"}, {"name": {"$min": "B"}}, "B"),
        ({"name": "SELECT 1"}, {"name": "'; drop table things; --"}, "'; drop table things; --"),
        ({"tags": None}, {"tags": {"$push": {"a": 1}}}, [{"a": 1}]),
        ({"tags": [10**16]}, {"tags": {"$push": 1e16}}, [10**16, 1e16]),
        ({"tags": [1, {"a": 1.0}, 2]}, {"tags": {"$pull": {"a": 1}}}, [1, 2]),
        ({"profile": {"x": 1}}, {"profile.y.z": "new"}, {"x": 1, "y": {"z": "new"}}),
        ({"profile": {"x": 1}}, {"profile.x": {"$unset": True}}, {}),
        ({"profile": {"x": 0.1}}, {"profile.x": {"$inc": 0.2}}, {"x": 0.3}),
        ({"profile": None}, {"profile.a.b": 1, "profile.a.c": 2}, {"a": {"b": 1, "c": 2}}),
        ({"number": 2**63 - 1}, {"number": {"$inc": 1}}, "refused"),
        ({"number": -(2**62)}, {"number": {"$multiply": 3}}, "refused"),
        ({"ratio": 1e300}, {"ratio": {"$multiply": -1e300}}, "refused"),
        ({"ratio": 1e308}, {"ratio": {"$inc": 1e308}}, "refused"),
        ({"ratio": None}, {"ratio": {"$multiply": 2.0}}, None),
        ({"price": Decimal("99999999.99")}, {"price": {"$inc": 1}}, "refused"),
        ({"profile": {"x": "text"}}, {"profile.x": {"$inc": 1}}, "refused"),
        ({"profile": {"x": "text"}}, {"profile.x.y": 1}, "refused"),
    ],
)
def test_an_update_is_reckoned_in_the_database(
    benches: list[Bench], before: Any, doc: Any, after: Any
) -> None:
    update = parse_update(THING, doc)
    (name,) = before
    for bench in benches:
        row = {**SMALL[0], **before, "id": 1}
        assignment = {name: sa.bindparam("value", type_=bench.table.c[name].type)}
        one = bench.table.c.id == sa.literal_column("1")
        bench.execute(bench.table.update().values(assignment).where(one), {"value": row[name]})
        result = changed(bench, update, 1)
        bench.execute(bench.table.update().values(assignment).where(one), {"value": SMALL[0][name]})
        # By what is written, because 1e16 == 10**16.
        assert repr(result) == repr(after if after == "refused" else [after]), bench.name


# ---------------------------------------------------------------- figures


def figures(bench: Bench, params: dict[str, Any]) -> list[dict[str, Any]]:
    aggregate = parse_aggregate(THING, now=NOW, **params)
    statement = aggregate_select(aggregate, bench.table, bench.name)
    rows = bench.execute(statement, {f"p{slot}": value for slot, value in enumerate(aggregate.values)})
    readers = [bench.dialect.reader(output.field, reflected=False) for output in aggregate.outputs]
    names = [output.field.name for output in aggregate.outputs]
    return [
        {
            name: read(value) if read and value is not None else value
            for name, read, value in zip(names, readers, row, strict=True)
        }
        for row in rows
    ]


def same(left: Any, right: Any) -> bool:
    """Equal, and of one type; floats to 14 digits, for their sums depend on the order of the rows."""
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-14)
    return type(left) is type(right) and left == right


def assert_same(benches: list[Bench], params: dict[str, Any]) -> list[dict[str, Any]]:
    first, *others = (figures(bench, params) for bench in benches)
    for bench, second in zip(benches[1:], others, strict=True):
        assert [list(row) for row in first] == [list(row) for row in second]
        for one, other in zip(first, second, strict=True):
            for name in one:
                assert same(one[name], other[name]), (bench.name, name, one[name], other[name])
    return first


@pytest.mark.parametrize(
    "key",
    [None, "colour", "active", "price", "born", "token", "name", "amount", "seen", "blob", "alarm", "lasted"],
)
def test_figures_are_the_same_everywhere(benches: list[Bench], key: str | None) -> None:
    params: dict[str, Any] = {"aggregate": FIGURES, "group_by": [key] if key else []}
    rows = assert_same(benches, params)
    assert sum(row["n"] for row in rows) == len(SMALL)
    assert_same(benches, {**params, "filter": {"number": {"$gt": 100}, "profile.x": {"$exists": True}}})


def test_figures_are_right(benches: list[Bench]) -> None:
    (row,) = assert_same(benches, {"aggregate": FIGURES})
    amounts = [one["amount"] for one in SMALL if one["amount"] is not None]
    numbers = [one["number"] for one in SMALL if one["number"] is not None]
    names = [one["name"] for one in SMALL if one["name"] is not None]
    assert row["amount_sum"] == sum(amounts)
    assert row["amounts"] == len(set(amounts))
    assert (row["number_sum"], row["number_avg"]) == (sum(numbers), sum(numbers) / len(numbers))
    assert (row["first_name"], row["last_name"], row["names"]) == (min(names), max(names), len(names))
    assert row["twice"] == 2 * len(SMALL)


def test_over_nothing_a_sum_is_0_and_other_figures_are_none(benches: list[Bench]) -> None:
    (row,) = assert_same(benches, {"aggregate": FIGURES, "filter": {"id": -1}})
    zeros = {
        "n",
        "names",
        "amounts",
        "number_sum",
        "amount_sum",
        "price_sum",
        "ratio_sum",
        "lasted_sum",
        "twice",
    }
    assert {name for name, value in row.items() if value is None} == set(FIGURES) - zeros
    assert_same(benches, {"aggregate": FIGURES, "group_by": "name", "filter": {"id": -1}})


def test_a_sum_beyond_64_bits_is_refused_rather_than_rounded(benches: list[Bench]) -> None:
    for bench in benches:
        with pytest.raises(REFUSALS, match="integer overflow|out of range"):
            figures(bench, {"pipeline": [{"$group": {"_id": None, "x": {"$sum": "count"}}}]})


@pytest.mark.parametrize(
    "params",
    [
        {"group_by": ["colour", "active"], "aggregate": {"n": {"$count": "*"}, "s": {"$sum": "amount"}}, "having": {"n": {"$gt": 2}}, "order_by": ["-s", "n"], "limit": 3},
        {"group_by": "price", "having": {"price": {"$in": [Decimal("9.99"), None]}}},
        {"group_by": "name", "order_by": "-name", "limit": 5},
        {"group_by": "amount", "aggregate": {"m": {"$max": "amount"}}, "having": {"m": {"$gte": Decimal("1.0")}}, "order_by": "-m"},
        {"pipeline": [{"$match": {"number": {"$gt": 1}}}, {"$group": {"_id": "$colour", "total": {"$sum": "$amount"}, "n": {"$sum": 1}}},
                      {"$sort": {"total": -1}}, {"$limit": 2}, {"$project": {"colour": "$_id", "total": 1}}]},
        {"pipeline": [{"$sum": "$amount"}, {"$avg": "$price"}]},
        {"pipeline": [{"$group": {"_id": {"c": "$colour", "a": "$active"}, "m": {"$max": "$amount"}}},
                      {"$group": {"_id": "$c", "mm": {"$sum": "$m"}}}, {"$match": {"mm": {"$gte": 2}}}, {"$sort": {"mm": 1}}]},
        {"pipeline": [{"$sort": {"name": 1, "id": 1}}, {"$skip": 3}, {"$limit": 5}, {"$project": {"id": 1, "n": "$name", "p": "$profile"}}]},
        {"pipeline": [{"$sort": {"name": 1, "id": 1}}, {"$limit": 10}, {"$skip": 3}, {"$match": {"name": {"$ne": None}}}, {"$project": {"id": 1}}]},
        {"pipeline": [{"$match": {"tags": {"$size": {"$gt": 0}}}}, {"$group": {"_id": None, "n": {"$sum": 1}}}]},
        {"pipeline": [{"$match": {"amount": POOLS["amount"][-1]}}, {"$limit": 2}, {"$group": {"_id": None, "mean": {"$avg": "$amount"}}}]},
        # What nobody put into an order is in that of the key or of the groups, before it is cut off as well.
        {"pipeline": [{"$match": {"number": {"$gt": 1}}}, {"$project": {"n": "$name"}}]},
        {"pipeline": [{"$limit": 7}, {"$group": {"_id": "$active", "n": {"$sum": "$number"}}}]},
        {"pipeline": [{"$group": {"_id": "$amount"}}, {"$skip": 2}, {"$limit": 4}, {"$group": {"_id": None, "n": {"$sum": "$_id"}}}]},
        # What is alike in the order asked for comes in the order of the key, or of the groups.
        {"pipeline": [{"$sort": {"active": 1}}, {"$limit": 9}, {"$project": {"n": "$name"}}, {"$limit": 3}]},
        {"pipeline": [{"$group": {"_id": "$name", "n": {"$sum": 1}}}, {"$project": {"name": "$_id", "n": 1}}, {"$sort": {"n": -1}}, {"$limit": 4}]},
        {"group_by": ["colour", "active"], "aggregate": {"n": {"$count": "*"}}, "order_by": "-n", "limit": 5},
    ],
)  # fmt: skip
def test_stages_follow_each_other_the_same_way_everywhere(
    benches: list[Bench], params: dict[str, Any]
) -> None:
    assert assert_same(benches, params)


@pytest.mark.parametrize(
    ("params", "column"),
    [
        ({"group_by": "name", "aggregate": {"n": {"$count": "*"}}, "having": {"n": {"$gt": 0}, "name": {"$ne": None}}}, "name"),
        ({"pipeline": [{"$sort": {"count": 1}}, {"$limit": 20}, {"$match": {"id": {"$gt": 3}}}, {"$project": {"c": "$count"}}, {"$match": {"c": {"$ne": 1}}}]}, "c"),
        ({"pipeline": [{"$group": {"_id": "$number"}}, {"$sort": {"_id": 1}}, {"$match": {"_id": {"$gte": 0}}}, {"$project": {"n": "$_id"}}, {"$limit": 9}, {"$skip": 2}]}, "n"),
    ],
)  # fmt: skip
def test_an_order_lasts_through_the_stages_after_it(
    benches: list[Bench], params: dict[str, Any], column: str
) -> None:
    values = [row[column] for row in assert_same(benches, params)]
    assert len(values) > 2
    assert values == sorted(values)
    for bench in benches:
        statement = aggregate_select(parse_aggregate(THING, **params), bench.table, bench.name)
        assert "ORDER BY" in bench.compile(statement, {})[0].rpartition("FROM")[2]


# ---------------------------------------------------------------- orders and pages


def null_order(rows: list[dict[str, Any]], terms: tuple[OrderTerm, ...]) -> list[int]:
    """The ids in order, by Python's own stable sort: nulls last ascending, first descending."""

    def place(row: dict[str, Any], name: str) -> tuple[bool, Any]:
        value = row[name].value if name == "colour" and row[name] else row[name]
        return value is None, 0 if value is None else value

    for term in reversed(terms):
        rows = sorted(rows, key=lambda row, name=term.field: place(row, name), reverse=term.descending)  # type: ignore[misc] # mypy and defaults of lambdas
    return [row["id"] for row in rows]


def test_pages_by_cursor_are_the_whole_list_in_order(benches: list[Bench]) -> None:
    draw = random.Random(SEED)  # noqa: S311 - not for secrets
    for _ in range(40):
        named = [draw.choice(["", "-"]) + name for name in draw.sample(sorted(POOLS), draw.randrange(4))]
        order = parse_order(THING, named).with_key(THING)
        expected = null_order(SMALL, order.terms)
        for bench in benches:
            assert paged(bench, order) == expected, f"{bench.name}: {named}"


def paged(bench: Bench, order: Any) -> list[int]:
    names = ["id", *(term.field for term in order.terms if term.field != "id")]
    statement = (
        sa.select(*[bench.table.c[name] for name in names])
        .order_by(*order_clauses(order, bench.table, bench.name))
        .limit(sa.literal_column("7"))
    )
    found: list[int] = []
    page = records(bench, statement, {}, THING, names)
    while page:
        found += [record["id"] for record in page]
        cursor = decode_cursor(order, encode_cursor(order, page[-1]))
        following = statement.where(cursor_clause(cursor, bench.table, bench.name))
        page = records(
            bench, following, {f"k{slot}": value for slot, value in enumerate(cursor.values)}, THING, names
        )
    return found
