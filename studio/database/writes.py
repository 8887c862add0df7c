"""How is one record written? The write path of single rows: check, complete, run, say what happened.

Everything that must hold for every write (defaults, ids, managed timestamps, images for the changeset) is here or in the pipelines
it uses; bulk writes (`bulk_writes`) go through the same pipelines.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from studio.database import statements as st
from studio.database.errors import locate, locate_reckoning
from studio.database.list_cache import writes
from studio.database.reads import Reads
from studio.database.results import Record
from studio.kernel.errors import (
    DatabaseError,
    DiskFull,
    DuplicateKey,
    ForeignKeyViolated,
    ManyRecordsMatched,
    StudioError,
    ValueRefused,
)
from studio.models.spec import ModelSpec

if TYPE_CHECKING:
    from studio.database.dialect import RereadingSession, Row, Session
    from studio.database.plans import InsertPlan, ModelPlans, Plan
    from studio.database.statements import PlainUpdate
    from studio.query.filters import Filter
    from studio.query.updates import Update

_ATTEMPTS = 3
"""Times that an upsert in two statements begins again, because the record came or went between them."""


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Writes(Reads):
    @writes("create")
    async def create(self, spec: ModelSpec, values: Mapping[str, Any]) -> Record:
        """The stored record, all fields.

        Raises:
            ValueRefused: fields that are missing, unknown, managed or of the wrong kind; all of them are named.
            DuplicateKey, ForeignKeyViolated, CheckViolated: the database refuses it; `field` names the field.
        """
        plans = self._plans(spec)
        if plans.care is not None:
            return await self._carefully().create(spec, values)
        given = without_empty_keys(spec, values)
        plan = plans.insert_plan(given)
        row = plan.pipelines.pipeline(given)(given, plans.moment(utc_now()))
        try:
            rows = await self._session.write(plan.sql, row)
        except DatabaseError as error:
            raise await self._located(self._session, plans, error, given) from error.__cause__
        record = plan.make(rows[0])
        if plans.generated is not None and plans.generated in given:
            await self._advance(plans, record[plans.generated])
        if self._recorder is not None:
            self._recorder.record("create", spec, plans.key_values(record), None, record)
        return record

    @writes("update")
    async def update(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any],
        changes: Mapping[str, Any],
        *,
        version: int | None = None,
    ) -> Record | None:
        """Changes the record that matches and gives it as it is afterwards; None when nothing matches.

        `changes` are plain values or update operators. `version` is the one that the record must still have, in a model that is versioned.

        Raises:
            ManyRecordsMatched: several records match; nothing is changed then.
            StaleRecord: the record has another version by now.
        """
        plans = self._plans(spec)
        if plans.care is not None:
            return await self._carefully().update(spec, filter, changes, version=version)
        if self._recorder is None:
            plain = st.plain_update(plans, filter, changes, utc_now())
            if plain is not None:
                try:
                    rows = await self._update_plainly(*plain)
                except DatabaseError as error:
                    found = st.parse_filter(spec, filter)
                    raise await self._located(
                        self._session, plans, error, changes, found
                    ) from error.__cause__
                return plain[0].plan.make(rows[0]) if rows else None
        parsed = st.parse_filter(plans.spec, filter)
        parsed_changes = st.parse_changes(plans, changes)
        if self._recorder is None:
            return await self._update(self._session, plans, parsed, parsed_changes, changes)
        async with self._session.atomic() as session:
            before = await self._image(session, plans, parsed)
            after = await self._update(session, plans, parsed, parsed_changes, changes)
        if after is not None:
            self._recorder.record("update", spec, plans.key_values(before or after), before, after)
        return after

    async def _update_plainly(self, update: PlainUpdate, arguments: tuple[Any, ...]) -> Sequence[Row]:
        """The record afterwards, as a row; none when there is no such record. Takes what `plain_update` gives."""
        if update.again is None:
            return await self._session.write(update.plan.sql, arguments)
        session = cast("RereadingSession", self._session)
        return await session.change_and_read((update.plan.sql, arguments), (update.again.sql, arguments[-1:]))

    async def _update(
        self,
        session: Session,
        plans: ModelPlans,
        filter: Filter,
        changes: Update | None,
        values: Mapping[str, Any],
        *,
        verbs: tuple[str, str] = ("Update", "BulkUpdate"),
    ) -> Record | None:
        """`changes` None marks the record as deleted; `verbs` is what that is called, for one and for many."""
        try:
            if plans.dialect.update_returns:
                ready = st.update_one(plans, filter, changes, utc_now())
                rows = await session.write(ready.plan.sql, ready.arguments)
                record = ready.plan.make(rows[0]) if rows else None
            else:
                async with session.atomic() as inner:
                    record = await self._update_in_three(inner, plans, filter, changes)
        except DatabaseError as error:
            raise await self._located(session, plans, error, values, filter) from error.__cause__
        if record is None:
            await self._none_or_many(session, plans, filter, *verbs)
        return record

    async def _update_in_three(
        self, session: Session, plans: ModelPlans, filter: Filter, changes: Update | None
    ) -> Record | None:
        """Lock the record, change it, read it again: where an UPDATE gives nothing back. The session is a transaction."""
        spec = plans.spec
        found = st.select(plans, filter, fields=spec.key, most=2, lock=True)
        rows = await session.read(found.plan.sql, found.arguments)
        if len(rows) != 1:
            return None
        key = found.plan.make(rows[0])
        own = st.parse_filter(plans.spec, plans.key_filter(key))
        ready = st.update_many(plans, own, changes, utc_now(), None)
        await session.change(ready.plan.sql, ready.arguments)
        steps = changes.steps if changes is not None else ()
        moved = {
            step.field: changes.values[step.slot]
            for step in steps
            if changes and step.field in plans.spec.key
        }
        again = st.select(plans, st.parse_filter(plans.spec, {**key, **moved}) if moved else own, most=1)
        rows = await session.read(again.plan.sql, again.arguments)
        return again.plan.make(rows[0]) if rows else None

    @writes("delete")
    async def delete(
        self, spec: ModelSpec, filter: Mapping[str, Any], *, version: int | None = None
    ) -> Record | None:
        """Deletes the record that matches and gives it as it was; None when nothing matches.

        Raises as `update` does; nothing is deleted then.
        """
        plans = self._plans(spec)
        if plans.care is not None:
            return await self._carefully().delete(spec, filter, version=version)
        quick = st.by_unique_field(plans, filter, st.delete_one)
        if quick is not None:
            rows = await self._deleted(self._session, plans, *quick, st.parse_filter(spec, filter))
            record = quick[0].make(rows[0]) if rows else None
        else:
            record = await self._delete(self._session, plans, st.parse_filter(plans.spec, filter))
        if record is not None and self._recorder is not None:
            self._recorder.record("delete", spec, plans.key_values(record), record, None)
        return record

    async def _deleted(
        self, session: Session, plans: ModelPlans, plan: Plan, arguments: Sequence[Any], filter: Filter
    ) -> Sequence[Row]:
        try:
            return await session.write(plan.sql, arguments)
        except DatabaseError as error:
            error.context["referenced"] = True
            raise await self._located(session, plans, error, {}, filter) from error.__cause__

    async def _delete(self, session: Session, plans: ModelPlans, filter: Filter) -> Record | None:
        ready = st.delete_one(plans, filter)
        rows = await self._deleted(session, plans, ready.plan, ready.arguments, filter)
        if not rows:
            await self._none_or_many(session, plans, filter, "Delete", "BulkDelete")
            return None
        return ready.plan.make(rows[0])

    @writes("create", "update")
    async def upsert(
        self,
        spec: ModelSpec,
        create: Mapping[str, Any],
        update: Mapping[str, Any] | None = None,
        conflict_on: Sequence[str] | str | None = None,
    ) -> tuple[Record, bool]:
        """The record as it is afterwards, and whether it was created.

        `create` are the fields of a new record and must hold those of `conflict_on` (default: the key, else the unique field that is
        given); `update` is what changes when it exists: values or operators, by default the given fields but those of `conflict_on`.
        """
        plans = self._plans(spec)
        if plans.care is not None:
            return await self._carefully().upsert(spec, create, update, conflict_on)
        given = without_empty_keys(spec, create)
        plans.check_settable(given)
        conflict = plans.conflict_fields(conflict_on, given)
        need_values(spec, conflict, given)
        changes = update if update is not None else st.as_given(given, conflict)
        if self._recorder is None:
            return await self._upsert(self._session, plans, given, changes, conflict)
        async with self._session.atomic() as session:
            wanted = st.parse_filter(plans.spec, {name: given[name] for name in conflict})
            before = await self._image(session, plans, wanted)
            after, created = await self._upsert(session, plans, given, changes, conflict)
        operation = "create" if created else "update"
        self._recorder.record(operation, spec, plans.key_values(after), before, after)
        return after, created

    async def _upsert(
        self,
        session: Session,
        plans: ModelPlans,
        given: Mapping[str, Any],
        changes: Mapping[str, Any],
        conflict: tuple[str, ...],
    ) -> tuple[Record, bool]:
        inserting = plans.insert_plan(given)
        now = utc_now()
        row = inserting.pipelines.pipeline(given)(given, plans.moment(now))
        parsed = st.parse_changes(plans, changes) if changes else None
        try:
            if plans.dialect.created_flag() is not None:
                plan = st.upsert(plans, inserting.columns, conflict, parsed)
                values = plan.row_arguments(row, {**(st.changed(parsed) if parsed else {}), "now": now})
                rows = await session.write(plan.sql, values)
                record, created = plan.make(rows[0]), bool(rows[0][-1])
            else:
                record, created = await self._upsert_in_two(
                    session, plans, inserting, row, given, parsed, conflict
                )
        except DatabaseError as error:
            either = _either_way(given, changes)
            locate_reckoning(error, plans.spec, changes)
            raise await self._located(session, plans, error, either) from error.__cause__
        if created and plans.generated is not None and plans.generated in given:
            await self._advance(plans, record[plans.generated])
        return record, created

    async def _upsert_in_two(
        self,
        session: Session,
        plans: ModelPlans,
        inserting: InsertPlan,
        row: tuple[Any, ...],
        given: Mapping[str, Any],
        changes: Update | None,
        conflict: tuple[str, ...],
    ) -> tuple[Record, bool]:
        """Insert unless it is there, else update: where one statement cannot tell which of the two it did."""
        wanted = st.parse_filter(plans.spec, {name: given[name] for name in conflict})
        duplicate: DuplicateKey | None = None
        for _ in range(_ATTEMPTS):
            if plans.dialect.update_returns:
                insert = st.insert_unless(plans, inserting.columns, conflict)
                rows = await session.write(insert.sql, row)
                if rows:
                    return insert.make(rows[0]), True
            else:
                try:
                    rows = await session.write(inserting.sql, row)
                    return inserting.make(rows[0]), True
                except DuplicateKey as error:
                    duplicate = error
            if changes is None:
                ready = st.select(plans, wanted, most=1)
                rows = await session.read(ready.plan.sql, ready.arguments)
                record = ready.plan.make(rows[0]) if rows else None
            else:
                record = await self._update(session, plans, wanted, changes, {})
            if record is not None:
                return record, False
        if duplicate is not None:
            # Another unique field than those that find the record.
            raise duplicate
        raise DatabaseError(
            f"The record of {plans.spec.name} came and went while it was written.", hint="Run it again."
        )

    # -------------------------------------------------------------- shared

    async def _located(
        self,
        session: Session,
        plans: ModelPlans,
        error: DatabaseError,
        values: Mapping[str, Any],
        filter: Filter | None = None,
    ) -> DatabaseError:
        """The error in the model's words, see `locate`; `filter` finds the records that were to be changed or deleted."""
        if isinstance(error, ForeignKeyViolated) and plans.dialect.name == "sqlite":
            from studio.database.sqlite_references import look_for_reference

            await look_for_reference(session, plans, error, values, filter)
        elif isinstance(error, DiskFull) and plans.generated and plans.dialect.name == "sqlite":
            error = await _full_or_used_up(session, plans, error)
        if filter is not None:
            locate_reckoning(error, plans.spec, values)
        return locate(error, plans.spec, values, row=error.row)

    async def _image(self, session: Session, plans: ModelPlans, filter: Filter) -> Record | None:
        """The matching record as it is, kept from others' changes; None when it is not exactly one."""
        ready = st.select(plans, filter, most=2, lock=plans.dialect.name != "sqlite")
        rows = await session.read(ready.plan.sql, ready.arguments)
        return ready.plan.make(rows[0]) if len(rows) == 1 else None

    async def _none_or_many(
        self, session: Session, plans: ModelPlans, filter: Filter, verb: str, instead: str
    ) -> None:
        if plans.identifies(filter.condition):
            return
        ready = st.count(plans, filter)
        rows = await session.read(ready.plan.sql, ready.arguments)
        number = int(rows[0][0])
        if number > 1:
            raise ManyRecordsMatched(
                f"{verb} changes one record of {plans.spec.name}, but {number:,} match.",
                hint=f"Narrow the filter, or use {instead} for several records.",
                count=number,
            )

    async def _advance(self, plans: ModelPlans, given: Any) -> None:
        """Lets the database go on after a key that was given by hand, so that it does not give the same one again."""
        advance = plans.dialect.advance(plans.spec, plans.generated or "")
        if advance is not None:
            await self._session.read(advance, (given,))

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[Writes]:
        """An access whose work is undone alone when the block raises. On lanes it is a transaction."""
        async with self._session.atomic() as session:
            yield type(self)(session, self._book, self._recorder)


async def _full_or_used_up(session: Session, plans: ModelPlans, error: DiskFull) -> DatabaseError:
    from studio.database.sqlite_errors import USED_UP, keys_used_up

    with contextlib.suppress(StudioError):  # the disk is full indeed
        if await session.read(USED_UP, (plans.spec.table,)):
            return keys_used_up(plans.spec.table, error)
    return error


def without_empty_keys(spec: ModelSpec, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values without a key of None that the database or the pipeline would make."""
    if len(spec.key) != 1:
        return values
    key = spec.key[0]
    if values.get(key, key) is None and not spec.by_name[key].required:
        return {name: value for name, value in values.items() if name != key}
    return values


def _either_way(given: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The values of an upsert that are the same whether it creates or changes: only these can be blamed for what is refused."""
    both = {**changes, **given}
    return {name: value for name, value in both.items() if changes.get(name, value) == value}


def need_values(spec: ModelSpec, names: Sequence[str], given: Mapping[str, Any]) -> None:
    """Refuses values among which a field that finds the record is empty."""
    for name in names:
        if given.get(name) is None:
            raise ValueRefused(
                f'{spec.name}: "{name}" must have a value to find the record by.',
                hint="Give it a value, or use Create.",
                field=name,
            )


def need_fields(spec: ModelSpec, names: Sequence[str], given: Collection[str]) -> None:
    """Refuses a row that lacks a field that finds the record."""
    for name in names:
        if name not in given:
            raise ValueRefused(
                f'{spec.name} needs "{name}", which is not given.',
                hint="It finds the record to update.",
                field=name,
            )
