"""What does a filter say? Reads `{"age": {"$gt": 18}, "$or": […]}` against a model, into a condition and its values.

Names and operators are checked here, with near misses; values are checked against their fields. What a condition means in SQL is
`sql_filters`' business, what it means for a record in hand `matching`'s. `parse_filter` costs some microseconds, so it keeps nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple, NoReturn

from studio.kernel.errors import FilterError
from studio.kernel.names import with_article
from studio.models.spec import Kind, ModelSpec
from studio.query.conditions import ALWAYS, NO_SLOT, All, Condition, Not, Some, comparisons_of
from studio.query.moments import is_moment
from studio.query.operators import LOGICAL, MOST_DEPTH, SEQUENCES, OperatorReader, Target
from studio.query.operators import OPERATORS as FIELD_OPERATORS
from studio.query.vocabulary import OPEN, Vocabulary, near_misses, refuse_secret, vocabulary


class Filter(NamedTuple):
    """A condition with its values. `condition` is the shape; `values[i]` stands at slot i.

    Attributes:
        condition: the tree; always true for an empty filter.
        values: canonical values of the fields; JSON paths as tuples of their parts.
        vocabulary: the fields that the condition names.
    """

    condition: Condition
    values: tuple[Any, ...]
    vocabulary: Vocabulary

    @property
    def shape(self) -> Condition:
        """Hashable; equal for filters that differ only in their values."""
        return self.condition

    @property
    def is_empty(self) -> bool:
        """Whether everything matches because nothing was asked."""
        return self.condition == ALWAYS


def parse_filter(
    spec: ModelSpec | None, filter: Mapping[str, Any] | None, *, now: dt.datetime | None = None
) -> Filter:
    """Reads a filter against a model; without a model (None) every name and value is taken as it comes.

    Args:
        spec: the model that the names belong to.
        filter: the mapping; None and an empty one match everything.
        now: what `{"$date": "-5m"}` is reckoned from; the present when omitted.

    Raises:
        FilterError: an unknown field or operator, or an operator that does not suit its field.
        ValueRefused: a value that does not fit its field.
    """
    words = OPEN if spec is None else vocabulary(spec)
    if not filter:
        if filter is not None and not isinstance(filter, Mapping):
            _refuse_shape(filter)
        return Filter(ALWAYS, (), words)
    if type(filter) is dict and len(filter) == 1:
        ((name, value),) = filter.items()
        term = words.get(name)
        if term is not None and not term.is_document and type(value) in _SCALARS:
            return Filter(term.equals, (term.check(value),), words)
    return parse_condition(words, filter, now=now)


def refuse_unfindable(condition: Condition, values: Sequence[Any], dialect: str) -> None:
    """Raises FilterError when a database of that kind cannot look up what the condition asks, whatever is found there."""
    if dialect != "mysql":
        return
    from studio.query.sql_types import MysqlParts, MysqlPaths

    for comparison in comparisons_of(condition):
        if comparison.path != NO_SLOT and not comparison.plain:
            MysqlPaths().convert(values[comparison.path])
        if comparison.operator == "contains" and isinstance(values[comparison.slot], dict | list):
            MysqlParts().convert(values[comparison.slot])


def parse_condition(
    words: Vocabulary, filter: Mapping[str, Any], *, now: dt.datetime | None = None
) -> Filter:
    """The same for a vocabulary that is not a model's."""
    values: list[Any] = []
    condition, _ = condition_into(values, words, filter, now=now)
    return Filter(condition, tuple(values), words)


def condition_into(
    values: list[Any], words: Vocabulary, filter: Mapping[str, Any], *, now: dt.datetime | None = None
) -> tuple[Condition, dt.datetime | None]:
    """Reads a filter whose values join those of others: they are appended to `values`, where the slots then point.

    Gives the moment back that relative dates were reckoned from (None: there were none), so that the next filter can have the same.
    """
    reader = _Reader(words, now)
    reader.values = values
    return reader.mapping(filter, 0), reader.moment


_SCALARS = frozenset(
    {int, str, float, bool, Decimal, bytes, uuid.UUID, dt.datetime, dt.date, dt.time, dt.timedelta}
)


_LISTS = frozenset({Kind.LIST, Kind.VECTOR})
"""Kinds that are equal to a list, rather than one of its items."""


def _refuse_shape(filter: Any) -> NoReturn:
    raise FilterError(
        f"A filter is a mapping, not a {type(filter).__name__}.",
        hint='Write {"field": value} or {"field": {"$gt": value}}.',
    )


class _Reader(OperatorReader):
    """Reads whole filters."""

    def mapping(self, filter: Any, depth: int) -> Condition:
        if not isinstance(filter, Mapping):
            _refuse_shape(filter)
        if depth > MOST_DEPTH:
            raise FilterError(
                "The filter is nested too deeply.", hint=f"At most {MOST_DEPTH} levels can be read."
            )
        parts = [
            self._logical(key, value, depth)
            if isinstance(key, str) and key[:1] == "$"
            else self._field(key, value, depth)
            for key, value in filter.items()
        ]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _logical(self, key: str, value: Any, depth: int) -> Condition:
        if key == "$not":
            return Not(self.mapping(value, depth + 1))
        if key not in LOGICAL:
            is_known = key in FIELD_OPERATORS
            raise FilterError(
                f"{key} cannot stand where a field's name belongs."
                if is_known
                else f"There is no operator {key}.",
                hint=f'Write {{"field": {{"{key}": …}}}}.' if is_known else near_misses(key, LOGICAL),
            )
        if not isinstance(value, list | tuple):
            raise FilterError(f"{key} wants a list of filters.", hint=f'Write {{"{key}": [{{…}}, {{…}}]}}.')
        parts = tuple(self.mapping(part, depth + 1) for part in value)
        if key == "$and":
            return All(parts)
        return Some(parts) if key == "$or" else Not(Some(parts))

    def _field(self, key: Any, value: Any, depth: int) -> Condition:
        if not isinstance(key, str):
            raise FilterError(f"{key!r} is no field's name.", hint="Names are text.")
        target = self._target(key)
        if isinstance(value, Mapping):
            if is_moment(value):
                return self.equals(target, value)
            marked = [str(name).startswith("$") for name in value]
            if marked and all(marked):
                return self.operators(target, value, depth)
            if any(marked):
                raise FilterError(
                    f"The condition on {key!r} mixes operators and plain names.",
                    hint="Give either operators, or a mapping to be equal to.",
                    field=key,
                )
            return self.equals(target, value)
        if isinstance(value, SEQUENCES) and target.term.kind not in _LISTS:
            return self.member_of(target, value)
        if isinstance(value, SEQUENCES) and target.path is not None:
            return self.member_of(target, value)
        return self.equals(target, value)

    def _target(self, key: str) -> Target:
        term = self.words.get(key)
        if term is not None:
            return Target(term, None)
        head, dot, rest = key.partition(".")
        term = self.words.term(head if dot else key)
        if not dot:
            return Target(term, None)
        path = tuple(rest.split("."))
        if not all(path):
            raise FilterError(
                f"The path {key!r} has an empty part.",
                hint="Write names with single dots between.",
                field=key,
            )
        refuse_secret(term, "A path into")
        if term.kind is not None and not term.is_document:
            raise FilterError(
                f"{head!r} is {with_article(str(term.kind))} field, so nothing can be looked up inside of it.",
                hint=f"Use {head!r} itself; paths lead into dict and list fields.",
                field=key,
            )
        return Target(term, path)


OPERATORS: Final = (*FIELD_OPERATORS, *LOGICAL)
"""Every operator that a filter may use, for forms and documentation."""
