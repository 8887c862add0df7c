"""A small catalogue and workflows for the canvas's unit tests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from studio.kernel.ids import NodeId, WorkflowId
from studio.workflow.graph import Edge, Node, Place, Workflow, frozen
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType

RECORDS = PortType(kind="record", model="Order", many=True)
RECORD = PortType(kind="record", model="Order")
TEXT = PortType(kind="str")

LIST = NodeSpec(
    type="OrderListNode",
    title="List orders",
    category="model",
    operation="list",
    code="LST",
    model="Order",
    description="Gives orders.",
    params=(
        ParamSpec(name="filter", type=PortType(kind="dict"), aliases=("conditions",)),
        ParamSpec(name="limit", type=PortType(kind="int")),
    ),
    outputs=(
        PortSpec(name="records", type=RECORDS, primary=True),
        PortSpec(name="count", type=PortType(kind="int")),
    ),
)
CREATE = NodeSpec(
    type="OrderCreateNode",
    title="Create order",
    category="model",
    operation="create",
    code="CRE",
    model="Order",
    params=(
        ParamSpec(name="customer_id", type=TEXT, required=True),
        ParamSpec(name="status", type=TEXT),
    ),
    outputs=(
        PortSpec(name="record", type=RECORD, primary=True),
        PortSpec(name="id", type=TEXT),
    ),
)
BULK = NodeSpec(
    type="OrderBulkCreateNode",
    title="Create orders",
    category="model",
    operation="bulk_create",
    code="CRE×N",
    model="Order",
    params=(ParamSpec(name="data", type=RECORDS, required=True),),
    outputs=(PortSpec(name="created", type=PortType(kind="int"), primary=True),),
)
IF = NodeSpec(
    type="If",
    title="If",
    category="flow",
    code="IF",
    params=(ParamSpec(name="value", type=PortType(kind="any", nullable=True)),),
    outputs=(PortSpec(name="true", type=PortType(kind="any", nullable=True), primary=True),),
)
PYTHON = NodeSpec(type="Python", title="Python", category="code", code="PY")
SPECS = (LIST, CREATE, BULK, IF, PYTHON)


class SmallCatalogue:
    def __init__(self, specs: Iterable[NodeSpec] = SPECS) -> None:
        self._by_type = {spec.type: spec for spec in specs}

    def find(self, type_name: str) -> NodeSpec | None:
        return self._by_type.get(type_name)

    def specs(self) -> Iterable[NodeSpec]:
        return self._by_type.values()


def node(node_id: str, spec: NodeSpec | str = LIST, **params: Any) -> Node:
    name = spec if isinstance(spec, str) else spec.type
    return Node(id=NodeId(node_id), type=name, params=frozen(params))


def edge(source: str, source_port: str, target: str, target_port: str) -> Edge:
    return Edge(
        source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
    )


def workflow(*nodes: Node, edges: tuple[Edge, ...] = ()) -> Workflow:
    """Nodes side by side, 300 apart."""
    return Workflow(
        id=WorkflowId("w"),
        name="W",
        nodes=frozen({entry.id: entry for entry in nodes}),
        edges=edges,
        places=frozen({entry.id: Place(x=300.0 * i, y=0.0) for i, entry in enumerate(nodes)}),
    )
