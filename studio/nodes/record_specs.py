"""How do a model's nodes for one record, and those that only read, look? Their params, ports, titles and examples; `records` and `rows` do the work."""

from __future__ import annotations

from typing import Any, Final

from studio.kernel.names import snake_case
from studio.models.relations import Family
from studio.models.spec import MOST_ROWS, ModelSpec
from studio.nodes.samples import (
    sample_change,
    sample_filter,
    sample_group,
    sample_id,
    sample_number,
    sample_values,
)
from studio.nodes.spec_parts import (
    BOOL,
    COMMON_NAMES,
    COUNT,
    DICT,
    FILTER,
    IF_MISSING,
    NAMES,
    at_version,
    conflict_on,
    count_ports,
    field_params,
    field_ports,
    found_port,
    id_param,
    include_param,
    model_spec,
    order_param,
    record_port,
    relation_ports,
    rows_ports,
    seeing_deleted,
    words,
)
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType


def create_spec(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    return model_spec(
        model,
        connection,
        "create",
        title=f"Create {one}",
        code="CRE",
        description=f"Stores one new {one} and gives it back with all its fields, the id and the timestamps included.",
        params=field_params(model, COMMON_NAMES),
        outputs=(record_port(model), *field_ports(model, {"record"})),
        value="The stored record, all fields.",
        example=sample_values(model),
        writes=True,
    )


def read_spec(model: ModelSpec, connection: str, family: Family) -> NodeSpec:
    one, _ = words(model)
    own = {"record", "found"}
    return model_spec(
        model,
        connection,
        "read",
        title=f"Read {one}",
        code="REA",
        description=f"Finds one {one} by its id or by a filter that only one matches.",
        params=(id_param(model), FILTER, include_param(model, family), IF_MISSING, *seeing_deleted(model)),
        outputs=(
            record_port(model, nullable=True),
            found_port(),
            *field_ports(model, own, nullable=True),
            *relation_ports(model, family, own, nullable=True),
        ),
        value="The record, or None.",
        example={"id": sample_id(model)},
    )


_UPDATE_OWN: Final = frozenset({"id", "filter", "fields", "if_missing"}) | COMMON_NAMES


def update_spec(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    fields = ParamSpec(
        name="fields",
        type=DICT,
        label="Fields",
        description="The new values; or operators that the database carries out, as {stock: {$inc: -1}}.",
        editor="fields",
        aliases=("data", "update"),
    )
    return model_spec(
        model,
        connection,
        "update",
        title=f"Update {one}",
        code="UPD",
        description=(
            f"Changes one {one}, found by its id or by a filter that only one matches. "
            "Several matches are refused; the bulk update is for those."
        ),
        params=(
            id_param(model),
            FILTER,
            fields,
            *field_params(
                model,
                _UPDATE_OWN,
                advanced=True,
                required=False,
                defaults=False,
                operators=True,
                skip=model.key,
            ),
            IF_MISSING,
            *at_version(model),
        ),
        outputs=(
            record_port(model, nullable=True, description="The record as it is afterwards."),
            found_port(),
            *field_ports(model, {"record", "found"}, nullable=True),
        ),
        value="The record after the change, or None.",
        example={"filter": {"id": sample_id(model)}, "fields": sample_change(model)},
        writes=True,
    )


def delete_spec(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    return model_spec(
        model,
        connection,
        "delete",
        title=f"Delete {one}",
        code="DEL",
        description=f"Removes one {one}, found by its id or by a filter that only one matches.",
        params=(id_param(model), FILTER, IF_MISSING, *at_version(model)),
        outputs=(
            PortSpec(
                name="deleted",
                type=COUNT,
                label="deleted",
                description="1, or 0 when nothing matched.",
                primary=True,
            ),
            record_port(model, nullable=True, description="The record as it was."),
        ),
        value='{"deleted": 0 or 1, "id": …}',
        example={"id": sample_id(model)},
        writes=True,
    )


def cache_params(model: ModelSpec, family: Family) -> tuple[ParamSpec, ...]:
    """Whether and how long a list is kept in memory."""
    own = snake_case(model.name)
    return (
        ParamSpec(
            name="cache_key",
            type=PortType(kind="str"),
            label="Cache key",
            description="Keeps the list in memory under this name and gives it again while it is fresh. Lists that ask for something else are never mixed up.",
            advanced=True,
        ),
        ParamSpec(
            name="cache_ttl",
            type=PortType(kind="float"),
            label="Cache time (s)",
            description="Seconds for which the kept list is fresh; with a cache key alone, 300.",
            advanced=True,
            minimum=0.001,
        ),
        ParamSpec(
            name="cache_invalidation",
            type=NAMES,
            label="Cache ended by",
            description=f"The writes that end the kept list, by model and operation, as {own}_create. Empty: every write to its tables.",
            editor="writes",
            advanced=True,
            suggestions=tuple(
                f"{name}_{operation}"
                for name in dict.fromkeys((own, *map(snake_case, family.models)))
                for operation in ("create", "update", "delete")
            ),
        ),
    )


def list_spec(model: ModelSpec, connection: str, family: Family) -> NodeSpec:
    _, many = words(model)
    params = (
        FILTER,
        order_param(),
        ParamSpec(
            name="limit",
            type=PortType(kind="int", nullable=True),
            label="Limit",
            description="The greatest number of records; none: all of them (streamed into a bulk node).",
            default=100,
            minimum=0,
            maximum=MOST_ROWS,
        ),
        ParamSpec(
            name="offset",
            type=COUNT,
            label="Offset",
            description="How many records are passed over first.",
            default=0,
            advanced=True,
            minimum=0,
            maximum=MOST_ROWS,
        ),
        ParamSpec(
            name="after_cursor",
            type=PortType(kind="str", nullable=True),
            label="After cursor",
            description="The `cursor` of the page before; quicker than an offset.",
            advanced=True,
            aliases=("after",),
        ),
        ParamSpec(
            name="fields",
            type=NAMES,
            label="Fields",
            description="The fields wanted. Empty: all.",
            editor="fields",
            advanced=True,
        ),
        include_param(model, family),
        *cache_params(model, family),
        *seeing_deleted(model),
    )
    return model_spec(
        model,
        connection,
        "list",
        title=f"List {many}",
        code="LST",
        description=f"Gives the {many} that a filter matches, in order, page by page.",
        params=params,
        outputs=rows_ports(model, paged=True),
        value="Rows: a list of records with .has_more, .cursor and .sql.",
        example={"filter": sample_filter(model), "order_by": ["-created_at"], "limit": 10},
    )


def count_spec(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    return model_spec(
        model,
        connection,
        "count",
        title=f"Count {many}",
        code="CNT",
        description=f"Counts the {many} that a filter matches.",
        params=(FILTER, *seeing_deleted(model)),
        outputs=count_ports(("count", "How many records match.")),
        value='{"count": n}',
        example={"filter": sample_filter(model)},
    )


_UPSERT_OWN: Final = frozenset({"where", "create", "update", "conflict_on"}) | COMMON_NAMES


def upsert_spec(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    mappings = [
        ParamSpec(
            name=name,
            type=DICT,
            label=label,
            description=text,
            editor="fields",
            advanced=True,
        )
        for name, label, text in (
            ("where", "Where", "The unique fields and values by which the record is looked for."),
            ("create", "Create with", "What a new record gets, beside `where`."),
            ("update", "Update with", "What a record that is there already gets; operators are allowed."),
        )
    ]
    return model_spec(
        model,
        connection,
        "upsert",
        title=f"Upsert {one}",
        code="UPS",
        description=f"Changes the {one} when there is one already, else stores a new one, in one statement.",
        params=(*field_params(model, _UPSERT_OWN, required=False), *mappings, conflict_on()),
        outputs=(
            record_port(model),
            PortSpec(name="created", type=BOOL, label="created", description="Whether the record is new."),
            *field_ports(model, {"record", "created"}),
        ),
        value="The record.",
        example=sample_values(model, with_id=True),
        writes=True,
    )


def aggregate_spec(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    amount = sample_number(model)
    group = sample_group(model)
    params = (
        FILTER,
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
            description='A name and what it is: {"total": {"$sum": "amount"}, "n": {"$count": "*"}}.',
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
        order_param(),
        ParamSpec(
            name="limit",
            type=PortType(kind="int", nullable=True),
            label="Limit",
            description="The greatest number of groups. Empty: all.",
            minimum=0,
            maximum=MOST_ROWS,
        ),
        ParamSpec(
            name="pipeline",
            type=NAMES,
            label="Pipeline",
            description="Instead of the rest: stages $match, $group, $having, $sort, $limit, $skip, $project.",
            editor="json",
            advanced=True,
        ),
        *seeing_deleted(model),
    )
    example: dict[str, Any] = {"group_by": [group]} if group else {}
    example["aggregate"] = {"number": {"$count": "*"}, **({"sum": {"$sum": amount}} if amount else {})}
    return model_spec(
        model,
        connection,
        "aggregate",
        title=f"Aggregate {many}",
        code="AGG",
        description=f"Works out sums, averages and counts of {many}, in groups if wanted, in the database.",
        params=params,
        outputs=rows_ports(None, paged=False),
        value="Rows: one record per group.",
        example=example,
    )
