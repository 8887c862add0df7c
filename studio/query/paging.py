"""Where does the next page begin? A cursor holds the values by which the last record was ordered; the clause asks for what comes after.

A cursor is text for people to pass on, not to read: it names its order, and is refused with another one. It holds values of the record in
the clear, so it is no secret; it is not signed either, and can do no more than a filter could.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import enum
import json
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from studio.kernel.errors import FilterError, ValueRefused
from studio.models.spec import Kind
from studio.query.order import Order
from studio.query.vocabulary import Term

if TYPE_CHECKING:
    import sqlalchemy as sa

_HINT = "Start again without `after`, or pass a cursor that the same query gave."


class Cursor(NamedTuple):
    """The place after which a page begins.

    `values[i]` belongs to the order's term i and is bound at slot i; `nulls` tells which of them are None, and is the shape (together
    with that of the order).
    """

    order: Order
    values: tuple[Any, ...]

    @property
    def nulls(self) -> tuple[bool, ...]:
        return tuple(value is None for value in self.values)

    @property
    def shape(self) -> tuple[Any, ...]:
        return (self.order.shape, self.nulls)


def encode_cursor(order: Order, record: Mapping[str, Any]) -> str:
    """The cursor after a record. The order must end with the key's fields (`Order.with_key`), and the record must have all its fields."""
    values = [_to_json(record[term.field]) for term in order.terms]
    text = json.dumps(
        [[str(term) for term in order.terms], values], separators=(",", ":"), ensure_ascii=False
    )
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(order: Order, text: str) -> Cursor:
    """Reads a cursor; raises FilterError when it is none, or belongs to another order."""
    if not isinstance(text, str):
        raise FilterError(f"{text!r} is no cursor.", hint=_HINT, field="after")
    try:
        terms, values = json.loads(
            base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        )
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise FilterError(f"{text[:40]!r} is no cursor.", hint=_HINT, field="after") from error
    if (
        terms != [str(term) for term in order.terms]
        or not isinstance(values, list)
        or len(values) != len(terms)
    ):
        wanted = ", ".join(str(term) for term in order.terms)
        raise FilterError(f"The cursor belongs to another order than {wanted}.", hint=_HINT, field="after")
    try:
        read = tuple(
            _from_json(order.vocabulary[term.field], value)
            for term, value in zip(order.terms, values, strict=True)
        )
    except (ValueRefused, ValueError, TypeError) as error:
        raise FilterError(
            "The cursor holds a value that its field cannot have.", hint=_HINT, field="after"
        ) from error
    return Cursor(order, read)


def cursor_clause(
    cursor: Cursor, table: sa.FromClause, dialect: str, *, prefix: str = "k"
) -> sa.ColumnElement[bool]:
    """The records after the cursor; value i is bound as `{prefix}{i}`.

    Where no field of the order can be null and all go the same way, it is one comparison of rows, which an index over the order answers.
    """
    import sqlalchemy as sa

    from studio.query.sql_filters import FilterWriter, grammar

    writer = FilterWriter(cursor.order.vocabulary, table, grammar(dialect), prefix)
    places = [writer.place(term.field) for term in cursor.order.terms]
    columns = [writer.grammar.ordered(place) for place in places]
    bound = [
        sa.bindparam(f"{prefix}{slot}", type_=writer.grammar.operand_type(place))
        for slot, place in enumerate(places)
    ]
    directions = {term.descending for term in cursor.order.terms}
    if len(directions) == 1 and not any(place.term.nullable for place in places):
        if len(columns) == 1:
            return columns[0] < bound[0] if directions == {True} else columns[0] > bound[0]
        left, right = sa.tuple_(*columns), sa.tuple_(*bound)
        return left < right if directions == {True} else left > right
    steps: list[sa.ColumnElement[bool]] = []
    same: list[sa.ColumnElement[bool]] = []
    for slot, term in enumerate(cursor.order.terms):
        column, value, is_null = columns[slot], bound[slot], cursor.values[slot] is None
        following = _following(
            column, value, is_null=is_null, descending=term.descending, nullable=places[slot].term.nullable
        )
        if following is not None:
            steps.append(sa.and_(*same, following))
        same.append(column.is_(None) if is_null else column == value)
    return sa.or_(*steps) if steps else sa.false()


def _following(
    column: sa.ColumnElement[Any],
    value: sa.ColumnElement[Any],
    *,
    is_null: bool,
    descending: bool,
    nullable: bool,
) -> sa.ColumnElement[bool] | None:
    """What comes after a value in one column: nulls last ascending, first descending. None: nothing can."""
    import sqlalchemy as sa

    if is_null:
        return column.is_not(None) if descending else None
    if descending:
        return column < value
    return sa.or_(column > value, column.is_(None)) if nullable else column > value


# ------------------------------------------------------------------ values as text


def _to_json(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value // dt.timedelta(microseconds=1)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return value


def _from_json(term: Term, value: Any) -> Any:
    if value is None:
        return None
    if term.kind is Kind.TIMEDELTA:
        return dt.timedelta(microseconds=value)
    if term.kind is Kind.BYTES:
        return bytes.fromhex(value)
    return term.check(value)
