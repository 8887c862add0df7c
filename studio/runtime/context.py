"""What may a node reach while it runs? The side of a run that is turned to its nodes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from studio.nodes.base import Held
from studio.runtime.changes import NodeRecorder
from studio.runtime.connections import Connections
from studio.runtime.inner import Runs
from studio.runtime.step import Step

if TYPE_CHECKING:
    from pathlib import Path

    from studio.database import Access
    from studio.models.spec import ModelSpec
    from studio.runtime.driving import Driver


class Context:
    """What a node may reach; see `nodes.base.NodeContext`."""

    __slots__ = ("_access", "_connections", "_recorder", "_run", "_step", "node_id")

    def __init__(
        self,
        run: Driver,
        step: Step,
        access: Access | None = None,
        connections: Connections | None = None,
        recorder: NodeRecorder | None = None,
    ) -> None:
        self._run = run
        self._connections = connections
        self._step = step
        self.node_id = step.id
        self._access = access
        self._recorder = recorder

    @property
    def inputs(self) -> Mapping[str, Any]:
        return self._run.inputs

    @property
    def names(self) -> Mapping[str, Any]:
        return self._run.ledger.names

    @property
    def folder(self) -> Path | None:
        return self._run.folder

    @property
    def trusted(self) -> bool:
        return self._run.trusted

    def access(self, connection: str | None) -> Access:
        access = self._access or self._run.connections.access(connection)
        return access if self._recorder is None else access.telling(self._recorder)

    def progress(self, done: int, total: int | None) -> None:
        if self._run.tell is not None:
            self._run.tell.progressed(self.node_id, done, total)

    def log(self, text: str) -> None:
        if self._run.tell is not None:
            self._run.tell.logged(self.node_id, text)

    def model(self, name: str) -> ModelSpec:
        return self._run.plan.catalogue.model(name)

    def inner_runs(self, *, many: bool = False) -> Runs:
        return self._run.inner_runs(self._step, self._connections or self._run.connections, many=many)

    def shared(self, make: Callable[[], Held]) -> Held:
        return self._run.holdings.get(make)

    def settle(self, keep: Callable[[], None], drop: Callable[[], None]) -> None:
        if self._run.is_atomic:
            self._run.unsettled.append((keep, drop))
        else:
            keep()
