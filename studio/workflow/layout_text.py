"""How is a workflow's layout written down and read back? Places, notes, frames, routes and bookmarks: the part of the text that is about looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from studio.kernel.ids import EdgeId, NodeId
from studio.kernel.names import did_you_mean
from studio.workflow.entries import Taker
from studio.workflow.graph import Bookmark, Edge, Frame, Node, Note, Place, Point, Route, Workflow
from studio.workflow.yaml_reading import YamlNode
from studio.workflow.yaml_writing import Block, Flow

_PARTS: Final = ("nodes", "notes", "frames", "routes", "bookmarks")


@dataclass(slots=True)
class Layout:
    """What was read; `left` is what this Studio does not know, by the part it belongs to."""

    places: dict[NodeId, Place] = field(default_factory=dict)
    notes: dict[str, Note] = field(default_factory=dict)
    frames: dict[str, Frame] = field(default_factory=dict)
    routes: dict[EdgeId, Route] = field(default_factory=dict)
    bookmarks: dict[str, Bookmark] = field(default_factory=dict)
    left: dict[str, Any] = field(default_factory=dict)


# ---------------------------------------------------------------- to data


def layout_to_data(workflow: Workflow, left: dict[str, Any]) -> dict[str, Any]:
    """The mapping under `layout`; what has its usual value is left out. `left` is what was not known when it was read."""
    below = {name: mapping(left.pop(name, None)) for name in _PARTS}
    layout: dict[str, Any] = {}
    if workflow.places:
        ordered = [node_id for node_id in workflow.nodes if node_id in workflow.places]
        layout["nodes"] = Block(
            {
                node_id: Flow(
                    {**_place_to_data(workflow.places[node_id]), **mapping(below["nodes"].get(node_id))}
                )
                for node_id in ordered
            }
        )
    if workflow.notes:
        layout["notes"] = [
            Block({**_note_to_data(note), **mapping(below["notes"].get(note.id))})
            for note in workflow.notes.values()
        ]
    if workflow.frames:
        layout["frames"] = [
            Block({**_frame_to_data(frame), **mapping(below["frames"].get(frame.id))})
            for frame in workflow.frames.values()
        ]
    if workflow.routes:
        layout["routes"] = [
            Flow(
                {
                    **_route_to_data(edge, workflow.routes[edge.id]),
                    **mapping(below["routes"].get(edge_name(edge))),
                }
            )
            for edge in workflow.edges
            if edge.id in workflow.routes
        ]
    if workflow.bookmarks:
        layout["bookmarks"] = Block(
            {
                key: Flow(
                    {**_bookmark_to_data(workflow.bookmarks[key]), **mapping(below["bookmarks"].get(key))}
                )
                for key in sorted(workflow.bookmarks)
            }
        )
    return Block({**layout, **left})


def _place_to_data(place: Place) -> dict[str, Any]:
    data: dict[str, Any] = {"x": _coordinate(place.x), "y": _coordinate(place.y)}
    if place.collapsed:
        data["collapsed"] = True
    if place.all_ports:
        data["all_ports"] = True
    if place.frame:
        data["frame"] = place.frame
    return data


def _note_to_data(note: Note) -> dict[str, Any]:
    return {"id": note.id, "text": note.text, **_box_to_data(note)}


def _frame_to_data(frame: Frame) -> dict[str, Any]:
    collapsed = {"collapsed": True} if frame.collapsed else {}
    return {"id": frame.id, "title": frame.title, **_box_to_data(frame), **collapsed}


def _box_to_data(box: Note | Frame) -> dict[str, Any]:
    data: dict[str, Any] = {name: _coordinate(getattr(box, name)) for name in ("x", "y", "width", "height")}
    if box.color:
        data["color"] = box.color
    if box.frame:
        data["frame"] = box.frame
    return data


def _route_to_data(edge: Edge, route: Route) -> dict[str, Any]:
    points = [[_coordinate(x), _coordinate(y)] for x, y in route]
    return {
        "from": [edge.source, edge.source_port],
        "to": [edge.target, edge.target_port],
        "through": points,
    }


def _bookmark_to_data(bookmark: Bookmark) -> dict[str, Any]:
    title = {"title": bookmark.title} if bookmark.title else {}
    return {name: _coordinate(getattr(bookmark, name)) for name in ("x", "y", "zoom")} | title


def _coordinate(value: float) -> float | int:
    return int(value) if float(value).is_integer() and abs(value) < 1e15 else value


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def edge_name(edge: Edge) -> str:
    """What an edge is called where something about it is kept."""
    return f"{edge.source}.{edge.source_port} -> {edge.target}.{edge.target_port}"


# ---------------------------------------------------------------- from data


def layout_from_node(node: YamlNode, nodes: Mapping[NodeId, Node], edges: Iterable[Edge]) -> Layout:
    """The layout of a text; raises TextError, also for a node or an edge that is not there."""
    taker = Taker(node, "the layout")
    layout = Layout()
    below: dict[str, dict[str, Any]] = {name: {} for name in _PARTS}
    for key, value in _entries(taker, "nodes"):
        node_id = NodeId(str(key.value))
        if node_id not in nodes:
            raise key.fault(
                f"The layout names the node {node_id!r}, which does not exist.", did_you_mean(node_id, nodes)
            )
        entry = Taker(value, "a place")
        layout.places[node_id] = Place(
            x=entry.number("x", 0.0),
            y=entry.number("y", 0.0),
            collapsed=entry.flag("collapsed"),
            all_ports=entry.flag("all_ports"),
            frame=entry.text("frame", ""),
        )
        below["nodes"][node_id] = entry.left()
    layout.notes = _boxes(taker, "notes", "a note", _note, below["notes"])
    layout.frames = _boxes(taker, "frames", "a frame", _frame, below["frames"])
    known = {edge.id: edge for edge in edges}
    for item in taker.sequence("routes"):
        entry = Taker(item, "a route")
        edge = edge_of(entry, nodes)
        if edge.id not in known:
            raise item.fault(
                "A route is for an edge that does not exist.",
                did_you_mean(edge_name(edge), [edge_name(other) for other in known.values()]),
            )
        layout.routes[edge.id] = tuple(_point(point) for point in entry.sequence("through"))
        below["routes"][edge_name(edge)] = entry.left()
    layout.routes = {key: route for key, route in layout.routes.items() if route}
    for key, value in _entries(taker, "bookmarks"):
        entry = Taker(value, "a bookmark")
        layout.bookmarks[str(key.value)] = Bookmark(
            x=entry.number("x", 0.0),
            y=entry.number("y", 0.0),
            zoom=entry.number("zoom", 1.0),
            title=entry.text("title", ""),
        )
        below["bookmarks"][str(key.value)] = entry.left()
    unknown = {name: {key: left for key, left in found.items() if left} for name, found in below.items()}
    layout.left = {name: found for name, found in unknown.items() if found} | taker.left()
    return layout


def _entries(taker: Taker, name: str) -> Any:
    listed = taker.take(name)
    return Taker(listed, f"{name!r} of the layout").node.value if listed is not None else ()


def _boxes(taker: Taker, name: str, what: str, make: Any, below: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in taker.sequence(name):
        entry = Taker(item, what)
        key = entry.text("id")
        if key in found:
            raise item.fault(f"There are two {name} with the id {key!r}.", "Rename one of them.")
        found[key] = make(key, entry)
        below[key] = entry.left()
    return found


def _note(key: str, entry: Taker) -> Note:
    return Note(id=key, text=entry.text("text", ""), **_box(entry, 240.0, 120.0))


def _frame(key: str, entry: Taker) -> Frame:
    title, collapsed = entry.text("title", ""), entry.flag("collapsed")
    return Frame(id=key, title=title, collapsed=collapsed, **_box(entry, 400.0, 240.0))


def _box(entry: Taker, width: float, height: float) -> dict[str, Any]:
    return {
        "x": entry.number("x", 0.0),
        "y": entry.number("y", 0.0),
        "width": entry.number("width", width),
        "height": entry.number("height", height),
        "color": entry.text("color", ""),
        "frame": entry.text("frame", ""),
    }


def _point(node: YamlNode) -> Point:
    parts = node.plain()
    numbers = isinstance(parts, list) and [
        float(part) for part in parts if isinstance(part, int | float) and not isinstance(part, bool)
    ]
    if not numbers or not isinstance(parts, list) or len(numbers) != 2 or len(parts) != 2:
        raise node.fault("A point of a route must be two numbers.", "Write `[x, y]`.")
    return numbers[0], numbers[1]


def edge_of(taker: Taker, nodes: Mapping[NodeId, Node]) -> Edge:
    """The edge between `from` and `to`; raises TextError when one of its nodes is not there."""
    source, source_port = _end(taker, "from", nodes)
    target, target_port = _end(taker, "to", nodes)
    return Edge(source=source, source_port=source_port, target=target, target_port=target_port)


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
