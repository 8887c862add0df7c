"""What do a model's nodes for one record, and those that only read, do? Create, Read, Update, Delete, List, Count, Upsert, Aggregate.

Each puts its params in order and asks the database's one write path, or one of its reads, to do the work; no SQL stands here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from studio.kernel.errors import ModelError, NodeError, RecordNotFound, StudioError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.relations import Family, Include
from studio.models.spec import VERSION, ModelSpec
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.caching import cache_wish, check_cache, wants_cache
from studio.nodes.paths import names_of, path_type
from studio.nodes.reading import (
    check_filter,
    check_selection,
    check_value,
    check_values,
    key_of,
    problem_of,
    selection,
)
from studio.workflow.params import LATER, is_dynamic, unwrap
from studio.workflow.spec import NodeSpec
from studio.workflow.types import PortType

if TYPE_CHECKING:
    from studio.database import AggregateQuery, Database, ListQuery, Statement


class Viewed(dict[str, Any]):
    """A natural value with something beside it that a port shows: the record an Upsert made (`extra`: was it new?), and the like."""

    __slots__ = ("extra",)

    def __init__(self, value: Mapping[str, Any], extra: Any) -> None:
        super().__init__(value)
        self.extra = extra


class ModelNode(NodeType):
    """A node of one model. `fields_by_port` leads from a port's or param's name to the field's."""

    __slots__ = ("_connection", "_family", "_field_params", "_fields_by_port", "_model", "_title")

    own_ports: ClassVar[frozenset[str]] = frozenset()
    """The output ports that are not a field of the record."""

    def __init__(self, spec: NodeSpec, model: ModelSpec, family: Family | None = None) -> None:
        super().__init__(spec)
        self._model = model
        self._family = family or Family([model])
        self._connection = spec.connection
        self._title = f'"{spec.title}"'
        self._field_params = {param.name: param.field for param in spec.params if param.field}
        names = {*model.names, *self._family.relations(model.name)}
        self._fields_by_port = {
            port.name: port.name if port.name in names else port.name[:-1]
            for port in spec.outputs
            if port.name not in self.own_ports
        }

    @property
    def model(self) -> ModelSpec:
        return self._model

    def models(self, params: Params) -> Iterable[ModelSpec]:
        """The models whose tables the node needs; params that come during the run are `LATER`."""
        include = params.get("include") if "include" in self.spec.params_by_name else None
        if not include:
            return (self._model,)
        if is_dynamic(include):
            return tuple(self._family.models.values())
        return (self._model, *_included(self._include(include)))

    def _include(self, wanted: Any) -> tuple[Include, ...]:
        """The relations that `include` names; raises NodeError with the nearest ones."""
        if not wanted:
            return ()
        try:
            return self._family.include(self._model, names_of(wanted))
        except ModelError as error:
            raise NodeError(error.message, hint=error.hint, field="include") from error

    def _check_include(self, wanted: Any) -> list[Problem]:
        if not wanted or is_dynamic(wanted):
            return []
        problems = []
        for path in names_of(wanted):
            try:
                self._family.include(self._model, (path,))
            except ModelError as error:
                problems.append(
                    Problem(code="unknown-relation", message=error.message, hint=error.hint, field="include")
                )
        return problems

    def path_type(self, params: Params, port: str, path: Sequence[str]) -> PortType | Problem | None:
        """The type of what a dotted path leads to; what is wrong with it; None where that is known only during the run."""
        known = self.spec.output(port)
        if known is None or known.type.kind != "record":
            return None
        if port in self.own_ports:
            if not path or known.type.model != self._model.name:
                return None if path else known.type
            can_include = "include" in self.spec.params_by_name
            return path_type(self._family, self._model, known.type, path, params, can_include=can_include)
        name = self._fields_by_port.get(port, port)
        one = PortType(kind="record", model=self._model.name, nullable=known.type.nullable)
        return path_type(self._family, self._model, one, (name, *path), params)

    def flat(self, params: Params) -> dict[str, Any]:
        """The fields among the params, under the fields' names."""
        names = self._field_params
        return {names[name]: value for name, value in params.items() if name in names}

    def check(self, params: Params) -> list[Problem]:
        problems = []
        wanted = params.get("model_name")
        if wanted is not None and wanted != self._model.name:
            problems.append(
                Problem(
                    code="wrong-model",
                    message=f"model_name is {wanted!r}, but {self.spec.type} belongs to {self._model.name!r}.",
                    hint=f"Write {self._model.name!r}, or remove it.",
                    field="model_name",
                )
            )
        return problems + self.check_own(params)

    def check_own(self, params: Params) -> list[Problem]:
        return []

    def _compile(self, database: Database, operation: str, params: Mapping[str, Any]) -> list[Statement]:
        return database.compile(operation, self._model, params)


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


class _ManyRecords(ModelNode):
    """A node whose natural value is `Rows`."""

    __slots__ = ()
    own_ports = frozenset({"records", "count", "first", "has_more", "cursor"})

    def output(self, value: Any, port: str) -> Any:
        if port == "records":
            return value
        if port == "count":
            return len(value)
        if port == "first":
            return value[0] if value else None
        return getattr(value, port)

    def rows(self, value: Any) -> int | None:
        return len(value)


class ListType(_ManyRecords):
    __slots__ = ()

    def query(self, params: Params) -> ListQuery:
        """What the params ask of the database."""
        from studio.database import ListQuery

        return ListQuery(
            filter=params.get("filter"),
            order_by=params.get("order_by") or (),
            limit=params.get("limit", 100),
            offset=params.get("offset") or 0,
            after=params.get("after_cursor"),
            fields=params.get("fields") or None,
            include=self._include(params.get("include")),
            include_deleted=bool(params.get("include_deleted")),
        )

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        access, query = ctx.access(self._connection), self.query(params)
        if not wants_cache(params):
            return await access.list(self._model, query)
        return await access.list_kept(self._model, query, cache_wish(self._family, params))

    def can_stream(self, params: Params) -> bool:
        return params.get("limit", 100) is None and not wants_cache(params)

    def stream(
        self, ctx: NodeContext, params: Params, *, batch_size: int
    ) -> AsyncIterator[list[dict[str, Any]]]:
        access = ctx.access(self._connection)
        return access.stream(self._model, self.query(params), batch_size=batch_size)

    def statements(self, params: Params, database: Database) -> list[Statement]:
        query = self.query(params)
        bare = asdict(replace(query, include=()))
        return self._compile(database, "list", {**bare, "include": query.include})

    def check_own(self, params: Params) -> list[Problem]:
        problems = check_filter(self._model, params.get("filter"), dialect=self._family.dialect)
        problems += _check_order(self._model, params.get("order_by"))
        problems += _check_names(self._model, params.get("fields"), "fields")
        problems += check_cache(self._family, params)
        return problems + self._check_include(params.get("include"))


class CountType(ModelNode):
    __slots__ = ()
    own_ports = frozenset({"count"})

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        access = ctx.access(self._connection)
        number = await access.count(
            self._model, params.get("filter"), include_deleted=bool(params.get("include_deleted"))
        )
        return {"count": number}

    def output(self, value: Any, port: str) -> Any:
        return value["count"]

    def rows(self, value: Any) -> int | None:
        return int(value["count"])

    def statements(self, params: Params, database: Database) -> list[Statement]:
        shown = {"filter": params.get("filter"), "include_deleted": params.get("include_deleted")}
        return self._compile(database, "count", shown)

    def check_own(self, params: Params) -> list[Problem]:
        return check_filter(self._model, params.get("filter"), dialect=self._family.dialect)


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


def conflict_fields(
    model: ModelSpec, wanted: Sequence[str] | str | None, values: Mapping[str, Any], node: str
) -> tuple[str, ...]:
    """The unique fields by which a record is known: those wanted, else the key, else the first unique set given; raises NodeError."""
    sets = model.unique_sets()
    if wanted:
        names = (wanted,) if isinstance(wanted, str) else tuple(map(str, wanted))
        if any(set(names) == set(known) for known in sets):
            return names
        shown = "; ".join(", ".join(known) for known in sets)
        raise NodeError(
            f"{node}: no two records of {model.name} are kept from having the same {', '.join(names)}.",
            hint=f"Unique are: {shown}. Declare the field unique, or take one of these.",
            field="conflict_on",
        )
    for known in sets:
        if all(values.get(name) is not None for name in known):
            return known
    shown = " or ".join(", ".join(known) for known in sets)
    raise NodeError(f"{node} cannot tell which record is meant.", hint=f"Give {shown}.", field="conflict_on")


class AggregateType(_ManyRecords):
    __slots__ = ()

    def query(self, params: Params) -> AggregateQuery:
        from studio.database import AggregateQuery

        return AggregateQuery(
            filter=params.get("filter"),
            group_by=params.get("group_by") or (),
            aggregate=params.get("aggregate"),
            having=params.get("having"),
            order_by=params.get("order_by") or (),
            limit=params.get("limit"),
            pipeline=params.get("pipeline"),
            include_deleted=bool(params.get("include_deleted")),
        )

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        return await ctx.access(self._connection).aggregate(self._model, self.query(params))

    def statements(self, params: Params, database: Database) -> list[Statement]:
        return self._compile(database, "aggregate", asdict(self.query(params)))

    def check_own(self, params: Params) -> list[Problem]:
        if is_dynamic(params):
            return check_filter(self._model, params.get("filter"), dialect=self._family.dialect)
        given = [
            name for name in ("group_by", "aggregate", "having", "order_by", "filter") if params.get(name)
        ]
        if params.get("pipeline") is not None and given:
            return [
                Problem(
                    code="two-selections",
                    message=f"{self._title} takes a pipeline or {given[0]}, not both.",
                    hint=f"Put {given[0]} into the pipeline.",
                    field="pipeline",
                )
            ]
        return _check_aggregate(self._model, params, self._family.dialect)


def _check_aggregate(model: ModelSpec, params: Params, dialect: str) -> list[Problem]:
    from studio.query.aggregates import parse_aggregate
    from studio.query.filters import refuse_unfindable
    from studio.query.stages import Match

    try:
        parsed = parse_aggregate(
            model,
            filter=params.get("filter"),
            group_by=params.get("group_by") or (),
            aggregate=params.get("aggregate"),
            having=params.get("having"),
            order_by=params.get("order_by") or (),
            limit=params.get("limit"),
            pipeline=params.get("pipeline"),
        )
        for stage in parsed.stages:
            if isinstance(stage, Match):
                refuse_unfindable(stage.condition, parsed.values, dialect)
    except StudioError as error:
        if error.field and error.field in params:
            return [problem_of(error, error.field)]
        named = (name for name in _REASONED if _mentions(params.get(name), error.field))
        usual = "pipeline" if params.get("pipeline") is not None else "aggregate"
        return [problem_of(error, next(named, usual))]
    return []


_REASONED: Final = ("filter", "group_by", "having", "order_by")
"""The params of Aggregate that name fields beside `aggregate`, in the order in which they are read."""


def _mentions(given: Any, name: str | None) -> bool:
    """Whether a field of that name, or a descending order by it, stands anywhere in what a param was given."""
    if isinstance(given, Mapping):
        return any(_mentions(key, name) or _mentions(value, name) for key, value in given.items())
    if isinstance(given, list | tuple):
        return any(_mentions(part, name) for part in given)
    return isinstance(given, str) and name is not None and given.removeprefix("-") == name


def _included(include: Iterable[Include]) -> Iterable[ModelSpec]:
    for entry in include:
        yield entry.target
        if entry.through is not None:
            yield entry.through
        yield from _included(entry.children)


def _check_order(model: ModelSpec, order_by: Any) -> list[Problem]:
    from studio.query.order import parse_order

    if not order_by or is_dynamic(order_by):
        return []
    try:
        parse_order(model, order_by)
    except StudioError as error:
        return [problem_of(error, "order_by")]
    return []


def _check_names(model: ModelSpec, names: Any, param: str) -> list[Problem]:
    if not names or is_dynamic(names):
        return []
    wanted = [names] if isinstance(names, str) else list(names)
    return [
        Problem(
            code="unknown-field",
            message=f"{model.name} has no field {name!r}.",
            hint=did_you_mean(str(name), model.names),
            field=param,
        )
        for name in wanted
        if name not in model
    ]


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
        "list": ListType,
        "count": CountType,
        "upsert": UpsertType,
        "aggregate": AggregateType,
    }
)
