"""What do the nodes do that part ways and bring them together again, wait, tell and fail? Switch, Merge, Wait, Log and Fail.

If, the simplest parting, is in `flow`; which nodes run when a way is not taken is decided in `runtime.state`.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from studio.kernel.errors import NodeError
from studio.kernel.problems import Problem
from studio.nodes.base import MOST_SECONDS, Join, NodeContext, NodeType, Params
from studio.nodes.branching_specs import CASES, FAIL, INPUTS, LOG, MERGE, MOST_CASES, SWITCH, WAIT
from studio.nodes.many import as_many, identity
from studio.workflow.params import LATER, bare_expression, is_dynamic, unwrap

_PORTS: Final = frozenset({*CASES, "default"})
_MOST_LOGGED: Final = 1_000
"""So many characters of a value are written into the log."""
_ROWS_LOGGED: Final = 3


class SwitchType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        value = params.get("value")
        return {"case": _case(ctx, params, value), "value": value}

    def output(self, value: Any, port: str) -> Any:
        return value["case"] if port == "case" else value["value"]

    def closed(self, value: Any) -> frozenset[str]:
        number = value["case"]
        return _PORTS - {"default" if number is None else CASES[number - 1]}

    def check(self, params: Params) -> list[Problem]:
        given = [name for name in ("cases", "conditions") if params.get(name) is not None]
        if len(given) != 1:
            text = "cases or conditions, not both" if given else "cases or conditions"
            return [
                Problem(
                    code="two-selections" if given else "missing-param",
                    message=f"Switch takes {text}." if given else f"Switch needs {text}.",
                    hint="Remove one of them." if given else "Give one of them.",
                    field="cases",
                )
            ]
        (name,) = given
        count = len(params[name]) if isinstance(params[name], list | tuple) else 1
        if is_dynamic(params[name]) or 0 < count <= MOST_CASES:
            return []
        return [
            Problem(
                code="too-many-cases" if count else "missing-param",
                message=f"Switch has {count} {name}, but only {MOST_CASES} ports for them."
                if count
                else f"Switch has no {name}.",
                hint="Hang a second Switch on its default port." if count else "Give at least one.",
                field=name,
            )
        ]


def _case(ctx: NodeContext, params: Params, value: Any) -> int | None:
    """The number of the first case that holds, from 1 on."""
    names = {**ctx.names, "value": value}
    conditions = params.get("conditions")
    if conditions is not None:
        for number, condition in enumerate(conditions, start=1):
            if isinstance(condition, str):
                if bare_expression(condition).evaluate(names):
                    return number
            elif condition is True:
                return number
        return None
    on = params.get("on")
    wanted = identity(bare_expression(on).evaluate(names) if on else value)
    cases, _ = as_many(params.get("cases"))
    if len(cases) > MOST_CASES:
        raise NodeError(
            f"Switch has {len(cases)} cases, but only {MOST_CASES} ports for them.",
            hint="Hang a second Switch on its default port.",
            field="cases",
        )
    for number, case in enumerate(cases, start=1):
        plain = unwrap(case)
        alternatives = plain if isinstance(plain, list | tuple) else (plain,)
        if any(identity(one) == wanted for one in alternatives):
            return number
    return None


class MergeType(NodeType):
    __slots__ = ()

    def join(self, params: Params) -> Join:
        return "first" if params.get("mode", "first") == "first" else "each"

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        came = [params[name] for name in INPUTS if name in params]
        mode = params.get("mode", "first")
        if mode == "first":
            return came[0]
        if mode == "all":
            return came
        return [item for value in came for item in as_many(value)[0]]

    def output(self, value: Any, port: str) -> Any:
        return (len(value) if isinstance(value, list) else 1) if port == "count" else value

    def rows(self, value: Any) -> int | None:
        return len(value) if isinstance(value, list) else None

    def check(self, params: Params) -> list[Problem]:
        return [
            Problem(
                code="merge-value",
                message=f"Merge takes what edges bring, but {name!r} is written into the node.",
                hint="Connect it; a Constant can give a value.",
                field=name,
            )
            for name in INPUTS
            if name in params and params[name] is not LATER
        ]


class WaitType(NodeType):
    __slots__ = ()

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        until = params.get("until")
        if until is not None:
            await asyncio.sleep(max(0.0, (_moment(until) - dt.datetime.now(dt.UTC)).total_seconds()))
        else:
            seconds = params["seconds"]
            if seconds is None or not 0 <= seconds <= MOST_SECONDS:
                raise NodeError(
                    "That is no time to wait.",
                    hint=f"Give 0 to {MOST_SECONDS:,} seconds, which is a year.",
                    field="seconds",
                )
            await asyncio.sleep(float(seconds))
        return params.get("value")

    def check(self, params: Params) -> list[Problem]:
        given = [name for name in ("seconds", "until") if params.get(name) is not None]
        if len(given) != 1:
            return [
                Problem(
                    code="two-selections" if given else "missing-param",
                    message="Wait takes seconds or a time, not both."
                    if given
                    else "Wait is not told how long.",
                    hint="Remove one of them." if given else "Give seconds, or until.",
                    field="seconds",
                )
            ]
        until = params.get("until")
        if isinstance(until, str) and not is_dynamic(until):
            try:
                _moment(until)
            except NodeError as error:
                return [Problem(code="param-type", message=error.message, hint=error.hint, field="until")]
        return []


def _moment(value: str | dt.date) -> dt.datetime:
    if isinstance(value, str):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            raise NodeError(
                f"{value!r} is no time.", hint="Write 2025-01-31T12:00:00Z.", field="until"
            ) from None
    if not isinstance(value, dt.datetime):
        return dt.datetime(value.year, value.month, value.day, tzinfo=dt.UTC)
    return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value


class LogType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        message, value = params.get("message"), params.get("value")
        parts = [] if message is None else [str(message)]
        if "value" in params:
            parts.append(_told(value))
        ctx.log(" ".join(parts))
        return value

    def rows(self, value: Any) -> int | None:
        return len(value) if isinstance(value, list) else None

    def check(self, params: Params) -> list[Problem]:
        if "value" in params or params.get("message") is not None:
            return []
        return [
            Problem(
                code="missing-param",
                message="Log has nothing to tell.",
                hint="Give a message, or connect a value.",
                field="message",
            )
        ]


def _told(value: Any) -> str:
    """A value for people to read: rows are counted, and the first of them shown."""
    if isinstance(value, list | tuple):
        shown = [_told(item) if isinstance(item, Mapping) else repr(item) for item in value[:_ROWS_LOGGED]]
        more = "…" if len(value) > _ROWS_LOGGED else ""
        text = f"{len(value)} rows" + (":\n" if shown else "") + "\n".join([*shown, more]).rstrip()
    elif isinstance(value, Mapping):
        text = ", ".join(f"{name}: {part!r}" for name, part in value.items())
    else:
        text = str(value)
    return text if len(text) <= _MOST_LOGGED else f"{text[:_MOST_LOGGED]}…"


class FailType(NodeType):
    __slots__ = ()

    def run_now(self, ctx: NodeContext, params: Params) -> Any:
        raise NodeError(str(params["message"]), hint=str(params.get("hint") or ""))


BRANCHING_TYPES: Final[tuple[NodeType, ...]] = (
    SwitchType(SWITCH),
    MergeType(MERGE),
    WaitType(WAIT),
    LogType(LOG),
    FailType(FAIL),
)
