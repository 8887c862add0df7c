"""How is a database to be opened? Pool sizes, timeouts and what may be created; where it is, the URL says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseOptions:
    """How a `Database` connects. Times are in seconds.

    `pool_size` bounds the lanes (PostgreSQL connections, SQLite readers) and `max_overflow` the connections beyond them that
    transactions may open. `must_exist` refuses to create a SQLite file. `read_only` opens it so that no write can succeed.
    `pool_recycle` is the age at which a connection is replaced, `pool_pre_ping` has one that was idle asked whether it still lives before
    it is used; a SQLite file needs neither. Statements that take `slow_statement_ms` or longer are logged. `synchronous` is SQLite's setting: NORMAL survives a crash of the process, FULL also that of the machine.
    """

    pool_size: int = 4
    max_overflow: int = 16
    pool_recycle: int | None = None
    pool_pre_ping: bool = False
    connect_timeout_s: float = 10.0
    lock_timeout_s: float = 10.0
    must_exist: bool = False
    read_only: bool = False
    synchronous: str = "NORMAL"
    echo: bool = False
    slow_statement_ms: float | None = None
