"""Does `audit_log` leave an entry for every change, with the change or not at all, on every database?"""

import asyncio
import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from studio import (
    ActorContext,
    AuditTrailManager,
    DataFlow,
    Field,
    LocalRuntime,
    TenantContext,
    WorkflowBuilder,
)
from studio.kernel.errors import DuplicateKey, WorkflowError
from tests.conformance.asking import one, single


class Agent:
    id: str
    name: str = ""
    spend: Decimal = Decimal("0.25")
    token: str | None = Field(default=None, encrypted=True)

    __dataflow__ = {"audit_log": True}  # noqa: RUF012 - as models are written


class Plain:
    id: str


@pytest.fixture
def db(database_url: str) -> Iterator[DataFlow]:
    with DataFlow(database_url, models=[Agent, Plain], encryption_key="ab" * 32) as opened:
        yield opened


def trail(db: DataFlow, **wanted: Any) -> list[tuple[Any, ...]]:
    return [
        (
            entry["operation_type"],
            entry["record_id"],
            (entry["before"] or {}).get("name"),
            (entry["after"] or {}).get("name"),
        )
        for entry in reversed(db.audit.get_audit_trail(**wanted))
    ]


def test_every_write_leaves_entries_with_images_and_who_and_where(db: DataFlow) -> None:
    with ActorContext.set_current("user-456"):
        one(db, "AgentCreateNode", {"id": "a", "name": "1", "token": "s3cret"})
        one(db, "AgentBulkCreateNode", {"data": [{"id": "b", "name": "1"}, {"id": "c", "name": "1"}]})
    one(db, "AgentUpdateNode", {"id": "a", "fields": {"name": "2"}}, actor="user-7")
    one(db, "AgentUpsertNode", {"id": "a", "name": "3"})
    one(db, "AgentBulkUpdateNode", {"filter": {"id": {"$ne": "a"}}, "update": {"name": "4"}})
    one(db, "AgentBulkUpdateNode", {"data": [{"id": "b", "name": "5"}]})
    one(db, "AgentBulkUpsertNode", {"data": [{"id": "b", "name": "6"}, {"id": "d", "name": "6"}]})
    one(db, "AgentDeleteNode", {"id": "a"})
    one(db, "AgentBulkDeleteNode", {"ids": ["d"]})
    one(db, "PlainCreateNode", {"id": "p"})
    assert trail(db, model_name="Agent") == [
        ("create", "a", None, "1"), ("create", "b", None, "1"), ("create", "c", None, "1"),
        ("update", "a", "1", "2"), ("update", "a", "2", "3"),
        ("update", "b", "1", "4"), ("update", "c", "1", "4"), ("update", "b", "4", "5"),
        ("update", "b", "5", "6"), ("create", "d", None, "6"),
        ("delete", "a", "3", None), ("delete", "d", "6", None),
    ]  # fmt: skip
    entries = db.audit.get_audit_trail(limit=None)
    assert {entry["model_name"] for entry in entries} == {"Agent"}
    assert [entry["user_id"] for entry in reversed(entries)][:5] == ["user-456"] * 3 + ["user-7", None]
    assert all(entry["node_id"] == "node" and entry["run_id"] and entry["changed"] == 1 for entry in entries)
    created = entries[-1]["after"]
    assert (created["spend"], created["token"]) == ("0.25", "(encrypted)")
    assert "s3cret" not in repr(entries)


def test_what_is_not_kept_leaves_no_entry(db: DataFlow) -> None:
    one(db, "AgentCreateNode", {"id": "a"})
    with pytest.raises(DuplicateKey):
        one(db, "AgentBulkCreateNode", {"data": [{"id": "b"}, {"id": "a"}]})
    workflow = WorkflowBuilder(db)
    workflow.add_node("AgentCreateNode", "first", {"id": "c"})
    workflow.add_node("AgentCreateNode", "second", {"id": "a"})
    workflow.add_connection("first", "done", "second", "after")
    assert LocalRuntime().run(workflow, mode="atomic").state == "failed"
    result = LocalRuntime().run(single(db, "AgentDeleteNode", {"id": "a"}), mode="dry")
    assert result.changes is not None and result.changes.total == 1
    assert trail(db) == [("create", "a", None, "")]


def test_the_trail_is_asked_by_what_when_and_whom(db: DataFlow) -> None:
    assert db.audit.get_audit_trail() == []
    assert "studio_audit_trail" not in db.discover_schema()
    audit = AuditTrailManager(db, retention_days=90)
    audit.record_operation(
        operation_type="create",
        model_name="Agent",
        record_id="agent-123",
        changes={"name": "New Agent", "status": "draft"},
        user_id="user-456",
        metadata={"source": "visual_layer", "ip": "192.168.1.1"},
    )
    with TenantContext.set_current("acme"):
        audit.record_operation("update", "Agent", "agent-123")
        assert [entry["tenant_id"] for entry in audit.get_audit_trail()] == ["acme"]
    naive = dt.datetime(2025, 1, 1)  # noqa: DTZ001 - read as UTC
    (entry,) = audit.get_audit_trail(model_name="Agent", operation_type="create", start_date=naive, limit=100)
    assert entry["after"] == {"name": "New Agent", "status": "draft"}
    assert (entry["user_id"], entry["metadata"]["source"]) == ("user-456", "visual_layer")
    assert len(audit.get_audit_trail(record_id="agent-123", user_id="user-456")) == 1
    assert audit.get_audit_trail(end_date=dt.datetime(2025, 1, 1, tzinfo=dt.UTC)) == []
    assert len(audit.get_audit_trail(limit=1)) == 1
    assert len(asyncio.run(audit.aget_audit_trail())) == 2
    with pytest.raises(WorkflowError, match="at least 1"):
        AuditTrailManager(db, retention_days=0)


def test_entries_beyond_the_retention_go(sqlite_url: str) -> None:
    with DataFlow(sqlite_url, models=[Plain]) as db:
        audit = AuditTrailManager(retention_days=30)
        audit.record_operation("old", "Plain")
        long_ago = (dt.datetime.now(dt.UTC) - dt.timedelta(days=31)).strftime("%Y-%m-%d %H:%M:%S.%f")
        one(
            db,
            "SQL",
            {"sql": "UPDATE studio_audit_trail SET recorded_at = :t", "params": {"t": long_ago}},
        )
        assert (audit.get_audit_trail(), len(db.audit.get_audit_trail())) == ([], 1)
        audit.record_operation("new", "Plain")
        assert [entry["operation_type"] for entry in db.audit.get_audit_trail()] == ["new"]
        assert audit.purge() == 0


def test_a_large_write_is_told_with_some_images_and_the_number_of_the_others(sqlite_url: str) -> None:
    class Log:
        id: int
        __dataflow__ = {"audit_log": True}  # noqa: RUF012

    with DataFlow(sqlite_url, models=[Log]) as db:
        one(db, "LogBulkCreateNode", {"data": [{}] * 1500})
        entries = db.audit.get_audit_trail(limit=None)
        assert len(entries) == 1001
        assert (entries[0]["changed"], entries[0]["record_id"], entries[0]["after"]) == (500, None, None)
