"""Tables come on first use, whole, once, and whoever else makes them at the same time."""

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import pytest

from studio.kernel.errors import DuplicateKey, ForeignKeyViolated, ModelError, NoSuchTable
from studio.models import Field, FieldSpec, Kind, build_model, model_from_class
from tests.unit.database.opening import CUSTOMER, SHOP, run


def test_tables_are_made_once_and_hold_their_constraints(database_url):
    class Folder:
        parent_id: Annotated[int | None, Field(references="Folder", on_delete="cascade")] = None
        name: str
        __indexes__ = [{"fields": ["parent_id", "name"], "unique": True}]  # noqa: RUF012 - a declaration

    folder = model_from_class(Folder)

    async def story(database):
        await database.ensure([folder])
        await database.ensure([folder])
        access = database.access()
        root = await access.create(folder, {"name": "root"})
        child = await access.create(folder, {"name": "a", "parent_id": root["id"]})
        with pytest.raises(DuplicateKey) as twin:
            await access.create(folder, {"name": "a", "parent_id": root["id"]})
        assert twin.value.field == "parent_id"
        await access.create(folder, {"name": "b", "parent_id": child["id"]})
        await access.delete(folder, {"id": root["id"]})
        assert await access.count(folder) == 0

    run(database_url, story, models=[])


def test_models_that_reference_each_other_in_a_circle_get_their_tables(database_url):
    class Person:
        home_id: Annotated[int | None, Field(references="House")] = None

    class House:
        owner_id: Annotated[int, Field(references="Person")]

    models = [model_from_class(Person), model_from_class(House)]

    async def story(database):
        access = database.access()
        person = await access.create(models[0], {})
        house = await access.create(models[1], {"owner_id": person["id"]})
        await access.update(models[0], {"id": person["id"]}, {"home_id": house["id"]})
        with pytest.raises(ForeignKeyViolated):
            await access.create(models[1], {"owner_id": 99})

    run(database_url, story, models=models)


def test_the_order_in_which_models_are_given_does_not_matter(database_url):
    async def story(database):
        await database.access().create(CUSTOMER, {"email": "a@x"})

    run(database_url, story, models=list(reversed(SHOP)))


def test_a_reference_to_nowhere_or_to_another_type_is_refused(database_url):
    class Invoice:
        customer_id: Annotated[str, Field(references="Custommer.id")]

    async def story(database):
        with pytest.raises(ModelError, match="Custommer") as caught:
            await database.ensure([CUSTOMER, model_from_class(Invoice)])
        assert "'Customer'" in caught.value.hint
        other = build_model("Bill", [FieldSpec(name="customer_id", kind=Kind.INT, references="Customer.id")])
        with pytest.raises(
            ModelError, match="customer_id is of the type int, but Customer.id.*of the type str"
        ):
            await database.ensure([CUSTOMER, other])

    run(database_url, story, models=[])


def test_a_table_without_a_column_of_its_model_is_told_and_not_touched(database_url):
    old = build_model("Thing", [FieldSpec(name="size", kind=Kind.INT)])
    new = build_model("Thing", [FieldSpec(name="sizes", kind=Kind.INT)])

    async def story(database):
        with pytest.raises(NoSuchTable, match="'sizes'") as caught:
            await database.ensure([new])
        assert "'size'" in caught.value.hint
        assert caught.value.field == "sizes"

    run(database_url, story, models=[old])


def test_without_leave_to_create_a_missing_table_is_told(database_url):
    async def story(database):
        with pytest.raises(NoSuchTable, match="customers"):
            await database.ensure([CUSTOMER], create=False)
        await database.ensure([CUSTOMER])
        await database.ensure([CUSTOMER], create=False)

    run(database_url, story, models=[])


def test_many_at_once_in_one_process_make_them_once(database_url):
    async def story(database):
        await asyncio.gather(*(database.ensure(SHOP) for _ in range(10)))
        await database.access().create(CUSTOMER, {"email": "a@x"})

    run(database_url, story, models=[])


def test_several_processes_at_once_make_them_once(database_url):
    program = (
        "import sys; from tests.unit.database.opening import CUSTOMER, run\n"
        "async def story(database): await database.access().create(CUSTOMER, {'email': sys.argv[2]})\n"
        "run(sys.argv[1], story)\n"
    )
    root = Path(__file__).resolve().parents[2]
    started = [
        subprocess.Popen([sys.executable, "-c", program, database_url, f"{n}@x"], cwd=root)  # noqa: S603 - its own
        for n in range(4)
    ]
    assert [process.wait(60) for process in started] == [0, 0, 0, 0]

    async def story(database):
        assert await database.access().count(CUSTOMER) == 4

    run(database_url, story)
