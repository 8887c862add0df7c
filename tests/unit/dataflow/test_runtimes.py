"""Do runtimes work with and without a running loop, and tell the truth about runs that fail or are stopped?"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio import AsyncLocalRuntime, DataFlow, LocalRuntime, Workflow, WorkflowBuilder
from studio.kernel.errors import BuildError, DuplicateKey, RecordNotFound, WorkflowError


class Person:
    id: str
    name: str


@pytest.fixture
def db(tmp_path: Path) -> Iterator[DataFlow]:
    with DataFlow(f"sqlite:///{tmp_path / 'people.db'}", name="people", models=[Person]) as opened:
        yield opened


def story(db: DataFlow, person: str = "ada") -> WorkflowBuilder:
    workflow = WorkflowBuilder(db, name="story")
    workflow.add_node("PersonUpsertNode", "create", {"id": person, "name": "Ada"})
    workflow.add_node("PersonReadNode", "read")
    workflow.add_connection("create", "id", "read", "id")
    return workflow


def failing(db: DataFlow) -> WorkflowBuilder:
    workflow = WorkflowBuilder(db, name="bad")
    workflow.add_node("PersonReadNode", "read", {"id": "nobody"})
    return workflow


def test_a_workflow_is_run_built_or_not_and_gives_results_by_node(db: DataFlow) -> None:
    for workflow in (story(db), story(db).build()):
        results, run_id = LocalRuntime().execute(workflow)
        assert results["read"] == results["create"]
        assert list(results) == ["create", "read"]
        assert len(run_id) == 36


def test_a_bare_workflow_runs_where_the_runtime_says(db: DataFlow) -> None:
    bare = story(db).workflow()
    assert type(bare) is Workflow
    for results, _ in (LocalRuntime(db).execute(bare), LocalRuntime().execute(bare, db=db)):
        assert results["read"]["name"] == "Ada"


def test_it_works_inside_a_running_loop_too(db: DataFlow) -> None:
    async def main() -> None:
        results, _ = LocalRuntime().execute(story(db))
        assert results["read"]["id"] == "ada"

    asyncio.run(main())


def test_runtimes_may_be_used_as_context_managers_but_need_not(db: DataFlow) -> None:
    with LocalRuntime() as runtime:
        assert runtime.execute(story(db))[0]["read"]["id"] == "ada"

    async def main() -> None:
        async with AsyncLocalRuntime() as runtime:
            results, _ = await runtime.execute_workflow_async(story(db))
            assert results["read"]["id"] == "ada"

    asyncio.run(main())


def test_both_runtimes_deliver_the_same_values(db: DataFlow) -> None:
    """Also what an edge carries into a param."""
    built = story(db).build()
    LocalRuntime().execute(built)
    count = WorkflowBuilder(db)
    count.add_node("PersonListNode", "list")
    count.add_node("Map", "map", {"fields": {"n": "record.name + '!'"}})
    count.add_connection("list", "records", "map", "records")
    ready = count.build()
    waited, _ = LocalRuntime().execute(ready)
    awaited, _ = asyncio.run(AsyncLocalRuntime().execute_workflow_async(ready))
    assert waited == awaited
    assert waited["map"] == [{"n": "Ada!"}]


@pytest.mark.parametrize("way", ["local", "async"])
def test_a_run_that_fails_raises_with_workflow_and_node_and_is_never_a_success(
    db: DataFlow, way: str
) -> None:
    """Neither a failed read nor a failed create is a finished workflow."""
    with pytest.raises(RecordNotFound) as caught:
        if way == "local":
            LocalRuntime().execute(failing(db))
        else:
            asyncio.run(AsyncLocalRuntime().execute_workflow_async(failing(db)))
    assert (caught.value.workflow, caught.value.node) == ("bad", "read")
    assert "'nobody'" in str(caught.value)
    twice = WorkflowBuilder(db, name="twice")
    for node in ("first", "second"):
        twice.add_node("PersonCreateNode", node, {"id": "ada", "name": "Ada"})
    twice.add_connection("first", "done", "second", "after")
    with pytest.raises(DuplicateKey, match="Person has a record with \"id\" 'ada'") as taken:
        if way == "local":
            LocalRuntime().execute(twice)
        else:
            asyncio.run(AsyncLocalRuntime().execute_workflow_async(twice))
    assert taken.value.node == "second"


def test_run_gives_the_whole_story_of_a_failure(db: DataFlow) -> None:
    result = LocalRuntime().run(failing(db))
    assert result.state == "failed"
    outcome = result.nodes["read"]
    assert outcome.state == "failed"
    assert outcome.error is result.error
    assert outcome.duration_ms is not None
    assert outcome.started_at is not None


def test_many_runs_at_once_do_not_mix(db: DataFlow) -> None:
    async def main() -> None:
        runtime = AsyncLocalRuntime()
        built = [story(db, f"p{number}").build() for number in range(40)]
        found = await asyncio.gather(*(runtime.execute_workflow_async(workflow) for workflow in built))
        assert [results["read"]["id"] for results, _ in found] == [f"p{number}" for number in range(40)]

    asyncio.run(main())


def test_cancelling_the_awaiting_task_stops_the_statement_at_the_database(db: DataFlow) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS c FROM n"
    workflow = WorkflowBuilder(db, name="endless")
    workflow.add_node("SQL", "sql", {"sql": endless})
    started = asyncio.Event()

    async def main() -> None:
        loop = asyncio.get_running_loop()
        runtime = AsyncLocalRuntime(on_event=lambda event: loop.call_soon_threadsafe(started.set))
        task = asyncio.create_task(runtime.execute_workflow_async(workflow))
        await started.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        results, _ = await AsyncLocalRuntime().execute_workflow_async(story(db))
        assert results["read"]["id"] == "ada"

    asyncio.run(asyncio.wait_for(main(), 60))


def test_an_unknown_mode_and_a_thing_that_is_no_workflow_are_refused(db: DataFlow) -> None:
    with pytest.raises(WorkflowError, match="no mode 'atomc'.*Did you mean 'atomic'"):
        LocalRuntime(mode="atomc")  # type: ignore[arg-type]
    with pytest.raises(WorkflowError, match="runs workflows, not dict"):
        LocalRuntime().execute({})  # type: ignore[call-overload]


def test_an_altered_copy_of_a_built_workflow_is_built_anew(db: DataFlow) -> None:
    built = story(db).build()
    smaller = built.without_nodes(["read"])  # type: ignore[list-item]
    results, _ = LocalRuntime(db).execute(smaller)
    assert list(results) == ["create"]
    assert built == story_of(built)


def story_of(workflow: Workflow) -> Workflow:
    return Workflow.from_yaml(workflow.to_yaml())


def test_a_built_workflow_cannot_be_altered(db: DataFlow) -> None:
    built = story(db).build()
    with pytest.raises(AttributeError):
        built.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        built.nodes["x"] = 1  # type: ignore[index]


def test_a_failing_build_names_all_problems_and_writes_nothing(db: DataFlow) -> None:
    workflow = WorkflowBuilder(db, name="wrong")
    workflow.add_node("PersonCreateNode", "a", {"id": "x", "nam": "y"})
    workflow.add_node("PersonCreateNode", "a", {"id": "x", "name": "y"})
    workflow.add_node("PersonReadNode", "", {})
    workflow.add_node("PersonListNode", "l", "limit=3")  # type: ignore[arg-type]
    workflow.add_node(5, "five")  # type: ignore[arg-type]
    workflow.add_input("n", "integer")
    workflow.add_input("m", "int")
    workflow.add_input("m", "int")
    workflow.add_connection("a", "id", "zz", "id")
    with pytest.raises(BuildError) as caught:
        LocalRuntime().execute(workflow)
    assert sorted(problem.code for problem in caught.value.problems) == [
        "input-kind",
        "input-twice",
        "missing-param",
        "node-id",
        "node-twice",
        "param-type",
        "unknown-node",
        "unknown-node-id",
        "unknown-param",
    ]
    assert str(caught.value).count("\n  - ") == 9
