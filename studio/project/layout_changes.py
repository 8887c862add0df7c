"""What can be edited on the canvas beside nodes and edges? Notes, frames, the routes of edges, bookmarks: entries put and removed by key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

from studio.kernel.ids import EdgeId
from studio.project.changes import Change, WorkflowChange
from studio.project.state import Project
from studio.workflow.graph import Bookmark, Frame, Note, Route, Workflow, frozen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entries(WorkflowChange):
    """Adds or alters entries (`put`) of one of a workflow's mappings and removes others."""

    put: Mapping[str, Any] = field(default_factory=frozen)
    remove: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    """The whole order of entries afterwards; given by an inverse only."""

    part: ClassVar[str] = ""
    noun: ClassVar[str] = ""

    @property
    def label(self) -> str:
        return f"Delete {self.noun}" if self.remove and not self.put else f"Edit {self.noun}"

    def edit(self, workflow: Workflow) -> Workflow:
        before: Mapping[str, Any] = getattr(workflow, self.part)
        after = {key: entry for key, entry in before.items() if key not in self.remove} | dict(self.put)
        if self.order:
            after = {key: after[key] for key in self.order if key in after}
        values: dict[str, Any] = {self.part: frozen(after)}
        return replace(workflow, **values)

    def inverse(self, project: Project) -> Change:
        before: Mapping[str, Any] = getattr(project.workflow(self.workflow), self.part)
        touched = dict.fromkeys((*self.put, *self.remove))
        return type(self)(
            workflow=self.workflow,
            put=frozen({key: before[key] for key in touched if key in before}),
            remove=tuple(key for key in self.put if key not in before),
            order=tuple(before),
        )

    def merge(self, later: Change) -> Self | None:
        """Typing in one entry, or dragging the same entries, becomes one step."""
        if not isinstance(later, type(self)) or later.workflow != self.workflow:
            return None
        is_same = set(later.put) == set(self.put) and not self.remove and not later.remove
        return replace(self, put=later.put) if is_same else None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetNotes(_Entries):
    """Adds, alters and removes notes."""

    put: Mapping[str, Note] = field(default_factory=frozen)
    part: ClassVar[str] = "notes"
    noun: ClassVar[str] = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetFrames(_Entries):
    """Adds, alters and removes frames; what lies in them stays where it is."""

    put: Mapping[str, Frame] = field(default_factory=frozen)
    part: ClassVar[str] = "frames"
    noun: ClassVar[str] = "frame"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBookmarks(_Entries):
    """Sets and clears bookmarks."""

    put: Mapping[str, Bookmark] = field(default_factory=frozen)
    part: ClassVar[str] = "bookmarks"
    noun: ClassVar[str] = "bookmark"

    @property
    def label(self) -> str:
        verb, keys = ("Set", tuple(self.put)) if self.put else ("Clear", self.remove)
        return f"{verb} bookmark {keys[0]}" if len(keys) == 1 else f"{verb} bookmarks"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRoutes(WorkflowChange):
    """Lets edges pass other points; an edge without any goes straight to its end."""

    routes: Mapping[EdgeId, Route]

    @property
    def label(self) -> str:
        return "Route edge" if len(self.routes) == 1 else "Route edges"

    def edit(self, workflow: Workflow) -> Workflow:
        return workflow.with_routes(self.routes)

    def inverse(self, project: Project) -> Change:
        before = project.workflow(self.workflow).routes
        return SetRoutes(
            workflow=self.workflow, routes=frozen({key: before.get(key, ()) for key in self.routes})
        )

    def merge(self, later: Change) -> Change | None:
        same = isinstance(later, SetRoutes) and later.workflow == self.workflow
        if same and isinstance(later, SetRoutes) and set(later.routes) == set(self.routes):
            return later
        return None
