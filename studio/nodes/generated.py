"""Which nodes does a model get? All twelve, or fewer where a table has no key; their looks and doing are put together here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from studio.models.relations import Family
from studio.models.spec import ModelSpec
from studio.nodes import bulk_specs, record_specs
from studio.workflow.spec import NodeSpec

if TYPE_CHECKING:
    from studio.nodes.base import NodeType


SINGLE: Final = ("create", "read", "update", "delete", "list", "count", "upsert", "aggregate")

BULK: Final = ("bulk_create", "bulk_update", "bulk_delete", "bulk_upsert")

KEYLESS: Final = frozenset({"list", "count", "aggregate", "bulk_create"})
"""What a table without a primary key still gets: nothing that has to find one record again."""


def operations_for(model: ModelSpec) -> tuple[str, ...]:
    return (*SINGLE, *BULK) if model.key else tuple(name for name in (*SINGLE, *BULK) if name in KEYLESS)


def generated_specs(model: ModelSpec, connection: str, family: Family | None = None) -> list[NodeSpec]:
    """The specs of the model's nodes, in the order of the documentation's table; fewer for a table without a key.

    `family` are the models of its database, itself among them; without it the model stands alone.
    """
    family = family or Family([model])
    return [
        _RELATED[operation](model, connection, family)
        if operation in _RELATED
        else _BUILDERS[operation](model, connection)
        for operation in operations_for(model)
    ]


def generated_types(model: ModelSpec, connection: str, family: Family | None = None) -> list[NodeType]:
    """The model's node types; `connection` is the name of the DataFlow instance that has the model, `family` all that it has."""
    from studio.nodes.bulk import BULK_TYPES
    from studio.nodes.records import RECORD_TYPES
    from studio.nodes.rows import ROWS_TYPES

    makers = {**RECORD_TYPES, **ROWS_TYPES, **BULK_TYPES}
    family = family or Family([model])
    return [
        makers[spec.operation](spec, model, family) for spec in generated_specs(model, connection, family)
    ]


_RELATED: Final = MappingProxyType({"read": record_specs.read_spec, "list": record_specs.list_spec})
"""Nodes that read related records along."""
_BUILDERS: Final = MappingProxyType(
    {
        "create": record_specs.create_spec,
        "update": record_specs.update_spec,
        "delete": record_specs.delete_spec,
        "count": record_specs.count_spec,
        "upsert": record_specs.upsert_spec,
        "aggregate": record_specs.aggregate_spec,
        "bulk_create": bulk_specs.bulk_create_spec,
        "bulk_update": bulk_specs.bulk_update_spec,
        "bulk_delete": bulk_specs.bulk_delete_spec,
        "bulk_upsert": bulk_specs.bulk_upsert_spec,
    }
)
