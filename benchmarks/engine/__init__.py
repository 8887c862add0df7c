"""How much does Studio cost beside the raw driver? SQLite, PostgreSQL and MariaDB, one row or many, in nodes, in crowds and in streams.

"Raw" is the driver (sqlite3, asyncpg, asyncmy) doing the same work in the same process in turns: the same statements on a connection of
its own, with rows that are ready tuples already. Many rows are written through to the disk, as in earnest. A single row does not wait for the disk at its commit, on either side:
the wait is the same for both, a hundred times as long as what is measured, and would hide it.

How figures are taken (see `benchmarks.measure`): calls that take microseconds alternate one by one, and the median of all counts, so that
a noisy moment hits both ways alike. Work that takes a second cannot alternate that finely; another program on the machine only ever makes it
slower, so the quickest of several turns counts, ours against the raw one's.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from benchmarks.engine import crowd, mariadb, postgresql, runtime, sqlite, streams
from benchmarks.measure import Figure
from studio.kernel.loop import default_loop
from tests.support.mariadb import mariadb_server
from tests.support.servers import postgres_server

_POSTGRESQL = {"shared_buffers": "512MB", "max_wal_size": "4GB"}
_MARIADB = {"innodb_buffer_pool_size": "512M", "innodb_log_file_size": "512M"}


def measure(rows: int | None = None) -> list[Figure]:
    """All figures of the engine; `rows` is how many go through each stream."""
    figures = _run(runtime.figures())
    with tempfile.TemporaryDirectory(prefix="studio-bench-") as folder, contextlib.ExitStack() as stack:
        path = Path(folder)
        path.chmod(0o755)
        figures += _run(sqlite.figures(path))
        maria = stack.enter_context(mariadb_server(path / "mariadb", fsync=True, settings=_MARIADB))
        figures += _run(mariadb.figures(maria))
        postgres = stack.enter_context(postgres_server(path / "postgresql", fsync=True, settings=_POSTGRESQL))
        figures += _run(postgresql.figures(postgres))
        figures += _run(crowd.figures(postgres))
        figures += streams.figures(path, postgres, mariadb.database_url(maria), rows or streams.ROWS)
    return figures


def _run(story: Coroutine[Any, Any, list[Figure]]) -> list[Figure]:
    """Where the engine runs everything: on its own loop in its own thread."""
    return default_loop().run(story)
