"""How is a MariaDB server addressed, what does each connection begin with, and which servers are refused?

Left out: opening and keeping connections (`mysql`).
"""

from __future__ import annotations

import math
import re
from typing import Any, Final

import sqlalchemy as sa

from studio.database.mysql_dialect import TEXT_COLLATION
from studio.database.options import DatabaseOptions
from studio.database.tls import Tls, take_tls
from studio.kernel.errors import ConnectionFailed

OLDEST: Final = (10, 11)
"""Of MariaDB: INSERT … RETURNING, JSON_EQUALS, JSON_TABLE and places from the end of a JSON list."""
_MODES: Final = (
    *("STRICT_ALL_TABLES", "NO_ZERO_DATE", "NO_ZERO_IN_DATE", "ERROR_FOR_DIVISION_BY_ZERO"),
    "NO_ENGINE_SUBSTITUTION",
    # As the standard says it: quotes, backslashes, ||, and assignments that all see the row as it was.
    *(
        "ANSI_QUOTES",
        "NO_BACKSLASH_ESCAPES",
        "PIPES_AS_CONCAT",
        "SIMULTANEOUS_ASSIGNMENT",
        "ONLY_FULL_GROUP_BY",
    ),
    # A key of 0 is a key of 0.
    "NO_AUTO_VALUE_ON_ZERO",
)
_MARIADB_VERSION = re.compile(r"(?:5\.5\.5-)?(\d+)\.(\d+)(?:\.(\d+))?-mariadb", re.IGNORECASE)


def session_settings(options: DatabaseOptions) -> str:
    """The statement that every connection begins with."""
    seconds = max(1, math.ceil(options.lock_timeout_s))
    settings = [
        f"sql_mode='{','.join(_MODES)}'",
        "time_zone='+00:00'",
        f"innodb_lock_wait_timeout={seconds}",
        f"lock_wait_timeout={seconds}",
        "tx_isolation='READ-COMMITTED'",
        # Digits after the point of a quotient, in addition to the dividend's.
        "div_precision_increment=8",
        "group_concat_max_len=1073741824",
    ]
    if options.read_only:
        settings.append("tx_read_only=1")
    return f"SET NAMES utf8mb4 COLLATE {TEXT_COLLATION}, {', '.join(settings)}"


def driver_url(url: str, options: DatabaseOptions) -> tuple[sa.URL, dict[str, Any], Tls]:
    """SQLAlchemy's URL, the driver's arguments, and how it is encrypted."""
    parsed = sa.make_url(url).set(drivername="mysql+asyncmy")
    query = {name: str(value) for name, value in parsed.query.items()}
    tls = take_tls("mysql", query)
    arguments: dict[str, Any] = {
        # SQLAlchemy would give it as text, which the driver only takes in Latin-1.
        "password": str(parsed.password or "").encode(),
        "connect_timeout": max(1, math.ceil(float(query.pop("connect_timeout", options.connect_timeout_s)))),
        "init_command": session_settings(options),
        "charset": "utf8mb4",
    }
    if parsed.database:
        arguments["database"] = parsed.database
    query.pop("charset", None)
    if "unix_socket" in query:
        arguments["unix_socket"] = query.pop("unix_socket")
    if query:
        raise ConnectionFailed(
            f"The URL says {next(iter(query))!r}, which Studio does not know for MariaDB.",
            hint="Known: connect_timeout, ssl-mode, ssl-ca, ssl-cert, ssl-key, unix_socket.",
        )
    return parsed.set(query={}), arguments, tls


def where_is(url: sa.URL) -> str:
    """The database as people know it; never user or password."""
    return f"MariaDB {url.host or 'localhost'}:{url.port or 3306}/{url.database or ''}".rstrip("/")


def check_version(version: str, where: str) -> None:
    """Raises ConnectionFailed for a server that is not MariaDB, or too old; `version` is what it says of itself."""
    found = _MARIADB_VERSION.match(version)
    if found is None:
        raise ConnectionFailed(
            f"{where} is MySQL {version}. Studio speaks to MariaDB {OLDEST[0]}.{OLDEST[1]} or newer: MySQL cannot give"
            " back the rows that it writes, and reads JSON in other ways.",
            hint="Use a MariaDB server, PostgreSQL or SQLite.",
        )
    if (int(found[1]), int(found[2])) < OLDEST:
        raise ConnectionFailed(
            f"{where} is MariaDB {found[1]}.{found[2]}, but Studio needs {OLDEST[0]}.{OLDEST[1]} or newer.",
            hint="Upgrade the server.",
        )
