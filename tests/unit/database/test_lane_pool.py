"""Who gets a connection, and when? The queue before the lanes, without a database."""

import asyncio
from typing import Any

import pytest

from studio.database import DatabaseOptions
from studio.database.lane_pool import LanePool
from studio.kernel.errors import LockTimeout


class Lane:
    pooled: Any = None
    opened_at = used_at = 0.0

    def __init__(self) -> None:
        self.is_closed = False

    async def answers(self, timeout_s: float) -> bool:
        return True

    async def close(self) -> None:
        self.is_closed = True


class Opened:
    """A pool that counts the lanes it has opened; opening fails while `is_down`."""

    def __init__(self, **options: float) -> None:
        self.count = 0
        self.is_down = False
        self.pool: LanePool[Lane] = LanePool(self._open, DatabaseOptions(**options), "the test")  # type: ignore[arg-type]  # by name

    async def _open(self) -> Lane:
        if self.is_down:
            raise ConnectionError("down")
        self.count += 1
        return Lane()


async def _rest() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_thousand_callers_share_the_connections_and_are_served_in_the_order_they_came():
    async def story():
        opened = Opened(pool_size=3, max_overflow=0)
        pool, order = opened.pool, []

        async def caller(number):
            lane = pool.take() or await pool.acquire(single=True)
            await asyncio.sleep(0)
            order.append(number)
            pool.release(lane, single=True)

        await asyncio.gather(*(caller(number) for number in range(1000)))
        assert order == list(range(1000))
        assert opened.count == 3

    asyncio.run(story())


def test_a_returned_connection_goes_to_whoever_waits_and_not_to_a_newcomer():
    async def story():
        opened = Opened(pool_size=1, max_overflow=0)
        pool = opened.pool
        held = await pool.acquire(single=True)
        waiting = asyncio.create_task(pool.acquire(single=True))
        await _rest()
        pool.release(held, single=True)
        assert pool.take() is None
        assert await waiting is held

    asyncio.run(story())


def test_transactions_go_beyond_the_single_statements_that_wait():
    async def story():
        opened = Opened(pool_size=1, max_overflow=1)
        pool = opened.pool
        held = await pool.acquire(single=True)
        waiting = asyncio.create_task(pool.acquire(single=True))
        await _rest()
        transaction = await pool.acquire(single=False)
        assert transaction is not held
        pool.release(transaction, single=False)
        assert await waiting is transaction

    asyncio.run(story())


@pytest.mark.parametrize("is_served", [False, True], ids=["while waiting", "as it is served"])
def test_a_caller_that_is_cancelled_leaves_its_turn_to_the_next(is_served):
    async def story():
        opened = Opened(pool_size=1, max_overflow=0)
        pool = opened.pool
        held = await pool.acquire(single=True)
        first = asyncio.create_task(pool.acquire(single=True))
        second = asyncio.create_task(pool.acquire(single=True))
        await _rest()
        if is_served:
            pool.release(held, single=True)
            first.cancel()
        else:
            first.cancel()
            await _rest()
            pool.release(held, single=True)
        assert await second is held
        with pytest.raises(asyncio.CancelledError):
            await first

    asyncio.run(story())


def test_a_lost_connection_is_replaced_and_a_failure_to_open_one_reaches_only_who_asked():
    async def story():
        opened = Opened(pool_size=1, max_overflow=0)
        pool = opened.pool
        held = await pool.acquire(single=True)
        first = asyncio.create_task(pool.acquire(single=True))
        second = asyncio.create_task(pool.acquire(single=True))
        await _rest()
        opened.is_down = True
        held.is_closed = True
        pool.release(held, single=True)
        with pytest.raises(ConnectionError):
            await first
        opened.is_down = False
        with pytest.raises(ConnectionError):
            await second  # it had been let in while the server was down
        assert (await pool.acquire(single=True)) is not held

    asyncio.run(story())


def test_waiting_for_connections_that_never_come_back_is_given_up():
    async def story():
        opened = Opened(pool_size=1, max_overflow=0, lock_timeout_s=0.01)
        pool = opened.pool
        held = await pool.acquire(single=True)
        answers = await asyncio.gather(
            *(pool.acquire(single=number % 2 == 0) for number in range(4)), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [LockTimeout] * 4
        pool.release(held, single=True)
        assert pool.take() is held

    asyncio.run(story())
