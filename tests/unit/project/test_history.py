"""The undo memory: grouping, merging, the clean mark."""

from dataclasses import replace

import pytest

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.project import History, Project
from studio.project.changes import (
    AddNodes,
    EditNode,
    Group,
    MoveNodes,
    PutWorkflow,
    RemoveNodes,
    RemoveWorkflow,
    SetEdges,
    SetNotes,
    SetParams,
)
from studio.workflow import Edge, Node, Note, Place, Workflow
from studio.workflow.graph import frozen

WF = WorkflowId("wf")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def node(name: str, **params: object) -> Node:
    return Node(id=NodeId(name), type="Input", params=frozen(params))


def edge(source: str, target: str) -> Edge:
    return Edge(source=NodeId(source), source_port="value", target=NodeId(target), target_port="value")


def history(*names: str, edges: tuple[Edge, ...] = (), clock: Clock | None = None) -> History:
    workflow = Workflow(id=WF, name="w").with_nodes([node(name) for name in names]).with_edges(edges)
    return History(Project(id="p", name="p").with_workflow(workflow), clock=clock or Clock())


def test_removing_a_node_removes_its_edges_and_undo_restores_them_in_their_order() -> None:
    log = history("a", "b", "c", edges=(edge("a", "b"), edge("b", "c"), edge("a", "c")))
    before = log.project
    log.apply(RemoveNodes(workflow=WF, nodes=(NodeId("b"),)))
    assert log.project.workflow(WF).edges == (edge("a", "c"),)
    assert log.undo()
    assert log.project == before
    assert list(log.project.workflow(WF).nodes) == ["a", "b", "c"]
    assert log.project.workflow(WF).edges == before.workflow(WF).edges


def test_a_drag_is_one_step_and_the_next_drag_another() -> None:
    log = history("a")
    for x in (1.0, 2.0, 3.0):
        log.apply(MoveNodes(workflow=WF, places=frozen({NodeId("a"): Place(x=x)})), merge=True)
    assert len(log.steps) == 1
    log.seal()
    log.apply(MoveNodes(workflow=WF, places=frozen({NodeId("a"): Place(x=9.0)})), merge=True)
    assert len(log.steps) == 2
    log.undo()
    assert log.project.workflow(WF).places[NodeId("a")].x == 3.0


def test_typing_merges_only_within_the_merge_window() -> None:
    clock = Clock()
    log = history("a", clock=clock)
    log.apply(SetParams(workflow=WF, node=NodeId("a"), values=frozen({"name": "t"})), merge=True)
    log.apply(SetParams(workflow=WF, node=NodeId("a"), values=frozen({"name": "to"})), merge=True)
    clock.now = 60.0
    log.apply(SetParams(workflow=WF, node=NodeId("a"), values=frozen({"name": "tot"})), merge=True)
    assert len(log.steps) == 2
    log.undo()
    assert log.project.workflow(WF).nodes[NodeId("a")].params["name"] == "to"
    log.undo()
    assert "name" not in log.project.workflow(WF).nodes[NodeId("a")].params


def test_a_group_is_one_step_and_a_failure_inside_takes_all_of_it_back() -> None:
    log = history("a", "b")
    with log.group("Both"):
        log.apply(SetEdges(workflow=WF, add=(edge("a", "b"),)))
        log.apply(EditNode(workflow=WF, node=NodeId("a"), values=frozen({"title": "A"})))
    assert log.undo_label == "Both"
    assert isinstance(log.steps[0].change, Group)
    middle = log.project
    with pytest.raises(WorkflowError), log.group("Broken"):
        log.apply(EditNode(workflow=WF, node=NodeId("b"), values=frozen({"title": "B"})))
        log.apply(SetParams(workflow=WF, node=NodeId("nobody"), values=frozen({"x": 1})))
    assert log.project == middle
    assert len(log.steps) == 1


def test_a_refused_change_alters_nothing_and_a_change_without_effect_is_no_step() -> None:
    log = history("a")
    with pytest.raises(WorkflowError, match="already has a node 'a'"):
        log.apply(AddNodes(workflow=WF, nodes=(node("a"),)))
    log.apply(RemoveNodes(workflow=WF, nodes=(NodeId("nobody"),)))
    assert log.steps == ()


def test_the_clean_mark_follows_undo_and_redo_and_is_lost_when_its_branch_is() -> None:
    log = history("a")
    log.apply(EditNode(workflow=WF, node=NodeId("a"), values=frozen({"title": "one"})))
    log.mark_clean()
    log.undo()
    assert not log.is_clean
    log.redo()
    assert log.is_clean
    log.undo()
    log.apply(EditNode(workflow=WF, node=NodeId("a"), values=frozen({"title": "two"})))
    assert not log.is_clean
    log.undo()
    assert not log.is_clean


def test_a_saved_state_is_never_merged_into() -> None:
    log = history("a")
    log.apply(SetParams(workflow=WF, node=NodeId("a"), values=frozen({"name": "t"})), merge=True)
    log.mark_clean()
    log.apply(SetParams(workflow=WF, node=NodeId("a"), values=frozen({"name": "to"})), merge=True)
    assert not log.is_clean
    log.undo()
    assert log.is_clean


def test_removing_a_workflow_and_undoing_keeps_the_order_of_workflows() -> None:
    log = history("a")
    log.apply(PutWorkflow(workflow=Workflow(id=WorkflowId("second"), name="2")))
    log.apply(RemoveWorkflow(workflow=WF))
    log.undo()
    assert list(log.project.workflows) == ["wf", "second"]


def test_notes_come_back_as_they_were() -> None:
    log = history("a")
    log.apply(SetNotes(workflow=WF, put=frozen({"n": Note(id="n", text="one")})))
    log.apply(SetNotes(workflow=WF, put=frozen({"n": Note(id="n", text="two")})))
    log.apply(SetNotes(workflow=WF, remove=("n",)))
    log.undo()
    assert log.project.workflow(WF).notes["n"].text == "two"
    log.undo()
    assert log.project.workflow(WF).notes["n"].text == "one"
    log.redo()
    assert log.project.workflow(WF).notes["n"].text == "two"


def test_jumping_in_the_history_ends_where_stepping_would() -> None:
    log = history("a")
    for title in "abcdef":
        log.apply(EditNode(workflow=WF, node=NodeId("a"), values=frozen({"title": title})))
    log.go_to(2)
    assert log.project.workflow(WF).nodes[NodeId("a")].title == "b"
    log.go_to(5)
    assert log.project.workflow(WF).nodes[NodeId("a")].title == "e"
    assert log.position == 5


def test_observers_hear_of_each_alteration_and_can_leave() -> None:
    log = history("a")
    heard: list[str] = []
    leave = log.observe(lambda before, after, change: heard.append(change.label))
    log.apply(EditNode(workflow=WF, node=NodeId("a"), values=frozen({"title": "x"})))
    log.undo()
    leave()
    log.redo()
    assert heard == ["Rename", "Rename"]


def test_ten_thousand_steps_keep_the_project_exact() -> None:
    log = history("a")
    first = log.project
    for number in range(10_000):
        log.apply(EditNode(workflow=WF, node=NodeId("a"), values=frozen({"title": str(number)})))
    last = log.project
    log.go_to(0)
    assert log.project == first
    log.go_to(10_000)
    assert log.project == replace(last)
