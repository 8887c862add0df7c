"""What would a node say to its database? For the SQL tab: compiled, never executed, and no connection is opened.

What comes by an edge or from an expression is known during a run only: the values of the last run stand in for it where there are any,
and otherwise the words for where the value will come from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.kernel.ids import NodeId, WorkflowId
from studio.project.state import Project
from studio.session.databases import Databases
from studio.session.runs import RunHandle
from studio.workflow.checks import spec_for
from studio.workflow.graph import Workflow

if TYPE_CHECKING:
    from studio.database import Statement
    from studio.nodes.catalogue import NodeCatalogue


def statements(
    project: Project,
    catalogue: NodeCatalogue,
    databases: Databases,
    last_run: RunHandle | None,
    workflow_id: WorkflowId,
    node_id: NodeId,
) -> list[Statement]:
    """The node's statements; empty when it has none.

    Raises:
        StudioError: The params are not right.
    """
    from studio.nodes.preview import preview_statements

    workflow = project.workflow(workflow_id)
    node = workflow.nodes[node_id]
    spec = spec_for(node, catalogue)
    if spec is None or not (spec.connection or spec.category == "code"):
        return []
    wanted: Any = node.params.get("connection") or spec.connection
    entries = list(project.connections.values())
    connection = next((entry for entry in entries if entry.name == wanted), entries[0] if entries else None)
    if connection is None:
        return []
    database = databases.describe(connection)
    return preview_statements(workflow, node_id, catalogue, database, _LastValues(workflow, last_run))


class _LastValues:
    """The defaults of the inputs, and what the last run was given and gave; see `nodes.preview.Known`."""

    def __init__(self, workflow: Workflow, run: RunHandle | None) -> None:
        self._run = run
        self._inputs = {entry.name: entry.default for entry in workflow.inputs if not entry.required}
        if run is not None:
            self._inputs |= run.inputs

    def named(self, name: str) -> Any:
        return self._inputs[name] if name in self._inputs else self._value(NodeId(name), None)

    def delivered(self, node_id: NodeId, port: str) -> Any:
        return self._value(node_id, port)

    def _value(self, node_id: NodeId, port: str | None) -> Any:
        if self._run is None:
            raise KeyError(node_id)
        try:
            return self._run.value(node_id, port)
        except (IndexError, ValueError, TypeError) as error:
            raise KeyError(node_id) from error  # the path leads nowhere in what was delivered
