"""Which change does a gesture mean? Pure functions from a workflow and a wish to a `Change`; applying it is the history's business."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from studio.kernel.ids import NodeId, short_id
from studio.kernel.names import FreeNames, snake_case, unique_name
from studio.project.changes import Change
from studio.project.graph_changes import AddNodes, RemoveNodes, SetEdges
from studio.project.layout_changes import SetFrames, SetNotes
from studio.workflow.frames import content, frame_at
from studio.workflow.graph import REFERRING, Edge, Frame, Node, Note, Place, Workflow, frozen
from studio.workflow.spec import AFTER, DONE, ERROR_PORT, NodeSpec, PortSpec
from studio.workflow.types import PortType, clash

LINKS: Final = "links"
"""Under this key the clipboard's text has the edges that led to what was copied."""
_Placed = TypeVar("_Placed", Place, Note, Frame)
_WHOLE_EXPRESSION: Final = re.compile(r"^\s*\{\{(.*)\}\}\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """An end of an edge at a node that is there already, waiting for the other end."""

    node: NodeId
    port: str
    is_output: bool


def new_node(
    workflow: Workflow,
    type_name: str,
    spec: NodeSpec | None,
    *,
    params: Mapping[str, Any] | None = None,
    title: str | None = None,
) -> Node:
    """A node with a readable id that is free in `workflow`; its title follows the id when others have the same."""
    wanted = title or (spec.title if spec else "") or type_name
    node_id = unique_name(snake_case(wanted) or "node", workflow.nodes)
    titles = {node.title for node in workflow.nodes.values()}
    shown = wanted
    number = 2
    while title is None and shown in titles:
        shown = f"{wanted} {number}"
        number += 1
    if title is None and type_name in REFERRING:
        shown = ""  # it is called like the workflow that it runs
    return Node(id=NodeId(node_id), type=type_name, params=frozen(params or {}), title=shown)


def free_place(workflow: Workflow, x: float, y: float, *, step: float = 24.0) -> Place:
    """The place wished for, or one a little to the lower right when a node lies exactly there."""
    taken = {(round(place.x), round(place.y)) for place in workflow.places.values()}
    while (round(x), round(y)) in taken:
        x, y = x + step, y + step
    return Place(x=x, y=y, frame=frame_at(workflow.frames, x, y))


def joining_port(spec: NodeSpec, other: PortType, joint: Joint) -> str | None:
    """The port of a node of kind `spec` that would be joined to `joint`, whose own port has the type `other`.

    Ports that the node needs come first, then drawn ones, then equal types; `after` and `error` only when nothing else fits.
    """
    best: tuple[int, str] | None = None
    candidates = spec.inputs if joint.is_output else spec.all_outputs
    for port in candidates:
        refusal = clash(other, port.type) if joint.is_output else clash(port.type, other)
        if refusal is None and (score := _score(port, other, joint)) > (best[0] if best else -1):
            best = (score, port.name)
    return best[1] if best else None


def _score(port: PortSpec, other: PortType, joint: Joint) -> int:
    if joint.is_output and (port.name == AFTER) != (joint.port == DONE):
        return 1 if port.name == AFTER else 0
    if not joint.is_output and port.name in (DONE, ERROR_PORT) and joint.port != AFTER:
        return 0
    if not joint.is_output and joint.port == AFTER:
        return 100 if port.name == DONE else 2
    score = 10
    score += 40 if port.type.kind == other.kind and port.type.many == other.many else 0
    score += 30 if port.type.model and port.type.model == other.model else 0
    score += 24 if port.primary else 0
    score += 12 if port.required else 0
    score += 8 if port.type.many == other.many else 0
    score += 6 if port.name == joint.port else 0
    score -= 6 if port.type.kind == "any" and not port.primary else 0
    return score


def port_type(spec: NodeSpec | None, joint: Joint) -> PortType | None:
    """The type of a joint's port; of a dotted path, that of its first part only when the path has no other."""
    if spec is None:
        return None
    port = spec.output(joint.port) if joint.is_output else spec.input(joint.port)
    if port is None:
        return None
    return PortType(kind="any", nullable=True) if "." in joint.port else port.type


def removal(
    workflow: Workflow, nodes: Iterable[NodeId], edges: Iterable[Edge]
) -> tuple[str, tuple[Change, ...]]:
    """The title and the changes that delete nodes and edges together; edges that go with a node are not named twice."""
    chosen = set(nodes)
    gone = tuple(node_id for node_id in workflow.nodes if node_id in chosen)
    present = set(workflow.edges)
    left = tuple(
        edge for edge in edges if edge in present and edge.source not in chosen and edge.target not in chosen
    )
    changes: list[Change] = []
    if left:
        changes.append(SetEdges(workflow=workflow.id, remove=left))
    if gone:
        changes.append(RemoveNodes(workflow=workflow.id, nodes=gone))
    title = changes[-1].label if changes else "Delete"
    return title, tuple(changes)


def replaced_edges(workflow: Workflow, edge: Edge) -> tuple[Edge, ...]:
    """The edges that give way to `edge`: those that end at the same port. Any number may end at `after`."""
    if edge.target_port == AFTER:
        return ()
    return tuple(
        known
        for known in workflow.incoming.get(edge.target, ())
        if known.target_port == edge.target_port and known != edge
    )


def part_of(
    workflow: Workflow, node_ids: Iterable[NodeId], notes: Iterable[str] = (), frames: Iterable[str] = ()
) -> Workflow:
    """The chosen nodes with the edges between them and their places, the chosen notes, and the chosen frames with what lies in them.

    The edges that lead to them from elsewhere are remembered beside the graph; `links_from` gives them back.
    """
    framed = tuple(frames)
    inside = content(workflow, framed)
    chosen = {*node_ids, *inside.nodes}
    chosen_notes = dict.fromkeys((*notes, *inside.notes))
    chosen_frames = {*framed, *inside.frames}
    edges = tuple(edge for edge in workflow.edges if edge.source in chosen and edge.target in chosen)
    links = [
        {"from": [edge.source, edge.source_port], "to": [edge.target, edge.target_port]}
        for edge in workflow.edges
        if edge.target in chosen and edge.source not in chosen
    ]
    return Workflow(
        id=workflow.id,
        name=workflow.name,
        nodes=frozen((node_id, node) for node_id, node in workflow.nodes.items() if node_id in chosen),
        edges=edges,
        places=frozen((node_id, place) for node_id, place in workflow.places.items() if node_id in chosen),
        notes=frozen((key, workflow.notes[key]) for key in chosen_notes if key in workflow.notes),
        frames=frozen((key, frame) for key, frame in workflow.frames.items() if key in chosen_frames),
        routes=frozen((edge.id, workflow.routes[edge.id]) for edge in edges if edge.id in workflow.routes),
        extra=frozen({LINKS: links} if links else {}),
    )


def links_from(part: Workflow, inserted: Iterable[Node]) -> list[Edge]:
    """The edges that led to `part` from elsewhere, now to the nodes that were inserted for it, which are in its order."""
    names = {old: node.id for old, node in zip(part.nodes, inserted, strict=True)}
    found = []
    listed = part.extra.get(LINKS)
    for link in listed if isinstance(listed, list | tuple) else ():
        ends = [link.get(key) for key in ("from", "to")] if isinstance(link, Mapping) else []
        if len(ends) == 2 and all(isinstance(end, list | tuple) and len(end) == 2 for end in ends):
            (source, source_port), (target, target_port) = ([str(value) for value in end] for end in ends)  # type: ignore[union-attr]  # checked above
            if target in names:
                found.append(
                    Edge(
                        source=NodeId(source),
                        source_port=source_port,
                        target=names[NodeId(target)],
                        target_port=target_port,
                    )
                )
    return found


def insertion(
    workflow: Workflow,
    part: Workflow,
    *,
    x: float | None = None,
    y: float | None = None,
    dx: float = 0.0,
    dy: float = 0.0,
) -> tuple[AddNodes, SetNotes, SetFrames]:
    """The changes that add `part` to `workflow` under free ids: its nodes, its notes, its frames.

    Its upper left corner comes to (x, y); without them it is shifted by (dx, dy). References in the pasted nodes' expressions follow
    the new ids; those to nodes that were not pasted stay as they are. What comes without its frame lies in the one it lands in.
    """
    free = FreeNames(workflow.nodes)
    names = {node_id: NodeId(free.take(node_id)) for node_id in part.nodes}
    frames = {key: short_id() for key in part.frames}
    dx, dy = _shift(part, x, y, dx, dy)

    def moved(entry: _Placed) -> _Placed:
        at = entry.x + dx, entry.y + dy
        frame = frames.get(entry.frame) or frame_at(workflow.frames, *at)
        return replace(entry, x=at[0], y=at[1], frame=frame)

    edges = {
        edge.id: replace(edge, source=names[edge.source], target=names[edge.target]) for edge in part.edges
    }
    addition = AddNodes(
        workflow=workflow.id,
        nodes=tuple(
            replace(node, id=names[node_id], params=frozen(_renamed(dict(node.params), names)))
            for node_id, node in part.nodes.items()
        ),
        places=frozen((names[key], moved(part.places.get(key, Place()))) for key in part.nodes),
        edges=tuple(edges.values()),
        routes=frozen(
            (edges[key].id, tuple((px + dx, py + dy) for px, py in route))
            for key, route in part.routes.items()
        ),
    )
    notes = [replace(moved(note), id=short_id()) for note in part.notes.values()]
    copies = [replace(moved(frame), id=frames[frame.id]) for frame in part.frames.values()]
    return (
        addition,
        SetNotes(workflow=workflow.id, put=frozen((note.id, note) for note in notes)),
        SetFrames(workflow=workflow.id, put=frozen((frame.id, frame) for frame in copies)),
    )


def _shift(part: Workflow, x: float | None, y: float | None, dx: float, dy: float) -> tuple[float, float]:
    corners = [(place.x, place.y) for place in part.places.values()]
    corners += [(note.x, note.y) for note in part.notes.values()]
    corners += [(frame.x, frame.y) for frame in part.frames.values()]
    left = min((corner[0] for corner in corners), default=0.0)
    top = min((corner[1] for corner in corners), default=0.0)
    return dx if x is None else x - left, dy if y is None else y - top


def _renamed(value: Any, names: Mapping[NodeId, NodeId]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$literal"}:
            return value
        return {key: _renamed(entry, names) for key, entry in value.items()}
    if isinstance(value, list):
        return [_renamed(entry, names) for entry in value]
    if isinstance(value, str) and (found := _WHOLE_EXPRESSION.match(value)):
        body = found.group(1)
        return value[: found.start(1)] + rename_in_expression(body, names) + value[found.end(1) :]
    return value


def rename_in_expression(text: str, names: Mapping[NodeId, NodeId]) -> str:
    """The expression with the names of nodes replaced; unchanged when it cannot be parsed."""
    stripped = text.strip()
    try:
        tree = ast.parse(stripped, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        return text
    lines = stripped.split("\n")
    places = [
        (entry.lineno - 1, entry.col_offset, entry.end_col_offset or 0, names[NodeId(entry.id)])
        for entry in ast.walk(tree)
        if isinstance(entry, ast.Name) and entry.id in names
    ]
    for line, begin, end, new in sorted(places, reverse=True):
        encoded = lines[line].encode()
        lines[line] = (encoded[:begin] + new.encode() + encoded[end:]).decode()
    start = text.index(stripped) if stripped else 0
    return text[:start] + "\n".join(lines) + text[start + len(stripped) :]
