"""Which frames and notes of a workflow are seen, and what stands for what is not? Worked out once for each state of the frames; no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from studio.canvas.cards import FOLDED_HEIGHT, WIDTH
from studio.canvas.states import CardState
from studio.workflow.frames import outermost_first, stand_in
from studio.workflow.graph import Frame, Note, Workflow

TITLE_HEIGHT: Final = 32.0
"""The strip at the top of an open frame, by which it is dragged."""
PADDING: Final = 40.0
"""Room between a new frame's sides and what it was put around."""
SMALLEST: Final = (160.0, 80.0)
WORST_FIRST: Final = (
    CardState.PAUSED, CardState.ERROR, CardState.RUNNING, CardState.QUEUED, CardState.CANCELLED, CardState.STALE, CardState.OK, CardState.SKIPPED,
)  # fmt: skip
_TOLD: Final = {CardState.PAUSED: "paused", CardState.ERROR: "failed", CardState.RUNNING: "running"}


@dataclass(frozen=True, slots=True)
class Framing:
    """`shown` are the frames that are seen, those around others first; `notes` the notes that are."""

    shown: tuple[Frame, ...]
    notes: tuple[Note, ...]
    any_collapsed: bool
    frames: Mapping[str, Frame]

    @classmethod
    def of(cls, workflow: Workflow) -> Framing:
        frames, notes = workflow.frames, tuple(workflow.notes.values())
        if not any(frame.collapsed for frame in frames.values()):
            return cls(tuple(outermost_first(frames)), notes, False, frames)
        return cls(
            tuple(frame for frame in outermost_first(frames) if stand_in(frames, frame.frame) is None),
            tuple(note for note in notes if stand_in(frames, note.frame) is None),
            True,
            frames,
        )

    def stand_in(self, frame_id: str) -> Frame | None:
        """The collapsed frame that is seen in place of what lies in a frame; None when that is seen itself."""
        found = stand_in(self.frames, frame_id) if frame_id else None
        return self.frames[found] if found is not None else None


NO_FRAMES: Final = Framing((), (), False, {})


def size(frame: Frame) -> tuple[float, float]:
    """Width and height as they are drawn."""
    return (WIDTH, FOLDED_HEIGHT) if frame.collapsed else (frame.width, frame.height)


def box_of(frame: Frame) -> tuple[float, float, float, float]:
    """Left, top, right and bottom as they are drawn."""
    width, height = size(frame)
    return frame.x, frame.y, frame.x + width, frame.y + height


def bounds(frames: Iterable[Frame], notes: Iterable[Note]) -> list[tuple[float, float, float, float]]:
    """The boxes of what is seen beside nodes."""
    return [box_of(frame) for frame in frames] + [
        (note.x, note.y, note.x + note.width, note.y + note.height) for note in notes
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """What a collapsed frame stands for: how many nodes, how many of them selected, and the worst of what they have to say."""

    count: int
    selected: int
    state: CardState
    in_state: Mapping[int, int]
    severity: int

    @property
    def words(self) -> str:
        """`3 nodes · 1 failed`."""
        parts = [f"{self.count:,} {'node' if self.count == 1 else 'nodes'}"]
        parts += [
            f"{self.in_state[state]:,} {word}" for state, word in _TOLD.items() if self.in_state.get(state)
        ]
        if self.selected:
            parts.append(f"{self.selected:,} selected")
        return " · ".join(parts)
