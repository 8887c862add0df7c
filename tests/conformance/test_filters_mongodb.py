"""Every filter that MongoDB can be asked finds in SQLite, PostgreSQL, MariaDB and Python what a real MongoDB finds.

The records are full of corners: nulls, missing names, JSON of mixed kinds, lists, text of many scripts. What the two mean differently by
design is left out of the questions, and of nothing else: `tests.support.mongodb_filters`.
"""

import random
import secrets
from collections.abc import Callable, Iterator
from typing import Any, Final

import pymongo
import pytest

from studio.query import matcher, parse_filter
from tests.conformance.test_filters import found
from tests.support.mongodb_filters import Differs, asked, stored
from tests.unit.query.generators import JSON_VALUES, NOW, THING, random_filter, random_rows
from tests.unit.query.support import Bench

COUNT: Final = 1000
SEED: Final = 20260201
LISTS: Final = frozenset({"tags"})

WHOLE_LISTS: Final = [value for value in JSON_VALUES if isinstance(value, list)]

Ask = Callable[[dict[str, Any]], list[int]]


def without_lists(value: Any) -> Any:
    """MongoDB looks into a list on a path's way; Studio names a place. So there is none where a random path may lead."""
    if isinstance(value, dict):
        return {name: without_lists(item) for name, item in value.items()}
    return len(value) if isinstance(value, list) else value


def rows() -> list[dict[str, Any]]:
    made = random_rows(60, seed=23)
    draw = random.Random(SEED)  # noqa: S311 - not for secrets
    for row in made:
        row["profile"] = without_lists(row["profile"])
        if row["profile"] is not None and row["id"] % 3:
            row["profile"]["list"] = draw.choice(WHOLE_LISTS)
        row["tags"] = row["tags"] and [without_lists(item) for item in row["tags"]]
    return made


ROWS: Final = rows()


def random_question(draw: random.Random) -> dict[str, Any]:
    """Any filter, some with a list inside of a document that is compared as a whole."""
    if draw.random() < 0.9:
        return random_filter(draw)
    whole = draw.choice(WHOLE_LISTS)
    about = draw.choice(
        [
            {"$eq": whole}, {"$ne": whole}, {"$in": [whole, []]}, {"$size": draw.randrange(4)}, {"$exists": draw.random() < 0.5},
            {"$not": {"$size": {"$gt": 1}}}, {"$size": {"$nin": [1, 2]}},
        ]
    )  # fmt: skip
    return {"$and": [{"profile.list": about}, random_filter(draw)]}


@pytest.fixture(scope="module")
def mongo(mongodb_server_url: str) -> Iterator[Ask]:
    """The ids a real MongoDB finds, in order."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongodb_server_url, tz_aware=True)
    name = f"test_{secrets.token_hex(6)}"
    things = client[name]["things"]
    things.insert_many([stored(row) for row in ROWS])

    def ask(question: dict[str, Any]) -> list[int]:
        return sorted(document["id"] for document in things.find(question, {"id": 1}))

    yield ask
    client.drop_database(name)
    client.close()


@pytest.fixture(scope="module")
def benches(postgres_module_url: str, mysql_module_url: str) -> Iterator[list[Bench]]:
    made = [Bench(url, THING) for url in ("sqlite:///:memory:", postgres_module_url, mysql_module_url)]
    for bench in made:
        bench.create([{**row, "created_at": NOW, "updated_at": NOW} for row in ROWS])
    yield made
    for bench in made:
        bench.close()


@pytest.mark.parametrize("seed", [SEED, SEED + 1])
def test_random_filters_find_what_mongodb_finds(mongo: Ask, benches: list[Bench], seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - not for secrets
    selective = compared = 0
    while compared < COUNT:
        filter = random_question(draw)
        try:
            question = asked(filter, LISTS)
        except Differs:
            continue
        compared += 1
        expected = mongo(question)
        selective += 0 < len(expected) < len(ROWS)
        match = matcher(parse_filter(THING, filter, now=NOW))
        assert [row["id"] for row in ROWS if match(row)] == expected, (
            f"Python: {filter!r}; MongoDB: {question!r}"
        )
        for bench in benches:
            assert found(bench, filter) == expected, f"{bench.name}: {filter!r}; MongoDB: {question!r}"
    # Or else the generator would prove little.
    assert selective > COUNT / 3
