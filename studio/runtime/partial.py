"""Which nodes does a run have to do with, and whose values are there already? Runs to a node, from a node, and with pinned values.

A value of an earlier run is used again only while nothing speaks against it: its node succeeded and was kept, and neither the node nor anything
that leads to it has changed since. Otherwise the node is run again; one that writes is not, but refused with the reason: running it again
would write again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal

from studio.kernel.errors import BuildError, WorkflowError
from studio.kernel.ids import NodeId
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.nodes.subworkflows import ReferringType
from studio.runtime.inputs import bind_inputs
from studio.runtime.sources import Sources, reach
from studio.workflow.checks import order_edges, spec_for, title_of
from studio.workflow.graph import REFERRING, Node, Workflow

if TYPE_CHECKING:
    from studio.nodes.catalogue import NodeCatalogue
    from studio.runtime.outcomes import NodeOutcome

Origin = Literal["", "reused", "pinned"]
"""Where a node's value comes from when it was not run."""

_DEEPEST: Final = 32
"""Workflows within one another; the checks refuse those that run themselves."""
_ENDED: Final = MappingProxyType(
    {
        "failed": "failed in the last run",
        "skipped": "was skipped in the last run",
        "abandoned": "was not reached in the last run",
        "cancelled": "was stopped in the last run",
        "pending": "was not reached in the last run",
    }
)


@dataclass(frozen=True, slots=True)
class Given:
    """A value that stands in for running a node."""

    value: Any
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A run whose values may be used again. `workflow` is the whole one as it was then; `is_undone`: what it wrote was rolled back."""

    workflow: Workflow
    catalogue: NodeCatalogue
    inputs: Mapping[str, Any]
    nodes: Mapping[str, NodeOutcome]
    inner: Mapping[str, Workflow]
    """The workflows that its nodes ran, by the paths of the nodes, as they were then."""
    is_undone: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What a run is about: the nodes, those among them whose values are given, and edges only to those that are not."""

    workflow: Workflow
    given: Mapping[NodeId, Given]


def part_of(
    workflow: Workflow,
    catalogue: NodeCatalogue,
    *,
    until: str | None = None,
    start: str | None = None,
    earlier: Earlier | None = None,
    inputs: Mapping[str, Any] | None = None,
) -> Part:
    """The part of a workflow that leads to the node `until`, and begins at the node `start`; without either, all of it.

    Args:
        workflow: the whole workflow.
        catalogue: what kinds of node there are.
        until: the last node.
        start: the first node: those before it give what they gave in `earlier`, or are run again.
        earlier: an earlier run of the workflow.
        inputs: what this run is given; values of a run that was given something else are not used again.

    Raises:
        WorkflowError: there is no such node, or `start` does not lead to `until`.
        BuildError: a node before `start` writes, and its value cannot be used again; holds the reason for each.
    """
    if until is None and start is None and all(node.pinned is None for node in workflow.nodes.values()):
        return Part(workflow, MappingProxyType({}))
    before = Sources(workflow, order_edges(workflow, catalogue))
    wanted = _wanted(workflow, before, until=until, start=start)
    reuse = _Reuse(before, catalogue, earlier, inputs)
    given: dict[NodeId, Given] = {}
    kept: set[NodeId] = set()
    refused: list[Problem] = []
    stack = list(wanted)
    while stack:
        node_id = stack.pop()
        if node_id in kept:
            continue
        kept.add(node_id)
        node = workflow.nodes[node_id]
        is_before = start is not None and node_id not in wanted
        reason = reuse.why_not(node_id) if is_before else None
        if node.pinned is not None and not node.disabled and catalogue.find(node.type) is not None:
            given[node_id] = Given(_revived(node.pinned.value), "pinned")
        elif is_before and reason is None:
            given[node_id] = Given(reuse.value(node_id), "reused")
        else:
            if reason is not None and not node.disabled and not reuse.was_passed_over(node_id):
                refused += _refusal(workflow, catalogue, node, start, reason)
            stack += before.of(node_id)
    if refused:
        raise BuildError(refused, workflow=workflow.name or None)
    part = workflow.without_nodes(node_id for node_id in workflow.nodes if node_id not in kept)
    return Part(
        part.without_edges(edge for edge in part.edges if edge.target in given), MappingProxyType(given)
    )


def _wanted(workflow: Workflow, before: Sources, *, until: str | None, start: str | None) -> set[NodeId]:
    """The nodes that the run is for; what they need comes on top."""
    for name, verb in ((until, "to"), (start, "from")):
        if name is not None and name not in workflow.nodes:
            raise WorkflowError(
                f"There is no node {name!r} to run {verb}.", hint=did_you_mean(name, workflow.nodes)
            )
    wanted = set(workflow.nodes) if until is None else {NodeId(until)}
    if start is None:
        return wanted
    after = before.led_to_by(NodeId(start))
    if until is None:
        return after
    if until not in after:
        raise WorkflowError(
            f"The node {start!r} does not lead to {until!r}.",
            hint="Choose a node before it to run from, or one behind it to run to.",
        )
    return after & before.leading_to(NodeId(until))


def _refusal(
    workflow: Workflow, catalogue: NodeCatalogue, node: Node, start: str | None, reason: str
) -> list[Problem]:
    if catalogue.find(node.type) is None:
        return []
    kind = catalogue.type_of(node)
    spec = kind.spec
    if not (spec.writes or kind.outside(node.params)):
        return []
    return [
        Problem(
            code="upstream-not-reusable",
            message=f'The run cannot begin at {start!r}: "{title_of(node, spec)}" before it writes, and {reason}.',
            hint="Run from that node or the whole workflow, or pin its value.",
            workflow=workflow.name or None,
            node=node.id,
        )
    ]


def outdated(workflow: Workflow, catalogue: NodeCatalogue, earlier: Earlier) -> set[NodeId]:
    """The nodes of an earlier run that have changed since, and those that such a node leads to: now they might give something else.

    A node whose value has been pinned since gives that, whatever becomes of it and of what is before it.
    """
    now = Sources(workflow, order_edges(workflow, catalogue))
    changes = _Changes(workflow, catalogue, earlier)
    then = earlier.workflow.nodes
    fixed = {
        node_id
        for node_id, node in workflow.nodes.items()
        if node.pinned is not None and not node.disabled and node_id in then and then[node_id].pinned is None
    }
    found = [
        node_id for node_id in workflow.nodes if node_id not in fixed and changes.of(node_id) is not None
    ]
    if not found:
        return set()
    after = now.steps_forth()
    if fixed:
        after = {node_id: following - fixed for node_id, following in after.items()}
    return reach(found, after.__getitem__) & earlier.nodes.keys()


class _Changes:
    """Tells what was done to nodes since an earlier run."""

    def __init__(self, workflow: Workflow, catalogue: NodeCatalogue, earlier: Earlier) -> None:
        self._workflow = workflow
        self._catalogue = catalogue
        self._earlier = earlier
        self._has_same_edges = workflow.edges is earlier.workflow.edges

    def of(self, node_id: NodeId) -> str | None:
        """What has changed of the node itself, as the end of a sentence."""
        earlier, workflow = self._earlier, self._workflow
        node, old = workflow.nodes[node_id], earlier.workflow.nodes.get(node_id)
        if old is None:
            return "was added since the last run"
        if node is not old and replace(node, title="", comment="") != replace(old, title="", comment=""):
            return "was changed since the last run"
        if not self._has_same_edges:
            edges, old_edges = (part.incoming.get(node_id, ()) for part in (workflow, earlier.workflow))
            if edges != old_edges and set(edges) != set(old_edges):
                return "was connected differently since the last run"
        if self._catalogue is not earlier.catalogue and spec_for(node, self._catalogue) != spec_for(
            old, earlier.catalogue
        ):
            return "is of another make since the last run: its model was changed"
        if node.type not in REFERRING:
            return None
        ran = {path: inner for path, inner in earlier.inner.items() if f"{path}/".startswith(f"{node_id}/")}
        if dict(_inner(node, self._catalogue, "")) != ran:
            return "runs a workflow that was changed since the last run"
        return None


class _Reuse:
    """Judges whether the values of an earlier run still hold."""

    def __init__(
        self,
        now: Sources,
        catalogue: NodeCatalogue,
        earlier: Earlier | None,
        inputs: Mapping[str, Any] | None,
    ) -> None:
        self._now = now
        self._catalogue = catalogue
        self._earlier = earlier
        self._differences = _Changes(now.workflow, catalogue, earlier) if earlier is not None else None
        nothing = Workflow(id=now.workflow.id, name="")
        self._inputs = bind_inputs(now.workflow, inputs, part=nothing) if earlier is not None else {}
        self._changes: dict[NodeId, str | None] = {}

    def value(self, node_id: NodeId) -> Any:
        assert self._earlier is not None
        return self._earlier.nodes[node_id].value

    def why_not(self, node_id: NodeId) -> str | None:
        """Why a node's value cannot be used again, as the end of a sentence; None when it can."""
        earlier = self._earlier
        if earlier is None:
            return "has not run yet"
        outcome = earlier.nodes.get(node_id)
        if outcome is None:
            return "was not part of the last run"
        if outcome.state != "succeeded":
            return _ENDED[outcome.state]
        if outcome.is_sample:
            return "handed its rows on without keeping them"
        if earlier.is_undone:
            return "the last run was rolled back"
        if any(
            earlier.inputs[name] != value for name, value in self._inputs.items() if name in earlier.inputs
        ):
            return "the last run was given other inputs"
        return self._change(node_id)

    def was_passed_over(self, node_id: NodeId) -> bool:
        """Whether the earlier run took another way: so will this one, for what decides about it is unchanged."""
        outcome = self._earlier.nodes.get(node_id) if self._earlier is not None else None
        return outcome is not None and outcome.state == "skipped" and self._change(node_id) is None

    def _change(self, node_id: NodeId) -> str | None:
        """What has changed of a node or of what leads to it since the earlier run."""
        if node_id not in self._changes:
            self._changes[node_id] = self._own.of(node_id) or self._change_before(node_id)
        return self._changes[node_id]

    @property
    def _own(self) -> _Changes:
        assert self._differences is not None, "there is an earlier run to compare with"
        return self._differences

    def _change_before(self, node_id: NodeId) -> str | None:
        for source in self._now.leading_to(node_id) - {node_id}:
            change = self._own.of(source)
            if change is not None:
                node = self._now.workflow.nodes[source]
                title = title_of(node, spec_for(node, self._catalogue))
                return f'"{title}" before it {change}'
        return None


def _inner(node: Node, catalogue: NodeCatalogue, above: str) -> Iterator[tuple[str, Workflow]]:
    """The workflows that a node runs, and that their nodes run, by the paths of the nodes."""
    kind = None if node.disabled or catalogue.find(node.type) is None else catalogue.type_of(node)
    if isinstance(kind, ReferringType) and kind.workflow is not None and above.count("/") < _DEEPEST:
        path = above + node.id
        yield path, kind.workflow
        for each in kind.workflow.nodes.values():
            yield from _inner(each, catalogue, f"{path}/")


def _revived(value: Any) -> Any:
    """A pinned value as a node gives it: a list of records knows of itself whether more follow."""
    if isinstance(value, list) and all(isinstance(entry, Mapping) for entry in value):
        from studio.database.results import Rows

        return Rows([dict(entry) for entry in value])
    return value
