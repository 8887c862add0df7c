"""Calls that cancelling must not tear: they go on to their end, or are ended in their own way, and the cancellation comes through then."""

import asyncio

import pytest

from studio.database.unbroken import Unbroken


class Driver:
    """A call of two answers, which remembers how far it came and whether it was torn."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self.answers = [loop.create_future(), loop.create_future()]
        self.heard: list[object] = []
        self.was_torn = False

    async def call(self):
        try:
            for answer in self.answers:
                await asyncio.sleep(0)
                self.heard.append(await answer)
        except asyncio.CancelledError:
            self.was_torn = True
            raise
        return "done"


def with_driver(story):
    async def main():
        await story(Driver())

    asyncio.run(main())


async def turns(number=5):
    for _ in range(number):
        await asyncio.sleep(0)


async def awaited(call):
    return await call


def test_the_call_gives_and_raises_what_it_would_without():
    async def story(driver):
        driver.answers[0].set_result(1)
        asyncio.get_running_loop().call_soon(driver.answers[1].set_result, 2)
        assert await Unbroken(driver.call()) == "done"
        assert driver.heard == [1, 2]
        failing = Driver()
        failing.answers[0].set_exception(ZeroDivisionError())
        with pytest.raises(ZeroDivisionError):
            await Unbroken(failing.call())

    with_driver(story)


def test_a_cancelled_call_goes_on_to_its_end_and_the_cancellation_comes_through_then():
    async def story(driver):
        task = asyncio.ensure_future(awaited(Unbroken(driver.call())))
        await turns()
        task.cancel()
        await turns()
        assert not task.done()
        driver.answers[0].set_result(1)
        await turns()
        task.cancel()  # once more changes nothing
        driver.answers[1].set_result(2)
        await asyncio.wait([task])
        assert task.cancelled()
        assert (driver.heard, driver.was_torn) == ([1, 2], False)

    with_driver(story)


def test_a_cancelled_call_is_ended_in_its_own_way_and_the_ending_waited_for():
    async def story(driver):
        steps: list[str] = []

        async def end(over):
            steps.append("ending")
            driver.answers[0].set_exception(InterruptedError())
            await over
            steps.append("over")
            await turns()
            steps.append("in order")

        task = asyncio.ensure_future(awaited(Unbroken(driver.call(), end)))
        await turns()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert (steps, driver.was_torn) == (["ending", "over", "in order"], False)

    with_driver(story)


def test_a_call_whose_ending_gives_up_is_torn():
    async def story(driver):
        async def end(over):
            await turns()
            assert not over.done()

        task = asyncio.ensure_future(awaited(Unbroken(driver.call(), end)))
        await turns()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert driver.was_torn

    with_driver(story)


def test_a_cancellation_between_an_answer_and_its_hearing_is_not_lost():
    async def story(driver):
        task = asyncio.ensure_future(awaited(Unbroken(driver.call())))
        await turns()
        driver.answers[0].set_result(1)
        task.cancel()
        driver.answers[1].set_result(2)
        await asyncio.wait([task])
        assert task.cancelled()
        assert (driver.heard, driver.was_torn) == ([1, 2], False)

    with_driver(story)


def test_a_timeout_around_a_call_holds():
    async def story(driver):
        async def end(over):
            driver.answers[0].set_result("late")
            driver.answers[1].set_result("later")
            await over

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await Unbroken(driver.call(), end)
        assert not driver.was_torn

    with_driver(story)


def test_a_task_that_is_cancelled_before_it_begins_never_calls():
    async def story(driver):
        call = driver.call()
        task = asyncio.ensure_future(awaited(Unbroken(call)))
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert driver.heard == []
        call.close()

    with_driver(story)
