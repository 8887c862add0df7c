import pytest

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.project import Change, History, Project
from studio.project.graph_changes import (
    AddNodes,
    EditNode,
    EditWorkflow,
    MoveNodes,
    RemoveNodes,
    SetEdges,
    SetParams,
)
from studio.project.layout_changes import SetNotes
from studio.project.project_changes import EditProject, PutWorkflow, RemoveWorkflow
from studio.workflow import Edge, Node, Note, Place, Workflow
from studio.workflow.graph import frozen

W = WorkflowId("w")
A, B = NodeId("a"), NodeId("b")
EDGE = Edge(source=A, source_port="records", target=B, target_port="data")


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def project() -> Project:
    workflow = Workflow(
        id=W,
        name="W",
        nodes=frozen({A: Node(id=A, type="T", params=frozen({"limit": 1})), B: Node(id=B, type="T")}),
        edges=(EDGE,),
        places=frozen({A: Place(x=1, y=1)}),
    )
    return Project(id="p", name="P", workflows=frozen({W: workflow}))


def clean(history: History) -> bool:
    return history.is_clean


def limit(history: History) -> object:
    return history.project.workflows[W].nodes[A].params.get("limit")


def set_limit(value: object) -> SetParams:
    return SetParams(workflow=W, node=A, values=frozen({"limit": value}))


def test_removing_a_node_removes_its_edges_and_undo_restores_them():
    history = History(project())
    history.apply(RemoveNodes(workflow=W, nodes=(A,)))
    assert history.project.workflows[W].edges == ()
    assert history.project.workflows[W].places == {}
    history.undo()
    assert history.project == project()
    assert list(history.project.workflows[W].nodes) == [A, B]


def test_a_change_that_changes_nothing_is_no_step():
    history = History(project())
    history.apply(set_limit(1))
    assert history.position == 0


@pytest.mark.parametrize("value", [True, 1.0])
def test_a_value_that_only_equals_the_old_one_is_a_change_all_the_same(value):
    history = History(project())
    history.apply(set_limit(value))
    assert limit(history) is value
    history.undo()
    assert type(limit(history)) is int


def test_typing_becomes_one_step_and_a_pause_begins_another():
    clock = Clock()
    history = History(project(), clock=clock)
    for value in (2, 3, 4):
        history.apply(set_limit(value), merge=True)
    clock.now = 10.0
    history.apply(set_limit(5), merge=True)
    assert history.position == 2
    history.undo()
    assert limit(history) == 4
    history.undo()
    assert limit(history) == 1


def test_saving_in_the_middle_of_typing_keeps_the_saved_state_reachable():
    history = History(project(), clock=Clock())
    history.apply(set_limit(2), merge=True)
    history.mark_clean()
    history.apply(set_limit(3), merge=True)
    assert not clean(history)
    history.undo()
    assert clean(history)
    assert limit(history) == 2


def test_the_clean_state_is_lost_when_another_way_is_taken_from_before_it():
    history = History(project())
    history.apply(set_limit(2))
    history.mark_clean()
    history.undo()
    assert not clean(history)
    history.apply(set_limit(3))
    history.undo()
    history.redo()
    assert not clean(history)


def test_a_group_is_one_step_with_its_title():
    history = History(project())
    with history.group("Wire up"):
        history.apply(SetEdges(workflow=W, remove=(EDGE,)))
        history.apply(set_limit(9))
    assert (history.position, history.undo_label) == (1, "Wire up")
    history.undo()
    assert history.project == project()
    history.redo()
    assert limit(history) == 9


def test_a_group_that_fails_leaves_nothing_and_tells_observers_of_the_way_back():
    history = History(project())
    seen: list[Project] = []
    history.observe(lambda before, after, change: seen.append(after))
    with pytest.raises(WorkflowError), history.group("Broken"):
        history.apply(set_limit(9))
        history.apply(SetParams(workflow=W, node=NodeId("nobody")))
    assert history.project == project() == seen[-1]
    assert history.position == 0


def test_a_refused_change_alters_nothing():
    history = History(project())
    with pytest.raises(WorkflowError, match="already has a node 'a'"):
        history.apply(AddNodes(workflow=W, nodes=(Node(id=A, type="T"),)))
    assert history.project == project()
    assert history.redo_label is None


def test_undoing_the_first_move_of_a_node_takes_its_place_away_again():
    history = History(project())
    history.apply(MoveNodes(workflow=W, places=frozen({A: Place(x=5), B: Place(x=6)})))
    history.undo()
    assert history.project.workflows[W].places == {A: Place(x=1, y=1)}
    history.redo()
    assert history.project.workflows[W].places == {A: Place(x=5), B: Place(x=6)}


def test_a_removed_workflow_comes_back_at_its_old_place():
    history = History(project())
    history.apply(PutWorkflow(workflow=Workflow(id=WorkflowId("z"), name="Z")))
    history.apply(RemoveWorkflow(workflow=W))
    history.undo()
    assert list(history.project.workflows) == [W, "z"]


def test_steps_say_what_undo_would_take_back_and_from_what():
    history = History(project())
    count = Node(id=NodeId("c"), type="Count", title="Count   them")
    other = Edge(source=A, source_port="records", target=count.id, target_port="data")
    three = frozen({A: Place(x=5), B: Place(x=6), count.id: Place(x=7)})
    steps: list[tuple[Change, str, str]] = [
        (set_limit(3), "Set limit", "Set limit of T"),
        (AddNodes(workflow=W, nodes=(count,)), "Add node", "Add node Count them"),
        (SetEdges(workflow=W, add=(other,)), "Connect", "Connect T to Count them"),
        (SetEdges(workflow=W, remove=(other,)), "Disconnect", "Disconnect T from Count them"),
        (MoveNodes(workflow=W, places=three), "Move", "Move 3 nodes"),
        (EditNode(workflow=W, node=A, values=frozen({"title": "List " * 20})), "Rename", "Rename T"),
        (EditNode(workflow=W, node=B, values=frozen({"comment": "!"})), "Comment", "Comment on T"),
        (EditNode(workflow=W, node=B, values=frozen({"disabled": True})), "Disable", "Disable T"),
        (
            RemoveNodes(workflow=W, nodes=(A,)),
            "Delete node",
            "Delete node List List List List List List List List…",
        ),
        (RemoveNodes(workflow=W, nodes=(B, count.id)), "Delete 2 nodes", "Delete 2 nodes"),
        (EditWorkflow(workflow=W, values=frozen({"name": "X"})), "Rename workflow", "Rename workflow W"),
        (SetNotes(workflow=W, put=frozen({"n": Note(id="n", text="hi")})), "Edit note", "Edit note"),
        (EditProject(values=frozen({"name": "Q"})), "Rename project", "Rename project"),
        (RemoveWorkflow(workflow=W), "Delete workflow", "Delete workflow X"),
    ]
    for change, label, text in steps:
        history.apply(change)
        assert (history.undo_label, history.undo_text) == (label, text)
    history.undo()
    assert history.redo_text == "Delete workflow X"


def test_a_group_says_its_title_and_the_one_node_that_it_was_about():
    history = History(project())

    def done(title: str, *changes: Change) -> str | None:
        with history.group(title):
            for change in changes:
                history.apply(change)
        return history.undo_text

    moved = MoveNodes(workflow=W, places=frozen({A: Place(x=5), B: Place(x=6)}))
    new = Node(id=NodeId("c"), type="Count")
    off = [EditNode(workflow=W, node=node, values=frozen({"disabled": True})) for node in (A, B)]
    assert done("Insert node", moved, AddNodes(workflow=W, nodes=(new,))) == "Insert node Count"
    assert done("Remove", set_limit(4)) == "Remove in T"
    assert done("Disable", *off) == "Disable 2 nodes"
    assert (
        done("Delete and reconnect", RemoveNodes(workflow=W, nodes=(new.id,))) == "Delete and reconnect Count"
    )
    assert done("Empty") == "Delete and reconnect Count"


def test_going_to_a_position_undoes_or_redoes_as_needed():
    history = History(project())
    for value in (2, 3, 4):
        history.apply(set_limit(value))
    history.go_to(1)
    assert limit(history) == 2
    history.go_to(3)
    assert limit(history) == 4


def test_an_observer_that_has_ended_is_told_no_more():
    history = History(project())
    seen: list[object] = []
    stop = history.observe(lambda before, after, change: seen.append(change))
    history.apply(set_limit(2))
    stop()
    history.apply(set_limit(3))
    assert seen == [set_limit(2)]
