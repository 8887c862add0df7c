"""How does each operation on a model look as a statement? Builders from parsed intents to plans; running them is others' business."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from studio.database.dialect import Brief
from studio.database.pipelines import Maker, Pipeline, RowPipelines
from studio.database.plans import ModelPlans, Plan
from studio.kernel.errors import ValueRefused
from studio.models.spec import DELETED_AT, VERSION, Kind
from studio.query.conditions import NO_SLOT
from studio.query.filters import Filter, parse_filter
from studio.query.updates import Update, parse_update
from studio.query.vocabulary import DOCUMENTS

__all__ = [
    "Ready",
    "as_given",
    "by_keys",
    "by_unique_field",
    "changed",
    "count",
    "delete_many",
    "delete_one",
    "insert_unless",
    "parse_changes",
    "parse_filter",
    "plain_update",
    "select",
    "slots",
    "update_many",
    "update_one",
    "upsert",
]

_ONE: sa.ColumnElement[Any] = sa.literal_column("1")


class Ready:
    """A plan with the values of one call."""

    __slots__ = ("plan", "values")

    def __init__(self, plan: Plan, values: Mapping[str, Any]) -> None:
        self.plan = plan
        self.values = values

    @property
    def arguments(self) -> list[Any]:
        return self.plan.arguments(self.values)


def slots(filter: Filter, prefix: str = "p") -> dict[str, Any]:
    """A filter's values by the names of their parameters."""
    return {f"{prefix}{place}": value for place, value in enumerate(filter.values)}


_MOST_PLAIN_UPDATES = 500
_SCALARS = frozenset({int, str, uuid.UUID})


def by_unique_field(
    plans: ModelPlans, filter: Mapping[str, Any], make: Callable[[ModelPlans, Filter], Ready]
) -> tuple[Plan, tuple[Any, ...]] | None:
    """What `make` (`select` or `delete_one`) gives for one unique field and a plain value, without the detours: the usual read or delete.

    None for every other filter, also for one that will be refused: the long way says why.
    """
    if filter.__class__ is not dict or len(filter) != 1:
        return None
    ((name, value),) = filter.items()
    if name not in plans.unique_fields or value.__class__ not in _SCALARS:
        return None
    plan = plans.quick.get((make, name))
    if plan is None:
        plan = plans.quick[make, name] = make(plans, parse_filter(plans.spec, filter)).plan
    try:
        return plan, (plans.found_by(name, value),)
    except ValueRefused:
        return None


def plain_update(
    plans: ModelPlans, filter: Mapping[str, Any], changes: Mapping[str, Any], now: Any
) -> tuple[PlainUpdate, tuple[Any, ...]] | None:
    """How plain values of the record that a unique field names are set, and the arguments: the usual update, without the detours.

    None for every other update, also for one that will be refused: the long way says why.
    """
    if filter.__class__ is not dict or len(filter) != 1 or changes.__class__ is not dict or not changes:
        return None
    ((name, value),) = filter.items()
    if name not in plans.unique_fields or value.__class__ not in _SCALARS:
        return None
    names = tuple(changes)
    try:
        found = plans.found_by(name, value)
    except ValueRefused:
        return None
    known = plans.plain_updates.get((name, names))
    if known is None:
        known = _build_plain_update(plans, filter, name, names)
        if known is None:
            return None
        if len(plans.plain_updates) >= _MOST_PLAIN_UPDATES:
            plans.plain_updates.clear()
        plans.plain_updates[name, names] = known
    if known.has_documents and any(isinstance(change, Mapping) for change in changes.values()):
        return None
    try:
        return known, (*known.convert(changes, plans.moment(now)), found)
    except ValueRefused:
        return None


class PlainUpdate(NamedTuple):
    """A plain update's statement and its pipeline. A mapping for one of its documents may be an operator.

    Where an UPDATE gives nothing back, `again` reads the record by the last of the arguments.
    """

    plan: Plan
    again: Plan | None
    convert: Pipeline
    has_documents: bool


def _build_plain_update(
    plans: ModelPlans, filter: Mapping[str, Any], name: str, names: tuple[str, ...]
) -> PlainUpdate | None:
    spec = plans.spec
    fields = [spec.by_name.get(changed) for changed in names]
    if spec.reflected:
        return None  # its columns may compare by collations of their own
    if any(field is None or field.managed or field.key for field in fields):
        return None
    stamp = plans.managed_update
    columns = tuple(
        field.name for field in spec.fields if field.name in names or (stamp is not None and field is stamp)
    )
    set_to: list[tuple[Any, Any]] = [
        (plans.column(changed), sa.bindparam(f"v{place}")) for place, changed in enumerate(columns)
    ]
    found = sa.bindparam("found", type_=plans.column(name).type)
    statement = sa.update(plans.table).ordered_values(*set_to).where(plans.column(name) == found)
    again = None
    if plans.dialect.update_returns:
        statement = statement.returning(*plans.returned)
    elif name in names:
        return None  # the record could not be found again
    else:
        again = select(plans, parse_filter(spec, filter)).plan
    return PlainUpdate(
        Plan(statement, plans.dialect, plans.maker(), takes=Brief),
        again,
        RowPipelines(spec, plans.dialect, columns, completing=False).pipeline(names),
        any(spec.by_name[changed].kind in DOCUMENTS for changed in names),
    )


def select(
    plans: ModelPlans,
    filter: Filter,
    *,
    fields: tuple[str, ...] | None = None,
    most: int | None = None,
    lock: bool = False,
    ordered: bool = False,
) -> Ready:
    """Records that match, at most `most` of them.

    With `lock` they are kept from others' changes until the transaction ends; `ordered`, they come in the order of their keys.
    """

    def build() -> tuple[Any, Maker]:
        names = plans.spec.names if fields is None else fields
        statement = sa.select(*plans.columns(names))
        clause = plans.where(filter)
        if clause is not None:
            statement = statement.where(clause)
        if ordered:
            statement = statement.order_by(*plans.columns(plans.spec.key))
        if most is not None:
            statement = statement.limit(sa.bindparam("most", most, type_=sa.BigInteger()))
        if lock:
            statement = statement.with_for_update()
        return statement, plans.maker(fields)

    key = ("select", filter.shape, fields, most is None, lock, ordered)
    plan = plans.plan(key, build, finds=filter.condition)
    return Ready(plan, {**slots(filter), "most": most})


def count(plans: ModelPlans, filter: Filter) -> Ready:
    def build() -> tuple[Any, None]:
        statement = sa.select(sa.func.count()).select_from(plans.table)
        clause = plans.where(filter)
        return (statement if clause is None else statement.where(clause)), None

    return Ready(plans.plan(("count", filter.shape), build), slots(filter))


def update_one(plans: ModelPlans, filter: Filter, changes: Update | None, now: Any) -> Ready:
    """Changes the record that matches, and none when several do; returns it where the dialect can. Without changes it is marked as deleted."""
    single = plans.identifies(filter.condition)

    def build() -> tuple[Any, Maker]:
        statement = sa.update(plans.table).values(assignments(plans, changes))
        statement = _only(plans, statement, filter, single=single)
        if not plans.dialect.update_returns:
            return statement, plans.maker()
        return statement.returning(*plans.returned), plans.maker()

    key = ("update", filter.shape, changes and changes.shape)
    plan = plans.plan(key, build, finds=filter.condition)
    return Ready(plan, {**slots(filter), **changed(changes), "now": now})


def delete_one(plans: ModelPlans, filter: Filter) -> Ready:
    """Deletes the record that matches, and none when several do; returns it."""
    single = plans.identifies(filter.condition)

    def build() -> tuple[Any, Maker]:
        statement = _only(plans, sa.delete(plans.table), filter, single=single)
        return statement.returning(*plans.returned), plans.maker()

    plan = plans.plan(("delete", filter.shape), build, finds=filter.condition)
    return Ready(plan, slots(filter))


def update_many(
    plans: ModelPlans, filter: Filter, changes: Update | None, now: Any, limit: int | None
) -> Ready:
    """Changes all records that match, at most `limit` of them. Without changes they are marked as deleted."""

    def build() -> tuple[Any, None]:
        statement = sa.update(plans.table).values(assignments(plans, changes))
        return _limited(plans, statement, filter, limited=limit is not None), None

    plan = plans.plan(("update-many", filter.shape, changes and changes.shape, limit is None), build)
    return Ready(plan, {**slots(filter), **changed(changes), "now": now, "most": limit})


def delete_many(plans: ModelPlans, filter: Filter, limit: int | None) -> Ready:
    def build() -> tuple[Any, None]:
        return _limited(plans, sa.delete(plans.table), filter, limited=limit is not None), None

    plan = plans.plan(("delete-many", filter.shape, limit is None), build)
    return Ready(plan, {**slots(filter), "most": limit})


def upsert(
    plans: ModelPlans, columns: tuple[str, ...], conflict: tuple[str, ...], changes: Update | None
) -> Plan:
    """INSERT … ON CONFLICT DO UPDATE … RETURNING all fields and, last, whether the record is new.

    For dialects that have a `created_flag`. The inserted values are `v0`, `v1`, … and already in the driver's form.
    """

    def build() -> tuple[Any, Maker]:
        statement = plans.insert(columns)
        elements = [plans.spec.by_name[name].column for name in conflict]
        keep = {elements[0]: plans.table.c[elements[0]]}
        update = assignments(plans, changes) if changes is not None else keep
        statement = statement.on_conflict_do_update(index_elements=elements, set_=update)
        return statement.returning(*plans.returned, plans.dialect.created_flag()), plans.maker()

    return plans.plan(("upsert", columns, conflict, changes.shape if changes else None), build)


def insert_unless(plans: ModelPlans, columns: tuple[str, ...], conflict: tuple[str, ...]) -> Plan:
    """INSERT … ON CONFLICT DO NOTHING RETURNING all fields: no row comes back when the record is there already."""

    def build() -> tuple[Any, Maker]:
        elements = [plans.spec.by_name[name].column for name in conflict]
        statement = plans.insert(columns).on_conflict_do_nothing(index_elements=elements)
        return statement.returning(*plans.returned), plans.maker()

    return plans.plan(("insert-unless", columns, conflict), build)


def by_keys(plans: ModelPlans, conflict: tuple[str, ...], records: list[Mapping[str, Any]]) -> Ready:
    """The records whose fields `conflict` equal those of one of `records`."""
    if len(conflict) == 1:
        wanted: dict[str, Any] = {conflict[0]: {"$in": [record[conflict[0]] for record in records]}}
    else:
        wanted = {"$or": [{name: record[name] for name in conflict} for record in records]}
    return select(plans, parse_filter(plans.spec, wanted))


def assignments(plans: ModelPlans, changes: Update | None) -> dict[str, Any]:
    """Column → new value; the managed timestamp and the version go with every change. No changes: the mark of being deleted."""
    if changes is None:
        column = plans.column(DELETED_AT)
        made: dict[str, Any] = {column.name: sa.bindparam("now", type_=column.type)}
    else:
        made = dict(changes.assignments(plans.table, plans.dialect.name, prefix="u"))
    if plans.care is not None and plans.care.is_versioned:
        made[plans.column(VERSION).name] = plans.column(VERSION) + _ONE
    managed = plans.managed_update
    if managed is not None:
        made[managed.column] = sa.bindparam("now", type_=plans.column(managed.name).type)
    return made


def changed(changes: Update | None) -> dict[str, Any]:
    return {f"u{place}": value for place, value in enumerate(changes.values)} if changes is not None else {}


def parse_changes(plans: ModelPlans, changes: Mapping[str, Any]) -> Update:
    parsed = parse_update(plans.spec, changes, dialect=plans.dialect.name)
    for step in parsed.steps:
        # What a column would round in silence is refused here as in a row.
        field = plans.spec.by_name[step.field]
        if field.kind is Kind.DECIMAL and step.slot != NO_SLOT and not field.encrypted:
            plans.bound(field, parsed.values[step.slot])
    return parsed if plans.care is None else plans.care.seal(parsed)


def as_given(given: Mapping[str, Any], conflict: Collection[str]) -> dict[str, Any]:
    """The change that sets all given fields but those of `conflict` to what is given, also to a mapping that looks like an operator."""
    return {
        name: {"$set": value}
        if isinstance(value, Mapping) and any(str(key).startswith("$") for key in value)
        else value
        for name, value in given.items()
        if name not in conflict
    }


def _only(plans: ModelPlans, statement: Any, filter: Filter, *, single: bool) -> Any:
    clause = plans.where(filter)
    if clause is not None:
        statement = statement.where(clause)
    if single:
        return statement
    others = plans.table.alias("others")
    some = sa.select(_ONE).select_from(others)
    other_clause = plans.where(filter, table=others)
    if other_clause is not None:
        some = some.where(other_clause)
    matching = sa.select(sa.func.count()).select_from(some.limit(2).subquery("matching")).scalar_subquery()
    return statement.where(matching < sa.literal_column("2"))


def _limited(plans: ModelPlans, statement: Any, filter: Filter, *, limited: bool) -> Any:
    """At most `most` of the matching rows, the first ones by their key."""
    clause = plans.where(filter)
    if not limited:
        return statement if clause is None else statement.where(clause)
    others = plans.table.alias("others")
    keys = [others.c[field.column] for field in plans.spec.key_fields]
    chosen = sa.select(*keys).select_from(others).order_by(*keys)
    other_clause = plans.where(filter, table=others)
    if other_clause is not None:
        chosen = chosen.where(other_clause)
    chosen = chosen.limit(sa.bindparam("most", type_=sa.BigInteger()))
    if plans.dialect.name == "mysql":
        # Neither a LIMIT within IN, nor the table that changes in a subquery: but in a query of its own it may stand.
        chosen = sa.select(*chosen.subquery("chosen").c)
    own = [plans.column(name) for name in plans.spec.key]
    target = own[0] if len(own) == 1 else sa.tuple_(*own)
    return statement.where(target.in_(chosen))
