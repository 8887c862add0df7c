"""The thread behind SQLite: results in order, exceptions at home, cancelling that really stops the work."""

import asyncio
import threading
import time

import pytest

from studio.database.worker import Worker, whatever_happens


class Bell:
    """A resource that can be interrupted."""

    def __init__(self) -> None:
        self.rung = threading.Event()


def with_worker(story):
    async def main():
        worker: Worker[Bell] = Worker("test-worker", lambda bell: bell.rung.set())
        worker.resource = Bell()
        try:
            return await story(worker)
        finally:
            worker.stop()

    return asyncio.run(main())


def test_calls_run_one_after_another_on_one_thread():
    async def story(worker):
        return await asyncio.gather(*(worker.run(lambda n=n: (n, threading.get_ident())) for n in range(500)))

    results = with_worker(story)
    assert [number for number, _ in results] == list(range(500))
    assert len({thread for _, thread in results}) == 1
    assert results[0][1] != threading.get_ident()


def test_an_exception_reaches_the_one_who_asked_and_nobody_else():
    async def story(worker):
        async def fail():
            with pytest.raises(ZeroDivisionError):
                await worker.run(lambda: 1 / 0)

        _, kept = await asyncio.gather(fail(), worker.run(lambda: "kept"))
        return kept

    assert with_worker(story) == "kept"


def test_cancelling_interrupts_the_call_and_waits_for_its_end():
    ended = []

    async def story(worker):
        bell = worker.resource

        def long_call():
            bell.rung.wait(20)
            ended.append(bell.rung.is_set())

        task = asyncio.ensure_future(worker.run(long_call))
        while worker.current is None:  # noqa: ASYNC110 - the thread has no event of this loop to set
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended == [True]
        return await worker.run(lambda: "healthy")

    assert with_worker(story) == "healthy"


def test_a_call_that_is_cancelled_while_it_waits_is_never_made():
    made: list[int] = []

    async def story(worker):
        blocker = asyncio.ensure_future(worker.run(worker.resource.rung.wait, 20))
        waiting = asyncio.ensure_future(worker.run(made.append, 1))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        worker.resource.rung.set()
        await asyncio.wait([blocker, waiting])
        assert waiting.cancelled()
        assert blocker.result() is True

    with_worker(story)
    assert made == []


def test_what_must_happen_happens_although_it_is_cancelled():
    done = []

    async def story():
        async def important():
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            done.append(True)

        task = asyncio.ensure_future(whatever_happens(important()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(story())
    assert done == [True]


def test_a_worker_that_is_forgotten_keeps_no_process_from_ending():
    async def story(worker):
        await worker.run(time.monotonic)
        return worker._thread

    assert with_worker(story).daemon is True
