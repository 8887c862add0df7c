"""Which fields do the nodes that belong to no model look at, pass on, rename or hand to somebody else?

What raw SQL, Python and a server do with what they are given is not known, and is said so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from studio.nodes.branching_specs import CASES, INPUTS
from studio.nodes.tracing import RECORDS_NOTE, UNKNOWN, Station, Trace, names_in
from studio.workflow.graph import frozen
from studio.workflow.lineage import NOTHING, How, Shape, either
from studio.workflow.params import takes_filter

FILE_NOTE: Final = "into a file"
SERVER_NOTE: Final = "to a server"
LOG_NOTE: Final = "into the log"
SQL_NOTE: Final = "into raw SQL; what that does with it is not known"
PYTHON_NOTE: Final = "to Python; what that does with it is not known"
UNKNOWN_NOTE: Final = "to a kind of node that is not known"


def _one(port: str, shape: Shape) -> Trace:
    return Trace(natural=shape, ports={port: shape})


def _records(shape: Shape, *others: str) -> Trace:
    return Trace(natural=shape, ports=dict.fromkeys(("records", "record", "first", *others), shape))


# ------------------------------------------------------------------ flow


def trace_input(station: Station) -> Trace:
    name = str(station.params.get("name") or "")
    return _one("value", station.inputs.get(name, UNKNOWN))


def trace_value(station: Station) -> Trace:
    """A node that passes its value on."""
    return _one("value", station.shape("value"))


def trace_if(station: Station) -> Trace:
    value = station.shape("value")
    spec = station.spec
    param = spec.params_by_name.get("condition") if spec is not None else None
    if param is not None and takes_filter(param, station.params.get("condition")):
        station.filters("condition", value)
    else:
        station.shape("condition", {"value": value})
    return Trace(natural=Shape(parts=frozen({"value": value})), ports={"true": value, "false": value})


def trace_switch(station: Station) -> Trace:
    value = station.shape("value")
    local = {"value": value}
    station.shape("on", local)
    station.shape("conditions", local)
    if station.is_given("cases") and not station.is_given("on"):
        station.use(How.COMPARES, "cases", value.origins)
    return Trace(
        natural=Shape(parts=frozen({"value": value})), ports=dict.fromkeys((*CASES, "default"), value)
    )


def trace_merge(station: Station) -> Trace:
    return _one("value", either(station.shape(name) for name in INPUTS))


def trace_log(station: Station) -> Trace:
    station.hands_over("message", LOG_NOTE)
    station.hands_over("value", LOG_NOTE)
    return trace_value(station)


def trace_fail(station: Station) -> Trace:
    station.hands_over("message", LOG_NOTE)
    station.hands_over("value", LOG_NOTE)
    return Trace()


# ------------------------------------------------------------------ records


def trace_map(station: Station) -> Trace:
    record = station.shape("records")
    made = station.shape("fields", {"record": record})
    if station.params.get("keep"):
        made = Shape(parts=frozen({**record.parts, **made.parts}), is_open=record.is_open or made.is_open)
    return _records(made)


def trace_filter(station: Station) -> Trace:
    records = station.shape("records")
    station.filters("filter", records)
    station.shape("condition", {"record": records})
    return _records(records, "matched", "rejected")


def trace_select(station: Station) -> Trace:
    records = station.shape("records")
    fields = station.names("fields", How.SELECTS, records)
    dropped = frozenset(names_in(station.params.get("drop")) if not station.is_later("drop") else ())
    rename = station.params.get("rename")
    renamed = {str(old): str(new) for old, new in rename.items()} if isinstance(rename, Mapping) else {}
    for old in renamed:
        station.use(How.SELECTS, f"rename.{old}", records.at(old.split(".")).origins)
    if fields:
        extra = [name for name in renamed if name not in fields]
        return _records(records.renamed((renamed.get(name, name), name) for name in (*fields, *extra)))
    kept = {renamed.get(name, name): part for name, part in records.parts.items() if name not in dropped}
    paths = {new: records.at(old.split(".")) for old, new in renamed.items() if "." in old}
    is_later = any(map(station.is_later, ("fields", "drop", "rename")))
    return _records(Shape(records.origins, frozen({**kept, **paths}), records.is_open or is_later))


def trace_sort(station: Station) -> Trace:
    records = station.shape("records")
    station.orders("order_by", records)
    return _records(records)


def trace_limit(station: Station) -> Trace:
    return _records(station.shape("records"))


def trace_distinct(station: Station) -> Trace:
    records = station.shape("records")
    station.names("fields", How.COMPARES, records)
    return _records(records, "duplicates")


def trace_join(station: Station) -> Trace:
    left, right = station.shape("left"), station.shape("right")
    on = station.params.get("on")
    pairs = {str(one): str(other) for one, other in on.items()} if isinstance(on, Mapping) else {}
    if not pairs:
        pairs = {name: name for name in names_in(on)} if not station.is_later("on") else {}
    if station.is_later("on"):
        station.may(How.COMPARES, "on", left)
        station.may(How.COMPARES, "on", right)
    for one, other in pairs.items():
        station.use(How.COMPARES, f"on.{one}", left.at(one.split(".")).origins)
        station.use(How.COMPARES, f"on.{one}", right.at(other.split(".")).origins)
    prefix = str(station.params.get("prefix", "right_"))
    shared = {one for one, other in pairs.items() if one == other}
    parts = dict(left.parts)
    for name, part in right.parts.items():
        if name in shared and name in parts:
            parts[name] = parts[name].merged(part)
        else:
            parts[f"{prefix}{name}" if name in parts else name] = part
    return _records(Shape(parts=frozen(parts), is_open=left.is_open or right.is_open))


def trace_group_by(station: Station) -> Trace:
    return _records(station.aggregates(station.shape("records")))


# ------------------------------------------------------------------ out of the workflow, and into it


def trace_read_file(station: Station) -> Trace:
    return _records(UNKNOWN)


def trace_write_file(station: Station) -> Trace:
    records = station.shape("records")
    names = station.names("fields", How.SELECTS, records)
    written = records.renamed((name, name) for name in names) if names else records
    station.hand_over("records", written, FILE_NOTE)
    return Trace()


def trace_http(station: Station) -> Trace:
    for name in ("url", "params", "headers", "json", "body", "user"):
        station.hands_over(name, SERVER_NOTE)
    return Trace(natural=UNKNOWN, ports={"body": UNKNOWN})


def trace_sql(station: Station) -> Trace:
    station.hands_over("params", SQL_NOTE)
    return _records(UNKNOWN)


def trace_python(station: Station) -> Trace:
    for name in station.given:
        if name != "code":
            station.hands_over(name, PYTHON_NOTE)
    return _one("value", UNKNOWN)


def trace_unknown(station: Station) -> Trace:
    """A kind of node that the project does not have, or one whose workflow is missing."""
    for name in station.given:
        station.hands_over(name, UNKNOWN_NOTE)
    return Trace(natural=UNKNOWN)


TRACERS: Final[Mapping[str, Callable[[Station], Trace]]] = {
    "Input": trace_input,
    "Output": trace_value,
    "Constant": trace_value,
    "If": trace_if,
    "Switch": trace_switch,
    "Merge": trace_merge,
    "Wait": trace_value,
    "Log": trace_log,
    "Fail": trace_fail,
    "Map": trace_map,
    "Filter": trace_filter,
    "Select": trace_select,
    "Sort": trace_sort,
    "Limit": trace_limit,
    "Distinct": trace_distinct,
    "Join": trace_join,
    "GroupBy": trace_group_by,
    "ReadCSV": trace_read_file,
    "ReadJSON": trace_read_file,
    "ReadParquet": trace_read_file,
    "WriteCSV": trace_write_file,
    "WriteJSON": trace_write_file,
    "WriteParquet": trace_write_file,
    "HTTPRequest": trace_http,
    "SQL": trace_sql,
    "Python": trace_python,
}
"""Every kind without a model but those that run another workflow."""

__all__ = ["NOTHING", "RECORDS_NOTE", "TRACERS", "trace_unknown"]
