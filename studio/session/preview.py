"""What would a node say to its database? For the SQL tab: compiled, never executed, and no connection is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.kernel.ids import NodeId, WorkflowId
from studio.project.state import Project
from studio.session.databases import Databases
from studio.workflow.checks import spec_for
from studio.workflow.params import canonical

if TYPE_CHECKING:
    from studio.database import Statement
    from studio.nodes.catalogue import NodeCatalogue


def statements(
    project: Project,
    catalogue: NodeCatalogue,
    databases: Databases,
    workflow_id: WorkflowId,
    node_id: NodeId,
) -> list[Statement]:
    """The node's statements; raises StudioError when its params do not allow to say them yet."""
    node = project.workflow(workflow_id).nodes[node_id]
    spec = spec_for(node, catalogue)
    if spec is None:
        return []
    kind = catalogue.type(node.type, spec.connection)
    wanted: Any = node.params.get("connection") or spec.connection
    known = list(project.connections.values())
    connection = next((entry for entry in known if entry.name == wanted), known[0] if known else None)
    if connection is None:
        return []
    return list(kind.statements(canonical(spec, node.params), databases.describe(connection)))
