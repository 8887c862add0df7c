"""How do related records get into the records that want them? By one more list per relation, for all records at once.

Each list goes through the same reading as any other, so whatever holds for reading a model holds for its related records. It asks for the
records whose fields are among the keys that were found, so the number of statements depends on the relations wanted and not on the records
(more than `MOST_KEYS` keys are asked for in several). A related record that several records share is one and the same object.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Protocol

from studio.database import pages
from studio.database.results import ListQuery, Record, Rows, Statement
from studio.kernel.errors import ValueRefused
from studio.models.relations import Include
from studio.models.spec import FieldSpec, Kind, ModelSpec
from studio.models.values import Checker, make_checker

if TYPE_CHECKING:
    from studio.database.plans import PlanBook

MOST_KEYS: Final = 5_000
"""Keys of one field that one statement asks for."""
_MOST_COMPOSITE: Final = 200
"""Keys of several fields: each is a condition of its own."""

Key = tuple[Any, ...]


class Lists(Protocol):
    """What lists records; its `include` is followed in turn."""

    async def list(self, spec: ModelSpec, query: ListQuery) -> Rows: ...


def local_fields(
    spec: ModelSpec, include: Iterable[Include], fields: Sequence[str] | None
) -> tuple[str, ...]:
    """The fields beside `fields` that have to be read for the relations; none when all are (`fields` is None)."""
    if fields is None:
        return ()
    wanted = dict.fromkeys(name for entry in include for name in entry.relation.local)
    return tuple(name for name in wanted if name not in fields and name in spec)


async def attach(
    lists: Lists,
    spec: ModelSpec,
    records: Sequence[Record],
    include: Iterable[Include],
    *,
    include_deleted: bool = False,
) -> None:
    """Puts into each record, under each relation's name, the related record (or None) or the list of related records.

    With `include_deleted` those among them that are marked as deleted are there too, and what only a deleted link leads to.
    """
    for entry in include:
        await _attach(lists, spec, records, entry, include_deleted)


async def _attach(
    lists: Lists, spec: ModelSpec, records: Sequence[Record], entry: Include, deleted: bool
) -> None:
    relation = entry.relation
    asked = relation.through_local if entry.through is not None else relation.remote
    keyed = _Keys(spec, relation.local, entry.through or entry.target, asked)
    keys = [keyed(record) for record in records]
    wanted = list(dict.fromkeys(key for key in keys if key is not None))
    if entry.through is None:
        found = await _by_key(lists, entry, wanted, deleted)
    else:
        found = await _by_links(lists, entry, entry.through, wanted, deleted)
    name = relation.name
    for record, key in zip(records, keys, strict=True):
        related = found.get(key, ()) if key is not None else ()
        record[name] = list(related) if relation.many else next(iter(related), None)


async def _by_key(
    lists: Lists, entry: Include, keys: Sequence[Key], deleted: bool
) -> dict[Key, list[Record]]:
    """The related records by the values of their `remote` fields, in the relation's order."""
    target, remote = entry.target, entry.relation.remote
    order = entry.relation.order_by or target.key or remote
    grouped: dict[Key, list[Record]] = {}
    for filter in _filters(remote, keys):
        query = ListQuery(
            filter=filter, order_by=order, limit=None, include=entry.children, include_deleted=deleted
        )
        for record in await lists.list(target, query):
            grouped.setdefault(tuple(record[name] for name in remote), []).append(record)
    return grouped


async def _by_links(
    lists: Lists, entry: Include, through: ModelSpec, keys: Sequence[Key], deleted: bool
) -> dict[Key, list[Record]]:
    """The related records by the values of the link's `through_local` fields, in the relation's order, else in that of `through_remote`."""
    relation = entry.relation
    near, far = relation.through_local, relation.through_remote
    pairs: dict[tuple[Key, Key], None] = {}
    keyed = _Keys(through, far, entry.target, relation.remote)
    wanted = tuple(dict.fromkeys((*near, *far)))
    for filter in _filters(near, keys):
        query = ListQuery(filter=filter, order_by=far, limit=None, fields=wanted, include_deleted=deleted)
        for link in await lists.list(through, query):
            other = keyed(link)
            if other is not None:
                pairs[tuple(link[name] for name in near), other] = None
    found = await _by_key(lists, entry, list(dict.fromkeys(other for _, other in pairs)), deleted)
    grouped: dict[Key, list[Record]] = {}
    if relation.order_by:
        place = {key: number for number, key in enumerate(found)}
        pairs = dict.fromkeys(sorted(pairs, key=lambda pair: place.get(pair[1], 0)))
    for key, other in pairs:
        grouped.setdefault(key, []).extend(found.get(other, ()))
    return grouped


class _Keys:
    """Reads keys out of records in the form that the other model's fields have; None where a part is empty or fits no such field."""

    def __init__(
        self, spec: ModelSpec, names: Sequence[str], other: ModelSpec, other_names: Sequence[str]
    ) -> None:
        self._names = tuple(names)
        self._checkers: list[Checker | None] = [
            None if spec[name].kind is other[there].kind else make_checker(other[there], constraints=False)
            for name, there in zip(names, other_names, strict=True)
        ]
        self._same = all(checker is None for checker in self._checkers)

    def __call__(self, record: Mapping[str, Any]) -> Key | None:
        values = tuple(record[name] for name in self._names)
        if None in values:
            return None
        if self._same:
            return values
        try:
            return tuple(
                value if check is None else check(value)
                for value, check in zip(values, self._checkers, strict=True)
            )
        except ValueRefused:
            return None


def _filters(names: Sequence[str], keys: Iterable[Key]) -> Iterator[dict[str, Any]]:
    left = iter(keys)
    if len(names) == 1:
        while some := list(islice(left, MOST_KEYS)):
            yield {names[0]: {"$in": [key[0] for key in some]}}
        return
    while some := list(islice(left, _MOST_COMPOSITE)):
        yield {"$or": [dict(zip(names, key, strict=True)) for key in some]}


# ------------------------------------------------------------------ for people to read


def shown(
    book: PlanBook, spec: ModelSpec, include: Iterable[Include], *, include_deleted: bool = False
) -> list[Statement]:
    """The statements that `attach` would run, with words in place of the keys, which are known only then."""
    said: list[Statement] = []
    for entry in include:
        relation = entry.relation
        order = relation.order_by or entry.target.key or relation.remote
        source, local = spec, relation.local
        if entry.through is not None:
            near, far = relation.through_local, relation.through_remote
            both = tuple(dict.fromkeys((*near, *far)))
            said += _shown(book, entry.through, near, spec, local, both, far, include_deleted)
            source, local = entry.through, far
        said += _shown(book, entry.target, relation.remote, source, local, None, order, include_deleted)
        said += shown(book, entry.target, entry.children, include_deleted=include_deleted)
    return said


def _shown(
    book: PlanBook,
    target: ModelSpec,
    names: Sequence[str],
    source: ModelSpec,
    local: Sequence[str],
    fields: tuple[str, ...] | None,
    order: Sequence[str],
    deleted: bool,
) -> list[Statement]:
    (filter,) = _filters(names, [tuple(_sample(target[name]) for name in names)])
    query = ListQuery(filter=filter, order_by=order, limit=None, fields=fields, include_deleted=deleted)
    page = pages.page(book.of(target), query)
    said = page.ready.plan.statement(page.ready.values)
    words = iter([f"‹{source.name}.{name}›" for name in local])
    return [Statement(sql=said.sql, params={name: next(words, value) for name, value in said.params.items()})]


_SAMPLES: Final[Mapping[Kind, Callable[[], Any]]] = {
    Kind.INT: lambda: 1,
    Kind.FLOAT: lambda: 1.0,
    Kind.DECIMAL: lambda: Decimal(1),
    Kind.BOOL: lambda: True,
    Kind.DATETIME: lambda: dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
    Kind.DATE: lambda: dt.date(2000, 1, 1),
    Kind.TIME: lambda: dt.time(0),
    Kind.TIMEDELTA: lambda: dt.timedelta(1),
    Kind.BYTES: lambda: b"x",
    Kind.UUID: lambda: uuid.UUID(int=1),
}


def _sample(field: FieldSpec) -> Any:
    """Any value that the field's filters take."""
    if field.choices:
        return field.choices[0]
    if field.kind is Kind.VECTOR:
        return [1.0] * (field.dimensions or 1)
    make = _SAMPLES.get(field.kind)
    return make() if make is not None else "x"
