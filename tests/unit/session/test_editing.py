"""Gestures on a project in memory: each is one step, and says what it means."""

import pytest

from studio.kernel.errors import TextError, WorkflowError
from studio.kernel.ids import NodeId, WorkflowId
from studio.models import FieldSpec, Kind
from studio.models.declare import build_model
from studio.project.graph_changes import EditNode
from studio.project.project_changes import EditProject
from studio.project.state import Project
from studio.session import CatalogueChanged, ProblemsChanged, ProjectChanged, SavedStateChanged, Session
from studio.session.editing import rename_in_expression
from studio.session.sample import sample_project
from studio.workflow import Edge, Place
from studio.workflow.graph import frozen

W = WorkflowId("restock")


@pytest.fixture
def session() -> Session:
    return Session.in_memory(sample_project("sqlite:///nowhere.sqlite"))


def edge(source: str, source_port: str, target: str, target_port: str) -> Edge:
    return Edge(
        source=NodeId(source), source_port=source_port, target=NodeId(target), target_port=target_port
    )


def titles(session: Session) -> list[str]:
    return [node.title for node in session.project.workflows[W].nodes.values()]


def test_a_new_node_has_a_readable_id_a_unique_title_and_a_place_of_its_own(session):
    first = session.add_node(W, "ProductListNode", x=10, y=20)
    second = session.add_node(W, "ProductListNode", x=10, y=20)
    assert (first, second) == ("list_products", "list_products_2")
    assert titles(session)[-2:] == ["List products", "List products 2"]
    places = session.project.workflows[W].places
    assert places[first] == Place(x=10, y=20)
    assert places[second] != places[first]
    assert session.history.undo_label == "Add node"


def test_a_node_that_is_added_at_a_port_is_joined_in_the_same_step(session):
    before = session.project
    node_id = session.add_node(W, "Filter", x=0, y=0, connect=(NodeId("low_stock"), "records"))
    assert edge("low_stock", "records", node_id, "records") in session.project.workflows[W].edges
    session.undo()
    assert session.project == before


def test_a_node_can_be_joined_in_front_of_an_input(session):
    node_id = session.add_node(
        W, "CustomerListNode", x=0, y=0, connect=(NodeId("report"), "value"), is_output=False
    )
    joined = session.project.workflows[W].incoming[NodeId("report")]
    assert [(found.source, found.source_port) for found in joined] == [(node_id, "records")]


def test_compatible_types_name_the_port_that_would_be_joined(session):
    found = {
        spec.type: port
        for spec, port in session.compatible_types(W, NodeId("low_stock"), "records", is_output=True)
    }
    assert found["ProductBulkUpdateNode"] == "data"
    assert found["Filter"] == "records"
    assert found["Output"] == "value"
    assert session.compatible_types(W, NodeId("low_stock"), "nowhere", is_output=True) == []


def test_an_edge_that_ends_at_the_same_port_is_replaced(session):
    new = edge("low_stock", "records", "report", "value")
    session.connect(W, new)
    assert session.project.workflows[W].incoming[NodeId("report")] == (new,)
    assert session.history.undo_label == "Reconnect"


def test_any_number_of_edges_may_end_at_after(session):
    session.connect(W, edge("low_stock", "done", "report", "after"))
    session.connect(W, edge("spent", "done", "report", "after"))
    ports = [found.target_port for found in session.project.workflows[W].incoming[NodeId("report")]]
    assert ports == ["value", "after", "after"]


def test_an_edge_that_cannot_be_is_refused_in_words_and_changes_nothing(session):
    before = session.project
    loop = edge("report", "value", "spent", "limit")
    sentence = session.why_not(W, loop)
    assert sentence is not None
    assert "loop" in sentence or "circle" in sentence or "cycle" in sentence
    with pytest.raises(WorkflowError) as caught:
        session.connect(W, loop)
    assert caught.value.message == sentence
    assert session.project is before


def test_removing_nodes_and_edges_is_one_step(session):
    before = session.project
    session.remove(W, [NodeId("report")], [edge("best", "matched", "reward", "records")])
    workflow = session.project.workflows[W]
    assert "report" not in workflow.nodes
    assert NodeId("reward") not in workflow.incoming
    session.undo()
    assert session.project == before


def test_copied_nodes_are_text_that_can_be_pasted_at_the_cursor_under_new_ids(session):
    text = session.copy(W, [NodeId("low_stock"), NodeId("anything_low")])
    assert text.startswith("format: studio/nodes")
    ids = session.paste(W, text, x=1000, y=500)
    workflow = session.project.workflows[W]
    assert ids == ["low_stock_2", "anything_low_2"]
    assert workflow.places[ids[0]] == Place(x=1000, y=500)
    assert workflow.places[ids[1]] == Place(x=1300, y=500)
    assert edge("low_stock_2", "records", "anything_low_2", "value") in workflow.edges
    assert workflow.nodes[ids[0]].params == workflow.nodes[NodeId("low_stock")].params
    session.undo()
    assert ids[0] not in session.project.workflows[W].nodes


def test_nodes_can_be_pasted_into_another_project(session):
    other = Session.in_memory(Project(id="o", name="Other"))
    target = other.add_workflow("Here")
    ids = other.paste(target, session.copy(W, [NodeId("low_stock")]), x=0, y=0)
    assert other.project.workflows[target].nodes[ids[0]].type == "ProductListNode"
    assert next(problem.code for problem in other.problems(target)) == "unknown-node"


def test_references_between_pasted_nodes_follow_their_new_ids(session):
    list_id = NodeId("low_stock")
    count = session.add_node(
        W,
        "ProductCountNode",
        x=0,
        y=0,
        params={
            "filter": {
                "stock": "{{ low_stock.count + spent.count }}",
                "name": {"$literal": "{{ low_stock }}"},
            }
        },
    )
    pasted = session.duplicate(W, [list_id, count])
    params = session.project.workflows[W].nodes[pasted[1]].params
    assert params["filter"] == {
        "stock": "{{ low_stock_2.count + spent.count }}",
        "name": {"$literal": "{{ low_stock }}"},
    }


def test_text_that_is_no_node_is_refused_and_pastes_nothing(session):
    before = session.project
    with pytest.raises(TextError, match="'format' is missing"):
        session.paste(W, "hello: world\n", x=0, y=0)
    assert session.project is before


@pytest.mark.parametrize(
    ("text", "renamed"),
    [
        ("a.x + b['a'] * len(a)", "z.x + b['a'] * len(z)"),
        ("a_b.a + 'a'", "a_b.a + 'a'"),
        ("  ä + a ", "  ä + z "),
        ("a +", "a +"),
    ],
)
def test_only_names_of_nodes_are_renamed_in_an_expression(text, renamed):
    assert rename_in_expression(text, {NodeId("a"): NodeId("z")}) == renamed


def test_workflows_are_added_renamed_duplicated_and_removed(session):
    added = session.add_workflow("Restock and reward")
    assert session.project.workflows[added].name == "Restock and reward 2"
    with pytest.raises(WorkflowError, match="named 'Restock and reward' already"):
        session.rename_workflow(added, "Restock and reward")
    with pytest.raises(WorkflowError, match="needs a name"):
        session.rename_workflow(added, "  ")
    session.rename_workflow(added, "Mine")
    copy = session.duplicate_workflow(W)
    assert session.project.workflows[copy].nodes == session.project.workflows[W].nodes
    session.remove_workflow(added)
    assert [workflow.name for workflow in session.project.workflows.values()] == [
        "Restock and reward",
        "Restock and reward 2",
    ]


def test_an_exported_workflow_can_be_imported_beside_itself(session):
    imported = session.import_yaml(session.export_yaml(W))
    assert imported != W
    assert session.project.workflows[imported].edges == session.project.workflows[W].edges


def test_the_catalogue_and_the_problems_follow_the_models(session):
    assert session.problems(W) == ()
    spec = build_model("Product", [FieldSpec(name="title", kind=Kind.STR)])
    session.import_models("shop", [spec])
    assert session.project.models["Product"].spec == spec
    assert "stock" in " ".join(str(problem) for problem in session.problems(W))
    session.undo()
    assert session.problems(W) == ()
    assert session.catalogue.find("ProductListNode") is not None


def test_problems_are_worked_out_once_for_each_state(session):
    session.disconnect(W, [edge("spent", "records", "best", "records")])
    first = session.problems(W)
    assert [problem.node for problem in first] == ["best"]
    session.edit(EditProject(values=frozen({"name": "Else"})))
    assert session.problems(W) is first
    session.undo()
    session.undo()
    assert session.problems(W) == ()


def test_listeners_are_told_what_has_changed(session):
    seen: list[object] = []
    stop = session.observe(seen.append)
    before = session.project
    session.set_params(W, NodeId("best"), {"filter": {}})
    assert isinstance(seen[0], ProjectChanged)
    assert (seen[0].before, seen[0].after) == (before, session.project)
    assert seen[1:] == [ProblemsChanged(W), SavedStateChanged(True)]
    del seen[:]
    session.undo()
    assert seen[-1] == SavedStateChanged(False)
    del seen[:]
    session.import_models("shop", [build_model("Tag", [])])
    assert CatalogueChanged() in seen
    stop()
    stop()
    del seen[:]
    session.redo()
    assert seen == []


def test_typing_into_a_param_is_one_step(session):
    for text in ("a", "ab", "abc"):
        session.set_params(W, NodeId("report"), {"name": text}, merge=True)
    assert session.history.position == 1
    session.edit(EditNode(workflow=W, node=NodeId("report"), values=frozen({"title": "x"})), merge=True)
    assert session.history.position == 2


def test_a_group_that_fails_leaves_the_project_unmodified(session):
    before = session.project
    with pytest.raises(ZeroDivisionError), session.group("Broken"):
        session.remove(W, [NodeId("report")])
        raise ZeroDivisionError
    assert session.project == before
    assert not session.is_modified
