"""What does an update say? Reads plain values and operators such as `{"stock": {"$inc": -1}}` against a model.

Two spellings mean the same: `{"stock": {"$inc": -1}}` and `{"$inc": {"stock": -1}}`. All of it runs in the database, in one
statement; how that is written is `sql_updates`' business.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from studio.kernel.errors import FilterError
from studio.kernel.names import with_article
from studio.models.spec import Kind, ModelSpec
from studio.query.conditions import NO_SLOT
from studio.query.documents import Path, is_finite, is_place, operand
from studio.query.moments import is_moment, moment_for, read_moment
from studio.query.vocabulary import NUMBERS, Term, Vocabulary, near_misses, refuse_secret, vocabulary

if TYPE_CHECKING:
    import sqlalchemy as sa

Verb = Literal["set", "inc", "multiply", "min", "max", "push", "pull", "unset"]

_MOST_STEPS = 100
_ORDERED: Final = NUMBERS | {
    Kind.STR, Kind.TEXT, Kind.DATETIME, Kind.DATE, Kind.TIME, Kind.TIMEDELTA,
}  # fmt: skip
_SCALARS: Final = frozenset(
    {
        int,
        str,
        float,
        bool,
        Decimal,
        bytes,
        uuid.UUID,
        dt.datetime,
        dt.date,
        dt.time,
        dt.timedelta,
        type(None),
    }
)


class Step(NamedTuple):
    """One change of a field, or of a place inside its document.

    `slot` is where its operand stands in `Update.values`, `path` the slot of the JSON path, of `depth` parts.
    """

    field: str
    verb: Verb
    slot: int = NO_SLOT
    path: int = NO_SLOT
    depth: int = 0


class Update(NamedTuple):
    """Changes with their values. `steps` is the shape; `values[i]` stands at slot i.

    Invariant: a field is changed by one step as a whole, or by steps at different places inside of it.
    """

    steps: tuple[Step, ...]
    values: tuple[Any, ...]
    vocabulary: Vocabulary

    @property
    def shape(self) -> tuple[Step, ...]:
        """Hashable; equal for updates that differ only in their values."""
        return self.steps

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that change, in order."""
        return tuple(dict.fromkeys(step.field for step in self.steps))

    def assignments(
        self, table: sa.Table, dialect: str, *, prefix: str = "u"
    ) -> dict[str, sa.ColumnElement[Any]]:
        """The new value of each column that changes, by the column's name; slot i is bound as `{prefix}{i}`."""
        from studio.query.sql_updates import assignments

        return assignments(self, table, dialect, prefix=prefix)


def parse_update(
    spec: ModelSpec,
    doc: Mapping[str, Any],
    *,
    now: dt.datetime | None = None,
    dialect: str = "",
    is_known: Callable[[Any], bool] | None = None,
) -> Update:
    """Reads an update document.

    Args:
        spec: the model that the names belong to.
        doc: field names with values or operators, or operators with mappings of fields.
        now: what `$now` writes; the present when omitted.
        dialect: whose database it is for; what that one cannot change is refused.
        is_known: before a run, whether a value is known already; of those that are not all else is judged, and they are no step.

    Raises:
        FilterError: an unknown field or operator, an operator that does not suit its field, a field that Studio keeps, one
            that is changed twice, or one that the dialect cannot change.
        ValueRefused: a value that does not fit its field.
    """
    if not isinstance(doc, Mapping):
        raise FilterError(
            f"An update is a mapping, not a {type(doc).__name__}.",
            hint='Write {"field": value} or {"field": {"$inc": 1}}.',
        )
    reader = _Reader(vocabulary(spec), now, dialect, is_known)
    for key, value in doc.items():
        reader.entry(key, value)
    return Update(tuple(reader.steps), tuple(reader.values), reader.words)


def operands_in(doc: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Each operator of an update with the name of what it changes and its operand; a plain value is `$set`."""
    for key, value in doc.items():
        if not str(key).startswith("$"):
            if isinstance(value, Mapping) and value and all(str(name).startswith("$") for name in value):
                yield from ((str(name), key, item) for name, item in value.items())
            else:
                yield "$set", key, value
        elif isinstance(value, Mapping):
            yield from ((key, str(name), item) for name, item in value.items())


class _Place(NamedTuple):
    term: Term
    path: Path

    @property
    def name(self) -> str:
        return ".".join((self.term.name, *self.path))


class _Reader:
    def __init__(
        self,
        words: Vocabulary,
        now: dt.datetime | None,
        dialect: str,
        is_known: Callable[[Any], bool] | None,
    ) -> None:
        self.words = words
        self.dialect = dialect
        self._is_known = is_known
        self.values: list[Any] = []
        self.steps: list[Step] = []
        self._taken: dict[str, list[Path]] = {}
        self._now = now

    def entry(self, key: Any, value: Any) -> None:
        if not isinstance(key, str):
            raise FilterError(f"{key!r} is no field's name.", hint="Names are text.")
        if not key.startswith("$"):
            place = self._place(key)
            if type(value) not in _SCALARS and isinstance(value, Mapping) and not is_moment(value):
                marked = [str(name).startswith("$") for name in value]
                if any(marked):
                    self._operators(place, value, is_mixed=not all(marked))
                    return
            self._apply("$set", place, value)
            return
        if key not in _OPERATORS:
            raise FilterError(f"There is no update operator {key}.", hint=near_misses(key, _OPERATORS))
        if isinstance(value, list | tuple) and key in ("$unset", "$now"):
            value = dict.fromkeys(map(str, value), True)
        if not isinstance(value, Mapping):
            if self._is_known is not None and not self._is_known(value):
                return
            raise FilterError(f"{key} wants a mapping of fields.", hint=f'Write {{"{key}": {{"field": …}}}}.')
        for name, item in value.items():
            if not isinstance(name, str):
                raise FilterError(f"{name!r} is no field's name.", hint="Names are text.")
            given = True if key in ("$unset", "$now") else item
            self._apply(key, self._place(name), given)

    def _operators(self, place: _Place, operators: Mapping[str, Any], *, is_mixed: bool) -> None:
        if is_mixed:
            raise FilterError(
                f"The change of {place.name!r} mixes operators and plain names.",
                hint="Give one operator, or a mapping to be stored.",
                field=place.name,
            )
        if len(operators) > 1:
            raise FilterError(
                f"{place.name!r} is changed by {' and '.join(map(str, operators))} at once.",
                hint="Use one operator for each field.",
                field=place.name,
            )
        ((name, value),) = operators.items()
        self._apply(str(name), place, value)

    def _place(self, key: str) -> _Place:
        term = self.words.get(key)
        if term is not None:
            return self._settable(_Place(term, ()))
        head, dot, rest = key.partition(".")
        term = self.words.term(head if dot else key, what="update")
        path = tuple(rest.split("."))
        if not all(path) or not term.is_document:
            raise FilterError(
                f"{key!r} leads nowhere: {head!r} is {with_article(str(term.kind))} field."
                if not term.is_document
                else f"The path {key!r} has an empty part.",
                hint="Paths lead into dict and list fields, with single dots between the names.",
                field=key,
            )
        if self.dialect == "mysql":
            _refuse_unwritable(key, path)
        return self._settable(_Place(term, path))

    def _settable(self, place: _Place) -> _Place:
        if place.term.field.managed:
            raise FilterError(
                f"{place.term.name!r} is kept by Studio.",
                hint="Leave it out of the update.",
                field=place.term.name,
            )
        if place.path:
            refuse_secret(place.term, "A change within")
        taken = self._taken.setdefault(place.term.name, [])
        for other in taken:
            shorter = min(len(other), len(place.path))
            if other[:shorter] == place.path[:shorter]:
                raise FilterError(
                    f"{place.name!r} is changed twice.",
                    hint="Give each field, and each place in it, once.",
                    field=place.name,
                )
        taken.append(place.path)
        if sum(map(len, self._taken.values())) > _MOST_STEPS and place.path:
            raise FilterError("The update changes too many places.", hint=f"At most {_MOST_STEPS} at once.")
        return place

    def _apply(self, name: str, place: _Place, value: Any) -> None:
        read = _OPERATORS.get(name)
        if read is None:
            raise FilterError(
                f"There is no update operator {name}, which the change of {place.name!r} uses.",
                hint=near_misses(name, _OPERATORS),
                field=place.name,
            )
        if name != "$set":
            self._check_suits(name, place)
        if self._is_known is None or self._is_known(value):
            read(self, name, place, value)

    def _check_suits(self, name: str, place: _Place) -> None:
        """Refuses an operator that has no use for the kind of field, whatever its operand."""
        kind = place.term.kind
        if name not in ("$unset", "$now"):
            refuse_secret(place.term, f"{name} of")
        if name == "$unset" and not place.path and not place.term.nullable:
            raise FilterError(
                f"{place.name!r} must have a value, so $unset cannot clear it.",
                hint="Give another value, or make the field optional.",
                field=place.name,
            )
        if name == "$now" and not place.path and kind not in (Kind.DATETIME, Kind.DATE):
            raise self._refused(name, place, "It writes the present into datetime and date fields.")
        if name in ("$push", "$pull") and not place.path and kind is not Kind.LIST:
            raise self._refused(name, place, "It changes lists.")
        if name in ("$min", "$max") and (place.path or kind not in _ORDERED):
            raise self._refused(name, place, "It compares numbers, text, dates and times of whole fields.")
        if name in ("$inc", "$multiply") and not place.path and kind not in NUMBERS:
            if kind is not Kind.TIMEDELTA:
                raise self._refused(name, place, "It reckons with numbers.")
            if name == "$multiply":
                raise self._refused(name, place, "Durations can be added with $inc.")

    # -------------------------------------------------------------- steps

    def _slot(self, value: Any) -> int:
        self.values.append(value)
        return len(self.values) - 1

    def _step(self, verb: Verb, place: _Place, *values: Any) -> None:
        slots = [self._slot(value) for value in values]
        path = self._slot(place.path) if place.path else NO_SLOT
        self.steps.append(Step(place.term.name, verb, slots[0] if slots else NO_SLOT, path, len(place.path)))

    def _refused(self, name: str, place: _Place, hint: str) -> FilterError:
        kind = "JSON" if place.path else place.term.kind
        return FilterError(
            f"{name} does not suit {place.name!r}, which is {with_article(str(kind))} field.",
            hint=hint,
            field=place.name,
        )

    def _moment(self, place: _Place) -> Any:
        if self._now is None:
            self._now = dt.datetime.now(dt.UTC)
        return moment_for(place.term.field, self._now)

    def set(self, name: str, place: _Place, value: Any) -> None:
        if is_moment(value):
            now = self._now or dt.datetime.now(dt.UTC)
            value = moment_for(place.term.field, read_moment(value, now, field=place.name))
        stored = operand(value, field=place.name)[1] if place.path else place.term.accept(value)
        self._step("set", place, stored)

    def now(self, name: str, place: _Place, value: Any) -> None:
        self._flag(name, place, value)
        self._step("set", place, self._moment(place))

    def unset(self, name: str, place: _Place, value: Any) -> None:
        self._flag(name, place, value)
        self._step("unset", place)

    def _flag(self, name: str, place: _Place, value: Any) -> None:
        if not (isinstance(value, int | str) and value in (True, "")):
            raise FilterError(
                f"{name} on {place.name!r} wants true.", hint=f'Write {{"{name}": true}}.', field=place.name
            )

    def grow(self, name: str, place: _Place, value: Any) -> None:
        """`$inc` and `$multiply`."""
        verb: Verb = "inc" if name == "$inc" else "multiply"
        if place.path:
            form, number = operand(value, field=place.name)
            if form != "number":
                raise FilterError(
                    f"{name} on {place.name!r} wants a number, not {value!r}.",
                    hint="Give a number.",
                    field=place.name,
                )
            self._step(verb, place, number)
            return
        if value is None:
            raise FilterError(
                f"{name} on {place.name!r} wants a number, not None.", hint="Give a number.", field=place.name
            )
        if (
            place.term.kind is Kind.INT
            and isinstance(value, float | Decimal)
            and is_finite(value)
            and value == int(value)
        ):
            value = int(value)
        self._step(verb, place, place.term.check(value))

    def extreme(self, name: str, place: _Place, value: Any) -> None:
        """`$min` and `$max`."""
        if is_moment(value):
            now = self._now or dt.datetime.now(dt.UTC)
            value = moment_for(place.term.field, read_moment(value, now, field=place.name))
        if value is None:
            raise FilterError(
                f"{name} on {place.name!r} wants a value, not None.", hint="Give a value.", field=place.name
            )
        self._step("min" if name == "$min" else "max", place, place.term.accept(value))

    def list_change(self, name: str, place: _Place, value: Any) -> None:
        """`$push` and `$pull`."""
        items = [value]
        if isinstance(value, Mapping) and set(value) == {"$each"}:
            if not isinstance(value["$each"], list | tuple):
                raise FilterError(
                    f"$each on {place.name!r} wants a list.",
                    hint='Write {"$each": [a, b]}.',
                    field=place.name,
                )
            items = list(value["$each"])
        if not place.path:
            items = place.term.check(items)
        stored = [operand(item, field=place.name)[1] for item in items]
        self._step("push" if name == "$push" else "pull", place, stored)


def _refuse_unwritable(name: str, path: Path) -> None:
    """Refuses a place that MariaDB cannot change, whatever is found there."""
    for part in path:
        if part.startswith("-") and not is_place(part):
            raise FilterError(
                f"{name!r} cannot be changed on MariaDB, whose paths cannot name {part!r}: it begins with a hyphen.",
                hint=f"Set {name.partition('.')[0]!r} as a whole, or give that part another name.",
                field=name,
            )


_Apply: TypeAlias = Callable[[_Reader, str, _Place, Any], None]

_OPERATORS: Final[Mapping[str, _Apply]] = {
    "$set": _Reader.set,
    "$inc": _Reader.grow,
    "$multiply": _Reader.grow,
    "$min": _Reader.extreme,
    "$max": _Reader.extreme,
    "$push": _Reader.list_change,
    "$pull": _Reader.list_change,
    "$unset": _Reader.unset,
    "$now": _Reader.now,
}

UPDATE_OPERATORS: Final = tuple(_OPERATORS)
"""Every operator that an update may use, for forms and documentation."""
