"""Which kinds of node can a project's workflows use? Those of its models and the common ones; reaching databases is `databases`' business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from studio.kernel.errors import ConnectionFailed
from studio.kernel.ids import WorkflowId
from studio.project.state import Connection, Project
from studio.workflow.graph import Workflow
from studio.workflow.references import Library

if TYPE_CHECKING:
    from studio.nodes.catalogue import NodeCatalogue


def project_catalogue(
    project: Project, workflows: Callable[[], Mapping[WorkflowId, Workflow]]
) -> NodeCatalogue:
    """The node types of a project: the generated ones of each model that could be read, then the common ones.

    `workflows` gives the project's workflows as they are at the time, for nodes that run one.
    """
    from studio.models.relations import Family
    from studio.nodes.catalogue import NodeCatalogue, common_types
    from studio.nodes.generated import generated_types

    connections = {connection.id: connection.name for connection in project.connections.values()}
    families = {
        connection.id: Family(
            (
                entry.spec
                for entry in project.models.values()
                if entry.spec is not None and entry.connection == connection.id
            ),
            _dialect(connection),
        )
        for connection in project.connections.values()
    }
    generated = [
        kind
        for entry in project.models.values()
        if entry.spec is not None and entry.connection in connections
        for kind in generated_types(entry.spec, connections[entry.connection], families[entry.connection])
    ]
    return NodeCatalogue(
        [*generated, *common_types()],
        default_connection=connections.get(project.default_connection),
        connections=connections.values(),
        library=Library(workflows),
    )


def _dialect(connection: Connection) -> str:
    """The kind of database; empty where the URL names none, which is told to whoever connects."""
    from studio.database.database import dialect_of

    try:
        return dialect_of(connection.url)
    except ConnectionFailed:
        return ""
