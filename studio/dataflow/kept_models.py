"""Which models does a DataFlow keep, and which nodes do they get? Taken in from anywhere, checked against one another, told as plain data."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from studio.kernel.errors import ModelError
from studio.kernel.names import did_you_mean
from studio.models.growth import conflict
from studio.models.options import with_option
from studio.models.relations import Family
from studio.models.spec import HOOK_EVENTS, MISSING, FieldSpec, Hook, HookEvent, ModelSpec, RelationSpec
from studio.nodes.catalogue import NodeCatalogue, common_types
from studio.nodes.generated import generated_specs, generated_types

if TYPE_CHECKING:
    from studio.nodes.base import NodeType

F = TypeVar("F", bound=Callable[..., Any])


class KeptModels:
    """The models of one DataFlow, by their names, in the order of their declaration.

    Invariant: family, catalogue and node types are those of the models kept now; they are made when they are asked for. `name` is the
    DataFlow's, as messages and nodes call it; with `multi_tenant` each model that is declared is one of tenants.
    """

    def __init__(self, name: str, *, dialect: str, multi_tenant: bool) -> None:
        self.by_name: dict[str, ModelSpec] = {}
        self._name = name
        self._dialect = dialect
        self._multi_tenant = multi_tenant
        self._catalogue: NodeCatalogue | None = None
        self._types: list[NodeType] | None = None
        self._family: Family | None = None
        self._mapped: dict[str, object] = {}
        """For models of SQLAlchemy classes: the class, or the linking table."""

    # -------------------------------------------------------------- taking in

    def add(self, spec: ModelSpec, *, replace: bool = False) -> ModelSpec:
        """See `DataFlow.add_model`."""
        if self._multi_tenant and not spec.reflected:
            spec = with_option(spec, "multi_tenant", True)
        known = self.by_name.get(spec.name)
        if known is not None and known == spec and not spec.hooks:
            return known  # with the hooks it has by now
        reason = conflict(known, spec) if known is not None and not replace else None
        if reason is not None:
            raise ModelError(
                f"{self._name!r} has a model {spec.name!r} already, declared otherwise: {reason}.",
                hint="A second declaration may only add to the first. Give it another name, or take it in with"
                " add_model(spec, replace=True).",
            )
        if known is not None and not replace and not spec.hooks:
            spec = dataclasses.replace(spec, hooks=known.hooks)
        return self._keep(spec)

    def add_mapped(self, classes: Iterable[type]) -> None:
        """Takes in SQLAlchemy classes, with the tables that link them; see `DataFlow.register`."""
        from studio.dataflow.orm import mapped_classes, models_from_orm

        for given in classes:
            for mapped in mapped_classes(given):
                for source, spec in models_from_orm(mapped):
                    if self._mapped.get(spec.name) is not source:
                        self.add(spec)
                        self._mapped[spec.name] = source

    def _keep(self, spec: ModelSpec) -> ModelSpec:
        self.by_name[spec.name] = spec
        self._catalogue = self._types = self._family = None
        return spec

    def listener(self, event: HookEvent, name: str) -> Callable[[F], F]:
        """What declares a function as a hook of a model; raises ModelError for an unknown event or model."""
        self.spec(name)
        if event not in HOOK_EVENTS:
            raise ModelError(f"There is no event {event!r}.", hint=did_you_mean(event, HOOK_EVENTS))

        def declare(function: F) -> F:
            spec = self.spec(name)
            self._keep(dataclasses.replace(spec, hooks=(*spec.hooks, Hook(event, function))))
            return function

        return declare

    def _hear(self) -> None:
        """Looks who listens to SQLAlchemy classes by now: listeners are told of what is built after them."""
        if not self._mapped:
            return
        from studio.dataflow.orm_events import heard

        for name, source in self._mapped.items():
            known = self.by_name.get(name)
            if known is not None and isinstance(source, type):
                spec = heard(source, known)
                if spec is not known:
                    self._keep(spec)

    # -------------------------------------------------------------- finding

    def spec(self, name: str) -> ModelSpec:
        """Raises ModelError, with the nearest name, when there is no such model."""
        try:
            return self.by_name[name]
        except KeyError:
            raise ModelError(
                f"{self._name!r} has no model {name!r}.", hint=did_you_mean(name, self.by_name)
            ) from None

    def spec_or_table(self, name: str) -> ModelSpec:
        """The same by a model's name or its table's."""
        spec = self.by_name.get(name) or next((s for s in self.by_name.values() if s.table == name), None)
        if spec is None:
            known = [*self.by_name, *(other.table for other in self.by_name.values())]
            raise ModelError(
                f"{self._name!r} has no model or table {name!r}.", hint=did_you_mean(name, known)
            )
        return spec

    @property
    def family(self) -> Family:
        """The models with the relations among them."""
        if self._family is None:
            self._family = Family(self.by_name.values(), self._dialect)
        return self._family

    def info(self, name: str) -> dict[str, Any]:
        """See `DataFlow.get_model_info`."""
        spec = self.spec(name)
        return {
            "name": spec.name,
            "table": spec.table,
            "doc": spec.doc,
            "key": list(spec.key),
            "fields": {field.name: _field_info(field) for field in spec.fields},
            "indexes": [
                {"name": index.name, "fields": list(index.fields), "unique": index.unique}
                for index in spec.indexes
            ],
            "relations": self.relations_info(name),
            "nodes": self.generated_nodes(name),
        }

    def relations_info(self, name: str) -> dict[str, dict[str, Any]]:
        """See `DataFlow.get_relationships`."""
        self.spec(name)
        return {relation.name: _relation_info(relation) for relation in self.family.relations(name).values()}

    # -------------------------------------------------------------- nodes

    def generated_nodes(self, name: str) -> list[str]:
        """See `DataFlow.get_generated_nodes`."""
        return [made.type for made in generated_specs(self.spec(name), self._name)]

    @property
    def catalogue(self) -> NodeCatalogue:
        """See `DataFlow.catalogue`."""
        self._hear()
        if self._catalogue is None:
            self._catalogue = NodeCatalogue([*self.node_types(), *common_types()])
        return self._catalogue

    def node_types(self, connection: str | None = None) -> list[NodeType]:
        """See `DataFlow.node_types`."""
        self._hear()
        if connection is not None and connection != self._name:
            return [
                kind
                for spec in self.by_name.values()
                for kind in generated_types(spec, connection, self.family)
            ]
        if self._types is None:
            self.check_references()
            self._types = [
                kind
                for spec in self.by_name.values()
                for kind in generated_types(spec, self._name, self.family)
            ]
        return self._types

    def check_references(self) -> None:
        """Raises ModelError for a reference or a relation that leads nowhere."""
        for spec in self.by_name.values():
            for field in spec.fields:
                if not field.references or spec.reflected:
                    continue
                model, _, target = field.references.partition(".")
                if model not in self.by_name:
                    raise ModelError(
                        f"{spec.name}.{field.name} references {model!r}, which is no model of {self._name!r}.",
                        hint=did_you_mean(model, self.by_name) or "Declare it on the same DataFlow.",
                        field=field.name,
                    )
                if target not in self.by_name[model]:
                    raise ModelError(
                        f"{spec.name}.{field.name} references {field.references!r}, but {model} has no such field.",
                        hint=did_you_mean(target, self.by_name[model].names),
                        field=field.name,
                    )

        for wrong in self.family.check():
            raise wrong


_SHOWN: Final = (
    "nullable",
    "key",
    "generated",
    "managed",
    "unique",
    "index",
    "max_length",
    "dimensions",
    "references",
)


def _field_info(field: FieldSpec) -> dict[str, Any]:
    info: dict[str, Any] = {"type": field.kind.value, "required": field.required}
    info |= {name: value for name in _SHOWN if (value := getattr(field, name))}
    if field.default is not MISSING:
        info["default"] = field.default
    if field.choices:
        info["choices"] = list(field.choices)
    if field.description:
        info["description"] = field.description
    return info


def _relation_info(relation: RelationSpec) -> dict[str, Any]:
    info: dict[str, Any] = {
        "model": relation.model,
        "many": relation.many,
        "local": list(relation.local),
        "remote": list(relation.remote),
    }
    if relation.through is not None:
        info["through"] = relation.through
        info["through_local"] = list(relation.through_local)
        info["through_remote"] = list(relation.through_remote)
    return info
