"""Which kinds of node can a project's workflows use? Those of its models and the common ones; reaching databases is `databases`' business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.project.state import Project

if TYPE_CHECKING:
    from studio.nodes.catalogue import NodeCatalogue


def project_catalogue(project: Project) -> NodeCatalogue:
    """The node types of a project: the generated ones of each model that could be read, then the common ones."""
    from studio.models.relations import Family
    from studio.nodes.catalogue import NodeCatalogue, common_types
    from studio.nodes.generated import generated_types

    connections = {connection.id: connection.name for connection in project.connections.values()}
    families = {
        connection: Family(
            entry.spec
            for entry in project.models.values()
            if entry.spec is not None and entry.connection == connection
        )
        for connection in connections
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
    )
