"""What stands in the outline beside the nodes? Frames with what lies in them, notes and bookmarks: a small tree, made anew when it changes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from studio.workflow.frames import around

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId
    from studio.workflow.graph import Workflow

EntryKind = Literal["frames", "notes", "bookmarks", "frame", "note", "bookmark", "member"]
SECTIONS: Final = ("frames", "notes", "bookmarks")


@dataclass(slots=True, eq=False)
class Entry:
    """One row. `key` is the id of the frame, note or node, or the digit of the bookmark; of a section, its kind.

    `number` is its place in `LayoutTree.entries`, `row` its place among its siblings.
    """

    kind: EntryKind
    key: str
    row: int
    number: int
    parent: Entry | None = None
    children: list[Entry] = field(default_factory=list)

    @property
    def shape(self) -> tuple[object, ...]:
        """Equal for rows that stand alike, whatever is written in them."""
        return (self.kind, self.key, *(child.shape for child in self.children))


class LayoutTree:
    """The sections that there is anything for, in a fixed order, with all that stands below them."""

    def __init__(self) -> None:
        self.sections: list[Entry] = []
        self.entries: list[Entry] = []

    @classmethod
    def of(cls, workflow: Workflow, order: Sequence[NodeId]) -> LayoutTree:
        """`order` is the order in which nodes run: so they stand in their frames as well."""
        tree = cls()
        if workflow.frames:
            tree._add_frames(workflow, order, tree._add(None, "frames", "frames"))
        if workflow.notes:
            section = tree._add(None, "notes", "notes")
            for key in workflow.notes:
                tree._add(section, "note", key)
        if workflow.bookmarks:
            section = tree._add(None, "bookmarks", "bookmarks")
            for key in sorted(workflow.bookmarks):
                tree._add(section, "bookmark", key)
        return tree

    @property
    def shape(self) -> tuple[object, ...]:
        return tuple(section.shape for section in self.sections)

    def find(self, kind: str, key: str) -> Entry | None:
        """The first row for a thing; a note stands in its frame before it stands among the notes."""
        return next((entry for entry in self.entries if (entry.kind, entry.key) == (kind, key)), None)

    def members(self, node_id: NodeId) -> Iterator[Entry]:
        """The rows in frames that are this node."""
        return (entry for entry in self.entries if entry.kind == "member" and entry.key == node_id)

    def _add(self, parent: Entry | None, kind: EntryKind, key: str) -> Entry:
        siblings = self.sections if parent is None else parent.children
        entry = Entry(kind, key, len(siblings), len(self.entries), parent)
        siblings.append(entry)
        self.entries.append(entry)
        return entry

    def _add_frames(self, workflow: Workflow, order: Sequence[NodeId], section: Entry) -> None:
        inner: dict[str, list[str]] = {}
        frames = workflow.frames
        for frame in frames.values():
            outer = around(frames, frame.frame)
            # Frames that lie in one another in a circle lie in none.
            inner.setdefault(outer[0] if outer and frame.id not in outer else "", []).append(frame.id)
        nodes: dict[str, list[NodeId]] = {}
        for node_id in order:
            if node_id in workflow.places:
                nodes.setdefault(workflow.places[node_id].frame, []).append(node_id)
        notes: dict[str, list[str]] = {}
        for note in workflow.notes.values():
            notes.setdefault(note.frame, []).append(note.id)

        def fill(parent: Entry, frame_id: str) -> None:
            for key in inner.get(frame_id, ()):
                entry = self._add(parent, "frame", key)
                for node_id in nodes.get(key, ()):
                    self._add(entry, "member", node_id)
                for note_id in notes.get(key, ()):
                    self._add(entry, "note", note_id)
                fill(entry, key)

        fill(section, "")
