"""How does an existing table become a model? From a neutral description of it, which each dialect's own module reads.

A field keeps its column's name letter for letter, but a key of one column is called `id`, as everywhere in Studio. Columns of types that
Studio does not know and generated columns are left out, and so are views.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from studio.kernel.names import pascal_case, unique_name
from studio.models.spec import FieldSpec, IndexSpec, ModelSpec, OnDelete

_NO_NAME = re.compile(r"\W+")
_ON_DELETE: Mapping[str, OnDelete] = {
    "CASCADE": "cascade",
    "SET NULL": "set null",
    "RESTRICT": "restrict",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundReference:
    column: str
    table: str
    target: str
    on_delete: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table as the catalogue describes it. `fields` are named like their columns and know nothing of keys and references yet."""

    name: str
    schema: str | None
    fields: tuple[FieldSpec, ...]
    key: tuple[str, ...]
    references: tuple[FoundReference, ...] = ()
    unique: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Name and columns of each unique constraint and index but the key's."""


def models_from(tables: Sequence[FoundTable]) -> list[ModelSpec]:
    """One model per table, in the order of the tables' names; references among them resolved."""
    ordered = sorted(tables, key=lambda table: (table.schema or "", table.name.lower(), table.name))
    names: dict[tuple[str | None, str], str] = {}
    for table in ordered:
        names[table.schema, table.name] = unique_name(pascal_case(table.name), names.values())
    renamed = {(table.schema, table.name): _field_names(table) for table in ordered}
    return [_model(table, names, renamed) for table in ordered]


def _field_names(table: FoundTable) -> dict[str, str]:
    """Column → field name. Names are made of letters, digits and underscores."""
    found: dict[str, str] = {}
    columns = [field.column for field in table.fields]
    lower = [column.lower() for column in columns]
    key = table.key[0] if len(table.key) == 1 else None
    renames_key = key is not None and ("id" not in lower or key.lower() == "id")
    for column in columns:
        clean = _NO_NAME.sub("_", column) or "column"
        wanted = "id" if renames_key and column == key else f"_{clean}" if clean[0].isdigit() else clean
        found[column] = unique_name(wanted, found.values())
    return found


def _model(
    table: FoundTable,
    names: Mapping[tuple[str | None, str], str],
    renamed: Mapping[tuple[str | None, str], Mapping[str, str]],
) -> ModelSpec:
    own = renamed[table.schema, table.name]
    key = tuple(own[column] for column in table.key if column in own)
    if len(key) < len(table.key):
        key = ()
    single = {columns[0] for _, columns in table.unique if len(columns) == 1}
    references = {reference.column: reference for reference in table.references}
    fields = []
    for field in table.fields:
        name = own[field.column]
        reference = references.get(field.column)
        target = None
        if reference is not None and (table.schema, reference.table) in names:
            there = renamed[table.schema, reference.table]
            if reference.target in there:
                target = f"{names[table.schema, reference.table]}.{there[reference.target]}"
        fields.append(
            replace(
                field,
                name=name,
                key=name in key,
                nullable=field.nullable and name not in key,
                generated=field.generated and key == (name,),
                unique=field.column in single and key != (name,),
                references=target,
                on_delete=_ON_DELETE.get(reference.on_delete, "no action")
                if reference and target
                else "no action",
            )
        )
    indexes = tuple(
        IndexSpec(name=name, fields=tuple(own[column] for column in columns), unique=True)
        for name, columns in table.unique
        if len(columns) > 1 and all(column in own for column in columns) and set(columns) != set(table.key)
    )
    return ModelSpec(
        name=names[table.schema, table.name],
        table=table.name,
        fields=tuple(fields),
        key=key,
        indexes=indexes,
        schema=table.schema,
        reflected=True,
    )
