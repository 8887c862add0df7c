"""Which steps lead from what a store holds to what it is to hold? Only rows that differ are written, and rows that are gone removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from studio.persistence.codec import ProjectRows
from studio.persistence.gateway import Step

_KINDS: Final = (
    ("connections", "Connection"),
    ("models", "ModelDefinition"),
    ("workflows", "Orchestration"),
    ("templates", "OrchestrationTemplate"),
)


def steps_between(before: ProjectRows, after: ProjectRows, *, keep: Sequence[str] = ()) -> list[Step]:
    """The steps that lead from one state of a store's project to another; rows whose ids are in `keep` are never removed."""
    steps: list[Step] = []
    for attribute, model in _KINDS:
        old, new = getattr(before, attribute), getattr(after, attribute)
        changed = [row for key, row in new.items() if not _same(old.get(key), row)]
        if changed:
            params = {"data": changed, "conflict_on": ["id"], "conflict_resolution": "update"}
            steps.append(Step(type=f"{model}BulkUpsertNode", params=params))
        gone = [key for key in old if key not in new and key not in keep]
        if gone:
            steps.append(Step(type=f"{model}BulkDeleteNode", params={"ids": gone}))
    if not before.project:
        steps.append(Step(type="ProjectCreateNode", params=after.project))
    elif not _same(before.project, after.project):
        fields = {name: value for name, value in after.project.items() if name != "id"}
        steps.append(Step(type="ProjectUpdateNode", params={"id": after.project["id"], "fields": fields}))
    return steps


def _same(old: dict[str, Any] | None, new: dict[str, Any]) -> bool:
    return old is not None and all(name in old and old[name] == value for name, value in new.items())
