"""What do a model's nodes for one record do? Create, Read, Update, Delete, Upsert.

Each puts its params in order and asks the database's one write path, or its read of one record, to do the work; no SQL stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import NodeError, RecordNotFound, StudioError
from studio.kernel.problems import Problem
from studio.models.relations import Family
from studio.models.spec import VERSION, ModelSpec
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.model_node import ModelNode
from studio.nodes.reading import (
    check_selection,
    check_value,
    check_values,
    conflict_fields,
    key_of,
    problem_of,
    selection,
)
from studio.workflow.params import LATER, unwrap
from studio.workflow.spec import NodeSpec

if TYPE_CHECKING:
    from studio.database import Database, Statement


class Viewed(dict[str, Any]):
    """A natural value with something beside it that a port shows: the record an Upsert made (`extra`: was it new?), and the like."""

    __slots__ = ("extra",)

    def __init__(self, value: Mapping[str, Any], extra: Any) -> None:
        super().__init__(value)
        self.extra = extra


class _OneRecord(ModelNode):
    """A node whose natural value is a record, or None."""

    __slots__ = ()

    def output(self, value: Any, port: str) -> Any:
        if port == "record":
            return value
        if port == "found" and port in self.own_ports:
            return value is not None
        return None if value is None else value.get(self._fields_by_port[port])

    def rows(self, value: Any) -> int | None:
        return 0 if value is None else 1

    def _expected(self, params: Params) -> tuple[Mapping[str, Any], int | None]:
        """Which record is meant, and at which version it has to be.

        A version in the filter is what the param `version` is, unless it may well be that no record matches: then nothing is refused.
        """
        filter, version = selection(self._model, params, self._title), _version(self._model, params)
        in_filter = filter.get(VERSION) if self._model.versioned else None
        may_miss = params.get("if_missing", "error") == "null"
        if version is not None or may_miss or type(in_filter) is not int or len(filter) == 1:
            return filter, version
        return {name: value for name, value in filter.items() if name != VERSION}, in_filter

    def _missing(self, params: Params) -> None:
        """Nothing matched: None where that is wanted, else RecordNotFound."""
        if params.get("if_missing", "error") == "null":
            return
        by_id = "id" in params
        what = f"with the id {params['id']!r}" if by_id else f"that matches {params.get('filter')!r}"
        raise RecordNotFound(
            f"There is no {self._model.name} {what}.",
            hint="Check the value, or set if_missing to null to go on without one.",
        )


class CreateType(_OneRecord):
    __slots__ = ()
    own_ports = frozenset({"record"})

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        return await ctx.access(self._connection).create(self._model, self.flat(params))

    def statements(self, params: Params, database: Database) -> list[Statement]:
        return self._compile(database, "create", _plain(self.flat(params)))

    def check_own(self, params: Params) -> list[Problem]:
        return _check_flat(self._model, self._field_params, params)


class ReadType(_OneRecord):
    __slots__ = ()
    own_ports = frozenset({"record", "found"})

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        record = await ctx.access(self._connection).read(
            self._model,
            selection(self._model, params, self._title),
            include=self._include(params.get("include")),
            include_deleted=bool(params.get("include_deleted")),
        )
        if record is None:
            self._missing(params)
        return record

    def output(self, value: Any, port: str) -> Any:
        if value is None or port in self.own_ports:
            return super().output(value, port)
        return value.get(self._fields_by_port[port])

    def statements(self, params: Params, database: Database) -> list[Statement]:
        shown = {
            "filter": selection(self._model, params, self._title),
            "include": self._include(params.get("include")),
            "include_deleted": params.get("include_deleted"),
        }
        return self._compile(database, "read", shown)

    def check_own(self, params: Params) -> list[Problem]:
        problems = check_selection(self._model, params, self._title, dialect=self._family.dialect)
        return problems + self._check_include(params.get("include"))


class UpdateType(_OneRecord):
    __slots__ = ()
    own_ports = frozenset({"record", "found"})

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        filter, version = self._expected(params)
        record = await ctx.access(self._connection).update(
            self._model, filter, self._changes(params), version=version
        )
        if record is None:
            self._missing(params)
        return record

    def _changes(self, params: Params) -> dict[str, Any]:
        changes = dict(params.get("fields") or {})
        for name, value in self.flat(params).items():
            if name == "id":
                continue
            if name in changes:
                raise NodeError(
                    f"{self._title} is given {name!r} twice, in fields and beside it.",
                    hint="Remove one of them.",
                    field=name,
                )
            changes[name] = value
        if not changes:
            raise NodeError(
                f"{self._title} is told nothing to change.",
                hint="Give the new values in fields.",
                field="fields",
            )
        return changes

    def statements(self, params: Params, database: Database) -> list[Statement]:
        filter = selection(self._model, params, self._title)
        return self._compile(database, "update", {"filter": filter, "fields": self._changes(params)})

    def check_own(self, params: Params) -> list[Problem]:
        problems = check_selection(self._model, params, self._title, dialect=self._family.dialect)
        fields = params.get("fields")
        flat = {name: value for name, value in self.flat(params).items() if name != "id"}
        problems += check_values(
            self._model, fields, param="fields", operators=True, dialect=self._family.dialect
        )
        problems += check_values(
            self._model, flat, param="fields", operators=True, dialect=self._family.dialect
        )
        strange = any(name not in self.spec.params_by_name for name in params)  # reported already
        if not flat and not strange and (fields is None or (isinstance(fields, Mapping) and not fields)):
            problems.append(
                Problem(
                    code="missing-param",
                    message=f"{self._title} is told nothing to change.",
                    hint="Give the new values in fields.",
                    field="fields",
                )
            )
        return problems


class DeleteType(_OneRecord):
    __slots__ = ()
    own_ports = frozenset({"deleted", "record"})

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        filter, version = self._expected(params)
        record = await ctx.access(self._connection).delete(self._model, filter, version=version)
        if record is None:
            self._missing(params)
            return Viewed({"deleted": 0, "id": params.get("id")}, None)
        return Viewed({"deleted": 1, "id": key_of(self._model, record)}, record)

    def output(self, value: Any, port: str) -> Any:
        return value.extra if port == "record" else value["deleted"]

    def rows(self, value: Any) -> int | None:
        return int(value["deleted"])

    def statements(self, params: Params, database: Database) -> list[Statement]:
        return self._compile(database, "delete", {"filter": selection(self._model, params, self._title)})

    def check_own(self, params: Params) -> list[Problem]:
        return check_selection(self._model, params, self._title, dialect=self._family.dialect)


class UpsertType(_OneRecord):
    __slots__ = ()
    own_ports = frozenset({"record", "created"})

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        create, update, conflict_on = self._parts(params)
        record, created = await ctx.access(self._connection).upsert(self._model, create, update, conflict_on)
        return Viewed(record, created)

    def output(self, value: Any, port: str) -> Any:
        return value.extra if port == "created" else super().output(value, port)

    def statements(self, params: Params, database: Database) -> list[Statement]:
        create, update, conflict_on = self._parts(params)
        return self._compile(
            database, "upsert", {"create": create, "update": update, "conflict_on": conflict_on}
        )

    def _parts(self, params: Params) -> tuple[dict[str, Any], dict[str, Any], tuple[str, ...]]:
        """What a new record gets, what an old one gets, and the fields by which it is known."""
        flat = self.flat(params)
        where = params.get("where")
        if where is None and params.get("create") is None and params.get("update") is None:
            known_by = conflict_fields(self._model, params.get("conflict_on"), flat, self._title)
            return flat, {name: value for name, value in flat.items() if name not in known_by}, known_by
        if flat:
            raise NodeError(
                f"{self._title} takes the fields flat, or where/create/update, not both.",
                hint=f"Move {next(iter(flat))!r} into create and update.",
                field=next(iter(flat)),
            )
        create = {**(where or {}), **(params.get("create") or {})}
        known_by = conflict_fields(
            self._model, params.get("conflict_on") or tuple(where or ()), create, self._title
        )
        return create, dict(params.get("update") or {}), known_by

    def check_own(self, params: Params) -> list[Problem]:
        problems = _check_flat(self._model, self._field_params, params)
        for part in ("where", "create"):
            problems += check_values(self._model, params.get(part), param=part)
        problems += check_values(
            self._model, params.get("update"), param="update", operators=True, dialect=self._family.dialect
        )
        parts = [params.get(name) for name in ("where", "create", "update")]
        if problems or params.get("conflict_on") is LATER:
            return problems
        if not all(part is None or isinstance(part, Mapping) for part in parts):
            return problems  # known later, or reported already
        try:
            self._parts(params)
        except StudioError as error:
            return [problem_of(error, error.field or "conflict_on")]
        return []


def _version(model: ModelSpec, params: Params) -> int | None:
    """The version that the record must still have, in a model that counts them; else a field may be called so."""
    return params.get(VERSION) if model.versioned else None


def _check_flat(model: ModelSpec, names: Mapping[str, str], params: Params) -> list[Problem]:
    found = [
        check_value(model, names[name], value, param=name) for name, value in params.items() if name in names
    ]
    return [problem for problem in found if problem]


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: unwrap(value) for name, value in values.items()}


RECORD_TYPES: Final[Mapping[str, Callable[[NodeSpec, ModelSpec, Family], NodeType]]] = MappingProxyType(
    {
        "create": CreateType,
        "read": ReadType,
        "update": UpdateType,
        "delete": DeleteType,
        "upsert": UpsertType,
    }
)
