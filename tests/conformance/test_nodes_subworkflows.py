"""Do workflows within workflows share their run's database: its transaction, its changes, its rows, and what is undone of a failure?"""

from decimal import Decimal

import pytest

from studio import LocalRuntime, WorkflowBuilder
from studio.kernel.errors import BuildError, RunError
from tests.conformance.shop import Shop


def booking() -> WorkflowBuilder:
    """Stores an order of the customer and then, for a total of 13, stumbles over one that nobody has."""
    made = WorkflowBuilder(name="Booking", id="booking")
    made.add_input("record", "dict")
    made.add_node("OrderCreateNode", "first", {"customer_id": "ada", "total": "{{ record.total }}"})
    made.add_node("If", "unlucky", {"condition": "record.total == 13"})
    made.add_connection("first", "done", "unlucky", "after")
    made.add_node("OrderCreateNode", "second", {"customer_id": "nobody"})
    made.add_connection("unlucky", "true", "second", "after")
    made.add_node("Output", "total")
    made.add_connection("first", "record.total", "total", "value")
    return made


def test_one_transaction_holds_for_all_and_a_failed_part_is_undone_alone(shop: Shop) -> None:
    shop.orders(1, 13, 2)
    flow = shop.builder(
        {
            "old": ("OrderListNode", {"limit": None, "order_by": ["id"]}),
            "each": ("ForEach", {"workflow": "booking", "on_error": "collect", "concurrency": 4}),
            "part": ("Subworkflow", {"workflow": "booking", "record": {"total": 13}}),
            "caught": ("Output", {}),
        },
        [
            ("old", "records", "each", "records"),
            ("each", "done", "part", "after"),
            ("part", "error", "caught", "value"),
        ],
    )
    flow.add_workflow(booking())
    for mode, stored in (("dry", 3), ("auto", 3 + 4), ("atomic", 7 + 4)):
        result = LocalRuntime(shop.db, mode=mode).run(flow)  # type: ignore[arg-type]  # a mode's name
        result.raise_for_state()
        each = result.results["each"]
        if mode == "dry":
            assert each == [Decimal(1), Decimal(2)]
            assert [(failed["row"], failed["code"], failed["node"]) for failed in each.failed] == [
                (2, "foreign-key", "each/second")
            ]
            assert result.changes is not None
            assert result.changes.counts == {("Order", "create"): 2}
            assert [change.after["total"] for change in result.changes.entries if change.after] == [1, 2]
        assert result.outputs["caught"]["code"] == "foreign-key"
        assert result.nodes["part/second"].state == "failed"
        assert shop.one("OrderCountNode")["count"] == stored


def test_a_failure_inside_rolls_the_whole_run_back(shop: Shop) -> None:
    shop.orders(1)
    flow = shop.builder(
        {
            "good": ("Subworkflow", {"workflow": "booking", "record": {"total": 5}}),
            "bad": ("Subworkflow", {"workflow": "booking", "record": {"total": 13}}),
        },
        [("good", "done", "bad", "after")],
    )
    flow.add_workflow(booking())
    result = LocalRuntime(shop.db, mode="atomic").run(flow)
    assert result.error is not None
    assert (result.error.node, result.error.code) == ("bad/second", "foreign-key")
    assert shop.one("OrderCountNode")["count"] == 1


def test_a_part_of_a_run_takes_a_loop_as_one_node_and_a_review_shows_and_undoes_what_it_did(
    shop: Shop,
) -> None:
    shop.orders(1, 2)
    flow = shop.builder(
        {
            "old": ("OrderListNode", {"limit": None, "order_by": ["id"]}),
            "each": ("ForEach", {"workflow": "booking"}),
            "part": ("Subworkflow", {"workflow": "booking", "record": {"total": 5}}),
            "count": ("OrderCountNode", {}),
        },
        [
            ("old", "records", "each", "records"),
            ("each", "done", "part", "after"),
            ("part", "done", "count", "after"),
        ],
    )
    flow.add_workflow(booking())
    runtime = LocalRuntime(shop.db)
    opened = runtime.execute(flow, mode="review")
    assert str(opened.changes.totals) == "+3 ~0 −0"
    assert opened.result.results["count"] == {"count": 5}
    opened.roll_back()
    undone = runtime.run(flow, mode="dry")
    with pytest.raises(BuildError, match="the last run was rolled back"):
        runtime.run(flow, start="count", earlier=undone).raise_for_state()
    assert shop.one("OrderCountNode")["count"] == 2
    upto = runtime.run(flow, until="each")
    assert (list(upto.results), shop.one("OrderCountNode")["count"]) == (["old", "each"], 4)
    rest = runtime.run(flow, start="part", earlier=upto)
    assert (rest.nodes["each"].origin, rest.results["count"]) == ("reused", {"count": 5})
    flow.pin("each", [Decimal(1)])
    flow.pin("part", {"total": Decimal(5)})
    assert runtime.run(flow).results["count"] == {"count": 5}
    flow.pin("part", 5)
    with pytest.raises(RunError, match='pinned to "Booking" is none that it could have given'):
        runtime.run(flow).raise_for_state()
