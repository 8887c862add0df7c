"""How does SQLite say a comparison? Its own JSON functions where a path is simple, registered ones (`sqlite_functions`) elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from studio.models.spec import Kind
from studio.query.conditions import Comparison, Operator
from studio.query.sql_filters import Clause, Place, compare, is_text
from studio.query.sql_types import JsonText, SqliteList, SqlitePath, StoredDecimal

DECIMAL_COLLATION: Final = "STUDIO_DECIMAL"
_TYPES_OF_FORM: Final = {"number": "'integer', 'real'", "text": "'text'", "bool": "'true', 'false'"}
_LISTED: Final = {Kind.FLOAT: "studio_float", Kind.BYTES: "studio_bytes"}

# Written out: only a person's values are bound.
_ZERO: Final[sa.ColumnElement[int]] = sa.literal_column("0", sa.Integer())
_ONE: Final[sa.ColumnElement[int]] = sa.literal_column("1", sa.Integer())


class SqliteGrammar:
    """SQLite's words; see `sql_filters.Grammar`."""

    name: Final = "sqlite"

    def operand_type(self, place: Place) -> sa.types.TypeEngine[Any]:
        own: sa.types.TypeEngine[Any] = place.column.type
        if (
            place.term.kind is Kind.DECIMAL
            and not place.reflected
            and isinstance(own, sa.types.NullType | sa.Text)
        ):
            return StoredDecimal()
        return own

    def comparable(self, place: Place) -> sa.ColumnElement[Any]:
        if place.term.kind is Kind.DECIMAL and not place.reflected:
            return sa.collate(place.column, DECIMAL_COLLATION)
        if place.reflected and is_text(place.term):
            return sa.collate(place.column, "BINARY")
        return place.column

    def ordered(self, place: Place) -> sa.ColumnElement[Any]:
        return self.comparable(place)

    def in_list(self, place: Place, name: str) -> Clause:
        values = sa.bindparam(name, type_=SqliteList(self.operand_type(place)))
        each = sa.func.json_each(values).table_valued("value", name=f"{name}_each")
        value: sa.ColumnElement[Any] = each.c.value
        function = _LISTED.get(place.term.kind) if place.term.kind else None
        if function:
            value = getattr(sa.func, function)(value)
        return self.comparable(place).in_(sa.select(value))

    # -------------------------------------------------------------- text

    def text(self, place: Place) -> sa.ColumnElement[Any]:
        if place.path is None:
            return place.column
        document, path = self._document(place)
        is_text = sa.func.json_type(document, path) == sa.literal_column("'text'")
        return sa.case((is_text, sa.func.json_extract(document, path)))

    def text_test(self, text: sa.ColumnElement[Any], comparison: Comparison, names: Sequence[str]) -> Clause:
        operand = sa.bindparam(names[0], type_=sa.Text())
        operator = comparison.operator
        if operator == "like":
            return text.like(operand, escape="\\")
        if operator == "ilike":
            return sa.func.studio_ilike(operand, text) == _ONE
        if operator == "regex":
            return sa.func.studio_regex(operand, text) == _ONE
        if operator == "contains":
            return sa.func.instr(text, operand) > _ZERO
        if operator == "endswith":
            length = sa.bindparam(names[1], type_=sa.Integer())
            return sa.func.substr(text, sa.func.length(text) - length + _ONE) == operand
        first = text >= operand
        if not comparison.bounded:
            return first
        return sa.and_(first, text < sa.bindparam(names[1], type_=sa.Text()))

    # -------------------------------------------------------------- JSON

    def _document(self, place: Place) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
        """The document and the path as SQLite's own functions take them."""
        if place.path is None:
            return place.column, sa.literal_column("'$'")
        if place.plain:
            return place.column, sa.bindparam(place.path, type_=SqlitePath())
        parts = sa.bindparam(place.path, type_=JsonText())
        return sa.func.studio_json_at(place.column, parts), sa.literal_column("'$'")

    def _parts(self, place: Place) -> sa.ColumnElement[Any]:
        """The path as the registered functions take it."""
        return sa.literal_column("'[]'") if place.path is None else sa.bindparam(place.path, type_=JsonText())

    def json_is_null(self, place: Place) -> Clause:
        if place.path is None and not place.reflected:
            return place.column.is_(None)
        null: sa.ColumnElement[str] = sa.literal_column("'null'")
        return sa.func.coalesce(sa.func.json_type(*self._document(place)), null) == null

    def json_exists(self, place: Place) -> Clause:
        return sa.func.json_type(*self._document(place)).is_not(None)

    def json_compare(self, place: Place, comparison: Comparison, operator: Operator, name: str) -> Clause:
        if comparison.form == "json":
            operand = sa.bindparam(name, type_=JsonText())
            return sa.func.studio_json_eq(place.column, self._parts(place), operand) == _ONE
        document, path = self._document(place)
        kinds: sa.ColumnElement[Any] = sa.literal_column(f"({_TYPES_OF_FORM[comparison.form]})")
        found = sa.func.json_extract(document, path)
        value: sa.ColumnElement[Any]
        if comparison.form == "number":
            # Read by the same hand as the stored number, so that equal digits are equal numbers.
            value = sa.func.json_extract(sa.bindparam(name, type_=JsonText()), sa.literal_column("'$'"))
        elif comparison.form == "bool":
            value = sa.bindparam(name, type_=sa.Integer())
        else:
            value = sa.bindparam(name, type_=sa.Text())
        is_kind: Clause = sa.func.json_type(document, path).op("IN", is_comparison=True)(kinds)
        return sa.and_(is_kind, compare(found, operator, value))

    def json_in(self, place: Place, name: str) -> Clause:
        operand = sa.bindparam(name, type_=JsonText())
        return sa.func.studio_json_in(place.column, self._parts(place), operand) == _ONE

    def json_contains(self, place: Place, comparison: Comparison, name: str) -> Clause:
        operand = sa.bindparam(name, type_=JsonText())
        return sa.func.studio_json_contains(place.column, self._parts(place), operand) == _ONE

    def json_size(self, place: Place) -> sa.ColumnElement[Any]:
        document, path = self._document(place)
        is_list = sa.func.json_type(document, path) == sa.literal_column("'array'")
        return sa.case((is_list, sa.func.json_array_length(document, path)))
