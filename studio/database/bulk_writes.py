"""How are many records written? The write path of bulk nodes: one transaction, exact counts, the row that is at fault.

What a batch is and how rows come in says `bulk`; how a batch reaches the driver fast say the dialects' own modules; what a recorder is told
of it says `images`.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from studio.database import statements as st
from studio.database.bulk import BulkJob, BulkOutcome, Data, Mode, Progress, Wish, batches, runs, shape_of
from studio.database.images import MOST_IMAGES, Images
from studio.database.list_cache import writes
from studio.database.pipelines import OtherFields
from studio.database.results import BulkResult, Record
from studio.database.writes import Writes, need_fields, utc_now
from studio.kernel.errors import DatabaseError, ForeignKeyViolated, ValueRefused
from studio.models.refusals import need_one_key, shorten
from studio.models.spec import MOST_ROWS, ModelSpec

if TYPE_CHECKING:
    from studio.database.plans import ModelPlans
    from studio.query.filters import Filter

Conflict = Literal["error", "skip", "upsert"]

_MOST_WIDE_KEYS = 500
"""Of keys made of several fields, how many are deleted by a statement."""


class BulkWrites(Writes):
    most_images: int = MOST_IMAGES

    @writes("create", "update")
    async def bulk_create(
        self,
        spec: ModelSpec,
        rows: Data,
        *,
        conflict: Conflict = "error",
        conflict_on: Sequence[str] | str | None = None,
        batch_size: int = 5000,
        return_ids: bool = False,
        progress: Progress | None = None,
    ) -> BulkResult:
        """Creates a record for each row, or none at all.

        Args:
            spec: the model.
            rows: see `bulk`.
            conflict: what to do with a row whose unique value exists: refuse everything, skip it, or update the record. A row without any
                unique value meets no record, so it is created.
            conflict_on: for `upsert` and `skip`, the unique fields that find the record.
            batch_size: rows held at a time when `rows` is not a list.
            return_ids: whether `ids` are wanted, in the order of the rows.
            progress: see `bulk.Progress`.

        Raises:
            ValueRefused, DuplicateKey, …: `row` is the number of the row at fault, from 1; nothing has been written.
        """
        merge: Wish = "upsert" if conflict_on else "merge"
        modes: Mapping[str, Wish] = {"error": "insert", "skip": "skip", "upsert": merge}
        if conflict not in modes:
            raise ValueRefused(
                f'"conflict_resolution" is {shorten(conflict)}.',
                hint="Known: error, skip, upsert.",
                field="conflict_resolution",
            )
        return await self.bulk_rows(
            spec, rows, modes[conflict], conflict_on, batch_size, return_ids, progress
        )

    @writes("create", "update")
    async def bulk_upsert(
        self,
        spec: ModelSpec,
        rows: Data,
        *,
        conflict_on: Sequence[str] | str | None = None,
        conflict: Literal["update", "skip"] = "update",
        batch_size: int = 5000,
        return_ids: bool = False,
        progress: Progress | None = None,
    ) -> BulkResult:
        """Updates the record of each row that exists, found by `conflict_on`, and creates the others; or skips those that exist."""
        modes: Mapping[str, Wish] = {"skip": "skip", "update": "upsert"}
        if conflict not in modes:
            raise ValueRefused(
                f'"conflict_resolution" is {shorten(conflict)}.',
                hint="Known: update, skip.",
                field="conflict_resolution",
            )
        return await self.bulk_rows(
            spec, rows, modes[conflict], conflict_on, batch_size, return_ids, progress
        )

    @writes("update")
    async def bulk_update_rows(
        self, spec: ModelSpec, rows: Data, *, batch_size: int = 5000, progress: Progress | None = None
    ) -> BulkResult:
        """Changes the record of each row, found by its key, to the other values of the row. A key without a record changes nothing."""
        if not spec.key:
            raise ValueRefused(
                f"{spec.name} has no key, so its records cannot be told apart.",
                hint="Use a filter and an update.",
            )
        return await self.bulk_rows(spec, rows, "update", spec.key, batch_size, False, progress)

    @writes("update")
    async def bulk_update(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any] | None,
        changes: Mapping[str, Any],
        *,
        limit: int | None = None,
    ) -> BulkResult:
        """Changes every record that matches, or the first `limit` of them in the order of the key."""
        plans = self._plans(spec)
        if plans.care is not None and not self.is_careful:
            return await self._carefully().bulk_update(spec, filter, changes, limit=limit)
        parsed = plans.parsed(filter)
        parsed_changes = st.parse_changes(plans, changes)
        self._check_limit(spec, limit)
        ready = st.update_many(plans, parsed, parsed_changes, utc_now(), limit)
        images = self._images()
        try:
            if images is None:
                changed = await self._session.change(ready.plan.sql, ready.arguments)
            else:
                async with self._session.atomic() as session:
                    before = await images.found_by(session, plans, parsed, limit)
                    changed = await session.change(ready.plan.sql, ready.arguments)
                    after = await images.again(session, plans, before)
                images.tell(plans, "update", before, after, changed)
        except DatabaseError as error:
            raise await self._located(self._session, plans, error, changes, parsed) from error.__cause__
        return BulkResult(matched=changed, updated=changed)

    @writes("delete")
    async def bulk_delete(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any] | None = None,
        *,
        ids: Sequence[Any] | None = None,
        limit: int | None = None,
    ) -> int:
        """Deletes every record that matches the filter or has one of the keys; says how many there were."""
        plans = self._plans(spec)
        if plans.care is not None and not self.is_careful:
            return await self._carefully().bulk_delete(spec, filter, ids=ids, limit=limit)
        self._check_limit(spec, limit)
        filters = [filter] if ids is None else list(self._key_filters(spec, ids, filter))
        deleted = 0
        parsed: Filter | None = None
        images = self._images()
        try:
            async with self._session.atomic() as session:
                for part in filters:
                    parsed = plans.parsed(part)
                    left = None if limit is None else limit - deleted
                    before: list[Record] = []
                    if images is not None:
                        before = await images.found_by(session, plans, parsed, left)
                    is_soft = plans.care is not None and plans.care.is_soft
                    ready = (
                        st.update_many(plans, parsed, None, utc_now(), left)
                        if is_soft
                        else st.delete_many(plans, parsed, left)
                    )
                    number = await session.change(ready.plan.sql, ready.arguments)
                    if images is not None:
                        images.tell(plans, "delete", before, {}, number)
                    deleted += number
        except DatabaseError as error:
            error.context["referenced"] = True
            # Of the first so many records nobody knows afterwards which they were.
            found = parsed if limit is None else None
            raise await self._located(self._session, plans, error, {}, found) from error.__cause__
        return deleted

    # -------------------------------------------------------------- rows

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
        if return_ids:
            need_one_key(spec)
        plans = self._plans(spec)
        if plans.care is not None and not self.is_careful:
            return await self._carefully().bulk_rows(
                spec, rows, mode, conflict_on, batch_size, return_ids, progress
            )
        result = BulkResult()
        total = len(rows) if isinstance(rows, list | tuple) else None
        done = 0

        def report(more: int) -> None:
            nonlocal done
            done += more
            if progress is not None:
                progress(done, total)

        shape = shape_of(plans, mode, finds=bool(conflict_on))
        now = plans.moment(utc_now())
        first_row = 1
        stream: AsyncIterator[Sequence[Any]] = batches(rows, batch_size)
        first = await anext(stream, None)
        if first is None:
            return result
        highest: Any = None
        images = self._images()
        async with self._session.atomic() as session:
            batch: Sequence[Any] | None = first
            while batch is not None:
                # Where a batch can be taken back it is taken to be of one shape, until a row proves otherwise.
                is_trial = plans.dialect.undoes_batches and mode in ("upsert", "update")
                parts = [(0, batch)] if is_trial else runs(batch, shape)
                while parts:
                    start, run = parts.pop(0)
                    # Images of the first rows are enough, so that the others go the fast way.
                    shows = images is not None and done < images.most
                    job = self._job(plans, mode, conflict_on, run[0], first_row + start, exact=is_trial)
                    job.now, job.done = now, report
                    job.return_ids = return_ids or (shows and job.mode in ("insert", "skip"))
                    before = await images.before(session, job, run) if images is not None and shows else {}
                    try:
                        outcome = await session.bulk(job, run)
                    except OtherFields:
                        parts, is_trial = runs(batch, shape), False
                        continue
                    except ForeignKeyViolated as error:
                        row = run[error.row - job.first_row] if error.row is not None else {}
                        raise await self._located(session, plans, error, row) from error.__cause__
                    if images is not None:
                        await images.tell_rows(session, job, run, outcome, before, shows=shows)
                    _add(result, outcome, job.mode, return_ids)
                    if plans.generated in job.columns and mode != "update":
                        highest = max(highest or 0, *(row[plans.generated] for row in run))
                first_row += len(batch)
                batch = await anext(stream, None)
            if highest is not None:
                advance = plans.dialect.advance(spec, plans.generated or "")
                if advance is not None:
                    await session.read(advance, (highest,))
        return result

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
        """The job for rows that look like `row`. A row that is no mapping is left to the pipeline, which refuses it.

        With `exact`, a row with other fields raises OtherFields.
        """
        spec = plans.spec
        given = tuple(row) if isinstance(row, Mapping) else ()
        mode, conflict_on = settled(plans, wish, conflict_on, row)
        if plans.generated in given and row[plans.generated] is None and mode != "update":
            given = tuple(name for name in given if name != plans.generated)
        if mode == "update":
            return self._update_job(plans, given, first_row, exact=exact)
        conflict: tuple[str, ...] = ()
        if mode == "upsert" or conflict_on:
            try:
                plans.check_settable(given)
                conflict = plans.conflict_fields(conflict_on, given)
                need_fields(spec, conflict, given)
            except ValueRefused as error:
                raise error.at(row=first_row) from None
        plan = plans.insert_plan(given)
        changed = tuple(name for name in plan.columns if name in given and name not in conflict)
        if plans.managed_update is not None:
            changed += (plans.managed_update.name,)
        return BulkJob(
            plans=plans,
            mode=mode,
            columns=plan.columns,
            pipeline=plan.pipelines.pipeline(given, exact=exact),
            ended=functools.partial(plan.pipelines.ended, given, exact=exact),
            now=None,
            conflict=conflict,
            changed=changed,
            first_row=first_row,
        )

    def _update_job(
        self, plans: ModelPlans, given: tuple[str, ...], first_row: int, *, exact: bool
    ) -> BulkJob:
        spec = plans.spec
        changed = tuple(
            field.name for field in spec.fields if field.name in given and field.name not in spec.key
        )
        try:
            need_fields(spec, spec.key, given)
            plans.check_settable(name for name in given if name not in spec.key and name not in changed)
        except ValueRefused as error:
            raise error.at(row=first_row) from None
        if not changed:
            raise changes_nothing(spec).at(row=first_row)
        stamp = plans.managed_update.name if plans.managed_update is not None else ""
        columns = plans.dialect.update_columns(spec.key, changed, stamp)
        pipelines = plans.update_pipelines(columns)
        return BulkJob(
            plans=plans,
            mode="update",
            columns=columns,
            pipeline=pipelines.pipeline(given, exact=exact),
            ended=functools.partial(pipelines.ended, given, exact=exact),
            now=None,
            conflict=spec.key,
            changed=changed,
            first_row=first_row,
        )

    def _images(self) -> Images | None:
        """Of a write that is beginning; None when nobody is told of it."""
        return None if self._recorder is None else Images(self._recorder, self.most_images)

    # -------------------------------------------------------------- checks

    def _check_limit(self, spec: ModelSpec, limit: Any) -> None:
        if limit is None:
            return
        if isinstance(limit, bool) or not isinstance(limit, int) or not 0 <= limit <= MOST_ROWS:
            raise ValueRefused(
                f'"limit" is a whole number from 0 to {MOST_ROWS:,}, not {shorten(limit)}.',
                hint="Mend it.",
                field="limit",
            )
        if not spec.key:
            raise ValueRefused(
                f"{spec.name} has no key, so its first records cannot be told.",
                hint="Leave the limit out.",
                field="limit",
            )

    def _key_filters(
        self, spec: ModelSpec, ids: Any, filter: Mapping[str, Any] | None
    ) -> list[Mapping[str, Any]]:
        if filter:
            raise ValueRefused(
                f"{spec.name}: give a filter or ids, not both.",
                hint="Put the ids into the filter.",
                field="ids",
            )
        if not spec.key:
            raise ValueRefused(f"{spec.name} has no key.", hint="Use a filter.", field="ids")
        if isinstance(ids, str | bytes) or not isinstance(ids, Sequence):
            raise ValueRefused(
                f'"ids" is a list of keys, not {shorten(ids)}.',
                hint="Put a single key into a list.",
                field="ids",
            )
        size = self._plans(spec).dialect.most_keys if len(spec.key) == 1 else _MOST_WIDE_KEYS
        parts = [ids[start : start + size] for start in range(0, len(ids), size)]
        if len(spec.key) == 1:
            return [{spec.key[0]: {"$in": list(part)}} for part in parts]
        return [{"$or": [{name: key[name] for name in spec.key} for key in part]} for part in parts]


def changes_nothing(spec: ModelSpec) -> ValueRefused:
    """The refusal of a row that gives its key only."""
    return ValueRefused(f"{spec.name}: the row changes nothing.", hint="Give a field beside the key.")


def settled(
    plans: ModelPlans, wish: Wish, conflict_on: Sequence[str] | str | None, row: Any
) -> tuple[Mode, Sequence[str] | str | None]:
    """How rows that look like `row` are written, and by which fields their records are found."""
    if wish != "merge":
        return wish, conflict_on
    given = row.items() if isinstance(row, Mapping) else ()
    known_by = plans.known_by(name for name, value in given if value is not None)
    return ("upsert", known_by) if known_by else ("insert", None)


def _add(result: BulkResult, outcome: BulkOutcome, mode: Mode, return_ids: bool) -> None:
    result.created += outcome.created
    result.updated += outcome.updated
    result.skipped += outcome.skipped
    if mode == "update":
        result.matched += outcome.updated
    if return_ids:
        result.ids.extend(outcome.ids)
