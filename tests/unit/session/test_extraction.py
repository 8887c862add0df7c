"""A part of a workflow becomes one of its own, gives what it gave before, and one undo brings it back."""

from dataclasses import replace

import pytest

from studio.dataflow import LocalRuntime
from studio.dataflow.builder import WorkflowBuilder
from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.project import Project
from studio.session import Session
from studio.workflow.graph import Workflow, frozen
from tests.support.exactness import exact

W = WorkflowId("w")


def built() -> Workflow:
    graph = WorkflowBuilder(name="Prices", id="w")
    graph.add_input("least", "int", default=2)
    graph.add_node("Constant", "rows", {"value": [{"n": 1}, {"n": 2}, {"n": 3}]})
    graph.add_node("Filter", "few", {"condition": "record.n >= least"})
    graph.add_node("Map", "double", {"fields": {"n": "record.n * 2"}})
    graph.add_node("Output", "end", {"name": "end"})
    graph.add_node("Output", "how_many", {"name": "how_many"})
    graph.add_node("Constant", "late", {"value": 1})
    for source, port, target, entry in (
        ("rows", "value", "few", "records"),
        ("few", "records", "double", "records"),
        ("double", "records", "end", "value"),
        ("double", "count", "how_many", "value"),
        ("double", "done", "late", "after"),
    ):
        graph.add_connection(source, port, target, entry)
    for number, node in enumerate(("rows", "few", "double", "end", "how_many", "late")):
        graph.place(node, number * 300.0, 40.0, frame="f" if node in ("few", "double") else "")
    graph.add_frame("Work", 200.0, 0.0, id="f")
    graph.add_note("why", 320.0, 200.0, frame="f", id="n")
    graph.route("few", "records", "double", "records", (550.0, 300.0))
    return graph.workflow()


def session() -> Session:
    return Session.in_memory(Project(id="p", name="P", workflows=frozen({W: built()})))


def results(opened: Session, workflow_id: WorkflowId = W) -> dict[str, object]:
    workflows = list(opened.project.workflows.values())
    found, _ = LocalRuntime(workflows=workflows).execute(opened.project.workflow(workflow_id))
    return {name: found[name] for name in ("end", "how_many", "late")}


def test_the_whole_gives_what_it_gave_before() -> None:
    opened = session()
    before = results(opened)
    opened.make_subworkflow(W, [NodeId("few"), NodeId("double")])
    assert results(opened) == before == {"end": [{"n": 4}, {"n": 6}], "how_many": 2, "late": 1}


def test_what_crosses_the_border_becomes_inputs_and_outputs() -> None:
    opened = session()
    node_id = opened.make_subworkflow(W, [NodeId("few"), NodeId("double")])
    outer = opened.project.workflow(W)
    inner = opened.project.workflow(WorkflowId(outer.nodes[node_id].params["workflow"]))
    assert [entry.name for entry in inner.inputs] == ["least", "records"]
    assert outer.nodes[node_id].params["least"] == "{{ least }}"
    ends = {(edge.source, edge.source_port, edge.target, edge.target_port) for edge in outer.edges}
    assert ends == {
        ("rows", "value", node_id, "records"),
        (node_id, "records", "end", "value"),
        (node_id, "count", "how_many", "value"),
        (node_id, "done", "late", "after"),
    }
    assert sorted(node.type for node in inner.nodes.values()) == [
        "Filter",
        "Input",
        "Map",
        "Output",
        "Output",
    ]
    assert not opened.problems(W)
    assert not opened.problems(inner.id)


def test_it_is_one_step_over_both_workflows() -> None:
    opened = session()
    before = exact(opened.project)
    opened.make_subworkflow(W, [NodeId("few")])
    after = exact(opened.project)
    assert (len(opened.project.workflows), opened.history.position) == (2, 1)
    opened.undo()
    assert exact(opened.project) == before
    opened.redo()
    assert exact(opened.project) == after


def test_a_frame_goes_along_with_what_lies_in_it_and_names_the_new_workflow() -> None:
    opened = session()
    node_id = opened.make_subworkflow(W, [], frames=["f"])
    outer = opened.project.workflow(W)
    inner = opened.project.workflow(WorkflowId(outer.nodes[node_id].params["workflow"]))
    assert (inner.name, outer.nodes[node_id].title) == ("Work", "Work")
    assert (dict(outer.frames), dict(outer.notes), dict(outer.routes)) == ({}, {}, {})
    assert (list(inner.frames), inner.notes["n"].frame, inner.places[NodeId("few")].frame) == (
        ["f"],
        "f",
        "f",
    )
    ((route),) = inner.routes.values()
    assert route[0][1] - inner.places[NodeId("few")].y == 300.0 - 40.0


def test_a_node_between_that_is_not_taken_along_is_named() -> None:
    opened = session()
    with pytest.raises(WorkflowError, match='"few" lies between|"Filter" lies between') as refused:
        opened.make_subworkflow(W, [NodeId("rows"), NodeId("double")])
    assert "Select that node as well" in refused.value.hint
    assert opened.history.position == 0


def test_an_expression_that_reaches_across_the_border_is_refused() -> None:
    workflow = built()
    reaching = replace(
        workflow.nodes[NodeId("double")], params=frozen({"fields": {"n": "record.n + few.count"}})
    )
    project = Project(id="p", name="P", workflows=frozen({W: workflow.with_nodes([reaching])}))
    with pytest.raises(WorkflowError, match='names "few"'):
        Session.in_memory(project).make_subworkflow(W, [NodeId("double")])


def test_inputs_and_outputs_stay_where_they_are() -> None:
    opened = session()
    with pytest.raises(WorkflowError, match="Nothing is selected"):
        opened.make_subworkflow(W, [NodeId("end")])
    opened.make_subworkflow(W, list(built().nodes))
    assert {node.type for node in opened.project.workflow(W).nodes.values()} == {"Output", "Subworkflow"}
