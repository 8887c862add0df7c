"""What do the nodes do that run another workflow? Subworkflow once, ForEach for each record or batch; how a run goes on is `runtime`'s business.

A node names its workflow in the param `workflow`. The catalogue binds the kind of node to that workflow, and with it to its inputs and outputs.
"""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from studio.kernel.errors import StudioError
from studio.kernel.names import did_you_mean
from studio.kernel.problems import Problem
from studio.nodes.base import InnerRuns, NodeContext, NodeType, Params
from studio.nodes.many import as_many
from studio.nodes.subworkflow_specs import (
    FOR_EACH,
    MOST_FAILURES,
    SUBWORKFLOW,
    Interface,
    for_each_spec,
    given_input,
    interface_of,
    subworkflow_spec,
)
from studio.workflow.graph import Node, Workflow
from studio.workflow.spec import NodeSpec

if TYPE_CHECKING:
    from studio.nodes.catalogue import NodeCatalogue

_SLICE_S: Final = 0.02
"""So often a ForEach says how far it is, and gives way to others."""


class ReferringType(NodeType):
    """A kind of node that runs another workflow. `workflow` is None for the kind as such, which can only be drawn and checked."""

    __slots__ = ("interface", "workflow")

    def __init__(
        self, spec: NodeSpec, workflow: Workflow | None = None, interface: Interface | None = None
    ) -> None:
        super().__init__(spec)
        self.workflow = workflow
        self.interface = interface

    def bound(self, workflow: Workflow, node: Node, catalogue: NodeCatalogue) -> ReferringType:
        """The kind of this node, which runs that workflow."""
        raise NotImplementedError(f"{self.spec.type} does not say how it runs a workflow")

    def check(self, params: Params) -> list[Problem]:
        if self.workflow is None or not params.get("retries") or not self.spec.writes:
            return []
        return [
            Problem(
                code="retries-of-writes",
                message=f'"{self.workflow.name}" writes, and cannot be tried again as a whole.',
                hint="Set retries on the nodes in it, and take it away here.",
                field="retries",
            )
        ]

    def _inputs(self, params: Params) -> dict[str, Any]:
        """The values for the workflow's inputs, by their own names."""
        inputs = self.interface.inputs if self.interface is not None else {}
        return {entry.name: params[name] for name, entry in inputs.items() if name in params}


class SubworkflowType(ReferringType):
    __slots__ = ()

    def bound(self, workflow: Workflow, node: Node, catalogue: NodeCatalogue) -> SubworkflowType:
        interface = interface_of(workflow, catalogue, SUBWORKFLOW)
        return SubworkflowType(subworkflow_spec(workflow, interface), workflow, interface)

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        with ctx.inner_runs() as inner:
            return await inner.run(self._inputs(params))

    def output(self, value: Any, port: str) -> Any:
        assert self.interface is not None
        return value[self.interface.outputs[port].name]

    def closed(self, value: Any) -> frozenset[str]:
        outputs = self.interface.outputs if self.interface is not None else {}
        if len(value) == len(outputs):
            return frozenset()
        return frozenset(port for port, entry in outputs.items() if entry.name not in value)

    def rows(self, value: Any) -> int | None:
        values = list(value.values())
        return len(values[0]) if len(values) == 1 and isinstance(values[0], list) else None


class Gathered(list[Any]):
    """What the runs of a ForEach gave, in order, and beside it how many records were taken and what failed."""

    __slots__ = ("failed", "failed_count", "taken")

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0
        self.failed: list[dict[str, Any]] = []
        self.failed_count = 0


class ForEachType(ReferringType):
    __slots__ = ("_given",)

    eats: ClassVar[str] = "records"

    def __init__(
        self,
        spec: NodeSpec,
        workflow: Workflow | None = None,
        interface: Interface | None = None,
        given: str | None = None,
    ) -> None:
        super().__init__(spec, workflow, interface)
        self._given = given

    @property
    def given(self) -> str | None:
        """The input that is given the record or batch; None when that is not clear."""
        return self._given

    def bound(self, workflow: Workflow, node: Node, catalogue: NodeCatalogue) -> ForEachType:
        interface = interface_of(workflow, catalogue, FOR_EACH)
        given = given_input(interface, node.params.get("input"))
        return ForEachType(for_each_spec(workflow, interface, given), workflow, interface, given)

    def check(self, params: Params) -> list[Problem]:
        found = super().check(params)
        if self.interface is None or self.workflow is None or self._given is not None:
            return found
        names = [entry.name for entry in self.interface.inputs.values()]
        wanted = params.get("input")
        if not names:
            message = f'"{self.workflow.name}" has no input that a record could be given to.'
            hint = "Give it an input."
        elif wanted:
            message = f'"{self.workflow.name}" has no input {wanted!r}.'
            hint = did_you_mean(str(wanted), names)
        else:
            message = f'It is not said which input of "{self.workflow.name}" is given the record.'
            hint = f"Name one in the param input: {', '.join(names)}."
        return [*found, Problem(code="for-each-input", message=message, hint=hint, field="input")]

    async def run(self, ctx: NodeContext, params: Params) -> Any:
        with ctx.inner_runs(many=True) as inner:
            return await _Loop(self, ctx, params, inner, self._inputs(params)).through()

    def inputs_for(self, item: Any) -> dict[str, Any]:
        assert self._given is not None
        return {self._given: item}

    def output(self, value: Any, port: str) -> Any:
        if port == "records":
            return value
        return value.taken if port == "count" else getattr(value, port)

    def rows(self, value: Any) -> int | None:
        return int(value.taken)


class _Loop:
    """One execution of a ForEach."""

    def __init__(
        self,
        kind: ForEachType,
        ctx: NodeContext,
        params: Params,
        inner: InnerRuns,
        shared: Mapping[str, Any],
    ) -> None:
        assert kind.interface is not None
        self._kind = kind
        self._ctx = ctx
        self._inner = inner
        self._shared = shared
        self._records = params["records"]
        self._size: int | None = params.get("batch_size")
        self._on_error: str = params.get("on_error") or "stop"
        self._most = min(params.get("concurrency") or 1, inner.most_at_once)
        self._only = len(kind.interface.outputs) == 1
        self._gathered = Gathered()
        self._total: int | None = None
        self._told_at = time.perf_counter()

    async def through(self) -> Gathered:
        if self._most == 1:
            async for row, item in self._items():
                self._take(row, item, await self._one(row, item))
                await self._tell(row, item)
        else:
            await self._side_by_side()
        self._ctx.progress(self._gathered.taken, self._gathered.taken)
        return self._gathered

    async def _side_by_side(self) -> None:
        """Up to `_most` runs at once, and twice as many that have begun or wait to be taken in their order."""
        slots = asyncio.Semaphore(self._most)
        window: collections.deque[tuple[int, Any, asyncio.Task[Any]]] = collections.deque()

        async def limited(row: int, item: Any) -> Any:
            async with slots:
                return await self._one(row, item)

        async def take_first() -> None:
            row, item, task = window[0]
            await asyncio.wait(
                [task]
            )  # awaited itself, it would be stopped before the others, and the next begin in its place
            outcome = task.result()
            window.popleft()
            self._take(row, item, outcome)
            await self._tell(row, item)

        try:
            async for row, item in self._items():
                if len(window) >= 2 * self._most:
                    await take_first()
                name = f"{self._ctx.node_id} row {row}"
                window.append((row, item, asyncio.create_task(limited(row, item), name=name)))
            while window:
                await take_first()
        finally:
            left = [task for _, _, task in window]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _one(self, row: int, item: Any) -> dict[str, Any] | StudioError:
        """What one run gave; the error that stopped it, where the others go on."""
        apart = self._on_error != "stop"
        try:
            return await self._inner.run({**self._shared, **self._kind.inputs_for(item)}, apart=apart)
        except StudioError as error:
            if not apart:
                raise error.at(row=row) from error.__cause__
            return error

    def _take(self, row: int, item: Any, outcome: dict[str, Any] | StudioError) -> None:
        gathered = self._gathered
        gathered.taken += len(item) if self._size else 1
        if isinstance(outcome, StudioError):
            gathered.failed_count += 1
            if self._on_error == "collect" and len(gathered.failed) < MOST_FAILURES:
                told = outcome.to_data()
                parts = {name: told[name] for name in ("code", "message", "hint", "node")}
                gathered.failed.append({"row": row, "record": item, **parts})
        elif self._only:
            for value in outcome.values():
                if self._size and isinstance(value, list):
                    gathered.extend(value)
                else:
                    gathered.append(value)
        elif outcome:
            gathered.append(outcome)

    async def _tell(self, row: int, item: Any) -> None:
        if time.perf_counter() - self._told_at > _SLICE_S:
            self._ctx.progress(self._gathered.taken, self._total)
            await asyncio.sleep(0)
            self._told_at = time.perf_counter()

    async def _items(self) -> AsyncIterator[tuple[int, Any]]:
        """The records, or batches of them, each with the number of its (first) row."""
        row, batch = 1, []
        async for record in self._each():
            if self._size is None:
                yield row, record
                row += 1
                continue
            batch.append(record)
            if len(batch) == self._size:
                yield row, batch
                row, batch = row + len(batch), []
        if batch:
            yield row, batch

    async def _each(self) -> AsyncIterator[Any]:
        if isinstance(self._records, AsyncIterable):
            async for part in self._records:
                for record in part:
                    yield record
            return
        values, _ = as_many(self._records)
        self._total = len(values)
        for value in values:
            yield value


REFERRING_TYPES: Final[tuple[NodeType, ...]] = (SubworkflowType(SUBWORKFLOW), ForEachType(FOR_EACH))
