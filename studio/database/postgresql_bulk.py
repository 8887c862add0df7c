"""How do many rows reach PostgreSQL fast? One COPY fed by the pipeline; where COPY cannot say it, through a staging table.

    insert            COPY into the table itself; generated ids that are wanted back are drawn from the sequence first
    skip, upsert      rows to a staging place, then one INSERT … SELECT … ON CONFLICT
    update by key     rows to a staging place, then one UPDATE … FROM
    row-level security refuses COPY: then an insert goes through the staging place too

The staging place, and how rows get there or into the table, is `postgresql_stage`.

All of it, the search for the row at fault (`postgresql_faults`) too, happens inside a savepoint, so the transaction lives on.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import asyncpg

from studio.database import postgresql_errors
from studio.database.bulk import BulkJob, BulkOutcome, Converted, in_row, nothing_to_find_by
from studio.database.postgresql_copy import CopyColumn
from studio.database.postgresql_faults import find_fault, name_too_wide
from studio.database.postgresql_stage import ORDER, Keyed, Stage, noted
from studio.kernel.errors import DatabaseError, StudioError, ValueRefused

if TYPE_CHECKING:
    from studio.database.postgresql_sessions import PostgresqlTransaction


async def write_batch(session: PostgresqlTransaction, job: BulkJob, rows: Sequence[Any]) -> BulkOutcome:
    """Writes a batch; raises the typed error of the row at fault, leaving nothing of the batch behind."""
    batch = Batch(session, job, rows)
    async with _savepoint(session):
        ids = await batch.drawn_ids()
        counted = Converted(rows, job, ids)
        try:
            async with _savepoint(session):
                return await batch.write(counted, ids)
        except ValueRefused as error:
            raise in_row(error, job, counted.place, None) from None
        except postgresql_errors.DRIVER_ERRORS as error:
            translated = session.engine.translated(error)
            if not isinstance(translated, DatabaseError):
                raise
            place = await find_fault(batch, translated, error, counted, ids)
            if place is None:
                raise translated from error
            if isinstance(error, OverflowError):
                name_too_wide(batch, translated, place)
            raise in_row(translated, job, place, rows[place]) from error


@contextlib.asynccontextmanager
async def _savepoint(session: PostgresqlTransaction) -> AsyncIterator[None]:
    async with session.atomic():
        yield


class Batch:
    """Rows on their way into one table."""

    def __init__(self, session: PostgresqlTransaction, job: BulkJob, rows: Sequence[Any]) -> None:
        self.session = session
        self.connection: asyncpg.Connection[Any] = session.connection
        self.job = job
        self.rows = rows
        self.plans = job.plans
        self.spec = job.plans.spec.stored
        self.stage = Stage(session.connection, job)
        self.table = job.plans.dialect.sqlalchemy.identifier_preparer.format_table(job.plans.table)

    # -------------------------------------------------------------- the ways

    async def drawn_ids(self) -> list[int] | None:
        """Ids for all rows out of the sequence, in the order of the rows; None when the rows have theirs or nobody wants them."""
        job, generated = self.job, self.plans.generated
        if not job.return_ids or job.mode == "update" or generated is None or generated in job.columns:
            return None
        column = self.spec.by_name[generated].column
        records = await self.connection.fetch(
            "SELECT nextval(pg_get_serial_sequence($1, $2)) FROM generate_series(1, $3::bigint)",
            self.table, column, len(self.rows),
        )  # fmt: skip
        return [record[0] for record in records]

    def fields(self, ids: Sequence[Any] | None) -> tuple[str, ...]:
        generated = self.plans.generated
        return self.job.columns if ids is None or generated is None else (generated, *self.job.columns)

    async def write(self, rows: Converted, ids: Sequence[Any] | None) -> BulkOutcome:
        names = self.fields(ids)
        if self.job.mode == "update":
            return await self._update(rows, names)
        if self.job.mode == "insert":
            return await self._insert(rows, names, ids)
        return await self._resolve(rows, names, ids)

    async def _insert(
        self, rows: Converted, names: tuple[str, ...], ids: Sequence[Any] | None
    ) -> BulkOutcome:
        job, key_at = self.job, self._key_place(names)
        keys: list[Any] = []
        wants_keys = job.return_ids and ids is None and key_at is not None
        keyed = Keyed((key_at,), keys.append) if wants_keys and key_at is not None else None
        if await self._is_secured():
            records = list(noted(rows.tuples(job.done), keyed))
            await self.stage.put(records, names, is_ordered=True)
            await self._insert_staged(names, "", is_ordered=True)
        else:
            columns = [CopyColumn.of(self.spec.by_name[name]) for name in names]
            await self.stage.copy_given(self.spec.table, columns, rows, self.spec.schema, keyed, job.done)
        return BulkOutcome(created=len(self.rows), ids=list(ids) if ids is not None else keys)

    async def _resolve(
        self, rows: Converted, names: tuple[str, ...], ids: Sequence[Any] | None
    ) -> BulkOutcome:
        """Skip or upsert. Rows of one batch that mean the same record: the first creates it, the last says what it holds."""
        job = self.job
        find = tuple(names.index(name) for name in job.conflict)
        # The order of the rows is that of the keys which the database makes, and tells which of several twins is kept.
        is_ordered = job.mode == "skip" or self.plans.generated not in (None, *names) or bool(job.rivals())
        clause = self._conflict_clause()
        count = len(self.rows)
        outcome = BulkOutcome()
        if not (job.return_ids or is_ordered) and await self.stage.put_apart(rows, names, find):
            self._check_found_by(rows)
            outcome.created = await self._insert_staged(names, clause, is_ordered=False)
        else:
            tuples = list(rows)
            if job.mode == "upsert":
                self._check_found_by(rows)
            for asked, part in self._parts(tuples, names, find):
                await self.stage.put(part, names, is_ordered=job.return_ids or is_ordered)
                if job.return_ids:
                    returned = await self._returned_from_stage(names, clause)
                    outcome.created += sum(1 for record in returned if record[-1])
                    outcome.ids += self._ids_of(asked, returned, names, find)
                else:
                    outcome.created += await self._insert_staged(names, clause, is_ordered=is_ordered)
        if job.mode == "upsert":
            outcome.updated = count - outcome.created
        else:
            outcome.skipped = count - outcome.created
        self._report(count)
        return outcome

    async def _update(self, rows: Converted, names: tuple[str, ...]) -> BulkOutcome:
        job = self.job
        find = tuple(names.index(name) for name in job.conflict)
        if job.rivals():
            return await self._update_in_turn(list(rows), names, find)
        has_twins = not await self.stage.put_apart(rows, names, find)
        written: list[tuple[Any, ...]] = []
        if has_twins:
            written = list(rows)
            if not job.last_says_all():
                return await self._update_in_turn(written, names, find)
            await self.stage.put(written, names, is_ordered=True)
        source, arguments = self.stage.source, self.stage.arguments
        on = " AND ".join(
            f"t.{self.stage.column(name)} = s.{self.stage.column(name)}" for name in job.conflict
        )
        sets = [f"{self.stage.column(name)} = s.{self.stage.column(name)}" for name in job.changed]
        stamp = self.plans.managed_update
        if stamp is not None:
            arguments.append(job.now)
            sets.append(f"{self.stage.column(stamp.name)} = ${len(arguments)}")
        sets += self._counted("t.")
        if has_twins:
            # The last row of a record counts, as it would if they were written one after another.
            by = ", ".join(self.stage.column(name) for name in job.conflict)
            source = f"(SELECT DISTINCT ON ({by}) * FROM {source} ORDER BY {by}, {ORDER} DESC) AS s"
        sql = f"UPDATE {self.table} AS t SET {', '.join(sets)} FROM {source} WHERE {on}"
        if has_twins:
            returning = ", ".join(f"t.{self.stage.column(name)}" for name in job.conflict)
            found = {
                tuple(record)
                for record in await self.connection.fetch(f"{sql} RETURNING {returning}", *arguments)
            }
            updated = sum(1 for row in written if tuple(row[at] for at in find) in found)
        else:
            updated = int((await self.connection.execute(sql, *arguments)).rpartition(" ")[2])
        await self.stage.drop()
        self._report(len(self.rows))
        return BulkOutcome(updated=updated)

    async def _update_in_turn(
        self, rows: list[tuple[Any, ...]], names: tuple[str, ...], find: Sequence[int]
    ) -> BulkOutcome:
        """A statement for each row, in their order, in one conversation: where rows may be in one another's way.

        Its key is not what a row changes, so the records that there are can be counted beforehand.
        """
        job = self.job
        sought = list(dict.fromkeys(tuple([row[at] for at in find]) for row in rows))
        await self.stage.put(sought, job.conflict, is_ordered=False)
        own = ", ".join(f"t.{self.stage.column(name)}" for name in job.conflict)
        on = " AND ".join(
            f"t.{self.stage.column(name)} = s.{self.stage.column(name)}" for name in job.conflict
        )
        there = await self.connection.fetch(
            f"SELECT {own} FROM {self.table} AS t JOIN {self.stage.source} ON {on} FOR UPDATE OF t",
            *self.stage.arguments,
        )
        await self.stage.drop()
        found = {tuple(record) for record in there}
        typed = {
            name: f"${place}::{self.stage.type_of(self.spec.by_name[name])}"
            for place, name in enumerate(names, 1)
        }
        sets = [f"{self.stage.column(name)} = {typed[name]}" for name in job.changed]
        stamp = self.plans.managed_update
        if stamp is not None:
            sets.append(f"{self.stage.column(stamp.name)} = ${len(names) + 1}")
            rows = [(*row, job.now) for row in rows]
        sets += self._counted("")
        where = " AND ".join(f"{self.stage.column(name)} = {typed[name]}" for name in job.conflict)
        await self.connection.executemany(f"UPDATE {self.table} SET {', '.join(sets)} WHERE {where}", rows)
        self._report(len(rows))
        return BulkOutcome(updated=sum(1 for row in rows if tuple([row[at] for at in find]) in found))

    # -------------------------------------------------------------- staging

    async def _insert_staged(self, names: tuple[str, ...], conflict: str, *, is_ordered: bool) -> int:
        """INSERT … SELECT from the staging place; how many of the records are new."""
        statement = self._from_stage(names, conflict, is_ordered=is_ordered)
        if self.job.mode == "upsert":
            counted = f"WITH written AS ({statement} RETURNING t.xmax = 0 AS is_new) SELECT count(*) FILTER (WHERE is_new) FROM written"
            created = int(await self.connection.fetchval(counted, *self.stage.arguments))
        else:
            created = int(
                (await self.connection.execute(statement, *self.stage.arguments)).rpartition(" ")[2]
            )
        await self.stage.drop()
        return created

    async def _returned_from_stage(self, names: tuple[str, ...], conflict: str) -> Sequence[Any]:
        """The same; key and conflict fields of what was written, and whether it is new."""
        statement = self._from_stage(names, conflict, is_ordered=True)
        returning = "".join(f"{self.stage.column(name)}, " for name in (*self.spec.key, *self.job.conflict))
        records: Sequence[Any] = await self.connection.fetch(
            f"{statement} RETURNING {returning}(t.xmax = 0)", *self.stage.arguments
        )
        await self.stage.drop()
        return records

    def _from_stage(self, names: tuple[str, ...], conflict: str, *, is_ordered: bool) -> str:
        columns = ", ".join(self.stage.column(name) for name in names)
        chosen = ", ".join(f"s.{self.stage.column(name)}" for name in names)
        order = f"ORDER BY s.{ORDER} " if is_ordered else ""
        return f"INSERT INTO {self.table} AS t ({columns}) OVERRIDING SYSTEM VALUE SELECT {chosen} FROM {self.stage.source} {order}{conflict}"

    def _conflict_clause(self) -> str:
        job = self.job
        target = f" ({', '.join(self.stage.column(name) for name in job.conflict)})" if job.conflict else ""
        if job.mode == "skip":
            return f"ON CONFLICT{target} DO NOTHING"
        changed = job.changed or job.conflict[:1]
        sets = [f"{self.stage.column(name)} = excluded.{self.stage.column(name)}" for name in changed]
        return f"ON CONFLICT{target} DO UPDATE SET {', '.join([*sets, *self._counted('t.')])}"

    def _counted(self, table: str) -> list[str]:
        """What counts a record's change, as an assignment."""
        if self.job.version is None:
            return []
        column = self.stage.column(self.job.version)
        return [f"{column} = {table}{column} + 1"]

    def _parts(
        self, rows: list[tuple[Any, ...]], names: tuple[str, ...], find: Sequence[int]
    ) -> list[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
        """The rows in parts, each with what of it is written by one statement, which PostgreSQL refuses to let change a record twice."""
        if self.job.mode == "skip":  # ON CONFLICT DO NOTHING minds no twins
            return [(part, part) for part in self._told_apart(rows, names)]
        if len(find) == 1:
            (at,) = find
            last: dict[Any, tuple[Any, ...]] = {row[at]: row for row in rows}
        else:
            last = {tuple([row[at] for at in find]): row for row in rows}
        if len(last) == len(rows):
            return [(rows, rows)]
        if self.job.last_says_all():
            return [(rows, list(last.values()))]
        return [(part, part) for part in _without_twins(rows, find)]

    def _told_apart(self, rows: list[tuple[Any, ...]], names: tuple[str, ...]) -> list[list[tuple[Any, ...]]]:
        """The rows in parts within which the key says which of them was written.

        Of rows with one key the first is, unless another unique value has it skipped: then it may be any.
        """
        at = self._key_place(names)
        is_clear = self.job.conflict == self.spec.key or len(self.spec.unique_sets()) < 2
        if not self.job.return_ids or at is None or is_clear:
            return [rows]
        return _without_twins(rows, [at])

    def _ids_of(
        self,
        rows: list[tuple[Any, ...]],
        returned: Sequence[Any],
        names: tuple[str, ...],
        find: Sequence[int],
    ) -> list[Any]:
        """The key of each row's record, None for a skipped one."""
        if len(self.spec.key) != 1:
            return []
        key_at = self._key_place(names)
        reader = self.plans.reader(self.spec.key[0])
        if self.job.mode == "skip":
            written = {record[0] for record in returned}
            taken = [row[key_at] if key_at is not None else None for row in rows]
            found = []
            for key in taken:
                is_written = key is not None and key in written
                written.discard(key)
                found.append(key if is_written else None)
        else:
            by_conflict = {tuple(record)[1:-1]: record[0] for record in returned}
            found = [by_conflict.get(tuple(row[at] for at in find)) for row in rows]
        return found if reader is None else [None if key is None else reader(key) for key in found]

    # -------------------------------------------------------------- trials

    def part(self, count: int) -> Batch:
        """The same with the first rows only."""
        return Batch(self.session, self.job, self.rows[:count])

    async def is_refused(self, ids: Sequence[Any] | None) -> bool:
        """Whether the rows are refused; nothing of the trial stays."""
        told, self.job.done = self.job.done, None
        try:
            async with _savepoint(self.session):
                await self.write(Converted(self.rows, self.job, ids), ids)
                raise _Undo  # noqa: TRY301 - the savepoint undoes what raises through it
        except _Undo:
            return False
        except (*postgresql_errors.DRIVER_ERRORS, StudioError):
            return True
        finally:
            self.job.done = told

    # -------------------------------------------------------------- small things

    async def _is_secured(self) -> bool:
        known = self.session.engine.under_row_security
        if self.table not in known:
            known[self.table] = bool(
                await self.connection.fetchval("SELECT row_security_active($1::text)", self.table)
            )
        return known[self.table]

    def _check_found_by(self, rows: Converted) -> None:
        for name in self.job.conflict:
            if None not in [row[name] for row in self.rows]:
                continue
            rows.go_to(next(place for place, row in enumerate(self.rows) if row[name] is None))
            raise nothing_to_find_by(self.job, name)

    def _key_place(self, names: Sequence[str]) -> int | None:
        key = self.spec.key
        return names.index(key[0]) if len(key) == 1 and key[0] in names else None

    def _report(self, count: int) -> None:
        if self.job.done is not None and count:
            self.job.done(count)


class _Undo(Exception):
    """Ends a trial."""


def _without_twins(rows: list[tuple[Any, ...]], find: Sequence[int]) -> list[list[tuple[Any, ...]]]:
    """The rows in consecutive parts none of which holds the values at the places `find` twice."""
    parts: list[list[tuple[Any, ...]]] = [[]]
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        sought = tuple([row[at] for at in find])
        if sought in seen:
            parts.append([])
            seen.clear()
        seen.add(sought)
        parts[-1].append(row)
    return parts
