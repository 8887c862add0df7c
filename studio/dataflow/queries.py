"""How is a query asked at once, without a workflow? `db.query("orders").where({...}).count()`, `.aggregate([...])`, or a loop over its records.

Putting the query together is `query.builder`'s business. What is asked goes the way that every node's reading goes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from studio.database import Access, AggregateQuery, ListQuery, Record, Rows
from studio.kernel.errors import FilterError
from studio.models.spec import ModelSpec
from studio.query.builder import Compile, QueryBuilder

T = TypeVar("T")
Stage: TypeAlias = Mapping[str, Any]


class Ask(Protocol):
    """Waits for what is read, once the models' tables are there."""

    def __call__(self, read: Callable[[Access], Awaitable[T]], /) -> T: ...


class Query(QueryBuilder):
    """A builder that can be asked. Nothing is read before it is: a list is read anew each time that it is gone through."""

    def __init__(self, spec: ModelSpec, compiler: Compile, ask: Ask) -> None:
        super().__init__(spec, compiler)
        self._ask = ask

    def all(self) -> Rows:
        """The records, all of them unless a limit was set; raises what a List node raises."""
        wanted = ListQuery(**{"limit": None, **self.to_params()})
        return self._ask(lambda access: access.list(self.spec, wanted))

    def first(self) -> Record | None:
        """The first record in the query's order, or None."""
        wanted = ListQuery(**{**self.to_params(), "limit": 1})
        return next(iter(self._ask(lambda access: access.list(self.spec, wanted))), None)

    def __iter__(self) -> Iterator[Record]:
        return iter(self.all())

    def count(self) -> int:
        """How many records match; the order and the page do not count."""
        condition = self.to_filter()
        return self._ask(lambda access: access.count(self.spec, condition))

    def aggregate(self, pipeline: Sequence[Stage]) -> Rows:
        """Groups with their figures, of the records that match.

        Args:
            pipeline: stages as an Aggregate node takes them (`$match $group $having $sort $limit $skip $project`), or figures alone, of
                all records: `[{"$sum": "$amount"}]`.

        Raises:
            FilterError: A stage or a figure makes no sense, or the query has an order or a page, which the stages would have to say.
        """
        params = self.to_params()
        given = next((name for name in params if name != "filter"), None)
        if given is not None:
            raise FilterError(
                f"{given} of a query has no meaning for its figures.",
                hint="Say it in the pipeline: $sort, $limit, $skip, $project.",
            )
        stages: list[Any] = list(pipeline) if isinstance(pipeline, list | tuple) else [pipeline]
        if params:
            stages.insert(0, {"$match": params["filter"]})
        wanted = AggregateQuery(pipeline=stages)
        return self._ask(lambda access: access.aggregate(self.spec, wanted))
