"""How is a workflow begun with what was drawn before? Templates: kept from a workflow or a part of it, inserted under new ids."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId, short_id
from studio.kernel.names import unique_title
from studio.project.graph_changes import EditWorkflow
from studio.project.project_changes import PutTemplate, PutWorkflow, RemoveTemplate
from studio.session import editing
from studio.workflow.graph import Workflow, frozen

if TYPE_CHECKING:
    from studio.session.editor import Editor


class Templates:
    """The templates of one project. Each edit here is one step that can be undone."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor

    def keep(
        self,
        workflow_id: WorkflowId,
        name: str = "",
        *,
        nodes: Iterable[NodeId] = (),
        notes: Iterable[str] = (),
        frames: Iterable[str] = (),
    ) -> WorkflowId:
        """Keeps a workflow as a template, or only these parts of it; without a name it is called after the workflow.

        What is pinned in the workflow stays there: a template holds no values of a run. Raises WorkflowError when there is nothing to keep.
        """
        workflow = self._editor.project.workflow(workflow_id)
        chosen = tuple(nodes), tuple(notes), tuple(frames)
        part = editing.part_of(workflow, *chosen) if any(chosen) else replace(workflow, bookmarks=frozen())
        if not (part.nodes or part.notes or part.frames):
            raise WorkflowError("There is nothing to keep as a template.", hint="Add a node first.")
        template = replace(
            part,
            id=WorkflowId(short_id()),
            name=self._free(name.strip() or workflow.name),
            nodes=frozen((key, replace(node, pinned=None)) for key, node in part.nodes.items()),
            inputs=workflow.inputs if part.nodes else (),
            extra=frozen((key, value) for key, value in part.extra.items() if key != editing.LINKS),
        )
        self._editor.edit(PutTemplate(template=template))
        return template.id

    def insert(self, workflow_id: WorkflowId, template_id: WorkflowId, *, x: float, y: float) -> list[NodeId]:
        """Adds what the template holds, with its upper left corner at (x, y), and the inputs that the workflow lacks."""
        template = self._editor.project.template(template_id)
        workflow = self._editor.project.workflow(workflow_id)
        known = {entry.name for entry in workflow.inputs}
        lacking = tuple(entry for entry in template.inputs if entry.name not in known)
        with self._editor.group("Insert template"):
            if lacking:
                inputs = frozen({"inputs": (*workflow.inputs, *lacking)})
                self._editor.edit(EditWorkflow(workflow=workflow_id, values=inputs))
            return self._editor.insert(workflow_id, template, "Insert template", x=x, y=y)

    def begin(self, template_id: WorkflowId) -> WorkflowId:
        """Adds a workflow that is what the template holds."""
        template = self._editor.project.template(template_id)
        names = (workflow.name for workflow in self._editor.project.workflows.values())
        workflow = replace(template, id=WorkflowId(short_id()), name=unique_title(template.name, names))
        self._editor.edit(PutWorkflow(workflow=workflow))
        return workflow.id

    def rename(self, template_id: WorkflowId, name: str) -> None:
        """Raises WorkflowError when the name is empty or another template has it."""
        template, name = self._editor.project.template(template_id), name.strip()
        if not name:
            raise WorkflowError("A template needs a name.")
        if any(other.name == name and other.id != template_id for other in self._all()):
            raise WorkflowError(f"There is a template named {name!r} already.", hint="Choose another name.")
        if name != template.name:
            self._editor.edit(PutTemplate(template=replace(template, name=name)))

    def duplicate(self, template_id: WorkflowId) -> WorkflowId:
        template = self._editor.project.template(template_id)
        copy = replace(template, id=WorkflowId(short_id()), name=self._free(template.name))
        self._editor.edit(PutTemplate(template=copy))
        return copy.id

    def remove(self, template_id: WorkflowId) -> None:
        self._editor.project.template(template_id)
        self._editor.edit(RemoveTemplate(template=template_id))

    def _all(self) -> Iterable[Workflow]:
        return self._editor.project.templates.values()

    def _free(self, name: str) -> str:
        return unique_title(name, (template.name for template in self._all()))
