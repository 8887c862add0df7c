"""What can be asked of a database? Reads and writes of models, over autocommit lanes or inside one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal

from studio.database.results import AggregateQuery, BulkResult, ListQuery, Record, Rows
from studio.models.spec import ModelSpec

Conflict = Literal["error", "skip", "upsert"]
Data = Iterable[Any] | AsyncIterable[Any]
Progress = Callable[[int, int | None], None]
"""Called with how many rows are done and how many there are (None: not known)."""


class Access:
    """Reads and writes. Made by `Database.access()` (each call commits) and `Database.transaction()`."""

    async def create(self, spec: ModelSpec, values: Mapping[str, Any]) -> Record:
        raise NotImplementedError

    async def read(
        self, spec: ModelSpec, filter: Mapping[str, Any], fields: Sequence[str] | None = None
    ) -> Record | None:
        raise NotImplementedError

    async def update(
        self, spec: ModelSpec, filter: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> Record | None:
        raise NotImplementedError

    async def delete(self, spec: ModelSpec, filter: Mapping[str, Any]) -> Record | None:
        raise NotImplementedError

    async def upsert(
        self,
        spec: ModelSpec,
        create: Mapping[str, Any],
        update: Mapping[str, Any] | None = None,
        conflict_on: Sequence[str] | str | None = None,
    ) -> tuple[Record, bool]:
        raise NotImplementedError

    async def list(self, spec: ModelSpec, query: ListQuery) -> Rows:
        raise NotImplementedError

    def stream(
        self, spec: ModelSpec, query: ListQuery, batch_size: int = 1000
    ) -> AsyncIterator[list[Record]]:
        raise NotImplementedError

    async def count(self, spec: ModelSpec, filter: Mapping[str, Any] | None = None) -> int:
        raise NotImplementedError

    async def aggregate(self, spec: ModelSpec, query: AggregateQuery) -> Rows:
        raise NotImplementedError

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
        raise NotImplementedError

    async def bulk_update(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any] | None,
        changes: Mapping[str, Any],
        *,
        limit: int | None = None,
    ) -> BulkResult:
        raise NotImplementedError

    async def bulk_update_rows(
        self, spec: ModelSpec, rows: Data, *, batch_size: int = 5000, progress: Progress | None = None
    ) -> BulkResult:
        raise NotImplementedError

    async def bulk_delete(
        self,
        spec: ModelSpec,
        filter: Mapping[str, Any] | None = None,
        *,
        ids: Sequence[Any] | None = None,
        limit: int | None = None,
    ) -> int:
        raise NotImplementedError

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
        raise NotImplementedError

    async def execute(
        self, sql: str, params: Mapping[str, Any] | None = None, *, max_rows: int | None = None
    ) -> Rows:
        raise NotImplementedError

    def savepoint(self) -> AbstractAsyncContextManager[Access]:
        raise NotImplementedError
