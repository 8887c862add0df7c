"""What are the specs of a model's nodes put together from? Params and ports for its fields, for finding records and for rows.

A field that is called like something a node needs for itself (`filter`, `error`, `done`, …) gets an underscore behind its name as a
param or port of its own (`filter_`); inside `fields`, `data`, `record` and the like it keeps its name.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from studio.kernel.names import plural, snake_case
from studio.models.relations import Family
from studio.models.spec import MISSING, VERSION, FieldSpec, Kind, ModelSpec
from studio.nodes.base import COMMON, humanise
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, Editor, NodeSpec, Operation, ParamSpec, PortSpec
from studio.workflow.types import PortType

BOOL: Final = PortType(kind="bool")

COUNT: Final = PortType(kind="int")

DICT: Final = PortType(kind="dict")

NAMES: Final = PortType(kind="list")

RESERVED_OUTPUTS: Final = frozenset({DONE, ERROR_PORT})

DB_INSTANCE: Final = ParamSpec(
    name="db_instance",
    type=PortType(kind="str"),
    label="Connection",
    description="The connection whose model is meant, when several connections have a model of this name.",
    editor="connection",
    advanced=True,
    expressions=False,
    connectable=False,
)

MODEL_NAME: Final = ParamSpec(
    name="model_name",
    type=PortType(kind="str"),
    label="Model",
    description="The model's name; it is checked against the node's type.",
    advanced=True,
    expressions=False,
    connectable=False,
)

FILTER: Final = ParamSpec(
    name="filter",
    type=DICT,
    label="Filter",
    description="Which records are meant, for example {status: active, total: {$gte: 100}}.",
    editor="filter",
    aliases=("conditions",),
)

IF_MISSING: Final = ParamSpec(
    name="if_missing",
    type=PortType(kind="str"),
    label="If missing",
    description="What happens when nothing matches: the node fails (error), or gives nothing (null).",
    default="error",
    choices=("error", "null"),
    editor="choice",
    advanced=True,
)


INCLUDE_DELETED: Final = ParamSpec(
    name="include_deleted",
    type=BOOL,
    label="Include deleted",
    description="Whether records that are marked as deleted are seen as well, also among the related ones of `include`.",
    default=False,
    advanced=True,
)

AT_VERSION: Final = ParamSpec(
    name=VERSION,
    type=PortType(kind="int", nullable=True),
    label="Version",
    description="The version that the record must still have; when it has moved on, the node fails. Empty: any.",
    advanced=True,
    minimum=1,
)


def seeing_deleted(model: ModelSpec) -> tuple[ParamSpec, ...]:
    """The param of a node that reads, where the model marks its records as deleted."""
    return (INCLUDE_DELETED,) if model.soft_delete else ()


def at_version(model: ModelSpec) -> tuple[ParamSpec, ...]:
    """The param of a node that changes one record, where the model counts its versions."""
    return (AT_VERSION,) if model.versioned else ()


def type_name(model: str, operation: str) -> str:
    """`("Order", "bulk_create")` → `OrderBulkCreateNode`."""
    return f"{model}{''.join(part.capitalize() for part in operation.split('_'))}Node"


def words(model: ModelSpec) -> tuple[str, str]:
    """The model's name in words, one and many: `OrderItem` → `order item`, `order items`."""
    one = snake_case(model.name).replace("_", " ")
    return one, plural(one)


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
    operators: bool = False,
    skip: Iterable[str] = (),
) -> list[ParamSpec]:
    """A param for each field that a person may give; required ones first, otherwise in the model's order."""
    used = frozenset(taken) | {AFTER}
    skipped = frozenset(skip)
    params = [
        _field_param(
            field,
            used,
            advanced=advanced,
            required=required and field.required,
            with_default=defaults,
            operators=operators,
        )
        for field in model.settable
        if field.name not in skipped
    ]
    return [
        *(param for param in params if param.required),
        *(param for param in params if not param.required),
    ]


def _field_param(
    field: FieldSpec,
    taken: frozenset[str],
    *,
    advanced: bool,
    required: bool,
    with_default: bool,
    operators: bool,
) -> ParamSpec:
    default = field.default if with_default else MISSING
    if isinstance(default, enum.Enum) and default is not MISSING:
        default = field.stored(default)
    return ParamSpec(
        name=free_name(field.name, taken),
        type=port_type(field),
        label=humanise(field.name),
        description=describe_field(field),
        required=required,
        default=default,
        choices=field.choices,
        synonyms=tuple(member.value for member in field.enum_type or () if member.value not in field.choices),
        editor=_editor(field),
        advanced=advanced,
        operators=operators,
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
    return "json" if field.kind in (Kind.DICT, Kind.LIST, Kind.VECTOR) else "auto"


def describe_field(field: FieldSpec) -> str:
    """What a form says of a field: its author's words, then its type and limits."""
    facts = [str(port_type(field))]
    if field.item_kind is not None:
        facts[0] = f"list of {field.item_kind.value}"
    if field.kind is Kind.VECTOR:
        facts[0] = f"vector of {field.dimensions:,} numbers" if field.dimensions else "vector of numbers"
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


def relation_ports(
    model: ModelSpec, family: Family, taken: Iterable[str], *, nullable: bool = False
) -> tuple[PortSpec, ...]:
    """An output for each relation of the record's model, folded away while unused; it carries what `include` reads."""
    used = {*taken, *model.names, *RESERVED_OUTPUTS}
    return tuple(
        PortSpec(
            name=free_name(relation.name, used),
            type=record_type(
                family.models[relation.model], many=relation.many, nullable=nullable or not relation.many
            ),
            label=humanise(relation.name),
            description=f"The related {'records' if relation.many else 'record'} of {relation.model}, when `include` names it.",
            related=True,
        )
        for relation in family.relations(model.name).values()
    )


def include_param(model: ModelSpec, family: Family) -> ParamSpec:
    known = family.relations(model.name)
    return ParamSpec(
        name="include",
        type=NAMES,
        label="Include",
        description=(
            "Related records to read along, each by the name of its relation; a dot leads on from there: "
            f"[{', '.join(known) or 'author, items.product'}]."
        ),
        editor="relations",
        advanced=True,
        suggestions=family.paths(model),
    )


def id_param(model: ModelSpec) -> ParamSpec:
    if len(model.key) > 1:
        return ParamSpec(
            name="id",
            type=DICT,
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


def record_port(model: ModelSpec, *, nullable: bool = False, description: str = "") -> PortSpec:
    return PortSpec(
        name="record",
        type=record_type(model, nullable=nullable),
        label="record",
        description=description or "The whole record.",
        primary=True,
    )


def found_port() -> PortSpec:
    return PortSpec(name="found", type=BOOL, label="found", description="Whether there was such a record.")


def rows_ports(model: ModelSpec | None, *, paged: bool) -> tuple[PortSpec, ...]:
    name = model.name if model else None
    ports = [
        PortSpec(
            name="records",
            type=PortType(kind="record", many=True, model=name),
            label="records",
            description="The records, in order.",
            primary=True,
        ),
        PortSpec(name="count", type=COUNT, label="count", description="How many records there are here."),
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
                name="has_more", type=BOOL, label="has more", description="Whether records follow these."
            ),
            PortSpec(
                name="cursor",
                type=PortType(kind="str", nullable=True),
                label="cursor",
                description="Where these records end; give it to `after` of the next page.",
            ),
        ]
    return tuple(ports)


def count_ports(*names: tuple[str, str]) -> tuple[PortSpec, ...]:
    return tuple(
        PortSpec(name=name, type=COUNT, label=name, description=text, primary=index == 0)
        for index, (name, text) in enumerate(names)
    )


def model_spec(  # noqa: PLR0913 - the parts of a NodeSpec
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
    shared = tuple(param for param in (*COMMON, DB_INSTANCE, MODEL_NAME) if param.name not in taken)
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
    return replace(param, aliases=free)


COMMON_NAMES: Final = frozenset(param.name for param in (*COMMON, DB_INSTANCE, MODEL_NAME))


def order_param() -> ParamSpec:
    return ParamSpec(
        name="order_by",
        type=NAMES,
        label="Order by",
        description='Names of fields; a minus turns the order round: ["-created_at", "id"].',
        editor="order",
    )


def conflict_on() -> ParamSpec:
    return ParamSpec(
        name="conflict_on",
        type=NAMES,
        label="Same when equal",
        description="The unique fields by which a record is known. Empty: the id, else the unique field given.",
        editor="fields",
        advanced=True,
    )
