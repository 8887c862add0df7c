"""Which nodes does a model get, and how do they look? The specs of the generated nodes: names, params, ports, examples.

What they do is in `records` (one record at a time) and `bulk` (many).

A field that is called like something a node needs for itself (`filter`, `error`, `done`, …) gets an underscore behind its name as a
param or port of its own (`filter_`); inside `fields`, `data`, `record` and the like it keeps its name.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.names import plural, snake_case
from studio.models.spec import MISSING, FieldSpec, Kind, ModelSpec
from studio.nodes.base import COMMON, humanise
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, Editor, NodeSpec, Operation, ParamSpec, PortSpec
from studio.workflow.types import PortType

if TYPE_CHECKING:
    from studio.nodes.base import NodeType

_BOOL: Final = PortType(kind="bool")
_COUNT: Final = PortType(kind="int")
_DICT: Final = PortType(kind="dict")
_NAMES: Final = PortType(kind="list")

RESERVED_OUTPUTS: Final = frozenset({DONE, ERROR_PORT})
SINGLE: Final = ("create", "read", "update", "delete", "list", "count", "upsert", "aggregate")
BULK: Final = ("bulk_create", "bulk_update", "bulk_delete", "bulk_upsert")
KEYLESS: Final = frozenset({"list", "count", "aggregate", "bulk_create"})
"""What a table without a primary key still gets: nothing that has to find one record again."""

_DB_INSTANCE: Final = ParamSpec(
    name="db_instance",
    type=PortType(kind="str"),
    label="Connection",
    description="The connection whose model is meant, when several connections have a model of this name.",
    advanced=True,
    expressions=False,
    connectable=False,
)
_MODEL_NAME: Final = ParamSpec(
    name="model_name",
    type=PortType(kind="str"),
    label="Model",
    description="The model's name; it is checked against the node's type.",
    advanced=True,
    expressions=False,
    connectable=False,
)
_FILTER: Final = ParamSpec(
    name="filter",
    type=_DICT,
    label="Filter",
    description="Which records are meant, for example {status: active, total: {$gte: 100}}.",
    editor="filter",
    aliases=("conditions",),
)
_IF_MISSING: Final = ParamSpec(
    name="if_missing",
    type=PortType(kind="str"),
    label="If missing",
    description="What happens when nothing matches: the node fails (error), or gives nothing (null).",
    default="error",
    choices=("error", "null"),
    editor="choice",
    advanced=True,
)
_LIMIT_BULK: Final = ParamSpec(
    name="limit",
    type=PortType(kind="int", nullable=True),
    label="At most",
    description="The greatest number of records to change. Empty: all that match.",
    advanced=True,
    minimum=1,
)
_BATCH_SIZE: Final = ParamSpec(
    name="batch_size",
    type=_COUNT,
    label="Batch size",
    description="How many rows go to the database at once.",
    default=1000,
    advanced=True,
    minimum=1,
    maximum=1_000_000,
)
_RETURN_IDS: Final = ParamSpec(
    name="return_ids",
    type=_BOOL,
    label="Give ids",
    description="Whether the result holds the ids of the records written.",
    default=False,
    advanced=True,
)


def words(model: ModelSpec) -> tuple[str, str]:
    """The model's name in words, one and many: `OrderItem` → `order item`, `order items`."""
    one = snake_case(model.name).replace("_", " ")
    return one, plural(one)


def type_name(model: str, operation: str) -> str:
    """`("Order", "bulk_create")` → `OrderBulkCreateNode`."""
    return f"{model}{''.join(part.capitalize() for part in operation.split('_'))}Node"


def operations_for(model: ModelSpec) -> tuple[str, ...]:
    return (*SINGLE, *BULK) if model.key else tuple(name for name in (*SINGLE, *BULK) if name in KEYLESS)


def generated_specs(model: ModelSpec, connection: str) -> list[NodeSpec]:
    """The specs of the model's nodes, in the order of engine.md's table; fewer for a table without a key."""
    return [_BUILDERS[operation](model, connection) for operation in operations_for(model)]


def generated_types(model: ModelSpec, connection: str) -> list[NodeType]:
    """The model's node types; `connection` is the name of the DataFlow instance that has the model."""
    from studio.nodes.bulk import BULK_TYPES
    from studio.nodes.records import RECORD_TYPES

    makers = {**RECORD_TYPES, **BULK_TYPES}
    return [makers[spec.operation](spec, model) for spec in generated_specs(model, connection)]


def port_type(field: FieldSpec, *, nullable: bool = False) -> PortType:
    """The type of the port that stands for a field."""
    return PortType(kind=field.kind.value, nullable=field.nullable or nullable)


def record_type(model: ModelSpec, *, many: bool = False, nullable: bool = False) -> PortType:
    return PortType(kind="record", model=model.name, many=many, nullable=nullable)


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name of a field's own param or port: the field's, with an underscore behind it when the node needs the name itself."""
    return f"{name}_" if name in taken else name


def field_params(
    model: ModelSpec,
    taken: Iterable[str],
    *,
    advanced: bool = False,
    required: bool = True,
    defaults: bool = True,
    skip: Iterable[str] = (),
) -> list[ParamSpec]:
    """A param for each field that a person may give; required ones first, otherwise in the model's order."""
    used = frozenset(taken) | {AFTER}
    skipped = frozenset(skip)
    params = [
        _field_param(
            field, used, advanced=advanced, required=required and field.required, with_default=defaults
        )
        for field in model.settable
        if field.name not in skipped
    ]
    return [
        *(param for param in params if param.required),
        *(param for param in params if not param.required),
    ]


def _field_param(
    field: FieldSpec, taken: frozenset[str], *, advanced: bool, required: bool, with_default: bool
) -> ParamSpec:
    default = field.default if with_default else MISSING
    if isinstance(default, enum.Enum):
        default = default.value
    return ParamSpec(
        name=free_name(field.name, taken),
        type=port_type(field),
        label=humanise(field.name),
        description=describe_field(field),
        required=required,
        default=default,
        choices=field.choices,
        editor=_editor(field),
        advanced=advanced,
        field=field.name,
        minimum=field.minimum,
        maximum=field.maximum,
        max_length=field.max_length,
    )


def _editor(field: FieldSpec) -> Editor:
    if field.choices:
        return "choice"
    if field.kind is Kind.TEXT:
        return "text"
    return "json" if field.kind in (Kind.DICT, Kind.LIST) else "auto"


def describe_field(field: FieldSpec) -> str:
    """What a form says of a field: its author's words, then its type and limits."""
    facts = [str(port_type(field))]
    if field.item_kind is not None:
        facts[0] = f"list of {field.item_kind.value}"
    if field.max_length is not None:
        facts.append(f"up to {field.max_length} characters")
    if field.minimum is not None:
        facts.append(f"at least {field.minimum}")
    if field.maximum is not None:
        facts.append(f"at most {field.maximum}")
    if field.unique:
        facts.append("unique")
    if field.references:
        facts.append(f"names a {field.references.partition('.')[0]}")
    if field.key and not field.required:
        facts.append("made when left out")
    elif field.nullable:
        facts.append("may be empty")
    said = ", ".join(facts)
    said = said[:1].upper() + said[1:] + "."
    own = field.description.strip()
    return f"{own}{'' if own.endswith(('.', '!', '?')) else '.'} {said}" if own else said


def field_ports(model: ModelSpec, taken: Iterable[str], *, nullable: bool = False) -> tuple[PortSpec, ...]:
    """An output for each field of the record, folded away while unused."""
    used = frozenset(taken) | RESERVED_OUTPUTS
    return tuple(
        PortSpec(
            name=free_name(field.name, used),
            type=port_type(field, nullable=nullable),
            label=humanise(field.name),
            description=describe_field(field),
        )
        for field in model.fields
    )


def _id_param(model: ModelSpec) -> ParamSpec:
    if len(model.key) > 1:
        return ParamSpec(
            name="id",
            type=_DICT,
            label="Id",
            description=f"The record's key, a mapping of {', '.join(model.key)}.",
            editor="json",
        )
    key = model.key_fields[0]
    return ParamSpec(
        name="id",
        type=port_type(key),
        label="Id",
        description="The record's id. Give this or a filter.",
        field=key.name,
        max_length=key.max_length,
    )


def _record_port(model: ModelSpec, *, nullable: bool = False, description: str = "") -> PortSpec:
    return PortSpec(
        name="record",
        type=record_type(model, nullable=nullable),
        label="record",
        description=description or "The whole record.",
        primary=True,
    )


def _found_port() -> PortSpec:
    return PortSpec(name="found", type=_BOOL, label="found", description="Whether there was such a record.")


def _rows_ports(model: ModelSpec | None, *, paged: bool) -> tuple[PortSpec, ...]:
    name = model.name if model else None
    ports = [
        PortSpec(
            name="records",
            type=PortType(kind="record", many=True, model=name),
            label="records",
            description="The records, in order.",
            primary=True,
        ),
        PortSpec(name="count", type=_COUNT, label="count", description="How many records there are here."),
        PortSpec(
            name="first",
            type=PortType(kind="record", model=name, nullable=True),
            label="first",
            description="The first record, or nothing.",
        ),
    ]
    if paged:
        ports += [
            PortSpec(
                name="has_more", type=_BOOL, label="has more", description="Whether records follow these."
            ),
            PortSpec(
                name="cursor",
                type=PortType(kind="str", nullable=True),
                label="cursor",
                description="Where these records end; give it to `after` of the next page.",
            ),
        ]
    return tuple(ports)


def _count_ports(*names: tuple[str, str]) -> tuple[PortSpec, ...]:
    return tuple(
        PortSpec(name=name, type=_COUNT, label=name, description=text, primary=index == 0)
        for index, (name, text) in enumerate(names)
    )


def _spec(  # noqa: PLR0913 - the parts of a NodeSpec
    model: ModelSpec,
    connection: str,
    operation: Operation,
    *,
    title: str,
    code: str,
    description: str,
    params: Iterable[ParamSpec],
    outputs: Iterable[PortSpec],
    value: str,
    example: Mapping[str, Any],
    writes: bool = False,
) -> NodeSpec:
    own = tuple(params)
    taken = {param.name for param in own}
    # Aliases give way to what is declared: a model's field called `data` is the field.
    own = tuple(_without_taken_aliases(param, taken) for param in own)
    shared = tuple(param for param in (*COMMON, _DB_INSTANCE, _MODEL_NAME) if param.name not in taken)
    return NodeSpec(
        type=type_name(model.name, operation),
        title=title,
        category="model",
        operation=operation,
        code=code,
        model=model.name,
        connection=connection,
        description=description,
        params=(*own, *shared),
        outputs=tuple(outputs),
        value=value,
        writes=writes,
        example=MappingProxyType(dict(example)),
    )


def _without_taken_aliases(param: ParamSpec, taken: set[str]) -> ParamSpec:
    free = tuple(alias for alias in param.aliases if alias not in taken)
    if free == param.aliases:
        return param
    from dataclasses import replace

    return replace(param, aliases=free)


COMMON_NAMES: Final = frozenset(param.name for param in (*COMMON, _DB_INSTANCE, _MODEL_NAME))


def _create(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    return _spec(
        model,
        connection,
        "create",
        title=f"Create {one}",
        code="CRE",
        description=f"Stores one new {one} and gives it back with all its fields, the id and the timestamps included.",
        params=field_params(model, COMMON_NAMES),
        outputs=(_record_port(model), *field_ports(model, {"record"})),
        value="The stored record, all fields.",
        example=_sample_values(model),
        writes=True,
    )


def _read(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    return _spec(
        model,
        connection,
        "read",
        title=f"Read {one}",
        code="REA",
        description=f"Finds one {one} by its id or by a filter that only one matches.",
        params=(_id_param(model), _FILTER, _IF_MISSING),
        outputs=(
            _record_port(model, nullable=True),
            _found_port(),
            *field_ports(model, {"record", "found"}, nullable=True),
        ),
        value="The record, or None.",
        example={"id": _sample_id(model)},
    )


_UPDATE_OWN: Final = frozenset({"id", "filter", "fields", "if_missing"}) | COMMON_NAMES


def _update(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    fields = ParamSpec(
        name="fields",
        type=_DICT,
        label="Fields",
        description="The new values; or operators that the database carries out, as {stock: {$inc: -1}}.",
        editor="fields",
        aliases=("data", "update"),
    )
    return _spec(
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
            _id_param(model),
            _FILTER,
            fields,
            *field_params(model, _UPDATE_OWN, advanced=True, required=False, defaults=False, skip=model.key),
            _IF_MISSING,
        ),
        outputs=(
            _record_port(model, nullable=True, description="The record as it is afterwards."),
            _found_port(),
            *field_ports(model, {"record", "found"}, nullable=True),
        ),
        value="The record after the change, or None.",
        example={"filter": {"id": _sample_id(model)}, "fields": _sample_change(model)},
        writes=True,
    )


def _delete(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    return _spec(
        model,
        connection,
        "delete",
        title=f"Delete {one}",
        code="DEL",
        description=f"Removes one {one}, found by its id or by a filter that only one matches.",
        params=(_id_param(model), _FILTER, _IF_MISSING),
        outputs=(
            PortSpec(
                name="deleted",
                type=_COUNT,
                label="deleted",
                description="1, or 0 when nothing matched.",
                primary=True,
            ),
            _record_port(model, nullable=True, description="The record as it was."),
        ),
        value='{"deleted": 0 or 1, "id": …}',
        example={"id": _sample_id(model)},
        writes=True,
    )


def _order_param() -> ParamSpec:
    return ParamSpec(
        name="order_by",
        type=_NAMES,
        label="Order by",
        description='Names of fields; a minus turns the order round: ["-created_at", "id"].',
        editor="order",
    )


def _list(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    params = (
        _FILTER,
        _order_param(),
        ParamSpec(
            name="limit",
            type=PortType(kind="int", nullable=True),
            label="Limit",
            description="The greatest number of records; none: all of them (streamed into a bulk node).",
            default=100,
            minimum=0,
        ),
        ParamSpec(
            name="offset",
            type=_COUNT,
            label="Offset",
            description="How many records are passed over first.",
            default=0,
            advanced=True,
            minimum=0,
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
            type=_NAMES,
            label="Fields",
            description="The fields wanted. Empty: all.",
            editor="fields",
            advanced=True,
        ),
    )
    return _spec(
        model,
        connection,
        "list",
        title=f"List {many}",
        code="LST",
        description=f"Gives the {many} that a filter matches, in order, page by page.",
        params=params,
        outputs=_rows_ports(model, paged=True),
        value="Rows: a list of records with .has_more, .cursor and .sql.",
        example={"filter": _sample_filter(model), "order_by": ["-created_at"], "limit": 10},
    )


def _count(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    return _spec(
        model,
        connection,
        "count",
        title=f"Count {many}",
        code="CNT",
        description=f"Counts the {many} that a filter matches.",
        params=(_FILTER,),
        outputs=_count_ports(("count", "How many records match.")),
        value='{"count": n}',
        example={"filter": _sample_filter(model)},
    )


_UPSERT_OWN: Final = frozenset({"where", "create", "update", "conflict_on"}) | COMMON_NAMES


def _conflict_on() -> ParamSpec:
    return ParamSpec(
        name="conflict_on",
        type=_NAMES,
        label="Same when equal",
        description="The unique fields by which a record is known. Empty: the id, else the unique field given.",
        editor="fields",
        advanced=True,
    )


def _upsert(model: ModelSpec, connection: str) -> NodeSpec:
    one, _ = words(model)
    mappings = [
        ParamSpec(
            name=name,
            type=_DICT,
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
    return _spec(
        model,
        connection,
        "upsert",
        title=f"Upsert {one}",
        code="UPS",
        description=f"Changes the {one} when there is one already, else stores a new one, in one statement.",
        params=(*field_params(model, _UPSERT_OWN, required=False), *mappings, _conflict_on()),
        outputs=(
            _record_port(model),
            PortSpec(name="created", type=_BOOL, label="created", description="Whether the record is new."),
            *field_ports(model, {"record", "created"}),
        ),
        value="The record.",
        example=_sample_values(model, with_id=True),
        writes=True,
    )


def _aggregate(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    amount = _sample_number(model)
    group = _sample_group(model)
    params = (
        _FILTER,
        ParamSpec(
            name="group_by",
            type=_NAMES,
            label="Group by",
            description="The fields whose equal values make a group. Empty: everything is one group.",
            editor="fields",
        ),
        ParamSpec(
            name="aggregate",
            type=_DICT,
            label="Figures",
            description='A name and what it is: {"total": {"$sum": "amount"}, "n": {"$count": "*"}}.',
            editor="aggregate",
        ),
        ParamSpec(
            name="having",
            type=_DICT,
            label="Having",
            description="A filter on the groups and their figures.",
            editor="filter",
            advanced=True,
        ),
        _order_param(),
        ParamSpec(
            name="limit",
            type=PortType(kind="int", nullable=True),
            label="Limit",
            description="The greatest number of groups. Empty: all.",
            minimum=0,
        ),
        ParamSpec(
            name="pipeline",
            type=_NAMES,
            label="Pipeline",
            description="Instead of the rest: stages $match, $group, $having, $sort, $limit, $skip, $project.",
            editor="json",
            advanced=True,
        ),
    )
    example: dict[str, Any] = {"group_by": [group]} if group else {}
    example["aggregate"] = {"number": {"$count": "*"}, **({"sum": {"$sum": amount}} if amount else {})}
    return _spec(
        model,
        connection,
        "aggregate",
        title=f"Aggregate {many}",
        code="AGG",
        description=f"Works out sums, averages and counts of {many}, in groups if wanted, in the database.",
        params=params,
        outputs=_rows_ports(None, paged=False),
        value="Rows: one record per group.",
        example=example,
    )


def _data_param(model: ModelSpec, *, required: bool, text: str) -> ParamSpec:
    return ParamSpec(
        name="data",
        type=record_type(model, many=True),
        label="Rows",
        description=text,
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


def _bulk_create(model: ModelSpec, connection: str) -> NodeSpec:
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
    choosable = (conflict, _conflict_on(), _BATCH_SIZE, _RETURN_IDS) if model.key else (_BATCH_SIZE,)
    return _spec(
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
        outputs=(*_count_ports(*_BULK_CREATED), *((_ids_port(),) if model.key else ())),
        value='{"created": n, "updated": n, "skipped": n, "ids": […]}',
        example={"data": [_sample_values(model)], **({"conflict_resolution": "skip"} if model.key else {})},
        writes=True,
    )


def _bulk_update(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    update = ParamSpec(
        name="update",
        type=_DICT,
        label="Update with",
        description="The new values, or operators as {price: {$multiply: 0.9}}.",
        editor="fields",
        aliases=("fields",),
    )
    return _spec(
        model,
        connection,
        "bulk_update",
        title=f"Bulk update {many}",
        code="UPD×N",
        description=f"Changes all {many} that a filter matches alike, or each as its own row says; all or none.",
        params=(
            _FILTER,
            update,
            _LIMIT_BULK,
            _data_param(
                model,
                required=False,
                text="Instead of filter and update: rows with the id and the new values.",
            ),
            _BATCH_SIZE,
        ),
        outputs=_count_ports(
            ("matched", "How many records were meant."), ("updated", "How many have been changed.")
        ),
        value='{"matched": n, "updated": n}',
        example={"filter": _sample_filter(model), "update": _sample_change(model)},
        writes=True,
    )


def _bulk_delete(model: ModelSpec, connection: str) -> NodeSpec:
    _, many = words(model)
    params = (
        _FILTER,
        ParamSpec(
            name="ids",
            type=_NAMES,
            label="Ids",
            description="Instead of a filter: the ids of the records.",
            editor="json",
        ),
        ParamSpec(
            name="all",
            type=_BOOL,
            label="All",
            description=f"Must be set to delete all {many}, that is without filter and ids.",
            default=False,
            advanced=True,
        ),
        _LIMIT_BULK,
    )
    return _spec(
        model,
        connection,
        "bulk_delete",
        title=f"Bulk delete {many}",
        code="DEL×N",
        description=f"Removes all {many} that a filter matches, or those with the given ids; all or none.",
        params=params,
        outputs=_count_ports(("deleted", "How many records are gone.")),
        value='{"deleted": n}',
        example={"filter": _sample_filter(model)},
        writes=True,
    )


def _bulk_upsert(model: ModelSpec, connection: str) -> NodeSpec:
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
    return _spec(
        model,
        connection,
        "bulk_upsert",
        title=f"Bulk upsert {many}",
        code="UPS×N",
        description=f"Stores many {many}, changing those that are there already; all or none.",
        params=(
            _data_param(model, required=True, text=f"The {many}, a list of records or a stream of them."),
            conflict,
            _conflict_on(),
            _BATCH_SIZE,
            _RETURN_IDS,
            *_spread_params(model),
        ),
        outputs=(*_count_ports(*_BULK_CREATED), _ids_port()),
        value='{"created": n, "updated": n, "skipped": n, "ids": […]}',
        example={"data": [_sample_values(model, with_id=True)]},
        writes=True,
    )


_SAMPLES: Final[Mapping[Kind, Any]] = MappingProxyType(
    {
        Kind.INT: 3,
        Kind.FLOAT: 2.5,
        Kind.DECIMAL: "12.50",
        Kind.STR: "text",
        Kind.TEXT: "some longer text",
        Kind.BOOL: True,
        Kind.DATETIME: "2025-01-31T12:00:00Z",
        Kind.DATE: "2025-01-31",
        Kind.TIME: "12:00:00",
        Kind.TIMEDELTA: 90,
        Kind.DICT: {"key": "value"},
        Kind.LIST: ["one", "two"],
        Kind.UUID: "7f1d2c4e-8a3b-4c5d-9e6f-0a1b2c3d4e5f",
    }
)


def _sample(field: FieldSpec) -> Any:
    if field.choices:
        return field.choices[0]
    if field.kind is Kind.STR:
        return f"{field.name}-1" if field.key or field.references else f"a {humanise(field.name).lower()}"
    return _SAMPLES.get(field.kind, "…")


def _sample_values(model: ModelSpec, *, with_id: bool = False) -> dict[str, Any]:
    wanted = [field for field in model.settable if field.required or (with_id and field.key) or field.choices]
    return {field.name: _sample(field) for field in wanted or model.settable[:2]}


def _sample_id(model: ModelSpec) -> Any:
    if len(model.key) == 1:
        return _sample(model.key_fields[0])
    return {field.name: _sample(field) for field in model.key_fields}


def _sample_change(model: ModelSpec) -> dict[str, Any]:
    number = _sample_number(model)
    if number:
        return {number: {"$inc": 1}}
    plain = [field for field in model.settable if not field.key]
    return {plain[0].name: _sample(plain[0])} if plain else {}


def _sample_filter(model: ModelSpec) -> dict[str, Any]:
    number = _sample_number(model)
    if number:
        return {number: {"$gte": 10}}
    field = next((field for field in model.settable if not field.key), model.fields[0])
    return {field.name: _sample(field)}


def _sample_number(model: ModelSpec) -> str | None:
    kinds = (Kind.DECIMAL, Kind.FLOAT, Kind.INT)
    plain = [field for field in model.settable if not (field.key or field.references)]
    return next((field.name for kind in kinds for field in plain if field.kind is kind), None)


def _sample_group(model: ModelSpec) -> str | None:
    fields = [field for field in model.settable if field.choices or field.references]
    return fields[0].name if fields else None


_BUILDERS: Final = MappingProxyType(
    {
        "create": _create,
        "read": _read,
        "update": _update,
        "delete": _delete,
        "list": _list,
        "count": _count,
        "upsert": _upsert,
        "aggregate": _aggregate,
        "bulk_create": _bulk_create,
        "bulk_update": _bulk_update,
        "bulk_delete": _bulk_delete,
        "bulk_upsert": _bulk_upsert,
    }
)
