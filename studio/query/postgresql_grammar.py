"""How does PostgreSQL say a comparison? jsonb throughout, arrays for lists, COLLATE "C" where another order could creep in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from studio.models.spec import Kind
from studio.query.conditions import Comparison, Operator
from studio.query.sql_filters import Clause, Place, compare, is_text
from studio.query.sql_types import (
    Folded,
    IntegerTexts,
    JsonItem,
    JsonText,
    JsonTexts,
    PathParts,
    PostgresRegex,
)

_TYPE_OF_FORM: Final = {"number": "'number'", "text": "'string'", "bool": "'boolean'"}
_BUILTIN_COLLATIONS_SINCE = (17,)

_TYPES: Final[Mapping[Kind, sa.types.TypeEngine[Any]]] = {
    Kind.INT: sa.BigInteger(),
    Kind.FLOAT: sa.Double(),
    # Without precision and scale: a cast to those of the column would round the operand.
    Kind.DECIMAL: sa.Numeric(asdecimal=True),
    Kind.STR: sa.Text(),
    Kind.TEXT: sa.Text(),
    Kind.ENUM: sa.Text(),
    Kind.BOOL: sa.Boolean(),
    Kind.DATETIME: postgresql.TIMESTAMP(timezone=True),
    Kind.DATE: sa.Date(),
    Kind.TIME: sa.Time(),
    Kind.TIMEDELTA: postgresql.INTERVAL(),
    Kind.BYTES: postgresql.BYTEA(),
    Kind.UUID: sa.Uuid(),
}
_NAIVE = postgresql.TIMESTAMP(timezone=False)

# Written out: only a person's values are bound.
_ZERO: Final[sa.ColumnElement[int]] = sa.literal_column("0", sa.Integer())


def operand_type(kind: Kind, *, naive: bool = False) -> sa.types.TypeEngine[Any]:
    """The type that binds a canonical value of a kind."""
    return _NAIVE if naive and kind is Kind.DATETIME else _TYPES.get(kind, sa.Text())


class lowered(FunctionElement[str]):  # noqa: N801 - functions of SQL are written in small letters
    """A text in small letters, whatever the collation of its column knows of letters."""

    inherit_cache = True
    type = sa.Text()


@compiles(lowered)
def _write_lowered(element: lowered, compiler: SQLCompiler, **kwargs: Any) -> str:
    """Servers before 17 have no built-in Unicode collation; theirs is ICU's."""
    version = getattr(compiler.dialect, "server_version_info", None)
    collation = "und-x-icu" if version and tuple(version) < _BUILTIN_COLLATIONS_SINCE else "pg_c_utf8"
    (text,) = element.clauses
    return f'lower({compiler.process(text, **kwargs)} COLLATE "{collation}")'


class PostgresqlGrammar:
    """PostgreSQL's words; see `sql_filters.Grammar`."""

    name: Final = "postgresql"

    def operand_type(self, place: Place) -> sa.types.TypeEngine[Any]:
        if place.term.kind is Kind.VECTOR:
            # Only the column knows how such a value travels.
            own: sa.types.TypeEngine[Any] = place.column.type
            return own
        return operand_type(place.term.kind or Kind.TEXT, naive=place.term.field.naive)

    def comparable(self, place: Place) -> sa.ColumnElement[Any]:
        if place.reflected and place.term.kind is Kind.ENUM:
            return sa.cast(place.column, sa.Text())
        return place.column

    def ordered(self, place: Place) -> sa.ColumnElement[Any]:
        if place.reflected and is_text(place.term):
            return sa.collate(self.comparable(place), "C")
        return place.column

    def in_list(self, place: Place, name: str) -> Clause:
        values: sa.ColumnElement[Any] = sa.bindparam(name, type_=sa.ARRAY(self.operand_type(place)))
        if place.term.kind is Kind.INT:
            values = sa.cast(sa.bindparam(name, type_=IntegerTexts()), sa.ARRAY(sa.BigInteger()))
        return self.comparable(place) == sa.any_(values)

    # -------------------------------------------------------------- text

    def text(self, place: Place) -> sa.ColumnElement[Any]:
        if place.path is None:
            return self.comparable(place)
        value = self._value(place)
        is_string = sa.func.jsonb_typeof(value) == sa.literal_column("'string'")
        return sa.case((is_string, _raw(value)))

    def text_test(self, text: sa.ColumnElement[Any], comparison: Comparison, names: Sequence[str]) -> Clause:
        operand = sa.bindparam(names[0], type_=sa.Text())
        operator = comparison.operator
        if operator == "like":
            return text.like(operand)
        if operator == "ilike":
            return lowered(text).like(sa.bindparam(names[0], type_=Folded()))
        if operator == "regex":
            expression = sa.bindparam(names[0], type_=PostgresRegex())
            return sa.collate(text, "C").op("~", is_comparison=True)(expression)
        if operator == "contains":
            return sa.func.strpos(text, operand) > _ZERO
        if operator == "endswith":
            return sa.func.right(text, sa.bindparam(names[1], type_=sa.Integer())) == operand
        ordered = sa.collate(text, "C")
        first = ordered >= operand
        if not comparison.bounded:
            return first
        return sa.and_(first, ordered < sa.bindparam(names[1], type_=sa.Text()))

    # -------------------------------------------------------------- JSON

    def _value(self, place: Place) -> sa.ColumnElement[Any]:
        """The document, or what stands at the path; null when there is nothing."""
        document: sa.ColumnElement[Any] = place.column
        if place.reflected:
            document = sa.cast(document, postgresql.JSONB())
        if place.path is None:
            return document
        parts = sa.bindparam(place.path, type_=PathParts())
        return document.op("#>", return_type=postgresql.JSONB())(parts)

    def json_is_null(self, place: Place) -> Clause:
        if place.path is None and not place.reflected:
            return place.column.is_(None)
        null: sa.ColumnElement[str] = sa.literal_column("'null'")
        return sa.func.coalesce(sa.func.jsonb_typeof(self._value(place)), null) == null

    def json_exists(self, place: Place) -> Clause:
        return self._value(place).is_not(None)

    def json_compare(self, place: Place, comparison: Comparison, operator: Operator, name: str) -> Clause:
        value = self._value(place)
        if operator == "eq":
            return _op(value, "=", _json(name))
        is_kind = sa.func.jsonb_typeof(value) == sa.literal_column(_TYPE_OF_FORM[comparison.form])
        if comparison.form == "text":
            ordered = compare(sa.collate(_raw(value), "C"), operator, sa.bindparam(name, type_=sa.Text()))
            return sa.and_(is_kind, ordered)
        sign = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}[operator]
        return sa.and_(is_kind, _op(value, sign, _json(name)))

    def json_in(self, place: Place, name: str) -> Clause:
        values = sa.cast(sa.bindparam(name, type_=JsonTexts()), sa.ARRAY(postgresql.JSONB()))
        return _op(self._value(place), "=", sa.func.any(values))

    def json_contains(self, place: Place, comparison: Comparison, name: str) -> Clause:
        value = self._value(place)
        if place.path is None and place.term.kind is Kind.LIST:
            # In a form that a GIN index answers.
            return _op(value, "@>", sa.cast(sa.bindparam(name, type_=JsonItem()), postgresql.JSONB()))
        if place.path is None and comparison.form == "json":
            return _op(value, "@>", _json(name))
        if place.path is None:
            return sa.func.jsonb_exists(value, sa.bindparam(name, type_=sa.Text()))
        wanted = _json(name)
        kind = sa.func.jsonb_typeof(value)
        in_list = _op(value, "@>", sa.func.jsonb_build_array(wanted))
        if comparison.form == "text":
            return sa.case(
                (kind == sa.literal_column("'array'"), in_list),
                (kind == sa.literal_column("'string'"), sa.func.strpos(_raw(value), _raw(wanted)) > _ZERO),
                (kind == sa.literal_column("'object'"), sa.func.jsonb_exists(value, _raw(wanted))),
            )
        if comparison.form == "json":
            is_mapping = sa.and_(
                kind == sa.literal_column("'object'"),
                sa.func.jsonb_typeof(wanted) == sa.literal_column("'object'"),
            )
            return sa.case(
                (kind == sa.literal_column("'array'"), in_list), (is_mapping, _op(value, "@>", wanted))
            )
        return sa.and_(kind == sa.literal_column("'array'"), in_list)

    def json_size(self, place: Place) -> sa.ColumnElement[Any]:
        value = self._value(place)
        is_list = sa.func.jsonb_typeof(value) == sa.literal_column("'array'")
        return sa.case((is_list, sa.func.jsonb_array_length(value)))


def _json(name: str) -> sa.ColumnElement[Any]:
    return sa.cast(sa.bindparam(name, type_=JsonText()), postgresql.JSONB())


def _raw(value: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """A JSON string's text without its quotes."""
    return value.op("#>>", return_type=sa.Text())(sa.literal_column("'{}'"))


def _op(left: sa.ColumnElement[Any], sign: str, right: Any) -> Clause:
    clause: Clause = left.op(sign, is_comparison=True)(right)
    return clause
