"""What does a person meet who has never seen Studio? A small shop with a workflow that reads, decides and writes; all of it made up here.

The same rows come out each time. The shop's database is a file of its own for each session.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import enum
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

from studio.kernel.ids import NodeId, WorkflowId, short_id
from studio.models.codec import model_from_data, model_to_data
from studio.models.declare import Field, Text, model_from_class
from studio.models.spec import ModelSpec
from studio.persistence.gateway import Step, StoreGateway
from studio.persistence.locations import sqlite_url
from studio.project.state import Connection, ModelEntry, Project
from studio.workflow.graph import Edge, Node, Note, Place, Workflow, WorkflowInput, frozen

CONNECTION: Final = "shop"
WORKFLOW: Final = "Restock and reward"
CUSTOMERS: Final = 40
PRODUCTS: Final = 36
ORDERS: Final = 180


class Tier(enum.Enum):
    BRONZE = "bronze"
    SILVER = "silver"
    GOLD = "gold"


class Status(enum.Enum):
    OPEN = "open"
    PAID = "paid"
    SHIPPED = "shipped"
    RETURNED = "returned"


class Customer:
    """Somebody who buys."""

    id: int
    name: Annotated[str, Field(max_length=80)]
    email: Annotated[str, Field(unique=True)]
    city: Annotated[str, Field(index=True)]
    tier: Tier = Tier.BRONZE
    joined_on: dt.date


class Product:
    """Something on the shelf."""

    id: int
    name: Annotated[str, Field(unique=True, max_length=80)]
    category: Annotated[str, Field(index=True)]
    price: Annotated[Decimal, Field(precision=10, scale=2, min=0)]
    stock: Annotated[int, Field(min=0)] = 0
    is_listed: bool = True


class Order:
    """What a customer wants."""

    id: int
    customer_id: Annotated[int, Field(references="Customer.id", on_delete="restrict", index=True)]
    status: Status = Status.OPEN
    total: Annotated[Decimal, Field(precision=10, scale=2)] = Decimal(0)
    ordered_at: dt.datetime
    note: Text | None = None


class OrderLine:
    """One product of an order."""

    id: int
    order_id: Annotated[int, Field(references="Order.id", on_delete="cascade", index=True)]
    product_id: Annotated[int, Field(references="Product.id", on_delete="restrict")]
    quantity: Annotated[int, Field(min=1)]
    price: Annotated[Decimal, Field(precision=10, scale=2)]


_FIRST: Final = ("Ada", "Bela", "Cleo", "Dario", "Edda", "Farid", "Greta", "Hugo", "Ines", "Jonas")
_LAST: Final = ("Ahlberg", "Brook", "Castell", "Dietz", "Ekström", "Fontana", "Grün", "Holm")
_CITIES: Final = ("Aarhus", "Bergen", "Cork", "Dijon", "Espoo", "Freiburg", "Ghent")
_THINGS: Final = ("kettle", "lamp", "notebook", "satchel", "teapot", "blanket", "compass", "clock", "vase")
_LOOKS: Final = ("Blue", "Small", "Walnut", "Travel")
_CATEGORIES: Final = ("kitchen", "light", "paper", "travel", "kitchen", "home", "travel", "home", "home")


def sample_models() -> tuple[ModelSpec, ...]:
    """The shop's models, as a store keeps them."""
    return tuple(
        model_from_data(model_to_data(model_from_class(model)))
        for model in (Customer, Product, Order, OrderLine)
    )


def sample_rows() -> dict[str, list[dict[str, Any]]]:
    """The shop's records by model, in an order in which they can be written."""
    start = dt.datetime(2026, 3, 2, 8, 0, tzinfo=dt.UTC)
    customers = [
        {
            "id": number,
            "name": f"{_FIRST[number % 10]} {_LAST[(number * 3) % 8]}",
            "email": f"{_FIRST[number % 10]}.{number}@example.org".lower(),
            "city": _CITIES[(number * 5) % 7],
            "tier": "silver" if number % 9 == 0 else "bronze",
            "joined_on": dt.date(2025, 1 + number % 12, 1 + (number * 7) % 28),
        }
        for number in range(1, CUSTOMERS + 1)
    ]
    products = [
        {
            "id": number,
            "name": f"{_LOOKS[(number - 1) // 9]} {_THINGS[(number - 1) % 9]}",
            "category": _CATEGORIES[(number - 1) % 9],
            "price": Decimal(490 + (number * 737) % 8900) / 100,
            "stock": (number * 29) % 120,
            "is_listed": number % 17 != 0,
        }
        for number in range(1, PRODUCTS + 1)
    ]
    lines: list[dict[str, Any]] = [
        {
            "order_id": order,
            "product_id": 1 + (order * 11 + place * 7) % PRODUCTS,
            "quantity": 1 + (order * 3 + place) % 4,
        }
        for order in range(1, ORDERS + 1)
        for place in range(1 + order % 3)
    ]
    totals = dict.fromkeys(range(1, ORDERS + 1), Decimal(0))
    for line in lines:
        line["price"] = products[line["product_id"] - 1]["price"]
        totals[line["order_id"]] += line["price"] * line["quantity"]
    orders = [
        {
            "id": number,
            # A few customers come again and again.
            "customer_id": 1 + ((number // 4) % 7 * 5 if number % 4 == 0 else (number * 7) % CUSTOMERS),
            "status": ("paid", "shipped", "open", "shipped", "paid", "returned")[number % 6],
            "total": total,
            "ordered_at": start + dt.timedelta(hours=number * 17, minutes=number % 60),
            "note": "Please ring twice." if number % 23 == 0 else None,
        }
        for number, total in totals.items()
    ]
    return {"Customer": customers, "Product": products, "Order": orders, "OrderLine": lines}


def sample_workflow() -> Workflow:
    """Two rows: what runs low is ordered again; whoever has spent most becomes a gold customer."""

    def node(node_id: str, kind: str, title: str, **params: Any) -> Node:
        return Node(id=NodeId(node_id), type=kind, title=title, params=frozen(params))

    def edge(source: str, source_port: str, target: str, target_port: str) -> Edge:
        return Edge(
            source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
        )

    nodes = [
        node(
            "low_stock",
            "ProductListNode",
            "Low stock",
            filter={"stock": {"$lt": "{{ reorder_level }}"}, "is_listed": True},
            order_by=["stock"],
        ),
        node("anything_low", "If", "Anything low?", condition="len(value) > 0"),
        node("plan_order", "Map", "Plan the order", fields={"id": "record.id", "stock": "record.stock + 50"}),
        node("restock", "ProductBulkUpdateNode", "Restock"),
        node(
            "spent",
            "OrderAggregateNode",
            "Spent by customer",
            filter={"status": {"$ne": "returned"}},
            group_by=["customer_id"],
            aggregate={"spent": {"$sum": "total"}, "orders": {"$count": "*"}},
            order_by=["-spent"],
        ),
        node("best", "Filter", "Best customers", filter={"spent": {"$gte": 1000}}),
        node("reward", "Map", "Reward", fields={"id": "record.customer_id", "tier": "'gold'"}),
        node("mark_gold", "CustomerBulkUpdateNode", "Make them gold"),
        node("report", "Output", "Report", name="best_customers"),
    ]
    places = {
        "low_stock": (0, 0),
        "anything_low": (300, 0),
        "plan_order": (600, 0),
        "restock": (900, 0),
        "spent": (0, 220),
        "best": (300, 220),
        "reward": (600, 220),
        "mark_gold": (900, 220),
        "report": (600, 440),
    }
    note = Note(
        id="welcome",
        text="Press ▶ Run (Ctrl+Enter).\nFirst row: what runs low is ordered again.\nSecond row: who has spent most becomes gold.",
        x=0.0,
        y=460.0,
        width=400.0,
        height=110.0,
    )
    return Workflow(
        id=WorkflowId("restock"),
        name=WORKFLOW,
        description="Orders again what runs low, and rewards the customers who have spent most.",
        inputs=(
            WorkflowInput(
                name="reorder_level",
                kind="int",
                default=20,
                required=False,
                description="Products with less than this in stock are ordered again.",
            ),
        ),
        nodes=frozen({entry.id: entry for entry in nodes}),
        edges=(
            edge("low_stock", "records", "anything_low", "value"),
            edge("anything_low", "true", "plan_order", "records"),
            edge("plan_order", "records", "restock", "data"),
            edge("spent", "records", "best", "records"),
            edge("best", "matched", "reward", "records"),
            edge("reward", "records", "mark_gold", "data"),
            edge("best", "matched", "report", "value"),
        ),
        places=frozen({NodeId(key): Place(x=float(x), y=float(y)) for key, (x, y) in places.items()}),
        notes=frozen({note.id: note}),
    )


def sample_project(url: str) -> Project:
    """The sample on a database that is, or will be, at `url`."""
    workflow = sample_workflow()
    return Project(
        id=short_id(),
        name="Sample shop",
        description="A small shop to try things out on.",
        connections=frozen({CONNECTION: Connection(id=CONNECTION, name=CONNECTION, url=url)}),
        models=frozen(
            {
                spec.name: ModelEntry(id=spec.name, name=spec.name, connection=CONNECTION, spec=spec)
                for spec in sample_models()
            }
        ),
        workflows=frozen({workflow.id: workflow}),
        default_connection=CONNECTION,
    )


async def make_sample(folder: Path) -> Project:
    """Writes the shop's database into `folder` under a name of its own and gives the project; on the engine's loop."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    url = sqlite_url(folder / f"shop-{short_id()}.sqlite")
    await fill_shop(url)
    return sample_project(url)


async def fill_shop(url: str) -> None:
    """Writes the shop's records into an empty database; on the engine's loop."""
    gateway = StoreGateway(url, models=sample_models())
    try:
        await gateway.run(
            [
                Step(type=f"{model}BulkCreateNode", params={"data": rows})
                for model, rows in sample_rows().items()
            ],
            atomic=True,
        )
    finally:
        await gateway.close()
