"""A workflow, or a part of one, is kept to begin others with: one step each, under new ids, without values of a run."""

from dataclasses import replace

import pytest

from studio.kernel.errors import WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.project.graph_changes import EditNode
from studio.session import Session
from studio.session.sample import sample_project
from studio.workflow.graph import Pin, frozen

W = WorkflowId("restock")


@pytest.fixture
def session() -> Session:
    return Session.in_memory(sample_project("sqlite:///nowhere.sqlite"))


def test_a_whole_workflow_is_kept_and_begun_with_again(session):
    session.edit(EditNode(workflow=W, node=NodeId("best"), values=frozen({"pinned": Pin([1])})))
    key = session.templates.keep(W)
    template, workflow = session.project.templates[key], session.project.workflows[W]
    assert template.nodes[NodeId("best")].pinned is None
    assert (template.edges, template.inputs, template.notes) == (
        workflow.edges,
        workflow.inputs,
        workflow.notes,
    )
    assert session.history.undo_label == "Save template"
    begun = session.templates.begin(key)
    made = session.project.workflow(begun)
    assert made.name == f"{workflow.name} 2"
    assert replace(made, id=key, name=template.name) == template
    session.undo()
    session.undo()
    assert not session.project.templates


def test_a_part_is_inserted_under_new_ids_with_the_inputs_that_are_lacking_as_one_step(session):
    key = session.templates.keep(W, "Low", nodes=[NodeId("low_stock"), NodeId("anything_low")])
    template = session.project.templates[key]
    assert set(template.nodes) == {"low_stock", "anything_low"}
    assert not template.extra
    empty = session.add_workflow("Empty")
    before = session.project
    added = session.templates.insert(empty, key, x=100, y=50)
    found = session.project.workflow(empty)
    assert set(added) == set(found.nodes)
    assert min(place.x for place in found.places.values()) == 100
    assert found.inputs == session.project.workflows[W].inputs
    assert session.history.undo_label == "Insert template"
    again = session.templates.insert(empty, key, x=0, y=400)
    assert not set(again) & set(added)
    assert session.project.workflow(empty).inputs == found.inputs
    session.undo()
    session.undo()
    assert session.project == before


def test_templates_are_renamed_duplicated_and_deleted(session):
    first = session.templates.keep(W, " One ")
    second = session.templates.duplicate(first)
    names = [template.name for template in session.project.templates.values()]
    assert names == ["One", "One 2"]
    session.templates.rename(first, "Begin")
    for refused, words in ((" ", "needs a name"), ("One 2", "already")):
        with pytest.raises(WorkflowError, match=words):
            session.templates.rename(first, refused)
    before = session.project
    session.templates.remove(first)
    assert list(session.project.templates) == [second]
    session.undo()
    assert list(session.project.templates) == [first, second], "in its old place"
    assert session.project == before
    with pytest.raises(WorkflowError, match="no template"):
        session.templates.begin(WorkflowId("gone"))
    with pytest.raises(WorkflowError, match="nothing to keep"):
        session.templates.keep(session.add_workflow("Empty"))
