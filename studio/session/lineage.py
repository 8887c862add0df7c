"""Who touches a field of the open project? The uses of a field in all workflows, and what of the project cannot be looked into."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.nodes.lineage import Lineage, NamesAt, WorkflowUses, find_fields
from studio.workflow.lineage import FieldRef, How, Use

if TYPE_CHECKING:
    from studio.kernel.ids import NodeId, WorkflowId
    from studio.session.editor import Editor

_UNREAD = frozenset({"SQL", "Python"})
"""Kinds of node that may touch any field without saying so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldUses:
    """What is known of one field, or of all fields of a model."""

    fields: tuple[FieldRef, ...]
    workflows: tuple[WorkflowUses, ...]
    """Those that touch it, in the project's order."""
    unread: int
    """How many nodes there are whose code is not understood, and may touch it unseen."""

    @property
    def count(self) -> int:
        return sum(len(entry.uses) for entry in self.workflows)

    @property
    def unsure(self) -> int:
        return sum(not use.is_sure for entry in self.workflows for use in entry.uses)


def field_uses(session: Editor, text: str) -> FieldUses:
    """The uses of `User.email`, or of each field of `User`; raises WorkflowError with near misses for what is no field."""
    catalogue = session.catalogue
    fields = find_fields(catalogue.models(), text, catalogue.default_connection)
    workflows = session.project.workflows.values()
    found = Lineage.on(catalogue).of(fields, workflows)
    unread = sum(
        node.type in _UNREAD and not node.disabled
        for workflow in workflows
        for node in workflow.nodes.values()
    )
    return FieldUses(fields=fields, workflows=tuple(found), unread=unread)


def names_at(session: Editor, workflow_id: WorkflowId, node_id: NodeId) -> NamesAt:
    """What the records that come to a node, and those that it gives, are made of, as far as that is known before any run."""
    return Lineage.on(session.catalogue).names_at(session.project.workflow(workflow_id), node_id)


def field_names(session: Editor) -> list[str]:
    """All that can be asked for: each model as a whole, then its fields."""
    found: list[str] = []
    for connection, own in session.catalogue.models().items():
        for model in own.values():
            found += [field_text(session, model.name, field, connection) for field in ("", *model.names)]
    return found


def field_text(session: Editor, model: str, field: str = "", connection: str = "") -> str:
    """What asks for a field (none: for a model): `User.email`, with its connection in front where several have such a model."""
    holders = [name for name, own in session.catalogue.models().items() if model in own]
    front = f"{connection}:" if connection and len(holders) > 1 else ""
    return f"{front}{model}.{field}" if field else f"{front}{model}"


__all__ = ["FieldUses", "How", "NamesAt", "Use", "field_names", "field_text", "field_uses", "names_at"]
