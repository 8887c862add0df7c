"""How are many records of a model with options or hooks written? Where each counts or is shown, one after another, all in one transaction.

Left out: how one of them is written (`careful`), and the quick ways of models without hooks (`bulk_writes`).
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from studio.database import statements as st
from studio.database.bulk import BulkJob, Data, Progress, Wish, batches
from studio.database.bulk_writes import changes_nothing, settled
from studio.database.careful import CarefulWrites, Journal
from studio.database.errors import OF_A_ROW
from studio.database.found_by import fields_of, filters, values_of_all
from studio.database.results import BulkResult, Record
from studio.database.writes import need_fields
from studio.kernel.errors import BadValue, StudioError, ValueRefused
from studio.models.refusals import shorten
from studio.models.spec import DELETED_AT, TENANT_ID, VERSION, ModelSpec

if TYPE_CHECKING:
    from studio.database.care import Care
    from studio.database.dialect import Session
    from studio.database.plans import ModelPlans

_REPORT_EVERY = 500
_TOGETHER = 5_000
"""Rows whose records are looked up, and changed, by one statement."""
_FEWEST = 3
"""Rows whose changes are counted or told and that are worth the quick way, which asks before and afterwards."""


class CarefulAccess(CarefulWrites):
    """All writes of models that have a `Care`."""

    async def bulk_rows(
        self,
        spec: ModelSpec,
        rows: Data,
        mode: Wish,
        conflict_on: Sequence[str] | str | None,
        batch_size: int,
        return_ids: bool,
        progress: Progress | None,
    ) -> BulkResult:
        plans, care = self._with_care(spec)
        if mode == "insert" and not care.has_hooks:
            async with self._begun(spec) as inner:
                return await super(CarefulAccess, inner).bulk_rows(
                    spec, rows, mode, conflict_on, batch_size, return_ids, progress
                )
        total = len(rows) if isinstance(rows, list | tuple) else None
        result = BulkResult()
        async with self._begun(spec) as inner:
            number = 0
            async for part in _parts(rows, batch_size):
                counts = care.is_versioned or inner.journal is not None
                fields = fields_of(plans, care, mode, conflict_on, part[0]) if counts else None
                for piece in [part] if fields is None else _pieces(care, part, fields):
                    done = await inner.written_together(
                        plans, care, piece, mode, conflict_on, number, return_ids=return_ids
                    )
                    if done is not None:
                        _add_up(result, done)
                        number += len(piece)
                        if progress is not None:
                            progress(number, total)
                        continue
                    for row in piece:
                        number += 1
                        try:
                            record = await inner.one_row(plans, care, row, mode, conflict_on, result)
                        except StudioError as error:
                            raise error.at(row=number) from error.__cause__
                        if return_ids:
                            result.ids.append(None if record is None else plans.key_values(record))
                        if progress is not None and (number % _REPORT_EVERY == 0 or number == total):
                            progress(number, total)
        return result

    async def written_together(
        self,
        plans: ModelPlans,
        care: Care,
        rows: Sequence[Any],
        wish: Wish,
        conflict_on: Sequence[str] | str | None,
        before: int,
        *,
        return_ids: bool,
    ) -> BulkResult | None:
        """What came of writing all rows by the database's quick way; None, and nothing done, where that is not sure to be the same.

        `before` is the number of rows that came before these.
        """
        if len(rows) < _FEWEST and (care.is_versioned or self._recorder is not None):
            return None
        if wish == "update":
            return await self.changed_together(plans, care, rows, before)
        return await self.merged_together(plans, care, rows, wish, conflict_on, return_ids=return_ids)

    async def changed_together(
        self, plans: ModelPlans, care: Care, rows: Sequence[Any], before: int
    ) -> BulkResult | None:
        """Changes the records of all rows; says how many there were. None when one of them has moved on from the version that its row names.

        The records that may be changed are looked for, and kept from others' changes, beforehand: the quick way finds them by nothing but
        their keys.
        """
        spec = plans.spec
        if not care.changes_together(rows):
            return None
        self._check_names(plans, care, rows, before)
        keys = [care.values_of(row, spec.key) for row in rows]
        asked = [key for key in dict.fromkeys(keys) if key is not None]
        versions = (VERSION,) if care.is_versioned else ()
        seen = {
            tuple(record[name] for name in spec.key): record
            for filter in filters(plans, spec.key, asked)
            for record in await self.keys_of(plans, filter, None, *versions)
        }
        if care.is_versioned:
            wanted = [row.get(VERSION) if isinstance(row, Mapping) else None for row in rows]
            for key, version in zip(keys, wanted, strict=True):
                if version is not None and key in seen and seen[key][VERSION] != version:
                    return None
            if any(isinstance(row, Mapping) and VERSION in row for row in rows):
                rows = [_without_version(row) for row in rows]
        # A row without a key that could be one goes along, to be refused.
        places = [place for place, key in enumerate(keys) if key is None or key in seen]
        theirs = [rows[place] for place in places]
        inner = self._telling_all(self._session, self.journal)
        try:
            return await super(CarefulAccess, inner).bulk_rows(
                spec, theirs, "update", spec.key, max(len(theirs), 1), False, None
            )
        except StudioError as error:
            if error.row is not None:
                error.row = before + places[error.row - 1] + 1
            raise

    @staticmethod
    def _check_names(plans: ModelPlans, care: Care, rows: Sequence[Any], before: int) -> None:
        """Refuses fields that a row cannot set, also where it finds no record; `before` rows came before these."""
        known: set[tuple[str, ...]] = set()
        for number, row in enumerate(rows, start=before + 1):
            names = tuple(row) if isinstance(row, Mapping) else ()
            if names not in known:
                known.add(names)
                try:
                    plans.check_settable(_set_by(plans, care, names))
                except ValueRefused as error:
                    raise error.at(row=number) from None

    async def merged_together(
        self,
        plans: ModelPlans,
        care: Care,
        rows: Sequence[Any],
        wish: Wish,
        conflict_on: Sequence[str] | str | None,
        *,
        return_ids: bool,
    ) -> BulkResult | None:
        """Creates or changes the records that the rows name by their keys or other unique values, by the database's quick way.

        None, and nothing done, where that might be something else than one row after another does. The records that are there are looked
        for, and kept from others' changes, beforehand: deleted ones and other tenants' must not be met. When a row is refused, or a
        record came in between and the numbers are not those expected, all is undone: the slow way finds the row and says why.
        """
        spec = plans.spec
        if wish not in ("upsert", "merge") or spec.reflected:
            return None
        if (return_ids and len(spec.key) != 1) or not care.changes_together(rows):
            return None
        found_by = values_of_all(plans, care, wish, conflict_on, rows)
        if found_by is None:
            return None
        is_there = 0
        fields = tuple(name for name in (TENANT_ID, DELETED_AT) if name in spec) or spec.key
        for filter in filters(plans, *found_by):
            everywhere = care.filter(filter, include_deleted=True, of_all=True)
            ready = st.select(
                plans,
                care.hide(st.parse_filter(spec, everywhere)),
                fields=fields,
                lock=plans.dialect.name != "sqlite",
            )
            for row in await self._session.read(ready.plan.sql, ready.arguments):
                record = ready.plan.make(row)
                if care.is_tenanted and record[TENANT_ID] != care.tenant:
                    return None
                if care.is_soft and record[DELETED_AT] is not None:
                    return None
                is_there += 1
        created = len(found_by[1]) - is_there
        journal = Journal(self.journal.room) if self.journal is not None else None
        try:
            async with self._session.atomic() as session:
                inner = self._telling_all(session, journal)
                done = await super(CarefulAccess, inner).bulk_rows(
                    spec, rows, wish, conflict_on, len(rows), return_ids, None
                )
                if (done.created, done.updated) != (created, len(rows) - created):
                    raise _Overtaken  # noqa: TRY301 - the savepoint undoes what raises through it
        except (_Overtaken, ValueRefused, BadValue, *OF_A_ROW):
            return None
        if journal is not None and self.journal is not None:
            journal.tell(self.journal)
        return done

    def _telling_all(self, session: Session, journal: Journal | None) -> CarefulAccess:
        """The same access, which tells each change by itself, as writing one after another does, while the journal has room for them."""
        access = CarefulAccess(session, self._book, journal)
        access.most_images = journal.room if journal is not None else 0
        return access

    def _job(
        self,
        plans: ModelPlans,
        wish: Wish,
        conflict_on: Sequence[str] | str | None,
        row: Any,
        first_row: int,
        *,
        exact: bool,
    ) -> BulkJob:
        job = super()._job(plans, wish, conflict_on, row, first_row, exact=exact)
        if plans.care is not None and plans.care.is_tenanted:
            job.pipeline = functools.partial(job.pipeline, tenant=plans.care.tenant)
            job.tenant = plans.care.tenant
        return job

    async def one_row(
        self,
        plans: ModelPlans,
        care: Care,
        row: Any,
        wish: Wish,
        conflict_on: Sequence[str] | str | None,
        result: BulkResult,
    ) -> Record | None:
        """Writes a row and counts what became of it; None for a row that is skipped or finds nothing."""
        if not isinstance(row, Mapping):
            raise ValueRefused(
                f"A row of {plans.spec.name} must be a mapping of field names, not {shorten(row)}.",
                hint=f"Give {{{plans.spec.names[0]!r}: …}}.",
            )
        mode, conflict_on = settled(plans, wish, conflict_on, row)
        if mode == "update":
            spec = plans.spec
            need_fields(spec, spec.key, row)
            changes = {name: row[name] for name in _set_by(plans, care, row)}
            plans.check_settable(changes)
            if not changes:
                raise changes_nothing(spec)
            version = row.get(VERSION) if care.is_versioned else None
            record = await self.one_updated(plans, care, plans.key_filter(row), changes, version=version)
            result.updated += record is not None
            result.matched += record is not None
            return record
        if mode == "upsert":
            record, is_new = await self.one_upserted(plans, care, row, None, conflict_on)
            result.created += is_new
            result.updated += not is_new
            return record
        if mode == "skip" and await self._is_there(plans, care, row, conflict_on):
            result.skipped += 1
            return None
        record = await self.one_created(plans, care, row)
        result.created += 1
        return record

    async def _is_there(
        self, plans: ModelPlans, care: Care, row: Mapping[str, Any], conflict_on: Sequence[str] | str | None
    ) -> bool:
        """Whether a record has the row's unique values: those of `conflict_on`, or any when it does not say."""
        if conflict_on:
            sets = [plans.conflict_fields(conflict_on, row)]
        else:
            sets = [
                fields
                for fields in plans.spec.unique_sets()
                if all(row.get(name) is not None for name in fields)
            ]
        for fields in sets:
            need_fields(plans.spec, fields, row)
            wanted = {name: row[name] for name in fields}
            if await self._rival(plans, care, fields, wanted) is not None:
                return True
        return False

    async def bulk_update(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any] | None,
        changes: Mapping[str, Any],
        *,
        limit: int | None = None,
    ) -> BulkResult:
        plans, care = self._with_care(spec)
        self._check_limit(spec, limit)
        if not care.has_hooks:
            changes = care.touched(changes)
            async with self._begun(spec) as inner:
                return await super(CarefulAccess, inner).bulk_update(spec, filter, changes, limit=limit)
        st.parse_changes(plans, changes)
        result = BulkResult()
        async with self._begun(spec) as inner:
            for key in await inner.keys_of(plans, filter, limit):
                await inner.one_updated(plans, care, plans.key_filter(key), changes)
                result.matched += 1
                result.updated += 1
        return result

    async def bulk_delete(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any] | None = None,
        *,
        ids: Sequence[Any] | None = None,
        limit: int | None = None,
    ) -> int:
        plans, care = self._with_care(spec)
        self._check_limit(spec, limit)
        if not care.has_hooks:
            async with self._begun(spec) as inner:
                return await super(CarefulAccess, inner).bulk_delete(spec, filter, ids=ids, limit=limit)
        filters = [filter] if ids is None else list(self._key_filters(spec, ids, filter))
        deleted = 0
        async with self._begun(spec) as inner:
            for part in filters:
                left = None if limit is None else limit - deleted
                for key in await inner.keys_of(plans, part, left):
                    await inner.one_deleted(plans, care, plans.key_filter(key))
                    deleted += 1
        return deleted

    async def keys_of(
        self, plans: ModelPlans, filter: Mapping[str, Any] | None, limit: int | None, *beside: str
    ) -> list[Record]:
        """The keys of the records that match, and the fields `beside`, in their order, kept from others' changes."""
        ready = st.select(
            plans, plans.parsed(filter), fields=(*plans.spec.key, *beside), most=limit,
            lock=plans.dialect.name != "sqlite", ordered=True,
        )  # fmt: skip
        rows = await self._session.read(ready.plan.sql, ready.arguments)
        return [ready.plan.make(row) for row in rows]


class _Overtaken(Exception):
    """Somebody else wrote a record that was not there when it was looked for."""


def _add_up(result: BulkResult, more: BulkResult) -> None:
    result.created += more.created
    result.updated += more.updated
    result.matched += more.matched
    result.ids += more.ids


def _set_by(plans: ModelPlans, care: Care, names: Iterable[str]) -> list[str]:
    """Those of a row's fields that change its record: not its key, nor the version that it should be at."""
    found = [name for name in names if name not in plans.spec.key]
    return [name for name in found if name != VERSION] if care.is_versioned else found


def _without_version(row: Any) -> Any:
    return {name: row[name] for name in row if name != VERSION} if isinstance(row, Mapping) else row


def _pieces(care: Care, rows: Sequence[Any], fields: tuple[str, ...]) -> list[Sequence[Any]]:
    """The rows in consecutive pieces, none of which names a record twice: where each change of it counts or is told."""
    starts, seen = [0], set[Any]()
    for place, row in enumerate(rows):
        values = care.values_of(row, fields)
        if values is not None and values in seen:
            starts.append(place)
            seen.clear()
        seen.add(values)
    return [rows[start:end] for start, end in zip(starts, [*starts[1:], len(rows)], strict=True)]


async def _parts(rows: Data, batch_size: int) -> AsyncIterator[Sequence[Any]]:
    async for batch in batches(rows, batch_size):
        for start in range(0, len(batch), _TOGETHER):
            yield batch[start : start + _TOGETHER]
