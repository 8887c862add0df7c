"""Which statements would a node run? For the SQL tab: parsed and compiled, not executed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from studio.database import pages
from studio.database import statements as st
from studio.database.figures import figures
from studio.database.plans import ModelPlans
from studio.database.results import AggregateQuery, ListQuery, Statement
from studio.database.writes import utc_now, without_empty_keys
from studio.kernel.behalf import TenantContext
from studio.kernel.errors import ValueRefused
from studio.kernel.names import did_you_mean


def preview(plans: ModelPlans, operation: str, params: Mapping[str, Any]) -> list[Statement]:
    """The statements of an operation with a node's params."""
    show = _OPERATIONS.get(operation)
    if show is None:
        raise ValueRefused(
            f"There is no operation {operation!r}.",
            hint=did_you_mean(operation, _OPERATIONS),
            field="operation",
        )
    if plans.spec.multi_tenant and TenantContext.current() is None:
        with TenantContext.set_current("(the tenant)"):
            return show(plans, params)
    return show(plans, params)


def _said(ready: st.Ready) -> list[Statement]:
    return [ready.plan.statement(ready.values)]


def _filter(plans: ModelPlans, params: Mapping[str, Any]) -> Mapping[str, Any] | None:
    for name in ("filter", "conditions", "where"):
        if params.get(name) is not None:
            given: Mapping[str, Any] = params[name]
            return given
    key = params.get("id")
    if key is None:
        return None
    return dict(key) if isinstance(key, Mapping) else {plans.spec.key[0]: key}


def _changes(plans: ModelPlans, params: Mapping[str, Any]) -> Mapping[str, Any]:
    for name in ("fields", "update", "data"):
        given = params.get(name)
        if isinstance(given, Mapping):
            return given
    return {name: value for name, value in params.items() if name in plans.spec.by_name and name != "id"}


def _create(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    given = without_empty_keys(plans.spec, params)
    plan = plans.insert_plan(given)
    row = plans.row(plan, given, utc_now())
    return [Statement(sql=plan.sql, params={str(place): value for place, value in enumerate(row, 1)})]


def _read(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    filter = plans.parsed(_filter(plans, params), include_deleted=bool(params.get("include_deleted")))
    return _said(st.select(plans, filter, most=None if plans.identifies(filter.condition) else 2))


def _update(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    filter = plans.parsed(_filter(plans, params))
    return _said(st.update_one(plans, filter, st.parse_changes(plans, _changes(plans, params)), utc_now()))


def _delete(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    filter = plans.parsed(_filter(plans, params))
    return _said(
        st.update_one(plans, filter, None, utc_now())
        if plans.spec.soft_delete
        else st.delete_one(plans, filter)
    )


def _list(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    query = ListQuery(
        filter=params.get("filter"),
        order_by=params.get("order_by") or (),
        limit=params.get("limit", 100),
        offset=params.get("offset") or 0,
        after=params.get("after"),
        fields=params.get("fields"),
        include_deleted=bool(params.get("include_deleted")),
    )
    return _said(pages.page(plans, query).ready)


def _count(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    return _said(
        st.count(
            plans,
            plans.parsed(_filter(plans, params), include_deleted=bool(params.get("include_deleted"))),
        )
    )


def _aggregate(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    return _said(figures(plans, AggregateQuery.of(params)).ready)


def _upsert(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    create = params.get("create")
    where = params.get("where") or {}
    flat = {name: value for name, value in params.items() if name in plans.spec.by_name}
    given = without_empty_keys(plans.spec, {**where, **create} if isinstance(create, Mapping) else flat)
    plans.check_settable(given)
    conflict = plans.conflict_fields(params.get("conflict_on") or tuple(where) or None, given)
    changes = params.get("update")
    if not isinstance(changes, Mapping):
        changes = {name: value for name, value in given.items() if name not in conflict}
    parsed = st.parse_changes(plans, changes) if changes else None
    inserting = plans.insert_plan(given)
    row = plans.row(inserting, given, utc_now())
    values = {f"v{place}": value for place, value in enumerate(row)}
    if plans.care is not None:
        wanted = plans.parsed({name: given[name] for name in conflict})
        said = _said(st.select(plans, wanted, most=2, lock=plans.dialect.name != "sqlite"))
        said.append(Statement(sql=inserting.sql, params={str(n): value for n, value in enumerate(row, 1)}))
        return said + (_said(st.update_one(plans, wanted, parsed, utc_now())) if parsed is not None else [])
    if plans.dialect.created_flag() is not None:
        plan = st.upsert(plans, inserting.columns, conflict, parsed)
        return [plan.statement({**values, **(st.changed(parsed) if parsed else {}), "now": utc_now()})]
    if plans.dialect.update_returns:
        said = [st.insert_unless(plans, inserting.columns, conflict).statement(values)]
    else:
        said = [
            Statement(sql=inserting.sql, params={str(place): value for place, value in enumerate(row, 1)})
        ]
    if parsed is not None:
        wanted = plans.parsed({name: given[name] for name in conflict})
        said += _said(st.update_one(plans, wanted, parsed, utc_now()))
    return said


def _bulk_create(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    rows = params.get("data")
    if not isinstance(rows, list | tuple) or not rows or not isinstance(rows[0], Mapping):
        plan = plans.insert_plan(field.name for field in plans.spec.settable if not field.generated)
        return [Statement(sql=plan.sql)]
    return _create(plans, rows[0])


def _bulk_update(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    rows = params.get("data")
    if isinstance(rows, list | tuple) and rows and isinstance(rows[0], Mapping):
        key = {name: rows[0][name] for name in plans.spec.key if name in rows[0]}
        changes = {name: value for name, value in rows[0].items() if name not in key}
        filter = plans.parsed(key)
        return _said(st.update_many(plans, filter, st.parse_changes(plans, changes), utc_now(), None))
    filter = plans.parsed(_filter(plans, params))
    parsed = st.parse_changes(plans, params.get("update") or _changes(plans, params))
    return _said(st.update_many(plans, filter, parsed, utc_now(), params.get("limit")))


def _bulk_delete(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    ids = params.get("ids")
    given = {plans.spec.key[0]: {"$in": list(ids)}} if ids is not None else _filter(plans, params)
    parsed, limit = plans.parsed(given), params.get("limit")
    return _said(
        st.update_many(plans, parsed, None, utc_now(), limit)
        if plans.spec.soft_delete
        else st.delete_many(plans, parsed, limit)
    )


def _bulk_upsert(plans: ModelPlans, params: Mapping[str, Any]) -> list[Statement]:
    rows = params.get("data")
    if not isinstance(rows, list | tuple) or not rows or not isinstance(rows[0], Mapping):
        return _bulk_create(plans, params)
    return _upsert(plans, {"create": rows[0], "conflict_on": params.get("conflict_on")})


_OPERATIONS: Mapping[str, Callable[[ModelPlans, Mapping[str, Any]], list[Statement]]] = {
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
