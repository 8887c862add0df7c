"""What lies in which frame? Questions to a workflow's frames; a frame that names itself, or a circle of them, counts as lying in none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from studio.kernel.ids import NodeId
from studio.workflow.graph import Frame, Workflow


@dataclass(frozen=True, slots=True)
class Content:
    """What lies in frames, at any depth, in the workflow's order."""

    nodes: tuple[NodeId, ...]
    notes: tuple[str, ...]
    frames: tuple[str, ...]


def around(frames: Mapping[str, Frame], frame_id: str) -> list[str]:
    """The frame of that id and the frames around it, innermost first; none when it is not there."""
    found: list[str] = []
    while frame_id in frames and frame_id not in found:
        found.append(frame_id)
        frame_id = frames[frame_id].frame
    return found


def content(workflow: Workflow, frame_ids: Iterable[str]) -> Content:
    """What lies in any of these frames, themselves not counted unless they lie in one another."""
    chosen = set(frame_ids)
    frames = workflow.frames

    def is_inside(frame_id: str) -> bool:
        return not chosen.isdisjoint(around(frames, frame_id))

    inner = {frame_id: is_inside(frame_id) for frame_id in frames}
    return Content(
        nodes=tuple(
            node_id
            for node_id in workflow.nodes
            if node_id in workflow.places and inner.get(workflow.places[node_id].frame)
        ),
        notes=tuple(note.id for note in workflow.notes.values() if inner.get(note.frame)),
        frames=tuple(frame.id for frame in frames.values() if inner.get(frame.frame)),
    )


def stand_in(frames: Mapping[str, Frame], frame_id: str) -> str | None:
    """The collapsed frame that is shown in place of what lies in a frame: the outermost; None when all around it are open."""
    collapsed = [found for found in around(frames, frame_id) if frames[found].collapsed]
    return collapsed[-1] if collapsed else None


def frame_at(frames: Mapping[str, Frame], x: float, y: float, *, without: Collection[str] = ()) -> str:
    """The innermost open frame in which a point lies, "" for none. Those in `without`, and what lies in them, do not count."""
    best, depth = "", 0
    for frame in frames.values():
        if not (frame.x <= x <= frame.x + frame.width and frame.y <= y <= frame.y + frame.height):
            continue
        outer = around(frames, frame.id)
        is_open = not any(frames[found].collapsed or found in without for found in outer)
        if is_open and len(outer) >= depth:
            best, depth = frame.id, len(outer)
    return best


def outermost_first(frames: Mapping[str, Frame]) -> list[Frame]:
    """The frames in the order of painting: each after the one that it lies in."""
    return sorted(frames.values(), key=lambda frame: len(around(frames, frame.id)))
