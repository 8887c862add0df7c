"""How does an intent (filter, update, aggregate, page) become SQL, or a test of a record in hand?

Reading is plain Python; what writes SQL is imported when it is first used. Clauses of filters are written by `sql_filters`, the functions
that SQLite lacks stand in `sqlite_functions`: only `database` asks for those two, by their names.
"""

from __future__ import annotations

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
