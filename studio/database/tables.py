"""How does a model become a table? For statements (columns only) and for CREATE TABLE (with every constraint)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

import sqlalchemy as sa

from studio.database.dialect import Dialect
from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean
from studio.models.spec import TENANT_ID, FieldSpec, Kind, ModelSpec

_MOST_NAME = 63
"""PostgreSQL cuts longer identifiers silently."""


def statement_table(spec: ModelSpec, dialect: Dialect) -> sa.Table:
    """The table as statements see it: its columns under their own names, with the types that bind canonical values."""
    return sa.Table(
        spec.table,
        sa.MetaData(),
        *(
            sa.Column(
                field.column,
                dialect.column_type(field, reflected=spec.reflected),
            )
            for field in spec.fields
        ),
        schema=spec.schema,
    )


def ddl_tables(specs: Iterable[ModelSpec], dialect: Dialect) -> dict[str, sa.Table]:
    """Tables by model name with keys, constraints and indexes, in one MetaData so that references resolve.

    Raises ModelError for a reference to a model or a field that is not among `specs`.
    """
    by_name = {spec.name: spec.stored for spec in specs}
    metadata = sa.MetaData()
    return {spec.name: _ddl_table(spec, by_name, metadata, dialect) for spec in by_name.values()}


def _ddl_table(
    spec: ModelSpec, by_name: Mapping[str, ModelSpec], metadata: sa.MetaData, dialect: Dialect
) -> sa.Table:
    columns: list[sa.schema.SchemaItem] = []
    parts: list[sa.schema.SchemaItem] = []
    together = {name for index in spec.indexes for name in index.fields}
    for field in spec.fields:
        # Where a text cannot be indexed whole, its type has to know of indexes over several fields as well.
        typed = replace(field, index=True) if field.name in together else field
        column: sa.Column[object] = sa.Column(
            field.column,
            dialect.column_type(typed, reflected=spec.reflected),
            *_identity(field, dialect),
            primary_key=field.name in spec.key,
            autoincrement=field.generated,
            nullable=field.nullable,
            server_default=sa.text(field.server_default) if field.server_default is not None else None,
        )
        columns.append(column)
        if field.references and not spec.reflected:
            parts.append(_foreign_key(spec, field, by_name))
        if field.unique:
            parts.append(
                sa.UniqueConstraint(*_own(spec, field.column), name=_name("uq", spec.table, field.column))
            )
        if field.check:
            parts.append(sa.CheckConstraint(field.check, name=_name("ck", spec.table, field.column)))
    parts += [sa.CheckConstraint(check.condition, name=_fit(check.name)) for check in spec.checks]
    if spec.multi_tenant:
        # What references of the same tenant's records refer to; it begins with the tenant, so it finds those as well.
        key = [field.column for field in spec.key_fields]
        parts.append(sa.UniqueConstraint(*_own(spec, *key), name=_name("uq", spec.table, TENANT_ID)))
    table = sa.Table(
        spec.table,
        metadata,
        *columns,
        *parts,
        schema=spec.schema,
        # Without it SQLite gives the id of the last record again once that record is deleted.
        sqlite_autoincrement=any(field.generated for field in spec.fields),
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_nopad_bin",
    )
    for field in spec.fields:
        if field.index and not field.unique and not (field.managed and field.name == TENANT_ID):
            sa.Index(_name("ix", spec.table, field.column), table.c[field.column])
    for index in spec.indexes:
        names = [spec[name].column for name in index.fields]
        indexed = [table.c[name] for name in (_own(spec, *names) if index.unique else names)]
        sa.Index(_fit(index.name), *indexed, unique=index.unique)
    if dialect.name == "postgresql":
        _postgresql_indexes(spec, table)
    return table


def _postgresql_indexes(spec: ModelSpec, table: sa.Table) -> None:
    """The indexes of the option `postgresql`, which other databases do not have."""
    wanted = spec.options.get("postgresql", {})
    for name in wanted.get("jsonb_gin_indexes", ()):
        column = table.c[spec[name].column]
        sa.Index(_name("gin", spec.table, column.name), column, postgresql_using="gin")
    for name in wanted.get("text_search", ()):
        column = table.c[spec[name].column]
        words = sa.func.to_tsvector(sa.text("'simple'::regconfig"), column)
        sa.Index(_name("fts", spec.table, column.name), words, postgresql_using="gin")
    for entry in wanted.get("partial_indexes", ()):
        columns = [table.c[spec[name].column] for name in entry["fields"]]
        documents = all(spec[name].kind in (Kind.DICT, Kind.LIST) for name in entry["fields"])
        digest = hashlib.sha256(entry["condition"].encode()).hexdigest()[:8]
        named = entry.get("name") or f"part_{spec.table}_{'_'.join(entry['fields'])}_{digest}"
        sa.Index(
            _fit(named), *columns,
            unique=bool(entry.get("unique", False)),
            postgresql_where=sa.text(entry["condition"]),
            postgresql_using="gin" if documents else "btree",
        )  # fmt: skip


def _own(spec: ModelSpec, *columns: str) -> list[str]:
    """The columns that are unique together: in a model with tenants, among one tenant's records."""
    tenant = spec[TENANT_ID].column if spec.multi_tenant else None
    return [*([tenant] if tenant is not None and tenant not in columns else []), *columns]


def _identity(field: FieldSpec, dialect: Dialect) -> list[sa.Identity]:
    return [sa.Identity(always=False)] if field.generated and dialect.name == "postgresql" else []


def _foreign_key(
    spec: ModelSpec, field: FieldSpec, by_name: Mapping[str, ModelSpec]
) -> sa.ForeignKeyConstraint:
    model_name, _, field_name = (field.references or "").partition(".")
    target = by_name.get(model_name)
    if target is None:
        raise ModelError(
            f"{spec.name}.{field.name} references the model {model_name!r}, which is not there.",
            hint=did_you_mean(model_name, by_name),
            field=field.name,
        )
    if field_name not in target:
        raise ModelError(
            f"{spec.name}.{field.name} references {model_name}.{field_name}, but {model_name} has no such field.",
            hint=did_you_mean(field_name, target.names),
            field=field.name,
        )
    if not any(set(fields) == {field_name} for fields in target.unique_sets()):
        raise ModelError(
            f"{spec.name}.{field.name} references {model_name}.{field_name}, which is not unique.",
            hint=f"Reference {model_name}.id, or declare {field_name} unique.",
            field=field.name,
        )
    if _sort_of(field) is not _sort_of(target[field_name]):
        raise ModelError(
            f"{spec.name}.{field.name} is of the type {field.kind.value}, but {model_name}.{field_name}, which it references,"
            f" of the type {target[field_name].kind.value}.",
            hint="Declare both of the same type.",
            field=field.name,
        )
    on_delete = None if field.on_delete == "no action" else field.on_delete.upper()
    qualified = f"{target.schema}.{target.table}" if target.schema else target.table
    # Between models with tenants the tenant is part of the reference: nothing can refer to another tenant's record.
    is_shared = spec.multi_tenant and target.multi_tenant
    if is_shared and field.on_delete == "set null":
        raise ModelError(
            f"{spec.name}.{field.name} cannot be emptied when its {model_name} goes: between models with tenants the tenant is part of the reference.",
            hint='Use on_delete="restrict" or "cascade".',
            field=field.name,
        )
    pairs = [(spec[TENANT_ID].column, target[TENANT_ID].column)] if is_shared else []
    pairs.append((field.column, target[field_name].column))
    return sa.ForeignKeyConstraint(
        [column for column, _ in pairs],
        [f"{qualified}.{column}" for _, column in pairs],
        name=_name("fk", spec.table, field.column),
        ondelete=on_delete,
        link_to_name=True,
    )


def _sort_of(field: FieldSpec) -> Kind:
    """The kind of a field, as far as a reference has to be of the same: text is text."""
    return Kind.STR if field.kind in (Kind.TEXT, Kind.ENUM) else field.kind


def _name(prefix: str, table: str, column: str) -> str:
    return _fit(f"{prefix}_{table}_{column}")


def _fit(name: str) -> str:
    """A name that every database keeps whole; a long one ends in a digest of itself."""
    clean = re.sub(r"\W", "_", name)
    if len(clean) <= _MOST_NAME:
        return clean
    return f"{clean[: _MOST_NAME - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
