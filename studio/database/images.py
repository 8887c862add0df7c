"""What is a recorder told of a bulk write? The first records as they were and as they are, and the number of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from studio.database import statements as st
from studio.kernel.errors import FilterError, ValueRefused

if TYPE_CHECKING:
    from studio.database.bulk import BulkJob, BulkOutcome
    from studio.database.dialect import Session
    from studio.database.plans import ModelPlans
    from studio.database.results import Record, Recorder
    from studio.query.filters import Filter

MOST_IMAGES: Final = 1000
"""Changed records per bulk write that a recorder is shown; of the rest it is told the number."""
_TOGETHER: Final = 500
"""Records that are looked up by one statement."""


class Images:
    """Takes the images of one write within its transaction, `most` of them, and hands them on."""

    def __init__(self, recorder: Recorder, most: int) -> None:
        self._recorder = recorder
        self.most = most

    # -------------------------------------------------------------- of what a filter finds

    async def found_by(
        self, session: Session, plans: ModelPlans, filter: Filter, limit: int | None
    ) -> list[Record]:
        """The first records that match, kept from others' changes."""
        most = self.most if limit is None else min(limit, self.most)
        ready = st.select(plans, filter, most=most, lock=plans.dialect.name != "sqlite", ordered=True)
        rows = await session.read(ready.plan.sql, ready.arguments)
        return [ready.plan.make(row) for row in rows]

    async def again(
        self, session: Session, plans: ModelPlans, records: Sequence[Record]
    ) -> dict[Any, Record]:
        """The same records as they are now, by key."""
        if not records or not plans.spec.key:
            return {}
        return await _by_fields(session, plans, plans.spec.key, records)

    def tell(
        self,
        plans: ModelPlans,
        operation: str,
        before: Sequence[Record],
        after: Mapping[Any, Record],
        number: int,
    ) -> None:
        """Tells `number` changes, those of which there are images one by one."""
        for record in before[:number]:
            key = tuple(record.get(name) for name in plans.spec.key)
            self._recorder.record(operation, plans.spec, plans.key_values(record), record, after.get(key))
        if number > len(before):
            self._recorder.beyond(operation, plans.spec, number - len(before))

    # -------------------------------------------------------------- of rows

    async def before(self, session: Session, job: BulkJob, run: Sequence[Any]) -> dict[Any, Record]:
        """The records that the first rows are about to change, by the fields that find them."""
        if job.mode not in ("upsert", "update"):
            return {}
        try:
            return await self._meant(session, job, run)
        except (ValueRefused, FilterError):
            return {}  # a row names what could be no key: the write will refuse it, and say which one it is

    async def _meant(self, session: Session, job: BulkJob, run: Sequence[Any]) -> dict[Any, Record]:
        wanted = [row for row in run[: self.most] if _has_all(row, job.conflict)]
        return await _by_fields(session, job.plans, job.conflict, wanted)

    async def tell_rows(
        self,
        session: Session,
        job: BulkJob,
        run: Sequence[Any],
        outcome: BulkOutcome,
        before: Mapping[Any, Record],
        *,
        shows: bool,
    ) -> None:
        """`shows`: with images; otherwise the rows are only counted."""
        recorder, plans = self._recorder, job.plans
        told_created = told_updated = 0
        if shows and job.mode in ("upsert", "update"):
            for key, after in _as_given(await self._meant(session, job, run), job, run):
                old = before.get(key)
                operation = "create" if old is None else "update"
                recorder.record(operation, plans.spec, plans.key_values(old or after), old, after)
                told_updated += old is not None
                told_created += old is None
        elif shows and len(plans.spec.key) == 1:
            keys = [{plans.spec.key[0]: key} for key in outcome.ids[: self.most] if key is not None]
            for after in (await self.again(session, plans, keys)).values():
                recorder.record("create", plans.spec, plans.key_values(after), None, after)
                told_created += 1
        for operation, number in (
            ("create", outcome.created - told_created),
            ("update", outcome.updated - told_updated),
        ):
            if number > 0:
                recorder.beyond(operation, plans.spec, number)


async def _by_fields(
    session: Session, plans: ModelPlans, fields: tuple[str, ...], wanted: Sequence[Any]
) -> dict[Any, Record]:
    """The records that have the same values in these fields, by those values."""
    found: dict[Any, Record] = {}
    for start in range(0, len(wanted), _TOGETHER):
        ready = st.by_keys(plans, fields, list(wanted[start : start + _TOGETHER]))
        for row in await session.read(ready.plan.sql, ready.arguments):
            record = ready.plan.make(row)
            found[tuple(record[name] for name in fields)] = record
    return found


def _as_given(found: Mapping[Any, Record], job: BulkJob, run: Sequence[Any]) -> list[tuple[Any, Record]]:
    """The records in the order of the rows that mean them."""
    keys = (tuple(row[name] for name in job.conflict) for row in run if _has_all(row, job.conflict))
    places = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    return sorted(found.items(), key=lambda item: places.get(item[0], len(places)))


def _has_all(row: Any, names: Sequence[str]) -> bool:
    return isinstance(row, Mapping) and all(row.get(name) is not None for name in names)
