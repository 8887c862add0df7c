"""How does a session deal with workflows that run others? Texts, edits of what is run, runs with their inner nodes, relative files."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from studio.kernel.ids import NodeId, WorkflowId
from studio.persistence.project_text import project_from_yaml, project_to_yaml
from studio.session import CatalogueChanged, Environment, ProblemsChanged, Session
from studio.session.secrets import SystemSecrets
from studio.workflow.graph import Edge
from studio.workflow.references import spec_for

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "prices.yaml"
INNER, OUTER = WorkflowId("gross-price"), WorkflowId("order")


@pytest.fixture
def session(tmp_path: Path) -> Session:
    env = Environment(data_dir=tmp_path / "home", secrets=SystemSecrets({}))
    return Session.in_memory(project_from_yaml(EXAMPLE.read_text()), env=env)


def finished(session: Session, workflow_id: WorkflowId = OUTER) -> Any:
    async def work() -> Any:
        handle = session.start_run(workflow_id)
        await handle.finished()
        return handle

    return asyncio.run(work())


def test_a_name_in_a_text_becomes_the_id_and_the_text_comes_back_equal(session: Session) -> None:
    each = session.project.workflow(OUTER).nodes[NodeId("each")]
    assert each.params == {"workflow": INNER}
    assert project_from_yaml(project_to_yaml(session.project)) == session.project


def test_a_run_shows_the_nodes_inside_by_their_path_and_remembers_them(session: Session) -> None:
    handle = finished(session)
    assert handle.state == "succeeded"
    assert handle.value(NodeId("prices")) == [12, 3.3]
    inner = handle.node(NodeId("each/gross"))
    assert (inner.state, handle.node(NodeId("each")).rows) == ("succeeded", 2)
    assert handle.rows == 2  # what is done within a node is counted there
    (run,) = asyncio.run(session.history_runs(OUTER))
    nodes = asyncio.run(session.run_nodes(run.id))
    assert [node.node_id for node in nodes] == ["lines", "each", "each/gross", "each/price", "prices"]
    assert (
        next(node for node in nodes if node.node_id == "each/gross").title
        == "For each: Gross price / Add tax"
    )


def test_an_edit_of_the_workflow_that_is_run_is_told_where_its_outside_changes(session: Session) -> None:
    assert session.problems(OUTER) == ()
    told: list[object] = []
    session.observe(told.append)

    def heard() -> tuple[bool, bool]:
        found = any(isinstance(event, CatalogueChanged) for event in told), ProblemsChanged(OUTER) in told
        told.clear()
        return found

    session.set_params(INNER, NodeId("gross"), {"value": 1})
    heard()  # how its nodes look is remembered from the first edit on
    session.set_params(INNER, NodeId("gross"), {"value": 2})
    assert heard() == (False, True)
    session.rename_workflow(INNER, "What is paid")
    assert heard() == (True, True)
    assert session.problems(OUTER) == ()
    session.disconnect(
        INNER,
        [Edge(source=NodeId("gross"), source_port="value", target=NodeId("price"), target_port="value")],
    )
    assert [(problem.code, problem.node) for problem in session.problems(OUTER)] == [
        ("inner-problem", "each")
    ]
    session.undo()
    assert session.problems(OUTER) == ()
    session.remove_workflow(INNER)
    assert [problem.code for problem in session.problems(OUTER)] == ["unknown-workflow"]
    session.undo()
    assert session.problems(OUTER) == ()


def test_a_new_node_is_called_like_the_workflow_that_it_runs_until_it_gets_a_name(session: Session) -> None:
    node = session.add_node(OUTER, "Subworkflow", x=0, y=0)
    assert session.project.workflow(OUTER).nodes[node].title == ""
    titles = [spec.title for spec in [session.catalogue.find("Subworkflow")] if spec is not None]
    session.set_params(OUTER, node, {"workflow": INNER})
    spec = spec_for(session.project.workflow(OUTER).nodes[node], session.catalogue)
    assert spec is not None
    assert [*titles, spec.title] == ["Subworkflow", "Gross price"]


def test_a_path_in_a_run_leads_to_the_node_around(session: Session) -> None:
    workflow = session.project.workflow(OUTER)
    found = [workflow.node_around(path) for path in ("each", "each/gross", "each/deep/down", "gone", "")]
    assert found == ["each", "each", "each", None, None]


def test_relative_paths_begin_in_the_folder_of_the_project(session: Session, tmp_path: Path) -> None:
    session.base_folder = tmp_path
    node = session.add_node(OUTER, "WriteCSV", x=0, y=0, params={"path": "lines.csv"})
    session.connect(
        OUTER, Edge(source=NodeId("lines"), source_port="value", target=node, target_port="records")
    )
    handle = finished(session)
    assert handle.value(node)["path"] == str(tmp_path / "lines.csv")
    assert (tmp_path / "lines.csv").read_text() == "net,rate\n10,20\n3,10\n"
