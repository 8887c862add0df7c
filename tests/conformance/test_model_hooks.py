"""When are a program's own functions called with the records that are written, and what may they do?"""

from collections.abc import Iterator
from typing import Any

import pytest

from studio import DataFlow, LocalRuntime
from studio.kernel.errors import DuplicateKey, HookFailed, ModelError, NodeError
from tests.conformance.asking import one, single


class Order:
    id: str
    customer: str
    total: int = 0


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    with DataFlow(database_url, models=[Order]) as opened:
        yield opened


def test_hooks_see_each_record_of_single_and_bulk_writes_and_alter_values(db: DataFlow) -> None:
    told: list[tuple[str, str, int]] = []

    @db.on("before_insert", Order)
    def tidy(record: dict[str, Any]) -> None:
        record["customer"] = record["customer"].strip()

    @db.on("before_update", "Order")
    async def limit(record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "total": min(record["total"], 100)}

    def tell(event: Any) -> None:
        @db.on(event, "Order")
        def told_of(record: dict[str, Any]) -> None:
            told.append((event, record["id"], record["total"]))

    for event in ("after_insert", "after_update", "before_delete", "after_delete"):
        tell(event)

    assert one(db, "OrderCreateNode", {"id": "a", "customer": " Ada "})["customer"] == "Ada"
    rows = [{"id": name, "customer": f" {name}", "total": 1} for name in ("b", "c")]
    assert one(db, "OrderBulkCreateNode", {"data": rows, "return_ids": True})["ids"] == ["b", "c"]
    assert one(db, "OrderUpdateNode", {"id": "a", "fields": {"total": 500}})["total"] == 100
    one(db, "OrderUpdateNode", {"id": "a", "fields": {"total": {"$inc": -1}}})
    assert one(db, "OrderUpsertNode", {"id": "a", "customer": "Ada", "total": 700})["total"] == 100
    assert one(db, "OrderBulkUpdateNode", {"data": [{"id": "b", "total": 300}, {"id": "x", "total": 1}]}) == {
        "matched": 1,
        "updated": 1,
    }
    changed = one(
        db, "OrderBulkUpdateNode", {"filter": {"id": {"$ne": "b"}}, "update": {"total": 200}, "limit": 1}
    )
    assert changed["updated"] == 1
    one(
        db,
        "OrderBulkUpsertNode",
        {"data": [{"id": "c", "customer": "c", "total": 9}, {"id": "d", "customer": "d "}]},
    )
    one(db, "OrderBulkUpsertNode", {"data": [{"id": "c", "customer": "no"}], "conflict_resolution": "skip"})
    one(db, "OrderDeleteNode", {"id": "a"})
    assert one(db, "OrderBulkDeleteNode", {"ids": ["b", "none"]}) == {"deleted": 1}
    assert told == [
        ("after_insert", "a", 0), ("after_insert", "b", 1), ("after_insert", "c", 1),
        ("after_update", "a", 100), ("after_update", "a", 99), ("after_update", "a", 100),
        ("after_update", "b", 100), ("after_update", "a", 100),
        ("after_update", "c", 9), ("after_insert", "d", 0),
        ("before_delete", "a", 100), ("after_delete", "a", 100), ("before_delete", "b", 100), ("after_delete", "b", 100),
    ]  # fmt: skip
    records = one(db, "OrderListNode", {"fields": ["id", "customer"]})
    assert records == [{"id": "c", "customer": "c"}, {"id": "d", "customer": "d"}]


def test_an_error_in_a_hook_fails_the_node_and_nothing_is_written(db: DataFlow) -> None:
    @db.on("after_insert", "Order")
    def refuse(record: dict[str, Any]) -> None:
        if record["total"] == 13:
            raise ZeroDivisionError("unlucky")
        if record["total"] == 14:
            raise NodeError("Not that one.")

    with pytest.raises(
        HookFailed, match="after_insert hook 'refuse' failed: ZeroDivisionError: unlucky"
    ) as failed:
        one(db, "OrderBulkCreateNode", {"data": [{"customer": "a"}, {"customer": "b", "total": 13}]})
    assert failed.value.row == 2 and failed.value.node == "node"
    with pytest.raises(NodeError, match="Not that one"):
        one(db, "OrderCreateNode", {"customer": "a", "total": 14})
    one(db, "OrderCreateNode", {"id": "x", "customer": "a"})
    with pytest.raises(DuplicateKey) as twice:
        one(db, "OrderBulkCreateNode", {"data": [{"id": "y", "customer": "a"}, {"id": "x", "customer": "a"}]})
    assert twice.value.row == 2 and twice.value.field == "id"
    assert one(db, "OrderCountNode") == {"count": 1}


def test_a_dry_run_shows_what_hooks_would_make_of_the_records(db: DataFlow) -> None:
    @db.on("before_insert", "Order")
    def dear(record: dict[str, Any]) -> None:
        record["total"] = 7

    workflow = single(db, "OrderBulkCreateNode", {"data": [{"customer": "a"}] * 2})
    result = LocalRuntime().run(workflow, mode="dry")
    assert result.changes is not None
    assert [entry.after["total"] for entry in result.changes.entries if entry.after] == [7, 7]
    assert one(db, "OrderCountNode") == {"count": 0}


def test_hooks_are_kept_when_a_model_comes_again_and_unknown_events_are_refused(sqlite_url: str) -> None:
    with DataFlow(sqlite_url, models=[Order]) as db:
        db.on("before_insert", "Order")(lambda record: {**record, "customer": "hooked"})
        db.add_model(db.models["Order"])
        assert one(db, "OrderCreateNode", {"customer": "x"})["customer"] == "hooked"
        with pytest.raises(ModelError, match="'before_insrt'.*before_insert"):
            db.on("before_insrt", "Order")  # type: ignore[arg-type] # a typing error on purpose
        with pytest.raises(ModelError, match="no model 'Ordr'"):
            db.on("before_insert", "Ordr")
