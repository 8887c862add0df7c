"""How is a driver's call awaited so that cancelling does not tear it? Step by step within the caller's own task, without one of its own.

A driver that is cancelled while it reads an answer can only throw its connection away. Here the cancellation is held back: it may have
the call ended in some other way (at the server), and comes through when the call is over. What asyncio offers for that, a task of its own
and a shield around it, costs three turns of the loop a call.

Left out: coroutines of more than one driver call (`worker.whatever_happens`). A timeout within the call would be held back as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")

End = Callable[["asyncio.Future[None]"], Coroutine[Any, Any, object]]
"""Has a call ended; it is given what is done as soon as the call is over. If it returns before that, it gives the call up, which is torn then."""


class Unbroken(Generic[T]):
    """`await Unbroken(call)` gives what the call gives, or raises what it raises; when it was cancelled meanwhile, CancelledError instead.

    To the task that awaits it, it stands for the future that the call waits for, and keeps the task's cancellation from that: hence the
    attributes that a task looks for in a future.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_awaited",
        "_call",
        "_end",
        "_ending",
        "_is_given_up",
        "_over",
        "add_done_callback",
        "get_loop",
        "was_cancelled",
    )

    def __init__(self, call: Coroutine[Any, Any, T], end: End | None = None) -> None:
        """Without `end` a cancelled call goes on to its own end."""
        self._call = call
        self._end = end
        self._ending: asyncio.Task[object] | None = None
        self._over: asyncio.Future[None] | None = None
        self._awaited: asyncio.Future[Any] | None = None
        self._is_given_up = False
        self.was_cancelled = False

    def __await__(self) -> Generator[Any, Any, T]:
        call = self._call
        try:
            while True:
                try:
                    if self._is_given_up:
                        self._is_given_up = False
                        awaited = call.throw(asyncio.CancelledError())
                    else:
                        awaited = call.send(None)
                except StopIteration as done:
                    if self.was_cancelled:
                        break
                    result: T = done.value
                    return result
                self._awaited = awaited
                try:
                    yield None if awaited is None else self._instead_of(awaited)
                except asyncio.CancelledError:
                    self._stop()
        except GeneratorExit:
            call.close()
            raise
        except (Exception, asyncio.CancelledError):
            if not self.was_cancelled:
                raise
        if self._ending is not None and self._over is not None:
            self._over.set_result(None)
            yield from Unbroken(_finished(self._ending)).__await__()
        raise asyncio.CancelledError

    def _instead_of(self, future: asyncio.Future[Any]) -> Unbroken[T]:
        future._asyncio_future_blocking = False  # noqa: SLF001 - as a task does with what it waits for
        self._asyncio_future_blocking = True
        self.get_loop = future.get_loop
        self.add_done_callback = future.add_done_callback
        return self

    def cancel(self, msg: Any = None) -> bool:
        """As the task calls it: whether it will yet be woken, and learn then that it was cancelled."""
        if self._awaited is None or self._awaited.done():
            return False
        self._stop()
        return True

    def _stop(self) -> None:
        """Has the call ended; the second time changes nothing."""
        if self.was_cancelled:
            return
        self.was_cancelled = True
        if self._end is not None:
            self._over = asyncio.get_running_loop().create_future()
            self._ending = asyncio.ensure_future(self._end(self._over))
            self._ending.set_name("end a statement")
            self._ending.add_done_callback(self._give_up)

    def _give_up(self, _ending: asyncio.Task[object]) -> None:
        """Lets the call be torn after all, if it is not over."""
        if self._over is not None and not self._over.done():
            self._is_given_up = True
            if self._awaited is not None:
                self._awaited.cancel()


async def _finished(task: asyncio.Task[object]) -> None:
    await asyncio.wait([task])
    task.result()
