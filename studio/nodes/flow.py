"""Which nodes steer a run and reshape what flows, whatever the models? What Input, Output, Constant, If, Map and Filter do.

Reshaping lists as a whole is in `shaping` and `combining`, SQL and Python are in `code`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from studio.kernel.errors import NodeError, StudioError
from studio.kernel.problems import Problem
from studio.nodes.base import NOT_NOW, NodeContext, NodeType, Params
from studio.nodes.flow_specs import CONSTANT, FILTER, IF, INPUT, MAP, OUTPUT
from studio.nodes.many import AT_ONCE, as_many, each, many_output
from studio.nodes.reading import problem_of
from studio.workflow.params import LATER, bare_expression, is_dynamic, is_literal, unwrap


class Parted(list[Any]):
    """The records that matched, and beside them those that did not."""

    __slots__ = ("rejected",)

    def __init__(self, matched: Iterable[Any], rejected: list[Any]) -> None:
        super().__init__(matched)
        self.rejected = rejected


class InputType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        name = params["name"]
        if name in ctx.inputs:
            return ctx.inputs[name]
        if "default" in params:
            return unwrap(params["default"])
        raise NodeError(
            f"The run was given no input {name!r}.", hint="Give it when starting the run.", field="name"
        )


class OutputType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        return params["value"]


class ConstantType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        return params["value"]


Test = Callable[[Any], bool]


def _condition(ctx: NodeContext, condition: Any, local: str) -> Test:
    """A test of one value: by a filter mapping, by an expression in which the value is called `local`, or a plain truth value."""
    condition = unwrap(condition)
    if isinstance(condition, Mapping):
        from studio.query.filters import parse_filter
        from studio.query.matching import matcher

        matches = matcher(parse_filter(None, condition))

        def matches_record(value: Any) -> bool:
            if isinstance(value, Mapping):
                return matches(value)
            raise NodeError(
                f"A filter looks at the fields of a record, and what came is of type {type(value).__name__}.",
                hint=f"Give a record, or write an expression: {local} > 100",
                field="condition",
            )

        return matches_record
    if isinstance(condition, str):
        expression = bare_expression(condition)
        names = dict(ctx.names)

        def test(value: Any) -> bool:
            names[local] = value
            return bool(expression.evaluate(names))

        return test
    if isinstance(condition, bool):
        return lambda value: condition
    raise NodeError(
        f"A condition is an expression or a filter, not {type(condition).__name__}.",
        hint="Write it like: value.total > 100",
        field="condition",
    )


def _check_condition(condition: Any, param: str) -> list[Problem]:
    if isinstance(condition, Mapping) and not is_dynamic(condition) and not is_literal(condition):
        from studio.query.filters import parse_filter

        try:
            parse_filter(None, condition)
        except StudioError as error:
            return [problem_of(error, param)]
    if condition is LATER or isinstance(condition, str | bool | Mapping):
        return []
    return [
        Problem(
            code="param-type",
            message=f"A condition is an expression or a filter, not {type(condition).__name__}.",
            hint="Write it like: value.total > 100",
            field=param,
        )
    ]


class IfType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        value = params.get("value")
        holds = _condition(ctx, params["condition"], "value")(value)
        return {"condition": holds, "value": value}

    def output(self, value: Any, port: str) -> Any:
        return value["condition"] if port == "condition" else value["value"]

    def closed(self, value: Any) -> frozenset[str]:
        return _FALSE if value["condition"] else _TRUE

    def check(self, params: Params) -> list[Problem]:
        return _check_condition(params["condition"], "condition") if "condition" in params else []


_TRUE: Final = frozenset({"true"})
_FALSE: Final = frozenset({"false"})


class MapType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        values, single = as_many(params["records"])
        if len(values) > AT_ONCE:
            return NOT_NOW
        make = self._maker(ctx, params)
        made = [make(value) for value in values]
        return made[0] if single else made

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        values, single = as_many(params["records"])
        make = self._maker(ctx, params)
        made: list[Any] = []
        await each(ctx, values, lambda value: made.append(make(value)))
        return made[0] if single else made

    def _maker(self, ctx: NodeContext, params: Params) -> Callable[[Any], dict[str, Any]]:
        names = dict(ctx.names)
        parts = [
            (name, bare_expression(text) if isinstance(text, str) else None, text)
            for name, text in params["fields"].items()
        ]
        keep = params.get("keep", False)

        def make(record: Any) -> dict[str, Any]:
            names["record"] = record
            made = dict(record) if keep and isinstance(record, Mapping) else {}
            for name, expression, constant in parts:
                made[name] = unwrap(constant) if expression is None else expression.evaluate(names)
            return made

        return make

    def output(self, value: Any, port: str) -> Any:
        return many_output(value, port)

    def rows(self, value: Any) -> int | None:
        return len(value) if isinstance(value, list) else 1

    def check(self, params: Params) -> list[Problem]:
        fields = params.get("fields")
        if isinstance(fields, Mapping) and not fields:
            return [
                Problem(
                    code="missing-param",
                    message="Map has no fields to make.",
                    hint="Write a name and an expression, like {gross: record.net * 1.2}.",
                    field="fields",
                )
            ]
        return []


class FilterType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        values, _ = as_many(params["records"])
        if len(values) > AT_ONCE:
            return NOT_NOW
        parted = Parted([], [])
        part = self._part(ctx, params, parted)
        for value in values:
            part(value)
        return parted

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        values, _ = as_many(params["records"])
        parted = Parted([], [])
        await each(ctx, values, self._part(ctx, params, parted))
        return parted

    def _part(self, ctx: NodeContext, params: Params, parted: Parted) -> Callable[[Any], None]:
        given = params.get("filter")
        test = _condition(ctx, params["condition"] if given is None else given, "record")

        def part(record: Any) -> None:
            (parted if test(record) else parted.rejected).append(record)

        return part

    def output(self, value: Any, port: str) -> Any:
        if port == "rejected":
            return value.rejected
        return len(value) if port == "count" else value

    def rows(self, value: Any) -> int | None:
        return len(value)

    def check(self, params: Params) -> list[Problem]:
        given = [name for name in ("filter", "condition") if params.get(name) is not None]
        if len(given) != 1:
            return [
                Problem(
                    code="two-selections" if given else "missing-param",
                    message="Filter takes a filter or a condition, not both."
                    if given
                    else "Filter needs a filter or a condition.",
                    hint="Remove one of them." if given else "Give one of them.",
                    field="filter",
                )
            ]
        return _check_condition(params[given[0]], given[0])


FLOW_TYPES: Final[tuple[NodeType, ...]] = (
    InputType(INPUT),
    OutputType(OUTPUT),
    IfType(IF),
    ConstantType(CONSTANT),
    MapType(MAP),
    FilterType(FILTER),
)
