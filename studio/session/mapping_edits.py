"""What does it mean to map a value to a field? The edit that does it, or why it cannot be and what would make it fit; and the way back.

A value goes along an edge to the field's port. A field of the rows of a bulk node goes through a Map before it, which is made where there
is none. What puts a node between two others is told (`Between`) and done by whoever knows where nodes lie.
"""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from studio.project.changes import Change
from studio.project.graph_changes import SetEdges, SetParams
from studio.session.editing import replaced_edges
from studio.session.mapping import PARTS, ROWS, Site, Source, Target, row_fields
from studio.session.wiring import Converter, conversion, converter, managed_refusal
from studio.workflow.edge_checks import type_fault
from studio.workflow.graph import Edge, Node, frozen
from studio.workflow.references import spec_for
from studio.workflow.spec import ParamSpec
from studio.workflow.types import clash


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A node that is to be put between the ends of an edge, which may be there already or not."""

    edge: Edge
    converter: Converter


Deed = Change | Between


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why a value cannot go to a field, and what would make it fit: `words` in short, and the edit."""

    reason: str
    words: str = ""
    offer: Deed | None = None


def mapped(site: Site, source: Source, target: Target) -> Deed | Refused:
    """The edit that maps a value to a field."""
    if target.state == "managed":
        return Refused(reason=managed_refusal(site.model, target.name))
    parts = [name for name in PARTS if name in site.node.params or _ends_at(site, name)]
    if site.operation == "upsert" and not site.is_bulk and parts:
        text = f'"{site.title}" takes its values from {" and ".join(parts)}.'
        return Refused(reason=f"{text} Clear them in Params to map single fields.")
    if site.is_bulk and target.field is not None and source.rows and source.port != source.rows:
        return _row_field(site, [(source, target)])
    return _edge(site, source, target)


def could_fit(source: Source, target: Target) -> bool:
    """Whether a value may be mapped to a field, by the types alone, with a node between if need be; `mapped` judges in earnest."""
    if target.state == "managed":
        return False
    return clash(source.type, target.type) is None or conversion(source.type, target.type) is not None


def _ends_at(site: Site, name: str) -> bool:
    return any(edge.target_port.partition(".")[0] == name for edge in site.incoming)


def _edge(site: Site, source: Source, target: Target) -> Deed | Refused:
    """One edge to the field's port."""
    if not target.port:
        return Refused(
            reason=f'Each row of "{site.title}" has its own "{target.name}": map it from the rows that come in.'
        )
    flat = Edge(
        source=source.node,
        source_port=source.port,
        target=site.node.id,
        target_port=target.param or target.port,
    )
    refusal = site.editor.why_not(site.workflow_id, flat)
    if refusal is None and not target.param:
        refusal = _type_words(site, source, target)
    if refusal is not None:
        found = converter(site.workflow, site.editor.catalogue, flat)
        offer = Between(edge=replace(flat, target_port=target.port), converter=found) if found else None
        words = f'{found.reason}: add "{found.title}"' if found else ""
        return Refused(reason=refusal, words=words, offer=offer)
    edge = replace(flat, target_port=target.port)
    return SetEdges(workflow=site.workflow_id, add=(edge,), remove=replaced_edges(site.workflow, edge))


def _type_words(site: Site, source: Source, target: Target) -> str | None:
    """What is wrong with the types, in the words of a wire, where the field has no port of its own."""
    giver = site.workflow.nodes[source.node]
    edge = Edge(source=source.node, source_port=source.port, target=site.node.id, target_port=target.name)
    fault = type_fault(
        edge,
        giver,
        spec_for(giver, site.editor.catalogue),
        source.type,
        site.node,
        site.spec,
        ParamSpec(name=target.name, type=target.type),
    )
    return f"{fault.message} {fault.hint}".strip() if fault is not None else None


# ------------------------------------------------------------ fields of rows


def _row_field(site: Site, pairs: list[tuple[Source, Target]]) -> Deed | Refused:
    """A field of each row, through the Map before the bulk node."""
    (source, target), *_ = pairs
    words = _type_words(site, source, target)
    found = conversion(source.type, target.type) if words is not None else None
    if words is not None and found is None:
        return Refused(reason=words)
    expression = expression_of(source.name)
    if found is not None and words is not None:
        body = str(found.params["fields"]["value"]).replace("record", expression)
        offer = map_rows(site, source, {target.name: body})
        if isinstance(offer, Refused):
            return offer
        return Refused(reason=words, words=f"{found.reason}: use {body}", offer=offer)
    return map_rows(site, source, {target.name: expression})


def map_rows(site: Site, source: Source, expressions: Mapping[str, str]) -> Deed | Refused:
    """The edit that gives each row these fields, by expressions over the row that `source` is a field of."""
    feed = site.rows_edge
    maker = _map_before(site, feed)
    if maker is not None and feed is not None and feed.source != source.node:
        entry = _entry(site, maker)
        if entry is not None and entry.source == source.node and entry.source_port == source.rows:
            held = maker.params.get("fields")
            fields = {**(held if isinstance(held, Mapping) else {}), **expressions}
            return SetParams(workflow=site.workflow_id, node=maker.id, values=frozen({"fields": fields}))
    passing: dict[str, str] = {}
    if feed is not None and (feed.source, feed.source_port) == (source.node, source.rows):
        known = set(site.model.names) - {field.name for field in site.model.fields if field.managed}
        passing = {name: expression_of(name) for name in row_fields(site) if name in known}
    elif feed is not None or ROWS in site.node.params:
        whose = f'from "{_title(site, feed.source)}"' if feed is not None else "from its own param"
        return Refused(reason=f'"{site.title}" gets its rows {whose} already. Unmap its rows first.')
    edge = Edge(source=source.node, source_port=source.rows, target=site.node.id, target_port=ROWS)
    made = Converter(
        type="Map",
        title="Map fields",
        entry="records",
        leaving="records",
        reason="rows",
        params=frozen({"fields": {**passing, **expressions}}),
    )
    return Between(edge=edge, converter=made)


def expression_of(name: str) -> str:
    """The expression over `record` that gives a field of it."""
    is_plain = name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_")
    return f"record.{name}" if is_plain else f"record[{name!r}]"


def _map_before(site: Site, feed: Edge | None) -> Node | None:
    """The Map that makes the rows of a bulk node."""
    node = site.workflow.nodes[feed.source] if feed is not None else None
    return node if node is not None and node.type == "Map" else None


def _entry(site: Site, maker: Node) -> Edge | None:
    return next(
        (edge for edge in site.workflow.incoming.get(maker.id, ()) if edge.target_port == "records"), None
    )


def _title(site: Site, node_id: str) -> str:
    node = site.workflow.nodes[next(known for known in site.workflow.nodes if known == node_id)]
    spec = spec_for(node, site.editor.catalogue)
    return node.title or (spec.title if spec is not None else node.type)


# ------------------------------------------------------------ the way back


def unmapped(site: Site, target: Target) -> Change | Refused | None:
    """The edit that takes away what a field is set to; None when it is set to nothing."""
    if target.state == "wire" and target.edge is not None:
        return SetEdges(workflow=site.workflow_id, remove=(target.edge,))
    if target.state == "whole" and target.edge is not None:
        where = f'"{target.edge.target_port}" comes whole from "{_title(site, target.edge.source)}"'
        return Refused(reason=f'{where}: disconnect that edge to set "{target.name}" apart.')
    if target.state == "rows":
        return _row_field_away(site, target)
    if target.state in ("value", "expression"):
        return _value_away(site, target)
    return None


def _value_away(site: Site, target: Target) -> Change:
    head, _, inner = target.port.partition(".")
    params = site.node.params
    if not inner or head not in params:
        names = site.spec.params_by_name
        own = names.get(head)
        used = [name for name in (head, *(own.aliases if own is not None else ())) if name in params]
        return SetParams(workflow=site.workflow_id, node=site.node.id, clear=tuple(used))
    held = {name: value for name, value in params[head].items() if name != inner}
    if not held:
        return SetParams(workflow=site.workflow_id, node=site.node.id, clear=(head,))
    return SetParams(workflow=site.workflow_id, node=site.node.id, values=frozen({head: held}))


def _row_field_away(site: Site, target: Target) -> Change | Refused:
    maker = _map_before(site, site.rows_edge)
    held: Any = maker.params.get("fields") if maker is not None else None
    if maker is None or not isinstance(held, Mapping) or target.name not in held:
        feed = site.rows_edge
        whose = f' of "{_title(site, feed.source)}"' if feed is not None else ""
        return Refused(
            reason=f'"{target.name}" comes with the rows{whose}: unmap the rows, or map other fields.'
        )
    fields = {name: value for name, value in held.items() if name != target.name}
    return SetParams(workflow=site.workflow_id, node=maker.id, values=frozen({"fields": fields}))
