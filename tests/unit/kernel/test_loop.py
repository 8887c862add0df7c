"""Does the engine's loop run coroutines from anywhere, cancel them, and never keep the program from ending?"""

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.kernel.loop import EngineLoop, default_loop


@pytest.fixture
def engine() -> Iterator[EngineLoop]:
    loop = EngineLoop("test-engine")
    yield loop
    loop.stop()


async def _thread() -> str:
    await asyncio.sleep(0)
    return threading.current_thread().name


def test_coroutines_run_on_its_own_thread_with_and_without_a_loop(engine: EngineLoop) -> None:
    assert engine.run(_thread()) == "test-engine"
    assert engine.submit(_thread()).result(60) == "test-engine"
    assert asyncio.run(engine.call(_thread())) == "test-engine"
    assert not engine.is_current()


def test_errors_come_through(engine: EngineLoop) -> None:
    async def fail() -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        engine.run(fail())
    with pytest.raises(KeyError):
        asyncio.run(engine.call(fail()))


def test_it_does_not_wait_for_itself(engine: EngineLoop) -> None:
    async def inner() -> str:
        with pytest.raises(RuntimeError, match="cannot wait for itself"):
            engine.run(_thread())
        assert engine.is_current()
        return await engine.call(_thread())

    assert engine.run(inner()) == "test-engine"


def test_cancelling_the_awaiting_task_cancels_here_and_waits_for_the_end(engine: EngineLoop) -> None:
    begun, ended = threading.Event(), threading.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)
            ended.set()

    async def main() -> None:
        task = asyncio.create_task(engine.call(work()))
        await asyncio.to_thread(begun.wait, 60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(main())


def test_stopping_cancels_what_runs_and_it_may_be_started_again(engine: EngineLoop) -> None:
    begun = threading.Event()

    async def work() -> None:
        begun.set()
        await asyncio.sleep(60)

    future = engine.submit(work())
    assert begun.wait(60)
    engine.stop()
    assert future.cancelled()
    engine.stop()
    assert engine.run(_thread()) == "test-engine"


def test_everybody_gets_the_same_default() -> None:
    assert default_loop() is default_loop()


def test_a_program_ends_although_something_still_runs() -> None:
    code = (
        "import asyncio\n"
        "from studio.kernel.loop import default_loop\n"
        "default_loop().submit(asyncio.sleep(3600))\n"
        "print('done')\n"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-W", "error", "-c", code],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_cycles_are_looked_for_less_often_unless_a_program_has_said_how_often():
    before = gc.get_threshold()
    try:
        for given, kept in (
            ((700, 10, 10), (10_000, 10, 10)),
            ((50_000, 5, 5), (50_000, 5, 5)),
            ((0, 10, 10), (0, 10, 10)),
        ):
            gc.set_threshold(*given)
            engine = EngineLoop()
            engine.start()
            engine.stop()
            assert gc.get_threshold() == kept
    finally:
        gc.set_threshold(*before)
