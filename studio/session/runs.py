"""How does a run look while it goes on, and what did it leave? A handle that any thread may read.

How nodes run is `runtime`'s business; what of their values is shown stands in `outputs`, how a person decides about them in `review`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from studio.kernel.errors import RunCancelled, StudioError
from studio.kernel.ids import NodeId, RunId, WorkflowId
from studio.session.outputs import KeptOutput, Output, Page, keep

if TYPE_CHECKING:
    import datetime as dt

    from studio.runtime import Changeset, Pause
    from studio.session.review import Review

RunState = Literal["running", "succeeded", "failed", "cancelled"]
NodeState = Literal["pending", "running", "succeeded", "failed", "skipped", "abandoned", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRunView:
    """How one node of a run is doing. `progress` is (done, total or None) while it runs, `rate` the rows of a second so far.

    `origin` says of a node that was not run where its value comes from.
    """

    node_id: NodeId
    state: NodeState = "pending"
    rows: int | None = None
    duration_ms: float | None = None
    progress: tuple[int, int | None] | None = None
    rate: float | None = None
    origin: Literal["", "reused", "pinned"] = ""
    error: StudioError | None = None


Take = Callable[[NodeId, str | None], Any]
"""Gives the value that a node delivered at a port (None: its natural value); raises KeyError when there is none."""


class RunHandle:
    """One run, from its start on. Every method may be called from any thread.

    Invariant: `version` grows with each alteration of a node's or the run's state, and a view once terminal stays as it is.
    """

    def __init__(
        self,
        *,
        run_id: RunId,
        workflow_id: WorkflowId,
        nodes: Iterable[NodeId],
        started_at: dt.datetime,
        mode: str = "auto",
        inputs: Mapping[str, Any] | None = None,
        until: NodeId | None = None,
        start: NodeId | None = None,
    ) -> None:
        self.run_id = run_id
        self.workflow_id = workflow_id
        self.started_at = started_at
        self.mode = mode
        self.inputs: Mapping[str, Any] = dict(inputs or {})
        self.until, self.start = until, start
        """The nodes that the run ended and began at; None: it was not cut there."""
        self.changes: Changeset | None = None
        """What was written; None while the run goes on, and when it was not recorded."""
        self.review: Review | None = None
        """There once a run in review has done its work."""
        self._lock = threading.Lock()
        self._began = time.perf_counter()
        self._duration_ms: float | None = None
        self._state: RunState = "running"
        self._error: StudioError | None = None
        self._version = 1
        self._views: dict[NodeId, NodeRunView] = {node_id: NodeRunView(node_id=node_id) for node_id in nodes}
        self._changed_at: dict[NodeId, int] = dict.fromkeys(self._views, 1)
        self._began_at: dict[NodeId, float] = {}
        self._stop: Callable[[], None] | None = None
        self._is_stopping = False
        self._go: Callable[[bool], None] | None = None
        self._pause: Pause | None = None
        self._take: Take | None = None
        self._kept: dict[tuple[NodeId, str | None], KeptOutput] = {}
        self._waiting: list[Callable[[], object]] = []

    @property
    def state(self) -> RunState:
        with self._lock:
            return self._state

    @property
    def error(self) -> StudioError | None:
        with self._lock:
            return self._error

    @property
    def duration_ms(self) -> float:
        """Of the whole run; of the part that is over, while it goes on."""
        with self._lock:
            return (
                (time.perf_counter() - self._began) * 1000 if self._duration_ms is None else self._duration_ms
            )

    @property
    def version(self) -> int:
        with self._lock:
            return self._version

    @property
    def rows(self) -> int:
        """How many rows its nodes gave or changed; what was done within a node is counted there."""
        with self._lock:
            views = self._views
            return sum(
                view.rows or 0 for node_id, view in views.items() if node_id.rpartition("/")[0] not in views
            )

    @property
    def pause(self) -> Pause | None:
        """Before which node it waits, if it does."""
        with self._lock:
            return self._pause

    @property
    def is_finished(self) -> bool:
        return self.state != "running"

    @property
    def outcome(self) -> str:
        """The state as a person calls it: that of the run, or of its transaction where that stands for itself."""
        if self.review is None or self.review.state == "committed":
            return self.state
        return "uncommitted" if self.review.state == "open" else "rolled_back"

    def nodes_since(self, version: int) -> tuple[int, list[NodeRunView]]:
        """The version now, and the views that have changed after `version` (0: all of them)."""
        with self._lock:
            if version >= self._version:
                return self._version, []
            return self._version, [
                self._views[node_id] for node_id, at in self._changed_at.items() if at > version
            ]

    def node(self, node_id: NodeId) -> NodeRunView | None:
        with self._lock:
            return self._views.get(node_id)

    def cancel(self) -> None:
        """Stops the run at the driver; `finished` tells when it has stopped. Harmless when it is over."""
        if self._stop is not None and not self.is_finished:
            self._is_stopping = True
            self._stop()

    @property
    def is_stopping(self) -> bool:
        """Whether somebody wants it to stop, and it has not ended yet."""
        return self._is_stopping and not self.is_finished

    def go_on(self) -> None:
        """Lets a run that waits go on, up to the next breakpoint. Harmless when it does not wait."""
        if self._go is not None:
            self._go(False)

    def step(self) -> None:
        """Lets the node start before which the run waits, and waits before the next one."""
        if self._go is not None:
            self._go(True)

    async def finished(self) -> None:
        """Returns when the run is over, however it ended; awaitable from any loop."""
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def tell() -> None:
            if not done.done():
                done.set_result(None)

        self.when_finished(lambda: loop.call_soon_threadsafe(tell))
        await done

    def output(self, node_id: NodeId, port: str | None = None) -> Output | None:
        """What a node delivered at a port (None: its natural value); None while it has delivered nothing."""
        kept = self._keep(node_id, port)
        return kept.output if kept else None

    def value(self, node_id: NodeId, port: str | None = None) -> Any:
        """The very value that was delivered; raises KeyError when there is none."""
        with self._lock:
            take = self._take
        if take is None:
            raise KeyError(node_id)
        return take(node_id, port)

    async def page(
        self,
        node_id: NodeId,
        port: str | None,
        offset: int,
        limit: int,
        order_by: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> Page:
        """Rows `offset` to `offset + limit` of those that are kept of an output, ordered by columns (`-` first: descending) when asked.

        With a filter, of those that it matches; raises FilterError.
        """
        kept = self._keep(node_id, port)
        if kept is None:
            return Page(columns=(), rows=[], offset=offset, total=0)
        rows = kept.rows
        if order_by or filter:
            rows = await asyncio.to_thread(kept.found, tuple(order_by), filter)
        return Page(
            columns=kept.output.columns,
            rows=rows[offset : offset + limit],
            offset=offset,
            total=len(rows),
        )

    def all_rows(
        self,
        node_id: NodeId,
        port: str | None,
        order_by: Sequence[str] = (),
        filter: Mapping[str, Any] | None = None,
    ) -> tuple[Sequence[Mapping[str, Any]], int]:
        """Every row of an output that there still is and that a filter matches, in an order, and how many more were counted.

        It takes a while when it filters or sorts. Raises FilterError.
        """
        kept = self._keep(node_id, port)
        if kept is None or kept.output.kind != "rows":
            return [], 0
        return kept.all_rows(order_by, filter), kept.missing

    # ------------------------------------------------------------ for the one who drives the run

    def when_finished(self, callback: Callable[[], object]) -> None:
        """Calls `callback` once, when the run is over, on the thread that ended it (at once if it is over)."""
        with self._lock:
            if self._state == "running":
                self._waiting.append(callback)
                return
        callback()

    def began(self, stop: Callable[[], None], go: Callable[[bool], None]) -> None:
        """Says how the run is stopped, and how it goes on from where it waits (True: for one node)."""
        self._stop, self._go = stop, go

    def paused(self, pause: Pause | None, take: Take) -> None:
        """Says before which node it waits, None: it waits no longer; until the run's end `take` gives the values that there are."""
        with self._lock:
            self._pause = pause
            self._take_from(take)
            self._version += 1

    def put(self, node_id: NodeId, **values: Any) -> None:
        """Alters a node's view."""
        now = time.perf_counter()
        with self._lock:
            if values.get("state") == "running":
                self._began_at[node_id] = now
            elif (progress := values.get("progress")) is not None:
                lasted_s = now - self._began_at.get(node_id, now)
                values["rate"] = progress[0] / lasted_s if lasted_s > 0 else None
            view = self._views.get(node_id, NodeRunView(node_id=node_id))
            self._views[node_id] = replace(view, **values)
            self._version += 1
            self._changed_at[node_id] = self._version

    def delivered(self, take: Take) -> None:
        """Says where values can be taken from."""
        with self._lock:
            self._take_from(take)

    def _take_from(self, take: Take) -> None:
        self._take = take
        self._kept.clear()  # a node in a loop may have delivered anew since

    def end(
        self, state: RunState, *, error: StudioError | None = None, duration_ms: float | None = None
    ) -> None:
        """Ends the run; only the first time counts."""
        with self._lock:
            if self._state != "running":
                return
            self._state = state
            self._pause = None
            self._error = error or (RunCancelled("The run was stopped.") if state == "cancelled" else None)
            lasted_ms = (time.perf_counter() - self._began) * 1000
            self._duration_ms = lasted_ms if duration_ms is None else duration_ms
            self._version += 1
            waiting, self._waiting = self._waiting, []
        for callback in waiting:
            callback()

    def _keep(self, node_id: NodeId, port: str | None) -> KeptOutput | None:
        with self._lock:
            known = self._kept.get((node_id, port))
        if known is not None:
            return known
        try:
            value = self.value(node_id, port)
        except KeyError:
            return None
        kept = keep(value)
        with self._lock:
            counted = self._views[node_id].rows if node_id in self._views else None
            if getattr(value, "has_more", False) and counted is not None and counted > kept.output.row_count:
                # Rows that were handed on in batches are counted, and only their first are kept.
                kept.counted(counted)
            self._kept[node_id, port] = kept
        return kept
