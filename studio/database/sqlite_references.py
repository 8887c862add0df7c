"""Which reference did SQLite refuse? It only says that there is one; the others name it. Asks the table's own foreign keys afterwards.

What is found is true when it is asked: whatever cannot be told for certain stays unsaid. How it is worded is `errors.locate`'s business.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from studio.database.plans import Plan
from studio.database.statements import slots
from studio.kernel.errors import ForeignKeyViolated, StudioError
from studio.models.spec import TENANT_ID

if TYPE_CHECKING:
    from studio.database.dialect import Row, Session
    from studio.database.plans import ModelPlans
    from studio.query.filters import Filter

_OWN: Final = """
SELECT f.id, f."table", f."from", f."to", f.on_delete FROM pragma_foreign_key_list(?, ?) AS f ORDER BY f.id, f.seq
"""
_OTHERS: Final = """
SELECT m.name || ':' || f.id, m.name, f."from", f."to", f.on_delete
  FROM pragma_table_list AS m JOIN pragma_foreign_key_list(m.name, m.schema) AS f
 WHERE m.type = 'table' AND m.schema = ?2 AND lower(f."table") = lower(?1)
 ORDER BY 1, f.seq
"""
_ONE: Final[sa.ColumnElement[Any]] = sa.literal_column("1")


class _Reference(NamedTuple):
    """A foreign key: the table at its other end, its columns as (referring, referred to)."""

    table: str
    pairs: tuple[tuple[str, str | None], ...]
    on_delete: str


async def look_for_reference(
    session: Session,
    plans: ModelPlans,
    error: ForeignKeyViolated,
    values: Mapping[str, Any],
    filter: Filter | None,
) -> None:
    """Adds to the error which column refers to nothing, or which table still refers to the records.

    `values` are those that were written, by field name; `filter` finds the records that were changed or deleted, None: there were none.
    """
    with contextlib.suppress(StudioError):
        column = await _leading_nowhere(session, plans, values)
        if column is not None:
            error.context["columns"] = (column,)
            return
        if filter is None:
            return
        table = await _referring(session, plans, filter, _changed(plans, values))
        if table is not None:
            error.context.update(referenced=True, by=table)


async def _references(session: Session, plans: ModelPlans, sql: str) -> list[_Reference]:
    rows = await session.read(sql, (plans.spec.table, plans.spec.schema or "main"))
    return [_reference(list(parts)) for _, parts in itertools.groupby(rows, lambda row: row[0])]


def _reference(parts: Sequence[Row]) -> _Reference:
    return _Reference(parts[0][1], tuple((part[2], part[3]) for part in parts), str(parts[0][4]).upper())


async def _leading_nowhere(session: Session, plans: ModelPlans, values: Mapping[str, Any]) -> str | None:
    """The column whose value among `values` no record has at the other end."""
    by_column = {field.column.lower(): field for field in plans.spec.fields}
    for reference in await _references(session, plans, _OWN) if values else ():
        wanted: dict[str, Any] = {}
        named = None
        for own, there in reference.pairs:
            field = by_column.get(own.lower())
            if field is None or there is None:
                break
            if field.managed and field.name == TENANT_ID and plans.care is not None:
                wanted[there] = plans.care.tenant
                continue
            value = values.get(field.name)
            if value is None or isinstance(value, Mapping):
                break  # nothing, what is there already, or what an operator makes of it
            wanted[there], named = plans.found_by(field.name, value), own
        else:
            if named is not None and not await _is_there(session, plans, reference.table, wanted):
                return named
    return None


async def _is_there(session: Session, plans: ModelPlans, table: str, wanted: Mapping[str, Any]) -> bool:
    there = sa.table(table, *(sa.column(name) for name in wanted), schema=plans.spec.schema)
    named = {f"v{place}": value for place, value in enumerate(wanted.values())}
    equal = [column == sa.bindparam(name) for column, name in zip(there.c, named, strict=True)]
    return await _any(session, plans, sa.select(_ONE).select_from(there).where(*equal), named)


async def _referring(
    session: Session, plans: ModelPlans, filter: Filter, changed: Collection[str]
) -> str | None:
    """The table with rows that refer to one of the records; where columns are changed, to one of these."""
    own = plans.table
    for reference in await _references(session, plans, _OTHERS):
        if not changed and reference.on_delete not in ("NO ACTION", "RESTRICT"):
            continue
        key = [field.column for field in plans.spec.key_fields]
        pairs = [(there, here or key[0]) for there, here in reference.pairs if here or len(key) == 1]
        if len(pairs) < len(reference.pairs) or not all(here in own.c for _, here in pairs):
            continue
        if changed and not any(here in changed for _, here in pairs):
            continue
        statement = sa.select(_ONE).limit(1)
        clause = plans.where(filter)
        if clause is not None:
            statement = statement.where(clause)
        if reference.table.lower() == plans.spec.table.lower():
            others: Any = own.alias("others")
            if reference.on_delete != "RESTRICT":
                # Records that go together may refer to each other.
                beside = plans.where(filter, table=others)
                if beside is None:
                    continue
                statement = statement.where(sa.not_(beside))
        else:
            columns: list[sa.ColumnClause[Any]] = [sa.column(there) for there, _ in pairs]
            others = sa.table(reference.table, *columns, schema=plans.spec.schema).alias("others")
        statement = statement.where(*(others.c[there] == own.c[here] for there, here in pairs))
        if await _any(session, plans, statement, slots(filter)):
            return reference.table
    return None


async def _any(
    session: Session, plans: ModelPlans, statement: sa.Select[Any], values: Mapping[str, Any]
) -> bool:
    plan = Plan(statement, plans.dialect)
    return bool(await session.read(plan.sql, plan.arguments(values)))


def _changed(plans: ModelPlans, values: Mapping[str, Any]) -> set[str]:
    """The columns that an update changes; none for a delete."""
    parts: Iterable[Mapping[str, Any]] = (part for part in values.values() if isinstance(part, Mapping))
    named = {*values, *itertools.chain.from_iterable(parts)}
    return {field.column for field in plans.spec.fields if field.name in named}
