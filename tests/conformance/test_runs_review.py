"""Does a run in review keep nothing until it is committed, nothing when it is not, and never stay open for ever?"""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from studio import AsyncLocalRuntime, DataFlow, LocalRuntime, WorkflowBuilder
from studio.database import DatabaseOptions
from studio.dataflow.reviews import OpenRun
from studio.kernel.errors import LockTimeout, RecordNotFound, RunError
from studio.runtime import Event, TransactionChanged
from tests.conformance.shop import Customer, Nodes, Order, Shop

WRITES: Nodes = {
    "add": ("CustomerBulkCreateNode", {"data": [{"id": "bob", "name": "Bob"}, {"id": "eve", "name": "Eve"}]}),
    "rename": ("CustomerUpdateNode", {"id": "ada", "fields": {"name": "Ada L."}}),
    "count": ("CustomerCountNode", {}),
}
ORDERED = [("add", "done", "rename", "after"), ("rename", "done", "count", "after")]


@pytest.fixture
def opened(shop: Shop) -> Iterator[OpenRun]:
    """A run that has added two customers and renamed one, and is not decided about."""
    shop.customers("ada")
    with shop.runtime.execute(shop.builder(WRITES, ORDERED), mode="review") as run:
        yield run


def test_a_run_in_review_counts_what_it_changed_and_nobody_else_sees_it_before_it_is_committed(
    shop: Shop, opened: OpenRun
) -> None:
    results, run_id = opened
    assert results["count"] == {"count": 3}
    assert run_id == opened.result.run_id
    assert str(opened.changes.totals) == "+2 ~1 −0"
    assert {(change.node, change.operation) for change in opened.changes.entries} == {
        ("add", "create"),
        ("rename", "update"),
    }
    assert shop.one("CustomerCountNode") == {"count": 1}
    before = opened.state
    opened.commit()
    assert (before, opened.state) == ("open", "committed")
    assert shop.one("CustomerReadNode", {"id": "ada"})["name"] == "Ada L."
    assert shop.one("CustomerCountNode") == {"count": 3}
    with pytest.raises(RunError, match="committed"):
        opened.roll_back()


def test_a_run_in_review_that_is_rolled_back_leaves_nothing_and_says_so_to_a_late_commit(
    shop: Shop, opened: OpenRun
) -> None:
    opened.roll_back()
    assert shop.one("CustomerCountNode") == {"count": 1}
    with pytest.raises(RunError, match="rolled back"):
        opened.commit()
    assert shop.one("CustomerCreateNode", {"id": "bob", "name": "Bob"})["id"] == "bob"


def test_closing_the_database_rolls_back_what_is_open(shop: Shop, database_url: str) -> None:
    shop.customers("ada")
    run = shop.runtime.execute(shop.builder(WRITES, ORDERED), mode="review")
    assert isinstance(run, OpenRun)
    shop.db.close()
    assert run.state == "rolled_back"
    other = Shop(database_url)
    assert other.one("CustomerCountNode") == {"count": 1}
    other.close()


def test_a_run_that_fails_in_review_is_rolled_back_at_once(shop: Shop) -> None:
    nodes: Nodes = {**WRITES, "gone": ("CustomerReadNode", {"id": "nobody"})}
    with pytest.raises(RecordNotFound):
        shop.runtime.execute(
            shop.builder(nodes, [("add", "done", "gone", "after")]), mode="review", until="gone"
        )
    assert shop.one("CustomerCountNode") == {"count": 0}


def test_a_run_that_nobody_decides_about_is_told_of_and_then_rolled_back(shop: Shop) -> None:
    shop.customers("ada")
    told: list[TransactionChanged] = []
    over = asyncio.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def hear(event: Event) -> None:
            if isinstance(event, TransactionChanged):
                told.append(event)
                if event.state != "open":
                    loop.call_soon_threadsafe(over.set)

        runtime = AsyncLocalRuntime(shop.db, on_event=hear, idle_s=0.05)
        async with await runtime.execute_workflow_async(shop.builder(WRITES, ORDERED), mode="review") as run:
            await asyncio.wait_for(over.wait(), 60)
            with pytest.raises(RunError, match="Nobody decided"):
                await run.commit()

    asyncio.run(main())
    assert [(event.state, event.is_expiring) for event in told] == [
        ("open", False),
        ("open", True),
        ("rolled_back", True),
    ]
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_on_sqlite_others_read_on_while_a_run_is_open_and_a_write_is_refused_with_the_reason(
    tmp_path: Path,
) -> None:
    db = DataFlow(
        f"sqlite:///{tmp_path / 'shop.sqlite'}",
        name="shop",
        models=(Customer, Order),
        options=DatabaseOptions(lock_timeout_s=0.05),
    )
    runtime = LocalRuntime(db)

    def one(type_name: str, **params: Any) -> WorkflowBuilder:
        builder = WorkflowBuilder(db)
        builder.add_node(type_name, "node", params)
        return builder

    runtime.execute(one("CustomerCreateNode", id="ada", name="Ada"))
    with runtime.execute(one("CustomerCreateNode", id="bob", name="Bob"), mode="review"):
        assert runtime.execute(one("CustomerListNode"))[0]["node"][0]["id"] == "ada"
        with pytest.raises(LockTimeout, match="transaction of another run"):
            runtime.execute(one("CustomerCreateNode", id="eve", name="Eve"))
    runtime.execute(one("CustomerCreateNode", id="eve", name="Eve"))
    assert runtime.execute(one("CustomerCountNode"))[0]["node"] == {"count": 2}
    db.close()
