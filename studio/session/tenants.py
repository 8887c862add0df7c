"""For which workflows must it be said whose records are meant? Those that ask a model which keeps its records by tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.kernel.ids import WorkflowId
    from studio.project.state import Project
    from studio.workflow.spec import Catalogue


def tenanted_models(project: Project) -> tuple[str, ...]:
    """The names of the models that keep their records by tenant."""
    entries = project.models.values()
    return tuple(entry.name for entry in entries if entry.spec is not None and entry.spec.multi_tenant)


def models_asked(project: Project, catalogue: Catalogue, workflow_id: WorkflowId) -> tuple[str, ...]:
    """Of those, the ones that a workflow asks, or one that its nodes run, at any depth; each once."""
    tenanted = set(tenanted_models(project))
    by_name = {workflow.name: workflow for workflow in project.workflows.values()}
    asked: dict[str, None] = {}
    waiting, seen = [project.workflow(workflow_id)], {workflow_id}
    while tenanted and waiting:
        workflow = waiting.pop()
        for node in workflow.nodes.values():
            spec = None if node.disabled else spec_for(node, catalogue)
            if spec is not None and spec.model in tenanted:
                asked[spec.model] = None
        inner = [by_name[name] for name in workflow.references if name in by_name]
        waiting += [found for found in inner if found.id not in seen]
        seen |= {found.id for found in inner}
    return tuple(asked)
