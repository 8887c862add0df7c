"""What would a node say to its database? For the SQL tab: compiled, never executed, and no connection is opened.

What comes by an edge or from an expression is known during a run only: the values of the last run stand in for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from studio.kernel.errors import ExpressionError, WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.project.state import Project
from studio.session.databases import Databases
from studio.session.runs import RunHandle
from studio.workflow.checks import spec_for, title_of
from studio.workflow.graph import Node, Workflow
from studio.workflow.params import LITERAL, canonical, expression_of, is_literal, placed, value_param
from studio.workflow.spec import NodeSpec

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
        WorkflowError: A value is wanted that only a run can give, and there was none yet.
        StudioError: The params are not right.
    """
    workflow = project.workflow(workflow_id)
    node = workflow.nodes[node_id]
    spec = spec_for(node, catalogue)
    if spec is None:
        return []
    kind = catalogue.type(node.type, spec.connection)
    wanted: Any = node.params.get("connection") or spec.connection
    known = list(project.connections.values())
    connection = next((entry for entry in known if entry.name == wanted), known[0] if known else None)
    if connection is None or not (spec.connection or spec.category == "code"):
        return []
    params = _filled_in(workflow, node, spec, catalogue, last_run)
    return list(kind.statements(params, databases.describe(connection)))


def _filled_in(
    workflow: Workflow, node: Node, spec: NodeSpec, catalogue: NodeCatalogue, last_run: RunHandle | None
) -> dict[str, Any]:
    names = {entry.name: entry.default for entry in workflow.inputs}
    if last_run is not None:
        names |= last_run.inputs
        names |= {
            other: value for other in workflow.nodes if (value := _taken(last_run, other, None)) is not None
        }
    try:
        params = {name: _evaluated(value, names) for name, value in canonical(spec, node.params).items()}
    except ExpressionError as error:
        raise _not_yet(workflow, node, spec, last_run) from error
    for edge in workflow.incoming.get(node.id, ()):
        source = workflow.nodes[edge.source]
        source_spec = spec_for(source, catalogue)
        target = value_param(spec, edge, source_spec.output(edge.source_port) if source_spec else None)
        if target is None:
            continue
        value = _taken(last_run, edge.source, edge.source_port) if last_run is not None else None
        if value is None:
            raise _not_yet(workflow, source, source_spec, last_run)
        name, path = target
        params[name] = placed(params.get(name), path, value)
    return params


def _evaluated(value: Any, names: Mapping[str, Any]) -> Any:
    if is_literal(value):
        return value[LITERAL]
    if isinstance(value, Mapping):
        return {key: _evaluated(entry, names) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_evaluated(entry, names) for entry in value]
    expression = expression_of(value)
    return value if expression is None else expression.evaluate(names)


def _taken(run: RunHandle, node_id: NodeId, port: str | None) -> Any:
    try:
        return run.value(node_id, port)
    except (KeyError, IndexError, ValueError, TypeError):
        return None


def _not_yet(
    workflow: Workflow, node: Node, spec: NodeSpec | None, last_run: RunHandle | None
) -> WorkflowError:
    title = title_of(node, spec)
    if last_run is not None and last_run.is_finished:
        return WorkflowError(
            f"This takes values from {title!r}, which gave none in the last run.",
            hint="Run the workflow so that it does; the SQL is then shown with the values of that run.",
            workflow=workflow.name,
        )
    return WorkflowError(
        f"This takes values from {title!r} that only a run gives.",
        hint="Run the workflow once; the SQL is then shown with the values of that run.",
        workflow=workflow.name,
    )
