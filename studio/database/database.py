"""How is one database opened, asked and closed? The room's front door: everything else is reached through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from studio.database.access import Access
from studio.database.options import DatabaseOptions
from studio.database.results import Recorder, ServerInfo, Statement
from studio.models.spec import ModelSpec


class Database:
    """One database. Made without I/O; used on one event loop only, save for `compile`, which any thread may call."""

    def __init__(self, url: str, *, name: str = "", options: DatabaseOptions | None = None) -> None:
        self.url = url
        self.name = name
        self.options = options or DatabaseOptions()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        raise NotImplementedError

    async def connect(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError

    async def test(self) -> ServerInfo:
        raise NotImplementedError

    async def ensure(self, specs: Iterable[ModelSpec], *, create: bool = True) -> None:
        raise NotImplementedError

    async def reflect(self, schema: str | None = None) -> list[ModelSpec]:
        raise NotImplementedError

    def access(self, recorder: Recorder | None = None) -> Access:
        raise NotImplementedError

    def transaction(self, recorder: Recorder | None = None) -> AbstractAsyncContextManager[Access]:
        raise NotImplementedError

    def compile(self, operation: str, spec: ModelSpec, params: Mapping[str, Any]) -> list[Statement]:
        raise NotImplementedError
