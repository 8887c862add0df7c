"""How is a project edited beside the graphs of its workflows? Workflows and templates as wholes, models, connections, its name; each with its inverse.

A mapping keeps its order when an edit of it is undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from studio.kernel.ids import WorkflowId
from studio.project.changes import Change
from studio.project.state import Connection, ModelEntry, Project
from studio.workflow.graph import Workflow, frozen

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True, kw_only=True)
class PutWorkflow:
    """Adds a workflow, or replaces the one with the same id (an import, a paste of a whole text)."""

    workflow: Workflow

    @property
    def label(self) -> str:
        return "Add workflow"

    def apply(self, project: Project) -> Project:
        return project.with_workflow(self.workflow)

    def inverse(self, project: Project) -> Change:
        if self.workflow.id in project.workflows:
            return PutWorkflow(workflow=project.workflows[self.workflow.id])
        return RemoveWorkflow(workflow=self.workflow.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveWorkflow:
    workflow: WorkflowId

    @property
    def label(self) -> str:
        return "Delete workflow"

    def apply(self, project: Project) -> Project:
        return project.without_workflow(self.workflow)

    def inverse(self, project: Project) -> Change:
        return RestoreOrder(
            change=PutWorkflow(workflow=project.workflow(self.workflow)), workflows=tuple(project.workflows)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PutTemplate:
    """Adds a template, or replaces the one with the same id."""

    template: Workflow

    @property
    def label(self) -> str:
        return "Save template"

    def apply(self, project: Project) -> Project:
        return replace(project, templates=frozen({**project.templates, self.template.id: self.template}))

    def inverse(self, project: Project) -> Change:
        if self.template.id in project.templates:
            return PutTemplate(template=project.templates[self.template.id])
        return RemoveTemplate(template=self.template.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTemplate:
    template: WorkflowId

    @property
    def label(self) -> str:
        return "Delete template"

    def apply(self, project: Project) -> Project:
        kept = {key: value for key, value in project.templates.items() if key != self.template}
        return replace(project, templates=frozen(kept))

    def inverse(self, project: Project) -> Change:
        return RestoreOrder(
            change=PutTemplate(template=project.template(self.template)), templates=tuple(project.templates)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOrder:
    """Applies a change, then puts the project's entries back in the order they had."""

    change: Change
    workflows: tuple[WorkflowId, ...] = ()
    templates: tuple[WorkflowId, ...] = ()
    models: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.change.label

    def apply(self, project: Project) -> Project:
        done = self.change.apply(project)
        return replace(
            done,
            workflows=_ordered(done.workflows, self.workflows),
            templates=_ordered(done.templates, self.templates),
            models=_ordered(done.models, self.models),
            connections=_ordered(done.connections, self.connections),
        )

    def inverse(self, project: Project) -> Change:
        return RestoreOrder(
            change=self.change.inverse(project),
            workflows=tuple(project.workflows),
            templates=tuple(project.templates),
            models=tuple(project.models),
            connections=tuple(project.connections),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetModels:
    """Adds or replaces models (`put`) and removes others, in one step: an import, a form, a deletion."""

    put: tuple[ModelEntry, ...] = ()
    remove: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        if self.remove and not self.put:
            return "Remove model" if len(self.remove) == 1 else f"Remove {len(self.remove)} models"
        return "Set model" if len(self.put) == 1 else f"Import {len(self.put)} models"

    def apply(self, project: Project) -> Project:
        kept = {key: entry for key, entry in project.models.items() if key not in self.remove}
        return replace(project, models=frozen({**kept, **{entry.id: entry for entry in self.put}}))

    def inverse(self, project: Project) -> Change:
        back = SetModels(
            put=tuple(
                project.models[key]
                for key in (*(entry.id for entry in self.put), *self.remove)
                if key in project.models
            ),
            remove=tuple(entry.id for entry in self.put if entry.id not in project.models),
        )
        return RestoreOrder(change=back, models=tuple(project.models))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetConnections:
    """Adds or replaces connections (`put`) and removes others; `default` names the one that new nodes use."""

    put: tuple[Connection, ...] = ()
    remove: tuple[str, ...] = ()
    default: str | None = None

    @property
    def label(self) -> str:
        return "Remove connection" if self.remove and not self.put else "Set connection"

    def apply(self, project: Project) -> Project:
        kept = {key: entry for key, entry in project.connections.items() if key not in self.remove}
        merged = {**kept, **{entry.id: entry for entry in self.put}}
        default = project.default_connection if self.default is None else self.default
        return replace(project, connections=frozen(merged), default_connection=default)

    def inverse(self, project: Project) -> Change:
        before = project.connections
        back = SetConnections(
            put=tuple(
                before[key] for key in (*(entry.id for entry in self.put), *self.remove) if key in before
            ),
            remove=tuple(entry.id for entry in self.put if entry.id not in before),
            default=project.default_connection,
        )
        return RestoreOrder(change=back, connections=tuple(before))


@dataclass(frozen=True, slots=True, kw_only=True)
class EditProject:
    """Changes the project's own name or description."""

    values: Mapping[str, Any]

    @property
    def label(self) -> str:
        return "Rename project" if "name" in self.values else "Edit project"

    def apply(self, project: Project) -> Project:
        return replace(project, **self.values)

    def inverse(self, project: Project) -> Change:
        return EditProject(values=frozen({name: getattr(project, name) for name in self.values}))


def _ordered(mapping: Mapping[_K, _V], order: Iterable[_K]) -> Mapping[_K, _V]:
    wanted = [key for key in order if key in mapping]
    if not wanted:
        return mapping
    placed = set(wanted)
    return frozen(
        [(key, mapping[key]) for key in wanted]
        + [(key, value) for key, value in mapping.items() if key not in placed]
    )
