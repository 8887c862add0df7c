"""Does a database answer, how fast, and how busy are its connections? For probes and for people; what is wrong is told, not raised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from studio.kernel.errors import StudioError

if TYPE_CHECKING:
    from studio.database import Database, PoolInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """`error` says in one sentence why it is not `reachable`; `latency_ms` is one statement's way there and back."""

    reachable: bool
    latency_ms: float | None
    product: str
    version: str
    can_write: bool
    pool: PoolInfo
    error: str = ""


async def check_health(database: Database) -> Health:
    """Asks the database once. A SQLite file that does not exist yet is not made, and not reachable."""
    try:
        info = await database.test()
    except StudioError as error:
        return Health(
            reachable=False,
            latency_ms=None,
            product=database.dialect,
            version="",
            can_write=False,
            pool=database.pool(),
            error=str(error),
        )
    return Health(
        reachable=True,
        latency_ms=info.latency_ms,
        product=info.product,
        version=info.version,
        can_write=info.can_write,
        pool=database.pool(),
    )
