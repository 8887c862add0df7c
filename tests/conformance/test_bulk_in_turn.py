"""Do the rows of one bulk write mean on each database what they mean one after another, also where they get in one another's way?"""

import contextlib
import random
from typing import Annotated, Any

from studio.database import Access, Database, ListQuery
from studio.kernel.errors import StudioError
from studio.models import Field, model_from_class
from tests.unit.database.opening import run

BATCHES = 160


class Card:
    id: str
    email: Annotated[str | None, Field(unique=True, max_length=20)] = None
    code: Annotated[int | None, Field(unique=True)] = None
    n: Annotated[int, Field(check="n >= 0")] = 0


CARD = model_from_class(Card)
THERE = [{"id": "a", "email": "x", "code": 1}, {"id": "b", "email": "y", "code": 2}]
WAYS: dict[str, dict[str, Any]] = {
    "update": {},
    "upsert by key": {"conflict_on": "id"},
    "upsert by email": {"conflict_on": "email"},
    "skip by key": {"conflict_on": "id", "conflict": "skip"},
    "create or update": {"conflict": "upsert"},
    "create or skip": {"conflict": "skip"},
}
SHAPES = [("id", "email"), ("id", "email", "n"), ("id", "code", "email"), ("id", "n"), ("id", "code")]


def drawn(chance: random.Random) -> tuple[str, list[dict[str, Any]]]:
    """A way and a few rows out of so few values that they meet all the time."""
    way = chance.choice(list(WAYS))
    values: dict[str, list[Any]] = {
        "id": ["a", "b", "c", "d"],
        "email": ["x", "y", "z"] if "email" in way else ["x", "y", "z", None],
        "code": [1, 2, 3, None],
        # Of a row that is skipped it depends on the database whether its values are looked at.
        "n": [0, 1, 2] if "skip" in way else [0, 1, 2, -1],
    }
    shape = ("id", "email", "code") if "email" in way else chance.choice(SHAPES)
    return way, [{name: chance.choice(values[name]) for name in shape} for _ in range(chance.randint(1, 5))]


class _Undo(Exception):
    """Ends a trial."""


async def tried(database: Database, way: str, parts: list[list[dict[str, Any]]]) -> Any:
    """What is told of the parts, written one after another, and what stands in the table then; or the row at fault. Nothing stays."""
    told: Any = None
    with contextlib.suppress(_Undo):
        async with database.transaction() as access:
            told = await written(access, way, parts)
            raise _Undo
    return told


async def written(access: Access, way: str, parts: list[list[dict[str, Any]]]) -> Any:
    counts, ids = [0, 0, 0], []
    for before, rows in enumerate(parts):
        try:
            if way == "update":
                done = await access.bulk_update_rows(CARD, rows)
            elif way.startswith("create"):
                done = await access.bulk_create(CARD, rows, return_ids=True, **WAYS[way])
            else:
                done = await access.bulk_upsert(CARD, rows, return_ids=True, **WAYS[way])
        except StudioError as error:
            return type(error).__name__, before + (error.row or 0), error.field
        now = done.created, done.updated, done.skipped
        counts = [old + new for old, new in zip(counts, now, strict=True)]
        ids += done.ids
    found = await access.list(CARD, ListQuery(order_by=["id"], fields=["id", "email", "code", "n"]))
    return counts, ids, [dict(record) for record in found]


def test_rows_of_a_batch_mean_what_they_mean_one_after_another(database_url: str) -> None:
    async def story(database: Database) -> None:
        await database.access().bulk_create(CARD, THERE)
        chance = random.Random(14)  # noqa: S311 - no secret: the same batches each time
        refused = 0
        for _ in range(BATCHES):
            way, rows = drawn(chance)
            wanted = await tried(database, way, [[row] for row in rows])
            assert await tried(database, way, [rows]) == wanted, (way, rows)
            refused += len(wanted) == 3 and isinstance(wanted[0], str)
        assert BATCHES // 5 < refused < BATCHES * 4 // 5

    run(database_url, story, models=[CARD])


def test_many_rows_pass_their_unique_values_on(database_url: str) -> None:
    async def story(database: Database) -> None:
        access = database.access()
        count = 700
        await access.bulk_create(CARD, [{"id": f"k{n}", "email": f"{n}"} for n in range(count)])
        # The last one gives its value up first, then each takes that of the one behind it.
        rows: list[dict[str, Any]] = [{"id": f"k{count - 1}", "email": "free"}]
        rows += [{"id": f"k{n}", "email": f"{n + 1}"} for n in reversed(range(count - 1))]
        rows += [{"id": "k0", "email": "0"}]
        assert (await access.bulk_update_rows(CARD, rows)).updated == count + 1
        back = [{"id": f"k{n}", "email": f"{n}"} for n in range(count)]
        assert (await access.bulk_upsert(CARD, back, conflict_on="id")).updated == count
        found = await access.list(CARD, ListQuery(limit=None, fields=["id", "email"]))
        assert {record["id"]: record["email"] for record in found} == {
            row["id"]: row["email"] for row in back
        }

    run(database_url, story, models=[CARD])
