"""How do many rows reach SQLite fast? On the writer's thread, inside its transaction, one prepared statement fed by the pipeline.

Rows are converted and written one after another, so the row that SQLite refuses is the last one that was converted. Statements are
small enough for the thread to be asked to stop between them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from studio.database import sqlite_errors
from studio.database.bulk import BulkJob, BulkOutcome, Converted, in_row, nothing_to_find_by
from studio.database.plans import ModelPlans
from studio.kernel.errors import DiskFull, ValueRefused

ROWS_PER_CALL = 2000
"""About five milliseconds of work: how long a cancellation waits at most."""


def write_batch(
    connection: sqlite3.Connection, job: BulkJob, rows: Sequence[Any], offset: int, where: str
) -> BulkOutcome:
    """Writes some rows of a batch; `offset` is the place of the first one within it. Raises the typed error of the row at fault."""
    counted = Converted(rows, job)
    try:
        return _WAYS[job.mode](connection, job, counted)
    except ValueRefused as error:
        raise in_row(error, job, offset + counted.place, None) from None
    except (sqlite3.Error, OverflowError, UnicodeEncodeError) as error:
        if sqlite_errors.primary_code(error) in (sqlite_errors.BUSY, sqlite_errors.INTERRUPT):
            raise
        translated = sqlite_errors.translate(error, where=where)
        if translated is None:
            raise
        if isinstance(translated, DiskFull) and _are_keys_used_up(connection, job.plans):
            translated = sqlite_errors.keys_used_up(job.plans.spec.table, translated)
        raise in_row(translated, job, offset + counted.place, rows[counted.place]) from error


def _are_keys_used_up(connection: sqlite3.Connection, plans: ModelPlans) -> bool:
    if plans.generated is None:
        return False
    try:
        return bool(connection.execute(sqlite_errors.USED_UP, (plans.spec.table,)).fetchall())
    except sqlite3.Error:
        return False


def _insert(connection: sqlite3.Connection, job: BulkJob, rows: Converted) -> BulkOutcome:
    plans = job.plans
    sql = _sql(plans, ("insert", job.columns), lambda: plans.insert(job.columns))
    if not job.return_ids:
        connection.executemany(sql, rows)
        return BulkOutcome(created=len(rows.rows))
    key_at = _key_place(plans, job)
    if key_at is None:
        # The key is the row's number, which the driver knows without being asked.
        ids: list[Any] = [connection.execute(sql, row).lastrowid for row in rows]
    else:
        ids = []
        connection.executemany(sql, _noting(rows, key_at, ids))
        ids = _read_keys(plans, ids)
    return BulkOutcome(created=len(rows.rows), ids=ids)


def _skip(connection: sqlite3.Connection, job: BulkJob, rows: Converted) -> BulkOutcome:
    plans = job.plans
    elements = [plans.spec.by_name[name].column for name in job.conflict]

    def build() -> Any:
        return plans.insert(job.columns).on_conflict_do_nothing(index_elements=elements or None)

    sql = _sql(plans, ("skip", job.columns, job.conflict), build)
    key_at = _key_place(plans, job)
    outcome = BulkOutcome()
    for row in rows:
        cursor = connection.execute(sql, row)
        is_new = cursor.rowcount > 0
        outcome.created += is_new
        outcome.skipped += not is_new
        if job.return_ids:
            key = cursor.lastrowid if key_at is None else row[key_at]
            outcome.ids.append(key if is_new else None)
    if job.return_ids and key_at is not None:
        outcome.ids = _read_keys(plans, outcome.ids)
    return outcome


def _upsert(connection: sqlite3.Connection, job: BulkJob, rows: Converted) -> BulkOutcome:
    plans = job.plans
    insert = _sql(plans, ("insert", job.columns), lambda: plans.insert(job.columns))
    wants_ids = job.return_ids and len(plans.spec.key) == 1
    key_column = [plans.returned[plans.spec.names.index(plans.spec.key[0])]] if wants_ids else []
    update = _sql(
        plans, ("upsert", job.columns, job.conflict, job.changed, wants_ids),
        lambda: _update_statement(plans, job).returning(*key_column) if wants_ids else _update_statement(plans, job),
    )  # fmt: skip
    find = [job.columns.index(name) for name in job.conflict]
    values = [job.columns.index(name) for name in _overwritten(job)]
    order = values + find
    key_at = _key_place(plans, job)
    reader = plans.reader(plans.spec.key[0]) if wants_ids else None
    outcome = BulkOutcome()
    for row in rows:
        _check_found_by(job, rows)
        cursor = connection.execute(update, [row[place] for place in order])
        found = cursor.fetchall() if wants_ids else None
        if found or (not wants_ids and cursor.rowcount > 0):
            outcome.updated += 1
            key = found[0][0] if found else None
        else:
            cursor = connection.execute(insert, row)
            outcome.created += 1
            key = cursor.lastrowid if key_at is None else row[key_at]
        if job.return_ids:
            outcome.ids.append(reader(key) if reader is not None and key is not None else key)
    return outcome


def _update(connection: sqlite3.Connection, job: BulkJob, rows: Converted) -> BulkOutcome:
    plans = job.plans
    sql = _sql(plans, ("update-rows", job.columns), lambda: _update_statement(plans, job))
    return BulkOutcome(updated=connection.executemany(sql, rows).rowcount)


_WAYS: Mapping[str, Callable[[sqlite3.Connection, BulkJob, Converted], BulkOutcome]] = {
    "insert": _insert,
    "skip": _skip,
    "upsert": _upsert,
    "update": _update,
}


def _overwritten(job: BulkJob) -> tuple[str, ...]:
    """The fields of the row that an update sets; one at least, so that a statement can be made."""
    return job.changed or job.conflict[:1]


def _update_statement(plans: ModelPlans, job: BulkJob) -> Any:
    """Positional: first the values in the order they are set, then the fields that find the record."""
    stamp = plans.managed_update if job.mode == "update" else None
    names = [*_overwritten(job), *([stamp.name] if stamp is not None else [])]
    ordered: list[tuple[Any, Any]] = [
        (plans.column(name), sa.bindparam(f"a{place}")) for place, name in enumerate(names)
    ]
    if job.version is not None:
        ordered.append((plans.column(job.version), plans.column(job.version) + sa.literal_column("1")))
    statement = sa.update(plans.table).ordered_values(*ordered)
    for place, name in enumerate(job.conflict):
        statement = statement.where(plans.column(name) == sa.bindparam(f"k{place}"))
    return statement


def _check_found_by(job: BulkJob, rows: Converted) -> None:
    row = rows.rows[rows.place]
    for name in job.conflict:
        if row[name] is None:
            raise nothing_to_find_by(job, name)


def _sql(plans: ModelPlans, key: Any, build: Callable[[], Any]) -> str:
    return plans.plan(("bulk", *key), lambda: (build(), None)).sql


def _key_place(plans: ModelPlans, job: BulkJob) -> int | None:
    """Where a row holds its key; None when SQLite makes it."""
    key = plans.spec.key
    return job.columns.index(key[0]) if len(key) == 1 and key[0] in job.columns else None


def _noting(rows: Converted, place: int, ids: list[Any]) -> Iterator[tuple[Any, ...]]:
    for row in rows:
        ids.append(row[place])
        yield row


def _read_keys(plans: ModelPlans, keys: list[Any]) -> list[Any]:
    reader = plans.reader(plans.spec.key[0])
    return keys if reader is None else [None if key is None else reader(key) for key in keys]
