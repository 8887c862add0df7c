"""What do a model's nodes that read many records do? List, Count, Aggregate.

Each puts its params in order and asks one of the database's reads to do the work; what is wrong with a query is found before the run.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from studio.kernel.errors import StudioError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.models.relations import Family
from studio.models.spec import ModelSpec
from studio.nodes.base import NodeContext, NodeType, Params
from studio.nodes.caching import cache_wish, check_cache, wants_cache
from studio.nodes.model_node import ModelNode
from studio.nodes.reading import check_filter, problem_of
from studio.workflow.params import is_dynamic
from studio.workflow.spec import NodeSpec

if TYPE_CHECKING:
    from studio.database import AggregateQuery, Database, ListQuery, Statement


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


class AggregateType(_ManyRecords):
    __slots__ = ()

    def query(self, params: Params) -> AggregateQuery:
        from studio.database import AggregateQuery

        return AggregateQuery.of(params)

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        return await ctx.access(self._connection).aggregate(self._model, self.query(params))

    def statements(self, params: Params, database: Database) -> list[Statement]:
        return self._compile(database, "aggregate", asdict(self.query(params)))

    def check_own(self, params: Params) -> list[Problem]:
        from studio.nodes.aggregate_checks import check_aggregate

        return check_aggregate(self._model, params, title=self._title, dialect=self._family.dialect)


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


ROWS_TYPES: Final[Mapping[str, Callable[[NodeSpec, ModelSpec, Family], NodeType]]] = MappingProxyType(
    {"list": ListType, "count": CountType, "aggregate": AggregateType}
)
