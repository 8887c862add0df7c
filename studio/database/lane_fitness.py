"""May a connection that was idle be used again? Not when it is older than `pool_recycle`, and with `pool_pre_ping` only when it answers."""

from __future__ import annotations

import contextlib
import time
from typing import Final, Protocol

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from studio.database.options import DatabaseOptions

_IDLE_S: Final = 1.0
"""A connection that was used so lately is not asked."""


class AgingLane(Protocol):
    """Times are readings of `time.monotonic`; `used_at` is kept only where somebody looks at it."""

    pooled: AsyncConnection
    opened_at: float
    used_at: float

    async def answers(self, timeout_s: float) -> bool:
        """Whether the server still answers on it."""
        ...


def are_checked(options: DatabaseOptions) -> bool:
    """Whether there is anything to look at before a connection is used."""
    return options.pool_pre_ping or options.pool_recycle is not None


async def is_fit(lane: AgingLane, options: DatabaseOptions) -> bool:
    """Whether it may be used; one that may not is ended, so that SQLAlchemy's pool does not give it out again."""
    now = time.monotonic()
    fit = options.pool_recycle is None or now - lane.opened_at < options.pool_recycle
    if fit and options.pool_pre_ping and now - lane.used_at >= _IDLE_S:
        fit = await lane.answers(options.connect_timeout_s)
    if not fit:
        with contextlib.suppress(SQLAlchemyError, OSError):
            await lane.pooled.invalidate()
    return fit
