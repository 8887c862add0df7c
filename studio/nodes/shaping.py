"""What do the nodes do that make one list of records out of another? Select, Sort, Limit and Distinct, in memory, giving way to others.

Taking several lists together is in `combining`; making new values is Map's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from studio.kernel.errors import StudioError
from studio.kernel.problems import Problem
from studio.nodes.base import NOT_NOW, NodeContext, NodeType, Params
from studio.nodes.many import (
    AT_ONCE,
    as_many,
    each,
    field_of,
    identities,
    identity,
    in_order,
    many_output,
    records_of,
    refuse_unknown,
)
from studio.nodes.reading import problem_of
from studio.nodes.shaping_specs import DISTINCT, LIMIT, SELECT, SORT
from studio.workflow.params import is_dynamic


class Part(list[Any]):
    """Some of the records, and what is known of the others: their number after these, or themselves."""

    __slots__ = ("others",)

    def __init__(self, taken: Iterable[Any], others: Any) -> None:
        super().__init__(taken)
        self.others = others


class _ListType(NodeType):
    """A node whose natural value is a list of records."""

    __slots__ = ()

    def output(self, value: Any, port: str) -> Any:
        return many_output(value, port)

    def rows(self, value: Any) -> int | None:
        return len(value) if isinstance(value, list) else 1


class SelectType(_ListType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        records, single = records_of(params["records"], "records")
        if len(records) > AT_ONCE:
            return NOT_NOW
        make = _selection(records, params)
        made = [make(record) for record in records]
        return made[0] if single else made

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        records, _ = records_of(params["records"], "records")
        make = _selection(records, params)
        made: list[Any] = []
        await each(ctx, records, lambda record: made.append(make(record)))
        return made

    def check(self, params: Params) -> list[Problem]:
        given = [name for name in ("fields", "drop", "rename") if params.get(name)]
        if not given:
            return [
                Problem(
                    code="missing-param",
                    message="Select is told neither what stays, nor what goes, nor what is renamed.",
                    hint="Give fields, drop or rename.",
                    field="fields",
                )
            ]
        if "fields" in given and "drop" in given:
            return [
                Problem(
                    code="two-selections",
                    message="Select takes the fields that stay or those that go, not both.",
                    hint="Remove one of them.",
                    field="drop",
                )
            ]
        return _twice(params)


def _twice(params: Params) -> list[Problem]:
    """Two fields that would get one name."""
    fields, rename = params.get("fields"), params.get("rename")
    if is_dynamic(fields) or is_dynamic(rename) or not isinstance(rename or {}, Mapping):
        return []
    new = [str((rename or {}).get(name, name)) for name in names_of(fields)] or list(
        map(str, (rename or {}).values())
    )
    twice = next((name for number, name in enumerate(new) if name in new[:number]), None)
    if twice is None:
        return []
    return [
        Problem(
            code="field-twice",
            message=f"Two fields would be called {twice!r}.",
            hint="Rename one of them, or leave it out.",
            field="rename" if rename else "fields",
        )
    ]


def names_of(value: Any) -> list[str]:
    """Names of fields, given as a list or as one name."""
    if not value:
        return []
    return [value] if isinstance(value, str) else [str(name) for name in value]


def _selection(
    records: Sequence[Mapping[str, Any]], params: Params
) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    fields, drop = names_of(params.get("fields")), frozenset(names_of(params.get("drop")))
    rename: Mapping[str, str] = {str(old): str(new) for old, new in (params.get("rename") or {}).items()}
    for param, names in (("fields", fields), ("drop", drop), ("rename", rename)):
        refuse_unknown(records, names, param)
    if fields:
        extra = [name for name in rename if name not in fields]
        parts = [(rename.get(name, name), field_of(name)) for name in (*fields, *extra)]
        return lambda record: {new: look(record) for new, look in parts}
    paths = [(new, field_of(old)) for old, new in rename.items() if "." in old]

    def make(record: Mapping[str, Any]) -> dict[str, Any]:
        made = {rename.get(name, name): value for name, value in record.items() if name not in drop}
        for new, look in paths:
            made[new] = look(record)
        return made

    return make


class SortType(_ListType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        records, _ = records_of(params["records"], "records")
        terms = order_terms(params["order_by"])
        refuse_unknown(records, (name for name, _ in terms), "order_by")
        return await in_order(ctx, records, terms)

    def check(self, params: Params) -> list[Problem]:
        return check_order(params.get("order_by"))


def order_terms(order_by: Any) -> list[tuple[str, bool]]:
    """The fields of an order as List takes it, each with whether it descends; raises FilterError."""
    from studio.query.order import order_of
    from studio.query.vocabulary import OPEN

    return [(term.field, term.descending) for term in order_of(OPEN, order_by).terms]


def check_order(order_by: Any) -> list[Problem]:
    if order_by is None or is_dynamic(order_by):
        return []
    try:
        order_terms(order_by)
    except StudioError as error:
        return [problem_of(error, "order_by")]
    return []


class LimitType(_ListType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        values, _ = as_many(params["records"])
        start, limit = params.get("offset") or 0, params.get("limit")
        end = len(values) if limit is None else start + limit
        return Part(values[start:end], len(values) - end)

    def output(self, value: Any, port: str) -> Any:
        return value.others > 0 if port == "has_more" else many_output(value, port)


class DistinctType(_ListType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        values, _ = as_many(params["records"])
        names = names_of(params.get("fields"))
        look: Callable[[Any], Any] = identity
        if names:
            values, _ = records_of(values, "records")
            refuse_unknown(values, names, "fields")
            look = identities([field_of(name) for name in names])
        if params.get("keep", "first") == "last":
            values.reverse()
        seen: set[Any] = set()
        kept: list[Any] = []
        others: list[Any] = []

        def part(value: Any) -> None:
            key = look(value)
            (others if key in seen else kept).append(value)
            seen.add(key)

        await each(ctx, values, part)
        if params.get("keep", "first") == "last":
            kept.reverse()
            others.reverse()
        return Part(kept, others)

    def output(self, value: Any, port: str) -> Any:
        return value.others if port == "duplicates" else many_output(value, port)


SHAPING_TYPES: Final[tuple[NodeType, ...]] = (
    SelectType(SELECT),
    SortType(SORT),
    LimitType(LIMIT),
    DistinctType(DISTINCT),
)
