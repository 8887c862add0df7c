"""How does a person decide about what a run has written? The transaction that a run in review has left open."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.kernel.errors import StudioError
    from studio.kernel.loop import EngineLoop
    from studio.runtime import OpenTransaction, TransactionState


class Review:
    """The transaction that a run in review has left open. Everything here may be read and called from any thread."""

    def __init__(self, transaction: OpenTransaction, loop: EngineLoop) -> None:
        self._transaction = transaction
        self._loop = loop

    @property
    def state(self) -> TransactionState:
        """`open`, `committed` or `rolled_back`."""
        return self._transaction.state

    @property
    def expires_at(self) -> dt.datetime:
        """When it is rolled back unless somebody decides (aware, UTC)."""
        return self._transaction.expires_at

    @property
    def is_expiring(self) -> bool:
        return self._transaction.is_expiring

    @property
    def error(self) -> StudioError | None:
        """Why it was rolled back, when nobody asked for that."""
        return self._transaction.error

    async def commit(self) -> None:
        """Keeps everything; raises RunError when it is over already, and what the database has against it."""
        await self._loop.call(self._transaction.commit())

    async def roll_back(self) -> None:
        """Undoes everything; raises RunError when it was committed already."""
        await self._loop.call(self._transaction.roll_back())

    async def keep_open(self) -> None:
        """Begins the time that is left anew."""

        async def keep() -> None:
            self._transaction.keep_open()

        await self._loop.call(keep())
