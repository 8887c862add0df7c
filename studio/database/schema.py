"""How do tables come into being? CREATE TABLE for models that have none, in the order of their references, once, under a lock.

An existing table is only checked for the model's columns; changing tables is the migrations' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import sort_tables_and_constraints

from studio.database.dialect import Dialect, Engine, Session
from studio.database.tables import ddl_tables
from studio.kernel.errors import NoSuchTable
from studio.kernel.names import did_you_mean
from studio.models.spec import ModelSpec


async def ensure(engine: Engine, dialect: Dialect, specs: Sequence[ModelSpec], *, create: bool) -> None:
    """Makes the tables that are missing, and checks the others.

    Raises:
        NoSuchTable: a table (only when nothing may be created) or a column is missing; the message names it.
        ModelError: a reference leads nowhere.
    """
    tables = ddl_tables(specs, dialect)
    session = engine.lanes
    if not await _missing(engine, session, specs, create=create):
        return
    async with engine.schema_lock() as session:
        missing = await _missing(engine, session, specs, create=create)
        for statement in _statements([tables[spec.name] for spec in missing], dialect):
            await session.change(statement)


async def _missing(
    engine: Engine, session: Session, specs: Sequence[ModelSpec], *, create: bool
) -> list[ModelSpec]:
    """The models without a table; raises NoSuchTable for one that may not be made, and for a column that is missing."""
    found = await engine.columns(session, [(spec.schema, spec.table) for spec in specs])
    missing = []
    for spec in specs:
        columns = found.get((spec.schema, spec.table))
        if columns is None:
            if spec.reflected or not create:
                raise NoSuchTable(
                    f"{spec.name}: the database has no table {spec.table!r}.",
                    hint="Create it, or import the models of this database anew."
                    if spec.reflected
                    else "Create it, or let Studio create tables (auto_migrate).",
                    table=spec.table,
                )
            missing.append(spec)
            continue
        known = {column.lower() for column in columns}
        for field in spec.fields:
            if field.column.lower() not in known:
                raise NoSuchTable(
                    f'{spec.name}: the table {spec.table!r} has no column {field.column!r}, which the field "{field.name}" needs.',
                    hint=f"{did_you_mean(field.column, columns)} Add the column, or change the model.".strip(),
                    field=field.name,
                    table=spec.table,
                    column=field.column,
                )
    return missing


def _statements(tables: Sequence[sa.Table], dialect: Dialect) -> list[str]:
    """The DDL in an order that every reference finds its table: those of a cycle are added when both tables are there."""
    spoken = dialect.sqlalchemy
    if not tables:
        return []
    metadata = tables[0].metadata
    wanted = set(tables)
    if dialect.name == "sqlite":
        # SQLite looks for referenced tables when rows are written, not when tables are made.
        made = [str(sa.schema.CreateTable(table).compile(dialect=spoken)) for table in tables]
    else:
        made, later = [], []
        ordered: Any = sort_tables_and_constraints
        for table, constraints in ordered(metadata.tables.values()):
            if table is None:
                later += [constraint for constraint in constraints if constraint.table in wanted]
            elif table in wanted:
                kept = list(constraints)
                made.append(
                    str(
                        sa.schema.CreateTable(table, include_foreign_key_constraints=kept).compile(
                            dialect=spoken
                        )
                    )
                )
        made += [str(sa.schema.AddConstraint(constraint).compile(dialect=spoken)) for constraint in later]
    indexes = [index for table in tables for index in sorted(table.indexes, key=_index_name)]
    return made + [str(sa.schema.CreateIndex(index).compile(dialect=spoken)) for index in indexes]


def _index_name(index: sa.Index) -> str:
    return index.name or ""


def ddl(specs: Sequence[ModelSpec], dialect: Dialect) -> list[str]:
    """The statements that would make the models' tables in an empty database."""
    tables = ddl_tables(specs, dialect)
    return _statements(list(tables.values()), dialect)
