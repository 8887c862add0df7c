"""Which names may an intent use, and which values fit them? One vocabulary per model, made once and kept while the model lives."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any, Final

from studio.kernel.errors import FilterError
from studio.kernel.names import did_you_mean, with_article
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.models.values import make_checker
from studio.query.conditions import Comparison

NUMBERS: Final = frozenset({Kind.INT, Kind.FLOAT, Kind.DECIMAL})
TEXTS: Final = frozenset({Kind.STR, Kind.TEXT, Kind.ENUM})
DOCUMENTS: Final = frozenset({Kind.DICT, Kind.LIST})
UNORDERED: Final = DOCUMENTS | {Kind.VECTOR}
"""Kinds whose values come neither before nor after one another, and make no groups."""


class Term:
    """A field as filters, updates and orders see it. `kind` is None where nothing is known of the values."""

    __slots__ = (
        "_accept",
        "check",
        "column",
        "equals",
        "field",
        "is_document",
        "is_ordered",
        "is_text",
        "kind",
        "name",
        "nullable",
        "reflected",
    )

    def __init__(self, field: FieldSpec, *, typed: bool = True, reflected: bool = False) -> None:
        self.field = field
        self.name = field.name
        self.column = field.column
        self.kind: Kind | None = field.kind if typed else None
        self.nullable = field.nullable
        self.reflected = reflected
        """The column is not Studio's own: it may compare text in ways of its own, and hold what Studio would not store."""
        self.is_document = typed and field.kind in DOCUMENTS
        self.is_ordered = not typed or field.kind not in UNORDERED
        self.is_text = typed and field.kind in TEXTS
        self.check: Callable[[Any], Any] = make_checker(field, constraints=False) if typed else _anything
        self.equals = Comparison(field.name, "eq", 0)
        """The condition of a filter that is nothing but `{name: value}`."""
        self._accept: Callable[[Any], Any] | None = None

    @property
    def accept(self) -> Callable[[Any], Any]:
        """Checks a value that is to be stored, with all the field's constraints; `check` is for values to compare with."""
        if self._accept is None:
            self._accept = make_checker(self.field)
        return self._accept


def _anything(value: Any) -> Any:
    return value


def refuse_secret(term: Term, what: str) -> None:
    """Raises FilterError when the field is encrypted: the database does not know its values, only which are equal."""
    if term.field.encrypted:
        raise FilterError(
            f"{what} {term.name!r} is not possible: the field is encrypted, and only equality can be asked of it.",
            hint="Use $eq, $ne, $in, $nin or $null, or read the records and go on in the workflow.",
            field=term.name,
        )


def refuse_unordered(term: Term, what: str, hint: str) -> None:
    """Raises FilterError when the field's values have no order, and make no groups: `what` is the end of the sentence."""
    if not term.is_ordered:
        raise FilterError(
            f"{term.name!r} is {with_article(str(term.kind))} field, which {what}.",
            hint=hint,
            field=term.name,
        )


class Vocabulary(dict[str, Term]):
    """The terms of one model by name. `owner` is how messages call it.

    `is_open` takes every name as it comes: for records that no model describes.
    """

    def __init__(self, owner: str, terms: Iterable[Term], *, is_open: bool = False) -> None:
        super().__init__((term.name, term) for term in terms)
        self.owner = owner
        self.is_open = is_open

    def term(self, name: str, *, what: str = "filter") -> Term:
        """The term of that name; raises FilterError with the nearest names."""
        found = self.get(name)
        if found is not None:
            return found
        if self.is_open:
            return Term(FieldSpec(name=name, kind=Kind.TEXT, nullable=True), typed=False)
        raise FilterError(
            f"{self.owner} has no field {name!r}, which the {what} names.",
            hint=near_misses(name, self),
            field=name,
        )


_known: dict[int, tuple[weakref.ref[ModelSpec], Vocabulary]] = {}


def vocabulary(spec: ModelSpec) -> Vocabulary:
    """The vocabulary of a model, made at the first call."""
    key = id(spec)
    entry = _known.get(key)
    if entry is not None:
        return entry[1]
    made = Vocabulary(spec.name, [Term(field, reflected=spec.reflected) for field in spec.fields])
    _known[key] = (weakref.ref(spec, lambda _: _known.pop(key, None)), made)
    return made


OPEN: Final = Vocabulary("The record", (), is_open=True)
"""For filters over records that no model describes."""


def near_misses(name: str, known: Iterable[str]) -> str:
    """A hint that names what was probably meant, or else the first of what there is."""
    names = list(known)
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return did_you_mean(name, names) or (f"Known: {shown}." if names else "")
