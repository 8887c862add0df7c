"""How are many rows written? Batches, shapes and counts, the same for every database; how a batch reaches the driver is the dialect's.

Rows may come as a list, as any iterable, or as an asynchronous one, of mappings or of batches of mappings. A list is written as one
batch; anything else is read in batches of `batch_size`, so that memory does not grow with the number of rows. All batches are one
transaction: a failure leaves nothing behind and says which row it was.

Rows mean what they mean one after another, also those that meet the same record or pass a unique value on. Where a database's quick way
might say something else, as `rivals` and `last_says_all` tell, it is not taken.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from operator import length_hint
from typing import TYPE_CHECKING, Any, Literal

from studio.kernel.errors import StudioError, ValueRefused
from studio.models.refusals import shorten
from studio.models.spec import VERSION

if TYPE_CHECKING:
    from studio.database.pipelines import Ended, Ending, Pipeline
    from studio.database.plans import ModelPlans

_REPORT_EVERY = 5000
"""Rows between two reports of progress."""

Mode = Literal["insert", "skip", "upsert", "update"]
Wish = Mode | Literal["merge"]
"""What is asked for. Of rows that are merged, those whose key or unique value is given are upserted, the others inserted."""
Data = Iterable[Any] | AsyncIterable[Any]
Progress = Callable[[int, int | None], None]
"""Called on the engine's loop with how many rows are done and how many there are (None: not known)."""


@dataclass(slots=True, kw_only=True)
class BulkJob:
    """What is to be done with batches of rows that give the same fields.

    `columns` are the fields of the tuples that `pipeline` makes; `conflict` those that find an existing record; `changed` those that an
    update or upsert overwrites. `now` is the batch's timestamp as the driver takes it. `first_row` is the number (from 1) of the
    batch's first row among all rows. `ended` joins the pipeline to an ending, which is given the `tenant` as well.
    """

    plans: ModelPlans
    mode: Mode
    columns: tuple[str, ...]
    pipeline: Pipeline
    ended: Callable[[Ending], Ended | None]
    now: Any
    tenant: str | None = None
    conflict: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    return_ids: bool = False
    first_row: int = 1
    done: Callable[[int], None] | None = None
    """Told, on the loop, how many more rows are done."""

    @property
    def version(self) -> str | None:
        """The field that counts the changes of a record; None in a model without."""
        care = self.plans.care
        return (
            VERSION if care is not None and care.is_versioned and self.mode in ("update", "upsert") else None
        )

    def rivals(self) -> list[tuple[str, ...]]:
        """The fields, beside those that find the record, of which the rows change some and which no two records may share.

        Over their values one row may be in another's way, so it matters which comes first.
        """
        changed = set(self.changed)
        sets = self.plans.spec.unique_sets()
        return [fields for fields in sets if fields != self.conflict and changed.intersection(fields)]

    def last_says_all(self) -> bool:
        """Whether, of rows that mean one record, the database need see the last only: nothing of it looks at the others' values."""
        spec = self.plans.spec
        if spec.reflected or spec.checks or self.version or self.rivals():
            return False
        changed = [spec.by_name[name] for name in self.changed]
        return not any(field.check or field.references for field in changed)


@dataclass(slots=True, kw_only=True)
class BulkOutcome:
    created: int = 0
    updated: int = 0
    skipped: int = 0
    ids: list[Any] = field(default_factory=list)


class Converted:
    """The rows of a batch as the tuples that the driver takes, one at a time, so that no more of them exist than are on their way.

    `ids`, when given, go in front. `place` is that of the last row converted, from 0: when something goes wrong, the row at fault.
    """

    def __init__(self, rows: Sequence[Any], job: BulkJob, ids: Sequence[Any] | None = None) -> None:
        self.rows = rows
        self.job = job
        self.ids = ids
        self._begun = 0
        self._part: Sequence[Any] = ()
        self._left: Iterator[Any] = iter(())

    @property
    def place(self) -> int:
        return max(self._begun + len(self._part) - length_hint(self._left) - 1, 0)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return self.tuples()

    def tuples(self, told: Callable[[int], None] | None = None) -> Iterator[tuple[Any, ...]]:
        """The tuples. `told`, on the loop's own thread, is called with how many more have been taken."""
        return chain.from_iterable(self._converted(part) for part in self._parts(told))

    def given(self, told: Callable[[int], None] | None = None) -> Iterator[Any]:
        """The rows as they were given, for a pipeline that has an ending."""
        return chain.from_iterable(self._parts(told))

    def _converted(self, part: Iterator[Any]) -> Iterable[tuple[Any, ...]]:
        """Nothing but the pipeline passes through Python for each row."""
        made = map(self.job.pipeline, part, repeat(self.job.now))
        if self.ids is None:
            return made
        keys = self.ids[self._begun : self._begun + _REPORT_EVERY]
        return ((key, *row) for key, row in zip(keys, made, strict=True))

    def _parts(self, told: Callable[[int], None] | None) -> Iterator[Iterator[Any]]:
        """The rows some thousands at a time. The list's iterator knows how far it is."""
        for begun in range(0, len(self.rows), _REPORT_EVERY):
            self._begun = begun
            self._part = self.rows[begun : begun + _REPORT_EVERY]
            self._left = iter(self._part)
            yield self._left
            if told is not None:
                told(len(self._part))

    def go_to(self, place: int) -> None:
        """Says that the row at `place` is the one at fault."""
        self._begun, self._part, self._left = place, self.rows[place : place + 1], iter(())


async def batches(data: Data, batch_size: int) -> AsyncIterator[Sequence[Any]]:
    """The rows in batches; a list is one batch. Raises ValueRefused when `data` holds no rows at all but something else."""
    if isinstance(data, Mapping | str | bytes) or not isinstance(data, Iterable | AsyncIterable):
        raise ValueRefused(
            f"Rows must come as a list of mappings, not as {shorten(data)}.",
            hint="Put a single row into a list.",
            field="data",
        )
    if batch_size < 1:
        raise ValueRefused(
            f'"batch_size" is at least 1; {shorten(batch_size)} is less.',
            hint="Give 1 or more.",
            field="batch_size",
        )
    if isinstance(data, list | tuple):
        rows = data if data and isinstance(data[0], Mapping) else _flat(data)
        if rows:
            yield rows
        return
    batch: list[Any] = []
    async for item in _each(data):
        if isinstance(item, list | tuple):
            batch.extend(item)
        else:
            batch.append(item)
        while len(batch) >= batch_size:
            yield batch[:batch_size]
            del batch[:batch_size]
    if batch:
        yield batch


def _flat(data: Sequence[Any]) -> list[Any]:
    rows: list[Any] = []
    for item in data:
        if isinstance(item, list | tuple):
            rows.extend(item)
        else:
            rows.append(item)
    return rows


async def _each(data: Data) -> AsyncIterator[Any]:
    if isinstance(data, AsyncIterable):
        async for item in data:
            yield item
    else:
        for item in data:
            yield item


@dataclass(frozen=True, slots=True)
class Shape:
    """What must be equal for rows to be written by the same statement.

    `of` gives it for a row; `is_shared` tells quickly that all of some rows have the same, or else that this is not known.
    """

    of: Callable[[Any], Any]
    is_shared: Callable[[Sequence[Any]], bool]


def runs(rows: Sequence[Any], shape: Shape) -> list[tuple[int, Sequence[Any]]]:
    """The rows in consecutive runs of equal shape, each with the place (from 0) of its first row."""
    if shape.is_shared(rows):
        return [(0, rows)]
    found: list[tuple[int, Sequence[Any]]] = []
    start = 0
    last: Any = None
    for place, row in enumerate(rows):
        current = shape.of(row)
        if place and current != last:
            found.append((start, rows[start:place]))
            start = place
        last = current
    if rows:
        found.append((start, rows if start == 0 else rows[start:]))
    return found


def shape_of(plans: ModelPlans, mode: Wish, *, finds: bool = False) -> Shape:
    """How rows are told apart; `finds`: whether fields are named that find a row's record.

    An insert only asks which of the fields are given that the database would fill itself; an upsert or update overwrites exactly the
    given fields, so for it all of them count; for a merge also in which of the unique ones nothing stands. What is to find a record must be
    given in every row.
    """
    if mode in ("upsert", "update") or (mode == "skip" and finds):
        return _given_shape()
    if mode == "merge":
        return _merged_shape(plans)
    optional = tuple(sorted(plans.optional))
    if not optional:
        return Shape(lambda _row: None, lambda _rows: True)
    generated = {name for name in optional if plans.spec.by_name[name].generated}

    def present(row: Any) -> Any:
        if not isinstance(row, Mapping):
            return None
        return tuple(name in row and not (name in generated and row[name] is None) for name in optional)

    def none_given(rows: Sequence[Any]) -> bool:
        try:
            return not any([row for row in rows if name in row] for name in optional)
        except TypeError:  # among them is something that holds nothing
            return False

    return Shape(present, none_given)


def _given_shape() -> Shape:
    seen: dict[tuple[str, ...], frozenset[str]] = {}

    def given(row: Any) -> Any:
        names = tuple(row) if isinstance(row, Mapping) else ()
        known = seen.get(names)
        if known is None:
            known = seen[names] = frozenset(names)
        return known

    def same_given(rows: Sequence[Any]) -> bool:
        try:
            names = rows[0].keys()
            return not [row for row in rows if row.keys() != names]
        except AttributeError:  # among them is something that is no mapping
            return False

    return Shape(given, same_given)


def _merged_shape(plans: ModelPlans) -> Shape:
    given = _given_shape()
    unique = sorted({name for fields in plans.spec.unique_sets() for name in fields})

    def empty(row: Any) -> Any:
        nothing = [name for name in unique if row.get(name) is None] if isinstance(row, Mapping) else []
        return given.of(row), tuple(nothing)

    def none_empty(rows: Sequence[Any]) -> bool:
        return given.is_shared(rows) and not any(
            [row for row in rows if row[name] is None] for name in unique if name in rows[0]
        )

    return Shape(empty, none_empty)


def in_row(error: StudioError, job: BulkJob, place: int, row: Any) -> StudioError:
    """The error with the number of its row (`place` counts from 0 within the batch) and, where the driver named it, the field's value."""
    from studio.database.errors import locate
    from studio.kernel.errors import DatabaseError

    number = job.first_row + place
    if isinstance(error, DatabaseError):
        values = row if isinstance(row, Mapping) else {}
        return locate(error, job.plans.spec, values, row=number)
    return error.at(row=number)


def nothing_to_find_by(job: BulkJob, name: str) -> ValueRefused:
    """The refusal of a row without a value in a field that finds its record."""
    return ValueRefused(
        f'{job.plans.spec.name}: "{name}" must have a value to find the record by.',
        hint="Give it a value, or use Create.",
        field=name,
    )
