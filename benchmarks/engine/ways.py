"""In which ways is each database asked? Studio's own, the same for all, and how its figures stand beside the raw ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from benchmarks.engine.sales import LISTED, SALE, row
from benchmarks.measure import Call, Figure, Work, alternate, at_most, beyond_raw, quickest, ratio_at_least
from studio.database import Access, AggregateQuery, Database, ListQuery
from studio.dataflow import DataFlow, WorkflowBuilder
from studio.runtime import Plan, run_workflow

CALLS: Final = 200
"""Calls of a turn."""
TURNS: Final = 9
"""Turns of a bulk write: a disk that is busy for a while lasts longer than a few."""
NODE_LIMIT_US: Final = 100


def single_rows(access: Access) -> dict[str, Call]:
    """One record each; the record that a number means is the one that the create of that number has made."""
    return {
        "create": lambda number: access.create(SALE, row(number)),
        "read": lambda number: access.read(SALE, {"id": number}),
        "update": lambda number: access.update(SALE, {"id": number}, {"quantity": number}),
        "delete": lambda number: access.delete(SALE, {"id": number}),
    }


def listing(access: Access) -> Call:
    return lambda _number: access.list(SALE, ListQuery(limit=LISTED))


async def node_figures(name: str, database: Database, raw: Mapping[str, Call]) -> list[Figure]:
    """A complete node in a run of its own, from the run's inputs to its result, beside the raw statement. Both tables must be empty."""
    databases = {"bench": database}
    figures = []
    before_first = 0
    for operation, plan in _plans(database.url).items():
        shift = 0 if operation == "create" else before_first

        async def ours(
            number: int, plan: Plan = plan, operation: str = operation, shift: int = shift
        ) -> None:
            given = row(number) if operation == "create" else {"number": shift + number}
            if operation == "update":
                given["quantity"] = number
            result = await run_workflow(plan, databases=databases, inputs=given)
            result.raise_for_state()

        def raw_call(number: int, call: Call = raw[operation], shift: int = shift) -> Awaitable[object]:
            return call(shift + number)

        value, baseline = await alternate(ours, raw_call, calls=CALLS)
        name_of_it = f"engine.{name} {operation} node in a run"
        figures.append(beyond_raw(name_of_it, value * 1e6, baseline * 1e6, "µs", NODE_LIMIT_US))
        if operation == "create":
            before_first = (await database.access().list(SALE, ListQuery(limit=1)))[0]["id"] - 1
    return figures


def _plans(url: str) -> dict[str, Plan]:
    """For each operation a workflow of one node, whose values are the run's inputs."""
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "create": ("SaleCreateNode", {name: f"{{{{ {name} }}}}" for name in row(0)}),
        "read": ("SaleReadNode", {"id": "{{ number }}"}),
        "update": ("SaleUpdateNode", {"id": "{{ number }}", "fields": {"quantity": "{{ quantity }}"}}),
        "delete": ("SaleDeleteNode", {"id": "{{ number }}"}),
    }
    inputs = {"create": tuple(row(0)), "update": ("number", "quantity")}
    db = DataFlow(url, name="bench", models=[SALE])
    plans = {}
    for operation, (node_type, params) in nodes.items():
        builder = WorkflowBuilder(db=db)
        builder.add_node(node_type, "node", params)
        for name in inputs.get(operation, ("number",)):
            builder.add_input(name, "any")
        plan = builder.build().plan
        assert plan is not None
        plans[operation] = plan
    return plans


async def bulk(
    name: str,
    rows: int,
    ours: Work,
    raw: Work,
    limit: float | None,
    *,
    before: Callable[[], Awaitable[object]] | None = None,
    turns: int = TURNS,
) -> Figure:
    """Rows a second of a bulk write, as a share of the raw way's; without a limit the share is only told."""
    value, baseline = await quickest(ours, raw, before=before, turns=turns)
    figure = ratio_at_least(
        f"engine.{name}, {rows:,} rows", rows / value, rows / baseline, "rows/s", limit or 0.0
    )
    return figure if limit is not None else replace(figure, target="", met=None)


async def questions(name: str, access: Access, rows: int) -> list[Figure]:
    """How long what a person asks of all rows takes: a filter of five conditions that no index helps, and figures by group."""
    filtered = ListQuery(
        filter={
            "$or": [{"customer": {"$contains": "7"}}, {"email": {"$endswith": "9@example.org"}}],
            "total": {"$between": [10, rows / 8]},
            "paid": True,
            "note": None,
        },
        order_by=("-total", "customer"),
        limit=100,
    )
    figured = AggregateQuery(
        group_by=("quantity", "paid"),
        aggregate={"sales": {"$count": "*"}, "sum": {"$sum": "total"}, "most": {"$max": "total"}},
        having={"sales": {"$gt": 1}},
        order_by=("-sum",),
    )
    found = []
    for what, ask, limit_ms in (
        ("list by five conditions", lambda: access.list(SALE, filtered), 100.0),
        ("figures of 100 groups", lambda: access.aggregate(SALE, figured), 1_000.0),
    ):
        (taken,) = await quickest(ask)
        found.append(at_most(f"engine.{name} {what}, of {rows:,} rows", taken * 1e3, "ms", limit_ms))
    return found
