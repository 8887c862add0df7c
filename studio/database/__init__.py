"""How do we reach a database, fast and safely? SQLAlchemy and the drivers are imported when a database is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.database.database import Database
from studio.database.options import DatabaseOptions
from studio.database.results import (
    AggregateQuery,
    BulkResult,
    CacheInfo,
    CacheWish,
    ListQuery,
    Meter,
    PoolInfo,
    Record,
    Recorder,
    Rows,
    ServerInfo,
    Statement,
)
from studio.kernel.lazy import lazily

if TYPE_CHECKING:
    from studio.database.access import Access

__all__ = [
    "Access",
    "AggregateQuery",
    "BulkResult",
    "CacheInfo",
    "CacheWish",
    "Database",
    "DatabaseOptions",
    "ListQuery",
    "Meter",
    "PoolInfo",
    "Record",
    "Recorder",
    "Rows",
    "ServerInfo",
    "Statement",
]

__getattr__ = lazily(__name__, {"Access": "access"})
