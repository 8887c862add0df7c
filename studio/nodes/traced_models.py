"""Which fields do a model's nodes read, write, find records by and give? Of the params as they stand, before any run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from studio.kernel.errors import ModelError, StudioError
from studio.models.relations import Include
from studio.models.spec import DELETED_AT, MANAGED, VERSION, ModelSpec
from studio.nodes.tracing import RECORDS_NOTE, Station, Trace, names_in
from studio.query.aggregates import parse_aggregate
from studio.query.conditions import fields_of
from studio.query.stages import Aggregate, Group, Match, Project, Sort
from studio.workflow.graph import frozen
from studio.workflow.lineage import NOTHING, UNKNOWN, FieldRef, How, Shape

SET_NOTE: Final = "set by Studio"
_CHANGED: Final = frozenset({MANAGED[1], VERSION})
"""What Studio sets with each change of a record."""


def trace_model(station: Station) -> Trace:
    """What one of a model's nodes does. A field that a new record gets by default is not told as written."""
    spec, model = station.spec, station.model
    if spec is None or model is None:
        return Trace()
    for param in station.given:
        station.shape(param)  # tells what its expressions compute with
    return _OPERATIONS[spec.operation](station, model, _record(station, model, model.names))


def _record(station: Station, model: ModelSpec, names: Iterable[str]) -> Shape:
    connection = station.spec.connection or "" if station.spec is not None else ""
    refs = ((name, FieldRef(connection, model.name, name)) for name in names)
    return Shape(parts=frozen((name, Shape(frozenset({ref}))) for name, ref in refs))


def _use_all(station: Station, how: How, place: str, record: Shape, names: Iterable[str]) -> None:
    for name in names:
        station.use(how, place, record.part(name).origins)


def _of_record(station: Station, record: Shape) -> Trace:
    """A node that gives one record, and a port for each of its fields."""
    ports = {"record": record}
    for port in station.spec.outputs if station.spec is not None else ():
        name = port.name if port.name in record.parts else port.name.removesuffix("_")
        if name in record.parts and port.name not in ports:
            ports[port.name] = record.parts[name]
    return Trace(natural=record, ports=ports)


def _of_rows(records: Shape) -> Trace:
    return Trace(natural=records, ports={"records": records, "first": records})


# ------------------------------------------------------------------ finding and reading


def _find(station: Station, model: ModelSpec, full: Shape) -> None:
    """By the id, by a filter, and at a version."""
    if station.is_given("id"):
        _use_all(station, How.FINDS, "id", full, model.key)
    if station.is_given(VERSION) and model.versioned:
        _use_all(station, How.FINDS, VERSION, full, (VERSION,))
    station.filters("filter", full)


def _read_record(station: Station, model: ModelSpec, full: Shape, place: str) -> Shape:
    """The record with the fields that are wanted and the related ones that are included."""
    wanted = station.params.get("fields") if station.spec and station.spec.operation == "list" else None
    later = station.is_later("fields") if wanted is not None else False
    names = names_in(wanted) if wanted and not later else ()
    found = (
        full if not names else Shape(parts=frozen((name, full.part(name)) for name in names if name in model))
    )
    if later:
        station.may(How.READS, "fields", found)
    else:
        _use_all(station, How.READS, "fields" if names else place, found, found.parts)
    return _with_included(station, model, found)


def _with_included(station: Station, model: ModelSpec, record: Shape) -> Shape:
    include = station.params.get("include")
    if station.is_later("include"):
        return Shape(record.origins, record.parts, is_open=True)
    try:
        tree = station.family.include(model, names_in(include)) if include else ()
    except ModelError:
        tree = ()  # the checks tell
    return _nested(station, model, record, tree, "include")


def _nested(station: Station, model: ModelSpec, record: Shape, tree: Iterable[Include], place: str) -> Shape:
    parts: dict[str, Shape] = dict(record.parts)
    for entry in tree:
        relation, where = entry.relation, f"{place}.{entry.relation.name}"
        target = _record(station, entry.target, entry.target.names)
        own = _record(station, model, relation.local)
        _use_all(station, How.FINDS, where, own, relation.local)
        _use_all(station, How.FINDS, where, target, relation.remote)
        if entry.through is not None:
            link = _record(station, entry.through, (*relation.through_local, *relation.through_remote))
            _use_all(station, How.FINDS, where, link, link.parts)
        _use_all(station, How.READS, where, target, target.parts)
        parts[relation.name] = _nested(station, entry.target, target, entry.children, where)
    return Shape(record.origins, frozen(parts), record.is_open)


def _read(station: Station, model: ModelSpec, full: Shape) -> Trace:
    _find(station, model, full)
    return _of_record(station, _read_record(station, model, full, "record"))


def _list(station: Station, model: ModelSpec, full: Shape) -> Trace:
    station.filters("filter", full)
    station.orders("order_by", full)
    return _of_rows(_read_record(station, model, full, "records"))


def _count(station: Station, model: ModelSpec, full: Shape) -> Trace:
    station.filters("filter", full)
    return Trace()


def _aggregate(station: Station, model: ModelSpec, full: Shape) -> Trace:
    if not station.is_given("pipeline"):
        station.filters("filter", full)
        return _of_rows(station.aggregates(full))
    read = _pipeline(station, model)
    if read is None:
        station.may(How.COMPUTES, "pipeline", full)
        return _of_rows(UNKNOWN)
    return _of_rows(_stages(station, full, read))


def _pipeline(station: Station, model: ModelSpec) -> Aggregate | None:
    """The stages; None when they come during the run, in whole or in part, or cannot be read."""
    if station.is_later("pipeline"):
        return None
    try:
        return parse_aggregate(model, pipeline=station.params["pipeline"])
    except StudioError:
        return None  # the checks tell


def _stages(station: Station, full: Shape, read: Aggregate) -> Shape:
    current = full
    for number, stage in enumerate(read.stages):
        place = f"pipeline.{number}"
        match stage:
            case Match(condition=condition):
                for name in fields_of(condition):
                    station.use(How.FILTERS, place, current.part(name).origins)
            case Sort(terms=terms):
                for term in terms:
                    station.use(How.SORTS, place, current.part(term.field).origins)
            case Project(columns=columns):
                for _, source in columns:
                    station.use(How.SELECTS, place, current.part(source).origins)
                current = current.renamed(columns)
            case Group(keys=keys, figures=figures):
                for _, source in keys:
                    station.use(How.GROUPS, place, current.part(source).origins)
                sources = [(figure.name, figure.field) for figure in figures if figure.field is not None]
                for _, source in sources:
                    station.use(How.COMPUTES, place, current.part(source).origins)
                current = current.renamed([*keys, *sources])
            case _:
                pass
    return current


# ------------------------------------------------------------------ writing


def _write(station: Station, model: ModelSpec, full: Shape, *, but: frozenset[str] = frozenset()) -> None:
    """The params that stand for a field each."""
    for name in station.given:
        param = station.spec.params_by_name.get(name) if station.spec is not None else None
        if param is not None and param.field is not None and name not in but:
            station.use(How.WRITES, name, full.part(param.field).origins)


def _write_mapping(
    station: Station, model: ModelSpec, full: Shape, param: str, *, finds: frozenset[str] = frozenset()
) -> None:
    """A param that holds a record or rows: its names are fields. `finds` are those that say which record is meant."""
    if not station.is_given(param):
        return
    shape = station.shape(param)
    for name in shape.parts:
        head = name.partition(".")[0]
        if head in model:
            station.use(
                How.FINDS if head in finds else How.WRITES, f"{param}.{name}", full.part(head).origins
            )
    if shape.is_open or (not shape.parts and station.is_later(param)):
        others = [field.name for field in model.settable if field.name not in shape.parts]
        station.may(How.WRITES, param, _record(station, model, others), RECORDS_NOTE)


def _stamp(station: Station, model: ModelSpec, full: Shape, *, is_new: bool) -> None:
    """What Studio sets itself."""
    for field in model.fields:
        if field.managed and field.name != DELETED_AT and (is_new or field.name in _CHANGED):
            station.use(How.WRITES, "record", full.part(field.name).origins, SET_NOTE)


def _gone(station: Station, model: ModelSpec, full: Shape) -> None:
    """A record is deleted, or marked as deleted."""
    if model.soft_delete:
        station.use(How.WRITES, "record", full.part(DELETED_AT).origins, SET_NOTE)
        return
    _use_all(station, How.DELETES, "record", full, full.parts)


def _create(station: Station, model: ModelSpec, full: Shape) -> Trace:
    _write(station, model, full)
    _stamp(station, model, full, is_new=True)
    return _of_record(station, full)


def _update(station: Station, model: ModelSpec, full: Shape) -> Trace:
    _find(station, model, full)
    _write(station, model, full, but=frozenset({"id", "filter", "fields", VERSION}))
    _write_mapping(station, model, full, "fields")
    _stamp(station, model, full, is_new=False)
    return _of_record(station, full)


def _delete(station: Station, model: ModelSpec, full: Shape) -> Trace:
    _find(station, model, full)
    _gone(station, model, full)
    return _of_record(station, full)


def _upsert(station: Station, model: ModelSpec, full: Shape) -> Trace:
    key = frozenset(
        names_in(station.params.get("conflict_on")) if not station.is_later("conflict_on") else ()
    )
    _write(station, model, full)
    station.names("conflict_on", How.FINDS, full)
    if station.is_given("where"):
        _write_mapping(station, model, full, "where", finds=frozenset(model.names))
    for param in ("create", "update"):
        _write_mapping(station, model, full, param, finds=key if param == "create" else frozenset())
    _stamp(station, model, full, is_new=True)
    return _of_record(station, full)


def _bulk_write(station: Station, model: ModelSpec, full: Shape) -> Trace:
    _write(station, model, full)
    _write_mapping(station, model, full, "data")
    station.names("conflict_on", How.FINDS, full)
    _stamp(station, model, full, is_new=True)
    return _ids(model, full)


def _bulk_update(station: Station, model: ModelSpec, full: Shape) -> Trace:
    station.filters("filter", full)
    _write_mapping(station, model, full, "update")
    _write_mapping(station, model, full, "data", finds=frozenset(model.key))
    _stamp(station, model, full, is_new=False)
    return Trace()


def _bulk_delete(station: Station, model: ModelSpec, full: Shape) -> Trace:
    station.filters("filter", full)
    if station.is_given("ids"):
        _use_all(station, How.FINDS, "ids", full, model.key)
    _gone(station, model, full)
    return Trace()


def _ids(model: ModelSpec, full: Shape) -> Trace:
    ids = full.part(model.key[0]) if len(model.key) == 1 else NOTHING
    return Trace(natural=Shape(parts=frozen({"ids": ids})), ports={"ids": ids})


_OPERATIONS: Final[Mapping[str, Callable[[Station, ModelSpec, Shape], Trace]]] = {
    "create": _create,
    "read": _read,
    "update": _update,
    "delete": _delete,
    "list": _list,
    "count": _count,
    "upsert": _upsert,
    "aggregate": _aggregate,
    "bulk_create": _bulk_write,
    "bulk_update": _bulk_update,
    "bulk_delete": _bulk_delete,
    "bulk_upsert": _bulk_write,
}
