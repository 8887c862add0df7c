"""What does a workflow do that no rollback takes back? Nodes that act elsewhere, beside others whose writes may be rolled back.

Whether a run rolls back is its mode's business, so this is a warning, and only where there is something to roll back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, runtime_checkable

from studio.kernel.ids import NodeId
from studio.kernel.problems import Problem, Severity
from studio.workflow.edge_checks import title_of
from studio.workflow.graph import REFERRING, Node, Workflow
from studio.workflow.references import REFERENCE, Library, spec_for
from studio.workflow.spec import Catalogue, NodeSpec

NOT_ROLLED_BACK: Final = "not-rolled-back"


@runtime_checkable
class Outside(Catalogue, Protocol):
    """A catalogue that knows which nodes act outside of the databases."""

    library: Library

    def acts_outside(self, node: Node) -> bool:
        """Whether it changes something elsewhere that no rollback takes back."""
        ...


def outside_problems(
    workflow: Workflow, specs: Mapping[str, NodeSpec | None], catalogue: Catalogue
) -> Iterator[Problem]:
    """A warning for each node that acts elsewhere, or runs a workflow with such a node, if something here writes to a database."""
    if not isinstance(catalogue, Outside):
        return
    seen = _Seen()
    _look(workflow, specs, catalogue, seen)
    if not seen.writes:
        return
    for node_id, title in seen.acting:
        yield Problem(
            code=NOT_ROLLED_BACK,
            severity=Severity.WARNING,
            message=f'What "{title}" changes elsewhere stays when the run is rolled back.',
            hint="For runs that commit all or nothing, or after a review, move it to a workflow of its own that is run once this one is committed.",
            node=node_id,
        )


@dataclass(slots=True)
class _Seen:
    """What was found on the way, at any depth; the titles by the outermost nodes."""

    writes: bool = False
    acting: list[tuple[NodeId, str]] = field(default_factory=list)
    workflows: set[str] = field(default_factory=set)


def _look(
    workflow: Workflow,
    specs: Mapping[str, NodeSpec | None],
    catalogue: Outside,
    seen: _Seen,
    outermost: NodeId | None = None,
) -> None:
    seen.workflows.add(workflow.id)
    for node_id, node in workflow.nodes.items():
        spec = specs[node_id]
        if spec is None or node.disabled or node.pinned is not None:
            continue
        if spec.model is not None or node.type not in REFERRING:
            seen.writes = seen.writes or spec.writes
            if spec.model is None and catalogue.acts_outside(node):
                seen.acting.append((outermost or node_id, title_of(node, spec)))
            continue
        inner = catalogue.library.get(node.params.get(REFERENCE))
        if inner is not None and inner.id not in seen.workflows:
            inner_specs: dict[str, NodeSpec | None] = {
                each.id: spec_for(each, catalogue) for each in inner.nodes.values()
            }
            _look(inner, inner_specs, catalogue, seen, outermost or node_id)
