"""How is a record of a model with options or hooks written? Look at what is there, ask the hooks, write, tell; all in one transaction.

The plain way is `writes`; which models come here says `care`. Writes of many records are `careful_bulk`'s.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

from studio.database import statements as st
from studio.database.audit import AUDIT_MODEL, audit_row
from studio.database.bulk_writes import BulkWrites
from studio.database.results import Record, Recorder
from studio.database.writes import need_values, utc_now, without_empty_keys
from studio.kernel.errors import DatabaseError, DuplicateKey, StaleRecord, StudioError, ValueRefused
from studio.models.refusals import shorten
from studio.models.spec import DELETED_AT, TENANT_ID, VERSION, ModelSpec

if TYPE_CHECKING:
    from studio.database.care import Care
    from studio.database.dialect import Session
    from studio.database.plans import ModelPlans
    from studio.query.filters import Filter

MOST_TOLD = 10_000
"""Changes of one write that are told each by itself."""
_ATTEMPTS = 3
"""Times that an upsert begins again, because the record came or went while it was looked for."""


class Journal:
    """Keeps what a write tells until all of it has been done: up to `most` changes, and the number of the others. A `Recorder`."""

    def __init__(self, most: int = MOST_TOLD) -> None:
        self._most = most
        self._told: list[tuple[str, ModelSpec, Any, Record | None, Record | None]] = []
        self._beyond: dict[str, tuple[ModelSpec, int]] = {}

    def record(
        self, operation: str, spec: ModelSpec, key: Any, before: Record | None, after: Record | None
    ) -> None:
        if self.room:
            self._told.append((operation, spec, key, before, after))
        else:
            self.beyond(operation, spec, 1)

    @property
    def room(self) -> int:
        """How many more changes are told each by itself."""
        return self._most - len(self._told)

    def beyond(self, operation: str, spec: ModelSpec, count: int) -> None:
        _, before = self._beyond.get(operation, (spec, 0))
        self._beyond[operation] = (spec, before + count)

    def tell(self, recorder: Recorder) -> None:
        for change in self._told:
            recorder.record(*change)
        for operation, (spec, count) in self._beyond.items():
            recorder.beyond(operation, spec, count)

    def audit_rows(self, hidden: Collection[str]) -> list[Record]:
        """The entries of the audit trail; `hidden` are fields whose values must not be in it."""
        told = [
            audit_row(operation, spec.name, key=key, before=before, after=after, hidden=hidden)
            for operation, spec, key, before, after in self._told
        ]
        return told + [
            audit_row(operation, spec.name, changed=count)
            for operation, (spec, count) in self._beyond.items()
        ]


class CarefulWrites(BulkWrites):
    """Writes of models that have a `Care`. The methods that begin with `one` work in a transaction that is open already."""

    is_careful = True

    @property
    def journal(self) -> Journal | None:
        """What is told of the write so far, in a transaction that is open already; None: nobody is told."""
        return self._recorder if isinstance(self._recorder, Journal) else None

    async def create(self, spec: ModelSpec, values: Mapping[str, Any]) -> Record:
        async with self._begun(spec, may_be_bare=True) as inner:
            return await inner.one_created(*self._with_care(spec), values)

    async def update(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any],
        changes: Mapping[str, Any],
        *,
        version: int | None = None,
    ) -> Record | None:
        async with self._begun(spec, may_be_bare=True) as inner:
            return await inner.one_updated(*self._with_care(spec), filter, changes, version=version)

    async def delete(
        self, spec: ModelSpec, filter: Mapping[str, Any], *, version: int | None = None
    ) -> Record | None:
        async with self._begun(spec, may_be_bare=True) as inner:
            return await inner.one_deleted(*self._with_care(spec), filter, version=version)

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
        row = plans.row(plan, given, utc_now())
        try:
            rows = await self._session.write(plan.sql, row)
        except DatabaseError as error:
            raise await self._located(self._session, plans, error, given) from error.__cause__
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
        *,
        version: int | None = None,
    ) -> Record | None:
        spec = plans.spec
        changes = care.touched(changes)
        parsed = plans.parsed(_at_version(plans, filter, version))
        before: Record | None = None
        if care.looks_back or self._recorder is not None:
            before = await self._seen(plans, filter, parsed, version, "Update", "BulkUpdate")
            if before is None:
                return None
            changes = await _hooked_changes(care, before, changes)
            parsed = plans.parsed(plans.key_filter(before))
        after = await self._update(self._session, plans, parsed, st.parse_changes(plans, changes), changes)
        if after is None:
            await self._refuse_stale(plans, filter, version)
            return None
        if self._recorder is not None:
            self._recorder.record("update", spec, plans.key_values(before or after), before, after)
        await care.after("after_update", after)
        return after

    async def one_deleted(
        self, plans: ModelPlans, care: Care, filter: Mapping[str, Any], *, version: int | None = None
    ) -> Record | None:
        spec = plans.spec
        parsed = plans.parsed(_at_version(plans, filter, version))
        before: Record | None = None
        if care.has_hooks or (care.is_soft and self._recorder is not None):
            before = await self._seen(plans, filter, parsed, version, "Delete", "BulkDelete")
            if before is None:
                return None
            await care.before("before_delete", before)
            parsed = plans.parsed(plans.key_filter(before))
        if care.is_soft:
            record = await self._update(
                self._session, plans, parsed, None, {}, verbs=("Delete", "BulkDelete")
            )
        else:
            record = await self._delete(self._session, plans, parsed)
        if record is None:
            await self._refuse_stale(plans, filter, version)
            return None
        if self._recorder is not None:
            self._recorder.record("delete", spec, plans.key_values(record), before or record, None)
        await care.after("after_delete", record)
        return record

    async def _seen(
        self,
        plans: ModelPlans,
        filter: Mapping[str, Any],
        parsed: Filter,
        version: int | None,
        verb: str,
        instead: str,
    ) -> Record | None:
        """The record as it is, kept from others' changes; None when there is none. Raises as the write itself would."""
        before = await self._image(self._session, plans, parsed)
        if before is None:
            await self._none_or_many(self._session, plans, parsed, verb, instead)
            await self._refuse_stale(plans, filter, version)
        return before

    async def _refuse_stale(self, plans: ModelPlans, filter: Mapping[str, Any], version: int | None) -> None:
        """Nothing matched: raises StaleRecord when it was the version that did not."""
        if version is None:
            return
        found = await self._image(self._session, plans, plans.parsed(filter))
        if found is not None and found[VERSION] != version:
            raise StaleRecord(
                f"The record of {plans.spec.name} has been changed since it was read: it is at version {found[VERSION]}, not {version}.",
                hint="Read it again, and decide anew what is to change.",
                field=VERSION,
                version=found[VERSION],
            )

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
        changes = update if update is not None else st.as_given(given, conflict)
        wanted = {name: given[name] for name in conflict}
        for attempt in range(_ATTEMPTS):
            found = await self._rival(plans, care, conflict, wanted)
            if found is not None:
                if not changes:
                    return found, False
                after = await self.one_updated(plans, care, plans.key_filter(found), changes)
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

    async def _rival(
        self, plans: ModelPlans, care: Care, conflict: tuple[str, ...], wanted: Mapping[str, Any]
    ) -> Record | None:
        """The record that has the values already, kept from others' changes.

        Raises DuplicateKey when there is one that must not be seen: it is deleted, or another tenant's.
        """
        of_all = conflict == plans.spec.key
        everywhere = care.filter(wanted, include_deleted=True, of_all=of_all)
        found = await self._image(self._session, plans, care.hide(st.parse_filter(plans.spec, everywhere)))
        if found is None:
            return None
        if care.is_tenanted and found[TENANT_ID] != care.tenant:
            raise _taken(plans.spec, wanted)
        if care.is_soft and found[DELETED_AT] is not None:
            raise _taken_by_deleted(_taken(plans.spec, wanted))
        return found

    # -------------------------------------------------------------- shared

    def _with_care(self, spec: ModelSpec) -> tuple[ModelPlans, Care]:
        plans = self._plans(spec)
        assert plans.care is not None  # nothing else comes here
        return plans, plans.care

    @asynccontextmanager
    async def _begun(self, spec: ModelSpec, *, may_be_bare: bool = False) -> AsyncIterator[Self]:
        """The same access in a transaction of its own; what it tells is passed on when all has been done.

        A single write of a model that asks for nothing more than other statements needs none: it `may_be_bare`.
        """
        plans, care = self._with_care(spec)
        recorder = self._recorder
        journal = Journal() if recorder is not None or care.is_audited else None
        is_bare = may_be_bare and journal is None and not care.looks_back and not self._session.in_transaction
        try:
            if is_bare:
                yield self
            else:
                async with self._session.atomic() as session:
                    yield type(self)(session, self._book, journal)
                    if journal is not None and care.is_audited:
                        await self._audit(session, journal.audit_rows(care.ciphers))
        except DuplicateKey as error:
            await self._explain(plans, care, error)
            raise
        if journal is not None and recorder is not None:
            journal.tell(recorder)

    async def _audit(self, session: Session, rows: list[Record]) -> None:
        plain = BulkWrites(session, self._book)
        if len(rows) == 1:
            await plain.create(AUDIT_MODEL, rows[0])
        elif rows:
            await plain.bulk_create(AUDIT_MODEL, rows)

    async def _explain(self, plans: ModelPlans, care: Care, error: DuplicateKey) -> None:
        """Says it in the error when it is a deleted record that has the value; looks for it after the refused write is undone."""
        found_by = error.context.get("found_by")
        if not care.is_soft or not found_by or "deleted" in error.context:
            return
        with contextlib.suppress(StudioError):  # the value may be the driver's own words for it
            wanted = st.parse_filter(plans.spec, care.filter(found_by, include_deleted=True))
            ready = st.select(plans, wanted, most=2)
            rows = await self._session.read(ready.plan.sql, ready.arguments)
            records = [ready.plan.make(row) for row in rows]
            if records and all(record[DELETED_AT] is not None for record in records):
                _taken_by_deleted(error)


def _at_version(plans: ModelPlans, filter: Mapping[str, Any], version: int | None) -> Mapping[str, Any]:
    if version is None:
        return filter
    if not plans.spec.versioned:
        raise ValueRefused(
            f"{plans.spec.name} does not count its versions.",
            hint='Declare it with __dataflow__ = {"versioned": True}, or leave the version out.',
            field=VERSION,
        )
    return {"$and": [filter, {VERSION: version}]}


def _taken(spec: ModelSpec, values: Mapping[str, Any]) -> DuplicateKey:
    shown = " and ".join(f'"{name}" {shorten(value)}' for name, value in values.items())
    return DuplicateKey(
        f"{spec.name} has a record with {shown} already, which cannot be changed here.",
        hint="Choose another value.",
        field=next(iter(values)),
    )


def _taken_by_deleted(error: DuplicateKey) -> DuplicateKey:
    error.message = error.message.replace("has a record", "has a deleted record", 1)
    error.hint = "A deleted record keeps what is unique about it: choose another value."
    error.context["deleted"] = True
    error.args = (error.message,)
    return error


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
