"""What does a condition mean in SQL? Walks the tree and lets a grammar, one per dialect, write each comparison.

What this room and `database` both rely on, kind by kind:

    kind          SQLite                                               PostgreSQL
    int           INTEGER                                              bigint
    float         REAL                                                 double precision
    Decimal       TEXT, plain notation, COLLATE STUDIO_DECIMAL         numeric
    str, Text     TEXT                                                 text or varchar, COLLATE "C"
    Enum          TEXT, the member's value                             text, COLLATE "C"
    bool          INTEGER, 0 or 1                                      boolean
    datetime      TEXT, `YYYY-MM-DD HH:MM:SS.ffffff`, UTC              timestamptz
    date          TEXT, ISO                                            date
    time          TEXT, `HH:MM:SS.ffffff`                              time
    timedelta     INTEGER, microseconds                                interval
    bytes         BLOB                                                 bytea
    dict, list    TEXT, JSON                                           jsonb
    UUID          TEXT, 36 characters                                  uuid
    Vector        TEXT, JSON                                           vector(n)

MariaDB's column types are in `mysql_dialect`.

So the order of what is stored is the order of the values, and text is compared by code points everywhere. A reflected table keeps its
columns as they are: on SQLite its values are bound by the column's own type, and text is compared with COLLATE BINARY; on PostgreSQL
text is ordered with COLLATE "C", which an index under another collation cannot help.

Logic has two values. SQL's third one ends where it would matter: a negation is `NOT coalesce(…, false)`.

Values are bound as `p0`, `p1`, …, by their slots, with types whose bind processors must be applied; some are arrays or JSON text.
"""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, assert_never

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from studio.kernel.errors import FilterError
from studio.models.spec import Kind
from studio.query.conditions import NO_SLOT, All, Comparison, Condition, Not, Operator, Some
from studio.query.filters import Filter
from studio.query.vocabulary import Term, Vocabulary

Clause: TypeAlias = sa.ColumnElement[bool]
_MOST_IN_A_ROW = 200
"""SQLite: an expression is at most 1,000 deep, and a AND b AND c counts as deep as it is long."""


class Place(NamedTuple):
    """What a comparison looks at: a column, and the slot of the path inside of it."""

    column: sa.ColumnElement[Any]
    term: Term
    reflected: bool
    path: str | None
    """The name of the parameter that holds the path."""
    plain: bool


class Grammar(Protocol):
    """How one kind of database says things. A comparison with null may come out as null: the walker sees to that."""

    @property
    def name(self) -> str: ...

    def operand_type(self, place: Place) -> sa.types.TypeEngine[Any]:
        """The type that binds a value to be compared with the column."""
        ...

    def comparable(self, place: Place) -> sa.ColumnElement[Any]:
        """The column, so that it can be compared for equality."""
        ...

    def ordered(self, place: Place) -> sa.ColumnElement[Any]:
        """The column, so that its order is the order of the values (text by code points)."""
        ...

    def in_list(self, place: Place, name: str) -> Clause: ...

    def text(self, place: Place) -> sa.ColumnElement[Any]:
        """The text of the column or of what stands at the path; null when that is no text."""
        ...

    def text_test(self, text: sa.ColumnElement[Any], comparison: Comparison, names: Sequence[str]) -> Clause:
        """`like`, `ilike`, `regex`, `startswith`, `endswith` or `contains` of a text."""
        ...

    def json_is_null(self, place: Place) -> Clause: ...

    def json_exists(self, place: Place) -> Clause: ...

    def json_compare(self, place: Place, comparison: Comparison, operator: Operator, name: str) -> Clause:
        """`eq`, `gt`, `gte`, `lt` or `lte` with an operand of `comparison.form`."""
        ...

    def json_in(self, place: Place, name: str) -> Clause: ...

    def json_contains(self, place: Place, comparison: Comparison, name: str) -> Clause: ...

    def json_size(self, place: Place) -> sa.ColumnElement[Any]:
        """How many items the list has; null when it is none."""
        ...


def grammar(dialect: str) -> Grammar:
    """The grammar of a dialect by its name."""
    if dialect == "sqlite":
        from studio.query.sqlite_grammar import SqliteGrammar

        return SqliteGrammar()
    if dialect == "postgresql":
        from studio.query.postgresql_grammar import PostgresqlGrammar

        return PostgresqlGrammar()
    if dialect == "mysql":
        from studio.query.mysql_grammar import MysqlGrammar

        return MysqlGrammar()
    raise FilterError(f"Filters cannot be written for {dialect}.", hint="Known: sqlite, postgresql, mysql.")


def filter_clause(f: Filter, table: sa.FromClause, dialect: str, *, prefix: str = "p") -> Clause | None:
    """The condition as an SQL expression, or None when there is nothing to ask.

    Args:
        f: the filter; only its shape is used, so the clause serves every filter of that shape.
        table: the model's table, or a subquery whose columns are called like the fields' columns.
        dialect: "sqlite", "postgresql" or "mysql".
        prefix: the value of slot i is bound as `{prefix}{i}`.
    """
    if f.is_empty:
        return None
    return FilterWriter(f.vocabulary, table, grammar(dialect), prefix).clause(f.condition)


def compare(left: sa.ColumnElement[Any], operator: Operator, right: Any) -> Clause:
    """`left operator right` for the five comparisons that have an order or are equality."""
    clause: Clause = _COMPARE[operator](left, right)
    return clause


_COMPARE: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "eq": operators.eq,
    "gt": operators.gt,
    "gte": operators.ge,
    "lt": operators.lt,
    "lte": operators.le,
}
_ORDERED: Final = frozenset({"gt", "gte", "lt", "lte", "between"})


class FilterWriter:
    """Writes the conditions of one vocabulary over one table."""

    def __init__(self, words: Vocabulary, table: sa.FromClause, spoken: Grammar, prefix: str = "p") -> None:
        self.words = words
        self.table = table
        self.grammar = spoken
        self.prefix = prefix

    def clause(self, condition: Condition) -> Clause:
        if isinstance(condition, Comparison):
            return self._comparison(condition)
        if isinstance(condition, All):
            return _joined([self.clause(part) for part in condition.parts], is_all=True)
        if isinstance(condition, Some):
            return _joined([self.clause(part) for part in condition.parts], is_all=False)
        if isinstance(condition, Not):
            return self._negation(condition.part)
        assert_never(condition)

    def _negation(self, part: Condition) -> Clause:
        if isinstance(part, Not):
            return self._certain(part.part)
        if isinstance(part, Comparison) and part.path == NO_SLOT and not self.words[part.field].is_document:
            place = self._place(part)
            if part.operator == "null":
                return place.column.is_not(None)
            if part.operator == "eq":
                other = self._bind(place, part.slot)
                if place.term.nullable:
                    return self.grammar.comparable(place).is_distinct_from(other)
                return self.grammar.comparable(place) != other
        return sa.not_(self._certain(part))

    def _certain(self, part: Condition) -> Clause:
        """The condition as true or false, never null."""
        clause = self.clause(part)
        return clause if self._is_certain(part) else sa.func.coalesce(clause, sa.false())

    def _is_certain(self, part: Condition) -> bool:
        if isinstance(part, Comparison):
            if part.operator in ("null", "exists"):
                return True
            term = self.words[part.field]
            return not term.nullable and part.path == NO_SLOT and not term.is_document
        if isinstance(part, Not):
            return True
        return all(map(self._is_certain, part.parts))

    # -------------------------------------------------------------- comparisons

    def place(self, name: str) -> Place:
        """A field as a whole."""
        term = self.words[name]
        return Place(self.table.c[term.column], term, term.reflected, None, True)

    def _place(self, comparison: Comparison) -> Place:
        place = self.place(comparison.field)
        if comparison.path == NO_SLOT:
            return place
        return place._replace(path=f"{self.prefix}{comparison.path}", plain=comparison.plain)

    def _bind(self, place: Place, slot: int) -> sa.BindParameter[Any]:
        return sa.bindparam(f"{self.prefix}{slot}", type_=self.grammar.operand_type(place))

    def _comparison(self, test: Comparison) -> Clause:
        place = self._place(test)
        spoken = self.grammar
        name = f"{self.prefix}{test.slot}"
        following = f"{self.prefix}{test.slot + 1}"
        if test.operator == "size":
            wanted = sa.bindparam(name, type_=sa.BigInteger())
            return compare(spoken.json_size(place), test.compare, wanted)
        if test.path != NO_SLOT or place.term.is_document:
            return self._document(place, test, name, following)
        if test.operator == "null":
            return place.column.is_(None)
        if test.operator == "in":
            return spoken.in_list(place, name)
        if test.operator == "eq":
            return spoken.comparable(place) == self._bind(place, test.slot)
        if test.operator == "between":
            low, high = self._bind(place, test.slot), self._bind(place, test.slot + 1)
            return spoken.ordered(place).between(low, high)
        if test.operator in _ORDERED:
            return compare(spoken.ordered(place), test.operator, self._bind(place, test.slot))
        if test.operator == "startswith":
            # Two comparisons instead of LIKE: every index can answer them.
            first = spoken.ordered(place) >= sa.bindparam(name, type_=sa.Text())
            if not test.bounded:
                return first
            return sa.and_(first, spoken.ordered(place) < sa.bindparam(following, type_=sa.Text()))
        return spoken.text_test(spoken.text(place), test, (name, following))

    def _document(self, place: Place, test: Comparison, name: str, following: str) -> Clause:
        spoken = self.grammar
        if test.operator == "null":
            return spoken.json_is_null(place)
        if test.operator == "exists":
            return spoken.json_exists(place)
        if test.operator == "in":
            return spoken.json_in(place, name)
        if test.operator == "contains":
            return spoken.json_contains(place, test, name)
        if test.operator == "between":
            return sa.and_(
                spoken.json_compare(place, test, "gte", name),
                spoken.json_compare(place, test, "lte", following),
            )
        if test.operator == "eq" or test.operator in _ORDERED:
            return spoken.json_compare(place, test, test.operator, name)
        return spoken.text_test(spoken.text(place), test, (name, following))


def _joined(clauses: list[Clause], *, is_all: bool) -> Clause:
    """All or some of the clauses; many are gathered into groups, so that the expression does not grow deep."""
    join = sa.and_ if is_all else sa.or_
    if not clauses:
        return sa.true() if is_all else sa.false()
    while len(clauses) > _MOST_IN_A_ROW:
        clauses = [
            brackets(join(*clauses[start : start + _MOST_IN_A_ROW]))
            for start in range(0, len(clauses), _MOST_IN_A_ROW)
        ]
    return join(*clauses)


class brackets(FunctionElement[bool]):  # noqa: N801 - functions of SQL are written in small letters
    """A clause in brackets that SQLAlchemy does not take away to join it with its neighbours."""

    inherit_cache = True
    type = sa.Boolean()


@compiles(brackets)
def _write_brackets(element: brackets, compiler: SQLCompiler, **kwargs: Any) -> str:
    return f"({compiler.process(element.clauses, **kwargs)})"


def is_text(term: Term) -> bool:
    return term.kind in (Kind.STR, Kind.TEXT, Kind.ENUM)
