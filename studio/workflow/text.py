"""How is a workflow written down and read back? The YAML form: stable order, layout apart, nothing lost, each fault with its line.

How plain data becomes YAML stands in `yaml_text`; whether the workflow makes sense is `checks`' business. What this Studio does not know is
kept in `extra` and written back: an unknown key of the document or of a node where it stood, one deeper down (in an edge, an input or
the layout) under the name of the part it belongs to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.names import did_you_mean
from studio.workflow.graph import Edge, Node, Note, Place, Workflow, WorkflowInput, frozen
from studio.workflow.yaml_text import Block, Flow, Taker, YamlNode, read_yaml, without_collections, write_yaml

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


def format_of(text: str) -> str | None:
    """What a text says it is (`studio/workflow`, …); None when it says nothing. Raises TextError when it is no YAML."""
    node = read_yaml(text)
    if node.kind != "mapping":
        return None
    return next(
        (value.value for key, value in node.value if key.value == "format" and value.kind == "scalar"), None
    )


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
    below = {name: _mapping(extra.pop(name, None)) for name in ("inputs", "edges", "layout")}
    data: dict[str, Any] = {"id": workflow.id, "name": workflow.name}
    if workflow.description:
        data["description"] = workflow.description
    if workflow.inputs:
        data["inputs"] = [
            _input_to_data(entry, _mapping(below["inputs"].get(entry.name))) for entry in workflow.inputs
        ]
    if workflow.nodes:
        data["nodes"] = [_node_to_data(node) for node in workflow.nodes.values()]
    if workflow.edges:
        data["edges"] = [
            _edge_to_data(edge, _mapping(below["edges"].get(_edge_name(edge)))) for edge in workflow.edges
        ]
    data |= {name: value for name, value in extra.items() if name not in _KEYS}
    layout = _layout_to_data(workflow, dict(below["layout"]))
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
    return Block({**data, **{name: value for name, value in node.extra.items() if name not in data}})


def _edge_to_data(edge: Edge, left: Mapping[str, Any]) -> dict[str, Any]:
    return Flow({"from": [edge.source, edge.source_port], "to": [edge.target, edge.target_port], **left})


def _layout_to_data(workflow: Workflow, left: dict[str, Any]) -> dict[str, Any]:
    below = {name: _mapping(left.pop(name, None)) for name in ("nodes", "notes")}
    layout: dict[str, Any] = {}
    if workflow.places:
        ordered = [node_id for node_id in workflow.nodes if node_id in workflow.places]
        layout["nodes"] = Block(
            {
                node_id: Flow(
                    {**_place_to_data(workflow.places[node_id]), **_mapping(below["nodes"].get(node_id))}
                )
                for node_id in ordered
            }
        )
    if workflow.notes:
        layout["notes"] = [
            Block({**_note_to_data(note), **_mapping(below["notes"].get(note.id))})
            for note in workflow.notes.values()
        ]
    return Block({**layout, **left})


def _place_to_data(place: Place) -> dict[str, Any]:
    data: dict[str, Any] = {"x": _coordinate(place.x), "y": _coordinate(place.y)}
    if place.collapsed:
        data["collapsed"] = True
    if place.all_ports:
        data["all_ports"] = True
    return data


def _note_to_data(note: Note) -> dict[str, Any]:
    data: dict[str, Any] = {"id": note.id, "text": note.text}
    data |= {name: _coordinate(getattr(note, name)) for name in ("x", "y", "width", "height")}
    if note.color:
        data["color"] = note.color
    return data


def _coordinate(value: float) -> float | int:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _edge_name(edge: Edge) -> str:
    return f"{edge.source}.{edge.source_port} -> {edge.target}.{edge.target_port}"


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
    places, notes, left = _layout(layout, nodes) if layout is not None else ({}, {}, {})
    extra = document.left() | {key: value for key, value in {**below, "layout": left}.items() if value}
    return Workflow(
        id=workflow_id,
        name=name,
        description=description,
        inputs=inputs,
        nodes=frozen(nodes),
        edges=edges,
        places=frozen(places),
        notes=frozen(notes),
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
            extra=frozen(taker.left()),
        )
    return found


def _edges(items: list[YamlNode], nodes: Mapping[NodeId, Node], left: dict[str, Any]) -> tuple[Edge, ...]:
    found: dict[Edge, None] = {}
    for item in items:
        taker = Taker(item, "an edge")
        source, source_port = _end(taker, "from", nodes)
        target, target_port = _end(taker, "to", nodes)
        edge = Edge(source=source, source_port=source_port, target=target, target_port=target_port)
        if edge in found:
            raise item.fault("The same edge stands twice.", "Remove one of the lines.")
        found[edge] = None
        if unknown := taker.left():
            left[_edge_name(edge)] = unknown
    return tuple(found)


def _end(taker: Taker, name: str, nodes: Mapping[NodeId, Node]) -> tuple[NodeId, str]:
    node = taker.take(name)
    if node is None:
        raise taker.missing(name)
    parts = node.plain()
    if not (isinstance(parts, list) and len(parts) == 2):
        raise node.fault(
            f"{name!r} of an edge must be a node and its port.", f"Write `{name}: [node, port]`."
        )
    node_id, port = (str(part) for part in parts)
    if node_id not in nodes:
        raise node.value[0].fault(
            f"An edge names the node {node_id!r}, which does not exist.", did_you_mean(node_id, nodes)
        )
    return NodeId(node_id), port


def _layout(
    node: YamlNode, nodes: Mapping[NodeId, Node]
) -> tuple[dict[NodeId, Place], dict[str, Note], dict[str, Any]]:
    taker = Taker(node, "the layout")
    left: dict[str, Any] = {}
    places: dict[NodeId, Place] = {}
    below: dict[str, Any] = {}
    listed = taker.take("nodes")
    for key, value in Taker(listed, "'nodes' of the layout").node.value if listed is not None else ():
        node_id = NodeId(str(key.value))
        if node_id not in nodes:
            raise key.fault(
                f"The layout names the node {node_id!r}, which does not exist.", did_you_mean(node_id, nodes)
            )
        entry = Taker(value, "a place")
        places[node_id] = Place(
            x=entry.number("x", 0.0),
            y=entry.number("y", 0.0),
            collapsed=entry.flag("collapsed"),
            all_ports=entry.flag("all_ports"),
        )
        if unknown := entry.left():
            below[node_id] = unknown
    notes, notes_below = _notes(taker.sequence("notes"))
    left = {name: value for name, value in {"nodes": below, "notes": notes_below}.items() if value}
    return places, notes, left | taker.left()


def _notes(items: list[YamlNode]) -> tuple[dict[str, Note], dict[str, Any]]:
    notes: dict[str, Note] = {}
    below: dict[str, Any] = {}
    for item in items:
        entry = Taker(item, "a note")
        note_id = entry.text("id")
        if note_id in notes:
            raise item.fault(f"There are two notes with the id {note_id!r}.", "Rename one of them.")
        notes[note_id] = Note(
            id=note_id,
            text=entry.text("text", ""),
            x=entry.number("x", 0.0),
            y=entry.number("y", 0.0),
            width=entry.number("width", 240.0),
            height=entry.number("height", 120.0),
            color=entry.text("color", ""),
        )
        if unknown := entry.left():
            below[note_id] = unknown
    return notes, below
