"""Does a DataFlow take the options that have an effect, keep its models to itself, and end with the program?"""

import asyncio
import enum
import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from studio import DataFlow, DataFlowConfig, LocalRuntime, WorkflowBuilder
from studio.dataflow import instances
from studio.dataflow.config import find_url, name_from
from studio.kernel.errors import BuildError, ModelError, NoSuchTable, StudioError, WorkflowError
from studio.kernel.loop import default_loop


class Person:
    """Somebody."""

    id: str
    name: str


@pytest.fixture(autouse=True)
def no_other_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the instances of the test itself are open, and the environment names no database."""
    gc.collect()
    monkeypatch.setattr(instances, "_open", [])
    for name in ("DATABASE_URL", "DATAFLOW_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def create(db: DataFlow | None, type_name: str, params: dict[str, object]) -> object:
    workflow = WorkflowBuilder(db, name="story")
    workflow.add_node(type_name, "node", params)
    results, _ = LocalRuntime().execute(workflow)
    return results["node"]


# ---------------------------------------------------------------- options


def test_a_path_without_a_scheme_is_told_how_it_is_written() -> None:
    with pytest.raises(StudioError) as caught:
        DataFlow("shop.db")
    assert "sqlite:///shop.db" in caught.value.hint


def test_a_default_of_another_kind_than_its_field_is_refused_where_it_is_declared() -> None:
    class Part:
        price: float = 0  # a whole number is a number, too
        size: int = "5"  # type: ignore[assignment] # the mistake

    with pytest.raises(ModelError, match=r"Part: the default of 'size' does not fit"):
        DataFlow(":memory:", models=[Part])


NO_SUCH_NAME = "cannot be changed on MariaDB, whose paths cannot name '-a'"
DEEP_PATH = {"data.1.2.3.4.5": 1}
TOO_DEEP = "more than 4 numbers, which MariaDB cannot look up"


@pytest.mark.parametrize(
    ("type_name", "params", "words"),
    [
        ("SettingUpdateNode", {"id": 1, "fields": {"data.-a": 5}}, NO_SUCH_NAME),
        ("SettingUpdateNode", {"id": 1, "fields": {"data.-a": "{{ limit }}"}}, NO_SUCH_NAME),
        ("SettingUpdateNode", {"id": 1, "fields": {"$set": {"data.-a": "{{ limit }}"}}}, NO_SUCH_NAME),
        ("SettingUpdateNode", {"id": 1, "fields": {"data.-a": {"$inc": 1}}}, NO_SUCH_NAME),
        ("SettingBulkUpdateNode", {"filter": {}, "update": {"$unset": ["data.x.-a"]}}, NO_SUCH_NAME),
        (
            "SettingUpsertNode",
            {"where": {"id": 1}, "create": {"data": {}}, "update": {"data.-a": 5}},
            NO_SUCH_NAME,
        ),
        ("SettingListNode", {"filter": DEEP_PATH}, TOO_DEEP),
        ("SettingReadNode", {"filter": DEEP_PATH}, TOO_DEEP),
        ("SettingBulkDeleteNode", {"filter": {"$not": DEEP_PATH}}, TOO_DEEP),
        ("SettingAggregateNode", {"filter": DEEP_PATH, "aggregate": {"n": {"$count": "*"}}}, TOO_DEEP),
        ("SettingAggregateNode", {"pipeline": [{"$match": DEEP_PATH}, {"$limit": 1}]}, TOO_DEEP),
        # The same beside what only the run brings, and where the run brings what is looked for.
        ("SettingListNode", {"filter": {"data.1.2.3.4.5": {"$gt": "{{ limit }}"}}}, TOO_DEEP),
        ("SettingAggregateNode", {"filter": DEEP_PATH, "group_by": "id", "limit": "{{ limit }}"}, TOO_DEEP),
        ("SettingAggregateNode", {"filter": DEEP_PATH, "aggregate": "{{ limit }}"}, TOO_DEEP),
        ("SettingAggregateNode", {"pipeline": [{"$match": DEEP_PATH}, {"$limit": "{{ limit }}"}]}, TOO_DEEP),
        (
            "SettingAggregateNode",
            {"pipeline": [{"$match": {"data.1.2.3.4.5": "{{ limit }}"}}, {"$group": {"_id": "{{ limit }}"}}]},
            TOO_DEEP,
        ),
        (
            "SettingCountNode",
            {"filter": {"data": {"$contains": {"a": [[[[1]]]]}}}},
            "more than 3 deep, which MariaDB cannot do",
        ),
    ],
)
def test_what_a_kind_of_database_cannot_do_is_refused_when_building_for_it(
    type_name: str, params: dict[str, Any], words: str
) -> None:
    class Setting:
        data: dict[str, Any]

    for url, fits in (
        ("sqlite://", True),
        ("postgresql://x@localhost/x", True),
        ("mysql://x@localhost/x", False),
    ):
        with DataFlow(url, models=[Setting]) as db:
            workflow = WorkflowBuilder(db)
            workflow.add_input("limit", int)
            workflow.add_node(type_name, "it", params)
            if fits:
                workflow.build()
                continue
            with pytest.raises(BuildError, match=words):
                workflow.build()


def test_a_field_that_is_only_called_like_a_foreign_key_is_told_how_to_become_one() -> None:
    class Owner:
        name: str

    class Pet:
        owner_id: int

    db = DataFlow(":memory:", models=[Owner, Pet])
    assert db.get_relationships("Pet") == {}
    with pytest.raises(BuildError, match=r'Field\(references="Owner\.id"\)'):
        create(db, "PetListNode", {"include": ["owner"]})


def test_where_two_databases_have_a_model_only_what_holds_for_both_is_judged() -> None:
    class Dog:
        name: str

    small = DataFlow(":memory:", name="small", models=[Dog])

    class Dog:  # type: ignore[no-redef] # the same name in another database
        name: str
        breed: str

    large = DataFlow(":memory:", name="large", models=[Dog])
    with pytest.raises(BuildError) as caught:
        create(None, "DogCreateNode", {"name": "Rex", "breed": "mixed"})
    assert [problem.code for problem in caught.value.problems] == ["ambiguous-node"]
    assert small.is_open
    assert large.is_open


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"pool_sise": 5}, "Did you mean 'pool_size'"),
        ({"monitorin": True}, "Did you mean 'monitoring'"),
        ({"tenants": True}, "An option without effect is refused"),
        ({"adapter": object()}, "Give the URL of the database"),
        ({"audit_logging": True}, '"audit_log": True'),
        ({"tenant_header": "X-Tenant-ID"}, "TenantContext.set_current"),
        ({"pool_size": 0}, "at least 1"),
        ({"pool_size": "5"}, "a whole number"),
        ({"echo": "yes"}, "true or false"),
        ({"max_overflow": 1, "pool_max_overflow": 2}, "twice"),
    ],
)
def test_an_option_without_effect_is_refused_with_near_misses(options: dict[str, Any], words: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        DataFlow("sqlite:///x.db", **options)
    assert words in str(caught.value)


def test_options_may_be_given_one_by_one_or_as_a_config() -> None:
    config = DataFlowConfig(database_url="sqlite:///a.db", pool_size=3, max_overflow=4, auto_migrate=False)
    db = DataFlow(config=config, pool_size=7)
    assert (db.database.options.pool_size, db.database.options.max_overflow) == (7, 4)
    assert db.config.creates_tables is False
    assert db.name == "a"
    assert DataFlow("sqlite:///x.db", pool_max_overflow=2).database.options.max_overflow == 2


def test_a_first_argument_that_is_no_url_is_refused() -> None:
    with pytest.raises(WorkflowError, match="wants a URL, not int"):
        DataFlow(7)  # type: ignore[arg-type]
    for url, words in (("oracle://x", "oracle"), ("mongodb://x/y", "documents go into fields")):
        with pytest.raises(StudioError, match=words):
            DataFlow(url)


def test_without_a_url_the_environment_is_asked_and_then_a_file_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert DataFlow().name == "studio"
    monkeypatch.setenv("DATAFLOW_DATABASE_URL", "sqlite:///second.db")
    assert DataFlow().name == "second"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///first.db")
    assert DataFlow().name == "first"
    assert DataFlow("sqlite:///own.db").name == "own"
    assert find_url(":memory:") == "sqlite:///:memory:"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("sqlite:////tmp/shop.sqlite", "shop"),
        ("sqlite:///:memory:", "memory"),
        ("postgresql://user:secret@host:5432/crm", "crm"),
        ("postgresql://host", "database"),
    ],
)
def test_a_database_has_a_name_without_being_asked(url: str, name: str) -> None:
    assert name_from(url) == name


def test_a_secret_is_never_shown() -> None:
    db = DataFlow("postgresql://user:hunter2@host/crm", models=[Person])
    assert "hunter2" not in repr(db)
    assert repr(db) == "<DataFlow 'crm', 1 model>"


# ---------------------------------------------------------------- models


def test_models_can_be_listed_and_looked_at() -> None:
    db = DataFlow(":memory:")

    @db.model
    class Task:
        """Something to do."""

        title: str
        done: bool = False

    assert db.list_models() == ["Task"]
    info = db.get_model_info("Task")
    assert (info["name"], info["table"], info["doc"], info["key"]) == (
        "Task",
        "tasks",
        "Something to do.",
        ["id"],
    )
    assert info["fields"]["title"] == {"type": "str", "required": True}
    assert info["fields"]["id"]["generated"] is True
    assert info["fields"]["done"]["default"] is False
    assert db.get_generated_nodes("Task")[0] == "TaskCreateNode"
    assert len(info["nodes"]) == 12
    with pytest.raises(ModelError, match="Did you mean 'Task'"):
        db.get_model_info("Tusk")


def test_a_model_with_another_name_for_its_key_is_refused() -> None:
    db = DataFlow(":memory:")
    with pytest.raises(ModelError, match="must be named 'id', not 'user_id'"):

        @db.model
        class User:
            user_id: str


def test_a_class_describes_records_and_is_not_instantiated() -> None:
    db = DataFlow(":memory:")
    kept: Any = db.model(type("Person", (), {"__annotations__": {"id": str}, "__module__": __name__}))
    with pytest.raises(ModelError, match="cannot be instantiated"):
        kept()
    with pytest.raises(ModelError, match="PersonCreateNode"):
        kept(id="x")


def test_the_same_model_may_come_twice_but_not_another_of_its_name() -> None:
    db = DataFlow(":memory:", models=[Person])
    db.model(Person)
    other = type("Person", (), {"__annotations__": {"id": int}})
    with pytest.raises(ModelError, match="already"):
        db.model(other)
    assert db.list_models() == ["Person"]


def test_a_reference_to_a_model_that_is_not_there_is_refused_with_near_misses() -> None:
    from typing import Annotated

    from studio import Field

    db = DataFlow(":memory:", models=[Person])

    @db.model
    class Post:
        author: Annotated[str, Field(references="Persn.id")]

    with pytest.raises(ModelError, match=r"references 'Persn'.*Did you mean 'Person'"):
        db.catalogue.specs()


def test_a_query_builder_comes_from_the_class_the_name_and_the_table() -> None:
    db = DataFlow(":memory:")
    kept: Any = db.model(
        type("Person", (), {"__annotations__": {"id": str, "age": int}, "__module__": __name__})
    )
    wanted = {"filter": {"age": {"$gte": 18}}, "limit": 10, "order_by": ["-age"]}
    for builder in (
        kept.query_builder(),
        db.query("persons"),
        db.query("Person"),
        db.query_builder("Person"),
    ):
        params = builder.where("age", "$gte", 18).order_by("age", "DESC").limit(10).to_params()
        assert params == wanted
    with pytest.raises(ModelError, match="no model or table 'person'"):
        db.query("person")
    sql, values = kept.query_builder().where("age", ">", 18).build_select()
    assert "persons" in sql
    assert 18 in list(values.values() if isinstance(values, dict) else values)


def test_a_class_that_two_instances_took_in_must_be_told_which() -> None:
    kept: Any = type("Person", (), {"__annotations__": {"id": str}, "__module__": __name__})
    first, second = DataFlow(":memory:", name="a"), DataFlow(":memory:", name="b")
    first.model(kept)
    second.model(kept)
    with pytest.raises(ModelError, match="'a', 'b'"):
        kept.query_builder()
    assert kept.query_builder(db=second).to_params() == {}


# ---------------------------------------------------------------- instances


def test_two_instances_keep_models_of_the_same_name_apart(tmp_path: Path) -> None:
    class Color(enum.Enum):
        RED = "red"

    one = DataFlow(f"sqlite:///{tmp_path / 'one.db'}", name="one")
    two = DataFlow(f"sqlite:///{tmp_path / 'two.db'}", name="two")
    one.model(type("Thing", (), {"__annotations__": {"id": str, "size": int}, "__module__": __name__}))
    two.model(type("Thing", (), {"__annotations__": {"id": str, "color": Color}, "__module__": __name__}))
    create(one, "ThingCreateNode", {"id": "a", "size": 3})
    create(two, "ThingCreateNode", {"id": "b", "color": "red"})
    assert create(one, "ThingCountNode", {}) == {"count": 1}
    with pytest.raises(BuildError, match="no param 'color'"):
        create(one, "ThingCreateNode", {"id": "c", "color": "red"})
    with pytest.raises(BuildError, match="'one', 'two'"):
        create(None, "ThingCreateNode", {"id": "c", "size": 1})
    create(None, "ThingCreateNode", {"id": "c", "size": 1, "db_instance": "one"})
    create(two, "ThingCreateNode", {"id": "d", "size": 1, "db_instance": "one"})
    assert create(one, "ThingCountNode", {}) == {"count": 3}
    workflow = WorkflowBuilder(name="both")
    workflow.add_node("ThingCountNode", "n1", {"db_instance": "one"})
    workflow.add_node("ThingCountNode", "n2", {"db_instance": "two"})
    results, _ = LocalRuntime().execute(workflow)
    assert (results["n1"], results["n2"]) == ({"count": 3}, {"count": 1})
    one.close()
    two.close()


def test_a_node_without_a_name_means_the_only_open_instance_that_has_the_model(tmp_path: Path) -> None:
    one = DataFlow(f"sqlite:///{tmp_path / 'one.db'}", models=[Person])
    two = DataFlow(f"sqlite:///{tmp_path / 'two.db'}")
    assert create(None, "PersonCountNode", {}) == {"count": 0}
    one.close()
    with pytest.raises(BuildError, match="no node type 'PersonCountNode'"):
        create(None, "PersonCountNode", {})
    with pytest.raises(WorkflowError, match="is closed"):
        create(one, "PersonCountNode", {})
    two.close()


def test_instances_that_nobody_holds_are_forgotten() -> None:
    db = DataFlow(":memory:", models=[Person])
    assert instances.open_instances() == [db]
    del db
    gc.collect()
    assert instances.open_instances() == []


def test_two_instances_of_one_name_are_never_taken_for_each_other(tmp_path: Path) -> None:
    kept = [
        DataFlow(f"sqlite:///{tmp_path / name}", name="same", models=[Person]) for name in ("a.db", "b.db")
    ]
    with pytest.raises(BuildError, match="'same #1', 'same #2'"):
        create(None, "PersonCountNode", {})
    with pytest.raises(BuildError, match="No connection 'same'"):
        create(None, "PersonCountNode", {"db_instance": "same"})
    assert create(kept[1], "PersonCountNode", {}) == {"count": 0}
    for db in kept:
        db.close()


# ---------------------------------------------------------------- the database


def test_in_memory_means_one_database_for_tables_and_rows() -> None:
    with DataFlow(":memory:", models=[Person]) as db:
        create(db, "PersonCreateNode", {"id": "a", "name": "Ada"})
        assert create(db, "PersonCountNode", {}) == {"count": 1}


def test_existing_schema_mode_and_auto_migrate_off_create_nothing(tmp_path: Path) -> None:
    options: list[dict[str, Any]] = [{"existing_schema_mode": True}, {"auto_migrate": False}]
    for option in options:
        path = tmp_path / "empty.db"
        with DataFlow(f"sqlite:///{path}", models=[Person], **option) as db:
            with pytest.raises(NoSuchTable, match="persons"):
                create(db, "PersonCreateNode", {"id": "a", "name": "Ada"})
            assert db.discover_schema() == {}


def test_existing_schema_mode_names_the_column_that_is_missing(tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "legacy.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE persons (id TEXT PRIMARY KEY)")
    connection.close()
    with (
        DataFlow(f"sqlite:///{path}", models=[Person], existing_schema_mode=True) as db,
        pytest.raises(NoSuchTable, match="name"),
    ):
        create(db, "PersonCreateNode", {"id": "a", "name": "Ada"})


def test_tables_become_models_unless_a_model_declares_them(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    with DataFlow(url, models=[Person]) as db:
        create(db, "PersonCreateNode", {"id": "a", "name": "Ada"})
    with DataFlow(url) as db:
        assert list(db.discover_schema()) == ["persons"]
        with pytest.raises(ModelError, match="no table 'personz'"):
            db.register_schema_as_models(["personz"])
        (name,) = db.register_schema_as_models()
        assert create(db, f"{name}ReadNode", {"id": "a"}) == {
            **create(db, f"{name}ListNode", {})[0]  # type: ignore[index]
        }
        assert db.register_schema_as_models() == []


def test_one_that_nobody_holds_is_closed_but_not_while_a_transaction_is_open_in_it(sqlite_url: str) -> None:
    db = DataFlow(sqlite_url, models=[Person])
    database, gone = db.database, weakref.ref(db)
    workflow = WorkflowBuilder(db, name="story")
    workflow.add_node("PersonCreateNode", "node", {"id": "a", "name": "Ada"})
    with LocalRuntime().execute(workflow, mode="review") as run:
        del db, workflow
        gc.collect()
        assert gone() is not None
        run.commit()
    del run
    gc.collect()
    assert gone() is None
    default_loop().run(_what_is_let_go())
    assert database.pool().open == 0


async def _what_is_let_go() -> None:
    """It was begun on the engine's loop before this."""
    await asyncio.gather(*(task for task in asyncio.all_tasks() if task.get_name() == "let go"))


_ZERO_CONFIG = """
from studio import DataFlow, LocalRuntime, WorkflowBuilder
db = DataFlow({argument})
@db.model
class Note:
    text: str
workflow = WorkflowBuilder()
workflow.add_node("NoteCreateNode", "create", {{"text": "hello"}})
workflow.add_node("NoteListNode", "list")
workflow.add_connection("create", "done", "list", "after")
results, run_id = LocalRuntime().execute(workflow.build())
print(results["list"][0]["text"], len(run_id))
"""


@pytest.mark.parametrize(
    ("argument", "variables", "file"),
    [
        ("", {}, "studio.db"),
        ("", {"DATABASE_URL": "sqlite:///from_env.db"}, "from_env.db"),
        ("", {"DATAFLOW_DATABASE_URL": "sqlite:///other.db"}, "other.db"),
        ("':memory:'", {}, None),
    ],
)
def test_a_program_works_without_settings_and_ends_without_closing(
    tmp_path: Path, argument: str, variables: dict[str, str], file: str | None
) -> None:
    """Tables and rows are in one database, and the process ends."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DATA")}
    code = _ZERO_CONFIG.format(argument=argument)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", code],
        cwd=tmp_path,
        env={**clean, **variables, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "hello 36\n"
    # What was left open is closed at the end: no log is left beside the file.
    assert [path.name for path in tmp_path.iterdir()] == ([file] if file else [])
