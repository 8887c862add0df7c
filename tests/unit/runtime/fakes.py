"""With which nodes is the scheduler tried? Node types that wait, fail and count, and graphs of them in a line."""

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.nodes import NodeCatalogue, NodeContext, NodeType, common_types
from studio.runtime import Plan, RunResult, compile_plan, run_workflow
from studio.workflow import Edge, Node, NodeSpec, ParamSpec, PortSpec, PortType, Workflow, WorkflowInput
from studio.workflow.graph import frozen
from studio.workflow.types import ANY


def spec(name: str, *, writes: bool = False) -> NodeSpec:
    """A spec with the params `value` and the common ones, and the output `value`."""
    from studio.nodes.base import COMMON

    return NodeSpec(
        type=name,
        title=name,
        category="data",
        params=(ParamSpec(name="value", type=ANY), ParamSpec(name="n", type=PortType(kind="int")), *COMMON),
        outputs=(PortSpec(name="value", type=ANY),),
        writes=writes,
    )


class Waiting(NodeType):
    """Waits until `gate` is set; knows how many wait at once and which were cancelled."""

    __slots__ = ("cancelled", "gate", "most", "now")

    def __init__(self) -> None:
        super().__init__(spec("Waiting"))
        self.gate = asyncio.Event()
        self.now = self.most = 0
        self.cancelled: list[str] = []

    async def run(self, ctx: NodeContext, params: Mapping[str, Any]) -> Any:
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await self.gate.wait()
        except asyncio.CancelledError:
            self.cancelled.append(ctx.node_id)
            raise
        finally:
            self.now -= 1
        return params.get("value")


class Stubborn(NodeType):
    """Waits until it is stopped, and gives its value all the same."""

    __slots__ = ("waits",)

    def __init__(self) -> None:
        super().__init__(spec("Stubborn"))
        self.waits = False

    async def run(self, ctx: NodeContext, params: Mapping[str, Any]) -> Any:
        self.waits = True
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return params.get("value")


class Failing(NodeType):
    """Raises its errors one after another, then gives its value."""

    __slots__ = ("errors", "tries")

    def __init__(self, *errors: Exception, writes: bool = False) -> None:
        super().__init__(spec("Failing", writes=writes))
        self.errors = list(errors)
        self.tries = 0

    async def run(self, ctx: NodeContext, params: Mapping[str, Any]) -> Any:
        await asyncio.sleep(0)
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return params.get("value")


class Broken(NodeType):
    """Has a fault of ours in it."""

    __slots__ = ("at_once",)

    def __init__(self, *, at_once: bool) -> None:
        super().__init__(spec("Broken"))
        self.at_once = at_once

    def run_now(self, ctx: NodeContext, params: Mapping[str, Any]) -> Any:
        from studio.nodes import NOT_NOW

        if self.at_once:
            raise ZeroDivisionError("oops")
        return NOT_NOW

    async def run(self, ctx: NodeContext, params: Mapping[str, Any]) -> Any:
        raise ZeroDivisionError("oops")


def workflow(
    nodes: Mapping[str, tuple[str, Mapping[str, Any]]],
    edges: list[tuple[str, str, str, str]] | None = None,
    *,
    inputs: tuple[WorkflowInput, ...] = (),
    disabled: tuple[str, ...] = (),
) -> Workflow:
    """A workflow of nodes by id."""
    return Workflow(
        id=WorkflowId("w"),
        name="story",
        inputs=inputs,
        nodes=frozen(
            {
                NodeId(key): Node(id=NodeId(key), type=kind, params=frozen(params), disabled=key in disabled)
                for key, (kind, params) in nodes.items()
            }
        ),
        edges=tuple(
            Edge(source=NodeId(a), source_port=port, target=NodeId(b), target_port=param)
            for a, port, b, param in edges or []
        ),
    )


def plan(graph: Workflow, *types: NodeType) -> Plan:
    return compile_plan(graph, NodeCatalogue([*types, *common_types()]))


async def run(graph: Workflow, *types: NodeType, **how: Any) -> RunResult:
    return await run_workflow(plan(graph, *types), databases={}, **how)


class Told(StudioError):
    """An error that the tests raise."""

    code = "told"
