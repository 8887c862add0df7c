"""What can others do with frames, notes and bookmarks that they know by name? The canvas without a mouse: what a tree of it asks for."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from studio.canvas.framing import bounds
from studio.canvas.presses import with_content

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView
    from studio.kernel.ids import NodeId


class ByName:
    """Deeds upon one canvas' layout; what is not there, or lies hidden in a collapsed frame, is not shown."""

    def __init__(self, view: CanvasView) -> None:
        self._view = view

    def show(self, *, note: str = "", frame: str = "") -> None:
        """Selects a note or a frame and brings it into view."""
        view = self._view
        seen = view.projector.frames
        notes = [entry for entry in seen.notes if entry.id == note]
        frames = [entry for entry in seen.shown if entry.id == frame]
        boxes = bounds(frames, notes)
        view.select([])
        if boxes:
            view.viewer.set_selection(
                view.projector.geometry.selected,
                notes={entry.id for entry in notes},
                frames={entry.id for entry in frames},
            )
            view.reveal_box(boxes[0])

    def frame_around(
        self, nodes: Collection[NodeId], notes: Collection[str], frames: Collection[str]
    ) -> str | None:
        """Puts a frame around these things and gives its id; None when there are none."""
        view = self._view
        indices = view.projector.geometry.indices(nodes)
        return view.layout_editing.add_frame(with_content(view.viewer, indices, set(notes), set(frames)))

    def put_into(
        self, frame_id: str, nodes: Collection[NodeId], notes: Collection[str], frames: Collection[str]
    ) -> None:
        """Lays these things into a frame, which grows; with "", out of all frames."""
        view = self._view
        indices = view.projector.geometry.indices(nodes)
        held = with_content(view.viewer, indices, set(notes), set(frames))
        view.layout_editing.put_into(held, frame_id)

    def delete(self, nodes: Collection[NodeId], notes: Collection[str], frames: Collection[str]) -> None:
        """Deletes things as one step; of an open frame itself alone, of a collapsed one all that lies in it."""
        self._view.editing.remove(nodes, [], notes, frames)

    def add_note(self) -> str | None:
        """Adds an empty note in the middle of what is seen and gives its id."""
        camera = self._view.viewer.camera()
        return self._view.layout_editing.add_note(*camera.to_scene(camera.width / 2, camera.height / 2))

    def go_to_bookmark(self, key: str) -> None:
        self._view.bookmarks.jump(key)
