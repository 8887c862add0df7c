"""How is an edit undone? One history for everything a person edits; what an edit is, is `changes`' business."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from studio.project.changes import Change, Group, merged
from studio.project.state import Project
from studio.project.step_text import step_text

MERGE_WINDOW_S = 1.5
"""Two edits of one gesture that lie further apart are two steps."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change, its inverse, when it was made (monotonic seconds), and what a list calls it."""

    change: Change
    inverse: Change
    made_at: float
    text: str


Observer = Callable[[Project, Project, Change], None]
"""Called after each alteration with the project before, the project after, and the change that was applied."""


class History:
    """Keeps the project and its steps.

    Invariants: `project` is the result of applying `steps[:position]` to the project it began with; undo and redo are exact
    inverses; a refused change alters nothing.
    """

    def __init__(self, project: Project, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._project = project
        self._steps: list[Step] = []
        self._position = 0
        self._clean: int | None = 0
        self._clock = clock
        self._open: list[tuple[Change, Change]] | None = None
        """What a group has done so far, each with its inverse."""
        self._sealed = True
        self._observers: list[Observer] = []

    @property
    def project(self) -> Project:
        return self._project

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(self._steps)

    @property
    def position(self) -> int:
        """How many steps are done; the rest can be redone."""
        return self._position

    @property
    def is_clean(self) -> bool:
        """Whether the project is as it was when last saved."""
        return self._clean == self._position and not self._open

    @property
    def clean_position(self) -> int | None:
        """How many steps were done when the project was last saved; None when no known state is the saved one."""
        return self._clean

    @property
    def undo_label(self) -> str | None:
        return self._steps[self._position - 1].change.label if self._position else None

    @property
    def redo_label(self) -> str | None:
        return self._steps[self._position].change.label if self._position < len(self._steps) else None

    @property
    def undo_text(self) -> str | None:
        """The label with what the change was made to: "Set limit of List users"."""
        return self._steps[self._position - 1].text if self._position else None

    @property
    def redo_text(self) -> str | None:
        return self._steps[self._position].text if self._position < len(self._steps) else None

    def at(self, position: int) -> Project:
        """The project as it is after so many steps; nothing is undone for it."""
        project = self._project
        for step in reversed(self._steps[position : self._position]):
            project = step.inverse.apply(project)
        for step in self._steps[self._position : position]:
            project = step.change.apply(project)
        return project

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Calls `observer` after every alteration; returns what ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def apply(self, change: Change, *, merge: bool = False) -> Project:
        """Does `change`. With `merge`, it joins the step before it when both belong to one gesture (typing, dragging)."""
        before = self._project
        after = change.apply(before)
        if after == before and _is_same(after, before):
            return before
        inverse = change.inverse(before)
        self._project = after
        if self._open is not None:
            self._open.append((change, inverse))
        else:
            self._record(change, inverse, before, merge=merge)
        self._tell(before, after, change)
        return after

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Everything applied inside becomes one step; an exception takes all of it back."""
        if self._open is not None:
            yield
            return
        self._open, begun = [], self._project
        try:
            yield
        except BaseException:
            opened, self._open = self._open, None
            for _, inverse in reversed(opened):
                before = self._project
                self._project = inverse.apply(before)
                self._tell(before, self._project, inverse)
            raise
        opened, self._open = self._open, None
        if opened:
            done = Group(changes=tuple(change for change, _ in opened), title=title)
            undone = Group(changes=tuple(inverse for _, inverse in reversed(opened)), title=title)
            self._record(done, undone, begun, merge=False)

    def seal(self) -> None:
        """Ends a gesture: the next change is a step of its own even if it could be merged."""
        self._sealed = True

    def undo(self) -> bool:
        """Takes the last step back; False when there is none."""
        if not self._position or self._open is not None:
            return False
        self._position -= 1
        self._go(self._steps[self._position].inverse)
        return True

    def redo(self) -> bool:
        if self._position >= len(self._steps) or self._open is not None:
            return False
        step = self._steps[self._position]
        self._position += 1
        self._go(step.change)
        return True

    def go_to(self, position: int) -> None:
        """Undoes or redoes until `position` steps are done."""
        while self._position > max(position, 0) and self.undo():
            pass
        while self._position < min(position, len(self._steps)) and self.redo():
            pass

    def mark_clean(self) -> None:
        """Says that the project as it is now has been saved."""
        self._clean = self._position
        self._sealed = True

    def mark_dirty(self) -> None:
        """Says that no known state is the saved one (after a recovery)."""
        self._clean = None

    def _record(self, change: Change, inverse: Change, before: Project, *, merge: bool) -> None:
        made_at = self._clock()
        if self._clean is not None and self._clean > self._position:
            self._clean = None
        del self._steps[self._position :]
        previous = self._steps[-1] if self._steps else None
        joined = None
        if (
            merge
            and previous
            and not self._sealed
            and self._clean != self._position
            and made_at - previous.made_at <= MERGE_WINDOW_S
        ):
            joined = merged(previous.change, change)
        if joined is not None and previous is not None:
            self._steps[-1] = Step(joined, previous.inverse, made_at, previous.text)
        else:
            text = step_text(change, before, self._project)
            self._steps.append(Step(change, inverse, made_at, text))
            self._position += 1
        self._sealed = not merge

    def _go(self, change: Change) -> None:
        before = self._project
        self._project = change.apply(before)
        self._sealed = True
        self._tell(before, self._project, change)

    def _tell(self, before: Project, after: Project, change: Change) -> None:
        for observer in list(self._observers):
            observer(before, after, change)


def _is_same(one: Any, other: Any) -> bool:
    """Whether two equal things are the same down to order and types: `==` alone takes True for 1 and for 1.0."""
    if one is other:
        return True
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(_is_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if is_dataclass(one):
        return all(_is_same(getattr(one, entry.name), getattr(other, entry.name)) for entry in fields(one))
    return type(one) is type(other) and repr(one) == repr(other)
