"""On what are nodes tried? A small shop whose models hold every kind of value, and short ways to run one node or refuse it."""

import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import pytest

from studio import DataFlow, Field, LocalRuntime, Text, Vector, WorkflowBuilder
from studio.kernel.errors import BuildError, StudioError
from studio.runtime import RunResult

Nodes = Mapping[str, tuple[str, Any]]
Edges = Sequence[tuple[str, str, str, str]]


class Status(enum.Enum):
    PENDING = "pending"
    PAID = "paid"


class Customer:
    """Somebody who buys."""

    id: str
    name: str
    email: Annotated[str | None, Field(unique=True)] = None
    tags: list[str] | None = None
    profile: dict[str, Any] | None = None


class Order:
    """What somebody bought."""

    id: int
    customer_id: Annotated[str, Field(references="Customer.id", index=True)]
    total: Decimal = Decimal(0)
    status: Status = Status.PENDING
    stock: int = 0
    note: str | None = None


class Everything:
    """One field of each kind."""

    id: uuid.UUID
    whole: int
    real: float
    money: Decimal
    short: Annotated[str, Field(max_length=40)]
    long: Text
    flag: bool
    moment: dt.datetime
    day: dt.date
    hour: dt.time
    span: dt.timedelta
    raw: bytes
    data: dict[str, Any]
    items: list[Any]
    numbers: list[int]
    near: Annotated[list[float], Vector(2)]
    status: Status
    other: uuid.UUID


class Sensor:
    """A model whose fields are called like parts of nodes."""

    id: str
    filter: str = "none"
    error: str | None = None
    record: str | None = None
    data: int = 0


MODELS = (Customer, Order, Everything, Sensor)

EVERYTHING: Mapping[str, Any] = {
    "id": uuid.UUID("7f1d2c4e-8a3b-4c5d-9e6f-0a1b2c3d4e5f"),
    "whole": 2**53 + 1,
    "real": 123456789.12345,
    "money": Decimal("79228162514264337593.543950336"),
    "short": "Ada 'the \"first\"'; -- DROP TABLE",
    "long": "Grüße, 世界 🌍\n" * 50,
    "flag": True,
    "moment": dt.datetime(2025, 1, 31, 12, 30, 15, 123456, tzinfo=dt.UTC),
    "day": dt.date(2024, 2, 29),
    "hour": dt.time(23, 59, 59, 999999),
    "span": dt.timedelta(days=3, microseconds=7),
    "raw": bytes(range(256)),
    "data": {"a": [1, 2.5, None, {"b": "ü"}], "": True},
    "items": ["x", 1, None, {"y": []}],
    "numbers": [3, 1, 2],
    "near": [0.5, -0.25],
    "status": Status.PAID,
    "other": uuid.UUID(int=5),
}


class Shop:
    """A DataFlow of its own with the models above."""

    def __init__(self, url: str, *models: type) -> None:
        self.db = DataFlow(url, name="shop", models=models or MODELS)
        self.runtime = LocalRuntime(self.db)

    def run(
        self,
        nodes: Nodes,
        edges: Edges = (),
        *,
        inputs: Mapping[str, Any] | None = None,
        declared: Mapping[str, Any] | None = None,
        mode: Any = None,
        trusted: bool = False,
        until: str | None = None,
    ) -> RunResult:
        """Runs a workflow of nodes by id and edges; gives the whole result, failed or not."""
        runtime = LocalRuntime(self.db, trusted=trusted)
        return runtime.run(self.builder(nodes, edges, declared), inputs, mode=mode, until=until)

    def results(self, nodes: Nodes, edges: Edges = (), **how: Any) -> Mapping[str, Any]:
        """What the nodes gave; raises what stopped the run."""
        result = self.run(nodes, edges, **how)
        result.raise_for_state()
        return result.results

    def builder(
        self, nodes: Nodes, edges: Edges = (), declared: Mapping[str, Any] | None = None
    ) -> WorkflowBuilder:
        workflow = WorkflowBuilder(self.db, name="story")
        for name, kind in (declared or {}).items():
            workflow.add_input(name, kind)
        for node_id, (type_name, params) in nodes.items():
            workflow.add_node(type_name, node_id, params)
        for edge in edges:
            workflow.add_connection(*edge)
        return workflow

    def one(self, type_name: str, params: Mapping[str, Any] | None = None) -> Any:
        """The natural value of a node that runs by itself."""
        return self.results({"node": (type_name, params or {})})["node"]

    def ports(self, type_name: str, params: Mapping[str, Any], *ports: str) -> dict[str, Any]:
        """What output ports carry, each seen through an Output node."""
        outs: Nodes = {f"out_{port}": ("Output", {}) for port in ports}
        edges = [("node", port, f"out_{port}", "value") for port in ports]
        results = self.results({"node": (type_name, params), **outs}, edges)
        return {port: results[f"out_{port}"] for port in ports}

    def refusal(self, type_name: str, params: Mapping[str, Any]) -> StudioError:
        """The error that a node's params or its run lead to; it names the node and says something."""
        with pytest.raises(StudioError) as caught:
            self.one(type_name, params)
        error = caught.value
        found = error.problems[0] if isinstance(error, BuildError) else error
        assert found.node == "node"
        assert found.workflow == "story"
        assert len(found.message) > 10
        return error

    def problem(self, type_name: str, params: Mapping[str, Any]) -> tuple[str, str | None]:
        """The code and field of the only problem that keeps a node from being built."""
        error = self.refusal(type_name, params)
        assert isinstance(error, BuildError), error
        assert len(error.problems) == 1, error
        return error.problems[0].code, error.problems[0].field

    def customers(self, *names: str) -> None:
        """Stores customers whose id is their name."""
        self.one("CustomerBulkCreateNode", {"data": [{"id": name, "name": name} for name in names]})

    def orders(self, *totals: float, customer: str = "ada") -> list[int]:
        """Stores orders of a customer (who is stored first if need be), gives their ids."""
        self.one("CustomerUpsertNode", {"id": customer, "name": customer})
        rows = [{"customer_id": customer, "total": Decimal(str(total))} for total in totals]
        ids: list[int] = self.one("OrderBulkCreateNode", {"data": rows, "return_ids": True})["ids"]
        return ids

    def close(self) -> None:
        self.db.close()
