"""What does an operator on a field say? Reads each operand, checks that it suits the field, and makes a comparison of it.

How comparisons are joined to a whole filter is `filters`' business.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from studio.kernel.errors import FilterError
from studio.kernel.names import with_article
from studio.models.canonical import are_canonical
from studio.models.spec import Kind
from studio.query.conditions import NEVER, NO_SLOT, All, Comparison, Condition, Form, Not, Operator, Some
from studio.query.documents import Path, is_plain, operand, plain
from studio.query.moments import is_moment, moment_for, read_moment
from studio.query.patterns import check_like, check_regex, text_after
from studio.query.vocabulary import Term, Vocabulary, near_misses, refuse_secret

MOST_DEPTH: Final = 60
_MOST_COMPARISONS = 5000
"""SQLite: at most 32,766 variables per statement, and a comparison may take six."""
LOGICAL: Final = ("$and", "$or", "$nor", "$not")
_COMPARED: Final[Mapping[str, Operator]] = {"$gt": "gt", "$gte": "gte", "$lt": "lt", "$lte": "lte"}
SEQUENCES: Final = (list, tuple, set, frozenset)


class Target(NamedTuple):
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


_OF_VECTORS: Final = frozenset({"$eq", "$ne", "$null", "$exists"})
"""What can be asked of a vector."""
_OF_SECRETS: Final = frozenset({"$eq", "$ne", "$in", "$nin", "$null", "$exists"})
"""What can be asked of an encrypted field."""


class OperatorReader:
    """Collects the values of one filter while its operators are read."""

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

    def operators(self, target: Target, operators: Mapping[str, Any], depth: int) -> Condition:
        parts = [self._operator(target, name, value, depth) for name, value in operators.items()]
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _operator(self, target: Target, name: str, value: Any, depth: int) -> Condition:
        if name == "$not":
            if (
                isinstance(value, Mapping)
                and value
                and all(str(key).startswith("$") for key in value)
                and not is_moment(value)
            ):
                if depth > MOST_DEPTH:
                    raise FilterError(
                        "The filter is nested too deeply.", hint=f"At most {MOST_DEPTH} levels can be read."
                    )
                return Not(self.operators(target, value, depth + 1))
            raise FilterError(
                f"$not on {target.name!r} wants operators.",
                hint='Write {"$not": {"$gt": 5}}, or use $ne.',
                field=target.name,
            )
        read = OPERATORS.get(name)
        if read is None:
            raise FilterError(
                f"There is no operator {name}, which the condition on {target.name!r} uses.",
                hint="It stands outside of fields: " + f'{{"{name}": [{{…}}, {{…}}]}}.'
                if name in LOGICAL
                else near_misses(name, [*OPERATORS, "$not"]),
                field=target.name,
            )
        if name not in _OF_SECRETS:
            refuse_secret(target.term, f"{name} on")
        if target.term.kind is Kind.VECTOR and name not in _OF_VECTORS:
            raise self._refused(
                target, name, f"Vectors are compared as a whole: {', '.join(sorted(_OF_VECTORS))}."
            )
        return read(self, target, name, value)

    # -------------------------------------------------------------- values

    def _slot(self, value: Any) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def _compare(
        self,
        target: Target,
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

    def _value(self, target: Target, value: Any) -> tuple[Form, Any]:
        """A value in the form that the target compares with."""
        if is_moment(value):
            moment = read_moment(value, self.now, field=target.name)
            if target.path is not None:
                return "text", moment.isoformat()
            return ("", moment) if target.term.kind is None else ("", moment_for(target.term.field, moment))
        if target.path is not None and target.term.kind is not None:
            return operand(value, field=target.name)
        return "", target.term.check(value)

    def _refused(self, target: Target, name: str, hint: str) -> FilterError:
        return FilterError(
            f"{name} does not suit {target.name!r}, which is {with_article(str(target.term.kind))} field.",
            hint=hint,
            field=target.name,
        )

    # -------------------------------------------------------------- operators

    def equals(self, target: Target, value: Any) -> Condition:
        if value is None:
            return self._compare(target, "null")
        term = target.term
        if target.path is None and term.is_document:
            if term.kind is Kind.LIST and not isinstance(value, list | tuple):
                return self._item(target, value)
            return self._compare(target, "eq", plain(term.check(value), field=term.name), form="json")
        form, checked = self._value(target, value)
        return self._compare(target, "eq", checked, form=form)

    def _item(self, target: Target, value: Any) -> Condition:
        """A list field that is asked for one value: whether the list holds it."""
        refuse_secret(target.term, "A look into")
        field = target.term.field
        if field.item_kind is not None and value is not None and target.path is None:
            target.term.check([value])
        if is_moment(value):
            value = self._value(target, value)[1]
        form, wanted = operand(value, field=target.name)
        return self._compare(target, "contains", wanted, form=form)

    def eq(self, target: Target, name: str, value: Any) -> Condition:
        return self.equals(target, value)

    def ne(self, target: Target, name: str, value: Any) -> Condition:
        return Not(self.equals(target, value))

    def ordered(self, target: Target, name: str, value: Any) -> Condition:
        form, checked = self._bound(target, name, value)
        return self._compare(target, _COMPARED[name], checked, form=form)

    def _bound(self, target: Target, name: str, value: Any) -> tuple[Form, Any]:
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

    def between(self, target: Target, name: str, value: Any) -> Condition:
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

    def member_of(self, target: Target, values: Any, name: str = "$in") -> Condition:
        if not isinstance(values, SEQUENCES):
            raise FilterError(
                f"{name} on {target.name!r} wants a list.",
                hint=f'Write {{"{name}": [a, b]}}.',
                field=target.name,
            )
        kind = target.term.kind
        if target.path is None and kind is not None and are_canonical(kind, values):
            return self._compare(target, "in", tuple(values))
        present = [value for value in values if value is not None]
        with_null = len(present) < len(values)
        term = target.term
        if target.path is None and term.kind is Kind.LIST:
            parts: list[Condition] = [self.equals(target, value) for value in present]
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

    def in_list(self, target: Target, name: str, value: Any) -> Condition:
        found = self.member_of(target, value, name)
        return Not(found) if name == "$nin" else found

    def null(self, target: Target, name: str, value: Any) -> Condition:
        wanted = self._flag(target, name, value)
        found = self._compare(target, "null")
        return found if wanted else Not(found)

    def exists(self, target: Target, name: str, value: Any) -> Condition:
        wanted = self._flag(target, name, value)
        if target.is_dynamic:
            found: Condition = self._compare(target, "exists")
        else:
            found = Not(self._compare(target, "null"))
        if wanted:
            return found
        return found.part if isinstance(found, Not) else Not(found)

    def _flag(self, target: Target, name: str, value: Any) -> bool:
        if value is True or value is False:
            return bool(value)
        raise FilterError(
            f"{name} on {target.name!r} wants true or false.",
            hint=f'Write {{"{name}": true}}.',
            field=target.name,
        )

    def _text(self, target: Target, name: str, value: Any) -> str:
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

    def like(self, target: Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        check_like(text, field=target.name)
        return self._compare(target, "like" if name == "$like" else "ilike", text, form="text")

    def regex(self, target: Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        check_regex(text, field=target.name)
        return self._compare(target, "regex", text, form="text")

    def startswith(self, target: Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        following = text_after(text)
        if following is None:
            return self._compare(target, "startswith", text, form="text", bounded=False)
        return self._compare(target, "startswith", text, following, form="text")

    def endswith(self, target: Target, name: str, value: Any) -> Condition:
        text = self._text(target, name, value)
        return self._compare(target, "endswith", text, len(text), form="text")

    def contains(self, target: Target, name: str, value: Any) -> Condition:
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

    def size(self, target: Target, name: str, value: Any) -> Condition:
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

    def _size_part(self, target: Target, name: str, value: Any) -> Condition:
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


Read: TypeAlias = Callable[[OperatorReader, Target, str, Any], Condition]

# Each reads its operand and makes a condition of it.
OPERATORS: Final[Mapping[str, Read]] = {
    "$eq": OperatorReader.eq,
    "$ne": OperatorReader.ne,
    "$gt": OperatorReader.ordered,
    "$gte": OperatorReader.ordered,
    "$lt": OperatorReader.ordered,
    "$lte": OperatorReader.ordered,
    "$in": OperatorReader.in_list,
    "$nin": OperatorReader.in_list,
    "$between": OperatorReader.between,
    "$like": OperatorReader.like,
    "$ilike": OperatorReader.like,
    "$regex": OperatorReader.regex,
    "$startswith": OperatorReader.startswith,
    "$endswith": OperatorReader.endswith,
    "$contains": OperatorReader.contains,
    "$size": OperatorReader.size,
    "$exists": OperatorReader.exists,
    "$null": OperatorReader.null,
}
