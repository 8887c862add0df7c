"""What does a filter say? Reads `{"age": {"$gt": 18}, "$or": […]}` against a model, into a condition and its values.

Names and operators are checked here, with near misses; values are checked against their fields. What a condition means in SQL is
`sql_filters`' business, what it means for a record in hand `matching`'s. `parse_filter` costs some microseconds, so it keeps nothing.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

from studio.kernel.errors import FilterError
from studio.models.spec import Kind, ModelSpec
from studio.query.conditions import (
    ALWAYS,
    NEVER,
    NO_SLOT,
    All,
    Comparison,
    Condition,
    Form,
    Not,
    Operator,
    Some,
)
from studio.query.documents import Path, is_plain, operand, plain
from studio.query.moments import is_moment, moment_for, read_moment
from studio.query.patterns import check_like, check_regex, text_after
from studio.query.vocabulary import OPEN, Term, Vocabulary, near_misses, vocabulary

_MOST_DEPTH = 60
_MOST_COMPARISONS = 5000
"""SQLite: at most 32,766 variables per statement, and a comparison may take six."""
_LOGICAL: Final = ("$and", "$or", "$nor", "$not")
_COMPARED: Final[Mapping[str, Operator]] = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
_SEQUENCES = (list, tuple, set, frozenset)


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


def _refuse_shape(filter: Any) -> NoReturn:
    raise FilterError(
        f"A filter is a mapping, not a {type(filter).__name__}.",
        hint='Write {"field": value} or {"field": {"$gt": value}}.',
    )


class _Target(NamedTuple):
    """What is compared: a field, or a place inside its document."""

    term: Term
    path: Path | None

    @property
    def name(self) -> str:
        return self.term.name if self.path is None else ".".join((self.term.name, *self.path))

    @property
    def is_dynamic(self) -> bool:
        """Whether the kind of value differs from record to record."""
        return self.path is not None or self.term.kind is None


class _Reader:
    def __init__(self, words: Vocabulary, now: dt.datetime | None) -> None:
        self.words = words
        self.values: list[Any] = []
        self.count = 0
        self.moment = now
        """The present, once it has been asked for."""

    @property
    def now(self) -> dt.datetime:
        if self.moment is None:
            self.moment = dt.datetime.now(dt.UTC)
        return self.moment

    # -------------------------------------------------------------- trees

    def mapping(self, filter: Any, depth: int) -> Condition:
        if not isinstance(filter, Mapping):
            _refuse_shape(filter)
        if depth > _MOST_DEPTH:
            raise FilterError(
                "The filter is nested too deeply.", hint=f"At most {_MOST_DEPTH} levels can be read."
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
        if key not in _LOGICAL:
            is_known = key in _OPERATORS
            raise FilterError(
                f"{key} cannot stand where a field's name belongs."
                if is_known
                else f"There is no operator {key}.",
                hint=f'Write {{"field": {{"{key}": …}}}}.' if is_known else near_misses(key, _LOGICAL),
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
                return self._equals(target, value)
            marked = [str(name).startswith("$") for name in value]
            if marked and all(marked):
                return self._operators(target, value, depth)
            if any(marked):
                raise FilterError(
                    f"The condition on {key!r} mixes operators and plain names.",
                    hint="Give either operators, or a mapping to be equal to.",
                    field=key,
                )
            return self._equals(target, value)
        if isinstance(value, _SEQUENCES) and target.term.kind is not Kind.LIST:
            return self._in(target, value)
        if isinstance(value, _SEQUENCES) and target.path is not None:
            return self._in(target, value)
        return self._equals(target, value)

    def _target(self, key: str) -> _Target:
        term = self.words.get(key)
        if term is not None:
            return _Target(term, None)
        head, dot, rest = key.partition(".")
        term = self.words.term(head if dot else key)
        if not dot:
            return _Target(term, None)
        path = tuple(rest.split("."))
        if not all(path):
            raise FilterError(
                f"The path {key!r} has an empty part.",
                hint="Write names with single dots between.",
                field=key,
            )
        if term.kind is not None and not term.is_document:
            raise FilterError(
                f"{head!r} is a {term.kind} field, so nothing can be looked up inside of it.",
                hint=f"Use {head!r} itself; paths lead into dict and list fields.",
                field=key,
            )
        return _Target(term, path)

    def _operators(self, target: _Target, operators: Mapping[str, Any], depth: int) -> Condition:
        parts = [self._operator(target, name, value, depth) for name, value in operators.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _operator(self, target: _Target, name: str, value: Any, depth: int) -> Condition:
        if name == "$not":
            if (
                isinstance(value, Mapping)
                and value
                and all(str(key).startswith("$") for key in value)
                and not is_moment(value)
            ):
                if depth > _MOST_DEPTH:
                    raise FilterError(
                        "The filter is nested too deeply.", hint=f"At most {_MOST_DEPTH} levels can be read."
                    )
                return Not(self._operators(target, value, depth + 1))
            raise FilterError(
                f"$not on {target.name!r} wants operators.",
                hint='Write {"$not": {"$gt": 5}}, or use $ne.',
                field=target.name,
            )
        read = _OPERATORS.get(name)
        if read is None:
            raise FilterError(
                f"There is no operator {name}, which the condition on {target.name!r} uses.",
                hint="It stands outside of fields: " + f'{{"{name}": [{{…}}, {{…}}]}}.'
                if name in _LOGICAL
                else near_misses(name, [*_OPERATORS, "$not"]),
                field=target.name,
            )
        return read(self, target, name, value)

    # -------------------------------------------------------------- values

    def _slot(self, value: Any) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def _compare(
        self,
        target: _Target,
        operator: Operator,
        *values: Any,
        form: Form = "",
        bounded: bool = True,
        compare: Operator = "eq",
    ) -> Comparison:
        self.count += 1
        if self.count > _MOST_COMPARISONS:
            raise FilterError(
                f"The filter makes more than {_MOST_COMPARISONS:,} comparisons.", hint="Use $in with a list."
            )
        slots = [self._slot(value) for value in values]
        path = target.path
        return Comparison(
            target.term.name,
            operator,
            slots[0] if slots else NO_SLOT,
            NO_SLOT if path is None else self._slot(path),
            path is None or is_plain(path),
            form,
            bounded,
            compare,
        )

    def _value(self, target: _Target, value: Any) -> tuple[Form, Any]:
        """A value in the form that the target compares with."""
        if is_moment(value):
            moment = read_moment(value, self.now, field=target.name)
            if target.path is not None:
                return "text", moment.isoformat()
            return ("", moment) if target.term.kind is None else ("", moment_for(target.term.field, moment))
        if target.path is not None and target.term.kind is not None:
            return operand(value, field=target.name)
        return "", target.term.check(value)

    def _refused(self, target: _Target, name: str, hint: str) -> FilterError:
        return FilterError(
            f"{name} does not suit {target.name!r}, which is a {target.term.kind} field.",
            hint=hint,
            field=target.name,
        )

    # -------------------------------------------------------------- operators

    def _equals(self, target: _Target, value: Any) -> Condition:
        if value is None:
            return self._compare(target, "null")
        term = target.term
        if target.path is None and term.is_document:
            if term.kind is Kind.LIST and not isinstance(value, list | tuple):
                return self._item(target, value)
            return self._compare(target, "eq", plain(term.check(value), field=term.name), form="json")
        form, checked = self._value(target, value)
        return self._compare(target, "eq", checked, form=form)

    def _item(self, target: _Target, value: Any) -> Condition:
        """A list field that is asked for one value: whether the list holds it."""
        field = target.term.field
        if field.item_kind is not None and value is not None and target.path is None:
            target.term.check([value])
        if is_moment(value):
            value = self._value(target, value)[1]
        form, wanted = operand(value, field=target.name)
        return self._compare(target, "contains", wanted, form=form)

    def eq(self, target: _Target, name: str, value: Any) -> Condition:
        return self._equals(target, value)

    def ne(self, target: _Target, name: str, value: Any) -> Condition:
        return Not(self._equals(target, value))

    def ordered(self, target: _Target, name: str, value: Any) -> Condition:
        form, checked = self._bound(target, name, value)
        return self._compare(target, _COMPARED[name], checked, form=form)

    def _bound(self, target: _Target, name: str, value: Any) -> tuple[Form, Any]:
        if target.path is None and target.term.is_document:
            raise self._refused(
                target, name, "Lists and mappings have no order: compare a value inside, or use $size."
            )
        if value is None:
            raise FilterError(
                f"{name} on {target.name!r} wants a value, not None.",
                hint='Use {"$null": true}.',
                field=target.name,
            )
        form, checked = self._value(target, value)
        if form == "json":
            raise FilterError(
                f"{name} on {target.name!r} cannot compare with a {type(value).__name__}.",
                hint="Lists and mappings have no order.",
                field=target.name,
            )
        return form, checked

    def between(self, target: _Target, name: str, value: Any) -> Condition:
        if not isinstance(value, list | tuple) or len(value) != 2:
            raise FilterError(
                f"$between on {target.name!r} wants two values.",
                hint='Write {"$between": [low, high]}.',
                field=target.name,
            )
        low_form, low = self._bound(target, name, value[0])
        high_form, high = self._bound(target, name, value[1])
        if low_form != high_form:
            raise FilterError(
                f"$between on {target.name!r} wants two values of one kind.",
                hint="Give two numbers, or two texts.",
                field=target.name,
            )
        return self._compare(target, "between", low, high, form=low_form)

    def _in(self, target: _Target, values: Any, name: str = "$in") -> Condition:
        if not isinstance(values, _SEQUENCES):
            raise FilterError(
                f"{name} on {target.name!r} wants a list.",
                hint=f'Write {{"{name}": [a, b]}}.',
                field=target.name,
            )
        present = [value for value in values if value is not None]
        with_null = len(present) < len(values)
        term = target.term
        if target.path is None and term.kind is Kind.LIST:
            parts: list[Condition] = [self._equals(target, value) for value in present]
            if with_null:
                parts.append(self._compare(target, "null"))
            return Some(tuple(parts))
        if not present:
            return self._compare(target, "null") if with_null else NEVER
        checked = tuple(self._value(target, value)[1] for value in present)
        form: Form = "json" if target.term.is_document else ""
        if not with_null:
            return self._compare(target, "in", checked, form=form)
        return Some((self._compare(target, "null"), self._compare(target, "in", checked, form=form)))

    def in_list(self, target: _Target, name: str, value: Any) -> Condition:
        found = self._in(target, value, name)
        return Not(found) if name == "$nin" else found

    def null(self, target: _Target, name: str, value: Any) -> Condition:
        wanted = self._flag(target, name, value)
        found = self._compare(target, "null")
        return found if wanted else Not(found)

    def exists(self, target: _Target, name: str, value: Any) -> Condition:
        wanted = self._flag(target, name, value)
        if target.is_dynamic:
            found: Condition = self._compare(target, "exists")
        else:
            found = Not(self._compare(target, "null"))
        if wanted:
            return found
        return found.part if isinstance(found, Not) else Not(found)

    def _flag(self, target: _Target, name: str, value: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        raise FilterError(
            f"{name} on {target.name!r} wants true or false.",
            hint=f'Write {{"{name}": true}}.',
            field=target.name,
        )

    def _text(self, target: _Target, name: str, value: Any) -> str:
        if not target.is_dynamic and not target.term.is_text:
            hint = "It reads text fields, and text inside of dict and list fields."
            if target.term.kind is Kind.UUID:
                hint = "Compare a UUID as a whole, with $eq or $in."
            elif target.term.kind is Kind.LIST:
                hint = "Use $contains to look for an item."
            raise self._refused(target, name, hint)
        if not isinstance(value, str):
            raise FilterError(
                f"{name} on {target.name!r} wants text, not {value!r}.",
                hint="Put it in quotes.",
                field=target.name,
            )
        if "\0" in value:
            raise FilterError(
                f"{name} on {target.name!r} holds a NUL character.", hint="Remove it.", field=target.name
            )
        return str.__str__(value)

    def like(self, target: _Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        check_like(text, field=target.name)
        return self._compare(target, "like" if name == "$like" else "ilike", text, form="text")

    def regex(self, target: _Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        check_regex(text, field=target.name)
        return self._compare(target, "regex", text, form="text")

    def startswith(self, target: _Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        following = text_after(text)
        if following is None:
            return self._compare(target, "startswith", text, form="text", bounded=False)
        return self._compare(target, "startswith", text, following, form="text")

    def endswith(self, target: _Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        return self._compare(target, "endswith", text, len(text), form="text")

    def contains(self, target: _Target, name: str, value: Any) -> Condition:
        term = target.term
        if not target.is_dynamic and term.is_text:
            return self._compare(target, "contains", self._text(target, name, value), form="text")
        if not target.is_dynamic and not term.is_document:
            raise self._refused(target, name, "It looks into text, lists and mappings.")
        if target.path is None and term.kind is Kind.DICT and not isinstance(value, str | Mapping):
            raise FilterError(
                f"$contains on the mapping {target.name!r} wants a name or a mapping of pairs.",
                hint='Write {"$contains": "name"} or {"$contains": {"name": value}}.',
                field=target.name,
            )
        return self._item(target, value)

    def size(self, target: _Target, name: str, value: Any) -> Condition:
        if not target.is_dynamic and target.term.kind is not Kind.LIST:
            raise self._refused(target, name, "It counts the items of lists.")
        if isinstance(value, Mapping):
            if not value:
                raise FilterError(
                    f"$size on {target.name!r} wants a number.", hint='Write {"$size": 3}.', field=target.name
                )
            parts = tuple(self._size_part(target, str(key), item) for key, item in value.items())
            return parts[0] if len(parts) == 1 else All(parts)
        return self._size_part(target, "$eq", value)

    def _size_part(self, target: _Target, name: str, value: Any) -> Condition:
        def one(number: Any, compare: Operator) -> Comparison:
            if isinstance(number, bool) or not isinstance(number, int) or abs(number) > 2**31:
                raise FilterError(
                    f"$size on {target.name!r} wants a whole number, not {number!r}.",
                    hint='Write {"$size": 3} or {"$size": {"$gt": 3}}.',
                    field=target.name,
                )
            return self._compare(target, "size", number, compare=compare)

        if name in _COMPARED:
            return one(value, _COMPARED[name])
        if name in ("$eq", "$ne"):
            return one(value, "eq") if name == "$eq" else Not(one(value, "eq"))
        if name == "$between" and isinstance(value, list | tuple) and len(value) == 2:
            return All((one(value[0], "gte"), one(value[1], "lte")))
        if name in ("$in", "$nin") and isinstance(value, list | tuple):
            found = Some(tuple(one(number, "eq") for number in value))
            return found if name == "$in" else Not(found)
        known = [*_COMPARED, "$eq", "$ne", "$between", "$in", "$nin"]
        raise FilterError(
            f"$size on {target.name!r} cannot be compared by {name} {value!r}.",
            hint=near_misses(name, known) if name not in known else "Write a list of whole numbers.",
            field=target.name,
        )


_Read: TypeAlias = Callable[[_Reader, _Target, str, Any], Condition]

# Each reads its operand and makes a condition of it.
_OPERATORS: Final[Mapping[str, _Read]] = {
    "$eq": _Reader.eq,
    "$ne": _Reader.ne,
    "$gt": _Reader.ordered,
    "$gte": _Reader.ordered,
    "$lt": _Reader.ordered,
    "$lte": _Reader.ordered,
    "$in": _Reader.in_list,
    "$nin": _Reader.in_list,
    "$between": _Reader.between,
    "$like": _Reader.like,
    "$ilike": _Reader.like,
    "$regex": _Reader.regex,
    "$startswith": _Reader.startswith,
    "$endswith": _Reader.endswith,
    "$contains": _Reader.contains,
    "$size": _Reader.size,
    "$exists": _Reader.exists,
    "$null": _Reader.null,
}

OPERATORS: Final = (*_OPERATORS, *_LOGICAL)
"""Every operator that a filter may use, for forms and documentation."""
