"""A table follows its model by additions only, on its own, and is left alone where that is not allowed."""

import asyncio
import contextlib
import datetime as dt
import enum
import sqlite3
import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest

from studio import DataFlow, Field, LocalRuntime, Text, Vector, WorkflowBuilder
from studio.database import Database
from studio.kernel.errors import (
    CheckViolated,
    DuplicateKey,
    FilterError,
    ForeignKeyViolated,
    ModelError,
    NoSuchTable,
    SchemaDiffers,
)
from studio.kernel.loop import default_loop
from studio.models import FieldSpec, Kind, ModelSpec, build_model, model_from_class
from studio.persistence.store import ProjectStore
from studio.project.state import Project
from studio.session.sample import sample_project
from tests.support.exactness import exact
from tests.unit.database.opening import run


class Colour(enum.Enum):
    RED = "r'ed"
    BLUE = "blue"


class Thing:
    """What there was first."""

    id: str
    name: Annotated[str, Field(unique=True, max_length=40)]


class Shelf:
    id: str
    place: str = "hall"


class Kinds:
    """Every kind of field, with a default, and what an index or a constraint can be."""

    id: str
    name: Annotated[str, Field(unique=True, max_length=40)]
    whole: Annotated[int, Field(index=True, check="whole >= -5")] = -5
    broken: float = -1.5
    exact: Decimal = Decimal("-12.30")
    word: Annotated[str, Field(max_length=30)] = "it's 100% :new \\ ü"
    text: Text = Text("two\nlines")
    yes: bool = True
    no: bool = False
    moment: dt.datetime = dt.datetime(2025, 2, 3, 4, 5, 6, 7, tzinfo=dt.UTC)
    day: dt.date = dt.date(2025, 2, 3)
    hour: dt.time = dt.time(4, 5, 6, 7)
    span: dt.timedelta = dt.timedelta(days=-1, microseconds=5)
    raw: bytes = b"\x00'\xff"
    mapping: dict[str, Any] = {"a": [1, "it's", None]}  # noqa: RUF012 - a declaration
    several: list[str] = ["x", "y"]  # noqa: RUF012
    near: Annotated[list[float], Vector(2)] = [0.5, -1.0]  # noqa: RUF012
    colour: Colour = Colour.RED
    mark: uuid.UUID = uuid.UUID(int=7)
    empty: int | None = None
    said: Annotated[int, Field(server_default="7")]
    code: Annotated[str | None, Field(unique=True, max_length=20)] = None
    shelf_id: Annotated[str | None, Field(references="Shelf", on_delete="cascade")] = None

    __indexes__ = ({"name": "ix_kinds_two", "fields": ["whole", "day"]},)


THING, SHELF, KINDS = map(model_from_class, (Thing, Shelf, Kinds))
GROWN = ModelSpec(name="Thing", table="things", fields=KINDS.fields, indexes=KINDS.indexes)
"""The thing of before, declared anew with all that."""
_MADE_ELSEWHERE = ("id", "name", "created_at", "updated_at", "empty", "code", "shelf_id", "said")


def one(db: DataFlow, type_name: str, params: dict[str, Any] | None = None) -> Any:
    workflow = WorkflowBuilder(db)
    workflow.add_node(type_name, "node", params)
    return LocalRuntime().execute(workflow)[0]["node"]


def columns_of(database: Database, table: str) -> Any:
    engine = database._engine
    return engine.catalogue.columns(engine.lanes, [(None, table)])


def test_a_table_that_studio_made_is_never_taken_for_different(database_url: str) -> None:
    async def story(database: Database) -> None:
        again = Database(database_url)
        try:
            await again.ensure([KINDS, SHELF], create=False)
            done = await database_ensure(again, [KINDS, SHELF])
            assert done == []
        finally:
            await again.close()

    run(database_url, story, models=[KINDS, SHELF])


async def database_ensure(database: Database, specs: list[ModelSpec]) -> list[str]:
    """The statements that making sure of the tables takes."""
    from studio.database.schema import ensure

    done = await ensure(database._engine, database._dialect, specs, create=True)
    return done.statements


def test_new_fields_get_columns_and_the_old_records_their_defaults(database_url: str) -> None:
    async def story(database: Database) -> None:
        access = database.access()
        old = await access.create(THING, {"id": "a", "name": "first"})
        await database.ensure([GROWN, SHELF])
        access = database.access()
        grown = await access.read(GROWN, {"id": "a"})
        assert grown is not None
        assert {name: grown[name] for name in old} == old
        made = {field.name: value for field in GROWN.fields if (value := _default(field)) is not None}
        assert {name: grown[name] for name in made} == made
        assert {type(grown[name]) for name in made} == {type(value) for value in made.values()}
        assert (grown["empty"], grown["code"], grown["shelf_id"], grown["said"]) == (None, None, None, 7)

        # What is written from now on obeys what the model says, and an older program can still write.
        await access.create(SHELF, {"id": "s"})
        await access.create(GROWN, {"id": "b", "name": "second", "code": "x", "shelf_id": "s"})
        assert (await access.create(THING, {"id": "c", "name": "third"}))["name"] == "third"
        for wrong, values in (
            (DuplicateKey, {"code": "x"}),
            (ForeignKeyViolated, {"shelf_id": "nowhere"}),
            (CheckViolated, {"whole": -6}),
            (DuplicateKey, {"name": "first"}),
        ):
            with pytest.raises(wrong) as caught:
                await access.create(GROWN, {"id": "d", "name": "fourth", **values})
            assert caught.value.field == next(iter(values))
        await access.delete(SHELF, {"id": "s"})
        assert await access.count(GROWN, {"id": "b"}) == 0
        assert await database_ensure(database, [GROWN, SHELF]) == []

    run(database_url, story, models=[THING])


def _default(field: FieldSpec) -> Any:
    if field.name in _MADE_ELSEWHERE:
        return None
    return field.default_factory() if field.default_factory is not None else field.default


def test_what_cannot_be_added_is_told_whole_and_nothing_is_done(database_url: str) -> None:
    fields = [FieldSpec(name="id", kind=Kind.STR, key=True), FieldSpec(name="name", kind=Kind.INT)]
    wrong = [
        build_model("Thing", [*fields, FieldSpec(name="age", kind=Kind.INT), FieldSpec(name="fine", kind=Kind.INT, nullable=True)]),
        build_model(
            "Thing",
            [
                fields[0],
                FieldSpec(name="name", kind=Kind.STR),
                FieldSpec(name="code", kind=Kind.STR, unique=True, default="x"),
                FieldSpec(name="age", kind=Kind.INT),
            ],
        ),
        build_model("Thing", [fields[0], FieldSpec(name="title", kind=Kind.STR, default="x")]),
    ]  # fmt: skip

    async def story(database: Database) -> None:
        await database.access().create(THING, {"id": "a", "name": "x"})
        before = await columns_of(database, "things")
        with pytest.raises(SchemaDiffers, match=r"'name' is .*, but the field .* is an int") as caught:
            await database.ensure([wrong[0]])
        assert '"age" cannot be added' in caught.value.message
        assert "never changes a column's type" in caught.value.hint
        assert "default" in caught.value.hint
        with pytest.raises(SchemaDiffers, match="same value") as caught:
            await database.ensure([wrong[1]])
        assert "would have no value" in caught.value.message
        with pytest.raises(NoSuchTable, match="'title'.*wants values for 'name'"):
            await database.ensure([wrong[2]])
        assert await columns_of(database, "things") == before
        await database.access().delete(THING, {"id": "a"})
        assert await database_ensure(database, [wrong[1]])  # without records, no record lacks a value

    run(database_url, story, models=[THING])


def test_where_nothing_may_be_changed_all_differences_are_told(database_url: str) -> None:
    other = build_model(
        "Thing",
        [FieldSpec(name="id", kind=Kind.STR, key=True)]
        + [FieldSpec(name=name, kind=Kind.INT, nullable=True) for name in ("name", "age", "size")],
    )

    async def story(database: Database) -> None:
        before = await columns_of(database, "things")
        with pytest.raises(SchemaDiffers, match="'name' is") as caught:
            await database.ensure([other], create=False)
        assert "'age'" in caught.value.message
        assert "'size'" in caught.value.message
        assert await columns_of(database, "things") == before

    run(database_url, story, models=[THING])


def test_a_column_that_would_falsify_its_values_is_told(sqlite_url: str, postgres_url: str) -> None:
    """Of the right kind by its name, and yet: SQLite keeps NUMERIC as floating numbers, PostgreSQL's TIMESTAMP has no zone, its enums are no text."""

    class Price:
        id: str
        amount: Decimal | None = None
        seen: dt.datetime | None = None
        colour: Colour | None = None

    async def make(database: Database) -> None:
        if database.dialect == "postgresql":
            await database.access().execute("CREATE TYPE own AS ENUM ('red', 'blue')")
        colour = "own" if database.dialect == "postgresql" else "TEXT"
        await database.access().execute(
            f"CREATE TABLE prices (id TEXT PRIMARY KEY, amount NUMERIC(10, 2), seen TIMESTAMP, colour {colour})"
        )

    for url, *faults in (
        (
            sqlite_url,
            "'amount' is NUMERIC(10, 2), but the field \"amount\" is a decimal, which SQLite would make",
        ),
        (
            postgres_url,
            "'seen' is timestamp without time zone, but the field \"seen\" is a moment with a time zone",
            "'colour' is own, but the field \"colour\" is an enum, which Studio keeps as text",
        ),
    ):
        run(url, make, models=[])
        with DataFlow(url, models=[Price]) as db, pytest.raises(SchemaDiffers) as caught:
            one(db, "PriceCountNode")
        for words in faults:
            assert words in str(caught.value)


def test_a_table_of_somebody_else_is_used_without_the_timestamps_that_it_lacks(database_url: str) -> None:
    async def make(database: Database) -> None:
        await database.access().execute(
            "CREATE TABLE persons (id VARCHAR(20) PRIMARY KEY, name VARCHAR(20) NOT NULL)"
        )

    run(database_url, make, models=[])

    class Person:
        id: str
        name: str

    with DataFlow(database_url, existing_schema_mode=True, models=[Person]) as legacy:
        assert one(legacy, "PersonCreateNode", {"id": "a", "name": "Ada"}) == {"id": "a", "name": "Ada"}
        assert one(legacy, "PersonUpdateNode", {"id": "a", "name": "Eve"})["name"] == "Eve"
        assert one(legacy, "PersonListNode", {"filter": {"name": "Eve"}, "order_by": "name"}) == [
            {"id": "a", "name": "Eve"}
        ]
        assert one(legacy, "PersonBulkCreateNode", {"data": [{"id": "b", "name": "B"}]})["created"] == 1
        with pytest.raises(FilterError, match="created_at"):
            one(legacy, "PersonListNode", {"order_by": "-created_at"})
        # Later somebody allows it: the records that are there were made now, as far as anybody knows.
    with DataFlow(database_url, models=[Person]) as own:
        record = one(own, "PersonReadNode", {"id": "a"})
        assert record["created_at"].tzinfo is dt.UTC
        assert one(own, "PersonUpdateNode", {"id": "a", "name": "Ada"})["updated_at"] >= record["updated_at"]


def test_declaring_a_model_again_with_more_fields_evolves_its_table(database_url: str) -> None:
    db = DataFlow(database_url)

    @db.model
    class User:
        name: str
        email: str

    workflow = WorkflowBuilder(db)
    workflow.add_node("UserCreateNode", "node", {"name": "Ada", "email": "a@b.c"})
    earlier = workflow.build()
    LocalRuntime().execute(earlier)

    @db.model
    class User:  # type: ignore[no-redef] # noqa: F811 - as the documents write it
        name: str
        email: str
        phone: str = None  # type: ignore[assignment]
        is_active: bool = True
        created_at: dt.datetime = None  # type: ignore[assignment]

    with db:
        assert one(db, "UserReadNode", {"id": 1})["is_active"] is True
        assert one(db, "UserCreateNode", {"name": "B", "email": "b", "phone": "1"})["phone"] == "1"
        LocalRuntime().execute(earlier)  # a workflow that was built before still runs
        assert one(db, "UserCountNode", {"filter": {"is_active": True, "phone": None}}) == {"count": 2}

        for fields, reason in (
            ({"name": str}, '"email" is gone'),
            ({"name": int, "email": str}, '"name" is int, and was str'),
            ({"name": str | None, "email": str}, '"name" may be empty yes, and was no'),
        ):
            changed = type("User", (), {"__annotations__": fields, "__module__": __name__})
            with pytest.raises(ModelError) as caught:
                db.model(changed)
            assert reason in caught.value.message


def test_a_table_grows_once_whoever_asks_for_it(database_url: str) -> None:
    async def story(database: Database) -> None:
        await database.access().create(THING, {"id": "a", "name": "first"})
        others = [Database(database_url) for _ in range(3)]
        try:
            await asyncio.gather(*(other.ensure([GROWN, SHELF]) for other in others))
            assert (await others[0].access().read(GROWN, {"id": "a"}))["whole"] == -5  # type: ignore[index]
        finally:
            for other in others:
                await other.close()

    run(database_url, story, models=[THING])


def test_the_store_of_an_older_studio_opens(tmp_path: Path) -> None:
    path = tmp_path / "shop.studio"
    project = replace(sample_project("sqlite:///shop.sqlite"), id="p")

    def clock() -> dt.datetime:
        return dt.datetime(2026, 5, 1, tzinfo=dt.UTC)

    async def story() -> Project:
        store = await ProjectStore.create(str(path), project, clock=clock, studio_version="1")
        await store.close()
        with contextlib.closing(sqlite3.connect(path)) as old:
            for table, column in (("projects", "extra"), ("connections", "extra"), ("projects", "opened_by")):
                old.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
            old.execute("DROP INDEX ix_edit_journals_position")
            old.commit()
        store = await ProjectStore.open(str(path), clock=clock)
        await store.close()
        return store.project

    assert exact(default_loop().run(story())) == exact(project)
