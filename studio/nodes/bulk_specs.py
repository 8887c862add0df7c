"""How do a model's nodes for many records look? Their params, ports, titles and examples; `bulk` does the work."""

from __future__ import annotations

from typing import Final

from studio.models.spec import MOST_ROWS, ModelSpec
from studio.nodes.samples import (
    sample_change,
    sample_filter,
    sample_values,
)
from studio.nodes.spec_parts import (
    BOOL,
    COMMON_NAMES,
    COUNT,
    DICT,
    FILTER,
    NAMES,
    conflict_on,
    count_ports,
    field_params,
    model_spec,
    record_type,
    words,
)
from studio.workflow.spec import NodeSpec, ParamSpec, PortSpec
from studio.workflow.types import PortType

_LIMIT_BULK: Final = ParamSpec(
    name="limit",
    type=PortType(kind="int", nullable=True),
    label="At most",
    description="The greatest number of records to change. Empty: all that match.",
    advanced=True,
    minimum=1,
    maximum=MOST_ROWS,
)

_BATCH_SIZE: Final = ParamSpec(
    name="batch_size",
    type=COUNT,
    label="Batch size",
    description="How many rows go to the database at once.",
    default=1000,
    advanced=True,
    minimum=1,
    maximum=1_000_000,
)

_RETURN_IDS: Final = ParamSpec(
    name="return_ids",
    type=BOOL,
    label="Give ids",
    description="Whether the result holds the ids of the records written.",
    default=False,
    advanced=True,
)


def _data_param(model: ModelSpec, *, required: bool, text: str) -> ParamSpec:
    return ParamSpec(
        name="data",
        type=record_type(model, many=True),
        label="Rows",
        description=f"{text} Rows that mean the same record are written in their order.",
        required=required,
        editor="rows",
    )


_BULK_CREATED: Final = (
    ("created", "How many records are new."),
    ("updated", "How many were there and have been changed."),
    ("skipped", "How many were there and have been left alone."),
)


def _ids_port() -> PortSpec:
    return PortSpec(
        name="ids",
        type=PortType(kind="list"),
        label="ids",
        description="The ids in the order of the rows, when `return_ids` is set.",
    )


_BULK_OWN: Final = (
    frozenset({"data", "batch_size", "conflict_resolution", "conflict_on", "return_ids"}) | COMMON_NAMES
)


def _spread_params(model: ModelSpec) -> list[ParamSpec]:
    """A param for each field that rows may share; a key of one field is never shared."""
    own = model.key if len(model.key) == 1 else ()
    return field_params(model, _BULK_OWN, advanced=True, required=False, defaults=False, skip=own)


def bulk_create_spec(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    conflict = ParamSpec(
        name="conflict_resolution",
        type=PortType(kind="str"),
        label="On conflict",
        description="What happens to a row that is there already: all is refused, it is skipped, or it is changed.",
        default="error",
        choices=("error", "skip", "upsert"),
        editor="choice",
    )
    choosable = (conflict, conflict_on(), _BATCH_SIZE, _RETURN_IDS) if model.key else (_BATCH_SIZE,)
    return model_spec(
        model,
        connection,
        "bulk_create",
        title=f"Bulk create {many}",
        code="CRE×N",
        description=(
            f"Stores many new {many} the quickest way the database has; all or none. "
            "A field given beside the rows is filled into the rows that lack it."
        ),
        params=(
            _data_param(model, required=True, text=f"The {many}, a list of records or a stream of them."),
            *choosable,
            *_spread_params(model),
        ),
        outputs=(*count_ports(*_BULK_CREATED), *((_ids_port(),) if model.key else ())),
        value='{"created": n, "updated": n, "skipped": n, "ids": […]}',
        example={"data": [sample_values(model)], **({"conflict_resolution": "skip"} if model.key else {})},
        writes=True,
    )


def bulk_update_spec(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    update = ParamSpec(
        name="update",
        type=DICT,
        label="Update with",
        description="The new values, or operators as {price: {$multiply: 0.9}}.",
        editor="fields",
        aliases=("fields",),
    )
    return model_spec(
        model,
        connection,
        "bulk_update",
        title=f"Bulk update {many}",
        code="UPD×N",
        description=f"Changes all {many} that a filter matches alike, or each as its own row says; all or none.",
        params=(
            FILTER,
            update,
            _LIMIT_BULK,
            _data_param(
                model,
                required=False,
                text="Instead of filter and update: rows with the id and the new values.",
            ),
            _BATCH_SIZE,
        ),
        outputs=count_ports(
            ("matched", "How many records were meant."), ("updated", "How many have been changed.")
        ),
        value='{"matched": n, "updated": n}',
        example={"filter": sample_filter(model), "update": sample_change(model)},
        writes=True,
    )


def bulk_delete_spec(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    params = (
        FILTER,
        ParamSpec(
            name="ids",
            type=NAMES,
            label="Ids",
            description="Instead of a filter: the ids of the records.",
            editor="json",
        ),
        ParamSpec(
            name="all",
            type=BOOL,
            label="All",
            description=f"Must be set to delete all {many}, that is without filter and ids.",
            default=False,
            advanced=True,
        ),
        _LIMIT_BULK,
    )
    return model_spec(
        model,
        connection,
        "bulk_delete",
        title=f"Bulk delete {many}",
        code="DEL×N",
        description=f"Removes all {many} that a filter matches, or those with the given ids; all or none.",
        params=params,
        outputs=count_ports(("deleted", "How many records are gone.")),
        value='{"deleted": n}',
        example={"filter": sample_filter(model)},
        writes=True,
    )


def bulk_upsert_spec(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    conflict = ParamSpec(
        name="conflict_resolution",
        type=PortType(kind="str"),
        label="On conflict",
        description="What happens to a row that is there already: it is changed (update), or left alone (skip).",
        default="update",
        choices=("update", "skip"),
        editor="choice",
    )
    return model_spec(
        model,
        connection,
        "bulk_upsert",
        title=f"Bulk upsert {many}",
        code="UPS×N",
        description=f"Stores many {many}, changing those that are there already; all or none.",
        params=(
            _data_param(model, required=True, text=f"The {many}, a list of records or a stream of them."),
            conflict,
            conflict_on(),
            _BATCH_SIZE,
            _RETURN_IDS,
            *_spread_params(model),
        ),
        outputs=(*count_ports(*_BULK_CREATED), _ids_port()),
        value='{"created": n, "updated": n, "skipped": n, "ids": […]}',
        example={"data": [sample_values(model, with_id=True)]},
        writes=True,
    )
