"""How do we reach a database, fast and safely?"""

from studio.database.access import Access
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
