"""Is a node tried again when that may help, and only where it is allowed? With real deadlocks and transactions that were outrun."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from studio.database import Access, Database
from studio.kernel.errors import Deadlock
from studio.runtime import Event, NodeRetried, RunResult, run_workflow
from tests.conformance.shop import Nodes, Shop

WAITING: Final = {
    "postgresql": "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    "mysql": "SELECT CAST(variable_value AS INT) AS n FROM information_schema.global_status"
    " WHERE variable_name = 'INNODB_ROW_LOCK_CURRENT_WAITS'",
}
BUMP: Nodes = {
    "first": ("CustomerCreateNode", {"id": "bob", "name": "Bob"}),
    "bump": (
        "OrderBulkUpdateNode",
        {"filter": {"note": None}, "update": {"$inc": {"stock": 1}}, "retries": 2},
    ),
}


@pytest.fixture(params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Any:
    """A shop on a database that many may write to at once."""
    name = {"postgresql": "postgres_url", "mysql": "mysql_url"}[request.param]
    shop = Shop(str(request.getfixturevalue(name)))
    yield shop
    shop.close()


def met(
    shop: Shop, rival: Callable[[Access, Callable[[], Awaitable[None]]], Awaitable[None]], mode: Any
) -> Any:
    """Runs `BUMP` while a rival's transaction is open, which may wait until a statement of the run waits for a lock of its."""
    plan = shop.builder(BUMP, [("first", "done", "bump", "after")]).build().plan
    assert plan is not None
    retried: list[Event] = []

    async def story() -> RunResult:
        database: Database = shop.db.database
        lanes = database.access()

        async def until_it_waits() -> None:
            async with asyncio.timeout(60):
                while not (await lanes.execute(WAITING[database.dialect], {}))[0]["n"]:
                    pass

        async with database.transaction() as access:
            run: list[asyncio.Task[RunResult]] = []

            async def begin() -> None:
                work = run_workflow(
                    plan,
                    databases={"shop": database},
                    mode=mode,
                    on_event=lambda event: retried.append(event) if isinstance(event, NodeRetried) else None,
                )
                run.append(asyncio.create_task(work))
                await until_it_waits()

            await rival(access, begin)
        return await asyncio.wait_for(run[0], 60)

    return shop.db.engine.run(story()), retried


@pytest.mark.parametrize("mode", ["auto", "atomic"])
def test_the_victim_of_a_deadlock_tries_again_where_its_transaction_lives_on(server: Shop, mode: str) -> None:
    ids = server.orders(*range(40))
    first, last = ids[0], ids[-1]
    spec = server.db.models["Order"]

    async def rival(access: Access, begin: Callable[[], Awaitable[None]]) -> None:
        if server.db.database.dialect == "postgresql":
            await access.execute("SET LOCAL deadlock_timeout = '30s'", {})
        # What has changed more is not the victim.
        await access.bulk_update(spec, {"id": {"$gt": ids[9]}}, {"status": "paid"})
        await begin()
        await access.bulk_update(spec, {"id": first}, {"status": "paid"})

    result, retried = met(server, rival, mode)
    lives_on = mode == "auto" or server.db.database.dialect == "postgresql"
    assert len(retried) == (1 if lives_on else 0)
    assert all(isinstance(event.error, Deadlock) for event in retried)
    if lives_on:
        assert result.state == "succeeded"
        assert result.nodes["bump"].attempts == 2
        assert server.one("OrderCountNode", {"filter": {"stock": 1}}) == {"count": 40}
        if mode == "atomic":
            assert str(result.changes.totals) == "+1 ~40 −0"
    else:
        assert isinstance(result.error, Deadlock)
        assert server.one("CustomerCountNode") == {"count": 1}
    assert server.one("OrderReadNode", {"id": last})["status"].value == "paid"


@pytest.mark.parametrize("mode", ["auto", "atomic"])
def test_a_write_that_was_outrun_is_tried_again_in_a_new_transaction_only(
    postgres_url: str, mode: str
) -> None:
    setup = Shop(postgres_url)
    name = postgres_url.rpartition("/")[2].partition("?")[0]
    setup.one("SQL", {"sql": f"ALTER DATABASE {name} SET default_transaction_isolation = 'repeatable read'"})
    setup.close()
    shop = Shop(postgres_url)
    ids = shop.orders(1, 2)

    async def rival(access: Access, begin: Callable[[], Awaitable[None]]) -> None:
        await access.bulk_update(shop.db.models["Order"], {"id": ids[0]}, {"status": "paid"})
        await begin()

    result, retried = met(shop, rival, mode)
    assert len(retried) == (1 if mode == "auto" else 0)
    assert result.state == ("succeeded" if mode == "auto" else "failed")
    if mode == "atomic":
        assert isinstance(result.error, Deadlock)
        assert shop.one("CustomerCountNode") == {"count": 1}
    shop.close()


def test_what_a_node_did_before_it_failed_is_undone_alone_and_does_not_count(shop: Shop) -> None:
    shop.customers("ada")
    nodes: Nodes = {
        "bad": (
            "CustomerBulkCreateNode",
            {
                "data": [{"id": f"c{n}", "name": "C"} for n in range(5)] + [{"id": "ada", "name": "A"}],
                "batch_size": 2,
            },
        ),
        "told": ("Constant", {"value": 0}),
        "good": ("CustomerCreateNode", {"id": "bob", "name": "Bob"}),
    }
    edges = [("bad", "error", "told", "value"), ("told", "done", "good", "after")]
    result = shop.run(nodes, edges, mode="atomic")
    assert result.state == "succeeded", result.error
    assert result.nodes["bad"].state == "failed"
    assert result.changes is not None
    assert str(result.changes.totals) == "+1 ~0 −0"
    assert shop.one("CustomerCountNode") == {"count": 2}
