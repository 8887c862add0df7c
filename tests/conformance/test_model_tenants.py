"""Does each tenant have records of its own, whatever node asks, on every database?"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import pytest

from studio import AsyncLocalRuntime, DataFlow, Field, TenantContext
from studio.kernel.errors import BuildError, DuplicateKey, ForeignKeyViolated, ModelError, TenantRequired
from tests.conformance.asking import one, single


class Customer:
    id: str
    email: Annotated[str | None, Field(unique=True)] = None
    name: str = ""
    credit: int = 0

    __indexes__ = ({"name": "one_name", "fields": ["name", "credit"], "unique": True},)


class Order:
    id: int
    customer_id: Annotated[str, Field(references="Customer", on_delete="cascade")]


class Country:
    id: str
    __dataflow__ = {"multi_tenant": False}  # noqa: RUF012 - as models are written


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    with DataFlow(database_url, multi_tenant=True, models=[Customer, Order, Country]) as opened:
        yield opened


def test_every_node_sees_and_changes_only_its_tenants_records(db: DataFlow) -> None:
    with TenantContext.set_current("acme"):
        one(db, "CustomerBulkCreateNode", {"data": [{"id": f"a{n}", "name": f"a{n}"} for n in range(3)]})
    with TenantContext.set_current("bolt"):
        made = one(db, "CustomerCreateNode", {"id": "b1", "name": "b"})
        assert made["tenant_id"] == "bolt"
        assert [c["id"] for c in one(db, "CustomerListNode")] == ["b1"]
        assert one(db, "CustomerListNode", {"limit": None, "filter": {"tenant_id": "acme"}}) == []
        assert one(db, "CustomerReadNode", {"id": "a0", "if_missing": "null"}) is None
        assert one(db, "CustomerCountNode", {"filter": {"$or": [{"id": "a0"}, {"id": "b1"}]}}) == {"count": 1}
        assert one(db, "CustomerAggregateNode", {"aggregate": {"n": {"$count": "*"}}}) == [{"n": 1}]
        pipeline = [{"$group": {"_id": "$tenant_id", "n": {"$sum": 1}}}]
        assert one(db, "CustomerAggregateNode", {"pipeline": pipeline}) == [{"_id": "bolt", "n": 1}]
        assert (
            one(db, "CustomerUpdateNode", {"id": "a0", "fields": {"credit": 9}, "if_missing": "null"}) is None
        )
        assert one(db, "CustomerDeleteNode", {"id": "a0", "if_missing": "null"})["deleted"] == 0
        assert one(db, "CustomerBulkUpdateNode", {"filter": {}, "update": {"credit": 5}})["updated"] == 1
        rows = [{"id": "a1", "credit": 7}, {"id": "b1", "credit": 7}]
        assert one(db, "CustomerBulkUpdateNode", {"data": rows})["updated"] == 1
        assert one(db, "CustomerBulkDeleteNode", {"ids": ["a0", "a1", "b1"]}) == {"deleted": 1}
        assert one(db, "CustomerBulkDeleteNode", {"all": True}) == {"deleted": 0}
    with TenantContext.set_current("acme"):
        assert [(c["id"], c["credit"]) for c in one(db, "CustomerListNode", {"order_by": "id"})] == [
            ("a0", 0), ("a1", 0), ("a2", 0),
        ]  # fmt: skip


def test_another_tenants_record_is_neither_stolen_nor_referred_to(db: DataFlow) -> None:
    with TenantContext.set_current("acme"):
        one(db, "CustomerCreateNode", {"id": "a", "name": "mine", "email": "x@y.z"})
    taken = {"id": "a", "name": "stolen"}
    with TenantContext.set_current("bolt"):
        for type_name, params in (
            ("CustomerCreateNode", taken),
            ("CustomerUpsertNode", taken),
            ("CustomerBulkCreateNode", {"data": [{"id": "n", "name": "n"}, taken]}),
            ("CustomerBulkCreateNode", {"data": [taken], "conflict_resolution": "upsert"}),
            ("CustomerBulkCreateNode", {"data": [taken], "conflict_resolution": "skip"}),
            ("CustomerBulkUpsertNode", {"data": [{"id": "n", "name": "n"}, taken]}),
        ):
            with pytest.raises(DuplicateKey, match="id"):
                one(db, type_name, params)
        with pytest.raises(ForeignKeyViolated, match="\"customer_id\" 'a' references a Customer"):
            one(db, "OrderCreateNode", {"customer_id": "a"})
        with pytest.raises(ForeignKeyViolated) as missing:
            one(db, "OrderBulkCreateNode", {"data": [{"customer_id": "a"}]})
        assert (missing.value.field, missing.value.row) == ("customer_id", 1)
        # What is unique is so for each tenant.
        same = {"id": "b", "name": "mine", "email": "x@y.z"}
        one(db, "CustomerCreateNode", same)
        with pytest.raises(DuplicateKey) as twice:
            one(db, "CustomerCreateNode", {**same, "id": "c", "name": "other"})
        assert twice.value.field == "email"
        one(db, "CustomerCreateNode", {"id": "d", "name": "mine", "credit": 1})
        with pytest.raises(DuplicateKey, match=r'"credit" 0|the same "name" and "credit"') as partly:
            one(db, "CustomerUpdateNode", {"id": "d", "fields": {"credit": 0}})
        assert "bolt" not in partly.value.message and "mine-" not in partly.value.message
        one(db, "CustomerDeleteNode", {"id": "d"})
        changed = one(
            db,
            "CustomerUpsertNode",
            {"where": {"email": "x@y.z"}, "create": {"id": "q"}, "update": {"credit": 3}},
        )
        assert (changed["id"], changed["credit"]) == ("b", 3)
        rows = [{"email": "x@y.z", "credit": 4}, {"email": "new@y.z", "name": "new", "id": "w"}]
        assert one(db, "CustomerBulkUpsertNode", {"data": rows, "conflict_on": ["email"]})["updated"] == 1
        order = one(db, "OrderCreateNode", {"customer_id": "b"})
        one(db, "CustomerDeleteNode", {"id": "b"})
        assert one(db, "OrderReadNode", {"id": order["id"], "if_missing": "null"}) is None
    assert one(db, "CustomerReadNode", {"id": "a"}, tenant="acme")["name"] == "mine"


def test_without_a_tenant_nothing_is_done(db: DataFlow) -> None:
    for type_name, params in (
        ("CustomerCreateNode", {"id": "a"}),
        ("CustomerListNode", {}),
        ("CustomerListNode", {"limit": None}),
        ("CustomerReadNode", {"id": "a"}),
        ("CustomerBulkCreateNode", {"data": [{"id": "a"}]}),
        ("CustomerBulkDeleteNode", {"all": True}),
        ("CustomerAggregateNode", {"aggregate": {"n": {"$count": "*"}}}),
    ):
        with pytest.raises(TenantRequired, match="by tenant.*set_current"):
            one(db, type_name, params)
    one(db, "CountryCreateNode", {"id": "fr"})
    assert one(db, "CountryCountNode") == {"count": 1}
    assert one(db, "CustomerCountNode", tenant="acme") == {"count": 0}


def test_a_run_keeps_the_tenant_under_which_it_was_begun(db: DataFlow) -> None:
    async def create(tenant: str) -> None:
        with TenantContext.set_current(tenant):
            for number in range(3):
                node = {"id": f"{tenant}{number}", "name": f"{number}"}
                await AsyncLocalRuntime().execute_workflow_async(single(db, "CustomerCreateNode", node))
                await asyncio.sleep(0)

    async def both() -> None:
        await asyncio.gather(create("one"), create("two"))

    asyncio.run(both())

    def count(tenant: str) -> Any:
        with TenantContext.set_current(tenant):
            return one(db, "CustomerCountNode")["count"]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(count, ["one", "two"])) == [3, 3]
    assert TenantContext.current() is None
    with TenantContext.set_current("one"):
        assert one(db, "CustomerCountNode", tenant="three") == {"count": 0}
        assert TenantContext.current() == "one"


def test_the_tenant_is_never_given_by_hand(sqlite_url: str) -> None:
    with DataFlow(sqlite_url, models=[Country]) as db:

        @db.model
        class TenantData:
            name: str
            __dataflow__ = {"multi_tenant": True}  # noqa: RUF012

        with pytest.raises(BuildError, match="'tenant_id' is kept by Studio"):
            one(db, "TenantDataCreateNode", {"name": "x", "tenant_id": "acme"}, tenant="acme")
        with pytest.raises(ValueError, match="needs an id"), TenantContext.set_current(""):
            pass

        @db.model
        class Child:
            parent: Annotated[int | None, Field(references="TenantData", on_delete="set null")] = None
            __dataflow__ = {"multi_tenant": True}  # noqa: RUF012

        with pytest.raises(ModelError, match="cannot be emptied"):
            one(db, "ChildCountNode", tenant="acme")
