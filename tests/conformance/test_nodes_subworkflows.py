"""Do workflows within workflows share their run's database: its transaction, its changes, its rows, and what is undone of a failure?"""

from decimal import Decimal

from studio import LocalRuntime, WorkflowBuilder
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
