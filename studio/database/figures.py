"""How are records reckoned up? Groups and their figures as one statement, its rows as records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from studio.database.care import Care
from studio.database.dialect import Row
from studio.database.pipelines import Maker, make_maker
from studio.database.plans import ModelPlans
from studio.database.results import AggregateQuery, Rows
from studio.database.statements import Ready
from studio.models.spec import ModelSpec
from studio.query.aggregates import aggregate_select, parse_aggregate
from studio.query.stages import Group, Stage

_RECKONED: Final = ("sum", "avg", "stddev")


class Figures:
    """An aggregate's statement, and how its rows become records."""

    __slots__ = ("_names", "_stages", "ready")

    def __init__(self, ready: Ready, names: tuple[str, ...], stages: Sequence[Stage]) -> None:
        self.ready = ready
        self._names = names
        self._stages = stages

    def rows(self, found: Sequence[Row]) -> Rows:
        make = self.ready.plan.make
        return Rows([make(row) for row in found], sql=self.ready.plan.sql, columns=self._names)

    def fields(self, spec: ModelSpec) -> set[str]:
        """The fields that are reckoned with, so that a figure of them may be too large to be told."""
        groups = [stage for stage in self._stages if isinstance(stage, Group)]
        reckoned = [
            figure.field for group in groups for figure in group.figures if figure.function in _RECKONED
        ]
        return {name for name in reckoned if name is not None and name in spec.by_name}


def figures(plans: ModelPlans, query: AggregateQuery) -> Figures:
    """The groups that a query asks for."""
    spec = plans.spec
    if plans.care is not None:
        query = _with_care(plans.care, query)
    parsed = parse_aggregate(
        spec,
        filter=query.filter,
        group_by=query.group_by,
        aggregate=query.aggregate,
        having=query.having,
        order_by=query.order_by,
        limit=query.limit,
        pipeline=query.pipeline,
    )
    names = tuple(output.field.name for output in parsed.outputs)

    def build() -> tuple[Any, Maker]:
        readers = [
            plans.dialect.reader(output.field, reflected=output.is_stored and spec.reflected)
            for output in parsed.outputs
        ]
        return aggregate_select(parsed, plans.table, plans.dialect.name), make_maker(names, readers)

    plan = plans.plan(("aggregate", parsed.shape), build)
    values = {f"p{place}": value for place, value in enumerate(parsed.values)}
    return Figures(Ready(plan, values), names, parsed.stages)


def _with_care(care: Care, query: AggregateQuery) -> AggregateQuery:
    """The query of those records only that there are for whoever asks."""
    if query.pipeline is None:
        return replace(query, filter=care.filter(query.filter, include_deleted=query.include_deleted))
    scope = care.filter(None, include_deleted=query.include_deleted)
    return replace(query, pipeline=[{"$match": scope}, *query.pipeline]) if scope else query
