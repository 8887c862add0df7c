"""How does a program ask who changed what? The audit trail of one DataFlow: its entries, entries of a program's own, and their end.

The trail of models with `audit_log` is written with each change, by the write path; this only reads it, adds to it and shortens it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from studio.dataflow.instances import open_instances
from studio.kernel.behalf import TenantContext
from studio.kernel.errors import WorkflowError

if TYPE_CHECKING:
    from studio.dataflow.dataflow import DataFlow

Entries: TypeAlias = list[dict[str, Any]]


class AuditTrailManager:
    """The audit trail of a DataFlow. `db.audit` is one that keeps everything.

    Each method has a twin with an `a` before its name, to be awaited.

    Args:
        db: whose trail it is; without one, that of the only open instance.
        retention_days: after so many days entries are no longer shown, and go with the next one that is recorded; None: never.
    """

    def __init__(self, db: DataFlow | None = None, *, retention_days: int | None = None) -> None:
        if retention_days is not None and retention_days < 1:
            raise WorkflowError(
                f"retention_days is a whole number of at least 1, not {retention_days!r}.",
                hint="Leave it out to keep everything.",
            )
        self._db = db
        self._retention = None if retention_days is None else dt.timedelta(days=retention_days)

    def record_operation(
        self,
        operation_type: str,
        model_name: str,
        record_id: Any = None,
        changes: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Adds an entry of the program's own; `changes` are kept as what the record is `after`."""
        self._home().engine.run(
            self._record(operation_type, model_name, record_id, changes, user_id, metadata)
        )

    async def arecord_operation(
        self,
        operation_type: str,
        model_name: str,
        record_id: Any = None,
        changes: Mapping[str, Any] | None = None,
        user_id: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """The same, to be awaited."""
        await self._home().engine.call(
            self._record(operation_type, model_name, record_id, changes, user_id, metadata)
        )

    def get_audit_trail(self, **wanted: Any) -> Entries:
        """The entries that match, the latest first; those of the current tenant only, when there is one.

        Args:
            **wanted: `model_name`, `operation_type` ("create", "update", "delete" or a program's own), `record_id`, `user_id`,
                `run_id`; `start_date` and `end_date` (datetimes; naive ones are UTC; the end is not included); `limit` (100; None: all).

        Raises WorkflowError for anything else.
        """
        return self._home().engine.run(self._entries(**wanted))

    async def aget_audit_trail(self, **wanted: Any) -> Entries:
        """The same, to be awaited."""
        return await self._home().engine.call(self._entries(**wanted))

    def purge(self) -> int:
        """Deletes what is older than `retention_days`; says how many entries that were."""
        return self._home().engine.run(self._purge())

    async def apurge(self) -> int:
        """The same, to be awaited."""
        return await self._home().engine.call(self._purge())

    # -------------------------------------------------------------- on the engine

    async def _record(
        self,
        operation: str,
        model: str,
        key: Any,
        changes: Mapping[str, Any] | None,
        user: str | None,
        metadata: Mapping[str, Any] | None,
    ) -> None:
        from studio.database.audit import AUDIT_MODEL, audit_row

        home = self._home()
        after = None if changes is None else dict(changes)
        row = audit_row(operation, model, key=key, after=after, actor=user, metadata=metadata)
        await home.database.ensure([AUDIT_MODEL], create=home.config.creates_tables)
        async with home.database.transaction() as access:
            if self._retention is not None:
                await access.bulk_delete(AUDIT_MODEL, self._outdated())
            await access.create(AUDIT_MODEL, row)

    async def _entries(
        self,
        *,
        model_name: str | None = None,
        operation_type: str | None = None,
        record_id: Any = None,
        user_id: str | None = None,
        run_id: str | None = None,
        start_date: dt.datetime | None = None,
        end_date: dt.datetime | None = None,
        limit: int | None = 100,
    ) -> Entries:
        from studio.database import ListQuery
        from studio.database.audit import AUDIT_MODEL, record_key

        database = self._home().database
        if not await database.has_table(AUDIT_MODEL):
            return []
        equal = {
            "model_name": model_name,
            "operation_type": operation_type,
            "record_id": None if record_id is None else record_key(record_id),
            "user_id": user_id,
            "run_id": run_id,
            "tenant_id": TenantContext.current(),
        }
        parts: list[dict[str, Any]] = [
            {name: {"$eq": value}} for name, value in equal.items() if value is not None
        ]
        if start_date is not None:
            parts.append({"recorded_at": {"$gte": start_date}})
        if end_date is not None:
            parts.append({"recorded_at": {"$lt": end_date}})
        if self._retention is not None:
            parts.append({"recorded_at": {"$gte": dt.datetime.now(dt.UTC) - self._retention}})
        query = ListQuery(filter={"$and": parts} if parts else None, order_by="-id", limit=limit)
        return list(await database.access().list(AUDIT_MODEL, query))

    async def _purge(self) -> int:
        from studio.database.audit import AUDIT_MODEL

        database = self._home().database
        if self._retention is None or not await database.has_table(AUDIT_MODEL):
            return 0
        return await database.access().bulk_delete(AUDIT_MODEL, self._outdated())

    def _outdated(self) -> dict[str, Any]:
        assert self._retention is not None  # asked for only then
        return {"recorded_at": {"$lt": dt.datetime.now(dt.UTC) - self._retention}}

    def _home(self) -> DataFlow:
        if self._db is not None:
            return self._db
        known = open_instances()
        if len(known) == 1:
            return known[0]
        names = ", ".join(repr(home.name) for home in known)
        raise WorkflowError(
            f"It is not said whose audit trail this is; open are: {names or 'none'}.",
            hint="Write AuditTrailManager(db, retention_days=90), or db.audit.",
        )
