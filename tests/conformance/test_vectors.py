"""Vectors: kept to 32 bits alike by every database, compared as a whole, refused early where they do not fit."""

import struct
from typing import Annotated, Any

import numpy as np
import pytest

from studio import DataFlow, Vector, WorkflowBuilder
from studio.database import Database, ListQuery
from studio.database.plans import dialect_named
from studio.database.schema import ddl
from studio.kernel.errors import BuildError, SchemaDiffers, ValueRefused
from studio.models import FieldSpec, Kind, build_model, model_from_class
from tests.unit.database.opening import run


class Passage:
    """A piece of text and what it means."""

    text: str
    near: Annotated[list[float] | None, Vector(3)] = None


class Word:
    """A model without vectors."""

    text: str


PASSAGE, WORD = map(model_from_class, (Passage, Word))


def rounded(*numbers: float) -> list[float]:
    """As 32 bits hold them."""
    return list(struct.unpack(f"{len(numbers)}f", struct.pack(f"{len(numbers)}f", *numbers)))


def test_many_vectors_are_kept_alike_by_each_way_of_writing(database_url: str) -> None:
    """600 rows: more than travel as one array per column."""

    async def story(database: Database) -> None:
        access = database.access()
        rows: list[dict[str, Any]] = [
            {"text": f"t{number}", "near": [number / 7, -number / 3, 0.1]} for number in range(600)
        ]
        ids = (await access.bulk_create(PASSAGE, rows, return_ids=True)).ids
        await access.bulk_upsert(
            PASSAGE, [{"id": key, **row} for key, row in zip(ids, rows[::-1], strict=True)]
        )
        await access.bulk_update_rows(PASSAGE, [{"id": ids[0], "near": np.array([0.1, 0.2, 0.3])}])
        found = await access.list(PASSAGE, ListQuery(order_by=["id"], limit=None))
        assert [record["near"] for record in found][1:] == [rounded(*row["near"]) for row in rows[::-1]][1:]
        assert found[0]["near"] == rounded(0.1, 0.2, 0.3)
        assert {type(number) for record in found for number in record["near"]} == {float}

    run(database_url, story, models=[PASSAGE])


def test_vectors_are_found_by_equality_and_by_nothing_else(database_url: str) -> None:
    async def story(database: Database) -> None:
        access = database.access()
        for text, near in (("a", [0.1, 0.2, 0.3]), ("b", (0, -0.0, 1)), ("c", None)):
            await access.create(PASSAGE, {"text": text, "near": near})

        async def texts(filter: dict[str, Any]) -> str:
            found = await access.list(PASSAGE, ListQuery(filter=filter, order_by=["text"]))
            return "".join(record["text"] for record in found)

        assert await texts({"near": [0.1, 0.2, 0.3]}) == "a"
        assert await texts({"near": {"$eq": [0.0, 0.0, 1.0]}}) == "b"
        assert await texts({"near": {"$ne": rounded(0.1, 0.2, 0.3)}}) == "bc"
        assert await texts({"near": {"$not": {"$eq": [9, 9, 9]}}}) == "abc"
        assert await texts({"near": None}) == await texts({"near": {"$null": True}}) == "c"
        assert await texts({"near": {"$exists": True}, "text": {"$gt": "a"}}) == "b"
        changed = await access.update(PASSAGE, {"text": "c"}, {"$set": {"near": [1, 2, 3]}})
        assert changed is not None
        assert changed["near"] == [1.0, 2.0, 3.0]
        cleared = await access.update(PASSAGE, {"text": "a"}, {"$unset": {"near": True}})
        assert cleared is not None
        assert cleared["near"] is None
        with pytest.raises(ValueRefused, match='"near" has 3 dimensions, but the vector given has 2'):
            await access.count(PASSAGE, {"near": [1.0, 2.0]})

    run(database_url, story, models=[PASSAGE])


@pytest.mark.parametrize(
    ("node", "params", "words"),
    [
        ("PassageListNode", {"filter": {"near": {"$gt": [1, 2, 3]}}}, "$gt does not suit 'near', which is a vector field"),
        ("PassageListNode", {"filter": {"near": {"$in": [[1, 2, 3]]}}}, "$in does not suit 'near'"),
        ("PassageListNode", {"filter": {"near": {"$size": 3}}}, "$size does not suit 'near'"),
        ("PassageListNode", {"filter": {"near.0": 1}}, "nothing can be looked up inside of it"),
        ("PassageListNode", {"filter": {"near": [1, 2]}}, "the vector given has 2"),
        ("PassageListNode", {"order_by": ["near"]}, "'near' is a vector field, which has no order"),
        ("PassageAggregateNode", {"group_by": ["near"]}, "'near' is a vector field, which makes no groups"),
        ("PassageAggregateNode", {"aggregate": {"n": {"$count_distinct": "near"}}}, "does not suit 'near'"),
        ("PassageAggregateNode", {"aggregate": {"n": {"$max": "near"}}}, "does not suit 'near'"),
        ("PassageUpdateNode", {"id": 1, "fields": {"near": {"$push": 1.0}}}, "$push does not suit 'near'"),
        ("PassageUpdateNode", {"id": 1, "fields": {"near": {"$inc": 1.0}}}, "$inc does not suit 'near'"),
        ("PassageCreateNode", {"text": "x", "near": [1, 2]}, '"near" has 3 dimensions, but the vector given has 2'),
        ("PassageCreateNode", {"text": "x", "near": "1, 2, 3"}, '"near" wants a list of numbers'),
    ],
)  # fmt: skip
def test_what_cannot_be_done_with_a_vector_is_refused_before_the_run(
    node: str, params: dict[str, Any], words: str
) -> None:
    with DataFlow(":memory:", models=[Passage]) as db:
        workflow = WorkflowBuilder(db)
        workflow.add_node(node, "it", params)
        with pytest.raises(BuildError) as caught:
            workflow.build()
    assert words in str(caught.value)
    assert "it" in str(caught.value)


def test_a_transaction_that_was_open_before_the_first_vector_takes_them_as_well(postgres_url: str) -> None:
    async def story(database: Database) -> None:
        async with database.transaction() as access:
            await access.create(WORD, {"text": "first"})
            await database.ensure([PASSAGE])
            await access.bulk_create(PASSAGE, [{"text": "a", "near": [1, 2, 3]}])
            (record,) = await access.list(PASSAGE, ListQuery())
            assert record["near"] == [1.0, 2.0, 3.0]
        assert await database.access().count(PASSAGE, {"near": [1, 2, 3]}) == 1

    run(postgres_url, story, models=[WORD])


def test_columns_that_are_there_become_fields_with_their_dimensions(postgres_url: str) -> None:
    async def story(database: Database) -> None:
        access = database.access()
        await access.execute("CREATE EXTENSION vector")
        await access.execute(
            "CREATE TABLE notes (id int PRIMARY KEY, near vector(2) NOT NULL, any_size vector)"
        )
        spec = next(spec for spec in await database.reflect() if spec.table == "notes")
        fields = {field.name: (field.kind, field.dimensions) for field in spec.fields}
        assert fields == {"id": (Kind.INT, None), "near": (Kind.VECTOR, 2), "any_size": (Kind.VECTOR, None)}
        await database.ensure([spec])
        await access.bulk_create(
            spec, [{"id": 1, "near": [1, 2], "any_size": [1]}, {"id": 2, "near": [3, 4], "any_size": [1, 2]}]
        )
        assert await access.count(spec, {"any_size": [1.0, 2.0]}) == 1
        other = build_model("Note", [FieldSpec(name="near", kind=Kind.VECTOR, dimensions=3)])
        with pytest.raises(
            SchemaDiffers, match=r"'near' is vector\(2\), but the field \"near\" is a vector\(3\)"
        ):
            await database.ensure([other])

    run(postgres_url, story)


def test_a_server_without_pgvector_is_told_with_the_remedy(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = "CREATE EXTENSION IF NOT EXISTS vector_of_nowhere"
    monkeypatch.setattr(type(dialect_named("postgresql")), "needed_first", {Kind.VECTOR: missing})

    async def story(database: Database) -> None:
        with pytest.raises(
            SchemaDiffers, match='Passage: the field "near" is a vector, which this database does not know'
        ) as caught:
            await database.ensure([PASSAGE])
        assert "administrator" in caught.value.hint
        assert caught.value.field == "near"
        assert not await database.has_table(PASSAGE)

    run(postgres_url, story)


def test_the_statements_for_an_empty_database_begin_with_the_extension() -> None:
    first, second = ddl([PASSAGE], dialect_named("postgresql"))
    assert first == "CREATE EXTENSION IF NOT EXISTS vector"
    assert "near vector(3)" in second
    assert len(ddl([PASSAGE], dialect_named("sqlite"))) == 1
