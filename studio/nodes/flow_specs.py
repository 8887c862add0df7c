"""How do the nodes that steer a run and reshape what flows look? Input, Output, Constant, If, Map, Filter; `flow` does the work."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from studio.nodes.base import COMMON
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import ANY, PortType

_MANY: Final = PortType(kind="any", many=True, nullable=True)
_RECORDS: Final = PortType(kind="record", many=True)
_BOOL: Final = PortType(kind="bool")
_COUNT: Final = PortType(kind="int")
_TEXT: Final = PortType(kind="str")

INPUT: Final = NodeSpec(
    type="Input",
    title="Input",
    category="flow",
    code="INP",
    description="Gives a value that the run was started with.",
    params=(
        ParamSpec(
            name="name",
            type=_TEXT,
            label="Name",
            description="The input's name, as it is given when the run starts.",
            required=True,
            expressions=False,
            connectable=False,
        ),
        ParamSpec(
            name="default",
            type=ANY,
            label="Default",
            description="The value when the run gives none. Without one the input is required.",
            connectable=False,
            expressions=False,
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(name="value", type=ANY, label="value", description="The input's value.", primary=True),
    ),
    value="The value of the run's input.",
    example=MappingProxyType({"name": "minimum", "default": 10}),
)

OUTPUT: Final = NodeSpec(
    type="Output",
    title="Output",
    category="flow",
    code="OUT",
    description="Marks a value as a result of the workflow.",
    params=(
        ParamSpec(
            name="name",
            type=_TEXT,
            label="Name",
            description="The result's name. Empty: the node's id.",
            expressions=False,
            connectable=False,
        ),
        ParamSpec(name="value", type=ANY, label="Value", description="The result.", required=True),
        *COMMON,
    ),
    outputs=(PortSpec(name="value", type=ANY, label="value", description="The same value.", primary=True),),
    value="The value.",
    example=MappingProxyType({"name": "report", "value": 42}),
)

CONSTANT: Final = NodeSpec(
    type="Constant",
    title="Constant",
    category="data",
    code="CON",
    description="Gives a value written down in the workflow.",
    params=(
        ParamSpec(
            name="value", type=ANY, label="Value", description="The value.", required=True, editor="json"
        ),
        *COMMON,
    ),
    outputs=(PortSpec(name="value", type=ANY, label="value", description="The value.", primary=True),),
    value="The value.",
    example=MappingProxyType({"value": [1, 2, 3]}),
)

IF: Final = NodeSpec(
    type="If",
    title="If",
    category="flow",
    code="IF",
    description="Passes its value on through one of two ports; what hangs on the other one is skipped.",
    params=(
        ParamSpec(
            name="condition",
            type=ANY,
            label="Condition",
            description="An expression over `value`, other nodes and inputs, or a filter that the value must match.",
            required=True,
            editor="expression",
            local_names=("value",),
        ),
        ParamSpec(name="value", type=ANY, label="Value", description="What is looked at and passed on."),
        *COMMON,
    ),
    outputs=(
        PortSpec(
            name="true",
            type=ANY,
            label="true",
            description="The value, when the condition holds.",
            primary=True,
        ),
        PortSpec(
            name="false", type=ANY, label="false", description="The value, when it does not.", primary=True
        ),
        PortSpec(name="condition", type=_BOOL, label="condition", description="Whether the condition holds."),
    ),
    value='{"condition": true or false, "value": …}',
    example=MappingProxyType({"condition": "value.total > 100"}),
)

MAP: Final = NodeSpec(
    type="Map",
    title="Map",
    category="data",
    code="MAP",
    description="Makes a new record of each record, field by field, by expressions.",
    params=(
        ParamSpec(
            name="records",
            type=_MANY,
            label="Records",
            description="One record or value, or many of them.",
            required=True,
        ),
        ParamSpec(
            name="fields",
            type=PortType(kind="dict"),
            label="Fields",
            description="A name and an expression over `record`: {gross: record.net * 1.2}. "
            "Values that are no text are taken as they are.",
            required=True,
            editor="mapping",
            local_names=("record",),
        ),
        ParamSpec(
            name="keep",
            type=_BOOL,
            label="Keep other fields",
            description="Whether the fields of the record that are not named here stay.",
            default=False,
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(
            name="records", type=_RECORDS, label="records", description="The new records.", primary=True
        ),
        PortSpec(
            name="record",
            type=PortType(kind="record", nullable=True),
            label="record",
            description="The first of them, or nothing.",
        ),
        PortSpec(name="count", type=_COUNT, label="count", description="How many there are."),
    ),
    value="A list of records; one record when one came in.",
    example=MappingProxyType({"fields": {"gross": "record.net * 1.2"}, "keep": True}),
)

FILTER: Final = NodeSpec(
    type="Filter",
    title="Filter",
    category="data",
    code="FIL",
    description="Parts records in two: those that match and those that do not. The order stays.",
    params=(
        ParamSpec(
            name="records", type=_MANY, label="Records", description="One record or many.", required=True
        ),
        ParamSpec(
            name="filter",
            type=PortType(kind="dict"),
            label="Filter",
            description="A filter as in List, for example {total: {$gte: 100}}.",
            editor="filter",
        ),
        ParamSpec(
            name="condition",
            type=ANY,
            label="Condition",
            description="Instead of a filter: an expression over `record`.",
            editor="expression",
            local_names=("record",),
        ),
        *COMMON,
    ),
    outputs=(
        PortSpec(
            name="records",
            type=_RECORDS,
            label="records",
            description="The records that match.",
            primary=True,
        ),
        PortSpec(name="matched", type=_RECORDS, label="matched", description="The same records."),
        PortSpec(name="rejected", type=_RECORDS, label="rejected", description="The others.", primary=True),
        PortSpec(name="count", type=_COUNT, label="count", description="How many match."),
    ),
    value="The list of records that match.",
    example=MappingProxyType({"filter": {"total": {"$gte": 100}}}),
)
