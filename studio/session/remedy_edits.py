"""Which edit makes a finding go? Pure functions from a workflow and a node to the changes; when they are offered stands in `remedies`.

Each gives no changes where its remedy does not fit the node as it is wired now: half a remedy is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from studio.kernel.ids import NodeId
from studio.models.spec import MANAGED, OPTION_FIELDS
from studio.project.changes import Change
from studio.project.graph_changes import AddNodes, EditNode, SetEdges, SetParams
from studio.session.editing import free_place, new_node
from studio.session.wiring import Converter
from studio.workflow.graph import Edge, Node, Place, Workflow, frozen
from studio.workflow.spec import AFTER, Catalogue

Changes = tuple[Change, ...]
_KEPT: Final = frozenset({*MANAGED, *OPTION_FIELDS})
_BEFORE: Final = 300.0
_BELOW: Final = 160.0


def set_params(
    workflow: Workflow, node: Node, values: Mapping[str, Any], clear: Iterable[str] = ()
) -> Changes:
    gone = tuple(name for name in clear if name in node.params)
    if not values and not gone:
        return ()
    return (SetParams(workflow=workflow.id, node=node.id, values=frozen(values), clear=gone),)


def without_param(workflow: Workflow, node: Node, field: str) -> Changes:
    """Takes away a param, or the part of one that a dotted name means, and the edges that fill it."""
    fed = [
        edge
        for edge in workflow.incoming.get(node.id, ())
        if edge.target_port == field or edge.target_port.startswith(f"{field}.")
    ]
    cut: Changes = (SetEdges(workflow=workflow.id, remove=tuple(fed)),) if fed else ()
    head, _, rest = field.partition(".")
    if not rest or field in node.params:
        return (*cut, *set_params(workflow, node, {}, clear=[field]))
    kept = _without(node.params.get(head), rest.split("."))
    if kept == node.params.get(head):
        return cut
    return (*cut, *set_params(workflow, node, {head: kept}))


def without_managed(workflow: Workflow, node: Node, field: str) -> Changes:
    """Takes away what the write path sets by itself: the param of that name, or all such names within a param."""
    last = field.rpartition(".")[2]
    if last in _KEPT:
        return without_param(workflow, node, field)
    value = node.params.get(field)
    kept = _without_names(value)
    return set_params(workflow, node, {field: kept}) if kept != value else ()


def renamed_param(workflow: Workflow, node: Node, field: str, new: str) -> Changes:
    """Gives a param's value to another, where that has none."""
    if field not in node.params or new in node.params:
        return ()
    return set_params(workflow, node, {new: node.params[field]}, clear=[field])


def converted(workflow: Workflow, catalogue: Catalogue, edge: Edge, by: Converter) -> Changes:
    """Puts the node that makes what an edge carries fit between its ends."""
    node = new_node(workflow, by.type, catalogue.find(by.type), params=by.params, title=by.title)
    source, target = (workflow.places.get(end, Place()) for end in (edge.source, edge.target))
    place = free_place(workflow, (source.x + target.x) / 2, (source.y + target.y) / 2 + _BELOW)
    return (
        SetEdges(workflow=workflow.id, remove=(edge,)),
        AddNodes(
            workflow=workflow.id,
            nodes=(node,),
            places=frozen({node.id: place}),
            edges=(
                replace(edge, target=node.id, target_port=by.entry),
                replace(edge, source=node.id, source_port=by.leaving),
            ),
        ),
    )


def read_before(
    workflow: Workflow, catalogue: Catalogue, node: Node, field: str, references: str
) -> tuple[str, Changes]:
    """Reads the record that a field refers to (`Customer.id`) before the node; the new node's title and the changes."""
    model, _, key = references.partition(".")
    spec = catalogue.find(f"{model}ReadNode")
    if spec is None or spec.output(key or "id") is None:
        return "", ()
    fed = [edge for edge in workflow.incoming.get(node.id, ()) if edge.target_port == field]
    if not fed and field not in node.params:
        return "", ()
    params = {} if fed else {"id": node.params[field]}
    reading = new_node(workflow, spec.type, spec, params=params)
    here = workflow.places.get(node.id, Place())
    place = free_place(workflow, here.x - _BEFORE, here.y + _BELOW)
    joined = Edge(source=reading.id, source_port=key or "id", target=node.id, target_port=field)
    led = [replace(edge, target=reading.id, target_port="id") for edge in fed]
    cut: Changes = (SetEdges(workflow=workflow.id, remove=tuple(fed)),) if fed else ()
    return reading.title, (
        *cut,
        *set_params(workflow, node, {}, clear=[field]),
        AddNodes(
            workflow=workflow.id,
            nodes=(reading,),
            places=frozen({reading.id: place}),
            edges=(*led, joined),
        ),
    )


def of_type(workflow: Workflow, node_id: NodeId, type_name: str) -> EditNode:
    return EditNode(workflow=workflow.id, node=node_id, values=frozen({"type": type_name}))


def upsert_for_create(workflow: Workflow, catalogue: Catalogue, node: Node, unique: Sequence[str]) -> Changes:
    """A Create becomes an Upsert that knows a record by `unique`; its params and edges are those of a Create."""
    wanted = node.type.replace("CreateNode", "UpsertNode")
    if wanted == node.type or catalogue.find(wanted) is None:
        return ()
    return (of_type(workflow, node.id, wanted), *set_params(workflow, node, {"conflict_on": list(unique)}))


def upsert_for_update(workflow: Workflow, catalogue: Catalogue, node: Node) -> Changes:
    """An Update by plain values, written into the node, becomes an Upsert: what is not there is created."""
    wanted = node.type.replace("UpdateNode", "UpsertNode")
    params = node.params
    where = params.get("filter") if "id" not in params else {"id": params["id"]}
    plain = isinstance(where, Mapping) and not any(isinstance(value, Mapping) for value in where.values())
    fields = params.get("fields")
    written = isinstance(fields, Mapping) and not any(isinstance(value, Mapping) for value in fields.values())
    if wanted == node.type or catalogue.find(wanted) is None or not plain or not written:
        return ()
    if _is_fed(workflow, node) or any(
        edge.source_port == "found" for edge in workflow.outgoing.get(node.id, ())
    ):
        return ()
    values = {"where": where, "create": fields, "update": fields}
    gone = ["id", "filter", "fields", "if_missing", "version"]
    return (of_type(workflow, node.id, wanted), *set_params(workflow, node, values, clear=gone))


def bulk_for_one(workflow: Workflow, catalogue: Catalogue, node: Node, operation: str) -> Changes:
    """An Update or Delete by a filter becomes the bulk node that may change several records."""
    name = operation.capitalize()
    wanted = f"{node.type.removesuffix(f'{name}Node')}Bulk{name}Node"
    spec = catalogue.find(wanted)
    if spec is None or "filter" not in node.params or _is_fed(workflow, node):
        return ()
    if any(spec.output(edge.source_port) is None for edge in workflow.outgoing.get(node.id, ())):
        return ()
    values = {"update": node.params["fields"]} if operation == "update" and "fields" in node.params else {}
    changes = set_params(workflow, node, values, clear=["fields", "if_missing", "version"])
    return (of_type(workflow, node.id, wanted), *changes)


def closing_edges(workflow: Workflow) -> tuple[Edge, ...]:
    """Of a loop of edges, those between the two nodes where it leads back: as they lie, from the right to the left."""
    loop = workflow.cycle()

    def leads_back(pair: tuple[NodeId, NodeId]) -> float:
        source, target = (workflow.places.get(node_id, Place()) for node_id in pair)
        return source.x - target.x

    pairs = [(loop[number], loop[(number + 1) % len(loop)]) for number in range(len(loop))]
    if not pairs:
        return ()
    source, target = max(pairs, key=leads_back)
    return tuple(edge for edge in workflow.incoming.get(target, ()) if edge.source == source)


def _is_fed(workflow: Workflow, node: Node) -> bool:
    return any(edge.target_port != AFTER for edge in workflow.incoming.get(node.id, ()))


def _without(value: Any, path: Sequence[str]) -> Any:
    """A copy of nested mappings without what stands at the path."""
    if not isinstance(value, Mapping) or path[0] not in value:
        return value
    if len(path) == 1:
        return {name: entry for name, entry in value.items() if name != path[0]}
    return {**value, path[0]: _without(value[path[0]], path[1:])}


def _without_names(value: Any) -> Any:
    """A copy of mappings and lists of them without the names that are kept by the write path."""
    if isinstance(value, Mapping):
        return {name: _without_names(entry) for name, entry in value.items() if name not in _KEPT}
    if isinstance(value, list | tuple):
        return [_without_names(entry) for entry in value]
    return value
