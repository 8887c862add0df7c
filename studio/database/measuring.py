"""How long does what is asked of a database take? Accesses that tell a meter of each operation, sessions that log each slow statement.

Both stand around the usual ones and are made only where somebody wants to know; without, nothing is measured anywhere.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from studio.database.access import Access
from studio.database.dialect import RereadingSession, Row, Session, Statement
from studio.database.results import ListQuery, Meter, Record

if TYPE_CHECKING:
    from studio.database.bulk import BulkJob, BulkOutcome
    from studio.models.spec import ModelSpec

_log = logging.getLogger(__name__)

_OPERATIONS: Final[Mapping[str, str]] = {
    **{name: name for name in ("create", "read", "update", "delete", "upsert", "list", "count", "aggregate")},
    **{name: name for name in ("bulk_create", "bulk_update", "bulk_delete", "bulk_upsert")},
    "list_kept": "list",
    "bulk_update_rows": "bulk_update",
}
"""Methods of an access, and what their operation is called."""


class MeasuredAccess(Access):
    """An access that tells the meter of its book what each operation took. One that serves another is not told of by itself."""

    async def execute(self, *args: Any, **params: Any) -> Any:
        with _measured(self._book.meter, "SQL", "execute"):
            return await Access.execute(self, *args, **params)

    async def stream(
        self, spec: ModelSpec, query: ListQuery, batch_size: int = 1000
    ) -> AsyncGenerator[list[Record]]:
        meter = self._book.meter
        async with contextlib.aclosing(
            Access(self._session, self._book, self._recorder).stream(spec, query, batch_size)
        ) as batches:
            spent_s, failed = 0.0, True
            try:
                while True:
                    began = time.perf_counter()
                    batch = await anext(batches, None)
                    spent_s += time.perf_counter() - began
                    if batch is None:
                        break
                    yield batch
                failed = False
            except GeneratorExit:
                failed = False  # whoever reads has had enough
                raise
            finally:
                if meter is not None:
                    meter.measured(spec.name, "list", spent_s * 1000, failed=failed)


def _measuring(name: str, operation: str) -> Callable[..., Awaitable[Any]]:
    method: Callable[..., Awaitable[Any]] = getattr(Access, name)

    @functools.wraps(method)
    async def measuring(self: Access, spec: ModelSpec, *args: Any, **params: Any) -> Any:
        plain = Access(self._session, self._book, self._recorder)
        with _measured(self._book.meter, spec.name, operation):
            return await method(plain, spec, *args, **params)

    return measuring


for _name, _operation in _OPERATIONS.items():
    setattr(MeasuredAccess, _name, _measuring(_name, _operation))


@contextlib.contextmanager
def _measured(meter: Meter | None, model: str, operation: str) -> Iterator[None]:
    began = time.perf_counter()
    failed = True
    try:
        yield
        failed = False
    finally:
        if meter is not None:
            meter.measured(model, operation, (time.perf_counter() - began) * 1000, failed=failed)


class WatchedSession:
    """A session that logs the statements that take longer than `slow_ms`. Their values stay out of the log."""

    def __init__(self, session: Session, slow_ms: float) -> None:
        self._session = session
        self._slow_ms = slow_ms

    @property
    def in_transaction(self) -> bool:
        return self._session.in_transaction

    @property
    def streams_alone(self) -> bool:
        return self._session.streams_alone

    @property
    def can_go_on(self) -> bool:
        return self._session.can_go_on

    async def read(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        with self._watched(sql):
            return await self._session.read(sql, args)

    async def write(self, sql: str, args: Sequence[Any] = ()) -> Sequence[Row]:
        with self._watched(sql):
            return await self._session.write(sql, args)

    async def change(self, sql: str, args: Sequence[Any] = ()) -> int:
        with self._watched(sql):
            return await self._session.change(sql, args)

    async def change_and_read(self, change: Statement, read: Statement) -> Sequence[Row]:
        with self._watched(change[0]):
            return await cast("RereadingSession", self._session).change_and_read(change, read)

    async def run(
        self, sql: str, args: Sequence[Any], max_rows: int | None
    ) -> tuple[tuple[str, ...], Sequence[Row], int | None]:
        with self._watched(sql):
            return await self._session.run(sql, args, max_rows)

    async def stream(self, sql: str, args: Sequence[Any], batch_size: int) -> AsyncIterator[Sequence[Row]]:
        batches = self._session.stream(sql, args, batch_size)
        try:
            while True:
                with self._watched(sql):
                    batch = await anext(batches, None)
                if batch is None:
                    return
                yield batch
        finally:
            close = getattr(batches, "aclose", None)
            if close is not None:
                await close()

    @contextlib.asynccontextmanager
    async def atomic(self) -> AsyncIterator[Session]:
        async with self._session.atomic() as session:
            yield WatchedSession(session, self._slow_ms)

    async def bulk(self, job: BulkJob, batch: Sequence[Any]) -> BulkOutcome:
        with self._watched(f"{job.mode} of {len(batch):,} records of {job.plans.spec.name}"):
            return await self._session.bulk(job, batch)

    @contextlib.contextmanager
    def _watched(self, sql: str) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            took_ms = (time.perf_counter() - began) * 1000
            if took_ms >= self._slow_ms:
                _log.warning("slow: %.0f ms: %s", took_ms, sql)
