"""A shop to look at through the panels, and a session whose databases answer at once from memory."""

from __future__ import annotations

import asyncio
import datetime as dt
import operator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from studio.kernel.errors import DuplicateKey, StudioError
from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.project import Connection, ModelEntry, Project
from studio.session import Page, RunHandle, Session
from studio.workflow.graph import Edge, Node, Place, Workflow, frozen

STAMPS = tuple(
    FieldSpec(name=name, kind=Kind.DATETIME, managed=True) for name in ("created_at", "updated_at")
)


def shop_models() -> list[ModelSpec]:
    """Customer, Order and OrderItem."""
    customer = ModelSpec(
        name="Customer",
        table="customers",
        doc="Somebody who buys.",
        fields=(
            FieldSpec(name="id", kind=Kind.INT, key=True, generated=True),
            FieldSpec(name="email", kind=Kind.STR, unique=True, max_length=120),
            FieldSpec(name="name", kind=Kind.STR, nullable=True),
            FieldSpec(name="vip", kind=Kind.BOOL, default=False),
            FieldSpec(name="born", kind=Kind.DATE, nullable=True),
            FieldSpec(name="settings", kind=Kind.DICT, nullable=True),
            *STAMPS,
        ),
    )
    order = ModelSpec(
        name="Order",
        table="orders",
        doc="A customer's order.",
        fields=(
            FieldSpec(name="id", kind=Kind.INT, key=True, generated=True),
            FieldSpec(name="customer_id", kind=Kind.INT, references="Customer.id"),
            FieldSpec(name="total", kind=Kind.DECIMAL, minimum=Decimal(0)),
            FieldSpec(
                name="status", kind=Kind.ENUM, choices=("pending", "paid", "shipped"), default="pending"
            ),
            FieldSpec(name="note", kind=Kind.TEXT, nullable=True),
            FieldSpec(name="paid_at", kind=Kind.DATETIME, nullable=True),
            *STAMPS,
        ),
    )
    item = ModelSpec(
        name="OrderItem",
        table="order_items",
        fields=(
            FieldSpec(name="id", kind=Kind.INT, key=True, generated=True),
            FieldSpec(name="order_id", kind=Kind.INT, references="Order.id"),
            FieldSpec(name="quantity", kind=Kind.INT),
            FieldSpec(name="payload", kind=Kind.BYTES, nullable=True),
            *STAMPS,
        ),
    )
    return [customer, order, item]


def shop_project() -> Project:
    """The shop: one connection, three models, a workflow of five nodes and an empty one."""
    nodes = [
        Node(
            id=NodeId("list_orders"),
            type="OrderListNode",
            title="List orders",
            params=frozen(
                {"filter": {"status": "paid", "total": {"$gte": Decimal("100.00")}}, "order_by": ["-total"]}
            ),
        ),
        Node(
            id=NodeId("map"),
            type="Map",
            title="Add tax",
            params=frozen({"fields": {"gross": "record.total * 1.2"}}),
        ),
        Node(
            id=NodeId("create_order"),
            type="OrderCreateNode",
            title="Create order",
            params=frozen({"customer_id": 7}),
        ),
        Node(
            id=NodeId("update_order"),
            type="OrderUpdateNode",
            title="Mark shipped",
            params=frozen({"filter": {"id": 1}, "fields": {"status": "shipped"}}),
        ),
        Node(
            id=NodeId("sql"),
            type="SQL",
            title="Report",
            params=frozen(
                {
                    "sql": "SELECT status, count(*) AS n\nFROM orders -- all\nWHERE total > :least\nGROUP BY status"
                }
            ),
        ),
    ]
    edges = (
        Edge(
            source=NodeId("list_orders"), source_port="records", target=NodeId("map"), target_port="records"
        ),
        Edge(
            source=NodeId("list_orders"),
            source_port="first.total",
            target=NodeId("create_order"),
            target_port="total",
        ),
    )
    return Project(
        id="p",
        name="Shop",
        connections=frozen({"c": Connection(id="c", name="shop", url="sqlite:///shop.db")}),
        models=frozen(
            {
                spec.name: ModelEntry(id=spec.name, name=spec.name, connection="c", spec=spec)
                for spec in shop_models()
            }
        ),
        workflows=frozen(
            {
                WorkflowId("w1"): Workflow(
                    id=WorkflowId("w1"),
                    name="Nightly sync",
                    nodes=frozen({node.id: node for node in nodes}),
                    edges=edges,
                    places=frozen({node.id: Place(x=320.0 * number) for number, node in enumerate(nodes)}),
                ),
                WorkflowId("w2"): Workflow(id=WorkflowId("w2"), name="Import users"),
            }
        ),
        default_connection="c",
    )


def order_row(number: int) -> dict[str, Any]:
    """The order with that id; every seventh has no note."""
    return {
        "id": number,
        "customer_id": number % 90 + 1,
        "total": Decimal(number * 137 % 50_000) / 100,
        "status": ("pending", "paid", "shipped")[number % 3],
        "note": None if number % 7 == 0 else f"Order {number}: leave it at the door",
        "paid_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=number),
        "settings": {"theme": "dark", "tags": ["a", "b"]} if number % 5 == 0 else None,
    }


@dataclass
class Answers:
    """What the session's databases say; an exception in place of an answer is raised."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    server: Any = None
    tables: Any = field(default_factory=list)
    runs: list[Any] = field(default_factory=list)
    nodes: list[Any] = field(default_factory=list)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    kept: Any = None
    gate: asyncio.Event | None = None


class PanelSession(Session):
    """A session in memory whose use cases answer from `answers` and write down what they were asked."""

    answers: Answers

    @classmethod
    def of(cls, project: Project | None = None, **answers: Any) -> PanelSession:
        session = cls.in_memory(project or shop_project())
        session.answers = Answers(**answers)
        return session

    async def _answer(self, answer: Any) -> Any:
        if self.answers.gate is not None:
            await self.answers.gate.wait()
        await asyncio.sleep(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def row_count(self, model_id: str) -> int:
        self.answers.asked.append(("row_count", model_id))
        return int(await self._answer(self.answers.counts.get(model_id, 0)))

    async def browse(self, model_id, *, filter=None, order_by=(), offset=0, limit=200) -> Page:
        self.answers.asked.append(("browse", model_id, filter, tuple(order_by), offset, limit))
        rows = await self._answer(self.answers.rows)
        for term in reversed(order_by):
            rows = sorted(rows, key=operator.itemgetter(term.removeprefix("-")), reverse=term.startswith("-"))
        if filter is not None:
            rows = [row for row in rows if all(row.get(name) == value for name, value in filter.items())]
        columns = tuple(self.answers.rows[0]) if self.answers.rows else ("id",)
        return Page(columns=columns, rows=rows[offset : offset + limit], offset=offset, total=len(rows))

    async def test_connection(self, connection, secret=None):
        self.answers.asked.append(("test", connection, secret))
        return await self._answer(self.answers.server)

    async def create_database(self, connection, secret=None):
        self.answers.asked.append(("create", connection, secret))
        await self._answer(None)

    async def reflect(self, connection_id):
        self.answers.asked.append(("reflect", connection_id))
        return await self._answer(self.answers.tables)

    async def keep_secrets(self, secrets):
        for connection, secret in secrets:
            self.answers.asked.append((connection.secret, connection.id, secret))
        await self._answer(self.answers.kept)

    async def history_runs(self, workflow_id=None):
        return await self._answer(self.answers.runs)

    async def note_run(self, run_id, text):
        await self._answer(None)
        self.answers.runs = [
            replace(run, note=text) if run.id == run_id else run for run in self.answers.runs
        ]

    async def run_nodes(self, run_id):
        self.answers.asked.append(("run_nodes", run_id))
        return await self._answer(self.answers.nodes)

    def statements(self, workflow_id, node_id):
        return [
            SimpleNamespace(
                sql="SELECT id, total\nFROM orders\nWHERE status = :p0 AND total >= :p1\nORDER BY total DESC",
                params={"p0": "paid", "p1": Decimal("100.00")},
            )
        ]

    def code(self, workflow_id, node_id):
        return f'workflow.add_node(\n    "OrderListNode",\n    "{node_id}",\n    {{"limit": 10}},  # ten\n)'

    def tell(self, event: Any) -> None:
        self._tell(event)


SERVER = SimpleNamespace(
    product="PostgreSQL", version="15.8", database="shop", tables=15, can_write=True, latency_ms=34.2
)


def make_handle(
    values: dict[str, Any], *, failed: dict[str, StudioError] | None = None, running: tuple[str, ...] = ()
) -> RunHandle:
    """A run of the first workflow in which nodes delivered `values`; it is over unless something is still running."""
    failures = failed or {}
    names = ["list_orders", "map", "create_order", "update_order", "sql"]
    handle = RunHandle(
        run_id=RunId("r1"),
        workflow_id=WorkflowId("w1"),
        nodes=[NodeId(name) for name in names],
        started_at=dt.datetime(2026, 3, 1, 8, 31, tzinfo=dt.UTC),
    )

    def take(node_id: str, port: str | None) -> Any:
        value = values[node_id]
        if port in (None, "records"):
            return value
        return value[0] if port == "first" else len(value)

    handle.delivered(take)
    for name, value in values.items():
        rows = len(value) if isinstance(value, list) else 1
        handle.put(NodeId(name), state="succeeded", rows=rows, duration_ms=12.4)
    for name, error in failures.items():
        handle.put(NodeId(name), state="failed", duration_ms=3.1, error=error)
    for name in running:
        handle.put(NodeId(name), state="running", progress=(1200, 5000))
    if not running:
        handle.end("failed" if failures else "succeeded")
    return handle


def duplicate_error() -> StudioError:
    return DuplicateKey(
        "email 'ada@example.org' already exists.",
        hint="Use the upsert node, or change the value.",
        node="create_order",
        field="email",
        row=731,
        detail='duplicate key value violates unique constraint "customers_email_key"\nDETAIL: Key (email)=(ada@example.org) already exists.',
    )
