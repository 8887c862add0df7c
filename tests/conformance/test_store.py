"""A project store does the same in a file and on a server."""

import datetime as dt
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.kernel.errors import StoreBusy, StoreError
from studio.kernel.ids import NodeId, RunId, WorkflowId, new_id
from studio.kernel.loop import default_loop
from studio.persistence.gateway import Step
from studio.persistence.project_models import FORMAT_VERSION, STORE_MODELS
from studio.persistence.retention import Retention
from studio.persistence.runs import NodeRunRecord, RunRecord
from studio.persistence.store import JournalEntry, ProjectStore
from studio.project.state import Project
from studio.session.sample import sample_project
from studio.workflow import Node, Workflow
from studio.workflow.graph import frozen
from tests.support.edits import MAKERS
from tests.support.exactness import exact

NOW = dt.datetime(2026, 5, 1, 12, 0, tzinfo=dt.UTC)
W = WorkflowId("restock")
SAMPLE = sample_project("sqlite:///shop.sqlite")
TEMPLATES = frozen(
    {
        key: replace(SAMPLE.workflows[W], id=key, name=name)
        for key, name in ((WorkflowId("second"), "{{ odd }}" * 99), (WorkflowId("first"), "A to begin with"))
    }
)
SAMPLE = replace(SAMPLE, id="p", templates=TEMPLATES)


def clock() -> dt.datetime:
    return NOW


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return default_loop().run(work)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store can be made: a path, or the URL of an empty database on the server."""
    if request.param == "sqlite":
        return str(tmp_path / "shop.studio")
    return str(request.getfixturevalue("postgres_url"))


async def made(place: str, project: Project = SAMPLE) -> ProjectStore:
    return await ProjectStore.create(place, project, clock=clock, studio_version="1")


async def opened(place: str, **options: Any) -> ProjectStore:
    return await ProjectStore.open(place, clock=clock, **options)


def entry(position: int, change: str = "x") -> JournalEntry:
    return JournalEntry(position=position, label="Edit", change=change, made_at=NOW)


def run_record(number: int = 0) -> RunRecord:
    return RunRecord(
        id=RunId(new_id()),
        workflow_id=W,
        workflow_name="Restock",
        state="succeeded",
        mode="auto",
        started_at=NOW + dt.timedelta(seconds=number),
        duration_ms=12.5,
        rows=3,
        inputs=frozen({"least": 10, "{{ odd }}": "{{ text }}"}),
    )


def test_a_project_that_was_saved_is_opened_the_same(place):
    async def story() -> Project:
        store = await made(place)
        await store.close()
        store = await opened(place)
        await store.close()
        return store.project

    assert exact(run(story())) == exact(SAMPLE)


def test_saving_writes_what_was_added_altered_and_removed(place):
    async def story() -> tuple[Project, Project]:
        store = await made(place)
        workflow = SAMPLE.workflows[W].without_nodes([NodeId("report")])
        other = Workflow(
            id=WorkflowId("other"),
            name="{{ not an expression",
            nodes=frozen({"a": Node(id=NodeId("a"), type="T")}),
        )
        project = replace(
            SAMPLE,
            name="{{ name }}",
            description="'; DROP TABLE projects; --",
            workflows=frozen({other.id: other, W: replace(workflow, name="Only restock")}),
            models=frozen({key: model for key, model in SAMPLE.models.items() if key != "OrderLine"}),
            connections=frozen({"shop": replace(SAMPLE.connections["shop"], read_only=True)}),
            templates=frozen({"first": replace(TEMPLATES[WorkflowId("first")], name="Only this")}),
        )
        await store.save(project, studio_version="2", upto=0)
        await store.close()
        store = await opened(place)
        await store.close()
        return project, store.project

    wanted, found = run(story())
    assert exact(found) == exact(wanted)


def test_an_edit_that_was_journaled_is_there_until_it_is_saved(place):
    async def story() -> list[list[JournalEntry]]:
        store = await made(place)
        await store.append_edits([entry(1, "{{ one }}"), entry(2)])
        await store.append_edits([entry(3)])
        await store.close()
        store = await opened(place)
        found = [await store.edits()]
        await store.save(SAMPLE, studio_version="1", upto=2)
        found.append(await store.edits())
        await store.forget_edits()
        found.append(await store.edits())
        await store.close()
        return found

    first, second, third = run(story())
    assert first == [entry(1, "{{ one }}"), entry(2), entry(3)]
    assert second == [entry(3)]
    assert third == []


def test_a_save_that_cannot_be_finished_changes_nothing(place):
    async def story() -> Project:
        store = await made(place)
        await store.append_edits([entry(1)])
        bad = replace(SAMPLE.workflows[W], name="\ud800")
        with pytest.raises(Exception, match="surrogate"):
            await store.save(
                replace(SAMPLE, name="New", workflows=frozen({W: bad})), studio_version="1", upto=1
            )
        assert len(await store.edits()) == 1
        await store.close()
        store = await opened(place)
        await store.close()
        return store.project

    assert run(story()).name == SAMPLE.name


def test_a_store_that_is_open_is_refused_to_others_and_free_again_after_closing(place):
    async def story() -> None:
        store = await made(place)
        with pytest.raises(StoreBusy, match=r"is open in process \d+.*Close it there"):
            await opened(place)
        reader = await opened(place, read_only=True)
        assert reader.project == SAMPLE
        with pytest.raises(StoreError, match="opened for reading only"):
            await reader.save(SAMPLE, studio_version="1", upto=0)
        await reader.close()
        await store.close()
        again = await opened(place)
        await again.close()

    run(story())


def test_a_workflow_and_a_model_that_cannot_be_read_stay_in_the_store_untouched(place):
    newer = "format: studio/workflow\nversion: 9\nid: newer\nname: Newer\n"
    definition = "name: Odd\nfields: {id: {type: quaternion}}\n"

    async def story() -> ProjectStore:
        store = await made(place)
        row = {
            "organization_id": "local",
            "user_id": "local",
            "name": "Newer",
            "description": "",
            "pattern": "workflow",
        }
        await store._gateway.run(
            [
                Step(
                    type="OrchestrationCreateNode",
                    params={"id": "newer", **row, "config_yaml": newer, "agent_ids": {}, "status": "draft"},
                ),
                Step(
                    type="OrchestrationTemplateUpdateNode",
                    params={"id": "first", "fields": {"config_yaml": newer}},
                ),
                Step(
                    type="ModelDefinitionCreateNode",
                    params={
                        "id": "odd",
                        "project_id": "p",
                        "connection_id": "shop",
                        "name": "Odd",
                        "definition": definition,
                    },
                ),
            ]
        )
        await store.close()
        store = await opened(place)
        assert "newer" not in store.project.workflows
        assert store.project.models["odd"].spec is None
        assert list(store.project.templates) == ["second"]
        codes = [problem.code for problem in store.problems]
        assert codes == ["unread-workflow", "unread-workflow", "unread-model"]
        assert "newer Studio" in str(store.problems[0])
        assert "The template" in str(store.problems[1])
        await store.save(
            replace(store.project, name="Renamed", workflows=frozen(), templates=frozen()),
            studio_version="1",
            upto=0,
        )
        await store.close()
        store = await opened(place)
        assert store.project.models["odd"].extra["definition"] == definition
        rows = (await store._gateway.run([Step(type="OrchestrationListNode", params={"limit": None})]))[0]
        assert [(row["id"], row["config_yaml"]) for row in rows] == [("newer", newer)]
        rows = (await store._gateway.run([Step(type="OrchestrationTemplateListNode")]))[0]
        assert [(row["id"], row["config_yaml"]) for row in rows] == [("first", newer)]
        await store.close()
        return store

    assert run(story()).project.name == "Renamed"


def test_unknown_keys_of_models_and_workflows_come_back_after_a_change(place):
    async def story() -> str:
        store = await made(place)
        definition = "name: Customer\nfields:\n  id: {type: int}\n  city: {type: str, collation: de}\npartition: {by: city}\n"
        await store._gateway.run(
            [
                Step(
                    type="ModelDefinitionUpdateNode",
                    params={"id": "Customer", "fields": {"definition": definition}},
                )
            ]
        )
        await store.close()
        store = await opened(place)
        model = store.project.models["Customer"]
        assert model.spec is not None
        changed = replace(model, spec=replace(model.spec, doc="People"))
        await store.save(
            replace(store.project, models=frozen({**store.project.models, "Customer": changed})),
            studio_version="1",
            upto=0,
        )
        row = (await store._gateway.run([Step(type="ModelDefinitionReadNode", params={"id": "Customer"})]))[0]
        await store.close()
        return str(row["definition"])

    text = run(story())
    assert "doc: People" in text
    assert "collation: de" in text
    assert "partition: {by: city}" in text


def test_a_store_of_before_there_were_templates_and_facts_of_runs_is_opened_and_takes_them(place):
    async def story() -> tuple[Project, str]:
        store = await made(place, replace(SAMPLE, templates=frozen()))
        await store.run_history.add(run_record(), [], project_id=SAMPLE.id)
        await store._gateway.run([Step(type="SQL", params={"sql": "DROP TABLE run_facts"})])
        old = {"format_version": "1.0", "order": {"connections": [], "models": [], "workflows": [W]}}
        await store._gateway.run([Step(type="ProjectUpdateNode", params={"id": "p", "fields": old})])
        await store.close()
        reader = await opened(place, read_only=True)
        assert [entry.size for entry in await reader.run_history.recent()] == [0]
        await reader.close()
        store = await opened(place)
        assert not store.is_read_only
        await store.run_history.add(run_record(9), [], project_id=SAMPLE.id)
        assert [entry.size > 0 for entry in await store.run_history.recent()] == [True, False]
        assert not store.project.templates
        await store.save(replace(store.project, templates=TEMPLATES), studio_version="2", upto=0)
        row = (await store._gateway.run([Step(type="ProjectReadNode", params={"id": "p"})]))[0]
        await store.close()
        store = await opened(place)
        await store.close()
        return store.project, row["format_version"]

    found, version = run(story())
    assert exact(found.templates) == exact(TEMPLATES)
    assert version == FORMAT_VERSION


def test_a_newer_format_is_opened_for_reading_only_and_never_overwritten(place):
    async def story() -> None:
        store = await made(place)
        step = Step(type="ProjectUpdateNode", params={"id": "p", "fields": {"format_version": "2.0"}})
        await store._gateway.run([step])
        await store.close()
        store = await opened(place)
        assert store.is_read_only
        assert store.project.name == SAMPLE.name
        with pytest.raises(StoreError, match=r"newer Studio \(format 2\.0\).*another name"):
            await store.save(SAMPLE, studio_version="1", upto=0)
        await store.close()

    run(story())


def test_runs_are_remembered_newest_first_with_their_nodes(place):
    nodes = [
        NodeRunRecord(
            node_id=NodeId("low_stock"),
            title="Low {{ stock }}",
            type="ProductListNode",
            state="succeeded",
            duration_ms=1.25,
            rows=2,
            columns=("id", "made_at"),
            sample=({"id": 1, "made_at": NOW, "raw": b"\x00"}, {"id": 2, "made_at": None}),
        ),
        NodeRunRecord(
            node_id=NodeId("x"),
            title="X",
            type="T",
            state="failed",
            error=frozen({"code": "check", "message": "no"}),
        ),
    ]

    async def story() -> Any:
        store = await made(place)
        first, second = run_record(0), run_record(1)
        await store.run_history.add(first, nodes, project_id=SAMPLE.id)
        await store.run_history.add(second, [], project_id=SAMPLE.id)
        runs = await store.run_history.recent(W)
        found = await store.run_history.nodes(first.id)
        assert await store.run_history.recent(WorkflowId("nobody")) == []
        await store.close()
        return runs == [second, first], found

    in_order, found = run(story())
    assert in_order
    assert exact(found) == exact(nodes)


def test_only_the_newest_runs_are_kept_so_many_and_so_much_of_them(place):
    async def story() -> Any:
        store = await made(place)
        history = store.run_history
        node = NodeRunRecord(node_id=NodeId("a"), title="A", type="T", state="succeeded")
        large = replace(
            node, sample=tuple({f"c{column}": "x" * 1999 for column in range(9)} for _ in range(50))
        )
        oldest = run_record(0)
        for number, run in enumerate([oldest, *map(run_record, range(1, 5))]):
            keep = Retention(runs=3)
            await history.add(run, [] if number else [node], project_id=SAMPLE.id, keep=keep)
        few = await history.recent()
        assert await history.nodes(oldest.id) == []
        assert all(0 < run.size < 1000 for run in few)
        two = [run_record(number) for number in (8, 9)]
        for run in two:
            await history.add(run, [large], project_id=SAMPLE.id, keep=Retention(megabytes=1))
        newest = await history.recent()
        await history.trim(Retention(runs=0))
        await history.note(two[1].id, "before the holidays", project_id=SAMPLE.id)
        (last,) = await history.recent()
        await history.forget([last.id])
        none = await history.recent()
        await store.close()
        return len(few), [run.id for run in newest] == [two[1].id], last.note, last.size > 900_000, none

    assert run(story()) == (3, True, "before the holidays", True, [])


def test_a_copy_takes_runs_and_other_peoples_rows_along(place, tmp_path):
    target = str(tmp_path / "copies" / "copy.studio")

    async def story() -> Any:
        store = await made(place)
        await store.run_history.add(run_record(), [], project_id=SAMPLE.id)
        await store._gateway.run(
            [Step(type="OrganizationCreateNode", params={"id": "o", "name": "O", "slug": "o", "plan_tier": "free", "status": "active"})]
        )  # fmt: skip
        await store.append_edits([entry(1)])
        copy = await store.copy_to(target, replace(SAMPLE, name="Copy"), studio_version="1")
        organizations = (await copy._gateway.run([Step(type="OrganizationListNode")]))[0]
        found = (
            copy.project,
            len(await copy.run_history.recent()),
            [row["id"] for row in organizations],
            await copy.edits(),
        )
        await copy.close()
        await store.close()
        return found

    project, runs, organizations, edits = run(story())
    assert exact(project) == exact(replace(SAMPLE, name="Copy"))
    assert (runs, organizations, edits) == (1, ["o"], [])


def test_a_store_has_a_table_for_each_of_its_models(place):
    async def story() -> frozenset[str]:
        store = await made(place)
        tables = await store._gateway.tables()
        await store.close()
        return frozenset(tables)

    assert len(run(story())) == len(STORE_MODELS) == 17


@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_random_projects_are_saved_and_opened_the_same(data, place, tmp_path):
    project = Project(id="p", name="P", workflows=frozen({W: Workflow(id=W, name="A")}))
    for kind in MAKERS:
        change = MAKERS[kind](data.draw, project)
        project = change.apply(project) if change is not None else project

    async def story() -> Project:
        target = str(tmp_path / f"{new_id()}.studio") if not place.startswith("postgresql") else place
        if place.startswith("postgresql"):
            store = await _emptied(place, project)
        else:
            store = await made(target, project)
        await store.close()
        store = await opened(target)
        await store.close()
        return store.project

    assert exact(run(story())) == exact(project)


async def _emptied(place: str, project: Project) -> ProjectStore:
    """The server's store with another project in it: databases are dear, so all examples share one."""
    try:
        store = await opened(place)
    except StoreError:
        return await made(place, project)
    await store.save(project, studio_version="1", upto=0)
    return store
