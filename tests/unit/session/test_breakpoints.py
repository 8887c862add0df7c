"""Breakpoints of a session: where they stand, and how a run waits at them."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from studio.kernel.errors import ExpressionError, WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.project.state import Project
from studio.session import (
    BreakpointsChanged,
    Environment,
    RunHandle,
    RunPaused,
    RunResumed,
    Session,
    SessionEvent,
)
from studio.session.secrets import SystemSecrets
from studio.workflow import Edge, Node, Workflow
from studio.workflow.graph import WorkflowInput, frozen

W, INNER = WorkflowId("w"), WorkflowId("inner")


def node(key: str, kind: str, **params: Any) -> Node:
    return Node(id=NodeId(key), type=kind, params=frozen(params))


def edge(source: str, port: str, target: str, param: str) -> Edge:
    return Edge(source=NodeId(source), source_port=port, target=NodeId(target), target_port=param)


def workflow(key: WorkflowId, name: str, nodes: list[Node], *edges: Edge, **options: Any) -> Workflow:
    return Workflow(
        id=key, name=name, nodes=frozen({each.id: each for each in nodes}), edges=edges, **options
    )


OUTER = workflow(
    W,
    "Outer",
    [node("a", "Constant", value=[1, 2]), node("b", "Subworkflow", workflow="Inner", rows="{{ a }}"), node("c", "Wait", seconds=0)],
    edge("b", "done", "c", "after"),
)  # fmt: skip
PART = workflow(
    INNER,
    "Inner",
    [node("double", "Constant", value="{{ rows }}"), node("out", "Output", value="{{ double }}")],
    inputs=(WorkflowInput(name="rows", kind="any"),),
)


def with_session(tmp_path: Path, story: Callable[[Session], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        project = Project(id="p", name="P", workflows=frozen({W: OUTER, INNER: PART}))
        env = Environment(data_dir=tmp_path, secrets=SystemSecrets({}))
        session = Session.in_memory(project, env=env)
        try:
            async with asyncio.timeout(60):
                await story(session)
        finally:
            await session.close()

    asyncio.run(main())


class Watcher:
    """Waits for what a session tells."""

    def __init__(self, session: Session) -> None:
        self.events: asyncio.Queue[Any] = asyncio.Queue()
        session.observe(self._note)

    def _note(self, event: SessionEvent) -> None:
        if isinstance(event, RunPaused | RunResumed):
            self.events.put_nowait(event)

    async def next(self) -> Any:
        return await self.events.get()


def test_a_run_waits_shows_its_rows_so_far_and_goes_on_step_by_step(tmp_path):
    async def story(session: Session) -> None:
        watcher = Watcher(session)
        session.breakpoints.set(INNER, NodeId("out"), "double[0] == 1")
        handle: RunHandle = session.start_run(W)
        paused = await watcher.next()
        assert (paused.pause.workflow_id, paused.pause.path) == (INNER, "b/out")
        assert handle.pause == paused.pause
        assert handle.state == "running"
        assert handle.value(NodeId("a")) == [1, 2]
        page = await handle.page(NodeId("b/double"), None, 0, 10)
        assert page.total == 2
        assert handle.output(NodeId("c")) is None
        handle.step()
        assert isinstance(await watcher.next(), RunResumed)
        paused = await watcher.next()
        assert (paused.pause.path, paused.pause.reason) == ("c", "step")
        handle.go_on()
        await handle.finished()
        assert (handle.state, handle.pause) == ("succeeded", None)

    with_session(tmp_path, story)


def test_a_run_that_waits_can_be_stopped_and_one_can_be_begun_to_be_stepped_through(tmp_path):
    async def story(session: Session) -> None:
        watcher = Watcher(session)
        handle = session.start_run(W, step=True)
        assert (await watcher.next()).pause.path == "a"
        handle.cancel()
        await handle.finished()
        assert (handle.state, handle.pause) == ("cancelled", None)
        assert not session.breakpoints.all()

    with_session(tmp_path, story)


def test_breakpoints_are_told_checked_kept_for_what_is_there_and_restored(tmp_path):
    async def story(session: Session) -> None:
        book = session.breakpoints
        told: list[SessionEvent] = []
        session.observe(told.append)
        book.toggle(W, NodeId("a"))
        book.set(W, NodeId("b"), "  a[0] > 1 ")
        with pytest.raises(ExpressionError):
            book.set(W, NodeId("b"), "1 +")
        with pytest.raises(WorkflowError, match="nowhere"):
            book.set(W, NodeId("nowhere"))
        assert book.of(W) == {"a": "", "b": "a[0] > 1"}
        book.toggle(W, NodeId("a"))
        assert told == [BreakpointsChanged(W)] * 3
        entries = book.all()
        book.clear()
        assert not book.has(W, NodeId("b"))
        book.restore(
            [
                *entries,
                (W, NodeId("gone"), ""),
                (WorkflowId("gone"), NodeId("a"), ""),
                (W, NodeId("c"), "1 +"),
            ]
        )
        assert book.all() == ((W, "b", "a[0] > 1"),)
        session.remove(W, [NodeId("b")])
        assert book.all() == ()
        session.undo()
        assert book.has(W, NodeId("b"))

    with_session(tmp_path, story)
