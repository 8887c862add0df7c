"""What is one connection to MariaDB, and what can be done on it? Statements prepared at the server, and reading no faster than rows are used.

Left out: who gets a connection (`lane_pool`), and what becomes of a statement that fails or is cancelled (`mysql_sessions`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from studio.database import mysql_errors
from studio.database.mysql_text import spread, written
from studio.kernel.errors import StatementRefused

_log = logging.getLogger(__name__)

_STATEMENTS_KEPT: Final = 200
_STREAM_BUFFER: Final = 1 << 18
"""Bytes; the system takes twice as much."""


class Lane:
    """One connection: SQLAlchemy's, and the driver's underneath with its prepared statements."""

    __slots__ = ("_prepared", "connection", "echo", "largest", "opened_at", "pooled", "used_at")

    def __init__(self, pooled: AsyncConnection, connection: Any, *, echo: bool = False) -> None:
        self.pooled = pooled
        self.connection = connection
        self.echo = echo
        self.largest = 1 << 24
        """What the server takes in one packet, in bytes."""
        self._prepared: dict[str, Any] = {}
        self.opened_at = self.used_at = time.monotonic()

    async def answers(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(timeout_s):
                await self.say("DO 0")
        except (*mysql_errors.DRIVER_ERRORS, TimeoutError):
            return False
        return not self.is_closed

    @property
    def is_closed(self) -> bool:
        return not self.connection.connected or self.connection._stream_broken  # noqa: SLF001 - asyncmy says it nowhere else

    async def close(self) -> None:
        self._prepared.clear()
        # Whatever goes wrong while a connection is thrown away concerns nobody any more.
        with contextlib.suppress(sa.exc.SQLAlchemyError, *mysql_errors.DRIVER_ERRORS):
            if self.is_closed:
                await self.pooled.invalidate()
            await self.pooled.close()

    async def execute(self, sql: str, args: Sequence[Any] = (), *, keep: bool = True) -> Any:
        """The driver's result: `rows` (None without), `affected_rows`, `description`, `insert_id`.

        Without `keep` the statement is prepared for this once.
        """
        if self.echo:
            _log.info("%s", sql)
        ready = spread(sql, args)
        if ready is None:
            return await self.say(written(sql, args))
        text, values = ready
        statement = self._prepared.get(text)
        if statement is None:
            try:
                statement = await self.connection.prepare(text)
            except mysql_errors.DRIVER_ERRORS as error:
                if mysql_errors.number_of(error) == 1295 and not values:
                    return await self.say(text)
                raise
            if statement.parameter_count != len(values):
                count = statement.parameter_count
                await statement.close()
                raise StatementRefused(
                    f"The statement takes {count} values, but {len(values)} are given.",
                    hint="Check the parameters.",
                )
            if not keep:
                try:
                    return await statement.execute(values)
                finally:
                    if not self.is_closed:
                        await statement.close()
            if len(self._prepared) >= _STATEMENTS_KEPT:
                oldest = next(iter(self._prepared))
                await self._prepared.pop(oldest).close()
            self._prepared[text] = statement
        return await statement.execute(values)

    async def say(self, sql: str) -> Any:
        """Runs text as it is."""
        await self.connection.query(sql)
        return self.connection._result  # noqa: SLF001 - a cursor would only hand it on


def read_little(connection: Any) -> None:
    """Lets the system keep no more for a connection than the driver may turn into rows at once: all that has come."""
    raw = connection._transport.get_extra_info("socket")  # noqa: SLF001 - the driver has no word for it
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _STREAM_BUFFER)


@contextlib.contextmanager
def unread(connection: Any) -> Iterator[None]:
    """Leaves what comes from the server where it is: with the system, which tells the server to wait when it has enough."""
    transport = connection._transport  # noqa: SLF001 - the driver has no word for it
    transport.pause_reading()
    try:
        yield
    finally:
        if not transport.is_closing():
            transport.resume_reading()
