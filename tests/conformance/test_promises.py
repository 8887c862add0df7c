"""Does Studio do what it promises? One test per promise, in the words in which a person would try it.

Installing, connecting, building, running, declaring models, the generated nodes, filters and bulk work; what a model's options bring
(tenants, audit, encryption, migrations) is tested elsewhere.
"""

import asyncio
import datetime as dt
import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest

from studio import (
    AsyncLocalRuntime,
    AuditTrailManager,
    DataFlow,
    DataFlowConfig,
    Field,
    LocalRuntime,
    TenantContext,
    WorkflowBuilder,
)
from studio.kernel.errors import (
    BuildError,
    DuplicateKey,
    ForeignKeyViolated,
    ModelError,
    NoSuchTable,
    StaleRecord,
    StudioError,
    TenantRequired,
    WorkflowError,
)


class User:
    """Somebody with an account."""

    id: int
    name: str
    email: Annotated[str | None, Field(unique=True)] = None
    age: int | None = None
    active: bool = True


class Product:
    """Something on sale."""

    name: str
    price: float
    category: str = "electronics"
    stock: int = 0
    tags: list[str] | None = None
    attributes: dict[str, Any] | None = None

    __indexes__ = ({"name": "idx_category_price", "fields": ["category", "price"]},)


class Customer:
    id: str
    name: str


class Order:
    id: str
    customer_id: Annotated[str, Field(references="Customer.id")]
    status: str = "pending"
    amount: Decimal = Decimal(0)
    due_date: dt.datetime | None = None


class OrderItem:
    order_id: Annotated[str, Field(references="Order.id")]
    product: str
    quantity: int = 1


MODELS = (User, Product, Customer, Order, OrderItem)


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    """The models of the examples in an empty database, once on each kind."""
    with DataFlow(database_url=database_url, name="docs", models=MODELS) as opened:
        yield opened


def run(workflow: WorkflowBuilder, **inputs: Any) -> dict[str, Any]:
    results, run_id = LocalRuntime().execute(workflow.build(), inputs=inputs)
    assert isinstance(run_id, str)
    return results


def one(db: DataFlow, type_name: str, params: dict[str, Any] | None = None) -> Any:
    workflow = WorkflowBuilder(db)
    workflow.add_node(type_name, "node", params)
    return run(workflow)["node"]


# ---------------------------------------------------------------- install, import, connect


_FORKING = """
import gc, os, sys
from studio import DataFlow, LocalRuntime, StudioError, WorkflowBuilder

class Note:
    text: str

def note(db, text):
    workflow = WorkflowBuilder(db)
    workflow.add_node("NoteCreateNode", "create", {"text": text})
    workflow.add_node("NoteCountNode", "count")
    workflow.add_connection("create", "done", "count", "after")
    return LocalRuntime().execute(workflow)[0]["count"]["count"]

note(DataFlow(sys.argv[1], models=[Note]), "by one that nobody holds any more")
gc.collect()
db, memory = DataFlow(sys.argv[1], models=[Note]), DataFlow(":memory:", models=[Note])
print(note(db, "before the fork"), note(memory, "in memory"), flush=True)
child = os.fork()
if not child:
    print(note(db, "in the child"))
    try:
        note(memory, "gone")
    except StudioError as error:
        print(error.message)
else:
    os.waitpid(child, 0)
    print(note(db, "in the parent"), note(memory, "still there"))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_forked_process_opens_its_own_connections_and_all_of_them_end_quietly(database_url: str) -> None:
    """Nothing hangs, nothing warns, and the parent's connections outlive the child."""
    done = subprocess.run(  # noqa: S603 - our own interpreter
        # Newer Pythons warn of any fork beside threads.
        [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-c", _FORKING, database_url],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "2 1",
        "3",
        "The database in memory has stayed in the process that this one was forked from.",
        "4 2",
    ]


def test_the_url_may_be_positional_or_named_and_there_is_a_config_object(database_url: str) -> None:
    for made in (
        DataFlow(database_url, models=[Customer]),
        DataFlow(database_url=database_url, models=[Customer]),
        DataFlow(
            config=DataFlowConfig(
                database_url=database_url,
                pool_size=2,
                max_overflow=3,
                auto_migrate=True,
                existing_schema_mode=False,
            ),
            models=[Customer],
        ),
    ):
        with made:
            assert one(made, "CustomerCountNode")["count"] == 0


def test_a_config_may_be_a_mapping_and_the_environment_says_the_rest(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("DATAFLOW_ENABLE_METRICS", "true")
    monkeypatch.setenv("DATAFLOW_POOL_SIZE", "3")
    with DataFlow({"pool_max_overflow": 2}, models=[Customer]) as db:
        assert one(db, "CustomerCountNode")["count"] == 0
        assert (db.database.options.pool_size, db.database.options.max_overflow) == (3, 2)
        assert db.metrics.data()["Customer.count"].count == 1
        health = db.health_check()
        assert health.reachable
        assert 1 <= health.pool.open <= health.pool.most
        monkeypatch.setenv("DATAFLOW_POOL_SIZE", "lots")
        with pytest.raises(WorkflowError, match="DATAFLOW_POOL_SIZE"):
            DataFlow()


def test_work_is_measured_and_summed_up_as_the_documents_show(database_url: str) -> None:
    with DataFlow(database_url, monitoring=True, pool_pre_ping=True, models=[Customer]) as db:
        with db.benchmark("complex_query"):
            one(db, "CustomerListNode")
        assert re.fullmatch(
            r"Query: Customer\.list - Avg: [\d.]+m?s, P95: [\d.]+m?s, Count: 1\n"
            r"Query: complex_query - Avg: [\d.]+m?s, P95: [\d.]+m?s, Count: 1",
            db.metrics.summary(),
        )


def test_a_test_has_a_database_of_its_own_and_makes_records() -> None:
    """`db.test_create(User, name=…)` returns an object with attributes; automatic isolation."""
    db = DataFlow(testing=True)

    @db.model
    class User:
        id: int
        name: str

    user = db.test_create(User, name="Test User")
    assert user.name == "Test User"
    assert one(db, "UserCountNode") == {"count": 1}


def test_pool_options_and_their_aliases_reach_the_database(database_url: str) -> None:
    with DataFlow(database_url, pool_size=2, pool_max_overflow=1, pool_recycle=3600, echo=False) as db:
        options = db.database.options
        assert (options.pool_size, options.max_overflow, options.pool_recycle) == (2, 1, 3600)


def test_initialize_connects_and_creates_the_tables(db: DataFlow) -> None:
    assert asyncio.run(db.initialize()) is True
    assert {"users", "products", "orders", "order_items"} <= set(db.discover_schema())


def test_tables_are_created_on_first_use_and_not_before(db: DataFlow) -> None:
    assert db.discover_schema() == {}
    one(db, "UserCreateNode", {"name": "Ada"})
    assert "users" in db.discover_schema()


def test_no_table_beside_the_models_is_ever_created(db: DataFlow) -> None:
    one(db, "UserCreateNode", {"name": "Ada"})
    assert set(db.discover_schema()) == {"users"}


def test_auto_migrate_off_creates_nothing(database_url: str) -> None:
    with DataFlow(database_url, auto_migrate=False, models=[Customer]) as db:
        with pytest.raises(NoSuchTable):
            one(db, "CustomerCreateNode", {"id": "a", "name": "Ada"})
        assert db.discover_schema() == {}


def test_an_existing_table_is_used_as_it_is_in_existing_schema_mode(database_url: str) -> None:
    with DataFlow(database_url, models=[Customer]) as db:
        one(db, "CustomerCreateNode", {"id": "a", "name": "Ada"})

    class Client:
        id: str
        name: str
        __tablename__ = "customers"

    with DataFlow(database_url, auto_migrate=False, existing_schema_mode=True, models=[Client]) as legacy:
        assert one(legacy, "ClientReadNode", {"id": "a"})["name"] == "Ada"


def test_the_same_model_name_on_two_instances_stays_apart(database_url: str, tmp_path: Path) -> None:
    class Person:
        id: str
        born: int

    other = type("Person", (), {"__annotations__": {"id": str, "city": str}, "__module__": __name__})
    with (
        DataFlow(database_url, name="a", models=[Person]) as a,
        DataFlow(f"sqlite:///{tmp_path}/b.db", name="b", models=[other]) as b,
    ):
        one(a, "PersonCreateNode", {"id": "x", "born": 1815})
        one(b, "PersonCreateNode", {"id": "x", "city": "London"})
        assert one(a, "PersonReadNode", {"id": "x"})["born"] == 1815
        assert one(b, "PersonReadNode", {"id": "x"})["city"] == "London"


# ---------------------------------------------------------------- workflows and runtimes


def test_a_node_needs_no_params_and_results_are_keyed_by_node_id(db: DataFlow) -> None:
    workflow = WorkflowBuilder(db)
    workflow.add_node("UserCountNode", "how_many")
    assert run(workflow) == {"how_many": {"count": 0}}


def test_the_async_runtime_takes_one_argument_and_gives_results_and_an_id(db: DataFlow) -> None:
    async def create_agent() -> dict[str, Any]:
        workflow = WorkflowBuilder(db)
        workflow.add_node("CustomerCreateNode", "create", {"id": "c-1", "name": "Ada"})
        results, _ = await AsyncLocalRuntime().execute_workflow_async(workflow.build())
        created: dict[str, Any] = results["create"]
        return created

    assert asyncio.run(create_agent())["name"] == "Ada"


def test_count_and_list_run_in_one_workflow(db: DataFlow) -> None:
    one(db, "ProductBulkCreateNode", {"data": [{"name": f"p{n}", "price": n} for n in range(5)]})
    workflow = WorkflowBuilder(db)
    workflow.add_node("ProductCountNode", "count", {"filter": {"category": "electronics"}})
    workflow.add_node("ProductListNode", "list", {"filter": {"category": "electronics"}, "limit": 10000})
    results = run(workflow)
    assert results["count"]["count"] == 5
    assert sum(product.get("price", 0) for product in results.get("list", [])) == 10.0


def test_dynamic_values_travel_by_connections(db: DataFlow) -> None:
    workflow = WorkflowBuilder(db)
    workflow.add_node("CustomerCreateNode", "create_customer", {"name": "Ada"})
    workflow.add_node("OrderCreateNode", "create_order", {"amount": 100.0})
    workflow.add_connection("create_customer", "id", "create_order", "customer_id")
    results = run(workflow)
    assert results["create_order"]["customer_id"] == results["create_customer"]["id"]


def test_an_unknown_output_of_a_connection_is_refused(db: DataFlow) -> None:
    workflow = WorkflowBuilder(db)
    workflow.add_node("CustomerCreateNode", "create_customer", {"name": "Ada"})
    workflow.add_node("OrderCreateNode", "create_order")
    workflow.add_connection("create_customer", "ident", "create_order", "customer_id")
    with pytest.raises(BuildError, match="no output 'ident'"):
        workflow.build()


def test_text_with_template_signs_in_it_is_data(db: DataFlow) -> None:
    for text in ("${create_customer.id}", "{product_id}", "a {{ b }} c"):
        assert one(db, "CustomerCreateNode", {"name": text})["name"] == text


def test_spend_is_updated_by_an_expression_over_what_was_read(db: DataFlow) -> None:
    one(
        db,
        "OrderCreateNode",
        {"id": "o", "customer_id": one(db, "CustomerCreateNode", {"name": "A"})["id"], "amount": "1.10"},
    )
    workflow = WorkflowBuilder(db)
    workflow.add_input("cost", "decimal")
    workflow.add_node("OrderReadNode", "read", {"id": "o"})
    workflow.add_node(
        "OrderUpdateNode", "update", {"filter": {"id": "o"}, "fields": {"amount": "{{read.amount + cost}}"}}
    )
    assert run(workflow, cost=Decimal("2.05"))["update"]["amount"] == Decimal("3.15")


def test_datetimes_may_be_native_or_iso_text_with_any_offset(db: DataFlow) -> None:
    customer = one(db, "CustomerCreateNode", {"name": "A"})["id"]
    moment = dt.datetime(2025, 6, 1, 12, 0, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    for given in (moment, moment.isoformat()):
        order = one(db, "OrderCreateNode", {"customer_id": customer, "due_date": given})
        assert order["due_date"] == moment
        assert order["due_date"].tzinfo is dt.UTC
    found = one(db, "OrderListNode", {"filter": {"due_date": {"$lte": "2025-06-01T10:00:00Z"}}})
    assert len(found) == 2


def test_instance_and_model_may_be_named_on_all_nodes_and_are_checked(db: DataFlow) -> None:
    params = {"db_instance": "docs", "model_name": "User"}
    for type_name, rest in (
        ("UserCreateNode", {"name": "Ada"}),
        ("UserReadNode", {"id": 1}),
        ("UserUpdateNode", {"filter": {"id": 1}, "fields": {"age": 3}}),
        ("UserListNode", {}),
        ("UserCountNode", {}),
        ("UserBulkUpdateNode", {"filter": {}, "update": {"age": 4}}),
        ("UserDeleteNode", {"id": 1}),
    ):
        one(db, type_name, {**params, **rest})
        with pytest.raises(BuildError, match="'other'"):
            one(db, type_name, {**params, **rest, "db_instance": "other"})


# ---------------------------------------------------------------- models


def test_each_model_has_its_nodes_by_their_names(db: DataFlow) -> None:
    assert db.list_models() == ["User", "Product", "Customer", "Order", "OrderItem"]
    operations = (
        "Create Read Update Delete List Count Upsert BulkCreate BulkUpdate BulkDelete BulkUpsert Aggregate"
    )
    assert set(db.get_generated_nodes("User")) == {f"User{name}Node" for name in operations.split()}
    assert db.get_model_info("User")["doc"] == "Somebody with an account."


def test_optional_fields_may_be_omitted_with_and_without_a_default(db: DataFlow) -> None:
    @db.model
    class Loose:
        name: str
        first: int | None
        second: int | None = None

    record = one(db, "LooseCreateNode", {"name": "x"})
    assert (record["first"], record["second"]) == (None, None)


def test_values_keep_their_types_and_their_precision(db: DataFlow) -> None:
    @db.model
    class Wide:
        price: float
        big: int
        flag: bool
        tags: list[str]
        numbers: list[float]
        settings: dict[str, Any]

    given = {
        "price": 123456789.12345,
        "big": 2**40,
        "flag": True,
        "tags": ["a"],
        "numbers": [0.1, 2.5],
        "settings": {"a": [1, {"b": None}]},
    }
    record = one(db, "WideReadNode", {"id": one(db, "WideCreateNode", given)["id"]})
    assert {name: record[name] for name in given} == given
    assert type(record["flag"]) is bool


def test_defaults_are_applied_and_the_record_comes_back_whole(db: DataFlow) -> None:
    user = one(db, "UserCreateNode", {"name": "Ada"})
    assert user["active"] is True
    assert isinstance(user["id"], int)
    assert user["created_at"] == user["updated_at"]


def test_a_model_without_id_gets_a_counting_one(db: DataFlow) -> None:
    first = one(db, "ProductCreateNode", {"name": "a", "price": 1.0})
    second = one(db, "ProductCreateNode", {"name": "b", "price": 1.0})
    assert second["id"] == first["id"] + 1


def test_a_text_id_is_preserved_and_made_when_omitted(db: DataFlow) -> None:
    assert one(db, "CustomerCreateNode", {"id": "0123", "name": "x"})["id"] == "0123"
    assert uuid.UUID(one(db, "CustomerCreateNode", {"name": "x"})["id"]).version == 4


def test_a_key_with_another_name_is_refused(db: DataFlow) -> None:
    with pytest.raises(ModelError, match="must be named 'id'"):

        @db.model
        class Account:
            account_id: str


def test_timestamps_are_kept_by_the_system_and_refused_in_params(db: DataFlow) -> None:
    for type_name, params in (
        ("UserCreateNode", {"name": "x", "created_at": "2025-01-01"}),
        ("UserUpdateNode", {"id": 1, "fields": {"updated_at": "2025-01-01"}}),
    ):
        with pytest.raises(BuildError, match="kept by Studio"):
            one(db, type_name, params)


def test_timestamps_order_records_that_were_made_within_one_second(db: DataFlow) -> None:
    for name in ("one", "two", "three"):
        one(db, "CustomerCreateNode", {"name": name})
    newest_first = one(db, "CustomerListNode", {"order_by": ["-created_at"]})
    assert [customer["name"] for customer in newest_first] == ["three", "two", "one"]


def test_models_are_schemas_and_not_objects(db: DataFlow) -> None:
    @db.model
    class Thing:
        name: str

    with pytest.raises(ModelError, match="cannot be instantiated"):
        Thing()


def test_an_option_of_a_model_without_effect_is_refused(db: DataFlow) -> None:
    """What has no effect is an error."""
    with pytest.raises(ModelError, match="no option 'soft_delet'"):

        @db.model
        class Thing:
            name: str
            __dataflow__ = {"soft_delet": True}  # noqa: RUF012 - as the documents write it


def test_indexes_are_created(db: DataFlow) -> None:
    one(db, "ProductCreateNode", {"name": "a", "price": 1.0})
    catalogues = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index'",
        "postgresql": "SELECT indexname AS name FROM pg_indexes",
        "mysql": "SELECT DISTINCT index_name AS name FROM information_schema.statistics WHERE table_schema = DATABASE()",
    }
    names = {row["name"] for row in one(db, "SQL", {"sql": catalogues[db.database.dialect]})}
    assert "idx_category_price" in names


def test_references_are_foreign_keys(db: DataFlow) -> None:
    with pytest.raises(ForeignKeyViolated):
        one(db, "OrderCreateNode", {"customer_id": "nobody"})


def test_tables_are_named_after_the_models_in_the_plural(db: DataFlow) -> None:
    asyncio.run(db.initialize())
    assert set(db.discover_schema()) == {"users", "products", "customers", "orders", "order_items"}


# ---------------------------------------------------------------- single records


def test_create_with_an_unknown_field_is_refused_and_stores_nothing(db: DataFlow) -> None:
    with pytest.raises(BuildError, match="no param 'nickname'"):
        one(db, "UserCreateNode", {"name": "x", "nickname": "y"})
    assert one(db, "UserCountNode") == {"count": 0}


def test_create_without_a_required_field_is_refused_by_both_runtimes(db: DataFlow) -> None:
    workflow = WorkflowBuilder(db)
    workflow.add_node("UserCreateNode", "create", {})
    with pytest.raises(BuildError, match='needs "name"'):
        LocalRuntime().execute(workflow)
    with pytest.raises(BuildError, match='needs "name"'):
        asyncio.run(AsyncLocalRuntime().execute_workflow_async(workflow))


def test_read_takes_conditions(db: DataFlow) -> None:
    one(db, "UserCreateNode", {"name": "Ada", "email": "a@b.c"})
    assert one(db, "UserReadNode", {"conditions": {"email": "a@b.c"}})["name"] == "Ada"


def test_update_takes_any_filter_and_the_flat_form(db: DataFlow) -> None:
    product = one(db, "ProductCreateNode", {"name": "a", "price": 1.0})
    assert one(db, "ProductUpdateNode", {"filter": {"name": "a"}, "fields": {"price": 2.0}})["price"] == 2.0
    assert one(db, "ProductUpdateNode", {"id": product["id"], "stock": 5})["stock"] == 5


def test_list_pages_and_orders_and_is_a_list(db: DataFlow) -> None:
    one(db, "UserBulkCreateNode", {"data": [{"name": f"u{n}", "age": n} for n in range(30)]})
    page = one(
        db, "UserListNode", {"filter": {"age": {"$gte": 10}}, "order_by": ["-age"], "limit": 10, "offset": 10}
    )
    assert isinstance(page, list)
    assert [user["age"] for user in page] == list(range(19, 9, -1))
    assert [user["age"] for user in one(db, "UserListNode", {"order_by": "age", "limit": 2})] == [0, 1]


def test_a_list_may_be_cached_until_it_is_written(db: DataFlow) -> None:
    params = {
        "filter": {"active": True},
        "cache_key": "active_users",
        "cache_ttl": 300,
        "cache_invalidation": ["user_create", "user_update"],
    }
    assert one(db, "UserListNode", params) == one(db, "UserListNode", params) == []
    one(db, "UserCreateNode", {"name": "Ada"})
    assert [user["name"] for user in one(db, "UserListNode", params)] == ["Ada"]
    assert db.cache.info().hits == 1


def test_an_unknown_field_in_a_filter_or_order_is_refused(db: DataFlow) -> None:
    """Unknown field in a filter; unknown column in an order."""
    for params in ({"filter": {"agee": {"$gt": 1}}}, {"order_by": ["agee"]}):
        with pytest.raises(BuildError, match="'age'"):
            one(db, "UserListNode", params)


def test_upsert_makes_once_and_changes_then(db: DataFlow) -> None:
    first = one(db, "UserUpsertNode", {"email": "a@b.c", "name": "A"})
    second = one(
        db, "UserUpsertNode", {"where": {"email": "a@b.c"}, "create": {"name": "x"}, "update": {"name": "B"}}
    )
    assert (second["id"], second["name"]) == (first["id"], "B")


def test_text_is_stored_unchanged_by_every_node(db: DataFlow) -> None:
    texts = [
        "SELECT * FROM users",
        "'; drop table users",
        "/* x */",
        "exec(x)",
        "a OR 1=1",
        "\\x'\"",
        "ünï 世界",
    ]
    created = [one(db, "CustomerCreateNode", {"id": f"c{n}", "name": text}) for n, text in enumerate(texts)]
    one(
        db,
        "CustomerBulkCreateNode",
        {"data": [{"id": f"b{n}", "name": text} for n, text in enumerate(texts)]},
    )
    for number, text in enumerate(texts):
        assert created[number]["name"] == text
        assert one(db, "CustomerReadNode", {"id": f"b{number}"})["name"] == text
        assert one(db, "CustomerUpdateNode", {"id": f"b{number}", "name": text + text})["name"] == text + text
        assert len(one(db, "CustomerListNode", {"filter": {"name": text}})) == 1


# ---------------------------------------------------------------- filters and the query builder


def test_the_documents_filters_find_what_they_say(db: DataFlow) -> None:
    """Equality, `$eq $ne $gt $lt $gte $lte` combined, `$in $nin`, `$regex`, `$like`, `$date`, None, `$or $and $nor $not`."""
    rows = [
        {"name": "John Doe", "age": 30},
        {"name": "Johnny", "age": 70},
        {"name": "Ada", "age": 40, "active": False},
        {"name": "Bob", "age": None},
    ]
    one(db, "UserBulkCreateNode", {"data": rows})
    for filter, expected in (
        ({"active": True}, {"John Doe", "Johnny", "Bob"}),
        ({"name": {"$eq": "Ada"}, "age": {"$lte": 40}}, {"Ada"}),
        ({"age": {"$gt": 18, "$lt": 65}}, {"John Doe", "Ada"}),
        ({"name": {"$regex": "^John"}}, {"John Doe", "Johnny"}),
        ({"name": {"$like": "A%"}}, {"Ada"}),
        ({"name": {"$in": ["Ada", "Bob"]}}, {"Ada", "Bob"}),
        ({"name": {"$nin": ["Ada", "Bob"]}}, {"John Doe", "Johnny"}),
        ({"active": {"$ne": True}}, {"Ada"}),
        ({"age": {"$in": []}}, set()),
        ({"age": None}, {"Bob"}),
        ({"$or": [{"age": 30}, {"active": False}]}, {"John Doe", "Ada"}),
        ({"$and": [{"age": {"$gte": 30}}, {"active": True}]}, {"John Doe", "Johnny"}),
        ({"$not": {"name": {"$regex": "^John"}}}, {"Ada", "Bob"}),
        ({"$nor": [{"age": {"$null": True}}, {"name": {"$startswith": "John"}}]}, {"Ada"}),
        ({"created_at": {"$gte": {"$date": "-1h"}}}, {"John Doe", "Johnny", "Ada", "Bob"}),
    ):
        assert {user["name"] for user in one(db, "UserListNode", {"filter": filter})} == expected, filter


def test_arrays_and_json_paths_can_be_asked_for(db: DataFlow) -> None:
    """`$contains` on arrays, `$size: {$gt: 3}`, JSON path `metadata.preferences.theme`."""
    one(
        db,
        "ProductCreateNode",
        {"name": "a", "price": 1, "tags": ["premium", "new"], "attributes": {"ui": {"theme": "dark"}}},
    )
    one(db, "ProductCreateNode", {"name": "b", "price": 1, "tags": [], "attributes": {}})
    for filter in (
        {"tags": {"$contains": "premium"}},
        {"tags": {"$size": {"$gt": 1}}},
        {"attributes.ui.theme": "dark"},
    ):
        assert [product["name"] for product in one(db, "ProductListNode", {"filter": filter})] == ["a"], (
            filter
        )


def test_a_query_builder_makes_params_and_sql(db: DataFlow) -> None:
    """`User.query_builder()`, `filter`, `sort`, `limit`, `to_params()`, `where(field, op, value)`, `build_select()`."""
    query = db.query("users")
    query.filter({"age": {"$gt": 18}})
    query.filter({"name": {"$in": ["Ada", "Bob"]}})
    query.sort({"created_at": -1})
    query.limit(10)
    one(
        db,
        "UserBulkCreateNode",
        {"data": [{"name": "Ada", "age": 20}, {"name": "Ada", "age": 9}, {"name": "Eve", "age": 30}]},
    )
    assert [user["age"] for user in one(db, "UserListNode", query.to_params())] == [20]
    builder = User.query_builder()  # type: ignore[attr-defined] # a DataFlow gives it to its models
    sql, values = builder.where("age", "$gte", 18).order_by("created_at", "DESC").build_select()
    assert "ORDER BY" in sql
    assert values


def test_aggregation_groups_sums_counts_and_sorts(db: DataFlow) -> None:
    """`group_by`, `aggregate`, `having`; `$match`, `$group`, `$sum: 1`, `$sort`, `$limit`."""
    one(
        db,
        "ProductBulkCreateNode",
        {"data": [{"name": str(n), "price": float(n), "category": "ab"[n % 2]} for n in range(6)]},
    )
    rows = one(
        db,
        "ProductAggregateNode",
        {
            "group_by": ["category"],
            "aggregate": {"total": {"$sum": "price"}, "n": {"$count": "*"}, "mean": {"$avg": "price"}},
            "having": {"total": {"$gt": 6}},
        },
    )
    assert rows == [{"category": "b", "total": 9.0, "n": 3, "mean": 3.0}]
    piped = one(
        db,
        "ProductAggregateNode",
        {
            "pipeline": [
                {"$match": {"price": {"$gt": 0}}},
                {"$group": {"_id": "$category", "total": {"$sum": "$price"}, "n": {"$sum": 1}}},
                {"$sort": {"total": -1}},
                {"$limit": 1},
            ]
        },
    )
    assert (piped[0]["total"], piped[0]["n"]) == (9.0, 3)


# ---------------------------------------------------------------- bulk


def test_bulk_create_is_all_or_nothing_across_its_batches(db: DataFlow) -> None:
    """BulkCreate `data`, `batch_size`; a failing second batch leaves nothing of the first."""
    rows = [{"id": f"c{n}", "name": "x"} for n in range(250)]
    rows[240]["id"] = "c3"
    with pytest.raises(DuplicateKey) as caught:
        one(db, "CustomerBulkCreateNode", {"data": rows, "batch_size": 100})
    assert caught.value.row == 241
    assert one(db, "CustomerCountNode") == {"count": 0}


def test_bulk_create_heeds_conflict_resolution_and_return_ids(db: DataFlow) -> None:
    """`conflict_resolution: skip | error | upsert`, `return_ids: True`, `batch_size` out of range."""
    rows = [{"id": "a", "name": "A"}, {"id": "b", "name": "B"}]
    assert one(db, "CustomerBulkCreateNode", {"data": rows, "return_ids": True})["ids"] == ["a", "b"]
    assert one(db, "CustomerBulkCreateNode", {"data": rows, "conflict_resolution": "skip"})["skipped"] == 2
    changed = [{"id": "a", "name": "A2"}]
    assert (
        one(db, "CustomerBulkCreateNode", {"data": changed, "conflict_resolution": "upsert"})["updated"] == 1
    )
    with pytest.raises(BuildError, match="conflict_resolution"):
        one(db, "CustomerBulkCreateNode", {"data": rows, "conflict_resolution": "bogus"})
    for size in (0, -1, 10**30, "1000"):
        with pytest.raises(BuildError, match="batch_size"):
            one(db, "CustomerBulkCreateNode", {"data": rows, "batch_size": size})


def test_bulk_create_makes_rows_that_can_meet_no_record_whatever_it_does_on_conflict(db: DataFlow) -> None:
    """Imports: products that have no id yet, and users of whom nothing unique is given."""
    products = {
        "data": [{"name": "Product A", "price": 100.0}, {"name": "Product B", "price": 200.0}],
        "batch_size": 1000,
        "conflict_resolution": "upsert",
        "return_ids": True,
    }
    made = one(db, "ProductBulkCreateNode", products)
    assert (made["created"], made["updated"], len(set(made["ids"]))) == (2, 0, 2)
    known = {"data": [{"id": made["ids"][0], "name": "A", "price": 1.0}, {"name": "C", "price": 3.0}]}
    merged = one(db, "ProductBulkCreateNode", {**products, **known})
    assert (merged["created"], merged["updated"], merged["ids"][0]) == (1, 1, made["ids"][0])
    assert [row["name"] for row in one(db, "ProductListNode")] == ["A", "Product B", "C"]
    for conflict, expected in (("skip", (2, 0, 1)), ("upsert", (2, 1, 0))):
        people = [{"name": "A"}, {"name": "B", "email": None}, {"name": conflict, "email": "c@d.e"}]
        one(db, "UserUpsertNode", {"email": "c@d.e", "name": "C"})
        told = one(db, "UserBulkCreateNode", {"data": people, "conflict_resolution": conflict})
        assert (told["created"], told["updated"], told["skipped"]) == expected
    assert [user["name"] for user in one(db, "UserListNode", {"filter": {"email": "c@d.e"}})] == ["upsert"]


def test_bulk_update_multiplies_in_the_database_and_heeds_its_limit(db: DataFlow) -> None:
    """BulkUpdate `{filter, update}`, `{"price": {"$multiply": 0.9}}`, `limit`."""
    """A product is a number, and is found as one."""
    one(db, "ProductBulkCreateNode", {"data": [{"name": str(n), "price": 10.0} for n in range(8)]})
    params = {"filter": {"category": "electronics"}, "update": {"price": {"$multiply": 0.9}}, "limit": 5}
    assert one(db, "ProductBulkUpdateNode", params) == {"matched": 5, "updated": 5}
    assert one(db, "ProductCountNode", {"filter": {"price": 9.0}}) == {"count": 5}


def test_bulk_update_by_rows_changes_all_of_them(db: DataFlow) -> None:
    """BulkUpdate per-record list, of more rows than one batch."""
    one(db, "CustomerBulkCreateNode", {"data": [{"id": f"c{n}", "name": "x"} for n in range(2300)]})
    rows = [{"id": f"c{n}", "name": f"n{n}"} for n in range(2300)]
    assert one(db, "CustomerBulkUpdateNode", {"data": rows})["updated"] == 2300
    assert one(db, "CustomerCountNode", {"filter": {"name": "x"}}) == {"count": 0}


def test_bulk_delete_of_everything_must_be_meant(db: DataFlow) -> None:
    """BulkDelete by filter; an empty one must be meant."""
    one(db, "CustomerBulkCreateNode", {"data": [{"id": f"c{n}", "name": "x"} for n in range(12)]})
    with pytest.raises(BuildError, match="would delete everything"):
        one(db, "CustomerBulkDeleteNode", {"filter": {}})
    assert one(db, "CustomerBulkDeleteNode", {"filter": {"id": {"$in": ["c1", "c2"]}}}) == {"deleted": 2}
    assert one(db, "CustomerBulkDeleteNode", {"filter": {}, "all": True}) == {"deleted": 10}


def test_bulk_upsert_updates_by_default_with_any_number_of_rows(db: DataFlow) -> None:
    """BulkUpsert, by default updating, of 1,000 rows and more."""
    one(db, "CustomerBulkCreateNode", {"data": [{"id": f"c{n}", "name": "old"} for n in range(900)]})
    rows = [{"id": f"c{n}", "name": "new"} for n in range(1800)]
    result = one(db, "CustomerBulkUpsertNode", {"data": rows})
    assert (result["created"], result["updated"]) == (900, 900)
    assert one(db, "CustomerCountNode", {"filter": {"name": "new"}}) == {"count": 1800}


def test_an_order_and_its_items_are_made_in_one_workflow(db: DataFlow) -> None:
    """Order and OrderItemBulkCreate with `create_order.id -> add_items.order_id`."""
    customer = one(db, "CustomerCreateNode", {"name": "Ada"})["id"]
    workflow = WorkflowBuilder(db)
    workflow.add_node("OrderCreateNode", "create_order", {"customer_id": customer})
    workflow.add_node(
        "OrderItemBulkCreateNode", "add_items", {"data": [{"product": "a"}, {"product": "b", "quantity": 2}]}
    )
    workflow.add_connection("create_order", "id", "add_items", "order_id")
    results = run(workflow)
    assert results["add_items"]["created"] == 2
    items = one(db, "OrderItemListNode", {"filter": {"order_id": results["create_order"]["id"]}})
    assert [item["product"] for item in items] == ["a", "b"]


def test_an_order_and_the_stock_can_be_written_together_or_not_at_all(db: DataFlow) -> None:
    product = one(db, "ProductCreateNode", {"name": "a", "price": 1.0, "stock": 5})["id"]
    workflow = WorkflowBuilder(db)
    workflow.add_node("ProductUpdateNode", "take", {"id": product, "fields": {"stock": {"$inc": -1}}})
    workflow.add_node("OrderCreateNode", "order", {"customer_id": "nobody"})
    workflow.add_connection("take", "done", "order", "after")
    with pytest.raises(ForeignKeyViolated):
        LocalRuntime(mode="atomic").execute(workflow)
    assert one(db, "ProductReadNode", {"id": product})["stock"] == 5


# ---------------------------------------------------------------- errors


def test_every_refusal_has_a_code_says_where_it_is_and_what_to_do(db: DataFlow) -> None:
    """Validation errors for wrong usage, each with its fix."""
    for type_name, params in (
        ("UserReadNode", {"id": 99}),
        ("UserGetNode", {"id": 99}),
        ("User_Create", {"name": "x"}),
        ("UserCreateNode", {"filter": {"id": 1}, "fields": {"name": "x"}}),
        ("UserUpdateNode", {"id": 99}),
        ("UserListNode", {"limit": "ten"}),
        ("UserListNode", {"filter": {"name": {"$regex": "("}}}),
    ):
        with pytest.raises(StudioError) as caught:
            one(db, type_name, params)
        error = caught.value
        found = error.problems[0] if isinstance(error, BuildError) else error
        assert found.code
        assert found.node == "node"
        assert found.hint, found
        assert "\x1b" not in str(error)


def test_an_unknown_keyword_is_refused_and_not_ignored(database_url: str) -> None:
    unknown: list[dict[str, Any]] = [{"testin": True}, {"adapter": None}, {"tenant_header": "X-Tenant-ID"}]
    for options in unknown:
        with pytest.raises(WorkflowError, match="no option"):
            DataFlow(database_url, **options)


# ---------------------------------------------------------------- options of models


class Sale:
    customer_id: int
    total: float
    status: str = "pending"
    items: list[Any] | None = None

    __dataflow__ = {"multi_tenant": True, "soft_delete": True, "versioned": True, "audit_log": True}  # noqa: RUF012 - as the documents write it
    __indexes__ = (
        {"name": "idx_tenant_status", "fields": ["tenant_id", "status"]},
        {"name": "idx_customer_date", "fields": ["customer_id", "created_at"]},
    )


def test_the_options_of_a_model_add_their_fields_and_take_effect(db: DataFlow) -> None:
    """Tenancy, versions, soft deletion and the audit trail do what they say."""
    db.model(Sale)
    with TenantContext.set_current("org-123"):
        sale = one(db, "SaleCreateNode", {"customer_id": 1, "total": 100.0})
        assert (sale["tenant_id"], sale["version"], sale["deleted_at"]) == ("org-123", 1, None)
        assert (
            one(db, "SaleUpdateNode", {"id": sale["id"], "version": 1, "fields": {"total": 90.0}})["version"]
            == 2
        )
        with pytest.raises(StaleRecord):
            one(db, "SaleUpdateNode", {"id": sale["id"], "version": 1, "fields": {"total": 80.0}})
        one(db, "SaleDeleteNode", {"id": sale["id"]})
        assert one(db, "SaleListNode") == []
        assert len(one(db, "SaleListNode", {"include_deleted": True})) == 1
        told = [entry["operation_type"] for entry in db.audit.get_audit_trail(model_name="Sale")]
        assert told == ["delete", "update", "create"]


def test_a_multi_tenant_instance_isolates_all_operations_within_a_tenant_context(database_url: str) -> None:
    with DataFlow(database_url=database_url, multi_tenant=True, models=[User]) as db:
        with pytest.raises(TenantRequired):
            one(db, "UserCreateNode", {"name": "Alice", "email": "alice@acme-corp.com"})
        for org in ("acme", "bolt"):
            with TenantContext.set_current(org):
                one(db, "UserCreateNode", {"name": "Alice", "email": "alice@acme-corp.com"})
                assert [
                    user["tenant_id"] for user in one(db, "UserListNode", {"limit": 10, "filter": {}})
                ] == [org]


def test_encrypted_fields_are_no_plaintext_at_rest(database_url: str) -> None:
    class SensitiveData:
        user_id: int
        encrypted_data: str
        __dataflow__ = {  # noqa: RUF012
            "encryption": {"fields": ["encrypted_data"], "key_rotation": True, "algorithm": "AES-256-GCM"}
        }

    with DataFlow(database_url, models=[SensitiveData], encryption_key="0f" * 32) as db:
        one(db, "SensitiveDataCreateNode", {"user_id": 1, "encrypted_data": "secret"})
        (row,) = one(db, "SQL", {"sql": f"SELECT encrypted_data FROM {db.models['SensitiveData'].table}"})
        assert b"secret" not in row["encrypted_data"]
        assert one(db, "SensitiveDataReadNode", {"id": 1})["encrypted_data"] == "secret"


def test_an_audit_trail_is_recorded_and_asked(db: DataFlow) -> None:
    audit = AuditTrailManager(db, retention_days=90)
    audit.record_operation(
        operation_type="update",
        model_name="Agent",
        record_id="agent-123",
        changes={"name": "New Agent", "status": "draft"},
        user_id="user-456",
        metadata={"source": "visual_layer", "ip": "192.168.1.1"},
    )
    naive = dt.datetime(2025, 1, 1)  # noqa: DTZ001 - as the documents write it
    trail = audit.get_audit_trail(model_name="Agent", operation_type="update", start_date=naive, limit=100)
    assert [entry["user_id"] for entry in trail] == ["user-456"]
