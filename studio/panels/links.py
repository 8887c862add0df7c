"""Where does a value lead? From a field that refers to another model's, to the records that it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.models.spec import ModelSpec
    from studio.project.state import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A field of another model."""

    model_id: str
    model: str
    field: str


def links_of(project: Project, spec: ModelSpec | None) -> dict[str, Link]:
    """The fields of a model that refer to models of the project, by their names."""
    found: dict[str, Link] = {}
    by_name: Mapping[str, str] = {entry.name: entry.id for entry in project.models.values()}
    for field in spec.fields if spec is not None else ():
        model, _, name = (field.references or "").partition(".")
        if model in by_name:
            found[field.name] = Link(model_id=by_name[model], model=model, field=name)
    return found
