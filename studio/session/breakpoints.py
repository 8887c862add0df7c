"""Before which nodes does a person want runs to wait? Theirs alone: no part of the project, of its history or of what others open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from studio.kernel.errors import ExpressionError, WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.workflow.expressions import parse_condition

if TYPE_CHECKING:
    from studio.project.state import Project

Entry = tuple[WorkflowId, NodeId, str]
"""A workflow, its node, and the condition of the breakpoint before it; empty: always."""
_Conditions = Mapping[tuple[WorkflowId, NodeId], str]


class BreakpointBook:
    """The breakpoints of a session. Changed on the session's thread; a run asks `condition` from the engine's."""

    def __init__(self, project: Callable[[], Project], changed: Callable[[WorkflowId], object]) -> None:
        self._project = project
        self._changed = changed
        self._conditions: _Conditions = MappingProxyType({})
        """Replaced as a whole, so that a run always reads one that is finished."""

    def condition(self, workflow_id: WorkflowId, node_id: NodeId) -> str | None:
        """When a run waits before the node ("": always); None: never. From any thread."""
        return self._conditions.get((workflow_id, node_id))

    def of(self, workflow_id: WorkflowId) -> Mapping[NodeId, str]:
        """The conditions by node; of nodes that are still there."""
        workflow = self._project().workflows.get(workflow_id)
        nodes = workflow.nodes if workflow is not None else {}
        return {
            node: text
            for (home, node), text in self._conditions.items()
            if home == workflow_id and node in nodes
        }

    def all(self) -> tuple[Entry, ...]:
        homes = dict.fromkeys(home for home, _ in self._conditions)
        return tuple((home, node, text) for home in homes for node, text in self.of(home).items())

    def has(self, workflow_id: WorkflowId, node_id: NodeId) -> bool:
        return node_id in self.of(workflow_id)

    def toggle(self, workflow_id: WorkflowId, node_id: NodeId) -> None:
        if self.has(workflow_id, node_id):
            self.remove(workflow_id, node_id)
        else:
            self.set(workflow_id, node_id)

    def set(self, workflow_id: WorkflowId, node_id: NodeId, condition: str = "") -> None:
        """Lets runs wait before the node when `condition` holds: an expression over the results so far and the inputs.

        Raises ExpressionError when it cannot be read, WorkflowError when there is no such node.
        """
        if node_id not in self._project().workflow(workflow_id).nodes:
            raise WorkflowError(f"There is no node {node_id!r} to wait before.")
        text = condition.strip()
        if text:
            parse_condition(text)
        self._put({**self._conditions, (workflow_id, node_id): text}, [workflow_id])

    def remove(self, workflow_id: WorkflowId, node_id: NodeId) -> None:
        """Harmless where there is none."""
        left = {key: text for key, text in self._conditions.items() if key != (workflow_id, node_id)}
        self._put(left, [workflow_id])

    def clear(self) -> None:
        self._put({}, dict.fromkeys(home for home, _ in self._conditions))

    def restore(self, entries: Iterable[Entry]) -> None:
        """In place of all that there are; what no longer exists, or cannot be read, is passed over."""
        found: dict[tuple[WorkflowId, NodeId], str] = {}
        for home, node, text in entries:
            workflow = self._project().workflows.get(home)
            if workflow is None or node not in workflow.nodes:
                continue
            try:
                if text:
                    parse_condition(text)
            except ExpressionError:
                continue
            found[home, node] = text
        homes = dict.fromkeys(home for home, _ in (*self._conditions, *found))
        self._put(found, homes)

    def _put(self, conditions: _Conditions, homes: Iterable[WorkflowId]) -> None:
        if dict(conditions) == dict(self._conditions):
            return
        self._conditions = MappingProxyType(dict(conditions))
        for home in homes:
            self._changed(home)
