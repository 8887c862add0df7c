"""What does an update mean in SQL? One expression per column, so that the database does the reckoning in one statement.

Numbers: `$inc` counts a null as 0, `$multiply` leaves it null; whole numbers that grow beyond 64 bits and decimals beyond their
precision make the statement fail. `$min` and `$max` take the operand where the field is null. Documents: see `document_changes`.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from studio.models.spec import Kind
from studio.query.conditions import NO_SLOT
from studio.query.sql_filters import FilterWriter, Place, grammar
from studio.query.sql_types import LARGEST_FLOAT, SQLITE_OVERFLOW, JsonbText, JsonText, PathParts
from studio.query.updates import Step, Update

Value = sa.ColumnElement[Any]

_EMPTY: Final = {Kind.LIST: "'[]'", Kind.DICT: "'{}'"}
_ZERO: Final[Value] = sa.literal_column("0")


class _Writer(Protocol):
    """What differs from dialect to dialect."""

    def grow(self, place: Place, current: Value, step: Step, operand: str) -> Value: ...

    def document(self, place: Place, current: Value, steps: list[Step], prefix: str) -> Value: ...


def assignments(update: Update, table: sa.Table, dialect: str, *, prefix: str = "u") -> dict[str, Value]:
    """The new value of each column that changes, by the column's name."""
    fields = FilterWriter(update.vocabulary, table, grammar(dialect), prefix)
    writer = _writer(dialect)
    made: dict[str, Value] = {}
    for name in update.fields:
        steps = [step for step in update.steps if step.field == name]
        place = fields.place(name)
        column = place.column
        first = steps[0]
        bound = f"{prefix}{first.slot}"
        value: Value
        if first.path != NO_SLOT or first.verb in ("push", "pull"):
            value = writer.document(place, column, steps, prefix)
        elif first.verb == "set":
            value = sa.bindparam(bound, type_=column.type)
        elif first.verb == "unset":
            value = sa.null()
        elif first.verb in ("min", "max"):
            other = sa.bindparam(bound, type_=fields.grammar.operand_type(place))
            ordered = fields.grammar.ordered(place)
            takes = ordered > other if first.verb == "min" else ordered < other
            value = sa.case((sa.or_(column.is_(None), takes), other), else_=column)
        else:
            value = writer.grow(place, column, first, bound)
        made[place.term.column] = value
    return made


def _writer(dialect: str) -> _Writer:
    if dialect == "mysql":
        from studio.query.mysql_updates import MysqlWriter

        return MysqlWriter()
    return _Sqlite() if dialect == "sqlite" else _Postgresql()


def _or_zero(place: Place, current: Value, step: Step, zero: Value) -> Value:
    if step.verb == "multiply" or not place.term.nullable:
        return current
    return sa.func.coalesce(current, zero)


class _Sqlite:
    """Registered functions keep decimals and documents exact."""

    def grow(self, place: Place, current: Value, step: Step, operand: str) -> Value:
        kind = place.term.kind
        other = sa.bindparam(operand, type_=grammar("sqlite").operand_type(place))
        if kind is Kind.DECIMAL:
            function = sa.func.dec_add if step.verb == "inc" else sa.func.dec_mul
            result = function(_or_zero(place, current, step, sa.literal_column("'0'")), other)
            field = place.term.field
            if field.scale is None:
                return result
            precision: Value = sa.literal_column("NULL" if field.precision is None else str(field.precision))
            return sa.func.dec_fit(result, precision, sa.literal_column(str(field.scale)))
        sign = "+" if step.verb == "inc" else "*"
        grown = _or_zero(place, current, step, _ZERO).op(sign, return_type=sa.Integer())(other)
        if kind is Kind.FLOAT:
            return sa.case((sa.func.abs(grown) > LARGEST_FLOAT, SQLITE_OVERFLOW), else_=grown)
        is_whole = sa.func.coalesce(sa.func.typeof(grown), sa.literal_column("'null'")) != sa.literal_column(
            "'real'"
        )
        return sa.case((is_whole, grown), else_=SQLITE_OVERFLOW)

    def document(self, place: Place, current: Value, steps: list[Step], prefix: str) -> Value:
        for step in steps:
            path: Value = sa.literal_column("'[]'")
            if step.path != NO_SLOT:
                path = sa.bindparam(f"{prefix}{step.path}", type_=JsonText())
            document: Value = current
            if place.term.kind is Kind.LIST and step.verb not in ("unset", "pull", "multiply"):
                document = sa.func.coalesce(current, sa.literal_column("'[]'"))
            if step.verb == "unset":
                current = sa.func.studio_json_unset(document, path)
                continue
            operand = sa.bindparam(f"{prefix}{step.slot}", type_=JsonText())
            if step.verb in ("inc", "multiply"):
                how: Value = sa.literal_column("'\"add\"'" if step.verb == "inc" else "'\"multiply\"'")
                current = sa.func.studio_json_grow(document, path, operand, how)
            else:
                current = getattr(sa.func, f"studio_json_{step.verb}")(document, path, operand)
        return current


class _Postgresql:
    """jsonb's own functions, and a mapping put in wherever one is missing on the way."""

    def grow(self, place: Place, current: Value, step: Step, operand: str) -> Value:
        kind = place.term.kind
        operand_type = grammar("postgresql").operand_type(place)
        zero: Value = sa.literal_column("interval '0'" if kind is Kind.TIMEDELTA else "0")
        other = sa.bindparam(operand, type_=operand_type)
        sign = "+" if step.verb == "inc" else "*"
        grown: Value = _or_zero(place, current, step, zero).op(sign, return_type=operand_type)(other)
        return grown

    def document(self, place: Place, current: Value, steps: list[Step], prefix: str) -> Value:
        if place.reflected:
            current = sa.cast(current, postgresql.JSONB())
        empty = sa.literal_column(f"{_EMPTY[place.term.kind or Kind.DICT]}::jsonb", postgresql.JSONB())
        table = place.column.table
        for number, step in enumerate(steps):
            if number:
                # Names the document as changed so far, instead of repeating how it came about. OFFSET keeps it from being inlined.
                inner = sa.select(current.label("document")).correlate(table).offset(sa.literal_column("0"))
                source = inner.subquery(f"{place.term.column}_{number}")
                changed = _changed(source.c.document, step, empty, prefix)
                current = sa.select(changed).select_from(source).correlate(table).scalar_subquery()
            else:
                current = _changed(current, step, empty, prefix)
        return current


def _changed(document: Value, step: Step, empty: Value, prefix: str) -> Value:
    path = sa.bindparam(f"{prefix}{step.path}", type_=PathParts()) if step.path != NO_SLOT else None
    if step.verb == "unset":
        return document.op("#-", return_type=postgresql.JSONB())(path)
    operand: Value = sa.cast(sa.bindparam(f"{prefix}{step.slot}", type_=JsonbText()), postgresql.JSONB())
    if step.verb == "set":
        return _put(document, path, step.depth, operand, empty)
    found = document if path is None else document.op("#>", return_type=postgresql.JSONB())(path)
    kind = sa.func.coalesce(sa.func.jsonb_typeof(found), sa.literal_column("'null'"))
    is_missing = kind == sa.literal_column("'null'")
    if step.verb == "push":
        is_list = kind == sa.literal_column("'array'")
        joined = found.op("||", return_type=postgresql.JSONB())(operand)
        value = sa.case((is_missing, operand), (is_list, joined), else_=_refused(found, "a list"))
        return _put(document, path, step.depth, value, empty)
    if step.verb == "pull":
        is_list = kind == sa.literal_column("'array'")
        return sa.case(
            (is_list, _put(document, path, step.depth, _without(found, operand), empty)), else_=document
        )
    number = sa.cast(found.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'")), sa.Numeric())
    other = sa.cast(operand.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'")), sa.Numeric())
    grown = sa.func.to_jsonb(number + other if step.verb == "inc" else number * other)
    is_number = kind == sa.literal_column("'number'")
    value = sa.case((is_missing, operand), (is_number, grown), else_=_refused(found, "a number"))
    put = _put(document, path, step.depth, value, empty)
    return put if step.verb == "inc" else sa.case((is_missing, document), else_=put)


def _put(document: Value, path: Value | None, depth: int, value: Value, empty: Value) -> Value:
    """The document with the value at the path; mappings that are missing on the way are made."""
    if path is None:
        return value
    changed: Value = sa.func.coalesce(document, empty)
    mapping = sa.literal_column("'{}'::jsonb", postgresql.JSONB())
    for length in range(1, depth):
        part = sa.func.trim_array(path, sa.literal_column(str(depth - length)))
        found = document.op("#>", return_type=postgresql.JSONB())(part)
        kind = sa.func.coalesce(sa.func.jsonb_typeof(found), sa.literal_column("'null'"))
        on_the_way = sa.case(
            (kind.op("IN", is_comparison=True)(sa.literal_column("('object', 'array')")), found),
            (kind == sa.literal_column("'null'"), mapping),
            else_=_refused(found, "a mapping"),
        )
        changed = sa.func.jsonb_set(changed, part, on_the_way, sa.true())
    return sa.func.jsonb_set(changed, path, value, sa.true())


def _without(found: Value, items: Value) -> Value:
    """The list without the items that equal one of `items`, in its order."""
    each = (
        sa.func.jsonb_array_elements(found)
        .table_valued("value", with_ordinality="place", name="item")
        .render_derived()
    )
    gone = sa.func.jsonb_array_elements(items).table_valued("value", name="gone").render_derived()
    is_gone = sa.exists(
        sa.select(sa.literal_column("1")).select_from(gone).where(gone.c.value == each.c.value)
    )
    kept = postgresql.aggregate_order_by(each.c.value, each.c.place)
    return (
        sa.select(sa.func.coalesce(sa.func.jsonb_agg(kept), sa.literal_column("'[]'::jsonb")))
        .select_from(each)
        .where(sa.not_(is_gone))
        .scalar_subquery()
    )


def _refused(found: Value, wanted: str) -> Value:
    """Makes the statement fail. PostgreSQL has no expression that raises; this one reads a text as a number that it cannot be."""
    said = sa.literal_column(f"'{wanted} is needed, not '").op("||")(
        found.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'"))
    )
    return sa.func.to_jsonb(sa.cast(said, sa.Numeric()))
