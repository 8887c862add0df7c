"""How many connections are open, who gets one, and who waits? The count of lanes, whatever the driver.

A lane serves a `single` statement or a transaction. Single statements open `pool_size` of them at most, transactions may go `max_overflow`
beyond. Whoever waits is served in turn: a lane that comes back is handed to the one who has waited longest, and nobody else can take it on the
way. Waiting ends with an error only when nothing moves any more: a long queue that gets shorter is no reason to give up.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

from studio.database.lane_fitness import AgingLane, are_checked, is_fit
from studio.database.options import DatabaseOptions
from studio.database.results import PoolInfo
from studio.kernel.errors import LockTimeout


class PooledLane(AgingLane, Protocol):
    @property
    def is_closed(self) -> bool: ...

    async def close(self) -> None: ...


L = TypeVar("L", bound=PooledLane)


class _Waiter(Generic[L]):
    """Somebody in the queue. `turn` gives a lane, or None: leave to open one, which is counted already."""

    __slots__ = ("is_single", "since", "turn")

    def __init__(self, turn: asyncio.Future[L | None], since: float, *, single: bool) -> None:
        self.turn = turn
        self.since = since
        self.is_single = single


class LanePool(Generic[L]):
    """The lanes of one database; used on one event loop."""

    def __init__(self, open_lane: Callable[[], Awaitable[L]], options: DatabaseOptions, where: str) -> None:
        self._open_lane = open_lane
        self.options = options
        self._are_checked = are_checked(options)
        self.where = where
        self._free: list[L] = []
        self._singles: deque[_Waiter[L]] = deque()
        self._transactions: deque[_Waiter[L]] = deque()
        self._open = 0
        self._single = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._keeps = True
        self._moved = 0.0
        """When the queue last got shorter, or began; the loop's time."""
        self._watch: asyncio.TimerHandle | None = None

    def take(self) -> L | None:
        """A free lane for a single statement, if there is one: the usual case, without a coroutine."""
        if self._free and not self._are_checked and not self._free[-1].is_closed:
            self._single += 1
            return self._free.pop()
        return None

    async def acquire(self, *, single: bool) -> L:
        """A lane, in turn; raises LockTimeout when none has come back to the pool for `lock_timeout_s`."""
        self._keeps = True
        while (lane := self._pop_free()) is not None:
            if await self._is_fit(lane):
                self._single += single
                return lane
            self._drop(lane)
            self._serve()
        if self._may_open(single=single):
            self._count(single=single)
            return await self._new(single=single)
        loop = asyncio.get_running_loop()
        now = loop.time()
        waiter: _Waiter[L] = _Waiter(loop.create_future(), now, single=single)
        if self._watch is None:
            self._moved = now
            self._watch = loop.call_later(self.options.lock_timeout_s, self._look_after)
        (self._singles if single else self._transactions).append(waiter)
        try:
            lane = await waiter.turn
        except asyncio.CancelledError:
            self._pass_on(waiter)
            raise
        if lane is not None:
            if await self._is_fit(lane, single=single):
                return lane
            await lane.close()
        return await self._new(single=single)

    def release(self, lane: L, *, single: bool) -> None:
        """Takes a lane back; a closed one, or one too many, is dropped."""
        self._single -= single
        if lane.is_closed or not self._keeps:
            self._drop(lane)
        elif self._singles or self._transactions or len(self._free) < self.options.pool_size:
            if self._are_checked:
                lane.used_at = time.monotonic()
            self._free.append(lane)
        else:
            self._drop(lane)
        if self._singles or self._transactions:
            self._serve()
            if len(self._free) > self.options.pool_size:  # those who waited had been cancelled
                self._drop(self._free.pop())

    def info(self) -> PoolInfo:
        return PoolInfo(
            open=self._open,
            in_use=self._open - len(self._free),
            waiting=sum(not waiter.turn.done() for waiter in (*self._singles, *self._transactions)),
            most=self.options.pool_size + self.options.max_overflow,
        )

    async def close(self) -> None:
        """Closes what is free; what is in use is closed when it is released."""
        self._keeps = False
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        lanes, self._free = self._free, []
        for lane in lanes:
            self._open -= 1
            await lane.close()

    # -------------------------------------------------------------- lanes

    def _pop_free(self) -> L | None:
        while self._free:
            lane = self._free.pop()
            if not lane.is_closed:
                return lane
            self._drop(lane)
        return None

    async def _is_fit(self, lane: L, *, single: bool = False) -> bool:
        """Whether a lane may be used again; when it cannot be told, it is dropped. `single`: it is counted as one of these."""
        if not self._are_checked:
            return True
        try:
            return await is_fit(lane, self.options)
        except BaseException:
            self._single -= single
            self._drop(lane)
            self._serve()
            raise

    def _drop(self, lane: L) -> None:
        self._open -= 1
        task = asyncio.ensure_future(lane.close())
        task.set_name("close a connection")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _may_open(self, *, single: bool) -> bool:
        if self._open >= self.options.pool_size + self.options.max_overflow:
            return False
        return not single or self._single < self.options.pool_size

    def _count(self, *, single: bool) -> None:
        self._open += 1
        self._single += single

    async def _new(self, *, single: bool) -> L:
        """A new lane, which has been counted."""
        try:
            return await self._open_lane()
        except BaseException:
            self._open -= 1
            self._single -= single
            self._serve()
            raise

    # -------------------------------------------------------------- the queue

    def _serve(self) -> None:
        """Hands free lanes, and leave to open more, to those who have waited longest."""
        while (waiter := self._next()) is not None:
            lane = self._pop_free()
            if lane is not None:
                self._single += waiter.is_single
            elif self._may_open(single=waiter.is_single):
                self._count(single=waiter.is_single)
            else:
                return
            (self._singles if waiter.is_single else self._transactions).popleft()
            self._moved = waiter.turn.get_loop().time()
            waiter.turn.set_result(lane)

    def _next(self) -> _Waiter[L] | None:
        """Who has waited longest among those who may have something now; None: nobody."""
        for queue in (self._singles, self._transactions):
            while queue and queue[0].turn.done():
                queue.popleft()
        heads = [queue[0] for queue in (self._singles, self._transactions) if queue]
        if not self._free:
            heads = [waiter for waiter in heads if self._may_open(single=waiter.is_single)]
        return min(heads, key=_age, default=None)

    def _pass_on(self, waiter: _Waiter[L]) -> None:
        """Somebody was cancelled while waiting; what was handed over just then goes to the next."""
        if waiter.turn.cancelled() or waiter.turn.exception() is not None:
            return
        lane = waiter.turn.result()
        if lane is not None:
            self.release(lane, single=waiter.is_single)
            return
        self._open -= 1
        self._single -= waiter.is_single
        self._serve()

    def _look_after(self) -> None:
        """Gives up those who have waited for `lock_timeout_s` in a queue that has not moved for as long."""
        self._watch = None
        waiting = [waiter for waiter in (*self._singles, *self._transactions) if not waiter.turn.done()]
        if not waiting:
            return
        loop = waiting[0].turn.get_loop()
        limit_s, now = self.options.lock_timeout_s, loop.time()
        left = []
        for waiter in waiting:
            due = max(waiter.since, self._moved) + limit_s
            if due > now:
                left.append(due)
                continue
            waiter.turn.set_exception(
                LockTimeout(
                    f"All {self._open} connections to {self.where} are in use.",
                    hint="Wait for other runs to end, or raise max_overflow.",
                )
            )
        if left:
            self._watch = loop.call_at(min(left), self._look_after)


def _age(waiter: _Waiter[Any]) -> float:
    return waiter.since
