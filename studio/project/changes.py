"""What is an edit? A `Change`: data that can be applied, inverted, merged with its successor, and written down.

A change never looks at the world outside the project it is applied to, so the same change gives the same project: undo, redo and the
recovery journal all replay it. `changes_codec` in `persistence` writes changes down.

The kinds of change stand in `graph_changes`, `layout_changes` and `project_changes`; `change_types` lists every one of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

from studio.kernel.ids import WorkflowId
from studio.project.state import Project
from studio.workflow.graph import Workflow


@runtime_checkable
class Change(Protocol):
    """One undoable edit. `label` is what the Edit menu says after "Undo"."""

    @property
    def label(self) -> str: ...

    def apply(self, project: Project) -> Project: ...

    def inverse(self, project: Project) -> Change:
        """The change that leads from `apply(project)` back to `project`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowChange:
    """Base of the changes to one workflow."""

    workflow: WorkflowId

    def apply(self, project: Project) -> Project:
        return project.with_workflow(self.edit(project.workflow(self.workflow)))

    def edit(self, workflow: Workflow) -> Workflow:
        raise TypeError(f"{type(self).__name__} does not define edit()")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Several changes as one step, applied in order."""

    changes: tuple[Change, ...]
    title: str

    @property
    def label(self) -> str:
        return self.title

    def apply(self, project: Project) -> Project:
        for change in self.changes:
            project = change.apply(project)
        return project

    def inverse(self, project: Project) -> Change:
        inverses: list[Change] = []
        for change in self.changes:
            inverses.append(change.inverse(project))
            project = change.apply(project)
        return Group(changes=tuple(reversed(inverses)), title=self.title)

    def merge(self, later: Change) -> Change | None:
        """Two groups of the same kind become one when each of their changes can be one with its counterpart."""
        if (
            not isinstance(later, Group)
            or later.title != self.title
            or len(later.changes) != len(self.changes)
        ):
            return None
        joined = [merged(mine, theirs) for mine, theirs in zip(self.changes, later.changes, strict=True)]
        return replace(self, changes=tuple(change for change in joined if change)) if all(joined) else None


def merged(earlier: Change, later: Change) -> Change | None:
    """One change that does both, when the two belong to one gesture (typing, dragging); else None."""
    merge: Any = getattr(earlier, "merge", None)
    result: Change | None = merge(later) if merge else None
    return result
