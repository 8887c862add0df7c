"""How do the nodes look that make one list of records out of another? Select, Sort, Limit, Distinct; `shaping` does the work."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from studio.nodes.base import COMMON
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType

MANY: Final = PortType(kind="any", many=True, nullable=True)
RECORDS: Final = PortType(kind="record", many=True)
COUNT: Final = PortType(kind="int")
BOOL: Final = PortType(kind="bool")
NAMES: Final = PortType(kind="list")
DICT: Final = PortType(kind="dict")

RECORDS_PARAM: Final = ParamSpec(
    name="records", type=MANY, label="Records", description="The records.", required=True
)
COUNT_PORT: Final = PortSpec(name="count", type=COUNT, label="count", description="How many there are.")
FIRST_PORT: Final = PortSpec(
    name="first",
    type=PortType(kind="record", nullable=True),
    label="first",
    description="The first of them, or nothing.",
)


def records_port(description: str) -> PortSpec:
    return PortSpec(name="records", type=RECORDS, label="records", description=description, primary=True)


SELECT: Final = NodeSpec(
    type="Select",
    title="Select",
    category="data",
    code="SEL",
    description="Keeps, drops and renames fields of records.",
    params=(
        RECORDS_PARAM,
        ParamSpec(
            name="fields",
            type=NAMES,
            label="Fields",
            description="The fields that stay, in this order; a dotted path takes a value out of a document. Empty: all.",
            editor="fields",
        ),
        ParamSpec(
            name="drop",
            type=NAMES,
            label="Drop",
            description="Instead of the fields that stay: those that go.",
            editor="fields",
        ),
        ParamSpec(
            name="rename",
            type=DICT,
            label="Rename",
            description="Old and new names: {profile.theme: theme}.",
            editor="mapping",
        ),
        *COMMON,
    ),
    outputs=(
        records_port("The records with these fields."),
        PortSpec(
            name="record",
            type=PortType(kind="record", nullable=True),
            label="record",
            description="The first of them, or nothing.",
        ),
        COUNT_PORT,
    ),
    value="A list of records; one record when one came in.",
    example=MappingProxyType({"fields": ["id", "total"], "rename": {"total": "amount"}}),
)

SORT: Final = NodeSpec(
    type="Sort",
    title="Sort",
    category="data",
    code="SRT",
    description="Puts records in order. Records that are equal stay as they were; what is empty comes last, or first when descending.",
    params=(
        RECORDS_PARAM,
        ParamSpec(
            name="order_by",
            type=NAMES,
            label="Order by",
            description='Names of fields; a minus turns the order round: ["-total", "customer.name"].',
            required=True,
            editor="order",
        ),
        *COMMON,
    ),
    outputs=(records_port("The records in order."), FIRST_PORT, COUNT_PORT),
    value="The list of records in order.",
    example=MappingProxyType({"order_by": ["-total", "id"]}),
)

LIMIT: Final = NodeSpec(
    type="Limit",
    title="Limit",
    category="data",
    code="LIM",
    description="Takes a part of a list: so many records, from a place on.",
    params=(
        RECORDS_PARAM,
        ParamSpec(
            name="limit",
            type=PortType(kind="int", nullable=True),
            label="Limit",
            description="The greatest number of records. Empty: all that are left.",
            minimum=0,
        ),
        ParamSpec(
            name="offset",
            type=COUNT,
            label="Offset",
            description="So many records are passed over first.",
            default=0,
            minimum=0,
        ),
        *COMMON,
    ),
    outputs=(
        records_port("The part of the records."),
        FIRST_PORT,
        COUNT_PORT,
        PortSpec(name="has_more", type=BOOL, label="has more", description="Whether records follow these."),
    ),
    value="The list of records that were taken.",
    example=MappingProxyType({"limit": 10, "offset": 20}),
)

DISTINCT: Final = NodeSpec(
    type="Distinct",
    title="Distinct",
    category="data",
    code="DST",
    description="Keeps one of the records that are the same. The order stays.",
    params=(
        RECORDS_PARAM,
        ParamSpec(
            name="fields",
            type=NAMES,
            label="Same when equal",
            description="The fields that make records the same. Empty: all of them.",
            editor="fields",
        ),
        ParamSpec(
            name="keep",
            type=PortType(kind="str"),
            label="Keep",
            description="Which of the same records stays.",
            default="first",
            choices=("first", "last"),
            editor="choice",
        ),
        *COMMON,
    ),
    outputs=(
        records_port("One record of each."),
        PortSpec(name="duplicates", type=RECORDS, label="duplicates", description="The others."),
        FIRST_PORT,
        COUNT_PORT,
    ),
    value="The list of records, each but once.",
    example=MappingProxyType({"fields": ["customer_id"], "keep": "last"}),
)
