"""Do the rows of one bulk write mean on each database what they mean one after another, also where they get in one another's way?"""

import contextlib
import random
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import pytest

from studio.database import Access, Database, ListQuery
from studio.database.audit import AUDIT_MODEL
from studio.database.careful_bulk import CarefulAccess
from studio.kernel.errors import StudioError, ValueRefused
from studio.models import Field, ModelSpec, model_from_class
from tests.unit.database.opening import run

BATCHES = 160
COUNTED = 70
"""Batches of records whose changes are counted and kept; a few of its rows are written one after another either way."""


class Card:
    id: str
    email: Annotated[str | None, Field(unique=True, max_length=20)] = None
    code: Annotated[int | None, Field(unique=True)] = None
    n: Annotated[int, Field(check="n >= 0")] = 0


class Kept(Card):
    __dataflow__: ClassVar = {"versioned": True, "audit_log": True, "soft_delete": True}


CARD, KEPT = model_from_class(Card), model_from_class(Kept)
SHOWN = ("id", "email", "code", "n", "version")
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


def drawn(chance: random.Random, most: int = 5) -> tuple[str, list[dict[str, Any]]]:
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
    return way, [
        {name: chance.choice(values[name]) for name in shape} for _ in range(chance.randint(1, most))
    ]


class _Undo(Exception):
    """Ends a trial."""


async def tried(database: Database, spec: ModelSpec, way: str, parts: list[list[dict[str, Any]]]) -> Any:
    """What is told of the parts, written one after another, and what stands in the table then; or the row at fault. Nothing stays."""
    told: Any = None
    with contextlib.suppress(_Undo):
        async with database.transaction() as access:
            told = await written(access, spec, way, parts)
            raise _Undo
    return told


async def written(access: Access, spec: ModelSpec, way: str, parts: list[list[dict[str, Any]]]) -> Any:
    counts, ids = [0, 0, 0], []
    for before, rows in enumerate(parts):
        try:
            if way == "update":
                done = await access.bulk_update_rows(spec, rows)
            elif way.startswith("create"):
                done = await access.bulk_create(spec, rows, return_ids=True, **WAYS[way])
            else:
                done = await access.bulk_upsert(spec, rows, return_ids=True, **WAYS[way])
        except StudioError as error:
            return type(error).__name__, before + (error.row or 0), error.field
        now = done.created, done.updated, done.skipped
        counts = [old + new for old, new in zip(counts, now, strict=True)]
        ids += done.ids
    every = ListQuery(order_by=["id"], include_deleted=True, limit=None)
    found = [shown(record) for record in await access.list(spec, every)]
    if not spec.audit_log:
        return counts, ids, found
    entries = await access.list(AUDIT_MODEL, ListQuery(order_by=["id"], limit=None))
    told = [
        (entry["operation_type"], entry["record_id"], shown(entry["before"]), shown(entry["after"]))
        for entry in entries
    ]
    return counts, ids, found, told


def shown(record: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: record[name] for name in SHOWN if name in record} if record is not None else {}


def test_rows_of_a_batch_mean_what_they_mean_one_after_another(database_url: str) -> None:
    async def story(database: Database) -> None:
        await database.access().bulk_create(CARD, THERE)
        chance = random.Random(14)  # noqa: S311 - no secret: the same batches each time
        refused = 0
        for _ in range(BATCHES):
            way, rows = drawn(chance)
            wanted = await tried(database, CARD, way, [[row] for row in rows])
            assert await tried(database, CARD, way, [rows]) == wanted, (way, rows)
            refused += len(wanted) == 3 and isinstance(wanted[0], str)
        assert BATCHES // 6 < refused < BATCHES * 4 // 5

    run(database_url, story, models=[CARD])


def test_changes_that_are_counted_and_kept_are_so_one_after_another(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(database: Database) -> None:
        access = database.access()
        await access.bulk_create(KEPT, [*THERE, {"id": "c", "email": "z"}])
        await access.delete(KEPT, {"id": "c"})
        chance = random.Random(3)  # noqa: S311 - no secret: the same batches each time
        went_well = 0
        for _ in range(COUNTED):
            way, rows = drawn(chance, 8)
            if way == "update":
                for row in chance.sample(rows, len(rows) // 3):
                    row["version"] = chance.choice([None, 1, 1, 1, 2])
            wanted = await tried(database, KEPT, way, [[row] for row in rows])
            assert await tried(database, KEPT, way, [rows]) == wanted, (way, rows)
            went_well += len(wanted) == 4
        assert went_well > COUNTED // 6
        slowly: list[Any] = []
        monkeypatch.setattr(CarefulAccess, "one_row", slowly.append)
        many = [{"id": f"k{number}", "n": number} for number in range(700)]
        counts, _, found, told = await tried(database, KEPT, "upsert by key", [many, many[:300]])
        assert counts == [700, 300, 0]
        assert sorted(record["version"] for record in found) == [1] * 402 + [2] * 301
        assert [(entry[0], entry[1]) for entry in told[4:]] == [
            *(("create", row["id"]) for row in many),
            *(("update", row["id"]) for row in many[:300]),
        ]
        mails = [{"email": f"m{number}", "n": number} for number in range(700)]
        counts, ids, _, _ = await tried(database, KEPT, "upsert by email", [mails, mails[:300]])
        assert (counts, ids[700:]) == ([700, 300, 0], ids[:300])
        await access.bulk_create(KEPT, many)
        counts, _, _, told = await tried(database, KEPT, "update", [many + many[:5]])
        assert counts == [0, 705, 0]
        assert (told[-1][2]["version"], told[-1][3]["version"]) == (2, 3)
        assert not slowly
        monkeypatch.undo()
        for bad, field in (({"id": "nobody", "m": 2}, "m"), ({"id": 5, "n": 1}, "id"), ({"id": "k1"}, None)):
            for good in ([], many[:4]):
                with pytest.raises(ValueRefused) as refused:
                    await access.bulk_update_rows(KEPT, [*good, bad])
                assert (refused.value.row, refused.value.field) == (len(good) + 1, field)

    run(database_url, story, models=[KEPT])


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
