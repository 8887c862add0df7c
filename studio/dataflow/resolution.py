"""Which database does a node mean? The one its `db_instance` names, else the one given, else the only open one that has the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.dataflow.instances import open_instances
from studio.nodes.catalogue import NodeCatalogue, common_types
from studio.workflow.graph import Workflow
from studio.workflow.references import Library

if TYPE_CHECKING:
    from studio.dataflow.dataflow import DataFlow


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The kinds of node that a workflow may use, and the instances by the names their nodes know them by."""

    catalogue: NodeCatalogue
    homes: dict[str, DataFlow]


def resolve(
    workflow: Workflow, db: DataFlow | None, workflows: Mapping[str, Workflow] | None = None
) -> Resolution:
    """Where the nodes of a workflow belong; whatever stays open or ambiguous is found by the checks.

    `workflows` are those that it may run, by their ids.
    """
    if not workflows:
        return _resolve([workflow], db)
    library = Library(lambda: workflows)
    found = _resolve(library.closure(workflow), db)
    return Resolution(catalogue=found.catalogue.with_library(library), homes=found.homes)


def _resolve(workflows: Iterable[Workflow], db: DataFlow | None) -> Resolution:
    if db is None:
        found = open_instances()
        return _of_one(found[0]) if len(found) == 1 else _of_many(found, None)
    named = {
        name
        for workflow in workflows
        for node in workflow.nodes.values()
        if not node.disabled
        for name in (node.params.get("db_instance"), node.params.get("connection"))
        if isinstance(name, str) and name != db.name
    }
    others = [other for other in open_instances() if other is not db and other.name in named] if named else []
    return _of_many([db, *others], db) if others else _of_one(db)


def _of_one(db: DataFlow) -> Resolution:
    return Resolution(catalogue=db.catalogue, homes={db.name: db})


def _of_many(instances: list[DataFlow], default: DataFlow | None) -> Resolution:
    homes = _labelled(instances)
    types = [kind for label, instance in homes.items() for kind in instance.node_types(label)]
    catalogue = NodeCatalogue(
        [*types, *common_types()],
        default_connection=next((label for label, instance in homes.items() if instance is default), None),
    )
    return Resolution(catalogue=catalogue, homes=homes)


def _labelled(found: Iterable[DataFlow]) -> dict[str, DataFlow]:
    """The instances by name; those that share one are numbered, so that none is taken for another."""
    instances = list(found)
    names = [instance.name for instance in instances]
    return {
        instance.name
        if names.count(instance.name) == 1
        else f"{instance.name} #{names[: index + 1].count(instance.name)}": instance
        for index, instance in enumerate(instances)
    }
