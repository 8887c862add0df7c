"""How does a person in a terminal decide about a run that was left open? One question; without anybody to ask, nothing is kept."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from rich.console import Console

from studio.cli import showing
from studio.cli.exits import OK, RUN_FAILED
from studio.kernel.errors import StudioError
from studio.session import Review, RunHandle


async def decide(err: Console, handle: RunHandle) -> int:
    """Commits or rolls back, and says which. Gives an exit code: 1 when it was rolled back although nobody wanted that."""
    review = handle.review
    if review is None:
        return OK
    counts = handle.changes.totals if handle.changes is not None else ""
    err.print(f"[bold yellow]uncommitted[/] {counts}", highlight=False)
    if not sys.stdin.isatty():
        await review.roll_back()
        err.print(
            "Rolled back: there is no terminal to ask for a decision. Use --mode atomic to commit without asking."
        )
        return RUN_FAILED
    answer = await _answer(err, review)
    try:
        await (review.commit() if answer else review.roll_back())
    except StudioError as error:
        showing.show_error(err, error)
        return RUN_FAILED
    err.print("[green]Committed.[/]" if answer else "Rolled back, nothing was saved.")
    return OK


async def _answer(err: Console, review: Review) -> bool:
    """Whether the person says yes; the end of the input is a no, and so is a transaction that ends while waiting."""
    while True:
        left_s = (review.expires_at - showing.now()).total_seconds()
        err.print(
            f"Commit? It is rolled back in {max(left_s, 0) / 60:.0f} min. \\[y/N] ", end="", highlight=False
        )
        try:
            async with asyncio.timeout(max(left_s, 0) + 1):
                line = await _line()
        except TimeoutError:
            return True  # it is over by now: committing says so
        word = line.strip().lower()
        if word in ("y", "yes"):
            return True
        if word in ("", "n", "no"):
            return False
        err.print("Please answer y or n.")


async def _line() -> str:
    """A line from the terminal, awaited without a thread that could not be stopped; empty at its end."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def readable() -> None:
        if not ready.done():
            ready.set_result(None)

    try:
        loop.add_reader(sys.stdin.fileno(), readable)
    except NotImplementedError:  # Windows
        return await asyncio.to_thread(sys.stdin.readline)
    try:
        await ready
    finally:
        with contextlib.suppress(ValueError):
            loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()
