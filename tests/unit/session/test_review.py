"""A run that is left open: who may decide, what is refused meanwhile, what closing does, and what the history says."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from studio.kernel.errors import RunError, WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.session import Environment, RunHandle, Session, TransactionChanged
from studio.session.secrets import SystemSecrets

W = WorkflowId("restock")


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(data_dir=tmp_path / "home", secrets=SystemSecrets({}))


def told(env: Environment, story: Any) -> None:
    async def main() -> None:
        session = await Session.sample(env)
        try:
            await story(session)
        finally:
            await session.close()

    work: Coroutine[Any, Any, None] = main()
    asyncio.run(work)


def open_run(session: Session) -> RunHandle | None:
    return session.open_run


async def ran(session: Session, **how: Any) -> RunHandle:
    handle = session.start_run(W, **how)
    await handle.finished()
    return handle


def test_while_a_run_is_open_reads_go_on_and_another_run_is_refused_until_it_is_decided(env):
    async def story(session: Session) -> None:
        heard: asyncio.Queue[object] = asyncio.Queue()
        session.observe(
            lambda event: heard.put_nowait(event) if isinstance(event, TransactionChanged) else None
        )
        before = await session.browse("Product")
        handle = await ran(session, mode="review")
        assert (handle.state, handle.outcome) == ("succeeded", "uncommitted")
        assert open_run(session) is handle
        assert handle.changes is not None
        assert handle.changes.totals.total > 0
        assert await session.browse("Product") == before
        assert await session.history_runs() == []
        with pytest.raises(RunError, match="not committed yet.*Commit it or roll it back"):
            session.start_run(W)
        assert handle.review is not None
        until = handle.review.expires_at
        await handle.review.keep_open()
        await heard.get()
        assert handle.review.expires_at > until
        await handle.review.commit()
        await heard.get()
        assert open_run(session) is None
        assert await session.browse("Product") != before
        assert (await ran(session)).state == "succeeded"
        assert [(run.state, run.mode) for run in await session.history_runs()] == [
            ("succeeded", "auto"),
            ("succeeded", "review"),
        ]

    told(env, story)


def test_closing_a_session_rolls_back_what_is_open_and_the_history_says_so(env, tmp_path):
    path = str(tmp_path / "shop.studio")

    async def story(session: Session) -> None:
        await session.save_as(path)
        before = await session.browse("Product")
        await ran(session, mode="review")
        await session.close()
        again = await Session.open(env, path)
        assert [run.state for run in await again.history_runs()] == ["rolled_back"]
        assert await again.browse("Product") == before
        await again.close()

    told(env, story)


def test_a_run_from_a_node_takes_the_last_runs_values_and_the_history_says_which(env):
    async def story(session: Session) -> None:
        workflow = session.project.workflow(W)
        last = workflow.order()[-1]
        before = workflow.incoming[last][0].source
        await ran(session)
        handle = await ran(session, start=last)
        view = handle.node(before)
        assert view is not None
        assert (handle.state, view.origin, handle.start) == ("succeeded", "reused", last)
        assert handle.value(last) is not None
        (run, *_) = await session.history_runs()
        states = {node.node_id: node.state for node in await session.run_nodes(run.id)}
        assert states[before] == "reused"

    told(env, story)


def test_what_a_node_gave_is_pinned_as_an_edit_that_can_be_undone(env):
    async def story(session: Session) -> None:
        node_id = session.project.workflow(W).order()[0]
        with pytest.raises(WorkflowError, match="has not run"):
            session.pin(W, node_id)
        first = await ran(session)
        session.pin(W, node_id)
        assert session.history.undo_label == "Pin value"
        again = await ran(session)
        view = again.node(node_id)
        assert view is not None
        assert view.origin == "pinned"
        assert again.value(node_id) == first.value(node_id)
        session.undo()
        assert session.project.workflow(W).nodes[NodeId(node_id)].pinned is None
        session.redo()
        session.unpin(W, node_id)
        assert session.history.undo_label == "Unpin"

    told(env, story)
