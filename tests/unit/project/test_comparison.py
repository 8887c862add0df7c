"""What is different between two states of a project? Parts are known by their ids, and where they lie is told apart."""

from dataclasses import replace

from studio.kernel.ids import NodeId, WorkflowId
from studio.models.spec import MISSING
from studio.project.comparison import Difference, compare_projects, compare_workflows
from studio.project.graph_changes import EditNode, SetParams
from studio.project.history import History
from studio.project.project_changes import EditProject
from studio.session.sample import sample_project
from studio.workflow import Edge, Node, Place, Workflow, WorkflowInput
from studio.workflow.graph import Pin, frozen

SAMPLE = sample_project("sqlite:///shop.sqlite")
W = WorkflowId("restock")


def told(differences: tuple[Difference, ...], indent: str = "") -> list[str]:
    """Each difference on a line, its parts below it."""
    lines = []
    for each in differences:
        values = [str(value) for value in (each.before, each.after) if value is not MISSING]
        lines.append(
            f"{indent}{each.what} {each.kind} {each.title}{': ' if values else ''}{' → '.join(values)}"
        )
        lines += told(each.parts, indent + "  ")
    return lines


def graph(*nodes: Node, **parts: object) -> Workflow:
    return replace(Workflow(id=W, name="W").with_nodes(nodes), **parts)  # type: ignore[arg-type]  # fields of a workflow


def test_nodes_edges_inputs_and_params_are_told_and_the_layout_apart():
    a = Node(id=NodeId("a"), type="T", params=frozen({"filter": {"x": 1, "y": 2}, "n": 1, "gone": 0}))
    b, c, d = (Node(id=NodeId(key), type="T", title=key.upper()) for key in "bcd")
    before = graph(
        a, b, c, inputs=(WorkflowInput(name="i", kind="int"),), places=frozen({"a": Place(), "b": Place()})
    )
    before = before.with_edges([Edge(source=a.id, source_port="o", target=b.id, target_port="i")])
    changed = replace(a, params=frozen({"filter": {"x": 1, "y": 3, "z": None}, "n": 1.0}), pinned=Pin([1]))
    after = graph(
        changed, replace(b, title="Better", disabled=True), d,
        inputs=(WorkflowInput(name="i", kind="str"),), name="V", places=frozen({"a": Place(x=1), "d": Place()}),
    ).with_edges([Edge(source=a.id, source_port="o", target=d.id, target_port="i")])  # fmt: skip
    found = compare_workflows(before, after)
    assert told(found) == [
        "changed value name: W → V",
        "changed input i",
        "  changed value kind: int → str",
        "removed node C: T",
        "changed node a",
        "  added value pinned: [1]",
        "  changed value filter.y: 2 → 3",
        "  added value filter.z: None",
        "  changed value n: 1 → 1.0",
        "  removed value gone: 0",
        "changed node Better",
        "  changed value title: B → Better",
        "  changed value disabled: False → True",
        "added node D: T",
        "removed edge a.o → B.i",
        "added edge a.o → D.i",
        "changed layout layout",
        "  changed value places: 1",
    ]
    assert [(each.node, each.count) for each in found[3:6]] == [("a", 5), ("b", 2), ("d", 1)]
    assert compare_workflows(before, before) == ()


def test_a_whole_project_is_compared_part_by_part():
    order = SAMPLE.models["Order"]
    assert order.spec is not None
    after = replace(
        SAMPLE,
        name="Other",
        connections=frozen({"shop": replace(SAMPLE.connections["shop"], read_only=True)}),
        models=frozen({"Order": replace(order, spec=replace(order.spec, doc="What is bought."))}),
        workflows=frozen({"new": replace(SAMPLE.workflows[W], id=WorkflowId("new"))}),
        templates=frozen({"t": SAMPLE.workflows[W]}),
    )
    found = compare_projects(SAMPLE, after)
    lines = told(found)
    assert lines[:3] == [
        "changed value name: Sample shop → Other",
        "changed connection shop",
        "  changed value read_only: False → True",
    ]
    assert {
        "removed model Customer",
        "changed model Order",
        "removed workflow Restock and reward",
        "added template Restock and reward",
    } <= set(lines)
    assert any("value doc" in line for line in lines)
    assert [each.workflow for each in found if each.kind == "workflow"] == ["", "new"]
    assert compare_projects(SAMPLE, SAMPLE) == ()


def test_a_state_of_the_history_can_be_looked_at_without_going_there():
    history = History(SAMPLE)
    history.apply(EditProject(values=frozen({"name": "One"})))
    history.apply(SetParams(workflow=W, node=NodeId("best"), values=frozen({"filter": {}})))
    history.apply(EditNode(workflow=W, node=NodeId("best"), values=frozen({"title": "Best"})))
    states = [history.at(position) for position in range(4)]
    history.go_to(1)
    assert [history.at(position) for position in range(4)] == states
    assert history.position == 1
    assert told(compare_projects(states[1], states[3])) == [
        "changed workflow Restock and reward",
        "  changed node Best",
        "    changed value title: Best customers → Best",
        "    removed value filter.spent: {'$gte': 1000}",
    ]
