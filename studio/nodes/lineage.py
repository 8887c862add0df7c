"""Which nodes touch a field? The way of every field through a workflow and those that it runs, found before any run.

Everything follows from models, typed ports, params and expressions. What the text of raw SQL names is told as a guess; what Python, files and
servers do is not known, and what comes from them could be anything: a node that writes such records may write any field.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.names import did_you_mean
from studio.models.spec import ModelSpec
from studio.nodes.catalogue import NodeCatalogue
from studio.nodes.lineage_walk import Found, NamesAt, Traced, Walk, Way
from studio.workflow.graph import Workflow
from studio.workflow.lineage import FieldRef, How, Use


class WorkflowUses(NamedTuple):
    """What one workflow does with a field, in the order in which its nodes run."""

    workflow: Workflow
    uses: tuple[Use, ...]


class Lineage:
    """Answers for one catalogue. A workflow is walked through once, as long as neither it nor one that it runs is edited."""

    def __init__(self, catalogue: NodeCatalogue) -> None:
        self._catalogue = catalogue
        self._kept: dict[WorkflowId, tuple[tuple[Workflow, ...], Found]] = {}
        self._traced: Traced = {}
        self._asked: tuple[Workflow, NodeId, NamesAt] | None = None

    @staticmethod
    def on(catalogue: NodeCatalogue) -> Lineage:
        """That of the catalogue, kept as long as it lives."""
        known = _kept.get(catalogue)
        if known is None:
            known = _kept[catalogue] = Lineage(catalogue)
        return known

    def of(self, fields: Iterable[FieldRef], workflows: Iterable[Workflow]) -> list[WorkflowUses]:
        """What the workflows, and those that they run, do with some fields; those that touch none of them are left out."""
        known = {workflow.id: workflow for workflow in workflows}
        wanted = tuple(fields)
        self._kept = {key: kept for key, kept in self._kept.items() if key in known}
        found: dict[tuple[WorkflowId, Use], None] = {}
        for workflow in known.values():
            walked = self._walked(workflow)
            for field in wanted:
                found.update(dict.fromkeys((key, use) for key, told in walked.get(field, ()) for use in told))
        by_workflow: dict[WorkflowId, list[Use]] = {}
        for key, use in found:
            by_workflow.setdefault(key, []).append(use)
        return [
            WorkflowUses(workflow, _in_order(workflow, by_workflow[key]))
            for key, workflow in known.items()
            if key in by_workflow
        ]

    def names_at(self, workflow: Workflow, node_id: NodeId) -> NamesAt:
        """The names of what comes to a node over edges, and of what it gives; the last answer is kept."""
        asked = self._asked
        if asked is None or asked[0] is not workflow or asked[1] != node_id:
            names = Way(Walk(self._catalogue, self._traced), workflow, {}).names_at(node_id)
            asked = self._asked = workflow, node_id, names
        return asked[2]

    def _walked(self, workflow: Workflow) -> Found:
        closure = self._catalogue.library.closure(workflow)
        kept = self._kept.get(workflow.id)
        if kept is None or not _is_alike(kept[0], closure):
            walk = Walk(self._catalogue, self._traced)
            walk.through(workflow, {})
            kept = self._kept[workflow.id] = closure, walk.found
        return kept[1]


_kept: weakref.WeakKeyDictionary[NodeCatalogue, Lineage] = weakref.WeakKeyDictionary()


def _is_alike(some: Sequence[Workflow], others: Sequence[Workflow]) -> bool:
    """Whether the workflows are the same but for their layout, their names and words."""
    return len(some) == len(others) and all(
        one.id == other.id
        and one.nodes is other.nodes
        and one.edges is other.edges
        and one.inputs is other.inputs
        for one, other in zip(some, others, strict=True)
    )


def _in_order(workflow: Workflow, uses: Sequence[Use]) -> tuple[Use, ...]:
    places = {node_id: number for number, node_id in enumerate(workflow.order())}
    hows = list(How)
    return tuple(sorted(uses, key=lambda use: (places.get(use.node, 0), hows.index(use.how), use.place)))


def find_fields(
    models: Mapping[str, Mapping[str, ModelSpec]], text: str, default: str | None = None
) -> tuple[FieldRef, ...]:
    """The field that a text such as `User.email` names, or all of the model `User`; `shop:User` says on which connection.

    `models` are those of each connection, `default` is the connection that is meant where several have the model. Raises WorkflowError
    with near misses.
    """
    connection, colon, rest = text.strip().rpartition(":")
    name, dot, field = rest.partition(".")
    holders = {
        key: own[name] for key, own in models.items() if name in own and (not colon or key == connection)
    }
    if not holders:
        known = [each for own in models.values() for each in own]
        raise WorkflowError(
            f"There is no model {name!r}." if name else "No field is named.",
            hint=did_you_mean(name, known) if known else "Add a model first.",
        )
    chosen = default if default in holders else next(iter(holders))
    model = holders[chosen]
    if dot and field not in model:
        raise WorkflowError(f"{name} has no field {field!r}.", hint=did_you_mean(field, model.names))
    return tuple(FieldRef(chosen, name, each) for each in ([field] if dot else model.names))


__all__ = ["Lineage", "NamesAt", "WorkflowUses", "find_fields"]
