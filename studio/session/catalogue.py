"""Which kinds of node can a project's workflows use? Those of its models and the flow nodes; reaching databases is `databases`' business."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.project.state import Project

if TYPE_CHECKING:
    from studio.nodes.catalogue import NodeCatalogue


def project_catalogue(project: Project) -> NodeCatalogue:
    """The node types of a project: the generated ones of each model that could be read, then the common ones."""
    from studio.nodes.catalogue import NodeCatalogue, common_types, generated_types

    types = []
    for entry in project.models.values():
        connection = project.connections.get(entry.connection)
        if entry.spec is not None and connection is not None:
            types += generated_types(entry.spec, connection.name)
    return NodeCatalogue([*types, *common_types()])
