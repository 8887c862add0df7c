"""What do groups and figures mean in SQL? One query, in which each stage that needs what the one before it made selects from it.

Results come in the same types from every database: a sum of whole numbers is one (beyond 64 bits the statement fails), of Decimals a
Decimal, to the last digit; an average of whole numbers is a float. Where a sum of floats, or of the squares that `$stddev` adds up, leaves what a
float can hold, the statement fails: no figure is ever infinite.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from studio.models.spec import Kind
from studio.query.order import Order, OrderTerm, order_clauses
from studio.query.sql_filters import FilterWriter, Place, grammar
from studio.query.sql_types import LARGEST_FLOAT, SQLITE_OVERFLOW, StoredDecimal
from studio.query.stages import Aggregate, Figure, Group, Limit, Match, Project, Skip, Sort, Stage
from studio.query.vocabulary import Vocabulary

Value = sa.ColumnElement[Any]
_ZERO: Final[Value] = sa.literal_column("0")


def select(aggregate: Aggregate, table: sa.FromClause, dialect: str, *, prefix: str = "p") -> sa.Select[Any]:
    """The query of all stages, columns in the order of `aggregate.outputs`."""
    draft = _Draft(table, aggregate.vocabularies[0], dialect, prefix)
    for place, stage in enumerate(aggregate.stages):
        draft.add(stage, aggregate.vocabularies[place + 1])
    return draft.select()


class _Draft:
    """One SELECT in the making, over a table or over the query before it."""

    def __init__(self, source: sa.FromClause, words: Vocabulary, dialect: str, prefix: str) -> None:
        self.dialect = dialect
        self.prefix = prefix
        self.depth = 0
        self._begin(source, words)

    def _begin(self, source: sa.FromClause, words: Vocabulary) -> None:
        self.source = source
        self.words = words
        self.result = words
        self.columns: dict[str, Value] = {name: source.c[term.column] for name, term in words.items()}
        self.where: list[sa.ColumnElement[bool]] = []
        self.keys: list[Value] = []
        self._key_sources: dict[str, str] = {}
        self.order: tuple[OrderTerm, ...] = ()
        """What the rows are ordered by, in fields of the source."""
        self.result_order: tuple[OrderTerm, ...] = ()
        """The same in fields of the result; empty when they are not among them."""
        self.limit: Value | None = None
        self.skip: Value | None = None

    @property
    def is_cut(self) -> bool:
        return self.limit is not None or self.skip is not None

    @property
    def is_shaped(self) -> bool:
        """Whether its columns are others than those of its source."""
        return self.result is not self.words

    def select(self) -> sa.Select[Any]:
        columns = [value.label(name) for name, value in self.columns.items()]
        query = sa.select(*columns).select_from(self.source)
        if self.where:
            query = query.where(*self.where)
        if self.keys:
            query = query.group_by(*self.keys)
        if self.order:
            query = query.order_by(*order_clauses(Order(self.order, self.words), self.source, self.dialect))
        if self.limit is not None:
            query = query.limit(self.limit)
        return query if self.skip is None else query.offset(self.skip)

    def _wrap(self) -> None:
        """Begins a query over the one so far, which goes on to be in the same order where that still can be told."""
        self.depth += 1
        order = self.result_order
        if not self.is_cut:
            self.order = ()
        self._begin(self.select().subquery(f"stage_{self.depth}"), self.result)
        self.order = self.result_order = order

    def add(self, stage: Stage, words: Vocabulary) -> None:
        """Adds a stage; `words` are the fields that there are after it."""
        if isinstance(stage, Match):
            if self.is_shaped or self.is_cut:
                self._wrap()
            writer = FilterWriter(self.words, self.source, grammar(self.dialect), self.prefix)
            self.where.append(writer.clause(stage.condition))
        elif isinstance(stage, Group):
            if self.is_shaped or self.is_cut:
                self._wrap()
            self._group(stage)
        elif isinstance(stage, Sort):
            sources = self._key_sources
            if sources and not self.is_cut and all(term.field in sources for term in stage.terms):
                self.order = tuple(OrderTerm(sources[term.field], term.descending) for term in stage.terms)
                self.result_order = stage.terms
                return
            if self.is_shaped or self.is_cut:
                self._wrap()
            self.order = self.result_order = stage.terms
        elif isinstance(stage, Project):
            if self.is_shaped:
                self._wrap()
            self.columns = {new: self.columns[source] for new, source in stage.columns}
            self._key_sources = {}
            self.result_order = _renamed_order(self.result_order, stage)
        elif isinstance(stage, Limit):
            if self.limit is not None:
                self._wrap()
            self.limit = self._count(stage)
        else:
            if self.is_cut:
                self._wrap()
            self.skip = self._count(stage)
        if isinstance(stage, Group | Project):
            self.result = words

    def _count(self, stage: Limit | Skip) -> Value:
        return sa.bindparam(f"{self.prefix}{stage.slot}", type_=sa.BigInteger())

    def _group(self, group: Group) -> None:
        writer = FilterWriter(self.words, self.source, grammar(self.dialect), self.prefix)
        places = {new: writer.place(source) for new, source in group.keys}
        self.order = self.result_order = ()
        self._key_sources = dict(group.keys)
        self.keys = [place.column for place in places.values()]
        self.columns = {new: place.column for new, place in places.items()}
        write = _figure_writer(self.dialect)
        for figure in group.figures:
            if figure.field is None:
                count: Value = sa.func.count()
                self.columns[figure.name] = (
                    count if figure.factor == 1 else count * sa.literal_column(str(figure.factor))
                )
                continue
            place = writer.place(figure.field)
            if figure.function == "count":
                self.columns[figure.name] = sa.func.count(place.column)
            elif figure.function == "count_distinct":
                self.columns[figure.name] = sa.func.count(sa.distinct(writer.grammar.comparable(place)))
            else:
                self.columns[figure.name] = write(figure, place, writer.grammar.ordered(place))


def _figure_writer(dialect: str) -> Callable[[Figure, Place, Value], Value]:
    if dialect == "mysql":
        from studio.query.mysql_aggregates import figure

        return figure
    return _sqlite_figure if dialect == "sqlite" else _postgresql_figure


def _renamed_order(order: tuple[OrderTerm, ...], projection: Project) -> tuple[OrderTerm, ...]:
    """The order under the names of the projection; empty when it drops one of the fields."""
    names = {source: new for new, source in projection.columns}
    if not all(term.field in names for term in order):
        return ()
    return tuple(OrderTerm(names[term.field], term.descending) for term in order)


def _sqlite_figure(figure: Figure, place: Place, ordered: Value) -> Value:
    column, kind = place.column, place.term.kind
    if figure.function in ("min", "max"):
        return sa.type_coerce(getattr(sa.func, figure.function)(ordered), column.type)
    if figure.function == "stddev":
        spread: Value = sa.type_coerce(sa.func.studio_stddev(column), sa.REAL())
        return _sqlite_finite(spread, column) if kind is Kind.FLOAT else spread
    if kind is Kind.DECIMAL:
        if figure.function == "avg":
            return sa.type_coerce(sa.func.dec_avg(column), StoredDecimal())
        total: Value = sa.func.coalesce(sa.func.dec_sum(column), sa.literal_column("'0'"))
        scale = place.term.field.scale
        if scale is not None:
            total = sa.func.dec_fit(total, sa.null(), sa.literal_column(str(scale)))
        return sa.type_coerce(total, StoredDecimal())
    if figure.function == "avg":
        mean: Value = sa.type_coerce(sa.func.avg(column), sa.REAL())
        return _sqlite_finite(mean, column) if kind is Kind.FLOAT else mean
    if kind is Kind.FLOAT:
        return _sqlite_finite(sa.type_coerce(sa.func.total(column), sa.REAL()), column)
    return sa.type_coerce(sa.func.coalesce(sa.func.sum(column), _ZERO), column.type)


def _sqlite_finite(figure: Value, column: Value) -> Value:
    """The figure of floats, refused unless it and their sum are finite: SQLite would give infinity, or null for what is no number."""
    is_finite = sa.and_(
        sa.func.abs(sa.func.total(column)) <= LARGEST_FLOAT,
        sa.or_(figure.is_(None), sa.func.abs(figure) <= LARGEST_FLOAT),
    )
    return sa.case((is_finite, figure), else_=SQLITE_OVERFLOW)


def _postgresql_figure(figure: Figure, place: Place, ordered: Value) -> Value:
    column, kind = place.column, place.term.kind
    if figure.function in ("min", "max"):
        extreme = getattr(sa.func, figure.function)
        if kind is Kind.UUID:
            return sa.cast(extreme(sa.cast(column, sa.Text())), sa.Uuid())
        return sa.type_coerce(extreme(ordered), column.type)
    if figure.function == "stddev":
        return sa.cast(sa.func.stddev_samp(column), sa.Double())
    if kind is Kind.FLOAT:
        column = sa.cast(column, sa.Double())
    if figure.function == "avg":
        if kind in (Kind.INT, Kind.FLOAT):
            # PostgreSQL's own average of floats adds up squares as well, and fails where they leave a float.
            return sa.cast(sa.func.sum(column), sa.Double()).op("/")(
                sa.func.nullif(sa.func.count(column), _ZERO)
            )
        return sa.func.avg(column)
    total: Value = sa.func.sum(column)
    if kind is Kind.TIMEDELTA:
        return sa.type_coerce(
            sa.func.coalesce(total, sa.literal_column("interval '0'")), postgresql.INTERVAL()
        )
    total = sa.func.coalesce(total, _ZERO)
    return sa.cast(total, sa.BigInteger()) if kind is Kind.INT else total
