"""How do the nodes look that take lists together? Join and GroupBy; `combining` does the work."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from studio.nodes.base import COMMON
from studio.nodes.shaping_specs import (
    COUNT_PORT,
    DICT,
    FIRST_PORT,
    MANY,
    NAMES,
    RECORDS_PARAM,
    records_port,
)
from studio.workflow.spec import NodeSpec, ParamSpec
from studio.workflow.types import ANY, PortType

JOIN: Final = NodeSpec(
    type="Join",
    title="Join",
    category="data",
    code="JOI",
    description="Puts together the records of two lists whose fields are equal. What is empty is equal to nothing, as in SQL.",
    params=(
        ParamSpec(
            name="left", type=MANY, label="Left", description="The one list.", required=True, primary=True
        ),
        ParamSpec(
            name="right",
            type=MANY,
            label="Right",
            description="The other list.",
            required=True,
            primary=True,
        ),
        ParamSpec(
            name="on",
            type=ANY,
            label="Equal fields",
            description="Names of fields that both have, or the fields of the left with those of the right: {customer_id: id}.",
            required=True,
            editor="json",
        ),
        ParamSpec(
            name="how",
            type=PortType(kind="str"),
            label="Which stay",
            description="inner: those that have a partner. left, right: all of that side as well. full: all of both.",
            default="inner",
            choices=("inner", "left", "right", "full"),
            editor="choice",
        ),
        ParamSpec(
            name="prefix",
            type=PortType(kind="str"),
            label="Prefix",
            description="What a field of the right is called by in front, when the left has one of the same name.",
            default="right_",
            advanced=True,
        ),
        *COMMON,
    ),
    outputs=(
        records_port(
            "A record for each pair, by the order of the left; those of the right without a partner come last."
        ),
        FIRST_PORT,
        COUNT_PORT,
    ),
    value="The list of joined records; fields of a side that has no partner are empty.",
    example=MappingProxyType({"on": {"customer_id": "id"}, "how": "left"}),
)

GROUP_BY: Final = NodeSpec(
    type="GroupBy",
    title="Group by",
    category="data",
    code="GRP",
    description="Works out sums, averages and counts of records, in groups, in memory. In the database, Aggregate does the same.",
    params=(
        RECORDS_PARAM,
        ParamSpec(
            name="group_by",
            type=NAMES,
            label="Group by",
            description="The fields whose equal values make a group. Empty: everything is one group.",
            editor="fields",
        ),
        ParamSpec(
            name="aggregate",
            type=DICT,
            label="Figures",
            description='A name and what it is: {"total": {"$sum": "amount"}, "n": {"$count": "*"}}. '
            "$sum, $avg, $min, $max, $count, $count_distinct, $stddev.",
            editor="aggregate",
        ),
        ParamSpec(
            name="having",
            type=DICT,
            label="Having",
            description="A filter on the groups and their figures.",
            editor="filter",
            advanced=True,
        ),
        ParamSpec(
            name="order_by",
            type=NAMES,
            label="Order by",
            description='Names of fields or figures; a minus turns the order round. Empty: as the groups first came: ["-total"].',
            editor="order",
        ),
        *COMMON,
    ),
    outputs=(records_port("A record for each group."), FIRST_PORT, COUNT_PORT),
    value="The list of groups.",
    example=MappingProxyType(
        {"group_by": ["status"], "aggregate": {"n": {"$count": "*"}, "sum": {"$sum": "total"}}}
    ),
)
