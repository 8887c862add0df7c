"""In which order? Reads `["-created_at", "name"]` against a model.

Nulls come last in ascending order and first in descending order, on every database; text is ordered by code points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from studio.kernel.errors import FilterError
from studio.models.spec import ModelSpec
from studio.query.vocabulary import Vocabulary, refuse_secret, refuse_unordered, vocabulary

if TYPE_CHECKING:
    import sqlalchemy as sa

OrderBy: TypeAlias = str | Mapping[str, Any] | Sequence[Any]

_DIRECTIONS: Final[Mapping[Any, bool]] = {
    1: False,
    -1: True,
    "asc": False,
    "desc": True,
    "ascending": False,
    "descending": True,
}
_HINT = 'Write "name", "-name" for descending, or {"name": -1}.'


class OrderTerm(NamedTuple):
    field: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.field}" if self.descending else self.field


class Order(NamedTuple):
    """Terms, the most important first. Invariant: no field twice. The terms are the shape."""

    terms: tuple[OrderTerm, ...]
    vocabulary: Vocabulary

    @property
    def shape(self) -> tuple[OrderTerm, ...]:
        return self.terms

    def with_key(self, spec: ModelSpec) -> Order:
        """The same order with the key's fields at its end, so that no two records are equal; needed for paging by cursor."""
        named = {term.field for term in self.terms}
        last_descends = bool(self.terms) and self.terms[-1].descending
        added = tuple(OrderTerm(name, last_descends) for name in spec.key if name not in named)
        return Order(self.terms + added, self.vocabulary) if added else self

    def reversed(self) -> Order:
        return Order(
            tuple(OrderTerm(term.field, not term.descending) for term in self.terms), self.vocabulary
        )


def parse_order(spec: ModelSpec, order_by: OrderBy | None) -> Order:
    """Reads an order: a name, `-name`, `"name DESC"`, a mapping `{"name": -1}`, a pair `("name", "desc")`, or a list of these.

    Raises FilterError for an unknown field, a direction that is none, a field named twice, and for fields without an order.
    """
    return order_of(vocabulary(spec), order_by)


def order_of(words: Vocabulary, order_by: OrderBy | None) -> Order:
    """The same for a vocabulary that is not a model's."""
    if not order_by:
        return Order((), words)
    terms: dict[str, OrderTerm] = {}
    for name, descending in _entries(order_by):
        found = words.term(name, what="order")
        refuse_secret(found, "An order by")
        refuse_unordered(found, "has no order", "Order by a field that holds one value.")
        if name in terms:
            raise FilterError(f"The order names {name!r} twice.", hint="Name each field once.", field=name)
        terms[name] = OrderTerm(name, descending)
    return Order(tuple(terms.values()), words)


def _entries(order_by: Any) -> list[tuple[str, bool]]:
    if isinstance(order_by, str):
        return [_one(part) for part in order_by.split(",")]
    if isinstance(order_by, Mapping):
        return [(str(name), _direction(name, direction)) for name, direction in order_by.items()]
    if not isinstance(order_by, list | tuple):
        raise FilterError(f"{order_by!r} is no order.", hint=_HINT)
    entries: list[tuple[str, bool]] = []
    for part in order_by:
        if isinstance(part, str):
            entries.append(_one(part))
        elif isinstance(part, OrderTerm):
            entries.append((part.field, part.descending))
        elif isinstance(part, Mapping):
            entries += _entries(part)
        elif isinstance(part, list | tuple) and len(part) == 2 and isinstance(part[0], str):
            entries.append((part[0], _direction(part[0], part[1])))
        else:
            raise FilterError(f"{part!r} is no order.", hint=_HINT)
    return entries


def _one(text: str) -> tuple[str, bool]:
    name, _, direction = text.strip().partition(" ")
    if direction:
        return name, _direction(name, direction)
    return (name[1:], True) if name.startswith("-") else (name.removeprefix("+"), False)


def _direction(name: Any, direction: Any) -> bool:
    key = direction.strip().lower() if isinstance(direction, str) else direction
    if isinstance(key, bool) or not isinstance(key, int | str) or key not in _DIRECTIONS:
        raise FilterError(f"{direction!r} is no direction for {name!r}.", hint=_HINT, field=str(name))
    return _DIRECTIONS[key]


def order_clauses(order: Order, table: sa.FromClause, dialect: str) -> list[sa.ColumnElement[Any]]:
    """What ORDER BY takes. On SQLite and MariaDB nulls are placed in so many words where a field can hold one; PostgreSQL does it by itself."""
    from studio.query.sql_filters import FilterWriter, grammar

    writer = FilterWriter(order.vocabulary, table, grammar(dialect))
    clauses: list[sa.ColumnElement[Any]] = []
    for term in order.terms:
        place = writer.place(term.field)
        column = writer.grammar.ordered(place)
        can_be_null = place.term.nullable or place.reflected
        if dialect == "mysql" and can_be_null:
            is_null = column.is_(None)
            clauses.append(is_null.desc() if term.descending else is_null.asc())
        clause: sa.ColumnElement[Any] = column.desc() if term.descending else column.asc()
        if dialect == "sqlite" and can_be_null:
            clause = clause.nulls_first() if term.descending else clause.nulls_last()
        clauses.append(clause)
    return clauses
