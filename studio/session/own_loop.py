"""On which loop is a session used? What comes about on the engine's loop is told to it there."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable


class OwnLoop:
    """The loop of a session's thread, once one is known; `later` may be called from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_known(self) -> bool:
        return self._loop is not None

    def remember(self) -> None:
        """Takes the running loop for the session's; without a running one, the known one stays."""
        with contextlib.suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()

    def later(self, callback: Callable[[], object]) -> None:
        """Calls back on the session's loop; without one there is nobody to tell."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody listens any more
                self._loop.call_soon_threadsafe(callback)
