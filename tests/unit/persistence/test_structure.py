import pytest

from studio.kernel.errors import StudioError
from studio.kernel.ids import NodeId, WorkflowId
from studio.persistence.changes_codec import change_from_text, change_to_text
from studio.project.graph_changes import EditNode, SetParams
from studio.workflow.graph import frozen

W = WorkflowId("w")


def test_the_text_of_a_change_can_be_read_by_people():
    change = SetParams(workflow=W, node=NodeId("list"), values=frozen({"limit": 3}))
    assert change_to_text(change) == "$type: SetParams\nworkflow: w\nnode: list\nvalues: {limit: 3}\n"


def test_data_that_looks_like_our_own_marks_comes_back_as_it_was():
    values = frozen(
        {"a": {"$type": "Node", "x": 1}, "b": [{"$type": "mapping"}], "c": {"$literal": "{{ x }}"}}
    )
    change = SetParams(workflow=W, node=NodeId("n"), values=values)
    assert change_from_text(change_to_text(change)) == change


def test_params_may_be_replaced_as_a_whole():
    change = EditNode(workflow=W, node=NodeId("n"), values=frozen({"params": {"limit": 1}}))
    assert change_from_text(change_to_text(change)) == change


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\n", "does not say what it is"),
        ("$type: AddNodez\n", "does not know the kind of entry 'AddNodez'. Did you mean 'AddNodes'"),
        ("$type: RemoveNodes\nworkflow: w\nnodes: []\ncolour: red\n", "has no 'colour'"),
        ("$type: RemoveNodes\nworkflow: w\n", "incomplete"),
        ("$type: Node\nid: a\ntype: T\n", "is no change"),
    ],
)
def test_what_this_studio_does_not_know_is_refused(text, words):
    with pytest.raises(StudioError) as caught:
        change_from_text(text)
    assert words in str(caught.value)
