"""How is a workflow written down and read back? The YAML form: stable order, layout apart, nothing lost, each fault with its line.

How plain data becomes YAML stands in `yaml_writing`, how it is read in `yaml_reading`, how the layout is written in `layout_text`; whether the
workflow makes sense is `checks`' business. What this Studio does not know is kept in `extra` and written back: an unknown key of the document
or of a node where it stood, one deeper down (in an edge, an input or the layout) under the name of the part it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.names import did_you_mean
from studio.workflow.entries import Taker
from studio.workflow.graph import Edge, Node, Pin, Workflow, WorkflowInput, frozen
from studio.workflow.layout_text import (
    Layout,
    edge_name,
    edge_of,
    layout_from_node,
    layout_to_data,
    mapping,
)
from studio.workflow.yaml_reading import YamlNode, read_yaml, without_collections
from studio.workflow.yaml_writing import Block, Flow, write_yaml

FORMAT: Final = "studio/workflow"
NODES_FORMAT: Final = "studio/nodes"
PROJECT_FORMAT: Final = "studio/project"
VERSION: Final = 1

_KEYS: Final = ("format", "version", "id", "name", "description", "inputs", "nodes", "edges", "layout")


def workflow_to_yaml(workflow: Workflow) -> str:
    """The workflow's text; raises TextError when a param is no plain data."""
    return write_yaml({"format": FORMAT, "version": VERSION, **workflow_to_data(workflow)})


def workflow_from_yaml(text: str) -> Workflow:
    """The workflow of a text.

    Raises:
        TextError: With line and column: no YAML, another format, a newer version, a missing key, an edge to a node that is not there.
    """
    with without_collections():
        document = Taker(read_yaml(text), "the document")
        check_format(document, (FORMAT,))
        return workflow_from_node(document)


def nodes_to_yaml(part: Workflow) -> str:
    """Some nodes as text for the clipboard: without the workflow's own id and name; with the links that led to them."""
    data = workflow_to_data(part)
    kept: dict[str, Any] = {
        name: data[name] for name in ("nodes", "edges", "links", "layout") if name in data
    }
    return write_yaml({"format": NODES_FORMAT, "version": VERSION, **kept})


def nodes_from_yaml(text: str) -> Workflow:
    """The nodes of a clipboard's text, or of a whole workflow's; raises TextError."""
    document = Taker(read_yaml(text), "the text")
    if check_format(document, (NODES_FORMAT, FORMAT)) == FORMAT:
        return workflow_from_node(document)
    return _graph(document, WorkflowId(""), "")


def check_format(document: Taker, formats: Iterable[str]) -> str:
    """Takes `format` and `version` off the document; raises TextError when they are not for this Studio."""
    known = tuple(formats)
    names = " or ".join(repr(name) for name in known)
    node = document.take("format")
    if node is None:
        raise document.node.fault(
            "The text does not say what it is: the key 'format' is missing.", f"Add `format: {known[0]}`."
        )
    if node.value not in known:
        raise node.fault(
            f"The format is {node.plain()!r}; {names} is wanted here.", did_you_mean(str(node.value), known)
        )
    version = document.take("version")
    if version is None:
        return str(node.value)
    if isinstance(version.value, bool) or not isinstance(version.value, int):
        raise version.fault("'version' must be a whole number.", f"Write `version: {VERSION}`.")
    if version.value > VERSION:
        raise version.fault(
            f"The text is of version {version.value}; this Studio reads versions up to {VERSION}.",
            "Open it with a newer Studio.",
        )
    return str(node.value)


# ---------------------------------------------------------------- to data


def workflow_to_data(workflow: Workflow) -> dict[str, Any]:
    """The document's mapping without `format` and `version`; what has its usual value is left out."""
    extra = dict(workflow.extra)
    below = {name: mapping(extra.pop(name, None)) for name in ("inputs", "edges", "layout")}
    data: dict[str, Any] = {"id": workflow.id, "name": workflow.name}
    if workflow.description:
        data["description"] = workflow.description
    if workflow.inputs:
        data["inputs"] = [
            _input_to_data(entry, mapping(below["inputs"].get(entry.name))) for entry in workflow.inputs
        ]
    if workflow.nodes:
        data["nodes"] = [_node_to_data(node) for node in workflow.nodes.values()]
    if workflow.edges:
        data["edges"] = [
            _edge_to_data(edge, mapping(below["edges"].get(edge_name(edge)))) for edge in workflow.edges
        ]
    data |= {name: value for name, value in extra.items() if name not in _KEYS}
    layout = layout_to_data(workflow, dict(below["layout"]))
    if layout:
        data["layout"] = layout
    return data


def _input_to_data(entry: WorkflowInput, left: Mapping[str, Any]) -> dict[str, Any]:
    data: dict[str, Any] = {"name": entry.name, "kind": entry.kind}
    if entry.default is not None:
        data["default"] = entry.default
    if entry.required != (entry.default is None):
        data["required"] = entry.required
    if entry.description:
        data["description"] = entry.description
    return Block({**data, **left})


def _node_to_data(node: Node) -> dict[str, Any]:
    data: dict[str, Any] = {"id": node.id, "type": node.type}
    if node.title:
        data["title"] = node.title
    if node.comment:
        data["comment"] = node.comment
    if node.disabled:
        data["disabled"] = True
    if node.params:
        data["params"] = Block(node.params)
    if node.pinned is not None:
        data["pinned"] = node.pinned.value
    return Block({**data, **{name: value for name, value in node.extra.items() if name not in data}})


def _edge_to_data(edge: Edge, left: Mapping[str, Any]) -> dict[str, Any]:
    return Flow({"from": [edge.source, edge.source_port], "to": [edge.target, edge.target_port], **left})


# ---------------------------------------------------------------- from data


def workflow_from_node(document: Taker) -> Workflow:
    """The workflow of a mapping whose `format` and `version` have been taken off; raises TextError."""
    workflow_id = WorkflowId(document.text("id", ""))
    name = document.text("name")
    return _graph(document, workflow_id, name)


def _graph(document: Taker, workflow_id: WorkflowId, name: str) -> Workflow:
    description = document.text("description", "")
    below: dict[str, dict[str, Any]] = {"inputs": {}, "edges": {}}
    inputs = _inputs(document.sequence("inputs"), below["inputs"])
    nodes = _nodes(document.sequence("nodes"))
    edges = _edges(document.sequence("edges"), nodes, below["edges"])
    layout = document.take("layout")
    laid = layout_from_node(layout, nodes, edges) if layout is not None else Layout()
    extra = document.left() | {key: value for key, value in {**below, "layout": laid.left}.items() if value}
    return Workflow(
        id=workflow_id,
        name=name,
        description=description,
        inputs=inputs,
        nodes=frozen(nodes),
        edges=edges,
        places=frozen(laid.places),
        notes=frozen(laid.notes),
        frames=frozen(laid.frames),
        routes=frozen(laid.routes),
        bookmarks=frozen(laid.bookmarks),
        extra=frozen(extra),
    )


def _inputs(items: list[YamlNode], left: dict[str, Any]) -> tuple[WorkflowInput, ...]:
    found: dict[str, WorkflowInput] = {}
    for item in items:
        taker = Taker(item, "an input")
        name = taker.text("name")
        if name in found:
            raise item.fault(f"There are two inputs named {name!r}.", "Rename one of them.")
        kind = taker.text("kind", "any")
        default = taker.take("default")
        value = default.plain() if default is not None else None
        found[name] = WorkflowInput(
            name=name,
            kind=kind,
            default=value,
            required=taker.flag("required", default=value is None),
            description=taker.text("description", ""),
        )
        if unknown := taker.left():
            left[name] = unknown
    return tuple(found.values())


def _nodes(items: list[YamlNode]) -> dict[NodeId, Node]:
    found: dict[NodeId, Node] = {}
    for item in items:
        taker = Taker(item, "a node")
        pinned = taker.take("pinned")
        node_id = NodeId(taker.text("id"))
        if not node_id:
            raise item.fault("A node's id is empty.", "Give it a name of its own.")
        if node_id in found:
            raise item.fault(f"There are two nodes with the id {node_id!r}.", "Rename one of them.")
        found[node_id] = Node(
            id=node_id,
            type=taker.text("type"),
            title=taker.text("title", ""),
            comment=taker.text("comment", ""),
            disabled=taker.flag("disabled"),
            params=frozen(taker.mapping("params")),
            pinned=Pin(pinned.plain()) if pinned is not None else None,
            extra=frozen(taker.left()),
        )
    return found


def _edges(items: list[YamlNode], nodes: Mapping[NodeId, Node], left: dict[str, Any]) -> tuple[Edge, ...]:
    found: dict[Edge, None] = {}
    for item in items:
        taker = Taker(item, "an edge")
        edge = edge_of(taker, nodes)
        if edge in found:
            raise item.fault("The same edge stands twice.", "Remove one of the lines.")
        found[edge] = None
        if unknown := taker.left():
            left[edge_name(edge)] = unknown
    return tuple(found)
