"""How does an intent (filter, update, aggregate, page) become SQL, or a test of a record in hand?

Reading is plain Python, and each name is imported when it is first asked for; so is what writes SQL. Clauses of filters are written by `sql_filters`, the functions
that SQLite lacks stand in `sqlite_functions`: only `database` asks for those two, by their names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from studio.kernel.lazy import lazily

if TYPE_CHECKING:
    from studio.query.aggregates import AGGREGATE_OPERATORS, aggregate_select, parse_aggregate
    from studio.query.builder import QueryBuilder
    from studio.query.filters import OPERATORS, Filter, parse_filter
    from studio.query.matching import matcher, matches
    from studio.query.order import Order, OrderTerm, order_clauses, parse_order
    from studio.query.paging import Cursor, cursor_clause, decode_cursor, encode_cursor
    from studio.query.stages import Aggregate, Output
    from studio.query.updates import UPDATE_OPERATORS, Update, parse_update

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
    "matcher",
    "matches",
    "order_clauses",
    "parse_aggregate",
    "parse_filter",
    "parse_order",
    "parse_update",
]

__getattr__ = lazily(
    __name__,
    {
        "AGGREGATE_OPERATORS": "aggregates",
        "Aggregate": "stages",
        "Cursor": "paging",
        "Filter": "filters",
        "OPERATORS": "filters",
        "Order": "order",
        "OrderTerm": "order",
        "Output": "stages",
        "QueryBuilder": "builder",
        "UPDATE_OPERATORS": "updates",
        "Update": "updates",
        "aggregate_select": "aggregates",
        "cursor_clause": "paging",
        "decode_cursor": "paging",
        "encode_cursor": "paging",
        "matcher": "matching",
        "matches": "matching",
        "order_clauses": "order",
        "parse_aggregate": "aggregates",
        "parse_filter": "filters",
        "parse_order": "order",
        "parse_update": "updates",
    },
)
