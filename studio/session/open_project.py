"""What is open, who is told when it changes, and what follows from a change? The project with its undo memory, its kinds of node, its problems.

What a person can do to it stands in `editor`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.problems import Problem
from studio.project.changes import Change
from studio.project.history import History
from studio.project.state import Project
from studio.session.environment import Environment
from studio.session.events import (
    CatalogueChanged,
    LogAdded,
    LogEntry,
    LogLevel,
    ProblemsChanged,
    ProjectChanged,
    SavedStateChanged,
    SessionEvent,
)
from studio.workflow.graph import REFERRING, Workflow
from studio.workflow.references import is_same
from studio.workflow.spec import Catalogue, NodeSpec

if TYPE_CHECKING:
    from studio.nodes.catalogue import NodeCatalogue

Listener = Callable[[SessionEvent], None]


class OpenProject:
    """A project that is being edited.

    Invariant: every alteration of `project` goes through `history`, and each is told to the listeners.
    """

    def __init__(self, project: Project, *, env: Environment | None = None) -> None:
        self.env = env or Environment.default()
        self.history = History(project)
        self._listeners: list[Listener] = []
        self._catalogue: NodeCatalogue | None = None
        self._problems: dict[WorkflowId, tuple[tuple[Workflow, ...], Catalogue, tuple[Problem, ...]]] = {}
        self._looks: dict[tuple[WorkflowId, NodeId], NodeSpec | None] = {}
        """How nodes that run another workflow looked when such a workflow was edited last."""
        self._was_modified = False
        self._trusted = False
        self.history.observe(self._on_change)

    # ------------------------------------------------------------ state

    @property
    def project(self) -> Project:
        return self.history.project

    @property
    def is_modified(self) -> bool:
        return not self.history.is_clean

    @property
    def trusted(self) -> bool:
        """Whether Python nodes of this project may run on this machine."""
        return self._trusted

    def trust(self) -> None:
        self._trusted = True

    def observe(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` with every event, on the session's thread; returns what ends it."""
        self._listeners.append(listener)

        def stop() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(listener)

        return stop

    def log(
        self,
        message: str,
        *,
        level: LogLevel = "info",
        workflow: WorkflowId | None = None,
        node: NodeId | None = None,
    ) -> None:
        entry = LogEntry(at=self.env.clock(), level=level, message=message, workflow=workflow, node=node)
        self._tell(LogAdded(entry))

    # ------------------------------------------------------------ editing

    def edit(self, change: Change, *, merge: bool = False) -> None:
        """Does `change`; with `merge` it joins the step before when both belong to one gesture (typing, dragging)."""
        self.history.apply(change, merge=merge)

    @contextlib.contextmanager
    def group(self, title: str) -> Iterator[None]:
        """What is edited inside is one step."""
        try:
            with self.history.group(title):
                yield
        finally:
            self._tell_saved_state()

    def undo(self) -> None:
        self.history.undo()

    def redo(self) -> None:
        self.history.redo()

    # ------------------------------------------------------------ kinds of node, problems

    @property
    def catalogue(self) -> NodeCatalogue:
        """All kinds of node that the project's workflows can use; made anew when models or connections have changed."""
        if self._catalogue is None:
            from studio.session.catalogue import project_catalogue

            self._catalogue = project_catalogue(self.project, lambda: self.project.workflows)
        return self._catalogue

    def problems(self, workflow_id: WorkflowId) -> tuple[Problem, ...]:
        """All findings in a workflow, errors first; worked out once per state of the workflow and of those that it runs."""
        from studio.workflow.checks import check

        workflow = self.project.workflow(workflow_id)
        catalogue = self.catalogue
        looked_at = catalogue.library.closure(workflow)
        known = self._problems.get(workflow_id)
        if known is not None and known[1] is catalogue and is_same(known[0], looked_at):
            return known[2]
        found = tuple(check(workflow, catalogue))
        self._problems[workflow_id] = (looked_at, catalogue, found)
        return found

    # ------------------------------------------------------------ inside

    def _on_change(self, before: Project, after: Project, change: Change) -> None:
        other_kinds = after.models is not before.models or after.connections is not before.connections
        if other_kinds:
            self._catalogue = None
        changed = changed_workflows(before, after)
        users = users_of(changed, before, after)
        self._tell(ProjectChanged(before, after, change))
        if other_kinds or self._have_other_ports(users):
            self._tell(CatalogueChanged())
        for workflow_id in after.workflows:
            if other_kinds or workflow_id in changed or workflow_id in users:
                self._tell(ProblemsChanged(workflow_id))
        self._tell_saved_state()

    def _have_other_ports(self, users: Iterable[WorkflowId]) -> bool:
        """Whether nodes that run a workflow look otherwise than they did; remembers how they look."""
        if not users:
            return False
        catalogue = self.catalogue
        looks = {
            (workflow_id, node.id): catalogue.spec_of(node)
            for workflow_id in users
            for node in self.project.workflows[workflow_id].nodes.values()
            if node.type in REFERRING
        }
        are_other = any(self._looks.get(key) is not spec for key, spec in looks.items())
        self._looks = looks
        return are_other

    def _tell_saved_state(self) -> None:
        if self.is_modified != self._was_modified:
            self._was_modified = self.is_modified
            self._tell(SavedStateChanged(self._was_modified))

    def _tell(self, event: SessionEvent) -> None:
        for listener in list(self._listeners):
            listener(event)


def changed_workflows(before: Project, after: Project) -> set[WorkflowId]:
    """The workflows that came, went or were edited."""
    if before.workflows is after.workflows:
        return set()
    ids = {*before.workflows, *after.workflows}
    return {key for key in ids if before.workflows.get(key) is not after.workflows.get(key)}


def users_of(changed: set[WorkflowId], before: Project, after: Project) -> set[WorkflowId]:
    """The workflows that run one of these, at any depth; their nodes may have other ports now."""
    named = {
        name
        for key in changed
        for project in (before, after)
        if (workflow := project.workflows.get(key)) is not None
        for name in (workflow.id, workflow.name)
    }
    users: set[WorkflowId] = set()
    found = True
    while found:
        more = {
            key: workflow
            for key, workflow in after.workflows.items()
            if key not in users and not named.isdisjoint(workflow.references)
        }
        found = bool(more)
        users |= set(more)
        named |= {name for workflow in more.values() for name in (workflow.id, workflow.name)}
    return users
