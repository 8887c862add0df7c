"""How is an open project edited? Use cases that make one undo step each; nothing here is awaited.

How edits are computed stands in `editing`, what follows from one in `open_project`; saving, running and data are `session`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId, short_id
from studio.kernel.names import unique_title
from studio.models.spec import ModelSpec
from studio.project.changes import Change
from studio.project.graph_changes import AddNodes, EditWorkflow, MoveNodes, SetEdges, SetParams
from studio.project.project_changes import PutWorkflow, RemoveWorkflow, SetModels
from studio.project.state import ModelEntry, Project
from studio.session import editing
from studio.session.editing import Joint
from studio.session.environment import Environment
from studio.session.open_project import OpenProject
from studio.session.templates import Templates
from studio.workflow.graph import Edge, Place, Workflow, frozen
from studio.workflow.references import spec_for
from studio.workflow.spec import NodeSpec

if TYPE_CHECKING:
    pass


class Editor(OpenProject):
    """The edits of an open project; each is one step that can be undone."""

    def __init__(self, project: Project, *, env: Environment | None = None) -> None:
        super().__init__(project, env=env)
        self.templates = Templates(self)

    def add_workflow(self, name: str = "Workflow") -> WorkflowId:
        """Adds an empty workflow; the name is made unique."""
        free = unique_title(name, (workflow.name for workflow in self.project.workflows.values()))
        workflow = Workflow(id=WorkflowId(short_id()), name=free)
        self.edit(PutWorkflow(workflow=workflow))
        return workflow.id

    def rename_workflow(self, workflow_id: WorkflowId, name: str) -> None:
        """Raises WorkflowError when the name is empty or another workflow has it."""
        name = name.strip()
        if not name:
            raise WorkflowError("A workflow needs a name.")
        if any(other.name == name and other.id != workflow_id for other in self.project.workflows.values()):
            raise WorkflowError(f"There is a workflow named {name!r} already.", hint="Choose another name.")
        self.edit(EditWorkflow(workflow=workflow_id, values=frozen({"name": name})))

    def remove_workflow(self, workflow_id: WorkflowId) -> None:
        self.project.workflow(workflow_id)
        self.edit(RemoveWorkflow(workflow=workflow_id))

    def make_subworkflow(
        self,
        workflow_id: WorkflowId,
        node_ids: Iterable[NodeId],
        *,
        notes: Iterable[str] = (),
        frames: Iterable[str] = (),
    ) -> NodeId:
        """Makes a workflow of a part of one, as one step over both; gives the node that stands for it now.

        It is called like the one frame that is taken along, or after the workflow. Raises WorkflowError when the part cannot be taken out.
        """
        from studio.session.extraction import extracted

        workflow, regions = self.project.workflow(workflow_id), tuple(frames)
        outermost = [workflow.frames[key] for key in regions if workflow.frames[key].frame not in regions]
        wanted = outermost[0].title if len(outermost) == 1 else ""
        names = (other.name for other in self.project.workflows.values())
        name = unique_title(wanted.strip() or f"Part of {workflow.name}", names)
        part = extracted(workflow, self.catalogue, node_ids, name=name, notes=notes, frames=regions)
        self._do("Make subworkflow", part.changes)
        return part.node

    def duplicate_workflow(self, workflow_id: WorkflowId) -> WorkflowId:
        original = self.project.workflow(workflow_id)
        names = (workflow.name for workflow in self.project.workflows.values())
        copy = replace(original, id=WorkflowId(short_id()), name=unique_title(original.name, names))
        self.edit(PutWorkflow(workflow=copy))
        return copy.id

    def add_node(
        self,
        workflow_id: WorkflowId,
        type_name: str,
        *,
        x: float,
        y: float,
        params: Mapping[str, Any] | None = None,
        title: str | None = None,
        connect: tuple[NodeId, str] | None = None,
        is_output: bool | None = None,
    ) -> NodeId:
        """Adds a node, and with `connect` (a node and its port) joins it there, as one step.

        `is_output` says which side of that node the port is on; None: an output if it has one of that name.
        """
        workflow = self.project.workflow(workflow_id)
        spec = self.catalogue.find(type_name)
        node = editing.new_node(workflow, type_name, spec, params=params, title=title)
        place = editing.free_place(workflow, x, y)
        addition = AddNodes(workflow=workflow_id, nodes=(node,), places=frozen({node.id: place}))
        with self.group("Add node"):
            self.edit(addition)
            edge = self._joining_edge(workflow, spec_for(node, self.catalogue), node.id, connect, is_output)
            if edge is not None and self.why_not(workflow_id, edge) is None:
                self.connect(workflow_id, edge)
        return node.id

    def why_not(self, workflow_id: WorkflowId, edge: Edge) -> str | None:
        """The sentence that says why `edge` cannot be; None when it can. The edge it would replace is not in its way."""
        from studio.workflow.checks import why_not

        workflow = self.project.workflow(workflow_id)
        replaced = editing.replaced_edges(workflow, edge)
        return why_not(workflow.without_edges(replaced) if replaced else workflow, self.catalogue, edge)

    def compatible_types(
        self, workflow_id: WorkflowId, node_id: NodeId, port: str, *, is_output: bool
    ) -> list[tuple[NodeSpec, str]]:
        """The kinds of node that could be joined to a port, each with its own port that would be used."""
        node = self.project.workflow(workflow_id).nodes[node_id]
        joint = Joint(node=node_id, port=port, is_output=is_output)
        known = editing.port_type(spec_for(node, self.catalogue), joint)
        if known is None:
            return []
        found = []
        for spec in self.catalogue.specs():
            name = editing.joining_port(spec, known, joint)
            if name is not None:
                found.append((spec, name))
        return found

    def connect(self, workflow_id: WorkflowId, edge: Edge) -> None:
        """Adds an edge in place of the one that ends at the same port; raises WorkflowError that says why not."""
        refusal = self.why_not(workflow_id, edge)
        if refusal is not None:
            raise WorkflowError(refusal, workflow=self.project.workflow(workflow_id).name)
        replaced = editing.replaced_edges(self.project.workflow(workflow_id), edge)
        self.edit(SetEdges(workflow=workflow_id, add=(edge,), remove=replaced))

    def disconnect(self, workflow_id: WorkflowId, edges: Iterable[Edge]) -> None:
        self.edit(SetEdges(workflow=workflow_id, remove=tuple(edges)))

    def remove(self, workflow_id: WorkflowId, nodes: Iterable[NodeId], edges: Iterable[Edge] = ()) -> None:
        """Deletes nodes and edges as one step."""
        title, changes = editing.removal(self.project.workflow(workflow_id), tuple(nodes), tuple(edges))
        self._do(title, changes)

    def move(self, workflow_id: WorkflowId, places: Mapping[NodeId, Place], *, merge: bool = False) -> None:
        self.edit(MoveNodes(workflow=workflow_id, places=frozen(places)), merge=merge)

    def set_params(
        self,
        workflow_id: WorkflowId,
        node_id: NodeId,
        values: Mapping[str, Any],
        clear: Sequence[str] = (),
        merge: bool = False,
    ) -> None:
        change = SetParams(workflow=workflow_id, node=node_id, values=frozen(values), clear=tuple(clear))
        self.edit(change, merge=merge)

    def copy(
        self,
        workflow_id: WorkflowId,
        node_ids: Iterable[NodeId],
        notes: Iterable[str] = (),
        frames: Iterable[str] = (),
    ) -> str:
        """The chosen nodes and notes, frames with what lies in them, and the edges between the nodes, as YAML that `paste` takes in any project."""
        from studio.workflow.text import nodes_to_yaml

        return nodes_to_yaml(editing.part_of(self.project.workflow(workflow_id), node_ids, notes, frames))

    def copied(self, text: str) -> Workflow:
        """The part that a text of `copy`'s, or a whole workflow's YAML, holds; raises TextError."""
        from studio.workflow.text import nodes_from_yaml

        return nodes_from_yaml(text)

    def paste(
        self, workflow_id: WorkflowId, part: Workflow | str, *, x: float, y: float, keep_links: bool = False
    ) -> list[NodeId]:
        """Adds a part, or the text of one, with its upper left corner at (x, y); raises TextError.

        With `keep_links` the edges that led to what was copied lead to the copies too, where their nodes are still there.
        """
        if isinstance(part, str):
            part = self.copied(part)
        with self.group("Paste"):
            added = self.insert(workflow_id, part, "Paste", x=x, y=y)
            if keep_links:
                self._link(workflow_id, part, added)
        return added

    def _link(self, workflow_id: WorkflowId, part: Workflow, added: Sequence[NodeId]) -> None:
        workflow = self.project.workflow(workflow_id)
        for edge in editing.links_from(part, [workflow.nodes[node_id] for node_id in added]):
            known = edge.source in self.project.workflow(workflow_id).nodes
            if known and self.why_not(workflow_id, edge) is None:
                self.connect(workflow_id, edge)

    def duplicate(
        self,
        workflow_id: WorkflowId,
        node_ids: Iterable[NodeId],
        notes: Iterable[str] = (),
        frames: Iterable[str] = (),
        *,
        dx: float = 40.0,
        dy: float = 40.0,
    ) -> list[NodeId]:
        """Copies nodes, notes and frames, with the edges between the nodes, to where they are shifted by (dx, dy)."""
        part = editing.part_of(self.project.workflow(workflow_id), node_ids, notes, frames)
        return self.insert(workflow_id, part, "Duplicate", dx=dx, dy=dy)

    def import_models(self, connection_id: str, specs: Iterable[ModelSpec]) -> None:
        """Takes models into the project, in place of those of the same name on the same connection, as one step."""
        known = {
            entry.name: entry.id
            for entry in self.project.models.values()
            if entry.connection == connection_id
        }
        entries = tuple(
            ModelEntry(
                id=known.get(spec.name, short_id()), name=spec.name, connection=connection_id, spec=spec
            )
            for spec in specs
        )
        if entries:
            self.edit(SetModels(put=entries))

    def export_yaml(self, workflow_id: WorkflowId) -> str:
        from studio.workflow.text import workflow_to_yaml

        return workflow_to_yaml(self.project.workflow(workflow_id))

    def import_yaml(self, text: str) -> WorkflowId:
        """Adds a workflow from its text, under a new id when its own is taken; raises TextError."""
        from studio.workflow.text import workflow_from_yaml

        workflow = workflow_from_yaml(text)
        if workflow.id in self.project.workflows or not workflow.id:
            workflow = replace(workflow, id=WorkflowId(short_id()))
        names = (other.name for other in self.project.workflows.values())
        workflow = replace(workflow, name=unique_title(workflow.name, names))
        self.edit(PutWorkflow(workflow=workflow))
        return workflow.id

    # ------------------------------------------------------------ inside

    def _joining_edge(
        self,
        workflow: Workflow,
        spec: NodeSpec | None,
        node_id: NodeId,
        connect: tuple[NodeId, str] | None,
        is_output: bool | None,
    ) -> Edge | None:
        if connect is None or spec is None:
            return None
        other_id, port = connect
        other_spec = spec_for(workflow.nodes[other_id], self.catalogue)
        if is_output is None:
            is_output = other_spec is None or other_spec.output(port) is not None
        joint = Joint(node=other_id, port=port, is_output=is_output)
        known = editing.port_type(other_spec, joint)
        own = editing.joining_port(spec, known, joint) if known else None
        if own is None:
            return None
        if is_output:
            return Edge(source=other_id, source_port=port, target=node_id, target_port=own)
        return Edge(source=node_id, source_port=own, target=other_id, target_port=port)

    def insert(self, workflow_id: WorkflowId, part: Workflow, title: str, **where: float) -> list[NodeId]:
        """Adds the nodes, notes and frames of `part` under new ids, as one step of that title; `where` as `editing.insertion` takes it."""
        workflow = self.project.workflow(workflow_id)
        addition, notes, frames = editing.insertion(workflow, part, **where)
        named = ((addition, addition.nodes), (notes, notes.put), (frames, frames.put))
        self._do(title, [change for change, holds in named if holds])
        return [node.id for node in addition.nodes]

    def _do(self, title: str, changes: Sequence[Change]) -> None:
        if changes:
            with self.group(title):
                for change in changes:
                    self.edit(change)
