"""How does an intent (filter, update, aggregate, page) become SQL, or a test of a record in hand?

The parts that write SQL are imported when they are first used, so that reading a filter does not load SQLAlchemy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from studio.query.aggregates import (
    AGGREGATE_OPERATORS,
    Aggregate,
    Output,
    aggregate_select,
    parse_aggregate,
)
from studio.query.builder import QueryBuilder
from studio.query.filters import OPERATORS, Filter, parse_filter
from studio.query.matching import matcher, matches
from studio.query.order import Order, OrderTerm, order_clauses, parse_order
from studio.query.paging import Cursor, cursor_clause, decode_cursor, encode_cursor
from studio.query.updates import UPDATE_OPERATORS, Update, parse_update

if TYPE_CHECKING:
    from studio.query.sql_filters import filter_clause

__all__ = [
    "AGGREGATE_OPERATORS",
    "OPERATORS",
    "UPDATE_OPERATORS",
    "Aggregate",
    "Cursor",
    "Filter",
    "Order",
    "OrderTerm",
    "Output",
    "QueryBuilder",
    "Update",
    "aggregate_select",
    "cursor_clause",
    "decode_cursor",
    "encode_cursor",
    "filter_clause",
    "matcher",
    "matches",
    "order_clauses",
    "parse_aggregate",
    "parse_filter",
    "parse_order",
    "parse_update",
]


def __getattr__(name: str) -> Any:
    if name == "filter_clause":
        from studio.query.sql_filters import filter_clause

        return filter_clause
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
