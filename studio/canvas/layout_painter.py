"""What lies under edges and cards? Frames, those around others first, and notes over them; only what can be seen is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from studio.canvas.frame_painter import paint_frame
from studio.canvas.framing import box_of
from studio.canvas.note_painter import NotePainter
from studio.workflow.graph import Frame, Note

if TYPE_CHECKING:
    from PySide6.QtGui import QPainter

    from studio.canvas.camera import Camera
    from studio.canvas.projector import Projector
    from studio.canvas.style import Style


@dataclass(frozen=True, slots=True)
class Marks:
    """What of frames and notes is selected, edited, about to take something in, or dragged (by id, as it is shown meanwhile)."""

    notes: set[str] = field(default_factory=set)
    frames: set[str] = field(default_factory=set)
    edited: str | None = None
    target: str | None = None
    dragged: Mapping[str, Frame | Note] = field(default_factory=dict)


NO_MARKS = Marks()


class LayoutPainter:
    """Draws a projector's frames and notes in one style."""

    def __init__(self, style: Style, *, whole_lines: bool = False) -> None:
        self._style = style
        self._notes = NotePainter(style, whole_lines=whole_lines)

    def paint(self, painter: QPainter, camera: Camera, projector: Projector, marks: Marks = NO_MARKS) -> None:
        for frame in projector.frames.shown:
            shown = marks.dragged.get(frame.id, frame)
            if isinstance(shown, Frame) and _is_seen(camera, box_of(shown)):
                paint_frame(
                    painter,
                    camera,
                    shown,
                    self._style,
                    selected=frame.id in marks.frames,
                    is_target=frame.id == marks.target,
                    inside=projector.held_by(frame.id) if frame.collapsed else None,
                )
        for note in projector.frames.notes:
            drawn = marks.dragged.get(note.id, note)
            box = (drawn.x, drawn.y, drawn.x + drawn.width, drawn.y + drawn.height)
            if isinstance(drawn, Note) and _is_seen(camera, box):
                self._notes.paint(
                    painter, camera, drawn, selected=note.id in marks.notes, editing=note.id == marks.edited
                )


def _is_seen(camera: Camera, box: tuple[float, float, float, float]) -> bool:
    left, top, right, bottom = box
    return left < camera.right and right > camera.left and top < camera.bottom and bottom > camera.top
