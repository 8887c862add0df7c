"""What is a step called in a list? By its label and what it was made to, such as "Set limit of List users"; the label alone names many.

What a change itself knows stands in its `label`; names are those of the project it was made to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from studio.kernel.ids import NodeId, WorkflowId
from studio.project.changes import Change, Group
from studio.project.graph_changes import (
    AddNodes,
    EditNode,
    EditWorkflow,
    MoveNodes,
    RemoveNodes,
    SetEdges,
    SetParams,
)
from studio.project.layout_changes import SetFrames
from studio.project.project_changes import (
    PutTemplate,
    PutWorkflow,
    RemoveTemplate,
    RemoveWorkflow,
    SetConnections,
    SetModels,
)
from studio.project.state import Project

_LONGEST: Final = 40
"""Of a name, in letters: a menu is as wide as its widest line."""

_Address = tuple[WorkflowId, NodeId]


def step_text(change: Change, before: Project, after: Project) -> str:
    """`change` led from `before` to `after`. One node is named, several are counted; where there is no one thing to name, the label stands."""
    label = change.label
    match change:
        case SetParams():
            return f"{label} of {_title(change.workflow, change.node, before, after)}"
        case EditNode(values=values):
            link = "on " if "comment" in values else "of " if values.get("pinned") is not None else ""
            return f"{label} {link}{_title(change.workflow, change.node, before, after)}"
        case AddNodes() | RemoveNodes() | MoveNodes():
            return _with_nodes(label, _nodes(change), before, after)
        case SetEdges(add=add, remove=remove) if len(add) == 1 or (not add and len(remove) == 1):
            (edge,) = add or remove
            source, target = (
                _title(change.workflow, node_id, before, after) for node_id in (edge.source, edge.target)
            )
            return f"{label} {source} {'to' if add else 'from'} {target}"
        case Group(changes=changes):
            return _of_group(label, changes, before, after)
        case _:
            name = _name(change, before)
            return f"{label} {_short(name)}" if name else label


def _of_group(label: str, changes: tuple[Change, ...], before: Project, after: Project) -> str:
    """A group's title is free words. It is about the nodes that came, else those that went, else those that were altered or moved."""
    if len(changes) == 1 and changes[0].label == label:
        return step_text(changes[0], before, after)
    flat = list(_flat(changes))
    if came := [node for change in flat if isinstance(change, AddNodes) for node in _nodes(change)]:
        return f"{label} {_title(*came[0], before, after)}" if len(came) == 1 else label
    if gone := [node for change in flat if isinstance(change, RemoveNodes) for node in _nodes(change)]:
        return f"{label} {_title(*gone[0], before, after)}" if len(gone) == 1 else label
    altered = [change for change in flat if isinstance(change, SetParams | EditNode)]
    moved = [change for change in flat if isinstance(change, MoveNodes)]
    nodes = [node for change in altered or moved for node in _nodes(change)]
    link = "in " if any(isinstance(change, SetParams) for change in altered) else ""
    return _with_nodes(f"{label} {link}".rstrip(), nodes, before, after)


def _flat(changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        if isinstance(change, Group):
            yield from _flat(change.changes)
        else:
            yield change


def _with_nodes(label: str, nodes: Iterable[_Address], before: Project, after: Project) -> str:
    named = dict.fromkeys(nodes)
    if len(named) == 1:
        return f"{label} {_title(*next(iter(named)), before, after)}"
    return label if not named or str(len(named)) in label else f"{label} {len(named)} nodes"


def _nodes(change: AddNodes | RemoveNodes | MoveNodes | SetParams | EditNode) -> list[_Address]:
    match change:
        case SetParams() | EditNode():
            ids: Iterable[NodeId] = (change.node,)
        case AddNodes():
            ids = (node.id for node in change.nodes)
        case RemoveNodes():
            ids = change.nodes
        case MoveNodes():
            ids = change.places
    return [(change.workflow, node_id) for node_id in ids]


def _title(workflow_id: WorkflowId, node_id: NodeId, before: Project, after: Project) -> str:
    """What the node was called when the change was made; of one that came with it, what it is called since."""
    for project in (before, after):
        workflow = project.workflows.get(workflow_id)
        node = workflow.nodes.get(node_id) if workflow is not None else None
        if node is not None:
            return _short(node.title or node.type)
    return _short(node_id)


def _name(change: Change, before: Project) -> str:
    """Of the one thing beside nodes that a change is about; empty where there is none, or several."""
    match change:
        case PutWorkflow(workflow=workflow):
            return workflow.name
        case RemoveWorkflow(workflow=workflow_id) | EditWorkflow(workflow=workflow_id):
            return before.workflow(workflow_id).name
        case PutTemplate(template=template):
            return template.name
        case RemoveTemplate(template=template_id):
            return before.template(template_id).name
        case SetFrames(put=put) if len(put) == 1:
            return next(iter(put.values())).title
        case SetModels(put=models, remove=gone):
            names = [entry.name for entry in models] or [
                before.models[key].name for key in gone if key in before.models
            ]
        case SetConnections(put=connections, remove=gone):
            names = [entry.name for entry in connections] or [
                before.connections[key].name for key in gone if key in before.connections
            ]
        case _:
            return ""
    return names[0] if len(names) == 1 else ""


def _short(name: str) -> str:
    name = " ".join(name.split())
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"
