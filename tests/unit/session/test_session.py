"""A session from opening to closing, on real files and real databases."""

import asyncio
import datetime as dt
import sqlite3
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from studio.kernel.errors import (
    AuthenticationFailed,
    BuildError,
    ForeignFile,
    NotADatabase,
    StoreBusy,
    StoreError,
    UnknownDatabase,
    WorkflowError,
)
from studio.kernel.ids import NodeId, WorkflowId
from studio.persistence import Recovery
from studio.persistence.store import ProjectStore
from studio.project.project_changes import EditProject, SetConnections
from studio.project.state import Connection, Project
from studio.session import Environment, LogAdded, RunFinished, RunStarted, SavedStateChanged, Session
from studio.session.sample import CUSTOMERS, sample_project
from studio.session.secrets import SystemSecrets
from studio.workflow import Node, Workflow
from studio.workflow.graph import frozen
from tests.support.answering import Answering
from tests.support.exactness import exact

W = WorkflowId("restock")


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(data_dir=tmp_path / "home", secrets=SystemSecrets({}))


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def finished(session: Session, workflow_id: WorkflowId = W, **options: Any) -> Any:
    handle = session.start_run(workflow_id, **options)
    await handle.finished()
    await asyncio.sleep(0)  # lets RunFinished be delivered
    return handle


def modified(session: Session) -> bool:
    return session.is_modified


def read_only(session: Session) -> bool:
    return session.is_read_only


def pending(session: Session) -> Recovery | None:
    return session.pending_recovery


def rename(session: Session, name: str) -> None:
    session.edit(EditProject(values=frozen({"name": name})))


async def journaled(session: Session) -> None:
    """Returns when all edits made so far are in the store."""
    assert session._home is not None
    await session.env.loop.call(session._home._journal.written())


# ---------------------------------------------------------------- saving and opening


def test_a_project_is_saved_under_a_name_and_opened_again(env, tmp_path):
    path = tmp_path / "here" / "shop.studio"

    async def story() -> None:
        session = await Session.sample(env)
        assert (session.location, session.title, modified(session)) == (None, "Sample shop", False)
        with pytest.raises(StoreError, match="no place yet.*Save As"):
            await session.save()
        session.set_params(W, NodeId("best"), {"filter": {"spent": {"$gte": 500}}})
        await session.save_as(str(path))
        assert (session.location, session.title, modified(session)) == (str(path), "shop", False)
        session.add_node(W, "Constant", x=0.0, y=900.0)
        assert modified(session)
        await session.save()
        project = session.project
        await session.close()
        session = await Session.open(env, str(path))
        assert exact(session.project) == exact(project)
        assert pending(session) is None
        assert not modified(session)
        await session.close()

    run(story())
    assert [entry.name for entry in path.parent.iterdir()] == ["shop.studio"]
    assert list((env.data_dir / "untitled").iterdir()) == []
    assert list((env.data_dir / "open").iterdir()) == []


def test_saving_tells_that_the_project_is_as_saved_and_undo_leads_away_and_back(env, tmp_path):
    async def story() -> None:
        session = await Session.new(env, name="Mine")
        seen: list[object] = []
        session.observe(seen.append)
        rename(session, "Yours")
        await session.save_as(str(tmp_path / "x.studio"))
        assert [event for event in seen if isinstance(event, SavedStateChanged)] == [
            SavedStateChanged(True),
            SavedStateChanged(False),
        ]
        session.undo()
        assert modified(session)
        session.redo()
        assert not modified(session)
        await session.close()

    run(story())


def test_a_save_that_fails_leaves_the_project_modified_and_the_file_as_it_was(env, tmp_path):
    path = tmp_path / "x.studio"

    async def story() -> None:
        session = await Session.new(env, name="Mine")
        await session.save_as(str(path))
        session.add_workflow("half a \ud800 character")
        with pytest.raises(Exception, match="surrogate"):
            await session.save()
        assert modified(session)
        with pytest.raises(StoreError, match="is a folder"):
            await session.save_as(str(tmp_path))
        assert session.location == str(path)
        session.undo()
        await session.save()
        await session.close()
        session = await Session.open(env, str(path))
        assert len(session.project.workflows) == 1
        await session.close()

    run(story())


def test_an_edit_made_while_a_first_place_is_made_is_kept_there_and_nowhere_else(env, tmp_path, monkeypatch):
    path = tmp_path / "x.studio"
    create, begun, edited = ProjectStore.create, asyncio.Event(), threading.Event()

    async def story() -> None:
        loop = asyncio.get_running_loop()

        async def slowly(text: str, *args: Any, **options: Any) -> ProjectStore:
            if text == str(path):
                loop.call_soon_threadsafe(begun.set)
                await asyncio.to_thread(edited.wait, 10)
            return await create(text, *args, **options)

        monkeypatch.setattr(ProjectStore, "create", slowly)
        session = await Session.new(env, name="One")
        saving = asyncio.ensure_future(session.save_as(str(path)))
        await begun.wait()
        rename(session, "Two")
        # Whatever writes the edit in the background has had the time to do so.
        await session.env.loop.call(asyncio.sleep(0.05))
        edited.set()
        await saving
        assert not list(env.untitled_dir.glob("*.studio"))
        await session.close(keep_edits=True)
        session = await Session.open(env, str(path))
        assert (session.project.name, await session.restore()) == ("One", 1)
        assert session.project.name == "Two"
        await session.close()

    run(story())


def test_edits_made_while_saving_stay_unsaved_and_recoverable(env, tmp_path):
    path = tmp_path / "x.studio"

    async def story() -> None:
        session = await Session.new(env, name="One")
        saving = asyncio.ensure_future(session.save_as(str(path)))
        await asyncio.sleep(0)
        rename(session, "Two")
        await saving
        assert modified(session)
        await session.close(keep_edits=True)
        session = await Session.open(env, str(path))
        assert session.project.name == "One"
        assert await session.restore() == 1
        assert session.project.name == "Two"
        await session.close()

    run(story())


def test_a_file_that_is_there_is_replaced_as_a_whole(env, tmp_path):
    path = tmp_path / "x.studio"
    path.write_text("something else", encoding="utf-8")

    async def story() -> None:
        session = await Session.new(env, name="Mine")
        await session.save_as(str(path))
        await session.close()
        session = await Session.open(env, str(path))
        assert session.project.name == "Mine"
        await session.close()

    run(story())


def test_an_untitled_project_that_was_never_edited_leaves_nothing_behind(env):
    async def story() -> None:
        session = await Session.new(env)
        await session.close()

    run(story())
    assert not env.untitled_dir.exists()


def test_a_project_that_is_open_is_not_opened_twice(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.new(env)
        await session.save_as(path)
        with pytest.raises(StoreBusy):
            await Session.open(env, path)
        reader = await Session.open(env, path, read_only=True)
        assert read_only(reader)
        rename(reader, "Else")
        with pytest.raises(StoreError, match="another name"):
            await reader.save()
        await reader.save_as(str(tmp_path / "copy.studio"))
        assert not read_only(reader)
        await reader.close()
        await session.close()

    run(story())


@pytest.mark.parametrize(
    ("content", "error"), [(None, UnknownDatabase), (b"text", NotADatabase), ("sqlite", ForeignFile)]
)
def test_what_is_no_project_is_told(env, tmp_path, content, error):
    path = tmp_path / "x.studio"
    if content == "sqlite":
        connection = sqlite3.connect(path)
        connection.execute("create table t (x)")
        connection.commit()
        connection.close()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(error):
        run(Session.open(env, str(path)))


def test_nodes_of_unknown_types_and_of_missing_models_are_saved_back_untouched(env, tmp_path):
    path = str(tmp_path / "x.studio")
    ghost = Node(
        id=NodeId("ghost"), type="InvoiceTeleportNode", params=frozen({"to": {"x": 1.5}}), extra=frozen({"spin": [1, None]})
    )  # fmt: skip

    async def story() -> None:
        session = await Session.new(env)
        (workflow_id,) = session.project.workflows
        workflow = session.project.workflows[workflow_id].with_nodes([ghost])
        session.edit(EditProject(values=frozen({"workflows": frozen({workflow_id: workflow})})))
        await session.save_as(path)
        await session.close()
        session = await Session.open(env, path)
        assert [problem.code for problem in session.problems(workflow_id)] == ["unknown-node"]
        session.rename_workflow(workflow_id, "Renamed")
        await session.save()
        await session.close()
        session = await Session.open(env, path)
        assert exact(session.project.workflows[workflow_id].nodes[ghost.id]) == exact(ghost)
        await session.close()

    run(story())


# ---------------------------------------------------------------- recovery


def test_unsaved_edits_are_offered_after_a_crash_and_each_can_be_undone(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.new(env, name="One")
        await session.save_as(path)
        rename(session, "Two")
        session.add_workflow("More")
        session.undo()
        await session.close(keep_edits=True)
        (offer,) = await Session.recoverable(env)
        assert (offer.location, offer.name, offer.edits) == (path, "One", 3)
        assert offer.latest == ("Rename project", "Add workflow More", "Delete workflow More")
        assert offer.last_edit_at.tzinfo is not None
        session = await Session.open(env, path)
        assert pending(session) == offer
        assert await session.restore() == 3
        assert pending(session) is None
        assert session.project.name == "Two"
        assert modified(session)
        for _ in range(3):
            session.undo()
        assert session.project.name == "One"
        session.history.go_to(3)
        await session.save()
        await session.close()
        assert await Session.recoverable(env) == []

    run(story())


def test_unsaved_edits_can_be_discarded(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.new(env, name="One")
        await session.save_as(path)
        rename(session, "Two")
        await session.close(keep_edits=True)
        session = await Session.open(env, path)
        await session.discard_recovered()
        assert pending(session) is None
        await session.close()
        session = await Session.open(env, path)
        assert (pending(session), session.project.name) == (None, "One")
        await session.close()

    run(story())


def test_closing_gives_unsaved_edits_up(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.new(env)
        await session.save_as(path)
        rename(session, "Two")
        await session.close()
        session = await Session.open(env, path)
        assert pending(session) is None
        await session.close()

    run(story())


def test_closing_without_a_decision_offers_the_edits_again(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.new(env)
        await session.save_as(path)
        rename(session, "Two")
        await session.close(keep_edits=True)
        session = await Session.open(env, path)
        await session.close()
        session = await Session.open(env, path)
        assert pending(session) is not None
        await session.close()

    run(story())


def test_editing_without_a_decision_keeps_the_old_edits_as_a_project_of_their_own(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.new(env, name="One")
        await session.save_as(path)
        rename(session, "Two")
        await session.close(keep_edits=True)
        session = await Session.open(env, path)
        rename(session, "Three")
        assert pending(session) is None
        await journaled(session)
        await session.save()
        await session.close()
        (offer,) = await Session.recoverable(env)
        assert offer.name == "One (recovered)"
        other = await Session.open(env, offer.location)
        assert other.location is None
        await other.restore()
        assert other.project.name == "Two"
        await other.close()

    run(story())


def test_an_untitled_project_is_recovered_and_gets_a_name_then(env, tmp_path):
    async def story() -> None:
        session = await Session.new(env, name="Draft")
        rename(session, "Second draft")
        await session.close(keep_edits=True)
        (offer,) = await Session.recoverable(env)
        session = await Session.open(env, offer.location)
        await session.restore()
        assert (session.location, session.project.name) == (None, "Second draft")
        await session.save_as(str(tmp_path / "x.studio"))
        await session.close()
        assert await Session.recoverable(env) == []

    run(story())
    assert list(env.untitled_dir.iterdir()) == []


def test_what_is_open_is_not_offered_for_recovery(env):
    async def story() -> None:
        session = await Session.new(env)
        rename(session, "Two")
        await journaled(session)
        assert await Session.recoverable(env) == []
        await session.close()

    run(story())


def test_a_journal_that_cannot_be_replayed_to_its_end_gives_what_it_can(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.new(env, name="One")
        await session.save_as(path)
        rename(session, "Two")
        await journaled(session)
        store = session._home._store  # type: ignore[union-attr]
        assert store is not None
        from studio.persistence.store import JournalEntry

        bad = JournalEntry(position=2, label="?", change="$type: Teleport\n", made_at=dt.datetime.now(dt.UTC))
        await session.env.loop.call(store.append_edits([bad]))
        await session.close(keep_edits=True)
        session = await Session.open(env, path)
        seen: list[object] = []
        session.observe(seen.append)
        assert await session.restore() == 1
        assert session.project.name == "Two"
        logged = [event.entry.message for event in seen if isinstance(event, LogAdded)]
        assert "Only 1 unsaved edits could be restored" in logged[0]
        rename(session, "Three")
        await session.close(keep_edits=True)
        session = await Session.open(env, path)
        assert await session.restore() == 2
        await session.close()

    run(story())


# ---------------------------------------------------------------- running


def test_the_sample_runs_again_and_again_and_decides_by_what_it_reads(env):
    async def story() -> None:
        session = await Session.sample(env)
        seen: list[object] = []
        session.observe(seen.append)
        assert session.problems(W) == ()
        first = await finished(session)
        assert (first.state, first.error) == ("succeeded", None)
        assert seen == [RunStarted(first), RunFinished(first)]
        assert first.node(NodeId("restock")).rows == 4
        second = await finished(session)
        assert second.state == "succeeded"
        assert second.node(NodeId("restock")).state == "skipped"
        third = await finished(session, inputs={"reorder_level": 60})
        assert third.node(NodeId("restock")).state == "succeeded"
        page = await first.page(NodeId("report"), "value", 0, 3, ["customer_id"])
        assert page.columns == ("customer_id", "spent", "orders")
        assert len(page.rows) == 3
        assert await session.row_count("Customer") == CUSTOMERS
        await session.close()

    run(story())


def test_the_samples_database_goes_with_it_unless_the_project_was_saved(env, tmp_path):
    async def story() -> None:
        session = await Session.sample(env)
        await finished(session)
        await session.close()
        assert list(env.samples_dir.iterdir()) == []
        session = await Session.sample(env)
        await session.save_as(str(tmp_path / "mine.studio"))
        await session.close()
        session = await Session.open(env, str(tmp_path / "mine.studio"))
        assert await session.row_count("Customer") == CUSTOMERS
        await session.close()

    run(story())


def test_a_run_that_cannot_begin_says_everything_that_is_wrong(env):
    async def story() -> None:
        session = await Session.sample(env)
        session.set_params(W, NodeId("low_stock"), {"limit": "many"})
        session.disconnect(W, session.project.workflows[W].incoming[NodeId("report")])
        with pytest.raises(BuildError) as caught:
            session.start_run(W)
        assert {problem.node for problem in caught.value.problems} == {"low_stock", "report"}
        handle = await finished(session, until=NodeId("mark_gold"))
        assert handle.state == "succeeded"
        assert handle.node(NodeId("low_stock")) is None
        with pytest.raises(WorkflowError, match="no node 'bset'.*Did you mean 'best'"):
            session.start_run(W, until=NodeId("bset"))
        with pytest.raises(WorkflowError, match="no mode 'autom'"):
            session.start_run(W, mode="autom")
        empty = session.add_workflow("Empty")
        with pytest.raises(BuildError, match="no nodes"):
            session.start_run(empty)
        await session.close()

    run(story())


def test_a_dry_run_changes_nothing(env):
    async def story() -> None:
        session = await Session.sample(env)
        before = await session.browse("Product", limit=50)
        handle = await finished(session, mode="dry")
        assert (handle.state, handle.mode) == ("succeeded", "dry")
        assert await session.browse("Product", limit=50) == before
        await session.close()

    run(story())


def test_a_failure_is_on_the_node_in_the_run_and_in_the_history(env):
    async def story() -> None:
        session = await Session.sample(env)
        node_id = session.add_node(W, "CustomerReadNode", x=0.0, y=900.0, params={"id": 4711})
        handle = await finished(session, until=node_id)
        assert handle.state == "failed"
        view = handle.node(node_id)
        assert view is not None
        assert view.state == "failed"
        assert view.error.code == "not-found"
        (record,) = await session.history_runs(W)
        assert record.state == "failed"
        assert (record.error or {})["code"] == "not-found"
        (node,) = await session.run_nodes(record.id)
        assert (node.state, (node.error or {})["code"]) == ("failed", "not-found")
        await session.close()

    run(story())


def test_a_run_can_be_stopped_and_another_started_at_once(env):
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"

    async def story() -> None:
        session = await Session.sample(env)
        workflow_id = session.add_workflow("Slow")
        session.add_node(workflow_id, "SQL", x=0.0, y=0.0, params={"sql": slow, "connection": "shop"})
        handle = session.start_run(workflow_id)
        while handle.nodes_since(0)[1][0].state == "pending":  # noqa: ASYNC110 - a handle is polled, as the window does
            await asyncio.sleep(0.001)
        handle.cancel()
        await asyncio.wait_for(handle.finished(), 60)
        assert handle.state == "cancelled"
        again = await finished(session)
        assert again.state == "succeeded"
        await session.close()

    run(story())


def test_closing_stops_what_runs(env):
    slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n"

    async def story() -> str:
        session = await Session.sample(env)
        workflow_id = session.add_workflow("Slow")
        session.add_node(workflow_id, "SQL", x=0.0, y=0.0, params={"sql": slow, "connection": "shop"})
        handle = session.start_run(workflow_id)
        await asyncio.wait_for(session.close(), 60)
        return handle.state

    assert run(story()) == "cancelled"


def test_runs_are_remembered_with_the_project_even_when_the_workflow_has_changed(env, tmp_path):
    path = str(tmp_path / "x.studio")

    async def story() -> None:
        session = await Session.sample(env)
        handle = await finished(session)
        session.remove(W, [NodeId("report")])
        await session.save_as(path)
        await session.close()
        session = await Session.open(env, path)
        (record,) = await session.history_runs()
        assert (record.id, record.workflow_name, record.state) == (
            handle.run_id,
            "Restock and reward",
            "succeeded",
        )
        nodes = {node.node_id: node for node in await session.run_nodes(record.id)}
        assert nodes[NodeId("report")].columns == ("customer_id", "spent", "orders")
        assert 0 < len(nodes[NodeId("spent")].sample) <= 50
        assert nodes[NodeId("low_stock")].rows == 4
        session.remove_workflow(W)
        assert len(await session.history_runs(W)) == 1
        await session.close()

    run(story())


def test_python_runs_only_in_a_trusted_project(env):
    async def story() -> None:
        session = await Session.sample(env)
        workflow_id = session.add_workflow("Code")
        session.add_node(workflow_id, "Python", x=0.0, y=0.0, params={"code": "return 6 * 7"})
        assert (await finished(session, workflow_id)).state == "failed"
        session.trust()
        handle = await finished(session, workflow_id)
        assert handle.value(NodeId("python")) == 42
        await session.close()

    run(story())


# ---------------------------------------------------------------- data and connections


def test_pages_of_a_model_fit_together(env):
    async def story() -> None:
        session = await Session.sample(env)
        first = await session.browse("Customer", order_by=["city"], limit=15)
        second = await session.browse("Customer", order_by=["city"], offset=15, limit=15)
        third = await session.browse("Customer", order_by=["city"], offset=30, limit=15)
        ids = [row["id"] for page in (first, second, third) for row in page.rows]
        assert sorted(ids) == list(range(1, CUSTOMERS + 1))
        assert (second.offset, second.total) == (15, CUSTOMERS)
        found = await session.browse("Customer", filter={"tier": "silver"})
        assert found.total == len(found.rows) == 4
        await session.close()

    run(story())


def test_tables_that_do_not_exist_yet_are_empty(env, tmp_path):
    async def story() -> None:
        session = Session.in_memory(sample_project(f"sqlite:///{tmp_path / 'empty.sqlite'}"), env=env)
        assert await session.row_count("Product") == 0
        assert (await session.browse("Product")).rows == []
        await session.close()

    run(story())
    assert list(tmp_path.iterdir()) == []


def test_a_database_that_models_were_imported_from_is_missed_when_it_is_gone(
    env, chinook_sqlite_url, tmp_path
):
    async def story() -> None:
        session = await Session.new(env)
        session.edit(
            SetConnections(put=(Connection(id="c", name="music", url=chinook_sqlite_url),), default="c")
        )
        session.import_models("c", await session.reflect("c"))
        moved = Connection(id="c", name="music", url=f"sqlite:///{tmp_path / 'gone.sqlite'}")
        session.edit(SetConnections(put=(moved,)))
        (workflow_id,) = session.project.workflows
        session.add_node(workflow_id, "AlbumListNode", x=0.0, y=0.0)
        handle = await finished(session, workflow_id)
        assert handle.error.code == "unknown-database"
        assert "gone.sqlite" in handle.error.message
        with pytest.raises(UnknownDatabase):
            await session.row_count(next(iter(session.project.models)))
        await session.close()

    run(story())
    assert not (tmp_path / "gone.sqlite").exists()


def test_a_connection_is_tried_and_what_is_wrong_is_told(tmp_path, postgres_url):
    asker = Answering()
    env = Environment(data_dir=tmp_path / "home", secrets=SystemSecrets({}, asker=asker))

    def connection(url: str, **values: Any) -> Connection:
        return Connection(id="c", name="C", url=url, **values)

    async def story() -> None:
        session = Session.in_memory(Project(id="p", name="P"), env=env)
        with pytest.raises(UnknownDatabase, match=r"gone\.sqlite"):
            await session.test_connection(connection(f"sqlite:///{tmp_path / 'gone.sqlite'}"))
        assert not (tmp_path / "gone.sqlite").exists()
        user, _, host = postgres_url.rpartition("@")
        bare = f"{user.rpartition(':')[0]}@{host}"
        with pytest.raises(AuthenticationFailed) as caught:
            await session.test_connection(connection(bare), "s3cret-and-wrong")
        assert "s3cret" not in f"{caught.value} {caught.value.detail}"
        with pytest.raises(AuthenticationFailed, match="C_PASSWORD, which is not set"):
            await session.test_connection(connection(bare, secret="environment"))
        asker.answers = ["wrong", unquote(user.rpartition(":")[2])]
        with pytest.raises(AuthenticationFailed, match="refuses the user or the password"):
            await session.test_connection(connection(bare, secret="ask"))
        for _ in range(2):
            assert (await session.test_connection(connection(bare, secret="ask"))).can_write
        assert asker.answers == [], "a wrong answer is asked for again, a right one is not"
        info = await session.test_connection(connection(postgres_url))
        assert info.product == "PostgreSQL"
        assert info.can_write
        await session.close()

    run(story())


def test_a_connection_that_changes_leads_to_the_other_database(env, tmp_path):
    async def story() -> None:
        session = await Session.sample(env)
        assert await session.row_count("Customer") == CUSTOMERS
        other = Connection(id="shop", name="shop", url=f"sqlite:///{tmp_path / 'other.sqlite'}")
        session.edit(SetConnections(put=(other,)))
        assert await session.row_count("Customer") == 0
        session.undo()
        assert await session.row_count("Customer") == CUSTOMERS
        await session.close()

    run(story())


def test_a_relative_path_begins_at_the_projects_folder(env, tmp_path):
    async def story() -> None:
        session = await Session.new(env)
        session.edit(
            SetConnections(put=(Connection(id="c", name="c", url="sqlite:///data.sqlite"),), default="c")
        )
        (workflow_id,) = session.project.workflows
        session.add_node(
            workflow_id, "SQL", x=0.0, y=0.0, params={"sql": "create table t (x)", "connection": "c"}
        )
        await session.save_as(str(tmp_path / "deep" / "x.studio"))
        assert (await finished(session, workflow_id)).state == "succeeded"
        await session.close()

    run(story())
    assert (tmp_path / "deep" / "data.sqlite").exists()


def test_models_are_imported_from_a_database_somebody_else_made(env, chinook_sqlite_url):
    async def story() -> None:
        session = await Session.new(env)
        session.edit(
            SetConnections(put=(Connection(id="c", name="music", url=chinook_sqlite_url),), default="c")
        )
        specs = await session.reflect("c")
        session.import_models("c", specs)
        names = {entry.name: entry.id for entry in session.project.models.values()}
        assert {"Album", "Artist", "Track"} <= set(names)
        assert await session.row_count(names["Album"]) > 0
        (workflow_id,) = session.project.workflows
        node_id = session.add_node(workflow_id, "AlbumListNode", x=0.0, y=0.0, params={"limit": 3})
        assert session.problems(workflow_id) == ()
        handle = await finished(session, workflow_id)
        assert handle.output(node_id).row_count == 3
        session.undo()
        session.undo()
        assert session.project.models == {}
        await session.close()

    run(story())


def test_a_node_shows_its_sql_and_its_python(env):
    async def story() -> None:
        session = await Session.sample(env)
        (statement, *_) = session.statements(W, NodeId("low_stock"))
        assert "products" in statement.sql
        assert 20 in statement.params.values()
        assert session.statements(W, NodeId("report")) == []
        (before, *_) = session.statements(W, NodeId("mark_gold"))
        assert any("‹" in str(value) for value in before.params.values())
        await finished(session)
        (after, *_) = session.statements(W, NodeId("mark_gold"))
        assert "UPDATE" in after.sql.upper()
        assert not any("‹" in str(value) for value in after.params.values())
        assert "add_node" in session.code(W, NodeId("low_stock"))
        await session.close()

    run(story())


def test_a_session_in_memory_keeps_its_runs_and_cannot_be_saved(env, tmp_path):
    constant = Node(id=NodeId("c"), type="Constant", params=frozen({"value": 1}))
    workflow = Workflow(id=W, name="W", nodes=frozen({constant.id: constant}))

    async def story() -> None:
        session = Session.in_memory(Project(id="p", name="P", workflows=frozen({W: workflow})), env=env)
        handle = await finished(session)
        assert [record.id for record in await session.history_runs(W)] == [handle.run_id]
        assert [node.node_id for node in await session.run_nodes(handle.run_id)] == ["c"]
        with pytest.raises(StoreError, match="memory only"):
            await session.save_as(str(tmp_path / "x.studio"))
        await session.close()

    run(story())
    assert not env.data_dir.exists()


def test_a_project_lives_on_a_server_as_in_a_file(env, postgres_url):
    async def story() -> None:
        session = await Session.new(env, name="Team")
        await session.save_as(postgres_url)
        assert session.location is not None
        assert session.location.startswith("postgresql://")
        assert session.location in postgres_url or ":" in postgres_url.rpartition("@")[0]
        assert "p%40ss" not in session.location
        assert "p@ss" not in session.location
        assert session.title == "Team"
        with pytest.raises(StoreBusy, match=r"process \d+ on "):
            await Session.open(env, postgres_url)
        rename(session, "Team two")
        await session.save()
        rename(session, "Team three")
        await session.close(keep_edits=True)
        session = await Session.open(env, postgres_url)
        assert session.project.name == "Team two"
        assert await session.restore() == 1
        assert session.project.name == "Team three"
        await session.save()
        await session.close()
        with pytest.raises(StoreError, match="holds the project 'Team three' already"):
            await (await Session.new(env)).save_as(postgres_url)

    run(story())


def test_an_empty_database_on_a_server_is_told(env, postgres_url):
    with pytest.raises(StoreError, match=r"holds no project yet.*Save a project there first"):
        run(Session.open(env, postgres_url))
