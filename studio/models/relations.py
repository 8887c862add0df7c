"""How do models belong together? The relations among the models of one database: declared, or read off their foreign keys.

What a foreign key says is said from both ends, and a model that only links two others joins them. Names follow one rule:

    author_id → Author       on Post `author` (the field without its `_id`); without such an ending the field and `_record`
    and back                 on Author `posts`; one, not many, where the field is unique: on User `profile`
    several such fields      `posts_by_author` and `posts_by_editor`
    PostTag links both       on Post `tags`, on Tag `posts`; several links: `tags_by_post_tag`; one model linked with itself:
                             `users_by_followed`, the relation of the link that leads there

A name that a field has already is lengthened by `_record` or `_records`. A relation that the model declares itself comes first, and takes
the place of the derived one that leads the same way. How related records are loaded is `database`'s business.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any, Final

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean, plural, snake_case, unique_name
from studio.models.spec import ModelSpec, RelationSpec

MOST_STEPS: Final = 6
"""Relations that may follow one another in a path."""
_MOST_KEPT: Final = 500
"""Trees of relations that are kept: nodes ask for the same ones with every run."""
_KEY_ENDING: Final = re.compile(r"(?<=[A-Za-z0-9])(?:_id|Id|ID|_uuid)$")
_FIELDS: Final = 2
"""Foreign keys that a linking model has: one to each of the two it links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Include:
    """A relation whose records are wanted within those of its model, and what is wanted within them in turn."""

    relation: RelationSpec
    target: ModelSpec
    through: ModelSpec | None = None
    children: tuple[Include, ...] = ()


class Family:
    """The models of one database with the relations among them. Unchanging.

    Relations to models that are not here do not exist; `check` says which were declared all the same.
    """

    def __init__(self, models: Iterable[ModelSpec] = (), dialect: str = "") -> None:
        self.models: Mapping[str, ModelSpec] = MappingProxyType({model.name: model for model in models})
        self.dialect = dialect
        """What kind of database it is, where that is known: not everything can be done on each."""
        self._kept: dict[tuple[str, tuple[str, ...]], tuple[Include, ...]] = {}

    def relations(self, model: str) -> Mapping[str, RelationSpec]:
        """The relations of a model by their names: declared ones, those of its foreign keys, those back to it, and links."""
        return self._relations.get(model, _NONE)

    def include(self, model: ModelSpec, paths: Iterable[str]) -> tuple[Include, ...]:
        """What the dotted paths want (`items.product` wants the items, too), each relation once.

        Raises ModelError for a name that is no relation; its `field` is the path.
        """
        wanted = tuple(map(str, paths))
        known = self._kept.get((model.name, wanted))
        if known is not None:
            return known
        tree: dict[str, Any] = {}
        for path in wanted:
            branch = tree
            current = model
            parts = path.split(".")
            if len(parts) > MOST_STEPS:
                raise ModelError(
                    f"The path {path!r} is longer than {MOST_STEPS} relations.",
                    hint="Read the last part with a node of its own.",
                    field=path,
                )
            for part in parts:
                current = self.models[self.relation(current, part, path).model]
                branch = branch.setdefault(part, {})
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        made = self._kept[model.name, wanted] = self._includes(model, tree)
        return made

    def relation(self, model: ModelSpec, name: str, path: str = "") -> RelationSpec:
        """The relation of that name; raises ModelError with the nearest ones."""
        known = self.relations(model.name)
        found = known.get(name)
        if found is not None:
            return found
        where = f" (in {path!r})" if path and path != name else ""
        if name in model:
            leads = self.relation_of(model, name)
            hint = f"Write {leads!r}." if leads else "Fields are always there."
            raise ModelError(
                f"{name!r} is a field of {model.name}, not a relation{where}.", hint=hint, field=path
            )
        raise ModelError(
            f"{model.name} has no relation {name!r}{where}.",
            hint=self._remedy(model, name, known),
            field=path or name,
        )

    def _remedy(self, model: ModelSpec, name: str, known: Mapping[str, RelationSpec]) -> str:
        """What to do about an unknown relation: most often a field is called like a foreign key, but is not declared as one."""
        field = f"{name}_id"
        if field in model and not model[field].references:
            target = next((other for other in self.models if snake_case(other) == name), "…")
            return f'{field!r} is a plain field: declare it with Field(references="{target}.id").'
        return did_you_mean(name, known) if known else f"{model.name} has no relations."

    def relation_of(self, model: ModelSpec, field: str) -> str | None:
        """The name of the relation that a foreign key is; None for other fields."""
        target = (model[field].references or "").partition(".")[0]
        return next(
            (
                relation.name
                for relation in self.relations(model.name).values()
                if relation.local == (field,) and relation.model == target and not relation.many
            ),
            None,
        )

    def paths(self, model: ModelSpec, *, most: int = 60) -> tuple[str, ...]:
        """Relations of the model, and those of the related ones that do not lead straight back; for forms to offer."""
        own = self.relations(model.name)
        found = list(own)
        for first in own.values():
            found += [
                f"{first.name}.{second.name}"
                for second in self.relations(first.model).values()
                if second.model != model.name
            ]
        return tuple(found[:most])

    def check(self) -> Iterator[ModelError]:
        """What is wrong with relations that models declare: they name a model or a field that is not here."""
        for model in self.models.values():
            for relation in model.relations:
                try:
                    self._completed(model, relation)
                except ModelError as error:
                    yield error

    def _includes(self, model: ModelSpec, tree: Mapping[str, Any]) -> tuple[Include, ...]:
        known = self.relations(model.name)
        made = []
        for name, branch in tree.items():
            relation = known[name]
            target = self.models[relation.model]
            made.append(
                Include(
                    relation=relation,
                    target=target,
                    through=self.models[relation.through] if relation.through else None,
                    children=self._includes(target, branch),
                )
            )
        return tuple(made)

    # -------------------------------------------------------------- deriving

    @cached_property
    def _relations(self) -> Mapping[str, Mapping[str, RelationSpec]]:
        found: dict[str, dict[str, RelationSpec]] = {name: {} for name in self.models}
        for model in self.models.values():
            for relation in model.relations:
                try:
                    found[model.name][relation.name] = self._completed(model, relation)
                except ModelError:
                    continue  # `check` tells
        keys = [key for model in self.models.values() for key in self._foreign_keys(model)]
        names: dict[_Key, str] = {}
        for key in keys:
            names[key] = self._add(found, key.model, _forward(key), is_many=False)
        several = Counter((key.model.name, key.target.name) for key in keys)
        for key in keys:
            is_many = not any(fields == (key.field,) for fields in key.model.unique_sets())
            one = snake_case(key.model.name)
            name = plural(one) if is_many else one
            if several[key.model.name, key.target.name] > 1:
                name = f"{name}_by_{names[key]}"
            back = RelationSpec(
                name=name, model=key.model.name, many=is_many, local=(key.remote,), remote=(key.field,)
            )
            self._add(found, key.target, back, is_many=is_many)
        links = list(self._links(keys))
        ways = Counter((near.target.name, far.target.name) for near, far in links)
        for near, far in links:
            name = plural(snake_case(far.target.name))
            if near.target is far.target:
                name = f"{name}_by_{names[far]}"
            elif ways[near.target.name, far.target.name] > 1:
                name = f"{name}_by_{snake_case(near.model.name)}"
            way = RelationSpec(
                name=name,
                model=far.target.name,
                many=True,
                local=(near.remote,),
                remote=(far.remote,),
                through=near.model.name,
                through_local=(near.field,),
                through_remote=(far.field,),
            )
            self._add(found, near.target, way, is_many=True)
        return MappingProxyType({name: MappingProxyType(known) for name, known in found.items()})

    def _add(
        self,
        found: Mapping[str, dict[str, RelationSpec]],
        model: ModelSpec,
        relation: RelationSpec,
        *,
        is_many: bool,
    ) -> str:
        """Adds a derived relation under a free name and gives that; one that leads the same way already stays as it is."""
        known = found[model.name]
        for other in known.values():
            if replace(other, name="", many=is_many, order_by=()) == replace(relation, name="", many=is_many):
                return other.name
        name = relation.name
        if name in model or name in known:
            name = f"{name}_records" if is_many else f"{name}_record"
        name = unique_name(name, [*model.names, *known])
        known[name] = replace(relation, name=name)
        return name

    def _foreign_keys(self, model: ModelSpec) -> Iterator[_Key]:
        for field in model.fields:
            name, _, remote = (field.references or "").partition(".")
            target = self.models.get(name)
            if target is not None and remote in target:
                yield _Key(model=model, field=field.name, target=target, remote=remote)

    def _links(self, keys: Sequence[_Key]) -> Iterator[tuple[_Key, _Key]]:
        """The pairs of foreign keys of models that have just these two, and for each pair of values one record at most."""
        by_model: dict[str, list[_Key]] = {}
        for key in keys:
            by_model.setdefault(key.model.name, []).append(key)
        for pair in by_model.values():
            if len(pair) != _FIELDS:
                continue
            first, second = pair
            both = {first.field, second.field}
            if any(set(fields) == both for fields in first.model.unique_sets()):
                yield first, second
                yield second, first

    # -------------------------------------------------------------- declared ones

    def _completed(self, model: ModelSpec, relation: RelationSpec) -> RelationSpec:
        """The relation with the fields that were left out: they follow from the foreign keys."""
        target = self._known(model, relation, relation.model)
        if relation.through is not None:
            return self._completed_link(model, relation, target)
        local, remote = relation.local, relation.remote
        if not local and not remote:
            local, remote = self._joined(model, relation, target)
        elif not remote:
            remote = target.key
        elif not local:
            local = model.key
        self._check_fields(model, relation, model, local)
        self._check_fields(model, relation, target, remote)
        self._check_fields(model, relation, *_order(target, relation))
        if len(local) != len(remote):
            raise _wrong(
                model,
                relation,
                f"joins {len(local)} fields with {len(remote)}",
                "Name as many here as there.",
            )
        return replace(relation, local=local, remote=remote)

    def _completed_link(self, model: ModelSpec, relation: RelationSpec, target: ModelSpec) -> RelationSpec:
        link = self._known(model, relation, str(relation.through))
        near = relation.through_local or self._link_fields(model, relation, link, model, taken=())
        far = relation.through_remote or self._link_fields(model, relation, link, target, taken=near)
        local, remote = relation.local or model.key, relation.remote or target.key
        for owner, fields in (
            (link, near),
            (link, far),
            (model, local),
            (target, remote),
            _order(target, relation),
        ):
            self._check_fields(model, relation, owner, fields)
        return replace(
            relation, many=True, local=local, remote=remote, through_local=near, through_remote=far
        )

    def _link_fields(
        self,
        model: ModelSpec,
        relation: RelationSpec,
        link: ModelSpec,
        end: ModelSpec,
        *,
        taken: Sequence[str],
    ) -> tuple[str, ...]:
        fields = [
            key.field for key in self._foreign_keys(link) if key.target is end and key.field not in taken
        ]
        if len(fields) == 1 or (fields and model is end and not taken):
            return (fields[0],)
        raise _wrong(
            model,
            relation,
            f"goes through {link.name}, which has {'several fields' if fields else 'no field'} that reference {end.name}",
            "Name them: through_local and through_remote.",
        )

    def _joined(
        self, model: ModelSpec, relation: RelationSpec, target: ModelSpec
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        ways = [((key.field,), (key.remote,)) for key in self._foreign_keys(model) if key.target is target]
        if relation.many or not ways:
            ways = [
                ((key.remote,), (key.field,)) for key in self._foreign_keys(target) if key.target is model
            ]
        if len(ways) == 1:
            return ways[0]
        raise _wrong(
            model,
            relation,
            f"does not say how it joins {target.name}: {len(ways) or 'no'} foreign keys do",
            "Name the fields: local (here) and remote (there).",
        )

    def _known(self, model: ModelSpec, relation: RelationSpec, name: str) -> ModelSpec:
        found = self.models.get(name)
        if found is None:
            raise _wrong(
                model,
                relation,
                f"leads to {name!r}, which is no model here",
                did_you_mean(name, self.models) or "Declare it on the same database.",
            )
        return found

    @staticmethod
    def _check_fields(
        model: ModelSpec, relation: RelationSpec, owner: ModelSpec, fields: Sequence[str]
    ) -> None:
        for name in fields:
            if name not in owner:
                raise _wrong(
                    model,
                    relation,
                    f"names {name!r}, but {owner.name} has no such field",
                    did_you_mean(name, owner.names),
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Key:
    """A foreign key: a field of a model and what it references."""

    model: ModelSpec
    field: str
    target: ModelSpec
    remote: str


_NONE: Final[Mapping[str, RelationSpec]] = MappingProxyType({})


def _forward(key: _Key) -> RelationSpec:
    bare = _KEY_ENDING.sub("", key.field)
    name = snake_case(bare) if bare != key.field else f"{snake_case(key.field)}_record"
    return RelationSpec(
        name=name, model=key.target.name, many=False, local=(key.field,), remote=(key.remote,)
    )


def _order(target: ModelSpec, relation: RelationSpec) -> tuple[ModelSpec, tuple[str, ...]]:
    return target, tuple(term.removeprefix("-") for term in relation.order_by)


def _wrong(model: ModelSpec, relation: RelationSpec, fault: str, hint: str) -> ModelError:
    return ModelError(
        f"The relation {relation.name!r} of {model.name} {fault}.", hint=hint, field=relation.name
    )
