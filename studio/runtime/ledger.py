"""What has each step of a run given, and what is the next one given? Keeps values, errors and times, and fills in params from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.kernel.errors import ExpressionError, NodeError, StudioError
from studio.runtime.plan import Plan
from studio.runtime.step import Feed, Step
from studio.workflow.checks import value_problem
from studio.workflow.params import placed
from studio.workflow.spec import ERROR_PORT, ParamSpec


class Ledger:
    """The books of one run, indexed by the steps' numbers; times are readings of `time.perf_counter`, 0.0: not yet.

    `names` is what expressions see: the inputs, then results by node id. `given` keeps the params of steps whose `error` port is
    used; `streamed` counts the rows of those whose rows went by.
    """

    __slots__ = (
        "attempts",
        "ended",
        "errors",
        "given",
        "names",
        "plan",
        "started",
        "streamed",
        "values",
    )

    def __init__(self, plan: Plan) -> None:
        count = len(plan.steps)
        self.plan = plan
        self.values: list[Any] = [None] * count
        self.errors: dict[int, StudioError] = {}
        self.started: list[float] = [0.0] * count
        self.ended: list[float] = [0.0] * count
        self.attempts: dict[int, int] = {}
        self.streamed: dict[int, int] = {}
        self.given: dict[int, Mapping[str, Any]] = {}
        self.names: dict[str, Any] = {}

    def rows(self, step: Step) -> int | None:
        """How many rows a step that succeeded gave or changed."""
        streamed = self.streamed.get(step.index)
        if streamed is not None or step.type is None:
            return streamed
        if self.plan.given and step.id in self.plan.given and self.plan.given[step.id].origin == "pinned":
            return _rows(self.values[step.index])
        return step.type.rows(self.values[step.index])

    def duration_ms(self, index: int) -> float | None:
        return (self.ended[index] - self.started[index]) * 1000 if self.ended[index] else None

    def params(self, step: Step) -> dict[str, Any]:
        """A step's params with all expressions evaluated and all edges followed.

        Raises:
            ExpressionError: an expression has no value.
            NodeError: a path leads nowhere, or a value does not fit its param.
        """
        params = dict(step.params)
        by_name = step.type.spec.params_by_name if step.type is not None else {}
        for name, fill in step.fillers:
            try:
                params[name] = fill(self.names)
            except ExpressionError as error:
                raise error.at(field=name) from error.__cause__
            _check(by_name.get(name), params[name])
        for feed in self._arrived(step) if step.join else step.feeds:
            value = self._fed(feed)
            if not feed.path:
                params[feed.param] = value
                _check(by_name.get(feed.param), value)
                continue
            try:
                params[feed.param] = placed(params.get(feed.param), feed.path, value)
            except (IndexError, ValueError) as error:
                raise NodeError(
                    f'"{feed.param}" has no place {".".join(feed.path)!r}.',
                    hint="A list is indexed by whole numbers, and grows only at its end.",
                    field=feed.param,
                ) from error
        return params

    def _arrived(self, step: Step) -> list[Feed]:
        """The feeds of a step that takes what comes: those that brought something, or the first of them."""
        came = [feed for feed in step.feeds if self._has_come(feed)]
        return [min(came, key=lambda feed: self.ended[feed.source])] if step.join == "first" else came

    def _has_come(self, feed: Feed) -> bool:
        source, error = self.plan.steps[feed.source], self.errors.get(feed.source)
        if feed.port == ERROR_PORT or error is not None:
            return feed.port == ERROR_PORT and error is not None
        if source.type is None or not self.ended[feed.source]:
            return False
        return feed.port not in source.type.closed(self.values[feed.source])

    def _fed(self, feed: Feed) -> Any:
        source = self.plan.steps[feed.source]
        if feed.port == ERROR_PORT:
            value: Any = self._failure(source)
        else:
            assert source.type is not None  # a disabled source leaves its targets skipped
            value = source.type.output(self.values[feed.source], feed.port)
        return _walk(value, feed, source) if feed.rest else value

    def _failure(self, source: Step) -> dict[str, Any]:
        """What an `error` port carries: the error as data, and the params that the node was given as `record`."""
        error = self.errors.get(source.index)
        told = error.to_data() if error is not None else {}
        return {**told, "node": source.id, "record": dict(self.given.get(source.index, {}))}


def _rows(value: Any) -> int | None:
    """Of a pinned value, which may be of any shape."""
    if isinstance(value, list):
        return len(value)
    return 1 if isinstance(value, Mapping) else None


def _check(param: ParamSpec | None, value: Any) -> None:
    """Refuses a value that came by an edge or an expression and does not fit its param; fields are the write path's to judge."""
    if param is None or param.field is not None:
        return
    refused = value_problem(param, value)
    if refused is not None:
        raise NodeError(refused, hint="Check where the value comes from.", field=param.name)


def _walk(value: Any, feed: Feed, source: Step) -> Any:
    """The part of a value that a dotted path leads to; raises NodeError that names the step of the path that fails."""
    for number, part in enumerate(feed.rest):
        where = ".".join((feed.port, *feed.rest[:number]))
        try:
            if isinstance(value, Mapping):
                value = value[part]
            elif isinstance(value, list | tuple):
                value = value[int(part)]
            else:
                noun = "nothing (None)" if value is None else f"one {type(value).__name__}"
                raise NodeError(
                    f'"{where}" of "{source.title}" is {noun} and has no part {part!r}.',
                    hint="Check the path of the edge, or put an If before this node.",
                    field=feed.param,
                )
        except (KeyError, IndexError, ValueError) as error:
            size = f" (there are {len(value)})" if isinstance(value, list | tuple) else ""
            raise NodeError(
                f'"{where}" of "{source.title}" has no part {part!r}{size}.',
                hint="Check the path of the edge.",
                field=feed.param,
            ) from error
    return value
