"""Is everything that is wrong with a workflow found, in words that help?"""

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from studio.kernel.ids import NodeId, WorkflowId
from studio.kernel.problems import Problem
from studio.models import Field, model_from_class
from studio.nodes import NodeCatalogue
from studio.workflow import Edge, Node, ParamSpec, PortType, Workflow, WorkflowInput
from studio.workflow.checks import check, literal_problem, order_edges, why_not
from studio.workflow.graph import frozen


class Order:
    id: int
    customer: str
    amount: Decimal = Decimal(0)
    note: str = Field(default="", max_length=5)


MODEL = model_from_class(Order)
CATALOGUE = NodeCatalogue.of([("shop", MODEL)])
TWO = NodeCatalogue.of([("shop", MODEL), ("crm", MODEL)])


def graph(
    nodes: Mapping[str, tuple[str, Mapping[str, Any]]],
    edges: list[str] | None = None,
    *,
    inputs: tuple[str, ...] = (),
    disabled: tuple[str, ...] = (),
) -> Workflow:
    """A workflow; edges are written `list.records > add.data`, with everything after the node's id as the port."""
    parsed = []
    for edge in edges or []:
        source, target = edge.split(" > ")
        source_id, _, source_port = source.partition(".")
        target_id, _, target_port = target.partition(".")
        parsed.append(
            Edge(
                source=NodeId(source_id),
                source_port=source_port,
                target=NodeId(target_id),
                target_port=target_port,
            )
        )
    return Workflow(
        id=WorkflowId("w"),
        name="story",
        inputs=tuple(WorkflowInput(name=name) for name in inputs),
        nodes=frozen(
            {
                NodeId(key): Node(id=NodeId(key), type=kind, params=frozen(params), disabled=key in disabled)
                for key, (kind, params) in nodes.items()
            }
        ),
        edges=tuple(parsed),
    )


def found(
    workflow: Workflow, catalogue: NodeCatalogue = CATALOGUE
) -> list[tuple[str | None, str, str | None]]:
    return [(problem.node, problem.code, problem.field) for problem in check(workflow, catalogue)]


def only(workflow: Workflow, catalogue: NodeCatalogue = CATALOGUE) -> Problem:
    (problem,) = check(workflow, catalogue)
    assert problem.workflow == "story"
    return problem


def test_a_workflow_without_faults_has_no_problems() -> None:
    workflow = graph(
        {
            "list": ("OrderListNode", {"filter": {"amount": {"$gt": 3}}}),
            "map": ("Map", {"fields": {"customer": "upper(record.customer)", "n": 3}}),
            "add": ("OrderBulkCreateNode", {}),
            "out": ("Output", {"value": "{{ add.created + least }}"}),
        },
        ["list.records > map.records", "map.records > add.data", "list.done > add.after"],
        inputs=("least",),
    )
    assert check(workflow, CATALOGUE) == []


def test_an_unknown_type_is_named_with_near_misses() -> None:
    problem = only(graph({"a": ("OrderListNod", {})}))
    assert (problem.node, problem.code) == ("a", "unknown-node")
    assert "'OrderListNode'" in problem.hint


def test_an_operation_by_another_systems_name_is_told_by_ours() -> None:
    for theirs, words in (
        ("OrderGetNode", "Did you mean 'OrderReadNode'?"),
        ("CSVReaderNode", "Did you mean 'ReadCSV'?"),
        ("TransactionContextNode", 'mode="atomic"'),
        ("DataFlowSagaCoordinatorNode", 'mode="atomic"'),
        ("GDPRDeleteNode", "cascade"),
        ("MongoAggregateNode", "dict and list"),
    ):
        problem = only(graph({"a": (theirs, {"id": 1})}))
        assert words in problem.hint, theirs
        assert "no model" not in problem.message


def test_a_name_that_is_no_input_yet_is_told_how_to_become_one() -> None:
    problem = only(graph({"a": ("Constant", {"value": "{{ cost + 1 }}"}), "b": ("Output", {"value": 1})}))
    assert "add an input 'cost'" in problem.hint
    assert "'a'" not in problem.hint.partition("If")[0]  # a node cannot be meant by itself


def test_unknown_missing_managed_and_mistyped_params_are_all_found_at_once() -> None:
    workflow = graph(
        {"a": ("OrderCreateNode", {"custmer": "x", "created_at": 1, "amount": ["much"], "note": "too long"})}
    )
    assert set(found(workflow)) == {
        ("a", "unknown-param", "custmer"),
        ("a", "managed-field", "created_at"),
        ("a", "missing-param", "customer"),
        ("a", "param-type", "amount"),
        ("a", "param-type", "note"),
    }


def test_a_param_that_comes_by_an_edge_is_not_missing_and_its_parts_are_known() -> None:
    workflow = graph(
        {
            "c": ("Constant", {"value": 1}),
            "a": ("OrderCreateNode", {}),
            "u": ("OrderUpdateNode", {"id": 1}),
            "r": ("OrderReadNode", {}),
        },
        ["c.value > a.customer", "c.value > u.fields.amount", "c.value > r.filter.id"],
    )
    assert check(workflow, CATALOGUE) == []


def test_a_part_that_comes_by_an_edge_is_checked_by_name() -> None:
    workflow = graph(
        {"c": ("Constant", {"value": 1}), "u": ("OrderUpdateNode", {"id": 1})}, ["c.value > u.fields.amout"]
    )
    assert found(workflow) == [("u", "unknown-field", "fields")]


def test_a_type_clash_says_what_both_ends_are_and_what_to_do() -> None:
    problem = only(
        graph(
            {"list": ("OrderListNode", {}), "add": ("OrderCreateNode", {"customer": "x"})},
            ["list.records > add.amount"],
        )
    )
    assert problem.message == (
        'Cannot connect "records" of "List orders" to "amount" of "Create order": '
        "records is a list of Order, amount is a decimal."
    )
    assert 'put a "Map" node between them' in problem.hint


@pytest.mark.parametrize(
    ("edge", "code", "words"),
    [
        ("list.recrods > map.records", "unknown-port", "'records'"),
        ("list.records > map.recrods", "unknown-port", "'records'"),
        ("list.done > map.records", "type-clash", "order only"),
        ("list.records > one.timeout_s", "not-connectable", "takes no edge"),
        ("list.count > one.id.part", "unknown-port", "has no part 'part'"),
        ("list.records > one.id", "type-clash", "a list of Order"),
    ],
)
def test_an_edge_that_cannot_be_is_found_and_refused_with_the_same_words(
    edge: str, code: str, words: str
) -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "list": ("OrderListNode", {}),
        "map": ("Map", {"fields": {"a": "record.id"}, "records": []}),
        "one": ("OrderReadNode", {"id": 1}),
    }
    workflow = graph(nodes, [edge])
    problem = only(workflow)
    assert problem.code == code
    assert words in f"{problem.message} {problem.hint}"
    sentence = why_not(graph(nodes), CATALOGUE, workflow.edges[0])
    assert sentence is not None
    assert problem.message in sentence


def test_why_not_names_loops_repeats_and_strangers() -> None:
    workflow = graph(
        {
            "a": ("Map", {"fields": {"x": "record"}}),
            "b": ("Map", {"fields": {"x": "record"}}),
            "c": ("Output", {"value": "{{ b }}"}),
        },
        ["a.records > b.records"],
    )
    back = graph(
        {"a": ("Map", {}), "b": ("Map", {}), "c": ("Output", {})},
        ["b.records > a.records", "a.records > a.records", "c.value > a.records"],
    )
    assert "close a loop" in str(why_not(workflow, CATALOGUE, back.edges[0]))
    assert "to itself" in str(why_not(workflow, CATALOGUE, back.edges[1]))
    assert "close a loop" in str(why_not(workflow, CATALOGUE, back.edges[2]))
    assert "connected already" in str(why_not(workflow, CATALOGUE, workflow.edges[0]))
    stranger = Edge(source=NodeId("aa"), source_port="x", target=NodeId("b"), target_port="records")
    assert "no node 'aa'" in str(why_not(workflow, CATALOGUE, stranger))
    fine = Edge(source=NodeId("a"), source_port="count", target=NodeId("c"), target_port="value")
    assert why_not(workflow, CATALOGUE, fine) is None


def test_a_loop_of_edges_names_its_nodes_by_their_ids_where_titles_are_alike() -> None:
    problem = only(
        graph(
            {"a": ("Map", {"fields": {"x": "record"}}), "b": ("Map", {"fields": {"x": "record"}})},
            ["a.records > b.records", "b.records > a.records"],
        )
    )
    assert problem.code == "cycle"
    assert problem.message.partition(": ")[2] in ('"a" → "b" → "a".', '"b" → "a" → "b".')


def test_a_loop_through_an_expression_is_a_loop_too() -> None:
    workflow = graph({"a": ("Output", {"value": "{{ b }}"}), "b": ("Output", {})}, ["a.value > b.value"])
    assert found(workflow) == [("a", "cycle", None)] or found(workflow) == [("b", "cycle", None)]
    assert order_edges(workflow, CATALOGUE) == {"a": {"b"}}


def test_an_expression_may_name_nodes_inputs_and_the_nodes_own_names_only() -> None:
    workflow = graph(
        {
            "in": ("Input", {"name": "rate", "default": 2}),
            "if": ("If", {"condition": "value > rate and lest > 1", "value": 1}),
            "map": ("Map", {"records": [], "fields": {"x": "record.a + recrod.b"}}),
            "bad": ("Output", {"value": "{{ 1 + }}"}),
            "text": ("Output", {"value": "costs {{ rate }} euros"}),
        },
        inputs=("least",),
    )
    problems = check(workflow, CATALOGUE)
    assert [(p.node, p.code, p.field) for p in problems] == [
        ("if", "unknown-name", "condition"),
        ("map", "unknown-name", "fields"),
        ("bad", "expression", "value"),
    ]
    assert "'least'" in problems[0].hint
    assert "'record'" in problems[1].hint


def test_a_name_that_is_a_node_and_an_input_is_ambiguous() -> None:
    workflow = graph({"rate": ("Output", {"value": 1})}, inputs=("rate",))
    assert found(workflow) == [("rate", "ambiguous-name", None)]


def test_two_edges_on_one_port_are_found_but_order_may_come_from_many() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {
        "a": ("Constant", {"value": 1}),
        "b": ("Constant", {"value": 2}),
        "c": ("Output", {}),
    }
    assert found(graph(nodes, ["a.value > c.value", "b.value > c.value"])) == [("c", "port-twice", "value")]
    fine = graph(nodes, ["a.value > c.value", "a.done > c.after", "b.done > c.after"])
    assert check(fine, CATALOGUE) == []


def test_a_param_and_its_alias_cannot_both_be_given() -> None:
    workflow = graph({"l": ("OrderListNode", {"filter": {}, "conditions": {}})})
    assert found(workflow) == [("l", "given-twice", "conditions")]


def test_a_disabled_node_is_not_judged() -> None:
    workflow = graph({"a": ("Nonsense", {"x": 1}), "b": ("OrderCreateNode", {})}, disabled=("a", "b"))
    assert check(workflow, CATALOGUE) == []


def test_with_two_connections_a_node_must_say_which() -> None:
    problem = only(graph({"l": ("OrderListNode", {})}), TWO)
    assert problem.code == "ambiguous-node"
    assert "'shop', 'crm'" in problem.message
    assert check(graph({"l": ("OrderListNode", {"db_instance": "crm"})}), TWO) == []
    assert found(graph({"l": ("OrderListNode", {"db_instance": "cmr"})}), TWO) == [
        ("l", "unknown-connection", "db_instance")
    ]


def test_a_thousand_nodes_have_no_problems_that_are_not_there() -> None:
    nodes: dict[str, tuple[str, dict[str, Any]]] = {"n0": ("OrderListNode", {"filter": {"amount": 3}})}
    edges = []
    for number in range(1, 1000):
        nodes[f"n{number}"] = ("Map", {"fields": {"x": f"record.a + n{number - 1}.b"}})
        edges.append(f"n{number - 1}.records > n{number}.records")
    assert check(graph(nodes, edges), CATALOGUE) == []


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("int", [1, -5], ["1", 1.5, True, None]),
        ("float", [1, 1.5, Decimal(2)], ["1.5", True]),
        ("decimal", [1, "1.20", Decimal(3)], [True, []]),
        ("str", ["x"], [5, b"x", ["x"]]),
        ("bool", [True], [1, "true"]),
        ("datetime", [dt.datetime(2025, 1, 1, tzinfo=dt.UTC), "2025-01-01"], [5]),
        ("dict", [{}], [[], "x"]),
        ("list", [[], (1,), "one"], [5, {}]),
        ("uuid", ["7f1d2c4e-8a3b-4c5d-9e6f-0a1b2c3d4e5f"], [5]),
        ("any", [1, "x", None], []),
    ],
)
def test_a_value_written_down_fits_its_param_or_the_sentence_says_why(
    kind: Any, good: list[object], bad: list[object]
) -> None:
    param = ParamSpec(name="p", type=PortType(kind=kind), required=True)
    for value in [*good, "{{ x }}", {"$literal": good[0]}]:
        assert literal_problem(param, value) is None, value
    for value in bad:
        sentence = literal_problem(param, value)
        assert sentence is not None, value
        assert sentence.startswith('"p" ')


def test_bounds_choices_and_lengths_are_part_of_fitting() -> None:
    number = ParamSpec(name="n", type=PortType(kind="int"), minimum=1, maximum=9)
    assert literal_problem(number, 0) == '"n" is 0, but must be at least 1.'
    assert literal_problem(number, 10) == '"n" is 10, but must be at most 9.'
    assert (
        literal_problem(number, "4")
        == "\"n\" wants a whole number, not the text '4'. Write 4 without quotes."
    )
    text = ParamSpec(name="t", type=PortType(kind="str"), max_length=2)
    assert literal_problem(text, "abc") == '"t" has 3 characters, but may have at most 2.'
    choice = ParamSpec(name="c", type=PortType(kind="str"), choices=("error", "skip"))
    assert literal_problem(choice, "skp") == "\"c\" is the text 'skp'. Did you mean 'skip'?"


def test_every_code_of_a_problem_is_documented() -> None:
    root = Path(__file__).parents[3]
    pattern = re.compile(r'(?:code=|_add\(|_fault\(|_problem\()\s*"([a-z]+(?:-[a-z]+)*)"')
    rooms = ("workflow", "nodes", "runtime", "dataflow", "persistence", "session")
    sources = [path for room in rooms for path in (root / "studio" / room).rglob("*.py")]
    used = {code for path in sources for code in pattern.findall(path.read_text(encoding="utf-8"))}
    page = (root / "docs" / "problems.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([a-z-]+)` \|", page, flags=re.MULTILINE))
    assert "type-clash" in used
    assert used - documented == set()
