"""Which slice of the records, and how does it go on? Lists with order, limit, offset and cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from studio.database.dialect import Row, Short
from studio.database.pipelines import Maker
from studio.database.plans import ModelPlans
from studio.database.results import ListQuery, Rows
from studio.database.statements import Ready, slots
from studio.kernel.errors import ValueRefused
from studio.models.refusals import shorten
from studio.models.spec import MOST_ROWS
from studio.query.order import Order, order_clauses, parse_order
from studio.query.paging import cursor_clause, decode_cursor, encode_cursor

_FEW: Final = 1_000
"""So many records are found and read in a millisecond or two, unless many others are looked at for them."""


class Page:
    """A list's statement, and how its rows become records.

    The statement asks for one row beyond the limit, which tells whether more follow; it also asks for the fields of the order, from which the
    cursor is made, after those that are wanted.
    """

    __slots__ = ("_limit", "_order", "_plans", "_wanted", "make", "ready")

    def __init__(
        self,
        plans: ModelPlans,
        ready: Ready,
        wanted: tuple[str, ...],
        order: Order,
        limit: int | None,
    ) -> None:
        self.ready = ready
        self.make: Maker = plans.maker(wanted)
        self._plans = plans
        self._wanted = wanted
        self._order = order
        self._limit = limit

    def rows(self, found: Sequence[Row]) -> Rows:
        limit = self._limit
        has_more = limit is not None and len(found) > limit
        shown = found[:limit] if has_more else found
        make = self.make
        records = [make(row) for row in shown]
        cursor = self._cursor(shown[-1]) if has_more and shown and self._plans.spec.key else None
        return Rows(records, has_more=has_more, cursor=cursor, sql=self.ready.plan.sql, columns=self._wanted)

    def _cursor(self, row: Row) -> str:
        record = self.ready.plan.make(row)
        return encode_cursor(self._order, record)


def page(plans: ModelPlans, query: ListQuery, *, peek: bool = True) -> Page:
    """The page that a query asks for; with `peek`, one row more than its limit.

    Without an order of its own a list is in the order of the key, so that it is the same on every database.
    """
    spec = plans.spec
    limit = _number("limit", query.limit, nullable=True)
    offset = _number("offset", query.offset) or 0
    wanted = spec.names if query.fields is None else plans.check_names(names_of(query.fields))
    filter = plans.parsed(query.filter, include_deleted=query.include_deleted)
    order = parse_order(spec, query.order_by).with_key(spec)
    if query.after and not spec.key:
        raise ValueRefused(
            f"{spec.name} has no key, so a list of it cannot be continued.", hint="Use offset.", field="after"
        )
    cursor = decode_cursor(order, query.after) if query.after else None
    extra = tuple(term.field for term in order.terms if term.field not in wanted)
    names = wanted + extra if peek and limit is not None else wanted
    shape = (
        "list", filter.shape, order.shape, cursor.shape if cursor else None, names, limit is None, offset == 0,
    )  # fmt: skip

    def build() -> tuple[Any, Maker]:
        statement = sa.select(*plans.columns(names))
        clause = plans.where(filter)
        if clause is not None:
            statement = statement.where(clause)
        if cursor is not None:
            statement = statement.where(cursor_clause(cursor, plans.table, plans.dialect.name))
        statement = statement.order_by(*order_clauses(order, plans.table, plans.dialect.name))
        if limit is not None:
            statement = statement.limit(sa.bindparam("most", type_=sa.BigInteger()))
        if offset:
            statement = statement.offset(sa.bindparam("skipped", type_=sa.BigInteger()))
        return statement, plans.maker(names)

    values = slots(filter)
    if cursor is not None:
        values |= {f"k{place}": value for place, value in enumerate(cursor.values)}
    if limit is not None:
        values["most"] = limit + 1 if peek else limit
    values["skipped"] = offset
    takes = Short if limit is not None and limit <= _FEW else None
    return Page(
        plans,
        Ready(plans.plan((*shape, takes), build, takes=takes), values),
        wanted,
        order,
        limit if peek else None,
    )


def names_of(fields: Any) -> Sequence[str]:
    """The fields that a query wants; a single one may be given as it is."""
    return [fields] if isinstance(fields, str) else fields


def _number(name: str, value: Any, *, nullable: bool = False) -> int | None:
    if value is None and nullable:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_ROWS:
        raise ValueRefused(
            f'"{name}" is a whole number from 0 to {MOST_ROWS:,}, not {shorten(value)}.',
            hint="Leave it out for all records." if name == "limit" else "Mend it.",
            field=name,
        )
    return value
