"""What does each node of a workflow need? The nodes that an edge leads from, and those that its expressions name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property

from studio.kernel.ids import NodeId
from studio.workflow.graph import Workflow


class Sources:
    """Which nodes come before which in one workflow."""

    def __init__(self, workflow: Workflow, named: Mapping[NodeId, set[NodeId]]) -> None:
        """`named` are the nodes in each node's expressions; see `checks.order_edges`."""
        self.workflow = workflow
        self._named = named

    @cached_property
    def named(self) -> frozenset[NodeId]:
        """All nodes that an expression names."""
        return frozenset().union(*self._named.values())

    def of(self, node_id: NodeId) -> set[NodeId]:
        edges = self.workflow.incoming.get(node_id, ())
        return {edge.source for edge in edges} | self._named.get(node_id, set())

    def each(self) -> dict[NodeId, set[NodeId]]:
        """For each node those that it needs."""
        return {node_id: self.of(node_id) for node_id in self.workflow.nodes}

    def steps_forth(self) -> dict[NodeId, set[NodeId]]:
        """For each node those that need it."""
        after: dict[NodeId, set[NodeId]] = {node_id: set() for node_id in self.workflow.nodes}
        for node_id, sources in self.each().items():
            for source in sources:
                after[source].add(node_id)
        return after

    def leading_to(self, node_id: NodeId) -> set[NodeId]:
        """The node and all that it needs."""
        return reach([node_id], self.of)

    def led_to_by(self, node_id: NodeId) -> set[NodeId]:
        """The node and all that need it."""
        return reach([node_id], self.steps_forth().__getitem__)


def reach(starts: Iterable[NodeId], steps: Callable[[NodeId], set[NodeId]]) -> set[NodeId]:
    """Where one comes to from `starts`, which are among it; `steps` gives the nodes next to one."""
    seen = set(starts)
    stack = list(seen)
    while stack:
        fresh = steps(stack.pop()) - seen
        seen |= fresh
        stack += fresh
    return seen


def in_order(before: Mapping[NodeId, set[NodeId]]) -> list[NodeId]:
    """The nodes so that each comes after those it needs, otherwise as they are in `before`; those in a cycle are left out."""
    remaining = {node_id: len(sources) for node_id, sources in before.items()}
    after: dict[NodeId, list[NodeId]] = {node_id: [] for node_id in before}
    for node_id, sources in before.items():
        for source in sources:
            after[source].append(node_id)
    ready = [node_id for node_id, count in remaining.items() if not count]
    for node_id in ready:
        for other in after[node_id]:
            remaining[other] -= 1
            if not remaining[other]:
                ready.append(other)
    return ready
