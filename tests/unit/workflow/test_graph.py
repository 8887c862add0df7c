"""Questions one can ask of a graph."""

import itertools

import pytest

from studio.kernel.ids import NodeId, WorkflowId
from studio.workflow import Edge, Node, PortType, Workflow, clash


def graph(*pairs: str) -> Workflow:
    names = dict.fromkeys("".join(pairs))
    edges = [
        Edge(source=NodeId(pair[0]), source_port="done", target=NodeId(pair[1]), target_port="after")
        for pair in pairs
    ]
    return (
        Workflow(id=WorkflowId("w"), name="w")
        .with_nodes([Node(id=NodeId(name), type="T") for name in names])
        .with_edges(edges)
    )


def test_upstream_and_downstream_reach_everything_but_the_node_itself() -> None:
    workflow = graph("ab", "bc", "bd", "xd")
    assert workflow.upstream(NodeId("d")) == {"a", "b", "x"}
    assert workflow.downstream(NodeId("a")) == {"b", "c", "d"}


def test_order_respects_edges_and_keeps_insertion_order_otherwise() -> None:
    assert graph("ab", "cd", "bd").order() == ["a", "c", "b", "d"]


def test_a_cycle_is_named_in_order_and_a_graph_without_one_gives_none() -> None:
    assert graph("ab", "bc").cycle() == []
    loop = graph("xa", "ab", "bc", "ca").cycle()
    assert len(loop) == 3 and set(loop) == {"a", "b", "c"}
    doubled = loop + loop
    assert any(doubled[i : i + 3] == ["a", "b", "c"] for i in range(3))


def test_ancestors_and_descendants_are_found_over_any_distance_without_the_node_itself() -> None:
    workflow = graph("ab", "bc")
    assert workflow.downstream(NodeId("a")) == {"b", "c"}
    assert workflow.upstream(NodeId("c")) == {"a", "b"}
    assert workflow.upstream(NodeId("a")) == workflow.downstream(NodeId("c")) == set()


def test_a_deep_chain_of_ten_thousand_nodes_is_walked_without_recursion() -> None:
    names = [f"n{i}" for i in range(10_000)]
    edges = [
        Edge(source=NodeId(a), source_port="done", target=NodeId(b), target_port="after")
        for a, b in itertools.pairwise(names)
    ]
    workflow = (
        Workflow(id=WorkflowId("w"), name="w")
        .with_nodes([Node(id=NodeId(name), type="T") for name in names])
        .with_edges(edges)
    )
    assert len(workflow.downstream(NodeId("n0"))) == 9_999
    assert workflow.cycle() == []


def test_edges_to_unknown_nodes_and_repeated_edges_are_left_out() -> None:
    workflow = graph("ab")
    again = workflow.with_edges(
        [*workflow.edges, Edge(source=NodeId("a"), source_port="x", target=NodeId("zz"), target_port="y")]
    )
    assert again.edges == workflow.edges


@pytest.mark.parametrize(
    ("source", "target", "fits"),
    [
        (PortType(kind="int"), PortType(kind="decimal"), True),
        (PortType(kind="str"), PortType(kind="int"), False),
        (PortType(kind="record", many=True, model="Order"), PortType(kind="decimal"), False),
        (PortType(kind="record", many=True), PortType(kind="record", many=True), True),
        (PortType(kind="record"), PortType(kind="record", many=True), True),
        (PortType(kind="record", many=True), PortType(kind="record"), False),
        (PortType(kind="int"), PortType(kind="signal"), True),
        (PortType(kind="signal"), PortType(kind="int"), False),
        (PortType(kind="any"), PortType(kind="int"), True),
        (PortType(kind="int", many=True), PortType(kind="any"), True),
        (PortType(kind="str"), PortType(kind="text"), True),
        (PortType(kind="bool"), PortType(kind="int"), False),
        (PortType(kind="list"), PortType(kind="vector"), True),
        (PortType(kind="vector"), PortType(kind="list"), True),
        (PortType(kind="float", many=True), PortType(kind="vector"), True),
        (PortType(kind="record", many=True), PortType(kind="vector"), False),
        (PortType(kind="vector"), PortType(kind="float"), False),
        (PortType(kind="float"), PortType(kind="vector"), False),
    ],
)
def test_which_types_fit(source: PortType, target: PortType, fits: bool) -> None:
    assert (clash(source, target) is None) is fits
