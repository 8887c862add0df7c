"""How does an intent (filter, update, aggregate, page) become SQL, or a test of a record in hand?

The parts that write SQL are imported when they are first used, so that reading a filter does not load SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.query.filters import OPERATORS, Filter, parse_filter
from studio.query.matching import matcher, matches

if TYPE_CHECKING:
    from studio.query.sql_filters import filter_clause

_LAZY = {"filter_clause": "studio.query.sql_filters"}

__all__ = ["OPERATORS", "Filter", "filter_clause", "matcher", "matches", "parse_filter"]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        import importlib

        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
