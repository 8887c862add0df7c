"""How is a record of a model with options or hooks written? Look at what is there, ask the hooks, write, tell; all in one transaction.

The plain way is `writes`; which models come here says `care`. Writes of many records are `careful_bulk`'s.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

from studio.database import statements as st
from studio.database.bulk_writes import BulkWrites
from studio.database.errors import locate
from studio.database.results import Record, Recorder
from studio.database.writes import need_values, utc_now, without_empty_keys
from studio.kernel.errors import DatabaseError, DuplicateKey
from studio.models.spec import ModelSpec

if TYPE_CHECKING:
    from studio.database.care import Care
    from studio.database.plans import ModelPlans

_ATTEMPTS = 3
"""Times that an upsert begins again, because the record came or went while it was looked for."""


class Journal:
    """Keeps what a write tells until all of it has been done. A `Recorder` itself."""

    def __init__(self) -> None:
        self._told: list[tuple[Any, ...]] = []

    def record(
        self, operation: str, spec: ModelSpec, key: Any, before: Record | None, after: Record | None
    ) -> None:
        self._told.append((operation, spec, key, before, after))

    def beyond(self, operation: str, spec: ModelSpec, count: int) -> None:
        self._told.append((operation, spec, count))

    def tell(self, recorder: Recorder) -> None:
        for entry in self._told:
            if len(entry) == 3:
                recorder.beyond(*entry)
            else:
                recorder.record(*entry)


class CarefulWrites(BulkWrites):
    """Writes of models that have a `Care`. The methods that begin with `one` work in a transaction that is open already."""

    is_careful = True

    async def create(self, spec: ModelSpec, values: Mapping[str, Any]) -> Record:
        async with self._begun(spec) as inner:
            return await inner.one_created(*self._with_care(spec), values)

    async def update(
        self, spec: ModelSpec, filter: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> Record | None:
        async with self._begun(spec) as inner:
            return await inner.one_updated(*self._with_care(spec), filter, changes)

    async def delete(self, spec: ModelSpec, filter: Mapping[str, Any]) -> Record | None:
        async with self._begun(spec) as inner:
            return await inner.one_deleted(*self._with_care(spec), filter)

    async def upsert(
        self,
        spec: ModelSpec,
        create: Mapping[str, Any],
        update: Mapping[str, Any] | None = None,
        conflict_on: Sequence[str] | str | None = None,
    ) -> tuple[Record, bool]:
        async with self._begun(spec) as inner:
            return await inner.one_upserted(*self._with_care(spec), create, update, conflict_on)

    # -------------------------------------------------------------- within a transaction

    async def one_created(self, plans: ModelPlans, care: Care, values: Mapping[str, Any]) -> Record:
        spec = plans.spec
        given = without_empty_keys(spec, await care.before("before_insert", values))
        plan = plans.insert_plan(given)
        row = plan.pipelines.pipeline(given)(given, plans.moment(utc_now()))
        try:
            rows = await self._session.write(plan.sql, row)
        except DatabaseError as error:
            raise locate(error, spec, given) from error.__cause__
        record = plan.make(rows[0])
        if plans.generated is not None and plans.generated in given:
            await self._advance(plans, record[plans.generated])
        if self._recorder is not None:
            self._recorder.record("create", spec, plans.key_values(record), None, record)
        await care.after("after_insert", record)
        return record

    async def one_updated(
        self,
        plans: ModelPlans,
        care: Care,
        filter: Mapping[str, Any],
        changes: Mapping[str, Any],
    ) -> Record | None:
        spec = plans.spec
        changes = care.touched(changes)
        parsed = self._parsed(plans, filter)
        before: Record | None = None
        if care.looks_back or self._recorder is not None:
            before = await self._image(self._session, plans, parsed)
            if before is None:
                await self._none_or_many(self._session, plans, parsed, "Update", "BulkUpdate")
                return None
            changes = await _hooked_changes(care, before, changes)
            parsed = self._parsed(plans, {name: before[name] for name in spec.key})
        after = await self._update(self._session, plans, parsed, st.parse_changes(plans, changes), changes)
        if after is None:
            return None
        if self._recorder is not None:
            self._recorder.record("update", spec, plans.key_values(before or after), before, after)
        await care.after("after_update", after)
        return after

    async def one_deleted(self, plans: ModelPlans, care: Care, filter: Mapping[str, Any]) -> Record | None:
        spec = plans.spec
        parsed = self._parsed(plans, filter)
        if care.has_hooks:
            before = await self._image(self._session, plans, parsed)
            if before is None:
                await self._none_or_many(self._session, plans, parsed, "Delete", "BulkDelete")
                return None
            await care.before("before_delete", before)
            parsed = self._parsed(plans, {name: before[name] for name in spec.key})
        record = await self._delete(self._session, plans, parsed)
        if record is None:
            return None
        if self._recorder is not None:
            self._recorder.record("delete", spec, plans.key_values(record), record, None)
        await care.after("after_delete", record)
        return record

    async def one_upserted(
        self,
        plans: ModelPlans,
        care: Care,
        create: Mapping[str, Any],
        update: Mapping[str, Any] | None,
        conflict_on: Sequence[str] | str | None,
    ) -> tuple[Record, bool]:
        """Looks for the record and keeps it from others' changes, then updates or creates it."""
        spec = plans.spec
        given = without_empty_keys(spec, create)
        plans.check_settable(given)
        conflict = plans.conflict_fields(conflict_on, given)
        need_values(spec, conflict, given)
        changes = (
            update
            if update is not None
            else {name: value for name, value in given.items() if name not in conflict}
        )
        wanted = {name: given[name] for name in conflict}
        for attempt in range(_ATTEMPTS):
            found = await self._image(self._session, plans, self._parsed(plans, wanted))
            if found is not None:
                if not changes:
                    return found, False
                key = {name: found[name] for name in spec.key}
                after = await self.one_updated(plans, care, key, changes)
                if after is not None:
                    return after, False
                continue
            try:
                async with self._session.atomic() as session:
                    inner = type(self)(session, self._book, self._recorder)
                    return await inner.one_created(plans, care, given), True
            except DuplicateKey:
                if attempt == _ATTEMPTS - 1:
                    raise
        raise DatabaseError(
            f"The record of {spec.name} came and went while it was written.", hint="Run it again."
        )

    # -------------------------------------------------------------- shared

    def _with_care(self, spec: ModelSpec) -> tuple[ModelPlans, Care]:
        plans = self._plans(spec)
        assert plans.care is not None  # nothing else comes here
        return plans, plans.care

    @asynccontextmanager
    async def _begun(self, spec: ModelSpec) -> AsyncIterator[Self]:
        """The same access in a transaction of its own; what it tells is passed on when all has been done."""
        journal = Journal() if self._recorder is not None else None
        async with self._session.atomic() as session:
            yield type(self)(session, self._book, journal)
        if journal is not None and self._recorder is not None:
            journal.tell(self._recorder)


async def _hooked_changes(care: Care, before: Record, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """The changes, and what hooks make of the record as it will be. They see operators' fields as they were."""
    if not care.has_hooks:
        return changes
    plain = {
        name: value for name, value in changes.items() if name in before and not isinstance(value, Mapping)
    }
    shown = {**before, **plain}
    made = await care.before("before_update", shown)
    altered = {name: value for name, value in made.items() if name not in shown or value != shown[name]}
    if not altered:
        return changes
    kept = {name: value for name, value in changes.items() if name not in altered}
    return {**kept, **altered}
