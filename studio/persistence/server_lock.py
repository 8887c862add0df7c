"""Is a project on a server open elsewhere? Its row says who has it open (`opened_by`), and the one who has renews that while it is open."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final

from studio.kernel.errors import DatabaseError, StoreError
from studio.persistence.gateway import Step, StoreGateway
from studio.persistence.locks import busy

RENEWED_EVERY_S: Final = 20.0
STALE_AFTER_S: Final = 75.0
"""Three renewals missed, and a little patience: whoever held the store is gone."""


class ServerLock:
    """Holds a project on a server for one session, known by its token.

    Invariant: between `take` and `release` no other session holds it, unless this one could not renew it for `STALE_AFTER_S`.
    """

    def __init__(
        self, gateway: StoreGateway, project_id: str, token: str, clock: Callable[[], dt.datetime]
    ) -> None:
        self._gateway = gateway
        self._project_id = project_id
        self._token = token
        self._clock = clock
        self._renewal: asyncio.Task[None] | None = None

    async def take(self, shown: str) -> None:
        """Raises StoreBusy when somebody else has the project; `shown` is what messages call the store."""
        row = (await self._gateway.run([Step(type="ProjectReadNode", params={"id": self._project_id})]))[0]
        now = self._clock()
        owner = holder(row["opened_by"], self._token, now)
        if owner:
            raise busy(shown, owner)
        taken = await self._gateway.run(
            [
                Step(
                    type="ProjectBulkUpdateNode",
                    # Only if nobody was quicker: each write alters `updated_at`.
                    params={
                        "filter": {"id": self._project_id, "updated_at": row["updated_at"]},
                        "update": {"opened_by": owner_mark(self._token, now)},
                    },
                )
            ]
        )
        if not taken[0]["updated"]:
            raise busy(shown, "another session, which was quicker")
        self._renewal = asyncio.create_task(self._renew(), name="renew the store's lock")

    async def release(self) -> None:
        """Harmless when it was never taken, or when the server cannot be reached."""
        if self._renewal is None:
            return
        self._renewal.cancel()
        self._renewal = None
        with contextlib.suppress(DatabaseError, StoreError):
            await self._put(None)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(RENEWED_EVERY_S)
            with contextlib.suppress(DatabaseError):  # unreachable for now: the next renewal may succeed
                await self._put(owner_mark(self._token, self._clock()))

    async def _put(self, mark: Mapping[str, Any] | None) -> None:
        fields = {"opened_by": mark}
        await self._gateway.run(
            [Step(type="ProjectUpdateNode", params={"id": self._project_id, "fields": fields})]
        )


def owner_mark(token: str, now: dt.datetime) -> dict[str, Any]:
    """What a project's row on a server says about the session that has it open."""
    return {"token": token, "host": socket.gethostname(), "pid": os.getpid(), "at": now.isoformat()}


def holder(mark: Mapping[str, Any] | None, token: str, now: dt.datetime) -> str | None:
    """Who else holds a store on a server, in words; None when nobody does, or no longer."""
    if not mark or mark.get("token") == token:
        return None
    age_s = (now - dt.datetime.fromisoformat(str(mark["at"]))).total_seconds()
    if age_s > STALE_AFTER_S:
        return None
    if mark.get("host") == socket.gethostname() and not _is_alive(int(mark["pid"])):
        return None
    return f"process {mark['pid']} on {mark['host']}"


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
