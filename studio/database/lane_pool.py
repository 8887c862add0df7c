"""How many connections are open, who gets one, and who waits? The count of lanes, whatever the driver.

A lane serves a `single` statement or a transaction. Single statements have `pool_size` of them, transactions may go `max_overflow` beyond.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from studio.database.lane_fitness import AgingLane, are_checked, is_fit
from studio.database.options import DatabaseOptions
from studio.database.results import PoolInfo
from studio.kernel.errors import LockTimeout


class PooledLane(AgingLane, Protocol):
    @property
    def is_closed(self) -> bool: ...

    async def close(self) -> None: ...


L = TypeVar("L", bound=PooledLane)


class LanePool(Generic[L]):
    """The lanes of one database; used on one event loop."""

    def __init__(self, open_lane: Callable[[], Awaitable[L]], options: DatabaseOptions, where: str) -> None:
        self._open_lane = open_lane
        self.options = options
        self._are_checked = are_checked(options)
        self.where = where
        self._free: list[L] = []
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._open = 0
        self._single = 0
        self._closing: set[asyncio.Task[None]] = set()
        self._keeps = True

    async def acquire(self, *, single: bool) -> L:
        """A lane; waits for one at most `lock_timeout_s`, then raises LockTimeout."""
        self._keeps = True
        deadline = time.monotonic() + self.options.lock_timeout_s
        while True:
            while self._free:
                lane = self._free.pop()
                try:
                    fit = not lane.is_closed and (not self._are_checked or await is_fit(lane, self.options))
                except BaseException:
                    self._open -= 1
                    await lane.close()
                    raise
                if fit:
                    self._single += single
                    return lane
                self._open -= 1
                await lane.close()
            if self._may_open(single=single):
                return await self._new(single=single)
            ready = asyncio.get_running_loop().create_future()
            self._waiting.append(ready)
            try:
                async with asyncio.timeout(max(deadline - time.monotonic(), 0)):
                    await ready
            except TimeoutError:
                raise LockTimeout(
                    f"All {self._open} connections to {self.where} are in use.",
                    hint="Wait for other runs to end, or raise max_overflow.",
                ) from None
            finally:
                if not ready.done():
                    ready.cancel()

    def release(self, lane: L, *, single: bool) -> None:
        """Takes a lane back; a closed one, or one too many, is dropped."""
        self._single -= single
        if self._keeps and len(self._free) < self.options.pool_size and not lane.is_closed:
            if self._are_checked:
                lane.used_at = time.monotonic()
            self._free.append(lane)
        else:
            self._open -= 1
            task = asyncio.ensure_future(lane.close())
            task.set_name("close a connection")
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        if self._waiting:
            self._wake()

    def info(self) -> PoolInfo:
        return PoolInfo(
            open=self._open,
            in_use=self._open - len(self._free),
            waiting=sum(not ready.done() for ready in self._waiting),
            most=self.options.pool_size + self.options.max_overflow,
        )

    async def close(self) -> None:
        """Closes what is free; what is in use is closed when it is released."""
        self._keeps = False
        lanes, self._free = self._free, []
        for lane in lanes:
            self._open -= 1
            await lane.close()

    def _may_open(self, *, single: bool) -> bool:
        if self._open >= self.options.pool_size + self.options.max_overflow:
            return False
        return not single or self._single < self.options.pool_size

    async def _new(self, *, single: bool) -> L:
        self._open += 1
        self._single += single
        try:
            return await self._open_lane()
        except BaseException:
            self._open -= 1
            self._single -= single
            self._wake()
            raise

    def _wake(self) -> None:
        while self._waiting:
            ready = self._waiting.popleft()
            if not ready.done():
                ready.set_result(None)
                return
