"""What happens to a run's transaction that is left open for a person to decide? It is kept, or undone, or undone when nobody decides.

The transaction itself stands open in the run's own task (`scheduler`), which waits here: whatever ends that task rolls back.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

from studio.kernel.errors import RunError, StudioError

if TYPE_CHECKING:
    from studio.runtime.result import RunResult

IDLE_S: Final = 600.0
"""After so long without a decision the transaction is rolled back: it holds locks that others wait for."""
WARN_S: Final = 60.0
"""So long before that it is told."""

TransactionState = Literal["open", "committed", "rolled_back"]
Told = Callable[["OpenTransaction"], object]


class OpenTransaction:
    """The open transactions of a run that has done its work. Used on the engine's loop only; `state` may be read anywhere.

    `error` is why the end was not the one that was asked for: the database refused the commit, or nobody decided in time.
    """

    def __init__(
        self, *, idle_s: float = IDLE_S, warn_s: float = WARN_S, on_change: Told | None = None
    ) -> None:
        self.idle_s = idle_s
        self.warn_s = min(warn_s, idle_s / 2)
        self.state: TransactionState = "open"
        self.error: StudioError | None = None
        self.is_expiring = False
        """Whether less than `warn_s` are left."""
        self.expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=idle_s)
        self._on_change = on_change
        loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[RunResult] = loop.create_future()
        self._decision: asyncio.Future[bool] = loop.create_future()
        self._ended = asyncio.Event()
        self._timers: list[asyncio.TimerHandle] = []
        self._holder: asyncio.Task[RunResult] | None = None

    # -------------------------------------------------------------- for whoever decides

    async def commit(self) -> None:
        """Keeps everything.

        Raises:
            RunError: It is over already, and how.
            StudioError: What the database has against it; everything is rolled back then.
        """
        await self._decide(keep=True)

    async def roll_back(self) -> None:
        """Undoes everything; raises RunError when it was committed already."""
        if self.state != "rolled_back":
            await self._decide(keep=False)

    def keep_open(self) -> None:
        """Begins the idle time anew."""
        if self.state == "open" and not self._decision.done():
            self._wind()
            self._tell()

    async def over(self) -> None:
        """Returns when it is committed or rolled back."""
        await self._ended.wait()

    async def _decide(self, *, keep: bool) -> None:
        if self.state != "open" or self._decision.done():
            await self._ended.wait()
            said = "committed" if self.state == "committed" else "rolled back"
            why = f" {self.error.message}" if self.error is not None else ""
            raise RunError(
                f"The run's transaction is over: it was {said}.{why}",
                hint="" if self.state == "committed" else "Run it again.",
            )
        self._decision.set_result(keep)
        await self._ended.wait()
        if keep and self.error is not None:
            raise self.error

    # -------------------------------------------------------------- for the run

    async def hold(self, run: asyncio.Task[RunResult]) -> RunResult:
        """Waits until the run has done its work, and gives its result, the transaction open in it; if it has none, how it ended."""
        self._holder = run
        try:
            await asyncio.wait({run, self._opened}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            run.cancel()
            await asyncio.wait({run})
            task = asyncio.current_task()
            if task is not None:
                task.uncancel()  # it has been answered: with a result that says cancelled
        return self._opened.result() if self._opened.done() and not run.done() else run.result()

    async def decided(self, result: RunResult) -> bool:
        """Lets `result` go out and waits; whether everything is to be kept."""
        self._opened.set_result(result)
        self._wind()
        self._tell()
        try:
            return await self._decision
        finally:
            self._stop_timers()

    def end(self, state: TransactionState, error: StudioError | None) -> None:
        """The transaction is over; only the first time counts."""
        if self.state != "open" or not self._opened.done():
            return
        self.state = state
        self.error = self.error or error
        if not self._decision.done():
            self._decision.cancel()
        self._ended.set()
        self._tell()

    # -------------------------------------------------------------- inside

    def _wind(self) -> None:
        self._stop_timers()
        self.is_expiring = False
        self.expires_at = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=self.idle_s)
        loop = asyncio.get_running_loop()
        # The loop keeps what its timers call, and so this, and so the task that holds the transaction.
        self._timers = [
            loop.call_later(self.idle_s - self.warn_s, self._warn),
            loop.call_later(self.idle_s, self._expire),
        ]

    def _stop_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    def _warn(self) -> None:
        self.is_expiring = True
        self._tell()

    def _expire(self) -> None:
        if not self._decision.done():
            self.error = RunError(
                f"Nobody decided within {_lasting(self.idle_s)}.",
                hint="Run it again, and commit it in time.",
            )
            self._decision.set_result(False)

    def _tell(self) -> None:
        if self._on_change is not None:
            self._on_change(self)


def _lasting(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
