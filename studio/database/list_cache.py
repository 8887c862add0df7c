"""Which lists are known already, and how long may they be given again? Pages kept in this process, forgotten as their tables are written.

An entry is found by everything that decides its rows: the statement with its values, what the models' options add, the relations read
along, and the *generation* of each table. A write raises its table's generation once it is committed; the generation is read before the
query, so rows that a write overtook are never found again. Reads within a transaction neither use the cache nor fill it.

Left out: writes of other programs, and of triggers, which nobody tells; their effect shows when an entry's time is over.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

from cachetools import TLRUCache

from studio.database.results import CacheInfo, CacheWish, ListQuery, Rows, Watched, Written
from studio.models.relations import Include
from studio.models.spec import ModelSpec

if TYPE_CHECKING:
    from studio.database.plans import ModelPlans, PlanBook

DEFAULT_TTL_S: Final = 300.0
MOST_ROWS: Final = 100_000
"""Kept per database; lists that were used longest ago go first, and one that is longer by itself is not kept."""

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Entry:
    rows: Rows
    ttl_s: float
    name: str
    plans: ModelPlans
    """Kept alive, so that nothing else gets the id by which the entry is found."""


class ListCache:
    """The lists of one database. `forget` and `info` may be called from any thread."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._written: Counter[Watched] = Counter()
        self._deletions = 0
        self._unknown = 0
        self._hits = 0
        self._misses = 0
        self._lock = threading.Lock()
        self._kept: TLRUCache[Hashable, _Entry] = TLRUCache(
            MOST_ROWS,
            ttu=lambda _key, entry, now: now + entry.ttl_s,
            timer=timer,
            getsizeof=lambda entry: len(entry.rows) + 1,
        )

    # -------------------------------------------------------------- writes

    def wrote(self, spec: ModelSpec, operations: Iterable[Written]) -> None:
        """Something has been written, or may have been: what was read before is old."""
        for operation in operations:
            self._written[spec.table, operation] += 1
            self._deletions += operation == "delete"

    def wrote_anything(self) -> None:
        """The same when nobody knows to which table."""
        self._unknown += 1

    def state(self) -> tuple[Counter[Watched], int]:
        """What has been written until now, for `wrote_since`."""
        return Counter(self._written), self._unknown

    def wrote_since(self, state: tuple[Counter[Watched], int]) -> None:
        """What was written since then counts once more: its transaction has only now come to its end."""
        before, unknown = state
        for watched, number in list(self._written.items()):
            if number != before[watched]:
                self._written[watched] += 1
                self._deletions += watched[1] == "delete"
        self._unknown += self._unknown != unknown

    # -------------------------------------------------------------- lists

    def key(
        self, book: PlanBook, plans: ModelPlans, query: ListQuery, wish: CacheWish, asked: Sequence[Any]
    ) -> Hashable:
        """What finds the list; `asked` is its statement with its values. To be taken before the query runs."""
        tables = [plans.spec, *_included(query.include)]
        watched = wish.ended_by
        if watched is None:
            generation: tuple[int, ...] = (
                self._deletions,
                *(self._written[spec.table, done] for spec in tables for done in _ALL),
            )
        else:
            generation = tuple(self._written[each] for each in sorted(watched))
        cares = [book.of(spec).care for spec in tables]
        return (
            wish.name,
            id(plans),
            _frozen(asked),
            # What options add to a filter (a tenant, for one) counts for the related records as well.
            tuple(None if care is None else _frozen(care.filter({})) for care in cares),
            tuple(map(_shape, query.include)),
            watched is None,
            self._unknown,
            generation,
        )

    def get(self, key: Hashable) -> Rows | None:
        """The list as the caller's own: whatever is done to it stays out of the cache."""
        with self._lock:
            entry = self._kept.get(key)
            self._hits += entry is not None
            self._misses += entry is None
        return None if entry is None else _copied(entry.rows)

    def put(self, key: Hashable, rows: Rows, wish: CacheWish, plans: ModelPlans) -> None:
        if len(rows) >= MOST_ROWS:
            return
        entry = _Entry(_copied(rows), DEFAULT_TTL_S if wish.ttl_s is None else wish.ttl_s, wish.name, plans)
        with self._lock:
            self._kept[key] = entry

    def forget(self, name: str | None = None) -> int:
        """Drops the lists of that name, or all of them; says how many."""
        with self._lock:
            self._kept.expire()
            gone = [key for key, entry in self._kept.items() if name is None or entry.name == name]
            for key in gone:
                del self._kept[key]
        return len(gone)

    def info(self) -> CacheInfo:
        with self._lock:
            self._kept.expire()
            lists = len(self._kept)
            rows = int(self._kept.currsize) - lists
        return CacheInfo(hits=self._hits, misses=self._misses, lists=lists, rows=rows)


_ALL: Final[tuple[Written, ...]] = ("create", "update", "delete")


def _included(include: Iterable[Include]) -> Iterable[ModelSpec]:
    for wanted in include:
        yield wanted.target
        if wanted.through is not None:
            yield wanted.through
        yield from _included(wanted.children)


def _shape(include: Include) -> Hashable:
    return include.relation.name, include.target.name, tuple(map(_shape, include.children))


def _frozen(value: Any) -> Hashable:
    """A value to be found by. Types count: True, 1 and 1.0 are equal, but do not ask for the same within a document."""
    if isinstance(value, Mapping):
        return ("{}", *((name, _frozen(item)) for name, item in value.items()))
    if isinstance(value, list | tuple | set | frozenset):
        return ("[]", *map(_frozen, value))
    return value.__class__, value


def _copied(rows: Rows) -> Rows:
    return Rows(
        [_copy(record) for record in rows],
        has_more=rows.has_more,
        cursor=rows.cursor,
        sql=rows.sql,
        affected=rows.affected,
        columns=rows.columns,
    )


def _copy(value: Any) -> Any:
    """Records hold scalars, which cannot change, and documents and related records, which can."""
    if isinstance(value, dict):
        return {name: _copy(item) if isinstance(item, dict | list) else item for name, item in value.items()}
    return [_copy(item) if isinstance(item, dict | list) else item for item in value]


class _Writer(Protocol):
    @property
    def _book(self) -> PlanBook: ...


W = TypeVar("W", bound=_Writer)


def writes(
    *operations: Written,
) -> Callable[
    [Callable[Concatenate[W, ModelSpec, P], Coroutine[Any, Any, R]]],
    Callable[Concatenate[W, ModelSpec, P], Coroutine[Any, Any, R]],
]:
    """Marks a method of an access that writes: whatever becomes of it, lists that were read before are not given again."""

    def marked(
        method: Callable[Concatenate[W, ModelSpec, P], Coroutine[Any, Any, R]],
    ) -> Callable[Concatenate[W, ModelSpec, P], Coroutine[Any, Any, R]]:
        @functools.wraps(method)
        async def write(self: W, spec: ModelSpec, /, *args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return await method(self, spec, *args, **kwargs)
            finally:
                self._book.lists.wrote(spec, operations)

        return write

    return marked
