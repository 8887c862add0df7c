"""How do we reach a database, fast and safely? SQLAlchemy and the drivers are imported when a database is first used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.database.database import Database
from studio.database.options import DatabaseOptions
from studio.database.results import (
    AggregateQuery,
    BulkResult,
    ListQuery,
    Record,
    Recorder,
    Rows,
    ServerInfo,
    Statement,
)

if TYPE_CHECKING:
    from studio.database.access import Access

__all__ = [
    "Access",
    "AggregateQuery",
    "BulkResult",
    "Database",
    "DatabaseOptions",
    "ListQuery",
    "Record",
    "Recorder",
    "Rows",
    "ServerInfo",
    "Statement",
]


def __getattr__(name: str) -> Any:
    if name == "Access":
        from studio.database.access import Access

        return Access
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
