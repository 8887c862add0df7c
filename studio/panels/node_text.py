"""Which text stands for a node? Its statements with their parameters, and the Python that would add it; for the pages that show them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from studio.panels.display import cell_text
from studio.panels.sql_layout import laid_out
from studio.workflow.references import spec_for

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.session import Session


def code_of(session: Session, workflow_id: WorkflowId, node_id: NodeId) -> str:
    """The node in Python."""
    return str(session.code(workflow_id, node_id))


def sql_of(session: Session, workflow_id: WorkflowId, node_id: NodeId) -> str:
    """The node's statements with their parameters as comments."""
    statements = session.statements(workflow_id, node_id)
    spec = spec_for(session.project.workflow(workflow_id).nodes[node_id], session.catalogue)
    # What a person has written stays as it was written.
    lay_out = laid_out if spec is not None and spec.model else str.strip
    if not statements:
        return "-- This node executes no SQL."
    parts = []
    for statement in statements:
        params = statement.params
        comment = "\n".join(f"-- {line}" for line in _param_lines(params))
        parts.append(f"{lay_out(statement.sql.strip())};" + (f"\n{comment}" if comment else ""))
    return "\n\n".join(parts)


def _param_lines(params: Any) -> list[str]:
    if not params:
        return []
    pairs = params.items() if hasattr(params, "items") else enumerate(params, start=1)
    return [
        f"{name} = {json.dumps(value, ensure_ascii=False) if isinstance(value, str) else cell_text(value)}"
        for name, value in pairs
    ]
