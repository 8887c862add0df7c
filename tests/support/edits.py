"""Random edits of every kind, each made for the project it is to be applied to."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from studio.kernel.ids import NodeId, WorkflowId
from studio.project.change_types import CHANGE_TYPES
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
from studio.project.layout_changes import SetBookmarks, SetFrames, SetNotes, SetRoutes
from studio.project.project_changes import (
    EditProject,
    PutTemplate,
    PutWorkflow,
    RemoveTemplate,
    RemoveWorkflow,
    RestoreOrder,
    SetConnections,
    SetModels,
)
from studio.project.state import STAGES, Connection, ModelEntry, Project
from studio.workflow import Edge, Node, WorkflowInput
from studio.workflow.graph import frozen
from tests.support import projects

Draw = Callable[[st.SearchStrategy[Any]], Any]

_names = st.sampled_from(["a", "b", "c", "d", "e"])
_words = projects.texts.filter(lambda text: "\0" not in text)
"""What a database that has no zero character can hold in a column of its own."""


def _subset(draw: Draw, items: Any) -> tuple[Any, ...]:
    known = list(items)
    return tuple(draw(st.lists(st.sampled_from(known), max_size=3, unique=True))) if known else ()


def _workflow(draw: Draw, project: Project) -> Any:
    return draw(st.sampled_from(list(project.workflows.values())))


def _node(draw: Draw, node_id: str) -> Node:
    return Node(
        id=NodeId(node_id), type=draw(projects.names), params=draw(projects.params), title=draw(projects.texts), extra=draw(projects.extras)
    )  # fmt: skip


def _edge(draw: Draw, ends: Any) -> Edge:
    node = st.sampled_from(list(ends))
    return Edge(source=draw(node), source_port=draw(_names), target=draw(node), target_port=draw(_names))


def add_nodes(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    free = [name for name in "abcdefgh" if name not in workflow.nodes]
    ids = _subset(draw, free)
    nodes = tuple(_node(draw, node_id) for node_id in ids)
    known = [*workflow.nodes, *ids]
    edges = tuple(_edge(draw, known) for _ in range(draw(st.integers(0, 2)))) if known else ()
    edges = tuple(edge for edge in edges if edge.source in ids or edge.target in ids)
    places = {node_id: draw(projects.places) for node_id in ids if draw(st.booleans())}
    routes = {edge.id: draw(projects.routes) for edge in edges if draw(st.booleans())}
    return AddNodes(
        workflow=workflow.id, nodes=nodes, places=frozen(places), edges=edges, routes=frozen(routes)
    )


def remove_nodes(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    return RemoveNodes(workflow=workflow.id, nodes=_subset(draw, workflow.nodes))


def set_edges(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    if not workflow.nodes:
        return None
    add = tuple(_edge(draw, workflow.nodes) for _ in range(draw(st.integers(0, 2))))
    routes = {edge.id: draw(projects.routes) for edge in add if draw(st.booleans())}
    return SetEdges(
        workflow=workflow.id, add=add, remove=_subset(draw, workflow.edges), routes=frozen(routes)
    )


def move_nodes(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    places = {node_id: draw(projects.places) for node_id in _subset(draw, workflow.nodes)}
    return MoveNodes(workflow=workflow.id, places=frozen(places))


def set_params(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    if not workflow.nodes:
        return None
    node = draw(st.sampled_from(list(workflow.nodes.values())))
    values = draw(st.dictionaries(_names, projects.values, max_size=2))
    return SetParams(
        workflow=workflow.id, node=node.id, values=frozen(values), clear=_subset(draw, node.params)
    )


def edit_node(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    if not workflow.nodes:
        return None
    values = draw(
        st.fixed_dictionaries(
            {},
            optional={"title": projects.texts, "comment": projects.texts, "disabled": st.booleans(), "type": projects.names},
        )
    )  # fmt: skip
    return EditNode(
        workflow=workflow.id, node=draw(st.sampled_from(list(workflow.nodes))), values=frozen(values)
    )


def edit_workflow(draw: Draw, project: Project) -> Change | None:
    inputs = st.lists(
        st.builds(WorkflowInput, name=_names, default=projects.scalars, required=st.booleans(), description=projects.texts),
        max_size=2,
        unique_by=lambda entry: entry.name,
    ).map(tuple)  # fmt: skip
    values = draw(
        st.fixed_dictionaries(
            {}, optional={"name": projects.texts, "description": projects.texts, "inputs": inputs}
        )
    )
    return EditWorkflow(workflow=_workflow(draw, project).id, values=frozen(values))


def set_notes(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    put = {name: draw(projects.notes(name)) for name in draw(st.lists(_names, max_size=2, unique=True))}
    return SetNotes(
        workflow=workflow.id,
        put=frozen(put),
        remove=_subset(draw, [key for key in workflow.notes if key not in put]),
    )


def set_frames(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    put = {name: draw(projects.frames(name)) for name in draw(st.lists(_names, max_size=2, unique=True))}
    gone = _subset(draw, [key for key in workflow.frames if key not in put])
    return SetFrames(workflow=workflow.id, put=frozen(put), remove=gone)


def set_routes(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    chosen = _subset(draw, workflow.edges)
    return SetRoutes(
        workflow=workflow.id,
        routes=frozen({edge.id: draw(st.just(()) | projects.routes) for edge in chosen}),
    )


def set_bookmarks(draw: Draw, project: Project) -> Change | None:
    workflow = _workflow(draw, project)
    put = {key: draw(projects.bookmarks) for key in draw(st.lists(st.sampled_from("12"), unique=True))}
    gone = _subset(draw, [key for key in workflow.bookmarks if key not in put])
    return SetBookmarks(workflow=workflow.id, put=frozen(put), remove=gone)


def put_workflow(draw: Draw, project: Project) -> Change | None:
    return PutWorkflow(workflow=draw(projects.workflows(workflow_id=draw(_names))))


def remove_workflow(draw: Draw, project: Project) -> Change | None:
    return RemoveWorkflow(workflow=_workflow(draw, project).id) if len(project.workflows) > 1 else None


def put_template(draw: Draw, project: Project) -> Change | None:
    return PutTemplate(template=draw(projects.workflows(workflow_id=draw(_names))))


def remove_template(draw: Draw, project: Project) -> Change | None:
    known = list(project.templates)
    return RemoveTemplate(template=draw(st.sampled_from(known))) if known else None


def restore_order(draw: Draw, project: Project) -> Change | None:
    order = draw(st.permutations([*project.workflows]))
    change = draw(st.sampled_from([edit_project, put_workflow]))(draw, project)
    return RestoreOrder(change=change, workflows=tuple(WorkflowId(key) for key in order))


def set_models(draw: Draw, project: Project) -> Change | None:
    ids = draw(st.lists(_names, max_size=2, unique=True))
    put = tuple(
        ModelEntry(id=key, name=draw(projects.class_names), connection=draw(_names), spec=draw(projects.models()), extra=draw(projects.extras))
        for key in ids
    )  # fmt: skip
    return SetModels(put=put, remove=_subset(draw, [key for key in project.models if key not in ids]))


def set_connections(draw: Draw, project: Project) -> Change | None:
    ids = draw(st.lists(_names, max_size=2, unique=True))
    put = tuple(
        Connection(
            id=key,
            name=draw(_words),
            url=draw(_words),
            secret=draw(st.sampled_from(["none", "keyring", "file", "ask", "environment"])),
            secret_name=draw(_words),
            read_only=draw(st.booleans()),
            stage=draw(st.sampled_from(["", *STAGES])),
            extra=draw(projects.extras),
        )
        for key in ids
    )
    remove = _subset(draw, [key for key in project.connections if key not in ids])
    return SetConnections(put=put, remove=remove, default=draw(st.none() | _names))


def edit_project(draw: Draw, project: Project) -> Change | None:
    return EditProject(
        values=frozen(draw(st.fixed_dictionaries({}, optional={"name": _words, "description": _words})))
    )


def group(draw: Draw, project: Project) -> Change | None:
    changes: list[Change] = []
    for _ in range(draw(st.integers(1, 3))):
        change = draw(st.sampled_from([maker for kind, maker in MAKERS.items() if kind is not Group]))(
            draw, project
        )
        if change is not None:
            changes.append(change)
            project = change.apply(project)
    return Group(changes=tuple(changes), title=draw(projects.texts))


MAKERS: dict[type, Callable[[Draw, Project], Change | None]] = {
    AddNodes: add_nodes,
    RemoveNodes: remove_nodes,
    SetEdges: set_edges,
    MoveNodes: move_nodes,
    SetParams: set_params,
    EditNode: edit_node,
    EditWorkflow: edit_workflow,
    SetNotes: set_notes,
    PutWorkflow: put_workflow,
    RemoveWorkflow: remove_workflow,
    PutTemplate: put_template,
    RemoveTemplate: remove_template,
    SetFrames: set_frames,
    SetRoutes: set_routes,
    SetBookmarks: set_bookmarks,
    RestoreOrder: restore_order,
    SetModels: set_models,
    SetConnections: set_connections,
    EditProject: edit_project,
    Group: group,
}

assert set(MAKERS) == set(CHANGE_TYPES), "a kind of change has no maker here"
