"""How do tables come into being and follow their models? CREATE TABLE in the order of references, columns and indexes added, under a lock.

What may be added to a table that is there, and how, says `evolution`; where nothing may be changed, what is missing or different is told.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import sort_tables_and_constraints

from studio.database.dialect import Dialect, Engine, FoundColumn, Session
from studio.database.evolution import Growth, column_statements, difference, lacking_indexes, obstacles
from studio.database.results import OnSchema, SchemaChange
from studio.database.tables import ddl_tables
from studio.kernel.errors import DatabaseError, DuplicateKey, NoSuchTable, SchemaDiffers
from studio.kernel.names import did_you_mean
from studio.models.spec import MANAGED, FieldSpec, ModelSpec

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Ensured:
    """What `ensure` found and did."""

    statements: list[str] = field(default_factory=list)
    """The changes of the schema, as they were run."""
    without: dict[int, frozenset[str]] = field(default_factory=dict)
    """Managed fields that a table lacks and that could not be added, by the `id` of the spec."""


@dataclass(slots=True, kw_only=True)
class _Work:
    missing: list[ModelSpec] = field(default_factory=list)
    grown: list[Growth] = field(default_factory=list)
    without: dict[int, frozenset[str]] = field(default_factory=dict)
    faults: list[DatabaseError] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.missing or self.grown)


async def ensure(
    engine: Engine,
    dialect: Dialect,
    specs: Sequence[ModelSpec],
    *,
    create: bool,
    told: OnSchema | None = None,
) -> Ensured:
    """Makes the tables that are missing, adds what the others lack, and checks the rest; without `create`, only checks.

    Raises:
        NoSuchTable: a table or a column is missing and may not or cannot be added; the message names it.
        SchemaDiffers: a column has another type than its field, or the records that are there forbid a change.
        ModelError: a reference leads nowhere.
    """
    tables = ddl_tables(specs, dialect)
    work = await _work(engine, engine.lanes, dialect, specs, tables, create=create)
    done = Ensured(without=work.without)
    if not work:
        return done
    async with engine.schema_lock() as session:
        # Again: somebody else may have done it meanwhile.
        work = await _work(engine, session, dialect, specs, tables, create=create)
        done.without = work.without
        if not work:
            return done
        with _telling(told, engine.where, work, done):
            await _first(session, work, dialect, done)
            await _run(session, _all_statements(work, tables, dialect), done)
    return done


async def _first(session: Session, work: _Work, dialect: Dialect, done: Ensured) -> None:
    """Tells the database what it must know before it can have the columns."""
    fields = [(spec, field) for spec in work.missing for field in spec.fields]
    fields += [(growth.spec, field) for growth in work.grown for field in growth.columns]
    for spec, wanted in fields:
        statement = dialect.needed_first.get(wanted.kind)
        if statement is None or statement in done.statements:
            continue
        try:
            await _run(session, [statement], done)
        except DatabaseError as error:
            raise SchemaDiffers(
                f'{spec.name}: the field "{wanted.name}" is a {wanted.kind.value}, which this database does not know: {error.message}',
                hint=f"Have its administrator install what is missing (pgvector), and run {statement}.",
                detail=statement,
                field=wanted.name,
                table=spec.table,
                column=wanted.column,
            ) from error


async def _run(session: Session, statements: Sequence[str], done: Ensured) -> None:
    for statement in statements:
        _log.info("%s", statement)
        try:
            await session.change(statement)
        except DuplicateKey as error:
            raise SchemaDiffers(
                f"An index cannot be made unique: {error.message}",
                hint="Mend the records that share a value, or declare the field without unique.",
                detail=statement,
            ) from error
        except DatabaseError as error:
            error.detail = error.detail or statement
            raise
        done.statements.append(statement)


@contextlib.contextmanager
def _telling(told: OnSchema | None, database: str, work: _Work, done: Ensured) -> Iterator[None]:
    """Tells of the change, however it ends."""
    started_at, began = dt.datetime.now(dt.UTC), time.perf_counter()
    failure: str | None = "stopped"
    try:
        yield
        failure = None
    except DatabaseError as error:
        failure = error.message
        raise
    finally:
        if told is not None:
            names = [spec.name for spec in work.missing] + [growth.spec.name for growth in work.grown]
            told(
                SchemaChange(
                    database=database,
                    models=tuple(names),
                    statements=tuple(done.statements),
                    started_at=started_at,
                    duration_ms=(time.perf_counter() - began) * 1000,
                    error=failure,
                )
            )


async def _work(
    engine: Engine,
    session: Session,
    dialect: Dialect,
    specs: Sequence[ModelSpec],
    tables: Mapping[str, sa.Table],
    *,
    create: bool,
) -> _Work:
    """What is to be done; raises for what may not or cannot be."""
    found = await engine.catalogue.columns(session, [(spec.schema, spec.table) for spec in specs])
    work = _Work()
    there: list[tuple[ModelSpec, Mapping[str, FoundColumn], Growth]] = []
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
            work.missing.append(spec)
            continue
        by_name = {name.lower(): column for name, column in columns.items()}
        growth = Growth(
            spec=spec, columns=[field for field in spec.fields if field.column.lower() not in by_name]
        )
        there.append((spec, columns, growth))
        if spec.reflected:
            continue
        different = (
            difference(spec, known, by_name[known.column.lower()], dialect)
            for known in spec.fields
            if known.column.lower() in by_name
        )
        work.faults += [fault for fault in different if fault is not None]
    await _grow(engine, session, dialect, tables, there, work, create=create)
    if work.faults:
        raise _all_faults(work.faults)
    return work


async def _grow(
    engine: Engine,
    session: Session,
    dialect: Dialect,
    tables: Mapping[str, sa.Table],
    there: Sequence[tuple[ModelSpec, Mapping[str, FoundColumn], Growth]],
    work: _Work,
    *,
    create: bool,
) -> None:
    """Adds to `work` what the tables that are there lack."""
    indexed = [
        spec for spec, _, _ in there if create and not spec.reflected and _wants_indexes(tables[spec.name])
    ]
    indexes = (
        await engine.catalogue.indexes(session, [(spec.schema, spec.table) for spec in indexed])
        if indexed
        else {}
    )
    for spec, columns, growth in there:
        if growth.columns and not create and not spec.reflected:
            # A table of somebody else's need not say when its records were made.
            work.without[id(spec)] = frozenset(lack.name for lack in growth.columns if lack.name in MANAGED)
            growth.columns = [lack for lack in growth.columns if lack.name not in MANAGED]
        if growth.columns and (spec.reflected or not create):
            work.faults += [_missing_column(spec, lacking, columns) for lacking in growth.columns]
            continue
        work.faults += await obstacles(growth, columns, session, dialect)
        if spec in indexed:
            growth.indexes = lacking_indexes(
                tables[spec.name], indexes.get((spec.schema, spec.table), ()), columns, dialect
            )
        if growth:
            work.grown.append(growth)


def _all_faults(faults: Sequence[DatabaseError]) -> DatabaseError:
    """One error that tells all of them."""
    first, *others = faults
    if others:
        first.message = " ".join(fault.message for fault in faults)
        first.hint = " ".join(dict.fromkeys(fault.hint for fault in faults if fault.hint))
    return first


def _wants_indexes(table: sa.Table) -> bool:
    return bool(table.indexes) or any(isinstance(rule, sa.UniqueConstraint) for rule in table.constraints)


def _missing_column(spec: ModelSpec, lacking: FieldSpec, columns: Mapping[str, FoundColumn]) -> NoSuchTable:
    return NoSuchTable(
        f'{spec.name}: the table {spec.table!r} has no column {lacking.column!r}, which the field "{lacking.name}" needs.',
        hint=f"{did_you_mean(lacking.column, columns)} Add the column, or change the model.".strip(),
        field=lacking.name,
        table=spec.table,
        column=lacking.column,
    )


def _all_statements(work: _Work, tables: Mapping[str, sa.Table], dialect: Dialect) -> list[str]:
    """In an order that each finds what it needs: columns, their indexes, new tables, references of the columns."""
    statements: list[str] = []
    later: list[str] = []
    for growth in work.grown:
        columns, references = column_statements(growth, tables[growth.spec.name], dialect)
        statements += columns
        later += references
        statements += [
            str(sa.schema.CreateIndex(index).compile(dialect=dialect.sqlalchemy)) for index in growth.indexes
        ]
    return statements + _statements([tables[spec.name] for spec in work.missing], dialect) + later


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
    kinds = dict.fromkeys(field.kind for spec in specs for field in spec.fields)
    first = [dialect.needed_first[kind] for kind in kinds if kind in dialect.needed_first]
    return first + _statements(list(tables.values()), dialect)
