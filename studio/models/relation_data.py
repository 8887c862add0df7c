"""How is a relation written down? The same in a class (`__relations__`) and in YAML (`relations:`), read and written here.

writer: {model: Author, local: author_id}      to one; `remote` is the other model's key unless it is said
drafts: {model: Post, remote: author_id}       to many, from the other side; `order_by` says in which order
labels: {model: Tag, through: PostTag}         to many, by the records of a third model
editor: Author                                 just the model: how they are joined follows from the foreign keys
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean
from studio.models.spec import RelationSpec

_FIELDS: Final = ("local", "remote", "through_local", "through_remote", "order_by")
_KEYS: Final = ("model", "many", "through", *_FIELDS)


def relations_from_data(model: str, data: Any) -> tuple[RelationSpec, ...]:
    """The relations that a mapping of names declares; raises ModelError that names the model, the relation and the remedy."""
    if not data:
        return ()
    if not isinstance(data, Mapping):
        raise ModelError(
            f"{model}: relations are a mapping of names, not {data!r}.",
            hint='Write {"writer": {"model": "Author", "local": "author_id"}}.',
        )
    return tuple(_relation(model, str(name), entry) for name, entry in data.items())


def relations_to_data(relations: tuple[RelationSpec, ...]) -> dict[str, Any]:
    """Plain data that `relations_from_data` turns into equal relations."""
    return {relation.name: _to_data(relation) for relation in relations}


def _relation(model: str, name: str, data: Any) -> RelationSpec:
    if isinstance(data, str):
        data = {"model": data}
    if not name.isidentifier() or not isinstance(data, Mapping) or not isinstance(data.get("model"), str):
        raise ModelError(
            f"{model}: the relation {name!r} does not say where it leads.",
            hint='Write {"model": "Author", "local": "author_id"}; names are made of letters, digits and underscores.',
            field=name,
        )
    unknown = next((key for key in data if key not in _KEYS), None)
    if unknown is not None:
        raise ModelError(
            f"{model}: the relation {name!r} has no option {unknown!r}.",
            hint=did_you_mean(str(unknown), _KEYS),
            field=name,
        )
    parts = {key: _names(model, name, key, data.get(key, ())) for key in _FIELDS}
    through = data.get("through")
    many = data.get("many", bool(through or (parts["remote"] and not parts["local"])))
    if not isinstance(many, bool) or not (through is None or isinstance(through, str)):
        raise ModelError(
            f"{model}: the relation {name!r} is not written as it must be.",
            hint="`many` is true or false, `through` a model's name.",
            field=name,
        )
    return RelationSpec(name=name, model=data["model"], many=many, through=through, **parts)


def _names(model: str, relation: str, key: str, value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(entry, str) for entry in names):
        raise ModelError(
            f"{model}: {key!r} of the relation {relation!r} is a field's name or a list of them, not {value!r}.",
            field=relation,
        )
    return tuple(names)


def _to_data(relation: RelationSpec) -> dict[str, Any]:
    data: dict[str, Any] = {"model": relation.model}
    if relation.many != bool(relation.through or (relation.remote and not relation.local)):
        data["many"] = relation.many
    for key in _FIELDS:
        names = getattr(relation, key)
        if names:
            data[key] = names[0] if len(names) == 1 else list(names)
    if relation.through:
        data["through"] = relation.through
    return data
