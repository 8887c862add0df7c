"""How does a model come to stand on another connection as well? As one that Studio keeps there, with what it refers to there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from studio.kernel.ids import short_id

if TYPE_CHECKING:
    from studio.models.spec import FieldSpec
    from studio.project.state import ModelEntry, Project


class ModelCopy(NamedTuple):
    """A model for another connection, and the models that its fields referred to and that are not there."""

    entry: ModelEntry
    missed: tuple[str, ...]


def copy_for(project: Project, model_id: str, connection_id: str) -> ModelCopy | None:
    """The copy, or None for a model whose definition cannot be read.

    Its table is made by the first run that needs it, also where the model was read from a table; so it keeps no schema of the other
    database, and lets go of references and relations to models that the connection does not have.
    """
    entry = project.models[model_id]
    if entry.spec is None:
        return None
    there = {known.name for known in project.models.values() if known.connection == connection_id}
    there.add(entry.name)
    missed: dict[str, None] = {}

    def kept(field: FieldSpec) -> FieldSpec:
        target = field.references.partition(".")[0] if field.references else entry.name
        if target in there:
            return field
        missed[target] = None
        return replace(field, references=None)

    spec = replace(
        entry.spec,
        reflected=False,
        schema=None,
        fields=tuple(kept(field) for field in entry.spec.fields),
        relations=tuple(
            known for known in entry.spec.relations if {known.model, known.through or known.model} <= there
        ),
    )
    return ModelCopy(replace(entry, id=short_id(), connection=connection_id, spec=spec), tuple(missed))
