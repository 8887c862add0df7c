"""Do a run's changes, written as SQL, do the same as the run did? On a real database of each kind."""

from studio import LocalRuntime
from tests.conformance.shop import EVERYTHING, Nodes, Shop


def test_the_sql_of_a_runs_changes_makes_the_same_changes(shop: Shop) -> None:
    from studio.database.change_script import script

    ids = shop.orders(1, 2, 3)
    nodes: Nodes = {
        "create": ("EverythingCreateNode", dict(EVERYTHING)),
        "none": ("SensorCreateNode", {"id": 'it\'s \\ "so"', "error": None, "data": -3}),
        "update": (
            "OrderUpdateNode",
            {"id": ids[0], "fields": {"note": "50 % off; -- 'x'", "status": "paid"}},
        ),
        "delete": ("OrderDeleteNode", {"id": ids[1]}),
    }

    def all_records() -> list[object]:
        return [shop.one(f"{name}ListNode", {"limit": None}) for name in ("Everything", "Sensor", "Order")]

    before = all_records()
    with shop.runtime.execute(shop.builder(nodes), mode="review") as run:
        changes = run.changes
        assert str(changes.totals) == "+2 ~1 −1"
        done = all_records()
        assert done == before
        lines = list(script(changes.entries, shop.db.models, shop.db.database.dialect))
    dry = shop.run(nodes, mode="dry")
    assert dry.changes is not None
    assert dry.changes.counts == changes.counts
    assert all_records() == before
    for line in lines:
        shop.one("SQL", {"sql": line})
    written = all_records()
    expected = [entry.after for entry in changes.entries if entry.model == "Everything"]
    assert written[0] == expected
    assert [record["id"] for record in shop.one("SensorListNode")] == ['it\'s \\ "so"']
    orders = {record["id"]: record for record in shop.one("OrderListNode")}
    assert set(orders) == {ids[0], ids[2]}
    assert orders[ids[0]] == next(entry.after for entry in changes.entries if entry.operation == "update")
    # Where each node commits by itself, it is told as well if that is wanted.
    rows = {"data": [{"id": ids[0], "note": "a"}, {"id": ids[2], "note": "c"}]}
    workflow = shop.builder({"rows": ("OrderBulkUpdateNode", rows)})
    assert shop.runtime.run(workflow).changes is None
    told = LocalRuntime(shop.db, record_changes=True).run(workflow).changes
    assert told is not None
    assert [(entry.key, (entry.before or {})["note"], (entry.after or {})["note"]) for entry in told.entries] == [
        (ids[0], "a", "a"), (ids[2], "c", "c"),
    ]  # fmt: skip
