"""What can be added or connected? The choices that the outline offers by name, where the canvas offers places to drag to."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from studio.panels.quick_search import Goal
from studio.workflow.graph import Edge
from studio.workflow.references import spec_for
from studio.workflow.spec import DONE
from studio.workflow.types import clash

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.session import Session
    from studio.workflow.graph import Workflow
    from studio.workflow.spec import ParamSpec

_CHECKED: Final = 300
"""So many choices are asked of the session one by one; of more, only the types are compared: connecting says what is wrong."""


def kinds_to_add(session: Session) -> list[tuple[Goal, str, dict[str, str]]]:
    """Every kind of node: its goal, its type, and the params that pick the connection where several have the type."""
    specs = list(session.catalogue.specs())
    count = Counter(spec.type for spec in specs)
    found = []
    for spec in specs:
        is_ambiguous = count[spec.type] > 1 and spec.connection is not None
        goal = Goal(
            kind="choice",
            id=f"{spec.type} {spec.connection or ''}".strip(),
            title=spec.title,
            detail=spec.connection or "",
            names=(spec.type,),
            icon="plus",
        )
        found.append((goal, spec.type, {"db_instance": str(spec.connection)} if is_ambiguous else {}))
    return found


def ports_to_fill(session: Session, workflow_id: WorkflowId, node_id: NodeId) -> list[Goal]:
    """The inputs of a node that an edge may end at, required ones first."""
    workflow = session.project.workflow(workflow_id)
    node = workflow.nodes[node_id]
    spec = spec_for(node, session.catalogue)
    if spec is None:
        return []
    fed = {edge.target_port: edge for edge in workflow.incoming.get(node_id, ())}
    goals = []
    connectable = [param for param in spec.params if param.connectable]
    primary = {port.name for port in spec.inputs if port.primary}

    def rank(param: ParamSpec) -> tuple[bool, bool, bool]:
        return (not param.required, param.name not in primary, param.advanced)

    for param in sorted(connectable, key=rank):
        edge = fed.get(param.name)
        source = f"← {_title(session, workflow, edge.source)} › {edge.source_port}" if edge else ""
        goals.append(
            Goal(
                kind="choice",
                id=param.name,
                title=param.label or param.name,
                detail=source or str(param.type) + (" *" if param.required else ""),
                names=(param.name,),
                icon="sign-in",
            )
        )
    after = spec.input("after")
    if after is not None:
        title = "After another node"
        goals.append(Goal(kind="choice", id="after", title=title, detail=str(after.type), icon="sign-in"))
    return goals


def sources_for(
    session: Session, workflow_id: WorkflowId, node_id: NodeId, port: str
) -> list[tuple[Goal, Edge]]:
    """The outputs that can be connected to an input, with the edge that each would make; the nearest before it first."""
    workflow = session.project.workflow(workflow_id)
    spec = spec_for(workflow.nodes[node_id], session.catalogue)
    wanted = spec.input(port) if spec is not None else None
    if wanted is None:
        return []
    behind = {*workflow.downstream(node_id), node_id}
    order = workflow.order()
    here = order.index(node_id)
    near = [*reversed(order[:here]), *order[here:]]
    found: list[tuple[Goal, Edge]] = []
    for source in near:
        source_spec = spec_for(workflow.nodes[source], session.catalogue)
        if source in behind or source_spec is None:
            continue
        for output in sorted(source_spec.all_outputs, key=lambda output: not output.primary):
            if wanted.type.kind == "signal" and output.name != DONE:
                continue
            if clash(output.type, wanted.type) is not None:
                continue
            edge = Edge(source=source, source_port=output.name, target=node_id, target_port=port)
            title = f"{_title(session, workflow, source)} › {output.label or output.name}"
            goal = Goal(kind="choice", id=edge.id, title=title, detail=str(output.type), icon="sign-out")
            found.append((goal, edge))
    if len(found) <= _CHECKED:
        found = [pair for pair in found if session.why_not(workflow_id, pair[1]) is None]
    return found


def _title(session: Session, workflow: Workflow, node_id: NodeId) -> str:
    node = workflow.nodes[node_id]
    spec = spec_for(node, session.catalogue)
    return node.title or (spec.title if spec else node.id)
