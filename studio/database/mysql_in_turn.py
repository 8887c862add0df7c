"""How are rows written to MariaDB one after another? As slowly as that is, and exactly: where a batch is not clear to the quick ways."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from studio.database.bulk import BulkOutcome, in_row
from studio.database.errors import OF_A_ROW
from studio.kernel.errors import BadValue, DatabaseError

if TYPE_CHECKING:
    from studio.database.mysql_bulk import Batch

FAULTS: Final = (*OF_A_ROW, BadValue)
"""What a row can be refused with."""

Tuple = tuple[Any, ...]


class InTurn:
    """The rows of a batch, each by statements of its own."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._job = batch.job

    async def write(self) -> BulkOutcome:
        """Raises the error of the first row that is refused."""
        outcome = BulkOutcome()
        job = self._job
        for place, row in enumerate(self._batch.tuples):
            try:
                await self._one(place, row, outcome)
            except DatabaseError as error:
                raise in_row(error, job, place, self._batch.rows[place]) from error.__cause__
        self._batch.report_all()
        return outcome

    async def _one(self, place: int, row: Tuple, outcome: BulkOutcome) -> None:
        job = self._job
        if job.mode != "skip" and await self._change_one(row):
            outcome.updated += 1
            if job.return_ids:
                outcome.ids.append(await self._key_of(row))
            return
        if job.mode == "update":
            return
        try:
            ids = await self._batch.insert([place], reports=False)
        except FAULTS:
            if job.mode != "skip" or not await self._is_met(row):
                raise
            outcome.skipped += 1
            ids = [None]
        else:
            outcome.created += 1
        if job.return_ids:
            outcome.ids += ids

    async def _change_one(self, row: Tuple) -> bool:
        job, columns = self._job, self._job.columns
        changed = [name for name in job.changed if name in columns] or list(job.conflict[:1])
        sets = [f"{self._batch.column(name)} = ?" for name in changed]
        arguments = [row[columns.index(name)] for name in changed]
        stamp = self._batch.plans.managed_update if job.mode == "update" else None
        if stamp is not None:
            sets.append(f"{self._batch.column(stamp.name)} = ?")
            arguments.append(job.now)
        sets += self._batch.counted("")
        on = " AND ".join(f"{self._batch.column(name)} = ?" for name in job.conflict)
        arguments += [row[columns.index(name)] for name in job.conflict]
        done = await self._batch.session.execute(
            f"UPDATE {self._batch.table} SET {', '.join(sets)} WHERE {on}", arguments
        )
        return bool(done.affected_rows)

    async def _is_met(self, row: Tuple) -> bool:
        """Whether there is a record already that a row to be skipped means."""
        columns = self._job.columns
        for fields in self._batch.skipped_by():
            given = [row[columns.index(name)] for name in fields]
            if None not in given and await self._key_of(row, fields) is not None:
                return True
        return False

    async def _key_of(self, row: Tuple, fields: Sequence[str] = ()) -> Any:
        """The key of the record that a row's values in these fields find, by default those that tell of a conflict; None without one."""
        job = self._job
        fields = fields or job.conflict or self._batch.spec.key
        column = self._batch.column(self._batch.spec.key[0]) if len(self._batch.spec.key) == 1 else "1"
        on = " AND ".join(f"{self._batch.column(name)} = ?" for name in fields)
        arguments = [row[job.columns.index(name)] for name in fields]
        found = (
            await self._batch.session.execute(
                f"SELECT {column} FROM {self._batch.table} WHERE {on}", arguments
            )
        ).rows
        if not found:
            return None
        reader = self._batch.plans.reader(self._batch.spec.key[0]) if len(self._batch.spec.key) == 1 else None
        return found[0][0] if reader is None else reader(found[0][0])
