"""Which nodes hand their rows on while they come, and to whom?"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from studio.kernel.ids import NodeId
from studio.nodes.base import NodeType
from studio.runtime.sources import Sources
from studio.workflow.graph import Workflow
from studio.workflow.params import canonical, value_param
from studio.workflow.spec import NodeSpec


def eaters(
    sources: Sources, types: Mapping[NodeId, NodeType | None], given: Collection[NodeId]
) -> dict[NodeId, NodeId]:
    """Nodes that can stream whose rows only one node wants, which takes them as they come: from each to its eater.

    Those whose values are `given` do not run. A node that an expression names is wanted whole.
    """
    workflow, named = sources.workflow, sources.named
    found: dict[NodeId, NodeId] = {}
    for node_id, node_type in types.items():
        if node_type is None or node_id in named or node_id in given:
            continue
        params = canonical(node_type.spec, workflow.nodes[node_id].params)
        if not node_type.can_stream(params) or _is_fed(workflow, node_id, node_type.spec, "limit"):
            continue
        eater = _only_eater(workflow, node_id, types)
        if eater is None or eater in found.values() or eater in given:
            continue
        others = sources.of(eater) - {node_id}
        if not any(node_id in sources.leading_to(other) for other in others):
            found[node_id] = eater
    return found


def _is_fed(workflow: Workflow, node_id: NodeId, spec: NodeSpec, param: str) -> bool:
    targets = (value_param(spec, edge, None) for edge in workflow.incoming.get(node_id, ()))
    return any(target is not None and target[0] == param for target in targets)


def _only_eater(
    workflow: Workflow, node_id: NodeId, types: Mapping[NodeId, NodeType | None]
) -> NodeId | None:
    values = [
        edge for edge in workflow.outgoing.get(node_id, ()) if edge.source_port not in ("done", "error")
    ]
    if len(values) != 1 or values[0].source_port != "records":
        return None
    eater = types[values[0].target]
    eats = eater is not None and eater.eats and values[0].target_port == eater.eats
    return values[0].target if eats else None
