"""How is one node tried? Within its time, its savepoint and its changes, and again where that may help."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Final, cast

from studio.kernel.errors import ConnectionLost, Deadlock, LockTimeout, RequestFailed, RunTimeout, StudioError
from studio.kernel.ids import NodeId
from studio.nodes.code import SqlType
from studio.nodes.model_node import ModelNode
from studio.runtime.connections import Connections
from studio.runtime.context import Context
from studio.runtime.step import Step

if TYPE_CHECKING:
    from studio.database import Access
    from studio.runtime.driving import Driver

_BACKOFF_S: Final = 0.05


async def with_retries(run: Driver, step: Step, params: Mapping[str, Any]) -> Any:
    """What the step's node gives, tried again up to its `retries` times, with growing pauses."""
    tries = 1
    while True:
        try:
            return await attempt(run, step, params)
        except StudioError as error:
            if tries > step.retries or not _is_worth_retrying(run, step, error):
                raise
            asked_s = error.pause_s if isinstance(error, RequestFailed) else None
            run.ledger.attempts[step.index] = tries + 1
            if run.tell is not None:
                run.tell.retried(step, tries, error)
        pause_s = _BACKOFF_S * 2 ** min(tries - 1, 6) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads callers
        await asyncio.sleep(max(pause_s, asked_s or 0.0))
        tries += 1


def _is_worth_retrying(run: Driver, step: Step, error: StudioError) -> bool:
    """Whether the same may go well the next time, and may be tried: within a transaction, that it is still there.

    PostgreSQL goes on from the savepoint after a deadlock, where MariaDB has undone all of the transaction.
    """
    if isinstance(error, RequestFailed):
        return error.is_worth_retrying and step.inner is None
    if run.is_atomic:
        going_on = _uses_database(step) and run.connections.access(step.connection).can_go_on
        return going_on and isinstance(error, Deadlock | LockTimeout)
    reads = step.type is not None and not step.type.spec.writes
    if step.inner is not None and not reads:
        return False  # some of its nodes may have committed
    if isinstance(error, Deadlock | LockTimeout):
        return True
    return isinstance(error, ConnectionLost) and reads


def attempt(run: Driver, step: Step, params: Mapping[str, Any]) -> Coroutine[Any, Any, Any]:
    """What the step's node gives. In one transaction a failure that the run survives leaves nothing of it behind."""
    node_type = step.type
    assert node_type is not None
    is_plain = run.recorder is None and not run.is_atomic and step.timeout_s is None
    return node_type.run(Context(run, step), params) if is_plain else _attempt(run, step, params)


async def _attempt(run: Driver, step: Step, params: Mapping[str, Any]) -> Any:
    recorder = run.recorder.of_node(NodeId(run.path + step.id)) if run.recorder is not None else None
    if recorder is None and not run.is_atomic:
        return await _in_time(step, params, Context(run, step))
    async with AsyncExitStack() as stack:
        access = await _savepoint(run, step, stack)
        connections: Connections | None = None
        if run.is_atomic and step.inner is not None and run.state.takes_errors(step.index):
            connections = await stack.enter_async_context(run.apart(step.inner, run.connections))
        value = await _in_time(step, params, Context(run, step, access, connections, recorder))
    if recorder is not None:
        recorder.keep()
    return value


async def _in_time(step: Step, params: Mapping[str, Any], context: Context) -> Any:
    node_type = step.type
    assert node_type is not None
    if step.timeout_s is None:
        return await node_type.run(context, params)
    deadline = asyncio.timeout(step.timeout_s)
    try:
        async with deadline:
            return await node_type.run(context, params)
    except TimeoutError as error:
        if not deadline.expired():
            raise
        raise RunTimeout(
            f'"{step.title}" was stopped after {step.timeout_s:g} s.',
            hint="Raise timeout_s, or make it do less.",
        ) from error


async def _savepoint(run: Driver, step: Step, stack: AsyncExitStack) -> Access | None:
    """Inside one transaction a failure after which the run goes on leaves nothing behind, and the transaction usable.

    Any other failure rolls all of it back, so that a savepoint would only cost two statements.
    """
    goes_on = run.state.takes_errors(step.index) or step.retries > 0
    if not (run.is_atomic and goes_on and _uses_database(step)):
        return None
    inner = await stack.enter_async_context(run.connections.access(step.connection).savepoint())
    return cast("Access", inner)


def _uses_database(step: Step) -> bool:
    return isinstance(step.type, ModelNode | SqlType)
