"""Does a run that is stopped really stop at the database, leave nothing behind, and let the next one begin?"""

import asyncio
import socket
import time
from typing import Any, Final

import pytest

from studio import AsyncLocalRuntime, WorkflowBuilder
from studio.kernel.errors import RunTimeout
from studio.runtime import Event, NodeStarted, NodeSucceeded
from tests.conformance.shop import Shop

ENDLESS: Final = {
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS c FROM n",
    "postgresql": "SELECT pg_sleep(3600) IS NULL AS c",
    "mysql": "SELECT SLEEP(3600) AS c",
}
BUSY: Final = {
    "sqlite": ENDLESS["sqlite"],
    "postgresql": "SELECT count(*) AS c FROM generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 1000) c",
    "mysql": "SELECT count(*) AS c FROM seq_1_to_100000 a, seq_1_to_100000 b, seq_1_to_1000 c WHERE (a.seq * b.seq) % 7 = c.seq",
}
"""Statements that work, not wait."""
STILL_RUNNING: Final = {
    "sqlite": "SELECT 0 AS n",  # the new run needs the very thread that ran the statement
    "postgresql": "SELECT count(*) AS n FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state NOT LIKE 'idle'",
    "mysql": "SELECT count(*) AS n FROM information_schema.processlist"
    " WHERE db = DATABASE() AND id <> CONNECTION_ID() AND command <> 'Sleep'",
}
SOON_S: Final = 10.0


def endless(shop: Shop) -> dict[str, Any]:
    return {"sql": ENDLESS[shop.db.database.dialect]}


def stop_when(shop: Shop, nodes: dict[str, Any], edges: Any, seen: Any, *, mode: Any) -> None:
    """Runs the nodes and cancels the awaiting task once `seen` holds for an event."""
    reached = asyncio.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def on_event(event: Event) -> None:
            if seen(event):
                loop.call_soon_threadsafe(reached.set)

        runtime = AsyncLocalRuntime(mode=mode, on_event=on_event)
        task = asyncio.create_task(runtime.execute_workflow_async(shop.builder(nodes, edges)))
        await asyncio.wait_for(reached.wait(), SOON_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, SOON_S)

    asyncio.run(main())


@pytest.mark.parametrize(("mode", "sql"), [("auto", ENDLESS), ("atomic", BUSY), ("review", ENDLESS)])
def test_a_statement_in_flight_is_cancelled_and_what_was_not_committed_is_gone(
    shop: Shop, mode: str, sql: dict[str, str]
) -> None:
    dialect = shop.db.database.dialect
    nodes = {
        "create": ("CustomerCreateNode", {"id": "ada", "name": "Ada"}),
        "endless": ("SQL", {"sql": sql[dialect]}),
    }
    edges = [("create", "done", "endless", "after")]
    stop_when(shop, nodes, edges, lambda e: isinstance(e, NodeStarted) and e.node_id == "endless", mode=mode)
    assert shop.one("CustomerCountNode") == {"count": 1 if mode == "auto" else 0}
    assert shop.one("SQL", {"sql": STILL_RUNNING[dialect]})[0]["n"] == 0
    assert shop.one("CustomerCreateNode", {"id": "bob", "name": "Bob"})["id"] == "bob"


def test_a_statement_that_takes_too_long_is_stopped_at_the_database(shop: Shop) -> None:
    shop.customers("ada")
    began = time.monotonic()
    error = shop.refusal("SQL", {**endless(shop), "timeout_s": 0.3})
    assert isinstance(error, RunTimeout)
    assert time.monotonic() - began < SOON_S
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_a_failure_stops_the_statements_beside_it(shop: Shop) -> None:
    shop.customers("ada")
    result = shop.run(
        {"endless": ("SQL", endless(shop)), "fail": ("CustomerReadNode", {"id": "nobody"})},
    )
    assert result.state == "failed"
    assert result.nodes["endless"].state == "cancelled"
    assert result.duration_ms < SOON_S * 1000
    assert shop.one("CustomerCountNode") == {"count": 1}


def test_a_stopped_stream_leaves_no_rows_and_no_open_reader(shop: Shop) -> None:
    shop.orders(*range(3000))
    nodes = {
        "list": ("OrderListNode", {"limit": None, "fields": ["customer_id", "total"]}),
        "add": ("OrderBulkCreateNode", {"batch_size": 10}),
    }
    stop_when(
        shop,
        nodes,
        [("list", "records", "add", "data")],
        lambda event: isinstance(event, NodeStarted) and event.node_id == "add",
        mode="auto",
    )
    assert shop.one("OrderCountNode")["count"] in (3000, 6000)
    assert shop.one("OrderBulkDeleteNode", {"filter": {}, "all": True})["deleted"] in (3000, 6000)


def test_a_run_that_was_stopped_between_nodes_keeps_what_was_committed(shop: Shop) -> None:
    nodes = {"a": ("CustomerCreateNode", {"id": "ada", "name": "Ada"}), "z": ("SQL", endless(shop))}
    stop_when(
        shop,
        nodes,
        [("a", "done", "z", "after")],
        lambda event: isinstance(event, NodeSucceeded) and event.node_id == "a",
        mode="auto",
    )
    assert shop.one("CustomerReadNode", {"id": "ada"})["name"] == "Ada"


def test_a_stop_in_the_middle_of_a_loop_begins_nothing_more_and_hangs_up(shop: Shop) -> None:
    """Each iteration stores a customer and then asks a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SOON_S)
        inner = WorkflowBuilder(name="visit", id="visit")
        inner.add_input("record", "dict")
        inner.add_node("CustomerCreateNode", "store", {"id": "{{ record.id }}", "name": "x"})
        inner.add_node("HTTPRequest", "ask", {"url": f"http://127.0.0.1:{silent.getsockname()[1]}"})
        inner.add_connection("store", "done", "ask", "after")
        records = [{"id": f"c{number}"} for number in range(6)]
        flow = shop.builder(
            {"each": ("ForEach", {"workflow": "visit", "records": records, "concurrency": 3})}
        )
        flow.add_workflow(inner)

        async def story(mode: Any, at_once: int) -> None:
            task = asyncio.create_task(AsyncLocalRuntime(mode=mode).execute_workflow_async(flow))
            callers = [(await asyncio.to_thread(silent.accept))[0] for _ in range(at_once)]
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asyncio.wait_for(task, SOON_S)
            for caller in callers:
                with caller:
                    caller.settimeout(SOON_S)
                    while caller.recv(4096):
                        pass

        for mode, at_once, stored in (("auto", 3, 3), ("review", 1, 0), ("dry", 1, 0)):
            asyncio.run(story(mode, at_once))
            assert shop.one("CustomerBulkDeleteNode", {"filter": {}, "all": True}) == {"deleted": stored}
