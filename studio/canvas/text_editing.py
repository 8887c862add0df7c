"""What is named or written where it stands on the canvas? Titles of nodes and frames, texts of notes; one floating editor for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from PySide6.QtCore import QObject, QRectF, Qt

from studio.canvas import frame_painter, note_painter
from studio.canvas.card_painter import BADGE_X, title_x
from studio.canvas.cards import HEADER

if TYPE_CHECKING:
    from studio.canvas.view import CanvasView


_ROOM_PX: Final = 8.0
"""Between what is edited and the border of the canvas."""


class TextEditing(QObject):
    """Opens the editor of one canvas over what is to be named, and hands on what was written."""

    def __init__(self, view: CanvasView) -> None:
        super().__init__(view)
        self._view = view
        self._new_note: tuple[str, int] | None = None
        """The editor's subject while it is a note just added, and the length of the history then."""
        view.editor.edited.connect(self._edited)
        view.editor.closed.connect(self._closed)
        self._box = QRectF()
        """Where what is edited lies in the scene."""
        view.viewer.zoom_changed.connect(self._follow)
        view.viewer.panned.connect(self._follow)

    def rename(self) -> None:
        """The selected node's title, or else the one note or frame that is selected."""
        viewer = self._view.viewer
        chosen = np.flatnonzero(self._view.projector.geometry.selected)
        if len(chosen):
            self._edit_node(int(chosen[-1]))
        elif len(viewer.selected_frames) == 1:
            self.edit_frame(next(iter(viewer.selected_frames)))
        elif len(viewer.selected_notes) == 1:
            self.edit_note(next(iter(viewer.selected_notes)))

    def _edit_node(self, i: int) -> None:
        geometry = self._view.projector.geometry
        self._view.reveal(geometry.ids[i])
        left, x, y = title_x(geometry.cards[i]), float(geometry.x[i]), float(geometry.y[i])
        box = QRectF(x + left - 6, y + 6, BADGE_X - left, HEADER - 12)
        self._open_line(f"node:{geometry.ids[i]}", geometry.cards[i].title, box)

    def edit_frame(self, frame_id: str) -> None:
        workflow = self._view.workflow
        frame = workflow.frames.get(frame_id) if workflow is not None else None
        if frame is not None:
            self._open_line(f"frame:{frame_id}", frame.title, frame_painter.title_box(frame))

    def _open_line(self, subject: str, text: str, box: QRectF) -> None:
        self._box = box
        self._bring_into_view(box)
        viewer = self._view.viewer
        self._view.editor.open_line(subject, text, self._editor_box(), viewer.style_, viewer.camera().zoom)

    def _bring_into_view(self, box: QRectF) -> None:
        """One wants to see what one writes."""
        self._view.viewer.pan_into_view(
            self._in_pixels(box).adjusted(-_ROOM_PX, -_ROOM_PX, _ROOM_PX, _ROOM_PX)
        )

    def _follow(self, *_: object) -> None:
        """The editor stays where its subject is, which is seen elsewhere now."""
        viewer, editor = self._view.viewer, self._view.editor
        if editor.is_open:
            editor.place(self._editor_box(), viewer.style_, viewer.camera().zoom)

    def _editor_box(self) -> QRectF:
        """Where the editor belongs: over a title, or within the border of the note that is edited."""
        box = self._in_pixels(self._box)
        is_note = self._view.viewer.edited_note is not None
        return note_painter.text_box(box).adjusted(-6, -6, 6, 6) if is_note else box

    def _in_pixels(self, box: QRectF) -> QRectF:
        camera = self._view.viewer.camera()
        x, y = camera.to_pixels(box.left(), box.top())
        return QRectF(x, y, box.width() * camera.zoom, box.height() * camera.zoom)

    def edit_note(self, note_id: str) -> None:
        workflow, viewer = self._view.workflow, self._view.viewer
        note = workflow.notes.get(note_id) if workflow is not None else None
        if note is None:
            return
        self._box = QRectF(note.x, note.y, note.width, note.height)
        self._bring_into_view(self._box)
        viewer.edited_note = note_id
        self._view.editor.open_text(
            f"note:{note_id}", note.text, self._editor_box(), viewer.style_, viewer.camera().zoom
        )
        viewer.redraw()

    def edit_new_note(self, note_id: str) -> None:
        """As `edit_note`; Esc takes the note away again."""
        self.edit_note(note_id)
        self._new_note = f"note:{note_id}", self._view.session.history.position

    def _edited(self, subject: str, text: str) -> None:
        kind, _, key = subject.partition(":")
        if kind == "node":
            self._view.viewer.node_name_changed.emit(key, text)
        elif kind == "frame":
            self._view.layout_editing.alter_frames([key], "Rename frame", title=text.strip())
        else:
            self._view.layout_editing.alter_note(key, text=text)

    def _closed(self, subject: str, kept: bool) -> None:
        viewer, session = self._view.viewer, self._view.session
        new_note, self._new_note = self._new_note, None
        if not kept and new_note == (subject, session.history.position):
            session.undo()
        viewer.edited_note = None
        viewer.setFocus(Qt.FocusReason.OtherFocusReason)
        viewer.redraw()
